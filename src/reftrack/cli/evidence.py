"""The evidence behind claims as a person reads it: the table of all, and the papers of one with their sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from .quoting import Passage, passages
from .screen import beside, clean, console, on_terminal, plural, table, tsv

if TYPE_CHECKING:
    from ..library.reading import Reader
    from ..library.selecting import Listed
    from ..model import Paper
    from ..workflow.claiming import Bearing, Table

WIDE, NARROW = 120, 72
"""Columns of a window in which everything stands side by side; in fewer than the latter only the most needed."""
NUMBER = 6
"""Columns of a number: a heading of two words stands in two lines."""
SENTENCES = 2
"""So many are shown of each paper; --json has all."""
NUMBERS = (
    "papers",
    "trials",
    "meta-analyses",
    "systematic reviews",
    "RCTs",
    "other human",
    "animal",
    "in vitro",
    "other",
)
SHORT = {"meta-analyses": "meta", "systematic reviews": "syst. rev.", "RCTs": "RCT", "retracted": "retr."}
ONE = {"meta-analyses": "meta-analysis", "systematic reviews": "systematic review", "RCTs": "RCT"}
SEEN = {
    "wide": (*NUMBERS, "newest", "retracted"),
    "middle": ("papers", "trials", "meta-analyses", "RCTs", "animal", "newest"),
    "narrow": ("papers", "RCTs", "newest"),
}
BY_HAND = "no sentence: tagged by hand, or found by what is no text"


def print_table(found: Table) -> None:
    """One row a claim: a table as wide as the window on a terminal, TSV in a pipe."""
    if not on_terminal():
        names = [name.lower().replace(" ", "_").replace("-", "_") for name in NUMBERS]
        for line in tsv(("claim", "statement", *names, "newest", "retracted", "absent"), map(_plain, found.bearings)):
            click.echo(line)
        return
    if not found.bearings:
        return
    width = console().width
    size = "wide" if width >= WIDE else "middle" if width >= NARROW else "narrow"
    columns: list[tuple[str, dict[str, Any]]] = [("claim", {"overflow": "fold"})]
    columns += [(SHORT.get(name, name), {"justify": "right", "max_width": NUMBER}) for name in SEEN[size]]
    table(columns, (_row(bearing, size) for bearing in found.bearings))


def _plain(bearing: Bearing) -> list[object]:
    numbers = _numbers(bearing)
    return [
        *(bearing.claim.id, bearing.claim.statement),
        *(numbers[name] for name in NUMBERS),
        *(bearing.newest or "", len(bearing.retracted), "; ".join(bearing.absent)),
    ]


def _numbers(bearing: Bearing) -> dict[str, int]:
    retracted = {"newest": bearing.newest or 0, "retracted": len(bearing.retracted)}
    return {"papers": len(bearing.pmids), "trials": bearing.trials, **bearing.kinds, **retracted}


def _row(bearing: Bearing, size: str) -> list[object]:
    numbers = _numbers(bearing)
    claim: list[tuple[str, str]] = [
        (bearing.claim.id, "bold"),
        ("\n", ""),
        (bearing.claim.statement, "" if bearing.pmids else "dim"),
    ]
    absent = ", ".join(bearing.absent)
    claim += [("\n", ""), (absent, "magenta")] if absent else []
    if "retracted" not in SEEN[size]:
        claim += [("\n", ""), (f"{len(bearing.retracted)} retracted", "bold red")] if bearing.retracted else []
    claim.append(("\n", ""))  # air before the next claim
    return [claim, *(_number(name, numbers[name]) for name in SEEN[size])]


def _number(name: str, number: int) -> tuple[str, str]:
    if name == "newest":
        return (str(number or ""), "")
    style = "dim" if not number else "bold red" if name == "retracted" else "bold" if name == "papers" else ""
    return (f"{number:,}", style)


def print_claim(reader: Reader, bearing: Bearing, commands: Sequence[str], most: int | None) -> None:
    """The counts of one claim, then its papers by kind of study with the sentences that bear on it."""
    claim = bearing.claim
    _line(f"{claim.id} · {claim.statement}", "bold")
    if claim.note:
        _line(claim.note, "dim")
    click.echo()
    _line(_counts(bearing))
    if bearing.pmids:
        _line(f"Tagged human {bearing.human}, animal {bearing.animal}, in-vitro {bearing.in_vitro}.")
    if bearing.absent and bearing.pmids:
        _line(f"Absent among the papers held: {', '.join(bearing.absent)}.", "magenta")
    for study, papers in groupby(_papers(reader, bearing, most), key=lambda one: one[0].study):
        click.echo()
        _line(f"{study or 'no study type'} ({bearing.studies[study]})", "bold")
        for listed, paper, said in papers:
            _print_paper(listed, paper, said)
    if most is not None and most < len(bearing.pmids):
        click.echo()
        _line(f"… and {plural(len(bearing.pmids) - most, 'paper')} more.", "dim")
    click.echo()
    _line("The same papers:" if len(commands) == 1 else "The same papers, these together:", "dim")
    for command in commands:
        click.echo(f"  {clean(command)}")


def _counts(bearing: Bearing) -> str:
    if not bearing.pmids:
        return "No paper held bears on this claim."
    kinds = ", ".join(
        f"{count:,} {ONE.get(kind, kind) if count == 1 else kind}" for kind, count in bearing.kinds.items() if count
    )
    parts = [plural(len(bearing.pmids), "paper"), plural(bearing.trials, "trial"), kinds]
    parts += [f"newest {bearing.newest}"] if bearing.newest else []
    parts += [f"{len(bearing.retracted):,} retracted" if bearing.retracted else "none retracted"]
    return " · ".join(part for part in parts if part)


def _papers(reader: Reader, bearing: Bearing, most: int | None) -> Iterator[tuple[Listed, Paper, list[Passage]]]:
    """The strongest kind of study first, in it as the claim has them: the newest, or as was asked."""
    from ..library.kinds import kinds_of
    from ..library.selecting import CHUNK, listed
    from ..workflow.claiming import evidence_of, rank

    kinds = kinds_of(reader.connection, bearing.pmids)
    ordered = sorted(bearing.pmids, key=lambda pmid: rank(kinds[pmid].study))[:most]
    for start in range(0, len(ordered), CHUNK):
        part = ordered[start : start + CHUNK]
        papers = {paper.pmid: paper for paper in reader.papers(part)}
        for row in listed(reader.connection, part):
            paper = papers[row.pmid]
            yield row, paper, _best(paper, passages(paper, evidence_of(reader, bearing, paper)))


_FOUND, _ASKED = (
    ("RESULT", "FINDING", "CONCLU", "INTERPRET"),
    ("BACKGROUND", "OBJECTIVE", "INTRODUCTION", "AIM", "PURPOSE"),
)
"""How sections begin that say what was found, and those that say why one looked."""


def _best(paper: Paper, found: list[Passage]) -> list[Passage]:
    """What was found before how and why it was looked for, sentences before what the indexers set."""
    return sorted(found, key=lambda one: (one.entries[0].is_mark, _place(paper, one), -one.weight))


def _place(paper: Paper, passage: Passage) -> int:
    first = passage.entries[0]
    if first.field != "abstract" or first.part >= len(paper.abstract):
        return 3
    section = paper.abstract[first.part]
    named = [name.strip().upper() for name in (section.category, section.label)]
    if any(name.startswith(_FOUND) for name in named):
        return 0
    return 2 if any(name.startswith(_ASKED) for name in named) else 1


def _print_paper(listed: Listed, paper: Paper, said: Sequence[Passage]) -> None:
    """The title with its words marked, then the best sentences."""
    titles = [passage.text for passage in said if passage.entries[0].field == "title"]
    sentences = [passage for passage in said if passage.entries[0].field != "title"]
    retracted = "RETRACTED · " if listed.retracted else ""
    title = titles[0] if titles else paper.title
    head = f"{retracted}{listed.key or listed.pmid} · PMID {listed.pmid} · {listed.year or 'no year'} · {title}"
    _line(head, "bold red" if retracted else "", indent=2)
    for passage in sentences[:SENTENCES]:
        if on_terminal():
            beside(passage.where, passage.text, indent=4, width=min(14, len(passage.where) + 1))
        else:
            click.echo(f"    {passage.where}: {passage.text}")
    if not said:
        _line(BY_HAND, "dim", indent=4)


def _line(text: str, style: str = "", *, indent: int = 0) -> None:
    if on_terminal():
        beside("", clean(text), indent=indent, width=0, styles=("", style))
    else:
        click.echo(f"{' ' * indent}{clean(text)}")


def shapes(reader: Reader, bearing: Bearing, most: int | None) -> list[dict[str, Any]]:
    """The papers of a claim with all their sentences, as JSON has them."""
    from ..library.trials import trials_of

    trials = trials_of(reader.connection, bearing.pmids)
    return [
        {
            "pmid": listed.pmid,
            "key": listed.key,
            "title": listed.title,
            "journal": listed.journal,
            "year": listed.year,
            "study": listed.study or None,
            "trial": trials.get(listed.pmid),
            "retracted": bool(listed.retracted),
            "sentences": [
                {
                    "field": passage.entries[0].field,
                    "section": passage.entries[0].section,
                    "text": passage.text,
                    "words": [entry.quote for entry in passage.entries],
                }
                for passage in said
            ],
        }
        for listed, _, said in _papers(reader, bearing, most)
    ]
