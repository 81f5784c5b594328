"""What a flow diagram and a search appendix tell: from the ledger, the imports, the decisions and the trials.

A record is new if it was first seen at `since` or later. A decision counts as it stands now; what was included in the
previous version is what stood decided then. Both ways, from databases and from other sources, are counted alike: each
paper goes the way of the databases if PubMed itself named it for a saved query, else the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ..citation import Decision, settled
from ..library import flowing as held
from ..library.ledger import PUBMED
from ..library.locking import is_being_fetched
from ..library.opening import Connection
from ..library.trials import trials_of
from ..report.prisma import EMPTY, Column, Counted, Flow, Part, Traced
from ..report.prisma_s import Made, Strategy, Wording

if TYPE_CHECKING:
    from ..model import Query

NO_REASON = "no reason given"
UNKNOWN = "source not on record"
"""Of papers that no query finds and no import names any more, as when an import was taken back that people had used."""
_NAMED = 20
"""PMIDs that a command names; of more the number alone is told."""

Decisions = Mapping[int, Sequence[Decision]]


def flow(connection: Connection, *, since: str = "", query: str = "", version: str = "") -> Flow:
    """The numbers of the whole library, or of what one query ever found.

    `since` (ISO 8601, UTC) is when the previous version of the review ended.
    """
    with connection.snapshot():
        return _Counting(connection, since, query, version).flow()


class _Counting:
    def __init__(self, connection: Connection, since: str, query: str, version: str) -> None:
        self.connection = connection
        self.since = since
        self.query = query
        self.version = version
        self.papers = held.held_since(connection, since)
        self.gone: set[int] = set()
        if query:
            its_own = held.ever_found(connection, query)
            self.gone = {pmid for pmid, left in its_own.items() if left}  # which `list --query` does not show
            self.papers = held.HeldSince(self.papers.every & its_own.keys(), self.papers.new & its_own.keys())
        self.decided: Decisions = held.decided(connection)
        self.verdicts = {pmid: settled(said) for pmid, said in self.decided.items() if pmid in self.papers.every}
        self.found = held.found(connection, since, self.papers.new)
        self.searches = held.searches(connection, terms=False)
        if query:
            self.found = [one for one in self.found if one.query == query]
            self.searches = [one for one in self.searches if one.query == query]

    def flow(self) -> Flow:
        databases = [one for one in self.found if one.kind == "query"]
        databases += self._asked_in_vain({one.query for one in databases})
        elsewhere = [one for one in self.found if one.kind != "query"]
        by_databases = {pmid for one in databases for pmid in one.pmids}
        new = self.papers.new
        known = by_databases.union(*(one.pmids for one in elsewhere))
        if lost := sorted(new - known):
            elsewhere.append(held.Found("unknown", UNKNOWN, pmids=lost))
        included = {pmid for pmid, verdict in self.verdicts.items() if verdict == "include"}
        earlier = self._included_before() if self.since else set()
        carried, fresh = included - new, included & new
        studies = self._studies(included | earlier)
        keys = {studies[pmid] for pmid in included}
        return Flow(
            databases=self._column(databases, new & by_databases),
            other=self._column(elsewhere, new - by_databases) if elsewhere else EMPTY,
            since=self.since,
            previous=Counted(len({studies[pmid] for pmid in earlier}), len(earlier)) if self.since else None,
            joined=len(carried - earlier),
            dropped=len(earlier - carried),
            carried=Counted(len({studies[pmid] for pmid in carried}), len(carried)),
            new=Counted(
                len({studies[pmid] for pmid in fresh} - {studies[pmid] for pmid in carried}),
                len(fresh),
            ),
            total=Counted(len(keys), len(included)),
            trials=len({studies[pmid] for pmid in included if pmid in self.trials}),
            traced=tuple(self._traced(included)),
            problems=tuple(search_problems(self.connection, self.searches)),
            remarks=tuple(self._remarks(elsewhere)),
            as_of=max((one.finished for one in self.searches), default=""),
            version=self.version,
        )

    def _asked_in_vain(self, known: Collection[str]) -> Iterator[held.Found]:
        """Queries that brought nothing since: they found nothing, or (`failed`) no run came so far as to know."""
        asked: dict[str, bool] = {}
        for one in self.searches:
            if one.source == PUBMED and one.started >= self.since and one.query not in known:
                asked[one.query] = asked.get(one.query, False) or one.status == "complete"
        for query, answered in asked.items():
            yield held.Found("query" if answered else "failed", PUBMED, query)

    def _included_before(self) -> set[int]:
        then = held.decided(self.connection, self.since)
        old = self.papers.every - self.papers.new
        return {pmid for pmid, said in then.items() if pmid in old and settled(said) == "include"}

    def _studies(self, pmids: Collection[int]) -> dict[int, str]:
        """The study of each paper: its trial, else itself."""
        self.trials = trials_of(self.connection, sorted(pmids))
        return {pmid: self.trials.get(pmid, f"PMID {pmid}") for pmid in pmids}

    def _column(self, sources: Sequence[held.Found], papers: Collection[int]) -> Column:
        """The way of these papers, which these sources named."""
        every = Counter(pmid for one in sources for pmid in one.pmids)
        new, all_held = self.papers.new, self.papers.every
        duplicates = 0
        before = not_held = 0
        for pmid, times in every.items():
            if pmid not in all_held:
                not_held += times
            elif pmid not in new:
                before += times
            else:
                duplicates += times - (pmid in papers)  # what the databases found as well is all duplicates here
        verdicts = Counter(self._standing(pmid) for pmid in papers)
        return Column(
            identified=tuple(map(_part, sources)),
            duplicates=duplicates,
            before=before,
            not_held=not_held,
            unmatched=sum(one.unmatched for one in sources),
            included=verdicts["include"],
            excluded=verdicts["exclude"],
            maybe=verdicts["maybe"],
            differ=verdicts["differ"],
            waiting=verdicts["waiting"],
            reasons=tuple(self._reasons(papers)),
        )

    def _standing(self, pmid: int) -> str:
        if pmid not in self.verdicts:
            return "waiting"
        return self.verdicts[pmid] or "differ"

    def _reasons(self, papers: Collection[int]) -> Iterator[Part]:
        """Why papers were excluded, each paper once: several reasons of one stand together."""
        counted = Counter[str]()
        for pmid in papers:
            if self.verdicts.get(pmid) == "exclude":
                given = {reason for said in self.decided[pmid] if said.verdict == "exclude" for reason in said.reasons}
                counted["; ".join(sorted(given)) or NO_REASON] += 1
        for reason, number in sorted(counted.items(), key=lambda one: (one[0] == NO_REASON, -one[1], one[0])):
            yield Part(reason, number)

    def _traced(self, included: Collection[int]) -> Iterator[Traced]:
        """The numbers of the boxes, as the commands of this program give them."""
        of_query = ["--query", self.query] if self.query else []
        words = [*of_query, *(["--since", self.since] if self.since else [])]
        gone = self.gone
        new = self.papers.new - gone
        more = f" (without {len(self.papers.new & gone):,} that it finds no more)" if self.papers.new & gone else ""
        if not self.query:
            yield from self._of_queries(words)
        yield Traced(f"records that were or will be screened, of both columns{more}", len(new), _list(*words))
        verdicts = Counter(self._standing(pmid) for pmid in new)
        named = [("records excluded", "exclude"), ("records undecided, maybe", "maybe")]
        named += [("reports of new included studies", "include")] * bool(self.since)
        for label, name in named:
            yield Traced(label + more, verdicts[name], _list("--decision", name, *words))
        waiting = verdicts["waiting"] + verdicts["differ"]
        yield Traced(f"not yet screened, or readers differ{more}", waiting, _list("--decision", "none", *words))
        every = [pmid for pmid in included if pmid not in gone]
        more = f" (without {len(included) - len(every):,} that it finds no more)" if len(included) > len(every) else ""
        include = ["--decision", "include", *of_query]
        yield Traced(f"reports of total included studies{more}", len(every), _list(*include))
        trials = len({self.trials[pmid] for pmid in every if pmid in self.trials})
        yield Traced(f"trials among them{more}", trials, _command("studies", *include))

    def _of_queries(self, since: Sequence[str]) -> Iterator[Traced]:
        new = self.papers.new
        for one in self.found:
            if one.kind != "query" or self._mixed(one.query):
                continue
            still = sum(pmid in new and pmid not in one.left for pmid in one.pmids)
            gone = sum(pmid in new for pmid in one.left)
            again = len(one.pmids) - still - gone
            label = f"records that {one.query} finds"
            label += f" (and {gone:,} that it found and finds no more)" if gone else ""
            label += f" (and {again:,} held before or not to be had)" if again else ""
            yield Traced(label, still, _list("--query", one.query, *since))

    def _mixed(self, query: str) -> bool:
        """Whether a query has records from elsewhere as well, so that `list` shows more than one source's."""
        return sum(one.query == query for one in self.found) > 1

    def _remarks(self, elsewhere: Iterable[held.Found]) -> Iterator[str]:
        if self.query:
            yield f"Only what the query {self.query} found; other queries and imports are left out."
        for one in elsewhere:
            if one.kind == "offline":
                yield (
                    f"The query {one.query} was read over the records of {one.source}, not sent to PubMed: its records "
                    "stand under other sources."
                )
        gone = [pmid for pmid in held.deleted(self.connection) if pmid in self.papers.new]
        if gone:
            named = f": {_list(*_pmids(gone))}" if len(gone) <= _NAMED else ""
            yield f"{_records(gone)} no longer served by PubMed and held and counted all the same{named}."
        left = {pmid for one in self.found for pmid in one.left if pmid in self.papers.new}
        if left:
            named = f": {_list(*_pmids(left))}" if len(left) <= _NAMED else ""
            yield f"{_records(left)} found by a query once and not any more, and counted as identified{named}."
        unreadable = 0 if self.query else held.unreadable_entries(self.connection)
        if unreadable:
            yield f"{unreadable:,} parts of imported files could not be read: in no box (`reftrack import --list`)."


