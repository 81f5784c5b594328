"""A Paper and a RuleSet become Tags with their evidence: a pure function, the same bytes for the same input.

Each rule that the reading hit is weighed: masks and negations first, then the best two hits of every zone, each
times the zone's factor, then the indexers' marks. What is tagged in an exclusive facet is ranked, and only what
may stand beside the primary tag is kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..model import Evidence, Paper, Tag, TagState
from .paper import Guard, Hit, Reading, evidence
from .rules import Facet, Kind, Rule, RuleSet
from .sections import BARE, NAMES

MOST_EVIDENCE = 6
MOST_MASKED = 3
NEGATION_REACH = 8
"""Words between "no history of" and the last item of the list that it negates; a facet may say otherwise."""
SHORT_REACH = 2
"""The same for one word: "without dementia", but not "with or without a device in acute stroke"."""
NEGATION_AFTER_REACH = 5


_ACRONYM = int(Kind.ACRONYM)
"""A plain number: looking a member up in its enumeration costs more than the comparison."""
_APART = 1_000_000
"""Words counted through all parts: more than a part can have, so that one number tells where a word stands."""
_ROUNDING = 0.05
"""More than a score can gain because each of its parts is rounded."""


class Finding:
    """What one rule makes of one paper."""

    __slots__ = ("claimed", "counted", "marks", "masked", "primary", "removed", "rule", "score", "state")

    def __init__(self, rule: Rule, marks: Sequence[Evidence]) -> None:
        self.rule = rule
        self.marks = list(marks)
        self.counted: list[tuple[float, Hit]] = []
        self.masked: list[tuple[Hit, str]] = []
        self.score = 0.0
        self.state: TagState | None = None
        self.removed = ""
        self.claimed = False
        self.primary = False

    def evidence(self) -> tuple[Evidence, ...]:
        """What counts: the indexers' marks, then the text, strongest first."""
        return (*self.marks, *(evidence(hit, worth) for worth, hit in self.counted))

    def not_counted(self) -> tuple[Evidence, ...]:
        """What looked like the tag but was masked, negated or unclear."""
        return tuple(evidence(hit, 0.0, why) for hit, why in self.masked)


def tag(paper: Paper, rules: RuleSet) -> tuple[Tag, ...]:
    """The tags that the rules give a paper, in the rules' order. Parents are implied by children, never given."""
    found = analyse(paper, rules)
    return tuple(_tag(finding) for place in sorted(found) if (finding := found[place]).state)


def _tag(finding: Finding) -> Tag:
    rule = finding.rule
    shown = finding.counted[: max(MOST_EVIDENCE - len(finding.marks), 0)]  # the rest is never looked at
    return Tag(
        facet=rule.facet.slug,
        slug=rule.slug,
        state=finding.state or "possible",
        score=finding.score,
        threshold=rule.threshold,
        primary=finding.primary,
        evidence=(
            *finding.marks[:MOST_EVIDENCE],
            *(evidence(hit, worth) for worth, hit in shown),
            *(evidence(hit, 0.0, why) for hit, why in finding.masked[:MOST_MASKED]),
        ),
    )


def analyse(paper: Paper, rules: RuleSet, *, everything: bool = False) -> dict[int, Finding]:
    """What the rules make of the paper, by the rule's place: those that may tag it, or all that found anything.

    `everything` is asked of one paper, whose reader waits; without it, of one paper after another.
    """
    reading = Reading(paper, rules, alone=everything)
    found: dict[int, Finding] = {}
    exclusive: dict[str, list[Finding]] = {}
    places = {*reading.hits, *reading.marks, *rules.sourced}
    ranked = False
    for place in sorted(places, key=rules.turns.__getitem__):
        rule = rules.rules[place]
        if not (everything or _may_tag(rule, reading, found)):
            continue
        if not (ranked or rule.facet.exclusive):
            _rank_all(exclusive)
            ranked = True
        finding = _weigh(rule, reading, found)
        if finding.counted or finding.marks or finding.masked:
            found[place] = finding
            if rule.facet.exclusive:
                exclusive.setdefault(rule.facet.slug, []).append(finding)
    if not ranked:
        _rank_all(exclusive)
    return found


