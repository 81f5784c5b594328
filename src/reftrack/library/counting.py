"""A library in numbers: how much it holds, since when, how large it is."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ..indexing import AWAITED
from .opening import Connection

AWAITING = f"""p.status IN ({", ".join(f"'{status}'" for status in sorted(AWAITED))})
    AND p.completed = '' AND p.mesh = ''"""
"""SQL for Paper.indexing == "awaited", of a row of papers p."""


class Stats(NamedTuple):
    """What a library holds."""

    schema: int
    size: int
    """Bytes on disk, with what is not yet written into the file itself."""
    papers: int
    records: int
    former_records: int
    """States of records before they changed."""
    unread_records: int
    """Records that came and could not be read."""
    runs: int
    hand_tags: int
    tag_changes: int
    """What changes of held records did to tags."""
    awaiting_indexing: int
    """Papers that NLM has not indexed yet and may."""
    citation_keys: int
    years: tuple[int | None, int | None]
    """Of the oldest and the newest paper, None where there is none."""
    first_seen: tuple[str, str]
    """When the first and the last paper came (UTC), "" where there is none."""


def stats(connection: Connection) -> Stats:
    """Count, all of it at one moment. Raises LibraryError."""
    path = connection.path.resolve()
    with connection.snapshot():
        # One statement each: asked for both at once, SQLite reads the whole index.
        years = [connection.value(f"SELECT {which}(year) FROM papers") for which in ("min", "max")]
        seen = [connection.value(f"SELECT {which}(first_seen) FROM papers") or "" for which in ("min", "max")]
        return Stats(
            schema=int(connection.value("PRAGMA user_version")),
            size=_size(path) + _size(path.with_name(f"{path.name}-wal")),
            papers=_count(connection, "papers"),
            records=_count(connection, "records"),
            former_records=_count(connection, "former_records"),
            unread_records=_count(connection, "unread_records"),
            runs=_count(connection, "runs"),
            hand_tags=_count(connection, "hand_tags"),
            tag_changes=_count(connection, "tag_changes"),
            awaiting_indexing=int(connection.value(f"SELECT count(*) FROM papers p WHERE {AWAITING}")),
            citation_keys=_count(connection, "citation_keys"),
            years=(years[0], years[1]),
            first_seen=(seen[0], seen[1]),
        )


def _count(connection: Connection, table: str) -> int:
    return int(connection.value(f"SELECT count(*) FROM {table}"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
