"""What people decide beside what the rules say: conflicts, a retag and its rehearsal, rules of one's own."""

import json
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from desk import RECORDS, Workspace, terminal
from papers import FIRST_PMID, document, papers, record
from reftrack import tagging
from reftrack.library.writing import Library
from reftrack.workflow import retagging

ONE, TWO, THREE = range(FIRST_PMID, FIRST_PMID + 3)
GADGET = "[tag.gadget]\nfacet = 'outcome'\nlabel = 'Gadget'\nany.9 = 'examplin'\nyes = ['Examplin']\n"


@pytest.fixture
def filled(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.fetch()
    (tmp_path / "rules").mkdir()
    return workspace


def rules(workspace, text):
    (workspace.folder / "rules" / "mine.toml").write_text(text)


def library(workspace):
    return Library.open(workspace.folder / "db" / "reftrack.db")


# conflicts


def test_a_decision_with_which_the_rules_agree_is_no_conflict(filled):
    """Adding what the rules found and removing what they did not is listed only with --all."""
    filled.run("tag", "add", ONE, "mortality")
    filled.run("tag", "rm", TWO, "mood")
    assert filled.json("tag", "conflicts") == []
    assert "No decision by hand differs" in filled.run("tag", "conflicts").stderr
    agreed = filled.json("tag", "conflicts", "--all")
    assert [(one["pmid"], one["tag"], one["agrees"]) for one in agreed] == [
        (ONE, "outcome/mortality", True),
        (TWO, "outcome/mood", True),
    ]


def test_conflicts_say_who_decided_why_and_what_the_rules_say(filled):
    """A tag added that no rule finds and one removed that a rule finds are listed with both sides."""
    filled.run("tag", "add", TWO, "mood", "--because", "table 2")
    filled.run("tag", "rm", ONE, "mortality")
    by_tag = {one["tag"]: one for one in filled.json("tag", "conflicts")}
    mood, mortality = by_tag["outcome/mood"], by_tag["outcome/mortality"]
    assert (mood["verdict"], mood["because"], mood["rules"]["state"]) == ("add", "table 2", "absent")
    assert (mortality["verdict"], mortality["rules"]["state"], mortality["agrees"]) == ("remove", "tagged", False)
    assert mortality["rules"]["score"] >= mortality["rules"]["threshold"] > 0
    header, *lines = filled.run("tag", "conflicts").stdout.splitlines()
    assert header.split("\t")[:5] == ["key", "pmid", "tag", "by_hand", "rules"]
    assert len(lines) == 2
    status, screen = terminal([sys.executable, "-m", "reftrack", "tag", "conflicts"], filled.folder)
    assert (status, "table 2" in screen, "outcome/mood" in screen) == (0, True, True)


def test_a_study_type_given_by_hand_differs_from_another_primary_one(filled):
    """The rules call the paper a trial and a person calls it a cohort: a conflict until it is reset."""
    filled.run("tag", "add", ONE, "cohort")
    (found,) = filled.json("tag", "conflicts")
    assert found["rules"]["primary"] == "rct"
    filled.run("tag", "reset", ONE, "cohort")
    filled.run("tag", "add", ONE, "rct")
    assert filled.json("tag", "conflicts") == []


def test_of_two_names_of_a_tag_the_later_decision_is_listed(filled):
    """`death` was decided before it became `mortality`; only the later decision counts and is shown."""
    with library(filled) as held, held.transaction():
        run = held.connection.run
        run("INSERT INTO hand_tags VALUES (?, 'death', 'remove', 'old', '', '2020-01-01')", (ONE,))
        run("INSERT INTO hand_tags VALUES (?, 'mortality', 'add', 'new', '', '2021-01-01')", (ONE,))
    (found,) = filled.json("tag", "conflicts", "--all")
    assert (found["tag"], found["because"], found["agrees"]) == ("outcome/mortality", "new", True)


def test_a_decision_on_a_tag_that_is_gone_is_listed_as_asleep(filled):
    """A tag of one's own is decided on and its rule deleted: the decision is kept and told."""
    rules(filled, GADGET)
    filled.run("retag")
    filled.run("tag", "rm", ONE, "gadget", "--because", "toy")
    rules(filled, "")
    filled.run("retag")
    (found,) = filled.json("tag", "conflicts")
    assert (found["tag"], found["rules"]["state"], found["because"]) == ("gadget", "unknown", "toy")
    rules(filled, GADGET)
    filled.run("retag")
    assert [paper["pmid"] for paper in filled.json("list", "--tag", "gadget")] == [THREE, TWO]


def test_a_decision_follows_a_tag_that_is_renamed(filled):
    """A rule gets another slug and names the old one as alias: what was decided under the old name still holds."""
    rules(filled, GADGET)
    filled.run("retag")
    filled.run("tag", "rm", ONE, "gadget")
    rules(filled, GADGET.replace("[tag.gadget]", "[tag.device]\naliases = 'gadget'"))
    filled.run("retag")
    assert [paper["pmid"] for paper in filled.json("list", "--tag", "device")] == [THREE, TWO]
    assert [paper["pmid"] for paper in filled.json("list", "--tag", "gadget")] == [THREE, TWO]
    assert [one["tag"] for one in filled.json("tag", "conflicts")] == ["outcome/device"]


def test_a_fetch_tells_which_decisions_its_records_contradict(filled):
    """A revised record has words for a tag that a person took away: told once, when the record comes."""
    filled.run("tag", "rm", TWO, "mortality")
    filled.run("tag", "add", TWO, "mood")
    assert "by hand" not in filled.fetch("--full").stderr
    changed = record(2, title="Examplin after ischemic stroke: mortality in a cohort study.", year="2021")
    filled.file.write_bytes(document(RECORDS[0], changed, *RECORDS[2:]))
    assert "What came contradicts 1 decision by hand, which stands; `reftrack tag conf" in filled.fetch().stderr
    assert "by hand" not in filled.fetch("--full").stderr


# retag


def test_an_unchanged_library_is_not_tagged_at_all(filled, monkeypatch):
    """Nothing is stale: no paper is looked at, read or tagged, and the rules' phrases are not even made ready."""
    called = []
    monkeypatch.setattr(retagging.tagging, "tag", lambda *_: called.append(1))
    monkeypatch.setattr(Library, "papers", lambda *_, **__: called.append(2))
    monkeypatch.setattr(Library, "rule_slugs", lambda *_, **__: called.append(3))
    loaded = tagging.load()
    with library(filled) as held:
        done = retagging.retag(held, loaded)
    assert (done.tagged, done.looked_at, called) == (0, 3, [])
    assert "tries" not in vars(loaded)


def test_one_changed_rule_makes_all_papers_stale_and_a_changed_record_only_itself(filled, monkeypatch):
    """The set of rules has one hash; a paper's text has another."""
    tagged = []
    real = tagging.tag
    monkeypatch.setattr(tagging, "tag", lambda paper, rules: tagged.append(paper.pmid) or real(paper, rules))
    rules(filled, "[tag.mood.add]\nany.1 = 'gloom'\n")
    filled.run("retag")
    assert tagged == [ONE, TWO, THREE]
    tagged.clear()
    changed = record(2, title="Examplin after ischemic stroke: a cohort study of gloom.", year="2021")
    filled.file.write_bytes(document(RECORDS[0], changed, *RECORDS[2:]))
    filled.fetch()
    assert tagged == [TWO]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(whole=papers)
def test_a_retag_reads_all_that_tagging_looks_at(tmp_path_factory, whole):
    """Lists left out of a held paper are those that neither its hash nor its tags depend on; the others are there."""
    loaded = tagging.load()
    with Library.open(tmp_path_factory.mktemp("slim") / "l.db", create=True) as held, held.transaction():
        held.save(b"<x/>", whole, source="made up", parser=1)
        (slim,) = held.papers([whole.pmid], without=retagging.UNREAD)
        assert slim == replace(whole, **dict.fromkeys(retagging.UNREAD, ()))
        assert next(iter(held.papers([whole.pmid]))) == whole
    assert tagging.content_hash(slim) == tagging.content_hash(whole)
    assert tagging.tag(slim, loaded) == tagging.tag(whole, loaded)


def test_a_retag_that_is_killed_goes_on_where_it_stopped(filled, monkeypatch):
    """Batches that were done stay done; the next retag does only the rest."""
    monkeypatch.setattr(retagging, "BATCH", 1)
    real = tagging.tag
    rules(filled, GADGET)

    def tag(paper, loaded):
        if paper.pmid == TWO:
            raise KeyboardInterrupt
        return real(paper, loaded)

    monkeypatch.setattr(tagging, "tag", tag)
    filled.run("retag", status=130)
    monkeypatch.setattr(tagging, "tag", real)
    assert filled.json("retag")["tagged"] == 2
    assert filled.run("list", "--tag", "gadget", "--count").stdout == "3\n"


def test_a_rehearsal_shows_what_would_change_and_changes_nothing(filled):
    """Per tag gained and lost with example papers, study types before and after; the library stays as it was."""
    rules(filled, GADGET + "[tag.tbi]\ndisabled = true\n[tag.rct]\ndisabled = true\n")
    before = filled.json("list"), filled.json("why", ONE)
    told = filled.json("retag", "--dry-run")
    assert (filled.json("list"), filled.json("why", ONE)) == before
    assert (told["dry_run"], told["papers"], told["tagged"]) == (True, 3, 3)
    assert told["tags"]["outcome/gadget"] == {
        "label": "Gadget", "gained": 3, "lost": 0, "gained_by": [ONE, TWO, THREE], "lost_by": [],
    }  # fmt: skip
    assert told["tags"]["tbi"]["lost_by"] == [ONE, THREE]
    (rct,) = [one for one in told["primary"] if one["before"] == "rct"]
    assert (rct["facet"], rct["after"], rct["papers"], rct["examples"]) == ("study", None, 1, [ONE])
    assert filled.json("retag")["tags"] == told["tags"]
    assert filled.json("retag", "--dry-run")["tags"] == {}


def test_a_rehearsal_reads_well_on_a_terminal_and_in_a_pipe(filled):
    """People see titles of the first papers, programs tab-separated lines."""
    rules(filled, GADGET)
    first, header, line = filled.run("retag", "--dry-run").stdout.splitlines()
    assert first == "3 papers of 3 would be tagged anew."
    assert header.split("\t") == ["tag", "gained", "lost", "gained_by", "lost_by", "label"]
    assert line.split("\t") == ["outcome/gadget", "3", "0", f"{ONE} {TWO} {THREE}", "", "Gadget"]
    _, screen = terminal([sys.executable, "-m", "reftrack", "retag", "--dry-run"], filled.folder)
    assert "+3" in screen
    assert "Examplin in rats" in screen
    _, screen = terminal([sys.executable, "-m", "reftrack", "retag"], filled.folder)
    assert "+3" in screen
    assert "Examplin in rats" not in screen


def test_more_papers_than_examples_are_counted(filled):
    """Four papers gain a tag: three are named, the fourth is counted."""
    filled.file.write_bytes(document(*RECORDS, record(5, title="Examplin in concussion.")))
    filled.fetch()
    rules(filled, GADGET)
    told = filled.json("retag", "--dry-run")["tags"]["outcome/gadget"]
    assert (told["gained"], len(told["gained_by"])) == (4, 3)
    _, screen = terminal([sys.executable, "-m", "reftrack", "retag", "--dry-run"], filled.folder)
    assert "and 1 other" in screen


def test_a_retag_tells_which_decisions_it_contradicts_or_confirms(filled):
    """The rules lose a tag that a person had taken away too, and gain one that a person had taken away."""
    filled.run("tag", "rm", ONE, "tbi")
    filled.run("tag", "add", TWO, "mood")
    rules(filled, "[tag.tbi]\ndisabled = true\n[tag.mood.add]\nany.9 = 'examplin'\n")
    told = filled.json("retag", "--dry-run")
    assert told["confirmed"] == [{"pmid": ONE, "tag": "tbi"}, {"pmid": TWO, "tag": "mood"}]
    assert told["contradicted"] == []
    filled.run("retag")
    rules(filled, "")
    result = filled.run("retag")
    assert f"contradict 2 decisions by hand, which stay: tbi ({ONE}), mood ({TWO})" in result.stderr
    assert "2 decisions by hand differ from what the rules say; `reftrack tag conflicts`" in result.stderr


def test_hand_tags_are_filed_again_after_a_retag_in_batches(filled):
    """The quick way to store a batch of rule tags leaves what people added and removed."""
    filled.run("tag", "rm", ONE, "mortality")
    filled.run("tag", "add", TWO, "mood")
    filled.run("retag", "--all")
    assert filled.json("list", "--tag", "mortality") == []
    assert [paper["pmid"] for paper in filled.json("list", "--tag", "mood")] == [TWO]
    filled.run("doctor")


def test_a_killed_retag_leaves_a_sound_library(filled):
    """SIGKILL when the first batch is stored: the library is intact and the next retag does the rest."""
    many = [record(number, title=f"Examplin in head injury, report {number}.") for number in range(5, 900)]
    filled.file.write_bytes(document(*RECORDS, *many))
    filled.fetch()
    rules(filled, GADGET)
    process = subprocess.Popen(
        [sys.executable, "-m", "reftrack", "retag"],
        cwd=filled.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with library(filled) as held:
        while not held.connection.value("SELECT count(*) FROM paper_tags WHERE tag = 'gadget'"):
            assert process.poll() is None
            time.sleep(0.005)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert filled.json("retag")["tagged"] == 898 - retagging.BATCH
    filled.run("doctor")
    assert filled.run("list", "--tag", "gadget", "--count").stdout == "898\n"


# rules of one's own


def test_a_phrase_is_added_without_copying_the_others(filled):
    """`[tag.SLUG.add]` lays phrases, masks and examples beside the shipped ones."""
    rules(filled, "[tag.mortality.add]\nany.9 = 'examplin'\nmask = 'mortality did not differ'\nyes = ['Examplin']\n")
    filled.run("retag")
    assert {paper["pmid"] for paper in filled.json("list", "--tag", "mortality")} == {ONE, TWO, THREE}
    (why,) = filled.json("why", ONE, "mortality")
    assert "mortality did not differ" in {entry["masked"] for entry in why["evidence"]}
    assert any(entry["quote"] == "Examplin" for entry in why["evidence"])
    loaded = tagging.load([("mine", "[tag.mortality.add]\nany.9 = 'examplin'\naliases = 'dying'\n")])
    assert loaded.resolve("dying").slug == "mortality"
    assert loaded.by_slug["mortality"].masks == tagging.load().by_slug["mortality"].masks


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[tag.mortality.add]\nthreshold = 3\n", "unknown key 'threshold'"),
        ("[tag.mortality.add]\nany = 'x'\n", "must be a table"),
        ("[tag.mortality]\nadd = 'x'\n", "must be a table"),
        ("[tag.mortality.add]\nyes = [1]\n", "must be a string"),
        ("[tag.nothing.add]\nany.1 = 'x'\n", "'facet' is missing"),
        ("[tag.x]\nfacet = 'outcom'\nlabel = 'X'\n", "outcome"),
        ("[tag.mortality]\nmasc = 'x'\n", "mask"),
        ("[tag.mortality\n", "not TOML"),
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_rule_is_explained_and_reading_goes_on(filled, text, told):
    """Status 2 and one sentence with the file's name; nothing changed, and `list` works as before."""
    before = filled.json("list")
    rules(filled, text)
    result = filled.run("retag", status=2)
    assert "mine.toml" in result.stderr
    assert told in result.stderr
    assert result.stderr.count("\n") <= 2
    assert filled.json("list") == before


def test_a_facet_of_ones_own(filled):
    """A new facet with a new tag is found, listed and shown like a shipped one."""
    rules(
        filled, "[facet.device]\nlabel = 'Device'\n[tag.pump]\nfacet = 'device'\nlabel = 'Pump'\nany.9 = 'examplin'\n"
    )
    filled.run("retag")
    assert filled.run("list", "--tag", "device/pump", "--count").stdout == "3\n"
    assert filled.json("show", ONE)[0]["tags"]["device"] == ["pump"]


def test_a_shipped_tag_can_be_switched_off_and_on_again(filled):
    """`disabled = true` takes a tag from all papers; without it the tag and the decisions on it are back."""
    filled.run("tag", "rm", ONE, "tbi", "--because", "mine")
    rules(filled, "[tag.tbi]\ndisabled = true\n")
    filled.run("retag")
    assert "no tag" in filled.run("list", "--tag", "tbi", status=2).stderr
    rules(filled, "")
    filled.run("retag")
    assert [paper["pmid"] for paper in filled.json("list", "--tag", "tbi")] == [THREE]
    assert json.loads(filled.run("tag", "conflicts", "--json").stdout)[0]["because"] == "mine"
