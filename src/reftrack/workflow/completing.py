"""What imports left without a paper is asked of PubMed: by PMID, else by DOI or PMCID, else by title.

PubMed's own search resolves the identifiers: DOIs by [aid] (EInfo calls it "Article Identifier"), PMCIDs by [pmcid]. A
paper that comes is stored only if it is what was asked for; what nobody finds stays as it is, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from .. import pubmed
from ..citation import Citation
from ..errors import QueryError, ReftrackError
from ..imports.likeness import title_words, words
from ..library.imported import IMPORTS, ImportedEntry, Match
from ..library.reading import Reader
from ..library.writing import Library
from ..model import Paper, Run
from ..tagging import RuleSet
from .filing import Unreadable, Watch, file_papers, read, unwatched
from .identifying import identify, is_the_paper
from .importing import tell_new

if TYPE_CHECKING:
    from ..eutils import Batch, Eutils

SOURCE = "pubmed"
IDS_AT_ONCE = 100
"""DOIs or PMCIDs in one search."""
TITLES_AT_MOST = 100
"""Searches by title in one fetch, one request each; the rest waits for the next."""
AGAIN_AFTER = timedelta(days=30)
"""What PubMed did not know it may know by then: DOIs come with a delay, and records of old papers are added."""
_TITLE_WORDS = 12
_TOO_MANY = 20
"""A title that so many papers share tells nothing."""
_MANY = 9999
"""Papers that share a DOI are few; a search for identifiers that finds a page of them was not understood."""


def due(library: Reader, *, now: str) -> list[ImportedEntry]:
    """Entries that wait for their paper and for which PubMed is to be asked, in the order in which they came."""
    before = (_moment(now) - AGAIN_AFTER).strftime("%Y-%m-%dT%H:%M:%SZ")
    waiting = [entry for entry in library.unmatched() if entry.tried < before and _can_be_asked(entry.citation)]
    titles = [entry for entry in waiting if not entry.citation.names_an_id]
    later = {(entry.number, entry.position) for entry in titles[TITLES_AT_MOST:]}
    return [entry for entry in waiting if (entry.number, entry.position) not in later]


def complete_imports(
    entries: Sequence[ImportedEntry],
    eutils: Eutils,
    library: Library,
    rules: RuleSet,
    *,
    version: str,
    watch: Watch = unwatched,
) -> Run:
    """Ask PubMed for these entries, store what they are and match them.

    Returns the line of the ledger, of the query `:imports`: "partial" when a PMID was asked for the first time and did
    not come, or NCBI failed on the way. Raises EutilsError if it failed before anything came; the line then "failed".
    """
    searches = list(_searches(entries))
    term = "\n".join(search.term for search in searches)
    number = library.begin(IMPORTS, term=term, source=SOURCE, version=version, server=eutils.server)
    completing = _Completing(number, entries, eutils, library, rules, watch)
    try:
        completing.go(searches)
    except ReftrackError as error:
        completing.finish("partial" if completing.came else "failed", str(error))
        raise
    except KeyboardInterrupt:
        completing.finish("interrupted", "stopped by the user")
        raise
    return next(library.runs(run=number))


class _Search(NamedTuple):
    """What is asked of PubMed, and for which entries."""

    term: str
    entries: tuple[ImportedEntry, ...]
    limit: int
    """So many papers at most are looked at."""


@dataclass(slots=True)
class _Completing:
    """One run under way."""

    run: int
    entries: Sequence[ImportedEntry]
    eutils: Eutils
    library: Library
    rules: RuleSet
    watch: Watch
    wanted: tuple[int, ...] = ()
    came: set[int] = field(default_factory=set)
    """PubMed sent their records."""
    new: set[int] = field(default_factory=set)
    other: dict[int, str] = field(default_factory=dict)
    """Titles of papers that came by a PMID and are not what the entry says."""
    not_had: dict[int, str] = field(default_factory=dict)
    found: dict[tuple[int, int], set[int]] = field(default_factory=dict)
    """What the searches found, by the entries (import, position) that they were for."""
    unsure: set[tuple[int, int]] = field(default_factory=set)
    """Entries of whose search PubMed did not list all it found."""
    refused: dict[tuple[int, int], str] = field(default_factory=dict)
    """Entries whose search PubMed did not take, and what it said."""
    warnings: list[str] = field(default_factory=list)
    requests_before: int = field(init=False)

    def __post_init__(self) -> None:
        self.requests_before = self.eutils.requests_sent

    def go(self, searches: Sequence[_Search]) -> None:
        """Search, fetch, match, close the line of the ledger."""
        self.watch(IMPORTS, 0, 0)
        held = set(self.library.held_pmids())
        for search in searches:
            self._search(search)
        self.wanted = tuple(sorted(self._named().union(*self.found.values()) - held))
        self._note_found()
        self._fetch()
        self._settle()

    def _named(self) -> set[int]:
        """PMIDs that the entries themselves name."""
        return {entry.citation.pmid for entry in self.entries if entry.citation.pmid}

    def _search(self, search: _Search) -> None:
        places = [_place(entry) for entry in search.entries]
        try:
            found = self.eutils.search(search.term, limit=search.limit)
        except QueryError as error:  # one entry with words that PubMed refuses must not stop the others
            if len(places) > 1:
                half = len(places) // 2
                self._search(_search_for_ids(search.entries[:half]))
                self._search(_search_for_ids(search.entries[half:]))
                return
            self.warnings.append(f"PubMed did not take {search.term!r}: {error}")
            self.refused[places[0]] = str(error).rstrip(".")
            return
        self.watch(IMPORTS, 0, 0)
        if found.count > search.limit and len(places) == 1:
            return  # a title that so many papers share tells nothing
        if not found.complete:
            self.unsure.update(places)
            self.warnings.append(f"PubMed counts {found.count} papers for {search.term!r} and did not list them all.")
        self.found |= {place: set(found.pmids) for place in places}

    def _note_found(self) -> None:
        with self.library.transaction():
            self.library.found(
                self.run,
                count=len(self.entries),
                translation="",
                warnings=list(dict.fromkeys(self.warnings)),
                ids=self.wanted,
            )

    def _fetch(self) -> None:
        if not self.wanted:
            return
        self.watch(IMPORTS, 0, len(self.wanted))
        with closing(self.eutils.fetch(self.wanted)) as batches:
            for batch in batches:
                if batch.problem:
                    self.not_had |= dict.fromkeys(batch.asked, batch.problem)
                else:
                    self._store(batch)
                self.watch(IMPORTS, len(self.came), len(self.wanted))

    def _store(self, batch: Batch) -> None:
        """What an entry is, is stored; what only shares a number or some words with one is not."""
        asked = set(batch.asked)
        papers: list[tuple[Paper, bytes]] = []
        for thing, xml in read(pubmed.cut([batch.body])):
            if isinstance(thing, Unreadable):
                self.warnings.append(thing.sentence)
                if thing.pmid in asked:
                    self.not_had[thing.pmid] = thing.reason
            elif isinstance(thing, Paper) and thing.pmid in asked:
                self.came.add(thing.pmid)
                if any(is_the_paper(entry.citation, thing).pmid for entry in self.entries):
                    papers.append((thing, xml))
                else:
                    self.other[thing.pmid] = thing.title
        pmids = sorted({paper.pmid for paper, _ in papers})
        with self.library.transaction():
            filed = file_papers(self.library, self.rules, papers, source=SOURCE, run=self.run)
            self.library.hit(self.run, IMPORTS, pmids)
            self.library.confirm(pmids, at=self.library.started(self.run))
            self.library.drop_unread(pmids)
        self.new.update(filed.new)

    def _settle(self) -> None:
        """Match every entry again, and say what PubMed did not know and what it owes.

        EFetch says nothing of a record that it cannot serve at the moment, so from silence nothing follows the first
        time.
        """
        owed, done = dict(self.not_had), []
        with self.library.transaction():
            waiting = set(map(_place, self.library.unmatched()))  # a person may have said meanwhile what an entry is
            for entry in self.entries:
                if _place(entry) not in waiting:
                    continue
                match = self._match(entry)
                self.library.match_entry(entry, match)
                unsent = self._unsent(entry)
                silent = unsent - self.not_had.keys()
                if match.pmid is not None:
                    done.append(entry)
                elif silent and entry.match.doubt != match.doubt:
                    owed |= dict.fromkeys(silent, _NOT_SENT)
                elif _id_terms(entry.citation) and not _is_sought_by_them(entry):
                    continue  # its PMID led nowhere; the next fetch asks by DOI or PMCID
                elif not (unsent & self.not_had.keys() or _place(entry) in self.unsure):
                    done.append(entry)
            self.library.tried(done)
            self.library.note(self.run, "missing", owed)
            if not owed:
                tell_new(self.library, self.run, self.new)
        self._note_found()
        said = f"{len(owed)} of the papers asked for did not come ({next(iter(owed.values()))})" if owed else ""
        if self.unsure and not owed:
            said = "PubMed did not list all papers that it found"
        self.finish("partial" if said else "complete", said)

    def _unsent(self, entry: ImportedEntry) -> set[int]:
        """What the entry names, or the search for it found, and PubMed did not send: one of them may be the paper."""
        named = {entry.citation.pmid} if entry.citation.pmid else self.found.get(_place(entry), set())
        return named.intersection(self.wanted) - self.came

    def _match(self, entry: ImportedEntry) -> Match:
        match = identify(entry.citation, self.library)
        return match if match.pmid is not None or match.doubt else Match(doubt=self._why_not(entry))

    def _why_not(self, entry: ImportedEntry) -> str:
        pmid = entry.citation.pmid
        if pmid in self.not_had:
            return f"PubMed could not send PMID {pmid}: {self.not_had[pmid]}"
        if pmid in self.other:
            return f"PMID {pmid} is of another paper: {self.other[pmid]}"
        if pmid:
            return f"PubMed has no record of PMID {pmid}"
        if _place(entry) in self.refused:
            return f"PubMed did not take the search for it: {self.refused[_place(entry)]}"
        if unsent := sorted(self._unsent(entry)):
            why = next((self.not_had[found] for found in unsent if found in self.not_had), _NOT_SENT)
            return f"PubMed finds PMID {unsent[0]} and could not send it: {why}"
        named = " and ".join(filter(None, (entry.citation.doi and f"DOI {entry.citation.doi}", entry.citation.pmcid)))
        return f"PubMed finds no paper with {named or 'its title'}"

    def finish(self, status: str, problem: str = "") -> None:
        """Close the line of the ledger."""
        requests, received = self.eutils.requests_sent - self.requests_before, len(self.came - self.other.keys())
        with self.library.transaction():
            self.library.progress(self.run, received=received, asked=len(self.wanted), requests=requests)
            self.library.finish(self.run, status=status, received=received, requests=requests, problem=problem)


_NOT_SENT = "PubMed has no record of it"


def _searches(entries: Sequence[ImportedEntry]) -> Iterator[_Search]:
    """What to ask: DOIs and PMCIDs together, each title alone.

    An entry that names a PMID is asked for by that, and by its other identifiers only when the PMID has led nowhere.
    """
    named = [entry for entry in entries if _id_terms(entry.citation) and _is_sought_by_them(entry)]
    for start in range(0, len(named), IDS_AT_ONCE):
        yield _search_for_ids(named[start : start + IDS_AT_ONCE])
    for entry in entries:
        if not entry.citation.names_an_id:
            yield _Search(_title_term(entry.citation), (entry,), _TOO_MANY)


def _is_sought_by_them(entry: ImportedEntry) -> bool:
    return not entry.citation.pmid or bool(entry.match.doubt)


def _search_for_ids(entries: Sequence[ImportedEntry]) -> _Search:
    terms = dict.fromkeys(term for entry in entries for term in _id_terms(entry.citation))
    return _Search(" OR ".join(terms), tuple(entries), _MANY)


def _place(entry: ImportedEntry) -> tuple[int, int]:
    return entry.number, entry.position


def _can_be_asked(citation: Citation) -> bool:
    return citation.names_an_id or bool(_title_term(citation))


def _id_terms(citation: Citation) -> list[str]:
    doi = re.sub(r'["\[\]\s]+', " ", citation.doi).strip()
    return [*([f'"{doi}"[aid]'] if doi else []), *([f"{citation.pmcid}[pmcid]"] if citation.pmcid else [])]


def _title_term(citation: Citation) -> str:
    """The longest words of the title with first author and year; "" where that would be too little to go by."""
    longest = sorted({word for word in title_words(citation.title) if len(word) > 3}, key=lambda w: (-len(w), w))  # noqa: PLR2004
    family = words(citation.authors[0].partition(",")[0]) if citation.authors else []
    if len(longest) < 3 or not (family or citation.year):  # noqa: PLR2004 - three words, and somebody or some time
        return ""
    parts = [f"{word}[ti]" for word in longest[:_TITLE_WORDS]]
    parts += [f'"{" ".join(family)}"[au]'] if family else []
    parts += [f"{citation.year - 1}:{citation.year + 1}[dp]"] if citation.year else []
    return " AND ".join(parts)


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
