"""The papers of an evidence map for its page: who stands where, and the sentences that say why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..library import mapped
from ..library.opening import Connection
from ..report.evidence import EvidenceMap, MapPapers, Tagged

if TYPE_CHECKING:
    from .mapping import Sheet

FILTERS = ("condition", "population", "funding")
"""Facets by which a reader may narrow the page; one that the rules do not have is passed over."""
MOST_COUNTED = 20_000
"""Papers that a page counts anew as it is narrowed: some 40 bytes each."""
MOST_TOLD = 2500
"""Papers of which a page shows more than the PMID."""
MOST_TEXT = 1_250_000
"""Characters of sentences: with all the rest a page stays below 2 MB."""
SENTENCES = 2
"""For one tag of one paper, those that weigh most."""
LONGEST = 260
"""Characters of a sentence; a longer one is cut around the first words that count."""
AUTHORS = 3

_END = re.compile(r"(?<=[.!?])\s+(?=[A-ZА-Я0-9(\[])")
_SPACE = re.compile(r"\s+")

Sentence = tuple[str, ...]
"""Where it stands, and its text in pieces: plain, marked, plain, …"""


def papers_of(connection: Connection, sheet: Sheet, evidence: EvidenceMap) -> MapPapers:
    """What the page of a map needs of its papers."""
    if evidence.total.papers > MOST_COUNTED:
        return MapPapers(uncounted=evidence.total.papers)
    pmids = mapped.every_pmid(connection) if sheet.among is None else sorted(sheet.among)
    known = {pmid: (year, languages) for pmid, year, languages in mapped.years_and_languages(connection, pmids)}
    pmids.sort(key=lambda pmid: (known[pmid][0] or 0, pmid), reverse=True)
    among = set(pmids)
    tags, of_tags = _filters(connection, among)
    of_rows = _places(sheet.rows.carried)
    of_columns = _places(sheet.columns.carried)
    trials = {name: place for place, name in enumerate(dict.fromkeys(sheet.trials.values()))}
    papers = tuple(
        (
            pmid,
            known[pmid][0] or 0,
            (pmid in sheet.retracted) + 2 * (pmid in sheet.new),
            of_rows.get(pmid, ()),
            of_columns.get(pmid, ()),
            of_tags.get(pmid, ()),
            tuple(known[pmid][1]),
            trials[sheet.trials[pmid]] if pmid in sheet.trials else -1,
        )
        for pmid in pmids
    )
    told = sorted(pmids, key=lambda pmid: pmid not in sheet.in_rows)[:MOST_TOLD]  # stable: the newest of each first
    texts, short = _texts(connection, told, sheet.rows.tags)
    return MapPapers(tags, papers, texts, 0, len(pmids) - len(told) + short)


def _filters(connection: Connection, among: set[int]) -> tuple[tuple[Tagged, ...], dict[int, list[int]]]:
    tags: list[Tagged] = []
    carried: list[set[int]] = []
    for facet in FILTERS:
        axis = mapped.axis(connection, facet, among)
        first = len(tags)
        places = {tag: first + place for place, tag in enumerate(axis.tags)}
        for tag, label, parent in zip(axis.tags, axis.labels, axis.parents, strict=True):
            tags.append(Tagged(facet, tag, label, places.get(parent, -1)))
        carried += axis.carried
    return tuple(tags), _places(carried)


def _places(carried: Sequence[set[int]]) -> dict[int, list[int]]:
    """PMID → the places of the sets that it is in."""
    found: dict[int, list[int]] = {}
    for place, pmids in enumerate(carried):
        for pmid in pmids:
            found.setdefault(pmid, []).append(place)
    return found


def _texts(
    connection: Connection, pmids: Sequence[int], rows: Sequence[str]
) -> tuple[dict[int, tuple[object, ...]], int]:
    """What is shown of each paper, and of how many the sentences found no room."""
    place = {tag: number for number, tag in enumerate(rows)}
    because: dict[int, dict[int, Sequence[Mapping[str, Any]] | str]] = {}
    for pmid, tag, entries in mapped.evidence_of(connection, pmids, rows):
        because.setdefault(pmid, {})[place[tag]] = entries
    for (pmid, tag), hand in mapped.by_hand(connection, pmids).items():
        if tag in place:
            because.setdefault(pmid, {})[place[tag]] = hand
    papers = {told.pmid: told for told in mapped.told(connection, pmids)}
    texts: dict[int, tuple[object, ...]] = {}
    room, short = MOST_TEXT, 0
    for pmid in pmids:
        told = papers[pmid]
        sentences: dict[Sentence, int] = {}
        of_rows: dict[int, list[int]] = {}
        for row, why in sorted(because.get(pmid, {}).items()) if room > 0 else ():
            found: list[Sentence] = [("by hand", why)] if isinstance(why, str) else _sentences(told, why)
            of_rows[row] = [sentences.setdefault(one, len(sentences)) for one in found]
        short += room <= 0 and pmid in because
        room -= sum(len(piece) + 3 for one in sentences for piece in one)
        texts[pmid] = (told.key, told.title, _authors(told.authors), told.journal, of_rows, list(sentences))
    return texts, short


def _authors(names: str) -> str:
    parts = names.split("; ")
    return "; ".join(parts) if len(parts) <= AUTHORS + 1 else f"{'; '.join(parts[:AUTHORS])}; et al."


def _sentences(told: mapped.Told, entries: Sequence[Mapping[str, Any]]) -> list[Sentence]:
    """The sentences that weigh most, in the order of the paper; each once, however many words of it count."""
    spans: dict[tuple[str, int, int, int], list[tuple[int, int]]] = {}
    weights: dict[tuple[str, int, int, int], float] = {}
    texts: dict[tuple[str, int, int, int], str] = {}
    names: dict[tuple[str, int, int, int], str] = {}
    for entry in entries:
        if entry.get("masked"):
            continue
        field, part, start, end = entry["field"], entry["part"], entry["start"], entry["end"]
        text = _text(told, field, part)
        if text[start:end] == entry["quote"]:
            place = (field, part, *_around(text, start, end))
        else:  # a heading, a keyword, a publication type: it is its own text
            text, start, end = entry["quote"], 0, len(entry["quote"])
            place = (field, part, start, end)
        spans.setdefault(place, []).append((start, end))
        weights[place] = weights.get(place, 0) + entry["weight"]
        texts[place] = text
        names[place] = entry["section"].lower() or _FIELDS.get(field, field.replace("_", " "))
    best = sorted(weights, key=lambda place: -weights[place])[:SENTENCES]
    return [
        (names[place], *_pieces(texts[place], place[2], place[3], sorted(spans[place])))
        for place in weights
        if place in best
    ]


_FIELDS = {"mesh": "MeSH"}


def _text(told: mapped.Told, field: str, part: int) -> str:
    if field in ("title", "vernacular_title", "journal", "conflict_of_interest"):
        return str(getattr(told, field))
    if field == "abstract" and part < len(told.sections):
        first, last = told.sections[part]
        return told.abstract[first:last]
    return ""


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    first = max((match.end() for match in _END.finditer(text, 0, start + 1)), default=0)
    match = _END.search(text, end)
    return min(first, start), match.start() if match else len(text)


def _pieces(text: str, first: int, last: int, spans: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Plain and marked in turn; what overlaps is one."""
    if last - first > LONGEST:  # around the first words that count
        begin = max(first, spans[0][0] - LONGEST // 3)
        finish = min(last, max(spans[0][1], begin + LONGEST))
    else:
        begin, finish = first, last
    at, plain = begin, "… " if begin > first else ""
    for start, end in spans:
        if end > finish or end <= at:
            continue
        start = max(start, at)  # noqa: PLW2901 - overlaps the one before
        yield _SPACE.sub(" ", plain + text[at:start])
        yield _SPACE.sub(" ", text[start:end])
        at, plain = end, ""
    yield _SPACE.sub(" ", plain + text[at:finish]) + (" …" if finish < last else "")
