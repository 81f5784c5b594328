"""A saved query goes to NCBI, and what it finds comes into the library: asked and received are reconciled.

Every run asks for all PMIDs of the query, which is cheap, and fetches only the records that are not held. A batch is
stored in one transaction, so a run that ends early keeps what came, and the next one asks only for the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .. import pubmed
from ..errors import EutilsError, QueryError, ReftrackError
from ..library.reading import Reader
from ..library.writing import Library
from ..model import Paper, Query, Run
from ..tagging import RuleSet
from .filing import Unreadable, Watch, file_papers, read, unwatched

if TYPE_CHECKING:
    from ..eutils import Batch, Eutils, Found

SOURCE = "pubmed"
NAMED_IN_A_SENTENCE = 5
"""So many missing PMIDs are named where a person reads; the ledger has them all."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do, for `--dry-run`."""

    query: str
    count: int
    held: int
    wanted: tuple[int, ...]
    warnings: tuple[str, ...]


def plan(query: Query, eutils: Eutils, library: Reader | None, *, limit: int, full: bool = False) -> Plan:
    """Ask PubMed what the query finds, and say what a run would fetch; nothing is stored. Raises as `pull`."""
    found = _search(query, eutils, limit)
    held = set(library.published_pmids()) if library else set()
    wanted = _wanted(found, held, full=full)
    return Plan(query.name, found.count, len(held.intersection(found.pmids)), tuple(wanted), found.warnings)


def pull(
    query: Query,
    eutils: Eutils,
    library: Library,
    rules: RuleSet,
    *,
    version: str,
    limit: int,
    full: bool = False,
    watch: Watch = unwatched,
) -> Run:
    """Run a saved query against PubMed and bring the library up to it.

    Returns the line of the ledger: "complete", or "partial" when something that was asked for is missing. Raises
    QueryError if the query is refused (also for finding more than `limit`), EutilsError if NCBI failed before
    anything was stored; the ledger then says "failed".
    """
    number = library.begin(query.name, term=query.term, source=SOURCE, version=version)
    pulling = _Pull(number, query, eutils, library, rules, watch)
    try:
        return pulling.go(limit, full=full)
    except ReftrackError as error:
        pulling.end("partial" if pulling.received else "failed", str(error))
        raise
    except KeyboardInterrupt:
        pulling.end("interrupted", "stopped by the user")
        raise


def _search(query: Query, eutils: Eutils, limit: int) -> Found:
    found = eutils.search(query.term, limit)
    if found.count > limit:
        raise QueryError(
            f"The query {query.name} finds {found.count:,} papers, more than its limit of {limit:,}, so nothing was "
            f"fetched. PubMed understood: {found.translation or query.term}. Narrow the query, or allow more with "
            f"`max = {found.count}` in its file or --max {found.count}."
        )
    return found


def _wanted(found: Found, held: set[int], *, full: bool) -> list[int]:
    """By PMID, so that citation keys do not depend on the order in which PubMed names its hits."""
    return sorted(pmid for pmid in set(found.pmids) if full or pmid not in held)


