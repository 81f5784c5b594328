"""New papers become rows, many papers by one statement a table.

Paper by paper costs twice as much, for the search index: before each statement that may have to be taken back, FTS5
writes the words it has gathered to disk, as a segment to be merged later (2,000 records: 0.125 ms a paper by single
statements, 0.06 ms by a hundred papers at once).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from json import JSONEncoder
from operator import attrgetter
from sqlite3 import SQLITE_LIMIT_VARIABLE_NUMBER

from ..model import TRIAL_REGISTRIES, Evidence, Paper, Tag
from ..registries import marks
from .columns import CHILDREN, PAPER_COLUMNS, paper_row, section_rows
from .opening import Connection

_MOST_AT_ONCE = 100
"""Papers in one statement; twice as many gain next to nothing."""


@dataclass(slots=True)
class NewPaper:
    """A paper whose record is stored and whose rows are not, with what the rules say of it."""

    paper: Paper
    tags: Sequence[Tag] = ()
    content_hash: str = ""
    rules_hash: str = ""


def insert_papers(connection: Connection, new: Sequence[NewPaper]) -> None:
    """Store the papers with their parts and rule tags. Call inside a transaction."""
    most = min(_MOST_AT_ONCE, connection.raw.getlimit(SQLITE_LIMIT_VARIABLE_NUMBER) // _VALUES)  # 32,766, once 999
    for start in range(0, len(new), most):
        some = new[start : start + most]
        rows = ((*paper_row(one.paper), one.content_hash, one.rules_hash, one.paper.pmid) for one in some)
        connection.run(_insert(len(some)), tuple(chain.from_iterable(rows)))
    insert_parts(connection, [one.paper for one in new])
    insert_rule_tags(connection, [(one.paper.pmid, one.tags) for one in new])


def insert_parts(connection: Connection, papers: Sequence[Paper]) -> None:
    """Store the rows of the papers' sections, authors, headings and so on."""
    connection.many(
        "INSERT INTO sections VALUES (?, ?, ?, ?, ?, ?)",
        [
            (paper.pmid, position, *row)
            for paper in papers
            for position, row in enumerate(section_rows(paper.abstract)[1])
        ],
    )
    insert_marks(connection, papers)
    for child, statement in _PARTS:
        of, row = attrgetter(child.field), child.row
        rows = [(paper.pmid, position, *row(part)) for paper in papers for position, part in enumerate(of(paper))]
        if rows:
            connection.many(statement, rows)


def insert_marks(connection: Connection, papers: Sequence[Paper]) -> None:
    """Store what the papers say of which trial they report, of which nothing is stored yet."""
    rows = [
        (paper.pmid, position, *mark)
        for paper in papers
        for position, mark in enumerate(
            marks(
                paper.title,
                section_rows(paper.abstract)[0],
                ((entry.databank, entry.number) for entry in paper.accessions if entry.databank in TRIAL_REGISTRIES),
            )
        )
    ]
    if rows:
        connection.many("INSERT INTO trial_marks VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def insert_rule_tags(connection: Connection, tagged: Sequence[tuple[int, Sequence[Tag]]]) -> None:
    """Store what the rules say of papers, by PMID, of which they have said nothing yet."""
    connection.many(
        "INSERT INTO rule_tags VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (pmid, tag.slug, tag.state, tag.score, tag.threshold, int(tag.primary), _evidence_json(tag.evidence))
            for pmid, tags in tagged
            for tag in tags
        ],
    )


def _evidence_json(evidence: Sequence[Evidence]) -> str:
    return _as_json([entry._asdict() for entry in evidence])


_PARTS = tuple(
    (child, f"INSERT INTO {child.table} VALUES ({','.join('?' * (len(child.columns) + 2))})") for child in CHILDREN
)

_as_json = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


_VALUES = len(PAPER_COLUMNS) + 3
"""Of a paper: also the two hashes, and the PMID once more."""


@lru_cache(maxsize=4)
def _insert(count: int) -> str:
    """The statement that stores so many papers, each with when the library first held its record."""
    names = ", ".join(PAPER_COLUMNS)
    marks = ",".join("?" * len(PAPER_COLUMNS))
    row = f"({marks},?,?,(SELECT first_seen FROM records WHERE pmid = ?))"
    return f"INSERT INTO papers ({names}, tagged_content, tagged_rules, first_seen) VALUES {','.join([row] * count)}"
