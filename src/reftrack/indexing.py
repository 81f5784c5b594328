"""Has NLM indexed a record yet.

Light on purpose: `list` asks here without loading the nouns.
"""

from __future__ import annotations

from typing import Literal

Indexing = Literal["indexed", "awaited", "never"]

AWAITED = frozenset({"Publisher", "In-Data-Review", "In-Process"})
"""MedlineCitation/@Status of records that NLM may still index. NLM's meaning of each
(https://www.nlm.nih.gov/bsd/licensee/elements_descriptions.html#status_value, and
https://www.nlm.nih.gov/bsd/disted/pubmedtutorial/010_110.html for what a reader is shown):

    Publisher           as the publisher sent it, not reviewed by NLM yet
    In-Data-Review      the journal issue has been reviewed, the citation has not
    In-Process          the citation is being reviewed, and indexed if it is in scope
    MEDLINE             indexed with MeSH headings, publication types and substances
    Completed           MEDLINE's older name for a finished record
    OLDMEDLINE          from the printed indexes before 1966; headings may never have been mapped to MeSH
    PubMed-not-MEDLINE  reviewed and out of MEDLINE's scope: will not be indexed

Some Publisher records stay so for good (manuscripts of journals that MEDLINE does not take). The record does not tell
which, so they count as awaited.
"""
DONE = frozenset({"MEDLINE", "Completed"})
MARKS = frozenset({"mesh", "publication_type", "substance", "correction"})
"""Fields of evidence that are not the paper's own words: what NLM, or the publisher for a publication type, set."""


def standing(status: str, *, headings: bool, completed: bool) -> Indexing:
    """Whether a record of this Status, with MeSH headings or not, with DateCompleted or not, is indexed.

    A record without a Status (a book, another program's file) awaits nothing. DateCompleted alone says only that NLM is
    done, which it also is with what stays out of MEDLINE.
    """
    if headings or status in DONE:
        return "indexed"
    if status in AWAITED:
        return "indexed" if completed else "awaited"
    return "never"


RECORDED = frozenset({"conflict_of_interest", "grant", "affiliation"})
"""Fields of evidence that are neither marks nor the words of a paper: what the record says of people and money, which
no indexing changes."""
