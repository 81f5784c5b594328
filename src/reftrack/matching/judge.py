"""A term becomes a test of a paper; a text it cannot have (a month 13, `ab*`) is a QueryError that says where."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from types import MappingProxyType
from typing import Final

from ..model import Paper
from .subheadings import subheading
from .syntax import Reading, Term
from .text import fold
from .tokens import refuse, shown
from .view import Day, View, days, plain_name

Test = Callable[[View], bool]

SHORTEST_STEM = 4
"""User Guide, "Truncating search terms": at least four characters, and only in the last word."""
MOST_WILDCARDS = 256
"""Above it NCBI answers "Cannot search because the number of wildcards (*) exceeds 256"."""

_DATE = re.compile(r"([0-9]{4})(?:/([0-9]{1,2})(?:/([0-9]{1,2}))?)?")
RELATIVE_DATE = re.compile(r"last +[0-9]* *(day|month|year)", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,9}")
INNER_WILDCARD = re.compile(r"\w\?\w|\w\$")

# "jpn [la]" is the guide's own exception to "the first three characters"; the others are MEDLINE's codes as they are.
_LANGUAGES: Final = {
    "japanese": "jpn",
    "romanian": "rum",
    "croatian": "hrv",
    "serbian": "srp",
    "slovenian": "slv",
    "basque": "baq",
    "scottish gaelic": "gla",
    "multiple languages": "mul",
    "latvian": "lav",
    "malay": "may",
    "esperanto": "epo",
}


class Near:
    """All words within one piece of text, in any order, no two neighbours more than `step` apart."""

    __slots__ = ("_needles", "_step", "_wanted")

    def __init__(self, wanted: Counter[str], step: int) -> None:
        self._wanted = wanted
        self._step = step
        self._needles = tuple(f" {word} " for word in wanted)

    @property
    def seed(self) -> str:
        """A word without which there is nothing to find."""
        return max(self._wanted, key=_letters)

    def __call__(self, text: str) -> bool:
        """Whether a stretch of a piece holds all the words."""
        return all(needle in text for needle in self._needles) and any(map(self._close, text.split("|")))

    def _close(self, piece: str) -> bool:
        seen: Counter[str] = Counter()
        last = -self._step
        for position, word in enumerate(piece.split()):
            if word not in self._wanted:
                continue
            if position - last > self._step:
                seen.clear()
            seen[word] += 1
            last = position
            if self._wanted <= seen:
                return True
        return False


class Contains:
    """True if any needle, or words near each other, stand in a field; several of these are merged into one.

    Most papers have not even the longest word of any of them, and are done before their text is folded in full.
    """

    __slots__ = ("_seeds", "key", "nears", "needles")

    def __init__(self, key: str, needles: Iterable[str], nears: Iterable[Near] = ()) -> None:
        self.key = key
        self.needles = tuple(dict.fromkeys(needles))
        self.nears = tuple(nears)
        longest = {max(needle.split(), key=_letters) for needle in self.needles}
        seeds = sorted(longest | {near.seed for near in self.nears}, key=len)
        # A seed that holds a shorter one can never be there without it.
        self._seeds = tuple(s for n, s in enumerate(seeds) if not any(shorter in s for shorter in seeds[:n]))

    def __call__(self, view: View) -> bool:
        """Whether one of them is there."""
        loose = view.loose(self.key)
        for seed in self._seeds:
            if seed in loose:
                break
        else:
            return False
        text = view.text(self.key)
        for needle in self.needles:
            if needle in text:
                return True
        return any(near(text) for near in self.nears)


def _letters(word: str) -> int:
    """The length of a word; none for the marks, which are not in the half-folded text as such."""
    return len(word) if word.isalnum() else 0


def judge(term: Term, reading: Reading) -> Test:
    """The test for one term."""
    if is_filter(term):
        return _filter(term, reading)
    return _JUDGES[term.field.how](term, reading)


def is_filter(term: Term) -> bool:
    """Whether a word without a tag is one of PubMed's own filters, as `hasabstract`."""
    word = term.text.lower()
    return term.field.key == "all" and not term.quoted and word.startswith("has") and word in _FILTERS


