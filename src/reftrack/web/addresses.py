"""The pages of a paper elsewhere: PubMed, doi.org, PMC, the registry of its trial.

An address is built from ids that look like ids, every other character percent-encoded (RFC 3986): a record can hold
anything, and what is opened must lead there and nowhere else.
"""

from __future__ import annotations

import re
from urllib.parse import quote

PUBMED = "https://pubmed.ncbi.nlm.nih.gov/"
PMC = "https://pmc.ncbi.nlm.nih.gov/articles/"
DOI = "https://doi.org/"
_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/\S+")
_PMCID = re.compile(r"PMC\d{1,12}")
_REGISTRIES = (
    (re.compile(r"NCT\d{8}"), "https://clinicaltrials.gov/study/{}"),
    (re.compile(r"ISRCTN\d{8}"), "https://www.isrctn.com/{}"),
)


def pages(pmid: int, doi: str, pmcid: str) -> dict[str, str]:
    """The paper's pages by name (pubmed, doi, pmc), those it has an id for that can be one."""
    found = {"pubmed": f"{PUBMED}{pmid:d}/"}
    # A step of . or .. would climb, however it is encoded: a browser walks it before it asks.
    if _DOI.fullmatch(doi) and doi.isprintable() and not {".", ".."} & set(doi.split("/")):
        found["doi"] = DOI + quote(doi, safe="/():;,")
    if _PMCID.fullmatch(pmcid):
        found["pmc"] = f"{PMC}{pmcid}/"
    return found


def of_trial(number: str) -> str:
    """The page of a registry number, "" where the registry has none that is known."""
    return next((address.format(number) for shape, address in _REGISTRIES if shape.fullmatch(number)), "")
