"""Papers decided one key at a time: each key, what is on the screen, and that nothing is lost however it ends."""

import os
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from desk import Workspace, terminal
from keys import SCREEN, Sitting, recording
from papers import FIRST_PMID, document, papers, record
from reftrack.citation import CONSENSUS
from reftrack.cli import sheet
from reftrack.cli.keyboard import PASTED, RESIZED, Line
from reftrack.cli.screen import clean
from reftrack.cli.walk import Walk
from reftrack.library.writing import Library
from reftrack.model import Evidence, HeldPaper
from reftrack.workflow.screening import REASONS, Session, to_screen

QUERY = 'title = "Examplin"\nterm = "examplin[tiab]"\n'
RETRACTED = (
    '<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>J Example. 2024;1:9</RefSource>'
    '<PMID Version="1">90000099</PMID></CommentsCorrections></CommentsCorrectionsList>'
)
LONG = "".join(
    f"Sentence {number} says one thing more about examplin in head injury. " for number in range(1, 61)
).strip()
NEWEST = FIRST_PMID + 4


def workspace(folder):
    made = Workspace(folder)
    for old in (folder / "queries").iterdir():
        old.unlink()
    (folder / "queries" / "all.toml").write_text(QUERY)
    made.file.write_bytes(
        document(
            record(1, year="2001", abstract=(("AIM", LONG),)),
            record(2, year="2002", extra=RETRACTED),
            record(3, year="2003"),
            record(
                4,
                year="2004",
                title="Examplin after head injury: a randomised trial.",
                abstract=(("METHODS", "Patients were randomly assigned."), ("RESULTS", "Mortality did not differ.")),
            ),
            record(5, year="2005"),
        )
    )
    made.fetch()
    return made


@pytest.fixture
def held(tmp_path):
    """Five papers; the newest comes first."""
    return workspace(tmp_path)


def library(folder):
    return Library.open(folder / "db" / "reftrack.db")


def decided(held, who="ada"):
    """What a reader decided: the last digit of each PMID, and the verdict with its reasons."""
    with library(held.folder) as reader:
        return {
            pmid - FIRST_PMID + 1: (said.verdict, *said.reasons) for pmid, said in reader.decisions() if said.who == who
        }


# the keys


def test_a_decision_a_key(held):
    """i, e with a reason, m: each is stored at once, and the next paper comes; q says what was done."""
    with Sitting(held.folder) as sitting:
        assert "number 5" in sitting.see("1 of 5 · 0 included · 0 excluded")
        sitting.press("i", "2 of 5 · 1 included · 0 excluded")
        assert decided(held) == {5: ("include",)}
        assert "1 wrong population" in sitting.press("e", "Why is it excluded?")
        sitting.press("1", "3 of 5 · 1 included · 1 excluded")
        assert decided(held)[4] == ("exclude", "wrong population")
        sitting.press("m", "4 of 5 · 1 included · 1 excluded · 1 maybe")
        sitting.press("q")
        status, told = sitting.end()
        assert sitting.is_sane
    assert status == 0
    assert "3 papers decided now (1 included, 1 excluded, 1 maybe of these); 2 papers left" in told
    assert decided(held) == {5: ("include",), 4: ("exclude", "wrong population"), 3: ("maybe",)}
    with library(held.folder) as reader:
        assert all(said.at.startswith("20") for _, said in reader.decisions())


def test_the_same_command_goes_on_where_it_stopped(held):
    """What is decided does not come again; --all shows everything, --decision maybe only one's own maybes."""
    with Sitting(held.folder) as sitting:
        sitting.see("1 of 5")
        sitting.press("i", "2 of 5")
        sitting.press("m", "3 of 5")
        sitting.press("q")
        sitting.end()
    with Sitting(held.folder) as sitting:
        assert "number 3" in sitting.see("1 of 3 · 0 included")
    with Sitting(held.folder, "--all") as sitting:
        assert "Your decision: include" in sitting.see("1 of 5 · 1 included · 0 excluded · 1 maybe")
    with Sitting(held.folder, "--decision", "maybe") as sitting:
        assert "a randomised trial" in sitting.see("1 of 1")
        sitting.press("i", "That was the last paper")
    assert decided(held) == {5: ("include",), 4: ("include",)}


