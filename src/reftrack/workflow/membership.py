"""Who joined a query and who left it between two complete runs, each with its reason."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from .. import pubmed
from ..errors import RecordError
from ..library.ledger import LastRun
from ..library.reading import Reader
from ..model import Bucket, Paper, Query
from .reasons import Judge

UNKNOWN = "which change did it, the record does not tell"
"""Better than a guess."""
ONE_DAY = timedelta(days=1)
"""What entered PubMed on the day before the last run may not have been in the search yet: it is new, not late."""


@dataclass(slots=True)
class _Comparison:
    """A query as it runs now and as it last ran to its end."""

    query: Query
    last: LastRun | None
    translation: str
    judge: Judge = field(init=False)
    former_judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        self.judge = Judge(self.query.term)
        self.former_judge = Judge(self.last.term) if self.last and self.edited else self.judge

    @property
    def edited(self) -> bool:
        """Whether the query says something else than in the last run; layout does not count."""
        return self.last is not None and self.last.term.split() != self.query.term.split()

    @property
    def read_differently(self) -> bool:
        """Whether PubMed translated the same query otherwise: its headings or its own rules changed."""
        last = self.last
        return last is not None and not self.edited and bool(last.translation) and last.translation != self.translation

    def by_the_query(self, *, found_by_former: bool) -> str:
        """The reason that lies in the query, if its former text would not have done the same; "" if there is none."""
        if self.last and self.edited and not (self.former_judge.usable and found_by_former):
            return f"the query was edited after run {self.last.run}"
        if self.last and self.read_differently:
            return f"PubMed reads the query differently than in run {self.last.run}"
        return ""

    def state_before(self, library: Reader, pmid: int) -> Paper | None:
        """The paper as it was held at the last run, if its record has changed since."""
        raw = library.former(pmid, after=self.last.run) if self.last else None
        if raw is None:
            return None
        try:
            return pubmed.parse(raw)
        except RecordError:
            return None


class Joining(_Comparison):
    """Papers that the query finds and did not find before."""

    __slots__ = ()

    @property
    def warnings(self) -> list[str]:
        """What a reader of the run must know beside the papers."""
        if self.last and self.read_differently:
            told = (
                f"PubMed translates this query differently than in run {self.last.run}, which by itself lets papers "
                f"join or leave; both translations are in `reftrack runs {self.query.name} --json`."
            )
            return [told]
        return []

    def tell(
        self,
        library: Reader,
        joined: Mapping[int, int | None],
        *,
        run: int,
        back: Container[int],
        unheld: Container[int],
    ) -> dict[Bucket, dict[int, str]]:
        """The papers that joined, new and late, with their reasons.

        `joined` gives each the run that saw it leave before, if it did; `back` are those that PubMed serves again,
        `unheld` those that the library did not hold before this run.
        """
        if self.last is None:
            return {"new": dict.fromkeys(joined, "")}
        told: dict[Bucket, dict[int, str]] = {"new": {}, "late": {}}
        highest = library.highest_pmid(self.query.name, run=self.last.run)
        missed = library.last_missing(self.query.name, before=run)
        for held in library.held(sorted(joined)):
            paper, left = held.paper, joined[held.paper.pmid]
            if paper.pmid in missed and left is None:
                told["new"][paper.pmid] = "listed before; its record could be had only now"
            elif left is not None and paper.pmid in back:
                told["late"][paper.pmid] = f"PubMed had stopped serving it in run {left} and serves it again"
            elif left is not None or self._was_there(paper, highest):
                told["late"][paper.pmid] = self._why_late(
                    library, paper, left, first_seen="" if paper.pmid in unheld else held.first_seen
                )
            else:
                told["new"][paper.pmid] = ""
        return told

    def _was_there(self, paper: Paper, highest: int) -> bool:
        """Whether PubMed had the paper when the query last ran.

        PubMed numbers papers as they come, so one without a date of entry is older than those found before if its PMID
        is.
        """
        if not self.last or not paper.entered:
            return paper.pmid < highest
        return date.fromisoformat(paper.entered) < self._last_day - ONE_DAY

    @property
    def _last_day(self) -> date:
        assert self.last is not None
        return date.fromisoformat(self.last.as_of[:10])

    def _why_late(self, library: Reader, paper: Paper, left: int | None, *, first_seen: str) -> str:
        since = f"in PubMed since {paper.entered}" if paper.entered else "its PMID is older than others found before"
        back = [f"it had left in run {left} and is found again"] if left is not None else []
        return "; ".join([since, *back, self._why(library, paper, first_seen)])

    def _why(self, library: Reader, paper: Paper, first_seen: str) -> str:
        before = self.state_before(library, paper.pmid)
        outside = self.by_the_query(found_by_former=self.former_judge.finds(paper))
        if outside:
            return outside
        if before is not None:
            why = self.judge.why_entered(before, paper)
            indexed = why.startswith("MeSH") and paper.completed
            return why + (f" (indexed {paper.completed})" if indexed else "") if why else UNKNOWN
        assert self.last is not None
        if first_seen and first_seen <= self.last.finished:
            return "its record has not changed since; PubMed's search finds it only now"
        return self._why_unseen(paper)

    def _why_unseen(self, paper: Paper) -> str:
        """Why a paper is found only now whose former record nobody here has seen: what its own dates prove."""
        needed = self.judge.needed(paper)
        if not needed:
            return UNKNOWN
        if paper.completed and date.fromisoformat(paper.completed) >= self._last_day - ONE_DAY:
            return f"{needed} was added (indexed {paper.completed})"
        if paper.revised and date.fromisoformat(paper.revised) >= self._last_day - ONE_DAY:
            return f"its record was revised on {paper.revised}; it is found by {needed}"
        return f"it is found by {needed}; since when, its record does not tell"


class Leaving(_Comparison):
    """Papers that the query found and does not find any more, though PubMed serves them."""

    __slots__ = ()

    def tell(self, library: Reader, left: Iterable[int]) -> dict[int, str]:
        """Each paper with the reason why it left."""
        return {held.paper.pmid: self._why(library, held.paper) for held in library.held(sorted(left))}

    def _why(self, library: Reader, paper: Paper) -> str:
        # If the former text would not find it either, the edit is not what made it leave.
        outside = self.by_the_query(found_by_former=self.edited and not self.former_judge.finds(paper))
        if outside:
            return outside
        before = self.state_before(library, paper.pmid)
        if before is None:
            return "its record has not changed; PubMed's search no longer finds it"
        return self.former_judge.why_left(before, paper) or UNKNOWN
