"""A selection → a page of the site's list: its papers, what narrows it further, and the command that gives the same."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..errors import UsageError
from ..library import mapped
from ..library.grouping import Row as Counted
from ..library.grouping import by_language, count_by, facets
from ..library.opening import Connection
from ..library.reading import Reader
from ..library.selecting import Listed, Selection, count, listed, select
from ..library.snippets import found_words, segments
from ..notices import HAD, without_mark
from ..report.map_page import named
from ..web.pages import Choice, Facet, Listing, Marked, Params, Piece, Row, Year
from .asking import Asked, of_selection
from .choosing import choose

PAGE = 50
"""Papers of one page."""
SHOWN = 8
"""Choices of a facet that are not folded."""
MOST = 60
"""Choices of a facet in all."""
JOURNALS = 12
"""Journals that are offered: each is counted as `--journal` finds it, by a part of its name."""
COUNTED = 20_000
"""Papers beyond which journals are offered without numbers."""
JUDGED = 3000
"""Papers that a page reads for a query in PubMed syntax: a second or two."""
AUTHORS = 3
_CHIPS = {"q": "words", "any": "any of", "not": "not", "from": "from", "to": "to", "match": "PubMed syntax"}
_DECISIONS = {"include": "included", "exclude": "excluded", "maybe": "maybe", "none": "undecided", "": "undecided"}
_NOTICES = {
    "retraction": "retracted",
    "concern": "expression of concern",
    "erratum": "erratum",
    "update": "updated",
    "comment": "comment",
}
_LANGUAGES = {
    "eng": "English",
    "rus": "Russian",
    "chi": "Chinese",
    "ger": "German",
    "fre": "French",
    "spa": "Spanish",
    "jpn": "Japanese",
    "ita": "Italian",
    "por": "Portuguese",
    "pol": "Polish",
    "ukr": "Ukrainian",
    "kor": "Korean",
    "cze": "Czech",
    "hun": "Hungarian",
    "rum": "Romanian",
    "bul": "Bulgarian",
    "tur": "Turkish",
    "hrv": "Croatian",
    "slo": "Slovak",
    "slv": "Slovenian",
    "srp": "Serbian",
    "dut": "Dutch",
    "swe": "Swedish",
    "per": "Persian",
    "und": "not stated",
}
_SORTS = (
    ("", "best match"),
    ("-year", "newest"),
    ("year", "oldest"),
    ("-first-seen", "last added"),
    ("author", "first author"),
    ("title", "title"),
    ("journal", "journal"),
)


class Tagged(NamedTuple):
    """A tag of the vocabulary."""

    facet: str
    label: str
    parent: str


Vocabulary = Mapping[str, Tagged]


def vocabulary(connection: Connection) -> dict[str, Tagged]:
    """Every tag by its slug, in the rules' order."""
    rows = connection.rows("SELECT tag, facet, label, parent FROM tags ORDER BY position, tag")
    return {tag: Tagged(*rest) for tag, *rest in rows}


def listing(connection: Connection, asked: Asked) -> Listing:
    """A page of papers. Raises UsageError, QueryError."""
    selection = asked.selection
    pmids = chosen(connection, selection)
    total = len(pmids)
    first = (asked.page - 1) * PAGE
    if first and first >= total:
        raise UsageError(f"There is no page {asked.page}: these are {total:,} papers.")
    tags = vocabulary(connection)
    shown = pmids[first : first + PAGE]
    numbered = [(*asked.params, ("page", str(page))) for page in (asked.page - 1, asked.page + 1)]
    return Listing(
        heading=_heading(connection, selection, tags),
        total=total,
        rows=tuple(rows_of(connection, selection, shown, tags)),
        first=first + 1 if total else 0,
        command=asked.command,
        asked=asked.params,
        chips=tuple(_chips(connection, selection, tags)),
        facets=tuple(facet for facet in _facets(connection, selection, pmids) if facet.choices),
        years=_years(connection, selection, pmids),
        sorts=tuple(_sorts(selection)),
        earlier=(asked.params if asked.page == 2 else numbered[0]) if asked.page > 1 else None,  # noqa: PLR2004
        later=numbered[1] if first + PAGE < total else None,
        exports=tuple(_exports(asked.command)) if total else (),
    )


def _exports(command: str) -> Iterable[str]:
    words = shlex.split(command)[2:]
    for file in ("papers.bib", "papers.ris"):
        form = ["-f", "ris"] * file.endswith("ris")
        at = words.index("--") if "--" in words else len(words)
        yield shlex.join(["reftrack", "export", *form, "-o", file, *words[:at], *words[at:]])


def chosen(connection: Connection, selection: Selection) -> list[int]:
    """The papers of a selection, as far as a page may read for a query. Raises UsageError, QueryError."""
    if selection.query and not connection.value("SELECT 1 FROM runs WHERE query = ?", (selection.query,)):
        raise UsageError(f"No query {selection.query!r} was ever run.")
    if not selection.match:
        return select(connection, selection)

    def told(papers: int) -> None:
        if papers > JUDGED:
            raise UsageError(
                f"For this query {papers:,} papers would have to be read, which is more than a page does. Add a rarer "
                "word in [tiab] or [ti], or ask in a shell: `reftrack list --match`."
            )

    return choose(Reader(connection), selection, told=told).pmids


