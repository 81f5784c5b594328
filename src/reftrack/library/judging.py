"""What people said of papers: include or exclude, labels, notes, and the citation keys they chose.

Rows are added and never changed, but to say that they were taken back; the newest that stands is what counts. Hand tags
have a table of their own (`writing`, `deciding`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from ..citation import Decision
from ..errors import UsageError
from .opening import Connection
from .selecting import LONGEST_PMID, NEWEST

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._/+-]{0,79}")
"""Characters that BibTeX, biber, LaTeX's \\cite and pandoc all take in a key."""


class JudgmentReader:
    """What people said, to look at."""

    connection: Connection

    def judgments(self, pmids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The `decisions`, `labels` and `note` of a HeldPaper for those of these papers that have any."""
        found: dict[int, dict[str, Any]] = {}
        listed = (json.dumps(list(pmids)),)
        for pmid, verdict, who, reasons, at in self.connection.rows(_STANDING_DECISIONS, listed):
            about = found.setdefault(pmid, {})
            about["decisions"] = (
                *about.get("decisions", ()),
                Decision(verdict, who, tuple(json.loads(reasons)), at),
            )
        for pmid, label in self.connection.rows(_STANDING_LABELS, listed):
            about = found.setdefault(pmid, {})
            about["labels"] = (*about.get("labels", ()), label)
        for pmid, text in self.connection.rows(_STANDING_NOTES, listed):
            about = found.setdefault(pmid, {})
            about["note"] = f"{about['note']}\n\n{text}" if "note" in about else text
        return found

    def chosen_keys(self, pmids: Sequence[int]) -> dict[int, str]:
        """The citation keys that a person chose for any of these papers."""
        return dict(
            self.connection.rows(
                """SELECT k.pmid, k.key FROM citation_keys k WHERE k.pmid IN (SELECT value FROM json_each(?))
                AND EXISTS (SELECT 1 FROM former_keys f WHERE f.pmid = k.pmid)""",
                (json.dumps(list(pmids)),),
            )
        )


class JudgmentWriter(JudgmentReader):
    """What people said, to write. Call inside a transaction of the library."""

    _now: Callable[[], str]

    def decide(self, pmid: int, decision: Decision, *, imported: int | None = None) -> None:
        """Keep a reader's decision; a later one of the same reader counts instead, as NEWEST has it.

        An import keeps also what another one said before, so that either may be taken back.
        """
        reasons = json.dumps(list(decision.reasons), ensure_ascii=False)
        self.connection.run(
            "INSERT INTO decisions(pmid, who, verdict, reasons, at, import) VALUES (?, ?, ?, ?, ?, ?)",
            (pmid, decision.who, decision.verdict, reasons, decision.at or self._now(), imported),
        )

    def label(self, pmid: int, labels: Collection[str], *, who: str, imported: int | None = None) -> None:
        """Keep the words that a reader sorted a paper by."""
        self.connection.many(
            "INSERT INTO labels(pmid, who, label, at, import) VALUES (?, ?, ?, ?, ?)",
            [(pmid, who, label, self._now(), imported) for label in dict.fromkeys(labels)],
        )

    def annotate(self, pmid: int, text: str, *, who: str, imported: int | None = None) -> None:
        """Keep a note on a paper. By hand it replaces the reader's own; an imported one stands beside it."""
        if imported is None:
            self.connection.run(
                "UPDATE notes SET undone = ? WHERE pmid = ? AND who = ? AND import IS NULL AND undone = ''",
                (self._now(), pmid, who),
            )
        if text:
            self.connection.run(
                "INSERT INTO notes(pmid, who, text, at, import) VALUES (?, ?, ?, ?, ?)",
                (pmid, who, text, self._now(), imported),
            )

    def set_key(self, pmid: int, key: str) -> str:
        """Give a paper the citation key that a person chose; says which it had. Raises UsageError.

        The former key is never given to another paper and still leads to this one: somebody may have cited it.
        """
        if not _KEY.fullmatch(key):
            raise UsageError(
                f"{key!r} cannot be a citation key: it takes letters a-z, digits and : . _ / + -, begins with a letter "
                "or digit, and has at most 80 characters."
            )
        if key.isdigit() and len(key) <= LONGEST_PMID:
            raise UsageError(f"{key!r} cannot be a citation key: it would be taken for a PMID.")
        for taken, owner in self.connection.rows(
            "SELECT key, pmid FROM citation_keys WHERE key = ? UNION SELECT key, pmid FROM former_keys WHERE key = ?",
            (key, key),
        ):
            if owner != pmid:
                raise UsageError(
                    f"The key {taken!r} belongs to PMID {owner}; capitals do not tell keys apart, and none is given "
                    "twice."
                )
        former = str(self.connection.value("SELECT key FROM citation_keys WHERE pmid = ?", (pmid,)) or "")
        self.connection.run("DELETE FROM citation_keys WHERE pmid = ?", (pmid,))
        self.connection.run("INSERT INTO citation_keys VALUES (?, ?, ?)", (key, pmid, self._now()))
        self.connection.run("DELETE FROM former_keys WHERE key = ?", (key,))
        if former.casefold() not in ("", key.casefold()):
            self.connection.run("INSERT INTO former_keys VALUES (?, ?, ?)", (former, pmid, self._now()))
        return former


_STANDING_DECISIONS = f"""SELECT pmid, verdict, who, reasons, at FROM (
        SELECT pmid, who, verdict, reasons, at, max({NEWEST}) FROM decisions
        WHERE undone = '' AND pmid IN (SELECT value FROM json_each(?)) GROUP BY pmid, who)
    ORDER BY pmid, who"""

_STANDING_LABELS = """SELECT pmid, label FROM labels
    WHERE undone = '' AND pmid IN (SELECT value FROM json_each(?)) GROUP BY pmid, label ORDER BY min(label_id)"""

_STANDING_NOTES = """SELECT pmid, text FROM notes
    WHERE undone = '' AND pmid IN (SELECT value FROM json_each(?)) GROUP BY pmid, text ORDER BY min(note)"""
