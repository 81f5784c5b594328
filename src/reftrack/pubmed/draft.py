"""What articles and books have in common: a draft that fills up child by child, and the readers of shared elements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from ..errors import RecordError
from ..model import Grant, Keyword, Paper, PublicationType, Section
from .dates import iso_date
from .pages import expanded, is_article_number
from .text import attribute, clean, marked, plain, says_something

_NUMBER = re.compile("[0-9]{1,10}")
_DOI_PREFIX = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)", re.IGNORECASE)
_PMCID = re.compile(r"PMC[0-9]+")
_PREPRINT_UI = "D000076942"
_NO_TITLE = "[No title]"
_PLACEHOLDERS = frozenset({"[Not Available].", "[Not Available]", "[In Process Citation]"})


@dataclass(slots=True)
class Draft:
    """A record half read: fields that are certain, and what still has to be weighed."""

    fields: dict[str, Any] = field(default_factory=dict)
    """Paper's fields by name."""
    ids: dict[str, str] = field(default_factory=dict)
    """The record's own ArticleIdList: the first of each IdType."""
    places: dict[str, str] = field(default_factory=dict)
    """The valid ELocationIDs: the first of each EIdType."""
    pagination: dict[str, str] = field(default_factory=dict)
    references: list[int] = field(default_factory=list)
    """PMIDs of ReferenceList."""
    cites: list[int] = field(default_factory=list)
    """PMIDs of CommentsCorrections that are references."""
    vernacular_markup: str = ""
    affiliation: str = ""
    """Of the first author; until 2013 it stood outside AuthorList."""

    def paper(self) -> Paper:
        """Weigh what is left and finish."""
        fields = self.fields
        if "pmid" not in fields:
            raise RecordError("the record has no PMID")
        fields["doi"] = _doi(self.ids.get("doi")) or _doi(self.places.get("doi"))
        fields["pii"] = self.ids.get("pii") or self.places.get("pii", "")
        fields["pmcid"] = _pmcid(self.ids)
        fields["pages"], fields["article_number"] = _place(self.pagination, self.places.get("pii", ""))
        fields["references"] = tuple(dict.fromkeys(self.cites + self.references))
        title = fields.get("title", "")
        vernacular = fields.get("vernacular_title", "")
        if not says_something(title) or (title in _PLACEHOLDERS and says_something(vernacular)):
            fields["title"] = vernacular if says_something(vernacular) else _NO_TITLE
            fields["title_markup"] = self.vernacular_markup
        return Paper(**fields)


Reader = Callable[[Element, Draft], None]


def walk(element: Element, readers: Mapping[str, Reader], draft: Draft) -> None:
    """Hand each child to the reader of its tag; children without one are of no interest."""
    for child in element:
        reader = readers.get(child.tag)
        if reader is not None:
            reader(child, draft)


def text_into(name: str) -> Reader:
    """Make a reader that puts an element's plain text into a field; the first that says something stays."""

    def read(element: Element, draft: Draft) -> None:
        draft.fields[name] = draft.fields.get(name) or plain(element)

    return read


def date_into(name: str) -> Reader:
    """Make a reader that puts Year, Month, Day into a field as an ISO date."""

    def read(element: Element, draft: Draft) -> None:
        draft.fields[name] = iso_date(element)

    return read


def several(name: str, one: Callable[[Element], Iterable[object]]) -> Reader:
    """Make a reader that adds what `one` finds in an element to a tuple field."""

    def read(element: Element, draft: Draft) -> None:
        draft.fields[name] = draft.fields.get(name, ()) + tuple(one(element))

    return read


def number(text: str | None) -> int | None:
    """Read a PMID; None for what is none."""
    text = (text or "").strip()
    return int(text) if _NUMBER.fullmatch(text) else None


def read_pmid(element: Element, draft: Draft) -> None:
    """Read PMID and its Version."""
    pmid = number(element.text)
    if not pmid:
        raise RecordError("the record's PMID is not a number")
    draft.fields["pmid"] = pmid
    draft.fields["version"] = number(element.get("Version")) or 1


def read_title(element: Element, draft: Draft) -> None:
    """Read ArticleTitle or BookTitle."""
    draft.fields["title"] = plain(element)
    draft.fields["title_markup"] = marked(element)


def read_vernacular_title(element: Element, draft: Draft) -> None:
    """Read VernacularTitle, which becomes the title where there is no other."""
    draft.fields["vernacular_title"] = plain(element)
    draft.vernacular_markup = marked(element)


