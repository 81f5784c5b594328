"""`studies` at the desk: the trials behind papers, why each paper stands there, and what is said by hand."""

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from desk import Workspace, terminal
from papers import document, record
from reftrack.library.reading import Reader
from reftrack.library.trials import trials_of
from reftrack.library.writing import Library

RANDOMLY = ("METHODS", "Patients were randomly assigned to examplin or placebo.")
TRIAL = "Examplin in stroke, a randomized, double-blind, placebo-controlled trial"


def numbered(number):
    return (
        "<DataBankList><DataBank><DataBankName>ClinicalTrials.gov</DataBankName><AccessionNumberList>"
        f"<AccessionNumber>{number}</AccessionNumber></AccessionNumberList></DataBank></DataBankList>"
    )


def with_number(text, number):
    return text.replace(b"<PublicationTypeList>", numbered(number).encode() + b"<PublicationTypeList>")


ERRATUM = (
    '<CommentsCorrectionsList><CommentsCorrections RefType="ErratumFor"><RefSource>J Example</RefSource>'
    '<PMID Version="1">90000001</PMID></CommentsCorrections></CommentsCorrectionsList>'
)

RECORDS = (
    with_number(record(1, title=f"{TRIAL}.", abstract=(RANDOMLY,)), "NCT00000001"),
    record(
        2,
        title=f"{TRIAL}: results at one year.",
        abstract=(RANDOMLY, ("REGISTRATION", "EudraCT 2005\u2013001234\u201312; nct 00000001.")),
        year="2022",
    ),
    record(3, title=f"{TRIAL}: the XMPL trial.", abstract=(RANDOMLY,)),
    record(4, title="Erratum: a trial of examplin.", extra=ERRATUM),
    record(
        5,
        title="Examplin in stroke: a meta-analysis of randomized trials.",
        abstract=(("RESULTS", "Two trials were found (NCT00000001, NCT00000002)."),),
    ),
    record(6, title=f"XMPL: {TRIAL}, part two.", abstract=(RANDOMLY,), year="2021"),
    record(7, title="Examplin in stroke: study protocol for a randomized controlled trial.", abstract=(RANDOMLY,)),
)


@pytest.fixture
def held(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.file.write_bytes(document(*RECORDS))
    workspace.run("import", workspace.file)
    return workspace


def path(workspace):
    return workspace.folder / "db" / "reftrack.db"


def placed(workspace):
    with Reader.open(path(workspace)) as reader:
        return {
            pmid - 90000000: trial for pmid, trial in trials_of(reader.connection, range(90000001, 90000010)).items()
        }


FIRST = "NCT00000001"
START = {1: FIRST, 2: FIRST, 3: "PMID 90000003", 4: FIRST, 6: "PMID 90000006"}


def test_numbers_of_record_and_words_and_links_group_reports(held):
    """Record, text in any spelling and an erratum's link lead to one trial; a pooled analysis to none."""
    assert placed(held) == START
    told = held.json("studies")
    assert (told["reports"], told["trials"], told["unplaced"]) == (5, 3, [90000007])
    first = told["studies"][0]
    assert (first["trial"], first["registry"], first["numbers"]) == (
        FIRST,
        "ClinicalTrials.gov",
        [FIRST, "2005-001234-12"],
    )
    assert (first["roles"]["results"], first["roles"]["erratum"]) == ([90000001, 90000002], [90000004])
    assert (first["papers"], first["newest"]) == (3, 2022)


def test_a_selection_lists_its_own_reports(held):
    """Of a trial only the selected reports are listed; a selection written after `studies` is one."""
    assert held.json("studies", "--year", "2022")["studies"][0]["pmids"] == [90000002]
    assert held.run("studies", "--year", "2022").stderr == "1 report → 1 trial\n"
    assert held.run("studies", "--tag", "meta-analysis").stdout.count("\n") == 1


def test_show_says_why(held):
    """Each paper says by which number of the record or which sentence it stands there; a review only names it."""
    for name in (FIRST, "nct 00000001", "2005-001234-12", "90000004"):
        shown = held.run("studies", "show", name).stdout
        assert "NCT00000001 in the record" in shown
        assert "2005-001234-12 in the abstract: REGISTRATION: EudraCT 2005\u2013001234\u201312; nct 00000001" in shown
        assert "PubMed links it with PMID 90000001" in shown
        assert "names it\tExamplin in stroke: a meta-analysis" in shown
    told = held.json("studies", "show", FIRST)
    assert [(one["pmid"], one["role"]) for one in told["naming"]] == [(90000005, "pooled")]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NCT09999999", "No paper that is held names NCT09999999"),
        ("90000007", "nothing in it says which"),
        ("90000005", "no report of one trial; it names NCT00000001, NCT00000002"),
        ("nobody2020", "holds no paper 'nobody2020'"),
    ],
)
def test_show_of_what_is_no_trial_says_what_it_is(held, name, said):
    """Whoever asks for a trial that is none is told why, with status 2."""
    assert said in held.run("studies", "show", name, status=2).stderr


