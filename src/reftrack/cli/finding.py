"""What TEXT found in the papers that are shown: its words marked in the title, and a piece of the abstract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..library.opening import Connection
from ..library.selecting import CHUNK, Listed, Selection
from .screen import clean

if TYPE_CHECKING:
    from ..library.snippets import Found

HIT = "bold underline"
"""How a word that was searched for looks: no colour, which could vanish on somebody's background."""

Cell = list[tuple[str, str]]


class Hits:
    """Looks up, some hundred papers at a time and only those asked for, where the words of a selection stand."""

    def __init__(
        self, connection: Connection, selection: Selection, pmids: Sequence[int], *, words: int | None = None
    ) -> None:
        """`words` of a piece that shows where they stand; None: as many as read well in a line of their own."""
        self._connection = connection
        self._selection = selection
        self._pmids = pmids
        self._found: dict[int, Found] = {}
        self._looked = 0
        self._words = words

    @property
    def text(self) -> bool:
        """Whether there are words at all."""
        return bool(self._selection.text)

    def of(self, pmid: int) -> str:
        """The piece in which words were found, or else the title, each word in «…»; "" if none can be shown."""
        found = self._get(pmid)
        return clean("".join(f"«{part}»" if hit else part for part, hit in _segments(found.piece or found.title)))

    def plain(self, row: Listed) -> str:
        """The same, of a row."""
        return self.of(row.pmid)

    def drawn(self, row: Listed) -> Cell:
        """The same for a terminal."""
        found = self._get(row.pmid)
        return [(part, HIT if hit else "") for part, hit in _segments(found.piece or found.title)]

    def in_title(self, row: Listed) -> list[tuple[str, bool]]:
        """The title in pieces, each with whether it was searched for; nothing if no word stands there."""
        return _segments(self._get(row.pmid).title) if self.text else []

    def in_rest(self, row: Listed) -> list[tuple[str, bool]]:
        """The same for a piece of the abstract."""
        return _segments(self._get(row.pmid).piece) if self.text else []

    def _get(self, pmid: int) -> Found:
        from ..library.snippets import WORDS, Found, found_words

        while pmid not in self._found and self._looked < len(self._pmids):
            part = self._pmids[self._looked : self._looked + CHUNK]
            self._looked += CHUNK
            # Rows come in this order.
            self._found = found_words(self._connection, self._selection, part, words=self._words or WORDS)
        return self._found.get(pmid, Found("", ""))


def _segments(marked: str) -> list[tuple[str, bool]]:
    from ..library.snippets import segments

    return segments(marked)


def hit_cell(shown: str, row: Listed, hits: Hits, style: str, beneath: str = "") -> Cell:
    """The title as it is shown, its words marked, and beneath it another word and where else they were found."""
    cell: Cell = [(shown, style)]
    pieces = hits.in_title(row)
    # What is shown may begin otherwise than the title does (RETRACTED · …), and ends as it does.
    for skipped in range(len(row.title) if pieces else 0):
        if shown.endswith(row.title[skipped:]):
            cell = [(shown[: len(shown) - len(row.title) + skipped], style)]
            cell += [(part, f"{style} {HIT}".strip() if hit else style) for part, hit in _without(pieces, skipped)]
            break
    if beneath:
        cell += [("\n", ""), (f"({beneath})", "")]
    if piece := hits.in_rest(row):
        cell += [("\n", ""), ("— ", ""), *((part, HIT if hit else "italic") for part, hit in piece)]
    return cell


def _without(pieces: list[tuple[str, bool]], first: int) -> list[tuple[str, bool]]:
    """The pieces without so many characters at their beginning."""
    rest = []
    for part, hit in pieces:
        rest.append((part[first:], hit))
        first = max(0, first - len(part))
    return rest
