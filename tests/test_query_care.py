"""`query lint`, `test`, `diff` and `new` at the desk, over made-up papers and a loopback PubMed."""

import json
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk import Workspace, terminal
from eutils_server import search_body
from made_up_pubmed import MadeUpPubmed
from papers import FIRST_PMID, paper
from reftrack import queries
from reftrack.cli.query_diff import _list
from reftrack.cli.screen import painted
from reftrack.errors import QueryError, UsageError
from reftrack.matching import compile_term
from reftrack.matching.blocks import Blocks
from reftrack.matching.syntax import read
from reftrack.matching.written import layout, steps, written
from reftrack.model import Heading, Query, Section
from reftrack.workflow.differing import Moved

ONE, TWO, THREE = FIRST_PMID, FIRST_PMID + 1, FIRST_PMID + 2
NO_ABSTRACT = "it has no abstract, so only title and keywords could be searched"
REFTRACK = [sys.executable, "-m", "reftrack"]


def pmid(number):
    return FIRST_PMID - 1 + number


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture
def filled(workspace):
    """Papers 1 and 3 by `head`, paper 2 by `stroke`."""
    workspace.fetch()
    return workspace


def save(workspace, name, term, *, known=(), more=""):
    text = f"title = \"{name}\"\nterm = '''\n{term}\n'''\nknown = {list(known)}\n{more}"
    (workspace.folder / "queries" / f"{name}.toml").write_text(text)


# blocks


def test_blocks_of_a_query():
    """AND and NOT make blocks, brackets that only group are opened, and OR takes all that stands left of it."""

    def shown(term):
        return [(operator, written(node)) for operator, node in steps(read(term).tree)]

    assert shown("a[ti] AND (b[ti] OR c[ti]) NOT d[ti]") == [
        ("AND", "a[ti]"),
        ("AND", "b[ti] OR c[ti]"),
        ("NOT", "d[ti]"),
    ]
    assert shown("((a[ti] NOT b[ti]) AND (c[ti] AND d[ti]))") == [
        ("AND", "a[ti]"),
        ("NOT", "b[ti]"),
        ("AND", "c[ti]"),
        ("AND", "d[ti]"),
    ]
    assert shown("a[ti] AND b[ti] OR c[ti] AND d[ti]") == [("AND", "(a[ti] AND b[ti]) OR c[ti]"), ("AND", "d[ti]")]
    assert shown("a[ti] AND b[ti] OR c[ti]") == [("AND", "(a[ti] AND b[ti]) OR c[ti]")]


words = st.sampled_from(["examplin", "stroke", "rats", "trial"])
terms = st.recursive(
    words.map("{}[ti]".format),
    lambda inner: st.tuples(inner, st.sampled_from(["AND", "OR", "NOT"]), inner, st.booleans()).map(
        lambda parts: f"({parts[0]} {parts[1]} {parts[2]})" if parts[3] else f"{parts[0]} {parts[1]} {parts[2]}"
    ),
    max_leaves=8,
)


@given(terms, st.lists(words, max_size=4).map(" ".join))
def test_a_query_finds_a_paper_exactly_where_no_block_fails(term, title):
    """Taking a query apart changes nothing: all blocks hold if and only if the whole query does."""
    one = paper(title=title)
    assert (not Blocks(term).failing(one)) == compile_term(term)(one)


@given(terms)
def test_layout_reads_back_as_the_same_query(term):
    """A query written one term a line, or with all brackets on one line, means what it meant."""
    meant = compile_term(term).translation
    assert compile_term("\n".join(layout(read(term).tree))).translation == meant
    assert compile_term(written(read(term).tree)).translation == meant


def failing(term, **values):
    return [(one.number, one.of, one.operator, one.why) for one in Blocks(term).failing(paper(**values))]