def test_a_name_is_only_a_suggestion_until_it_is_confirmed(held):
    """Two papers that go by XMPL stay two trials until somebody says that they are one; then nothing is open."""
    (one,) = held.json("studies", "suggest")
    assert (one["acronym"], [paper["pmid"] for paper in one["papers"]]) == ("XMPL", [90000003, 90000006])
    assert "the XMPL trial" in one["papers"][0]["sentence"]
    assert "XMPL: 1 paper joined to PMID 90000003" in held.run("studies", "confirm", "xmpl").stdout
    assert placed(held) == START | {6: "PMID 90000003"}
    assert held.json("studies", "suggest") == []
    held.run("undo")
    assert placed(held) == START


def test_a_paper_that_is_split_closes_the_suggestion(held):
    """Who says that a paper is a trial of its own is not asked again for it."""
    held.run("studies", "split", "90000003", "90000006")
    assert held.json("studies", "suggest") == []


def test_two_numbered_trials_of_one_name_are_not_confirmed(held):
    """Where two trials with numbers go by a name, it is not plain which is meant."""
    more = [
        with_number(record(n, title=f"XMPL: {TRIAL}, {n}.", abstract=(RANDOMLY,)), f"NCT0000000{n}") for n in (8, 9)
    ]
    held.file.write_bytes(document(*more))
    held.run("import", held.file)
    assert "Several trials go by XMPL" in held.run("studies", "confirm", "XMPL", status=2).stderr
    assert (
        "There is no open suggestion 'XMPLE'; did you mean XMPL?"
        in held.run("studies", "confirm", "XMPLE", status=2).stderr
    )


def test_join_split_and_reset(held):
    """What a person says of a paper counts, is shown with who and why, and can be forgotten."""
    held.run("studies", "join", "nct00000001", "90000003", "90000005", "--because", "page 2", "--as", "ada")
    assert placed(held) == START | {3: FIRST, 5: FIRST}
    assert "joined to NCT00000001 by hand, ada on" in held.run("studies", "show", "90000003").stdout
    assert ": page 2" in held.run("studies", "show", FIRST).stdout
    assert "joined to trial NCT00000001: page 2" in held.run("history").stdout
    held.run("studies", "split", "90000002")
    held.run("studies", "split", "90000006", "--no-report")
    assert placed(held)[2] == "PMID 90000002"
    assert 6 not in placed(held)
    held.run("studies", "reset", "90000002", "90000003", "90000005", "90000006")
    assert placed(held) == START


def test_join_to_the_trial_of_another_paper(held):
    """A paper may stand for its trial, also a trial that has no number; a trial is not joined to itself."""
    held.run("studies", "join", "90000006", "90000003", "90000007")
    assert {placed(held)[n] for n in (3, 6, 7)} == {"PMID 90000006"}
    assert "is this very paper" in held.run("studies", "join", "90000006", "90000006", status=2).stderr
    assert "neither a registry number nor" in held.run("studies", "join", "CARE", "90000003", status=2).stderr


def test_hand_work_survives_everything(held, tmp_path):
    """Refetch, retag, rebuild, doctor --fix and sync into another library leave what a person said of trials."""
    held.run("studies", "join", FIRST, "90000003", "--because", "page 2")
    held.run("studies", "split", "90000002")
    said = placed(held)
    held.run("fetch", "--from", held.file)
    held.run("retag", "--all")
    held.run("rebuild")
    held.run("doctor", "--fix")
    assert placed(held) == said
    with Reader.open(path(held)) as reader:
        assert reader.problems() == []
    log = held.run("history", "--jsonl").stdout
    (tmp_path / "other").mkdir()
    other = Workspace(tmp_path / "other")
    other.file.write_bytes(document(*RECORDS))
    other.run("import", other.file)
    (other.folder / "hands").mkdir()
    (other.folder / "hands" / "ada.jsonl").write_text(log)
    other.run("sync", "hands")
    assert placed(other) == said


