"""Eutils.fetch: batches, halves, what is given up and when."""

import _thread
import subprocess
import sys
import threading
import time
from functools import partial

import pytest
import requests
import responses
from responses import matchers

from eutils_server import F9, EutilsServer, FakeTime, fetch_body, fetch_error, gzip_bomb, in_body_error, status_page
from reftrack.errors import EutilsError, UsageError
from reftrack.eutils import DEFAULT_URL, Batch, Eutils
from reftrack.eutils.pipeline import Pipeline
from reftrack.eutils.wire import MOST_IN_FLIGHT

EFETCH = DEFAULT_URL + "efetch.fcgi"


def record(pmid):
    return f"<PubmedArticle><PMID>{pmid}</PMID></PubmedArticle>".encode()


@pytest.fixture
def fake():
    return FakeTime()


@pytest.fixture
def http():
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def server():
    with EutilsServer({pmid: record(pmid) for pmid in range(1, 1001)}, lambda _: [], rate_limit=0) as running:
        yield running


@pytest.fixture
def eutils(fake, server):
    """A client of the loopback server."""
    with Eutils(base_url=server.url, **fake.settings) as made:
        yield made


@pytest.fixture
def remote(fake):
    """A client of the mocked NCBI."""
    with Eutils(**fake.settings) as made:
        yield made


def asked(server):
    return [tuple(map(int, request.params["id"].split(","))) for request in server.log]


def until(fact):
    """Wait for a fact that other threads bring about."""
    for _ in range(1000):
        if fact():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come about")


def no_threads():
    """Every thread of a fetch has ended."""
    until(lambda: not any(thread.name.startswith("eutils-") for thread in threading.enumerate()))


def settled(eutils):
    """The threads of the one fetch have done what they may do before the next batch is taken."""
    (pipeline,) = eutils._pipelines
    until(lambda: not pipeline._busy and pipeline._in_hand > eutils._wire.width)


def settled_on(server, pmids, times):
    until(lambda: asked(server).count(pmids) >= times)


@pytest.fixture(autouse=True)
def _threads_end():
    """No test leaves a thread behind."""
    yield
    no_threads()


def bad_records(server, bad, fault):
    """Let every request that holds one of the `bad` PMIDs fail with `fault`."""
    usual = server.efetch

    def efetch(params):
        return fault if bad & set(map(int, params["id"].split(","))) else usual(params)

    server.efetch = efetch


def test_c01_batches_of_200(http, remote):
    """450 PMIDs are three POSTs, comma-joined, in the order given."""
    pmids = list(range(1000, 1450))
    for start in (0, 200, 400):
        ids = ",".join(map(str, pmids[start : start + 200]))
        fields = {"db": "pubmed", "id": ids, "retmode": "xml", "tool": "reftrack"}
        http.post(EFETCH, body=fetch_body([record(1)]), match=[matchers.urlencoded_params_matcher(fields)])
    batches = list(remote.fetch(pmids))
    assert [len(batch.asked) for batch in batches] == [200, 200, 50]
    assert [pmid for batch in batches for pmid in batch.asked] == pmids
    assert all(call.request.url == EFETCH for call in http.calls)


def test_c01_each_pmid_once(eutils, server):
    """A PMID that is named twice is asked for once, where it was named first."""
    assert [batch.asked for batch in eutils.fetch([5, 3, 5, 9, 3], size=2)] == [(5, 3), (9,)]
    assert sorted(asked(server)) == [(5, 3), (9,)]


def test_c01_nothing_to_fetch(eutils):
    """No PMIDs, no request."""
    assert list(eutils.fetch([])) == []
    assert eutils.requests_sent == 0


def test_c01_at_most_a_few_ahead(eutils, server):
    """While the caller has one batch, only so many others are asked for and kept as the width allows, and one more."""
    batches = eutils.fetch(range(1, 1001), size=10)
    assert server.log == []
    next(batches)
    settled(eutils)
    assert 2 < len(server.log) <= 1 + MOST_IN_FLIGHT + 1
    batches.close()


def test_c01_nothing_after_close(eutils, server):
    """When the batches are closed, dropped, or their client is closed, not one request more is sent."""
    for end in ("close", "drop", "client"):
        batches = eutils.fetch(range(1, 1001), size=10)
        next(batches)
        if end == "close":
            batches.close()
        elif end == "drop":
            del batches
        else:
            eutils.close()
        sent = eutils.requests_sent
        no_threads()
        assert len(server.log) == eutils.requests_sent == sent, end


