"""`reftrack import`: files of other programs come into the library; what is not held waits for the next fetch."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from . import options
from .edited import tell_stale
from .progress import Watch, watching
from .screen import clean, json_text, matched_words, note, on_terminal, plural, table, tsv
from .settings import Desk, expanded

if TYPE_CHECKING:
    from ..citation import Citation, Unreadable
    from ..library.imported import ImportedEntry, ImportLine
    from ..library.writing import Library
    from ..tagging import RuleSet
    from ..workflow.importing import Imported

PARTIAL = 4
RECORDS = "pubmed-xml"
FEW = 10
"""Entries of one kind that are named where a person reads; `--unmatched` has all."""
MANY = 50
"""Lines that cannot be read that are named where a person reads."""
SURE = 0.99
"""Matches below this are named: somebody should look at them."""
LONGEST_WAIT = 3600
"""Seconds to wait for a fetch of the same library."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file to import, read and recognised."""

    name: str
    path: Path | None
    data: bytes
    """Nothing of a file of PubMed records, which is read as it is stored."""
    form: str

    def pieces(self) -> Iterator[tuple[bytes, int]]:
        """The whole content, each piece with how much of the file has been read."""
        from .. import files

        if self.path is None:
            return iter([(self.data, len(self.data))])
        files.check(self.path)
        return files.chunks(self.path)

    @property
    def size(self) -> int:
        """Bytes of the file, for progress."""
        return len(self.data) if self.path is None else self.path.stat().st_size


@click.command()
@click.argument("files", nargs=-1, metavar="FILE...")
@click.option("-f", "--format", "form", metavar="FORMAT", help="Do not guess what the files are; see --list-formats.")
@click.option("--who", metavar="NAME", help="Whose decisions, labels and notes these are, where the file names nobody.")
@click.option("--take-keys", is_flag=True, help="Let the papers have the citation keys of the file.")
@click.option("--dry-run", is_flag=True, help="Say what would be matched; store nothing.")
@click.option("--list", "list_imports", is_flag=True, help="What was imported so far.")
@click.option(
    "--unmatched", is_flag=True, help="Entries of which no paper is held, and why; with what could not be read."
)
@click.option(
    "--match",
    nargs=2,
    metavar="ENTRY PAPER",
    help="Say which paper an entry is, waiting or matched: --match 3:120 31494820.",
)
@click.option("--undo", metavar="N", help="Take an import back, by its number; `last` for the newest.")
@click.option("--list-formats", is_flag=True, help="Which formats there are.")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    *,
    files: tuple[str, ...],
    form: str | None,
    who: str | None,
    take_keys: bool,
    dry_run: bool,
    list_imports: bool,
    unmatched: bool,
    match: tuple[str, str] | None,
    undo: str | None,
    list_formats: bool,
    as_json: bool,
) -> None:
    """Bring in PubMed XML, nbib, RIS, BibTeX, CSL-JSON, tables and lists of ids; a FILE of - is stdin.

    PubMed records become papers. A folder means the .xml and .xml.gz files in it, as NLM's baseline and update files;
    a file with NLM's .md5 beside it is held against that. Everything else is matched to papers by PMID, DOI or PMCID,
    then by title, year and first author; what is not held is kept as it came and completed by the next `reftrack
    fetch`. Decisions, labels and notes of ASReview and Rayyan become yours.

    \b
    Examples:
      reftrack import refs.ris library.bib
      reftrack import --unmatched
      reftrack import --undo last
    """
    desk: Desk = ctx.obj
    ways = [list_imports, unmatched, bool(match), undo is not None, list_formats, bool(files)]
    if sum(ways) != 1:
        raise UsageError("Name files to import, or one of --list, --unmatched, --match, --undo, --list-formats.")
    if list_formats:
        _list_formats()
    elif list_imports:
        _list_imports(desk, as_json=as_json)
    elif unmatched:
        _list_unmatched(desk, as_json=as_json)
    elif match:
        _match(desk, *match)
    elif undo is not None:
        _undo(desk, undo)
    else:
        known = [_recognised(name, form) for name in _named(files)]
        done = _plan(desk, known) if dry_run else _import(desk, known, who or desk.who, take_keys=take_keys)
        _report(desk, done, as_json=as_json, dry_run=dry_run)
        ctx.exit(PARTIAL if any(one.problems for one in done) else 0)


