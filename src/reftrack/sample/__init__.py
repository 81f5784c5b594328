"""The sample: 47 citations that ship with reftrack, so that the first command works without a network.

`citations.xml` is a PubmedArticleSet rebuilt from public pages. It was not downloaded from PubMed, and its abstracts
are restatements by the reftrack project, not the published text; README.md beside it says what comes from where.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Final

NAME: Final = "sample"
"""The word that asks for these records, and the source they are stored under."""

_PIECE = 1 << 16


def chunks() -> Iterator[bytes]:
    """Read the file in pieces, as a download would come."""
    with files(__name__).joinpath("citations.xml").open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
