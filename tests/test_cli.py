"""The desk: what each command prints, in a pipe and on a terminal, and the status it ends with."""

import errno
import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from desk import RECORDS, Workspace, terminal
from papers import FIRST_PMID, document, record
from reftrack.cli import COMMANDS, main, screen

ONE, TWO, THREE = FIRST_PMID, FIRST_PMID + 1, FIRST_PMID + 2


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture
def filled(workspace):
    workspace.fetch()
    return workspace


def test_fetch_from_a_file_stores_what_the_queries_find(workspace):
    """The saved queries are judged over the file: three papers are found, the fourth is not stored."""
    lines = workspace.fetch().stdout.splitlines()
    assert re.fullmatch(r"head +complete +2 papers found · 2 new · 0 changed", lines[0])
    assert re.fullmatch(r"stroke +complete +1 paper found · 1 new · 0 changed", lines[1])
    assert [paper["pmid"] for paper in workspace.json("list")] == [THREE, TWO, ONE]


def test_a_second_fetch_finds_nothing_new(filled):
    """The same file again changes nothing, and says so."""
    assert "0 new · 0 changed" in filled.fetch().stdout


def test_fetch_reports_a_broken_record_and_stores_the_others(workspace):
    """One record that cannot be read ends with status 4; the other papers are there."""
    broken = RECORDS[0].replace(b"<Article ", b"<Article <", 1)
    workspace.file.write_bytes(document(broken, *RECORDS[1:]))
    result = workspace.fetch(status=4)
    assert str(ONE) in result.stderr
    assert [paper["pmid"] for paper in workspace.json("list")] == [THREE, TWO]
    (run, *_) = workspace.json("runs", "head")
    assert (run["status"], run["missing"]) == ("partial", [ONE])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"{}", "not"),
        (b"<html><body>maintenance</body></html>", "html"),
        (document(*RECORDS)[:-300], "ends"),
    ],
    ids=["empty", "json", "html", "cut"],
)
def test_fetch_from_something_else_is_never_an_empty_result(workspace, content, words):
    """A file that is no whole PubMed XML ends with status 4 and a sentence, not with zero papers."""
    workspace.file.write_bytes(content)
    result = workspace.fetch(status=4)
    assert words in result.stderr.lower()
    assert "Traceback" not in result.stderr
    assert {run["status"] for run in workspace.json("runs")} <= {"failed", "partial"}


def test_fetch_takes_gzip_folders_and_several_sources(workspace):
    """A folder of .xml.gz and a plain file are read in one run."""
    import gzip

    folder = workspace.folder / "more"
    folder.mkdir()
    (folder / "a.xml.gz").write_bytes(gzip.compress(document(record(7, title="Examplin in stroke again."))))
    workspace.fetch("--from", folder)
    assert {paper["pmid"] for paper in workspace.json("list", "--query", "stroke")} == {TWO, FIRST_PMID + 6}
    (folder / "a.xml.gz").write_bytes(gzip.compress(document(*RECORDS))[:-30])
    assert "breaks off" in workspace.run("fetch", "--from", folder, status=4).stderr


def test_verbose_tells_how_far_it_is(workspace):
    """With -v progress is told in lines on stderr, where no bar can be drawn; stdout stays the result."""
    result = workspace.run("-v", "fetch", "--from", workspace.file)
    assert re.search(r"^records\.xml: .* MB of .* MB$", result.stderr, re.MULTILINE)
    assert "MB" not in result.stdout


def test_dry_run_stores_nothing(workspace):
    """`fetch --dry-run` says what would come and leaves no library behind."""
    assert "head: finds 2 papers, would fetch 2." in workspace.fetch("--dry-run").stdout
    assert workspace.json("fetch", "--from", workspace.file, "--dry-run")["plan"][0]["count"] == 2
    assert not (workspace.folder / "db" / "reftrack.db").exists()


def test_exit_code_tells_news_and_a_retraction(filled):
    """With --exit-code nothing new is 0, a new paper 10, a retraction of a held paper 11."""
    filled.fetch("--exit-code")
    filled.file.write_bytes(document(*RECORDS, record(8, title="Examplin in stroke, new.")))
    filled.fetch("--exit-code", status=10)
    links = (
        "<CommentsCorrectionsList><CommentsCorrections RefType='RetractionIn'><RefSource>J Example. 2024</RefSource>"
        "<PMID>90000099</PMID></CommentsCorrections></CommentsCorrectionsList>"
    )
    filled.file.write_bytes(document(record(2, title="Examplin after ischemic stroke: a cohort study.", extra=links)))
    assert "RETRACTED" in filled.fetch("--exit-code", status=11).stdout
    shown = filled.json("show", TWO)[0]
    assert shown["retracted"] is True
    assert shown["notices"] == [{"type": "retraction", "pmid": 90000099, "source": "J Example. 2024"}]
    assert filled.run("show", TWO).stdout.startswith(
        "RETRACTED: This paper was retracted: J Example. 2024 (PMID 90000099)"
    )
    assert [paper["pmid"] for paper in filled.json("list", "--notice", "retraction")] == [TWO]
    assert "1 retracted paper" in filled.run("export").stderr
    assert str(TWO) not in filled.run("export", "--exclude-retracted").stdout


