"""Where in a paper the words of a query stand, to be shown to a reader: places in title, abstract and keywords.

Only for showing. Whether a query finds a paper is decided on folded texts (`judge`); a word that is found there only
because folding changed it (Greek letters, accents) has no place here, which is said by giving none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from ..model import Paper
from .syntax import Chain, Node, Term, read
from .text import fold

_READ = {
    "ti": ("title",),
    "abstract": ("abstract",),
    "tiab": ("title", "abstract", "keyword"),
    "ot": ("keyword",),
    "tw": ("title", "abstract", "keyword"),
    "all": ("title", "abstract", "keyword"),
}
_GAP = r"[\W_]+"


class Place(NamedTuple):
    """A word or phrase of the query in a text: the field, which section or keyword of it, and the characters."""

    field: str
    part: int
    start: int
    end: int
    term: int
    """Which of the query's terms, counted from 0."""


def places(query: str, paper: Paper) -> list[Place]:
    """Where the words that a query wants (not those it excludes) stand; raises QueryError as `compile_term` does."""
    return [
        Place(field, part, found.start(), found.end(), number)
        for number, (fields, pattern) in enumerate(_patterns(query))
        for field, part, text in _texts(paper)
        if field in fields
        for found in pattern.finditer(text)
    ]


@lru_cache(maxsize=64)
def _patterns(query: str) -> tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]:
    return tuple(
        (_READ[term.field.key], re.compile(_pattern(term), re.IGNORECASE))
        for term in _wanted(read(query).tree)
        if term.field.key in _READ and fold(term.text)
    )


def _wanted(node: Node) -> Iterator[Term]:
    if isinstance(node, Chain):
        yield from _wanted(node.first)
        for operator, part in node.rest:
            if operator != "NOT":
                yield from _wanted(part)
    else:
        yield node


def _pattern(term: Term) -> str:
    words = [re.escape(word) for word in fold(term.text.rstrip("*")).split()]
    end = r"\w*" if term.text.endswith("*") else ""
    if term.distance is None or len(words) == 1:
        return rf"(?<!\w){_GAP.join(words)}{end}(?!\w)"
    between = rf"{_GAP}(?:\w+{_GAP}){{0,{term.distance}}}"
    both = (between.join(words), between.join(reversed(words)))
    return rf"(?<!\w)(?:{'|'.join(both)})(?!\w)"


def _texts(paper: Paper) -> Iterator[tuple[str, int, str]]:
    yield "title", 0, paper.title
    for part, section in enumerate(paper.abstract):
        yield "abstract", part, section.text
    for part, keyword in enumerate(paper.keywords):
        yield "keyword", part, keyword.name