def test_a_limit_counts_papers_that_are_still_to_decide(held):
    """--limit 2 twice is four papers, not the same two."""
    for number in (5, 3):
        with Sitting(held.folder, "--limit", 2) as sitting:
            assert f"PMID {FIRST_PMID - 1 + number}" in sitting.see("1 of 2")
            sitting.press("ii", "That was the last paper")
    assert decided(held).keys() == {5, 4, 3, 2}


def test_kill_9_loses_nothing(held):
    """Killed in the middle, every decision is there and the library whole; the next run goes on."""
    with Sitting(held.folder) as sitting:
        sitting.see("1 of 5")
        sitting.press("i", "2 of 5")
        sitting.press("e", "Why")
        sitting.process.send_signal(signal.SIGKILL)
        assert sitting.process.wait(20) == -signal.SIGKILL
    assert decided(held) == {5: ("include",)}
    with library(held.folder) as reader:
        assert reader.problems() == []
    with Sitting(held.folder) as sitting:
        sitting.see("1 of 4")


@pytest.mark.parametrize(
    ("how", "status"),
    [
        (lambda sitting: sitting.press("\x03"), 130),
        (lambda sitting: sitting.press("\x04"), 0),
        (lambda sitting: sitting.process.send_signal(signal.SIGTERM), 128 + signal.SIGTERM),
        (lambda sitting: sitting.process.send_signal(signal.SIGHUP), 128 + signal.SIGHUP),
    ],
    ids=["Ctrl-C", "Ctrl-D", "kill", "hang-up"],
)
def test_however_it_ends_the_terminal_is_sane(held, how, status):
    """Ctrl-C, Ctrl-D, kill and hang-up: the terminal is as before, what was decided is stored, no traceback."""
    with Sitting(held.folder) as sitting:
        sitting.see("1 of 5")
        sitting.press("i", "2 of 5")
        how(sitting)
        got, told = sitting.end()
        assert (got, sitting.is_sane) == (status, True)
        assert "Traceback" not in sitting.raw
        assert "\x1b[?1049l" in sitting.raw
    if status in (0, 130):
        assert "1 paper decided now" in told
    assert decided(held) == {5: ("include",)}


def test_a_terminal_that_goes_away_ends_it(held):
    """The line is cut: the program ends by itself and the decision is there."""
    sitting = Sitting(held.folder)
    sitting.see("1 of 5")
    sitting.press("i", "2 of 5")
    os.close(sitting.side)
    os.close(sitting.ours)
    assert sitting.process.wait(20) == 128 + signal.SIGHUP
    assert decided(held) == {5: ("include",)}


def test_ctrl_z_gives_the_terminal_back_and_takes_it_again(held):
    """Stopped, the shell has its terminal; continued, the paper is drawn again."""
    shell = f"set -m; {' '.join(SCREEN)}; echo paused; read; fg"
    with Sitting(held.folder, command=["bash", "-c", shell]) as sitting:
        sitting.see("1 of 5")
        sitting.press("i", "2 of 5")
        sitting.press("\x1a", "paused")
        assert sitting.is_sane
        sitting.raw = ""
        sitting.press("\n", "2 of 5")
        sitting.press("i", "3 of 5")
        sitting.press("q")
        assert sitting.end()[0] == 0
        assert sitting.is_sane
    assert decided(held) == {5: ("include",), 4: ("include",)}


