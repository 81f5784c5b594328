"""A held paper → its page: what `show` and `why` say of it, with the words marked where they stand in the abstract."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence

from ..errors import UsageError
from ..library.reading import Reader
from ..library.selecting import find_paper
from ..model import Evidence, HandTag, HeldPaper, Paper, Tag
from ..model import Notice as PaperNotice
from ..notices import FROM_PUBLICATION_TYPE, without_mark, words
from ..report.map_page import named
from ..trials import ROLES
from ..web import addresses
from ..web.pages import Choice, Link, NotHeldError, Notice, PaperPage, Params, Reason, Report, Said, Section, Trial
from .browsing import Vocabulary, vocabulary
from .quoted import marked, sentences, spans_of
from .studying import Standing, Study, study

History = Callable[[Reader, int], Iterable[tuple[str, str]]]
"""What happened to a paper, as lines (label, text)."""
GRAVE = ("RETRACTED", "CONCERN")
MOST_REPORTS = 40
_KNOWN_BY = {"pmid": "PMID", "doi": "DOI", "pmcid": "PMCID", "title": "title", "hand": "reader's word"}
_ROLES = dict(
    zip(
        ("results", "secondary", "protocol", "other", "erratum", "translation", "pooled", "mention"),
        ("results", "secondary analysis", "protocol", "other report", "erratum", "copy", "pooled", "names it"),
        strict=True,
    )
)


def paper_page(reader: Reader, name: str, history: History) -> PaperPage:
    """The page of the paper that a PMID or key names. Raises NotHeldError, LibraryError."""
    try:
        pmid = find_paper(reader.connection, name)
    except UsageError as error:
        raise NotHeldError(str(error)) from None
    held = next(iter(reader.held([pmid])))
    paper = held.paper
    tags = vocabulary(reader.connection)
    reasons = list(_reasons(reader, held, tags))
    standing = [one for one in reasons if one.stands == "tagged"]
    speaking = [
        (tags[tag.slug].label if tag.slug in tags else tag.slug, entry)
        for tag in reader.rule_tags(pmid)
        if tag.slug in {one.slug for one in held.tags}
        for entry in tag.evidence
        if entry.weight > 0 and not entry.masked
    ]
    handle = held.key or str(pmid)
    return PaperPage(
        pmid=pmid,
        key=held.key,
        title=(without_mark(paper.title) if paper.retracted else paper.title) or "(no title)",
        original=paper.vernacular_title if paper.vernacular_title != paper.title else "",
        authors=_authors(paper),
        citation=citation(paper),
        retracted=paper.retracted,
        notices=tuple(_notices(reader, held)),
        links=tuple(_links(paper)),
        chips=tuple(_chips(held, tags)),
        abstract=tuple(_abstract(paper, speaking)),
        restated=paper.restated,
        copyright="" if paper.restated else paper.abstract_copyright,
        reasons=tuple(standing),
        possible=tuple(one for one in reasons if one.stands != "tagged"),
        trial=_trial(reader, held),
        readers=tuple(_readers(held)),
        facts=tuple(_facts(reader, held)),
        history=tuple(Said(*line) for line in history(reader, pmid)),
        commands=tuple(shlex.join(["reftrack", *line, handle]) for line in (("show",), ("why",), ("cite",))),
    )


def citation(paper: Paper) -> str:
    """Journal. Date;volume(issue):pages, as PubMed writes it."""
    place = paper.journal_abbreviation or paper.journal or (paper.book.title if paper.book else "")
    volume = paper.volume + (f"({paper.issue})" if paper.issue else "")
    pages = paper.pages or paper.article_number
    text = ". ".join(filter(None, (place.rstrip("."), paper.date.text)))
    if volume or pages:
        text += f";{volume}" + (f":{pages}" if pages else "")
    if paper.book and paper.book.publisher:
        text += f". {paper.book.place}{': ' if paper.book.place else ''}{paper.book.publisher}"
    return text or "(the record names no source)"


def _authors(paper: Paper) -> str:
    names = ", ".join(author.short for author in paper.authors)
    return names + (" et al." if names and not paper.authors_complete else "")


def _links(paper: Paper) -> Iterator[Link]:
    labels = {"pubmed": "PubMed", "doi": "Publisher (DOI)", "pmc": "Full text in PMC"}
    for name, address in addresses.pages(paper.pmid, paper.doi, paper.pmcid).items():
        yield Link(labels[name], address)


def _notices(reader: Reader, held: HeldPaper) -> Iterator[Notice]:
    """One for each type, the gravest first, with every place it names."""
    by_type: dict[str, list[PaperNotice]] = {}
    for notice in dict.fromkeys((*held.paper.alerts, *held.paper.notices)):
        by_type.setdefault(notice.type, []).append(notice)
    for kind, notices in by_type.items():
        mark, sentence = words(kind)
        if notices[0].source == FROM_PUBLICATION_TYPE:
            text = f"{sentence} (its publication type says so; no link names where)."
        else:
            where = "; ".join(notice.source for notice in notices if notice.source)
            text = f"{sentence}: {where}" if where else f"{sentence}."
        links = tuple(_to(reader, notice.pmid) for notice in notices if notice.pmid)
        yield Notice(mark, text, mark in GRAVE, links)
    if held.deleted:
        yield Notice(
            "DELETED",
            f"PubMed no longer serves this record (seen {held.deleted[:10]}); what is held of it stays.",
            grave=True,
        )
    if held.paper.indexing == "awaited":
        text = "NLM has not indexed this record yet: tags that rest on its text alone are provisional until it does."
        yield Notice("Not indexed yet", text, grave=False)


def _to(reader: Reader, pmid: int) -> Link:
    """To a paper: within the site where it is held."""
    if reader.connection.value("SELECT 1 FROM papers WHERE pmid = ?", (pmid,)):
        return Link(f"PMID {pmid}", f"/paper/{pmid}")
    return Link(f"PMID {pmid} in PubMed", addresses.pages(pmid, "", "")["pubmed"])


def _list_of(facet: str, slug: str, *, primary: bool) -> Params:
    return (("study" if facet == "study" and primary else "tag", slug),)


def _chips(held: HeldPaper, tags: Vocabulary) -> Iterator[tuple[str, tuple[Choice, ...]]]:
    by_facet: dict[str, list[Choice]] = {}
    for tag in held.tags:
        label = (tags[tag.slug].label if tag.slug in tags else tag.slug) + (
            " (by hand)" if tag.source == "hand" else ""
        )
        choice = Choice(label, None, _list_of(tag.facet, tag.slug, primary=tag.primary), chosen=tag.primary)
        by_facet.setdefault(tag.facet, []).append(choice)
    for facet, choices in by_facet.items():
        yield named(facet).capitalize(), tuple(choices)


def _abstract(paper: Paper, speaking: Sequence[tuple[str, Evidence]]) -> Iterator[Section]:
    for place, section in enumerate(paper.abstract):
        spans = spans_of(speaking, lambda one, at=place: one.field == "abstract" and one.part == at, section.text)  # type: ignore[misc]
        yield Section(section.label, marked(section.text, spans))


def _reasons(reader: Reader, held: HeldPaper, tags: Vocabulary) -> Iterator[Reason]:
    """The study type first, then as the rules are ordered; what a person alone said comes last."""
    decisions = {decision.slug: decision for decision in reader.hand_tags(held.paper.pmid)}
    found = list(reader.rule_tags(held.paper.pmid))
    for tag in sorted(found, key=lambda one: not one.primary):
        yield _reason(held, tags, tag.facet, tag.slug, tag, decisions.pop(tag.slug, None))
    for slug, decision in decisions.items():
        yield _reason(held, tags, tags[slug].facet if slug in tags else "", slug, None, decision)


def _reason(
    held: HeldPaper, tags: Vocabulary, facet: str, slug: str, tag: Tag | None, decision: HandTag | None
) -> Reason:
    state = tag.state if tag else "absent"
    stands = {"add": "tagged", "remove": "removed"}[decision.verdict] if decision else state
    parts: list[str] = [] if decision else [state]
    if tag:
        parts += ["primary"] * (tag.primary and not decision)
        parts += [f"the rules: {state}"] * bool(decision) + [f"score {tag.score:g}, needs {tag.threshold:g}"]
    marks = tuple(dict.fromkeys(entry.words for entry in tag.marks)) if tag else ()
    confirmed = ""
    if marks and state == "tagged":
        confirmed = f"{'Confirmed' if held.paper.indexing == 'indexed' else 'Supported'} by {', '.join(marks[:2])}."
    elif held.paper.indexing == "awaited" and tag and not decision:
        confirmed = "Provisional: it rests on the text alone."
    primary = bool(tag and tag.primary)
    return Reason(
        facet=named(facet),
        tag=slug,
        label=tags[slug].label if slug in tags else slug,
        standing=" · ".join(parts),
        stands=stands,
        by_hand=_by_hand(decision) if decision else "",
        confirmed=confirmed,
        sentences=sentences(held.paper, sorted(tag.evidence, key=lambda one: bool(one.masked))) if tag else (),
        params=_list_of(facet, slug, primary=primary),
    )


def _by_hand(decision: HandTag) -> str:
    did = "Added" if decision.verdict == "add" else "Removed"
    who = f" ({decision.who}, {decision.at[:10]})" if decision.who else f" ({decision.at[:10]})"
    return f"{did} by hand{who}{f': {decision.because}' if decision.because else '.'}"


def _trial(reader: Reader, held: HeldPaper) -> Trial | None:
    try:
        found = study(reader.connection, str(held.paper.pmid))
    except UsageError:  # no report of a trial
        return None
    return trial_of(found, held.paper.pmid) if found.registry or len(found.papers) > 1 else None


def trial_of(found: Study, this: int = 0) -> Trial:
    """A trial and its reports for a page; `this` is the paper whose page it is."""
    reports = sorted(found.papers, key=lambda one: (ROLES.index(one.role), one.year or 0, one.pmid))
    return Trial(
        name=found.trial,
        acronym=found.acronym,
        registry=found.registry,
        reports=tuple(_report(one, this) for one in reports[:MOST_REPORTS]),
        address=addresses.of_trial(found.trial),
    )


def _report(one: Standing, this: int) -> Report:
    why = "; ".join(
        dict.fromkeys(
            f"{entry.number} in the {entry.kind}"
            if entry.kind in ("record", "title", "abstract")
            else f"linked with PMID {entry.pmid}"
            if entry.kind == "link"
            else f"by hand{f' ({entry.who})' if entry.who else ''}{f': {entry.quote}' if entry.quote else ''}"
            for entry in one.why
            if entry.kind != "itself"
        )
    )
    title = without_mark(one.title) if one.retracted else one.title
    return Report(one.pmid, title, one.year, _ROLES.get(one.role, one.role), one.retracted, one.pmid == this, why)


def _readers(held: HeldPaper) -> Iterator[Said]:
    """What readers decided, how they sorted it, and what they wrote."""
    for decision in held.decisions:
        who = f" ({decision.who}, {decision.at[:10]})" if decision.who else f" ({decision.at[:10]})"
        why = f": {'; '.join(decision.reasons)}" if decision.reasons else ""
        yield Said("Decision", f"{decision.verdict}{who}{why}")
    if len(held.decisions) > 1 and held.decision is None:
        yield Said("Decision", "the readers do not agree, so it counts as undecided")
    if held.labels:
        yield Said("Labels", ", ".join(held.labels))
    if held.note:
        yield Said("Note", held.note)


def _facts(reader: Reader, held: HeldPaper) -> Iterator[Said]:
    paper = held.paper
    yield Said("Key", held.key)
    yield Said("PMID", str(paper.pmid))
    for label, text in (("DOI", paper.doi), ("PMC", paper.pmcid), ("Trial", ", ".join(paper.registry_ids))):
        if text:
            yield Said(label, text)
    same = reader.same_doi(paper.pmid)
    if same:
        links = tuple(Link(key or f"PMID {pmid}", f"/paper/{pmid}") for pmid, key in same)
        yield Said("Same DOI", "two papers to PubMed, and kept apart", links)
    if paper.languages:
        yield Said("Language", ", ".join(paper.languages))
    if kinds := [kind.name for kind in paper.publication_types]:
        yield Said("Type", ", ".join(kinds))
    if paper.mesh:
        yield Said("MeSH", "; ".join(heading.name + ("*" if heading.is_major else "") for heading in paper.mesh))
    if paper.keywords:
        yield Said("Keywords", "; ".join(keyword.name for keyword in paper.keywords))
    yield Said("Found by", f"{', '.join(held.queries) or '(no saved query)'}; first seen {held.first_seen[:10]}")
    for entry in list(reader.entries_of(paper.pmid))[:5]:
        certain = f", {entry.match.certainty:.0%} certain" if entry.match.certainty < 1 else ""
        where = f"{entry.file} line {entry.citation.line} (import {entry.number})"
        yield Said("Imported", f"{where}, known by its {_KNOWN_BY[entry.match.by]}{certain}")
