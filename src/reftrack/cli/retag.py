"""`reftrack retag`: the rules applied to papers that other rules tagged."""

from __future__ import annotations

import click

from .progress import watching
from .screen import note, plural
from .settings import Desk


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also papers that these rules tagged already.")
@click.option("--dry-run", is_flag=True, help="Show what would change; store nothing.")
@click.pass_obj
def command(desk: Desk, *, everything: bool, dry_run: bool) -> None:
    """Apply the tag rules to stale papers. What was decided by hand stays.

    \b
    Examples:
      reftrack retag --dry-run
      reftrack retag
    """
    from ..workflow.deriving import retag

    if desk.first_day():
        note("The library is empty: there is nothing to tag.", quiet=desk.quiet)
        return
    rules = desk.rules()
    with desk.library() as library, watching(desk, "papers") as watch:
        done = retag(library, rules, everything=everything, dry_run=dry_run, watch=watch)
    word = "would be tagged anew" if dry_run else "tagged anew"
    click.echo(f"{plural(done.tagged, 'paper')} of {done.looked_at:,} {word}.")
    for slug in sorted({*done.gained, *done.lost}):
        examples = [str(pmid) for sign in "+-" for pmid in done.examples.get(sign + slug, ())]
        click.echo(f"{slug}\t+{done.gained[slug]}\t-{done.lost[slug]}\te.g. {' '.join(examples[:3])}")
