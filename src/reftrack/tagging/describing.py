"""A rule becomes what a reader can be told of it: what it looks for, where and how strongly, and what stops it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..errors import UsageError
from .phrases import CLASS
from .reading import shipped
from .rules import RuleSet
from .sections import NAMES


@dataclass(frozen=True, slots=True)
class Sought:
    """Things of one weight that a rule looks for in one place: a key of the rule file, as `title`, `mesh` or `from`."""

    place: str
    weight: float
    things: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One rule, readable."""

    facet: str
    slug: str
    label: str
    parent: str
    children: tuple[str, ...]
    aliases: tuple[str, ...]
    rank: int
    """In an exclusive facet the lower rank is the stronger claim to be primary; 0: never primary, or not exclusive."""
    claimed_rank: int
    weak_below: float
    weak_rank: int
    """With a score below `weak_below` the tag has this rank instead; 0 for no such rule."""
    threshold: float
    possible: float
    hits: int
    """How many finds count in each section, for the tag and against it."""
    sections: Mapping[str, float]
    """What a section's words are worth of their weight."""
    words: tuple[Sought, ...]
    """Phrases, strongest first; negative weights speak against the tag."""
    marks: tuple[Sought, ...]
    """What indexers set: publication types, headings, substances, links; and other tags (`from`)."""
    lists: tuple[tuple[str, tuple[str, ...]], ...]
    """Each list that its phrases name as `@name`, with its words."""
    masks: tuple[str, ...]
    """Wordings inside which nothing counts."""
    unless: tuple[tuple[str, tuple[str, ...]], ...]
    """(place, phrases) that take the tag away; `tag` and `primary` name other tags that do."""
    needs: tuple[str, ...]
    """Tags without one of which this one does not count."""
    beside: tuple[str, ...]
    """Primary tags beside which this one still says something."""
    yields: tuple[str, ...]
    """What a publication type gives way to if the text says so."""
    yes: tuple[str, ...]
    no: tuple[str, ...]
    files: tuple[str, ...]
    """Where it is written: the shipped file first, then those of the workspace that change it."""

    @property
    def phrases(self) -> int:
        """How many phrases it looks for."""
        return sum(len(one.things) for one in self.words)


def origins(overlays: Iterable[tuple[str, str]] = ()) -> dict[str, tuple[str, ...]]:
    """Tag → the rule files that say something of it, the shipped one first. The files must have been read before."""
    found: dict[str, tuple[str, ...]] = {}
    for name, text in (*shipped(), *overlays):
        for slug in tomllib.loads(text).get("tag", {}):
            found[slug] = (*found.get(slug, ()), name)
    return found


def describe(rules: RuleSet, slug: str, files: Mapping[str, tuple[str, ...]]) -> Description:
    """What there is to say of a rule; `files` as `origins` gives them. UsageError if there is no such tag."""
    definition = rules.resolve(slug)
    if definition is None:
        raise UsageError(f"there is no tag {slug!r}")
    rule = rules.by_slug[definition.slug]
    expressions = [
        ("regex", entry.weight, entry.phrase)
        for sense, _ in rules.regexes
        for entry in sense.entries
        if entry.tag == rule.place
    ]
    unless = [*rule.unless_words, *(("tag", one) for one in rule.unless_tags)]
    unless += [("primary", one) for one in rule.unless_primary]
    return Description(
        facet=rule.facet.slug,
        slug=rule.slug,
        label=rule.label,
        parent=rule.parent,
        children=tuple(one.slug for one in rules.rules if one.parent == rule.slug),
        aliases=rule.aliases,
        rank=definition.rank if rule.facet.exclusive else 0,
        claimed_rank=rule.claimed_rank,
        weak_below=rule.weak_below,
        weak_rank=rule.weak_rank,
        threshold=rule.threshold,
        possible=rule.possible,
        hits=rule.hits,
        sections={NAMES[bit]: factor for bit, factor in rule.factors.items()},
        words=_sought([*rule.worded, *expressions]),
        marks=_sought([*rule.marked, *(("from", weight, other) for other, weight in rule.sources)]),
        lists=tuple(
            (name, rules.lists[name])
            for name in dict.fromkeys(
                one[1:]
                for phrase in (*(phrase for _, _, phrase in rule.worded), *rule.masks)
                for one in CLASS.findall(phrase)
            )
        ),
        masks=rule.masks,
        unless=tuple(
            (place, tuple(thing for where, thing in unless if where == place))
            for place in dict.fromkeys(where for where, _ in unless)
        ),
        needs=rule.needs,
        beside=tuple(one.slug for one in rules.rules if one.slug in rule.beside),
        yields=tuple(one.slug for one in rules.rules if one.slug in rule.yields),
        yes=rule.yes,
        no=rule.no,
        files=files.get(rule.slug, ()),
    )


def _sought(things: Iterable[tuple[str, float, str]]) -> tuple[Sought, ...]:
    """Grouped by place and weight, strongest first."""
    groups: dict[tuple[str, float], list[str]] = {}
    for place, weight, thing in things:
        groups.setdefault((place, weight), []).append(thing)
    ordered = sorted(groups, key=lambda one: -one[1])
    return tuple(Sought(place, weight, tuple(groups[place, weight])) for place, weight in ordered)