def test_c01_no_request_waits_for_the_one_before(eutils, server):
    """Two requests are in flight at once: each is answered only when the other one is there."""
    meeting = threading.Barrier(2, timeout=10)
    for _ in range(2):
        server.queue_fault(lambda exchange: (meeting.wait(), exchange.send(*exchange.reply())))
    assert [batch.asked for batch in eutils.fetch([1, 2], size=1)] == [(1,), (2,)]


def test_c01_the_next_batch_comes_while_the_caller_works(eutils, server):
    """With one batch in hand and no further call, the next one is asked for."""
    asked_for = threading.Event()
    server.fault_for([4], lambda exchange: (asked_for.set(), exchange.send(*exchange.reply())))
    batches = eutils.fetch([1, 2, 3, 4], size=1)
    next(batches)
    assert asked_for.wait(10)
    batches.close()


def test_c01_order_is_kept(eutils, server):
    """A batch whose reply comes last stands where it was asked."""
    others = threading.Barrier(2, timeout=10)
    server.fault_for([1], lambda exchange: (others.wait(), exchange.send(*exchange.reply())))
    server.fault_for([2], lambda exchange: (exchange.send(*exchange.reply()), others.wait()))
    batches = list(eutils.fetch([1, 2, 3, 4, 5], size=1))
    assert [batch.asked for batch in batches] == [(1,), (2,), (3,), (4,), (5,)]
    assert [batch.body for batch in batches] == [fetch_body([record(pmid)]) for pmid in range(1, 6)]


@pytest.mark.parametrize(
    ("key", "service", "width"),
    [("", 0.05, 2), ("", 0.4, 2), ("", 1.0, 3), ("", 1.2, 4), ("", 60, 4), ("K", 0.4, 4), ("K", 1.0, 10), ("K", 9, 12)],
)
def test_c01_width_follows_the_service_time(fake, key, service, width):
    """As many requests are in flight as rate times service time asks for: 2 to 4 without a key, to 12 with one."""
    with Eutils(api_key=key, **fake.settings) as eutils, responses.RequestsMock() as http:
        assert eutils._wire.width == 2
        http.add_callback(
            responses.POST, EFETCH, lambda _: (fake.sleep(service), (200, {}, fetch_body([record(1)])))[1]
        )
        list(eutils.fetch([1]))
        assert eutils._wire.width == width


def test_c01_width_grows_while_a_reply_is_late(fake):
    """A reply that has been waited for longer than any other counts for as long as it has taken."""
    widths = []

    def late(_):
        for _ in range(3):
            fake.sleep(0.5)
            widths.append(eutils._wire.width)
        return 200, {}, fetch_body([record(1)])

    with Eutils(**fake.settings) as eutils, responses.RequestsMock() as http:
        http.add_callback(responses.POST, EFETCH, late)
        list(eutils.fetch([1]))
    assert widths == [2, 3, 4]


def test_c01_connections_are_kept(server):
    """All batches come over as many connections as requests were in flight, and a search uses one of them again."""
    ports = set()
    fake = FakeTime()

    def note(exchange):
        ports.add(exchange.client_address[1])
        exchange.send(*exchange.reply())

    server.queue_fault(note, times=21)
    with Eutils(base_url=server.url, **fake.settings) as eutils:
        assert len(list(eutils.fetch(range(1, 201), size=10))) == 20
        eutils.search("x")
    assert len(ports) <= MOST_IN_FLIGHT


def test_c01_session_of_the_caller(server, fake):
    """A session that was handed in carries every request, and is not closed."""
    seen = []
    with requests.Session() as session:
        post = session.post
        session.post = lambda *args, **fields: (seen.append(1), post(*args, **fields))[1]
        with Eutils(session=session, base_url=server.url, **fake.settings) as eutils:
            assert len(list(eutils.fetch(range(1, 101), size=10))) == len(seen) == 10


def test_c01_a_bug_is_not_lost_in_a_thread(eutils, monkeypatch):
    """What no one promised, raised in a thread, is raised again where the batches are taken."""

    def broken(*_args, **_fields):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("reftrack.eutils.wire.Wire.post", broken)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        next(eutils.fetch([1]))


def test_c01_interrupt_while_waiting(eutils, server):
    """Ctrl-C ends the wait for a reply that never comes, and nothing more is sent."""
    server.fault_for([1], lambda exchange: (_thread.interrupt_main(), exchange.silence()))
    with pytest.raises(KeyboardInterrupt):
        next(eutils.fetch([1, 2, 3], size=1))
    sent = eutils.requests_sent
    server.closing.set()
    no_threads()
    assert eutils.requests_sent == sent


