"""Page strings as PubMed abbreviates them become full ones.

"123-8; discussion 129-30" is "123-128; discussion 129-130". Also decides what is no page range but an article
number (e5807, CD007026).
"""

from __future__ import annotations

import re

_DASHES = re.compile("[\u2010-\u2015\u2212]")
# Bounded, so that no string, however long, makes the matching quadratic.
_PAGE = r"[A-Za-z]{0,24}\d{1,16}\.?[A-Za-z]{0,24}\d{0,16}"
_RANGE = re.compile(rf"(?<![\w.-])({_PAGE}) ?- ?({_PAGE})(?![\w-]|\.\w)")
_PARTS = re.compile(r"([A-Za-z]*)(\d+)(\.?[A-Za-z]*\d*)")
_OPEN_END = re.compile(r"(?<=\w) ?-(?=$|[,;])")
_ARTICLE_NUMBER = re.compile(r"(?=\w*[A-Za-z])(?=\D*\d)[\w.]+")


def expanded(pages: str) -> str:
    """Write every range of a page string in full, with plain hyphens; what is not understood stays."""
    pages = _OPEN_END.sub("", _DASHES.sub("-", pages))
    return _RANGE.sub(lambda match: _range(match[1], match[2]), pages)


def is_article_number(place: str) -> bool:
    """Tell e5807 and CD007026 from the pages 123, 123-128, vi and S12-S18."""
    return bool(_ARTICLE_NUMBER.fullmatch(place))


def _range(start: str, end: str) -> str:
    """Join two pages; the end gets the letters and digits that PubMed left out because the start has them.

    S1-4 and E1-13 are S1-S4 and E1-E13, though no digit is missing. Left as it is: 97-4 (97-94 would run
    backwards), 520.e1-6 (which part does the 6 replace?), 431-e3.
    """
    first, last = _PARTS.fullmatch(start), _PARTS.fullmatch(end)
    if first is None or last is None:
        return f"{start}-{end}"
    prefix, number, suffix = first.groups()
    if last[1] in ("", prefix) and (last[3] or not suffix):
        full = number[: max(0, len(number) - len(last[2]))] + last[2]
        if (len(full), full) >= (len(number), number):
            end = prefix + full + last[3]
    return start if start == end else f"{start}-{end}"
