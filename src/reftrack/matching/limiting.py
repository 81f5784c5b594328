"""Which terms of a query stand in fields by which searches are limited: language, date, publication type, subset."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..errors import QueryError
from .syntax import Chain, Node, Term, read

LIMITING: Final = {"language": "language", "date": "date", "filter": "filter or subset"}
"""How a field is looked up → what such a term is about."""
_BY_NAME: Final = {"Publication Type": "publication type", "Journal": "journal"}
_BY_TEXT: Final = {"humans": "species", "animals": "species", "animals, laboratory": "species"}


def limiting_terms(term: str) -> list[tuple[str, str]] | None:
    """(what it is about, the term as it is written) of each such term, once, in order; None if it cannot be read."""
    try:
        tree = read(term, judged=False, any_tag=True).tree
    except QueryError:
        return None
    return list(dict.fromkeys((about, _written(one)) for one in _terms(tree) if (about := _about(one))))


def _terms(node: Node) -> Iterator[Term]:
    waiting = [node]
    while waiting:
        at = waiting.pop()
        if isinstance(at, Chain):
            waiting += [part for _, part in reversed(at.rest)]
            waiting.append(at.first)
        else:
            yield at


def _about(one: Term) -> str:
    by_text = _BY_TEXT.get(one.text.strip().lower(), "") if one.field.how == "mesh" else ""
    return LIMITING.get(one.field.how) or _BY_NAME.get(one.field.name, "") or by_text


def _written(one: Term) -> str:
    text = f'"{one.text}"' if one.quoted else one.text
    return text if one.tag is None else f"{text}[{one.tag}]"
