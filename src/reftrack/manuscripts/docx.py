"""Word and OpenDocument: the citations that Zotero, Mendeley, EndNote and Word itself keep in them, and plain ones.

A field stands in `w:fldSimple/@w:instr`, or between `w:fldChar` begin, separate and end, its code cut into any number
of `w:instrText`; EndNote keeps long ones in `w:fldData`, Mendeley Cite in the tag of a content control, Zotero if asked
in bookmarks and the document's properties. What was deleted with tracked changes has other names and does not count. A
document without any of these is read as running text, with its links.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ..errors import UsageError
from . import prose, records
from .mention import Manuscript, Mention, Place
from .office import Archive, attribute, local, parse

_WORD = re.compile("wordprocessingml|ooxml/word")
_SOURCE_FIELD = re.compile(r"\s*CITATION\s+(\S+)|\\m\s+(\S+)")
_LINK = re.compile(r"https?://[^\s\"]{1,500}")
_BOOKMARK = re.compile(r"(ZOTERO_BREF_\w+?|CSL_BREF_\w+?|ZOTERO_\w{12})_(\d+)")
_CITING = ("ADDIN", "CITATION", "BIBLIOGRAPHY")
_MENDELEY_TAG = re.compile(r"MENDELEY_CITATION_v\d+_")


def read(name: str, data: bytes) -> Manuscript:
    """What a .docx cites. Raises UsageError for what is none, is damaged, or would unpack to too much."""
    archive = Archive(name, data)
    if "word/document.xml" not in archive.names:
        raise UsageError(f"{name} is no Word document: it has no word/document.xml.")
    made = Manuscript(name)
    for part in archive.names:
        if re.fullmatch(r"customXml/item\d{1,4}\.xml", part):
            _read_sources(made, name, archive.part(part))
    properties = _properties(name, archive)
    body = _Body(made, name, _targets(name, archive, "document"), properties)
    body.read(archive.part("word/document.xml"))
    for part in ("footnotes", "endnotes"):
        notes = _Body(made, name, _targets(name, archive, part), properties, places=body.notes[part])
        notes.read(archive.part(f"word/{part}.xml"))
        body.text += notes.text
    _plain(made, body.text)
    return made


def read_odt(name: str, data: bytes) -> Manuscript:
    """What an .odt cites by Zotero's or Mendeley's reference marks, or in running text. Raises UsageError."""
    archive = Archive(name, data)
    made = Manuscript(name)
    body = _OpenDocument(made, name)
    parse(name, archive.part("content.xml"), start=body.start, end=body.end, text=body.take)
    _plain(made, body.text)
    return made


def _plain(made: Manuscript, text: list[tuple[int, str]]) -> None:
    """Add what stands in running text; a list of references that a program wrote is none of that."""
    found = list(prose.mentions(text, made.name))
    if made.mentions:  # a program keeps the citations: only what is told apart by an identifier is added by hand
        found = [one for one in found if {"PMID", "DOI", "PMCID"} & one.items[0].keys()]
    made.mentions += found


def _read_sources(made: Manuscript, name: str, xml: bytes) -> None:
    if b"bibliography" not in xml:
        return
    for tag, item in records.word_sources(name, xml).items():
        made.entries.setdefault(tag, (item,))


def _targets(name: str, archive: Archive, part: str) -> dict[str, str]:
    """Where the links of a part lead, by their number."""
    found: dict[str, str] = {}

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        if local(tag) == "Relationship" and attributes.get("TargetMode") == "External":
            found[attributes.get("Id", "")] = attributes.get("Target", "")

    if relations := archive.part(f"word/_rels/{part}.xml.rels"):
        parse(name, relations, start=start, end=_nothing, text=_nothing)
    return found


def _properties(name: str, archive: Archive) -> dict[str, str]:
    """Citations of Zotero that stand in the document's properties, by bookmark, in pieces of 255 characters."""
    pieces: dict[str, dict[int, str]] = {}
    now: list[str] = [""]

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        if local(tag) == "property":
            now[0] = attributes.get("name", "")

    def text(value: str) -> None:
        if found := _BOOKMARK.fullmatch(now[0]):
            numbered = pieces.setdefault(found[1], {})
            number = int(found[2][:6])
            numbered[number] = numbered.get(number, "") + value

    if xml := archive.part("docProps/custom.xml"):
        parse(name, xml, start=start, end=_nothing, text=text)
    return {mark: "".join(numbered[at] for at in sorted(numbered)) for mark, numbered in pieces.items()}


