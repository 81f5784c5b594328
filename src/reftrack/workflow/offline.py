"""PubMed XML files are read, the saved queries judged over every record, and what they find comes into the library.

One pass over each file serves all queries. Memory stays flat: a batch of found papers is all that is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from .. import pubmed
from ..errors import RecordError, ReftrackError
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


@dataclass(slots=True, eq=False)
class _Search:
    """A saved query on its way over the records."""

    query: Query
    matcher: Matcher
    run: int
    found: set[int] = field(default_factory=set)


def pull_files(
    queries: Sequence[Query],
    sources: Sequence[Source],
    library: Library,
    rules: RuleSet,
    *,
    version: str,
    watch: Watch = unwatched,
) -> list[Run]:
    """Judge the saved queries over PubMed XML and store what they find; one run a query.

    A record that cannot be read is reported and the others go on; the runs are then "partial". Raises QueryError for
    a query that cannot be judged here, and RecordError if no record at all could be read; the runs then "failed".
    """
    matchers = [(query, compile_term(query.term)) for query in queries]
    name = ", ".join(source.name for source in sources)
    searches = [
        _Search(query, matcher, library.begin(query.name, term=query.term, source=name, version=version))
        for query, matcher in matchers
    ]
    reading = _Reading(searches, library, rules, watch)
    try:
        for source in sources:
            reading.read(source)
        if reading.unreadable and not reading.records:
            raise RecordError(f"{name} holds no PubMed record that can be read: {reading.unreadable[0].reason}")
    except ReftrackError as error:
        reading.end("failed", str(error))
        raise
    except KeyboardInterrupt:
        reading.end("interrupted", "stopped by the user")
        raise
    return [reading.close(search) for search in searches]


def plan_files(
    queries: Sequence[Query], sources: Sequence[Source], library: Reader | None, *, watch: Watch = unwatched
) -> list[tuple[str, int, int]]:
    """For each query (name, how many papers it finds, how many of them are not held); nothing is stored."""
    matchers = [(query.name, compile_term(query.term), set[int]()) for query in queries]
    for source in sources:
        for thing, _ in read(pubmed.cut(piece for piece, _ in source.open())):
            if isinstance(thing, Paper):
                for _, matcher, found in matchers:
                    if matcher(thing):
                        found.add(thing.pmid)
            elif isinstance(thing, Unreadable):
                raise RecordError(f"{source.name}: {thing.reason}", pmid=thing.pmid)
        watch(source.name, source.size, source.size)
    held = set(library.held_pmids()) if library else set()
    return [(name, len(found), len(found - held)) for name, _, found in matchers]


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
    waiting: list[tuple[Paper, bytes, tuple[_Search, ...]]] = field(default_factory=list)
    """Found papers not yet stored, with the searches that found them."""

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
            if len(self.waiting) >= BATCH:
                self._store(source)
            if self.records % BATCH == 0:
                self.watch(source.name, position, source.size)
        self._store(source)
        self.watch(source.name, source.size, source.size)

    def _look_at(self, thing: Paper | tuple[int, ...] | Unreadable, xml: bytes, source: Source) -> None:
        if isinstance(thing, Unreadable):
            self.unreadable.append(Unreadable(thing.pmid, f"{thing.reason} ({source.name})"))
            return
        self.records += 1
        if isinstance(thing, tuple):
            self.deleted.update(thing)
            return
        finders = tuple(search for search in self.searches if search.matcher(thing))
        if finders:
            self.waiting.append((thing, xml, finders))

    def _store(self, source: Source) -> None:
        if not self.waiting:
            return
        papers = [(paper, xml) for paper, xml, _ in self.waiting]
        with self.library.transaction():
            filed = file_papers(self.library, self.rules, papers, source=source.name)
            for search in self.searches:
                found = sorted({paper.pmid for paper, _, finders in self.waiting if search in finders})
                search.found.update(found)
                self.library.note(search.run, "new", self.library.hit(search.run, search.query.name, found))
                changed = {pmid: fields for pmid, fields in filed.changed.items() if pmid in found}
                self.library.note_changes(search.run, search.query.name, changed)
        self.waiting.clear()

    def end(self, status: str, problem: str) -> None:
        """The runs end early; what was stored before stays."""
        for search in self.searches:
            found = len(search.found)
            self.library.finish(search.run, status=status, received=found, requests=0, problem=problem)

    def close(self, search: _Search) -> Run:
        """The line of the ledger for one search."""
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
