"""The date of a paper becomes a year and the day, month, months or season that the record names, nothing invented."""

from __future__ import annotations

import re

from msgspec import Struct

from ..model import Paper

_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_MONTH = re.compile(
    r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?\b",
    re.IGNORECASE,
)
_SEASON = re.compile(r"\b(spring|summer|autumn|fall|winter)\b", re.IGNORECASE)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = {name: number for number, name in enumerate(MONTHS, 1)}
_LAST_MONTH = 12
_RANGE = 2


class Issued(Struct, frozen=True, gc=False):
    """When a paper appeared: a day, a month, a range of two, or a season's own words."""

    year: int | None = None
    months: tuple[int, ...] = ()
    """One, or the first and last of a range."""
    day: int | None = None
    season: str = ""
    until: tuple[int, int | None] | None = None
    """Year and month in which a range over several years ends; `months` has then only where it begins."""


def issued(paper: Paper) -> Issued:
    """The date of the issue; of the electronic publication where the record knows no other."""
    date = paper.date if paper.date.year is not None or not paper.electronic_date.year else paper.electronic_date
    if date.month is not None and 1 <= date.month <= _LAST_MONTH:
        return Issued(date.year, (date.month,), date.day)
    if date.year is None:
        return Issued()
    if date.text.isdecimal():
        return Issued(date.year)
    months = tuple([_NUMBERS[name.lower()] for name in _MONTH.findall(date.text)])
    last_year = max(map(int, _YEAR.findall(date.text)), default=date.year)
    if last_year > date.year:  # 1998 Dec-1999 Jan
        first, last = (months[0], months[1]) if len(months) == _RANGE else (None, None)
        return Issued(date.year, (first,) if first else (), until=(last_year, last))
    if months:
        return Issued(date.year, months if len(months) <= _RANGE else ())
    return Issued(date.year, season="-".join([name.capitalize() for name in _SEASON.findall(date.text)]))