def _named(names: Sequence[str]) -> Iterator[str]:
    """Each file once; a folder stands for the PubMed XML in it, by name, which is the order of NLM's update files."""
    from .. import files

    found = dict.fromkeys(names)
    for name in found:
        if name != "-" and (folder := expanded(name)).is_dir():
            yield from (str(path) for path in files.find([folder]))
        else:
            yield name


def _recognised(name: str, form: str | None) -> _File:
    from .. import files, imports

    if form and form not in (*imports.FORMATS, RECORDS):
        from difflib import get_close_matches

        close = get_close_matches(form.lower(), (RECORDS, *imports.FORMATS), n=1)
        hint = f"did you mean {close[0]}?" if close else f"there is {', '.join((RECORDS, *imports.FORMATS))}."
        raise UsageError(f"There is no format {form!r}; {hint}")
    if name == "-":
        data = sys.stdin.buffer.read()
        return _File("stdin", None, data, form or imports.detect(data))
    path = expanded(name)
    if not path.exists():
        raise UsageError(f"There is no file {path}; nothing was imported.")
    if not path.is_file():  # a pipe: it can be read once, and only forwards
        data = path.read_bytes()
        return _File(path.name, None, data, form or imports.detect(data, path.name))
    pieces = files.chunks(path)
    data, _ = next(pieces, (b"", 0))
    form = form or imports.detect(data, path.name)
    data = b"" if form == RECORDS else data + b"".join(piece for piece, _ in pieces)
    return _File(path.name, path, data, form)


def _plan(desk: Desk, known: Sequence[_File]) -> list[Imported]:
    from ..workflow.importing import Imported, plan_import

    reader = desk.reader()
    try:
        return [
            Imported(one.name, one.form) if one.form == RECORDS else plan_import(one.name, one.data, one.form, reader)
            for one in known
        ]
    finally:
        if reader is not None:
            reader.close()


def _import(desk: Desk, known: Sequence[_File], who: str, *, take_keys: bool) -> list[Imported]:
    from ..library.filling import build, leave_out
    from ..workflow.importing import import_citations, match_waiting
    from ..workflow.preparing import WORTH_IT

    rules = desk.rules()
    done: list[Imported] = []
    with desk.fetching(wait=LONGEST_WAIT), desk.library(create=True) as library:
        library.set_vocabulary(rules.definitions, rules.facet_names)
        # Records first: what the other files cite may be among them.
        records = [one for one in known if one.form == RECORDS]
        filling = sum(one.size for one in records) >= WORTH_IT and leave_out(library.connection)
        with watching(desk, "bytes") as watch:
            for one, part in zip(records, _parts(records, watch), strict=True):
                done.append(_import_records(one, library, rules, who, part))
        if filling:  # otherwise, and if the import breaks off, whoever opens the library next does
            with watching(desk, "papers") as watch:
                build(library.connection, watch)
        if any(result.added for result in done):
            done[-1].completed = match_waiting(library)
        for one in known:
            if one.form != RECORDS:
                result = import_citations(one.name, one.data, one.form, library, who=who)
                if take_keys:
                    _take_keys(library, result, who)
                done.append(result)
        tell_stale(library.stale(rules.hash), quiet=desk.quiet)
    return done


def _parts(records: Sequence[_File], watch: Watch) -> Iterator[Watch]:
    """What to tell of each file: one bar for all of them, so that the time left is that of the whole."""
    whole, before = sum(one.size for one in records), 0
    what = "importing" if len(records) > 1 else clean(records[0].name) if records else ""

    for one in records:

        def part(_doing: str, done: int, _of: int, before: int = before) -> None:
            watch(what, before + done, whole)

        yield part
        before += one.size


def _import_records(one: _File, library: Library, rules: RuleSet, who: str, watch: Watch) -> Imported:
    from .. import __version__
    from ..workflow.importing import import_records

    return import_records(one.name, one.pieces, one.size, library, rules, who=who, version=__version__, watch=watch)


def _take_keys(library: Library, result: Imported, who: str) -> None:
    """The file's citation keys become the papers', where they can; each that cannot says why."""
    with library.transaction():
        for citation, match in result.matched:
            if citation.key and match.pmid is not None:
                try:
                    library.set_key(match.pmid, citation.key, who=who)
                except UsageError as error:
                    note(f"{clean(result.file)} line {citation.line}: {error}")
    if late := sum(bool(citation.key) for citation, _ in result.unmatched):
        note(
            f"{clean(result.file)}: {plural(late, 'entry')} with a key must wait for the paper; when the next "
            "`reftrack fetch` has brought it, import the file once more with --take-keys."
        )


