"""Which trials each review cites, how far reviews rest on the same ones, and which that they might have they do not.

From the reference lists that PubMed has, so that to cite is not to include: a trial may be cited in the introduction,
and an included one be missing from the list. Trials are those of `studies`: however many of its reports a review cites,
it is one trial. What stands here is for a person to look at, never a verdict on a review.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

from ..errors import UsageError
from ..library import reviewing as held
from ..library.opening import Connection
from ..library.selecting import Selection, fold, select
from ..library.trials import Reports, every_report
from ..pubmed.references import Unlinked, unlinked
from ..report.overlap import Covered, covered

KINDS = "meta-analysis,systematic-review"
"""Primary study types that are reviews, if a selection names no others."""
MOST_READ = 400
"""Reviews of which the references without a PMID are read; of more they are left aside, and that is told."""
MOST_PAIRED = 200
"""Reviews whose pairs are compared."""
SHORTEST_TITLE = (6, 40)
"""Words and letters that a title must have for a reference to be known by it."""
_SHINGLE = 5
"""Words by which a title is looked for in a reference."""

How = str
"""By what a citation is known: pmid, doi, pmcid or title."""


class Shared(NamedTuple):
    """Why a trial might have been cited: the report that came out before the review and shares its tags."""

    trial: str
    pmid: int
    year: int
    conditions: tuple[str, ...]
    """Tags of the review that the report carries, or a tag below."""
    outcomes: tuple[str, ...]


@dataclass(slots=True)
class Review:
    """A review, what is known of its references, and the trials among them."""

    about: held.Known
    linked: int = 0
    """References with a PMID."""
    unlinked: int | None = None
    """References without; None if they were not read."""
    recognised: int = 0
    """Those of them that are a report of a tracked trial, by DOI, PMCID or title."""
    cited: dict[str, dict[int, How]] = field(default_factory=dict)
    """Trial → the reports of it that are cited, each with how that is known."""
    named: frozenset[str] = frozenset()
    """Trials whose registry number the review's title or abstract names, and that are not among its references."""
    newer: int = 0
    """The PMID of a newer version, or the original, among the same reviews; 0 none."""
    not_cited: int | None = None
    """Eligible trials that it does not cite; None if that cannot be said (`why_no_gaps`)."""
    same_year: int = 0
    """Those that came out in the review's own year, which are not among them."""
    why_no_gaps: str = ""

    @property
    def available(self) -> bool:
        """Whether anything is known of its references."""
        return bool(self.linked or self.recognised)

    @property
    def untold(self) -> int:
        """References of which it cannot be told whether they are a tracked trial."""
        return (self.unlinked or 0) - self.recognised

    @property
    def why_not_counted(self) -> str:
        """Why it does not count in the covered area; "" if it does."""
        if not self.available:
            none = f"none of its {self.unlinked} references has a PMID" if self.unlinked else "none in the record held"
            return f"references unavailable: {none}"
        return f"PMID {self.newer} is a newer version of it" if self.newer else ""


@dataclass(slots=True)
class Reviews:
    """Some reviews, with all that is counted over them."""

    reviews: tuple[Review, ...]
    tracked: int
    """Trials that are tracked at all."""
    read_all: bool
    """Whether the references without a PMID were looked at."""
    retracted: frozenset[int]
    """Reports of trials that were retracted."""
    roles: Mapping[int, str]
    """Report → its role in its trial."""

    @property
    def counted(self) -> list[Review]:
        """Those that count in the covered area."""
        return [one for one in self.reviews if not one.why_not_counted]

    @property
    def covered(self) -> Covered:
        """The covered area of all that count."""
        return covered([one.cited for one in self.counted])

    @property
    def covered_by_citing(self) -> Covered:
        """The covered area of those that count and cite a tracked trial at all: others make it smaller."""
        return covered([one.cited for one in self.counted if one.cited])


class Pair(NamedTuple):
    """Two reviews and how far they rest on the same trials."""

    first: Review
    second: Review
    both: frozenset[str]
    """Trials that both cite."""
    covered: Covered


