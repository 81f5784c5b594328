"""The main job end to end: saved query → server → library → tags → list → BibTeX, on a loopback server."""

import gzip
import json
import re
import subprocess
import sys

import pytest

from desk import Workspace
from eutils_server import EutilsServer, FakeTime
from papers import FIRST_PMID, document, record
from reftrack import pubmed, tagging
from reftrack.errors import EutilsError, QueryError
from reftrack.eutils import Batch, Eutils, Found
from reftrack.library.selecting import Selection
from reftrack.library.writing import Library
from reftrack.matching import compile_term
from reftrack.model import Query
from reftrack.workflow.deriving import rebuild
from reftrack.workflow.online import pull
from reftrack.workflow.retagging import retag

QUERY = Query("made-up", "Made up", "examplin[tiab]")
RULES = tagging.load()


def store(records):
    """A server's records and a search that judges queries over them as reftrack does."""
    papers = {pmid: pubmed.parse(xml) for pmid, xml in records.items()}

    def search(term):
        matcher = compile_term(term)
        return [pmid for pmid, paper in papers.items() if matcher(paper)]

    return search


def made_up(*numbers):
    return {FIRST_PMID - 1 + n: record(n, title=f"Examplin study number {n}.") for n in numbers}


@pytest.fixture
def library(tmp_path):
    with Library.open(tmp_path / "l.db", create=True) as opened:
        opened.set_vocabulary(RULES.definitions)
        yield opened


@pytest.fixture
def run(library):
    """Pull QUERY from a server of these records; faults are queued on the server first."""

    def run(records, *faults, limit=5000, full=False):
        with EutilsServer(records, store(records), rate_limit=0) as server:
            for fault in faults:
                server.queue_fault(fault)
            with Eutils(base_url=server.url, **FakeTime().settings) as eutils:
                run.server = server
                return pull(QUERY, eutils, library, RULES, version="0", limit=limit, full=full)

    return run


def fetched(server):
    """The PMIDs that EFetch was asked for, in all."""
    return [int(pmid) for request in server.log if "efetch" in request.path for pmid in request.params["id"].split(",")]


def test_a_second_run_asks_only_for_what_is_new(run, library):
    """The first run fetches everything, the next only the paper that came since: two searches where nothing is new."""
    first = run(made_up(1, 2, 3))
    assert (first.status, len(first.new), first.requests) == ("complete", 3, 2)
    second = run(made_up(1, 2, 3))
    assert (second.new, second.requests) == ((), 2)
    third = run(made_up(1, 2, 3, 4))
    assert third.new == (FIRST_PMID + 3,)
    assert fetched(run.server) == [FIRST_PMID + 3]
    assert library.held_pmids() == [FIRST_PMID + n for n in range(4)]


def test_full_fetches_held_records_and_names_what_changed(run, library):
    """`--full` asks for everything again; a changed record is changed, an unchanged one is not written."""
    run(made_up(1, 2))
    changed = made_up(1, 2) | {FIRST_PMID: record(1, title="Examplin, with another title.")}
    line = run(changed, full=True)
    assert (line.new, line.changed) == ((), (FIRST_PMID,))
    assert library.get(FIRST_PMID).title == "Examplin, with another title."


RETRACTION = (
    "<CommentsCorrectionsList><CommentsCorrections RefType='RetractionIn'><RefSource>J Example. 2024</RefSource>"
    "</CommentsCorrections></CommentsCorrectionsList>"
)


def test_a_retraction_is_told_also_by_a_query_that_finds_the_paper_for_the_first_time(run, library):
    """A held paper that is retracted and at once found by another query is new to that query and newly retracted."""
    run(made_up(1))
    retracted = {FIRST_PMID: record(1, title="Examplin, zeta.", extra=RETRACTION)}
    other = Query("other", "Other", "zeta[ti]")
    with (
        EutilsServer(retracted, store(retracted), rate_limit=0) as server,
        Eutils(base_url=server.url, **FakeTime().settings) as eutils,
    ):
        line = pull(other, eutils, library, RULES, version="0", limit=99, full=True)
    assert (line.new, line.changed, line.retracted) == ((FIRST_PMID,), (), (FIRST_PMID,))


