"""Papers, records, tags and runs are stored: one transaction a batch, and nothing a person made is touched by it.

Hand tags, citation keys, runs and hits are rows of their own tables; a refetch, a retag and a rebuild replace
only what can be made again from the stored records and the rules.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal, Self

from msgspec.structs import replace

from ..errors import LibraryError
from ..model import HandTag, Paper, Tag, TagDefinition
from ..tag_changes import TagChange
from .columns import CHILDREN, PAPER_COLUMNS, paper_row
from .history import differences, texts
from .imported import ImportWriter
from .inserting import (
    NewPaper,
    Rows,
    insert_marks,
    insert_papers,
    insert_parts,
    insert_records,
    insert_rule_tags,
    pack,
)
from .ledger import PUBMED, LedgerWriter
from .opening import Connection, open_new, open_to_write
from .reading import EFFECTIVE_TAGS, SAMPLE, Reader, is_intact


@dataclass(frozen=True, slots=True)
class Saved:
    """What storing a record came to."""

    outcome: Literal["new", "changed", "same", "older", "reread"]
    """`older`: what is held is newer, and stays. `reread`: the record is the same, and a newer parser makes another
    paper of it."""
    fields: tuple[str, ...] = ()
    """Names of the fields that differ from what was held."""
    held: Paper | None = None
    """What was held before, where something differs."""
    former: int | None = None
    """The number under which the record that was held before is kept, if it is."""


def utc_now() -> str:
    """This moment as the library writes times: ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Library(Reader, LedgerWriter, ImportWriter):
    """A library opened to change it."""

    def __init__(self, connection: Connection, *, now: Callable[[], str] = utc_now) -> None:
        super().__init__(connection)
        self._now = now
        self._untried: dict[str, Iterator[str]] = {}
        self.begun = []

    @classmethod
    def open(cls, path: Path, *, create: bool = False, now: Callable[[], str] = utc_now) -> Self:
        """The library at `path`; made if `create` and there is none. Raises LibraryError."""
        if create and not os.path.lexists(path):
            _make(path)
        return cls(open_to_write(path), now=now)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that happens inside is stored together or not at all."""
        self._together = ""
        try:
            with self.connection.transaction():
                yield
        except BaseException:
            self._untried.clear()  # the keys given inside are free again
            raise
        if len(self._untried) > _MOST_UNTRIED:
            self._untried.clear()

    # papers

    def save(
        self,
        xml: bytes,
        paper: Paper,
        *,
        source: str,
        parser: int,
        run: int | None = None,
        whatever_its_age: bool = False,
    ) -> Saved:
        """Store a record and what was parsed from it; says whether it is new, and which fields changed.

        An older state never replaces a newer one: a lower version, an earlier DateRevised (from a file also the same
        one as of a record that PubMed sent), or a restated sample record over a published one is "older"; unless it is
        to be stored `whatever_its_age`. What a changed record was before is kept, with the `run` that brought the
        change. Call inside a transaction.
        """
        digest = hashlib.sha256(xml).hexdigest()
        row = self.connection.rows(
            """SELECT r.sha256, r.parser, r.source, r.xml, r.fetched, p.pmid IS NOT NULL FROM records r
            LEFT JOIN papers p ON p.pmid = r.pmid WHERE r.pmid = ?""",
            (paper.pmid,),
        )
        if not row:
            self._insert_record(paper.pmid, xml, digest, source, parser)
            self._insert_paper(paper)
            return Saved("new")
        *state, held_source, blob, fetched, has_row = row[0]
        if has_row and state == [digest, parser] and is_intact(blob, digest):
            return Saved("same")
        held = self.get(paper.pmid)
        beside = held_source == PUBMED != source  # a file's words for what PubMed itself sent
        restated = source == SAMPLE != held_source
        if held is not None and not whatever_its_age and _is_older(paper, held, restated=restated, beside=beside):
            return Saved("older")
        changed = differences(held, paper)
        reread = held is not None and state[0] == digest  # the same record: it is our parser that changed
        former = None
        if held is not None and changed and not reread:
            former = self._keep_former(held, paper, changed, run, (held_source, fetched, state[0], blob))
        self._update_record(paper.pmid, xml, digest, source, parser)
        if held is None:  # a record whose row was lost
            self._insert_paper(paper)
        elif changed:
            self.replace(paper)
        if not changed:
            return Saved("same")
        return Saved("reread", held=held) if reread else Saved("changed", changed, held, former)

    def which_are_held(self, pmids: Sequence[int]) -> set[int]:
        """Those of which a record is held, whatever became of it."""
        listed = "SELECT pmid FROM records WHERE pmid IN (SELECT value FROM json_each(?))"
        return {pmid for (pmid,) in self.connection.rows(listed, (json.dumps(pmids),))}

    def held_as_they_are(
        self, records: Sequence[tuple[int | None, str]], *, parser: int
    ) -> set[tuple[int | None, str]]:
        """Those of these (PMID, SHA-256) of which this very record is held whole and was read by this parser."""
        wanted = set(records)
        rows = self.connection.rows(
            """SELECT r.pmid, r.sha256, r.xml FROM records r WHERE r.pmid IN (SELECT value FROM json_each(?))
            AND r.parser = ? AND EXISTS (SELECT 1 FROM papers p WHERE p.pmid = r.pmid)""",
            (json.dumps([pmid for pmid, _ in wanted]), parser),
        )
        return {(pmid, digest) for pmid, digest, xml in rows if (pmid, digest) in wanted and is_intact(xml, digest)}

    def add(self, some: Sequence[Rows], *, source: str, parser: int) -> None:
        """Store records of which nothing is held, with their papers and tags. Call inside a transaction."""
        insert_records(self.connection, some, source=source, now=self._now(), parser=parser)
        self._file([one.pmid for one in some])

    def _keep_former(
        self, held: Paper, paper: Paper, changed: Sequence[str], run: int | None, record: tuple[str, str, str, bytes]
    ) -> int | None:
        now = self._now()
        kept = self.connection.run(
            """INSERT INTO former_records(pmid, run, replaced, source, fetched, sha256, xml)
            VALUES (?, ?, ?, ?, ?, ?, ?)""",
            (paper.pmid, run, now, *record),
        )
        self.connection.many(
            "INSERT INTO changes(pmid, run, at, field, before, after) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (paper.pmid, run, now, name, _dump(texts(held, name)), _dump(texts(paper, name)))
                for name in changed
                if name != "retracted"  # follows from publication types and corrections
            ],
        )
        return kept.lastrowid

    def keep_unread(self, xml: bytes, *, pmid: int, reason: str, source: str, parser: int, run: int) -> None:
        """Keep a record that could not be read, for a parser that can. Call inside a transaction."""
        self.connection.run(
            "INSERT OR REPLACE INTO unread_records VALUES (?, ?, ?, ?, ?, ?, ?)",
            (pmid, run, reason, source, self._now(), parser, zlib.compress(xml, 6)),
        )

    def drop_unread(self, pmids: Iterable[int]) -> None:
        """These records have been read since. Call inside a transaction."""
        self.connection.many("DELETE FROM unread_records WHERE pmid = ?", [(pmid,) for pmid in pmids])

    def replace(self, paper: Paper) -> None:
        """Write a held paper's row and parts anew from the noun; tags, keys and hits stay."""
        self.connection.run("UPDATE papers SET " + _ASSIGN + " WHERE pmid = ?", (*paper_row(paper), paper.pmid))
        for table in ("sections", "trial_marks", *(child.table for child in CHILDREN)):
            self.connection.run(f"DELETE FROM {table} WHERE pmid = ?", (paper.pmid,))
        insert_parts(self.connection, [paper])

    def mark_trials(self, paper: Paper) -> None:
        """Find anew what a held paper says of which trial it reports (`rebuild`)."""
        self.connection.run("DELETE FROM trial_marks WHERE pmid = ?", (paper.pmid,))
        insert_marks(self.connection, [paper])

    def mark_parsed(self, pmid: int, parser: int) -> None:
        """The paper's row now is what this parser makes of its record."""
        self.connection.run("UPDATE records SET parser = ? WHERE pmid = ?", (parser, pmid))

    def restore(self, paper: Paper) -> None:
        """Make the row of a paper whose record is held but whose row is gone (`rebuild`)."""
        self._insert_paper(paper)

    def assign_key(self, pmid: int, base: str, candidates: Callable[[], Iterator[str]]) -> str:
        """The paper's citation key: the one it has, else the first candidate for `base` that was never given.

        Keys are never freed, so a candidate that was taken once need not be asked again: of many papers with one
        base each costs as much as the first.
        """
        untried = self._untried.pop(base, None) or candidates()
        now = self._now()
        for key in untried:
            # Tried first and asked after: most papers are new and most keys free, so one statement does for three.
            tried = self.connection.run("INSERT OR IGNORE INTO citation_keys VALUES (?, ?, ?)", (key, pmid, now))
            if tried.rowcount:
                self._untried[base] = untried
                return key
            held = self.connection.value("SELECT key FROM citation_keys WHERE pmid = ?", (pmid,))
            if held is not None:
                return str(held)  # this candidate may be free, so the next paper of this base begins anew
        raise AssertionError("candidates never end")

    def assign_keys(self, papers: Sequence[tuple[int, str]], candidates: Callable[[str], Iterator[str]]) -> None:
        """The same for many papers, as (PMID, base), in this order: most bases are free, and taken by one statement."""
        now = self._now()
        self.connection.many(
            "INSERT OR IGNORE INTO citation_keys VALUES (?, ?, ?)", ((base, pmid, now) for pmid, base in papers)
        )
        keyless = {
            pmid
            for (pmid,) in self.connection.rows(
                """SELECT value FROM json_each(?)
                WHERE NOT EXISTS (SELECT 1 FROM citation_keys k WHERE k.pmid = value)""",
                (json.dumps([pmid for pmid, _ in papers]),),
            )
        }
        for pmid, base in papers:
            if pmid in keyless:
                self.assign_key(pmid, base, partial(candidates, base))

    def without_key(self) -> list[int]:
        """PMIDs that hold no citation key yet, ascending."""
        return [
            pmid
            for (pmid,) in self.connection.rows(
                "SELECT pmid FROM papers p WHERE NOT EXISTS "
                "(SELECT 1 FROM citation_keys k WHERE k.pmid = p.pmid) ORDER BY pmid"
            )
        ]

    def mend_search(self) -> None:
        """Build the search index anew from the papers."""
        self.connection.run("INSERT INTO papers_fts(papers_fts) VALUES ('rebuild')")

    # tags

    def set_vocabulary(self, definitions: Sequence[TagDefinition], facets: Mapping[str, str] | None = None) -> None:
        """Which tags exist, in this order, and other names of their facets (name → facet), as `study-type`.

        Decisions on tags that no longer exist are kept.
        """
        wanted = tuple(replace(entry, aliases=tuple(sorted(entry.aliases))) for entry in definitions)
        others = {f"{name}/": f"{facet}/" for name, facet in (facets or {}).items()}
        held = "SELECT alias, tag FROM tag_aliases WHERE alias LIKE '%/'"
        if wanted and wanted == self.vocabulary() and others == dict(self.connection.rows(held)):
            return
        with self.transaction():
            self.connection.run("DELETE FROM tags")
            self.connection.run("DELETE FROM tag_aliases")
            self.connection.many(
                "INSERT INTO tags VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (entry.slug, entry.facet, entry.label, entry.parent, entry.rank, position)
                    for position, entry in enumerate(definitions)
                ],
            )
            self.connection.many(
                "INSERT INTO tag_aliases VALUES (?, ?)",
                [*((alias, entry.slug) for entry in definitions for alias in entry.aliases), *others.items()],
            )

    def tagged_with(self, pmid: int) -> tuple[str, str]:
        """(content hash, rules hash) of the paper's rule tags; ("", "") if it has never been tagged."""
        row = self.connection.rows("SELECT tagged_content, tagged_rules FROM papers WHERE pmid = ?", (pmid,))
        return (row[0][0], row[0][1]) if row else ("", "")

    def set_rule_tags(self, pmid: int, tags: Sequence[Tag], *, content_hash: str, rules_hash: str) -> None:
        """Replace what the rules say of a paper; what people said stays and still wins. Call inside a transaction."""
        if self._gathered and pmid in self._gathered:
            new = self._gathered[pmid]
            new.tags, new.content_hash, new.rules_hash = tags, content_hash, rules_hash
            return
        self.connection.run("DELETE FROM rule_tags WHERE pmid = ?", (pmid,))
        insert_rule_tags(self.connection, [(pmid, tags)])
        self.connection.run(
            "UPDATE papers SET tagged_content = ?, tagged_rules = ? WHERE pmid = ?", (content_hash, rules_hash, pmid)
        )
        self.file_tags(pmid)

    def set_all_rule_tags(self, tagged: Sequence[tuple[int, Sequence[Tag], str]], *, rules_hash: str) -> None:
        """The same for many held papers, as (PMID, tags, content hash), by few statements. Call in a transaction."""
        pmids = [pmid for pmid, _, _ in tagged]
        listed = json.dumps(pmids)
        for table in ("rule_tags", "paper_tags"):
            self.connection.run(f"DELETE FROM {table} WHERE pmid IN (SELECT value FROM json_each(?))", (listed,))
        insert_rule_tags(self.connection, [(pmid, tags) for pmid, tags, _ in tagged])
        self.connection.many(
            "UPDATE papers SET tagged_content = ?, tagged_rules = ? WHERE pmid = ?",
            [(content, rules_hash, pmid) for pmid, _, content in tagged],
        )
        self._file(pmids)

    def keep_tag_changes(self, changes: Iterable[TagChange], *, former: int | None) -> None:
        """What a change of a record did to its tags; `former` is the record before. Call inside a transaction."""
        self.connection.many(
            """INSERT INTO tag_changes(pmid, run, former, at, tag, before, after, cause, because)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            [
                (one.pmid, one.run or None, former, one.at, one.tag, one.before, one.after, one.cause, one.because)
                for one in changes
            ],
        )

    def now(self) -> str:
        """This moment by the library's clock; ISO 8601, UTC."""
        return self._now()

    def set_hand_tag(self, decision: HandTag) -> None:
        """Keep a person's decision on a tag; a later one on the same tag and paper, by whichever name, replaces it."""
        self.do(
            "tag",
            decision.pmid,
            who=decision.who,
            at=decision.at,
            tag=decision.slug,
            verdict=decision.verdict,
            because=decision.because,
        )

    def drop_hand_tag(self, pmid: int, slug: str, *, who: str = "") -> bool:
        """Forget a decision, so that the rules speak again; says whether there was one."""
        names = self._names(slug)
        if not any(one.slug in names for one in self.hand_tags(pmid)):
            return False
        self.do("tag", pmid, who=who, tag=slug, verdict="reset")
        return True

    def fold_tag(self, pmid: int, slug: str) -> None:
        """As ActWriter has it; of a tag that was renamed, under all its names."""
        names = self._names(slug)
        self._drop_decisions(pmid, names)
        newest = next((act for act in self.standing_acts("tag", pmid) if act.tag in names), None)
        if newest is not None and newest.verdict != "reset":
            self.connection.run(
                "INSERT INTO hand_tags VALUES (?, ?, ?, ?, ?, ?)",
                (pmid, newest.tag, newest.verdict, newest.because, newest.who, newest.at),
            )
        self.file_tags(pmid)

    def _names(self, slug: str) -> set[str]:
        """Every name that means this tag."""
        today = str(self.connection.value("SELECT tag FROM tag_aliases WHERE alias = ?", (slug,)) or slug)
        others = self.connection.rows("SELECT alias FROM tag_aliases WHERE tag = ?", (today,))
        return {slug, today, *(alias for (alias,) in others)}

    def _drop_decisions(self, pmid: int, names: Iterable[str]) -> None:
        self.connection.run(
            "DELETE FROM hand_tags WHERE pmid = ? AND tag IN (SELECT value FROM json_each(?))",
            (pmid, json.dumps(sorted(names))),
        )

    def file_tags(self, pmid: int) -> None:
        """Work out the tags a paper really carries: (rules + added by hand) - removed by hand.

        In an exclusive facet, as of study types, one added by hand becomes the primary one: the reader has seen the
        paper, the rules have not.
        """
        self.connection.run("DELETE FROM paper_tags WHERE pmid = ?", (pmid,))
        self._file([pmid])

    def _file(self, pmids: Sequence[int]) -> None:
        """The tags of papers of which none are filed. Decisions are rare: only papers that have any pay for them."""
        listed = json.dumps(pmids)
        self.connection.run(_FILE_UNDECIDED, (listed,))
        for decided in self.connection.rows(_DECIDED_AMONG, (listed,)):
            self.connection.run(_FILE, {"pmid": decided[0]})
            self.connection.run(_PRIMARY, {"pmid": decided[0]})

    # the rows of a paper

    _gathered: dict[int, NewPaper] | None = None

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """New papers inside are stored together at its end, many by one statement (see `inserting`).

        Until then, or until `store_gathered`, they cannot be read back. Call inside a transaction.
        """
        self._gathered = {}
        try:
            yield
            self.store_gathered()
        finally:
            self._gathered = None

    def store_gathered(self) -> None:
        """Store what was gathered so far."""
        if self._gathered:
            new = list(self._gathered.values())
            self._gathered.clear()
            insert_papers(self.connection, new)
            self._file([one.paper.pmid for one in new])

    def _insert_record(self, pmid: int, xml: bytes, digest: str, source: str, parser: int) -> None:
        now = self._now()
        self.connection.run(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)",
            (pmid, pack(xml), digest, source, now, now, parser),
        )

    def _update_record(self, pmid: int, xml: bytes, digest: str, source: str, parser: int) -> None:
        self.connection.run(
            "UPDATE records SET xml = ?, sha256 = ?, source = ?, fetched = ?, parser = ? WHERE pmid = ?",
            (pack(xml), digest, source, self._now(), parser, pmid),
        )

    def _insert_paper(self, paper: Paper) -> None:
        if self._gathered is None:
            insert_papers(self.connection, [NewPaper(paper)])
        else:
            self._gathered[paper.pmid] = NewPaper(paper)