def reviews(
    connection: Connection,
    selection: Selection,
    choose: Callable[[Connection, Selection], list[int]] = select,
) -> Reviews:
    """The reviews of a selection, in its order; `choose` gives the papers of a selection."""
    if not selection.studies:
        selection = selection._replace(studies=(KINDS,))
    return look_at(connection, choose(connection, selection))


def look_at(connection: Connection, pmids: Sequence[int]) -> Reviews:
    """These papers as reviews, in this order; one that is not held is passed over."""
    return _Shelf(connection, pmids).reviews()


def pairs(done: Reviews) -> list[Pair]:
    """Each two reviews that count. Raises UsageError where there are too many."""
    counted = done.counted
    if len(counted) > MOST_PAIRED:
        raise UsageError(
            f"{len(counted):,} reviews have {len(counted) * (len(counted) - 1) // 2:,} pairs, more than anybody reads; "
            f"choose {MOST_PAIRED} or fewer, by a tag or by --pmid. Without --overlap all of them are counted together."
        )
    return [
        Pair(one, other, frozenset(one.cited.keys() & other.cited.keys()), covered([one.cited, other.cited]))
        for one, other in combinations(counted, 2)
    ]


class Gaps(NamedTuple):
    """The eligible trials that a review does not cite, the oldest first."""

    before: list[Shared]
    same_year: list[Shared]


def look_at_one(connection: Connection, pmid: int) -> tuple[Reviews, Gaps]:
    """One paper as a review, and the trials that it does not cite."""
    shelf = _Shelf(connection, [pmid])
    done = shelf.reviews()
    return done, Gaps(*shelf.eligible.named(done.reviews[0]))


class _Shelf:
    """The tracked trials beside some reviews."""

    def __init__(self, connection: Connection, pmids: Sequence[int]) -> None:
        self.connection = connection
        self.reports: Reports = every_report(connection)
        about = held.known(connection, pmids)
        self.papers = {pmid: Review(about[pmid]) for pmid in dict.fromkeys(pmids) if pmid in about}
        self.eligible = _Eligible(connection, self.reports, self.papers)

    def reviews(self) -> Reviews:
        """All of them, with what their references say."""
        papers = self.papers
        for pmid, number in held.linked(self.connection, papers).items():
            papers[pmid].linked = number
        for pmid, cited in held.citations(self.connection, self.reports.trial):
            if pmid in papers and cited != pmid:
                papers[pmid].cited.setdefault(self.reports.trial[cited], {})[cited] = "pmid"
        read_all = len(papers) <= MOST_READ
        if read_all:
            self._recognise()
        self._relate()
        for review in papers.values():
            review.why_no_gaps = self.eligible.why_not(review)
            if not review.why_no_gaps:
                review.not_cited, review.same_year = self.eligible.count(review)
        reports = {pmid for one in papers.values() for cited in one.cited.values() for pmid in cited}
        years = held.first_years(self.connection, reports)
        return Reviews(
            tuple(papers.values()),
            len(set(self.reports.trial.values())),
            read_all,
            frozenset(pmid for pmid, (_, retracted) in years.items() if retracted),
            {pmid: self.reports.role[pmid] for pmid in reports},
        )

    def _relate(self) -> None:
        """Which has a newer version among them, and which trials they name by number."""
        newer = held.newer(self.connection, self.papers)
        for pmid in newer:
            later = list(_after(newer, pmid))
            ring = newer.get(later[-1]) == pmid  # links that contradict each other: the latest of them counts
            for other in later:
                # One without references cannot count instead; the next newer one may.
                if self.papers[other].available and not (ring and self._age(other) < self._age(pmid)):
                    self.papers[pmid].newer = other
                    break
        for trial, pmids in self.reports.naming.items():
            for pmid in pmids & self.papers.keys():
                if trial not in self.papers[pmid].cited:
                    self.papers[pmid].named |= {trial}

    def _age(self, pmid: int) -> tuple[int, int]:
        return self.papers[pmid].about.year or 0, pmid

    def _recognise(self) -> None:
        """Know references without a PMID by what else they say."""
        lists = {pmid: unlinked(xml) for pmid, xml in held.records(self.connection, list(self.papers))}
        for pmid, references in lists.items():
            self.papers[pmid].unlinked = len(references)
        if not any(lists.values()):
            return
        register = _Register(held.names_of(self.connection, self.reports.trial))
        for pmid, references in lists.items():
            review = self.papers[pmid]
            for reference in references:
                cited, how = register.find(reference)
                if cited and cited != pmid:
                    review.recognised += 1
                    review.cited.setdefault(self.reports.trial[cited], {}).setdefault(cited, how)


