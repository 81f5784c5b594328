"""`reftrack map`: what evidence there is, outcome by study type, and where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from ..errors import UsageError
from ..library.opening import Connection
from ..library.selecting import Selection
from ..report.evidence import ALL, NOWHERE, Count, EvidenceMap, shape
from . import guidance, options
from .edited import tell_edited_rules
from .output import Pieces, format_of, is_stdout, refuse_file, write
from .pager import paged
from .screen import clean, csv_lines, json_text, note, on_terminal, tsv
from .settings import Desk
from .shorthand import Selecting

FORMATS = ("html", "svg", "png", "csv", "tsv", "json")
_ENDINGS = {
    ".html": "html",
    ".htm": "html",
    ".svg": "svg",
    ".png": "png",
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
}


class Mapping(Selecting):
    """`-fcsv` is -f csv, not the tag `fcsv` to be left out."""

    def attached(self, option: str, value: str) -> bool:
        """Whether `-fvalue` is -f with its value."""
        return value in FORMATS if option == "-f" else super().attached(option, value)


@click.command(cls=Mapping)
@options.selection
@click.option("--rows", metavar="FACET", default="outcome", help="A facet of tags for the rows.  [default: outcome]")
@click.option("--columns", metavar="FACET", default="study", help="Another for the columns.  [default: study]")
@click.option(
    "--count", "counted", type=click.Choice(["papers", "trials"]), default="papers", help="What a cell shows first."
)
@click.option(
    "--since-run", type=options.Number(1, options.LARGEST), metavar="N", help="New is what came in run N or later."
)
@click.option("--new-since", metavar="WHEN", help="New is what came since: 2w, 3d, 6m or 2026-01-31.")
@click.option("-f", "--format", "form", type=click.Choice(FORMATS), help="Of the result; else the file's ending tells.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Into this file: .html, .svg, .png, .csv, .tsv or .json.",
)
@options.as_json
@click.pass_obj
def command(
    desk: Desk,
    /,
    *,
    rows: str,
    columns: str,
    counted: str,
    since_run: int | None,
    new_since: str | None,
    form: str | None,
    output: Path | None,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Draw what evidence there is: outcome by study type or any two facets, and where there is none.

    Each cell counts the papers that `list --tag ROW --study COLUMN` gives, those of a tag below the row's too: a
    paper may stand in several rows. A paper's primary study type is its column. New ones are marked + (by default
    those of the newest complete run of each query), retracted ones †, gaps ·. A last row and column (none) hold the
    papers without such a tag, so that none is lost. The map counts; it judges nothing.

    An .html file is a page of its own that needs no network: a cell opens its papers with the sentences behind
    their tags, filters narrow it, and beside each number stands the command that lists the same papers. CSV has a
    line for each cell; .svg and .png are pictures for a manuscript.

    \b
    Examples:
      reftrack map
      reftrack map +stroke --year 2010.. -o stroke.html
      reftrack map --rows condition --columns outcome
      reftrack map --count trials -f csv > map.csv
      reftrack map --since-run 1 --json
    """
    name = format_of(form, output, _ENDINGS, as_json=as_json)
    selection = options.read_selection(**chosen)
    if since_run is not None and new_since is not None:
        raise UsageError("--since-run and --new-since exclude each other: both say what counts as new.")
    if name == "png" and is_stdout(output) and on_terminal():
        raise UsageError("png is no text for a terminal; name a file with -o.")
    connection = desk.connection()
    if connection is None or not connection.value("SELECT 1 FROM papers"):
        guidance.tell_empty(desk)
        if name == "json":
            write(output, [json_text(shape(EvidenceMap(rows, columns, (), (), {}, Count()))) + "\n"])
        else:
            refuse_file(output)
        return
    with closing(connection), connection.snapshot():
        tell_edited_rules(desk, connection)
        since, told = _since(connection, since_run, new_since)
        asked = {"rows": rows, "columns": columns, "counted": counted, "since": since, "since_told": told}
        _draw(desk, connection, selection, name, output, asked)
    if output is not None and not is_stdout(output):
        note(f"The map is in {output}.", quiet=desk.quiet)
    options.tell_not_held(desk, selection)


