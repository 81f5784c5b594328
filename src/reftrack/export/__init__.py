"""Papers become text that other programs read: one module a format, listed in FORMATS.

Nothing here touches a disk, a network or the library, and nothing is asked of what comes in:
a title may hold any character, and the file must still be read as it was meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .format import Format, Options
from .keys import citation_key, key_candidates, next_key

_ALL = (
    Format("bibtex", "BibTeX, for LaTeX and reference managers", ".bib", "bibtex"),
    Format("biblatex", "BibLaTeX, for biber", ".bib", "biblatex"),
    Format("ris", "RIS, for EndNote, Zotero, Mendeley, Rayyan and Covidence", ".ris", "ris"),
    Format("csl-json", "CSL-JSON, for pandoc and every citeproc", ".json", "csl_json"),
    Format("nbib", "MEDLINE, PubMed's own text format", ".nbib", "nbib"),
)

FORMATS: Mapping[str, Format] = MappingProxyType({form.name: form for form in _ALL})
"""Every format there is, in the order in which it is offered; the first is the default."""

__all__ = ["FORMATS", "Format", "Options", "citation_key", "key_candidates", "next_key"]
