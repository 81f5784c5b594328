"""What the library keeps so that a look at a million papers is quick: narrow indexes, and the counts of tags.

Rows of `papers` are fat (a page each, nearly): whoever must look at many papers looks at an index that holds all it
needs. `planning` names these indexes in its statements, so that no statistics are needed for SQLite to take them.
"""

from __future__ import annotations

PREFIX = 40
"""Characters of a title or a list of authors that an index sorts by; what is alike so far is sorted by the whole."""

TITLE = f"substr(p.title, 1, {PREFIX}) COLLATE NOCASE"
AUTHORS = f"substr(p.authors, 1, {PREFIX}) COLLATE NOCASE"

READ_INDEXES = (
    # What most lists are sorted by, of any paper, without its row.
    "CREATE INDEX papers_narrow ON papers(pmid, year, first_seen)",
    f"CREATE INDEX papers_by_title ON papers({TITLE.replace('p.', '')})",
    f"CREATE INDEX papers_by_authors ON papers({AUTHORS.replace('p.', '')}, year DESC, pmid DESC)",
    """CREATE INDEX papers_by_journal ON papers(
        journal COLLATE NOCASE, journal_abbreviation COLLATE NOCASE, medline_ta COLLATE NOCASE, year)""",
    "CREATE INDEX papers_books ON papers(pmid) WHERE book_title IS NOT NULL",  # search does not hold their titles
    "CREATE INDEX papers_awaiting ON papers(status) WHERE completed = '' AND mesh = ''",
    "CREATE INDEX records_by_parser ON records(parser)",  # also the quickest way to count records
    "CREATE INDEX hits_by_first_run ON hits(query, first_run)",
    "CREATE INDEX run_papers_by_outcome ON run_papers(run, outcome)",
    "CREATE INDEX decisions_standing ON decisions(pmid, who, at, import, act, verdict) WHERE undone = ''",
    # How many papers carry a tag: counting them anew reads all of paper_tags.
    "CREATE TABLE tag_counts (tag TEXT PRIMARY KEY, papers INTEGER NOT NULL) WITHOUT ROWID",
    "INSERT INTO tag_counts SELECT tag, count(*) FROM paper_tags GROUP BY tag",
    """CREATE TRIGGER paper_tags_counted AFTER INSERT ON paper_tags BEGIN
        INSERT INTO tag_counts VALUES (new.tag, 1) ON CONFLICT (tag) DO UPDATE SET papers = papers + 1;
    END""",
    """CREATE TRIGGER paper_tags_uncounted AFTER DELETE ON paper_tags BEGIN
        UPDATE tag_counts SET papers = papers - 1 WHERE tag = old.tag;
    END""",
)
"""The statements of the migration that makes them, in order."""
