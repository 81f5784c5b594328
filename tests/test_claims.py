"""What is behind each claim: counts that `list` gives too, sentences that hold the words, nothing that judges."""

import json
import os
import shlex
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from desk import Workspace, terminal
from papers import document, paper, record
from reftrack import claims
from reftrack.cli import main
from reftrack.errors import UsageError
from reftrack.library.reading import Reader
from reftrack.matching import compile_term
from reftrack.matching.places import places
from reftrack.matching.text import fold
from reftrack.model import Section
from reftrack.workflow.claiming import faults

IDS = [claim.id for claim in claims.parse_shipped()]
RETRACTED = (
    '<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>J Example</RefSource>'
    '<PMID Version="1">90000099</PMID></CommentsCorrections></CommentsCorrectionsList>'
)
TRIAL = "Examplin in head injury: a randomized, double-blind, placebo-controlled trial in patients."
RAT = "Examplin in rats with controlled cortical impact: Wistar rats were randomized to examplin or saline."
OWN = """
[[claim]]
id = "memory"
statement = "Examplin helps memory."
tags = ["memory"]

[[claim]]
id = "deaths"
statement = "Nobody dies of examplin."
note = "Deaths only."
tags = ["mortality"]
also = [{ match = "deaths[tiab] NOT rats[tiab]" }]
"""


class Shelf(Workspace):
    """A workspace whose records may be others."""

    def put(self, *records):
        """Fetch these records."""
        self.file.write_bytes(document(*records))
        self.fetch()
        return self

    def say(self, text, name="own"):
        """Write a file of claims."""
        (self.folder / "claims").mkdir(exist_ok=True)
        (self.folder / "claims" / f"{name}.toml").write_text(text, encoding="utf-8")
        return self

    def listed(self, commands):
        """The PMIDs that printed commands list together."""
        found = set()
        for command in commands:
            program, *words = shlex.split(command)
            assert program == "reftrack"
            found |= set(map(int, self.run(*words, "--columns", "pmid").stdout.split()[1:]))
        return found


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """A workspace with the shipped citations."""
    folder = tmp_path_factory.mktemp("sample")
    before = Path.cwd()
    os.chdir(folder)
    try:
        for words in (["init", "."], ["fetch", "--from", "sample"]):
            assert CliRunner().invoke(main, words).exit_code == 0
    finally:
        os.chdir(before)
    shelf = Shelf.__new__(Shelf)
    shelf.folder = folder
    return shelf


@pytest.fixture
def shelf(tmp_path):
    """A workspace of made-up papers with claims of its own about them."""
    made = Shelf(tmp_path).say(OWN)
    return made.put(
        record(1, title=TRIAL, abstract=(("RESULTS", "Mortality was lower. Memory did not differ."),), year="2012"),
        record(
            2,
            title="Examplin after head injury: a retrospective cohort study.",
            abstract=(("METHODS", "Patients were followed."), ("RESULTS", "There were two deaths &amp; no &lt;b&gt;.")),
            extra=RETRACTED,
            year="2021",
        ),
        record(3, title=RAT + " Head injury.", abstract=(("RESULTS", "Memory in the water maze rose."),), year="2022"),
        record(4, title="Examplin in head injury.", year="2024"),
    )


# the shipped claims


def test_every_row_of_the_design_has_its_claim():
    """All statements that lay articles make are there, and the one that they never make."""
    assert [
        *("composition", "regions", "crosses-bbb", "neurotrophic", "neurogenesis", "neuroprotection", "inflammation"),
        *("oxidative-stress", "plasticity", "apoptosis", "excitotoxicity", "memory", "attention", "executive"),
        *("cognition", "motor", "function", "lasting", "neurodegeneration", "dosage", "rehabilitation", "safety"),
    ] == IDS


