"""A Paper becomes a Reading: which phrases of which rules stand where, and which marks its indexers set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ..model import Evidence, Paper
from .abbreviations import meaning
from .phrases import Found, Text, Trie
from .rules import MINOR, Entry, Kind, RuleSet, Worth
from .sections import (
    ABSTRACT,
    AFFILIATION,
    BARE,
    BODY,
    CONFLICT,
    GRANT,
    GUESSED,
    JOURNAL,
    KEYWORD,
    RECORD,
    TITLE,
    record_zone,
    zone_of_label,
    zones_of_text,
)


class Part:
    """A text of the paper: its words, and the zone or zones that it is."""

    __slots__ = ("bits", "field", "guessed", "index", "label", "negations", "number", "read", "text")

    def __init__(self, number: int, field: str, index: int, label: str, text: str, bits: int) -> None:
        self.number = number
        """Parts are counted in the order in which they are read."""
        self.field, self.index, self.label, self.text, self.bits = field, index, label, text, bits
        self.read: Text
        self.guessed: list[int] = []
        """Of an abstract without labels: the number of each word's zone."""
        self.negations: list[tuple[Entry, int, int]] = []

    def zone(self, word: int) -> int:
        """The zone bits that a word stands in."""
        return 1 << self.guessed[word] - GUESSED - 1 if self.guessed else self.bits

    def guess(self, cues: list[tuple[int, int]]) -> None:
        """Find out what each sentence of an abstract without labels is. `cues`: see `zones_of_text`."""
        zones = zones_of_text(self.read, cues, self.quote)
        ends = [*(first for first, _ in zones[1:]), len(self.read.words)]
        for (first, zone), end in zip(zones, ends, strict=True):
            self.guessed += [zone.bit_length() + GUESSED] * (end - first)

    def quote(self, first: int, last: int) -> str:
        """The characters of a run of words."""
        start, end = self.read.span(first, last)
        return self.text[start:end]


Hit = tuple[float, int, int, int, Worth, Part]
"""A phrase of a rule, found in a part: (minus the size of what it weighs there, the part's number, first word, minus
last word, what it says, part).

A bare tuple, as a paper has sixty of them. What comes first is what they are sorted by: the strongest, then in the
order of the text, the longer of two that begin together first. What weighs 0 stands in the wrong zone.
"""

Guard = tuple[Entry, Part, int, int]
"""A phrase that speaks against hits or against a whole tag, found in a part at words first..last."""


def evidence(hit: Hit, weight: float, masked: str = "") -> Evidence:
    """A hit as readers are shown it."""
    _, _, first, minus_last, (_, _, _, _, entry), part = hit
    last = -minus_last
    start, end = part.read.span(first, last)
    if part.bits & (GRANT | AFFILIATION):  # "GmbH" alone says nothing: its clause names who
        start = _clause_start(part.text, start)
        end = _clause_end(part.text, end)
    return Evidence(
        entry.rule, part.field, part.label, part.index, start, end, part.text[start:end], round(weight, 3), masked
    )


def _clause_start(text: str, start: int) -> int:
    start = text.rfind(";", 0, start) + 1
    return start + len(text[start:]) - len(text[start:].lstrip())


def _clause_end(text: str, end: int) -> int:
    stop = text.find(";", end)
    return len(text.rstrip()) if stop < 0 else stop