HANG = """
import sys
from reftrack.eutils import Eutils
batches = Eutils(base_url=sys.argv[1]).fetch([1, 2, 3], size=1)
print(next(batches).asked)
raise KeyboardInterrupt
"""


def test_c01_a_process_ends_at_once(server):
    """A reply that never comes does not keep a process that has ended from ending."""
    server.fault_for([2, 3], "half_open")
    process = subprocess.run(
        [sys.executable, "-c", HANG, server.url], check=False, capture_output=True, text=True, timeout=20
    )
    assert process.stdout == "(1,)\n"
    assert process.stderr.rstrip().endswith("KeyboardInterrupt")


def test_c01_width_that_falls():
    """When replies are quick again, fewer tasks are worked on, though there are threads for more."""
    width, seen = [3], []
    three = threading.Barrier(3, timeout=10)

    def work(task, _asker):
        if task < 3:
            three.wait()
            width[0] = 1
        else:
            time.sleep(0.01)
            seen.append(pipeline._busy)
        return task

    pipeline = Pipeline(range(9), work, width=lambda: width[0], sleep=time.sleep, on_wait=None)
    assert [place.result for place in pipeline.places()] == list(range(9))
    assert seen == [1] * 6


def test_c01_waits_are_told_in_the_callers_thread(server, fake):
    """`on_wait` may draw on a screen: no other thread calls it."""
    threads = set()
    server.queue_fault("503")
    settings = fake.settings | {"on_wait": lambda *_: threads.add(threading.current_thread())}
    with Eutils(base_url=server.url, **settings) as eutils:
        assert len(list(eutils.fetch([1, 2], size=1))) == 2
    assert threads == {threading.current_thread()}


@pytest.mark.parametrize("pmids", [[0], [1, -2]])
def test_c01_no_pmid(eutils, pmids):
    """What cannot be a PMID is refused before anything is sent, and so is an impossible size."""
    with pytest.raises(UsageError, match="is not a PMID"):
        eutils.fetch(pmids)
    with pytest.raises(ValueError, match="size"):
        eutils.fetch([1], size=0)
    assert eutils.requests_sent == 0


def test_c02_order_of_the_reply(eutils):
    """The room hands the document on as it came, in NCBI's order."""
    (batch,) = eutils.fetch([1, 2])
    assert batch == Batch((1, 2), fetch_body([record(2), record(1)]))


@pytest.mark.parametrize("root", ["PubmedArticleSet", "PubmedBookArticleSet"])
def test_c02_white_space_and_roots(http, remote, root):
    """Both roots are taken; white space before the XML declaration is not handed on."""
    body = f'<?xml version="1.0"?>\n<{root}>\n<PubmedBookArticle/></{root}>\n'.encode()
    http.post(EFETCH, body=b"\xef\xbb\xbf\n" + body)
    assert [batch.body for batch in remote.fetch([1])] == [body]


def test_c04_empty_set_is_asked_twice(eutils, server, fake):
    """A set without records is asked once more and then handed on: such PMIDs may not exist."""
    (batch,) = eutils.fetch([5001, 5002])
    assert batch == Batch((5001, 5002), fetch_body([]))
    assert asked(server) == [(5001, 5002)] * 2
    assert fake.slept == [1.0]


def test_c04_empty_set_once(eutils, server):
    """An empty set for PMIDs that exist is a fault that passes."""
    server.queue_fault("empty_set")
    (batch,) = eutils.fetch([1])
    assert batch.body == fetch_body([record(1)])


def test_a10_timeout_halves_after_two_tries(http, remote, fake):
    """HTTP 400 with "Status: Timeout" is retried once, then the batch is halved."""
    whole, *halves = (
        [matchers.urlencoded_params_matcher({"db": "pubmed", "id": ids, "retmode": "xml", "tool": "reftrack"})]
        for ids in ("1,2,3,4,5", "1,2", "3,4,5")
    )
    for _ in range(2):
        http.post(EFETCH, body=fetch_error(F9), status=400, match=whole)
    for half in halves:
        http.post(EFETCH, body=fetch_body([record(1)]), match=half)
    assert [batch.asked for batch in remote.fetch([1, 2, 3, 4, 5])] == [(1, 2), (3, 4, 5)]
    assert fake.slept[0] == 1.0


