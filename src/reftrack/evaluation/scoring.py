"""What people say and what the rules say of the same papers become counts and figures.

In an exclusive facet the primary tags are compared. In others a tag counts where it is tagged or implied by a child,
on both sides unless the gold file says otherwise. What cannot be computed (no support, nothing predicted) is None,
never 0 or 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

from .gold import Gold, GoldPaper
from .vocabulary import Vocabulary

Z95 = 1.959963984540054
NONE = "none"
"""Row and column of the confusion matrix for papers without a primary tag."""

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Ours:
    """What the rules say of one paper."""

    tagged: frozenset[str]
    primary: Mapping[str, str]
    """Exclusive facet → its primary tag, where there is one."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One paper in one facet: what is right (`gold`) and what the rules say (`ours`) of the tags in `scope`."""

    paper: GoldPaper
    facet: str
    scope: frozenset[str]
    gold: frozenset[str]
    ours: frozenset[str]
    matrix: tuple[str, str] | None = None
    """(gold, ours): the cell of the confusion matrix, where an exclusive facet was judged whole."""

    @property
    def wrong(self) -> bool:
        """Whether the two differ."""
        return self.gold != self.ours or (self.matrix is not None and self.matrix[0] != self.matrix[1])


@dataclass(frozen=True, slots=True)
class TagScore:
    """How right the rules are about one tag."""

    facet: str
    slug: str
    tp: int
    fp: int
    fn: int
    ranked: bool = False
    """Judged as the primary tag of its facet."""

    @property
    def support(self) -> int:
        """Papers that have the tag."""
        return self.tp + self.fn

    @property
    def precision(self) -> float | None:
        """Of what the rules tag, what is right."""
        return ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float | None:
        """Of what there is, what the rules find."""
        return ratio(self.tp, self.support)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of the two; 0 where there is support and nothing was found."""
        return f1(self.tp, self.fp, self.fn)

    @property
    def precision_interval(self) -> Interval | None:
        """Wilson, 95 %."""
        return wilson(self.tp, self.tp + self.fp)

    @property
    def recall_interval(self) -> Interval | None:
        """Wilson, 95 %."""
        return wilson(self.tp, self.support)


@dataclass(frozen=True, slots=True)
class FacetScore:
    """How right the rules are in one facet."""

    facet: str
    exclusive: bool
    papers: int
    """For an exclusive facet those judged whole, else those on which any of its tags was judged."""
    tags: tuple[TagScore, ...]
    """Labelled tags, also those without support; in the rules' order."""
    confusion: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Gold → ours → papers."""

    @property
    def counted(self) -> tuple[TagScore, ...]:
        """The tags that the facet's own figures are made of."""
        return tuple(one for one in self.tags if one.ranked or not self.exclusive)

    @property
    def supported(self) -> tuple[TagScore, ...]:
        """Those of them that any paper has."""
        return tuple(one for one in self.counted if one.support)

    @property
    def macro_f1(self) -> float | None:
        """The mean F1 of the tags with support."""
        values = [one.f1 or 0.0 for one in self.supported]
        return sum(values) / len(values) if values else None

    @property
    def micro_f1(self) -> float | None:
        """F1 over all decisions on all labelled tags."""
        tp, fp, fn = (sum(getattr(one, name) for one in self.counted) for name in ("tp", "fp", "fn"))
        return f1(tp, fp, fn)

    @property
    def right(self) -> int:
        """Papers with the right primary tag, "none" included."""
        return sum(row.get(gold, 0) for gold, row in self.confusion.items())

    @property
    def accuracy(self) -> float | None:
        """Share of papers with the right primary tag; None for other facets."""
        return ratio(self.right, self.papers) if self.exclusive else None

    @property
    def accuracy_interval(self) -> Interval | None:
        """Wilson, 95 %."""
        return wilson(self.right, self.papers) if self.exclusive else None


def ratio(part: int, whole: int) -> float | None:
    """None where there is nothing to divide by."""
    return part / whole if whole else None


def f1(tp: int, fp: int, fn: int) -> float | None:
    """None without support."""
    return 2 * tp / (2 * tp + fp + fn) if tp + fn else None


