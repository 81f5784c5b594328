"""The failures reftrack promises, each with the exit status the command line documents.

A room raises only its own kind; foreign exceptions are translated at the border where they arise.
Anything else that escapes is a bug and keeps its traceback. The statuses are a contract (README, "Exit codes").

    ReftrackError
    ├── UsageError     2  the command, a setting, a rule file or a saved query's form is wrong
    │   └── RuleError  2  a tag rule cannot be read or contradicts itself
    ├── EutilsError    3  NCBI or the network failed after retries; nothing was changed by that query
    ├── RecordError    4  one PubMed record cannot be read; the others are not touched
    ├── LibraryError   5  the library cannot be used: locked, full, damaged, newer, not ours
    └── QueryError     6  the query is refused, by us or by NCBI
"""

from __future__ import annotations


class ReftrackError(Exception):
    """A failure that is explained to the user in one sentence and ends with `exit_status`."""

    exit_status = 1


class UsageError(ReftrackError):
    """What was typed, set or written in a file cannot be understood."""

    exit_status = 2


class RuleError(UsageError):
    """A tag rule cannot be read, or the rules contradict each other."""


class EutilsError(ReftrackError):
    """NCBI or the network failed after every retry; never to be read as an empty result."""

    exit_status = 3


class RecordError(ReftrackError):
    """One PubMed record or document cannot be read; `pmid` names it where it is known."""

    exit_status = 4

    def __init__(self, message: str, *, pmid: int | None = None) -> None:
        super().__init__(message)
        self.pmid = pmid


class LibraryError(ReftrackError):
    """The library file cannot be used; it has not been changed."""

    exit_status = 5


class QueryError(ReftrackError):
    """A query is refused before or after it was sent."""

    exit_status = 6
