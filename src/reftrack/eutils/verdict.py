"""Status and body of one reply become a verdict: usable, worth another try, or not.

A transport's "success" proves nothing here: NCBI sends errors with status 200, and a body that was cut may arrive
without any complaint of HTTP. So one function, `judge`, looks at both. An error is never an empty result.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from xml.parsers import expat

SEARCH_ROOTS = frozenset({"eSearchResult"})
FETCH_ROOTS = frozenset({"PubmedArticleSet", "PubmedBookArticleSet"})


class Fate(Enum):
    """What a reply is good for."""

    GOOD = auto()
    EMPTY = auto()
    """A whole set without a record: PMIDs that do not exist, or a fault. Asked once more, then believed."""
    BUSY = auto()
    """The service as a whole, for now: retried."""
    BROKEN = auto()
    """This document, for now: retried, and asked for in halves."""
    TOO_LARGE = auto()
    """This document, for ever: asked for in halves."""
    REFUSED = auto()
    """This request, for ever."""
    STOP = auto()
    """Nothing else that we could ask would fare better."""
    KEY = auto()
    QUERY = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A fate, why in our words, and what NCBI's ERROR element says."""

    fate: Fate
    why: str = ""
    said: str = ""
    limited: bool = False
    """Too many requests were sent: nobody should send the next one now."""


# What NCBI writes into ERROR, first match counts. Seen: "Search Backend failed: ... the number of wildcards (*) exceeds
# 256", "Empty term and query_key - nothing todo", "'retstart' cannot be larger than 9998", "ID list is empty! ...",
# "Supplied id parameter is empty.", "Invalid db name specified: x", and with HTTP 400 "External viewer error: Empty
# Response. Bytes read: 0 Status: Timeout", which passes, as does "Database is not supported: pubmed"
# (https://github.com/biopython/biopython/issues/5025): whatever is not listed gets another try.
_SAID = (
    (Fate.KEY, r"api key (?:is )?(?:invalid|not valid|wrong)|invalid api.?key"),
    (Fate.BUSY, r"rate limit"),
    (
        Fate.QUERY,
        r"wildcard|empty term|nothing to ?do|unbalanced|unmatched|parenthes[ie]s|syntax error|can't run executor",
    ),
    (
        Fate.REFUSED,
        r"retstart|id list is empty|empty id list|id parameter is empty|invalid (?:db name|uid)",
    ),
    (Fate.BROKEN, r"time-?d? ?out|external viewer error"),
)

_WHY = {
    Fate.KEY: "NCBI does not accept the API key",
    Fate.BUSY: "NCBI says that too many requests were sent",
    Fate.QUERY: "NCBI refuses the query",
    Fate.REFUSED: "NCBI refuses the request",
    Fate.BROKEN: "NCBI answered with an error",
}

_HTML = re.compile(rb"<(?:!doctype\s+)?html[\s>]", re.IGNORECASE)
_XML_ERROR = re.compile(rb"<ERROR\s*/>|<ERROR>(.*?)</ERROR>", re.DOTALL)
# Not json.loads: NCBI puts raw line ends into the string (https://github.com/jannisborn/paperscraper/issues/40).
_JSON_ERROR = re.compile(rb'"error"\s*:\s*"((?:[^"\\]|\\.)*)"', re.IGNORECASE | re.DOTALL)
_PASSING = frozenset({408, 425, 429})
_SERVER_ERROR = 500
_OK = 200
_HEAD = 20_000
"""Bytes that are looked at with patterns: an error is short, and a hostile body must not cost time."""


def judge(status: int, body: bytes, roots: frozenset[str]) -> Verdict:
    """Decide what a reply is good for; `roots` are the documents that would answer the request."""
    if status in _PASSING or status >= _SERVER_ERROR:
        limited = status == 429  # noqa: PLR2004
        why = _WHY[Fate.BUSY] if limited else "NCBI's server failed"
        return Verdict(Fate.BUSY, f"{why} (HTTP {status})", limited=limited)
    if 300 <= status < 400:  # noqa: PLR2004
        return Verdict(Fate.STOP, f"the service redirects to another address (HTTP {status}), which is not followed")
    if status == _OK:
        return _judge_document(body, roots)
    told = _told(body)
    if told is None:
        return Verdict(Fate.REFUSED, f"NCBI refuses the request (HTTP {status})")
    return _judge_error(told, roots, Fate.REFUSED)