def wilson(part: int, whole: int) -> Interval | None:
    """The score interval of Wilson (1927) at 95 %, which holds for few papers and for shares near 0 and 1."""
    if not whole:
        return None
    share, square = part / whole, Z95 * Z95 / whole
    middle = share + square / 2
    half = sqrt(square * (share * (1 - share) + square / 4))
    return (middle - half) / (1 + square), 1.0 if part == whole else (middle + half) / (1 + square)


def judge(gold: Gold, paper: GoldPaper, ours: Ours, vocabulary: Vocabulary) -> list[Verdict]:
    """What the rules got right and wrong on one paper, facet by facet."""
    scope = paper.judged or gold.labelled
    counted = frozenset(_merged(slug, gold) for slug in scope.slugs) - {""}
    facets = dict.fromkeys(one.facet for one in vocabulary.by_slug.values())
    verdicts = []
    for facet in facets:
        inside = counted & vocabulary.of(facet)
        if inside or facet in scope.whole:
            one = _compare(gold, paper, ours, vocabulary, facet, inside, whole=facet in scope.whole)
            if one:
                verdicts.append(one)
    return verdicts


def _compare(
    gold: Gold,
    paper: GoldPaper,
    ours: Ours,
    vocabulary: Vocabulary,
    facet: str,
    inside: frozenset[str],
    *,
    whole: bool,
) -> Verdict | None:
    """One facet; None where nothing of it is to be judged."""
    ranked = frozenset(slug for slug in inside if vocabulary.is_ranked(slug))
    plain = inside - ranked - paper.ignored
    labelled = set(paper.tags) - paper.ignored
    right = _implied(labelled, gold, vocabulary) if gold.implied else {_merged(slug, gold) for slug in labelled}
    right &= plain
    said = _implied(ours.tagged - paper.ignored, gold, vocabulary) & plain
    matrix = None
    if facet in vocabulary.exclusive:
        named = next((slug for slug in paper.primary if vocabulary.by_slug[slug].facet == facet), "")
        first = ours.primary.get(facet, "")
        pair = _merged(named, gold), _merged(first, gold)
        if paper.ignored & {named, first, *pair}:
            ranked = frozenset()  # either answer would do
        else:
            right |= {pair[0]} & ranked
            said |= {pair[1]} & ranked
            if whole:
                matrix = (pair[0] or NONE, pair[1] or NONE)
    scope = ranked | plain
    return Verdict(paper, facet, scope, frozenset(right), said, matrix) if scope or matrix else None


def _merged(slug: str, gold: Gold) -> str:
    return gold.merge.get(slug, slug)


def _implied(slugs: Iterable[str], gold: Gold, vocabulary: Vocabulary) -> frozenset[str]:
    """The tags, what they imply, and what these count as."""
    merged = (_merged(slug, gold) for slug in vocabulary.with_parents(slugs))
    return vocabulary.with_parents(slug for slug in merged if slug)


def score(verdicts: Sequence[Verdict], vocabulary: Vocabulary) -> list[FacetScore]:
    """The figures of all facets that were judged, in the rules' order."""
    counts: dict[str, Counter[str]] = {}
    papers: Counter[str] = Counter()
    confusion: dict[str, dict[str, Counter[str]]] = {}
    for one in verdicts:
        for slug in one.scope:
            tally = counts.setdefault(slug, Counter())
            tally["tp"] += slug in one.gold and slug in one.ours
            tally["fp"] += slug in one.ours and slug not in one.gold
            tally["fn"] += slug in one.gold and slug not in one.ours
        if one.matrix:
            row, column = one.matrix
            confusion.setdefault(one.facet, {}).setdefault(row, Counter())[column] += 1
        papers[one.facet] += one.matrix is not None or one.facet not in vocabulary.exclusive
    scores = []
    for facet in dict.fromkeys(one.facet for one in vocabulary.by_slug.values()):
        if facet in papers:
            tags = [
                TagScore(facet, slug, counts[slug]["tp"], counts[slug]["fp"], counts[slug]["fn"], ranked)
                for slug, one in vocabulary.by_slug.items()
                if one.facet == facet and slug in counts
                for ranked in (vocabulary.is_ranked(slug),)
            ]
            scores.append(
                FacetScore(facet, facet in vocabulary.exclusive, papers[facet], tuple(tags), confusion.get(facet, {}))
            )
    return scores
