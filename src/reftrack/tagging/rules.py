"""Rule tables (already checked by `reading`) become a RuleSet: one trie, one dictionary of marks, a vocabulary."""

from __future__ import annotations

import gc
import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Any

from msgspec import Struct

from ..errors import RuleError
from ..model import TagDefinition
from .normalise import key
from .phrases import Found, Lexicon, PhraseError, Scout, Text, Trie, beginnings, elements, leads, may_stand
from .sections import (
    ABSTRACT,
    AFFILIATION,
    BACKGROUND,
    BARE,
    CONCLUSIONS,
    GUESSED,
    JOURNAL,
    KEYWORD,
    METHODS,
    OBJECTIVE,
    PLACES,
    RECORD,
    RESULTS,
    TITLE,
    ZONES,
)

ENGINE = "3"
"""Part of every RuleSet's hash: raise it when the same rules would give other tags."""

ANYWHERE = -1
MINOR = 0.75
"""What a MeSH heading that is not a major topic is worth of its weight."""

MARKS = ("mesh", "pt", "substance", "correction", "has")

HAS = ("grants",)
"""Of which a rule may ask whether the record has any at all: `has.2 = 'grants'`."""

CUES = {
    "background": BACKGROUND,
    "objective": OBJECTIVE,
    "methods": METHODS,
    "results": RESULTS,
    "conclusions": CONCLUSIONS,
}


class Kind(IntEnum):
    """What a found phrase does."""

    HIT = 0
    ACRONYM = 1
    MASK = 2
    UNLESS = 3
    CUE = 4
    NEGATION = 5
    NEGATION_AFTER = 6


class Entry(Struct, frozen=True, eq=False, gc=False):
    """One phrase of one rule: told to the engine wherever it is found. `places` are zone bits."""

    kind: Kind
    tag: int
    weight: float
    places: int
    rule: str
    phrase: str
    number: int
    """Its place among all entries: tells two of equal weight on the same words apart."""
    zone: int = 0


Worth = tuple[int, float, int, int, Entry]
"""What a phrase says for or against a tag in one zone: (tag, minus the size of its weight there, the entry's number,
the zone with the weight's sign, entry). The size is 0 where the entry does not count in that zone."""

_SHARED: dict[float, float] = {}
"""The few weights that there are. Equal ones share one object, so that what a paper touches fits the nearest memory."""


class Sense:
    """All that a found phrase means: of which tags it speaks in which zone, what it masks, negates or cues.

    What it says in a zone is worked out once, as the same phrases are found in paper after paper.
    """

    __slots__ = ("cues", "entries", "others", "rules", "said")

    def __init__(self, entries: Iterable[Entry], rules: tuple[Rule, ...]) -> None:
        self.entries = tuple(entries)
        self.rules = rules
        self.said: list[tuple[Worth, ...] | None] = [None] * (2 * GUESSED)
        """By the zone's number; None: not worked out yet."""
        self.others = tuple(entry for entry in self.entries if entry.kind > Kind.ACRONYM and entry.kind != Kind.CUE)
        """The entries that speak of no tag by themselves."""
        self.cues = 0
        """The zones that its sentence may be because of it, in an abstract without labels."""
        for entry in self.entries:
            self.cues |= entry.zone

    def say(self, number: int) -> tuple[Worth, ...]:
        """What it says of tags in the zone of that number. In a guessed zone also what would count in another one."""
        zone = 1 << (number - 1) % GUESSED
        if zone == BARE:
            zone |= TITLE
        here = ABSTRACT if number > GUESSED else zone
        said = self.said[number] = tuple(
            self._worth(entry, zone) for entry in self.entries if entry.kind <= Kind.ACRONYM and entry.places & here
        )
        return said

    def _worth(self, entry: Entry, zone: int) -> Worth:
        weight = entry.weight * self.rules[entry.tag].worth[zone] if entry.places & zone else 0.0
        minus = -abs(weight)
        return entry.tag, _SHARED.setdefault(minus, minus), entry.number, zone if weight > 0 else -zone, entry