def test_the_sample_gives_way_to_pubmed(run, library):
    """A paper that only the shipped sample brought is asked of PubMed, and its record takes the restatement's place."""
    with library.transaction():
        library.save(made_up(1)[FIRST_PMID], pubmed.parse(made_up(1)[FIRST_PMID]), source="sample", parser=1)
    line = run({FIRST_PMID: record(1, title="Examplin, as published.")})
    assert line.status == "complete"
    (held,) = library.held([FIRST_PMID])
    assert (held.source, held.paper.title) == ("pubmed", "Examplin, as published.")


def test_since_last_asks_each_query_for_its_own_last_run(run, library):
    """What one query's newest run brought is not hidden by another query that ran after it."""
    run(made_up(1))
    times = iter(["2030-01-01T00:00:00Z"] * 99)
    library._now = lambda: next(times)
    library.finish(library.begin("later", term="x", source="pubmed", version="0"), status="complete", received=0,
                   requests=0)  # fmt: skip
    assert library.select(Selection(since="last")) == [FIRST_PMID]


def test_two_first_fetches_at_once_share_one_library(tmp_path):
    """Two processes that both make the library: one makes it, the other uses it, and nothing of either is lost."""
    for attempt in range(3):
        path = tmp_path / f"{attempt}.db"
        code = (
            "import sys, pathlib\nfrom reftrack.library.writing import Library\n"
            "with Library.open(pathlib.Path(sys.argv[1]), create=True) as library:\n"
            "    library.begin(sys.argv[2], term='x', source='pubmed', version='0')\n"
        )
        both = [subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in ("a", "b")]
        assert [process.wait(30) for process in both] == [0, 0]
        with Library.open(path) as opened:
            assert {line.query for line in opened.runs()} == {"a", "b"}
    assert not [file for file in tmp_path.iterdir() if ".new" in file.name]


def test_c03_a_paper_that_never_comes_is_named_and_makes_the_run_partial(library):
    """The server names a PMID and serves no record: asked for again alone, then missing; the others are stored."""
    records = made_up(1, 2, 3)
    search = store(records)
    del records[FIRST_PMID + 1]
    with EutilsServer(records, search, rate_limit=0) as server:
        with Eutils(base_url=server.url, **FakeTime().settings) as eutils:
            line = pull(QUERY, eutils, library, RULES, version="0", limit=99)
        assert fetched(server).count(FIRST_PMID + 1) >= 2
    assert (line.status, line.missing, line.received) == ("partial", (FIRST_PMID + 1,), 2)
    assert str(FIRST_PMID + 1) in line.problem


class Said:
    """An E-utilities client that says what a test wants."""

    requests_sent = 0
    server = "said"

    def __init__(self, pmids, *bodies):
        self.pmids, self.bodies = pmids, list(bodies)

    def search(self, _term, _limit=None):
        return Found(len(self.pmids), tuple(self.pmids), "said", (), complete=True)

    def revised(self, _term, _since, _limit=None):
        return Found(0, (), "said", (), complete=True)

    def fetch(self, pmids):
        yield Batch(tuple(pmids), self.bodies.pop(0))


def test_c05_a_record_that_was_not_asked_for_is_not_stored(library):
    """It is told in the run's warnings; what was asked for is stored."""
    said = Said([FIRST_PMID], document(record(1), record(2)))
    line = pull(QUERY, said, library, RULES, version="0", limit=9)
    assert library.held_pmids() == [FIRST_PMID]
    assert any(str(FIRST_PMID + 1) in warning for warning in line.warnings)


def test_c08_deleted_citations_are_told_and_what_is_held_stays(library):
    """A DeleteCitation in a reply stores nothing, deletes nothing, and is named."""
    pull(QUERY, Said([FIRST_PMID], document(record(1))), library, RULES, version="0", limit=9)
    deleted = f"<DeleteCitation><PMID Version='1'>{FIRST_PMID}</PMID></DeleteCitation>".encode()
    said = Said([FIRST_PMID, FIRST_PMID + 1], document(record(2), deleted))
    line = pull(QUERY, said, library, RULES, version="0", limit=9)
    assert library.held_pmids() == [FIRST_PMID, FIRST_PMID + 1]
    assert any("deleted" in warning and str(FIRST_PMID) in warning for warning in line.warnings)


