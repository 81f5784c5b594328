"""What was done by hand is an append-only log: everything can be taken back, shared, and replayed."""

import gzip
import json
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk import Workspace, terminal
from papers import FIRST_PMID, record
from reftrack import logs, pubmed, tagging
from reftrack.citation import Decision
from reftrack.errors import UsageError
from reftrack.hands import Act, from_line, to_line
from reftrack.library.writing import Library
from reftrack.model import HandTag
from reftrack.workflow.filing import file_papers
from reftrack.workflow.sharing import share

ONE, TWO, THREE = range(FIRST_PMID, FIRST_PMID + 3)
ANNA, BEN = {"REFTRACK_WHO": "anna"}, {"REFTRACK_WHO": "ben"}
RULES = tagging.load()
OLD_LIBRARIES = sorted((Path(__file__).parent / "fixtures" / "library").glob("schema-*.db.gz"))


@pytest.fixture
def filled(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.fetch()
    return workspace


def state(library):
    """What people's acts come to: hand tags, the decisions and notes that stand, keys."""
    rows = library.connection.rows
    said = library.judgments([ONE, TWO, THREE])
    return (
        sorted(rows("SELECT pmid, tag, verdict, because, who FROM hand_tags")),
        {
            pmid: sorted((one.who, one.verdict, one.reasons) for one in about.get("decisions", ()))
            for pmid, about in said.items()
            if about.get("decisions")
        },
        {pmid: sorted(about["note"].split("\n\n")) for pmid, about in said.items() if about.get("note")},
        sorted(rows("SELECT pmid, key FROM citation_keys")),
    )


def carried(workspace, pmid=ONE):
    (paper,) = workspace.json("show", pmid)
    return {tag for tags in paper["tags"].values() for tag in tags}


# one person


def test_every_kind_of_act_is_logged_and_taken_back_one_command_after_the_other(filled):
    """Tags, notes, decisions and keys: `undo` goes back command by command until nothing is left to take back."""
    before = filled.run("show", ONE, "--json").stdout
    filled.run("tag", "add", ONE, TWO, "mood", "--because", "table 3", environment=ANNA)
    with_mood = carried(filled)
    filled.run("tag", "rm", ONE, "mood", environment=ANNA)
    filled.run("note", ONE, "first", environment=ANNA)
    filled.run("note", ONE, "second", environment=ANNA)
    filled.run("key", "set", ONE, "Mine", environment=ANNA)
    assert [act["kind"] for act in filled.json("history")] == ["key", "note", "note", "tag", "tag", "tag"]
    assert "key example2020 → Mine" in filled.run("undo", environment=ANNA).stdout
    assert filled.run("note", ONE).stdout == "second\n"
    filled.run("undo", environment=ANNA)
    assert filled.run("note", ONE).stdout == "first\n"
    filled.run("undo", environment=ANNA)
    assert "no note" in filled.run("note", ONE).stderr
    filled.run("undo", environment=ANNA)
    assert carried(filled) == with_mood
    assert filled.run("undo", environment=ANNA).stdout.count("tag mood added: table 3") == 2
    assert filled.run("show", ONE, "--json").stdout == before
    assert "nothing that anna did" in filled.run("undo", environment=ANNA).stderr


def test_nobody_takes_back_what_another_did_by_mistake(filled):
    """`undo` means one's own last command; another's act is taken back only by its letters."""
    filled.run("tag", "add", ONE, "mood", environment=ANNA)
    assert "nothing that ben did" in filled.run("undo", environment=BEN).stderr
    (act,) = filled.json("history")
    filled.run("undo", act["act"], environment=BEN)
    assert "mood" not in carried(filled)
    assert filled.json("history")[0]["who"] == "ben"


def test_taking_back_can_be_taken_back(filled):
    """The act that took something back, named by its letters, lets it stand again; twice changes nothing."""
    filled.run("tag", "add", ONE, "mood", environment=ANNA)
    filled.run("undo", environment=ANNA)
    assert "mood" not in carried(filled)
    undoing = filled.json("history")[0]
    assert undoing["what"] == "took back: tag mood added"
    filled.run("undo", undoing["act"][:6], environment=ANNA)
    assert "mood" in carried(filled)
    filled.run("undo", undoing["act"], environment=ANNA)
    assert len(filled.json("history")) == 3


def test_an_earlier_act_taken_back_leaves_the_later_one(filled):
    """Of two words on a tag the later one counts; without it the earlier one would."""
    filled.run("tag", "add", ONE, "mood", environment=ANNA)
    filled.run("tag", "rm", ONE, "mood", environment=BEN)
    first = filled.json("history")[-1]["act"]
    filled.run("undo", first, environment=ANNA)
    assert filled.json("tag", "conflicts", "--all")[0]["verdict"] == "remove"
    filled.run("undo", environment=BEN)
    assert filled.json("tag", "conflicts", "--all") == []


def act_of(moment, **said):
    """A line as a colleague's computer would have written it."""
    return json.dumps({"id": f"{moment}.000000001.aaaaaaaa", "pmid": ONE, "at": moment} | said) + "\n"


def test_a_clock_that_ran_ahead_does_not_outvote_what_is_decided_now(filled):
    """Of one reader's decisions the one done last counts, also where an earlier one came with a later date."""
    (filled.folder / "hands").mkdir()
    ahead = act_of("2099-01-01T00:00:00Z", kind="decision", who="anna", verdict="include")
    (filled.folder / "hands" / "anna.jsonl").write_text(ahead)
    filled.run("sync", environment=ANNA)
    assert filled.run("list", "--decision", "include", "--count").stdout == "1\n"
    filled.run("decide", ONE, "exclude", environment=ANNA)
    assert filled.json("show", ONE)[0]["decision"] == "exclude"
    assert filled.run("list", "--decision", "include", "--count").stdout == "0\n"
    filled.run("undo", environment=ANNA)
    assert filled.json("show", ONE)[0]["decision"] == "include"


def test_a_file_from_the_future_does_not_either(filled):
    """An imported decision counts as of today at the latest."""
    line = {
        "pmid": ONE,
        "decisions": [{"who": "anna", "verdict": "include", "reasons": [], "at": "2099-01-01T00:00:00Z"}],
    }
    (filled.folder / "theirs.jsonl").write_text(json.dumps(line) + "\n")
    filled.run("import", "theirs.jsonl")
    assert filled.json("show", ONE)[0]["decision"] == "include"
    filled.run("decide", ONE, "exclude", environment=ANNA)
    assert filled.json("show", ONE)[0]["decision"] == "exclude"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("decide", ONE, "--clear"), "took back|exclude"),
        (("decide", TWO, "include", "--consensus"), "include"),
        (("decide", TWO, "include", "--who", "ben"), "include"),
    ],
    ids=["clear", "consensus", "for another"],
)
def test_undo_means_the_last_command_whosever_name_it_was_in(filled, command, said):
    """What was cleared, settled or decided for another is taken back, and not some older work of one's own."""
    filled.run("decide", ONE, "exclude", environment=ANNA)
    filled.run("tag", "add", THREE, "mood", environment=ANNA)
    before = [filled.json("show", pmid)[0]["decision"] for pmid in (ONE, TWO)]
    filled.run(*command, environment=ANNA)
    assert [filled.json("show", pmid)[0]["decision"] for pmid in (ONE, TWO)] != before
    assert re.search(said, filled.run("undo", environment=ANNA).stdout)
    assert [filled.json("show", pmid)[0]["decision"] for pmid in (ONE, TWO)] == before
    assert "mood" in carried(filled, THREE)
    assert "tag mood added" in filled.run("undo", environment=ANNA).stdout


