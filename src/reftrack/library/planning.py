"""How the papers of a selection are found: what is looked at first decides whether a million papers take 5 ms or 5 s.

Three ways, none of which reads the fat rows of many papers (decision 0024):

- ranked: the search index gives the papers and their rank; what else is asked is tested paper by paper.
- walked: an index gives all papers in the order that is asked for, and each is tested until there are enough.
- driven: the demand that the fewest papers meet gives them; they are tested, then sorted by a narrow index.

Where there is a limit and many papers meet every demand, a short walk is tried first. SQLite is told which index to
take: it would need statistics to choose, and they would be stale after every fetch.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from math import prod

from ..errors import UsageError
from .conditions import Condition, conditions, match, searched
from .indexes import AUTHORS, TITLE
from .opening import Connection
from .selecting import RANKING, SORTS, Selection

FEW = 3000
"""Papers that are sorted as soon as looked for."""
WALKS = (1000, 20_000)
"""How far a walk goes before it is given up."""
ENOUGH = 1000
"""Above this limit a walk is not tried."""
BEST = 200
"""Best matches that are tested before all others where many papers meet the other demands."""
MOST = 50_000
"""Up to here the papers that meet a demand are counted to see which demand the fewest meet."""

_WALKED = {
    "year": [("papers_by_year", "1", "p.year {way} NULLS LAST, p.pmid {way}")],
    "pmid": [("papers_narrow", "1", "p.pmid {way}")],
    "first-seen": [("papers_by_first_seen", "1", "p.first_seen {way}, p.pmid {way}")],
    "title": [("papers_by_title", "1", f"{TITLE} {{way}}, p.title COLLATE NOCASE {{way}}, p.pmid DESC")],
    "author": [
        (
            "papers_by_authors",
            f"{AUTHORS} > ''",
            f"{AUTHORS} {{way}}, p.authors COLLATE NOCASE {{way}}, p.year DESC, p.pmid DESC",
        ),
        ("papers_by_authors", f"{AUTHORS} = ''", "p.year DESC, p.pmid DESC"),
    ],
    "journal": [
        (
            "papers_by_journal",
            "p.journal COLLATE NOCASE > ''",
            "p.journal COLLATE NOCASE {way}, p.year DESC, p.pmid DESC",
        ),
        ("papers_by_journal", "p.journal COLLATE NOCASE = ''", "p.year DESC, p.pmid DESC"),
    ],
}
"""For each order the parts that follow upon each other: an index, what of it, and how it is sorted."""

_NARROW = frozenset({"year", "pmid", "first-seen"})
"""Orders for which papers_narrow has all that is needed."""


def select(connection: Connection, selection: Selection) -> list[int]:
    """The PMIDs of a selection, in its order. Raises UsageError."""
    expression = match(selection)
    asked = list(conditions(connection, selection))
    name, way = _order(selection)
    if selection.limit == 0 and not selection.fts_raw:
        return []
    if name == "relevance":
        return _ranked(connection, expression, asked, selection.limit)
    if expression:
        asked.append(searched(expression))
    positive = [one for one in asked if one.source]
    if not positive or all(one.sorted_by == name for one in positive):
        return _walked(connection, asked, name, way, selection.limit)
    tries = WALKS if selection.limit is not None and selection.limit <= ENOUGH else ()
    if tries and not expression:  # a few are looked at sooner than all are counted
        found = _tried(connection, asked, name, way, selection.limit or 0, tries[0])
        if found is not None:
            return found
    best, number = _fewest(connection, positive, bool(tries) or len(positive) > 1)
    assert best is not None
    if tries and number > (tries[-1] if name in _NARROW else FEW):
        found = _tried(connection, asked, name, way, selection.limit or 0, tries[-1])
        if found is not None:
            return found
    return _driven(connection, best, asked, name, way, selection.limit)


def count(connection: Connection, selection: Selection) -> int:
    """How many papers a selection has, without looking for their order. Raises UsageError."""
    expression = match(selection)
    asked = list(conditions(connection, selection))
    _order(selection)
    number = _count(connection, asked + [searched(expression)] * bool(expression))
    return number if selection.limit is None else min(number, selection.limit)


def _count(connection: Connection, asked: Sequence[Condition]) -> int:
    if not asked:
        return int(connection.value("SELECT count(*) FROM papers"))
    positive = [one for one in asked if one.source]
    best, number = _fewest(connection, positive, len(asked) > 1)
    denied = next((one for one in asked if one.opposite), None)
    if denied is not None and denied.opposite is not None and number > FEW:
        # Most papers meet a denial: those that do not are counted instead.
        others = [one for one in asked if one is not denied]
        return _count(connection, others) - _count(connection, [*others, denied.opposite])
    assert best is not None, "every demand has a source or denies one that has"
    others = [one for one in asked if one is not best or not one.exact]
    reads, tests, values = _tests(others, "d.pmid")
    if (best.held or any(one.source and one.held for one in others)) and not reads:
        rows, values = f"FROM ({_once(best)}) d WHERE {tests}", [*best.given, *values]
    else:
        rows, values = _from(best, asked, narrow=True)
    return int(connection.value(f"SELECT count(*) {rows}", values))


def _fewest(connection: Connection, positive: Sequence[Condition], must_count: bool) -> tuple[Condition | None, int]:
    """The demand that the fewest papers meet, and about how many do; more than MOST are not counted."""
    best, least = None, sys.maxsize
    for one in positive:
        number = one.about
        if number is None and must_count:
            some = f"SELECT 1 FROM ({one.rough or one.source}) LIMIT {min(least, MOST + 1)}"
            number = int(connection.value(f"SELECT count(*) FROM ({some})", one.given))
        if best is None or (number is not None and number < least):
            best, least = one, least if number is None else number
    return best, least


def _order(selection: Selection) -> tuple[str, str]:
    """What a selection is sorted by, and which way. Raises UsageError."""
    name = selection.sort or ("relevance" if selection.text else "-year")
    plain = name.lstrip("-")
    if plain == "relevance" and not selection.text:
        raise UsageError("--sort relevance needs words to search for.")
    return plain, "DESC" if name.startswith("-") else "ASC"


def _limited(limit: int | None) -> str:
    return "" if limit is None else f" LIMIT {int(limit)}"


def _tests(asked: Sequence[Condition], pmid: str) -> tuple[str, str, list[object]]:
    """What the tests read of p, the tests, and their values."""
    reads = {one.reads for one in asked}
    clauses = " AND ".join(f"({one.test.format(pmid=pmid)})" for one in asked)
    widest = "row" if "row" in reads else "narrow" if "narrow" in reads else ""
    return widest, clauses or "1", [value for one in asked for value in one.values]


def _pmids(connection: Connection, sql: str, values: Sequence[object]) -> list[int]:
    return [pmid for (pmid,) in connection.rows(sql, values)]


def _ranked(connection: Connection, expression: str, asked: Sequence[Condition], limit: int | None) -> list[int]:
    far = max(BEST, 4 * (limit or 0))
    if asked and limit is not None and limit <= ENOUGH and _are_common(connection, expression, asked, limit / far):
        near = _ranked(connection, expression, (), far)
        found = _passing(connection, near, asked)[:limit]
        if len(found) == limit or len(near) < far:
            return found
    sql, reads = f"papers_fts MATCH ? AND f.rank MATCH '{RANKING}'", set()
    values: list[object] = [expression]
    for one in asked:
        test, given, read = one.search
        sql += f" AND ({test.format(pmid='f.rowid')})"
        values += given
        reads.add(read)
    row = ""
    if reads - {""}:
        row = f"CROSS JOIN papers p {'' if 'row' in reads else 'INDEXED BY papers_narrow '}ON p.pmid = f.rowid"
    return _pmids(
        connection,
        f"SELECT f.rowid FROM papers_fts f {row} WHERE {sql} ORDER BY f.rank, f.rowid DESC{_limited(limit)}",
        values,
    )


def _are_common(connection: Connection, expression: str, asked: Sequence[Condition], share: float) -> bool:
    """Whether so many papers are found that few are better tested, and at least twice this share meets the demands."""
    numbers = [one.about for one in asked if one.about is not None]
    if len(numbers) < len(asked) or min(numbers) <= FEW:
        return False
    found = "SELECT count(*) FROM papers_fts WHERE papers_fts MATCH ?"
    if int(connection.value(found, (expression,))) <= FEW:
        return False
    held = int(connection.value("SELECT count(*) FROM papers"))
    return prod(number / held for number in numbers) > 2 * share


def _walked(connection: Connection, asked: Sequence[Condition], name: str, way: str, limit: int | None) -> list[int]:
    _, tests, values = _tests(asked, "p.pmid")
    found: list[int] = []
    for index, part, order in _WALKED[name]:
        rest = None if limit is None else limit - len(found)
        found += _pmids(
            connection,
            f"""SELECT p.pmid FROM papers p INDEXED BY {index} WHERE {part} AND {tests}
            ORDER BY {order.format(way=way)}{_limited(rest)}""",
            values,
        )
    return found


def _tried(
    connection: Connection, asked: Sequence[Condition], name: str, way: str, limit: int, far: int
) -> list[int] | None:
    """The first papers in order, if there are enough among the first `far` in that order; else None."""
    side_by_side = [one for one in asked if one.sorted_by == name]
    others = [one for one in asked if one.sorted_by != name]
    near = _walked(connection, side_by_side, name, way, far)
    found = _passing(connection, near, others)[:limit]
    return found if len(found) == limit or len(near) < far else None


def _passing(connection: Connection, near: Sequence[int], asked: Sequence[Condition]) -> list[int]:
    """Those of these papers that meet every demand, in this order."""
    reads, tests, values = _tests(asked, "p.pmid")
    index = "" if reads == "row" else " INDEXED BY papers_narrow"
    listed = f"[{','.join(map(str, near))}]"
    passed = set(
        _pmids(
            connection,
            f"SELECT p.pmid FROM json_each(?) j CROSS JOIN papers p{index} ON p.pmid = j.value WHERE {tests}",
            [listed, *values],
        )
    )
    return [pmid for pmid in near if pmid in passed]


def _driven(
    connection: Connection, best: Condition, asked: Sequence[Condition], name: str, way: str, limit: int | None
) -> list[int]:
    dear = [one for one in asked if one.dear] if limit is not None else []
    rows, values = _from(best, [one for one in asked if one not in dear], narrow=name in _NARROW)
    order = f"p.year {way} NULLS LAST, p.pmid {way}" if name == "year" else SORTS[name].format(way=way)
    if limit is None or not dear:
        return _pmids(connection, f"SELECT p.pmid {rows} ORDER BY {order}{_limited(limit)}", values)
    near = _pmids(connection, f"SELECT p.pmid {rows} ORDER BY {order}", values)
    found: list[int] = []
    start, step = 0, 2 * limit
    while len(found) < limit and start < len(near):
        found += _passing(connection, near[start : start + step], dear)
        start, step = start + step, 2 * step
    return found[:limit]


def _from(best: Condition, asked: Sequence[Condition], *, narrow: bool) -> tuple[str, list[object]]:
    """FROM and WHERE of the papers that one demand gives and that meet the others."""
    others = [one for one in asked if one is not best or not one.exact]
    reads, tests, values = _tests(others, "p.pmid")
    index = " INDEXED BY papers_narrow" if narrow and reads != "row" else ""
    rows = f"FROM ({_once(best)}) d CROSS JOIN papers p{index} ON p.pmid = d.pmid WHERE {tests}"
    return rows, [*best.given, *values]


def _once(condition: Condition) -> str:
    return condition.source if condition.once else f"SELECT DISTINCT pmid FROM ({condition.source})"
