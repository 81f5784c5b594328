"""A selection → the evidence map: what stands in which row and column, as numbers, as a page and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

from ..errors import UsageError
from ..library import mapped
from ..library.grouping import facets
from ..library.opening import Connection
from ..library.selecting import Selection, select
from ..library.trials import every_report, trials_of
from ..notices import HAD
from ..report.evidence import ALL, NOWHERE, Count, EvidenceMap, Line, shape

ROWS, COLUMNS = "outcome", "study"
"""What a map has if nothing else is asked for."""


def draw(
    connection: Connection,
    selection: Selection | None = None,
    *,
    rows: str = ROWS,
    columns: str = COLUMNS,
    counted: str = "papers",
    since: str = "",
    since_told: str = "",
    choose: Callable[[Connection, Selection], list[int]] = select,
) -> EvidenceMap:
    """The map of a selection. Raises UsageError for a facet that is not there, or a limit.

    `since` is a moment (ISO 8601, UTC) after which a paper counts as new; "" means new in the newest complete run of
    its query. `choose` finds the papers of the selection, for who must also judge a query.
    """
    return Sheet(connection, selection or Selection(), rows, columns, since, choose).evidence(counted, since_told)


def map_json(connection: Connection, selection: Selection | None = None, **asked: Any) -> dict[str, object]:
    """The map as `map --json` prints it; takes what `draw` does."""
    with connection.snapshot():
        return shape(draw(connection, selection, **asked))


def map_page(connection: Connection, selection: Selection | None = None, **asked: Any) -> str:
    """The map as one HTML page that needs nothing else; takes what `draw` does.

    Within a site, `within` is the address of its first page: a paper then leads to its page there.
    """
    from ..report import map_page as page
    from .map_papers import papers_of

    with connection.snapshot():
        counted, told = asked.pop("counted", "papers"), asked.pop("since_told", "")
        within = asked.pop("within", "")
        sheet = Sheet(
            connection,
            selection or Selection(),
            asked.pop("rows", ROWS),
            asked.pop("columns", COLUMNS),
            asked.pop("since", ""),
            asked.pop("choose", select),
        )
        evidence = sheet.evidence(counted, told)
        return page.text(evidence, papers_of(connection, sheet, evidence), within=within)


class Sheet:
    """The sets of papers behind a map."""

    def __init__(
        self,
        connection: Connection,
        selection: Selection,
        rows: str,
        columns: str,
        since: str,
        choose: Callable[[Connection, Selection], list[int]],
    ) -> None:
        if selection.limit is not None:
            raise UsageError("A map counts all papers of a selection, so --limit means nothing to it; leave it out.")
        self.connection = connection
        self.selection = selection
        self.since = since
        row_facet, column_facet = _facet(connection, "--rows", rows), _facet(connection, "--columns", columns)
        if row_facet == column_facet:
            raise UsageError(f"--rows and --columns are both {row_facet}; a map needs two facets.")
        among = None if selection._replace(sort="") == Selection() else set(choose(connection, selection))
        self.among = among
        self.rows = mapped.axis(connection, row_facet, among)
        self.columns = mapped.axis(connection, column_facet, among)
        self.in_rows, self.in_columns = self.rows.everything(), self.columns.everything()
        self.placed = self.in_rows | self.in_columns
        self.total = mapped.how_many(connection) if among is None else len(among)
        self.new = set(select(connection, Selection(since=since) if since else Selection(new=True)))
        self.retracted = mapped.retracted(connection)
        if among is not None:
            self.new &= among
            self.retracted &= among
        self.trials = every_report(connection).trial if among is None else trials_of(connection, sorted(among))

    def count(self, pmids: set[int]) -> Count:
        """How much these papers are."""
        trials = {self.trials[pmid] for pmid in pmids & self.trials.keys()}
        return Count(len(pmids), len(trials), len(pmids & self.new), len(pmids & self.retracted))

    def evidence(self, counted: str, since_told: str) -> EvidenceMap:
        """The map."""
        rows, columns = self.rows, self.columns
        cells: dict[tuple[str, str], Count] = {}
        with_nowhere = (
            [*zip(rows.tags, rows.papers, strict=True), (NOWHERE, self.placed - self.in_rows)],
            [*zip(columns.tags, columns.papers, strict=True), (NOWHERE, self.placed - self.in_columns)],
        )
        for row, in_row in with_nowhere[0]:
            cells[row, ALL] = self.count(in_row)
            for column, in_column in with_nowhere[1] if in_row else ():
                if here := in_row & in_column:
                    cells[row, column] = self.count(here)
        for column, in_column in with_nowhere[1]:
            cells[ALL, column] = self.count(in_column)
        total = Count(self.total, len(set(self.trials.values())), len(self.new), len(self.retracted))
        self._add_those_nowhere(cells)
        base, text = spoken(self.selection)
        return EvidenceMap(
            rows.facet,
            columns.facet,
            _lines(rows, [cells[tag, ALL] for tag in rows.tags]),
            _lines(columns, [cells[ALL, tag] for tag in columns.tags]),
            {place: count for place, count in cells.items() if count.papers},
            total,
            base,
            text,
            ("--since", self.since) if self.since else ("--new",),
            since_told or (f"since {self.since}" if self.since else "in the newest complete run"),
            mapped.by_year(self.connection, self.among),
            counted,
            _version(),
        )

    def _add_those_nowhere(self, cells: dict[tuple[str, str], Count]) -> None:
        """Papers that stand neither in a row nor in a column are in no set: there may be a million."""
        rest = Count(
            self.total - len(self.placed),
            len({self.trials[pmid] for pmid in self.trials.keys() - self.placed}),
            len(self.new - self.placed),
            len(self.retracted - self.placed),
        )
        cells[NOWHERE, NOWHERE] = rest
        for place, there in (((NOWHERE, ALL), self.in_rows), ((ALL, NOWHERE), self.in_columns)):
            summed = Count(*(one + other for one, other in zip(cells[place], rest, strict=True)))
            # One trial may have reports in the map and in the rest.
            trials = {trial for pmid, trial in self.trials.items() if pmid not in there}
            cells[place] = summed._replace(trials=len(trials))


def _lines(axis: mapped.Axis, counts: Sequence[Count]) -> tuple[Line, ...]:
    parts = zip(axis.tags, axis.labels, axis.parents, axis.depths, counts, strict=True)
    return tuple(Line(*part) for part in parts)


def _facet(connection: Connection, option: str, name: str) -> str:
    known = facets(connection)
    plain = name.strip().lower().rstrip("/")
    if plain in known:
        return plain
    other = connection.value("SELECT tag FROM tag_aliases WHERE alias = ?", (f"{plain}/",))
    if other:
        return str(other).rstrip("/")
    close = get_close_matches(plain, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there is {', '.join(known) or 'none yet'}."
    raise UsageError(f"{option} {name!r} is no facet of tags; {hint}")


def spoken(selection: Selection) -> tuple[tuple[str, ...], str]:
    """A selection as the options of `list`, and its words to search for."""
    words: list[str] = []
    for option, values in (
        ("--tag", selection.tags),
        ("--any-tag", selection.any_tags),
        ("--not-tag", selection.not_tags),
        ("--study", selection.studies),
        ("--language", selection.languages),
        ("--pmid", selection.pmids),
    ):
        for value in values:
            words += [option, str(value)]
    for name in ("query", "match", "author", "journal", "since", "decision"):
        if value := getattr(selection, name):
            words += [f"--{name}", str(value)]
    if selection.years:
        words += ["--year", _years(*selection.years)]
    words += [f"--notice={name}" for name, kinds in HAD.items() if selection.notice == kinds]
    words += ["--new"] * selection.new + ["--fts-raw"] * selection.fts_raw
    return tuple(words), selection.text


def _years(first: int | None, last: int | None) -> str:
    begin, end = ("" if year is None else f"{year:04}" for year in (first, last))  # `list` takes four digits
    return begin if first == last else f"{begin}..{end}"


def _version() -> str:
    from .. import __version__

    return __version__
