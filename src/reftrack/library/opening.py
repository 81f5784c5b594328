"""A path becomes a checked connection, or a LibraryError that says what to do; the file is not changed.

Two exceptions, of which the connection says so: a library that an older reftrack made is upgraded first, and one whose
first import has not come to its end gets its search and indexes. Loads nothing but sqlite3 otherwise: every quick
command starts here.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import LibraryError

if TYPE_CHECKING:
    from pathlib import Path

    from .upgrading import Upgrade

APPLICATION_ID = 0x72656674
"""ASCII "reft" in PRAGMA application_id: what tells our file from another program's."""

SCHEMA_VERSION = 8
"""PRAGMA user_version = the number of the last migration; below zero while a library is filled (`filling`)."""

BUSY_SECONDS = 15.0
"""How long a writer waits for another one before giving up."""

MENDING_SECONDS = 600
"""How long to wait for another process that upgrades or builds: a second and a half for 30,000 papers, and a copy."""

Row = tuple[Any, ...]
File = str | os.PathLike[str]
"""Where a library is. Commands that only look name it by text: pathlib is as slow to load as all that opens it."""

_SQLITE_HEADER = b"SQLite format 3\x00"
_UP_TO_PAGE_SIZE = 18


class Connection:
    """A sqlite3 connection whose failures are LibraryErrors; everything it hands out is fetched whole."""

    def __init__(self, raw: sqlite3.Connection, file: File) -> None:
        self.raw = raw
        self.file = file
        self.upgraded: Upgrade | None = None
        """What opening it did to the library, for somebody to tell."""
        self.built = 0
        """Of how many papers search and indexes were built when it was opened, for somebody to tell."""

    @property
    def path(self) -> Path:
        """The library's file."""
        from pathlib import Path

        return Path(self.file)

    def rows(self, sql: str, values: Sequence[object] | dict[str, object] = ()) -> list[Row]:
        """Every row of a query. Raises LibraryError."""
        with translated(self.file):
            return self.raw.execute(sql, values).fetchall()

    def value(self, sql: str, values: Sequence[object] | dict[str, object] = ()) -> Any:  # noqa: ANN401 - SQLite decides
        """The first column of the first row, or None if there is no row. Raises LibraryError."""
        with translated(self.file):
            row = self.raw.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def run(self, sql: str, values: Sequence[object] | dict[str, object] = ()) -> sqlite3.Cursor:
        """One statement that changes something. Raises LibraryError."""
        with translated(self.file):
            return self.raw.execute(sql, values)

    def many(self, sql: str, rows: Iterable[Sequence[object] | dict[str, object]]) -> None:
        """One statement for many rows. Raises LibraryError."""
        with translated(self.file):
            self.raw.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing; the write lock is taken at once, so two writers never deadlock half-way."""
        try:  # Ctrl-C may come as soon as it is begun, and when all is done but not yet committed
            self.run("BEGIN IMMEDIATE")
            yield
            self.run("COMMIT")
        except BaseException:
            if self.raw.in_transaction:
                self.raw.rollback()
            raise

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


def open_to_read(path: File) -> Connection:
    """The library at `path`, read-only: no command that only looks can change it. Raises LibraryError."""
    connection = _open(path, "ro")
    connection.run("PRAGMA cache_size = -65536")
    return connection


def open_to_write(path: Path) -> Connection:
    """The library at `path`, which must exist. Raises LibraryError."""
    return prepare_to_write(_open(path, "rw"))


def open_new(path: Path) -> Connection:
    """An empty SQLite file at `path`, for the migrations to fill; its folder must exist. Raises LibraryError."""
    check_folder(path)
    return prepare_to_write(connect(path, "rwc"))


def check_folder(path: Path) -> None:
    """There is a folder for the library to be in. Raises LibraryError."""
    if not path.parent.is_dir():
        raise LibraryError(f"There is no folder {path.parent} for the library; make it, or name another with --db.")


def prepare_to_write(connection: Connection) -> Connection:
    """WAL, so that readers never wait; foreign keys on; a commit survives a crash of this program."""
    # 8 MB of pages: 12, 16, 32 and 64 MB were no quicker, and an import by three processes is to stay below 200 MB.
    # 32 MB of log before it is worked into the file: at SQLite's 4 MB each batch of an import was, with a wait for the
    # disk, and took a fifth of its time.
    for pragma in (
        "journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "cache_size = -8192",
        "wal_autocheckpoint = 8192",
    ):  # fmt: skip
        connection.run(f"PRAGMA {pragma}")
    return connection


def _in_uri(path: File) -> str:
    """A path in SQLite's "file:" form, which reads only these signs apart (sqlite.org/uri.html, 3.1)."""
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def sqlite_version() -> tuple[str, bool]:
    """SQLite's version, and whether it was built with full-text search."""
    raw = sqlite3.connect(":memory:")
    try:
        built = {option for (option,) in raw.execute("PRAGMA compile_options")}
    finally:
        raw.close()
    return sqlite3.sqlite_version, "ENABLE_FTS5" in built


