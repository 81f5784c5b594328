"""The evidence map: its numbers are those of `list`, nothing is lost, and it is drawn for any terminal and file."""

import csv
import io
import json
import re
import shlex
import sys

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from desk import Workspace, terminal
from papers import document, record
from reftrack.library.opening import open_to_read
from reftrack.library.selecting import Selection, below, select
from reftrack.library.trials import trials_of
from reftrack.report.evidence import ALL, NOWHERE
from reftrack.workflow.mapping import draw, map_page

TITLES = (
    "Examplin in traumatic brain injury: a randomized, double-blind trial of motor function.",
    "Examplin after ischemic stroke: a retrospective cohort study of mortality.",
    "Examplin in rats with controlled cortical impact: memory and cognition.",
    "Cognition and mood after stroke: a randomized controlled trial.",
    "A systematic review and meta-analysis of mortality after stroke.",
    "Examplin in head injury.",
    "Memory after traumatic brain injury: a case report.",
    "Motor function and quality of life after stroke: a randomized trial.",
    "A letter about nothing at all",
)
RETRACTION = (
    '<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>J Example. 2021</RefSource>'
    "</CommentsCorrections></CommentsCorrectionsList>"
)
HOSTILE = (
    '&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt; "quoted" &lt;img src=x onerror=alert(2)&gt; \u202eevil: '
    "a randomized trial of mortality in stroke"
)


INTERESTS = {
    1: "Dr A received honoraria from Example Pharma. The other authors declare no conflict of interest.",
    2: "The authors declare no conflict of interest.",
    4: "This study was funded by Example Pharma GmbH.",
    8: "The authors have not received honoraria from any pharmaceutical company.",
}
"""Statements of interests, by the number of the record; the others say nothing."""


def records():
    made = [
        record(number, title=title, year=str(2012 + number), abstract=(("RESULTS", f"{title} It was seen, too."),))
        for number, title in enumerate(TITLES, 1)
    ]
    for number, statement in INTERESTS.items():
        made[number - 1] = made[number - 1].replace(
            b"</MedlineCitation>", f"<CoiStatement>{statement}</CoiStatement></MedlineCitation>".encode()
        )
    made[2] = made[2].replace(b"<Language>eng<", b"<Language>rus<")
    made[3] = made[3].replace(b"</MedlineCitation>", RETRACTION.encode() + b"</MedlineCitation>")
    return [*made, record(10, title=HOSTILE, year="2023")]


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    """A workspace with ten papers, the last of which came in a second run."""
    workspace = Workspace(tmp_path_factory.mktemp("map"))
    (workspace.folder / "queries" / "head.toml").write_text('title = "All"\nterm = "seen OR evil OR nothing OR head"\n')
    (workspace.folder / "queries" / "stroke.toml").unlink()
    made = records()
    workspace.file.write_bytes(document(*made[:9]))
    workspace.fetch()
    workspace.file.write_bytes(document(*made))
    workspace.fetch()
    return workspace


@pytest.fixture
def connection(mapped):
    opened = open_to_read(mapped.folder / "db" / "reftrack.db")
    yield opened
    opened.close()


def standing(connection, facet, tag, among):
    """Said in plain SQL: who carries a tag or one below it; of study types the primary one."""
    own = " AND is_primary" if facet == "study" else ""
    found = set()
    for one in below(connection, tag):
        found |= {pmid for (pmid,) in connection.rows(f"SELECT pmid FROM paper_tags WHERE tag = ?{own}", (one,))}
    return found & among


