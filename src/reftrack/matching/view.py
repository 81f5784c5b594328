"""A Paper becomes the folded texts and dates that a query asks of it, each made once and only when asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from ..model import Author, Heading, Paper, PubDate
from .text import PLUS, SLASH, join_pieces, loosen, tighten

Day = tuple[int, int, int]

_FIRST_PAGE = re.compile(r"[-–,;:\s]")
_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), 1)}
# "winter = January, spring = April, summer = July and fall = October" (User Guide, "Publication Date [dp]").
_SEASONS = {"win": 1, "spr": 4, "sum": 7, "fal": 10, "aut": 10}
_MONTH_WORD = re.compile(rf"\b({'|'.join(_MONTHS | _SEASONS)})", re.IGNORECASE)


class View:
    """The searchable side of one paper."""

    __slots__ = ("_loose", "_texts", "paper")

    _latest: View | None = None

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self._loose: dict[str, str] = {}
        self._texts: dict[str, str] = {}

    @classmethod
    def of(cls, paper: Paper) -> View:
        """The view of a paper; asking twice in a row, as several queries do, folds its text once.

        Compared by identity: equality of papers would cost more than the folding. One assignment, so threads
        can at worst fold twice.
        """
        latest = cls._latest
        if latest is None or latest.paper is not paper:
            latest = cls._latest = cls(paper)
        return latest

    def loose(self, key: str) -> str:
        """The pieces of one field, or of a field that other fields make up, half folded (see `text.loosen`)."""
        found = self._loose.get(key)
        if found is None:
            parts = _TOGETHER.get(key)
            found = " ".join(map(self.loose, parts)) if parts else loosen(join_pieces(_PIECES[key](self.paper)))
            self._loose[key] = found
        return found

    def text(self, key: str) -> str:
        """The same, folded."""
        found = self._texts.get(key)
        if found is None:
            found = self._texts[key] = tighten(self.loose(key))
        return found


def _title(paper: Paper) -> Iterable[str]:
    return (paper.title, paper.book.title if paper.book else "")


def _abstract(paper: Paper) -> Iterator[str]:
    for section in paper.abstract:
        yield section.label
        yield section.text
    for other in paper.other_abstracts:
        for section in other.sections:
            yield section.label
            yield section.text


def _headings(headings: Iterable[Heading], *, major: bool) -> Iterator[str]:
    """`stroke` and `stroke / drug therapy`; with `major` only what carries PubMed's asterisk."""
    for heading in headings:
        if major and not heading.is_major:
            continue
        yield heading.name
        for qualifier in heading.qualifiers:
            if not major or heading.major or qualifier.major:
                yield f"{heading.name} {SLASH} {_and(qualifier.name)}"


def _and(name: str) -> str:
    """Subheadings are printed "administration & dosage" and asked for as "administration and dosage"."""
    return name.replace("&", " and ")


def _initials(author: Author) -> str:
    return author.initials or "".join(word[0] for word in author.given.replace("-", " ").split())


def plain_name(name: str) -> str:
    """A name without the apostrophes that PubMed's own author index leaves out or keeps by chance."""
    return name.replace("'", "").replace("’", "")


def _short_names(authors: Iterable[Author]) -> Iterator[str]:
    """`obrien + jc jr`: the mark tells a second family name from initials."""
    for author in authors:
        if not author.collective:
            yield plain_name(f"{author.family} {PLUS} {_initials(author)} {author.suffix}")


def _full_names(authors: Iterable[Author]) -> Iterator[str]:
    """Both orders, as the guide allows: `julia s wong` and `wong julia s`."""
    for author in authors:
        if not author.collective:
            yield plain_name(f"{author.family} {author.given}")
            yield plain_name(f"{author.given} {author.family}")


def _persons(paper: Paper) -> tuple[Author, ...]:
    return tuple(author for author in paper.authors if not author.collective)


def _people(paper: Paper) -> tuple[Author, ...]:
    return paper.authors + paper.editors


def _first_pages(paper: Paper) -> Iterator[str]:
    for pages in (paper.pages, paper.medline_pgn, paper.article_number):
        yield _FIRST_PAGE.split(pages.strip(), maxsplit=1)[0]


def _accessions(paper: Paper) -> Iterator[str]:
    """A databank, a number, or both (User Guide, "Secondary Source ID")."""
    for entry in paper.accessions:
        yield from (entry.databank, entry.number, f"{entry.databank} {entry.number}")


def _orcids(paper: Paper) -> Iterator[str]:
    for author in _people(paper):
        if author.orcid:
            yield from (author.orcid, f"orcid {author.orcid}")


