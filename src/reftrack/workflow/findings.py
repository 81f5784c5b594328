"""What a check of a manuscript can find: the words that checking, the table and JSON share.

Severities: `error` must be looked at before the text goes out, `warning` should be, `info` is worth knowing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..manuscripts import Place

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Link:
    """Where a finding leads: the notice, the newer version, the other paper."""

    pmid: int | None
    type: str
    citation: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the author of a manuscript should know."""

    kind: str
    severity: Severity
    cited: str
    message: str
    """What is the case, a sentence."""
    advice: str = ""
    """What to do, a sentence."""
    where: tuple[Place, ...] = ()
    pmid: int | None = None
    key: str = ""
    title: str = ""
    link: Link | None = None


KINDS = {
    "retracted": "Retracted",
    "retracted-republished": "Retracted and republished",
    "wrong-id": "Identifier of another paper",
    "unresolved": "Keys without a reference",
    "no-citations": "No citation found",
    "concern": "Expression of concern",
    "published": "Preprint, and the article is out",
    "updated": "A newer version exists",
    "corrected": "Corrected",
    "deleted": "No longer in PubMed",
    "duplicate": "One paper cited twice",
    "unsure": "Perhaps a paper that is held",
    "newer": "Newer, in the same cell of the map, and not cited",
    "unknown": "Not in the library",
}
"""Every kind of finding, the gravest first, with its heading."""

PUBLISHED = "Cite the article, after comparing what it says."
DO_NOT_REST = "Do not rest on it; if it must be cited, say that it was retracted."