def test_why_a_block_fails():
    """What is missing is told in words: terms, headings, the abstract, another form, or the term that excludes."""
    abstract = (Section("", "Rats had head injuries, and an injury of the brain."),)
    assert failing("examplin[tiab] AND (zzz[tiab] OR stroke[mh])", abstract=abstract, status="Publisher") == [
        (2, 2, "AND", "none of its 2 terms occurs; the paper has no MeSH yet")
    ]
    assert failing("examplin[tiab] AND stroke[mh]", status="PubMed-not-MEDLINE") == [
        (2, 2, "AND", "it does not occur; the paper has no MeSH headings")
    ]
    assert failing("stroke[mh]", mesh=(Heading("Humans"),)) == [(1, 1, "AND", "it does not occur")]
    assert failing("zzz[tiab]") == [(1, 1, "AND", f"it does not occur; {NO_ABSTRACT}")]
    assert failing('"head injured"[tiab]', abstract=abstract)[0][3].endswith(
        'its “head injury” comes close to "head injured"[tiab]'
    )
    assert failing('"brain injury"[tiab]', abstract=abstract)[0][3].endswith(
        'it has “brain”, “injury”, apart from each other, for "brain injury"[tiab]'
    )
    assert failing("examplin[tiab] NOT (mice[tiab] OR rats[tiab])", abstract=abstract) == [
        (2, 2, "NOT", "it excludes the paper by rats[tiab]")
    ]
    assert failing("(zz[ti] AND examplin[ti]) OR yy[ti]")[0][3] == "none of its 2 alternatives holds"


# lint


def test_lint_shows_place_and_remedy(workspace):
    """The line of the query, a caret under the place, the rule and what to do; status 1."""
    save(workspace, "head", "examplin[tiab]\nAND concussion[titel]", known=[ONE])
    told = workspace.run("query", "lint", "head", status=1)
    assert told.stdout.splitlines() == [
        "head: error line 2, character 15 (head.toml:4): unknown-field",
        "    AND concussion[titel]",
        "                  ^",
        "    PubMed has no field [titel]; it would search all fields instead.",
        "    → Did you mean [ti] (Title)?",
    ]
    assert told.stderr.endswith("1 query: 1 error.\n")


def test_lint_status(workspace):
    """Hints alone are status 0, a warning is 1, an unknown name 2 with the nearest one."""
    save(workspace, "a", "examplin[tiab]")
    assert "no-known" in workspace.run("query", "lint", "a").stdout
    save(workspace, "a", "examplin[tiab] AND stroke[tiab] OR tbi[tiab]", known=[ONE])
    workspace.run("query", "lint", "a", status=1)
    assert "did you mean stroke" in workspace.run("query", "lint", "strok", status=2).stderr


def test_lint_of_a_sound_query_says_so(workspace):
    """Nothing on stdout, a sentence on stderr; --quiet is silent."""
    save(workspace, "a", "examplin[tiab]", known=[ONE])
    told = workspace.run("query", "lint", "a")
    assert (told.stdout, told.stderr) == ("", "1 query: nothing to find fault with.\n")
    assert workspace.run("-q", "query", "lint", "a").stderr == ""


def test_lint_of_a_file_that_cannot_be_read(workspace):
    """A broken file is a finding, and the others are still looked over."""
    (workspace.folder / "queries" / "a.toml").write_text('title = "x"\nterms = "y"\n')
    (workspace.folder / "queries" / "Bad name.toml").write_text("")
    save(workspace, "zz", "examplin[titel]", known=[ONE])
    told = workspace.json("query", "lint", status=1)
    assert [(one["query"], one["rule"]) for one in told if one["severity"] == "error"] == [
        ("Bad name", "file"),
        ("a", "file"),
        ("zz", "unknown-field"),
    ]
    assert "did you mean term?" in told[1]["message"]


def test_lint_json(workspace):
    """Fields with line and column in the term and the line in the file; stable."""
    save(workspace, "head", "examplin[tiab]\n  or tbi[tiab]", known=[ONE])
    (one,) = workspace.json("query", "lint", "head", status=1)
    assert one == {
        "query": "head",
        "file": str(workspace.folder / "queries" / "head.toml"),
        "rule": "lower-case-operator",
        "severity": "warning",
        "line": 2,
        "column": 3,
        "file_line": 4,
        "message": one["message"],
        "remedy": one["remedy"],
    }


def test_lint_of_the_other_keys(workspace):
    """A PMID with too many digits is an error, a bound below the known papers a warning."""
    save(workspace, "a", "examplin[tiab]", known=[123456789], more="max = 1\n")
    assert [one["rule"] for one in workspace.json("query", "lint", "a", status=1)] == ["known"]
    save(workspace, "a", "examplin[tiab]", known=[ONE, TWO], more="max = 1\n")
    assert [one["rule"] for one in workspace.json("query", "lint", "a", status=1)] == ["max"]