def test_undo_goes_back_act_by_act(held):
    """U takes back the last decision, the one before, and a tag; the log keeps all of it."""
    with Sitting(held.folder) as sitting:
        sitting.see("1 of 5")
        sitting.press("i", "2 of 5")
        sitting.press("t", "tag (-tag")
        sitting.press("mood\r", "outcome/mood added")
        sitting.press("e", "Why")
        sitting.press("\r", "3 of 5 · 1 included · 1 excluded")
        assert "a randomised trial" in sitting.press("u", "Taken back: exclude.")
        sitting.press("u", "Taken back: the tag mood.")
        assert "number 5" in sitting.press("u", "1 of 5 · 0 included · 0 excluded")
        sitting.press("u", "Nothing is left to take back")
    assert decided(held) == {}
    assert held.json("list", "--tag", "mood") == []
    with library(held.folder) as reader:
        assert [one.act.kind for one in reader.acts()][::-1] == ["decision", "tag", "decision", "undo", "undo", "undo"]


def test_undo_lets_the_earlier_decision_stand_again(held):
    """A maybe that becomes an include is a maybe again."""
    held.run("decide", NEWEST, "maybe", "--who", "ada")
    with Sitting(held.folder, "--decision", "maybe") as sitting:
        sitting.see("1 of 1")
        sitting.press("i", "That was the last paper")
        sitting.press("u", "Your decision: maybe")
    assert decided(held) == {5: ("maybe",)}


def test_reasons_are_the_workspaces_own(held):
    """`reasons` in reftrack.toml, a file, 0 for free words, Enter for none, Esc for no exclusion at all."""
    (held.folder / "reftrack.toml").write_text('reasons = ["not our drug", "no patients"]\n')
    with Sitting(held.folder) as sitting:
        sitting.see("1 of 5")
        seen = sitting.press("e", "Why is it excluded?")
        assert "1 not our drug" in seen
        assert "wrong population" not in seen
        sitting.press("2", "2 of 5")
        sitting.press("e", "Why")
        sitting.press("0", "Why? _")
        sitting.press("an abstrakt\x7f\x7fct only\r", "3 of 5")
        sitting.press("e", "Why")
        sitting.press("\x1b", "Not excluded.")
        sitting.press("e", "Why")
        sitting.press("x")
        sitting.press("\r", "4 of 5")
    assert decided(held) == {5: ("exclude", "no patients"), 4: ("exclude", "an abstract only"), 3: ("exclude",)}
    (held.folder / "why.txt").write_text("# ours\nfrom a file\n")
    with Sitting(held.folder, "--reasons", "why.txt") as sitting:
        sitting.see("1 of 2")
        assert "1 from a file" in sitting.press("e", "Why")


def test_a_note_of_several_lines_keeps_them_when_it_is_changed(held):
    """Each end of a line is a ↵ while it is changed on one, and an end of a line again when it is kept."""
    held.run("note", NEWEST, "line one\nline two", environment={"REFTRACK_WHO": "ada"})
    with Sitting(held.folder) as sitting:
        sitting.see("1 of 5")
        sitting.press("n", "note: line one ↵ line two_")
        sitting.press("!\r", "The note is kept.")
        assert held.run("note", NEWEST).stdout == "line one\nline two!\n"


def test_notes_are_written_and_changed(held):
    """N writes a note, n again has it to change, an emptied one is taken away, Esc leaves it."""
    with Sitting(held.folder) as sitting:
        sitting.see("1 of 5")
        sitting.press("n", "note: _")
        sitting.press("dose in table 2 – größer\r", "Your note: dose in table 2 – größer")
        sitting.press("n", "note: dose in table 2 – größer_")
        sitting.press("\x17?\r", "Your note: dose in table 2 –?")
        sitting.press("n", "note: dose")
        sitting.press("x\x1b", "The note is as it was.")
        assert held.run("note", NEWEST).stdout == "dose in table 2 –?\n"
        sitting.press("n", "note: dose")
        sitting.press("\x15\r", "The note is taken away.")
        sitting.press("u", "Your note: dose")
    assert held.run("note", NEWEST).stdout == "dose in table 2 –?\n"