def test_shipped_claims_have_no_fault(sample):
    """Their tags exist, their queries can be read, and nothing in them would be read otherwise than PubMed does."""
    with Reader.open(sample.folder / "db" / "reftrack.db") as reader:
        assert faults(reader, claims.parse_shipped()) == []
    assert sample.run("claims", "--lint").stdout == ""


@pytest.mark.parametrize("claim", claims.parse_shipped(), ids=IDS)
def test_a_claim_is_told_with_what_it_counts(claim):
    """Each is a sentence, with a note on what is counted, on papers about one thing."""
    assert claim.statement.endswith(".")
    assert claim.note.endswith(".")
    assert claim.about


@pytest.mark.parametrize("name", IDS)
def test_the_numbers_are_those_of_list(sample, name):
    """The printed commands list exactly the papers of the claim, and every count can be had from them."""
    told = sample.json("claims", name)
    pmids = sample.listed(told["commands"])
    assert set(told["pmids"]) == pmids
    assert told["papers"] == len(told["pmids"]) == sum(told["kinds"].values())
    assert {one["pmid"] for one in told["evidence"]} == pmids
    named = [word for pmid in pmids for word in ("--pmid", pmid)]
    if named:
        assert sorted(map(str, told["study"])) == sorted(map(str, sample.json("count", "--by", "study", *named)))
        for tag, papers in told["tagged"].items():
            assert sample.json("count", "--tag", tag, *named) == {"count": papers}


@pytest.mark.parametrize(
    "options",
    [
        ["+rct"],
        ["--any-tag", "stroke", "--any-tag", "sah", "--year", "2010.."],
        ["--match", "acute[tiab] OR severe[tiab]", "-animal"],
        ["--query", "tbi", "--sort", "year"],
        ["--pmid", "31494820", "--pmid", "26763925"],
    ],
)
def test_a_selection_narrows_and_is_in_the_commands(sample, options):
    """Among selected papers, too, each claim's commands list its papers; with tags on both sides as well."""
    chosen = set(map(int, sample.run("list", *options, "--columns", "pmid").stdout.split()[1:]))
    whole = {one["claim"]: set(one["pmids"]) for one in sample.json("claims")["claims"]}
    table = sample.json("claims", *options)
    assert table["papers"] == len(chosen)
    for told in table["claims"]:
        assert set(told["pmids"]) == whole[told["claim"]] & chosen
        assert sample.listed(told["commands"]) == set(told["pmids"])
    assert table["on_no_claim"] == len(chosen.difference(*(one["pmids"] for one in table["claims"])))


def test_a_barrier_that_leaks_is_no_barrier_that_is_passed():
    """crosses-bbb counts penetration, not integrity."""
    (claim,) = (one for one in claims.parse_shipped() if one.id == "crosses-bbb")
    finds = compile_term(claim.ways[0].match)
    leaks = "Blood-brain barrier leakage of Evans blue fell after penetrating brain injury."
    for text, met in (
        (leaks, False),
        ("Its peptides cross the blood-brain barrier.", True),
        ("Uptake: it penetrates the blood\u2013brain barrier in man.", True),
        ("Brain uptake of the peptides was measured.", True),
    ):
        assert finds(paper(1, title="Made up", abstract=(Section("", text),))) is met, text


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("Outcome at 6 months was rated.", True),
        ("A six-month follow-up.", True),
        ("Outcome at 90 days was rated.", False),
        ("Long-term memory was tested after 3 months.", False),
        ("Patients were 65 years old.", False),
    ],
)
def test_lasting_asks_for_half_a_year(text, met):
    """It counts spans of six months and more, and no long-term memory."""
    (claim,) = (one for one in claims.parse_shipped() if one.id == "lasting")
    assert compile_term(claim.ways[0].match)(paper(1, title="Made up", abstract=(Section("", text),))) is met


# the table and one claim