def _judge_document(body: bytes, roots: frozenset[str]) -> Verdict:
    """Judge what came with status 200: all of it, to the end tag."""
    if not body.startswith(b"<") or _HTML.search(body[:1000]):
        return _judge_no_xml(body, roots)
    try:
        root, children = _outline(body)
    except expat.ExpatError:
        return Verdict(Fate.BROKEN, "NCBI's reply is cut off or garbled")
    except _EntityDeclaredError:
        return Verdict(Fate.STOP, "the reply declares XML entities, which NCBI never does, and was not read")
    if root in FETCH_ROOTS & roots:
        return Verdict(Fate.GOOD) if children else Verdict(Fate.EMPTY, "NCBI sent a reply without a record")
    told = _told(body)
    if told is not None:
        return _judge_error(told, roots, Fate.BROKEN)
    return Verdict(Fate.GOOD) if root in roots else Verdict(Fate.BROKEN, "NCBI sent another kind of document")


def _judge_no_xml(body: bytes, roots: frozenset[str]) -> Verdict:
    if not body:
        return Verdict(Fate.BROKEN, "NCBI sent an empty reply")
    if _HTML.search(body[:1000]):
        return Verdict(Fate.BUSY, "NCBI sent a web page instead of data, perhaps for maintenance")
    told = _told(body)
    if told is not None:
        return _judge_error(told, roots, Fate.BROKEN)
    return Verdict(Fate.BROKEN, "NCBI sent something else than XML")


def _judge_error(told: str, roots: frozenset[str], otherwise: Fate) -> Verdict:
    fate = next((fate for fate, pattern in _SAID if re.search(pattern, told, re.IGNORECASE)), otherwise)
    if fate is Fate.QUERY and roots != SEARCH_ROOTS:
        fate = Fate.REFUSED
    # The rate-limit and key errors echo the key or our address: their text is of no use to anyone.
    return Verdict(fate, _WHY[fate], "" if fate in {Fate.KEY, Fate.BUSY} else told, limited=fate is Fate.BUSY)


def _told(body: bytes) -> str | None:
    """The text of the ERROR elements of a reply that is no set of records; None if it has none."""
    pattern, start = (_JSON_ERROR, 0) if body.startswith(b"{") else (_XML_ERROR, max(0, body.find(b"<ERROR")))
    found = pattern.findall(body[start : start + _HEAD])
    if not found:
        return None
    return html.unescape("; ".join(text.decode("utf-8", "replace") for text in found))


class _EntityDeclaredError(Exception):
    """The document's DTD subset declares an entity."""


def _outline(body: bytes) -> tuple[str, bool]:
    """The root's name and whether it has children, of a body that expat has read to its end."""
    names: list[str] = []
    parser = expat.ParserCreate()

    def start(name: str, _attributes: dict[str, str]) -> None:
        names.append(name)
        if len(names) > 1:  # the rest is read without a handler, at expat's own speed
            parser.StartElementHandler = None

    def entity(*_: object) -> None:
        raise _EntityDeclaredError

    parser.StartElementHandler = start
    parser.EntityDeclHandler = entity
    parser.Parse(body, True)
    return names[0], len(names) > 1


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")
_ADDRESS = re.compile(
    r"https?://\S+"  # may hold a query string
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b"  # IPv4
    r"|(?<![\w:])(?:[0-9a-f]{1,4}:+){2,7}[0-9a-f]{0,4}(?![\w:])"  # IPv6
    r"|\b[0-9a-f]{30,}\b"  # NCBI's keys have 36 hexadecimal digits
    r"|api[-_ ]?key\W{1,4}[\w-]{8,}",
    re.IGNORECASE,
)
_LONGEST_QUOTE = 300


def redact(text: str, secrets: Iterable[str]) -> str:
    """One line of NCBI's words, safe to show: nothing of ours that is secret, no terminal control, not endless."""
    text = _CONTROL.sub(" ", text).strip()
    for secret in filter(None, secrets):
        text = re.sub(re.escape(secret), "[removed]", text, flags=re.IGNORECASE)
    return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"


def redact_error(text: str, secrets: Iterable[str]) -> str:
    """An error text: like `redact`, and without what looks like a key or an address, ours or not.

    Not for warnings, which quote the query: an EC number (3.4.21.4) looks like an IP address.
    """
    return redact(_ADDRESS.sub("[removed]", text), secrets)
