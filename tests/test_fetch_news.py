"""What a fetch says of papers that change, over a made-up PubMed that lives: every bucket with its reason."""

import json
import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from desk import Workspace, terminal
from eutils_server import FakeTime, fetch_body, search_body, status_page
from made_up_pubmed import MadeUpPubmed
from papers import FIRST_PMID
from reftrack import pubmed as parser
from reftrack import tagging
from reftrack.cli import main
from reftrack.errors import EutilsError
from reftrack.eutils import Eutils
from reftrack.library.selecting import Selection
from reftrack.library.writing import Library
from reftrack.model import Query
from reftrack.workflow.deriving import rebuild
from reftrack.workflow.offline import Source, pull_files
from reftrack.workflow.online import NOT_SENT, pull
from reftrack.workflow.telling import NOT_SERVED

RULES = tagging.load()
STROKE = Query("stroke", "Stroke", "examplin[tiab] AND stroke[mh]")
HEAD = Query("head", "Head", "examplin[tiab] AND head injury[tiab]")


def pmid(number):
    return FIRST_PMID - 1 + number


class Live:
    """A made-up PubMed, a library, and a clock that the test moves."""

    def __init__(self, folder):
        self.pubmed = MadeUpPubmed()
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)
        self.library = Library.open(folder / "l.db", create=True, now=self.text)
        self.library.set_vocabulary(RULES.definitions)
        for number in (1, 2, 3, 4):
            self.pubmed.add(number, f"Examplin, study {number}.", mesh=("Stroke", "Humans"))
        self.log = []
        self.live = ("stroke", "head")

    def text(self):
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def today(self):
        return self.now.date().isoformat()

    def later(self, days):
        self.now += timedelta(days=days)

    def run(self, query=STROKE, *faults, full=False, **options):
        with self.pubmed.server(rate_limit=0, **options) as server:
            for fault in faults:
                server.queue_fault(fault)
            with Eutils(base_url=server.url, **FakeTime().settings) as eutils:
                try:
                    return pull(query, eutils, self.library, RULES, version="0", limit=5000, full=full, live=self.live)
                finally:
                    self.log = list(server.log)

    def stop_after_a_batch(self, query=STROKE):
        """A run that Ctrl-C ends when its first batch is stored."""

        def stop(_what, done, _of):
            if done:
                raise KeyboardInterrupt

        with (
            self.pubmed.server(rate_limit=0) as server,
            Eutils(base_url=server.url, **FakeTime().settings) as eutils,
            pytest.raises(KeyboardInterrupt),
        ):
            pull(query, eutils, self.library, RULES, version="0", limit=5000, live=self.live, watch=stop)

    def retract_an_orphan(self, *, after=0):
        """Paper 5 belongs to HEAD alone, that query is removed, days pass, and the paper is retracted."""
        self.pubmed.add(5, "Examplin in head injury.")
        self.run(HEAD)
        self.run(STROKE)
        self.later(after)
        self.live = ("stroke",)
        self.pubmed.retract(5, 77)

    def change(self, number, **values):
        self.pubmed.change(number, revised=self.today, **values)

    @property
    def fetched(self):
        """PMIDs that the last run asked EFetch for, in order."""
        return [int(p) for request in self.log if "efetch" in request.path for p in request.params["id"].split(",")]

    @property
    def searched(self):
        return [request.params["term"] for request in self.log if "esearch" in request.path]


@pytest.fixture
def live(tmp_path):
    made = Live(tmp_path)
    yield made
    made.library.close()


def reasons(line, bucket):
    return {event.pmid: event.reason for event in line.details if event.bucket == bucket}


def buckets(line):
    names = ("new", "late", "changed", "notice", "retracted", "left", "missing", "deleted", "stored")
    return {name: list(getattr(line, name)) for name in names if getattr(line, name)}


def test_nothing_new_costs_two_requests(live):
    """All PMIDs, and what changed of them: with nothing new no record is asked for."""
    first = live.run()
    assert (first.requests, first.asked, buckets(first)) == (2, 4, {"new": [pmid(n) for n in (1, 2, 3, 4)]})
    live.later(1)
    line = live.run()
    assert (line.status, line.requests, line.asked, buckets(line)) == ("complete", 2, 0, {})
    assert live.searched[1] == "(examplin[tiab] AND stroke[mh]) AND 2026/02/23:3000[mdat]"
    assert line.changes_since == "2026-02-23"


def test_one_of_each(live):
    """New, late, changed, retracted, erratum, left and deleted: each paper in its bucket, with its reason."""
    live.pubmed.add(5, "Examplin, an old cohort.", entered="2019-03-02")
    live.pubmed.add(8, "Examplin, eight.", mesh=("Stroke",))
    live.run()
    live.later(9)
    live.pubmed.add(6, "Examplin, brand new.", mesh=("Stroke",), entered=live.today, revised=live.today)
    live.change(5, mesh=("Stroke",), completed="2026-03-10")
    live.change(1, title="Examplin, study 1, corrected.", mesh=("Stroke", "Humans", "Rats"))
    live.pubmed.retract(2, 77)
    live.change(3, links=(("ErratumIn", "J Example. 2026;7:78", pmid(78)),))
    live.change(4, mesh=("Brain",))
    live.pubmed.delete(8)
    line = live.run()
    assert line.status == "complete"
    assert buckets(line) == {
        "new": [pmid(6)],
        "late": [pmid(5)],
        "changed": [pmid(1)],
        "notice": [pmid(2), pmid(3)],
        "retracted": [pmid(2)],
        "left": [pmid(4)],
        "missing": [pmid(8)],
        "deleted": [pmid(8)],
    }
    assert reasons(line, "late") == {
        pmid(5): 'in PubMed since 2019-03-02; MeSH "Stroke" was added (indexed 2026-03-10)'
    }
    assert reasons(line, "changed") == {pmid(1): "title Examplin, study 1. → Examplin, study 1, corrected.; MeSH +Rats"}
    assert reasons(line, "notice") == {
        pmid(2): f"retraction: J Example. 2026;7:77 (PMID {pmid(77)})",
        pmid(3): f"erratum: J Example. 2026;7:78 (PMID {pmid(78)})",
    }
    assert reasons(line, "left") == {pmid(4): 'MeSH "Stroke" was removed'}
    assert reasons(line, "missing") == {pmid(8): NOT_SERVED}
    assert live.library.get(pmid(2)).retracted
    assert not live.library.get(pmid(3)).retracted
    assert sorted(live.library.held_pmids()) == [pmid(n) for n in (1, 2, 3, 4, 5, 6, 8)]
    live.later(9)
    assert buckets(live.run()) == {}


def test_d32_what_a_changed_record_was_is_kept(live):
    """A title that gets "RETRACTED:": the change is in the history with the old value, and the old record is kept."""
    live.run()
    before = live.library.raw(pmid(2))
    live.later(1)
    live.pubmed.retract(2, 77)
    line = live.run()
    changes = {change.field: (change.before, change.after) for change in live.library.changes(pmid(2))}
    assert changes["title"] == (("Examplin, study 2.",), ("RETRACTED: Examplin, study 2.",))
    assert changes["publication_types"][1] == ("Journal Article", "Retracted Publication")
    assert live.library.former(pmid(2), after=1) == before
    assert [event.bucket for event in live.library.history(pmid(2))] == ["new", "notice", "retracted"]
    assert line.run in {change.run for change in live.library.changes(pmid(2))}


