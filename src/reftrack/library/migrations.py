"""Numbered steps that make the schema, each in a transaction; a shipped one is never edited.

To change the schema: add a step at the end, raise SCHEMA_VERSION in `opening`, and name the columns in `columns`.
This is the only module that loads sqlite-utils, and only a command that writes loads this module.

Which tables are precious: `records`, `checks`, `former_records`, `changes`, `tag_changes`, `unread_records`, `runs`,
`run_papers`, `hits`, `hand_tags`, `citation_keys`, `former_keys`, `decisions`, `labels`, `notes`, `imports`,
`import_entries`, `import_problems`, `acts`, `hand_trials`. Every other one can be made again from `records` and the
rules (`rebuild`).
"""

from __future__ import annotations

import hashlib
import json
import re

from sqlite_utils import Database, Migrations

from ..model import TRIAL_REGISTRIES
from ..registries import marks
from .indexes import READ_INDEXES
from .opening import APPLICATION_ID, SCHEMA_VERSION, Connection, translated

migrations = Migrations("reftrack")

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

_PART = "pmid INTEGER NOT NULL REFERENCES papers(pmid) ON DELETE CASCADE, position INTEGER NOT NULL"
_AUTHOR = """family TEXT NOT NULL, given TEXT NOT NULL, initials TEXT NOT NULL, suffix TEXT NOT NULL,
    collective INTEGER NOT NULL, orcid TEXT NOT NULL, affiliations TEXT NOT NULL, equal INTEGER NOT NULL"""