def _may_tag(rule: Rule, reading: Reading, found: dict[int, Finding]) -> bool:
    """Whether the rule could reach its lower threshold if nothing were masked; saves weighing most of them."""
    if rule.place in reading.marks:
        return True
    if rule.sources and any(source in found for source in reading.rules.sourced[rule.place]):
        return True
    enough = rule.possible - _ROUNDING
    for hit in reading.hits[rule.place]:
        if hit[4][3] > 0:
            enough += hit[0]
            if enough <= 0:
                return True
    return False


def _weigh(rule: Rule, reading: Reading, found: dict[int, Finding]) -> Finding:
    """The rule's score and state, and what they rest on."""
    marks = reading.marks.get(rule.place, ())
    finding = Finding(rule, marks)
    if marks:
        finding.claimed = sum(mark.weight for mark in marks if mark.field == "publication_type") >= rule.threshold
    if rule.place in reading.hits:
        _weigh_text(reading, finding)
    if rule.sources:
        finding.marks += _sources(rule, reading.rules, found)
    if finding.claimed:  # nothing may speak against what a publication type says
        finding.marks = [mark for mark in finding.marks if mark.weight > 0]
        finding.counted = [one for one in finding.counted if one[0] > 0]
    score: float = 0
    for worth, _ in finding.counted:
        score += round(worth, 3)
    if finding.marks:
        score += sum(mark.weight for mark in finding.marks)
    finding.score = round(score, 3)
    if finding.score < rule.possible:
        return finding
    finding.state = "tagged" if finding.score >= rule.threshold else "possible"
    finding.removed = _unless_tags(rule, found) or ("" if finding.claimed else _unless_words(rule, reading))
    if finding.removed:
        finding.state = None
    return finding


def _sources(rule: Rule, rules: RuleSet, found: dict[int, Finding]) -> list[Evidence]:
    """Other tags of the paper that speak for this one."""
    return [
        Evidence(f"{rule.slug}.from: {slug}", "tag", "", 0, 0, len(slug), slug, weight)
        for slug, weight in rule.sources
        if (source := rules.by_slug.get(slug)) and (other := found.get(source.place)) and other.state == "tagged"
    ]


def _unless_tags(rule: Rule, found: dict[int, Finding]) -> str:
    """Which other tag takes this one away although it scored; "" if none does."""
    if rule.needs or rule.unless_tags or rule.unless_primary:
        tagged = {one.rule.slug: one.primary for one in found.values() if one.state == "tagged"}
        if rule.needs and not tagged.keys() & set(rule.needs):
            return f"needs {' or '.join(rule.needs)}"
        for slug in rule.unless_tags:
            if slug in tagged:
                return f"unless {slug}"
        for slug in rule.unless_primary:
            if tagged.get(slug):
                return f"unless {slug} is primary"
    return ""


def _unless_words(rule: Rule, reading: Reading) -> str:
    """Which words take the tag away although it scored; "" if none do."""
    for hit in reading.guards.get(rule.place, ()):
        entry, part, first, last = hit
        if entry.kind == Kind.UNLESS and entry.places & (zone := part.zone(first)):
            return f"unless the {NAMES.get(zone & ~BARE, 'text')} says {part.quote(first, last)!r}"
    return ""


def _weigh_text(reading: Reading, finding: Finding) -> None:
    rule = finding.rule
    hits = reading.hits[rule.place]
    doubted = rule.place in reading.guards or rule.has_acronyms or (rule.minds and reading.has_negations)
    finding.counted = _best(_free(hits, reading, finding) if doubted else hits, rule)


def _free(hits: Sequence[Hit], reading: Reading, finding: Finding) -> list[Hit]:
    """The hits that no mask, negation or doubt about an acronym speaks against; the others are kept as masked."""
    rule = finding.rule
    masks = [hit for hit in reading.guards.get(rule.place, ()) if hit[0].kind == Kind.MASK]
    minds = rule.minds
    free: list[Hit] = []
    unclear: list[Hit] = []
    for hit in hits:
        why = _mask(hit, masks) if masks else ""
        if not why and minds and hit[5].negations:
            why = _negation(hit, rule.facet)
        if why:
            finding.masked.append((hit, why))
        elif hit[4][4].kind == _ACRONYM:
            unclear.append(hit)
        else:
            free.append(hit)
    if unclear:
        clear = bool(finding.marks) or any(entry.places & abs(side) for _, _, _, _, (_, _, _, side, entry), _ in free)
        for hit in unclear:
            why = reading.unclear(hit, clear=clear)
            if why:
                finding.masked.append((hit, why))
            else:
                free.append(hit)
    finding.masked.sort(key=_in_text)
    return free


