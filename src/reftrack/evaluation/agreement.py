"""Two readers' verdicts on the same papers become a table, per cent agreement and Cohen's kappa. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from ..citation import Verdict

CATEGORIES: tuple[Verdict, ...] = ("include", "exclude", "maybe")
_Z95 = 1.959963984540054
"""The 97.5th percentile of the standard normal distribution."""

_ZERO = 1e-6
"""A standard error below this is 0, calculated in floating point."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two readers agree on the papers that both decided."""

    categories: tuple[str, ...]
    table: tuple[tuple[int, ...], ...]
    """Papers by the first reader's verdict (row) and the second's (column), in the order of the categories."""

    @property
    def both(self) -> int:
        """Papers that both decided."""
        return sum(map(sum, self.table))

    @property
    def alike(self) -> int:
        """Papers of which both said the same."""
        return sum(row[place] for place, row in enumerate(self.table))

    @property
    def observed(self) -> float | None:
        """The share of papers of which both said the same; None without a paper."""
        return self.alike / self.both if self.both else None

    @property
    def expected(self) -> float | None:
        """The share that chance alone would give readers who use the categories as often as these do."""
        if not self.both:
            return None
        rows, columns = self._margins()
        return sum(row * column for row, column in zip(rows, columns, strict=True))

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa: (observed - expected) / (1 - expected), agreement beyond chance.

        None where it is undefined: without a paper, or where both readers put all papers into one and the same
        category, so that chance alone would make them agree on everything (expected is 1, and kappa 0 / 0).
        Source: J. Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement
        1960;20:37-46.
        """
        if not self.both or self._is_one_category():
            return None
        observed, expected = self.observed, self.expected
        assert observed is not None
        assert expected is not None
        return (observed - expected) / (1 - expected)

    @property
    def standard_error(self) -> float | None:
        """Of kappa, for large samples; None where kappa is undefined.

        sqrt((A + B - C) / n) / (1 - e) with A = sum of p_ii (1 - (r_i + c_i)(1 - k))^2, B = (1 - k)^2 times the sum
        of p_ij (c_i + r_j)^2 over i <> j, C = (k - e (1 - k))^2, where p are shares, r and c the margins of rows and
        columns, e the expected agreement and k kappa.
        Source: J. L. Fleiss, J. Cohen, B. S. Everitt, Large sample standard errors of kappa and weighted kappa,
        Psychological Bulletin 1969;72:323-327.
        """
        kappa, expected = self.kappa, self.expected
        if kappa is None or expected is None:
            return None
        rows, columns = self._margins()
        on = off = 0.0
        for i, row in enumerate(self.table):
            for j, number in enumerate(row):
                share = number / self.both
                if i == j:
                    on += share * (1 - (rows[i] + columns[i]) * (1 - kappa)) ** 2
                else:
                    off += share * (columns[i] + rows[j]) ** 2
        variance = on + (1 - kappa) ** 2 * off - (kappa - expected * (1 - kappa)) ** 2
        return sqrt(max(variance, 0.0) / self.both) / (1 - expected)

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % confidence interval of kappa, kappa ± 1.96 standard errors within -1 and 1.

        None where kappa is undefined, and where the error is 0 by its formula, as where the readers never differ:
        that says nothing about papers that are still to come.
        """
        kappa, error = self.kappa, self.standard_error
        if kappa is None or error is None or error < _ZERO:
            return None
        return max(kappa - _Z95 * error, -1.0), min(kappa + _Z95 * error, 1.0)

    def _margins(self) -> tuple[list[float], list[float]]:
        return (
            [sum(row) / self.both for row in self.table],
            [sum(column) / self.both for column in zip(*self.table, strict=True)],
        )

    def _is_one_category(self) -> bool:
        """Counted in whole papers: shares could miss it by a rounding."""
        return any(row[place] == self.both for place, row in enumerate(self.table))


def agreement(pairs: Sequence[tuple[Verdict, Verdict]], *, binary: bool = False) -> Agreement:
    """The agreement of two readers, from their verdicts on each paper that both decided.

    There are as many categories as the readers used of include and exclude, which are always there, and maybe. With
    `binary`, maybe counts as include: either way the paper goes on to be read.
    """
    if binary:
        pairs = [(_either(first), _either(second)) for first, second in pairs]
    counts = Counter(pairs)
    used = {verdict for pair in counts for verdict in pair}
    categories = tuple(one for one in CATEGORIES if one != "maybe" or one in used)
    return Agreement(categories, tuple(tuple(counts[first, second] for second in categories) for first in categories))


def _either(verdict: Verdict) -> Verdict:
    return "exclude" if verdict == "exclude" else "include"