def test_c10_a_record_that_cannot_be_read_is_missing_with_its_reason(library):
    """One of three is broken: two are stored, the third is missing, named with why, and the run is partial."""
    broken = record(2).replace(b"<ArticleTitle>", b"<ArticleTitle", 1)
    said = Said([FIRST_PMID + n for n in range(3)], document(record(1), broken, record(3)))
    line = pull(QUERY, said, library, RULES, version="0", limit=9)
    assert (line.status, line.missing) == ("partial", (FIRST_PMID + 1,))
    assert any("not well-formed" in warning for warning in line.warnings)


def test_a_changed_text_is_tagged_anew(run, library):
    """A record that comes changed gets the tags of its new text."""
    run(made_up(1))
    assert "rct" not in {tag.slug for tag in next(library.held([FIRST_PMID])).tags}
    run(
        {FIRST_PMID: record(1, title="Examplin in stroke: a randomized, double-blind, placebo-controlled trial.")},
        full=True,
    )
    assert {"rct", "stroke"} <= {tag.slug for tag in next(library.held([FIRST_PMID])).tags}


def test_rebuild_makes_rows_of_what_the_records_say(run, library):
    """A row that differs from its record is replaced, a row that is gone comes back, with key and tags."""
    run(made_up(1, 2))
    key = next(library.held([FIRST_PMID + 1])).key
    library.connection.run("UPDATE papers SET title = 'wrong' WHERE pmid = ?", (FIRST_PMID,))
    library.connection.run("DELETE FROM papers WHERE pmid = ?", (FIRST_PMID + 1,))
    library.connection.run("DELETE FROM citation_keys WHERE pmid = ?", (FIRST_PMID + 1,))
    with Library.open(library.connection.path) as opened_later:  # whoever gave a key remembers that it is given
        assert rebuild(opened_later, RULES).changed == 2
    assert library.get(FIRST_PMID).title == "Examplin study number 1."
    assert next(library.held([FIRST_PMID + 1])).key == key
    assert library.problems() == []


def test_new_covers_what_an_interrupted_run_brought(run, library):
    """Papers of a run that broke off are new with the complete run after it, together with the rest."""
    run(made_up(1))
    partial = library.begin(QUERY.name, term=QUERY.term, source="pubmed", version="0")
    with library.transaction():
        library.save(made_up(2)[FIRST_PMID + 1], pubmed.parse(made_up(2)[FIRST_PMID + 1]), source="pubmed", parser=1)
        library.hit(partial, QUERY.name, [FIRST_PMID + 1])
    assert library.select(Selection(new=True)) == [FIRST_PMID]
    run(made_up(1, 2, 3))
    assert library.select(Selection(new=True, sort="pmid")) == [FIRST_PMID + 1, FIRST_PMID + 2]
    assert [line.status for line in library.runs()] == ["complete", "interrupted", "complete"]


def test_c11_a_batch_that_fails_is_completed_by_the_next_run(run, library):
    """A run cut short is partial and keeps what came; the next asks only for the rest."""
    many = made_up(*range(1, 421))
    with (
        EutilsServer(many, store(many), rate_limit=0) as server,
        Eutils(base_url=server.url, **FakeTime().settings) as eutils,
    ):
        server.fault_for(sorted(many)[200:], "503")
        line = pull(QUERY, eutils, library, RULES, version="0", limit=5000)
    assert line.status == "partial"
    assert len(library.held_pmids()) == 200
    again = run(many)
    assert again.status == "complete"
    assert len(fetched(run.server)) == 220
    assert len(library.held_pmids()) == 420


def test_a_failed_search_changes_nothing_and_is_in_the_ledger(run, library):
    """NCBI down: the run is `failed`, an error is raised, no paper is touched."""
    run(made_up(1))
    with pytest.raises(EutilsError):
        run(made_up(1, 2), *["503"] * 9)
    assert next(library.runs()).status == "failed"
    assert library.held_pmids() == [FIRST_PMID]


