"""Tables: commas, semicolons or tabs, any order of columns, under the names that programs give them.

Known are the columns of PubMed's own CSV, Zotero, Scopus, Web of Science, Covidence, Rayyan, ASReview and reftrack.
A cell of reftrack or ASReview that a spreadsheet would run as a formula comes with an apostrophe before it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from ..citation import Citation, Decision, Unreadable
from . import identifiers
from .entry import citation, unreadable
from .identifiers import Ids, named
from .people import persons
from .screening import Screened, asreview, screened, verdict
from .text import distinct, flat, flat_lines

_COLUMNS = {
    "pmid": ("pmid", "pubmed id", "pubmedid", "pubmed"),
    "doi": ("doi", "article doi", "digital object identifier"),
    "pmcid": ("pmcid", "pmc id", "pmc"),
    "title": ("title", "article title", "document title", "primary title"),
    "authors": ("authors", "author", "author full names", "author names"),
    "year": ("year", "publication year", "published year", "pub year", "date", "publication date"),
    "journal": (
        "journal",
        "journal book",
        "publication title",
        "source title",
        "journal title",
        "container title",
        "journal abbreviation",
    ),
    "volume": ("volume",),
    "issue": ("issue", "number"),
    "pages": ("pages", "page"),
    "start": ("page start", "start page"),
    "end": ("page end", "end page"),
    "key": ("key", "citation key", "citekey", "id", "record id"),
    "url": ("url", "link"),
    "notes": ("notes", "extra"),
    "note": ("note",),
    "labels": ("labels", "manual tags"),
    "verdict": ("decision", "verdict", "included", "label included", "included label", "final included", "label"),
    "who": ("who", "reviewer", "decided by"),
    "reasons": ("reasons", "reason", "exclusion reason", "exclusion reasons"),
}
_FIELD_OF = {name: field for field, names in _COLUMNS.items() for name in names}
_BY_WHICH_A_PAPER_IS_FOUND = frozenset({"pmid", "doi", "pmcid", "title"})

DELIMITERS = "\t;,"
_QUOTED = re.compile(r'"[^"]*"')
_NOT_A_LETTER = re.compile(r"[^a-z0-9]+")
_FORMULA = re.compile(r"'(?=[=+\-@\t\r])")
_EXCEL_TEXT = re.compile(r'="(.*)"')
_EXPORTED_NOTE = re.compile(r"exported notes(?: \d+)?")
_LIST = re.compile(r"[;,]")
_ENOUGH = 20
"""So many rows tell what a table without names of columns holds."""
_LIKELY_PMID = re.compile(r"[1-9][0-9]{6,7}")

_Header = Mapping[str, Sequence[int]]
"""Where each field stands; several columns may hold one."""


def read(text: str) -> Iterator[Citation | Unreadable]:
    """The rows of a table, in order, the line of names left out."""
    lines = text.split("\n")
    begin = next((number for number, line in enumerate(lines) if line.strip()), None)
    if begin is None:
        return
    if lines[begin].lower().startswith("sep=") and len(lines[begin].strip()) == len("sep=,"):
        delimiter, begin = lines[begin][4], begin + 1
    else:
        delimiter = delimiter_of(lines[begin])
    rows = _rows(lines, begin, delimiter)
    names = next((row for row in rows if isinstance(row, Unreadable) or any(map(str.strip, row.cells))), None)
    if names is None:
        return
    if isinstance(names, Unreadable):
        yield unreadable(names.line, "the names of the columns cannot be read", names.text)
        return
    if header := header_in(names.cells):
        yield from _read_all(rows, names.cells, header)
        return
    first = islice(_rows(lines, begin, delimiter), _ENOUGH)
    if header := _header_of_ids([row.cells for row in first if isinstance(row, _Row)]):
        yield from _read_all(_rows(lines, begin, delimiter), names.cells, header)
    else:
        yield unreadable(names.line, "no column is named pmid, doi, pmcid or title", names.text)


def delimiter_of(line: str) -> str:
    """What parts the cells of a line: of tab, semicolon and comma the one that stands there most."""
    bare = _QUOTED.sub("", line)
    return max(DELIMITERS, key=bare.count) if any(map(bare.count, DELIMITERS)) else ","


def header_in(cells: Sequence[str]) -> _Header:
    """Where the fields stand under these names; empty if none of them could find a paper."""
    places: dict[str, list[tuple[int, int]]] = {}
    for place, cell in enumerate(cells):
        name = _name(cell)
        if field := _FIELD_OF.get(name):
            places.setdefault(field, []).append((_COLUMNS[field].index(name), place))
    return (
        {field: [place for _, place in sorted(found)] for field, found in places.items()}
        if places.keys() & _BY_WHICH_A_PAPER_IS_FOUND
        else {}
    )


def _name(cell: str) -> str:
    return _NOT_A_LETTER.sub(" ", cell.lower()).strip()


def _header_of_ids(rows: Sequence[Sequence[str]]) -> _Header:
    """Of a table without names, the one column that can be nothing but ids."""
    width = min(map(len, rows), default=0)
    for field, is_one in (
        ("doi", identifiers.doi),
        ("pmcid", re.compile(r"\s*PMC[0-9]+\s*").fullmatch),
        ("pmid", lambda cell: _LIKELY_PMID.fullmatch(cell.strip()) or identifiers.named((cell,)).pmid),
    ):
        places = [place for place in range(width) if all(is_one(row[place]) for row in rows)]
        if len(places) == 1:
            return {field: places}
    return {}


class _Row:
    """The cells of a row and the lines it takes."""

    def __init__(self, line: int, text: str, cells: list[str]) -> None:
        self.line, self.text, self.cells = line, text, cells


def _rows(lines: Sequence[str], begin: int, delimiter: str) -> Iterator[_Row | Unreadable]:
    """Rows from the line with index `begin` on. Where quotes are broken only the first line is given up."""
    while begin < len(lines):
        reader = csv.reader(
            (f"{lines[number]}\n" for number in range(begin, len(lines))), delimiter=delimiter, strict=True
        )
        done = 0
        try:
            for cells in reader:
                text = "\n".join(lines[begin + done : begin + reader.line_num])
                if text.strip():
                    yield _Row(begin + done + 1, text, cells)
                done = reader.line_num
        except csv.Error as error:
            yield unreadable(begin + done + 1, f"the row cannot be read: {error}", lines[begin + done])
            begin += done + 1
        else:
            return


def _read_all(
    rows: Iterator[_Row | Unreadable], names: Sequence[str], header: _Header
) -> Iterator[Citation | Unreadable]:
    """Each row as a citation; after a broken one, what is no whole row and names no id is left of it."""
    width, doubtful = len(names), False
    for row in rows:
        if isinstance(row, Unreadable):
            doubtful = True
            yield row
        elif len(row.cells) > width and any(map(str.strip, row.cells[width:])):
            yield unreadable(row.line, f"the row has {len(row.cells)} cells, and the table {width} columns", row.text)
        else:
            read = _read(row, names, header)
            whole = len(row.cells) == width and row.text.count('"') % 2 == 0
            if doubtful and not whole and not (isinstance(read, Citation) and read.names_an_id):
                read = unreadable(row.line, "a row before it is broken", row.text)
            else:
                doubtful = False
            yield read


def _read(row: _Row, names: Sequence[str], header: _Header) -> Citation | Unreadable:
    cells = [_bare(cell) for cell in row.cells]

    def every(field: str) -> Iterator[str]:
        return (cells[place] for place in header.get(field, ()) if place < len(cells) and cells[place].strip())

    def first(field: str) -> str:
        return next(every(field), "")

    sure = Ids(
        next(filter(None, map(identifiers.pmid, every("pmid"))), None),
        next(filter(None, map(identifiers.doi, every("doi"))), ""),
        next(filter(None, map(identifiers.pmcid, every("pmcid"))), ""),
    )
    own = {name.strip().lower(): cell for name, cell in zip(names, cells, strict=False)}
    remarks = [first("note"), *(cell for name, cell in own.items() if _EXPORTED_NOTE.fullmatch(_name(name)))]
    said = (
        Screened(_decisions(list(every("verdict")), first("who"), first("reasons")))
        if not own.get("asreview_label")
        else Screened()
    )
    return citation(
        row.line,
        row.text,
        ids=sure.else_(named((*every("notes"), *every("url")))),
        key=first("key"),
        title=first("title"),
        authors=persons(first("authors")),
        date=first("year"),
        journal=first("journal"),
        volume=first("volume"),
        issue=first("issue"),
        pages=first("pages") or "-".join(filter(None, (first("start"), first("end")))),
        screened=said.and_(asreview({name: cell for name, cell in own.items() if name.startswith("asreview_")}))
        .and_(Screened(labels=distinct(_LIST.split(first("labels"))), note=flat_lines("\n".join(remarks))))
        .and_(screened(every("notes"))),
    )


def _decisions(words: Sequence[str], who: str, reasons: str) -> tuple[Decision, ...]:
    said = next((found for word in words if (found := verdict(word))), None)
    if said is None:
        return ()
    return (Decision(said, flat(who), distinct(_LIST.split(reasons)) if said == "exclude" else ()),)


def _bare(cell: str) -> str:
    """A cell without what keeps spreadsheets from changing it."""
    if found := _EXCEL_TEXT.fullmatch(cell):
        return found[1]
    return _FORMULA.sub("", cell, count=1) if cell.startswith("'") else cell
