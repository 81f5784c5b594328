"""What the pages of the site show: plain values, no HTML, no SQL. A link within the site is a path and parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..errors import UsageError

Params = tuple[tuple[str, str], ...]
"""Names and values of an address, in order; a name may come several times."""


class NotHeldError(UsageError):
    """A page of something that the library does not hold."""


class Piece(NamedTuple):
    """A part of a text, and why it is marked."""

    text: str
    marked: bool = False
    because: str = ""
    """What the marked words speak for; "" where the text round them says so."""


Marked = tuple[Piece, ...]
"""A text in pieces."""


class Link(NamedTuple):
    """A labelled place, outside the site if it has a scheme."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to narrow a list, or to widen it again."""

    label: str
    papers: int | None
    params: Params
    """Of the list that it leads to."""
    chosen: bool = False
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Facet:
    """The ways to narrow a list that exclude or add to each other."""

    name: str
    choices: tuple[Choice, ...]
    more: tuple[Choice, ...] = ()
    """Those that few papers meet, behind a fold."""


class Year(NamedTuple):
    """A bar of the years."""

    year: int
    papers: int
    params: Params


@dataclass(frozen=True, slots=True)
class Row:
    """A paper in a list."""

    pmid: int
    key: str
    title: Marked
    snippet: Marked
    """Where the words that were searched for stand."""
    authors: str
    source: str
    year: int | None
    study: str
    """Its label, "" of a paper without."""
    tags: tuple[str, ...]
    """Labels of what else it is about."""
    retracted: bool
    concern: bool
    deleted: bool
    new: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of papers."""

    heading: str
    total: int
    rows: tuple[Row, ...]
    first: int
    """The number of the first row, from 1."""
    command: str
    """What gives the same papers in a shell."""
    asked: Params
    """What the list was asked for, without the page."""
    chips: tuple[Choice, ...]
    """What it is narrowed by, each with the list without it."""
    facets: tuple[Facet, ...]
    years: tuple[Year, ...]
    sorts: tuple[Choice, ...]
    earlier: Params | None
    later: Params | None
    exports: tuple[str, ...] = ()
    """Commands that write the same papers into a file."""

    @property
    def given(self) -> dict[str, str]:
        """What it was asked for, by name; of a name that came several times the last."""
        return dict(self.asked)


class Cell(NamedTuple):
    """Where a row and a column of the map meet."""

    papers: int
    new: int
    retracted: int
    shade: int
    """0 none to 5 most."""
    told: str
    """The same in words."""
    params: Params


class MapRow(NamedTuple):
    """A row of the map on the first page."""

    label: str
    depth: int
    cells: tuple[Cell, ...]
    total: Cell


@dataclass(frozen=True, slots=True)
class Map:
    """The evidence map with links."""

    rows_name: str
    columns_name: str
    columns: tuple[str, ...]
    rows: tuple[MapRow, ...]
    totals: tuple[Cell, ...]
    total: Cell
    gaps: int
    """Cells without a paper."""


class Number(NamedTuple):
    """One of the numbers that a library is known by."""

    value: int
    label: str
    path: str
    params: Params = ()
    grave: bool = False


class Question(NamedTuple):
    """A question that people have, and where its answer stands."""

    title: str
    told: str
    path: str
    params: Params = ()
    papers: int | None = None


class Saved(NamedTuple):
    """A saved query and its newest complete run."""

    name: str
    title: str
    papers: int
    run: str
    """When and how its newest run ended, as a sentence."""
    params: Params


@dataclass(frozen=True, slots=True)
class Landing:
    """The first page."""

    numbers: tuple[Number, ...]
    newest: str
    """A sentence about the newest run."""
    map: Map
    years: tuple[Year, ...]
    questions: tuple[Question, ...]
    queries: tuple[Saved, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """What a reader must know of a paper, gravest first."""

    mark: str
    text: str
    grave: bool
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words of the paper that speak for a tag, or of its indexers."""

    where: str
    text: Marked
    weight: float
    rules: tuple[str, ...]
    """Which rules, as the rule files name them."""
    not_counted: str = ""
    """Why it does not count; "" it does."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A tag of a paper, and why it stands there or does not."""

    facet: str
    tag: str
    label: str
    standing: str
    """`tagged · primary · score 6, needs 3`."""
    stands: str
    """tagged, possible, removed: what counts."""
    by_hand: str
    """Who decided and why, as a sentence; "" nobody did."""
    confirmed: str
    """What the indexers set that speaks for it, or that it rests on the text alone."""
    sentences: tuple[Sentence, ...]
    params: Params
    """Of the list of papers with the same tag."""


class Report(NamedTuple):
    """A paper of the same trial."""

    pmid: int
    title: str
    year: int | None
    role: str
    retracted: bool
    this: bool
    why: str


@dataclass(frozen=True, slots=True)
class Trial:
    """The trial that a paper reports."""

    name: str
    acronym: str
    registry: str
    reports: tuple[Report, ...]
    address: str = ""
    """Its page in the registry, "" where none is known."""


class Said(NamedTuple):
    """A line under a label."""

    label: str
    text: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the abstract."""

    label: str
    text: Marked


@dataclass(frozen=True, slots=True)
class PaperPage:
    """A paper."""

    pmid: int
    key: str
    title: str
    original: str
    authors: str
    citation: str
    retracted: bool
    notices: tuple[Notice, ...]
    links: tuple[Link, ...]
    """To PubMed, the publisher, PMC."""
    chips: tuple[tuple[str, tuple[Choice, ...]], ...]
    """The tags that stand, by facet."""
    abstract: tuple[Section, ...]
    restated: bool
    copyright: str
    reasons: tuple[Reason, ...]
    possible: tuple[Reason, ...]
    """Tags for which something speaks, and not enough; and those that were taken away by hand."""
    trial: Trial | None
    readers: tuple[Said, ...]
    facts: tuple[Said, ...]
    history: tuple[Said, ...]
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trials:
    """The trials behind all papers, those with most reports first."""

    reports: int
    total: int
    first: int
    trials: tuple[Trial, ...]
    command: str
    earlier: Params | None
    later: Params | None


@dataclass(frozen=True, slots=True)
class Site:
    """Where the pages come from. Each is made anew when it is asked for, so that it shows what a fetch brought."""

    title: str
    version: str
    connect: Callable[[], Any]
    """A connection of sqlite3 for SQL of anybody, fenced (`library.fenced`)."""
    landing: Callable[[], Landing]
    papers: Callable[[Sequence[tuple[str, str]]], Listing]
    """Raises UsageError for what is not understood."""
    paper: Callable[[str], PaperPage]
    """By PMID or key. Raises NotHeldError."""
    trials: Callable[[Sequence[tuple[str, str]]], Trials]
    map_page: Callable[[Sequence[tuple[str, str]]], str]
    """A whole page of HTML."""
    questions: Callable[[], tuple[Question, ...]] = field(default=tuple)
