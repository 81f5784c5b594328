"""`reftrack rebuild`: papers and tags made again from the stored records, without the network."""

from __future__ import annotations

import click

from ..errors import LibraryError
from .guidance import tell_empty
from .progress import watching
from .screen import clean, note, plural
from .settings import Desk

PARTIAL = 4


@click.command()
@click.pass_context
def command(ctx: click.Context) -> None:
    """Parse every stored record again and tag what changed: after an update of reftrack, or to be sure.

    The network is not touched. Keys, hand tags, decisions, notes and the ledger stay.

    \b
    Example:
      reftrack rebuild
    """
    from ..workflow.deriving import rebuild

    desk: Desk = ctx.obj
    if desk.first_day():
        raise LibraryError("The library is empty, so there is nothing to rebuild; `reftrack fetch` fills it.")
    rules = desk.rules()
    with desk.library() as library, watching(desk, "records") as watch:
        done = rebuild(library, rules, watch=watch)
    click.echo(f"{plural(done.looked_at, 'record')} read again, {plural(done.changed, 'paper')} changed.")
    for unreadable in done.unreadable:
        note(f"PMID {unreadable.pmid} cannot be read and was left as it is: {clean(unreadable.reason)}")
    if not done.looked_at:
        tell_empty(desk)
    if done.unreadable:
        ctx.exit(PARTIAL)
