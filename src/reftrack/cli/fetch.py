"""`reftrack fetch`: the saved queries are run, and the library is brought up to what they find."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from ..errors import EutilsError, LibraryError, QueryError, RecordError, ReftrackError, UsageError
from . import INTERRUPTED, STOPPED, asking, options, summary
from .edited import tell_stale
from .guidance import no_query, tell_empty
from .progress import Watch, watching
from .screen import clean, json_text, matched_words, note, on_terminal, plural
from .settings import Desk, expanded

if TYPE_CHECKING:
    from ..eutils import Eutils
    from ..library.writing import Library
    from ..model import HeldPaper, Query, Run
    from ..tagging import RuleSet
    from ..workflow.offline import Source

PUBMED, SAMPLE = "pubmed", "sample"
PARTIAL, REFUSED, NEWS, RETRACTED = 4, 6, 10, 11
LONGEST_WAIT = 3600
"""Seconds to wait for another fetch of the same library."""


@dataclass(slots=True)
class _Outcome:
    """What happened to all the queries together."""

    runs: list[Run] = field(default_factory=list)
    failures: list[ReftrackError] = field(default_factory=list)
    stopped: bool = False
    papers: dict[int, HeldPaper] = field(default_factory=dict)
    """Those that the summary names."""


@click.command()
@click.argument("names", nargs=-1, metavar="[QUERY]...")
@click.option(
    "--from",
    "sources",
    multiple=True,
    metavar="SOURCE",
    help="pubmed (default), sample, or PubMed XML files or folders; repeat.",
)
@click.option("--full", is_flag=True, help="Fetch the records that are held, too.")
@click.option("--dry-run", is_flag=True, help="Say what would be fetched; store nothing.")
@click.option("--max", "limit", type=click.IntRange(min=1), metavar="N", help="Allow up to N papers a query.")
@click.option("--strict", is_flag=True, help="Exit 6 if PubMed warned about a query.")
@click.option("--exit-code", "news_code", is_flag=True, help="Exit 10 if there is news, 11 for a retraction.")
@click.option("--no-wait", is_flag=True, help="Exit 5 if another fetch of this library is running.")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    *,
    names: tuple[str, ...],
    sources: tuple[str, ...],
    full: bool,
    dry_run: bool,
    limit: int | None,
    strict: bool,
    news_code: bool,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Run saved queries, all of them or those named, and store and tag what they find.

    Everything the query finds is asked for, only records that are not held are fetched; then what imports left without
    a paper. A run that ends early keeps what came; the same command goes on. While another process fetches into the
    same library, this one waits for it, for an hour at most.

    \b
    Examples:
      reftrack fetch
      reftrack fetch tbi
      reftrack fetch --from sample
      reftrack fetch --from ~/pubmed/pubmed21n1298.xml.gz
    """
    from ..workflow.importing import match_waiting

    desk: Desk = ctx.obj
    online, files = _sources(sources)
    queries = _queries(desk, names)
    rules = desk.rules()
    if dry_run:
        planned, failed = _plan(desk, queries, online=online, files=files, full=full, limit=limit)
        _report_plan(planned, as_json=as_json)
        if failed:
            ctx.exit(failed)
        refused = any(would["refused"] or (strict and would["warnings"]) for would in planned)
        ctx.exit(REFUSED if refused else 0)
    outcome, matched = _Outcome(), 0
    waiting = desk.fetching(wait=0 if no_wait else LONGEST_WAIT)
    with _stopped_politely(), waiting, desk.library(create=True) as library:
        library.set_vocabulary(rules.definitions, rules.facet_names)
        before = _contradicted(library)
        try:
            if files:
                _offline(desk, queries, files, library, rules, outcome, limit)
            if online:
                _online(desk, queries, library, rules, outcome, full=full, limit=limit)
            matched = match_waiting(library)
        except (KeyboardInterrupt, LibraryError) as error:
            # What was told before must be said now: the next run will not tell it again.
            outcome.runs = _closed(library)
            if not outcome.runs:
                raise
            outcome.stopped = isinstance(error, KeyboardInterrupt)
            outcome.failures += [error] if isinstance(error, LibraryError) else []
        else:
            outcome.runs = [next(library.runs(run=number)) for number in library.begun]
        stale, against = library.stale(rules.hash), len(_contradicted(library) - before)
        outcome.papers = {} if as_json else summary.named_papers(library, outcome.runs)
    _report(desk, outcome, as_json=as_json)
    if outcome.stopped:
        note(STOPPED)
    tell_stale(stale, quiet=desk.quiet)
    _tell_by_the_way(against, matched, quiet=desk.quiet)
    if outcome.runs and not any(run.count or run.status != "complete" for run in outcome.runs):
        tell_empty(desk)
    ctx.exit(_status(outcome, strict=strict, news_code=news_code))


