"""`reftrack why`: the words a tag rests on, or what was missing for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from . import options
from .held import open_library
from .screen import beside, clean, json_text, note, on_terminal
from .settings import Desk

if TYPE_CHECKING:
    from ..library.reading import Reader
    from ..model import Evidence, HandTag, HeldPaper, Paper, Tag
    from ..tagging import Explanation

LONGEST = 320
"""Characters of a sentence around a quote; a longer one is cut with an ellipsis."""
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-ZА-Я0-9(\[])")

Shape = dict[str, Any]


@click.command()
@click.argument("paper", metavar="PMID|KEY")
@click.argument("tag", default="", metavar="[TAG]")
@options.as_json
@click.pass_obj
def command(desk: Desk, paper: str, tag: str, *, as_json: bool) -> None:
    """Explain the tags of a paper, or one tag that it has or has not.

    \b
    Examples:
      reftrack why 31494820
      reftrack why 31494820 mortality
    """
    from ..library.selecting import find_paper, find_tag

    with open_library(desk) as reader:
        pmid = find_paper(reader.connection, paper)
        held = next(reader.held([pmid]))
        decisions = {decision.slug: decision for decision in reader.hand_tags(pmid)}
        if tag:
            facet, slug = find_tag(reader.connection, tag)
            explained = [_one(desk, reader, held, facet, slug, decisions.get(slug))]
        else:
            explained = _all(reader, held, decisions)
    if as_json:
        click.echo(json_text([{k: v for k, v in shape.items() if not k.startswith("_")} for shape in explained]))
        return
    if not explained:
        note("No tag was found for this paper, and none was given by hand.", quiet=desk.quiet)
    _print(held, explained)


def _all(reader: Reader, held: HeldPaper, decisions: dict[str, HandTag]) -> list[Shape]:
    """The stored tags, then what was decided by hand beyond them."""
    pmid = held.paper.pmid
    tags = reader.rule_tags(pmid)
    shapes = [_shape(pmid, tag, decisions.get(tag.slug)) for tag in tags]
    known = {tag.slug for tag in tags}
    facets = {entry.slug: entry.facet for entry in reader.vocabulary()}
    by_hand = [decision for slug, decision in decisions.items() if slug not in known]
    return shapes + [_by_hand(pmid, decision, facets.get(decision.slug, "")) for decision in by_hand]


def _one(desk: Desk, reader: Reader, held: HeldPaper, facet: str, slug: str, decision: HandTag | None) -> Shape:
    """One tag with everything that decided about it, made anew from the paper and today's rules."""
    from .. import tagging

    rules = desk.rules()
    if reader.stale_among([held.paper.pmid], rules.hash):
        note("The rules changed since this paper was tagged; `reftrack retag` applies them.", quiet=desk.quiet)
    explanation = tagging.explain(held.paper, rules, slug)
    shape = {
        "pmid": held.paper.pmid,
        "tag": f"{facet}/{slug}",
        "state": explanation.state,
        "source": "rule",
        "score": round(explanation.score, 3),
        "threshold": explanation.threshold,
        "evidence": [_evidence(entry) for entry in (*explanation.evidence, *explanation.masked)],
        "_primary": explanation.primary,
        "_explanation": explanation,
    }
    return shape | _decided(decision)


def _shape(pmid: int, tag: Tag, decision: HandTag | None) -> Shape:
    shape = {
        "pmid": pmid,
        "tag": f"{tag.facet}/{tag.slug}",
        "state": tag.state,
        "source": "rule",
        "score": round(tag.score, 3),
        "threshold": tag.threshold,
        "evidence": [_evidence(entry) for entry in tag.evidence],
        "_primary": tag.primary,
    }
    return shape | _decided(decision)


def _by_hand(pmid: int, decision: HandTag, facet: str) -> Shape:
    name = f"{facet}/{decision.slug}" if facet else decision.slug
    return {"pmid": pmid, "tag": name, "score": 0.0, "threshold": 0.0, "evidence": []} | _decided(decision)


def _decided(decision: HandTag | None) -> Shape:
    """What a person's decision changes: it always wins."""
    if decision is None:
        return {}
    return {
        "state": "tagged" if decision.verdict == "add" else "removed",
        "source": "hand",
        "because": decision.because,
        "who": decision.who,
        "at": decision.at,
    }


