"""Why a query finds a paper that it did not find before, or no longer finds one: the heading or the word that did it.

The query is judged here over two states of the record (room `matching`). Where that cannot tell, nothing is said:
a reason that is guessed would be worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import fields, replace

from ..errors import QueryError
from ..library.history import texts
from ..matching import compile_term
from ..model import Paper

_LISTS = {
    "mesh": "MeSH",
    "publication_types": "publication type",
    "substances": "substance",
    "keywords": "keyword",
    "accessions": "registry number",
}
_TEXTS = ("title", "vernacular_title", "abstract", "other_abstracts")
_NAMES = {"vernacular_title": "original title", "other_abstracts": "other abstracts"}
_QUIET = frozenset({"pmid", "version", "revised", "title_markup"})
_MOST = 3
"""Headings or words named in one reason."""


class Judge:
    """A saved query, to be asked why it finds a paper."""

    def __init__(self, term: str) -> None:
        self._words = {word.casefold() for word in re.findall(r"\w+", term)}
        self.usable = True
        """Whether the query can be judged here at all; PubMed understands more."""
        try:
            self.finds: Callable[[Paper], bool] = compile_term(term)
        except QueryError:  # then there is no reason to give
            self.usable = False
            self.finds = lambda _paper: False

    def why_entered(self, before: Paper, after: Paper) -> str:
        """What `after` has and `before` had not that makes the query find it; "" if that cannot be told."""
        if not self.finds(after) or self.finds(before):
            return ""
        return _sentence(self._decisive(before, after), "was added", "were added", "came into")

    def needed(self, paper: Paper) -> str:
        """`MeSH "Stroke"`: the headings or other entries without which the query would not find the paper; "" if none.

        Each of those named suffices, so there may be several.
        """
        if not self.finds(paper):
            return ""
        for name, noun in _LISTS.items():
            parts = getattr(paper, name)
            if parts and not self.finds(_with(paper, name, ())):
                enough = _short([part for part in parts if self.finds(_with(paper, name, (part,)))])
                return f"{noun} {_quoted(enough)}" if enough else noun
        return ""

    def why_left(self, before: Paper, after: Paper) -> str:
        """What `after` has lost, or gained for a NOT, so that the query no longer finds it."""
        if not self.finds(before) or self.finds(after):
            return ""
        return _sentence(self._decisive(after, before), "was removed", "were removed", "went from")

    def _decisive(self, less: Paper, more: Paper) -> tuple[str, tuple[str, ...]]:
        """The field of `more`, and what in it, that turns `less` into a paper the query finds."""
        changed = [name for name in _ordered() if getattr(less, name) != getattr(more, name)]
        for name in changed:
            if not self.finds(_with(less, name, getattr(more, name))):
                continue
            if name in _LISTS:
                base = getattr(less, name)
                parts = [part for part in getattr(more, name) if part not in base]
                enough = [part for part in parts if self.finds(_with(less, name, (*base, part)))]
                return name, _short(enough)
            return name, tuple(self._new_words(texts(less, name), texts(more, name)))
        return " and ".join(_NAMES.get(name, name) for name in changed if name not in _QUIET), ()

    def _new_words(self, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
        old = {word.casefold() for text in before for word in re.findall(r"\w+", text)}
        new = dict.fromkeys(word.casefold() for text in after for word in re.findall(r"\w+", text))
        for word in new:
            if word not in old and (word in self._words or any(len(w) > 3 and word.startswith(w) for w in self._words)):  # noqa: PLR2004
                yield word


def _with(paper: Paper, name: str, value: object) -> Paper:
    return replace(paper, **{name: value})


def _ordered() -> tuple[str, ...]:
    others = (field.name for field in fields(Paper) if field.name not in (*_LISTS, *_TEXTS, *_QUIET))
    return (*_LISTS, *_TEXTS, *others)


def _short(parts: Sequence[object]) -> tuple[str, ...]:
    return tuple(str(getattr(part, "name", None) or getattr(part, "number", part)) for part in parts)


def _quoted(parts: Sequence[str]) -> str:
    return ", ".join(f'"{part}"' for part in parts[:_MOST])


def _sentence(decisive: tuple[str, tuple[str, ...]], one: str, several: str, words: str) -> str:
    name, parts = decisive
    if not name:
        return ""
    shown = _quoted(parts)
    verb = one if len(parts) == 1 else several
    if name in _LISTS and parts:
        return f"{_LISTS[name]} {shown} {verb}"
    if name in _TEXTS and parts:
        return f"{shown} {words} the {_NAMES.get(name, name)}"
    return f"{_LISTS.get(name) or _NAMES.get(name, name)} changed"
