"""One request goes in, a checked body comes out: the limiter, the tries and the waits.

Everything is sent by POST in the body, so that neither length nor key matter to a URL. The tries are our own loop:
urllib3's Retry leaves POST alone, never looks at a body and sleeps for as long as a server likes.
"""

from __future__ import annotations

import http.client
import math
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote, quote_plus, urlsplit

import requests
from urllib3 import exceptions as urllib3_errors

from ..errors import EutilsError, QueryError, ReftrackError, UsageError
from .limiter import Asker, Clock, Limiter, OnWait, SharedSlots, Sleep
from .verdict import Fate, Verdict, judge, redact, redact_error

DEFAULT_URL = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/"

GAP = 0.37
"""Seconds between the starts of two requests. NCBI allows 3 a second, but 0.334 s still trips the limit (Biopython)."""
GAP_WITH_KEY = 0.11
"""With a key NCBI allows 10 a second; EDirect sleeps as long."""
MOST_IN_FLIGHT = 4
MOST_IN_FLIGHT_WITH_KEY = 12
"""What the rate can feed while NCBI takes 1.5 or 1.3 seconds to answer. If it takes longer it has enough to do."""
LONGEST_WAIT = 60.0
"""A longer Retry-After is told to the user instead of slept."""
PATIENCE = 300.0
"""No try begins later than this after the first one, and no body may take longer: a trickle ends, too."""
MAX_BODY = 64 * 1024 * 1024
"""Bytes of a decoded body: a gzip bomb of 1:1000 is cheap to send. 200 ordinary records are about 4 MB."""
HALVE_AFTER = 2
"""Failed tries after which a request that can be split is given back to be split."""
_CHUNK = 64 * 1024
"""Bytes read at once. Every piece costs a thread that reads a turn at the interpreter, which the parser holds."""
_RETRIED = frozenset({Fate.BUSY, Fate.BROKEN, Fate.EMPTY})
_MARGIN = 1.1
"""How much longer than the last ones the next reply may take before the rate is missed."""
_FORGET = 0.2
"""How fast a slow reply is forgotten."""


class RefusalError(EutilsError):
    """What NCBI would not give; `fate` says whether that concerns this request or all."""

    def __init__(self, message: str, fate: Fate) -> None:
        super().__init__(message)
        self.fate = fate


class AbandonedError(Exception):
    """Nobody wants the reply any more; seen only by the thread that would have asked."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, and what it is good for."""

    verdict: Verdict
    body: bytes = b""
    retry_after: float = 0.0
    at: str = ""
    """The server's clock, as ISO 8601 in UTC; "" if it did not say."""


