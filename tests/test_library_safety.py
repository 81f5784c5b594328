"""Nothing that happens to the library's file loses what was stored: other processes, full disks, damage, kill -9, age.

Named by the cases of table F. What needs a process of its own is one: `reftrack` against a server on the loopback.
"""

import contextlib
import gzip
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from desk import RECORDS, Workspace
from eutils_server import EutilsServer
from papers import FIRST_PMID, document, paper, record
from reftrack.errors import LibraryError
from reftrack.library import locking, opening
from reftrack.library.copying import copy, numbered
from reftrack.library.opening import SCHEMA_VERSION
from reftrack.library.reading import Reader
from reftrack.library.selecting import Selection
from reftrack.library.writing import Library

OLD_LIBRARIES = sorted((Path(__file__).parent / "fixtures" / "library").glob("schema-*.db.gz"))
PRECIOUS = ("records", "papers", "runs", "run_papers", "hits", "hand_tags", "citation_keys")
READING = (["list"], ["show", FIRST_PMID, "--json"], ["runs", "--json"], ["export"], ["db", "stats"])


STARTED = []


@pytest.fixture
def workspace(tmp_path):
    """A workspace; no process that a failing test started outlives it."""
    yield Workspace(tmp_path)
    while STARTED:
        process = STARTED.pop()
        process.kill()
        process.communicate()


@pytest.fixture
def filled(workspace):
    workspace.fetch()
    return workspace


@pytest.fixture
def full(workspace):
    """A workspace of 300 papers, whose tables have inner pages."""
    workspace.file.write_bytes(document(*(long_record(number) for number in range(1, 301))))
    workspace.fetch()
    return workspace


@pytest.fixture
def old(workspace):
    """A workspace whose library an older reftrack made."""
    db(workspace).write_bytes(gzip.decompress(OLD_LIBRARIES[0].read_bytes()))
    return workspace


def db(workspace):
    return workspace.folder / "db" / "reftrack.db"


def beside(workspace):
    """The names of what lies in the library's folder, but for what SQLite and the lock put there."""
    passing = (".lock", "-wal", "-shm")
    return sorted(path.name for path in db(workspace).parent.iterdir() if not path.name.endswith(passing))


def long_record(number):
    words = "stroke" if number % 3 else "head injury"
    text = (("METHODS", "Much was measured. " * 40), ("RESULTS", "Mortality fell."))
    return record(number, title=f"Examplin in {words}, part {number}.", abstract=text)


def stroke_records(count):
    return {FIRST_PMID + n: record(n + 1, title=f"Examplin in stroke, part {n}.") for n in range(count)}


@contextlib.contextmanager
def pubmed(workspace, records):
    """A server with these records, all found by the one saved query `stroke`, and the environment that leads there."""
    (workspace.folder / "queries" / "head.toml").unlink(missing_ok=True)
    (workspace.folder / "queries" / "stroke.toml").write_text(
        'title = "Examplin in stroke"\nterm = "examplin[tiab] AND stroke[tiab]"\nmax = 20000\n'
    )

    def search(term):
        return [] if "[mdat]" in term else sorted(records)  # nothing is ever revised

    with EutilsServer(records, search, rate_limit=0, key_rate=0, compress=False) as server:
        yield server, {"REFTRACK_EUTILS_URL": server.url, "NCBI_API_KEY": "made-up"}


def well(exchange):
    exchange.send(*exchange.reply())


def gate():
    """An event that says that a request came, one that lets it be answered, and the answer."""
    reached, go_on = threading.Event(), threading.Event()

    def slow(exchange):
        reached.set()
        go_on.wait(60)
        well(exchange)

    return reached, go_on, slow


