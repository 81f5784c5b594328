"""`reftrack runs`: the ledger of what was asked, what came, and what it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..library.selecting import Selection
from . import options
from .screen import clean, console, json_text, note, on_terminal, table, tell, tsv
from .settings import Desk
from .summary import counts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Bucket, Run

_STYLES = {"complete": "green", "partial": "magenta", "failed": "red", "interrupted": "magenta", "running": "bold"}
_LISTS: tuple[Bucket, ...] = ("new", "late", "changed", "notice", "retracted", "left", "missing", "deleted")
_HEADER = ("run", "query", "status", "started", "source", "count", "received", *_LISTS, "requests")
WIDE = 80
"""Columns from which the time of day fits beside the news."""
EXPLAINED = 5
"""Runs whose problem is told below the table."""


@click.command()
@click.argument("query", default="")
@options.as_json
@click.pass_obj
def command(desk: Desk, query: str, *, as_json: bool) -> None:
    """Show the runs of one saved query or of all, newest first.

    \b
    Examples:
      reftrack runs
      reftrack runs tbi --json
    """
    reader = desk.reader()
    if as_json:
        from . import shapes

        whole = []
        if reader is not None:
            with reader:
                whole = list(reader.runs(query))
        click.echo(json_text([shapes.run(line) for line in whole]))
        return
    lines: list[tuple[Run, dict[Bucket, int], int]] = []
    if reader is not None:
        with reader:
            lines = list(reader.tallies(query))
            if query and not lines and query not in desk.saved:
                reader.select(Selection(query=query, limit=1))  # which names the nearest
    if not lines:
        whose = f" of {clean(query)}" if query else ""
        note(f"No run{whose} yet; `reftrack fetch {clean(query)}".rstrip() + "` makes the first.", quiet=desk.quiet)
        return
    if not on_terminal():
        tell(tsv(_HEADER, (_cells(line, numbers) for line, numbers, _ in lines)))
        return
    narrow = console().width < WIDE
    columns: list[tuple[str, dict[str, Any]]] = [
        ("Run", {"no_wrap": True, "justify": "right"}),
        ("Query", {"overflow": "fold", "min_width": 5}),
        ("Status", {"no_wrap": True}),
        ("Started" if narrow else "Started (UTC)", {"no_wrap": True}),
        ("Found", {"no_wrap": True, "justify": "right"}),
        ("News", {"ratio": 1, "overflow": "fold"}),
    ]
    table(columns, [_row(*line, narrow=narrow) for line in lines])
    for line, _, _ in lines[:EXPLAINED]:
        if line.problem:
            note(f"run {line.run}: {clean(line.problem)}", quiet=desk.quiet)


def _cells(line: Run, told: Mapping[Bucket, int]) -> list[object]:
    """For a program; a run that failed found nothing because it did not look."""
    looked = line.status != "failed"
    numbers = [line.count, line.received, *(told.get(name, 0) for name in _LISTS)]
    return [
        line.run,
        line.query,
        line.status,
        line.started.replace("T", " ").replace("Z", ""),
        line.source,
        *(numbers if looked else [""] * len(numbers)),
        line.requests,
    ]


def _row(line: Run, numbers: Mapping[Bucket, int], missed: int, *, narrow: bool) -> list[object]:
    """For a person."""
    looked = line.status != "failed"
    told = " · ".join(counts({**numbers, "missing": missed})) or ("nothing" if line.status == "complete" else "")
    source = "" if line.source == "pubmed" else f" from {line.source}"
    return [
        line.run,
        line.query,
        (line.status, _STYLES[line.status]),
        line.started[: 10 if narrow else 16].replace("T", " "),
        f"{line.count:,}" if looked else "-",
        ((told if looked else "-") + source, "bold red" if numbers.get("retracted") else ""),
    ]