_FIRST = (
    # What PubMed sent, as it was sent: everything about a paper can be made again from here.
    """CREATE TABLE records (
        pmid INTEGER PRIMARY KEY,
        xml BLOB NOT NULL,            -- the record's element, UTF-8, zlib
        sha256 TEXT NOT NULL,         -- of the element before compression
        source TEXT NOT NULL,         -- pubmed, sample, or the file it was read from
        first_seen TEXT NOT NULL,     -- when the library first held this paper (UTC)
        fetched TEXT NOT NULL,        -- when this version of the record came (UTC)
        parser INTEGER NOT NULL       -- the parser that made the row in papers
    )""",
    """CREATE TABLE papers (
        pmid INTEGER PRIMARY KEY REFERENCES records(pmid),
        version INTEGER NOT NULL, type TEXT NOT NULL,
        title TEXT NOT NULL, title_markup TEXT NOT NULL, vernacular_title TEXT NOT NULL,
        authors TEXT NOT NULL, authors_complete INTEGER NOT NULL,
        journal TEXT NOT NULL, journal_abbreviation TEXT NOT NULL, medline_ta TEXT NOT NULL, nlm_id TEXT NOT NULL,
        issn TEXT NOT NULL, issn_print TEXT NOT NULL, issn_electronic TEXT NOT NULL,
        volume TEXT NOT NULL, issue TEXT NOT NULL, pages TEXT NOT NULL, medline_pgn TEXT NOT NULL,
        article_number TEXT NOT NULL,
        date TEXT NOT NULL, year INTEGER, month INTEGER, day INTEGER,
        electronic_date TEXT NOT NULL, electronic_year INTEGER, electronic_month INTEGER, electronic_day INTEGER,
        doi TEXT NOT NULL, pmcid TEXT NOT NULL, pii TEXT NOT NULL,
        languages TEXT NOT NULL,
        keywords TEXT NOT NULL, mesh TEXT NOT NULL,
        status TEXT NOT NULL, indexing_method TEXT NOT NULL, publication_status TEXT NOT NULL,
        entered TEXT NOT NULL, revised TEXT NOT NULL, completed TEXT NOT NULL,
        book_title TEXT, publisher TEXT, place TEXT, edition TEXT, isbns TEXT, bookshelf_id TEXT,
        conflict_of_interest TEXT NOT NULL, abstract_copyright TEXT NOT NULL,
        retracted INTEGER NOT NULL,
        first_seen TEXT NOT NULL,
        tagged_content TEXT NOT NULL DEFAULT '',  -- hash of what the rules read
        tagged_rules TEXT NOT NULL DEFAULT '',    -- hash of the rules that made its tags
        abstract TEXT NOT NULL        -- last, because it is the fattest
    )""",
    "CREATE INDEX papers_by_year ON papers(year DESC, pmid DESC)",
    "CREATE INDEX papers_by_first_seen ON papers(first_seen)",
    "CREATE INDEX papers_by_doi ON papers(doi) WHERE doi <> ''",
    "CREATE INDEX papers_retracted ON papers(pmid) WHERE retracted",
    # `end` and `start` count characters of papers.abstract.
    f"""CREATE TABLE sections ({_PART}, label TEXT NOT NULL, category TEXT NOT NULL,
        start INTEGER NOT NULL, "end" INTEGER NOT NULL, PRIMARY KEY (pmid, position)) WITHOUT ROWID""",
    f"CREATE TABLE authors ({_PART}, {_AUTHOR}, PRIMARY KEY (pmid, position)) WITHOUT ROWID",
    "CREATE INDEX authors_by_family ON authors(family COLLATE NOCASE)",
    f"CREATE TABLE editors ({_PART}, {_AUTHOR}, PRIMARY KEY (pmid, position)) WITHOUT ROWID",
    f"""CREATE TABLE other_abstracts ({_PART}, kind TEXT NOT NULL, language TEXT NOT NULL, sections TEXT NOT NULL,
        PRIMARY KEY (pmid, position)) WITHOUT ROWID""",
    f"""CREATE TABLE mesh_headings ({_PART}, name TEXT NOT NULL, ui TEXT NOT NULL, major INTEGER NOT NULL,
        qualifiers TEXT NOT NULL, PRIMARY KEY (pmid, position)) WITHOUT ROWID""",
    "CREATE INDEX mesh_headings_by_name ON mesh_headings(name)",
    f"""CREATE TABLE publication_types ({_PART}, name TEXT NOT NULL, ui TEXT NOT NULL,
        PRIMARY KEY (pmid, position)) WITHOUT ROWID""",
    "CREATE INDEX publication_types_by_name ON publication_types(name)",
    f"""CREATE TABLE keywords ({_PART}, name TEXT NOT NULL, major INTEGER NOT NULL, owner TEXT NOT NULL,
        PRIMARY KEY (pmid, position)) WITHOUT ROWID""",
    f"""CREATE TABLE substances ({_PART}, name TEXT NOT NULL, ui TEXT NOT NULL, registry_number TEXT NOT NULL,
        kind TEXT NOT NULL, PRIMARY KEY (pmid, position)) WITHOUT ROWID""",
    f"""CREATE TABLE grants ({_PART}, number TEXT NOT NULL, acronym TEXT NOT NULL, agency TEXT NOT NULL,
        country TEXT NOT NULL, PRIMARY KEY (pmid, position)) WITHOUT ROWID""",
    f"""CREATE TABLE accessions ({_PART}, databank TEXT NOT NULL, number TEXT NOT NULL,
        PRIMARY KEY (pmid, position)) WITHOUT ROWID""",
    "CREATE INDEX accessions_by_number ON accessions(number)",
    f"""CREATE TABLE corrections ({_PART}, kind TEXT NOT NULL, citation TEXT NOT NULL, other_pmid INTEGER,
        note TEXT NOT NULL, PRIMARY KEY (pmid, position)) WITHOUT ROWID""",
    "CREATE INDEX corrections_by_kind ON corrections(kind)",
    f"""CREATE TABLE cited_papers ({_PART}, cited_pmid INTEGER NOT NULL,
        PRIMARY KEY (pmid, position)) WITHOUT ROWID""",
    "CREATE INDEX cited_papers_by_cited ON cited_papers(cited_pmid)",
    # Citation keys: given once, never moved, never freed, so not tied to the row in papers.
    """CREATE TABLE citation_keys (
        key TEXT PRIMARY KEY COLLATE NOCASE, pmid INTEGER NOT NULL UNIQUE, given TEXT NOT NULL)""",
    # The ledger of runs.
    """CREATE TABLE runs (
        run INTEGER PRIMARY KEY AUTOINCREMENT,
        query TEXT NOT NULL, source TEXT NOT NULL, status TEXT NOT NULL, term TEXT NOT NULL,
        translation TEXT NOT NULL DEFAULT '', warnings TEXT NOT NULL DEFAULT '[]',
        count INTEGER NOT NULL DEFAULT 0, received INTEGER NOT NULL DEFAULT 0, requests INTEGER NOT NULL DEFAULT 0,
        ids_sha256 TEXT NOT NULL DEFAULT '', problem TEXT NOT NULL DEFAULT '',
        started TEXT NOT NULL, finished TEXT, version TEXT NOT NULL)""",
    "CREATE INDEX runs_by_query ON runs(query, run)",
    """CREATE TABLE run_papers (
        run INTEGER NOT NULL REFERENCES runs(run), pmid INTEGER NOT NULL, outcome TEXT NOT NULL,
        detail TEXT NOT NULL DEFAULT '', PRIMARY KEY (run, pmid, outcome)) WITHOUT ROWID""",
    "CREATE INDEX run_papers_by_paper ON run_papers(pmid)",
    # Which query finds which paper, since which run; last_run moves on with every run that still finds it,
    # left_run is the complete run that no longer did.
    """CREATE TABLE hits (
        query TEXT NOT NULL, pmid INTEGER NOT NULL, first_run INTEGER NOT NULL REFERENCES runs(run),
        last_run INTEGER NOT NULL REFERENCES runs(run), left_run INTEGER REFERENCES runs(run),
        PRIMARY KEY (query, pmid)) WITHOUT ROWID""",
    "CREATE INDEX hits_by_paper ON hits(pmid)",
    # Tags: the vocabulary, what the rules say, what a person decided, and the sum of the two.
    """CREATE TABLE tags (
        tag TEXT PRIMARY KEY, facet TEXT NOT NULL, label TEXT NOT NULL, parent TEXT NOT NULL,
        rank INTEGER NOT NULL, position INTEGER NOT NULL)""",
    "CREATE TABLE tag_aliases (alias TEXT PRIMARY KEY, tag TEXT NOT NULL)",
    f"""CREATE TABLE rule_tags (
        {_PART.replace(", position INTEGER NOT NULL", "")}, tag TEXT NOT NULL, state TEXT NOT NULL,
        score REAL NOT NULL, threshold REAL NOT NULL, is_primary INTEGER NOT NULL, evidence TEXT NOT NULL,
        PRIMARY KEY (pmid, tag)) WITHOUT ROWID""",
    """CREATE TABLE hand_tags (
        pmid INTEGER NOT NULL, tag TEXT NOT NULL, verdict TEXT NOT NULL CHECK (verdict IN ('add', 'remove')),
        because TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (pmid, tag)) WITHOUT ROWID""",
    """CREATE TABLE paper_tags (
        tag TEXT NOT NULL, pmid INTEGER NOT NULL REFERENCES papers(pmid) ON DELETE CASCADE, facet TEXT NOT NULL,
        is_primary INTEGER NOT NULL, source TEXT NOT NULL, PRIMARY KEY (tag, pmid)) WITHOUT ROWID""",
    "CREATE INDEX paper_tags_by_paper ON paper_tags(pmid, facet, is_primary, tag)",
    # Search. External content: the text stands in papers only once.
    """CREATE VIRTUAL TABLE papers_fts USING fts5(
        title, abstract, authors, journal, keywords, mesh,
        content = 'papers', content_rowid = 'pmid', tokenize = 'unicode61 remove_diacritics 2')""",
    """CREATE TRIGGER papers_inserted AFTER INSERT ON papers BEGIN
        INSERT INTO papers_fts(rowid, title, abstract, authors, journal, keywords, mesh)
        VALUES (new.pmid, new.title, new.abstract, new.authors, new.journal, new.keywords, new.mesh);
    END""",
    """CREATE TRIGGER papers_deleted AFTER DELETE ON papers BEGIN
        INSERT INTO papers_fts(papers_fts, rowid, title, abstract, authors, journal, keywords, mesh)
        VALUES ('delete', old.pmid, old.title, old.abstract, old.authors, old.journal, old.keywords, old.mesh);
    END""",
    """CREATE TRIGGER papers_updated AFTER UPDATE ON papers
    WHEN old.title IS NOT new.title OR old.abstract IS NOT new.abstract OR old.authors IS NOT new.authors
        OR old.journal IS NOT new.journal OR old.keywords IS NOT new.keywords OR old.mesh IS NOT new.mesh BEGIN
        INSERT INTO papers_fts(papers_fts, rowid, title, abstract, authors, journal, keywords, mesh)
        VALUES ('delete', old.pmid, old.title, old.abstract, old.authors, old.journal, old.keywords, old.mesh);
        INSERT INTO papers_fts(rowid, title, abstract, authors, journal, keywords, mesh)
        VALUES (new.pmid, new.title, new.abstract, new.authors, new.journal, new.keywords, new.mesh);
    END""",
    # For people who look with Datasette or the sqlite3 shell.
    """CREATE VIEW evidence AS
        SELECT r.pmid, p.title, r.tag, r.state, r.score, r.threshold,
            json_extract(e.value, '$.rule') AS rule, json_extract(e.value, '$.field') AS field,
            json_extract(e.value, '$.section') AS section, json_extract(e.value, '$.quote') AS quote,
            json_extract(e.value, '$.weight') AS weight, json_extract(e.value, '$.masked') AS masked
        FROM rule_tags r JOIN papers p USING (pmid), json_each(r.evidence) e""",
    """CREATE VIEW library AS
        SELECT p.pmid, k.key, p.year, s.tag AS study, p.title, p.authors, p.journal, p.doi, p.retracted,
            (SELECT group_concat(tag, ', ') FROM paper_tags t WHERE t.pmid = p.pmid AND t.facet = 'condition')
                AS conditions,
            (SELECT group_concat(tag, ', ') FROM paper_tags t WHERE t.pmid = p.pmid AND t.facet = 'outcome')
                AS outcomes,
            p.first_seen
        FROM papers p LEFT JOIN citation_keys k USING (pmid)
            LEFT JOIN paper_tags s ON s.pmid = p.pmid AND s.facet = 'study' AND s.is_primary""",
)


