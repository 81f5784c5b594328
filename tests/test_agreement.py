"""Two readers side by side: kappa against published figures, readers in the library and in files, the consensus."""

import json
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk import Workspace
from papers import FIRST_PMID, document, record
from reftrack.citation import CONSENSUS, Decision, settled
from reftrack.evaluation import Agreement, agreement
from reftrack.library.writing import Library

VERDICTS = ("include", "exclude", "maybe")
QUERY = 'title = "Examplin"\nterm = "examplin[tiab]"\n'


def of(*rows):
    return Agreement(VERDICTS[: len(rows)], rows)


# kappa


@pytest.mark.parametrize(
    ("rows", "kappa"),
    [
        (((20, 5), (10, 15)), 0.40),  # the textbook's fifty grant proposals
        (((45, 15), (25, 15)), 0.1304),
        (((25, 35), (5, 35)), 0.2593),
        (((88, 14, 18), (10, 40, 10), (2, 6, 12)), 0.492),  # Cohen 1960, p. 45
        (((25, 12, 3), (13, 2, 15), (12, 16, 2)), -0.0923),  # Cohen 1960: .29 observed, .35 by chance
        (((10, 0), (0, 10)), 1.0),
        (((0, 10), (10, 0)), -1.0),
        (((5, 5), (5, 5)), 0.0),
        (((0, 7), (0, 0)), 0.0),
    ],
)
def test_kappa_is_what_was_published(rows, kappa):
    """Cohen's kappa of tables in the literature, to the digits that are printed there."""
    assert isclose(of(*rows).kappa, kappa, abs_tol=0.0006)


def test_error_and_interval_are_what_was_published():
    """Of 31, 12, 4, 58 the reference of the R package statpsych (ci.kappa) gives these figures."""
    found = of((31, 12), (4, 58))
    assert isclose(found.kappa, 0.6756757, abs_tol=1e-7)
    assert isclose(found.standard_error, 0.07344761, abs_tol=1e-8)
    assert [round(one, 7) for one in found.interval] == [0.531721, 0.8196303]


@pytest.mark.parametrize(
    "rows", [((5, 0), (0, 0)), ((0, 0), (0, 9)), ((0, 0, 0), (0, 0, 0), (0, 0, 4)), ((0, 0), (0, 0))]
)
def test_kappa_of_one_category_is_undefined(rows):
    """Where both put all papers into one category, or there is no paper, kappa is neither 1 nor 0: there is none."""
    assert of(*rows).kappa is None
    assert of(*rows).standard_error is None
    assert of(*rows).interval is None


def test_readers_who_never_differ_have_no_interval():
    """An error of 0 says nothing about papers to come."""
    assert of((10, 0), (0, 10)).kappa == 1
    assert of((10, 0), (0, 10)).interval is None
    assert of((0, 7), (0, 0)).interval is None


_verdict_pairs = st.lists(st.tuples(st.sampled_from(VERDICTS), st.sampled_from(VERDICTS)), max_size=60)


@given(_verdict_pairs)
def test_kappa_keeps_its_bounds_and_does_not_know_who_is_first(pairs):
    """-1 <= kappa <= 1 within its interval; turning the readers round changes nothing; sklearn says the same."""
    found, turned = agreement(pairs), agreement([(second, first) for first, second in pairs])
    assert found.both == len(pairs)
    if found.kappa is None:
        assert turned.kappa is None
        return
    assert -1 - 1e-9 <= found.kappa <= 1 + 1e-9
    assert isclose(found.kappa, turned.kappa, abs_tol=1e-9)
    assert isclose(found.standard_error, turned.standard_error, abs_tol=1e-9)
    if found.interval:
        assert found.interval[0] - 1e-9 <= found.kappa <= found.interval[1] + 1e-9


def test_maybe_is_a_category_of_its_own_or_an_include():
    """Include against maybe is a difference; with `binary` it is none."""
    pairs = [("include", "maybe"), ("exclude", "exclude"), ("include", "include")]
    assert agreement(pairs).categories == VERDICTS
    assert agreement(pairs).alike == 2
    assert agreement(pairs, binary=True).table == ((2, 0), (0, 1))
    assert agreement(pairs[1:]).categories == VERDICTS[:2]


# at the desk


