"""Papers become text that other programs read: one module a format, listed in FORMATS.

Nothing here touches a disk, a network or the library, and nothing is asked of what comes in:
a title may hold any character, and the file must still be read as it was meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .format import Format, Options
from .keys import citation_key, key_candidates, next_key

_BIBTEX = frozenset({"ascii", "abbrev", "abstracts", "notes"})
_TABLE = frozenset({"editors", "other_abstracts", "references", "grants", "substances"})
_ALL = (
    Format("bibtex", "BibTeX, for LaTeX and reference managers", ".bib", "bibtex", _BIBTEX),
    Format("biblatex", "BibLaTeX, for biber", ".bib", "biblatex", _BIBTEX | {"pmid_fields"}),
    Format("ris", "RIS, for Zotero, EndNote, Mendeley, Rayyan and ASReview", ".ris", "ris"),
    Format("csl-json", "CSL-JSON, for pandoc, Zotero and citeproc", ".json", "csl_json"),
    Format("nbib", "nbib, the MEDLINE format of PubMed", ".nbib", "nbib", frozenset(), ignores=frozenset()),
    Format("csv", "a table for spreadsheets, Rayyan, ASReview and R", ".csv", "table", ignores=_TABLE),
    Format("tsv", "the same table, parted by tabs", ".tsv", "tsv", ignores=_TABLE),
    Format("jsonl", "JSON Lines, everything that `list --json` says", ".jsonl", "jsonl", frozenset(), ignores=_TABLE),
    Format("markdown", "a reading list", ".md", "markdown"),
    Format(
        "parquet", "columns for DuckDB, pandas, polars and Spark", ".parquet", "parquet", binary=True, ignores=_TABLE
    ),
)

FORMATS: Mapping[str, Format] = MappingProxyType({form.name: form for form in _ALL})
"""Every format there is, in the order in which it is offered; the first is the default."""

__all__ = ["FORMATS", "Format", "Options", "citation_key", "key_candidates", "next_key"]
