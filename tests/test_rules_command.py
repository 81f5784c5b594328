"""`reftrack rules` at the desk: lint, show, evaluate, sample."""

import json
import os
import subprocess
import sys

import pytest

from desk import Workspace, terminal
from own_rules import RULES
from papers import FIRST_PMID, document, record
from reftrack.library.writing import Library

TITLES = (
    *("one alphaword", "two alphaword", "three alphaword", "four alphaword"),
    *("one alphahint", "two alphahint", "three alphahint"),
    *("surely not alphaword, one", "surely not alphaword, two", "surely not alphaword, three"),
    *(f"of nothing, number {number}" for number in range(59)),
    "feverhint hotword",
)


@pytest.fixture
def workspace(tmp_path):
    """A workspace with the tests' own rules and nothing held."""
    made = Workspace(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "mine.toml").write_text(RULES)
    return made


@pytest.fixture
def filled(workspace):
    """The same with papers: 4 alpha, 3 perhaps, 3 that look like it, 59 others, 1 feverish."""
    (workspace.folder / "queries" / "all.toml").write_text('title = "All"\nterm = "examplin[tiab]"\n')
    records = [record(number, title=f"Examplin: {title}.") for number, title in enumerate(TITLES, 1)]
    workspace.file.write_bytes(document(*records))
    workspace.fetch("all")
    return workspace


def pmid(number):
    return FIRST_PMID - 1 + number


