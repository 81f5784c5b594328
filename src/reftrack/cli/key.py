"""`reftrack key`: a person chooses a citation key."""

from __future__ import annotations

import click

from .groups import Subcommands
from .screen import note
from .settings import Desk


@click.group(cls=Subcommands)
def command() -> None:
    """Choose citation keys, where a manuscript cites by others. Nothing else ever changes one.

    \b
    Example:
      reftrack key set 31494820 Poon2020captain
    """


@command.command("set")
@click.argument("name", metavar="PMID|KEY")
@click.argument("key")
@click.pass_obj
def choose(desk: Desk, name: str, key: str) -> None:
    """Give a paper another citation key. The one it had still leads to it and is never given to another paper.

    \b
    Example:
      reftrack key set 31494820 Poon2020captain
    """
    from ..library.selecting import find_paper

    with desk.library() as library, library.transaction():
        pmid = find_paper(library.connection, name)
        former = library.set_key(pmid, key, who=desk.who)
    if former == key:
        note(f"PMID {pmid} has the key {key} already.", quiet=desk.quiet)
        return
    click.echo(f"PMID {pmid}: {former or '(no key)'} is {key} now.")
