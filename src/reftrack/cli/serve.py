"""`reftrack serve`: the library as a site in the browser, to look at."""

from __future__ import annotations

from contextlib import closing

import click

from ..errors import LibraryError, ReftrackError
from . import links, options
from .guidance import EMPTY
from .held import open_library
from .screen import note, plural
from .settings import Desk

PORT = 8001
HIGHEST = 65535


@click.command()
@click.option(
    "--port", type=options.Number(0, HIGHEST), default=PORT, metavar="N", help=f"0 for any free one.  [default: {PORT}]"
)
@click.option("--host", default="127.0.0.1", metavar="ADDRESS", help="Where to listen.  [default: this machine alone]")
@click.option("--title", metavar="TEXT", help="What the site is called.  [default: the workspace's folder]")
@click.option("--open", "opens", is_flag=True, help="Open it in the browser.")
@click.pass_obj
def command(desk: Desk, *, port: int, host: str, title: str | None, opens: bool) -> None:
    """Show the library in the browser: map, papers, trials, questions, every table.

    A paper's page says what `show` and `why` say; each list prints the `reftrack list` that gives the same papers.
    Nothing can be changed there, and no page loads anything from elsewhere. What a fetch brings meanwhile is seen at
    once. Only this machine can ask, unless --host says otherwise: then everybody who reaches that address reads all,
    notes too. Ctrl-C ends it. Needs: pip install 'reftrack[web]'

    \b
    Examples:
      reftrack serve
      reftrack serve --port 0 --open
    """
    with open_library(desk) as reader:
        papers = reader.how_many()
    if not papers:
        raise LibraryError(EMPTY)
    from ..web import guard, site
    from ..workflow import serving
    from . import past

    name = title or (desk.root.resolve().name if desk.root else "") or desk.db.stem
    made = site.app(serving.site(desk.db, title=name, titles=lambda: _titles(desk), history=past.lines), host)
    with closing(site.listen(host, port)) as bound:
        address = site.address(bound)
        click.echo(f"{plural(papers, 'paper')} at {address} (Ctrl-C ends it)")
        if not guard.is_loopback(host):
            note(f"Warning: everybody who reaches {host} can read the whole library, notes included.")
        if opens and not links.show(address):
            note("No browser can be shown here; open that address in one.", quiet=desk.quiet)
        try:
            site.run(made, bound)
        except KeyboardInterrupt:  # the way to end it
            return


def _titles(desk: Desk) -> dict[str, str]:
    """What the saved queries are called; nothing of those whose files cannot be read now."""
    from .. import queries

    try:
        return {name: query.title for name, query in queries.load(desk.queries).items()}
    except ReftrackError:
        return {}
