"""A selection of papers becomes SQL, and the light rows that `list` shows.

Loads neither the nouns nor anything heavy: `list` answers before the finger leaves the key.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..errors import LibraryError, UsageError
from ..indexing import standing
from .opening import Connection

CHUNK = 500
"""Papers read at a time: memory stays flat, and SQLite's limit of bound values is far away."""

LONGEST_PMID = 18
"""Digits that surely fit SQLite's integers; PMIDs have eight today."""

SORTS = {
    "year": "p.year IS NULL, p.year {way}, p.pmid {way}",
    "author": "p.authors = '', p.authors COLLATE NOCASE {way}, p.year DESC, p.pmid DESC",
    "title": "p.title COLLATE NOCASE {way}, p.pmid DESC",
    "journal": "p.journal = '', p.journal COLLATE NOCASE {way}, p.year DESC, p.pmid DESC",
    "pmid": "p.pmid {way}",
    "first-seen": "p.first_seen {way}, p.pmid {way}",
    "relevance": "f.rank, p.pmid DESC",
}

RANKING = "bm25(20.0, 1.0, 5.0, 1.0, 4.0, 4.0)"
"""Of a word in title, abstract, authors, journal, keywords, MeSH: what stands in the title is what a paper is about."""


class Selection(NamedTuple):
    """Which papers, in which order: the options that `list` and `export` share."""

    text: str = ""
    """Full-text search: every word must occur; "quoted words" stand together; a trailing * leaves the end open."""
    fts_raw: bool = False
    """`text` is FTS5 syntax."""
    tags: tuple[str, ...] = ()
    """All of these; a parent finds its children."""
    any_tags: tuple[str, ...] = ()
    not_tags: tuple[str, ...] = ()
    query: str = ""
    years: tuple[int | None, int | None] | None = None
    author: str = ""
    journal: str = ""
    pmids: tuple[int, ...] = ()
    since: str = ""
    """First seen at this time (ISO 8601, UTC) or after; "last" means since the newest complete run began."""
    new: bool = False
    notice: tuple[str, ...] = ()
    """Kinds of CommentsCorrections link, any of which the paper must carry."""
    retracted: bool = False
    """Together with `notice`: retracted papers count too."""
    decision: str = ""
    """include, exclude or maybe, of all readers who decided; "none" while nobody has or they do not agree."""
    sort: str = ""
    limit: int | None = None
    match: str = ""
    """PubMed syntax. No index can answer it: `workflow.choosing` does, and `select` takes a selection without it."""


class Listed(NamedTuple):
    """A paper as a list shows it."""

    pmid: int
    key: str
    type: str
    title: str
    authors: str
    journal: str
    year: int | None
    date: str
    volume: str
    issue: str
    pages: str
    doi: str
    pmcid: str
    retracted: int
    concern: int
    """Whether an expression of concern was published."""
    deleted: str
    """Since when PubMed no longer serves the record; "" it does."""
    first_seen: str
    indexing: str
    """indexed, awaited, never (`indexing.standing`)."""
    study: str
    tags: dict[str, list[str]]
    """Facet to slugs; in `study` the primary one first."""


_LISTED = """SELECT p.pmid, coalesce(k.key, ''), p.type, p.title, p.authors,
    CASE p.journal WHEN '' THEN coalesce(p.book_title, '') ELSE p.journal END, p.year, p.date,
    p.volume, p.issue, CASE p.pages WHEN '' THEN p.article_number ELSE p.pages END, p.doi, p.pmcid, p.retracted,
    EXISTS (SELECT 1 FROM corrections c WHERE c.pmid = p.pmid AND c.kind = 'ExpressionOfConcernIn'),
    coalesce(s.deleted, ''), p.first_seen, p.status, p.mesh <> '', p.completed <> ''
    FROM papers p LEFT JOIN citation_keys k ON k.pmid = p.pmid LEFT JOIN checks s ON s.pmid = p.pmid
    WHERE p.pmid IN ({marks})"""


def select(connection: Connection, selection: Selection) -> list[int]:
    """The PMIDs of a selection, in its order. Raises UsageError for an unknown tag or query, or bad search text."""
    if selection.match:
        raise ValueError("a query in PubMed syntax is for workflow.choosing")
    sql, values = _statement(connection, selection)
    if selection.author:
        connection.raw.create_function("fold", 1, fold, deterministic=True)
    try:
        return [pmid for (pmid,) in connection.rows(sql, values)]
    except LibraryError as error:
        if selection.fts_raw and isinstance(error.__cause__, sqlite3.OperationalError):
            raise UsageError(f"{selection.text!r} is not FTS5 syntax: {error.__cause__}.") from None
        raise


