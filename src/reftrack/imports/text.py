"""Bytes of a file become text, and what stands in its fields one clean line."""

from __future__ import annotations

import codecs
import re
from html import unescape
from unicodedata import normalize

EXCERPT = 200
"""So many characters are kept of what cannot be read."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOTHING = dict.fromkeys((0xAD, 0x200B, 0x2060, 0xFEFF, 0xFFFE, 0xFFFF), "")
_SPACE = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " ")
_LOST = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")  # half a character, which JSON can spell
_PLAIN = _NOTHING | _SPACE | _LOST

# Only markup that reference managers are known to write: "p <i and j> q" is no markup.
_TAG = re.compile(r"</?(?:i|b|u|em|strong|sub|sup|sc|span|p|br|div|(?:jats|mml):\w+)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:[a-z][a-z0-9]{1,30}|#[0-9]{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_YEAR = re.compile(r"(?<![0-9])(?:1[5-9][0-9]{2}|20[0-9]{2}|2100)(?![0-9])")


def decode(data: bytes) -> str:
    """The text of a file, its lines ended by a bare line feed.

    UTF-8, or UTF-16 and UTF-32 if it begins with their mark; else it is of an old program, and of Western Europe.
    """
    text = _decoded(data)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def flat(text: str) -> str:
    """`text` on one line in NFC, with single spaces and without markup."""
    if text.isascii() and text.isprintable() and not ("<" in text or "&" in text or "  " in text):
        return text.strip()
    if "<" in text:
        text = _TAG.sub("", text)
    if "&" in text:
        text = _ENTITY.sub(lambda found: unescape(found[0]), text)
    return normalize("NFC", " ".join(text.translate(_PLAIN).split()))


def flat_lines(text: str) -> str:
    """`text` with each of its lines made flat; empty ones are left out."""
    return "\n".join(filter(None, map(flat, text.split("\n"))))


def year_in(text: str) -> int | None:
    """The first year that `text` names."""
    found = _YEAR.search(text)
    return int(found[0]) if found else None


def distinct(words: list[str]) -> tuple[str, ...]:
    """Each flat word once, in order, without empty ones."""
    return tuple(dict.fromkeys(filter(None, map(flat, words))))