_MOST_UNTRIED = 5_000
"""Bases of citation keys of which is remembered how far their candidates are used up: half a kilobyte each."""

_ASSIGN = ", ".join(f"{column} = ?" for column in PAPER_COLUMNS)

_FILE = f"INSERT INTO paper_tags(tag, pmid, facet, is_primary, source) {EFFECTIVE_TAGS.format(paper=':pmid')}"

# The same for papers without decisions, of which nobody need ask which counts and what is primary now.
_FILE_UNDECIDED = """INSERT INTO paper_tags(tag, pmid, facet, is_primary, source)
    SELECT r.tag, r.pmid, v.facet, r.is_primary, 'rule' FROM rule_tags r JOIN tags v ON v.tag = r.tag
    WHERE r.state = 'tagged' AND r.pmid IN (SELECT value FROM json_each(?))
    AND NOT EXISTS (SELECT 1 FROM hand_tags h WHERE h.pmid = r.pmid)"""

_DECIDED_AMONG = "SELECT DISTINCT pmid FROM hand_tags WHERE pmid IN (SELECT value FROM json_each(?))"

# The rank order is the rules' own (`TagDefinition.rank`): only tags of exclusive facets have one above 0.
_PRIMARY = """UPDATE paper_tags SET is_primary = coalesce(tag = (
        SELECT t.tag FROM paper_tags t JOIN tags v ON v.tag = t.tag
        WHERE t.pmid = :pmid AND t.facet = paper_tags.facet AND v.rank > 0
        ORDER BY t.source = 'hand' DESC, t.is_primary DESC, v.rank LIMIT 1), 0)
    WHERE pmid = :pmid AND EXISTS (SELECT 1 FROM hand_tags h WHERE h.pmid = :pmid)"""


def _is_older(paper: Paper, held: Paper, *, restated: bool, beside: bool) -> bool:
    if restated or paper.version != held.version:
        return restated or paper.version < held.version
    if not (held.revised and paper.revised):
        return False
    return paper.revised < held.revised or (beside and paper.revised == held.revised)


def _dump(values: Sequence[str]) -> str:
    return json.dumps(values, ensure_ascii=False)


def _make(path: Path) -> None:
    """A whole, empty library appears at `path` at once: a crash leaves none rather than half of one.

    If another process makes it in the same moment, its library is taken and not replaced.
    """
    from .migrations import migrate  # loads sqlite-utils: only when there is something to make

    unfinished = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        connection = open_new(unfinished)
        try:
            migrate(connection)
        finally:
            connection.close()
        try:
            os.link(unfinished, path)
        except FileExistsError:
            pass  # another process was quicker
        except OSError:  # a file system without hard links
            if not os.path.lexists(path):
                unfinished.rename(path)
    except OSError as error:
        raise LibraryError(f"The library {path} cannot be made ({error.strerror}); nothing was changed.") from None
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            unfinished.with_name(unfinished.name + ending).unlink(missing_ok=True)
