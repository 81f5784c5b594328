"""`reftrack reviews`: which trials each review cites, which it does not, and how far reviews rest on the same ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from ..library.selecting import Selection
from . import guidance, options
from .edited import tell_edited_rules
from .pager import paged
from .screen import beside, clean, json_text, note, on_terminal, plural, table, tsv
from .settings import Desk
from .shorthand import Selecting
from .studies import ROLES

if TYPE_CHECKING:
    from ..library.opening import Connection
    from ..report.overlap import Covered
    from ..workflow.reviewing import Gaps, Pair, Review, Reviews, Shared

NO_VERDICT = (
    "Not cited is not wrongly left out: a review may have had its reasons, and a reference list is not a list of "
    "included trials."
)
SHORT = {"meta-analysis": "meta-analysis", "systematic-review": "systematic"}
_BY = {"doi": "by DOI", "pmcid": "by PMCID", "title": "by title, author and year"}
_FULL = 100
"""Columns from which a table has room for titles."""
_RIGHT = {"justify": "right", "no_wrap": True}
_WIDTH = 22
_NAME, _KIND = 20, 14
"""Columns of a key and of a study type."""
_MATRIX = 9
"""Columns that one review takes in the matrix."""


@click.command(cls=Selecting)
@click.argument("name", default="", metavar="[PMID|KEY]")
@partial(options.selection, text=False)
@click.option("--overlap", is_flag=True, help="Each two reviews: the trials that both cite, and their covered area.")
@options.as_json
@click.pass_obj
def command(desk: Desk, /, *, name: str, overlap: bool, as_json: bool, **chosen: Any) -> None:
    """Show which trials each review cites, which not, and how far reviews rest on the same trials.

    Of meta-analyses and systematic reviews, or of what --study names, selected as in `list`, also +TAG and -TAG. With
    a PMID or KEY: one review, the reports it cites, and the trials it does not, each with the reason why it might
    have. Trials are those of `studies`: several reports of one are one.

    What a review cites is read from the reference list in its record: references with a PMID, and others known by
    DOI, PMCID, or title with author and year. Where there is none the review counts nowhere. A trial might have been
    cited if a randomised report of it, not retracted, came out in a year before the review and carries one of its
    condition tags and one of its outcome tags.

    Overlap is the corrected covered area, CCA = (N - r) / (r x c - r), with N trials cited, counted as often as they
    are cited, r trials, c reviews: to 5 % slight, to 10 % moderate, to 15 % high, above very high (Pieper 2014).

    \b
    Examples:
      reftrack reviews
      reftrack reviews +tbi
      reftrack reviews 28656143
      reftrack reviews --overlap --year 2015..
    """
    selection = options.read_selection(**chosen)
    if name and (overlap or selection != Selection()):
        raise UsageError("With one review named there is nothing to select; leave out its name or the options.")
    connection = desk.connection()
    if connection is None or connection.value("SELECT 1 FROM papers") is None:
        guidance.tell_empty(desk)
        if as_json:
            click.echo(json_text({"reviews": [], "overlap": None, "overlap_of_citing": None, "tracked_trials": 0}))
        return
    with closing(connection):
        tell_edited_rules(desk, connection)
        with connection.snapshot():
            if name:
                _one(desk, connection, name, as_json=as_json)
            else:
                _several(desk, connection, selection, overlap=overlap, as_json=as_json)
    options.tell_not_held(desk, selection)


def _several(desk: Desk, connection: Connection, selection: Selection, *, overlap: bool, as_json: bool) -> None:
    from ..workflow.reviewing import pairs, reviews

    done = reviews(connection, selection, lambda _, wanted: options.chosen(desk, connection, wanted))
    compared = pairs(done) if overlap else None
    if as_json:
        click.echo(json_text(_shape(done, compared)))
        return
    if not done.reviews:
        note("No meta-analysis or systematic review meets this; --study names other types.", quiet=desk.quiet)
        return
    with paged(desk):
        if not on_terminal():
            lines = tsv(_PAIR_HEADER, map(_pair_cells, compared)) if compared is not None else _lines(done)
            for line in lines:
                click.echo(line)
        elif compared is not None:
            _matrix(done, compared)
        else:
            _draw(done)
    _tell(desk, done)


# a table


def _draw(done: Reviews) -> None:
    from .screen import console

    width = console().width
    wide = width >= _FULL
    rows = [_row(done, one, wide=wide) for one in done.reviews]
    names = min(_NAME, max(len(row[0]) for row in rows))
    columns: list[tuple[str, dict[str, Any]]] = [
        ("review", {"no_wrap": True, "overflow": "ellipsis", "min_width": names, "max_width": _NAME}),
        ("year", {"no_wrap": True, "min_width": 4}),
        *([("kind", {"no_wrap": True, "min_width": _KIND})] if wide else []),
        ("references", _RIGHT | {"min_width": len("references")}),
        ("cites", _RIGHT | {"min_width": len("unavailable")}),
        ("not cited", _RIGHT | {"min_width": len("not cited")}),
        ("same year", _RIGHT | {"min_width": len("same year")}),
    ]
    if wide:
        # What is left of the line: rich would take it from the narrow columns, down to nothing.
        fixed = names + 4 + _KIND + len("references") + len("unavailable") + 2 * len("not cited")
        left = max(width - fixed - len(columns) * len("   "), 1)
        columns.append(("title", {"no_wrap": True, "overflow": "ellipsis", "max_width": left}))
    table(columns, rows)


def _row(done: Reviews, one: Review, *, wide: bool) -> list[Any]:
    cites = [(f"{len(one.cited):,}" if one.available else "unavailable", "")]
    gone = sum(bool(cited.keys() & done.retracted) for cited in one.cited.values())
    if gone:
        cites += [("\n", ""), (f"{gone} RETRACTED", "bold red")]
    unknown = one.not_cited is None
    row = [
        clean(one.about.key) or str(one.about.pmid),
        one.about.year or "-",
        _references(one),
        cites,
        "-" if unknown else f"{one.not_cited:,}",
        "-" if unknown else f"{one.same_year:,}",
    ]
    if wide:
        row.insert(2, SHORT.get(one.about.study, one.about.study or "-"))
        row.append([*[("RETRACTED · ", "bold red")] * one.about.retracted, (clean(one.about.title), "")])
    elif one.about.retracted:
        cites += [("\n", ""), ("is RETRACTED", "bold red")]
    return row


def _references(one: Review) -> str:
    """With a PMID, and without."""
    if not one.linked and not one.unlinked:
        return "-"
    return f"{one.linked:,}" + (f" + {one.unlinked:,}" if one.unlinked else "")


_HEADER = (
    *("pmid", "key", "year", "study", "references", "without_pmid", "recognised", "trials_cited", "retracted_cited"),
    *("not_cited", "same_year", "counted", "retracted", "title", "trials"),
)


def _lines(done: Reviews) -> Iterable[str]:
    def rows() -> Iterator[Sequence[object]]:
        for one in done.reviews:
            yield (
                one.about.pmid,
                one.about.key,
                one.about.year or "",
                one.about.study,
                one.linked,
                "" if one.unlinked is None else one.unlinked,
                one.recognised,
                len(one.cited) if one.available else "",
                sum(bool(cited.keys() & done.retracted) for cited in one.cited.values()),
                "" if one.not_cited is None else one.not_cited,
                "" if one.not_cited is None else one.same_year,
                one.why_not_counted or "counted",
                int(one.about.retracted),
                one.about.title,
                "; ".join(sorted(one.cited)),
            )

    return tsv(_HEADER, rows())


def _tell(desk: Desk, done: Reviews) -> None:
    """The overlap, what counts nowhere, what cannot be known; on stderr, as all words beside a result."""
    counted, quiet = done.counted, desk.quiet
    note(
        f"{plural(len(done.reviews), 'review')}, {plural(done.tracked, 'tracked trial')}. {_overall(done)}", quiet=quiet
    )
    without = [one for one in done.reviews if not one.available]
    if without:
        note(
            f"References unavailable: {plural(len(without), 'review')} ({_names(without)}); PubMed has no reference "
            "list of theirs that names a PMID, or the record held has none. They count nowhere.",
            quiet=quiet,
        )
    old = [one for one in done.reviews if one.available and one.newer]
    if old:
        note(f"A newer version is among these reviews, and counts instead: {_names(old)}.", quiet=quiet)
    none = [one for one in counted if not one.cited]
    if none:
        citing = done.covered_by_citing
        without_them = (
            f" Of the other {plural(citing.reviews, 'review')} it is {citing.percent:.1f} %, {citing.band}."
            if citing.percent is not None
            else ""
        )
        note(
            f"{plural(len(none), 'review')} with references cite no tracked trial, and make the overlap smaller: "
            f"{_names(none)}.{without_them}",
            quiet=quiet,
        )
    untold = sum(one.untold for one in counted)
    if untold:
        note(
            f"{plural(untold, 'reference')} without a PMID cannot be told: a trial that looks uncited may be one of "
            "them.",
            quiet=quiet,
        )
    if not done.read_all:
        note(
            f"References without a PMID were not read, as there are {len(done.reviews):,} reviews; "
            "fewer (a tag, --year), or one by its PMID, are read whole.",
            quiet=quiet,
        )
    note(f"{NO_VERDICT} `reftrack reviews PMID` says which trials.", quiet=quiet)


def _names(some: Sequence[Review]) -> str:
    shown = ", ".join(clean(one.about.key) or str(one.about.pmid) for one in some[:8])
    return shown + (", …" if len(some) > 8 else "")  # noqa: PLR2004


def _overall(done: Reviews) -> str:
    area = done.covered
    if area.percent is None:
        return f"Overlap: none to compute, as {_too_little(area)}."
    return (
        f"Overlap (CCA): {area.percent:.1f} %, {area.band}: {plural(area.reviews, 'review')} cite "
        f"{plural(area.trials, 'trial')} {area.inclusions:,} times."
    )


def _too_little(area: Covered) -> str:
    if area.reviews < 2:  # noqa: PLR2004
        return f"references of {area.reviews or 'no'} review{'' if area.reviews == 1 else 's'} are known"
    return "no tracked trial is cited"


# pairs

_PAIR_HEADER = (
    *("first", "second", "trials_first", "trials_second", "both", "either", "cca_percent", "band"),
    *("first_key", "second_key", "trials_both"),
)


def _pair_cells(pair: Pair) -> tuple[object, ...]:
    first, second, area = pair.first, pair.second, pair.covered
    return (
        first.about.pmid,
        second.about.pmid,
        len(first.cited),
        len(second.cited),
        len(pair.both),
        area.trials,
        "" if area.percent is None else area.percent,
        area.band,
        first.about.key,
        second.about.key,
        "; ".join(sorted(pair.both)),
    )


def _matrix(done: Reviews, compared: Sequence[Pair]) -> None:
    """Each review beside those before it: the covered area in per cent, and how many trials both cite."""
    from .screen import console

    counted = done.counted
    if not counted:
        return
    place = {one.about.pmid: number for number, one in enumerate(counted)}
    cells = {(place[pair.second.about.pmid], place[pair.first.about.pmid]): pair for pair in compared}
    room = max(1, (console().width - 34) // _MATRIX)
    for start in range(0, max(1, len(counted) - 1), room):
        here = range(start, min(start + room, len(counted) - 1))
        columns: list[tuple[str, dict[str, Any]]] = [
            ("", _RIGHT),
            ("review", {"no_wrap": True, "overflow": "ellipsis", "max_width": 20}),
            ("trials", _RIGHT),
            *((str(number + 1), _RIGHT) for number in here),
        ]
        rows = []
        for row, one in enumerate(counted):
            if row < start:
                continue
            rows.append(
                [
                    row + 1,
                    clean(one.about.key) or one.about.pmid,
                    f"{len(one.cited):,}",
                    *(_cell(cells[row, column]) if column < row else "" for column in here),
                ]
            )
        table(columns, rows)
    click.echo("Per cent of the covered area of two reviews, and behind it the trials that both cite; bold: very high.")


def _cell(pair: Pair) -> tuple[str, str]:
    area = pair.covered
    if area.share is None:
        return "-", "dim"
    style = "bold" if area.band == "very high" else "" if pair.both else "dim"
    return f"{round(area.share * 100)} ({len(pair.both)})", style


# one review


def _one(desk: Desk, connection: Connection, name: str, *, as_json: bool) -> None:
    from ..library.selecting import find_paper
    from ..workflow.reviewing import look_at_one
    from ..workflow.studying import studies

    done, found = look_at_one(connection, find_paper(connection, name))
    one = done.reviews[0]
    shared = {*(pmid for cited in one.cited.values() for pmid in cited)}
    shared |= {gap.pmid for gap in (*found.before, *found.same_year)}
    known = {study.trial: study for study in studies(connection, sorted(shared)).studies}
    told = {paper.pmid: paper for study in known.values() for paper in study.papers}
    acronyms = {trial: study.acronym for trial, study in known.items()}
    if as_json:
        click.echo(json_text(_one_shape(done, one, found, acronyms)))
        return
    with paged(desk):
        _head(one)
        _show_cited(done, one, told, acronyms)
        _show_gaps(one, found, told, acronyms)
    _tell_one(desk, one)


def _head(one: Review) -> None:
    mark = "RETRACTED · " if one.about.retracted else ""
    kind = one.about.study or "no study type"
    name = clean(one.about.key) or str(one.about.pmid)
    click.echo(f"{mark}{clean(one.about.title)} ({one.about.year or 'no year'}; {name}, {one.about.pmid}; {kind})")
    if not one.available:
        click.echo(one.why_not_counted.capitalize() + ".")
        return
    parts = [f"{one.linked:,} with a PMID"]
    if one.unlinked:
        parts.append(f"{one.unlinked:,} without")
        if one.recognised:
            parts.append(f"{one.recognised:,} of these recognised as reports of tracked trials")
    click.echo(f"References: {', '.join(parts)}.")
    if one.newer:
        click.echo(f"PMID {one.newer} is a newer version of it.")


def _show_cited(done: Reviews, one: Review, told: dict[int, Any], acronyms: dict[str, str]) -> None:
    if not one.available:
        return
    click.echo(f"\nCites {plural(len(one.cited), 'tracked trial')}{':' if one.cited else '.'}")
    for trial in sorted(one.cited, key=lambda trial: (trial.startswith("PMID "), trial)):
        for number, (pmid, how) in enumerate(sorted(one.cited[trial].items())):
            paper = told.get(pmid)
            mark = "RETRACTED · " if pmid in done.retracted else ""
            by = f"; known {_BY[how]}" if how in _BY else ""
            role = ROLES.get(done.roles.get(pmid, ""), "report")
            label = _label(trial, acronyms) if not number else ""
            _line(label, f"{mark}{_paper(paper, pmid)}; {role}{by}")
    if one.cited:
        cited = [pmid for reports in one.cited.values() for pmid in reports]
        click.echo(f"The reports that it cites: {_command('studies', cited)}")
    if one.named:
        click.echo(f"Names {', '.join(map(clean, sorted(one.named)))} by number, which is not among its references.")


def _show_gaps(one: Review, found: Gaps, told: dict[int, Any], acronyms: dict[str, str]) -> None:
    if one.why_no_gaps:
        if one.available:
            click.echo(f"\nWhich trials it might have cited cannot be said: {one.why_no_gaps}.")
        return
    click.echo(
        f"\nDoes not cite {plural(len(found.before), 'trial')} that came out in a year before it and "
        f"share{'s' if len(found.before) == 1 else ''} a condition and an outcome{':' if found.before else '.'}"
    )
    for gap in found.before:
        _show_gap(gap, told, acronyms)
    if found.same_year:
        click.echo(f"\nNor these of the same year, {one.about.year}, which it may have come too early for:")
        for gap in found.same_year:
            _show_gap(gap, told, acronyms)
    pmids = [gap.pmid for gap in (*found.before, *found.same_year)]
    if pmids:
        click.echo(f"\nThe reports that make them eligible: {_command('list', pmids)}")


def _show_gap(gap: Shared, told: dict[int, Any], acronyms: dict[str, str]) -> None:
    _line(_label(gap.trial, acronyms), _paper(told.get(gap.pmid), gap.pmid))
    _line(
        "",
        f"eligible: randomised, of {gap.year}; as the review on {_and(gap.conditions)}, {_and(gap.outcomes)}",
        dim=True,
    )


def _and(tags: Sequence[str]) -> str:
    return " and ".join([", ".join(tags[:-1]), tags[-1]]) if len(tags) > 1 else "".join(tags)


def _command(name: str, pmids: Iterable[int]) -> str:
    return f"reftrack {name} {' '.join(f'--pmid {pmid}' for pmid in sorted(set(pmids)))}"


def _label(trial: str, acronyms: dict[str, str]) -> str:
    acronym = acronyms.get(trial, "")
    return clean(f"{trial} {acronym}".strip())


def _paper(paper: Any, pmid: int) -> str:  # noqa: ANN401 - a Standing, which is only loaded for a person
    if paper is None:
        return f"PMID {pmid}"
    name = clean(paper.key) or str(pmid)
    return f"{clean(paper.title)} ({paper.year or 'no year'}; {name}, {pmid})"


def _line(label: str, text: str, *, dim: bool = False) -> None:
    if on_terminal():
        beside(label, text, indent=2, width=_WIDTH, styles=("dim", "dim" if dim else ""))
    else:
        click.echo(f"  {label}\t{'  ' * dim}{text}")


def _tell_one(desk: Desk, one: Review) -> None:
    if one.untold > 0 and one.available:
        note(
            f"{plural(one.untold, 'reference')} without a PMID cannot be told: a trial that looks uncited may be one "
            "of them.",
            quiet=desk.quiet,
        )
    note(NO_VERDICT, quiet=desk.quiet)


# for programs


def _shape(done: Reviews, compared: Sequence[Pair] | None) -> dict[str, Any]:
    shape = {
        "reviews": [_review_shape(done, one) for one in done.reviews],
        "overlap": _covered_shape(done.covered),
        "overlap_of_citing": _covered_shape(done.covered_by_citing),
        "tracked_trials": done.tracked,
        "unlinked_read": done.read_all,
        "note": NO_VERDICT,
    }
    if compared is not None:
        shape["pairs"] = [
            {
                "first": pair.first.about.pmid,
                "second": pair.second.about.pmid,
                "trials": sorted(pair.both),
                **_covered_shape(pair.covered),
            }
            for pair in compared
        ]
    return shape


def _covered_shape(area: Covered) -> dict[str, Any]:
    share = area.share
    return {
        "N": area.inclusions,
        "r": area.trials,
        "c": area.reviews,
        "cca": None if share is None else round(float(share), 6),
        "percent": area.percent,
        "band": area.band or None,
    }


def _review_shape(done: Reviews, one: Review) -> dict[str, Any]:
    return {
        "pmid": one.about.pmid,
        "key": one.about.key,
        "title": one.about.title,
        "year": one.about.year,
        "study": one.about.study or None,
        "retracted": one.about.retracted,
        "references": {"with_pmid": one.linked, "without_pmid": one.unlinked, "recognised": one.recognised},
        "counted": not one.why_not_counted,
        "why_not_counted": one.why_not_counted or None,
        "newer": one.newer or None,
        "cited": _cited_shape(done, one) if one.available else None,
        "named": sorted(one.named),
        "not_cited": one.not_cited,
        "same_year": one.same_year if one.not_cited is not None else None,
        "why_no_gaps": one.why_no_gaps or None,
        "command": f"reftrack reviews {one.about.pmid}",
    }


def _cited_shape(done: Reviews, one: Review) -> list[dict[str, Any]]:
    return [
        {
            "trial": trial,
            "reports": [
                {
                    "pmid": pmid,
                    "role": done.roles.get(pmid, ""),
                    "known_by": how,
                    "retracted": pmid in done.retracted,
                }
                for pmid, how in sorted(reports.items())
            ],
            "retracted": bool(reports.keys() & done.retracted),
        }
        for trial, reports in sorted(one.cited.items())
    ]


def _one_shape(done: Reviews, one: Review, found: Gaps, acronyms: dict[str, str]) -> dict[str, Any]:
    def shapes(some: Iterable[Shared]) -> list[dict[str, Any]]:
        return [
            {
                "trial": gap.trial,
                "acronym": acronyms.get(gap.trial) or None,
                "pmid": gap.pmid,
                "year": gap.year,
                "conditions": list(gap.conditions),
                "outcomes": list(gap.outcomes),
                "rule": "a randomised report, not retracted, that came out "
                f"{'before' if one.about.year and gap.year < one.about.year else 'in the same year'} "
                "and carries a condition tag and an outcome tag of the review",
            }
            for gap in some
        ]

    shape = _review_shape(done, one)
    if one.not_cited is not None:
        shape |= {"not_cited": shapes(found.before), "same_year": shapes(found.same_year)}
    return shape | {"note": NO_VERDICT}
