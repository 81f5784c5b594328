"""A digest as JSON, whole: its fields are a contract, may be added to, and are never removed or retyped."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from msgspec import structs

from ..model import Run
from ..tag_changes import TagNews
from .digest import Digest, Item, Problem, Section
from .words import UNSAFE, link


def text(digest: Digest) -> str:
    """The whole digest. What a terminal would obey stands as an escape, so the text itself is kept."""
    plain = json.dumps(shape(digest), ensure_ascii=False, indent=2)
    return UNSAFE.sub(lambda found: found[0] if found[0] == "\n" else json.dumps(found[0])[1:-1], plain) + "\n"


def shape(digest: Digest) -> dict[str, Any]:
    """The digest as plain values."""
    return {
        "since": digest.since,
        "asked": digest.asked,
        "runs": [_run(run) for run in digest.runs],
        "found": digest.held_of_found + digest.lost,
        "news": digest.news,
        "retraction": digest.retraction,
        "sections": [
            {
                "bucket": section.bucket,
                "total": section.total,
                "papers": [_paper(item) | _retagged(section, item) for item in section.items],
                **({"indexed": asdict(section.indexed)} if section.indexed else {}),
            }
            for section in digest.sections
        ],
        "problems": [_problem(problem) for problem in digest.problems],
        "version": digest.version,
    }


def _paper(item: Item) -> dict[str, Any]:
    card = item.card
    return {
        "pmid": item.pmid,
        "key": card.key if card else "",
        "title": card.title if card else "",
        "author": card.author if card else "",
        "journal": card.journal if card else "",
        "year": card.year if card else None,
        "study": (card.study or None) if card else None,
        "tags": list(card.tags) if card else [],
        "retracted": bool(card and "retracted" in card.marks),
        "concern": bool(card and "concern" in card.marks),
        "deleted": bool(card and "deleted" in card.marks),
        "held": card is not None,
        "url": link(item),
        "reason": item.reason,
        "queries": list(item.queries),
        "runs": list(item.runs),
    }


def _retagged(section: Section, item: Item) -> dict[str, Any]:
    """What only the papers that are told as indexed or changed have."""
    if section.bucket not in ("indexed", "changed"):
        return {}
    return {
        "record": item.record or item.reason,
        "by_indexing": _tag_news(item.tags.by_indexing),
        "by_record": _tag_news(item.tags.by_record),
        "against": [structs.asdict(conflict.decision) | {"says": conflict.says} for conflict in item.tags.against],
    }


def _tag_news(told: TagNews) -> dict[str, Any] | None:
    """What became of the paper's tags; null for nothing."""
    if not (told.changed or told.confirmed or told.indexed):
        return None
    changed = told.study[0] != told.study[1]
    return {
        "study": {"before": told.study[0] or None, "after": told.study[1] or None, "because": told.study_because}
        if changed
        else None,
        "gained": [{"tag": one.tag, "because": one.because} for one in told.gained],
        "lost": [{"tag": one.tag, "because": one.because} for one in told.lost],
        "confirmed": [{"tag": one.tag, "because": one.because} for one in told.confirmed],
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "run": run.run,
        "query": run.query,
        "source": run.source,
        "status": run.status,
        "started": run.started,
        "finished": run.finished,
        "count": run.count,
        "received": run.received,
        "requests": run.requests,
        "version": run.version,
        "problem": run.problem,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "kind": problem.kind,
        "runs": list(problem.runs),
        "queries": list(problem.queries),
        "text": problem.text,
        "missing": [{"pmid": pmid, "reason": why} for pmid, why in problem.missing],
        "mended_by": problem.mended_by or None,
    }