def test_tags_are_given_taken_away_and_completed(held):
    """T toggles, -tag takes away, Tab completes, a mistyped tag is told with the nearest one."""
    with Sitting(held.folder) as sitting:
        sitting.see("1 of 5")
        sitting.press("t", "tag (-tag")
        sitting.press("moo\t\r", "outcome/mood added")
        sitting.press("t", "tag (-tag")
        sitting.press("mood\r", "outcome/mood taken away")
        sitting.press("t", "tag (-tag")
        sitting.press("mortalty\r", "did you mean mortality?")
        sitting.press("t", "tag (-tag")
        sitting.press("\r", "No tag was changed.")
    assert held.json("list", "--tag", "mood") == []


def test_skip_back_space_and_scrolling(held):
    """S and b move, space pages through a long abstract and then goes on, j and k and arrows move a line."""
    with Sitting(held.folder, "--sort", "year") as sitting:
        first = sitting.see("1 of 5 · 0 included · 0 excluded ·")
        assert "Sentence 60" not in first
        lower = sitting.press("j", " more lines")
        assert lower.splitlines()[1] != first.splitlines()[1]
        sitting.press("\x1b[A")
        sitting.press("k", first.splitlines()[1])
        for _ in range(20):
            if "Sentence 60" in sitting.screen:
                break
            shown = sitting.screen
            sitting.press(" ")
            while sitting.screen == shown:
                sitting.read(0.05)
        assert "Sentence 60" in sitting.screen
        assert "1 of 5" in sitting.screen
        assert "RETRACTED" in sitting.press(" ", "2 of 5")
        sitting.press("s", "3 of 5")
        sitting.press("b", "2 of 5")
        sitting.press("b", "1 of 5")
        sitting.press("b", "This is the first paper.")
    assert decided(held) == {}


def test_a_retraction_stands_first_and_red(held):
    """Above the title, in red; with NO_COLOR without it, and in a dumb terminal without any code at all."""
    with Sitting(held.folder, "--pmid", FIRST_PMID + 1) as sitting:
        assert sitting.see("1 of 1").splitlines()[1].startswith("RETRACTED: This paper was retracted")
        assert "\x1b[1;31mRETRACTED" in sitting.raw
    with Sitting(held.folder, "--pmid", FIRST_PMID + 1, environment={"NO_COLOR": "1"}) as sitting:
        sitting.see("1 of 1")
        assert "\x1b[1mRETRACTED" in sitting.raw
    with Sitting(held.folder, "--pmid", FIRST_PMID + 1, term="dumb") as sitting:
        sitting.see("q quit")
        sitting.press("i", "That was the last paper")
        assert "\x1b" not in sitting.raw
        sitting.press("q")
        assert sitting.end()[0] == 0


def test_evidence_is_emphasised_and_can_be_left_plain(held):
    """The words that tags rest on are bold and underlined; a turns that off; a dumb terminal has «marks»."""
    with Sitting(held.folder, "--pmid", FIRST_PMID + 3) as sitting:
        sitting.see("METHODS: Patients")
        assert "\x1b[1;4mrandomly assigned" in sitting.raw
        sitting.raw = ""
        sitting.press("a", "not emphasised")
        assert "\x1b[1;4m" not in sitting.raw
    with Sitting(held.folder, "--pmid", FIRST_PMID + 3, term="dumb") as sitting:
        assert "«randomly assigned»" in sitting.see("q quit")


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (60, 20), (140, 50), (20, 6), (5, 3)])
def test_every_screen_fits_its_window(held, columns, rows):
    """No line is wider and no screen higher than the window, also while a reason is chosen."""
    with Sitting(held.folder, "--sort", "year", columns=columns, rows=rows) as sitting:
        for keys in ("", "s", "e", "\x1b", "?", "x", "t", "\x1b"):
            sitting.raw = "" if keys else sitting.raw
            if keys:
                sitting.press(keys)
            while "\x1b[J" not in sitting.raw:
                sitting.read(0.05)
            sitting.read(0.1)
            lines = sitting.screen.split("\n")
            assert len(lines) == rows
            assert max(map(len, lines)) <= columns


