"""The PRISMA 2020 flow of records in numbers, as text and as JSON; `prisma_chart` draws it.

The boxes are those of the flow diagram for updated systematic reviews which included searches of databases, registers
and other sources (Page et al., BMJ 2021;372:n71, CC BY 4.0, https://www.prisma-statement.org). A box that nothing in a
library tells is a blank with its label, never 0. What must add up is said by `Flow.sums`, and tested.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

BLANK: Final = "______"
"""Where a number stands that people must fill in."""
SOURCE: Final = "PRISMA 2020 (Page et al. BMJ 2021;372:n71, CC BY 4.0)"
_MOST_REASONS = 6
"""Reasons that a box names; the rest are counted together."""


class Part(NamedTuple):
    """A line of a box."""

    label: str
    number: int | None
    """None is a blank."""


class Traced(NamedTuple):
    """A number and the command that shows what it counts."""

    label: str
    number: int
    command: str


@dataclass(frozen=True, slots=True)
class Column:
    """The way of the records that came from databases, or from elsewhere."""

    identified: tuple[Part, ...]
    """By source: every record as often as it was found."""
    duplicates: int
    """Found more than once, by several queries or sources."""
    before: int
    """Found again although held since before the previous version; 0 without one."""
    not_held: int
    """Found, and not to be had or read."""
    unmatched: int
    """Entries of files of which no paper is known."""
    included: int
    excluded: int
    maybe: int
    differ: int
    """Readers differ, and no consensus settles it."""
    waiting: int
    """Not yet screened."""
    reasons: tuple[Part, ...] = ()
    """Why records were excluded; each record once."""

    @property
    def found(self) -> int:
        """All that was identified."""
        return sum(part.number or 0 for part in self.identified)

    @property
    def removed(self) -> int:
        """Before screening."""
        return self.duplicates + self.before + self.not_held + self.unmatched

    @property
    def screened(self) -> int:
        """Those on which at least one reader decided."""
        return self.included + self.excluded + self.maybe + self.differ

    @property
    def records(self) -> int:
        """What is left to be screened, or is."""
        return self.screened + self.waiting


class Counted(NamedTuple):
    """Included reports, and the studies behind them."""

    studies: int
    reports: int


@dataclass(frozen=True, slots=True)
class Flow:
    """The numbers of a flow diagram."""

    databases: Column
    other: Column
    since: str
    """Since when records are new; "" if there is no previous version."""
    previous: Counted | None
    """Included as of then; None if there is no previous version."""
    joined: int
    """Reports of before that were included since."""
    dropped: int
    """Reports of before that are not included any more."""
    carried: Counted
    """Included now, of those that were held before."""
    new: Counted
    """Studies that no report of before is of."""
    total: Counted
    trials: int
    """Of all included studies those that are trials with a name or a number of their own; the others are papers."""
    traced: tuple[Traced, ...] = ()
    problems: tuple[str, ...] = ()
    """Runs that failed or did not do all of their work."""
    remarks: tuple[str, ...] = ()
    """What else a reader must know, as of records that are gone."""
    as_of: str = ""
    """When the newest run ended (UTC)."""
    version: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """Problems and remarks."""
        return (*self.problems, *self.remarks)

    def sums(self) -> dict[str, bool]:
        """What must add up → whether it does."""
        held = {
            f"{name}: identified less removed is what was or will be screened": column.found - column.removed
            == column.records
            for name, column in (("databases", self.databases), ("other sources", self.other))
        }
        held |= {
            f"{name}: reasons are those of all excluded": sum(part.number or 0 for part in column.reasons)
            == column.excluded
            for name, column in (("databases", self.databases), ("other sources", self.other))
        }
        included = self.databases.included + self.other.included
        earlier = self.previous.reports if self.previous else 0
        return held | {
            "new reports are those included in both columns": self.new.reports == included,
            "all reports are those of before and the new ones": self.total.reports
            == self.carried.reports + self.new.reports,
            "all studies are those of before and the new ones": self.total.studies
            == self.carried.studies + self.new.studies,
            "reports of before changed by those that joined and dropped out": self.carried.reports
            == earlier + self.joined - self.dropped,
        }


class Box(NamedTuple):
    """A box of the diagram."""

    place: str
    lines: tuple[str, ...]


def number(value: int | None) -> str:
    """A number as boxes have it, or the blank for it."""
    return f"(n = {BLANK})" if value is None else f"(n = {value:,})"


def boxes(flow: Flow) -> list[Box]:
    """All boxes with their lines, from top to bottom and from left to right."""
    found = [Box("previous", _previous(flow))]
    for name, column in (("databases", flow.databases), ("other", flow.other)):
        found += _column(name, column, flow.since)
    return [
        *found,
        Box(
            "new",
            (
                f"New studies included in review {number(flow.new.studies)}",
                f"Reports of new included studies {number(flow.new.reports)}",
            ),
        ),
        Box(
            "total",
            (
                f"Total studies included in review {number(flow.total.studies)}",
                f"Reports of total included studies {number(flow.total.reports)}",
            ),
        ),
    ]


def _previous(flow: Flow) -> tuple[str, ...]:
    if flow.previous is None:
        return (
            f"Studies included in previous version of review {number(None)}",
            f"Reports of studies included in previous version of review {number(None)}",
        )
    lines = [
        f"Studies included in previous version of review {number(flow.previous.studies)}",
        f"Reports of studies included in previous version of review {number(flow.previous.reports)}",
    ]
    if flow.joined or flow.dropped:
        lines += [
            f"Of records held before, decided since {flow.since[:10]}:",
            f"reports included since {number(flow.joined)}",
            f"reports no longer included {number(flow.dropped)}",
            f"now studies {number(flow.carried.studies)}, reports {number(flow.carried.reports)}",
        ]
    return tuple(lines)


def _column(name: str, column: Column, since: str) -> list[Box]:
    databases = name == "databases"
    head = "Records identified from databases:" if databases else "Records identified from other sources:"
    identified = [head, *(f"\u2003{part.label} {number(part.number)}" for part in column.identified)]
    if databases:
        identified += [f"\u2003no run has asked PubMed{f' since {since[:10]}' if since else ''} (n = 0)"] * (
            not column.identified
        )
        identified += [f"\u2003in all {number(column.found)}"] * (len(column.identified) > 1)
        identified += [f"Records identified from registers {number(None)}"]
    else:
        identified += [f"\u2003in all {number(column.found)}"] * (len(column.identified) > 1)
        identified += [
            f"\u2003Websites {number(None)}",
            f"\u2003Organisations {number(None)}",
            f"\u2003Citation searching {number(None)}",
        ]
    removed = ["Records removed before screening:", f"\u2003Duplicate records removed {number(column.duplicates)}"]
    if column.before:
        removed.append(f"\u2003Held already in the previous version {number(column.before)}")
    if column.not_held:
        removed.append(f"\u2003Record could not be had or read {number(column.not_held)}")
    if column.unmatched:
        removed.append(f"\u2003Entry matched to no paper {number(column.unmatched)}")
    if databases:
        removed += [
            f"\u2003Marked as ineligible by automation tools {number(None)}",
            f"\u2003Removed for other reasons {number(None)}",
        ]
    screened = [f"Records screened {number(column.screened)}", f"Not yet screened {number(column.waiting)}"]
    excluded = [f"Records excluded {number(column.excluded)}"]
    excluded += [f"\u2003{part.label} {number(part.number)}" for part in _few(column.reasons)]
    if column.maybe or column.differ:
        excluded.append(_UNDECIDED)
        excluded += [f"\u2003maybe {number(column.maybe)}"] * bool(column.maybe)
        excluded += [f"\u2003readers differ {number(column.differ)}"] * bool(column.differ)
    return [
        Box(f"{name} identified", tuple(identified)),
        Box(f"{name} removed", tuple(removed)),
        Box(f"{name} screened", tuple(screened)),
        Box(f"{name} excluded", tuple(excluded)),
        Box(f"{name} sought", (f"Reports sought for retrieval {number(None)}",)),
        Box(f"{name} not retrieved", (f"Reports not retrieved {number(None)}",)),
        Box(f"{name} assessed", (f"Reports assessed for eligibility {number(None)}",)),
        Box(f"{name} reports excluded", (f"Reports excluded {number(None)}, with reasons",)),
    ]


_UNDECIDED: Final = "Records undecided:"


def _few(reasons: tuple[Part, ...]) -> Iterator[Part]:
    yield from reasons[:_MOST_REASONS]
    rest = reasons[_MOST_REASONS:]
    if rest:
        yield Part(f"{len(rest)} other reasons", sum(part.number or 0 for part in rest))


def cells(flow: Flow) -> Iterator[tuple[str, str, object]]:
    """(box, label, number) of each line with a number, the number of a blank empty; then the commands."""
    for box in boxes(flow):
        undecided = ""
        for line in box.lines:
            if line == _UNDECIDED:  # alone, "maybe" would look like a reason to exclude
                undecided = f"{line} "
            # The last number: a reason or the name of a file may have one of its own.
            found = re.fullmatch(r"\u2003?(.*) \(n = ([\d,]+|_+)\)(.*)", line)
            if found:
                yield (
                    box.place,
                    undecided + found[1] + found[3],
                    "" if found[2] == BLANK else int(found[2].replace(",", "")),
                )
    for one in flow.traced:
        yield one.command, one.label, one.number


HEADINGS: Final = {
    "previous": "Previous studies",
    "databases identified": "Identification of new studies via databases and registers",
    "other identified": "Identification of new studies via other methods",
    "new": "Included",
}
"""Box → what stands above it and those behind it."""


def text(flow: Flow) -> Iterator[str]:
    """The diagram as lines for a terminal, with the commands that show what each number counts, and what to know."""
    for box in boxes(flow):
        if heading := HEADINGS.get(box.place):
            yield ""
            yield heading.upper() if box.place != "previous" else f"{heading.upper()}{_told_since(flow)}"
        for place, line in enumerate(box.lines):
            yield f"  {'' if not place else '    '}{line.replace(chr(0x2003), '  ')}"
    yield ""
    yield "WHAT THE NUMBERS COUNT"
    width = max((len(f"{one.number:,}") for one in flow.traced), default=1)
    for one in flow.traced:
        yield f"  {one.number:>{width},}  {one.label}: {one.command}"
    yield ""
    yield from notes(flow)


def _told_since(flow: Flow) -> str:
    return f" (before {flow.since[:10]})" if flow.since else " (--since WHEN fills this)"


def notes(flow: Flow) -> list[str]:
    """What stands below the boxes."""
    papers = flow.total.studies - flow.trials
    made_of = (
        f"Of the studies {flow.trials:,} are trials, as `reftrack studies` groups their reports, and {papers:,} other "
        "papers, each by itself."
    )
    own = [*flow.notes, f"{BLANK} is for the authors to fill in: no library tells it.", made_of]
    if flow.as_of:
        own.append(f"As of {flow.as_of[:10]}; reftrack {flow.version}; boxes after {SOURCE}.")
    return own


def shape(flow: Flow) -> dict[str, Any]:
    """The numbers for programs; null is a blank."""
    return {
        "since": flow.since or None,
        "as_of": flow.as_of or None,
        "previous": None if flow.previous is None else flow.previous._asdict(),
        "previous_included_since": flow.joined,
        "previous_no_longer_included": flow.dropped,
        "databases": _column_shape(flow.databases) | {"registers": None},
        "other": _column_shape(flow.other),
        "reports_sought": None,
        "reports_not_retrieved": None,
        "reports_assessed": None,
        "reports_excluded": None,
        "carried": flow.carried._asdict(),
        "new": flow.new._asdict(),
        "total": flow.total._asdict(),
        "trials": flow.trials,
        "commands": [one._asdict() for one in flow.traced],
        "sums": flow.sums(),
        "problems": list(flow.problems),
        "remarks": list(flow.remarks),
    }


def _column_shape(column: Column) -> dict[str, Any]:
    return {
        "identified": [{"source": part.label, "records": part.number} for part in column.identified],
        "identified_total": column.found,
        "removed": {
            "duplicates": column.duplicates,
            "held_before": column.before,
            "not_held": column.not_held,
            "unmatched": column.unmatched,
            "ineligible_by_automation": None,
        },
        "records": column.records,
        "screened": column.screened,
        "not_yet_screened": column.waiting,
        "included": column.included,
        "excluded": column.excluded,
        "reasons": [{"reason": part.label, "records": part.number} for part in column.reasons],
        "maybe": column.maybe,
        "readers_differ": column.differ,
    }


EMPTY: Final = Column((), 0, 0, 0, 0, 0, 0, 0, 0, 0)
"""A way that no record went."""
