"""Papers become text that other programs read: one module a format, listed in FORMATS.

Nothing here touches a disk, a network or the library, and nothing is asked of what comes in:
a title may hold any character, and the file must still be read as it was meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from . import bibtex
from .entry import Entry, Export, Format
from .keys import citation_key, key_candidates, next_key

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "bibtex": Format("bibtex", "BibTeX in UTF-8, for LaTeX and reference managers", ".bib", bibtex.write),
    }
)
"""Every format there is, in the order in which it is offered; the first is the default."""

__all__ = ["FORMATS", "Entry", "Export", "Format", "citation_key", "key_candidates", "next_key"]
