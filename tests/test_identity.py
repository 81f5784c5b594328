"""Identity and what people did by hand: the cases E01 to E09, and H12 and H14, as a user meets them."""

import json
import random
import sqlite3

import pytest
from click.testing import CliRunner

from desk import QUERIES, Workspace
from papers import FIRST_PMID, document, record
from reftrack.cli import main

ONE, TWO, THREE = FIRST_PMID, FIRST_PMID + 1, FIRST_PMID + 2


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture
def filled(workspace):
    workspace.fetch()
    return workspace


def rows(workspace, sql):
    """What the library's file holds, past reftrack."""
    db = sqlite3.connect(workspace.folder / "db" / "reftrack.db")
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


def made_by_hand(workspace):
    return rows(workspace, "SELECT * FROM hand_tags ORDER BY pmid, tag")


def with_doi(record, doi):
    return record.replace(b"</ArticleIdList>", f'<ArticleId IdType="doi">{doi}</ArticleId></ArticleIdList>'.encode())


def test_e01_a_paper_that_two_queries_find_is_one_record_with_two_memberships(workspace):
    """E01: found by both queries: one paper, one record, one key, and both queries name it."""
    workspace.file.write_bytes(document(record(1, title="Examplin in stroke after head injury.")))
    workspace.fetch()
    (found,) = workspace.json("list")
    assert found["queries"] == ["head", "stroke"]
    for query in QUERIES:
        assert [paper["pmid"] for paper in workspace.json("list", "--query", query)] == [ONE]
        assert workspace.json("runs", query)[0]["new"] == [ONE]
    assert [rows(workspace, f"SELECT count(*) FROM {table}")[0][0] for table in ("papers", "records", "hits")] == [
        1,
        1,
        2,
    ]
    assert rows(workspace, "SELECT count(*) FROM citation_keys") == [(1,)]


@pytest.mark.parametrize(("first", "second"), [("10.5555/a.1", "10.5555/a.1"), ("10.5555/A.1", "10.5555/a.1")])
def test_e02_one_doi_under_two_pmids_stays_two_papers_and_is_told(workspace, first, second):
    """E02: a DOI that two records name, however spelled, makes them two papers; `show` and `doctor` tell of it."""
    preprint = with_doi(record(1, title="Examplin in stroke."), first)
    article = with_doi(record(2, title="Examplin in stroke."), second)
    other = with_doi(record(3, title="Examplin in stroke, part two."), "10.5555/a.12")
    workspace.file.write_bytes(document(preprint, article, other, record(4, title="Examplin in stroke, no DOI."),
                                        record(5, title="Examplin in stroke, no DOI.")))  # fmt: skip
    workspace.fetch()
    workspace.fetch("--full")
    workspace.run("rebuild")
    key = {paper["pmid"]: paper["key"] for paper in workspace.json("list")}
    assert len(set(key.values())) == 5
    assert f"\nSame DOI: {key[TWO]} (PMID {TWO});" in workspace.run("show", ONE).stdout
    assert f"\nSame DOI: {key[ONE]} (PMID {ONE});" in workspace.run("show", TWO).stdout
    for pmid in (THREE, FIRST_PMID + 3):
        assert "Same DOI" not in workspace.run("show", pmid).stdout
    told = [line for line in workspace.run("doctor").stdout.splitlines() if "one DOI" in line]
    assert told == [f"ok  library: one DOI, several papers, kept apart: PMID {ONE}, {TWO} (10.5555/a.1)"]
    assert workspace.run("export").stdout.count("@article{") == 5


def test_e05_an_edited_query_leaves_the_text_of_old_runs(filled):
    """E05: each run keeps the text it asked with, though the file says something else today."""
    before = filled.json("runs", "stroke")[0]
    query = filled.folder / "queries" / "stroke.toml"
    query.write_text('title = "Examplin in stroke"\nterm = "examplin[tiab] AND (stroke[tiab] OR concussion[tiab])"\n')
    filled.fetch()
    after, old = filled.json("runs", "stroke")
    assert old == before
    assert old["term"] == "examplin[tiab] AND stroke[tiab]"
    assert after["term"] == "examplin[tiab] AND (stroke[tiab] OR concussion[tiab])"


