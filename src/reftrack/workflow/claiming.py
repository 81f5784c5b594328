"""Claims and a library become an evidence table: which papers bear on each claim, of which kinds, and what is absent.

To bear on a claim is not to support it. Everything here is a count of papers held, or a paper; nothing is weighed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..claims import Claim, Way
from ..errors import QueryError, UsageError
from ..library.kinds import Kind, kinds_of, newest_year, tagged_with
from ..library.reading import Reader
from ..library.selecting import Selection, below, find_tag
from ..library.trials import trials_of
from ..matching.places import places
from ..model import Evidence, Paper
from .choosing import choose

KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("meta-analyses", ("meta-analysis",)),
    ("systematic reviews", ("systematic-review",)),
    ("RCTs", ("rct",)),
    ("other human", ("nonrandomized-trial", "cohort", "case-control", "cross-sectional", "case-report")),
    ("animal", ("animal",)),
    ("in vitro", ("in-vitro",)),
)
"""Kinds of study as a reader asks for them → primary study types; whatever else there is is "other"."""
OTHER = "other"

ORDER = (
    *("meta-analysis", "systematic-review", "rct", "nonrandomized-trial", "cohort", "case-control"),
    *("cross-sectional", "case-report", "pharmacokinetic", "animal", "in-vitro", "guideline", "economic"),
    *("narrative-review", "protocol", "editorial-letter", "correction"),
)
"""Primary study types in the order in which the papers of a claim are shown; others follow, and papers of none."""

CLINICAL = frozenset({"rct", "nonrandomized-trial", "cohort", "case-control", "cross-sectional", "case-report"})
"""Study types that are done in people."""
NO_STUDY = frozenset(
    {"narrative-review", "editorial-letter", "guideline", "protocol", "correction", "animal", "in-vitro"}
)
"""What is no study in people, though people are its subject."""
LONG_AGO = 5
"""Years before the newest paper of the library after which "nothing since" is worth saying."""


@dataclass(slots=True)
class Bearing:
    """A claim, and the papers held that bear on it."""

    claim: Claim
    selections: tuple[Selection, ...]
    """What `list` must be asked; together they give the papers."""
    met: tuple[frozenset[int], ...]
    """The papers of each of them."""
    pmids: list[int]
    """All of them, the newest first."""
    studies: dict[str, int] = field(default_factory=dict)
    """Primary study type → papers, in `ORDER`; "" for papers that have none. They add up to the papers."""
    kinds: dict[str, int] = field(default_factory=dict)
    """The same by `KINDS` and `OTHER`."""
    trials: int = 0
    human: int = 0
    """Papers tagged as in people."""
    animal: int = 0
    in_vitro: int = 0
    newest: int | None = None
    retracted: list[int] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """All claims over the papers of a library, or of a selection of it."""

    bearings: list[Bearing]
    papers: int
    without: int
    """Papers that bear on no claim."""
    left_out: dict[str, list[str]] = field(default_factory=dict)
    """Why claims were left out → their ids."""
    warnings: tuple[str, ...] = ()


def weigh_up(reader: Reader, claims: Sequence[Claim], among: Collection[int] | None = None) -> Table:
    """The evidence table of these claims; of the papers of `among` only, where it is given.

    Raises UsageError for a claim that names a tag that does not exist, QueryError for one whose query cannot be read.
    """
    with reader.connection.snapshot():
        return _Counting(reader, among).table(claims)


class _Counting:
    """Looks at the library once for all claims: tags as sets, what is counted of a paper as one table."""

    def __init__(self, reader: Reader, among: Collection[int] | None) -> None:
        self.reader = reader
        self.among = None if among is None else frozenset(among)
        self.tagged: dict[str, frozenset[int]] = {}
        self.warnings: dict[str, None] = {}

    def table(self, claims: Sequence[Claim]) -> Table:
        table = Table([], 0, 0)
        kept: list[tuple[Claim, tuple[Selection, ...]]] = []
        for claim in claims:
            why, selections = self._selections(claim)
            if why:
                table.left_out.setdefault(why, []).append(claim.id)
            else:
                kept.append((claim, selections))
        found = [(claim, selections, tuple(map(self._papers, selections))) for claim, selections in kept]
        bearing: set[int] = set().union(*(pmids for _, _, met in found for pmids in met))
        table.papers = self.reader.how_many() if self.among is None else len(self.among)
        table.without = table.papers - len(bearing)
        about = kinds_of(self.reader.connection, bearing)
        trials = trials_of(self.reader.connection, sorted(bearing))
        newest = newest_year(self.reader.connection)
        table.bearings = [self._bearing(*one, about, trials, newest) for one in found]
        table.warnings = tuple(self.warnings)
        return table

    def _selections(self, claim: Claim) -> tuple[str, tuple[Selection, ...]]:
        """Why a claim is left out ("" it is not), and what it asks for."""
        try:
            for tag in claim.about:
                if not self.carrying(tag):
                    return f"about {tag}, of which the library holds no paper", ()
        except UsageError as error:
            if claim.shipped:
                return f"about {', '.join(claim.about)}, which is no tag here", ()
            raise UsageError(f"{claim.file}: about: {error}") from None
        try:
            return "", tuple(_selection(claim, way, self) for way in claim.ways)
        except UsageError as error:
            if not claim.shipped:
                raise
            return f"because a tag they need is not there: {error}", ()

    def _papers(self, selection: Selection) -> frozenset[int]:
        found = self._of(selection)
        return found if self.among is None else found & self.among

    def _of(self, selection: Selection) -> frozenset[int]:
        if selection.match:
            chosen = choose(self.reader, selection)
            self.warnings.update(dict.fromkeys(chosen.warnings))
            return frozenset(chosen.pmids)
        every = [self.carrying(tag) for tag in selection.tags]
        if selection.any_tags:
            every.append(frozenset().union(*map(self.carrying, selection.any_tags)))
        found = frozenset.intersection(*sorted(every, key=len))
        return found.difference(*map(self.carrying, selection.not_tags))

    def carrying(self, tag: str) -> frozenset[int]:
        """The papers that carry a tag or one below it. Raises UsageError for one that does not exist."""
        if tag not in self.tagged:
            self.tagged[tag] = tagged_with(self.reader.connection, tag)
        return self.tagged[tag]

    def _bearing(
        self,
        claim: Claim,
        selections: tuple[Selection, ...],
        met: tuple[frozenset[int], ...],
        about: Mapping[int, Kind],
        trials: Mapping[int, str],
        newest: int | None,
    ) -> Bearing:
        pmids = frozenset().union(*met)
        ordered = sorted(pmids, key=lambda pmid: (-(about[pmid].year or 0), -pmid))
        bearing = Bearing(claim, selections, met, ordered)
        counts = Counter(about[pmid].study for pmid in ordered)
        bearing.studies = {study: counts[study] for study in sorted(counts, key=rank)}
        bearing.kinds = {kind: sum(counts[study] for study in studies) for kind, studies in KINDS}
        bearing.kinds[OTHER] = len(ordered) - sum(bearing.kinds.values())
        bearing.trials = len({trials[pmid] for pmid in ordered if pmid in trials})
        people = pmids & self._species("human")
        bearing.human, bearing.animal = len(people), len(pmids & self._species("animal"))
        bearing.in_vitro = len(pmids & self._species("in-vitro"))
        bearing.newest = max((year for pmid in ordered if (year := about[pmid].year)), default=None)
        bearing.retracted = [pmid for pmid in ordered if about[pmid].retracted]
        bearing.absent = _absent(bearing, people, about, newest)
        return bearing

    def _species(self, tag: str) -> frozenset[int]:
        """As `carrying`; a workspace may have switched such a tag off."""
        try:
            return self.carrying(tag)
        except UsageError:
            return self.tagged.setdefault(tag, frozenset())


def _selection(claim: Claim, way: Way, counting: _Counting) -> Selection:
    """A way as a selection, with its tags looked up and its query read."""
    for key in ("tags", "any_tags", "not_tags"):
        for tag in getattr(way, key):
            try:
                counting.carrying(tag)
            except UsageError as error:
                raise UsageError(f"{claim.file}, claim {claim.id}: {key}: {error}") from None
    if way.match:
        read_match(claim, way.match)
    tags = tuple(dict.fromkeys((*claim.about, *way.tags)))
    return Selection(tags=tags, any_tags=way.any_tags, not_tags=way.not_tags, match=way.match)


def read_match(claim: Claim, match: str) -> tuple[str, ...]:
    """What a reader must know of a claim's query. Raises QueryError, naming the claim, if it cannot be read."""
    from ..matching import compile_term

    try:
        return compile_term(match).warnings
    except QueryError as error:
        raise QueryError(f"{claim.file}, claim {claim.id}: match: {error}") from None


