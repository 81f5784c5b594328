"""`reftrack query lint`: what a person gets wrong in a query, before PubMed gets it wrong without a word."""

from __future__ import annotations

import sys
import textwrap
import unicodedata
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import LibraryError, UsageError
from . import options
from .screen import READABLE, clean, console, json_text, note, on_terminal, painted, plural
from .settings import Desk

if TYPE_CHECKING:
    from ..library.reading import Reader
    from ..matching.finding import Finding

FINDINGS = 1
_STYLES: dict[str, dict[str, Any]] = {
    "error": {"fg": "red", "bold": True},
    "warning": {"fg": "magenta"},
    "hint": {},
}
_INDENT = "    "
NO_SECOND = (
    "The package search-query is not installed, so reftrack's own rules stand alone; "
    "`pip install 'reftrack[lint]'` adds its rules."
)


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found in one file or text."""

    name: str
    file: str
    term: str
    findings: tuple[Finding, ...]
    first_line: int = 0
    """In which line of the file the term begins; 0 if that cannot be told."""


@click.command("lint", short_help="Say what PubMed would refuse, ignore or misread.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--term", metavar="TEXT", help="Look at this query, saved or not; - reads it from stdin.")
@options.as_json
@click.pass_context
def command(ctx: click.Context, names: tuple[str, ...], *, term: str | None, as_json: bool) -> None:
    """Look saved queries over, all or those named: what PubMed would refuse, ignore, or read otherwise than meant.

    Errors are what PubMed does not search as it is written, warnings what it may read otherwise, hints what a person
    may want to know. What PubMed itself warned of when it last ran the same term is shown, too.
    Status 1 with errors or warnings, 0 without.

    \b
    Examples:
      reftrack query lint
      reftrack query lint tbi --json
      reftrack query lint --term "cerebr*[tiab] AND stroke[mh] OR tbi[tiab]"
    """
    desk: Desk = ctx.obj
    looked, alone = look(desk, names, term)
    if as_json:
        click.echo(json_text([_shape(one, finding) for one in looked for finding in one.findings]))
    else:
        for one in looked:
            show(one)
    if alone:
        note(NO_SECOND, quiet=desk.quiet)
    _sum_up(desk, looked)
    if any(finding.severity != "hint" for one in looked for finding in one.findings):
        ctx.exit(FINDINGS)


def look(desk: Desk, names: tuple[str, ...], term: str | None) -> tuple[list[Looked], bool]:
    """What is to be said of a term, of the saved queries that are named, or of all; and whether our rules stood alone.

    A file that cannot be read is a finding, so that the others are still looked at. UsageError for a name that is none.
    """
    from ..workflow.linting import lint_term

    looked, alone = [], False
    if term is not None:
        text = sys.stdin.read() if term == "-" else term
        linted = lint_term(text)
        looked.append(Looked("--term", "", text, linted.findings, 1))
        alone = linted.alone
    if names or term is None:
        saved, lonely = _saved(desk, names)
        looked, alone = looked + saved, alone or lonely
    return looked, alone


def _saved(desk: Desk, names: tuple[str, ...]) -> tuple[list[Looked], bool]:
    from .. import queries
    from ..workflow.linting import lint_query

    folder = desk.queries
    for name in names:
        queries.find(folder, name)
    looked, alone = [], False
    with ExitStack() as stack:
        library = _library(desk)
        if library is not None:
            stack.enter_context(library)
        for name in dict.fromkeys(names or sorted(queries.listed(folder))):
            path = folder / f"{name}.toml"
            try:
                query = queries.named(folder, name)
            except UsageError as error:
                looked.append(Looked(name, str(path), "", (_unreadable(error),)))
                continue
            linted = lint_query(query, library)
            alone = alone or linted.alone
            looked.append(Looked(name, str(path), query.term, linted.findings, _first_line(path, query.term)))
    return looked, alone


def _unreadable(error: UsageError) -> Finding:
    from ..matching.finding import Finding

    return Finding("file", "error", -1, str(error))


def _library(desk: Desk) -> Reader | None:
    try:
        return desk.reader()
    except LibraryError as error:
        note(f"What PubMed said when the queries ran is not shown: {error}")
        return None


def _first_line(path: Path, term: str) -> int:
    """The line of the file in which the term begins, where it stands there as it is."""
    try:
        text = path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        return 0
    place = text.find(term)
    return text.count("\n", 0, place) + 1 if place >= 0 and text.count(term) == 1 else 0


def _shape(one: Looked, finding: Finding) -> dict[str, Any]:
    from ..matching.finding import line_and_column

    line, column = line_and_column(one.term, finding.start) if finding.start >= 0 else (None, None)
    return {
        "query": one.name,
        "file": one.file,
        "rule": finding.rule,
        "severity": finding.severity,
        "line": line,
        "column": column,
        "file_line": line + one.first_line - 1 if line and one.first_line else None,
        "message": finding.message,
        "remedy": finding.remedy,
    }


def show(one: Looked, *, err: bool = False) -> None:
    """The findings of one query: each with its place, the line it is in and a mark under it."""
    from ..matching.finding import line_and_column

    drawn = sys.stderr.isatty() if err else on_terminal()
    width = min(READABLE, console(stderr=err).width) if drawn else None
    for finding in one.findings:
        place = ""
        if finding.start >= 0:
            line, column = line_and_column(one.term, finding.start)
            many = "\n" in one.term.strip()
            place = f" line {line}, character {column}" if many else f" character {column}"
            if one.file and one.first_line:
                place += f" ({Path(one.file).name}:{line + one.first_line - 1})"
        severity = painted(finding.severity, **_STYLES[finding.severity])
        click.echo(f"{clean(one.name)}: {severity}{place}: {finding.rule}", err=err)
        if finding.start >= 0 and one.term.strip():
            for text in excerpt(one.term, finding.start, width):
                click.echo(_INDENT + text, err=err)
        for text in (finding.message, finding.remedy and f"→ {finding.remedy}"):
            if text:
                click.echo(_wrapped(clean(text), width), err=err)


def excerpt(term: str, start: int, width: int | None) -> tuple[str, str]:
    """The line in which a place lies and a caret under it; a long line is cut around the place."""
    begin = term.rfind("\n", 0, start) + 1
    end = term.find("\n", start)
    line = term[begin : end if end >= 0 else len(term)]
    before, after = clean(line[: start - begin]), clean(line[start - begin :])
    most = (width or READABLE) - len(_INDENT)
    if _cells(before + after) > most:
        keep = most // 3
        if _cells(before) > keep:
            before = "…" + before[-keep + 1 :]
        after = after if _cells(before + after) <= most else after[: most - _cells(before) - 1] + "…"
    return before + after, " " * _cells(before) + "^"


def _cells(text: str) -> int:
    """How many columns a text takes on a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _wrapped(text: str, width: int | None) -> str:
    if width is None:
        return _INDENT + text
    return textwrap.fill(
        text, width, initial_indent=_INDENT, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False
    )


def _sum_up(desk: Desk, looked: list[Looked]) -> None:
    counts = {
        severity: sum(finding.severity == severity for one in looked for finding in one.findings)
        for severity in _STYLES
    }
    said = ", ".join(plural(number, severity) for severity, number in counts.items() if number)
    saved = sum(1 for one in looked if one.file)
    if not looked:
        note(f"There is no saved query in {desk.queries}; `reftrack query new` writes one.", quiet=desk.quiet)
        return
    what = plural(saved, "query") if saved == len(looked) else "the term" if not saved else f"{len(looked)} queries"
    note(f"{what}: {said or 'nothing to find fault with'}.", quiet=desk.quiet)
