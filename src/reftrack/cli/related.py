"""Which commands whoever reads the help of one may want next."""

from __future__ import annotations

import click

SEE_ALSO = {
    "init": ("fetch", "doctor", "completion"),
    "fetch": ("digest", "list", "runs", "query"),
    "list": ("count", "show", "why", "export"),
    "map": ("count", "list", "export"),
    "show": ("why", "open", "note", "history"),
    "serve": ("map", "list", "show", "why"),
    "open": ("show", "list"),
    "why": ("show", "tag", "rules"),
    "tag": ("why", "list", "retag"),
    "retag": ("rules", "why", "tag"),
    "rules": ("why", "retag", "tag"),
    "export": ("list", "cite", "key"),
    "cite": ("export", "show"),
    "import": ("fetch", "list", "note"),
    "key": ("export", "show", "import"),
    "note": ("show", "tag", "list"),
    "screen": ("decide", "agreement", "undo", "list"),
    "decide": ("screen", "agreement", "undo"),
    "agreement": ("screen", "decide", "import"),
    "runs": ("digest", "fetch", "query"),
    "digest": ("runs", "fetch", "list"),
    "query": ("fetch", "runs", "list"),
    "rebuild": ("doctor", "retag", "db"),
    "db": ("doctor", "rebuild"),
    "doctor": ("db", "rules", "query"),
    "count": ("list", "tag"),
    "studies": ("list", "count", "history", "undo"),
    "reviews": ("studies", "list", "check"),
    "report": ("screen", "runs", "studies", "export"),
    "claims": ("list", "count", "why"),
    "check": ("cite", "import", "digest"),
    "history": ("undo", "show"),
    "undo": ("history", "sync"),
    "sync": ("history", "undo"),
    "completion": ("help", "init"),
    "help": ("doctor", "completion"),
}
"""Command → what it goes together with, the nearest first."""


def add_related(name: str, command: click.Command) -> None:
    """Put the line at the end of the help of a command and of those below it."""
    related = SEE_ALSO.get(name, ())
    if not related or command.epilog:
        return
    line = f"See also: reftrack {', '.join(related)}"
    command.epilog = line
    if isinstance(command, click.Group):
        for below in command.commands.values():
            below.epilog = below.epilog or line
