"""The references that citation programs write into documents: CSL-JSON, EndNote's XML, Word's own sources.

All become CSL-JSON items. Shapes: https://github.com/citation-style-language/schema (csl-citation.json) for Zotero and
Mendeley; EndNote and Word as their documents show them.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..errors import UsageError
from .mention import Item
from .office import local, parse

_BARE_AMPERSAND = re.compile(r"&(?!(?:[a-z]{2,6}|#[0-9]{1,7}|#x[0-9a-f]{1,6});)", re.IGNORECASE)
_PMID_IN = re.compile(r"[0-9]{1,8}")


class Embedded(NamedTuple):
    """A reference of a document: what tells it from others there, what to call it, and its data, if any is there."""

    key: str
    label: str
    item: Item | None


def from_csl(text: str) -> Iterator[Embedded]:
    """The items of a CSL citation that stands somewhere in `text`. Raises ValueError where none can be read."""
    start = text.find("{")
    try:
        value, _ = json.JSONDecoder().raw_decode(text, start) if start >= 0 else (None, 0)
    except (ValueError, RecursionError):
        raise ValueError("broken JSON") from None
    items = value.get("citationItems") if isinstance(value, dict) else None
    if not isinstance(items, list):
        raise ValueError("no items")  # noqa: TRY004 - it is data that is wrong, not a caller
    for cited in items:
        if isinstance(cited, dict):
            data = cited.get("itemData")
            item = data if isinstance(data, dict) and data else None
            yield Embedded(_csl_key(cited, item), _label(item) or str(cited.get("id", ""))[:60], item)


def from_mendeley_tag(text: str) -> Iterator[Embedded]:
    """The items of a content control of Mendeley Cite: base64 of a CSL citation. Raises ValueError."""
    return from_csl(_unpacked(text))


def from_field_data(text: str) -> Iterator[Embedded]:
    """The records of EndNote that Word keeps in base64 beside a field. Raises ValueError."""
    return from_endnote(_unpacked(text))


def _unpacked(text: str) -> str:
    bare = "".join(text.split())
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        raise ValueError("broken base64") from None


def from_endnote(text: str) -> Iterator[Embedded]:
    """The records of EndNote's XML that stands somewhere in `text`. Raises ValueError where none can be read."""
    start, end = text.find("<EndNote"), text.rfind("</EndNote>")
    if start < 0 or end < start:
        raise ValueError("no EndNote record")
    xml = text[start : end + len("</EndNote>")]
    try:
        found = _Records(xml)
    except UsageError:
        try:
            found = _Records(_BARE_AMPERSAND.sub("&amp;", xml))  # some versions leave them
        except UsageError:
            raise ValueError("broken XML") from None
    yield from found.records


class _Records:
    """Reads `<Cite>` after `<Cite>`."""

    def __init__(self, xml: str) -> None:
        self.records: list[Embedded] = []
        self._path: list[str] = []
        self._values: dict[str, list[str]] = {}
        self._database = ""
        parse("the field", xml.encode("utf-8", "replace"), start=self._start, end=self._end, text=self._text)

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "Cite":
            self._values, self._database = {}, ""
        elif tag == "style":  # a run of letters of one font inside a value
            return
        self._path.append(tag)
        self._values.setdefault(self._where, []).append("")
        self._database = attributes.get("db-id") or self._database

    @property
    def _where(self) -> str:
        return "/".join(self._path[-2:])

    def _text(self, text: str) -> None:
        if self._path and self._where in self._values:
            self._values[self._where][-1] += text

    def _end(self, tag: str) -> None:
        if tag == "style":
            return
        self._path.pop()
        if tag == "Cite":
            self.records.append(self._made())

    def _first(self, *names: str) -> str:
        return next((text.strip() for name in names for text in self._values.get(name, ()) if text.strip()), "")

    def _made(self) -> Embedded:
        accession = self._first("record/accession-num")
        year = self._first("dates/year", "Cite/Year")
        item: dict[str, Any] = {
            "title": self._first("titles/title"),
            "container-title": self._first("titles/secondary-title", "periodical/full-title"),
            "DOI": self._first("record/electronic-resource-num"),
            "PMID": accession if _PMID_IN.fullmatch(accession) else "",
            "PMCID": self._first("record/custom2") if "PMC" in self._first("record/custom2") else "",
            "URL": self._first("related-urls/url"),
            "volume": self._first("record/volume"),
            "issue": self._first("record/number"),
            "page": self._first("record/pages"),
            "issued": {"raw": year},
            "author": [_person(name) for name in self._values.get("authors/author", ()) if name.strip()],
        }
        number = self._first("Cite/RecNum", "record/rec-number")
        label = f"{self._first('Cite/Author') or _label(item)} {year}".strip()
        kept = {name: value for name, value in item.items() if value}
        has_data = bool(kept.keys() & {"title", "DOI", "PMID"})
        known = str(kept.get("DOI") or kept.get("title") or "")
        return Embedded(f"{self._database}#{number}" if number else known, label, kept if has_data else None)


