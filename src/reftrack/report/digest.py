"""Lines of the ledger become a digest: what changed, each paper once in each section, worst news first."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..model import Bucket, HeldPaper, Paper, Run
from .retagged import UNTOUCHED, Decided, Indexed, Retagged, Retold, count, retagged

Held = Callable[[Sequence[int]], Iterable[HeldPaper]]
"""Hands out held papers by PMID; one that is not held is passed over."""

ORDER: tuple[Bucket, ...] = ("retracted", "notice", "new", "late", "indexed", "changed", "left", "deleted", "stored")
"""The sections, in the order of what a reader needs first. What is `missing` is among the problems."""

NEWS = frozenset(ORDER) - {"stored"}
"""What counts as news; what is stored by a run that broke off is told as new by the next complete one."""

_NOTICES = ("retraction", "concern", "erratum", "update", "republished", "comment")
"""Kinds of notice, the gravest first, as the reasons begin with them (model.NOTICE_TYPES)."""

ProblemKind = Literal["failed", "partial", "interrupted", "running", "missing", "warning"]


@dataclass(frozen=True, slots=True)
class Card:
    """What a digest shows of a paper; far smaller than the paper, so that thousands fit in memory."""

    key: str
    title: str
    author: str
    """The first one, with "et al." if there are others."""
    journal: str
    year: int | None
    study: str
    tags: tuple[str, ...]
    """All but the study type the paper is filed under."""
    marks: tuple[str, ...]
    """What a reader must know before using the paper: retracted, concern, deleted."""


@dataclass(frozen=True, slots=True)
class Item:
    """One paper in one section."""

    pmid: int
    reason: str
    queries: tuple[str, ...]
    """The queries whose runs say so."""
    runs: tuple[int, ...]
    """Ascending."""
    at: str
    """When the newest of these runs started; ISO 8601, UTC."""
    card: Card | None
    """None if the paper is not held."""
    noticed_since: bool = False
    """Another section tells a notice on the paper that came after this."""
    tags: Retagged = UNTOUCHED
    """What became of its tags; told where the paper is told as indexed or changed."""
    record: str = ""
    """What PubMed changed, of a paper that is told as indexed."""


@dataclass(frozen=True, slots=True)
class Section:
    """What one bucket holds: at most as many items as were asked for, of `total`."""

    bucket: Bucket
    total: int
    items: tuple[Item, ...]
    indexed: Indexed | None = None
    """Of the papers that were indexed, all of them, how many are what."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that fell short, or that a run warned of."""

    kind: ProblemKind
    runs: tuple[int, ...]
    queries: tuple[str, ...]
    text: str
    at: str
    """When the newest of these runs started."""
    missing: tuple[tuple[int, str], ...] = ()
    """Papers that were asked for and did not come: (PMID, why)."""
    mended_by: int = 0
    """A later complete run of the query: the ledger's newest, 0 if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What changed in the library in some runs."""

    period: str
    """For a sentence: "since 2026-11-18 (run 5)", "in run 5 (2026-11-18)"."""
    asked: str
    """What was asked for: "last", "2w", "2026-01-31", "5", or "run 5"."""
    since: str
    """From when on, ISO 8601, UTC; "" if there is no run."""
    runs: tuple[Run, ...] = ()
    """Ascending."""
    sections: tuple[Section, ...] = ()
    """Those that hold something, in the order of `ORDER`."""
    problems: tuple[Problem, ...] = ()
    held_of_found: int = 0
    """Held papers that the newest runs of the queries found, each counted once."""
    chosen: bool = False
    """Only some papers were asked for, by tag, year..."""
    version: str = ""
    library: str = ""
    """Tells one library's feed from another's; changes never."""

    @property
    def news(self) -> bool:
        """Whether any paper is to be told."""
        return any(section.bucket in NEWS for section in self.sections)

    @property
    def retraction(self) -> bool:
        """Whether a paper that was held before was retracted."""
        return any(section.bucket == "retracted" for section in self.sections)

    @property
    def fell_short(self) -> tuple[Problem, ...]:
        """The problems that are more than a warning: "nothing new" would then be a lie."""
        return tuple(problem for problem in self.problems if problem.kind != "warning")

    @property
    def looks(self) -> tuple[Run, ...]:
        """Of each query the newest run that looked to the end."""
        return newest_looks(self.runs)

    @property
    def lost(self) -> int:
        """Papers that these runs found and that are not held."""
        return sum(max(run.count - run.received, 0) for run in self.looks)

    @property
    def as_of(self) -> str:
        """When the newest run ended, or started if it has not; "" if there is no run."""
        return max((run.finished or run.started for run in self.runs), default="")