def _report(desk: Desk, done: Sequence[Imported], *, as_json: bool, dry_run: bool) -> None:
    for one in done:
        for problem in one.problems[:MANY]:
            where = f" line {problem.line}" if problem.line else ""
            shown = f" ({clean(problem.text)[:60]!r})" if problem.text else ""
            note(f"{clean(one.file)}{where}: {clean(problem.reason)}{shown}.")
        if len(one.problems) > MANY:
            note(f"{clean(one.file)}: {len(one.problems) - MANY:,} more parts cannot be read; --json names all.")
    if as_json:
        click.echo(json_text(_shape(done)))
        return
    for one in done:
        click.echo(_summary(one, dry_run=dry_run))
        for citation, match in [pair for pair in one.matched if pair[1].certainty < SURE][:FEW]:
            by = _BY[match.by]
            click.echo(f"  line {citation.line} is PMID {match.pmid}, by {by}, {match.certainty:.0%} certain")
        for citation, match in [pair for pair in one.unmatched if pair[1].doubt][:FEW]:
            click.echo(f"  line {citation.line}: {clean(match.doubt)}")
    if any(one.unmatched for one in done) and not dry_run:
        note(
            "`reftrack import --unmatched` lists what waits; the next `reftrack fetch` asks PubMed for it.",
            quiet=desk.quiet,
        )


def _summary(one: Imported, *, dry_run: bool) -> str:
    if one.format == RECORDS:
        if dry_run:
            return f"{clean(one.file)}: PubMed records; an import would store them all."
        held = one.records - len(one.added) - len(one.changed) - len(one.older)
        parts = [f"{plural(one.records, 'PubMed record')}: {len(one.added):,} new", f"{len(one.changed):,} changed"]
        parts += [f"{held:,} held already"] if held else []
        parts += [f"{len(one.older):,} older than what is held"] if one.older else []
        parts += [matched_words(one.completed)] if one.completed else []
        return f"{clean(one.file)}: {', '.join(parts)}."
    ways = Counter(match.by for _, match in one.matched)
    how = ", ".join(f"{number:,} by {_BY[by]}" for by, number in ways.most_common())
    entries = plural(len(one.matched) + len(one.unmatched), "entry")
    how_many = f"{len(one.matched):,} held" if one.unmatched else "all held"
    parts = [f"{entries} ({one.format})"]
    parts += [f"{how_many} ({how})"] if how else []
    if one.unmatched:
        parts.append(
            f"{len(one.unmatched):,} not held" + (f" ({one.twice:,} of them named before)" if one.twice else "")
        )
    decided = sum(bool(citation.decisions) for citation, _ in (*one.matched, *one.unmatched))
    parts += [f"{plural(decided, 'entry')} with a decision"] if decided else []
    parts += [f"{plural(len(one.problems), 'part')} cannot be read"] if one.problems else []
    return f"{clean(one.file)}: {'; '.join(parts)}."


_BY = {"pmid": "PMID", "doi": "DOI", "pmcid": "PMCID", "title": "title", "hand": "hand", "record": "record"}


def _shape(done: Sequence[Imported]) -> dict[str, Any]:
    return {
        "imports": [{"import": one.number or None, "file": one.file, "format": one.format} for one in done],
        "added": [pmid for one in done for pmid in one.added],
        "changed": [pmid for one in done for pmid in one.changed],
        "matched": [
            _cited(one.file, citation) | {"pmid": match.pmid, "by": match.by, "certainty": match.certainty}
            for one in done
            for citation, match in one.matched
        ],
        "unmatched": [
            _cited(one.file, citation) | {"doubt": match.doubt} for one in done for citation, match in one.unmatched
        ],
        "unreadable": [
            {"file": one.file, "line": problem.line, "reason": problem.reason}
            for one in done
            for problem in one.problems
        ],
    }


def _cited(file: str, citation: Citation) -> dict[str, Any]:
    return {
        "file": file,
        "line": citation.line,
        "pmid": citation.pmid,
        "doi": citation.doi or None,
        "pmcid": citation.pmcid or None,
        "title": citation.title,
        "year": citation.year,
    }


def _list_formats() -> None:
    from .. import imports

    click.echo(f"{RECORDS}\tPubMed XML, also gzipped: records become papers")
    for name, description in imports.FORMATS.items():
        click.echo(f"{name}\t{description}")


