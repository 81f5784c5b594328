"""The terms of a query, looked over one by one and beside each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .finding import Finding
from .judge import INNER_WILDCARD, RELATIVE_DATE, is_filter, judge
from .syntax import Chain, Node, Reading, Term
from .text import fold
from .tokens import RefusedTermError
from .written import leaves, steps, written_term

WIDER = {
    "ti": ("ti", "tiab", "tw"),
    "abstract": ("abstract", "tiab", "tw"),
    "ot": ("ot", "tiab", "tw"),
    "tiab": ("tiab", "tw"),
}
"""Text fields → the fields that hold all they hold, the field itself included (User Guide, "[tiab]", "[tw]")."""
PHRASED = frozenset({"ti", "abstract", "tiab", "tw", "ot"})
OPEN_END = 3000
"""How PubMed's own pages leave a range of years open."""
NAMED = 3
LONGEST = 80
"""Characters of a term that are shown."""
_APOSTROPHES = re.compile(r"['‘’‚‛`].*['’`]", re.DOTALL)


def look_at_terms(reading: Reading) -> Iterator[Finding]:
    """What is to be said of the terms of a query."""
    terms = list(leaves(reading.tree))
    for term in terms:
        yield from _alone(term, reading)
    yield from _grouped(terms)
    yield from _dates(reading.tree)
    for group in _groups(reading.tree):
        yield from _double(group)


def _alone(term: Term, reading: Reading) -> Iterator[Finding]:
    said = _said(term)
    if term.field.because:
        yield _offline(term, f"{said} works at PubMed only, for {term.field.because}.")
        return
    if term.field.how == "date" and RELATIVE_DATE.match(term.text):
        yield Finding(
            "relative-date",
            "warning",
            term.start,
            f"{said} means another range every day, so no run can be repeated and papers drop out of the query.",
            "Write a first year and leave the end open, as 2020:3000[dp].",
        )
        return
    try:
        judge(term, reading)
    except RefusedTermError as error:
        if term.field.how == "filter":
            yield _offline(term, f"{said} works at PubMed only, for no record says it.")
        else:
            rule = (
                term.field.how if term.field.how in ("date", "number") else "wildcard" if "*" in term.text else "term"
            )
            yield Finding(rule, "error", error.start, f"{error.why[:1].upper()}{error.why[1:]}.", _REMEDIES[rule])
        return
    if term.distance is not None and "*" in term.text:
        yield Finding(
            "wildcard",
            "warning",
            term.start,
            f"PubMed ignores the distance of {said}, because of the *.",
            "Leave the * away and write the endings out, or leave the distance away.",
        )
    if not term.quoted and term.field.how == "words" and _APOSTROPHES.fullmatch(term.text):
        yield Finding(
            "single-quotes",
            "warning",
            term.start,
            f"{said}: single quotes are nothing to PubMed, so this is no phrase.",
            'Write double ones: "…".',
        )
    if INNER_WILDCARD.search(term.text):
        yield Finding(
            "wildcard",
            "warning",
            term.start,
            f"{said}: PubMed knows no wildcard but *, at the end of a word.",
            "Write the spellings out, joined by OR.",
        )


_REMEDIES = {
    "wildcard": "Write the words out, joined by OR.",
    "date": "Write 2020, 2020/03 or 2020:3000.",
    "number": "Write a PMID, or a range such as 1:100.",
    "term": "",
}


def _said(term: Term) -> str:
    """A term as it was written, on one line and not endless."""
    text = written_term(term)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _offline(term: Term, message: str) -> Finding:
    return Finding(
        "pubmed-only",
        "hint",
        term.start,
        message,
        "`fetch` from PubMed works; `fetch --from FILE` and `query test --offline` cannot judge this query.",
    )


