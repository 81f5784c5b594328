"""Eutils: a term becomes the PMIDs that PubMed finds, PMIDs become the documents that hold their records."""

from __future__ import annotations

import contextlib
import random
import time
import weakref
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import requests

from ..errors import EutilsError, QueryError, ReftrackError, UsageError
from . import answer
from .limiter import Asker, Clock, OnWait, Sleep
from .pipeline import Parts, Pipeline, Place
from .verdict import FETCH_ROOTS, SEARCH_ROOTS, Fate
from .wire import DEFAULT_URL, RefusalError, Wire

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


NOT_UNDERSTOOD = "PubMed did not understand the search for changed records"

_Asked = tuple[int, ...]
_Span = tuple[int, int]
_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


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
    """NCBI's own clock when it answered, "2026-11-25T02:14:02Z"; "" if it did not say."""


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

    It may be used as a context manager, which ends what is under way and closes the connections that it opened itself.
    `on_wait` is told why and for how many seconds it waits before another try. `limits` is a folder in which all
    processes that name it keep the rate together, by the clock `wall`; without it each keeps the rate for itself.
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
        limits: Path | None = None,
        wall: Clock = time.time,
    ) -> None:
        self._pipelines: weakref.WeakSet[Pipeline[Any, Any]] = weakref.WeakSet()
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
            limits=limits,
            wall=wall,
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
        """Stop what is under way, and close the connections that were opened here."""
        for pipeline in list(self._pipelines):
            pipeline.stop()
        self._wire.close()

    @property
    def requests_sent(self) -> int:
        """How many requests went out, further tries included."""
        return self._wire.requests_sent

    @property
    def server(self) -> str:
        """The host that is asked, with its port where it names one."""
        return self._wire.server

    def search(self, term: str, limit: int | None = None) -> Found:
        """Find all PMIDs of a term.

        A search is one request, unless it finds more than a page. What would then be split is not if it finds more than
        `limit`: the first page comes back with the count, marked incomplete, for the caller to refuse.
        """
        return self._find(_checked_term(term), limit)

    def revised(self, term: str, since: str, limit: int | None = None) -> Found:
        """Find the PMIDs of a term whose records PubMed modified on or after `since`, an ISO date.

        It is a search as any other. If PubMed did not understand the date, what it found says nothing about changes:
        the result is then incomplete, with a warning, whatever was listed. UsageError if `since` is no date.
        """
        try:
            day = date.fromisoformat(since).strftime("%Y/%m/%d")
        except ValueError:
            raise UsageError(f"{since!r} is not a date; write YYYY-MM-DD.") from None
        return self._find(f"({_checked_term(term)}) AND {answer.changed_since(day)}", limit, since=day)

    def _find(self, term: str, limit: int | None, since: str = "") -> Found:
        first, at = self._page(term)
        warnings = [*first.warnings, *answer.doubts(term, first.translation)]
        count, pmids, whole = first.count, first.pmids, True
        if since and not answer.understood(since, first):
            warnings.append(NOT_UNDERSTOOD)
            return Found(count, pmids, first.translation, tuple(warnings), complete=False, at=at)
        if count > PAGE:
            if limit is not None and count > limit:
                return Found(count, pmids, first.translation, tuple(warnings), complete=False, at=at)
            pmids, whole = self._union(term, first)
            if len(pmids) != count:
                count = self._page(term, listed=0)[0].count
        complete = whole and len(pmids) == count
        if not whole:
            warnings.append("PubMed listed a part of the papers with another number than it counted there")
        elif not complete:
            cut = " and says that it cut the list" if first.truncated and count <= PAGE else ""
            warnings.append(f"PubMed counts {count} papers but listed {len(pmids)}{cut}")
        elif count != first.count:
            warnings.append(f"PubMed's count went from {first.count} to {count} while it was listed")
        return Found(count, pmids, first.translation, tuple(warnings), complete, at)

    def _page(self, term: str, listed: int = PAGE, asker: Asker | None = None) -> tuple[answer.Answer, str]:
        """What ESearch says of a term, and when by its own clock."""
        fields = {"db": "pubmed", "term": term, "retmode": "xml", "retmax": str(listed)}
        reply = self._wire.post("esearch", fields, roots=SEARCH_ROOTS, asker=asker)
        return answer.read(reply.body, self._wire.redact), reply.at

    def _union(self, term: str, first: answer.Answer) -> tuple[tuple[int, ...], bool]:
        """All PMIDs of a term that finds more than a page, ascending, and whether every part listed what it counted.

        As EDirect does, by ranges of PMIDs: such ranges are disjoint and complete by arithmetic. Dates are not: [dp]
        matches print and electronic date, and January 1st holds all records that have only a year.
        """

        def part(span: _Span, asker: Asker) -> answer.Answer | Parts[_Span]:
            low, high = span
            said, _ = self._page(f"({term}) AND {low}:{high}[UID]", asker=asker)
            if said.count > high - low + 1:  # else a server that ignores the range would be asked for ever
                raise EutilsError(
                    "NCBI gave an unexpected answer to the search: more papers than PMIDs in a range; "
                    "the query cannot be had in parts. Make it narrower."
                )
            return said if said.count <= PAGE else Parts(_halves(span, said))

        pmids: set[int] = set()
        whole = True
        pipeline = self._pipeline(_halves((1, HIGHEST_PMID), first), part)
        with contextlib.closing(pipeline.places()) as places:
            for place in places:
                if place.failure:
                    raise place.failure
                assert place.result is not None
                pmids.update(place.result.pmids)
                whole = whole and len(place.result.pmids) == place.result.count
        return tuple(sorted(pmids)), whole

    def fetch(self, pmids: Sequence[int], *, size: int = BATCH) -> Generator[Batch, None, None]:
        """Fetch the records of PMIDs, each asked for once; batches come in the order of first mention.

        While the caller works on one batch, the next ones are on their way: as many as use up the rate, at most 4
        without a key and 12 with one, and never more than one over that in memory. Closing what is returned, or this
        client, or dropping it, sends nothing more; requests that are under way are left to end, and count as sent.
        `on_wait` is called in the caller's thread, while it waits for a batch.

        Together the batches name every PMID that was asked for. EutilsError (or UsageError, for a key) is raised only
        while no good batch has been handed on, so that "nothing was changed" is true; later, what cannot be had comes
        as a Batch with a problem. How long to try is judged in the order of the batches, whatever came first:

        - A document that is cut, garbled, timed out at NCBI or is an ERROR may be due to one record: after two tries
          the batch is halved, down to one PMID, and the halves take its place.
        - A service that is down (no connection, 429, 5xx, a web page, after all tries) ends a fetch that has nothing
          yet. Later one such batch is skipped, and a second in a row ends the fetch. Batches that were under way when
          the first one failed suffered from the same outage: if they failed, too, they are asked for once more.
        - Three failures of any kind in a row, or one after 100 failed tries, end it, too. The rest is not even asked
          for; what of it was under way is handed on if it has come, and is not waited for if not.
        """
        if size < 1:
            raise ValueError("size must be at least 1")
        wanted = tuple(dict.fromkeys(pmids))
        if any(pmid < 1 for pmid in wanted):
            raise UsageError(f"{next(pmid for pmid in wanted if pmid < 1)} is not a PMID.")
        return self._batches([wanted[start : start + size] for start in range(0, len(wanted), size)])

    def _batches(self, todo: Sequence[_Asked]) -> Generator[Batch, None, None]:
        had, row, limit = False, 0, self._wire.failed_tries + MANY_FAILED_TRIES
        pipeline = self._pipeline(todo, self._records)
        with contextlib.closing(pipeline.places()) as places:
            for place in places:
                failure = place.failure
                if failure is None:
                    had, row = True, 0
                    yield _batch(place)
                    continue
                fate = failure.fate if isinstance(failure, RefusalError) else Fate.KEY
                if fate is Fate.BUSY:
                    if pipeline.again(place):
                        continue
                    pipeline.next_round()
                row += 1
                end = row >= _ENOUGH.get(fate, 3) or self._wire.failed_tries >= limit
                if not had and (end or fate is not Fate.BROKEN):
                    raise failure
                yield _batch(place)
                if end:
                    yield from (_batch(rest, failure) for rest in pipeline.rest())
                    return

    def _records(self, asked: _Asked, asker: Asker) -> bytes | Parts[_Asked]:
        fields = {"db": "pubmed", "id": ",".join(map(str, asked)), "retmode": "xml"}
        divisible = len(asked) > 1
        try:
            return self._wire.post("efetch", fields, roots=FETCH_ROOTS, divisible=divisible, asker=asker).body
        except RefusalError as error:
            if not divisible or error.fate not in _HALVED:
                raise
        middle = len(asked) // 2
        return Parts((asked[:middle], asked[middle:]))

    def _pipeline(
        self, tasks: Sequence[_Task], work: Callable[[_Task, Asker], _Result | Parts[_Task]]
    ) -> Pipeline[_Task, _Result]:
        pipeline: Pipeline[_Task, _Result] = Pipeline(
            tasks, work, width=lambda: self._wire.width, sleep=self._wire.sleep, on_wait=self._wire.on_wait
        )
        self._pipelines.add(pipeline)
        return pipeline


