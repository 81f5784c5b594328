"""What is wrong with a reference itself: a key that leads nowhere, an identifier that is another paper's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from ..citation import Citation
from ..library import citing as held_keys
from ..library.imported import Match
from ..library.reading import Reader
from ..model import HeldPaper, Paper
from ..notices import without_mark
from .citing import Reference
from .findings import DO_NOT_REST, PUBLISHED, Finding, Link

_PREPRINT_DOI = re.compile(
    r"10\.(?:1101/(?:20|\d{6}\b)|21203/rs|20944/preprints|2139/ssrn|31219/osf|31234/osf|48550/arxiv|36227/techrxiv"
    r"|26434/chemrxiv)"
)
_Other = list[tuple[str, int, str]]
_MAY_BE = re.compile(r"(?:it may be|several papers have [^\n]*?:) PMID ([0-9]+(?:, [0-9]+)*)")
_SHOWN_TITLE = 160
_MOST_ALIKE = 500
_NEAR = 0.8
"""Keys less alike than this are of two papers: a year in common is no likeness."""


@dataclass(slots=True)
class Known:
    """A reference, with what the library knows of it."""

    reference: Reference
    citation: Citation | None
    match: Match
    pmid: int | None
    """Of the paper it is; also where its identifiers say otherwise and its title does not."""


def wrong_with(one: Known, held: HeldPaper | None, keys: Sequence[str], library: Reader) -> Iterator[Finding]:
    """What is wrong with a reference itself."""
    reference, citation = one.reference, one.citation
    where = tuple(reference.places)
    base = Finding(
        "", "info", reference.label, "", where=where, title=citation.title if citation and reference.is_exact else ""
    )
    if held is not None:
        base = replace(base, pmid=held.paper.pmid, key=held.key, title=held.paper.title)
    if citation is None:
        if held is None:
            yield _unresolved(base, reference, keys, library)
    elif held is not None and one.match.pmid is not None:
        yield from _other_identifiers(base, citation, held.paper)
    elif held is not None:
        other = _of_another(citation, library)
        if held.paper.pmid not in {pmid for _, pmid, _ in other}:  # else title and identifier agree
            yield _by_title_only(base, citation, held, other)
    elif not _MAY_BE.match(one.match.doubt) and (other := _of_another(citation, library)):
        yield from _leading_elsewhere(base, citation, other, library)
    elif (doubt := _unsure(base, one.match.doubt, library)) and (reference.is_exact or doubt.severity != "info"):
        yield doubt
    elif citation.title and without_mark(citation.title) != citation.title:
        yield replace(
            base,
            kind="retracted",
            severity="error",
            message="The reference itself says so in its title; the library does not hold the paper.",
            advice=DO_NOT_REST,
        )
    else:
        yield replace(base, kind="unknown", message="The library does not hold it.")


def _unresolved(base: Finding, reference: Reference, keys: Sequence[str], library: Reader) -> Finding:
    if not reference.is_key:
        return replace(base, kind="unknown", message="The document holds no data about it.")
    if reference.is_listed:
        return replace(
            base,
            kind="unsure",
            severity="warning",
            message="The bibliography has an entry of this key, which says too little to tell which paper it is.",
            advice="Give the entry its title, or its PMID or DOI.",
        )
    begin = base.cited[:2].lower()
    alike = [key for key in keys if key[:2].lower() == begin][:_MOST_ALIKE]
    alike += held_keys.keys_like(library.connection, base.cited)
    near = get_close_matches(base.cited, alike, n=1, cutoff=_NEAR)
    return replace(
        base,
        kind="unresolved",
        severity="error",
        message="No bibliography that was read has this key, nor has the library.",
        advice=f"Did you mean {near[0]}?" if near else "Correct the key, or name the bibliography, too.",
    )


def _other_identifiers(base: Finding, citation: Citation, paper: Paper) -> Iterator[Finding]:
    """An identifier of the reference that is not the paper's, where another led to it."""
    pairs = (
        ("PMID", str(citation.pmid or ""), str(paper.pmid)),
        ("DOI", citation.doi, paper.doi.lower()),
    )
    for name, said, is_ in pairs:
        if said and is_ and said != is_:
            yield replace(
                base,
                kind="wrong-id",
                severity="warning",
                message=f"The {name} {said} of the reference is not this paper's in PubMed, which is {is_}.",
                advice=f"See where {said} leads, and correct it.",
            )


