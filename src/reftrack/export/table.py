"""CSV and TSV for spreadsheets, R, Rayyan and ASReview: one row a paper, several values of one cell parted by `; `.

CSV is as RFC 4180 has it, in UTF-8 without a byte order mark. A cell that a spreadsheet would run as a formula begins
with an apostrophe, which `reftrack import` takes away again (OWASP, "CSV Injection").
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from ..model import HeldPaper
from . import titles, wording
from .format import Options
from .text import flat

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # Excel runs the wide ones, too


def _facet(name: str) -> Callable[[HeldPaper, Options], str]:
    return lambda held, _: _listed(tag.slug for tag in held.tags if tag.facet == name)


def _listed(values: Iterable[str]) -> str:
    return "; ".join(values)


COLUMNS: dict[str, Callable[[HeldPaper, Options], object]] = {
    "pmid": lambda held, _: held.paper.pmid,
    "key": lambda held, _: held.key,
    "type": lambda held, _: held.paper.type,
    "title": lambda held, _: titles.plain(held.paper.title),
    "authors": lambda held, _: _listed(author.short for author in held.paper.authors),
    "journal": lambda held, options: wording.container(held.paper, options),
    "year": lambda held, _: held.paper.date.year or held.paper.electronic_date.year or "",
    "date": lambda held, _: held.paper.date.text,
    "volume": lambda held, _: held.paper.volume,
    "issue": lambda held, _: held.paper.issue,
    "pages": lambda held, _: held.paper.pages or held.paper.article_number,
    "doi": lambda held, _: held.paper.doi,
    "pmcid": lambda held, _: held.paper.pmcid,
    "url": lambda held, _: f"https://pubmed.ncbi.nlm.nih.gov/{held.paper.pmid}/",
    "language": lambda held, _: _listed(held.paper.languages),
    "publication_types": lambda held, _: _listed(kind.name for kind in held.paper.publication_types),
    "study": lambda held, _: held.study,
    "condition": _facet("condition"),
    "outcome": _facet("outcome"),
    "population": _facet("population"),
    "intervention": _facet("intervention"),
    "funding": _facet("funding"),
    "tags": lambda held, _: _listed(f"{tag.facet}/{tag.slug}" for tag in held.tags),
    "keywords": lambda held, _: _listed(keyword.name for keyword in held.paper.keywords),
    "mesh": lambda held, _: _listed(heading.name for heading in held.paper.mesh),
    "registry_ids": lambda held, _: _listed(held.paper.registry_ids),
    "retracted": lambda held, _: "retracted" if held.paper.retracted else "",
    "remarks": lambda held, options: ". ".join((*wording.notes(held, options), *wording.incomplete(held.paper))),
    "decision": lambda held, _: held.decision or "",
    "labels": lambda held, _: _listed(held.labels),
    "note": lambda held, _: held.note,
    "queries": lambda held, _: _listed(held.queries),
    "first_seen": lambda held, _: held.first_seen,
    "abstract": lambda held, _: wording.abstract(held.paper),
}
"""Name → value. Names of PubMed, Rayyan and ASReview where they agree; abstract last, because it is the longest."""


def write(papers: Iterable[HeldPaper], options: Options, *, tabs: bool = False) -> Iterator[str]:
    """The line of names, then a line a paper."""
    line = _tsv_line if tabs else _csv_line
    yield line(COLUMNS)
    columns = tuple(COLUMNS.values())
    for held in papers:
        yield line([_cell(column(held, options)) for column in columns])


write_tsv = partial(write, tabs=True)


def _cell(value: object) -> str:
    text = flat(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _tsv_line(cells: Iterable[str]) -> str:
    """Quoted is only what begins with a quote, which a spreadsheet, R and pandas take for the sign of a quoted cell."""
    return "\t".join([_quoted(cell) if cell.startswith('"') else cell for cell in cells]) + "\n"


def _quoted(cell: str) -> str:
    doubled = cell.replace('"', '""')
    return f'"{doubled}"'
