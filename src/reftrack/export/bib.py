r"""What BibTeX and BibLaTeX have in common: the shape of an entry, and the fields on which they agree.

Values are the record's text as LaTeX; a DOI is written raw, because styles hand it to \url. The key is taken as it
is: whoever lets a person choose one has checked that it has no brace, comma, space or quote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from ..model import Book, HeldPaper, Paper
from . import names, titles, wording
from .format import Options
from .latex import UTF8, AsciiLatex, Latex
from .pages import full_ranges
from .text import flat

MACROS = frozenset({"month"})
"""Fields whose value brings its own delimiters."""

_UNSAFE_IN_DOI = re.compile(r"[%{}\\ ]")
_UNSAFE_IN_ASCII = re.compile(r"[%{}\\ ]|[^\x00-\x7f]")


def write(
    papers: Iterable[HeldPaper],
    options: Options,
    kinds: Mapping[str, str],
    fields: Callable[[HeldPaper, Options, Latex], dict[str, str]],
) -> Iterator[str]:
    """An entry a paper, its kind found in `kinds` by the paper's type, its fields in their order, empty ones never."""
    latex = AsciiLatex() if options.ascii else UTF8
    separator = ""
    for held in papers:
        lines = [
            f"  {name} = {value},\n" if name in MACROS else f"  {name} = {{{value}}},\n"
            for name, value in fields(held, options, latex).items()
            if value
        ]
        yield f"{separator}@{kinds[held.paper.type]}{{{held.key},\n{''.join(lines)}}}\n"
        separator = "\n"
        if latex.transliterated:
            latex.transliterated = False
            options.transliterated(held)


def people(paper: Paper, latex: Latex) -> dict[str, str]:
    """Authors, and the editors of a book."""
    return {
        "author": names.names(paper.authors, latex, complete=paper.authors_complete),
        "editor": names.names(paper.editors, latex) if paper.editors else "",
    }


def title(paper: Paper, latex: Latex) -> str:
    """With its markup, and braces around the capitals that a style must keep."""
    return latex.title(titles.marked(paper.title, paper.title_markup))


def book_title(paper: Paper, latex: Latex) -> str:
    """Of the book that a chapter stands in."""
    return latex.title(titles.marked(paper.book.title)) if paper.book and paper.type == "chapter" else ""


def pages(paper: Paper, latex: Latex) -> str:
    """In full, with the double hyphen that LaTeX prints as a dash."""
    return latex.escape(full_ranges(paper.pages or paper.medline_pgn, dash="--"))


def doi(paper: Paper, latex: Latex) -> str:
    """As it is; only what would break the file is percent-encoded."""
    unsafe = _UNSAFE_IN_DOI if latex is UTF8 else _UNSAFE_IN_ASCII
    return unsafe.sub(_percent_encoded, flat(paper.doi))


def _percent_encoded(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


def issn(paper: Paper, latex: Latex) -> str:
    """The linking ISSN, else the electronic, else the printed one."""
    return latex.escape(wording.issn(paper))


def keywords(held: HeldPaper, latex: Latex) -> str:
    """Each in its own words; a comma inside one ("Brain Injuries, Traumatic") goes in braces."""
    words = wording.keywords(held)
    if not latex.is_plain(" ".join(words)):  # asked once for all: a record has dozens
        words = [word for word in map(latex.escape, words) if word]
    return ", ".join([f"{{{word}}}" if "," in word else word for word in words])


def abstract(paper: Paper, options: Options, latex: Latex) -> str:
    """Where it is asked for."""
    return latex.escape(wording.abstract(paper)) if options.abstracts else ""


def book_fields(paper: Paper, latex: Latex, *, place: str, edition: Callable[[Book], str]) -> dict[str, str]:
    """Of a book or a chapter of one; `place` is what the format calls the publisher's, `edition` how it counts."""
    if paper.book is None:
        return {}
    book = paper.book
    return {
        "booktitle": book_title(paper, latex),
        "publisher": latex.escape(book.publisher),
        place: latex.escape(book.place),
        "edition": latex.escape(edition(book)),
        "isbn": latex.escape(book.isbns[0]) if book.isbns else "",
    }