def rows_of(connection: Connection, selection: Selection, pmids: Sequence[int], tags: Vocabulary) -> Iterable[Row]:
    """These papers as a list shows them, words that were searched for marked."""
    found = found_words(connection, selection, pmids)
    fresh = _fresh(connection, pmids)
    for one in listed(connection, pmids):
        hit = found.get(one.pmid)
        title = without_mark(one.title) if one.retracted else one.title
        yield Row(
            pmid=one.pmid,
            key=one.key,
            title=_found(hit.title) if hit and hit.title and not one.retracted else (Piece(title or "(no title)"),),
            snippet=_found(hit.piece) if hit else (),
            authors=_authors(one.authors),
            source=_source(one),
            year=one.year,
            study=_label(tags, one.study),
            tags=tuple(_label(tags, tag) for facet in ("condition", "outcome") for tag in one.tags.get(facet, ())),
            retracted=bool(one.retracted),
            concern=bool(one.concern),
            deleted=bool(one.deleted),
            new=one.pmid in fresh,
        )


def _fresh(connection: Connection, pmids: Sequence[int]) -> set[int]:
    """Those of these that are new; none in a library in which all are, as after the first run."""
    fresh = set(select(connection, Selection(new=True, pmids=tuple(pmids)))) if pmids else set()
    return fresh if fresh and not all_new(connection) else set()


def all_new(connection: Connection) -> bool:
    """Whether every paper came with the newest runs, so that to be new says nothing."""
    return count(connection, Selection(new=True)) >= mapped.how_many(connection)


def _found(text: str) -> Marked:
    return tuple(Piece(part, hit) for part, hit in segments(text))


def _authors(names: str) -> str:
    parts = names.split("; ")
    return names.replace("; ", ", ") if len(parts) <= AUTHORS + 1 else f"{', '.join(parts[:AUTHORS])} et al."


def _source(one: Listed) -> str:
    volume = one.volume + (f"({one.issue})" if one.issue else "")
    return f"{one.journal}{f' {volume}' if volume else ''}{f':{one.pages}' if one.pages else ''}"


def _label(tags: Vocabulary, slug: str) -> str:
    return tags[slug].label if slug in tags else slug


# what the list is narrowed by


def _chips(connection: Connection, selection: Selection, tags: Vocabulary) -> Iterable[Choice]:
    params = of_selection(selection._replace(sort=""))
    nowhere = _nowhere(connection, selection)
    for facet, tops in nowhere.items():
        rest = tuple(one for one in of_selection(selection) if not (one[0] == "not" and one[1] in tops))
        yield Choice(f"no tag of {facet}", None, rest, chosen=True)
    hidden = {tag for tops in nowhere.values() for tag in tops}
    for name, value in params:
        if name == "not" and value in hidden:
            continue
        rest = tuple(one for one in of_selection(selection) if one != (name, value))
        yield Choice(_told(name, value, tags), None, rest, chosen=True)


def _told(name: str, value: str, tags: Vocabulary) -> str:
    if name in ("tag", "study"):
        return ", or ".join("no study type" if one == "none" else _label(tags, one) for one in value.split(","))
    plain = {
        "notice": _NOTICES,
        "decision": _DECISIONS,
        "new": {"1": "new in the newest runs"},
        "language": _LANGUAGES,
        "not": {value: _label(tags, value)},
        "any": {value: _label(tags, value)},
    }
    value = plain.get(name, {}).get(value, value)
    label = _CHIPS.get(name, name if name not in plain else "")
    return f"{label}: {value}" if label else value


def _tops(connection: Connection, facet: str) -> list[str]:
    return [
        tag
        for (tag,) in connection.rows(
            """SELECT tag FROM tags v WHERE facet = ? AND NOT EXISTS (
                SELECT 1 FROM tags p WHERE p.tag = v.parent AND p.facet = v.facet) ORDER BY position""",
            (facet,),
        )
    ]


def _nowhere(connection: Connection, selection: Selection) -> dict[str, list[str]]:
    """Facets of which every top tag is denied."""
    if not selection.not_tags:
        return {}
    tops = {facet: _tops(connection, facet) for facet in facets(connection)}
    return {facet: these for facet, these in tops.items() if these and set(these) <= set(selection.not_tags)}


def _heading(connection: Connection, selection: Selection, tags: Vocabulary) -> str:
    chips = [chip.label for chip in _chips(connection, selection, tags)]
    return " · ".join(chips) if chips else "All papers"


def _sorts(selection: Selection) -> Iterable[Choice]:
    usual = "" if selection.text else "-year"
    for sort, label in _SORTS:
        if sort == "" and not selection.text:
            continue
        named_so = "" if sort == usual else sort
        params = of_selection(selection._replace(sort=named_so))
        yield Choice(label, None, params, chosen=(selection.sort or usual) == (sort or usual))


