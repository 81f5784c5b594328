"""A Paper, rules and one tag become the reason why the tag is there, or why it is not."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

from ..errors import UsageError
from ..model import Evidence, Paper
from .engine import analyse
from .rules import Rule, RuleSet


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
    return Explanation(
        facet=rule.facet.slug,
        slug=rule.slug,
        label=rule.label,
        state=(finding.state if finding else None) or "absent",
        score=finding.score if finding else 0.0,
        threshold=rule.threshold,
        possible=rule.possible,
        primary=finding.primary if finding else False,
        evidence=finding.evidence() if finding else (),
        masked=finding.not_counted() if finding else (),
        removed=finding.removed if finding else "",
        winner="" if winner == rule.slug else winner,
        children=tuple(
            one.rule.slug for _, one in sorted(found.items()) if one.rule.slug in under and one.state == "tagged"
        ),
        needs=_needs(rule),
    )


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
    ]
    return hashlib.sha256(json.dumps(read).encode()).hexdigest()
