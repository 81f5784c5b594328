"""What a reader has found in one entry becomes a citation, or a reason why it is none."""

from __future__ import annotations

from collections.abc import Iterable

from ..citation import Citation, Unreadable
from .identifiers import Ids
from .screening import Screened
from .text import EXCERPT, flat, year_in

NO_SCREENING = Screened()


def citation(
    line: int,
    text: str,
    *,
    ids: Ids,
    key: str = "",
    title: str = "",
    authors: Iterable[str] = (),
    date: str = "",
    journal: str = "",
    volume: str = "",
    issue: str = "",
    pages: str = "",
    screened: Screened = NO_SCREENING,
) -> Citation | Unreadable:
    """The citation, its fields made flat; an entry by which no paper could be found is unreadable."""
    made = Citation(
        line=line,
        text=text,
        key=flat(key),
        pmid=ids.pmid,
        doi=ids.doi,
        pmcid=ids.pmcid,
        title=flat(title),
        authors=tuple(authors),
        year=year_in(date),
        journal=flat(journal),
        volume=flat(volume),
        issue=flat(issue),
        pages=flat(pages),
        decisions=screened.decisions,
        labels=screened.labels,
        note=screened.note,
    )
    if made.names_an_id or made.title or (made.journal and (made.authors or made.pages)):
        return made
    return unreadable(line, "the entry has neither a PMID, DOI or PMCID nor a title", text)


def unreadable(line: int, reason: str, text: str) -> Unreadable:
    """What stands at `line` and is no citation."""
    return Unreadable(line, reason, text[:EXCERPT])