def test_what_is_shown_as_it_is_has_nothing_to_clean():
    """The quick look that lets nearly every text pass lets no sign pass that a terminal would obey."""
    for sign in map(chr, range(sys.maxunicode + 1)):
        assert screen.clean(sign) == re.sub(screen._UNSAFE, "", re.sub(screen._SPACE, " ", sign))


def test_lines_are_told_up_to_one_that_cannot_be_made(capsys):
    """However many are written at a time, what was made is not lost with what was not."""

    def lines(count):
        yield from map(str, range(count))
        raise ValueError

    for count in (0, 3, 500):
        with pytest.raises(ValueError):
            screen.tell(lines(count))
        assert capsys.readouterr().out.splitlines() == [str(number) for number in range(count)]


def test_list_in_a_pipe_is_clean_tsv(filled):
    """One header, one line a paper, the same number of cells in each."""
    lines = filled.run("list").stdout.splitlines()
    assert lines[0].split("\t")[:4] == ["pmid", "key", "year", "study"]
    assert {line.count("\t") for line in lines} == {9}
    assert len(lines) == 4
    assert lines[3].split("\t")[:4] == [str(ONE), "example2020", "2020", "rct"]


def test_list_by_tag_and_study_type(filled):
    """`list --tag tbi` finds the papers on brain injury, in people and rats, with their study types."""
    found = {paper["pmid"]: paper["study"] for paper in filled.json("list", "--tag", "tbi")}
    assert found == {ONE: "rct", THREE: "animal"}
    assert [paper["pmid"] for paper in filled.json("list", "--tag", "tbi", "--not-tag", "animal")] == [ONE]
    assert filled.run("list", "--tag", "tbi", "--count").stdout == "2\n"


def test_list_json_is_the_contract(filled):
    """Every field of the contract is there with its type; abstract and mesh only when asked for."""
    paper = filled.json("list", "--pmid", ONE)[0]
    types = {
        "pmid": int, "key": str, "type": str, "title": str, "authors": list, "journal": str, "year": int,
        "date": str, "volume": str, "issue": str, "pages": str, "doi": type(None), "pmcid": type(None),
        "language": str, "publication_types": list, "keywords": list, "registry_ids": list, "study": str,
        "tags": dict, "queries": list, "notices": list, "retracted": bool, "decision": type(None), "note": str,
        "first_seen": str,
    }  # fmt: skip
    assert {name: type(paper[name]) for name in types} == types
    assert not {"abstract", "mesh"} & set(paper)
    assert filled.json("list", "--columns", "abstract")[-1]["abstract"][0]["text"].startswith("Patients were")
    (shown,) = filled.json("show", "example2020")
    assert {"abstract", "mesh"} <= set(shown)


def test_list_csv_defuses_formulas(workspace):
    """A title that a spreadsheet would run gets an apostrophe; the TSV cannot be broken by tabs."""
    workspace.file.write_bytes(document(record(1, title="=HYPERLINK(1) examplin\tin stroke")))
    workspace.fetch()
    assert "'=HYPERLINK(1) examplin in stroke" in workspace.run("list", "--csv").stdout
    assert workspace.run("list", "--no-header", "--columns", "title").stdout == "=HYPERLINK(1) examplin in stroke\n"


def test_list_columns_read_the_whole_paper_when_they_must(filled):
    """A heavy column beside a light one; a mistyped column names the nearest."""
    out = filled.run("list", "--columns", "pmid,publication_types", "--pmid", ONE).stdout
    assert out == f"pmid\tpublication_types\n{ONE}\tJournal Article\n"
    assert "did you mean journal" in filled.run("list", "--columns", "jurnal", status=2).stderr


def test_an_empty_selection_is_said_and_is_no_error(filled):
    """Nothing found: an empty result on stdout, a word on stderr, status 0."""
    result = filled.run("list", "nothinglikethis")
    assert len(result.stdout.splitlines()) == 1
    assert "No paper meets this" in result.stderr
    assert filled.run("list", "nothinglikethis", "--json").stdout == "[]\n"


