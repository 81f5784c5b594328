"""One grammar to choose papers by, in every command that takes several; and how a list of them looks."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
import unicodedata
from collections import Counter

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk import Workspace, terminal
from papers import FIRST_PMID, document, record
from reftrack.cli import COMMANDS, main
from reftrack.cli.shorthand import Selecting

ONE, TWO, THREE, FOUR = (FIRST_PMID + number for number in range(4))
RUN = [sys.executable, "-m", "reftrack"]


@pytest.fixture
def filled(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.fetch()
    return workspace


def pmids(workspace, *arguments, **options):
    """What a selection finds, in its order."""
    lines = workspace.run("list", *arguments, "--columns", "pmid", "--no-header", **options).stdout
    return [int(line) for line in lines.splitlines()]


# PubMed syntax


def test_match_holds_together_with_every_other_option(filled):
    """--match narrows what the other options leave, in their order."""
    assert pmids(filled, "--match", "examplin[ti]") == [THREE, TWO, ONE]
    assert pmids(filled, "--match", "examplin[ti]", "--sort", "year") == [ONE, TWO, THREE]
    assert pmids(filled, "--match", "examplin[ti] NOT rats[tiab]", "--year", "2020..2021") == [TWO, ONE]
    assert pmids(filled, "mortality", "--match", "examplin[ti]") == [ONE]
    assert pmids(filled, "--match", "examplin[ti]", "--limit", 1) == [THREE]


@pytest.mark.parametrize(
    "command", [["list"], ["export", "-f", "nbib"], ["count"], ["digest", "--format", "json"], ["tag", "add", "mood"]]
)
def test_a_bad_query_is_refused_everywhere_before_anything_is_done(filled, command):
    """Exit 6 with the place of the mistake, as `fetch` says it; nothing on stdout."""
    result = filled.run(*command, "--match", "stroke[tiba]", status=6)
    assert "--match: The query cannot be used: PubMed has no field [tiba]; did you mean [tiab]" in result.stderr
    assert not result.stdout


def test_a_bad_query_is_refused_on_a_first_day_too(tmp_path):
    """An empty library does not make a mistake look like an empty answer."""
    Workspace(tmp_path).run("list", "--match", "(stroke", status=6)


def test_what_match_takes_otherwise_than_pubmed_is_said_once_on_stderr(filled):
    """The matcher's warnings, each once, and not with -q."""
    result = filled.run("list", "--match", "stroke[mh] OR injury[mh] OR examplin[ti]")
    assert result.stderr.count("[MeSH Terms] is compared with the record's own words") == 1
    assert "MeSH" not in filled.run("-q", "list", "--match", "stroke[mh] OR examplin[ti]").stderr


def test_match_in_export_digest_and_count(filled):
    """The same papers leave, are told and are counted."""
    assert filled.run("export", "--match", "rats[ti]").stdout.count("@") == 1
    digest = json.loads(filled.run("digest", "--match", "rats[ti]", "--format", "json").stdout)
    told = {paper["pmid"] for section in digest["sections"] for paper in section["papers"]}
    assert told == {THREE}
    assert filled.json("count", "--match", "rats[ti]") == {"count": 1}


def test_list_without_match_does_not_load_the_matcher(filled):
    """Nor the workflow."""
    code = (
        "import sys\nfrom reftrack.cli import main\n"
        "try:\n    main(['list', 'examplin', '-tbi'], prog_name='reftrack')\nexcept SystemExit:\n    pass\n"
        "print([n for n in sys.modules if n.startswith(('reftrack.matching', 'reftrack.workflow', 'reftrack.model'))],"
        " file=sys.stderr)"
    )
    assert filled.process(code=code).stderr.decode().splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", ["year", "author", "title", "journal", "pmid", "first-seen"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_match_keeps_every_order(filled, name, sign):
    """What is found stands in the order that the whole list has."""
    whole = pmids(filled, "--sort", sign + name)
    found = pmids(filled, "--sort", sign + name, "--match", "examplin[ti] NOT rats[ti]")
    assert found == [pmid for pmid in whole if pmid != THREE]
    assert pmids(filled, "examplin", "--sort", "relevance", "--match", "stroke[ti]") == [TWO]


