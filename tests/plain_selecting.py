"""The selection of papers as one plain statement, as it was before it had to be quick: what `planning` is held to."""

import re

from reftrack.library.conditions import match
from reftrack.library.selecting import NEWEST, RANKING, fold, with_children

SORTS = {
    "year": "p.year IS NULL, p.year {way}, p.pmid {way}",
    "author": "p.authors = '', p.authors COLLATE NOCASE {way}, p.year DESC, p.pmid DESC",
    "title": "p.title COLLATE NOCASE {way}, p.pmid DESC",
    "journal": "p.journal = '', p.journal COLLATE NOCASE {way}, p.year DESC, p.pmid DESC",
    "pmid": "p.pmid {way}",
    "first-seen": "p.first_seen {way}, p.pmid {way}",
    "relevance": "f.rank, p.pmid DESC",
}
NEWEST_RUN = "(SELECT max(r.run) FROM runs r WHERE r.query = h.query AND r.status = 'complete')"
NEWEST_DECISIONS = f"""SELECT verdict, max({NEWEST}) FROM decisions d
    WHERE d.pmid = p.pmid AND d.undone = '' AND (d.who = 'consensus' OR NOT EXISTS (SELECT 1 FROM decisions c
        WHERE c.pmid = p.pmid AND c.undone = '' AND c.who = 'consensus')) GROUP BY d.who"""


def select(connection, selection):
    """The PMIDs of a selection, in its order."""
    connection.raw.create_function("fold", 1, fold, deterministic=True)
    clauses = list(conditions(connection, selection))
    source = "papers p"
    if expression := match(selection):
        clauses.insert(0, (f"papers_fts MATCH ? AND f.rank MATCH '{RANKING}'", (expression,)))
        source = "papers_fts f JOIN papers p ON p.pmid = f.rowid"
    where = " AND ".join(clause for clause, _ in clauses) or "1"
    name = selection.sort or ("relevance" if selection.text else "-year")
    order = SORTS[name.lstrip("-")].format(way="DESC" if name.startswith("-") else "ASC")
    limit = -1 if selection.limit is None else selection.limit
    values = [value for _, some in clauses for value in some]
    sql = f"SELECT p.pmid FROM {source} WHERE {where} ORDER BY {order} LIMIT {limit}"
    return [pmid for (pmid,) in connection.rows(sql, values)]


def conditions(connection, selection):
    """(SQL, values) of each demand."""
    for name in selection.tags:
        yield tagged(with_children(connection, name))
    if selection.any_tags:
        yield tagged([tag for name in selection.any_tags for tag in with_children(connection, name)])
    for name in selection.not_tags:
        clause, values = tagged(with_children(connection, name))
        yield f"NOT {clause}", values
    for names in selection.studies:
        yield of_study(connection, names.split(","))
    if selection.query:
        found = "EXISTS (SELECT 1 FROM hits h WHERE h.query = ? AND h.pmid = p.pmid AND h.left_run IS NULL)"
        yield found, (selection.query,)
    yield from of_the_record(selection)
    if selection.since == "last":
        yield (
            """EXISTS (SELECT 1 FROM hits h WHERE h.pmid = p.pmid AND p.first_seen >= (SELECT r.started FROM runs r
            WHERE r.query = h.query AND r.status = 'complete' ORDER BY r.run DESC LIMIT 1))""",
            (),
        )
    elif selection.since:
        yield "p.first_seen >= ?", (selection.since,)
    if selection.new:
        yield (
            f"""EXISTS (SELECT 1 FROM hits h WHERE h.pmid = p.pmid AND h.left_run IS NULL
            AND h.first_run <= {NEWEST_RUN} AND h.first_run > coalesce((SELECT max(b.run) FROM runs b
                WHERE b.query = h.query AND b.status = 'complete' AND b.run < {NEWEST_RUN}), 0))""",
            (),
        )


def tagged(tags):
    return f"EXISTS (SELECT 1 FROM paper_tags t WHERE t.tag IN ({','.join('?' * len(tags))}) AND t.pmid = p.pmid)", tags


def of_study(connection, names):
    primary = "(SELECT t.tag FROM paper_tags t WHERE t.pmid = p.pmid AND t.facet = 'study' AND t.is_primary)"
    types = [tag for name in names if name != "none" for tag in with_children(connection, name)]
    clause = f"{primary} IN ({','.join('?' * len(types))})"
    return (f"({clause} OR {primary} IS NULL)" if "none" in names else f"({clause})"), types


def of_the_record(selection):
    for clause, year in zip(("p.year >= ?", "p.year <= ?"), selection.years or (None, None), strict=True):
        if year is not None:
            yield clause, (year,)
    if selection.author:
        yield (
            """EXISTS (SELECT 1 FROM authors a WHERE a.pmid = p.pmid AND
            instr(' ' || fold(a.family || ' ' || a.initials || ' ' || a.suffix), ?))""",
            (f" {fold(selection.author)}",),
        )
    if selection.journal:
        pattern = "%" + re.sub(r"([%_!])", r"!\1", selection.journal) + "%"
        names = ("p.journal", "p.journal_abbreviation", "p.medline_ta")
        yield "(" + " OR ".join(f"{name} LIKE ? ESCAPE '!'" for name in names) + ")", (pattern,) * len(names)
    for codes in selection.languages:
        each = codes.split(",")
        marks = ",".join("?" * len(each))
        yield f"EXISTS (SELECT 1 FROM json_each(p.languages) WHERE value IN ({marks}))", each
    if selection.pmids:
        yield f"p.pmid IN ({','.join('?' * len(selection.pmids))})", selection.pmids
    if selection.notice:
        marks = ",".join("?" * len(selection.notice))
        carried = f"EXISTS (SELECT 1 FROM corrections c WHERE c.pmid = p.pmid AND c.kind IN ({marks}))"
        yield (f"({carried} OR p.retracted)" if selection.retracted else carried), selection.notice
    if selection.decision == "none":
        yield f"(SELECT count(DISTINCT verdict) FROM ({NEWEST_DECISIONS})) <> 1", ()
    elif selection.decision:
        yield f"(SELECT min(verdict) = ? AND max(verdict) = ? FROM ({NEWEST_DECISIONS}))", (selection.decision,) * 2
