"""PubmedArticle and MedlineCitation elements become Papers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from xml.etree.ElementTree import Element

from msgspec.structs import replace

from ..errors import RecordError
from ..model import Accession, Author, Correction, Heading, OtherAbstract, Paper, Qualifier, Substance
from .dates import pub_date
from .draft import (
    Draft,
    Reader,
    date_into,
    grants,
    keywords,
    number,
    read_abstract,
    read_history,
    read_ids,
    read_pagination,
    read_place,
    read_pmid,
    read_publication_type,
    read_references,
    read_title,
    read_vernacular_title,
    sections,
    several,
    text_into,
    walk,
)
from .people import authors
from .text import attribute, clean, plain


def read_article(element: Element) -> Paper:
    """Read a PubmedArticle: a MedlineCitation and, mostly, PubmedData."""
    draft = Draft()
    walk(element, _PUBMED_ARTICLE, draft)
    return _finished(draft)


def read_citation(element: Element) -> Paper:
    """Read a MedlineCitation that stands alone, as in MEDLINE files before 2017."""
    draft = Draft()
    _read_citation(element, draft)
    return _finished(draft)


def _finished(draft: Draft) -> Paper:
    if "title" not in draft.fields:  # an Article without ArticleTitle breaks every DTD there was
        raise RecordError("the record has no article", pmid=draft.fields.get("pmid"))
    abbreviation = draft.fields.get("journal_abbreviation") or draft.fields.get("medline_ta", "")
    draft.fields["journal_abbreviation"] = abbreviation
    found: tuple[Author, ...] = draft.fields.get("authors", ())
    if found and draft.affiliation:
        first = replace(found[0], affiliations=(draft.affiliation, *found[0].affiliations))
        draft.fields["authors"] = (first, *found[1:])
    return draft.paper()


def _read_citation(element: Element, draft: Draft) -> None:
    draft.fields["status"] = attribute(element, "Status")
    draft.fields["indexing_method"] = attribute(element, "IndexingMethod")
    walk(element, _CITATION, draft)


def _read_article(element: Element, draft: Draft) -> None:
    draft.fields["title"] = ""
    walk(element, _ARTICLE, draft)


def _read_pubmed_data(element: Element, draft: Draft) -> None:
    walk(element, _PUBMED_DATA, draft)


def _read_journal(element: Element, draft: Draft) -> None:
    walk(element, _JOURNAL, draft)


def _read_issn(element: Element, draft: Draft) -> None:
    name = "issn_electronic" if element.get("IssnType") == "Electronic" else "issn_print"
    draft.fields[name] = clean(element.text)


def _read_journal_info(element: Element, draft: Draft) -> None:
    walk(element, _JOURNAL_INFO, draft)


def _read_pub_date(element: Element, draft: Draft) -> None:
    draft.fields["date"] = pub_date(element)


def _read_article_date(element: Element, draft: Draft) -> None:
    if "electronic_date" not in draft.fields:
        draft.fields["electronic_date"] = pub_date(element)


def _read_authors(element: Element, draft: Draft) -> None:
    draft.fields["authors"] = authors(element)
    draft.fields["authors_complete"] = element.get("CompleteYN") != "N"


def _read_affiliation(element: Element, draft: Draft) -> None:
    draft.affiliation = plain(element)


def _headings(element: Element) -> Iterator[Heading]:
    for child in element:
        name = ui = ""
        major = False
        qualifiers: tuple[Qualifier, ...] = ()
        for part in child:
            if part.tag == "DescriptorName":
                name, ui, major = clean(part.text), clean(part.get("UI")), part.get("MajorTopicYN") == "Y"
            elif part.tag == "QualifierName":
                qualifiers += (_qualifier(part.text, part.get("UI"), part.get("MajorTopicYN")),)
        if name:
            yield Heading(name, ui, major, qualifiers)


@lru_cache(maxsize=1024)  # there are some eighty subheadings; of headings there are too many for it to pay
def _qualifier(name: str | None, ui: str | None, major: str | None) -> Qualifier:
    return Qualifier(clean(name), clean(ui), major == "Y")


def _chemicals(element: Element) -> Iterator[Substance]:
    for child in element:
        registry_number = name = ui = ""
        for part in child:
            if part.tag == "RegistryNumber":
                registry_number = clean(part.text)
            elif part.tag == "NameOfSubstance":
                name, ui = clean(part.text), clean(part.get("UI"))
        if name:
            yield Substance(name, ui, "" if registry_number == "0" else registry_number)  # 0: has none


def _concepts(element: Element) -> Iterator[Substance]:
    for child in element:
        name = clean(child.text)
        if name:
            yield Substance(name, attribute(child, "UI"), kind=attribute(child, "Type"))


def _accessions(element: Element) -> Iterator[Accession]:
    for bank in element:
        name = ""
        for part in bank:
            if part.tag == "DataBankName":
                name = clean(part.text)
            elif part.tag == "AccessionNumberList":
                yield from (Accession(name, text) for entry in part if (text := clean(entry.text)))


def _read_corrections(element: Element, draft: Draft) -> None:
    """Read links to other papers; until 2007 their kind was the element's name, now it is RefType."""
    found = []
    for child in element:
        kind = attribute(child, "RefType") or child.tag
        part = {entry.tag: entry for entry in child}
        pmid = number(part["PMID"].text) if "PMID" in part else None
        if kind == "Cites":
            draft.cites += [pmid] if pmid else []
            continue
        citation, note = (plain(part[tag]) if tag in part else "" for tag in ("RefSource", "Note"))
        found.append(Correction(kind, citation, pmid, note))
    draft.fields["corrections"] = draft.fields.get("corrections", ()) + tuple(found)


