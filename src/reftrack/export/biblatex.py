"""Papers become BibLaTeX, for biber: only fields of its data model, dates in ISO 8601 and EDTF.

The PMID is `eprint` with `eprinttype = {pubmed}`, which biblatex prints; `pmid` it does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..model import HeldPaper, Paper
from . import bib, titles, wording
from .dates import Issued, issued
from .format import Options
from .languages import LANGUAGES
from .latex import Latex

_KINDS = {"article": "article", "book": "book", "chapter": "incollection", "preprint": "online"}
_SEASONS = {"Spring": "21", "Summer": "22", "Autumn": "23", "Fall": "23", "Winter": "24"}
"""Of EDTF (https://www.loc.gov/standards/datetime/)."""
_BABEL = {"Norwegian": "norsk", "Pushto": "pashto", "Scottish Gaelic": "scottishgaelic"}
"""Where babel's name of a language is not simply the English one in lower case."""


def write(papers: Iterable[HeldPaper], options: Options) -> Iterator[str]:
    """One piece of text a paper."""
    return bib.write(papers, options, _KINDS, _fields)


def _fields(held: HeldPaper, options: Options, latex: Latex) -> dict[str, str]:
    paper = held.paper
    pmid = str(paper.pmid)
    return {
        **bib.people(paper, latex),
        "title": bib.title(paper, latex),
        "titleaddon": latex.title(titles.marked(wording.original_title(paper))),
        **_container(paper, options, latex),
        "date": _edtf(issued(paper)),
        "volume": latex.escape(paper.volume),
        "number": latex.escape(paper.issue),
        "pages": bib.pages(paper, latex),
        "eid": latex.escape(paper.article_number),
        "doi": bib.doi(paper, latex),
        "eprint": pmid,
        "eprinttype": "pubmed",
        "pmid": pmid if options.pmid_fields else "",
        "pmcid": latex.escape(paper.pmcid) if options.pmid_fields else "",
        "issn": bib.issn(paper, latex),
        "langid": _babel(paper),
        "pubstate": "retracted" if paper.retracted else "prepublished" if paper.type == "preprint" else "",
        "keywords": bib.keywords(held, latex),
        "abstract": bib.abstract(paper, options, latex),
        "note": latex.escape(". ".join(wording.retraction(paper))),
        "addendum": latex.escape(". ".join(wording.further_notes(held, options))),
        "annotation": latex.escape(held.note),
    }


def _container(paper: Paper, options: Options, latex: Latex) -> dict[str, str]:
    """What the paper is part of: a journal, a book, or for a preprint its server."""
    escape = latex.escape
    if paper.type == "article":
        name, short = wording.journal(paper, options), paper.journal_abbreviation or paper.medline_ta
        return {"journaltitle": escape(name), "shortjournal": escape(short) if short != name else ""}
    if paper.type == "preprint":
        return {"organization": escape(wording.server(paper))}
    return bib.book_fields(paper, latex, place="location", edition=wording.edition)


def _edtf(when: Issued) -> str:
    """`2016-01-05`, `2010-11/2010-12`, `1998-12/1999-01`, `2007-21` for a spring."""
    if when.year is None:
        return ""
    first = [f"{when.year:04}", *[f"{month:02}" for month in when.months[:1]]]
    if when.until:
        year, month = when.until
        return f"{'-'.join(first)}/{year:04}" + (f"-{month:02}" if month else "")
    if len(when.months) > 1:
        return f"{'-'.join(first)}/{when.year:04}-{when.months[-1]:02}"
    if when.season in _SEASONS:
        first.append(_SEASONS[when.season])
    return "-".join([*first, f"{when.day:02}"] if when.day else first)


def _babel(paper: Paper) -> str:
    """The language for hyphenation; two cannot be said."""
    names = [LANGUAGES[code] for code in paper.languages if code in LANGUAGES]
    return _BABEL.get(names[0], names[0].lower().replace(" ", "")) if len(names) == 1 else ""
