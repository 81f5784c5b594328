"""PubMed XML files are read, the saved queries judged over every record, and what they find is stored.

One pass over each file serves all queries. What is found waits, packed, until all is read; the limits bound it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice

from .. import pubmed
from ..errors import QueryError, RecordError, ReftrackError
from ..library.reading import Reader
from ..library.writing import Library
from ..matching import Matcher, compile_term
from ..model import Paper, Query, Run
from ..tagging import RuleSet
from .filing import Unreadable, Watch, file_papers, read, unwatched
from .telling import NOT_SERVED, tell_changes

BATCH = 200
"""Found papers stored in one transaction."""


@dataclass(frozen=True, slots=True)
class Source:
    """A named stream of PubMed XML: each piece with how much of `size` has been read when it comes."""

    name: str
    open: Callable[[], Iterator[tuple[bytes, int]]]
    size: int = 0


@dataclass(frozen=True, slots=True)
class Pulled:
    """What became of the queries: the lines of the ledger, and why some were refused (their lines say "failed")."""

    runs: tuple[Run, ...]
    refused: tuple[QueryError, ...]


@dataclass(slots=True, eq=False)
class _Search:
    """A saved query on its way over the records."""

    query: Query
    run: int
    limit: int
    matcher: Matcher | None = None
    found: set[int] = field(default_factory=set)
    stored: set[int] = field(default_factory=set)
    refused: QueryError | None = None

    def finds(self, paper: Paper) -> bool:
        """Whether the paper is found; a query that finds more than its limit is refused from then on."""
        if self.refused or not self.matcher or not self.matcher(paper):
            self.found.discard(paper.pmid)  # an earlier state of the record was found, this one is not
            return False
        self.found.add(paper.pmid)
        if len(self.found) > self.limit:
            self.refused = QueryError(
                f"The query {self.query.name} finds more than its limit of {self.limit:,} papers, so none was stored. "
                "Narrow the query, or allow more with `max` in its file or --max."
            )
        return not self.refused


def pull_files(
    queries: Sequence[Query],
    sources: Sequence[Source],
    library: Library,
    rules: RuleSet,
    *,
    version: str,
    limit: int | None = None,
    live: Collection[str] = (),
    watch: Watch = unwatched,
) -> Pulled:
    """Judge the saved queries over PubMed XML and store what they find; one run a query.

    Nothing is stored before all is read, so that a query above its limit (`limit`, else its own) leaves nothing. A
    query that cannot be judged here is refused and the others go on. A record that cannot be read is reported and the
    others go on; the runs are then "partial". Raises RecordError if no record could be read; the runs then "failed".
    """
    name = ", ".join(source.name for source in sources)
    searches = [_begin(query, library, name, version, limit) for query in queries]
    reading = _Reading(searches, library, rules, watch, live)
    try:
        if any(not search.refused for search in searches):
            for source in sources:
                reading.read(source)
        if reading.unreadable and not reading.records:
            raise RecordError(f"{name} holds no PubMed record that can be read: {reading.unreadable[0].reason}")
        reading.store()
        reading.mark_deleted()
    except ReftrackError as error:
        reading.end("partial" if reading.stored_first else "failed", str(error))
        raise
    except KeyboardInterrupt:
        reading.end("interrupted", "stopped by the user")
        raise
    runs = tuple(reading.close(search) for search in searches if not search.refused)
    for search in searches:
        if search.refused:
            library.finish(search.run, status="failed", received=0, requests=0, problem=str(search.refused))
    return Pulled(runs, tuple(search.refused for search in searches if search.refused))


def _begin(query: Query, library: Library, source: str, version: str, limit: int | None) -> _Search:
    return _search(query, library.begin(query.name, term=query.term, source=source, version=version), limit)


def _search(query: Query, run: int, limit: int | None) -> _Search:
    search = _Search(query, run, limit or query.max_hits)
    try:
        search.matcher = compile_term(query.term)
    except QueryError as error:
        search.refused = QueryError(f"{query.name}: {error}")
    return search


def batched(entries: Iterable[_Spooled], size: int) -> Iterator[list[_Spooled]]:
    """Lists of at most `size` (itertools.batched came with Python 3.12)."""
    rest = iter(entries)
    while batch := list(islice(rest, size)):
        yield batch


def plan_files(
    queries: Sequence[Query],
    sources: Sequence[Source],
    library: Reader | None,
    *,
    limit: int | None = None,
    watch: Watch = unwatched,
) -> list[tuple[str, int, int, QueryError | None]]:
    """For each query (name, papers it finds, how many of them are not held, why it would be refused).

    Nothing is stored. A record that cannot be read is passed over, as the run itself would report it.
    """
    searches = [_search(query, 0, limit) for query in queries]
    for source in sources:
        for thing, _ in read(pubmed.cut(piece for piece, _ in source.open())):
            if isinstance(thing, Paper):
                for search in searches:
                    search.finds(thing)
        watch(source.name, source.size, source.size)
    held = set(library.held_pmids()) if library else set()
    return [(each.query.name, len(each.found), len(each.found - held), each.refused) for each in searches]


_Spooled = tuple[str, bytes, int]
"""The file's name, the record packed, its PMID."""