@migrations()
def m0001_first(db: Database) -> None:
    """Records, papers and their parts, keys, runs, tags and search."""
    for statement in _FIRST:
        db.execute(statement)
    _mark(db, 1)


_NOT_TOLD_YET = """SELECT run FROM runs r WHERE r.status <> 'complete' AND NOT EXISTS (
    SELECT 1 FROM runs c WHERE c.query = r.query AND c.status = 'complete' AND c.run > r.run)"""

_SECOND = (
    # What PubMed last said of a record, apart from the record: every run writes here, and the rows are narrow.
    """CREATE TABLE checks (
        pmid INTEGER PRIMARY KEY REFERENCES records(pmid),
        confirmed TEXT NOT NULL,      -- when PubMed last sent this record, changed or not (UTC); '' never
        checked TEXT NOT NULL,        -- up to when PubMed is known to have had no newer state (UTC); '' not known
        deleted TEXT NOT NULL         -- since when PubMed no longer serves it (UTC); '' it does
    )""",
    """INSERT INTO checks SELECT pmid, CASE source WHEN 'pubmed' THEN fetched ELSE '' END,
        CASE source WHEN 'pubmed' THEN fetched ELSE '' END, '' FROM records""",
    "CREATE INDEX checks_deleted ON checks(pmid) WHERE deleted <> ''",
    # What a record was before it changed, and which fields differ. Append only.
    """CREATE TABLE former_records (
        former INTEGER PRIMARY KEY, pmid INTEGER NOT NULL, run INTEGER REFERENCES runs(run), replaced TEXT NOT NULL,
        source TEXT NOT NULL, fetched TEXT NOT NULL, sha256 TEXT NOT NULL, xml BLOB NOT NULL)""",
    "CREATE INDEX former_records_by_paper ON former_records(pmid)",
    """CREATE TABLE changes (
        change INTEGER PRIMARY KEY, pmid INTEGER NOT NULL, run INTEGER REFERENCES runs(run), at TEXT NOT NULL,
        field TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL)""",
    "CREATE INDEX changes_by_paper ON changes(pmid)",
    # Records that came and could not be read: kept for a parser that can.
    """CREATE TABLE unread_records (
        pmid INTEGER PRIMARY KEY, run INTEGER REFERENCES runs(run), reason TEXT NOT NULL, source TEXT NOT NULL,
        fetched TEXT NOT NULL, parser INTEGER NOT NULL, xml BLOB NOT NULL)""",
    "ALTER TABLE runs ADD COLUMN asked INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE runs ADD COLUMN changes_since TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN server TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN as_of TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN told_to INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE runs ADD COLUMN orphans_to INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE hits ADD COLUMN told INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE hits ADD COLUMN returned_from INTEGER REFERENCES runs(run)",
    # What a run that was not complete stored, and no complete one after it told, the next complete one tells.
    f"""UPDATE hits SET told = 0 WHERE first_run IN ({_NOT_TOLD_YET})""",
    f"""UPDATE run_papers SET outcome = 'stored' WHERE outcome = 'new' AND run IN ({_NOT_TOLD_YET})""",
)


