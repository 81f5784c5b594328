r"""Entries become BibTeX: UTF-8, for bibtex, biber and every reference manager that reads it.

Each field is written in the order of FIELDS, empty ones never. Values are the record's text, escaped; a DOI is
written raw, because styles hand it to \url. The month is a macro without braces, as the styles expect. The key is
taken as it is: whoever lets a person choose one has checked that it has no brace, comma, space or quote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..model import Notice, Paper
from ..notices import FROM_PUBLICATION_TYPE
from . import titles
from .dates import Issued, issued
from .entry import Entry
from .languages import LANGUAGES
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
)

_LINES = {name: f"  {name} = %s,\n" if name == "month" else f"  {name} = {{%s}},\n" for name in FIELDS}
_TYPES = {"article": "article", "book": "book", "chapter": "incollection", "preprint": "misc"}
_MACROS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

# "Journal of immunology (Baltimore, Md. : 1950)": NLM tells namesakes apart by place. An acronym is no place.
_PLACE = re.compile(r" \((?![A-Z]{2,}\))[^()]*\)\Z")
_EDITION_WORD = re.compile(r"\s*\b(?:ed|edition)\b\.?\Z", re.IGNORECASE)
_UNSAFE_IN_DOI = re.compile(r"[%{}\\ ]")


def write(entries: Iterable[Entry], *, abstracts: bool = False) -> Iterator[str]:
    """One piece of text an entry; `abstracts` adds them, which makes the file about three times as large."""
    separator = ""
    for entry in entries:
        yield separator + bibtex_entry(entry, abstracts=abstracts)
        separator = "\n"


def bibtex_entry(entry: Entry, *, abstracts: bool = False) -> str:
    """The entry of one paper, ending with a line break."""
    paper = entry.paper
    when = issued(paper)
    people = _people(paper)
    fields = {
        "key": "" if people["author"] or people["editor"] else entry.key,  # what styles sort by in their place
        **people,
        "title": latex_title(titles.marked(paper.title, paper.title_markup)),
        **_container(paper),
        "year": str(when.year or ""),
        "month": _month(when),
        **_place(paper),
        **_identifiers(paper),
        "language": _language(paper),
        "keywords": _keywords(entry),
        "abstract": _abstract(paper) if abstracts else "",
        "note": _note(entry),
    }
    lines = [line % value for name, line in _LINES.items() if (value := fields.get(name))]
    return f"@{_TYPES[paper.type]}{{{entry.key},\n{''.join(lines)}}}\n"


def _people(paper: Paper) -> dict[str, str]:
    return {
        "author": bibtex_names(paper.authors, complete=paper.authors_complete),
        "editor": bibtex_names(paper.editors) if paper.editors else "",
    }


def _container(paper: Paper) -> dict[str, str]:
    """What the paper is part of: a journal, a book, or for a preprint its server."""
    if paper.type == "preprint":
        server = escape(paper.journal.partition(" : ")[0] or paper.journal_abbreviation)
        return {"howpublished": f"{server} [Preprint]".lstrip()}
    if paper.type == "article":
        return {"journal": escape(_PLACE.sub("", paper.journal) or paper.journal_abbreviation or paper.medline_ta)}
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


def _foreign(paper: Paper) -> list[str]:
    """The languages of a paper that is not in English alone."""
    names = [LANGUAGES[code] for code in paper.languages if code in LANGUAGES]
    return [] if names == ["English"] else names


def _language(paper: Paper) -> str:
    return " and ".join(_foreign(paper)).lower()


def _keywords(entry: Entry) -> str:
    """MeSH headings, keywords and tags, each once; a comma inside one ("Brain Injuries, Traumatic") goes in braces."""
    paper = entry.paper
    names = [*[h.name for h in paper.mesh], *[k.name for k in paper.keywords], *entry.tags]
    words = names
    if len(set(map(str.casefold, names))) < len(names):
        first: dict[str, str] = {}
        for name in names:
            first.setdefault(name.casefold(), name)
        words = list(first.values())
    if not is_plain(" ".join(words)):  # asked once for all: a record has dozens
        words = [word for word in map(escape, words) if word]
    return ", ".join([f"{{{word}}}" if "," in word else word for word in words])


def _abstract(paper: Paper) -> str:
    parts = (f"{part.label}: {part.text}" if part.label else part.text for part in paper.abstract)
    return escape(" ".join(parts))


def _note(entry: Entry) -> str:
    """What a reader of the reference must know: that it was retracted or deleted, and what a translated title means."""
    paper = entry.paper
    if not (paper.retracted or entry.deleted or paper.vernacular_title or paper.languages != ("eng",)):
        return ""
    sentences = _retraction(paper) if paper.retracted else []
    if entry.deleted:
        sentences.append(f"No longer in PubMed (seen {entry.deleted})")
    if languages := _foreign(paper):
        sentences.append(f"{'Article' if paper.type == 'article' else 'Text'} in {_listed(languages)}")
    vernacular = titles.plain(paper.vernacular_title)
    if vernacular and vernacular != titles.plain(paper.title):
        sentences.append(f"Original title: {escape(vernacular)}")
    return ". ".join(sentences)


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _retraction(paper: Paper) -> list[str]:
    """`Retracted. Notice: Stroke 2020;51:123, PMID 12345678`, with what the record knows of the notice."""
    notices = [notice for notice in paper.alerts if notice.source != FROM_PUBLICATION_TYPE]
    retractions = _places(notice for notice in notices if notice.type == "retraction")
    republications = _places(notice for notice in notices if notice.type == "retracted-republished")
    return [
        "Retracted",
        *([f"Notice: {retractions}"] if retractions else []),
        *([f"Republished: {republications}"] if republications else []),
    ]


def _places(notices: Iterable[Notice]) -> str:
    places = []
    for notice in notices:
        source = escape(notice.source).rstrip(" .")
        pmid = f"PMID {notice.pmid}" if notice.pmid and str(notice.pmid) not in source else ""
        places.append(", ".join(part for part in (source, pmid) if part))
    return "; ".join(filter(None, places))
