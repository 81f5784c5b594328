"""What readers decided, in the library or in files of theirs, is laid side by side: their agreement, their conflicts.

Files are read as `import` reads them, and nothing of them is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from msgspec.structs import replace

from ..citation import CONSENSUS, Citation, Decision, Verdict
from ..evaluation import Agreement, agreement
from ..library.reading import Reader
from ..library.selecting import listed
from .importing import Imported, names

Name = tuple[object, ...]
"""What a paper is known by: its PMID where it is held, else whatever its citation says."""


@dataclass(frozen=True, slots=True)
class Item:
    """A paper that somebody decided on."""

    pmid: int | None
    """None of one that is not held and whose citation names none."""
    key: str
    title: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A paper on which two readers differ."""

    item: Item
    first: Decision
    second: Decision
    settled: Verdict | None
    """What the consensus says, if there is one."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two readers, and how far they agree."""

    readers: tuple[str, str]
    agreement: Agreement
    only_first: int
    """Papers that the first reader decided and the second has not."""
    only_second: int
    conflicts: tuple[Conflict, ...]


@dataclass(slots=True)
class Said:
    """Everything that was decided, by reader and paper."""

    by_reader: dict[str, dict[Name, Decision]] = field(default_factory=dict)
    items: dict[Name, Item] = field(default_factory=dict)
    _known_as: dict[Name, Name] = field(default_factory=dict)

    def add_library(self, reader: Reader) -> None:
        """What stands in the library; where a file of the same reader was added before, the file counts."""
        for pmid, decision in reader.decisions():
            self.by_reader.setdefault(decision.who, {}).setdefault(("pmid", pmid), decision)

    def add_file(self, read: Imported, who: str) -> None:
        """What a file says, matched to the library or not; `who` decided where it names nobody."""
        for citation, match in (*read.matched, *read.unmatched):
            if citation.decisions:
                name = ("pmid", match.pmid) if match.pmid is not None else self._name_of(citation)
                self.items.setdefault(name, Item(match.pmid or citation.pmid, citation.key, citation.title))
                for decision in citation.decisions:
                    named = replace(decision, who=decision.who or who)
                    self.by_reader.setdefault(named.who, {})[name] = named

    def item(self, name: Name) -> Item:
        """A paper as a file names it; one of the library by its PMID alone."""
        return self.items.get(name) or Item(name[1] if isinstance(name[1], int) else None, "", "")

    def _name_of(self, citation: Citation) -> Name:
        """One name for all entries that share any."""
        known = list(names(citation)) or [("entry", citation.text)]
        first = next((self._known_as[name] for name in known if name in self._known_as), known[0])
        for name in known:
            self._known_as.setdefault(name, first)
        return first


def pairs(said: Said, readers: Iterable[str], library: Reader | None, *, binary: bool = False) -> Iterator[Pair]:
    """Every two of these readers, in their order; the papers that they differ on are named as the library has them."""
    settled = {name: decision.verdict for name, decision in said.by_reader.get(CONSENSUS, {}).items()}
    for first, second in combinations(readers, 2):
        one, other = said.by_reader.get(first, {}), said.by_reader.get(second, {})
        both = [name for name in one if name in other]
        differ = [name for name in both if _differ(one[name].verdict, other[name].verdict, binary=binary)]
        held = _held(library, differ)
        yield Pair(
            (first, second),
            agreement([(one[name].verdict, other[name].verdict) for name in both], binary=binary),
            len(one) - len(both),
            len(other) - len(both),
            tuple(
                Conflict(held.get(name) or said.item(name), one[name], other[name], settled.get(name))
                for name in differ
            ),
        )


def _held(library: Reader | None, names: Iterable[Name]) -> dict[Name, Item]:
    pmids = [name[1] for name in names if name[0] == "pmid" and isinstance(name[1], int)]
    rows = listed(library.connection, pmids) if library else ()
    return {("pmid", row.pmid): Item(row.pmid, row.key, row.title) for row in rows}


def independent(readers: Sequence[str]) -> list[str]:
    """Those of the readers who read for themselves: a consensus is nobody's own word."""
    return [who for who in readers if who != CONSENSUS]


def _differ(first: Verdict, second: Verdict, *, binary: bool) -> bool:
    return (first == "exclude") != (second == "exclude") if binary else first != second
