"""`reftrack decide`: a decision on papers that are named, for scripts and for a single paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from .screen import clean, note, plural
from .settings import Desk

if TYPE_CHECKING:
    from ..citation import Verdict
    from ..library.writing import Library


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="PMID|KEY... include|exclude|maybe")
@click.option("--because", multiple=True, metavar="REASON", help="Why; repeat for several.")
@click.option("--who", metavar="NAME", help="Who decides.  [default: the setting who, else the login name]")
@click.option("--consensus", is_flag=True, help="Settle what readers differ on: this alone counts then.")
@click.option("--clear", is_flag=True, help="Take your decision back, so that the papers are undecided.")
@click.pass_obj
def command(
    desk: Desk, *, words: tuple[str, ...], because: tuple[str, ...], who: str | None, consensus: bool, clear: bool
) -> None:
    """Include or exclude papers, or say maybe; of all named papers or of none.

    A later decision of the same reader counts instead. `reftrack screen` asks for them one by one.

    \b
    Examples:
      reftrack decide 31494820 include
      reftrack decide 31494820 31897941 exclude --because "wrong population"
      reftrack decide 31494820 --clear
    """
    from ..citation import CONSENSUS, Decision
    from ..library.selecting import find_papers

    if consensus and who is not None:
        raise UsageError("A consensus is of all readers; leave out --who or --consensus.")
    if clear and because:
        raise UsageError("--clear takes a decision back and has no reason; leave out --because.")
    reader = CONSENSUS if consensus else clean(who).strip() if who is not None else desk.who
    if who is not None and not reader:
        raise UsageError("--who is empty.")
    refuse_consensus(who)
    papers, verdict = (words, None) if clear else _split(words)
    reasons = tuple(dict.fromkeys(" ".join(clean(reason).split()) for reason in because))
    if "" in reasons:
        raise UsageError("--because is empty.")
    with desk.library() as library, library.transaction():
        pmids = find_papers(library.connection, papers)
        if verdict is None:
            cleared, left = _clear(library, pmids, reader)
        else:
            for pmid in pmids:
                library.decide(pmid, Decision(verdict, reader, reasons))
    whose = f" of {clean(reader)}" if reader else ""
    if verdict is None:
        click.echo(f"{plural(cleared, 'decision')}{whose} taken back.")
        if left:
            names = ", ".join(map(str, left))
            note(f"PMID {names}: a decision{whose} was imported and stands; `reftrack import --undo N` takes it back.")
        return
    _tell_unusual(desk, reasons)
    why = f" ({'; '.join(reasons)})" if reasons else ""
    click.echo(f"{plural(len(pmids), 'paper')}: {verdict}{why}.")


def _clear(library: Library, pmids: Sequence[int], reader: str) -> tuple[int, list[int]]:
    """Take a reader's decisions on papers back: on how many there were some, and where an imported one is left."""
    from ..library.acts import CLEARED

    cleared = 0
    for pmid in pmids:
        own = [act for act in library.standing_acts("decision", pmid) if act.who == reader]
        cleared += bool(library.undo(own, who=reader, because=CLEARED))
    said = library.judgments(pmids)
    return cleared, [
        pmid for pmid in pmids if any(one.who == reader for one in said.get(pmid, {}).get("decisions", ()))
    ]


def refuse_consensus(who: str | None) -> None:
    """Raises UsageError for a reader's name that looks like the consensus and is none."""
    from ..citation import CONSENSUS

    if who is not None and clean(who).strip().casefold() == CONSENSUS:
        raise UsageError(
            f"No reader can be called {CONSENSUS}: `reftrack decide … --consensus` and `reftrack screen --conflicts` "
            "settle what readers differ on."
        )


def _split(words: Sequence[str]) -> tuple[Sequence[str], Verdict]:
    from ..workflow.screening import VERDICTS

    said = words[-1].strip().lower()
    verdict = next((one for one in VERDICTS if one == said), None)
    if verdict is None:
        from difflib import get_close_matches

        close = get_close_matches(said, VERDICTS, n=1)
        hint = f"; did you mean {close[0]}?" if close else "."
        raise UsageError(f"Say include, exclude or maybe after the papers; {clean(words[-1])!r} is none of them{hint}")
    if len(words) == 1:
        raise UsageError(f"Name at least one paper (PMID or key) before {verdict}.")
    return words[:-1], verdict


def _tell_unusual(desk: Desk, reasons: Sequence[str]) -> None:
    """A reason beside the list is taken, but a slip of spelling would count as a reason of its own."""
    from difflib import get_close_matches

    from ..workflow.screening import REASONS

    usual = desk.reasons or REASONS
    for reason in reasons:
        close = get_close_matches(reason, usual, n=1, cutoff=0.8)
        if reason not in usual and close:
            note(f"{reason!r} is not in the list of reasons; did you mean {close[0]!r}?", quiet=desk.quiet)
