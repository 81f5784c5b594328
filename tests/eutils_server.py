"""A loopback server that behaves like NCBI's E-utilities: a store of raw records and a search function go in.

    with EutilsServer({1: b"<PubmedArticle>...</PubmedArticle>"}, lambda term: [1]) as server:
        Eutils(base_url=server.url)

It keeps NCBI's rules (9,999 ids a search, requests a second, order and silence of EFetch) and answers in the shape of
recorded bodies. `queue_fault` makes the next requests fail in a named way, or in any way a function can write:

    server.queue_fault("http10_close")
    server.queue_fault(status_page(503), times=4)
    server.queue_fault(lambda exchange: exchange.send(200, b"", "text/xml"))
"""

import contextlib
import gzip
import itertools
import json
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

LIMIT = 9999
XML = "text/xml; charset=UTF-8"
SEARCH_HEAD = (
    '<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE eSearchResult PUBLIC "-//NLM//DTD esearch 20060628//EN" '
    '"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20060628/esearch.dtd">\n'
)
FETCH_ERROR_HEAD = (
    '<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE eEfetchResult PUBLIC "-//NLM//DTD efetch 20131226//EN" '
    '"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20131226/efetch.dtd">\n'
)
SET_HEAD = (
    '<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n'
)
PAGE = b"<!DOCTYPE html>\n<html><head><title>Service unavailable</title></head><body>down_bethesda</body></html>\n"
F9 = "Error: External viewer error: Empty Response. Bytes read: 0 Status: Timeout"


def search_body(count, ids, *, translation="", extra="", start=0):
    """An eSearchResult; `extra` is XML for ErrorList and WarningList."""
    listed = "".join(f"<Id>{pmid}</Id>\n" for pmid in ids)
    return (
        f"{SEARCH_HEAD}<eSearchResult><Count>{count}</Count><RetMax>{len(ids)}</RetMax><RetStart>{start}</RetStart>"
        f"<IdList>\n{listed}</IdList><TranslationSet/><QueryTranslation>{escape(translation)}</QueryTranslation>{extra}"
        "</eSearchResult>\n"
    ).encode()


def search_error(text):
    return f"{SEARCH_HEAD}<eSearchResult><ERROR>{escape(text)}</ERROR></eSearchResult>\n".encode()


def fetch_error(text):
    return f"{FETCH_ERROR_HEAD}<eFetchResult>\n\t<ERROR>{escape(text)}</ERROR>\n</eFetchResult>\n".encode()


def fetch_body(records):
    """A PubmedArticleSet of raw records."""
    return SET_HEAD.encode() + b"<PubmedArticleSet>" + b"\n".join(records) + b"</PubmedArticleSet>\n"


def messages(*texts):
    return "<WarningList>" + "".join(f"<OutputMessage>{escape(t)}</OutputMessage>" for t in texts) + "</WarningList>"


