"""`reftrack note`: a person writes about a paper."""

from __future__ import annotations

import click

from ..errors import UsageError
from .held import open_library
from .screen import clean
from .screen import note as say
from .settings import Desk


@click.command()
@click.argument("name", metavar="PMID|KEY")
@click.argument("text", nargs=-1)
@click.option("--remove", is_flag=True, help="Take your note back; what was imported stays.")
@click.pass_obj
def command(desk: Desk, *, name: str, text: tuple[str, ...], remove: bool) -> None:
    """Write a note on a paper, in place of your last one; without TEXT, read what is written.

    \b
    Examples:
      reftrack note 31494820 "dose differs between table 1 and the text"
      reftrack note 31494820
    """
    from ..library.selecting import find_paper

    said = "\n".join(map(clean, " ".join(text).splitlines())).strip()
    if text and not said:
        raise UsageError("The note is empty; --remove takes one back.")
    if text and remove:
        raise UsageError("Write a note or take it back with --remove, not both.")
    if not (text or remove):
        _read(desk, name)
        return
    with desk.library() as library, library.transaction():
        pmid = find_paper(library.connection, name)
        library.annotate(pmid, said, who=desk.who)
    click.echo(f"PMID {pmid}: the note is {'kept' if said else 'taken back'}.")


def _read(desk: Desk, name: str) -> None:
    from ..library.selecting import find_paper

    with open_library(desk) as reader:
        pmid = find_paper(reader.connection, name)
        written = reader.judgments([pmid]).get(pmid, {}).get("note", "")
    if not written:
        say(f"There is no note on PMID {pmid}.", quiet=desk.quiet)
        return
    for line in written.splitlines():
        click.echo(clean(line))
