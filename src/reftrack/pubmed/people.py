"""AuthorList and Investigator-like elements become Authors, in the record's order.

An author spelt wrongly and kept only for the record (ValidYN="N") is left out, as NLM asks. So is one with neither
a name nor a collective name: no citation can name it, and an ORCID alone is no name. Who has only a given name
(some have one name) is filed under it.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from ..model import Author
from .text import clean, plain

_SIXTEEN = re.compile(r"[0-9]{15}[0-9X]")
_OTHER = re.compile("[^0-9X]")


def authors(author_list: Element) -> tuple[Author, ...]:
    """Read the valid and named members of an AuthorList."""
    return tuple(
        found for author in author_list if author.get("ValidYN") != "N" and (found := _author(author)) is not None
    )


def orcid(text: str) -> str:
    """Give an ORCID iD its canonical form, whatever is around its digits; "" if its checksum fails.

    Seen in PubMed: bare, with hyphens or without, after http://, https://, https//, orcid.org alone...
    The check digit is ISO 7064 MOD 11-2
    (https://support.orcid.org/hc/en-us/articles/360006897674-Structure-of-the-ORCID-Identifier).
    """
    digits = _OTHER.sub("", text.upper())
    if not _SIXTEEN.fullmatch(digits):
        return ""
    total = 0
    for digit in digits[:15]:
        total = (total + int(digit)) * 2
    if "0123456789X"[(12 - total % 11) % 11] != digits[15]:
        return ""
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:12]}-{digits[12:]}"


def _author(element: Element) -> Author | None:
    names: dict[str, str] = {}
    affiliations: list[str] = []
    identities: list[str] = []
    for child in element:
        tag = child.tag
        if tag == "AffiliationInfo":
            for part in child:
                if part.tag == "Affiliation":
                    affiliations.append(plain(part))  # noqa: PERF401 - the hottest loop of all: a generator costs more
        elif tag == "Affiliation":  # until 2014
            affiliations.append(plain(child))
        elif tag == "Identifier":
            if child.get("Source", "").upper() == "ORCID":
                identities.append(clean(child.text))
        else:
            names[tag] = plain(child)
    group = False
    family = names.get("LastName", "")
    if not family:
        group = bool(names.get("CollectiveName"))
        family = names.get("CollectiveName") or names.get("ForeName", "")
        names = {}
    if not family:
        return None
    return Author(
        family,
        names.get("ForeName", ""),
        names.get("Initials", ""),
        names.get("Suffix", ""),
        group,
        _best(identities) if identities else "",
        tuple(filter(None, affiliations)),
        element.get("EqualContrib") == "Y",
    )


def _best(identities: list[str]) -> str:
    """Take the first ORCID iD that holds, in its canonical form; the first at all, verbatim, if none does."""
    return next((canonical for text in identities if (canonical := orcid(text))), identities[0])
