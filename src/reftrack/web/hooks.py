"""What the site adds to Datasette: its routes, what its templates may use, and links in cells."""

from __future__ import annotations

import asyncio
import re
import traceback
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

from datasette import hookimpl
from datasette.utils.asgi import Base400, Request, Response
from datasette.utils.sqlite import sqlite3
from datasette.views.base import DatasetteError
from markupsafe import Markup

from ..errors import LibraryError, ReftrackError
from . import addresses
from .pages import NotHeldError, Params, Site
from .tables import QUERIES, SHOWN

NAV = (
    ("/papers", "Papers"),
    ("/map", "Map"),
    ("/trials", "Trials"),
    ("/questions", "Questions"),
    ("/library", "Tables"),
)
_PMIDS = ("pmid", "other_pmid", "cites_pmid", "cited_pmid")
_UNSEEN = dict.fromkeys(map(ord, "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
_PMID = re.compile(r"/paper/([1-9][0-9]{0,8})")
_NOT_HELD = 404
_FEW = 12
"""Papers in one cell that are links."""

Made = TypeVar("Made")


def to(path: str, params: Params = ()) -> str:
    """An address within the site."""
    return f"{path}?{urlencode(params)}" if params else path


@hookimpl  # type: ignore[untyped-decorator]
def register_routes(datasette: Any) -> Sequence[tuple[str, Callable[..., Any]]]:  # noqa: ANN401 - Datasette is untyped
    """The pages that are the site's own."""
    if not hasattr(datasette, "site"):
        return []
    return [
        (r"^/$", _landing),
        (r"^/papers$", _papers),
        (r"^/paper/(?P<name>[^/]+)$", _paper),
        (r"^/trials$", _trials),
        (r"^/map$", _map),
        (r"^/questions$", _questions),
    ]


@hookimpl  # type: ignore[untyped-decorator]
def prepare_jinja2_environment(env: Any, datasette: Any) -> None:  # noqa: ANN401
    """Nothing that turns the direction of a text gets from a record into a page; it could make a title say what it is
    not.
    """
    if hasattr(datasette, "site"):
        env.finalize = _shown


def _shown(value: object) -> object:
    return value.translate(_UNSEEN) if isinstance(value, str) else value


@hookimpl  # type: ignore[untyped-decorator]
def extra_template_vars(datasette: Any, request: Request | None) -> dict[str, Any]:  # noqa: ANN401
    """What every template may use."""
    if not hasattr(datasette, "site"):
        return {}
    site: Site = datasette.site
    path = request.path if request else "/"
    return {"site": site, "nav": NAV, "to": to, "path": path, "asked_in_sql": QUERIES, "shown": SHOWN}


@hookimpl  # type: ignore[untyped-decorator]
def render_cell(value: object, column: str, datasette: Any) -> Markup | None:  # noqa: ANN401
    """In tables a paper leads to its page, a DOI to the publisher."""
    if not hasattr(datasette, "site"):
        return None
    if column in _PMIDS and isinstance(value, int):
        return Markup('<a href="/paper/{0}">{0}</a>').format(value)
    if column == "pmids" and isinstance(value, str) and value.replace(",", "").isdigit():
        pmids = value.split(",")
        links = Markup(", ").join(Markup('<a href="/paper/{0}">{0}</a>').format(pmid) for pmid in pmids[:_FEW])
        return links + Markup(", …") if len(pmids) > _FEW else links
    if column == "key" and isinstance(value, str) and value:
        return Markup('<a href="/paper/{}">{}</a>').format(quote(value, safe=""), value)
    if column == "doi" and isinstance(value, str) and (address := addresses.pages(0, value, "").get("doi")):
        return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(address, value)
    return None


@hookimpl  # type: ignore[untyped-decorator]
def handle_exception(datasette: Any, request: Request, exception: BaseException) -> Any:  # noqa: ANN401
    """What Datasette refuses is told in a sentence; a fault of ours goes to stderr, and to nobody who asks.

    In place of Datasette's own, which prints every variable on the terminal, what stands in the library too.
    """

    async def answer() -> Response:
        status, told = 500, "The site made a mistake; the terminal in which it was started says which."
        if isinstance(exception, (Base400, DatasetteError)):
            status, told = exception.status, str(exception.args[0] if exception.args else exception)
            if getattr(exception, "message_is_html", False):
                told = "This took longer than two seconds and was stopped. Ask for less."
        elif isinstance(exception, LibraryError):
            status, told = 503, str(exception)
        elif isinstance(exception, sqlite3.DatabaseError):
            status, told = 400, f"SQLite refuses: {exception}."
        else:
            traceback.print_exception(exception)
        if request.path.endswith(".json"):
            return Response.json({"ok": False, "error": told, "status": status}, status=status)
        return await _explained(datasette, request, status, told)

    return answer()


async def _landing(datasette: Any, request: Request) -> Response:  # noqa: ANN401
    return await _page(datasette, request, "landing.html", datasette.site.landing)


async def _papers(datasette: Any, request: Request) -> Response:  # noqa: ANN401
    return await _page(datasette, request, "papers.html", lambda: datasette.site.papers(_params(request)))


async def _paper(datasette: Any, request: Request) -> Response:  # noqa: ANN401
    name = request.url_vars["name"]
    return await _page(datasette, request, "paper.html", lambda: datasette.site.paper(name))


async def _trials(datasette: Any, request: Request) -> Response:  # noqa: ANN401
    return await _page(datasette, request, "trials.html", lambda: datasette.site.trials(_params(request)))


async def _questions(datasette: Any, request: Request) -> Response:  # noqa: ANN401
    return await _page(datasette, request, "questions.html", datasette.site.questions)


async def _map(datasette: Any, request: Request) -> Response:  # noqa: ANN401
    made = await _made(datasette, request, lambda: datasette.site.map_page(_params(request)))
    return made if isinstance(made, Response) else Response.html(made)


def _params(request: Request) -> list[tuple[str, str]]:
    return parse_qsl(request.query_string)


async def _page(datasette: Any, request: Request, template: str, make: Callable[[], object]) -> Response:  # noqa: ANN401
    made = await _made(datasette, request, make)
    if isinstance(made, Response):
        return made
    context = {"own": True, "page": made}
    return Response.html(await datasette.render_template(template, context, request=request))


async def _made(datasette: Any, request: Request, make: Callable[[], Made]) -> Made | Response:  # noqa: ANN401
    """What a page is made of, read beside the loop; a failure that is promised is a page that explains it."""
    try:
        return await asyncio.to_thread(make)
    except ReftrackError as error:
        status = _NOT_HELD if isinstance(error, NotHeldError) else 503 if isinstance(error, LibraryError) else 400
        return await _explained(datasette, request, status, str(error))


async def _explained(datasette: Any, request: Request, status: int, told: str) -> Response:  # noqa: ANN401
    asked = _PMID.fullmatch(request.path)
    elsewhere = addresses.pages(int(asked[1]), "", "")["pubmed"] if asked and status == _NOT_HELD else ""
    context = {"own": True, "status": status, "error": told, "elsewhere": elsewhere}
    return Response.html(await datasette.render_template("error.html", context, request=request), status=status)
