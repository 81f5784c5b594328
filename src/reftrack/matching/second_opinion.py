"""What the package search-query (CoLRev, MIT) finds in a query and our own rules do not look for.

It is optional. Much of what it reports is ours to report, with place and remedy; some of it does not hold for PubMed
("Stroke Rehabilitation"[mh] is called redundant beside "Stroke"[mh], which it is not below; stroke OR strokes should
become strok*; a [ta] that holds for the whole query is said to hold for a part of it). So only the rules named here are
listened to. It prints to stdout as it works, which is swallowed.
"""

from __future__ import annotations

import contextlib
import io
import re
from typing import Any

from ..errors import QueryError
from .finding import Finding, Severity
from .syntax import read
from .written import leaves

HEEDED: dict[str, tuple[Severity, str]] = {
    "invalid-syntax": ("warning", "Write the tag after the term, in square brackets: robot[ti]."),
    "character-replacement": ("hint", "Write a space instead, so that the query shows what is searched."),
}
LONGEST = 20_000
"""Characters; it needs seconds for more."""
DEEPEST = 20
"""Brackets within brackets; it needs seconds for more."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def second_opinion(term: str) -> tuple[Finding, ...] | None:
    """What it adds, by place; None if the package is not there. Nothing for a query that it cannot read."""
    try:
        from search_query.linter import lint_query_string  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        return None
    if not term.strip() or len(term) > LONGEST or _depth(term) > DEEPEST:
        return ()
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            told: Any = lint_query_string(term, platform="pubmed")
        except Exception:  # noqa: BLE001 - a guest: whatever it stumbles over is no fault of the query
            return ()
    listed = told.values() if isinstance(told, dict) else [told]
    told_once: dict[str, Finding] = {}
    for messages in listed:
        for message in messages:
            finding = _finding(message)
            if finding and not _is_beside_the_point(finding, term):
                told_once.setdefault(finding.message, finding)
    return tuple(sorted(told_once.values(), key=lambda one: one.start))


def _is_beside_the_point(finding: Finding, term: str) -> bool:
    """A character that is replaced where no words are looked for: in the name of a filter, in a date."""
    if finding.rule != "character-replacement":
        return False
    try:
        terms = list(leaves(read(term, judged=False).tree))
    except QueryError:
        return False
    before = [one for one in terms if one.start <= finding.start]
    return bool(before) and before[-1].field.how != "words"


def _finding(message: dict[str, Any]) -> Finding | None:
    label = message.get("label", "")
    if label not in HEEDED:
        return None
    severity, remedy = HEEDED[label]
    positions = message.get("position") or [(-1, -1)]
    said = _COLOUR.sub("", message.get("details") or message.get("message") or "")
    said = " ".join(said.split("See PubMed")[0].split())
    return Finding(label, severity, int(positions[0][0]), said, remedy)


def _depth(term: str) -> int:
    deep = deepest = 0
    for character in term:
        deep += (character == "(") - (character == ")")
        deepest = max(deepest, deep)
    return deepest
