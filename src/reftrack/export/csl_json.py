"""Papers become CSL-JSON, the input of Zotero, pandoc and citeproc (https://docs.citationstyles.org/).

Only properties of the official schema. Titles have the markup that citeproc-js defines (<i>, <b>, <sub>, <sup> and
<span class="nocase">) and are not escaped beyond JSON: citeproc-js and pandoc take "<" and "&" that belong to no such
tag for text, escape them themselves, and would print "&lt;" as it stands. Keywords are joined by semicolons, because
MeSH headings hold commas.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ..model import Author, HeldPaper, Paper
from . import titles, wording
from .dates import issued
from .format import Options
from .languages import ISO_639_1
from .text import flat
from .titles import CLOSE, KEEP, KEPT, OPEN

Item = dict[str, Any]
"""One reference, as CSL describes it."""

_TYPES = {"article": "article-journal", "book": "book", "chapter": "chapter", "preprint": "article"}
_SEASONS = {"Spring": 1, "Summer": 2, "Autumn": 3, "Fall": 3, "Winter": 4}
_MARKED = frozenset({"title", "container-title"})
_TAGS = str.maketrans(
    {
        KEEP: '<span class="nocase">',
        KEPT: "</span>",
        **{mark: f"<{name}>" for name, mark in OPEN.items()},
        **{mark: f"</{name}>" for name, mark in CLOSE.items()},
    }
)


def write(papers: Iterable[HeldPaper], options: Options) -> Iterator[str]:
    """One array, an item a line."""
    before = "["
    for held in papers:
        yield f"{before}\n{json.dumps(item(held, options), ensure_ascii=False)}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def item(held: HeldPaper, options: Options) -> Item:
    """One paper; what the record does not say is left out."""
    fields = marked_item(held, options)
    return {name: value.translate(_TAGS) if name in _MARKED else value for name, value in fields.items()}


def marked_item(held: HeldPaper, options: Options) -> Item:
    """The same with marked texts (see `titles`) in place of the title and the names of what it stands in."""
    paper = held.paper
    pages = wording.pages(paper)
    fields = {
        "author": _names(paper.authors, complete=paper.authors_complete),
        "editor": _names(paper.editors),
        "title": titles.marked(paper.title, paper.title_markup),
        "original-title": wording.original_title(paper),
        **_container(paper, options),
        "issued": _issued(paper),
        "volume": flat(paper.volume),
        "issue": flat(paper.issue),
        "page": flat(pages or paper.article_number),
        "number": flat(paper.article_number),
        "DOI": flat(paper.doi),
        "PMID": str(paper.pmid),
        "PMCID": flat(paper.pmcid),
        "language": next((ISO_639_1[code] for code in paper.languages if code in ISO_639_1), ""),
        "status": "retracted" if paper.retracted else "",
        "keyword": "; ".join(filter(None, map(flat, wording.keywords(held)))),
        "abstract": flat(wording.abstract(paper)),
        "note": flat(". ".join((*wording.retraction(paper), *wording.further_notes(held, options)))),
        "annote": flat(held.note),
    }
    return {"id": held.key, "type": _TYPES[paper.type]} | {name: value for name, value in fields.items() if value}


def _names(authors: Iterable[Author], *, complete: bool = True) -> list[dict[str, str]]:
    """Particles stay with the family name, from which every processor takes them itself."""
    names = [name for name in map(_name, authors) if name]
    return names if complete or not names else [*names, {"literal": "et al."}]


def _name(author: Author) -> dict[str, str]:
    family, given, suffix = wording.name_parts(author)
    if not given:
        return {"literal": family} if family else {}
    return {"family": family, "given": given} | ({"suffix": suffix} if suffix else {})


def _container(paper: Paper, options: Options) -> dict[str, str]:
    """What the paper is part of: a journal, a book, or for a preprint its server."""
    if paper.type == "article":
        return {
            "container-title": flat(wording.journal(paper, options)),
            "container-title-short": flat(paper.journal_abbreviation or paper.medline_ta),
            "ISSN": flat(wording.issn(paper)),
        }
    if paper.type == "preprint":
        return {"genre": "preprint", "publisher": flat(wording.server(paper))}
    if paper.book is None:
        return {}
    book = paper.book
    return {
        "container-title": titles.marked(book.title) if paper.type == "chapter" else "",
        "publisher": flat(book.publisher),
        "publisher-place": flat(book.place),
        "edition": flat(wording.edition(book)),
        "ISBN": flat(book.isbns[0]) if book.isbns else "",
    }


def _issued(paper: Paper) -> Item:
    """The date in numbers, a range as two dates, a season by its number."""
    when = issued(paper)
    if when.year is None:
        return {}
    first = [when.year, *when.months[:1], *([when.day] if when.day else [])]
    last = [part for part in when.until if part] if when.until else [when.year, *when.months[1:]]
    parts = [first, last] if when.until or len(when.months) > 1 else [first]
    return {"date-parts": parts} | ({"season": _SEASONS[when.season]} if when.season in _SEASONS else {})