def _open(path: File, mode: str) -> Connection:
    """A connection to a library that is ours, whole as far as can be seen, and of today."""
    _check_file(path)
    try:
        connection, version = _checked(path, mode)
    except LibraryError as error:
        if _name_of(error).startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            _check_header(path)
        raise
    built, upgraded = 0, None
    while version != SCHEMA_VERSION:  # more than once if another process upgrades or begins an import in this moment
        connection.close()
        if version < 0:
            from .filling import build_all

            built += build_all(connection.path)
        else:
            from .upgrading import upgrade  # loads sqlite-utils: only for a library of yesterday

            upgraded = upgrade(connection.path) or upgraded
        connection, version = _checked(path, mode)
    connection.upgraded = upgraded
    connection.built = built
    return connection


@contextmanager
def mending(path: Path, refusal: str) -> Iterator[Connection]:
    """A library that cannot be used as it is, for who opens it to make it whole; waits for another one who does.

    Raises LibraryError with the `refusal` where file or folder is read-only.
    """
    real = path.resolve()
    if not (os.access(real, os.W_OK) and os.access(real.parent, os.W_OK)):
        raise LibraryError(refusal)
    connection = connect(real, "rw")
    try:
        connection.run(f"PRAGMA busy_timeout = {MENDING_SECONDS * 1000}")
        yield connection
    finally:
        connection.close()


def _checked(path: File, mode: str) -> tuple[Connection, int]:
    connection = connect(path, mode)
    try:
        return connection, _check_ours(connection)
    except LibraryError as error:
        connection.close()
        unopened = _name_of(error).startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY"))
        if mode != "ro" or not unopened or not _is_alone(os.path.realpath(path)):
            raise
    # SQLite wants to put a file beside the library even to read it. Where it may not, and no other process has left
    # anything to be read there, the file alone is all there is.
    connection = connect(path, "ro&immutable=1")
    try:
        return connection, _check_ours(connection)
    except LibraryError:
        connection.close()
        raise


def _name_of(error: LibraryError) -> str:
    return getattr(error.__cause__, "sqlite_errorname", "") or ""