# study types and languages


def test_study_types_are_the_primary_ones(filled):
    """--study finds a paper where `count --by study` counts it, with what lies below; several by commas; none, too."""
    by_type = {row["value"]: row["count"] for row in filled.json("count", "--by", "study")}
    assert sum(by_type.values()) == len(pmids(filled))
    for name, number in by_type.items():
        assert len(pmids(filled, "--study", name or "none")) == number
    each = ",".join(name or "none" for name in by_type)
    assert pmids(filled, "--study", each) == pmids(filled)
    assert pmids(filled, "--study", "RCT", "--study", "animal") == []


def test_languages_are_pubmeds_codes(filled):
    """--language takes codes in any case of letters, several by commas; one that no paper has finds none."""
    assert pmids(filled, "--language", "ENG") == pmids(filled, "--language", "eng,rus") == pmids(filled)
    assert pmids(filled, "--language", "rus") == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--study", "tbi"], "--study 'tbi' is no study type but of the facet condition; --tag asks for it."),
        (["--study", "rtc"], "did you mean rct?"),
        (["--study", ""], "--study is empty, which would mean every paper."),
        (["--study", ","], "--study ',' names no study type"),
        (["--language", "English"], "PubMed's have three letters: eng, rus, chi."),
        (["--language", " "], "--language is empty, which would mean every paper."),
    ],
)
def test_what_is_no_study_type_or_language_is_told(filled, arguments, said):
    """Bad names are a usage error in one sentence."""
    assert said in filled.run("list", *arguments, status=2).stderr


# +tag -tag


def test_tags_among_the_words(filled):
    """+TAG is --tag and -TAG is --not-tag, wherever they stand."""
    assert pmids(filled, "+tbi") == pmids(filled, "--tag", "tbi") == [THREE, ONE]
    assert pmids(filled, "+tbi", "-animal") == [ONE]
    assert pmids(filled, "-animal", "examplin", "+condition/tbi") == [ONE]
    assert pmids(filled, "-tbi", "--sort", "-year") == pmids(filled, "--not-tag", "tbi", "--sort", "-year")


@pytest.mark.parametrize(
    "command", [["list"], ["export", "-f", "nbib"], ["count"], ["digest", "--format", "json"]], ids=" ".join
)
def test_every_command_with_text_takes_them(filled, command):
    """What +TAG -TAG choose is what the options choose."""
    short = filled.run(*command, "+tbi", "-animal").stdout
    assert short == filled.run(*command, "--tag", "tbi", "--not-tag", "animal").stdout
    assert short != filled.run(*command).stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-anmal"], "did you mean animal?"),
        (["+tbl"], "did you mean tbi?"),
        (["-limit", "3"], "did you mean --limit?"),
        (["-n", "3"], "There is no option -n."),
        (["-q"], "stands before the command: reftrack -q list"),
        (["-0.5"], "write it after --"),
    ],
)
def test_what_begins_with_a_hyphen_and_is_no_tag_is_explained(filled, arguments, words):
    """A mistyped tag is told the nearest, a mistyped option too; never a search for something else."""
    assert words in filled.run("list", *arguments, status=2).stderr


def test_words_that_begin_with_plus_or_minus_stand_after_two_hyphens(tmp_path):
    """Nothing after -- is an option or a tag; a sign that no tag follows is a word as ever."""
    workspace = Workspace(tmp_path)
    workspace.file.write_bytes(document(record(1, title="Head injury, examplin and -omics at 5 +/- 2.")))
    workspace.fetch()
    assert pmids(workspace, "examplin", status=0) == [ONE]
    result = workspace.run("list", "--columns", "pmid", "--no-header", "--", "-omics", "+omics", "-omics")
    assert result.stdout == f"{ONE}\n"
    assert "There is no word to search for in '+/-'" in workspace.run("list", "+/-", status=2).stderr
    assert pmids(workspace, '"-omics"') == [ONE]


