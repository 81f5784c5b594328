"""`reftrack doctor`: is everything as it should be? Findings end with status 1."""

from __future__ import annotations

from collections.abc import Iterator

import click

from ..errors import LibraryError, ReftrackError
from .screen import clean, plural
from .settings import Desk

FINDINGS = 1


@click.command()
@click.option("--fix", is_flag=True, help="Mend what can be mended without the network.")
@click.pass_context
def command(ctx: click.Context, *, fix: bool) -> None:
    """Check settings, saved queries, rules and the library, when something looks odd; the network is not touched.

    Every line says ok or !!; a finding ends with status 1.

    \b
    Examples:
      reftrack doctor
      reftrack doctor --fix
    """
    desk: Desk = ctx.obj
    findings = 0
    for name, check in _CHECKS.items():
        try:
            results = list(check(desk, fix))
        except ReftrackError as error:
            results = [(False, str(error))]
        for good, sentence in results:
            findings += not good
            click.echo(f"{'ok' if good else '!!'}  {name}: {clean(sentence)}")
    if findings:
        click.echo(f"{plural(findings, 'finding')}.")
        ctx.exit(FINDINGS)


Finding = tuple[bool, str]


def _settings(desk: Desk, _fix: bool) -> Iterator[Finding]:
    yield desk.root is not None, f"workspace {desk.root}" if desk.root else "no workspace here; `reftrack init`"
    yield True, f"e-mail for NCBI {'set' if desk.email else 'not set (NCBI_EMAIL)'}"
    yield True, f"NCBI key {'set: 10 requests a second' if desk.api_key else 'not set: 3 requests a second'}"


def _queries(desk: Desk, _fix: bool) -> Iterator[Finding]:
    from .. import queries
    from ..matching import compile_term

    for name, query in queries.load(desk.queries).items():
        try:
            compile_term(query.term)
        except ReftrackError as error:
            yield False, f"{name}: {error}"
        else:
            yield True, f"{name}: {query.title}"


def _rules(desk: Desk, _fix: bool) -> Iterator[Finding]:
    from .. import tagging

    rules = desk.rules()
    problems = tagging.lint(rules)
    yield from ((False, problem) for problem in problems)
    if not problems:
        yield True, f"{plural(len(rules.definitions), 'tag')}, their examples hold"


def _library(desk: Desk, fix: bool) -> Iterator[Finding]:
    if desk.first_day():
        yield True, "empty: `reftrack fetch` fills it"
        return
    from ..library.counting import stats

    if fix:
        yield from _mend(desk)
    reader = desk.reader()
    assert reader is not None
    with reader:
        counts = reader.counts()
        problems = reader.problems()
        stale = reader.stale(desk.rules().hash)
        shared = reader.shared_dois()
        awaiting = stats(reader.connection).awaiting_indexing
    yield from ((False, problem) for problem in problems)
    if stale:
        yield False, f"{plural(stale, 'paper')} tagged by other rules; `reftrack retag` applies these"
    if awaiting:
        yield True, f"{plural(awaiting, 'paper')} not indexed by NLM yet: tags that rest on the text are provisional"
    for doi, pmids in shared.items():  # nothing to mend: a preprint and its article, or PubMed has it twice
        yield True, f"one DOI, several papers, kept apart: PMID {', '.join(map(str, pmids))} ({doi})"
    if not counts["papers"]:
        yield True, "it holds no papers: `reftrack fetch` fills it"
    if not problems:
        yield True, f"{plural(counts['papers'], 'paper')}, {plural(counts['runs'], 'run')}, {desk.db}"


def _mend(desk: Desk) -> Iterator[Finding]:
    from ..workflow.deriving import give_missing_keys
    from ..workflow.retagging import retag

    reader = desk.reader()  # not to write: a damaged file stays as it is
    assert reader is not None
    with reader:
        damaged = [problem for problem in reader.problems() if problem.startswith("The file is damaged")]
    if damaged:
        raise LibraryError(
            f"{damaged[0]} Nothing was mended; put a copy in its place (those of `reftrack db backup` are in "
            f"{desk.db.parent / 'backups'}), or rescue what can be read with `sqlite3 {desk.db} .recover`."
        )
    with desk.library() as library:
        library.mend_search()
        keys = give_missing_keys(library)
        runs = library.close_unfinished()
        with library.transaction():
            library.fold_acts()
        tagged = retag(library, desk.rules()).tagged
    yield (
        True,
        (
            f"search built anew, {plural(keys, 'key')} given, {plural(runs, 'unfinished run')} marked, "
            f"{plural(tagged, 'paper')} retagged"
        ),
    )


def _program(_desk: Desk, _fix: bool) -> Iterator[Finding]:
    from .. import __version__
    from ..library.opening import sqlite_version

    version, has_search = sqlite_version()
    yield has_search, f"reftrack {__version__}, SQLite {version}{'' if has_search else ' without FTS5'}"


_CHECKS = {
    "program": _program,
    "settings": _settings,
    "queries": _queries,
    "rules": _rules,
    "library": _library,
}
