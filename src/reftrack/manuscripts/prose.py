"""References in running text: PMIDs, DOIs and addresses as people write them, and lists of references without any.

A reference without an identifier is only looked for below a heading such as "References". Which of its sentences is
the title nobody says, so the longest are offered, the likeliest first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from .mention import Item, Mention, Place

_ID = re.compile(
    r"\bPMIDs?\s{0,3}[:=#]?[\s(\[]{0,3}(?P<pmid>[1-9][0-9]{0,8})\b"
    r"|pubmed\.ncbi\.nlm\.nih\.gov/(?P<new>[1-9][0-9]{0,8})"
    r"|ncbi\.nlm\.nih\.gov/(?:m/)?pubmed/(?P<old>[1-9][0-9]{0,8})"
    r"|ncbi\.nlm\.nih\.gov/(?:m/)?(?:pubmed)?/?\?(?:[^\s\"<>#]{0,100}&)?term=(?P<term>[1-9][0-9]{0,8})\b"
    r"|\bPMC\s?(?P<pmcid>[1-9][0-9]{2,9})\b"
    r"|(?<![\w/.])(?:https?://(?:dx\.)?doi\.org/|doi:?\s?)?(?P<doi>10\.[0-9]{4,9}(?:/|%2F)"
    r"(?:(?![,;](?:https?://(?:dx\.)?doi\.org/|doi:)?10\.[0-9]{4,9}/)[^\s\"<>|\\{}]){1,300})",
    re.IGNORECASE,
)
_MORE = re.compile(r"\s{0,3}(?:[,;&]|and\b|or\b)\s{0,3}(?:and\s{1,3}|or\s{1,3})?(?:PMID\s?:?\s?)?([1-9][0-9]{4,8})\b")
"""Further numbers behind a PMID; a year or a page is shorter."""
_TOGETHER = re.compile(
    r"(?:\W|\d|_|\b(?:pmids?|pmcid|doi|https?|epub|ecollection|collection|available|at|from|online|pubmed|medline|indexed|for|in"
    r"|process|as|supplied|by|publisher|free|pmc|article|central|print|id|accessed|jan|feb|mar|apr|may|jun|jul|aug|sep|oct"
    r"|nov|dec|\w{3,9}day)\b){0,60}",
    re.IGNORECASE,
)
"""What may stand between two identifiers of one reference: `doi: … Epub 2019 Sep 7. PMID: …`."""
_APART = 80
_HEADING = re.compile(
    r"[\W\d]*(?:references|bibliography|literature(?: cited)?|works cited|reference list|literatur(?:verzeichnis)?"
    r"|références|referencias|bibliografia)\W*",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[^\W\d_]{3}[.?!])\s+|(?<=[).\]])\s+|[“”\"]|\s+(?=[A-Z][a-z]+ [12][0-9]{3})")
_YEAR = re.compile(r"\b(?:19|20)[0-9]{2}\b")
_NUMBER = re.compile(r"^\s*[\[(]?[0-9]{1,4}[\])]?[.)]?\s+")
_NUMBERED = re.compile(r"\s*(?:\[[0-9]{1,4}\]|[0-9]{1,4}[.)])\s+\S")
_INITIALS = re.compile(r"\b[A-Z]{1,3}\b,|\b[A-Z]\.")
_LONGEST = 3000
"""A reference is shorter; what is longer is a page."""
_BEGINNING = 40
"""So much of a reference is shown instead of a key."""
_WORDS = 4
_GUESSES = 3


def mentions(lines: Iterable[tuple[int, str]], file: str, *, wrapped: bool = False) -> Iterator[Mention]:
    """The references of a text, given as (line or paragraph, its text).

    `wrapped`: they are lines, of which a numbered reference may have several; a paragraph is whole.
    """
    in_list = False
    for number, line in _unwrapped(lines) if wrapped else lines:
        text = line.strip()
        if not text:
            continue
        if _is_heading(text):
            in_list = True
            continue
        found = list(items(text, one_a_line=in_list))
        place = Place(file, number)
        for item in found:
            yield Mention(place, label=str(item.get("PMID") or item.get("DOI") or item.get("PMCID")), items=(item,))
        if in_list and not found and (guesses := guessed(text)):
            yield Mention(place, label=_NUMBER.sub("", text)[:_BEGINNING].rstrip() + "…", items=guesses)


def _is_heading(text: str) -> bool:
    return len(text) < 60 and _HEADING.fullmatch(text) is not None  # noqa: PLR2004 - a heading


def _unwrapped(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Lines as they are; in a list of references those that go on a numbered one, up to an empty one, with it."""
    begun: tuple[int, str] | None = None
    in_list = False
    for number, line in lines:
        in_list = in_list or _is_heading(line.strip())
        if begun and line.strip() and not _NUMBERED.match(line) and len(begun[1]) <= _LONGEST:
            begun = begun[0], f"{begun[1].rstrip()} {line.strip()}"
            continue
        if begun:
            yield begun
        begun = (number, line) if in_list and _NUMBERED.match(line) else None
        if begun is None:
            yield number, line
    if begun:
        yield begun


def items(text: str, *, one_a_line: bool = False) -> Iterator[Item]:
    """The references that a text names by identifiers.

    Identifiers of one reference, each kind once, stand side by side; in a list of references one a line, wherever
    they stand in it.
    """
    item: dict[str, Any] = {}
    last = 0
    for start, end, name, value in _identifiers(text):
        if item.get(name, value) != value or (item and not one_a_line and not _are_together(text[last:start])):
            yield item
            item = {}
        item[name] = value
        last = end
    if item:
        yield item


def _are_together(between: str) -> bool:
    return len(between) <= _APART and _TOGETHER.fullmatch(between) is not None


def _identifiers(text: str) -> Iterator[tuple[int, int, str, str]]:
    """(start, end, kind, value) of each; of `PMIDs 1, 2 and 3` all three."""
    for found in _ID.finditer(text):
        kind = str(found.lastgroup)
        name = {"new": "PMID", "old": "PMID", "term": "PMID"}.get(kind, kind.upper())
        value = f"PMC{found[kind]}" if name == "PMCID" else found[kind].rstrip(".,;:)]'’")
        yield found.start(), found.end(), name, unquote(value) if name == "DOI" and "%2" in value else value
        end = found.end()
        while kind == "pmid" and (more := _MORE.match(text, end)):
            end = more.end()
            yield more.start(), end, name, more[1]


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
    by_id = next(items(text, one_a_line=True), None)
    return (by_id,) if by_id else guessed(text)
