"""The desk: arguments in, one call, words out. The only room that knows click, the terminal and the environment.

One file a command, loaded when the command runs: `--help` and `list` must not pay for what `fetch` needs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from .. import __version__
from ..errors import ReftrackError
from .groups import Subcommands
from .related import add_related

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "init": "Make a workspace in a folder.",
    "fetch": "Run the saved queries and bring the library up to date.",
    "list": "List papers.",
    "count": "Count papers, also by tag, year, query, decision or journal.",
    "studies": "Group reports into the trials behind them.",
    "reviews": "Show which trials each review cites, which not, and how far reviews overlap.",
    "map": "Draw what evidence there is, outcome by study type, and where there is none.",
    "claims": "Say what is behind each claim: papers, kinds of study, what is absent.",
    "show": "Show everything held on a paper.",
    "serve": "Show the library in the browser: map, papers, trials, questions.",
    "open": "Open papers in the browser: PubMed, the publisher's page, PMC.",
    "why": "Explain why a tag is there, or is not.",
    "tag": "Tag by hand; list and count tags.",
    "retag": "Apply the tag rules to papers that are stale.",
    "rules": "Check the tag rules, show them, measure them on labelled papers.",
    "export": "Write papers as BibTeX, RIS, CSL-JSON, CSV and more.",
    "cite": "Print references in the style of any journal.",
    "import": "Bring in files of other programs: RIS, BibTeX, nbib, tables, PubMed XML.",
    "check": "Check what a manuscript cites: retracted, corrected, superseded, wrong.",
    "key": "Choose citation keys.",
    "note": "Write and read notes on papers.",
    "screen": "Decide on papers one by one, one key each.",
    "decide": "Include or exclude papers by name.",
    "agreement": "Say how far readers agree, and where they differ.",
    "report": "Write what a review must report: PRISMA flow diagram, search appendix.",
    "history": "Show what was done by hand.",
    "undo": "Take back what was done by hand.",
    "sync": "Share hand work with other people through files in git.",
    "runs": "Show the ledger of runs.",
    "digest": "Say what changed since the last run, or since any run or date.",
    "query": "List and show saved queries; look them over, test them, compare edits, write new ones.",
    "rebuild": "Make papers and tags again from the stored records.",
    "db": "Say where the library is, copy it, count what it holds.",
    "doctor": "Check settings, queries, rules and the library.",
    "completion": "Let the Tab key complete commands, tags, queries and keys.",
    "help": "Show the help of a command.",
}
"""Name → what it does, in the order of a first day's use; the command stands in the module of its name."""

_MODULES = {"list": "list_", "import": "import_", "open": "open_", "help": "help_", "screen": "screen_", "map": "map_"}
USAGE, INTERRUPTED = 2, 130
STOPPED = "reftrack: stopped; every finished batch is kept. Run the same command to go on."


class CommandTable(Subcommands):
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
        add_related(cmd_name, command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The table's commands, without loading one, and the options."""
        from click.shell_completion import CompletionItem

        commands = [CompletionItem(name, help=told) for name, told in COMMANDS.items() if name.startswith(incomplete)]
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, without loading one."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, args: Sequence[str] | None = None, **extra: Any) -> Any:  # type: ignore[override]  # noqa: ANN401
        """Everything that can go wrong outside a command's own words: arguments, the terminal, the file system."""
        if instruction := os.environ.get("_REFTRACK_COMPLETE"):
            from .completing import answer

            sys.exit(answer(self, instruction))
        extra["standalone_mode"] = False
        given = sys.argv[1:] if args is None else list(args)
        try:
            _refuse_what_is_no_text(given)
            status = super().main(given, **extra)
        except click.ClickException as error:
            _in_its_place(error).show()
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


def _in_its_place(error: click.ClickException) -> click.ClickException:
    """An option of the program that stands behind a command is not unknown, only out of place."""
    if isinstance(error, click.NoSuchOption) and any(error.option_name in one.opts for one in main.params):
        said = f"{error.option_name} stands before the command: reftrack {error.option_name} ..."
        return click.UsageError(said, ctx=error.ctx)
    return error


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
    invoke_without_command=True,
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
    Examples:
      reftrack fetch --from sample      try it without a network
      reftrack fetch                    run every saved query against PubMed
      reftrack list --tag tbi           papers on traumatic brain injury
      reftrack why poon2020 rct         why is this a randomised trial?
      reftrack export -o papers.bib     a BibTeX file
      reftrack help tag add             all about a command

    Alone, without a command, reftrack says where you are and what comes next.
    """
    from .settings import Desk  # here, because --help needs neither settings nor paths

    ctx.obj = Desk(db=db, queries=queries, quiet=quiet, verbose=verbose)
    if ctx.invoked_subcommand is None:
        from .guidance import where_you_are

        where_you_are(ctx.obj)
