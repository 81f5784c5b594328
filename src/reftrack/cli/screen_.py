"""`reftrack screen`: papers one by one, one key for each decision."""

from __future__ import annotations

import os
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from . import options
from .decide import refuse_consensus
from .held import open_library
from .screen import clean, note, plural
from .settings import Desk, expanded
from .shorthand import Selecting

if TYPE_CHECKING:
    from ..citation import Verdict
    from ..library.writing import Library
    from ..workflow.screening import Session, Which

INTERRUPTED = 130
MOST_REASONS = 35
"""Reasons that one key can name: 1 to 9, then a to z."""


@click.command(cls=Selecting)
@options.selection
@click.option("--who", metavar="NAME", help="Who decides.  [default: the setting who, else the login name]")
@click.option("--reasons", "reasons_file", metavar="FILE", help="Reasons to exclude a paper, one a line.")
@click.option("--all", "everything", is_flag=True, help="Also papers that you have decided.")
@click.option(
    "--conflicts", is_flag=True, help="Where readers differ; what you decide is the consensus and settles it."
)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    who: str | None,
    reasons_file: str | None,
    everything: bool,
    conflicts: bool,
    decision: str | None,
    **chosen: Any,
) -> None:
    """Decide on papers one by one: i includes, e excludes with a reason, m is maybe, u takes back, ? shows all keys.

    Every decision is stored at once. The same command goes on where you stopped, because what you have decided is not
    asked again; --decision maybe goes over your own maybes. What other readers decided is not shown, but for
    --conflicts. The reasons are those of `reasons = ["wrong population", ...]` in reftrack.toml.

    \b
    Examples:
      reftrack screen +stroke +rct -animal
      reftrack screen --decision maybe
      reftrack screen --conflicts
    """
    desk: Desk = ctx.obj
    if sum((everything, conflicts, decision is not None)) > 1:
        raise UsageError("Choose one of --all, --conflicts and --decision: each says which papers are shown.")
    refuse_consensus(who)
    selection = options.read_selection(**chosen)
    reasons = _reasons(desk, reasons_file)
    if desk.first_day():
        open_library(desk)  # says what to do
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "`reftrack screen` needs a terminal, to show papers and to take keys. Without one, "
            "`reftrack decide PMID include` stores a decision, and `reftrack import` those of a file."
        )
    from ..citation import CONSENSUS
    from ..workflow.screening import Session, to_screen

    reader = clean(who).strip() if who is not None else desk.who
    if who is not None and not reader:
        raise UsageError("--who is empty.")
    which: Which = "conflicts" if conflicts else "all" if everything else _WHICH[decision or "none"]
    options.tell_not_held(desk, selection)
    with desk.library() as library:
        decider = CONSENSUS if conflicts else reader
        # The limit counts papers that are to be seen, or the same command twice would show nothing new.
        selected = options.chosen(desk, library.connection, selection._replace(limit=None))
        pmids = to_screen(library, selected, decider, which)[: selection.limit]
        if not pmids:
            note(_nothing(library, which, decider), quiet=desk.quiet)
            return
        session = Session(library, pmids, decider, by=reader)
        ctx.exit(_sit_down(session, reasons, shows_all=conflicts))


_WHICH: dict[str, Which] = {"none": "undecided", "include": "include", "exclude": "exclude", "maybe": "maybe"}
_DONE: dict[Verdict, str] = {"include": "included", "exclude": "excluded", "maybe": "maybe"}


def _reasons(desk: Desk, file: str | None) -> tuple[str, ...]:
    """Of the file, the workspace, or the usual ones; each once. Raises UsageError."""
    from ..workflow.screening import REASONS

    named = _lines_of(expanded(file)) if file is not None else desk.reasons
    reasons = tuple(dict.fromkeys(" ".join(clean(one).split()) for one in named or REASONS))
    if len(reasons) > MOST_REASONS:
        raise UsageError(f"There are {len(reasons)} reasons, and keys for {MOST_REASONS}; shorten the list.")
    return reasons


def _lines_of(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"The reasons in {path} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise UsageError(f"The reasons in {path} are not UTF-8 text.") from None
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise UsageError(f"{path} names no reason; write one a line.")
    return lines


def _nothing(library: Library, which: Which, who: str) -> str:
    if which == "conflicts":
        return "No two readers differ on these papers, or the consensus has settled it."
    if which == "undecided":
        own = len(library.verdicts(who))
        return f"None of these papers waits for a decision of {who or 'yours'}: {plural(own, 'paper')} decided so far."
    return "There is no such paper; `reftrack screen --all` shows the decided ones, too."


def _sit_down(session: Session, reasons: tuple[str, ...], *, shows_all: bool) -> int:
    """Show papers until the reader leaves; the exit status."""
    try:
        from .keyboard import Stopped, Terminal
    except ImportError:  # Windows has no termios
        raise UsageError(
            "`reftrack screen` reads single keys as Unix terminals give them, and this system has none; "
            "`reftrack decide` and `reftrack import` store decisions here."
        ) from None
    from .walk import Walk

    status = 0
    try:
        with Terminal() as terminal:
            Walk(session, terminal, reasons, shows_all=shows_all).run()
    except KeyboardInterrupt:
        status = INTERRUPTED
    except Stopped as stopped:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # there may be nobody left to write to
        return 128 + stopped.number
    click.echo(_summary(session))
    return status


def _summary(session: Session) -> str:
    counts: Counter[Verdict] = session.counts
    told = ", ".join(f"{counts[verdict]:,} {word}" for verdict, word in _DONE.items() if counts[verdict])
    left = len(session.pmids) - sum(counts.values())
    going_on = f"; {plural(left, 'paper')} left, and the same command goes on" if left else "; none is left"
    return f"{plural(session.decided, 'paper')} decided now ({told or 'none so far'} of these){going_on}."
