"""How alike two references are, by what is left of them when spelling, punctuation and markup are put aside."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from unicodedata import combining, normalize

from ..notices import without_mark

_WORD = re.compile(r"[^\W_]+")
_SUBTITLE = re.compile(r"[:.?!](?:\s|$)|\s[-–—]\s")


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
    if _without_subtitle(one) == right or _without_subtitle(other) == left:
        return SUBTITLE_LEFT_OUT
    slips = _slips(left, right)
    if slips is not None:
        return 1 - _A_SLIP * slips
    likeness = SequenceMatcher(None, " ".join(left), " ".join(right), autojunk=False).ratio()
    return min(likeness, _OTHER_WORDS)


def _slips(left: list[str], right: list[str]) -> int | None:
    """How many words are misspelled, or little words left out; None where the titles differ in what they say.

    "… in rats" is another paper than "…", however alike their letters are.
    """
    slips = 0
    for what, start, end, first, last in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        one, other = left[start:end], right[first:last]
        if what == "replace" and len(one) == len(other):
            slips += len(one)
            if not all(map(_is_a_slip, one, other)):
                return None
        elif what != "equal":
            slips += 1
            if not _LITTLE_WORDS.issuperset((*one, *other)):
                return None
    return slips if slips <= _MOST_SLIPS else None


def _is_a_slip(one: str, other: str) -> bool:
    """Whether two words are one that is misspelled: a letter too many, too few, swapped, or British.

    Not at the beginning, in short words, in numbers or instead of another letter: there typhoid is typhus, stable is
    unstable, nitrate is nitrite, Part VII is Part VIII and 2019 is 2020.
    """
    if min(len(one), len(other)) < _LONG or not (one + other).isalpha() or _ROMAN.issuperset(one):
        return False
    return _differ_in_a_letter(one, other) or _american(one) == _american(other)


def _differ_in_a_letter(one: str, other: str) -> bool:
    begin = _alike(one, other)
    end = _alike(one[begin:][::-1], other[begin:][::-1])
    left, right = one[begin : len(one) - end], other[begin : len(other) - end]
    return begin > 0 and (len(left + right) <= 1 or left == right[::-1])


def _american(word: str) -> str:
    return word.replace("ae", "e").replace("oe", "e").replace("s", "z")


def _alike(one: str, other: str) -> int:
    """With how many letters both begin."""
    return next(
        (at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right),
        min(len(one), len(other)),
    )


def _without_subtitle(title: str) -> list[str] | None:
    """The words before the first colon, full stop or dash, if they are enough to tell the paper."""
    head = title_words(_SUBTITLE.split(without_mark(title), maxsplit=1)[0])
    return head if len(head) >= _TELLING else None


def same_family(author: str, family: str) -> bool:
    """Whether an author of a citation (`Family, Given`, or a group) may be the one with this family name.

    One that is cut or has its parts in another order ("Cruz, Ana de la" and "de la Cruz") counts.
    """
    left, right = set(words(author.partition(",")[0])), set(words(family))
    return bool(left and right) and (left <= right or right <= left or bool(set(words(author)) >= right))


_LITTLE_WORDS = frozenset({"an", "and", "in", "of", "on", "the", "to", "for", "with"})
_LONG = 4
_ROMAN = frozenset("ivxlc")
_MOST_SLIPS = 2
_A_SLIP = 0.03
_OTHER_WORDS = 0.89
"""No more than so alike are titles that differ in a word."""
_TELLING = 5
"""So many words of a title are hardly those of another paper's title by chance."""
SUBTITLE_LEFT_OUT = 0.93
"""The title of the one goes on where that of the other ends."""