def test_values_and_attached_values_stay_what_they_are(filled):
    """A value may begin with - or +, and -fris is still -f ris; -functional-outcome is no format."""
    assert pmids(filled, "--sort", "-title", "+tbi")
    assert filled.run("export", "-fris").stdout == filled.run("export", "-f", "ris").stdout
    filled.run("export", "-opapers.bib")
    assert (filled.folder / "papers.bib").exists()
    assert filled.run("export", "-functional-outcome").stdout.startswith("@")
    assert filled.run("list", "-h").stdout.startswith("Usage")
    assert pmids(filled, "-hie") == [THREE, TWO, ONE]


def test_every_command_that_takes_text_and_tags_knows_the_shorthand():
    """One that takes the options of a selection with words is a Selecting; nobody has to remember it."""
    for name in COMMANDS:
        command = main.get_command(None, name)
        if {"text", "tags"} <= {param.name for param in command.params}:
            assert isinstance(command, Selecting), name


@given(st.lists(st.text().filter(lambda word: word[:1] not in ("-", "+"))), st.lists(st.text()))
def test_other_words_are_left_alone(words, behind):
    """Whatever begins with neither sign, and whatever stands after --, reaches the command as it was typed."""
    command = Selecting("list", params=[click.Argument(["text"], nargs=-1)])
    assert command.make_context("list", [*words, "--", *behind]).params["text"] == (*words, *behind)


def test_completion_is_not_disturbed():
    """Half a line is parsed while a shell completes it, and nothing in it is a mistake yet."""
    command = Selecting("list", params=[click.Argument(["text"], nargs=-1)])
    command.make_context("list", ["-x", "+t"], resilient_parsing=True, ignore_unknown_options=True)


# count


def test_count_is_a_number(filled):
    """One number; {"count": n} as JSON; 0 is no failure."""
    assert filled.run("count").stdout == "3\n"
    assert filled.run("count", "+tbi").stdout == "2\n"
    assert filled.json("count", "--query", "stroke") == {"count": 1}
    assert filled.run("count", "nowhere").stdout == "0\n"
    assert filled.run("count", "--limit", 2).stdout == "2\n"


def test_count_by(filled):
    """A table of counts: TSV in a pipe, a list as JSON; the newest year, the most papers first, then those without."""
    assert filled.run("count", "--by", "year").stdout.splitlines() == ["year\tcount", "2022\t1", "2021\t1", "2020\t1"]
    assert filled.json("count", "--by", "query") == [{"value": "head", "count": 2}, {"value": "stroke", "count": 1}]
    studies = {row["value"]: row["count"] for row in filled.json("count", "--by", "study")}
    assert studies == Counter(paper["study"] for paper in filled.json("list"))
    for study in filter(None, studies):
        assert {"value": study, "count": studies[study]} in filled.json("count", "--by", "study", f"+{study}")
    assert filled.json("count", "--by", "journal", "+tbi") == [{"value": "J Example", "count": 2}]


def test_a_row_of_tags_is_what_the_tag_finds(filled):
    """A parent's row counts its children, too, as --tag does; a row without a name has what no tag of the facet has."""
    filled.run("tag", "add", TWO, "memory")  # below cognition, which the paper itself does not carry
    assert {"value": "cognition", "count": 1} in filled.json("count", "--by", "outcome")
    for facet in ("condition", "outcome", "population"):
        for row in filled.json("count", "--by", facet):
            if row["value"]:
                assert row["count"] == len(pmids(filled, "--tag", row["value"])), row
    rows = {row["value"]: row["count"] for row in filled.json("count", "--by", "outcome")}
    assert rows["mortality"] == 1
    assert rows[None] == 3 - len({pmid for tag in rows if tag for pmid in pmids(filled, "--tag", tag)})


def test_count_by_decision_is_what_the_option_finds(filled):
    """include, exclude, maybe as --decision has them, and the rest."""
    rows = {row["value"] or "none": row["count"] for row in filled.json("count", "--by", "decision")}
    for verdict in ("include", "exclude", "maybe", "none"):
        assert rows.get(verdict, 0) == len(pmids(filled, "--decision", verdict))


def test_count_on_a_first_day_and_by_nonsense(tmp_path, filled):
    """0 with a hint; an unknown table is told the nearest."""
    assert "did you mean year?" in filled.run("count", "--by", "yaer", status=2).stderr
    (tmp_path / "new").mkdir()
    empty = Workspace(tmp_path / "new")
    assert empty.run("count").stdout == "0\n"
    assert "fetch" in empty.run("count").stderr
    assert empty.json("count", "--by", "year") == []


