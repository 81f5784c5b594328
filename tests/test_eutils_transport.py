"""Eutils, below the documents: tries, waits, limits, broken connections, and nothing secret in any message."""

import logging
import time
import traceback
import tracemalloc
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from itertools import pairwise
from urllib.parse import parse_qs

import pytest
import requests
import responses
from responses import matchers
from responses.registries import OrderedRegistry
from urllib3.exceptions import MaxRetryError, NameResolutionError, ProtocolError

from eutils_server import (
    FAULTS,
    PAGE,
    EutilsServer,
    FakeTime,
    fetch_body,
    gzip_bomb,
    in_body_error,
    rate_limited,
    search_body,
    search_error,
    status_page,
)
from reftrack.errors import EutilsError, QueryError, UsageError
from reftrack.eutils import DEFAULT_URL, Eutils

ESEARCH, EFETCH = DEFAULT_URL + "esearch.fcgi", DEFAULT_URL + "efetch.fcgi"
KEY = "SECRETKEY123"
LIMIT_JSON = {"error": "API rate limit exceeded", "api-key": "203.0.113.7", "count": "4", "limit": "3"}
KEY_JSON = {"error": "API key invalid", "api-key": KEY, "type": "invalid", "status": "unknown"}
ONE_HIT = search_body(1, [7])
BOMB = b"""<?xml version="1.0"?><!DOCTYPE eSearchResult [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<eSearchResult><Count>&c;</Count></eSearchResult>"""


def record(pmid):
    return f"<PubmedArticle><PMID>{pmid}</PMID><T>{'text ' * 50}</T></PubmedArticle>".encode()


@pytest.fixture
def fake():
    return FakeTime()


@pytest.fixture
def http():
    with responses.RequestsMock(registry=OrderedRegistry) as mock:
        yield mock


@pytest.fixture
def make(fake):
    """Build clients on the fake clock; they are closed at the end."""
    made = []

    def build(**settings):
        made.append(Eutils(**{**fake.settings, **settings}))
        return made[-1]

    yield build
    for eutils in made:
        eutils.close()


@pytest.fixture
def server():
    """A server of 500 records, without a rate limit."""
    with EutilsServer({pmid: record(pmid) for pmid in range(1, 501)}, lambda _: [3, 2, 1], rate_limit=0) as running:
        yield running


def test_a01_rate_limit_then_success(http, make, fake, capsys):
    """A 429 is waited out and retried; only on_wait hears of it."""
    http.post(ESEARCH, json=LIMIT_JSON, status=429)
    http.post(ESEARCH, body=ONE_HIT)
    eutils = make()
    assert eutils.search("x").pmids == (7,)
    assert eutils.requests_sent == 2
    assert fake.told == [("NCBI says that too many requests were sent (HTTP 429)", 1.0)]
    assert capsys.readouterr() == ("", "")


def test_a02_retry_after_in_seconds(http, make, fake):
    """`Retry-After: 7` is slept."""
    http.post(ESEARCH, json=LIMIT_JSON, status=429, headers={"Retry-After": "7"})
    http.post(ESEARCH, body=ONE_HIT)
    make().search("x")
    assert fake.slept == [7.0]


@pytest.mark.parametrize("own_date", [True, False], ids=["server's Date", "our clock"])
def test_a03_retry_after_as_date(http, make, fake, own_date):
    """A date is understood, by the server's own clock where it tells it."""
    now = datetime.now(UTC)
    said = now - timedelta(days=3) if own_date else now
    headers = {"Retry-After": format_datetime(said + timedelta(seconds=20), usegmt=True)}
    headers |= {"Date": format_datetime(said, usegmt=True)} if own_date else {}
    http.post(ESEARCH, json=LIMIT_JSON, status=429, headers=headers)
    http.post(ESEARCH, body=ONE_HIT)
    make().search("x")
    assert 18 <= fake.slept[0] <= 20