def test_lint_of_a_term_needs_no_workspace(tmp_path):
    """--term works anywhere, also from stdin."""
    told = Workspace.process(_Folder(tmp_path), "query", "lint", "--term", "a[ti] or b[ti]")
    assert (told.returncode, told.stdout.decode().splitlines()[0]) == (
        1,
        "--term: warning character 7: lower-case-operator",
    )
    told = Workspace.process(_Folder(tmp_path), "query", "lint", "--term", "-", input=b"a[ti]\n")
    assert (told.returncode, told.stdout) == (0, b"")


class _Folder:
    def __init__(self, folder):
        self.folder = folder


def test_lint_shows_what_pubmed_said_of_the_same_term(filled):
    """Warnings of the newest run are shown while the term is the one that ran, and not after it was edited."""
    pubmed = MadeUpPubmed()
    pubmed.add(2, "Examplin in stroke.")
    warning = "<WarningList><QuotedPhraseNotFound>acute stroke</QuotedPhraseNotFound></WarningList>"
    save(filled, "stroke", 'examplin[tiab] AND ("acute stroke"[tiab] OR stroke[tiab])', known=[TWO])
    with pubmed.server(rate_limit=0, key_rate=0) as server:
        body = search_body(1, [TWO], translation='examplin[tiab] AND ("acute stroke"[tiab])', extra=warning)
        server.queue_fault(lambda exchange: exchange.send(200, body, "text/xml"))
        told = filled.run("fetch", "stroke", environment=asking(server))
    assert "index does not hold this phrase: acute stroke" in told.stderr
    found = filled.json("query", "lint", "stroke", status=1)
    (one,) = [one for one in found if one["rule"] == "pubmed"]
    assert one["line"] is None
    assert "index does not hold this phrase: acute stroke (run " in one["message"]
    filled.fetch("stroke")  # over files nobody asks PubMed
    assert one in filled.json("query", "lint", "stroke", status=1)
    save(filled, "stroke", "examplin[tiab] AND stroke[tiab]", known=[TWO])
    assert filled.json("query", "lint", "stroke") == []


def test_lint_without_a_usable_library(filled):
    """A damaged library costs only what PubMed said; the term is looked over all the same."""
    (filled.folder / "db" / "reftrack.db").write_bytes(b"no database at all, but long enough to be read as one" * 50)
    save(filled, "stroke", "examplin[titel]", known=[TWO])
    told = filled.run("query", "lint", "stroke", status=1)
    assert "What PubMed said when the queries ran is not shown" in told.stderr
    assert "unknown-field" in told.stdout


def test_lint_on_a_terminal(workspace):
    """Long lines are cut around the place and texts wrapped at the window's width; escape sequences are harmless."""
    term = "(" + " OR ".join(f"word{n}[tiab]" for n in range(30)) + ") AND head injury[titel] AND x\x9b2J[tiab]"
    (workspace.folder / "queries" / "head.toml").write_text(f'title = "x"\nterm = {json.dumps(term)}\nknown = [1]')
    for columns in (60, 80, 140):
        _, seen = terminal([*REFTRACK, "query", "lint", "head"], workspace.folder, columns=columns)
        lines = seen.splitlines()
        at = next(number for number, line in enumerate(lines) if "[titel]" in line and "^" in lines[number + 1])
        assert lines[at + 1].index("^") == lines[at].index("[titel")
        assert max(map(len, lines)) <= columns
        assert "\x9b" not in seen


def test_no_color(monkeypatch):
    """With NO_COLOR nothing is coloured, without it a severity is."""
    assert painted("error", fg="red") != "error"
    monkeypatch.setenv("NO_COLOR", "1")
    assert painted("error", fg="red") == "error"


# test


def shaped_online(workspace, *arguments, environment, status=0):
    return json.loads(workspace.run(*arguments, "--json", environment=environment, status=status).stdout)


def asking(server):
    return {"REFTRACK_EUTILS_URL": server.url, "NCBI_API_KEY": "made-up", "NCBI_EMAIL": "tester@uni.test"}


@pytest.fixture
def pubmed():
    made = MadeUpPubmed()
    made.add(1, "Examplin in head injury, a trial.", abstract="Words.")
    made.add(2, "Examplin after ischemic stroke.", abstract="Words.")
    made.add(5, "Examplin for brain attack.", mesh=("Stroke",), abstract="Words.")
    made.add(6, "Examplin in migraine.", abstract="Words.", status="Publisher")
    made.add(7, "Examplin in stroke of rats.", abstract="Words.")
    return made