# what was found


def test_a_word_in_the_title_counts_more_than_in_the_abstract(tmp_path):
    """However often the abstract says it."""
    workspace = Workspace(tmp_path)
    often = " ".join(["mortality after head injury"] * 20)
    workspace.file.write_bytes(
        document(
            record(1, title="Examplin.", abstract=[("", often)]),
            record(2, title="Mortality after examplin in concussion, a long title of many other words."),
        )
    )
    workspace.fetch()
    assert pmids(workspace, "mortality") == [TWO, ONE]


def test_a_snippet_shows_the_words_in_their_sentence(filled):
    """In a pipe in «…»; as JSON a field that is there only with TEXT."""
    line = filled.run("list", "mortality", "--columns", "pmid,snippet", "--no-header").stdout
    assert line.startswith(f"{ONE}\t")
    assert "RESULTS: «Mortality» did not differ between the groups." in line
    assert "«rats»" in filled.run("list", "rats", "--columns", "snippet").stdout
    assert "Authors: «Example» A" in filled.run("list", "example", "--columns", "snippet").stdout
    assert "«Mortality»" in filled.json("list", "mortality")[0]["snippet"]
    assert "snippet" not in filled.json("list", "+tbi")[0]
    assert "needs words" in filled.run("list", "+tbi", "--columns", "snippet", status=2).stderr


def test_snippets_of_many_papers_are_looked_up_some_at_a_time(filled, monkeypatch):
    """Each paper has its own, whichever handful it is looked up with."""
    whole = filled.run("list", "examplin", "--columns", "pmid,snippet").stdout
    monkeypatch.setattr("reftrack.cli.finding.CHUNK", 1)
    assert filled.run("list", "examplin", "--columns", "pmid,snippet").stdout == whole
    assert whole.lower().count("«examplin»") == 3


def test_words_found_are_marked_on_a_terminal(filled):
    """Bold and underlined in the title, and beneath it a piece of the abstract; never by colour alone."""
    raw = seen_raw([*RUN, "list", "mortality", "injury"], filled.folder)
    assert "\x1b[1;4minjury\x1b[0m" in raw
    assert "\x1b[1;4mMortality\x1b[0m" in raw
    _, plain = terminal([*RUN, "list", "mortality"], filled.folder, columns=140)
    assert re.search(r"— .*Mortality did not differ", plain)


def test_words_of_a_retracted_title_are_marked_behind_its_mark(tmp_path):
    """RETRACTED stands first, and the words are marked where they are shown."""
    workspace = Workspace(tmp_path)
    notice = (
        '<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>J Example</RefSource>'
        "</CommentsCorrections></CommentsCorrectionsList>"
    )
    workspace.file.write_bytes(document(record(1, title="RETRACTED: Examplin in head injury.", extra=notice)))
    workspace.fetch()
    raw = seen_raw([*RUN, "list", "head"], workspace.folder)
    assert re.sub(r"\x1b\[[0-9;]*m", "", raw).count("RETRACTED") == 1
    assert re.search(r"\x1b\[1;4;31mhead\x1b\[0m", raw)


# queries, dates, notices, decisions


SAVED = 'title = "Examplin in sepsis"\nterm = "examplin[tiab] AND sepsis[tiab]"\n'


@pytest.mark.parametrize("command", [["list"], ["export"], ["count"], ["digest"], ["tag", "add", "mood"]], ids=" ".join)
def test_a_query_that_never_ran_is_not_an_unknown_one(filled, command):
    """One that is saved is told how to run it; a misspelt one the nearest of those saved or run."""
    (filled.folder / "queries" / "sepsis.toml").write_text(SAVED)
    saved = filled.run(*command, "--query", "sepsis", status=2).stderr
    assert "The query sepsis is saved but was never run; `reftrack fetch sepsis` runs it." in saved
    assert "did you mean sepsis?" in filled.run(*command, "--query", "sepsi", status=2).stderr
    assert "did you mean stroke?" in filled.run(*command, "--query", "strok", status=2).stderr
    assert "`reftrack query list`" in filled.run(*command, "--query", "x9", status=2).stderr