def _tell_by_the_way(against: int, matched: int, *, quiet: bool) -> None:
    """So many decisions by hand that what came contradicts, and entries of imports whose paper came."""
    if matched:
        note(f"Of earlier imports {matched_words(matched)}.", quiet=quiet)
    if against:
        stand = "stands" if against == 1 else "stand"
        note(
            f"What came contradicts {plural(against, 'decision')} by hand, which {stand}; `reftrack tag conflicts`.",
            quiet=quiet,
        )


def _contradicted(library: Library) -> set[tuple[int, str]]:
    """Decisions by hand, as PMID and tag, from which the rules differ."""
    return {(one.decision.pmid, one.decision.slug) for one in library.decided() if not one.agrees}


def _closed(library: Library) -> list[Run]:
    """The runs of this command that told what they saw before it was stopped."""
    runs = [next(library.runs(run=number)) for number in library.begun]
    return [run for run in runs if run.status in ("complete", "partial")]


@contextmanager
def _stopped_politely() -> Iterator[None]:
    """A `kill`, as a timer or a shutdown sends it, ends a fetch as Ctrl-C does: the ledger says so."""

    def stop(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _queries(desk: Desk, names: Sequence[str]) -> list[Query]:
    from .. import queries

    if names:
        return [queries.named(desk.queries, name) for name in dict.fromkeys(names)]
    saved = list(queries.load(desk.queries).values())
    if not saved and not _waits(desk):
        raise UsageError(f"There is no saved query in {desk.queries}: {no_query()}")
    return saved


def _waits(desk: Desk) -> bool:
    """Whether an import left something to ask for."""
    reader = desk.reader()
    if reader is None:
        return False
    with reader:
        return next(reader.unmatched(), None) is not None


def _sources(names: Sequence[str]) -> tuple[bool, list[Source]]:
    """Whether PubMed is asked, and the files and the sample that are read."""
    from .. import files, sample
    from ..workflow.offline import Source

    names = names or (PUBMED,)
    found: list[Source] = []
    for name in dict.fromkeys(names):
        if name == SAMPLE:
            found.append(Source(sample.NAME, lambda: ((piece, 0) for piece in sample.chunks())))
        elif name != PUBMED:
            found.extend(
                Source(path.name, lambda path=path: files.chunks(path), path.stat().st_size)  # type: ignore[misc]
                for path in files.find([expanded(name)])
            )
    return PUBMED in names, found


def _offline(
    desk: Desk,
    queries: Sequence[Query],
    sources: Sequence[Source],
    library: Library,
    rules: RuleSet,
    outcome: _Outcome,
    limit: int | None,
) -> None:
    from .. import __version__
    from ..workflow.offline import pull_files

    with watching(desk, "bytes") as watch:
        try:
            pulled = pull_files(
                queries,
                sources,
                library,
                rules,
                version=__version__,
                limit=limit,
                live=desk.saved,
                watch=watch,
            )
        except RecordError as error:  # the ledger has it; what is printed for programs must still be whole
            outcome.failures.append(error)
        else:
            outcome.failures += pulled.refused


def _online(
    desk: Desk,
    queries: Sequence[Query],
    library: Library,
    rules: RuleSet,
    outcome: _Outcome,
    *,
    full: bool,
    limit: int | None,
) -> None:
    from .. import __version__
    from ..workflow.online import pull

    live = desk.saved
    with asking.eutils(desk) as eutils, watching(desk, "records", lambda: f"{eutils.requests_sent} requests") as watch:
        for number, query in enumerate(queries):
            try:
                pull(
                    query,
                    eutils,
                    library,
                    rules,
                    version=__version__,
                    limit=limit or query.max_hits,
                    full=full,
                    live=live,
                    watch=watch,
                )
            except QueryError as error:  # this query only; the others may be well
                outcome.failures.append(error)
            except (EutilsError, UsageError) as error:  # the others would only get the same answer
                untried = queries[number + 1 :]
                outcome.failures.append(error)
                for each in untried:  # the ledger says of every query that was to be run what became of it
                    run = library.begin(each.name, term=each.term, source=PUBMED, version=__version__)
                    library.finish(run, status="failed", received=0, requests=0, problem=f"not tried: {error}")
                if untried:
                    note(f"Not tried after that: {', '.join(each.name for each in untried)}.")
                return
        _complete(library, eutils, rules, outcome, watch)


def _complete(library: Library, eutils: Eutils, rules: RuleSet, outcome: _Outcome, watch: Watch) -> None:
    """What imports left without a paper is asked for, too."""
    from .. import __version__
    from ..workflow.completing import complete_imports, due

    if waiting := due(library, now=library.now()):
        try:
            complete_imports(waiting, eutils, library, rules, version=__version__, watch=watch)
        except (EutilsError, UsageError) as error:
            outcome.failures.append(error)


def _plan(
    desk: Desk,
    queries: Sequence[Query],
    *,
    online: bool,
    files: Sequence[Source],
    full: bool,
    limit: int | None,
) -> tuple[list[dict[str, Any]], int]:
    """What a run would do, a line a query and source, as --json shows it; and the exit status if PubMed failed."""
    from ..library.imported import IMPORTS
    from ..library.writing import utc_now
    from ..workflow.completing import due
    from ..workflow.offline import plan_files
    from ..workflow.surveying import survey

    library = desk.reader()
    planned: list[dict[str, Any]] = []
    try:
        if files:
            with watching(desk, "bytes") as watch:
                for name, found, unseen, refused in plan_files(queries, files, library, limit=limit, watch=watch):
                    planned.append(_would(name, found, unseen, (), refused))
        if online:
            with asking.eutils(desk) as eutils:
                for query in queries:
                    try:
                        most = limit or query.max_hits
                        would = survey(query, eutils, library, limit=most, now=utc_now(), full=full)
                    except (EutilsError, QueryError, UsageError) as error:
                        planned.append(_would(query.name, 0, 0, (), error))
                        if not isinstance(error, QueryError):  # the others would only get the same answer
                            return planned, error.exit_status
                    else:
                        planned.append(_would(query.name, would.found.count, len(would.wanted), would.warnings, None))
            if library and (waiting := due(library, now=utc_now())):
                planned.append(_would(IMPORTS, len(waiting), len(waiting), (), None))
    finally:
        if library is not None:
            library.close()
    return planned, 0


def _would(name: str, count: int, fetch: int, warnings: Sequence[str], refused: ReftrackError | None) -> dict[str, Any]:
    told = str(refused) if refused else ""
    return {"query": name, "count": count, "fetch": fetch, "warnings": list(warnings), "refused": told}


def _report_plan(planned: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    for would in planned:
        for warning in would["warnings"]:
            note(f"{would['query']}: {clean(warning)}")
        if would["refused"]:
            note(f"reftrack: {would['refused']}")
    if as_json:
        click.echo(json_text({"plan": planned}))
        return
    for would in planned:
        if not would["refused"]:
            click.echo(f"{would['query']}: finds {plural(would['count'], 'paper')}, would fetch {would['fetch']:,}.")


def _report(desk: Desk, outcome: _Outcome, *, as_json: bool) -> None:
    _tell_trouble(desk, outcome)
    if as_json:
        from . import shapes

        click.echo(json_text({"runs": [shapes.run(run) for run in outcome.runs]}))
        return
    summary.tell(outcome.runs, outcome.papers)
    if outcome.runs and on_terminal():
        note("Next: reftrack list --new, reftrack tag list, reftrack export -o papers.bib", quiet=desk.quiet)


def _tell_trouble(desk: Desk, outcome: _Outcome) -> None:
    told: dict[tuple[str, bool], list[str]] = {}
    for run in outcome.runs:
        for warning in run.warnings:
            told.setdefault((warning, run.source == PUBMED), []).append(run.query)
    for (warning, by_pubmed), names in told.items():
        note(f"{', '.join(names)}: {clean(warning)}", quiet=desk.quiet and not by_pubmed)
    for run in outcome.runs:
        if run.problem and run.status != "failed":
            then = "run the same command again" if run.source == PUBMED else "see what is wrong with the file"
            note(f"{run.query}: not complete: {clean(run.problem)}. What came is stored; {then}.")
    for error in outcome.failures:
        note(f"reftrack: {error}")


def _status(outcome: _Outcome, *, strict: bool, news_code: bool) -> int:
    """What went wrong first, then what is asked for; the numbers are the contract of cli.md.

    A retraction comes before everything: it is told once, and whoever asked for the code must not miss it.
    """
    if news_code and any(run.retracted for run in outcome.runs):
        return RETRACTED
    if outcome.stopped:
        return INTERRUPTED
    serious = [error for error in outcome.failures if not isinstance(error, QueryError)]
    stored = any(run.status in ("complete", "partial") for run in outcome.runs)
    if serious and not (stored and isinstance(serious[0], EutilsError)):
        return serious[0].exit_status
    if serious or any(run.status == "partial" for run in outcome.runs):
        return PARTIAL
    # What a file cannot answer as PubMed would is no fault of the query: only PubMed's own warnings count.
    if outcome.failures or (strict and any(run.warnings for run in outcome.runs if run.source == PUBMED)):
        return REFUSED
    news = any(run.new or run.late or run.changed or run.notice or run.left or run.deleted for run in outcome.runs)
    gap = any(set(run.missing) - set(run.deleted) for run in outcome.runs)  # one of PubMed's own
    return NEWS if news_code and news else PARTIAL if gap else 0