def test_text_that_a_file_could_not_carry_is_refused_before_it_is_kept(filled):
    """A note or reason of more than 100,000 characters: status 2, nothing kept, and sync goes on."""
    for command in (("note", ONE, "x" * 100_100), ("tag", "add", ONE, "mood", "--because", "x" * 100_100)):
        assert "longer than 100,000" in filled.run(*command, status=2, environment=ANNA).stderr
    assert filled.json("history") == []
    filled.run("note", ONE, "x" * 90_000, environment=ANNA)
    filled.run("sync")
    filled.run("sync")


def test_notes_from_before_there_was_a_bound_can_be_shared(filled):
    """A longer note that an older library held is written and read again."""
    with Library.open(filled.folder / "db/reftrack.db") as library, library.transaction():
        act = library.do("note", ONE, who="anna", text="short")
        library.connection.run("UPDATE acts SET said = ? WHERE id = ?", (json.dumps({"text": "x" * 200_000}), act.id))
    filled.run("sync")
    assert filled.run("sync").stdout.startswith("0 acts taken over")


def test_no_reader_is_called_consensus(filled):
    """In capitals it would be a reader beside the consensus, and a false kappa."""
    for command in (("decide", ONE, "include"), ("screen",)):
        for who in ("consensus", "Consensus"):
            assert "--consensus" in filled.run(*command, "--who", who, status=2).stderr


