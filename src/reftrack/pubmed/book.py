"""PubmedBookArticle elements become Papers: a book, or a chapter of one, of the NCBI Bookshelf."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

from ..errors import RecordError
from ..model import Author, Book, Paper
from .dates import pub_date
from .draft import (
    Draft,
    Reader,
    date_into,
    grants,
    keywords,
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
    several,
    text_into,
    walk,
)
from .people import authors
from .text import clean, plain, says_something


def read_book(element: Element) -> Paper:
    """Read a PubmedBookArticle: a BookDocument and, mostly, PubmedBookData."""
    draft = Draft()
    parts = {child.tag: child for child in element}
    document = parts.get("BookDocument")
    book = None if document is None else next((child for child in document if child.tag == "Book"), None)
    if document is None or book is None:
        raise RecordError("the record has no book")
    walk(document, _DOCUMENT, draft)
    _read_book(book, draft)
    if "PubmedBookData" in parts:
        walk(parts["PubmedBookData"], _BOOK_DATA, draft)
    return draft.paper()


def _read_book(element: Element, draft: Draft) -> None:
    """Read the Book; what it says of itself holds for the record only where the chapter is silent."""
    fields = draft.fields
    whole = Draft()
    walk(element, _BOOK, whole)
    title = whole.fields.get("title", "")
    fields["book"] = Book(title=title, accession=draft.ids.get("bookaccession", ""), **_particulars(element))
    chapter = says_something(fields.get("title", ""))
    if not chapter:
        fields["title"], fields["title_markup"] = title, whole.fields.get("title_markup", "")
        draft.places.update(whole.places)  # a chapter must not carry the DOI of its book
    fields["type"] = "chapter" if chapter else "book"
    if not fields.get("authors"):
        fields["authors_complete"] = whole.fields.get("authors_complete", True)
    for name in ("authors", "editors", "date", "volume"):
        if not fields.get(name) and name in whole.fields:
            fields[name] = whole.fields[name]


def _particulars(element: Element) -> dict[str, Any]:
    """Read the facts of a book that a paper has no field for."""
    found: dict[str, Any] = {"isbns": ()}
    for child in element:
        if child.tag == "Publisher":
            names = {part.tag: plain(part) for part in child}
            found["publisher"] = names.get("PublisherName", "")
            found["place"] = names.get("PublisherLocation", "")
        elif child.tag == "Edition":
            found["edition"] = plain(child)
        elif child.tag == "Isbn" and (text := clean(child.text)):
            found["isbns"] += (text,)
    return found


def _read_authors(element: Element, draft: Draft) -> None:
    """Read one of several AuthorLists; its Type tells authors from editors."""
    name = "editors" if element.get("Type") == "editors" else "authors"
    found: tuple[Author, ...] = draft.fields.get(name, ())
    draft.fields[name] = found + authors(element)
    if element.get("CompleteYN") == "N":
        draft.fields["authors_complete"] = False


def _read_date(element: Element, draft: Draft) -> None:
    draft.fields["date"] = pub_date(element)


def _read_language(element: Element, draft: Draft) -> None:
    text = clean(element.text)
    draft.fields["languages"] = draft.fields.get("languages", ()) + ((text,) if text else ())


_BOOK: dict[str, Reader] = {
    "BookTitle": read_title,
    "PubDate": _read_date,
    "AuthorList": _read_authors,
    "Volume": text_into("volume"),
    "ELocationID": read_place,
}

_DOCUMENT: dict[str, Reader] = {
    "PMID": read_pmid,
    "ArticleIdList": read_ids,
    "ArticleTitle": read_title,
    "VernacularTitle": read_vernacular_title,
    "Pagination": read_pagination,
    "Language": _read_language,
    "AuthorList": _read_authors,
    "PublicationType": read_publication_type,
    "Abstract": read_abstract,
    "KeywordList": several("keywords", keywords),
    "ContributionDate": _read_date,
    "DateRevised": date_into("revised"),
    "GrantList": several("grants", grants),
    "ReferenceList": read_references,
}

_BOOK_DATA: dict[str, Reader] = {
    "History": read_history,
    "PublicationStatus": text_into("publication_status"),
    "ArticleIdList": read_ids,
}
