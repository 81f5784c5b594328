"""The evidence map as a picture for a manuscript, SVG or PNG: the same map gives the same bytes."""

from __future__ import annotations

import io
from typing import Any

from ..errors import UsageError
from .evidence import ALL, NOWHERE, Count, EvidenceMap, Line

DOTS = 200
"""Per inch, of a PNG."""
LIGHT, DARK, NEW, RETRACTED, SOFT = "#e4eef5", "#0f4a70", "#1f6f43", "#b3261e", "#5b656d"
_BRIGHT = 0.55
"""Of the shades, from where on letters are white."""
_STYLE = {"svg.hashsalt": "reftrack", "svg.fonttype": "path", "font.family": "DejaVu Sans", "font.size": 8}


def picture(evidence: EvidenceMap, form: str) -> bytes:
    """The map as `svg` or `png`. Raises UsageError where matplotlib is not installed, or nothing is to be drawn.

    Letters are drawn as paths, so that a journal needs no font.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError(f"{form.upper()} needs matplotlib: pip install 'reftrack[charts]'.") from None
    rows, columns = [[line for line in lines if line.count.papers] for lines in (evidence.rows, evidence.columns)]
    if not rows or not columns:
        raise UsageError(
            "No paper of this selection stands on the map, so there is nothing to draw; nothing was written."
        )
    if evidence.at_row(NOWHERE).papers:
        rows.append(Line(NOWHERE, "none", "", 0, Count()))
    if evidence.at_column(NOWHERE).papers:
        columns.append(Line(NOWHERE, "none", "", 0, Count()))
    rows.append(Line(ALL, "all", "", 0, Count()))
    columns.append(Line(ALL, "all", "", 0, Count()))
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]
        figure = Figure(figsize=(3.2 + 0.42 * len(columns), 2.4 + 0.25 * len(rows)))
        _draw(evidence, figure.add_subplot(), rows, columns)
        written = io.BytesIO()
        metadata: dict[str, Any] = {"Date": None, "Title": _title(evidence)} if form == "svg" else {"Software": None}
        figure.savefig(written, format=form, dpi=DOTS, bbox_inches="tight", metadata=metadata)
    return written.getvalue()


def _title(evidence: EvidenceMap) -> str:
    return f"Evidence map: {evidence.row_facet} by {evidence.column_facet}"


def _draw(evidence: EvidenceMap, axes: Any, rows: list[Line], columns: list[Line]) -> None:  # noqa: ANN401
    from matplotlib.colors import LinearSegmentedColormap, LogNorm
    from matplotlib.patches import Rectangle

    shades = LinearSegmentedColormap.from_list("papers", [LIGHT, DARK])
    inner = [_number(evidence, evidence.at(r.tag, c.tag)) for r in rows for c in columns if r.tag != ALL != c.tag]
    scale = LogNorm(1, max([2, *inner]))
    for y, row in enumerate(rows):
        for x, column in enumerate(columns):
            both = row.tag == column.tag == ALL
            count = evidence.total if both else evidence.at(row.tag, column.tag)
            number, margin = _number(evidence, count), {row.tag, column.tag} & {ALL, NOWHERE}
            if not count.papers:
                axes.text(x, y, "·", ha="center", va="center", color=SOFT)
                continue
            value = float(scale(max(number, 1)))
            if not margin:
                axes.add_patch(Rectangle((x - 0.47, y - 0.46), 0.94, 0.92, facecolor=shades(value), edgecolor="none"))
                if count.new:
                    axes.add_patch(
                        Rectangle((x - 0.44, y - 0.43), 0.88, 0.86, fill=False, edgecolor=NEW, linewidth=1.2)
                    )
            ink = "white" if not margin and value > _BRIGHT else "black"
            axes.text(x, y, f"{number:,}", ha="center", va="center", color=ink, fontsize=7 if number < 1000 else 6)  # noqa: PLR2004
            if count.retracted:
                axes.text(x + 0.43, y - 0.2, "†", ha="right", va="center", color=ink if ink == "white" else RETRACTED)
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xticks(range(len(columns)), [_plain(one.label) for one in columns], rotation=55, ha="left", va="bottom")
    for label in axes.get_xticklabels():
        label.set_rotation_mode("anchor")
    axes.set_yticks(range(len(rows)), [f"{'    ' * one.depth}{_plain(one.label)}" for one in rows], ha="left")
    longest = max(len(one.label) + 4 * one.depth for one in rows)
    axes.tick_params(length=0, top=True, bottom=False, labeltop=True, labelbottom=False)
    axes.tick_params(axis="y", pad=4 + 4.6 * longest)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_xlabel(_caption(evidence), loc="left", fontsize=7, color=SOFT, labelpad=8)
    axes.xaxis.set_label_position("bottom")


def _caption(evidence: EvidenceMap) -> str:
    total = evidence.total
    parts = [f"{evidence.counted}; {total.papers:,} papers, {total.trials:,} trials; · no paper"]
    parts += [f"outlined: {total.new:,} new {evidence.new_told}"] * bool(total.new)
    parts += [f"† retracted among them: {total.retracted:,}"] * bool(total.retracted)
    return _plain("; ".join(parts).capitalize())


def _plain(text: str) -> str:
    """A dollar sign would begin a formula."""
    return text.replace("$", r"\$")


def _number(evidence: EvidenceMap, count: Count) -> int:
    return count.trials if evidence.counted == "trials" else count.papers