def _list_imports(desk: Desk, *, as_json: bool) -> None:
    reader = desk.reader()
    lines: tuple[ImportLine, ...] = ()
    if reader is not None:
        with reader:
            lines = reader.imports()
    names = ("import", "file", "format", "who", "at", "undone", "entries", "matched")
    rows = [(o.number, o.file, o.format, o.who, o.at, o.undone, o.entries, o.matched) for o in lines]
    if as_json:
        click.echo(json_text([dict(zip(names, row, strict=True)) for row in rows]))
    elif not rows:
        note("Nothing was imported yet; `reftrack import FILE` does.", quiet=desk.quiet)
    else:
        _print(names, rows)


def _list_unmatched(desk: Desk, *, as_json: bool) -> None:
    reader = desk.reader()
    entries: list[ImportedEntry] = []
    problems: list[tuple[int, str, Unreadable]] = []
    if reader is not None:
        with reader:
            entries, problems = list(reader.unmatched()), reader.unread_parts()
    if as_json:
        shaped = [
            {"import": one.number, "entry": name}
            | _cited(one.file, one.citation)
            | {"doubt": one.match.doubt, "tried": one.tried or None, "same_as": _place(one.same_as)}
            for name, one in zip(_names(entries), entries, strict=True)
        ]
        click.echo(json_text(shaped))
    elif not (entries or problems):
        note(
            "Every entry that was imported is a paper held; `reftrack import --list` shows the files.", quiet=desk.quiet
        )
    else:
        unread = [(f"{n}:{p.line}", file, "", p.text, f"cannot be read: {p.reason}") for n, file, p in problems]
        _print(("entry", "file", "names", "title", "why"), [*map(_waiting_row, _names(entries), entries), *unread])


def _names(entries: Sequence[ImportedEntry]) -> list[str]:
    """What --match calls them: import and line, and where several begin on one line (JSON) the position as well."""
    on_line = Counter((one.number, one.citation.line) for one in entries)
    return [
        f"{one.number}:{one.citation.line}" + (f"#{one.position}" if on_line[one.number, one.citation.line] > 1 else "")
        for one in entries
    ]


def _waiting_row(name: str, one: ImportedEntry) -> tuple[object, ...]:
    cited = one.citation
    ids = (f"PMID {cited.pmid}" if cited.pmid else "", cited.doi, cited.pmcid)
    why = one.match.doubt or ("not asked for yet" if not one.tried else "PubMed does not know it")
    if one.same_as:
        why = f"the same as an earlier entry (import {one.same_as[0]}); {why}"
    return name, one.file, " ".join(filter(None, ids)), cited.title, why


def _place(same_as: tuple[int, int] | None) -> dict[str, int] | None:
    return None if same_as is None else {"import": same_as[0], "position": same_as[1]}


def _print(names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    if on_terminal():
        table([(name, {"overflow": "fold"}) for name in names], rows)
        return
    for line in tsv(names, rows):
        click.echo(line)


def _match(desk: Desk, entry: str, paper: str) -> None:
    from ..library.imported import Match
    from ..library.selecting import find_paper

    with desk.library() as library, library.transaction():
        pmid = find_paper(library.connection, paper)
        number, _, place = entry.partition(":")
        line, _, position = place.partition("#")
        asked = library.entries(int(number)) if number.isascii() and number.isdigit() else ()
        chosen = [one for one in asked if str(one.citation.line) == line and position in ("", str(one.position))]
        if not chosen:
            raise UsageError(f"There is no entry {entry!r}; `reftrack import --unmatched` lists those that wait.")
        if len(chosen) > 1:
            raise UsageError(f"{len(chosen)} entries begin there: {', '.join(_names(chosen)[:FEW])}; name one of them.")
        library.match_entry(chosen[0], Match(pmid, "hand", 1.0))
    click.echo(f"Entry {entry} is PMID {pmid}.")


def _undo(desk: Desk, which: str) -> None:
    with desk.fetching(wait=LONGEST_WAIT), desk.library() as library:
        standing = [one for one in library.imports() if not one.undone]
        chosen = [one for one in standing if str(one.number) == which] if which != "last" else standing[:1]
        if not chosen:
            raise UsageError(f"There is no import {which!r} to undo; `reftrack import --list` shows them.")
        with library.transaction():
            gone = library.undo_import(chosen[0].number)
    kept = chosen[0].papers - len(gone)
    click.echo(
        f"Import {chosen[0].number} ({clean(chosen[0].file)}) was undone: its decisions, labels and notes are taken "
        f"back, {plural(len(gone), 'paper')} that only it brought left the library"
        + (f", {plural(kept, 'other paper')} it named stayed." if kept else ".")
    )
