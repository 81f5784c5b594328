"""Two states of a paper become the fields that differ, each as texts that a person can read.

The former record itself is stored beside them, so nothing depends on these texts but what is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import fields

from ..model import Author, Book, Correction, Heading, OtherAbstract, Paper, PubDate, Section

_FIELDS = tuple(field.name for field in fields(Paper))


def differences(held: Paper | None, paper: Paper) -> tuple[str, ...]:
    """Names of the fields that changed, and "retracted" if that changed; all of them if the row was gone."""
    names = (*_FIELDS, "retracted")
    if held is None:
        return names
    return tuple(name for name in names if getattr(held, name) != getattr(paper, name))


def texts(paper: Paper, field: str) -> tuple[str, ...]:
    """A field of a paper as texts: one for a plain value, one a part for a list, none for nothing."""
    value = getattr(paper, field)
    parts = value if isinstance(value, tuple) else (value,)
    return tuple(text for text in map(_text, parts) if text)


def _text(value: Any) -> str:  # noqa: ANN401 - whatever a field of Paper holds
    if value is None or value == "":
        return ""
    render = _RENDER.get(type(value))
    if render:
        return render(value)
    return value.name if hasattr(value, "name") else str(value)


def _heading(heading: Heading) -> str:
    names = [(heading.name, heading.major), *((part.name, part.major) for part in heading.qualifiers)]
    return "/".join(name + ("*" if major else "") for name, major in names)


def _section(section: Section) -> str:
    return f"{section.label}: {section.text}" if section.label else section.text


def _correction(link: Correction) -> str:
    where = " ".join(part for part in (link.citation, f"(PMID {link.pmid})" if link.pmid else "") if part)
    return f"{link.kind}: {where}" if where else link.kind


def _author(author: Author) -> str:
    return author.short


def _date(date: PubDate) -> str:
    return date.text


def _book(book: Book) -> str:
    return book.title


def _other(other: OtherAbstract) -> str:
    return f"{other.kind} {other.language}: {' '.join(map(_section, other.sections))}"


_RENDER: dict[type, Callable[[Any], str]] = {
    Author: _author,
    Book: _book,
    Correction: _correction,
    Heading: _heading,
    OtherAbstract: _other,
    PubDate: _date,
    Section: _section,
}
