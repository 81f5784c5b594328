"""Papers become BibTeX, for bibtex, biber and every reference manager that reads it.

The month is a macro without braces, as the styles expect.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..model import Book, HeldPaper, Paper
from . import bib, wording
from .dates import Issued, issued
from .format import Options
from .latex import Latex

_KINDS = {"article": "article", "book": "book", "chapter": "incollection", "preprint": "misc"}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EDITION_WORD = re.compile(r"\s*\b(?:ed|edition)\b\.?\Z", re.IGNORECASE)


def write(papers: Iterable[HeldPaper], options: Options) -> Iterator[str]:
    """One piece of text a paper."""
    return bib.write(papers, options, _KINDS, _fields)


def _fields(held: HeldPaper, options: Options, latex: Latex) -> dict[str, str]:
    paper = held.paper
    when = issued(paper)
    people = bib.people(paper, latex)
    article_number = latex.escape(paper.article_number)
    return {
        "key": "" if people["author"] or people["editor"] else held.key,  # what styles sort by in their place
        **people,
        "title": bib.title(paper, latex),
        **_container(paper, options, latex),
        "year": str(when.year or ""),
        "month": _month(when),
        "volume": latex.escape(paper.volume),
        "number": latex.escape(paper.issue),
        "pages": bib.pages(paper, latex) or article_number,  # because no style of BibTeX knows eid
        "eid": article_number,
        "doi": bib.doi(paper, latex),
        "pmid": str(paper.pmid),
        "pmcid": latex.escape(paper.pmcid),
        "issn": bib.issn(paper, latex),
        "language": " and ".join(wording.foreign_languages(paper)).lower(),
        "keywords": bib.keywords(held, latex),
        "abstract": bib.abstract(paper, options, latex),
        "note": latex.escape(". ".join(wording.notes(held, options))),
        "annote": latex.escape(held.note),
    }


def _container(paper: Paper, options: Options, latex: Latex) -> dict[str, str]:
    """What the paper is part of: a journal, a book, or for a preprint its server."""
    escape = latex.escape
    if paper.type == "article":
        return {"journal": escape(wording.journal(paper, options))}
    if paper.type == "preprint":
        return {"howpublished": f"{escape(wording.server(paper))} [Preprint]".lstrip()}
    return bib.book_fields(paper, latex, place="address", edition=_edition)


def _edition(book: Book) -> str:
    """`2nd` for "2nd ed.": styles put the word behind it."""
    return _EDITION_WORD.sub("", book.edition)


def _month(when: Issued) -> str:
    """`nov`, `nov # "--" # dec`, or a season in quotes; BibTeX has one year, so a month of another would mislead."""
    if when.until:
        return ""
    if when.season:
        return f'"{when.season.replace("-", "--")}"'
    return ' # "--" # '.join([_MONTHS[month - 1] for month in when.months])
