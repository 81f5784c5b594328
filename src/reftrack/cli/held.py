"""Opening the library for a command that names papers: on a first day there is nothing to name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import LibraryError
from .guidance import EMPTY
from .settings import Desk

if TYPE_CHECKING:
    from ..library.reading import Reader


def open_library(desk: Desk) -> Reader:
    """The library, to look at. Raises LibraryError, also where nothing has been fetched yet."""
    reader = desk.reader()
    if reader is None:
        raise LibraryError(EMPTY)
    return reader