def test_e06_a_deleted_query_takes_nothing_with_it(filled):
    """E06: the file of a query goes: its papers, memberships, runs and tags by hand stay and are still found."""
    filled.run("tag", "add", TWO, "mood", "--because", "table 3")
    before = filled.json("list"), filled.json("runs", "stroke"), made_by_hand(filled)
    (filled.folder / "queries" / "stroke.toml").unlink()
    filled.fetch()
    filled.run("retag", "--all")
    filled.run("rebuild")
    assert (filled.json("list"), filled.json("runs", "stroke"), made_by_hand(filled)) == before
    assert [paper["pmid"] for paper in filled.json("list", "--query", "stroke")] == [TWO]
    assert [paper["pmid"] for paper in filled.json("list", "--tag", "mood")] == [TWO]


NO_SLUGS = [
    "",
    " ",
    "my tag",
    "a,b",
    "ünder",
    "-lead",
    "a" * 65,
    "x" * 300,
    "Mood",
    "a_b",
    "a/b",
    "a\nb",
    "a'b",
    "a\u202eb",
]
SLUGS = ["a", "7t", "a-b-c", "a" * 64]


@pytest.mark.parametrize("name", [*NO_SLUGS[:4], *NO_SLUGS[6:8], "ünder", "mood; DROP TABLE tags"], ids=repr)
def test_e07_what_is_no_tag_is_refused_and_nothing_is_made(filled, name):
    """E07: a tag that the rules do not have is refused with status 2, whatever stands in it; nothing is stored."""
    before = filled.json("list")
    for command in (["add"], ["rm"], ["add", "--because", "why"]):
        result = filled.run("tag", *command, "--", ONE, name, status=2)
        assert "no tag" in result.stderr
        assert "Traceback" not in result.stderr
    assert made_by_hand(filled) == []
    assert filled.json("list") == before


def test_e07_a_leading_dash_is_an_option_or_no_tag(filled):
    """E07: `-lead` is read as an option, behind `--` as a tag; either way status 2 and nothing stored."""
    assert "No such option" in filled.run("tag", "add", ONE, "-lead", status=2).stderr
    assert "no tag" in filled.run("tag", "add", "--", ONE, "-lead", status=2).stderr
    assert made_by_hand(filled) == []


@pytest.mark.parametrize("name", NO_SLUGS, ids=repr)
def test_e07_one_rule_says_what_may_be_a_tag(filled, name):
    """E07: a tag of one's own is small letters, digits and hyphens, at most 64; all else is refused with its file."""
    (filled.folder / "rules").mkdir()
    table = f"[tag.{json.dumps(name)}]\nfacet = 'outcome'\nlabel = 'Mine'\nany.9 = 'examplin'\n"
    (filled.folder / "rules" / "mine.toml").write_text(table)
    before = filled.json("list")
    assert "mine.toml" in filled.run("retag", status=2).stderr
    assert filled.json("list") == before


@pytest.mark.parametrize("name", SLUGS)
def test_e07_a_tag_makes_a_round_trip(filled, name):
    """E07: what may be a tag is found, listed, added by hand and exported under exactly its name."""
    (filled.folder / "rules").mkdir()
    rules = f"[tag.{name}]\nfacet = 'outcome'\nlabel = 'Mine, ü \"q\"'\nany.9 = 'nothinglikethis'\n"
    (filled.folder / "rules" / "mine.toml").write_text(rules)
    filled.run("retag")
    reason = "wörds, 'with' \"marks\"; -- " + "x" * 300
    filled.run("tag", "add", ONE, name, "--because", reason)
    filled.run("retag", "--all")
    assert [paper["pmid"] for paper in filled.json("list", "--tag", name)] == [ONE]
    assert name in filled.json("show", ONE)[0]["tags"]["outcome"]
    (why,) = filled.json("why", ONE, name)
    assert (why["tag"], why["because"]) == (f"outcome/{name}", reason)
    (used,) = [entry for entry in filled.json("tag", "list") if entry["tag"] == name]
    assert (used["label"], used["papers"]) == ('Mine, ü "q"', 1)
    assert f", {name}" in filled.run("export", "--pmid", ONE).stdout


