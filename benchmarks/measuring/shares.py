"""Where the time goes: parse, tag, store, list and export taken apart, in percent.

Two ways. *By leaving out*: the same work is timed with and without a part, in turns, and the difference is the part's.
*By profile*: CPU time by the module in which it is spent, calls into C counted to the module that calls; a profiler
makes small Python functions look dearer than they are, so these shares are told in whole percent and no finer.
"""

import statistics
import sys

from .inputs import HERE
from .processes import from_inside, from_outside

PARTS = ("parse", "tag", "store", "list", "export")
ROUNDS = 5


def shares(at, tell):
    """For each of PARTS a table in markdown."""
    made = {}
    for name in PARTS:
        tell(f"where the time goes: {name}")
        per, unit, parts = globals()[f"_{name}"](at)
        whole = sum(parts.values())
        rows = [f"| {what} | {value / whole:.0%} |" for what, value in parts.items() if value / whole >= 0.005]
        made[name] = "\n".join([f"| {whole * per:,.2f} {unit} | share |", "|---|--:|", *rows])
    return made


def _job(job, *words):
    return [sys.executable, HERE / "ours_apart.py", job, *words]


def _medians(at, *words, rounds=ROUNDS):
    told = [from_inside(_job(*words), at.home) for _ in range(rounds)]
    return {name: statistics.median(one[name] for one in told) for name in told[0]}


def _parse(at):
    took = _medians(at, "parse", at.compact)
    parts = {
        "finding where each record begins and ends": took["cut"],
        "expat, and the element tree it fills": took["tree"] - took["cut"],
        "the walk over the tree, and the Paper": took["all"] - took["tree"],
    }
    return 1000 / at.scale.compact, "ms a record", parts


def _tag(at):
    took = _medians(at, "tag", at.mixed, rounds=1)
    return 1000 / took.pop("papers"), "ms a record, as the profiler saw it", took


def _store(at):
    took = {name: [] for name in ("bare", "rows", "indexes", "search")}
    for _ in range(3):
        took["bare"].append(from_inside(at.theirs("store_bare", at.tables, at.new_database()), at.home)["bare"]["wall"])
        for name, seconds in from_inside(_job("store", at.rows, at.new_database()), at.home).items():
            took[name].append(seconds)
    bare, rows, indexes, search = (statistics.median(values) for values in took.values())
    parts = {
        "the rows themselves, as a bare `executemany` stores them": bare,
        "a transaction every 200 papers; citation keys, filed tags, what is held already": rows - bare,
        "indexes, and the counts of tags": indexes,
        "the index for full-text search": search,
    }
    return 1000 / at.scale.records, "ms a record", parts


def _uncollected(modules):
    """What loads modules as the program does, without the garbage collector."""
    return f"import gc; gc.disable(); import {modules}; gc.freeze()"


def _list(at):
    modules = from_inside(_job("modules"), at.home, at.library)["modules"]
    commands = {
        "python": [sys.executable, "-c", "pass"],
        "click": [sys.executable, "-c", _uncollected("click, sqlite3")],
        "ours": [sys.executable, "-c", _uncollected(f"click, sqlite3, {', '.join(modules)}")],
        "list": at.program("reftrack", "list", "--limit", "20"),
    }
    seen = {name: [] for name in commands}
    for _ in range(15):
        for name, command in commands.items():
            seen[name].append(from_outside(command, at.home, at.library)["wall"])
    python, click, ours, whole = (statistics.median(values) for values in seen.values())
    parts = {
        "Python starts": python,
        "click and sqlite3 are imported": click - python,
        f"{len(modules)} modules of reftrack and what they import": ours - click,
        "the library is opened, 20 papers are found, read and printed": whole - ours,
    }
    return 1000, "ms", parts


def _export(at):
    took = _medians(at, "export", at.to_write, rounds=1)
    return 1000 / took.pop("papers"), "ms a record, as the profiler saw it", took