def _in_text(masked: tuple[Hit, str]) -> tuple[int, int, int, int]:
    """The order of the text, whatever order the tries find things in."""
    _, number, first, minus_last, worth, _ = masked[0]
    return number, first, minus_last, worth[2]


def _mask(hit: Hit, masks: Sequence[Guard]) -> str:
    _, _, hit_first, minus_last, _, hit_part = hit
    for entry, part, first, last in masks:
        if part is hit_part and first <= -minus_last and hit_first <= last:
            return entry.phrase
    return ""


def _negation(hit: Hit, facet: Facet) -> str:
    """The negation within whose reach a hit stands."""
    _, _, hit_first, minus_last, _, part = hit
    hit_last = -minus_last
    words = part.read.words
    for entry, first, last in part.negations:
        reach = NEGATION_REACH if last > first or facet.reach else SHORT_REACH
        if facet.reach and hit[4][3] > 0:
            reach = facet.reach
        if entry.kind == Kind.NEGATION and 0 < hit_first - last <= reach:
            near, far = last, hit_first
        elif entry.kind == Kind.NEGATION_AFTER and 0 < first - hit_last <= NEGATION_AFTER_REACH:
            near, far = hit_last, first
        elif facet.reach and hit_first < first and last < hit_last:  # "this work was not funded by"
            near, far = first, last
        else:
            continue
        if entry.rule.startswith(facet.slug + ".") and not any(word.ends for word in words[near:far]):
            return f"negated: {entry.phrase}"
    return ""


def _best(hits: Sequence[Hit], rule: Rule) -> list[tuple[float, Hit]]:
    """The hits that count, with what each adds: in every zone the best few that do not overlap, for and against."""
    most = rule.hits
    kept: list[tuple[float, Hit]] = []
    counts: dict[int, int] = {}
    taken_for: list[tuple[int, int]] = []
    taken_against: list[tuple[int, int]] = []
    for hit in sorted(hits):
        minus, number, first, minus_last, worth, _ = hit
        side = worth[3]
        count = counts.get(side, 0)
        if count >= most or not minus:
            continue
        taken = taken_for if side > 0 else taken_against
        start, end = number * _APART + first, number * _APART - minus_last
        for other_start, other_end in taken:
            if other_start <= end and start <= other_end:
                break
        else:
            taken.append((start, end))
            counts[side] = count + 1
            kept.append((-minus if side > 0 else minus, hit))
    return kept


def _rank_all(exclusive: dict[str, list[Finding]]) -> None:
    """In each exclusive facet the primary tag is chosen, and losers that say nothing beside it go."""
    for findings in exclusive.values():
        primary = _primary([one for one in findings if one.state == "tagged" and not one.rule.never_primary])
        if primary:
            primary.primary = True
            slug = primary.rule.slug
            for one in findings:
                if one.state and one is not primary and slug not in one.rule.beside:
                    one.removed = f"{slug} is primary"
                    one.state = None


def _primary(candidates: list[Finding]) -> Finding | None:
    """Publication types beat text, unless what they say yields to what the text says; then the rank decides."""
    claims = [one for one in candidates if one.claimed]
    if claims:
        given_way = {slug for one in claims for slug in one.rule.yields}
        candidates = [one for one in candidates if one.claimed or one.rule.slug in given_way]
    return min(candidates, key=_rank, default=None)


def _rank(finding: Finding) -> tuple[int, float, str]:
    rule = finding.rule
    return (rank_of(finding), -(finding.score - rule.threshold), rule.slug)


def rank_of(finding: Finding) -> int:
    """The finding's claim to be primary, lowest first: of words, of few words, or of a publication type."""
    rule = finding.rule
    if finding.claimed:
        return rule.claimed_rank or rule.rank
    return rule.weak_rank if finding.score < rule.weak_below else rule.rank
