"""The log of what people did by hand, and what follows from it: hand tags, decisions, notes, chosen keys, trials.

Every act is a row that stays. Which acts stand is worked out (one is taken back by another), and the tables that
commands read (`hand_tags`, `decisions`, `notes`, `citation_keys`,
`hand_trials`) say what the standing ones come to.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from msgspec import Struct
from msgspec.json import decode
from msgspec.structs import replace

from ..errors import UsageError
from ..hands import LONGEST, SAID, Act, Kind, to_line
from .opening import Connection
from .selecting import in_json

SHORTEST_HANDLE = 4
CLEARED = "cleared"
"""Why a person's own decision was taken back otherwise than by `undo`: a deed that can itself be undone."""


class Logged(Struct, frozen=True):
    """An act, whether it stands, and the paper it was done to as the library knows it."""

    act: Act
    undone: str
    """The id of the act that took it back; "" it stands."""
    key: str
    title: str
    """Both "" where the paper is not held."""
    target: Act | None
    """The act that this one takes back."""


class Merged(Struct, frozen=True):
    """What became of the acts of another log."""

    new: tuple[Act, ...]
    known: int
    refused: tuple[tuple[Act, str], ...]
    """Keys that cannot be given here, each with the reason; the act is kept all the same."""


class ActReader:
    """The log, to look at."""

    connection: Connection

    def acts(
        self, *, pmids: Sequence[int] = (), who: str | None = None, since: str = "", limit: int | None = None
    ) -> list[Logged]:
        """Acts, newest first: on any of these papers, by this person, from this moment (ISO 8601, UTC) on."""
        where, values = ["1"], list[object]()
        if pmids:
            where.append("a.pmid IN (SELECT value FROM json_each(?))")
            values.append(in_json(pmids))
        if who is not None:
            where.append("a.who = ?")
            values.append(who)
        if since:
            where.append("a.id >= ?")
            values.append(since)
        sql = f"{_ACTS} WHERE {' AND '.join(where)} ORDER BY a.id DESC"
        if limit is not None:
            sql += " LIMIT ?"
            values.append(limit)
        return [_logged(row) for row in self.connection.rows(sql, values)]

    def acts_together(self, act: Act) -> list[Logged]:
        """All acts of the command that this one was done by, as they were done."""
        rows = self.connection.rows(f"{_ACTS} WHERE a.together = ? ORDER BY a.id", (act.together or act.id,))
        return [_logged(row) for row in rows]

    def find_act(self, handle: str) -> Logged:
        """The act that a person names by its letters, or by the first of them. Raises UsageError."""
        plain = handle.strip().lower()
        rows = []
        if len(plain) >= SHORTEST_HANDLE and plain.isalnum() and plain.isascii():
            rows = self.connection.rows(f"{_ACTS} WHERE a.handle >= ? AND a.handle < ?", (plain, plain + "~"))
        if len(rows) == 1:
            return _logged(rows[0])
        if rows:
            raise UsageError(f"{len(rows)} acts begin with {handle!r}; write more of its letters.")
        raise UsageError(f"There is no act {handle!r}; `reftrack history` shows them, each with its letters.")

    def last_done(self, who: str) -> list[Logged]:
        """What this person did, or somebody did in their name, by the last command that still stands; [] if none does.

        What `undo` did is no command of its own: then undoing twice would change nothing.
        """
        rows = self.connection.rows(
            f"""{_ACTS} WHERE :who IN (a.who, json_extract(a.said, '$.by')) AND a.undone = ''
            AND (a.kind <> 'undo' OR json_extract(a.said, '$.because') = '{CLEARED}') ORDER BY a.id DESC LIMIT 1""",
            {"who": who},
        )
        if not rows:
            return []
        return [one for one in self.acts_together(_logged(rows[0]).act) if not one.undone]

    def how_many_acts(self) -> int:
        """Acts in the log."""
        return int(self.connection.value("SELECT count(*) FROM acts"))


