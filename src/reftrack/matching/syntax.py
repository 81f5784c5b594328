"""PubMed syntax becomes a small tree of terms and chains of operators; what cannot be read is a QueryError.

The grammar is that of the PubMed User Guide (https://pubmed.ncbi.nlm.nih.gov/help/, "Combining search terms with
Boolean operators", "Using search field tags", "Searching for a phrase"): operators apply from left to right without
precedence, brackets group, neighbours without an operator are ANDed, and a tag takes all the words before it as one
phrase. Reading is a loop with a stack, so no query can exhaust Python's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from .fields import ALL_FIELDS, FIELDS, UID, Field, nearest
from .text import fold
from .tokens import CURLY, OPERATORS, Operator, Token, join_ranges, refuse, shown, tokenize

MAX_DEPTH = 100
"""Deeper queries are refused, so that judging them cannot exhaust Python's stack; no person writes such."""

# User Guide, "Stopwords": "PubMed ignores stopwords" in untagged terms.
_STOPWORDS = """
a about again all almost also although always among an and another any are as at be because been before being between
both but by can could did do does done due during each either enough especially etc for found from further had has
have having here how however i if in into is it its itself just kg km made mainly make may mg might ml mm most mostly
must nearly neither no nor obtained of often on our overall perhaps pmid quite rather really regarding seem seen
several should show showed shown shows significantly since so some such than that the their theirs them then there
therefore these they this those through thus to upon various very was we were what when which while with within
without would
"""
STOPWORDS = frozenset(_STOPWORDS.split())


_DISTANCE = re.compile(r"~ ?([0-9]{1,6})")


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for in one field."""

    text: str
    field: Field
    start: int
    quoted: bool = False
    exploded: bool = True
    """Whether PubMed would add narrower terms: the tag did not say `:noexp`."""
    distance: int | None = None
    """The N of a proximity search."""
    tag: str | None = None
    """What stood between the square brackets, as it was written; None without a tag."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Operands applied from left to right, as PubMed does."""

    first: Node
    rest: tuple[tuple[Operator, Node], ...]
    depth: int
    """How deep the brackets are once every step from left to right has its own."""


Node = Term | Chain