def test_a_resized_window_is_drawn_anew(held):
    """The text is wrapped to the new width, in key mode and while a note is typed."""
    with Sitting(held.folder, "--sort", "year", columns=120) as sitting:
        wide = sitting.see("1 of 5")
        sitting.resize(60, 15)
        narrow = sitting.see("1 of 5")
        while len(sitting.screen.split("\n")) != 15:
            sitting.read(0.1)
            narrow = sitting.screen
        assert max(map(len, narrow.split("\n"))) <= 60 < max(map(len, wide.split("\n")))
        sitting.press("n", "note: _")
        sitting.press("abc", "note: abc_")
        sitting.resize(40, 12)
        while len(sitting.screen.split("\n")) != 12:
            sitting.read(0.1)
        assert "note: abc_" in sitting.screen


def test_what_is_pasted_is_not_taken_for_keys(held):
    """A text pasted by mistake decides nothing; in a note it is text."""
    with Sitting(held.folder) as sitting:
        sitting.see("1 of 5")
        assert "\x1b[?2004h" in sitting.raw  # the terminal was asked to mark what is pasted
        sitting.press("\x1b[200~iiemq\x1b[201~", "not taken for keys")
        sitting.press("n", "note: _")
        sitting.press("\x1b[200~two\nlines\x1b[201~\r", "Your note: two lines")
    assert decided(held) == {}


def test_keys_that_mean_nothing_do_nothing(held):
    """Function keys, Alt with a letter, and unknown letters decide nothing; capitals work as small letters."""
    with Sitting(held.folder) as sitting:
        sitting.see("1 of 5")
        sitting.press("\x1bOP\x1b[15~\x1b[1;5C\x1bi")
        sitting.press("z", "'z' is no key here")
        assert decided(held) == {}
        sitting.press("I", "2 of 5 · 1 included")


def test_open_shows_the_address(held):
    """Where no browser can be shown, the address is; nothing takes the terminal."""
    with Sitting(held.folder) as sitting:
        sitting.see("1 of 5")
        sitting.press("o", f"https://pubmed.ncbi.nlm.nih.gov/{NEWEST}/")


def test_help_shows_every_key(held):
    """? lists the keys, and any key goes back without doing anything."""
    with Sitting(held.folder) as sitting:
        sitting.see("1 of 5")
        page = sitting.press("?", "any key goes back")
        assert all(f"{key} " in page for key in "iemntousba?q")
        sitting.press("i", "q quit")
        assert "number 5" in sitting.screen
    assert decided(held) == {}


# readers


def test_readers_do_not_see_each_other(held):
    """Another reader's decision neither hides a paper nor is shown."""
    held.run("decide", NEWEST, "exclude", "--who", "bo", "--because", "wrong population")
    held.run("note", NEWEST, "bad", environment={"REFTRACK_WHO": "bo"})
    with Sitting(held.folder) as sitting:
        seen = sitting.see("1 of 5")
        assert "exclude (" not in seen
        assert "bad" not in seen
    with Sitting(held.folder, "--who", "bo") as sitting:
        sitting.see("1 of 4")


def test_conflicts_are_settled_one_by_one(held):
    """--conflicts shows both words and reasons; the decision is the consensus, and counts alone from then on."""
    for who, verdict in (("ada", "include"), ("bo", "exclude")):
        held.run("decide", NEWEST, NEWEST - 1, verdict, "--who", who, "--because", f"because {who}")
    held.run("decide", NEWEST - 2, "include", "--who", "ada")
    assert len(held.json("list", "--decision", "none")) == 4
    with Sitting(held.folder, "--conflicts") as sitting:
        seen = sitting.see("1 of 2")
        assert "What you decide here is the consensus." in seen
        assert "ada: include (because ada)" in seen
        assert "bo: exclude (because bo)" in seen
        sitting.press("i", "2 of 2")
        sitting.press("q")
        sitting.end()
    assert decided(held, CONSENSUS) == {5: ("include",)}
    assert {paper["pmid"] for paper in held.json("list", "--decision", "include")} == {NEWEST, NEWEST - 2}
    with Sitting(held.folder, "--conflicts") as sitting:
        sitting.see("1 of 1")
    with library(held.folder) as reader:
        assert NEWEST not in to_screen(reader, reader.held_pmids(), "cy", "undecided")