class ActWriter(ActReader, ABC):
    """The log, to write. Call inside a transaction of the library: its acts are one command's."""

    _now: Callable[[], str]
    by: str = ""
    """Who sits at the desk: acts in somebody else's name keep it, too."""
    _together: str = ""
    """The first act of this transaction."""

    @abstractmethod
    def fold_tag(self, pmid: int, slug: str) -> None:
        """Make the paper's hand tag what the standing acts say."""

    @abstractmethod
    def fold_decision(self, act: Act, *, stands: bool) -> None:
        """Keep the decision of an act, and whether it stands."""

    @abstractmethod
    def fold_note(self, act: Act) -> None:
        """Make the reader's note on a paper the newest that stands."""

    @abstractmethod
    def fold_key(self, act: Act, *, stands: bool) -> None:
        """Give the paper the key of the newest act that stands, or the one it had. Raises UsageError."""

    @abstractmethod
    def fold_trial(self, pmid: int) -> None:
        """Make what is said by hand of the paper's trial what the newest act that stands says."""

    def do(self, kind: Kind, pmid: int, *, who: str, at: str = "", undoes: str = "", **said: Any) -> Act:
        """Log an act and let it count. Raises UsageError for a key that cannot be given, and for endless text."""
        now = self._now()
        by = self.by if self.by != who else ""
        act = Act(id=self._next_id(now), kind=kind, pmid=pmid, who=who, by=by, at=at or now, undoes=undoes, **said)
        self._together = self._together or act.id
        act = replace(act, together=self._together)
        if len(to_line(act)) > LONGEST:
            raise UsageError(f"That is longer than {LONGEST:,} characters; keep it in a file and name the file here.")
        self._log(act)
        self._settle(act)
        return act

    def undo(self, acts: Iterable[Act], *, who: str, because: str = "") -> list[Act]:
        """Take acts back, the last first; what counted before counts again. Says which were taken back.

        Taking back the taking back of an act lets it stand again.
        """
        done = []
        for act in sorted(acts, key=lambda one: one.id, reverse=True):
            if self.connection.value("SELECT undone FROM acts WHERE id = ?", (act.id,)) == "":
                self.do("undo", act.pmid, who=who, undoes=act.id, because=because)
                done.append(act)
        return done

    def merge_acts(self, acts: Iterable[Act]) -> Merged:
        """Put the acts of another log to these; one that is known is passed over. The order does not matter.

        Raises UsageError if an act is known and says something else.
        """
        new: list[Act] = []
        known = 0
        for act in sorted(acts, key=lambda one: one.id):
            held = self.connection.rows(f"{_ACTS} WHERE a.id = ?", (act.id,))
            if not held:
                self._log(act)
                new.append(act)
                continue
            known += 1
            if _logged(held[0]).act != act:
                raise UsageError(
                    f"The act {act.handle} (PMID {act.pmid}, {act.at[:10]}) says something else than here; acts are "
                    "never changed, so one of the two was edited. Nothing was taken over."
                )
        refused = []
        for act in reversed(new):  # an act that takes back is newer than what it takes back
            try:
                self._settle(act)
            except UsageError as error:
                refused.append((act, str(error)))
        return Merged(tuple(new), known, tuple(refused))

    def fold_acts(self) -> None:
        """Work out anew what all acts come to, as if they had just been done (`doctor --fix`).

        A hand tag of which no act speaks, written by another program, becomes an act: nothing a person made is lost.
        """
        for pmid, tag, verdict, because, who, at in self.connection.rows(_TAGS_WITHOUT_ACT):
            self.do("tag", pmid, who=who, at=at, tag=tag, verdict=verdict, because=because)
        every = [one.act for one in self.acts()]
        for act in every:  # newest first: whether an act stands follows from newer ones
            with suppress(UsageError):  # a key that could not be given here before
                self._settle(act)

    def _log(self, act: Act) -> None:
        said = {name: value for name in SAID if (value := getattr(act, name)) not in ("", ())}
        self.connection.run(
            "INSERT INTO acts(id, kind, pmid, who, at, together, undoes, said) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (act.id, act.kind, act.pmid, act.who, act.at, act.together or act.id, act.undoes, _dump(said)),
        )

    def _settle(self, act: Act) -> None:
        """Work out whether an act stands, and what follows."""
        by = str(
            self.connection.value("SELECT max(id) FROM acts WHERE undoes = ? AND undone = ''", (act.id,)) or ""
        )  # several may have taken it back
        self.connection.run("UPDATE acts SET undone = ? WHERE id = ?", (by, act.id))
        if act.kind == "undo":
            target = self.connection.rows(f"{_ACTS} WHERE a.id = ?", (act.undoes,))
            if target:
                self._settle(_logged(target[0]).act)
        elif act.kind == "tag":
            self.fold_tag(act.pmid, act.tag)
        elif act.kind == "decision":
            self.fold_decision(act, stands=not by)
        elif act.kind == "note":
            self.fold_note(act)
        elif act.kind == "trial":
            self.fold_trial(act.pmid)
        else:
            self.fold_key(act, stands=not by)

    def standing_acts(self, kind: Kind, pmid: int) -> list[Act]:
        """The acts of a kind on a paper that count, newest first."""
        return [
            _logged(row).act
            for row in self.connection.rows(
                f"{_ACTS} WHERE a.pmid = ? AND a.kind = ? AND a.undone = '' ORDER BY a.id DESC", (pmid, kind)
            )
        ]

    def _next_id(self, now: str) -> str:
        """Later than every id there is, also where another computer's clock goes before."""
        last = str(self.connection.value("SELECT max(id) FROM acts") or "")
        stamp, number = now, 1
        if last[: len(now)] >= now:
            stamp, number = last[: len(now)], int(last[len(now) + 1 : len(now) + 10]) + 1
        return f"{stamp}.{number:09d}.{os.urandom(4).hex()}"