def test_a_folder_that_may_not_be_looked_into_is_not_passed_over(workspace, monkeypatch):
    """It may be the workspace that is meant: the library of another one above it would be a wrong one."""
    inside = workspace.folder / "closed" / "inside"
    inside.mkdir(parents=True)
    look = os.stat

    def stat(path, *arguments, **options):
        if str(path).startswith(str(inside.parent / "reftrack")):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return look(path, *arguments, **options)

    monkeypatch.setattr(os, "stat", stat)
    monkeypatch.chdir(inside)
    result = CliRunner().invoke(main, ["db", "path"])
    assert result.exit_code == 2
    assert "closed/reftrack.toml cannot be used: Permission denied." in result.stderr


def test_first_day(workspace):
    """Before anything was fetched, looking is no error and says what to do; naming a paper is one."""
    assert "reftrack fetch" in workspace.run("list", "--tag", "tbi").stderr
    assert workspace.json("list") == []
    assert workspace.json("runs") == []
    assert workspace.run("list", "--count").stdout == "0\n"
    assert workspace.run("export").stdout == ""
    assert "tbi" in workspace.run("tag", "tree").stdout
    assert "fetch" in workspace.run("show", "1", status=5).stderr
    assert workspace.run("retag").exit_code == 0


def test_g09_an_empty_library_answers_every_reading_command(workspace):
    """With a library that holds nothing, every command that looks ends well."""
    workspace.run("init", ".")
    for arguments in (["list"], ["list", "--tag", "tbi"], ["runs"], ["tag", "list"], ["tag", "tree"], ["export"],
                      ["query", "list"], ["doctor"], ["retag"], ["rebuild"]):  # fmt: skip
        workspace.run(*arguments)


def test_why_shows_the_sentence_with_the_words_marked(filled):
    """The evidence of a tag is the sentence it was found in, the words marked, with rule and weight."""
    out = filled.run("why", ONE, "mortality").stdout
    assert "outcome/mortality  tagged" in out
    assert "«Mortality» did not differ between the groups." in out
    (why,) = filled.json("why", ONE, "mortality")
    evidence = why["evidence"][0]
    assert (why["state"], why["source"], evidence["quote"]) == ("tagged", "rule", "Mortality")
    assert why["score"] >= why["threshold"] > 0
    everything = filled.json("why", ONE)
    assert {"condition/tbi", "study/rct", "outcome/mortality"} <= {one["tag"] for one in everything}


def test_why_explains_an_absent_tag(filled):
    """For a tag that is not there, `why` says what it would need."""
    out = filled.run("why", TWO, "quality-of-life").stdout
    assert "absent" in out
    assert "would need" in out


def test_hand_tags_win_and_stay(filled):
    """A tag added and one removed by hand survive another fetch and retag, and `why` names who and why."""
    filled.run("tag", "rm", ONE, "mortality", "--because", "only a side note")
    filled.run("tag", "add", ONE, "example2021", "mood", "--because", "table 3")
    filled.fetch("--full")
    filled.run("retag", "--all")
    filled.run("rebuild")
    tags = filled.json("show", ONE)[0]["tags"]["outcome"]
    assert "mood" in tags
    assert "mortality" not in tags
    assert [paper["pmid"] for paper in filled.json("list", "--tag", "mood")] == [TWO, ONE]
    (why,) = filled.json("why", ONE, "mortality")
    assert (why["state"], why["source"], why["because"]) == ("removed", "hand", "only a side note")
    assert "only a side note" in filled.run("why", ONE).stdout
    assert "1 decision forgotten" in filled.run("tag", "reset", ONE, "mortality").stdout
    assert filled.json("why", ONE, "mortality")[0]["state"] == "tagged"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["tag", "add", ONE, "nosuchtag"], 2, "no tag"),
        (["tag", "add", ONE, "mortalty"], 2, "did you mean mortality"),
        (["tag", "add", 12345, "mortality"], 2, "holds no paper"),
        (["tag", "add", "mortality"], 2, "at least one paper"),
        (["show", "12345"], 2, "holds no paper"),
        (["show", "exmple2020"], 2, "did you mean example2020"),
        (["show", "9" * 40], 2, "holds no paper"),
        (["why", ONE, "nosuchtag"], 2, "no tag"),
        (["list", "--tag", "tib"], 2, "did you mean tbi"),
        (["list", "--year", "20x5"], 2, "not understood"),
        (["list", "--year", "2020..2015"], 2, "backwards"),
        (["list", "--since", "yesterday"], 2, "not understood"),
        (["list", "--sort", "relevance"], 2, "needs words"),
        (["list", "--fts-raw", 'AND "'], 2, "not FTS5 syntax"),
        (["list", "---"], 2, "No such option"),
        (["list", "--query", "haed"], 2, "did you mean head"),
        (["list", "--query", ""], 2, "--query is empty"),
        (["list", ""], 2, "TEXT is empty"),
        (["list", "--author", " "], 2, "--author is empty"),
        (["list", "--year", "20152016"], 2, "not understood"),
        (["list", "--pmid", "9" * 30], 2, "--pmid"),
        (["list", "--limit", "9" * 30], 2, "--limit"),
        (["list", "--journal", "M\udcfcller"], 2, "not UTF-8"),
        (["show", "\udcff"], 2, "not UTF-8"),
        (["--db", "x" * 300, "list"], 2, "cannot be used"),
        (["--db", "", "list"], 2, "need a path"),
        (["fetch", "--from", "x" * 300], 2, "cannot be used"),
        (["fetch", "--from", "~nosuchuser/x.xml"], 2, "no file"),
        (["fetch", "--from", "/dev/null"], 2, "neither a file nor a folder"),
        (["--db", "/dev/null", "list"], 5, "not a file"),
        (["fetch", "nosuchquery"], 2, "nosuchquery"),
        (["fetch", "--from", "nowhere.xml"], 2, "no file"),
        (["fetch", "--from", "queries"], 2, "holds no .xml"),
        (["export", "-f", "word"], 2, "no format"),
        (["export", "-o", "nowhere/x.bib"], 2, "cannot be written"),
        (["lsit"], 2, "Did you mean list"),
        (["frobnicate"], 2, "shows them all"),
        (["--db", "nowhere.db", "list"], 5, "no library at"),
        (["--db", "queries", "list"], 5, "is a folder"),
        (["--db", "records.xml", "list"], 5, "not a SQLite file"),
        (["query", "show", "haed"], 2, "head"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)  # fmt: skip
