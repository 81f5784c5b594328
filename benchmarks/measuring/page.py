"""Figures become the table, and with the machine, the versions and the shares of time docs/performance.md."""

import importlib.metadata
import os
import platform
import re
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

from .inputs import FULL, HERE, Inputs
from .processes import Seen, run
from .rows import ROWS, Row

TEMPLATE = HERE / "performance.md.template"
HEADS = ("", "reftrack", "beside it", "ratio", "by CPU", "bound", "", "what each side does")
_FACTOR = {"s": 1, "ms": 1000, "MB": 1}
_VERSIONS = "import importlib.metadata as m; print(*(f'{d.name} {d.version}' for d in m.distributions()), sep='\\n')"


def verdict(row: Row, seen: dict[str, Seen]) -> bool | None:
    """Whether the row is inside its bound; None where it has none or was not measured."""
    value = _value(row, seen)
    return None if row.bound is None or value is None else value <= row.bound


def _value(row: Row, seen: dict[str, Seen]) -> float | None:
    """What the bound is held against."""
    mine = seen[row.ours].median(row.of) if row.ours in seen else None
    return mine if row.absolute or mine is None else ratio(row, seen, row.of)


def ratio(row: Row, seen: dict[str, Seen], of: str) -> float | None:
    """Of the medians, ours without the work."""
    if not row.beside or row.ours not in seen or row.beside not in seen or (row.work and row.work not in seen):
        return None
    mine, other = seen[row.ours].median(of), seen[row.beside].median(of)
    work = seen[row.work].median(of) if row.work else 0.0
    return (mine - work) / other if mine is not None and work is not None and other else None


def lines(seen: dict[str, Seen], facts: dict[str, object]) -> list[list[str]]:
    """The cells of every row that was measured. Bounds of seconds and MB are for all the records, so a run over fewer
    does not judge by them.
    """
    found = []
    for row in ROWS:
        if row.ours not in seen or seen[row.ours].median(row.of) is None:
            continue
        judged = bool(facts["full"]) or not row.absolute
        inside = verdict(row, seen) if judged else None
        bound = "" if row.bound is None or not judged else f"≤ {row.bound:g}" + (f" {row.unit}" if row.absolute else "")
        by_cpu = None if row.absolute or row.of != "wall" else ratio(row, seen, "cpu")
        found.append(
            [
                row.what,
                _figure(row, seen[row.ours]) + (f" - {_figure(row, seen[row.work])}" if row.work in seen else ""),
                _figure(row, seen.get(row.beside)),
                _plain(ratio(row, seen, row.of)),
                _plain(by_cpu),
                bound,
                "" if inside is None else "inside" if inside else "**missed**",
                row.says.format(**facts),
            ]
        )
    return found


def _figure(row: Row, seen: Seen | None) -> str:
    value = seen.median(row.of) if seen else None
    if value is None:
        return ""
    value *= _FACTOR[row.unit]
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f} {row.unit}"


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if value < 1 else f"{value:.2f}"


def table(seen: dict[str, Seen], facts: dict[str, object]) -> str:
    """In markdown."""
    rows = [f"| {' | '.join(cells)} |" for cells in lines(seen, facts)]
    marks = ["---", "--:", "--:", "--:", "--:", "--:", "---", "---"]
    return "\n".join([f"| {' | '.join(HEADS)} |", f"| {' | '.join(marks)} |", *rows])


def text(seen: dict[str, Seen], facts: dict[str, object]) -> str:
    """For a terminal: the same without the sentences, in columns."""
    rows = [HEADS[:-1], *(cells[:-1] for cells in lines(seen, facts))]
    widths = [max(len(cells[place].replace("*", "")) for cells in rows) for place in range(len(HEADS) - 1)]
    shown = []
    for cells in rows:
        first, *others, last = (cell.replace("*", "") for cell in cells)
        middle = [cell.rjust(width) for cell, width in zip(others, widths[1:-1], strict=True)]
        shown.append("  ".join([first.ljust(widths[0]), *middle, last]).rstrip())
    return "\n".join(shown)


def facts(at: Inputs) -> dict[str, object]:
    """What sentences say of how much was measured."""
    scale = at.scale
    return {
        "full": scale == FULL,
        "records": scale.records,
        "compact": scale.compact,
        "written": scale.written,
        "few": scale.few,
        "fetched": scale.fetched,
        "documents": scale.documents,
        "unpacked": at.unpacked.stat().st_size / 1e6 if "unpacked" in vars(at) else 0,
    }


def machine(at: Inputs) -> str:
    """In a line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = ""
    if Path("/proc/meminfo").exists():
        kilobytes = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1])
        memory = f", {kilobytes / (1 << 20):.0f} GiB of memory"
    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        named = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
        model = f"{named[1]} ({platform.machine()})" if named else model
    return (
        f"{model}, {cores} cores for these processes{memory}, {platform.system()} {_kernel()}; "
        f"load before the run {at.load:.1f}"
    )


def _kernel() -> str:
    """Its version without what the machine's maker adds to it."""
    return platform.release().partition("-")[0]


def versions(at: Inputs) -> str:
    """Of Python, SQLite and every package on either side that has a part in it."""
    peers = run([at.peers, "-c", _VERSIONS], at.home).splitlines()
    asked = [re.split(r"[=<>]", line)[0].lower() for line in (HERE.parent / "peers.txt").read_text().splitlines()]
    theirs = sorted(line for line in peers if line.split()[0].lower().replace("-", "_") in _names(asked))
    mine = [f"{name} {importlib.metadata.version(name)}" for name in ("reftrack", "click", "sqlite-utils")]
    return (
        f"CPython {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {_expat()}; {', '.join(mine)}; "
        f"peers: {', '.join(theirs)}"
    )


def _names(asked: list[str]) -> set[str]:
    return {name.strip().replace("-", "_") for name in asked if name and not name.startswith("#")}


def _expat() -> str:
    import pyexpat

    return pyexpat.EXPAT_VERSION.replace("_", " ")


def page(at: Inputs, seen: dict[str, Seen], shares: dict[str, str], words: list[str]) -> str:
    """All of docs/performance.md."""
    told = facts(at)
    judged = [verdict(row, seen) for row in ROWS]
    missed = [row.what for row in ROWS if verdict(row, seen) is False]
    left_out = [row.what for row in ROWS if row.ours not in seen]
    summary = f"{judged.count(True)} rows are inside their bounds, {judged.count(False)} are not"
    summary += f": {'; '.join(missed)}." if missed else "."
    if left_out:
        summary += f" Left out of this run: {'; '.join(left_out)}."
    values = {
        "summary": summary,
        "table": table(seen, told),
        "machine": machine(at),
        "versions": versions(at),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "command": " ".join(words),
        "python": Path(sys.executable).name,
        **{f"time: {name}": what for name, what in shares.items()},
    }
    return re.sub(r"\{\{([^{}]+)\}\}", lambda found: str(values[found[1].strip()]), TEMPLATE.read_text("utf-8"))
