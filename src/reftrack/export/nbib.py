"""Papers become nbib, PubMed's own text format, also called MEDLINE (https://pubmed.ncbi.nlm.nih.gov/help/#pubmed-format).

What PubMed's record says stands as PubMed writes it: titles with the brackets of a translation, dates and short pages
verbatim. Our tags are other terms (OT), a person's note is the general note (GN). Long values go on in lines that
begin with six spaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..model import Author, Correction, Heading, HeldPaper, Paper, Qualifier, Substance
from . import wording
from .format import Options
from .text import flat

_WIDTH = 81
"""Of a value, as PubMed breaks it: no line is longer than 87 characters."""
_LINE = re.compile(rf"(.{{1,{_WIDTH}}}|\S+)(?: |\Z)")

_LINKS = {
    "CommentIn": "CIN",
    "CommentOn": "CON",
    "CorrectedandRepublishedIn": "CRI",
    "CorrectedandRepublishedFrom": "CRF",
    "ErratumIn": "EIN",
    "ErratumFor": "EFR",
    "ExpressionOfConcernIn": "ECI",
    "ExpressionOfConcernFor": "ECF",
    "OriginalReportIn": "ORI",
    "PartialRetractionIn": "PRIN",
    "PartialRetractionOf": "PROF",
    "ReprintIn": "RPI",
    "ReprintOf": "RPF",
    "RepublishedIn": "RPI",
    "RepublishedFrom": "RPF",
    "RetractedandRepublishedIn": "RRI",
    "RetractedandRepublishedFrom": "RRF",
    "RetractionIn": "RIN",
    "RetractionOf": "ROF",
    "SummaryForPatientsIn": "SPIN",
    "UpdateIn": "UIN",
    "UpdateOf": "UOF",
}
"""RefType -> tag. For AssociatedDataset and AssociatedPublication PubMed documents none."""

_BOOKS = {"book": "Book", "chapter": "Book Chapter"}
"""What PubMed adds to the publication types."""

_Lines = Iterable[tuple[str, str]]


def write(papers: Iterable[HeldPaper], _options: Options) -> Iterator[str]:
    """A record a paper, with a blank line before the next."""
    separator = ""
    for held in papers:
        yield separator + "".join([_field(tag, text) for tag, value in _lines(held) if (text := flat(value))])
        separator = "\n"


def _field(tag: str, text: str) -> str:
    lines = _LINE.findall(text) if len(text) > _WIDTH else [text]
    return f"{tag:<4}- " + "\n      ".join(lines) + "\n"


def _lines(held: HeldPaper) -> Iterator[tuple[str, str]]:
    """(tag, value) in PubMed's order; an empty value is left out by whoever writes it."""
    paper = held.paper
    yield "PMID", str(paper.pmid)
    yield "STAT", paper.status
    yield "DCOM", paper.completed.replace("-", "")
    yield "LR", paper.revised.replace("-", "")
    yield from _serial(paper)
    yield "DP", paper.date.text
    yield "TI", paper.title
    yield "PG", paper.medline_pgn or paper.pages or paper.article_number
    yield "LID", paper.doi and f"{paper.doi} [doi]"
    yield "AB", wording.abstract(paper)
    yield "CI", paper.abstract_copyright
    for author in paper.authors:
        yield from _author(author, "FAU", "AU")
    if paper.authors and not paper.authors_complete:
        yield "AU", "et al."
    for editor in paper.editors:
        yield from _author(editor, "FED", "ED")
    yield from [("LA", language) for language in paper.languages]
    yield from [("SI", f"{entry.databank}/{entry.number}") for entry in paper.accessions]
    for grant in paper.grants:
        yield "GR", "/".join(filter(None, (grant.number, grant.acronym, grant.agency, grant.country)))
    yield from [("PT", kind.name) for kind in paper.publication_types]
    yield "PT", _BOOKS.get(paper.type, "")
    yield "DEP", _day(paper)
    yield "TT", paper.vernacular_title
    yield from _source(paper)
    yield from [_substance(substance) for substance in paper.substances]
    yield from [("MH", _heading(heading)) for heading in paper.mesh]
    yield from [(_LINKS[link.kind], _link(link)) for link in paper.corrections if link.kind in _LINKS]
    yield from _terms(held)
    for other in paper.other_abstracts:
        yield "OAB", " ".join([": ".join(filter(None, (part.label, part.text))) for part in other.sections])
        yield "OABL", other.language
    yield "GN", ". ".join(wording.deletion(held))
    yield "GN", held.note
    yield "PMC", paper.pmcid
    yield "COIS", paper.conflict_of_interest
    yield "EDAT", paper.entered and f"{paper.entered.replace('-', '/')} 00:00"
    yield "AID", paper.doi and f"{paper.doi} [doi]"
    yield "AID", paper.pii and f"{paper.pii} [pii]"
    yield "AID", f"{paper.book.accession} [bookaccession]" if paper.book and paper.book.accession else ""
    yield "PST", paper.publication_status
    yield "SO", _citation(paper)