@pytest.mark.parametrize("papers", [[12345], [ONE, 12345], [12345, TWO], ["nokey2020", ONE]], ids=str)
def test_e08_a_tag_for_a_paper_that_is_not_held_creates_nothing(filled, papers):
    """E08: one paper of several is not held: status 2, and none of them is tagged."""
    for command in ("add", "rm", "reset"):
        assert "holds no paper" in filled.run("tag", command, *papers, "mood", status=2).stderr
    assert made_by_hand(filled) == []
    assert rows(filled, "SELECT count(*) FROM papers WHERE pmid = 12345") == [(0,)]
    assert filled.json("list", "--tag", "mood") == []


SORTED = {
    (): [5, 4, 2, 1, 3],
    ("--sort", "-year"): [5, 4, 2, 1, 3],
    ("--sort", "year"): [1, 2, 4, 5, 3],
    ("--sort", "title"): [5, 3, 1, 4, 2],
    ("--sort", "author"): [5, 4, 2, 1, 3],
    ("--sort", "journal"): [5, 4, 2, 1, 3],
    ("--sort", "pmid"): [1, 2, 3, 4, 5],
    ("--sort", "-pmid"): [5, 4, 3, 2, 1],
    ("--sort", "first-seen"): [1, 2, 3, 4, 5],
    ("--sort", "-first-seen"): [5, 4, 3, 2, 1],
    ("examplin",): [5, 4, 3, 2, 1],
}


@pytest.mark.parametrize("seed", range(3))
def test_e09_the_order_of_a_list_does_not_depend_on_how_papers_came(workspace, seed):
    """E09: in whatever order papers arrive, each way to sort gives one order; `list --help` says which."""
    records = [
        record(1, title="Examplin in stroke B.", year="2019"),
        record(2, title="Examplin in stroke C.", year="2020"),
        record(3, title="Examplin in stroke B.").replace(b"<Year>2020</Year>", b"<MedlineDate>n.d.</MedlineDate>"),
        record(4, title="Examplin in stroke b.", year="2020"),
        record(5, title="Examplin in stroke A.", year="2021"),
    ]
    random.Random(seed).shuffle(records)
    workspace.file.write_bytes(document(*records))
    workspace.fetch()
    db = sqlite3.connect(workspace.folder / "db" / "reftrack.db")
    with db:
        db.execute("UPDATE papers SET first_seen = '2026-01-01T00:00:00Z'")
    db.close()
    expected = dict(SORTED)
    expected["--sort", "title"] = [5, 4, 3, 1, 2]
    found = {
        how: [int(pmid) - FIRST_PMID + 1 for pmid in workspace.run(
            "list", *how, "--columns", "pmid", "--no-header").stdout.split()] for how in SORTED
    }  # fmt: skip
    assert found == expected
    told = " ".join(workspace.run("list", "--help").stdout.split())
    assert "Newest first" in told
    assert "higher PMID first" in told


BAD_NAMES = [
    "../../x",
    "../x",
    "a/b",
    "CON",
    "con",
    ".",
    "..",
    "",
    "x" * 300,
    "a\x00b",
    "a\\b",
    "~",
    "/etc/passwd",
    "-x",
]


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: repr(name)[:20])
def test_h12_a_query_name_cannot_leave_its_folder(filled, name):
    """H12: a name that is a path, a device, empty or too long: status 2 by one rule, nothing is made."""
    outside = filled.folder.parent / "x.toml"
    outside.write_text('title = "Outside"\nterm = "examplin[tiab]"\n')
    before = sorted(path for path in filled.folder.rglob("*") if "db" not in path.parts)
    for arguments in (["fetch", "--from", filled.file, "--"], ["fetch", "--dry-run", "--from", filled.file, "--"],
                      ["query", "show", "--"]):  # fmt: skip
        result = filled.run(*arguments, name, status=2)
        assert "cannot name a saved query" in result.stderr
        assert "Traceback" not in result.stderr
        assert len(result.stderr) < 400
    assert sorted(path for path in filled.folder.rglob("*") if "db" not in path.parts) == before
    assert {run["query"] for run in filled.json("runs")} == set(QUERIES)


