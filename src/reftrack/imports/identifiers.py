r"""PMIDs, DOIs and PMCIDs in the many ways in which files write them.

A wrong PMID is worse than none: a bare number is one only in a field that says so.
DOI: `^10\.\d{4,9}/\S+$`, Crossref's own expression for 99% of all DOIs, in small letters because case means nothing
in one (https://www.crossref.org/blog/dois-and-matching-regular-expressions/, DOI Handbook 2.4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple, TypeVar
from urllib.parse import unquote

from .text import flat

_DOI_NAME = re.compile(
    r"(?:(?:info:|urn:)?doi(?:\.org)?\s*[:=/]?\s*|(?:https?:)?(?://)?(?:dx\.|www\.)?doi\.org/+)+", re.IGNORECASE
)
_DOI = re.compile(r"10\.[0-9]{4,9}/\S{1,2000}(?!\S)")
_DOI_IN_QUERY = re.compile(r"https?://\S+[?&]doi=(10\.[^&\s]+)\S*", re.IGNORECASE)

_NUMBER = r"0*([1-9][0-9]{0,8})"
_PMID_FIELD = re.compile(rf"(?:(?:pmid|pubmed(?:[ _-]?id)?|medline)\s*[:#=-]?\s*)?{_NUMBER}(?:\.0)?\.?", re.IGNORECASE)
_PMID_NAMED = re.compile(
    rf"pmid\s*[:#=-]?\s*{_NUMBER}\.?(?:\s*\[[a-z ]+\]\.?)?"  # PubMed's "[Indexed for MEDLINE]"
    rf"|(?:pubmed(?:[ _-]?id)?|medline)\s*[:#=-]\s*{_NUMBER}\.?"
    r"|pubmed(?:[ _-]?id)?\s+([1-9][0-9]{5,8})\.?"  # Cochrane's "PUBMED 12345678", not "PubMed 2019"
    rf"|{_NUMBER}\s*\[pmid\]",
    re.IGNORECASE,
)
_PMID_URL = re.compile(
    r"(?:https?://)?(?:pubmed\.ncbi\.nlm\.nih\.gov/|(?:www\.)?ncbi\.nlm\.nih\.gov/(?:m/)?pubmed/"
    rf"|(?:www\.)?europepmc\.org/(?:article|abstract)/med/){_NUMBER}(?:[/?#]\S*)?",
    re.IGNORECASE,
)
_PMCID = re.compile(
    r"(?:pmcid\s*[:#=]?\s*|(?:https?://)?(?:www\.ncbi\.nlm\.nih\.gov/pmc|pmc\.ncbi\.nlm\.nih\.gov"
    r"|(?:www\.)?europepmc\.org)/articles?/(?:pmc/)?)?PMC\s?0*([1-9][0-9]{0,9})(?:\.[0-9]+)?(?:[/?#.,;]\S*)?",
    re.IGNORECASE,
)
_PMCID_DIGITS = re.compile(r"0*([1-9][0-9]{0,9})(?:\.0)?")

_BETWEEN = re.compile(r"[;|,]\s+")

_T = TypeVar("_T")


class Ids(NamedTuple):
    """What a citation says it is; "" and None where it does not."""

    pmid: int | None = None
    doi: str = ""
    pmcid: str = ""

    def else_(self, other: Ids) -> Ids:
        """These, and `other` for what is missing."""
        return Ids(self.pmid or other.pmid, self.doi or other.doi, self.pmcid or other.pmcid)


def pmid(text: str) -> int | None:
    """The PMID in a field that holds one: 26564102, PMID: 26564102, 26564102.0 of a spreadsheet, a PubMed address."""
    text = flat(text)
    found = _PMID_FIELD.fullmatch(text) or _PMID_URL.fullmatch(text)
    return int(found[1]) if found else None


def doi(text: str) -> str:
    """The DOI with which `text` begins, bare and in small letters; "" if it begins with none."""
    text = flat(text)
    named = _DOI_NAME.match(text)
    found = _DOI.match(text, named.end() if named else 0)
    if not found:
        return ""
    # Some programs write the percent signs of an address into the bare DOI; a DOI itself holds none.
    for written in (unquote(found[0]), found[0]) if "%" in found[0] else (found[0],):
        bare = _without_punctuation(written).lower()
        if _DOI.fullmatch(bare):
            return bare
    return ""


def _without_punctuation(text: str) -> str:
    """A DOI without the punctuation of the sentence that it stood in."""
    while text and (text[-1] in ".,;:\"'" or (text[-1] in ")]>}" and _is_unbalanced(text))):
        text = text[:-1]
    return text


def _is_unbalanced(text: str) -> bool:
    opening = {")": "(", "]": "[", ">": "<", "}": "{"}[text[-1]]
    return text.count(text[-1]) > text.count(opening)


def pmcid(text: str) -> str:
    """The PMCID in a field that holds one, as PMC1234567."""
    text = flat(text)
    found = _PMCID.fullmatch(text) or _PMCID_DIGITS.fullmatch(text)
    return f"PMC{found[1]}" if found else ""


def named(texts: Iterable[str]) -> Ids:
    """What lines of free text name as ids, and hold nothing else: `PMID: 26564102`, an address, a bare DOI.

    Inside a sentence an id is of another paper, the one it comments on or corrects. Where lines name two ids of one
    kind, neither is taken.
    """
    found = [ids for text in texts for line in text.split("\n") for ids in _named_in(flat(line))]
    return Ids(
        _only({ids.pmid for ids in found if ids.pmid}),
        _only({ids.doi for ids in found if ids.doi}) or "",
        _only({ids.pmcid for ids in found if ids.pmcid}) or "",
    )


def _only(values: set[_T]) -> _T | None:
    return values.pop() if len(values) == 1 else None


def _named_in(line: str) -> Iterable[Ids]:
    """The ids of a line that holds nothing else, or of those addresses in a row that are ids."""
    if "://" in line[:8]:
        return [ids for word in line.split(" ") if "://" in word and (ids := _named(word.rstrip(",;"))) != Ids()]
    found = list(map(_named, _BETWEEN.split(line)))
    return () if Ids() in found else found


def _named(text: str) -> Ids:
    """The one id that `text` is."""
    if found := _PMID_NAMED.fullmatch(text) or _PMID_URL.fullmatch(text):
        return Ids(pmid=int(next(filter(None, found.groups()))))
    if found := _PMCID.fullmatch(text):
        return Ids(pmcid=f"PMC{found[1]}")
    if found := _DOI_IN_QUERY.fullmatch(text):
        return Ids(doi=doi(unquote(found[1])))
    return Ids() if " " in _DOI_NAME.sub("", text, count=1) else Ids(doi=doi(text))
