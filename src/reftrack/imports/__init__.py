"""Files of other programs become citations: one module a format. Nothing here touches a disk or the library.

Every line of a file is accounted for: it belongs to a citation, is empty, is what its format calls a comment or a
preamble, or is told as unreadable. A broken entry costs none of its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from types import MappingProxyType

from ..citation import Citation, Unreadable
from ..errors import UsageError
from .detecting import detect
from .text import decode

FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "nbib": "nbib, the MEDLINE format of PubMed",
        "ris": "RIS, of Zotero, EndNote, Scopus, Rayyan, ASReview and others",
        "bibtex": "BibTeX or BibLaTeX",
        "csl-json": "CSL-JSON, of Zotero, pandoc and others",
        "csv": "a table parted by commas, semicolons or tabs, with a column of PMIDs, DOIs, PMCIDs or titles",
        "ids": "a list of PMIDs, DOIs or PMCIDs",
    }
)
"""Every format there is, and what it is called. PubMed's XML has records, not citations, and is read elsewhere."""

_MODULES = {"nbib": "nbib", "ris": "ris", "bibtex": "bibtex", "csl-json": "csl", "csv": "table", "ids": "ids"}


def read(data: bytes, form: str) -> Iterator[Citation | Unreadable]:
    """What a file in the format `form` holds, in the order of its lines.

    Raises UsageError for a format that is none of FORMATS.
    """
    if form not in FORMATS:
        raise UsageError(f"There is no format {form!r} to read; there are {', '.join(FORMATS)}.")
    found: Iterator[Citation | Unreadable] = import_module(f".{_MODULES[form]}", __name__).read(decode(data))
    return found


__all__ = ["FORMATS", "detect", "read"]
