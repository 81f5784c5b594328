"""How many of these papers stand in each row of a table: by tag, year, query, decision, journal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from .opening import Connection
from .selecting import Selection, select

PLAIN = ("year", "journal", "study", "query", "decision")
"""What papers can be counted by beside the facets of tags. By year, journal, study or decision a paper stands in one
row; by query and by the tags of a facet it may stand in several."""


class Row(NamedTuple):
    """A value, and how many of the papers have it."""

    value: str
    """ "" of papers that have none."""
    papers: int


def facets(connection: Connection) -> list[str]:
    """The facets of the library's tags, in the rules' order."""
    return [facet for (facet,) in connection.rows("SELECT facet FROM tags GROUP BY facet ORDER BY min(position)")]


def count_by(connection: Connection, pmids: Sequence[int] | None, by: str) -> list[Row]:
    """The rows of one table over these papers (None: all), the most papers first (years: the newest first), "" last.

    A tag counts the papers that carry it or a tag below it, so each row is what `--tag` finds.
    """
    held = int(connection.value("SELECT count(*) FROM papers"))
    total = held if pmids is None else len(pmids)
    if by == "decision":
        return _decisions(connection, pmids, total)
    everything = total == held
    among = "" if everything else "AND pmid IN (SELECT value FROM json_each(:pmids))"
    values: dict[str, object] = {"facet": by, "pmids": "[]" if everything else json.dumps(list(pmids or ()))}

    def rows(sql: str) -> list[Row]:
        return [Row(str(value), count) for value, count in connection.rows(sql.format(among=among), values)]

    if by in _PLAIN:
        found = rows(_EVERY_STUDY if by == "study" and everything else _PLAIN[by])
        having = sum(row.papers for row in found if row.value)
    else:
        found = rows(_QUERY) if by == "query" else [*rows(_LEAVES), *rows(_PARENTS)]
        (with_any,) = rows(_WITH_QUERY if by == "query" else _WITH_FACET)
        having = with_any.papers
    named = [row for row in found if row.value]
    named.sort(key=(lambda row: -int(row.value)) if by == "year" else lambda row: (-row.papers, row.value))
    return named + ([Row("", total - having)] if total > having else [])


_PLAIN = {
    "year": "SELECT coalesce(year, ''), count(*) FROM papers WHERE true {among} GROUP BY year",
    "journal": """SELECT journal, count(*) FROM papers WHERE journal <> '' {among} GROUP BY journal
        UNION ALL SELECT coalesce(book_title, ''), count(*) FROM papers
        WHERE journal = '' COLLATE NOCASE {among} GROUP BY 1""",
    "study": "SELECT tag, count(*) FROM paper_tags WHERE facet = 'study' AND is_primary {among} GROUP BY tag",
}
_EVERY_STUDY = """SELECT tag, count(*) FROM paper_tags WHERE is_primary AND tag IN (
        SELECT tag FROM tag_counts c WHERE 'study' = (SELECT facet FROM paper_tags t WHERE t.tag = c.tag LIMIT 1))
    GROUP BY tag"""
"""The same of every paper, without a look at the tags of other facets, which are most."""
_QUERY = "SELECT query, count(*) FROM hits WHERE left_run IS NULL {among} GROUP BY query"
_LEAVES = """SELECT tag, count(*) FROM paper_tags WHERE tag IN (
        SELECT tag FROM tags v WHERE facet = :facet AND NOT EXISTS (SELECT 1 FROM tags c WHERE c.parent = v.tag))
    {among} GROUP BY tag"""
_PARENTS = """WITH RECURSIVE below(top, tag) AS (
        SELECT tag, tag FROM tags v WHERE facet = :facet AND EXISTS (SELECT 1 FROM tags c WHERE c.parent = v.tag)
        UNION SELECT below.top, v.tag FROM tags v JOIN below ON v.parent = below.tag)
    SELECT below.top, count(DISTINCT t.pmid) FROM below JOIN paper_tags t ON t.tag = below.tag
    WHERE true {among} GROUP BY below.top"""
_WITH_QUERY = "SELECT 'any', count(DISTINCT pmid) FROM hits WHERE left_run IS NULL {among}"
_WITH_FACET = "SELECT 'any', count(DISTINCT pmid) FROM paper_tags WHERE facet = :facet {among}"


def _decisions(connection: Connection, pmids: Sequence[int] | None, total: int) -> list[Row]:
    """Each as --decision finds it, in the order of a reader's hope."""
    among = None if pmids is None else set(pmids)
    rows = []
    for verdict in ("include", "maybe", "exclude"):
        found = select(connection, Selection(decision=verdict))
        rows.append(Row(verdict, len(found if among is None else among.intersection(found))))
    undecided = total - sum(row.papers for row in rows)
    return [row for row in (*rows, Row("", undecided)) if row.papers]


def by_language(connection: Connection, pmids: Sequence[int]) -> list[Row]:
    """How many of these papers are in each language (PubMed's code), the most first; a paper may be in several.

    Each row is what `--language` finds. From an index alone, whatever the number of papers.
    """
    everything = len(pmids) == int(connection.value("SELECT count(*) FROM papers"))
    among = "" if everything else "WHERE pmid IN (SELECT value FROM json_each(?))"
    found: dict[str, int] = {}
    for languages, papers in connection.rows(
        f"SELECT languages, count(*) FROM papers INDEXED BY papers_by_languages {among} GROUP BY languages",
        () if everything else (json.dumps(list(pmids)),),
    ):
        for code in dict.fromkeys(json.loads(languages or "[]")):
            found[code] = found.get(code, 0) + papers
    return sorted((Row(*row) for row in found.items()), key=lambda row: (-row.papers, row.value))