@pytest.fixture
def held(tmp_path):
    """Six papers, undecided."""
    workspace = Workspace(tmp_path)
    for old in (tmp_path / "queries").iterdir():
        old.unlink()
    (tmp_path / "queries" / "all.toml").write_text(QUERY)
    workspace.file.write_bytes(document(*(record(n, year=str(2000 + n)) for n in range(1, 7))))
    workspace.fetch()
    return workspace


def decide(workspace, who, **numbers):
    for verdict, which in numbers.items():
        workspace.run("decide", *(FIRST_PMID - 1 + n for n in which), verdict, "--who", who)


def numbers(workspace, *arguments):
    return sorted(paper["pmid"] - FIRST_PMID + 1 for paper in workspace.json("list", *arguments))


def test_two_readers_in_the_library(held):
    """The table, kappa, who decided alone, and the conflicts with both verdicts and reasons."""
    decide(held, "ada", include=(1, 2), exclude=(3, 4, 5))
    decide(held, "bo", include=(1, 3), maybe=(2,), exclude=(4, 6))
    held.run("decide", FIRST_PMID + 2, "exclude", "--who", "ada", "--because", "wrong population")
    (pair,) = held.json("agreement", "ada", "bo")["pairs"]
    assert (pair["readers"], pair["both"], pair["alike"], pair["percent"]) == (["ada", "bo"], 4, 2, 50.0)
    assert pair["categories"] == ["include", "exclude", "maybe"]
    assert pair["table"] == [[1, 0, 1], [1, 1, 0], [0, 0, 0]]
    assert (pair["only_first"], pair["only_second"]) == (1, 1)
    assert {one["pmid"]: [said["verdict"] for said in one["decisions"]] for one in pair["conflicts"]} == {
        FIRST_PMID + 1: ["include", "maybe"],
        FIRST_PMID + 2: ["exclude", "include"],
    }
    assert pair["conflicts"][1]["decisions"][0]["reasons"] == ["wrong population"]
    assert pair["conflicts"][0]["key"]
    assert isclose(pair["kappa"], 0.2, abs_tol=1e-9)
    text = held.run("agreement").stdout
    assert "ada and bo both decided 4 papers and agree on 2 (50.0%)." in text
    assert "exclude (wrong population)\tinclude" in text
    binary = held.json("agreement", "--binary")["pairs"][0]
    assert (binary["alike"], len(binary["conflicts"])) == (3, 1)


def test_the_status_tells_of_conflicts_only_when_asked(held):
    """0 as a rule; 1 with --exit-code while a conflict is not settled; 0 again when it is."""
    decide(held, "ada", include=(1,), exclude=(2,))
    decide(held, "bo", include=(1, 2))
    held.run("agreement")
    held.run("agreement", "--exit-code", status=1)
    held.run("decide", FIRST_PMID + 1, "exclude", "--consensus")
    assert held.json("agreement", "--exit-code")["pairs"][0]["conflicts"][0]["settled"] == "exclude"


def test_an_undefined_kappa_is_said_to_be_undefined(held):
    """Both include everything: per cent 100, kappa null, and a sentence instead of a figure."""
    decide(held, "ada", include=(1, 2))
    decide(held, "bo", include=(1, 2))
    assert held.json("agreement")["pairs"][0]["kappa"] is None
    assert "kappa is undefined" in held.run("agreement").stdout


def test_one_reader_is_no_pair(held):
    """A single reader, nobody, and a mistyped name each get one sentence and status 2."""
    assert "nobody has decided" in held.run("agreement", status=2).stderr
    decide(held, "ada", include=(1,))
    assert "only ada has decided" in held.run("agreement", status=2).stderr
    decide(held, "bo", include=(1,))
    assert "Name whom to compare ada with: bo." in held.run("agreement", "ada", status=2).stderr
    assert "did you mean ada?" in held.run("agreement", "adda", "bo", status=2).stderr


def test_three_readers_are_three_pairs(held):
    """Each two are compared, and a consensus is no reader."""
    for who in ("ada", "bo", "cy"):
        decide(held, who, include=(1,), exclude=(2,))
    held.run("decide", FIRST_PMID, "exclude", "--consensus")
    assert [pair["readers"] for pair in held.json("agreement")["pairs"]] == [["ada", "bo"], ["ada", "cy"], ["bo", "cy"]]


