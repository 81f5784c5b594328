"""Which field of a noun is which column: the one list that reading, writing and the migrations agree on.

A field that Paper gains needs: a line here, a migration that adds the column, the parser, and nothing else;
the round-trip test finds what was forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any

from msgspec import Struct
from msgspec.json import decode

from ..model import (
    Accession,
    Author,
    Book,
    Correction,
    Grant,
    Heading,
    Keyword,
    OtherAbstract,
    Paper,
    PubDate,
    PublicationType,
    Qualifier,
    Section,
    Substance,
)

SCALARS = (
    "pmid",
    "version",
    "type",
    "title",
    "title_markup",
    "vernacular_title",
    "authors_complete",
    "journal",
    "journal_abbreviation",
    "medline_ta",
    "nlm_id",
    "issn",
    "issn_print",
    "issn_electronic",
    "volume",
    "issue",
    "pages",
    "medline_pgn",
    "article_number",
    "doi",
    "pmcid",
    "pii",
    "abstract_copyright",
    "conflict_of_interest",
    "status",
    "indexing_method",
    "publication_status",
    "entered",
    "revised",
    "completed",
)
"""Fields of Paper that are columns of `papers` under their own name."""

DATES = {"date": ("date", "year", "month", "day")} | {
    "electronic_date": ("electronic_date", "electronic_year", "electronic_month", "electronic_day")
}
BOOK = ("book_title", "publisher", "place", "edition", "isbns", "bookshelf_id")

PAPER_COLUMNS = (
    *SCALARS,
    *DATES["date"],
    *DATES["electronic_date"],
    "languages",
    *BOOK,
    "authors",
    "abstract",
    "keywords",
    "mesh",
    "retracted",
)
"""Columns of `papers` in the order `paper_row` gives them. The last five are made for reading and for search:
authors, keywords and mesh repeat child tables as text, abstract holds what `sections` points into."""


class Child(Struct, frozen=True):
    """A table of parts of a paper: its columns after (pmid, position), and both ways between part and row."""

    table: str
    field: str
    columns: tuple[str, ...]
    row: Callable[[Any], tuple[Any, ...]]
    part: Callable[[tuple[Any, ...]], Any]


@cache
def _encoder() -> Callable[[object], str]:
    """Made once, as `dumps` makes one a call, and not for who only reads."""
    import json

    return json.JSONEncoder(ensure_ascii=False, separators=(", ", ": ")).encode


def _dump(values: Sequence[object]) -> str:
    return _encoder()(values) if values else "[]"


def _author_row(author: Author) -> tuple[Any, ...]:
    return (
        author.family,
        author.given,
        author.initials,
        author.suffix,
        int(author.collective),
        author.orcid,
        _dump(author.affiliations),
        int(author.equal),
    )


def _author(row: tuple[Any, ...]) -> Author:
    family, given, initials, suffix, collective, orcid, affiliations, equal = row
    return Author(family, given, initials, suffix, bool(collective), orcid, tuple(decode(affiliations)), bool(equal))


def _heading_row(heading: Heading) -> tuple[Any, ...]:
    return heading.name, heading.ui, int(heading.major), _qualifiers(heading.qualifiers) if heading.qualifiers else "[]"


@lru_cache(maxsize=1024)  # a few hundred sets of subheadings make up nearly all
def _qualifiers(qualifiers: tuple[Qualifier, ...]) -> str:
    return _dump([{"name": q.name, "ui": q.ui, "major": q.major} for q in qualifiers])


def _heading(row: tuple[Any, ...]) -> Heading:
    name, ui, major, qualifiers = row
    return Heading(name, ui, bool(major), tuple(Qualifier(**qualifier) for qualifier in decode(qualifiers)))


def _other_abstract_row(other: OtherAbstract) -> tuple[Any, ...]:
    sections = [{"label": s.label, "text": s.text, "category": s.category} for s in other.sections]
    return other.kind, other.language, _dump(sections)


def _other_abstract(row: tuple[Any, ...]) -> OtherAbstract:
    kind, language, sections = row
    return OtherAbstract(kind, language, tuple(Section(**section) for section in decode(sections)))


def _plain(noun: type[Struct]) -> tuple[Callable[[Any], tuple[Any, ...]], Callable[[tuple[Any, ...]], Any]]:
    """Both ways for a noun whose fields are text or whole numbers already."""
    names = noun.__struct_fields__  # `fields` would look into their types
    return attrgetter(*names), (lambda row: noun(*row))


_AUTHOR_COLUMNS = ("family", "given", "initials", "suffix", "collective", "orcid", "affiliations", "equal")

CHILDREN = (
    Child("authors", "authors", _AUTHOR_COLUMNS, _author_row, _author),
    Child("editors", "editors", _AUTHOR_COLUMNS, _author_row, _author),
    Child("other_abstracts", "other_abstracts", ("kind", "language", "sections"), _other_abstract_row, _other_abstract),
    Child("mesh_headings", "mesh", ("name", "ui", "major", "qualifiers"), _heading_row, _heading),
    Child("publication_types", "publication_types", ("name", "ui"), *_plain(PublicationType)),
    Child(
        "keywords",
        "keywords",
        ("name", "major", "owner"),
        lambda keyword: (keyword.name, int(keyword.major), keyword.owner),
        lambda row: Keyword(row[0], bool(row[1]), row[2]),
    ),
    Child("substances", "substances", ("name", "ui", "registry_number", "kind"), *_plain(Substance)),
    Child("grants", "grants", ("number", "acronym", "agency", "country"), *_plain(Grant)),
    Child("accessions", "accessions", ("databank", "number"), *_plain(Accession)),
    Child("corrections", "corrections", ("kind", "citation", "other_pmid", "note"), *_plain(Correction)),
    Child("cited_papers", "references", ("cited_pmid",), lambda pmid: (pmid,), lambda row: row[0]),
)
"""Every table of parts but `sections`, which points into papers.abstract."""


def section_rows(sections: tuple[Section, ...]) -> tuple[str, list[tuple[Any, ...]]]:
    """The abstract as a person reads it, and for each section (label, category, start, end) of its text in it."""
    pieces: list[str] = []
    rows: list[tuple[Any, ...]] = []
    length = 0
    for section in sections:
        lead = ("\n\n" if pieces else "") + (f"{section.label}: " if section.label else "")
        start = length + len(lead)
        length = start + len(section.text)
        pieces.append(lead + section.text)
        rows.append((section.label, section.category, start, length))
    return "".join(pieces), rows


_scalars = attrgetter(*SCALARS)


def paper_row(paper: Paper) -> tuple[Any, ...]:
    """The row of `papers`, in the order of PAPER_COLUMNS."""
    book = paper.book
    return (
        *_scalars(paper),
        *_date_row(paper.date),
        *_date_row(paper.electronic_date),
        _dump(paper.languages),
        *(
            (book.title, book.publisher, book.place, book.edition, _dump(book.isbns), book.accession)
            if book
            else (None,) * len(BOOK)
        ),
        "; ".join(author.short for author in paper.authors),
        section_rows(paper.abstract)[0],
        "; ".join(keyword.name for keyword in paper.keywords),
        "; ".join(heading.name for heading in paper.mesh),
        int(paper.retracted),
    )


def paper_of(row: tuple[Any, ...], sections: list[tuple[Any, ...]], parts: dict[str, Any]) -> Paper:
    """The Paper again: a row of `papers`, its rows of `sections`, and its parts by field name."""
    held = dict(zip(PAPER_COLUMNS, row, strict=True))
    abstract = held["abstract"]
    values: dict[str, Any] = {name: held[name] for name in SCALARS}
    values["authors_complete"] = bool(held["authors_complete"])
    for field, columns in DATES.items():
        values[field] = PubDate(*(held[column] for column in columns))
    values["languages"] = tuple(decode(held["languages"]))
    values["abstract"] = tuple(
        Section(label, abstract[start:end], category) for label, category, start, end in sections
    )
    if held["book_title"] is not None:
        title, publisher, place, edition, isbns, accession = (held[column] for column in BOOK)
        values["book"] = Book(title, publisher, place, edition, tuple(decode(isbns)), accession)
    return Paper(**values, **parts)


def _date_row(date: PubDate) -> tuple[Any, ...]:
    return date.text, date.year, date.month, date.day