def put(workspace, *rows, name="gold.jsonl"):
    """Write a gold file."""
    (workspace.folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return name


def line(number, title, *tags, **more):
    return {"pmid": pmid(number), "title": title, "tags": list(tags)} | more


GOLD = (line(1, "alphaword", "alpha"), line(2, "betaword", "alpha"), line(3, "betaword", "beta"), line(4, "nothing"))
"""alpha: 1 right, 1 missed; beta: 1 right, 1 too many; 3 of 4 right."""


# lint


def test_lint_finds_nothing_in_good_rules(workspace):
    """Status 0, nothing on stdout, and how many examples were run."""
    result = workspace.run("rules", "lint")
    assert result.stdout == ""
    assert "nothing to find fault with" in result.stderr
    assert workspace.json("rules", "lint") == []


def test_lint_names_file_tag_and_problem(workspace):
    """An example that does not hold, a phrase its own mask swallows: status 1. A parent switched off is fine."""
    (workspace.folder / "rules" / "more.toml").write_text(
        "[tag.cough]\nyes = ['A sneeze']\nmask = 'coughword'\n[tag.fever]\ndisabled = true\n"
    )
    out = workspace.run("rules", "lint", status=1).stdout
    assert "rules/more.toml: cough: must find 'A sneeze'" in out
    assert "rules/more.toml: cough: mask 'coughword' swallows its own phrase 'coughword'" in out
    assert "high-fever" not in out
    found = workspace.json("rules", "lint", status=1)
    assert {"file": "rules/more.toml", "tag": "cough", "problem": "must find 'A sneeze'"} in found


@pytest.mark.parametrize("command", [["lint"], ["show"], ["evaluate", "gold.jsonl"]])
def test_rules_that_cannot_be_read_are_refused(workspace, command):
    """Status 2 with the file's name, no traceback."""
    (workspace.folder / "rules" / "bad.toml").write_text("[tag.x")
    assert "rules/bad.toml: not TOML" in workspace.run("rules", *command, status=2).stderr


# show


def test_show_lists_every_tag_and_where_it_comes_from(workspace):
    """One line a tag in a pipe; a shipped tag that the workspace changes names both."""
    (workspace.folder / "rules" / "more.toml").write_text("[tag.mortality]\nthreshold = 9\n")
    lines = [line.split("\t") for line in workspace.run("rules", "show").stdout.splitlines()]
    assert lines[0] == ["facet", "tag", "rank", "threshold", "phrases", "from", "label"]
    by_tag = {cells[1]: cells for cells in lines[1:]}
    assert by_tag["alpha"] == ["kind", "alpha", "1", "1", "4", "rules/mine.toml", "Alpha kind"]
    assert by_tag["mortality"][3] == "9"
    assert by_tag["mortality"][5] == "shipped, rules/more.toml"
    assert by_tag["rct"][5] == "shipped"
    assert {one["tag"] for one in workspace.json("rules", "show")} >= {"kind/alpha", "study/rct"}


def test_show_tells_everything_of_a_rule(workspace):
    """Phrases by place and weight, marks, masks, threshold, aliases, rank, examples."""
    (workspace.folder / "rules" / "more.toml").write_text(
        "[tag.cough]\nneeds = 'fever'\nunless.title = 'dryword'\nunless.primary = 'beta'\naliases = 'tussis'\n"
        "pt.2 = 'Cough Type'\nfrom.1 = 'alpha'\nregex.1 = 'c[o]ugh'\nno = ['A dryword']\n"
    )
    out = workspace.run("rules", "show", "tussis").stdout
    for words in (
        "sign/cough · Cough",
        "tagged from a score of 1 on, possible from 0.5 on",
        "the strongest 2 finds of a section count",
        "also called tussis",
        "+1  title: coughword",
        "+1  title or abstract, as a pattern: c[o]ugh",
        "+2  publication type: Cough Type",
        "+1  tagged as: alpha",
        "title: dryword",
        "filed under: beta",
        "Only together with\n  fever",
        "Must find\n  A coughword",
        "Must not find\n  A dryword",
        "rules/mine.toml, rules/more.toml",
    ):
        assert words in out
    shape = workspace.json("rules", "show", "sign/cough")
    assert shape["words"] == [
        {"place": "title", "weight": 1.0, "things": ["coughword"]},
        {"place": "regex", "weight": 1.0, "things": ["c[o]ugh"]},
    ]
    assert shape["unless"] == {"title": ["dryword"], "primary": ["beta"]}
    alpha = workspace.run("rules", "show", "alpha").stdout
    assert "Does not count inside\n  not alphaword" in alpha
    assert "rank 1 " in alpha
    assert "implies fever" in workspace.run("rules", "show", "high-fever").stdout
    assert "implied by high-fever" in workspace.run("rules", "show", "fever").stdout


def test_show_of_no_tag_names_the_nearest(workspace):
    """Status 2."""
    assert (
        "there is no tag 'alhpa'; did you mean kind/alpha?" in workspace.run("rules", "show", "alhpa", status=2).stderr
    )


# evaluate


def test_evaluate_prints_figures_in_a_pipe(workspace):
    """A headline a facet, a line a tag with support, intervals and counts, the matrix with its "none"."""
    out = workspace.run("rules", "evaluate", put(workspace, *GOLD)).stdout
    assert "kind: accuracy 0.750 (0.30–0.95), macro-F1 0.667 over 2 tags, micro-F1 0.667, 4 papers" in out
    assert "alpha\t2\t1.000\t0.21–1.00\t0.500\t0.09–0.91\t0.667\t1\t0\t1" in out
    assert "beta\t1\t0.500\t0.09–0.91\t1.000\t0.21–1.00\t0.667\t1\t1\t0" in out
    assert "\talpha\tbeta\tnone\nalpha\t1\t1\t0\nbeta\t0\t1\t0\nnone\t0\t0\t1" in out


def test_evaluate_json_is_the_contract(workspace):
    """Figures under facets and tags; null where nothing can be computed."""
    shape = workspace.json("rules", "evaluate", put(workspace, *GOLD), "--hide", "pt,mesh")
    assert shape["gold"] == {"name": "gold.jsonl", "papers": 4, "labels": 3, "wrong": 1, "hidden": ["pt", "mesh"]}
    kind = shape["facets"]["kind"]
    assert (kind["accuracy"], kind["papers"], kind["macro_over"]) == (0.75, 4, 2)
    assert kind["macro_f1"] == kind["micro_f1"] == pytest.approx(2 / 3, abs=1e-6)
    assert kind["accuracy_interval"] == pytest.approx([0.3006, 0.9544], abs=0.0001)
    assert kind["confusion"] == {"alpha": {"alpha": 1, "beta": 1}, "beta": {"beta": 1}, "none": {"none": 1}}
    alpha = shape["tags"]["kind/alpha"]
    assert (alpha["precision"], alpha["recall"], alpha["support"]) == (1.0, 0.5, 2)
    assert (alpha["tp"], alpha["fp"], alpha["fn"]) == (1, 0, 1)
    gamma = shape["tags"]["kind/gamma"]
    assert [gamma[name] for name in ("precision", "recall", "f1", "precision_interval", "recall_interval")] == [
        None
    ] * 5


def test_evaluate_needs_no_library_and_no_workspace(tmp_path, monkeypatch):
    """Papers with a text are judged anywhere; none of ours is made there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gold.jsonl").write_text(json.dumps(line(1, "A study", "rct")) + "\n")
    command = [sys.executable, "-m", "reftrack", "rules", "evaluate", "gold.jsonl", "--json"]
    result = subprocess.run(command, capture_output=True, check=True)
    assert json.loads(result.stdout)["tags"]["study/rct"]["fn"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["gold.jsonl"]


def test_evaluate_takes_held_papers_by_pmid(filled):
    """A line without title is judged on what the library holds; one that is not held is refused with its line."""
    gold = put(filled, {"pmid": pmid(1), "tags": ["alpha"]}, {"pmid": pmid(20), "tags": []})
    assert filled.json("rules", "evaluate", gold)["facets"]["kind"]["accuracy"] == 1.0
    gold = put(filled, {"pmid": pmid(1), "tags": ["alpha"]}, {"pmid": pmid(900), "tags": []})
    assert "gold.jsonl, line 2: PMID 90000900" in filled.run("rules", "evaluate", gold, status=2).stderr


def test_evaluate_reads_stdin_and_several_files_without_pooling(workspace):
    """`-` is stdin; of several files each has its own figures."""
    first, second = put(workspace, *GOLD), put(workspace, line(1, "betaword", "beta"), name="other.jsonl")
    both = workspace.json("rules", "evaluate", first, second)
    assert [one["facets"]["kind"]["accuracy"] for one in both] == [0.75, 1.0]
    data = (workspace.folder / first).read_bytes()
    piped = workspace.process("rules", "evaluate", "-", "--json", input=data)
    assert json.loads(piped.stdout)["facets"]["kind"]["accuracy"] == 0.75


def test_fail_under_both_ways(workspace):
    """Reached: status 0. Not reached: status 1, and which by how much."""
    gold = put(workspace, *GOLD)
    for floor in ("kind/alpha=0.66", "alpha=0.66", "kind.macro=0.66", "kind.micro=0.66", "kind.accuracy=0.75"):
        workspace.run("rules", "evaluate", gold, "--fail-under", floor)
    for floor, words in (
        ("first-kind=0.7", "kind/alpha is 0.6667, 0.0333 below 0.7."),
        ("kind.macro=0.7", "kind.macro is 0.6667, 0.0333 below 0.7."),
        ("kind.micro=0.7", "kind.micro is 0.6667, 0.0333 below 0.7."),
        ("kind.accuracy=0.8", "kind.accuracy is 0.7500, 0.0500 below 0.8."),
    ):
        result = workspace.run("rules", "evaluate", gold, "--fail-under", floor, "--fail-under", "beta=0.1", status=1)
        assert words in result.stderr
        assert "beta" not in result.stderr


def test_a_floor_that_could_never_fail_is_refused(workspace):
    """A tag that no gold paper has: status 2. With several files one that has it is enough."""
    gold, other = put(workspace, *GOLD), put(workspace, line(1, "gammaword", "gamma"), name="other.jsonl")
    result = workspace.run("rules", "evaluate", gold, "--fail-under", "gamma=0.5", status=2)
    assert "no paper of gold.jsonl has it" in result.stderr
    workspace.run("rules", "evaluate", gold, "--facet", "kind", "--fail-under", "sign.micro=0.5", status=2)
    workspace.run("rules", "evaluate", gold, other, "--fail-under", "gamma=0.5")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--hide", "titel"], "--hide knows no 'titel'"),
        (["--hide", ","], "--hide is empty"),
        (["--facet", "knid"], "there is no facet 'knid'; did you mean 'kind'?"),
        (["--facet", "sign"], "labels no such facet (sign); it labels kind"),
        (["--fail-under", "alpha=2"], "is not understood"),
        (["--json", "--errors", "-"], "both want stdout"),
        (["missing.jsonl"], "missing.jsonl cannot be read"),
        (["latin.jsonl"], "latin.jsonl is not UTF-8 text"),
        (["."], ". cannot be read"),
        (["empty.jsonl"], "empty.jsonl holds no labelled paper"),
        (["bad.jsonl"], "bad.jsonl, line 2 is not JSON"),
        (["--errors", "no/such/folder.jsonl"], "cannot be written"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(workspace, options, words):
    """Status 2 and one line on stderr."""
    (workspace.folder / "latin.jsonl").write_bytes(b'{"title": "\xe9", "tags": []}')
    (workspace.folder / "empty.jsonl").write_text("\n")
    (workspace.folder / "bad.jsonl").write_text(json.dumps(GOLD[0]) + "\n{\n")
    result = workspace.run("rules", "evaluate", put(workspace, *GOLD), *options, status=2)
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_gold_file_written_elsewhere_is_read(workspace):
    """Byte order mark, Windows line ends, and a line separator inside a text."""
    rows = [json.dumps(line(1, "an\u2028alphaword", "alpha"), ensure_ascii=False), json.dumps(GOLD[3])]
    (workspace.folder / "gold.jsonl").write_bytes(("\ufeff" + "\r\n".join(rows) + "\r\n").encode())
    assert workspace.json("rules", "evaluate", "gold.jsonl")["facets"]["kind"]["accuracy"] == 1.0


def test_errors_are_lines_of_json_with_evidence(workspace):
    """Each mistake: what is right, what was found, what misled, what was missing."""
    gold = put(workspace, *GOLD, line(5, "alphahint coughword", "alpha", "cough"))
    result = workspace.run("rules", "evaluate", gold, "--errors", "errors.jsonl")
    assert "2 mistakes written to errors.jsonl" in result.stderr
    first, second = map(json.loads, (workspace.folder / "errors.jsonl").read_text().splitlines())
    assert (first["pmid"], first["line"], first["title"], first["facet"]) == (pmid(2), 2, "betaword", "kind")
    assert (first["gold"], first["ours"]) == (["alpha"], ["beta"])
    assert first["misled"][0]["evidence"][0]["quote"] == "betaword"
    assert [one["tag"] for one in first["missed"]] == ["kind/alpha"]
    assert (second["gold"], second["ours"], second["misled"]) == (["alpha"], ["none"], [])
    missed = second["missed"][0]
    assert (missed["state"], missed["score"], missed["threshold"]) == ("possible", 0.6, 1)
    assert missed["evidence"][0]["quote"] == "alphahint"


def test_errors_to_a_pipe_are_nothing_but_errors(workspace):
    """`--errors -`: only JSON on stdout, the figures beside it."""
    result = workspace.run("rules", "evaluate", put(workspace, *GOLD), "--errors", "-")
    assert [json.loads(one)["pmid"] for one in result.stdout.splitlines()] == [pmid(2)]
    assert "accuracy 0.750" in result.stderr


def test_on_a_terminal_figures_are_tables_and_mistakes_are_read(workspace):
    """Tables, a numbered matrix, and mistakes as text; control characters of a gold file are inert."""
    gold = put(workspace, *GOLD, line(6, "betaword \x1b[31mred\x07", "alpha"))
    status, seen = terminal(
        [sys.executable, "-m", "reftrack", "rules", "evaluate", gold, "--errors", "-"], workspace.folder
    )
    assert status == 0
    assert "accuracy 0.600" in seen
    assert "right (rows) and found (columns)" in seen
    assert "kind: right alpha; found beta" in seen
    assert "misled by beta (tagged, score 1, needs 1)" in seen
    assert "«betaword»" in seen
    assert "\x07" not in seen
    for words in (["show"], ["show", "alpha"], ["lint"]):
        status, seen = terminal([sys.executable, "-m", "reftrack", "rules", *words], workspace.folder)
        assert status == 0
        assert "Traceback" not in seen


# sample


def drawn(workspace, *arguments):
    header, *papers = map(json.loads, workspace.run("rules", "sample", *arguments).stdout.splitlines())
    return header, papers


def test_a_sample_for_a_tag_is_a_third_each(filled):
    """Of 9 papers 3 have the tag, 3 may have it, 3 only look like it, and the order does not tell which."""
    header, papers = drawn(filled, "--tag", "first-kind", "-n", "9")
    assert header["labelled"] == ["kind/alpha"]
    numbers = [one["pmid"] - FIRST_PMID + 1 for one in papers]
    assert len([n for n in numbers if n <= 4]) == 3
    assert len([n for n in numbers if 5 <= n <= 7]) == 3
    assert len([n for n in numbers if 8 <= n <= 10]) == 3
    assert numbers != sorted(numbers)


def test_a_sample_fills_up_where_a_third_is_short(filled):
    """30 papers: all 4 that have the tag, all 3 that may have it, and the rest of those that have it not."""
    _, papers = drawn(filled, "--tag", "alpha")
    numbers = {one["pmid"] - FIRST_PMID + 1 for one in papers}
    assert len(papers) == 30
    assert numbers >= set(range(1, 11))


def test_a_sample_is_the_same_for_a_seed(filled):
    """Byte for byte; another seed draws others."""
    first, again = (filled.run("rules", "sample", "-n", "8").stdout for _ in range(2))
    assert first == again
    one, other = (drawn(filled, "-n", "8", "--seed", seed)[1] for seed in (1, 2))
    assert {row["pmid"] for row in one} != {row["pmid"] for row in other}


def test_a_paper_tagged_with_a_child_is_tagged_to_a_sample_of_the_parent(filled):
    """Possibly fever, surely high-fever: it has fever."""
    with Library.open(filled.folder / "db" / "reftrack.db") as library:
        assert library.ruled(["fever", "high-fever"]) == {pmid(len(TITLES)): "tagged"}
        assert library.ruled(["fever"]) == {pmid(len(TITLES)): "possible"}


def test_a_sample_does_not_lead_its_reader(filled):
    """Tags are empty and nothing says what the rules think, unless asked."""
    _, papers = drawn(filled, "--tag", "alpha", "-n", "6")
    assert all(one["tags"] == [] and one["title"] and "ours" not in one for one in papers)
    _, papers = drawn(filled, "--tag", "alpha", "-n", "6", "--show-tags")
    assert {tuple(one.get("ours", [])) for one in papers} == {("kind/alpha",), ()}


def test_a_sample_is_a_gold_file_to_fill_in(filled):
    """Labelled by hand, it is evaluated; the facet that was asked for is what is judged."""
    filled.run("rules", "sample", "--facet", "sort", "-n", "70", "-o", "mine.jsonl")
    lines = (filled.folder / "mine.jsonl").read_text().splitlines()
    rows = [json.loads(one) for one in lines[1:]]
    for row in rows:
        row["tags"] = ["alpha"] if row["pmid"] <= pmid(5) else []
    (filled.folder / "mine.jsonl").write_text("\n".join([lines[0], *map(json.dumps, rows)]))
    shape = filled.json("rules", "evaluate", "mine.jsonl")
    assert set(shape["facets"]) == {"kind"}
    assert (shape["tags"]["kind/alpha"]["tp"], shape["tags"]["kind/alpha"]["fn"]) == (4, 1)


def test_decisions_by_hand_become_a_gold_file(filled):
    """What was added is right, what was removed is wrong, the rest is not judged; figures by hand.

    cough is added to a paper in which nothing says so (missed), high-fever to another (missed), alpha is removed from
    one that has it (too many) and from one that has it not (right).
    """
    filled.run("tag", "add", pmid(20), "cough", "--because", "table 2")
    filled.run("tag", "add", pmid(21), "high-fever")
    filled.run("tag", "rm", pmid(1), "alpha")
    filled.run("tag", "rm", pmid(22), "alpha")
    filled.run("rules", "sample", "--decided", "-o", "decided.jsonl")
    header, *papers = map(json.loads, (filled.folder / "decided.jsonl").read_text().splitlines())
    assert "not those of a random sample" in header["note"]
    assert [(one["pmid"], one["tags"], one["judged"]) for one in papers] == [
        (pmid(1), [], ["kind/alpha"]),
        (pmid(20), ["sign/cough"], ["sign/cough"]),
        (pmid(21), ["sign/high-fever"], ["sign/high-fever"]),
        (pmid(22), [], ["kind/alpha"]),
    ]
    tags = filled.json("rules", "evaluate", "decided.jsonl")["tags"]
    assert {name: (one["tp"], one["fp"], one["fn"]) for name, one in tags.items()} == {
        "kind/alpha": (0, 1, 0),
        "sign/cough": (0, 0, 1),
        "sign/high-fever": (0, 0, 1),
    }


def test_a_study_type_added_by_hand_judges_the_whole_facet(filled):
    """The paper is that and nothing else: found as something else it is wrong in the matrix."""
    filled.run("tag", "add", pmid(20), "rct")
    filled.run("tag", "rm", pmid(20), "cohort")
    _, papers = drawn(filled, "--decided")
    assert (papers[0]["tags"], papers[0]["judged"], papers[0]["primary"]) == (["study/rct"], ["study"], ["study/rct"])
    filled.run("rules", "sample", "--decided", "-o", "decided.jsonl")
    assert filled.json("rules", "evaluate", "decided.jsonl")["facets"]["study"]["confusion"] == {"rct": {"none": 1}}


def test_a_decision_whose_rule_is_gone_is_left_out_and_said(filled):
    """Not lost in silence."""
    filled.run("tag", "add", pmid(20), "cough")
    (filled.folder / "rules" / "more.toml").write_text("[tag.cough]\ndisabled = true\n")
    result = filled.run("rules", "sample", "--decided")
    assert result.stdout == ""
    assert "no rule knows them any more: cough" in result.stderr


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (["--tag", "alhpa"], 2, "no tag 'alhpa'; did you mean kind/alpha?"),
        (["--facet", "knid"], 2, "no facet 'knid'"),
        (["--tag", "alpha", "--facet", "kind"], 2, "exclude each other"),
        (["--decided", "--tag", "alpha"], 2, "--decided takes every decision"),
        (["-n", "0"], 2, "0 is not in the range"),
        (["--decided"], 0, "Nobody has decided anything by hand yet."),
    ],
)
def test_sample_says_what_is_wrong(filled, options, status, words):
    """The documented status and one sentence."""
    result = filled.run("rules", "sample", *options, status=status)
    assert words in result.stderr
    assert result.stdout == ""


def test_a_sample_needs_a_library(workspace):
    """On a first day there is nothing to draw from: status 5, as for every command that names papers."""
    assert "The library is empty" in workspace.run("rules", "sample", status=5).stderr


def test_a_sample_changes_nothing(filled):
    """The library is opened to look only."""
    before = (filled.folder / "db" / "reftrack.db").read_bytes()
    filled.run("rules", "sample", "--tag", "alpha")
    assert (filled.folder / "db" / "reftrack.db").read_bytes() == before


def test_the_key_is_nowhere(filled):
    """No output of these commands holds the NCBI key."""
    key = "0123456789abcdef0123456789abcdef0123"
    environment = {"NCBI_API_KEY": key}
    gold = put(filled, *GOLD)
    for words in (["lint"], ["show"], ["show", "rct"], ["evaluate", gold, "--errors", "-"], ["sample", "-n", "3"]):
        result = filled.run("rules", *words, environment=environment)
        assert key not in result.stdout + result.stderr


def test_rules_retagged_are_asked_for(filled):
    """A sample for a tag goes by what the library's papers are tagged with; stale ones are named."""
    with Library.open(filled.folder / "db" / "reftrack.db") as library:
        assert library.stale("other") == len(TITLES)
    (filled.folder / "rules" / "more.toml").write_text("[tag.cough]\nthreshold = 2\n")
    assert "tagged by other rules" in filled.run("rules", "sample", "--tag", "alpha", "-n", "3").stderr


def test_every_subcommand_has_help_that_loads_nothing_heavy(tmp_path):
    """`rules` and what is below it explain themselves at once."""
    for words in ([], ["lint"], ["show"], ["evaluate"], ["sample"]):
        code = (
            "import sys\nfrom reftrack.cli import main\n"
            "try:\n    main(sys.argv[1:], prog_name='reftrack')\nexcept SystemExit as end:\n    assert not end.code\n"
            "print([n for n in ('requests', 'sqlite_utils', 'rich', 'reftrack.tagging') if n in sys.modules])"
        )
        out = subprocess.run(
            [sys.executable, "-c", code, "rules", *words, "--help"],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
            env=os.environ,
        ).stdout
        assert "Usage: reftrack rules" in out
        assert out.splitlines()[-1] == "[]"


# gold files that say little


def test_a_file_that_labels_nothing_says_that_nothing_is_measured(workspace):
    """Papers without a tag and without a header give no figure, and silence would look like success."""
    result = workspace.run("rules", "evaluate", put(workspace, line(1, "alphaword")), "--json")
    assert json.loads(result.stdout)["tags"] == {}
    assert "gold.jsonl: nothing is labelled, so nothing is measured" in result.stderr


def test_a_name_that_resembles_none_is_not_taken_for_another(workspace):
    """The nearest name is offered where one is near; else the way to all of them."""
    far = workspace.run("rules", "evaluate", put(workspace, line(1, "alphaword", "sign/zzzz")), status=2)
    assert "did you mean" not in far.stderr
    assert "`reftrack tag tree` shows them all" in far.stderr
    near = workspace.run("rules", "evaluate", put(workspace, line(1, "alphaword", "sign/fevr")), status=2)
    assert "did you mean sign/fever?" in near.stderr
