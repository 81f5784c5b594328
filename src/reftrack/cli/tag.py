"""`reftrack tag`: decisions by hand, which every later fetch and retag respects, and the counts of all tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import click

from ..errors import UsageError
from . import options
from .edited import tell_edited_rules
from .picking import asked, pick, picking
from .screen import clean, json_text, note, on_terminal, plural, table, tsv
from .settings import Desk

if TYPE_CHECKING:
    from ..library.deciding import Decided
    from ..model import TagDefinition


@click.group()
def command() -> None:
    """Tag papers by hand, take tags away, list and count tags.

    \b
    Examples:
      reftrack tag add KEY mood --because "table 3"
      reftrack tag rm KEY mortality --because "only in the background"
      reftrack tag add rct --query tbi --match "randomly[ti]" --dry-run
      reftrack tag list
    """


_because = click.option("--because", default="", metavar="TEXT", help="Why; kept with the decision.")


@command.command("add")
@picking
@_because
@click.pass_obj
def add(desk: Desk, /, names: tuple[str, ...], because: str, **chosen: Any) -> None:
    """Give papers a tag, whatever the rules say: papers by name, or all that the options select."""
    if names := pick(desk, names, asked(**chosen), "Add {tag} to {papers}"):
        _decide(desk, names, "add", because)


@command.command("rm")
@picking
@_because
@click.pass_obj
def remove(desk: Desk, /, names: tuple[str, ...], because: str, **chosen: Any) -> None:
    """Take a tag from papers, whatever the rules say: from papers by name, or all that the options select."""
    if names := pick(desk, names, asked(**chosen), "Remove {tag} from {papers}"):
        _decide(desk, names, "remove", because)


@command.command("reset")
@picking
@click.pass_obj
def reset(desk: Desk, /, names: tuple[str, ...], **chosen: Any) -> None:
    """Forget a decision, so that the rules speak again: on papers by name, or all that the options select."""
    if not (names := pick(desk, names, asked(**chosen), "Forget what was decided on {tag} of {papers}", known=False)):
        return
    papers, tag = _split(names)
    from ..library.selecting import find_papers, find_tag

    with desk.library() as library, library.transaction():
        pmids = find_papers(library.connection, papers)
        decided = {decision.slug for pmid in pmids for decision in library.hand_tags(pmid)}
        bare = tag.rpartition("/")[2]
        slug = bare if bare in decided else find_tag(library.connection, tag)[1]  # also when its rule is gone
        dropped = sum(library.drop_hand_tag(pmid, slug) for pmid in pmids)
    click.echo(f"{slug}: {plural(dropped, 'decision')} forgotten.")


@command.command("list")
@options.as_json
@click.pass_obj
def list_tags(desk: Desk, *, as_json: bool) -> None:
    """List the tags in use and how many papers carry each."""
    definitions, counts = _counted(desk)
    used = [(entry, counts[entry.slug]) for entry in definitions if counts.get(entry.slug)]
    if as_json:
        click.echo(json_text([{"facet": e.facet, "tag": e.slug, "label": e.label, "papers": n} for e, n in used]))
        return
    if not used:
        note("No paper is tagged yet.", quiet=desk.quiet)
        return
    header = ("facet", "tag", "papers", "label")
    rows = [(entry.facet, entry.slug, number, entry.label) for entry, number in used]
    if on_terminal():
        table(list(zip(header, ({}, {"no_wrap": True}, {"justify": "right"}, {}), strict=True)), rows)
    else:
        for line in tsv(header, rows):
            click.echo(line)


@command.command("tree")
@click.pass_obj
def tree(desk: Desk) -> None:
    """Show every tag there is, children under their parents, with the papers that carry it or a child of it."""
    definitions, _ = _counted(desk)
    within = _with_children(desk, definitions)
    children: dict[str, list[TagDefinition]] = {}
    for entry in definitions:
        children.setdefault(entry.parent or f"/{entry.facet}", []).append(entry)

    def show(entry: TagDefinition, depth: int) -> None:
        number = within.get(entry.slug, 0)
        click.echo(f"{'  ' * depth}{entry.slug}  {f'({number}) ' if number else ''}{entry.label}")
        for child in children.get(entry.slug, ()):
            show(child, depth + 1)

    for facet in dict.fromkeys(entry.facet for entry in definitions):
        click.echo(facet)
        for entry in children[f"/{facet}"]:
            show(entry, 1)


@command.command("conflicts")
@click.option("--all", "everything", is_flag=True, help="Also decisions with which the rules agree by now.")
@options.as_json
@click.pass_obj
def conflicts(desk: Desk, *, everything: bool, as_json: bool) -> None:
    """List decisions by hand that differ from what the rules say today. The decisions stand.

    A decision that is not needed any more, or was a mistake, goes with `reftrack tag reset`.
    """
    reader = desk.reader()
    found: tuple[Decided, ...] = ()
    if reader is not None:
        with reader:
            tell_edited_rules(desk, reader.connection)
            found = tuple(one for one in reader.decided() if everything or not one.agrees)
    if as_json:
        click.echo(json_text([_decision_shape(one) for one in found]))
        return
    if not found:
        nothing = "Nothing was decided by hand." if everything else "No decision by hand differs from the rules."
        note(nothing, quiet=desk.quiet)
        return
    rows = [_decision_cells(one) for one in found]
    if on_terminal():
        table(
            [(name.replace("_", " "), {"overflow": "fold"}) for name in _DECISION if name != "pmid"],
            [row[:1] + row[2:] for row in rows],
        )
        return
    for line in tsv(_DECISION, rows):
        click.echo(line)


_DECISION = ("key", "pmid", "tag", "by_hand", "rules", "who", "when", "because")


def _decision_cells(one: Decided) -> tuple[object, ...]:
    hand = one.decision
    verdict = "added" if hand.verdict == "add" else "removed"
    return one.key, hand.pmid, _tag_name(one), verdict, _said(one), hand.who, hand.at[:10], hand.because


def _tag_name(one: Decided) -> str:
    return f"{one.facet}/{one.decision.slug}" if one.facet else one.decision.slug


def _said(one: Decided) -> str:
    """What the rules say, in a few words."""
    if one.state == "unknown":
        return "there is no such tag any more"
    scored = f" ({one.score:g} of {one.threshold:g})" if one.state != "absent" else ""
    other = f", primary is {one.primary}" if one.primary and one.primary != one.decision.slug else ""
    through = f", but {one.child} below it is found" if one.child and one.state != "tagged" else ""
    agreed = " · agree" if one.agrees else ""
    return f"{one.state}{scored}{through}{other}{agreed}"


def _decision_shape(one: Decided) -> dict[str, Any]:
    hand = one.decision
    return {
        "pmid": hand.pmid,
        "key": one.key,
        "title": one.title,
        "tag": _tag_name(one),
        "verdict": hand.verdict,
        "because": hand.because,
        "who": hand.who,
        "at": hand.at,
        "agrees": one.agrees,
        "rules": {
            "state": one.state,
            "score": one.score,
            "threshold": one.threshold or None,
            "primary": one.primary or None,
            "child": one.child or None,
        },
    }


def _decide(desk: Desk, names: Sequence[str], verdict: Literal["add", "remove"], because: str) -> None:
    from ..library.selecting import find_papers, find_tag, with_children
    from ..library.writing import utc_now
    from ..model import HandTag

    papers, tag = _split(names)
    with desk.library() as library, library.transaction():
        tell_edited_rules(desk, library.connection)
        facet, slug = find_tag(library.connection, tag)
        pmids = find_papers(library.connection, papers)
        for pmid in pmids:
            library.set_hand_tag(HandTag(pmid, slug, verdict, clean(because), desk.who, utc_now()))
        below = with_children(library.connection, slug)[1:] if verdict == "remove" else []
        implied = {tag.slug for held in library.held(pmids) for tag in held.tags if tag.slug in below}
    done = "added to" if verdict == "add" else "removed from"
    click.echo(f"{facet}/{slug} {done} {plural(len(pmids), 'paper')}; no fetch or retag will change that.")
    if implied:
        note(f"Still found by --tag {slug}, because of {', '.join(sorted(implied))}.")


def _split(names: Sequence[str]) -> tuple[Sequence[str], str]:
    if len(names) < 2:  # noqa: PLR2004 - a paper and a tag
        raise UsageError("Name at least one paper (PMID or key) and then the tag.")
    return names[:-1], names[-1]


def _counted(desk: Desk) -> tuple[tuple[TagDefinition, ...], dict[str, int]]:
    reader = desk.reader()
    if reader is None:
        return desk.rules().definitions, {}
    with reader:
        tell_edited_rules(desk, reader.connection)
        return reader.vocabulary(), reader.tag_counts()


def _with_children(desk: Desk, definitions: Sequence[TagDefinition]) -> dict[str, int]:
    reader = desk.reader()
    if reader is None:
        return {}
    with reader:
        return reader.tag_counts_with_children([entry.slug for entry in definitions])
