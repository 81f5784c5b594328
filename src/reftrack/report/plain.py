"""A digest as lines for a terminal, each with its kind, by which whoever draws them chooses a style."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from . import words
from .digest import Digest, Item, Section

Kind = Literal["heading", "bad", "notice", "good", "section", "short", "title", "bad title", "why", "text", "dim"]
_SECTION_KINDS: dict[str, Kind] = {"retracted": "bad", "notice": "notice", "new": "good", "late": "good"}


class Line(NamedTuple):
    """A line to draw; "" is an empty one. The text is not cleaned."""

    text: str
    kind: Kind = "text"
    indent: int = 0


def lines(digest: Digest) -> Iterator[Line]:
    """The whole digest; one line where there is nothing to tell."""
    if only := words.one_line(digest):
        yield Line(_bare(only))
    else:
        yield Line(words.heading(digest), "heading")
        short = [words.fell_short(digest)] if digest.fell_short else []
        yield Line(" · ".join([*(told for _, told in words.counts(digest)), *short]))
    for section in digest.sections:
        yield from _section(digest, section)
    yield from _problems(digest)
    if digest.runs and not (only and not digest.problems):
        yield Line("")
        yield from _footer(digest)


def _section(digest: Digest, section: Section) -> Iterator[Line]:
    yield Line("")
    yield Line(f"{words.TITLES[section.bucket]} ({section.total:,})", _SECTION_KINDS.get(section.bucket, "section"))
    if said := words.said(section):
        yield Line(said, "dim")
    for item in section.items:
        yield from _item(section, item)
    if more := words.more(digest, section):
        yield Line(_bare(more), "dim", 2)


def _item(section: Section, item: Item) -> Iterator[Line]:
    marks = words.marks(item)
    yield Line(" · ".join([*marks, words.title(item)]), "bad title" if marks else "title", 2)
    key = [item.card.key] if item.card and item.card.key else []
    yield Line(" · ".join([*words.source_line(item), f"PMID {item.pmid}", *key]), "text", 4)
    yield from (Line(told, "why", 4) for told in words.retagged(item))
    if because := words.because(section.bucket, item):
        yield Line(because, "dim" if section.bucket == "indexed" else "why", 4)
    found_by = f"{words.queries(section.bucket)} {', '.join(item.queries)}"
    yield Line(" · ".join(part for part in (", ".join(words.tags(item.card)), found_by) if part), "dim", 4)


def _problems(digest: Digest) -> Iterator[Line]:
    kinds: tuple[tuple[str, Kind, bool], ...] = (
        (words.SHORT_TITLE, "short", False),
        (words.WARNED, "section", True),
    )
    for title, kind, warnings in kinds:
        problems = [problem for problem in digest.problems if (problem.kind == "warning") is warnings]
        if problems:
            yield Line("")
            yield Line(title, kind)
            yield from (Line(_bare(words.problem(problem)), "text", 2) for problem in problems)


def _footer(digest: Digest) -> Iterator[Line]:
    for run, query, when, source, status, found, held, requests in words.run_rows(digest):
        came = "" if found == "-" else f": {found} found, {held} held"
        asked = "" if requests == "0" else f", {requests} request{'' if requests == '1' else 's'}"
        yield Line(f"run {run}  {query}  {when}  {source}  {status}{came}{asked}", "dim")
    if other := words.other_runs(digest):
        yield Line(_bare(other), "dim")
    yield Line(f"reftrack {digest.version}", "dim")


def _bare(said: str) -> str:
    return said.replace("`", "")
