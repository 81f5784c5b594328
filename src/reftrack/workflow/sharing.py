"""Two logs become one: the acts of a folder's files go into the library, and the library's into the files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import logs
from ..hands import Act

if TYPE_CHECKING:
    from ..library.acts import Logged, Merged
    from ..library.writing import Library


@dataclass(frozen=True, slots=True)
class Shared:
    """What a `share` did."""

    merged: Merged
    changed: tuple[Path, ...]
    """Files that are new or other than they were."""
    acts: int
    """In the log now."""
    contradictions: tuple[tuple[Logged, Logged], ...]
    """Of the papers that were touched: on one tag, what counts and the newest word of somebody who said otherwise."""


def share(library: Library, folder: Path) -> Shared:
    """Take over what the folder's files hold, then write every act into them. In any order, often, with the same end.

    Raises UsageError before anything is changed if a file cannot be read.
    """
    theirs = logs.read(folder)
    with library.transaction():
        merged = library.merge_acts(theirs)
    touched = {act.pmid for act in merged.new}
    every = library.acts()
    changed = logs.write(folder, (one.act for one in every))
    return Shared(merged, tuple(changed), len(every), tuple(_contradictions(every, touched)))


def _contradictions(every: Iterable[Logged], pmids: set[int]) -> Iterable[tuple[Logged, Logged]]:
    """Newest first, so that the first word on a tag is the one that counts."""
    counts: dict[tuple[int, str], Logged] = {}
    heard: set[tuple[int, str, str]] = set()
    for one in every:
        act: Act = one.act
        if act.kind != "tag" or one.undone or act.pmid not in pmids:
            continue
        place = (act.pmid, act.tag)
        first = counts.setdefault(place, one)
        is_their_last = (*place, act.who) not in heard
        heard.add((*place, act.who))
        if is_their_last and first.act.who != act.who and first.act.verdict != act.verdict != "reset":
            yield first, one
