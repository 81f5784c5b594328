"""`reftrack claims`: what is behind each claim that readers bring, in counts and papers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from ..library.selecting import Selection
from . import guidance, options
from .edited import tell_edited_rules
from .pager import paged
from .screen import clean, json_text, note, plural
from .settings import Desk
from .shorthand import Selecting
from .typed import list_commands

if TYPE_CHECKING:
    from ..claims import Claim
    from ..library.reading import Reader
    from ..workflow.claiming import Bearing, Table

NO_VERDICT = (
    "These are counts of the papers held: no verdict on a claim, and no advice. A paper that bears on a claim may "
    "speak for it or against it."
)


@click.command(cls=Selecting)
@click.argument("claim", default="", metavar="[CLAIM]")
@partial(options.selection, text=False)
@click.option("--lint", is_flag=True, help="Look the claims over instead: tags that are none, queries that fail.")
@options.as_json
@click.pass_obj
@click.pass_context
def command(ctx: click.Context, desk: Desk, /, *, claim: str, lint: bool, as_json: bool, **chosen: Any) -> None:
    """Say what is behind each claim: how many papers bear on it, of which kinds, and what is absent.

    With the name of a CLAIM: its papers, the strongest kind of study first, with the sentences that bear on it, and
    the `list` that gives the same papers; --limit shows fewer and counts all. Options select papers as in `list`,
    also +TAG and -TAG.

    Claims are data: a workspace adds its own in claims/*.toml, and changes or switches off (disabled = true) others
    by their id. To bear on a claim is not to support it: these are counts and papers, never a verdict or advice.

    \b
    Examples:
      reftrack claims
      reftrack claims safety
      reftrack claims safety --limit 5 --sort -year
      reftrack claims +rct --year 2015..
      reftrack claims --lint
    """
    from .. import claims

    known = claims.load(desk.own_claims())
    if claim:
        known = [one for one in known if one.id == _named(claim, known)]
    selection = options.read_selection(**chosen)
    if lint and selection != Selection():
        raise UsageError("--lint looks the claims over, not papers; leave out what selects papers.")
    if selection.limit is not None and not claim:
        raise UsageError("--limit would cut the counts short; with the name of a claim it is how many papers to show.")
    reader = desk.reader()
    if reader is None or not reader.how_many():
        guidance.tell_empty(desk)
        if as_json:
            if lint:
                click.echo(json_text([]))
            else:
                _print_json(None, [])
        return
    with reader:
        if lint:
            ctx.exit(_lint(desk, reader, known, as_json=as_json))
        tell_edited_rules(desk, reader.connection)
        table = _count(desk, reader, known, selection)
        commands = [list_commands(one.selections, ctx.command.params, chosen) for one in table.bearings]
        _print(desk, reader, table, commands, alone=bool(claim), most=selection.limit, as_json=as_json)
    options.tell_not_held(desk, selection)


def _named(name: str, known: Sequence[Claim]) -> str:
    """The id of a claim. Raises UsageError, with the nearest."""
    from ..claims import nearest_id

    ids = [one.id for one in known]
    plain = name.strip().lower()
    if plain in ids:
        return plain
    near = nearest_id(name, ids)
    raise UsageError(
        f"There is no claim {name!r}{f'; did you mean {near}?' if near else '; `reftrack claims` shows them all.'}"
    )


def _count(desk: Desk, reader: Reader, known: Sequence[Claim], selection: Selection) -> Table:
    """The table of the selected papers, the papers of each claim in the order asked for."""
    from ..workflow.claiming import weigh_up

    every = selection._replace(limit=None)
    among = None if every == Selection() else options.chosen(desk, reader.connection, every)
    if among is not None and not among:
        guidance.tell_nothing_meets(desk, reader.connection)
    table = weigh_up(reader, known, among)
    if selection.sort and among is not None:
        place = {pmid: number for number, pmid in enumerate(among)}
        for bearing in table.bearings:
            bearing.pmids.sort(key=place.__getitem__)
    return table


def _lint(desk: Desk, reader: Reader, known: Sequence[Claim], *, as_json: bool) -> int:
    from ..workflow.claiming import faults

    found = faults(reader, known)
    if as_json:
        click.echo(json_text([{"problem": fault} for fault in found]))
    for fault in () if as_json else found:
        click.echo(clean(fault))
    note(f"{plural(len(known), 'claim')}, {plural(len(found), 'fault')}", quiet=desk.quiet)
    return 1 if found else 0


def _print(
    desk: Desk,
    reader: Reader,
    table: Table,
    commands: Sequence[list[str]],
    *,
    alone: bool,
    most: int | None,
    as_json: bool,
) -> None:
    from . import evidence

    if alone and table.left_out:
        why = next(iter(table.left_out))
        raise UsageError(f"This claim is left out, {why}.")
    with paged(desk, wanted=not as_json):
        if alone:
            (bearing,), (said,) = table.bearings, commands
            if as_json:
                click.echo(json_text(shape(bearing, said) | {"evidence": evidence.shapes(reader, bearing, most)}))
            else:
                evidence.print_claim(reader, bearing, said, most)
        elif as_json:
            _print_json(table, commands)
        else:
            evidence.print_table(table)
    for warning in table.warnings:
        note(f"A claim's query: {warning}.", quiet=desk.quiet)
    for why, ids in table.left_out.items():
        note(f"Left out: {plural(len(ids), 'claim')} ({', '.join(ids)}) {clean(why)}.", quiet=desk.quiet)
    if not alone:
        note(
            f"{table.without:,} of {plural(table.papers, 'paper')} {'bears' if table.without == 1 else 'bear'} on no "
            "claim. `reftrack claims CLAIM` shows the papers of one.",
            quiet=desk.quiet,
        )
        if not table.bearings:
            note("Claims of your own stand in claims/*.toml; `reftrack claims --help` says how.", quiet=desk.quiet)
    note(NO_VERDICT, quiet=desk.quiet)


def _print_json(table: Table | None, commands: Sequence[list[str]]) -> None:
    bearings = table.bearings if table else []
    shown = [shape(bearing, said) for bearing, said in zip(bearings, commands, strict=True)]
    left_out = [{"claim": one, "why": why} for why, ids in (table.left_out if table else {}).items() for one in ids]
    papers, without = (table.papers, table.without) if table else (0, 0)
    click.echo(
        json_text({"claims": shown, "papers": papers, "on_no_claim": without, "left_out": left_out, "note": NO_VERDICT})
    )


def shape(bearing: Bearing, commands: Sequence[str]) -> dict[str, Any]:
    """A claim's counts as JSON has them."""
    return {
        "claim": bearing.claim.id,
        "statement": bearing.claim.statement,
        "note": bearing.claim.note,
        "papers": len(bearing.pmids),
        "trials": bearing.trials,
        "kinds": bearing.kinds,
        "study": [{"value": study or None, "count": count} for study, count in bearing.studies.items()],
        "tagged": {"human": bearing.human, "animal": bearing.animal, "in-vitro": bearing.in_vitro},
        "newest": bearing.newest,
        "retracted": bearing.retracted,
        "absent": bearing.absent,
        "commands": list(commands),
        "pmids": bearing.pmids,
    }
