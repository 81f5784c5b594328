"""The ledger: what was asked, what came, and what every run says of every paper.

A query's members are the papers it finds; who joined and who left is told by complete runs only, against the complete
run before. What a run that broke off stored waits as `stored` until a complete one tells it as new or late.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast, get_args

from msgspec import Struct
from msgspec.json import decode, encode

from ..model import Bucket, Change, Event, Run
from ..tag_changes import TagChange
from .locking import is_being_fetched
from .opening import Connection, Row, making_sense
from .selecting import in_json, merged

PUBMED = "pubmed"
"""The source of a run that asked PubMed itself, and of the records it brought."""

BUCKETS: tuple[Bucket, ...] = get_args(Bucket)
"""What a run can say of a paper; each is a field of Run."""

_RUN_COLUMNS = (
    "run, query, source, status, term, translation, warnings, count, received, asked, changes_since, server, "
    "requests, started, finished, version, problem, ids_sha256"
)
_TALLIED = _RUN_COLUMNS.replace("term, translation", "'', ''")
_ENDED_EARLY = "the program ended before the run did"


def unpacked(record: bytes) -> bytes:
    """A stored record as it came."""
    import zlib  # few commands look at records

    return zlib.decompress(record)


class LastRun(Struct, frozen=True, gc=False):
    """A complete run of a query, as the one after it needs to know it."""

    run: int
    as_of: str
    """What PubMed said in it is its state at this time or later (UTC): by its clock or ours, the earlier."""
    finished: str
    """When it ended (UTC)."""
    term: str
    translation: str


class Altered(Struct, frozen=True, gc=False):
    """A held paper whose record changed since it was last told, and how it stands to the query that tells it now."""

    pmid: int
    former: int
    """The number of the record as it was when it was last told (`former_record`)."""
    is_member: bool
    """A reader knows it as the query's own; not one that just joined or left, or that belongs to no query."""


class Standing(Struct, frozen=True, gc=False):
    """How well a held record is known to be what PubMed has."""

    confirmed: str
    """When PubMed last sent it, changed or not (UTC); "" never."""
    checked: str
    """Up to when PubMed is known to have had no newer state (UTC); "" not known."""
    deleted: str
    """Since when PubMed no longer serves it (UTC); "" it does."""
    status: str
    """MedlineCitation/@Status."""


