"""Progress on stderr for long work: what, how far, how long still. Nothing where nobody looks, unless --verbose."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .screen import console, note
from .settings import Desk

SECONDS_BETWEEN_LINES = 2.0
Watch = Callable[[str, int, int], None]


@contextmanager
def watching(desk: Desk, unit: str, extra: Callable[[], str] = str) -> Iterator[Watch]:
    """A function to call with (what, done, of); it draws on a terminal and is silent elsewhere.

    `extra` is asked for a word to put beside the bar, such as the number of requests.
    """
    if desk.quiet or not sys.stderr.isatty():
        yield _told(unit, extra) if desk.verbose and not desk.quiet else _silent
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[amount]}"),
        TextColumn("{task.fields[extra]}", style="dim"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        bars: dict[str, int] = {}

        def watch(what: str, done: int, of: int) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what, total=of or None, amount="", extra="")
            amount = f"{_short(done, unit)} of {_short(of, unit)}" if of else "asking"
            progress.update(bars[what], completed=done, total=of or None, amount=amount, extra=extra())  # type: ignore[arg-type]

        yield watch


def _silent(_what: str, _done: int, _of: int) -> None:
    """Nobody looks."""


def _told(unit: str, extra: Callable[[], str]) -> Watch:
    """With --verbose a log of what is being done, a line now and then."""
    last: dict[str, float] = {}
    began: dict[str, float] = {}

    def tell(what: str, done: int, of: int) -> None:
        now = time.monotonic()
        began.setdefault(what, now)
        if done >= of or now - last.get(what, 0.0) >= SECONDS_BETWEEN_LINES:
            last[what] = now
            left = (now - began[what]) / done * (of - done) if 0 < done < of else 0.0
            parts = (f"{_short(done, unit)} of {_short(of, unit)}", extra(), f"about {left:.0f} s left" if left else "")
            note(f"{what}: {', '.join(part for part in parts if part)}")

    return tell


def _short(number: int, unit: str) -> str:
    return f"{number / 1e6:,.1f} MB" if unit == "bytes" else f"{number:,} {unit}"