def _serial(paper: Paper) -> _Lines:
    issns = (("Electronic", paper.issn_electronic), ("Print", paper.issn_print), ("Linking", paper.issn))
    return (
        *[("IS", f"{issn} ({kind})") for kind, issn in issns if issn],
        *[("ISBN", isbn) for isbn in (paper.book.isbns if paper.book else ())],
        ("VI", paper.volume),
        ("IP", paper.issue),
    )


def _author(author: Author, full: str, short: str) -> _Lines:
    """`FAU - Example, Ada B Jr` and `AU  - Example AB Jr`, or `CN  - EXAMPLE Group`, and who they are."""
    family, given, suffix = wording.name_parts(author)
    if author.collective:
        yield "CN", family
    elif given:
        yield full, f"{family}, {' '.join(filter(None, (given, suffix)))}"
        yield short, author.short
    else:
        yield full, family
        yield short, family
    yield "AUID", author.orcid and f"ORCID: {author.orcid}"
    yield from [("AD", affiliation) for affiliation in author.affiliations]


def _day(paper: Paper) -> str:
    """Of the electronic publication, where it is known to the day."""
    date = paper.electronic_date
    return f"{date.year:04}{date.month:02}{date.day:02}" if date.year and date.month and date.day else ""


def _source(paper: Paper) -> _Lines:
    if paper.book:
        book = paper.book
        return ("BTI", book.title), ("EN", book.edition), ("PB", book.publisher), ("PL", book.place)
    return ("TA", paper.medline_ta or paper.journal_abbreviation), ("JT", paper.journal), ("JID", paper.nlm_id)


def _substance(substance: Substance) -> tuple[str, str]:
    """A chemical with its number, 0 where it has none; a supplementary concept by its name."""
    if substance.kind != "Chemical":
        return "NM", substance.name
    return "RN", f"{substance.registry_number or 0} ({substance.name})"


def _heading(heading: Heading) -> str:
    """`Stroke/*drug therapy/economics`: major topics have an asterisk."""
    parts: tuple[Heading | Qualifier, ...] = (heading, *heading.qualifiers)
    return "/".join([f"{'*' * part.major}{part.name}" for part in parts])


def _link(link: Correction) -> str:
    pmid = f"PMID: {link.pmid}" if link.pmid else ""
    return " ".join(filter(None, (link.citation, pmid, link.note)))


def _terms(held: HeldPaper) -> _Lines:
    """The owners of the keywords, then keywords and tags; an asterisk marks a keyword as major."""
    keywords = held.paper.keywords
    return (
        *[("OTO", owner) for owner in dict.fromkeys(keyword.owner for keyword in keywords)],
        *[("OT", f"{'*' * keyword.major}{keyword.name}") for keyword in keywords],
        *[("OT", tag.slug) for tag in held.tags],
    )


def _citation(paper: Paper) -> str:
    """All in one: `J Example. 2016 Jan 5;12(3):123-8`, with a full stop."""
    journal = paper.medline_ta or paper.journal_abbreviation or (paper.book.title if paper.book else "")
    pages = paper.medline_pgn or paper.pages or paper.article_number
    issue = f"({paper.issue})" if paper.issue else ""
    place = f"{paper.volume}{issue}" + (f":{pages}" if pages else "")
    issued = ";".join(filter(None, (paper.date.text, place)))
    return f"{journal}. {issued}." if journal and issued else ""
