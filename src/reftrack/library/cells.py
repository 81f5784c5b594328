"""Cells of the evidence map: a condition, an outcome and a study type, and the papers that stand in each.

A paper stands in every cell that its conditions and outcomes make with its primary study type, and in those of their
parents, because a parent finds its children.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from .opening import Connection
from .selecting import CHUNK, filed_tags

EVIDENCE = ("meta-analysis", "systematic-review", "rct", "nonrandomized-trial", "cohort", "case-control")
"""Study types in humans that answer what a treatment does, those first that answer best."""


class Cell(NamedTuple):
    """One field of the map."""

    condition: str
    outcome: str
    study: str


class Standing(NamedTuple):
    """A paper and the cells it stands in."""

    pmid: int
    year: int
    cells: tuple[Cell, ...]
    """Its own tags first, then their parents."""


def standing(connection: Connection, pmids: Sequence[int]) -> Iterator[Standing]:
    """These papers where they stand; one without a year, a condition, an outcome or a study type is passed over."""
    parents = {tag: parent for tag, parent in connection.rows("SELECT tag, parent FROM tags") if parent}
    for start in range(0, len(pmids), CHUNK):
        part = pmids[start : start + CHUNK]
        marks = ",".join("?" * len(part))
        years: dict[int, int | None] = dict(
            connection.rows(f"SELECT pmid, year FROM papers WHERE pmid IN ({marks})", part)
        )
        tags = filed_tags(connection, part)
        for pmid in part:
            filed, study = tags.get(pmid, ({}, ""))
            conditions = _with_parents(filed.get("condition", ()), parents)
            outcomes = _with_parents(filed.get("outcome", ()), parents)
            year = years.get(pmid)
            if study and year and conditions and outcomes:
                cells = tuple(Cell(condition, outcome, study) for condition in conditions for outcome in outcomes)
                yield Standing(pmid, year, cells)


def after(connection: Connection, year: int, studies: Iterable[str]) -> list[int]:
    """Papers of these study types that appeared after a year and were not retracted, the newest first."""
    chosen = list(studies)
    marks = ",".join("?" * len(chosen))
    return [
        pmid
        for (pmid,) in connection.rows(
            f"""SELECT t.pmid FROM paper_tags t JOIN papers p ON p.pmid = t.pmid
            WHERE t.facet = 'study' AND t.is_primary AND t.tag IN ({marks}) AND p.year > ? AND NOT p.retracted
            ORDER BY p.year DESC, t.pmid DESC""",
            (*chosen, year),
        )
    ]


def _with_parents(tags: Iterable[str], parents: Mapping[str, str]) -> list[str]:
    found = list(dict.fromkeys(tags))
    for tag in found:  # it grows while it is walked through: a parent may have one
        if (parent := parents.get(tag)) and parent not in found:
            found.append(parent)
    return found
