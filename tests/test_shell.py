"""Before and between the commands: `open`, a first day, where one stands, and what was mistyped."""

import os
import re
import shutil
import sqlite3
import stat
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from desk import Workspace
from keyboard import Keyboard
from papers import document, record
from reftrack.cli import links, main
from reftrack.library.nearest import nearest_key
from reftrack.library.opening import Connection
from test_help import ALL


@pytest.fixture
def workspace(tmp_path):
    made = Workspace(tmp_path)
    made.fetch()
    return made


def change(workspace, *statements):
    connection = sqlite3.connect(workspace.folder / "db" / "reftrack.db", isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


# open


@pytest.fixture
def browser(tmp_path, monkeypatch):
    """A browser that writes down what it is to show."""
    script = tmp_path / "browser"
    shown = tmp_path / "shown"
    script.write_text(f'#!/bin/sh\necho "$1" >> {shown}\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    environment = {**os.environ, "BROWSER": str(script)}

    def run(workspace, *words):
        done = workspace.process("open", *words, env=environment)
        return done.returncode, done.stdout.decode(), done.stderr.decode(), shown.read_text() if shown.exists() else ""

    return run


@pytest.fixture
def linked(workspace):
    change(
        workspace,
        "UPDATE papers SET doi = '10.1000/ex(1)<2>#3?', pmcid = 'PMC123' WHERE pmid = 90000001",
        "UPDATE papers SET retracted = 1 WHERE pmid = 90000002",
    )
    return workspace


@pytest.mark.parametrize(
    ("flags", "address"),
    [
        ((), "https://pubmed.ncbi.nlm.nih.gov/90000001/"),
        (("--pubmed",), "https://pubmed.ncbi.nlm.nih.gov/90000001/"),
        (("--doi",), "https://doi.org/10.1000/ex(1)%3C2%3E%233%3F"),
        (("--pmc",), "https://pmc.ncbi.nlm.nih.gov/articles/PMC123/"),
    ],
)
def test_open_shows_the_page(linked, browser, flags, address):
    """A paper named by PMID or key opens in the browser: its page in PubMed, by its DOI, or in PMC; stdout is empty."""
    assert browser(linked, "example2020", *flags) == (0, "", f"Opened {address}\n", f"{address}\n")
    assert linked.run("open", 90000001, *flags, "--print").stdout == f"{address}\n"


def test_print_opens_nothing(linked, browser):
    """--print only prints, also many, and asks nothing."""
    status, printed, said, shown = browser(linked, "example2020", "90000003", "--print")
    assert (status, printed.count("https://"), said, shown) == (0, 2, "", "")


@pytest.mark.parametrize("environment", [{}, {"SSH_CONNECTION": "1 2 3 4"}])
def test_without_a_screen_the_address_is_printed(linked, monkeypatch, environment):
    """Over SSH, or where there is no display, the address goes to stdout and a sentence says why; status 0."""
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(links.sys, "platform", "darwin" if environment else "linux")
    result = linked.run("open", "example2020", environment=environment)
    assert result.stdout == "https://pubmed.ncbi.nlm.nih.gov/90000001/\n"
    assert "nothing was opened" in result.stderr


def test_a_browser_that_fails_prints_the_address(linked, monkeypatch):
    """Where the browser does not take it, the address is printed."""
    import webbrowser

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    assert linked.run("open", "example2020").stdout.startswith("https://pubmed")


def test_a_page_that_is_not_there_is_an_error(linked, browser):
    """A paper without the page that is asked for is named, with what it has; then none is opened, not even others."""
    status, printed, said, shown = browser(linked, "example2020", "example2022", "--pmc")
    assert (status, printed, shown) == (2, "", "")
    assert said == "reftrack: example2022 has no page in PMC; there is: --pubmed. Nothing was opened.\n"
    assert "no DOI" in linked.run("open", "example2022", "--doi", status=2).stderr


def test_a_retracted_paper_is_warned_of(linked, browser):
    """What is opened although it is retracted says so, before the browser covers the terminal."""
    assert "Warning: retracted: example2021.\n" in browser(linked, "example2021")[2]
    assert "retracted" in linked.run("open", "example2021", "--print").stderr


def test_many_are_asked_for(tmp_path, monkeypatch):
    """More than five open only with --yes, or where somebody says so at the terminal."""
    workspace = Workspace(tmp_path)
    records = [record(number, title=f"Examplin in stroke, part {number}.") for number in range(1, 8)]
    workspace.file.write_bytes(document(*records))
    workspace.fetch()
    papers = [str(90000000 + number) for number in range(1, 8)]
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert "--yes" in workspace.run("open", *papers, status=2).stderr
    assert workspace.run("open", *papers[:5]).stdout.count("https") == 5
    assert workspace.run("open", *papers, "--yes").stdout.count("https") == 7
    assert workspace.run("open", *papers, "--print").stdout.count("https") == 7
    assert workspace.run("open", *[papers[0]] * 9).stdout.count("https") == 1
    for answer, opened in (("n", 0), ("y", 7)):
        keyboard = Keyboard([sys.executable, "-m", "reftrack", "open", *papers], workspace.folder)
        keyboard.wait_for("Open 7 papers")
        keyboard.type(f"{answer}\n")
        assert keyboard.finish()[0].count("https://") == opened


@given(st.text() | st.from_regex(r"10\.\d{4}/[ -~]{0,20}", fullmatch=True) | st.just("10.1000/../x"), st.text())
def test_no_address_leads_elsewhere(doi, pmcid):
    """Whatever a record says its ids are, an address leads to PubMed, doi.org or PMC, in https, and holds no trick."""
    for name, url in links.pages(90000001, doi, pmcid).items():
        parts = urlsplit(url)
        host = {"pubmed": "pubmed.ncbi.nlm.nih.gov", "doi": "doi.org", "pmc": "pmc.ncbi.nlm.nih.gov"}[name]
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", host, "", "")
        assert url.isascii()
        assert url.isprintable()
        assert not set(url) & set(" \"'`$&|;<>\\") - {";"}
        assert not {".", ".."} & set(unquote(parts.path).split("/"))
        assert name != "doi" or unquote(parts.path) == f"/{doi}"


@pytest.mark.parametrize(
    "doi", ["10.1000/182", "10.1016/S0140-6736(05)17868-X", "10.1002/(SICI)1097<1::AID>3.0.CO;2-#"]
)
def test_real_shapes_of_dois_have_a_page(doi):
    """Old and new DOIs, with brackets and all, have an address that is them again when decoded."""
    assert unquote(links.pages(1, doi, "")["doi"]) == f"https://doi.org/{doi}"


@pytest.mark.parametrize(
    "doi", ["", "javascript:alert(1)", "10.1/x", "10.1000/a b", "10.1000/../a", "10.1000/a\u202eb"]
)
def test_what_is_no_doi_has_no_page(doi):
    """An id that does not look like one is not made an address."""
    assert set(links.pages(1, doi, "PMC1/../2")) == {"pubmed"}


# a first day

FILLED = {"QUERY": "stroke", "TAG": "rct", "PMID|KEY": "nobody2020", "KEY": "somebody2020", "TEXT": "", "FORMAT": ""}
OWN_WAY = {
    "import": ["--list"],
    "rules evaluate": ["nothing.jsonl"],
    "help": [],
    "init": ["."],
    "completion": ["bash"],
    "fetch": ["--from", "sample"],
    "check": ["nothing.tex"],
    "decide": ["90000001", "include"],
    "query test": ["--offline"],
}
"""Commands of which the parameters do not tell what to type."""
WORKS_ANYWHERE = {"init", "completion", "help", "rules lint", "rules show", "query lint", "query new"}
WORKS_WITHOUT_PAPERS = WORKS_ANYWHERE | {
    *("tag tree", "db path", "db stats", "db backup", "doctor", "query list", "query show", "query test", "query diff"),
    *("history", "undo", "sync"),
    *("runs", "fetch", "rules evaluate", "check"),
}


def words_of(words):
    """A command with what it must be given."""
    command = ALL[words]
    if words in OWN_WAY:
        return [*words.split(), *OWN_WAY[words]]
    given = words.split()
    for one in command.params:
        if isinstance(one, click.Argument) and one.required:
            metavar = one.make_metavar(click.Context(command)).replace("...", "")
            given += [FILLED.get(part.strip("[]"), "x") for part in metavar.split()]
    return [word for word in given if word]


FIRST_DAYS = ("folder", "bare", "no library", "nothing found")


@pytest.fixture(scope="module", params=FIRST_DAYS)
def first_day(request, tmp_path_factory):
    """An empty folder; a workspace without queries; one without a library; one whose fetch found nothing."""
    folder = tmp_path_factory.mktemp("first")
    day = request.param
    before = Path.cwd()
    os.chdir(folder)
    try:
        if day != "folder":
            assert CliRunner().invoke(main, ["-q", "init", *(["--bare"] if day == "bare" else [])]).exit_code == 0
        if day == "no library":
            for path in folder.glob("db/reftrack.db*"):
                path.unlink()
        if day == "nothing found":
            for path in folder.glob("queries/*.toml"):
                path.unlink()
            (folder / "queries" / "stroke.toml").write_text('title = "x"\nterm = "nothingness[ti]"\n')
            assert CliRunner().invoke(main, ["-q", "fetch", "--from", "sample"]).exit_code == 0
    finally:
        os.chdir(before)
    return day, folder


@pytest.mark.parametrize("words", [name for name, command in ALL.items() if not isinstance(command, click.Group)])
def test_every_command_says_what_to_do_next(first_day, words, tmp_path):
    """With no workspace, no query, no library or no paper each command ends well and names the next command to type."""
    day, folder = first_day
    copy = tmp_path / "W"
    shutil.copytree(folder, copy)
    before = Path.cwd()
    os.chdir(copy)
    try:
        result = CliRunner().invoke(main, words_of(words), prog_name="reftrack", catch_exceptions=False)
    finally:
        os.chdir(before)
    said = result.stdout + result.stderr
    assert result.exit_code in (0, 1, 2, 4, 5), said
    if day == "folder" and words not in WORKS_ANYWHERE:
        assert "reftrack init" in said or "nothing." in said
    elif words not in WORKS_WITHOUT_PAPERS:
        assert "`reftrack " in said, said
        assert "`reftrack fetch" in said or "`reftrack runs`" in said or "saved query" in said or "import" in said


def test_a_search_in_an_empty_library_names_the_reason(first_day):
    """`list` tells a library without papers from a search that finds none, and says why there is none."""
    day, folder = first_day
    before = Path.cwd()
    os.chdir(folder)
    try:
        said = CliRunner().invoke(main, ["list", "anything"], prog_name="reftrack").stderr
        alone = CliRunner().invoke(main, [], prog_name="reftrack")
    finally:
        os.chdir(before)
    expected = {
        "folder": "`reftrack init` makes one here",
        "bare": "there is no saved query in",
        "no library": "`reftrack fetch` fills it from PubMed",
        "nothing found": "`reftrack runs` shows what was asked",
    }
    assert expected[day] in said
    assert alone.exit_code == 0
    assert ("reftrack init" if day == "folder" else expected[day]) in alone.stdout


def test_a_fetch_that_finds_nothing_says_what_to_do(tmp_path):
    """A first fetch without a paper names the next command; a later one, where papers are held, says nothing of it."""
    workspace = Workspace(tmp_path)
    everything = workspace.file.read_bytes()
    workspace.file.write_bytes(document(record(1, title="Nothing to do with it.")))
    assert "`reftrack query show head`" in workspace.fetch().stderr
    workspace.file.write_bytes(everything)
    assert "`reftrack query show" not in workspace.fetch().stderr
    (workspace.folder / "queries" / "stroke.toml").unlink()
    workspace.file.write_bytes(document(record(1, title="Nothing to do with it.")))
    assert "is empty" not in workspace.fetch().stderr


# reftrack alone


def test_alone_it_says_where_one_stands(workspace):
    """`reftrack` without a command: how many papers, the newest run, what is undecided, then where to read on."""
    change(
        workspace,
        "INSERT INTO decisions (pmid, who, verdict, reasons, at) VALUES (90000001, 'a', 'include', '[]', '2026-01-01')",
        "INSERT INTO decisions (pmid, who, verdict, reasons, at) VALUES (90000002, 'a', 'include', '[]', '2026-01-01')",
        "INSERT INTO decisions (pmid, who, verdict, reasons, at) VALUES (90000002, 'b', 'exclude', '[]', '2026-01-01')",
    )
    result = workspace.run()
    papers, run, undecided = result.stdout.splitlines()
    assert papers.startswith("3 papers in ")
    assert run.startswith("Newest run: 2, stroke, complete on ")
    assert run.endswith(": 1 new")
    assert undecided.startswith("Undecided: 2 papers; ")
    assert int(workspace.run("list", "--decision", "none", "--count").stdout) == 2
    assert "`reftrack --help`" in result.stderr


def test_alone_where_all_is_decided(workspace):
    """Where nothing is undecided there is no line of nothing."""
    change(
        workspace,
        "INSERT INTO decisions (pmid, who, verdict, reasons, at) SELECT pmid, 'a', 'maybe', '[]', '2026' FROM papers",
    )
    assert len(workspace.run().stdout.splitlines()) == 2


def test_alone_with_a_library_that_cannot_be_used(workspace):
    """A damaged library is no first day: one sentence, status 5."""
    (workspace.folder / "db" / "reftrack.db").write_bytes(b"")
    assert "is empty (0 bytes)" in workspace.run(status=5).stderr


def test_alone_it_is_quick(workspace):
    """`reftrack` alone loads nothing that draws, asks or parses."""
    code = (
        "import sys\nfrom reftrack.cli import main\n"
        "try: main(prog_name='reftrack')\nexcept SystemExit: pass\nprint(*sorted(sys.modules))"
    )
    loaded = set(workspace.process(code=code).stdout.decode().split())
    assert not loaded & {"rich", "requests", "sqlite_utils", "reftrack.model", "reftrack.tagging", "tomllib"}


# what was mistyped


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lst", "list"),
        ("tag ad x y", "add"),
        ("query lst", "list"),
        ("db pth", "path"),
        ("rules lnt", "lint"),
        ("list --tga rct", "--tag"),
        ("export --formt ris", "--format"),
        ("list --quiet", "stands before the command: reftrack --quiet"),
        ("init -q", "stands before the command: reftrack -q"),
        ("list --tag condition/tbl", "tbi"),
        ("list --not-tag mortalty", "mortality"),
        ("tag add example2020 mortalty", "mortality"),
        ("why example2020 mortalty", "mortality"),
        ("rules show mortalty", "mortality"),
        ("list --query strok", "stroke"),
        ("digest --query strok", "stroke"),
        ("runs strok", "stroke"),
        ("fetch strok", "stroke"),
        ("query show strok", "stroke"),
        ("show exmaple2020", "example2020"),
        ("show xample2020", "example2020"),
        ("show Example-2020", "example2020"),
        ("open example20200", "example2020"),
        ("note exmple2020 hello", "example2020"),
        ("cite exampel2021", "example2021"),
        ("key set exampel2021 other", "example2021"),
        ("list --columns yaer", "year"),
        ("list --sort yaer", "year"),
        ("list --notice retracton", "retraction"),
        ("list --decision includ", "include"),
        ("export -f bibtx", "bibtex"),
        ("import -f bibtx records.xml", "bibtex"),
        ("digest --format htm", "html"),
        ("digest --run 99", "the newest is 2"),
        ("digest --since 99", "the newest is 2"),
        ("rules sample --facet conditon", "condition"),
        ("rules evaluate --hide msh records.xml", "mesh"),
        ("cite example2020 --style vancouvr", "vancouver"),
        ("completion fsh", "fish"),
        ("help lst", "list"),
    ],
)
def test_whatever_is_mistyped_the_nearest_is_named(workspace, typed, meant):
    """A slip in any name ends with status 2 and the name that was meant; nothing is done."""
    last = workspace.run(*typed.split(), status=2).stderr.splitlines()[-1]
    assert re.search(
        rf"(mean|newest|one of|before).*\b{re.escape(meant).removeprefix('--')}\b|{re.escape(meant)}", last
    )