def test_all_known_papers_are_found(filled):
    """Held papers that the query finds need no PubMed: nothing is asked, status 0."""
    save(filled, "stroke", "examplin[tiab] AND stroke[tiab]", known=[TWO])
    told = filled.run(
        "query", "test", "stroke", environment={"REFTRACK_EUTILS_URL": "http://127.0.0.1:9/entrez/eutils/"}
    )
    assert told.stdout == "stroke: 1/1 found\n"
    assert told.stderr == ""


def test_missed_paper_names_its_block(filled):
    """A held paper that is missed is shown with its title, the failing block and why; status 1."""
    save(filled, "stroke", "examplin[tiab] AND (migraine[tiab] OR headache*[tiab]) AND cohort[tiab]", known=[TWO])
    told = filled.run("query", "test", "stroke", "--offline", status=1)
    assert told.stdout.splitlines() == [
        "stroke: 0/1 found, 1 missed",
        f"  missed: PMID {TWO} Examplin after ischemic stroke: a retrospective cohort study.",
        f"    block 2 of 3: (migraine[tiab] OR headache*[tiab]) — none of its 2 terms occurs; {NO_ABSTRACT}",
    ]


def test_offline_what_is_not_held_is_not_judged(filled):
    """Papers that are not held are named as not judged: status 4, for it is no good news."""
    save(filled, "stroke", "examplin[tiab]", known=[TWO, pmid(6)])
    told = filled.run("query", "test", "stroke", "--offline", status=4)
    assert told.stdout.splitlines() == [
        "stroke: 1/2 found, 1 not judged",
        f"  not judged: PMID {pmid(6)}: it is not held",
    ]
    (one,) = filled.json("query", "test", "stroke", "--offline", status=4)
    assert (one["known"], one["found"], [known["pmid"] for known in one["unjudged"]]) == (2, 1, [pmid(6)])


def test_unheld_papers_are_asked_of_pubmed(filled, pubmed):
    """One search for all that is not held, one fetch for those that are missed, and nothing is stored."""
    term = "examplin[tiab] AND (stroke[mh] OR stroke*[tiab])"
    save(
        filled,
        "stroke",
        term,
        known=[TWO, pmid(5), pmid(6), pmid(7), pmid(99)],
    )
    with pubmed.server(rate_limit=0, key_rate=0) as server:
        told = filled.run("query", "test", "stroke", environment=asking(server), status=1)
        asked = [request.params for request in server.log]
    assert [request.get("term") for request in asked if "term" in request] == [
        f"({term}\n) AND ({pmid(5)}[uid] OR {pmid(6)}[uid] OR {pmid(7)}[uid] OR {pmid(99)}[uid])"
    ]
    assert {request["id"] for request in asked if "id" in request} == {f"{pmid(6)},{pmid(99)}"}
    assert told.stdout.splitlines() == [
        "stroke: 3/5 found, 2 missed",
        f"  missed: PMID {pmid(6)} Examplin in migraine.",
        "    block 2 of 2: (stroke[mh] OR stroke*[tiab]) — none of its 2 terms occurs; the paper has no MeSH yet",
        f"  missed: PMID {pmid(99)}",
        "    Which block fails cannot be told: PubMed sends no record of it: is the PMID right?",
    ]
    assert filled.run("list", "--count").stdout == "3\n"


def test_both_are_told_where_pubmed_and_we_differ(filled, pubmed):
    """A held paper that PubMed finds by a narrower heading is found; what we miss it by is shown beside it."""
    save(filled, "head", "examplin[tiab] AND (trauma[mh] OR zzz[tiab])", known=[ONE])
    with pubmed.server(rate_limit=0, key_rate=0) as server:
        server.search = lambda _: [ONE]
        told = filled.run("query", "test", "head", environment=asking(server))
        (one,) = shaped_online(filled, "query", "test", "head", environment=asking(server))
    assert told.stdout.splitlines()[:3] == [
        "head: 1/1 found",
        f"  found: PMID {ONE} Examplin in traumatic brain injury after head injury: a randomized, double-blind trial.",
        "    PubMed finds it, our own reading of the record does not:",
    ]
    assert [(known["ours"], known["pubmed"]) for known in one["differing"]] == [(False, True)]


