"""The bytes of a PubMed document become Records: one per child of its root, each still XML.

In come the chunks of a reply or a file, of any size; out comes each record as soon as its end tag has come, so a
file of any length takes no more memory than its longest record and one chunk. The document is not parsed: between
records it is read token by token, within a record only the end tag is looked for.

What is refused, with a RecordError after the records before it: a document that ends too early, one that is not
from PubMed, and one that declares entities (nothing is ever expanded and nothing external is fetched).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

from ..errors import RecordError
from ..model import Record
from .parse import pmid_of

_SETS = frozenset({b"PubmedArticleSet", b"PubmedBookArticleSet", b"MedlineCitationSet"})
_BARE = frozenset({b"PubmedArticle", b"PubmedBookArticle", b"MedlineCitation"})
"""What a document may have as its root: a set of records, or one record."""

_SPACE = b" \t\r\n"
_BOM = codecs.BOM_UTF8
_LONGEST_TAG = 1 << 16
"""Tags and DOCTYPEs of PubMed have some hundred bytes; a longer one is an attack or no tag."""

_START_TAG = re.compile(rb"<([^\s<>/!?\"'=&]++)((?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)>")
_END_TAG = re.compile(rb"</([^\s<>/]++)\s*+>")
_DOCTYPE = re.compile(
    rb"<!DOCTYPE(?:[^<>\"'\[]++|\"[^\"]*+\"|'[^']*+')*+"
    rb"(?:\[((?:[^\]\"'<]++|\"[^\"]*+\"|'[^']*+'|<!--.*?-->|<)*+)\]\s*+)?+>",
    re.DOTALL | re.IGNORECASE,
)
_INERT = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>", re.DOTALL)
_INERT_STARTS = re.compile(rb"<!--|<!\[CDATA\[|<\?")
_CLOSES = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
_DECLARED = re.compile(rb"<\?xml\s[^>]*?encoding\s*=\s*[\"']([\w.:-]+)[\"']")

_ENCODINGS = frozenset({"utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252", "utf-16", "utf-16-le", "utf-16-be"})
_AS_IT_IS = frozenset({"utf-8", "ascii"})
_MARKS = (
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_ENOUGH = 256
"""Bytes in which the XML declaration must end."""


def cut(chunks: Iterable[bytes]) -> Iterator[Record]:
    """Yield every child of the root, or the root if it is a record; documents may follow one another."""
    document = _Document(_in_utf8(iter(chunks)))
    document.begin()
    while (name := document.next_root()) is not None:
        if name in _BARE:
            yield document.record(name)
            continue
        while (child := document.next_child(name)) is not None:
            yield document.record(child)


class _Document:
    """A window on the stream; what lies before the place of reading is let go with every record."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = bytearray()
        self._at = 0
        self._closed = False
        self._root_is_due = True

    def begin(self) -> None:
        """Look whether this is XML at all, and say what else it seems to be."""
        if not self._skip_space():
            raise RecordError("the document is empty")
        start = bytes(self._buffer[self._at : self._at + 64])
        if start.startswith(b"\x1f\x8b"):
            raise RecordError("not XML: the document is gzip data")
        if start.startswith((b"{", b"[")):
            raise RecordError("not XML: the document looks like JSON")
        if not start.startswith(b"<"):
            raise RecordError("not XML: the document begins with other text")

    def next_root(self) -> bytes | None:
        """Go to the next document's root and name it; None when all is read."""
        if not self._skip_to_tag():
            if self._root_is_due:
                raise RecordError("the document ends before its root element")
            return None
        self._root_is_due = False
        tag = self._start_tag()
        name = tag[1]
        if name in _BARE:
            return name
        if name not in _SETS:
            raise RecordError(_not_ours(name))
        self._at = tag.end()
        self._closed = _is_self_closing(tag)
        return name

    def next_child(self, root: bytes) -> bytes | None:
        """Go to the root's next child and name it; None at the root's end tag."""
        if self._closed:
            self._closed = False
            return None
        if not self._skip_to_tag():
            raise RecordError(f"the document ends in the middle of {_text(root)}")
        if not self._buffer.startswith(b"</", self._at):
            return self._start_tag()[1]
        tag = self._match(_END_TAG, f"the end tag of {_text(root)}")
        if tag[1] != root:
            raise RecordError(f"the document closes {_text(tag[1])}, but {_text(root)} is open")
        self._at = tag.end()
        return None

    def record(self, name: bytes) -> Record:
        """Take the element that starts here, to its end tag."""
        tag = self._start_tag()
        start = self._at
        end = tag.end() if _is_self_closing(tag) else self._end_of(name, tag.end())
        xml = bytes(self._buffer[start:end])
        del self._buffer[:end]
        self._at = 0
        return Record(_text(name), xml)

    def _end_of(self, name: bytes, start: int) -> int:
        """Find where an element ends: not at an end tag in a comment, nor at that of a namesake inside it."""
        closing = b"</" + name
        depth, at = 1, start
        while True:
            hit = self._find(closing, at, name)
            end = max(hit, self._inert_until(at, hit, name))
            depth += self._opened(name, at, end)
            at = end
            if end == hit:
                tag = self._match(_END_TAG, f"an end tag in {_text(name)}", hit)
                depth -= tag[1] == name
                at = tag.end()
                if depth == 0:
                    return at

    def _opened(self, name: bytes, start: int, end: int) -> int:
        """Count the start tags of a name in a stretch."""
        if self._buffer.find(b"<" + name, start, end) < 0:
            return 0
        stretch = _INERT.sub(b"", bytes(self._buffer[start:end]))
        return sum(tag[1] == name and not _is_self_closing(tag) for tag in _START_TAG.finditer(stretch))

    def _inert_until(self, start: int, end: int, name: bytes) -> int:
        """Give the end of the last comment, CDATA or instruction that begins in a stretch."""
        at = start
        while self._has(b"<!", at, end) or self._has(b"<?", at, end):
            match = _INERT_STARTS.search(self._buffer, at, end)
            if match is None:
                break
            closing = _CLOSES[match[0]]
            at = self._find(closing, match.end(), name) + len(closing)
        return at

    def _has(self, pair: bytes, start: int, end: int) -> bool:
        """Look for two bytes by the rarer second one: thirty times faster, and mostly enough."""
        find = self._buffer.find
        return find(pair[1:], start, end) >= 0 and find(pair, start, end) >= 0

    def _skip_to_tag(self) -> bool:
        """Pass white space, comments, instructions and DOCTYPE; False if the document ends there."""
        while self._skip_space():
            buffer, at = self._buffer, self._at
            if buffer.startswith(b"<!--", at):
                self._at = self._find(b"-->", at + 4, b"a comment") + 3
            elif buffer.startswith(b"<?", at):
                self._root_is_due |= buffer.startswith(b"<?xml ", at)
                self._at = self._find(b"?>", at + 2, b"a processing instruction") + 2
            elif buffer.startswith(b"<!", at):
                self._read_doctype()
            elif buffer.startswith(b"<", at):
                return True
            else:
                raise RecordError("the document has text between its records")
        return False

    def _read_doctype(self) -> None:
        self._root_is_due = True
        tag = self._match(_DOCTYPE, "the DOCTYPE")
        if tag[1] and b"<!ENTITY" in tag[1]:
            raise RecordError("the document declares entities in its DOCTYPE, which PubMed never does: refused")
        self._at = tag.end()

    def _skip_space(self) -> bool:
        """Go to the next token, of which at least four bytes are there to tell it by; False at the end."""
        while True:
            buffer = self._buffer
            while self._at < len(buffer) and buffer[self._at] in _SPACE:
                self._at += 1
            if buffer.startswith(_BOM, self._at):
                self._at += len(_BOM)
                continue
            if len(buffer) - self._at >= len(b"<!--") or not self._more():
                return self._at < len(buffer)

    def _start_tag(self) -> re.Match[bytes]:
        return self._match(_START_TAG, "a start tag")

    def _match(self, pattern: re.Pattern[bytes], what: str, at: int = -1) -> re.Match[bytes]:
        """Match a token here, asking for more bytes as long as it may still be incomplete."""
        at = self._at if at < 0 else at
        while (match := pattern.match(self._buffer, at)) is None:
            if len(self._buffer) - at > _LONGEST_TAG:
                raise RecordError(f"{what} is malformed")
            if not self._more():
                raise RecordError(f"the document ends in the middle of {what}, or it is malformed")
        return match

    def _find(self, token: bytes, start: int, inside: bytes) -> int:
        """Find a token from `start` on, looking at no byte twice however the chunks fall."""
        while (hit := self._buffer.find(token, start)) < 0:
            start = max(start, len(self._buffer) - len(token) + 1)
            if not self._more():
                pmid = pmid_of(bytes(self._buffer[self._at :]))
                raise RecordError(f"the document ends in the middle of {_text(inside)}", pmid=pmid)
        return hit

    def _more(self) -> bool:
        """Take another chunk in; False when there is none."""
        for chunk in self._chunks:
            if chunk:
                self._buffer += chunk
                return True
        return False


