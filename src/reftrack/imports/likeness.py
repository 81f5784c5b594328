"""How alike two references are, by what is left of them when spelling, punctuation and markup are put aside."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from unicodedata import combining, normalize

from ..notices import without_mark

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """The words of a text in lower case, without accents, punctuation and the width of characters (CO₂ is co2)."""
    bare = "".join(character for character in normalize("NFKD", text.casefold()) if not combining(character))
    return _WORD.findall(bare)


def title_words(title: str) -> list[str]:
    """The words of a title without what NLM or a journal put before it ("RETRACTED:")."""
    return words(without_mark(title))


def title_likeness(one: str, other: str) -> float:
    """From 0 to 1; 1 is the same words in the same order."""
    left, right = title_words(one), title_words(other)
    if not left or not right:
        return 0.0
    if left == right or "".join(left) == "".join(right):  # double-blind, double blind, doubleblind
        return 1.0
    shorter, longer = sorted((left, right), key=len)
    matcher = SequenceMatcher(None, " ".join(left), " ".join(right), autojunk=False)
    likeness = matcher.ratio() if matcher.real_quick_ratio() > _ALIKE else 0.0
    if len(shorter) >= _TELLING and longer[: len(shorter)] == shorter:  # one leaves the subtitle out
        return max(likeness, _WITHOUT_SUBTITLE)
    return likeness


def same_family(author: str, family: str) -> bool:
    """Whether an author of a citation (`Family, Given`, or a group) may be the one with this family name.

    One that is cut or has its parts in another order ("Cruz, Ana de la" and "de la Cruz") counts.
    """
    left, right = set(words(author.partition(",")[0])), set(words(family))
    return bool(left and right) and (left <= right or right <= left or bool(set(words(author)) >= right))


_ALIKE = 0.5
_TELLING = 5
"""So many words of a title are hardly those of another paper's title by chance."""
_WITHOUT_SUBTITLE = 0.93
