"""Rules that were edited and not yet applied: whoever looks at tags is told, at the cost of a look at dates."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import RuleError, UsageError
from .screen import note, plural

if TYPE_CHECKING:
    from ..library.opening import Connection
    from .settings import Desk


def tell_edited_rules(desk: Desk, connection: Connection) -> None:
    """Say so if the workspace's rules are not those that made the library's tags, or cannot be read.

    Rules older than the library's file are not read: who wrote to it since was told then.
    """
    if desk.quiet or not _edited_since(desk.rules_folder, desk.db_file):
        return
    from ..library.reading import Reader

    try:
        rules = desk.rules()
    except (RuleError, UsageError) as error:
        note(f"{str(error).rstrip('.')}. The tags are still those that the rules gave before.")
        return
    tell_stale(Reader(connection).stale(rules.hash), quiet=desk.quiet)


def tell_stale(papers: int, *, quiet: bool) -> None:
    """So many papers carry tags of other rules than today's."""
    if papers:
        carry = "carries" if papers == 1 else "carry"
        note(f"{plural(papers, 'paper')} {carry} tags of other rules; `reftrack retag` applies these.", quiet=quiet)


def _edited_since(folder: str | None, db: str) -> bool:
    if folder is None or not os.path.isdir(folder):
        return False
    rules = []
    with suppress(OSError):  # what may not be read is told by whoever reads it
        rules = [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".toml")]
    written = max(_changed(db), _changed(f"{db}-wal"))
    return any(_changed(path) >= written for path in (folder, *rules))


def _changed(path: str) -> int:
    """When the file last changed, in nanoseconds; 0 if it is empty or cannot be seen."""
    try:
        seen = os.stat(path)
    except OSError:
        return 0
    return seen.st_mtime_ns if seen.st_size else 0
