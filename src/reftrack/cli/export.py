"""`reftrack export`: papers leave for LaTeX and other tools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct
from msgspec.structs import replace

from ..errors import UsageError
from . import guidance, options
from .output import file_of, write
from .screen import note, on_terminal, plural
from .settings import Desk
from .shorthand import Selecting

if TYPE_CHECKING:
    from pathlib import Path

    from ..model import HeldPaper


class Exporting(Selecting):
    """`-fris` is -f ris as ever; `-functional-outcome` is no format."""

    def attached(self, option: str, value: str) -> bool:
        """Whether `-fvalue` is -f with its value."""
        from ..export import FORMATS

        return value in FORMATS if option == "-f" else super().attached(option, value)


@click.command(cls=Exporting)
@options.selection
@click.option("-f", "--format", "name", default="bibtex", metavar="FORMAT", help="Which format.  [default: bibtex]")
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    help="Into this file, which is replaced only when all is written.",
)
@click.option("--ascii", is_flag=True, help="BibTeX and BibLaTeX without a letter beyond ASCII, for classic BibTeX.")
@click.option("--abbrev", is_flag=True, help="Journals by their abbreviation.")
@click.option("--abstracts", is_flag=True, help="Abstracts in BibTeX and BibLaTeX, too.")
@click.option("--notes", is_flag=True, help="Errata, concerns and updates in the note, not only retractions.")
@click.option("--pmid-fields", is_flag=True, help="PMID and PMCID as fields of their own in BibLaTeX.")
@click.option("--key", "keys", type=click.Choice(["stored", "pmid"]), default="stored", help="pmid: keys like pmid123.")
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
def command(
    desk: Desk,
    /,
    *,
    name: str,
    output: str | None,
    ascii: bool,  # noqa: A002 - the option's own name
    abbrev: bool,
    abstracts: bool,
    notes: bool,
    pmid_fields: bool,
    keys: str,
    exclude_retracted: bool,
    **chosen: Any,
) -> None:
    """Write the selected papers (see `list`) in a format that other tools read.

    \b
    Examples:
      reftrack export -o papers.bib
      reftrack export --tag tbi --tag rct -f ris > tbi.ris
      reftrack export +tbi -animal --match "cognition[ti]" -o tbi.bib
      reftrack export --ascii -o classic.bib
    """
    from ..export import FORMATS, Options

    form = FORMATS.get(name)
    if form is None:
        raise UsageError(f"There is no format {name!r}{_nearest(name, FORMATS)}")
    counts = _Counts()
    asked = Options(
        ascii=ascii,
        abbrev=abbrev,
        abstracts=abstracts,
        notes=notes,
        pmid_fields=pmid_fields,
        transliterated=counts.note_transliterated,
    )
    for option in ("ascii", "abbrev", "abstracts", "notes", "pmid_fields"):
        if getattr(asked, option) and option not in form.heeds:
            heeding = ", ".join(other.name for other in FORMATS.values() if option in other.heeds)
            raise UsageError(f"--{option.replace('_', '-')} means nothing to {name}; it is for {heeding}.")
    path = file_of(output)
    if form.binary and path is None and on_terminal():
        raise UsageError(f"{name} is no text for a terminal; name a file with -o.")
    selection = options.read_selection(**chosen)

    def papers() -> Iterator[HeldPaper]:
        reader = desk.reader()
        if reader is None:
            return
        with reader:
            for held in reader.held(options.chosen(desk, reader.connection, selection), without=form.ignores):
                if counts.take(held, exclude_retracted=exclude_retracted):
                    yield replace(held, key=f"pmid{held.paper.pmid}") if keys == "pmid" else held

    write(path, form.write(papers(), asked))
    options.tell_not_held(desk, selection)
    _tell(desk, counts, path, exclude_retracted=exclude_retracted)


def _nearest(name: str, formats: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), formats, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there is {', '.join(formats)}."


def _tell(desk: Desk, counts: _Counts, output: Path | None, *, exclude_retracted: bool) -> None:
    if counts.retracted:
        what = "left out" if exclude_retracted else "among them, each marked in its note"
        note(f"Warning: {plural(counts.retracted, 'retracted paper')} {what}.")
    if counts.transliterated:
        note(
            f"Warning: {plural(counts.transliterated, 'paper')} had letters for which LaTeX has no command; they are "
            "in Latin letters now."
        )
    if output or not counts.written:
        where = f" to {output}" if output else ""
        note(f"{plural(counts.written, 'paper')} written{where}.", quiet=desk.quiet)
    if not counts.written:
        guidance.tell_empty(desk)


def _list_formats(ctx: click.Context) -> None:
    from ..export import FORMATS

    for form in FORMATS.values():
        click.echo(f"{form.name}\t{form.description}")
    ctx.exit()


class _Counts(Struct):
    """What went out, for the words after it."""

    written: int = 0
    retracted: int = 0
    transliterated: int = 0

    def note_transliterated(self, _held: HeldPaper) -> None:
        """One more paper whose letters were put into Latin ones."""
        self.transliterated += 1

    def take(self, held: HeldPaper, *, exclude_retracted: bool) -> bool:
        """Count a paper; says whether it is to be written."""
        self.retracted += held.paper.retracted
        wanted = not (held.paper.retracted and exclude_retracted)
        self.written += wanted
        return wanted