def faults(reader: Reader, claims: Sequence[Claim]) -> list[str]:
    """What is wrong with claims beyond their form: tags that do not exist, queries that cannot be read."""
    counting = _Counting(reader, None)
    found: list[str] = []
    for claim in claims:
        for way in claim.ways:
            try:
                for tag in claim.about:
                    counting.carrying(tag)
                _selection(claim, way, counting)
            except (UsageError, QueryError) as error:
                found.append(str(error))
                continue
            warnings = read_match(claim, way.match) if way.match else ()
            found += [f"{claim.file}, claim {claim.id}: match: {warning}." for warning in warnings]
    return list(dict.fromkeys(found))


def evidence_of(reader: Reader, bearing: Bearing, paper: Paper) -> list[Evidence]:
    """The words by which a paper bears on a claim: what its tags rest on, and where the words of the query stand.

    Empty where only a hand gave the tag, or where a query asks for what no text has.
    """
    slugs: set[str] = set()
    found: list[Evidence] = []
    for selection, met in zip(bearing.selections, bearing.met, strict=True):
        if paper.pmid not in met:
            continue
        # Where tags must be there, those of which one is enough only say on whom: their words are no evidence.
        own = [tag for tag in selection.tags if tag not in bearing.claim.about] or selection.any_tags
        # Of a query on top of tags, the query says what is special.
        if selection.match:
            found += _words_of(selection.match, paper)
        else:
            for tag in own:
                slugs.update(below(reader.connection, find_tag(reader.connection, tag)[1]))
    for given in reader.rule_tags(paper.pmid) if slugs else ():
        if given.slug in slugs and given.state == "tagged":
            found += [entry for entry in given.evidence if entry.weight > 0 and not entry.masked]
    return found


