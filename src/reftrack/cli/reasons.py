"""The reasons for tags as a person reads them: each sentence once with its words marked, then the arithmetic."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby, islice
from typing import TYPE_CHECKING, Literal

import click
from msgspec import Struct

from ..report.saying import not_counted, readable
from .quoting import Passage, passages
from .screen import beside, clean, on_terminal

if TYPE_CHECKING:
    from ..model import Evidence, HeldPaper
    from ..tagging import Explanation
    from ..tagging.explaining import Need, Weight
    from .why import Reason

SAME = 2
"""So many places of one phrase are shown; the others are only counted."""
MASKED = 3
NEEDS = 4
"""So many things that a tag would need are named for each place."""
PLACES = 2
SHORT, SHORT_TITLE = 160, 72
"""Characters of the best sentence in the overview, and of the title, which stands above already."""
_WIDTH = 7

Style = Literal["", "bold", "bold red", "dim", "green", "magenta"]


class Line(Struct, frozen=True, gc=False):
    """A line to print; a label stands in a column of its own before it, " " for an empty one."""

    text: str
    label: str = ""
    style: Style = ""
    indent: int = 2


def print_overview(held: HeldPaper, reasons: Sequence[Reason]) -> None:
    """Every tag with its best sentence, the study type first, what is only possible last."""
    _print(_heading(held))
    study = [each for each in reasons if each.tag and each.tag.primary]
    others = [each for each in reasons if each not in study]
    for reason in [*study, *(each for each in others if each.stands != "possible")]:
        click.echo()
        _print(_verdict(reason))
        _print(_best(reason))
    possible = [each for each in others if each.stands == "possible"]
    if possible:
        click.echo()
        told = ", ".join(f"{one.name} ({one.tag.score:g} of {one.tag.threshold:g})" for one in possible if one.tag)
        _print([Line(f"possible, and not tagged: {told}", style="dim", indent=0)])
    if on_terminal() and reasons:
        click.echo()
        name = held.key or held.paper.pmid
        _print([Line(f"All of one tag: reftrack why {name} TAG; of every tag: --all", style="dim", indent=0)])


def print_whole(held: HeldPaper, reasons: Sequence[Reason]) -> None:
    """Everything that decided about these tags."""
    _print(_heading(held))
    for reason in reasons:
        click.echo()
        _print(_verdict(reason))
        _print(_whole(reason))


def _heading(held: HeldPaper) -> Iterator[Line]:
    paper = held.paper
    mark: Style = "bold red" if paper.retracted else "bold"
    retracted = "RETRACTED · " if paper.retracted else ""
    yield Line(f"{retracted}{held.key} · PMID {paper.pmid} · {clean(paper.title)}", style=mark, indent=0)
    if paper.indexing == "awaited":
        yield Line(
            "NLM has not indexed this record yet: what rests on its text alone is provisional.", "", "magenta", 0
        )


def _verdict(reason: Reason) -> Iterator[Line]:
    """`study/rct  tagged · primary · score 6, needs 3`, and what that is worth."""
    yield Line(f"{reason.name}  {' · '.join(_standing(reason))}", style="bold", indent=0)
    if reason.decision and reason.decision.because:
        yield Line(f"because: {clean(reason.decision.because)}")
    if reason.provisional and reason.explanation:
        yield Line("provisional: the record is not indexed yet", style="magenta")
    elif reason.marks and reason.state == "tagged":
        whose = "confirmed" if reason.held.paper.indexing == "indexed" else "supported"
        yield Line(f"{whose} by {clean(', '.join(reason.marks[:SAME]))}", style="green")


def _standing(reason: Reason) -> Iterator[str]:
    tag, decision = reason.tag, reason.decision
    if decision:
        did = "added" if decision.verdict == "add" else "removed"
        who = f" ({clean(decision.who)}, {clean(decision.at)[:10]})" if decision.who else ""
        yield f"{did} by hand{who}"
        if tag:
            yield f"the rules: {reason.state}, score {tag.score:g}, needs {tag.threshold:g}"
        return
    yield reason.state
    if tag and tag.primary:
        yield "primary"
    elif reason.explanation and reason.explanation.winner and reason.state == "tagged":
        yield "secondary"
    if reason.provisional and not reason.explanation:
        yield "provisional"
    if tag:
        yield f"score {tag.score:g}, needs {tag.threshold:g}"


def _best(reason: Reason) -> Iterator[Line]:
    """The sentence that says most; a mark of the indexers only where no sentence does."""
    if reason.tag is None:
        return
    words = [entry for entry in reason.tag.evidence if not entry.is_mark and entry.weight > 0]
    words = [entry for entry in words if entry.field != "tag"] or words
    told = max(passages(reason.held.paper, words, longest=SHORT), key=lambda one: one.weight, default=None)
    if told and told.entries[0].field == "title":
        (told,) = passages(reason.held.paper, told.entries, longest=SHORT_TITLE)
    if told:
        yield Line(_sentence(told))


def _sentence(passage: Passage) -> str:
    if passage.entries[0].field == "tag":
        return f"the paper is {passage.text}, which speaks for it"
    return f"{passage.where}: {passage.text}"


def _whole(reason: Reason) -> Iterator[Line]:
    told = reason.explanation
    if reason.tag is None:
        return
    weights = dict(zip(told.evidence, told.weights, strict=True)) if told else {}
    marks = [entry for entry in reason.tag.evidence if entry.is_mark or entry.field == "substance"]
    for mark in marks:
        yield _mark(reason, mark, weights.get(mark))
    words = [entry for entry in reason.tag.evidence if entry not in marks]
    shown, others = _few_of_each(words)
    for passage in passages(reason.held.paper, shown):
        yield from _passage(passage, weights)
    for rule, entries in others.items():
        more = sum(entry.weight for entry in entries)
        yield Line(f"and {len(entries)} more of {_phrase(rule)}", f"{more:+.2f}", "dim")
    if told:
        yield from _sum(reason, told)
    for passage in passages(reason.held.paper, reason.masked)[:MASKED]:
        yield Line(f"{passage.where}: {passage.text}", "0", "dim")
        for why in dict.fromkeys(entry.masked for entry in passage.entries):
            yield Line(f"does not count: {not_counted(clean(why))}", " ", "dim")
    if len(reason.masked) > MASKED:
        yield Line(f"and {len(reason.masked) - MASKED} more that do not count", " ", "dim")
    if told:
        yield from _standing_among(told)
        yield from _missing(reason, told)


def _mark(reason: Reason, entry: Evidence, weight: Weight | None) -> Line:
    paper = reason.held.paper
    name = "MeSH heading" if entry.field == "mesh" else entry.field.replace("_", " ")
    said = f"{name} «{clean(entry.quote)}»"
    if entry.field == "mesh" and entry.part < len(paper.mesh):
        said += ", a major topic" if paper.mesh[entry.part].is_major else ", not a major topic"
    elif paper.indexing == "awaited":
        said += ", as the publisher sent it"
    if weight and abs(weight.factor - 1) > _SAME:
        said += f" ({weight.base:g} × {round(weight.factor, 2):g})"
    return Line(said, f"{entry.weight:+.2f}")


def _few_of_each(entries: Iterable[Evidence]) -> tuple[list[Evidence], dict[str, list[Evidence]]]:
    """The first places of each phrase, and the others by rule."""
    shown: list[Evidence] = []
    others: dict[str, list[Evidence]] = {}
    for entry in entries:
        known = [one for one in shown if one.rule == entry.rule]
        if len(known) < SAME:
            shown.append(entry)
        else:
            others.setdefault(entry.rule, []).append(entry)
    return shown, others


def _passage(passage: Passage, weights: dict[Evidence, Weight]) -> Iterator[Line]:
    yield Line(_sentence(passage), f"{passage.weight:+.2f}")
    several = len(passage.entries) > 1
    for entry in passage.entries:
        weight = weights.get(entry)
        quote = f"«{clean(entry.quote)}» {entry.weight:+g}  " if several else ""
        sum_of = f"{_times(weight)}  " if weight and abs(weight.factor - 1) > _SAME else ""
        yield Line(f"{quote}{sum_of}rule {clean(entry.rule)}", " ", "dim")


_SAME = 0.005


def _times(weight: Weight) -> str:
    """`2 × 1.5 (title)`."""
    because = f" ({weight.because})" if weight.because else ""
    return f"{weight.base:g} × {round(weight.factor, 2):g}{because}"


def _sum(reason: Reason, told: Explanation) -> Iterator[Line]:
    """How the score adds up, where it is more than one weight."""
    if len(told.evidence) > 1:
        first, *rest = [round(entry.weight, 3) for entry in told.evidence]
        added = "".join(f" {'-' if weight < 0 else '+'} {abs(weight):g}" for weight in rest)
        yield Line(f"{first:g}{added} = {told.score:g} of {told.threshold:g} needed", "sum")
    if reason.state == "possible":
        yield Line(f"possible from {told.possible:g}, tagged from {told.threshold:g}", " ", "dim")


def _standing_among(told: Explanation) -> Iterator[Line]:
    """What other tags have to do with it."""
    if told.removed and not (told.winner and told.removed.startswith(told.winner)):
        yield Line(f"taken away: {clean(told.removed)}", style="magenta")
    if told.winner:
        filed = f"the paper is filed under {told.winner}"
        yield Line(f"{filed}: {told.outranked}" if told.outranked else filed, style="magenta")
        if told.removed and told.removed.startswith(told.winner):
            yield Line(f"beside {told.winner} it says nothing more, so it is not kept", style="magenta")
    if told.children:
        yield Line(f"implied by {', '.join(told.children)}, so a search for it finds the paper", style="green")
    if told.parents and told.state == "tagged":
        yield Line(f"implies {', '.join(told.parents)}", style="green")


def _missing(reason: Reason, told: Explanation) -> Iterator[Line]:
    """What a tag that is not there would need, nearest first."""
    if told.state == "tagged" or told.removed or not told.missing:
        return
    lacks = round(told.threshold - told.score, 3)
    if lacks > 0:
        yield Line(f"would need {lacks:g} more, for example:")
    else:
        yield Line("would need, for example:")
    foreign = not re.search("[а-яА-Я]", reason.held.paper.vernacular_title + reason.held.paper.title)
    needs = [need for need in told.missing if not (foreign and re.search("[а-яА-Я]", need.phrase))]
    words = [need for need in needs if need.where not in _MARKS]
    places = groupby(words, key=lambda need: (need.near, need.where, need.weight))
    for (near, where, weight), group in islice(places, PLACES):
        yield Line(f"{_where(where, weight)}{_LISTED[near]}{_list(list(group))}", " ", "dim")
    marks = [need for need in needs if need.where in _MARKS]
    for where, group in islice(groupby(marks, key=lambda need: (need.where, need.weight)), PLACES):
        yield Line(f"{_where(*where)}: {_list(list(group))}", " ", "dim")
    if reason.held.paper.indexing == "awaited" and marks:
        yield Line("NLM has not indexed the record yet, and may bring it", style="magenta")
    if silent := _silent(reason, {need.where for need in needs}):
        yield Line(
            f"the record has no {' and no '.join(silent)}: it does not say, which is not the same as no",
            style="magenta",
        )


_MARKS = {
    "mesh": "MeSH heading",
    "pt": "publication type",
    "substance": "substance",
    "correction": "link",
    "has": "the record",
}
_PLACES = {
    "any": "anywhere",
    "from": "the tag",
    "conflict": "in the statement of interests",
    "grant": "in the agency of a grant",
    "affiliation": "in an affiliation",
    "funding": "in a part of the abstract on funding",
    "declared": "in the statement of interests or a part on funding",
}
_LISTED = {True: ", the paper has words of them: ", False: ": "}


def _silent(reason: Reason, places: AbstractSet[str]) -> list[str]:
    """What the rule looks for in a record and this record has not got at all."""
    paper = reason.held.paper
    parts = (
        (places & {"conflict", "declared"} and not paper.conflict_of_interest, "statement of interests"),
        (places & {"grant", "has"} and not paper.grants, "grants"),
        (places & {"affiliation"} and not paper.affiliations, "affiliations"),
    )
    return [name for missing, name in parts if missing]


def _where(where: str, weight: float) -> str:
    place = _MARKS.get(where) or _PLACES.get(where, f"in the {where}")
    return f"{place} (+{weight:g})"


def _list(needs: Sequence[Need]) -> str:
    named = " · ".join(readable(clean(need.phrase)) for need in needs[:NEEDS])
    return named + (f" · and {len(needs) - NEEDS} more" if len(needs) > NEEDS else "")


def _phrase(rule: str) -> str:
    return f"“{readable(clean(rule.partition(': ')[2]))}”"


def _print(lines: Iterable[Line]) -> None:
    """On a terminal with a column for labels, «…» marked; in a pipe as plain lines."""
    for line in lines:
        if on_terminal():
            width = _WIDTH if line.label else 0
            beside(line.label, line.text, indent=line.indent, width=width, styles=("bold", line.style))
        else:
            click.echo(f"{' ' * line.indent}{f'{line.label:<{_WIDTH}}' if line.label else ''}{line.text}")