@dataclass(frozen=True, slots=True)
class Facet:
    """A kind of tags: what a section's word is worth, what suffices, whether one tag is primary."""

    slug: str
    label: str
    aliases: tuple[str, ...] = ()
    exclusive: bool = False
    hits: int = 2
    threshold: float = 2.0
    possible: float = 1.0
    factors: Mapping[int, float] = field(default_factory=dict)
    unless_primary: tuple[str, ...] = ()
    """Primary tags beside which none of this facet says anything: what a protocol plans is no outcome."""
    negations: tuple[str, ...] = ()
    negations_after: tuple[str, ...] = ()
    of_record: bool = False
    """Its masks and negations are looked for where the record tells of interests and money, not in the text: there
    they are other words, and a text has enough to be searched for."""
    reach: int = 0
    """How many words a negation reaches, if not as far as in the text of a paper: a statement that nobody received
    anything goes on to list all that they did not receive."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One tag: everything of its table but the phrases, which are in the trie."""

    slug: str
    facet: Facet
    label: str
    place: int
    parent: str = ""
    aliases: tuple[str, ...] = ()
    rank: int = 0
    threshold: float = 2.0
    possible: float = 1.0
    factors: Mapping[int, float] = field(default_factory=dict)
    never_primary: bool = False
    hits: int = 2
    """How many hits of a zone count, for and against each."""
    claimed_rank: int = 0
    """The rank where a publication type says so, if another one: a letter that is a trial is a trial."""
    weak_below: float = 0.0
    weak_rank: int = 0
    beside: frozenset[str] = frozenset()
    yields: frozenset[str] = frozenset()
    needs: tuple[str, ...] = ()
    unless_tags: tuple[str, ...] = ()
    unless_primary: tuple[str, ...] = ()
    unless_words: tuple[tuple[str, str], ...] = ()
    """(place, phrase): what takes the tag away where it stands there."""
    sources: tuple[tuple[str, float], ...] = ()
    masks: tuple[str, ...] = ()
    worded: tuple[tuple[str, float, str], ...] = ()
    """(key, weight, phrase): what the rule looks for in the text."""
    marked: tuple[tuple[str, float, str], ...] = ()
    """(key, weight, name): what it looks for among the indexers' marks."""
    most: float = 1.0
    """The greatest factor of any zone."""
    worth: Mapping[int, float] = field(default_factory=dict)
    """The factor of every zone that a word can stand in, also of a title without an abstract."""
    has_acronyms: bool = False
    minds: bool = False
    """Whether a negation speaks against it."""
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()


