"""A library → the site that shows it: each page is made when it is asked for, of one state of the library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from math import log
from pathlib import Path

from .. import __version__
from ..errors import UsageError
from ..library import mapped
from ..library.fenced import hurry, open_fenced
from ..library.grouping import count_by
from ..library.opening import Connection, open_to_read
from ..library.overview import overview
from ..library.reading import Reader
from ..library.selecting import Selection, count
from ..notices import HAD
from ..report.evidence import ALL, NOWHERE, Count, EvidenceMap
from ..report.map_page import SHADES, named
from ..web.pages import (
    Cell,
    Landing,
    Listing,
    Map,
    MapRow,
    Number,
    PaperPage,
    Params,
    Question,
    Saved,
    Site,
    Trials,
)
from .asking import of_options, read
from .browsing import chosen, listing, years_of
from .mapping import draw, map_page
from .paper_page import History, paper_page, trial_of
from .studying import some_studies

PATIENCE = 20.0
"""Seconds after which a page is given up."""
_UNSAVED = {":imports": "Records that were imported"}
"""Queries that no file saves."""
TRIALS = 40
"""Trials of one page."""


class Pages:
    """The pages of one library."""

    def __init__(self, path: Path, titles: Callable[[], dict[str, str]], history: History) -> None:
        """`titles` has those of the saved queries by name, `history` what happened to a paper, in words."""
        self._path = path
        self._titles = titles
        self._history = history

    @contextmanager
    def _look(self) -> Iterator[Connection]:
        """The library as it is now; nothing that a fetch does meanwhile is seen half."""
        with closing(open_to_read(self._path)) as connection:
            hurry(connection, PATIENCE)
            with connection.snapshot():
                yield connection

    def landing(self) -> Landing:
        """The first page."""
        with self._look() as connection:
            seen = overview(connection)
            everything = mapped.every_pmid(connection)
            drawn = draw(connection)
            years = years_of(count_by(connection, everything, "year"), Selection())
            number = _numbers(connection, drawn, seen.undecided)
            newest = ""
            if seen.run:
                what = f"{seen.new:,} new" if seen.status == "complete" else seen.status
                newest = f"Newest run: {_called(self._titles(), seen.query)}, {seen.started[:10]}, {what}."
            return Landing(number, newest, _map(drawn), years, questions(connection), self._saved(connection))

    def _saved(self, connection: Connection) -> tuple[Saved, ...]:
        held = Reader(connection).hit_counts()
        titles = self._titles()
        rows = connection.rows(
            """SELECT query, status, started FROM runs WHERE run IN (SELECT max(run) FROM runs GROUP BY query)
            ORDER BY query"""
        )
        return tuple(
            Saved(
                name,
                _called(titles, name),
                held.get(name, 0),
                f"{status}, {at[:10]}",
                (("query", name),),
            )
            for name, status, at in rows
        )

    def papers(self, params: Sequence[tuple[str, str]]) -> Listing:
        """A page of papers. Raises UsageError for what is not understood."""
        asked = read(params)
        with self._look() as connection:
            return listing(connection, asked)

    def paper(self, name: str) -> PaperPage:
        """A paper by PMID or key. Raises NotHeldError."""
        with self._look() as connection:
            return paper_page(Reader(connection), name, self._history)

    def trials(self, params: Sequence[tuple[str, str]]) -> Trials:
        """The trials behind all papers. Raises UsageError."""
        page = read(params).page
        if set(dict(params)) - {"page"}:
            raise UsageError("The page of trials takes a page and nothing else; `reftrack studies` takes more.")
        with self._look() as connection:
            first = (page - 1) * TRIALS
            found, total = some_studies(connection, mapped.every_pmid(connection), first=first, most=TRIALS)
            if first and first >= total:
                raise UsageError(f"There is no page {page}: these are {total:,} trials.")
            return Trials(
                reports=found.reports,
                total=total,
                first=first + 1 if total else 0,
                trials=tuple(trial_of(one) for one in found.studies),
                command="reftrack studies",
                earlier=_page(page - 1) if page > 1 else None,
                later=_page(page + 1) if first + TRIALS < total else None,
            )

    def map_page(self, params: Sequence[tuple[str, str]]) -> str:
        """The evidence map with its filters, of any two facets and any selection. Raises UsageError, QueryError."""
        facets = {name: value for name, value in params if name in ("rows", "columns") and value}
        asked = read(one for one in params if one[0] not in ("rows", "columns"))
        with self._look() as connection:
            return map_page(connection, asked.selection, **facets, within="/", choose=chosen)

    def questions(self) -> tuple[Question, ...]:
        """Lists that people ask for."""
        with self._look() as connection:
            return questions(connection)


def site(path: Path, *, title: str, titles: Callable[[], dict[str, str]], history: History) -> Site:
    """The site of a library. Raises LibraryError if it cannot be read."""
    pages = Pages(path, titles, history)
    return Site(
        title=title,
        version=__version__,
        connect=lambda: open_fenced(path),
        landing=pages.landing,
        papers=pages.papers,
        paper=pages.paper,
        trials=pages.trials,
        map_page=pages.map_page,
        questions=pages.questions,
    )


def _called(titles: dict[str, str], name: str) -> str:
    """What a query is called: by its file, else by its name."""
    return titles.get(name) or _UNSAVED.get(name) or name


def _page(number: int) -> Params:
    return (("page", str(number)),) if number > 1 else ()


def _numbers(connection: Connection, drawn: EvidenceMap, undecided: int) -> tuple[Number, ...]:
    total = drawn.total
    return (
        Number(total.papers, "paper", "/papers"),
        Number(total.trials, "trial", "/trials"),
        Number(total.new, "new in the newest runs", "/papers", (("new", "1"),)),
        Number(undecided, "undecided", "/papers", (("decision", "none"),)),
        Number(
            count(connection, Selection(notice=HAD["retraction"], retracted=True)),
            "retracted",
            "/papers",
            (("notice", "retraction"),),
            grave=True,
        ),
    )


def questions(connection: Connection) -> tuple[Question, ...]:
    """Lists that people ask for, each with how many papers it has; those of tags the rules do not have are left out."""
    known = {tag for (tag,) in connection.rows("SELECT tag FROM tags")}
    outcomes = tuple(
        tag
        for (tag,) in connection.rows("SELECT tag FROM tags WHERE facet = 'outcome' AND parent = '' ORDER BY position")
    )
    asked: list[tuple[str, str, Params, str]] = [
        ("What is new?", "Papers that came with the newest complete run of each query.", (("new", "1"),), ""),
        (
            "Which held papers are retracted?",
            "By a link to the retraction or by their publication type. They must not be cited as evidence.",
            (("notice", "retraction"),),
            "",
        ),
        (
            "Which have an erratum?",
            "The published text was corrected: read the correction with it.",
            (("notice", "erratum"),),
            "",
        ),
        (
            "What has nobody decided on?",
            "Papers without a decision, or on which the readers do not agree.",
            (("decision", "none"),),
            "",
        ),
        ("Which are randomized trials?", "Papers filed under this study type.", (("study", "rct"),), "rct"),
        (
            "Which are meta-analyses?",
            "Papers filed under this study type.",
            (("study", "meta-analysis"),),
            "meta-analysis",
        ),
        (
            "Of which is the kind of study not known?",
            "No rule finds a study type: to be read, or tagged by hand.",
            (("study", "none"),),
            "",
        ),
    ]
    if outcomes:
        asked.append(
            (
                "Which report no outcome?",
                "No outcome tag: abstracts that say too little, or an outcome that the rules do not know.",
                tuple(("not", tag) for tag in outcomes),
                "",
            )
        )
    return tuple(
        Question(title, told, "/papers", params, count(connection, read(params).selection))
        for title, told, params, needs in asked
        if not needs or needs in known
    )


# the map on the first page


def _map(drawn: EvidenceMap) -> Map:
    rows = [line for line in drawn.rows if line.count.papers]
    columns = [line for line in drawn.columns if line.count.papers]
    most = max((drawn.at(row.tag, column.tag).papers for row in rows for column in columns), default=0)
    named_columns = [(column.tag, column.label) for column in columns]
    if drawn.at_column(NOWHERE).papers:
        named_columns.append((NOWHERE, "none"))

    tells_new = drawn.total.new < drawn.total.papers  # after a first run all are

    def cell(row: str, column: str, count: Count) -> Cell:
        count = count if tells_new else count._replace(new=0)
        inside = ALL not in (row, column) and NOWHERE not in (row, column)
        shade = 1 + min(SHADES - 1, int(log(count.papers) / log(most) * SHADES)) if count.papers and most > 1 else 1
        parts = [_plural(count.papers, "paper"), _plural(count.trials, "trial")]
        parts += [f"{count.new:,} new"] * bool(count.new) + [f"{count.retracted:,} retracted"] * bool(count.retracted)
        return Cell(
            count.papers,
            count.new,
            count.retracted,
            shade if inside and count.papers else 0,
            ", ".join(parts) if count.papers else "no paper",
            of_options(drawn.options(row, column)),
        )

    lines = [(row.tag, row.label, row.depth) for row in rows]
    if drawn.at_row(NOWHERE).papers:
        lines.append((NOWHERE, "none", 0))
    return Map(
        rows_name=named(drawn.row_facet),
        columns_name=named(drawn.column_facet),
        columns=tuple(label for _, label in named_columns),
        rows=tuple(
            MapRow(
                label,
                depth,
                tuple(cell(tag, column, drawn.at(tag, column)) for column, _ in named_columns),
                cell(tag, ALL, drawn.at_row(tag)),
            )
            for tag, label, depth in lines
        ),
        totals=tuple(cell(ALL, column, drawn.at_column(column)) for column, _ in named_columns),
        total=cell(ALL, ALL, drawn.total),
        gaps=sum(not drawn.at(row.tag, column.tag).papers for row in rows for column in columns),
    )


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