def test_d31_a_record_that_gets_indexed_is_changed_and_keeps_what_people_made(live):
    """Status Publisher becomes MEDLINE: headings come, the change is listed, hand tags and the key stay."""
    live.pubmed.add(5, "Examplin, study 5.", mesh=("Stroke",), status="Publisher")
    live.run()
    from reftrack.model import HandTag

    (before,) = live.library.held([pmid(5)])
    with live.library.transaction():
        live.library.set_hand_tag(HandTag(pmid(5), "tbi", "add", "made up", "a", live.text()))
    live.later(1)
    live.change(5, status="MEDLINE", mesh=("Stroke", "Humans"), completed=live.today)
    line = live.run()
    assert line.changed == (pmid(5),)
    assert "status Publisher → MEDLINE" in reasons(line, "changed")[pmid(5)]
    (after,) = live.library.held([pmid(5)])
    assert after.key == before.key
    assert "tbi" in {tag.slug for tag in after.tags if tag.source == "hand"}


def test_a_revision_of_the_record_alone_is_stored_and_is_no_news(live):
    """Only DateRevised moved: the record is renewed, and nobody is told of a change that none can see."""
    live.run()
    live.later(1)
    live.change(1)
    line = live.run()
    assert (live.fetched, buckets(line)) == ([pmid(1)], {})
    assert live.library.get(pmid(1)).revised == live.today


@pytest.mark.parametrize("lag", [0, 1, 3, 6])
def test_no_revision_is_missed_when_the_search_lags(live, lag):
    """PubMed's search may show a change days after its date: the overlap of a week finds it all the same."""
    live.run()
    live.later(10)
    dated = live.today
    live.later(lag)
    live.run()  # the change is dated before this run and not yet in the search
    live.later(0.5)
    live.pubmed.change(1, revised=dated, mesh=("Stroke", "Mice"))
    assert live.run().changed == (pmid(1),)


def test_every_revision_is_found_over_a_year_of_runs(live):
    """Runs at odd intervals, revisions at any time between them: what is held is what PubMed has, after every run."""
    import random

    random_ = random.Random(3)
    live.run()
    for _ in range(40):
        for _ in range(random_.randrange(4)):
            live.later(random_.random() * 5)
            number = random_.randrange(1, 5)
            live.change(number, title=f"Examplin, study {number}, state {random_.random()}.")
        live.later(random_.random() * 3)
        live.run()
        held = {each: live.library.raw(each) for each in live.library.held_pmids()}
        assert held == {each: entry.xml for each, entry in live.pubmed.entries.items()}


def test_a_change_that_no_search_tells_of_is_found_by_the_rolling_look(live):
    """A record whose modification date stood still is seen again after a quarter, an unfinished one after a week."""
    live.pubmed.add(5, "Examplin, in process.", mesh=("Stroke",), status="In-Process")
    live.run()
    for number in (1, 5):
        live.pubmed.change(number, revised="2020-02-01", title=f"Examplin, silently changed {number}.")
    live.later(8)
    assert live.run().changed == (pmid(5),)
    live.later(85)
    assert live.run().changed == (pmid(1),)


def test_full_fetches_everything_again(live):
    """`--full` needs no search for changes: every held record is asked for."""
    live.run()
    live.pubmed.change(1, revised="2020-02-01", title="Examplin, silently changed.")
    line = live.run(full=True)
    assert (line.changed, sorted(live.fetched), len(live.searched)) == ((pmid(1),), [pmid(n) for n in range(1, 5)], 1)


def test_a_failed_batch_leaves_its_records_to_the_next_run(live):
    """A changed record that could not be had is asked for again, however much later the next run is."""
    live.run()
    live.later(20)
    live.change(1, title="Examplin, changed.")
    usual = dict(live.pubmed.records)
    del live.pubmed.records[pmid(1)]
    line = live.run()
    assert (line.status, buckets(line)) == ("partial", {"missing": [pmid(1)]})
    live.pubmed.records.update(usual)
    live.later(60)
    assert live.run().changed == (pmid(1),)


def test_e03_a_paper_that_the_query_no_longer_finds_has_left_and_stays(live):
    """Membership ends with the run that saw it; the paper stays in the library; coming back is told as late."""
    live.run()
    live.later(1)
    live.change(2, mesh=())
    line = live.run()
    assert buckets(line) == {"left": [pmid(2)]}
    assert live.library.select(Selection(query="stroke", sort="pmid")) == [pmid(1), pmid(3), pmid(4)]
    assert pmid(2) in live.library.held_pmids()
    assert buckets(live.run()) == {}
    live.later(1)
    live.change(2, mesh=("Stroke",))
    back = live.run()
    assert buckets(back) == {"late": [pmid(2)]}
    assert "it had left in run 2 and is found again" in reasons(back, "late")[pmid(2)]
    assert 'MeSH "Stroke" was added' in reasons(back, "late")[pmid(2)]


def test_e04_a_deleted_paper_is_marked_and_stays_and_may_come_back(live):
    """PubMed no longer serves it: asked twice, then marked; tags and key stay; when it is served again it says so."""
    live.run()
    (before,) = live.library.held([pmid(2)])
    entry = live.pubmed.entries[pmid(2)]
    live.pubmed.delete(2)
    line = live.run()
    assert (line.status, buckets(line)) == ("complete", {"missing": [pmid(2)], "deleted": [pmid(2)]})
    assert live.fetched.count(pmid(2)) >= 2
    (after,) = live.library.held([pmid(2)])
    assert (after.key, after.tags, bool(after.deleted)) == (before.key, before.tags, True)
    live.later(1)
    assert buckets(live.run()) == {}
    live.pubmed._put(entry)
    back = live.run()
    assert buckets(back) == {"late": [pmid(2)]}
    (again,) = live.library.held([pmid(2)])
    assert again.deleted == ""


def test_a_paper_that_no_query_finds_is_still_looked_after(live):
    """A paper that left is seen again now and then: its retraction is told, though no search names it."""
    live.run()
    live.later(1)
    live.change(2, mesh=())
    live.run()
    live.later(100)
    live.pubmed.retract(2, 77)
    line = live.run()
    assert (line.retracted, line.left) == ((pmid(2),), ())


def test_an_outage_deletes_nothing(live):
    """A paper that left the search while EFetch fails is neither deleted nor gone: the run is partial."""
    live.run()
    live.later(1)
    live.change(1, title="Examplin, changed.")
    live.pubmed.delete(2)
    with pytest.raises(EutilsError):
        live.run(STROKE, lambda e: e.send(*e.reply()), lambda e: e.send(*e.reply()), *[status_page(503)] * 9)
    line = next(live.library.runs())
    assert (line.status, line.left, line.deleted) == ("failed", (), ())
    assert live.library.members("stroke") == {pmid(n) for n in (1, 2, 3, 4)}


def test_two_queries_are_both_told_of_one_change(live):
    """A paper of two queries is fetched once; the ledger of each says what changed."""
    live.pubmed.add(5, "Examplin in head injury.", mesh=("Stroke",))
    live.run(STROKE)
    live.run(HEAD)
    live.later(1)
    live.pubmed.retract(5, 77)
    first = live.run(STROKE)
    second = live.run(HEAD)
    assert first.retracted == second.retracted == (pmid(5),)
    assert reasons(first, "notice") == reasons(second, "notice")
    live.later(30)
    assert buckets(live.run(STROKE)) == buckets(live.run(HEAD)) == {}