def listed(connection: Connection, pmids: Sequence[int]) -> Iterator[Listed]:
    """The light rows of these papers, in this order; a PMID that is not held is passed over."""
    for start in range(0, len(pmids), CHUNK):
        part = pmids[start : start + CHUNK]
        marks = ",".join("?" * len(part))
        rows = {row[0]: row for row in connection.rows(_LISTED.format(marks=marks), part)}
        tags = filed_tags(connection, part)
        for pmid in part:
            if pmid in rows:
                filed, study = tags.get(pmid, ({}, ""))
                *row, status, headings, completed = rows[pmid]
                indexing = standing(status, headings=headings, completed=completed)
                yield Listed._make((*row, indexing, study, filed))


def retracted_keys(connection: Connection, pmids: Sequence[int]) -> list[str]:
    """The citation keys (PMIDs where there is none) of those of these papers that are retracted, in this order."""
    found: list[str] = []
    for start in range(0, len(pmids), CHUNK):
        part = pmids[start : start + CHUNK]
        marks = ",".join("?" * len(part))
        keys: dict[int, object] = dict(
            connection.rows(
                f"""SELECT p.pmid, coalesce(k.key, p.pmid) FROM papers p LEFT JOIN citation_keys k ON k.pmid = p.pmid
                WHERE p.pmid IN ({marks}) AND p.retracted""",
                part,
            )
        )
        found += [str(keys[pmid]) for pmid in part if pmid in keys]
    return found


def filed_tags(connection: Connection, pmids: Sequence[int]) -> dict[int, tuple[dict[str, list[str]], str]]:
    """For each paper its tags by facet (primary first, then the vocabulary's order) and its primary study type."""
    marks = ",".join("?" * len(pmids))
    filed: dict[int, tuple[dict[str, list[str]], str]] = {}
    for pmid, facet, tag, primary in connection.rows(
        f"""SELECT t.pmid, t.facet, t.tag, t.is_primary FROM paper_tags t LEFT JOIN tags v ON v.tag = t.tag
        WHERE t.pmid IN ({marks}) ORDER BY t.pmid, t.is_primary DESC, coalesce(v.position, 9999), t.tag""",
        pmids,
    ):
        facets, study = filed.get(pmid, ({}, ""))
        facets.setdefault(facet, []).append(tag)
        filed[pmid] = (facets, tag if primary and facet == "study" else study)
    return filed


def not_held(connection: Connection, pmids: Sequence[int]) -> list[int]:
    """Those of these PMIDs that the library does not hold."""
    held: set[int] = set()
    for start in range(0, len(pmids), CHUNK):
        part = pmids[start : start + CHUNK]
        marks = ",".join("?" * len(part))
        held.update(pmid for (pmid,) in connection.rows(f"SELECT pmid FROM papers WHERE pmid IN ({marks})", part))
    return [pmid for pmid in dict.fromkeys(pmids) if pmid not in held]


def find_papers(connection: Connection, names: Sequence[str]) -> list[int]:
    """The PMIDs that PMIDs and citation keys name, each once, in order. Raises UsageError for one that is not held."""
    return list(dict.fromkeys(find_paper(connection, name) for name in names))


def find_paper(connection: Connection, name: str) -> int:
    """The PMID that a PMID or a citation key names. Raises UsageError if no such paper is held."""
    plain = name.strip()
    if plain.isascii() and plain.isdigit() and len(plain) <= LONGEST_PMID:
        found = connection.value("SELECT pmid FROM papers WHERE pmid = ?", (int(plain),))
    else:
        found = connection.value(
            """SELECT p.pmid FROM papers p WHERE p.pmid IN (SELECT pmid FROM citation_keys WHERE key = :key
            UNION SELECT pmid FROM former_keys WHERE key = :key)""",
            {"key": plain},
        )
    if found is not None:
        return int(found)
    keys = [key for (key,) in connection.rows("SELECT key FROM citation_keys")] if not plain.isdigit() else []
    raise UsageError(f"The library holds no paper {name!r}{_nearest(plain, keys) or '.'}")


