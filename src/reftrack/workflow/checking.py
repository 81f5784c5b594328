"""What a manuscript cites, held against the library: retracted, corrected, superseded, wrong, unknown.

Each finding is of one paper and one kind, with every place that cites it. What only belongs to a paper, as a comment or
a summary for patients, is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from msgspec import structs

from ..imports.likeness import same_family, title_likeness, title_words
from ..library import citing as held_keys
from ..library.imported import Match
from ..library.reading import Reader
from ..manuscripts import Place
from ..model import HeldPaper, Notice, Paper
from ..notices import FROM_PUBLICATION_TYPE, without_mark
from .citing import Cited, Reference
from .findings import DO_NOT_REST, KINDS, PUBLISHED, SEVERITIES, Finding, Link, Severity
from .identifying import ENOUGH, identify
from .misciting import Known, in_short, wrong_with

_OF_NOTICE: dict[str, tuple[str, Severity, str]] = {
    "retraction": ("retracted", "error", DO_NOT_REST),
    "retracted-republished": ("retracted-republished", "error", "Cite the republished version, after reading it anew."),
    "concern": ("concern", "warning", "Read the notice, and say in the text that there is one."),
    "erratum": ("corrected", "warning", "See whether the correction touches what you cite it for."),
    "corrected-republished": ("corrected", "warning", "Cite the corrected version."),
    "update": ("updated", "warning", "Cite the newer version, or say why not."),
}
"""Type of notice -> kind, severity and advice. A comment, a reprint and the like are nothing to an author."""
_SAYS = {
    "retraction": "was retracted",
    "retracted-republished": "was retracted and republished",
    "concern": "has an expression of concern",
    "erratum": "was corrected",
    "corrected-republished": "was corrected and republished",
    "update": "has a newer version",
}


@dataclass(slots=True)
class Checked:
    """What became of a check."""

    cited: Cited
    findings: list[Finding] = field(default_factory=list)
    papers: dict[int, HeldPaper] = field(default_factory=dict)
    """The held papers that are cited, by PMID."""
    held: int = 0
    """References that are papers held."""
    never_compared: int = 0
    """Held papers that are cited and that PubMed was never asked about."""
    as_of: str = ""
    """When PubMed was last asked (UTC); "" never."""

    @property
    def failed(self) -> bool:
        """Whether something must or should be looked at."""
        return any(finding.severity != "info" for finding in self.findings)


def check(cited: Cited, library: Reader) -> Checked:
    """Hold what is cited against the library."""
    result = Checked(cited, as_of=held_keys.newest_look(library.connection))
    keys = [one.label for one in cited.references if one.is_key]
    by_key = held_keys.papers_of_keys(library.connection, keys)
    known = [_know(one, by_key, library) for one in cited.references]
    pmids = list(dict.fromkeys(one.pmid for one in known if one.pmid is not None))
    without = ("mesh", "keywords", "references", "grants", "substances")
    result.papers = {held.paper.pmid: held for held in library.held(pmids, without=without)}
    result.held = sum(one.pmid in result.papers for one in known)
    result.never_compared = held_keys.never_compared(library.connection, pmids)
    for name in cited.empty:
        result.findings.append(
            Finding(
                "no-citations",
                "error",
                name,
                "No citation was found in it.",
                "See whether it is the file you mean; citations that a program keeps elsewhere cannot be seen.",
                (Place(name, 1),),
            )
        )
    places = _places(known)
    for pmid, held in result.papers.items():
        result.findings += _of_paper(held, places[pmid], library, result.papers)
    for one in known:
        paper = result.papers.get(one.pmid) if one.pmid is not None else None
        result.findings += wrong_with(one, paper, cited.keys, library)
    result.findings += _duplicates(known, result.papers)
    order = list(KINDS)
    result.findings.sort(
        key=lambda finding: (SEVERITIES.index(finding.severity), order.index(finding.kind), finding.where[:1])
    )
    return result


def _know(reference: Reference, by_key: dict[str, int], library: Reader) -> Known:
    pmid = by_key.get(reference.label.lower()) if reference.is_key else None
    if pmid is not None or not reference.readings:
        return Known(reference, None, Match(), pmid)
    first: Known | None = None
    for citation in reference.readings:
        match = identify(citation, library)
        if match.pmid is not None:
            return Known(reference, citation, match, match.pmid)
        by_title = (
            identify(structs.replace(citation, pmid=None, doi="", pmcid=""), library) if citation.names_an_id else match
        )
        found = Known(reference, citation, match, by_title.pmid)
        if by_title.pmid is not None:
            return found
        if first is None or (match.doubt and not first.match.doubt):
            first = found
    assert first is not None
    return first


_Places = dict[int, tuple[str, tuple[Place, ...]]]


def _places(known: Sequence[Known]) -> _Places:
    """For each paper what it is cited as, and where."""
    labels: dict[int, list[str]] = {}
    places: dict[int, list[Place]] = {}
    for one in known:
        if one.pmid is not None:
            labels.setdefault(one.pmid, []).append(one.reference.label)
            places.setdefault(one.pmid, []).extend(one.reference.places)
    return {
        pmid: (", ".join(dict.fromkeys(labels[pmid])), tuple(dict.fromkeys(found))) for pmid, found in places.items()
    }


def _of_paper(
    held: HeldPaper, cited: tuple[str, tuple[Place, ...]], library: Reader, papers: dict[int, HeldPaper]
) -> Iterator[Finding]:
    """What happened to a paper that is cited: one finding a kind, however many notices say it."""
    paper = held.paper
    base = Finding(
        "",
        "info",
        cited[0],
        "",
        where=cited[1],
        pmid=paper.pmid,
        key=held.key,
        title=without_mark(paper.title) if paper.retracted else paper.title,
    )
    is_preprint = paper.type == "preprint"
    by_kind: dict[str, list[Notice]] = {}
    for notice in paper.alerts:
        if notice.type in _OF_NOTICE:
            kind = "published" if is_preprint and notice.type == "update" else _OF_NOTICE[notice.type][0]
            by_kind.setdefault(kind, []).append(notice)
    if "retracted-republished" in by_kind:
        by_kind.pop("retracted", None)
    for kind, notices in by_kind.items():
        yield _of_notices(base, kind, notices, library, papers)
    if is_preprint and "published" not in by_kind and (article := _article(paper, library)):
        yield _published(base, article, papers)
    if held.deleted:
        yield replace(
            base,
            kind="deleted",
            severity="warning",
            message=f"PubMed no longer serves this record (seen {held.deleted[:10]}).",
            advice="Ask the journal what became of it.",
        )


def _of_notices(
    base: Finding, kind: str, notices: Sequence[Notice], library: Reader, papers: dict[int, HeldPaper]
) -> Finding:
    """A finding from all notices of a kind. Who cites each of them as well knows, unless it is grave."""
    first = notices[0]
    _, severity, advice = _OF_NOTICE[first.type]
    what = "is a preprint that was published" if kind == "published" else _SAYS[first.type]
    others = {held.paper.pmid: held.key for held in library.held([one.pmid for one in notices if one.pmid])}
    if severity == "warning" and kind != "concern" and all(notice.pmid in papers for notice in notices):
        severity, advice = "info", f"You cite that, too, as {', '.join(others.values())}."
    elif kind == "published":
        advice = PUBLISHED
    return replace(
        base,
        kind=kind,
        severity=severity,
        message=f"This paper {what}{_there(notices, others)}.",
        advice=advice,
        link=Link(first.pmid, first.type, "" if first.source == FROM_PUBLICATION_TYPE else first.source),
    )


def _there(notices: Sequence[Notice], held: dict[int, str]) -> str:
    """(J Example. 2021;5(1):9, PMID 90000091; …): where the notices stand, and what the library calls them."""
    places = []
    for notice in notices:
        said = [] if notice.source == FROM_PUBLICATION_TYPE else [notice.source.rstrip(". ")]
        said += [f"PMID {notice.pmid}"] if notice.pmid else []
        said += [f"held as {held[notice.pmid]}"] if notice.pmid in held else []
        places.append(", ".join(filter(None, said)))
    return f" ({'; '.join(filter(None, places))})" if any(places) else ""


def _article(paper: Paper, library: Reader) -> HeldPaper | None:
    """The article that a preprint became, by its title and first author, if it is held."""
    pmids = [one.pmid for one in library.with_words(title_words(paper.title)) if one.pmid != paper.pmid]
    first = paper.authors[0].family if paper.authors else ""
    for held in library.held(pmids):
        other = held.paper
        family = other.authors[0].family if other.authors else ""
        if (
            other.type == "article"
            and title_likeness(paper.title, other.title) >= ENOUGH
            and first
            and same_family(first, family)
            and (other.date.year or 0) >= (paper.date.year or 0)
            and not {"erratum-for", "retraction-of", "comment-on"} & {notice.type for notice in other.notices}
        ):
            return held
    return None


def _published(base: Finding, article: HeldPaper, papers: dict[int, HeldPaper]) -> Finding:
    paper = article.paper
    too = paper.pmid in papers
    return replace(
        base,
        kind="published",
        severity="info" if too else "warning",
        message=f"This is a preprint, and the article is out: {article.key} (PMID {paper.pmid}).",
        advice=f"You cite that, too, as {article.key}." if too else PUBLISHED,
        link=Link(paper.pmid, "article", in_short(paper)),
    )


def _duplicates(known: Sequence[Known], papers: dict[int, HeldPaper]) -> Iterator[Finding]:
    """Papers that a file cites under two names."""
    by_paper: dict[tuple[str, int], list[Reference]] = {}
    for one in known:
        if one.pmid is not None and one.reference.by_key:
            by_paper.setdefault((one.reference.file, one.pmid), []).append(one.reference)
    for (_, pmid), references in by_paper.items():
        held = papers.get(pmid)
        if held is None or len(references) < 2:  # noqa: PLR2004 - two are one too many
            continue
        labels = [reference.label for reference in references]
        yield Finding(
            "duplicate",
            "warning",
            ", ".join(labels),
            f"{' and '.join(dict.fromkeys(labels)) if len(set(labels)) > 1 else f'{len(labels)} references'} "
            "are the same paper.",
            "Keep one of them, or the paper is numbered and counted twice.",
            tuple(dict.fromkeys(place for reference in references for place in reference.places)),
            pmid,
            held.key,
            held.paper.title,
        )
