"""What happened to a paper since it is held: what each run said of it, and what PubMed changed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ..tag_changes import news
from .acted import what
from .screen import clean

if TYPE_CHECKING:
    from ..library.reading import Reader

_HAPPENED = {
    "new": "entered {query}",
    "late": "entered {query} late",
    "changed": "changed",
    "indexed": "indexed",
    "notice": "notice",
    "left": "left {query}",
    "deleted": "deleted",
    "missing": "did not come",
    "stored": "stored by a run of {query} that was not complete",
}
"""What a run said of a paper, in words; `retracted` is a notice."""
_RETAGGED = {"record": "tags changed with the record", "parser": "tags changed, the record is read better"}
_OCCASION = attrgetter("at", "cause")
_SPELLED_OUT = ("title", "journal", "doi")
"""Fields of which a reader wants the old value, however long."""


def lines(reader: Reader, pmid: int) -> Iterator[tuple[str, str]]:
    """(label, text) of what the runs said of the paper, oldest first; what several queries saw at once stands once."""
    was: dict[int, list[str]] = {}
    for change in reader.changes(pmid):
        if change.field in _SPELLED_OUT and change.before:
            was.setdefault(change.run, []).append(f"{change.field} was: {clean(' '.join(change.before))}")
    events = reader.history(pmid)
    gone = {event.run for event in events if event.bucket == "deleted"}  # then "did not come" says it twice
    told: set[str] = set()
    retagged = sorted([*_retagged(reader, pmid), *_by_hand(reader, pmid)])
    for event in events:
        while retagged and retagged[0][0] < event.at:
            yield "History", retagged.pop(0)[1]
        happened = _HAPPENED.get(event.bucket, "").format(query=event.query)
        line = f"{event.at[:10]}  {happened}{f': {clean(event.reason)}' if event.reason else ''}"
        if not happened or line in told or (event.bucket == "missing" and event.run in gone):
            continue
        told.add(line)
        yield "History", line
        if event.bucket in ("changed", "notice"):
            for text in was.pop(event.run, ()):
                yield "History", f"            {text}"
    yield from (("History", line) for _, line in retagged)


def _by_hand(reader: Reader, pmid: int) -> Iterator[tuple[str, str]]:
    """(when, line) of what people did."""
    for one in reversed(reader.acts(pmids=[pmid])):
        who = f"{clean(one.act.who)}: " if one.act.who else "by hand: "
        yield one.act.at, f"{clean(one.act.at)[:10]}  {who}{what(one.act, one.target)}"


def _retagged(reader: Reader, pmid: int) -> Iterator[tuple[str, str]]:
    """(when, line) of what became of the tags otherwise than by indexing, which the runs tell."""
    changes = sorted(reader.tag_changes(pmid), key=_OCCASION)
    for (at, cause), together in groupby(changes, key=_OCCASION):
        if cause != "indexing" and (sentence := news(together).sentence()):
            yield at, f"{at[:10]}  {_RETAGGED[cause]}: {sentence}"


def as_json(reader: Reader, pmid: int) -> dict[str, Any]:
    """The same for programs, with every field that changed."""
    events, changes, retagged = reader.history(pmid), reader.changes(pmid), reader.tag_changes(pmid)
    return {
        "history": [
            {"run": event.run, "query": event.query, "at": event.at, "bucket": event.bucket, "reason": event.reason}
            for event in events
        ],
        "changes": [
            {
                "run": change.run,
                "at": change.at,
                "field": change.field,
                "before": list(change.before),
                "after": list(change.after),
            }
            for change in changes
        ],
        "tag_changes": [
            {
                "run": one.run,
                "at": one.at,
                "tag": one.tag or None,
                "before": one.before,
                "after": one.after,
                "cause": one.cause,
                "because": one.because,
            }
            for one in retagged
        ],
    }
