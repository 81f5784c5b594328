"""What a selection demands of a paper, each demand as SQL in two shapes: a test of one paper, and all that meet it."""

# Annotations are not kept as text here: a NamedTuple would compile each of them again, at every start.

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..errors import UsageError
from .opening import Connection
from .selecting import (
    NEWEST,
    TAGGED,
    Selection,
    find_tag,
    fold,
    in_json,
    merged,
    nearest,
    search_expression,
    with_children,
)


class Condition(NamedTuple):
    """One demand. `{pmid}` in its test stands for the paper; other columns of the paper are those of a row p."""

    test: str
    values: Sequence[object] = ()
    source: str = ""
    """A statement that yields the PMIDs of papers that may meet it; "" there is none worth while."""
    given: Sequence[object] = ()
    rough: str = ""
    """A quicker statement, of as many rows at least, with the same values; to see how many there may be."""
    about: int | None = None
    """How many papers meet it, or more, if that is known without looking."""
    once: bool = True
    """The source yields no PMID twice."""
    held: bool = True
    """The source yields only papers that are held."""
    exact: bool = True
    """All that the source yields meet it."""
    reads: str = ""
    """Which columns of p the test reads: "" none, "narrow" year or first_seen, or "row" any other, which is dear."""
    sorted_by: str = ""
    """The order (as --sort names it) in which those that meet it stand side by side."""
    opposite: "Condition | None" = None
    """What this denies."""
    dear: bool = False
    """A test takes longer than to sort a paper: who needs only the first ones sorts before."""

    @property
    def search(self) -> tuple[str, Sequence[object], str]:
        """A test beside a full-text search, with its values and what it reads: not by rows where there is a source."""
        if self.reads != "row" or not self.source or not self.exact:
            return self.test, self.values, self.reads
        # The + keeps SQLite from asking the search for each of these PMIDs, which is slower a thousand times.
        return f"+{{pmid}} IN ({self.source})", self.given, ""


def match(selection: Selection) -> str:
    """The full-text search of a selection, FTS5 syntax; "" if there is none. Raises UsageError."""
    parts = []
    if selection.text:
        parts.append(f"({selection.text if selection.fts_raw else search_expression(selection.text)})")
    if selection.author:
        name = selection.author.replace('"', " ").strip()
        if not any(character.isalnum() for character in name):
            raise UsageError(f"--author {selection.author!r} holds no name.")
        parts.append(f'authors : "{name}" *')  # may span two authors: `_written_by` looks again
    return " AND ".join(parts)


def conditions(connection: Connection, selection: Selection) -> Iterator[Condition]:
    """All that a selection demands but the full-text search. Raises UsageError for an unknown tag or query."""
    yield from _of_tags(connection, selection)
    yield from _of_the_record(connection, selection)
    if selection.query:
        yield _found_by(connection, selection.query)
    if selection.decision:
        agreed = _agreed("" if selection.decision == "none" else selection.decision)
        yield _not(agreed) if selection.decision == "none" else agreed
    if selection.since:
        yield _since_last(connection) if selection.since == "last" else _since(selection.since)
    if selection.new:
        yield _new(connection)


def _of_tags(connection: Connection, selection: Selection) -> Iterator[Condition]:
    for name in selection.tags:
        yield _tagged(connection, with_children(connection, name))
    if selection.any_tags:
        yield _tagged(connection, [tag for name in selection.any_tags for tag in with_children(connection, name)])
    if selection.not_tags:  # together: each denial by itself would double what is counted
        yield _not(_tagged(connection, [tag for name in selection.not_tags for tag in with_children(connection, name)]))
    for names in selection.studies:
        yield _of_study(connection, names)


