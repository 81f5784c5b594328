"""Every command that only reads: no statement of it reads a large table from end to end where an index can serve."""

import os
import shlex
import sqlite3
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from papers import FIRST_PMID
from plans import plans, scanned
from reftrack.cli import COMMANDS, main
from reftrack.library import conditions, opening, planning
from reftrack.library.opening import open_to_read
from reftrack.library.selecting import fold
from test_plans import build

READS = (
    "list --limit 20",
    "list --count",
    "list",
    "list --jsonl --limit 3",
    "list --csv --limit 3",
    "list --columns pmid,title,language,queries,decision,labels,note --limit 3",
    *(
        f"list --sort {sign}{by} --limit 20"
        for by in ("year", "author", "title", "journal", "pmid", "first-seen")
        for sign in ("", "-")
    ),
    "list stroke --limit 20",
    "list stroke --count",
    "list stroke --sort -year --limit 20",
    "list stroke --tag animal --limit 20 --columns snippet,title",
    'list "stroke trial" --limit 20',
    "list --tag stroke --limit 20",
    "list --tag stroke --tag animal --limit 20",
    "list --tag stroke --count",
    "list --any-tag stroke --any-tag animal --limit 20",
    "list --not-tag stroke --count",
    "list --tag stroke --sort title --limit 20",
    "list --study rct,none --limit 20",
    "list --study none --count",
    "list --language eng,fre --limit 20",
    "list --author 'exam ple' --limit 20",
    "list --author example --count",
    "list --journal ann --limit 20",
    "list --journal ann --count",
    "list --year 2003..2006 --limit 20",
    "list --query one --limit 20",
    "list --query one --count",
    "list --new --limit 20",
    "list --new --count",
    "list --since last --limit 20",
    "list --since 3m --limit 20",
    "list --notice retraction --limit 20",
    "list --notice comment --count",
    "list --decision include --limit 20",
    "list --decision none --count",
    "list --match 'stroke[ti] AND rats[ti]' --limit 20",
    f"list --pmid {FIRST_PMID} --json",
    "count",
    "count --tag stroke",
    "count --by study --tag stroke",
    "count --by query --tag stroke",
    "count --by condition --tag stroke",
    "count --by decision --tag stroke",
    "show {pmid}",
    "show {key}",
    "show {pmid} --json",
    "cite {pmid}",
    "why {pmid}",
    "why {pmid} stroke",
    "why {pmid} --all",
    "why {pmid} --json",
    "note {pmid}",
    "history",
    "history {pmid}",
    "history --since 3m --jsonl",
    "runs",
    "runs one",
    "runs --json",
    "digest",
    "digest --since 1m",
    "digest --run 2",
    "digest --query one --tag stroke",
    "digest --format json",
    "digest --format atom",
    "tag list",
    "tag tree",
    "tag conflicts",
    "rules show stroke",
    "rules sample --facet condition -n 3",
    "query show one",
    "db stats",
    "db path",
    "export --limit 100",
    "export --tag stroke -f ris",
    "export -f csl-json --limit 10",
    "export -f jsonl --limit 10",
    "import --list",
    "import --unmatched",
    "agreement",
    "count --by journal",
    "count --by year --match rats[ti]",
    "count --by study",
    "check refs.bib",
    "open {pmid} --print",
)
OVER_ALL = {
    # What reads a large table whole by what it is for: which ones, and why.
    "list --match stroke[tiab] --limit 20": ({"other_abstracts"}, "an abstract in another language is not indexed"),
    "query list": ({"hits"}, "counts what each query finds"),
    "map": ({"trial_marks"}, "reports of one trial count once, whatever their registry"),
    "claims": ({"trial_marks"}, "as the map"),
    "studies": ({"trial_marks"}, "groups all reports by what they name"),
    "studies suggest": ({"trial_marks"}, "as studies"),
    "reviews": ({"trial_marks"}, "says which trials each review cites"),
    "report prisma --json": ({"hits", "trial_marks"}, "counts every paper by where it came from"),
    "report prisma-s": ({"hits", "trial_marks"}, "as the diagram"),
    "rules sample --tag stroke -n 3": ({"rule_tags"}, "draws among all papers"),
    "doctor": (
        {"decisions", "notes", "papers", "records", "rule_tags"},
        "checks the whole library",
    ),
}
OTHERS = frozenset(
    # Commands that change something, and those that ask the library nothing or what others here ask.
    (
        *("init", "fetch", "retag", "rebuild", "undo", "decide", "screen", "serve", "completion", "help", "sync"),
        *("tag add", "tag rm", "tag reset", "key set", "db backup", "rules lint", "rules evaluate"),
        *("studies join", "studies split", "studies confirm", "studies reset", "studies show", "studies list"),
        *("query new", "query lint", "query test", "query diff"),
    )
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace with a library of made-up papers, tags by the shipped rules, hand work and an import."""
    folder = tmp_path_factory.mktemp("reads")
    for name in ("queries", "db"):
        (folder / name).mkdir()
    for name in ("one", "two"):
        (folder / "queries" / f"{name}.toml").write_text(f'title = "{name}"\nterm = "examplin[tiab]"\n')
    build(folder / "db" / "reftrack.db", 1)
    raw = sqlite3.connect(folder / "db" / "reftrack.db")
    found = (raw.execute("SELECT min(pmid) FROM papers").fetchone()[0], "example2020")
    raw.close()
    (folder / "refs.ris").write_text(
        f"TY  - JOUR\nAN  - {found[0]}\nTI  - x\nER  - \nTY  - JOUR\nTI  - Unknown example\nER  - \n"
    )
    (folder / "refs.bib").write_text(f"@article{{{found[1]}, pmid = {{{found[0]}}}}}\n")
    run(folder, "retag")
    run(folder, f"key set {found[0]} {found[1]}")
    run(folder, f"note {found[0]} dose")
    run(folder, f"tag add {found[0]} mood --because x")
    run(folder, f"decide {found[0]} include --who ann")
    run(folder, "import refs.ris")
    return folder, dict(zip(("pmid", "key"), found, strict=True))


def run(folder, words, named=None):
    """One command in the workspace."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        return CliRunner().invoke(main, shlex.split(words.format(**(named or {}))), catch_exceptions=False)
    finally:
        os.chdir(before)


def reads(workspace, words, monkeypatch):
    """Each statement that the command asks of the library, with its plan; of large tables what is read whole."""
    folder, named = workspace
    asked = []
    connect = opening.connect

    def traced(path, mode):
        connection = connect(path, mode)
        connection.raw.set_trace_callback(asked.append)
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(opening, "connect", traced)
        done = run(folder, words, named)
    assert done.exit_code in (0, 1, 4), (words, done.exit_code, done.output)
    plain = open_to_read(folder / "db" / "reftrack.db").raw
    plain.create_function("fold", 1, fold)
    plain.create_function("loosened", 2, lambda text, _: text)
    plain.execute("CREATE VIRTUAL TABLE temp.papers_tokens USING fts5vocab(main, papers_fts, row)")
    return [(sql, whole) for sql, lines in plans(plain, dict.fromkeys(asked)) if (whole := scanned(plain, sql, lines))]


@pytest.mark.parametrize("held", ["few", "many"])
@pytest.mark.parametrize("words", READS)
def test_no_read_looks_at_all_rows(workspace, words, held, monkeypatch):
    """Without statistics, as a library is: whichever way is taken, an index serves it."""
    if held == "many":  # the ways that a large library takes
        for module, name, value in (
            (planning, "WALKS", (5, 20)),
            (planning, "FEW", 3),
            (planning, "MOST", 30),
            (planning, "BEST", 40),
            (conditions, "MANY", 10),
            (conditions, "FEW_PAPERS", 0),
        ):
            monkeypatch.setattr(module, name, value)
    assert not reads(workspace, words, monkeypatch)


@pytest.mark.parametrize("words", OVER_ALL)
def test_what_is_told_of_all_papers_reads_no_other_table_whole(workspace, words, monkeypatch):
    """The exceptions are these, each of a table that it cannot do without, and no more."""
    tables, reason = OVER_ALL[words]
    assert reason
    assert {table for _, whole in reads(workspace, words, monkeypatch) for table in whole} == tables


def test_every_command_is_among_the_reads_or_named_as_another():
    """A new command is traced here, or said to read nothing."""
    known = {" ".join(words.split()[:2]) for words in (*READS, *OVER_ALL)} | OTHERS
    firsts = {words.split()[0] for words in known}
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        parts = command.list_commands(click.Context(command)) if isinstance(command, click.Group) else ()
        for part in parts:
            assert f"{name} {part}" in known
        assert parts or name in firsts


def test_a_library_has_no_statistics(workspace):
    """With them SQLite would choose otherwise, and plans here would say nothing of a reader's library."""
    raw = open_to_read(workspace[0] / "db" / "reftrack.db").raw
    assert not raw.execute("SELECT 1 FROM sqlite_master WHERE name LIKE 'sqlite_stat%'").fetchall()


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("SELECT pmid FROM papers WHERE volume = '1'", "papers"),
        ("SELECT p.volume FROM papers p ORDER BY p.first_seen", "papers"),
        ("SELECT count(*) FROM hits h WHERE h.left_run IS NULL", "hits"),
        ("SELECT 1 FROM runs r LEFT JOIN run_papers e ON e.detail = r.query", "run_papers"),
        ("SELECT max(volume) FROM papers", "papers"),
        ("SELECT 1 FROM tags t JOIN papers p ON p.volume = t.tag", "papers"),
    ],
)
def test_a_look_at_all_rows_is_noticed(workspace, sql, table):
    """Else the other tests could not fail."""
    raw = open_to_read(workspace[0] / "db" / "reftrack.db").raw
    ((_, lines),) = plans(raw, [sql])
    assert table in scanned(raw, sql, lines), lines