def read_ids(element: Element, draft: Draft) -> None:
    """Read an ArticleIdList of the record itself. References have their own, which is never looked at here."""
    for child in element:
        text = clean(child.text)
        if text:
            draft.ids.setdefault(attribute(child, "IdType", "pubmed"), text)


def read_place(element: Element, draft: Draft) -> None:
    """Read an ELocationID; ValidYN="N" marks one that was wrong."""
    text = clean(element.text)
    if text and element.get("ValidYN") != "N":
        draft.places.setdefault(attribute(element, "EIdType"), text)


def read_pagination(element: Element, draft: Draft) -> None:
    """Keep StartPage, EndPage and MedlinePgn for later."""
    for child in element:
        draft.pagination[child.tag] = clean(child.text)
    draft.fields["medline_pgn"] = draft.pagination.get("MedlinePgn", "")


def read_abstract(element: Element, draft: Draft) -> None:
    """Read the abstract proper, section by section, and its copyright."""
    draft.fields["abstract"] = sections(element)
    for child in element:
        if child.tag == "CopyrightInformation":
            draft.fields["abstract_copyright"] = plain(child)


def sections(element: Element) -> tuple[Section, ...]:
    """List the AbstractTexts that say something, labels as the journal wrote them."""
    return tuple(
        Section(attribute(child, "Label"), text, attribute(child, "NlmCategory"))
        for child in element
        if child.tag == "AbstractText" and (text := plain(child))
    )


def read_publication_type(element: Element, draft: Draft) -> None:
    """Read one PublicationType; "Preprint" makes the paper one."""
    kind = PublicationType(plain(element), attribute(element, "UI"))
    draft.fields["publication_types"] = (*draft.fields.get("publication_types", ()), kind)
    if kind.ui == _PREPRINT_UI or kind.name == "Preprint":
        draft.fields["type"] = "preprint"


def keywords(element: Element) -> list[Keyword]:
    """List a KeywordList with its owner."""
    owner = attribute(element, "Owner", "NLM")
    return [
        Keyword(text, child.get("MajorTopicYN") == "Y", owner)
        for child in element
        if child.tag == "Keyword" and (text := plain(child))
    ]


def grants(element: Element) -> list[Grant]:
    """List a GrantList."""
    found = []
    for child in element:
        part = {entry.tag: plain(entry) for entry in child}
        grant = Grant(part.get("GrantID", ""), part.get("Acronym", ""), part.get("Agency", ""), part.get("Country", ""))
        if any(part.values()):
            found.append(grant)
    return found


def read_history(element: Element, draft: Draft) -> None:
    """Take from History when the record came into PubMed: the day it was public, else the day it was loaded."""
    days = (iso_date(child) for status in ("pubmed", "entrez") for child in element if child.get("PubStatus") == status)
    draft.fields["entered"] = next(filter(None, days), "")


def read_references(element: Element, draft: Draft) -> None:
    """Collect the PMIDs of a ReferenceList, with the lists inside it; an IdType left out is "pubmed" in the DTD."""
    for entry in element.iter("ArticleId"):
        if entry.get("IdType", "pubmed") == "pubmed":
            pmid = number(entry.text)
            if pmid:
                draft.references.append(pmid)


def _doi(text: str | None) -> str:
    """Free a DOI from spaces and a resolver's address; "" if what is left is none."""
    if not text:
        return ""
    doi = "".join(text.split())
    if ":" in doi:
        doi = _DOI_PREFIX.sub("", doi, count=1)
    return doi if doi.startswith("10.") else ""


def _pmcid(ids: dict[str, str]) -> str:
    """Read "PMC8156044", "PMC8156044.1" and the "pmc-id: PMC8156044;" of manuscripts as PMC8156044."""
    match = _PMCID.search(ids.get("pmc") or ids.get("pmcid", ""))
    return match[0] if match else ""


def _place(pagination: dict[str, str], pii: str) -> tuple[str, str]:
    """Decide between pages, in full, and an article number.

    MedlinePgn wins only where it is a list ("123-8; discussion 129-30"), of which StartPage and EndPage know one part.
    Without any pages PubMed itself cites by the ELocationID pii.
    """
    start, end, short = (pagination.get(tag, "") for tag in ("StartPage", "EndPage", "MedlinePgn"))
    if start and not end and (short in ("", start)):
        short = start
    elif start and not any(mark in short for mark in ",;"):
        short = f"{start}-{end}" if end else short
    if not short:
        return "", pii
    if short.isdecimal():
        return short, ""
    return ("", short) if is_article_number(short) else (expanded(short), "")
