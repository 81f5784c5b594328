"""The library in three lines: how many papers, what ran last, what nobody has decided. Quick at any size."""

from __future__ import annotations

from typing import NamedTuple

from .opening import Connection
from .planning import count
from .selecting import Selection


class Overview(NamedTuple):
    """Where somebody stands who opens a library."""

    papers: int
    undecided: int
    """Papers that nobody has decided on, or on which the readers do not agree: `list --decision none`."""
    runs: int
    run: int
    """The newest one; 0 if there is none, and then what follows is empty."""
    query: str
    status: str
    started: str
    new: int


def overview(connection: Connection) -> Overview:
    """Look, all of it at one moment. Raises LibraryError."""
    with connection.snapshot():
        papers = int(connection.value("SELECT count(*) FROM papers"))
        undecided = count(connection, Selection(decision="none"))
        runs = int(connection.value("SELECT count(*) FROM runs"))
        newest = connection.rows("SELECT run, query, status, started FROM runs ORDER BY run DESC LIMIT 1")
        run, query, status, started = newest[0] if newest else (0, "", "", "")
        new = connection.value("SELECT count(*) FROM run_papers WHERE run = ? AND outcome = 'new'", (run,))
        return Overview(papers, undecided, runs, run, query, status, started, int(new))