def test_known_papers_that_a_query_misses_are_named(library):
    """A PMID in `known` that PubMed does not return is warned of, and the warning is in the ledger."""
    query = Query("made-up", "Made up", "examplin[tiab]", known=(FIRST_PMID, 90000077))
    with (
        EutilsServer(made_up(1), store(made_up(1)), rate_limit=0) as server,
        Eutils(base_url=server.url, **FakeTime().settings) as eutils,
    ):
        line = pull(query, eutils, library, RULES, version="0", limit=99)
    assert line.status == "complete"
    assert [warning for warning in line.warnings if "90000077" in warning]
    assert not [warning for warning in line.warnings if str(FIRST_PMID) in warning]


def test_b09_too_many_hits_are_refused_before_fetching(run, library):
    """A query above its limit is refused, naming count and translation; nothing is fetched."""
    with pytest.raises(QueryError, match="finds 3 papers, more than its limit of 2"):
        run(made_up(1, 2, 3), limit=2)
    assert fetched(run.server) == []
    assert next(library.runs()).status == "failed"


def test_two_queries_share_a_paper_and_ask_for_it_once(run, library):
    """A paper held through one query is new to another without being fetched again."""
    run(made_up(1))
    other = Query("other", "Other", "examplin[ti]")
    with (
        EutilsServer(made_up(1), store(made_up(1)), rate_limit=0) as server,
        Eutils(base_url=server.url, **FakeTime().settings) as eutils,
    ):
        line = pull(other, eutils, library, RULES, version="0", limit=99)
        assert fetched(server) == []
    assert line.new == (FIRST_PMID,)
    assert next(library.held([FIRST_PMID])).queries == ("made-up", "other")


def test_citation_keys_do_not_depend_on_the_order_of_the_reply(run, library):
    """Keys are given by ascending PMID: two of one family and year are example2020 and example2020a."""
    run(made_up(1, 2, 3))
    keys = [held.key for held in library.held(library.held_pmids())]
    assert keys == ["example2020", "example2020a", "example2020b"]


def test_replay_changes_nothing(run, library):
    """Parsing the stored records again and tagging again leaves every table as it was."""
    run(made_up(1, 2, 3))

    def dump():
        tables = ("papers", "sections", "authors", "rule_tags", "paper_tags", "citation_keys", "hits", "records")
        return {table: library.connection.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables}

    before = dump()
    assert rebuild(library, RULES).changed == 0
    assert retag(library, RULES, everything=True).gained == {}
    assert dump() == before


def test_a_retag_of_an_unchanged_library_tags_nothing(run, library):
    """Papers whose text and rules are those of their tags are not looked at again."""
    run(made_up(1, 2))
    assert retag(library, RULES).tagged == 0


def test_h03_the_key_is_nowhere(tmp_path):
    """With a key set, no output, no ledger and no byte of the library holds it, in success and in failure."""
    workspace = Workspace(tmp_path)
    records = {FIRST_PMID: record(1, title="Examplin in stroke.")}
    environment = {"NCBI_API_KEY": "SECRETKEY123", "NCBI_EMAIL": "someone@hospital.test"}
    said = ""
    with EutilsServer(records, store(records), rate_limit=0, bad_keys=()) as server:
        environment["REFTRACK_EUTILS_URL"] = server.url
        result = workspace.run("-v", "fetch", environment=environment)
        said += result.stdout + result.stderr
        assert all(request.params["api_key"] == "SECRETKEY123" for request in server.log)
    with EutilsServer(records, store(records), rate_limit=0, bad_keys=("SECRETKEY123",)) as server:
        environment["REFTRACK_EUTILS_URL"] = server.url
        result = workspace.run("fetch", environment=environment, status=2)
        said += result.stdout + result.stderr
    said += workspace.run("doctor", environment=environment).stdout
    said += workspace.run("runs", "--json", environment=environment).stdout
    assert "SECRETKEY123" not in said
    for path in (tmp_path / "db").iterdir():
        assert b"SECRETKEY123" not in path.read_bytes()