def test_offline_pubmeds_last_word_on_the_same_term_counts(filled, pubmed):
    """What a complete run of the same term found is found, also offline; after an edit it is not known any more."""
    save(filled, "head", "examplin[tiab] AND (trauma[mh] OR zzz[tiab])", known=[ONE])
    with pubmed.server(rate_limit=0, key_rate=0) as server:
        server.search = lambda term: [] if "mdat" in term else [ONE]
        filled.run("fetch", "head", environment=asking(server))
    told = filled.run("query", "test", "head", "--offline")
    assert told.stdout.startswith("head: 1/1 found\n")
    assert "(run " in told.stdout
    save(filled, "head", "examplin[tiab] AND (trauma[mh] OR yyy[tiab])", known=[ONE])
    assert "1 missed" in filled.run("query", "test", "head", "--offline", status=1).stdout


def test_network_failure_is_no_miss(filled):
    """PubMed that cannot be reached is status 3 with its sentence; what is held is told all the same."""
    save(filled, "stroke", "examplin[tiab]", known=[TWO, pmid(6)])
    with MadeUpPubmed().server(rate_limit=0, key_rate=0) as server:
        server.queue_fault("error_400_timeout", times=9)
        told = filled.run("query", "test", "stroke", environment=asking(server), status=3)
    assert told.stdout.startswith("stroke: 1/2 found, 1 not judged\n")
    assert "reftrack: " in told.stderr


def short_list(exchange):
    """PubMed counts three papers and lists one."""
    exchange.send(200, search_body(3, [pmid(6)]), "text/xml")


def test_a_list_that_is_cut_proves_nothing(filled, pubmed):
    """Where PubMed lists fewer papers than it counts, nobody is missed, gained or lost: status 3."""
    save(filled, "stroke", "examplin[tiab]", known=[pmid(5), pmid(6)])
    with pubmed.server(rate_limit=0, key_rate=0) as server:
        server.queue_fault(short_list)
        told = filled.run("query", "test", "stroke", environment=asking(server), status=3)
        assert "counts 3 papers but listed 1" in told.stderr
        server.queue_fault(short_list)
        told = filled.run("query", "diff", "stroke", environment=asking(server), status=3)
    assert "counts 3 papers but listed 1, so nothing can be compared" in told.stderr


def test_query_that_cannot_be_read_is_refused(filled):
    """An unknown tag or a bracket too many is status 6 and names the query; the others are tested."""
    save(filled, "head", "examplin[titel]", known=[ONE])
    save(filled, "stroke", "examplin[tiab]", known=[TWO])
    told = filled.run("query", "test", status=6)
    assert told.stdout == "stroke: 1/1 found\n"
    assert "reftrack: head: " in told.stderr


def test_term_that_only_pubmed_can_judge(filled, pubmed):
    """A field that no record answers for is asked of PubMed, and offline it is not judged."""
    save(filled, "stroke", "examplin[tiab] AND 2000:3000[crdt]", known=[TWO])
    told = filled.run("query", "test", "stroke", "--offline", status=4)
    assert "cannot be judged from a record" in told.stdout
    with pubmed.server(rate_limit=0, key_rate=0) as server:
        server.search = lambda _: [TWO]
        assert filled.run("query", "test", "stroke", environment=asking(server)).stdout == "stroke: 1/1 found\n"


def test_no_known_papers(filled):
    """A query without known papers has nothing to test and says so."""
    told = filled.run("query", "test", "stroke")
    assert (told.stdout, "names no paper that it must find" in told.stderr) == ("", True)


# diff


def test_diff_needs_a_run(workspace):
    """Without a run or --against there is nothing to compare with: status 2 and what to do."""
    assert "has no complete run to compare with" in workspace.run("query", "diff", "head", status=2).stderr


def test_diff_of_an_unchanged_term(filled):
    """The same term, in whatever layout, needs no PubMed: status 0."""
    save(filled, "stroke", "examplin[tiab]\n  AND stroke[tiab]")
    told = filled.run("query", "diff", "stroke")
    assert told.stdout.startswith("stroke: the term is that of run ")
    assert filled.json("query", "diff", "stroke")["diff"] == []


