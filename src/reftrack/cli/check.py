"""`reftrack check`: what a manuscript cites that is retracted, corrected, superseded, wrong or unknown."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from . import options
from .held import open_library
from .screen import READABLE, clean, console, json_text, note, on_terminal, plural
from .settings import Desk, expanded

if TYPE_CHECKING:
    from ..manuscripts import Place
    from ..workflow.checking import Checked
    from ..workflow.citing import Source
    from ..workflow.findings import Finding

FINDINGS = 1
LARGEST = 256 << 20
"""Bytes of a file; a manuscript with its pictures is smaller."""
FEW_PLACES = 3
FEW_REMARKS = 10
_STYLES = {"error": "bold red", "warning": "bold magenta", "info": "bold"}


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--newer",
    type=click.IntRange(0, 1000),
    default=3,
    show_default=True,
    metavar="N",
    help="Newer papers that a cell of the map may name.",
)
@click.option("--no-newer", is_flag=True, help="Do not look for what the manuscript does not cite.")
@click.option("--unknown", is_flag=True, help="List what it cites and the library does not hold.")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context, *, files: tuple[str, ...], newer: int, no_newer: bool, unknown: bool, as_json: bool
) -> None:
    """Check what a manuscript cites: retracted, corrected, superseded, a wrong DOI, a key that leads nowhere.

    Reads LaTeX (.tex with all it includes, .aux), Word (.docx: Zotero, Mendeley, EndNote, Word's own citations, plain
    references), OpenDocument, Markdown (.md, .qmd, .Rmd), BibTeX, RIS, nbib, CSL-JSON, tables and lists of PMIDs or
    DOIs; a FILE of - is stdin. A .bib named together with a text is its bibliography. At the end come newer reviews
    and trials that are held and not cited. Nothing is changed and nothing is asked of PubMed: run fetch first.

    \b
    Examples:
      reftrack check paper.tex
      reftrack check thesis.docx --no-newer
      reftrack check refs.bib --unknown
      echo 31494820 | reftrack check -

    Exit status: 1 with errors or warnings (also where no citation is found at all), 0 with none.
    """
    from ..workflow.checking import check
    from ..workflow.citing import gather
    from ..workflow.overtaken import newer as find_newer

    desk: Desk = ctx.obj
    cited = gather([_source(name) for name in dict.fromkeys(files)])
    with open_library(desk) as reader, reader.connection.snapshot():
        done = check(cited, reader)
        if not no_newer:
            linked = {finding.link.pmid for finding in done.findings if finding.link and finding.link.pmid}
            done.findings += find_newer(done.papers, reader, most=newer, told=linked)
    order = {severity: place for place, severity in enumerate(_STYLES)}
    done.findings.sort(key=lambda finding: (order[finding.severity], finding.kind == "unknown"))
    if as_json:
        click.echo(json_text(_shape(done)))
    else:
        shown = [finding for finding in done.findings if unknown or finding.kind != "unknown"]
        if on_terminal():
            _print(shown)
        else:
            for finding in shown:
                click.echo(_line(finding, done.cited.files[0]))
    _tell(desk, done, listed=unknown or as_json)
    ctx.exit(FINDINGS if done.failed else 0)


def _source(name: str) -> Source:
    from ..workflow.citing import Source

    if name == "-":
        return Source("stdin", _bounded("stdin", sys.stdin.buffer.read(LARGEST + 1)))
    path = expanded(name)
    if not path.exists():
        raise UsageError(f"There is no file {clean(path)}.")
    if path.is_dir():
        raise UsageError(f"{clean(path)} is a folder; name the manuscript in it.")
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{clean(path)} cannot be read ({error.strerror}).") from None
    return Source(name, _bounded(name, data), path)


def _bounded(name: str, data: bytes) -> bytes:
    if len(data) > LARGEST:
        raise UsageError(f"{clean(name)} is larger than {LARGEST >> 20} MB, which no manuscript is.")
    return data


def _where(places: Sequence[Place], default: str = "") -> str:
    """paper.tex:12, 40 and 3 more."""
    if not places:
        return default
    shown, last = [], ""
    for file, line in places[:FEW_PLACES]:
        shown.append(f"{line}" if file == last else f"{file}:{line}")
        last = file
    more = f" and {len(places) - FEW_PLACES} more" if len(places) > FEW_PLACES else ""
    return ", ".join(shown) + more


def _paper(finding: Finding) -> str:
    """What a finding is of: the key, where it differs what it is cited as, and the title."""
    names = [finding.cited or finding.key]
    if (
        finding.key
        and finding.key.lower() not in {name.lower() for name in finding.cited.split(", ")}
        and finding.cited
    ):
        names.append(f"= {finding.key}")
    if finding.pmid and str(finding.pmid) not in finding.cited:
        names.append(f"(PMID {finding.pmid})")
    return " ".join(filter(None, names))


def _line(finding: Finding, file: str) -> str:
    """As compilers write it, so that an editor jumps there."""
    first, *others = finding.where or ((file, 1),)
    title = f" “{finding.title}”" if finding.title and finding.kind != "no-citations" else ""
    also = f" (also {_where(others)})" if others else ""
    body = f"{finding.kind}: {_paper(finding)}{title}: {finding.message} {finding.advice}".rstrip()
    return clean(f"{first[0]}:{first[1]}: {finding.severity}: {body}{also}")


def _print(findings: Sequence[Finding]) -> None:
    """Grouped by what is the matter, the gravest first; an empty line parts it from the summary."""
    from rich.padding import Padding
    from rich.text import Text

    from ..workflow.findings import KINDS

    out = console()
    width = min(READABLE, out.width)
    last = ""
    for finding in findings:
        if finding.kind != last:
            if last:
                out.print()
            many = sum(other.kind == finding.kind for other in findings)
            heading = KINDS[finding.kind] + (f" ({many})" if many > 1 else "")
            out.print(Text(heading, style=_STYLES[finding.severity]))
            last = finding.kind
        head = Text("  ")
        if finding.where:
            head.append(clean(_where(finding.where)), style="")
            head.append("  ")
        head.append(clean(_paper(finding)) if finding.kind != "no-citations" else "", style="bold")
        out.print(head, width=width)
        if finding.title:
            out.print(Padding(Text(clean(finding.title)), (0, 0, 0, 4)), width=width)
        words = clean(f"{finding.message} {finding.advice}".strip())
        out.print(Padding(Text(words, style="dim"), (0, 0, 0, 4)), width=width)
    if findings:
        out.print()


def _tell(desk: Desk, done: Checked, *, listed: bool) -> None:
    """What was seen, and as of when notices are known: beside the result."""
    remarks = list(dict.fromkeys(done.cited.remarks))
    for remark in remarks[:FEW_REMARKS]:
        note(clean(remark))
    if len(remarks) > FEW_REMARKS:
        note(f"And {plural(len(remarks) - FEW_REMARKS, 'remark')} more of this kind.")
    count = len(done.cited.references)
    unknown = sum(finding.kind == "unknown" for finding in done.findings)
    hint = "; --unknown lists the others" if unknown and not listed else ""
    severities = Counter(finding.severity for finding in done.findings if finding.kind not in ("unknown", "newer"))
    verdict = ", ".join(plural(severities[name], name) for name in ("error", "warning") if severities[name])
    verdict = verdict[:1].upper() + verdict[1:] if verdict else "Nothing to correct" if count else "Nothing was checked"
    names = ", ".join(map(clean, done.cited.files))
    note(f"{names}: {plural(count, 'citation')}, {done.held:,} of them held{hint}. {verdict}.", quiet=desk.quiet)
    if done.held:
        note(_known(done), quiet=desk.quiet and not done.never_compared)


def _known(done: Checked) -> str:
    if not done.as_of or done.never_compared == len(done.papers):
        return (
            "None of these papers was ever compared with PubMed (they are of the sample, or of files), so a retraction "
            "since then is not known; run `reftrack fetch`."
        )
    some = (
        f" {plural(done.never_compared, 'paper')} of the sample or of files never compared with PubMed."
        if done.never_compared
        else ""
    )
    return f"Notices as of {done.as_of[:10]}; run `reftrack fetch` for news.{some}"


def _shape(done: Checked) -> dict[str, Any]:
    return {
        "files": done.cited.files,
        "citations": len(done.cited.references),
        "held": done.held,
        "as_of": done.as_of or None,
        "never_compared": done.never_compared,
        "findings": [_finding(finding) for finding in done.findings],
        "remarks": done.cited.remarks,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    link = finding.link
    return {
        "kind": finding.kind,
        "severity": finding.severity,
        "where": [{"file": file, "line": line} for file, line in finding.where],
        "cited": finding.cited,
        "pmid": finding.pmid,
        "key": finding.key,
        "title": finding.title,
        "message": finding.message,
        "advice": finding.advice,
        "link": {"pmid": link.pmid, "type": link.type, "citation": link.citation} if link else None,
    }
