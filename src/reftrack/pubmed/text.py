"""Text of PubMed elements becomes plain Unicode: one line, NFC, no markup, nothing lost.

In come strings and mixed-content elements (`<i> <b> <u> <sub> <sup>` and MathML inside text), out come
strings. Two readings are made of the same element: `plain`, in which CO<sub>2</sub> is CO₂, and `marked`,
which keeps the five tags and escapes the rest as XML.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from unicodedata import normalize
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

# C0 and C1 controls that are not white space; then marks that only say where a line may break or an operator
# is invisible. The marks vanish rather than become spaces: publishers write "7-methoxy-\u200b6H-\u200bbenzopyran".
# Joiners (U+200C, U+200D) and directions (U+200E, U+200F) carry meaning in Persian, in emoji, in Arabic: they stay.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u2060-\u2064\ufeff]")

# "&amp;lt;", "&amp;#269;" in a record: the publisher escaped before NLM did (60 of 20,788 records of one update file).
_ESCAPED_TWICE = re.compile("&(?:lt|gt|amp|nbsp|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});")

# Digits and signs only: letters exist too (ₘₐₓ, ᵗʰ) but fonts, search and LaTeX fail on them.
_DASHES = "-\u2010\u2011\u2012\u2013\u2212"
_SUPERSCRIPTS = str.maketrans("0123456789+=()n" + _DASHES, "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁼⁽⁾ⁿ" + "⁻" * len(_DASHES))
_SUBSCRIPTS = str.maketrans("0123456789+=()" + _DASHES, "₀₁₂₃₄₅₆₇₈₉₊₌₍₎" + "₋" * len(_DASHES))
_SCRIPTS = {"sub": _SUBSCRIPTS, "sup": _SUPERSCRIPTS}

_MARKUP = frozenset({"i", "b", "sub", "sup", "u"})
_EMPTY_MARKUP = re.compile(r"<(i|b|sub|sup|u)>(\s*)</\1>")
_SPACE_TAGS_SPACE = re.compile(r" ((?:</?(?:i|b|sub|sup|u)>)+) ")
_SPACE_AT_THE_ENDS = re.compile(r"^((?:<\w+>)+) | ((?:</\w+>)+)$")

_XML_SPACE = " \t\r\n"
"""What MathML trims; a no-break space is meant to be seen."""

_DEEPEST = 40
"""Markup nested deeper than this is read without its meaning, so that no record can exhaust the stack."""


def clean(text: str | None) -> str:
    """Put a string in the form every text of a Paper has: NFC, single spaces, no control characters.

    The order is for speed: nearly every text passes all checks and is given back as it came.
    """
    if not text:
        return ""
    if "&" in text:
        text = _ESCAPED_TWICE.sub(_unescape, text)
    if not text.isprintable() or "  " in text or text[0] == " " or text[-1] == " ":
        text = " ".join(text.split())
        if not text.isprintable():
            text = " ".join(_INVISIBLE.sub("", text).split())
    return text if text.isascii() else normalize("NFC", text)


def _unescape(match: re.Match[str]) -> str:
    from html import unescape  # seldom needed

    return unescape(match[0])


def plain(element: Element) -> str:
    """Read an element of mixed content as one line of plain text."""
    return clean(_flat(element, 0) if len(element) else element.text)


def marked(element: Element) -> str:
    """Read an element keeping its `<i> <b> <sub> <sup> <u>`; "" where it has none of them."""
    if not len(element) or not any(child.tag in _MARKUP for child in element.iter()):
        return ""
    text, previous = _tagged(element, 0), ""
    while text != previous:
        previous, text = text, _EMPTY_MARKUP.sub(r"\2", " ".join(text.split()))
        text = _SPACE_TAGS_SPACE.sub(r" \1", text)
    text = _SPACE_AT_THE_ENDS.sub(r"\1\2", text).strip()
    return text if "<" in text else ""


def says_something(text: str) -> bool:
    """Tell a title from the "." and "[]." that stand for none."""
    return bool(text.strip(" .[]"))


def attribute(element: Element, name: str, default: str = "") -> str:
    """Read an attribute like any other text; `default` is the DTD's."""
    text = element.get(name)
    return clean(text) or default if text else default