def test_diff_offline(filled):
    """Over held papers: the edit line by line, what is lost and gained, lost work first and marked; status 1."""
    filled.run("tag", "add", THREE, "mood", "--because", "x")
    filled.run("note", ONE, "keep")
    filled.run("key", "set", ONE, "Mine2020")
    before = filled.run("runs").stdout
    save(filled, "head", "examplin[tiab] AND (stroke[tiab] OR concussion[tiab])")
    told = filled.run("query", "diff", "head", "--offline", status=1)
    assert told.stdout.splitlines()[2:] == [
        "@@ -2,3 +2,3 @@",
        " AND (",
        "-  head injury[tiab]",
        "+  stroke[tiab]",
        "   OR concussion[tiab]",
        "",
        "head: would lose 2 papers (2 with work by hand); gain 1 paper; 0 held papers stay.",
        f"!- {THREE} · 2022 · animal · example2022",
        "    Examplin in rats with controlled cortical impact, a head injury model.",
        "    tag +mood",
        f"!- {ONE} · 2020 · rct · Mine2020",
        "    Examplin in traumatic brain injury after head injury: a randomized, double-blind trial.",
        "    a note; key Mine2020",
        f" + {TWO} · 2021 · cohort · example2021",
        "    Examplin after ischemic stroke: a retrospective cohort study.",
    ]
    assert filled.run("runs").stdout == before


def test_diff_offline_without_lost_work_is_status_0(filled):
    """Papers that nobody worked on may go."""
    save(filled, "head", "examplin[tiab] AND concussion[tiab]")
    assert "would lose 2 papers; gain 0 papers" in filled.run("query", "diff", "head", "--offline").stdout
    save(filled, "head", "examplin[tiab] AND concussion[tiab]", known=[ONE])
    assert "(1 known)" in filled.run("query", "diff", "head", "--offline", status=1).stdout


def test_diff_online(filled, pubmed):
    """Both terms are asked of PubMed; titles and study types of what is not held are fetched, and nothing is stored."""
    save(filled, "stroke", "examplin[tiab] AND (stroke[mh] OR migraine[tiab])")
    with pubmed.server(rate_limit=0, key_rate=0) as server:
        told = filled.run("query", "diff", "stroke", environment=asking(server))
        requests = [request.path.rsplit("/", 1)[1] for request in server.log]
        shaped = shaped_online(filled, "query", "diff", "stroke", environment=asking(server))
    assert [name.split(".")[0] for name in requests] == ["esearch", "esearch", "efetch"]
    assert "stroke: would lose 2 papers; gain 2 papers; 0 papers stay." in told.stdout
    assert f" + {pmid(6)} · 2020 · not held\n    Examplin in migraine.\n" in told.stdout
    assert {one["pmid"]: one["held"] for one in shaped["lost"]} == {TWO: True, pmid(7): False}
    assert {one["pmid"] for one in shaped["gained"]} == {pmid(5), pmid(6)}
    assert filled.run("list", "--count").stdout == "3\n"


def test_diff_does_not_blame_the_edit_for_what_is_new(filled, pubmed):
    """A paper that PubMed got since the last run and that both terms find is no gain of the edit."""
    save(filled, "stroke", "examplin[tiab] AND (stroke[tiab] OR zzz[tiab])")
    with pubmed.server(rate_limit=0, key_rate=0) as server:
        shaped = shaped_online(filled, "query", "diff", "stroke", environment=asking(server))
    assert (shaped["gained"], shaped["lost"], shaped["both"]) == ([], [], 2)


def test_diff_fetches_fifty_titles_at_most(filled):
    """Of many papers that are not held fifty are looked up, those in `known` first; the rest is counted."""
    pubmed = MadeUpPubmed()
    for number in range(10, 90):
        pubmed.add(number, f"Examplin in migraine, part {number}.")
    save(filled, "stroke", "examplin[tiab] AND (stroke[tiab] OR migraine[tiab])", known=[pmid(10)])
    with pubmed.server(rate_limit=0, key_rate=0) as server:
        told = filled.run("query", "diff", "stroke", "--all", environment=asking(server))
        fetched = [request.params["id"].split(",") for request in server.log if "id" in request.params]
    assert [len(ids) for ids in fetched] == [50]
    assert str(pmid(10)) in fetched[0]
    assert told.stdout.splitlines()[-1] == " + … and 30 papers more"


def test_diff_above_the_limit_is_refused(filled, pubmed):
    """An edit that finds more than `max` is refused as a fetch would be: status 6."""
    save(filled, "stroke", "examplin[tiab]", more="max = 3\n")
    with pubmed.server(rate_limit=0, key_rate=0) as server:
        told = filled.run("query", "diff", "stroke", environment=asking(server), status=6)
    assert "more than its limit of 3" in told.stderr