def test_what_is_behind_a_claim_and_what_is_absent(shelf):
    """Counts by kind, people and animals, the newest, what is retracted, and what a reader would miss."""
    told = {one["claim"]: one for one in shelf.json("claims")["claims"]}
    memory, deaths = told["memory"], told["deaths"]
    assert (memory["pmids"], memory["trials"]) == ([90000003, 90000001], 1)
    assert {kind: count for kind, count in memory["kinds"].items() if count} == {"RCTs": 1, "animal": 1}
    assert memory["tagged"] == {"human": 1, "animal": 1, "in-vitro": 0}
    assert (memory["newest"], memory["retracted"], memory["absent"]) == (2022, [], ["no meta-analysis"])
    assert (deaths["pmids"], deaths["retracted"]) == ([90000002, 90000001], [90000002])
    assert len(deaths["commands"]) == 2


def test_absence_is_told_in_a_few_words(shelf):
    """No paper, no study in people, nothing since, and trials of which none still stands."""
    shelf.say(
        """
        [[claim]]
        id = "rats"
        statement = "Rats."
        tags = ["animal"]
        [[claim]]
        id = "old"
        statement = "Old."
        tags = ["rct"]
        [[claim]]
        id = "none"
        statement = "None."
        tags = ["cost"]
        [[claim]]
        id = "cohort"
        statement = "Cohort."
        tags = ["cohort"]
        """,
        "more",
    )
    told = {one["claim"]: one["absent"] for one in shelf.json("claims")["claims"]}
    assert told["rats"] == ["no study in people"]
    assert told["old"] == ["no meta-analysis", "nothing since 2012"]
    assert told["none"] == ["no paper"]
    assert told["cohort"] == ["no randomised trial", "no meta-analysis"]
    shelf.put(record(1, title=TRIAL, extra=RETRACTED, year="2012"))
    told = {one["claim"]: one["absent"] for one in shelf.json("claims")["claims"]}
    assert told["old"][0] == "no randomised trial that is not retracted"


def test_a_claim_shows_its_papers_with_their_sentences(shelf):
    """Strongest kind first, retracted ones marked, each with the words that count, then how to list them."""
    said = shelf.run("claims", "deaths")
    lines = said.stdout.splitlines()
    assert lines[0] == "deaths · Nobody dies of examplin."
    assert lines[1] == "Deaths only."
    assert [line for line in lines if line.endswith(" (1)")] == ["rct (1)", "cohort (1)"]
    assert "    RESULTS: «Mortality» was lower." in lines
    assert "    RESULTS: There were two «deaths» & no <b>." in lines
    assert [line for line in lines if "RETRACTED" in line and "90000002" in line]
    assert lines[-2:] == ["  reftrack list --tag mortality", "  reftrack list --match 'deaths[tiab] NOT rats[tiab]'"]
    assert "no verdict" in said.stderr
    assert "no advice" in said.stderr


def test_what_a_claim_leaves_out_is_left_out(shelf):
    """not_tags takes papers away, with a query and without one."""
    shelf.say(
        '[[claim]]\nid = "x"\nstatement = "X."\ntags = ["memory"]\nnot_tags = ["animal"]\n'
        '[[claim]]\nid = "y"\nstatement = "Y."\nmatch = "memory[tiab]"\nnot_tags = ["animal"]\n'
    )
    told = {one["claim"]: one for one in shelf.json("claims")["claims"]}
    for name in "xy":
        assert told[name]["pmids"] == [90000001]
        assert shelf.listed(told[name]["commands"]) == {90000001}


def test_only_the_way_that_a_paper_meets_is_its_evidence(shelf):
    """Words of a query whose tags the paper lacks are not shown for it."""
    shelf.say(
        '[[claim]]\nid = "x"\nstatement = "X."\ntags = ["memory"]\n'
        'also = [{ tags = ["cohort"], match = "rose[tiab] OR deaths[tiab]" }]\n'
    )
    said = shelf.run("claims", "x").stdout
    assert "«deaths»" in said
    assert "«rose»" not in said


