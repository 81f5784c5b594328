"""The pages of a paper, and a browser that shows them.

An address is built from ids that look like ids, every other character percent-encoded (RFC 3986): a record can hold
anything, and what is opened must lead to PubMed, doi.org or PMC and nowhere else.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from urllib.parse import quote

from .screen import clean

PUBMED = "https://pubmed.ncbi.nlm.nih.gov/"
PMC = "https://pmc.ncbi.nlm.nih.gov/articles/"
DOI = "https://doi.org/"
_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/\S+")
_PMCID = re.compile(r"PMC\d{1,12}")


def pages(pmid: int, doi: str, pmcid: str) -> dict[str, str]:
    """The paper's pages by name (pubmed, doi, pmc), those it has an id for that can be one."""
    found = {"pubmed": f"{PUBMED}{pmid:d}/"}
    # A step of . or .. would climb, however it is encoded: a browser walks it before it asks.
    if _DOI.fullmatch(doi) and doi == clean(doi) and not {".", ".."} & set(doi.split("/")):
        found["doi"] = DOI + quote(doi, safe="/():;,")
    if _PMCID.fullmatch(pmcid):
        found["pmc"] = f"{PMC}{pmcid}/"
    return found


def can_open(environment: Mapping[str, str]) -> bool:
    """Whether there is a screen here on which a browser would be seen; over SSH there is none."""
    if environment.get("BROWSER") or environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return True
    far = environment.get("SSH_CONNECTION") or environment.get("SSH_TTY")
    return sys.platform in ("darwin", "win32") and not far


def show(url: str) -> bool:
    """Show a page in the browser; whether one took it."""
    if not can_open(os.environ):
        return False
    import webbrowser

    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False