def _draw(
    desk: Desk, connection: Connection, selection: Selection, name: str, output: Path | None, asked: dict[str, Any]
) -> None:
    from ..workflow.mapping import draw, map_page

    def choose(connection: Connection, selection: Selection) -> list[int]:
        return options.chosen(desk, connection, selection)

    if name == "html":
        write(output, [map_page(connection, selection, **asked, choose=choose)])
        return
    evidence = draw(connection, selection, **asked, choose=choose)
    if not name and on_terminal():
        _show(desk, evidence)
    else:
        write(output, _pieces(evidence, name or "tsv"))
    if not evidence.total.papers:
        note("No paper meets this.", quiet=desk.quiet)


def _since(connection: Connection, run: int | None, moment: str | None) -> tuple[str, str]:
    """Since when a paper is new (ISO 8601), and how that is told. Raises UsageError."""
    from ..library import mapped

    if run is not None:
        began = mapped.begun(connection, run)
        if not began:
            newest = mapped.newest_run(connection)
            hint = f"; the newest is {newest}" if newest else ""
            raise UsageError(f"There is no run {run}{hint}; `reftrack runs` shows which there are.")
        return began, f"since run {run} ({began[:10]})"
    if moment is None:
        return "", ""
    since = options.day_or_moment(moment, "--new-since")
    return since, f"since {since[:10]}"


def _show(desk: Desk, evidence: EvidenceMap) -> None:
    import shutil
    from textwrap import fill

    from .matrix import lines, sentences

    width = shutil.get_terminal_size().columns
    with paged(desk):
        for line in lines(evidence, width):
            click.echo(line)
        if evidence.total.papers:
            click.echo()
            for sentence in sentences(evidence):
                click.echo(fill(sentence, min(width, 100), subsequent_indent="  "))


def _pieces(evidence: EvidenceMap, name: str) -> Pieces:
    if name in ("svg", "png"):
        from ..report.map_chart import picture

        return [picture(evidence, name)]
    if name == "json":
        return [json_text(shape(evidence)) + "\n"]
    written = tsv(*_matrix(evidence)) if name == "tsv" else csv_lines(*_cells(evidence))
    return (f"{line}\n" for line in written)


def _matrix(evidence: EvidenceMap) -> tuple[list[str], Iterable[list[object]]]:
    """Rows and columns by their tags; a total at both ends, an empty name for papers without a tag."""
    columns = [*(line.tag for line in evidence.columns), NOWHERE, ALL]
    shown = ["(none)" if tag == NOWHERE else "total" if tag == ALL else tag for tag in columns]

    def number(count: Count) -> int:
        return count.trials if evidence.counted == "trials" else count.papers

    def rows() -> Iterator[list[object]]:
        for row in [*(line.tag for line in evidence.rows), NOWHERE, ALL]:
            name = "(none)" if row == NOWHERE else "total" if row == ALL else row
            both = evidence.total if row == ALL else None
            yield [
                name,
                *(number(both if both and column == ALL else evidence.at(row, column)) for column in columns),
            ]

    return [evidence.row_facet, *shown], rows()


def _cells(evidence: EvidenceMap) -> tuple[list[str], Iterable[list[object]]]:
    """A line for each cell, the empty ones too, with the command that lists its papers."""
    header = [evidence.row_facet, evidence.column_facet, "papers", "trials", "new", "retracted", "command"]

    def lines() -> Iterator[list[object]]:
        for row in [*(line.tag for line in evidence.rows), NOWHERE]:
            for column in [*(line.tag for line in evidence.columns), NOWHERE]:
                count = evidence.at(row, column)
                if count.papers or (row and column):
                    yield [clean(row), clean(column), *count, evidence.command(row, column)]

    return header, lines()
