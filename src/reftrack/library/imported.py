"""Imports: what came from files of other programs, entry by entry, and which paper each entry is.

An entry is kept as it came and never deleted. Several entries may be one paper: they are linked by its PMID, and while
no such paper is held by the first of them that came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

from msgspec import Struct, to_builtins
from msgspec.json import decode
from msgspec.structs import replace

from ..citation import Citation, Decision, Unreadable
from .judging import JudgmentWriter
from .opening import Connection
from .selecting import CHUNK, in_json

MatchedBy = Literal["record", "pmid", "doi", "pmcid", "title", "hand"]

IMPORTS = ":imports"
"""Under this name the ledger has what imports brought; no saved query can have it."""

_LONGEST_WORDS = 6
_MOST_CANDIDATES = 50


class Match(Struct, frozen=True, gc=False):
    """Which held paper an entry is, or why that cannot be said."""

    pmid: int | None = None
    by: MatchedBy | Literal[""] = ""
    certainty: float = 0.0
    """From 0 to 1."""
    doubt: str = ""
    """A clause for a person; "" of an entry that is matched, or of which nothing is held."""


class ImportLine(Struct, frozen=True):
    """One import: a file that was read."""

    number: int
    file: str
    format: str
    who: str
    at: str
    """ISO 8601, UTC."""
    undone: str
    """Since when it is taken back; "" it stands."""
    entries: int
    matched: int
    papers: int
    """Papers that the matched entries are, each counted once."""


class ImportedEntry(Struct, frozen=True):
    """An entry of an import, with what is known of it."""

    number: int
    position: int
    file: str
    match: Match
    tried: str
    """When PubMed was last asked for it (UTC); "" never."""
    same_as: tuple[int, int] | None
    """(import, position) of the first entry that names the same paper, where none is held."""
    citation: Citation


class Candidate(Struct, frozen=True, gc=False):
    """What tells a held paper from others of its title."""

    pmid: int
    title: str
    vernacular_title: str
    year: int | None
    electronic_year: int | None
    family: str
    """Of the first author, or the group."""
    pages: str
    doi: str
    pmcid: str


class ImportReader:
    """Imports, to look at."""

    connection: Connection

    def imports(self) -> tuple[ImportLine, ...]:
        """Every import, newest first."""
        return tuple(
            ImportLine(*row)
            for row in self.connection.rows(
                """SELECT i.import, i.file, i.format, i.who, i.at, i.undone,
                (SELECT count(*) FROM import_entries e WHERE e.import = i.import),
                (SELECT count(*) FROM import_entries e WHERE e.import = i.import AND e.pmid IS NOT NULL),
                (SELECT count(DISTINCT e.pmid) FROM import_entries e WHERE e.import = i.import)
                FROM imports i ORDER BY i.import DESC"""
            )
        )

    def unmatched(self) -> Iterator[ImportedEntry]:
        """Entries of imports that stand of which no paper is held, in the order in which they came."""
        return self._entries("e.pmid IS NULL AND i.undone = ''", ())

    def entries_of(self, pmid: int) -> Iterator[ImportedEntry]:
        """Entries of imports that stand that are this paper, PubMed records left out."""
        return self._entries("e.pmid = ? AND i.undone = '' AND e.citation <> ''", (pmid,))

    def entries(self, number: int) -> Iterator[ImportedEntry]:
        """The citations of an import that stands, matched or not."""
        return self._entries("e.import = ? AND i.undone = '' AND e.citation <> ''", (number,))

    def _entries(self, condition: str, values: Sequence[object]) -> Iterator[ImportedEntry]:
        for row in self.connection.rows(
            f"""SELECT e.import, e.position, i.file, e.pmid, e.matched_by, e.certainty, e.doubt, e.tried,
            e.same_as_import, e.same_as, e.citation FROM import_entries e JOIN imports i ON i.import = e.import
            WHERE {condition} ORDER BY e.import, e.position""",
            values,
        ):
            number, position, file, *match, tried, first, at, citation = row
            same_as = None if first is None else (first, at)
            yield ImportedEntry(number, position, file, Match(*match), tried, same_as, _citation(citation))

    def unread_parts(self) -> list[tuple[int, str, Unreadable]]:
        """(import, file, what could not be read) of imports that stand, in order."""
        return [
            (number, file, Unreadable(*problem))
            for number, file, *problem in self.connection.rows(
                """SELECT p.import, i.file, p.line, p.reason, p.text FROM import_problems p
                JOIN imports i ON i.import = p.import WHERE i.undone = '' ORDER BY p.import, p.line, p.rowid"""
            )
        ]

    # which held papers may be meant

    def candidates(self, pmids: Iterable[int]) -> list[Candidate]:
        """What is needed to tell these papers apart; one that is not held is passed over."""
        return self._candidates("p.pmid IN (SELECT value FROM json_each(?))", (in_json(pmids),))

    def with_doi(self, doi: str) -> list[Candidate]:
        """Held papers that name this DOI, however it is spelled."""
        return self._candidates("lower(p.doi) = ? AND p.doi <> ''", (doi.lower(),))

    def with_pmcid(self, pmcid: str) -> list[Candidate]:
        """Held papers that have this PMCID."""
        return self._candidates("p.pmcid = ? AND p.pmcid <> ''", (pmcid,))

    def with_words(self, words: Iterable[str]) -> list[Candidate]:
        """Held papers with the longest of these words in their title, one of six excepted; a few dozen at most."""
        longest = [f'"{word}"' for word in sorted(dict.fromkeys(words), key=len, reverse=True)[:_LONGEST_WORDS]]
        if not longest:
            return []
        choices = [longest]
        if len(longest) == _LONGEST_WORDS:
            choices = [longest[:place] + longest[place + 1 :] for place in range(_LONGEST_WORDS)]
        match = "title : (" + " OR ".join(f"({' AND '.join(choice)})" for choice in choices) + ")"
        return self._candidates(
            f"p.pmid IN (SELECT rowid FROM papers_fts WHERE papers_fts MATCH ? LIMIT {_MOST_CANDIDATES})", (match,)
        )

    def _candidates(self, condition: str, values: Sequence[object]) -> list[Candidate]:
        return [
            Candidate(*row)
            for row in self.connection.rows(
                f"""SELECT p.pmid, p.title, p.vernacular_title, p.year, p.electronic_year,
                coalesce((SELECT family FROM authors a WHERE a.pmid = p.pmid ORDER BY position LIMIT 1), ''),
                CASE p.pages WHEN '' THEN p.article_number ELSE p.pages END, p.doi, p.pmcid
                FROM papers p WHERE {condition} ORDER BY p.pmid""",
                values,
            )
        ]


class ImportWriter(ImportReader, JudgmentWriter):
    """Imports, to write. Call inside a transaction of the library."""

    _now: Callable[[], str]

    def begin_import(self, *, file: str, form: str, sha256: str, who: str, run: int | None = None) -> int:
        """A new import, without entries yet."""
        number = self.connection.run(
            "INSERT INTO imports(file, format, sha256, who, at, run) VALUES (?, ?, ?, ?, ?, ?)",
            (file, form, sha256, who, self._now(), run),
        ).lastrowid
        assert number is not None
        return number

    def note_content(self, number: int, sha256: str) -> None:
        """A file that is stored while it is read was read to its end: this is what it held."""
        self.connection.run("UPDATE imports SET sha256 = ? WHERE import = ?", (sha256, number))

    def keep_records(self, number: int, pmids: Sequence[int], *, start: int) -> None:
        """These papers came as PubMed records; `start` is the position of the first."""
        self.connection.many(
            "INSERT INTO import_entries(import, position, pmid, matched_by, certainty) VALUES (?, ?, ?, 'record', 1)",
            [(number, position, pmid) for position, pmid in enumerate(pmids, start)],
        )

    def keep_citation(
        self, number: int, position: int, citation: Citation, match: Match, *, same_as: tuple[int, int] | None = None
    ) -> None:
        """Keep an entry as it came, with the paper it is; what people said in it becomes ours if it is one."""
        import json  # only who writes

        self.connection.run(
            "INSERT INTO import_entries VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, ?)",
            (
                number,
                position,
                match.pmid,
                match.by,
                match.certainty,
                match.doubt,
                *(same_as or (None, None)),
                json.dumps(to_builtins(citation), ensure_ascii=False),
            ),
        )
        if match.pmid is not None:
            self._adopt(number, match.pmid, citation)

    def keep_problems(self, number: int, problems: Iterable[Unreadable]) -> None:
        """Keep what of the file could not be read."""
        self.connection.many(
            "INSERT INTO import_problems VALUES (?, ?, ?, ?)", [(number, p.line, p.reason, p.text) for p in problems]
        )

    def match_entry(self, entry: ImportedEntry, match: Match) -> None:
        """An entry is this paper, or what there is to say about it has changed.

        If it was taken for another paper, what people said of that one in it is taken back.
        """
        self.connection.run(
            """UPDATE import_entries SET pmid = ?, matched_by = ?, certainty = ?, doubt = ?
            WHERE import = ? AND position = ?""",
            (match.pmid, match.by, match.certainty, match.doubt, entry.number, entry.position),
        )
        if entry.match.pmid is not None and entry.match.pmid != match.pmid:
            self._disown(entry.number, entry.match.pmid)
        if match.pmid is not None:
            self._adopt(entry.number, match.pmid, entry.citation)

    def tried(self, entries: Iterable[ImportedEntry]) -> None:
        """PubMed was asked for these just now."""
        now = self._now()
        self.connection.many(
            "UPDATE import_entries SET tried = ? WHERE import = ? AND position = ?",
            [(now, entry.number, entry.position) for entry in entries],
        )

    def _adopt(self, number: int, pmid: int, citation: Citation) -> None:
        importer, at = self.connection.rows("SELECT who, at FROM imports WHERE import = ?", (number,))[0]
        for decision in citation.decisions:
            # No later than now, or nothing that is decided from now on would count against it.
            dated = replace(decision, who=decision.who or importer, at=min(decision.at or at, self._now()))
            self.decide(pmid, dated, imported=number)
        self.label(pmid, citation.labels, who=importer, imported=number)
        if citation.note:
            self.annotate(pmid, citation.note, who=importer, imported=number)

    def _disown(self, number: int, pmid: int) -> None:
        """What this import said of the paper is taken back, but for what other entries say that are still it."""
        self._take_back(number, "AND pmid = ?", (pmid,))
        for other in [entry for entry in self.entries(number) if entry.match.pmid == pmid]:
            self._adopt(number, pmid, other.citation)

    def _take_back(self, number: int, condition: str = "", values: Sequence[object] = ()) -> None:
        for table in ("decisions", "labels", "notes"):
            self.connection.run(
                f"UPDATE {table} SET undone = ? WHERE import = ? AND undone = '' {condition}",
                (self._now(), number, *values),
            )

    def undo_import(self, number: int) -> list[int]:
        """Take an import back: what people said in it, and the papers that only it brought. Says which papers went.

        A paper stays that a saved query finds, that another import names, or that a person tagged, judged or annotated.
        Its citation key stays given. The entries stay too, and say that they were taken back.
        """
        self.connection.run("UPDATE imports SET undone = ? WHERE import = ? AND undone = ''", (self._now(), number))
        self._take_back(number)
        gone = [pmid for (pmid,) in self.connection.rows(_ONLY_THERE_BY, {"import": number, "imports": IMPORTS})]
        for start in range(0, len(gone), CHUNK):
            part = (in_json(gone[start : start + CHUNK]),)
            for table in ("papers", "records", "checks", "hits"):
                self.connection.run(f"DELETE FROM {table} WHERE pmid IN (SELECT value FROM json_each(?))", part)
        self.connection.run(_NO_LONGER_IMPORTED, {"import": number, "imports": IMPORTS})
        return gone


_ONLY_THERE_BY = """SELECT DISTINCT e.pmid FROM import_entries e JOIN papers p ON p.pmid = e.pmid
    WHERE e.import = :import
    AND EXISTS (SELECT 1 FROM hits h WHERE h.pmid = e.pmid AND h.query = :imports)
    AND NOT EXISTS (SELECT 1 FROM hits h WHERE h.pmid = e.pmid AND h.query <> :imports)
    AND NOT EXISTS (SELECT 1 FROM import_entries o JOIN imports i ON i.import = o.import
        WHERE o.pmid = e.pmid AND i.undone = '')
    AND NOT EXISTS (SELECT 1 FROM hand_tags t WHERE t.pmid = e.pmid)
    AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.pmid = e.pmid AND d.undone = '')
    AND NOT EXISTS (SELECT 1 FROM labels l WHERE l.pmid = e.pmid AND l.undone = '')
    AND NOT EXISTS (SELECT 1 FROM notes n WHERE n.pmid = e.pmid AND n.undone = '')
    AND NOT EXISTS (SELECT 1 FROM former_keys f WHERE f.pmid = e.pmid)
    ORDER BY e.pmid"""


_NO_LONGER_IMPORTED = """DELETE FROM hits WHERE query = :imports
    AND pmid IN (SELECT e.pmid FROM import_entries e WHERE e.import = :import)
    AND EXISTS (SELECT 1 FROM hits h WHERE h.pmid = hits.pmid AND h.query <> :imports)
    AND NOT EXISTS (SELECT 1 FROM import_entries o JOIN imports i ON i.import = o.import
        WHERE o.pmid = hits.pmid AND i.undone = '')"""
"""Of papers that stay because a saved query holds them; another that stays is still there by imports alone."""


def _citation(held: str) -> Citation:
    if not held:
        return Citation(line=0, text="")
    fields: dict[str, Any] = decode(held)
    decisions = tuple(Decision(**(one | {"reasons": tuple(one["reasons"])})) for one in fields.pop("decisions"))
    fields |= {name: tuple(fields[name]) for name in ("authors", "labels")}
    return Citation(**fields, decisions=decisions)