class LedgerReader:
    """The runs of a library and what they say, to look at."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def runs(self, query: str = "", *, run: int | None = None) -> Iterator[Run]:
        """The ledger or a part of it, newest first, with the papers each run concerns."""
        asked = {"query = ?": query or None, "run = ?": run}
        conditions = [clause for clause, value in asked.items() if value is not None]
        condition = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        values = [value for value in asked.values() if value is not None]
        for row in self.connection.rows(f"SELECT {_RUN_COLUMNS} FROM runs {condition} ORDER BY run DESC", values):
            with making_sense(self.connection.file):
                line = self._run(row)
            yield line

    def tallies(self, query: str = "") -> Iterator[tuple[Run, dict[Bucket, int], int]]:
        """The same lines without the papers; how many papers each says what of; how many it misses that PubMed has.

        A first run names every paper of a library: who only counts them need not read them. Nor the terms, which are
        most of a line.
        """
        condition, values = ("WHERE query = ?", (query,)) if query else ("", ())
        counted: dict[int, dict[Bucket, int]] = {}
        of_query = f"WHERE run IN (SELECT run FROM runs {condition})" if query else ""
        for run, bucket, number in self.connection.rows(
            f"SELECT run, outcome, count(*) FROM run_papers INDEXED BY run_papers_by_outcome {of_query} GROUP BY 1, 2",
            values,
        ):
            counted.setdefault(run, {})[bucket] = number
        for row in self.connection.rows(f"SELECT {_TALLIED} FROM runs {condition} ORDER BY run DESC", values):
            with making_sense(self.connection.file):
                line = Run(**self._line(row))
            numbers = counted.get(line.run, {})
            missed = numbers.get("missing", 0)
            if missed and "deleted" in numbers:
                gone = """SELECT count(*) FROM run_papers d JOIN run_papers m ON m.run = d.run AND m.pmid = d.pmid
                    AND m.outcome = 'missing' WHERE d.run = ? AND d.outcome = 'deleted'"""
                missed -= int(self.connection.value(gone, (line.run,)))
            yield line, numbers, missed

    def _line(self, row: Row) -> dict[str, Any]:
        line: dict[str, Any] = dict(zip(_RUN_COLUMNS.split(", "), row, strict=True))
        line["warnings"] = tuple(decode(line["warnings"]))
        if line["status"] == "running" and not self._is_alive(line["run"]):
            line |= {"status": "interrupted", "problem": _ENDED_EARLY}
        return line

    def _run(self, row: Row) -> Run:
        line = self._line(row)
        events = self.events([line["run"]])
        for bucket in BUCKETS:
            line[bucket] = tuple(event.pmid for event in events if event.bucket == bucket)
        return Run(**line, details=tuple(event for event in events if event.reason))

    def _is_alive(self, _run: int) -> bool:
        """Whether a run that never ended can still end."""
        return is_being_fetched(self.connection.path)

    def events(self, runs: Sequence[int]) -> tuple[Event, ...]:
        """What these runs say of papers, by run and PMID."""
        return tuple(event for run in runs for event in self._events("e.run = ?", (run,)))

    def newest_runs(self, live: Collection[str] = ()) -> list[int]:
        """Of each query, or of those that are `live`, its newest complete run and those after it, ascending.

        A run over files never looks at PubMed, so it does not make what PubMed told last night old news.
        """
        rows = self.connection.rows(
            """SELECT run FROM runs r WHERE run >= coalesce(
                (SELECT max(c.run) FROM runs c WHERE c.query = r.query AND c.status = 'complete' AND c.source = ?),
                (SELECT max(c.run) FROM runs c WHERE c.query = r.query AND c.status = 'complete'), 0)
            AND (? = '[]' OR query IN (SELECT value FROM json_each(?))) ORDER BY run""",
            (PUBMED, *[encode(sorted(live)).decode()] * 2),
        )
        return [run for (run,) in rows]

    def runs_from(self, *, run: int = 0, moment: str = "") -> list[int]:
        """The runs from this number on that started at this time (ISO 8601, UTC) or later, ascending."""
        rows = self.connection.rows("SELECT run FROM runs WHERE run >= ? AND started >= ? ORDER BY run", (run, moment))
        return [number for (number,) in rows]

    def found_together(self, runs: Mapping[str, int]) -> int:
        """How many held papers are found by these queries as of these runs, each counted once.

        The runs must be the newest of their queries that ended well; what came in later ones is not counted.
        """
        # + : by the key; most of them are found.
        found = "SELECT pmid FROM hits WHERE query = ? AND +first_run <= ? AND last_run >= ?"
        values = [value for query, run in runs.items() for value in (query, run, run)]
        return (
            int(self.connection.value(f"SELECT count(*) FROM ({merged([found] * len(runs))})", values)) if runs else 0
        )

    def history(self, pmid: int) -> tuple[Event, ...]:
        """What every run said of one paper, oldest first."""
        return self._events("e.pmid = ?", (pmid,))

    def _events(self, condition: str, values: Sequence[object]) -> tuple[Event, ...]:
        rows = self.connection.rows(
            f"""SELECT e.run, r.query, r.started, e.pmid, e.outcome, e.detail FROM run_papers e
            JOIN runs r ON r.run = e.run WHERE {condition} ORDER BY e.run, e.pmid, e.outcome""",
            values,
        )
        return tuple(Event(*row) for row in rows)

    def changes(self, pmid: int) -> tuple[Change, ...]:
        """What PubMed changed in a held record, field by field, oldest first."""
        return tuple(
            Change(run or 0, at, pmid, field, tuple(decode(before)), tuple(decode(after)))
            for run, at, field, before, after in self.connection.rows(
                "SELECT run, at, field, before, after FROM changes WHERE pmid = ? ORDER BY change", (pmid,)
            )
        )

    def tag_changes(self, pmid: int, *, since: int | None = None) -> tuple[TagChange, ...]:
        """What changes of its record did to a paper's tags, oldest first.

        With `since`, the number of a former record, only from that state on: not what a parser or a rebuild did.
        """
        return self._tag_changes("t.pmid = ? AND (? IS NULL OR t.former >= ?)", (pmid, since, since))

    def tag_changes_told(self, run: int) -> dict[int, tuple[TagChange, ...]]:
        """The same by PMID, of all that changed since the run's query last told, up to when this run told."""
        told: dict[int, list[TagChange]] = {}
        for one in self._tag_changes(
            """t.former <= (SELECT told_to FROM runs WHERE run = :run) AND t.former > (
                SELECT coalesce(max(p.told_to), 0) FROM runs p JOIN runs r ON r.run = :run
                WHERE p.query = r.query AND p.run < :run)""",
            {"run": run},
        ):
            told.setdefault(one.pmid, []).append(one)
        return {pmid: tuple(changes) for pmid, changes in told.items()}

    def _tag_changes(self, condition: str, values: Sequence[object] | dict[str, object]) -> tuple[TagChange, ...]:
        rows = self.connection.rows(
            f"""SELECT coalesce(t.run, 0), t.at, t.pmid, t.tag, t.before, t.after, t.cause, t.because
            FROM tag_changes t WHERE {condition} ORDER BY t.change""",
            values,
        )
        return tuple(TagChange(*row) for row in rows)

    def started(self, run: int) -> str:
        """When a run started; ISO 8601, UTC."""
        return str(self.connection.value("SELECT started FROM runs WHERE run = ?", (run,)))

    def last_complete(self, query: str, *, before: int | None = None, online: bool = False) -> LastRun | None:
        """The newest complete run of a query, if need be before a run, or of those that asked PubMed."""
        rows = self.connection.rows(
            f"""SELECT run, CASE as_of WHEN '' THEN started ELSE as_of END, finished, term, translation FROM runs
            WHERE query = ? AND status = 'complete' AND run < ? {"AND source = 'pubmed'" if online else ""}
            ORDER BY run DESC LIMIT 1""",
            (query, before if before is not None else 1 << 62),
        )
        return LastRun(*rows[0]) if rows else None

    def last_missing(self, query: str, *, before: int) -> dict[int, str]:
        """What the finished run before this one missed, and why; {} if there was none."""
        rows = self.connection.rows(
            """SELECT e.pmid, e.detail FROM run_papers e WHERE e.outcome = 'missing' AND e.run = (
                SELECT max(run) FROM runs WHERE query = ? AND run < ? AND source = 'pubmed'
                AND status IN ('complete', 'partial'))""",
            (query, before),
        )
        return dict(rows)

    def members(self, query: str, *, online: bool = False) -> set[int]:
        """Papers that the query finds and that have not left it; with `online`, those that PubMed itself named."""
        source = "AND r.source = 'pubmed'" if online else ""
        rows = self.connection.rows(
            f"""SELECT h.pmid FROM hits h JOIN runs r ON r.run = h.last_run
            WHERE h.query = ? AND h.left_run IS NULL {source}""",
            (query,),
        )
        return {pmid for (pmid,) in rows}

    def highest_pmid(self, query: str, *, run: int) -> int:
        """The highest PMID that the query had found when this run ended; 0 if none."""
        highest = self.connection.value("SELECT max(pmid) FROM hits WHERE query = ? AND first_run <= ?", (query, run))
        return int(highest or 0)

    def claimed(self) -> set[int]:
        """Papers that some query, saved still or not, found at some time."""
        return {pmid for (pmid,) in self.connection.rows("SELECT DISTINCT pmid FROM hits")}

    def altered(self, run: int, query: str, *, live: Collection[str]) -> tuple[Altered, ...]:
        """Papers whose record changed and of whom this run must tell, by PMID.

        Those of its query, since the query last told; of one that joined, since it came. And those that none of the
        `live` queries finds, since any run last told of such: nobody else would.
        """
        named = {"query": query, "run": run, "live": encode(sorted({*live, query})).decode()}
        own = self.connection.rows(
            """SELECT f.pmid, CASE WHEN h.told THEN min(f.former)
                ELSE min(CASE WHEN f.run >= coalesce(h.returned_from, h.first_run) THEN f.former END) END,
                h.told AND h.left_run IS NULL
            FROM former_records f JOIN hits h ON h.pmid = f.pmid AND h.query = :query
            WHERE f.former > (SELECT coalesce(max(told_to), 0) FROM runs WHERE query = :query)
            AND (h.left_run IS NULL OR h.left_run = :run) GROUP BY f.pmid""",
            named,
        )
        orphans = self.connection.rows(
            """SELECT f.pmid, min(f.former), 0 FROM former_records f
            WHERE f.former > (SELECT coalesce(max(orphans_to), 0) FROM runs)
            AND NOT EXISTS (SELECT 1 FROM hits h WHERE h.pmid = f.pmid AND h.left_run IS NULL
                AND h.query IN (SELECT value FROM json_each(:live))) GROUP BY f.pmid""",
            named,
        )
        told = {pmid: Altered(pmid, former, bool(member)) for pmid, former, member in [*orphans, *own] if former}
        return tuple(told[pmid] for pmid in sorted(told))

    def former_record(self, former: int) -> tuple[bytes, str]:
        """A record as it was before it changed, and its source."""
        ((packed, source),) = self.connection.rows("SELECT xml, source FROM former_records WHERE former = ?", (former,))
        return unpacked(packed), source

    def standings(self) -> dict[int, Standing]:
        """Every paper held as PubMed has it, with how well it is known to be up to date."""
        rows = self.connection.rows(
            """SELECT p.pmid, coalesce(c.confirmed, ''), coalesce(c.checked, ''), coalesce(c.deleted, ''), p.status
            FROM papers p JOIN records r ON r.pmid = p.pmid LEFT JOIN checks c ON c.pmid = p.pmid
            WHERE r.source <> 'sample'"""
        )
        return {pmid: Standing(*rest) for pmid, *rest in rows}

    def states(self) -> dict[int, tuple[int, str]]:
        """Every paper held as PubMed has it, with the version and the revision date (ISO) of what is held."""
        rows = self.connection.rows(
            """SELECT p.pmid, p.version, p.revised FROM papers p JOIN records r ON r.pmid = p.pmid
            WHERE r.source <> 'sample'"""
        )
        return {pmid: (version, revised) for pmid, version, revised in rows}


