"""A group of commands that tells whoever mistypes one which it may have been."""

from __future__ import annotations

import click


class Subcommands(click.Group):
    """The commands below a command: `tag add`, `query show`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but a mistyped command is told the nearest one, and where all stand."""
        name = args[0]
        names = self.list_commands(ctx)
        if not name.startswith("-") and name not in names:
            from difflib import get_close_matches

            close = get_close_matches(name, names, n=1)
            path = ctx.command_path
            hint = f" Did you mean {close[0]}?" if close else f" `{path} --help` shows them all."
            below = "" if ctx.parent is None else f" {path.partition(' ')[2]}"
            ctx.fail(f"There is no command{below} {name!r}.{hint}")
        return super().resolve_command(ctx, args)
