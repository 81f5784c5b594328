"""A selection with a query in PubMed syntax → the held papers that meet both: narrowed by indexes, then judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from .. import matching
from ..library.columns import CHILDREN
from ..library.narrowing import Narrowing, Wanted
from ..library.reading import Reader
from ..library.selecting import CHUNK, Selection
from ..matching import Either, Every, Need, Numbers, Words, Years

FEW = 400
"""Papers of the other conditions that are judged as they are: some 0.2 ms each."""

_MOST_NAMED = 2000
"""Papers that a selection takes by their PMIDs."""
_SOONER_NAMED = 8
"""Where of so many papers one may meet the query it is as soon taken by its PMID as the others are walked past."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What meets a selection, in its order, and what a reader must know about how the query was read."""

    pmids: list[int]
    warnings: tuple[str, ...] = ()
    judged: int = 0
    """Papers that had to be read."""


def unheard(_papers: int) -> None:
    """For callers who do not wait."""


def choose(reader: Reader, selection: Selection, *, told: Callable[[int], None] = unheard) -> Chosen:
    """The papers of a selection that its query finds, too. Raises UsageError, QueryError.

    `told` hears how many papers must be read, before they are.
    """
    if not selection.match:
        return Chosen(reader.select(selection))
    matcher = matching.compile_term(selection.match)
    rest = selection._replace(match="", limit=None)
    with reader.connection.snapshot():
        pmids = _candidates(reader, matcher, rest)
        told(len(pmids))
        unread = _LISTS - matcher.lists_read
        found: list[int] = []
        judged = start = 0
        step = CHUNK if selection.limit is None else min(selection.limit, CHUNK)  # the next may already be enough
        while start < len(pmids) and (selection.limit is None or len(found) < selection.limit):
            for paper in reader.papers(pmids[start : start + step], without=unread):
                judged += 1
                if matcher(paper):
                    found.append(paper.pmid)
            start, step = start + step, min(2 * step, CHUNK)
    return Chosen(found[: selection.limit], matcher.warnings, judged)


_LISTS = frozenset(child.field for child in CHILDREN)


def _candidates(reader: Reader, matcher: matching.Matcher, rest: Selection) -> list[int]:
    """The papers of the other conditions, in order, without those that the query cannot find."""
    need = matcher.need
    narrowing = Narrowing(reader.connection, matching.loosen)
    everything = rest._replace(sort="") == Selection()
    if everything and need is not None:
        may = _may_meet(need, narrowing)
        if may is not None and (len(may) <= _MOST_NAMED or _SOONER_NAMED * len(may) < reader.how_many()):
            return reader.select(rest._replace(pmids=tuple(may))) if may else []
    else:
        may = None
    pmids = reader.select(rest)
    if may is None and need is not None and len(pmids) > max(FEW, _SOONER_JUDGED[_cost(need, narrowing)]):
        may = _may_meet(need, narrowing)
    return pmids if may is None else [pmid for pmid in pmids if pmid in may]


def _may_meet(need: Need, narrowing: Narrowing) -> set[int] | None:
    """The papers that may meet a need; None where that is not known."""
    if isinstance(need, Words):
        return narrowing.with_words(need.key, [Wanted(need.words, need.open)])
    if isinstance(need, Years):
        return narrowing.in_years(need.key, need.first, need.last)
    if isinstance(need, Numbers):
        return set(need.pmids) if need.pmids else narrowing.between(need.first, need.last)
    if isinstance(need, Every):
        return _may_meet_all(need.needs, narrowing)
    return _may_meet_one(need.needs, narrowing)


def _may_meet_all(needs: Sequence[Need], narrowing: Narrowing) -> set[int] | None:
    """What costs least first; when few are left they are sooner judged than narrowed further."""
    left: set[int] | None = None
    for cost, _, need in sorted(
        ((_cost(n, narrowing), _commonness(n, narrowing), n) for n in needs), key=itemgetter(0, 1)
    ):
        if left is not None and len(left) <= _SOONER_JUDGED[cost]:
            break
        may = _may_meet(need, narrowing)
        if may is not None:
            left = may if left is None else left & may
    return left


_SOONER_JUDGED = (40, 800, 4000)
"""By the cost of narrowing further: as many papers are read and judged in that time."""


def _commonness(need: Need, narrowing: Narrowing) -> int:
    """Of dear needs the rarer words come first, for they may be enough."""
    return narrowing.commonness(need.words) if isinstance(need, Words) and _cost(need, narrowing) > 1 else 0


def _may_meet_one(needs: Sequence[Need], narrowing: Narrowing) -> set[int] | None:
    """Words of one field are asked for together."""
    words: dict[str, list[Wanted]] = {}
    found: set[int] = set()
    for need in needs:
        if isinstance(need, Words):
            words.setdefault(need.key, []).append(Wanted(need.words, need.open))
            continue
        may = _may_meet(need, narrowing)
        if may is None:
            return None
        found |= may
    for key, wanted in words.items():
        may = narrowing.with_words(key, wanted)
        if may is None:
            return None
        found |= may
    return found


def _cost(need: Need, narrowing: Narrowing) -> int:
    """0 an index, 1 a look over a table, 2 over several; of alternatives the dearest counts."""
    if isinstance(need, Every):
        return min(_cost(one, narrowing) for one in need.needs)
    if isinstance(need, Either):
        return max(_cost(one, narrowing) for one in need.needs)
    if isinstance(need, Words):
        return 0 if narrowing.is_cheap(need.key) else 2 if need.key in ("tw", "all") else 1
    return 0 if isinstance(need, Numbers) else 1
