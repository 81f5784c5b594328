"""Any text becomes one line of it: no control character, no line break, single plain spaces."""

from __future__ import annotations

_CONTROL = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " ")
_LOST = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")  # half a character: UTF-8 cannot carry it
_NOTHING = dict.fromkeys((0xFEFF, 0xFFFE, 0xFFFF), "")  # a byte order mark, and no characters at all
_FLAT = _CONTROL | _LOST | _NOTHING


def flat(text: str) -> str:
    """`text` on one line; a no-break or thin space becomes a plain one."""
    # isprintable is true of no space but " ", and runs in C: almost every value of a record leaves here.
    if text.isprintable() and "  " not in text and text[:1] != " " and text[-1:] != " ":
        return text
    return " ".join(text.translate(_FLAT).split())


def whole(text: str) -> str:
    """`text` as it is, but for halves of characters, which UTF-8 cannot carry."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.translate(_LOST)
    return text
