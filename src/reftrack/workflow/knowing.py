"""The papers that a saved query must find: does it, and if not, which of its blocks keeps each one out.

Held papers are judged here, by `matching`. What is not held, and what our reading misses (PubMed also knows narrower
headings), is asked of PubMed in one search. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .. import pubmed
from ..errors import EutilsError, QueryError, ReftrackError, UsageError
from ..library.reading import Reader
from ..matching import refuse_unknown_tags
from ..matching.blocks import Blocks, Failing
from ..matching.syntax import read as read_term
from ..model import Paper, Query
from .filing import read

if TYPE_CHECKING:
    from ..eutils import Eutils


@dataclass(frozen=True, slots=True)
class Known:
    """A paper that a query must find, and what became of it."""

    pmid: int
    title: str = ""
    ours: bool | None = None
    """Whether our own reading of the query finds its record; None where there is no record, or no reading."""
    theirs: bool | None = None
    """Whether PubMed finds it; None where it was not asked."""
    run: int | None = None
    """The run in which PubMed said so; None if it said so now."""
    failing: tuple[Failing, ...] = ()
    """The blocks that keep it out, as we read them."""
    problem: str = ""
    """Why it could not be judged or explained."""

    @property
    def found(self) -> bool | None:
        """PubMed's word counts, else ours; None if neither can be had."""
        return self.ours if self.theirs is None else self.theirs

    @property
    def differs(self) -> bool:
        """PubMed and we do not agree."""
        return None not in (self.ours, self.theirs) and self.ours != self.theirs


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of the papers that one query must find."""

    query: Query
    known: tuple[Known, ...]
    failure: ReftrackError | None = None
    """Why PubMed could not be asked."""

    @property
    def found(self) -> int:
        """How many are found."""
        return sum(one.found is True for one in self.known)

    @property
    def missed(self) -> tuple[Known, ...]:
        """Those that are not."""
        return tuple(one for one in self.known if one.found is False)

    @property
    def unjudged(self) -> tuple[Known, ...]:
        """Those of which it cannot be said."""
        return tuple(one for one in self.known if one.found is None)


def judge_known(query: Query, library: Reader | None, eutils: Eutils | None) -> Tested:
    """Judge the known papers of a query; without `eutils` PubMed is not asked, and its last word is used.

    Raises QueryError for a query that cannot be read: it would not be sent, either.
    """
    refuse_unknown_tags(query.term)
    read_term(query.term, judged=False)
    blocks, why = _blocks(query.term)
    papers = {paper.pmid: paper for paper in library.papers(query.known)} if library else {}
    known = {pmid: _ours(Known(pmid), papers.get(pmid), blocks, why) for pmid in query.known}
    failure: ReftrackError | None = None
    if library:
        _remember(query, library, known)
    doubtful = [pmid for pmid, one in known.items() if not one.ours]
    if eutils and doubtful:
        try:
            _ask(query, eutils, known, doubtful, blocks, why)
        except (EutilsError, UsageError) as error:
            failure = error
    return Tested(query, tuple(known.values()), failure)


def _blocks(term: str) -> tuple[Blocks | None, str]:
    try:
        return Blocks(term), ""
    except QueryError as error:
        return None, str(error)


def _ours(one: Known, paper: Paper | None, blocks: Blocks | None, why: str) -> Known:
    """What our own reading says of a record, if there is one."""
    if paper is None:
        return replace(one, problem=one.problem or "it is not held")
    if blocks is None:
        return replace(one, title=paper.title, problem=why)
    failing = blocks.failing(paper)
    return replace(one, title=paper.title, ours=not failing, failing=failing, problem="")


def _remember(query: Query, library: Reader, known: dict[int, Known]) -> None:
    """What PubMed said when the same term was last run to its end; only where our own reading does not find a paper."""
    last = library.last_complete(query.name, online=True)
    if last is None or last.term.split() != query.term.split():
        return
    members = library.members(query.name, online=True)
    for pmid, one in known.items():
        if not one.ours:
            known[pmid] = replace(one, theirs=pmid in members, run=last.run)


def _ask(
    query: Query, eutils: Eutils, known: dict[int, Known], pmids: list[int], blocks: Blocks | None, why: str
) -> None:
    """Ask PubMed which of these the query finds, and for the records of those that it misses and that are not held."""
    found = eutils.search(f"({query.term}) AND ({' OR '.join(f'{pmid}[uid]' for pmid in pmids)})")
    if not found.complete:
        raise EutilsError(f"PubMed counts {found.count} papers but listed {len(found.pmids)}; try again.")
    for pmid in pmids:
        known[pmid] = replace(known[pmid], theirs=pmid in found.pmids, run=None)
    unseen = [pmid for pmid in pmids if not known[pmid].theirs and not known[pmid].title]
    papers = {paper.pmid: paper for paper in fetch_papers(eutils, unseen)}
    for pmid in unseen:
        one = replace(known[pmid], problem="" if pmid in papers else "PubMed sends no record of it: is the PMID right?")
        known[pmid] = _ours(one, papers.get(pmid), blocks, why)


def fetch_papers(eutils: Eutils, pmids: list[int]) -> Iterable[Paper]:
    """The papers of these PMIDs, as PubMed sends them; what it does not send or cannot be read is left out."""
    if not pmids:
        return
    wanted = set(pmids)
    with closing(eutils.fetch(pmids)) as batches:
        for batch in batches:
            if batch.problem:
                raise EutilsError(batch.problem)
            for thing, _ in read(pubmed.cut([batch.body])):
                if isinstance(thing, Paper) and thing.pmid in wanted:
                    yield thing
