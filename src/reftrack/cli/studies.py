"""`reftrack studies`: the trials behind papers, which paper stands with which and why, and what is said by hand."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from . import guidance, options
from .edited import tell_edited_rules
from .groups import Subcommands
from .held import open_library
from .pager import paged
from .screen import beside, clean, json_text, note, on_terminal, plural, table, tsv
from .settings import Desk
from .shorthand import Selecting

if TYPE_CHECKING:
    from ..workflow.studying import Standing, Studies, Study, Suggestion, Why

ROLES = {
    "results": "results",
    "secondary": "secondary analysis",
    "protocol": "protocol",
    "other": "other report",
    "erratum": "erratum",
    "translation": "copy",
    "pooled": "names it among others",
    "mention": "names it",
}
"""Role → how a person is told; a copy is a translation, a republication, or the preprint of an article."""
_COUNTED = ("results", "secondary", "protocol", "other", "erratum", "translation")
NARROW = 100
"""Columns below which a table has no room for titles."""
ACRONYM, REPORTS = 16, 30
"""Columns that these have at most; what is longer goes on in the next line."""


class WithList(Subcommands):
    """`studies` and what selects papers mean `studies list`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, with `list` put before what is no command of the group."""
        asks = {name for param in self.get_params(ctx) for name in param.opts}
        if not ctx.resilient_parsing and not (args and (args[0] in self.commands or args[0] in asks)):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=WithList)
def command() -> None:
    """Group reports into the trials behind them, and say so by hand.

    Papers are put together by registry numbers, in the record or its words, and by PubMed's links. Errata, protocols,
    secondary and pooled analyses are no further trials. Without a command: `studies list`, with its options.

    \b
    Examples:
      reftrack studies
      reftrack studies --tag stroke
      reftrack studies show NCT01606111
    """


_because = click.option("--because", default="", metavar="TEXT", help="Why; kept with what is said.")
_as = click.option("--as", "who", metavar="NAME", help="In whose name, if not yours.")


@command.command("list", cls=Selecting)
@options.selection
@options.as_json
@click.pass_obj
def list_studies(desk: Desk, /, *, as_json: bool, **chosen: Any) -> None:
    """List the trials behind papers; selected as in `list`.

    Each trial with its reports among these papers, by role. A trial that is known by a paper alone, without a number,
    is named by its PMID.

    \b
    Examples:
      reftrack studies list +stroke
      reftrack studies list --year 2010.. --json
    """
    selection = options.read_selection(**chosen)
    connection = desk.connection()
    if connection is None:
        guidance.tell_empty(desk)
        if as_json:
            click.echo(json_text({"reports": 0, "trials": 0, "unplaced": [], "studies": []}))
        return
    from ..workflow.studying import studies

    with closing(connection):
        tell_edited_rules(desk, connection)
        with connection.snapshot():
            pmids = options.chosen(desk, connection, selection)
            found = studies(connection, pmids)
        if not pmids:
            guidance.tell_nothing_meets(desk, connection)
            _tell_number(desk, selection.text)
    with paged(desk, wanted=not as_json):
        _print(found, as_json=as_json)
    if pmids and not as_json:
        _tell(desk, found)
    options.tell_not_held(desk, selection)


def _tell_number(desk: Desk, text: str) -> None:
    """Words in which nothing is found, though they are the number of a trial."""
    from ..registries import numbers_in

    if number := next((mark.number for mark in numbers_in(text)), ""):
        note(
            f"`reftrack studies show {number}` shows one trial; the words here are looked for in the papers.",
            quiet=desk.quiet,
        )


def _print(found: Studies, *, as_json: bool) -> None:
    if as_json:
        shape = {
            "reports": found.reports,
            "trials": len(found.studies),
            "unplaced": list(found.unplaced),
            "studies": [_shape(one) for one in found.studies],
        }
        click.echo(json_text(shape))
    elif not on_terminal():
        header = ("trial", "acronym", "registry", "papers", *_COUNTED, "newest", "retracted", "pmids")
        for line in tsv(header, (_cells(one) for one in found.studies)):
            click.echo(line)
    elif found.studies:
        _draw(found)


def _draw(found: Studies) -> None:
    from .screen import console

    width = console().width
    wide = width >= NARROW
    names = max(len(one.trial) for one in found.studies)
    columns: list[tuple[str, dict[str, Any]]] = [
        ("trial", {"no_wrap": True, "min_width": names}),
        ("acronym", {"overflow": "fold", "min_width": len("acronym"), "max_width": ACRONYM}),
        ("reports", {"overflow": "fold", "max_width": REPORTS}),
        ("newest", {"no_wrap": True, "min_width": 6}),
    ]
    if wide:
        # What is left of the line: rich would take it from the narrow columns, down to nothing.
        left = width - names - ACRONYM - REPORTS - len("newest") - 4 * len("   ")
        columns.append(("first report", {"no_wrap": True, "overflow": "ellipsis", "max_width": left}))
    rows = []
    for one in found.studies:
        retracted = sum(paper.retracted for paper in one.papers)
        reports: list[tuple[str, str]] = [(_by_role(one), "")]
        if retracted:
            reports.append((f"\u00a0· {retracted:,} RETRACTED" if len(one.papers) > 1 else " · RETRACTED", "bold red"))
        row = [one.trial, one.acronym or "-", reports, _newest(one)]
        rows.append([*row, clean(one.papers[0].title)] if wide else row)
    table(columns, rows)


def _by_role(one: Study) -> str:
    numbers = [(sum(paper.role == role for paper in one.papers), told) for role, told in ROLES.items()]
    return ", ".join(f"{told} ×{number}" if number > 1 else told for number, told in numbers if number)


def _newest(one: Study) -> str:
    return str(max((paper.year or 0 for paper in one.papers), default=0) or "-")


def _tell(desk: Desk, found: Studies) -> None:
    arrow = f"{plural(found.reports, 'report')} → {plural(len(found.studies), 'trial')}"
    note(arrow, quiet=desk.quiet)
    if found.unplaced:
        number = len(found.unplaced)
        note(
            f"{plural(number, 'more report')} (secondary analyses, protocols, errata) of which nothing says of which "
            f"trial: PMID {', '.join(map(str, found.unplaced[:8]))}"
            f"{', …' if number > 8 else ''}. `reftrack studies join` says so by hand.",  # noqa: PLR2004
            quiet=desk.quiet,
        )


def _cells(one: Study) -> tuple[object, ...]:
    return (
        one.trial,
        one.acronym,
        one.registry,
        len(one.papers),
        *(sum(paper.role == role for paper in one.papers) for role in _COUNTED),
        _newest(one).replace("-", ""),
        sum(paper.retracted for paper in one.papers),
        " ".join(str(paper.pmid) for paper in one.papers),
    )


def _shape(one: Study) -> dict[str, Any]:
    return {
        "trial": one.trial,
        "acronym": one.acronym or None,
        "registry": one.registry or None,
        "numbers": list(one.numbers),
        "papers": len(one.papers),
        "roles": {role: [paper.pmid for paper in one.papers if paper.role == role] for role in _COUNTED},
        "newest": max((paper.year or 0 for paper in one.papers), default=0) or None,
        "retracted": [paper.pmid for paper in one.papers if paper.retracted],
        "pmids": [paper.pmid for paper in one.papers],
    }


@command.command("show")
@click.argument("name", metavar="TRIAL|PMID|KEY")
@options.as_json
@click.pass_obj
def show(desk: Desk, /, *, name: str, as_json: bool) -> None:
    """Show the papers of a trial by role, and why each stands there.

    The trial by a registry number, or by any of its papers. All papers held are shown, also pooled analyses and
    reviews that name it, which are no reports of it.

    \b
    Examples:
      reftrack studies show NCT01606111
      reftrack studies show 31494820 --json
    """
    from ..workflow.studying import study

    with open_library(desk) as reader:
        tell_edited_rules(desk, reader.connection)
        one = study(reader.connection, name)
    if as_json:
        papers = [_paper_shape(paper) for paper in one.papers]
        click.echo(json_text(_shape(one) | {"reports": papers, "naming": [_paper_shape(p) for p in one.naming]}))
        return
    head = [one.trial, *([one.acronym] if one.acronym else []), *([one.registry] if one.registry else [])]
    also = [number for number in one.numbers if number != one.trial]
    click.echo(clean(" · ".join([*head, *([f"also {', '.join(also)}"] if also else [])])))
    for paper in (*one.papers, *one.naming):
        _show(paper, report=paper in one.papers)


def _show(paper: Standing, *, report: bool) -> None:
    told = ROLES[paper.role] if report else "names it"
    mark = "RETRACTED · " if paper.retracted else ""
    title = f"{mark}{clean(paper.title)} ({paper.year or 'no year'}; {clean(paper.key) or paper.pmid}, {paper.pmid})"
    if on_terminal():
        beside(told, title, indent=2, width=22)
        for why in paper.why:
            beside("", _why(why), indent=2, width=22, styles=("dim", "dim"))
    else:
        click.echo(f"  {told}\t{title}")
        for why in paper.why:
            click.echo(f"  \t  {_why(why)}")


def _why(why: Why) -> str:
    if why.kind == "hand":
        by = f"by hand, {why.who}" if why.who else "by hand"
        said = f"joined to {why.number}" if why.number else "said"
        return clean(f"{said} {by} on {why.at[:10]}" + (f": {why.quote}" if why.quote else ""))
    if why.kind == "record":
        return clean(f"{why.number} in the record")
    if why.kind == "link":
        return f"PubMed links it with PMID {why.pmid}"
    if why.kind == "itself":
        return "reports results and names no registry number: a trial by itself"
    return clean(f"{why.number} in the {why.kind}: {why.quote}")


def _paper_shape(paper: Standing) -> dict[str, Any]:
    return {
        "pmid": paper.pmid,
        "key": paper.key,
        "title": paper.title,
        "year": paper.year,
        "retracted": paper.retracted,
        "role": paper.role,
        "why": [
            {
                "kind": why.kind,
                "number": why.number or None,
                "quote": why.quote,
                "who": why.who or None,
                "at": why.at or None,
                "pmid": why.pmid,
            }
            for why in paper.why
        ],
    }


@command.command("suggest", cls=Selecting)
@options.selection
@options.as_json
@click.pass_obj
def suggest(desk: Desk, /, *, as_json: bool, **chosen: Any) -> None:
    """List reports that share the name of a trial.

    Such as CASTA, where no number puts them together. A name proves nothing: other trials may go by it, and a paper may
    only speak of another's trial. Read the sentence, then `studies confirm NAME` or `studies join`; `studies split
    PMID` says that a paper is of a trial of its own.

    \b
    Examples:
      reftrack studies suggest
      reftrack studies suggest +stroke --json
    """
    selection = options.read_selection(**chosen)
    connection = desk.connection()
    found: list[Suggestion] = []
    if connection is None:
        guidance.tell_empty(desk)
    else:
        from ..workflow.studying import suggestions

        with closing(connection):
            tell_edited_rules(desk, connection)
            pmids = options.chosen(desk, connection, selection)
            found = suggestions(connection, pmids)
            if not pmids:
                guidance.tell_nothing_meets(desk, connection)
            elif not found:
                note("No name is shared by reports that nothing else puts together.", quiet=desk.quiet)
    _print_suggestions(desk, found, as_json=as_json)


def _print_suggestions(desk: Desk, found: Sequence[Suggestion], *, as_json: bool) -> None:
    if as_json:
        click.echo(json_text([_suggestion_shape(one) for one in found]))
    elif not found:
        return
    elif not on_terminal():
        rows = (
            (one.acronym, p.pmid, p.key, trial, "open" if opened else "", p.title, sentence)
            for one in found
            for p, trial, sentence, opened in one.papers
        )
        for line in tsv(("acronym", "pmid", "key", "trial", "open", "title", "sentence"), rows):
            click.echo(line)
    else:
        with paged(desk, wanted=True):
            for one in found:
                click.echo(clean(one.acronym))
                for paper, trial, sentence, opened in one.papers:
                    where = f"{trial or 'of no trial yet'}{'' if opened else ' (not open)'}"
                    beside(clean(paper.key) or str(paper.pmid), where, indent=2, width=18)
                    beside("", clean(sentence), indent=2, width=18, styles=("dim", "dim"))
        note("`reftrack studies confirm NAME [PMID…]` puts them together.", quiet=desk.quiet)


def _suggestion_shape(one: Suggestion) -> dict[str, Any]:
    return {
        "acronym": one.acronym,
        "papers": [
            {
                "pmid": paper.pmid,
                "key": paper.key,
                "title": paper.title,
                "role": paper.role,
                "trial": trial or None,
                "open": opened,
                "sentence": sentence,
            }
            for paper, trial, sentence, opened in one.papers
        ],
    }


_papers = click.argument("names", nargs=-1, required=True, metavar="[PMID|KEY]...")


@command.command("join")
@click.argument("trial", metavar="TRIAL")
@_papers
@_because
@_as
@click.pass_obj
def join(desk: Desk, /, *, trial: str, names: tuple[str, ...], because: str, who: str | None) -> None:
    """Say that papers report a trial.

    TRIAL is a registry number, or a paper (PMID or key) that stands for its trial. Only these papers move; no fetch or
    retag changes that.

    \b
    Example:
      reftrack studies join NCT01606111 31494820 --because "methods, page 2"
    """
    from ..library.selecting import find_papers
    from ..workflow.studying import trial_named

    with desk.library() as library, library.transaction():
        pmids = find_papers(library.connection, names)
        wanted = trial_named(library.connection, trial)
        moved = [pmid for pmid in pmids if wanted != f"PMID {pmid}"]
        if not moved:
            raise UsageError(f"{wanted} is this very paper; name the trial that it belongs to.")
        for pmid in moved:
            library.do("trial", pmid, who=who or desk.who, verdict="join", trial=wanted, because=clean(because))
    click.echo(f"{plural(len(moved), 'paper')} joined to {clean(wanted)}; no fetch or retag will change that.")


@command.command("split")
@_papers
@click.option("--no-report", is_flag=True, help="It reports no trial at all.")
@_because
@_as
@click.pass_obj
def split(desk: Desk, /, *, names: tuple[str, ...], no_report: bool, because: str, who: str | None) -> None:
    """Take papers out of their trial.

    Each is a trial of its own then, or with --no-report of none.

    \b
    Examples:
      reftrack studies split 31494820 --because "a second, smaller trial"
      reftrack studies split poon2020 --no-report
    """
    said = (
        "no report of a trial" if no_report else "each a trial of its own" if len(names) > 1 else "a trial of its own"
    )
    number = _say(desk, names, "none" if no_report else "alone", because, who)
    click.echo(f"{plural(number, 'paper')}: {said}; no fetch or retag will change that.")


@command.command("reset")
@_papers
@_as
@click.pass_obj
def reset(desk: Desk, /, *, names: tuple[str, ...], who: str | None) -> None:
    """Forget what was said by hand of papers.

    Numbers and links speak again of which trial they are.

    \b
    Example:
      reftrack studies reset 31494820
    """
    from ..library.selecting import find_papers
    from ..library.trials import hand_trials

    with desk.library() as library, library.transaction():
        pmids = find_papers(library.connection, names)
        said = hand_trials(library.connection)
        dropped = [pmid for pmid in pmids if pmid in said]
        for pmid in dropped:
            library.do("trial", pmid, who=who or desk.who, verdict="reset")
    click.echo(f"{plural(len(dropped), 'paper')} given back to numbers and links.")


@command.command("confirm")
@click.argument("acronym", metavar="[NAME]", default="")
@click.argument("names", nargs=-1, metavar="[PMID|KEY]...")
@_because
@_as
@click.pass_obj
def confirm(desk: Desk, /, *, acronym: str, names: tuple[str, ...], because: str, who: str | None) -> None:
    """Confirm a suggestion: reports of one name are one trial.

    All reports that go by the name, or these of them. They are joined to the trial of the one that has a number, else
    to that of the first. Two trials of one name, each with a number, are refused. Without NAME all suggestions are
    listed, as `studies suggest` does.

    \b
    Example:
      reftrack studies confirm
    """
    if not acronym:
        suggest.main([], standalone_mode=False, obj=desk)
        return
    from ..library.selecting import Selection, find_papers, select
    from ..workflow.studying import confirmed, suggestions

    with desk.library() as library, library.transaction():
        connection = library.connection
        pmids = find_papers(connection, names)
        offered = {one.acronym: one for one in suggestions(connection, select(connection, Selection()))}
        one = offered.get(acronym.strip().upper())
        if one is None:
            from difflib import get_close_matches

            close = get_close_matches(acronym.upper(), list(offered), n=1)
            hint = f"did you mean {close[0]}?" if close else "`reftrack studies suggest` lists those there are."
            raise UsageError(f"There is no open suggestion {acronym!r}; {hint}")
        trial, joined = confirmed(one, pmids)
        for pmid in joined:
            said = clean(because) or f"the name {one.acronym}"
            library.do("trial", pmid, who=who or desk.who, verdict="join", trial=trial, because=said)
    click.echo(
        f"{one.acronym}: {plural(len(joined), 'paper')} joined to {clean(trial)}; `reftrack undo` takes it back."
    )


def _say(desk: Desk, names: Sequence[str], verdict: str, because: str, who: str | None) -> int:
    from ..library.selecting import find_papers

    with desk.library() as library, library.transaction():
        pmids = find_papers(library.connection, names)
        for pmid in pmids:
            library.do("trial", pmid, who=who or desk.who, verdict=verdict, because=clean(because))
    return len(pmids)
