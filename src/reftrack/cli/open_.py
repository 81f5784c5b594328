"""`reftrack open`: the pages of papers in the browser."""

from __future__ import annotations

import sys

import click

from ..errors import UsageError
from .held import open_library
from .screen import note, on_terminal, plural
from .settings import Desk

MANY = 5
"""Papers beyond which somebody may have meant something else."""
_NAMES = {"pubmed": "PubMed page", "doi": "DOI", "pmc": "page in PMC"}


@click.command()
@click.argument("papers", nargs=-1, required=True, metavar="PMID|KEY...")
@click.option("--pubmed", "page", flag_value="pubmed", default="pubmed", help="The page in PubMed, as without a flag.")
@click.option("--doi", "page", flag_value="doi", help="The publisher's page, by the DOI.")
@click.option("--pmc", "page", flag_value="pmc", help="The full text in PMC.")
@click.option("--print", "only_print", is_flag=True, help="Only print the addresses.")
@click.option("-y", "--yes", is_flag=True, help=f"Do not ask if there are more than {MANY}.")
@click.pass_obj
def command(desk: Desk, papers: tuple[str, ...], *, page: str, only_print: bool, yes: bool) -> None:
    """Open papers in the browser, when what is held is not enough: the PubMed page, the publisher's, or the full text.

    Where no browser can be seen, as over SSH, the addresses are printed. A retracted paper is warned of.

    \b
    Examples:
      reftrack open 31494820
      reftrack open poon2020 --doi
      reftrack open poon2020 --doi --print
    """
    from ..library.selecting import find_papers, listed
    from . import links

    with open_library(desk) as reader:
        rows = list(listed(reader.connection, find_papers(reader.connection, papers)))
    addresses = []
    for row in rows:
        there = links.pages(row.pmid, row.doi, row.pmcid)
        if page not in there:
            flags = ", ".join(f"--{name}" for name in there)
            raise UsageError(f"{row.key or row.pmid} has no {_NAMES[page]}; there is: {flags}. Nothing was opened.")
        addresses.append(there[page])
    if retracted := [row.key or str(row.pmid) for row in rows if row.retracted]:
        note(f"Warning: retracted: {', '.join(retracted)}.")
    if not only_print:
        _ask(len(addresses), yes=yes)
    printed = False
    for url in addresses:
        if only_print or not links.show(url):
            click.echo(url)
            printed = True
        else:
            note(f"Opened {url}", quiet=desk.quiet)
    if printed and not only_print:
        note("No browser can be shown here, so nothing was opened; above is what it would show.", quiet=desk.quiet)


def _ask(number: int, *, yes: bool) -> None:
    if number <= MANY or yes:
        return
    if not (on_terminal() and sys.stdin is not None and sys.stdin.isatty()):
        raise UsageError(f"{plural(number, 'paper')} are many to open; --yes does it, --print prints the addresses.")
    click.confirm(f"Open {plural(number, 'paper')}?", abort=True, err=True)
