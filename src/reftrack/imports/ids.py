"""A list of ids: PMIDs, DOIs and PMCIDs, one or more a line, in any of the ways in which people write them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..citation import Citation, Unreadable
from .entry import citation, unreadable
from .identifiers import Ids, doi, named, pmid

_COMMENT = re.compile(r"(?:\A|\s)#.*")  # not inside a DOI
_WORD = re.compile(r"(?:(?:pmid|pmcid|doi|pubmed(?: ?id)?)\s*[:=#]?\s+)?[^\s,;]\S*", re.IGNORECASE)
# A comma or semicolon may belong to a DOI, unless another id follows it.
_AFTER_DOI = re.compile(r"[,;]+(?=\Z|10\.[0-9]{4,9}/|doi:|pmid|pmcid|pmc[0-9]|https?://)", re.IGNORECASE)
_DIGIT = re.compile("[0-9]")
_BETWEEN = re.compile(r"[,;|]+")


def read(text: str) -> Iterator[Citation | Unreadable]:
    """Each id as a citation of its own; what is none is told with its line. `#` begins a comment."""
    for number, line in enumerate(text.split("\n"), 1):
        junk = []
        for word in _words(line):
            if (ids := identified(word)) == Ids():
                junk.append(word)
            else:
                yield citation(number, word, ids=ids)
        if junk:
            yield unreadable(number, "no PMID, DOI or PMCID", " ".join(junk))


def _words(line: str) -> Iterator[str]:
    for found in _WORD.finditer(_COMMENT.sub("", line)):
        word = found[0].strip("\"'<>")
        yield from filter(None, (_AFTER_DOI if "/" in word else _BETWEEN).split(word))


def identified(word: str) -> Ids:
    """The id that a word is; a bare number is a PMID."""
    if not _DIGIT.search(word):
        return Ids()
    return Ids(pmid=pmid(word)).else_(Ids(doi=doi(word))).else_(named((word,)))


def holds_ids(line: str) -> bool:
    """Whether a line is made of ids and nothing else."""
    words = list(_words(line))
    return bool(words) and all(identified(word) != Ids() for word in words)
