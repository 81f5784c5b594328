"""A paper becomes the base of its citation key, and a base a key that nobody has yet.

A key is made once, when the paper is first stored, and kept: it must not move when PubMed corrects a year or when
another paper arrives (retorquere/zotero-better-bibtex#76). It holds only a-z and 0-9, whatever the record says.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from itertools import count, product

from ..model import Author, Paper
from .titles import PLACEHOLDERS, plain

_OTHER = re.compile(r"[^a-z0-9]+")
_GROUP_WORDS, _GROUP_LENGTH = 3, 20
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LONGEST = 40
_STOP_WORD_LIST = """
a an and as at by de der des die do does for from how in into is la le les los not of on or the to und what when
which who why with
"""
_STOP_WORDS = frozenset(_STOP_WORD_LIST.split())


def citation_key(paper: Paper) -> str:
    """The base of the key: family name of the first author and year, as muresanu2016.

    A book without authors goes by its editor, an anonymous paper by the first telling word of its title, one
    without either by its PMID; a missing year is `nd`.
    """
    word = next(filter(None, map(_author_word, (*paper.authors, *paper.editors))), "") or _title_word(paper.title)
    if not word:
        return f"pmid{paper.pmid}"
    year = paper.date.year or paper.electronic_date.year
    return f"{word}{year or 'nd'}"


def next_key(base: str, taken: Container[str]) -> str:
    """`base` if it is free, else the first free one of base + a, b, … z, aa; `taken` holds keys in lower case."""
    return next(key for key in key_candidates(base) if key not in taken)


def key_candidates(base: str) -> Iterator[str]:
    """`base`, then base + a, b, … z, aa, without end."""
    yield base
    for length in count(1):
        for letters in product(_LETTERS, repeat=length):
            yield base + "".join(letters)


def _author_word(author: Author) -> str:
    if not author.collective:
        return _latin(author.family or author.given)[:_LONGEST]
    words = [word for word in map(_latin, author.family.split()) if word]
    while words and words[0] in _STOP_WORDS:  # "on behalf of the …", "for the …"
        words.pop(0)
    return "".join(words[:_GROUP_WORDS])[:_GROUP_LENGTH]


def _title_word(title: str) -> str:
    title = plain(title)
    words = [] if title in PLACEHOLDERS else [word for word in map(_latin, re.split(r"[\s/—–-]+", title)) if word]
    return next((word for word in words if word not in _STOP_WORDS), "")[:_LONGEST]


def _latin(text: str) -> str:
    """Only a-z and 0-9: Mureșanu is muresanu, O'Brien obrien, 李 li."""
    if not text.isascii():
        from anyascii import anyascii  # here, because an export needs no keys made

        text = anyascii(text)
    return _OTHER.sub("", text.lower())