def _of_the_record(connection: Connection, selection: Selection) -> Iterator[Condition]:
    if selection.years:
        yield _years(*selection.years)
    if selection.author and not re.fullmatch("[a-z]+", fold(selection.author)):  # a single word spans nothing
        yield _written_by(selection.author)
    if selection.journal:
        yield _in_journal(connection, selection.journal)
    for codes in selection.languages:
        yield _in_language(connection, codes.split(","))
    if selection.pmids:
        pmids = in_json(selection.pmids)
        source = "SELECT DISTINCT value AS pmid FROM json_each(?)"
        yield Condition("{pmid} IN (SELECT value FROM json_each(?))", (pmids,), source, (pmids,), held=False)
    if selection.notice:
        yield _noticed(selection.notice, retracted=selection.retracted)


def _not(condition: Condition) -> Condition:
    return Condition(f"NOT {condition.test}", condition.values, reads=condition.reads, opposite=condition)


def _tagged(connection: Connection, tags: Sequence[str]) -> Condition:
    tags = list(dict.fromkeys(tags))
    marks = ",".join("?" * len(tags))
    # EXISTS, never `pmid IN (SELECT …)`: together with MATCH the latter is slower by a factor of thousands.
    alone = len(tags) == 1
    index = "" if alone else " INDEXED BY paper_tags_by_paper"  # one look at all tags of a paper, not one for each tag
    return Condition(
        f"EXISTS (SELECT 1 FROM paper_tags t{index} WHERE t.tag IN ({marks}) AND t.pmid = {{pmid}})",
        tags,
        merged([TAGGED] * len(tags)),
        tags,
        about=int(connection.value(f"SELECT coalesce(sum(papers), 0) FROM tag_counts WHERE tag IN ({marks})", tags)),
    )


def _of_study(connection: Connection, alternatives: str) -> Condition:
    """A paper has one primary study type at most, so that alternatives never meet."""
    names = [name.strip() for name in alternatives.split(",") if name.strip()]
    if not names:
        raise UsageError(f"--study {alternatives!r} names no study type; `reftrack tag tree` shows them.")
    types: list[str] = []
    for name in names:
        if name.lower() != NO_STUDY:
            facet, _ = find_tag(connection, name)
            if facet != "study":
                raise UsageError(f"--study {name!r} is no study type but of the facet {facet}; --tag asks for it.")
            types += with_children(connection, name)
    primary = _primary(connection, types)
    if NO_STUDY not in [name.lower() for name in names]:
        return primary
    every = _primary(connection, [tag for (tag,) in connection.rows("SELECT tag FROM tags WHERE facet = 'study'")])
    if not types:
        return _not(every)
    return Condition(
        f"({primary.test} OR NOT {every.test})",
        [*primary.values, *every.values],
        "SELECT pmid FROM papers INDEXED BY papers_narrow",
        exact=False,
    )


NO_STUDY = "none"
"""--study of papers that have no study type."""


def _primary(connection: Connection, types: Sequence[str]) -> Condition:
    types = list(dict.fromkeys(types))
    marks = ",".join("?" * len(types))
    return Condition(
        f"""EXISTS (SELECT 1 FROM paper_tags t INDEXED BY paper_tags_by_paper
            WHERE t.pmid = {{pmid}} AND t.facet = 'study' AND t.is_primary = 1 AND t.tag IN ({marks}))""",
        types,
        f"SELECT pmid FROM paper_tags WHERE tag IN ({marks}) AND is_primary = 1",
        types,
        about=int(connection.value(f"SELECT coalesce(sum(papers), 0) FROM tag_counts WHERE tag IN ({marks})", types)),
    )


_LANGUAGES = """WITH RECURSIVE each(languages) AS (
        SELECT min(languages) FROM papers
        UNION ALL SELECT (SELECT min(p.languages) FROM papers p WHERE p.languages > each.languages)
            FROM each WHERE each.languages IS NOT NULL)
    SELECT languages FROM each
    WHERE EXISTS (SELECT 1 FROM json_each(languages) WHERE value IN (SELECT value FROM json_each(?)))"""
"""What stands in papers.languages that names one of these codes: from value to value in the index, not from paper
to paper."""