def test_bad_input_gets_a_sentence_and_the_documented_status(filled, arguments, status, words):
    """No traceback for anything a person may mistype; the status is the contract's."""
    result = filled.run(*arguments, status=status)
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert not re.search(r"\?[.;]", result.stderr)
    assert not result.stdout


def test_author_is_one_person(filled):
    """A family name with initials means one author; what spans two of them is not a name."""
    assert filled.run("list", "--author", "Example A", "--count").stdout == "3\n"
    assert filled.run("list", "--author", "A Example", "--count").stdout == "0\n"


def test_a_paper_that_is_not_held_is_named(filled):
    """`--pmid` of a paper that is not there is told, in `list` and in `export`."""
    for command in ("list", "export"):
        assert "Not held: PMID 12345." in filled.run(command, "--pmid", ONE, "--pmid", 12345).stderr


def test_one_query_that_cannot_be_judged_does_not_stop_the_others(filled):
    """Over files a refused query ends with status 6 and its name; the other queries are run; the ledger has both."""
    (filled.folder / "queries" / "bad.toml").write_text('title = "Bad"\nterm = "examplin[crdt]"\n')
    result = filled.fetch(status=6)
    assert "bad: " in result.stderr
    assert re.search(r"^bad +failed +nothing was stored", result.stdout, re.MULTILINE)
    assert "0 papers found" not in result.stdout
    assert re.search(r"^head +complete", result.stdout, re.MULTILINE)
    assert filled.json("runs", "bad")[0]["status"] == "failed"


def test_the_limit_holds_for_files(workspace):
    """A query that finds more than --max stores nothing, of a file as of PubMed; the other query is stored."""
    result = workspace.fetch("--max", 1, status=6)
    assert "more than its limit of 1" in result.stderr
    assert [paper["pmid"] for paper in workspace.json("list")] == [TWO]


def test_export_follows_links_and_never_replaces_a_device(filled):
    """-o through a link writes the file it leads to; a device stays one; - is stdout."""
    real, link = filled.folder / "real.bib", filled.folder / "link.bib"
    real.write_text("old")
    link.symlink_to(real)
    filled.run("export", "-o", link)
    assert link.is_symlink()
    assert real.read_text().count("@article{") == 3
    filled.run("export", "-o", "/dev/null")
    assert Path("/dev/null").is_char_device()
    assert filled.run("export", "-o", "-").stdout == real.read_text()


def test_export_never_writes_over_a_library(filled):
    """-o with the library's own path is refused, and the library is as it was."""
    db = filled.folder / "db" / "reftrack.db"
    assert "is a database" in filled.run("export", "-o", db, status=2).stderr
    assert filled.run("list", "--count").stdout == "3\n"


def test_export_to_the_standard_output_by_name(filled):
    """-o /dev/stdout goes where stdout goes, and what a shell appends to keeps what it had."""
    kept = filled.folder / "kept.bib"
    kept.write_text("kept\n")
    command = f"{sys.executable} -m reftrack export -o /dev/stdout >> kept.bib"
    subprocess.run(command, shell=True, cwd=filled.folder, check=True, timeout=60)
    assert kept.read_text().startswith("kept\n@article{")


