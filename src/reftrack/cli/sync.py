"""`reftrack sync`: the hand work of several people, through text files that git merges."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from . import options
from .acted import paper, what
from .screen import clean, json_text, note, plural
from .settings import Desk

if TYPE_CHECKING:
    from ..workflow.sharing import Shared

FOLDER = "hands"
SHOWN = 10


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@options.as_json
@click.pass_context
def command(ctx: click.Context, *, folder: Path | None, as_json: bool) -> None:
    """Take over the acts in FOLDER's files, and write every act of this library into them.

    FOLDER is hands/ in the workspace, a file a person and a line an act. Put it into git: two people's work merges
    without a conflict, and the same command on each side brings both to the same. It also replays a log into a new
    library. Of two words on one tag the later one counts; both are kept, and told here.

    \b
    Examples:
      git pull && reftrack sync && git add hands && git commit
      reftrack sync ~/backup/hands
    """
    desk: Desk = ctx.obj
    if folder is None:
        if desk.root is None:
            raise UsageError("This is no workspace; name the folder of the files, or `reftrack init` makes one here.")
        folder = desk.root / FOLDER
    from ..workflow.sharing import share

    with desk.library(create=True) as library:
        shared = share(library, folder)
    if as_json:
        click.echo(json_text(_shape(shared)))
    else:
        _tell(desk, shared, folder)
    if shared.merged.refused:
        ctx.exit(1)


def _tell(desk: Desk, shared: Shared, folder: Path) -> None:
    new = shared.merged.new
    people = sorted({act.who or "nobody named" for act in new})
    papers = len({act.pmid for act in new})
    taken = f"{plural(len(new), 'act')} taken over" + (
        f", of {clean(', '.join(people))}, on {plural(papers, 'paper')}" if new else ""
    )
    written = f"{plural(shared.acts, 'act')} in {folder}" if shared.acts else "none has been done here yet"
    click.echo(f"{taken}; {written}.")
    for counts, other in shared.contradictions[:SHOWN]:
        click.echo(
            f"{paper(counts)}: {_who(counts.act.who)} says {what(counts.act)}, {_who(other.act.who)} said "
            f"{what(other.act)}; the later one counts."
        )
    if len(shared.contradictions) > SHOWN:
        note(
            f"and {plural(len(shared.contradictions) - SHOWN, 'more contradiction')}; --json has all.", quiet=desk.quiet
        )
    for act, reason in shared.merged.refused:
        note(f"PMID {act.pmid}: {_who(act.who)} chose the key {clean(act.key)}, which cannot be given here: {reason}")


def _who(name: str) -> str:
    return clean(name) or "somebody"


def _shape(shared: Shared) -> dict[str, object]:
    return {
        "new": [act.id for act in shared.merged.new],
        "known": shared.merged.known,
        "acts": shared.acts,
        "files": [str(path) for path in shared.changed],
        "contradictions": [
            {"pmid": counts.act.pmid, "tag": counts.act.tag, "counts": counts.act.id, "other": other.act.id}
            for counts, other in shared.contradictions
        ],
        "refused": [{"act": act.id, "pmid": act.pmid, "reason": reason} for act, reason in shared.merged.refused],
    }
