"""Which held paper a citation is, and how certain that is.

By PMID, then DOI, then PMCID, each only if the titles do not contradict it: reference lists are full of wrong
identifiers. Without any, by title, year and first author. Where two papers fit alike, or none fits well, nothing is
decided and the doubt is put into words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from ..citation import Citation
from ..imports.likeness import SUBTITLE_LEFT_OUT, same_family, title_likeness, title_words
from ..library.imported import Candidate, ImportReader, Match, MatchedBy
from ..model import Paper

ENOUGH = 0.9
"""A match by title must be at least so certain."""
CONTRADICTS = 0.55
"""Titles less alike than this are of two papers, whatever an identifier says, translations aside."""
_SHORT = 4
"""A title of fewer words ("Reply", "In memoriam") needs the page as well."""


def identify(citation: Citation, library: ImportReader) -> Match:
    """The held paper that the citation is, or no paper with the reason; no reason where nothing like it is held."""
    doubts: list[str] = []
    named_papers = list(_by_identifier(citation, library))
    each = [{one.pmid for one in candidates} for _, _, candidates in named_papers if candidates]
    if each and not citation.title and not set.intersection(*each):  # nothing says which of them is wrong
        several = sorted(set[int]().union(*each))
        return Match(doubt=f"its identifiers are of several papers: PMID {', '.join(map(str, several))}")
    for by, named, candidates in named_papers:
        fitting = [(certainty, one) for one in candidates if (certainty := _by_id_certainty(citation, one))]
        best = max((certainty for certainty, _ in fitting), default=0.0)
        chosen = [one for certainty, one in fitting if certainty == best]
        if len(chosen) > 1:  # a preprint and its article, or a record that PubMed has twice
            chosen = [one for one in chosen if _same_title(citation, one) and _years_apart(citation, one) == 0]
        if len(chosen) == 1:
            return Match(chosen[0].pmid, by, best)
        if fitting:
            doubts.append(f"several papers have the {named}: PMID {_listed([one for _, one in fitting])}")
        elif candidates:
            doubts.append(f"the {named} is of another paper, PMID {candidates[0].pmid}: {candidates[0].title}")
    match = _by_title(replace(citation, pmid=None, doi="", pmcid="") if doubts else citation, library)
    if match.pmid is not None and doubts:  # its identifier says otherwise: a person must look
        return Match(doubt=f"{doubts[0]}; by its title it is PMID {match.pmid}")
    return match if match.pmid is not None or not doubts else Match(doubt=doubts[0])


def is_the_paper(citation: Citation, paper: Paper) -> Match:
    """Whether a paper that PubMed just sent is the citation; judged as `identify` judges a held one."""
    first = paper.authors[0].family if paper.authors else ""
    pages = paper.pages or paper.article_number
    candidate = Candidate(
        paper.pmid,
        paper.title,
        paper.vernacular_title,
        paper.date.year,
        paper.electronic_date.year,
        first,
        pages,
        paper.doi,
        paper.pmcid,
    )
    ids: tuple[tuple[MatchedBy, bool], ...] = (
        ("pmid", citation.pmid == paper.pmid),
        ("doi", bool(citation.doi) and citation.doi.lower() == paper.doi.lower()),
        ("pmcid", bool(citation.pmcid) and citation.pmcid == paper.pmcid),
    )
    for by, agrees in ids:
        if agrees and (certainty := _by_id_certainty(citation, candidate)):
            return Match(paper.pmid, by, certainty)
    certainty = _by_title_certainty(citation, candidate)
    return Match(paper.pmid, "title", certainty) if certainty >= ENOUGH else Match()


def _by_identifier(citation: Citation, library: ImportReader) -> Iterator[tuple[MatchedBy, str, Sequence[Candidate]]]:
    if citation.pmid:
        yield "pmid", f"PMID {citation.pmid}", library.candidates([citation.pmid])
    if citation.doi:
        yield "doi", f"DOI {citation.doi}", library.with_doi(citation.doi)
    if citation.pmcid:
        yield "pmcid", citation.pmcid, library.with_pmcid(citation.pmcid)


def _by_id_certainty(citation: Citation, candidate: Candidate) -> float:
    """1 where title or author agree too, or nothing else is said; 0 where the titles contradict the identifier."""
    if not citation.title:
        return 1.0
    likeness = _title_likeness(citation, candidate)
    doubtful = _other_author(citation, candidate)
    if likeness >= ENOUGH and not (doubtful and len(title_words(citation.title)) < _SHORT):
        return 1.0
    agrees = _same_author(citation, candidate) and _years_apart(citation, candidate) in (0, 1)
    if likeness >= CONTRADICTS and not doubtful:
        return 0.98 if agrees else 0.9
    # A title in another language, or one that the file garbled: author, year and page must then all say the same.
    return 0.9 if agrees and _same_page(citation, candidate) else 0.0


def _by_title(citation: Citation, library: ImportReader) -> Match:
    words = title_words(citation.title)
    if not words:
        return Match(doubt="" if citation.names_an_id else "it has neither an identifier nor a title")
    scored = [(_by_title_certainty(citation, one), one) for one in library.with_words(words)]
    scored = [(certainty, one) for certainty, one in scored if certainty > 0]
    if not scored:
        return Match()
    best = max(certainty for certainty, _ in scored)
    chosen = [one for certainty, one in scored if certainty == best]
    if best >= ENOUGH and len(chosen) == 1:
        return Match(chosen[0].pmid, "title", best)
    if best >= ENOUGH:
        return Match(doubt=f"several papers have its title: PMID {_listed(chosen)}")
    return Match(doubt=f"it may be PMID {chosen[0].pmid} ({best:.0%} certain): {chosen[0].title}")


def _by_title_certainty(citation: Citation, candidate: Candidate) -> float:
    """From title, year and first author together; 0 for what is another paper."""
    likeness = _title_likeness(citation, candidate)
    apart = _years_apart(citation, candidate)
    if likeness < ENOUGH or (apart is not None and apart > 1):
        return 0.0
    if citation.authors and candidate.family and not _same_author(citation, candidate):
        return 0.0
    if _other_identifier(citation, candidate):  # a preprint and its article share all but the DOI
        return 0.0
    page = _same_page(citation, candidate)
    missing = 0.05 if page else 0.12  # the page stands in for what the citation does not say
    certainty = 0.99 if likeness == 1 else 0.95
    if likeness == SUBTITLE_LEFT_OUT and not page:  # the parts of a series, a protocol, a reply begin like the paper
        certainty -= 0.12
    certainty -= {0: 0.0, 1: 0.03, None: missing}[apart]
    certainty -= 0.0 if _same_author(citation, candidate) else missing
    if len(title_words(citation.title)) < _SHORT and not page:
        certainty -= 0.3
    if page is False:  # two of a series, or twin records
        certainty -= 0.12
    return round(certainty, 2)


def _other_identifier(citation: Citation, candidate: Candidate) -> bool:
    return bool(
        (citation.pmid and citation.pmid != candidate.pmid)
        or (citation.doi and candidate.doi and citation.doi.lower() != candidate.doi.lower())
        or (citation.pmcid and candidate.pmcid and citation.pmcid != candidate.pmcid)
    )


def _title_likeness(citation: Citation, candidate: Candidate) -> float:
    titles = filter(None, (candidate.title, candidate.vernacular_title))
    return max((title_likeness(citation.title, title) for title in titles), default=0.0)


def _same_title(citation: Citation, candidate: Candidate) -> bool:
    return _title_likeness(citation, candidate) >= ENOUGH


def _same_author(citation: Citation, candidate: Candidate) -> bool:
    return bool(citation.authors and candidate.family) and same_family(citation.authors[0], candidate.family)


def _other_author(citation: Citation, candidate: Candidate) -> bool:
    """Whether the first authors differ; where one of them is not told, the first pages."""
    if citation.authors and candidate.family:
        return not _same_author(citation, candidate)
    return _same_page(citation, candidate) is False


def _years_apart(citation: Citation, candidate: Candidate) -> int | None:
    years = [year for year in (candidate.year, candidate.electronic_year) if year]
    if citation.year is None or not years:
        return None
    return min(abs(citation.year - year) for year in years)


def _same_page(citation: Citation, candidate: Candidate) -> bool | None:
    """Whether both begin on one page; None where one of them does not say, or has an article number."""
    first, other = (pages.partition("-")[0].strip().casefold() for pages in (citation.pages, candidate.pages))
    if first and first == other:
        return True
    return False if first.isdigit() and other.isdigit() else None


def _listed(candidates: Sequence[Candidate]) -> str:
    return ", ".join(str(one.pmid) for one in candidates)
