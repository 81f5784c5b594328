"""The library in three lines: how many papers, what ran last, what nobody has decided. Quick at any size."""

from __future__ import annotations

from typing import NamedTuple

from .opening import Connection
from .selecting import NEWEST


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
        agreed = int(connection.value(_AGREED)) if papers else 0
        runs = int(connection.value("SELECT count(*) FROM runs"))
        newest = connection.rows("SELECT run, query, status, started FROM runs ORDER BY run DESC LIMIT 1")
        run, query, status, started = newest[0] if newest else (0, "", "", "")
        new = connection.value("SELECT count(*) FROM run_papers WHERE run = ? AND outcome = 'new'", (run,))
        return Overview(papers, papers - agreed, runs, run, query, status, started, int(new))


_AGREED = f"""SELECT count(*) FROM (SELECT d.pmid FROM
    (SELECT pmid, verdict, max({NEWEST}) FROM decisions WHERE undone = '' GROUP BY pmid, who) d
    JOIN papers p ON p.pmid = d.pmid GROUP BY d.pmid HAVING min(d.verdict) = max(d.verdict))"""