ASKED = "pubmed"
"""The source of a run that asked PubMed itself; others read files."""


def newest_looks(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Of each query the newest of these runs that looked to the end, at PubMed if one did; `runs` are ascending."""
    newest: dict[str, Run] = {}
    for run in runs:
        asked_before = run.query in newest and newest[run.query].source == ASKED
        if run.status in ("complete", "partial") and (run.source == ASKED or not asked_before):
            newest[run.query] = run
    return tuple(newest.values())


def compose(
    runs: Iterable[Run],
    *,
    held: Held,
    wanted: Sequence[int],
    chosen: bool = False,
    completed: Mapping[str, int] | None = None,
    most: int | None = None,
    newest_first: bool = False,
    period: str = "",
    asked: str = "",
    since: str = "",
    held_of_found: int = 0,
    version: str = "",
    library: str = "",
    retold: Retold = lambda _: {},
    decided: Decided = lambda _: (),
    studies: Container[str] = (),
) -> Digest:
    """The digest of these lines of the ledger.

    `wanted` gives the order within a section; with `chosen` it also says which papers may stand there at all. Only
    papers that are shown are asked of `held`: at most `most` a section, and of those that were indexed only such as
    have news of their tags. `completed` is the newest complete run of each query, in the whole ledger. `studies` are
    the tags that are study types.
    """
    lines = sorted(runs, key=lambda run: run.run)
    position = {pmid: place for place, pmid in enumerate(wanted)}
    told = _told(lines)
    _say_once(told)
    for bucket in ("indexed", "changed"):
        _tell_tags(told[bucket], retold, decided, studies)
    shown: dict[Bucket, list[_Told]] = {}
    totals: dict[Bucket, int] = {}
    indexed = count(())
    for bucket in ORDER:
        entries = [entry for pmid, entry in told[bucket].items() if not chosen or pmid in position]
        entries.sort(key=lambda entry: position.get(entry.pmid, len(position)))
        if bucket == "notice":
            entries.sort(key=lambda entry: _gravity(entry.reasons))
        if newest_first:
            entries.sort(key=lambda entry: -entry.runs[-1])
        totals[bucket] = len(entries)
        if bucket == "indexed":
            indexed = count([entry.tags for entry in entries])
            entries.sort(key=lambda entry: 0 if newest_first else entry.tags.place)
            entries = [entry for entry in entries if most is None or not entry.tags.kept]
        shown[bucket] = entries[:most]
    cards = _cards(shown.values(), held)
    noticed = told["retracted"].keys() | told["notice"].keys()
    return Digest(
        period=period,
        asked=asked,
        since=since,
        runs=tuple(lines),
        sections=tuple(
            Section(
                bucket,
                totals[bucket],
                tuple(entry.item(bucket, cards, noticed) for entry in shown[bucket]),
                indexed if bucket == "indexed" else None,
            )
            for bucket in ORDER
            if totals[bucket]
        ),
        problems=tuple(_problems(lines, completed or {})),
        held_of_found=held_of_found,
        chosen=chosen,
        version=version,
        library=library,
    )


@dataclass(slots=True)
class _Told:
    """What all the runs together say of one paper in one bucket."""

    pmid: int
    at: str = ""
    runs: list[int] = field(default_factory=list)
    queries: dict[str, None] = field(default_factory=dict)
    reasons: dict[str, dict[str, None]] = field(default_factory=dict)
    """Reason -> the queries whose runs give it, both in the order in which they were told."""
    tags: Retagged = UNTOUCHED
    record: str = ""

    def add(self, run: Run, reason: str) -> None:
        """One run's word."""
        self.at = run.started
        self.runs.append(run.run)
        self.queries[run.query] = None
        if reason:
            self.reasons.setdefault(reason, {})[run.query] = None

    def item(self, bucket: Bucket, cards: Mapping[int, Card], noticed: Container[int]) -> Item:
        """For the section of this bucket; `noticed` are the papers that the sections of notices hold."""
        reason = _reason(self.reasons, by_query=bucket in ("late", "left"))
        card = cards.get(self.pmid)
        since = self.pmid in noticed
        return Item(
            self.pmid,
            reason,
            tuple(self.queries),
            tuple(self.runs),
            self.at,
            card,
            noticed_since=since,
            tags=self.tags,
            record=self.record,
        )


def _told(lines: Sequence[Run]) -> dict[Bucket, dict[int, _Told]]:
    told: dict[Bucket, dict[int, _Told]] = {bucket: {} for bucket in ORDER}
    for run in lines:
        reasons = {(event.bucket, event.pmid): event.reason for event in run.details}
        for bucket in ORDER:
            for pmid in getattr(run, bucket):
                entry = told[bucket].setdefault(pmid, _Told(pmid))
                entry.add(run, reasons.get((bucket, pmid), ""))
    return told


def _say_once(told: dict[Bucket, dict[int, _Told]]) -> None:
    """What a graver or a fuller section says is not said again in another."""
    for pmid, entry in told["retracted"].items():
        gained = told["notice"].pop(pmid, None)
        for reason, queries in gained.reasons.items() if gained else ():
            entry.reasons.setdefault(reason, {}).update(queries)
    for pmid in told["new"]:
        told["changed"].pop(pmid, None)
        told["indexed"].pop(pmid, None)
    for pmid, entry in told["indexed"].items():
        changed = told["changed"].pop(pmid, None)
        entry.record = _reason(changed.reasons, by_query=False) if changed else ""
    for pmid in [*told["new"], *told["late"]]:
        told["stored"].pop(pmid, None)


def _tell_tags(told: Mapping[int, _Told], retold: Retold, decided: Decided, studies: Container[str]) -> None:
    """What became of the tags of these papers, as all runs that tell them have it together."""
    runs = sorted({run for entry in told.values() for run in entry.runs})
    changes = {run: retold(run) for run in runs}
    for pmid, entry in told.items():
        theirs = [change for run in entry.runs for change in changes[run].get(pmid, ())]
        if theirs:
            entry.tags = retagged(theirs, decided(pmid), studies)


def _reason(reasons: Mapping[str, Mapping[str, None]], *, by_query: bool) -> str:
    """All reasons as one text; where several queries have their own, each is named."""
    if by_query and len(reasons) > 1:
        return "; ".join(f"{', '.join(queries)}: {reason}" for reason, queries in reasons.items())
    parts = dict.fromkeys(part for reason in reasons for part in reason.split("; "))
    return "; ".join(parts)


def _gravity(reasons: Iterable[str]) -> int:
    kinds = [part.partition(":")[0].strip() for reason in reasons for part in reason.split("; ")]
    return min((_NOTICES.index(kind) for kind in kinds if kind in _NOTICES), default=len(_NOTICES))


def _cards(shown: Iterable[Sequence[_Told]], held: Held) -> dict[int, Card]:
    pmids = dict.fromkeys(entry.pmid for entries in shown for entry in entries)
    return {paper.paper.pmid: card(paper) for paper in held(list(pmids))}


def card(held: HeldPaper) -> Card:
    """What a digest shows of a held paper."""
    paper = held.paper
    return Card(
        key=held.key,
        title=paper.title,
        author=_first_author(paper),
        journal=paper.journal_abbreviation or paper.journal or (paper.book.title if paper.book else ""),
        year=paper.date.year,
        study=held.study,
        tags=tuple(tag.slug for tag in held.tags if not (tag.facet == "study" and tag.primary)),
        marks=tuple(_marks(held)),
    )


def _first_author(paper: Paper) -> str:
    names = paper.authors or paper.editors
    if not names:
        return ""
    alone = len(names) == 1 and paper.authors_complete
    return names[0].short if alone else f"{names[0].short} et al."


def _marks(held: HeldPaper) -> Iterator[str]:
    if held.paper.retracted:
        yield "retracted"
    if any(notice.type == "concern" for notice in held.paper.notices):
        yield "concern"
    if held.deleted:
        yield "deleted"


def _problems(lines: Sequence[Run], completed: Mapping[str, int]) -> Iterator[Problem]:
    """What fell short, newest first, then warnings, each once however many runs gave it."""
    warnings: dict[str, list[Run]] = {}
    for run in reversed(lines):
        why = {event.pmid: event.reason for event in run.details if event.bucket == "missing"}
        missing = tuple((pmid, why.get(pmid, "")) for pmid in run.missing if pmid not in run.deleted)
        kind: ProblemKind | None = run.status if run.status != "complete" else "missing" if missing else None
        if kind:
            newest = completed.get(run.query, 0)
            mended_by = newest if newest > run.run else 0
            yield Problem(kind, (run.run,), (run.query,), run.problem, run.started, missing, mended_by)
    for run in lines:
        for warning in run.warnings:
            warnings.setdefault(warning, []).append(run)
    for text, given in warnings.items():
        queries = tuple(dict.fromkeys(run.query for run in given))
        yield Problem("warning", tuple(run.run for run in given), queries, text, given[-1].started)