@migrations()
def m0002_ledger(db: Database) -> None:
    """When each record was last checked, what it was before, what could not be read, and more about a run."""
    for statement in _SECOND:
        db.execute(statement)
    _mark(db, 2)


_THIRD = (
    # What a change of a held record did to its tags; tag '' says that NLM indexed the paper. Append only.
    """CREATE TABLE tag_changes (
        change INTEGER PRIMARY KEY, pmid INTEGER NOT NULL, run INTEGER REFERENCES runs(run),
        former INTEGER REFERENCES former_records(former),   -- the record before the change; NULL if a parser made it
        at TEXT NOT NULL, tag TEXT NOT NULL,
        before TEXT NOT NULL, after TEXT NOT NULL,          -- '', tagged, primary; of the paper awaited, never, indexed
        cause TEXT NOT NULL,                                -- indexing, record, parser
        because TEXT NOT NULL)""",
    "CREATE INDEX tag_changes_by_paper ON tag_changes(pmid)",
    "CREATE INDEX tag_changes_by_former ON tag_changes(former)",
    # Which papers other rules tagged is asked by every fetch and retag: without this it reads all of a wide table.
    "CREATE INDEX papers_by_rules ON papers(tagged_rules)",
)


@migrations()
def m0003_tag_changes(db: Database) -> None:
    """What became of a paper's tags when its record changed, above all when NLM indexed it."""
    for statement in _THIRD:
        db.execute(statement)
    _mark(db, 3)