def _evidence(entry: Evidence) -> Shape:
    return {
        "rule": entry.rule,
        "field": entry.field,
        "section": entry.section,
        "part": entry.part,
        "start": entry.start,
        "end": entry.end,
        "quote": entry.quote,
        "weight": round(entry.weight, 3),
        "masked": entry.masked,
    }


def _print(held: HeldPaper, explained: Sequence[Shape]) -> None:
    mark = "RETRACTED · " if held.paper.retracted else ""
    style = "bold red" if mark else "bold"
    _say("", f"{mark}{held.key} · PMID {held.paper.pmid} · {clean(held.paper.title)}", style)
    for shape in explained:
        click.echo()
        _say("", f"{shape['tag']}  {_verdict(shape)}", "cyan")
        for label, line, style in _because(held.paper, shape):
            _say(label, line, style, indent=2)


def _verdict(shape: Shape) -> str:
    if shape["source"] == "hand":
        word = "added" if shape["state"] == "tagged" else "removed"
        return f"{word} by hand" + (f" ({shape['who']}, {shape['at'][:10]})" if shape["who"] else "")
    score = f"score {shape['score']:g}, needs {shape['threshold']:g}"
    return f"{shape['state']}{' · primary' if shape.get('_primary') else ''} · {score}"


def _because(paper: Paper, shape: Shape) -> Iterable[tuple[str, str, str]]:
    """(label, text, style) a line: weights in front, rules and what is missing behind them."""
    if shape.get("because"):
        yield "", f"because: {clean(shape['because'])}", ""
    for entry in sorted(shape["evidence"], key=lambda entry: bool(entry["masked"])):
        where = entry["field"].replace("_", " ") + (f", {clean(entry['section'])}" if entry["section"] else "")
        if entry["masked"]:
            yield "0", f"{where}: {_marked(paper, entry)}", "dim"
            yield " ", f"does not count: {clean(entry['masked'])}", "dim"
        else:
            yield f"{entry['weight']:+.2f}", f"{where}: {_marked(paper, entry)}", ""
            yield " ", f"rule {clean(entry['rule'])}", "dim"
    if "_explanation" in shape:
        yield from _missing(shape["_explanation"])


def _missing(explanation: Explanation) -> Iterable[tuple[str, str, str]]:
    if explanation.removed:
        yield "", f"taken away: {clean(explanation.removed)}", "yellow"
    if explanation.winner:
        yield "", f"the paper is filed under {explanation.winner}", "yellow"
    if explanation.children:
        yield "", f"implied by {', '.join(explanation.children)}", "green"
    if explanation.state != "tagged" and explanation.needs:
        yield "", "would need, for example:", ""
        for need in explanation.needs[:6]:
            yield " ", clean(need), "dim"


def _marked(paper: Paper, entry: Shape) -> str:
    """The sentence around a quote, the quote in «»."""
    text = _text(paper, entry["field"], entry["part"])
    start, end = entry["start"], entry["end"]
    if text is None or text[start:end] != entry["quote"] or not entry["quote"]:
        return f"«{clean(entry['quote'])}»"
    first = max((match.end() for match in _SENTENCE_END.finditer(text, 0, start + 1)), default=0)
    match = _SENTENCE_END.search(text, end)
    last = match.start() if match else len(text)
    before, after = text[min(first, start) : start], text[end:last]
    spare = max(LONGEST - (end - start), 40) // 2
    before = f"…{before[-spare:]}" if len(before) > spare else before
    after = f"{after[:spare]}…" if len(after) > spare else after
    return clean(f"{before}«{text[start:end]}»{after}")


def _text(paper: Paper, field: str, part: int) -> str | None:
    """The text that a piece of evidence points into."""
    if field in ("title", "vernacular_title", "journal"):
        return str(getattr(paper, field))
    if field == "abstract":
        return paper.abstract[part].text if part < len(paper.abstract) else None
    parts: Sequence[Any] = {
        "keyword": paper.keywords,
        "mesh": paper.mesh,
        "publication_type": paper.publication_types,
        "substance": paper.substances,
    }.get(field, ())
    return str(parts[part].name) if part < len(parts) else None


def _say(label: str, text: str, style: str = "", *, indent: int = 0) -> None:
    """A line, with a label of fixed width in front if there is one (" " for an empty one)."""
    if on_terminal():
        beside(label, text, indent=indent, width=7 if label else 0, styles=("bold", style))
    else:
        click.echo(f"{' ' * indent}{f'{label:<7}' if label else ''}{text}")
