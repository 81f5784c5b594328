"""A paper's texts and an abbreviation become what the paper means by it: "long form (LF)".

The algorithm is Schwartz and Hearst's (Pac Symp Biocomput 2003;451-62): the shortest run of words before the
bracket in which the short form's letters occur in order, the first of them at the start of a word.
"""

from __future__ import annotations

from collections.abc import Iterable

_MORE_WORDS = 5
"""A long form has at most this many words more than the short form has letters."""
_REACH = 160
"""Characters before the bracket in which a long form is sought."""


def meaning(short: str, texts: Iterable[str]) -> str:
    """What the texts define `short` as, the first time they do; "" if they never do."""
    for text in texts:
        start = text.find("(" + short)
        while start >= 0:
            if text[start + 1 + len(short) : start + 2 + len(short)] in (")", ";", ","):
                long = _long_form(short, text[max(0, start - _REACH) : start])
                if long:
                    return long
            start = text.find("(" + short, start + 1)
    return ""


def _long_form(short: str, before: str) -> str:
    text = " ".join(before.split()[-(len(short) + _MORE_WORDS) :])
    here = len(text)
    letters = [char.lower() for char in short if char.isalnum()]
    for place, letter in enumerate(reversed(letters)):
        first = place == len(letters) - 1
        here -= 1
        while here >= 0 and (text[here].lower() != letter or (first and here > 0 and text[here - 1].isalnum())):
            here -= 1
        if here < 0:
            return ""
    return text[here:]