_FOURTH = (
    # What came from files of other programs. Nothing of it is ever deleted: an import that was undone says so.
    """CREATE TABLE imports (
        import INTEGER PRIMARY KEY AUTOINCREMENT,
        file TEXT NOT NULL, format TEXT NOT NULL, sha256 TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL,
        run INTEGER REFERENCES runs(run),          -- the line of the ledger, where the file held PubMed records
        undone TEXT NOT NULL DEFAULT '')""",
    """CREATE TABLE import_entries (
        import INTEGER NOT NULL REFERENCES imports(import), position INTEGER NOT NULL,
        pmid INTEGER,                               -- of the paper it is; NULL: not known yet
        matched_by TEXT NOT NULL DEFAULT '',        -- record, pmid, doi, pmcid, title, hand
        certainty REAL NOT NULL DEFAULT 0,          -- 0 to 1
        doubt TEXT NOT NULL DEFAULT '',             -- why it is not matched, for a person
        tried TEXT NOT NULL DEFAULT '',             -- when PubMed was last asked for it (UTC)
        same_as_import INTEGER, same_as INTEGER,    -- the first entry that names the same paper, where none is held
        citation TEXT NOT NULL DEFAULT '',          -- JSON of the citation; '' for a PubMed record
        PRIMARY KEY (import, position)) WITHOUT ROWID""",
    "CREATE INDEX import_entries_by_paper ON import_entries(pmid)",
    """CREATE TABLE import_problems (
        import INTEGER NOT NULL REFERENCES imports(import), line INTEGER NOT NULL, reason TEXT NOT NULL,
        text TEXT NOT NULL)""",
    # What people said of papers: rows are added, never changed but to say that they were taken back.
    """CREATE TABLE decisions (
        decision INTEGER PRIMARY KEY, pmid INTEGER NOT NULL, who TEXT NOT NULL,
        verdict TEXT NOT NULL CHECK (verdict IN ('include', 'exclude', 'maybe')), reasons TEXT NOT NULL,
        at TEXT NOT NULL, import INTEGER REFERENCES imports(import), undone TEXT NOT NULL DEFAULT '')""",
    "CREATE INDEX decisions_by_paper ON decisions(pmid)",
    """CREATE TABLE labels (
        label_id INTEGER PRIMARY KEY, pmid INTEGER NOT NULL, who TEXT NOT NULL, label TEXT NOT NULL,
        at TEXT NOT NULL, import INTEGER REFERENCES imports(import), undone TEXT NOT NULL DEFAULT '')""",
    "CREATE INDEX labels_by_paper ON labels(pmid)",
    """CREATE TABLE notes (
        note INTEGER PRIMARY KEY, pmid INTEGER NOT NULL, who TEXT NOT NULL, text TEXT NOT NULL,
        at TEXT NOT NULL, import INTEGER REFERENCES imports(import), undone TEXT NOT NULL DEFAULT '')""",
    "CREATE INDEX notes_by_paper ON notes(pmid)",
    # Keys that a person replaced: somebody may have cited them, so they still lead to the paper.
    """CREATE TABLE former_keys (
        key TEXT PRIMARY KEY COLLATE NOCASE, pmid INTEGER NOT NULL, until TEXT NOT NULL)""",
    "CREATE INDEX former_keys_by_paper ON former_keys(pmid)",
    """CREATE TRIGGER keys_are_given_once BEFORE INSERT ON citation_keys
    WHEN EXISTS (SELECT 1 FROM former_keys f WHERE f.key = new.key AND f.pmid <> new.pmid) BEGIN
        SELECT RAISE(IGNORE);
    END""",
    "CREATE INDEX papers_by_folded_doi ON papers(lower(doi)) WHERE doi <> ''",
    "CREATE INDEX papers_by_pmcid ON papers(pmcid) WHERE pmcid <> ''",
)


