r"""Entries become BibTeX: UTF-8, for bibtex, biber and every reference manager that reads it.

Each field is written in the order of FIELDS, empty ones never. Values are the record's text, escaped; a DOI is
written raw, because styles hand it to \url. The month is a macro without braces, as the styles expect. The key is
taken as it is: whoever lets a person choose one has checked that it has no brace, comma, space or quote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..model import HeldPaper, Paper
from . import titles, wording
from .dates import Issued, issued
from .format import Options
from .latex import escape, is_plain
from .latex import title as latex_title
from .names import bibtex_names
from .pages import full_ranges
from .text import flat

FIELDS = (
    "key",
    "author",
    "editor",
    "title",
    "journal",
    "booktitle",
    "howpublished",
    "year",
    "month",
    "volume",
    "number",
    "pages",
    "eid",
    "publisher",
    "address",
    "edition",
    "doi",
    "pmid",
    "pmcid",
    "issn",
    "isbn",
    "language",
    "keywords",
    "abstract",
    "note",
    "annote",
)

_LINES = {name: f"  {name} = %s,\n" if name == "month" else f"  {name} = {{%s}},\n" for name in FIELDS}
_TYPES = {"article": "article", "book": "book", "chapter": "incollection", "preprint": "misc"}
_MACROS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_EDITION_WORD = re.compile(r"\s*\b(?:ed|edition)\b\.?\Z", re.IGNORECASE)
_UNSAFE_IN_DOI = re.compile(r"[%{}\\ ]")


def write(papers: Iterable[HeldPaper], options: Options) -> Iterator[str]:
    """One piece of text a paper."""
    separator = ""
    for held in papers:
        yield separator + bibtex_entry(held, options)
        separator = "\n"


def bibtex_entry(held: HeldPaper, options: Options) -> str:
    """The entry of one paper, ending with a line break."""
    paper = held.paper
    when = issued(paper)
    people = _people(paper)
    fields = {
        "key": "" if people["author"] or people["editor"] else held.key,  # what styles sort by in their place
        **people,
        "title": latex_title(titles.marked(paper.title, paper.title_markup)),
        **_container(paper, options),
        "year": str(when.year or ""),
        "month": _month(when),
        **_place(paper),
        **_identifiers(paper),
        "language": _language(paper),
        "keywords": _keywords(held),
        "abstract": escape(wording.abstract(paper)) if options.abstracts else "",
        "note": escape(". ".join(wording.notes(held, options))),
        "annote": escape(held.note) if held.note else "",
    }
    lines = [line % value for name, line in _LINES.items() if (value := fields.get(name))]
    return f"@{_TYPES[paper.type]}{{{held.key},\n{''.join(lines)}}}\n"


def _people(paper: Paper) -> dict[str, str]:
    return {
        "author": bibtex_names(paper.authors, complete=paper.authors_complete),
        "editor": bibtex_names(paper.editors) if paper.editors else "",
    }


def _container(paper: Paper, options: Options) -> dict[str, str]:
    """What the paper is part of: a journal, a book, or for a preprint its server."""
    if paper.type == "preprint":
        return {"howpublished": f"{escape(wording.server(paper))} [Preprint]".lstrip()}
    if paper.type == "article":
        return {"journal": escape(wording.journal(paper, options))}
    if paper.book is None:
        return {}
    book = paper.book
    return {
        "booktitle": latex_title(titles.marked(book.title)) if paper.type == "chapter" else "",
        "publisher": escape(book.publisher),
        "address": escape(book.place),
        "edition": escape(_EDITION_WORD.sub("", book.edition)),
        "isbn": escape(book.isbns[0]) if book.isbns else "",
    }


def _place(paper: Paper) -> dict[str, str]:
    """Where in the container; an article number is also given as pages, because no style of BibTeX knows eid."""
    pages = escape(full_ranges(paper.pages or paper.medline_pgn, dash="--"))
    number = escape(paper.article_number)
    return {"volume": escape(paper.volume), "number": escape(paper.issue), "pages": pages or number, "eid": number}


def _identifiers(paper: Paper) -> dict[str, str]:
    return {
        "doi": _UNSAFE_IN_DOI.sub(_percent_encoded, flat(paper.doi)),
        "pmid": str(paper.pmid),
        "pmcid": escape(paper.pmcid),
        "issn": escape(paper.issn or paper.issn_electronic or paper.issn_print),
    }


def _percent_encoded(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"


def _month(when: Issued) -> str:
    """`nov`, `nov # "--" # dec`, or a season in quotes."""
    if when.season:
        return f'"{when.season.replace("-", "--")}"'
    return ' # "--" # '.join([_MACROS[month - 1] for month in when.months])


def _language(paper: Paper) -> str:
    return " and ".join(wording.foreign_languages(paper)).lower()


def _keywords(held: HeldPaper) -> str:
    """Each in its own words; a comma inside one ("Brain Injuries, Traumatic") goes in braces."""
    words = wording.keywords(held)
    if not is_plain(" ".join(words)):  # asked once for all: a record has dozens
        words = [word for word in map(escape, words) if word]
    return ", ".join([f"{{{word}}}" if "," in word else word for word in words])
