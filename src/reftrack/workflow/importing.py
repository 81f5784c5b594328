"""A file of another program comes into the library: its records become papers, its citations are matched to papers.

A citation that is no paper held yet is kept as it came, and waits: the next online fetch asks PubMed for it
(`completing`). All of a file of citations is stored in one transaction; of PubMed records, a batch at a time.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from .. import imports, pubmed
from ..citation import Citation, Unreadable
from ..errors import ReftrackError
from ..imports.likeness import title_words, words
from ..library.imported import IMPORTS, ImportedEntry, Match
from ..library.inserting import Rows
from ..library.reading import Reader
from ..library.writing import Library
from ..model import Record
from ..tagging import RuleSet
from .filing import Unreadable as UnreadableRecord
from .filing import Watch, file_rows, to_the_end, unwatched
from .identifying import identify
from .preparing import Batch, Prepared, preparing

BATCH = 200
"""PubMed records stored in one transaction."""


def _numbers() -> array[int]:
    """PMIDs in eight bytes each: there may be millions."""
    return array("q")


@dataclass(slots=True)
class Imported:
    """What became of one file."""

    file: str
    format: str
    number: int = 0
    """Of the import; 0 if nothing was stored."""
    records: int = 0
    """PubMed records that were read."""
    added: array[int] = field(default_factory=_numbers)
    """Papers that the library did not hold."""
    changed: array[int] = field(default_factory=_numbers)
    """Papers of which the file had a newer record."""
    older: array[int] = field(default_factory=_numbers)
    """Papers of which what is held is newer, and stayed."""
    matched: list[tuple[Citation, Match]] = field(default_factory=list)
    unmatched: list[tuple[Citation, Match]] = field(default_factory=list)
    twice: int = 0
    """How many of the unmatched name the same paper as an entry that came before."""
    problems: list[Unreadable] = field(default_factory=list)
    completed: int = 0
    """Entries of earlier imports that waited for a paper that came with this one."""


def plan_import(name: str, data: bytes, form: str, library: Reader | None) -> Imported:
    """What an import of citations would do; nothing is stored. Raises UsageError for a file that is none."""
    result = Imported(name, form)
    for thing in imports.read(data, form):
        if isinstance(thing, Unreadable):
            result.problems.append(thing)
            continue
        match = identify(thing, library) if library else Match()
        (result.unmatched if match.pmid is None else result.matched).append((thing, match))
    return result


def import_citations(name: str, data: bytes, form: str, library: Library, *, who: str) -> Imported:
    """Store and match the citations of a file, all of them or none. Raises UsageError for a file that is none."""
    result = Imported(name, form)
    with library.transaction():
        result.number = library.begin_import(file=name, form=form, sha256=hashlib.sha256(data).hexdigest(), who=who)
        waiting = _Waiting(library.unmatched())
        for position, thing in enumerate(imports.read(data, form)):
            if isinstance(thing, Unreadable):
                result.problems.append(thing)
                continue
            match = identify(thing, library)
            first = waiting.find(thing, (result.number, position)) if match.pmid is None else None
            library.keep_citation(result.number, position, thing, match, same_as=first)
            (result.unmatched if match.pmid is None else result.matched).append((thing, match))
            result.twice += first is not None
        library.keep_problems(result.number, result.problems)
    return result


def import_records(
    name: str,
    pieces: Callable[[], Iterator[tuple[bytes, int]]],
    size: int,
    library: Library,
    rules: RuleSet,
    *,
    who: str,
    version: str,
    watch: Watch = unwatched,
) -> Imported:
    """Store and tag every PubMed record of a file, whether a saved query finds it or not.

    `pieces` opens the file: its bytes, each piece with how much of `size` has been read. The ledger has a line of it.
    Hold the lock of `locking.fetching`. Raises LibraryError; what was stored before stays.
    """
    run = library.begin(IMPORTS, term="", source=name, version=version)
    storing = _Storing(Imported(name, "pubmed-xml"), run, library, rules)
    try:
        with library.transaction():
            storing.result.number = library.begin_import(file=name, form="pubmed-xml", sha256="", who=who, run=run)
        storing.read(pieces(), size, watch)
    except KeyboardInterrupt:
        storing.finish("interrupted", "stopped by the user")
        raise
    except ReftrackError as error:
        storing.finish("partial" if storing.result.records else "failed", str(error))
        raise
    problems = storing.result.problems
    said = f"{len(problems)} records cannot be read ({problems[0].reason})" if problems else ""
    storing.finish("partial" if problems else "complete", said)
    return storing.result


def match_waiting(library: Library) -> int:
    """Look again whether entries that wait for their paper are one that is held by now; says how many are."""
    found = 0
    with library.transaction():
        for entry in list(library.unmatched()):
            match = identify(entry.citation, library)
            if match != entry.match and (match.pmid is not None or match.doubt):
                library.match_entry(entry, match)
                found += match.pmid is not None
    return found


def tell_new(library: Library, run: int, new: Iterable[int]) -> None:
    """Write into the ledger what a complete run of `:imports` brought, and what one before it did that broke off."""
    joined = library.joined(IMPORTS)
    broken_off = library.held(sorted(joined.keys() - set(new)))
    told_by_queries = {held.paper.pmid for held in broken_off if set(held.queries) != {IMPORTS}}
    library.note(run, "new", {*new, *joined} - told_by_queries)
    library.told_joined(run, IMPORTS, joined)


@dataclass(slots=True)
class _Storing:
    """The reading of a file of records: what it came to, and where it goes."""

    result: Imported
    run: int
    library: Library
    rules: RuleSet
    pmids: array[int] = field(default_factory=_numbers)
    """Of the entries of the import so far."""
    deleted: list[int] = field(default_factory=list)
    position: int = 0
    """How much of the file has been read, in bytes."""

    def read(self, pieces: Iterable[tuple[bytes, int]], size: int, watch: Watch) -> None:
        digest = hashlib.sha256()

        def documents() -> Iterator[bytes]:
            for piece, so_far in pieces:
                self.position = so_far
                digest.update(piece)
                yield piece

        with preparing(self.rules, size) as prepared:
            for batch, made in prepared(self._batches(pubmed.cut(documents()))):
                self._store(batch, made)
                watch(self.result.file, batch.position, size)
        with self.library.transaction():
            self.library.mark_deleted(self.deleted, at=self.library.started(self.run))
            self.library.keep_problems(self.result.number, self.result.problems)
            self.library.note_content(self.result.number, digest.hexdigest())
        watch(self.result.file, size, size)

    def _batches(self, records: Iterator[Record]) -> Iterator[Batch]:
        """So many records at a time, without those that are held as they are: an import that goes on is soon there."""
        xml: list[bytes] = []
        broken: Unreadable | None = None
        for record in to_the_end(records):
            if isinstance(record, UnreadableRecord):
                broken = Unreadable(0, record.sentence, "")
            elif record.name.startswith("Delete"):
                self.deleted += pubmed.deleted_pmids(record.xml)
            else:
                xml.append(record.xml)
                if len(xml) == BATCH:
                    yield self._batch(xml)
                    xml = []
        if xml:
            yield self._batch(xml)
        if broken:
            self.result.problems.append(broken)

    def _batch(self, records: list[bytes]) -> Batch:
        digests = [(pubmed.pmid_of(xml), hashlib.sha256(xml).hexdigest()) for xml in records]
        same = self.library.held_as_they_are(digests, parser=pubmed.PARSER_VERSION)
        fresh = [xml for xml, one in zip(records, digests, strict=True) if one not in same]
        return Batch(fresh, sorted(pmid for pmid, _ in same if pmid), self.position)

    def _keep_unread(self, thing: UnreadableRecord, xml: bytes) -> None:
        self.result.problems.append(Unreadable(0, thing.sentence, xml[:200].decode(errors="replace")))
        if thing.pmid and xml:
            with self.library.transaction():
                self.library.keep_unread(
                    xml,
                    pmid=thing.pmid,
                    reason=thing.reason,
                    source=self.result.file,
                    parser=pubmed.PARSER_VERSION,
                    run=self.run,
                )

    def _store(self, batch: Batch, made: Sequence[Prepared]) -> None:
        rows = [one for one in made if isinstance(one, Rows)]
        for one in made:
            if not isinstance(one, Rows):
                self._keep_unread(*one)
        pmids = sorted({*batch.same, *(one.pmid for one in rows)})
        if not pmids:
            return
        with self.library.transaction():
            filed = file_rows(self.library, self.rules, rows, source=self.result.file, run=self.run)
            self.library.hit(self.run, IMPORTS, pmids)
            self.library.mark_served(filed.changed)
            self.library.drop_unread(pmids)
            self.library.keep_records(self.result.number, pmids, start=len(self.pmids))
        self.pmids.extend(pmids)
        self.result.records += len(rows) + len(batch.same)
        self.result.added.extend(filed.new)
        self.result.changed.extend(pmid for pmid in filed.changed if pmid not in filed.new)
        self.result.older.extend(filed.older)

    def finish(self, status: str, problem: str = "") -> None:
        with self.library.transaction():
            self.library.found(self.run, count=len(self.pmids), translation="", warnings=[], ids=self.pmids)
            if status == "complete":
                tell_new(self.library, self.run, self.result.added)
            self.library.finish(self.run, status=status, received=len(self.pmids), requests=0, problem=problem)


class _Waiting:
    """Entries that wait for their paper, by what they name, so that a second one of the same paper is linked."""

    def __init__(self, entries: Iterable[ImportedEntry]) -> None:
        self._first: dict[tuple[object, ...], tuple[int, int]] = {}
        for entry in entries:
            self.find(entry.citation, entry.same_as or (entry.number, entry.position))

    def find(self, citation: Citation, place: tuple[int, int]) -> tuple[int, int] | None:
        """The first entry that names the same paper; `place` is remembered for what comes next."""
        known = list(names(citation))
        first = next((self._first[name] for name in known if name in self._first), None)
        for name in known:
            self._first.setdefault(name, first or place)
        return first if first != place else None


def names(citation: Citation) -> Iterator[tuple[object, ...]]:
    """All that an entry may be known by; two that share one name are the same paper."""
    if citation.pmid:
        yield "pmid", citation.pmid
    if citation.doi:
        yield "doi", citation.doi
    if citation.pmcid:
        yield "pmcid", citation.pmcid
    title = title_words(citation.title)
    if title and citation.year and citation.authors:
        family = words(citation.authors[0].partition(",")[0])
        yield "title", *title, citation.year, *family
