"""What an edit of a saved query gains and loses, before anything is fetched: its term beside an earlier one.

Online both terms are asked of PubMed as it is today, so that what was published since is not laid at the edit's door.
Offline both are judged over the held papers, and nothing is said of others. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .. import tagging
from ..errors import EutilsError, QueryError
from ..library.reading import Reader
from ..library.selecting import Selection
from ..matching.syntax import read
from ..matching.written import layout
from ..model import HeldPaper, Paper, Query
from .choosing import Chosen, choose
from .knowing import fetch_papers
from .surveying import search

if TYPE_CHECKING:
    from ..eutils import Eutils, Found

MOST_FETCHED = 50
"""So many papers that are not held are asked for, to have their titles."""


@dataclass(frozen=True, slots=True)
class Former:
    """The term that a query is compared with."""

    term: str
    name: str
    """What it is, as `run 12 of 2026-11-20`."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A paper that the edit gains or loses."""

    pmid: int
    title: str = ""
    """ "" where it is not held and was not asked for."""
    year: int | None = None
    study: str = ""
    key: str = ""
    """ "" where it is not held."""
    hand: tuple[str, ...] = ()
    """What people did with it, as `tag +stroke`, `decision include by ann`."""
    is_known: bool = False
    """The query's file says that it must be found."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two terms of one query, and what their difference does."""

    query: Query
    former: Former
    before: list[str]
    """The former term, one term a line."""
    after: list[str]
    gained: tuple[Moved, ...] = ()
    lost: tuple[Moved, ...] = ()
    """Those with work by hand or in `known` first."""
    both: int = 0
    """How many papers both terms find."""
    unjudged: int = 0
    """Offline: papers that PubMed found for this query and neither reading of the records does."""
    warnings: tuple[str, ...] = field(default=())
    """What PubMed or our own reading has to say of the new term."""

    @property
    def precious(self) -> tuple[Moved, ...]:
        """Lost papers that somebody worked on, or that must be found."""
        return tuple(paper for paper in self.lost if paper.hand or paper.is_known)


def same(one: str, other: str) -> bool:
    """Whether two terms differ in their layout at most."""
    return one.split() == other.split()


def lines(term: str) -> list[str]:
    """A term with one word or phrase a line; as it stands if it cannot be read."""
    try:
        return layout(read(term, judged=False).tree)
    except QueryError:
        return [line.rstrip() for line in term.strip().splitlines()]


def last_term(query: Query, library: Reader | None) -> Former | None:
    """The term of the newest complete run of a query; None if there is none."""
    last = library.last_complete(query.name) if library else None
    return Former(last.term, f"run {last.run} of {last.finished[:10]}") if last else None


def compare_online(
    query: Query, former: Former, library: Reader | None, eutils: Eutils, rules: tagging.RuleSet, *, limit: int
) -> Compared:
    """Ask PubMed for both terms. Raises as a search does, and EutilsError where PubMed did not list all it counts."""
    now = _listed(search(query, eutils, limit))
    then = _listed(search(Query(former.name, query.title, former.term), eutils, limit))
    new, old = set(now.pmids), set(then.pmids)
    gained, lost = new - old, old - new
    unheld = _look_up(sorted(gained | lost, reverse=True), query, library, eutils, rules)
    return Compared(
        query,
        former,
        lines(former.term),
        lines(query.term),
        gained=_moved(query, library, gained, unheld),
        lost=_moved(query, library, lost, unheld),
        both=len(new & old),
        warnings=now.warnings,
    )


def _look_up(
    pmids: Sequence[int], query: Query, library: Reader | None, eutils: Eutils, rules: tagging.RuleSet
) -> dict[int, Moved]:
    """Titles and study types of the newest of these papers that are not held; `known` ones before others."""
    held = set(library.held_pmids()) if library else set()
    wanted = sorted((pmid for pmid in pmids if pmid not in held), key=lambda pmid: pmid not in query.known)
    return {
        paper.pmid: Moved(
            paper.pmid, paper.title, paper.date.year, _study(paper, rules), is_known=paper.pmid in query.known
        )
        for paper in fetch_papers(eutils, wanted[:MOST_FETCHED])
    }


def _study(paper: Paper, rules: tagging.RuleSet) -> str:
    return next((tag.slug for tag in tagging.tag(paper, rules) if tag.facet == "study" and tag.primary), "")


def _listed(found: Found) -> Found:
    if not found.complete:
        raise EutilsError(
            f"PubMed counts {found.count} papers but listed {len(found.pmids)}, so nothing can be compared; try again."
        )
    return found


def compare_held(query: Query, former: Former, library: Reader | None) -> Compared:
    """Judge both terms over the held papers. Raises QueryError for one that cannot be judged from records."""
    now, then = (
        choose(library, Selection(match=term)) if library else Chosen([]) for term in (query.term, former.term)
    )
    new, old = set(now.pmids), set(then.pmids)
    gained, lost, both = new - old, old - new, new & old
    members = library.members(query.name, online=True) if library else set()
    unjudged = members - gained - lost - both
    return Compared(
        query,
        former,
        lines(former.term),
        lines(query.term),
        gained=_moved(query, library, gained, {}),
        lost=_moved(query, library, lost, {}),
        both=len(both),
        unjudged=len(unjudged),
        warnings=now.warnings,
    )


def _moved(query: Query, library: Reader | None, pmids: Collection[int], unheld: dict[int, Moved]) -> tuple[Moved, ...]:
    """The papers, those that somebody worked on first, then the newest."""
    held = {one.paper.pmid: one for one in library.held(sorted(pmids))} if library else {}
    hand = hand_work(library, held) if library else {}
    known = set(query.known)
    moved = [
        _held(held[pmid], hand.get(pmid, ()), is_known=pmid in known)
        if pmid in held
        else unheld.get(pmid, Moved(pmid, is_known=pmid in known))
        for pmid in sorted(pmids, reverse=True)
    ]
    return tuple(sorted(moved, key=lambda one: (not one.hand, not one.is_known, not one.title)))


def _held(one: HeldPaper, hand: tuple[str, ...], *, is_known: bool) -> Moved:
    paper = one.paper
    return Moved(paper.pmid, paper.title, paper.date.year, one.study, one.key, hand, is_known)


def hand_work(library: Reader, held: dict[int, HeldPaper]) -> dict[int, tuple[str, ...]]:
    """What people did with these papers, in a few words each; those with whom nobody did anything are not in it."""
    done: dict[int, list[str]] = {}
    for tag in library.hand_tags():
        if tag.pmid in held:
            sign = "+" if tag.verdict == "add" else "-"
            done.setdefault(tag.pmid, []).append(f"tag {sign}{tag.slug}")
    for pmid, one in held.items():
        words = [f"{d.verdict}{f' by {d.who}' if d.who else ''}" for d in one.decisions]
        words += [f"label {label}" for label in one.labels]
        words += ["a note"] if one.note else []
        if words:
            done.setdefault(pmid, []).extend(words)
    for pmid, key in library.chosen_keys(sorted(held)).items():
        done.setdefault(pmid, []).append(f"key {key}")
    return {pmid: tuple(dict.fromkeys(words)) for pmid, words in done.items()}