@migrations()
def m0004_exchange(db: Database) -> None:
    """Imports, decisions, labels, notes, and the keys that papers had before."""
    for statement in _FOURTH:
        db.execute(statement)
    _mark(db, 4)


_FIFTH = (
    # What people did by hand, one act after another. Append only; `undone` is worked out from the acts themselves.
    """CREATE TABLE acts (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('tag', 'decision', 'note', 'key', 'undo')),
        pmid INTEGER NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL,
        together TEXT NOT NULL,                     -- the first act of the same command
        undoes TEXT NOT NULL DEFAULT '',            -- the act that this one takes back
        said TEXT NOT NULL,                         -- JSON of what the kind of act says
        undone TEXT NOT NULL DEFAULT '',            -- the act that took this one back; '' it stands
        handle TEXT GENERATED ALWAYS AS (substr(id, -8)) VIRTUAL) WITHOUT ROWID""",
    "CREATE INDEX acts_by_paper ON acts(pmid, kind)",
    "CREATE INDEX acts_by_person ON acts(who, id)",
    "CREATE INDEX acts_together ON acts(together)",
    "CREATE INDEX acts_by_handle ON acts(handle)",
    "CREATE INDEX acts_undoing ON acts(undoes) WHERE undoes <> ''",
    "ALTER TABLE decisions ADD COLUMN act TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE notes ADD COLUMN act TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX decisions_by_act ON decisions(act) WHERE act <> ''",
    "CREATE INDEX notes_by_act ON notes(act) WHERE act <> ''",
)


@migrations()
def m0005_acts(db: Database) -> None:
    """A log of every hand act, with what was done before there was one; earlier choices of keys are not known."""
    for statement in _FIFTH:
        db.execute(statement)
    log = _Log(db)
    for pmid, tag, verdict, because, who, at in db.execute("SELECT * FROM hand_tags ORDER BY at, pmid, tag").fetchall():
        log.add("tag", pmid, who, at, {"tag": tag, "verdict": verdict, "because": because})
    for row, pmid, who, verdict, reasons, at in db.execute(
        "SELECT decision, pmid, who, verdict, reasons, at FROM decisions WHERE import IS NULL ORDER BY at, decision"
    ).fetchall():
        act = log.add("decision", pmid, who, at, {"verdict": verdict, "reasons": json.loads(reasons)})
        db.execute("UPDATE decisions SET act = ? WHERE decision = ?", (act, row))
    gone: dict[tuple[int, str], str] = {}
    for row, pmid, who, text, at, undone in db.execute(
        "SELECT note, pmid, who, text, at, undone FROM notes WHERE import IS NULL ORDER BY at, note"
    ).fetchall():
        act = log.add("note", pmid, who, at, {"text": text})
        db.execute("UPDATE notes SET act = ? WHERE note = ?", (act, row))
        gone[pmid, who] = undone
    for (pmid, who), at in gone.items():
        if at:  # the last one was taken back
            log.add("note", pmid, who, at, {})
    _mark(db, 5)