def test_a_paper_that_enters_a_second_query_says_which_word_came(live):
    """A paper held through one query enters another by a new word: late, with the word, and not also changed."""
    live.pubmed.add(5, "Examplin, study 5.", mesh=("Stroke",), entered="2019-03-02")
    live.run(STROKE)
    live.run(HEAD)
    live.later(1)
    live.change(5, abstract="Given after head injury.")
    live.run(STROKE)
    line = live.run(HEAD)
    assert buckets(line) == {"late": [pmid(5)]}
    assert reasons(line, "late")[pmid(5)] == 'in PubMed since 2019-03-02; "head", "injury" came into the abstract'


def test_an_edited_query_is_the_reason(live):
    """After an edit papers join and leave because of the edit, and layout alone is no edit."""
    live.run(STROKE)
    live.pubmed.add(5, "Examplin in head injury.")
    wider = Query("stroke", "Stroke", "examplin[tiab]  AND\n (stroke[mh] OR head injury[tiab])")
    line = live.run(wider)
    assert reasons(line, "late")[pmid(5)].endswith("the query was edited after run 1")
    layout = Query("stroke", "Stroke", "examplin[tiab] AND (stroke[mh] OR head injury[tiab])")
    assert buckets(live.run(layout)) == {}
    narrower = live.run(STROKE)
    assert reasons(narrower, "left") == {pmid(5): "the query was edited after run 3"}


def test_b18_a_changed_translation_is_reported(live):
    """The same query is read differently by PubMed: a warning names the run, and joining papers have it as reason."""
    live.run()
    live.library.connection.run("UPDATE runs SET translation = 'something else'")
    live.pubmed.add(5, "Examplin, found now.", mesh=("Stroke",))
    line = live.run()
    assert any("differently than in run 1" in warning for warning in line.warnings)
    assert reasons(line, "late")[pmid(5)].endswith("PubMed reads the query differently than in run 1")


def test_b14_a_search_that_lists_too_few_says_nothing_of_who_left(live):
    """Count 4 with 3 ids: partial, nobody left, and the next complete run knows."""
    live.run()
    line = live.run(STROKE, lambda e: e.send(200, search_body(4, [pmid(1), pmid(3), pmid(4)], translation="x")))
    assert (line.status, line.left, line.deleted) == ("partial", (), ())
    assert live.run().left == ()


def test_c03_a_paper_that_is_listed_and_never_served_does_not_block_the_news(live):
    """The first run is partial; where the next one misses the same paper, the query is complete but for it."""
    live.pubmed.unserved.add(pmid(5))
    live.pubmed.add(5, "Examplin, never served.", mesh=("Stroke",))
    first = live.run()
    assert (first.status, first.new, first.missing) == ("partial", (), (pmid(5),))
    assert first.stored == tuple(pmid(n) for n in (1, 2, 3, 4))
    assert reasons(first, "missing") == {pmid(5): NOT_SENT}
    second = live.run()
    assert (second.status, second.missing) == ("complete", (pmid(5),))
    assert second.new == first.stored
    assert any(str(pmid(5)) in warning for warning in second.warnings)


def test_new_and_left_are_told_by_complete_runs_only(live):
    """What a partial run stored is told by the complete run after it, together with the rest."""
    live.run()
    live.later(1)
    for number in (5, 6):
        live.pubmed.add(number, f"Examplin, study {number}.", mesh=("Stroke",), entered=live.today)
    del live.pubmed.records[pmid(6)]
    partial = live.run()
    assert (partial.status, partial.new, partial.stored) == ("partial", (), (pmid(5),))
    live.pubmed.records[pmid(6)] = live.pubmed.entries[pmid(6)].xml
    assert live.run().new == (pmid(5), pmid(6))
    assert live.library.select(Selection(new=True, sort="pmid")) == [pmid(5), pmid(6)]


def test_c10_an_unreadable_record_is_kept_and_read_by_a_later_parser(live, monkeypatch):
    """The raw record is kept with its reason, the others are stored; once it can be read it is a paper."""
    good = live.pubmed.records[pmid(2)]
    live.pubmed.records[pmid(2)] = good.replace(b"<Article ", b"<Artikel ").replace(
        b"List></Article>", b"List></Artikel>"
    )
    line = live.run()
    assert (line.status, line.missing, line.received) == ("partial", (pmid(2),), 3)
    (kept,) = live.library.unread()
    assert (kept.pmid, kept.xml, kept.source) == (pmid(2), live.pubmed.records[pmid(2)], "pubmed")
    assert kept.reason == reasons(line, "missing")[pmid(2)] == "the record has no article"
    assert rebuild(live.library, RULES).unreadable[0].pmid == pmid(2)
    usual = parser.parse
    monkeypatch.setattr(parser, "parse", lambda xml: usual(xml.replace(b"Artikel", b"Article")))  # a better parser
    assert rebuild(live.library, RULES).changed == 1
    assert live.library.unread() == ()
    assert live.library.get(pmid(2)).title == "Examplin, study 2."
    assert live.library.problems() == []


def test_a_search_for_changes_that_is_not_understood_is_no_empty_result(live):
    """Where PubMed cannot say what changed, nothing is taken for unchanged: unseen for a week means asked again."""
    live.run()
    live.later(8)
    live.change(1, title="Examplin, changed.")
    usual = live.pubmed.search

    def search(term):
        if "mdat" in term:
            raise ValueError("wildcards: cannot be searched")
        return usual(term)

    live.pubmed.search = search
    line = live.run()
    assert line.changed == (pmid(1),)
    assert any("which papers it changed" in warning for warning in line.warnings)


def test_a_record_that_came_from_a_file_is_confirmed_by_pubmed_once(live):
    """What was read from a file may be old: the first online run asks for it, the next ones do not."""
    xml = live.pubmed.records[pmid(1)]
    with live.library.transaction():
        live.library.save(xml, parser.parse(xml), source="a-file.xml", parser=1)
    live.run()
    assert pmid(1) in live.fetched
    live.later(1)
    live.run()
    assert live.fetched == []


def test_c13_a_run_with_nothing_new_writes_no_record(live):
    """Records, papers and tags are byte for byte what they were."""
    live.run()
    tables = ("records", "papers", "rule_tags", "citation_keys", "changes", "former_records")

    def dump():
        return {table: live.library.connection.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables}

    before = dump()
    live.later(1)
    line = live.run(full=True)
    assert (line.changed, dump()) == ((), before)


def test_an_interrupted_run_is_completed_and_says_by_which(live):
    """A run that was killed is found, marked, and its line says which run went on."""
    run = live.library.begin("stroke", term=STROKE.term, source="pubmed", version="0")
    line = live.run()
    assert line.status == "complete"
    old = next(live.library.runs(run=run))
    assert old.status == "interrupted"
    assert old.problem == f"the program ended before the run did; run {line.run} went on and completed it"


def test_a_clock_ahead_does_not_open_a_gap(live):
    """The server's clock says less than ours: what is known to be current is known up to the earlier time."""
    live.now = datetime(2099, 1, 1, tzinfo=UTC)
    live.run()
    checked = {standing.checked[:4] for standing in live.library.standings().values()}
    assert checked <= {str(year) for year in range(2026, 2099)}