@pytest.mark.parametrize("value", ["soon", "", "-5", "Tue, 99 Foo 2026", "1.5"])
def test_a03_retry_after_that_says_nothing(http, make, fake, value):
    """A Retry-After that cannot be read leaves the usual wait."""
    http.post(ESEARCH, status=503, headers={"Retry-After": value})
    http.post(ESEARCH, body=ONE_HIT)
    make().search("x")
    assert fake.slept == [1.0]


def test_a04_retry_after_a_day(http, make, fake):
    """A wait of a day is told, not slept."""
    http.post(ESEARCH, json=LIMIT_JSON, status=429, headers={"Retry-After": "86400"})
    with pytest.raises(EutilsError, match="NCBI asks to wait 86400 seconds"):
        make().search("x")
    assert fake.slept == []


def test_a05_rate_limit_for_ever(http, make, fake):
    """Four tries, 1-2-4 seconds between them, then an error that says it is no empty result."""
    for _ in range(4):
        http.post(ESEARCH, json=LIMIT_JSON, status=429)
    with pytest.raises(EutilsError, match=r"too many requests.*\(4 tries\); this is not an empty result") as caught:
        make().search("x")
    assert fake.slept == [1.0, 2.0, 4.0]
    assert caught.value.exit_status == 3


def test_a05_jitter_only_lengthens(http, make, fake):
    """Jitter makes a wait up to a quarter longer, never shorter."""
    http.post(ESEARCH, status=500)
    http.post(ESEARCH, body=ONE_HIT)
    make(jitter=lambda: 0.8).search("x")
    assert fake.slept == pytest.approx([1.2])


def test_a06_rate_limit_with_status_200(http, make, fake):
    """The rate-limit JSON is seen with status 200, too."""
    http.post(ESEARCH, json=LIMIT_JSON, status=200)
    http.post(ESEARCH, body=ONE_HIT)
    assert make().search("x").count == 1
    assert "too many requests" in fake.told[0][0]


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a07_server_errors_pass(http, make, status):
    """A failing server is asked again."""
    http.post(ESEARCH, body=PAGE, status=status)
    http.post(ESEARCH, body=ONE_HIT)
    assert make().search("x").count == 1


def test_a08_page_for_ever(http, make):
    """503 for ever is an error without HTML in it."""
    for _ in range(4):
        http.post(ESEARCH, body=PAGE, status=503)
    with pytest.raises(EutilsError, match=r"HTTP 503") as caught:
        make().search("x")
    assert "<" not in str(caught.value)


@pytest.mark.parametrize("status", [400, 403, 404, 414])
def test_a09_plain_refusal(http, make, fake, status):
    """A plain 4xx is not retried."""
    http.post(ESEARCH, body=b"Bad Request", status=status)
    with pytest.raises(EutilsError, match=f"HTTP {status}"):
        make().search("x")
    assert fake.slept == []


def test_a09_refusal_with_ncbis_words(http, make):
    """What NCBI puts into ERROR is told, on one line and without control characters."""
    http.post(ESEARCH, body=search_error("Bad\n\tthing\x85 here"), status=400)
    with pytest.raises(EutilsError, match=r"NCBI refuses the request: Bad thing here; this is not"):
        make().search("x")


def test_a11_invalid_key(http, make, fake):
    """A wrong key is a usage error, at once, and not echoed."""
    http.post(ESEARCH, json=KEY_JSON, status=400)
    with pytest.raises(UsageError) as caught:
        make(api_key=KEY).search("x")
    assert str(caught.value) == "NCBI does not accept the API key: correct it, or remove it to go on more slowly."
    assert fake.slept == []
    assert caught.value.exit_status == 2


