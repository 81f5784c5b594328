"""Eutils.fetch: batches, halves, what is given up and when."""

import pytest
import responses
from responses import matchers
from responses.registries import OrderedRegistry

from eutils_server import F9, EutilsServer, FakeTime, fetch_body, fetch_error, in_body_error, status_page
from reftrack.errors import EutilsError, UsageError
from reftrack.eutils import DEFAULT_URL, Batch, Eutils

EFETCH = DEFAULT_URL + "efetch.fcgi"


def record(pmid):
    return f"<PubmedArticle><PMID>{pmid}</PMID></PubmedArticle>".encode()


@pytest.fixture
def fake():
    return FakeTime()


@pytest.fixture
def http():
    with responses.RequestsMock(registry=OrderedRegistry) as mock:
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
    assert asked(server) == [(5, 3), (9,)]


def test_c01_nothing_to_fetch(eutils):
    """No PMIDs, no request."""
    assert list(eutils.fetch([])) == []
    assert eutils.requests_sent == 0


def test_c01_one_batch_at_a_time(eutils, server):
    """The next batch is asked for when it is wanted, so a run that stops has asked for nothing in vain."""
    batches = eutils.fetch(range(1, 401))
    next(batches)
    assert len(server.log) == 1


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
    for _ in range(2):
        http.post(EFETCH, body=fetch_error(F9), status=400)
    for ids in ("1,2", "3,4,5"):
        fields = {"db": "pubmed", "id": ids, "retmode": "xml", "tool": "reftrack"}
        http.post(EFETCH, body=fetch_body([record(1)]), match=[matchers.urlencoded_params_matcher(fields)])
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


def test_a10_all_records_bad(eutils, server, fake):
    """If nothing at all can be had, three single failures in a row are enough."""
    bad_records(server, set(range(1, 1001)), (200, fetch_error("C++ exception")))
    received = []
    with pytest.raises(EutilsError, match=r"C\+\+ exception"):
        received.extend(eutils.fetch(range(1, 1001)))
    assert not any(batch.body for batch in received)
    assert len(server.log) < 35
    assert sum(fake.slept) < 60


@pytest.mark.parametrize("fault", ["503", "page_200", "limit_429", "limit_200", "hang_up"])
def test_c11_service_down_from_the_start(eutils, server, fault):
    """A service that is down ends a fetch after the tries of its first batch."""
    server.queue_fault(fault, times=100)
    with pytest.raises(EutilsError, match="not an empty result"):
        next(eutils.fetch(range(1, 1001)))
    assert len(server.log) == 4


def test_c11_third_of_five_fails(eutils, server):
    """One batch that fails for good is reported; the four others come."""
    down = status_page(503)
    batches = []
    for batch in eutils.fetch(range(1, 1001)):
        batches.append(batch)
        if len(batches) == 2:
            server.queue_fault(down, times=4)
    assert [bool(batch.body) for batch in batches] == [True, True, False, True, True]
    assert batches[2].asked == tuple(range(401, 601))
    assert "HTTP 503" in batches[2].problem


def test_c11_goes_down_on_the_way(eutils, server):
    """A service that stays down after a good batch is asked for two more batches only; the rest is named."""
    batches = []
    for batch in eutils.fetch(range(1, 1001)):
        batches.append(batch)
        if len(batches) == 1:
            server.queue_fault("502", times=100)
    assert len(server.log) == 1 + 4 + 4
    assert [bool(batch.body) for batch in batches] == [True, False, False, False, False]
    assert batches[4].problem.startswith("not asked for any more: NCBI's server failed (HTTP 502)")


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
    batches = []
    for batch in eutils.fetch(range(1, 601)):
        batches.append(batch)
        server.queue_fault(fault)
    assert [bool(batch.body) for batch in batches] == [True, False, False]
    assert all(problem in batch.problem for batch in batches[1:])
    assert len(server.log) == 2


def test_c11_refusal_of_one_batch(eutils, server):
    """A plain refusal of a later batch is reported; of the first one it is an error."""
    batches = []
    for batch in eutils.fetch(range(1, 601)):
        batches.append(batch)
        if len(batches) == 1:
            server.queue_fault(in_body_error("Odd request", 400))
    assert [batch.problem for batch in batches] == [
        "",
        "NCBI refuses the request: Odd request; this is not an empty result.",
        "",
    ]
    server.queue_fault(in_body_error("Odd request", 400))
    with pytest.raises(EutilsError, match="Odd request"):
        next(eutils.fetch([1]))


def test_c14_history_error(eutils, server, fake):
    """`<ERROR>` with status 200 is an error, not an empty set."""
    server.queue_fault(in_body_error("Unable to obtain query #1"), times=4)
    (batch,) = eutils.fetch([1])
    assert batch.body == b""
    assert batch.problem == (
        "NCBI answered with an error: Unable to obtain query #1 (4 tries); this is not an empty result."
    )
    assert fake.slept == [1.0, 2.0, 4.0]
