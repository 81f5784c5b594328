"""Read a large library: how long does each command take, as a process of its own, from its start to its end?

    python benchmarks/reads.py --file RECORDS.xml.gz [--papers 100000 1000000] [--keep FOLDER] [--only WORD]

The records of the files are brought in by `reftrack import` and then multiplied by SQL, rows of all tables alike,
under new PMIDs and other years; with 300 runs of each of two saved queries, decisions on a tenth of the papers, notes
on some. Of the copies' stored records only the first bytes are kept. Without a file the records are made up, which are
far more alike than real ones. Every round runs every command once, so that what else the machine does meets all
alike; the table has the medians. A new command is one line in ROWS. `--keep` keeps the libraries, and uses those that
are there.
"""

import argparse
import os
import platform
import shlex
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

BOUNDS = {100_000: 0.2, 1_000_000: 0.4}
"""Seconds that a read may take, by the papers held."""
INSIDE_BOUNDS = {30_000: 0.01, 300_000: 0.1}
"""Seconds that a query may take once reftrack has started, by the papers held (`--inside`)."""
RUNS = 300
FIRST, STEP = 50_000_001, 100_000

ROWS = (
    # what, words of the command; {…} is looked up in the library (`_names`)
    ("help", "--help"),
    ("newest 20", "list --limit 20"),
    ("how many", "list --count"),
    ("common tag", "list --tag {common} --limit 20"),
    ("common tag, how many", "list --tag {common} --count"),
    ("tag of some 1,000, all of them", "list --tag {thousand}"),
    ("tag of some 1,000, 20", "list --tag {thousand} --limit 20"),
    ("two common tags", "list --tag {common} --tag {second} --limit 20"),
    ("two common tags, how many", "list --tag {common} --tag {second} --count"),
    ("any of two tags", "list --any-tag {second} --any-tag {thousand} --limit 20"),
    ("not a tag", "list --not-tag {common} --limit 20"),
    ("not a tag, how many", "list --not-tag {common} --count"),
    ("parent tag, oldest", "list --tag stroke --sort year --limit 20"),
    ("rare word", "list {rare} --limit 20"),
    ("rare word, how many", "list {rare} --count"),
    ("common word", "list patients --limit 20"),
    ("common word, how many", "list patients --count"),
    ("common word, newest", "list patients --sort -year --limit 20"),
    ("three words", "list randomized controlled trial --limit 20"),
    ("phrase", 'list "controlled trial" --limit 20'),
    ("word and common tag", "list patients --tag {common} --limit 20"),
    ("word and tag of some 1,000", "list patients --tag {thousand} --limit 20"),
    ("study type", "list --study rct --limit 20"),
    ("study type, how many", "list --study rct --count"),
    ("no study type, how many", "list --study none --count"),
    ("language", "list --language eng --limit 20"),
    ("language, how many", "list --language ger,fre --count"),
    ("author", "list --author {author} --limit 20"),
    ("author, how many", "list --author {author} --count"),
    ("author with initial", "list --author '{author} {initial}' --limit 20"),
    ("journal", "list --journal {journal} --limit 20"),
    ("journal, how many", "list --journal {journal} --count"),
    ("part of many journals", "list --journal journal --limit 20"),
    ("years", "list --year 2015..2020 --limit 20"),
    ("years, how many", "list --year 2015..2020 --count"),
    ("years and common tag", "list --year 1975..1980 --tag {common} --limit 20"),
    ("query", "list --query stroke --limit 20"),
    ("query, how many", "list --query stroke --count"),
    ("new", "list --new --limit 20"),
    ("new, how many", "list --new --count"),
    ("since last", "list --since last --limit 20"),
    ("since 3 months", "list --since 3m --limit 20"),
    ("retractions", "list --notice retraction --limit 20"),
    ("comments", "list --notice comment --limit 20"),
    ("comments, how many", "list --notice comment --count"),
    ("included", "list --decision include --limit 20"),
    ("included, how many", "list --decision include --count"),
    ("undecided", "list --decision none --limit 20"),
    ("undecided, how many", "list --decision none --count"),
    ("sort year", "list --sort year --limit 20"),
    ("sort author", "list --sort author --limit 20"),
    ("sort -author", "list --sort -author --limit 20"),
    ("sort title", "list --sort title --limit 20"),
    ("sort -title", "list --sort -title --limit 20"),
    ("sort journal", "list --sort journal --limit 20"),
    ("sort -journal", "list --sort -journal --limit 20"),
    ("sort pmid", "list --sort pmid --limit 20"),
    ("sort -first-seen", "list --sort -first-seen --limit 20"),
    ("common tag by title", "list --tag {common} --sort title --limit 20"),
    ("tag of some 1,000 by author", "list --tag {thousand} --sort author --limit 20"),
    ("20 as JSON", "list --limit 20 --json"),
    ("words and a field, by --match", "list --match '{rare}[tiab] AND humans[mh]' --limit 20"),
    ("common word by --match", "list --match patients[ti] --limit 20"),
    ("count by study", "count --by study"),
    ("history", "history"),
    ("show", "show {pmid}"),
    ("show by key", "show {key}"),
    ("show, mistyped key", "show {key}x"),
    ("show as JSON", "show {pmid} --json"),
    ("why", "why {pmid}"),
    ("why a tag", "why {pmid} stroke"),
    ("note", "note {noted}"),
    ("runs", "runs"),
    ("runs of a query", "runs tbi"),
    ("digest", "digest"),
    ("digest of a month", "digest --since 1m"),
    ("digest by tag", "digest --tag {common}"),
    ("digest as JSON", "digest --format json"),
    ("tag list", "tag list"),
    ("tag tree", "tag tree"),
    ("tag conflicts", "tag conflicts"),
    ("query list", "query list"),
    ("query show", "query show stroke"),
    ("db stats", "db stats"),
    ("export 100", "export --tag {common} --limit 100"),
    ("export 100 as JSON", "export --tag {common} --limit 100 -f csl-json"),
)
OVER_ALL = (
    # looks at every paper by what it is for
    ("map", "map"),
    ("map of a tag", "map --tag {common}"),
    ("map as a page", "map -f html"),
    ("map by trials", "map --count trials --json"),
    ("claims", "claims"),
    ("one claim", "claims safety --limit 20"),
    ("reviews and their overlap", "reviews"),
    ("reviews of a tag", "reviews --tag {common}"),
    ("reviews, pairs", "reviews --overlap --limit 150"),
    ("flow of records", "report prisma --json"),
    ("flow since a date", "report prisma --since 1y --json"),
    ("search appendix", "report prisma-s"),
)
OVER_ALL_BOUND = {100_000: 1.0}
"""Seconds for those; issue 7 names none above 100,000 papers."""
BY_OUTPUT = (
    # as long as what they print: told without a bound
    ("common tag, all of them", "list --tag {common}"),
    ("runs as JSON", "runs --json"),
    ("studies", "studies"),
    ("flow as a picture", "report prisma -f svg"),  # half of it is to load matplotlib and draw
    ("export the tag of some 1,000", "export --tag {thousand}"),
)