def test_only_the_newest_version_of_a_record_is_judged(workspace):
    """A record found in version 1 and no longer in version 2 of the same file is not found, as at PubMed."""
    first = record(1, title="Examplin in stroke, version one.")
    second = record(1, title="Another substance, version two.").replace(b'Version="1"', b'Version="2"')
    for order in ((first, second), (second, first)):
        workspace.file.write_bytes(document(*order))
        assert "0 papers found" in workspace.fetch().stdout
    assert workspace.json("list") == []


def test_a_record_cut_in_one_file_and_whole_in_the_next_is_not_missing(workspace):
    """What one file broke off and another brings whole was received: the run is complete."""
    whole = workspace.folder / "whole.xml"
    whole.write_bytes(document(RECORDS[1]))
    workspace.file.write_bytes(document(RECORDS[1].replace(b"<Article ", b"<Article <", 1)))
    workspace.fetch("--from", whole)
    assert workspace.json("runs", "stroke")[0]["missing"] == []


def test_dry_run_over_files_tells_what_the_run_would_refuse(workspace):
    """A query above the limit is refused by the plan as by the run; the other query's plan is shown."""
    result = workspace.fetch("--dry-run", "--max", 1, status=6)
    assert "more than its limit of 1" in result.stderr
    assert "stroke: finds 1 paper" in result.stdout


def test_a_library_is_made_where_there_are_no_hard_links(workspace, monkeypatch):
    """On a file system that refuses links the library is made all the same, and nothing is left beside it."""

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    workspace.fetch()
    assert {path.name for path in (workspace.folder / "db").iterdir()} == {"reftrack.db", "reftrack.db.lock"}


def test_g03_a_full_disk_is_told(filled):
    """Output that cannot be written ends with a sentence and a status that is not 0; so does a closed stdout."""
    for arguments in ("list", "export", "--help", "show 90000001 --json"):
        result = subprocess.run(
            f"{sys.executable} -m reftrack {arguments} > /dev/full", shell=True, cwd=filled.folder, capture_output=True,
            check=False, timeout=60,
        )  # fmt: skip
        assert result.returncode == 1
        assert b"could not be written" in result.stderr
        assert b"Traceback" not in result.stderr
    closed = subprocess.run(
        f"{sys.executable} -m reftrack list >&-", shell=True, cwd=filled.folder, capture_output=True, check=False,
        timeout=60,
    )  # fmt: skip
    assert b"Traceback" not in closed.stderr


def test_a_link_that_leads_nowhere_is_no_first_day(filled):
    """A library behind a link to a drive that is not there is an error, and the link is left as it is."""
    db = filled.folder / "db" / "reftrack.db"
    away = filled.folder / "drive.db"
    db.rename(away)
    db.symlink_to(away)
    assert filled.run("list", "--count").stdout == "3\n"
    away.rename(filled.folder / "unmounted.db")
    for arguments in (["list"], ["fetch", "--from", filled.file], ["init", "."]):
        if arguments[0] == "init":
            filled.run(*arguments)
        else:
            assert "is a link" in filled.run(*arguments, status=5).stderr
        assert db.is_symlink()
        assert not away.exists()


def test_a_damaged_record_is_found_and_fetched_again(filled):
    """`doctor` names a record that no longer unpacks, `rebuild` goes on past it, fetching it again mends it."""
    with sqlite3.connect(filled.folder / "db" / "reftrack.db") as db:
        db.execute("UPDATE records SET xml = zeroblob(20) WHERE pmid = ?", (ONE,))
    db.close()
    assert f"Damaged records: PMID {ONE}" in filled.run("doctor", status=1).stdout
    assert f"PMID {ONE}" in filled.run("rebuild", status=4).stderr
    filled.fetch("--full")
    filled.run("doctor")


def test_a_tag_removed_from_the_parent_says_what_still_finds_it(filled):
    """Taking `stroke` away from a paper on ischaemic stroke tells that the child tag still implies it."""
    assert "because of ischemic-stroke" in filled.run("tag", "rm", TWO, "stroke").stderr
    assert "1 paper;" in filled.run("tag", "add", ONE, ONE, "example2020", "mood").stdout


def test_user_rules_that_are_wrong_are_refused(filled):
    """A study type without rank, a threshold that is no number: status 2, file and key named; nothing is tagged."""
    (filled.folder / "rules").mkdir()
    rules = filled.folder / "rules" / "mine.toml"
    rules.write_text("[tag.device-study]\nfacet = 'study'\nlabel = 'Device'\nany.9 = 'examplin'\n")
    assert "'rank' is missing" in filled.run("retag", status=2).stderr
    rules.write_text("[tag.mood]\nthreshold = nan\n")
    assert "rules/mine.toml" in filled.run("retag", status=2).stderr
    rules.write_text("[tag.gadget]\nfacet = 'outcome'\nlabel = 'Gadget'\nany.9 = 'examplin'\n")
    filled.run("retag")
    assert filled.run("list", "--tag", "gadget", "--count").stdout == "3\n"
    filled.run("tag", "rm", ONE, "gadget")
    rules.unlink()
    filled.run("retag")
    assert "1 decision forgotten" in filled.run("tag", "reset", ONE, "gadget").stdout