def search_problems(connection: Connection, searches: Sequence[held.Search]) -> Iterator[str]:
    """Where the newest run of a query did not do all of its work, so that its numbers may be short."""
    newest = {one.query: one for one in searches}
    complete = {one.query: one for one in searches if one.status == "complete"}
    alive = any(one.status == "running" for one in newest.values()) and is_being_fetched(connection.path)
    for query, one in newest.items():
        if one.status != "complete":
            status = one.status if one.status != "running" else "still going on" if alive else "interrupted"
            before = complete.get(query)
            last = f"its last complete run is {before.run}, of {before.started[:10]}" if before else "none was complete"
            why = f" ({one.problem.rstrip('.')})" if one.problem else ""
            yield f"Run {one.run} of {query} on {one.started[:10]} is {status}{why}; {last}. Its numbers may be short."
        missing = held.missed(connection, one.run)
        if missing:
            were = "record was" if missing == 1 else "records were"
            yield f"In run {one.run} of {query} {missing:,} {were} named by PubMed and not delivered: not counted here."


def strategies(connection: Connection, saved: Mapping[str, Query]) -> list[Strategy]:
    """What was asked, query by query and source by source, as the ledger has it; `saved` are the queries of today."""
    by_query: dict[tuple[bool, str, str], list[held.Search]] = {}
    for one in held.searches(connection):
        by_query.setdefault((one.source != PUBMED, one.query, one.source), []).append(one)
    return [_strategy(runs, saved.get(query)) for (_, query, _), runs in sorted(by_query.items())]