def test_a_library_that_cannot_be_written_keeps_the_reader_in_place(held):
    """While another process writes, the key says so and stores nothing; the paper stays."""
    with library(held.folder) as reader:
        session = Session(reader, to_screen(reader, reader.held_pmids(), "ada", "undecided"), "ada")
        window = Window("i" + "q")
        reader.connection.run("PRAGMA query_only = ON")
        Walk(session, window, REASONS).run()
        assert (session.place, session.verdicts, session.decided) == (0, {}, 0)
        assert any("refused" in line or "read-only" in line for line in window.shown[-1])
    assert decided(held) == {}


def test_a_paper_that_is_gone_is_passed(held):
    """Another process took an import back meanwhile: the paper is said to be gone."""
    with library(held.folder) as reader:
        window = Window("sq")
        Walk(Session(reader, [4711, FIRST_PMID], "ada"), window, REASONS).run()
    assert any("held no longer" in line for line in window.shown[0])


# without a terminal, and wrong words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "`reftrack decide PMID include`"),
        (("--all", "--conflicts"), "Choose one of"),
        (("--decision", "maybe", "--all"), "Choose one of"),
        (("--reasons", "none.txt"), "cannot be read"),
        (("--reasons", "records.xml", "--tag", ""), "--tag"),
    ],
)
def test_without_a_terminal_it_says_what_to_do(held, arguments, words):
    """Status 2 and one sentence; never a traceback, never a wait for a key."""
    assert words in held.run("screen", *arguments, status=2).stderr or arguments[-1:] == ("",)


@pytest.mark.parametrize("text", ["reasons = 'x'", "reasons = []", "reasons = [1]", "reasons = ['']", "reason = ['x']"])
def test_wrong_reasons_are_named(held, text):
    """A setting that is no list of texts is an error with the file's name."""
    (held.folder / "reftrack.toml").write_text(text + "\n")
    told = held.run("screen", status=2).stderr
    assert "reftrack.toml" in told
    assert "reasons" in told


def test_an_empty_library_and_a_finished_one_say_so(tmp_path, held):
    """Nothing to do is no error; a first day is told what to do."""
    held.run("decide", *range(FIRST_PMID, FIRST_PMID + 5), "include", "--who", "ada")
    with Sitting(held.folder) as sitting:
        status = sitting.process.wait(20)
        sitting.read(0.2)
        assert (status, "5 papers decided so far" in sitting.raw) == (0, True)
    (tmp_path / "new").mkdir()
    empty = Workspace(tmp_path / "new")
    with Sitting(empty.folder) as sitting:
        status = sitting.process.wait(20)
        sitting.read(0.2)
        assert (status, "The library is empty" in sitting.raw) == (5, True)


def test_output_into_a_pipe_is_no_terminal(held):
    """Stdin alone decides nothing: with the output elsewhere it refuses as well."""
    status, told = terminal(f"{' '.join(SCREEN)} | cat", held.folder)
    assert "needs a terminal" in told
    assert status == 0  # of cat


# any keys at all


class Window:
    """A window for tests: the keys are given, the screens are kept."""

    plain = False

    def __init__(self, keys, size=(80, 24)):
        self._keys = [*keys, *["escape"] * 3, "q"]
        self._size = size
        self.shown = []

    def size(self):
        return self._size

    def show(self, lines):
        self.shown.append(lines)

    def key(self):
        return self._keys.pop(0) if self._keys else "q"


