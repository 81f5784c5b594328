"""JSON Lines: one paper a line, in the shape of `reftrack list --json`, with abstract and headings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from ..model import HeldPaper
from .format import Options
from .shape import shape
from .text import whole

_encode = json.JSONEncoder(ensure_ascii=False).encode


def write(papers: Iterable[HeldPaper], _options: Options) -> Iterator[str]:
    """One line a paper; no character in a value can end it (JSON escapes line breaks)."""
    for held in papers:
        yield whole(_encode(shape(held))) + "\n"