def _after(newer: Mapping[int, int], pmid: int) -> Iterator[int]:
    """The newer versions of a review, one after another, each once."""
    passed = {pmid}
    at = newer.get(pmid, 0)
    while at and at not in passed:
        passed.add(at)
        yield at
        at = newer.get(at, 0)


class _Register:
    """Reports of trials by DOI, PMCID and title."""

    def __init__(self, names: Iterable[held.Names]) -> None:
        self.by_doi: dict[str, set[int]] = {}
        self.by_pmcid: dict[str, set[int]] = {}
        self.by_title: dict[tuple[str, ...], list[tuple[list[str], held.Names]]] = {}
        for one in names:
            if one.doi:
                self.by_doi.setdefault(one.doi, set()).add(one.pmid)
            if one.pmcid:
                self.by_pmcid.setdefault(one.pmcid.upper(), set()).add(one.pmid)
            words = _words(one.title)
            if len(words) >= SHORTEST_TITLE[0] and sum(map(len, words)) >= SHORTEST_TITLE[1]:
                self.by_title.setdefault(tuple(words[:_SHINGLE]), []).append((words, one))

    def find(self, reference: Unlinked) -> tuple[int, How]:
        """The report that a reference is, and how that is known; (0, "") if that cannot be said.

        What two papers share (a preprint and its article may share a title) says which of them it is of neither.
        """
        for how, found in (("doi", self.by_doi.get(reference.doi)), ("pmcid", self.by_pmcid.get(reference.pmcid))):
            if found:
                return (next(iter(found)), how) if len(found) == 1 else (0, "")
        alike = self._titled(reference.text, without_doi=bool(reference.doi))
        return (alike.pop(), "title") if len(alike) == 1 else (0, "")

    def _titled(self, text: str, *, without_doi: bool) -> set[int]:
        """The reports whose whole title stands in a reference beside first author and year; the longest titles.

        A reference with a DOI is none of the reports that have another.
        """
        words = _words(text)
        found: list[tuple[int, int]] = []
        for place in range(len(words) - _SHINGLE + 1):
            for title, one in self.by_title.get(tuple(words[place : place + _SHINGLE]), ()):
                if without_doi and one.doi:
                    continue
                if words[place : place + len(title)] == title and _is_of(one, words[:place], words):
                    found.append((len(title), one.pmid))
        longest = max((length for length, _ in found), default=0)
        return {pmid for length, pmid in found if length == longest}


def _words(text: str) -> list[str]:
    """The words of a text as full-text search compares them; most texts need nothing but small letters for that."""
    return re.findall(r"\w+", text.lower()) if text.isascii() else fold(text).split()


def _is_of(one: held.Names, before: Sequence[str], words: Sequence[str]) -> bool:
    family = _words(one.family)
    named = bool(family) and any(
        list(before[place : place + len(family)]) == family for place in range(len(before) - len(family) + 1)
    )
    return named and one.year is not None and any(str(one.year + more) in words for more in (-1, 0, 1))


