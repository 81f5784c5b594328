"""`reftrack query`: the saved queries."""

from __future__ import annotations

import click

from . import options, query_diff, query_lint, query_new, query_test
from .groups import Subcommands
from .guidance import no_query
from .screen import clean, json_text, note, on_terminal, table, tsv
from .settings import Desk


@click.group(cls=Subcommands)
def command() -> None:
    """Saved queries: write, look over, test and compare the files queries/NAME.toml, which `fetch` runs.

    \b
    Examples:
      reftrack query new
      reftrack query lint
      reftrack query test
      reftrack query diff stroke
    """


command.add_command(query_lint.command)
command.add_command(query_test.command)
command.add_command(query_diff.command)
command.add_command(query_new.command)


@command.command("list")
@options.as_json
@click.pass_obj
def list_queries(desk: Desk, *, as_json: bool) -> None:
    """List the saved queries, with the papers each finds. Those that are held are counted; PubMed is not asked.

    \b
    Examples:
      reftrack query list
      reftrack query list --json
    """
    from .. import queries

    saved = queries.load(desk.queries)
    held = _held(desk)
    if as_json:
        shaped = [_shape(query) | {"held": held.get(name, 0)} for name, query in saved.items()]
        click.echo(json_text(shaped))
        return
    if not saved:
        note(f"There is no saved query in {desk.queries}: {no_query()}", quiet=desk.quiet)
        return
    rows = [(name, held.get(name, 0), query.title) for name, query in saved.items()]
    header = ("query", "held", "title")
    if on_terminal():
        table(list(zip(header, ({"no_wrap": True}, {"justify": "right"}, {}), strict=True)), rows)
    else:
        for line in tsv(header, rows):
            click.echo(line)


@command.command("show")
@click.argument("name", metavar="QUERY")
@options.as_json
@click.pass_obj
def show_query(desk: Desk, name: str, *, as_json: bool) -> None:
    """Show a saved query: title, note, known papers, term.

    \b
    Example:
      reftrack query show tbi
    """
    from .. import queries

    query = queries.named(desk.queries, name)
    if as_json:
        click.echo(json_text(_shape(query) | {"read_as": _read_as(query.term)}))
        return
    click.echo(f"{query.name}: {clean(query.title)}")
    click.echo(f"refused above {query.max_hits:,} papers; must find {len(query.known)} known PMIDs")
    for text in (query.note, query.term):
        if text.strip():
            click.echo("\n" + "\n".join(clean(line) for line in text.strip().splitlines()))
    if read_as := _read_as(query.term):
        click.echo(f"\nread as: {clean(read_as)}")


def _read_as(term: str) -> str:
    """The term with the brackets that PubMed implies, where the order of operators is not plain."""
    from ..matching.written import implied_brackets

    return implied_brackets(term)


def _shape(query: object) -> dict[str, object]:
    from ..model import Query

    assert isinstance(query, Query)
    return {
        "name": query.name,
        "title": query.title,
        "term": query.term,
        "note": query.note,
        "known": list(query.known),
        "max": query.max_hits,
    }


def _held(desk: Desk) -> dict[str, int]:
    reader = desk.reader()
    if reader is None:
        return {}
    with reader:
        return reader.hit_counts()
