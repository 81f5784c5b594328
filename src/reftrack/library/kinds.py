"""Which papers carry a tag, as a set, and what kind of paper each is: for counts over many sets of papers at once."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import NamedTuple

from .opening import Connection
from .selecting import below, find_tag

FEW = 20_000
"""Papers that are looked up one by one; of more the whole table is sooner read."""


class Kind(NamedTuple):
    """What is counted of a paper."""

    year: int | None
    retracted: bool
    study: str
    """The primary study type; "" none."""


def tagged_with(connection: Connection, name: str) -> frozenset[int]:
    """The papers that carry a tag or one below it, as `--tag` finds them. Raises UsageError for an unknown tag."""
    slugs = below(connection, find_tag(connection, name)[1])
    marks = ",".join("?" * len(slugs))
    return frozenset(pmid for (pmid,) in connection.rows(f"SELECT pmid FROM paper_tags WHERE tag IN ({marks})", slugs))


def kinds_of(connection: Connection, pmids: Collection[int]) -> dict[int, Kind]:
    """Year, retraction and primary study type of these papers."""
    among = "pmid IN (SELECT value FROM json_each(?))" if len(pmids) < FEW else "?1 <> ''"
    values = (json.dumps(list(pmids)) if len(pmids) < FEW else "all",)
    studies: dict[int, str] = dict(
        connection.rows(f"SELECT pmid, tag FROM paper_tags WHERE is_primary AND facet = 'study' AND {among}", values)
    )
    return {
        pmid: Kind(year, bool(retracted), studies.get(pmid, ""))
        for pmid, year, retracted in connection.rows(f"SELECT pmid, year, retracted FROM papers WHERE {among}", values)
        if pmid in pmids
    }


def newest_year(connection: Connection) -> int | None:
    """The year of the newest paper held; None if none has a year."""
    newest = connection.value("SELECT max(year) FROM papers")
    return None if newest is None else int(newest)