class FakeTime:
    """A clock that only sleeping moves, for Eutils(clock=..., sleep=..., jitter=...): tests take no time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.told: list[tuple[str, float]] = []
        self._lock = threading.Lock()

    def clock(self):
        return self.now

    def sleep(self, seconds):
        with self._lock:  # the threads of a fetch share it
            self.slept.append(seconds)
            self.now += seconds

    @property
    def settings(self):
        """Keyword arguments for Eutils."""
        told = self.told.append
        return {
            "clock": self.clock,
            "wall": self.clock,
            "sleep": self.sleep,
            "jitter": lambda: 0.0,
            "on_wait": lambda why, seconds: told((why, seconds)),
        }


@dataclass(frozen=True)
class Recorded:
    """A request as the server saw it."""

    method: str
    path: str
    query: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    time: float


class EutilsServer:
    """ESearch and EFetch over `records`; `search` gives the PMIDs of a term, or raises ValueError with NCBI's ERROR.

    The clause `(term) AND low:high[UID]` is understood here, so `search` sees only the plain term; so is
    `(term) AND from:to[mdat]` if `modified` gives the ISO dates of modification. `delay` is how many seconds pass
    between a request and the first byte of its reply.
    """

    def __init__(
        self,
        records: Mapping[int, bytes],
        search: Callable[[str], Sequence[int]],
        *,
        rate_limit: int = 3,
        key_rate: int = 10,
        bad_keys: Collection[str] = (),
        compress: bool = True,
        modified: Mapping[int, str] | None = None,
        delay: float = 0,
    ) -> None:
        self.records, self.search = records, search
        self.rate_limit, self.key_rate, self.bad_keys, self.compress = rate_limit, key_rate, bad_keys, compress
        self.modified, self.delay = modified, delay
        self.log: list[Recorded] = []
        self.closing = threading.Event()
        self._faults: list[Callable[[Exchange], object]] = []
        self._standing: list[tuple[Callable[[Mapping[str, str]], bool], Callable[[Exchange], object]]] = []
        self._starts: dict[str, list[float]] = {}
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), Exchange)
        self._server.eutils = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/entrez/eutils/"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def queue_fault(self, fault, *, times=1):
        """Let the next `times` requests fail: a name of FAULTS, or a function of the Exchange."""
        with self._lock:
            self._faults += [FAULTS[fault] if isinstance(fault, str) else fault] * times

    def fault_for(self, pmids, fault, *, times=None):
        """Let every EFetch that asks for one of these PMIDs fail, or the first `times` of them."""
        left, bad = itertools.count() if times is None else iter(range(times)), frozenset(pmids)

        def concerned(params):
            return not bad.isdisjoint(map(int, params.get("id", "0").split(","))) and next(left, None) is not None

        with self._lock:
            self._standing.append((concerned, FAULTS[fault] if isinstance(fault, str) else fault))

    def next_fault(self, params):
        with self._lock:
            standing = next((fault for concerned, fault in self._standing if concerned(params)), None)
            return standing or (self._faults.pop(0) if self._faults else None)

    def over_limit(self, params):
        """Whether this request is one too many within a second, for its key or for the address."""
        who, limit = params.get("api_key", ""), self.key_rate if "api_key" in params else self.rate_limit
        now = time.monotonic()
        with self._lock:
            recent = [start for start in self._starts.get(who, []) if now - start < 1] + [now]
            self._starts[who] = recent
        return limit and len(recent) > limit

    def esearch(self, params):
        term, start = params.get("term", ""), int(params.get("retstart", 0))
        if not term.strip():
            return 200, search_error("Empty term and query_key - nothing todo")
        if start >= LIMIT:
            text = (
                "'retstart' cannot be larger than 9998. For PubMed, ESearch can only retrieve the first 9,999 records"
            )
            return 200, search_error(f"Search Backend failed: Exception:\n{text} matching the query.")
        plain, low, high = _uid_range(term)
        plain, begin, end = _modified(plain) if self.modified is not None else (plain, "", "")
        try:
            found = [pmid for pmid in dict.fromkeys(self.search(plain)) if low <= pmid <= high]
            found = [pmid for pmid in found if begin <= self.modified.get(pmid, "") <= end] if end else found
        except ValueError as error:
            return 200, search_error(str(error))
        wanted = int(params.get("retmax", 20))
        notes = [] if found else ["No items found."]
        if start + wanted > LIMIT:
            wanted = LIMIT - start
            notes += [f"Restrictions achieved. start and count adjusted to {start}, {wanted}"]
        page = found[start : start + wanted]
        extra = messages(*notes) if notes else ""
        return 200, search_body(len(found), page, translation=term, extra=extra, start=start)

    def efetch(self, params):
        ids = params.get("id", "")
        if not ids:
            return 200, fetch_error("Supplied id parameter is empty.")
        pmids = [int(part) for part in ids.split(",") if part.isdigit() and int(part) > 0]
        if not pmids:
            return 400, fetch_error("ID list is empty! Possibly it has no correct IDs.")
        # Not in the order asked, which NCBI does not promise, and silent about what it does not have.
        return 200, fetch_body([self.records[pmid] for pmid in reversed(dict.fromkeys(pmids)) if pmid in self.records])


def _uid_range(term):
    match = re.fullmatch(r"\((.*)\) AND (\d+):(\d+)\[UID\]", term, re.DOTALL)
    return (match[1], int(match[2]), int(match[3])) if match else (term, 0, sys.maxsize)


def _modified(term):
    match = re.fullmatch(r"\((.*)\) AND (\d{4}(?:/\d\d){0,2}):(\d{4}(?:/\d\d){0,2})\[mdat\]", term, re.DOTALL)
    return (match[1], match[2].replace("/", "-"), match[3].replace("/", "-") + "~") if match else (term, "", "")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), OSError):  # a client may hang up when it likes
            super().handle_error(request, client_address)


class Exchange(BaseHTTPRequestHandler):
    """One request, and the means to answer it well or badly."""

    protocol_version = "HTTP/1.1"
    timeout = 20
    disable_nagle_algorithm = True  # else every reply waits 40 ms for the client's delayed ACK
    server: _Server

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self._answer({**dict(parse_qsl(urlsplit(self.path).query)), **dict(parse_qsl(body, keep_blank_values=True))})

    def do_GET(self):
        self._answer(dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True)))

    def log_message(self, *_):
        """Say nothing on stderr."""

    def _answer(self, params):
        self.params, parts = params, urlsplit(self.path)
        eutils = self.server.eutils
        now = time.monotonic()
        eutils.log.append(Recorded(self.command, parts.path, parts.query, params, dict(self.headers), now))
        fault = eutils.next_fault(params)
        refused = not fault and eutils.over_limit(params)
        if eutils.delay:
            eutils.closing.wait(eutils.delay)
        if fault:
            fault(self)
        elif refused:
            rate_limited(2)(self)
        else:
            self.send(*self.reply())

    def reply(self):
        """The right answer: status and body."""
        eutils, params, path = self.server.eutils, self.params, urlsplit(self.path).path
        key = params.get("api_key")
        if key in eutils.bad_keys:
            return 400, _json(error="API key invalid", api_key=key, type="invalid", status="unknown")
        if self.command == "GET" and params.get("id", "").count(",") >= 200:
            return 414, PAGE
        if path.endswith("/esearch.fcgi"):
            return eutils.esearch(params)
        if path.endswith("/efetch.fcgi"):
            return eutils.efetch(params)
        return 404, PAGE

    def send(self, status, body, content_type=XML, headers=()):
        """Send a whole reply, compressed if the client takes it, as NCBI does."""
        packed = self.server.eutils.compress and "gzip" in self.headers.get("Accept-Encoding", "")
        body = gzip.compress(body, 1) if packed else body
        self.head(status, content_type, [*headers, ("Content-Length", len(body)), *_encoding(packed)])
        self.wfile.write(body)

    def head(self, status, content_type=XML, headers=()):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        for name, value in headers:
            self.send_header(name, str(value))
        self.end_headers()

    def silence(self):
        """Say nothing more until the server is closed."""
        self.close_connection = True
        self.server.eutils.closing.wait(30)


def _encoding(packed):
    return [("Content-Encoding", "gzip")] if packed else []


def _json(**fields):
    return json.dumps({name.replace("_", "-"): value for name, value in fields.items()}).encode()


def status_page(status, *headers):
    """An HTML page with any status, 200 included."""
    return lambda exchange: exchange.send(status, PAGE, "text/html", headers)


def rate_limited(retry_after=None, status=429):
    """The rate-limit JSON, which echoes the key or the caller's address."""

    def fault(exchange):
        who, limit = exchange.params.get("api_key", "203.0.113.7"), 10 if "api_key" in exchange.params else 3
        headers = [("X-RateLimit-Limit", limit), ("X-RateLimit-Remaining", 0)]
        headers += [("Retry-After", retry_after)] if retry_after is not None else []
        body = _json(error="API rate limit exceeded", api_key=who, count=str(limit + 1), limit=str(limit))
        exchange.send(status, body, "application/json", headers)

    return fault


