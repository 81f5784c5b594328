"""Records are read and tagged by as many processes as there are cores, while one process writes.

Reading and tagging take two thirds of the time of an import and share nothing, so each process gets some records and
gives back their rows. They come in the order in which the records were sent, and few are on their way at a time, so
that memory does not grow with the file.
"""

from __future__ import annotations

import marshal
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from threading import Thread

from .. import pubmed, tagging
from ..errors import RecordError
from ..export import citation_key
from ..library.inserting import NewPaper, Rows, rows_of
from ..tagging import RuleSet
from .filing import Unreadable, uncollected

WORTH_IT = 1 << 20
"""Bytes of a file from which on processes are started: a third of a second each, in which 1,000 records are read."""
MOST = 4
"""Processes that read for one that writes; more would wait for it."""

Prepared = Rows | tuple[Unreadable, bytes]
"""What became of a record: its rows, or why it cannot be read and its bytes."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that are stored together."""

    xml: list[bytes]
    """Of those that are to be read."""
    same: Sequence[int]
    """PMIDs of those that are held as they are."""
    position: int
    """How many bytes of the file have been read."""


Reading = Callable[[Iterable[Batch]], Iterator[tuple[Batch, list[Prepared]]]]


def prepare(records: Sequence[bytes], rules: RuleSet) -> list[Prepared]:
    """Read and tag records."""
    made: list[Prepared] = []
    with uncollected():
        for xml in records:
            try:
                paper = pubmed.parse(xml)
            except RecordError as error:
                made.append((Unreadable(error.pmid, str(error)), xml))
                continue
            tags = tagging.tag(paper, rules)
            new = NewPaper(paper, tags, tagging.content_hash(paper), rules.hash)
            made.append(rows_of(new, xml, citation_key(paper)))
    return made


@contextmanager
def preparing(rules: RuleSet, size: int) -> Iterator[Reading]:
    """Gives a function that reads batches, each with what became of its records; `size` in bytes says if it is much.

    Raises RecordError when a process that reads is killed.
    """
    workers = min(cores(), MOST) if size >= WORTH_IT else 1
    if workers == 1:
        yield lambda batches: ((batch, prepare(batch.xml, rules)) for batch in batches)
        return
    # Spawned, not forked: a fork would inherit the open library and its locks, and keep them if it outlived us.
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin, (rules,))
    try:
        yield lambda batches: _ahead(pool, batches, workers + 1)
    except BrokenProcessPool:
        raise RecordError(
            "a process that read the records was ended from outside, perhaps for want of memory; what was stored "
            "before stays, and the same import goes on from there"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _ahead(pool: ProcessPoolExecutor, batches: Iterable[Batch], most: int) -> Iterator[tuple[Batch, list[Prepared]]]:
    waiting: deque[tuple[Batch, Future[bytes]]] = deque()
    for batch in batches:
        with _undisturbed():
            future = pool.submit(_prepare, batch.xml)
        waiting.append((batch, future))
        if len(waiting) == most:
            yield _made(*waiting.popleft())
    while waiting:
        yield _made(*waiting.popleft())


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C waits: a process that is started here inherits that, and is not hit before it knows what to do with it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _made(batch: Batch, future: Future[bytes]) -> tuple[Batch, list[Prepared]]:
    made = marshal.loads(future.result())  # noqa: S302 - what our own process wrote a moment ago
    return batch, [Rows._make(one) if len(one) == _ROWS else (Unreadable(*one[:2]), one[2]) for one in made]


_ROWS = len(Rows._fields)

_rules: list[RuleSet] = []
"""Of a process that reads."""


def _begin(rules: RuleSet) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the process that writes tells the others
    _rules.append(rules)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A writer that is killed cannot tell its readers, which would wait for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _prepare(records: list[bytes]) -> bytes:
    """Rows as plain tuples by `marshal`, which the one process that writes reads twice as fast as a pickle."""
    made = prepare(records, _rules[0])
    return marshal.dumps(
        [tuple(one) if isinstance(one, Rows) else (one[0].pmid, one[0].reason, one[1]) for one in made]
    )
