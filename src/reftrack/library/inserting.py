"""New papers become rows, many papers by one statement a table.

Paper by paper costs twice as much, for the search index: before each statement that may have to be taken back, FTS5
writes the words it has gathered to disk, as a segment to be merged later (2,000 records: 0.125 ms a paper by single
statements, 0.06 ms by a hundred papers at once).
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from sqlite3 import SQLITE_LIMIT_VARIABLE_NUMBER
from typing import Any, NamedTuple

from msgspec.json import encode

from ..model import TRIAL_REGISTRIES, Evidence, Paper, Tag
from ..registries import marks
from .columns import CHILDREN, PAPER_COLUMNS, Child, paper_row, section_rows
from .opening import Connection

_MOST_AT_ONCE = 100
"""Papers in one statement; twice as many gain next to nothing."""

_LEVEL = 1
"""Of zlib: 0.10 ms a record, where 6 takes 0.17; a library grows by 2 %."""


@dataclass(slots=True)
class NewPaper:
    """A paper whose record is stored and whose rows are not, with what the rules say of it."""

    paper: Paper
    tags: Sequence[Tag] = ()
    content_hash: str = ""
    rules_hash: str = ""


class Rows(NamedTuple):
    """A record and its paper as the rows that are stored: plain values, so that another process can make them."""

    pmid: int
    version: int
    xml: bytes
    """The record, packed."""
    sha256: str
    """Of the record unpacked."""
    key: str
    """What its citation key begins with."""
    paper: tuple[Any, ...]
    sections: list[tuple[Any, ...]]
    marks: list[tuple[Any, ...]]
    parts: list[list[tuple[Any, ...]]]
    """In the order of CHILDREN."""
    tags: list[tuple[Any, ...]]


def pack(xml: bytes) -> bytes:
    """A record as it is stored."""
    return zlib.compress(xml, _LEVEL)


def unpack(stored: bytes) -> bytes:
    """The record again."""
    return zlib.decompress(stored)


def rows_of(new: NewPaper, xml: bytes, key: str) -> Rows:
    """All that is stored of a new record; `key` is what its citation key begins with."""
    paper = new.paper
    return Rows(
        paper.pmid,
        paper.version,
        pack(xml),
        hashlib.sha256(xml).hexdigest(),
        key,
        _paper_row(new),
        _section_rows(paper),
        _mark_rows(paper),
        [_part_rows(paper, child) for child in CHILDREN],
        _tag_rows(paper.pmid, new.tags),
    )


def insert_records(connection: Connection, some: Sequence[Rows], *, source: str, now: str, parser: int) -> None:
    """Store records and their papers, of which nothing is held. Call inside a transaction."""
    connection.many(
        "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(one.pmid, one.xml, one.sha256, source, now, now, parser) for one in some],
    )
    _insert(connection, [one.paper for one in some])
    _insert_many(connection, "sections", chain.from_iterable(one.sections for one in some))
    _insert_many(connection, "trial_marks", chain.from_iterable(one.marks for one in some))
    for place, child in enumerate(CHILDREN):
        _insert_many(connection, child.table, chain.from_iterable([one.parts[place] for one in some]))
    _insert_many(connection, "rule_tags", chain.from_iterable(one.tags for one in some))


def insert_papers(connection: Connection, new: Sequence[NewPaper]) -> None:
    """Store the papers with their parts and rule tags. Call inside a transaction."""
    _insert(connection, [_paper_row(one) for one in new])
    insert_parts(connection, [one.paper for one in new])
    insert_rule_tags(connection, [(one.paper.pmid, one.tags) for one in new])


def insert_parts(connection: Connection, papers: Sequence[Paper]) -> None:
    """Store the rows of the papers' sections, authors, headings and so on."""
    _insert_many(connection, "sections", chain.from_iterable(map(_section_rows, papers)))
    insert_marks(connection, papers)
    for child in CHILDREN:
        _insert_many(connection, child.table, chain.from_iterable(_part_rows(paper, child) for paper in papers))


def insert_marks(connection: Connection, papers: Sequence[Paper]) -> None:
    """Store what the papers say of which trial they report, of which nothing is stored yet."""
    _insert_many(connection, "trial_marks", chain.from_iterable(map(_mark_rows, papers)))


def insert_rule_tags(connection: Connection, tagged: Sequence[tuple[int, Sequence[Tag]]]) -> None:
    """Store what the rules say of papers, by PMID, of which they have said nothing yet."""
    _insert_many(connection, "rule_tags", chain.from_iterable(_tag_rows(pmid, tags) for pmid, tags in tagged))


def _section_rows(paper: Paper) -> list[tuple[Any, ...]]:
    return [(paper.pmid, position, *row) for position, row in enumerate(section_rows(paper.abstract)[1])]


def _mark_rows(paper: Paper) -> list[tuple[Any, ...]]:
    accessions = ((entry.databank, entry.number) for entry in paper.accessions if entry.databank in TRIAL_REGISTRIES)
    found = marks(paper.title, section_rows(paper.abstract)[0], accessions)
    return [(paper.pmid, position, *mark) for position, mark in enumerate(found)]


def _part_rows(paper: Paper, child: Child) -> list[tuple[Any, ...]]:
    row = child.row
    return [(paper.pmid, position, *row(part)) for position, part in enumerate(getattr(paper, child.field))]


def _tag_rows(pmid: int, tags: Sequence[Tag]) -> list[tuple[Any, ...]]:
    return [
        (pmid, tag.slug, tag.state, tag.score, tag.threshold, int(tag.primary), _evidence_json(tag.evidence))
        for tag in tags
    ]


def _evidence_json(evidence: Sequence[Evidence]) -> str:
    return encode(evidence).decode()


def _paper_row(new: NewPaper) -> tuple[Any, ...]:
    """Also the two hashes, and the PMID once more."""
    return (*paper_row(new.paper), new.content_hash, new.rules_hash, new.paper.pmid)


_VALUES = len(PAPER_COLUMNS) + 3


def _insert(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    most = min(_MOST_AT_ONCE, connection.raw.getlimit(SQLITE_LIMIT_VARIABLE_NUMBER) // _VALUES)  # 32,766, once 999
    for start in range(0, len(rows), most):
        some = rows[start : start + most]
        connection.run(_statement(len(some)), tuple(chain.from_iterable(some)))


@lru_cache(maxsize=4)
def _statement(count: int) -> str:
    """What stores so many papers, each with when the library first held its record."""
    names = ", ".join(PAPER_COLUMNS)
    values = ",".join("?" * len(PAPER_COLUMNS))
    row = f"({values},?,?,(SELECT first_seen FROM records WHERE pmid = ?))"
    return f"INSERT INTO papers ({names}, tagged_content, tagged_rules, first_seen) VALUES {','.join([row] * count)}"


_WIDTHS = {"sections": 6, "trial_marks": 7, "rule_tags": 7} | {
    child.table: len(child.columns) + 2 for child in CHILDREN
}
"""How many columns the tables of parts have."""


def _insert_many(connection: Connection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    connection.many(f"INSERT INTO {table} VALUES ({','.join('?' * _WIDTHS[table])})", rows)