def test_what_is_undecided_counts_a_consensus(filled):
    """`reftrack` alone says as many undecided papers as `list --decision none` finds."""
    filled.run("decide", ONE, "include", environment=ANNA)
    filled.run("decide", ONE, "exclude", environment=BEN)
    assert "Undecided: 3 papers" in filled.run().stdout
    filled.run("decide", ONE, "include", "--consensus", environment=BEN)
    assert "Undecided: 2 papers" in filled.run().stdout
    assert filled.run("list", "--decision", "none", "--count").stdout == "2\n"


def test_reset_is_an_act_too(filled):
    """A decision that was forgotten comes back by undo."""
    filled.run("tag", "add", ONE, "mood", "--because", "p. 3", environment=ANNA)
    filled.run("tag", "reset", ONE, "mood", environment=ANNA)
    assert "mood" not in carried(filled)
    filled.run("undo", environment=ANNA)
    (decision,) = filled.json("tag", "conflicts", "--all")
    assert (decision["because"], decision["verdict"]) == ("p. 3", "add")


def test_a_dry_run_changes_nothing(filled):
    """`undo --dry-run` says the same and takes nothing back."""
    filled.run("tag", "add", ONE, "mood", environment=ANNA)
    said = filled.run("undo", "--dry-run", environment=ANNA).stdout
    assert said.startswith("Would take back: tag mood added · example2020 ")
    assert "mood" in carried(filled)


def test_keys_of_two_commands_taken_back_in_any_order(filled):
    """The paper ends with the key it had before anybody chose one; every key still leads to it."""
    filled.run("key", "set", ONE, "First", environment=ANNA)
    filled.run("key", "set", ONE, "Second", environment=ANNA)
    newer, older = (act["act"] for act in filled.json("history"))
    filled.run("undo", older, environment=ANNA)
    assert filled.json("show", ONE)[0]["key"] == "Second"
    filled.run("undo", newer, environment=ANNA)
    assert filled.json("show", ONE)[0]["key"] == "example2020"
    for key in ("First", "second", "example2020"):
        assert filled.json("show", key)[0]["pmid"] == ONE


def test_letters_that_name_no_act_or_several(filled):
    """Too few letters, none of an act, junk: status 2 and where to look."""
    filled.run("tag", "add", ONE, "mood", environment=ANNA)
    letters = filled.json("history")[0]["act"]
    for wrong in (letters[:3], "zz", "00000000", "", "%", "' OR 1", "é" * 8):
        assert "reftrack history" in filled.run("undo", wrong, status=2).stderr
    assert "mood" in carried(filled)


def test_undo_and_history_on_a_first_day(tmp_path):
    """Without a library there is nothing to take back, and no library is made."""
    workspace = Workspace(tmp_path)
    assert "is empty" in workspace.run("undo", status=5).stderr
    assert workspace.json("history") == []
    assert not (tmp_path / "db" / "reftrack.db").exists()


def test_what_was_taken_over_from_a_file_is_taken_back_with_its_keys(filled):
    """`import --take-keys` is one command of hand acts: one `undo` gives all the former keys back."""
    bib = filled.folder / "mine.bib"
    bib.write_text(f"@article{{Anna1, pmid = {{{ONE}}}}}\n@article{{Anna2, pmid = {{{TWO}}}}}\n")
    filled.run("import", bib, "--take-keys", environment=ANNA)
    assert {paper["key"] for paper in filled.json("list", "--pmid", ONE, "--pmid", TWO)} == {"Anna1", "Anna2"}
    filled.run("undo", environment=ANNA)
    assert {paper["key"] for paper in filled.json("list", "--pmid", ONE, "--pmid", TWO)} == {
        "example2020",
        "example2021",
    }


