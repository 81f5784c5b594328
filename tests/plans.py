"""What SQLite is asked, and how it goes about it: which large tables a statement reads from end to end."""

import re

SMALL = frozenset(
    # A line for each run, tag or file: hundreds where there are a million papers. Then what people did one by one, and
    # what could not be read: the exception.
    (
        *("runs", "tags", "tag_aliases", "tag_counts", "imports"),
        *("hand_tags", "hand_trials", "import_problems", "unread_records"),
    )
)


def asked_of(connection, ask):
    """The statements that SQLite is asked meanwhile."""
    asked = []
    connection.raw.set_trace_callback(asked.append)
    try:
        ask()
    finally:
        connection.raw.set_trace_callback(None)
    assert asked
    return asked


def plans(raw, asked):
    """Each statement that reads, with the lines of its plan."""
    for sql in asked:
        if sql.lstrip().startswith(("SELECT", "WITH")):
            yield sql, [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}")]


def large_tables(raw):
    """The tables that grow with the papers, and what is virtual no longer."""
    return {
        name
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'")
        if name not in SMALL and not name.startswith("papers_fts_")
    }


def narrow_indexes(raw):
    """The indexes of few rows: what they hold is asked for whole."""
    indexes = raw.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'")
    return {name for (name,) in indexes}


def scanned(raw, sql, lines):
    """The large tables of which a plan reads all rows, not only an index that holds what is asked for."""
    tables = "|".join(large_tables(raw))
    large = {}
    for table, alias in re.findall(rf"\b({tables})\b(?: AS)? ?(\w*)", sql):
        large |= {table: table, alias: table}
    narrow = narrow_indexes(raw)
    found = []
    for line in lines:
        if whole := re.match(r"SCAN (\w+)(?: USING (?:INDEX (\w+)|PRIMARY KEY))?(?: LEFT-JOIN)?$", line):
            named = whole[2] and f"INDEXED BY {whole[2]}" in sql  # on purpose: a walk that ends when there are enough
            if whole[1] in large and whole[2] not in narrow and not named:
                found.append(large[whole[1]])
        elif (least := re.match(r"SEARCH (\w+)$", line)) and least[1] in large:
            found.append(large[least[1]])  # min or max of a column without an index
        elif (made := re.match(r"SEARCH (\w+) USING AUTOMATIC", line)) and made[1] in large:
            found.append(large[made[1]])  # an index made of all rows for one statement
    return found
