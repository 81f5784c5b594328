"""References in running text: PMIDs, DOIs and addresses as people write them, and lists of references without any.

A reference without an identifier is only looked for below a heading such as "References". Which of its sentences is
the title nobody says, so the longest are offered, the likeliest first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from .mention import Item, Mention, Place

_ID = re.compile(
    r"\bPMID\s{0,3}[:=#]?\s{0,3}(?P<pmid>[1-9][0-9]{0,8})\b"
    r"|pubmed\.ncbi\.nlm\.nih\.gov/(?P<new>[1-9][0-9]{0,8})"
    r"|ncbi\.nlm\.nih\.gov/(?:m/)?pubmed/(?P<old>[1-9][0-9]{0,8})"
    r"|\bPMC\s?(?P<pmcid>[1-9][0-9]{2,9})\b"
    r"|(?<![\w/.])(?:https?://(?:dx\.)?doi\.org/|doi:?\s?)?(?P<doi>10\.[0-9]{4,9}/[^\s\"<>|\\{}]{1,300})",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"[\W\d]*(?:references|bibliography|literature(?: cited)?|works cited|reference list|literatur(?:verzeichnis)?"
    r"|références|referencias|bibliografia)\W*",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[^\W\d_]{3}[.?!])\s+|(?<=[).\]])\s+|[“”\"]|\s+(?=[A-Z][a-z]+ [12][0-9]{3})")
_YEAR = re.compile(r"\b(?:19|20)[0-9]{2}\b")
_NUMBER = re.compile(r"^\s*[\[(]?[0-9]{1,4}[\])]?[.)]?\s+")
_INITIALS = re.compile(r"\b[A-Z]{1,3}\b,|\b[A-Z]\.")
_LONGEST = 3000
"""A reference is shorter; what is longer is a page."""
_BEGINNING = 40
"""So much of a reference is shown instead of a key."""
_WORDS = 4
_GUESSES = 3


def mentions(lines: Iterable[tuple[int, str]], file: str) -> Iterator[Mention]:
    """The references of a text, given as (line or paragraph, its text)."""
    in_list = False
    for number, line in lines:
        text = line.strip()
        if not text:
            continue
        if len(text) < 60 and _HEADING.fullmatch(text):  # noqa: PLR2004 - a heading
            in_list = True
            continue
        found = list(items(text))
        place = Place(file, number)
        for item in found:
            yield Mention(place, label=str(item.get("PMID") or item.get("DOI") or item.get("PMCID")), items=(item,))
        if in_list and not found and (guesses := guessed(text)):
            yield Mention(place, label=_NUMBER.sub("", text)[:_BEGINNING].rstrip() + "…", items=guesses)


def items(text: str) -> Iterator[Item]:
    """The references that a text names by identifiers; those that stand together, each kind once, are one."""
    item: dict[str, Any] = {}
    for found in _ID.finditer(text):
        kind = str(found.lastgroup)
        name = {"new": "PMID", "old": "PMID"}.get(kind, kind.upper())
        value = f"PMC{found[kind]}" if name == "PMCID" else found[kind].rstrip(".,;:)]'’")
        if item.get(name, value) != value:
            yield item
            item = {}
        item[name] = value
    if item:
        yield item


def guessed(text: str) -> tuple[Item, ...]:
    """A reference without identifiers, read in the ways in which its title may be meant; () for what is none."""
    if len(text) > _LONGEST or not (year := _YEAR.search(text)):
        return ()
    text = _NUMBER.sub("", text)
    family = re.match(r"[^\W\d_][\w'’-]*", text)
    pieces = [piece.strip(" .,;:()") for piece in _SENTENCE.split(text)]
    titles = sorted(
        (piece for piece in pieces if len(piece.split()) >= _WORDS),
        key=lambda piece: (len(_INITIALS.findall(piece)) > 1, -len(piece)),  # a row of authors is long, too
    )
    about: dict[str, Any] = {"issued": {"raw": year[0]}}
    if family:
        about["author"] = [{"family": family[0]}]
    return tuple({"title": title, **about} for title in titles[:_GUESSES])


def reference(text: str) -> tuple[Item, ...]:
    """One reference as it is printed: by its identifiers, else by what may be its title."""
    by_id = next(items(text), None)
    return (by_id,) if by_id else guessed(text)
