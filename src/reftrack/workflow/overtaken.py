"""What a manuscript does not cite: papers that are newer than its newest in the same cell of the evidence map."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ..library.cells import EVIDENCE, Cell, after, standing
from ..library.reading import Reader
from ..library.selecting import Selection
from .findings import Finding, Link

FEW = 3
"""Papers a cell, unless somebody asks for more."""
_OUTCOMES = 3
"""Outcomes that are named; the others are counted."""


def newer(cited: Collection[int], library: Reader, *, most: int = FEW, told: Collection[int] = ()) -> Iterator[Finding]:
    """Papers held, not cited, not retracted, not excluded, and newer than all that is cited in a cell with them.

    The best kinds of evidence first, then the newest; each paper once, with its cells; at most so many a cell. Those
    that were `told` otherwise, as the newer version of a paper that is cited, are left out.
    """
    newest: dict[Cell, tuple[int, int]] = {}
    for paper in standing(library.connection, sorted(cited)):
        for cell in paper.cells:
            if cell.study in EVIDENCE:
                newest[cell] = max(newest.get(cell, (0, 0)), (paper.year, paper.pmid))
    if not newest or most < 1:
        return
    excluded = set(library.select(Selection(decision="exclude")))
    oldest = min(year for year, _ in newest.values())
    later = after(library.connection, oldest, sorted({cell.study for cell in newest}))
    candidates = [pmid for pmid in later if pmid not in excluded and pmid not in cited and pmid not in told]
    found = [
        (paper.pmid, cells)
        for paper in standing(library.connection, candidates)
        if (cells := [cell for cell in paper.cells if paper.year > newest.get(cell, (paper.year, 0))[0]])
    ]
    found.sort(key=lambda one: EVIDENCE.index(one[1][0].study))  # stable: the newest stay before
    counted: dict[Cell, int] = {}
    chosen: list[tuple[int, list[Cell]]] = []
    for pmid, cells in found:
        if any(counted.get(cell, 0) < most for cell in cells):
            chosen.append((pmid, cells))
            for cell in cells:
                counted[cell] = counted.get(cell, 0) + 1
    yield from _findings(chosen, newest, library)


def _findings(
    chosen: Sequence[tuple[int, list[Cell]]], newest: dict[Cell, tuple[int, int]], library: Reader
) -> Iterator[Finding]:
    labels = {tag.slug: tag.label for tag in library.vocabulary()}
    wanted = [pmid for pmid, _ in chosen] + [newest[cells[0]][1] for _, cells in chosen]
    held = {one.paper.pmid: one for one in library.held(list(dict.fromkeys(wanted)))}
    for pmid, cells in chosen:
        year, own = newest[cells[0]]
        outcomes = list(dict.fromkeys(cell.outcome for cell in cells if cell.condition == cells[0].condition))
        more = f" and {len(outcomes) - _OUTCOMES} more" if len(outcomes) > _OUTCOMES else ""
        cell = f"{cells[0].condition} × {', '.join(outcomes[:_OUTCOMES])}{more}"
        study = labels.get(cells[0].study, cells[0].study)
        one = held[pmid]
        yield Finding(
            "newer",
            "info",
            "",
            f"A newer {_small(study)} on {cell} than your newest, {held[own].key} ({year}).",
            pmid=pmid,
            key=one.key,
            title=one.paper.title,
            link=Link(own, "newest-cited", held[own].paper.title),
        )


def _small(label: str) -> str:
    """A label inside a sentence; RCT and the like stay as they are."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label