def find_tag(connection: Connection, name: str) -> tuple[str, str]:
    """(facet, slug) of a tag given as slug, facet/slug or alias. Raises UsageError, with the nearest tag."""
    plain = re.sub(r"[\s_]+", "-", name.strip().lower())
    given, _, slug = plain.rpartition("/")
    # Another name of a facet stands among the aliases with a slash behind it, which no tag has.
    other = connection.value("SELECT tag FROM tag_aliases WHERE alias = ?", (f"{given}/",)) if given else None
    facet = str(other).rstrip("/") if other else given
    rows: list[tuple[str, str]] = []
    for candidate in (plain, slug):
        rows = connection.rows(
            """SELECT facet, tag FROM tags WHERE tag = :name
            UNION SELECT t.facet, t.tag FROM tag_aliases a JOIN tags t ON t.tag = a.tag WHERE a.alias = :name""",
            {"name": candidate},
        )
        if rows and (not facet or candidate == plain or rows[0][0] == facet):
            return rows[0][0], rows[0][1]
    if rows:
        raise UsageError(f"There is no tag {name!r}; did you mean {'/'.join(rows[0])}?")
    names = connection.rows("SELECT tag FROM tags UNION SELECT alias FROM tag_aliases WHERE alias NOT LIKE '%/'")
    hint = _nearest(slug, [tag for (tag,) in names]) or "; `reftrack tag tree` shows them all."
    raise UsageError(f"There is no tag {name!r}{hint}")


def with_children(connection: Connection, name: str) -> list[str]:
    """A tag and everything below it, because a parent finds its children."""
    _, slug = find_tag(connection, name)
    return [
        tag
        for (tag,) in connection.rows(
            """WITH RECURSIVE below(tag) AS (
                VALUES (?) UNION SELECT t.tag FROM tags t JOIN below ON t.parent = below.tag)
            SELECT tag FROM below""",
            (slug,),
        )
    ]


def search_expression(text: str) -> str:
    """What a person types, as FTS5 syntax that cannot fail: every word quoted. Raises UsageError if none is left.

    TNF-α, double-blind and IL-6 stand as phrases; CO2 also finds CO₂, as PubMed titles write it.
    """
    terms = []
    for quoted, bare in re.findall(r'"([^"]*)"?|([^\s"]+)', text):
        term = (quoted or bare).strip()
        prefix = "*" if not quoted and term.endswith("*") else ""
        words = term.rstrip("*").replace('"', " ").replace("\x00", " ")
        if not any(character.isalnum() for character in words):
            continue
        spellings = dict.fromkeys((words, words.translate(_SUBSCRIPT), words.translate(_SUPERSCRIPT)))
        choices = [f'"{spelling}"{prefix}' for spelling in spellings]
        digits_in_word = re.search(r"[^\W\d]\d|\d[⁺⁻+-]", words)
        terms.append(f"({' OR '.join(choices)})" if digits_in_word else choices[0])
    if not terms:
        raise UsageError(f"There is no word to search for in {text!r}.")
    return " AND ".join(terms)


_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def _statement(connection: Connection, selection: Selection) -> tuple[str, list[object]]:
    where: list[str] = []
    values: list[object] = []
    match = _match(selection)
    if match:
        where.append("papers_fts MATCH ?")
        values.append(match)
        if selection.text:
            where.append(f"f.rank MATCH '{RANKING}'")
    for clause, more in _conditions(connection, selection):
        where.append(clause)
        values.extend(more)
    source = "papers_fts f JOIN papers p ON p.pmid = f.rowid" if match else "papers p"
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    sql = f"SELECT p.pmid FROM {source}{condition} ORDER BY {_order(selection, ranked=bool(selection.text))}"
    if selection.limit is not None:
        sql += " LIMIT ?"
        values.append(selection.limit)
    return sql, values


def _match(selection: Selection) -> str:
    parts = []
    if selection.text:
        parts.append(f"({selection.text if selection.fts_raw else search_expression(selection.text)})")
    if selection.author:
        name = selection.author.replace('"', " ").strip()
        if not any(character.isalnum() for character in name):
            raise UsageError(f"--author {selection.author!r} holds no name.")
        parts.append(f'authors : "{name}" *')  # quick, but may span two authors: `_written_by` looks again
    return " AND ".join(parts)


def _conditions(connection: Connection, selection: Selection) -> Iterator[tuple[str, Sequence[object]]]:
    yield from _tag_conditions(connection, selection)
    if selection.query:
        yield _found_by(connection, selection.query)
    yield from _record_conditions(selection)
    if selection.since:
        yield _since(selection.since)
    if selection.new:
        yield (
            # What came in runs that broke off since the complete run before it is new with the newest one.
            f"""EXISTS (SELECT 1 FROM hits h WHERE h.pmid = p.pmid AND h.left_run IS NULL
            AND h.first_run <= {_NEWEST} AND h.first_run > coalesce((SELECT max(b.run) FROM runs b
                WHERE b.query = h.query AND b.status = 'complete' AND b.run < {_NEWEST}), 0))""",
            (),
        )


_NEWEST = "(SELECT max(r.run) FROM runs r WHERE r.query = h.query AND r.status = 'complete')"


