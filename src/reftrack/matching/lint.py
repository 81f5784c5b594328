"""A query is looked over for what a tired person gets wrong: each fault with its place and its remedy.

First the bare pieces, of which every fault is found; only where brackets, quotes and tags are whole can the query be
read, and then its tree and its terms are looked at. The rules are those of the PubMed User Guide
(https://pubmed.ncbi.nlm.nih.gov/help/), "Combining search terms with Boolean operators", "Using search field tags",
"Truncating search terms", "Searching for a phrase", and of what living reviews run into: headings come months after a
paper, and a date limit hides what is published later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import QueryError
from .fields import FIELDS, nearest
from .finding import Finding
from .judge import MOST_WILDCARDS
from .lint_terms import look_at_terms
from .syntax import Node, Reading, Term, read, tag_name
from .text import fold
from .tokens import CURLY, STRAY, RefusedTermError, Token, scan, shown
from .written import FEW, chains, leaves, steps, written

_ORDER = {"error": 0, "warning": 1, "hint": 2}
INDEXED_LATER = frozenset({"mh", "majr", "sh", "nm", "rn"})
"""Headings and substances, which a record has only when it has been indexed."""


def lint(term: str) -> tuple[Finding, ...]:
    """Everything there is to say of a query, the worst first, then by place. Raises nothing."""
    straight = term.translate(CURLY)
    found = [*_curly(term, straight), *_of_another_database(straight)]
    pieces = list(scan(straight))
    faults = list(_strays(straight, pieces)) or [*_brackets(pieces), *_tags(pieces)]
    found += faults
    if all(fault.rule == "unknown-field" for fault in faults):
        try:
            reading = read(straight, judged=False, any_tag=True)
        except RefusedTermError as error:
            found.append(Finding("unreadable", "error", error.start, _sentence(error.why)))
        except QueryError as error:
            found.append(Finding("unreadable", "error", 0, str(error)))
        else:
            found += _tree(reading)
            found += look_at_terms(reading)
    return tuple(sorted(found, key=lambda one: (_ORDER[one.severity], one.start, one.rule)))


def _sentence(why: str) -> str:
    return f"{why[:1].upper()}{why[1:]}."


# the bare pieces


def _curly(term: str, straight: str) -> Iterator[Finding]:
    places = [place for place, (was, is_) in enumerate(zip(term, straight, strict=True)) if was != is_]
    if places:
        many = f"{len(places)} curly quotation marks stand" if len(places) > 1 else "A curly quotation mark stands"
        yield Finding(
            "curly-quotes",
            "warning",
            places[0],
            f"{many} in the query, as word processors write them; PubMed may not take them for quotes.",
            'Write straight ones: "…".',
        )


def _strays(term: str, pieces: list[Token]) -> Iterator[Finding]:
    """Quotes and square brackets without their partner.

    Of an odd number of quotes the last is the one left over, but the line with an odd number holds the slip.
    """
    for token in pieces:
        if token.kind != "stray":
            continue
        start = token.start
        if token.text == '"':
            start = _odd_quote(term, start)
        yield Finding(
            "unbalanced",
            "error",
            start,
            f"{_sentence(STRAY[token.text])[:-1]}: {shown(term[start:])}",
            "Add the other one, or take this one away.",
        )


def _odd_quote(term: str, otherwise: int) -> int:
    start = 0
    for line in term.split("\n"):
        if line.count('"') % 2:
            return start + (line.find('"') if line.count('"') == 1 else line.rfind('"'))
        start += len(line) + 1
    return otherwise


def _brackets(pieces: list[Token]) -> Iterator[Finding]:
    opened: list[Token] = []
    for token in pieces:
        if token.kind == "open":
            opened.append(token)
        elif token.kind == "close":
            if opened:
                opened.pop()
            else:
                yield Finding(
                    "unbalanced",
                    "error",
                    token.start,
                    "A bracket is closed here that was never opened.",
                    "Take it away, or open it where the group begins.",
                )
    for token in opened:
        yield Finding(
            "unbalanced",
            "error",
            token.start,
            "The bracket that opens here is never closed.",
            "Close it where the group ends, or take it away.",
        )


_ELSEWHERE = re.compile(
    r"\.(?:ti|ab|tw|mp|kw|kf|sh|pt|hw|ot|rn)(?:,[a-z]{2}){0,6}\.(?=\W|\Z)"  # Ovid: stroke.ti,ab.
    r"|(?<![\w\[])exp\s+[A-Za-z\"'][\w ,'\"-]{0,80}/"  # Ovid: exp Stroke/
    r"|['\"]/(?:exp|de|mj)\b"  # Embase: 'stroke'/exp
    r"|:(?:ti|ab|kw|de)(?:,(?:ti|ab|kw|de)){0,4}\b"  # Embase: stroke:ti,ab
    r"|\b(?:TITLE-ABS-KEY|TS|TI|AB)\s?[(=]\s?\(?"  # Scopus, Web of Science
    r"|\b(?:adj|near/|pre/)[0-9]{1,2}\b",
    re.IGNORECASE,
)


def _of_another_database(straight: str) -> Iterator[Finding]:
    """Syntax of Ovid, Embase, Scopus or Web of Science, which PubMed searches as words."""
    if found := _ELSEWHERE.search(straight):
        yield Finding(
            "other-database",
            "warning",
            found.start(),
            f"“{shown(found[0].strip())}” is the syntax of another database; PubMed searches it as words.",
            "Write it in PubMed's: [tiab], [mh], and brackets; Polyglot and the like translate whole strategies.",
        )


def _tags(pieces: list[Token]) -> Iterator[Finding]:
    before: Token | None = None
    for token in pieces:
        if token.kind == "tag":
            name = tag_name(token)
            if name not in FIELDS:
                near = nearest(name)
                yield Finding(
                    "unknown-field",
                    "error",
                    token.start,
                    f"PubMed has no field [{shown(token.text)}]; it would search all fields instead.",
                    f"Did you mean {near}?" if near else "Usual ones are [tiab], [mh], [au] and [dp]; of a DOI [aid].",
                )
            elif before is not None and before.kind == "close":
                yield Finding(
                    "tag-after-bracket",
                    "error",
                    token.start,
                    f"[{shown(token.text)}] stands after a bracket, and a field tag holds for one term.",
                    f"Write [{shown(token.text)}] after each term inside.",
                )
        before = token


# the tree


def _tree(reading: Reading) -> Iterator[Finding]:
    yield from _remarks(reading)
    yield from _precedence(reading.tree)
    yield from _headings_only(reading.tree)
    stars = reading.term.count("*")
    if stars > MOST_WILDCARDS:
        yield Finding(
            "wildcard",
            "error",
            reading.term.index("*"),
            f"The query has {stars} wildcards (*); PubMed refuses more than {MOST_WILDCARDS}.",
            "Write rare endings out, or leave them away.",
        )


def _remarks(reading: Reading) -> Iterator[Finding]:
    for remark in reading.remarks:
        said = shown(remark.text)
        if remark.kind == "lower-case":
            yield Finding(
                "lower-case-operator",
                "warning",
                remark.start,
                f"“{said}” is read as the operator {said.upper()}; PubMed asks for capital letters.",
                f"Write {said.upper()}, or put the phrase it belongs to in quotes.",
            )
        elif remark.kind == "operator-word" and not _name(reading, remark.start):
            yield Finding(
                "operator-in-phrase",
                "warning",
                remark.start,
                f"The operator in “{said}” is read as a word of the phrase, since the tag takes all words before it.",
                "Write the operator in capital letters and a tag after each term; or put the phrase in quotes.",
            )
        elif remark.kind == "and-not":
            yield Finding("and-not", "hint", remark.start, "AND NOT is read as NOT.", "Write NOT alone.")
        elif remark.kind == "neighbours":
            yield Finding(
                "missing-operator",
                "warning",
                remark.start,
                f"No operator stands before {said}, so PubMed reads AND.",
                "Write AND or OR, whichever is meant.",
            )


def _name(reading: Reading, start: int) -> bool:
    """Whether the place lies in a name, which may hold such words: “Wit and Humor as Topic”, the author “Or A”."""
    before = [term for term in leaves(reading.tree) if term.start <= start]
    return bool(before) and before[-1].field.how != "words"


def _precedence(tree: Node) -> Iterator[Finding]:
    for chain in chains(tree):
        before = chain.rest[0][0]
        change = next(((o, p) for o, p in chain.rest if (o == "OR") != (before == "OR")), None)
        if change is None:
            continue
        operator, part = change
        shown_so = written(chain, most=FEW)
        yield Finding(
            "precedence",
            "warning",
            next(leaves(part)).start,
            f"{before} and {operator} stand on one level without brackets; PubMed goes from left to right and "
            f"reads: {shown_so}",
            "Write the brackets, these if that is meant.",
        )


def _headings_only(tree: Node) -> Iterator[Finding]:
    """Blocks that no paper without headings can pass: PubMed shows a paper months before it is indexed."""
    parts = steps(tree)
    for number, (operator, node) in enumerate(parts, 1):
        if operator == "AND" and _needs_headings(node):
            block = f"Block {number} of {len(parts)}" if len(parts) > 1 else "The query"
            text = written(node, most=FEW)
            first = next(leaves(node))
            yield Finding(
                "headings-only",
                "hint",
                first.start,
                f"{block} asks for indexing terms alone, {shown(text)}: papers that are not indexed yet are missed.",
                _LIMIT
                if fold(first.text) in _CHECK_TAGS
                else f"Add a text word beside it, as OR {_word(first)}[tiab].",
            )


_LIMIT = (
    "Leave the limit away, for few papers say such a thing in words; to leave animal studies out, write "
    "NOT (animals[mh] NOT humans[mh])."
)


_CHECK_TAGS = frozenset(
    """humans|human|animals|animal|male|female|adult|young adult|aged|aged 80 and over|middle aged|adolescent|child|
    child preschool|infant|infant newborn|pregnancy""".replace("\n    ", "").split("|")
)
"""Headings that say of whom a study is (NLM's check tags), which no word of the text stands for."""


def _needs_headings(node: Node) -> bool:
    if isinstance(node, Term):
        return node.field.key in INDEXED_LATER
    needs = _needs_headings(node.first)
    for operator, part in node.rest:
        if operator == "AND":
            needs = needs or _needs_headings(part)
        elif operator == "OR":
            needs = needs and _needs_headings(part)
    return needs


def _word(term: Term) -> str:
    word = term.text.rpartition("/")[0] or term.text
    word = " ".join(reversed([part.strip() for part in word.split(",")])).lower().rstrip("*")
    return f'"{word}"' if " " in word else word
