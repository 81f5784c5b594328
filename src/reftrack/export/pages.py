"""Page ranges in PubMed's short or full form become full ones."""

from __future__ import annotations

import re

_DASH = r"\-‐‑‒–—−"
# Compiled when the first range in short form comes, which is seldom.
_RANGE = rf"(?<![^\s,;])([^\s,;{_DASH}]+) ?[{_DASH}]+ ?([^\s,;{_DASH}]*)(?![^\s,;])"
_NUMBER = r"([A-Za-z]{0,16})(\d{1,16})(\.?[A-Za-z]{0,16}\d{0,16})"  # bounded: never quadratic


def full_ranges(pages: str, dash: str = "-") -> str:
    """`pages` with each range complete: 123-8 becomes 123-128, e123-8 e123-e128, 123-123 and 123- just 123.

    What is not a plain short form (431-e3, 100-S4, vi-xii, 1.e1-1.e12) keeps its ends as they are.
    """
    start, _, end = pages.partition("-")
    if len(start) == len(end) and start.isdecimal() and end.isdecimal() and start < end:  # as nearly all are
        return f"{start}{dash}{end}"
    return re.sub(_RANGE, lambda found: _full(found[1], found[2], dash), pages)


def _full(start: str, end: str, dash: str) -> str:
    first, last = re.fullmatch(_NUMBER, start), re.fullmatch(_NUMBER, end)
    if first and last and last[1] in ("", first[1]) and (last[3] or not first[3]):
        number = first[2][: max(0, len(first[2]) - len(last[2]))] + last[2]
        if int(number) >= int(first[2]):  # 97-4 is no short form of 97-94
            end = f"{first[1]}{number}{last[3]}"
    return start if end in ("", start) else f"{start}{dash}{end}"