# what may narrow it further


def _with(selection: Selection, name: str, value: str) -> Params:
    return (*of_selection(selection), (name, value))


def _facets(connection: Connection, selection: Selection, pmids: Sequence[int]) -> Iterable[Facet]:
    among = set(pmids)
    known = facets(connection)
    for facet in sorted(known, key=lambda one: one != "study"):
        yield _of_tags(connection, selection, among, facet)
    yield _journals(connection, selection, pmids)
    spoken = by_language(connection, pmids) if not selection.languages else []
    if len(spoken) > 1:
        yield _plain("Language", selection, "language", spoken, _LANGUAGES)
    if not selection.decision:
        yield _plain("Decision", selection, "decision", _decided(connection, pmids), _DECISIONS)
    yield _noticed(connection, selection, among)


def _folded(name: str, choices: Sequence[Choice]) -> Facet:
    choices = choices[:MOST]
    few = len(choices) <= SHOWN + 2
    return Facet(name, tuple(choices if few else choices[:SHOWN]), tuple(() if few else choices[SHOWN:]))


def _plain(name: str, selection: Selection, param: str, rows: Sequence[Counted], labels: Mapping[str, str]) -> Facet:
    choices = [
        Choice(labels.get(row.value, row.value), row.papers, _with(selection, param, row.value or "none"))
        for row in rows
    ]
    return _folded(name, choices)


def _decided(connection: Connection, pmids: Sequence[int]) -> list[Counted]:
    rows = count_by(connection, pmids, "decision")
    return rows if len(rows) > 1 else []


def _of_tags(connection: Connection, selection: Selection, among: set[int], facet: str) -> Facet:
    """Tags by how many of the papers carry them or one below, those below another under it; study types if primary."""
    param, chosen = ("study", selection.studies) if facet == "study" else ("tag", selection.tags)
    if facet == "study" and chosen:
        return Facet(named(facet).capitalize(), ())
    axis = mapped.axis(connection, facet, None if len(among) == mapped.how_many(connection) else among)
    counts = {tag: len(papers) for tag, papers in zip(axis.tags, axis.papers, strict=True)}
    labels = dict(zip(axis.tags, axis.labels, strict=True))
    below: dict[str, list[str]] = {}
    for tag, parent in zip(axis.tags, axis.parents, strict=True):
        below.setdefault(parent if parent in counts else "", []).append(tag)
    choices: list[Choice] = []

    def walk(parent: str, depth: int) -> None:
        for tag in sorted(below.get(parent, ()), key=lambda tag: -counts[tag]):
            if counts[tag]:
                if tag not in chosen:
                    choices.append(Choice(labels[tag], counts[tag], _with(selection, param, tag), depth=depth))
                walk(tag, depth + (tag not in chosen))

    walk("", 0)
    without = len(among) - len(axis.everything())
    if choices and 0 < without <= len(among) / 2:  # where most have none, the facet is not about them
        params = _with(selection, "study", "none") if facet == "study" else _nowhere_of(selection, below[""])
        choices.append(Choice("none", without, params))
    return _folded(named(facet).capitalize(), choices)


def _nowhere_of(selection: Selection, tops: Sequence[str]) -> Params:
    """The papers without any of these, and so without any below."""
    return tuple(dict.fromkeys((*of_selection(selection), *(("not", tag) for tag in tops))))


def _journals(connection: Connection, selection: Selection, pmids: Sequence[int]) -> Facet:
    if selection.journal or selection.match:
        return Facet("Journal", ())
    rows = [row for row in count_by(connection, pmids, "journal") if row.value][:JOURNALS]
    numbered = len(pmids) <= COUNTED
    choices = []
    for row in rows:
        papers = count(connection, selection._replace(journal=row.value, sort="")) if numbered else None
        choices.append(Choice(row.value, papers, _with(selection, "journal", row.value)))
    choices = [one for one in choices if one.papers != 0]  # a book is no journal, and --journal does not find it
    return _folded("Journal", choices if len(rows) > 1 else [])


def _noticed(connection: Connection, selection: Selection, among: set[int]) -> Facet:
    if selection.notice:
        return Facet("Notice", ())
    rows = []
    for name, links in HAD.items():
        had = select(connection, Selection(notice=links, retracted=name == "retraction"))
        rows.append(Counted(name, len(among.intersection(had))))
    return _plain("Notice", selection, "notice", [row for row in rows if row.papers], _NOTICES)


def _years(connection: Connection, selection: Selection, pmids: Sequence[int]) -> tuple[Year, ...]:
    return years_of((row for row in count_by(connection, pmids, "year")), selection)


def years_of(rows: Iterable[Counted], selection: Selection) -> tuple[Year, ...]:
    """A bar for every year from the first to the last, also for those without a paper."""
    known = {int(row.value): row.papers for row in rows if row.value}
    if not known:
        return ()
    return tuple(
        Year(year, known.get(year, 0), of_selection(selection._replace(years=(year, year))))
        for year in range(min(known), max(known) + 1)
    )
