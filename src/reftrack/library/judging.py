"""What people said of papers: include or exclude, labels, notes, and the citation keys they chose.

Rows are added and never changed, but to say that they were taken back; the newest that stands is what counts. What was
said by hand is in the log of acts as well (`acts`), what was imported is not: there it is the file that said it. Hand
tags have a table of their own (`writing`, `deciding`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from msgspec.json import decode

from ..citation import Decision, Verdict, settled
from ..errors import UsageError
from ..hands import Act
from .acts import ActReader, ActWriter
from .opening import Connection
from .selecting import LONGEST_PMID, NEWEST, in_json

_KEY = r"[A-Za-z0-9][A-Za-z0-9:._/+-]{0,79}"
"""Characters that BibTeX, biber, LaTeX's \\cite and pandoc all take in a key."""


class JudgmentReader(ActReader):
    """What people said, to look at."""

    connection: Connection

    def judgments(self, pmids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The `decisions`, `labels` and `note` of a HeldPaper for those of these papers that have any."""
        found: dict[int, dict[str, Any]] = {}
        among = (in_json(pmids),)
        for pmid, verdict, who, reasons, at in self.connection.rows(_STANDING_DECISIONS, among):
            about = found.setdefault(pmid, {})
            about["decisions"] = (
                *about.get("decisions", ()),
                Decision(verdict, who, tuple(decode(reasons)), at),
            )
        for pmid, label in self.connection.rows(_STANDING_LABELS, among):
            about = found.setdefault(pmid, {})
            about["labels"] = (*about.get("labels", ()), label)
        for pmid, text in self.connection.rows(_STANDING_NOTES, among):
            about = found.setdefault(pmid, {})
            about["note"] = f"{about['note']}\n\n{text}" if "note" in about else text
        return found

    def verdicts(self, who: str) -> dict[int, Verdict]:
        """What this reader decided, by paper."""
        return dict(
            self.connection.rows(
                f"""SELECT pmid, verdict FROM (SELECT pmid, verdict, max({NEWEST}) FROM decisions
                WHERE undone = '' AND who = ? GROUP BY pmid)""",
                (who,),
            )
        )

    def chosen_keys(self, pmids: Sequence[int]) -> dict[int, str]:
        """The citation keys that a person chose for any of these papers."""
        return dict(
            self.connection.rows(
                """SELECT k.pmid, k.key FROM citation_keys k WHERE k.pmid IN (SELECT value FROM json_each(?))
                AND EXISTS (SELECT 1 FROM former_keys f WHERE f.pmid = k.pmid)""",
                (in_json(pmids),),
            )
        )

    def readers(self) -> dict[str, int]:
        """Everybody whose decisions stand, by name, and on how many papers."""
        return dict(
            self.connection.rows(
                "SELECT who, count(DISTINCT pmid) FROM decisions WHERE undone = '' GROUP BY who ORDER BY who"
            )
        )

    def disputed(self) -> list[int]:
        """The papers on which the readers' decisions differ and no consensus settles it, ascending."""
        by_paper: dict[int, list[Decision]] = {}
        for pmid, decision in self.decisions():
            by_paper.setdefault(pmid, []).append(decision)
        return [pmid for pmid, said in by_paper.items() if settled(said) is None]

    def decisions(self) -> Iterator[tuple[int, Decision]]:
        """Every reader's newest decision on every paper, by PMID and name."""
        for pmid, verdict, who, reasons, at in self.connection.rows(_ALL_STANDING):
            yield pmid, Decision(verdict, who, tuple(decode(reasons)), at)

    def own_note(self, pmid: int, who: str) -> str:
        """What this reader wrote on a paper by hand, "" for nothing."""
        return str(
            self.connection.value(
                """SELECT text FROM notes WHERE pmid = ? AND who = ? AND import IS NULL AND undone = ''
                ORDER BY note DESC LIMIT 1""",
                (pmid, who),
            )
            or ""
        )


class JudgmentWriter(JudgmentReader, ActWriter):
    """What people said, to write. Call inside a transaction of the library."""

    _now: Callable[[], str]

    def decide(self, pmid: int, decision: Decision, *, imported: int | None = None) -> None:
        """Keep a reader's decision; a later one of the same reader counts instead, as NEWEST has it.

        An import keeps also what another one said before, so that either may be taken back.
        """
        if imported is None:
            self.do(
                "decision",
                pmid,
                who=decision.who,
                at=decision.at,
                verdict=decision.verdict,
                reasons=tuple(decision.reasons),
            )
        else:
            self._keep_decision(pmid, decision, imported=imported)

    def fold_decision(self, act: Act, *, stands: bool) -> None:
        """As ActWriter has it: a row an act."""
        held = self.connection.rows("SELECT undone FROM decisions WHERE act = ?", (act.id,))
        if not held:
            verdict: Any = act.verdict
            self._keep_decision(act.pmid, Decision(verdict, act.who, act.reasons, act.at), act=act.id)
        if not held or (held[0][0] == "") != stands:
            self.connection.run(
                "UPDATE decisions SET undone = ? WHERE act = ?", ("" if stands else self._now(), act.id)
            )

    def _keep_decision(self, pmid: int, decision: Decision, *, imported: int | None = None, act: str = "") -> None:
        import json  # only who writes

        reasons = json.dumps(list(decision.reasons), ensure_ascii=False)
        self.connection.run(
            "INSERT INTO decisions(pmid, who, verdict, reasons, at, import, act) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (pmid, decision.who, decision.verdict, reasons, decision.at or self._now(), imported, act),
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
            self.do("note", pmid, who=who, text=text)
        elif text:
            self.connection.run(
                "INSERT INTO notes(pmid, who, text, at, import) VALUES (?, ?, ?, ?, ?)",
                (pmid, who, text, self._now(), imported),
            )

    def fold_note(self, act: Act) -> None:
        """As ActWriter has it: a row an act, of which the newest that stands is shown."""
        if not self.connection.rows("SELECT 1 FROM notes WHERE act = ?", (act.id,)):
            self.connection.run(
                "INSERT INTO notes(pmid, who, text, at, import, act) VALUES (?, ?, ?, ?, NULL, ?)",
                (act.pmid, act.who, act.text, act.at, act.id),
            )
        newest = next((one.id for one in self.standing_acts("note", act.pmid) if one.who == act.who), "")
        self.connection.run(
            """UPDATE notes SET undone = CASE WHEN act = :act THEN '' WHEN undone = '' THEN :now ELSE undone END
            WHERE pmid = :pmid AND who = :who AND import IS NULL""",
            {"act": newest, "now": self._now(), "pmid": act.pmid, "who": act.who},
        )

    def fold_trial(self, pmid: int) -> None:
        """As ActWriter has it."""
        self.connection.run("DELETE FROM hand_trials WHERE pmid = ?", (pmid,))
        newest = next(iter(self.standing_acts("trial", pmid)), None)
        if newest is not None and newest.verdict != "reset":
            self.connection.run(
                "INSERT INTO hand_trials VALUES (?, ?, ?, ?, ?, ?, ?)",
                (pmid, newest.verdict, newest.trial, newest.because, newest.who, newest.at, newest.id),
            )

    def set_key(self, pmid: int, key: str, *, who: str = "") -> str:
        """Give a paper the citation key that a person chose; says which it had. Raises UsageError.

        The former key is never given to another paper and still leads to this one: somebody may have cited it.
        """
        former = str(self.connection.value("SELECT key FROM citation_keys WHERE pmid = ?", (pmid,)) or "")
        self._check_key(pmid, key)
        if former != key:
            self.do("key", pmid, who=who, key=key, former=former)
        return former

    def fold_key(self, act: Act, *, stands: bool) -> None:
        """As ActWriter has it. A key that something else replaced since stays replaced."""
        held = str(self.connection.value("SELECT key FROM citation_keys WHERE pmid = ?", (act.pmid,)) or "")
        newest = next((one.key for one in self.standing_acts("key", act.pmid)), "")
        if not stands and held != act.key:
            return
        wanted = newest or self._first_key(act.pmid)
        if wanted and wanted != held:
            self._check_key(act.pmid, wanted)
            self._give_key(act.pmid, wanted, former=held)

    def _first_key(self, pmid: int) -> str:
        """The key that the paper had before anybody chose one; "" if it had none."""
        first = self.connection.value(
            "SELECT said FROM acts WHERE pmid = ? AND kind = 'key' ORDER BY id LIMIT 1", (pmid,)
        )
        return str(decode(first or "{}").get("former", ""))

    def _check_key(self, pmid: int, key: str) -> None:
        if not re.fullmatch(_KEY, key):
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

    def _give_key(self, pmid: int, key: str, *, former: str) -> None:
        self.connection.run("DELETE FROM citation_keys WHERE pmid = ?", (pmid,))
        self.connection.run("INSERT INTO citation_keys VALUES (?, ?, ?)", (key, pmid, self._now()))
        self.connection.run("DELETE FROM former_keys WHERE key = ?", (key,))
        if former.casefold() not in ("", key.casefold()):
            self.connection.run("INSERT INTO former_keys VALUES (?, ?, ?)", (former, pmid, self._now()))


_STANDING_DECISIONS = f"""SELECT pmid, verdict, who, reasons, at FROM (
        SELECT pmid, who, verdict, reasons, at, max({NEWEST}) FROM decisions
        WHERE undone = '' AND pmid IN (SELECT value FROM json_each(?)) GROUP BY pmid, who)
    ORDER BY pmid, who"""

_ALL_STANDING = f"""SELECT pmid, verdict, who, reasons, at FROM (
        SELECT pmid, who, verdict, reasons, at, max({NEWEST}) FROM decisions WHERE undone = '' GROUP BY pmid, who)
    ORDER BY pmid, who"""

_STANDING_LABELS = """SELECT pmid, label FROM labels
    WHERE undone = '' AND pmid IN (SELECT value FROM json_each(?)) GROUP BY pmid, label ORDER BY min(label_id)"""

_STANDING_NOTES = """SELECT pmid, text FROM notes
    WHERE undone = '' AND text <> '' AND pmid IN (SELECT value FROM json_each(?))
    GROUP BY pmid, text ORDER BY min(note)"""
