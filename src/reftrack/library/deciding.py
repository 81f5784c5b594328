"""What people decided about tags, beside what the rules say of the same papers today."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from ..model import HandTag

if TYPE_CHECKING:
    from .opening import Connection

LATEST = "max(h.at || ' ' || h.tag)"
"""Of the decisions on one tag under several names, whose other columns SQLite takes: the later one; in one second, the
one that `Reader.hand_tags` gives last."""

RuleState = Literal["tagged", "possible", "absent", "unknown"]


class Decided(Struct, frozen=True):
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
    child: str
    """A tag below this one that the rules found: then they found this one as well."""

    @property
    def agrees(self) -> bool:
        """Whether the rules say the same, so that the decision is not needed any more.

        A study type given by hand becomes the paper's primary one, so the rules agree only if it is theirs too. A
        tag whose child the rules found is found, too: a list by it shows the paper.
        """
        if self.decision.verdict == "remove":
            return self.state in ("absent", "possible") and not self.child
        if self.state == "tagged" and self.primary and self.can_be_primary:
            return self.primary == self.decision.slug
        return self.state == "tagged" or bool(self.child)


def decided(connection: Connection) -> tuple[Decided, ...]:
    """All decisions on papers that are held, oldest first; of two on one tag under two names the later one."""
    return tuple(Decided(HandTag(*row[:6]), *row[6:]) for row in connection.rows(_DECIDED))


_DECIDED = f"""WITH RECURSIVE latest AS (
        SELECT h.pmid, coalesce(a.tag, h.tag) AS tag, h.verdict, h.because, h.who, h.at, {LATEST}
        FROM hand_tags h LEFT JOIN tag_aliases a ON a.alias = h.tag GROUP BY 1, 2),
    below(top, tag) AS (SELECT parent, tag FROM tags WHERE parent <> ''
        UNION SELECT below.top, t.tag FROM tags t JOIN below ON t.parent = below.tag)
    SELECT d.pmid, d.tag, d.verdict, d.because, d.who, d.at, coalesce(k.key, ''), p.title, coalesce(v.facet, ''),
        CASE WHEN v.tag IS NULL THEN 'unknown' ELSE coalesce(r.state, 'absent') END,
        coalesce(r.score, 0.0), coalesce(r.threshold, 0.0),
        coalesce((SELECT f.tag FROM rule_tags f JOIN tags w ON w.tag = f.tag
            WHERE f.pmid = d.pmid AND f.is_primary AND w.facet = v.facet), ''), coalesce(v.rank, 0) > 0,
        coalesce((SELECT min(b.tag) FROM below b JOIN rule_tags c ON c.pmid = d.pmid AND c.tag = b.tag
            WHERE b.top = d.tag AND c.state = 'tagged'), '')
    FROM latest d JOIN papers p ON p.pmid = d.pmid
    LEFT JOIN citation_keys k ON k.pmid = d.pmid LEFT JOIN tags v ON v.tag = d.tag
    LEFT JOIN rule_tags r ON r.pmid = d.pmid AND r.tag = d.tag
    ORDER BY d.at, d.pmid, d.tag"""