def start(workspace, *arguments, environment=None, code="", **options):
    """A `reftrack` process that goes on while the test does."""
    command = [sys.executable, "-c", code] if code else [sys.executable, "-m", "reftrack"]
    process = subprocess.Popen(
        [*command, *map(str, arguments)],
        cwd=workspace.folder,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    STARTED.append(process)
    return process


def end(process, *, status=0):
    """(stdout, stderr) of a process that ends as it should."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == status, (process.returncode, out, err)
    assert "Traceback" not in err
    return out, err


def until(condition, *, seconds=30):
    """Wait for something that another process does."""
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last, "it did not happen"
        time.sleep(0.005)


def rows_of(path):
    """Every row of every table that is not search's or SQLite's own, by table, each as a dict."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as raw:
        raw.row_factory = sqlite3.Row
        tables = raw.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%fts%'")
        names = [name for (name,) in tables if not name.startswith(("sqlite_", "_sqlite"))]
        return {name: list(map(dict, raw.execute(f"SELECT * FROM {name}"))) for name in names}


def sound(path):
    """What is wrong with a library, as SQLite and its own rules see it: [] if nothing."""
    with contextlib.closing(sqlite3.connect(path)) as raw:
        found = [line for (line,) in raw.execute("PRAGMA integrity_check") if line != "ok"]
        found += [f"foreign key: {row}" for row in raw.execute("PRAGMA foreign_key_check")]
        counts = [raw.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in PRECIOUS[:2]]
        counts.append(raw.execute("SELECT count(*) FROM citation_keys").fetchone()[0])
        lost = "SELECT count(*) FROM hits WHERE pmid NOT IN (SELECT pmid FROM papers)"
        if len(set(counts)) > 1 or raw.execute(lost).fetchone()[0]:
            found.append(f"records, papers, keys: {counts}; hits without papers: {raw.execute(lost).fetchone()[0]}")
        return found


# F01, F02: other processes


def test_f01_a_writer_that_waits_in_vain_ends_with_5(filled, monkeypatch):
    """While another process holds the write lock, `tag add` gives up with status 5 and a sentence; nothing is lost."""
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.05)
    with contextlib.closing(sqlite3.connect(db(filled), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        told = filled.run("tag", "add", FIRST_PMID, "mood", status=5).stderr
        other.execute("ROLLBACK")
    assert "in use by another process" in told
    assert "nothing was lost" in told
    filled.run("tag", "add", FIRST_PMID, "mood")


def test_f02_a_hand_tag_and_a_list_do_not_wait_for_a_fetch_that_waits_for_pubmed(filled):
    """A fetch holds no write lock while the network is silent: `tag add` and `list` succeed meanwhile."""
    reached, go_on, slow = gate()
    with pubmed(filled, stroke_records(5)) as (server, environment):
        server.queue_fault(well)
        server.queue_fault(slow)
        fetch = start(filled, "fetch", environment=environment)
        until(reached.is_set)
        held = filled.run("list", "--count").stdout
        filled.run("tag", "add", FIRST_PMID, "mood")
        running = filled.json("runs")[0]
        go_on.set()
        end(fetch)
    assert held == "3\n"
    assert running["status"] == "running"
    assert "mood" in filled.json("show", FIRST_PMID)[0]["tags"]["outcome"]


# F03: two fetches


@pytest.mark.parametrize("other", ["ro", "rw"])
def test_a_second_connection_takes_no_lock_from_the_first(filled, other):
    """What another process writes is seen by a connection beside which another was opened and closed, as in the site.

    To open the file itself and close it would drop the lock of the first: the log would be removed from under it.
    """
    first = opening.open_to_read(db(filled))
    assert first.value("SELECT count(*) FROM hand_trials") == 0
    second = opening.open_to_read(db(filled)) if other == "ro" else opening.open_to_write(db(filled))
    assert second.value("SELECT 1 FROM papers")
    second.close()
    for number in (1, 2):
        done = filled.process("studies", "split", str(FIRST_PMID + number - 1))
        assert done.returncode == 0, done.stderr
        assert db(filled).with_name("reftrack.db-wal").exists()
        assert first.value("SELECT count(*) FROM hand_trials") == number
    first.close()


def test_f03_two_fetches_at_once_do_the_work_once(workspace):
    """The second fetch waits, says for whom, and then asks for no record that the first one brought."""
    reached, go_on, slow = gate()
    with pubmed(workspace, stroke_records(600)) as (server, environment):
        server.queue_fault(well)
        server.queue_fault(slow)
        first = start(workspace, "fetch", "--json", environment=environment)
        until(reached.is_set)
        second = start(workspace, "fetch", "--json", environment=environment)
        word = second.stderr.readline()
        searches = ["esearch" in each.path for each in server.log]
        assert (sum(searches), second.poll()) == (1, None)
        go_on.set()
        one, (out, err) = end(first)[0], end(second)
        fetched = [pmid for each in server.log if "efetch" in each.path for pmid in each.params["id"].split(",")]
    assert word.startswith(f"Another fetch of this library is running (process {first.pid}, since ")
    assert "waiting for it" not in err
    assert (len(fetched), len(set(fetched))) == (600, 600)
    runs = [*json.loads(one)["runs"], *json.loads(out)["runs"]]
    assert [(run["status"], len(run["new"])) for run in runs] == [("complete", 600), ("complete", 0)]
    assert sound(db(workspace)) == []


def test_f03_no_wait_ends_at_once_with_5(filled):
    """With --no-wait a fetch beside another one ends with status 5, who holds the lock, and what to do."""
    with locking.fetching(db(filled), wait=0, on_wait=str):
        told = filled.fetch("--no-wait", status=5).stderr
        assert filled.fetch("--dry-run").stdout  # changes nothing, so it need not wait
    assert f"running (process {os.getpid()}, since " in told
    assert "is safe" in told
    assert "run the same command again" in told
    assert filled.fetch("--no-wait").stdout


def test_f03_a_fetch_that_waits_says_so_again_and_gives_up(filled, monkeypatch):
    """Word is given at once and from time to time; at the end of the patience the error says who holds the lock."""
    monkeypatch.setattr(locking, "SECONDS_BETWEEN_WORDS", 0.02)
    monkeypatch.setattr(locking, "_PATIENCE", 0.01)
    words = []
    with (
        locking.fetching(db(filled), wait=None, on_wait=words.append),
        pytest.raises(LibraryError, match=f"process {os.getpid()}"),
        locking.fetching(db(filled), wait=0.2, on_wait=words.append),
    ):
        pass
    assert len(words) > 2
    assert set(words) == {words[0]}


def test_f03_the_lock_of_a_killed_fetch_is_free(workspace):
    """SIGKILL frees the lock: the next fetch need not wait, and what the dead one left says `interrupted`."""
    with pubmed(workspace, stroke_records(20)) as (server, environment):
        server.queue_fault(well)
        server.queue_fault("half_open")
        fetch = start(workspace, "fetch", environment=environment)
        until(lambda: len(server.log) > 1)
        assert locking.is_being_fetched(db(workspace))
        assert workspace.json("runs")[0]["status"] == "running"
        fetch.kill()
        fetch.communicate()
        assert not locking.is_being_fetched(db(workspace))
        (dead,) = workspace.json("runs")
        assert (dead["status"], dead["problem"]) == ("interrupted", "the program ended before the run did")
        assert "interrupted" in workspace.run("runs").stdout
        workspace.run("fetch", "--no-wait", environment=environment)
    assert [run["status"] for run in workspace.json("runs")] == ["complete", "interrupted"]


def test_c12_a_fetch_killed_between_batches_is_completed_by_the_next(workspace):
    """SIGKILL while the second batch is on its way: the first is whole, and the next fetch asks only for the rest."""
    reached, _, slow = gate()
    with pubmed(workspace, stroke_records(300)) as (server, environment):
        server.queue_fault(well)
        server.queue_fault(well)
        server.queue_fault(slow)
        fetch = start(workspace, "fetch", environment=environment)
        until(reached.is_set)
        until(lambda: workspace.json("runs")[0]["received"] == 200)
        fetch.kill()
        fetch.communicate()
        assert sound(db(workspace)) == []
        assert [(run["status"], run["received"]) for run in workspace.json("runs")] == [("interrupted", 200)]
        asked = len(server.log)
        workspace.run("fetch", environment=environment)
        wanted = [each.params["id"].split(",") for each in server.log[asked:] if "efetch" in each.path]
    assert [len(pmids) for pmids in wanted] == [100]
    new, dead = workspace.json("runs")
    assert (new["status"], len(new["new"])) == ("complete", 300)
    assert f"run {new['run']} went on and completed it" in dead["problem"]


def test_looking_at_the_lock_makes_no_file_and_follows_links(filled, tmp_path):
    """`is_being_fetched` leaves no trace; a library named through a link has the lock of the file itself."""
    lock = db(filled).with_name("reftrack.db.lock")
    lock.unlink()
    assert not locking.is_being_fetched(db(filled))
    assert not lock.exists()
    link = tmp_path / "link.db"
    link.symlink_to(db(filled))
    with locking.fetching(link, wait=0, on_wait=str):
        assert locking.is_being_fetched(db(filled))
    assert not tmp_path.joinpath("link.db.lock").exists()


def test_a_fetch_ends_the_runs_that_never_ended_of_every_query(filled):
    """Who holds the lock knows that no other run is alive: `begin` marks them all, but not its own of other queries."""
    with Library.open(db(filled)) as library:
        library.begin("gone", term="t", source="pubmed", version="0")
    with Library.open(db(filled)) as library:
        library.begin("head", term="t", source="pubmed", version="0")
        library.begin("stroke", term="t", source="pubmed", version="0")
        assert [run.status for run in library.runs()][:3] == ["running", "running", "interrupted"]
        stored = library.connection.rows("SELECT status FROM runs ORDER BY run DESC LIMIT 3")
    assert stored == [("running",), ("running",), ("interrupted",)]


def test_doctor_lets_a_live_run_be(filled):
    """While a fetch is alive its run is no finding and is not marked; when it is dead it is both."""
    filled.run("tag", "list")
    with Library.open(db(filled)) as library:
        library.begin("head", term="t", source="pubmed", version="0")
    with locking.fetching(db(filled), wait=0, on_wait=str):
        assert "never finished" not in filled.run("doctor").stdout
        assert "0 unfinished runs marked" in filled.run("doctor", "--fix").stdout
        assert filled.json("runs")[0]["status"] == "running"
    assert "never finished" in filled.run("doctor", status=1).stdout
    assert "1 unfinished run marked" in filled.run("doctor", "--fix").stdout


# F04, F05: a batch that fails


FAIL_AT = f"""CREATE TRIGGER bad_day BEFORE INSERT ON papers WHEN new.pmid = {FIRST_PMID + 319} BEGIN
    SELECT RAISE(ABORT, 'a bad day'); END"""


def test_f04_a_failure_at_row_320_leaves_no_row_of_its_batch(workspace):
    """Of a batch of 350 papers that fails at the 320th nothing is stored, in any table."""
    with Library.open(db(workspace), create=True) as library:
        library.connection.run(FAIL_AT)
        with pytest.raises(LibraryError, match="a bad day"), library.transaction():  # noqa: PT012 - it is the point
            for number in range(1, 351):
                library.save(b"x", paper(number), source="pubmed", parser=1)
                library.assign_key(paper(number).pmid, f"k{number}", lambda n=number: iter([f"k{n}"]))
    stored = rows_of(db(workspace))
    assert {name: len(rows) for name, rows in stored.items() if rows} == {}


def test_f04_a_fetch_that_fails_in_its_second_batch_keeps_the_first(workspace):
    """Through the real fetch: 200 papers of the first reply stay, none of the second, and the run tells why."""
    with Library.open(db(workspace), create=True) as library:
        library.connection.run(FAIL_AT)
    with pubmed(workspace, stroke_records(350)) as (_, environment):
        told = workspace.run("fetch", environment=environment, status=5).stderr
        assert "a bad day" in told
        assert workspace.run("list", "--count").stdout == "200\n"
        (run,) = workspace.json("runs")
        assert (run["status"], "a bad day" in run["problem"]) == ("partial", True)
        assert sound(db(workspace)) == []
        with contextlib.closing(sqlite3.connect(db(workspace))) as raw:
            raw.execute("DROP TRIGGER bad_day")
        workspace.run("fetch", environment=environment)
    assert workspace.run("list", "--count").stdout == "350\n"


def test_f05_a_full_disk_keeps_what_was_stored_before(workspace, monkeypatch):
    """SQLITE_FULL in a fetch: status 5, one sentence, the batches before intact, and the run says what happened."""
    prepare = opening.prepare_to_write

    def small(connection):
        prepare(connection).run("PRAGMA max_page_count = 400")
        return connection

    monkeypatch.setattr(opening, "prepare_to_write", small)
    with pubmed(workspace, stroke_records(1000)) as (_, environment):
        told = workspace.run("fetch", environment=environment, status=5).stderr
        assert "The disk is full" in told
        assert "is intact" in told
        assert "Traceback" not in told
        (run,) = workspace.json("runs")
        assert run["status"] == "partial"
        assert "disk is full" in run["problem"]
        held = int(workspace.run("list", "--count").stdout)
        assert 0 < held < 1000
        assert held % 200 == 0
        assert sound(db(workspace)) == []
        monkeypatch.undo()
        workspace.run("fetch", environment=environment)
    assert workspace.run("list", "--count").stdout == "1000\n"


def test_f05_a_file_that_may_not_grow_keeps_what_was_stored_before(workspace):
    """A real limit of the system in a process of its own: status 5, no traceback, whole batches only."""
    limit = 2_500_000
    with pubmed(workspace, stroke_records(1000)) as (_, environment):
        fetch = start(
            workspace,
            "fetch",
            environment=environment,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        )
        _, told = end(fetch, status=5)
        assert "is intact" in told
        assert told.count("reftrack:") == 1
        held = int(workspace.run("list", "--count").stdout)
        assert 0 < held < 1000
        assert held % 200 == 0
        assert sound(db(workspace)) == []
        assert workspace.json("runs")[0]["status"] in ("partial", "interrupted")
        workspace.run("fetch", environment=environment)
    assert workspace.run("list", "--count").stdout == "1000\n"


# F06 to F10, F14, F16: what is no library of ours


def not_sqlite(path):
    path.write_text("my thesis, draft 7\n" * 50)


def empty(path):
    path.write_bytes(b"")


def newer(path):
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA user_version = 99")
        raw.execute("PRAGMA journal_mode = DELETE")


def foreign(path):
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE moz_places(id)")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (not_sqlite, "not a SQLite file"),
        (empty, "0 bytes"),
        (newer, "newer reftrack"),
        (foreign, "another program's database"),
    ],
    ids=["f06", "f09", "f10", "f16"],
)
@pytest.mark.parametrize(
    "arguments",
    [["list"], ["show", FIRST_PMID], ["tag", "add", FIRST_PMID, "mood"], ["fetch"], ["rebuild"], ["db", "backup"]],
    ids=lambda arguments: arguments[0],
)
def test_f06_f09_f10_f16_a_file_that_is_no_library_of_ours_is_left_as_it_is(filled, make, words, arguments):
    """Status 5 and a sentence from commands that read and that write; not a byte differs, and nothing lies beside."""
    db(filled).with_name("reftrack.db.lock").unlink()
    make(db(filled))
    before = db(filled).read_bytes()
    source = ["--from", filled.file] if arguments == ["fetch"] else []
    result = filled.run(*arguments, *source, status=5)
    assert words in result.stderr
    assert result.stdout == ""
    assert db(filled).read_bytes() == before
    assert beside(filled) == ["reftrack.db"]
    assert not db(filled).with_name("reftrack.db.lock").exists()


