"""An abstract's parts become zones: what is background, what was done, what was found.

The label's TEXT decides, not NLM's category: in PubMed's 2021 files a fifth of the labelled sections carry
UNASSIGNED or nothing although the label says RESULTS. Without labels come headings inside the text
("RESULTS:"), then each sentence's cue words, then its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from .normalise import fold
from .phrases import Text

TITLE, BACKGROUND, OBJECTIVE, METHODS, RESULTS, CONCLUSIONS, BODY, KEYWORD, JOURNAL, BARE = (
    1 << place for place in range(10)
)
"""Zones, as bits. BODY is the middle of an abstract that says no more; BARE a title without an abstract."""

CONFLICT, GRANT, AFFILIATION, FUNDING = (1 << place for place in range(10, 14))
"""What a record says of the people and the money behind a paper: zones of their own, which no rule reads that does
not name them. FUNDING is a part of the abstract that a label calls so; one on interests counts as CONFLICT."""

RECORD = CONFLICT | GRANT | AFFILIATION | FUNDING

ABSTRACT = BACKGROUND | OBJECTIVE | METHODS | RESULTS | CONCLUSIONS | BODY

GUESSED = 14
"""Zones are also numbered, by their bits' places: TITLE is 1. This is added for what a sentence of an abstract without
labels seems to be. What has two bits, a title without an abstract, has the number of the higher, BARE."""

ZONES = {
    "title": TITLE,
    "background": BACKGROUND,
    "objective": OBJECTIVE,
    "methods": METHODS,
    "results": RESULTS,
    "conclusions": CONCLUSIONS,
    "body": BODY,
    "keyword": KEYWORD,
    "journal": JOURNAL,
    "conflict": CONFLICT,
    "grant": GRANT,
    "affiliation": AFFILIATION,
    "funding": FUNDING,
}
"""What a `section` table may set a factor for."""

NAMES = {bit: name for name, bit in ZONES.items()}

PLACES = {
    "any": TITLE | ABSTRACT | KEYWORD,
    "title": TITLE,
    "abstract": ABSTRACT,
    "background": BACKGROUND,
    "objective": OBJECTIVE,
    "methods": METHODS | BODY,
    "results": RESULTS | BODY,
    "findings": RESULTS | CONCLUSIONS | BODY,
    "conclusions": CONCLUSIONS,
    "keyword": KEYWORD,
    "journal": JOURNAL,
    "bare": BARE,
    "conflict": CONFLICT,
    "grant": GRANT,
    "affiliation": AFFILIATION,
    "funding": FUNDING,
    "declared": CONFLICT | FUNDING,
}
"""What a rule may say about where its phrases count."""

_STEMS = (
    ("background", BACKGROUND),
    ("introduction", BACKGROUND),
    ("context", BACKGROUND),
    ("rationale", BACKGROUND),
    ("importance", BACKGROUND),
    ("актуальность", BACKGROUND),
    ("введение", BACKGROUND),
    ("objective", OBJECTIVE),
    ("aim", OBJECTIVE),
    ("purpose", OBJECTIVE),
    ("goal", OBJECTIVE),
    ("hypothes", OBJECTIVE),
    ("question", OBJECTIVE),
    ("цель", OBJECTIVE),
    ("conclu", CONCLUSIONS),
    ("interpretation", CONCLUSIONS),
    ("implication", CONCLUSIONS),
    ("significance", CONCLUSIONS),
    ("relevance", CONCLUSIONS),
    ("summary", CONCLUSIONS),
    ("message", CONCLUSIONS),
    ("заключение", CONCLUSIONS),
    ("вывод", CONCLUSIONS),
    ("result", RESULTS),
    ("finding", RESULTS),
    ("discussion", CONCLUSIONS),
    ("observation", RESULTS),
    ("outcome", METHODS),
    ("результат", RESULTS),
    ("method", METHODS),
    ("material", METHODS),
    ("design", METHODS),
    ("setting", METHODS),
    ("participant", METHODS),
    ("patient", METHODS),
    ("subject", METHODS),
    ("population", METHODS),
    ("animal", METHODS),
    ("intervention", METHODS),
    ("exposure", METHODS),
    ("measure", METHODS),
    ("procedure", METHODS),
    ("data", METHODS),
    ("search", METHODS),
    ("selection", METHODS),
    ("criteria", METHODS),
    ("analysis", METHODS),
    ("registration", METHODS),
    ("материал", METHODS),
    ("метод", METHODS),
    ("пациент", METHODS),
    ("case", RESULTS),
    ("presentation", RESULTS),
    ("evidence", RESULTS),
    ("advance", RESULTS),
)
"""First stem that begins a word of the label wins; "main outcome measures" are methods, "conclusions" are not."""

_CATEGORIES = {
    "BACKGROUND": BACKGROUND,
    "OBJECTIVE": OBJECTIVE,
    "METHODS": METHODS,
    "RESULTS": RESULTS,
    "CONCLUSIONS": CONCLUSIONS,
}

_INLINE = frozenset(
    {"background", "introduction", "objective", "objectives", "aim", "aims", "purpose", "method", "methods", "results"}
    | {"findings", "conclusion", "conclusions", "discussion", "interpretation"}
)

_BACKGROUND_SHARE = 0.3
"""The first three tenths of an unlabelled abstract usually set the scene."""

_FEW = 3
"""Abstracts of fewer sentences have no background by place."""


_OF_MONEY = re.compile(r"\bfund(ing|ers?|ed)\b|\bsponsor|^support\b")
_OF_INTERESTS = re.compile(
    r"^(author\w* |financial |potential )*(disclosure|conflicts? of|competing interest|declaration of .*interest)"
)


@lru_cache(maxsize=5_000)
def record_zone(label: str) -> int:
    """The zone of a part of an abstract that tells of money or interests, and so of no finding; 0 of all others."""
    lower = label.lower()
    return FUNDING if _OF_MONEY.match(lower) else CONFLICT if _OF_INTERESTS.match(lower) else 0


@lru_cache(maxsize=5_000)
def zone_of_label(label: str, category: str = "") -> int:
    """The zone that a section's label (else its category) names; 0 if neither does."""
    words = [fold(word) for word in label.replace("/", " ").replace("_", " ").split()]
    for stem, zone in _STEMS:
        if any(word.startswith(stem) for word in words):
            return zone
    return 0 if label and label.upper() != "UNLABELLED" else _CATEGORIES.get(category, 0)


