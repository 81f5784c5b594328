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


def count_by(connection: Connection, pmids: Sequence[int], by: str) -> list[Row]:
    """The rows of one table over these papers, the most papers first (years: the newest first), "" last.

    A tag counts the papers that carry it or a tag below it, so each row is what `--tag` finds.
    """
    if by == "decision":
        return _decisions(connection, pmids)
    values: dict[str, object] = {"pmids": json.dumps(list(pmids))}
    sql = _PLAIN.get(by, _FACET)
    if by not in _PLAIN:
        values["facet"] = by
    rows = [Row(str(value), count) for value, count in connection.rows(sql, values)]
    rows.sort(key=(lambda row: -int(row.value or 0)) if by == "year" else lambda row: (-row.papers, row.value))
    without = Row("", sum(row.papers for row in rows if not row.value))
    if by not in ("year", "journal", "study"):
        among = _WITH_QUERY if by == "query" else _WITH_FACET
        without = Row("", len(pmids) - int(connection.value(among, values)))
    return [row for row in rows if row.value] + ([without] if without.papers else [])


_AMONG = "IN (SELECT value FROM json_each(:pmids))"
_PLAIN = {
    "year": f"SELECT coalesce(year, ''), count(*) FROM papers WHERE pmid {_AMONG} GROUP BY year",
    "journal": f"""SELECT CASE journal WHEN '' THEN coalesce(book_title, '') ELSE journal END, count(*) FROM papers
        WHERE pmid {_AMONG} GROUP BY 1""",
    "query": f"SELECT query, count(*) FROM hits WHERE pmid {_AMONG} AND left_run IS NULL GROUP BY query",
    "study": f"""SELECT coalesce(t.tag, ''), count(*) FROM papers p
        LEFT JOIN paper_tags t ON t.pmid = p.pmid AND t.facet = 'study' AND t.is_primary
        WHERE p.pmid {_AMONG} GROUP BY 1""",
}
_FACET = f"""WITH RECURSIVE below(top, tag) AS (
        SELECT tag, tag FROM tags WHERE facet = :facet
        UNION SELECT below.top, t.tag FROM tags t JOIN below ON t.parent = below.tag)
    SELECT below.top, count(DISTINCT t.pmid) FROM below JOIN paper_tags t ON t.tag = below.tag
    WHERE t.pmid {_AMONG} GROUP BY below.top"""
_WITH_QUERY = f"SELECT count(DISTINCT pmid) FROM hits WHERE pmid {_AMONG} AND left_run IS NULL"
_WITH_FACET = f"SELECT count(DISTINCT pmid) FROM paper_tags WHERE pmid {_AMONG} AND facet = :facet"


def _decisions(connection: Connection, pmids: Sequence[int]) -> list[Row]:
    """Each as --decision finds it, in the order of a reader's hope."""
    among = set(pmids)
    verdicts = ("include", "maybe", "exclude")
    rows = [Row(one, len(among.intersection(select(connection, Selection(decision=one))))) for one in verdicts]
    undecided = len(among) - sum(row.papers for row in rows)
    return [row for row in (*rows, Row("", undecided)) if row.papers]
