"""`reftrack history`: what people did by hand, one act after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import options
from .acted import paper, what
from .screen import clean, console, json_text, note, on_terminal, plural, table, tsv
from .settings import Desk

if TYPE_CHECKING:
    from ..library.acts import Logged

_HEADER = ("at", "who", "pmid", "key", "kind", "what", "act", "taken_back_by")
NARROW = 100
"""Columns below which a line has no room for the person and the time of day."""
RECENT = 30


@click.command()
@click.argument("names", nargs=-1, metavar="[PMID|KEY]...")
@click.option("--who", metavar="NAME", help="Only what this person did.")
@click.option("--since", metavar="WHEN", help="Done since: 2w, 3d, 6m or 2026-01-31.")
@click.option("--limit", type=click.IntRange(0, options.LARGEST), metavar="N", help="At most so many.")
@options.as_json
@click.option("--jsonl", "as_jsonl", is_flag=True, help="The log itself, oldest first: what `sync` writes into files.")
@click.pass_obj
def command(
    desk: Desk,
    /,
    *,
    names: tuple[str, ...],
    who: str | None,
    since: str | None,
    limit: int | None,
    as_json: bool,
    as_jsonl: bool,
) -> None:
    """Show what was done by hand, newest first: tags, decisions, notes, citation keys, and what was taken back.

    What other programs decided is in the files that were imported (`import --list`). On a terminal the newest 30 are
    shown unless papers, --since or --limit say otherwise.

    \b
    Examples:
      reftrack history
      reftrack history 31494820
      reftrack history --jsonl > hands.jsonl
    """
    machine = as_json or as_jsonl
    recent = on_terminal() and not (machine or names or who is not None or since or limit is not None)
    acts, total = _acts(desk, names, who, since, RECENT if recent else limit)
    if as_jsonl:
        from ..hands import to_line

        for one in reversed(acts):
            click.echo(to_line(one.act))
        return
    if as_json:
        click.echo(json_text([_shape(one) for one in acts]))
        return
    if not acts:
        note("Nothing was done by hand.", quiet=desk.quiet)
        return
    if not on_terminal():
        for line in tsv(_HEADER, map(_cells, acts)):
            click.echo(line)
        return
    _draw(acts)
    if recent and len(acts) < total:
        note(f"{plural(total, 'act')}, the newest {len(acts)} are shown; --limit shows more.", quiet=desk.quiet)


def _acts(
    desk: Desk, names: tuple[str, ...], who: str | None, since: str | None, limit: int | None
) -> tuple[list[Logged], int]:
    """The acts, newest first, and how many there are in the log."""
    from ..library.selecting import find_papers

    if since is not None:
        since = options.day_or_moment(since)
    reader = desk.reader()
    if reader is None:
        return [], 0
    with reader:
        pmids = find_papers(reader.connection, names)
        return reader.acts(pmids=pmids, who=who, since=since or "", limit=limit), reader.how_many_acts()


def _draw(acts: list[Logged]) -> None:
    narrow = console().width < NARROW
    columns: list[tuple[str, dict[str, Any]]] = [
        ("When" if narrow else "When (UTC)", {"no_wrap": True}),
        *([] if narrow else [("Who", {"max_width": 16, "overflow": "fold"})]),
        ("What", {"ratio": 1, "overflow": "fold"}),
        ("Paper", {"overflow": "fold"}),
        ("Act", {"no_wrap": True}),
    ]
    rows = []
    for one in acts:
        act = one.act
        said = f"{what(act, one.target)} (taken back)" if one.undone else what(act, one.target)
        style = "strike" if one.undone else ""
        when = act.at[: 10 if narrow else 16].replace("T", " ")
        rows.append([when, *([] if narrow else [act.who or "-"]), (said, style), paper(one), act.handle])
    table(columns, rows)


def _cells(one: Logged) -> list[object]:
    act = one.act
    return [act.at, act.who, act.pmid, one.key, act.kind, what(act, one.target), act.handle, one.undone[-8:]]


def _shape(one: Logged) -> dict[str, Any]:
    act = one.act
    return {
        "act": act.handle,
        "id": act.id,
        "at": act.at,
        "who": act.who,
        "pmid": act.pmid,
        "key": one.key,
        "title": clean(one.title),
        "kind": act.kind,
        "what": what(act, one.target),
        "tag": act.tag or None,
        "verdict": act.verdict or None,
        "because": act.because,
        "reasons": list(act.reasons),
        "text": act.text,
        "new_key": act.key or None,
        "former_key": act.former or None,
        "trial": act.trial or None,
        "undoes": act.undoes or None,
        "together": act.together,
        "undone": one.undone or None,
    }
