"""The references of a record that PubMed gives no PMID, and by what else they can be known.

`parse` keeps the PMIDs of a reference list alone. Of all references in one update file of 2021 58 % have none: PubMed
had not looked them up yet, or does not hold them. Some of them have a DOI or a PMCID beside their text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError, XMLParser

from .text import clean, plain

_LIST = (b"<ReferenceList", b"</PubmedData>")
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_AT_THE_END = ".,;:)]}>\"'"
_PMCID = re.compile(r"(?:PMC)?([0-9]{1,10})(?:\.[0-9]+)?", re.IGNORECASE)


class Unlinked(NamedTuple):
    """A reference without a PMID."""

    text: str
    """As the journal printed it."""
    doi: str
    """In small letters, of its own or as its text names it; "" none."""
    pmcid: str


def unlinked(xml: bytes) -> tuple[Unlinked, ...]:
    """List the references of a record that have no PMID, in order; of a record that cannot be read there is none."""
    start = xml.find(_LIST[0])
    if start < 0:
        return ()
    # Only this part is parsed: it begins within PubmedData, which ends with it or behind it.
    end = xml.find(_LIST[1], start)
    try:
        parser = XMLParser(encoding="utf-8")  # noqa: S314 - within an element of ours no DOCTYPE can come
        parser.feed(b"<References>" + xml[start : end if end >= 0 else len(xml)] + b"</References>")
        root: Element = parser.close()
    except ParseError:
        return ()
    return tuple(_each(root))


def _each(root: Element) -> Iterator[Unlinked]:
    for reference in root.iter("Reference"):
        text = doi = pmcid = ""
        for part in reference.iter():
            if part.tag == "Citation":
                text = text or plain(part)
            elif part.tag == "ArticleId":
                kind, value = part.get("IdType", "pubmed"), clean(part.text)
                if kind == "pubmed" and value.isascii() and value.isdigit() and int(value):
                    break
                if kind == "doi":
                    doi = doi or _doi(value)
                elif kind in ("pmc", "pmcid") and (found := _PMCID.fullmatch(value)):
                    pmcid = pmcid or f"PMC{found[1]}"
        else:
            yield Unlinked(text, doi or _doi(text), pmcid)


def _doi(text: str) -> str:
    """The only DOI in a text; "" of none, and of several, of which nothing says whose they are."""
    found = {match.rstrip(_AT_THE_END).lower() for match in _DOI.findall(text)}
    return found.pop() if len(found) == 1 else ""