def test_outside_a_workspace(tmp_path, monkeypatch):
    """Without a workspace every command says how to make one."""
    from click.testing import CliRunner

    from reftrack.cli import main

    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["list"])
    assert (result.exit_code, "reftrack init" in result.stderr) == (2, True)


def test_init_makes_a_workspace_and_overwrites_nothing(tmp_path, monkeypatch):
    """A second `init` leaves everything as it is; the shipped queries are there to begin with."""
    from click.testing import CliRunner

    from reftrack.cli import main

    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, ["init", "new"]).exit_code == 0
    query = tmp_path / "new" / "queries" / "tbi.toml"
    query.write_text(query.read_text() + "\n# mine\n")
    assert CliRunner().invoke(main, ["init", "new"]).exit_code == 0
    assert query.read_text().endswith("# mine\n")


def test_a_workspace_is_found_from_below(filled):
    """As git does: a command works in any folder under the workspace."""
    below = filled.folder / "a" / "b"
    below.mkdir(parents=True)
    result = subprocess.run(
        [sys.executable, "-m", "reftrack", "list", "--count"], cwd=below, capture_output=True, check=True, timeout=60
    )
    assert result.stdout == b"3\n"


def test_settings_are_checked(workspace):
    """A mistyped setting names the nearest; a key in a file is refused; broken TOML names the line."""
    settings = workspace.folder / "reftrack.toml"
    settings.write_text('emial = "a@b.example"')
    assert "did you mean 'email'" in workspace.run("list", status=2).stderr
    settings.write_text('api_key = "SECRET"')
    told = workspace.run("list", status=2).stderr
    assert "environment only" in told
    assert "SECRET" not in told
    settings.write_text("db = \n")
    assert "line 1" in workspace.run("list", status=2).stderr
    settings.write_text('db = "elsewhere.db"')
    assert "elsewhere.db" in workspace.run("list", status=5).stderr


def test_environment_and_flags_come_before_the_workspace(filled, tmp_path):
    """REFTRACK_DB beats the default, --db beats both."""
    other = tmp_path / "other.db"
    environment = {"REFTRACK_DB": str(other)}
    assert str(other) in filled.run("list", status=5, environment=environment).stderr
    mine = filled.folder / "db" / "reftrack.db"
    assert filled.run("--db", mine, "list", "--count", environment=environment).stdout == "3\n"


def test_a26_a_placeholder_address_is_refused(filled):
    """An e-mail such as you@example.com is no answer to NCBI's question who is asking."""
    result = filled.run("fetch", status=2, environment={"NCBI_EMAIL": "you@example.com"})
    assert "NCBI_EMAIL" in result.stderr


def test_runs_json_is_the_contract(filled):
    """A line of the ledger has every field of the contract."""
    run = filled.json("runs", "head")[0]
    assert run["new"] == [ONE, THREE]
    assert (run["status"], run["count"], run["received"], run["source"]) == ("complete", 2, 2, "records.xml")
    assert {"translation", "warnings", "late", "changed", "notice", "left", "missing", "requests", "started"} <= set(
        run
    )
    assert run["term"].startswith("examplin[tiab]")


def test_export_writes_a_file_whole_or_not_at_all(filled):
    """-o replaces a file only when everything is written, and leaves nothing else in the folder."""
    target = filled.folder / "papers.bib"
    target.write_text("old")
    filled.run("export", "-o", target)
    text = target.read_text()
    assert text.count("@article{") == 3
    assert "example2020," in text
    before = sorted(path.name for path in filled.folder.iterdir())
    filled.run("export", "--tag", "nosuchtag", "-o", target, status=2)
    assert target.read_text() == text
    assert sorted(path.name for path in filled.folder.iterdir()) == before


def test_show_xml_is_the_record_as_it_came(filled):
    """`show --xml` prints the stored record byte for byte."""
    assert filled.run("show", ONE, "--xml").stdout.strip().encode() == RECORDS[0]