def test_on_whom_is_no_evidence(shelf):
    """Of an outcome in one of several conditions the words of the outcome are shown, not those of the condition."""
    shelf.say('[[claim]]\nid = "x"\nstatement = "X."\ntags = ["memory"]\nany_tags = ["tbi", "stroke"]\n')
    shown = {
        word.lower() for one in shelf.json("claims", "x")["evidence"] for s in one["sentences"] for word in s["words"]
    }
    assert shown == {"memory", "water maze"}


def test_findings_come_before_aims(shelf):
    """Of several sentences what was found is shown first, whatever the weights."""
    shelf.put(
        record(
            1,
            title=TRIAL,
            abstract=(
                ("OBJECTIVE", "Mortality, deaths and survival after death were asked for: mortality, case fatality."),
                ("RESULTS", "Deaths were few."),
            ),
        )
    )
    lines = shelf.run("claims", "deaths").stdout.splitlines()
    first = next(number for number, line in enumerate(lines) if "90000001" in line)
    assert lines[first + 1].startswith("    RESULTS: «Deaths»")


def test_a_tag_by_hand_counts_and_has_no_sentence(shelf):
    """A paper that a person tagged bears on the claim, and is said to have no sentence for it."""
    shelf.run("tag", "add", "90000004", "memory")
    told = shelf.json("claims", "memory")
    assert [one["sentences"] for one in told["evidence"] if one["pmid"] == 90000004] == [[]]
    assert "tagged by hand" in shelf.run("claims", "memory").stdout


def test_limit_shows_fewer_and_counts_all(shelf):
    """--limit is for what is shown of one claim; over the table it would cut the counts and is refused."""
    said = shelf.run("claims", "memory", "--limit", 1).stdout
    assert "2 papers" in said
    assert "… and 1 paper more." in said
    told = shelf.json("claims", "memory", "--limit", 1)
    assert (told["papers"], len(told["evidence"])) == (2, 1)
    assert "--limit" in shelf.run("claims", "--limit", 1, status=2).stderr


def test_tsv_in_a_pipe(shelf):
    """One line a claim, stdout alone, with how many papers bear on none on stderr."""
    said = shelf.run("claims")
    header, *rows = [line.split("\t") for line in said.stdout.splitlines()]
    assert {len(row) for row in rows} == {len(header)}
    assert [row[0] for row in rows] == ["memory", "deaths"]
    assert dict(zip(header, rows[0], strict=True))["rcts"] == "1"
    assert "1 of 4 papers bears on no claim." in said.stderr


@pytest.mark.parametrize("columns", [40, 60, 80, 140])
@pytest.mark.parametrize("words", [["claims"], ["claims", "deaths"]])
def test_nothing_is_wider_than_the_window(shelf, columns, words):
    """The table and the papers keep within the window; only a command to copy may run on."""
    _, seen = terminal([sys.executable, "-m", "reftrack", *words], shelf.folder, columns=columns, both=False)
    lines = [line.rstrip() for line in seen.splitlines() if "reftrack list" not in line]
    assert max(map(len, lines)) <= columns
    assert "retracted" in seen.lower() or "retr." in seen


# claims as data


def test_shipped_claims_do_not_bother_another_topic(shelf):
    """Of claims about a thing of which the library holds nothing only a note is left."""
    said = shelf.run("claims")
    assert "Left out: 21 claims (composition" in said.stderr  # memory is the workspace's own
    assert "holds no paper" in said.stderr
    assert "left out" in shelf.run("claims", "motor", status=2).stderr