def test_diff_when_pubmed_fails(filled, pubmed):
    """A failure is status 3 and never an empty difference."""
    save(filled, "stroke", "examplin[tiab]")
    with pubmed.server(rate_limit=0, key_rate=0) as server:
        server.queue_fault("error_400_timeout", times=9)
        told = filled.run("query", "diff", "stroke", environment=asking(server), status=3)
    assert told.stdout == ""


def test_diff_against(filled, tmp_path):
    """A file of queries, a bare text, a term or a run of another query serve as the other side."""
    old = tmp_path / "old.toml"
    old.write_text('title = "old"\nterm = "examplin[tiab]"\n')
    bare = tmp_path / "bare.txt"
    bare.write_text("examplin[tiab]\n")
    for other in (old, bare, "examplin[tiab]"):
        shaped = filled.json("query", "diff", "stroke", "--offline", "--against", other)
        assert {one["pmid"] for one in shaped["lost"]} == {ONE, THREE}
    shaped = filled.json("query", "diff", "stroke", "--offline", "--against", 1)
    assert shaped["against"].startswith("run 1 of ")
    for other, words in (("99", "no run 99"), ("no.toml", "no file no.toml"), (" ", "is empty")):
        assert words in filled.run("query", "diff", "stroke", "--against", other, status=2).stderr


def test_diff_hides_no_paper_that_matters(capsys):
    """A lost paper without a title, or of which only the number is known, is shown if it is held or must be found."""
    lost = (Moved(1, key="example2020", hand=("a note",)), Moved(2, is_known=True), Moved(3), Moved(4))
    _list("-", lost, most=0)
    assert capsys.readouterr().out.splitlines() == [
        "!- 1 · example2020",
        "    a note",
        "!- 2 · not held",
        "    known: the file says that it must be found",
        " - … and 2 papers more",
    ]


# new


texts = st.text(
    st.one_of(
        st.sampled_from(list("'\"\\\n\r\t\0\x85\u2028 a[]*#é")),
        st.characters(exclude_categories=["Cs"]),
    )
)


@given(texts, texts, texts, st.lists(st.integers(1, 99_999_999), max_size=3, unique=True), st.integers(1, 9999))
@settings(deadline=None)
def test_what_is_written_reads_back_the_same(title, term, note, known, most):
    """Whatever the texts hold, quotes and backslashes and controls, the file gives the query that was written."""
    title, note = title.strip(), note.strip()
    query = Query("x", title, term, note, tuple(known), most)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if len(title.splitlines()) != 1 or not term.strip():
            with pytest.raises(UsageError):
                queries.write(folder, query)
            assert not list(folder.iterdir())
            return
        queries.write(folder, query)
        assert queries.load(folder) == {"x": query}
        assert len(list(folder.iterdir())) == 1


def test_a_plain_query_is_written_plainly():
    """A file looks as a person would have written it: nothing escaped without need."""
    query = Query("x", 'The "x"', '"head injury"[tiab]\n', "first\nsecond", (1, 2))
    assert queries.to_toml(query) == (
        "title = \"The \\\"x\\\"\"\n\nterm = '''\n\"head injury\"[tiab]\n'''\n\n"
        "note = '''\nfirst\nsecond\n'''\n\nknown = [1, 2]\n"
    )


def test_nothing_is_overwritten(tmp_path):
    """A file that is there, in whatever letters, stays as it is."""
    (tmp_path / "Head.toml").write_text("mine")
    (tmp_path / "x.toml").write_text("mine, too")
    for name in ("head", "x"):
        with pytest.raises(UsageError, match="is there already and was left as it is"):
            queries.write(tmp_path, Query(name, "t", "a[ti]"))
    assert sorted(path.read_text() for path in tmp_path.iterdir()) == ["mine", "mine, too"]


