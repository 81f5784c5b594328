"""`reftrack show`: everything held on a paper."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import click

from ..notices import without_mark
from . import options, past
from .held import open_library
from .screen import beside, clean, json_text, on_terminal
from .settings import Desk

MARKED = ("RETRACTED", "CONCERN")
"""Notices that are told before the title."""
FEW = 5
"""Entries of imports that are named."""
_KNOWN_BY = {"pmid": "PMID", "doi": "DOI", "pmcid": "PMCID", "title": "title", "hand": "reader's word"}

if TYPE_CHECKING:
    from ..library.reading import Reader
    from ..model import HeldPaper, Notice, Paper


@click.command()
@click.argument("papers", nargs=-1, required=True, metavar="PMID|KEY...")
@click.option("--xml", is_flag=True, help="The record as PubMed sent it.")
@options.as_json
@click.pass_obj
def command(desk: Desk, papers: tuple[str, ...], *, xml: bool, as_json: bool) -> None:
    """Show everything held on papers, named by PMID or citation key.

    \b
    Examples:
      reftrack show 31494820
      reftrack show 31494820 --json
    """
    from ..library.selecting import find_papers

    with open_library(desk) as reader:
        pmids = find_papers(reader.connection, papers)
        if xml:
            for pmid in pmids:
                text = reader.raw(pmid).decode()
                click.echo("\n".join(map(clean, text.splitlines())) if on_terminal() else text)
        elif as_json:
            from . import shapes

            click.echo(
                json_text([shapes.paper(held) | past.as_json(reader, held.paper.pmid) for held in reader.held(pmids)])
            )
        else:
            for number, held in enumerate(reader.held(pmids)):
                if number:
                    click.echo()
                _print(held, reader)


def _print(held: HeldPaper, reader: Reader) -> None:
    if not on_terminal():
        for name, text in _lines(held, reader):
            click.echo(f"{name}: {text}" if name else f"\n{text}")
        return
    last = ""
    for name, text in _lines(held, reader):
        if name in _STYLES:
            beside("", text if name == "Title" else f"{name}: {text}", width=0, styles=("", _STYLES[name]))
        elif name:
            beside(name if name != last else "", text)
        else:
            click.echo()
            beside("", text, width=0)
        last = name


def _lines(held: HeldPaper, reader: Reader) -> Iterator[tuple[str, str]]:
    """(name, text) in reading order; a paragraph has no name."""
    paper = held.paper
    told = list(notices(paper))
    yield from (line for line in told if line[0] in MARKED)
    if held.deleted:
        yield "DELETED", f"PubMed no longer serves this record (seen {held.deleted[:10]}); what is held of it stays."
    marked = paper.retracted and on_terminal()  # there the mark stands above it
    yield "Title", clean(without_mark(paper.title) if marked else paper.title)
    if paper.vernacular_title and paper.vernacular_title != paper.title:
        yield "Original", clean(paper.vernacular_title)
    authors = "; ".join(clean(author.short) for author in paper.authors)
    if authors:
        yield "Authors", authors + ("" if paper.authors_complete else " et al. (the record's list is not complete)")
    yield "Source", citation(paper)
    yield from _identifiers(held)
    for pmid, key in reader.same_doi(paper.pmid):
        yield "Same DOI", f"{key} (PMID {pmid}); two papers to PubMed, and kept apart"
    yield "Key", held.key
    yield from _tags(held, reader)
    if paper.indexing == "awaited":
        yield "Indexing", _provisional(held, reader)
    yield from (line for line in told if line[0] not in MARKED)
    yield from _judgments(held)
    yield "Found by", f"{', '.join(held.queries) or '(no saved query)'}; first seen {held.first_seen[:10]}"
    for entry in islice(reader.entries_of(paper.pmid), FEW):
        certain = f", {entry.match.certainty:.0%} certain" if entry.match.certainty < 1 else ""
        where = f"{clean(entry.file)} line {entry.citation.line} (import {entry.number})"
        yield "Imported", f"{where}, known by its {_KNOWN_BY[entry.match.by]}{certain}"
    yield from past.lines(reader, paper.pmid)
    yield from _abstract(paper)


def notices(paper: Paper) -> Iterator[tuple[str, str]]:
    """A line for each type of notice that the paper carries, the gravest first, with every place it names."""
    from ..notices import FROM_PUBLICATION_TYPE, words

    by_type: dict[str, list[Notice]] = {}
    for notice in dict.fromkeys((*paper.alerts, *paper.notices)):
        by_type.setdefault(notice.type, []).append(notice)
    for kind, notices in by_type.items():
        mark, sentence = words(kind)
        if notices[0].source == FROM_PUBLICATION_TYPE:
            told = " (its publication type says so; no link names where)"
        else:
            where = "; ".join(filter(None, (_reference(notice) for notice in notices)))
            told = f": {where}" if where else "."
        yield mark if mark in MARKED else "Notice", clean(sentence + told)


def _identifiers(held: HeldPaper) -> Iterator[tuple[str, str]]:
    paper = held.paper
    yield "PMID", str(paper.pmid)
    if paper.doi:
        yield "DOI", f"https://doi.org/{clean(paper.doi)}"
    if paper.pmcid:
        yield "PMC", clean(paper.pmcid)
    if paper.registry_ids:
        yield "Trial", ", ".join(map(clean, paper.registry_ids))
    if paper.languages and paper.languages != ("eng",):
        yield "Language", ", ".join(map(clean, paper.languages))
    kinds = [kind.name for kind in paper.publication_types if kind.name != "Journal Article"]
    if kinds:
        yield "Type", ", ".join(map(clean, kinds))
    if paper.mesh:
        yield "MeSH", "; ".join(clean(h.name) + ("*" if h.is_major else "") for h in paper.mesh)
    if paper.keywords:
        yield "Keywords", "; ".join(clean(keyword.name) for keyword in paper.keywords)


def _tags(held: HeldPaper, reader: Reader) -> Iterator[tuple[str, str]]:
    by_facet: dict[str, list[str]] = {}
    for tag in held.tags:
        by_facet.setdefault(tag.facet, []).append(f"{tag.slug} (by hand)" if tag.source == "hand" else tag.slug)
    for facet, slugs in by_facet.items():
        yield facet.capitalize(), ", ".join(slugs)
    removed = [decision.slug for decision in reader.hand_tags(held.paper.pmid) if decision.verdict == "remove"]
    if removed:
        yield "Not", f"{', '.join(removed)} (removed by hand)"


def _judgments(held: HeldPaper) -> Iterator[tuple[str, str]]:
    """What readers decided, how they sorted it, and what they wrote."""
    for decision in held.decisions:
        day = clean(decision.at)[:10]
        who = f" ({clean(decision.who)}, {day})" if decision.who else f" ({day})"
        why = f": {'; '.join(map(clean, decision.reasons))}" if decision.reasons else ""
        yield "Decision", f"{decision.verdict}{who}{why}"
    if len(held.decisions) > 1 and held.decision is None:
        yield "Decision", "the readers do not agree, so it counts as undecided"
    if held.labels:
        yield "Labels", ", ".join(map(clean, held.labels))
    if held.note:
        yield "Note", " / ".join(clean(line) for line in held.note.splitlines() if line.strip())


def _provisional(held: HeldPaper, reader: Reader) -> str:
    """How many of its tags NLM may still confirm or change."""
    filed = {tag.slug for tag in held.tags if tag.source == "rule"}
    resting = sum(not tag.marks for tag in reader.rule_tags(held.paper.pmid) if tag.slug in filed)
    if not resting:
        return "NLM has not indexed it yet"
    whose = "its only tag rests" if resting == len(held.tags) == 1 else f"{resting} of its {len(held.tags)} tags rest"
    whose = f"its {resting} tags rest" if resting == len(held.tags) > 1 else whose
    return f"NLM has not indexed it yet: {whose} on the text alone, until it does"


def _abstract(paper: Paper) -> Iterator[tuple[str, str]]:
    if paper.restated:
        yield "", "[Not the published abstract: restated by the reftrack project. Read the paper before you cite it.]"
    for section in paper.abstract:
        yield "", (f"{clean(section.label)}: " if section.label else "") + clean(section.text)
    if paper.abstract_copyright and not paper.restated:
        yield "", clean(paper.abstract_copyright)


def citation(paper: Paper) -> str:
    """Journal. Date;volume(issue):pages, as PubMed writes it."""
    place = paper.journal_abbreviation or paper.journal or (paper.book.title if paper.book else "")
    volume = paper.volume + (f"({paper.issue})" if paper.issue else "")
    pages = paper.pages or paper.article_number
    text = f"{place}. {paper.date.text}" if paper.date.text else place
    if volume or pages:
        text += f";{volume}" + (f":{pages}" if pages else "")
    if paper.book and paper.book.publisher:
        text += f". {paper.book.place}{': ' if paper.book.place else ''}{paper.book.publisher}"
    return clean(text) or "(the record names no source)"


def _reference(notice: Notice) -> str:
    source = clean(notice.source)
    if notice.pmid and str(notice.pmid) in source:
        return source
    return f"{source} (PMID {notice.pmid})".lstrip() if notice.pmid else source


_STYLES = {"Title": "bold", "RETRACTED": "bold red", "DELETED": "bold red", "CONCERN": "bold magenta"}
