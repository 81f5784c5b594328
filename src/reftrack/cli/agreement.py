"""`reftrack agreement`: two readers' decisions side by side, Cohen's kappa, and what they differ on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from . import options
from .screen import clean, json_text, note, on_terminal, plural, table, tsv
from .settings import Desk, expanded

if TYPE_CHECKING:
    from ..citation import Decision
    from ..evaluation import Agreement
    from ..library.reading import Reader
    from ..workflow.comparing import Conflict, Pair, Said

FINDINGS, PARTIAL = 1, 4


@click.command()
@click.argument("names", nargs=-1, metavar="[WHO WHO] [FILE...]")
@click.option("--binary", is_flag=True, help="Maybe counts as include; else it is a category of its own.")
@click.option("--exit-code", is_flag=True, help="Status 1 if there is a conflict that no consensus settles.")
@options.as_json
@click.pass_context
def command(ctx: click.Context, *, names: tuple[str, ...], binary: bool, exit_code: bool, as_json: bool) -> None:
    """Say how far readers agree on what to include: per cent, Cohen's kappa, and the papers they differ on.

    WHO is a reader in the library, FILE what `reftrack import` reads (RIS or CSV of Rayyan and ASReview); nothing of a
    file is stored. With files the readers in them are compared; of a file that names nobody, its name is the reader.
    More than two readers are compared two by two. A consensus is nobody's own word and is left out.

    \b
    Examples:
      reftrack agreement
      reftrack agreement ada bo
      reftrack agreement ada.ris bo.csv --json
    """
    desk: Desk = ctx.obj
    from ..workflow.comparing import Said, pairs

    files, who = _sorted_out(names)
    said = Said()
    library = desk.reader()
    try:
        from_files, partial = _read_files(said, files, library)
        if library is not None and (who or len(from_files) < 2):  # noqa: PLR2004 - two are compared
            said.add_library(library)
        readers = _chosen(said, who, from_files)
        compared = list(pairs(said, readers, library, binary=binary))
    finally:
        if library is not None:
            library.close()
    if as_json:
        click.echo(json_text({"pairs": [_shape(pair) for pair in compared]}))
    else:
        for number, pair in enumerate(compared):
            if number:
                click.echo()
            _print(pair, binary=binary)
    conflicts = any(not one.settled for pair in compared for one in pair.conflicts)
    ctx.exit(PARTIAL if partial else FINDINGS if exit_code and conflicts else 0)


def _sorted_out(names: Sequence[str]) -> tuple[list[Path], list[str]]:
    """What names a file, and what names a reader."""
    files = [expanded(name) for name in dict.fromkeys(names) if expanded(name).is_file()]
    return files, [name for name in dict.fromkeys(names) if expanded(name) not in files]


def _read_files(said: Said, files: Sequence[Path], library: Reader | None) -> tuple[list[str], bool]:
    """The readers whose decisions the files hold, and whether a part of a file could not be read. Raises UsageError."""
    from .. import imports
    from ..workflow.importing import plan_import

    found: dict[str, None] = {}
    partial = False
    for path in files:
        data = path.read_bytes()
        form = imports.detect(data, path.name)
        if form not in imports.FORMATS:
            raise UsageError(f"{path} is {form}, in which there are no decisions.")
        read = plan_import(path.name, data, form, library)
        alone = path.stem if sum(other.stem == path.stem for other in files) == 1 else str(path)
        decided = [citation for citation, _ in (*read.matched, *read.unmatched) if citation.decisions]
        said.add_file(read, alone)
        found |= dict.fromkeys(one.who or alone for citation in decided for one in citation.decisions)
        partial = partial or bool(read.problems)
        for problem in read.problems:
            note(f"{clean(path.name)} line {problem.line}: {clean(problem.reason)}.")
        if not decided:
            note(f"{clean(path.name)} holds no decision.")
    return list(found), partial


def _chosen(said: Said, who: Sequence[str], from_files: Sequence[str]) -> list[str]:
    """The readers to compare. Raises UsageError."""
    from ..workflow.comparing import independent

    known = list(said.by_reader)
    for name in who:
        if name not in known:
            from difflib import get_close_matches

            close = get_close_matches(name, known, n=1)
            there = f"; readers are {', '.join(map(clean, known))}." if known else "; nobody has decided anything yet."
            hint = f"; did you mean {close[0]}?" if close else there
            raise UsageError(f"{name!r} is neither a file nor a reader who decided{hint}")
    readers = [*from_files, *(name for name in who if name not in from_files)] if who else independent(sorted(known))
    others = [clean(name) for name in independent(sorted(known)) if name not in readers]
    if len(readers) == 1 and others:
        raise UsageError(f"Name whom to compare {clean(readers[0])} with: {', '.join(others)}.")
    if len(readers) < 2:  # noqa: PLR2004 - it takes two
        only = f"only {clean(readers[0]) or '(no name)'} has" if readers else "nobody has"
        raise UsageError(
            f"Agreement needs the decisions of two readers, and {only} decided. A second one decides with "
            "`reftrack screen --who NAME`, or their file is named here or imported."
        )
    return readers


def _print(pair: Pair, *, binary: bool) -> None:
    first, second = (clean(who) or "(no name)" for who in pair.readers)
    for sentence in _sentences(pair, first, second, binary=binary):
        click.echo(sentence)
    found = pair.agreement
    if found.both:
        click.echo()
        header = (f"{first} \\ {second}", *found.categories)
        rows = [(name, *numbers) for name, numbers in zip(found.categories, found.table, strict=True)]
        if on_terminal():
            table([(header[0], {}), *((name, {"justify": "right"}) for name in header[1:])], rows)
        else:
            for line in tsv(header, rows):
                click.echo(line)
    if pair.conflicts:
        click.echo()
        _print_conflicts(pair.conflicts, first, second)


def _print_conflicts(conflicts: Sequence[Conflict], first: str, second: str) -> None:
    rows = [_cells(one) for one in conflicts]
    header = ("pmid", "key", "title", first, second, "settled")
    if not on_terminal():
        for line in tsv(header, rows):
            click.echo(line)
        return
    shown = header[1:] if any(one.settled for one in conflicts) else header[1:-1]  # the key names it, as in `list`
    columns = [(name, {"no_wrap": name == "key", "overflow": "fold"}) for name in shown]
    table(columns, [(row[1] or row[0], *row[2 : len(shown) + 1]) for row in rows])


def _sentences(pair: Pair, first: str, second: str, *, binary: bool) -> Iterator[str]:
    found = pair.agreement
    if not found.both:
        yield f"{first} and {second} have decided on no paper in common."
    else:
        share = f"{found.observed:.1%}"
        yield f"{first} and {second} both decided {plural(found.both, 'paper')} and agree on {found.alike:,} ({share})."
        yield _kappa(found)
        if binary:
            yield "Maybe counts as include."
    yield f"Decided by {first} alone: {pair.only_first:,}; by {second} alone: {pair.only_second:,}."
    if pair.conflicts:
        settled = sum(one.settled is not None for one in pair.conflicts)
        left = len(pair.conflicts) - settled
        told = f", {settled:,} of them settled by consensus" if settled else ""
        more = "; `reftrack screen --conflicts` settles those in the library" if left else ""
        yield f"They differ on {plural(len(pair.conflicts), 'paper')}{told}{more}."


def _kappa(found: Agreement) -> str:
    if found.kappa is None:
        return (
            "Cohen's kappa is undefined: both put every paper into one and the same category, so that chance alone "
            "would make them agree."
        )
    if found.interval is None:
        why = "they never differ" if found.alike == found.both else "its standard error is 0 here"
        return f"Cohen's kappa {found.kappa:.2f} (no confidence interval: {why})."
    low, high = found.interval
    return f"Cohen's kappa {found.kappa:.2f} (95% confidence interval {low:.2f} to {high:.2f})."


def _cells(one: Conflict) -> tuple[object, ...]:
    return (
        one.item.pmid or "",
        clean(one.item.key),
        clean(one.item.title),
        _said(one.first),
        _said(one.second),
        one.settled or "",
    )


def _said(decision: Decision) -> str:
    why = f" ({'; '.join(map(clean, decision.reasons))})" if decision.reasons else ""
    return f"{decision.verdict}{why}"


def _shape(pair: Pair) -> dict[str, Any]:
    found = pair.agreement
    return {
        "readers": list(pair.readers),
        "both": found.both,
        "alike": found.alike,
        "percent": None if found.observed is None else round(100 * found.observed, 4),
        "kappa": found.kappa,
        "standard_error": found.standard_error,
        "interval": None if found.interval is None else list(found.interval),
        "categories": list(found.categories),
        "table": [list(row) for row in found.table],
        "only_first": pair.only_first,
        "only_second": pair.only_second,
        "conflicts": [
            {
                "pmid": one.item.pmid,
                "key": one.item.key,
                "title": one.item.title,
                "decisions": [
                    {"who": who, "verdict": said.verdict, "reasons": list(said.reasons), "at": said.at}
                    for who, said in zip(pair.readers, (one.first, one.second), strict=True)
                ],
                "settled": one.settled,
            }
            for one in pair.conflicts
        ],
    }
