"""`reftrack cite`: references as a journal prints them."""

from __future__ import annotations

import click

from .held import open_library
from .screen import clean, on_terminal
from .settings import Desk

DEFAULT_STYLE = "american-medical-association"


@click.command()
@click.argument("papers", nargs=-1, required=True, metavar="PMID|KEY...")
@click.option(
    "--style", default=DEFAULT_STYLE, show_default=True, metavar="NAME", help="As apa, nature or vancouver; see below."
)
@click.option("--html", is_flag=True, help="With italics and the like, for a page or a word processor.")
@click.option(
    "--list-styles",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, asked: _list_styles(ctx) if asked else None,
    help="Which styles there are.",
)
@click.pass_obj
def command(desk: Desk, papers: tuple[str, ...], *, style: str, html: bool) -> None:
    """Print references to papers, named by PMID or citation key, in any style of citationstyles.org.

    A retracted paper says so at the end of its reference. Needs: pip install 'reftrack[cite]'

    \b
    Examples:
      reftrack cite 31494820
      reftrack cite 31494820 --style apa
      reftrack cite --list-styles | grep stroke
    """
    from ..export.references import format_references
    from ..library.selecting import find_papers

    with open_library(desk) as reader:
        held = reader.held(find_papers(reader.connection, papers))
        for reference in format_references(held, style, "html" if html else "text"):
            text = clean(reference) if on_terminal() else reference
            click.echo(f"<p>{text}</p>" if html else text)


def _list_styles(ctx: click.Context) -> None:
    from ..export.references import list_styles

    for name in list_styles():
        click.echo(name)
    ctx.exit()