class Wire:
    """The way to one E-utilities server, for any number of threads.

    Connections are kept alive. A requests.Session serves one thread at a time (it is not made for more), and is handed
    on to the next one; a session of the caller's is used by all.
    """

    def __init__(
        self,
        *,
        tool: str,
        email: str,
        api_key: str,
        base_url: str,
        session: requests.Session | None,
        clock: Clock,
        sleep: Sleep,
        jitter: Clock,
        timeout: tuple[float, float],
        tries: int,
        on_wait: OnWait | None,
        limits: Path | None,
        wall: Clock,
    ) -> None:
        self.requests_sent = 0
        self.failed_tries = 0
        self._identity = _identity(tool, email, api_key)
        secrets = (self._identity.get("api_key", ""), self._identity.get("email", ""))
        self._secrets = tuple({form for secret in secrets for form in (secret, quote(secret), quote_plus(secret))})
        key = "api_key" in self._identity
        self._gap, self._most = (GAP_WITH_KEY, MOST_IN_FLIGHT_WITH_KEY) if key else (GAP, MOST_IN_FLIGHT)
        self._url = _checked_url(base_url)
        slots = SharedSlots(limits, self._url, with_key=key, gap=self._gap, wall=wall) if limits else None
        self._limiter = Limiter(self._gap, clock=clock, slots=slots)
        self._given, self._idle, self._closed = session, list[requests.Session](), False
        self._guard = threading.Lock()
        self._clock, self._jitter = clock, jitter
        self._timeout, self._tries = timeout, max(1, tries)
        self.sleep, self.on_wait = sleep, on_wait
        self._here = Asker(lambda: True, sleep, on_wait or (lambda _why, _seconds: None))
        self._service = 0.0
        self._under_way: dict[int, float] = {}

    @property
    def server(self) -> str:
        """Host and port."""
        return urlsplit(self._url).netloc

    def close(self) -> None:
        """Close the connections, if they are ours; one that is in use is closed when its reply has come."""
        with self._guard:
            idle, self._idle, self._closed = self._idle, [], True
        for session in idle:
            session.close()

    @property
    def width(self) -> int:
        """How many requests must be in flight for the rate to be used up, at the pace of the last replies.

        What is under way takes at least as long as it has taken. At least 2: the limiter keeps them apart, and one that
        is slow does not stop the rest.
        """
        with self._guard:
            oldest = min(self._under_way.values(), default=math.inf)
            service = max(self._service, self._clock() - oldest)
        return min(self._most, max(2, math.ceil(_MARGIN * service / self._gap)))

    def post(
        self,
        utility: str,
        fields: Mapping[str, str],
        *,
        roots: frozenset[str],
        divisible: bool = False,
        asker: Asker | None = None,
    ) -> Reply:
        """Ask until the answer is a whole document whose root is one of `roots`.

        `divisible` says that the caller can ask in halves instead, so a broken document is not insisted on. A thread of
        a pipeline names its `asker`; when that wants no more, AbandonedError is raised instead of sending.
        """
        asker = asker or self._here
        began, attempt = self._clock(), 0
        while True:
            attempt += 1
            reply = self._once(utility, fields, roots, asker)
            fate = reply.verdict.fate
            if fate is Fate.GOOD or (fate is Fate.EMPTY and attempt > min(1, self._tries - 1)):
                return reply
            with self._guard:
                self.failed_tries += 1
            if reply.retry_after > LONGEST_WAIT:
                raise RefusalError(f"NCBI asks to wait {reply.retry_after:.0f} seconds; try again then.", Fate.STOP)
            # At least 1, 2, 4 seconds, and a little more, so that several clients do not come back together.
            wait = max(reply.retry_after, 2.0 ** (attempt - 1) * (1 + self._jitter() / 4))
            halve = divisible and fate is Fate.BROKEN and attempt >= HALVE_AFTER
            late = self._clock() + wait - began > PATIENCE
            if fate not in _RETRIED or attempt >= self._tries or halve or late:
                raise self._failure(reply.verdict, attempt)
            if reply.verdict.limited or reply.retry_after:
                self._limiter.hold(wait)
            asker.tell(reply.verdict.why, wait)
            asker.sleep(wait)

    def redact(self, text: str) -> str:
        """NCBI's words without our key and e-mail address."""
        return redact(text, self._secrets)

    def _failure(self, verdict: Verdict, attempts: int) -> ReftrackError:
        """The promised error for a verdict. It is raised outside any `except`: no foreign error hangs on it."""
        said = redact_error(verdict.said, self._secrets)
        message = verdict.why + (f": {said}" if said else "")
        if verdict.fate is Fate.KEY:
            return UsageError(f"{message}: correct it, or remove it to go on more slowly.")
        if verdict.fate is Fate.QUERY:
            return QueryError(f"{message}." if not message.endswith(".") else message)
        tries = f" ({attempts} tries)" if attempts > 1 else ""
        return RefusalError(f"{message}{tries}; this is not an empty result.", verdict.fate)

    def _once(self, utility: str, fields: Mapping[str, str], roots: frozenset[str], asker: Asker) -> Reply:
        """Send one request, not too soon after the last one."""
        self._limiter.take(asker)
        with self._guard:
            if not asker.wanted():
                raise AbandonedError
            self.requests_sent += 1
            number = self.requests_sent
            self._under_way[number] = began = self._clock()
        try:
            with (
                self._session() as session,
                session.post(
                    f"{self._url}{utility}.fcgi",
                    data={**fields, **self._identity},
                    timeout=self._timeout,
                    allow_redirects=False,  # a redirect would carry the key to wherever it points
                    stream=True,
                ) as response,
            ):
                reply = self._read(response, roots)
        except (OSError, urllib3_errors.HTTPError, http.client.HTTPException) as error:
            # requests' own errors are OSErrors. Their texts may quote URL and headers: none of it is passed on.
            return Reply(_network_verdict(error))
        finally:
            with self._guard:
                del self._under_way[number]
        if reply.verdict.fate is Fate.GOOD:
            took = self._clock() - began
            with self._guard:
                self._service = max(took, self._service + _FORGET * (took - self._service))
        return reply

    @contextmanager
    def _session(self) -> Iterator[requests.Session]:
        """A session that no other thread uses meanwhile, if possible one whose connection is open."""
        if self._given:
            yield self._given
            return
        with self._guard:
            session = self._idle.pop() if self._idle else _session(self._identity["tool"])
        try:
            yield session
        finally:
            with self._guard:
                keep = not self._closed
                if keep:
                    self._idle.append(session)
            if not keep:
                session.close()

    def _read(self, response: requests.Response, roots: frozenset[str]) -> Reply:
        began = self._clock()
        retry_after = _retry_after(response.headers)
        chunks, size = [], 0
        for chunk in response.iter_content(_CHUNK):
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_BODY:
                return Reply(Verdict(Fate.TOO_LARGE, f"the reply is larger than {MAX_BODY >> 20} MB"))
            if self._clock() - began > PATIENCE:
                return Reply(Verdict(Fate.BUSY, "the reply came too slowly"))
        body = b"".join(chunks).lstrip(b"\xef\xbb\xbf \t\r\n")  # an XML declaration must be first
        verdict = judge(response.status_code, body, roots)
        return Reply(verdict, body, retry_after if verdict.fate in _RETRIED else 0.0, _at(response.headers))