def test_two_at_once_do_not_overwrite_each_other(tmp_path, monkeypatch):
    """A file that appears after the look at the folder is not overwritten, and nothing else is left behind."""
    (tmp_path / "x.toml").write_text("mine")
    monkeypatch.setattr(queries, "listed", lambda _: [])
    with pytest.raises(UsageError, match="is there already and was left as it is"):
        queries.write(tmp_path, Query("x", "t", "a[ti]"))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_new_with_everything_given_asks_nothing(workspace):
    """Options alone write the file, and the next command is told."""
    told = workspace.run(
        *("query", "new", "mine", "--title", "Mine", "--term", "examplin[tiab]", "--known", f"{ONE}, {TWO}"),
        *("--note", "", "--max", "9"),
    )
    assert told.stdout == "queries/mine.toml is written.\n"
    assert "Next: reftrack query test mine" in told.stderr
    made = queries.named(workspace.folder / "queries", "mine")
    assert made == Query("mine", "Mine", "examplin[tiab]\n", "", (ONE, TWO), 9)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--title", "t", "--term", "a[ti]"], 2, "NAME is missing"),
        (["x", "--term", "a[ti]"], 2, "--title is missing"),
        (["x", "--title", "t"], 2, "--term is missing"),
        (["x", "--title", " ", "--term", "a[ti]"], 2, "--title is empty"),
        (["x", "--title", "t", "--term", " "], 2, "--term is empty"),
        (["x", "--title", "t\nu", "--term", "a[ti]"], 2, "--title must be one line"),
        (["x", "--title", "t", "--term", "a[ti]", "--known", "1, abc"], 2, "'abc' is not a PMID"),
        (["X", "--title", "t", "--term", "a[ti]"], 2, "cannot name a saved query"),
        (["head", "--title", "t", "--term", "a[ti]"], 2, "is there already and was left as it is"),
        (["x", "--title", "t", "--term", "a[titel]"], 1, "Nothing was written"),
    ],
)
def test_new_refuses(workspace, arguments, status, words):
    """What is missing or wrong is named, and nothing is written."""
    before = {path.name: path.read_text() for path in (workspace.folder / "queries").iterdir()}
    assert words in workspace.run("query", "new", *arguments, status=status).stderr
    assert {path.name: path.read_text() for path in (workspace.folder / "queries").iterdir()} == before


def test_new_with_count(workspace, pubmed):
    """--count says how many papers PubMed finds; if it cannot, that is status 3 and the file is written."""
    given_ = ("--title", "Mine", "--term", "examplin[tiab]", "--count")
    with pubmed.server(rate_limit=0, key_rate=0) as server:
        told = workspace.run("query", "new", "mine", *given_, environment=asking(server))
        server.queue_fault("error_400_timeout", times=9)
        workspace.run("query", "new", "other", *given_, environment=asking(server), status=3)
    assert "PubMed finds 5 papers and reads: examplin[tiab]" in told.stderr
    assert {"mine", "other"} <= queries.names(workspace.folder / "queries")


def test_show_writes_the_brackets(workspace):
    """`query show` writes out how PubMed goes through a query whose operators stand without brackets, only there."""
    save(workspace, "a", "examplin[tiab] AND stroke[tiab] OR tbi[tiab]")
    assert "read as: (examplin[tiab] AND stroke[tiab]) OR tbi[tiab]" in workspace.run("query", "show", "a").stdout
    assert "read as" not in workspace.run("query", "show", "head").stdout
    assert workspace.json("query", "show", "a")["read_as"] == "(examplin[tiab] AND stroke[tiab]) OR tbi[tiab]"


def test_refusal_tells_its_place():
    """A refused query says where apart from its sentence, for whoever shows it."""
    with pytest.raises(QueryError) as caught:
        read("a[ti] AND ()")
    assert (caught.value.start, caught.value.why) == (10, "there is nothing between two brackets")


def test_closed_pipe(workspace):
    """`query lint | head -1` ends without a traceback."""
    save(workspace, "a", "\n".join(f"word{n}[titel] OR" for n in range(3000)) + " x[ti]")
    _, seen = terminal(f"{sys.executable} -m reftrack query lint a | head -1", workspace.folder)
    assert "Traceback" not in seen


def test_questions_on_a_terminal(workspace):
    """On a terminal what is not given is asked for, and a term with an error is asked for again."""
    answers = ["mine", "Mine", "examplin[titel]", "", "n", "examplin[tiab]", "", f"{ONE}", "because", ""]
    code = (
        "import sys, io, click; from reftrack.cli import main\n"
        f"class Typed(io.StringIO):\n    def isatty(self): return True\n"
        f"sys.stdin = Typed({chr(10).join(answers)!r})\n"
        "main(['query', 'new'])"
    )
    told = workspace.process(code=code)
    assert told.returncode == 0, told.stderr
    assert b"unknown-field" in told.stderr
    assert queries.named(workspace.folder / "queries", "mine") == Query(
        "mine", "Mine", "examplin[tiab]\n", "because", (ONE,)
    )
