"""A query becomes its blocks, the parts that must all hold, and a paper that is not found becomes those that fail it.

`examplin* AND (stroke[mh] OR stroke*[tiab]) NOT rats[mh]` has three blocks: AND, AND, NOT.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..indexing import standing
from ..model import Paper
from .compiling import compile_node
from .judge import Test, judge
from .syntax import Node, Reading, Term, read
from .text import fold
from .tokens import Operator, shown
from .view import View
from .written import leaves, steps, written, written_term

MARKED = frozenset({"mh", "majr", "sh"})
"""Fields of headings, which a record gets when it is indexed."""
WORDS = frozenset({"tiab", "ti", "abstract", "tw", "all", "ot"})
NAMED = 3
"""So many terms are named in a sentence."""
LIKE = 5
"""So many first letters make a word of the paper look like one of the query."""


@dataclass(frozen=True, slots=True)
class Failing:
    """A block that keeps a paper out."""

    number: int
    """Which block, from 1."""
    of: int
    operator: Operator
    """AND: it does not hold. NOT: it does."""
    text: str
    """The block as it was written, on one line; a long list is cut."""
    why: str
    """In plain words."""


class Blocks:
    """A query that has been read, in its blocks."""

    __slots__ = ("_reading", "_tests", "steps")

    def __init__(self, term: str) -> None:
        """Read a query; QueryError as of `compile_term`."""
        self._reading = read(term)
        self.steps = tuple(steps(self._reading.tree))
        self._tests: tuple[Test, ...] = tuple(compile_node(node, self._reading, {}) for _, node in self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def failing(self, paper: Paper) -> tuple[Failing, ...]:
        """The blocks that keep this paper out; none if the query finds it."""
        view = View.of(paper)
        found = []
        for number, ((operator, node), test) in enumerate(zip(self.steps, self._tests, strict=True), 1):
            holds = test(view)
            if holds == (operator == "NOT"):
                why = _what_hits(node, self._reading, view) if holds else _what_lacks(node, view)
                text = written(node, most=NAMED)
                text = text if isinstance(node, Term) else f"({text})"
                found.append(Failing(number, len(self.steps), operator, text, why))
        return tuple(found)


def _what_hits(node: Node, reading: Reading, view: View) -> str:
    hits = [term for term in leaves(node) if judge(term, reading)(view)]
    return f"it excludes the paper by {_named(hits)}"


def _what_lacks(node: Node, view: View) -> str:
    terms = list(leaves(node))
    number = len(terms)
    if number == 1:
        lack = f"{written_term(terms[0])} does not occur"
    elif isinstance(node, Term) or all(operator == "OR" for operator, _ in node.rest):
        lack = f"none of its {number} terms occurs"
        if any(not isinstance(part, Term) for part in _parts(node)):
            lack = f"none of its {len(_parts(node))} alternatives holds"
    else:
        lack = "its parts do not hold together"
    return "; ".join([lack, *_circumstances(terms, view)])


def _parts(node: Node) -> list[Node]:
    return [node] if isinstance(node, Term) else [node.first, *(part for _, part in node.rest)]


def _circumstances(terms: list[Term], view: View) -> list[str]:
    """What about the record explains that words or headings are not found."""
    paper = view.paper
    found = []
    if any(term.field.key in MARKED for term in terms) and not paper.mesh:
        awaited = standing(paper.status, headings=False, completed=bool(paper.completed)) == "awaited"
        found.append("the paper has no MeSH yet" if awaited else "the paper has no MeSH headings")
    if any(term.field.key in WORDS - {"ti"} for term in terms):
        if not any(section.text for section in paper.abstract):
            found.append("it has no abstract, so only title and keywords could be searched")
        if near := _near_words(terms, view):
            found.append(f"but it has {near}")
    return found


def _near_words(terms: Iterable[Term], view: View) -> str:
    """Words of the paper that begin as a word of the query does: often another form of it."""
    starts = {
        word[:LIKE]: term
        for term in terms
        if term.field.key in WORDS
        for word in fold(term.text.partition("*")[0]).split()
        if len(word) >= LIKE and not word.isdigit()
    }
    asked = {word for term in terms for word in fold(term.text.replace("*", "")).split()}
    near = [w for w in dict.fromkeys(view.text("tiab").split()) if w[:LIKE] in starts and w not in asked]
    return ", ".join(f"“{word}”" for word in near[:NAMED])


def _named(terms: list[Term]) -> str:
    names = [shown(written_term(term)) for term in terms]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