class RuleSet:
    """All rules, ready to run. Equal text gives equal `hash`; make it once and use it for many papers."""

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self.hash = hashlib.sha256(json.dumps([ENGINE, tables], sort_keys=True).encode()).hexdigest()
        self.facets = {slug: _facet(slug, table) for slug, table in tables["facet"].items()}
        self.marks: dict[tuple[str, str], list[tuple[int, float, str]]] = {}
        self.lists = {name: tuple(words) for name, words in tables["list"].items()}
        self.classes = _classes(tables["list"])
        self._patterns: list[tuple[Entry, re.Pattern[str]]] = []
        self._found: dict[str, list[Entry]] = {}
        self._entries = 0
        self.switched_off = {
            slug: str(table.get("facet", "")) for slug, table in tables["tag"].items() if table.get("disabled")
        }
        slugs = [slug for slug in tables["tag"] if slug not in self.switched_off]
        self.rules = tuple(self._rule(place, slug, tables["tag"][slug]) for place, slug in enumerate(slugs))
        self.regexes = [(Sense((entry,), self.rules), pattern) for entry, pattern in self._patterns]
        self.by_slug = {rule.slug: rule for rule in self.rules}
        self._general(tables["cue"])
        self.order = _order(self.rules)
        self.turns = {rule.place: turn for turn, rule in enumerate(self.order)}
        self.sourced = {
            rule.place: tuple(self.by_slug[slug].place for slug, _ in rule.sources if slug in self.by_slug)
            for rule in self.rules
            if rule.sources
        }
        """The rules for which other tags speak, with the places of those."""
        self.remembered: dict[str, tuple[Text, Found]] = {}
        """Statements of interests and agencies that were read before: half of all say the same in the same words."""
        self.definitions = tuple(
            TagDefinition(
                rule.slug,
                rule.facet.slug,
                rule.label,
                rule.parent,
                rule.aliases,
                rule.rank if rule.facet.exclusive and not rule.never_primary else 0,
            )
            for rule in self.rules
        )
        self.names = self._names()
        self.facet_names = {key(name): slug for slug, facet in self.facets.items() for name in facet.aliases}
        """Other names of facets, as they are looked up."""

    def resolve(self, text: str) -> TagDefinition | None:
        """The tag that a reader means by a slug, `facet/slug`, an alias or a label, in any spelling."""
        facet, _, rest = text.strip().rpartition("/")
        found = self.names.get(key(rest))
        if not found:
            return None
        if facet and key(facet) not in {key(name) for name in (found.facet, *self.facets[found.facet].aliases)}:
            return None
        return found

    def _names(self) -> dict[str, TagDefinition]:
        names: dict[str, TagDefinition] = {}
        for spelled in (lambda one: (one.slug,), lambda one: one.aliases, lambda one: (one.label,)):
            for one in self.definitions:
                for name in spelled(one):
                    names.setdefault(key(name), one)
        return names

    def _rule(self, place: int, slug: str, table: Mapping[str, Any]) -> Rule:
        facet = self.facets[table["facet"]]
        worded = tuple(_weighted(table, (*PLACES, "acronym")))
        marked = tuple(_weighted(table, MARKS))
        factors = {**facet.factors, **_factors(table.get("section", {}))}
        unless, weak = table.get("unless", {}), table.get("weak", {})
        self._plan(place, slug, worded, table)
        for where, weight, name in marked:
            self.marks.setdefault((where, name.lower()), []).append((place, weight, f"{slug}.{where}: {name}"))
        return Rule(
            slug=slug,
            facet=facet,
            label=table["label"],
            place=place,
            parent=table.get("parent", ""),
            aliases=tuple(table.get("aliases", ())),
            rank=table.get("rank", 0),
            threshold=table.get("threshold", facet.threshold),
            possible=table.get("possible", facet.possible),
            factors=factors,
            never_primary=table.get("never_primary", False),
            hits=table.get("hits", facet.hits),
            claimed_rank=table.get("claimed_rank", 0),
            weak_below=weak.get("below", 0.0),
            weak_rank=weak.get("rank", 0),
            beside=frozenset(table.get("beside", ())),
            yields=frozenset(table.get("yields", ())),
            needs=tuple(table.get("needs", ())),
            unless_tags=tuple(unless.get("tag", ())),
            unless_primary=(*facet.unless_primary, *unless.get("primary", ())),
            unless_words=tuple((where, one) for where in PLACES for one in unless.get(where, ())),
            sources=tuple((name, weight) for _, weight, name in _weighted(table, ("from",))),
            masks=tuple(table.get("mask", ())),
            worded=worded,
            marked=marked,
            most=max((1.0, *factors.values())),
            worth={zone | bare: factors.get(zone, 1.0) for zone in ZONES.values() for bare in (0, BARE)},
            has_acronyms="acronym" in table,
            minds=bool(facet.negations or facet.negations_after),
            yes=tuple(table.get("yes", ())),
            no=tuple(table.get("no", ())),
        )

    def _plan(self, place: int, slug: str, worded: Iterable[tuple[str, float, str]], table: Mapping[str, Any]) -> None:
        """Everything of one tag that is searched for in texts."""
        for where, weight, phrase in worded:
            kind = Kind.ACRONYM if where == "acronym" else Kind.HIT
            zones = PLACES.get(where, TITLE | ABSTRACT)
            self._add(kind, place, weight, zones, f"{slug}.{where}", phrase)
        places = RECORD if self.facets[table["facet"]].of_record else ANYWHERE & ~RECORD
        for phrase in table.get("mask", ()):
            self._add(Kind.MASK, place, 0.0, places, f"{slug}.mask", phrase)
        for where, phrases in table.get("unless", {}).items():
            for phrase in phrases if where in PLACES else ():
                self._add(Kind.UNLESS, place, 0.0, PLACES[where], f"{slug}.unless", phrase)
        for _, weight, text in _weighted(table, ("regex",)):
            self._entries += 1
            entry = Entry(Kind.HIT, place, weight, TITLE | ABSTRACT, f"{slug}.regex: {text}", text, self._entries)
            self._patterns.append((entry, re.compile(text)))

    def _general(self, cues: Mapping[str, list[str]]) -> None:
        """Phrases that belong to no tag: cues of a sentence's zone, and negations."""
        for name, phrases in cues.items():
            for phrase in phrases:
                self._add(Kind.CUE, -1, 0.0, ABSTRACT, f"cue.{name}", phrase, CUES[name])
        for facet in self.facets.values():
            places = RECORD if facet.of_record else ANYWHERE & ~RECORD
            for kind, negations in ((Kind.NEGATION, facet.negations), (Kind.NEGATION_AFTER, facet.negations_after)):
                for phrase in negations:
                    self._add(kind, -1, 0.0, places, f"{facet.slug}.negation", phrase)

    def _add(  # one argument for each field that differs: a start makes thousands of entries
        self, kind: Kind, tag: int, weight: float, places: int, rule: str, phrase: str, zone: int = 0
    ) -> None:
        self._entries += 1
        entry = Entry(kind, tag, weight, places, f"{rule}: {phrase}", phrase, self._entries, zone)
        self._found.setdefault(phrase, []).append(entry)

    @cached_property
    def tries(self) -> tuple[Trie, Trie]:
        """The phrases that count in abstracts, and those that count in titles, keywords and journals.

        Grown when the first paper is read, for most commands read none.
        """
        return self._grown(self._found)

    def tries_for(self, texts: Iterable[str]) -> tuple[Trie, Trie]:
        """The same for these texts alone, as who reads one paper has no use for most phrases, and waits for them."""
        if "tries" in self.__dict__:
            return self.tries
        here = beginnings(texts)
        return self._grown([phrase for phrase in self._found if may_stand(phrase, here)])

    @cached_property
    def record(self) -> Trie:
        """The phrases that count in what a record says of interests, grants and places of work.

        A trie of its own, so that neither these words nor those of texts slow each other.
        """
        return self._of_record(self._found)

    def record_for(self, texts: Iterable[str]) -> Trie:
        """The same for these texts alone; see `tries_for`."""
        if "record" in self.__dict__:
            return self.record
        here = beginnings(texts)
        return self._of_record([phrase for phrase in self._found if may_stand(phrase, here)])

    def _of_record(self, phrases: Collection[str]) -> Trie:
        with _no_cycles():
            return self._trie(Lexicon(self.classes), phrases, RECORD)

    @cached_property
    def works(self) -> Scout:
        """Which affiliations are worth reading: most name no company, and there are many."""
        return Scout(
            start
            for phrase, entries in self._found.items()
            if any(
                entry.places & AFFILIATION and entry.kind in (Kind.HIT, Kind.ACRONYM, Kind.UNLESS) for entry in entries
            )
            for start in leads(phrase, self.classes)
        )

    def _grown(self, phrases: Collection[str]) -> tuple[Trie, Trie]:
        with _no_cycles():
            lexicon = Lexicon(self.classes)
            head = TITLE | BARE | KEYWORD | JOURNAL
            return self._trie(lexicon, phrases, ABSTRACT), self._trie(lexicon, phrases, head)

    def _trie(self, lexicon: Lexicon, phrases: Iterable[str], places: int) -> Trie:
        trie = Trie(lexicon)
        for phrase in phrases:
            entries = self._found[phrase]
            here = [entry for entry in entries if entry.places & places]
            try:
                if here:
                    trie.add(phrase, [Sense(here, self.rules)])
            except PhraseError as problem:
                raise RuleError(f"rule {here[0].rule!r}: {problem}") from problem
        return trie


