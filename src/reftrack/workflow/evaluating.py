"""Labelled papers → tags by the rules → what is right, what is wrong, and what misled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from .. import evaluation, tagging
from ..errors import UsageError
from ..evaluation import FacetScore, Gold, GoldPaper, Ours, Verdict, Vocabulary
from ..model import Paper

HIDDEN: Mapping[str, str] = {
    "pt": "publication_types",
    "mesh": "mesh",
    "substances": "substances",
    "keywords": "keywords",
    "journal": "journal",
    "corrections": "corrections",
    "conflict": "conflict_of_interest",
    "grants": "grants",
    "authors": "authors",
}
"""What --hide can take away, and the field of Paper that it empties."""

Held = Callable[[Sequence[int]], Iterable[Paper]]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One gold file, and what the rules made of it."""

    gold: Gold
    papers: Mapping[int, Paper]
    """What the rules read, by the line of the gold file."""
    ours: Mapping[int, Ours]
    verdicts: tuple[Verdict, ...]
    facets: tuple[FacetScore, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A paper that the rules got wrong in one facet, and why."""

    verdict: Verdict
    title: str
    misled: tuple[tagging.Explanation, ...]
    """Of tags that are not right: what they rest on."""
    missed: tuple[tagging.Explanation, ...]
    """Of tags that are missing: what was found, and what was not counted."""


def vocabulary(rules: tagging.RuleSet) -> Vocabulary:
    """The names that a gold file may use."""
    facets = {name.casefold(): slug for slug, facet in rules.facets.items() for name in (slug, *facet.aliases)}
    exclusive = (slug for slug, facet in rules.facets.items() if facet.exclusive)
    return Vocabulary(rules.definitions, facets, exclusive, rules.resolve)


def evaluate(
    gold: Gold, rules: tagging.RuleSet, known: Vocabulary, *, hide: Iterable[str] = (), held: Held | None = None
) -> Evaluation:
    """Tag every labelled paper, without the fields of `hide`, and compare. `held` brings papers whose text is not in
    the file. Raises UsageError if there is none of them.
    """
    emptied = {HIDDEN[name]: "" if name in ("journal", "conflict") else () for name in hide}
    papers = {line: replace(paper, **emptied) for line, paper in _papers(gold, held).items()}
    ours = {line: _ours(paper, rules) for line, paper in papers.items()}
    verdicts = tuple(verdict for one in gold.papers for verdict in evaluation.judge(gold, one, ours[one.line], known))
    return Evaluation(gold, papers, ours, verdicts, tuple(evaluation.score(verdicts, known)))


def _papers(gold: Gold, held: Held | None) -> dict[int, Paper]:
    wanted = sorted({one.pmid for one in gold.papers if one.paper is None})
    found = {paper.pmid: paper for paper in held(wanted)} if wanted and held else {}
    papers: dict[int, Paper] = {}
    for one in gold.papers:
        paper = one.paper or found.get(one.pmid)
        if paper is None:
            raise UsageError(
                f"{gold.name}, line {one.line}: {one.name} has no title there and is not held; "
                "give its title and abstract, or fetch it."
            )
        papers[one.line] = paper
    return papers


def _ours(paper: Paper, rules: tagging.RuleSet) -> Ours:
    tags = tagging.tag(paper, rules)
    return Ours(
        frozenset(tag.slug for tag in tags if tag.state == "tagged"),
        {tag.facet: tag.slug for tag in tags if tag.primary},
    )


def mistakes(done: Evaluation, rules: tagging.RuleSet, known: Vocabulary) -> Iterator[Mistake]:
    """What went wrong, in the order of the file, each explained."""
    for verdict in done.verdicts:
        if verdict.wrong:
            paper = done.papers[verdict.paper.line]
            misled = _behind(verdict, done, known)
            missed = [slug for slug in known.by_slug if slug in _missing(verdict, known)]
            yield Mistake(
                verdict,
                paper.title,
                tuple(tagging.explain(paper, rules, slug) for slug in misled),
                tuple(tagging.explain(paper, rules, slug) for slug in missed),
            )


def _behind(verdict: Verdict, done: Evaluation, known: Vocabulary) -> list[str]:
    """The tags as the rules gave them that are behind the wrong ones: a child, or one that counts as another."""
    ours, merge = done.ours[verdict.paper.line], done.gold.merge
    first = ours.primary.get(verdict.facet, "")
    wrong = verdict.ours - verdict.gold
    found = [first] if first and verdict.matrix and verdict.matrix[0] != verdict.matrix[1] else []
    for slug in known.by_slug:
        counts_as = {merge.get(one, one) for one in known.with_parents([slug])}
        given = slug == first if known.is_ranked(slug) else slug in ours.tagged
        if given and slug not in found and known.with_parents(counts_as - {""}) & wrong:
            found.append(slug)
    return found


def _missing(verdict: Verdict, known: Vocabulary) -> frozenset[str]:
    row = {verdict.matrix[0]} if verdict.matrix and verdict.matrix[0] != verdict.matrix[1] else set()
    return (verdict.gold - verdict.ours) | (row & known.by_slug.keys())


# what must not get worse


@dataclass(frozen=True, slots=True)
class Floor:
    """A figure and what it must reach: `study/rct` (F1), `study.macro`, `study.micro` or `study.accuracy`."""

    name: str
    least: float
    facet: str
    figure: str
    """macro, micro, accuracy, or the slug of a tag."""

    def value(self, facets: Iterable[FacetScore]) -> float | None:
        """What was reached; None where the gold file cannot say."""
        for one in facets:
            if one.facet == self.facet:
                if self.figure in _FIGURES:
                    found: float | None = getattr(one, _FIGURES[self.figure])
                    return found
                return next((tag.f1 for tag in one.tags if tag.slug == self.figure), None)
        return None


_FIGURES = {"macro": "macro_f1", "micro": "micro_f1", "accuracy": "accuracy"}


def floor(text: str, known: Vocabulary) -> Floor:
    """`TAG=F1` as somebody types it. Raises UsageError."""
    name, sign, number = text.rpartition("=")
    try:
        least = float(number)
    except ValueError:
        least = -1
    if not sign or not 0 <= least <= 1:
        raise UsageError(f"--fail-under {text!r} is not understood; write study/rct=0.85 or study.macro=0.8.")
    facet, dot, figure = name.strip().partition(".")
    try:
        if dot:
            return _figure(known.facet(facet), figure, least, known)
        tag = known.tag(name)
    except UsageError as problem:
        raise UsageError(f"--fail-under {text!r}: {problem}") from None
    return Floor(f"{tag.facet}/{tag.slug}", least, tag.facet, tag.slug)


def _figure(facet: str, figure: str, least: float, known: Vocabulary) -> Floor:
    if figure not in _FIGURES:
        raise UsageError(f"there is no figure {figure!r}; there is {', '.join(_FIGURES)}")
    if figure == "accuracy" and facet not in known.exclusive:
        raise UsageError(f"{facet} has no primary tag, so no accuracy; ask for {facet}.micro or {facet}.macro")
    return Floor(f"{facet}.{figure}", least, facet, figure)


__all__ = [
    "HIDDEN",
    "Evaluation",
    "Floor",
    "GoldPaper",
    "Mistake",
    "evaluate",
    "floor",
    "mistakes",
    "vocabulary",
]
