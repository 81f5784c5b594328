"""Evidence becomes sentences with the words marked: «…», each sentence once however many words of it count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from .screen import clean

if TYPE_CHECKING:
    from ..model import Evidence, Paper

LONGEST = 320
"""Characters of a sentence; a longer one is cut with an ellipsis."""
_GAP = 120
"""Characters between two marked words that are kept whole."""
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-ZА-Я0-9(\[])")


class Passage(Struct):
    """A sentence of the paper, or a mark of its indexers, with all the evidence that stands in it."""

    entries: list[Evidence]
    text: str = ""
    """Cleaned, with the words marked."""

    @property
    def weight(self) -> float:
        """What its words add to the score together."""
        return sum(entry.weight for entry in self.entries)

    @property
    def where(self) -> str:
        """`title`, `RESULTS`, `keyword`: where it stands, as the record calls it."""
        first = self.entries[0]
        return clean(first.section) or first.field.replace("_", " ")


def passages(paper: Paper, evidence: Iterable[Evidence], *, longest: int = LONGEST) -> list[Passage]:
    """The sentences that this evidence stands in, in its order."""
    found: dict[tuple[str, int, int, int, str], Passage] = {}
    for entry in evidence:
        text = _text(paper, entry.field, entry.part)
        if text is not None and entry.quote and text[entry.start : entry.end] == entry.quote:
            place = (entry.field, entry.part, *_sentence(text, entry), "")
        else:
            place = (entry.field, entry.part, 0, 0, entry.quote)
        found.setdefault(place, Passage([])).entries.append(entry)
    for (field, part, first, last, alone), passage in found.items():
        text = _text(paper, field, part)
        if alone or text is None:
            passage.text = f"«{clean(alone)}»"
        else:
            passage.text = _marked(text, first, last, _spans(passage.entries), longest)
    return list(found.values())


def _sentence(text: str, entry: Evidence) -> tuple[int, int]:
    first = max((match.end() for match in _SENTENCE_END.finditer(text, 0, entry.start + 1)), default=0)
    match = _SENTENCE_END.search(text, entry.end)
    return min(first, entry.start), match.start() if match else len(text)


def _spans(entries: Sequence[Evidence]) -> list[tuple[int, int]]:
    """Where marked words start and end, ascending; what overlaps is one."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted((entry.start, entry.end) for entry in entries):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _marked(text: str, first: int, last: int, spans: Sequence[tuple[int, int]], longest: int) -> str:
    is_long = last - first > longest
    spare = max(longest - sum(end - start for start, end in spans), 80) // (2 * len(spans))
    pieces = [_end_of(text[first : spans[0][0]], spare if is_long else last)]
    for place, (start, end) in enumerate(spans):
        pieces.append(f"«{text[start:end]}»")
        is_last = place == len(spans) - 1
        between = text[end : last if is_last else spans[place + 1][0]]
        if is_last:
            pieces.append(_start_of(between, spare if is_long else last))
        elif is_long and len(between) > max(2 * spare, _GAP):
            pieces.append(f"{_start_of(between, spare, '')} … {_end_of(between, spare, '')}")
        else:
            pieces.append(between)
    return clean("".join(pieces))


def _start_of(text: str, most: int, mark: str = " …") -> str:
    """At most so many characters, whole words."""
    return text if len(text) <= most else text[:most].rpartition(" ")[0] + mark


def _end_of(text: str, most: int, mark: str = "… ") -> str:
    return text if len(text) <= most else mark + text[len(text) - most :].partition(" ")[2]


def _text(paper: Paper, field: str, part: int) -> str | None:
    """The text that a piece of evidence points into."""
    if field in ("title", "vernacular_title", "journal", "conflict_of_interest"):
        return str(getattr(paper, field))
    if field == "abstract":
        return paper.abstract[part].text if part < len(paper.abstract) else None
    if field == "affiliation":
        return paper.affiliations[part] if part < len(paper.affiliations) else None
    parts: Sequence[Any] = {"keyword": paper.keywords}.get(field, ())
    return str(parts[part].name) if part < len(parts) else None
