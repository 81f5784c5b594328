"""Who may ask for what, and what a browser may do with the answer: in front of everything else.

Only GET and HEAD; only the site's own pages and Datasette's tables, none of its pages about itself; only under names of
this machine, so that no page of the web whose name was made to lead here (DNS rebinding) reads the library.
"""

from __future__ import annotations

import re
import socket
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from hashlib import sha256
from ipaddress import ip_address
from typing import Any

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

PAGES = re.compile(
    r"/(?:papers|trials|map|questions|favicon\.ico|paper/[^/]+|static/[\w.-]+|-/static/[\w.-]+"
    r"|library(?:\.(?:json|csv)|/.+)?)?"
)
"""Paths that are answered. Datasette's own /-/… would tell of this machine, and its forms are of no use here."""
_LOCAL = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})
_PORT = re.compile(r":\d{1,5}$")

_INLINE = "DATASETTE_ALLOW_FACET = true;"
"""The one script that stands within a page of Datasette; it holds nothing of the library."""
_HASH = b64encode(sha256(_INLINE.encode()).digest()).decode()
_NOWHERE = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
_OWN = f"{_NOWHERE}; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'"
_TABLES = (
    f"{_NOWHERE}; script-src 'self' 'sha256-{_HASH}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "cache-control": "no-cache",
}


class Guard:
    """Stands before an ASGI application."""

    def __init__(self, app: App, names: Iterable[str]) -> None:
        """`names` are those of this machine, without a port; see `names_of`."""
        self._app = app
        self._names = frozenset(names)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer, refuse, or hand on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = str(scope["path"])

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _secured(message.get("headers", ()), path)}
            await send(message)

        status, told = self._refusal(scope, path)
        if status:
            await _say(secured, status, told)
        else:
            await self._app(scope, receive, secured)

    def _refusal(self, scope: Message, path: str) -> tuple[int, str]:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if not self._is_ours(headers.get(b"host", "")):
            return 421, "This is not the name of a site here. Use the address that reftrack serve printed."
        if scope["method"] not in ("GET", "HEAD"):
            return 405, "Nothing can be changed here; only GET and HEAD are answered."
        # A page elsewhere may link to here, and load nothing from here.
        if headers.get(b"sec-fetch-site") == "cross-site" and headers.get(b"sec-fetch-mode", "navigate") != "navigate":
            return 403, "Another site may not load this."
        if not PAGES.fullmatch(path):
            return 404, "There is no such page."
        return 0, ""

    def _is_ours(self, host: str) -> bool:
        name = _PORT.sub("", host.strip().lower()).strip("[]").rstrip(".")
        return name in self._names


class AnyAddress(frozenset[str]):
    """Names of a machine that others reach: these, and every address in figures, which no name can stand for."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or _is_address(str(name))


def names_of(host: str) -> frozenset[str]:
    """Under which names a site at this host is asked for."""
    if is_loopback(host):
        return _LOCAL | {"127.0.0.1", "::1", host.lower()}
    return AnyAddress({*_LOCAL, host.lower(), socket.gethostname().lower(), socket.getfqdn().lower()})


def is_loopback(host: str) -> bool:
    """Whether only this machine can ask there."""
    if _is_address(host):
        return ip_address(host).is_loopback
    return host.lower() in _LOCAL


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _secured(headers: Iterable[tuple[bytes, bytes]], path: str) -> list[tuple[bytes, bytes]]:
    ours = {name.encode() for name in (*_HEADERS, "content-security-policy", "server", "access-control-allow-origin")}
    kept = [(name, value) for name, value in headers if name.lower() not in ours]
    # The map has a policy in its page, with the hashes of its scripts; both count.
    policy = f"{_NOWHERE.partition(';')[2].strip()}" if path == "/map" else _TABLES if _is_table(path) else _OWN
    added = {**_HEADERS, "content-security-policy": policy}
    return kept + [(name.encode(), value.encode()) for name, value in added.items()]


def _is_table(path: str) -> bool:
    return path == "/library" or path.startswith(("/library.", "/library/"))


async def _say(send: Send, status: int, told: str) -> None:
    body = f"{told}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
