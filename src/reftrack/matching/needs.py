"""What a paper must hold for a query to find it: a weaker condition that an index can answer before papers are read.

Whatever the query finds meets its need; what meets the need may still not be found. `None` is the need that every
paper meets: of a NOT, of a filter, of a word that no index can be trusted with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from .judge import is_filter, language_code
from .subheadings import subheading
from .syntax import Chain, Node, Term
from .text import fold
from .view import plain_name


@dataclass(frozen=True, slots=True)
class Words:
    """All these folded words stand in one piece of a field."""

    key: str
    """The field, as `view` names it."""
    words: tuple[str, ...]
    open: bool = False
    """The last word may go on."""


@dataclass(frozen=True, slots=True)
class Years:
    """A date of publication lies in these years; `key` says which (published: print or electronic)."""

    key: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """The PMID is one of these, or lies between `first` and `last`."""

    pmids: tuple[int, ...]
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Every:
    """All of these."""

    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of these."""

    needs: tuple[Need, ...]


Need = Words | Years | Numbers | Every | Either

_YEAR = re.compile(r"[0-9]{4}")
_LATEST = 9999


def need(node: Node) -> Need | None:
    """What the node needs; None if there is nothing that can be said."""
    if isinstance(node, Term):
        return _term(node)
    found = need(node.first)
    for operator, part in node.rest:
        if operator == "AND":
            found = _every(found, need(part))
        elif operator == "OR":
            found = _either(found, need(part))
    return found


def _every(one: Need | None, other: Need | None) -> Need | None:
    if one is None or other is None:
        return one or other
    return Every((*(one.needs if isinstance(one, Every) else (one,)), other))


def _either(one: Need | None, other: Need | None) -> Need | None:
    if one is None or other is None:
        return None
    return Either((*(one.needs if isinstance(one, Either) else (one,)), other))


def _term(term: Term) -> Need | None:
    if is_filter(term):
        return None
    how, key = term.field.how, term.field.key
    if how == "date":
        return _years(term)
    if how == "number":
        return _numbers(term.text)
    if how == "language":
        return Words("la", tuple(language_code(fold(term.text)).split()))
    if how == "author":
        return _name(term)
    text, star, _ = term.text.partition("*")
    if how == "mesh" and not star:
        heading, slash, qualifier = text.rpartition("/")
        if key == "sh":
            text = subheading(text) or text
        elif slash and subheading(qualifier):
            text = heading  # the qualifier stands elsewhere
    words = tuple(fold(text).split())
    return Words(key, words, bool(star)) if words else None


def _name(term: Term) -> Need | None:
    """Its first word: in every order of a name that is tried, that one is a word of the family or the given name.

    The last one may be initials, which a record without them has only worked out.
    """
    text, star, _ = plain_name(term.text).partition("*")
    words = fold(text).split()
    return Words("names", (words[0],), bool(star) and not words[1:]) if words else None


def _years(term: Term) -> Need | None:
    if term.field.key not in ("published", "print", "electronic"):
        return None
    low, colon, high = (part.strip() for part in term.text.partition(":"))
    first, last = _YEAR.match(low), _YEAR.match(high if colon else low)
    return Years(term.field.key, int(first[0]) if first else 0, int(last[0]) if last else _LATEST)


def _numbers(text: str) -> Need | None:
    low, colon, high = (part.strip() for part in text.partition(":"))
    if colon:
        return Numbers((), int(low or 0), int(high or 10**9))
    return Numbers(tuple(map(int, text.replace(",", " ").split())))


def lists_read(node: Node) -> frozenset[str]:
    """The lists of a Paper, as "authors", without which the query could not be judged."""
    if isinstance(node, Chain):
        return lists_read(node.first).union(*(lists_read(part) for _, part in node.rest))
    if is_filter(node):
        return _FILTERED
    if node.field.how in ("date", "number", "language"):
        return frozenset()
    return _READ.get(node.field.key, _ALL)


_LISTS = "authors editors other_abstracts mesh publication_types keywords substances grants accessions corrections"
_ALL: Final = frozenset(_LISTS.split())
_FILTERED: Final = frozenset(("keywords", "accessions", "corrections"))
_NAMES: Final = frozenset(("authors", "editors"))
_READ: Final = MappingProxyType(
    dict.fromkeys(
        ("ti", "tt", "ta", "jid", "vi", "ip", "pg", "lid", "aid", "isbn", "book", "pubn", "cois"), frozenset()
    )
    | {
        "abstract": frozenset(("other_abstracts",)),
        "ot": frozenset(("keywords",)),
        "tiab": frozenset(("other_abstracts", "keywords")),
        **dict.fromkeys(("mh", "majr", "sh"), frozenset(("mesh",))),
        "pt": frozenset(("publication_types",)),
        **dict.fromkeys(("nm", "rn"), frozenset(("substances",))),
        **dict.fromkeys(("au", "1au", "lastau", "fau", "ed", "ad", "auid", "cn"), _NAMES),
        "gr": frozenset(("grants",)),
        "si": frozenset(("accessions",)),
    }
)
"""Of each field, the lists that hold it; a field that is not here reads them all but the references."""