def test_fetch_from_a_server_as_a_user_runs_it(tmp_path):
    """`REFTRACK_EUTILS_URL=… reftrack fetch` as a process: status 0, then `list`; NCBI's rate limit is kept to."""
    workspace = Workspace(tmp_path)
    records = {FIRST_PMID - 1 + n: record(n, title=f"Examplin in stroke {n}.") for n in range(1, 4)}
    with EutilsServer(records, store(records), rate_limit=3) as server:
        result = workspace.run("fetch", environment={"REFTRACK_EUTILS_URL": server.url})
        assert re.search(r"stroke +complete +3 papers found · 3 new", result.stdout)
        assert "NCBI_EMAIL" in result.stderr
        starts = [request.time for request in server.log]
        assert len(starts) == 3  # none was refused and sent again
        assert starts[-1] - starts[0] >= 2 * 0.37 - 0.1  # as the server saw them; to the millisecond in A23
    assert workspace.run("list", "--count").stdout == "3\n"
    workspace.run("fetch", environment={"REFTRACK_EUTILS_URL": "http://127.0.0.1:9/entrez/eutils/"}, status=3)


def test_one_refused_query_does_not_stop_the_others(tmp_path):
    """A query above its limit ends with status 6, and the other query is run all the same."""
    workspace = Workspace(tmp_path)
    (tmp_path / "queries" / "aaa.toml").write_text('title = "Too wide"\nterm = "examplin[tiab]"\nmax = 1\n')
    records = {FIRST_PMID - 1 + n: record(n, title=f"Examplin in stroke {n}.") for n in range(1, 4)}
    with EutilsServer(records, store(records), rate_limit=0) as server:
        result = workspace.run("fetch", environment={"REFTRACK_EUTILS_URL": server.url}, status=6)
    assert "more than its limit of 1" in result.stderr
    assert re.search(r"stroke +complete", result.stdout)


@pytest.fixture(scope="session")
def real(corpus):
    """The 20,788 records of a PubMed update file and the Cerebrolysin corpus, by PMID."""
    records = {}
    files = [
        corpus / "pubmed-xml" / "pubmed21n1298.xml.gz",
        *(
            corpus / "cerebrolysin" / f"{name}.xml"
            for name in ("dev", "citations-only", "records-mentioning-cerebrolysin")
        ),
    ]
    for path in files:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for cut in pubmed.cut([data]):
            pmid = pubmed.pmid_of(cut.xml)
            if pmid and not cut.name.startswith("Delete"):
                records[pmid] = cut.xml
    return records


@pytest.mark.corpus
def test_the_main_job_on_real_records(tmp_path, real, project, monkeypatch):
    """The shipped queries against a server of 20,000 real records: found, stored, tagged, listed, exported."""
    for name in ("stroke", "tbi"):
        (tmp_path / "queries").mkdir(exist_ok=True)
        text = (project / "queries" / f"{name}.toml").read_text(encoding="utf-8")
        (tmp_path / "queries" / f"{name}.toml").write_text(text, encoding="utf-8")
    workspace = Workspace.__new__(Workspace)
    workspace.folder = tmp_path
    (tmp_path / "db").mkdir()
    search = store(real)
    with EutilsServer(real, search, rate_limit=3) as server:
        environment = {"REFTRACK_EUTILS_URL": server.url}
        runs = json.loads(workspace.run("fetch", "--json", environment=environment).stdout)["runs"]
        assert [run["status"] for run in runs] == ["complete", "complete"]
        assert all(run["count"] == run["received"] == len(run["new"]) >= 5 for run in runs)
    # A server of its own, whose limit has not seen the first run: two commands do not know of each other yet.
    with EutilsServer(real, search, rate_limit=3) as server:
        environment = {"REFTRACK_EUTILS_URL": server.url}
        again = json.loads(workspace.run("fetch", "--json", environment=environment).stdout)["runs"]
        assert [run["new"] for run in again] == [[], []]
        assert [request.path.rpartition("/")[2] for request in server.log] == ["esearch.fcgi"] * 4
    papers = workspace.json("list", "--tag", "tbi")
    assert {31897941, 37900065} <= {paper["pmid"] for paper in papers}
    assert {paper["pmid"]: paper["study"] for paper in papers}[37900065] == "cohort"
    assert "10.25122/jml-2023-0125" in workspace.run("export", "--tag", "tbi").stdout
