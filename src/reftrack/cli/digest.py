"""`reftrack digest`: what changed in the library, on the terminal, as Markdown, a page, JSON or a feed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from ..library.selecting import LONGEST_PMID, Selection
from . import guidance, options
from .output import is_stdout, write
from .pager import paged
from .screen import clean, note, on_terminal
from .settings import Desk
from .shorthand import Selecting

if TYPE_CHECKING:
    from ..library.reading import Reader
    from ..model import Run
    from ..report.digest import Digest

FORMATS = ("md", "html", "json", "atom")
_ENDINGS = {".md": "md", ".markdown": "md", ".html": "html", ".htm": "html", ".json": "json", ".atom": "atom"}
MOST = 50
"""Papers a section shows where a person reads."""
PARTIAL, NEWS, RETRACTED = 4, 10, 11

_NOT_TOLD = ("other_abstracts", "mesh", "keywords", "substances", "grants", "accessions", "references")
"""What a digest tells nothing of, though it reads thousands of papers."""

_STYLES = {
    "heading": "bold",
    "bad": "bold red",
    "notice": "bold magenta",
    "good": "bold green",
    "section": "bold",
    "short": "bold magenta",
    "title": "bold",
    "bad title": "bold red",
    "why": "magenta",
    "dim": "dim",
}


@click.command(cls=Selecting)
@partial(options.selection, since=False)
@click.option(
    "--since",
    metavar="WHEN",
    help="last (newest complete run of each query), 2w, 3d, 2026-01-31, or a run number.  [default: last]",
)
@click.option("--run", "only", type=options.Number(1, options.LARGEST), metavar="N", help="Exactly this run.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="[default: by the file's ending; else text on a terminal, md in a pipe]",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Into this file, which is replaced only when all is written.",
)
@click.option("--exit-code", "news_code", is_flag=True, help="Exit 10 if there is news, 11 for a retraction.")
@click.option("--no-pager", is_flag=True, help="A long digest just runs past.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    since: str | None,
    only: int | None,
    form: str | None,
    output: Path | None,
    news_code: bool,
    no_pager: bool,
    **chosen: Any,
) -> None:
    """Say what changed: papers retracted, new, found late, indexed, changed, left or deleted, and which runs fell
    short.

    The worst news stands first, each paper once in a section. --query chooses runs; the other selection options
    choose papers (see `list`). --limit holds for each section; without it a section shows 50, and JSON has all.

    \b
    Examples:
      reftrack digest
      reftrack digest --since 2w --tag rct
      reftrack digest --since 2026-01-31 -o news.html
      reftrack digest --run 2 --format json
      reftrack digest --format atom -o news.atom
      reftrack digest --exit-code > news.md || echo "there is news"
    """
    desk: Desk = ctx.obj
    if only is not None and since is not None:
        raise UsageError("--since and --run exclude each other: --run N is exactly that run, --since N it and later.")
    selection = options.read_selection(**chosen)
    form = form or (_ENDINGS.get(output.suffix.lower(), "md") if output and not is_stdout(output) else "")
    digest = _digest(desk, selection, since or "last", only, form or "md")
    if not form and is_stdout(output) and on_terminal():
        with paged(desk, wanted=not no_pager):
            _draw(digest)
    else:
        write(output, [_writer(form or "md")(digest)])
    if output is not None and not is_stdout(output):
        note(f"The digest is in {output}.", quiet=desk.quiet)
    if not digest.news and digest.period != "yet":
        guidance.tell_empty(desk)
    options.tell_not_held(desk, selection)
    if news_code and digest.news:
        ctx.exit(RETRACTED if digest.retraction else NEWS)
    if news_code and any(problem.kind != "running" for problem in digest.fell_short):
        ctx.exit(PARTIAL)


def _digest(desk: Desk, selection: Selection, since: str, only: int | None, form: str) -> Digest:
    from .. import __version__
    from ..report import atom
    from ..report.digest import compose

    most = {"json": None, "atom": atom.MOST}.get(form, MOST)
    if selection.limit is not None:
        most = selection.limit
    reader = desk.reader()
    if reader is None:
        return compose([], held=lambda _: (), wanted=(), period="yet", asked=since, version=__version__)
    with reader, reader.connection.snapshot():  # one state of the library, whatever a fetch commits meanwhile
        if selection.query:
            options.check_query(desk, reader.connection, selection.query)
        runs = _runs(reader, since, only, selection.query, live=desk.saved)
        filters = selection._replace(query="", limit=None)
        return compose(
            runs,
            held=partial(reader.held, without=_NOT_TOLD),
            wanted=_wanted(desk, reader, runs, filters),
            chosen=filters._replace(sort="") != Selection(),
            completed=_completed(reader, runs),
            most=most,
            newest_first=form == "atom",
            period=_period(since, only, runs),
            asked=f"run {only}" if only is not None else since,
            since=runs[0].started if runs else "",
            held_of_found=_held_of_found(reader, runs),
            version=__version__,
            library=_library_name(reader),
            retold=reader.tag_changes_told,
            decided=reader.hand_tags,
            studies={entry.slug for entry in reader.vocabulary() if entry.facet == "study"},
        )


def _wanted(desk: Desk, reader: Reader, runs: Sequence[Run], filters: Selection) -> list[int]:
    """Of the papers that these runs tell of those that are chosen, in order; the library may hold a million others."""
    from ..library.ledger import BUCKETS

    told = {pmid for run in runs for bucket in BUCKETS for pmid in getattr(run, bucket)}
    if filters.pmids:
        told &= set(filters.pmids)
    told_of = filters._replace(pmids=tuple(sorted(told)) or (0,))  # no paper is PMID 0
    return options.chosen(desk, reader.connection, told_of)


def _runs(reader: Reader, since: str, only: int | None, query: str, *, live: frozenset[str]) -> list[Run]:
    """The lines of the ledger that are asked for, ascending. Raises UsageError for a run that is not there."""
    plain = since.strip().lower()
    if only is not None:
        numbers = [only]
    elif plain == "last":
        numbers = reader.newest_runs(live)  # a query that is no longer saved has no news
    elif _is_number(plain):
        numbers = reader.runs_from(run=int(plain))
    else:
        numbers = reader.runs_from(moment=options.moment(since))
    runs = [run for number in numbers for run in reader.runs(query, run=number)]
    if not runs and (only is not None or (_is_number(plain) and not numbers)):
        whose = f" of the query {query}" if query else ""
        newest = next((f"; the newest is {run.run}" for run in reader.runs(query)), "")
        raise UsageError(f"There is no run {only or plain}{whose}{newest}; `reftrack runs` shows which there are.")
    return runs


def _is_number(plain: str) -> bool:
    return plain.isascii() and plain.isdigit() and len(plain) <= LONGEST_PMID


def _period(since: str, only: int | None, runs: Sequence[Run]) -> str:
    """For a sentence: "since 2026-11-18 (run 5)"."""
    first = runs[0] if runs else None
    if only is not None and first:
        return f"in run {only} ({first.started[:10]})"
    plain = since.strip().lower()
    if plain == "last" or _is_number(plain):
        return f"since {first.started[:10]} (run {first.run})" if first else "yet"
    return f"since {options.moment(since)[:10]}"


def _held_of_found(reader: Reader, runs: Sequence[Run]) -> int:
    """How many held papers the queries found, each counted once; a single query's run knows it itself."""
    from ..report.digest import newest_looks

    newest = newest_looks(runs)
    if len(newest) == 1:
        return newest[0].received
    return reader.found_together({run.query: run.run for run in newest})


def _completed(reader: Reader, runs: Sequence[Run]) -> dict[str, int]:
    short = {run.query for run in runs if run.status != "complete" or run.missing}
    last = {query: reader.last_complete(query) for query in short}
    return {query: run.run for query, run in last.items() if run}


def _library_name(reader: Reader) -> str:
    """Of the library's first run, which stays the first: two libraries' feeds must not share their ids."""
    from hashlib import sha256

    first = next(reader.runs(run=1), None)
    return sha256(f"{first.started}\n{first.query}\n{first.term}".encode()).hexdigest()[:12] if first else ""


def _writer(form: str) -> Callable[[Digest], str]:
    from importlib import import_module

    module = import_module(f"reftrack.report.{'markdown' if form == 'md' else form}")
    write_text: Callable[[Digest], str] = module.text
    return write_text


def _draw(digest: Digest) -> None:
    """The digest on a terminal."""
    from ..report import plain
    from .screen import beside

    for line in plain.lines(digest):
        beside("", clean(line.text), width=0, indent=line.indent, styles=("", _STYLES.get(line.kind, "")))