def _tag_conditions(connection: Connection, selection: Selection) -> Iterator[tuple[str, Sequence[object]]]:
    for name in selection.tags:
        yield _tagged(with_children(connection, name))
    if selection.any_tags:
        yield _tagged([tag for name in selection.any_tags for tag in with_children(connection, name)])
    for name in selection.not_tags:
        clause, values = _tagged(with_children(connection, name))
        yield f"NOT {clause}", values


def _record_conditions(selection: Selection) -> Iterator[tuple[str, Sequence[object]]]:
    if selection.years:
        yield from _years(*selection.years)
    if selection.author:
        yield _written_by(selection.author)
    if selection.journal:
        pattern = "%" + re.sub(r"([%_!])", r"!\1", selection.journal) + "%"
        names = ("p.journal", "p.journal_abbreviation", "p.medline_ta")
        yield "(" + " OR ".join(f"{name} LIKE ? ESCAPE '!'" for name in names) + ")", (pattern,) * len(names)
    if selection.pmids:
        yield f"p.pmid IN ({','.join('?' * len(selection.pmids))})", selection.pmids
    if selection.notice:
        marks = ",".join("?" * len(selection.notice))
        carried = f"EXISTS (SELECT 1 FROM corrections c WHERE c.pmid = p.pmid AND c.kind IN ({marks}))"
        yield (f"({carried} OR p.retracted)" if selection.retracted else carried), selection.notice
    if selection.decision == "none":
        yield f"(SELECT count(DISTINCT verdict) FROM ({_NEWEST_DECISIONS})) <> 1", ()
    elif selection.decision:
        # min and max are both it: every reader who decided says so.
        yield f"(SELECT min(verdict) = ? AND max(verdict) = ? FROM ({_NEWEST_DECISIONS}))", (selection.decision,) * 2


NEWEST = "at || printf('%012d%012d', coalesce(import, 999999999999), decision)"
"""Orders decisions: by their time, within a second by import and then by hand, within an import as they came."""

_NEWEST_DECISIONS = f"""SELECT verdict, max({NEWEST}) FROM decisions d
    WHERE d.pmid = p.pmid AND d.undone = '' GROUP BY d.who"""


def _found_by(connection: Connection, query: str) -> tuple[str, Sequence[object]]:
    names = [name for (name,) in connection.rows("SELECT DISTINCT query FROM runs")]
    if query not in names:
        raise UsageError(f"No query {query!r} was ever run{_nearest(query, names) or '.'}")
    return "EXISTS (SELECT 1 FROM hits h WHERE h.query = ? AND h.pmid = p.pmid AND h.left_run IS NULL)", (query,)


def _tagged(tags: Sequence[str]) -> tuple[str, Sequence[object]]:
    # EXISTS, never `pmid IN (SELECT …)`: together with MATCH the latter is slower by a factor of thousands.
    return f"EXISTS (SELECT 1 FROM paper_tags t WHERE t.tag IN ({','.join('?' * len(tags))}) AND t.pmid = p.pmid)", tags


def _written_by(name: str) -> tuple[str, Sequence[object]]:
    words = fold(name)
    return (
        """EXISTS (SELECT 1 FROM authors a WHERE a.pmid = p.pmid AND
        instr(' ' || fold(a.family || ' ' || a.initials || ' ' || a.suffix), ?))""",
        (f" {words}",),
    )


def fold(text: str) -> str:
    """Lower case without accents, words parted by one space: as full-text search compares names."""
    from unicodedata import combining, normalize

    bare = "".join(character for character in normalize("NFKD", text) if not combining(character))
    return " ".join(re.findall(r"\w+", bare.casefold()))


def _years(first: int | None, last: int | None) -> Iterator[tuple[str, Sequence[object]]]:
    if first is not None:
        yield "p.year >= ?", (first,)
    if last is not None:
        yield "p.year <= ?", (last,)


def _since(since: str) -> tuple[str, Sequence[object]]:
    if since != "last":
        return "p.first_seen >= ?", (since,)
    # Of each query its own newest complete run: one that runs after another must not hide what that one brought.
    return (
        """EXISTS (SELECT 1 FROM hits h WHERE h.pmid = p.pmid AND p.first_seen >= (SELECT r.started FROM runs r
        WHERE r.query = h.query AND r.status = 'complete' ORDER BY r.run DESC LIMIT 1))""",
        (),
    )


def _order(selection: Selection, *, ranked: bool) -> str:
    name = selection.sort or ("relevance" if ranked else "-year")
    descending = name.startswith("-")
    if name.lstrip("-") == "relevance" and not ranked:
        raise UsageError("--sort relevance needs words to search for.")
    return SORTS[name.lstrip("-")].format(way="DESC" if descending else "ASC")


def _nearest(name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches  # only when something went wrong

    close = get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]}?" if close else ""
