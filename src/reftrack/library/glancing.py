"""The library as it is looked at while somebody types: a few rows by an index, at once or not at all.

Nothing here makes a file, upgrades, waits for a lock or reads a whole table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from .opening import APPLICATION_ID, SCHEMA_VERSION, Connection, connect
from .selecting import LONGEST_PMID

MOST = 100
"""Papers that are offered by name; of more, how their names go on."""
PATIENCE = 40
"""Milliseconds that a lock is waited for."""
RUNS = 30
"""Newest runs and imports that are offered."""
_BEYOND = "\U0010ffff"
"""Behind every letter that a key may hold."""
_LONGEST_KEY = 80

Offered = tuple[str, str]
"""What may be typed, and what it is."""


@contextmanager
def glance(path: Path) -> Iterator[Connection | None]:
    """The library if it is there and of today, else None. May raise LibraryError.

    A file alone is read as it is: SQLite would put -wal and -shm beside it only to look.
    """
    if not path.is_file():
        yield None
        return
    beside = all(path.with_name(path.name + ending).exists() for ending in ("-wal", "-shm"))
    connection = connect(path, "ro" if beside else "ro&immutable=1")
    with closing(connection):
        connection.run(f"PRAGMA busy_timeout = {PATIENCE}")
        ours = connection.value("PRAGMA application_id") == APPLICATION_ID
        yield connection if ours and connection.value("PRAGMA user_version") == SCHEMA_VERSION else None


def papers(connection: Connection, beginning: str) -> tuple[list[Offered], bool]:
    """Keys and PMIDs that begin so, with titles; of very many only how they go on, and then True.

    A part of many keys would mislead: a shell types what all that is offered has in common.
    """
    keys = _keys(connection, beginning)
    pmids = _pmids(connection, beginning) if beginning.isascii() and beginning.isdigit() else []
    if len(keys) + len(pmids) <= MOST:
        return keys + pmids, False
    longer = [(stem, "") for stem in _stems(connection, beginning)]
    if pmids:
        longer += [(beginning + digit, "") for digit in "0123456789" if _pmids(connection, beginning + digit, 1)]
    return longer, True


def _keys(connection: Connection, beginning: str) -> list[Offered]:
    return connection.rows(
        """SELECT k.key, coalesce(p.title, '') FROM citation_keys k LEFT JOIN papers p ON p.pmid = k.pmid
        WHERE k.key >= :first AND k.key < :last ORDER BY k.key LIMIT :most""",
        _between(beginning),
    )


def _between(beginning: str) -> dict[str, object]:
    return {"first": beginning, "last": beginning + _BEYOND, "most": MOST + 1}


def _pmids(connection: Connection, beginning: str, most: int = MOST + 1) -> list[Offered]:
    """PMIDs of every length that begin with these digits: a range of numbers for each length."""
    found: list[Offered] = []
    if beginning.startswith("0"):
        return found
    for more in range(LONGEST_PMID - len(beginning) + 1):
        least = int(beginning) * 10**more
        found += connection.rows(
            "SELECT CAST(pmid AS TEXT), title FROM papers WHERE pmid BETWEEN ? AND ? ORDER BY pmid LIMIT ?",
            (least, least + 10**more - 1, most - len(found)),
        )
        if len(found) >= most:
            break
    return found


def _stems(connection: Connection, beginning: str) -> list[str]:
    """How the keys that begin so go on, up to where they part; each found by a jump in the index."""
    while len(stems := list(_next_letters(connection, beginning))) == 1 and len(beginning) < _LONGEST_KEY:
        if stems[0].casefold() == beginning.casefold():
            break
        beginning = stems[0]
    return stems


def _next_letters(connection: Connection, beginning: str) -> Iterator[str]:
    after = beginning
    while key := connection.value(
        "SELECT key FROM citation_keys WHERE key >= ? AND key < ? ORDER BY key LIMIT 1", (after, beginning + _BEYOND)
    ):
        stem = str(key)[: len(beginning) + 1]
        yield stem
        # The key that ends here comes again if nothing is put behind it.
        after = stem + (_BEYOND if len(stem) > len(beginning) else "\x01")


def tags(connection: Connection, beginning: str) -> list[Offered]:
    """Slugs that begin so, in the vocabulary's order, with their labels; with a / in it, facet/slug. No alias."""
    facet, slash, slug = beginning.rpartition("/")
    shown = "facet || '/' || tag" if slash else "tag"
    found: list[Offered] = connection.rows(
        f"""SELECT {shown}, label FROM tags WHERE substr(tag, 1, length(:slug)) = :slug
        AND (:facet = '' OR facet = :facet) ORDER BY position""",
        {"slug": slug, "facet": facet},
    )
    return found


def facets(connection: Connection) -> list[Offered]:
    """The facets of the vocabulary, in its order."""
    return [
        (facet, f"{number} tags")
        for facet, number in connection.rows("SELECT facet, count(*) FROM tags GROUP BY facet ORDER BY min(position)")
    ]


def queries(connection: Connection) -> list[Offered]:
    """The queries that were ever run: a jump in the index for each."""
    found: list[Offered] = []
    name = connection.value("SELECT min(query) FROM runs")
    while name is not None:
        found.append((str(name), ""))
        name = connection.value("SELECT min(query) FROM runs WHERE query > ?", (name,))
    return found


def runs(connection: Connection) -> list[Offered]:
    """The newest runs by their numbers."""
    return [
        (str(run), f"{query} · {started[:10]} · {status}")
        for run, query, started, status in connection.rows(
            "SELECT run, query, started, status FROM runs ORDER BY run DESC LIMIT ?", (RUNS,)
        )
    ]


def trials(connection: Connection, beginning: str) -> list[Offered]:
    """Registry numbers of trials that begin so."""
    found: list[Offered] = connection.rows(
        """SELECT DISTINCT number, registry FROM trial_marks
        WHERE number >= :first AND number < :last AND registry != '' ORDER BY number LIMIT :most""",
        _between(beginning),
    )
    return found


def languages(connection: Connection) -> list[Offered]:
    """The languages of the papers held: a jump in the index for each mixture of them."""
    codes: dict[str, None] = {}
    mixture = connection.value("SELECT min(languages) FROM papers")
    while mixture is not None:
        codes.update(dict.fromkeys(json.loads(mixture)))
        mixture = connection.value("SELECT min(languages) FROM papers WHERE languages > ?", (mixture,))
    return [(code, "") for code in sorted(codes)]


def imports(connection: Connection) -> list[Offered]:
    """The newest imports that stand, by their numbers."""
    return [
        (str(number), f"{file} · {at[:10]}")
        for number, file, at in connection.rows(
            "SELECT import, file, at FROM imports WHERE undone = '' ORDER BY import DESC LIMIT ?", (RUNS,)
        )
    ]
