"""A paper as JSON: the contract of the command line. Fields may be added, never removed or retyped."""

from __future__ import annotations

from typing import Any

from ..model import HeldPaper


def shape(held: HeldPaper) -> dict[str, Any]:
    """A paper with everything that JSON says of it."""
    record = held.paper
    return {
        "pmid": record.pmid,
        "key": held.key,
        "type": record.type,
        "title": record.title,
        "authors": [author.short for author in record.authors],
        "authors_complete": record.authors_complete,
        "journal": record.journal or (record.book.title if record.book else ""),
        "year": record.date.year,
        "date": record.date.text,
        "volume": record.volume,
        "issue": record.issue,
        "pages": record.pages or record.article_number,
        "doi": record.doi or None,
        "pmcid": record.pmcid or None,
        "language": ";".join(record.languages),
        "abstract": [{"label": section.label, "text": section.text} for section in record.abstract],
        "mesh": [heading.name for heading in record.mesh],
        "publication_types": [kind.name for kind in record.publication_types],
        "keywords": [keyword.name for keyword in record.keywords],
        "registry_ids": list(record.registry_ids),
        "study": held.study or None,
        "tags": tags(held),
        "queries": list(held.queries),
        "notices": [{"type": n.type, "pmid": n.pmid, "source": n.source} for n in record.notices],
        "retracted": record.retracted,
        "decision": held.decision,
        "decisions": [
            {"verdict": d.verdict, "who": d.who, "reasons": list(d.reasons), "at": d.at} for d in held.decisions
        ],
        "labels": list(held.labels),
        "note": held.note,
        "first_seen": held.first_seen,
        "source": held.source,
        "restated": record.restated,
        "deleted": held.deleted or None,
        "indexing": record.indexing,
        "provisional": record.indexing == "awaited",
    }


def tags(held: HeldPaper) -> dict[str, list[str]]:
    """Facet to slugs, primary study type first; the three facets every reader asks for are always there."""
    filed: dict[str, list[str]] = {"condition": [], "study": [], "outcome": [], "population": []}
    for tag in held.tags:
        filed.setdefault(tag.facet, []).append(tag.slug)
    return filed
