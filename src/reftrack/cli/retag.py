"""`reftrack retag`: the rules applied to papers that other rules tagged, or what that would change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from . import guidance, options
from .progress import watching
from .screen import beside, clean, json_text, note, on_terminal, plural, table, tsv
from .settings import Desk

if TYPE_CHECKING:
    from ..model import HeldPaper
    from ..tagging import RuleSet
    from ..workflow.retagging import Moved, Retagged

_HEADER = ("tag", "gained", "lost", "gained_by", "lost_by", "label")
_PRIMARY = ("primary", "before", "after", "papers", "examples")


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also papers that these rules tagged already.")
@click.option("--dry-run", is_flag=True, help="Show what would change; store nothing.")
@options.as_json
@click.pass_obj
def command(desk: Desk, *, everything: bool, dry_run: bool, as_json: bool) -> None:
    """Apply the tag rules to stale papers. What was decided by hand stays.

    \b
    Examples:
      reftrack retag --dry-run
      reftrack retag
    """
    from ..workflow.retagging import retag

    if desk.first_day():
        if as_json:
            click.echo(json_text(_nothing(dry_run=dry_run)))
        guidance.tell_empty(desk)
        return
    rules = desk.rules()
    with desk.library() as library, watching(desk, "papers") as watch:
        done = retag(library, rules, everything=everything, dry_run=dry_run, watch=watch)
        examples = {held.paper.pmid: held for held in library.held(sorted(_examples(done)))}
        decided = () if dry_run else library.decided()
    if as_json:
        click.echo(json_text(_shape(done, rules, dry_run=dry_run)))
    else:
        word = "would be tagged anew" if dry_run else "tagged anew"
        click.echo(f"{plural(done.tagged, 'paper')} of {done.looked_at:,} {word}.")
        _print(done, rules, examples, titles=dry_run)
    _tell_people(done, dry_run=dry_run, quiet=desk.quiet)
    if not done.looked_at:
        guidance.tell_empty(desk)
    against = sum(not one.agrees for one in decided)
    if against:
        note(
            f"{plural(against, 'decision')} by hand differ{'s' * (against == 1)} from what the rules say; "
            "`reftrack tag conflicts` lists them.",
            quiet=desk.quiet,
        )


def _tell_people(done: Retagged, *, dry_run: bool, quiet: bool) -> None:
    """What the change means for decisions by hand: they stay whatever the rules say."""
    would = "would now contradict" if dry_run else "now contradict"
    for word, found in ((would, done.contradicted), (would.replace("contradict", "agree with"), done.confirmed)):
        if found:
            named = ", ".join(f"{slug} ({pmid})" for pmid, slugs in list(found.items())[:5] for slug in slugs)
            number = sum(map(len, found.values()))
            note(f"The rules {word} {plural(number, 'decision')} by hand, which stay: {named}.", quiet=quiet)


def _examples(done: Retagged) -> set[int]:
    groups: tuple[Mapping[Any, Moved], ...] = (done.gained, done.lost, done.primary)
    return {pmid for group in groups for moved in group.values() for pmid in moved.examples}


def _print(done: Retagged, rules: RuleSet, examples: Mapping[int, HeldPaper], *, titles: bool) -> None:
    if not (done.gained or done.lost or done.primary):
        if done.tagged:
            click.echo("No tag changes.")
    elif on_terminal():
        _print_table(done, rules)
        if titles:
            _print_examples(done, rules, examples)
    else:
        for line in _lines(done, rules):
            click.echo(line)


def _lines(done: Retagged, rules: RuleSet) -> Iterator[str]:
    """Tab-separated: the tags that change, and after an empty line the primary ones; only what there is."""
    if done.gained or done.lost:
        yield from tsv(
            _HEADER,
            [
                (_name(one, rules), *_numbers(done, one), *_pmids(done, one), _label(one, rules))
                for one in _order(done, rules)
            ],
        )
    if done.primary:
        if done.gained or done.lost:
            yield ""
        rows = [
            (facet, was, now, moved.papers, _listed(moved)) for (facet, was, now), moved in _by_number(done.primary)
        ]
        yield from tsv(_PRIMARY, rows)


def _print_table(done: Retagged, rules: RuleSet) -> None:
    """Counts by tag, then which primary study types became which."""
    right = {"justify": "right", "no_wrap": True}
    if done.gained or done.lost:
        table(
            [("Tag", {"no_wrap": True}), ("", {}), ("Gained", right), ("Lost", right)],
            [(_name(one, rules), _label(one, rules), *_signed(done, one)) for one in _order(done, rules)],
        )
    if done.primary:
        table(
            [("Primary tag", {"no_wrap": True}), ("Papers", right)],
            [(change, f"{moved.papers:,}") for change, moved in _moves(done, rules)],
        )


def _print_examples(done: Retagged, rules: RuleSet, examples: Mapping[int, HeldPaper]) -> None:
    """The first papers of every change, with their titles."""
    for slug in _order(done, rules):
        _say(f"\n{_name(slug, rules)}", "bold")
        for sign, group in (("+", done.gained), ("−", done.lost)):
            _say_examples(sign, group.get(slug), examples)
    for change, moved in _moves(done, rules):
        _say(f"\n{change}", "bold")
        _say_examples("·", moved, examples)


def _say_examples(sign: str, moved: Moved | None, examples: Mapping[int, HeldPaper]) -> None:
    for pmid in moved.examples if moved else ():
        held = examples.get(pmid)
        _say(f"  {sign} {held.key if held else ''} ({pmid}) {clean(held.paper.title) if held else ''}")
    rest = moved.papers - len(moved.examples) if moved else 0
    if rest:
        _say(f"  {sign} and {plural(rest, 'other')}")


def _say(text: str, style: str = "") -> None:
    beside("", text, width=0, styles=("", style))


def _order(done: Retagged, rules: RuleSet) -> Iterable[str]:
    """The rules' own order; tags that are gone come last."""
    place = {slug: number for number, slug in enumerate(rules.by_slug)}
    return sorted({*done.gained, *done.lost}, key=lambda slug: (place.get(slug, len(place)), slug))


