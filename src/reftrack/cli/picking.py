"""Papers that a command changes by hand: named one by one, or chosen by the options of a selection after a question."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from typing import Any, NamedTuple, TypeVar

import click

from ..errors import UsageError
from ..library.selecting import Selection, find_papers, find_tag, listed
from . import options
from .screen import clean, note, on_terminal, plural, tsv
from .settings import Desk

Command = TypeVar("Command", bound=Callable[..., Any])


class Asked(NamedTuple):
    """What was said beside the papers."""

    selection: Selection
    yes: bool
    dry_run: bool


def picking(command: Command) -> Command:
    """PMID|KEY… and TAG as `names`, the options of a selection, --yes and --dry-run; `asked` reads those."""
    command = click.option("--dry-run", is_flag=True, help="Only say which papers it would be.")(command)
    command = click.option("--yes", is_flag=True, help="Do not ask before several selected papers are changed.")(
        command
    )
    command = options.selection(command, text=False)
    return click.argument("names", nargs=-1, required=True, metavar="[PMID|KEY...] TAG")(command)


def asked(*, yes: bool, dry_run: bool, **chosen: Any) -> Asked:
    """The options as they came from `picking`. Raises UsageError, QueryError."""
    return Asked(options.read_selection(**chosen), yes, dry_run)


def pick(desk: Desk, names: tuple[str, ...], said: Asked, doing: str, *, known: bool = True) -> tuple[str, ...]:
    """The papers as PMIDs and then the tag; nothing if it is to be left at that.

    Names of papers stand for themselves; a selection is counted, told, and asked about where it is more than one
    paper. `doing` is the question without its papers, "Add {tag} to {papers}"; `known` says that the tag must be one
    of today's. Raises UsageError where papers are both named and selected, or nobody can be asked.
    """
    selected = said.selection != Selection()
    if selected and len(names) > 1:
        raise UsageError(
            f"Papers are both named ({clean(names[0])}) and selected by options; do one or the other. "
            "The last word is the tag."
        )
    if len(names) == 1 and not selected:
        raise UsageError(
            "Name at least one paper (PMID or key) and then the tag, or select papers by options as in `list`."
        )
    if not (selected or said.dry_run):
        return names
    pmids, tag = _found(desk, names, said.selection, known=known)
    question = doing.format(tag=tag, papers=plural(len(pmids), "paper"))
    if not pmids:
        note("No paper meets this; nothing was changed.", quiet=desk.quiet)
    elif said.dry_run:
        _show(desk, pmids)
        note(f"Would {question[0].lower()}{question[1:]}; nothing was changed.", quiet=desk.quiet)
    elif len(pmids) == 1 or said.yes or _agreed(desk, question):
        return (*map(str, pmids), names[-1])
    return ()


def _found(desk: Desk, names: tuple[str, ...], selection: Selection, *, known: bool) -> tuple[list[int], str]:
    connection = desk.connection()
    if connection is None:
        raise UsageError("The library is empty; `reftrack fetch` fills it.")
    with closing(connection):
        tag = "/".join(find_tag(connection, names[-1])) if known else clean(names[-1])
        named = names[:-1]
        pmids = find_papers(connection, named) if named else options.chosen(desk, connection, selection)
    options.tell_not_held(desk, selection)
    return pmids, tag


def _show(desk: Desk, pmids: list[int]) -> None:
    connection = desk.connection()
    if connection is None:
        return
    with closing(connection):
        for line in tsv(
            ("pmid", "key", "title"), ((row.pmid, row.key, row.title) for row in listed(connection, pmids))
        ):
            click.echo(line)


def _agreed(desk: Desk, question: str) -> bool:
    """Whether a person says yes. Raises UsageError where there is none."""
    if not (on_terminal() and sys.stdin is not None and sys.stdin.isatty()):
        raise UsageError(
            f"{question}? Nobody can be asked here: --yes does it, --dry-run shows which papers. Nothing was changed."
        )
    if click.confirm(f"{question}?", err=True):
        return True
    note("Nothing was changed.", quiet=desk.quiet)
    return False
