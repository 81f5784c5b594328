"""What the library knows of reviews and of the trials they may cite, from narrow rows, a statement for all at once."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from .opening import Connection
from .selecting import CHUNK

FACETS = ("condition", "outcome")
"""What a review and a trial must share for the trial to be one that the review might have cited."""
RANDOMISED = "rct"


class Known(NamedTuple):
    """What is told of a paper beside its references."""

    pmid: int
    key: str
    title: str
    year: int | None
    """In which it first came out, in print or before."""
    retracted: bool
    study: str
    """Its primary study type; "" none."""


def known(connection: Connection, pmids: Collection[int]) -> dict[int, Known]:
    """These papers, by PMID."""
    rows = connection.rows(
        f"""SELECT p.pmid, coalesce(k.key, ''), p.title, {_FIRST_YEAR}, p.retracted,
            coalesce((SELECT t.tag FROM paper_tags t INDEXED BY paper_tags_by_paper
                WHERE t.pmid = p.pmid AND t.facet = 'study' AND t.is_primary = 1 LIMIT 1), '')
        FROM json_each(?) w CROSS JOIN papers p ON p.pmid = w.value LEFT JOIN citation_keys k ON k.pmid = p.pmid""",
        (_listed(pmids),),
    )
    return {
        pmid: Known(pmid, key, title, year, bool(retracted), study) for pmid, key, title, year, retracted, study in rows
    }


_FIRST_YEAR = "coalesce(min(p.year, p.electronic_year), p.year, p.electronic_year)"


def first_years(connection: Connection, pmids: Collection[int]) -> dict[int, tuple[int | None, bool]]:
    """(the year in which it first came out, whether it is retracted) of each of these papers."""
    rows = connection.rows(
        f"SELECT p.pmid, {_FIRST_YEAR}, p.retracted FROM json_each(?) w CROSS JOIN papers p ON p.pmid = w.value",
        (_listed(pmids),),
    )
    return {pmid: (year, bool(retracted)) for pmid, year, retracted in rows}


def randomised(connection: Connection) -> set[int]:
    """The papers whose primary study type is a randomised trial."""
    return {
        pmid for (pmid,) in connection.rows("SELECT pmid FROM paper_tags WHERE tag = ? AND is_primary", (RANDOMISED,))
    }


def linked(connection: Connection, pmids: Collection[int]) -> dict[int, int]:
    """How many references with a PMID each of these papers has; one that has none is left out."""
    return dict(
        connection.rows(
            """SELECT c.pmid, count(*) FROM json_each(?) w CROSS JOIN cited_papers c ON c.pmid = w.value
            GROUP BY c.pmid""",
            (_listed(pmids),),
        )
    )


def citations(connection: Connection, cited: Collection[int]) -> list[tuple[int, int]]:
    """(the paper that cites, the one of these that it cites), by PMID."""
    return connection.rows(
        """SELECT c.pmid, c.cited_pmid FROM json_each(?) w
        CROSS JOIN cited_papers c INDEXED BY cited_papers_by_cited ON c.cited_pmid = w.value""",
        (_listed(cited),),
    )


def tags_of(connection: Connection, pmids: Collection[int]) -> dict[int, dict[str, set[str]]]:
    """The tags that these papers carry themselves, by facet, of the facets that a review and a trial must share."""
    found: dict[int, dict[str, set[str]]] = {}
    for pmid, facet, tag in connection.rows(
        """SELECT t.pmid, t.facet, t.tag FROM json_each(?) w CROSS JOIN paper_tags t INDEXED BY paper_tags_by_paper
        ON t.pmid = w.value AND t.facet IN (?, ?)""",
        (_listed(pmids), *FACETS),
    ):
        found.setdefault(pmid, {}).setdefault(facet, set()).add(tag)
    return found


def above(connection: Connection) -> dict[str, frozenset[str]]:
    """Of each tag that has a parent the tags above it."""
    parents: dict[str, str] = dict(connection.rows("SELECT tag, parent FROM tags WHERE parent <> ''"))
    found: dict[str, frozenset[str]] = {}
    for tag in parents:
        passed: list[str] = []
        at = tag
        while (at := parents.get(at, "")) and at not in passed:
            passed.append(at)
        found[tag] = frozenset(passed)
    return found


def newer(connection: Connection, pmids: Collection[int]) -> dict[int, int]:
    """Of these papers those of which PubMed links a newer version, or the original, among them: that one's PMID."""
    among = set(pmids)
    found: dict[int, int] = {}
    for kind, forward in _NEWER.items():
        for pmid, other in connection.rows(
            "SELECT pmid, other_pmid FROM corrections WHERE kind = ? AND other_pmid IS NOT NULL", (kind,)
        ):
            old, new = (pmid, other) if forward else (other, pmid)
            if old != new and old in among and new in among:
                found[old] = new
    return found


_NEWER = {
    "UpdateIn": True,
    "UpdateOf": False,
    "CorrectedandRepublishedIn": True,
    "CorrectedandRepublishedFrom": False,
    "RetractedandRepublishedIn": True,
    "RetractedandRepublishedFrom": False,
    "RepublishedIn": True,
    "RepublishedFrom": False,
    "ReprintIn": True,
    "ReprintOf": False,
}
"""RefType → whether the other paper is the newer one."""


class Names(NamedTuple):
    """By what a reference without a PMID may be known to be a paper."""

    pmid: int
    doi: str
    pmcid: str
    title: str
    year: int | None
    family: str
    """Of the first author."""


def names_of(connection: Connection, pmids: Collection[int]) -> list[Names]:
    """What these papers may be known by."""
    return [
        Names(*row)
        for row in connection.rows(
            f"""SELECT p.pmid, lower(p.doi), p.pmcid, p.title, {_FIRST_YEAR},
            coalesce((SELECT a.family FROM authors a WHERE a.pmid = p.pmid ORDER BY a.position LIMIT 1), '')
            FROM json_each(?) w CROSS JOIN papers p ON p.pmid = w.value""",
            (_listed(pmids),),
        )
    ]


def records(connection: Connection, pmids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """These papers' records as they came; one that is damaged is passed over, as `doctor` tells of it."""
    for start in range(0, len(pmids), CHUNK):
        for pmid, xml in connection.rows(
            "SELECT r.pmid, r.xml FROM json_each(?) w CROSS JOIN records r ON r.pmid = w.value",
            (_listed(pmids[start : start + CHUNK]),),
        ):
            try:
                yield pmid, zlib.decompress(xml)
            except zlib.error:
                continue


def _listed(pmids: Collection[int]) -> str:
    return json.dumps(sorted(pmids))
