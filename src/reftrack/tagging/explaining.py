"""A Paper, rules and one tag become the reason why the tag is there, or why it is not."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from ..errors import UsageError
from ..model import Evidence, Paper
from .engine import Finding, analyse, rank_of
from .normalise import fold
from .rules import MINOR, Rule, RuleSet
from .sections import ABSTRACT, KEYWORD, NAMES, PLACES, TITLE, zone_of_label


@dataclass(frozen=True, slots=True)
class Weight:
    """How a piece of evidence comes to its weight: the rule's own, times what the place is worth."""

    base: float
    factor: float
    because: str
    """The place, as rules name it: "title", "background"; of a heading "not a major topic"; "" if it is not known."""


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a rule looks for and that was not found."""

    where: str
    """A key of the rules: any, title, results, pt, mesh..."""
    weight: float
    phrase: str
    near: bool
    """The paper has a word of it."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that decided about one tag on one paper."""

    facet: str
    slug: str
    label: str
    state: Literal["tagged", "possible", "absent"]
    score: float
    threshold: float
    possible: float
    """From this score on the tag is at least possible."""
    primary: bool
    evidence: tuple[Evidence, ...]
    masked: tuple[Evidence, ...]
    """What looked like the tag but did not count; `Evidence.masked` says why."""
    removed: str
    """What took the tag away although it scored enough; "" if nothing did."""
    winner: str
    """The primary tag of an exclusive facet, if another one won."""
    children: tuple[str, ...]
    """Tags below this one that the paper has: they imply it."""
    needs: tuple[str, ...]
    """What the rule looks for, as readable phrases, strongest first."""
    weights: tuple[Weight, ...] = ()
    """How each piece of `evidence` comes to its weight."""
    missing: tuple[Need, ...] = ()
    """What was looked for and not found: what the paper has a word of first, then the strongest."""
    parents: tuple[str, ...] = ()
    """Tags above this one: it implies them."""
    outranked: str = ""
    """Why the winner is primary and not this tag: "rct ranks before cohort"; "" if there is no winner."""


def explain(paper: Paper, rules: RuleSet, slug: str) -> Explanation:
    """Why the paper has the tag, nearly has it, or has it not. UsageError if there is no such tag."""
    definition = rules.resolve(slug)
    if definition is None:
        raise UsageError(f"there is no tag {slug!r}")
    rule = rules.by_slug[definition.slug]
    found = analyse(paper, rules, everything=True)
    finding = found.get(rule.place)
    winner = next(
        (one.rule.slug for one in found.values() if one.primary and one.rule.facet.slug == rule.facet.slug), ""
    )
    under = below(rule.slug, rules)
    evidence = finding.evidence() if finding else ()
    return Explanation(
        facet=rule.facet.slug,
        slug=rule.slug,
        label=rule.label,
        state=(finding.state if finding else None) or "absent",
        score=finding.score if finding else 0.0,
        threshold=rule.threshold,
        possible=rule.possible,
        primary=finding.primary if finding else False,
        evidence=evidence,
        masked=finding.not_counted() if finding else (),
        removed=finding.removed if finding else "",
        winner="" if winner == rule.slug else winner,
        children=tuple(
            one.rule.slug for _, one in sorted(found.items()) if one.rule.slug in under and one.state == "tagged"
        ),
        needs=_needs(rule),
        weights=tuple(_weigh(rule, entry, paper) for entry in evidence),
        missing=_missing(rule, evidence, paper),
        parents=tuple(_above(rule, rules)),
        outranked=_outranked(finding, found[rules.by_slug[winner].place]) if finding and winner else "",
    )


def _above(rule: Rule, rules: RuleSet) -> Iterator[str]:
    """The tag's parent, its parent's, and so on."""
    seen = {rule.slug}
    while rule.parent and rule.parent not in seen:
        yield rule.parent
        seen.add(rule.parent)
        rule = rules.by_slug[rule.parent]


def _outranked(finding: Finding, winner: Finding) -> str:
    """Why another tag of the facet is the primary one."""
    own, other = finding.rule, winner.rule
    if own is other or (finding.state is None and not finding.removed):
        return ""
    if own.never_primary:
        return f"{own.slug} is never primary"
    if winner.claimed and not finding.claimed:
        return f"a publication type says {other.slug}, and words do not outvote it"
    ranks = [rank_of(one) for one in (winner, finding)]
    if ranks[0] >= ranks[1]:
        above = [f"{one.score - one.rule.threshold:+.3g}" for one in (winner, finding)]
        return f"{other.slug} stands further above what it needs ({above[0]}) than {own.slug} ({above[1]})"
    few = (
        f", of which there are few signs (score below {own.weak_below:g})"
        if own.weak_rank and ranks[1] == own.weak_rank
        else ""
    )
    return f"{other.slug} ranks before {own.slug}{few}"