def _is_self_closing(tag: re.Match[bytes]) -> bool:
    return tag[2].endswith(b"/")


def _text(name: bytes) -> str:
    return name[:80].decode("utf-8", "replace")


def _not_ours(root: bytes) -> str:
    if root.lower() == b"html":
        return "not PubMed XML: the document is an HTML page"
    return f"not PubMed records: the document's root element is {_text(root)}"


def _in_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Pass UTF-8 through, recode what is declared as something else that PubMed or an editor may write."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _ENOUGH:
            break
    encoding = _encoding(head)
    if encoding in _AS_IT_IS:
        yield head.removeprefix(_BOM)
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        yield decoder.decode(head).encode()
        for chunk in chunks:
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise RecordError(f"the document is not the {encoding} it says it is") from error


def _encoding(head: bytes) -> str:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    match = _DECLARED.match(head.removeprefix(_BOM).lstrip(_SPACE))
    if match is None:
        return "utf-8"
    declared = match[1].decode("ascii")
    try:
        encoding = codecs.lookup(declared).name
    except LookupError:
        encoding = ""
    if encoding not in _ENCODINGS or encoding.startswith("utf-16"):  # UTF-16 would have shown itself
        raise RecordError(f"the document is declared as {declared[:40]}, which is not read here; recode it as UTF-8")
    return encoding
