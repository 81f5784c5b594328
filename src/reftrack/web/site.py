"""A Site becomes an ASGI application, and a server that answers until it is stopped."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .guard import Guard, names_of
from .pages import Site
from .tables import metadata

_HERE = Path(__file__).parent
LIBRARY = "library"
"""What Datasette calls the library, whatever its file is called."""
SETTINGS = {
    "default_page_size": 50,
    "max_returned_rows": 1000,
    "sql_time_limit_ms": 2000,
    "facet_time_limit_ms": 400,
    "suggest_facets": False,
    "allow_download": False,
    "default_cache_ttl": 0,
    "num_sql_threads": 2,
    "truncate_cells_html": 400,
}
_TRACEBACKS = "datasette.handle_exception"
"""It prints every variable on the terminal; `hooks` has its own."""
CLOSING = 2
"""Seconds that answers under way are waited for when it is stopped."""
MISSING = "The site needs Datasette: pip install 'reftrack[web]'."


def app(site: Site, host: str) -> Callable[..., Any]:
    """The whole site as an ASGI application, for requests to this host. Raises UsageError without Datasette."""
    try:
        import datasette.app
    except ImportError:
        raise UsageError(MISSING) from None
    _plug()
    with closing(site.connect()) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
    made = datasette.app.Datasette(
        memory=False,
        metadata=metadata(site.title, [name for (name,) in names]),
        settings=SETTINGS,
        template_dir=str(_HERE / "templates"),
        static_mounts=[("static", str(_HERE / "static"))],
    )
    for name in list(made.databases):
        if name != "_internal":
            made.remove_database(name)
    made.add_database(_database(made, site), name=LIBRARY)
    made.site = site
    return Guard(made.app(), names_of(host))


def _plug() -> None:
    """Our hooks and Datasette's own, and no others: other plugins of this Python could open what is closed here."""
    from datasette.plugins import DEFAULT_PLUGINS, pm

    from . import hooks

    for name, plugin in pm.list_name_plugin():
        if plugin is not None and plugin is not hooks and (name not in DEFAULT_PLUGINS or name == _TRACEBACKS):
            pm.unregister(name=name)
    if not pm.is_registered(hooks):
        pm.register(hooks, "reftrack")


def _database(datasette: Any, site: Site) -> Any:  # noqa: ANN401 - Datasette is untyped
    """The library, opened as reftrack opens it: fenced, and whatever its path looks like."""
    from datasette.database import Database

    class Library(Database):  # type: ignore[misc]
        size = 0
        mtime_ns = None

        def connect(self, write: bool = False) -> Any:  # noqa: ANN401, FBT002 - Datasette's signature
            """A connection that only reads, whatever is asked for."""
            if write:
                raise UsageError("Nothing can be changed here.")
            return site.connect()

        async def execute(self, sql: str, params: Any = None, *positional: Any, **how: Any) -> Any:  # noqa: ANN401
            """What somebody mistyped is told on the page, not on the terminal."""
            return await super().execute(sql, params, *positional, **how | {"log_sql_errors": False})

        async def attached_databases(self) -> list[object]:
            """None; SQLite would name the file."""
            return []

    return Library(datasette, path=LIBRARY, is_mutable=True)


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes requests; port 0 is any free one. Raises UsageError in one sentence."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError, OverflowError):
        raise UsageError(f"--host {host!r} is no name or address of this machine.") from None
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(address)
        made.listen(128)
    except OSError as error:
        made.close()
        raise UsageError(_unusable(host, port, error)) from None
    return made


def _unusable(host: str, port: int, error: OSError) -> str:
    import errno

    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use on this machine, perhaps by another `reftrack serve`; --port 0 takes a free one."
    if error.errno == errno.EACCES:
        return f"Port {port} may not be used by you; those from 1024 on may, and --port 0 takes a free one."
    return f"--host {host} --port {port} cannot be used here: {error.strerror}."


def address(bound: socket.socket) -> str:
    """What to type into a browser on this machine."""
    host, port = bound.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - any address of this machine, so the nearest is named
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def run(made: Callable[..., Any], bound: socket.socket) -> None:
    """Answer at this socket until somebody stops it."""
    import uvicorn

    config = uvicorn.Config(
        made,
        log_level="critical",
        access_log=False,
        server_header=False,
        lifespan="on",
        ws="none",
        timeout_graceful_shutdown=CLOSING,
    )
    uvicorn.Server(config).run(sockets=[bound])