def warnings(term: Term) -> list[str]:
    """What this term means here that PubMed would take otherwise."""
    found = []
    name = term.field.name
    if term.field.narrower and term.exploded:
        also = " and entry terms" if term.field.how == "mesh" else ""
        found.append(f"[{name}] is compared with the record's own words, without narrower terms{also}")
    if term.field.key == "abstract":
        found.append("[ab] is the abstract alone here; PubMed lists no such field and may search all fields instead")
    if term.field.key == "nm":
        found.append(f"[{name}] is compared with the record's own words, without synonyms")
    if term.field.key == "all" and not term.quoted and "*" not in term.text and not is_filter(term):
        found.append("untagged words are looked for in all fields; PubMed also maps them to MeSH headings")
    if term.distance is not None and "*" in term.text:
        found.append("a distance is ignored where a word is truncated, as PubMed does")
    if INNER_WILDCARD.search(term.text):
        found.append(f"“{shown(term.text)}”: PubMed has no wildcard but *, at the end of a word")
    return found


def _stem(term: Term, reading: Reading) -> str:
    """The term's folded text with the space that ends its last word, which a truncated term leaves out."""
    text, star, after = term.text.partition("*")
    if not star:
        return f"{fold(text)} "
    last = text.rsplit(maxsplit=1)[-1] if text and not text[-1].isspace() else ""
    if after:
        refuse(reading.term, term.start, f"* can only end the last word of a term, not as in “{shown(term.text)}”")
    if sum(character.isalnum() for character in last) < SHORTEST_STEM:
        refuse(reading.term, term.start, f"* needs {SHORTEST_STEM} letters before it, “{shown(term.text)}” has fewer")
    return fold(text)


def _words(term: Term, reading: Reading) -> Test:
    if term.distance is not None and "*" not in term.text:
        return _near(term, reading)
    return Contains(term.field.key, (f" {_stem(term, reading)}",))


def _whole(term: Term, reading: Reading) -> Test:
    stem = _stem(term, reading)
    return Contains(term.field.key, (f"| {stem}" if "*" in term.text else f"| {stem}|",))


def _mesh(term: Term, reading: Reading) -> Test:
    """A heading, or `Stroke/drug therapy`; the part behind the slash may be abbreviated."""
    stem = _stem(term, reading)
    if "*" in term.text:
        return Contains(term.field.key, (f"| {stem}",))
    if term.field.key == "sh":
        return Contains("sh", (f"| {subheading(term.text) or stem.strip()} |",))
    heading, slash, qualifier = term.text.rpartition("/")
    if slash and (name := subheading(qualifier)):
        return Contains(term.field.key, (f"| {fold(heading)} / {name} |",))
    return Contains(term.field.key, (f"| {stem}|",))


def _near(term: Term, reading: Reading) -> Test:
    wanted = Counter(fold(term.text).split())
    if wanted.total() < 2:  # noqa: PLR2004
        refuse(reading.term, term.start, f"a proximity search needs two words or more, “{shown(term.text)}” is one")
    return Contains(term.field.key, (), (Near(wanted, (term.distance or 0) + 1),))


def _author(term: Term, reading: Reading) -> Test:
    """`alvarez`, `alvarez x` (any further initials), `alvarez xa jr`, `xavier alvarez`; quotes turn truncation off."""
    key = term.field.key
    stem = _stem(_unmarked(term), reading)
    *family, last = stem.split()
    if "*" in term.text:
        return Contains(key, (f"| {stem}",))
    full = Contains("fau" if key in ("au", "fau") else f"fau {key}", (f"| {stem}|" if term.quoted else f"| {stem}",))
    if key == "fau":
        return full
    end = "|" if term.quoted else ""
    needles = [f"| {stem}+ " if term.quoted else f"| {stem}"]
    if family:
        needles.append(f"| {' '.join(family)} + {last}{' |' if term.quoted else ''}")
    if family[1:]:
        needles.append(f"| {' '.join(family[:-1])} + {family[-1]} {last}{' ' + end if end else ''}")
    short = Contains(key, tuple(needles))
    return (lambda view: short(view) or full(view)) if family else short


def _unmarked(term: Term) -> Term:
    return Term(plain_name(term.text), term.field, term.start, term.quoted)


def _language(term: Term, reading: Reading) -> Test:
    """`english`, `eng`: the name or its first three letters."""
    return Contains("la", (f"| {language_code(_stem(term, reading).strip())} |",))


def language_code(name: str) -> str:
    """MEDLINE's three letters for a language by its folded name."""
    return _LANGUAGES.get(name, name[:3])


