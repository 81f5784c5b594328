"""Which format a file has: its content says so, and where that is not clear the ending of its name."""

from __future__ import annotations

import re

from ..errors import UsageError
from .ids import holds_ids
from .table import delimiter_of, header_in
from .text import decode

_ENOUGH = 200_000
"""So many bytes are looked at."""

_FOREIGN = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a zip archive or a document of an office program; unpack it, or save it as CSV or RIS"),
    (b"\xd0\xcf\x11\xe0", "a document of an old office program; save it as CSV"),
    (b"\x1f\x8b", "compressed; unpack it first"),
    (b"SQLite format 3\x00", "a database"),
    (b"{\\rtf", "a document in rich text; save it as plain text"),
)
_XML = re.compile(r"\s*<[?!a-zA-Z]")
_PUBMED_XML = re.compile(
    r"<(?:PubmedArticle|PubmedBookArticle|PubmedArticleSet|PubmedBookArticleSet|MedlineCitation|DeleteCitation)"
)
_HTML = re.compile(r"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_ENDNOTE = re.compile(r"^%0 \S", re.MULTILINE)
_BY_CONTENT = {
    "nbib": re.compile(r"^PMID- ", re.MULTILINE),
    "ris": re.compile(r"^TY {1,2}-(?: |$)", re.MULTILINE),
    "bibtex": re.compile(r"^\s*@\s*[a-zA-Z]+\s*[{(]", re.MULTILINE),
    "csl-json": re.compile(r"\A\s*(?:\[\s*[{\]]|\{\s*[\"}])"),
}
_BY_ENDING = {
    "nbib": "nbib",
    "ris": "ris",
    "bib": "bibtex",
    "bibtex": "bibtex",
    "json": "csl-json",
    "jsonl": "csl-json",
    "csv": "csv",
    "tsv": "csv",
    "tab": "csv",
}
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def detect(data: bytes, name: str = "") -> str:
    """The format of a file that may be called `name`: one of FORMATS, or `pubmed-xml`.

    An empty file is a list of no ids. Raises UsageError for what is no format of these.
    """
    for begin, what in _FOREIGN:
        if data.startswith(begin):
            raise UsageError(_sentence(name, f"is {what}"))
    text = decode(data[:_ENOUGH])
    if not text.strip():
        return "ids"
    if _XML.match(text):
        return _xml(text, name)
    if len(_CONTROL.findall(text)) > len(text) // 100:
        raise UsageError(_sentence(name, "is no text"))
    found = {form: match.start() for form, begins in _BY_CONTENT.items() if (match := begins.search(text))}
    if found:
        return min(found, key=found.__getitem__)
    return _by_lines(text) or _by_name(text, name)


def _xml(text: str, name: str) -> str:
    if _PUBMED_XML.search(text):
        return "pubmed-xml"
    raise UsageError(_sentence(name, "is a web page" if _HTML.search(text) else "is XML, but not of PubMed"))


def _by_lines(text: str) -> str:
    """A table by the names of its columns, a list by a line of ids and nothing else; "" if neither."""
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("#")][:100]
    if lines and lines[0].lower().startswith("sep="):
        return "csv"
    if lines and header_in([cell.strip().strip('"') for cell in lines[0].split(delimiter_of(lines[0]))]):
        return "csv"
    return "ids" if any(map(holds_ids, lines)) else ""


def _by_name(text: str, name: str) -> str:
    if form := _BY_ENDING.get(name.lower().rpartition(".")[2]):
        return form
    if _ENDNOTE.search(text):
        raise UsageError(_sentence(name, "is in EndNote's own format; export it as RIS"))
    raise UsageError(
        _sentence(
            name, "is neither PubMed XML, nbib, RIS, BibTeX, CSL-JSON, a table with a column of ids, nor a list of them"
        )
    )


def _sentence(name: str, what: str) -> str:
    return f"{name or 'The file'} {what}."