def test_e04_a_deleted_paper_is_marked_where_it_is_listed_shown_and_exported(tmp_path):
    """`list`, `show`, JSON and BibTeX say that PubMed no longer serves it; everything else about it stays."""
    made = MadeUpPubmed()
    made.add(1, "Examplin in stroke.")
    made.add(2, "Examplin in stroke, too.")
    workspace = Workspace(tmp_path)
    with made.server(rate_limit=0) as server:
        environment = {"REFTRACK_EUTILS_URL": server.url}
        workspace.run("fetch", "stroke", environment=environment)
        made.delete(2)
        said = workspace.run("fetch", "stroke", environment=environment).stdout
    assert "1 deleted" in said
    (paper,) = workspace.json("show", pmid(2))
    today = paper["deleted"][:10]
    assert [event["bucket"] for event in paper["history"]] == ["new", "deleted", "missing"]
    assert f"No longer in PubMed (seen {today})" in workspace.run("export").stdout
    assert workspace.run("export").stdout.count("No longer in PubMed") == 1
    assert (
        workspace.run("list", "--columns", "pmid,deleted", "--no-header").stdout == f"{pmid(2)}\t{today}\n{pmid(1)}\t\n"
    )
    shown = workspace.run("show", pmid(2)).stdout
    assert "no longer serves this record" in shown
    assert "History" in shown
    _, seen = terminal([sys.executable, "-m", "reftrack", "list"], tmp_path)
    assert "DELETED · Examplin" in seen


@pytest.mark.parametrize(("tag", "near"), [("titel", "[ti]"), ("tiabs", "[tiab]"), ("mesh term s", "[mh]")])
def test_b07_an_unknown_field_tag_is_refused_before_anything_is_sent(tmp_path, tag, near):
    """PubMed would search all fields and may not say so: status 6, the nearest tag, no request, a failed run."""
    workspace = Workspace(tmp_path)
    (tmp_path / "queries" / "stroke.toml").write_text(f'title = "x"\nterm = "examplin[{tag}]"\n')
    with MadeUpPubmed().server() as server:
        environment = {"REFTRACK_EUTILS_URL": server.url}
        said = workspace.run("fetch", "stroke", environment=environment, status=6).stderr
        assert f"PubMed has no field [{tag}]; did you mean {near}" in said
        assert server.log == []
    assert [run["status"] for run in workspace.json("runs")] == ["failed"]


@pytest.mark.parametrize("term", ["examplin[crdt]", "(examplin[ti]", "x AND 2020[mhda]", '"examplin[nosuch]"[ti]'])
def test_b07_what_only_pubmed_can_judge_is_sent(live, term):
    """A field that no record answers for, an open bracket, a tag inside quotes: PubMed's to judge, so it is asked."""
    live.pubmed.search = lambda _: []
    assert live.run(Query("odd", "Odd", term)).status == "complete"
    assert live.searched == [term]


@pytest.mark.parametrize("option", [("--year", "2020..2015"), ("--year", "20201"), ("--since", "2020-13-01")])
def test_b21_dates_that_cannot_be_are_usage_errors(tmp_path, option):
    """Reversed or impossible dates end with status 2 before anything is looked at; `fetch` itself takes no dates."""
    workspace = Workspace(tmp_path)
    assert option[1] in workspace.run("list", *option, status=2).stderr
    assert "No such option" in workspace.run("fetch", "--mindate", "2020", status=2).stderr


def test_a_file_does_not_take_back_what_pubmed_said(live):
    """A paper that left at PubMed stays gone when an older file still has it; one that is found stays PubMed's."""
    live.run()
    live.later(1)
    live.change(2, mesh=())
    live.run()
    of_the_same_day = replace(live.pubmed.entries[pmid(2)], mesh=("Stroke",))
    body = fetch_body([of_the_same_day.xml, live.pubmed.records[pmid(1)]])
    file = Source("old.xml", lambda: iter([(body, 0)]))
    (line,) = pull_files([STROKE], [file], live.library, RULES, version="0").runs
    assert (line.status, line.count, buckets(line)) == ("complete", 2, {})
    assert live.library.members("stroke") == {pmid(1), pmid(3), pmid(4)}
    assert live.library.members("stroke", online=True) == {pmid(1), pmid(3), pmid(4)}
    live.pubmed.delete(1)
    assert live.run().deleted == (pmid(1),)


def test_a_file_renews_a_held_paper_that_no_query_finds_any_more(live):
    """A newer state in a file is stored, and its retraction told to the query that holds the paper."""
    live.run()
    live.later(1)
    live.pubmed.retract(2, 77)
    live.change(2, mesh=())
    records = [live.pubmed.records[pmid(2)]]
    (line,) = pull_files(
        [STROKE], [Source("update.xml", lambda: iter([(fetch_body(records), 0)]))], live.library, RULES, version="0"
    ).runs
    assert (line.count, line.retracted) == (0, (pmid(2),))
    assert live.library.get(pmid(2)).retracted


def test_c08_a_citation_that_a_file_lists_as_deleted_is_marked(live):
    """A DeleteCitation in an update file: the held paper is marked and told, not removed."""
    live.run()
    body = fetch_body(
        [live.pubmed.records[pmid(1)], f"<DeleteCitation><PMID>{pmid(3)}</PMID></DeleteCitation>".encode()]
    )
    (line,) = pull_files([STROKE], [Source("u.xml", lambda: iter([(body, 0)]))], live.library, RULES, version="0").runs
    assert line.deleted == (pmid(3),)
    (held,) = live.library.held([pmid(3)])
    assert held.deleted


def test_without_a_date_of_entry_the_pmid_tells_what_is_late(live):
    """A record without History: a PMID below those found before is late, one above is new."""
    for number in (3, 5, 7):
        live.pubmed.add(number, f"Examplin, study {number}.", mesh=("Stroke",) if number == 5 else (), entered="")
    live.run()
    live.later(1)
    live.change(3, mesh=("Stroke",))
    live.change(7, mesh=("Stroke",))
    line = live.run()
    assert (line.new, line.late) == ((pmid(7),), (pmid(3),))
    why = f'its record was revised on {live.today}; it is found by MeSH "Stroke"'
    assert reasons(line, "late")[pmid(3)] == f"its PMID is older than others found before; {why}"


# What a hostile reader found: news that was lost, told twice or untrue.


def sources(*records, name="a-file.xml"):
    body = fetch_body(list(records))
    return [Source(name, lambda: iter([(body, 0)]))]


def from_file(live, queries, *records):
    return pull_files(queries, sources(*records), live.library, RULES, version="0", live=live.live).runs


def test_a_change_that_a_file_or_another_query_brought_is_told_by_every_query_that_holds_the_paper(live):
    """A run over files for one query stores a retraction: the other query tells it in its next run, once."""
    live.pubmed.add(5, "Examplin in head injury.", mesh=())
    live.run(STROKE)
    live.run(HEAD)
    live.later(1)
    live.pubmed.retract(5, 77)
    from_file(live, [STROKE], live.pubmed.records[pmid(5)])
    assert live.run(HEAD).retracted == (pmid(5),)
    assert buckets(live.run(HEAD)) == {}


def test_a_paper_that_leaves_one_query_is_still_told_as_changed_by_the_other(live):
    """What one query calls left is a change to the other that holds the paper."""
    live.pubmed.add(5, "Examplin in head injury.", mesh=("Stroke",))
    live.run(STROKE)
    live.run(HEAD)
    live.later(1)
    live.change(5, mesh=("Brain",))
    assert buckets(live.run(STROKE)) == {"left": [pmid(5)]}
    assert reasons(live.run(HEAD), "changed") == {pmid(5): "MeSH +Brain, -Stroke"}


