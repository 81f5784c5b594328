"""The search appendix of a review by PRISMA-S, as Markdown: what the ledger knows is filled in word for word.

Sixteen items (Rethlefsen et al., Syst Rev 2021;10:39, CC BY 4.0). What a library cannot know is a labelled blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from .markdown import escaped
from .prisma import Flow
from .prisma import shape as flow_shape
from .words import inert

BLANK: Final = "(to be filled in by the authors)"
MOST_RUNS: Final = 30
"""Newest runs of a query that are listed one by one."""


class Made(NamedTuple):
    """A run, as the appendix lists it."""

    run: int
    started: str
    status: str
    finds: int
    received: int
    problem: str


class Wording(NamedTuple):
    """What was asked, word for word, in runs one after another."""

    term: str
    translation: str
    remarks: tuple[str, ...]
    """What the source said of the term in the last of these runs."""
    first: Made
    last: Made
    runs: int


class Strategy(NamedTuple):
    """A saved query as it was asked of one source."""

    query: str
    title: str
    note: str
    source: str
    """pubmed, or the file that it was read over."""
    online: bool
    server: str
    wordings: tuple[Wording, ...]
    """The oldest first."""
    runs: tuple[Made, ...]
    """All, the oldest first."""
    limits: tuple[tuple[str, str], ...] | None
    """(what it is about, the term) of the newest wording; None if that cannot be read."""
    edited: bool
    """The saved query was edited since it was last asked."""

    @property
    def last_complete(self) -> Made | None:
        """The newest run that did all of its work."""
        return next((one for one in reversed(self.runs) if one.status == "complete"), None)


def text(strategies: Sequence[Strategy], flow: Flow) -> Iterator[str]:
    """The appendix in lines."""
    yield "# Search appendix (PRISMA-S)"
    yield ""
    yield (
        f"Filled in by reftrack {escaped(flow.version)} from its ledger of runs"
        f"{f', as of {flow.as_of[:10]} (UTC)' if flow.as_of else ''}. Items marked *{BLANK}* no ledger knows. "
        "Items after Rethlefsen et al., PRISMA-S, Syst Rev 2021;10:39."
    )
    if not strategies:
        yield ""
        yield "**No query has been run yet**, so there is no search to report; `reftrack fetch` makes the first run."
    if flow.notes:
        yield ""
        yield "What a reader must know of these numbers:"
        yield ""
        for note in flow.notes:
            yield f"- {_sentence(note)}"
    for number, (title, filled) in enumerate(_items(strategies, flow), 1):
        if heading := _HEADINGS.get(number):
            yield ""
            yield f"## {heading}"
        yield ""
        yield f"### {number}. {title}"
        yield ""
        yield from filled


_HEADINGS: Final = {
    1: "Information sources and methods",
    8: "Search strategies",
    14: "Peer review",
    15: "Managing records",
}


def _items(strategies: Sequence[Strategy], flow: Flow) -> Iterator[tuple[str, Iterator[str] | list[str]]]:
    yield "Database name", _databases(strategies)
    yield "Multi-database searching", _blank("databases searched together on one platform, if any")
    yield "Study registries", _blank("registries searched; reftrack searches none, it only reads their numbers")
    yield "Online resources and browsing", _blank("web sites, tables of contents, print sources")
    yield "Citation searching", _blank("whether cited or citing references were looked through")
    yield "Contacts", _blank("whether authors, experts or manufacturers were asked")
    yield "Other methods", _blank("any other way in which studies were found")
    yield "Full search strategies", _strategies(strategies)
    yield "Limits and restrictions", _limits(strategies)
    yield "Search filters", _filters(strategies)
    yield "Prior work", _blank("strategies of other reviews that were taken over or adapted, with citations")
    yield "Updates", _updates(strategies)
    yield "Dates of searches", _dates(strategies)
    yield "Peer review", _blank("whether and how the strategies were reviewed, as by PRESS")
    yield "Total records", _totals(strategies, flow)
    yield "Deduplication", _deduplication(flow)


def shape(strategies: Sequence[Strategy], flow: Flow) -> dict[str, Any]:
    """What is filled in, for programs; the blanks are left out."""
    return {
        "as_of": flow.as_of or None,
        "strategies": [
            {
                "query": one.query,
                "title": one.title,
                "note": one.note,
                "source": one.source,
                "asked_pubmed": one.online,
                "server": one.server or None,
                "edited_since": one.edited,
                "limits": None
                if one.limits is None
                else [{"about": about, "term": term} for about, term in one.limits],
                "wordings": [
                    {
                        "term": wording.term,
                        "translation": wording.translation or None,
                        "remarks": list(wording.remarks),
                        "first_run": wording.first.run,
                        "last_run": wording.last.run,
                        "runs": wording.runs,
                    }
                    for wording in one.wordings
                ],
                "runs": [run._asdict() for run in one.runs],
                "last_complete": one.last_complete.run if one.last_complete else None,
            }
            for one in strategies
        ],
        "flow": flow_shape(flow),
    }


def _blank(what: str) -> list[str]:
    return [f"*{BLANK}*: {what}."]


def _databases(strategies: Sequence[Strategy]) -> Iterator[str]:
    online = [one for one in strategies if one.online]
    if online:
        servers = ", ".join(sorted({f"`{inert(one.server)}`" for one in online if one.server}))
        yield (
            "PubMed (National Library of Medicine), asked through the NCBI E-utilities (ESearch, EFetch)"
            f"{f' at {servers}' if servers else ''}: {_listed(one.query for one in online)}."
        )
    elsewhere = [one for one in strategies if not one.online]
    if elsewhere:
        if online:
            yield ""
        yield (
            "Not sent to any database, but read by reftrack over records in files: "
            + "; ".join(f"{_code(one.query)} over {_code(one.source)}" for one in elsewhere)
            + "."
        )
    if not online:
        yield ""
        yield "**No complete record of a search of PubMed itself**: no run has asked PubMed."
    yield ""
    yield f"Other databases: *{BLANK}*."


def _strategies(strategies: Sequence[Strategy]) -> Iterator[str]:
    if not strategies:
        yield "No query was run."
    for place, one in enumerate(strategies):
        if place:
            yield ""
        whence = "PubMed" if one.online else _code(one.source)
        yield f"#### {escaped(one.title or one.query)} ({_code(one.query)}, {whence})"
        if one.note:
            yield ""
            yield f"Note on the query: {escaped(one.note)}"
        if one.edited:
            yield ""
            yield "The saved query was edited since it was last run: below stands what was asked, not the edit."
        for wording in one.wordings:
            yield ""
            same = wording.first.run == wording.last.run
            runs = f"Run {wording.first.run}" if same else f"Runs {wording.first.run} to {wording.last.run}"
            when = (
                wording.first.started[:10] if same else f"{wording.first.started[:10]} to {wording.last.started[:10]}"
            )
            sent = "the term as sent" if one.online else "the term as read"
            yield f"{runs} ({when}; {_plural(wording.runs, 'run')}), {sent}:"
            yield ""
            yield from _fenced(wording.term)
            yield ""
            if wording.translation:
                whose = "PubMed's translation of it" if one.online else "As reftrack read it (PubMed was not asked)"
                yield f"{whose}:"
                yield ""
                yield from _fenced(wording.translation)
            else:
                yield "No translation of it is on record: the run did not come so far."
            if wording.remarks:
                yield ""
                yield f"{'PubMed' if one.online else 'reftrack'} remarked on it:"
                yield ""
                for remark in wording.remarks:
                    yield f"- {escaped(remark)}"


def _limits(strategies: Sequence[Strategy]) -> Iterator[str]:
    yield "reftrack adds no limit. Terms on language, date, publication type, journal, species or subset in them:"
    yield ""
    for one in strategies:
        if one.limits is None:
            yield f"- {_code(one.query)}: its term could not be read here; see item 8."
        elif one.limits:
            yield f"- {_code(one.query)}: " + "; ".join(f"{_code(term)} ({about})" for about, term in one.limits) + "."
        else:
            yield f"- {_code(one.query)}: none."
    yield ""
    yield f"Justification of limits: *{BLANK}*."


def _filters(strategies: Sequence[Strategy]) -> Iterator[str]:
    for one in strategies:
        filters = [term for about, term in one.limits or () if about == "filter or subset"]
        told = "; ".join(map(_code, filters)) if filters else "no term of a PubMed filter or subset"
        if one.limits is None:
            told = "its term could not be read here"
        yield f"- {_code(one.query)}: {told}."
    if strategies:
        yield ""
    yield f"Whether a part of a strategy is a published search filter, with its citation: *{BLANK}*."


def _updates(strategies: Sequence[Strategy]) -> Iterator[str]:
    yield (
        "Searches are run anew by `reftrack fetch`: the whole term is sent again, and records that were not there "
        "before are told from those that were by PMID."
    )
    for one in strategies:
        complete = sum(run.status == "complete" for run in one.runs)
        yield ""
        yield f"{_code(one.query)}: {_plural(len(one.runs), 'run')}, {complete:,} of them complete."
        yield ""
        yield "| run | date (UTC) | status | found | held at its end |"
        yield "|---:|---|---|---:|---:|"
        for run in reversed(one.runs[-MOST_RUNS:]):
            looked = run.status != "failed"
            problem = f": {escaped(run.problem)}" if run.problem else ""
            numbers = f"{run.finds:,} | {run.received:,}" if looked else "- | -"
            yield f"| {run.run} | {run.started[:16].replace('T', ' ')} | {run.status}{problem} | {numbers} |"
        if len(one.runs) > MOST_RUNS:
            yield ""
            yield f"{len(one.runs) - MOST_RUNS:,} earlier runs: {_code(f'reftrack runs {one.query}')}."


def _dates(strategies: Sequence[Strategy]) -> Iterator[str]:
    if not strategies:
        yield "No query was run."
    for one in strategies:
        last = one.last_complete
        when = (
            f"last searched to the end on {last.started[:10]} (run {last.run})" if last else "never searched to the end"
        )
        newest = one.runs[-1]
        more = ""
        if last is None or newest.run != last.run:
            more = f"; run {newest.run} of {newest.started[:10]} is {newest.status}"
        yield f"- {_code(one.query)}, {'PubMed' if one.online else _code(one.source)}: {when}{more}."


def _totals(strategies: Sequence[Strategy], flow: Flow) -> Iterator[str]:
    yield "| source | records identified |"
    yield "|---|---:|"
    for column in (flow.databases, flow.other):
        for part in column.identified:
            yield f"| {escaped(part.label)} | {part.number or 0:,} |"
    yield f"| **in all** | {flow.databases.found + flow.other.found:,} |"
    for one in strategies:
        if one.online and (last := one.last_complete):
            yield ""
            yield f"In its last complete run {_code(one.query)} found {_plural(last.finds, 'record')} (run {last.run})."
    yield ""
    yield "The same papers in the library:"
    yield ""
    for traced in flow.traced:
        yield f"- {traced.number:,} {escaped(traced.label)}: {_code(traced.command)}"


def _deduplication(flow: Flow) -> Iterator[str]:
    yield (
        "reftrack holds each PubMed record once, by its PMID. Entries of imported files are matched to records by "
        "PMID, DOI, PMCID, or title with year and authors; two papers that share a DOI are never made one."
    )
    yield ""
    for name, column in (("databases", flow.databases), ("other sources", flow.other)):
        if column.identified:
            yield (
                f"- {name}: identified {column.found:,}; duplicates, found by several queries or sources "
                f"{column.duplicates:,}; held already before {column.before:,}; not to be had or read "
                f"{column.not_held:,}; entries matched to no paper {column.unmatched:,}; left to screen "
                f"{column.records:,}."
            )
    yield ""
    yield f"Other software used to deduplicate: *{BLANK}*."


# words


def _listed(names: Iterator[str] | Sequence[str]) -> str:
    return ", ".join(map(_code, dict.fromkeys(names)))


def _code(plain: str) -> str:
    """Text as code, whatever backticks it holds."""
    shown = " ".join(inert(plain).split()).replace("|", "\\|")
    marks = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    space = " " if shown.startswith("`") or shown.endswith("`") or not shown else ""
    return f"{marks}{space}{shown}{space}{marks}"


def _fenced(plain: str) -> Iterator[str]:
    """Text word for word in a block of its own, which nothing in it can end."""
    marks = "`" * max(3, max((len(run) for run in re.findall("`+", plain)), default=0) + 1)
    yield f"{marks}text"
    yield from (inert(line) for line in plain.strip("\n").split("\n"))
    yield marks


def _sentence(ours: str) -> str:
    """A sentence of ours, in which `commands` are marked."""
    parts = ours.split("`")
    return "".join(f"`{inert(part)}`" if place % 2 else escaped(part) for place, part in enumerate(parts))


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