def _by_title_only(base: Finding, citation: Citation, held: HeldPaper, other: _Other) -> Finding:
    """By its title a reference is a paper that is held, and its identifier says otherwise."""
    if other:
        return replace(_wrong_id(base, citation, other), pmid=held.paper.pmid, key=held.key)
    if _PREPRINT_DOI.match(citation.doi):
        return replace(
            base,
            kind="published",
            severity="warning",
            message=f"The reference is to a preprint ({citation.doi}), and the article is out: {held.key} "
            f"(PMID {held.paper.pmid}).",
            advice=PUBLISHED,
            link=Link(held.paper.pmid, "article", in_short(held.paper)),
        )
    paper = held.paper
    said, is_ = (
        (f"DOI {citation.doi}", paper.doi.lower())
        if citation.doi and citation.doi != paper.doi.lower()
        else (f"PMID {citation.pmid}", f"{paper.pmid}")
        if citation.pmid and citation.pmid != paper.pmid
        else (citation.pmcid, paper.pmcid)
    )
    return replace(
        base,
        kind="wrong-id",
        severity="warning",
        message=f"By its title the reference is this paper, but its {said} is not: PubMed has {is_ or 'none'}.",
        advice="Correct it, unless another version is meant.",
    )


def _of_another(citation: Citation, library: Reader) -> _Other:
    """(identifier, PMID, title) of held papers to which the identifiers of a reference lead."""
    found: _Other = []
    if citation.pmid:
        found += [(f"PMID {citation.pmid}", one.pmid, one.title) for one in library.candidates([citation.pmid])]
    if citation.doi:
        found += [(f"DOI {citation.doi}", one.pmid, one.title) for one in library.with_doi(citation.doi)]
    if citation.pmcid:
        found += [(citation.pmcid, one.pmid, one.title) for one in library.with_pmcid(citation.pmcid)]
    return found


def _wrong_id(base: Finding, citation: Citation, other: _Other) -> Finding:
    named, pmid, title = other[0]
    if not citation.title:
        several = ", ".join(f"{name} to PMID {number}" for name, number, _ in other)
        message = f"Its identifiers lead to different papers: {several}."
    else:
        message = f"{named} leads to “{_cut(title)}” (PMID {pmid}); the reference is called “{_cut(citation.title)}”."
    return replace(
        base,
        kind="wrong-id",
        severity="error",
        message=message,
        advice="Find out which of the two is meant.",
        link=Link(pmid, "other", title),
    )


def _leading_elsewhere(base: Finding, citation: Citation, other: _Other, library: Reader) -> Iterator[Finding]:
    """Identifiers that are of other papers; where no title says which is meant, that one was retracted is told, too."""
    yield _wrong_id(base, citation, other)
    if citation.title:
        return
    for held in library.held(list(dict.fromkeys(pmid for _, pmid, _ in other))):
        if held.paper.retracted:
            yield replace(
                base,
                kind="retracted",
                severity="error",
                pmid=held.paper.pmid,
                key=held.key,
                title=without_mark(held.paper.title),
                message="An identifier of the reference leads to this paper, which was retracted.",
                advice=DO_NOT_REST,
            )


def _cut(title: str) -> str:
    return title if len(title) <= _SHOWN_TITLE else f"{title[: _SHOWN_TITLE - 1].rstrip()}…"


def _unsure(base: Finding, doubt: str, library: Reader) -> Finding | None:
    """Nothing is decided; but that the paper in question was retracted must not go by. None where there is no doubt."""
    if not doubt:
        return None
    found = _MAY_BE.match(doubt)
    suspects = list(library.held([int(pmid) for pmid in found[1].split(", ")])) if found else []
    grave = [held for held in suspects if held.paper.retracted]
    retracted = f"; of these, {', '.join(held.key for held in grave)} was retracted" if grave else ""
    return replace(
        base,
        kind="unsure",
        severity="warning" if grave else "info",
        message=f"Whether the library holds it is not certain: {doubt}{retracted}.",
        advice="Give the reference its PMID or DOI.",
        link=Link(suspects[0].paper.pmid, "perhaps", suspects[0].paper.title) if suspects else None,
    )


def in_short(paper: Paper) -> str:
    """Journal and year."""
    journal = paper.medline_ta or paper.journal_abbreviation or paper.journal
    return " ".join(filter(None, (journal, str(paper.date.year or ""))))