def test_every_notice_since_the_query_last_told_is_in_the_reason(live):
    """An erratum and a concern that other runs saw one after the other are both told."""
    live.pubmed.add(5, "Examplin in head injury.", mesh=("Stroke",))
    live.run(STROKE)
    live.run(HEAD)
    erratum = ("ErratumIn", "J Example. 2026;7:78", pmid(78))
    live.later(1)
    live.change(5, links=(erratum,))
    live.run(STROKE)
    live.later(1)
    live.change(5, links=(erratum, ("ExpressionOfConcernIn", "J Example. 2026;7:79", pmid(79))))
    live.run(STROKE)
    told = reasons(live.run(HEAD), "notice")[pmid(5)]
    assert "erratum: J Example. 2026;7:78" in told
    assert "concern: J Example. 2026;7:79" in told


def test_the_sample_does_not_hide_a_retraction(live):
    """PubMed's record of a paper that only the sample brought is retracted: told as such, not only as replaced."""
    old = live.pubmed.records[pmid(1)]
    with live.library.transaction():
        live.library.save(old, parser.parse(old), source="sample", parser=1)
    live.pubmed.retract(1, 77)
    line = live.run()
    assert line.retracted == line.notice == (pmid(1),)


def test_a_rebuild_does_not_swallow_news(live, monkeypatch):
    """A retracted record that could not be read becomes a paper by a rebuild: the next run tells the retraction."""
    live.run()
    live.later(1)
    live.pubmed.retract(2, 77)
    good = live.pubmed.records[pmid(2)]
    live.pubmed.records[pmid(2)] = good.replace(b"<Article ", b"<Artikel ").replace(
        b"List></Article>", b"List></Artikel>"
    )
    assert live.run().missing == (pmid(2),)
    usual = parser.parse
    monkeypatch.setattr(parser, "parse", lambda xml: usual(xml.replace(b"Artikel", b"Article")))
    rebuild(live.library, RULES)
    monkeypatch.undo()
    live.pubmed.records[pmid(2)] = good
    assert live.run().retracted == (pmid(2),)


@pytest.mark.parametrize("sick", ["empty set", "silent about listed ones", "outage"])
def test_silence_alone_deletes_nothing(live, sick):
    """Only where a paper that is surely there comes in the same reply does silence mean that another was deleted."""
    live.run()
    live.later(1)
    live.change(2, mesh=())
    silent = {pmid(2)}
    if sick == "silent about listed ones":
        live.change(1, title="Examplin, changed.")
        silent.add(pmid(1))
    kept = {each: live.pubmed.records.pop(each) for each in silent}
    if sick == "empty set":
        kept |= dict(live.pubmed.records)
        live.pubmed.records.clear()
    again = [lambda e: e.send(*e.reply())] * 3 + [status_page(503)] * 9 if sick == "outage" else []
    if sick == "outage":
        live.change(1, title="Examplin, changed.")
    line = live.run(STROKE, *again)
    assert (line.status, line.deleted, line.left) == ("partial", (), ())
    (held,) = live.library.held([pmid(2)])
    assert held.deleted == ""
    live.pubmed.records.update(kept)
    assert live.run().left == (pmid(2),)


def test_everything_gone_at_once_is_no_deletion_without_a_control(live):
    """PubMed finds nothing and sends nothing: nobody can tell whether all was deleted, so nothing is marked."""
    live.run()
    live.later(1)
    records = dict(live.pubmed.records)
    live.pubmed.records.clear()
    live.pubmed.search = lambda _: []
    line = live.run()
    assert (line.status, line.count, line.deleted, line.left) == ("partial", 0, (), ())
    live.pubmed.records.update(records)
    assert set(live.run().left) == set(records)


def test_a_deletion_is_told_once(live):
    """A run that is partial for another reason does not tell it; the complete one after it does."""
    live.run()
    live.later(1)
    live.pubmed.delete(2)
    live.pubmed.unserved.add(pmid(5))
    live.pubmed.add(5, "Examplin, never served.", mesh=("Stroke",))
    assert buckets(live.run()) == {"missing": [pmid(5)]}
    assert live.run().deleted == (pmid(2),)
    assert live.run().deleted == ()


def test_c08_a_listed_paper_that_is_said_to_be_deleted_is_missing(live):
    """PubMed lists a paper and answers with DeleteCitation: that is a gap, and the paper is named."""
    live.run()
    live.pubmed.add(5, "Examplin, five.", mesh=("Stroke",))
    live.pubmed.records[pmid(5)] = f"<DeleteCitation><PMID>{pmid(5)}</PMID></DeleteCitation>".encode()
    line = live.run()
    assert (line.status, line.missing) == ("partial", (pmid(5),))
    assert reasons(line, "missing")[pmid(5)] == "PubMed lists it and says that it was deleted"


def test_a_paper_that_only_a_file_brought_is_looked_after(live):
    """PubMed's search does not name it: it is fetched all the same, and the query that has it tells its retraction."""
    live.run()
    live.pubmed.add(5, "Examplin, from a file.", mesh=("Stroke",))
    from_file(live, [STROKE], live.pubmed.records[pmid(5)])
    usual = live.pubmed.search
    live.pubmed.search = lambda term: [each for each in usual(term) if each != pmid(5)]
    live.later(40)
    live.pubmed.retract(5, 77)
    assert live.run().retracted == (pmid(5),)


def test_papers_of_a_saved_query_that_is_gone_are_looked_after(live):
    """Another query's run sees them again after a month, and tells their retraction."""
    live.retract_an_orphan(after=40)
    line = live.run(STROKE)
    assert (line.retracted, line.changed) == ((pmid(5),), ())
    live.later(1)
    assert buckets(live.run(STROKE)) == {}


def test_a_file_tells_what_belongs_to_a_query_that_is_gone(live):
    """An update file retracts a paper that only a removed query held: the run over it says so, once."""
    live.retract_an_orphan()
    (line,) = from_file(live, [STROKE], live.pubmed.records[pmid(5)])
    assert line.retracted == (pmid(5),)
    assert buckets(live.run(STROKE)) == {}


def test_what_an_interrupted_run_brought_of_others_is_told_by_the_next(live):
    """Stopped after a stray's record was stored: its retraction is told by the run after."""
    live.retract_an_orphan(after=40)

    live.stop_after_a_batch()
    assert live.library.get(pmid(5)).retracted
    assert live.run(STROKE).retracted == (pmid(5),)


def test_a_paper_that_joins_and_is_retracted_at_once_is_told_whatever_changed_before(live):
    """Another query held it and saw an older change: the retraction that this run brings is told, too."""
    live.pubmed.add(5, "Examplin in head injury.", entered="2019-03-02")
    live.run(STROKE)
    live.run(HEAD)
    live.later(1)
    live.change(5, keywords=("examplin",))
    live.run(HEAD)
    live.later(1)
    live.pubmed.retract(5, 77)
    live.change(5, mesh=("Stroke",))
    assert buckets(live.run(STROKE)) == {"late": [pmid(5)], "notice": [pmid(5)], "retracted": [pmid(5)]}