class LedgerWriter(LedgerReader):
    """The ledger, to write. Call inside a transaction of the library, unless a method says otherwise."""

    _now: Callable[[], str]
    begun: list[int]
    """The runs that began through this connection: another process may run others meanwhile."""

    def _is_alive(self, run: int) -> bool:
        return run in self.begun or super()._is_alive(run)

    def begin(self, query: str, *, term: str, source: str, version: str, server: str = "") -> int:
        """A new line in the ledger, `running`; every run of another process that never ended becomes `interrupted`.

        There can be no other alive: hold the lock of `locking.fetching`. Is its own transaction.
        """
        own = ",".join(map(str, self.begun))
        with self.connection.transaction():
            self.connection.run(
                f"""UPDATE runs SET status = 'interrupted', problem = ? WHERE status = 'running'
                AND (query = ? OR run NOT IN ({own}))""",
                (_ENDED_EARLY, query),
            )
            cursor = self.connection.run(
                """INSERT INTO runs(query, source, status, term, started, version, server)
                VALUES (?, ?, 'running', ?, ?, ?, ?)""",
                (query, source, term, self._now(), version, server),
            )
        assert cursor.lastrowid is not None
        self.begun.append(cursor.lastrowid)
        return cursor.lastrowid

    def close_unfinished(self) -> int:
        """Mark runs that never ended as interrupted, unless a fetch is alive; says how many there were.

        Is its own transaction: no fetch can begin a run between the look and the mark.
        """
        with self.connection.transaction():
            if is_being_fetched(self.connection.path):
                return 0
            return self.connection.run(
                "UPDATE runs SET status = 'interrupted', problem = ? WHERE status = 'running'", (_ENDED_EARLY,)
            ).rowcount

    def found(self, run: int, *, count: int, translation: str, warnings: Sequence[str], ids: Iterable[int]) -> None:
        """What the search of a run said: the count, the query as it was understood, its warnings, its papers."""
        import json
        from hashlib import sha256  # loads OpenSSL, which whoever only looks never needs, as they need no json

        listing = "".join(f"{pmid}\n" for pmid in sorted(ids))
        self.connection.run(
            "UPDATE runs SET count = ?, translation = ?, warnings = ?, ids_sha256 = ? WHERE run = ?",
            (
                count,
                translation,
                json.dumps(list(warnings), ensure_ascii=False),
                sha256(listing.encode()).hexdigest(),
                run,
            ),
        )

    def progress(
        self, run: int, *, received: int, asked: int, requests: int, changes_since: str = "", as_of: str = ""
    ) -> None:
        """How far a run has come: written with every batch, so that a run that is killed has said so."""
        self.connection.run(
            "UPDATE runs SET received = ?, asked = ?, requests = ?, changes_since = ?, as_of = ? WHERE run = ?",
            (received, asked, requests, changes_since, as_of, run),
        )

    def told_all(self, run: int) -> None:
        """This run has told everything that changed so far, in the papers of its query and in those of none."""
        newest = self.connection.value("SELECT coalesce(max(former), 0) FROM former_records")
        self.connection.run("UPDATE runs SET told_to = ?, orphans_to = ? WHERE run = ?", (newest, newest, run))

    def finish(self, run: int, *, status: str, received: int, requests: int, problem: str = "") -> None:
        """Close the line of the ledger, once; a complete run says so on those that were interrupted before it."""
        self.connection.run(
            """UPDATE runs SET status = ?, received = ?, requests = ?, problem = ?, finished = ?
            WHERE run = ? AND status = 'running'""",
            (status, received, requests, problem, self._now(), run),
        )
        if status == "complete":
            self.connection.run(
                """UPDATE runs SET problem = problem || '; run ' || :run || ' went on and completed it'
                WHERE status = 'interrupted' AND run < :run AND problem NOT LIKE '%completed it'
                AND query = (SELECT query FROM runs WHERE run = :run)""",
                {"run": run},
            )

    # who is found by which query

    def hit(self, run: int, query: str, pmids: Iterable[int]) -> list[int]:
        """These papers are found by the query, as of this run; says which of them it did not find before.

        A run over files adds papers to a query. It does not take back what PubMed said of one: when PubMed itself
        last found it, and that it has left.
        """
        online = self.connection.value("SELECT source = ? FROM runs WHERE run = ?", (PUBMED, run))
        pmids = list(pmids)
        known: dict[int, int | None] = dict(
            self.connection.rows(
                "SELECT pmid, left_run FROM hits WHERE query = ? AND pmid IN (SELECT value FROM json_each(?))",
                (query, in_json(pmids)),
            )
        )
        fresh = [pmid for pmid in pmids if pmid not in known or (online and known[pmid] is not None)]
        self.connection.many(
            "INSERT INTO hits(query, pmid, first_run, last_run, told) VALUES (?, ?, ?, ?, 0)",
            [(query, pmid, run, run) for pmid in pmids if pmid not in known],
        )
        if online:
            self.connection.many(
                """UPDATE hits SET last_run = ?, told = told AND left_run IS NULL,
                returned_from = CASE WHEN told THEN coalesce(left_run, returned_from) ELSE returned_from END,
                left_run = NULL WHERE query = ? AND pmid = ?""",
                [(run, query, pmid) for pmid in pmids if pmid in known],
            )
        self.note(run, "stored", fresh)
        return fresh

    def joined(self, query: str) -> dict[int, int | None]:
        """Papers that the query finds, and that no run has told as new or late.

        Each with the run that saw it leave, if it was the query's before.
        """
        return dict(
            self.connection.rows(
                "SELECT pmid, returned_from FROM hits WHERE query = ? AND told = 0 AND left_run IS NULL", (query,)
            )
        )

    def told_joined(self, run: int, query: str, pmids: Iterable[int]) -> None:
        """This run has told of these papers that they joined the query, and so does not list them as `stored`."""
        self.connection.many(
            "UPDATE hits SET told = 1, returned_from = NULL WHERE query = ? AND pmid = ?",
            [(query, pmid) for pmid in pmids],
        )
        self.connection.run("DELETE FROM run_papers WHERE run = ? AND outcome = 'stored'", (run,))

    def leave(self, run: int, query: str, pmids: Iterable[int]) -> set[int]:
        """These papers are not found by the query any more, as of this complete run; they stay in the library.

        Says of which it is to be told: one that no run has told to have joined was never there to a reader.
        """
        gone = set(pmids)
        unheard = self.joined(query).keys() & gone
        self.connection.many(
            """UPDATE hits SET left_run = coalesce(returned_from, ?), told = returned_from IS NOT NULL,
            returned_from = NULL WHERE query = ? AND pmid = ?""",
            [(run, query, pmid) for pmid in unheard],
        )
        self.connection.many(
            "UPDATE hits SET left_run = ? WHERE query = ? AND pmid = ?",
            [(run, query, pmid) for pmid in gone - unheard],
        )
        return gone - unheard

    def note(self, run: int, bucket: Bucket, pmids: Iterable[int] | Mapping[int, str], reason: str = "") -> None:
        """What a run says of papers; a mapping gives each its own reason."""
        reasons = pmids if isinstance(pmids, Mapping) else dict.fromkeys(pmids, reason)
        self.connection.many(
            "INSERT OR REPLACE INTO run_papers VALUES (?, ?, ?, ?)",
            [(run, pmid, cast("str", bucket), why) for pmid, why in reasons.items()],
        )

    # how well a record is known

    def confirm(self, pmids: Sequence[int], *, at: str) -> list[int]:
        """PubMed sent these records, as of `at`; says which of them it had not served before."""
        back = [
            pmid for pmid in pmids if self.connection.value("SELECT deleted <> '' FROM checks WHERE pmid = ?", (pmid,))
        ]
        self.connection.many(
            """INSERT INTO checks VALUES (?, ?, ?, '') ON CONFLICT(pmid) DO UPDATE
            SET confirmed = excluded.confirmed, checked = excluded.checked, deleted = ''""",
            [(pmid, at, at) for pmid in pmids],
        )
        return back

    def check(self, pmids: Iterable[int], *, at: str) -> None:
        """PubMed says that these records have not changed, as of `at`."""
        self.connection.many("UPDATE checks SET checked = ? WHERE pmid = ?", [(at, pmid) for pmid in pmids])

    def mark_served(self, pmids: Iterable[int]) -> None:
        """A file had newer records of these papers: PubMed serves them again if it had ceased to."""
        self.connection.many("UPDATE checks SET deleted = '' WHERE pmid = ? AND deleted <> ''", [(p,) for p in pmids])

    def mark_deleted(self, pmids: Iterable[int], *, at: str) -> list[int]:
        """PubMed no longer serves these held records; they stay. Says for which of them this is news."""
        fresh = []
        for pmid in pmids:
            held = self.connection.value("SELECT 1 FROM records WHERE pmid = ?", (pmid,))
            if held and not self.connection.value("SELECT deleted <> '' FROM checks WHERE pmid = ?", (pmid,)):
                fresh.append(pmid)
        self.connection.many(
            """INSERT INTO checks VALUES (?, '', ?, ?) ON CONFLICT(pmid) DO UPDATE
            SET checked = excluded.checked, deleted = excluded.deleted""",
            [(pmid, at, at) for pmid in fresh],
        )
        return fresh
