"""`reftrack list`: papers as a table on a terminal, as tab-separated text in a pipe, as JSON or CSV on request.

The quickest command: it loads neither the nouns nor anything that draws, unless it must.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any

import click

from ..errors import UsageError
from ..library.opening import Connection
from ..library.selecting import Listed, count, listed, retracted_keys, select
from ..notices import without_mark, words
from . import options
from .edited import tell_edited_rules
from .screen import console, csv_lines, json_text, note, on_terminal, plural, table, tsv
from .settings import Desk

COLUMNS: dict[str, Callable[[Listed], object]] = {
    "pmid": lambda row: row.pmid,
    "key": lambda row: row.key,
    "type": lambda row: row.type,
    "title": lambda row: row.title,
    "authors": lambda row: row.authors,
    "journal": lambda row: row.journal,
    "year": lambda row: "" if row.year is None else row.year,
    "date": lambda row: row.date,
    "volume": lambda row: row.volume,
    "issue": lambda row: row.issue,
    "pages": lambda row: row.pages,
    "doi": lambda row: row.doi,
    "pmcid": lambda row: row.pmcid,
    "retracted": lambda row: "retracted" if row.retracted else "",
    "concern": lambda row: "concern" if row.concern else "",
    "deleted": lambda row: row.deleted[:10],
    "indexed": lambda row: {"indexed": "indexed", "awaited": "not yet", "never": ""}[row.indexing],
    "first_seen": lambda row: row.first_seen,
    "study": lambda row: row.study,
    "condition": lambda row: " ".join(row.tags.get("condition", ())),
    "outcome": lambda row: " ".join(row.tags.get("outcome", ())),
    "population": lambda row: " ".join(row.tags.get("population", ())),
    "intervention": lambda row: " ".join(row.tags.get("intervention", ())),
    "tags": lambda row: " ".join(f"{facet}/{tag}" for facet, tags in row.tags.items() for tag in tags),
}
"""Columns that a light row can fill."""

HEAVY_COLUMNS = (
    "language",
    "abstract",
    "mesh",
    "publication_types",
    "keywords",
    "registry_ids",
    "queries",
    "notices",
    "decision",
    "labels",
    "note",
)
"""Columns for which the whole paper is read."""

WIDE = 120
"""Columns from which authors fit beside a readable title."""
AT_ONCE = 200
"""Papers drawn as one table."""
LONGEST_STUDY = len("nonrandomized-trial")

DEFAULT = ("pmid", "key", "year", "study", "condition", "outcome", "title", "journal", "doi", "retracted")


@click.command()
@options.selection
@click.option("--columns", metavar="A,B", default="", help=f"Of {', '.join((*COLUMNS, *HEAVY_COLUMNS))}.")
@click.option("--count", "only_count", is_flag=True, help="Only how many there are.")
@options.as_json
@click.option("--jsonl", "as_jsonl", is_flag=True, help="JSON, one paper a line.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV; a cell that would run as a formula gets an apostrophe.")
@click.option("--no-header", is_flag=True, help="TSV and CSV without the line of names.")
@click.pass_obj
def command(
    desk: Desk,
    /,
    *,
    columns: str,
    only_count: bool,
    as_json: bool,
    as_jsonl: bool,
    as_csv: bool,
    no_header: bool,
    **chosen: Any,
) -> None:
    """List papers; every TEXT word must occur in title, abstract, authors, journal, keywords or MeSH.

    Newest first, those without a year last; with TEXT the best match first. Of equals the higher PMID first.

    \b
    Examples:
      reftrack list --tag tbi
      reftrack list --tag stroke --tag rct --year 2015..
      reftrack list "infarct volume" --not-tag animal
      reftrack list --new --columns year,study,title
    """
    names = _names(columns)
    selection = options.read_selection(**chosen)
    connection = desk.connection()
    if connection is None:
        note("The library is empty: `reftrack fetch` fills it (`--from sample` without a network).", quiet=desk.quiet)
        click.echo("0" if only_count else "[]" if as_json else "", nl=only_count or as_json)
        return
    with closing(connection):
        tell_edited_rules(desk, connection)
        pmids = [] if only_count else select(connection, selection)
        if only_count:
            click.echo(str(count(connection, selection)))
        elif as_json or as_jsonl:
            _json(connection, pmids, names, by_line=as_jsonl)
        elif as_csv or not on_terminal():
            header = () if no_header else names or DEFAULT
            cells = _cells(connection, pmids, names or DEFAULT)
            for line in csv_lines(header, cells) if as_csv else tsv(header, cells):
                click.echo(line)
            _tell_retracted(connection, pmids, names or DEFAULT)
        elif columns and pmids:
            cells = _cells(connection, pmids, names, look={"title": _marked})
            table([(name, {"overflow": "fold"}) for name in names], cells)
            _tell_retracted(connection, pmids, (*names, "retracted") if "title" in names else names)
        else:
            _table(connection, pmids, quiet=desk.quiet)
        if not pmids and not only_count:
            note("No paper meets this.", quiet=desk.quiet)
    options.tell_not_held(desk, selection)


def _names(columns: str) -> tuple[str, ...]:
    names = tuple(name.strip().replace("-", "_") for name in columns.split(",") if name.strip())
    for name in names:
        if name not in COLUMNS and name not in HEAVY_COLUMNS:
            from difflib import get_close_matches

            close = get_close_matches(name, (*COLUMNS, *HEAVY_COLUMNS), n=1)
            raise UsageError(f"There is no column {name!r}{f'; did you mean {close[0]}?' if close else '.'}")
    return names


def _cells(
    connection: Connection,
    pmids: Sequence[int],
    names: Sequence[str],
    look: dict[str, Callable[[Listed], object]] | None = None,
) -> Iterator[list[object]]:
    """The cells of each paper; `look` is what a person is shown in place of the plain datum."""
    light_cells = COLUMNS | (look or {})
    if all(name in COLUMNS for name in names):
        for row in listed(connection, pmids):
            yield [light_cells[name](row) for name in names]
        return
    from ..library.reading import Reader
    from . import shapes

    light = listed(connection, pmids)
    for held, row in zip(Reader(connection).held(pmids), light, strict=True):
        whole = shapes.paper(held)
        yield [light_cells[name](row) if name in COLUMNS else _flat(whole[name]) for name in names]


def _tell_retracted(connection: Connection, pmids: Sequence[int], names: Sequence[str]) -> None:
    """Where no column says which papers are retracted, a line beside the result does."""
    if {"retracted", "notices"} & set(names):
        return
    if keys := retracted_keys(connection, pmids):
        note(f"Warning: retracted: {', '.join(keys)}.")


def _marked(row: Listed) -> str:
    """The title behind what a reader must know before it."""
    kind = "retraction" if row.retracted else "concern" if row.concern else ""
    marks = [words(kind).mark] * bool(kind) + ["DELETED"] * bool(row.deleted)
    return " · ".join([*marks, without_mark(row.title) if row.retracted else row.title])


def _flat(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(_flat(part) for part in value)
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values() if part not in ("", None))
    return "" if value is None else str(value)


def _json(connection: Connection, pmids: Sequence[int], names: Sequence[str], *, by_line: bool) -> None:
    """One paper at a time, so that a large library does not have to fit in memory."""
    from ..library.reading import Reader
    from . import shapes

    def shaped() -> Iterator[dict[str, Any]]:
        for held in Reader(connection).held(pmids):
            whole = shapes.paper(held)
            yield {name: value for name, value in whole.items() if name in names or name not in shapes.HEAVY}

    if by_line:
        import json

        for paper in shaped():
            click.echo(json.dumps(paper, ensure_ascii=False))
        return
    written = 0
    for paper in shaped():
        click.echo(("[\n" if not written else ",\n") + json_text(paper), nl=False)
        written += 1
    click.echo("\n]" if written else "[]")


def _table(connection: Connection, pmids: Sequence[int], *, quiet: bool) -> None:
    if not pmids:
        return
    wide = console().width >= WIDE
    rows = (_row(row, wide=wide) for row in listed(connection, pmids))
    if len(pmids) <= AT_ONCE:
        table(_columns(wide=wide), list(rows))
    else:  # columns of fixed width, so that the first lines are there at once
        longest = connection.value("SELECT max(length(key)) FROM citation_keys")
        columns = _columns(wide=wide, study=LONGEST_STUDY, key=longest)
        while part := list(islice(rows, AT_ONCE)):
            table(columns, part)
    note(plural(len(pmids), "paper"), quiet=quiet)


def _columns(*, wide: bool, study: int | None = None, key: int | None = None) -> list[tuple[str, dict[str, Any]]]:
    return [
        ("Year", {"no_wrap": True, "width": 4}),
        ("Study", {"no_wrap": True, "width": study}),
        ("Title", {"ratio": 1, "overflow": "fold"}),
        *([("Authors", {"no_wrap": True, "max_width": 24, "overflow": "ellipsis"})] if wide else []),
        ("Key", {"no_wrap": True, "width": key}),
    ]


def _row(row: Listed, *, wide: bool) -> tuple[object, ...]:
    title = (_marked(row), "bold red" if row.retracted else "yellow" if row.concern or row.deleted else "")
    authors = [_and_others(row.authors)] if wide else []
    return ("" if row.year is None else row.year, (row.study or "-", "cyan"), title, *authors, (row.key, "dim"))


def _and_others(authors: str) -> str:
    first, *others = authors.split("; ")
    return f"{first} et al." if others else first