def _moves(done: Retagged, rules: RuleSet) -> list[tuple[str, Moved]]:
    """Changes of a facet's primary tag in words, the most frequent first."""
    return [
        (f"{rules.facets[facet].label if facet else 'Gone'}: {was or 'none'} -> {now or 'none'}", moved)
        for (facet, was, now), moved in _by_number(done.primary)
    ]


def _by_number(moves: Mapping[tuple[str, str, str], Moved]) -> list[tuple[tuple[str, str, str], Moved]]:
    return sorted(moves.items(), key=lambda item: (-item[1].papers, item[0]))


def _label(slug: str, rules: RuleSet) -> str:
    return rules.by_slug[slug].label if slug in rules.by_slug else "gone"


def _name(slug: str, rules: RuleSet) -> str:
    return f"{rules.by_slug[slug].facet.slug}/{slug}" if slug in rules.by_slug else slug


def _numbers(done: Retagged, slug: str) -> tuple[int, int]:
    return (
        done.gained[slug].papers if slug in done.gained else 0,
        done.lost[slug].papers if slug in done.lost else 0,
    )


def _signed(done: Retagged, slug: str) -> tuple[tuple[str, str], tuple[str, str]]:
    gained, lost = _numbers(done, slug)
    return (f"+{gained:,}" if gained else "", "green"), (f"−{lost:,}" if lost else "", "red")


def _pmids(done: Retagged, slug: str) -> tuple[str, str]:
    return _listed(done.gained.get(slug)), _listed(done.lost.get(slug))


def _listed(moved: Moved | None) -> str:
    return " ".join(map(str, moved.examples)) if moved else ""


def _shape(done: Retagged, rules: RuleSet, *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "papers": done.looked_at,
        "tagged": done.tagged,
        "tags": {
            _name(slug, rules): {
                "label": _label(slug, rules),
                "gained": _numbers(done, slug)[0],
                "lost": _numbers(done, slug)[1],
                "gained_by": done.gained[slug].examples if slug in done.gained else [],
                "lost_by": done.lost[slug].examples if slug in done.lost else [],
            }
            for slug in _order(done, rules)
        },
        "primary": [
            {
                "facet": facet,
                "before": was or None,
                "after": now or None,
                "papers": moved.papers,
                "examples": moved.examples,
            }
            for (facet, was, now), moved in _by_number(done.primary)
        ],
        "contradicted": [{"pmid": pmid, "tag": slug} for pmid, slugs in done.contradicted.items() for slug in slugs],
        "confirmed": [{"pmid": pmid, "tag": slug} for pmid, slugs in done.confirmed.items() for slug in slugs],
    }


def _nothing(*, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "papers": 0,
        "tagged": 0,
        "tags": {},
        "primary": [],
        "contradicted": [],
        "confirmed": [],
    }
