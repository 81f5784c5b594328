"""Whole papers with their keys and tags, the ledger of runs, and what a person decided, read from the library."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct
from msgspec.json import decode

from ..errors import LibraryError
from ..model import (
    Evidence,
    FiledTag,
    HandTag,
    HeldPaper,
    Paper,
    Tag,
    TagDefinition,
    TagState,
)
from . import selecting
from .acts import ACTS_AND_TABLES_DIFFER
from .columns import CHILDREN, PAPER_COLUMNS, paper_of
from .deciding import LATEST, Decided, decided
from .imported import ImportReader
from .judging import JudgmentReader
from .ledger import LedgerReader, unpacked
from .locking import is_being_fetched
from .opening import making_sense, open_to_read

if TYPE_CHECKING:
    from array import array
    from pathlib import Path

SAMPLE = "sample"
"""The source whose records are restatements: they never replace a record from anywhere else, and are fetched anew."""


class Unread(Struct, frozen=True, gc=False):
    """A record that came and could not be read."""

    pmid: int
    reason: str
    source: str
    xml: bytes


class Reader(LedgerReader, ImportReader, JudgmentReader):
    """A library opened to look only. Use as a context manager; what it hands out are nouns, never rows."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """The library at `path`. Raises LibraryError, with the file untouched."""
        return cls(open_to_read(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def get(self, pmid: int) -> Paper | None:
        """The paper as it was parsed, or None if it is not held."""
        with self.connection.snapshot(), making_sense(self.connection.file):
            return self._papers([pmid]).get(pmid)

    def held(self, pmids: Sequence[int], *, without: Collection[str] = ()) -> Iterator[HeldPaper]:
        """These papers with all that is known of them, in this order; one that is not held is passed over.

        `without` as in `papers`.
        """
        for start in range(0, len(pmids), selecting.CHUNK):
            part = pmids[start : start + selecting.CHUNK]
            with self.connection.snapshot(), making_sense(self.connection.file):
                papers = self._papers(part, without=without)
                about = self._about(part)
            for pmid in part:
                if pmid in papers:
                    yield HeldPaper(paper=papers[pmid], **about[pmid])

    def select(self, selection: selecting.Selection) -> list[int]:
        """The PMIDs of a selection, in its order. Raises UsageError."""
        return selecting.select(self.connection, selection)

    def held_pmids(self) -> list[int]:
        """Every PMID in the library, ascending."""
        return [pmid for (pmid,) in self.connection.rows("SELECT pmid FROM papers ORDER BY pmid")]

    def raw(self, pmid: int) -> bytes:
        """The record as it came, UTF-8. Raises LibraryError if its checksum no longer holds."""
        rows = self.connection.rows("SELECT xml, sha256 FROM records WHERE pmid = ?", (pmid,))
        if not rows:
            raise LibraryError(f"The library holds no record for PMID {pmid}.")
        if not is_intact(*rows[0]):
            raise LibraryError(f"The stored record of PMID {pmid} is damaged; `reftrack fetch --full` gets it again.")
        return unpacked(rows[0][0])

    def former(self, pmid: int, *, after: int) -> bytes | None:
        """The record as it stood when this run ended, if it has changed since; None if it has not."""
        rows = self.connection.rows(
            "SELECT xml, sha256 FROM former_records WHERE pmid = ? AND run > ? ORDER BY former LIMIT 1", (pmid, after)
        )
        return unpacked(rows[0][0]) if rows and is_intact(*rows[0]) else None

    def unread(self) -> tuple[Unread, ...]:
        """Records that came and could not be read, by PMID."""
        rows = self.connection.rows("SELECT pmid, reason, source, xml FROM unread_records ORDER BY pmid")
        return tuple(Unread(pmid, reason, source, unpacked(xml)) for pmid, reason, source, xml in rows)

    def recorded_pmids(self) -> list[int]:
        """Every PMID of which a record is stored, ascending."""
        return [pmid for (pmid,) in self.connection.rows("SELECT pmid FROM records ORDER BY pmid")]

    def same_doi(self, pmid: int) -> list[tuple[int, str]]:
        """(PMID, citation key) of the other papers that name this paper's DOI, however it is spelled; ascending.

        A preprint and its article, or a record that PubMed has twice: two papers, never made one.
        """
        return self.connection.rows(
            """SELECT p.pmid, coalesce(k.key, '') FROM papers p LEFT JOIN citation_keys k ON k.pmid = p.pmid
            WHERE p.doi <> '' AND lower(p.doi) = (SELECT lower(doi) FROM papers WHERE pmid = :pmid)
            AND p.pmid <> :pmid ORDER BY p.pmid""",
            {"pmid": pmid},
        )

    def shared_dois(self) -> dict[str, list[int]]:
        """Every DOI that several held papers name, in small letters, with their PMIDs."""
        found: dict[str, list[int]] = {}
        for doi, pmid in self.connection.rows(
            """SELECT lower(p.doi), p.pmid FROM papers p WHERE lower(p.doi) IN (
                SELECT lower(doi) FROM papers WHERE doi <> '' GROUP BY 1 HAVING count(*) > 1)
            ORDER BY 1, 2"""
        ):
            found.setdefault(doi, []).append(pmid)
        return found

    def rule_tags(self, pmid: int) -> tuple[Tag, ...]:
        """What the rules said of a paper when it was tagged, with the evidence; strongest first in each facet."""
        return tuple(
            Tag(
                facet or "",
                tag,
                state,
                score,
                threshold,
                bool(primary),
                _evidence(pmid, evidence),
            )
            for facet, tag, state, score, threshold, primary, evidence in self.connection.rows(
                """SELECT v.facet, r.tag, r.state, r.score, r.threshold, r.is_primary, r.evidence
                FROM rule_tags r LEFT JOIN tags v ON v.tag = r.tag WHERE r.pmid = ?
                ORDER BY coalesce(v.position, 9999), r.tag""",
                (pmid,),
            )
        )

    def rule_slugs(self, pmids: Sequence[int]) -> dict[int, dict[str, bool]]:
        """The tags that the rules gave each of these papers, without their evidence, and which of them are primary."""
        found: dict[int, dict[str, bool]] = {pmid: {} for pmid in pmids}
        for pmid, tag, primary in self.connection.rows(
            """SELECT pmid, tag, is_primary FROM rule_tags
            WHERE pmid IN (SELECT value FROM json_each(?)) AND state = 'tagged'""",
            (selecting.in_json(pmids),),
        ):
            found[pmid][tag] = bool(primary)
        return found

    def ruled(self, slugs: Sequence[str]) -> dict[int, TagState]:
        """The papers to which the rules give any of these tags: "tagged", or at best "possible"."""
        marks = ",".join("?" * len(slugs))
        rows = self.connection.rows(
            f"SELECT pmid, max(state = 'tagged') FROM rule_tags WHERE tag IN ({marks}) GROUP BY pmid", slugs
        )
        return {pmid: "tagged" if tagged else "possible" for pmid, tagged in rows}

    def hand_tags(self, pmid: int | None = None) -> tuple[HandTag, ...]:
        """The decisions of people, on one paper or on all, oldest first; a renamed tag has its name of today."""
        condition, values = ("", ()) if pmid is None else (" WHERE pmid = ?", (pmid,))
        return tuple(
            HandTag(*row)
            for row in self.connection.rows(
                f"""SELECT pmid, coalesce(a.tag, h.tag), verdict, because, who, at FROM hand_tags h
                LEFT JOIN tag_aliases a ON a.alias = h.tag{condition} ORDER BY at, pmid, h.tag""",
                values,
            )
        )

    def decided(self) -> tuple[Decided, ...]:
        """The decisions of people on papers that are held, each beside what the rules say, oldest first."""
        return decided(self.connection)

    def vocabulary(self) -> tuple[TagDefinition, ...]:
        """Every tag that exists, in the rules' order, as of the last command that wrote."""
        aliases: dict[str, list[str]] = {}
        for alias, tag in self.connection.rows("SELECT alias, tag FROM tag_aliases ORDER BY alias"):
            aliases.setdefault(tag, []).append(alias)
        return tuple(
            TagDefinition(tag, facet, label, parent, tuple(aliases.get(tag, ())), rank)
            for tag, facet, label, parent, rank in self.connection.rows(
                "SELECT tag, facet, label, parent, rank FROM tags ORDER BY position"
            )
        )

    def tag_counts(self) -> dict[str, int]:
        """How many papers carry each tag itself (a parent's children are not added)."""
        return dict(self.connection.rows("SELECT tag, papers FROM tag_counts WHERE papers > 0"))

    def tag_counts_with_children(self, slugs: Sequence[str]) -> dict[str, int]:
        """How many papers carry each tag or one below it."""
        alone = self.tag_counts()
        counts: dict[str, int] = {}
        for slug in slugs:
            carried = [tag for tag in selecting.below(self.connection, slug) if alone.get(tag)]
            if len(carried) > 1:  # a paper may carry several of them
                counts[slug] = selecting.tagged_with_any(self.connection, carried)
            else:
                counts[slug] = sum(alone[tag] for tag in carried)
        return counts

    def hit_counts(self) -> dict[str, int]:
        """How many held papers each saved query finds."""
        return dict(self.connection.rows("SELECT query, count(*) FROM hits WHERE left_run IS NULL GROUP BY query"))

    def counts(self) -> dict[str, int]:
        """How many papers, runs, hand tags and so on the library holds, by name."""
        tables = ("papers", "records", "runs", "hits", "hand_tags", "rule_tags", "citation_keys")
        return {table: int(self.connection.value(f"SELECT count(*) FROM {table}")) for table in tables}

    def problems(self) -> list[str]:
        """What is wrong with the file, a sentence each: damage, papers without record or key, search out of step."""
        found = [
            f"The file is damaged: {line}." for (line,) in self.connection.rows("PRAGMA quick_check(5)") if line != "ok"
        ]
        if found:
            return found
        damaged = [str(pmid) for pmid in self.recorded_pmids() if not self._record_is_intact(pmid)]
        if damaged:
            found.append(
                f"Damaged records: PMID {', '.join(damaged[:5])}{' …' if len(damaged) > 5 else ''}; "  # noqa: PLR2004
                "`reftrack fetch --full` gets them again."
            )
        for sentence, sql in _SHOULD_BE_ZERO.items():
            number = int(self.connection.value(sql))
            if number:
                found.append(f"{sentence} ({number})")
        unfinished = int(self.connection.value("SELECT count(*) FROM runs WHERE status = 'running'"))
        if unfinished and not is_being_fetched(self.connection.path):
            found.append(f"Runs never finished; the same command again completes them. ({unfinished})")
        return found

    def _record_is_intact(self, pmid: int) -> bool:
        return is_intact(*self.connection.rows("SELECT xml, sha256 FROM records WHERE pmid = ?", (pmid,))[0])

    def how_many(self) -> int:
        """Papers held."""
        return int(self.connection.value("SELECT count(*) FROM papers"))

    def stale(self, rules_hash: str) -> int:
        """How many papers carry tags of other rules than these."""
        return int(
            self.connection.value(
                "SELECT count(*) FROM papers WHERE tagged_rules < :hash OR tagged_rules > :hash", {"hash": rules_hash}
            )
        )

    def to_retag(self, rules_hash: str, *, everything: bool = False) -> array[int]:
        """The PMIDs of papers whose tags other rules made, or of all, ascending: eight bytes a paper, in one look."""
        where = "" if everything else "WHERE tagged_rules < :hash OR tagged_rules > :hash"  # unlike <> by the index
        cursor = self.connection.run(f"SELECT pmid FROM papers {where} ORDER BY pmid", {"hash": rules_hash})
        from array import array

        return array("q", (pmid for (pmid,) in cursor))

    def papers(self, pmids: Sequence[int], *, without: Collection[str] = ()) -> Iterator[Paper]:
        """These papers as they were parsed, in this order; one that is not held is passed over.

        `without` names lists, as "authors" or "references", that are left empty, for whoever does not look at them.
        """
        for start in range(0, len(pmids), selecting.CHUNK):
            part = pmids[start : start + selecting.CHUNK]
            with self.connection.snapshot(), making_sense(self.connection.file):
                papers = self._papers(part, without=without)
            yield from (papers[pmid] for pmid in part if pmid in papers)

    def stale_among(self, pmids: Sequence[int], rules_hash: str) -> list[int]:
        """Those of these papers whose tags other rules made."""
        marks = ",".join("?" * len(pmids))
        return [
            pmid
            for (pmid,) in self.connection.rows(
                f"SELECT pmid FROM papers WHERE pmid IN ({marks}) AND tagged_rules <> ? ORDER BY pmid",
                (*pmids, rules_hash),
            )
        ]

    def _papers(self, pmids: Sequence[int], *, without: Collection[str] = ()) -> dict[int, Paper]:
        marks = ",".join("?" * len(pmids))
        columns = ", ".join(f'"{column}"' for column in PAPER_COLUMNS)
        rows = self.connection.rows(f"SELECT {columns} FROM papers WHERE pmid IN ({marks})", pmids)
        sections: dict[int, list[tuple[Any, ...]]] = {}
        for pmid, *section in self.connection.rows(
            f"""SELECT pmid, label, category, start, "end" FROM sections WHERE pmid IN ({marks})
            ORDER BY pmid, position""",
            pmids,
        ):
            sections.setdefault(pmid, []).append(tuple(section))
        parts: dict[int, dict[str, list[Any]]] = {row[0]: {child.field: [] for child in CHILDREN} for row in rows}
        for child in (child for child in CHILDREN if child.field not in without):
            names = ", ".join(child.columns)
            for pmid, *part in self.connection.rows(
                f"SELECT pmid, {names} FROM {child.table} WHERE pmid IN ({marks}) ORDER BY pmid, position", pmids
            ):
                parts[pmid][child.field].append(child.part(tuple(part)))
        return {
            row[0]: paper_of(
                row, sections.get(row[0], []), {field: tuple(values) for field, values in parts[row[0]].items()}
            )
            for row in rows
        }

    def _about(self, pmids: Sequence[int]) -> dict[int, dict[str, Any]]:
        marks = ",".join("?" * len(pmids))
        about: dict[int, dict[str, Any]] = {
            pmid: {
                "key": key,
                "first_seen": first_seen,
                "source": source,
                "deleted": deleted,
                "tags": (),
                "queries": (),
            }
            for pmid, key, first_seen, source, deleted in self.connection.rows(
                f"""SELECT p.pmid, coalesce(k.key, ''), p.first_seen, r.source, coalesce(c.deleted, '') FROM papers p
                JOIN records r ON r.pmid = p.pmid LEFT JOIN citation_keys k ON k.pmid = p.pmid
                LEFT JOIN checks c ON c.pmid = p.pmid WHERE p.pmid IN ({marks})""",
                pmids,
            )
        }
        for pmid, *tag in self.connection.rows(
            f"""SELECT t.pmid, t.facet, t.tag, t.is_primary, t.source FROM paper_tags t
            LEFT JOIN tags v ON v.tag = t.tag WHERE t.pmid IN ({marks})
            ORDER BY t.is_primary DESC, coalesce(v.position, 9999), t.tag""",
            pmids,
        ):
            facet, slug, primary, source = tag
            about[pmid]["tags"] += (FiledTag(facet, slug, bool(primary), source),)
        for pmid, said in self.judgments(pmids).items():
            if pmid in about:
                about[pmid] |= said
        for pmid, query in self.connection.rows(
            f"SELECT pmid, query FROM hits WHERE pmid IN ({marks}) AND left_run IS NULL ORDER BY query", pmids
        ):
            if pmid in about:
                about[pmid]["queries"] += (query,)
        return about


