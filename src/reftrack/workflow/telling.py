"""A held record that changed becomes news: which fields, which notice, and whether the paper was retracted by it.

Each query tells of its own papers what is different since it last told: the record as it was then is compared with the
record as it is now. So whoever brought a change, another query, a file, a rebuild or a run that broke off, every query
that holds the paper tells it, and tells it once.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import SequenceMatcher
from itertools import islice

from .. import pubmed
from ..errors import RecordError
from ..library.history import differences, texts
from ..library.ledger import Altered
from ..library.reading import SAMPLE
from ..library.writing import Library
from ..model import Bucket, Notice, Paper
from ..notices import FROM_PUBLICATION_TYPE, PUBLICATION_TYPES, without_mark
from ..tag_changes import news as tag_news

NOT_SERVED = "PubMed no longer serves it (deleted or merged)"
"""The two look alike to whoever asks; what is held of such a paper stays."""

KEPT = "its tags stay, and no heading speaks for one that rested on the text"

_FROM_A_NOTICE = frozenset({"corrections", "retracted", "revised", "version", "completed", "indexing_method"})
"""What PubMed touches when it links a notice: not a change of the paper's own."""
_OF_THE_RECORD_ONLY = frozenset({"retracted", "revised", "version"})
_SHOWN, _LONGEST = 3, 40
_NAMES = {"mesh": "MeSH", "doi": "DOI", "pmcid": "PMCID"}
_AT_ONCE = 200
_ALIKE = 0.6
"""`J Example. 2026 Mar` and `J Example. 2026 Mar;7(3):78` are one notice; another year or journal is another."""


def tell_changes(library: Library, run: int, query: str, *, live: Collection[str]) -> None:
    """Write into the ledger what changed in a query's papers since it last told. Call inside a transaction.

    Of papers that have only just joined or left, and of those that none of the `live` queries finds, only notices are
    told: what concerns whoever holds them.
    """
    altered = iter(library.altered(run, query, live=live))
    while part := list(islice(altered, _AT_ONCE)):
        after = {held.paper.pmid: held.paper for held in library.held([each.pmid for each in part])}
        for each in part:
            if each.pmid in after:
                for bucket, reason in _told(library, each, after[each.pmid]).items():
                    library.note(run, bucket, [each.pmid], reason)
    library.told_all(run)


def _told(library: Library, altered: Altered, after: Paper) -> dict[Bucket, str]:
    xml, source = library.former_record(altered.former)
    try:
        before = pubmed.parse(xml)
    except RecordError:  # an older parser could read it; what changed cannot be told
        return {"changed": "what the record was before cannot be read any more"}
    told = news(before, after, restated=source == SAMPLE)
    if "changed" in told and source != SAMPLE:
        told |= _indexed(library, altered)
    if altered.is_member:
        return told
    return {bucket: why for bucket, why in told.items() if bucket not in ("changed", "indexed")}


def _indexed(library: Library, altered: Altered) -> dict[Bucket, str]:
    """That NLM indexed the paper, and what that did to its tags."""
    indexed = tag_news(library.tag_changes(altered.pmid, since=altered.former), cause="indexing")
    return {"indexed": indexed.sentence() or KEPT} if indexed.indexed else {}


def news(before: Paper, after: Paper, *, restated: bool = False) -> dict[Bucket, str]:
    """The buckets that a change belongs to, each with its reason; none if only the date of revision moved.

    `restated` says that what was held was the shipped sample's restatement, and this is the published record.
    """
    told: dict[Bucket, str] = {}
    gained = _gained(before, after)
    if gained:
        told["notice"] = "; ".join(dict.fromkeys(map(notice_text, gained)))
    if after.retracted and not before.retracted:
        told["retracted"] = told["notice"]
    if restated:
        return told | {"changed": "PubMed's own record took the place of the sample's restatement"}
    own = [name for name in differences(before, after) if name not in _OF_THE_RECORD_ONLY]
    if gained:
        own = [name for name in own if name not in _FROM_A_NOTICE and not _is_a_mark(name, before, after)]
    if own or (before.retracted and not after.retracted):
        reasons = ["no longer retracted"] * (before.retracted and not after.retracted)
        told["changed"] = "; ".join([*reasons, *(_difference(name, before, after) for name in own)])
    return told


def notice_text(notice: Notice) -> str:
    """`retraction: J Example. 2026 (PMID 90000077)`."""
    where = " ".join(part for part in (notice.source, f"(PMID {notice.pmid})" if notice.pmid else "") if part)
    return f"{notice.type}: {where}" if where else notice.type


def _gained(before: Paper, after: Paper) -> list[Notice]:
    """The notices that the paper did not carry before: not one that was only reworded or got its PMID."""
    old = list(before.alerts)
    gained = []
    for notice in after.alerts:
        same = next((other for other in old if _is_same(notice, other)), None)
        if same is None:
            gained.append(notice)
        else:
            old.remove(same)
    return [notice for notice in gained if not _was_told(notice, before, old)]


def _is_same(notice: Notice, other: Notice) -> bool:
    if notice.type != other.type:
        return False
    if notice.pmid and other.pmid:
        return notice.pmid == other.pmid
    return notice.source == other.source


def _was_told(notice: Notice, before: Paper, unmatched: list[Notice]) -> bool:
    """Whether it stands for one that is gone, had no PMID yet and was much the same in words."""
    if notice.source == FROM_PUBLICATION_TYPE and any(notice.type == other.type for other in before.alerts):
        return True
    for other in unmatched:
        alike = SequenceMatcher(None, notice.source, other.source).ratio() >= _ALIKE
        if notice.type == other.type and not other.pmid and alike:
            unmatched.remove(other)
            return True
    return False


def _is_a_mark(name: str, before: Paper, after: Paper) -> bool:
    """Whether a field differs by nothing but the mark of a notice: "RETRACTED: ", or the publication type."""
    if name in ("title", "title_markup"):
        return without_mark(getattr(before, name)) == without_mark(getattr(after, name))
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