@pytest.mark.parametrize(
    "fault",
    [(400, fetch_error(F9)), (200, fetch_error("C++ exception")), (200, b""), (200, fetch_body([record(1)])[:-5])],
    ids=["timeout", "ERROR", "empty", "cut"],
)
def test_a10_one_bad_record(eutils, server, fault):
    """One record that NCBI cannot serve is found by halving, named, and costs none of the others."""
    bad_records(server, {123}, fault)
    batches = list(eutils.fetch(range(1, 401)))
    assert [batch.asked for batch in batches if batch.problem] == [(123,)]
    assert sorted(pmid for batch in batches for pmid in batch.asked) == list(range(1, 401))
    assert [batch.body for batch in batches if batch.problem] == [b""]
    assert sum(batch.body.count(b"<PMID>") for batch in batches) == 399
    assert len(server.log) < 35


def test_a10_bad_records_everywhere(eutils, server, fake):
    """Where every other record is bad, halving ends after a bounded number of tries; all PMIDs are accounted for."""
    bad_records(server, set(range(1, 1001, 2)), (400, fetch_error(F9)))
    batches = list(eutils.fetch(range(1000, 0, -1)))
    assert sorted(pmid for batch in batches for pmid in batch.asked) == list(range(1, 1001))
    assert all(bool(batch.body) is not bool(batch.problem) for batch in batches)
    assert len(server.log) < 140
    assert sum(fake.slept) < 300


def test_a10_all_records_bad(eutils, server):
    """If nothing at all can be had, three single failures in a row are enough, and few others are tried meanwhile."""
    bad_records(server, set(range(1, 1001)), (200, fetch_error("C++ exception")))
    received = []
    with pytest.raises(EutilsError, match=r"C\+\+ exception"):
        received.extend(eutils.fetch(range(1, 1001)))
    assert not any(batch.body for batch in received)
    no_threads()
    assert len(server.log) < 35 * MOST_IN_FLIGHT


@pytest.mark.parametrize("fault", ["503", "page_200", "limit_429", "limit_200", "hang_up"])
def test_c11_service_down_from_the_start(eutils, server, fault):
    """A service that is down ends a fetch after the tries of its first batch; what was under way is not waited for."""
    server.queue_fault(fault, times=100)
    with pytest.raises(EutilsError, match="not an empty result"):
        next(eutils.fetch(range(1, 1001)))
    no_threads()
    assert asked(server).count(tuple(range(1, 201))) == 4
    assert len(server.log) <= 4 * (MOST_IN_FLIGHT + 1)


def test_c11_third_of_five_fails(eutils, server):
    """One batch that fails for good is reported; the four others come."""
    server.fault_for([500], "503")
    batches = list(eutils.fetch(range(1, 1001)))
    assert [bool(batch.body) for batch in batches] == [True, True, False, True, True]
    assert batches[2].asked == tuple(range(401, 601))
    assert "HTTP 503" in batches[2].problem
    assert asked(server).count(batches[2].asked) == 4


def test_c11_goes_down_on_the_way(eutils, server):
    """A service that stays down after a good batch ends the fetch; the rest is named, most of it never asked for."""
    server.fault_for(range(11, 1001), "502")
    batches = list(eutils.fetch(range(1, 1001), size=10))
    no_threads()
    assert [bool(batch.body) for batch in batches] == [True] + [False] * 99
    assert [pmid for batch in batches for pmid in batch.asked] == list(range(1, 1001))
    assert batches[99].problem.startswith("not asked for any more: NCBI's server failed (HTTP 502)")
    assert asked(server).count(batches[1].asked) == 4
    assert len(set(asked(server))) <= 3 + MOST_IN_FLIGHT


def test_c11_one_short_outage_is_not_two(eutils, server):
    """Batches that failed in the same outage count once: those after the first are asked for again before giving up."""
    server.fault_for([2], "503", times=4)
    server.fault_for([3], "503", times=4)
    server.fault_for([1], lambda exchange: (settled_on(server, (3,), 4), exchange.send(*exchange.reply())))
    batches = list(eutils.fetch([1, 2, 3, 4, 5, 6], size=1))
    assert [batch.asked for batch in batches if batch.problem] == [(2,)]
    assert asked(server).count((3,)) == 5


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (lambda exchange: exchange.send(400, b'{"error":"API key invalid","api-key":"K"}'), "API key"),
        (status_page(429, ("Retry-After", 86400)), "asks to wait 86400 seconds"),
        (status_page(302, ("Location", "http://127.0.0.1:1/")), "redirects"),
    ],
    ids=["key", "wait a day", "redirect"],
)
def test_c11_what_ends_everything_at_once(eutils, server, fault, problem):
    """What no other request could escape ends the fetch; after a good batch as problems, not as an error."""
    server.fault_for(range(201, 1001), fault)
    batches = list(eutils.fetch(range(1, 1001)))
    assert [bool(batch.body) for batch in batches] == [True, False, False, False, False]
    assert all(problem in batch.problem for batch in batches[1:])
    assert len(server.log) == len(set(asked(server))) <= 2 + MOST_IN_FLIGHT


