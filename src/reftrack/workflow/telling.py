"""A held record that changed becomes news: which fields, which notice, and whether the paper was retracted by it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..library.history import texts
from ..library.writing import Library
from ..model import Bucket, Notice, Paper
from ..notices import PUBLICATION_TYPES
from .filing import Altered

NOT_SERVED = "PubMed no longer serves it (deleted or merged)"
"""The two look alike to whoever asks; what is held of such a paper stays."""

_FROM_A_NOTICE = frozenset({"corrections", "retracted", "revised", "version", "completed", "indexing_method"})
"""What PubMed touches when it links a notice: not a change of the paper's own."""
_OF_THE_RECORD_ONLY = frozenset({"retracted", "revised", "version"})
_MARKED = re.compile(
    r"^(?:\W*(?:retracted|withdrawn|removed|retraction|expression of concern)\b[\s:.\-–—\]]*)+", re.IGNORECASE
)
_SHOWN, _LONGEST = 3, 40
_NAMES = {"mesh": "MeSH", "doi": "DOI", "pmcid": "PMCID"}


def tell_changes(library: Library, run: int, changed: Mapping[int, Altered]) -> None:
    """Write into the ledger what a run says of records that came changed. Call inside a transaction."""
    for pmid, altered in changed.items():
        for bucket, reason in news(altered).items():
            library.note(run, bucket, [pmid], reason)


def news(altered: Altered) -> dict[Bucket, str]:
    """The buckets a changed record belongs to, each with its reason; none if only its date of revision moved."""
    before, after = altered.before, altered.after
    if before is None:
        return {"changed": "its row was lost and has been made again"}
    if altered.restated:
        return {"changed": "PubMed's own record took the place of the sample's restatement"}
    told: dict[Bucket, str] = {}
    gained = [notice for notice in after.alerts if not _known(notice, before)]
    if gained:
        told["notice"] = "; ".join(dict.fromkeys(map(notice_text, gained)))
    if after.retracted and not before.retracted:
        told["retracted"] = told["notice"]
    own = [name for name in altered.fields if name not in _OF_THE_RECORD_ONLY]
    if "notice" in told:
        own = [name for name in own if name not in _FROM_A_NOTICE and not _is_a_mark(name, before, after)]
    if own or (before.retracted and not after.retracted):
        reasons = ["no longer retracted"] * (before.retracted and not after.retracted)
        told["changed"] = "; ".join([*reasons, *(_difference(name, before, after) for name in own)])
    return told


def notice_text(notice: Notice) -> str:
    """`retraction: J Example. 2026 (PMID 90000077)`."""
    where = " ".join(part for part in (notice.source, f"(PMID {notice.pmid})" if notice.pmid else "") if part)
    return f"{notice.type}: {where}" if where else notice.type


def _known(notice: Notice, before: Paper) -> bool:
    """Whether the paper carried this notice before, perhaps without its PMID or under another wording."""
    return any(
        notice.type == other.type
        and (notice.source == other.source or (notice.pmid is not None and notice.pmid == other.pmid))
        for other in before.alerts
    )


def _is_a_mark(name: str, before: Paper, after: Paper) -> bool:
    """Whether a field differs by nothing but the mark of a notice: "RETRACTED: ", or the publication type."""
    if name in ("title", "title_markup"):
        return _MARKED.sub("", getattr(before, name)) == _MARKED.sub("", getattr(after, name) or after.title)
    if name == "publication_types":
        old, new = ({kind.name for kind in paper.publication_types} for paper in (before, after))
        return old ^ new <= PUBLICATION_TYPES.keys()
    return False


def _difference(name: str, before: Paper, after: Paper) -> str:
    shown = _NAMES.get(name, name.replace("_", " "))
    old, new = texts(before, name), texts(after, name)
    if name in ("abstract", "other_abstracts", "references"):
        return f"{shown} {'added' if not old else 'removed' if not new else 'changed'}"
    if isinstance(getattr(after, name), tuple):
        parts = [f"+{text}" for text in new if text not in old] + [f"-{text}" for text in old if text not in new]
        more = f" and {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
        return f"{shown} {', '.join(parts[:_SHOWN])}{more}" if parts else f"{shown} changed"
    was, now = "".join(old), "".join(new)
    if not was or not now:
        return f"{shown} {'added' if now else 'removed'}" + (f": {now}" if now and len(now) <= _LONGEST else "")
    return f"{shown} {was} → {now}" if len(was) <= _LONGEST and len(now) <= _LONGEST else f"{shown} changed"
