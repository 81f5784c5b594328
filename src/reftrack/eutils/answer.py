"""An ESearch document becomes a count, PMIDs, PubMed's translation and readable warnings.

What comes in has been judged: it is a whole eSearchResult without ERROR. What goes out says of itself whether the list
is all that PubMed counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from ..errors import EutilsError


@dataclass(frozen=True, slots=True)
class Answer:
    """One ESearch reply."""

    count: int
    pmids: tuple[int, ...]
    translation: str
    warnings: tuple[str, ...]
    truncated: bool
    """NCBI says "Restrictions achieved": it gave less than was asked for."""
    unknown: tuple[str, ...] = ()
    """Words and field tags of the term that PubMed did not know or left out, as it names them."""


# Quotation marks are left out: ESearch reports a phrase as quoted even if the user typed none.
_WARNINGS = {
    "PhraseNotFound": "PubMed does not know this and searched without it: {}",
    "FieldNotFound": "PubMed does not know this field tag and searched all fields: {}",
    "QuotedPhraseNotFound": "PubMed's index does not hold this phrase: {}",
    "PhraseIgnored": "PubMed ignored this: {}",
    "OutputMessage": "PubMed says: {}",
}
_REMARK = "OutputMessage"
_NOT_A_WARNING = "No items found."  # zero hits are a result
_TRUNCATION = "restrictions achieved"
_SHOWN = 3


def read(document: bytes, redact: Callable[[str], str]) -> Answer:
    """Read a judged ESearch reply; `redact` cleans the words that are shown."""
    try:
        root = ET.fromstring(document)  # noqa: S314 - judged before: whole, and without entity declarations
    except ET.ParseError:
        raise _unexpected("its text cannot be read") from None
    count = (root.findtext("Count") or "").strip()
    if not re.fullmatch(r"[0-9]{1,12}", count):
        raise _unexpected("it does not say how many papers were found")
    pmids, odd = _pmids(root)
    said = [(child.tag, redact((child.text or "").replace('"', ""))) for kind in _WARNINGS for child in root.iter(kind)]
    truncated = any(kind == _REMARK and _TRUNCATION in text.lower() for kind, text in said)
    warnings = [
        _WARNINGS[kind].format(text)
        for kind, text in said
        if text and text != _NOT_A_WARNING and not (kind == _REMARK and _TRUNCATION in text.lower())
    ]
    if odd:
        shown = ", ".join(repr(redact(text)) for text in odd[:_SHOWN]) + (", …" if len(odd) > _SHOWN else "")
        warnings.append(f"PubMed listed {len(odd)} id(s) that are no PMID and were ignored: {shown}")
    translation = " ".join((root.findtext("QueryTranslation") or "").split())
    unknown = tuple(text for kind, text in said if kind != _REMARK)
    return Answer(int(count), pmids, translation, tuple(dict.fromkeys(warnings)), truncated, unknown)


def _unexpected(why: str) -> EutilsError:
    return EutilsError(f"NCBI gave an unexpected answer to the search: {why}; this is not an empty result.")


def _pmids(root: ET.Element) -> tuple[tuple[int, ...], list[str]]:
    """The ids, each once and in NCBI's order, and what stands among them but is none."""
    texts = [(element.text or "").strip() for element in root.iterfind("IdList/Id")]
    good = {text for text in texts if re.fullmatch(r"[0-9]{1,12}", text) and int(text) > 0}
    return tuple(dict.fromkeys(int(text) for text in texts if text in good)), [
        text for text in texts if text not in good
    ]


_ALL_FIELDS = re.compile(r"\[\s*all(?:\s+fields?)?\s*\]", re.IGNORECASE)
_TAG = re.compile(r"\[[^\[\]]*\]")
_OPERATOR = re.compile(r"\b(?:AND|OR|NOT)\b")


def doubts(term: str, translation: str) -> tuple[str, ...]:
    """Warn where every word of the term has a field tag, none asks for all fields, yet PubMed searched them.

    An unknown tag may show nowhere else: `stroke[titel]` becomes `"stroke"[All Fields]` and the error list stays empty.
    """
    if _ALL_FIELDS.search(term) or not _TAG.search(term) or not _ALL_FIELDS.search(translation) or _untagged(term):
        return ()
    return ("PubMed searched all fields although every word has a field tag: is a tag misspelt? See the translation",)


_DATE_FIELD = re.compile(r"\[[^\[\]]*(?:mdat|modification)[^\[\]]*\]|\[lr\]", re.IGNORECASE)


def changed_since(since: str) -> str:
    """The clause that finds the records that PubMed modified on a day (YYYY/MM/DD) or later.

    MDAT is "Date - Modification" in EInfo's list of PubMed's fields; 3000 is how PubMed's own pages leave the end open.
    """
    return f"{since}:3000[mdat]"


def understood(since: str, said: Answer) -> bool:
    """Whether PubMed searched by the date of `changed_since`, by what it says itself.

    A date that it took for a word ends in [All Fields], or is named as unknown, or is not in the translation at all.
    """
    if any(since in text or "mdat" in text.lower() for text in said.unknown):
        return False
    if re.search(re.escape(since) + r"[^\[\]]*" + _ALL_FIELDS.pattern, said.translation, re.IGNORECASE):
        return False
    return not said.translation or since in said.translation or bool(_DATE_FIELD.search(said.translation))


def _untagged(term: str) -> bool:
    """Whether some word of the term has no field tag: then [All Fields] is what PubMed rightly does with it."""
    *tagged, rest = _TAG.split(re.sub(r'"[^"]*"', "x", term))
    words = [word for segment in tagged for word in _OPERATOR.split(segment)[:-1]] + _OPERATOR.split(rest)
    return any(word.strip(" \t\r\n()") for word in words)
