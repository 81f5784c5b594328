"""What several formats say in the same plain words: keywords, notes, abstract, journal. A format escapes them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..model import Author, Book, HeldPaper, Notice, Paper
from ..notices import FROM_PUBLICATION_TYPE, RETRACTING, words
from . import titles
from .format import Options
from .languages import LANGUAGES
from .pages import full_ranges
from .text import flat

# "Journal of immunology (Baltimore, Md. : 1950)": NLM tells namesakes apart by place. An acronym is no place, nor is
# a translation: "Angewandte Chemie (International ed. in English)" has other volumes and pages than Angewandte Chemie.
_PLACE = re.compile(r" \((?![A-Z]{2,}\)|[^()]*\b(?:English|International)\b)[^()]*\)\Z")
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)?(?:\s*ed(?:ition)?\.?)?", re.IGNORECASE)


def name_parts(author: Author) -> tuple[str, str, str]:
    """Family, given name and suffix; a group, and a person of whom there is but one name, is all in the first."""
    family, given, suffix = flat(author.family), flat(author.forename), flat(author.suffix)
    if family and given and not author.collective:
        return family, given, suffix
    # "; for the EXAMPLE study group" is how some journals deliver a group.
    return " ".join(filter(None, (given, family, suffix))).lstrip(" ,;:"), "", ""


def pages(paper: Paper) -> str:
    """Ranges in full; "" where the paper has only an article number."""
    return full_ranges(flat(paper.pages or paper.medline_pgn))


def issn(paper: Paper) -> str:
    """The linking ISSN, else the electronic, else the printed one."""
    return paper.issn or paper.issn_electronic or paper.issn_print


def edition(book: Book) -> str:
    """`2` for "2nd ed.", of which a style makes its own words; anything else as it is."""
    ordinal = _ORDINAL.fullmatch(book.edition)
    return ordinal[1] if ordinal else book.edition


def journal(paper: Paper, options: Options) -> str:
    """The journal's name without its place, or its abbreviation where that is asked for or all there is."""
    abbreviation = paper.journal_abbreviation or paper.medline_ta
    name = _PLACE.sub("", paper.journal)
    return (abbreviation or name) if options.abbrev else (name or abbreviation)


def container(paper: Paper, options: Options) -> str:
    """What the paper is part of, by name: a journal, a preprint server, or the book of a chapter."""
    if paper.type == "preprint":
        return server(paper)
    return journal(paper, options) or (paper.book.title if paper.book and paper.type == "chapter" else "")


def server(paper: Paper) -> str:
    """Where a preprint lies: NLM writes "medRxiv : the preprint server for health sciences"."""
    return paper.journal.partition(" : ")[0] or paper.journal_abbreviation


def incomplete(paper: Paper) -> list[str]:
    """A clause where the record's list of authors breaks off, for formats that have no "et al."."""
    return [] if paper.authors_complete else ["The list of authors is not complete"]


def keywords(held: HeldPaper) -> list[str]:
    """MeSH headings, keywords, tags, readers' labels and a person's note, each once, whatever its case."""
    paper = held.paper
    names = [
        *[heading.name for heading in paper.mesh],
        *[keyword.name for keyword in paper.keywords],
        *[tag.slug for tag in held.tags],
        *held.labels,
    ]
    if held.note:
        names.append(held.note)
    if len(set(map(str.casefold, names))) == len(names):
        return names
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.casefold(), name)
    return list(first.values())


def abstract(paper: Paper) -> str:
    """The abstract in one paragraph with its labels; where our words stand in its place, it says so at its end."""
    parts = [f"{part.label}: {part.text}" if part.label else part.text for part in paper.abstract]
    if paper.restated:
        parts.append(f"({paper.abstract_copyright})")
    return " ".join(parts)


def foreign_languages(paper: Paper) -> list[str]:
    """The languages of a paper that is not in English alone, by name."""
    names = [LANGUAGES[code] for code in paper.languages if code in LANGUAGES]
    return [] if names == ["English"] else names


def notes(held: HeldPaper, options: Options) -> list[str]:
    """What a reader of the reference must know, a clause each without a full stop.

    That it was retracted or deleted, and what a translated title means; with `options.notes` every other notice.
    """
    paper = held.paper
    if _needs_no_note(held):
        return []
    original = original_title(paper)
    return [
        *retraction(paper),
        *further_notes(held, options),
        *([f"Original title: {original}"] if original else []),
    ]


def further_notes(held: HeldPaper, options: Options) -> list[str]:
    """The notes but for a retraction and the original title, of which some formats have fields."""
    paper = held.paper
    if _needs_no_note(held):
        return []
    clauses = _other_notices(paper) if options.notes else []
    clauses += deletion(held)
    if languages := foreign_languages(paper):
        clauses.append(f"{'Article' if paper.type == 'article' else 'Text'} in {_listed(languages)}")
    return clauses


def deletion(held: HeldPaper) -> list[str]:
    """That PubMed no longer serves the record."""
    return [f"No longer in PubMed (seen {held.deleted[:10]})"] if held.deleted else []


def _needs_no_note(held: HeldPaper) -> bool:
    """The quick way out of nearly every paper."""
    paper = held.paper
    return paper.languages == ("eng",) and not (
        paper.corrections or held.deleted or paper.vernacular_title or paper.retracted
    )


def original_title(paper: Paper) -> str:
    """The title in the language of the paper, where the record has it beside a translation."""
    vernacular = titles.plain(paper.vernacular_title)
    return vernacular if vernacular != titles.plain(paper.title) else ""


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def retraction(paper: Paper) -> list[str]:
    """`Retracted. Notice: Stroke 2020;51:123, PMID 12345678`, with what the record knows of the notice."""
    if not paper.retracted:
        return []
    known = [notice for notice in paper.alerts if notice.source != FROM_PUBLICATION_TYPE]
    retractions = _places(notice for notice in known if notice.type == "retraction")
    republications = _places(notice for notice in known if notice.type == "retracted-republished")
    return [
        "Retracted",
        *([f"Notice: {retractions}"] if retractions else []),
        *([f"Republished: {republications}"] if republications else []),
    ]


def _other_notices(paper: Paper) -> list[str]:
    """`Erratum: J Example. 2020;1:1, PMID 90000001`, a clause a type; that somebody commented is no warning."""
    places: dict[str, list[Notice]] = {}
    for notice in paper.alerts:
        if notice.type not in RETRACTING and notice.type != "comment":
            places.setdefault(words(notice.type).mark.capitalize(), []).append(notice)
    return [f"{mark}: {_places(notices)}" for mark, notices in places.items()]


def _places(notices: Iterable[Notice]) -> str:
    places = []
    for notice in notices:
        source = notice.source.rstrip(" .")
        pmid = f"PMID {notice.pmid}" if notice.pmid and str(notice.pmid) not in source else ""
        places.append(", ".join(part for part in (source, pmid) if part))
    return "; ".join(filter(None, places))