def connect(path: File, mode: str) -> Connection:
    """The SQLite file at `path`, unchecked; `mode` is ro, rw or rwc. Raises LibraryError."""
    with translated(path):
        raw = sqlite3.connect(
            f"file:{_in_uri(os.path.join(os.getcwd(), path))}?mode={mode}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
    return Connection(raw, path)


def _check_file(path: File) -> None:
    """There is a file that can be read. Raises LibraryError.

    The file is not opened for it. To close it again would take away the locks that other connections of this process
    have on it, as POSIX has it; another process might then remove the log from under them, and what they read from then
    on would be old or make no sense (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    try:
        found = os.stat(path)
    except FileNotFoundError:
        if os.path.islink(path):
            to = os.readlink(path)
            raise LibraryError(
                f"{path} is a link to {to}, which is not there (an unmounted drive?); nothing was changed."
            ) from None
        raise LibraryError(f"There is no library at {path}; `reftrack fetch` makes it.") from None
    except OSError as error:
        if error.errno not in (errno.ENOTDIR, errno.ELOOP):
            raise  # no such name can be, or nobody may look: a mistake in what was named
        raise LibraryError(f"The library {path} cannot be read ({error.strerror}); nothing was changed.") from None
    if stat.S_ISDIR(found.st_mode):
        raise LibraryError(f"{path} is a folder, not a library; name the file with --db.")
    if not stat.S_ISREG(found.st_mode):
        raise LibraryError(f"{path} is not a file that can hold a library; name another with --db.")
    if not os.access(path, os.R_OK):
        raise LibraryError(f"The library {path} cannot be read ({os.strerror(errno.EACCES)}); nothing was changed.")
    if not found.st_size:
        raise LibraryError(
            f"{path} is empty (0 bytes), so it is no library; restore a copy, or remove it and run `reftrack fetch`."
        )


def _check_header(path: File) -> None:
    """Why SQLite makes nothing of a file, where its beginning or its end says so. Raises LibraryError."""
    try:
        with open(path, "rb") as stream:
            header = stream.read(_UP_TO_PAGE_SIZE)
    except OSError:
        return
    if not header.startswith(_SQLITE_HEADER):
        raise LibraryError(f"{path} is not a SQLite file; it was left as it is. Name another with --db.")
    size = int.from_bytes(header[16:18], "big")
    _check_end(path, 65536 if size == 1 else size or 512)


def _check_end(path: File, page: int) -> None:
    """SQLite itself does not notice a cut within the last page, of so many bytes. Raises LibraryError."""
    if os.stat(path).st_size % page and _is_alone(os.path.realpath(path)):
        raise LibraryError(damaged(path, "it is cut off"))


def _is_alone(real: str) -> bool:
    """Whether no process has left anything beside the file that is still to be written into it."""
    try:
        return os.stat(f"{real}-wal").st_size == 0
    except FileNotFoundError:
        return True


def _check_ours(connection: Connection) -> int:
    """The schema of a library that is ours to read or to upgrade. Raises LibraryError."""
    path = connection.file
    application = connection.value("PRAGMA application_id")
    _check_end(path, int(connection.value("PRAGMA page_size")))
    version = int(connection.value("PRAGMA user_version"))
    problem = _not_ours(path) if application != APPLICATION_ID else wrong_age(path, abs(version))
    if problem:
        raise LibraryError(problem)
    return version


def wrong_age(path: File, version: int) -> str:
    """Why a library of this schema cannot be used or upgraded, or ""."""
    if version > SCHEMA_VERSION:
        return (
            f"{path} was made by a newer reftrack (schema {version}, this one knows {SCHEMA_VERSION}); "
            "nothing was read or changed. Upgrade reftrack."
        )
    if version < 1:
        return f"{path} has the schema {version}, which no reftrack makes; it was left as it is. Restore a copy."
    return ""


def _not_ours(path: File) -> str:
    return f"{path} is another program's database; it was left as it is. Name another file with --db."


@contextmanager
def translated(path: File) -> Iterator[None]:
    """A failure of sqlite3 inside becomes a LibraryError."""
    try:
        yield
    except sqlite3.Error as error:
        raise LibraryError(_explain(error, path)) from error


@contextmanager
def making_sense(path: File) -> Iterator[None]:
    """What is read inside becomes nouns; where it cannot, a LibraryError says that the file is damaged."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise LibraryError(damaged(path, "what it holds of a paper or a run makes no sense")) from error


def _explain(error: sqlite3.Error, path: File) -> str:
    """One sentence: what happened, what is safe, what to do next."""
    name = getattr(error, "sqlite_errorname", "") or ""
    text = str(error)
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or text.startswith("Could not decode to UTF-8"):
        return damaged(path, text)
    sentence = next((told for beginnings, told in _SENTENCES.items() if name.startswith(beginnings)), _OTHERWISE)
    return sentence.format(path=path, error=text)


def damaged(path: File, how: str) -> str:
    """The sentence for a library that is not what was written."""
    from pathlib import Path

    return (
        f"The library {path} is damaged ({how}); nothing was repaired. Put a copy in its place (those of "
        f"`reftrack db backup` are in {Path(path).parent / 'backups'}), or rescue what can be read with "
        f"`sqlite3 {path} .recover`."
    )


_SENTENCES = {
    ("SQLITE_BUSY", "SQLITE_LOCKED"): (
        "The library {path} is in use by another process; nothing was lost. Try again when it is done."
    ),
    ("SQLITE_FULL",): (
        "The disk is full: nothing of this step was stored in {path}, what was there before is intact. "
        "Make room, then run the same command again."
    ),
    ("SQLITE_READONLY",): (
        "The library {path} is read-only here, so nothing was changed; make file and folder writable."
    ),
    ("SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH"): (
        "The library {path} cannot be opened ({error}), so nothing was changed; check that file and folder may be "
        "read and written."
    ),
    ("SQLITE_IOERR",): (
        "The library {path} cannot be read or written ({error}): nothing of this step was stored, what was there "
        "before is intact. Check the disk and the room on it, then run the same command again."
    ),
}
"""How SQLite's names for a failure begin, and what that means to a person."""

_OTHERWISE = "The library {path} refused an operation ({error}); nothing of this step was stored."
