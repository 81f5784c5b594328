"""Options that several commands share, each defined once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import click

from ..errors import UsageError
from ..library.selecting import SORTS, Selection

Command = TypeVar("Command", bound=Callable[..., Any])

NOTICES = {
    "retraction": ("RetractionIn", "RetractedandRepublishedIn"),
    "concern": ("ExpressionOfConcernIn",),
    "erratum": ("ErratumIn", "CorrectedandRepublishedIn", "PartialRetractionIn"),
    "update": ("UpdateIn",),
    "comment": ("CommentIn",),
}
"""--notice → the links that a paper carries when it has had one; the same words as model.NOTICE_TYPES."""

_AGO = {"d": 1, "w": 7, "m": 30, "y": 365}
_SORT_NAMES = [f"{sign}{name}" for name in SORTS for sign in ("", "-")]

as_json = click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")


def selection(command: Command) -> Command:
    """The options that choose papers: the same in every command that takes several."""
    for option in reversed(
        (
            click.argument("text", nargs=-1),
            click.option("--tag", "tags", multiple=True, metavar="TAG", help="Tagged so; repeat for and."),
            click.option("--any-tag", "any_tags", multiple=True, metavar="TAG", help="Tagged so; repeat for or."),
            click.option("--not-tag", "not_tags", multiple=True, metavar="TAG", help="Not tagged so."),
            click.option("--query", metavar="NAME", default="", help="Found by this saved query."),
            click.option("--year", metavar="Y", default="", help="2015, 2015.., ..2020 or 2015..2020."),
            click.option("--author", metavar="NAME", default="", help="Family name, with initials if need be."),
            click.option("--journal", metavar="NAME", default="", help="A part of the journal's name."),
            click.option("--pmid", "pmids", multiple=True, type=click.IntRange(min=1), help="This paper; repeat."),
            click.option("--since", metavar="WHEN", default="", help="First seen: 2w, 3d, 6m, 2026-01-31 or last."),
            click.option("--new", is_flag=True, help="First seen in the newest complete run of its query."),
            click.option("--notice", type=click.Choice(list(NOTICES)), help="Has had such a notice."),
            click.option("--fts-raw", is_flag=True, help="TEXT is SQLite FTS5 syntax."),
            click.option(
                "--sort", type=click.Choice(_SORT_NAMES), metavar="BY", help=f"{', '.join(SORTS)}; -BY turns."
            ),
            click.option("--limit", type=click.IntRange(min=0), metavar="N", help="At most so many."),
        )
    ):
        command = option(command)
    return command


def read_selection(
    *, text: tuple[str, ...], year: str, since: str, notice: str | None, sort: str | None, **rest: Any
) -> Selection:
    """The options as a Selection. Raises UsageError for a year or time that is not understood."""
    return Selection(
        text=" ".join(text),
        years=_years(year) if year else None,
        since=_since(since) if since else "",
        notice=NOTICES[notice] if notice else (),
        retracted=notice == "retraction",
        sort=sort or "",
        **rest,
    )


def _years(text: str) -> tuple[int | None, int | None]:
    match = re.fullmatch(r"(\d{4})?(\.\.)?(\d{4})?", text.strip())
    if not match or not (match[1] or match[3]):
        raise UsageError(f"--year {text!r} is not understood; write 2015, 2015.., ..2020 or 2015..2020.")
    first, last = (int(match[number]) if match[number] else None for number in (1, 3))
    if not match[2]:
        return first, first
    if first and last and first > last:
        raise UsageError(f"--year {text!r} runs backwards.")
    return first, last


def _since(text: str) -> str:
    plain = text.strip().lower()
    if plain == "last":
        return plain
    if match := re.fullmatch(r"(\d{1,5})([dwmy])", plain):
        days = int(match[1]) * _AGO[match[2]]
        try:
            moment = datetime.now(UTC) - timedelta(days=days)
        except OverflowError:
            return "0001-01-01"
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        return date.fromisoformat(plain).isoformat()
    except ValueError:
        raise UsageError(f"--since {text!r} is not understood; write 3d, 2w, 6m, 2026-01-31 or last.") from None