class _Log:
    """Acts from before there was a log; the same act gets the same id in every copy of the library."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.within: dict[str, int] = {}

    def add(self, kind: str, pmid: int, who: str, at: str, said: dict[str, object]) -> str:
        told = json.dumps({name: value for name, value in said.items() if value}, ensure_ascii=False)
        stamp = at if _MOMENT.fullmatch(at) else "2000-01-01T00:00:00Z"
        self.within[stamp] = self.within.get(stamp, 0) + 1
        letters = hashlib.sha256(f"{kind} {pmid} {who} {at} {told}".encode()).hexdigest()[:8]
        act = f"{stamp}.{self.within[stamp]:09d}.{letters}"
        self.db.execute(
            "INSERT INTO acts(id, kind, pmid, who, at, together, said) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (act, kind, pmid, who, at, act, told),
        )
        return act


@migrations()
def m0006_quick_reads(db: Database) -> None:
    """Indexes and counts for a quick look at many papers."""
    for statement in READ_INDEXES:
        db.execute(statement)
    _mark(db, 6)


_SEVENTH = (
    # The log takes acts on trials; SQLite cannot change a CHECK but by making the table anew.
    """CREATE TABLE acts_with_trials (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('tag', 'decision', 'note', 'key', 'trial', 'undo')),
        pmid INTEGER NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL,
        together TEXT NOT NULL,                     -- the first act of the same command
        undoes TEXT NOT NULL DEFAULT '',            -- the act that this one takes back
        said TEXT NOT NULL,                         -- JSON of what the kind of act says
        undone TEXT NOT NULL DEFAULT '',            -- the act that took this one back; '' it stands
        handle TEXT GENERATED ALWAYS AS (substr(id, -8)) VIRTUAL) WITHOUT ROWID""",
    """INSERT INTO acts_with_trials(id, kind, pmid, who, at, together, undoes, said, undone)
        SELECT id, kind, pmid, who, at, together, undoes, said, undone FROM acts""",
    "DROP TABLE acts",
    "ALTER TABLE acts_with_trials RENAME TO acts",
    *(statement for statement in _FIFTH if "INDEX acts" in statement),
    # What standing acts say of the trial of a paper.
    """CREATE TABLE hand_trials (
        pmid INTEGER PRIMARY KEY, verdict TEXT NOT NULL CHECK (verdict IN ('join', 'alone', 'none')),
        trial TEXT NOT NULL, because TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL, act TEXT NOT NULL)""",
    # Registry numbers of the record and in the words; number 'pooled': the title says that trials were put together.
    f"""CREATE TABLE trial_marks ({_PART}, number TEXT NOT NULL, registry TEXT NOT NULL,
        field TEXT NOT NULL,                        -- record, title, abstract
        start INTEGER NOT NULL, "end" INTEGER NOT NULL, PRIMARY KEY (pmid, position)) WITHOUT ROWID""",
    "CREATE INDEX trial_marks_by_number ON trial_marks(number)",
)


@migrations()
def m0007_trials(db: Database) -> None:
    """Which trial a paper reports: what its record and words say, and what people said."""
    for statement in _SEVENTH:
        db.execute(statement)
    accessions: dict[int, list[tuple[str, str]]] = {}
    for pmid, databank, number in db.execute("SELECT pmid, databank, number FROM accessions ORDER BY pmid, position"):
        if databank in TRIAL_REGISTRIES:
            accessions.setdefault(pmid, []).append((databank, number))
    rows: list[tuple[object, ...]] = []
    for pmid, title, abstract in db.execute("SELECT pmid, title, abstract FROM papers"):
        found = marks(title, abstract, accessions.get(pmid, ()))
        rows.extend((pmid, position, *mark) for position, mark in enumerate(found))
    db.conn.executemany("INSERT INTO trial_marks VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    _mark(db, 7)


@migrations()
def m0008_languages(db: Database) -> None:
    """Papers are found by their languages, and asked for them, without their rows."""
    db.execute("CREATE INDEX papers_by_languages ON papers(languages)")
    _mark(db, 8)


def migrate(connection: Connection) -> None:
    """Bring a library up to SCHEMA_VERSION; each step whole or not at all."""
    with translated(connection.path):
        migrations.apply(Database(connection.raw))
    assert connection.value("PRAGMA user_version") == SCHEMA_VERSION


def _mark(db: Database, version: int) -> None:
    """Inside the step's transaction, so that number and schema never disagree."""
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {version}")