def _other_abstracts(element: Element) -> Iterator[OtherAbstract]:
    found = sections(element)
    if found:
        yield OtherAbstract(attribute(element, "Type"), attribute(element, "Language", "eng"), found)


def _read_other_id(element: Element, draft: Draft) -> None:
    """Find the PMC id where there is no PubmedData to hold it; "[Available on ...]" may follow."""
    text = clean(element.text)
    if element.get("Source") == "NLM" and text.startswith("PMC"):
        draft.ids.setdefault("pmcid", text)


def _languages(element: Element) -> Iterator[str]:
    text = clean(element.text)
    if text:
        yield text


def _read_types(element: Element, draft: Draft) -> None:
    for child in element:
        read_publication_type(child, draft)


_JOURNAL_ISSUE: dict[str, Reader] = {
    "Volume": text_into("volume"),
    "Issue": text_into("issue"),
    "PubDate": _read_pub_date,
}

_JOURNAL: dict[str, Reader] = {
    "ISSN": _read_issn,
    "JournalIssue": lambda element, draft: walk(element, _JOURNAL_ISSUE, draft),
    "Title": text_into("journal"),
    "ISOAbbreviation": text_into("journal_abbreviation"),
}

_JOURNAL_INFO: dict[str, Reader] = {
    "MedlineTA": text_into("medline_ta"),
    "NlmUniqueID": text_into("nlm_id"),
    "ISSNLinking": text_into("issn"),
}

_ARTICLE: dict[str, Reader] = {
    "Journal": _read_journal,
    "ArticleTitle": read_title,
    "Pagination": read_pagination,
    "ELocationID": read_place,
    "Abstract": read_abstract,
    "AuthorList": _read_authors,
    "Affiliation": _read_affiliation,
    "Language": several("languages", _languages),
    "DataBankList": several("accessions", _accessions),
    "GrantList": several("grants", grants),
    "PublicationTypeList": _read_types,
    "VernacularTitle": read_vernacular_title,
    "ArticleDate": _read_article_date,
}

_CITATION: dict[str, Reader] = {
    "PMID": read_pmid,
    "DateCompleted": date_into("completed"),
    "DateRevised": date_into("revised"),
    "Article": _read_article,
    "MedlineJournalInfo": _read_journal_info,
    "ChemicalList": several("substances", _chemicals),
    "SupplMeshList": several("substances", _concepts),
    "CommentsCorrectionsList": _read_corrections,
    "CommentsCorrections": _read_corrections,  # until 2007
    "MeshHeadingList": several("mesh", _headings),
    "OtherID": _read_other_id,
    "OtherAbstract": several("other_abstracts", _other_abstracts),
    "KeywordList": several("keywords", keywords),
    "CoiStatement": text_into("conflict_of_interest"),
}

_PUBMED_DATA: dict[str, Reader] = {
    "History": read_history,
    "PublicationStatus": text_into("publication_status"),
    "ArticleIdList": read_ids,
    "ReferenceList": read_references,
}

_PUBMED_ARTICLE: dict[str, Reader] = {
    "MedlineCitation": _read_citation,
    "PubmedData": _read_pubmed_data,
}