@pytest.mark.parametrize(
    ("case", "body"),
    [
        ("A12 a web page", PAGE),
        ("A12 XHTML", b'<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><body/></html>'),
        ("A13 nothing", b""),
        ("A13 white space", b" \r\n"),
        ("A14 prolog only", ONE_HIT.partition(b"<eSearchResult>")[0]),
        ("cut", ONE_HIT[:-20]),
        ("not XML", b"Internal error"),
        ("JSON", b'{"header":{}}'),
        ("another document", b"<eInfoResult><DbList/></eInfoResult>"),
        ("not UTF-8", ONE_HIT.replace(b"7", b"\xff")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a12_a13_a14_no_document(http, make, case, body):
    """What is no whole eSearchResult is retried, and in the end an error."""
    http.post(ESEARCH, body=body)
    http.post(ESEARCH, body=ONE_HIT)
    assert make().search("x").count == 1, case
    for _ in range(4):
        http.post(ESEARCH, body=body)
    with pytest.raises(EutilsError, match="not an empty result"):
        make().search("x")


def no_name():
    error = NameResolutionError("eutils.ncbi.nlm.nih.gov", None, OSError("Name or service not known"))
    return requests.ConnectionError(MaxRetryError(None, f"/?api_key={KEY}", error))


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (no_name(), "could not be resolved"),
        (requests.ConnectionError(f"refused: api_key={KEY}"), "could not be reached"),
        (requests.exceptions.SSLError(f"certificate api_key={KEY}"), "no secure connection"),
        (requests.exceptions.ProxyError(f"proxy api_key={KEY}"), "proxy"),
        (requests.ConnectTimeout(f"slow api_key={KEY}"), "in time"),
        (ProtocolError(f"broken api_key={KEY}"), "cut in the middle"),
        (requests.exceptions.ContentDecodingError(f"gzip api_key={KEY}"), "decompressed"),
        (OSError(f"no CA bundle api_key={KEY}"), "could not be reached"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a15_network_errors(http, make, error, message):
    """Failures below HTTP are retried, then told in our words, and nothing foreign hangs on the error."""
    for _ in range(4):
        http.post(ESEARCH, body=error)
    with pytest.raises(EutilsError, match=message) as caught:
        make(api_key=KEY).search("x")
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_a15_nobody_listens(make):
    """A refused connection on a real socket is an EutilsError."""
    with EutilsServer({}, lambda _: []) as server:
        url = server.url
    with pytest.raises(EutilsError, match="could not be reached"):
        make(base_url=url, tries=1).search("x")


def test_a15_address_that_cannot_be_used(http, make, fake):
    """An error in the address is not retried."""
    http.post(ESEARCH, body=requests.exceptions.InvalidURL("http://%zz/?api_key=" + KEY))
    with pytest.raises(EutilsError, match="address"):
        make().search("x")
    assert fake.slept == []


def test_a16_read_timeout(http, make):
    """A read timeout is retried, and every request has a timeout."""
    http.post(ESEARCH, body=requests.ReadTimeout("x"))
    http.post(ESEARCH, body=ONE_HIT)
    make().search("x")
    assert [call.request.req_kwargs["timeout"] for call in http.calls] == [(10, 120)] * 2


@pytest.mark.parametrize("fault", ["stall", "half_open"])
def test_a16_silence_on_a_socket(server, make, fault):
    """A server that falls silent, before or in the middle of its reply, is asked again."""
    server.queue_fault(fault)
    assert make(base_url=server.url, timeout=(5, 0.5)).search("x").pmids == (3, 2, 1)
    assert len(server.log) == 2


def test_a16_a_trickle_ends(http, make, monkeypatch):
    """A body that never stops coming is left after five minutes, though each byte is in time."""
    monkeypatch.setattr("reftrack.eutils.wire._CHUNK", 1)
    times = iter(range(0, 100_000, 60))
    http.post(ESEARCH, body=ONE_HIT)
    with pytest.raises(EutilsError, match="too slowly"):
        make(clock=lambda: float(next(times))).search("x")


@pytest.mark.parametrize("fault", ["cut_body", "http10_close", "gzip_cut", "hang_up"])
def test_a17_a19_a20_cut_replies(server, make, fault):
    """A reply that is cut is noticed, however it was cut, and asked again; no half record comes out."""
    server.queue_fault(fault)
    eutils = make(base_url=server.url)
    (batch,) = eutils.fetch([1, 2, 3])
    assert batch.body == fetch_body([record(3), record(2), record(1)])
    assert batch.problem == ""
    assert len(server.log) == eutils.requests_sent == 2


def test_a18_chunked_body_cut(http, make):
    """A chunked body that is cut is retried."""
    http.post(ESEARCH, body=requests.exceptions.ChunkedEncodingError("IncompleteRead"))
    http.post(ESEARCH, body=ONE_HIT)
    assert make().search("x").count == 1


def test_a21_gzip_bomb(server, make):
    """A bomb is stopped at the cap, at once and with bounded memory, alone or in a batch."""
    server.queue_fault(partial(gzip_bomb, megabytes=256))
    server.fault_for([1, 2], partial(gzip_bomb, megabytes=256))
    eutils = make(base_url=server.url)
    tracemalloc.start()
    with pytest.raises(EutilsError, match="larger than 64 MB"):
        eutils.search("x")
    with pytest.raises(EutilsError, match="larger than 64 MB"):
        list(eutils.fetch([1, 2]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 << 20
    assert len(server.log) in {3, 4}  # the other half may have been asked for already


def test_a21_a_large_honest_batch_is_halved(server, make, monkeypatch):
    """Records that together pass the cap are asked for in smaller batches."""
    monkeypatch.setattr("reftrack.eutils.wire.MAX_BODY", 1200)
    batches = list(make(base_url=server.url).fetch([1, 2, 3, 4]))
    assert [batch.asked for batch in batches] == [(1, 2), (3, 4)]
    assert all(batch.body for batch in batches)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a22_redirect_is_not_followed(http, make, fake, status):
    """A redirect is an error that says so; the key is sent nowhere else."""
    http.post(ESEARCH, status=status, headers={"Location": "https://elsewhere.example/"})
    with pytest.raises(EutilsError, match="redirects"):
        make(api_key=KEY).search("x")
    assert fake.slept == []


@pytest.mark.parametrize(("key", "gap"), [("", 0.37), (KEY, 0.11)], ids=["no key", "key"])
def test_a23_spacing(http, make, fake, key, gap):
    """Starts are apart as NCBI's limit asks, retries included."""
    starts = []

    def answer(_):
        starts.append(fake.now)
        return (500, {}, b"") if len(starts) == 10 else (200, {}, ONE_HIT)

    for _ in range(20):
        http.add_callback(responses.POST, ESEARCH, answer)
    eutils = make(api_key=key, sleep=lambda seconds: fake.sleep(min(seconds, gap)))  # a retry wait as short as the gap
    for _ in range(19):
        eutils.search("x")
    assert len(starts) == 20
    assert all(later - earlier > gap - 1e-6 for earlier, later in pairwise(starts))


def test_a23_on_the_real_clock(server):
    """Four requests on the real clock take as long as the spacing says."""
    with Eutils(base_url=server.url) as eutils:
        for _ in range(4):
            eutils.search("x")
    assert server.log[3].time - server.log[0].time > 3 * 0.37 - 0.1


def test_a25_identity_on_every_request(http, make):
    """`tool` and `email` go with every request, the key only when set, all in the body."""
    fields = {"db": "pubmed", "term": "x", "retmode": "xml", "retmax": "9999", "tool": "reftrack"}
    for extra in ({}, {"email": "a@example.org"}, {"email": "a@example.org", "api_key": KEY}):
        http.post(ESEARCH, body=ONE_HIT, match=[matchers.urlencoded_params_matcher(fields | extra)])
        make(email=extra.get("email", ""), api_key=extra.get("api_key", "")).search("x")
    assert [call.request.url for call in http.calls] == [ESEARCH] * 3


def test_a28_proxy_that_is_dead(monkeypatch, fake):
    """Proxy variables that name a proxy nobody runs give a sentence that says proxy, and no address."""
    with EutilsServer({}, lambda _: []) as server:
        dead = server.url
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, dead.partition("/entrez")[0])
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with (
        Eutils(**fake.settings) as eutils,
        pytest.raises(EutilsError, match="the proxy could not be reached") as caught,
    ):
        eutils.search("x")
    assert "127.0.0.1" not in str(caught.value)


def test_h04_key_is_stripped_or_refused(http, make):
    """White space around a key goes; inside it is an error that does not show the key."""
    http.post(ESEARCH, body=ONE_HIT)
    make(api_key=f" {KEY}\n").search("x")
    assert parse_qs(http.calls[0].request.body)["api_key"] == [KEY]
    for bad in (f"{KEY} 9", f"{KEY}\n9", f"{KEY}\x00", f"{KEY}\u200b", f"{KEY}ä"):
        with pytest.raises(UsageError, match="API key") as caught:
            make(api_key=bad)
        assert KEY not in str(caught.value)


@pytest.mark.parametrize("url", ["", "eutils", "ftp://x/entrez/eutils/", "http://", "http://[::1/", "http://x/?a=b"])
def test_address_is_checked(make, url):
    """An address that cannot be used is a usage error at once."""
    with pytest.raises(UsageError, match="address"):
        make(base_url=url)


def test_address_with_or_without_slash(http, make):
    """The base URL may end with a slash or not."""
    http.post("http://127.0.0.1:1/entrez/eutils/esearch.fcgi", body=ONE_HIT)
    http.post("http://127.0.0.1:1/entrez/eutils/esearch.fcgi", body=ONE_HIT)
    for url in ("http://127.0.0.1:1/entrez/eutils", "http://127.0.0.1:1/entrez/eutils/"):
        make(base_url=url).search("x")


@pytest.mark.parametrize("utility", ["search", "fetch"])
def test_h01_entity_bomb(http, make, fake, utility):
    """A reply that declares entities is refused at once, unexpanded."""
    http.post(ESEARCH if utility == "search" else EFETCH, body=BOMB.replace(b"eSearchResult", b"PubmedArticleSet"))
    started = time.perf_counter()
    with pytest.raises(EutilsError, match="entities"):
        make().search("x") if utility == "search" else list(make().fetch([1, 2]))
    assert time.perf_counter() - started < 1
    assert fake.slept == []


def test_h02_external_entity_is_not_fetched(server, make):
    """An external entity that points at a listener is refused, and nobody asks the listener."""
    body = f'<!DOCTYPE eSearchResult [<!ENTITY e SYSTEM "{server.url}">]><eSearchResult>&e;</eSearchResult>'.encode()
    server.queue_fault(lambda exchange: exchange.send(200, body))
    with pytest.raises(EutilsError, match="entities"):
        make(base_url=server.url).search("x")
    assert len(server.log) == 1


def echo(status, body):
    """A reply that repeats the key."""
    return lambda exchange: exchange.send(status, body.encode(), "text/plain")


LEAKS = {
    **{name: [fault] * 4 for name, fault in FAULTS.items() if name not in {"stall", "half_open", "gzip_bomb"}},
    "limit a day": [rate_limited(86400)],
    "page 414": [status_page(414)],
    "redirect": [status_page(302, ("Location", f"http://127.0.0.1:1/?api_key={KEY}"))],
    "ERROR with key": [in_body_error(f"no such key {KEY.lower()} for api_key={KEY}&x at 203.0.113.7")] * 4,
    "400 ERROR with key": [in_body_error(f"odd key {KEY}", 400)],
    "wildcards with key": [in_body_error(f"wildcards {KEY} and 0123456789abcdef0123456789abcdef0123 by 2001:db8::1")],
    "key invalid": [echo(400, str(KEY_JSON).replace("'", '"'))],
    "plain text": [echo(400, f"api_key={KEY}")],
    "JSON": [echo(200, f'{{"ERROR": "your\nkey {KEY}"}}')] * 4,
    "count": [echo(200, f"<eSearchResult><Count>{KEY}</Count></eSearchResult>")],
    "long": [in_body_error("x" * 290 + KEY)] * 4,
}


@pytest.mark.parametrize("utility", ["search", "fetch"])
@pytest.mark.parametrize("name", LEAKS)
def test_h03_key_is_nowhere(server, fake, caplog, name, utility):
    """In no way to fail does the key, or an address, reach a message, a traceback, a repr or a log."""
    caplog.set_level(logging.DEBUG)
    for fault in LEAKS[name]:
        server.queue_fault(fault)
    with Eutils(base_url=server.url, api_key=KEY, email="me@example.org", **fake.settings) as eutils:
        shown = [repr(eutils)]
        try:
            shown.append(repr(eutils.search("x") if utility == "search" else list(eutils.fetch([1]))))
        except (EutilsError, UsageError, QueryError) as error:
            shown += [str(error), repr(error), traceback.format_exc(), repr(error.__context__), repr(error.__cause__)]
    shown += [caplog.text, repr(fake.told)]
    text = "\n".join(shown)
    assert server.log[0].params["api_key"] == KEY, "the key was sent"
    assert KEY.lower() not in text.lower()
    for private in ("203.0.113.7", "2001:db8::1", "0123456789abcdef", "me@example.org", "api_key="):
        assert private not in text


def test_h03_key_with_odd_characters(http, make):
    """A key that is echoed URL-encoded is removed, too."""
    key = "SEC+RET/KEY="
    for _ in range(4):
        http.post(ESEARCH, body=search_error("no SEC%2BRET%2FKEY%3D and no SEC+RET/KEY="))
    with pytest.raises(EutilsError, match=r"no \[removed\] and no \[removed\]"):
        make(api_key=key).search("x")


def test_session_of_the_caller_stays_open(http, fake):
    """A session that was handed in is used and not closed."""
    http.post(ESEARCH, body=ONE_HIT)
    closed = []
    with requests.Session() as session:
        session.close = lambda: closed.append(True)
        with Eutils(session=session, **fake.settings) as eutils:
            assert eutils.search("x").count == 1
        assert closed == []


def test_server_keeps_ncbis_rules(server):
    """The loopback server limits, clamps, refuses and echoes as NCBI does."""
    server.rate_limit, server.bad_keys, server.search = 3, {"BAD"}, lambda _: range(1, 20_001)
    ask = partial(requests.post, server.url + "esearch.fcgi", timeout=5)
    replies = [ask(data={"term": "x", "retmax": "10000"}) for _ in range(4)]
    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert replies[3].json()["limit"] == "3"
    assert replies[3].headers["Retry-After"] == "2"
    assert replies[0].text.count("<Id>") == 9999
    assert "Restrictions achieved. start and count adjusted to 0, 9999" in replies[0].text
    reply = ask(data={"term": "x", "api_key": "BAD"})
    assert (reply.status_code, reply.json()["api-key"]) == (400, "BAD")
    assert "cannot be larger than 9998" in ask(data={"term": "x", "retstart": "9999", "api_key": "K"}).text
    assert "Empty term" in ask(data={"term": " ", "api_key": "K"}).text
    ids = ",".join(str(pmid) for pmid in range(1, 202))
    assert requests.get(server.url + "efetch.fcgi", params={"id": ids, "api_key": "K"}, timeout=5).status_code == 414
    known = requests.get(server.url + "efetch.fcgi", params={"id": "1,999999,2", "api_key": "K"}, timeout=5)
    assert known.content == fetch_body([record(2), record(1)])
    assert known.headers["Content-Encoding"] == "gzip"
