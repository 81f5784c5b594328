"""PubMed XML files are read, the saved queries judged over every record, and what they find is stored.

One pass over each file serves all queries. What is found waits, packed, until all is read; the limits bound it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
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
    refused: QueryError | None = None

    def finds(self, paper: Paper) -> bool:
        """Whether the paper is found; a query that finds more than its limit is refused from then on."""
        if self.refused or not self.matcher or not self.matcher(paper):
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
    watch: Watch = unwatched,
) -> Pulled:
    """Judge the saved queries over PubMed XML and store what they find; one run a query.

    Nothing is stored before all is read, so that a query above its limit (`limit`, else its own) leaves nothing. A
    query that cannot be judged here is refused and the others go on. A record that cannot be read is reported and the
    others go on; the runs are then "partial". Raises RecordError if no record could be read; the runs then "failed".
    """
    name = ", ".join(source.name for source in sources)
    searches = [_begin(query, library, name, version, limit) for query in queries]
    reading = _Reading(searches, library, rules, watch)
    try:
        if any(not search.refused for search in searches):
            for source in sources:
                reading.read(source)
        if reading.unreadable and not reading.records:
            raise RecordError(f"{name} holds no PubMed record that can be read: {reading.unreadable[0].reason}")
        reading.store()
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
    run = library.begin(query.name, term=query.term, source=source, version=version)
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
    queries: Sequence[Query], sources: Sequence[Source], library: Reader | None, *, watch: Watch = unwatched
) -> list[tuple[str, int, int]]:
    """For each query (name, how many papers it finds, how many of them are not held); nothing is stored."""
    matchers = [(query.name, compile_term(query.term), set[int]()) for query in queries]
    for source in sources:
        for thing, _ in read(pubmed.cut(piece for piece, _ in source.open())):
            if isinstance(thing, Unreadable):
                raise RecordError(f"{source.name}: {thing.sentence}", pmid=thing.pmid)
            if isinstance(thing, Paper):
                for _, matcher, found in matchers:
                    if matcher(thing):
                        found.add(thing.pmid)
        watch(source.name, source.size, source.size)
    held = set(library.held_pmids()) if library else set()
    return [(name, len(found), len(found - held)) for name, _, found in matchers]


_Spooled = tuple[str, bytes, tuple[_Search, ...]]


@dataclass(slots=True)
class _Reading:
    """The reading of files for several searches: who walks, and what was seen so far."""

    searches: Sequence[_Search]
    library: Library
    rules: RuleSet
    watch: Watch
    records: int = 0
    unreadable: list[Unreadable] = field(default_factory=list)
    deleted: set[int] = field(default_factory=set)
    stored_first: set[int] = field(default_factory=set)
    """New to the library in this reading: what changes again within it is new, not changed."""
    spool: list[_Spooled] = field(default_factory=list)
    """Found records, packed, with the file they came from and the searches that found them; the limits bound it."""

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
        finders = tuple(search for search in self.searches if search.finds(thing))
        if finders:
            self.spool.append((source.name, zlib.compress(xml, 1), finders))

    def store(self) -> None:
        """Everything that was found by a query that was not refused, a batch of one file at a time."""
        wanted = [entry for entry in self.spool if any(not search.refused for search in entry[2])]
        self.spool = []
        for source, entries in groupby(wanted, key=lambda entry: entry[0]):
            for batch in batched(entries, BATCH):
                self._store_batch(source, batch)

    def _store_batch(self, source: str, batch: Sequence[_Spooled]) -> None:
        records = [zlib.decompress(packed) for _, packed, _ in batch]
        papers = [(pubmed.parse(xml), xml) for xml in records]
        with self.library.transaction():
            filed = file_papers(self.library, self.rules, papers, source=source)
            self.stored_first.update(filed.new)
            for search in self.searches:
                if search.refused:
                    continue
                pairs = zip(papers, batch, strict=True)
                found = sorted({paper.pmid for (paper, _), (*_, finders) in pairs if search in finders})
                self.library.note(search.run, "new", self.library.hit(search.run, search.query.name, found))
                for pmid in filed.changed.keys() & set(found) - self.stored_first:
                    self.library.note(search.run, "changed", [pmid], ", ".join(filed.changed[pmid]))

    def end(self, status: str, problem: str) -> None:
        """The runs end early; what was stored before stays."""
        for search in self.searches:
            found = len(search.found)
            self.library.finish(search.run, status=status, received=found, requests=0, problem=problem)

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
            self.library.note(search.run, "missing", [each.pmid for each in self.unreadable if each.pmid is not None])
            self.library.finish(
                search.run,
                status="partial" if number else "complete",
                received=len(search.found),
                requests=0,
                problem=f"{number} of {self.records + number} records could not be read" if number else "",
            )
        return next(self.library.runs(run=search.run))

    def _deletions(self) -> list[str]:
        held = sorted(self.deleted.intersection(self.library.held_pmids())) if self.deleted else []
        return [f"PubMed deleted {', '.join(map(str, held))}; the library keeps what it holds of them."] if held else []