def test_show_marks_a_restated_abstract(tmp_path, monkeypatch):
    """A sample paper says before its abstract that the words are not the published ones."""
    from click.testing import CliRunner

    from reftrack.cli import main

    monkeypatch.chdir(tmp_path)
    for arguments in (["init"], ["fetch", "--from", "sample"]):
        assert CliRunner().invoke(main, arguments).exit_code == 0
    shown = CliRunner().invoke(main, ["show", "31897941"]).stdout
    assert shown.index("Not the published abstract") < shown.index("\n", shown.index("Not the published abstract"))
    (paper,) = json.loads(CliRunner().invoke(main, ["show", "31897941", "--json"]).stdout)
    assert paper["restated"] is True


def test_doctor_finds_what_is_wrong_and_mends_it(filled):
    """A healthy workspace has no finding; lost keys, a broken query and a dead run are named; --fix mends."""
    filled.run("doctor")
    with sqlite3.connect(filled.folder / "db" / "reftrack.db") as db:
        db.execute("DELETE FROM citation_keys WHERE pmid = ?", (ONE,))
        db.execute("UPDATE runs SET status = 'running' WHERE run = 1")
    db.close()
    out = filled.run("doctor", status=1).stdout
    assert "no citation key" in out
    assert "never finished" in out
    filled.run("doctor", "--fix")
    filled.run("doctor")
    (filled.folder / "queries" / "bad.toml").write_text('title = "Bad"\nterm = "(examplin[tiab]"\n')
    assert "!!  queries: bad" in filled.run("doctor", status=1).stdout


def test_rebuild_makes_papers_again_from_their_records(filled):
    """With the rows of papers gone, `rebuild` brings back papers, tags and the same keys."""
    before = filled.json("list")
    with sqlite3.connect(filled.folder / "db" / "reftrack.db") as db:
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("DELETE FROM papers")
    db.close()
    assert filled.json("list") == []
    assert "3 records read again" in filled.run("rebuild").stdout
    assert filled.json("list") == before


