"""Which papers report the same trial: the rules, apart from where papers are kept.

A trial is a registry number, or the numbers of several registries that one paper gives for one trial, or a paper that
gives none. Rules, each with its reason, are in docs/decisions/0026-reports-of-one-trial.md. What comes out does not
depend on the order in which papers come, and a pooled analysis changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from msgspec import Struct

from .registries import by_rank

Role = Literal["results", "secondary", "protocol", "other", "erratum", "translation", "pooled", "mention", ""]
ROLES: Final = ("results", "secondary", "protocol", "other", "erratum", "translation", "pooled", "mention")
COUNTING: Final = frozenset({"results", "secondary", "protocol"})
"""A trial is counted if a paper in one of these roles is held."""
NO_REPORT: Final = frozenset({"pooled", "mention", ""})
TYING: Final = frozenset({"results", "protocol"})
"""Of these papers alone it is believed that numbers of several registries are one trial's."""

RESULTS_TYPES: Final = ("rct", "nonrandomized-trial")
_POOLED: Final = frozenset({"meta-analysis", "systematic-review"})
_MENTIONING: Final = frozenset({"narrative-review", "guideline", "editorial-letter", "animal", "in-vitro"})

Link = Literal["erratum", "translation"]
LINKS: Final[dict[str, tuple[Link, bool]]] = {
    "ErratumFor": ("erratum", True), "ErratumIn": ("erratum", False),
    "PartialRetractionOf": ("erratum", True), "PartialRetractionIn": ("erratum", False),
    "RetractionOf": ("erratum", True), "RetractionIn": ("erratum", False),
    "ExpressionOfConcernFor": ("erratum", True), "ExpressionOfConcernIn": ("erratum", False),
    "CorrectedandRepublishedFrom": ("translation", True), "CorrectedandRepublishedIn": ("translation", False),
    "RetractedandRepublishedFrom": ("translation", True), "RetractedandRepublishedIn": ("translation", False),
    "RepublishedFrom": ("translation", True), "RepublishedIn": ("translation", False),
    "ReprintOf": ("translation", True), "ReprintIn": ("translation", False),
    "UpdateOf": ("translation", False), "UpdateIn": ("translation", True),
}  # fmt: skip
"""RefType → what the other paper makes of the first, and whether the paper that has the link is the one that repeats.
UpdateIn of a preprint leads to the article: there the earlier paper is the further one."""


def role_of(primary: str, *, secondary: bool, pooled: bool) -> Role:
    """What a paper is to a trial, by its primary study type, the tag secondary-analysis, and its title."""
    if primary == "correction":
        return "erratum"
    if pooled or primary in _POOLED:
        return "pooled"
    if primary in _MENTIONING:
        return "mention"
    if primary == "protocol":
        return "protocol"
    if secondary:
        return "secondary"
    return "results" if primary in RESULTS_TYPES else "secondary" if primary in _ALONGSIDE else "other"


_ALONGSIDE: Final = frozenset({"economic", "pharmacokinetic"})
"""Types that are made of a trial's data, so that one with a registry number tells of a trial."""


class Report(Struct, frozen=True, gc=False):
    """What a paper says of which trial it reports."""

    pmid: int
    role: Role
    numbers: tuple[tuple[str, str, bool], ...] = ()
    """(number, registry, whether the record itself names it)."""


class HandTrial(Struct, frozen=True, gc=False):
    """What a person said of the trial of a paper."""

    verdict: Literal["join", "alone", "none"]
    trial: str = ""
    """A registry number or `PMID n`; of join."""
    because: str = ""
    who: str = ""
    at: str = ""


@dataclass(slots=True)
class Grouping:
    """Papers by trial."""

    trial: dict[int, str] = field(default_factory=dict)
    """PMID → trial; also of errata alone, which count for nothing."""
    role: dict[int, Role] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """Registry number → the trial it belongs to."""
    naming: dict[str, set[int]] = field(default_factory=dict)
    """Trial → papers that name it and are no report of it: pooled analyses, reviews, papers on several trials."""
    counted: set[str] = field(default_factory=set)

    def names_of(self, trial: str) -> set[str]:
        """The registry numbers of a trial."""
        return {number for number, name in self.names.items() if name == trial}


def name_of(pmid: int) -> str:
    """The name of a trial that is known by a paper alone."""
    return f"PMID {pmid}"


def group(
    reports: Iterable[Report], links: Iterable[tuple[int, int, Link]] = (), hands: Mapping[int, HandTrial] | None = None
) -> Grouping:
    """Group papers into trials. `links` are (the paper that repeats or corrects, the other, how)."""
    hands = hands or {}
    held = {one.pmid: one for one in reports}
    done = Grouping(names=_names([one for one in held.values() if one.pmid not in hands]))
    for one in held.values():  # numbers of papers in hand have a name as well
        for number, _, _ in one.numbers:
            done.names.setdefault(number, number)
    rank = {number: by_rank(number, registry) for one in held.values() for number, registry, _ in one.numbers}
    links = sorted({link for link in links if link[0] in held and link[1] in held and link[0] != link[1]})
    repeats = {child for child, _, how in links if how == "translation"}
    for one in held.values():
        if one.pmid in hands:
            _place_by_hand(done, one, hands[one.pmid])
        else:
            _place_by_number(done, one, rank)
    _place_repeated(done, held, [(a, b) for a, b, how in links if how == "translation"], hands)
    for pmid in held:
        if pmid in repeats and done.role[pmid] == "results" and pmid not in hands:
            done.role[pmid] = "translation"
    for one in held.values():
        if one.pmid not in done.trial and done.role[one.pmid] == "results":
            done.trial[one.pmid] = name_of(one.pmid)
    for pmid in sorted(pmid for pmid, said in hands.items() if said.verdict == "join" and pmid in held):
        done.trial[pmid] = _led_to(done, hands, pmid)
    _place_errata(done, held, links, hands)
    done.counted = {trial for pmid, trial in done.trial.items() if done.role[pmid] in COUNTING}
    # A copy of which the original is not held is all that is known of its trial.
    done.counted |= {trial for pmid, trial in done.trial.items() if done.role[pmid] == "translation"}
    return done


