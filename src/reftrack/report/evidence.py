"""The evidence map: what stands in which row and column, and the `reftrack list` that gives the same papers."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

NOWHERE = ""
"""The row of papers that carry no tag of the rows' facet, and the column of those that carry none of the columns'."""


class Count(NamedTuple):
    """How much stands in a cell, a row, a column or the whole map."""

    papers: int = 0
    trials: int = 0
    """Trials that the papers report, each once however many papers do."""
    new: int = 0
    retracted: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A row or a column."""

    tag: str
    label: str
    parent: str
    """"" of one at the top; else the tag whose papers include those of this."""
    depth: int
    count: Count


@dataclass(frozen=True, slots=True)
class EvidenceMap:
    """Rows, columns and what stands where they meet; the same numbers as `list` with the options it names."""

    row_facet: str
    column_facet: str
    rows: tuple[Line, ...]
    columns: tuple[Line, ...]
    cells: dict[tuple[str, str], Count]
    """(row, column) → count, where there is a paper; NOWHERE stands for those in no row, in no column."""
    total: Count
    base: tuple[str, ...] = ()
    """The options of the selection, as `list` takes them."""
    text: str = ""
    """Its words to search for."""
    new_option: tuple[str, ...] = ("--new",)
    """What chooses the new ones."""
    new_told: str = "in the newest complete run"
    """Since when they are new, for a sentence."""
    years: dict[int | None, int] = field(default_factory=dict)
    counted: str = "papers"
    """papers or trials: what a cell shows first."""
    version: str = ""

    def at(self, row: str, column: str) -> Count:
        """What stands in a cell."""
        return self.cells.get((row, column), Count())

    def gaps(self) -> Iterator[tuple[Line, Line]]:
        """Every empty cell."""
        for row in self.rows:
            for column in self.columns:
                if not self.at(row.tag, column.tag).papers:
                    yield row, column

    def nowhere(self) -> tuple[int, int]:
        """How many papers stand in no row, and how many in no column."""
        return self.at_row(NOWHERE).papers, self.at_column(NOWHERE).papers

    def at_row(self, tag: str) -> Count:
        """The total of a row, also of NOWHERE."""
        return self.cells.get((tag, ALL), Count())

    def at_column(self, tag: str) -> Count:
        """The total of a column, also of NOWHERE."""
        return self.cells.get((ALL, tag), Count())

    def options(self, row: str, column: str, more: Sequence[str] = ()) -> tuple[str, ...]:
        """The options of `list` that give the papers of a cell.

        Of papers in no row every top tag of the facet is denied; a paper may carry study types of which none is its
        primary one, so that those have a word of their own.
        """
        chosen: list[str] = []
        for facet, lines, tag in ((self.row_facet, self.rows, row), (self.column_facet, self.columns, column)):
            if tag == ALL:
                continue
            if tag == NOWHERE:
                if facet == "study":
                    chosen += ["--study", "none"]
                    continue
                for line in lines:
                    if not line.depth:
                        chosen += ["--not-tag", line.tag]
            else:
                chosen += [option_of(facet), tag]
        return (*self.base, *chosen, *more)

    def command(self, row: str, column: str, more: Sequence[str] = ()) -> str:
        """The whole command line that lists the papers of a cell."""
        return command(self.options(row, column, more), self.text)


ALL = "*"
"""The margin: a row's total over all columns, and a column's over all rows. No tag is called so."""


def option_of(facet: str) -> str:
    """Of study types a paper's primary one counts."""
    return "--study" if facet == "study" else "--tag"


def command(options: Sequence[str], text: str = "") -> str:
    """`reftrack list …`, to be pasted into a shell."""
    words = ["reftrack", "list", *options]
    if text:
        words += ["--", text] if text.startswith(("-", "+")) else [text]
    return shlex.join(words)


def shape(evidence: EvidenceMap) -> dict[str, object]:
    """The map as JSON: rows, columns, and every cell with the options that list its papers; empty cells too."""

    def line(one: Line, facet: str) -> dict[str, object]:
        return {
            "tag": one.tag,
            "label": one.label,
            "parent": one.parent or None,
            "depth": one.depth,
            **one.count._asdict(),
            "selection": [*evidence.base, option_of(facet), one.tag],
        }

    def cell(row: str, column: str) -> dict[str, object]:
        return {
            "row": row or None,
            "column": column or None,
            **evidence.at(row, column)._asdict(),
            "selection": list(evidence.options(row, column)),
        }

    rows, columns = [line.tag for line in evidence.rows], [line.tag for line in evidence.columns]
    outside = [(NOWHERE, column) for column in [*columns, NOWHERE]] + [(row, NOWHERE) for row in rows]
    return {
        "facets": {"rows": evidence.row_facet, "columns": evidence.column_facet},
        "text": evidence.text,
        "total": evidence.total._asdict(),
        "rows": [line(one, evidence.row_facet) for one in evidence.rows],
        "columns": [line(one, evidence.column_facet) for one in evidence.columns],
        "cells": [cell(row, column) for row in rows for column in columns],
        "untagged": [cell(row, column) for row, column in outside if evidence.at(row, column).papers],
        "gaps": [{"row": row.tag, "column": column.tag} for row, column in evidence.gaps()],
        "years": [{"year": year, "papers": papers} for year, papers in evidence.years.items()],
        "new": {"since": evidence.new_told, "selection": list(evidence.new_option)},
    }


class Tagged(NamedTuple):
    """A tag by which a reader of the page narrows the map."""

    facet: str
    tag: str
    label: str
    parent: int
    """Its parent's place among these; -1 of one at the top."""


@dataclass(frozen=True, slots=True)
class MapPapers:
    """The papers behind a page's cells: those that it counts anew when a reader narrows it, and what it shows of them.

    Small, because a page holds thousands: places in the lists of rows, columns and tags instead of names.
    """

    tags: tuple[Tagged, ...] = ()
    papers: tuple[tuple[object, ...], ...] = ()
    """(PMID, year or 0, 1 retracted + 2 new, rows, columns, tags, languages, trial or -1), the newest first."""
    texts: dict[int, tuple[object, ...]] = field(default_factory=dict)
    """PMID → (key, title, authors, journal, {row: sentences that it rests on}, sentences); a sentence is where it
    stands, and its text in pieces of which every second is marked."""
    uncounted: int = 0
    """Papers that are too many for a page: then it has none, and its numbers stand still."""
    without_sentences: int = 0
    """Papers that are named by their PMID alone, or stand there without their sentences, because a page would be too
    large."""
