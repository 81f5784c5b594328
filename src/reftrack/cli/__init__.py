"""The desk: arguments in, one call, words out. The only room that knows click, the terminal and the environment.

One file a command, loaded when the command runs: `--help` and `list` must not pay for what `fetch` needs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from .. import __version__
from ..errors import ReftrackError

COMMANDS = {
    "init": "Make a workspace in a folder.",
    "fetch": "Run the saved queries and bring the library up to date.",
    "list": "List papers.",
    "count": "Count papers, also by tag, year, query, decision or journal.",
    "show": "Show everything held on a paper.",
    "why": "Explain why a tag is there, or is not.",
    "tag": "Tag by hand; list and count tags.",
    "retag": "Apply the tag rules to papers that are stale.",
    "rules": "Check the tag rules, show them, measure them on labelled papers.",
    "export": "Write papers as BibTeX, RIS, CSL-JSON, CSV and more.",
    "cite": "Print references in the style of any journal.",
    "import": "Bring in files of other programs: RIS, BibTeX, nbib, tables, PubMed XML.",
    "key": "Choose citation keys.",
    "note": "Write and read notes on papers.",
    "runs": "Show the ledger of runs.",
    "digest": "Say what changed since the last run, or since any run or date.",
    "query": "List and show saved queries; look them over, test them, compare edits, write new ones.",
    "rebuild": "Make papers and tags again from the stored records.",
    "db": "Say where the library is, copy it, count what it holds.",
    "doctor": "Check settings, queries, rules and the library.",
}
"""Name → what it does, in the order of a first day's use; the command stands in the module of its name."""

_MODULES = {"list": "list_", "import": "import_"}
USAGE, INTERRUPTED = 2, 130
STOPPED = "reftrack: stopped; every finished batch is kept. Run the same command to go on."


class CommandTable(click.Group):
    """A group that loads a command's file only when the command is called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Every command, in the table's order."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        module = import_module(f".{_MODULES.get(cmd_name, cmd_name)}", __package__)
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but a mistyped command is told the nearest one."""
        name = args[0]
        if not name.startswith("-") and name not in COMMANDS:
            from difflib import get_close_matches

            close = get_close_matches(name, COMMANDS, n=1)
            hint = f" Did you mean {close[0]}?" if close else " `reftrack --help` shows them all."
            ctx.fail(f"There is no command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, without loading one."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, args: Sequence[str] | None = None, **extra: Any) -> Any:  # type: ignore[override]  # noqa: ANN401
        """Everything that can go wrong outside a command's own words: arguments, the terminal, the file system."""
        extra["standalone_mode"] = False
        given = sys.argv[1:] if args is None else list(args)
        try:
            _refuse_what_is_no_text(given)
            status = super().main(given, **extra)
        except click.ClickException as error:
            error.show()
            status = error.exit_code
        except (click.Abort, KeyboardInterrupt):
            click.echo(STOPPED, err=True)
            status = INTERRUPTED
        except OSError as error:
            status = _explain(error)
        sys.exit(status if isinstance(status, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run a command; a promised failure becomes one sentence on stderr and its documented exit status."""
        _speak_utf8()
        try:
            return super().invoke(ctx)
        except ReftrackError as error:
            click.echo(f"reftrack: {error}", err=True)
            ctx.exit(error.exit_status)
        except KeyboardInterrupt:
            click.echo(STOPPED, err=True)
            ctx.exit(INTERRUPTED)


def _refuse_what_is_no_text(arguments: Sequence[str]) -> None:
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            shown = argument.encode("ascii", "backslashreplace").decode()
            raise click.UsageError(f"{shown!r} is not UTF-8 text; check the encoding of the terminal.") from None


def _explain(error: OSError) -> int:
    """A path that cannot be used is a mistake in what was named; anything else happened while writing the result."""
    if error.filename is not None:
        click.echo(f"reftrack: {error.filename} cannot be used: {error.strerror}.", err=True)
        return USAGE
    # What stands in the buffer cannot be written when the program ends, either: let it go where nothing fails.
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    click.echo(f"reftrack: the result could not be written ({error.strerror}); what is stored is safe.", err=True)
    return 1


def _speak_utf8() -> None:
    """What goes into a pipe or a file is UTF-8 whatever the locale; a terminal that lacks a character gets its code."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is None or not stream.encoding or stream.encoding.lower().replace("-", "") == "utf8":
            continue
        if stream.isatty():
            reconfigure(errors="backslashreplace")
        else:
            reconfigure(encoding="utf-8")


@click.command(
    cls=CommandTable,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done, 1 findings, 2 usage, 3 NCBI or network failed, 4 partial, 5 library, 6 query refused.",
)
@click.option("--db", type=click.Path(), help="The library's file.  [default: db/reftrack.db]")
@click.option("--queries", type=click.Path(), help="The folder of saved queries.  [default: queries/]")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no hints.")
@click.option("-v", "--verbose", is_flag=True, help="Say more about what is being done.")
@click.version_option(__version__, prog_name="reftrack")
@click.pass_context
def main(ctx: click.Context, db: str | None, queries: str | None, *, quiet: bool, verbose: bool) -> None:
    """Keep a living evidence base from PubMed.

    Saved queries pull citations into a library; every paper is tagged by condition, study type and
    outcome, each tag with its evidence; lists and BibTeX come out.

    \b
    First steps:
      reftrack fetch --from sample      try it without a network
      reftrack fetch                    run every saved query against PubMed
      reftrack list --tag tbi           papers on traumatic brain injury
      reftrack why KEY rct              why is this a randomised trial?
      reftrack export -o papers.bib     a BibTeX file
    """
    from .settings import Desk  # here, because --help needs neither settings nor paths

    ctx.obj = Desk(db=db, queries=queries, quiet=quiet, verbose=verbose)