def test_a_workspace_changes_and_switches_off_claims():
    """What a file says of a claim replaces; what it leaves out stays; disabled takes it away."""
    own = [
        ("claims/a.toml", '[[claim]]\nid = "motor"\nstatement = "Walking."\n[[claim]]\nid = "memory"\ndisabled = true'),
        (
            "claims/b.toml",
            """
            claim = [
                { id = "function", tags = ["adl"] },
                { id = "x", statement = "X.", match = "x[ti]" },
                { id = "safety", statement = "Mine.", tags = ["rct"] },
            ]
            """,
        ),
    ]
    before = {claim.id: claim for claim in claims.parse_shipped()}
    after = {claim.id: claim for claim in claims.load(own)}
    assert list(after) == [one for one in IDS if one != "memory"] + ["x"]
    assert after["motor"].statement == "Walking."
    assert after["motor"].ways == before["motor"].ways
    assert after["motor"].about == before["motor"].about
    assert after["function"].ways == (claims.Way(tags=("adl",)),)
    assert after["function"].about == before["function"].about
    assert after["safety"] == claims.Claim("safety", "Mine.", "", (), (claims.Way(tags=("rct",)),), "claims/b.toml")
    assert after["x"].about == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[claim]]\nid = "x"\nstatment = "X"', ["claim x", "'statment'", "statement?"]),
        ('[[claims]]\nid = "x"', ["'claims'", "claim?"]),
        ('[claim]\nid = "x"', ["[[claim]]"]),
        ('[[claim]]\nstatement = "X"\ntags = ["rct"]', ["claim number 1", "no id"]),
        ('[[claim]]\nid = "No Good"', ["claim number 1", "No Good"]),
        ('[[claim]]\nid = "x"\ntags = ["rct"]', ["claim x", "no statement"]),
        ('[[claim]]\nid = "x"\nstatement = "X"', ["claim x", "which papers"]),
        ('[[claim]]\nid = "x"\nstatement = "X"\nnot_tags = ["rct"]', ["claim x", "nearly every paper"]),
        ('[[claim]]\nid = "x"\nstatement = "X"\ntags = "rct"', ["claim x", "tags must be a list"]),
        ('[[claim]]\nid = "x"\nstatement = "X"\ntags = []', ["claim x", "tags must be a list"]),
        ('[[claim]]\nid = "x"\nstatement = 5\ntags = ["rct"]', ["claim x", "statement must be text"]),
        ('[[claim]]\nid = "x"\nstatement = " "\ntags = ["rct"]', ["claim x", "statement is empty"]),
        ('[[claim]]\nid = "x"\nstatement = "X"\nmatch = ""', ["claim x", "match is empty"]),
        ('[[claim]]\nid = "x"\nstatement = "X"\nalso = [{tag = ["a"]}]', ["claim x, also", "'tag'", "tags?"]),
        ('[[claim]]\nid = "x"\nstatement = "X"\nalso = ["a"]', ["claim x", "also must be"]),
        ('[[claim]]\nid = "x"\ndisabled = true', ["claim x", "switch off"]),
        ('[[claim]]\nid = "x"\ndisabled = "yes"', ["claim x", "true or false"]),
        ('[[claim]]\nid = "x"\nstatement = "X"\ntags = ["rct"]\n[[claim]]\nid = "x"', ["claim x", "twice"]),
        ("about = 5", ["about must be a list"]),
        ("x = [", ["TOML"]),
    ],
)
def test_every_mistake_names_file_claim_and_key(text, said):
    """A file that cannot be used is refused with its name, the claim, the key, and the nearest one that exists."""
    with pytest.raises(UsageError) as refused:
        claims.load([("claims/own.toml", text)])
    message = str(refused.value)
    assert message.startswith("claims/own.toml")
    assert not [part for part in said if part not in message], message


@pytest.mark.parametrize(
    ("line", "said", "status"),
    [
        ('tags = ["memry"]', ["claims/own.toml, claim x: tags", "memory?"], 2),
        ('about_tag = ["memry"]', ["claims/own.toml, claim x", "about_tag"], 2),
        ('match = "(a[tiab]"', ["claims/own.toml, claim x: match", "bracket"], 6),
    ],
)
def test_a_tag_that_is_none_and_a_query_that_fails_are_errors(shelf, line, said, status):
    """They are told, not counted as nothing; --lint tells all of them at once."""
    shelf.say(f'[[claim]]\nid = "x"\nstatement = "X."\n{line}\n')
    told = shelf.run("claims", status=status).stderr
    assert not [part for part in said if part not in told], told