_PIECES: Final[dict[str, Callable[[Paper], Iterable[str]]]] = {
    "ti": _title,
    "abstract": _abstract,
    "ot": lambda paper: (keyword.name for keyword in paper.keywords),
    "tt": lambda paper: (paper.vernacular_title,),
    "mh": lambda paper: _headings(paper.mesh, major=False),
    "majr": lambda paper: _headings(paper.mesh, major=True),
    "sh": lambda paper: (_and(qualifier.name) for heading in paper.mesh for qualifier in heading.qualifiers),
    "pt": lambda paper: (kind.name for kind in paper.publication_types),
    "nm": lambda paper: (substance.name for substance in paper.substances),
    # "0" is MEDLINE's way to say that a substance has no number.
    "rn": lambda paper: (s.registry_number for s in paper.substances if s.registry_number != "0"),
    "cn": lambda paper: (author.family for author in paper.authors if author.collective),
    "au": lambda paper: _short_names(paper.authors),
    "1au": lambda paper: _short_names(_persons(paper)[:1]),
    "lastau": lambda paper: _short_names(_persons(paper)[-1:]),
    "ed": lambda paper: _short_names(paper.editors),
    "fau": lambda paper: _full_names(paper.authors),
    "fau 1au": lambda paper: _full_names(_persons(paper)[:1]),
    "fau lastau": lambda paper: _full_names(_persons(paper)[-1:]),
    "fau ed": lambda paper: _full_names(paper.editors),
    "names": lambda paper: (plain_name(f"{a.family} {_initials(a)} {a.suffix}") for a in _people(paper)),
    "ad": lambda paper: (place for author in _people(paper) for place in author.affiliations),
    "ta": lambda paper: (
        *(paper.journal, paper.journal_abbreviation, paper.medline_ta),
        *(paper.issn, paper.issn_print, paper.issn_electronic),
    ),
    "jid": lambda paper: (paper.nlm_id,),
    "vi": lambda paper: (paper.volume,),
    "ip": lambda paper: (paper.issue,),
    "pg": _first_pages,
    "gr": lambda paper: (part for g in paper.grants for part in (g.number, g.acronym, g.agency, g.country)),
    "si": _accessions,
    "auid": _orcids,
    "lid": lambda paper: (paper.doi, paper.pii),
    "aid": lambda paper: (paper.doi, paper.pii, paper.pmcid),
    "isbn": lambda paper: (isbn.replace("-", "") for isbn in (paper.book.isbns if paper.book else ())),
    "book": lambda paper: (paper.book.title, paper.book.accession) if paper.book else (),
    "pubn": lambda paper: (paper.book.publisher,) if paper.book else (),
    "cois": lambda paper: (paper.conflict_of_interest,),
    "notes": lambda paper: (link.note for link in paper.corrections),
    "la": lambda paper: paper.languages,
    "numbers": lambda paper: (str(paper.pmid), *(f"{y} {m:02} {d:02}" for y, m, d in days(paper, "published"))),
}

# User Guide: "Title/Abstract" is title, collection title, abstract, other abstract and author keywords. "Text Words"
# adds headings, subheadings, publication types, substances, corporate authors, secondary source and correction notes.
# "All Fields" adds the rest, but for the dates of PubMed's own housekeeping and the place of publication.
_TOGETHER: Final[dict[str, tuple[str, ...]]] = {
    "tiab": ("ti", "abstract", "ot"),
    "tw": ("tiab", "mh", "pt", "nm", "cn", "si", "notes"),
    "all": (
        *("tw", "names", "fau", "fau ed", "ad", "ta", "jid", "tt", "vi", "ip", "pg", "gr", "rn", "auid", "aid"),
        *("isbn", "book", "pubn", "cois", "la", "numbers"),
    ),
}


def days(paper: Paper, key: str) -> list[Day]:
    """The days a date field holds, print before electronic."""
    if key in ("published", "print", "electronic"):
        printed = _day(paper.date) if key != "electronic" else None
        electronic = _day(paper.electronic_date) if key != "print" else None
        return [day for day in (printed, electronic) if day]
    iso = {"entered": paper.entered, "revised": paper.revised, "completed": paper.completed}[key]
    numbers = [int(part) for part in iso[:10].split("-") if part.isdecimal()]
    year, month, day = [*numbers, 1, 1, 1][:3]
    return [(year, month, day)] if numbers else []


def _day(date: PubDate) -> Day | None:
    """A missing month is January, several are the first, a missing day is the first (User Guide, [dp])."""
    if date.year is None:
        return None
    word = _MONTH_WORD.search(date.text) if date.month is None else None
    named = (_MONTHS | _SEASONS)[word[1].lower()] if word else 1
    return (date.year, date.month or named, date.day or 1)
