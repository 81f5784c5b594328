"""`reftrack query new`: the few questions a saved query answers, and its file."""

from __future__ import annotations

import re
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import EutilsError, QueryError, UsageError
from . import INTERRUPTED
from .query_lint import FINDINGS, Looked, show
from .screen import clean, note, plural
from .settings import Desk

if TYPE_CHECKING:
    from ..model import Query


@click.command("new", short_help="Write a new saved query.")
@click.argument("name", required=False)
@click.option("--title", help="What the query is about, in one line.")
@click.option("--term", help="The query in PubMed syntax; - reads it from stdin.")
@click.option("--known", metavar="PMID,PMID", help="PMIDs that it must find; empty for none.")
@click.option("--note", "because", help="Why the query is as it is; empty for none.")
@click.option("--max", "most", type=click.IntRange(min=1), metavar="N", help="Refuse to fetch more papers than this.")
@click.option("--count", is_flag=True, help="Ask PubMed how many papers the term finds now.")
@click.pass_context
def command(
    ctx: click.Context,
    name: str | None,
    *,
    title: str | None,
    term: str | None,
    known: str | None,
    because: str | None,
    most: int | None,
    count: bool,
) -> None:
    """Write a new saved query, queries/NAME.toml. What is not given is asked for, on a terminal.

    The term is looked over as `query lint` does. One that PubMed would not search as it is written is kept only if you
    say so; without a terminal it is status 1, and nothing is written. A file that is there is never overwritten.

    \b
    Examples:
      reftrack query new
      reftrack query new aphasia --title "Aphasia" --term - < term.txt
    """
    from .. import queries

    desk: Desk = ctx.obj
    ask = sys.stdin.isatty() and term != "-"
    try:
        query = _query(desk, name, title, term, known, because, most, ask=ask)
    except click.Abort:
        note("\nStopped; nothing was written.")
        ctx.exit(INTERRUPTED)
    if query is None:
        note("Nothing was written: correct the term.")
        ctx.exit(FINDINGS)
    status = _count(desk, query) if count else 0
    path = queries.write(desk.queries, query)
    if ask:
        note("\n".join(clean(line) for line in queries.to_toml(query).splitlines()), quiet=desk.quiet)
    click.echo(f"{_from_here(path)} is written.")
    test = f"reftrack query test {query.name}, then " if query.known else ""
    then = f"reftrack fetch {query.name} --dry-run (how many papers), reftrack fetch {query.name}."
    note(f"Next: {test}{then}", quiet=desk.quiet)
    ctx.exit(status)


def _from_here(path: Path) -> Path:
    """A path as it is typed here, if it lies below."""
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path


def _query(
    desk: Desk,
    name: str | None,
    title: str | None,
    term: str | None,
    known: str | None,
    because: str | None,
    most: int | None,
    *,
    ask: bool,
) -> Query | None:
    """What was given and what was answered; None if the term is not to be kept. Raises UsageError."""
    from ..model import DEFAULT_MAX_HITS, Query

    name = _name(desk.queries, name, ask=ask)
    title = _asked("Title, one line", title, "--title", ask=ask).strip()
    if len(title.splitlines()) != 1:
        raise UsageError("--title must be one line, and not empty; put the rest into --note.")
    text, sound = _term(name, sys.stdin.read() if term == "-" else term, ask=ask)
    if not sound:
        return None
    pmids = _known(known, ask=ask)
    if because is None:
        because = _prompt("Why the query is as it is (Enter: nothing)") if ask else ""
    return Query(name, title, text.strip() + "\n", because.strip(), pmids, most or DEFAULT_MAX_HITS)


def _prompt(question: str) -> str:
    return str(click.prompt(question, default="", show_default=False, err=True))


def _asked(question: str, given: str | None, option: str, *, ask: bool) -> str:
    """What was given, else the answer to a question. Raises UsageError where nobody can be asked."""
    while given is None or not given.strip():
        if given is not None and not ask:
            raise UsageError(f"{option} is empty.")
        if not ask:
            raise UsageError(f"{option} is missing, and there is no terminal to ask on.")
        given = _prompt(question)
    return given


def _name(folder: Path, given: str | None, *, ask: bool) -> str:
    """A name that may be one and is not taken; what is wrong with one is told, and asked again on a terminal."""
    from .. import queries

    taken = queries.listed(folder)
    while True:
        name = _asked("Name, small letters, as stroke or head-injury", given, "NAME", ask=ask).strip()
        try:
            queries.check_name(name)
        except UsageError as error:
            wrong = str(error)
        else:
            if name not in taken:
                return name
            wrong = f"{folder / name}.toml is there already and was left as it is; choose another name."
        if given is not None or not ask:
            raise UsageError(wrong)
        note(wrong)


def _term(name: str, given: str | None, *, ask: bool) -> tuple[str, bool]:
    """A term and whether it is to be kept: looked over, and asked for again until it is sound or wanted as it is."""
    if given is not None and not given.strip():
        raise UsageError("--term is empty.")
    if given is None and not ask:
        raise UsageError("--term is missing, and there is no terminal to ask on; --term - reads it from stdin.")
    while True:
        term = given if given is not None else _lines()
        severities = _look(name, term)
        if "error" not in severities:
            return term, True
        if not ask:
            return term, False
        if click.confirm("Keep it as it is?", default=False, err=True):
            return term, True
        given = None


def _lines() -> str:
    """Lines until an empty one."""
    note("The term in PubMed syntax; an empty line ends it.")
    lines: list[str] = []
    while True:
        line = str(click.prompt("", default="", show_default=False, prompt_suffix="> ", err=True))
        if line.strip():
            lines.append(line)
        elif lines:
            return "\n".join(lines)


def _look(name: str, term: str) -> set[str]:
    """Show what there is to say of a term, on stderr; the severities."""
    from ..workflow.linting import lint_term

    findings = lint_term(term).findings
    show(Looked(name, "", term, findings), err=True)
    return {finding.severity for finding in findings}


def _known(given: str | None, *, ask: bool) -> tuple[int, ...]:
    while True:
        text = given if given is not None else _prompt("PMIDs that it must find (Enter: none)") if ask else ""
        words = re.split(r"[\s,;]+", text.strip(" \t\n,;[]"))
        words = [word for word in words if word]
        bad = next((w for w in words if not re.fullmatch(r"[0-9]{1,8}", w) or int(w) < 1), None)
        if bad is None:
            return tuple(dict.fromkeys(map(int, words)))
        if given is not None or not ask:
            raise UsageError(f"--known: {clean(bad)!r} is not a PMID; write numbers, as 31494820,31897941.")
        note(f"{clean(bad)!r} is not a PMID.")


def _count(desk: Desk, query: Query) -> int:
    """Say how many papers PubMed finds; the exit status if that could not be had, with which the file is written."""
    from ..matching import refuse_unknown_tags
    from . import asking

    try:
        refuse_unknown_tags(query.term)
        with closing(asking.eutils(desk)) as eutils:
            found = eutils.search(query.term, query.max_hits)
    except (EutilsError, QueryError) as error:
        note(f"reftrack: {error} The number of papers is not known.")
        return error.exit_status
    for warning in found.warnings:
        note(clean(warning))
    note(f"PubMed finds {plural(found.count, 'paper')} and reads: {clean(found.translation)}")
    if found.count > query.max_hits:
        note(f"That is more than {query.max_hits:,}, so a fetch would be refused; narrow the term or set --max.")
    return 0
