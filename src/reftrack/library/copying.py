"""A library becomes a second file: whole, checked, on disk for good, and never in the place of another.

The copy is of one moment, also while a fetch writes, and holds up nobody.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import chain, count
from pathlib import Path
from typing import NamedTuple

from ..errors import LibraryError
from .opening import Connection, damaged


class Copy(NamedTuple):
    """What was made."""

    path: Path
    size: int
    """In bytes."""
    rows: dict[str, int]
    """How many rows each table has, in the library and in the copy."""


def copy(source: Connection, names: Iterable[Path]) -> Copy:
    """Copy the library to the first of these paths (all in one folder) at which there is nothing.

    Raises LibraryError if it cannot be made, is not whole, or every name is taken; then there is no new file.
    """
    names = iter(names)
    first = next(names)
    unfinished = first.with_name(f".{first.name}.{os.getpid()}.new")
    try:
        with _explained(source.path, first):
            rows = _write(source, unfinished)
            shutil.copymode(source.path, unfinished)
            _settle(unfinished)
            path = _place(unfinished, first, names)
            _settle(path.parent)
            return Copy(path, path.stat().st_size, rows)
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            with suppress(FileNotFoundError):
                unfinished.with_name(unfinished.name + ending).unlink()


def numbered(path: Path) -> Iterator[Path]:
    """The path, then its name with -2, -3 and so on before the ending."""
    yield path
    yield from (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))


def _write(source: Connection, target: Path) -> dict[str, int]:
    """The copy as a file by itself, equal in the number of every table's rows."""
    with closing(sqlite3.connect(target, isolation_level=None)) as raw:
        made = Connection(raw, source.path)
        with source.snapshot():
            rows = _rows(source)
            source.raw.backup(raw)
        raw.execute("PRAGMA journal_mode = DELETE")  # the mark of a file that needs no other beside it
        damage = [line for (line,) in raw.execute("PRAGMA quick_check(1)") if line != "ok"]
        if damage:
            raise LibraryError(f"{damaged(source.path, damage[0])} No copy of it was kept.")
        if _rows(made) != rows:
            raise LibraryError(f"The copy of {source.path} is not equal to it, so it was not kept; try again.")
    return rows


def _rows(connection: Connection) -> dict[str, int]:
    tables = connection.rows(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
    )
    return {table: int(connection.value(f'SELECT count(*) FROM "{table}"')) for (table,) in tables}


def _place(unfinished: Path, first: Path, others: Iterator[Path]) -> Path:
    """Give the file its name, in one step that fails where there is one already."""
    for path in chain((first,), others):
        if _link(unfinished, path):
            return path
    raise LibraryError(f"{first} exists and was not touched; name another file for the copy.")


def _link(unfinished: Path, path: Path) -> bool:
    try:
        os.link(unfinished, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            return False
        unfinished.rename(path)
    return True


def _settle(path: Path) -> None:
    """On disk, not only in memory: a copy is for the day when the machine has crashed."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _explained(library: Path, target: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if (getattr(error, "sqlite_errorname", "") or "").startswith("SQLITE_CORRUPT"):  # the look for damage may fail
            raise LibraryError(f"{damaged(library, str(error))} No copy of it was kept.") from error
        raise LibraryError(_why(library, target, str(error))) from error
    except OSError as error:
        raise LibraryError(_why(library, target, str(error.strerror))) from None


def _why(library: Path, target: Path, reason: str) -> str:
    return (
        f"No copy could be made at {target} ({reason}), and no half of one was left; the library {library} is as it "
        "was. See that the folder is there, may be written and has room, or name another place."
    )
