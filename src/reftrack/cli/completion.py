"""`reftrack completion`: the Tab key in bash, zsh and fish."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import UsageError
from .output import write
from .screen import note
from .settings import Desk

SHELLS = ("bash", "zsh", "fish")
OURS = "# Completion of reftrack "
"""How a file of ours can be told from one that somebody wrote."""


@click.command()
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@click.option("--install", is_flag=True, help="Write it to where the shell finds it; no dot file is edited.")
@click.pass_obj
def command(desk: Desk, shell: str | None, *, install: bool) -> None:
    """Print what a shell needs so that the Tab key completes commands, options, tags, queries, keys and PMIDs.

    Without a name it is the shell you work in. It works from the next shell on, in every workspace.

    \b
    Where it goes by hand:
      bash  ~/.local/share/bash-completion/completions/reftrack
            (with the package bash-completion; or `source` it in ~/.bashrc)
      zsh   a folder of your $fpath, as _reftrack, before compinit runs
      fish  ~/.config/fish/completions/reftrack.fish

    \b
    Examples:
      reftrack completion --install
      reftrack completion bash
      reftrack completion zsh > ~/.zfunc/_reftrack
    """
    from .completing import script

    chosen = shell or _mine(desk)
    if not install:
        click.echo(script(chosen), nl=False)
        return
    path = _place(desk, chosen)
    _refuse_to_replace(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path.parent} cannot be made ({error.strerror}); nothing was written.") from None
    write(path, [script(chosen)])
    click.echo(str(path))
    note(_next(chosen, path), quiet=desk.quiet)


def _mine(desk: Desk) -> str:
    name = Path(desk.environment.get("SHELL", "")).name
    if name not in SHELLS:
        told = f"your shell is {name}" if name else "SHELL does not say which shell you work in"
        raise UsageError(f"Name the shell, {', '.join(SHELLS)}: {told}.")
    return name


def _place(desk: Desk, shell: str) -> Path:
    """Where a shell looks for completions of this person (XDG base directories)."""

    def base(variable: str, *default: str) -> Path:
        named = Path(desk.environment.get(variable, ""))
        return named if named.is_absolute() else Path.home().joinpath(*default)

    data = base("XDG_DATA_HOME", ".local", "share")
    if shell == "bash":
        return data / "bash-completion" / "completions" / "reftrack"
    if shell == "zsh":
        return data / "zsh" / "site-functions" / "_reftrack"
    return base("XDG_CONFIG_HOME", ".config") / "fish" / "completions" / "reftrack.fish"


def _refuse_to_replace(path: Path) -> None:
    try:
        there = path.read_text(encoding="utf-8", errors="replace") if path.exists() else OURS
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); nothing was written.") from None
    if OURS not in there:
        raise UsageError(f"{path} is there and not ours, so it was left as it is; move it away, or print the script.")


def _next(shell: str, path: Path) -> str:
    if shell == "zsh":
        return (
            "Put these two lines into ~/.zshrc, unless it has the like; then open a new shell:\n"
            f"  fpath=({path.parent} $fpath)\n"
            "  autoload -Uz compinit && compinit"
        )
    if shell == "bash":
        return (
            "The next bash has it, if the package bash-completion is there; "
            f"if not, put this line into ~/.bashrc:\n  source {path}"
        )
    return "The next fish has it."
