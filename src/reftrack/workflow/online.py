"""A saved query goes to NCBI, and what it finds comes into the library: asked and received are reconciled.

Every run asks for all PMIDs of the query, which is cheap, and fetches only records that are not held, that changed,
or that the query no longer finds (`surveying`). A batch is stored in one transaction, so a run that ends early keeps
what came, and the next one asks only for the rest. What joined and what left is told by complete runs.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .. import pubmed
from ..errors import EutilsError, ReftrackError, RuleError
from ..library.writing import Library
from ..model import Paper, Query, Run
from ..tagging import RuleSet
from .filing import Unreadable, Watch, file_papers, read, unwatched
from .membership import Joining, Leaving
from .surveying import Survey, survey
from .telling import NOT_SERVED, tell_changes

if TYPE_CHECKING:
    from ..eutils import Batch, Eutils, Found

SOURCE = "pubmed"
NAMED_IN_A_SENTENCE = 5
"""So many missing PMIDs are named where a person reads; the ledger has them all."""
NOT_SENT = "PubMed lists it and sends no record"
SERVED_AGAIN = "PubMed serves it again"
NOT_SURE = "PubMed sent no record of it, and not of others either: whether it was deleted cannot be told"
OLDER = "PubMed sent an older state of PMID {} than is held; it was not stored."
SAID_DELETED = "PubMed lists it and says that it was deleted"
ON_ITS_WAY = 0.03
"""Seconds."""
FEW_GAPS, MOST_GAPS = 5, 0.05
"""So many papers, or this part of those found, may be missing twice in a row while others come. More is an outage."""


def pull(
    query: Query,
    eutils: Eutils,
    library: Library,
    rules: RuleSet,
    *,
    version: str,
    limit: int,
    full: bool = False,
    live: Collection[str] = (),
    watch: Watch = unwatched,
) -> Run:
    """Run a saved query against PubMed and bring the library up to it.

    Returns the line of the ledger: "complete", or "partial" when something that was asked for is missing. Raises
    QueryError if the query is refused (also for finding more than `limit`), EutilsError if NCBI failed before
    anything was stored; the ledger then says "failed". `live` names the saved queries there are: notices on papers that
    none of them finds are told by this run.
    """
    number = library.begin(query.name, term=query.term, source=SOURCE, version=version, server=eutils.server)
    pulling = _Pull(number, query, eutils, library, rules, watch, full=full, live=live)
    try:
        return pulling.go(limit)
    except ReftrackError as error:
        pulling.end("partial" if pulling.received else "failed", str(error))
        raise
    except KeyboardInterrupt:
        pulling.end("interrupted", "stopped by the user")
        raise


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
    full: bool = False
    live: Collection[str] = ()
    wanted: int = 0
    received: set[int] = field(default_factory=set)
    here: set[int] = field(default_factory=set)
    """What PubMed lists and is held by now."""
    unheld: set[int] = field(default_factory=set)
    """What the library did not hold before this run."""
    not_had: dict[int, str] = field(default_factory=dict)
    """Why a paper that was asked for could not be had."""
    own_fault: set[int] = field(default_factory=set)
    """Those that could not be had, asked for alone, or whose record cannot be read."""
    unread: set[int] = field(default_factory=set)
    """Those whose record came and cannot be read."""
    said_deleted: set[int] = field(default_factory=set)
    back: set[int] = field(default_factory=set)
    """Those that PubMed had stopped serving and serves again."""
    controls: frozenset[int] = frozenset()
    """Papers that PubMed must be able to send."""
    not_there: set[int] = field(default_factory=set)
    """Those of which PubMed sent nothing in a reply in which it sent a control."""
    warnings: list[str] = field(default_factory=list)
    outage: str = ""
    """Why the service stopped answering after part of the papers had come."""

    def __post_init__(self) -> None:
        self.requests_before = self.eutils.requests_sent
        self.as_of = self.library.started(self.run)

    def go(self, limit: int) -> Run:
        """Search, fetch, reconcile, close the line of the ledger."""
        self.watch(self.query.name, 0, 0)
        # Done before PubMed has answered, and begun when the request is on its way, for it holds the interpreter.
        growing = threading.Timer(ON_ITS_WAY, self._grow_tries)
        growing.daemon = True
        growing.start()
        plan = survey(self.query, self.eutils, self.library, limit=limit, now=self.as_of, full=self.full)
        self.plan, wanted = plan, plan.wanted
        self.here.update(plan.held)
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
            self._ask_once_more()
        except EutilsError as error:
            if not self.received:
                raise
            self.outage = str(error)
        return self._close()

    def _ask_once_more(self) -> None:
        """EFetch leaves out what it cannot serve at the moment and says nothing, and also what was deleted.

        So what did not come is asked for again, each request together with papers that are surely there: only where one
        of those comes does silence about the others mean anything.
        """
        from ..eutils.client import BATCH

        silent = self._silent()
        if not silent and (self.received or not self.not_had):
            return
        self.controls = self._controls(silent)
        room = BATCH - len(self.controls)
        for start in range(0, max(1, len(silent)), room):
            self._fetch([*silent[start : start + room], *sorted(self.controls)])

    def _silent(self) -> list[int]:
        return [pmid for pmid in self.plan.wanted if pmid not in self.received and pmid not in self.not_had]

    def _doubtful(self, pmids: Iterable[int]) -> set[int]:
        """Those that PubMed does not list and so may have deleted."""
        return set(pmids) & (self.plan.gone | self.plan.strays)

    def _controls(self, silent: Sequence[int]) -> frozenset[int]:
        """Some papers that came in this run, else some that PubMed lists or once sent."""
        unfit = {*silent, *self.not_had} | ((self.plan.gone | self.plan.strays) - self.received)
        for choice in (self.received, self.plan.held, self.library.standings().keys()):
            if good := sorted(choice - unfit):
                return frozenset((good[0], good[len(good) // 2], good[-1]))
        return frozenset()

    def _grow_tries(self) -> None:
        with suppress(RuleError):  # it is raised again, where it is told, when the first paper is tagged
            _ = self.rules.tries

    def end(self, status: str, problem: str) -> None:
        """The run ends early; what was stored before stays."""
        received = len(self.here)
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
                came = {paper.pmid for paper, _ in papers}
                if came & self.controls:
                    self.not_there.update(set(batch.asked) - came - self.unread)
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
        listed = set(pmids).intersection(self.plan.found.pmids)
        with self.library.transaction():
            filed = file_papers(
                self.library, self.rules, papers, source=SOURCE, run=self.run, whatever_its_age=self.full
            )
            self.unheld.update(filed.new)
            self.library.hit(self.run, self.query.name, sorted(listed))
            self.back.update(self.library.confirm(sorted(set(pmids).difference(filed.older)), at=self.as_of))
            self.warnings += [OLDER.format(pmid) for pmid in filed.older]
            self.library.drop_unread(pmids)
            for each, xml in unread:
                assert each.pmid is not None
                self.not_had[each.pmid] = each.reason
                self.own_fault.add(each.pmid)
                self.unread.add(each.pmid)
                self.library.keep_unread(
                    xml, pmid=each.pmid, reason=each.reason, source=SOURCE, parser=pubmed.PARSER_VERSION, run=self.run
                )
            self.received.update(pmids)
            self.here |= listed
            self._note_progress()

    def _close(self) -> Run:
        found, name = self.plan.found, self.query.name
        here = sorted(set(self.library.held_pmids()).intersection(found.pmids))
        doubtful = self._doubtful(self._silent())
        missing = self._missing(doubtful)
        gaps = self._gaps(missing)
        problem = self.outage or _what_is_missing({p: why for p, why in missing.items() if p not in gaps}, found)
        if gaps:
            self.warnings.append(f"PubMed lists papers that cannot be had, in this run as in the last: {_few(gaps)}.")
        with self.library.transaction():
            self.library.hit(self.run, name, here)
            self.library.check(self.plan.vouched, at=self.as_of)
            self.library.note(self.run, "missing", missing)
            if problem:
                tell_changes(self.library, self.run, name, live=self.live)
            else:  # only a complete run can tell who joined, who left and what is gone
                self._settle(doubtful | (self.said_deleted - set(found.pmids) - self.received))
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

    def _missing(self, doubtful: set[int]) -> dict[int, str]:
        """Every paper that was asked for and did not come, and why; not those that are surely deleted."""
        listed = set(self.plan.found.pmids)
        missing = self.not_had | dict.fromkeys(self._silent(), NOT_SENT) | dict.fromkeys(doubtful, NOT_SURE)
        missing |= dict.fromkeys(self.said_deleted & listed & missing.keys(), SAID_DELETED)
        deleted = doubtful & self.not_there
        return {p: missing[p] for p in self.plan.wanted if p in missing and p not in self.received | deleted}

    def _gaps(self, missing: dict[int, str]) -> list[int]:
        """Those that PubMed lists and that the last run missed, too, while others came: no record, or none to read.

        They must not keep the query from ever being complete; they are missing all the same, and the exit status says
        so.
        """
        if self.outage or not self.received:
            return []
        before = self.library.last_missing(self.query.name, before=self.run)
        own = self.own_fault | {pmid for pmid, reason in missing.items() if reason in (NOT_SENT, SAID_DELETED)}
        gone = (self.plan.gone | self.plan.strays) - self.unread  # of these it is not known where they went
        gaps = [pmid for pmid in missing if pmid in own - gone and pmid in before]
        return gaps if len(gaps) <= max(FEW_GAPS, MOST_GAPS * self.plan.found.count) else []

    def _settle(self, deleted: set[int]) -> None:
        """Write down who joined the query and who left it, what changed in it, and what PubMed no longer serves."""
        name, found = self.query.name, self.plan.found
        listed = set(found.pmids)
        last = self.library.last_complete(name, before=self.run, online=True)
        fresh = set(self.library.mark_deleted(sorted(deleted), at=self.as_of))
        heard = self.library.leave(self.run, name, self.plan.gone)
        news = deleted & heard | (fresh - self.plan.gone)
        self.library.note(self.run, "deleted", news, NOT_SERVED)
        self.library.note(self.run, "missing", news, NOT_SERVED)
        left = heard - deleted
        self.library.note(self.run, "left", Leaving(self.query, last, found.translation).tell(self.library, left))
        joined = {pmid: since for pmid, since in self.library.joined(name).items() if pmid in listed}
        self.library.note(self.run, "changed", self.back - joined.keys() - left, SERVED_AGAIN)
        tell_changes(self.library, self.run, name, live=self.live)
        joining = Joining(self.query, last, found.translation)
        self.warnings += joining.warnings
        told = joining.tell(self.library, joined, run=self.run, back=self.back, unheld=self.unheld)
        for bucket, reasons in told.items():
            self.library.note(self.run, bucket, reasons)
        self.library.told_joined(self.run, name, joined)

    def _note_found(self) -> None:
        found = self.plan.found
        warnings = dict.fromkeys([*found.warnings, *self.plan.warnings, *self.warnings])
        self.library.found(
            self.run, count=found.count, translation=found.translation, warnings=list(warnings), ids=found.pmids
        )

    def _note_progress(self) -> None:
        self.library.progress(
            self.run,
            received=len(self.here),
            asked=self.wanted,
            requests=self._requests(),
            changes_since=self.plan.since,
            as_of=self.as_of,
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