def test_g02_a_closed_pipe_is_no_traceback(filled):
    """`reftrack list | head -1` ends quietly."""
    process = subprocess.run(
        f"{sys.executable} -m reftrack list --jsonl | head -1", shell=True, cwd=filled.folder, capture_output=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert b"Traceback" not in process.stderr
    assert json.loads(process.stdout)["pmid"] == THREE


def test_g04_another_locale_still_gets_utf8(workspace):
    """With an ASCII locale a pipe still gets whole UTF-8 text."""
    workspace.file.write_bytes(document(record(1, title="Examplin and \u03ba-opioid stroke")))
    workspace.fetch()
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    out = workspace.process("list", "--columns", "title", "--no-header", env=environment)
    assert out.stdout.decode() == "Examplin and \u03ba-opioid stroke\n"


def test_h11_terminal_escapes_in_data_are_inert(workspace):
    """Control sequences and bidi overrides in a title reach neither pipe nor terminal."""
    workspace.file.write_bytes(document(record(1, title="Examplin \u009b31m \u202estroke\u202c red")))
    workspace.fetch()
    for arguments in (["list"], ["show", ONE], ["why", ONE]):
        out = workspace.run(*arguments).stdout
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", out)


def seen_on_terminal(folder, *arguments, columns=100):
    status, seen = terminal([sys.executable, "-m", "reftrack", *map(str, arguments)], folder, columns=columns)
    assert status == 0
    return seen


def test_on_a_terminal_list_is_a_table(filled):
    """A person sees columns with headings, study types and the number of papers; no line is wider than the window."""
    seen = seen_on_terminal(filled.folder, "list", columns=90)
    assert "Year" in seen.splitlines()[0]
    assert "3 papers" in seen
    assert "rct" in seen
    assert max(map(len, seen.splitlines())) <= 90


def test_on_a_terminal_a_long_list_comes_in_pieces(workspace):
    """More papers than are drawn at once: every paper is there, and columns stand where they stood."""
    many = (record(number, title=f"Examplin in stroke {number}.") for number in range(1, 421))
    workspace.file.write_bytes(document(*many))
    workspace.fetch()
    seen = seen_on_terminal(workspace.folder, "list")
    assert len(re.findall(r"Examplin in stroke \d+", seen)) == 420
    assert len({line.index("Title") for line in seen.splitlines() if line.startswith("Year")}) == 1


def test_on_a_terminal_show_and_why_and_runs_are_drawn(filled):
    """The other reading commands draw on a terminal, too."""
    assert "Examplin in traumatic brain injury" in seen_on_terminal(filled.folder, "show", ONE)
    assert "«Mortality»" in seen_on_terminal(filled.folder, "why", ONE, "mortality")
    assert "complete" in seen_on_terminal(filled.folder, "runs")


HEAVY = (
    "requests",
    "urllib3",
    "filelock",
    "sqlite_utils",
    "rich.progress",
    "rich",
    "lxml",
    "numpy",
    "platformdirs",
    "tomllib",
)


@pytest.mark.parametrize(
    "arguments",
    [["--help"], *([name, "--help"] for name in COMMANDS), ["list"], ["list", "--tag", "tbi"], ["list", "examplin"],
     ["list", "--json"], ["show", str(ONE)], ["why", str(ONE)], ["export"], ["runs"], ["tag", "list"]],
    ids=" ".join,
)  # fmt: skip
def test_quick_commands_load_nothing_heavy(filled, arguments):
    """Help, list, show, why and export answer without HTTP, sqlite-utils or anything that draws."""
    code = (
        "import sys\nfrom reftrack.cli import main\n"
        "try:\n    main(sys.argv[1:], prog_name='reftrack')\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        f"found = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "print('LOADED', found, file=sys.stderr)"
    )
    result = filled.process(*arguments, code=code)
    assert result.stderr.decode().splitlines()[-1] == "LOADED []"


HELP = {"reftrack", "cli", "cli.groups", "cli.related", "errors"}
OPENED = HELP | {
    "cli.guidance",
    "cli.options",
    "cli.screen",
    "cli.settings",
    "indexing",
    "library",
    "library.opening",
    "library.selecting",
    "notices",
}
SELECTED = OPENED | {"cli.shorthand", "library.conditions", "library.indexes", "library.planning"}
LIST = SELECTED | {"cli.edited", "cli.finding", "cli.list_", "cli.pager"}
READ = OPENED | {
    "citation",
    "hands",
    "library.acts",
    "library.columns",
    "library.deciding",
    "library.imported",
    "library.judging",
    "library.ledger",
    "library.locking",
    "library.reading",
    "model",
    "tag_changes",
}
EXPORT = {
    "export",
    "export.bib",
    "export.bibtex",
    "export.dates",
    "export.format",
    "export.keys",
    "export.languages",
    "export.latex",
    "export.letters",
    "export.names",
    "export.pages",
    "export.text",
    "export.titles",
    "export.wording",
}
# click loads these itself: for its messages, and to lay out help.
OF_CLICK = "click, locale, shutil, textwrap, sqlite3"


@pytest.mark.parametrize(
    ("arguments", "floor", "may"),
    [
        (["--help"], OF_CLICK, HELP),
        (["list"], OF_CLICK, LIST),
        (["list", "examplin"], OF_CLICK, LIST),
        (["list", "--tag", "tbi", "--limit", "1"], OF_CLICK, LIST),
        (["show", str(ONE)], f"{OF_CLICK}, msgspec", READ | {"cli.acted", "cli.held", "cli.past", "cli.show"}),
        (
            ["why", str(ONE)],
            f"{OF_CLICK}, msgspec",
            READ | {"cli.edited", "cli.held", "cli.quoting", "cli.reasons", "cli.why", "report", "report.saying"},
        ),
        (["export"], f"{OF_CLICK}, msgspec, unicodedata", READ | SELECTED | EXPORT | {"cli.export", "cli.output"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_quick_commands_load_nothing_beyond_what_is_named(filled, arguments, floor, may):
    """Every module costs its share of a start: one more, of ours or of Python, is a decision, and is written here.

    Modules of others are told by their package, and of Python's only those that are public: which private ones stand
    behind them differs from version to version.
    """
    code = (
        f"import atexit, sys, {floor}\n"
        "before = {name.partition('.')[0] for name in sys.modules}\n"
        "@atexit.register\n"
        "def told():\n"
        "    for name in list(sys.modules):\n"
        "        package, _, ours = name.partition('.')\n"
        "        if package == 'reftrack':\n"
        "            print('LOADED', ours or package, file=sys.stderr)\n"
        "        elif package not in before and not package.startswith('_'):\n"
        "            print('LOADED', package, file=sys.stderr)\n"
        "from reftrack.cli import main\n"
        "main(prog_name='reftrack')\n"
    )
    result = filled.process(*arguments, code=code)
    assert result.returncode == 0
    loaded = {line.split()[1] for line in result.stderr.decode().splitlines() if line.startswith("LOADED ")}
    assert loaded == may


def test_the_garbage_collector_passes_over_what_was_loaded_to_begin_with(filled):
    """Nothing that a start loads is garbage; what a command makes afterwards may be."""
    code = (
        "import atexit, gc, sys\nfrom reftrack.__main__ import start\n"
        "atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > 1000, file=sys.stderr))\nstart()"
    )
    assert filled.process("list", code=code).stderr.decode().splitlines()[-1] == "True True"


def test_every_command_has_help_with_examples_or_a_sentence(workspace):
    """`--help` of every command explains itself."""
    for name in COMMANDS:
        out = workspace.run(name, "--help").stdout
        assert len(out.splitlines()) >= 5
        assert "Usage: " in out