@pytest.mark.parametrize("many", [3, 250])
def test_a_deletion_is_proved_request_by_request(live, many):
    """EFetch is ill for one request and well for another: of what the ill one did not send nothing is deleted."""
    live.pubmed.entries.clear()
    live.pubmed.records.clear()
    for number in range(1, many + 3):
        live.pubmed.add(number, f"Examplin, study {number}.", mesh=("Stroke",))
    live.run()
    live.later(1)
    usual = live.pubmed.search
    live.pubmed.search = lambda term: usual(term)[:2]
    with live.pubmed.server(rate_limit=0) as server:
        well = server.efetch

        def efetch(params):
            ids = params["id"].split(",")
            return (200, fetch_body([])) if len(ids) > 150 or str(pmid(3)) in ids else well(params)

        server.efetch = efetch
        with Eutils(base_url=server.url, **FakeTime().settings) as eutils:
            line = pull(STROKE, eutils, live.library, RULES, version="0", limit=5000)
    assert (line.status, line.deleted, line.left) == ("partial", (), ())
    live.log = []
    assert len(live.run().left) == many


def test_a_deletion_is_believed_although_one_control_is_not_served(live):
    """PubMed lists papers of which it does not serve one: another is the sign of life, and the deletion is told."""
    live.run()
    live.later(1)
    live.pubmed.records.pop(pmid(1))
    live.pubmed.delete(2)
    assert live.run().deleted == (pmid(2),)


def test_an_outage_of_two_nights_is_no_gap(live):
    """The only record that is wanted does not come, and nothing else does: partial, as often as it happens."""
    live.run()
    for _ in range(2):
        live.later(1)
        live.change(2, mesh=())
        served = dict(live.pubmed.records)
        live.pubmed.records.clear()
        line = live.run()
        assert (line.status, line.left, line.deleted) == ("partial", (), ())
        live.pubmed.records.update(served)
    assert live.run().left == (pmid(2),)


def test_two_nights_without_any_record_are_no_gap(live):
    """A new paper is listed and EFetch sends nothing to anybody: partial as often as that happens."""
    live.run()
    live.pubmed.add(5, "Examplin, five.", mesh=("Stroke",))
    live.pubmed.records.clear()
    for _ in range(3):
        assert live.run().status == "partial"


def test_what_was_retracted_before_it_joined_is_no_news_of_the_query(live):
    """Another query told the retraction; the paper joins this one later, already retracted."""
    live.pubmed.add(5, "Examplin in head injury.", entered="2019-03-02")
    live.run(STROKE)
    live.run(HEAD)
    live.later(1)
    live.pubmed.retract(5, 77, revised=live.today)
    assert live.run(HEAD).retracted == (pmid(5),)
    live.later(1)
    live.change(5, mesh=("Stroke",))
    assert buckets(live.run(STROKE)) == {"late": [pmid(5)]}


def test_a_paper_that_leaves_and_is_retracted_at_once_is_told_as_both(live):
    """The reader of the query held it: that it was retracted concerns them, although it leaves, to whomever else."""
    live.pubmed.add(5, "Examplin in head injury.", mesh=("Stroke",))
    live.run(STROKE)
    live.run(HEAD)
    live.later(1)
    live.pubmed.retract(5, 77, revised=live.today)
    live.change(5, mesh=())
    told = {"notice": [pmid(5)], "retracted": [pmid(5)]}
    assert buckets(live.run(STROKE)) == told | {"left": [pmid(5)]}
    assert buckets(live.run(HEAD)) == told | {"changed": [pmid(5)]}


def test_a_few_unserved_papers_of_few_do_not_silence_a_query(live):
    """Two of four are never served: from the second run on the others are told."""
    for number in (5, 6):
        live.pubmed.unserved.add(pmid(number))
        live.pubmed.add(number, f"Examplin, never served {number}.", mesh=("Stroke",))
    assert live.run().status == "partial"
    line = live.run()
    assert (line.status, len(line.new), line.missing) == ("complete", 4, (pmid(5), pmid(6)))


def test_a_paper_that_nobody_was_told_of_is_still_looked_after(live):
    """Stored by a partial run and gone before a complete one: its retraction is fetched and told all the same."""
    live.run()
    live.pubmed.add(5, "Examplin, five.", mesh=("Stroke",))
    live.pubmed.add(6, "Examplin, six.", mesh=("Stroke",))
    del live.pubmed.records[pmid(6)]
    live.run()
    live.pubmed.records[pmid(6)] = live.pubmed.entries[pmid(6)].xml
    live.change(5, mesh=())
    live.run()
    live.later(40)
    live.pubmed.retract(5, 77)
    assert live.run().retracted == (pmid(5),)


def test_two_errata_of_one_issue_are_two(live):
    """The same source and another PMID is another notice; it is the new one that is told."""
    live.run()
    first = ("ErratumIn", "J Example. 2026;7:78", pmid(78))
    live.later(1)
    live.change(1, links=(first,))
    live.run()
    live.later(1)
    live.change(1, links=(("ErratumIn", "J Example. 2026;7:78", pmid(79)), first))
    assert reasons(live.run(), "notice") == {pmid(1): f"erratum: J Example. 2026;7:78 (PMID {pmid(79)})"}


def test_a_deleted_paper_that_is_served_again_says_so(live):
    """Its reason is PubMed's silence, not the search."""
    live.run()
    entry = live.pubmed.entries[pmid(2)]
    live.pubmed.delete(2)
    live.run()
    live.pubmed._put(entry)
    assert reasons(live.run(), "late") == {pmid(2): "PubMed had stopped serving it in run 2 and serves it again"}


def test_a_run_that_is_closed_stays_closed(live):
    """Ctrl-C after the last commit does not turn a complete run into an interrupted one."""
    line = live.run()
    live.library.finish(line.run, status="interrupted", received=0, requests=0, problem="stopped by the user")
    assert next(live.library.runs(run=line.run)) == line


def test_a_deleted_paper_is_looked_at_once_in_a_quarter(live):
    """A paper that PubMed no longer serves is asked for again after ninety days, not at every run."""
    live.run()
    live.pubmed.delete(2)
    live.run()
    for days, again in ((40, False), (60, True)):
        live.later(days)
        live.run()
        assert (pmid(2) in live.fetched) is again


def test_no_heading_is_said_to_be_added_where_nothing_proves_it(live):
    """A paper that the search dropped once and finds again has not changed, and the reason says so."""
    live.run()
    usual = live.pubmed.search
    live.pubmed.search = lambda term: [each for each in usual(term) if each != pmid(2)]
    left = live.run()
    assert reasons(left, "left") == {pmid(2): "its record has not changed; PubMed's search no longer finds it"}
    live.pubmed.search = usual
    back = reasons(live.run(), "late")[pmid(2)]
    assert "was added" not in back
    assert "its record has not changed since" in back


def test_a_paper_whose_record_was_withheld_says_so(live):
    """Listed for days and served only now: new, with that as reason, and no heading is said to have come."""
    live.run()
    live.pubmed.unserved.add(pmid(5))
    live.pubmed.add(5, "Examplin, held back.", mesh=("Stroke",), entered="2019-03-02")
    live.run()
    live.run()
    live.later(3)
    live.pubmed.unserved.clear()
    live.pubmed._put(live.pubmed.entries[pmid(5)])
    line = live.run()
    assert buckets(line) == {"new": [pmid(5)]}
    assert reasons(line, "new")[pmid(5)] == "listed before; its record could be had only now"


