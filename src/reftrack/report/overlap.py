"""How far reviews rest on the same trials: the corrected covered area, overall and for each pair.

CCA = (N - r) / (r * c - r), with N the trials that reviews cite, counted as often as they are cited, r the trials that
any of them cites, and c the reviews, and the bands are those of Pieper, Antoine, Mathes, Neugebauer and Eikermann
(J Clin Epidemiol 2014;67:368-75). Pure functions: what a trial is, and which reviews count, is for others to say.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

BANDS: Final = ((5, "slight"), (10, "moderate"), (15, "high"))
"""Per cent up to which an overlap is called so; beyond the last it is very high."""
VERY_HIGH: Final = "very high"


class Covered(NamedTuple):
    """The corrected covered area of some reviews."""

    inclusions: int
    """N: each trial as often as a review cites it."""
    trials: int
    """r: each trial once."""
    reviews: int
    """c."""

    @property
    def share(self) -> Fraction | None:
        """From 0, no trial is cited twice, to 1, each review cites every trial; None of one review or no trial."""
        possible = self.trials * self.reviews - self.trials
        return Fraction(self.inclusions - self.trials, possible) if possible > 0 else None

    @property
    def percent(self) -> float | None:
        """The share in per cent, to one decimal place."""
        share = self.share
        return None if share is None else round(float(share * 100), 1)

    @property
    def band(self) -> str:
        """How such an overlap is called; "" where there is none to call."""
        share = self.share
        if share is None:
            return ""
        return next((name for most, name in BANDS if share * 100 <= most), VERY_HIGH)


def covered(cited: Sequence[Collection[str]]) -> Covered:
    """The covered area of reviews, each given by the trials that it cites."""
    every: set[str] = set()
    for trials in cited:
        every.update(trials)
    return Covered(sum(len(set(trials)) for trials in cited), len(every), len(cited))
