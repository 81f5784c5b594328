"""Manuscripts and files of references become one list of what they cite, each reference once, with all its places.

A key means first what the bibliography of the manuscript says, then what the library calls by it, then the PMID or DOI
that it spells out. Where a text that cites by key is named together with files of references, those are its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from .. import imports, manuscripts
from ..citation import Citation, Unreadable
from ..errors import UsageError
from ..imports import csl, identifiers
from ..imports.text import decode
from ..manuscripts import Item, Manuscript, Mention, Place

MOST_REFERENCES = 20_000
"""No manuscript cites more; a hostile one would keep the library busy for hours."""
_KEYED = frozenset({"tex", "aux", "markdown"})
_PROSE = "is neither PubMed XML"
"""What `imports.detect` says of a text that is no list of any kind."""
_LOOK = 1 << 20
_LATEX = re.compile(r"\\(?:documentclass|begin\{document\}|[a-zA-Z]{0,12}cite[a-zA-Z]{0,10}\*?\s?[\[{])")
_PANDOC = re.compile(r"\[(?:see |cf\. )?-?@\w")
_TITLE, _AUTHORS = 1_000, 200
"""So much of a title, and so many authors, are compared."""
_ENTRY_KEY = re.compile(r"@\w{1,40}\s{0,9}[{(]\s{0,9}([^\s,{}()]{1,300})")
_ALIASES = re.compile(r"\bids\s{0,9}=\s{0,9}[{\"]([^{}\"]{1,2000})", re.IGNORECASE)
_PMID_KEY = re.compile(r"(?:pmid|pubmed)[:_-]?0*([1-9][0-9]{0,8})|([1-9][0-9]{5,8})", re.IGNORECASE)
_DOI_KEY = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)?10\.[0-9]{4,9}/\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """A file to check, read whole."""

    name: str
    """As the person named it."""
    data: bytes
    path: Path | None = None
    """None for standard input, beside which there is nothing."""


@dataclass(slots=True)
class Reference:
    """One reference of a manuscript, with all the places that cite it."""

    label: str
    """What to call it: the key, or what a person would look for."""
    by_key: bool
    """Whether the text cites it by a key that it chose, so that two keys can be one paper by mistake."""
    readings: tuple[Citation, ...] = ()
    """What the file says of it, the likeliest reading first; () where it says nothing but the key."""
    places: list[Place] = field(default_factory=list)
    file: str = ""
    """The file, of those that were named, that cites it."""
    is_key: bool = False
    """Whether the label is a key of which no bibliography says anything, so that the library may know it."""
    is_listed: bool = False
    """Whether a bibliography has an entry of that key, which could not be read."""
    is_exact: bool = True
    """Whether the readings say which paper it is, not only what its title may be."""


@dataclass(slots=True)
class Cited:
    """All that the files cite."""

    files: list[str] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    """All keys that the bibliographies have."""
    unread: set[str] = field(default_factory=set)
    """Keys of entries of bibliographies that could not be read."""
    empty: list[str] = field(default_factory=list)
    """Files in which no citation was found."""
    remarks: list[str] = field(default_factory=list)
    """What could not be looked at, a sentence each."""


def gather(sources: Sequence[Source]) -> Cited:
    """What these files cite. Raises UsageError for a file that is of no kind that can be read, or damaged."""
    cited = Cited([source.name for source in sources])
    kinds = {source.name: _kind(source) for source in sources}
    texts = [source for source in sources if kinds[source.name] not in imports.FORMATS]
    lists = [source for source in sources if kinds[source.name] in imports.FORMATS]
    keyed = any(kinds[source.name] in _KEYED for source in texts)
    shared = [entry for source in lists for entry in _entries(source.name, source.data, cited)] if keyed else []
    for source in texts:
        manuscript = manuscripts.read(source.name, source.data, kinds[source.name], path=source.path, decode=decode)
        _take(cited, source.name, _of_manuscript(manuscript, shared, cited))
    for source in () if keyed else lists:
        _take(cited, source.name, _of_list(_entries(source.name, source.data, cited)))
    if len(cited.references) > MOST_REFERENCES:
        raise UsageError(
            f"{len(cited.references):,} references are more than the {MOST_REFERENCES:,} that can be checked."
        )
    return cited


def _take(cited: Cited, name: str, references: list[Reference]) -> None:
    for one in references:
        one.file = name
    cited.references += references
    if not references:
        cited.empty.append(name)


def _kind(source: Source) -> str:
    """A kind of manuscript, or a format of references."""
    if kind := manuscripts.kind_of(source.name, source.data):
        return kind
    name = Path(source.name).name
    plain = name.lower().endswith((".txt", ".text")) or "." not in name
    try:
        form = imports.detect(source.data, name)
    except UsageError as error:
        if plain and _PROSE in str(error):
            return _sniffed(source.data)
        raise UsageError(f"{error} `check` reads {manuscripts.READABLE}.") from None
    if form not in imports.FORMATS:
        raise UsageError(f"{source.name} holds PubMed records, not citations; `reftrack import` brings them in.")
    if form == "ids":
        read = list(imports.read(source.data, form))
        unread = sum(isinstance(one, Unreadable) for one in read)
        return _sniffed(source.data) if unread > len(read) - unread else form
    return form


def _sniffed(data: bytes) -> str:
    """What a text is whose name does not say it, as one from a pipe."""
    text = decode(data[:_LOOK])
    if _LATEX.search(text):
        return "tex"
    return "markdown" if _PANDOC.search(text) else "text"


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a file of references."""

    place: Place
    citation: Citation
    form: str


