"""`reftrack query diff`: what an edit of a saved query would gain and lose, before anything is fetched."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from . import options
from .screen import READABLE, clean, console, json_text, note, on_terminal, painted, plural
from .settings import Desk, expanded

if TYPE_CHECKING:
    from ..library.reading import Reader
    from ..model import Query
    from ..workflow.differing import Compared, Former, Moved

FINDINGS = 1
LONGEST_LIST = 20
"""So many papers are shown without --all."""
_DIFF = {"+": "green", "-": "red"}


@click.command("diff", short_help="Show what an edit gains and loses.")
@click.argument("name")
@click.option("--against", metavar="FILE|TERM|RUN", help="Compare with this instead of the newest complete run's term.")
@click.option("--offline", is_flag=True, help="Judge the held papers only; ask PubMed nothing.")
@click.option("--max", "limit", type=click.IntRange(min=1), metavar="N", help="Allow up to N papers a term.")
@click.option("--all", "everything", is_flag=True, help=f"List all papers, not only the first {LONGEST_LIST}.")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    name: str,
    *,
    against: str | None,
    offline: bool,
    limit: int | None,
    everything: bool,
    as_json: bool,
) -> None:
    """Show what an edit of a saved query would gain and lose, before it is fetched.

    The term in the file is compared with that of the newest complete run, or with another one. Both are asked of
    PubMed as it is today; with --offline both are judged over the held papers. Lost papers that carry a tag, decision,
    label, note or key by hand, or that the file names in `known`, come first. Nothing is fetched into the library.

    Status 1 if such a paper would be lost.

    \b
    Examples:
      reftrack query diff stroke
      reftrack query diff stroke --offline
      reftrack query diff stroke --against old/stroke.toml
      reftrack query diff stroke --against 12
    """
    from .. import queries
    from ..workflow import differing

    desk: Desk = ctx.obj
    query = queries.named(desk.queries, name)
    with ExitStack() as stack:
        library = desk.reader()
        if library is not None:
            stack.enter_context(library)
        former = _former(query, library, against)
        if differing.same(query.term, former.term):
            if as_json:
                lines = differing.lines(query.term)
                click.echo(json_text(_shape(differing.Compared(query, former, lines, lines))))
            else:
                click.echo(f"{name}: the term is that of {clean(former.name)}.")
            return
        if offline:
            compared = differing.compare_held(query, former, library)
        else:
            from . import asking

            eutils = stack.enter_context(asking.eutils(desk))
            most = limit or query.max_hits
            compared = differing.compare_online(query, former, library, eutils, desk.rules(), limit=most)
    for warning in compared.warnings:
        note(f"{name}: {clean(warning)}", quiet=desk.quiet and offline)
    if as_json:
        click.echo(json_text(_shape(compared)))
    else:
        _show(compared, offline=offline, most=None if everything else LONGEST_LIST)
        note("Nothing was fetched or stored. `reftrack fetch " + name + "` runs the query.", quiet=desk.quiet)
    if compared.precious:
        ctx.exit(FINDINGS)


def _former(query: Query, library: Reader | None, against: str | None) -> Former:
    from ..workflow.differing import Former, last_term

    if against is None:
        former = last_term(query, library)
        if former is None:
            raise UsageError(
                f"{query.name} has no complete run to compare with; `reftrack fetch {query.name}` makes one, "
                "or name a file or a term with --against."
            )
        return former
    text = against.strip()
    if not text:
        raise UsageError("--against is empty; name a file, a term or the number of a run.")
    if text.isascii() and text.isdigit():
        run = next(library.runs(run=int(text)), None) if library and len(text) < 18 else None  # noqa: PLR2004
        if run is None:
            raise UsageError(f"There is no run {text}; `reftrack runs {query.name}` shows them.")
        return Former(run.term, f"run {run.run} of {run.started[:10]}")
    path = expanded(text)
    if "\n" not in text and _is_file(path):
        return Former(_term_of(path), path.name)
    if text.endswith(".toml"):
        raise UsageError(f"There is no file {text}.")
    return Former(text, "the term given")


def _is_file(path: Path) -> bool:
    try:
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):  # too long for a path, or no path at all: then it is a term
        return False


def _term_of(path: Path) -> str:
    """The term of a query's file, in TOML or bare. Raises UsageError."""
    import tomllib

    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}).") from None
    try:
        held = tomllib.loads(text)
    except ValueError as error:
        if path.suffix == ".toml":
            raise UsageError(f"{path} is not valid TOML: {error}.") from None
        held = {"term": text}
    term = held.get("term")
    if not isinstance(term, str) or not term.strip():
        raise UsageError(f"{path} has no term.")
    return term


