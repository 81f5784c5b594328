"""An older library becomes one of today, once, with a copy of what it was beside it.

All of it happens while SQLite's own write lock is held: of two programs that want to, one does and the other finds it
done. A program that is killed leaves the old library, or the new one, and the lock is free again.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from ..errors import LibraryError
from .copying import copy, numbered
from .opening import SCHEMA_VERSION, Connection, connect, mending, wrong_age


class Upgrade(NamedTuple):
    """What was done to a library."""

    before: int
    """Its schema until then."""
    copy: Path
    """What it was, as a file by itself."""


def upgrade(path: Path) -> Upgrade | None:
    """Bring the library at `path` up to SCHEMA_VERSION; None if another process did it meanwhile.

    Raises LibraryError, with the library as it was, if that cannot be done here.
    """
    refusal = (
        f"{path} was made by an older reftrack and must be upgraded once before it can be used, but it is "
        "read-only here; nothing was changed. Make file and folder writable, or copy the file to a folder of yours "
        "and name it with --db."
    )
    with mending(path, refusal) as connection:
        connection.run("PRAGMA synchronous = FULL")
        with connection.transaction():
            version = connection.value("PRAGMA user_version")
            if version == SCHEMA_VERSION or version < 0:  # and an import began to fill it: whoever opens it builds
                return None
            if problem := wrong_age(path, version):
                raise LibraryError(problem)
            kept = _keep(connection.path, version)
            _migrate(connection, kept)
    return Upgrade(version, kept)


def _keep(path: Path, version: int) -> Path:
    """A copy beside the library, by a connection of its own: it sees what was committed before our transaction."""
    with closing(connect(path, "ro")) as reading:
        return copy(reading, numbered(path.with_name(f"{path.name}.schema-{version}.bak"))).path


def _migrate(connection: Connection, kept: Path) -> None:
    from .migrations import migrate  # loads sqlite-utils: only when there is something to do

    try:
        migrate(connection)
    except LibraryError as error:
        raise LibraryError(f"{error} It could not be upgraded and is as it was; {kept} is a copy of it.") from error