@contextmanager
def _no_cycles() -> Iterator[None]:
    """No look for cycles meanwhile: it takes a quarter of the time, and a growing trie has none."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _classes(lists: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Of every list of single words the elements that they are, for `@name` inside a phrase."""
    found: dict[str, tuple[str, ...]] = {}
    for name, phrases in lists.items():
        if all(is_word(phrase) for phrase in phrases):
            found[name] = tuple(one for phrase in phrases for way in elements(phrase) if len(way) == 1 for one in way)
    return found


_ONE_WORD = re.compile(r"\w+\*?")


def is_word(phrase: str) -> bool:
    """Whether a phrase is one word as it stands, so that it may be among `@name` inside a phrase."""
    return phrase.isalnum() or _ONE_WORD.fullmatch(phrase) is not None


def _weighted(table: Mapping[str, Any], keys: Iterable[str]) -> Iterable[tuple[str, float, str]]:
    """(key, weight, item) for every item under the weighted keys of a tag."""
    for where in keys:
        for weight, items in table.get(where, {}).items():
            for item in items:
                yield where, float(weight), item


def _factors(section: Mapping[str, float]) -> dict[int, float]:
    return {ZONES[name]: float(factor) for name, factor in section.items()}


def _facet(slug: str, table: Mapping[str, Any]) -> Facet:
    return Facet(
        slug=slug,
        label=table["label"],
        aliases=tuple(table.get("aliases", ())),
        exclusive=table.get("exclusive", False),
        hits=table.get("hits", 2),
        unless_primary=tuple(table.get("unless_primary", ())),
        threshold=table.get("threshold", 2.0),
        possible=table.get("possible", 1.0),
        factors=_factors(table.get("section", {})),
        negations=tuple(table.get("negation", ())),
        negations_after=tuple(table.get("negation_after", ())),
        of_record=table.get("of_record", False),
        reach=table.get("reach", 0),
    )


def _order(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Exclusive facets first, and every rule after those whose tags it asks for. RuleError on a circle."""
    by_slug = {rule.slug: rule for rule in rules}
    done: dict[str, Rule] = {}
    path: list[str] = []

    def visit(rule: Rule) -> None:
        if rule.slug in path:
            raise RuleError(f"tags wait for each other: {' -> '.join([*path[path.index(rule.slug) :], rule.slug])}")
        if rule.slug in done:
            return
        path.append(rule.slug)
        for name in (*rule.needs, *rule.unless_tags, *(source for source, _ in rule.sources)):
            if name in by_slug:
                visit(by_slug[name])
        path.pop()
        done[rule.slug] = rule

    for rule in sorted(rules, key=lambda one: not one.facet.exclusive):
        visit(rule)
    return tuple(done.values())