def test_history_on_a_terminal_fits_and_strikes(filled):
    """Within 60 and 100 columns, newest first, what was taken back says so; hostile text is inert."""
    filled.run("tag", "add", ONE, "mood", "--because", "evil \x1b[31m\x07 and more words " * 5, environment=ANNA)
    filled.run("note", ONE, "n " * 200, environment=ANNA)
    filled.run("undo", environment=ANNA)
    for columns in (60, 100, 160):
        status, seen = terminal([sys.executable, "-m", "reftrack", "history"], filled.folder, columns=columns)
        assert status == 0
        assert max(map(len, seen.splitlines())) <= columns
        assert "(taken" in seen
        assert "\x1b" not in seen
        assert "\x07" not in seen


# several people


def test_two_people_share_their_work_through_git_without_a_conflict(tmp_path):
    """Two clones tag different papers; git merges the files by itself, and both come to the same."""
    git = shutil.which("git")
    assert git, "git is needed"

    def run(folder, *arguments):
        command = [git, "-c", "user.name=x", "-c", "user.email=x@localhost", "-c", "commit.gpgsign=false", *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + done.stdout

    spaces = {}
    for name in ("anna", "ben"):
        (tmp_path / name).mkdir()
        spaces[name] = Workspace(tmp_path / name)
        spaces[name].fetch()
    anna, ben = spaces["anna"], spaces["ben"]
    run(anna.folder, "init", "-q", "-b", "main")
    anna.run("tag", "add", ONE, "mood", environment=ANNA)
    anna.run("sync")
    run(anna.folder, "add", "hands")
    run(anna.folder, "commit", "-qm", "a")
    run(ben.folder, "init", "-q", "-b", "main")
    run(ben.folder, "pull", "-q", str(anna.folder), "main")
    ben.run("sync")
    assert "mood" in carried(ben)
    for workspace, who in ((anna, ANNA), (ben, BEN)):
        workspace.run("tag", "add", TWO, "gait", environment=who)
        workspace.run("tag", "add", THREE, "cohort", environment={"REFTRACK_WHO": "Both"})
        workspace.run("sync")
        run(workspace.folder, "add", "hands")
        run(workspace.folder, "commit", "-qm", "b")
    run(ben.folder, "pull", "-q", "--no-rebase", "--no-edit", str(anna.folder), "main")
    ben.run("sync")
    run(ben.folder, "add", "hands")
    run(ben.folder, "commit", "-qm", "c", "--allow-empty")
    run(anna.folder, "pull", "-q", str(ben.folder), "main")
    anna.run("sync")
    with Library.open(anna.folder / "db/reftrack.db") as one, Library.open(ben.folder / "db/reftrack.db") as other:
        assert state(one) == state(other)
        assert one.how_many_acts() == other.how_many_acts() == 5
    files = [sorted(path.read_text() for path in (w.folder / "hands").glob("*.jsonl")) for w in (anna, ben)]
    assert files[0] == files[1]


def test_contradictions_are_told_and_the_later_word_counts(filled, tmp_path_factory):
    """Who syncs is told where another said otherwise."""
    folder = tmp_path_factory.mktemp("share") / "hands"
    other = Workspace(tmp_path_factory.mktemp("other"))
    other.fetch()
    filled.run("tag", "add", ONE, "mood", environment=ANNA)
    filled.run("sync", folder)
    other.run("tag", "rm", ONE, "mood", "--because", "background", environment=BEN)
    said = other.run("sync", folder).stdout
    assert "1 act taken over, of anna, on 1 paper" in said
    assert "example2020: " in said
    assert "the later one counts" in said
    assert "counts" not in other.run("sync", folder).stdout


def test_a_key_that_cannot_be_given_is_told_and_kept(filled, tmp_path_factory):
    """Two people chose one key for two papers: status 1, both acts kept, no key moves."""
    folder = tmp_path_factory.mktemp("share") / "hands"
    other = Workspace(tmp_path_factory.mktemp("other"))
    other.fetch()
    filled.run("key", "set", ONE, "Same", environment=ANNA)
    filled.run("sync", folder)
    other.run("key", "set", TWO, "same", environment=BEN)
    assert "cannot be given here" in other.run("sync", folder, status=1).stderr
    assert other.json("show", "Same")[0]["pmid"] == TWO
    assert other.run("sync", folder).stdout.startswith("0 acts taken over; 2 acts in ")


def test_a_log_replayed_before_the_papers_come(filled, tmp_path_factory):
    """A new, empty library: the acts wait, and count when their papers are fetched."""
    folder = tmp_path_factory.mktemp("share") / "hands"
    filled.run("tag", "add", ONE, "mood", environment=ANNA)
    filled.run("note", TWO, "see table 3", environment=ANNA)
    filled.run("key", "set", TWO, "Mine", environment=ANNA)
    filled.run("sync", folder)
    new = Workspace(tmp_path_factory.mktemp("new"))
    new.run("sync", folder)
    new.fetch()
    assert "mood" in carried(new)
    assert new.run("note", "Mine").stdout == "see table 3\n"
    assert new.run("doctor").exit_code == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("<<<<<<< HEAD", "mark of a conflict"),
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ("[" * 100_000, "not JSON"),
        ("x" * 10_000_001, "more than 10,000,000"),
        ('{"id": "x", "kind": "tag", "pmid": 1}', "its id is 'x'"),
        ('{"kind": "note", "pmid": 90000001}', "no id"),
        ('{"id": "2026-01-01T00:00:00Z.000000001.0123abcd", "kind": "note", "pmid": "1"}', "its pmid is"),
        ('{"id": "2026-01-01T00:00:00Z.000000001.0123abcd", "kind": "note", "pmid": true}', "its pmid is"),
        ('{"id": "2026-01-01T00:00:00Z.000000001.0123abcd", "kind": "note", "pmid": -1}', "its pmid is"),
        ('{"id": "2026-01-01T00:00:00Z.000000001.0123abcd", "kind": "drop", "pmid": 1}', "its kind is 'drop'"),
        ('{"id": "2026-01-01T00:00:00Z.000000001.0123abcd", "kind": "tag", "pmid": 1, "tag": "a"}', "no verdict"),
        ('{"id": "2026-01-01T00:00:00Z.000000001.0123abcd", "kind": "key", "pmid": 1}', "no key"),
        ('{"id": "2026-01-01T00:00:00Z.000000001.0123abcd", "kind": "undo", "pmid": 1, "undoes": "a"}', "its undoes"),
        ('{"id": "2026-01-01T00:00:00Z.000000001.0123abcd", "kind": "note", "pmid": 1, "shape": 2}', "unknown field"),
        (
            '{"id": "2026-01-01T00:00:00Z.000000001.0123abcd", "kind": "note", "pmid": 1, "at": "\\u001b[2J"}',
            "its at is",
        ),
        (
            (
                '{"id": "2026-01-01T00:00:00Z.000000001.0123abcd", "kind": "undo", "pmid": 1, '
                '"undoes": "2026-01-01T00:00:00Z.000000001.0123abcd"}'
            ),
            "not older than itself",
        ),
        ('{"id": "2026-01-01T00:00:00Z.000000001.0123abcd", "kind": "note", "pmid": 1, "text": "\\ud800"}', "its text"),
    ],
)
def test_a_line_that_cannot_be_read_stops_before_anything_is_changed(filled, line, said):
    """Status 2 with file and line; neither the library nor the file is touched."""
    filled.run("tag", "add", ONE, "mood", environment=ANNA)
    folder = filled.folder / "hands"
    folder.mkdir()
    (folder / "x.jsonl").write_text(f"\n{line}\n")
    result = filled.run("sync", status=2)
    assert said in result.stderr
    assert "x.jsonl line 2" in result.stderr
    assert "Nothing was taken over" in result.stderr
    assert (folder / "x.jsonl").read_text() == f"\n{line}\n"
    assert len(filled.json("history")) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["x.jsonl"]


