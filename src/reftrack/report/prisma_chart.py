"""The PRISMA 2020 flow diagram as a picture for a manuscript, SVG or PNG: the same numbers give the same bytes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from ..errors import UsageError
from .prisma import BLANK, Box, Flow, boxes, notes, text

DOTS: Final = 200
"""Per inch, of a PNG."""
EDGE, SOFT, BAND, STAGE, PALE = "#30373c", "#5b656d", "#f2d9a6", "#c6d9ec", "#eef0f1"
_STYLE = {"svg.hashsalt": "reftrack", "svg.fonttype": "path", "font.family": "DejaVu Sans"}
_SIZE = 7.5
"""Points."""
_LINE = 0.148
"""Inches from line to line."""
_PAD = 0.09
_GAP = 0.27
"""Between the rows of boxes."""
_FEW = 2
"""Lines of a box that is nothing but a blank."""
_LONGEST = 120
"""Letters of a reason or the name of a file."""
_MOST_LINES = 40
"""Of a box; what is more is told to be."""

_LEFT, _WIDE, _BETWEEN = 0.45, 2.35, 0.3
_COLUMNS = ("previous", "databases", "databases aside", "other", "other aside")
_ROWS: Final = (
    ("previous", "databases identified", "databases removed", "other identified", "other removed"),
    ("", "databases screened", "databases excluded", "other screened", "other excluded"),
    ("", "databases sought", "databases not retrieved", "other sought", "other not retrieved"),
    ("", "databases assessed", "databases reports excluded", "other assessed", "other reports excluded"),
    ("", "new", "", "", ""),
    ("", "total", "", "", ""),
)
"""The boxes of each row, from left to right."""
_STAGES: Final = (("Identification", 0, 0), ("Screening", 1, 3), ("Included", 4, 5))
"""What stands beside which rows."""
_BANDS: Final = (
    (0, 0, "Previous studies"),
    (1, 2, "Identification of new studies via databases and registers"),
    (3, 4, "Identification of new studies via other methods"),
)
_ARROWS: Final = (
    ("databases identified", "databases removed"), ("databases identified", "databases screened"),
    ("databases screened", "databases excluded"), ("databases screened", "databases sought"),
    ("databases sought", "databases not retrieved"), ("databases sought", "databases assessed"),
    ("databases assessed", "databases reports excluded"), ("databases assessed", "new"), ("new", "total"),
    ("other identified", "other removed"), ("other identified", "other screened"),
    ("other screened", "other excluded"), ("other screened", "other sought"),
    ("other sought", "other not retrieved"), ("other sought", "other assessed"),
    ("other assessed", "other reports excluded"),
)  # fmt: skip


@dataclass(slots=True)
class _Placed:
    """A box on the page, in inches from the upper left corner."""

    x: float
    y: float
    width: float
    height: float
    lines: list[str]

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def picture(flow: Flow, form: str) -> bytes:
    """The diagram as `svg` or `png`. Raises UsageError where matplotlib is not installed.

    Letters are drawn as paths, so that a journal needs no font; with letters that the font lacks they stay text in an
    SVG, for the font of whoever looks at it. The whole text is in the picture's description.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError(f"{form.upper()} needs matplotlib: pip install 'reftrack[charts]'.") from None
    ruler = _Ruler()
    placed, footer, height = _layout(flow, ruler)
    style = _STYLE | ({} if ruler.has_all else {"svg.fonttype": "none"})
    width = _LEFT + len(_COLUMNS) * _WIDE + (len(_COLUMNS) - 1) * _BETWEEN + 0.1
    with mpl.rc_context(style), warnings.catch_warnings():  # type: ignore[arg-type]
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # told by `has_all`
        figure = Figure(figsize=(width, height))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        axes.axis("off")
        _draw(axes, placed, footer, height)
        written = io.BytesIO()
        about = {"Date": None, "Title": "PRISMA 2020 flow diagram", "Description": _description(flow)}
        metadata: dict[str, Any] = about if form == "svg" else {"Software": None}
        figure.savefig(written, format=form, dpi=DOTS, metadata=metadata)
    return written.getvalue()


def _description(flow: Flow) -> str:
    """The text of the diagram; without characters that XML cannot hold."""
    return "\n".join("".join(c for c in line if c.isprintable()) for line in text(flow) if line.strip())


class _Ruler:
    """How wide a text is in the picture's font."""

    def __init__(self) -> None:
        from matplotlib.font_manager import findfont, get_font

        self.font = get_font(findfont("DejaVu Sans"))
        self.font.set_size(_SIZE, 72)
        self.known = self.font.get_charmap()
        self.widths: dict[str, float] = {}
        self.has_all = True

    def width(self, line: str) -> float:
        """In inches; a letter that the font lacks counts as a wide one."""
        return sum(self.widths.get(letter) or self._letter(letter) for letter in line)

    def _letter(self, letter: str) -> float:
        lacks = ord(letter) not in self.known
        self.has_all = self.has_all and not lacks
        glyph = self.font.load_char(ord("W" if lacks else letter))
        wide = float(glyph.linearHoriAdvance) / 65536 / 72
        self.widths[letter] = wide
        return wide

    def wrapped(self, line: str, room: float) -> Iterator[str]:
        """The line in pieces that fit, parted at spaces, and within a word that is wider than the room."""
        indent = "\u2003" if line.startswith("\u2003") else ""
        at = ""
        for word in line.split(" "):
            longer = f"{at} {word}" if at else word
            if self.width(longer) <= room:
                at = longer
                continue
            if at:
                yield at
            at = indent + word if at else word
            while self.width(at) > room and len(at) > len(indent) + 1:
                fits = self._fits(at, room)
                yield at[:fits]
                at = indent + at[fits:]
        yield at

    def _fits(self, text: str, room: float) -> int:
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.width(text[:middle]) <= room else (low, middle - 1)
        return max(low, 2 if text[0] == "\u2003" else 1)


