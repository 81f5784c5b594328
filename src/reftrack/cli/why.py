"""`reftrack why`: the words a tag rests on, or what was missing for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct
from msgspec.structs import replace

from . import options
from .edited import tell_edited_rules
from .held import open_library
from .screen import json_text, note
from .settings import Desk

if TYPE_CHECKING:
    from ..library.reading import Reader
    from ..model import Evidence, HandTag, HeldPaper, Tag
    from ..tagging import Explanation, RuleSet

Shape = dict[str, Any]


class Reason(Struct, frozen=True):
    """All that is known of one tag of a paper: what the rules say, and what a person decided."""

    held: HeldPaper
    facet: str
    slug: str
    tag: Tag | None = None
    """As the rules give it; None where only a person spoke."""
    state: str = "absent"
    """By the rules: tagged, possible, absent."""
    masked: tuple[Evidence, ...] = ()
    decision: HandTag | None = None
    explanation: Explanation | None = None
    """Made anew from the paper and today's rules, where all is asked for."""

    @property
    def name(self) -> str:
        """facet/slug."""
        return f"{self.facet}/{self.slug}" if self.facet else self.slug

    @property
    def stands(self) -> str:
        """The state that counts: a person's decision always wins."""
        if self.decision is None:
            return self.state
        return "tagged" if self.decision.verdict == "add" else "removed"

    @property
    def marks(self) -> tuple[str, ...]:
        """What the indexers set that speaks for it."""
        return tuple(dict.fromkeys(entry.words for entry in self.tag.marks)) if self.tag else ()

    @property
    def provisional(self) -> bool:
        """It rests on the text alone, and NLM has not indexed the paper yet."""
        awaited = self.held.paper.indexing == "awaited" and self.decision is None
        return awaited and self.state != "absent" and not self.marks and not self._recorded

    @property
    def _recorded(self) -> bool:
        """Whether it rests on what the record says of people and money."""
        from ..indexing import RECORDED

        return self.tag is not None and any(one.field in RECORDED and one.weight > 0 for one in self.tag.evidence)


@click.command()
@click.argument("paper", metavar="PMID|KEY")
@click.argument("tag", default="", metavar="[TAG]")
@click.option("--all", "everything", is_flag=True, help="All of every tag, not only its best sentence.")
@options.as_json
@click.pass_obj
def command(desk: Desk, paper: str, tag: str, *, everything: bool, as_json: bool) -> None:
    """Explain the tags of a paper, or one tag that it has or has not.

    Without TAG each tag is shown with its best sentence, the study type first. With TAG, or --all: every sentence,
    rule, section and weight, what did not count and why, and of a tag that is not there what it would need.

    \b
    Examples:
      reftrack why 31494820
      reftrack why 31494820 mortality
      reftrack why 31494820 --all
    """
    from ..library.selecting import find_paper, find_tag

    with open_library(desk) as reader:
        pmid = find_paper(reader.connection, paper)
        held = next(reader.held([pmid]))
        decisions = {decision.slug: decision for decision in reader.hand_tags(pmid)}
        if tag:
            facet, slug = find_tag(reader.connection, tag)
            reasons = [_explained(Reason(held, facet, slug, decision=decisions.get(slug)), _rules(desk, reader, pmid))]
        else:
            if not everything or as_json:
                tell_edited_rules(desk, reader.connection)
            reasons = _all(reader, held, decisions)
            if everything and not as_json:
                rules = _rules(desk, reader, pmid)
                reasons = [_explained(reason, rules) for reason in reasons]
    if as_json:
        click.echo(json_text([_shape(reason) for reason in reasons]))
        return
    if not reasons:
        note("No tag was found for this paper, and none was given by hand.", quiet=desk.quiet)
    from . import reasons as shown

    if tag or everything:
        shown.print_whole(held, reasons)
    else:
        shown.print_overview(held, reasons)


def _all(reader: Reader, held: HeldPaper, decisions: Mapping[str, HandTag]) -> list[Reason]:
    """The stored tags, then what was decided by hand beyond them."""
    tags = reader.rule_tags(held.paper.pmid)
    facets = {entry.slug: entry.facet for entry in reader.vocabulary()}
    known = {tag.slug for tag in tags}
    return [
        *(_stored(held, tag, decisions.get(tag.slug)) for tag in tags),
        *(
            Reason(held, facets.get(slug, ""), slug, decision=decision)
            for slug, decision in decisions.items()
            if slug not in known
        ),
    ]


def _stored(held: HeldPaper, tag: Tag, decision: HandTag | None) -> Reason:
    counts = tuple(entry for entry in tag.evidence if not entry.masked)
    masked = tuple(entry for entry in tag.evidence if entry.masked)
    return Reason(held, tag.facet, tag.slug, replace(tag, evidence=counts), tag.state, masked, decision)


def _rules(desk: Desk, reader: Reader, pmid: int) -> RuleSet:
    rules = desk.rules()
    if reader.stale_among([pmid], rules.hash):
        note("The rules changed since this paper was tagged; `reftrack retag` applies them.", quiet=desk.quiet)
    return rules


def _explained(reason: Reason, rules: RuleSet) -> Reason:
    """The same with everything that decided about it, made anew from the paper and today's rules."""
    from .. import tagging
    from ..model import Tag

    if rules.resolve(reason.slug) is None:  # a decision on a tag that no longer exists
        return reason
    told = tagging.explain(reason.held.paper, rules, reason.slug)
    tag = Tag(
        facet=told.facet,
        slug=told.slug,
        state="possible" if told.state == "absent" else told.state,
        score=told.score,
        threshold=told.threshold,
        primary=told.primary,
        evidence=told.evidence,
    )
    return replace(reason, tag=tag, state=told.state, masked=told.masked, explanation=told)


def _shape(reason: Reason) -> Shape:
    """The JSON of the contract."""
    tag, decision = reason.tag, reason.decision
    shape: Shape = {
        "pmid": reason.held.paper.pmid,
        "tag": reason.name,
        "state": reason.stands,
        "source": "hand" if decision else "rule",
        "score": round(tag.score, 3) if tag else 0.0,
        "threshold": tag.threshold if tag else 0.0,
        "evidence": _evidence((*(tag.evidence if tag else ()), *reason.masked)),
        "provisional": reason.provisional,
        "confirmed_by": list(reason.marks),
    }
    if decision:
        shape |= {"because": decision.because, "who": decision.who, "at": decision.at}
    return shape


def _evidence(entries: Iterable[Evidence]) -> Sequence[Shape]:
    return [
        {
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
        for entry in entries
    ]
