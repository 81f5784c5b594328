"""How well held records are known to be what PubMed has, and which must be looked at again.

Three nets, each for what slips through the one before (decision 0011):

1. The change search: PubMed is asked which papers of the query it modified since the day up to which they are known
   to be current, less OVERLAP.
2. The rolling look: a record that PubMed has not finished is fetched again after a week, a finished one after a
   quarter, so a change that no search tells of is found all the same. A held paper that no search vouches for (it
   left its query, came from a file, or its saved query is gone) is fetched again after a month.
3. `--full`: everything is fetched again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from ..library.ledger import Standing

OVERLAP = timedelta(days=7)
"""PubMed's days are those of its own time zone, a change shows in the search some days after its date, and the date
has no hour. Asking for a week twice costs the records of that week; a gap would cost a retraction."""
UNFINISHED_AFTER = timedelta(days=7)
FINISHED_AFTER = timedelta(days=90)
UNVOUCHED_AFTER = timedelta(days=30)
DELETED_AFTER = timedelta(days=90)
MOST_AT_ONCE = 200
"""Records looked at again in one run because they are due: one request's worth."""

FINISHED = frozenset({"MEDLINE", "PubMed-not-MEDLINE", "OLDMEDLINE", "Completed", ""})
"""MedlineCitation/@Status of records that NLM is done with (https://www.nlm.nih.gov/bsd/mms/medlineelements.html#stat);
books have none."""


def ask_from(checked: Iterable[str]) -> str:
    """The day (ISO) from which PubMed must be asked what changed, so that nothing these times leave open is missed."""
    return (_moment(min(checked)) - OVERLAP).date().isoformat()


def due(standings: Mapping[int, Standing], *, now: str, finished_after: timedelta = FINISHED_AFTER) -> list[int]:
    """Papers that a search vouches for and whose record must be seen all the same, the longest unseen first.

    MOST_AT_ONCE at most.
    """
    seen = (
        (standing.confirmed, pmid, finished_after if standing.status in FINISHED else UNFINISHED_AFTER)
        for pmid, standing in standings.items()
    )
    return _waiting(seen, now)[:MOST_AT_ONCE]


def unvouched(standings: Mapping[int, Standing], *, now: str, after: timedelta = UNVOUCHED_AFTER) -> list[int]:
    """Papers that no search has vouched for lately, the longest unseen first."""
    seen = (
        (standing.checked, pmid, DELETED_AFTER if standing.deleted else after) for pmid, standing in standings.items()
    )
    return _waiting(seen, now)


def _waiting(seen: Iterable[tuple[str, int, timedelta]], now: str) -> list[int]:
    """Of (when last seen, PMID, for how long that is good enough) those of which it is not, longest unseen first."""
    this_moment = _moment(now)
    return [pmid for last, pmid, patience in sorted(seen) if this_moment - _moment(last) >= patience]


def _moment(text: str) -> datetime:
    """An ISO time of the library; "" is the beginning of time."""
    return datetime.fromisoformat(text) if text else datetime(1970, 1, 1, tzinfo=UTC)