def test_doctor_finds_a_table_that_is_not_what_was_said(held):
    """Rows of hand work that the log does not know, or the other way round, are found and worked out anew."""
    held.run("studies", "join", FIRST, "90000003")
    with closing(sqlite3.connect(path(held))) as raw:
        raw.execute("DELETE FROM hand_trials")
        raw.commit()
    assert "Hand work is not what the log of acts says" in held.run("doctor", status=1).stdout
    held.run("doctor", "--fix")
    assert placed(held)[3] == FIRST


def test_marks_are_made_again(held):
    """`rebuild` finds the numbers anew, and a record that changed has those of its new words."""
    with Library.open(path(held)) as library, library.transaction():
        library.connection.run("DELETE FROM trial_marks")
    assert placed(held)[2] == "PMID 90000002"
    held.run("rebuild")
    assert placed(held) == START
    changed = RECORDS[1].replace(b"nct 00000001", b"nct 00000003").replace(b"EudraCT", b"grant")
    held.file.write_bytes(document(changed))
    held.run("import", held.file)
    assert placed(held)[2] == "NCT00000003"


def test_an_older_library_learns_its_trials_and_keeps_its_hand_work(held):
    """A library of schema 6 that is upgraded knows the numbers in its papers, and every act that people did."""
    held.run("tag", "add", "90000001", "mood", "--because", "table 3")
    with closing(sqlite3.connect(path(held))) as raw:
        acts = raw.execute("SELECT * FROM acts ORDER BY id").fetchall()
        raw.executescript(
            "DROP TABLE trial_marks; DROP TABLE hand_trials; DROP INDEX papers_by_languages;"
            "DELETE FROM _sqlite_migrations WHERE name IN ('m0007_trials', 'm0008_languages'); PRAGMA user_version = 6"
        )
    assert "was upgraded" in held.run("list", "--count").stderr
    assert placed(held) == START
    with closing(sqlite3.connect(path(held))) as raw:
        assert raw.execute("SELECT * FROM acts ORDER BY id").fetchall() == acts != []
    assert held.run("doctor").stdout


def test_a_number_as_words_leads_to_its_trial(held):
    """`studies NCT…` looks for words as `list` does; where it finds nothing it names the command that was meant."""
    assert "`reftrack studies show NCT09999999` shows one trial" in held.run("studies", "NCT09999999").stderr
    assert "studies show" not in held.run("studies", "nothingness").stderr


def test_few_and_many_papers_come_to_the_same(held, monkeypatch):
    """Asked for a few papers or looked through for many, the trials are the same."""
    few = placed(held)
    monkeypatch.setattr("reftrack.library.trials.FEW", 0)
    assert placed(held) == few == START


@pytest.mark.parametrize("columns", [60, 80, 100, 140])
def test_a_table_on_the_terminal(held, columns):
    """On a terminal of any width each trial has a line that fits, and the sum stands below."""
    status, screen = terminal([sys.executable, "-m", "reftrack", "studies"], held.folder, columns=columns)
    assert status == 0
    assert "5 reports → 3 trials" in screen
    assert re.search(rf"^{FIRST} +XMPL? |^{FIRST} +- ", screen, re.MULTILINE)
    assert "results ×2, erratum" in " ".join(screen.split())
    assert all(len(line) <= columns for line in screen.splitlines() if "→" not in line and "report" not in line)
    shown = terminal([sys.executable, "-m", "reftrack", "studies", "show", FIRST], held.folder, columns=columns)[1]
    assert "NCT00000001 in the record" in shown


def test_the_sample_groups_a_trial_and_its_erratum(tmp_path):
    """In the sample the trial that was corrected is one trial of two reports, and no number leads to two trials."""
    reftrack = [sys.executable, "-m", "reftrack"]
    for words in (["init", "."], ["fetch", "--from", "sample"]):
        subprocess.run([*reftrack, *words], cwd=tmp_path, check=True, capture_output=True)
    ran = subprocess.run([*reftrack, "studies", "--json"], cwd=tmp_path, check=True, capture_output=True)
    found = json.loads(ran.stdout)["studies"]
    of_two = [(one["trial"], one["roles"]["results"], one["roles"]["erratum"]) for one in found if one["papers"] > 1]
    assert of_two == [("NCT01606111", [31494820], [31909448])]
    numbers = [number for one in found for number in one["numbers"]]
    assert len(numbers) == len(set(numbers)) >= 3