REPEATED = 0.1
"""What a word counts that stood before: a sentence with two of the words tells more than one with a word twice."""


def _words_of(match: str, paper: Paper) -> Iterator[Evidence]:
    seen: set[int] = set()
    for place in places(match, paper):
        text, section = paper.title, ""
        if place.field == "abstract":
            text, section = paper.abstract[place.part].text, paper.abstract[place.part].label
        elif place.field == "keyword":
            text = paper.keywords[place.part].name
        quote = text[place.start : place.end]
        weight = REPEATED if place.term in seen else 1.0
        seen.add(place.term)
        yield Evidence("match", place.field, section, place.part, place.start, place.end, quote, weight)


def rank(study: str) -> tuple[int, str]:
    """Where a primary study type stands among others."""
    return (ORDER.index(study) if study in ORDER else len(ORDER) + (not study), study)


def _absent(bearing: Bearing, people: Collection[int], about: Mapping[int, Kind], newest: int | None) -> list[str]:
    """What a reader would look for and not find among the papers held, in a few words each."""
    if not bearing.pmids:
        return ["no paper"]
    trials = [pmid for pmid in bearing.pmids if about[pmid].study == "rct"]
    clinical = any(
        about[pmid].study in CLINICAL or (pmid in people and about[pmid].study not in NO_STUDY)
        for pmid in bearing.pmids
    )
    said = []
    if not clinical:
        said.append("no study in people")
    elif not trials:
        said.append("no randomised trial")
    elif all(about[pmid].retracted for pmid in trials):
        said.append("no randomised trial that is not retracted")
    if clinical and not bearing.studies.get("meta-analysis"):
        said.append("no meta-analysis")
    if bearing.newest and newest and bearing.newest <= newest - LONG_AGO:
        said.append(f"nothing since {bearing.newest}")
    return said
