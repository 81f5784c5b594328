"""How figures and mistakes of `rules evaluate` look: tables on a terminal, tab-separated in a pipe, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from .screen import clean, on_terminal, plural, table, tsv

if TYPE_CHECKING:
    from ..evaluation import FacetScore, TagScore
    from ..model import Evidence
    from ..tagging import Explanation
    from ..workflow.evaluating import Evaluation, Mistake

Shape = dict[str, Any]
COLUMNS = ("tag", "papers", "precision", "95 %", "recall", "95 %", "F1", "tp", "fp", "fn")
_RIGHT = {"justify": "right", "no_wrap": True}


def shape(done: Evaluation, hidden: Sequence[str]) -> Shape:
    """The figures of one gold file for programs; null is what cannot be computed."""
    gold = done.gold
    return {
        "gold": {
            "name": gold.name,
            "papers": len(gold.papers),
            "labels": sum(one.support for facet in done.facets for one in facet.tags),
            "wrong": len({one.paper.line for one in done.verdicts if one.wrong}),
            "hidden": list(hidden),
        },
        "facets": {one.facet: _facet_shape(one) for one in done.facets},
        "tags": {f"{one.facet}/{one.slug}": _tag_shape(one) for facet in done.facets for one in facet.tags},
    }


def _facet_shape(one: FacetScore) -> Shape:
    shape: Shape = {
        "macro_f1": _short(one.macro_f1),
        "macro_over": len(one.supported),
        "micro_f1": _short(one.micro_f1),
        "papers": one.papers,
    }
    if one.exclusive:
        shape |= {
            "accuracy": _short(one.accuracy),
            "accuracy_interval": _pair(one.accuracy_interval),
            "confusion": {gold: dict(sorted(row.items())) for gold, row in sorted(one.confusion.items())},
        }
    return shape


def _tag_shape(one: TagScore) -> Shape:
    return {
        "precision": _short(one.precision),
        "recall": _short(one.recall),
        "f1": _short(one.f1),
        "support": one.support,
        "tp": one.tp,
        "fp": one.fp,
        "fn": one.fn,
        "precision_interval": _pair(one.precision_interval),
        "recall_interval": _pair(one.recall_interval),
    }


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _pair(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else [round(value, 6) for value in interval]


# for people


def show(done: Evaluation, *, stderr: bool = False) -> None:
    """The figures of one gold file. `stderr`: stdout is for something else."""
    gold = done.gold
    click.echo(f"{clean(gold.name)}: {plural(len(gold.papers), 'paper')}", err=stderr)
    if gold.note:
        click.echo(clean(gold.note), err=stderr)
    for facet in done.facets:
        click.echo(f"\n{_headline(facet)}", err=stderr)
        rows = [_row(one) for one in facet.tags if one.tp + one.fp + one.fn]
        if on_terminal() and not stderr:
            table([(COLUMNS[0], {"no_wrap": True}), *((name, _RIGHT) for name in COLUMNS[1:])], rows)
        else:
            for line in tsv(COLUMNS, rows):
                click.echo(line, err=stderr)
        _confusion(facet, stderr=stderr)


def _headline(facet: FacetScore) -> str:
    parts = [
        f"macro-F1 {_three(facet.macro_f1)} over {plural(len(facet.supported), 'tag')}",
        f"micro-F1 {_three(facet.micro_f1)}",
        plural(facet.papers, "paper"),
    ]
    if facet.exclusive:
        parts.insert(0, f"accuracy {_three(facet.accuracy)} ({_range(facet.accuracy_interval)})")
    return f"{facet.facet}: {', '.join(parts)}"


def _row(one: TagScore) -> tuple[object, ...]:
    return (
        one.slug,
        one.support,
        _three(one.precision),
        _range(one.precision_interval),
        _three(one.recall),
        _range(one.recall_interval),
        _three(one.f1),
        one.tp,
        one.fp,
        one.fn,
    )


def _confusion(facet: FacetScore, *, stderr: bool) -> None:
    """Rows: what is right, columns: what the rules say. Columns go by number on a terminal, where many are wide."""
    if not facet.confusion:
        return
    names = _in_order(facet)
    ours = [name for name in names if any(name in row for row in facet.confusion.values())]
    gold = [name for name in names if name in facet.confusion]
    click.echo("\nright (rows) and found (columns)", err=stderr)
    cells = [[facet.confusion[row].get(column, 0) for column in ours] for row in gold]
    if stderr or not on_terminal():
        for line in tsv(("", *ours), [(row, *numbers) for row, numbers in zip(gold, cells, strict=True)]):
            click.echo(line, err=stderr)
        return
    places = {name: number for number, name in enumerate(names, 1)}
    rows = [
        (
            f"{places[row]} {row}",
            *(
                (n or "·", "bold" if row == column else "magenta" if n else "dim")
                for column, n in zip(ours, line, strict=True)
            ),
        )
        for row, line in zip(gold, cells, strict=True)
    ]
    table([("", {"no_wrap": True}), *((str(places[name]), _RIGHT) for name in ours)], rows)
    only_found = [f"{places[name]} {name}" for name in ours if name not in gold]
    if only_found:
        click.echo(f"found only: {', '.join(only_found)}")


def _in_order(facet: FacetScore) -> list[str]:
    """The names in the matrix: the rules' order, "none" last."""
    seen = {*facet.confusion, *(name for row in facet.confusion.values() for name in row)}
    ordered = [one.slug for one in facet.tags if one.slug in seen]
    return [*ordered, *sorted(seen.difference(ordered))]


