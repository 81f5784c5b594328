"""`reftrack init`: a folder becomes a workspace."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ..errors import UsageError
from .screen import note
from .settings import Desk

_DB_README = """The library lives here: reftrack.db, one SQLite file (with -wal and -shm beside it while it is in use).
`reftrack db backup` copies it to backups/, also while it is in use; never edit it while reftrack runs.
"""


@click.command()
@click.argument("folder", default=".", type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--bare", is_flag=True, help="Without the example queries.")
@click.pass_obj
def command(desk: Desk, folder: Path, *, bare: bool) -> None:
    """Make a workspace: saved queries in queries/, the library in db/. Nothing that exists is overwritten.

    \b
    Examples:
      reftrack init
      reftrack init ~/evidence/stroke
    """
    from ..library.writing import Library

    made: list[str] = []
    try:
        for name in ("queries", "db"):
            if not (folder / name).is_dir():
                (folder / name).mkdir(parents=True)
                made.append(f"{name}/")
        texts = {"db/README.md": _DB_README}
        if not bare and not any((folder / "queries").glob("*.toml")):
            texts |= {f"queries/{name}": text for name, text in _shipped_queries().items()}
        for name, text in texts.items():
            if not (folder / name).exists():
                (folder / name).write_text(text, encoding="utf-8")
                made.append(name)
    except OSError as error:
        raise UsageError(f"{folder} cannot be made a workspace: {error.strerror} ({error.filename}).") from None
    db = folder / "db" / "reftrack.db"
    if not os.path.lexists(db):
        with Library.open(db, create=True) as library:
            rules = desk.rules()
            library.set_vocabulary(rules.definitions, rules.facet_names)
        made.append("db/reftrack.db")
    click.echo(f"Workspace {folder.resolve()}: " + (f"made {', '.join(made)}." if made else "nothing to do."))
    note("Next: reftrack fetch --from sample (no network), or reftrack fetch.", quiet=desk.quiet)


def _shipped_queries() -> dict[str, str]:
    """File name to text of the queries that ship: inside an installed package, else in the checkout it runs from."""
    package = Path(__file__).parents[1]
    for folder in (package / "shipped_queries", package.parents[1] / "queries"):
        if folder.is_dir():
            return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.toml"))}
    return {}