def _checked_term(term: str) -> str:
    if not term.strip():
        raise QueryError("The query is empty.")
    try:
        term.encode()
    except UnicodeEncodeError:  # a lone surrogate, as a terminal in another encoding leaves it
        raise QueryError("The query holds characters that are no text.") from None
    return term


def _batch(place: Place[_Asked, bytes], ended: ReftrackError | None = None) -> Batch:
    """What became of a place; `ended` is why it was not waited for, if it is not done."""
    if place.done:
        return Batch(place.task, place.result or b"", str(place.failure or ""))
    return Batch(place.task, b"", f"not {'waited' if place.claimed else 'asked'} for any more: {ended}")


def _halves(span: _Span, said: answer.Answer) -> tuple[_Span, _Span]:
    """Cut a range of PMIDs that holds more than a page, so that both halves hold about as many papers.

    PubMed's PMIDs are dense where its papers are, so the middle of the range would take dozens of cuts. The page that
    was listed tells where they are: usually the newest papers come first, and then the older half begins so many
    further down; at worst the page is a sample, and its median cuts off half a page.
    """
    low, high = span
    listed = sorted(pmid for pmid in said.pmids if low <= pmid <= high)
    few, many = len(listed) // 20, len(listed) - len(listed) // 20
    rank = len(listed) // 2
    if listed and few:
        first, last = said.pmids[:few], said.pmids[-few:]
        if min(first) > max(last):
            rank = max(len(listed) - said.count // 2, few)
        elif max(first) < min(last):
            rank = min(said.count // 2, many)
    cut = listed[rank - 1] if len(listed) >= _TELLING and low <= listed[rank - 1] < high else (low + high) // 2
    return (low, cut), (cut + 1, high)


_TELLING = PAGE // 2
"""So many ids of a page must lie in the range for it to tell where the papers are."""
_HALVED = frozenset({Fate.BROKEN, Fate.TOO_LARGE})
_ENOUGH = {Fate.STOP: 1, Fate.KEY: 1, Fate.BUSY: 2}
"""How many failures in a row end a fetch; else 3."""