class Reading:
    """One paper, read once."""

    def __init__(self, paper: Paper, rules: RuleSet, *, alone: bool = False) -> None:
        """`alone`: no other paper is going to be read."""
        self.rules = rules
        self.hits: defaultdict[int, list[Hit]] = defaultdict(list)
        self.guards: defaultdict[int, list[Guard]] = defaultdict(list)
        self.marks: dict[int, list[Evidence]] = {}
        self.has_negations = False
        self._texts = [paper.title, *(section.text for section in paper.abstract)]
        self._meanings: dict[str, str] = {}
        body, head = self._tries = rules.tries_for(_read(paper)) if alone else rules.tries
        recorded: list[Part] = []
        for part in _parts(paper, head, rules):
            if part.bits & RECORD:
                recorded.append(part)
                continue
            trie = body if part.field == "abstract" else head
            part.read = trie.read(part.text)
            found = trie.find(part.read)
            if rules.regexes and part.field in ("title", "abstract"):
                found += _expressions(part, rules)
            self._take(part, found)
        if recorded:
            self._read_record(recorded, rules.record_for(part.text for part in recorded) if alone else rules.record)
        self._read_marks(paper)

    def _read_record(self, parts: list[Part], trie: Trie) -> None:
        """What stands beside the paper's own text. What was read before is remembered, if `trie` is the whole one."""
        known = self.rules.remembered if "record" in vars(self.rules) else {}
        for part in parts:
            text = part.text
            if text not in known:
                read = trie.read(text)
                known[text] = read, trie.find(read)
            part.read, found = known[text]
            if len(known) > _MOST_REMEMBERED or len(text) > _LONG:
                del known[text]
            self._take(part, found)

    def unclear(self, hit: Hit, *, clear: bool) -> str:
        """Why an ambiguous abbreviation does not count; "" if it does. `clear`: its tag has better evidence."""
        _, _, first, minus_last, (_, _, _, _, entry), part = hit
        word = part.quote(first, -minus_last)
        if word not in self._meanings:
            self._meanings[word] = meaning(word, self._texts)
        long = self._meanings[word]
        if not long:
            return "" if clear else f"{word} is not spelled out"
        head = self._tries[1]
        means = any(
            one.tag == entry.tag and one.kind == Kind.HIT
            for sense, _, _ in head.find(head.read(long))
            for one in sense.entries
        )
        return "" if means else f"{word} = {long}"

    def _take(self, part: Part, found: Found) -> None:
        """Sort what was found: hits and guards by tag, negations by part."""
        if part.bits == ABSTRACT:
            part.guess([(first, sense.cues) for sense, first, _ in found if sense.cues])
        hits, number, guessed, zone = self.hits, part.number, part.guessed, part.bits.bit_length()
        for sense, first, last in found:
            place = guessed[first] if guessed else zone
            said = sense.said[place]
            if said is None:
                said = sense.say(place)
            minus_last = -last
            for worth in said:
                hits[worth[0]].append((worth[1], number, first, minus_last, worth, part))
            if sense.others:
                self._guard(sense.others, part, first, last)

    def _guard(self, others: tuple[Entry, ...], part: Part, first: int, last: int) -> None:
        for entry in others:
            if entry.places & part.bits:
                if entry.kind <= Kind.UNLESS:
                    self.guards[entry.tag].append((entry, part, first, last))
                else:
                    part.negations.append((entry, first, last))
                    self.has_negations = True

    def _read_marks(self, paper: Paper) -> None:
        for number, heading in enumerate(paper.mesh):
            self._mark("mesh", heading.name, number, heading.name, 1 if heading.is_major else MINOR)
            for qualifier in heading.qualifiers:
                self._mark("mesh", "/" + qualifier.name, number, heading.name, 1 if qualifier.major else MINOR)
        for number, kind in enumerate(paper.publication_types):
            self._mark("pt", kind.name, number, kind.name)
        for number, substance in enumerate(paper.substances):
            self._mark("substance", substance.name, number, substance.name)
        for number, link in enumerate(paper.corrections):
            self._mark("correction", link.kind, number, link.kind)
        for number, grant in enumerate(paper.grants):
            self._mark("has", "grants", number, grant.agency or grant.number or grant.acronym)

    def _mark(self, where: str, name: str, number: int, quote: str, worth: float = 1) -> None:
        field = _FIELDS.get(where, where)
        for place, weight, rule in self.rules.marks.get((where, name.lower()), ()):
            self.marks.setdefault(place, []).append(
                Evidence(rule, field, "", number, 0, len(quote), quote, round(weight * worth, 3))
            )


_MOST_REMEMBERED, _LONG = 5_000, 300
"""Texts of the record that are remembered, and their most characters: a few MB."""
_FIELDS = {"pt": "publication_type", "has": "grant"}


def _expressions(part: Part, rules: RuleSet) -> Found:
    """The rare rules that are regular expressions; what is found is the whole words that a match touches."""
    read = part.read
    return [
        (sense, read.word_at(match.start()), read.word_at(match.end() - 1))
        for sense, pattern in rules.regexes
        for match in pattern.finditer(part.text)
        if match.end() > match.start() and read.words
    ]


def _read(paper: Paper) -> Iterator[str]:
    """All the texts that `_parts` chooses from."""
    yield from (paper.title, paper.vernacular_title, paper.journal)
    yield from (section.text for section in paper.abstract)
    yield from (keyword.name for keyword in paper.keywords)


def _parts(paper: Paper, head: Trie, rules: RuleSet) -> list[Part]:
    """The texts that tagging reads."""
    bare = 0 if paper.abstract else BARE
    parts = [Part(0, "title", 0, "", paper.title, TITLE | bare)]
    if paper.vernacular_title and paper.vernacular_title != paper.title:
        parts.append(Part(1, "vernacular_title", 0, "", paper.vernacular_title, TITLE | bare))
    lone = len(paper.abstract) == 1
    for index, section in enumerate(paper.abstract):
        zone = record_zone(section.label) or zone_of_label(section.label, "" if lone else section.category)
        zone = zone or (ABSTRACT if lone else BODY)
        parts.append(Part(len(parts), "abstract", index, section.label, section.text, zone))
    for index, keyword in enumerate(paper.keywords):
        if head.touches(keyword.name):
            parts.append(Part(len(parts), "keyword", index, "", keyword.name, KEYWORD))
    if paper.journal and head.touches(paper.journal):
        parts.append(Part(len(parts), "journal", 0, "", paper.journal, JOURNAL))
    parts += _record_parts(paper, len(parts), rules)
    return parts


def _record_parts(paper: Paper, number: int, rules: RuleSet) -> Iterator[Part]:
    """What the record says beside the paper's own text, numbered from `number` on."""
    if paper.conflict_of_interest:
        yield Part(number, "conflict_of_interest", 0, "", paper.conflict_of_interest, CONFLICT)
    for index, grant in enumerate(paper.grants):
        number += 1
        yield Part(number, "grant", index, "", grant.agency, GRANT)
    works = rules.works
    if works.may_stand("\n".join({place for author in paper.authors for place in author.affiliations})):
        for index, place in enumerate(paper.affiliations):
            if works.may_stand(place):
                number += 1
                yield Part(number, "affiliation", index, "", place, AFFILIATION)