def _strategy(runs: Sequence[held.Search], saved: Query | None) -> Strategy:
    newest = runs[-1]
    wordings: list[list[held.Search]] = []
    for one in runs:
        if not wordings or wordings[-1][-1].term != one.term:
            wordings.append([])
        wordings[-1].append(one)
    from ..matching.limiting import limiting_terms  # the flow diagram does without

    limits = limiting_terms(newest.term)
    return Strategy(
        query=newest.query,
        title=saved.title if saved else "",
        note=saved.note if saved else "",
        source=newest.source,
        online=newest.source == PUBMED,
        server=next((one.server for one in reversed(runs) if one.server), ""),
        wordings=tuple(_wording(part) for part in wordings),
        runs=tuple(map(_made, runs)),
        limits=None if limits is None else tuple(limits),
        edited=saved is not None and saved.term != newest.term,
    )


def _wording(runs: Sequence[held.Search]) -> Wording:
    translation = next((one.translation for one in reversed(runs) if one.translation), "")
    return Wording(runs[-1].term, translation, runs[-1].warnings, _made(runs[0]), _made(runs[-1]), len(runs))


def _made(one: held.Search) -> Made:
    return Made(one.run, one.started, one.status, one.finds, one.received, one.problem)


def _part(one: held.Found) -> Part:
    """A source and what it named; a blank where no run came so far as to know."""
    if one.kind == "failed":
        return Part(f"PubMed, query {one.query}, of which no run is complete", None)
    return Part(_told(one), len(one.pmids) + one.unmatched)


def _told(one: held.Found) -> str:
    if one.kind == "query":
        return f"PubMed, query {one.query}"
    if one.kind == "offline":
        return f"{one.source}, query {one.query}"
    return f"import {one.number}, {one.source}" if one.kind == "import" else one.source


def _records(some: Collection[int]) -> str:
    return "1 record is" if len(some) == 1 else f"{len(some):,} records are"


def _pmids(some: Iterable[int]) -> list[str]:
    return [word for pmid in sorted(some) for word in ("--pmid", str(pmid))]


def _list(*words: str) -> str:
    return _command("list", *words)


def _command(*words: str) -> str:
    from shlex import join

    return join(["reftrack", *words])
