"""Held papers → a gold file to label by hand; decisions by hand → a gold file.

What is drawn depends on the seed and on what is held, on nothing else: papers stand in the order of a hash of both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from .. import tagging
from ..evaluation import gold_header, gold_line
from ..library.reading import Reader
from ..model import HandTag, HeldPaper, Paper, TagDefinition
from ..tagging import RuleSet

LOOKED_AT = 20
"""Papers without the tag that are looked at for each one drawn: is there anything that looks like the tag?"""
BLANK = "Fill in `tags`; a paper that is left as it is counts as having none of what is labelled."
BIASED = "Decisions by hand, made where somebody looked: figures on them are not those of a random sample."


@dataclass(frozen=True, slots=True)
class Drawn:
    """A gold file, and what to say of it."""

    lines: tuple[str, ...]
    """The header first."""
    papers: int
    without: tuple[str, ...] = ()
    """Tags that were decided and that no rule knows any more."""


def draw(
    library: Reader,
    rules: RuleSet,
    *,
    tag: TagDefinition | None,
    facets: Sequence[str],
    number: int,
    seed: int,
    ours: bool,
) -> Drawn:
    """Papers to label: for a tag a third each that has it, may have it and looks a little like it; else any.

    Blank, so that nobody is led by what the rules say; `ours` adds that all the same.
    """
    if tag:
        pmids, labelled = _for_tag(library, rules, tag, number, seed)
    else:
        pmids, labelled = _shuffled(library.held_pmids(), seed)[:number], list(facets) or list(rules.facets)
    lines = [gold_header(f"sample of {' '.join(labelled)}, seed {seed}", labelled, BLANK)]
    for held in library.held(_shuffled(pmids, seed)):
        said = [f"{one.facet}/{one.slug}" for one in library.rule_tags(held.paper.pmid) if one.state == "tagged"]
        lines.append(gold_line(held.paper, ours=said if ours else ()))
    return Drawn(tuple(lines), len(lines) - 1)


def _for_tag(
    library: Reader, rules: RuleSet, tag: TagDefinition, number: int, seed: int
) -> tuple[list[int], list[str]]:
    states = library.ruled([tag.slug, *tagging.below(tag.slug, rules)])
    absent = _shuffled([pmid for pmid in library.held_pmids() if pmid not in states], seed)
    pools = [
        _shuffled([pmid for pmid, state in states.items() if state == wanted], seed)
        for wanted in ("tagged", "possible")
    ]
    pools.append(_like_it_first(library, rules, tag.slug, absent, number))
    return _in_turn(pools, number), [f"{tag.facet}/{tag.slug}"]


def _like_it_first(library: Reader, rules: RuleSet, slug: str, absent: Sequence[int], number: int) -> list[int]:
    """Papers without the tag: those first in which some word or mark speaks for it, counted or masked."""
    looked = absent[: LOOKED_AT * number]
    like = {held.paper.pmid for held in library.held(looked) if _looks_like(held.paper, rules, slug)}
    return sorted(absent, key=lambda pmid: pmid not in like)


def _looks_like(paper: Paper, rules: RuleSet, slug: str) -> bool:
    found = tagging.explain(paper, rules, slug)
    return bool(found.evidence or found.masked)


def _in_turn(pools: Sequence[list[int]], number: int) -> list[int]:
    """One of each pool after the other until there are enough; an empty pool is passed over."""
    drawn: list[int] = []
    for place in range(max(map(len, pools), default=0)):
        drawn += [pool[place] for pool in pools if place < len(pool)]
    return drawn[:number]


def _shuffled(pmids: Sequence[int], seed: int) -> list[int]:
    return sorted(pmids, key=lambda pmid: (hashlib.sha256(f"{seed} {pmid}".encode()).digest(), pmid))


def decided(library: Reader, rules: RuleSet) -> Drawn:
    """Every paper on which somebody decided: added tags are right, removed ones wrong, the others not judged.

    A study type that was added tells the whole facet: the paper is that, and nothing else.
    """
    decisions: dict[int, dict[str, HandTag]] = {}
    unknown: dict[str, None] = {}
    for one in library.hand_tags():
        definition = rules.resolve(one.slug)
        if definition is None:
            unknown[one.slug] = None
        else:
            decisions.setdefault(one.pmid, {})[definition.slug] = one
    found = [_decided(held, decisions[held.paper.pmid], rules) for held in library.held(sorted(decisions))]
    labelled = sorted({name for _, judged in found for name in judged})
    lines = (gold_header("decisions by hand", labelled, BIASED), *(line for line, _ in found))
    return Drawn(lines, len(found), tuple(unknown))


def _decided(held: HeldPaper, decisions: dict[str, HandTag], rules: RuleSet) -> tuple[str, list[str]]:
    """(line, what is judged on it)."""
    names = {slug: f"{rules.by_slug[slug].facet.slug}/{slug}" for slug in decisions}
    added = [slug for slug, one in decisions.items() if one.verdict == "add"]
    whole = {rules.by_slug[slug].facet.slug for slug in added if _is_ranked(slug, rules)}
    judged = sorted(
        whole | {names[slug] for slug in decisions if not (_is_ranked(slug, rules) and _in(slug, whole, rules))}
    )
    primary = [f"{tag.facet}/{tag.slug}" for tag in held.tags if tag.primary and tag.facet in whole]
    tags = list(dict.fromkeys((*(names[slug] for slug in added), *primary)))
    return gold_line(held.paper, tags, primary=primary, judged=judged), judged


def _is_ranked(slug: str, rules: RuleSet) -> bool:
    rule = rules.by_slug[slug]
    return rule.facet.exclusive and not rule.never_primary


def _in(slug: str, facets: set[str], rules: RuleSet) -> bool:
    return rules.by_slug[slug].facet.slug in facets
