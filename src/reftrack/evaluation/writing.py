"""Papers become lines of a gold file, with every field that tagging reads, to be labelled by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..model import Heading, Paper

Row = dict[str, Any]


def gold_header(name: str, labelled: Sequence[str], note: str) -> str:
    """The first line: what the annotator is to judge."""
    return _line({"gold": name, "labelled": list(labelled), "note": note})


def gold_line(paper: Paper, tags: Sequence[str] = (), **more: object) -> str:
    """One paper. `more` are further fields, as primary and judged; empty ones are left out, `tags` never is."""
    row: Row = {
        "pmid": paper.pmid,
        "title": paper.title,
        "vernacular_title": paper.vernacular_title,
        "abstract": [
            _without_empty({"label": part.label, "category": part.category}) | {"text": part.text}
            for part in paper.abstract
        ],
        "journal": paper.journal,
        "keywords": [one.name for one in paper.keywords],
        "publication_types": [one.name for one in paper.publication_types],
        "mesh": [_heading(one) for one in paper.mesh],
        "substances": [one.name for one in paper.substances],
        "corrections": [one.kind for one in paper.corrections],
    }
    return _line(_without_empty(row) | {"tags": list(tags)} | _without_empty(more))


def _heading(one: Heading) -> str | Row:
    if not one.qualifiers:
        return f"{one.name}*" if one.major else one.name
    below = [f"{sub.name}*" if sub.major else sub.name for sub in one.qualifiers]
    return {"name": one.name, "major": one.major, "qualifiers": below}


def _without_empty(row: Mapping[str, object]) -> Row:
    return {key: value for key, value in row.items() if value}


def _line(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"
