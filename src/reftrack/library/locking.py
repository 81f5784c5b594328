"""One fetch of a library at a time: a lock beside the file, held by the system for as long as its process lives.

Only fetches need it. Looking, tagging by hand and copying go on beside a fetch: SQLite keeps those apart.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..errors import LibraryError
from .opening import check_folder

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import BaseFileLock

SECONDS_BETWEEN_WORDS = 60.0
"""How often a fetch that waits says so."""

_PATIENCE = 0.3
"""Seconds in which a lock that somebody only looks at is free again."""


_SECONDS_BETWEEN_LOOKS = 0.1


def lock_file(path: Path) -> Path:
    """Where the lock of the library at `path` is; one library has one, by whatever link it is named."""
    real = path.resolve()
    return real.with_name(f"{real.name}.lock")


@contextmanager
def fetching(path: Path, *, wait: float | None, on_wait: Callable[[str], object]) -> Iterator[None]:
    """Nobody else fetches into the library at `path` while this lasts; waits up to `wait` seconds, None for ever.

    `on_wait` is told a sentence as soon as there is something to wait for, and every minute after. Raises LibraryError
    when it gives up, and where no lock can be made.
    """
    from filelock import FileLock  # loads asyncio: only a fetch pays for it

    check_folder(lock_file(path))  # FileLock would make it
    lock = FileLock(lock_file(path))
    try:
        _acquire(lock, path, wait, on_wait)
    except OSError as error:
        raise LibraryError(
            f"Nothing can be written beside the library {path} ({error.strerror}), so nothing was started and nothing "
            "was changed; make its folder and the file named .lock in it writable."
        ) from None
    try:
        with suppress(OSError):  # a full disk: the lock holds without the words
            lock_file(path).write_text(f"{os.getpid()} {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n", encoding="ascii")
        yield
    finally:
        lock.release()


def is_being_fetched(path: Path) -> bool:
    """Whether a fetch of the library at `path` is alive now. Never waits, makes no file, needs no right to write."""
    try:
        descriptor = os.open(lock_file(path), os.O_RDONLY)
    except OSError:
        return False
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except ImportError:  # a system without flock: try to take it
        return not _is_free(path)
    except OSError as error:
        return error.errno in (errno.EAGAIN, errno.EACCES)
    else:
        return False
    finally:
        os.close(descriptor)


def _acquire(lock: BaseFileLock, path: Path, wait: float | None, on_wait: Callable[[str], object]) -> None:
    end = None if wait is None else time.monotonic() + wait
    turn = _PATIENCE
    while not _is_taken(lock, path, turn):
        left = float("inf") if end is None else end - time.monotonic()
        if left <= 0:
            raise LibraryError(
                f"Another fetch of this library is running{_who(path)}, so nothing was done here. What it has stored "
                "is safe; run the same command again when it has ended, or stop that process."
            )
        on_wait(f"Another fetch of this library is running{_who(path)}; waiting for it.")
        turn = min(left, SECONDS_BETWEEN_WORDS)


def _is_taken(lock: BaseFileLock, path: Path, seconds: float) -> bool:
    """Whether we have the lock, within so many seconds.

    FileLock is asked only when the lock looks free: before its version 4 it empties the file to ask, and who holds the
    lock could not be told.
    """
    from filelock import Timeout

    end = time.monotonic() + seconds
    while True:
        if not is_being_fetched(path):
            with suppress(Timeout):
                lock.acquire(timeout=0)
                return True
        left = end - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(left, _SECONDS_BETWEEN_LOOKS))


def _who(path: Path) -> str:
    """Which process holds the lock, and since when by the clock on the wall; "" if it did not leave word."""
    try:
        process, began = lock_file(path).read_text(encoding="ascii").split()
        since = datetime.fromisoformat(began).astimezone()
    except (OSError, ValueError):
        return ""
    today = since.date() == datetime.now(since.tzinfo).date()
    return (
        f" (process {process}, since {since:%H:%M})" if today else f" (process {process}, since {since:%Y-%m-%d %H:%M})"
    )


def _is_free(path: Path) -> bool:
    from filelock import FileLock, Timeout

    try:
        with FileLock(lock_file(path), timeout=0):
            return True
    except (Timeout, OSError):
        return False
