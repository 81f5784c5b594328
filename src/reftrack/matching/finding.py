"""What a look at a query found: where, how bad, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "hint"]
"""error: PubMed will not search what is written. warning: it may search something else than was meant. hint: it
searches what is written, and a person may still want to know."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a query, or a remark on it."""

    rule: str
    """Its name, which never changes: `precedence`, `unknown-field`..."""
    severity: Severity
    start: int
    """Where in the term it begins, from 0; -1 if it is about no place."""
    message: str
    remedy: str = ""


def line_and_column(term: str, start: int) -> tuple[int, int]:
    """The line and the character of a place, both from 1."""
    return term.count("\n", 0, start) + 1, start - term.rfind("\n", 0, start)