def _in_language(connection: Connection, codes: Sequence[str]) -> Condition:
    plain = [code.strip().lower() for code in codes]
    for code in plain:
        if not re.fullmatch("[a-z]{3}", code):
            raise UsageError(
                f"--language {code!r} is no code of a language; PubMed's have three letters: eng, rus, chi."
            )
    listed = "[" + ",".join(f'"{code}"' for code in plain) + "]"
    held = [languages for (languages,) in connection.rows(_LANGUAGES, (listed,))]
    marks = ",".join("?" * len(held))
    return Condition(
        f"""EXISTS (SELECT 1 FROM papers l INDEXED BY papers_by_languages
            WHERE l.languages IN ({marks}) AND l.pmid = {{pmid}})""",
        held,
        f"SELECT pmid FROM papers INDEXED BY papers_by_languages WHERE languages IN ({marks})",
        held,
    )


def _found_by(connection: Connection, query: str) -> Condition:
    names = [name for (name,) in connection.rows("SELECT DISTINCT query FROM runs")]
    if query not in names:
        raise UsageError(f"No query {query!r} was ever run{nearest(query, names) or '.'}")
    return Condition(
        "EXISTS (SELECT 1 FROM hits h WHERE h.query = ? AND h.pmid = {pmid} AND h.left_run IS NULL)",
        (query,),
        "SELECT pmid FROM hits WHERE query = ? AND left_run IS NULL",
        (query,),
        held=False,
    )


def _years(first: int | None, last: int | None) -> Condition:
    asked = {"p.year >= ?": first, "p.year <= ?": last}
    values = [year for year in asked.values() if year is not None]
    test = " AND ".join(clause for clause, year in asked.items() if year is not None)
    source = f"SELECT p.pmid FROM papers p INDEXED BY papers_by_year WHERE {test}"
    return Condition(test or "1", values, source, values, reads="narrow", sorted_by="year")


def _written_by(name: str) -> Condition:
    """A name of several words, of one author."""
    words = f" {fold(name)}"
    author = "' ' || a.family || ' ' || a.initials || ' ' || a.suffix"
    # Most names are found as they are written; only for the others each author's is folded.
    plain = f"EXISTS (SELECT 1 FROM authors a WHERE a.pmid = {{pmid}} AND instr(lower({author}), ?))"
    folded = f"EXISTS (SELECT 1 FROM authors a WHERE a.pmid = {{pmid}} AND instr(' ' || fold({author}), ?))"
    test = f"({plain} OR {folded})" if words.isascii() else folded
    return Condition(test, (words,) * (1 + words.isascii()), dear=True)


_BY_NAME = "journal COLLATE NOCASE, journal_abbreviation COLLATE NOCASE, medline_ta COLLATE NOCASE LIMIT 1"
_NEXT = "SELECT pmid FROM papers INDEXED BY papers_by_journal WHERE"
_JOURNALS = f"""WITH RECURSIVE places(pmid) AS (
        SELECT * FROM (SELECT pmid FROM papers INDEXED BY papers_by_journal ORDER BY {_BY_NAME})
        UNION ALL SELECT coalesce(
            ({_NEXT} journal = p.journal COLLATE NOCASE AND journal_abbreviation = p.journal_abbreviation COLLATE NOCASE
                AND medline_ta > p.medline_ta COLLATE NOCASE ORDER BY {_BY_NAME}),
            ({_NEXT} journal = p.journal COLLATE NOCASE AND journal_abbreviation > p.journal_abbreviation COLLATE NOCASE
                ORDER BY {_BY_NAME}),
            ({_NEXT} journal > p.journal COLLATE NOCASE ORDER BY {_BY_NAME}))
        FROM places CROSS JOIN papers p ON p.pmid = places.pmid)
    SELECT p.pmid FROM places CROSS JOIN papers p ON p.pmid = places.pmid WHERE {{test}}"""
