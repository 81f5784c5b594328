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
from ..library.selecting import Listed, listed, retracted_keys
from ..notices import without_mark, words
from . import guidance, options
from .edited import tell_edited_rules
from .finding import Hits, hit_cell
from .pager import paged
from .screen import console, csv_lines, json_text, note, on_terminal, plural, table, tell, tsv
from .settings import Desk
from .shorthand import Selecting

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
    "funding": lambda row: " ".join(row.tags.get("funding", ())),
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

SNIPPET = "snippet"
"""The column of what TEXT found, in its words."""

WIDE = 120
"""Columns from which authors fit beside a readable title."""
NARROW = 72
"""Columns up to which the study type stands beneath the title, which would have no room beside it."""
BENEATH = 12
"""Words of an abstract that fit beneath a title."""
AT_ONCE = 200
"""Papers drawn as one table."""
LONGEST_STUDY = len("nonrandomized-trial")

DEFAULT = ("pmid", "key", "year", "study", "condition", "outcome", "title", "journal", "doi", "retracted")


@click.command(cls=Selecting)
@options.selection
@click.option("--columns", metavar="A,B", default="", help=f"Of {', '.join((*COLUMNS, *HEAVY_COLUMNS, SNIPPET))}.")
@click.option("--count", "only_count", is_flag=True, help="Only how many there are.")
@options.as_json
@click.option("--jsonl", "as_jsonl", is_flag=True, help="JSON, one paper a line.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV; a cell that would run as a formula gets an apostrophe.")
@click.option("--no-header", is_flag=True, help="TSV and CSV without the line of names.")
@click.option("--no-pager", is_flag=True, help="Long lists just run past.")
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
    no_pager: bool,
    **chosen: Any,
) -> None:
    """List papers; every TEXT word must occur in title, abstract, authors, journal, keywords or MeSH.

    Newest first, those without a year last; with TEXT the best match first, words in the title before words in the
    abstract. Of equals the higher PMID first.

    Among the words +TAG is short for --tag TAG and -TAG for --not-tag TAG. A word to search for that begins with
    + or - itself goes after --, or into quotes within quotes. --match asks in PubMed syntax over the papers held;
    narrower headings and synonyms, which only PubMed knows, are not added. On a terminal a long list is paged:
    REFTRACK_PAGER or PAGER, else less.

    \b
    Examples:
      reftrack list +tbi
      reftrack list +stroke +rct --year 2015..
      reftrack list "infarct volume" -animal
      reftrack list --match "stroke[ti] AND cognit*[tiab] NOT review[pt]"
      reftrack list -- -omics
      reftrack list --new --columns year,study,title
    """
    names = _names(columns)
    selection = options.read_selection(**chosen)
    if SNIPPET in names and not selection.text:
        raise UsageError("--columns snippet needs words to search for.")
    connection = desk.connection()
    if connection is None:
        guidance.tell_empty(desk)
        click.echo("0" if only_count else "[]" if as_json else "", nl=only_count or as_json)
        return
    with closing(connection):
        tell_edited_rules(desk, connection)
        if only_count:
            click.echo(str(options.how_many(desk, connection, selection)))
            options.tell_not_held(desk, selection)
            return
        pmids = options.chosen(desk, connection, selection)
        drawn = on_terminal() and not (columns or as_json or as_jsonl or as_csv)
        hits = Hits(connection, selection, pmids, words=BENEATH if drawn else None)
        if as_json or as_jsonl:
            _json(connection, pmids, names, hits, by_line=as_jsonl)
        elif as_csv or not on_terminal():
            header = () if no_header else names or DEFAULT
            cells = _cells(connection, pmids, names or DEFAULT, {SNIPPET: hits.plain})
            tell(csv_lines(header, cells) if as_csv else tsv(header, cells))
            _tell_retracted(connection, pmids, names or DEFAULT)
        elif columns and pmids:
            with paged(desk, wanted=not no_pager):
                cells = _cells(connection, pmids, names, {"title": _marked, SNIPPET: hits.drawn})
                table([(name, {"overflow": "fold"}) for name in names], cells)
            _tell_retracted(connection, pmids, (*names, "retracted") if "title" in names else names)
        else:
            with paged(desk, wanted=not no_pager):
                _table(connection, pmids, hits)
            note(plural(len(pmids), "paper"), quiet=desk.quiet or not pmids)
        if not pmids:
            guidance.tell_nothing_meets(desk, connection)
    options.tell_not_held(desk, selection)


