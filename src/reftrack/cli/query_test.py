"""`reftrack query test`: do the saved queries find the papers that they must, and which block fails where not."""

from __future__ import annotations

import textwrap
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from ..errors import QueryError
from . import options
from .screen import READABLE, clean, console, json_text, note, on_terminal, painted
from .settings import Desk

if TYPE_CHECKING:
    from ..eutils import Eutils
    from ..model import Query
    from ..workflow.knowing import Known, Tested

FINDINGS, PARTIAL = 1, 4
_INDENT = "    "


@click.command("test", short_help="Check that known papers are found.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--offline", is_flag=True, help="Do not ask PubMed about papers that are not held.")
@options.as_json
@click.pass_context
def command(ctx: click.Context, names: tuple[str, ...], *, offline: bool, as_json: bool) -> None:
    """Check that saved queries, all or those named, find the papers in their `known`.

    Held papers are judged here. Those that are not held, or that our reading misses, are asked of PubMed in one search
    a query. Of each missed paper the title is shown, and which block of the query keeps it out, and why. Nothing is
    stored.

    Status 1 if a paper is missed; 4 if none is, but some could not be judged; 3 if PubMed could not be asked.

    \b
    Examples:
      reftrack query test
      reftrack query test stroke --offline
    """
    desk: Desk = ctx.obj
    tested, refused = _tested(desk, names, offline=offline)
    _report(tested, refused, as_json=as_json, quiet=desk.quiet)
    if offline and any(one.unjudged for one in tested):
        note("Without --offline PubMed is asked about what could not be judged.", quiet=desk.quiet)
    ctx.exit(_status(tested, refused))


def _status(tested: list[Tested], refused: list[tuple[str, QueryError]]) -> int:
    """What went wrong first; then what is missed; then what is not known: that is no good news, either."""
    failure = next((one.failure for one in tested if one.failure), None)
    if failure:
        return failure.exit_status
    if any(one.missed for one in tested):
        return FINDINGS
    if refused:
        return QueryError.exit_status
    return PARTIAL if any(one.unjudged for one in tested) else 0


def _report(tested: list[Tested], refused: list[tuple[str, QueryError]], *, as_json: bool, quiet: bool) -> None:
    if as_json:
        click.echo(json_text([*map(_shape, tested), *({"query": n, "problem": str(e)} for n, e in refused)]))
    else:
        for one in tested:
            _show(one)
    for name, error in refused:
        note(f"reftrack: {name}: {error}")
    for one in tested:
        if not one.known:
            note(f"{one.query.name}: names no paper that it must find (`known` in its file).", quiet=quiet)
    failure = next((one.failure for one in tested if one.failure), None)
    if failure:
        note(f"reftrack: {failure}")


def _tested(desk: Desk, names: tuple[str, ...], *, offline: bool) -> tuple[list[Tested], list[tuple[str, QueryError]]]:
    from .. import queries
    from ..workflow.knowing import judge_known

    chosen: list[Query] = [queries.named(desk.queries, name) for name in dict.fromkeys(names)]
    chosen = chosen or list(queries.load(desk.queries).values())
    if not chosen:
        note(f"There is no saved query in {desk.queries}; `reftrack query new` writes one.", quiet=desk.quiet)
    tested: list[Tested] = []
    refused: list[tuple[str, QueryError]] = []
    with ExitStack() as stack:
        library = desk.reader()
        if library is not None:
            stack.enter_context(library)
        asked: Eutils | None = None
        for query in chosen:
            try:
                one = judge_known(query, library, None)
                if not offline and not all(known.ours for known in one.known):
                    if asked is None:  # not before it is needed: it takes a tenth of a second to load
                        from . import asking

                        asked = stack.enter_context(asking.eutils(desk))
                    one = judge_known(query, library, asked)
            except QueryError as error:
                refused.append((query.name, error))
            else:
                tested.append(one)
    return tested, refused


def _shape(one: Tested) -> dict[str, Any]:
    return {
        "query": one.query.name,
        "known": len(one.known),
        "found": one.found,
        "missed": [_shape_known(known) for known in one.missed],
        "unjudged": [_shape_known(known) for known in one.unjudged],
        "differing": [_shape_known(known) for known in one.known if known.differs],
        "problem": str(one.failure or ""),
    }


def _shape_known(one: Known) -> dict[str, Any]:
    return {
        "pmid": one.pmid,
        "title": one.title,
        "ours": one.ours,
        "pubmed": one.theirs,
        "run": one.run,
        "blocks": [
            {"number": b.number, "of": b.of, "operator": b.operator, "text": b.text, "why": b.why} for b in one.failing
        ],
        "problem": one.problem,
    }


def _show(one: Tested) -> None:
    if not one.known:
        return
    style = {"fg": "green"} if one.found == len(one.known) else {"fg": "red"} if one.missed else {"fg": "magenta"}
    told = [painted(f"{one.found}/{len(one.known)} found", **style)]
    told += [f"{len(one.missed)} missed"] if one.missed else []
    told += [f"{len(one.unjudged)} not judged"] if one.unjudged else []
    click.echo(f"{clean(one.query.name)}: {', '.join(told)}")
    for known in one.known:
        if known.found is False:
            _say(f"missed: PMID {known.pmid} {known.title}".rstrip(), "  ")
            _explain(known)
            if known.differs:
                _say(f"Our own reading finds it, PubMed{_when(known)} does not.", _INDENT)
        elif known.found is None:
            _say(f"not judged: PMID {known.pmid} {known.title}".rstrip() + f": {known.problem}", "  ")
        elif known.differs:
            _say(f"found: PMID {known.pmid} {known.title}".rstrip(), "  ")
            _say(f"PubMed{_when(known)} finds it, our own reading of the record does not:", _INDENT)
            _explain(known)


def _when(known: Known) -> str:
    return f" (run {known.run})" if known.run else ""


def _explain(known: Known) -> None:
    for block in known.failing:
        before = "NOT " if block.operator == "NOT" else ""
        _say(f"block {block.number} of {block.of}: {before}{block.text} — {block.why}", _INDENT)
    if known.problem:
        _say(f"Which block fails cannot be told: {known.problem}", _INDENT)


def _say(text: str, indent: str) -> None:
    width = min(READABLE, console().width) if on_terminal() else None
    text = clean(text)
    if width:
        text = textwrap.fill(text, width - len(indent), break_long_words=False, break_on_hyphens=False)
    click.echo(textwrap.indent(text, indent))
