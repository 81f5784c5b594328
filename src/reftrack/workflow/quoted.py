"""Evidence → the sentences that it stands in, in pieces: the words that count apart from those around them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..model import Evidence, Paper
from ..report.saying import not_counted
from ..web.pages import Marked, Piece, Sentence

LONGEST = 420
"""Characters of a sentence; a longer one is cut around the first words that count."""
_END = re.compile(r"(?<=[.!?])\s+(?=[A-ZА-Я0-9(\[])")
_NAMES = {"mesh": "MeSH heading", "vernacular_title": "original title", "tag": "the paper is tagged"}

Span = tuple[int, int, str]
"""Where words begin and end, and what they speak for."""


def sentences(paper: Paper, evidence: Iterable[Evidence]) -> tuple[Sentence, ...]:
    """The sentences of this evidence in its order, each once however many words of it count."""
    found: dict[tuple[object, ...], list[Evidence]] = {}
    for entry in evidence:
        text = text_of(paper, entry)
        stands = text is not None and entry.quote and text[entry.start : entry.end] == entry.quote
        bounds = _around(text or "", entry) if stands else (0, 0)
        found.setdefault((entry.field, entry.part, *bounds, "" if stands else entry.quote, entry.masked), []).append(
            entry
        )
    made = []
    for (_, _, first, last, alone, masked), entries in found.items():
        text = text_of(paper, entries[0]) or ""
        spans = [(entry.start, entry.end, "") for entry in entries]
        words = (Piece(str(alone), True),) if alone else _cut(text, int(str(first)), int(str(last)), spans)
        made.append(
            Sentence(
                where=entries[0].section or _NAMES.get(entries[0].field, entries[0].field.replace("_", " ")),
                text=words,
                weight=round(sum(entry.weight for entry in entries), 2),
                rules=tuple(dict.fromkeys(entry.rule for entry in entries)),
                not_counted=not_counted(str(masked)) if masked else "",
            )
        )
    return tuple(made)


def text_of(paper: Paper, entry: Evidence) -> str | None:
    """The text that a piece of evidence points into; None of a heading or a type, which is its own text."""
    if entry.field in ("title", "vernacular_title", "journal"):
        return str(getattr(paper, entry.field))
    if entry.field == "abstract":
        return paper.abstract[entry.part].text if entry.part < len(paper.abstract) else None
    parts: Sequence[Any] = paper.keywords if entry.field == "keyword" else ()
    return str(parts[entry.part].name) if entry.part < len(parts) else None


def marked(text: str, spans: Sequence[Span]) -> Marked:
    """The whole text with these words marked; what overlaps is one."""
    return _pieces(text, 0, len(text), spans)


def _around(text: str, entry: Evidence) -> tuple[int, int]:
    first = max((match.end() for match in _END.finditer(text, 0, entry.start + 1)), default=0)
    match = _END.search(text, entry.end)
    return min(first, entry.start), match.start() if match else len(text)


def _cut(text: str, first: int, last: int, spans: Sequence[Span]) -> Marked:
    if last - first <= LONGEST:
        return _pieces(text, first, last, spans)
    begins = min(start for start, _, _ in spans)
    begin = max(first, begins - LONGEST // 3)
    end = min(last, max(begins, begin) + LONGEST)
    begin = begin if begin == first else text.find(" ", begin, begins) + 1 or begin
    end = end if end == last else max(text.rfind(" ", begins, end), begins + 1)
    inside = [(start, min(stop, end), why) for start, stop, why in spans if start < end]
    before, after = (Piece("… "),) * (begin > first), (Piece(" …"),) * (end < last)
    return (*before, *_pieces(text, begin, end, inside), *after)


def _pieces(text: str, first: int, last: int, spans: Sequence[Span]) -> Marked:
    merged: list[tuple[int, int, dict[str, None]]] = []
    for start, end, because in sorted(spans):
        if merged and start < merged[-1][1]:
            begin, until, reasons = merged[-1]
            merged[-1] = (begin, max(until, end), reasons | {because: None})
        else:
            merged.append((start, end, {because: None}))
    found: list[Piece] = []
    at = first
    for start, end, reasons in merged:
        found += [Piece(text[at:start]), Piece(text[start:end], True, ", ".join(filter(None, reasons)))]
        at = end
    return tuple(piece for piece in (*found, Piece(text[at:last])) if piece.text)


def spans_of(evidence: Iterable[tuple[str, Evidence]], holds: Callable[[Evidence], bool], text: str) -> list[Span]:
    """Where words that count stand in one text; `evidence` is (what it speaks for, entry)."""
    return [
        (entry.start, entry.end, label)
        for label, entry in evidence
        if holds(entry) and entry.quote and text[entry.start : entry.end] == entry.quote
    ]