def _names(columns: str) -> tuple[str, ...]:
    names = tuple(name.strip().replace("-", "_") for name in columns.split(",") if name.strip())
    for name in names:
        if name not in COLUMNS and name not in HEAVY_COLUMNS and name != SNIPPET:
            from difflib import get_close_matches

            close = get_close_matches(name, (*COLUMNS, *HEAVY_COLUMNS, SNIPPET), n=1)
            raise UsageError(f"There is no column {name!r}{f'; did you mean {close[0]}?' if close else '.'}")
    return names


def _cells(
    connection: Connection,
    pmids: Sequence[int],
    names: Sequence[str],
    look: dict[str, Callable[[Listed], object]],
) -> Iterator[list[object]]:
    """The cells of each paper; `look` has what no row holds, or a person is shown in place of the plain datum."""
    light_cells = COLUMNS | look
    if all(name in light_cells for name in names):
        for row in listed(connection, pmids):
            yield [light_cells[name](row) for name in names]
        return
    from ..library.reading import Reader
    from . import shapes

    light = listed(connection, pmids)
    for held, row in zip(Reader(connection).held(pmids), light, strict=True):
        whole = shapes.paper(held)
        yield [light_cells[name](row) if name in light_cells else _flat(whole[name]) for name in names]


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


def _json(connection: Connection, pmids: Sequence[int], names: Sequence[str], hits: Hits, *, by_line: bool) -> None:
    """One paper at a time, so that a large library does not have to fit in memory."""
    from ..library.reading import Reader
    from . import shapes

    def shaped() -> Iterator[dict[str, Any]]:
        for held in Reader(connection).held(pmids):
            whole = shapes.paper(held)
            if hits.text:
                whole["snippet"] = hits.of(held.paper.pmid)
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


def _table(connection: Connection, pmids: Sequence[int], hits: Hits) -> None:
    if not pmids:
        return
    room = console().width
    rows = (_row(row, hits, room) for row in listed(connection, pmids))
    if len(pmids) <= AT_ONCE:
        table(_columns(room), list(rows))
    else:  # columns of fixed width, so that the first lines are there at once
        longest = connection.value("SELECT max(length(key)) FROM citation_keys")
        columns = _columns(room, study=LONGEST_STUDY, key=longest)
        while part := list(islice(rows, AT_ONCE)):
            table(columns, part)


def _columns(room: int, *, study: int | None = None, key: int | None = None) -> list[tuple[str, dict[str, Any]]]:
    return [
        ("Year", {"no_wrap": True, "width": 4}),
        *([("Study", {"no_wrap": True, "width": study})] if room > NARROW else []),
        ("Title", {"ratio": 1, "overflow": "fold"}),
        *([("Authors", {"no_wrap": True, "max_width": 24, "overflow": "ellipsis"})] if room >= WIDE else []),
        ("Key", {"no_wrap": True, "width": key}),
    ]


def _row(row: Listed, hits: Hits, room: int) -> tuple[object, ...]:
    style = "bold red" if row.retracted else "bold magenta" if row.concern or row.deleted else ""
    beneath = row.study if room <= NARROW else ""
    title = hit_cell(_marked(row), row, hits, style, beneath)
    study = [row.study or "-"] if room > NARROW else []
    authors = [_and_others(row.authors)] if room >= WIDE else []
    return ("" if row.year is None else row.year, *study, title, *authors, row.key)


def _and_others(authors: str) -> str:
    first, *others = authors.split("; ")
    return f"{first} et al." if others else first
