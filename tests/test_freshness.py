"""Which held records must be asked for again, and from which day on PubMed is asked what it changed."""

import pytest

from reftrack.library.ledger import Standing
from reftrack.workflow import freshness

NOW = "2026-06-01T09:00:00Z"


def seen(day, *, status="MEDLINE", deleted="", checked=""):
    at = f"2026-{day}T09:00:00Z"
    return Standing(at, checked or at, deleted, status)


def test_changes_are_asked_for_from_a_week_before_the_earliest_check():
    """The oldest of what is known to be current decides, less the overlap."""
    assert freshness.ask_from(["2026-05-20T23:59:59Z", "2026-05-10T00:00:01Z"]) == "2026-05-03"


@pytest.mark.parametrize(
    ("standing", "is_due"),
    [
        (seen("05-26", status="Publisher"), False),
        (seen("05-25", status="Publisher"), True),
        (seen("05-25", status="In-Data-Review"), True),
        (seen("05-25"), False),
        (seen("03-04"), False),
        (seen("03-03"), True),
        (seen("03-03", status=""), True),
    ],
)
def test_how_long_a_look_is_good_for(standing, is_due):
    """A week for a record that NLM has not finished, a quarter for a finished one or a book."""
    assert freshness.due({1: standing}, now=NOW) == ([1] if is_due else [])


def test_the_longest_unseen_come_first_and_one_request_holds_them():
    """At most 200 of them, whatever their number."""
    standings = {pmid: seen(f"01-{1 + pmid % 28:02}") for pmid in range(1, 301)}
    chosen = freshness.due(standings, now=NOW)
    assert len(chosen) == freshness.MOST_AT_ONCE
    assert [standings[pmid].confirmed for pmid in chosen] == sorted(standings[pmid].confirmed for pmid in chosen)
    assert max(standings[pmid].confirmed for pmid in chosen) <= min(
        standings[pmid].confirmed for pmid in standings.keys() - set(chosen)
    )


def test_what_no_search_vouches_for_is_seen_after_a_month_and_what_is_deleted_after_a_quarter():
    """It is the last check that counts, not the last record that came."""
    standings = {
        1: seen("01-01", checked="2026-05-03T09:00:00Z"),
        2: seen("01-01", checked="2026-05-02T09:00:00Z"),
        3: seen("01-01", checked="2026-05-02T09:00:00Z", deleted="2026-05-02T09:00:00Z"),
        4: seen("01-01", checked="2026-03-03T09:00:00Z", deleted="2026-03-03T09:00:00Z"),
        5: Standing("", "", "", "MEDLINE"),
    }
    assert freshness.unvouched(standings, now=NOW) == [5, 4, 2]