@dataclass(slots=True)
class _Reading:
    """The reading of files for several searches: who walks, and what was seen so far."""

    searches: Sequence[_Search]
    library: Library
    rules: RuleSet
    watch: Watch
    live: Collection[str]
    """The saved queries there are: notices on papers that none of them finds are told by the first search."""
    records: int = 0
    unreadable: list[Unreadable] = field(default_factory=list)
    deleted: set[int] = field(default_factory=set)
    newly_deleted: set[int] = field(default_factory=set)
    stored_first: set[int] = field(default_factory=set)
    """New to the library in this reading: what changes again within it is new, not changed."""
    spool: list[_Spooled] = field(default_factory=list)
    """Found records; the limits bound it."""
    newest: dict[int, tuple[int, str]] = field(default_factory=dict)
    """(version, revised) of the newest state seen of papers that were found or have several versions."""
    held: dict[int, tuple[int, str]] = field(init=False)
    """The same of papers that are held: a newer state of one is stored even if no query finds it any more."""

    def __post_init__(self) -> None:
        self.held = self.library.states()

    def read(self, source: Source) -> None:
        """One source from beginning to end, or to where it breaks off."""
        position = 0

        def pieces() -> Iterator[bytes]:
            nonlocal position
            for piece, so_far in source.open():
                position = so_far
                yield piece

        for thing, xml in read(pubmed.cut(pieces())):
            self._look_at(thing, xml, source)
            if self.records % BATCH == 0:
                self.watch(source.name, position, source.size)
        self.watch(source.name, source.size, source.size)

    def _look_at(self, thing: Paper | tuple[int, ...] | Unreadable, xml: bytes, source: Source) -> None:
        if isinstance(thing, Unreadable):
            self.unreadable.append(Unreadable(thing.pmid, f"{thing.reason} ({source.name})"))
            return
        self.records += 1
        if isinstance(thing, tuple):
            self.deleted.update(thing)
            return
        self.unreadable = [each for each in self.unreadable if each.pmid != thing.pmid]  # whole in another file
        state = (thing.version, thing.revised)
        if state < self.newest.get(thing.pmid, (0, "")):
            return  # PubMed would judge the newest state only
        held = self.held.get(thing.pmid, state)
        if state < held:  # PubMed would judge what is held: it is newer
            thing = self.library.get(thing.pmid) or thing
        found = [search.finds(thing) for search in self.searches]
        if (any(found) and state >= held) or state > held:
            self.spool.append((source.name, zlib.compress(xml, 1), thing.pmid))
        if any(found) or thing.version > 1 or thing.pmid in self.newest:
            self.newest[thing.pmid] = state

    def store(self) -> None:
        """Everything that was found by a query that was not refused, a batch of one file at a time."""
        found = set().union(*(search.found for search in self.searches if not search.refused))
        wanted = [entry for entry in self.spool if entry[2] in found or entry[2] in self.held]
        self.spool = []
        for source, entries in groupby(wanted, key=lambda entry: entry[0]):
            for batch in batched(entries, BATCH):
                self._store_batch(source, batch)

    def mark_deleted(self) -> None:
        """Held papers that the files list as deleted, unless the files also hold a record of them, are marked."""
        self.deleted -= set().union(*(search.stored for search in self.searches))
        if self.deleted:
            with self.library.transaction():
                at = self.library.started(self.searches[0].run)
                self.newly_deleted = set(self.library.mark_deleted(sorted(self.deleted), at=at))

    def _store_batch(self, source: str, batch: Sequence[_Spooled]) -> None:
        records = [zlib.decompress(packed) for _, packed, _ in batch]
        papers = [(pubmed.parse(xml), xml) for xml in records]
        with self.library.transaction():
            filed = file_papers(self.library, self.rules, papers, source=source, run=self.searches[0].run)
            self.stored_first.update(filed.new)
            for search in self.searches:
                if not search.refused:
                    found = search.found.intersection(pmid for *_, pmid in batch)
                    self.library.hit(search.run, search.query.name, sorted(found))
        for search in self.searches:
            search.stored.update(search.found.intersection(pmid for *_, pmid in batch))

    def end(self, status: str, problem: str) -> None:
        """The runs end early; what was stored before stays, and a refused query keeps its own reason."""
        for search in self.searches:
            why = ("failed", str(search.refused)) if search.refused else (status, problem)
            received = len(search.stored)
            self.library.finish(search.run, status=why[0], received=received, requests=0, problem=why[1])

    def close(self, search: _Search) -> Run:
        """The line of the ledger for one search."""
        assert search.matcher is not None
        number = len(self.unreadable)
        with self.library.transaction():
            self.library.found(
                search.run,
                count=len(search.found),
                translation=search.matcher.translation,
                warnings=[*search.matcher.warnings, *(each.sentence for each in self.unreadable), *self._deletions()],
                ids=search.found,
            )
            self.library.hit(search.run, search.query.name, sorted(search.found))  # also what is held and no older here
            self._tell(search)
            self.library.note(
                search.run, "missing", {each.pmid: each.reason for each in self.unreadable if each.pmid is not None}
            )
            self._note_deleted(search)
            self.library.finish(
                search.run,
                status="partial" if number else "complete",
                received=len(search.found),
                requests=0,
                problem=f"{number} of {self.records + number} records could not be read" if number else "",
            )
        return next(self.library.runs(run=search.run))

    def _tell(self, search: _Search) -> None:
        """What changed in the query's papers, and which joined it: the file will not change, so it is told now, also
        where some of its records cannot be read.
        """
        name = search.query.name
        tell_changes(self.library, search.run, name, live=self.live)
        joined = self.library.joined(name).keys() & search.found
        self.library.told_joined(search.run, name, joined)
        self.library.note(search.run, "new", joined)

    def _note_deleted(self, search: _Search) -> None:
        theirs = self.newly_deleted & (search.found | self.library.members(search.query.name))
        if theirs:
            self.library.note(search.run, "deleted", theirs, NOT_SERVED)
            self.library.note(search.run, "missing", theirs, NOT_SERVED)

    def _deletions(self) -> list[str]:
        held = sorted(self.deleted.intersection(self.library.held_pmids())) if self.deleted else []
        return [f"PubMed deleted {', '.join(map(str, held))}; the library keeps what it holds of them."] if held else []
