"""What PubMed finds for a saved query, compared with what is held: which records must be asked for, and why.

Nothing is stored here, so `fetch --dry-run` says the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ..errors import QueryError
from ..library.reading import Reader
from ..matching import refuse_unknown_tags
from ..model import Query
from . import freshness

if TYPE_CHECKING:
    from ..eutils import Eutils, Found

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What PubMed finds, and what of it must be asked for."""

    found: Found
    held: frozenset[int]
    """Found and held as PubMed has it."""
    unseen: tuple[int, ...]
    """Found and not held; ascending, so that citation keys do not depend on the order in which PubMed lists."""
    again: frozenset[int] = frozenset()
    """Found and held, and changed, due for a look or never seen at PubMed."""
    gone: frozenset[int] = frozenset()
    """Found by the last complete run, and not any more."""
    strays: frozenset[int] = frozenset()
    """Held, not found by this query, and vouched for by no other for a long time: somebody must look after them."""
    vouched: frozenset[int] = frozenset()
    """Held, and unchanged by PubMed's own word."""
    since: str = ""
    """The day from which PubMed was asked what it changed."""
    warnings: tuple[str, ...] = ()

    @property
    def wanted(self) -> tuple[int, ...]:
        """Everything to ask for, the unseen first."""
        return (*self.unseen, *sorted(self.again | self.gone | self.strays))


def survey(query: Query, eutils: Eutils, library: Reader | None, *, limit: int, now: str, full: bool = False) -> Survey:
    """Ask PubMed what the query finds and what of that it changed; nothing is stored. Raises as `pull`."""
    found = search(query, eutils, limit)
    ids = frozenset(found.pmids)
    standings = library.standings() if library else {}
    members = library.members(query.name, online=True) if library else set()
    held = ids & standings.keys()
    unseen = tuple(sorted(ids - held))
    gone = frozenset(members - ids) if found.complete else frozenset()  # else it may only be missing from the list
    outside = (library.claimed() if library else set()) & standings.keys() - ids - gone
    others = {pmid: standings[pmid] for pmid in outside}
    if full:
        strays = frozenset(freshness.unvouched(others, now=now, after=ONE_DAY))
        return Survey(found=found, held=held, unseen=unseen, again=held, gone=gone, strays=strays)
    unconfirmed = {pmid for pmid in held if not standings[pmid].confirmed or standings[pmid].deleted}
    known = held - unconfirmed
    due = frozenset(freshness.due({pmid: standings[pmid] for pmid in known}, now=now))
    strays = frozenset(freshness.unvouched(others, now=now)[: freshness.MOST_AT_ONCE - len(due)])
    watched = known - due
    revised: frozenset[int] = frozenset()
    vouched = watched
    since, warnings = "", tuple(found.warnings)
    if watched:
        since = freshness.ask_from(standings[pmid].checked for pmid in watched)
        changed = _revised(query, eutils, since)
        revised = watched.intersection(changed.pmids)
        vouched = watched - revised
        if not changed.complete:  # then a record is only as good as when it was last seen
            vouched = frozenset()
            warnings += changed.warnings
            rest = {pmid: standings[pmid] for pmid in watched}
            revised |= frozenset(freshness.due(rest, now=now, finished_after=freshness.UNFINISHED_AFTER))
    return Survey(
        found=found,
        held=held,
        unseen=unseen,
        again=revised | unconfirmed | due,
        gone=gone,
        strays=strays,
        vouched=vouched,
        since=since,
        warnings=warnings,
    )


def search(query: Query, eutils: Eutils, limit: int) -> Found:
    """What PubMed finds for a query now. Raises QueryError for an unknown tag, and for more papers than `limit`."""
    try:
        refuse_unknown_tags(query.term)
    except QueryError as error:
        raise QueryError(f"{query.name}: {error} Nothing was sent.") from None
    found = eutils.search(query.term, limit)
    if found.count > limit:
        raise QueryError(
            f"The query {query.name} finds {found.count:,} papers, more than its limit of {limit:,}, so nothing was "
            f"fetched. PubMed understood: {found.translation or query.term}. Narrow the query, or allow more with "
            f"`max = {found.count}` in its file or --max {found.count}."
        )
    return found


def _revised(query: Query, eutils: Eutils, since: str) -> Found:
    """The papers of a query that PubMed changed since a day; marked incomplete if PubMed cannot say."""
    from ..eutils import Found

    try:
        return eutils.revised(query.term, since)
    except QueryError as error:
        return Found(0, (), "", (f"PubMed cannot say which papers it changed: {error}",), complete=False)
