"""A digest as an Atom feed (RFC 4287), for a feed reader: an entry for each paper and for each run that fell short.

An entry's id names the library, the newest run that tells it, the section and the paper: the same news keeps its id in
whatever digest it stands, and a later change of the same paper is a new entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from . import words
from .digest import Digest, Item, Problem, Section

MOST = 200
"""Entries of a feed: retractions and failed runs first of all, then the newest."""

_NAMESPACE = "http://www.w3.org/2005/Atom"
_AUTHORITY = "tag:reftrack.invalid,2026:"
"""A tag URI (RFC 4151) wants a name that its maker owns; .invalid (RFC 2606) is nobody's, and will never be."""
_NO_RUN = "1970-01-01T00:00:00Z"


class _Entry(NamedTuple):
    keep: bool
    at: str
    place: int
    """Entries of one moment stand in the order of the digest."""
    xml: str


def text(digest: Digest) -> str:
    """The whole feed. Compose the digest with `newest_first`, and with no more than `MOST` papers a section."""
    entries = sorted(_entries(digest), key=lambda entry: (not entry.keep, _backwards(entry.at), entry.place))[:MOST]
    entries.sort(key=lambda entry: (_backwards(entry.at), entry.place))
    says = words.one_line(digest) or " · ".join(told for _, told in words.counts(digest))
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="{_NAMESPACE}" xml:lang="en">\n'
        f"<id>{_id(digest, 'digest')}</id>\n"
        "<title>reftrack: what changed</title>\n"
        f"<subtitle>{_text(says.replace('`', ''))}</subtitle>\n"
        f"<updated>{_text(digest.as_of or _NO_RUN)}</updated>\n"
        "<author><name>reftrack</name></author>\n"
        f'<generator version="{_text(digest.version)}">reftrack</generator>\n'
        + "".join(entry.xml for entry in entries)
        + "</feed>\n"
    )


def _entries(digest: Digest) -> Iterator[_Entry]:
    place = 0
    for problem in digest.fell_short:
        place += 1
        keep = not problem.mended_by
        yield _Entry(keep, problem.at, place, _run_entry(digest, problem))
    for section in digest.sections:
        for item in section.items:
            place += 1
            yield _Entry(section.bucket == "retracted", item.at, place, _paper_entry(digest, section, item))


def _paper_entry(digest: Digest, section: Section, item: Item) -> str:
    name = words.TITLES[section.bucket]
    marks = [mark for mark in words.marks(item) if mark != name.upper()]
    title = " · ".join([name.upper() if section.bucket == "retracted" else name, *marks, words.title(item)])
    because = words.because(section.bucket, item)
    lines = [
        " · ".join([*words.source_line(item), f"PMID {item.pmid}", *([item.card.key] if item.card else [])]),
        ", ".join(words.tags(item.card)),
        f"{words.queries(section.bucket)} {', '.join(item.queries)}",
        *words.retagged(item),
        because,
    ]
    body = "".join(f"<p>{escape(words.inert(line))}</p>" for line in lines if line)
    return (
        f"<entry>\n<id>{_id(digest, f'run-{item.runs[-1]}', section.bucket, str(item.pmid))}</id>\n"
        f"<title>{_text(title)}</title>\n<updated>{_text(item.at)}</updated>\n"
        f'<link rel="alternate" type="text/html" href="{words.link(item)}"/>\n'
        + "".join(f'<category term="{_text(tag)}"/>\n' for tag in (section.bucket, *words.tags(item.card)))
        + f'<content type="html">{escape(body)}</content>\n</entry>\n'
    )


def _run_entry(digest: Digest, problem: Problem) -> str:
    run = problem.runs[-1]
    title = f"Run {run} of {problem.queries[-1]}: {'papers missing' if problem.kind == 'missing' else problem.kind}"
    return (
        f"<entry>\n<id>{_id(digest, f'run-{run}', problem.kind)}</id>\n<title>{_text(title)}</title>\n"
        f'<updated>{_text(problem.at)}</updated>\n<category term="problem"/>\n'
        f'<content type="text">{_text(words.problem(problem).replace("`", ""))}</content>\n</entry>\n'
    )


def _id(digest: Digest, *names: str) -> str:
    return _text(":".join([f"{_AUTHORITY}{digest.library or 'library'}", *names]))


def _text(plain: str) -> str:
    return escape(words.inert(plain))


def _backwards(moment: str) -> tuple[int, ...]:
    """Sorts later moments first."""
    return tuple(-ord(character) for character in moment)