def reftrack(folder, *words, **options):
    """Run the tool in a workspace."""
    return subprocess.run([sys.executable, "-m", "reftrack", *map(str, words)], cwd=folder, check=True, **options)


def build(folder, count, files):
    """A workspace whose library holds `count` papers."""
    folder.mkdir(parents=True, exist_ok=True)
    base = folder.parent / "base"
    if not (base / "done").exists():
        base.mkdir(exist_ok=True)
        reftrack(base, "init", stdout=subprocess.DEVNULL)
        reftrack(base, "-q", "fetch", "--from", "sample", stdout=subprocess.DEVNULL)
        reftrack(base, "import", *(file.resolve() for file in files or [_made_up(base)]))
        (base / "done").touch()
    reftrack(folder, "init", stdout=subprocess.DEVNULL)
    path = folder / "db" / "reftrack.db"
    path.unlink()
    reftrack(base, "db", "backup", path, stdout=subprocess.DEVNULL)
    raw = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000", "temp_store = MEMORY"):
        raw.execute(f"PRAGMA {pragma}")
    later = raw.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
    ).fetchall()
    for kind, name, _ in later:
        raw.execute(f"DROP {kind} {name}")
    tables = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    raw.execute(
        "CREATE TEMP TABLE base AS SELECT pmid AS old, row_number() OVER (ORDER BY pmid) - 1 AS place FROM papers"
    )
    raw.execute("CREATE UNIQUE INDEX temp.base_by_old ON base(old)")
    (held,) = raw.execute("SELECT count(*) FROM base").fetchone()
    for copy in range(1, -(-count // held)):
        _multiply(raw, tables, copy, min(held, count - copy * held))
    _history(raw)
    for _, _, sql in sorted(later, key=lambda one: one[0]):
        raw.execute(sql)
    raw.execute("INSERT INTO papers_fts(papers_fts) VALUES ('rebuild')")
    _refresh(raw)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.close()


def _made_up(base):
    from fetch import record  # the benchmark beside this one

    path = base / "records.xml"
    path.write_bytes(
        b"<PubmedArticleSet>" + b"".join(map(record, range(90_000_001, 90_020_001))) + b"</PubmedArticleSet>"
    )
    return path


def _multiply(raw, tables, copy, most):
    """One copy of what the base holds, up to so many papers."""
    raw.execute("DROP TABLE IF EXISTS temp.moved")
    raw.execute(
        f"CREATE TEMP TABLE moved AS SELECT old, {FIRST + copy * STEP} + place AS pmid FROM base WHERE place < {most}"
    )
    raw.execute("CREATE UNIQUE INDEX temp.moved_by_old ON moved(old)")
    changed = {
        "records": {"xml": "substr(t.xml, 1, 300)"},
        "papers": {
            "year": "1975 + (m.pmid * 7919 / 13) % 51",
            "date": "(1975 + (m.pmid * 7919 / 13) % 51) || substr(t.date, 5)",
            "doi": f"CASE t.doi WHEN '' THEN '' ELSE t.doi || '.{copy}' END",
        },
        "citation_keys": {"key": f"t.key || '-{copy}'"},
    }
    for table in tables:
        columns = [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
        if "pmid" not in columns or table in ("hits", "run_papers") or table.startswith(("import", "papers_fts")):
            continue
        numbered = {"decisions": "decision", "notes": "note", "labels": "label_id", "changes": "change"}
        numbered |= {"former_records": "former", "tag_changes": "change"}
        taken = [column for column in columns if column != numbered.get(table)]
        values = [
            "m.pmid" if column == "pmid" else changed.get(table, {}).get(column, f't."{column}"') for column in taken
        ]
        names = ", ".join(f'"{column}"' for column in taken)
        rows = f"FROM temp.base b JOIN moved m ON m.old = b.old JOIN {table} t ON t.pmid = m.old ORDER BY b.place"
        if table == "paper_tags":  # its key begins with the tag
            rows = "FROM paper_tags t JOIN moved m ON m.old = t.pmid"
        raw.execute(f"INSERT INTO {table}({names}) SELECT {', '.join(values)} {rows}")


def _history(raw):
    """Runs that found these papers by and by, and what readers said of some."""
    now = datetime.now(UTC)
    first = now - timedelta(weeks=RUNS)
    stamp = "%Y-%m-%dT%H:%M:%SZ"
    early = (first - timedelta(weeks=1)).strftime(stamp)
    raw.execute("UPDATE runs SET started = ?, finished = ?", (early, early))
    (last,) = raw.execute("SELECT max(run) FROM runs").fetchone()
    for number in range(RUNS):
        started = (first + timedelta(weeks=number + 1)).strftime(stamp)
        for query in ("stroke", "tbi"):
            raw.execute(
                """INSERT INTO runs(query, source, status, term, translation, started, finished, version, asked,
                requests) VALUES (?, 'pubmed', 'complete', ?, ?, ?, ?, '0', 1, 3)""",
                (query, "examplin[tiab] OR " * 100, "examplin[tiab] OR " * 150, started, started),
            )
    # Of a hundred papers the first runs found 50, later ones 30, and 20 came from files.
    run = f"""{last} + 2 * CASE WHEN p.pmid * 31 % 100 < 50 THEN 0 ELSE p.pmid * 1103 / 7 % {RUNS} END"""
    for place, query, share in ((1, "stroke", "p.pmid % 10 < 6"), (2, "tbi", "p.pmid % 10 IN (5, 6, 7)")):
        raw.execute(
            f"""INSERT OR IGNORE INTO hits(query, pmid, first_run, last_run)
            SELECT '{query}', p.pmid, {run} + {place}, {last + 2 * RUNS - 2 + place} FROM papers p WHERE {share}"""
        )
    raw.execute(f"INSERT INTO run_papers SELECT first_run, pmid, 'new', '' FROM hits WHERE first_run > {last}")
    raw.execute(
        f"""INSERT OR IGNORE INTO run_papers SELECT r.run, h.pmid, 'changed', 'MeSH +Humans, +Stroke; pages added'
        FROM runs r JOIN hits h ON h.query = r.query AND h.first_run < r.run WHERE r.run > {last}
        AND h.pmid % 1000 < 40 AND h.pmid / 40 % {RUNS} = r.run % {RUNS}"""
    )
    raw.execute(
        """UPDATE runs SET count = (SELECT count(*) FROM hits h WHERE h.query = runs.query AND h.first_run <= runs.run),
        received = (SELECT count(*) FROM hits h WHERE h.query = runs.query AND h.first_run <= runs.run)
        WHERE run > ? AND run % 50 IN (0, 1)""",
        (last,),
    )
    raw.execute(
        """UPDATE papers SET first_seen = coalesce((SELECT r.started FROM hits h JOIN runs r ON r.run = h.first_run
        WHERE h.pmid = papers.pmid AND h.query = 'stroke'), (SELECT r.started FROM hits h
        JOIN runs r ON r.run = h.first_run WHERE h.pmid = papers.pmid AND h.query = 'tbi'), ?)""",
        (early,),
    )
    for who, share in (("ann", "pmid * 17 % 100 < 10"), ("ben", "pmid * 17 % 100 BETWEEN 5 AND 9")):
        raw.execute(
            f"""INSERT INTO decisions(pmid, who, verdict, reasons, at) SELECT pmid, '{who}', CASE pmid * 13 % 4
            WHEN 0 THEN 'include' WHEN 1 THEN 'maybe' ELSE 'exclude' END, '["wrong population"]', first_seen
            FROM papers WHERE {share}"""
        )
    raw.execute(
        "INSERT INTO notes(pmid, who, text, at) SELECT pmid, 'ann', 'table 2 has the doses', first_seen FROM papers "
        "WHERE pmid * 19 % 100 = 0"
    )
    raw.execute(
        """INSERT OR IGNORE INTO hand_tags SELECT pmid, tag, 'remove', 'only in the background', 'ann', '2026-01-01'
        FROM rule_tags WHERE state = 'possible' AND pmid % 7 = 0 ORDER BY pmid LIMIT 300"""
    )


def _refresh(raw):
    """Counts that triggers keep, made anew: the multiplying went past them."""
    if raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'tag_counts'").fetchone():
        raw.execute("DELETE FROM tag_counts")
        raw.execute("INSERT INTO tag_counts SELECT tag, count(*) FROM paper_tags GROUP BY tag")


def names(path):
    """What the words in braces stand for in this library."""
    raw = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    counts = raw.execute("SELECT tag, count(*) AS n FROM paper_tags GROUP BY tag ORDER BY n DESC").fetchall()
    # A paper that has everything: tags, a decision, a run that changed it.
    pmid, key = raw.execute(
        """SELECT k.pmid, k.key FROM decisions d JOIN citation_keys k ON k.pmid = d.pmid
        WHERE EXISTS (SELECT 1 FROM run_papers e WHERE e.pmid = d.pmid AND e.outcome = 'changed')
        AND EXISTS (SELECT 1 FROM paper_tags t WHERE t.pmid = d.pmid) LIMIT 1"""
    ).fetchone()
    author, initials, _ = raw.execute(
        """SELECT family, initials, count(*) AS n FROM authors WHERE pmid IN (
        SELECT pmid FROM papers ORDER BY pmid LIMIT 40000) AND NOT collective AND initials <> ''
        GROUP BY family, initials ORDER BY n DESC LIMIT 1"""
    ).fetchone()
    (journal,) = raw.execute(
        """SELECT medline_ta FROM (SELECT medline_ta FROM papers ORDER BY pmid LIMIT 40000)
        WHERE medline_ta <> '' GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"""
    ).fetchone()
    (noted,) = raw.execute("SELECT pmid FROM notes LIMIT 1").fetchone()
    raw.close()
    return {
        "common": counts[0][0],
        "second": counts[1][0],
        "thousand": min(counts, key=lambda one: abs(one[1] - 1000))[0],
        "pmid": pmid,
        "key": key,
        "noted": noted,
        "author": author,
        "initial": initials[0],
        "journal": f"'{journal}'",
        "rare": "telomerase",
    }


def timed(command, folder):
    """(Wall seconds, CPU seconds, exit code) of one process that writes into a pipe."""
    environment = os.environ | {"COLUMNS": "80"}
    began = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        while process.stdout.read(1 << 20):
            pass
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    return wall, used.ru_utime + used.ru_stime, process.returncode


def measure(folder, rows, rounds):
    """The times of each row's command, and of the floor."""
    found = names(folder / "db" / "reftrack.db")
    commands = {"floor": [sys.executable, "-c", "import click, sqlite3"]}
    for what, words in rows:
        commands[what] = [sys.executable, "-m", "reftrack", *shlex.split(words.format(**found))]
    seen = {what: [] for what in commands}
    for _ in range(rounds):
        for what, command in commands.items():
            seen[what].append(timed(command, folder))
    return commands, seen


INSIDE = """
import contextlib, io, sys, time
from reftrack.cli import main
for again in range(int(sys.argv[1]) + 1):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        began = time.perf_counter()
        with contextlib.suppress(SystemExit, Exception):
            main(sys.argv[2:], prog_name="reftrack", standalone_mode=False)
        took = time.perf_counter() - began
    if again:  # the first time loads modules and opens the file
        print(took)
"""


def report_inside(folder, count, given):
    """What each interactive command takes in a process that has run it before: the query and its output alone."""
    limit = INSIDE_BOUNDS.get(count)
    found = names(folder / "db" / "reftrack.db")
    print(f"\n{count:,} papers, without the start\n\n| what | ms | bound | |\n|---|---|---|---|")
    for what, words in (row for row in ROWS if given.only in " ".join(row)):
        command = [sys.executable, "-c", INSIDE, str(given.rounds), *shlex.split(words.format(**found))]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        took = statistics.median(map(float, done.stdout.split()))
        verdict = "" if limit is None else "ok" if took < limit else "**missed**"
        print(
            f"| {what} | {took * 1000:.1f} | {'' if limit is None else f'{limit * 1000:.0f}'} | {verdict} |", flush=True
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--papers", type=int, nargs="+", default=list(BOUNDS))
    parser.add_argument("--file", type=Path, action="append", help="records to multiply, PubMed XML; else made-up ones")
    parser.add_argument("--keep", type=Path, help="a folder for the libraries; those already in it are used")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--inside", action="store_true", help="time the query alone, in a process that has started")
    parser.add_argument("--only", default="", help="only rows with this word in their name or command")
    given = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, {platform.system()}, Python {platform.python_version()}")
    print(f"`python benchmarks/{' '.join([Path(__file__).name, *sys.argv[1:]])}`")
    with tempfile.TemporaryDirectory() as temporary:
        for count in given.papers:
            folder = (given.keep or Path(temporary)) / str(count)
            if not (folder / "done").exists():
                build(folder, count, given.file)
                (folder / "done").touch()
            (report_inside if given.inside else report)(folder, count, given)


def report(folder, count, given):
    """Measure, and print the table of one library."""
    bound = next((BOUNDS[size] for size in sorted(BOUNDS) if size >= count), None)
    size = (folder / "db" / "reftrack.db").stat().st_size
    heads = ("what", "command", "ms", "CPU ms", "bound", "")
    print(f"\n{count:,} papers, {size / 1e9:.1f} GB\n\n| {' | '.join(heads)} |\n{'|---' * len(heads)}|")
    rows = [row for row in (*ROWS, *OVER_ALL, *BY_OUTPUT) if given.only in " ".join(row)]
    commands, seen = measure(folder, rows, given.rounds)
    over_all = {what for what, _ in OVER_ALL}
    free = {what for what, _ in BY_OUTPUT} | {"floor"}
    for what, command in commands.items():
        wall, cpu = (statistics.median(column) for column in list(zip(*seen[what], strict=True))[:2])
        limit = None if what in free else OVER_ALL_BOUND.get(count) if what in over_all else bound
        verdict = "" if limit is None else "ok" if wall < limit else "**missed**"
        codes = {code for _, _, code in seen[what]} - {0}
        words = shlex.join(command[3:]) if what != "floor" else "python -c 'import click, sqlite3'"
        print(
            f"| {what} | `{words}` | {wall * 1000:.0f} | {cpu * 1000:.0f} | {limit * 1000:.0f} |"
            if limit
            else f"| {what} | `{words}` | {wall * 1000:.0f} | {cpu * 1000:.0f} | |",
            f"{verdict}{f' (exit {sorted(codes)})' if codes else ''} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
