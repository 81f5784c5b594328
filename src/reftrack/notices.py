"""The one table of notices: what PubMed's links and publication types say of a paper, by type and severity.

Names and words only, so that `list` may load it. Names of links follow the PubMed DTD (CommentsCorrections/@RefType),
which types mean what follows NLM's policy (https://www.nlm.nih.gov/bsd/policy/errata.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple


class Words(NamedTuple):
    """How a type of notice is put before a reader."""

    mark: str
    """What stands before a title or as a label."""
    sentence: str
    """What it says of this paper, without a full stop."""


RETRACTED_UI = "D016441"
"""MeSH UI of the publication type "Retracted Publication". D016440 is the notice, which is not retracted."""
FROM_PUBLICATION_TYPE = "publication type"
"""The source of a notice that only a publication type tells of: there is no citation."""

ALERTS = {
    "retraction": Words("RETRACTED", "This paper was retracted"),
    "retracted-republished": Words("RETRACTED", "This paper was retracted and republished"),
    "concern": Words("CONCERN", "An expression of concern about this paper was published"),
    "erratum": Words("Erratum", "An erratum to this paper was published"),
    "corrected-republished": Words("Corrected", "This paper was corrected and republished"),
    "update": Words("Updated", "An update of this paper was published"),
    "republished": Words("Republished", "This paper was republished"),
    "comment": Words("Comment", "A comment on this paper was published"),
}
"""Types that concern the reader of this paper, most severe first."""

THEMSELVES = {
    "retraction-of": Words("Retraction notice", "This is the notice that another paper was retracted"),
    "retracted-republished-from": Words("Republication", "This replaces a paper that was retracted"),
    "concern-for": Words("Concern notice", "This is an expression of concern about another paper"),
    "erratum-for": Words("Erratum notice", "This is an erratum to another paper"),
    "corrected-republished-from": Words("Corrected version", "This is the corrected version of another paper"),
    "update-of": Words("Update", "This updates an earlier paper"),
    "republished-from": Words("Republication", "This republishes an earlier paper"),
    "comment-on": Words("Comment", "This is a comment on another paper"),
}
"""Types by which this paper is itself the notice about another."""

RELATED = {
    "patient-summary": Words("Summary", "A summary for patients was published"),
    "original-report": Words("Report", "This sums up another report"),
    "reprint": Words("Reprint", "This paper was reprinted"),
    "reprint-of": Words("Reprint", "This reprints another paper"),
    "dataset": Words("Data", "A data set belongs to this paper"),
    "associated-publication": Words("Publication", "A publication belongs to this data set"),
}
"""Types that only lead to something that belongs to this paper."""

RETRACTING = frozenset({"retraction", "retracted-republished"})
"""Types by which this paper is retracted. NLM counts a partial retraction as an erratum."""

NOTICE_TYPES = {
    "RetractionIn": "retraction",
    "RetractedandRepublishedIn": "retracted-republished",
    "ExpressionOfConcernIn": "concern",
    "ErratumIn": "erratum",
    "PartialRetractionIn": "erratum",
    "CorrectedandRepublishedIn": "corrected-republished",
    "UpdateIn": "update",
    "RepublishedIn": "republished",
    "CommentIn": "comment",
    "RetractionOf": "retraction-of",
    "RetractedandRepublishedFrom": "retracted-republished-from",
    "ExpressionOfConcernFor": "concern-for",
    "ErratumFor": "erratum-for",
    "PartialRetractionOf": "erratum-for",
    "CorrectedandRepublishedFrom": "corrected-republished-from",
    "UpdateOf": "update-of",
    "RepublishedFrom": "republished-from",
    "CommentOn": "comment-on",
    "SummaryForPatientsIn": "patient-summary",
    "OriginalReportIn": "original-report",
    "ReprintIn": "reprint",
    "ReprintOf": "reprint-of",
    "AssociatedDataset": "dataset",
    "AssociatedPublication": "associated-publication",
}
"""RefType -> type. A RefType that is not here is its own type: nothing that PubMed links is lost."""

_TOLD_BY_TYPE = {
    (RETRACTED_UI, "Retracted Publication"): "retraction",
    ("D016440", "Retraction of Publication", "Retraction Notice"): "retraction-of",
    ("D000075742", "Expression of Concern"): "concern-for",
    ("D016425", "Published Erratum"): "erratum-for",
    ("D016439", "Corrected and Republished Article"): "corrected-republished-from",
    ("D016420", "Comment"): "comment-on",
}
PUBLICATION_TYPES = {name: told for names, told in _TOLD_BY_TYPE.items() for name in names}
"""A publication type, by its UI or its name (older records have no UI) -> the type of notice it tells of."""

_ALSO_SAID_BY = {
    "retraction": "retracted-republished",
    "retraction-of": "retracted-republished-from",
    "corrected-republished-from": "republished-from",  # so PubMed linked it before 2019
}


def unsaid(publication_types: Iterable[tuple[str, str]], said: Iterable[str]) -> list[str]:
    """The types of notice that publication types, as (UI, name), tell of and no link has said yet; each once."""
    known = set(said)
    found = []
    for ui, name in publication_types:
        told = PUBLICATION_TYPES.get(ui) or PUBLICATION_TYPES.get(name)
        if told and not {told, _ALSO_SAID_BY.get(told)} & known:
            known.add(told)
            found.append(told)
    return found


_SAYS_SO = r"(?i)^\W*(?:retracted|withdrawn|removed|expression of concern)(?: article| paper)?\s*[:.\]–—-]+\s*"
"""Compiled when the first retracted paper is shown."""


def without_mark(title: str) -> str:
    """The title of a retracted paper without the mark that NLM or the journal put before it, where ours stands."""
    return re.sub(_SAYS_SO, "", title) or title


def words(kind: str) -> Words:
    """How a type is put before a reader; one that is not known is called what PubMed calls it."""
    return ALERTS.get(kind) or THEMSELVES.get(kind) or RELATED.get(kind) or Words("Link", f"PubMed links it by {kind}")


def links(*types: str) -> tuple[str, ...]:
    """The RefTypes that say one of these types."""
    return tuple(link for link, kind in NOTICE_TYPES.items() if kind in types)


HAD = {
    "retraction": links("retraction", "retracted-republished"),
    "concern": links("concern"),
    "erratum": links("erratum", "corrected-republished"),
    "update": links("update"),
    "comment": links("comment"),
}
"""Notices that papers are chosen by (--notice) → the links that a paper carries when it has had one. Only of a
retraction may a publication type tell instead; `papers.retracted` knows of both."""
