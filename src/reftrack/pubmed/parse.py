"""The bytes of one PubMed record become a Paper.

In comes what `cut` gives: a PubmedArticle, a PubmedBookArticle, or the bare MedlineCitation of files before 2017.
Out comes a Paper, or a RecordError that names the PMID. Elements are read by one walk over the children, each tag
looked up in a table: paths (`find`, `findall`) take twice as long. Element names are those of the DTD
(https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd); elements of older DTDs are marked as such.

Parsing makes many small objects and no cycles. Whoever parses tens of thousands of records and keeps them may
`gc.disable()` around the loop; here it is left alone, as it belongs to the whole process.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree.ElementTree import Element, ParseError, XMLParser

from ..errors import RecordError
from ..model import Paper
from .article import read_article, read_citation
from .book import read_book

PARSER_VERSION: Final = 1
"""Raised whenever the same bytes give another Paper, so that stored records can be read again."""

_READERS = {
    b"PubmedArticle": read_article,
    b"MedlineCitation": read_citation,
    b"PubmedBookArticle": read_book,
}

# The root must come first: with no room for a DOCTYPE there are no entities to expand and nothing to fetch.
_ROOT = re.compile(rb"\s*<([^\s<>/]+)")
_PMID = re.compile(rb"<PMID(?:\s[^<>]*)?>\s*([0-9]{1,10})\s*</")
_PREFIX = re.compile(rb"[<\s]([A-Za-z_][\w.-]*):[A-Za-z_]")
_UNBOUND_PREFIX = 27  # XML_ERROR_UNBOUND_PREFIX of expat


def parse(xml: bytes) -> Paper:
    """Read one record, or raise RecordError."""
    root = _ROOT.match(xml)
    reader = _READERS.get(root[1]) if root else None
    if root is None or reader is None:
        name = root[1][:40].decode("utf-8", "replace") if root else "no element"
        raise RecordError(f"not a PubMed record: it begins with {name}", pmid=pmid_of(xml))
    try:
        element = _tree(xml)
    except ParseError as error:
        if error.code != _UNBOUND_PREFIX:
            raise RecordError(f"not well-formed XML: {error}", pmid=pmid_of(xml)) from error
        element = _tree_with_prefixes(xml, root.end())
    try:
        return reader(element)
    except RecordError as error:
        error.pmid = error.pmid or pmid_of(xml)
        raise


def pmid_of(xml: bytes) -> int | None:
    """Find the PMID of a record without parsing it: the first one, as citations come later."""
    match = _PMID.search(xml)
    return int(match[1]) if match else None


def deleted_pmids(xml: bytes) -> tuple[int, ...]:
    """List the PMIDs of a DeleteCitation or DeleteDocument."""
    return tuple(dict.fromkeys(int(digits) for digits in _PMID.findall(xml)))


def _tree(xml: bytes) -> Element:
    parser = XMLParser(encoding="utf-8")  # noqa: S314 - no DOCTYPE can come before the root, see _ROOT
    parser.feed(xml)
    element: Element = parser.close()
    return element


def _tree_with_prefixes(xml: bytes, after_name: int) -> Element:
    """Parse a record whose namespace prefixes (mml:) were declared on the root it was cut from, or in the DTD."""
    prefixes = {prefix for prefix in _PREFIX.findall(xml) if prefix not in (b"xml", b"xmlns")}
    declared = b"".join(b' xmlns:%s="%s"' % (prefix, prefix) for prefix in sorted(prefixes))
    try:
        return _tree(xml[:after_name] + declared + xml[after_name:])
    except ParseError as error:
        raise RecordError(f"not well-formed XML: {error}", pmid=pmid_of(xml)) from error