def _nothing(_text: str) -> None:
    pass


@dataclass(slots=True)
class _Field:
    """A field while it is read."""

    paragraph: int
    code: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    in_result: bool = False
    citing: bool = False


class _Body:
    """Walks through a part of a Word document."""

    def __init__(
        self,
        made: Manuscript,
        name: str,
        targets: Mapping[str, str],
        properties: Mapping[str, str],
        places: Mapping[str, int] | None = None,
    ) -> None:
        self._made, self._name = made, name
        self._targets, self._properties, self._places = targets, properties, places
        self.text: list[tuple[int, str]] = []
        self.notes: dict[str, dict[str, int]] = {"footnotes": {}, "endnotes": {}}
        self._paragraph = 0
        self._line: list[str] = []
        self._fields: list[_Field] = []
        self._citing = 0
        self._controls: list[bool] = []
        self._taking = ""

    def read(self, xml: bytes) -> None:
        """All of a part; nothing where there is none."""
        if xml:
            parse(self._name, xml, start=self._start, end=self._end, text=self._take)

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if not _WORD.search(tag):
            return
        name = local(tag)
        if name in ("instrText", "t", "fldData"):
            self._taking = name
        elif begin := self._BEGINS.get(name):
            begin(self, attributes)

    def _paragraph_begins(self, _attributes: Mapping[str, str]) -> None:
        self._end_paragraph()
        if self._places is None:
            self._paragraph += 1

    def _note_begins(self, attributes: Mapping[str, str]) -> None:
        if self._places is not None:  # it stands where the text refers to it
            self._paragraph = self._places.get(attribute(attributes, "id"), 0) or self._paragraph

    def _footnote_is_here(self, attributes: Mapping[str, str]) -> None:
        self.notes["footnotes"][attribute(attributes, "id")] = self._paragraph

    def _endnote_is_here(self, attributes: Mapping[str, str]) -> None:
        self.notes["endnotes"][attribute(attributes, "id")] = self._paragraph

    def _field_char(self, attributes: Mapping[str, str]) -> None:
        kind = attribute(attributes, "fldCharType")
        if kind == "begin":
            self._fields.append(_Field(self._paragraph))
        elif kind == "separate" and self._fields:
            self._begin_result(self._fields[-1])
        elif kind == "end" and self._fields:
            self._close()

    def _simple_field(self, attributes: Mapping[str, str]) -> None:
        self._fields.append(_Field(self._paragraph, [attribute(attributes, "instr")]))
        self._begin_result(self._fields[-1])

    def _control_begins(self, _attributes: Mapping[str, str]) -> None:
        self._controls.append(False)

    def _link(self, attributes: Mapping[str, str]) -> None:
        self._add(f" {self._targets.get(attribute(attributes, 'id'), '')} ")

    def _bookmark(self, attributes: Mapping[str, str]) -> None:
        if code := self._properties.get(attribute(attributes, "name")):
            self._cite(lambda: records.from_csl(code), self._paragraph)

    def _space(self, _attributes: Mapping[str, str]) -> None:
        self._add(" ")

    def _end(self, tag: str) -> None:
        if not _WORD.search(tag):
            return
        name = local(tag)
        if name in ("instrText", "t", "fldData"):
            self._taking = ""
        elif name == "fldSimple":
            self._close()
        elif name == "sdt" and self._controls:
            self._citing -= self._controls.pop()
        elif name in ("p", "body"):
            self._end_paragraph()

    def _take(self, text: str) -> None:
        if self._taking == "t":
            self._add(text)
        elif self._fields and self._taking == "instrText":
            self._fields[-1].code.append(text)
        elif self._fields and self._taking == "fldData":
            self._fields[-1].data.append(text)

    def _add(self, text: str) -> None:
        if not self._citing:
            self._line.append(text)

    def _end_paragraph(self) -> None:
        if self._line:
            self.text.append((self._paragraph, "".join(self._line)))
            self._line = []

    def _begin_result(self, one: _Field) -> None:
        code = "".join(one.code[:3]).strip()
        one.in_result, one.citing = True, code.startswith(_CITING)
        self._citing += one.citing
        if code.startswith("HYPERLINK") and (link := _LINK.search(code)):
            self._add(f" {link[0]} ")

    def _close(self) -> None:
        one = self._fields.pop()
        self._citing -= one.citing
        code = "".join(one.code)
        if "CSL_CITATION" in code:
            self._cite(lambda: records.from_csl(code), one.paragraph)
        elif "EN.CITE" in code:
            data = "".join(one.data)
            if "<EndNote" in code:
                self._cite(lambda: records.from_endnote(code), one.paragraph)
            elif data:
                self._cite(lambda: records.from_field_data(data), one.paragraph)
        elif code.strip().startswith("CITATION"):
            for found in _SOURCE_FIELD.finditer(code):
                self._made.mentions.append(Mention(Place(self._name, one.paragraph), found[1] or found[2]))

    def _control(self, attributes: Mapping[str, str]) -> None:
        tag = attribute(attributes, "val")
        if not self._controls or not tag.startswith("MENDELEY_"):
            return
        if not self._controls[-1]:
            self._controls[-1] = True
            self._citing += 1
        if found := _MENDELEY_TAG.match(tag):
            self._cite(lambda: records.from_mendeley_tag(tag[found.end() :]), self._paragraph)

    _BEGINS: ClassVar[Mapping[str, Callable[[_Body, Mapping[str, str]], None]]] = {
        "p": _paragraph_begins,
        "footnote": _note_begins,
        "endnote": _note_begins,
        "footnoteReference": _footnote_is_here,
        "endnoteReference": _endnote_is_here,
        "fldChar": _field_char,
        "fldSimple": _simple_field,
        "sdt": _control_begins,
        "tag": _control,
        "hyperlink": _link,
        "bookmarkStart": _bookmark,
        "tab": _space,
        "br": _space,
    }

    def _cite(self, read_records: Callable[[], Iterator[records.Embedded]], paragraph: int) -> None:
        try:
            found = list(read_records())
        except ValueError as error:
            self._made.remarks.append(f"A citation in paragraph {paragraph} cannot be read: {error}.")
            return
        _add_records(self._made, Place(self._name, paragraph), found)


