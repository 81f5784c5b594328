"""A saved query goes to NCBI, and what it finds comes into the library: asked and received are reconciled.

Every run asks for all PMIDs of the query, which is cheap, and fetches only records that are not held, that changed
(`freshness`), or that the query no longer finds. A batch is stored in one transaction, so a run that ends early keeps
what came, and the next one asks only for the rest. What joined and what left is told by complete runs.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .. import pubmed
from ..errors import EutilsError, QueryError, ReftrackError, RuleError
from ..library.reading import Reader
from ..library.writing import Library
from ..matching import refuse_unknown_tags
from ..model import Paper, Query, Run
from ..tagging import RuleSet
from . import freshness
from .filing import Unreadable, Watch, file_papers, read, unwatched
from .membership import Joining, Leaving
from .telling import NOT_SERVED, tell_changes

if TYPE_CHECKING:
    from ..eutils import Batch, Eutils, Found

SOURCE = "pubmed"
NAMED_IN_A_SENTENCE = 5
"""So many missing PMIDs are named where a person reads; the ledger has them all."""
NOT_SENT = "PubMed lists it and sends no record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What PubMed finds, and what of it must be asked for."""

    found: Found
    held: frozenset[int]
    """Found and held as PubMed has it."""
    unseen: tuple[int, ...]
    """Found and not held; ascending, so that citation keys do not depend on the order in which PubMed lists."""
    again: frozenset[int] = frozenset()
    """Found and held, and changed, due for a look or never seen at PubMed."""
    gone: frozenset[int] = frozenset()
    """Found by the last complete run, and not any more."""
    strays: frozenset[int] = frozenset()
    """Held, found by no query, and due for a look."""
    vouched: frozenset[int] = frozenset()
    """Held, and unchanged by PubMed's own word."""
    since: str = ""
    """The day from which PubMed was asked what it changed."""
    warnings: tuple[str, ...] = ()

    @property
    def wanted(self) -> tuple[int, ...]:
        """Everything to ask for, the unseen first."""
        return (*self.unseen, *sorted(self.again | self.gone | self.strays))


def survey(query: Query, eutils: Eutils, library: Reader | None, *, limit: int, now: str, full: bool = False) -> Survey:
    """Ask PubMed what the query finds and what of that it changed; nothing is stored. Raises as `pull`."""
    found = _search(query, eutils, limit)
    ids = frozenset(found.pmids)
    standings = library.standings() if library else {}
    members = library.members(query.name, online=True) if library else set()
    held = ids & standings.keys()
    unseen = tuple(sorted(ids - held))
    gone = frozenset(members - ids) if found.complete else frozenset()  # else it may only be missing from the list
    left = (library.strays(query.name) if library else set()) & standings.keys() - ids - gone
    if full:
        return Survey(found=found, held=held, unseen=unseen, again=held, gone=gone, strays=frozenset(left))
    unconfirmed = {pmid for pmid in held if not standings[pmid].confirmed or standings[pmid].deleted}
    known = held - unconfirmed
    due = set(freshness.due({pmid: standings[pmid] for pmid in known | left}, now=now))
    watched = known - due
    revised: frozenset[int] = frozenset()
    vouched = watched
    since, warnings = "", tuple(found.warnings)
    if watched:
        since = freshness.ask_from(standings[pmid].checked for pmid in watched)
        changed = _revised(query, eutils, since)
        revised = watched.intersection(changed.pmids)
        vouched = watched - revised
        if not changed.complete:  # then a record is only as good as when it was last seen
            vouched = frozenset()
            warnings += changed.warnings
            rest = {pmid: standings[pmid] for pmid in watched}
            revised |= frozenset(freshness.due(rest, now=now, finished_after=freshness.UNFINISHED_AFTER))
    return Survey(
        found=found,
        held=held,
        unseen=unseen,
        again=revised | unconfirmed | (due & held),
        gone=gone,
        strays=frozenset(due & left),
        vouched=vouched,
        since=since,
        warnings=warnings,
    )


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
    number = library.begin(query.name, term=query.term, source=SOURCE, version=version, server=eutils.server)
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
    try:
        refuse_unknown_tags(query.term)
    except QueryError as error:
        raise QueryError(f"{query.name}: {error} Nothing was sent.") from None
    found = eutils.search(query.term, limit)
    if found.count > limit:
        raise QueryError(
            f"The query {query.name} finds {found.count:,} papers, more than its limit of {limit:,}, so nothing was "
            f"fetched. PubMed understood: {found.translation or query.term}. Narrow the query, or allow more with "
            f"`max = {found.count}` in its file or --max {found.count}."
        )
    return found


