"""What every export format is handed, and what a format is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ..model import Paper


@dataclass(frozen=True, slots=True)
class Entry:
    """One paper as it is exported: under the citation key that the library keeps for it, with its tags."""

    key: str
    paper: Paper
    tags: tuple[str, ...] = ()
    deleted: str = ""
    """The day (ISO) on which PubMed was seen no longer to serve the record."""


Export = Callable[[Iterable[Entry]], Iterator[str]]
"""Entries become pieces of text, one piece an entry, so that memory stays flat; no entry, no piece."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format under the name that `export -f` takes."""

    name: str
    description: str
    suffix: str
    """Of a file in this format, with its dot."""
    write: Export
