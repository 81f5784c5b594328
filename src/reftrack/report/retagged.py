"""What indexing and edits did to the tags of a digest's papers, and which decisions by hand that is against."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..model import HandTag
from ..tag_changes import TagChange, TagNews, news

Retold = Callable[[int], Mapping[int, Sequence[TagChange]]]
"""Hands out what became of tags in the records whose changes a run tells, by PMID, oldest first."""
Decided = Callable[[int], Sequence[HandTag]]
"""Hands out the decisions by hand on a paper."""


NOTHING = TagNews()


@dataclass(frozen=True, slots=True)
class Conflict:
    """A decision by hand that indexing speaks against."""

    decision: HandTag
    says: str
    """The study type that indexing gives in its place; "" where it gives what was removed or takes what was added."""


@dataclass(frozen=True, slots=True)
class Retagged:
    """What became of the tags of one paper."""

    by_indexing: TagNews = NOTHING
    by_record: TagNews = NOTHING
    against: tuple[Conflict, ...] = ()

    @property
    def kept(self) -> bool:
        """Indexing changed and confirmed nothing, and is against nothing."""
        return not (self.by_indexing.changed or self.by_indexing.confirmed or self.by_record.changed or self.against)

    @property
    def place(self) -> int:
        """The more a reader must know it, the lower: another study type, a conflict, other tags, confirmed ones."""
        told = self.by_indexing
        marks = (told.study[0] != told.study[1], bool(self.against), told.changed, bool(told.confirmed))
        return marks.index(True) if True in marks else len(marks)


UNTOUCHED = Retagged()


@dataclass(frozen=True, slots=True)
class Indexed:
    """What indexing did to how many papers; a paper counts under each that it did."""

    papers: int
    study: int
    """Are filed under another study type."""
    changed: int
    """Gained or lost other tags."""
    confirmed: int
    """Have tags that rested on the text alone and now also on a mark of the indexers."""
    kept: int
    """Kept their tags, and none is confirmed."""
    against: int
    """Have decisions by hand that indexing speaks against."""


def retagged(changes: Iterable[TagChange], decisions: Sequence[HandTag], studies: Container[str]) -> Retagged:
    """What these changes of one paper came to; several runs may tell the same one. `studies` are the study types."""
    once = sorted(dict.fromkeys(changes), key=lambda change: change.at)
    by_indexing = news(once, cause="indexing")
    against = tuple(_conflicts(by_indexing, decisions, studies)) if by_indexing.indexed else ()
    return Retagged(by_indexing, news(once, cause="record"), against)


def count(papers: Sequence[Retagged]) -> Indexed:
    """How many of the papers that were indexed are what."""
    told = [one.by_indexing for one in papers]
    return Indexed(
        papers=len(papers),
        study=sum(one.study[0] != one.study[1] for one in told),
        changed=sum(bool(one.gained or one.lost) for one in told),
        confirmed=sum(bool(one.confirmed) for one in told),
        kept=sum(one.kept for one in papers),
        against=sum(bool(one.against) for one in papers),
    )


def _conflicts(told: TagNews, decisions: Sequence[HandTag], studies: Container[str]) -> Iterable[Conflict]:
    changed = told.study[0] != told.study[1]
    confirmed = next((one.tag for one in told.confirmed if one.after == "primary"), "")
    primary = told.study[1] if changed else confirmed
    given = {one.tag for one in (*told.gained, *told.confirmed)} | {primary}
    taken = {one.tag for one in told.lost} | ({told.study[0]} if changed else set())
    for decision in decisions:
        if decision.verdict == "remove":
            if decision.slug in given:
                yield Conflict(decision, "")
        elif decision.slug in studies:
            if primary not in ("", decision.slug):
                yield Conflict(decision, primary)
        elif decision.slug in taken:
            yield Conflict(decision, "")