def _names(reports: Iterable[Report]) -> dict[str, str]:
    """Number → the name of its trial. Ties by which two numbers of one registry would be one trial are not believed."""
    registry: dict[str, str] = {}
    tied: dict[str, set[str]] = defaultdict(set)
    for one in reports:
        registry.update((number, where) for number, where, _ in one.numbers)
        numbers = sorted({number for number, _, _ in one.numbers})
        if one.role in TYING and len({registry[number] for number in numbers}) == len(numbers):
            for number in numbers:
                tied[number].update(numbers)
    names: dict[str, str] = {}
    for number in registry:
        if number in names:
            continue
        together, waiting = {number}, [number]
        while waiting:
            new = tied[waiting.pop()] - together
            together |= new
            waiting.extend(new)
        if len({registry[other] for other in together}) == len(together):
            name = min(together, key=lambda other: by_rank(other, registry[other]))
            names.update(dict.fromkeys(together, name))
        else:
            names.update((other, other) for other in together)
    return names


def _place_by_number(done: Grouping, one: Report, rank: Mapping[str, tuple[int, str]]) -> None:
    """By the numbers that the record names, else by those of the words; of several by the first."""

    def in_order(numbers: Iterable[str]) -> list[str]:
        return sorted({done.names[number] for number in numbers}, key=lambda name: rank.get(name, (99, name)))

    found = in_order(number for number, _, _ in one.numbers)
    own = in_order(number for number, _, recorded in one.numbers if recorded) or found
    role = one.role
    if len(own) > 1 and role not in TYING and role not in NO_REPORT:
        role = "pooled"  # tells of several trials, and is the first report of none
    done.role[one.pmid] = role
    first = ""
    if found and role not in NO_REPORT:
        first = done.trial[one.pmid] = own[0]
    for name in found:
        if name != first:
            done.naming.setdefault(name, set()).add(one.pmid)


def _place_by_hand(done: Grouping, one: Report, hand: HandTrial) -> None:
    if hand.verdict == "none":
        done.role[one.pmid] = "mention"
    elif hand.verdict == "alone":
        done.role[one.pmid] = "results"
        done.trial[one.pmid] = name_of(one.pmid)
    else:
        done.role[one.pmid] = "secondary" if one.role in NO_REPORT or one.role == "other" else one.role


def _place_repeated(
    done: Grouping, held: Mapping[int, Report], links: Sequence[tuple[int, int]], hands: Mapping[int, HandTrial]
) -> None:
    """Copies of one report (translation, republication, preprint and article) are of one trial."""
    beside: dict[int, set[int]] = defaultdict(set)
    for child, other in links:
        # An erratum is of the trial of the paper it corrects, and lends no other paper the number that it names.
        if not {done.role[child], done.role[other]} & {*NO_REPORT, "erratum"}:
            beside[child].add(other)
            beside[other].add(child)
    children = {child for child, _ in links}
    seen: set[int] = set()
    for pmid in sorted(beside):
        if pmid in seen:
            continue
        together, waiting = {pmid}, [pmid]
        while waiting:
            new = beside[waiting.pop()] - together
            together |= new
            waiting.extend(new)
        seen |= together
        free = [other for other in together if other not in done.trial and other not in hands]
        names = {done.trial[other] for other in together if other in done.trial}
        names |= {done.names.get(hands[o].trial, hands[o].trial) for o in together if o in hands and hands[o].trial}
        if not names and any(held[other].role == "results" for other in together):
            names = {name_of(min(together - children or together))}
        if len(names) == 1:
            done.trial.update(dict.fromkeys(free, min(names)))


def _led_to(done: Grouping, hands: Mapping[int, HandTrial], pmid: int) -> str:
    """The trial that a paper was joined to, also over other papers that were joined."""
    passed = [pmid]
    while True:
        trial = hands[passed[-1]].trial
        if not trial.startswith("PMID "):
            return done.names.get(trial, trial)
        other = int(trial[5:])
        if other in passed:
            return name_of(min(passed[passed.index(other) :]))
        if other not in hands or hands[other].verdict != "join":
            return done.trial.get(other, trial)
        passed.append(other)


def _place_errata(
    done: Grouping, held: Mapping[int, Report], links: Iterable[tuple[int, int, Link]], hands: Mapping[int, HandTrial]
) -> None:
    for child, other, how in links:
        if how != "erratum" or child in hands:
            continue
        done.role[child] = "erratum"
        if other in done.trial and (child not in done.trial or not held[child].numbers):
            done.trial[child] = done.trial[other]