def _three(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _range(interval: tuple[float, float] | None) -> str:
    return "-" if interval is None else f"{interval[0]:.2f}–{interval[1]:.2f}"


# mistakes


def mistake_line(found: tuple[Evaluation, Mistake]) -> str:
    """One mistake as a line of JSON."""
    done, mistake = found
    verdict = mistake.verdict
    gold, ours = _sides(mistake)
    shape = {
        "gold_file": done.gold.name,
        "line": verdict.paper.line,
        "pmid": verdict.paper.pmid or None,
        "id": verdict.paper.name,
        "title": mistake.title,
        "facet": verdict.facet,
        "gold": gold,
        "ours": ours,
        "misled": [_why(one) for one in mistake.misled],
        "missed": [_why(one) for one in mistake.missed],
    }
    return json.dumps(shape, ensure_ascii=False) + "\n"


def _sides(mistake: Mistake) -> tuple[list[str], list[str]]:
    """(right, found); for an exclusive facet that was judged whole "none" is said."""
    verdict = mistake.verdict
    sides = [sorted(verdict.gold), sorted(verdict.ours)]
    if verdict.matrix:
        sides = [sorted({*side, one}) for side, one in zip(sides, verdict.matrix, strict=True)]
    return sides[0], sides[1]


def _why(one: Explanation) -> Shape:
    return {
        "tag": f"{one.facet}/{one.slug}",
        "state": one.state,
        "primary": one.primary,
        "score": round(one.score, 3),
        "threshold": one.threshold,
        "evidence": [_evidence(entry) for entry in one.evidence],
        "masked": [_evidence(entry) for entry in one.masked],
        "removed": one.removed,
        "winner": one.winner,
    }


def _evidence(entry: Evidence) -> Shape:
    return {
        "rule": entry.rule,
        "field": entry.field,
        "section": entry.section,
        "quote": entry.quote,
        "weight": round(entry.weight, 3),
        "masked": entry.masked,
    }


def mistake_text(found: tuple[Evaluation, Mistake]) -> str:
    """One mistake for a person."""
    _, mistake = found
    gold, ours = _sides(mistake)
    name = mistake.verdict.paper.name
    lines = [
        "",
        f"{clean(name)} · {clean(mistake.title)}",
        f"  {mistake.verdict.facet}: right {', '.join(gold) or 'none'}; found {', '.join(ours) or 'none'}",
    ]
    for word, explained in (("misled by", mistake.misled), ("missed", mistake.missed)):
        for one in explained:
            lines += _explained(word, one)
    return "\n".join(lines) + "\n"


def _explained(word: str, one: Explanation) -> Iterator[str]:
    why = f"; {one.removed}" if one.removed else ""
    yield f"  {word} {one.slug} ({one.state}, score {one.score:g}, needs {one.threshold:g}{clean(why)})"
    for entry in (*one.evidence, *one.masked):
        where = f"{entry.field.replace('_', ' ')}{', ' + clean(entry.section) if entry.section else ''}"
        weight = "    0" if entry.masked else f"{entry.weight:+.2f}"
        reason = f" — does not count: {clean(entry.masked)}" if entry.masked else ""
        yield f"    {weight}  {where}: «{clean(entry.quote)}»  {clean(entry.rule)}{reason}"