def _number(term: Term, reading: Reading) -> Test:
    """A PMID, several of them, or a range."""
    low, colon, high = (part.strip() for part in term.text.partition(":"))
    numbers = [low, high] if colon else term.text.replace(",", " ").split()
    if not (low or high) or not all(_NUMBER.fullmatch(number) or (colon and not number) for number in numbers):
        refuse(reading.term, term.start, f"“{shown(term.text)}” is not a PMID and not a range such as 1:100")
    if not colon:
        pmids = frozenset(map(int, numbers))
        return lambda view: view.paper.pmid in pmids
    first, last = int(low or 0), int(high or 10**9)
    if first > last:
        refuse(reading.term, term.start, f"the range {shown(term.text)} runs backwards")
    return lambda view: first <= view.paper.pmid <= last


def _date(term: Term, reading: Reading) -> Test:
    """A day, month or year, or a range of them; either end of a range may be left open."""
    if RELATIVE_DATE.match(term.text):
        refuse(reading.term, term.start, f"“{shown(term.text)}” depends on the day it is asked; write 2020:3000[dp]")
    low, colon, high = (part.strip() for part in term.text.partition(":"))
    if not (low or high):
        refuse(reading.term, term.start, "a range needs a date on one side of its colon at least")
    first = _bound(low, (1, 1), term, reading) if low else (0, 0, 0)
    end = high if colon else low
    last = _bound(end, (12, 31), term, reading) if end else (9999, 12, 31)
    if first > last:
        refuse(reading.term, term.start, f"the range {shown(term.text)} runs backwards")
    key = term.field.key
    if colon or key != "published":
        return lambda view: any(first <= day <= last for day in days(view.paper, key))
    return lambda view: any(first <= day <= last for day in _single(view.paper))


def _single(paper: Paper) -> list[Day]:
    """The days that a single date can find.

    "The electronic date will not be searchable if it is later than the print date, except when range searching."
    """
    found = days(paper, "published")
    return [day for day in found if day <= found[0]]


def _bound(text: str, missing: tuple[int, int], term: Term, reading: Reading) -> Day:
    found = _DATE.fullmatch(text)
    if not found:
        refuse(reading.term, term.start, f"“{shown(text)}” is not a date; write 2020, 2020/03 or 2020/03/15")
    year, month, day = (int(part) if part else 0 for part in found.groups())
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        refuse(reading.term, term.start, f"there is no date {shown(text)}")
    return year, month or missing[0], day or missing[1]


def _filter(term: Term, reading: Reading) -> Test:
    wanted = _FILTERS.get(term.text.lower())
    if wanted is None:
        known = ", ".join(f"{name}[sb]" for name in _FILTERS if not name.startswith("has"))
        refuse(
            reading.term,
            term.start,
            f"the filter “{shown(term.text)}” cannot be judged from a record; these can: {known}",
        )
    return lambda view: wanted(view.paper)


def _linked(kind: str) -> Callable[[Paper], bool]:
    return lambda paper: any(link.kind == kind for link in paper.corrections)


_LINKS = {
    f"has{kind.lower()}": _linked(kind)
    for kind in (
        *("CommentIn", "CommentOn", "ErratumIn", "ErratumFor", "ExpressionOfConcernIn", "ExpressionOfConcernFor"),
        *("RepublishedIn", "RepublishedFrom", "RetractedandRepublishedIn", "RetractedandRepublishedFrom"),
        *("RetractionIn", "RetractionOf", "UpdateIn", "UpdateOf"),
    )
}
# "Citation Status Subsets" and "comments/corrections" of the guide, as far as a record answers for them.
_FILTERS: Final = MappingProxyType[str, Callable[[Paper], bool]](
    {
        "all": lambda _: True,
        "medline": lambda paper: paper.status == "MEDLINE",
        "pubmednotmedline": lambda paper: paper.status == "PubMed-not-MEDLINE",
        "inprocess": lambda paper: paper.status in ("In-Process", "In-Data-Review"),
        "publisher": lambda paper: paper.status == "Publisher",
        "pubmed books": lambda paper: paper.type in ("book", "chapter"),
        "hasabstract": lambda paper: any(section.text for section in paper.abstract),
        "hasstructuredabstract": lambda paper: any(section.label for section in paper.abstract),
        "haskeyword": lambda paper: bool(paper.keywords),
        "hascois": lambda paper: bool(paper.conflict_of_interest),
        "hasdatabanklist": lambda paper: bool(paper.accessions),
        **_LINKS,
    }
)

_JUDGES: Final[dict[str, Callable[[Term, Reading], Test]]] = {
    "words": _words,
    "whole": _whole,
    "mesh": _mesh,
    "author": _author,
    "date": _date,
    "number": _number,
    "language": _language,
    "filter": _filter,
}