def word_sources(name: str, xml: bytes) -> dict[str, Item]:
    """Word's own list of sources by tag; {} for XML that is none. Raises UsageError for broken XML."""
    found = _Sources()
    parse(name, xml, start=found.start, end=found.end, text=found.text)
    return found.items


class _Sources:
    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self._source: dict[str, str] | None = None
        self._people: list[dict[str, str]] = []
        self._text = ""
        self._of = ""

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        if "bibliography" not in tag:
            return
        self._text = ""
        if local(tag) == "Source":
            self._source, self._people, self._of = {}, [], ""
        elif local(tag) in ("Author", "Editor", "Translator"):
            self._of = local(tag)
        elif local(tag) == "Person":
            self._people.append({})

    def text(self, text: str) -> None:
        self._text += text

    def end(self, tag: str) -> None:
        name, value = local(tag), self._text.strip()
        if self._source is None or "bibliography" not in tag:
            return
        if name in ("Last", "First", "Corporate"):
            if self._of == "Author" and (self._people or name == "Corporate"):
                if name == "Corporate":
                    self._people.append({"literal": value})
                else:
                    self._people[-1]["family" if name == "Last" else "given"] = value
        elif name == "Source":
            self._keep(self._source)
            self._source = None
        elif value:
            self._source.setdefault(name, value)

    def _keep(self, source: Mapping[str, str]) -> None:
        number = source.get("StandardNumber", "")
        item: dict[str, Any] = {
            "title": source.get("Title", ""),
            "container-title": source.get("JournalName", ""),
            "DOI": source.get("DOI", "") or (number if "10." in number else ""),
            "URL": source.get("URL", ""),
            "note": number if "pmid" in number.lower() else source.get("Comments", ""),
            "volume": source.get("Volume", ""),
            "issue": source.get("Issue", ""),
            "page": source.get("Pages", ""),
            "issued": {"raw": source.get("Year", "")},
            "author": [person for person in self._people if person],
        }
        if tag := source.get("Tag"):
            self.items.setdefault(tag, {name: value for name, value in item.items() if value})


def _csl_key(cited: Mapping[str, Any], item: Item | None) -> str:
    """What is the same wherever the document cites this reference: Mendeley numbers its items anew in each field."""
    uris = cited.get("uris") or cited.get("uri")
    uri = uris[0] if isinstance(uris, list) and uris else uris
    number = str(cited.get("id", ""))
    known = str(item.get("DOI") or item.get("title") or "") if item else ""
    return str(uri or ("" if number.startswith("ITEM-") else number) or known)


def _person(name: str) -> dict[str, str]:
    family, comma, given = name.strip().partition(",")
    return {"family": family.strip(), "given": given.strip()} if comma else {"literal": family}


def _label(item: Item | None) -> str:
    """Poon 2020: as a person would look for it in the text."""
    if not item:
        return ""
    authors = item.get("author")
    first = authors[0] if isinstance(authors, list) and authors and isinstance(authors[0], dict) else {}
    name = str(first.get("family") or first.get("literal") or first.get("name") or "")
    year = re.search(r"[12][0-9]{3}", str(item.get("issued", ""))[:200])
    return " ".join(filter(None, (name, year[0] if year else ""))) or str(item.get("title", ""))[:60]