RAYYAN = """TY  - JOUR
TI  - A made-up trial of examplin in head injury, number {number}.
AN  - {pmid}
AU  - Example, A
PY  - {year}
N1  - RAYYAN-INCLUSION: {{"{who}"=>"{word}"}}{reasons}
ER  -
"""


def rayyan(who, **words):
    return "\n".join(
        RAYYAN.format(
            number=n,
            pmid=FIRST_PMID - 1 + n,
            year=2000 + n,
            who=who,
            word=word,
            reasons=" | RAYYAN-EXCLUSION-REASONS: wrong population" if word == "Excluded" else "",
        )
        for n, word in ((int(name[1:]), word) for name, word in words.items())
    )


@pytest.fixture
def files(held):
    """Ada's Rayyan file, and a table of Bo's that names nobody."""
    (held.folder / "ada.ris").write_text(rayyan("Ada", n1="Included", n2="Excluded", n3="Maybe"))
    rows = [f"{FIRST_PMID},1", f"{FIRST_PMID + 1},1", f"{FIRST_PMID + 2},0", f"{FIRST_PMID + 50},1"]
    (held.folder / "bo.csv").write_text("\n".join(["pmid,included", *rows]) + "\n")
    return held


def test_files_are_compared_without_an_import(files):
    """Two files: their readers, one by the name of its file; nothing is stored."""
    (pair,) = files.json("agreement", "ada.ris", "bo.csv")["pairs"]
    assert pair["readers"] == ["Ada", "bo"]
    assert (pair["both"], pair["alike"], pair["only_first"], pair["only_second"]) == (3, 1, 0, 1)
    assert [one["pmid"] for one in pair["conflicts"]] == [FIRST_PMID + 1, FIRST_PMID + 2]
    assert pair["conflicts"][0]["title"].startswith("A made-up trial")
    with Library.open(files.folder / "db" / "reftrack.db") as library:
        assert library.readers() == {}


def test_files_are_compared_without_a_library(tmp_path):
    """On a first day, too: entries are known by what they name."""
    workspace = Workspace(tmp_path)
    (tmp_path / "ada.ris").write_text(rayyan("Ada", n1="Included", n2="Excluded"))
    (tmp_path / "bo.ris").write_text(rayyan("Bo", n1="Included", n2="Included"))
    (pair,) = workspace.json("agreement", "ada.ris", "bo.ris")["pairs"]
    assert (pair["both"], pair["alike"]) == (2, 1)
    assert pair["conflicts"][0]["title"].endswith("number 2.")


def test_a_file_is_compared_with_a_reader_of_the_library(files):
    """One file and one name, or one file alone, stand beside the library."""
    decide(files, "cy", include=(1, 2, 3))
    named = files.json("agreement", "cy", "ada.ris")["pairs"]
    alone = files.json("agreement", "ada.ris")["pairs"]
    assert named == alone
    assert set(named[0]["readers"]) == {"Ada", "cy"}


def test_a_file_without_decisions_and_a_broken_one_are_told(files):
    """A list of ids holds no decision; a row that cannot be read makes the status 4."""
    (files.folder / "list.txt").write_text(f"{FIRST_PMID}\n")
    assert "list.txt holds no decision" in files.run("agreement", "ada.ris", "bo.csv", "list.txt").stderr
    with (files.folder / "bo.csv").open("a") as stream:
        stream.write(",,,,,\n1,2,3,4\n")
    assert "bo.csv line" in files.run("agreement", "ada.ris", "bo.csv", status=4).stderr


def test_two_files_are_merged_by_import_and_settled(files):
    """Import both, see the agreement, the conflicts count as undecided, a consensus settles them."""
    files.run("import", "ada.ris")
    files.run("import", "bo.csv", "--who", "Bo")
    (pair,) = files.json("agreement")["pairs"]
    assert (pair["both"], pair["alike"]) == (3, 1)
    assert numbers(files, "--decision", "include") == [1]
    assert numbers(files, "--decision", "none") == [2, 3, 4, 5, 6]
    files.run("decide", FIRST_PMID + 1, "exclude", "--consensus", "--because", "wrong population")
    files.run("decide", FIRST_PMID + 2, "include", "--consensus")
    assert numbers(files, "--decision", "include") == [1, 3]
    assert numbers(files, "--decision", "exclude") == [2]
    assert numbers(files, "--decision", "none") == [4, 5, 6]
    assert files.json("show", FIRST_PMID + 1)[0]["decision"] == "exclude"
    assert "Decision: exclude (consensus" in files.run("show", FIRST_PMID + 1).stdout
    files.run("decide", FIRST_PMID + 1, "--clear", "--consensus")
    assert numbers(files, "--decision", "none") == [2, 4, 5, 6]


