"""Papers become RIS, which every reference manager reads (https://en.wikipedia.org/wiki/RIS_(file_format)).

A value is one line, whatever the record says: a line break in a title would end the record. RIS knows no escape, so a
comma inside a part of a name becomes a space. Titles are plain: there is no markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..model import Author, HeldPaper, Paper
from . import titles, wording
from .dates import MONTHS, Issued, issued
from .format import Options
from .text import flat

_TYPES = {"article": "JOUR", "book": "BOOK", "chapter": "CHAP", "preprint": "MANSCPT"}
"""MANSCPT is the only type that Zotero, pandoc and citation-js all read as something unpublished."""
_RANGE = re.compile(r"([^\s,;-]+)-([^\s,;-]+)")

_Lines = Iterable[tuple[str, str]]


def write(papers: Iterable[HeldPaper], options: Options) -> Iterator[str]:
    """A record a paper, with a blank line before the next."""
    separator = ""
    for held in papers:
        lines = [line for line in _lines(held, options) if line[1]]
        values = " ".join([value for _, value in lines])
        if flat(values) is not values:  # asked of all at once: nearly every record is flat
            lines = [(tag, text) for tag, value in lines if (text := flat(value))]
        yield "".join(
            [
                f"{separator}TY  - {_TYPES[held.paper.type]}\n",
                *[f"{tag}  - {text}\n" for tag, text in lines],
                "ER  - \n",
            ]
        )
        separator = "\n"


def _lines(held: HeldPaper, options: Options) -> list[tuple[str, str]]:
    """(tag, value) in order; an empty value is left out by whoever writes it."""
    paper = held.paper
    return [
        ("ID", held.key),
        *[("AU", _name(author)) for author in paper.authors],
        *[("A2", _name(editor)) for editor in paper.editors],
        ("TI", titles.plain(paper.title)),
        *_container(paper, options),
        *_date(issued(paper)),
        ("VL", paper.volume),
        ("IS", paper.issue),
        *_pages(wording.pages(paper) or paper.article_number),
        ("DO", paper.doi),
        ("AN", str(paper.pmid)),
        ("DB", "PubMed"),
        ("C2", paper.pmcid),
        ("UR", f"https://pubmed.ncbi.nlm.nih.gov/{paper.pmid}/"),
        *[("LA", language) for language in paper.languages],
        *[("KW", word) for word in wording.keywords(held)],
        ("AB", wording.abstract(paper)),
        ("N1", ". ".join((*wording.notes(held, options), *wording.incomplete(paper)))),
        ("N1", held.note),
    ]


def _name(author: Author) -> str:
    """`Family, Given, Suffix`; a name that has no parts ends with a comma, or readers would split it at a space."""
    family, given, suffix = wording.name_parts(author)
    if "," in family or "," in given or "," in suffix:
        family, given, suffix = [part.replace(",", " ") for part in (family, given, suffix)]
    if not given:
        return family and f"{family},"
    return ", ".join(filter(None, (family, given, suffix)))


def _container(paper: Paper, options: Options) -> _Lines:
    """What the paper is part of: a journal, a book, or for a preprint its server."""
    if paper.type == "article":
        short, issn = paper.journal_abbreviation or paper.medline_ta, wording.issn(paper)
        return ("T2", wording.journal(paper, options)), ("J2", short), ("SN", issn)
    if paper.type == "preprint":
        return ("PB", wording.server(paper)), ("M3", "Preprint")
    if paper.book is None:
        return ()
    book = paper.book
    return (
        ("T2", titles.plain(book.title) if paper.type == "chapter" else ""),
        ("PB", book.publisher),
        ("CY", book.place),
        ("ET", wording.edition(book)),
        *[("SN", isbn) for isbn in book.isbns],
    )


def _date(when: Issued) -> _Lines:
    """The year, and `year/month/day/words` where more is known: `2016/01/05/`, `2010///Nov-Dec`, `2007///Spring`."""
    if when.year is None:
        return ()
    year = f"{when.year:04}"
    month = day = words = ""
    if when.until:
        words = "-".join((_words(None, when.months[:1]) or year, _words(when.until[0], filter(None, when.until[1:]))))
    elif len(when.months) == 1:
        month, day = f"{when.months[0]:02}", f"{when.day:02}" if when.day else ""
    else:
        words = when.season or "-".join([MONTHS[number - 1].capitalize() for number in when.months])
    return ("PY", year), ("DA", f"{year}/{month}/{day}/{words}" if month or words else "")


def _words(year: int | None, months: Iterable[int | None]) -> str:
    """`1999 Jan`, as far as it is known."""
    return " ".join([*([f"{year:04}"] if year else []), *[MONTHS[month - 1].capitalize() for month in months if month]])


def _pages(pages: str) -> _Lines:
    """First and last page of a plain range; what is more than that stays together."""
    ends = _RANGE.fullmatch(pages)
    return (("SP", ends[1]), ("EP", ends[2])) if ends else (("SP", pages),)