@dataclass(slots=True)
class _Pull:
    """One run under way: who walks, and what was seen so far."""

    run: int
    query: Query
    eutils: Eutils
    library: Library
    rules: RuleSet
    watch: Watch
    requests_before: int = field(init=False)
    wanted: list[int] = field(default_factory=list)
    received: set[int] = field(default_factory=set)
    stored_first: set[int] = field(default_factory=set)
    """New to the library in this run: what changes again within it is new, not changed."""
    not_had: dict[int, str] = field(default_factory=dict)
    """Why a paper that was asked for could not be had."""
    warnings: list[str] = field(default_factory=list)
    outage: str = ""
    """Why the service stopped answering after part of the papers had come."""

    def __post_init__(self) -> None:
        self.requests_before = self.eutils.requests_sent

    def go(self, limit: int, *, full: bool) -> Run:
        """Search, fetch, reconcile, close the line of the ledger."""
        found = _search(self.query, self.eutils, limit)
        lost = sorted(set(self.query.known).difference(found.pmids))
        if lost and found.complete:
            self.warnings.append(f"The query does not find papers that it must (`known`): {', '.join(map(str, lost))}.")
        self._note_found(found)
        self.wanted = _wanted(found, set(self.library.published_pmids()), full=full)
        self.watch(self.query.name, 0, len(self.wanted))
        try:
            self._fetch(self.wanted)
            # EFetch leaves out what it cannot serve at the moment and says nothing: ask for those once more.
            self._fetch([pmid for pmid in self.wanted if pmid not in self.received and pmid not in self.not_had])
        except EutilsError as error:
            if not self.received:
                raise
            self.outage = str(error)
        return self._close(found)

    def end(self, status: str, problem: str) -> None:
        """The run ends early; what was stored before stays."""
        received = len(self.received)
        self.library.finish(self.run, status=status, received=received, requests=self._requests(), problem=problem)

    def _fetch(self, pmids: Sequence[int]) -> None:
        for batch in self.eutils.fetch(pmids) if pmids else ():
            if batch.problem:
                self.not_had |= dict.fromkeys(batch.asked, batch.problem)
                continue
            papers = list(self._papers_of(batch))
            self._store(papers)
            self.received.update(paper.pmid for paper, _ in papers)
            self.watch(self.query.name, len(self.received), len(self.wanted))

    def _papers_of(self, batch: Batch) -> Iterable[tuple[Paper, bytes]]:
        """The papers that were asked for; everything else in the reply is told, and not stored."""
        asked = set(batch.asked)
        for thing, xml in read(pubmed.cut([batch.body])):
            if isinstance(thing, Unreadable):
                if thing.pmid in asked:
                    self.not_had[thing.pmid] = thing.reason
                self.warnings.append(thing.sentence)
            elif isinstance(thing, tuple):
                self.warnings.append(f"PubMed says that these were deleted: {', '.join(map(str, thing))}.")
            elif thing.pmid not in asked:
                self.warnings.append(f"PMID {thing.pmid} came without being asked for; it was not stored.")
            else:
                yield thing, xml

    def _store(self, papers: Sequence[tuple[Paper, bytes]]) -> None:
        with self.library.transaction():
            filed = file_papers(self.library, self.rules, papers, source=SOURCE)
            pmids = sorted({paper.pmid for paper, _ in papers})
            self.library.note(self.run, "new", self.library.hit(self.run, self.query.name, pmids))
            self.stored_first.update(filed.new)
            for pmid, fields in filed.changed.items():
                if pmid not in self.stored_first:
                    self.library.note(self.run, "changed", [pmid], ", ".join(fields))

    def _close(self, found: Found) -> Run:
        missing = [pmid for pmid in self.wanted if pmid not in self.received]
        here = sorted(set(self.library.held_pmids()).intersection(found.pmids))
        problem = self.outage or _what_is_missing(missing, found)
        with self.library.transaction():
            self.library.note(self.run, "new", self.library.hit(self.run, self.query.name, here))
            if not problem:  # only a complete run can tell that a paper left
                self.library.note(self.run, "left", self.library.leave(self.run, self.query.name, found.pmids))
            for pmid in missing:
                self.library.note(self.run, "missing", [pmid], self.not_had.get(pmid, "PubMed sent no record"))
            self._note_found(found)
            self.library.finish(
                self.run,
                status="partial" if problem else "complete",
                received=len(here),
                requests=self._requests(),
                problem=problem,
            )
        return next(self.library.runs(run=self.run))

    def _note_found(self, found: Found) -> None:
        warnings = [*found.warnings, *self.warnings]
        self.library.found(
            self.run, count=found.count, translation=found.translation, warnings=warnings, ids=found.pmids
        )

    def _requests(self) -> int:
        return self.eutils.requests_sent - self.requests_before


def _what_is_missing(missing: Sequence[int], found: Found) -> str:
    if missing:
        few = ", ".join(map(str, missing[:NAMED_IN_A_SENTENCE]))
        more = " …" if len(missing) > NAMED_IN_A_SENTENCE else ""
        return f"{len(missing)} of the papers asked for did not come: {few}{more}"
    if not found.complete:
        return f"PubMed counted {found.count} papers but named {len(set(found.pmids))}"
    return ""
