"""What a change of a held record, as by its indexing, did to the paper's tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

TagStanding = Literal["", "tagged", "primary"]
"""How the rules hold a tag of a paper: not at all, as one of its tags, or as what it is filed under."""
Cause = Literal["indexing", "record", "parser"]
"""Of a tag change: NLM's headings and publication types, other words of the record, or our better reading of it."""


class TagChange(Struct, frozen=True, gc=False):
    """What a change of a held record did to one of its tags, as the rules give them."""

    run: int
    """The run that brought the change; 0 if none did."""
    at: str
    """When it was stored; ISO 8601, UTC."""
    pmid: int
    tag: str
    """"" for the paper itself: NLM indexed it."""
    before: str
    """A TagStanding; of the paper itself an Indexing."""
    after: str
    """The same as before where a mark of the indexers now confirms what rested on the text alone."""
    cause: Cause
    because: str = ""
    """The marks that speak for the tag now: "publication type Randomized Controlled Trial"."""


class TagNews(Struct, frozen=True):
    """What all changes of a paper's record together did to its tags, since some moment."""

    indexed: bool = False
    """NLM indexed the paper meanwhile."""
    study: tuple[str, str] = ("", "")
    """The primary study type before and after, where it changed."""
    study_because: str = ""
    """The marks that speak for the study type after."""
    gained: tuple[TagChange, ...] = ()
    """Tags beyond the study type, as those of `lost` and `confirmed`: the newest change of each."""
    lost: tuple[TagChange, ...] = ()
    confirmed: tuple[TagChange, ...] = ()
    """Held before on the text alone, and now also by a mark of the indexers; the primary study type first."""

    @property
    def changed(self) -> bool:
        """Whether any tag is another."""
        return bool(self.gained or self.lost or self.study[0] != self.study[1])

    def sentence(self) -> str:
        """`study type cohort → rct; +mortality, -mood; confirmed: stroke`; "" if there is nothing to say."""
        parts = []
        if self.study[0] != self.study[1]:
            parts.append(f"study type {' → '.join(slug or 'none' for slug in self.study)}")
        moved = [f"+{one.tag}" for one in self.gained] + [f"-{one.tag}" for one in self.lost]
        parts += [", ".join(moved)] * bool(moved)
        if self.confirmed:
            names = [one.tag for one in self.confirmed]
            listed = len(names) <= FEW
            parts.append(f"confirmed: {', '.join(names)}" if listed else f"{len(names)} tags confirmed")
        return "; ".join(parts)


FEW = 3
"""Confirmed tags that a sentence names."""


def news(changes: Iterable[TagChange], *, cause: Cause | None = None) -> TagNews:
    """The changes of one paper, oldest first, as one: from what its tags were to what they are.

    With `cause` only tags whose newest change has it.
    """
    first: dict[str, TagChange] = {}
    last: dict[str, TagChange] = {}
    for change in changes:
        first.setdefault(change.tag, change)
        last[change.tag] = change
    indexed = last.pop("", None) is not None
    wanted = {tag: change for tag, change in last.items() if cause in (None, change.cause)}
    before = {tag: first[tag].before for tag in wanted}
    study = (_primary(before), _primary({tag: change.after for tag, change in wanted.items()}))
    return TagNews(
        indexed=indexed,
        study=study,
        study_because=wanted[study[1]].because if study[1] else "",
        gained=tuple(one for tag, one in wanted.items() if one.after and not before[tag] and tag != study[1]),
        lost=tuple(one for tag, one in wanted.items() if before[tag] and not one.after and tag != study[0]),
        confirmed=tuple(
            sorted(
                (one for tag, one in wanted.items() if one.before == one.after == before[tag]),
                key=lambda one: one.after != "primary",
            )
        ),
    )


def _primary(standings: Mapping[str, str]) -> str:
    return next((tag for tag, held in standings.items() if held == "primary"), "")
