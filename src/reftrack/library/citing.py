"""What a manuscript's keys mean in the library, and how well it is known what became of the papers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from .opening import Connection

_NEAR = 500
"""Keys that begin alike and are looked at for the nearest."""


def papers_of_keys(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    """PMIDs by citation key in small letters, of those keys that lead, or once led, to a paper that is held."""
    wanted = (json.dumps(sorted({key.lower() for key in keys})),) * 2
    return {
        key.lower(): pmid
        for key, pmid in connection.rows(
            """SELECT k.key, k.pmid FROM former_keys k JOIN papers p ON p.pmid = k.pmid
            WHERE k.key IN (SELECT value FROM json_each(?))
            UNION ALL SELECT k.key, k.pmid FROM citation_keys k JOIN papers p ON p.pmid = k.pmid
            WHERE k.key IN (SELECT value FROM json_each(?))""",  # a key in use after one that was
            wanted,
        )
    }


def keys_like(connection: Connection, key: str) -> list[str]:
    """Citation keys that begin as this one does; some hundreds at most."""
    begin = key[:3].replace("!", "!!").replace("%", "!%").replace("_", "!_")
    rows = connection.rows(f"SELECT key FROM citation_keys WHERE key LIKE ? ESCAPE '!' LIMIT {_NEAR}", (f"{begin}%",))
    return [found for (found,) in rows]


def never_compared(connection: Connection, pmids: Sequence[int]) -> int:
    """How many of these papers PubMed was never asked about: they are of the sample, or of files."""
    return int(
        connection.value(
            """SELECT count(*) FROM papers p LEFT JOIN checks c ON c.pmid = p.pmid
            WHERE p.pmid IN (SELECT value FROM json_each(?)) AND coalesce(c.checked, '') = ''""",
            (json.dumps(list(pmids)),),
        )
    )


def newest_look(connection: Connection) -> str:
    """When PubMed was last asked with success (UTC); "" never."""
    found = connection.value(
        "SELECT max(coalesce(finished, started)) FROM runs WHERE source = 'pubmed' AND status = 'complete'"
    )
    return str(found or "")
