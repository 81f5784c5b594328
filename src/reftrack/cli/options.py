"""Options that several commands share, each defined once."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import click

from ..errors import QueryError, UsageError
from ..library.opening import Connection
from ..library.selecting import SORTS, Selection, count, not_held, select
from ..notices import HAD
from .screen import note
from .settings import Desk

Command = TypeVar("Command", bound=Callable[..., Any])

DECISIONS = ("include", "exclude", "maybe", "none")

LONG = 10_000
"""Papers whose judging takes so long (seconds) that a person is told why."""

LARGEST = 2**62
"""The largest number that is surely one to SQLite."""


class Number(click.IntRange):
    """A whole number; its help does not bother anybody with the largest that SQLite takes."""

    def _describe_range(self) -> str:
        return ""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401
        """A number in words that need no range: what is wrong is that it is too small, or larger than any."""
        number = int(click.INT.convert(value, param, ctx))
        if self.min is not None and number < self.min:
            self.fail(f"{number} is less than {self.min:g}.", param, ctx)
        if self.max is not None and number > self.max:
            self.fail(f"{number} is larger than any there can be.", param, ctx)
        return number


_AGO = {"d": 1, "w": 7, "m": 30, "y": 365}
_SORT_NAMES = [f"{sign}{name}" for name in SORTS for sign in ("", "-")]

as_json = click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")


def selection(command: Command, *, since: bool = True, text: bool = True) -> Command:
    """The options that choose papers: the same in every command that takes several.

    A command that gives --since a meaning of its own takes them without it, one that takes other words without TEXT.
    Those with TEXT are a `shorthand.Selecting`.
    """
    first_seen = click.option("--since", metavar="WHEN", help="First seen: 2w, 3d, 6m, 2026-01-31 or last.")
    for option in reversed(
        (
            *([click.argument("text", nargs=-1)] if text else []),
            click.option(
                "--tag",
                "tags",
                multiple=True,
                metavar="TAG",
                help=f"Tagged so; repeat for and.{' Short: +TAG.' if text else ''}",
            ),
            click.option("--any-tag", "any_tags", multiple=True, metavar="TAG", help="Tagged so; repeat for or."),
            click.option(
                "--not-tag",
                "not_tags",
                multiple=True,
                metavar="TAG",
                help=f"Not tagged so.{' Short: -TAG.' if text else ''}",
            ),
            click.option(
                "--study",
                "studies",
                multiple=True,
                metavar="TYPE",
                help="Its primary study type; rct,cohort for either, none for papers without.",
            ),
            click.option("--query", metavar="NAME", help="Found by this saved query."),
            click.option("--match", metavar="QUERY", help="Found by this query in PubMed syntax."),
            click.option("--year", metavar="Y", help="2015, 2015.., ..2020 or 2015..2020."),
            click.option("--author", metavar="NAME", help="Family name, with initials if need be."),
            click.option("--journal", metavar="NAME", help="A part of the journal's name."),
            click.option(
                "--language", "languages", multiple=True, metavar="CODE", help="PubMed's code; rus,chi for either."
            ),
            click.option(
                "--pmid", "pmids", multiple=True, type=Number(1, LARGEST), metavar="PMID", help="This paper; repeat."
            ),
            *([first_seen] if since else []),
            click.option("--new", is_flag=True, help="First seen in the newest complete run of its query."),
            click.option("--notice", type=click.Choice(list(HAD)), help="Has had such a notice."),
            click.option(
                "--decision", type=click.Choice(DECISIONS), help="What the readers decided; none: nothing yet."
            ),
            *([click.option("--fts-raw", is_flag=True, help="TEXT is SQLite FTS5 syntax.")] if text else []),
            click.option(
                "--sort", type=click.Choice(_SORT_NAMES), metavar="BY", help=f"{', '.join(SORTS)}; -BY turns."
            ),
            click.option("--limit", type=Number(0, LARGEST), metavar="N", help="At most so many."),
        )
    ):
        command = option(command)
    return command


def read_selection(
    *,
    text: tuple[str, ...] = (),
    year: str | None,
    notice: str | None,
    sort: str | None,
    since: str | None = None,
    match: str | None = None,
    **rest: Any,
) -> Selection:
    """The options as a Selection. Raises UsageError for one that is empty or not understood, QueryError of --match."""
    for name, value in (
        ("--year", year),
        ("--since", since),
        ("--match", match),
        ("TEXT", " ".join(text) if text else None),
        *rest.items(),
        *[("--study", name) for name in rest.get("studies", ())],
        *[("--language", name) for name in rest.get("languages", ())],
    ):
        if isinstance(value, str) and not value.strip():
            raise UsageError(f"{name if name[0] in '-T' else f'--{name}'} is empty, which would mean every paper.")
    if match:
        _read_match(match)
    return Selection(
        text=" ".join(text),
        years=_years(year) if year else None,
        since=moment(since) if since else "",
        notice=HAD[notice] if notice else (),
        retracted=notice == "retraction",
        sort=sort or "",
        match=match or "",
        **{name: value for name, value in rest.items() if value is not None},
    )


def _read_match(match: str) -> None:
    """A query that cannot be used is refused before anything is looked at or written."""
    from ..matching import compile_term  # only for who asks in PubMed syntax

    try:
        compile_term(match)
    except QueryError as error:
        raise QueryError(f"--match: {error}") from None


def chosen(desk: Desk, connection: Connection, selection: Selection) -> list[int]:
    """The PMIDs of a selection, in its order. Raises UsageError for an unknown tag or query, or bad search text.

    Where --match may differ from what PubMed would find, stderr says so.
    """
    if selection.query:
        check_query(desk, connection, selection.query)
    if not selection.match:
        return select(connection, selection)
    from ..library.reading import Reader
    from ..workflow.choosing import choose

    def told(papers: int) -> None:
        if papers >= LONG:
            note(
                f"--match: {papers:,} papers must be read for this; a rarer word in [tiab] or [ti] is quicker.",
                quiet=desk.quiet,
            )

    found = choose(Reader(connection), selection, told=told)
    for warning in found.warnings:
        note(f"--match: {warning}.", quiet=desk.quiet)
    return found.pmids


def how_many(desk: Desk, connection: Connection, selection: Selection) -> int:
    """How many papers a selection has. Raises as `chosen` does."""
    if selection.match:
        return len(chosen(desk, connection, selection))
    if selection.query:
        check_query(desk, connection, selection.query)
    return count(connection, selection)


def check_query(desk: Desk, connection: Connection, name: str) -> None:
    """Refuse a query of which the library knows nothing; one that is saved and never ran is no misspelling."""
    known = {query for (query,) in connection.rows("SELECT DISTINCT query FROM runs")}
    if name in known:
        return
    saved = desk.saved
    if name in saved:
        raise UsageError(f"The query {name} is saved but was never run; `reftrack fetch {name}` runs it.")
    from difflib import get_close_matches

    close = get_close_matches(name, sorted(known | saved), n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]}?" if close else "; `reftrack query list` shows those that are saved."
    raise UsageError(f"No query {name!r} was ever run{hint}")


def tell_not_held(desk: Desk, selection: Selection) -> None:
    """Papers asked for by --pmid that the library does not hold are named, not left out without a word."""
    connection = desk.connection() if selection.pmids else None
    if connection is not None:
        with closing(connection):
            missing = not_held(connection, selection.pmids)
        if missing:
            note(f"Not held: PMID {', '.join(map(str, missing))}.")


def _years(text: str) -> tuple[int | None, int | None]:
    match = re.fullmatch(r"(\d{4})?(?:(\.\.)(\d{4})?)?", text.strip())
    if not match or not (match[1] or match[3]):
        raise UsageError(f"--year {text!r} is not understood; write 2015, 2015.., ..2020 or 2015..2020.")
    first, last = (int(match[number]) if match[number] else None for number in (1, 3))
    if not match[2]:
        return first, first
    if first is not None and last is not None and first > last:
        raise UsageError(f"--year {text!r} runs backwards.")
    return first, last


def day_or_moment(text: str, option: str = "--since") -> str:
    """What an option names where there is no run to be the last. Raises UsageError."""
    if text.strip().lower() == "last":
        raise UsageError(f"{option} last means the last run; write 3d, 2w, 6m or 2026-01-31 here.")
    try:
        return moment(text)
    except UsageError:
        raise UsageError(f"{option} {text!r} is not understood; write 3d, 2w, 6m or 2026-01-31.") from None


def moment(text: str) -> str:
    """What --since names: an ISO 8601 time, UTC, or "last". Raises UsageError."""
    plain = text.strip().lower()
    if plain == "last":
        return plain
    if match := re.fullmatch(r"(\d{1,5})([dwmy])", plain):
        days = int(match[1]) * _AGO[match[2]]
        try:
            then = datetime.now(UTC) - timedelta(days=days)
        except OverflowError:
            return "0001-01-01"
        return then.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\dt\d\d:\d\d:\d\dz", plain):  # as the library has it, and the map prints it
            return datetime.fromisoformat(plain.upper()).strftime("%Y-%m-%dT%H:%M:%SZ")
        return date.fromisoformat(plain).isoformat()
    except ValueError:
        raise UsageError(f"--since {text!r} is not understood; write 3d, 2w, 6m, 2026-01-31 or last.") from None
