"""Where the words of a full-text search stand in these papers: marked in the title, and in a piece of the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from .opening import Connection, Row
from .selecting import Selection, search_expression

START, END = "\x02", "\x03"
"""What stands around a word that was found; XML cannot contain them, so no paper does."""

WORDS: Final = 24
"""Of a piece, if no other number is asked for."""
_ELSEWHERE: Final = {"keywords": 4, "mesh": 5, "authors": 2, "journal": 3}
"""Other columns of the index, by number, where a word may have been found."""


class Found(NamedTuple):
    """Where words were found in one paper; each is marked by START and END."""

    title: str
    """All of it; "" if nothing was found there."""
    piece: str
    """Of the abstract; where nothing was found in title and abstract, of keywords, MeSH, authors or journal."""


def found_words(
    connection: Connection, selection: Selection, pmids: Sequence[int], *, words: int = WORDS
) -> dict[int, Found]:
    """For some hundred papers of a selection, where they hold the words of its text; {} if it has none.

    A piece has so many `words`, 64 at most.
    """
    if not selection.text:
        return {}
    match = selection.text if selection.fts_raw else search_expression(selection.text)
    found = {}
    title = f"highlight(papers_fts, 0, '{START}', '{END}')"
    for pmid, shown, piece in _look(connection, match, pmids, f"{title}, {_piece(1, words)}"):
        found[pmid] = Found(shown if START in shown else "", piece if START in piece else "")
    rest = [pmid for pmid, one in found.items() if not one.title and not one.piece]
    columns = ", ".join(_piece(column, words) for column in _ELSEWHERE.values())
    for pmid, *pieces in _look(connection, match, rest, columns):
        where = ((name, piece) for name, piece in zip(_ELSEWHERE, pieces, strict=True) if START in piece)
        name, piece = next(where, ("", ""))
        found[pmid] = Found("", f"{_LABELS[name]}: {piece}" if name else "")
    return found


_LABELS = {"keywords": "Keywords", "mesh": "MeSH", "authors": "Authors", "journal": "Journal"}


def segments(marked: str) -> list[tuple[str, bool]]:
    """A marked text in pieces, each with whether it was searched for."""
    parts = re.split(f"{START}([^{END}]*){END}", marked)
    return [(part, bool(place % 2)) for place, part in enumerate(parts) if part]


def _piece(column: int, words: int) -> str:
    return f"snippet(papers_fts, {column}, '{START}', '{END}', '…', {words})"


def _look(connection: Connection, match: str, pmids: Sequence[int], columns: str) -> list[Row]:
    if not pmids:
        return []
    marks = ",".join("?" * len(pmids))
    sql = f"SELECT rowid, {columns} FROM papers_fts WHERE papers_fts MATCH ? AND rowid IN ({marks})"
    return connection.rows(sql, (match, *pmids))
