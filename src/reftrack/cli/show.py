"""`reftrack show`: everything held on a paper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from . import options
from .held import open_library
from .screen import beside, clean, json_text, on_terminal
from .settings import Desk

if TYPE_CHECKING:
    from ..library.reading import Reader
    from ..model import HeldPaper, Paper


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

            click.echo(json_text([shapes.paper(held) | _history_json(reader, held) for held in reader.held(pmids)]))
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
        if name in ("Title", "RETRACTED", "DELETED"):
            beside("", text, width=0, styles=("", "bold" if name == "Title" else "bold red"))
        elif name:
            beside(name if name != last else "", text)
        else:
            click.echo()
            beside("", text, width=0)
        last = name


def _lines(held: HeldPaper, reader: Reader) -> Iterator[tuple[str, str]]:
    """(name, text) in reading order; a paragraph has no name."""
    paper = held.paper
    if paper.retracted:
        notices = [n for n in paper.notices if n.type == "retraction"]
        where = "; ".join(_reference(n.source, n.pmid) for n in notices)
        yield "RETRACTED", f"This paper was retracted{f': {where}' if where else '.'}"
    if held.deleted:
        yield "DELETED", f"PubMed no longer serves this record (seen {held.deleted[:10]}); what is held of it stays."
    yield "Title", clean(paper.title)
    if paper.vernacular_title and paper.vernacular_title != paper.title:
        yield "Original", clean(paper.vernacular_title)
    authors = "; ".join(clean(author.short) for author in paper.authors)
    if authors:
        yield "Authors", authors + ("" if paper.authors_complete else " et al. (the record's list is not complete)")
    yield "Source", _citation(paper)
    yield from _identifiers(held)
    yield "Key", held.key
    yield from _tags(held, reader)
    for notice in paper.notices:
        if notice.type != "retraction":
            yield "Notice", f"{notice.type}: {_reference(notice.source, notice.pmid)}"
    yield "Found by", f"{', '.join(held.queries) or '(no saved query)'}; first seen {held.first_seen[:10]}"
    yield from _history(reader, paper.pmid)
    yield from _abstract(paper)


_HAPPENED = {
    "new": "entered {query}",
    "late": "entered {query} late",
    "changed": "changed",
    "notice": "notice",
    "left": "left {query}",
    "deleted": "deleted",
    "missing": "did not come",
    "stored": "stored by a run of {query} that was not complete",
}
"""What a run said of a paper, in words; `retracted` is a notice."""
_SPELLED_OUT = ("title", "journal", "doi")
"""Fields of which a reader wants the old value, however long."""


def _history(reader: Reader, pmid: int) -> Iterator[tuple[str, str]]:
    """What the runs said of the paper, oldest first; what several queries saw at once stands once."""
    was: dict[int, list[str]] = {}
    for change in reader.changes(pmid):
        if change.field in _SPELLED_OUT and change.before:
            was.setdefault(change.run, []).append(f"{change.field} was: {clean(' '.join(change.before))}")
    events = reader.history(pmid)
    gone = {event.run for event in events if event.bucket == "deleted"}  # then "did not come" says it twice
    told: set[str] = set()
    for event in events:
        what = _HAPPENED.get(event.bucket, "").format(query=event.query)
        line = f"{event.at[:10]}  {what}{f': {clean(event.reason)}' if event.reason else ''}"
        if not what or line in told or (event.bucket == "missing" and event.run in gone):
            continue
        told.add(line)
        yield "History", line
        if event.bucket in ("changed", "notice"):
            for text in was.pop(event.run, ()):
                yield "History", f"            {text}"


def _history_json(reader: Reader, held: HeldPaper) -> dict[str, Any]:
    pmid = held.paper.pmid
    events, changes = reader.history(pmid), reader.changes(pmid)
    return {
        "history": [
            {"run": event.run, "query": event.query, "at": event.at, "bucket": event.bucket, "reason": event.reason}
            for event in events
        ],
        "changes": [
            {
                "run": change.run,
                "at": change.at,
                "field": change.field,
                "before": list(change.before),
                "after": list(change.after),
            }
            for change in changes
        ],
    }


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


def _abstract(paper: Paper) -> Iterator[tuple[str, str]]:
    from .shapes import is_restated

    if is_restated(paper):
        yield "", "[Not the published abstract: restated by the reftrack project. Read the paper before you cite it.]"
    for section in paper.abstract:
        yield "", (f"{clean(section.label)}: " if section.label else "") + clean(section.text)
    if paper.abstract_copyright and not is_restated(paper):
        yield "", clean(paper.abstract_copyright)


def _citation(paper: Paper) -> str:
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


def _reference(source: str, pmid: int | None) -> str:
    return clean(source) + (f" (PMID {pmid})" if pmid else "")