"""Of all journals of such a name one paper each: from journal to journal, not from paper to paper."""
_JOURNALS_OF_FEW = """SELECT p.pmid FROM papers p INDEXED BY papers_by_journal GROUP BY p.journal COLLATE NOCASE,
    p.journal_abbreviation COLLATE NOCASE, p.medline_ta COLLATE NOCASE HAVING {test}"""
"""The same from paper to paper, which is quicker as long as there are not many for each journal."""
FEW_PAPERS = 60_000
"""Fewer are looked at one after another: 6 ms for 30,000, where the walk over 2,700 names takes 15."""
_BESIDE = """SELECT p.pmid FROM json_each(?) j CROSS JOIN papers n ON n.pmid = j.value
    CROSS JOIN papers p INDEXED BY papers_by_journal ON p.journal = n.journal COLLATE NOCASE
        AND p.journal_abbreviation = n.journal_abbreviation COLLATE NOCASE
        AND p.medline_ta = n.medline_ta COLLATE NOCASE"""
"""All papers of the journals of these."""


def _in_journal(connection: Connection, name: str) -> Condition:
    pattern = "%" + re.sub(r"([%_!])", r"!\1", name) + "%"
    names = ("p.journal", "p.journal_abbreviation", "p.medline_ta")
    test = " OR ".join(f"{name} LIKE ? ESCAPE '!'" for name in names)
    values = (pattern,) * 3
    many = connection.value(f"SELECT count(*) FROM (SELECT 1 FROM papers INDEXED BY papers_narrow LIMIT {FEW_PAPERS})")
    journals = _JOURNALS_OF_FEW if many < FEW_PAPERS else _JOURNALS
    places = f"[{','.join(str(pmid) for (pmid,) in connection.rows(journals.format(test=test), values))}]"
    return Condition(f"({test})", values, _BESIDE, (places,), reads="row")


def _noticed(kinds: Sequence[str], *, retracted: bool) -> Condition:
    marks = ",".join("?" * len(kinds))
    test = f"EXISTS (SELECT 1 FROM corrections c WHERE c.pmid = {{pmid}} AND c.kind IN ({marks}))"
    source = f"SELECT pmid FROM corrections WHERE kind IN ({marks})"
    if retracted:
        marked = "papers r INDEXED BY papers_retracted WHERE r.retracted"
        test = f"({test} OR EXISTS (SELECT 1 FROM {marked} AND r.pmid = {{pmid}}))"
        source += f" UNION ALL SELECT pmid FROM {marked}"
    return Condition(test, kinds, source, kinds, once=False)


_STANDING = "FROM decisions INDEXED BY decisions_standing WHERE undone = ''"
_AGREED = f"""(SELECT count(DISTINCT verdict) = 1{{that}} FROM (SELECT verdict, max({NEWEST}) {_STANDING}{{of}}
    AND (who = '{{consensus}}' OR NOT EXISTS (SELECT 1 FROM decisions c INDEXED BY decisions_standing
        WHERE c.undone = '' AND c.pmid = decisions.pmid AND c.who = '{{consensus}}')) GROUP BY who))"""
"""Of each reader the newest decision; of a paper that has a consensus, that alone (`citation.settled`)."""


def _agreed(verdict: str) -> Condition:
    """By consensus, or all readers who decided say this; or all the same, whatever it is."""
    from ..citation import CONSENSUS  # dataclasses are slow to load, and few selections ask for a decision

    values = (verdict,) * bool(verdict)
    that = " AND min(verdict) = ?" * bool(verdict)
    # Where no reader ever said anything else there is no need to look who spoke last.
    source = f"""SELECT pmid FROM (SELECT pmid, min(verdict) AS least, max(verdict) AS most {_STANDING} GROUP BY pmid) m
        WHERE least = most{" AND least = ?" * bool(verdict)}
        OR least <> most AND {_AGREED.format(that=that, of=" AND pmid = m.pmid", consensus=CONSENSUS)}"""
    return Condition(
        f"coalesce({_AGREED.format(that=that, of=' AND pmid = {pmid}', consensus=CONSENSUS)}, 0)",
        values,
        source,
        values * 2,
        rough=f"SELECT 1 {_STANDING} AND verdict IN (?, ?)" if verdict else "",
        held=False,
    )