def _revised(query: Query, eutils: Eutils, since: str) -> Found:
    """The papers of a query that PubMed changed since a day; marked incomplete if PubMed cannot say."""
    from ..eutils import Found

    try:
        return eutils.revised(query.term, since)
    except QueryError as error:
        return Found(0, (), "", (f"PubMed cannot say which papers it changed: {error}",), complete=False)


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
    plan: Survey = field(init=False)
    as_of: str = field(init=False)
    """What PubMed sends in this run is its state at this time or later (UTC): by its clock or ours, the earlier."""
    wanted: int = 0
    received: set[int] = field(default_factory=set)
    stored_first: set[int] = field(default_factory=set)
    """New to the library in this run: what changes again within it is new, not changed."""
    not_had: dict[int, str] = field(default_factory=dict)
    """Why a paper that was asked for could not be had."""
    own_fault: set[int] = field(default_factory=set)
    """Those that could not be had or read by themselves, while others could."""
    said_deleted: set[int] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    outage: str = ""
    """Why the service stopped answering after part of the papers had come."""

    def __post_init__(self) -> None:
        self.requests_before = self.eutils.requests_sent
        self.as_of = self.library.started(self.run)

    def go(self, limit: int, *, full: bool) -> Run:
        """Search, fetch, reconcile, close the line of the ledger."""
        self.watch(self.query.name, 0, 0)
        threading.Thread(target=self._grow_tries, daemon=True).start()  # it is done before PubMed has answered
        plan = survey(self.query, self.eutils, self.library, limit=limit, now=self.as_of, full=full)
        self.plan, wanted = plan, plan.wanted
        self.as_of = min(self.as_of, plan.found.at or self.as_of)
        self.wanted = len(wanted)
        lost = sorted(set(self.query.known).difference(plan.found.pmids))
        if lost and plan.found.complete:
            self.warnings.append(f"The query does not find papers that it must (`known`): {', '.join(map(str, lost))}.")
        with self.library.transaction():
            self._note_found()
            self._note_progress()
        self.watch(self.query.name, 0, len(wanted))
        try:
            self._fetch(wanted)
            # EFetch leaves out what it cannot serve at the moment and says nothing: ask for those once more.
            self._fetch([pmid for pmid in wanted if pmid not in self.received and pmid not in self.not_had])
        except EutilsError as error:
            if not self.received:
                raise
            self.outage = str(error)
        return self._close()

    def _grow_tries(self) -> None:
        with suppress(RuleError):  # it is raised again, where it is told, when the first paper is tagged
            _ = self.rules.tries

    def end(self, status: str, problem: str) -> None:
        """The run ends early; what was stored before stays."""
        received = len(self.received)
        self.library.finish(self.run, status=status, received=received, requests=self._requests(), problem=problem)

    def _fetch(self, pmids: Sequence[int]) -> None:
        if not pmids:
            return
        with closing(self.eutils.fetch(pmids)) as batches:  # so that nothing more is sent if this ends early
            for batch in batches:
                if batch.problem:
                    self.not_had |= dict.fromkeys(batch.asked, batch.problem)
                    self.own_fault.update(batch.asked if len(batch.asked) == 1 else ())
                    continue
                papers, unread = self._read(batch)
                self._store(papers, unread)
                self.watch(self.query.name, len(self.received), self.wanted)

    def _read(self, batch: Batch) -> tuple[list[tuple[Paper, bytes]], list[tuple[Unreadable, bytes]]]:
        """The papers that were asked for, and what cannot be read; the rest of the reply is told, and not stored."""
        asked = set(batch.asked)
        papers: list[tuple[Paper, bytes]] = []
        unread: list[tuple[Unreadable, bytes]] = []
        for thing, xml in read(pubmed.cut([batch.body])):
            if isinstance(thing, Unreadable):
                self.warnings.append(thing.sentence)
                unread.append((thing, xml))
            elif isinstance(thing, tuple):
                self.said_deleted.update(thing)
                self.warnings.append(f"PubMed says that these were deleted: {', '.join(map(str, thing))}.")
            elif thing.pmid not in asked:
                self.warnings.append(f"PMID {thing.pmid} came without being asked for; it was not stored.")
            else:
                papers.append((thing, xml))
        return papers, [(each, xml) for each, xml in unread if each.pmid in asked]

    def _store(self, papers: Sequence[tuple[Paper, bytes]], unread: Iterable[tuple[Unreadable, bytes]]) -> None:
        pmids = sorted({paper.pmid for paper, _ in papers})
        listed = self.plan.found.pmids
        with self.library.transaction():
            filed = file_papers(self.library, self.rules, papers, source=SOURCE, run=self.run)
            self.library.hit(self.run, self.query.name, sorted(set(pmids).intersection(listed)))
            self.stored_first.update(filed.new)
            known = {pmid: altered for pmid, altered in filed.changed.items() if pmid not in self.stored_first}
            tell_changes(self.library, self.run, known)
            back = self.library.confirm(pmids, at=self.as_of)
            self.library.note(self.run, "changed", set(back) - known.keys(), "PubMed serves it again")
            self.library.drop_unread(pmids)
            for each, xml in unread:
                assert each.pmid is not None
                self.not_had[each.pmid] = each.reason
                self.own_fault.add(each.pmid)
                self.library.keep_unread(
                    xml, pmid=each.pmid, reason=each.reason, source=SOURCE, parser=pubmed.PARSER_VERSION, run=self.run
                )
            self.received.update(pmids)
            self._note_progress()

    def _close(self) -> Run:
        found, name = self.plan.found, self.query.name
        here = sorted(set(self.library.held_pmids()).intersection(found.pmids))
        silent = {pmid for pmid in self.plan.wanted if pmid not in self.received and pmid not in self.not_had}
        deleted = (silent & (self.plan.gone | self.plan.strays)) | self.said_deleted
        missing = self._missing(silent - deleted)
        gaps = self._gaps(missing)
        problem = self.outage or _what_is_missing({p: why for p, why in missing.items() if p not in gaps}, found)
        if gaps:
            self.warnings.append(f"PubMed lists papers that cannot be had, in this run as in the last: {_few(gaps)}.")
        with self.library.transaction():
            self.library.hit(self.run, name, here)
            self.library.check(self.plan.vouched, at=self.as_of)
            self.library.note(self.run, "missing", missing)
            self._note_deleted(deleted)
            if not problem:  # only a complete run can tell who joined and who left
                self._settle(self.plan.gone & self.received, self.plan.gone & deleted)
            self._note_found()
            self._note_progress()
            self.library.finish(
                self.run,
                status="partial" if problem else "complete",
                received=len(here),
                requests=self._requests(),
                problem=problem,
            )
        return next(self.library.runs(run=self.run))

    def _missing(self, silent: set[int]) -> dict[int, str]:
        """Every paper that was asked for and did not come, and why."""
        return {
            pmid: self.not_had.get(pmid, NOT_SENT)
            for pmid in self.plan.wanted
            if pmid in silent or pmid in self.not_had.keys() - self.received
        }

    def _gaps(self, missing: dict[int, str]) -> list[int]:
        """Those that the last run missed for the same reason of their own: PubMed sends no record, or none to read.

        They must not keep the query from ever being complete; they are missing all the same, and the exit status says
        so.
        """
        if self.outage:
            return []
        before = self.library.last_missing(self.query.name, before=self.run)
        own = self.own_fault | {pmid for pmid, reason in missing.items() if reason == NOT_SENT}
        return [pmid for pmid, reason in missing.items() if pmid in own and before.get(pmid) == reason]

    def _note_deleted(self, deleted: set[int]) -> None:
        news = deleted & self.plan.gone | set(self.library.mark_deleted(sorted(deleted), at=self.as_of))
        self.library.note(self.run, "deleted", news, NOT_SERVED)
        self.library.note(self.run, "missing", news, NOT_SERVED)

    def _settle(self, left: frozenset[int], deleted: frozenset[int]) -> None:
        """Write down who joined the query and who left it, and what other runs saw meanwhile."""
        name, found = self.query.name, self.plan.found
        last = self.library.last_complete(name, before=self.run, online=True)
        joined = self.library.joined(self.run, name)
        joined = {pmid: first for pmid, first in joined.items() if pmid in set(found.pmids)}
        joining = Joining(self.query, last, found.translation)
        self.warnings += joining.warnings
        told = joining.tell(self.library, joined)
        for bucket, reasons in told.items():
            self.library.note(self.run, bucket, reasons)
        self.library.note(self.run, "left", Leaving(self.query, last, found.translation).tell(self.library, left))
        # Their reason says which change it was; each paper stands in one bucket, and beside it its notice.
        self.library.unnote(self.run, "changed", left | told.get("late", {}).keys())
        self.library.leave(self.run, name, left | deleted)
        if last:
            known = self.plan.held - joined.keys()
            for event in self.library.told_since(last.run, before=self.run, query=name):
                if event.pmid in known:
                    self.library.note(self.run, event.bucket, [event.pmid], event.reason)

    def _note_found(self) -> None:
        found = self.plan.found
        warnings = dict.fromkeys([*found.warnings, *self.plan.warnings, *self.warnings])
        self.library.found(
            self.run, count=found.count, translation=found.translation, warnings=list(warnings), ids=found.pmids
        )

    def _note_progress(self) -> None:
        self.library.progress(
            self.run,
            received=len(self.received),
            asked=self.wanted,
            requests=self._requests(),
            changes_since=self.plan.since,
        )

    def _requests(self) -> int:
        return self.eutils.requests_sent - self.requests_before


def _what_is_missing(missing: dict[int, str], found: Found) -> str:
    if missing:
        why = next(iter(missing.values())).partition(";")[0]
        return f"{len(missing)} of the papers asked for did not come ({why}): {_few(list(missing))}"
    if not found.complete:
        return f"PubMed counted {found.count} papers but named {len(set(found.pmids))}"
    return ""


def _few(pmids: Sequence[int]) -> str:
    more = " …" if len(pmids) > NAMED_IN_A_SENTENCE else ""
    return f"{', '.join(map(str, pmids[:NAMED_IN_A_SENTENCE]))}{more}"
