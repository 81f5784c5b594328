"""`reftrack report`: what a review must report of its search and of its records: PRISMA 2020 and PRISMA-S."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from . import guidance, options
from .groups import Subcommands
from .output import Pieces, format_of, is_stdout, refuse_file, write
from .pager import paged
from .screen import clean, csv_lines, json_text, note, on_terminal, plural, tsv
from .settings import Desk

if TYPE_CHECKING:
    from ..library.opening import Connection
    from ..model import Query
    from ..report.prisma import Flow

FORMATS = ("svg", "png", "txt", "csv", "tsv", "json")
_ENDINGS = {f".{name}": name for name in FORMATS}
_MARKDOWN = (".md", ".markdown", ".txt")


@click.group(cls=Subcommands)
def command() -> None:
    """Write what a review must report: the flow of its records, and its searches.

    Numbers come from the ledger of runs, the imports, the decisions by hand and the trials of `studies`. What no
    library can know is left as a labelled blank for the authors.

    \b
    Examples:
      reftrack report prisma -o flow.svg
      reftrack report prisma-s -o searches.md
    """


_query = click.option("--query", metavar="NAME", help="Only what this saved query found, as for a review of its own.")


@command.command("prisma")
@_query
@click.option("--since", metavar="WHEN", help="When the previous version ended: 6m or 2026-01-31; fills its box.")
@click.option("-f", "--format", "form", type=click.Choice(FORMATS), help="Of the result; else the file's ending tells.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Into this file: .svg, .png, .txt, .csv, .tsv or .json.",
)
@options.as_json
@click.pass_obj
def prisma(
    desk: Desk, /, *, query: str | None, since: str | None, form: str | None, output: Path | None, as_json: bool
) -> None:
    """Draw the PRISMA 2020 flow diagram, as far as it is known.

    The boxes are those for updated reviews. Identified: what each saved query found at PubMed; the sample, files that
    queries were read over, and imports are other sources. Excluded, with reasons: what readers decided; papers nobody
    decided on are not yet screened. Included: reports, and the studies behind them. With --since, records first seen
    before are the previous version, and what was included then is as it was decided then.

    Reports sought, not retrieved and assessed, registers, web sites and the like stay blank, never 0. Without a file
    the boxes are printed, with the command that shows what each number counts.

    \b
    Examples:
      reftrack report prisma
      reftrack report prisma -o flow.svg
      reftrack report prisma --since 2026-01-31 --json
      reftrack report prisma --query tbi -o tbi.svg
    """
    name = format_of(form, output, _ENDINGS, as_json=as_json)
    if name == "png" and is_stdout(output) and on_terminal():
        raise UsageError("png is no text for a terminal; name a file with -o.")
    moment = options.day_or_moment(since) if since is not None else ""
    found = _flow(desk, moment, query)
    if found is None:
        if name == "json":
            write(output, [json_text(None) + "\n"])
        else:
            refuse_file(output)
        return
    if not name and on_terminal():
        from ..report.prisma import text

        with paged(desk):
            for line in text(found):
                click.echo(clean(line) if line else "")
    else:
        write(output, _pieces(found, name or ("txt" if on_terminal() else "tsv")))
    _tell(desk, found, output)


def _flow(desk: Desk, since: str, query: str | None) -> Flow | None:
    """The numbers; None where there is no library yet, and that is told."""
    from .. import __version__

    connection = desk.connection()
    if connection is None or connection.value("SELECT 1 FROM papers") is None:
        guidance.tell_empty(desk)
        return None
    from ..workflow.flowing import flow

    with closing(connection):
        if query is not None:
            options.check_query(desk, connection, query)
        return flow(connection, since=since, query=query or "", version=__version__)


def _pieces(found: Flow, name: str) -> Pieces:
    from ..report import prisma as page

    if name in ("svg", "png"):
        from ..report.prisma_chart import picture

        return [picture(found, name)]
    if name == "json":
        return [json_text(page.shape(found)) + "\n"]
    if name == "txt":
        return (f"{clean(line)}\n" for line in page.text(found))
    header = ("box", "label", "number")
    lines = csv_lines(header, page.cells(found)) if name == "csv" else tsv(header, page.cells(found))
    return (f"{line}\n" for line in lines)


def _tell(desk: Desk, found: Flow, output: Path | None) -> None:
    waiting = found.databases.waiting + found.other.waiting
    if waiting:
        note(f"{plural(waiting, 'record')} not yet screened; `reftrack screen` goes on.", quiet=desk.quiet)
    for problem in found.problems:
        note(clean(problem), quiet=desk.quiet)
    if output is not None and not is_stdout(output):
        note(f"The flow diagram is in {output}.", quiet=desk.quiet)


@command.command("prisma-s")
@_query
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Into this file: Markdown (.md).")
@options.as_json
@click.pass_obj
def prisma_s(desk: Desk, /, *, query: str | None, output: Path | None, as_json: bool) -> None:
    """Write the search appendix by PRISMA-S, as Markdown.

    Its sixteen items, from the ledger, word for word: database, each term as it was sent and PubMed's translation of
    it, dates and numbers of all runs, limits, how records were told apart. Runs that failed or did not do all of
    their work are said to be so. What only people know is marked "(to be filled in by the authors)".

    \b
    Examples:
      reftrack report prisma-s
      reftrack report prisma-s -o searches.md
    """
    if output is not None and not is_stdout(output) and output.suffix.lower() not in _MARKDOWN and not as_json:
        raise UsageError(f"{output} is not named as Markdown is; write .md.")
    found = _flow(desk, "", query)
    if found is None:
        if as_json:
            write(output, [json_text(None) + "\n"])
        else:
            refuse_file(output)
        return
    from ..report.prisma_s import shape, text
    from ..workflow.flowing import strategies

    connection = desk.connection()
    assert connection is not None
    with closing(connection):
        known = [one for one in strategies(connection, _saved(desk, connection)) if query is None or one.query == query]
    pieces = [json_text(shape(known, found)) + "\n"] if as_json else (f"{line}\n" for line in text(known, found))
    if on_terminal() and is_stdout(output):
        with paged(desk):
            write(None, pieces)
    else:
        write(output, pieces)
    for problem in found.problems:
        note(clean(problem), quiet=desk.quiet)
    if output is not None and not is_stdout(output):
        note(f"The search appendix is in {output}.", quiet=desk.quiet)


def _saved(desk: Desk, connection: Connection) -> Mapping[str, Query]:
    """The saved queries of today; one that cannot be read has no title here, and that is told."""
    from .. import queries

    found = {}
    ran: list[Any] = connection.rows("SELECT DISTINCT query FROM runs")
    for (name,) in ran:
        if name not in desk.saved:
            continue
        try:
            found[name] = queries.named(desk.queries, name)
        except UsageError as error:
            note(f"{str(error).rstrip('.')}: its title and note are left out.", quiet=desk.quiet)
    return found
