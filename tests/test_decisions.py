"""What people decided about tags outlives whatever happens to the paper, the rules and the library's file."""

import gzip
import sqlite3
from pathlib import Path

import pytest

from desk import Workspace
from eutils_server import EutilsServer
from papers import FIRST_PMID, record
from reftrack import pubmed
from reftrack.library.writing import Library
from reftrack.workflow import deriving

ONE, TWO = FIRST_PMID, FIRST_PMID + 1
OLD_LIBRARIES = sorted((Path(__file__).parent / "fixtures" / "library").glob("schema-*.db.gz"))
NOTICE = (
    "<CommentsCorrectionsList><CommentsCorrections RefType='RetractionIn'><RefSource>J Example. 2024</RefSource>"
    "<PMID>90000999</PMID></CommentsCorrections></CommentsCorrectionsList>"
)


def paper(title="Examplin after ischemic stroke: a randomized trial.", extra="", mortality="Mortality"):
    return record(1, title=title, abstract=(("RESULTS", f"{mortality} did not differ."),), extra=extra)


class Life:
    """A paper in PubMed, the query that finds it, and the workspace that follows it."""

    def __init__(self, workspace):
        self.workspace, self.records, self.gone = workspace, {ONE: paper()}, set()
        (workspace.folder / "queries" / "head.toml").unlink()
        (workspace.folder / "rules").mkdir()

    def search(self, term):
        return [] if "[mdat]" in term else sorted(set(self.records) - self.gone)

    def fetch(self, *arguments):
        with EutilsServer(self.records, self.search, rate_limit=0, key_rate=0) as server:
            environment = {"REFTRACK_EUTILS_URL": server.url, "NCBI_API_KEY": "made-up"}
            self.workspace.run("fetch", *arguments, environment=environment)

    def rules(self, text):
        (self.workspace.folder / "rules" / "mine.toml").write_text(text)
        self.workspace.run("retag")

    def decisions(self):
        db = sqlite3.connect(self.workspace.folder / "db" / "reftrack.db")
        try:
            return db.execute("SELECT * FROM hand_tags ORDER BY tag").fetchall()
        finally:
            db.close()

    def carried(self):
        """Of the tags that were decided about, those by which the paper is found."""
        run = self.workspace.run
        wanted = ("mood", "cohort", "mortality", "stroke", "ischemic-stroke", "rct")
        return {tag for tag in wanted if run("list", "--tag", tag, "--count").stdout == "1\n"}


@pytest.fixture
def life(tmp_path):
    """Decisions of each kind: an outcome added, a study type changed, an outcome and a condition taken away."""
    told = Life(Workspace(tmp_path))
    told.fetch()
    for verb, tag in (("add", "mood"), ("add", "cohort"), ("rm", "mortality"), ("rm", "ischemic-stroke")):
        told.workspace.run("tag", verb, ONE, tag, "--because", f"{tag}: page 3", environment={"REFTRACK_WHO": "Ann E"})
    return told


def refetched(life):
    life.fetch("--full")


def revised(life):
    """New words, and the rules find the tag that was taken away once more."""
    life.records[ONE] = paper(title="Examplin after ischemic stroke and low mood: a randomized trial of mortality.")
    life.fetch("--full")


def words_gone(life):
    """The rules do not find any more what was taken away by hand."""
    life.records[ONE] = paper(title="Examplin after stroke: a randomized trial.", mortality="Nothing")
    life.fetch("--full")


def retracted(life):
    life.records[ONE] = paper(extra=NOTICE)
    life.fetch("--full")
    assert life.workspace.run("list", "--notice", "retraction", "--count").stdout == "1\n"


def left_and_returned(life):
    life.records[TWO] = record(2, title="Examplin in stroke, another.")
    life.gone.add(ONE)
    life.fetch()
    assert [found["pmid"] for found in life.workspace.json("list", "--query", "stroke")] == [TWO]
    assert "mood" in life.carried()
    life.gone.clear()
    life.fetch()
    assert len(life.workspace.json("list", "--query", "stroke")) == 2


def retagged(life):
    life.workspace.run("retag", "--all")


def other_rules(life):
    life.rules("[tag.mood.add]\nany.9 = 'examplin'\n[tag.mortality.add]\nany.9 = 'examplin'\n")
    life.rules("")


def switched_off_and_on(life):
    life.rules("".join(f"[tag.{tag}]\ndisabled = true\n" for tag in ("mood", "cohort", "mortality", "ischemic-stroke")))
    life.rules("")


def renamed_and_back(life):
    life.rules(
        "[tag.mood]\ndisabled = true\n[tag.spirits]\nfacet = 'outcome'\nlabel = 'Spirits'\naliases = 'mood'\n"
        "[tag.mortality]\ndisabled = true\n[tag.dying]\nfacet = 'outcome'\nlabel = 'Dying'\naliases = 'mortality'\n"
        "any.9 = 'mortality'\n"
    )
    assert life.workspace.run("list", "--tag", "spirits", "--count").stdout == "1\n"
    assert life.workspace.run("list", "--tag", "dying", "--count").stdout == "0\n"
    life.rules("")