def test_an_act_that_was_edited_is_refused(filled):
    """What an act says never changes; a file in which it does is not taken over."""
    filled.run("tag", "add", ONE, "mood", "--because", "p. 3", environment=ANNA)
    filled.run("sync")
    path = filled.folder / "hands" / "anna.jsonl"
    path.write_text(path.read_text().replace("p. 3", "p. 4"))
    assert "was edited" in filled.run("sync", status=2).stderr
    assert filled.json("history")[0]["because"] == "p. 3"


def test_one_act_said_in_two_ways_in_a_folder_is_refused(filled):
    """Neither wins by the order of file names."""
    filled.run("tag", "add", ONE, "mood", "--because", "p. 3", environment=ANNA)
    filled.run("sync")
    path = filled.folder / "hands" / "anna.jsonl"
    (filled.folder / "hands" / "copy.jsonl").write_text(path.read_text().replace("p. 3", "p. 4"))
    (filled.folder / "db" / "reftrack.db").rename(filled.folder / "other.db")
    assert "differently" in filled.run("sync", status=2).stderr


def test_files_are_sorted_and_left_alone_where_nothing_is_new(filled):
    """Oldest act first, so that a day's work is a few lines at the end of a diff; a sync without news writes none."""
    for tag in ("mood", "cohort", "mortality"):
        filled.run("tag", "add", ONE, tag, environment=ANNA)
    assert [Path(name).name for name in filled.json("sync")["files"]] == ["anna.jsonl"]
    lines = (filled.folder / "hands" / "anna.jsonl").read_text().splitlines()
    assert [json.loads(line)["tag"] for line in lines] == ["mood", "cohort", "mortality"]
    assert filled.json("sync")["files"] == []


