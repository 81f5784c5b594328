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
SAME, ENDING = 4, 3
"""Two words are taken for forms of one that share so many letters and end in no more than so many others."""


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
        lack = "it does not occur"
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
        if near := _near(terms, view):
            found.append(near)
    return found


def _near(terms: Iterable[Term], view: View) -> str:
    """A term whose words the paper has in another form, or apart from each other; "" if there is none."""
    text = view.text("tiab")
    words = dict.fromkeys(text.split())
    apart = ""
    for term in terms:
        if term.field.key not in WORDS:
            continue
        asked = fold(term.text.partition("*")[0]).split()
        forms = [word if word in words else next((w for w in words if _is_form(word, w)), "") for word in asked]
        others = [form for form, word in zip(forms, asked, strict=True) if form != word]
        if not all(forms) or (len(asked) == 1 and not others):
            continue
        said = written_term(term)
        if others and f" {' '.join(forms)} " in text:
            return f"its “{' '.join(forms)}” comes close to {said}"
        named = ", ".join(f"“{form}”" for form in forms)
        apart = apart or f"it has {named}, apart from each other, for {said}"
    return apart


def _is_form(word: str, other: str) -> bool:
    """Whether two words look like forms of one: the same beginning, and short endings."""
    same = 0
    for one, two in zip(word, other, strict=False):
        if one != two:
            break
        same += 1
    return same >= SAME and len(word) - same <= ENDING and len(other) - same <= ENDING


def _named(terms: list[Term]) -> str:
    names = [shown(written_term(term)) for term in terms]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
