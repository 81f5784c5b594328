"""How rules look: a table of all, or one of them as a clinician can read it; JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from .screen import beside, clean, on_terminal, table, tsv

if TYPE_CHECKING:
    from ..tagging import Description

PLACES = {
    "any": "title, abstract or keywords",
    "title": "title",
    "abstract": "abstract",
    "background": "background",
    "objective": "objective",
    "methods": "methods",
    "results": "results",
    "findings": "results or conclusions",
    "conclusions": "conclusions",
    "keyword": "keywords",
    "journal": "journal",
    "bare": "title without an abstract",
    "conflict": "statement of interests",
    "grant": "agency of a grant",
    "affiliation": "authors' affiliations",
    "funding": "part of the abstract on funding",
    "declared": "statement of interests, or part of the abstract on funding",
    "acronym": "abbreviation that is spelled out",
    "regex": "title or abstract, as a pattern",
    "mesh": "MeSH",
    "pt": "publication type",
    "substance": "substance",
    "correction": "link to another paper",
    "has": "the record has",
    "from": "tagged as",
    "tag": "tagged as",
    "primary": "filed under",
}
COLUMNS = ("facet", "tag", "rank", "threshold", "phrases", "from", "label")
SHIPPED = "shipped"
NOTATION = (
    "word* any ending; (a|b) either; (a|) a or nothing; ~3 up to three words between; !(a) not followed by a; "
    "# a number; @list a word of that list; spelling and hyphens do not matter"
)


def short_shape(one: Description) -> dict[str, Any]:
    """A line of the list."""
    return {
        "tag": f"{one.facet}/{one.slug}",
        "label": one.label,
        "rank": one.rank,
        "threshold": one.threshold,
        "possible": one.possible,
        "phrases": one.phrases,
        "parent": one.parent,
        "files": list(one.files),
    }


def shape(one: Description) -> dict[str, Any]:
    """Everything of a rule."""
    whole = {name: value for name, value in asdict(one).items() if name not in ("facet", "slug")}
    return {"tag": f"{one.facet}/{one.slug}"} | whole | {"unless": dict(one.unless), "phrases": one.phrases}


def show_all(rules: Iterable[Description]) -> None:
    """The list."""
    rows = [
        (one.facet, one.slug, one.rank or "", f"{one.threshold:g}", one.phrases, _origin(one), one.label)
        for one in rules
    ]
    if not on_terminal():
        for line in tsv(COLUMNS, rows):
            click.echo(line)
        return
    right = {"justify": "right"}
    looks: list[dict[str, Any]] = [
        {},
        {"no_wrap": True, "style": "bold"},
        right,
        right,
        right,
        {},
        {"overflow": "fold"},
    ]
    table(list(zip(COLUMNS, looks, strict=True)), rows)


def _origin(one: Description) -> str:
    return ", ".join(file if "/" in file else SHIPPED for file in one.files)


def show(one: Description) -> None:
    """One rule, a line a fact; on a terminal in two columns."""
    draw = on_terminal()
    head = f"{one.facet}/{one.slug} · {clean(one.label)}"
    if draw:
        beside("", head, width=0, styles=("", "bold"))
    else:
        click.echo(head)
    for title, lines in _parts(one):
        if not lines:
            continue
        if draw:
            beside("", title, width=0, styles=("", "bold"))
        else:
            click.echo(f"\n{title}")
        for label, text in lines:
            if draw:
                beside(label, clean(text), indent=2, width=8)
            else:
                click.echo(f"  {label + '  ' if label else ''}{clean(text)}")


Lines = list[tuple[str, str]]


def _parts(one: Description) -> Iterator[tuple[str, Lines]]:
    """(heading, its lines as (weight, text))."""
    yield "Decides", [("", text) for text in _decides(one)]
    yield "Looks for, in the text", _sought(one.words)
    yield "Looks for, beside the text", _sought(one.marks)
    factors = ", ".join(f"{name} x {factor:g}" for name, factor in one.sections.items() if factor != 1)
    yield "Sections count for more or less", [("", factors)] if factors else []
    yield "Does not count inside", [("", text) for text in one.masks]
    yield "Taken away by", [("", f"{PLACES[place]}: {'; '.join(things)}") for place, things in one.unless]
    yield "Only together with", [("", " or ".join(one.needs))] if one.needs else []
    yield "Lists", [("", f"@{name}: {'; '.join(words)}") for name, words in one.lists]
    yield "How to read a phrase", [("", NOTATION)]
    yield "Must find", [("", text) for text in one.yes]
    yield "Must not find", [("", text) for text in one.no]


def _decides(one: Description) -> Iterator[str]:
    yield f"tagged from a score of {one.threshold:g} on, possible from {one.possible:g} on"
    yield f"the strongest {one.hits} finds of a section count, for the tag and against it"
    if one.rank:
        weak = f"; {one.weak_rank} with a score below {one.weak_below:g}" if one.weak_rank else ""
        claimed = f"; {one.claimed_rank} where a publication type says so" if one.claimed_rank else ""
        yield f"rank {one.rank} among the tags that a paper may be filed under{weak}{claimed}"
        yield "the lowest rank wins; of equals the tag whose score is furthest above what it needs"
    if one.beside:
        yield f"also stands beside {', '.join(one.beside)}"
    if one.yields:
        yield f"its publication type gives way to {', '.join(one.yields)} if the text says so"
    if one.parent:
        yield f"implies {one.parent}"
    if one.children:
        yield f"implied by {', '.join(one.children)}"
    if one.aliases:
        yield f"also called {', '.join(one.aliases)}"
    yield f"from {', '.join(file if '/' in file else f'{file} ({SHIPPED})' for file in one.files)}"


def _sought(groups: Sequence[Any]) -> Lines:
    return [(f"{one.weight:+g}", f"{PLACES[one.place]}: {'; '.join(one.things)}") for one in groups]
