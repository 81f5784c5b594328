"""What people decided about tags, beside what the rules say of the same papers today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..model import HandTag

if TYPE_CHECKING:
    from .opening import Connection

RuleState = Literal["tagged", "possible", "absent", "unknown"]


@dataclass(frozen=True, slots=True)
class Decided:
    """A person's decision and what the rules say of the same paper and tag."""

    decision: HandTag
    key: str
    title: str
    facet: str
    """"" if the tag does not exist any more: then the decision sleeps."""
    state: RuleState
    """"unknown" of a tag that does not exist any more."""
    score: float
    threshold: float
    primary: str
    """The rules' primary tag of the same facet, where one tag of a facet is primary."""
    can_be_primary: bool
    """As SQLite says it, 1 or 0."""

    @property
    def agrees(self) -> bool:
        """Whether the rules say the same, so that the decision is not needed any more.

        A study type given by hand becomes the paper's primary one, so the rules agree only if it is theirs too.
        """
        if self.decision.verdict == "remove":
            return self.state in ("absent", "possible")
        if self.state == "tagged" and self.primary and self.can_be_primary:
            return self.primary == self.decision.slug
        return self.state == "tagged"


def decided(connection: Connection) -> tuple[Decided, ...]:
    """All decisions on papers that are held, oldest first; of two on one tag under two names the later one."""
    return tuple(Decided(HandTag(*row[:6]), *row[6:]) for row in connection.rows(_DECIDED))


_DECIDED = """WITH latest AS (
        SELECT h.pmid, coalesce(a.tag, h.tag) AS tag, h.verdict, h.because, h.who, max(h.at) AS at
        FROM hand_tags h LEFT JOIN tag_aliases a ON a.alias = h.tag GROUP BY 1, 2)
    SELECT d.pmid, d.tag, d.verdict, d.because, d.who, d.at, coalesce(k.key, ''), p.title, coalesce(v.facet, ''),
        CASE WHEN v.tag IS NULL THEN 'unknown' ELSE coalesce(r.state, 'absent') END,
        coalesce(r.score, 0.0), coalesce(r.threshold, 0.0),
        coalesce((SELECT f.tag FROM rule_tags f JOIN tags w ON w.tag = f.tag
            WHERE f.pmid = d.pmid AND f.is_primary AND w.facet = v.facet), ''), coalesce(v.rank, 0) > 0
    FROM latest d JOIN papers p ON p.pmid = d.pmid
    LEFT JOIN citation_keys k ON k.pmid = d.pmid LEFT JOIN tags v ON v.tag = d.tag
    LEFT JOIN rule_tags r ON r.pmid = d.pmid AND r.tag = d.tag
    ORDER BY d.at, d.pmid, d.tag"""
