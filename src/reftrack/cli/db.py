"""`reftrack db`: the library as a file: where it is, a copy of it, how much it holds."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import LibraryError, UsageError
from . import options
from .groups import Subcommands
from .screen import clean, json_text, note, plural
from .settings import Desk, expanded

if TYPE_CHECKING:
    from ..library.opening import Connection


@click.group(cls=Subcommands)
def command() -> None:
    """Say where the library is, copy it, count what it holds.

    \b
    Examples:
      reftrack db backup
      reftrack db stats
    """


@command.command("path")
@click.pass_obj
def path(desk: Desk) -> None:
    """Print the path of the library's file. For other programs, whether or not it is there yet.

    \b
    Example:
      reftrack db path
    """
    click.echo(str(desk.db))


@command.command("backup")
@click.argument("file", default="", metavar="[FILE]")
@options.as_json
@click.pass_obj
def backup(desk: Desk, file: str, *, as_json: bool) -> None:
    """Copy the library to a file, also during a fetch. The copy is checked, and never put over another file.

    Without FILE into the folder backups beside the library, named by the time. The path goes to stdout.

    \b
    To go back to a copy: move reftrack.db and what lies beside it (-wal, -shm)
    away, then copy the backup to reftrack.db.

    \b
    Examples:
      reftrack db backup
      reftrack db backup ~/before-the-update.db
    """
    from ..library.copying import copy, numbered

    with closing(_open(desk)) as connection:
        target = _target(desk, file)
        made = copy(connection, [target] if file and not expanded(file).is_dir() else numbered(target))
    if as_json:
        click.echo(json_text({"path": str(made.path), "size": made.size, "papers": made.rows["papers"]}))
        return
    click.echo(str(made.path))
    note(f"{_size(made.size)}, {plural(made.rows['papers'], 'paper')}; the copy was checked.", quiet=desk.quiet)


@command.command("stats")
@options.as_json
@click.pass_obj
def stats(desk: Desk, *, as_json: bool) -> None:
    """Count papers, records, runs and hand tags. Also says how large the library is and what time it spans.

    \b
    Examples:
      reftrack db stats
      reftrack db stats --json
    """
    from ..library.counting import stats

    with closing(_open(desk)) as connection:
        held = stats(connection)
    if as_json:
        years = dict(zip(("oldest", "newest"), held.years, strict=True))
        seen = dict(zip(("oldest", "newest"), (moment or None for moment in held.first_seen), strict=True))
        click.echo(json_text({"path": str(desk.db)} | held._asdict() | {"years": years, "first_seen": seen}))
        return
    rows = [
        ("path", clean(desk.db)),
        ("size", _size(held.size)),
        ("papers", f"{held.papers:,}"),
        ("published", _span(*(str(year or "") for year in held.years))),
        ("first seen", _span(*(moment[:10] for moment in held.first_seen))),
        ("records", f"{held.records:,}"),
        ("former records", f"{held.former_records:,}"),
        ("unread records", f"{held.unread_records:,}"),
        ("runs", f"{held.runs:,}"),
        ("hand tags", f"{held.hand_tags:,}"),
        ("tag changes", f"{held.tag_changes:,}"),
        ("not indexed yet", f"{held.awaiting_indexing:,}"),
        ("schema", str(held.schema)),
    ]
    for name, value in rows:
        click.echo(f"{name:<16} {value}")


def _open(desk: Desk) -> Connection:
    connection = desk.connection()
    if connection is None:
        raise LibraryError("The library is empty: `reftrack fetch` fills it, and then there is something to copy.")
    return connection


def _target(desk: Desk, file: str) -> Path:
    """Where the copy goes. Raises UsageError for a name that cannot be taken."""
    name = f"{desk.db.stem}-{datetime.now():%Y%m%d-%H%M%S}{desk.db.suffix}"  # noqa: DTZ005 - by the user's own clock
    if not file:
        folder = desk.db.parent / "backups"
        folder.mkdir(exist_ok=True)
        return folder / name
    target = expanded(file)
    if target.is_dir():
        return target / name
    if not target.parent.is_dir():
        raise UsageError(f"There is no folder {target.parent} for the copy; make it, or name another.")
    if target.exists() or target.is_symlink():
        raise UsageError(f"{target} is there already and was not touched; name another file for the copy.")
    return target


def _span(oldest: str, newest: str) -> str:
    return oldest if oldest == newest else f"{oldest} to {newest}"


def _size(number: int) -> str:
    return f"{number / 1e6:,.1f} MB"