def _since(since: str) -> Condition:
    source = "SELECT pmid FROM papers INDEXED BY papers_by_first_seen WHERE first_seen >= ?"
    return Condition("p.first_seen >= ?", (since,), source, (since,), reads="narrow", sorted_by="first-seen")


def _since_last(connection: Connection) -> Condition:
    """Of each query its own newest complete run: one that runs after another must not hide what that one brought."""
    started = connection.rows(
        """SELECT query, started FROM runs WHERE run IN (
            SELECT max(run) FROM runs WHERE status = 'complete' GROUP BY query)"""
    )
    if not started:
        return _nothing()
    cases = " OR ".join(["(h.query = ? AND p.first_seen >= ?)"] * len(started))
    sources = [_BY_HITS if _is_long_ago(connection, moment) else _BY_FIRST_SEEN for _, moment in started]
    values = [value for run in started for value in run]
    return Condition(
        f"EXISTS (SELECT 1 FROM hits h WHERE h.pmid = {{pmid}} AND ({cases}))",
        values,
        " UNION ALL ".join(sources),
        values,
        once=len(started) == 1,
        reads="narrow",
    )


_BY_HITS = """SELECT p.pmid FROM hits h CROSS JOIN papers p INDEXED BY papers_narrow ON p.pmid = h.pmid
    WHERE h.query = ? AND p.first_seen >= ?"""
_BY_FIRST_SEEN = """SELECT p.pmid FROM papers p INDEXED BY papers_by_first_seen
    WHERE EXISTS (SELECT 1 FROM hits h WHERE h.query = ? AND h.pmid = p.pmid) AND p.first_seen >= ?"""
MANY = 20_000
"""Papers that are found sooner by what the query finds than by when they came."""


def _is_long_ago(connection: Connection, moment: str) -> bool:
    """So many papers came since that they are better found by the query."""
    seen = "SELECT 1 FROM papers INDEXED BY papers_by_first_seen WHERE first_seen >= ?"
    return int(connection.value(f"SELECT count(*) FROM ({seen} LIMIT {MANY})", (moment,))) == MANY


def _new(connection: Connection) -> Condition:
    """What came in runs that broke off since the complete run before it is new with the newest one."""
    spans = connection.rows(
        """SELECT n.query, coalesce((SELECT max(b.run) FROM runs b
            WHERE b.query = n.query AND b.status = 'complete' AND b.run < n.run), 0), n.run
        FROM (SELECT query, max(run) AS run FROM runs WHERE status = 'complete' GROUP BY query) n"""
    )
    if not spans:
        return _nothing()
    of_query = "query = ? AND first_run > ? AND first_run <= ? AND left_run IS NULL"
    # Where no complete run came before, nearly all that the query finds is new: by its key, in order.
    by_key = "SELECT pmid FROM hits WHERE " + of_query.replace("first_run", "+first_run")
    by_run = f"SELECT pmid FROM hits INDEXED BY hits_by_first_run WHERE {of_query}"
    values = [value for span in spans for value in span]
    cases = " OR ".join([f"({of_query})"] * len(spans))
    return Condition(
        f"EXISTS (SELECT 1 FROM hits h WHERE h.pmid = {{pmid}} AND ({cases}))",
        values,
        " UNION ALL ".join(by_run if before else by_key for _, before, _ in spans),
        values,
        once=len(spans) == 1,
        held=False,
    )


def _nothing() -> Condition:
    return Condition("0", (), "SELECT pmid FROM papers WHERE 0")


def searched(expression: str) -> Condition:
    """The papers that a full-text search finds."""
    found = "SELECT rowid AS pmid FROM papers_fts WHERE papers_fts MATCH ?"
    return Condition(f"+{{pmid}} IN ({found})", (expression,), found, (expression,))
