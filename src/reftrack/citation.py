"""What a file of another program says of one paper, and what people decided about a paper.

A citation is no record: it may be incomplete, out of date or wrong. It is kept as it came and matched to a paper, and
never becomes one. Text is Unicode in NFC on one line, without markup; "" means "the file does not say".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

Verdict = Literal["include", "exclude", "maybe"]

CONSENSUS = "consensus"
"""The reader whose decision settles what the others did not agree on: it counts alone."""


def settled(decisions: Iterable[Decision]) -> Verdict | None:
    """What readers decided together: the consensus, else what all who decided say; None while they do not agree."""
    by_reader = {decision.who: decision.verdict for decision in decisions}
    if CONSENSUS in by_reader:
        return by_reader[CONSENSUS]
    verdicts = set(by_reader.values())
    return verdicts.pop() if len(verdicts) == 1 else None


class Decision(Struct, frozen=True, gc=False):
    """A person's word on whether a paper belongs to the review."""

    verdict: Verdict
    who: str = ""
    """The reader's name, as the file or the computer says it; "" where it says none."""
    reasons: tuple[str, ...] = ()
    """Why, each reason once; mostly of an exclusion."""
    at: str = ""
    """ISO 8601, UTC; of an imported one "" until it is stored."""


class Citation(Struct, frozen=True, gc=False, kw_only=True):
    """One entry of a file: RIS, nbib, BibTeX, CSL-JSON, a table or a list of ids."""

    line: int
    """Where it begins in its file, from 1."""
    text: str
    """The entry exactly as it stands there; a row of a table as its line."""
    key: str = ""
    """The citation key it has there."""
    pmid: int | None = None
    doi: str = ""
    """Bare and in small letters: 10.1000/example.1"""
    pmcid: str = ""
    """As PMC1234567."""
    title: str = ""
    authors: tuple[str, ...] = ()
    """`Family, Given`; a group as its name."""
    year: int | None = None
    journal: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    decisions: tuple[Decision, ...] = ()
    labels: tuple[str, ...] = ()
    """Words that people sorted it by, each once."""
    note: str = ""
    """What a person wrote about it; lines are kept."""

    @property
    def names_an_id(self) -> bool:
        """Whether it says a PMID, DOI or PMCID."""
        return bool(self.pmid or self.doi or self.pmcid)


class Unreadable(Struct, frozen=True, gc=False):
    """A part of a file that is no citation."""

    line: int
    reason: str
    """What is wrong with it, for a person: a clause without a full stop."""
    text: str = ""
    """What stands there, the first 200 characters."""
