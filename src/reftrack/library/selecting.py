"""Which papers: a selection, tags and keys by their names, and the light rows that `list` shows.

Loads neither the nouns nor anything heavy: `list` answers before the finger leaves the key.
"""

# Annotations are not kept as text here: a NamedTuple would compile each of them again, at every start.

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from ..errors import LibraryError, UsageError
from ..indexing import standing
from .opening import Connection

CHUNK = 500
"""Papers read at a time: memory stays flat, and SQLite's limit of bound values is far away."""

MERGED = 100
"""Statements that are one; SQLite takes 500."""

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

TAGGED = "SELECT pmid FROM paper_tags WHERE tag = ?"

RANKING = "bm25(20.0, 1.0, 5.0, 1.0, 4.0, 4.0)"
"""Of a word in title, abstract, authors, journal, keywords, MeSH: what stands in the title is what a paper is about."""


def in_json(pmids: Iterable[int]) -> str:
    """PMIDs in the form that SQLite's json_each takes; json need not be loaded for it."""
    return f"[{','.join(map(str, pmids))}]"


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
    studies: tuple[str, ...] = ()
    """Primary study types, each with its children; several in one, parted by commas, are alternatives, "none" is no
    study type at all."""
    query: str = ""
    years: tuple[int | None, int | None] | None = None
    author: str = ""
    journal: str = ""
    languages: tuple[str, ...] = ()
    """PubMed's codes of three letters, alternatives parted by commas; a paper may be in several."""
    pmids: tuple[int, ...] = ()
    since: str = ""
    """First seen at this time (ISO 8601, UTC) or after; "last" means since the newest complete run began."""
    new: bool = False
    notice: tuple[str, ...] = ()
    """Kinds of CommentsCorrections link, any of which the paper must carry."""
    retracted: bool = False
    """Together with `notice`: retracted papers count too."""
    decision: str = ""
    """include, exclude or maybe, by consensus or of all readers who decided; "none" while nobody has or they do not
    agree."""
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
    from . import planning

    with _ready(connection, selection):
        return planning.select(connection, selection)


def count(connection: Connection, selection: Selection) -> int:
    """How many papers a selection has: sooner known than which. Raises UsageError as `select` does."""
    from . import planning

    with _ready(connection, selection):
        return planning.count(connection, selection)


@contextmanager
def _ready(connection: Connection, selection: Selection) -> Iterator[None]:
    """SQLite can compare names, and what it cannot read of a person's own syntax is told."""
    if selection.author:
        connection.raw.create_function("fold", 1, fold, deterministic=True)
    try:
        yield
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


def tagged_with_any(connection: Connection, tags: Sequence[str]) -> int:
    """How many papers carry any of these tags."""
    return int(connection.value(f"SELECT count(*) FROM ({merged([TAGGED] * len(tags))})", tags))


def merged(statements: Sequence[str]) -> str:
    """A statement that yields the papers of any of these, each once.

    Those by a key that ends with the PMID are merged in its order, which takes less than a table of all. Without a
    limit SQLite would leave out the order.
    """
    if len(statements) == 1:
        return statements[0]
    if len(statements) > MERGED:
        parts = [statements[start : start + MERGED] for start in range(0, len(statements), MERGED)]
        return merged([merged(part) for part in parts])
    return f"SELECT pmid FROM ({' UNION '.join(statements)} ORDER BY 1 LIMIT -1)"


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
    if connection.value("SELECT 1 FROM papers") is None:
        ran = connection.value("SELECT 1 FROM runs WHERE status = 'complete'") is not None
        how = "no run has found any; `reftrack runs` shows what was asked" if ran else "`reftrack fetch` brings them"
        raise UsageError(f"The library holds no papers yet, so none named {name!r}: {how}.")
    from .nearest import nearest_key  # only when something went wrong

    close = "" if plain.isdigit() else nearest_key(connection, plain)
    raise UsageError(f"The library holds no paper {name!r}{f'; did you mean {close}?' if close else '.'}")


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
    hint = nearest(slug, [tag for (tag,) in names]) or "; `reftrack tag tree` shows them all."
    raise UsageError(f"There is no tag {name!r}{hint}")


def with_children(connection: Connection, name: str) -> list[str]:
    """A tag and everything below it, because a parent finds its children."""
    _, slug = find_tag(connection, name)
    return below(connection, slug)


def below(connection: Connection, slug: str) -> list[str]:
    """A tag, given by its slug, and everything below it."""
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


NEWEST = """CASE act WHEN '' THEN at ELSE substr(act, 1, 20) END || printf('%012d', coalesce(import, 999999999999))
    || act || printf('%012d', decision)"""
"""Orders decisions: by their time, within a second by import and then by hand, within either as they came. Of an act
its id's time, later than all that was known when it was done: a clock that goes wrong disturbs no order."""


def fold(text: str) -> str:
    """Lower case without accents, words parted by one space: as full-text search compares names."""
    from unicodedata import combining, normalize

    bare = "".join(character for character in normalize("NFKD", text) if not combining(character))
    return " ".join(re.findall(r"\w+", bare.casefold()))


def nearest(name: str, names: Sequence[str]) -> str:
    """The end of a sentence about a name that does not exist; "" if none is like it."""
    from difflib import get_close_matches  # only when something went wrong

    close = get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]}?" if close else ""