def test_a_key_that_was_refused_here_and_taken_back_there_moves_nothing(filled):
    """The other library's former key is no key of ours."""
    with Library.open(filled.folder / "db/reftrack.db") as library, library.transaction():
        library.connection.run("UPDATE citation_keys SET key = 'zed' WHERE pmid = ?", (ONE,))
        library.set_key(TWO, "Same", who="ben")
        stamp = "2026-01-01T00:00:00Z.00000000"
        act = Act(
            id=f"{stamp}1.0123abcd", kind="key", pmid=ONE, key="same", former="free", together=f"{stamp}1.0123abcd"
        )
        back = Act(id=f"{stamp}2.0123abcd", kind="undo", pmid=ONE, undoes=act.id, together=f"{stamp}2.0123abcd")
        assert [one.id for one, _ in library.merge_acts([act]).refused] == [act.id]
        assert library.merge_acts([back]).refused == ()
        assert library.connection.value("SELECT key FROM citation_keys WHERE pmid = ?", (ONE,)) == "zed"


def test_files_of_any_name_and_person(filled):
    """Names become file names that every system takes; two people whose names look alike share a file."""
    for who in ("../../etc/passwd", "Ärztin Müller", "", "CON", "a/b\\c:d", "Анна"):
        filled.run("tag", "add", ONE, "mood", environment={"REFTRACK_WHO": who})
    filled.run("sync")
    inside = {path.name for path in (filled.folder / "hands").iterdir()}
    assert "etc-passwd.jsonl" in inside
    assert "arztin-muller.jsonl" in inside
    assert "анна.jsonl" in inside
    assert not any("/" in name or ".." in name for name in inside)
    assert filled.run("sync").stdout.startswith("0 acts taken over")


WHO = st.sampled_from(["anna", "ben", "Ärztin"])
PAPER = st.sampled_from([ONE, TWO, THREE])
DOING = st.one_of(
    st.tuples(
        st.just("tag"),
        PAPER,
        WHO,
        st.sampled_from(["mood", "gait", "rct"]),
        st.sampled_from(["add", "remove", "reset"]),
    ),
    st.tuples(
        st.just("decision"),
        PAPER,
        WHO,
        st.sampled_from(["include", "exclude", "maybe"]),
        st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5), max_size=2),
    ),
    st.tuples(st.just("note"), PAPER, WHO, st.sampled_from(["", "a", "b"]), st.none()),
    st.tuples(st.just("key"), PAPER, WHO, st.sampled_from("xyz"), st.none()),
    st.tuples(st.just("undo"), st.integers(0, 20), WHO, st.none(), st.none()),
    st.tuples(st.just("last"), st.none(), WHO, st.none(), st.none()),
)
LIFE = st.lists(st.tuples(st.sampled_from([0, 1]), st.one_of(DOING, st.just(("sync",)))), max_size=25)