def zones_of_text(
    text: Text, cues: Iterable[tuple[int, int]], quote: Callable[[int, int], str]
) -> list[tuple[int, int]]:
    """Where in an unlabelled abstract each zone begins: (first word, zone), ascending.

    `cues` are (word, zone) pairs of the cue phrases that were found; `quote` gives words as they stand.
    """
    words, breaks = text.words, text.breaks
    headings = [
        (place - 1, zone_of_label(raw))
        for place in breaks
        if words[place - 1].heading and (raw := quote(place - 1, place - 1)).lower() in _INLINE
    ]
    if len(headings) > 1:
        return headings if headings[0][0] == 0 else [(0, BODY), *headings]
    if breaks and breaks[-1] == len(words):
        breaks.pop()
    spoken = sorted(cues, reverse=True)
    count = len(breaks) + 1
    zones: list[tuple[int, int]] = []
    start = 0
    for place, end in enumerate((*breaks, len(words))):
        said = 0
        while spoken and spoken[-1][0] < end:
            said |= spoken.pop()[1]
        zones.append((start, (_spoken_zone(said) if said else 0) or _placed_zone(place, count)))
        start = end
    return zones


def _spoken_zone(said: int) -> int:
    """What a sentence is when its cue words name several zones: the rarer claim wins."""
    for zone in (CONCLUSIONS, OBJECTIVE, RESULTS, METHODS, BACKGROUND):
        if said & zone:
            return zone
    return 0


def _placed_zone(place: int, count: int) -> int:
    if count < _FEW:
        return BODY
    if place == count - 1:
        return CONCLUSIONS
    return BACKGROUND if place < _BACKGROUND_SHARE * count and place * 2 + 1 < count else BODY