@pytest.mark.parametrize(
    ("option", "found"),
    [
        (["--new"], 3),
        (["--since", "1d"], 3),
        (["--since", "last"], 3),
        (["--notice", "retraction"], 0),
        (["--decision", "none"], 3),
        (["--decision", "include"], 0),
        (["--query", "head"], 2),
        (["--match", "rats[tiab]"], 1),
        (["+tbi"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_every_option_chooses_the_same_in_every_command(filled, option, found):
    """list, count, export, tag and (but for its own --since) digest."""
    assert len(pmids(filled, *option)) == found
    assert filled.run("count", *option).stdout == f"{found}\n"
    assert filled.run("export", *option, "-f", "nbib").stdout.count("PMID-") == found
    by_tag = ["--tag" if part == "+tbi" else part for part in option] + (["tbi"] if option == ["+tbi"] else [])
    dry = filled.run("tag", "add", "mood", *by_tag, "--dry-run")
    assert len(dry.stdout.splitlines()[1:]) == found
    if option[0] != "--since":
        news = json.loads(filled.run("digest", *option, "--format", "json").stdout)
        assert len({paper["pmid"] for section in news["sections"] for paper in section["papers"]}) == found


# tags by selection


def test_a_selection_is_tagged_only_when_it_was_agreed_to(filled):
    """Without a terminal more than one paper needs --yes; nothing is changed before."""
    refused = filled.run("tag", "add", "mood", "--match", "examplin[ti]", status=2)
    assert "Add outcome/mood to 3 papers? Nobody can be asked here: --yes" in refused.stderr
    assert not pmids(filled, "+mood")
    done = filled.run("tag", "add", "mood", "--match", "examplin[ti]", "--year", "2021..", "--yes")
    assert "outcome/mood added to 2 papers" in done.stdout
    assert pmids(filled, "+mood") == [THREE, TWO]
    filled.run("tag", "rm", "tbi", "--pmid", ONE)
    assert pmids(filled, "+tbi") == [THREE]
    assert "2 decisions forgotten" in filled.run("tag", "reset", "mood", "--tag", "mood", "--yes").stdout


def test_a_rehearsal_shows_the_papers_and_changes_nothing(filled):
    """--dry-run, for a selection and for named papers."""
    dry = filled.run("tag", "add", "mood", "--tag", "tbi", "--dry-run")
    assert [line.split("\t")[0] for line in dry.stdout.splitlines()] == ["pmid", str(THREE), str(ONE)]
    assert "Would add outcome/mood to 2 papers; nothing was changed." in dry.stderr
    assert str(TWO) in filled.run("tag", "rm", TWO, "mood", "--dry-run").stdout
    assert not pmids(filled, "+mood")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([ONE, "mood", "--query", "head"], "both named"),
        (["mood"], "Name at least one paper"),
        (["moood", "--query", "head"], "did you mean mood?"),
        (["mood", "--query", "head", "--year", "x"], "--year 'x' is not understood"),
        (["mood", "--query", ""], "--query is empty"),
    ],
)
def test_papers_are_named_or_selected(filled, arguments, words):
    """Both, neither, or a mistake in either is refused before anything is changed."""
    assert words in filled.run("tag", "add", *arguments, "--yes", status=2).stderr
    assert filled.run("tag", "list").stdout.count("mood") == 0


def test_a_selection_of_nothing_changes_nothing(filled):
    """And is no failure."""
    assert "nothing was changed" in filled.run("tag", "add", "mood", "--year", "1900").stderr


@pytest.mark.parametrize(("answer", "tagged"), [(b"y\n", 3), (b"n\n", 0), (b"\n", 0)])
def test_a_person_is_asked_on_a_terminal(filled, answer, tagged):
    """No, and just Enter, change nothing."""
    status, seen = talk([*RUN, "tag", "add", "mood", "--match", "examplin[ti]"], filled.folder, answer)
    assert status == 0
    assert "Add outcome/mood to 3 papers? [y/N]" in seen
    assert len(pmids(filled, "+mood")) == tagged


# terminals


def width(text):
    """Cells that a text takes on a terminal, by Unicode's own tables (UAX 11) and not by rich's."""
    cells = 0
    for character in text:
        if unicodedata.category(character) in ("Mn", "Me", "Cf") or unicodedata.combining(character):
            continue
        cells += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return cells


TITLES = (
    "脳損傷におけるエグザンプリンの無作為化比較試験 examplin head injury " * 3,
    "Examplin in head injury \U0001f9e0 with emoji \U0001f600\U0001f680 and flags",
    "Examplin \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f44d\U0001f3fd \u2764\ufe0f head in\u00adjury",
    "Examplin \u05d1\u05e4\u05d2\u05d9\u05e2\u05ea \u05e8\u05d0\u05e9 head injury \u0625\u0635\u0627\u0628\u0629",
    "Examplin in head injury \u202e\u2066 reversed \u2069 and \u200bzero",
    "e\u0301\u0301xamplin Examplin in he\u0301a\u0308d head injury n\u0303o\u0302te",
    "Examplin head injury " + "word " * 400,
    "Examplin head injury " + "x" * 400,
    "Examplin ｆｕｌｌｗｉｄｔｈ　ｓｐａｃｅ head injury 한국어",
)


@pytest.mark.parametrize("columns", [60, 80, 140, 200])
@pytest.mark.parametrize("arguments", [["list"], ["list", "examplin"], ["list", "--columns", "pmid,title,journal"]])
def test_titles_never_break_a_column(tmp_path, columns, arguments):
    """No line is wider than the terminal, and in every line the columns begin where their heads do."""
    workspace = Workspace(tmp_path)
    workspace.file.write_bytes(document(*(record(n, title=title) for n, title in enumerate(TITLES, 1))))
    workspace.fetch()
    _, seen = terminal([*RUN, *arguments], workspace.folder, columns=columns, both=False)
    lines = [line for line in seen.splitlines() if line.strip()]
    assert len(lines) > 12
    assert max(map(width, lines)) <= columns
    head = lines[0]
    starts = [head.index(name) for name in (("Title", "Key") if "--columns" not in arguments else ("title", "journal"))]
    for line in lines[2:]:
        for start in starts:
            assert cell(line, start - 1) == " ", (line, start)
    assert not re.search(r"[\u202a-\u202e\u2066-\u2069\u200b\x1b\x07]", seen)


def cell(line, place):
    """What stands in this cell of a line; of a wide character, its second half is "…"."""
    at = 0
    for character in line:
        cells = width(character)
        if at <= place < at + cells:
            return character if place == at else "…"
        at += cells
    return " "


def test_no_color_is_heeded(filled):
    """With NO_COLOR no colour at all; what was found stays bold and underlined."""
    raw = seen_raw([*RUN, "list", "injury"], filled.folder, environment={"NO_COLOR": "1"})
    assert not re.search(r"\x1b\[[0-9;]*(3[0-7]|4[0-7]|9[0-7]|38|48)[;m]", raw)
    assert "injury" in raw


def test_no_colour_of_a_list_vanishes_on_white_or_black(filled):
    """Neither yellow nor cyan, which nobody reads on white, nor blue or dim on black: default, red, magenta, green."""
    raw = "".join(
        seen_raw([*RUN, *arguments], filled.folder)
        for arguments in (["list"], ["list", "injury"], ["count", "--by", "year"])
    )
    codes = {code for codes in re.findall(r"\x1b\[([0-9;]*)m", raw) for code in codes.split(";")}
    assert codes <= {"", "0", "1", "3", "4", "31", "32", "35"}


def test_no_command_names_a_colour_that_vanishes(project):
    """The same for every other command, by what their files say."""
    for path in (project / "src" / "reftrack" / "cli").glob("*.py"):
        found = re.findall(
            r'"(?:[a-z_]+ )*(?:bright_)?(?:yellow|cyan|blue|white|black)"', path.read_text(encoding="utf-8")
        )
        assert not found, path


# the pager


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A workspace of 300 papers."""
    workspace = Workspace(tmp_path_factory.mktemp("long"))
    workspace.file.write_bytes(document(*(record(number) for number in range(1, 301))))
    workspace.fetch()
    return workspace


def talk(command, folder, answer=b"", *, columns=100, environment=None, interrupt=False):
    """A command at a terminal of its own, with a keyboard: what was typed, and what was seen."""
    child, side = pty.fork()
    if not child:  # pragma: no cover - becomes the command
        os.chdir(folder)
        os.environ.update({"COLUMNS": str(columns), "TERM": "xterm-256color", **(environment or {})})
        os.execv(command[0], command)
    seen, typed, began = b"", False, time.monotonic()
    while time.monotonic() - began < 60:
        ready, _, _ = select.select([side], [], [], 0.3)
        if ready:
            try:
                piece = os.read(side, 65536)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        elif seen and not typed:
            typed = True
            os.write(side, b"\x03" if interrupt else answer)
    _, status = os.waitpid(child, 0)
    os.close(side)
    return os.waitstatus_to_exitcode(status), seen.decode(errors="replace")


def seen_raw(command, folder, environment=None):
    """What a terminal gets, escape sequences and all."""
    _, seen = talk(command, folder, environment={"REFTRACK_PAGER": "", **(environment or {})})
    return seen


def test_a_long_list_is_paged_and_a_short_one_is_not(long):
    """REFTRACK_PAGER before PAGER; --no-pager, and an empty name, are none."""
    pager = {"REFTRACK_PAGER": "sed s/^/PAGED/", "PAGER": "false"}
    status, seen = talk([*RUN, "list"], long.folder, environment=pager)
    assert status == 0
    assert seen.count("PAGED") > 300
    assert "300 papers" in seen
    assert "PAGED" not in talk([*RUN, "list", "--limit", "3"], long.folder, environment=pager)[1]
    assert "PAGED" not in talk([*RUN, "list", "--no-pager"], long.folder, environment=pager)[1]
    assert "PAGED" not in talk([*RUN, "list", "--json"], long.folder, environment=pager)[1]
    assert "PAGED" not in talk([*RUN, "list", "--csv"], long.folder, environment=pager)[1]
    by_pager = talk([*RUN, "list"], long.folder, environment={"PAGER": "sed s/^/PAGED/"})[1]
    assert by_pager.count("PAGED") > 300


@pytest.mark.parametrize("arguments", [["count"], ["list", "--count"], ["count", "--by", "year"], ["list", "nowhere"]])
def test_a_short_answer_stays_what_it_is(long, arguments):
    """Nothing is paged, and nothing is lost, where a person sits at a terminal with a pager."""
    status, seen = talk([*RUN, *arguments], long.folder, environment={"REFTRACK_PAGER": "sed s/^/PAGED/"})
    assert status == 0
    assert "PAGED" not in seen
    assert "300" in seen or "No paper" in seen


def test_leaving_the_pager_early_is_no_failure(long):
    """Exit 0 and no traceback."""
    status, seen = talk([*RUN, "list"], long.folder, environment={"REFTRACK_PAGER": "head -3"})
    assert status == 0
    assert "Traceback" not in seen
    assert "Error" not in seen


def test_a_pager_that_is_not_there_is_done_without(long):
    """The list runs past."""
    status, seen = talk([*RUN, "list"], long.folder, environment={"REFTRACK_PAGER": "no-such-pager-here"})
    assert status == 0
    assert seen.count("made-up trial") == 300


def test_ctrl_c_in_the_pager_is_no_traceback(long):
    """It ends a pager that ends of it, and the list with it."""
    status, seen = talk(
        [*RUN, "list"], long.folder, environment={"REFTRACK_PAGER": "sh -c 'head -2; sleep 30'"}, interrupt=True
    )
    assert status == 0
    assert "Traceback" not in seen


def test_in_a_pipe_nothing_is_paged(long):
    """Whatever the environment says."""
    environment = {**os.environ, "REFTRACK_PAGER": "sed s/^/PAGED/"}
    result = subprocess.run(
        [*RUN, "list"], cwd=long.folder, env=environment, capture_output=True, text=True, check=True
    )
    assert "PAGED" not in result.stdout
    assert len(result.stdout.splitlines()) == 301
