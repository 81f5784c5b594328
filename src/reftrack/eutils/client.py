"""Eutils: a term becomes the PMIDs that PubMed finds, PMIDs become the documents that hold their records."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import requests

from ..errors import EutilsError, QueryError, UsageError
from . import answer
from .verdict import FETCH_ROOTS, SEARCH_ROOTS, Fate
from .wire import DEFAULT_URL, Clock, OnWait, RefusalError, Sleep, Wire

PAGE = 9999
"""ESearch gives no more ids of one PubMed search, whatever `retmax` says (NBK25499 says 10,000)."""
HIGHEST_PMID = 99_999_999
"""Where halving by PMID begins. PubMed's ids have eight digits and stand near 43 million; a bound twice too high costs
one request, since an empty half ends its branch. EDirect asks for the present maximum instead, which also costs
one. Should PubMed ever pass it, the union would miss `Count`, and that is told."""
BATCH = 200
"""PMIDs in one EFetch: NCBI's own advice for POST; larger ones make every retry dear."""
MANY_FAILED_TRIES = 100
"""A fetch gives up after so many failed tries in all: halving 200 PMIDs down to one bad record takes about 20."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found."""

    count: int
    """How many papers PubMed counts."""
    pmids: tuple[int, ...]
    translation: str
    """The query as PubMed understood it."""
    warnings: tuple[str, ...]
    complete: bool
    """The distinct PMIDs are as many as `count`. If not, a PMID that is not here has not left the result set."""
    at: str = ""
    """NCBI's own clock when it answered; ISO 8601, UTC."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The PMIDs of one request and the document that answered it."""

    asked: tuple[int, ...]
    body: bytes
    """A whole, well-formed PubmedArticleSet, records in any order and not necessarily all of them; b"" if it failed."""
    problem: str = ""
    """Why this batch could not be had."""