def _shape(one: Compared) -> dict[str, Any]:
    return {
        "query": one.query.name,
        "against": one.former.name,
        "diff": _diff(one),
        "gained": [_shape_moved(paper) for paper in one.gained],
        "lost": [_shape_moved(paper) for paper in one.lost],
        "both": one.both,
        "unjudged": one.unjudged,
        "warnings": list(one.warnings),
    }


def _shape_moved(one: Moved) -> dict[str, Any]:
    return {
        "pmid": one.pmid,
        "title": one.title,
        "year": one.year,
        "study": one.study or None,
        "key": one.key or None,
        "held": bool(one.key),
        "by_hand": list(one.hand),
        "known": one.is_known,
    }


def _diff(one: Compared) -> list[str]:
    from difflib import unified_diff

    after = f"queries/{one.query.name}.toml"
    return [clean_line(line) for line in unified_diff(one.before, one.after, one.former.name, after, n=1, lineterm="")]


def clean_line(line: str) -> str:
    """A line without anything that a terminal would obey; its indentation is kept."""
    indent = len(line) - len(line.lstrip(" "))
    return line[:indent] + clean(line[indent:])


def _show(one: Compared, *, offline: bool, most: int | None) -> None:
    for line in _diff(one):
        click.echo(painted(line, fg=_DIFF.get(line[0])) if line else line)
    where = "held papers" if offline else "papers"
    hand, known = sum(bool(paper.hand) for paper in one.lost), sum(paper.is_known for paper in one.lost)
    told = [f"{hand} with work by hand"] * bool(hand) + [f"{known} known"] * bool(known)
    precious = f" ({', '.join(told)})" if told else ""
    click.echo()
    lost, gained = _papers(len(one.lost)), _papers(len(one.gained))
    _say(f"{one.query.name}: would lose {lost}{precious}; gain {gained}; {one.both:,} {where} stay.", indent="")
    for sign, moved in (("-", one.lost), ("+", one.gained)):
        _list(sign, moved, most)
    if offline:
        rest = f" {plural(one.unjudged, 'paper')} that PubMed found can be told by PubMed only." if one.unjudged else ""
        note(f"Judged over the held papers; what is not held cannot be known offline.{rest}")


def _papers(number: int) -> str:
    return plural(number, "paper")


def _list(sign: str, moved: Sequence[Moved], most: int | None) -> None:
    shown = [one for number, one in enumerate(moved) if most is None or number < most or one.hand or one.is_known]
    told = [one for one in shown if one.title or one.key or one.is_known]
    for one in told:
        mark = "!" if sign == "-" and (one.hand or one.is_known) else " "
        facts = " · ".join(str(fact) for fact in (one.pmid, one.year, one.study, one.key or "not held") if fact)
        head = f"{mark}{sign} {clean(facts)}"
        click.echo(painted(head, fg="red", bold=True) if mark == "!" else head)
        words = [*one.hand, *(["known: the file says that it must be found"] if one.is_known else [])]
        for text in (one.title, "; ".join(words)):
            if text:
                _say(text, indent="    ")
    rest = len(moved) - len(told)
    if rest:
        click.echo(f" {sign} … and {_papers(rest)} more")


def _say(text: str, *, indent: str) -> None:
    text = clean(text)
    if on_terminal():
        width = min(READABLE, console().width) - len(indent)
        text = textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)
    click.echo(textwrap.indent(text, indent))
