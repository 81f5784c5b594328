"""A saved query is looked over: its term by the rules of `matching`, its file, and what PubMed said when it ran."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..library.ledger import PUBMED
from ..library.reading import Reader
from ..matching.finding import Finding
from ..matching.lint import lint
from ..matching.second_opinion import second_opinion
from ..model import Query, Run

HIGHEST_PMID = 99_999_999
"""PubMed's ids have eight digits."""
# What `eutils.answer` makes of PubMed's error and warning lists, and its own doubt; a run also warns about papers.
_ABOUT_THE_TERM = re.compile(r"PubMed('s index)? (does not|ignored|says:|searched all fields)")


@dataclass(frozen=True, slots=True)
class Linted:
    """What was found in one term."""

    findings: tuple[Finding, ...]
    alone: bool
    """The package search-query is not there, so our own rules stand alone."""


def lint_term(term: str) -> Linted:
    """Look a term over. Where ours find an error, nobody else is asked: the term cannot be read as it stands."""
    own = lint(term)
    if any(finding.severity == "error" for finding in own):
        return Linted(own, alone=False)
    theirs = second_opinion(term)
    return Linted((*own, *(theirs or ())), alone=theirs is None)


def lint_query(query: Query, library: Reader | None) -> Linted:
    """Look a saved query over: its term, its other keys, and PubMed's own warnings of its newest run."""
    linted = lint_term(query.term)
    return Linted((*linted.findings, *_of_pubmed(query, library), *_of_the_file(query)), linted.alone)


def _of_pubmed(query: Query, library: Reader | None) -> list[Finding]:
    run = newest_run(query, library) if library else None
    if run is None:
        return []
    return [
        Finding(
            "pubmed",
            "warning",
            -1,
            f"{warning} (run {run.run}, {run.started[:10]})",
            f"`reftrack runs {query.name} --json` shows how PubMed read it.",
        )
        for warning in run.warnings
        if _ABOUT_THE_TERM.match(warning)
    ]


def newest_run(query: Query, library: Reader) -> Run | None:
    """The newest run in which PubMed was asked this term, whatever its layout; None if it never was."""
    asked = query.term.split()
    for run in library.runs(query.name):
        if run.source == PUBMED and run.status in ("complete", "partial") and run.term.split() == asked:
            return run
    return None


def _of_the_file(query: Query) -> list[Finding]:
    found = []
    if not query.known:
        found.append(
            Finding(
                "no-known",
                "hint",
                -1,
                "No paper is named that the query must find, so nothing shows if an edit loses one.",
                "Add known = [PMID, …] with papers you know to be on the topic; `query test` checks them.",
            )
        )
    beyond = [pmid for pmid in query.known if pmid > HIGHEST_PMID]
    if beyond:
        numbers = ", ".join(map(str, beyond))
        found.append(Finding("known", "error", -1, f"{numbers} in known is no PMID: they have at most 8 digits."))
    if len(query.known) > query.max_hits:
        found.append(
            Finding(
                "max",
                "warning",
                -1,
                f"max = {query.max_hits} is less than the {len(query.known)} known papers, so a good run is refused.",
                "Set max higher.",
            )
        )
    return found