class Eutils:
    """PubMed by ESearch and EFetch, within NCBI's rules.

    It may be used as a context manager, which closes the connections that it opened itself. `on_wait` is told why and
    for how many seconds it waits before another try.
    """

    def __init__(
        self,
        *,
        tool: str = "reftrack",
        email: str = "",
        api_key: str = "",
        base_url: str = DEFAULT_URL,
        session: requests.Session | None = None,
        clock: Clock = time.monotonic,
        sleep: Sleep = time.sleep,
        jitter: Clock = random.random,
        timeout: tuple[float, float] = (10, 120),
        tries: int = 4,
        on_wait: OnWait | None = None,
    ) -> None:
        self._wire = Wire(
            tool=tool,
            email=email,
            api_key=api_key,
            base_url=base_url,
            session=session,
            clock=clock,
            sleep=sleep,
            jitter=jitter,
            timeout=timeout,
            tries=tries,
            on_wait=on_wait,
        )

    def __repr__(self) -> str:
        return f"<Eutils: {self.requests_sent} requests sent>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that were opened here."""
        self._wire.close()

    @property
    def requests_sent(self) -> int:
        """How many requests went out, further tries included."""
        return self._wire.requests_sent

    def search(self, term: str, limit: int | None = None) -> Found:
        """Find all PMIDs of a term.

        A search is one request, unless it finds more than a page. What would then be split is not if it finds more than
        `limit`: the first page comes back with the count, marked incomplete, for the caller to refuse.
        """
        if not term.strip():
            raise QueryError("The query is empty.")
        try:
            term.encode()
        except UnicodeEncodeError:  # a lone surrogate, as a terminal in another encoding leaves it
            raise QueryError("The query holds characters that are no text.") from None
        first = self._page(term)
        warnings = [*first.warnings, *answer.doubts(term, first.translation)]
        if first.count <= PAGE:
            pmids = first.pmids
        elif limit is not None and first.count > limit:
            return Found(first.count, first.pmids, first.translation, tuple(warnings), complete=False)
        else:
            pmids = self._union(term)
        complete = len(pmids) == first.count
        if not complete:
            cut = " and says that it cut the list" if first.truncated and first.count <= PAGE else ""
            warnings.append(f"PubMed counts {first.count} papers but listed {len(pmids)}{cut}")
        return Found(first.count, pmids, first.translation, tuple(warnings), complete)

    @property
    def server(self) -> str:
        """The host that is asked."""
        return self._wire.server

    def revised(self, term: str, since: str, limit: int | None = None) -> Found:
        """Find the papers of a term whose records PubMed modified on this day (ISO) or later."""
        return self.search(f"({term}) AND {since.replace('-', '/')}:3000[mdat]", limit)

    def _page(self, term: str) -> answer.Answer:
        fields = {"db": "pubmed", "term": term, "retmode": "xml", "retmax": str(PAGE)}
        return answer.read(self._wire.post("esearch", fields, roots=SEARCH_ROOTS), self._wire.redact)

    def _union(self, term: str) -> tuple[int, ...]:
        """All PMIDs of a term that finds more than a page, ascending.

        As EDirect does, by halving the range of PMIDs: such ranges are disjoint and complete by arithmetic. Dates are
        not: [dp] matches print and electronic date, and January 1st holds all records that have only a year.
        """
        middle = HIGHEST_PMID // 2
        ranges = [(middle + 1, HIGHEST_PMID), (1, middle)]
        pmids: set[int] = set()
        while ranges:
            low, high = ranges.pop()
            part = self._page(f"({term}) AND {low}:{high}[UID]")
            if part.count > high - low + 1:  # else a server that ignores the range would be asked for ever
                raise EutilsError(
                    "NCBI gave an unexpected answer to the search: more papers than PMIDs in a range; "
                    "the query cannot be had in parts. Make it narrower."
                )
            if part.count > PAGE:
                middle = (low + high) // 2
                ranges += [(middle + 1, high), (low, middle)]
            else:
                pmids.update(part.pmids)
        return tuple(sorted(pmids))

    def fetch(self, pmids: Sequence[int], *, size: int = BATCH) -> Iterator[Batch]:
        """Fetch the records of PMIDs, each asked for once, in the order of first mention.

        Together the batches name every PMID that was asked for. EutilsError (or UsageError, for a key) is raised only
        while no good batch has been handed on, so that "nothing was changed" is true; later, what cannot be had comes
        as a Batch with a problem. How long to try:

        - A document that is cut, garbled, timed out at NCBI or is an ERROR may be due to one record: after two tries
          the batch is halved, down to one PMID.
        - A service that is down (no connection, 429, 5xx, a web page, after all tries) ends a fetch that has nothing
          yet. Later one such batch is skipped, and a second in a row ends the fetch.
        - Three failures of any kind in a row, or one after 100 failed tries, end it, too: the rest is not even asked.
        """
        if size < 1:
            raise ValueError("size must be at least 1")
        wanted = tuple(dict.fromkeys(pmids))
        if any(pmid < 1 for pmid in wanted):
            raise UsageError(f"{next(pmid for pmid in wanted if pmid < 1)} is not a PMID.")
        return self._batches(deque(wanted[start : start + size] for start in range(0, len(wanted), size)))

    def _batches(self, todo: deque[tuple[int, ...]]) -> Iterator[Batch]:
        had, row, limit = False, 0, self._wire.failed_tries + MANY_FAILED_TRIES
        while todo:
            asked = todo.popleft()
            try:
                body = self._records(asked)
            except (RefusalError, UsageError) as error:
                failure, fate = error, error.fate if isinstance(error, RefusalError) else Fate.KEY
            else:
                had, row = True, 0
                yield Batch(asked, body)
                continue
            if len(asked) > 1 and fate in _HALVED:
                middle = len(asked) // 2
                todo.extendleft((asked[middle:], asked[:middle]))
                continue
            row += 1
            end = row >= _ENOUGH.get(fate, 3) or self._wire.failed_tries >= limit
            if not had and (end or fate is not Fate.BROKEN):
                raise failure
            yield Batch(asked, b"", str(failure))
            if end:
                yield from (Batch(rest, b"", f"not asked for any more: {failure}") for rest in todo)
                return

    def _records(self, asked: tuple[int, ...]) -> bytes:
        fields = {"db": "pubmed", "id": ",".join(map(str, asked)), "retmode": "xml"}
        return self._wire.post("efetch", fields, roots=FETCH_ROOTS, divisible=len(asked) > 1)


_HALVED = frozenset({Fate.BROKEN, Fate.TOO_LARGE})
_ENOUGH = {Fate.STOP: 1, Fate.KEY: 1, Fate.BUSY: 2}
"""How many failures in a row end a fetch; else 3."""
