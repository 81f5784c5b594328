"""Files of other programs become citations: one module a format. Nothing here touches a disk or the library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..citation import Citation, Unreadable

FORMATS: Mapping[str, str] = {}


def detect(data: bytes, name: str = "") -> str:
    """To come."""
    raise NotImplementedError


def read(data: bytes, form: str) -> Iterator[Citation | Unreadable]:
    """To come."""
    raise NotImplementedError