class _Eligible:
    """The randomised reports of trials in the order in which they came out, each a bit of a number.

    So that thousands of reviews are compared with thousands of trials in a moment.
    """

    def __init__(self, connection: Connection, reports: Reports, reviews: Collection[int]) -> None:
        self.reports = reports
        candidates = {
            pmid
            for pmid in held.randomised(connection) & reports.trial.keys()
            if reports.role[pmid] in ("results", "translation")
        }
        years = held.first_years(connection, candidates)
        dated = sorted((year, pmid) for pmid, (year, retracted) in years.items() if year is not None and not retracted)
        self.years = [year for year, _ in dated]
        self.pmids = [pmid for _, pmid in dated]
        self.trials = [reports.trial[pmid] for pmid in self.pmids]
        self.place = {pmid: place for place, pmid in enumerate(self.pmids)}
        self.of_trial: dict[str, int] = {}
        for place, trial in enumerate(self.trials):
            self.of_trial[trial] = self.of_trial.get(trial, 0) | 1 << place
        self.alone = sum(bits for bits in self.of_trial.values() if bits.bit_count() == 1)
        self.above = held.above(connection)
        self.tags = held.tags_of(connection, {*self.pmids, *reviews})
        self.tagged: dict[str, int] = {}
        places: dict[str, list[int]] = {}
        for place, pmid in enumerate(self.pmids):
            for tag in self._with_above(self.tags.get(pmid, {})):
                places.setdefault(tag, []).append(place)
        for tag, found in places.items():
            bits = bytearray(len(dated) // 8 + 1)
            for place in found:
                bits[place >> 3] |= 1 << (place & 7)
            self.tagged[tag] = int.from_bytes(bits, "little")

    def _with_above(self, tags: Mapping[str, set[str]]) -> set[str]:
        own = {tag for of_facet in tags.values() for tag in of_facet}
        return own.union(*(self.above.get(tag, frozenset()) for tag in own))

    def narrowest(self, pmid: int, facet: str) -> set[str]:
        """The tags of a review of which it carries none below: one on ischaemic stroke is not on every stroke."""
        own = self.tags.get(pmid, {}).get(facet, set())
        return own - {above for tag in own for above in self.above.get(tag, ())}

    def why_not(self, review: Review) -> str:
        """Why nothing can be said of what a review does not cite; "" if it can."""
        if not review.available:
            return "references unavailable"
        if review.about.year is None:
            return "its year is not known"
        lacking = [facet for facet in held.FACETS if not self.tags.get(review.about.pmid, {}).get(facet)]
        return f"it has no tag of the facet {lacking[0]}" if lacking else ""

    def _not_cited(self, review: Review) -> tuple[int, int]:
        """The reports that share its tags, of trials that it neither cites nor names: before it, and of its year."""
        from bisect import bisect_left, bisect_right

        assert review.about.year is not None
        sharing = -1
        for facet in held.FACETS:
            any_of = 0
            for tag in self.narrowest(review.about.pmid, facet):
                any_of |= self.tagged.get(tag, 0)
            sharing &= any_of
        own = self.reports.trial.get(review.about.pmid, "")  # of a paper that reports a trial itself
        for trial in (*review.cited, *review.named, own):
            sharing &= ~self.of_trial.get(trial, 0)
        before = (1 << bisect_left(self.years, review.about.year)) - 1
        upto = (1 << bisect_right(self.years, review.about.year)) - 1
        earlier, same = sharing & before, sharing & upto & ~before
        for trial in self._trials(same & ~self.alone):
            if self.of_trial[trial] & earlier:  # another report of it came out before
                same &= ~self.of_trial[trial]
        return earlier, same

    def _trials(self, bits: int) -> set[str]:
        return {self.trials[place] for place in _places(bits)}

    def count(self, review: Review) -> tuple[int, int]:
        """How many trials those are."""
        earlier, same = (
            (bits & self.alone).bit_count() + len(self._trials(bits & ~self.alone)) for bits in self._not_cited(review)
        )
        return earlier, same

    def named(self, review: Review) -> tuple[list[Shared], list[Shared]]:
        """Which trials those are, each with its first report that makes it eligible."""
        if review.why_no_gaps:
            return [], []
        earlier, same = (self._shared(review, bits) for bits in self._not_cited(review))
        return earlier, same

    def _shared(self, review: Review, bits: int) -> list[Shared]:
        found: dict[str, Shared] = {}
        for place in _places(bits):
            trial, pmid = self.trials[place], self.pmids[place]
            if trial not in found:
                carried = self._with_above(self.tags.get(pmid, {}))
                both = [tuple(sorted(self.narrowest(review.about.pmid, facet) & carried)) for facet in held.FACETS]
                found[trial] = Shared(trial, pmid, self.years[place], *both)
        return list(found.values())


def _places(bits: int) -> Iterator[int]:
    """The places of the ones, ascending."""
    while bits:
        least = bits & -bits
        yield least.bit_length() - 1
        bits ^= least