def test_an_edit_that_did_nothing_is_not_the_reason(live):
    """The query was edited, and a heading came on the same day: the paper is here because of the heading."""
    live.run()
    live.pubmed.add(5, "Examplin, five.", entered="2019-03-02")
    live.run()
    live.later(1)
    live.change(5, mesh=("Stroke",), completed=live.today)
    live.change(1, mesh=())
    line = live.run(Query("stroke", "Stroke", "examplin[tiab] AND (stroke[mh] OR nothing[tiab])"))
    assert 'MeSH "Stroke" was added' in reasons(line, "late")[pmid(5)]
    assert reasons(line, "left")[pmid(1)] == 'MeSH "Stroke" was removed'


def test_a_notice_that_is_only_reworded_is_not_told_again(live):
    """A link that gets its PMID, or is lost while the publication type stays, is the notice that was told."""
    live.run()
    live.later(1)
    live.change(1, links=(("ErratumIn", "J Example. 2026 Mar", None),))
    live.pubmed.retract(2, 77)
    assert live.run().notice == (pmid(1), pmid(2))
    live.later(1)
    live.change(1, links=(("ErratumIn", "J Example. 2026 Mar;7(3):78", pmid(78)),))
    live.change(2, links=())
    assert live.run().notice == ()


def test_a_paper_that_was_never_told_to_have_joined_does_not_leave(live):
    """Stored by a partial run and gone before a complete one: neither new nor left; when it comes back it is new."""
    live.run()
    live.later(1)
    live.pubmed.add(5, "Examplin, five.", mesh=("Stroke",), entered=live.today)
    live.pubmed.add(6, "Examplin, six.", mesh=("Stroke",), entered=live.today)
    del live.pubmed.records[pmid(6)]
    assert live.run().stored == (pmid(5),)
    live.pubmed.records[pmid(6)] = live.pubmed.entries[pmid(6)].xml
    live.change(5, mesh=())
    assert buckets(live.run()) == {"new": [pmid(6)]}
    live.change(5, mesh=("Stroke",))
    assert live.run().new == (pmid(5),)


def test_a_retraction_does_not_echo_between_queries(live):
    """Two queries that run in turn, with another change of the paper between, tell one retraction once each."""
    live.pubmed.add(5, "Examplin in head injury.", mesh=("Stroke",))
    live.run(STROKE)
    live.run(HEAD)
    live.later(1)
    live.pubmed.retract(5, 77, revised=live.today)
    assert live.run(HEAD).retracted == (pmid(5),)
    live.later(1)
    live.change(5, keywords=("examplin",))
    assert live.run(STROKE).retracted == (pmid(5),)
    assert buckets(live.run(HEAD)) == {"changed": [pmid(5)]}
    assert buckets(live.run(STROKE)) == {}


def test_new_is_told_once_whatever_runs_between(live):
    """A partial run, a run over files, a complete one: each paper is told once as new, the file's by the file's run."""
    live.run()
    live.later(1)
    for number in (5, 6, 7):
        live.pubmed.add(number, f"Examplin, study {number}.", mesh=("Stroke",), entered=live.today)
    del live.pubmed.records[pmid(7)]
    assert live.run().stored == (pmid(5), pmid(6))
    (line,) = from_file(live, [STROKE], live.pubmed.records[pmid(5)])
    assert (line.new, line.stored) == ((pmid(5),), ())
    live.pubmed.records[pmid(7)] = live.pubmed.entries[pmid(7)].xml
    assert live.run().new == (pmid(6), pmid(7))


def test_what_joins_is_not_also_changed(live):
    """A paper that another query holds joins this one with a change: new or late here, changed only there."""
    live.pubmed.add(5, "Examplin in head injury.", entered=live.today)
    live.run(HEAD)
    live.run(STROKE)
    live.later(3)
    live.change(5, mesh=("Stroke",))
    assert buckets(live.run(STROKE)) == {"new": [pmid(5)]}
    assert buckets(live.run(HEAD)) == {"changed": [pmid(5)]}


def test_an_older_state_in_a_file_does_not_join_a_query(live):
    """The file's record meets the query, the newer one that is held does not: PubMed would judge the newer one."""
    live.pubmed.add(5, "Examplin in head injury.", mesh=())
    live.run(HEAD)
    old = replace(live.pubmed.entries[pmid(5)], mesh=("Stroke",), revised="2019-01-01")
    (line,) = from_file(live, [STROKE], old.xml)
    assert (line.count, line.new) == (0, ())


def test_received_of_an_interrupted_run_is_what_is_held(live):
    """Stopped in the middle: the line says how many of the query's papers are held, not how many came in this run."""
    live.run()
    live.pubmed.add(5, "Examplin, five.", mesh=("Stroke",))

    live.stop_after_a_batch()
    line = next(live.library.runs())
    assert (line.status, line.count, line.received) == ("interrupted", 5, 5)


def test_many_unserved_papers_are_an_outage_not_a_gap(live):
    """One paper that is not served twice in a row is PubMed's own gap; most of them are not: the run stays partial."""
    for number in range(5, 30):
        live.pubmed.unserved.add(pmid(number))
        live.pubmed.add(number, f"Examplin, study {number}.", mesh=("Stroke",))
    assert live.run().status == "partial"
    assert live.run().status == "partial"


def test_a_clock_that_was_ahead_once_makes_nothing_late(live):
    """What was there is judged by PubMed's clock where ours was ahead of it."""
    live.now = datetime(2099, 1, 1, tzinfo=UTC)
    live.run()
    today = datetime.now(UTC)
    live.now = today
    live.pubmed.add(5, "Examplin, five.", mesh=("Stroke",), entered=today.date().isoformat())
    assert live.run().new == (pmid(5),)


def test_an_older_state_from_pubmed_is_not_stored_and_not_taken_for_a_look(live):
    """A server that lags sends yesterday's record: told, not stored, asked for again; `--full` takes its word."""
    live.run()
    live.later(1)
    yesterday = live.pubmed.entries[pmid(1)]
    live.change(1, title="Examplin, today.")
    live.run()
    live.later(1)
    live.pubmed._put(replace(yesterday, title="Examplin, of long ago."))
    line = live.run(full=False)
    assert buckets(line) == {}
    line = live.run(HEAD, full=False)
    live.library.connection.run("UPDATE checks SET confirmed = '' WHERE pmid = ?", (pmid(1),))
    line = live.run()
    assert live.fetched == [pmid(1)]
    assert live.library.get(pmid(1)).title == "Examplin, today."
    assert any("older state" in warning and str(pmid(1)) in warning for warning in line.warnings)
    assert live.library.standings()[pmid(1)].confirmed == ""
    assert live.run(full=True).changed == (pmid(1),)
    assert live.library.get(pmid(1)).title == "Examplin, of long ago."


def test_an_unreadable_record_is_a_gap_from_the_second_time_on(live):
    """What came twice and cannot be read does not silence the query, also with a run over files between."""
    good = live.pubmed.records[pmid(2)]
    bad = good.replace(b"<Article ", b"<Artikel ").replace(b"List></Article>", b"List></Artikel>")
    live.pubmed.records[pmid(2)] = bad
    assert live.run().status == "partial"
    from_file(live, [STROKE], live.pubmed.records[pmid(3)])
    live.change(1, title="Examplin, changed.")
    line = live.run()
    assert (line.status, line.missing, line.new) == ("complete", (pmid(2),), (pmid(1), pmid(4)))