def _add_records(made: Manuscript, place: Place, found: list[records.Embedded]) -> None:
    for one in found:
        made.mentions.append(Mention(place, one.key, one.label, (one.item,) if one.item else ()))


class _OpenDocument:
    """Walks through content.xml of an OpenDocument text."""

    def __init__(self, made: Manuscript, name: str) -> None:
        self._made, self._name = made, name
        self.text: list[tuple[int, str]] = []
        self._paragraph = 0
        self._line: list[str] = []
        self._hidden = 0
        self._sections: list[bool] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """A tag begins."""
        name = local(tag)
        if name in ("p", "h"):
            self.end_paragraph()
            self._paragraph += 1
        elif name == "section":
            self._sections.append("_BIBL" in attribute(attributes, "name"))
            self._hidden += self._sections[-1]
        elif name == "a":
            self.take(f" {attribute(attributes, 'href')} ")
        elif name in ("reference-mark-start", "reference-mark-end", "reference-mark"):
            mark = attribute(attributes, "name")
            if "CSL_CITATION" in mark:
                self._hidden += {"reference-mark-start": 1, "reference-mark-end": -1}.get(name, 0)
                if name != "reference-mark-end":
                    self._cite(mark)

    def _cite(self, mark: str) -> None:
        try:
            found = list(records.from_csl(mark))
        except ValueError as error:
            self._made.remarks.append(f"A citation in paragraph {self._paragraph} cannot be read: {error}.")
            return
        _add_records(self._made, Place(self._name, self._paragraph), found)

    def end(self, tag: str) -> None:
        """A tag ends."""
        if local(tag) in ("p", "h"):
            self.end_paragraph()
        elif local(tag) == "section" and self._sections:
            self._hidden -= self._sections.pop()

    def take(self, text: str) -> None:
        """Text that stands here."""
        if self._hidden <= 0:
            self._line.append(text)

    def end_paragraph(self) -> None:
        """What was taken is a paragraph."""
        if self._line:
            self.text.append((self._paragraph, "".join(self._line)))
            self._line = []
