"""`reftrack help`: the help of a command, page by page where it is long."""

from __future__ import annotations

import os
import re
import shutil

import click

from .groups import Subcommands
from .screen import on_terminal

_HEADING = re.compile(r"^(Usage|Options|Commands|Examples?|  Examples?|First steps|  First steps)(?=:)", re.MULTILINE)


@click.command()
@click.argument("words", nargs=-1, metavar="[COMMAND]...")
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Show the help of a command, as --help does; on a terminal through the pager if it is long.

    \b
    Examples:
      reftrack help
      reftrack help list
      reftrack help tag add
    """
    root = ctx.find_root()
    at = root
    for word in words:
        group = at.command
        if not isinstance(group, click.Group):
            raise click.UsageError(f"`{at.command_path}` has no commands below it, so none named {word!r}.", ctx=at)
        if isinstance(group, Subcommands):
            group.resolve_command(at, [word])  # which tells whoever mistypes it
        found = group.get_command(at, word)
        if found is None:
            raise click.UsageError(f"`{at.command_path}` has no command {word!r}.", ctx=at)
        at = click.Context(found, info_name=word, parent=at, **found.context_settings)
    text = at.get_help() + "\n"
    if not on_terminal():
        click.echo(text, nl=False)
        return
    text = _HEADING.sub(lambda match: click.style(match[0], bold=True), text) if "NO_COLOR" not in os.environ else text
    if text.count("\n") < shutil.get_terminal_size().lines:
        click.echo(text, nl=False)
        return
    os.environ.setdefault("LESS", "-R")  # bold stays bold; who has set LESS knows better
    click.echo_via_pager(text)
