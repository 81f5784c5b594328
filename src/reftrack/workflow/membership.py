"""Who joined a query and who left it between two complete runs, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from .. import pubmed
from ..errors import RecordError
from ..library.ledger import LastRun
from ..library.reading import Reader
from ..model import Bucket, Paper, Query
from .reasons import Judge

ONE_DAY = timedelta(days=1)
"""What entered PubMed on the day before the last run may not have been in the search yet: it is new, not late."""


@dataclass(slots=True)
class _Comparison:
    """A query as it runs now and as it last ran to its end."""

    query: Query
    last: LastRun | None
    translation: str
    judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        self.judge = Judge(self.query.term)

    @property
    def edited(self) -> bool:
        """Whether the query says something else than in the last run; layout does not count."""
        return self.last is not None and self.last.term.split() != self.query.term.split()

    @property
    def read_differently(self) -> bool:
        """Whether PubMed translated the same query otherwise: its headings or its own rules changed."""
        last = self.last
        return last is not None and not self.edited and bool(last.translation) and last.translation != self.translation

    def from_outside(self) -> str:
        """The reason that lies in the query, not in the paper; "" if there is none."""
        if self.last and self.edited:
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

    def tell(self, library: Reader, joined: dict[int, int]) -> dict[Bucket, dict[int, str]]:
        """`joined` is each paper with the run in which it first came; gives new and late papers with their reasons."""
        told: dict[Bucket, dict[int, str]] = {"new": {}, "late": {}}
        if self.last is None:
            return {"new": dict.fromkeys(joined, "")}
        highest = library.highest_pmid(self.query.name, run=self.last.run)
        for held in library.held(sorted(joined)):
            paper = held.paper
            returned = joined[paper.pmid] <= self.last.run
            if returned or self._was_there(paper, highest):
                told["late"][paper.pmid] = self._why_late(library, paper, returned=returned)
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
        return date.fromisoformat(paper.entered) < date.fromisoformat(self.last.started[:10]) - ONE_DAY

    def _why_late(self, library: Reader, paper: Paper, *, returned: bool) -> str:
        since = f"in PubMed since {paper.entered}" if paper.entered else "its PMID is older than others found before"
        reasons = [since]
        if returned:
            reasons.append("it had left the query and is found again")
        why = self.from_outside() or self.judge.why_entered(self.state_before(library, paper.pmid), paper)
        if why.startswith("MeSH") and paper.completed:
            why += f" (indexed {paper.completed})"
        return "; ".join([*reasons, why or "why it is found only now the record does not tell"])


class Leaving(_Comparison):
    """Papers that the query found and does not find any more, though PubMed serves them."""

    __slots__ = ()

    def tell(self, library: Reader, left: Iterable[int]) -> dict[int, str]:
        """Each paper with the reason why it left."""
        return {held.paper.pmid: self._why(library, held.paper) for held in library.held(sorted(left))}

    def _why(self, library: Reader, paper: Paper) -> str:
        outside = self.from_outside()
        if outside:
            return outside
        before = self.state_before(library, paper.pmid)
        if before is None:
            return "its record has not changed; PubMed's search no longer finds it"
        return self.judge.why_left(before, paper) or "its record changed; which change did it cannot be told here"