ALPHABET = "abcdeXYZ0129-:"


@given(
    keys=st.sets(st.text(ALPHABET, min_size=5, max_size=12), min_size=1, max_size=30),
    data=st.data(),
)
def test_a_key_with_one_slip_is_recognised(keys, data):
    """One letter too many, missing, other, or two in each other's place: a key that is so near is found."""
    key = data.draw(st.sampled_from(sorted(keys)))
    place = data.draw(st.integers(0, len(key) - 2))
    letter = data.draw(st.sampled_from(ALPHABET))
    slip = data.draw(
        st.sampled_from(
            [
                key[:place] + key[place + 1 :],
                key[:place] + letter + key[place:],
                key[:place] + letter + key[place + 1 :],
                key[:place] + key[place + 1] + key[place] + key[place + 2 :],
            ]
        )
    )
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE citation_keys (key TEXT PRIMARY KEY COLLATE NOCASE)")
    connection.executemany("INSERT OR IGNORE INTO citation_keys VALUES (?)", [(one,) for one in sorted(keys)])
    asked = []
    connection.set_trace_callback(asked.append)
    found = nearest_key(Connection(connection, Path("x")), slip)
    connection.set_trace_callback(None)
    near = {one for one in keys if _edits(one.casefold(), slip.casefold()) <= 1}
    plans = [row[3] for sql in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
    connection.close()
    assert found.casefold() in {one.casefold() for one in near}
    assert not [plan for plan in plans if "SCAN citation_keys" in plan]


def _edits(one, other):
    """Optimal string alignment distance, the plain way."""
    rows = {(i, 0): i for i in range(len(one) + 1)} | {(0, j): j for j in range(len(other) + 1)}
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            same = one[i - 1] == other[j - 1]
            rows[i, j] = min(rows[i - 1, j] + 1, rows[i, j - 1] + 1, rows[i - 1, j - 1] + (not same))
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                rows[i, j] = min(rows[i, j], rows[i - 2, j - 2] + 1)
    return rows[len(one), len(other)]


def test_a_name_like_no_key_gets_no_hint(workspace):
    """Where nothing is near, nothing is made up."""
    assert "mean" not in workspace.run("show", "qqqqqqqq", status=2).stderr
    assert "mean" not in workspace.run("show", "12345", status=2).stderr
    assert "mean" not in workspace.run("show", "x" * 500, status=2).stderr


@pytest.mark.parametrize(
    "words",
    [
        ["map", "-o", "m.html"],
        ["map", "-o", "m.svg"],
        ["report", "prisma", "-o", "f.svg"],
        ["report", "prisma-s", "-o", "s.md"],
    ],
)
def test_a_file_that_cannot_be_made_is_no_success(tmp_path, words):
    """An empty library gives no map or report: that is told with status 2, and an older file keeps its words."""
    workspace = Workspace(tmp_path)
    done = workspace.run(*words, status=2)
    assert f"{words[-1]} was not written." in done.stderr
    (tmp_path / words[-1]).write_text("older")
    assert "was not written; what it held before stays." in workspace.run(*words, status=2).stderr
    assert (tmp_path / words[-1]).read_text() == "older"