def test_lint_tells_every_fault(shelf):
    """One line a fault, and status 1."""
    shelf.say(
        '[[claim]]\nid = "x"\nstatement = "X."\ntags = ["memry"]\n'
        '[[claim]]\nid = "y"\nstatement = "Y."\nmatch = "a[tiab"\n'
        '[[claim]]\nid = "z"\nstatement = "Z."\nmatch = "a[tiab] or b[tiab]"\n'
    )
    lines = shelf.run("claims", "--lint", status=1).stdout.splitlines()
    assert [line.partition(", claim ")[2][:1] for line in lines if line.startswith("claims/own.toml")] == [
        "x",
        "y",
        "z",
    ]
    assert [fault["problem"] for fault in shelf.json("claims", "--lint", status=1)] == lines
    assert "leave out" in shelf.run("claims", "--lint", "--year", "2015..", status=2).stderr


def test_a_claim_that_does_not_exist_is_told_the_nearest(shelf):
    """A misspelt claim is status 2 with the name that was meant."""
    assert "did you mean memory?" in shelf.run("claims", "memroy", status=2).stderr
    assert "shows them all" in shelf.run("claims", "qqqq", status=2).stderr


def test_an_empty_library_says_what_to_do(tmp_path):
    """Without a paper there is nothing on stdout, as JSON no claim, and the next step is named."""
    bare = Workspace(tmp_path)
    said = bare.run("claims")
    assert (said.stdout, "reftrack fetch" in said.stderr) == ("", True)
    assert bare.json("claims")["claims"] == []
    assert bare.json("claims", "--lint") == []


def test_ids_are_completed_also_a_workspace_s_own(shelf, monkeypatch):
    """Tab knows the claims there are."""
    monkeypatch.chdir(shelf.folder)
    asked = {"_REFTRACK_COMPLETE": "fish_complete", "_REFTRACK_LINE": "reftrack claims de"}
    said = CliRunner().invoke(main, [], env=asked)
    assert said.stdout.split("\t")[:2] == ["plain", "deaths"]


# words of a query in a text


@given(st.text(alphabet="abAB -.,;é6\n", max_size=40), st.sampled_from(["ab", "a b", "6 ab", "b*"]))
def test_a_place_holds_the_words_it_was_found_for(text, words):
    """What is marked reads, folded, as the term; nothing is marked that is not there."""
    query = f'"{words}"[ab]' if "*" not in words else "abab*[ab]"
    held = paper(1, title="", abstract=(Section("R", text),))
    wanted = words if "*" not in words else "abab"
    for place in places(query, held):
        marked = fold(text[place.start : place.end])
        assert marked == wanted or ("*" in words and marked.startswith(wanted))
    if text.isascii() and "*" not in words:
        assert bool(places(query, held)) is compile_term(query)(held)


def test_words_that_a_query_excludes_are_not_marked():
    """Of NOT nothing is shown; words near each other are one place."""
    held = paper(1, title="Peptides cross the blood-brain barrier in rats", abstract=())
    marked = [held.title[one.start : one.end] for one in places('"cross barrier"[ti:~3] NOT rats[ti]', held)]
    assert marked == ["cross the blood-brain barrier"]


def test_json_is_stable(shelf):
    """The fields that others may rely on."""
    told = shelf.json("claims", "memory")
    assert set(told) == {
        *("claim", "statement", "note", "papers", "trials", "kinds", "study", "tagged", "newest", "retracted"),
        *("absent", "commands", "pmids", "evidence"),
    }
    assert set(told["evidence"][0]) == {
        *("pmid", "key", "title", "journal", "year", "study", "trial", "retracted", "sentences"),
    }
    assert json.loads(shelf.run("claims", "--json").stdout)["note"].startswith("These are counts")