_DECIDED = f"""(SELECT h.pmid, coalesce(a.tag, h.tag) AS tag, h.verdict, {LATEST} FROM hand_tags h
    LEFT JOIN tag_aliases a ON a.alias = h.tag WHERE h.pmid = {{paper}} GROUP BY 1, 2)"""
# SQLite takes the other columns from the row that has the max: of two spellings of a tag the later decision counts.
EFFECTIVE_TAGS = f"""SELECT r.tag, r.pmid, v.facet, r.is_primary, 'rule' FROM rule_tags r JOIN tags v ON v.tag = r.tag
    WHERE r.pmid = {{paper}} AND r.state = 'tagged'
    AND NOT EXISTS (SELECT 1 FROM {_DECIDED} d WHERE d.pmid = r.pmid AND d.tag = r.tag)
    UNION ALL
    SELECT d.tag, d.pmid, v.facet, 0, 'hand' FROM {_DECIDED} d JOIN papers p ON p.pmid = d.pmid
    JOIN tags v ON v.tag = d.tag WHERE d.verdict = 'add'"""
"""What a paper really carries: (rules + added by hand) - removed by hand. `{{paper}}` is the paper's PMID."""


def is_intact(blob: bytes, digest: str) -> bool:
    """Whether a stored record unpacks to what came."""
    import zlib
    from hashlib import sha256  # loads OpenSSL, which whoever only looks never needs

    try:
        return sha256(zlib.decompress(blob)).hexdigest() == digest
    except (zlib.error, TypeError):
        return False


