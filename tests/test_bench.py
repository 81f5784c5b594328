"""`make bench`: its table is well formed and promises what can be measured. Nothing is timed here."""

import subprocess
import sys

import pytest


@pytest.fixture
def measuring(project, monkeypatch):
    """The modules of the benchmark, which need neither peers nor records until something is measured."""
    if not (project / "benchmarks").is_dir():
        pytest.skip("a source distribution carries no benchmarks")
    monkeypatch.syspath_prepend(project / "benchmarks")
    from measuring import page, processes, rows, sides

    return {"page": page, "processes": processes, "rows": rows.ROWS, "sides": sides}


def _figures(measuring):
    return {
        group: {name for side in sides for name in side.names} for group, sides in measuring["sides"].GROUPS.items()
    }


def _facts():
    return dict.fromkeys(("full", "records", "compact", "written", "few", "fetched", "documents", "unpacked"), 1)


def test_every_row_compares_figures_that_its_own_group_measures(measuring):
    """A ratio of figures from two groups would be of two moments of a busy machine."""
    figures = _figures(measuring)
    for row in measuring["rows"]:
        assert {row.ours, row.beside, row.work} - {""} <= figures[row.group], row.what


def test_every_figure_is_in_a_row_and_has_one_name(measuring):
    """Nothing is measured for nobody."""
    figures = _figures(measuring)
    told = {name for row in measuring["rows"] for name in (row.ours, row.beside, row.work)} - {""}
    assert told == set().union(*figures.values())
    assert sum(map(len, figures.values())) == len(set().union(*figures.values()))


def test_every_row_says_what_each_side_does(measuring):
    """In a sentence; a row that stands alone has a bound of its own figure."""
    for row in measuring["rows"]:
        assert row.says.format(**_facts()).endswith("."), row.what
        assert row.beside or row.absolute, row.what
        assert row.bound is not None or not row.absolute, row.what


def _seen(measuring, factor):
    """Figures that are `factor` times what each bound allows."""
    seen = {}
    for row in measuring["rows"]:
        for name in (row.ours, row.beside):
            if name:
                seen.setdefault(name, measuring["processes"].Seen())
        if row.bound is not None and row.absolute:
            seen[row.ours].take({row.of: row.bound * factor})
    return seen


def test_a_missed_bound_is_said(measuring):
    """Above the bound a row says "missed", at the bound "inside"."""
    page = measuring["page"]
    for factor, word in ((1.0, "inside"), (1.01, "**missed**")):
        cells = page.lines(_seen(measuring, factor), _facts())
        assert {line[6] for line in cells} == {word}
        assert len(cells) == sum(row.absolute for row in measuring["rows"])


def test_fewer_records_are_not_held_against_a_bound_of_all(measuring):
    """15 seconds are promised for 30,000 records; 2,000 in 14 would be no success."""
    cells = measuring["page"].lines(_seen(measuring, 0.9), _facts() | {"full": False})
    assert {(line[5], line[6]) for line in cells} == {("", "")}


def test_a_ratio_is_of_the_medians(measuring):
    """One slow round out of three moves nothing."""
    page, seen = measuring["page"], {}
    row = next(row for row in measuring["rows"] if row.bound and row.beside and not (row.absolute or row.work))
    for name, walls in ((row.ours, (1.0, 9.0, 1.1)), (row.beside, (10.0, 11.0, 80.0))):
        seen[name] = measuring["processes"].Seen()
        for wall in walls:
            seen[name].take({"wall": wall, "cpu": wall / 2})
    (line,) = [cells for cells in page.lines(seen, _facts()) if cells[0] == row.what]
    assert line[3] == line[4] == "0.100"
    assert page.verdict(row, seen) is True


def test_work_is_taken_off_a_start_and_shown(measuring):
    """The bound of a start is for what is beyond the work of the command; without its figure there is no ratio."""
    page, seen = measuring["page"], {}
    row = next(row for row in measuring["rows"] if row.work)
    for name, wall in ((row.ours, 0.05), (row.work, 0.01), (row.beside, 0.032)):
        assert page.ratio(row, seen, "wall") is None
        seen[name] = measuring["processes"].Seen()
        seen[name].take({"wall": wall, "cpu": wall})
    (line,) = [cells for cells in page.lines(seen, _facts()) if cells[0] == row.what]
    assert line[1:5] == ["50.0 ms - 10.0 ms", "32.0 ms", "1.25", "1.25"]


def test_the_page_is_made_by_the_template(measuring):
    """Every word that the template asks for is given."""
    import re

    asked = set(re.findall(r"\{\{([^{}]+)\}\}", measuring["page"].TEMPLATE.read_text(encoding="utf-8")))
    given = {"summary", "table", "machine", "versions", "date", "command"}
    assert asked == given | {f"time: {name}" for name in ("parse", "tag", "store", "list", "export")}


def test_the_command_line_is_read_without_peers(measuring, project):
    """`--list` prints every row; an unknown group is named, and nothing is measured."""
    script = project / "benchmarks" / "bench.py"
    shown = subprocess.run([sys.executable, script, "--list"], capture_output=True, text=True, check=True)
    assert len(shown.stdout.splitlines()) == len(measuring["rows"])
    words = [sys.executable, script, "--quick", "--only", "exmaple"]
    wrong = subprocess.run(words, capture_output=True, text=True, check=False)
    assert wrong.returncode == 1
    assert "exmaple" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_a_failed_measurement_is_no_figure(measuring, tmp_path):
    """A process that ends badly raises, however quick it was."""
    processes = measuring["processes"]
    with pytest.raises(processes.MeasurementError, match="ended with 3"):
        processes.from_outside([sys.executable, "-c", "raise SystemExit(3)"], tmp_path)
    told = processes.from_outside([sys.executable, "-c", "pass"], tmp_path, family=True)
    assert told["wall"] > 0


def test_processes_see_nothing_of_the_user(measuring, tmp_path, monkeypatch):
    """No key, setting, PYTHONPATH or home of whoever measures."""
    monkeypatch.setenv("REFTRACK_DB", "examplin.db")
    monkeypatch.setenv("PYTHONPATH", "examplin")
    told = measuring["processes"].run([sys.executable, "-c", "import os; print(dict(os.environ))"], tmp_path)
    assert "examplin" not in told
    assert str(tmp_path) in told
