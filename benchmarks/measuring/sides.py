"""Who is measured, and how: every side of a row, in groups whose sides take turns in rounds."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .inputs import FULL, PROJECT, Inputs
from .processes import MeasurementError, Seen, environment, from_inside, from_outside

SERVICE = 0.4
"""Seconds that the loopback server takes to answer."""
WORDS = ("patients", "blood", "stroke")
FLOOR = "import click, sqlite3"

STARTS = {
    "list": ("list", "--limit", "20"),
    "search": ("list", "patients", "--limit", "20"),
    "show": ("show", "{pmid}"),
    "why": ("why", "{pmid}"),
    "export": ("export", "--limit", "20"),
}
"""Commands that people wait for, by the name of their figure."""

Measured = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Side:
    """One measurement; it may give several figures."""

    names: tuple[str, ...]
    """Of the figures it gives."""
    measure: Callable[[Inputs], Measured]


def whole(name: str, command: Callable[[Inputs], list[Any]], where: Callable[[Inputs], Any] = lambda _: None) -> Side:
    """A whole process, from its start to its end."""
    return Side((name,), lambda at: {name: from_outside(command(at), at.home, where(at))})


def inside(command: Callable[[Inputs], list[Any]], *names: str) -> Side:
    """A job that measures itself, after its imports and after its input was loaded."""
    return Side(names, lambda at: from_inside(command(at), at.home))


def command(name: str, *words: str) -> Side:
    """A command of reftrack in the library of the baseline file."""
    return whole(
        name, lambda at: at.program("reftrack", *(word.format(**at.names) for word in words)), lambda at: at.library
    )


def work(name: str, *words: str) -> Side:
    """The same command again in a process that has run it: what it costs beyond the start."""
    figure = f"{name}_work"
    return Side(
        (figure,),
        lambda at: from_inside(
            at.ours("work", figure, *(word.format(**at.names) for word in words)), at.home, at.library
        ),
    )


def _write(name: str, form: str, *options: str) -> Side:
    return inside(lambda at: at.ours("write", name, form, at.to_write, at.scale.written, *options), name)


def _import(at: Inputs) -> Measured:
    folder = at.workspace("import")
    words = at.program("reftrack", "-q", "import", at.baseline)
    first = from_outside(words, at.home, folder, family=True)
    again = from_outside(words, at.home, folder, family=True)
    shutil.rmtree(folder)
    return {"import": first, "import_again": again}


def _import_large(at: Inputs) -> Measured:
    folder = at.workspace("large")
    words = at.program("reftrack", "-q", "import", at.many)
    return {"import_large": from_outside(words, at.home, folder, family=True)}


def _fetch(at: Inputs) -> Measured:
    """By `fetch.py`, which has server and fetch as processes of their own; the floor counts the requests it made."""
    from reftrack.eutils.wire import GAP

    script = [sys.executable, PROJECT / "benchmarks" / "fetch.py", "--delay", str(SERVICE), "--child"]
    count = str(at.scale.fetched)
    server = subprocess.Popen(
        [*script, "serve", count], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(at.home)
    )
    try:
        told = json.loads(server.stdout.readline())
        time.sleep(1.1)  # no request of an earlier measurement counts
        seen = from_inside([*script, "pull", count, told["url"]], at.home)
    finally:
        server.communicate()
    if seen["got"] != at.scale.fetched:
        raise MeasurementError(f"{seen['got']} of {count} records came")
    floor = (seen["requests"] - 1) * GAP + SERVICE
    return {"fetch": {"wall": seen["wall"], "cpu": seen["cpu"]}, "fetch_floor": {"wall": floor}}


GROUPS: dict[str, tuple[Side, ...]] = {
    "parse": (
        whole("parse", lambda at: at.ours("parse", at.compact)),
        whole("entrez", lambda at: at.theirs("parse_entrez", at.compact)),
        whole("entrez_uncollected", lambda at: at.theirs("parse_entrez_uncollected", at.compact)),
        whole("pubmed_parser", lambda at: at.theirs("parse_pubmed_parser", at.compact)),
        whole("lxml", lambda at: at.theirs("parse_lxml", at.compact)),
        whole("parse_new", lambda at: at.ours("parse", at.compact_new)),
        whole("entrez_new", lambda at: at.theirs("parse_entrez", at.compact_new)),
        whole("lxml_new", lambda at: at.theirs("parse_lxml", at.compact_new)),
    ),
    "memory": (
        inside(lambda at: at.ours("memory", at.unpacked), "memory"),
        inside(lambda at: at.theirs("memory_entrez", at.unpacked), "entrez_memory"),
    ),
    "store": (
        inside(lambda at: at.theirs("store_bare", at.tables, at.new_database()), "bare"),
        inside(lambda at: at.ours("store_whole", at.rows, at.new_database()), "whole"),
        inside(lambda at: at.ours("store_batches", at.rows, at.new_database()), "batches"),
        inside(lambda at: at.ours("store_in_step", at.rows, at.new_database()), "in_step", "again"),
        inside(lambda at: at.ours("store_without_search", at.rows, at.new_database()), "without_search"),
        inside(lambda at: at.theirs("store_sqlite_utils", at.tables, at.new_database()), "sqlite_utils"),
    ),
    "import": (Side(("import", "import_again"), _import),),
    "large": (Side(("import_large",), _import_large),),
    "start": (
        whole("floor", lambda _: [sys.executable, "-c", FLOOR]),
        command("help", "--help"),
        *(make(name, *words) for name, words in STARTS.items() for make in (command, work)),
        command("thousand", "list", "--tag", "{thousand}", "--limit", "20"),
        whole(
            "sqlite_utils_rows",
            lambda at: at.program(
                "sqlite-utils",
                "rows",
                "db/reftrack.db",
                "papers",
                "--limit",
                "20",
                "--order",
                "year desc, pmid desc",
                *(word for name in ("year", "title", "authors", "pmid") for word in ("-c", name)),
            ),
            lambda at: at.library,
        ),
        whole("papis", lambda at: at.peer_program("papis", "list", "--all", f"tags:{at.papis}")),
    ),
    "start large": (
        command("thousand_here", "list", "--tag", "{thousand}", "--limit", "20"),
        whole(
            "thousand_large",
            lambda at: at.program("reftrack", "list", "--tag", at.names["thousand"], "--limit", "20"),
            lambda at: at.large_library,
        ),
    ),
    "search": (
        inside(lambda at: at.ours("search", at.library / "db" / "reftrack.db", *WORDS), "word", "word_and_tag"),
    ),
    "write": (
        _write("bibtex", "bibtex"),
        inside(lambda at: at.ours("write_plain", "plain", at.to_write, at.scale.written), "plain"),
        inside(lambda at: at.theirs("write_bibtexparser", "bibtexparser", at.entries), "bibtexparser"),
        _write("bibtex_abstracts", "bibtex", "abstracts"),
        inside(
            lambda at: at.ours("write_plain", "plain_abstracts", at.to_write, at.scale.written, "abstracts"),
            "plain_abstracts",
        ),
        inside(
            lambda at: at.theirs("write_bibtexparser", "bibtexparser_abstracts", at.entries_with_abstracts),
            "bibtexparser_abstracts",
        ),
        _write("ris", "ris"),
        inside(lambda at: at.theirs("write_rispy", at.our_ris), "rispy"),
        inside(lambda at: at.ours("write", "bibtex_few", "bibtex", at.to_write, at.scale.few), "bibtex_few"),
        inside(lambda at: at.theirs("write_pybtex", at.our_bibtex), "pybtex"),
    ),
    "fetch": (Side(("fetch", "fetch_floor"), _fetch),),
}
"""In this order; a group that needs the large library comes after the import that makes it."""

NEED_LARGE = ("large", "start large")
NOT_WARMED = ("memory", "import", "large", "fetch")
"""Groups whose every process begins with new data, or takes too long to be run for nothing."""
AS_THE = {"start large": "start"}
"""Groups that take as many rounds as another."""


def measure(at: Inputs, group: str, tell: Callable[[str], None]) -> dict[str, Seen]:
    """Every figure of a group, round by round; every other round goes the other way round."""
    seen: dict[str, Seen] = {}
    sides = GROUPS[group]
    rounds = at.scale.rounds.get(AS_THE.get(group, group), 1)
    if group not in NOT_WARMED:
        tell(f"{group}: making ready")
        for side in sides:  # a round that does not count: it makes the inputs and warms the file cache
            side.measure(at)
    for number in range(rounds):
        tell(f"{group}: round {number + 1} of {rounds}")
        for side in sides if number % 2 == 0 else reversed(sides):
            for name, told in side.measure(at).items():
                seen.setdefault(name, Seen()).take(told)
    return seen


def groups_for(scale: Any, *, large: bool, only: list[str]) -> list[str]:
    """Those to be measured."""
    if unknown := set(only) - set(GROUPS):
        raise SystemExit(f"There is no group {', '.join(sorted(unknown))}; there is {', '.join(GROUPS)}.")
    chosen = [group for group in GROUPS if not only or group in only]
    return [group for group in chosen if group not in NEED_LARGE or (large and scale == FULL)]