def _flat(element: Element, depth: int) -> str:
    """Join the text of an element and of all inside it, scripts and formulas read as what they mean."""
    if depth > _DEEPEST:
        return "".join(element.itertext())
    parts = [element.text or ""]
    for child in element:
        tag = child.tag
        if tag in _SCRIPTS:
            parts.append(_script(_flat(child, depth + 1), _SCRIPTS[tag]))
        elif tag.endswith("}math"):
            parts.append(_formula(child, depth + 1))
        elif tag == "DispFormula":
            parts.append(f" {_flat(child, depth + 1)} ")
        else:
            parts.append(_flat(child, depth + 1))
        parts.append(child.tail or "")
    return "".join(parts)


def _script(text: str, table: dict[int, int]) -> str:
    """Raise or lower a text if every character of it can be; else leave it on the line."""
    if all(character.isspace() or ord(character) in table for character in text):
        return text.translate(table)
    return text


def _piece(text: str | None) -> str:
    """Clean and escape a part of a text; the spaces at its ends count, as another part follows."""
    if not text:
        return ""
    before, after = (" " if edge.isspace() else "" for edge in (text[0], text[-1]))
    return before + escape(clean(text)) + after


def _tagged(element: Element, depth: int) -> str:
    if depth > _DEEPEST:
        return _piece("".join(element.itertext()))
    parts = [_piece(element.text)]
    for child in element:
        tag = child.tag
        if tag in _MARKUP:
            parts.append(f"<{tag}>{_tagged(child, depth + 1)}</{tag}>")
        elif tag.endswith("}math"):
            parts.append(_piece(_formula(child, depth + 1)))
        else:
            parts.append(_tagged(child, depth + 1))
        parts.append(_piece(child.tail))
    return "".join(parts)


# MathML (https://www.w3.org/TR/MathML3/): text counts only inside token elements; layout carries the meaning.


def _formula(element: Element, depth: int) -> str:
    """Read presentation MathML as text: H₂, (a+b)/c, √x. White space between its elements means nothing."""
    if depth > _DEEPEST:
        return "".join("".join(element.itertext()).split())
    name = element.tag.rpartition("}")[2]
    if name.startswith("annotation"):  # the same formula again, in TeX or as content markup
        return ""
    text = (element.text or "").strip(_XML_SPACE)
    if not len(element):
        return " " if name == "mspace" else text
    parts = [_formula(child, depth + 1) + (child.tail or "").strip(_XML_SPACE) for child in element]
    if name == "mfenced":
        return text + _fenced(element, parts)
    if name == "msqrt":  # everything in it stands under the root
        parts = ["".join(parts)]
    children, layout = _LAYOUTS.get(name, (0, "".join))
    return text + (layout(parts) if len(parts) == children else "".join(parts))


def _grouped(text: str) -> str:
    """Put what is more than one number or name in brackets, unless it is in some already."""
    return text if len(text) <= 1 or text.isalnum() else f"({text})"


def _fenced(element: Element, parts: list[str]) -> str:
    separator = "".join(element.get("separators", ",").split())[:1]
    return element.get("open", "(") + separator.join(parts) + element.get("close", ")")


def _sub(text: str) -> str:
    return _script(text, _SUBSCRIPTS)


def _sup(text: str) -> str:
    return _script(text, _SUPERSCRIPTS)


_LAYOUTS: dict[str, tuple[int, Callable[[list[str]], str]]] = {
    "msub": (2, lambda parts: parts[0] + _sub(parts[1])),
    "msup": (2, lambda parts: parts[0] + _sup(parts[1])),
    "msubsup": (3, lambda parts: parts[0] + _sub(parts[1]) + _sup(parts[2])),
    "mfrac": (2, lambda parts: f"{_grouped(parts[0])}/{_grouped(parts[1])}"),
    "msqrt": (1, lambda parts: "√" + _grouped(parts[0])),
    "mroot": (2, lambda parts: f"{_sup(parts[1])}√{_grouped(parts[0])}"),
}
"""How many children a layout has, and how they are read when it has just those."""