def test_strays_are_looked_after_one_request_at_a_time(live):
    """Hundreds of papers of a removed query: no more than one request's worth in a run, and in the end all of them."""
    for number in range(100, 560):
        live.pubmed.add(number, f"Examplin in head injury {number}.")
    live.run(HEAD)
    live.run(STROKE)
    live.live = ("stroke",)
    live.later(40)
    looked = []
    for _ in range(3):
        live.run(STROKE)
        looked.append(len(live.fetched))
    assert looked == [200, 200, 60]


# What a person and a timer are told.


@pytest.fixture
def desk(tmp_path):
    """A workspace with a made-up PubMed behind it: `desk.fetch(...)`."""
    made = MadeUpPubmed()
    for number in (1, 2, 3):
        made.add(number, f"Examplin in stroke, study {number}.")
    workspace = Workspace(tmp_path)
    workspace.pubmed = made
    with made.server(rate_limit=0) as server:
        workspace.server = server
        workspace.environment = {"REFTRACK_EUTILS_URL": server.url}
        usual = workspace.run
        workspace.run = lambda *a, **k: usual(*a, **({"environment": workspace.environment} | k))
        yield workspace


def test_a_retraction_is_the_exit_code_whatever_else_fell_short(desk):
    """One paper is never served, another is retracted: with --exit-code 11, without it 4; then 4 again, not 11."""
    desk.pubmed.unserved.add(pmid(4))
    desk.pubmed.add(4, "Examplin in stroke, never served.")
    desk.run("fetch", "stroke", status=4)
    desk.pubmed.retract(1, 77)
    desk.run("fetch", "stroke", "--exit-code", status=11)
    desk.run("fetch", "stroke", "--exit-code", status=4)
    desk.pubmed.change(2, title="Examplin in stroke, corrected.")
    desk.run("fetch", "stroke", "--exit-code", status=10)


def test_a_query_that_was_not_tried_is_in_the_ledger(desk):
    """After an outage the others are not asked: each has a failed line, and the digest does not say all is well."""
    desk.run("fetch")
    desk.run("fetch")
    desk.server.queue_fault(lambda e: e.send(400, b"no", "text/plain"))
    said = desk.run("fetch", status=3).stderr
    assert "Not tried after that: stroke" in said
    newest = desk.json("runs", "stroke")[0]
    assert newest["status"] == "failed"
    assert newest["problem"].startswith("not tried: ")
    digest = desk.run("digest", "--query", "stroke", "--exit-code", status=4).stdout
    assert "not all went well" in digest
    assert "Nothing new" not in digest


def test_a_run_over_a_file_does_not_make_pubmeds_news_old(desk, tmp_path):
    """Last night's retraction is still what `digest` tells after a file was read."""
    desk.run("fetch", "stroke")
    desk.pubmed.retract(1, 77)
    desk.run("fetch", "stroke")
    (tmp_path / "one.xml").write_bytes(fetch_body([desk.pubmed.records[pmid(2)]]))
    desk.run("fetch", "stroke", "--from", tmp_path / "one.xml")
    said = desk.run("digest", "--exit-code", status=11).stdout
    assert "Retracted (1)" in said
    assert "3 papers found" in desk.run("digest", "--run", "1", "--format", "html").stdout


def test_a_new_paper_that_was_retracted_later_is_not_called_already_retracted(desk):
    """Over both runs the paper is new and then retracted: the section of new papers does not say `already`."""
    desk.run("fetch", "stroke")
    desk.pubmed.retract(1, 77)
    desk.run("fetch", "stroke")
    both = desk.run("digest", "--since", "1").stdout
    assert "already retracted" not in both
    desk.pubmed.add(5, "RETRACTED: Examplin in stroke.", kinds=("Journal Article", "Retracted Publication"))
    desk.run("fetch", "stroke")
    assert "already retracted" in desk.run("digest").stdout


def test_what_one_query_told_is_said_although_the_next_is_stopped(desk):
    """A retraction of the first query, Ctrl-C in the second: it is printed, and the exit code says it."""
    (desk.folder / "queries" / "aaa.toml").write_text('title = "First"\nterm = "examplin[tiab]"\n')
    desk.run("fetch")
    desk.pubmed.retract(1, 77)
    searches = []

    def search(term):
        searches.append(term)
        if "stroke" in term:
            os.kill(os.getpid(), signal.SIGTERM)
        return MadeUpPubmed.search(desk.pubmed, term)

    desk.server.search = search
    result = desk.run("fetch", "aaa", "stroke", "--exit-code", status=11)
    assert "RETRACTED" in result.stdout
    assert "stopped; every finished batch is kept" in result.stderr
    assert desk.run("digest", "--exit-code", status=11)


def test_a_removed_query_has_no_news(desk):
    """What it told last is not told by `digest` for ever."""
    desk.run("fetch")
    assert "3 new" in desk.run("digest").stdout
    desk.run("fetch", "head")
    (desk.folder / "queries" / "stroke.toml").unlink()
    assert "Nothing new" in desk.run("digest", "--exit-code").stdout


def test_a_digest_needs_no_workspace(desk, tmp_path_factory, monkeypatch):
    """With --db alone, outside of any workspace, every query's news is told."""
    desk.run("fetch")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    result = CliRunner().invoke(main, ["--db", str(desk.folder / "db" / "reftrack.db"), "digest"])
    assert (result.exit_code, "3 new" in result.stdout) == (0, True)


def test_a_dry_run_in_an_outage_is_json_and_an_error(desk):
    """The plan made so far is printed whole, the failure with it, and the status is 3."""
    desk.server.queue_fault(lambda e: e.send(400, b"no", "text/plain"))
    result = desk.run("fetch", "--dry-run", "--json", status=3)
    (would,) = json.loads(result.stdout)["plan"]
    assert "not an empty result" in would["refused"]


def test_json_is_whole_where_a_file_cannot_be_read(desk, tmp_path):
    """A file that is no PubMed XML: JSON on stdout with the failed runs, the sentence on stderr, status 4."""
    (tmp_path / "bad.xml").write_text("<html>no</html>")
    result = desk.run("fetch", "--from", tmp_path / "bad.xml", "--json", status=4)
    assert {run["status"] for run in json.loads(result.stdout)["runs"]} == {"failed"}
    assert "bad.xml holds no PubMed record" in result.stderr


def test_the_ledger_tells_a_failure_from_an_empty_result(desk, tmp_path):
    """A failed run shows no zero; a partial one does not say 0 new; a retraction stands in its line."""
    desk.run("fetch", "stroke")
    desk.pubmed.retract(1, 77)
    desk.run("fetch", "stroke")
    desk.pubmed.unserved.add(pmid(4))
    desk.pubmed.add(4, "Examplin in stroke, never served.")
    assert "0 new" not in desk.run("fetch", "stroke", status=4).stdout
    desk.server.queue_fault(lambda e: e.send(400, b"no", "text/plain"))
    desk.run("fetch", "stroke", status=3)
    failed, partial, retracted, _ = [line.split("\t") for line in desk.run("runs").stdout.splitlines()[1:]]
    assert failed[2:4][0] == "failed"
    assert set(failed[5:-1]) == {""}
    assert (partial[2], retracted[11]) == ("partial", "1")
    for columns in (60, 100, 200):
        _, seen = terminal([sys.executable, "-m", "reftrack", "runs"], tmp_path, columns=columns, both=False)
        assert "stroke" in seen
        assert "(1 retracted)" in " ".join(seen.split())
        assert all(len(line) <= columns for line in seen.splitlines())