def do(library, doing):
    kind, about, who, what, more = doing
    with library.transaction():
        if kind == "tag" and more == "reset":
            library.drop_hand_tag(about, what, who=who)
        elif kind == "tag":
            library.set_hand_tag(HandTag(about, what, more, "", who))
        elif kind == "decision":
            library.decide(about, Decision(what, who, tuple(more)))
        elif kind == "note":
            library.annotate(about, what, who=who)
        elif kind == "key":
            library.set_key(about, f"{what}{about}", who=who)
        else:
            acts = library.acts()
            chosen = (
                [acts[about % len(acts)].act]
                if acts and kind == "undo"
                else [one.act for one in library.last_done(who)]
            )
            library.undo(chosen, who=who)


@settings(max_examples=60, deadline=None)
@given(life=LIFE, order=st.permutations([0, 1]), skew=st.integers(-100, 100))
def test_whoever_syncs_when_all_come_to_the_same(life, order, skew):
    """Two libraries, any acts, undos and syncs, clocks apart: in the end equal, and a replayed third one as well."""
    with tempfile.TemporaryDirectory() as place:
        folder, libraries = Path(place) / "hands", []
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        ticks = [0]

        def clock(apart):
            def now():
                ticks[0] += 1
                return (moment + timedelta(seconds=ticks[0] // 3 + apart)).strftime("%Y-%m-%dT%H:%M:%SZ")

            return now

        for number, apart in enumerate((0, skew, 0)):
            library = Library.open(Path(place) / f"{number}.db", create=True, now=clock(apart))
            library.set_vocabulary(RULES.definitions)
            with library.transaction():
                papers = [(pubmed.parse(xml), xml) for xml in map(record, (1, 2, 3))]
                file_papers(library, RULES, papers, source="pubmed")
            libraries.append(library)
        for which, doing in life:
            if doing == ("sync",):
                share(libraries[which], folder)
            else:
                before = libraries[which].how_many_acts()
                do(libraries[which], doing)
                assert libraries[which].how_many_acts() >= before
        for which in (*order, *order, 2):
            share(libraries[which], folder)
        states = [state(library) for library in libraries]
        texts = [sorted(to_line(one.act) for one in library.acts()) for library in libraries]
        assert states[0] == states[1] == states[2]
        assert texts[0] == texts[1] == texts[2]
        assert libraries[0].problems() == []
        for library in libraries:
            library.close()


@settings(max_examples=60, deadline=None)
@given(life=st.lists(DOING, max_size=12))
def test_undoing_everything_leaves_nothing(life):
    """After as many undos as there are acts, the paper is as it came, whatever was done."""
    with tempfile.TemporaryDirectory() as place, Library.open(Path(place) / "l.db", create=True) as library:
        library.set_vocabulary(RULES.definitions)
        with library.transaction():
            papers = [(pubmed.parse(xml), xml) for xml in map(record, (1, 2, 3))]
            file_papers(library, RULES, papers, source="pubmed")
        before = state(library)
        for doing in life:
            do(library, doing)
        for _ in range(len(life) + 1):
            for who in ("anna", "ben", "Ärztin"):
                with library.transaction():
                    library.undo([one.act for one in library.last_done(who)], who=who)
        assert state(library) == before


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM hand_tags",
        "UPDATE hand_tags SET verdict = 'remove'",
        "UPDATE decisions SET undone = 'x'",
        "DELETE FROM decisions",
        "UPDATE acts SET undone = '' WHERE kind = 'note'",
        "UPDATE acts SET undone = 'x' WHERE kind = 'tag'",
    ],
)
def test_doctor_notices_what_the_log_does_not_say_and_works_it_out(filled, damage):
    """Each table set against the log; afterwards all is as the acts have it."""
    filled.run("tag", "add", ONE, "mood", environment=ANNA)
    filled.run("note", TWO, "first", environment=ANNA)
    filled.run("note", TWO, "second", environment=ANNA)
    filled.run("undo", environment=ANNA)
    with Library.open(filled.folder / "db/reftrack.db") as library:
        with library.transaction():
            library.decide(ONE, Decision("include", "anna"))
        before = state(library)
        with library.transaction():
            assert library.connection.run(damage).rowcount
    assert "log of acts" in filled.run("doctor", status=1).stdout
    filled.run("doctor", "--fix")
    with Library.open(filled.folder / "db/reftrack.db") as library:
        assert state(library) == before
        assert library.problems() == []


