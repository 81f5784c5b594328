"""A digest as Markdown: for an issue, a chat, a mail, or `pandoc`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import words
from .digest import Digest, Item, Section

# What CommonMark or GitHub reads as markup anywhere in a line. & < > become entities: not every reader knows "\<".
_MARKUP = re.compile(r"([\\`*_\[\]~|$#@])")
_LINK = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)  # GitHub makes links of bare addresses


def text(digest: Digest) -> str:
    """The whole digest; one line where there is nothing to tell."""
    only = words.one_line(digest)
    if only and not digest.problems:
        return f"{_sentence(only)}\n"
    return "\n".join(_lines(digest, only)) + "\n"


def escaped(plain: object) -> str:
    """Text of a record that stays text, wherever in a line it stands."""
    kept = words.inert(plain).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _LINK.sub(r"\\", _MARKUP.sub(r"\\\1", kept))


def _sentence(ours: str) -> str:
    """A sentence of ours, in which `commands` are marked, and what it quotes."""
    parts = ours.split("`")
    return "".join(f"`{words.inert(part)}`" if place % 2 else escaped(part) for place, part in enumerate(parts))


def _lines(digest: Digest, only: str) -> Iterator[str]:
    if only:
        yield _sentence(only)
    else:
        yield f"# {escaped(words.heading(digest))}"
        yield ""
        yield " · ".join(f"**{told}**" if bucket == "retracted" else told for bucket, told in words.counts(digest)) + (
            f" · **{escaped(words.fell_short(digest))}**" if digest.fell_short else ""
        )
    for section in digest.sections:
        yield from _section(digest, section)
    for heading, problems in (
        (words.SHORT_TITLE, digest.fell_short),
        (words.WARNED, [problem for problem in digest.problems if problem.kind == "warning"]),
    ):
        if problems:
            yield from ("", f"## {heading}", "")
            yield from (f"- {_told(words.problem(problem))}" for problem in problems)
    yield from _footer(digest)


def _told(said: str) -> str:
    """What NCBI or a file wrote may hold a backtick of its own; then nothing is marked."""
    return _sentence(said) if said.count("`") == said.count("`reftrack") * 2 else escaped(said)


def _section(digest: Digest, section: Section) -> Iterator[str]:
    yield from ("", f"## {words.TITLES[section.bucket]} ({section.total:,})", "")
    if said := words.said(section):
        yield from (escaped(said), "")
    for item in section.items:
        yield from _item(section, item)
    if more := words.more(digest, section):
        yield from ("", more) if section.items else (more,)


def _item(section: Section, item: Item) -> Iterator[str]:
    marks = "".join(f"**{mark}** " for mark in words.marks(item))
    yield f"- {marks}[{escaped(words.title(item))}]({words.link(item)})  "
    key = [f"`{escaped(item.card.key)}`"] if item.card and item.card.key else []
    # Our own word first: what a line of Markdown begins with may make it a list or a heading.
    yield "  " + " · ".join([f"PMID {item.pmid}", *map(escaped, words.source_line(item)), *key]) + "  "
    tags = ", ".join(map(escaped, words.tags(item.card)))
    because = words.because(section.bucket, item)
    found_by = f"*{words.queries(section.bucket)} {escaped(', '.join(item.queries))}*"
    told = [f"**Tags:** {escaped(line)}" for line in words.retagged(item)]
    if because:
        told.append(f"**{'Record' if section.bucket == 'indexed' else 'Why'}:** {escaped(because)}")
    yield "  \n".join(f"  {line}" for line in (f"{f'{tags} · ' if tags else ''}{found_by}", *told))


def _footer(digest: Digest) -> Iterator[str]:
    if digest.runs:
        yield from ("", "---", "", f"| {' | '.join(words.RUN_COLUMNS)} |", "|--:|---|---|---|---|--:|--:|--:|")
        for row in words.run_rows(digest):
            yield f"| {' | '.join(map(escaped, row))} |"
        if other := words.other_runs(digest):
            yield from ("", other)
    yield from ("", f"reftrack {escaped(digest.version)}")