facets = st.sampled_from(
    [("outcome", "study"), ("condition", "outcome"), ("study", "population"), ("funding", "condition")]
)
selections = st.fixed_dictionaries(
    {
        "tags": st.sampled_from([(), ("stroke",), ("tbi",), ("cognition",)]),
        "not_tags": st.sampled_from([(), ("rct",), ("human",)]),
        "years": st.sampled_from([None, (2014, None), (None, 2018), (2016, 2016)]),
        "text": st.sampled_from(["", "examplin", "stroke"]),
        "new": st.booleans(),
    }
).map(lambda given: Selection(**given))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(selection=selections, axes=facets)
@example(selection=Selection(), axes=("dosing", "intervention"))  # all trials stand in no row and no column
def test_every_cell_counts_what_stands_there(connection, selection, axes):
    """Of random selections and facets each cell, margin and remainder is what plain SQL says; none is left out."""
    evidence = draw(connection, selection, rows=axes[0], columns=axes[1])
    among = set(select(connection, selection))
    new = set(select(connection, Selection(new=True)))
    retracted = {pmid for (pmid,) in connection.rows("SELECT pmid FROM papers WHERE retracted")}
    rows = {line.tag: standing(connection, axes[0], line.tag, among) for line in evidence.rows}
    columns = {line.tag: standing(connection, axes[1], line.tag, among) for line in evidence.columns}
    for facet, lines in zip(axes, (rows, columns), strict=True):
        assert set(lines) == {tag for (tag,) in connection.rows("SELECT tag FROM tags WHERE facet = ?", (facet,))}
    rows |= {NOWHERE: among - set().union(*rows.values()), ALL: among}
    columns |= {NOWHERE: among - set().union(*columns.values()), ALL: among}
    for row, in_row in rows.items():
        for column, in_column in columns.items():
            here = in_row & in_column
            count = evidence.total if row == column == ALL else evidence.at(row, column)
            trials = len(set(trials_of(connection, sorted(here)).values()))
            assert count == (len(here), trials, len(here & new), len(here & retracted)), (row, column)
    assert sum(evidence.years.values()) == len(among)


@pytest.mark.parametrize(
    "base", [[], ["--tag", "stroke"], ["examplin", "--year", "2012.."], ["--year", "0000.."], ["--year", "0001..2016"]]
)
def test_the_command_of_each_cell_lists_as_many_papers(mapped, base):
    """The options that the JSON names for a cell of two facets, given to `list`, give its number, also for none."""
    drawn = mapped.json("map", *base, "--rows", "condition", "--columns", "outcome")
    cells = [cell for cell in drawn["cells"] + drawn["untagged"] if cell["papers"]]
    assert len(cells) > 3
    for cell in cells:
        text = [drawn["text"]] if drawn["text"] else []
        assert len(mapped.json("list", *cell["selection"], *text)) == cell["papers"], cell


def test_the_command_of_a_study_type_lists_as_many_papers(mapped):
    """A cell of outcome and study type is what `list --tag OUTCOME --study TYPE` gives: the primary type, also none."""
    drawn = mapped.json("map")
    cells = [cell for cell in drawn["cells"] + drawn["untagged"] if cell["papers"]]
    assert len(cells) > 3
    for cell in cells:
        assert len(mapped.json("list", *cell["selection"])) == cell["papers"], cell


def test_new_ones_are_those_that_the_option_lists(mapped):
    """--new and, since a run, --since with its moment choose the papers that count as new."""
    assert mapped.json("map")["total"]["new"] == len(mapped.json("list", "--new")) == 1
    drawn = mapped.json("map", "--since-run", 1)
    assert drawn["total"]["new"] == len(mapped.json("list", *drawn["new"]["selection"])) == 10
    assert mapped.json("map", "--new-since", "2012-01-31")["total"]["new"] == 10
    said = mapped.run("map", "--since-run", 7, status=2).stderr
    assert said == "reftrack: There is no run 7; the newest is 2; `reftrack runs` shows which there are.\n"


@pytest.mark.parametrize("when", ["last", "", "2w3d"])
def test_what_is_new_is_told_by_the_name_of_its_option(mapped, when):
    """What --new-since does not take is said of it, not of --since."""
    assert mapped.run("map", "--new-since", when, status=2).stderr.startswith("reftrack: --new-since ")


def test_a_selection_with_a_query_is_mapped(mapped):
    """--match narrows the map as it narrows the list."""
    asked = ["--match", "mortality[ti]"]
    assert mapped.json("map", *asked)["total"]["papers"] == len(mapped.json("list", *asked)) == 3