@pytest.mark.parametrize("stem", ["CON", "a b", "ä", "x" * 65, "a.b"], ids=str)
def test_h12_a_file_with_such_a_name_is_refused_by_name(filled, stem):
    """H12: a file in the folder whose name may not name a query is told, with status 2, and not run."""
    (filled.folder / "queries" / f"{stem}.toml").write_text('title = "Odd"\nterm = "examplin[tiab]"\n')
    assert "cannot name a saved query" in filled.fetch(status=2).stderr


META = ["'", '"', ";", "%", "_", "*", "(", ")", ":", "^", "-", "+", "{", "}", "\\", "--", "/*", "' OR '1'='1",
        '" OR ""="', "'; DROP TABLE papers; --", "AND", "OR", "NOT", "NEAR(a b)", "title:examplin", "NEAR", "a* OR",
        "%examplin%", "examplin_", "examplin AND stroke", "examplin OR stroke", "examplin NOT stroke"]  # fmt: skip
WORDS_OF_RECORDS = {"%examplin%": 3, "examplin_": 3, "OR": 1, "a* OR": 1, '" OR ""="': 1, "NOT": 1}
"""In how many of the records the words of such a text really stand: one says "or placebo" and "did not differ"."""
OPTIONS = ((), ("--author",), ("--journal",), ("--tag",), ("--any-tag",), ("--not-tag",), ("--query",))


@pytest.mark.parametrize("text", META, ids=repr)
def test_h14_sql_and_search_operators_are_only_text(filled, monkeypatch, text):
    """H14: quotes, wildcards and operators in what a person types are looked for, never obeyed; nothing is lost.

    Obeyed, "examplin OR stroke" would find three papers and % every one; no record has all three words.
    """
    monkeypatch.chdir(filled.folder)
    before = filled.json("list")
    for option in OPTIONS:
        result = CliRunner().invoke(main, ["list", "--json", *(option or ("--",)), text], catch_exceptions=False)
        if result.exit_code == 2:
            assert result.stderr.count("\n") <= 4
            assert not result.stdout
            continue
        found = 0 if option else WORDS_OF_RECORDS.get(text, 0)
        assert (result.exit_code, len(json.loads(result.stdout))) == (0, found)
    for arguments in (["show"], ["why", str(ONE)], ["tag", "add", str(ONE)], ["runs"]):
        result = CliRunner().invoke(main, [*arguments[:2], "--", *arguments[2:], text], catch_exceptions=False)
        assert result.exit_code == 2
    assert filled.json("list") == before
    assert made_by_hand(filled) == []


@pytest.mark.parametrize("text", ['AND "', "title:", "NEAR(", "a b)", "nosuchcolumn: x", '"'], ids=repr)
def test_h14_bad_fts5_syntax_is_a_usage_error(filled, text):
    """H14: with --fts-raw what is no FTS5 syntax ends with status 2 and a sentence."""
    result = filled.run("list", "--fts-raw", "--", text, status=2)
    assert "not FTS5 syntax" in result.stderr
    assert "Traceback" not in result.stderr


def test_h14_a_reason_with_sql_in_it_is_kept_as_it_is(filled):
    """H14: what is stored with a decision is bound, not pasted."""
    reason = "'); DROP TABLE hand_tags; --"
    filled.run("tag", "add", ONE, "mood", "--because", reason)
    assert filled.json("why", ONE, "mood")[0]["because"] == reason