def _layout(flow: Flow, ruler: _Ruler) -> tuple[dict[str, _Placed], list[str], float]:
    """Every box in its place, the lines below them, and how high the picture is."""
    lines = {box.place: _lines(box, ruler) for box in boxes(flow)}
    placed: dict[str, _Placed] = {}
    top = 0.62
    for row in _ROWS:
        high = max(_LINE * len(lines[name]) + 2 * _PAD for name in row if name)
        for place, name in enumerate(row):
            if name:
                own = high if name == "previous" else _LINE * len(lines[name]) + 2 * _PAD
                placed[name] = _Placed(_x(place), top, _WIDE, own, lines[name])
        top += high + _GAP
    room = _x(len(_COLUMNS) - 1) + _WIDE - _LEFT
    footer = [piece for note in notes(flow) for piece in ruler.wrapped(_plain(note), room)]
    return placed, footer, top + 0.13 * len(footer) + 0.15


def _x(column: int) -> float:
    return _LEFT + column * (_WIDE + _BETWEEN)


def _plain(line: str) -> str:
    """A line without characters that a picture or XML could not hold, or that turn others round."""
    return "".join(c if c.isprintable() or c == "\u2003" else " " for c in line)


def _short(line: str) -> str:
    """A line of a box with its number; a name that is longer than anybody reads in a picture is cut."""
    label, parted, tail = line.rpartition(" (n = ")
    return f"{label[:_LONGEST].rstrip()}… (n = {tail}" if parted and len(label) > _LONGEST else line


def _lines(box: Box, ruler: _Ruler) -> list[str]:
    # A number stands on one line with its (n = ).
    lines = [_short(_plain(line)).replace("(n = ", "(n\u00a0=\u00a0") for line in box.lines]
    found = [piece for line in lines for piece in ruler.wrapped(line, _WIDE - 2 * _PAD)]
    if len(found) > _MOST_LINES:
        found = [*found[: _MOST_LINES - 1], "… (more in --json)"]
    return found


def _draw(axes: Any, placed: dict[str, _Placed], footer: Sequence[str], height: float) -> None:  # noqa: ANN401
    from matplotlib.patches import Rectangle

    def box(x: float, y: float, wide: float, high: float, face: str, edge: str) -> None:
        axes.add_patch(Rectangle((x, y), wide, high, facecolor=face, edgecolor=edge, linewidth=0.8))

    def write(x: float, y: float, line: str, **more: Any) -> None:
        # A dollar sign is a dollar sign: nothing of the data is taken for a formula.
        axes.text(x, y, line, parse_math=False, **{"fontsize": _SIZE, "va": "center", "color": "black", **more})

    for first, last, told in _BANDS:
        wide = _x(last) + _WIDE - _x(first)
        box(_x(first), 0.12, wide, 0.32, BAND, EDGE)
        write(_x(first) + wide / 2, 0.28, told, ha="center", fontweight="bold")
    for told, first, last in _STAGES:
        names = [name for row in _ROWS[first : last + 1] for name in row if name]
        start, end = min(placed[n].y for n in names), max(placed[n].y + placed[n].height for n in names)
        box(0.1, start, 0.26, end - start, STAGE, EDGE)
        size = _SIZE if end - start > 1 else _SIZE - 2
        write(0.23, (start + end) / 2, told, ha="center", rotation=90, fontweight="bold", fontsize=size)
    for one in placed.values():
        blank = BLANK in " ".join(one.lines)
        box(one.x, one.y, one.width, one.height, PALE if blank and len(one.lines) <= _FEW else "white", EDGE)
        for number, line in enumerate(one.lines):
            write(one.x + _PAD, one.y + _PAD + _LINE * (number + 0.5), line, ha="left")
    _arrows(axes, placed)
    top = height - 0.13 * len(footer) - 0.05
    for number, line in enumerate(footer):
        write(_LEFT, top + 0.13 * number, line, ha="left", fontsize=_SIZE - 1, color=SOFT)


def _arrows(axes: Any, placed: dict[str, _Placed]) -> None:  # noqa: ANN401
    def arrow(*points: tuple[float, float]) -> None:
        for start, end in pairwise(points[:-1]):
            axes.plot(*zip(start, end, strict=True), color=EDGE, linewidth=0.9, solid_capstyle="butt")
        style = {"arrowstyle": "-|>", "color": EDGE, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 8}
        axes.annotate("", xy=points[-1], xytext=points[-2], arrowprops=style)

    for start, end in _ARROWS:
        a, b = placed[start], placed[end]
        if a.x == b.x:
            x = a.x + a.width / 2
            arrow((x, a.y + a.height), (x, b.y))
        else:
            y = max(min(a.middle, b.y + b.height - _PAD), b.y + _PAD)
            arrow((a.x + a.width, y), (b.x, y))
    new, total, other, previous = (placed[name] for name in ("new", "total", "other assessed", "previous"))
    x = other.x + other.width / 2
    arrow((x, other.y + other.height), (x, new.middle), (new.x + new.width, new.middle))
    x = previous.x + previous.width / 2
    arrow((x, previous.y + previous.height), (x, total.middle), (total.x, total.middle))