def _entries(name: str, data: bytes, cited: Cited) -> list[_Entry]:
    try:
        form = imports.detect(data, Path(name).name)
    except UsageError as error:
        cited.remarks.append(f"Not read: {error}")
        return []
    if form not in imports.FORMATS:
        cited.remarks.append(f"Not read: {name} holds no references.")
        return []
    found = []
    for one in imports.read(data, form):
        if isinstance(one, Unreadable):
            cited.remarks.append(f"{name}:{one.line}: {one.reason}.")
            cited.unread.update(_ENTRY_KEY.findall(one.text))
        else:
            found.append(_Entry(Place(name, one.line), _bounded(one), form))
    return found


def _bounded(citation: Citation) -> Citation:
    if len(citation.title) <= _TITLE and len(citation.authors) <= _AUTHORS:
        return citation
    return replace(citation, title=citation.title[:_TITLE], authors=citation.authors[:_AUTHORS])


def _of_list(entries: Iterable[_Entry]) -> list[Reference]:
    """The references of a file of references; in a list of ids one that stands there again is the same."""
    found: dict[str, Reference] = {}
    for number, entry in enumerate(entries):
        one = entry.citation
        is_id = entry.form == "ids"
        mark = one.text.lower() if is_id else f"{number}"
        label = one.key or (one.text if is_id else _named(one))
        known = found.setdefault(mark, Reference(label, by_key=True, readings=(one,)))
        known.places.append(entry.place)
    return list(found.values())


def _named(citation: Citation) -> str:
    family = citation.authors[0].partition(",")[0] if citation.authors else ""
    told = " ".join(filter(None, (family, str(citation.year or ""))))
    return (
        told if family else (f"PMID {citation.pmid}" if citation.pmid else citation.doi or citation.title[:60] or told)
    )


def _of_manuscript(manuscript: Manuscript, shared: Sequence[_Entry], cited: Cited) -> list[Reference]:
    cited.remarks += manuscript.remarks
    entries = [*shared]
    for bibliography in manuscript.bibliographies:
        entries += _entries(bibliography.name, bibliography.data, cited)
    by_key: dict[str, Citation] = {}
    for entry in entries:
        by_key.setdefault(entry.citation.key, entry.citation)
    for entry in entries:  # biblatex knows an entry by other keys, too
        for other in _ALIASES.findall(entry.citation.text) if entry.form == "bibtex" else ():
            for key in other.split(","):
                by_key.setdefault(key.strip(), entry.citation)
    by_small_key = {key.lower(): citation for key, citation in by_key.items()}
    cited.keys += filter(None, by_key)
    found: dict[str, Reference] = {}
    for number, mention in enumerate(_mentions(manuscript, entries)):
        mark = f"key {mention.key}" if mention.key else f"no {number}"
        known = found.get(mark)
        if known is None:
            known = found[mark] = _reference(mention, manuscript, by_key.get(mention.key), by_small_key)
            known.is_listed = mention.key in cited.unread
        if mention.place not in known.places:
            known.places.append(mention.place)
    return list(found.values())


def _mentions(manuscript: Manuscript, entries: Sequence[_Entry]) -> Iterator[Mention]:
    yield from manuscript.mentions
    if manuscript.everything:
        named = {mention.key for mention in manuscript.mentions}
        for key in dict.fromkeys((*(entry.citation.key for entry in entries), *manuscript.entries)):
            if key and key not in named:
                yield Mention(manuscript.everything, key)


def _reference(
    mention: Mention, manuscript: Manuscript, entry: Citation | None, by_small_key: dict[str, Citation]
) -> Reference:
    label = mention.label or mention.key
    items = mention.items or manuscript.entries.get(mention.key, ())
    entry = entry or by_small_key.get(mention.key.lower())
    if entry is not None and not mention.items:
        return Reference(label, by_key=True, readings=(entry,))
    readings = tuple(filter(None, map(citation_of, items)))
    exact = len(items) == 1 and bool(mention.key or (readings and readings[0].names_an_id))
    if not readings and mention.key and (spelled := _spelled_out(mention.key)):
        readings = (spelled,)
    return Reference(
        label,
        by_key=bool(mention.key),
        readings=readings,
        is_key=not items and not mention.label,
        is_exact=exact or not items,
    )


def citation_of(item: Item) -> Citation | None:
    """What a reference of a document says; None where it says nothing by which a paper could be found."""
    try:
        found = next(csl.read(json.dumps([item])), None)
    except (RecursionError, ValueError, TypeError):
        return None
    return _bounded(found) if isinstance(found, Citation) else None


def _spelled_out(key: str) -> Citation | None:
    """What a key says by itself: pmid31494820, 31494820, doi:10.1000/example."""
    if found := _PMID_KEY.fullmatch(key):
        return Citation(line=0, text=key, pmid=int(found[1] or found[2]))
    if _DOI_KEY.fullmatch(key) and (doi := identifiers.doi(key)):
        return Citation(line=0, text=key, doi=doi)
    return None