_TAG, _VERDICT = "json_extract({}.said, '$.tag')", "json_extract({}.said, '$.verdict')"

ACTS_AND_TABLES_DIFFER = f"""SELECT
    (SELECT count(*) FROM hand_tags h WHERE NOT EXISTS (SELECT 1 FROM acts a WHERE a.pmid = h.pmid AND a.kind = 'tag'
        AND a.undone = '' AND {_TAG.format("a")} = h.tag AND {_VERDICT.format("a")} = h.verdict))
    + (SELECT count(*) FROM acts a WHERE a.kind = 'tag' AND a.undone = '' AND {_VERDICT.format("a")} <> 'reset'
        AND NOT EXISTS (SELECT 1 FROM acts b WHERE b.pmid = a.pmid AND b.kind = 'tag' AND b.undone = '' AND b.id > a.id)
        AND NOT EXISTS (SELECT 1 FROM hand_tags h WHERE h.pmid = a.pmid AND h.tag = {_TAG.format("a")}))
    + (SELECT count(*) FROM acts a WHERE a.kind = 'decision' AND NOT EXISTS (SELECT 1 FROM decisions d
        WHERE d.act = a.id AND (d.undone = '') = (a.undone = '')))
    + (SELECT count(*) FROM hand_trials h WHERE NOT EXISTS (SELECT 1 FROM acts a WHERE a.id = h.act AND a.undone = ''
        AND a.pmid = h.pmid AND {_VERDICT.format("a")} = h.verdict))
    + (SELECT count(*) FROM acts a WHERE a.kind = 'trial' AND a.undone = '' AND {_VERDICT.format("a")} <> 'reset'
        AND NOT EXISTS (SELECT 1 FROM acts b WHERE b.pmid = a.pmid AND b.kind = 'trial' AND b.undone = ''
            AND b.id > a.id)
        AND NOT EXISTS (SELECT 1 FROM hand_trials h WHERE h.act = a.id))
    + (SELECT count(*) FROM notes n JOIN acts a ON a.id = n.act WHERE n.undone = '' AND a.undone <> '')
    + (SELECT count(*) FROM acts a WHERE (a.undone <> '') <> EXISTS (SELECT 1 FROM acts u
        WHERE u.undoes = a.id AND u.undoes <> '' AND u.undone = ''))"""
"""SQL: how many rows are not what the log says. Of several tags on a paper only the newest act's is looked for, since a
tag may have been renamed between two acts."""

_TAGS_WITHOUT_ACT = """SELECT pmid, tag, verdict, because, who, at FROM hand_tags h WHERE NOT EXISTS (
    SELECT 1 FROM acts a WHERE a.pmid = h.pmid AND a.kind = 'tag' AND json_extract(a.said, '$.tag') = h.tag)"""

_ACTS = """SELECT a.id, a.kind, a.pmid, a.who, a.at, a.together, a.undoes, a.said, a.undone,
    coalesce(k.key, ''), coalesce(p.title, ''), t.id, t.kind, t.pmid, t.who, t.at, t.together, t.undoes, t.said
    FROM acts a LEFT JOIN acts t ON a.undoes <> '' AND t.id = a.undoes
    LEFT JOIN papers p ON p.pmid = a.pmid LEFT JOIN citation_keys k ON k.pmid = p.pmid"""


def _logged(row: Sequence[Any]) -> Logged:
    undone, key, title = row[_COLUMNS : _COLUMNS + 3]
    target = row[_COLUMNS + 3 :]
    return Logged(_act(row[:_COLUMNS]), undone, key, title, _act(target) if target[0] else None)


_NAMES = ("id", "kind", "pmid", "who", "at", "together", "undoes")
_COLUMNS = len(_NAMES) + 1


def _act(row: Sequence[Any]) -> Act:
    *values, said = row
    told = decode(said)
    return Act(**dict(zip(_NAMES, values, strict=True)) | told | {"reasons": tuple(told.get("reasons", ()))})


def _dump(value: object) -> str:
    import json  # only who writes

    return json.dumps(value, ensure_ascii=False)
