"""What a fetch came to, a line a query and a line for each paper that a reader must know of.

A first run brings nothing but new papers: there the count says it all. Later runs name theirs, as long as they are few;
`digest` has all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from ..notices import without_mark
from .screen import beside, clean, on_terminal, plural

if TYPE_CHECKING:
    from ..library.reading import Reader
    from ..model import Bucket, HeldPaper, Run

FEW = 5
"""Papers of one kind that are named."""
_NAMED: tuple[Bucket, ...] = ("notice", "new", "late", "changed", "left", "deleted")
_WIDTH = 11


def named_papers(library: Reader, runs: Sequence[Run]) -> dict[int, HeldPaper]:
    """The papers that the summary of these runs will name."""
    pmids = {pmid for run in runs for bucket in _NAMED for pmid in _shown(run, bucket)}
    return {held.paper.pmid: held for held in library.held(sorted(pmids))}


def tell(runs: Sequence[Run], papers: Mapping[int, HeldPaper]) -> None:
    """Print the summary: what was found, what is news, and why."""
    width = max((len(run.query) for run in runs), default=0)
    for run in runs:
        click.echo(f"{run.query:<{width}}  {run.status:<8}  {_counts(run)}")
        for label, name, text in _news(run, papers):
            if on_terminal():
                style = "bold red" if label == "RETRACTED" else "bold"
                beside(f"{label:<9}", f"{name}  {text}", indent=2, width=_WIDTH, styles=(style, ""))
            else:
                click.echo(f"  {label:<9}  {name}  {text}")


def _counts(run: Run) -> str:
    if run.status == "failed":  # not "0 papers found": nobody looked to the end
        return "nothing was stored; the reason is on stderr and in `runs`"
    parts = [f"{plural(run.count, 'paper')} found", *news(run, always=("new", "changed"))]
    parts += [plural(run.requests, "request")] if run.requests else []
    return " · ".join(parts)


def news(run: Run, *, always: Collection[str] = ()) -> list[str]:
    """`3 new`, `2 notices (1 retracted)`: what a run says, each only if there is some, or `always`.

    Who is new is known to complete runs only; others say what they stored.
    """
    parts = []
    for name, pmids in (
        ("stored", run.stored),
        ("new", run.new),
        ("late", run.late),
        ("changed", run.changed),
        ("notice", run.notice),
        ("left", run.left),
        ("deleted", run.deleted),
        ("missing", tuple(set(run.missing) - set(run.deleted))),
    ):
        if not pmids and (name not in always or (name == "new" and run.status != "complete")):
            continue
        words = plural(len(pmids), "notice") if name == "notice" else f"{len(pmids):,} {name}"
        among = {"notice": (run.retracted, "retracted"), "changed": (run.indexed, "indexed")}.get(name, ((), ""))
        parts.append(words + (f" ({len(among[0])} {among[1]})" if among[0] else ""))
    return parts


def _shown(run: Run, bucket: Bucket) -> tuple[int, ...]:
    pmids: tuple[int, ...] = getattr(run, bucket)
    if bucket == "notice":  # a retraction is never one of "3 more"
        pmids = (*run.retracted, *(pmid for pmid in pmids if pmid not in run.retracted))
        return pmids[: max(FEW, len(run.retracted))]
    if bucket == "new" and (len(pmids) > FEW or len(pmids) == run.count):  # many, or a first run
        return ()
    return pmids[:FEW]


def _news(run: Run, papers: Mapping[int, HeldPaper]) -> Iterator[tuple[str, str, str]]:
    """(what happened, the paper's key, its title and the reason) for each paper that is named."""
    reasons = {(event.bucket, event.pmid): event.reason for event in run.details}
    width = max((len(_name(papers, pmid)) for bucket in _NAMED for pmid in _shown(run, bucket)), default=0)
    for bucket in _NAMED:
        shown = _shown(run, bucket)
        for pmid in shown:
            told: Bucket = "indexed" if bucket == "changed" and pmid in run.indexed else bucket
            reason = clean(reasons.get((told, pmid), ""))
            kind = reason.partition(":")[0] if told == "notice" else told  # erratum, concern, update...
            label = "RETRACTED" if bucket == "notice" and pmid in run.retracted else kind
            parts = (_title(papers.get(pmid), marked=label == "RETRACTED"), reason.removeprefix(f"{kind}: "))
            yield label, f"{_name(papers, pmid):<{width}}", " — ".join(part for part in parts if part)
        more = len(getattr(run, bucket)) - len(shown)
        if shown and more:
            yield bucket, f"and {more:,} more:", f"reftrack digest --run {run.run}"


def _name(papers: Mapping[int, HeldPaper], pmid: int) -> str:
    return papers[pmid].key if pmid in papers else f"PMID {pmid}"


def _title(held: HeldPaper | None, *, marked: bool) -> str:
    if held is None:
        return ""
    title = clean(held.paper.title)
    if not held.paper.retracted:
        return title
    return without_mark(title) if marked else f"RETRACTED · {without_mark(title)}"
