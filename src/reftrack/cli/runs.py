"""`reftrack runs`: the ledger of what was asked, what came, and what it changed."""

from __future__ import annotations

from typing import Any

import click

from . import options
from .screen import clean, console, json_text, note, on_terminal, table, tsv
from .settings import Desk

_STYLES = {"complete": "green", "partial": "yellow", "failed": "red", "interrupted": "yellow", "running": "cyan"}
_LISTS = ("new", "late", "changed", "notice", "left", "missing")
_HEADER = ("run", "query", "status", "started", "source", "count", "received", *_LISTS, "requests")


_NARROW = ("run", "query", "status", "started", "count", "new", "missing")
WIDE = 120
"""Columns from which the whole line fits."""


def _styled(name: str, value: object) -> object:
    return (value, _STYLES[str(value)]) if name == "status" else value


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
    lines = []
    if reader is not None:
        with reader:
            lines = list(reader.runs(query))
    if as_json:
        from . import shapes

        click.echo(json_text([shapes.run(line) for line in lines]))
        return
    if not lines:
        note(f"No run{f' of {clean(query)}' if query else ''} yet.", quiet=desk.quiet)
        return
    rows = [
        (
            line.run,
            line.query,
            line.status,
            line.started.replace("T", " ").replace("Z", ""),
            line.source,
            line.count,
            line.received,
            *(len(getattr(line, name)) for name in _LISTS),
            line.requests,
        )
        for line in lines
    ]
    if not on_terminal():
        for text in tsv(_HEADER, rows):
            click.echo(text)
        return
    shown = _HEADER if console().width >= WIDE else _NARROW
    columns: list[tuple[str, dict[str, Any]]] = [
        (name, {"overflow": "fold"} if name in ("query", "source") else {"no_wrap": True}) for name in shown
    ]
    table(columns, [[_styled(name, row[_HEADER.index(name)]) for name in shown] for row in rows])
    for line in lines[:5]:
        if line.problem:
            note(f"run {line.run}: {clean(line.problem)}", quiet=desk.quiet)