def _grouped(terms: Sequence[Term]) -> Iterator[Finding]:
    """Two habits that go through a whole query: told once, with the first places."""
    bare = [term for term in terms if term.tag is None and not is_filter(term) and term.field.how == "words"]
    if bare:
        yield Finding(
            "untagged",
            "hint",
            bare[0].start,
            f"No field tag stands after {_some(bare)}: PubMed searches all fields and maps the words to headings as it "
            "sees fit, which changes with time.",
            "Write [tiab] for the words of title and abstract, [mh] for a heading; [all] if all fields are meant.",
        )
    loose = [
        term
        for term in terms
        if term.tag is not None
        and not term.quoted
        and term.field.key in PHRASED
        and "*" not in term.text
        and len(term.text.split()) > 1
    ]
    if loose:
        first = loose[0]
        yield Finding(
            "unquoted-phrase",
            "hint",
            first.start,
            f"No quotes stand around {_some(loose)}: a phrase that PubMed's index does not hold is searched as single "
            "words.",
            f'Write "{first.text}"[{first.tag}]; '
            + (
                f'"{first.text}"[{first.tag}:~0] keeps the words together whatever the index holds.'
                if first.field.near
                else "then PubMed says so if its index lacks the phrase."
            ),
        )


def _some(terms: Sequence[Term]) -> str:
    more = f" and {len(terms) - NAMED} more" if len(terms) > NAMED else ""
    return ", ".join(_said(term) for term in terms[:NAMED]) + more


def _dates(tree: Node) -> Iterator[Finding]:
    for operator, node in steps(tree):
        dates = [term for term in leaves(node) if term.field.how == "date"]
        if not dates or operator != "AND":
            continue
        if len(dates) < sum(1 for _ in leaves(node)):
            yield Finding(
                "date-inside",
                "warning",
                dates[0].start,
                f"{_said(dates[0])} limits only a part of the query, not all of it.",
                "Write the limit after the rest: (…) AND 2015:3000[dp].",
            )
            continue
        ends = [_end(term.text) for term in dates]
        if all(0 < end < OPEN_END for end in ends):
            yield Finding(
                "closed-date",
                "hint",
                dates[0].start,
                f"Papers after {max(ends)} will never be found.",
                f"Leave the end open, as {dates[0].text.partition(':')[0].strip() or 1900}:3000[{dates[0].tag}], "
                "if the query is to be run again.",
            )


def _end(text: str) -> int:
    """The year in which a date or a range ends; 0 if it is open or not one."""
    year = text.rpartition(":")[2].strip()[:4]
    return int(year) if year.isascii() and year.isdigit() else 0


def _groups(tree: Node) -> Iterator[list[Term]]:
    """The terms that are joined by OR alone, group by group."""
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, Term):
            continue
        group: list[Term] = []
        inner: list[Node] = [node]
        while inner:
            one = inner.pop()
            if isinstance(one, Term):
                group.append(one)
            elif _only_or(one):
                inner += [part for _, part in reversed(one.rest)]
                inner.append(one.first)
            elif one is node:
                todo += [one.first, *(part for _, part in one.rest)]
            else:
                todo.append(one)
        yield group


def _only_or(chain: Chain) -> bool:
    return all(operator == "OR" for operator, _ in chain.rest)


def _double(group: Sequence[Term]) -> Iterator[Finding]:
    seen: dict[tuple[object, ...], Term] = {}
    kept: list[Term] = []
    for term in group:
        # A heading and its subheading are parted by the slash: stroke/rehabilitation is not Stroke Rehabilitation.
        text = term.text if term.field.how in ("date", "number") else "/".join(map(fold, term.text.split("/")))
        asks = (term.field.name, text, "*" in term.text, term.exploded, term.distance)
        if asks in seen:
            yield Finding(
                "duplicate",
                "hint",
                term.start,
                f"{_said(term)} stands in this list twice.",
                "Leave one away.",
            )
        else:
            seen[asks] = term
            kept.append(term)
    needles = [(term, _needle(term)) for term in kept if _is_plain(term)]
    for other, text in needles:
        for term, needle in needles:
            if other is not term and _covers(term, needle, other, text):
                yield Finding(
                    "covered",
                    "hint",
                    other.start,
                    f"{_said(term)} finds all that {_said(other)} finds.",
                    "The narrower one may go; it may also stay as a note of what is meant.",
                )
                break


def _is_plain(term: Term) -> bool:
    return term.tag is not None and term.field.key in PHRASED


def _needle(term: Term) -> str:
    return f" {fold(term.text.partition('*')[0])}{'' if '*' in term.text else ' '}"


def _covers(term: Term, needle: str, other: Term, text: str) -> bool:
    """Whether every text that the other term finds holds this one, word for word."""
    if term.distance is not None or term.field.key not in WIDER.get(other.field.key, (other.field.key,)):
        return False
    if other.distance is not None and "*" not in other.text:
        return any(needle in f" {word} " for word in text.split())
    return needle in text
