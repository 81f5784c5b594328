"""The JSON shapes of the command line: a contract; fields may be added, never removed or retyped."""

from __future__ import annotations

from typing import Any

from ..export.shape import shape as paper
from ..model import Run

HEAVY = ("abstract", "mesh")
"""Fields that `list` leaves out unless they are asked for by --columns."""

__all__ = ["HEAVY", "paper", "run"]


def run(line: Run) -> dict[str, Any]:
    """A line of the ledger."""
    return {
        "run": line.run,
        "query": line.query,
        "source": line.source,
        "status": line.status,
        "term": line.term,
        "translation": line.translation,
        "warnings": list(line.warnings),
        "count": line.count,
        "received": line.received,
        "new": list(line.new),
        "late": list(line.late),
        "changed": list(line.changed),
        "indexed": list(line.indexed),
        "notice": list(line.notice),
        "left": list(line.left),
        "missing": list(line.missing),
        "requests": line.requests,
        "started": line.started,
        "finished": line.finished,
        "version": line.version,
        "problem": line.problem,
        "ids_sha256": line.ids_sha256,
        "retracted": list(line.retracted),
        "deleted": list(line.deleted),
        "stored": list(line.stored),
        "asked": line.asked,
        "changes_since": line.changes_since,
        "server": line.server,
        "details": [{"pmid": event.pmid, "bucket": event.bucket, "reason": event.reason} for event in line.details],
    }
