"""What imports left without a paper is asked of PubMed: by PMID, else by DOI or PMCID, else by title.

PubMed's own search resolves the identifiers: DOIs by [aid] (EInfo calls it "Article Identifier"), PMCIDs by [pmcid]. A
paper that comes is stored only if it is what was asked for; what nobody finds stays as it is, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

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
    number = library.begin(IMPORTS, term="", source=SOURCE, version=version, server=eutils.server)
    completing = _Completing(number, entries, eutils, library, rules, watch)
    try:
        completing.go()
    except ReftrackError as error:
        completing.finish("partial" if completing.came else "failed", str(error))
        raise
    except KeyboardInterrupt:
        completing.finish("interrupted", "stopped by the user")
        raise
    return next(library.runs(run=number))


@dataclass(slots=True)
class _Completing:
    """One run under way."""

    run: int
    entries: Sequence[ImportedEntry]
    eutils: Eutils
    library: Library
    rules: RuleSet
    watch: Watch
    came: set[int] = field(default_factory=set)
    new: set[int] = field(default_factory=set)
    terms: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    named: set[int] = field(default_factory=set)
    """PMIDs that the entries themselves name."""
    not_had: dict[int, str] = field(default_factory=dict)
    requests_before: int = field(init=False)

    def __post_init__(self) -> None:
        self.requests_before = self.eutils.requests_sent

    def go(self) -> None:
        self.watch(IMPORTS, 0, 0)
        held = set(self.library.held_pmids())
        self.named = {entry.citation.pmid for entry in self.entries if entry.citation.pmid} - held
        searched = self._search() - held
        wanted = sorted(self.named | searched)
        with self.library.transaction():
            self.library.found(self.run, count=len(self.entries), translation="", warnings=self.warnings, ids=wanted)
        self._fetch(wanted)
        self._settle(wanted)

    def _search(self) -> set[int]:
        """The PMIDs that PubMed finds for everything that names none."""
        without = [entry.citation for entry in self.entries if not entry.citation.pmid]
        ids = [term for citation in without for term in _id_terms(citation)]
        terms = [" OR ".join(ids[start : start + IDS_AT_ONCE]) for start in range(0, len(ids), IDS_AT_ONCE)]
        terms += [_title_term(citation) for citation in without if not citation.names_an_id]
        found: set[int] = set()
        for term in dict.fromkeys(terms):
            self.terms.append(term)
            try:
                hits = self.eutils.search(term, limit=max(_TOO_MANY, 2 * IDS_AT_ONCE))
            except QueryError as error:  # one title with words that PubMed refuses must not stop the others
                self.warnings.append(f"PubMed did not take {term!r}: {error}")
                continue
            if hits.count <= (_TOO_MANY if "[ti]" in term else 2 * IDS_AT_ONCE):
                found.update(hits.pmids)
            self.watch(IMPORTS, 0, 0)
        return found

    def _fetch(self, pmids: Sequence[int]) -> None:
        if not pmids:
            return
        self.watch(IMPORTS, 0, len(pmids))
        with closing(self.eutils.fetch(pmids)) as batches:
            for batch in batches:
                if batch.problem:
                    self.not_had |= dict.fromkeys(batch.asked, batch.problem)
                else:
                    self._store(batch)
                self.watch(IMPORTS, len(self.came), len(pmids))

    def _store(self, batch: Batch) -> None:
        asked = set(batch.asked)
        papers: list[tuple[Paper, bytes]] = []
        for thing, xml in read(pubmed.cut([batch.body])):
            if isinstance(thing, Unreadable):
                self.warnings.append(thing.sentence)
                if thing.pmid in asked:
                    self.not_had[thing.pmid] = thing.reason
            elif isinstance(thing, Paper) and thing.pmid in asked and self._is_wanted(thing):
                papers.append((thing, xml))
        pmids = sorted({paper.pmid for paper, _ in papers})
        with self.library.transaction():
            filed = file_papers(self.library, self.rules, papers, source=SOURCE, run=self.run)
            self.library.hit(self.run, IMPORTS, pmids)
            self.library.confirm(pmids, at=self.library.started(self.run))
            self.library.drop_unread(pmids)
        self.new.update(filed.new)
        self.came.update(pmids)

    def _is_wanted(self, paper: Paper) -> bool:
        """Whether an entry names the paper, or is it: a search by title may find others."""
        if paper.pmid in self.named:
            return True
        return any(is_the_paper(entry.citation, paper).pmid for entry in self.entries if not entry.citation.pmid)

    def _settle(self, wanted: Sequence[int]) -> None:
        """Match every entry again, and say what PubMed did not know and what it owes."""
        silent = sorted(self.named - self.came - self.not_had.keys())
        tried = {entry.citation.pmid for entry in self.entries if entry.tried}
        owed = self.not_had | {pmid: _NOT_SENT for pmid in silent if pmid not in tried}
        with self.library.transaction():
            for entry in self.entries:
                match = identify(entry.citation, self.library)
                if match.pmid is None and not match.doubt:
                    match = Match(doubt=_unknown(entry.citation, self.not_had))
                self.library.match_entry(entry, match)
            self.library.tried(entry for entry in self.entries if entry.citation.pmid not in self.not_had)
            self.library.note(self.run, "missing", owed)
            if not owed:
                self.library.note(self.run, "new", self.new)
                self.library.told_joined(self.run, IMPORTS, self.library.joined(IMPORTS))
            self.library.found(
                self.run,
                count=len(self.entries),
                translation="",
                warnings=list(dict.fromkeys(self.warnings)),
                ids=wanted,
            )
        said = f"{len(owed)} of the papers asked for did not come ({next(iter(owed.values()))})" if owed else ""
        self.finish("partial" if owed else "complete", said)

    def finish(self, status: str, problem: str = "") -> None:
        """Close the line of the ledger."""
        requests = self.eutils.requests_sent - self.requests_before
        with self.library.transaction():
            self.library.progress(self.run, received=len(self.came), asked=len(self.named), requests=requests)
            self.library.finish(self.run, status=status, received=len(self.came), requests=requests, problem=problem)


_NOT_SENT = "PubMed has no record of it"


def _unknown(citation: Citation, not_had: dict[int, str]) -> str:
    if citation.pmid in not_had:
        return f"PubMed could not send PMID {citation.pmid}: {not_had[citation.pmid]}"
    if citation.pmid:
        return f"PubMed has no record of PMID {citation.pmid}"
    named = " and ".join(filter(None, (citation.doi and f"DOI {citation.doi}", citation.pmcid)))
    return f"PubMed finds no paper with {named or 'its title'}"


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