def test_a_colleagues_lines_are_compared_and_imported(held, tmp_path):
    """`export -f jsonl` of one library carries every reader's decision, reasons and date into another one."""
    decide(held, "ada", include=(1,))
    held.run("decide", FIRST_PMID + 1, "exclude", "--who", "ada", "--because", "wrong population")
    held.run("export", "-f", "jsonl", "-o", "ada.jsonl")
    (said,) = held.json("show", FIRST_PMID + 1)[0]["decisions"]
    held.run("decide", FIRST_PMID, FIRST_PMID + 1, "--clear", "--who", "ada")
    decide(held, "bo", include=(1, 2))
    (pair,) = held.json("agreement", "bo", "ada.jsonl")["pairs"]
    assert (set(pair["readers"]), pair["both"], pair["alike"]) == ({"ada", "bo"}, 2, 1)
    held.run("import", "ada.jsonl")
    assert said in held.json("show", FIRST_PMID + 1)[0]["decisions"]


@given(st.dictionaries(st.sampled_from(["ada", "bo", CONSENSUS]), st.sampled_from(VERDICTS)))
def test_a_consensus_counts_alone(by):
    """What counts is the consensus, else what all say, else nothing."""
    found = settled([Decision(verdict, who) for who, verdict in by.items()])
    if CONSENSUS in by:
        assert found == by[CONSENSUS]
    else:
        assert found == (next(iter(by.values())) if len(set(by.values())) == 1 else None)


# decide


def test_decide_stores_a_decision_with_its_reasons(held):
    """Several papers and reasons at once; `show` tells who, when and why; a later decision counts instead."""
    held.run("decide", FIRST_PMID, FIRST_PMID + 1, "exclude", "--because", "wrong population", "--because", "language")
    (said,) = held.json("show", FIRST_PMID)[0]["decisions"]
    assert (said["verdict"], said["reasons"]) == ("exclude", ["wrong population", "language"])
    assert said["at"][:2] == "20"
    assert "wrong population; language" in held.run("show", FIRST_PMID).stdout
    held.run("decide", FIRST_PMID, "include")
    assert numbers(held, "--decision", "include") == [1]
    assert "1 decision" in held.run("decide", FIRST_PMID, "--clear").stdout
    assert numbers(held, "--decision", "exclude") == [2]
    assert "0 decisions" in held.run("decide", FIRST_PMID, "--clear").stdout


def test_decide_is_for_all_papers_or_none(held):
    """One unknown paper, and nothing is stored."""
    held.run("decide", FIRST_PMID, 4711, "include", status=2)
    assert numbers(held, "--decision", "include") == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("include",), "Name at least one paper"),
        ((FIRST_PMID, "inclde"), "did you mean include?"),
        ((FIRST_PMID,), "Say include, exclude or maybe"),
        ((FIRST_PMID, "include", "--because", " "), "--because is empty"),
        ((FIRST_PMID, "include", "--who", ""), "--who is empty"),
        ((FIRST_PMID, "--clear", "--because", "x"), "leave out --because"),
        ((FIRST_PMID, "include", "--who", "x", "--consensus"), "leave out --who"),
    ],
)
def test_what_decide_cannot_take_is_told(held, arguments, words):
    """One sentence and status 2."""
    assert words in held.run("decide", *arguments, status=2).stderr


def test_a_slip_in_a_reason_is_pointed_out(held):
    """A reason that is nearly one of the list is stored, and the listed one named."""
    told = held.run("decide", FIRST_PMID, "exclude", "--because", "wrong populaton").stderr
    assert "did you mean 'wrong population'?" in told


def test_an_imported_decision_stays_when_the_reader_clears(files):
    """What came with a file is taken back with the file, and decide says so."""
    files.run("import", "bo.csv", "--who", "Bo")
    told = files.run("decide", FIRST_PMID, "--clear", "--who", "Bo")
    assert "was imported and stands" in told.stderr
    assert json.loads(files.run("show", FIRST_PMID, "--json").stdout)[0]["decision"] == "include"
