"""`reftrack rules`: the tag rules as data, with their examples as tests, and how right they are on labelled papers."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from . import options
from .groups import Subcommands
from .guidance import tell_empty
from .output import is_stdout, write
from .screen import clean, json_text, note, on_terminal, plural
from .settings import Desk

if TYPE_CHECKING:
    from ..evaluation import Vocabulary
    from ..model import Paper
    from ..tagging import RuleSet
    from ..workflow.evaluating import Evaluation, Floor, Held

FINDINGS = 1


@click.group(cls=Subcommands)
def command() -> None:
    """Check the tag rules, show them, and measure them on papers that people labelled.

    \b
    Examples:
      reftrack rules lint
      reftrack rules show rct
      reftrack rules evaluate gold.jsonl --hide pt,mesh
      reftrack rules sample --tag mortality -o mortality.jsonl
    """


@command.command("lint")
@options.as_json
@click.pass_context
def lint(ctx: click.Context, *, as_json: bool) -> None:
    """Run every rule's examples, look for what cannot work. Status 1 if anything is found.

    Both the shipped rules and the workspace's rules/*.toml: examples that do not hold, parents and other tags that
    are gone, circles, phrases that a mask swallows, names that two tags claim. Run it after every edit of a rule.

    \b
    Example:
      reftrack rules lint
    """
    from .. import tagging

    desk: Desk = ctx.obj
    rules = desk.rules()
    files = tagging.origins(desk.own_rules())
    found = []
    for problem in tagging.lint(rules):
        tag, _, words = problem.partition(": ")
        found.append({"file": files.get(tag, ("",))[-1], "tag": tag, "problem": words})
    if as_json:
        click.echo(json_text(found))
    else:
        for one in found:
            click.echo(clean(f"{one['file']}: {one['tag']}: {one['problem']}"))
        examples = sum(len(rule.yes) + len(rule.no) for rule in rules.rules)
        said = plural(len(found), "finding") if found else "nothing to find fault with"
        note(f"{plural(len(rules.rules), 'tag')}, {plural(examples, 'example')}: {said}.", quiet=desk.quiet)
    if found:
        ctx.exit(FINDINGS)


@command.command("show")
@click.argument("tag", default="")
@options.as_json
@click.pass_obj
def show(desk: Desk, tag: str, *, as_json: bool) -> None:
    """List the rules, or show one. Of one: what it looks for, where, and what stops it.

    \b
    Examples:
      reftrack rules show
      reftrack rules show mortality
    """
    from .. import tagging
    from ..workflow.evaluating import vocabulary
    from . import rulebook

    rules = desk.rules()
    files = tagging.origins(desk.own_rules())
    if tag:
        one = tagging.describe(rules, vocabulary(rules).tag(tag).slug, files)
        if as_json:
            click.echo(json_text(rulebook.shape(one)))
        else:
            rulebook.show(one)
        return
    every = [tagging.describe(rules, rule.slug, files) for rule in rules.rules]
    if as_json:
        click.echo(json_text([rulebook.short_shape(one) for one in every]))
    else:
        rulebook.show_all(every)


@command.command("evaluate")
@click.argument("files", nargs=-1, required=True, metavar="GOLD...")
@click.option("--hide", "hidden", multiple=True, metavar="A,B", help="Leave these out of the papers: pt, mesh, ...")
@click.option("--facet", "facets", multiple=True, metavar="F", help="Only this facet; repeat.")
@click.option("--fail-under", "floors", multiple=True, metavar="TAG=F1", help="Status 1 below this; repeat.")
@click.option("--errors", type=click.Path(path_type=Path), metavar="FILE", help="Every mistake with its evidence.")
@options.as_json
@click.pass_context
def evaluate(
    ctx: click.Context,
    *,
    files: tuple[str, ...],
    hidden: tuple[str, ...],
    facets: tuple[str, ...],
    floors: tuple[str, ...],
    errors: Path | None,
    as_json: bool,
) -> None:
    """Compare what the rules say with what people say. Out come precision, recall and F1 of every labelled tag.

    GOLD is JSON Lines, a paper a line: {"pmid", "title", "abstract", "tags": [...], "ignore": [...]}; "-" is stdin.
    Without "title" the held paper of that PMID is taken. docs/gold.md describes the file.

    Of study types the primary ones are compared; other tags count where tagged or implied by a child. Intervals
    are Wilson's, 95 %.

    \b
    Examples:
      reftrack rules evaluate gold.jsonl --hide pt,mesh --errors errors.jsonl
      reftrack rules evaluate gold.jsonl --fail-under rct=0.82 --facet study
    """
    from ..workflow import evaluating
    from . import figures

    if as_json and errors is not None and is_stdout(errors):
        raise UsageError("--json and --errors - both want stdout; name a file for the errors.")
    desk: Desk = ctx.obj
    rules = desk.rules()
    known = evaluating.vocabulary(rules)
    least = [evaluating.floor(text, known) for text in floors]
    only = {known.facet(text) for text in facets}
    done = [
        _only(one, only) for one in _evaluated(desk, files, rules, known, _fields(hidden, tuple(evaluating.HIDDEN)))
    ]
    failures = _failures(least, done)
    to_stdout = errors is not None and is_stdout(errors)
    if as_json:
        shapes = [figures.shape(one, _fields(hidden, ())) for one in done]
        click.echo(json_text(shapes[0] if len(shapes) == 1 else shapes))
    else:
        for one in done:
            figures.show(one, stderr=to_stdout and not on_terminal())
    if errors is not None:
        found = [(one, mistake) for one in done for mistake in evaluating.mistakes(one, rules, known)]
        as_text = to_stdout and on_terminal()
        write(errors, map(figures.mistake_text if as_text else figures.mistake_line, found))
        if not to_stdout:
            note(f"{plural(len(found), 'mistake')} written to {errors}.", quiet=desk.quiet)
    for sentence in failures:
        click.echo(f"reftrack: {sentence}", err=True)
    if failures:
        ctx.exit(FINDINGS)


def _fields(texts: Sequence[str], known: Sequence[str]) -> list[str]:
    """The comma-separated names of --hide. Raises UsageError; with nothing known nothing is refused."""
    names = [name for text in texts for name in text.replace(",", " ").lower().split()]
    for name in names:
        if known and name not in known:
            raise UsageError(f"--hide knows no {name!r}; it takes {', '.join(known)}.")
    if texts and not names:
        raise UsageError("--hide is empty; it takes pt, mesh and others.")
    return list(dict.fromkeys(names))


def _evaluated(
    desk: Desk, files: Sequence[str], rules: RuleSet, known: Vocabulary, hidden: Sequence[str]
) -> Iterator[Evaluation]:
    from ..evaluation import read_gold
    from ..workflow.evaluating import evaluate

    if files.count("-") > 1:
        raise UsageError("stdin can be read once only.")
    with ExitStack() as stack:
        held = _held(desk, stack)
        for file in files:
            gold = read_gold("stdin" if file == "-" else Path(file).name, _lines(file), known)
            if gold.repeated:
                note(f"{gold.name}: on more than one line, and counted so: {', '.join(gold.repeated[:5])}.")
            done = evaluate(gold, rules, known, hide=hidden, held=held)
            if not done.facets:
                note(
                    f"{gold.name}: nothing is labelled, so nothing is measured; its first line may say what was judged."
                )
            yield done


def _held(desk: Desk, stack: ExitStack) -> Held:
    """Papers from the library, which is opened when the first is asked for."""
    from .held import open_library

    def papers(pmids: Sequence[int]) -> Iterator[Paper]:
        reader = stack.enter_context(open_library(desk))
        return (one.paper for one in reader.held(pmids))

    return papers


def _lines(file: str) -> list[str]:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not UTF-8 text.") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}).") from None


def _only(done: Evaluation, facets: set[str]) -> Evaluation:
    from dataclasses import replace

    if not facets:
        return done
    kept = tuple(one for one in done.facets if one.facet in facets)
    if not kept:
        judged = ", ".join(one.facet for one in done.facets) or "none"
        raise UsageError(f"{done.gold.name} labels no such facet ({', '.join(sorted(facets))}); it labels {judged}.")
    return replace(done, facets=kept, verdicts=tuple(one for one in done.verdicts if one.facet in facets))


def _failures(floors: Sequence[Floor], done: Sequence[Evaluation]) -> list[str]:
    """A sentence for every figure below its floor. Raises UsageError for one that no gold file can tell."""
    failures: list[str] = []
    for floor in floors:
        told = [(one, value) for one in done if (value := floor.value(one.facets)) is not None]
        if not told:
            names = ", ".join(one.gold.name for one in done)
            raise UsageError(
                f"--fail-under {floor.name}: no paper of {names} has it, so this check could never fail; "
                "leave it out or label papers that have it."
            )
        failures += [
            f"{one.gold.name}: {floor.name} is {value:.4f}, {floor.least - value:.4f} below {floor.least:g}."
            for one, value in told
            if value < floor.least
        ]
    return failures


@command.command("sample")
@click.option(
    "--tag", default="", metavar="TAG", help="A third each: tagged, possible, and absent though it looks like it."
)
@click.option("--facet", "facets", multiple=True, metavar="F", help="Any papers, to be labelled in this facet; repeat.")
@click.option("-n", "number", type=click.IntRange(1, 10_000), default=30, show_default=True, help="How many papers.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another number, other papers.")
@click.option("--show-tags", is_flag=True, help='Add what the rules say as "ours"; a reader is led by it.')
@click.option("--decided", is_flag=True, help="No drawing: what was decided by hand (`tag add`, `tag rm`).")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Into this file.")
@click.pass_obj
def sample(
    desk: Desk,
    *,
    tag: str,
    facets: tuple[str, ...],
    number: int,
    seed: int,
    show_tags: bool,
    decided: bool,
    output: Path | None,
) -> None:
    """Draw held papers to be labelled by hand. Out comes a gold file for `rules evaluate`; --decided writes one of what
    was decided already.

    Same seed and same library, same papers. The file does not say what the rules think of them.

    \b
    Examples:
      reftrack rules sample --tag mortality -n 30 -o mortality.jsonl
      reftrack rules sample --decided -o decided.jsonl
    """
    from ..workflow import evaluating, sampling
    from .held import open_library

    if decided and (tag or facets or show_tags):
        raise UsageError("--decided takes every decision by hand; --tag, --facet and --show-tags are for drawing.")
    if tag and facets:
        raise UsageError("--tag and --facet exclude each other: papers are drawn for a tag, or any for a facet.")
    rules = desk.rules()
    known = evaluating.vocabulary(rules)
    wanted = known.tag(tag) if tag else None
    within = [known.facet(one) for one in facets]
    with open_library(desk) as reader:
        if tag and (stale := reader.stale(rules.hash)):
            note(f"{plural(stale, 'paper')} tagged by other rules; `reftrack retag` first.", quiet=desk.quiet)
        if decided:
            drawn = sampling.decided(reader, rules)
        else:
            drawn = sampling.draw(reader, rules, tag=wanted, facets=within, number=number, seed=seed, ours=show_tags)
    if drawn.without:
        note(f"Left out, as no rule knows them any more: {', '.join(drawn.without)}.")
    if not drawn.papers:
        note("Nobody has decided anything by hand yet." if decided else "There is nothing to draw from.")
        tell_empty(desk)
        return
    write(None if is_stdout(output) else output, drawn.lines)
    if output and not is_stdout(output):
        note(f"{plural(drawn.papers, 'paper')} written to {output}.", quiet=desk.quiet)
