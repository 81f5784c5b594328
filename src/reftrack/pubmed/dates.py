"""The many shapes of PubMed dates become PubDate and ISO dates; nothing is invented.

`text` keeps the record's wording. Numbers are read only where there is no doubt: the first year of a range,
a month if exactly one is named, a day only of a full date.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from xml.etree.ElementTree import Element

from ..model import PubDate
from .text import clean

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NUMBERS = (
    {name.lower(): number for number, name in enumerate(_MONTHS, 1)}
    | {str(number): number for number in range(1, 13)}
    | {f"{number:02}": number for number in range(1, 10)}
)
_YEAR = re.compile(r"(?<![0-9])(?:1[5-9][0-9]{2}|20[0-9]{2}|2100)(?![0-9])")
_MONTH_WORD = re.compile(r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b", re.IGNORECASE)
_FULL_DATE = re.compile(r"[0-9]{4} [A-Za-z]+ ([0-9]{1,2})")


def pub_date(element: Element) -> PubDate:
    """Read PubDate, ArticleDate or ContributionDate: Year, Month, Day or Season, or one MedlineDate."""
    found = {child.tag: child.text for child in element}
    if found.get("MedlineDate"):
        return _worded(clean(found["MedlineDate"]))
    if found.get("Season"):
        return _worded(" ".join(clean(found[tag]) for tag in ("Year", "Month", "Season", "Day") if found.get(tag)))
    return _dated(found.get("Year"), found.get("Month"), found.get("Day"))


def iso_date(element: Element) -> str:
    """Read Year, Month, Day as 2021-06-07; "" if it is no day of the calendar (History year 20007)."""
    found = {child.tag: child.text for child in element}
    return _iso(found.get("Year"), found.get("Month"), found.get("Day"))


@lru_cache(maxsize=4096)  # a file of 20,000 records has some 2,000 different dates, five in each record
def _iso(year_text: str | None, month_text: str | None, day_text: str | None) -> str:
    when = _dated(year_text, month_text, day_text)
    return f"{when.year:04}-{when.month:02}-{when.day:02}" if when.day else ""


@lru_cache(maxsize=4096)
def _dated(year_text: str | None, month_text: str | None, day_text: str | None) -> PubDate:
    """Read Year, Month and Day; in the normal form "2021 Jun 5" if the month is one."""
    words = [clean(text) for text in (year_text, month_text, day_text)]
    year = _year(words[0])
    month = _MONTH_NUMBERS.get(words[1][:3].lower()) if year else None
    day = _day(year, month, words[2])
    if month:
        words[1] = _MONTHS[month - 1]
    if day:
        words[2] = str(day)
    return PubDate(" ".join(word for word in words if word), year, month, day)


def _worded(text: str) -> PubDate:
    """Read "2010 Nov-Dec", "1998 Dec-1999 Jan", "Spring 1998", "2010 Jun 12-18", "n.d."."""
    years = set(_YEAR.findall(text))
    months = {word.lower() for word in _MONTH_WORD.findall(text)}
    year = _year(text)
    if year is None or len(years) > 1 or len(months) != 1:
        return PubDate(text, year)
    month = _MONTH_NUMBERS[months.pop()]
    full = _FULL_DATE.fullmatch(text)
    return PubDate(text, year, month, _day(year, month, full[1]) if full else None)


def _year(text: str) -> int | None:
    match = _YEAR.search(text)
    return int(match[0]) if match else None


def _day(year: int | None, month: int | None, text: str) -> int | None:
    if year is None or month is None or not re.fullmatch("[0-9]{1,2}", text):
        return None
    try:
        return date(year, month, int(text)).day
    except ValueError:  # 30 February
        return None
