"""How records came into the library and what readers said of them: what a flow diagram and a search appendix count.

Every row of where a record was found, as sets of PMIDs by source: counting is for others. Narrow rows only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ..citation import Decision
from .imported import IMPORTS
from .ledger import PUBMED
from .opening import Connection
from .selecting import NEWEST


@dataclass(slots=True)
class Found:
    """The records that one source brought by one query, or that one file named."""

    kind: str
    """query: PubMed was asked; offline: a query was read over records of a file; import: a file was brought in;
    failed: PubMed was asked and no answer is complete; unknown: nothing says where they are from."""
    source: str
    """The file, or "sample"; pubmed."""
    query: str = ""
    number: int = 0
    """Of the import."""
    pmids: list[int] = field(default_factory=list)
    """A PMID stands as often as the source names it; also of records that are not held."""
    left: set[int] = field(default_factory=set)
    """Those that the query does not find any more."""
    unmatched: int = 0
    """Entries of a file of which no paper is held."""


class HeldSince(NamedTuple):
    """All papers, and those that came since."""

    every: frozenset[int]
    new: frozenset[int]


def held_since(connection: Connection, since: str) -> HeldSince:
    """The papers of the library and those first seen at `since` (ISO 8601, UTC) or later; without it all are new."""
    # SQLite makes one text of all PMIDs sooner than a row of each.
    every = frozenset(
        json.loads(connection.value("SELECT json_group_array(pmid) FROM papers INDEXED BY papers_narrow"))
    )
    if not since:
        return HeldSince(every, every)
    new = "SELECT json_group_array(pmid) FROM papers INDEXED BY papers_by_first_seen WHERE first_seen >= ?"
    return HeldSince(every, frozenset(json.loads(connection.value(new, (since,)))))


def ever_found(connection: Connection, query: str) -> dict[int, bool]:
    """The PMIDs that a query ever found, each with whether it finds them no more."""
    return {
        pmid: bool(left)
        for pmid, left in connection.rows("SELECT pmid, left_run IS NOT NULL FROM hits WHERE query = ?", (query,))
    }


def found(connection: Connection, since: str, new: frozenset[int]) -> list[Found]:
    """Where records were found since, by source; of a new paper also what found it before it was stored.

    A paper that PubMed itself named stands under its query alone, whatever file it came from first.
    """
    sources: dict[tuple[str, str], Found] = {}
    for query, source, after, left, listed in connection.rows(
        """SELECT h.query, l.source, f.started >= ?, h.left_run IS NOT NULL, json_group_array(h.pmid)
        FROM hits h CROSS JOIN runs f ON f.run = h.first_run CROSS JOIN runs l ON l.run = h.last_run
        WHERE h.query <> ? GROUP BY 1, 2, 3, 4""",
        (since, IMPORTS),
    ):
        pmids = json.loads(listed)
        if not after:
            pmids = [pmid for pmid in pmids if pmid in new]
        if not pmids:
            continue
        one = sources.get((source, query))
        if one is None:
            kind = "query" if source == PUBMED else "offline"
            one = sources[source, query] = Found(kind, source, query)
        one.pmids += pmids
        if left:
            one.left.update(pmids)
    in_order = sorted(sources.values(), key=lambda one: (one.kind != "query", one.source, one.query))
    return [*in_order, *_imported(connection, since, new)]


def _imported(connection: Connection, since: str, new: frozenset[int]) -> Iterable[Found]:
    files: dict[int, Found] = {}
    late = set()
    for number, file, at in connection.rows("SELECT import, file, at FROM imports WHERE undone = '' ORDER BY import"):
        files[number] = Found("import", file, number=number)
        if at >= since:
            late.add(number)
    for number, pmid in connection.rows("SELECT import, pmid FROM import_entries"):
        one = files.get(number)
        if one is None or not (number in late or pmid in new):
            continue
        if pmid is None:
            one.unmatched += 1
        else:
            one.pmids.append(pmid)
    return [one for one in files.values() if one.pmids or one.unmatched]


def decided(connection: Connection, before: str = "") -> dict[int, list[Decision]]:
    """Each reader's newest decision on each paper: those that stand, or that stood just before a time (UTC)."""
    moment = "CASE act WHEN '' THEN at ELSE substr(act, 1, 20) END"
    standing = f"(undone = '' OR undone >= :before) AND {moment} < :before" if before else "undone = ''"
    found: dict[int, list[Decision]] = {}
    read: dict[str, tuple[str, ...]] = {}
    for pmid, verdict, who, reasons in connection.rows(
        f"""SELECT pmid, verdict, who, reasons FROM (
            SELECT pmid, who, verdict, reasons, max({NEWEST}) FROM decisions WHERE {standing} GROUP BY pmid, who)
        ORDER BY pmid, who""",
        {"before": before} if before else {},
    ):
        if reasons not in read:  # the same few, mostly
            read[reasons] = tuple(json.loads(reasons))
        found.setdefault(pmid, []).append(Decision(verdict, who, read[reasons]))
    return found


def deleted(connection: Connection) -> list[int]:
    """Held papers that PubMed no longer serves, ascending."""
    rows = connection.rows("SELECT pmid FROM checks INDEXED BY checks_deleted WHERE deleted <> '' ORDER BY pmid")
    return [pmid for (pmid,) in rows]


class Search(NamedTuple):
    """A run, as a report tells of it."""

    run: int
    query: str
    source: str
    status: str
    term: str
    translation: str
    finds: int
    """How many papers the source said that the query finds."""
    received: int
    started: str
    finished: str
    server: str
    problem: str
    warnings: tuple[str, ...]
    """What the source remarked on the term, as words that it ignored."""


def searches(connection: Connection, *, terms: bool = True) -> list[Search]:
    """Every run of a saved query, oldest first; `terms` says whether also what was asked word by word."""
    asked = "term, translation" if terms else "'', ''"
    return [
        Search._make((*row[:-1], tuple(json.loads(row[-1]))))
        for row in connection.rows(
            f"""SELECT run, query, source, status, {asked}, count, received, started, coalesce(finished, ''), server,
            problem, {"warnings" if terms else "'[]'"} FROM runs WHERE query <> ? ORDER BY run""",
            (IMPORTS,),
        )
    ]


def missed(connection: Connection, run: int) -> int:
    """How many papers a run asked for in vain and that are not held."""
    return int(
        connection.value(
            """SELECT count(*) FROM run_papers e INDEXED BY run_papers_by_outcome WHERE e.run = ?
            AND e.outcome = 'missing' AND NOT EXISTS (SELECT 1 FROM papers p WHERE p.pmid = e.pmid)""",
            (run,),
        )
    )


def unreadable_entries(connection: Connection) -> int:
    """How many parts of imported files could not be read."""
    return int(
        connection.value(
            """SELECT count(*) FROM import_problems p JOIN imports i ON i.import = p.import WHERE i.undone = ''"""
        )
    )