def test_f14_a_folder_or_no_folder_in_the_librarys_place(filled, tmp_path):
    """A folder where the file should be and a file in a folder that is not there: status 5, one line."""
    (tmp_path / "folder.db").mkdir()
    for arguments in (["list"], ["fetch", "--from", filled.file]):
        told = filled.run("--db", tmp_path / "folder.db", *arguments, status=5).stderr
        assert "is a folder" in told
        told = filled.run("--db", tmp_path / "none" / "l.db", *arguments, status=5).stderr
        assert told.count("\n") == 1
    assert not (tmp_path / "none").exists()


# F07, F08: damage


def zeroed(content, page):
    return content[: page * 4096] + bytes(4096) + content[(page + 1) * 4096 :]


def scribbled(content, page):
    return content[: page * 4096] + random.Random(page).randbytes(4096) + content[(page + 1) * 4096 :]


def swapped(content, page):
    """With the page after it, as a disk might that writes to the wrong place."""
    one, other = content[page * 4096 : (page + 1) * 4096], content[(page + 1) * 4096 : (page + 2) * 4096]
    return content[: page * 4096] + other + one + content[(page + 2) * 4096 :]


def root_page(path, name):
    with contextlib.closing(sqlite3.connect(path)) as raw:
        (page,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
        raw.execute("PRAGMA journal_mode = DELETE")
    return page - 1


def lies_damaged(workspace, damage, table):
    page = root_page(db(workspace), table)
    damaged = damage(db(workspace).read_bytes(), page)
    db(workspace).write_bytes(damaged)
    return damaged, page


def assert_says_damaged(told):
    assert "is damaged" in told
    assert "nothing was repaired" in told
    assert "db backup" in told
    assert ".recover" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("damage", [zeroed, scribbled, swapped])
@pytest.mark.parametrize(
    ("table", "arguments"),
    [
        ("sqlite_master", ["list"]),
        ("papers", ["list"]),
        ("papers", ["show", FIRST_PMID + 150, "--json"]),
        ("citation_keys", ["export"]),
        ("runs", ["runs"]),
        ("papers", ["db", "backup"]),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_f07_a_damaged_page_is_said_and_left(full, damage, table, arguments):
    """Damage that a reading command meets: status 5, a hint at copies and .recover; the file is not touched."""
    if table == "sqlite_master":
        with contextlib.closing(sqlite3.connect(db(full))) as raw:
            raw.execute("PRAGMA journal_mode = DELETE")
        content = db(full).read_bytes()
        damaged = content[:100] + damage(content, 0)[100:] if damage is not swapped else content[:100] + content[4196:]
        db(full).write_bytes(damaged)
    else:
        damaged, _ = lies_damaged(full, damage, table)
    assert_says_damaged(full.run(*arguments, status=5).stderr)
    assert db(full).read_bytes() == damaged
    assert beside(full) in (["reftrack.db"], ["backups", "reftrack.db"])
    assert not list((db(full).parent / "backups").glob("*"))


def test_f07_a_page_in_the_place_of_another_is_found_by_doctor(full):
    """Rows that SQLite reads without noticing are found by the check of the whole file, and nothing is mended."""
    damaged, _ = lies_damaged(full, swapped, "authors")
    assert "The file is damaged" in full.run("doctor", status=1).stdout
    assert "Nothing was mended" in full.run("doctor", "--fix", status=1).stdout
    assert db(full).read_bytes() == damaged


@pytest.mark.parametrize("table", ["records", "papers"])
def test_f07_damage_that_a_fetch_meets_is_not_written_over(full, table):
    """A fetch that meets a damaged page ends with status 5 and the page is as it was: nothing repairs by itself."""
    _, page = lies_damaged(full, scribbled, table)
    before = db(full).read_bytes()[page * 4096 : (page + 1) * 4096]
    assert_says_damaged(full.fetch(status=5).stderr)
    assert db(full).read_bytes()[page * 4096 : (page + 1) * 4096] == before
    assert "damaged" in full.run("doctor", status=1).stdout
    assert "Nothing was mended" in full.run("doctor", "--fix", status=1).stdout


def test_f07_rows_that_make_no_sense_are_damage_and_no_traceback(full):
    """A cell that no longer is what was written into it ends `show`, `export` and `runs` with status 5, too."""
    with contextlib.closing(sqlite3.connect(db(full), isolation_level=None)) as raw:
        raw.execute("UPDATE papers SET languages = '[' WHERE pmid = ?", (FIRST_PMID,))
        raw.execute("UPDATE runs SET warnings = '?'")
    for arguments in (["show", FIRST_PMID], ["export", "--pmid", FIRST_PMID], ["runs"]):
        assert_says_damaged(full.run(*arguments, status=5).stderr)


def test_f08_a_file_that_is_cut_off_is_said_and_left(full):
    """Cut at any length, also within the last page: status 5 and a sentence; the stump is not touched."""
    root_page(db(full), "papers")
    content = db(full).read_bytes()
    lengths = [1, 15, 16, 17, 50, 99, 100, 101, 511, 512, 4095, 4096, 4097, len(content) - 4096, len(content) - 1]
    lengths += random.Random(8).sample(range(200, len(content)), 12)
    for length in lengths:
        for ending in ("-wal", "-shm"):
            db(full).with_name(f"reftrack.db{ending}").unlink(missing_ok=True)
        db(full).write_bytes(content[:length])
        for arguments in (["list"], ["tag", "add", FIRST_PMID, "mood"]):
            told = full.run(*arguments, status=5).stderr
            assert "is damaged" in told or "not a SQLite file" in told, (length, told)
        assert db(full).read_bytes() == content[:length], length


# F11, F12: an older library


def expected_rows(before, after):
    """What a table's rows must be after the upgrade, in the columns that it had."""
    complete = {(run["query"], run["run"]) for run in before["runs"] if run["status"] == "complete"}
    bad = {
        run["run"]
        for run in before["runs"]
        if run["status"] != "complete" and not any(q == run["query"] and n > run["run"] for q, n in complete)
    }
    for name, rows in before.items():
        for row in rows:
            told = name == "run_papers" and row["outcome"] == "new" and row["run"] in bad
            yield name, row | ({"outcome": "stored"} if told else {})


@pytest.mark.parametrize("packed", OLD_LIBRARIES, ids=lambda path: path.name.partition(".")[0])
@pytest.mark.parametrize("opener", [Reader.open, Library.open], ids=["to-read", "to-write"])
def test_f11_every_older_schema_is_upgraded_with_nothing_lost(tmp_path, packed, opener):
    """Every row of every table is there after the upgrade as it was before; the copy beside it is the old library."""
    path = tmp_path / "reftrack.db"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    before = rows_of(path)
    assert all(before[name] for name in PRECIOUS)
    with opener(path) as library:
        was, kept = library.connection.upgraded
        assert library.connection.value("PRAGMA user_version") == SCHEMA_VERSION
        assert library.problems()[1:] == []  # but for the run that was cut off
        assert len(library.select(Selection(text="mended"))) == 1
    after = rows_of(path)
    for name, row in expected_rows(before, after):
        columns = row.keys()
        assert row in [{column: each[column] for column in columns} for each in after[name]], name
    assert {name: len(rows) for name, rows in before.items()} == {name: len(after[name]) for name in before}
    assert kept == tmp_path / f"reftrack.db.schema-{was}.bak"
    assert rows_of(kept) == before
    assert sound(path) == sound(kept) == []
    with opener(path) as library:
        assert library.connection.upgraded is None


def test_f11_what_no_complete_run_told_is_told_by_the_next(old):
    """Papers that a run stored which was cut off, in the old library: waiting, and not among those told already."""
    with Library.open(db(old)) as library:
        waiting = {query: set(library.joined(query)) for query in ("head", "stroke")}
        cut_off = [run for run in library.runs() if run.status != "complete"]
        stored = {query: {p for run in cut_off if run.query == query for p in run.stored} for query in waiting}
        told = {query: {p for run in library.runs(query) for p in run.new} for query in waiting}
    assert waiting == stored
    assert any(waiting.values())
    assert not any(waiting[query] & told[query] for query in waiting)


def test_f11_list_simply_works_and_says_what_was_done(old):
    """The first command after an update of the program upgrades, in one line on stderr; the next says nothing."""
    result = old.run("list", "--count")
    assert result.stdout == "240\n"
    assert result.stderr.count("\n") == 1
    assert "was upgraded" in result.stderr
    assert "reftrack.db.schema-1.bak" in result.stderr
    assert old.run("list", "--count").stderr == ""
    assert beside(old) == ["reftrack.db", "reftrack.db.schema-1.bak"]


@pytest.mark.parametrize("arguments", [["fetch"], ["tag", "add", FIRST_PMID, "mood"], ["doctor", "--fix"]])
def test_f11_a_command_that_writes_upgrades_and_goes_on(old, arguments):
    """Whichever command comes first after the update, what was done is told once, and the command does its work."""
    source = ["--from", old.file] if arguments == ["fetch"] else []
    assert old.run(*arguments, *source).stderr.count("was upgraded") == 1
    assert len(list(db(old).parent.glob("*.bak"))) == 1
    assert old.json("list", "--limit", 1)


def test_f11_an_earlier_copy_is_never_overwritten(old):
    """Where a copy of that name lies already, the new one gets another name."""
    first = db(old).with_name("reftrack.db.schema-1.bak")
    first.write_text("precious")
    assert "reftrack.db.schema-1-2.bak" in old.run("list", "--count").stderr
    assert first.read_text() == "precious"


def test_f11_what_is_still_in_the_wal_is_in_the_copy(old):
    """A decision that an old process wrote and did not bring into the file itself is in the copy and the upgrade."""
    with contextlib.closing(sqlite3.connect(db(old), isolation_level=None)) as raw:
        raw.execute("PRAGMA wal_autocheckpoint = 0")
        raw.execute(f"INSERT INTO hand_tags VALUES ({FIRST_PMID + 9}, 'mood', 'add', 'late', 'A', '2026-03-09')")
        old.run("list", "--count")
    for path in (db(old), db(old).with_name("reftrack.db.schema-1.bak")):
        assert "late" in [row["because"] for row in rows_of(path)["hand_tags"]]


def test_f11_no_room_for_the_copy_means_no_upgrade(old, monkeypatch):
    """Without a copy nothing is changed: status 5, the old library as it was, no half of a copy."""
    before = db(old).read_bytes()

    def no_room(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_room)
    told = old.run("list", status=5).stderr
    assert "No space left on device" in told
    assert "is as it was" in told
    assert db(old).read_bytes() == before
    assert beside(old) == ["reftrack.db"]


def test_f11_a_damaged_old_library_is_not_upgraded(old):
    """The copy is checked before anything is changed, so that damage is not carried on."""
    damaged, _ = lies_damaged(old, scribbled, "records")
    told = old.run("list", status=5).stderr
    assert "damaged" in told
    assert db(old).read_bytes() == damaged
    assert beside(old) == ["reftrack.db"]


KILLED = """
import os, signal, sys
from reftrack.library import copying, migrations, upgrading
from reftrack.cli import main
point = sys.argv.pop(1)
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
class Steps(tuple):
    def __iter__(self):
        for number, step in enumerate(tuple.__iter__(self)):
            if point == f"{self.name}-{number}":
                die()
            yield step
migrations._SECOND = Steps(migrations._SECOND)
migrations._SECOND.name = "step"
migrations._THIRD = Steps(migrations._THIRD)
migrations._THIRD.name = "third"
def before(module, name):
    real = getattr(module, name)
    def wrapped(*given):
        if point == f"before-{name}":
            die()
        result = real(*given)
        if point == f"after-{name}":
            die()
        return result
    setattr(module, name, wrapped)
before(upgrading, "copy")
before(copying, "_write")
before(copying, "_place")
before(migrations, "_mark")
before(upgrading, "_migrate")
before(upgrading, "upgrade")
main(["list", "--count"])
"""


@pytest.mark.parametrize(
    "point",
    [
        "before-copy", "after-_write", "after-_place", "after-copy", "step-0", "step-1", "step-3", "step-8", "step-11",
        "third-0", "third-2", "after-_mark", "after-_migrate", "after-upgrade",
    ],
)  # fmt: skip
def test_f12_an_upgrade_that_is_killed_leaves_the_old_library_or_the_new_one(old, point):
    """SIGKILL at this point: old or new and never between, every copy whole, and the next start goes on."""
    before = rows_of(db(old))
    process = start(old, point, code=KILLED)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    with contextlib.closing(sqlite3.connect(db(old))) as raw:
        (version,) = raw.execute("PRAGMA user_version").fetchone()
    now = rows_of(db(old))
    assert version == (SCHEMA_VERSION if point == "after-upgrade" else 1)
    assert now == before if version == 1 else now.keys() > before.keys()
    assert sound(db(old)) == []
    copies = list(db(old).parent.glob("*.bak"))
    assert all(rows_of(each) == before for each in copies)
    assert bool(copies) == (point not in ("before-copy", "after-_write"))
    assert old.run("list", "--count").stdout == "240\n"
    with contextlib.closing(sqlite3.connect(db(old))) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_f12_two_that_upgrade_at_once_do_it_once(old):
    """Of several processes that find an old library one upgrades it; the others wait and use it."""
    processes = [start(old, "list", "--count") for _ in range(4)]
    results = [end(process) for process in processes]
    assert [out for out, _ in results] == ["240\n"] * 4
    assert sum("was upgraded" in err for _, err in results) == 1
    assert beside(old) == ["reftrack.db", "reftrack.db.schema-1.bak"]


# F13: where nothing may be written


# In a process of its own: root is then stopped by the modes of files and folders, as everybody else is.
UNPRIVILEGED = """
import ctypes, os, sys
if os.geteuid() == 0:
    header, nothing = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert ctypes.CDLL(None).capset(header, nothing) == 0
assert not os.access(os.environ["READ_ONLY"], os.W_OK)
from reftrack.cli import main
main(sys.argv[1:])
"""


@contextlib.contextmanager
def read_only(*paths):
    modes = [path.stat().st_mode for path in paths]
    for path, mode in zip(paths, modes, strict=True):
        path.chmod(mode & ~0o222)
    try:
        yield {"READ_ONLY": str(paths[0])}
    finally:
        for path, mode in zip(paths, modes, strict=True):
            path.chmod(mode)


@pytest.mark.parametrize("at_rest", [True, False], ids=["at-rest", "with-its-wal"])
@pytest.mark.parametrize("place", ["file", "folder", "both"])
def test_f13_on_a_read_only_place_reading_works_and_writing_ends_with_5(filled, place, at_rest):
    """File, folder or both read-only: every reading command answers, every writing one says so with status 5."""
    filled.run("list")
    if at_rest:
        root_page(db(filled), "papers")
        with contextlib.closing(sqlite3.connect(db(filled))) as raw:
            raw.execute("PRAGMA journal_mode = WAL")
    else:
        assert db(filled).with_name("reftrack.db-wal").exists()
    before = db(filled).read_bytes()
    paths = {"file": [db(filled)], "folder": [db(filled).parent], "both": [db(filled), db(filled).parent]}[place]
    with read_only(*paths) as environment:
        for arguments in READING:
            out, _ = end(start(filled, *arguments, code=UNPRIVILEGED, environment=environment))
            assert out
        if place == "folder" and not at_rest:
            return  # what SQLite needs beside the file is there and may be written
        for arguments in (["tag", "add", FIRST_PMID, "mood"], ["fetch", "--from", filled.file]):
            _, err = end(start(filled, *arguments, code=UNPRIVILEGED, environment=environment), status=5)
            assert "nothing was changed" in err
            assert err.count("\n") == 1
    assert db(filled).read_bytes() == before


@pytest.mark.parametrize("place", ["file", "folder"])
def test_f13_an_older_library_on_a_read_only_place_says_what_to_do(old, place):
    """It cannot be upgraded there: status 5, and the sentence says to copy it or make it writable."""
    before = db(old).read_bytes()
    with read_only(db(old) if place == "file" else db(old).parent) as environment:
        _, err = end(start(old, "list", code=UNPRIVILEGED, environment=environment), status=5)
    assert "older reftrack" in err
    assert "writable" in err
    assert "--db" in err
    assert db(old).read_bytes() == before
    assert not list(db(old).parent.glob("*.bak"))


# F17: kill -9


def test_f17_kill_9_at_50_random_moments_loses_no_finished_batch(workspace):
    """After each kill: the file is whole, records, papers and keys agree, every batch that was counted is there; at the
    end one more fetch completes the library.
    """
    seed = random.SystemRandom().randrange(1 << 32)
    rng = random.Random(seed)
    records = stroke_records(2400)
    stored = []
    with pubmed(workspace, records) as (server, environment):
        for kill in range(50):
            asked = len(server.log)
            fetch = start(workspace, "fetch", environment=environment)
            if rng.random() > 0.1:  # else while it starts
                until(lambda: len(server.log) > asked or fetch.poll() is not None)  # noqa: B023 - called at once
            time.sleep(rng.uniform(0, 0.6))
            fetch.kill()
            _, err = fetch.communicate()
            assert "Traceback" not in err, (seed, kill, err)
            stored.append(check_after_kill(db(workspace), (seed, kill)))
            if stored[-1] > 1800:
                for path in db(workspace).parent.glob("reftrack.db*"):
                    path.unlink()
        result = workspace.run("fetch", environment=environment)
        assert "complete" in result.stdout, seed
    assert workspace.run("list", "--count").stdout == f"{len(records)}\n", seed
    # None of the killed is still said to run; the library may have been begun anew just before the last fetch.
    assert {"complete"} <= {run["status"] for run in workspace.json("runs")} <= {"complete", "interrupted"}, seed
    assert max(stored) > 200, "no kill came late enough to prove anything"


def check_after_kill(path, where):
    """How many papers are stored, after a look at all that must hold; SQLite's own recovery happens at this look."""
    if not path.exists():
        return 0
    assert sound(path) == [], where
    with contextlib.closing(sqlite3.connect(path)) as raw:
        run, received = raw.execute("SELECT run, received FROM runs ORDER BY run DESC LIMIT 1").fetchone() or (0, 0)
        (hits,) = raw.execute("SELECT count(*) FROM hits").fetchone()
        (mine,) = raw.execute("SELECT count(*) FROM hits WHERE last_run = ?", (run,)).fetchone()
        (papers,) = raw.execute("SELECT count(*) FROM papers").fetchone()
        (told,) = raw.execute("SELECT count(*) FROM hits WHERE pmid NOT IN (SELECT pmid FROM records)").fetchone()
    # Killed before PubMed's list was there the run counts nothing, and after it everything of the list that is held.
    assert received == hits or (received, mine) == (0, 0), (where, received, hits, mine)
    assert told == 0, where
    assert papers % 200 == 0, where
    return papers


# F18: the clock


def test_f18_a_clock_set_back_does_not_change_which_run_is_the_newest(workspace):
    """Runs go by their number, not by their time: the ledger, `--new` and what a run compares itself with."""
    times = {1: "2029-01-01T00:00:00Z", 2: "2023-01-01T00:00:00Z"}
    number = 0
    with Library.open(db(workspace), create=True, now=lambda: times[number]) as library:
        for number in (1, 2):
            run = library.begin("stroke", term="t", source="pubmed", version="0")
            with library.transaction():
                library.save(b"x", paper(number), source="pubmed", parser=1)
                library.hit(run, "stroke", [paper(number).pmid])
                library.note(run, "new", joined := list(library.joined("stroke")))
                library.told_joined(run, "stroke", joined)
                library.finish(run, status="complete", received=1, requests=1)
        runs = list(library.runs())
        assert [run.run for run in runs] == [2, 1]
        assert runs[0].started < runs[1].started
        assert library.last_complete("stroke").run == 2
        assert library.select(Selection(new=True)) == [FIRST_PMID + 1]
    shown = workspace.json("runs")
    assert [run["run"] for run in shown] == [2, 1]


# db backup, path, stats


def test_a_backup_is_a_library_by_itself(filled):
    """`db backup` prints a path; the copy there is a library with the same rows and nothing beside it."""
    filled.run("tag", "add", FIRST_PMID, "mood")
    result = filled.run("db", "backup")
    made = Path(result.stdout.strip())
    assert (made.parent.name, made.suffix) == ("backups", ".db")
    assert "3 papers" in result.stderr
    assert [path.name for path in made.parent.iterdir()] == [made.name]
    assert rows_of(made) == rows_of(db(filled))
    assert made.read_bytes()[18:20] == b"\1\1"  # not in WAL mode: it needs no file beside it
    filled.run("--db", made, "doctor")


def test_a_backup_never_overwrites_and_has_the_modes_of_the_library(filled, tmp_path):
    """A file that is there is refused with status 2; a private library has a private copy."""
    db(filled).chmod(0o600)
    target = tmp_path / "copy.db"
    filled.run("db", "backup", target)
    before = target.read_bytes()
    assert "was not touched" in filled.run("db", "backup", target, status=2).stderr
    assert target.read_bytes() == before
    assert target.stat().st_mode & 0o777 == 0o600
    assert "no folder" in filled.run("db", "backup", tmp_path / "none" / "c.db", status=2).stderr
    inside = tmp_path / "folder"
    inside.mkdir()
    assert Path(filled.run("db", "backup", inside).stdout.strip()).parent == inside


def test_two_backups_in_one_second_have_two_names(filled, tmp_path):
    """Names go on with -2, -3; a target that another process made meanwhile is not overwritten."""
    with Reader.open(db(filled)) as reader:
        names = [copy(reader.connection, numbered(tmp_path / "a.db")).path.name for _ in range(3)]
        with pytest.raises(LibraryError, match="was not touched"):
            copy(reader.connection, [tmp_path / "a.db"])
    assert names == ["a.db", "a-2.db", "a-3.db"]


def test_a_backup_beside_a_writer_is_of_one_moment(filled):
    """While another process writes, the copy is made without waiting and holds none of what is not committed."""
    with Library.open(db(filled)) as library, library.transaction():
        library.save(b"x", paper(50), source="pubmed", parser=1)
        made = filled.json("db", "backup")
    assert made["papers"] == 3
    assert made["size"] == Path(made["path"]).stat().st_size
    with Reader.open(Path(made["path"])) as reader:
        assert len(reader.held_pmids()) == 3


def test_a_backup_on_a_full_disk_leaves_no_half_file(full, tmp_path):
    """Where the copy finds no room: status 5, a sentence, no file, and the library is untouched."""
    folder = tmp_path / "small"
    folder.mkdir()
    root_page(db(full), "papers")
    before = db(full).read_bytes()
    backup = start(
        full,
        "db",
        "backup",
        folder / "c.db",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)),
    )
    _, err = end(backup, status=5)
    assert "No copy could be made" in err
    assert list(folder.iterdir()) == []
    assert db(full).read_bytes() == before


def test_a_copy_goes_back_by_copying(filled):
    """The line of the help is enough: move the library away, copy the backup to its place."""
    made = filled.json("db", "backup")["path"]
    filled.run("tag", "add", FIRST_PMID, "mood")
    away = filled.folder / "away"
    away.mkdir()
    for path in db(filled).parent.glob("reftrack.db*"):
        path.rename(away / path.name)
    shutil.copy(made, db(filled))
    assert "mood" not in json.dumps(filled.json("show", FIRST_PMID))
    filled.fetch()


def test_db_stats_counts_what_is_held(filled):
    """`db stats --json` has whole numbers, the years and the times; the text says the same to a person."""
    filled.run("tag", "add", FIRST_PMID, "mood")
    told = filled.json("db", "stats")
    counted = {name: told[name] for name in ("papers", "records", "former_records", "runs", "hand_tags", "schema")}
    assert counted == {
        "papers": 3, "records": 3, "former_records": 0, "runs": 2, "hand_tags": 1, "schema": SCHEMA_VERSION,
    }  # fmt: skip
    assert told["years"] == {"oldest": 2020, "newest": 2022}
    assert told["first_seen"]["oldest"] <= told["first_seen"]["newest"]
    assert told["size"] >= db(filled).stat().st_size
    assert "2020 to 2022" in filled.run("db", "stats").stdout


def test_db_path_and_a_first_day(workspace):
    """`db path` answers before there is a library; a copy of nothing is refused and makes nothing."""
    assert workspace.run("db", "path").stdout.strip() == str(db(workspace))
    assert "is empty" in workspace.run("db", "backup", status=5).stderr
    assert beside(workspace) == []
    assert len(RECORDS) == 4


@pytest.mark.parametrize("point", ["BEGIN IMMEDIATE", "COMMIT"])
def test_ctrl_c_at_either_end_of_a_transaction_leaves_none_open(tmp_path, monkeypatch, point):
    """Between SQLite's own step and ours: the next transaction, as that which says "interrupted", can begin."""
    from reftrack.library.opening import Connection

    with Library.open(tmp_path / "reftrack.db", create=True) as library:

        def run(self, sql, values=(), run=Connection.run):
            if sql == point == "COMMIT":
                raise KeyboardInterrupt
            done = run(self, sql, values)
            if sql == point:
                raise KeyboardInterrupt
            return done

        monkeypatch.setattr(Connection, "run", run)
        with pytest.raises(KeyboardInterrupt), library.transaction():
            library.connection.rows("SELECT 1")
        monkeypatch.undo()
        with library.transaction():
            assert library.connection.value("SELECT count(*) FROM records") == 0
