"""`reftrack count`: how many papers a selection holds, also by tag, year, query, decision or journal."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from ..errors import UsageError
from ..library.opening import Connection
from ..library.selecting import Selection
from . import guidance, options
from .edited import tell_edited_rules
from .pager import paged
from .screen import clean, json_text, note, on_terminal, plural, table, tsv
from .settings import Desk
from .shorthand import Selecting

NOTHING = "(none)"
"""How a person is shown the papers without a value."""


@click.command(cls=Selecting)
@options.selection
@click.option(
    "--by", metavar="WHAT", help="A facet of tags (condition, outcome, …), study, year, query, decision or journal."
)
@options.as_json
@click.pass_obj
def command(desk: Desk, /, *, by: str | None, as_json: bool, **chosen: Any) -> None:
    """Count papers; selected as in `list`.

    --by prints a table. By year, journal, study (the primary type) and decision (what all readers agree on) each
    paper stands in one row, so the rows add up to the number of papers. By query or by the tags of a facet a paper
    may stand in several rows, and a tag counts what lies below it, too: the rows add up to more. A last row without
    a name holds the papers that have none. --limit counts the first papers of the list.

    \b
    Examples:
      reftrack count +rct
      reftrack count +tbi -animal --by year
      reftrack count --query stroke --by outcome --json
    """
    selection = options.read_selection(**chosen)
    connection = desk.connection()
    if connection is None:
        guidance.tell_empty(desk)
        _print(0, [] if by else None, by or "", as_json=as_json)
        return
    with closing(connection):
        tell_edited_rules(desk, connection)
        what = _what(connection, by) if by is not None else ""
        rows = None
        if what:
            from ..library.grouping import count_by

            everything = selection._replace(sort="") == Selection()
            pmids = None if everything else options.chosen(desk, connection, selection)
            total = options.how_many(desk, connection, selection) if pmids is None else len(pmids)
            rows = [(row.value, row.papers) for row in count_by(connection, pmids, what)]
        else:
            total = options.how_many(desk, connection, selection)
        if not total:
            guidance.tell_nothing_meets(desk, connection)
    with paged(desk, wanted=not as_json):
        _print(total, rows, what, as_json=as_json)
    if rows is not None and on_terminal() and not as_json:
        note(plural(total, "paper"), quiet=desk.quiet)
    options.tell_not_held(desk, selection)


def _what(connection: Connection, by: str) -> str:
    """What to count by. Raises UsageError, with the nearest."""
    from ..library.grouping import PLAIN, facets

    known = list(dict.fromkeys((*facets(connection), *PLAIN)))
    plain = by.strip().lower().rstrip("/")
    if plain in known:
        return plain
    other = connection.value("SELECT tag FROM tag_aliases WHERE alias = ?", (f"{plain}/",))
    if other:
        return str(other).rstrip("/")
    from difflib import get_close_matches

    close = get_close_matches(plain, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there is {', '.join(known)}."
    raise UsageError(f"--by {by!r} is nothing to count by; {hint}")


def _print(total: int, rows: list[tuple[str, int]] | None, what: str, *, as_json: bool) -> None:
    if as_json:
        counts = None if rows is None else [{"value": value or None, "count": count} for value, count in rows]
        click.echo(json_text({"count": total} if counts is None else counts))
    elif rows is None:
        click.echo(str(total))
    elif not on_terminal():
        for line in tsv((what, "count"), rows):
            click.echo(line)
    elif rows:
        shown = [(clean(value) or NOTHING, f"{count:,}") for value, count in rows]
        table([(what, {"overflow": "fold"}), ("papers", {"justify": "right", "no_wrap": True})], shown)