def test_csv_has_a_line_for_each_cell_and_a_pipe_a_matrix(mapped):
    """CSV names the command beside the number; the matrix in a pipe ends in totals."""
    rows = list(
        csv.DictReader(
            io.StringIO(mapped.run("map", "-f", "csv", "--rows", "condition", "--columns", "outcome").stdout)
        )
    )
    cell = next(row for row in rows if row["condition"] == "stroke" and row["outcome"] == "mortality")
    assert cell["papers"] == "3"
    assert len(mapped.json(*shlex.split(cell["command"])[1:])) == 3
    lines = [line.split("\t") for line in mapped.run("map").stdout.splitlines()]
    assert lines[0][0] == "outcome"
    assert lines[0][-2:] == ["(none)", "total"]
    assert lines[-1][0] == "total"
    assert lines[-1][-1] == "10"
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_it_fits_the_terminal(mapped, columns):
    """No line is wider than the window; gaps, new and retracted ones are marked; no number is lost by the width."""
    status, seen = terminal([sys.executable, "-m", "reftrack", "map"], mapped.folder, columns=columns)
    assert status == 0
    assert max(len(line) for line in seen.splitlines()) <= columns
    row = next(line for line in seen.splitlines() if line.startswith("Mortality"))
    assert re.search(r"·.*\d", row)
    assert "+" in row
    assert "†" in seen
    assert "10 papers" in seen
    assert "Without any paper" in seen


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rows", "outcom"], "did you mean outcome?"),
        (["--rows", "study"], "both study"),
        (["--limit", "3"], "--limit means nothing"),
        (["-o", "map.doc"], "does not say by its ending"),
        (["--json", "-f", "csv"], "exclude each other"),
        (["--since-run", "1", "--new-since", "2w"], "exclude each other"),
        (["--new-since", "yesterday"], "not understood"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(mapped, arguments, words):
    """Wrong names and options that contradict each other end with status 2 and a sentence."""
    said = mapped.run("map", *arguments, status=2).stderr
    assert words in said
    assert said.count("\n") == 1


def test_a_page_that_holds_hostile_titles_has_no_tag_of_theirs(mapped, connection):
    """What a title says cannot end the script or begin an element; the data is whole nevertheless."""
    page = map_page(connection)
    assert page.count("</script>") == page.count("<script") == 3
    assert "<img" not in page
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])
    assert any("</script><script>alert(1)" in text[1] for text in data["texts"].values())
    policy = re.search(r'Security-Policy" content="([^"]*)"', page)[1]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert not re.search(r'(?:src|href)="(?!https://pubmed)', page)


def test_too_many_papers_leave_a_page_of_numbers(mapped, connection, monkeypatch):
    """Above the limit the page says what it leaves out and how to see it, and runs no script."""
    monkeypatch.setattr("reftrack.workflow.map_papers.MOST_COUNTED", 9)
    page = map_page(connection)
    assert "more papers than a page can hold" in page
    assert "<script" not in page
    assert 'id="map"' in page


def test_what_finds_no_room_is_told(mapped, connection, monkeypatch):
    """Papers whose sentences a page leaves out are counted in a sentence."""
    monkeypatch.setattr("reftrack.workflow.map_papers.MOST_TOLD", 4)
    assert "6 papers have no sentences here" in map_page(connection)


@pytest.mark.parametrize("form", ["svg", "png"])
def test_a_picture_is_the_same_each_time(mapped, form):
    """The same map gives the same bytes, and says nothing of the day it was drawn."""
    first, second = mapped.folder / f"a.{form}", mapped.folder / f"b.{form}"
    for file in (first, second):
        mapped.run("map", "-o", file)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().startswith(b"\x89PNG" if form == "png" else b"<?xml")
    assert b"<dc:date>" not in first.read_bytes()


def test_matplotlib_is_loaded_for_pictures_alone(mapped):
    """A table, JSON and the page need none of it; without it a picture is one sentence."""
    code = (
        "import sys; from reftrack.cli import main\n"
        "try:\n main(['map', '-f', 'html'])\nexcept SystemExit: pass\n"
        "sys.stderr.write(str([n for n in ('matplotlib', 'requests', 'sqlite_utils') if n in sys.modules]))"
    )
    assert mapped.process(code=code).stderr.decode() == "[]"
    code = "import sys; sys.modules['matplotlib'] = None; from reftrack.cli import main; main(['map', '-f', 'svg'])"
    ended = mapped.process(code=code)
    assert (ended.returncode, ended.stderr.decode()) == (
        2,
        "reftrack: SVG needs matplotlib: pip install 'reftrack[charts]'.\n",
    )


def test_an_empty_library_has_an_empty_map(tmp_path):
    """On a first day JSON is whole and stderr says what to do next."""
    workspace = Workspace(tmp_path)
    assert workspace.json("map")["rows"] == []
    assert "fetch" in workspace.run("map").stderr
