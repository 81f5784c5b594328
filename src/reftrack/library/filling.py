"""A library that holds nothing yet is filled: search, indexes and counts are left out, and built once at the end.

Kept in step paper by paper they take nearly two thirds of the time of storing, built at once a third. A library without
them would find too little, so it bears another number meanwhile, and every command that opens it builds them first:
whether the import that fills it was killed or goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from .columns import CHILDREN
from .opening import MENDING_SECONDS, SCHEMA_VERSION, Connection, mending

_INDEXED = ("records", "papers", "sections", "trial_marks", "rule_tags", "paper_tags")
"""Tables of which an import stores many rows, beside those of CHILDREN; the ledger keeps its indexes."""
_KEPT = "paper_tags_by_paper"
"""Stays: a paper that changes while the library is filled is filed anew, and its tags are found by nothing else."""
_AT_ONCE = 5000
"""Papers that are put into search between two words of progress."""

Watch = Callable[[str, int, int], object]
"""Told (what is being done, how much of it is done, how much there is)."""


def leave_out(connection: Connection) -> bool:
    """From now on rows are stored without search, indexes and counts, if nothing is held yet; says whether that is so.

    Some other process may need the whole library meanwhile and build it: so wait for it, longer than usual.
    """
    with connection.transaction():
        if connection.value("SELECT EXISTS (SELECT 1 FROM records) OR EXISTS (SELECT 1 FROM papers)"):
            return False
        listed = ", ".join(f"'{table}'" for table in (*_INDEXED, *(child.table for child in CHILDREN)))
        connection.run(
            f"""CREATE TABLE left_out AS SELECT type, name, sql FROM sqlite_master
            WHERE type = 'index' AND tbl_name IN ({listed}) AND sql LIKE 'CREATE INDEX%' AND name <> '{_KEPT}'
            OR type = 'trigger' AND tbl_name IN ({listed}) AND (sql LIKE '%papers_fts%' OR sql LIKE '%tag_counts%')
            OR name IN ('papers_fts', 'tag_counts')"""  # what else somebody put there holds while rows are stored, too
        )
        for kind, name in connection.rows(
            """SELECT type, '"' || replace(name, '"', '""') || '"' FROM left_out ORDER BY type = 'table'"""
        ):
            connection.run(f"DROP {kind} {name}")
        connection.run(f"PRAGMA user_version = -{SCHEMA_VERSION}")
    connection.run(f"PRAGMA busy_timeout = {MENDING_SECONDS * 1000}")
    # Nothing but whole papers is stored: to look up the paper of each part takes a tenth of the time.
    connection.run("PRAGMA foreign_keys = OFF")
    return True


def build(connection: Connection, watch: Watch) -> int:
    """Build what was left out, all of it or nothing; says of how many papers, 0 if somebody else has done it."""
    papers = 0
    with connection.transaction():
        version = int(connection.value("PRAGMA user_version"))
        if version < 0:
            papers = int(connection.value("SELECT count(*) FROM papers"))
            for part in _parts(connection, papers):
                watch("making it searchable", part, papers)
            connection.run("DROP TABLE left_out")
            connection.run(f"PRAGMA user_version = {-version}")
    connection.run("PRAGMA foreign_keys = ON")
    if papers:
        watch("making it searchable", papers, papers)
    return papers


def _parts(connection: Connection, papers: int) -> Iterator[int]:
    """Builds one after another; gives how far that is: indexes count as much as search."""
    made = connection.rows("SELECT type, name, sql FROM left_out ORDER BY type DESC, name")
    indexes = [sql for kind, _, sql in made if kind == "index"]
    for place, sql in enumerate(indexes):
        connection.run(sql)
        yield papers * (place + 1) // len(indexes) // 2
    for kind, _, sql in made:
        if kind == "table":
            connection.run(sql)
    connection.run("INSERT INTO tag_counts SELECT tag, count(*) FROM paper_tags GROUP BY tag")
    last = 0
    for done in range(0, papers, _AT_ONCE):
        ((first, last),) = connection.rows(_NEXT, (last, _AT_ONCE))
        connection.run(_SEARCH, (first, last))
        yield (papers + done) // 2
    for kind, _, sql in made:  # triggers last: they would do it all once more
        if kind == "trigger":
            connection.run(sql)


_NEXT = "SELECT min(pmid), max(pmid) FROM (SELECT pmid FROM papers WHERE pmid > ? ORDER BY pmid LIMIT ?)"
_SEARCH = """INSERT INTO papers_fts(rowid, title, abstract, authors, journal, keywords, mesh)
    SELECT pmid, title, abstract, authors, journal, keywords, mesh FROM papers WHERE pmid BETWEEN ? AND ?"""


def build_all(path: Path) -> int:
    """The same for the library at `path`, whoever fills it; says of how many papers. Raises LibraryError."""
    refusal = (
        f"The first import into {path} has not come to its end, so nothing can be found yet, and it is read-only "
        "here; nothing was changed. Wait for the import if it still goes on; else make file and folder writable, "
        "or copy the file to a folder of yours and name it with --db."
    )
    with mending(path, refusal) as connection:
        return build(connection, lambda *_: None)
