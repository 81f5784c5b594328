"""`reftrack export`: papers leave for LaTeX and other tools."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from . import options
from .output import is_stdout, write
from .screen import note, plural
from .settings import Desk

if TYPE_CHECKING:
    from ..model import HeldPaper


@click.command()
@options.selection
@click.option("-f", "--format", "name", default="bibtex", metavar="FORMAT", help="Which format.  [default: bibtex]")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Into this file, which is replaced only when all is written.",
)
@click.option("--exclude-retracted", is_flag=True, help="Leave retracted papers out.")
@click.option(
    "--list-formats",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, asked: _list_formats(ctx) if asked else None,
    help="Which formats there are.",
)
@click.pass_obj
def command(desk: Desk, /, *, name: str, output: Path | None, exclude_retracted: bool, **chosen: Any) -> None:
    """Write the selected papers (see `list`) in a format that other tools read.

    \b
    Examples:
      reftrack export -o papers.bib
      reftrack export --tag tbi --tag rct -f bibtex > tbi.bib
    """
    from ..export import FORMATS

    if name not in FORMATS:
        raise UsageError(f"There is no format {name!r}; there is {', '.join(FORMATS)}.")
    selection = options.read_selection(**chosen)
    counts = _Counts()

    def papers() -> Iterator[HeldPaper]:
        reader = desk.reader()
        if reader is None:
            return
        with reader:
            for held in reader.held(reader.select(selection)):
                if counts.take(held, exclude_retracted=exclude_retracted):
                    yield held

    pieces = FORMATS[name].write(papers())
    if is_stdout(output):
        output = None
    write(output, pieces)
    options.tell_not_held(desk, selection)
    _tell(desk, counts, output, exclude_retracted=exclude_retracted)


def _tell(desk: Desk, counts: _Counts, output: Path | None, *, exclude_retracted: bool) -> None:
    if counts.retracted:
        what = "left out" if exclude_retracted else "among them, each marked in its note"
        note(f"Warning: {plural(counts.retracted, 'retracted paper')} {what}.")
    if output or not counts.written:
        where = f" to {output}" if output else ""
        note(f"{plural(counts.written, 'paper')} written{where}.", quiet=desk.quiet)


def _list_formats(ctx: click.Context) -> None:
    from ..export import FORMATS

    for form in FORMATS.values():
        click.echo(f"{form.name}\t{form.description}")
    ctx.exit()


@dataclass(slots=True)
class _Counts:
    """What went out, for the words after it."""

    written: int = 0
    retracted: int = 0

    def take(self, held: HeldPaper, *, exclude_retracted: bool) -> bool:
        """Count a paper; says whether it is to be written."""
        self.retracted += held.paper.retracted
        wanted = not (held.paper.retracted and exclude_retracted)
        self.written += wanted
        return wanted