def _identity(tool: str, email: str, api_key: str) -> dict[str, str]:
    """The fields that every request carries; NCBI wants them without inner white space."""
    fields = {"tool": tool.strip(), "email": email.strip(), "api_key": api_key.strip()}
    names = {"tool": "The tool name", "email": "The e-mail address", "api_key": "The NCBI API key"}
    for field, value in fields.items():
        if not re.fullmatch(r"[!-~]*", value):  # the value is not shown: it may be a key
            raise UsageError(f"{names[field]} for NCBI holds white space or a character that is not plain ASCII.")
    if not fields["tool"]:
        raise UsageError("NCBI wants to know the name of the tool that asks.")
    return {field: value for field, value in fields.items() if value}


def _checked_url(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and not (parts.query or parts.fragment)
    except ValueError:
        usable = False
    if not usable:
        raise UsageError("The address of the E-utilities must be an http(s) URL that ends in /entrez/eutils/.")
    return base_url.rstrip("/") + "/"


def _session(tool: str) -> requests.Session:
    session = requests.Session()
    session.headers.update({"User-Agent": tool, "Accept": "*/*", "Accept-Encoding": "gzip"})
    session.auth = _no_auth
    return session


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep requests from sending what a .netrc says for the host."""
    return request


def _retry_after(headers: Mapping[str, str]) -> float:
    """How long a server asks to wait, in seconds or as a date by its own clock; 0 if it says nothing sensible."""
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,12}", value):
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return 0.0
    try:
        now = parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError):
        now = datetime.now(UTC)
    return max(0.0, _utc(until).timestamp() - _utc(now).timestamp())


def _at(headers: Mapping[str, str]) -> str:
    """The server's own clock as ISO 8601, "" if it does not tell it."""
    try:
        said = _utc(parsedate_to_datetime(headers.get("Date", ""))).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return ""
    return said.strftime("%Y-%m-%dT%H:%M:%SZ")


def _utc(moment: datetime) -> datetime:
    """`-0000` and a missing zone make a naive date, which is UTC (RFC 5322)."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_NETWORK: tuple[tuple[tuple[type[BaseException], ...], Fate, str], ...] = (
    ((requests.exceptions.ProxyError,), Fate.BUSY, "the proxy could not be reached or refused to connect"),
    ((requests.exceptions.SSLError, urllib3_errors.SSLError), Fate.BUSY, "no secure connection to NCBI could be made"),
    ((requests.exceptions.ConnectTimeout,), Fate.BUSY, "NCBI did not accept a connection in time"),
    (
        (requests.exceptions.ReadTimeout, urllib3_errors.ReadTimeoutError, TimeoutError),
        Fate.BUSY,
        "NCBI did not answer in time",
    ),
    (
        (requests.exceptions.ChunkedEncodingError, urllib3_errors.ProtocolError, http.client.IncompleteRead),
        Fate.BROKEN,
        "the connection was cut in the middle of the reply",
    ),
    (
        (requests.exceptions.ContentDecodingError, urllib3_errors.DecodeError),
        Fate.BROKEN,
        "the reply could not be decompressed",
    ),
    (
        (
            requests.exceptions.InvalidURL,
            requests.exceptions.InvalidSchema,
            requests.exceptions.MissingSchema,
            requests.exceptions.InvalidHeader,
            urllib3_errors.LocationValueError,
        ),
        Fate.STOP,
        "the address of the E-utilities or of the proxy cannot be used",
    ),
)


def _network_verdict(error: BaseException) -> Verdict:
    """What a failure below HTTP means, in our words."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, urllib3_errors.NameResolutionError):
        return Verdict(Fate.BUSY, "the name of NCBI's server could not be resolved: is there a network?")
    for kinds, fate, why in _NETWORK:
        if isinstance(error, kinds):
            return Verdict(fate, why)
    return Verdict(Fate.BUSY, "NCBI could not be reached")