def test_c11_what_had_come_is_handed_on_at_the_end(eutils, server):
    """A good batch that was there when the fetch ended is not thrown away, and what had failed says why."""
    last = threading.Event()
    server.fault_for([3], lambda exchange: (exchange.send(*exchange.reply()), last.set()))
    server.fault_for([2], lambda exchange: (last.wait(10), time.sleep(0.2), status_page(302)(exchange)))
    batches = list(eutils.fetch([1, 2, 3], size=1))
    assert [bool(batch.body) for batch in batches] == [True, False, True]


def test_c11_refusal_of_one_batch(eutils, server):
    """A plain refusal of a later batch is reported; of the first one it is an error."""
    server.fault_for([300], in_body_error("Odd request", 400))
    assert [batch.problem for batch in eutils.fetch(range(1, 601))] == [
        "",
        "NCBI refuses the request: Odd request; this is not an empty result.",
        "",
    ]
    with pytest.raises(EutilsError, match="Odd request"):
        next(eutils.fetch([300]))


@pytest.mark.parametrize("fault", ["stall", "half_open", "cut_body", "http10_close", "gzip_cut", "hang_up"])
def test_a16_a17_a19_a20_broken_connections_in_a_fetch(server, fake, fault):
    """Connections that stall, hang or are cut cost a try each; every batch comes, in order."""
    server.fault_for([3], fault, times=1)
    server.fault_for([5], fault, times=1)
    with Eutils(base_url=server.url, timeout=(5, 0.5), **fake.settings) as eutils:
        batches = list(eutils.fetch(range(1, 9), size=2))
    assert [batch.asked for batch in batches] == [(1, 2), (3, 4), (5, 6), (7, 8)]
    assert [batch.problem for batch in batches] == [""] * 4


@pytest.mark.parametrize("fault", ["limit_429", "limit_200"])
def test_a05_a06_storm_of_refusals_in_a_fetch(eutils, server, fake, fault):
    """NCBI refuses several requests in a row for being too many: all wait, and every batch comes."""
    server.queue_fault(fault, times=3)
    assert [bool(batch.body) for batch in eutils.fetch(range(1, 61), size=10)] == [True] * 6
    assert len(server.log) == 9
    assert {why for why, _ in fake.told} <= {
        "NCBI says that too many requests were sent" + end for end in ("", " (HTTP 429)")
    }


def test_a21_a_bomb_in_a_fetch(eutils, server):
    """One record that unpacks without end is found by halving and named; the others come."""
    server.fault_for([13], partial(gzip_bomb, megabytes=66))
    batches = list(eutils.fetch(range(11, 19), size=4))
    assert [batch.asked for batch in batches] == [(11, 12), (13,), (14,), (15, 16, 17, 18)]
    assert [batch.asked for batch in batches if "larger than 64 MB" in batch.problem] == [(13,)]


def test_a10_only_halves_work(eutils, server):
    """Where NCBI serves no batch of more than 50, all come in halves of halves, in the place of their batch."""
    usual = server.efetch
    server.efetch = lambda params: (400, fetch_error(F9)) if params["id"].count(",") >= 50 else usual(params)
    batches = list(eutils.fetch(range(1, 401)))
    assert [batch.asked for batch in batches] == [tuple(range(n, n + 50)) for n in range(1, 401, 50)]
    assert not any(batch.problem for batch in batches)


def test_c03_c05_records_are_not_counted_here(eutils, server):
    """Fewer records than asked, or others, are a whole document: it is handed on, for the caller to reconcile."""
    server.records = {1: record(1), 3: record(4)}
    (batch,) = eutils.fetch([1, 2, 3])
    assert batch == Batch((1, 2, 3), fetch_body([record(4), record(1)]))
    assert eutils.requests_sent == 1


def test_c14_history_error(eutils, server, fake):
    """`<ERROR>` with status 200 is an error, not an empty set."""
    server.queue_fault(in_body_error("Unable to obtain query #1"), times=4)
    (batch,) = eutils.fetch([1])
    assert batch.body == b""
    assert batch.problem == (
        "NCBI answered with an error: Unable to obtain query #1 (4 tries); this is not an empty result."
    )
    assert fake.slept == [1.0, 2.0, 4.0]
