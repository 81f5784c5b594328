"""A path becomes a checked connection, or a LibraryError that says what to do; the file is not changed.

Loads nothing but sqlite3: every quick command starts here.
"""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..errors import LibraryError

APPLICATION_ID = 0x72656674
"""ASCII "reft" in PRAGMA application_id: what tells our file from another program's."""

SCHEMA_VERSION = 2
"""PRAGMA user_version = the number of the last migration."""

BUSY_SECONDS = 15.0
"""How long a writer waits for another one before giving up."""

Row = tuple[Any, ...]

_SQLITE_HEADER = b"SQLite format 3\x00"


class Connection:
    """A sqlite3 connection whose failures are LibraryErrors; everything it hands out is fetched whole."""

    def __init__(self, raw: sqlite3.Connection, path: Path) -> None:
        self.raw = raw
        self.path = path

    def rows(self, sql: str, values: Sequence[object] | dict[str, object] = ()) -> list[Row]:
        """Every row of a query. Raises LibraryError."""
        with translated(self.path):
            return self.raw.execute(sql, values).fetchall()

    def value(self, sql: str, values: Sequence[object] | dict[str, object] = ()) -> Any:  # noqa: ANN401 - SQLite decides
        """The first column of the first row, or None if there is no row. Raises LibraryError."""
        with translated(self.path):
            row = self.raw.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def run(self, sql: str, values: Sequence[object] | dict[str, object] = ()) -> sqlite3.Cursor:
        """One statement that changes something. Raises LibraryError."""
        with translated(self.path):
            return self.raw.execute(sql, values)

    def many(self, sql: str, rows: Iterable[Sequence[object] | dict[str, object]]) -> None:
        """One statement for many rows. Raises LibraryError."""
        with translated(self.path):
            self.raw.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing; the write lock is taken at once, so two writers never deadlock half-way."""
        self.run("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self.raw.in_transaction:
                self.raw.rollback()
            raise
        self.run("COMMIT")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Several reads see one state of the library, whatever another process commits meanwhile."""
        if self.raw.in_transaction:
            yield
            return
        self.run("BEGIN")
        try:
            yield
        finally:
            self.raw.rollback()

    def close(self) -> None:
        """Let go of the file."""
        self.raw.close()


def open_to_read(path: Path) -> Connection:
    """The library at `path`, read-only: no command that only looks can change it. Raises LibraryError."""
    _check_file(path)
    connection = _connect(path, "ro")
    _check_ours(connection)
    connection.run("PRAGMA cache_size = -65536")
    return connection


def open_to_write(path: Path) -> Connection:
    """The library at `path`, which must exist and be of this version. Raises LibraryError."""
    _check_file(path)
    connection = _connect(path, "rw")
    _check_ours(connection)
    return prepare_to_write(connection)


def open_new(path: Path) -> Connection:
    """An empty SQLite file at `path`, for the migrations to fill; its folder must exist. Raises LibraryError."""
    if not path.parent.is_dir():
        raise LibraryError(f"There is no folder {path.parent} for the library; make it, or name another with --db.")
    return prepare_to_write(_connect(path, "rwc"))


def prepare_to_write(connection: Connection) -> Connection:
    """WAL, so that readers never wait; foreign keys on; a commit survives a crash of this program."""
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "cache_size = -65536"):
        connection.run(f"PRAGMA {pragma}")
    return connection


def sqlite_version() -> tuple[str, bool]:
    """SQLite's version, and whether it was built with full-text search."""
    raw = sqlite3.connect(":memory:")
    try:
        built = {option for (option,) in raw.execute("PRAGMA compile_options")}
    finally:
        raw.close()
    return sqlite3.sqlite_version, "ENABLE_FTS5" in built


def _connect(path: Path, mode: str) -> Connection:
    with translated(path):
        raw = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode={mode}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
    return Connection(raw, path)


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise LibraryError(f"{path} is a folder, not a library; name the file with --db.")
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise LibraryError(f"{path} is not a file that can hold a library; name another with --db.")
        with path.open("rb") as stream:
            header = stream.read(len(_SQLITE_HEADER))
    except FileNotFoundError:
        if path.is_symlink():
            raise LibraryError(
                f"{path} is a link to {path.readlink()}, which is not there (an unmounted drive?); nothing was changed."
            ) from None
        raise LibraryError(f"There is no library at {path}; `reftrack fetch` makes it.") from None
    except OSError as error:
        raise LibraryError(f"The library {path} cannot be read ({error.strerror}); nothing was changed.") from None
    if not header:
        raise LibraryError(
            f"{path} is empty (0 bytes), so it is no library; restore a copy, or remove it and run `reftrack fetch`."
        )
    if header != _SQLITE_HEADER:
        raise LibraryError(f"{path} is not a SQLite file; it was left as it is. Name another with --db.")


def _check_ours(connection: Connection) -> None:
    path = connection.path
    try:
        application = connection.value("PRAGMA application_id")
        version = connection.value("PRAGMA user_version")
    except LibraryError:
        connection.close()
        raise
    problem = _not_ours(path) if application != APPLICATION_ID else _wrong_age(path, version)
    if problem:
        connection.close()
        raise LibraryError(problem)


def _wrong_age(path: Path, version: int) -> str:
    if version > SCHEMA_VERSION:
        return (
            f"{path} was made by a newer reftrack (schema {version}, this one knows {SCHEMA_VERSION}); "
            "nothing was read or changed. Upgrade reftrack."
        )
    if version < SCHEMA_VERSION:
        return f"{path} has the schema {version}, which no reftrack makes; it was left as it is. Restore a copy."
    return ""


def _not_ours(path: Path) -> str:
    return f"{path} is another program's database; it was left as it is. Name another file with --db."


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """A failure of sqlite3 inside becomes a LibraryError."""
    try:
        yield
    except sqlite3.Error as error:
        raise LibraryError(_explain(error, path)) from error


def _explain(error: sqlite3.Error, path: Path) -> str:
    """One sentence: what happened, what is safe, what to do next."""
    name = getattr(error, "sqlite_errorname", "") or ""
    text = str(error)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"The library {path} is in use by another process; nothing was lost. Try again when it is done."
    if name.startswith("SQLITE_FULL"):
        return f"The disk is full: nothing of this step was stored in {path}, what was there before is intact."
    if name.startswith("SQLITE_READONLY"):
        return f"The library {path} is read-only here, so nothing was changed; make file and folder writable."
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return f"The library {path} is damaged ({text}); it was left as it is. Restore a copy of it."
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_IOERR", "SQLITE_AUTH")):
        return f"The library {path} cannot be opened ({text}); check that file and folder may be read and written."
    return f"The library {path} refused an operation ({text}); nothing of this step was stored."