def test_a_hand_tag_of_another_program_becomes_an_act(filled):
    """A row that somebody wrote with SQL is told by doctor, and kept: from then on it can be taken back."""
    with Library.open(filled.folder / "db/reftrack.db") as library:
        library.connection.run(f"INSERT INTO hand_tags VALUES ({TWO}, 'mood', 'add', 'seen', 'anna', '2026-01-01')")
    assert "log of acts" in filled.run("doctor", status=1).stdout
    filled.run("doctor", "--fix")
    assert "mood" in carried(filled, TWO)
    assert filled.json("history")[0]["because"] == "seen"
    filled.run("undo", environment=ANNA)
    assert "mood" not in carried(filled, TWO)


# the text


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)


@given(
    act=st.builds(
        Act,
        id=st.just("2026-01-01T00:00:00Z.000000001.0123abcd"),
        kind=st.just("decision"),
        pmid=st.integers(1, 10**9),
        who=TEXT,
        by=TEXT,
        at=st.sampled_from(["2026-01-01", "2026-01-01T10:00:00Z", ""]),
        together=st.just("2026-01-01T00:00:00Z.000000001.0123abcd"),
        verdict=st.sampled_from(["include", "exclude", "maybe"]),
        because=TEXT,
        reasons=st.lists(TEXT, max_size=3).map(tuple),
        text=TEXT,
    )
)
def test_a_line_says_all_of_an_act(act):
    """Any text in it, read back, is the same act, and the line is one line."""
    line = to_line(act)
    assert "\n" not in line
    assert from_line(line) == act


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    """A sentence, not a traceback."""
    (tmp_path / "hands").write_text("x")
    with pytest.raises(UsageError, match="not a folder"):
        logs.read(tmp_path / "hands")


# before there was a log


@pytest.mark.parametrize("packed", OLD_LIBRARIES, ids=lambda path: path.name.partition(".")[0])
def test_what_was_done_before_there_was_a_log_is_in_it(tmp_path, packed):
    """An older library's hand tags, decisions and notes become acts that can be shared and taken back."""
    workspace = Workspace(tmp_path)
    path = tmp_path / "db" / "reftrack.db"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    shutil.copy(path, tmp_path / "copy.db")
    acts = workspace.json("history")
    assert {act["tag"] for act in acts if act["kind"] == "tag"} == {"mood", "cohort", "rct"}
    with Library.open(path) as library, Library.open(tmp_path / "copy.db") as copy:
        was = state(library)
        assert [one.act for one in library.acts()] == [one.act for one in copy.acts()]
        if "schema-4" in packed.name:
            assert was[1] == {
                ONE: [("A Example", "exclude", ("wrong outcome",)), ("C Example", "include", ())],
                TWO: [("B Example", "include", ())],
            }
            assert was[2] == {ONE: ["from a file", "see table 3"]}
            assert [one.act.kind for one in library.acts()].count("note") == 4
        share(library, tmp_path / "hands")
        share(copy, tmp_path / "hands")
        assert state(library) == state(copy) == was
        with library.transaction():
            library.undo([one.act for one in library.acts() if one.act.who == "A Example"], who="x")
        assert [row[-1] for row in state(library)[0]] == ["B Example"]
    assert json.loads((tmp_path / "hands" / "a-example.jsonl").read_text().splitlines()[0])["who"] == "A Example"
