"""The one next thing to do, for whoever has no workspace, no query or no paper yet, and where others stand."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from . import COMMANDS
from .screen import clean, note, plural
from .settings import Desk

if TYPE_CHECKING:
    from ..library.opening import Connection

FETCH = "`reftrack fetch` fills it from PubMed, `reftrack fetch --from sample` offline"
EMPTY = f"The library is empty: {FETCH}."


def where_you_are(desk: Desk) -> None:
    """What `reftrack` alone says: the next thing to do, or three lines on the library."""
    try:
        connection = desk.connection()
    except UsageError:
        if desk.root is not None:
            raise
        click.echo("This is no workspace of reftrack, nor is a folder above it.")
        _steps(
            ("reftrack init", "make one here, with two example queries"),
            ("reftrack init DIR", "or in another folder"),
            ("reftrack --help", "what there is"),
        )
        return
    if connection is None:
        click.echo(_empty(desk, None))
        _first_steps()
        return
    with closing(connection):
        _tell(desk, connection)


def _tell(desk: Desk, connection: Connection) -> None:
    from ..library.overview import overview

    seen = overview(connection)
    if not seen.papers:
        click.echo(_empty(desk, connection))
        _first_steps()
        return
    click.echo(f"{plural(seen.papers, 'paper')} in {desk.db}")
    if seen.run:
        what = f"{seen.new:,} new" if seen.status == "complete" else f"`reftrack runs {seen.query}` says why"
        click.echo(f"Newest run: {seen.run}, {clean(seen.query)}, {seen.status} on {seen.started[:10]}: {what}")
    if seen.undecided:
        way = "screen" if "screen" in COMMANDS else "list --decision none"
        click.echo(f"Undecided: {plural(seen.undecided, 'paper')}; `reftrack {way}` shows them")
    note("`reftrack digest` says what changed, `reftrack --help` what there is to do.", quiet=desk.quiet)


def _first_steps() -> None:
    _steps(
        ("reftrack fetch --from sample", "try it without a network"),
        ("reftrack fetch", "run every saved query against PubMed"),
        ("reftrack --help", "what there is"),
    )


def _steps(*steps: tuple[str, str]) -> None:
    width = max(len(command) for command, _ in steps)
    for command, told in steps:
        click.echo(f"  {command:<{width}}  {told}")


def tell_nothing_meets(desk: Desk, connection: Connection) -> None:
    """Why a selection found no paper: none meets it, or there is none at all, and then what to do."""
    some = connection.value("SELECT 1 FROM papers") is not None
    note("No paper meets this." if some else _empty(desk, connection), quiet=desk.quiet)


def tell_empty(desk: Desk) -> bool:
    """Whether the library holds no paper; then the next thing to do has been said."""
    connection = desk.connection()
    if connection is None:
        note(_empty(desk, None), quiet=desk.quiet)
        return True
    with closing(connection):
        if connection.value("SELECT 1 FROM papers") is not None:
            return False
        note(_empty(desk, connection), quiet=desk.quiet)
        return True


def _empty(desk: Desk, connection: Connection | None) -> str:
    """The sentence for a library without a paper."""
    try:
        names = sorted(desk.saved)
    except UsageError:
        names = []
    if not names:
        return f"The library is empty and there is no saved query in {_folder(desk)}: {no_query()}"
    if connection is not None and connection.value("SELECT 1 FROM runs WHERE status = 'complete'") is not None:
        return (
            "The library is empty: no run has found a paper. `reftrack runs` shows what was asked, "
            f"`reftrack query show {names[0]}` a query; widen it and `reftrack fetch` again."
        )
    return EMPTY


def no_query() -> str:
    """How to come by a saved query."""
    from .query import command

    if "new" in command.commands:
        return "`reftrack query new` asks for what it needs."
    return "`reftrack init` in a new folder makes two as examples, CONTRIBUTING.md shows how to write one."


def _folder(desk: Desk) -> str:
    try:
        return str(desk.queries)
    except UsageError:
        return "queries/"
