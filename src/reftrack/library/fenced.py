"""The library for SQL that others write, and reads that may not take for ever: nothing but looking is possible."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from time import monotonic

from .opening import Connection, open_to_read

_READS = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})
_PRAGMAS = frozenset(
    (
        *("table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list"),
        *("schema_version", "user_version", "encoding", "compile_options", "data_version"),
    )
)
"""Those that tell of the schema; of the others some change settings, and database_list tells where the file is."""
_DECLARES = (sqlite3.SQLITE_UPDATE, "sqlite_master")
"""What SQLite asks when it meets a virtual table, as that of full-text search, for the first time; a statement that
would really do it is refused, as the file is open to read alone."""
_STEPS = 20_000
"""Of SQLite's machine between two looks at the clock."""


def open_fenced(path: Path) -> sqlite3.Connection:
    """The library at `path` for SQL of anybody: opened read-only, and SQLite refuses to prepare anything but a read.

    No ATTACH, so no other file; no PRAGMA that sets something or names the file. Raises LibraryError.
    """
    raw = open_to_read(path).raw
    raw.set_authorizer(_allowed)
    return raw


def _allowed(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    if action in _READS or (action, first) == _DECLARES:
        return sqlite3.SQLITE_OK
    # A pragma that is given a value may set it; those of the schema take the name of a table.
    if action == sqlite3.SQLITE_PRAGMA and first in _PRAGMAS and (second is None or not first.endswith("version")):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def hurry(connection: Connection, seconds: float) -> None:
    """From now on every statement ends with a LibraryError once so much time has gone by."""
    end = monotonic() + seconds
    connection.raw.set_progress_handler(lambda: monotonic() > end, _STEPS)