def _weigh(rule: Rule, entry: Evidence, paper: Paper) -> Weight:
    """What the rule gives for the phrase or mark, and what its place makes of it."""
    known = {f"{rule.slug}.{key}: {item}": weight for key, weight, item in (*rule.worded, *rule.marked)}
    base = known.get(entry.rule, entry.weight)
    factor = entry.weight / base if base else 1.0
    if entry.is_mark and factor:
        return Weight(base, factor, "not a major topic" if abs(factor - MINOR) < _SAME else "")
    return Weight(base, factor, _place(rule, entry, paper, factor))


_SAME = 0.005


def _place(rule: Rule, entry: Evidence, paper: Paper, factor: float) -> str:
    """The zone that evidence stands in: what its label says; in an unlabelled abstract what its worth tells."""
    zone = {"title": TITLE, "vernacular_title": TITLE, "keyword": KEYWORD}.get(entry.field, 0)
    if entry.field == "abstract" and entry.part < len(paper.abstract):
        section = paper.abstract[entry.part]
        zone = zone_of_label(section.label, "" if len(paper.abstract) == 1 else section.category)
    if zone and abs(rule.factors.get(zone, 1.0) - factor) < _SAME:
        return NAMES[zone]
    worth = [NAMES[bit] for bit, one in rule.factors.items() if bit & ABSTRACT and abs(one - factor) < _SAME]
    return " or ".join(worth) if entry.field == "abstract" else ""


def _missing(rule: Rule, evidence: tuple[Evidence, ...], paper: Paper) -> tuple[Need, ...]:
    found = {entry.rule for entry in evidence}
    texts = (paper.title, *(section.text for section in paper.abstract), *(one.name for one in paper.keywords))
    stems = {fold(word)[:_STEM] for text in texts for word in _WORD.findall(text)}
    needs = [
        Need(where, weight, phrase, _is_near(phrase, stems))
        for where, weight, phrase in (*rule.worded, *rule.marked)
        if weight > 0 and f"{rule.slug}.{where}: {phrase}" not in found
    ]
    return tuple(sorted(needs, key=lambda need: (not (need.near and need.where in PLACES), -need.weight)))


def _is_near(phrase: str, stems: AbstractSet[str]) -> bool:
    """Whether the paper has each word of the phrase, of alternatives one, though not as the phrase wants them."""
    groups = [_WORD.findall(group) for group in _GROUP.findall(phrase.partition("!")[0])]
    return any(groups) and all(any(fold(word)[:_STEM] in stems for word in group) for group in groups if group)


_STEM = 6
_GROUP = re.compile(r"\([^()]*\)|[^\s()]+")
_WORD = re.compile(r"[^\W\d_]{4,}")


def below(slug: str, rules: RuleSet) -> set[str]:
    """All tags whose parents lead to this one."""
    found: set[str] = set()
    size = -1
    while size != len(found):
        size = len(found)
        found |= {rule.slug for rule in rules.rules if rule.parent == slug or rule.parent in found}
    return found


def _needs(rule: Rule) -> tuple[str, ...]:
    wanted = sorted((one for one in (*rule.worded, *rule.marked) if one[1] > 0), key=lambda one: -one[1])
    return tuple(
        f"{'anywhere' if where == 'any' else where} (+{weight:g}): {phrase}" for where, weight, phrase in wanted
    )


def content_hash(paper: Paper) -> str:
    """A hash over exactly the fields that tagging reads: another hash, other tags may follow."""
    read = [
        paper.title,
        paper.vernacular_title,
        [[section.label, section.text, section.category] for section in paper.abstract],
        [keyword.name for keyword in paper.keywords],
        paper.journal,
        [[one.name, one.is_major, [[sub.name, sub.major] for sub in one.qualifiers]] for one in paper.mesh],
        [kind.name for kind in paper.publication_types],
        [substance.name for substance in paper.substances],
        [link.kind for link in paper.corrections],
        paper.conflict_of_interest,
        [[grant.agency, grant.number, grant.acronym] for grant in paper.grants],
        paper.affiliations,
    ]
    return hashlib.sha256(json.dumps(read).encode()).hexdigest()