def in_body_error(text, status=200):
    """An ERROR element in the document of whichever utility was asked."""

    def fault(exchange):
        make = search_error if "esearch" in exchange.path else fetch_error
        exchange.send(status, make(text))

    return fault


def cut_body(exchange):
    """Content-Length promises the whole body, half of it comes."""
    body = exchange.reply()[1]
    exchange.head(200, headers=[("Content-Length", len(body))])
    exchange.wfile.write(body[: len(body) // 2])
    exchange.close_connection = True


def http10_close(exchange):
    """No length, as in HTTP/1.0: the connection closes in the middle of a record, which HTTP takes for the end."""
    body = exchange.reply()[1]
    exchange.head(200, headers=[("Connection", "close")])
    exchange.wfile.write(body[: len(body) // 2])
    exchange.close_connection = True


def gzip_cut(exchange):
    """A gzip stream that ends early, with a Content-Length that fits the stump."""
    packed = gzip.compress(exchange.reply()[1])
    stump = packed[: len(packed) * 2 // 3]
    exchange.head(200, headers=[("Content-Encoding", "gzip"), ("Content-Length", len(stump))])
    exchange.wfile.write(stump)


def gzip_bomb(exchange, megabytes=256):
    """A small stream that unpacks to hundreds of megabytes."""
    packed = gzip.compress(b" " * (1 << 20), 9) * megabytes
    exchange.head(200, headers=[("Content-Encoding", "gzip"), ("Content-Length", len(packed))])
    with contextlib.suppress(OSError):
        exchange.wfile.write(packed)


def stall(exchange):
    """Half a body, then silence on an open connection."""
    body = exchange.reply()[1]
    exchange.head(200, headers=[("Content-Length", len(body))])
    exchange.wfile.write(body[: len(body) // 2])
    exchange.wfile.flush()
    exchange.silence()


def half_open(exchange):
    """The request is taken and nothing at all comes back."""
    exchange.silence()


def hang_up(exchange):
    """The connection is reset before a reply."""
    exchange.close_connection = True
    exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


FAULTS = {
    "cut_body": cut_body,
    "http10_close": http10_close,
    "gzip_cut": gzip_cut,
    "gzip_bomb": gzip_bomb,
    "stall": stall,
    "half_open": half_open,
    "hang_up": hang_up,
    "500": status_page(500),
    "502": status_page(502),
    "503": status_page(503),
    "page_200": status_page(200),
    "error_200": in_body_error("Search Backend failed: Exception: 502 Proxy Error"),
    "error_400_timeout": in_body_error(F9, 400),
    "limit_429": rate_limited(2),
    "limit_200": rate_limited(None, 200),
    "empty": lambda exchange: exchange.send(200, b""),
    "prolog_only": lambda exchange: exchange.send(200, SET_HEAD.encode()),
    "empty_set": lambda exchange: exchange.send(200, fetch_body([])),
}
