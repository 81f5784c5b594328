"""How things look: tables and colour on a terminal, plain text in a pipe, nothing that data could do to a terminal.

Loads rich only when there is a terminal to draw on.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

# C0 and C1 controls, and what reorders or hides text (Unicode TR9, TR36): a title must not move a cursor.
# A pattern is compiled when it is first needed, and ordinary text never needs one.
_UNSAFE = (
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\u061c\ufeff\U000e0000-\U000e007f]"
)
# What joins, tints or varies the sign before it: one terminal draws a family of four in two cells, another in eight.
_UNSTEADY = r"[\u00ad\u200c\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef]"
_SPACE = r"[\t\n\x0b\x0c\r\x85\u2028\u2029]+"
_AT_ONCE = 200
READABLE = 100
"""Columns beyond which running text is hard to read."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def clean(text: object) -> str:
    """One line of text without anything that a terminal would obey."""
    plain = str(text)
    # What Python calls printable has no control, no format character and no line end.
    return plain if plain.isprintable() else re.sub(_UNSAFE, "", re.sub(_SPACE, " ", plain))


def on_terminal() -> bool:
    """Whether stdout is a terminal that a person looks at."""
    return sys.stdout is not None and sys.stdout.isatty()


def console(*, stderr: bool = False) -> Console:
    """Rich's console; it heeds NO_COLOR, TERM and the width of the window."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, emoji=False, markup=False)


def painted(text: str, **style: Any) -> str:
    """Text in a colour (the words of click.style); plain with NO_COLOR, as https://no-color.org asks."""
    import os

    return text if os.environ.get("NO_COLOR") else click.style(text, **style)


def note(text: str, *, quiet: bool = False) -> None:
    """A sentence for a person, beside the result."""
    if not quiet:
        click.echo(text, err=True)


def table(columns: Sequence[tuple[str, dict[str, Any]]], rows: Iterable[Sequence[object]]) -> None:
    """A table on the terminal; a cell may be a (text, style) pair, or a list of them that stand one after another.

    Of a list a line may end within a cell, where a text is just "\\n".
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for name, options in columns:
        shown.add_column(name, **options)
    for row in rows:
        cells = [cell if isinstance(cell, list) else [cell if isinstance(cell, tuple) else (cell, "")] for cell in row]
        shown.add_row(*(Text.assemble(*((_steady(text), style) for text, style in cell)) for cell in cells))
    console().print(shown)


def _steady(text: object) -> str:
    return "\n" if text == "\n" else re.sub(_UNSTEADY, "", clean(text))


def beside(label: str, text: str, *, indent: int = 0, width: int = 14, styles: tuple[str, str] = ("dim", "")) -> None:
    """A label and a text beside it on the terminal; the text's further lines stand under its first. «…» is marked."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    out = console()
    body = Text(text, style=styles[1])
    body.highlight_regex(r"«[^»]*»", "bold reverse")
    shown: Table | Text = body
    if width:
        shown = Table.grid()
        shown.add_column(width=width, no_wrap=True)
        shown.add_column(overflow="fold")
        shown.add_row(Text(label, style=styles[0]), body)
    out.print(Padding(shown, (0, 0, 0, indent)), width=min(READABLE, out.width))


def tsv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterable[str]:
    """Lines of tab-separated text; no cell can hold a tab or a line end."""
    if header:
        yield "\t".join(header)
    for row in rows:
        yield "\t".join(clean(cell) for cell in row)


def tell(lines: Iterable[str]) -> None:
    """Lines on stdout, many at a time: to write each by itself takes longer than to make it.

    Where one cannot be made, those before it are told.
    """
    waiting: list[str] = []
    try:
        for line in lines:
            waiting.append(line)
            if len(waiting) == _AT_ONCE:
                part, waiting = waiting, []
                click.echo("\n".join(part))
    finally:
        if waiting:
            click.echo("\n".join(waiting))


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterable[str]:
    """CSV as RFC 4180 has it; a cell that a spreadsheet would run as a formula starts with an apostrophe."""
    import csv
    import io

    for row in ([header] if header else []), rows:
        for cells in row:
            line = io.StringIO()
            csv.writer(line, lineterminator="").writerow([_inert(clean(cell)) for cell in cells])
            yield line.getvalue()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def json_text(value: object) -> str:
    """JSON for programs: stable order, Unicode as it is."""
    import json

    return json.dumps(value, ensure_ascii=False, indent=2)


def plural(number: int, noun: str) -> str:
    """1 paper, 2 papers, 1,234 papers."""
    ending = "" if number == 1 else "s"
    if number != 1 and noun.endswith("y"):
        noun, ending = noun[:-1], "ies"
    return f"{number:,} {noun}{ending}"


def matched_words(number: int) -> str:
    """How many entries that waited for their paper have it now."""
    return f"{plural(number, 'waiting entry')} found {'its' if number == 1 else 'their'} paper"