class Model:
    """What a person would expect of the keys i, m, e with a reason, u, s and b, said without a library."""

    def __init__(self, pmids):
        self.pmids, self.place, self.log = pmids, 0, []

    def decide(self, verdict, reasons=()):
        self.log.append((self.place, (verdict, *reasons)))
        self.place += 1

    def press(self, key):
        here = self.place < len(self.pmids)
        if key == "u" and self.log:
            self.place, _ = self.log.pop()
        elif key == "b":
            self.place = max(0, self.place - 1)
        elif not here:
            return
        elif key == "i":
            self.decide("include")
        elif key == "m":
            self.decide("maybe")
        elif key == "e1":
            self.decide("exclude", REASONS[:1])
        elif key == "e\r":
            self.decide("exclude")
        elif key == "s":
            self.place += 1

    @property
    def verdicts(self):
        return {self.pmids[place]: said for place, said in self.log}


@pytest.fixture(scope="module")
def shared():
    """One library for all sequences; each begins by clearing what the one before decided."""
    with tempfile.TemporaryDirectory() as folder:
        made = workspace(Path(folder))
        with library(made.folder) as opened:
            yield opened


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["i", "m", "e1", "e\r", "u", "s", "b", "resize", "?", "z", "paste"]), max_size=25))
def test_any_keys_leave_what_a_person_expects(shared, keys):
    """However keys follow each other, the library holds exactly the decisions that stand."""
    with shared.transaction():
        for pmid in shared.held_pmids():
            shared.undo(shared.standing_acts("decision", pmid), who="ada")
    pmids = to_screen(shared, shared.held_pmids()[::-1], "ada", "undecided")
    assert len(pmids) == 5
    model, pressed = Model(pmids), []
    for key in keys:
        model.press(key)
        pressed += {"resize": [RESIZED], "paste": [PASTED + "ieq"], "?": ["?", "x"]}.get(key, list(key))
    session = Session(shared, pmids, "ada")
    Walk(session, Window(pressed), REASONS).run()
    stands = {pmid: (said.verdict, *said.reasons) for pmid, said in shared.decisions() if said.who == "ada"}
    assert stands == model.verdicts
    assert session.verdicts == {pmid: said[0] for pmid, said in stands.items()}
    assert session.decided == len(stands)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(papers, st.integers(1, 120), st.booleans(), st.data())
def test_any_paper_fits_any_width(paper, width, plain, data):
    """No line is wider than the window and none holds what a terminal would obey, wherever evidence stands."""
    places = [("title", 0, paper.title), *(("abstract", n, one.text) for n, one in enumerate(paper.abstract))]
    spans = st.builds(
        lambda place, first, length: Evidence("r", place[0], "", place[1], first, first + length, "x", 1.0),
        st.sampled_from(places),
        st.integers(0, 30),
        st.integers(0, 30),
    )
    evidence = data.draw(st.lists(spans, max_size=4))
    lines = sheet.body(HeldPaper(paper=paper, key="k"), evidence, own=[("Note", "x\x1b[2J")], width=width, plain=plain)
    assert max(cell_len(line.plain) for line in lines) <= max(width, 2)
    assert all(clean(line.plain) == line.plain for line in lines)


@given(st.text(max_size=40))
def test_a_typed_line_holds_what_is_printable(text):
    """Whatever is typed, the line is one line without control characters."""
    line = Line()
    for key in text:
        if line.feed(key) is not None:
            break
    assert line.text.isprintable()


def test_a_recording_shows_each_screen(held):
    """For the documents: the screens one after another, as text."""
    screens = recording(held.folder, [("i", "2 of 5"), ("e", "Why"), ("1", "3 of 5")])
    assert len(screens) == 4
    assert all(len(screen.split("\n")) == 30 for screen in screens)


def test_the_terminal_is_not_loaded_where_there_is_none(held):
    """`screen --help`, `decide` and `agreement` load neither termios nor rich."""
    code = (
        "import sys; from reftrack.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(sorted({'termios', 'rich', 'webbrowser', 'requests'} & set(sys.modules)), file=sys.stderr)"
    )
    for arguments in (
        ("screen", "--help"),
        ("decide", NEWEST, "include"),
        ("decide", "--help"),
        ("agreement", "--help"),
    ):
        assert held.process(*arguments, code=code).stderr.decode().splitlines()[-1] == "[]", arguments
