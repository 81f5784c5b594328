"""The evidence map on a terminal of any width: names above like stairs, numbers shaded, gaps as dots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..report.evidence import ALL, NOWHERE, Count, EvidenceMap, Line
from .screen import clean, painted, plural

GAP, NEW, RETRACTED = "·", "+", "†"
SHADES = ((153, 16), (110, 16), (67, 231), (25, 231))
"""Background and letters (of 256 colours), light to dark: few papers to many; readable on white and on black."""
LEAST_LABEL, MOST_LABEL = 14, 44
NONE = "(none)"


def lines(evidence: EvidenceMap, width: int) -> Iterator[str]:
    """The map in lines that fit; where the columns do not, it goes on below with the next ones."""
    rows, columns = _shown(evidence)
    if not rows or not columns:
        return
    label = min(max(map(_width, rows)), max(LEAST_LABEL, min(MOST_LABEL, width // 3)))
    counts = {(row.tag, column.tag): _count(evidence, row, column) for row in rows for column in columns}
    most = max(_number(evidence, counts[r.tag, c.tag]) for r in rows for c in columns if ALL not in (r.tag, c.tag))
    for part, wide in _blocks(evidence, columns, counts, width - label):
        if part[0] is not columns[0]:
            yield ""
        starts = [label + sum(1 + sum(wide[one.tag]) for one in part[:place]) for place in range(len(part))]
        yield from _stairs(part, [at + wide[one.tag][0] for at, one in zip(starts, part, strict=True)], width)
        for row in rows:
            name = _cut("  " * row.depth + clean(row.label), label)
            cells = [_cell(evidence, counts[row.tag, one.tag], wide[one.tag], None) for one in part]
            for place, one in enumerate(part):
                count = counts[row.tag, one.tag]
                if count.papers and not {row.tag, one.tag} & {ALL, NOWHERE}:
                    tint = shade(_number(evidence, count), most, len(SHADES))
                    cells[place] = _cell(evidence, count, wide[one.tag], tint)
            yield f"{name:<{label}}{''.join(cells)}".rstrip()


def _blocks(
    evidence: EvidenceMap, columns: Sequence[Line], counts: dict[tuple[str, str], Count], room: int
) -> Iterator[tuple[list[Line], dict[str, tuple[int, int]]]]:
    """As many columns as stand beside one another, with the places that their digits and marks take."""
    wide = {}
    for column in columns:
        of_column = [count for (_, tag), count in counts.items() if tag == column.tag]
        digits = max(len(f"{_number(evidence, count):,}") for count in of_column)
        wide[column.tag] = digits, max(len(_marks(count)) for count in of_column)
    part: list[Line] = []
    for column in columns:
        if part and sum(1 + sum(wide[one.tag]) for one in [*part, column]) > room:
            yield part, wide
            part = []
        part.append(column)
    yield part, wide


def sentences(evidence: EvidenceMap) -> Iterator[str]:
    """What the signs mean, what stands nowhere, and what is missing."""
    total = evidence.total
    shown = [f"{plural(total.papers, 'paper')}, {plural(total.trials, 'trial')}"]
    if total.new:
        shown.append(f"{NEW} {total.new:,} new {evidence.new_told}")
    if total.retracted:
        shown.append(f"{RETRACTED} {total.retracted:,} retracted")
    yield f"{'; '.join(shown)}. Numbers are {evidence.counted}; a paper may stand in several rows."
    no_row, no_column = evidence.nowhere()
    if no_row or no_column:
        parts = [
            f"{number:,} without a tag of {facet}" if facet != "study" else f"{number:,} without a study type"
            for number, facet in ((no_row, evidence.row_facet), (no_column, evidence.column_facet))
            if number
        ]
        yield f"In {NONE}: {', '.join(parts)}."
    rows = [line for line in evidence.rows if line.count.papers]
    columns = [line for line in evidence.columns if line.count.papers]
    empty = sum(not evidence.at(row.tag, column.tag).papers for row in rows for column in columns)
    if empty:
        yield f"Gaps ({GAP}): {empty:,} of {len(rows) * len(columns):,} cells of this map hold no paper."
    for facet, all_lines in ((evidence.row_facet, evidence.rows), (evidence.column_facet, evidence.columns)):
        absent = [clean(line.label) for line in all_lines if not line.count.papers]
        if absent:
            yield f"Without any paper, so not shown ({facet}): {', '.join(absent)}."


def _shown(evidence: EvidenceMap) -> tuple[list[Line], list[Line]]:
    """Rows and columns with a paper, then those of papers that have no tag, then the totals."""
    found = []
    for all_lines, nowhere in zip((evidence.rows, evidence.columns), evidence.nowhere(), strict=True):
        shown = [line for line in all_lines if line.count.papers]
        shown += [Line(NOWHERE, NONE, "", 0, Count())] * bool(nowhere)
        found.append(shown + [Line(ALL, "all", "", 0, Count())] * bool(shown))
    return found[0], found[1]


def _stairs(columns: Sequence[Line], digits: Sequence[int], width: int) -> Iterator[str]:
    """Each name on a line of its own, with a stroke down to its digits: to the right of it where there is room."""
    for place, (column, at) in enumerate(zip(columns, digits, strict=True)):
        name, room = clean(column.label), width - digits[place] - 3
        line = [" "] * at
        for before in digits[:place]:
            line[before] = "│"
        if len(name) <= room or room >= at - 2:
            yield "".join(line) + f"┌ {_cut(name, room)}"
        else:
            name = _cut(name, at - 2)
            yield f"{''.join(line)[: at - len(name) - 2]} {name} ┐"


def _number(evidence: EvidenceMap, count: Count) -> int:
    return count.trials if evidence.counted == "trials" else count.papers


def _marks(count: Count) -> str:
    return RETRACTED * bool(count.retracted) + NEW * bool(count.new)


def _count(evidence: EvidenceMap, row: Line, column: Line) -> Count:
    return evidence.total if row.tag == column.tag == ALL else evidence.at(row.tag, column.tag)


def _cell(evidence: EvidenceMap, count: Count, wide: tuple[int, int], background: int | None) -> str:
    """So many places for the digits, and so many for the marks behind them."""
    text = f"{_number(evidence, count):,}" if count.papers else GAP
    text = f"{text:>{wide[0]}}{_marks(count):<{wide[1]}}"
    if not count.papers:
        return " " + painted(text, dim=True)
    if background is None:
        return " " + text
    return " " + painted(text, bg=SHADES[background][0], fg=SHADES[background][1], bold=bool(count.new))


def shade(number: int, most: int, steps: int) -> int:
    """Which of so many shades: by the logarithm, since a few cells hold most of the papers."""
    from math import log

    return 0 if number < 1 or most <= 1 else min(steps - 1, int(log(number) / log(most) * steps))


def _width(row: Line) -> int:
    return 2 * row.depth + len(clean(row.label))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
