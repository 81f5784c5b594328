"""`reftrack undo`: what was done by hand is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from . import options
from .acted import paper, what
from .held import open_library
from .screen import clean, json_text, note, plural
from .settings import Desk

if TYPE_CHECKING:
    from ..library.acts import ActReader, Logged

SHOWN = 5
TITLE = 60
"""Characters of a title that tell which paper it is."""


@click.command()
@click.argument("handles", nargs=-1, metavar="[ACT]...")
@click.option("--dry-run", is_flag=True, help="Only say what would be taken back.")
@options.as_json
@click.pass_obj
def command(desk: Desk, *, handles: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Take back your last command by hand, or the acts that `history` shows by these letters.

    Tags, decisions, notes and citation keys are what they were before; again takes back the one before that. Nothing
    is deleted: the log says what was done and that it was taken back. An act that took something back can itself be
    taken back, by its letters.

    \b
    Examples:
      reftrack undo
      reftrack undo --dry-run
      reftrack undo 1f3a9c0d
    """
    open_library(desk).close()
    if dry_run:
        with open_library(desk) as reader:
            acts = _asked(reader, handles, desk.who)
        _report(desk, acts, dry_run=True, as_json=as_json)
        return
    with desk.library() as library:
        with library.transaction():
            acts = _asked(library, handles, desk.who)
            taken = {act.id for act in library.undo([one.act for one in acts], who=desk.who)}
        acts = [one for one in acts if one.act.id in taken]
    _report(desk, acts, dry_run=False, as_json=as_json)


def _asked(reader: ActReader, handles: Sequence[str], who: str) -> list[Logged]:
    if not handles:
        return reader.last_done(who)
    found = {one.act.id: one for one in map(reader.find_act, handles)}
    return [found[each] for each in sorted(found)]


def _report(desk: Desk, acts: Sequence[Logged], *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        click.echo(
            json_text(
                [{"act": one.act.handle, "pmid": one.act.pmid, "what": what(one.act, one.target)} for one in acts]
            )
        )
        return
    if not acts:
        whose = f" {clean(desk.who)} did" if desk.who else " was done"
        note(f"There is nothing that{whose} by hand and that still stands.", quiet=desk.quiet)
        return
    for one in acts[:SHOWN]:
        title = f" {_short(clean(one.title))}" if one.title else ""
        click.echo(
            f"{'Would take back' if dry_run else 'Taken back'}: {what(one.act, one.target)} · {paper(one)}{title}"
        )
    if len(acts) > SHOWN:
        click.echo(f"and {plural(len(acts) - SHOWN, 'more act')} of the same command.")


def _short(title: str) -> str:
    return title if len(title) <= TITLE else f"{title[: TITLE - 1].rstrip()}…"