@dataclass(frozen=True, slots=True)
class Reading:
    """A query as read: its tree, its straightened text (for messages) and what a reader must be told."""

    tree: Node
    term: str
    warnings: tuple[str, ...]
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a person would have written otherwise, and where."""

    kind: Literal["lower-case", "operator-word", "and-not", "neighbours"]
    start: int
    text: str
    """The word or the term it is about."""


def read(term: str, *, judged: bool = True, any_tag: bool = False) -> Reading:
    """Read a query; QueryError if it is empty, unbalanced, or names an unknown field.

    Also if it names a field that no record answers for, unless the query is not going to be `judged`. With `any_tag` an
    unknown field is all fields, as PubMed has it.
    """
    straight = term.translate(CURLY)
    reader = _Reader(straight, judged=judged, any_tag=any_tag)
    if straight != term:
        reader.warn("curly quotation marks were read as straight ones")
    return Reading(reader.read(), straight, tuple(reader.warnings), tuple(reader.remarks))


@dataclass(slots=True)
class _Frame:
    """A bracket that is still open."""

    start: int
    items: list[tuple[Operator, Node]] = field(default_factory=list)
    operator: Operator | None = None
    """An operator that still waits for what follows it."""


class _Reader:
    """Goes once over the tokens; `frames` are the open brackets, the outermost first."""

    def __init__(self, term: str, *, judged: bool, any_tag: bool) -> None:
        self.term = term
        self.judged = judged
        self.any_tag = any_tag
        self.tokens = join_ranges(tokenize(term))
        self.position = 0
        self.frames = [_Frame(0)]
        self.warnings: dict[str, None] = {}
        self.remarks: list[Remark] = []

    def warn(self, text: str) -> None:
        self.warnings[text] = None

    def read(self) -> Node:
        if not self.tokens:
            refuse(self.term, 0, "it is empty")
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            self.position += 1
            match token.kind:
                case "operator":
                    self.operator(OPERATORS[token.text], token.start)
                case "open":
                    self.frames.append(_Frame(token.start))
                case "close":
                    self.close(token)
                case "quote":
                    self.operand(self.quoted(token), token.start)
                case "word":
                    self.words(token)
                case "tag":
                    self.stray_tag(token)
        if len(self.frames) > 1:
            refuse(self.term, self.frames[-1].start, "a bracket is never closed")
        return self.finish(self.frames[0], len(self.term))

    def operator(self, operator: Operator, start: int) -> None:
        frame = self.frames[-1]
        if not frame.items:
            refuse(self.term, start, f"nothing stands before {operator}")
        if frame.operator == "AND" and operator == "NOT":
            self.warn("AND NOT was read as NOT")
            self.remarks.append(Remark("and-not", start, "AND NOT"))
        elif frame.operator:
            refuse(self.term, start, f"{operator} follows {frame.operator} with nothing between them")
        frame.operator = operator

    def operand(self, node: Node, start: int, *, next_word: bool = False) -> None:
        frame = self.frames[-1]
        if frame.items and not frame.operator and not next_word:
            self.remarks.append(Remark("neighbours", start, node.text if isinstance(node, Term) else "("))
        frame.items.append((frame.operator or "AND", node))
        frame.operator = None

    def finish(self, frame: _Frame, end: int) -> Node:
        if not frame.items:
            refuse(self.term, frame.start, "there is nothing between two brackets")
        if frame.operator:
            refuse(self.term, end, f"nothing follows {frame.operator}")
        (_, first), *rest = frame.items
        if not rest:
            return first
        chain = Chain(first, tuple(rest), _depth(first, rest))
        if chain.depth > MAX_DEPTH:
            refuse(self.term, frame.start, f"brackets and changes of operator are nested more than {MAX_DEPTH} deep")
        return chain

    def close(self, token: Token) -> None:
        if len(self.frames) == 1:
            refuse(self.term, token.start, "a bracket was never opened")
        start = self.frames[-1].start
        self.operand(self.finish(self.frames.pop(), token.start), start)

    def stray_tag(self, token: Token) -> None:
        before = self.tokens[self.position - 2].kind if self.position > 1 else ""
        after = "a field tag holds for one term, so write it after each term" if before == "close" else ""
        refuse(self.term, token.start, after or f"no term stands before [{shown(token.text)}]")

    def next_tag(self) -> Token | None:
        """The tag that follows, taken."""
        if self.position < len(self.tokens) and self.tokens[self.position].kind == "tag":
            self.position += 1
            return self.tokens[self.position - 1]
        return None

    def quoted(self, token: Token) -> Node:
        tag = self.next_tag()
        return self.make(token.text, tag, token.start, quoted=True)

    def words(self, first: Token) -> None:
        """A run of words: one phrase if a tag follows, else words of their own."""
        run = [first]
        while self.position < len(self.tokens) and self.tokens[self.position].kind == "word":
            run.append(self.tokens[self.position])
            self.position += 1
        tag = self.next_tag()
        if self.expects_operator() and (lower := self.lower_case(run[0])) and (len(run) > 1 or not tag):
            self.operator(lower, run[0].start)
            run = run[1:]
        if tag:
            self.tagged(run, tag)
        elif run:
            self.untagged(run)

    def expects_operator(self) -> bool:
        return bool(self.frames[-1].items) and not self.frames[-1].operator

    def lower_case(self, word: Token) -> Operator | None:
        """Read and, or, not: the guide asks for upper case, PubMed usually understands lower case all the same."""
        operator = OPERATORS.get(word.text.upper())
        if operator:
            self.warn(f"“{word.text}” was read as the operator {operator}; PubMed asks for upper case")
            self.remarks.append(Remark("lower-case", word.start, word.text))
        return operator

    def tagged(self, run: list[Token], tag: Token) -> None:
        text = " ".join(word.text for word in run)
        for word in run:
            if word.text.upper() in OPERATORS:
                self.warn(f"“{word.text}” was read as a word of “{shown(text)}”, an operator must be in upper case")
                self.remarks.append(Remark("operator-word", word.start, text))
        self.operand(self.make(text, tag, run[0].start, quoted=False), run[0].start)

    def untagged(self, run: list[Token]) -> None:
        """All fields, word by word. Numbers alone are PMIDs, any of them (User Guide, "PMID [pmid]")."""
        numbers = all(word.text.isascii() and word.text.isdigit() for word in run)
        if numbers and len(run) > 1:
            pmids = [Term(word.text, UID, word.start) for word in run]
            self.operand(Chain(pmids[0], tuple(("OR", pmid) for pmid in pmids[1:]), 1), run[0].start)
            return
        hollow = all(word.text.lower() in STOPWORDS for word in run)
        begun = False
        for word in run:
            if self.expects_operator() and (operator := self.lower_case(word)):
                self.operator(operator, word.start)
            elif fold(word.text) and (hollow or word.text.lower() not in STOPWORDS):
                self.operand(self.make(word.text, None, word.start, quoted=False), word.start, next_word=begun)
                begun = True
        if not self.frames[-1].items:
            refuse(self.term, run[0].start, f"{shown(run[0].text)} holds nothing to search for")

    def make(self, text: str, tag: Token | None, start: int, *, quoted: bool) -> Term:
        """A term whose text has something to look for and whose tag is known."""
        if text.startswith("#") and text[1:].isdigit() and not quoted:
            refuse(self.term, start, f"{shown(text)} means an earlier search of your own; write the search itself")
        clean = " ".join(text.split())
        if not fold(clean):
            refuse(self.term, start, f"“{shown(clean)}” holds nothing to search for")
        if tag is None:
            return Term(clean, ALL_FIELDS, start, quoted)
        found, exploded, distance = self.field(tag)
        if distance is not None and not quoted:
            refuse(self.term, start, f'a proximity search needs its words in quotes: "{shown(clean)}"[{tag.text}]')
        return Term(clean, found, start, quoted, exploded, distance, tag.text)

    def field(self, tag: Token) -> tuple[Field, bool, int | None]:
        """The field of a tag, whether it explodes, and its distance if it has one."""
        if self.any_tag and tag_name(tag) not in FIELDS:
            return ALL_FIELDS, True, None
        found = refuse_unknown_tag(self.term, tag)
        _, colon, extra = (" ".join(part.lower().split()) for part in tag.text.partition(":"))
        if found.because and self.judged:
            refuse(
                self.term,
                tag.start,
                f"[{shown(tag.text)}] ({found.name}) cannot be judged from a record: {found.because}",
            )
        if not colon:
            return found, True, None
        if found.narrower and extra == "noexp":
            return found, False, None
        if found.near and (distance := _DISTANCE.fullmatch(extra)):
            return found, True, int(distance[1])
        return refuse(self.term, tag.start, f"[{shown(tag.text)}] is not understood: {_suffixes(found)}")


def refuse_unknown_tag(term: str, tag: Token) -> Field:
    """The field of a tag, whatever stands after its colon; QueryError if PubMed has no such field."""
    name = tag_name(tag)
    found = FIELDS.get(name)
    if found is None:
        near = nearest(name)
        hint = f"; did you mean {near}?" if near else "; usual ones are [tiab], [mh], [au], [dp]"
        refuse(term, tag.start, f"PubMed has no field [{shown(tag.text)}]{hint}")
    return found


def tag_name(tag: Token) -> str:
    """What FIELDS has a tag under: without what stands after its colon, in small letters."""
    return " ".join(tag.text.partition(":")[0].lower().split())


def _depth(first: Node, rest: list[tuple[Operator, Node]]) -> int:
    depth, before = getattr(first, "depth", 0), rest[0][0]
    for operator, node in rest:
        depth = max(depth + (operator != before), getattr(node, "depth", 0))
        before = operator
    return depth + 1


def _suffixes(found: Field) -> str:
    if found.near:
        return f"after the colon only a distance can stand, as [{found.tags[0]}:~3]"
    if found.narrower:
        return f"after the colon only noexp can stand, as [{found.tags[0]}:noexp]"
    return f"[{found.tags[0]}] takes nothing after a colon; a distance goes with [ti], [tiab] or [ad]"
