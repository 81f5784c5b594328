"""The rules of today are applied to papers that other rules tagged, and what that changes is told, also beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field

from .. import tagging
from ..library.writing import Library
from ..model import Tag
from .filing import Watch, uncollected, unwatched

BATCH = 500
"""Papers handled in one transaction: a retag that is stopped has lost no more than that, and goes on from there."""
EXAMPLES = 3
"""Papers named for each change: enough to look at."""
UNREAD = frozenset({"editors", "other_abstracts", "accessions", "references"})
"""Lists of a paper that tagging does not look at. It does at authors, for where they work, and at grants."""

Decisions = dict[int, dict[str, bool]]
"""By PMID: tag -> whether a person added it; the later of two decisions on it."""


@dataclass(slots=True)
class Moved:
    """Papers to which the same happened: how many, and the first of them."""

    papers: int = 0
    examples: list[int] = field(default_factory=list)

    def count(self, pmid: int) -> None:
        """One more."""
        self.papers += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(pmid)


@dataclass(slots=True)
class Retagged:
    """What a retag did, or would do."""

    looked_at: int = 0
    """Papers held."""
    tagged: int = 0
    """Papers that were tagged anew."""
    gained: dict[str, Moved] = field(default_factory=dict)
    """By tag."""
    lost: dict[str, Moved] = field(default_factory=dict)
    primary: dict[tuple[str, str, str], Moved] = field(default_factory=dict)
    """By exclusive facet, its primary tag before and that after, "" for none; only where they differ."""
    contradicted: dict[int, list[str]] = field(default_factory=dict)
    """By PMID: tags on which the rules agreed with a person's decision before, and do not now."""
    confirmed: dict[int, list[str]] = field(default_factory=dict)
    """By PMID: tags on which the rules contradicted a person's decision before, and agree now."""


def retag(
    library: Library,
    rules: tagging.RuleSet,
    *,
    everything: bool = False,
    dry_run: bool = False,
    watch: Watch = unwatched,
) -> Retagged:
    """Apply the rules to the papers that other rules tagged; a changed text is tagged when it is stored.

    `everything` also does those that are not stale; `dry_run` stores nothing. What people decided is not touched.
    Holds one batch in memory, and eight bytes for each paper, however many there are.
    """
    if not dry_run:
        library.set_vocabulary(rules.definitions, rules.facet_names)
    done = Retagged(looked_at=library.how_many())
    pmids = library.to_retag(rules.hash, everything=everything)
    decided: Decisions = {}
    for hand in library.hand_tags() if pmids else ():
        decided.setdefault(hand.pmid, {})[hand.slug] = hand.verdict == "add"
    for start in range(0, len(pmids), BATCH):
        part = pmids[start : start + BATCH].tolist()
        with nullcontext() if dry_run else library.transaction(), uncollected():
            _retag_some(library, rules, part, done, decided, dry_run=dry_run)
        watch("retag", done.tagged, len(pmids))
    return done


def _retag_some(
    library: Library,
    rules: tagging.RuleSet,
    pmids: list[int],
    done: Retagged,
    decided: Decisions,
    *,
    dry_run: bool,
) -> None:
    before = library.rule_slugs(pmids)
    tagged: list[tuple[int, tuple[Tag, ...], str]] = []
    retagged: dict[int, dict[str, bool]] = {}
    for paper in library.papers(pmids, without=UNREAD):
        tags = tagging.tag(paper, rules)
        tagged.append((paper.pmid, tags, "" if dry_run else tagging.content_hash(paper)))
        retagged[paper.pmid] = {tag.slug: tag.primary for tag in tags if tag.state == "tagged"}
        _compare(paper.pmid, before[paper.pmid], retagged[paper.pmid], rules, done)
        done.tagged += 1
    if not dry_run:
        library.set_all_rule_tags(tagged, rules_hash=rules.hash)
    for pmid, after in retagged.items() if decided else ():
        if pmid in decided:
            _ask_people(pmid, decided[pmid], before[pmid], after, rules, done)


def _compare(
    pmid: int, before: Mapping[str, bool], after: Mapping[str, bool], rules: tagging.RuleSet, done: Retagged
) -> None:
    for moved, slugs in ((done.gained, after.keys() - before.keys()), (done.lost, before.keys() - after.keys())):
        for slug in sorted(slugs):
            moved.setdefault(slug, Moved()).count(pmid)
    was, now = _primaries(rules, before), _primaries(rules, after)
    if "" in was:  # a deleted rule's tag: of the facet that has another one now
        was[next((facet for facet in now if facet not in was), "")] = was.pop("")
    for facet in sorted(was.keys() | now.keys()):
        moved_from, moved_to = was.get(facet, ""), now.get(facet, "")
        if moved_from != moved_to:
            done.primary.setdefault((facet, moved_from, moved_to), Moved()).count(pmid)


def _primaries(rules: tagging.RuleSet, tags: Mapping[str, bool]) -> dict[str, str]:
    """The primary tag of each facet that has one."""
    return {_facet(rules, slug): slug for slug, primary in tags.items() if primary}


def _ask_people(
    pmid: int,
    decided: Mapping[str, bool],
    before: Mapping[str, bool],
    after: Mapping[str, bool],
    rules: tagging.RuleSet,
    done: Retagged,
) -> None:
    """What the change means for what people decided: it stays, but it may be needed now, or not any more."""
    for slug, added in decided.items():
        agreed, agrees = (_says(rules, slug, tags) == added for tags in (before, after))
        if agreed != agrees:
            (done.confirmed if agrees else done.contradicted).setdefault(pmid, []).append(slug)


def _says(rules: tagging.RuleSet, slug: str, tags: Mapping[str, bool]) -> bool:
    """Whether the rules say what adding the tag by hand says: a study type added by hand is the primary one."""
    rule = rules.by_slug.get(slug)
    if rule and rule.facet.exclusive and not rule.never_primary and slug in tags:
        return tags[slug] or not any(tags[other] for other in tags if _facet(rules, other) == rule.facet.slug)
    return slug in tags or any(slug in _above(rules, tag) for tag in tags)


def _facet(rules: tagging.RuleSet, slug: str) -> str:
    """The facet of a tag; none if its rule was deleted."""
    return rules.by_slug[slug].facet.slug if slug in rules.by_slug else rules.switched_off.get(slug, "")


def _above(rules: tagging.RuleSet, slug: str) -> Iterator[str]:
    """The parents of a tag, nearest first: who has the tag has them."""
    seen: set[str] = set()
    while slug in rules.by_slug and (slug := rules.by_slug[slug].parent) and slug not in seen:
        seen.add(slug)
        yield slug
