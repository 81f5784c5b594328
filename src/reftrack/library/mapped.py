"""Where papers stand on the evidence map: by the tags of one facet, by those of another, and what is new or retracted.

All of it comes from narrow tables, never from the rows of papers (decision 0024), so that a map of a whole library is
drawn in a moment.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from .opening import Connection
from .selecting import CHUNK

STUDY = "study"
"""The facet in which a paper stands under its primary tag alone."""


@dataclass(slots=True)
class Axis:
    """The tags of a facet that are rows or columns, in order, each with the papers that stand in it."""

    facet: str
    tags: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    """"" of a tag at the top."""
    depths: list[int] = field(default_factory=list)
    papers: list[set[int]] = field(default_factory=list)
    """Those that carry the tag or one below it, as `list --tag` finds them; of study types the primary one."""
    carried: list[set[int]] = field(default_factory=list)
    """Those that carry the tag itself."""

    def everything(self) -> set[int]:
        """The papers that stand anywhere on it."""
        return set().union(*self.papers)


def axis(connection: Connection, facet: str, among: set[int] | None) -> Axis:
    """An axis of the map: parents before their children, else in the vocabulary's order; `among` None is all papers."""
    rows = connection.rows("SELECT tag, label, parent FROM tags WHERE facet = ? ORDER BY position, tag", (facet,))
    below: dict[str, list[tuple[str, str]]] = {}
    known = {tag for tag, _, _ in rows}
    for tag, label, parent in rows:
        below.setdefault(parent if parent in known else "", []).append((tag, label))
    found = Axis(facet)
    own = _own(connection, known, among, primary=facet == STUDY)

    def walk(parent: str, depth: int) -> set[int]:
        together: set[int] = set()
        for tag, label in below.get(parent, ()):
            place = len(found.tags)
            found.tags.append(tag)
            found.labels.append(label)
            found.parents.append(parent)
            found.depths.append(depth)
            found.papers.append(set())
            found.carried.append(own[tag])
            found.papers[place] = own[tag] | walk(tag, depth + 1)
            together |= found.papers[place]
        return together

    walk("", 0)
    return found


def _own(connection: Connection, tags: Iterable[str], among: set[int] | None, *, primary: bool) -> dict[str, set[int]]:
    """The papers that carry each tag itself."""
    only = " AND is_primary" if primary else ""
    found: dict[str, set[int]] = {}
    for tag in tags:
        pmids = {pmid for (pmid,) in connection.rows(f"SELECT pmid FROM paper_tags WHERE tag = ?{only}", (tag,))}
        found[tag] = pmids if among is None else pmids & among
    return found


def how_many(connection: Connection) -> int:
    """All papers of the library."""
    return int(connection.value("SELECT count(*) FROM papers"))


def every_pmid(connection: Connection) -> list[int]:
    """All papers of the library, ascending."""
    return [pmid for (pmid,) in connection.rows("SELECT pmid FROM papers INDEXED BY papers_narrow ORDER BY pmid")]


def retracted(connection: Connection) -> set[int]:
    """Those that were retracted."""
    return {pmid for (pmid,) in connection.rows("SELECT pmid FROM papers INDEXED BY papers_retracted WHERE retracted")}


def by_year(connection: Connection, among: set[int] | None) -> dict[int | None, int]:
    """How many papers each year has, the oldest first; those without a year last."""
    sql = "SELECT year, count(*) FROM papers INDEXED BY papers_narrow {} GROUP BY year ORDER BY year IS NULL, year"
    if among is None:
        return dict(connection.rows(sql.format("")))
    return dict(connection.rows(sql.format("WHERE pmid IN (SELECT value FROM json_each(?))"), (_listed(among),)))


def begun(connection: Connection, run: int) -> str:
    """When a run began; "" if there is none of this number."""
    return str(connection.value("SELECT started FROM runs WHERE run = ?", (run,)) or "")


def newest_run(connection: Connection) -> int:
    """The number of the newest run; 0 if there is none."""
    return int(connection.value("SELECT coalesce(max(run), 0) FROM runs"))


def years_and_languages(connection: Connection, pmids: Sequence[int]) -> Iterator[tuple[int, int | None, list[str]]]:
    """Of each of these papers its year and its languages, by which a reader narrows the map."""
    for start in range(0, len(pmids), CHUNK):
        part = pmids[start : start + CHUNK]
        marks = ",".join("?" * len(part))
        for pmid, year, languages in connection.rows(
            f"SELECT pmid, year, languages FROM papers WHERE pmid IN ({marks})", part
        ):
            yield pmid, year, json.loads(languages or "[]")


@dataclass(frozen=True, slots=True)
class Told:
    """The texts of a paper, for its place in a cell."""

    pmid: int
    key: str
    title: str
    vernacular_title: str
    authors: str
    journal: str
    abstract: str
    conflict_of_interest: str
    sections: tuple[tuple[int, int], ...]
    """Where each section of the abstract begins and ends, in the order in which evidence counts them."""


def told(connection: Connection, pmids: Sequence[int]) -> Iterator[Told]:
    """These papers' texts."""
    for start in range(0, len(pmids), CHUNK):
        part = pmids[start : start + CHUNK]
        marks = ",".join("?" * len(part))
        sections: dict[int, list[tuple[int, int]]] = {}
        for pmid, first, last in connection.rows(
            f'SELECT pmid, start, "end" FROM sections WHERE pmid IN ({marks}) ORDER BY pmid, position', part
        ):
            sections.setdefault(pmid, []).append((first, last))
        for row in connection.rows(
            f"""SELECT p.pmid, coalesce(k.key, ''), p.title, p.vernacular_title, p.authors,
            CASE p.journal WHEN '' THEN coalesce(p.book_title, '')
                ELSE coalesce(nullif(p.medline_ta, ''), nullif(p.journal_abbreviation, ''), p.journal) END, p.abstract,
            p.conflict_of_interest
            FROM papers p LEFT JOIN citation_keys k ON k.pmid = p.pmid WHERE p.pmid IN ({marks})""",
            part,
        ):
            yield Told(*(*row, tuple(sections.get(row[0], ()))))


def evidence_of(
    connection: Connection, pmids: Sequence[int], tags: Sequence[str]
) -> Iterator[tuple[int, str, list[dict[str, object]]]]:
    """(PMID, tag, evidence) of these papers and tags where the rules gave the tag; evidence as it is stored."""
    for start in range(0, len(pmids), CHUNK):
        rows = connection.rows(
            """SELECT pmid, tag, evidence FROM rule_tags WHERE pmid IN (SELECT value FROM json_each(?))
            AND tag IN (SELECT value FROM json_each(?)) AND state = 'tagged'""",
            (_listed(pmids[start : start + CHUNK]), json.dumps(list(tags))),
        )
        for pmid, tag, evidence in rows:
            yield pmid, tag, json.loads(evidence)


def by_hand(connection: Connection, pmids: Sequence[int]) -> dict[tuple[int, str], str]:
    """(PMID, tag) → why a person gave it."""
    return {
        (pmid, tag): because
        for pmid, tag, because in connection.rows(
            """SELECT pmid, tag, because FROM hand_tags WHERE verdict = 'add'
            AND pmid IN (SELECT value FROM json_each(?))""",
            (_listed(pmids),),
        )
    }


def _listed(pmids: Iterable[int]) -> str:
    return json.dumps(list(pmids))