def _evidence(pmid: int, text: str) -> tuple[Evidence, ...]:
    try:
        return tuple(Evidence(**entry) for entry in decode(text))
    except (ValueError, TypeError):
        raise LibraryError(
            f"The stored evidence of PMID {pmid} is damaged; `reftrack retag --all` makes it again."
        ) from None


_SHOULD_BE_ZERO = {
    "Papers have no stored record, so a later parser cannot be applied to them.": """SELECT count(*)
        FROM papers p WHERE NOT EXISTS (SELECT 1 FROM records r WHERE r.pmid = p.pmid)""",
    "Stored records have no paper; `reftrack rebuild` makes them again.": """SELECT count(*)
        FROM records r WHERE NOT EXISTS (SELECT 1 FROM papers p WHERE p.pmid = r.pmid)""",
    "Papers have no citation key; `reftrack doctor --fix` gives them one.": """SELECT count(*)
        FROM papers p WHERE NOT EXISTS (SELECT 1 FROM citation_keys k WHERE k.pmid = p.pmid)""",
    "Papers are filed under other tags than rules and decisions give; `reftrack retag --all` files them anew.": f"""
        SELECT count(*) FROM papers q WHERE
        (SELECT group_concat(tag) FROM (SELECT tag FROM paper_tags t WHERE t.pmid = q.pmid ORDER BY tag)) IS NOT
        (SELECT group_concat(tag) FROM (SELECT tag FROM ({EFFECTIVE_TAGS.format(paper="q.pmid")}) ORDER BY tag))""",
    "Hand work is not what the log of acts says; `reftrack doctor --fix` works it out anew.": ACTS_AND_TABLES_DIFFER,
    "Changes of tags name a state of a record that is not kept.": """SELECT count(*) FROM tag_changes t
        WHERE t.former IS NOT NULL AND NOT EXISTS (SELECT 1 FROM former_records f WHERE f.former = t.former)""",
    "Papers are missing from search; `reftrack doctor --fix` adds them.": """SELECT
        (SELECT count(*) FROM papers) - (SELECT count(*) FROM papers_fts_docsize)""",
}