def rebuilt(life):
    life.workspace.run("rebuild")


def row_lost(life):
    """Everything that can be made again is lost, and is made again."""
    with Library.open(life.workspace.folder / "db" / "reftrack.db") as library, library.transaction():
        library.connection.run("DELETE FROM papers WHERE pmid = ?", (ONE,))
    life.workspace.run("rebuild")


def copied(life):
    """From a backup."""
    backup = life.workspace.folder / "copy.db"
    life.workspace.run("db", "backup", backup)
    for path in (life.workspace.folder / "db").iterdir():
        path.unlink()
    backup.rename(life.workspace.folder / "db" / "reftrack.db")


EVENTS = (
    refetched, revised, words_gone, retracted, left_and_returned, retagged, other_rules, switched_off_and_on,
    renamed_and_back, rebuilt, row_lost, copied,
)  # fmt: skip


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_decisions_outlive(life, event):
    """Every decision is there word for word, and the paper carries what was added and not what was taken away."""
    before = life.decisions()
    assert [(row[1], row[2], row[3], row[4]) for row in before] == [
        ("cohort", "add", "cohort: page 3", "Ann E"),
        ("ischemic-stroke", "remove", "ischemic-stroke: page 3", "Ann E"),
        ("mood", "add", "mood: page 3", "Ann E"),
        ("mortality", "remove", "mortality: page 3", "Ann E"),
    ]
    event(life)
    assert life.decisions() == before
    assert life.carried() - {"stroke"} == {"mood", "cohort", "rct"}
    assert next(one["study"] for one in life.workspace.json("list") if one["pmid"] == ONE) == "cohort"
    life.workspace.run("doctor")


def test_a_newer_parser_keeps_them(life, monkeypatch):
    """A rebuild whose parser makes another paper of the record tags it anew, and the decisions stand."""
    before = life.decisions()
    monkeypatch.setattr(deriving.pubmed, "PARSER_VERSION", pubmed.PARSER_VERSION + 1)
    life.workspace.run("rebuild")
    assert (life.decisions(), life.carried() - {"stroke"}) == (before, {"mood", "cohort", "rct"})


@pytest.mark.parametrize("packed", OLD_LIBRARIES, ids=lambda path: path.name.partition(".")[0])
def test_an_upgrade_and_the_rules_of_today_keep_them(tmp_path, packed):
    """A library of every older schema, opened and tagged by today's rules: what was decided in it still counts."""
    workspace = Workspace(tmp_path)
    (tmp_path / "db" / "reftrack.db").write_bytes(gzip.decompress(packed.read_bytes()))
    workspace.run("retag")
    held = {one["pmid"]: one for one in workspace.json("list")}
    assert "mood" in held[ONE]["tags"]["outcome"]
    assert held[TWO]["study"] != "cohort"
    assert held[FIRST_PMID + 5]["study"] == "rct"
    assert len(workspace.json("tag", "conflicts", "--all")) >= 3


def test_reset_gives_each_kind_back_to_the_rules(life):
    """Forgotten one after the other, the paper carries what the rules say of it."""
    for tag in ("mood", "cohort", "mortality", "ischemic-stroke"):
        assert life.workspace.run("tag", "reset", ONE, tag).stdout == f"{tag}: 1 decision forgotten.\n"
    assert life.decisions() == []
    assert life.carried() == {"mortality", "stroke", "ischemic-stroke", "rct"}


def test_the_same_decision_again_keeps_the_newer_reason(life):
    """Who decides the other way later overrules; one row stays for each paper and tag."""
    life.workspace.run("tag", "rm", ONE, "mood", "--because", "misread", environment={"REFTRACK_WHO": "Ben E"})
    (row,) = [row for row in life.decisions() if row[1] == "mood"]
    assert row[2:5] == ("remove", "misread", "Ben E")
    assert "mood" not in life.carried()


def test_many_papers_are_decided_at_once_or_not_at_all(life):
    """One name that is not held leaves all the others as they were."""
    life.records |= {FIRST_PMID + n: record(n + 1, title=f"Examplin in stroke, report {n}.") for n in range(1, 700)}
    life.fetch()
    every = list(life.records)
    assert "holds no paper" in life.workspace.run("tag", "add", *every, 1, "gait", status=2).stderr
    assert life.workspace.run("list", "--tag", "gait", "--count").stdout == "0\n"
    assert "700 papers" in life.workspace.run("tag", "add", *every, "gait").stdout
    assert life.workspace.run("list", "--tag", "gait", "--count").stdout == "700\n"
    assert "700 decisions forgotten" in life.workspace.run("tag", "reset", *every, "gait").stdout
