"""NLM's files come into the library: read by several processes, written by one, in the order of their names."""

import gzip
import hashlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from desk import Workspace, terminal
from papers import FIRST_PMID, document, record
from reftrack.workflow.preparing import cores
from test_library_safety import db, rows_of, sound

ALONE = "from reftrack.cli import main; main()"
MANY = f"import reftrack.workflow.preparing as p; p.WORTH_IT = 0; p.cores = lambda: 2; {ALONE}"
DELETED = b"<DeleteCitation>%s</DeleteCitation>"


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


def made(number, **values):
    words = "ischemic stroke" if number % 2 else "traumatic brain injury"
    abstract = (("METHODS", f"Group {number} was randomly assigned."), ("RESULTS", "Mortality fell."))
    return record(number, **{"title": f"Examplin in {words}, part {number}.", "abstract": abstract} | values)


def revised(number, day, **values):
    extra = f"<DateRevised><Year>2024</Year><Month>05</Month><Day>{day:02}</Day></DateRevised>".encode()
    xml = made(number, **values)
    return re.sub(rb"(<MedlineCitation[^>]*>\s*<PMID[^>]*>\d+</PMID>)", rb"\1" + extra, xml, count=1)


def file_of(folder, name, *records, deleted=()):
    pmids = b"".join(b'<PMID Version="1">%d</PMID>' % (FIRST_PMID - 1 + number) for number in deleted)
    whole = document(*records)
    if deleted:
        whole = whole.replace(b"</PubmedArticleSet>", DELETED % pmids + b"</PubmedArticleSet>")
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(gzip.compress(whole) if name.endswith(".gz") else whole)
    return folder / name


def content(workspace):
    """Every row but for times."""
    return {
        table: [
            {
                key: value
                for key, value in row.items()
                if not re.fullmatch(r".*(seen|fetched|at|given|started|finished|replaced)", key)
            }
            for row in rows
        ]
        for table, rows in rows_of(db(workspace)).items()
    }


def test_several_processes_store_what_one_does(workspace, tmp_path):
    """Rows made in other processes are the rows that one process makes, of records new, twice there, and unreadable."""
    records = [made(number) for number in range(1, 700)]
    records[250:250] = [made(13), made(17, title="Examplin in stroke, another state.")]
    records[400] = b"<PubmedArticle><MedlineCitation>" + b"</MedlineCitation></PubmedArticle>"
    file_of(workspace.folder, "records.xml", *records)
    (tmp_path / "other").mkdir()
    other = Workspace(tmp_path / "other")
    (other.folder / "records.xml").write_bytes((workspace.folder / "records.xml").read_bytes())
    many = workspace.process("import", "records.xml", code=MANY)
    alone = other.process("import", "records.xml", code=ALONE)
    assert many.returncode == alone.returncode == 4, many.stderr
    assert many.stdout == alone.stdout
    assert b"698 new" in many.stdout
    assert content(workspace) == content(other)
    assert sound(db(workspace)) == []


def test_what_is_held_is_passed_over(workspace, monkeypatch):
    """The same file again reads no record; one that was damaged in the library is read and mended."""
    path = file_of(workspace.folder, "records.xml", *(made(number) for number in range(1, 31)))
    workspace.run("import", path)
    before = content(workspace)
    read = []
    monkeypatch.setattr("reftrack.pubmed.parse", read.append)
    assert "0 new, 0 changed, 30 held already" in workspace.run("import", path).stdout
    assert read == []
    monkeypatch.undo()
    with closing(sqlite3.connect(db(workspace))) as raw:
        raw.execute("UPDATE records SET xml = x'00' WHERE pmid = ?", (FIRST_PMID + 4,))
        raw.commit()
    workspace.run("import", path)
    assert content(workspace)["papers"] == before["papers"]
    assert content(workspace)["records"] == before["records"]


def test_keys_do_not_depend_on_the_order_of_a_file(workspace):
    """Papers that would have one key get theirs by PMID ascending, wherever they stand in the file."""
    file_of(workspace.folder, "records.xml", *(made(number) for number in (5, 3, 4, 1, 2)))
    workspace.run("import", "records.xml")
    keys = {one["pmid"]: one["key"] for one in workspace.json("list")}
    assert [keys[FIRST_PMID + place] for place in range(5)] == ["example2020", *(f"example2020{x}" for x in "abcd")]


def test_a_folder_is_read_in_the_order_of_its_names(workspace):
    """Later files win, whatever the order on disk; what a file deletes is marked, what comes back is served again."""
    folder = workspace.folder / "files"
    file_of(folder, "pubmed26n0003.xml.gz", revised(2, 9, title="Examplin in stroke, third."), deleted=[3])
    file_of(folder, "pubmed26n0001.xml.gz", *(revised(number, 1) for number in range(1, 5)))
    file_of(folder, "pubmed26n0002.xml.gz", revised(2, 5, title="Examplin in stroke, second."), deleted=[1, 4])
    (folder / "readme.txt").write_text("no records")
    done = workspace.run("import", folder)
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [f"pubmed26n000{n}.xml.gz" for n in (1, 2, 3)]
    (two,) = workspace.json("show", str(FIRST_PMID + 1))
    assert two["title"] == "Examplin in stroke, third."
    assert deleted(workspace) == [FIRST_PMID, FIRST_PMID + 2, FIRST_PMID + 3]
    file_of(folder, "pubmed26n0004.xml.gz", revised(4, 20, title="Examplin in stroke, back."))
    workspace.run("import", folder / "pubmed26n0004.xml.gz")
    assert deleted(workspace) == [FIRST_PMID, FIRST_PMID + 2]
    workspace.run("import", folder)
    assert deleted(workspace) == [FIRST_PMID, FIRST_PMID + 2, FIRST_PMID + 3], "an older file's deletion is said again"


def deleted(workspace):
    return sorted(row["pmid"] for row in rows_of(db(workspace))["checks"] if row["deleted"])


def test_a_file_is_held_against_its_checksum(workspace):
    """A file that is not what the .md5 beside it says is refused whole; what came before it stays."""
    folder = workspace.folder / "files"
    first = file_of(folder, "pubmed26n0001.xml.gz", made(1))
    second = file_of(folder, "pubmed26n0002.xml.gz", made(2))
    for path in (first, second):
        digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        path.with_name(path.name + ".md5").write_text(f"MD5({path.name})= {digest}\n")
    assert workspace.run("import", folder).stdout.count("1 new") == 2
    file_of(folder, "pubmed26n0002.xml.gz", made(2), made(3))
    told = workspace.run("import", folder, status=4).stderr
    assert "pubmed26n0002.xml.gz is not what pubmed26n0002.xml.gz.md5 beside it says" in told
    assert len(workspace.json("list")) == 2
    assert workspace.json("runs", ":imports")[0]["status"] == "failed"


def schema(workspace):
    """Everything that the library has, but for the tables that belong to search."""
    with closing(sqlite3.connect(db(workspace))) as raw:
        held = raw.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'papers_fts_%'")
        return sorted(held, key=str), raw.execute("PRAGMA user_version").fetchone()


def searchable(workspace):
    """Whether search holds just what the papers say."""
    with closing(sqlite3.connect(db(workspace))) as raw:
        raw.execute("INSERT INTO papers_fts(papers_fts, rank) VALUES ('integrity-check', 1)")
        counted = raw.execute("SELECT tag, count(*) FROM paper_tags GROUP BY tag ORDER BY tag").fetchall()
        return counted == raw.execute("SELECT * FROM tag_counts WHERE papers > 0 ORDER BY tag").fetchall()


def unfinished(workspace):
    """Whether search and indexes are still to be built."""
    with closing(sqlite3.connect(db(workspace))) as raw:
        return raw.execute("PRAGMA user_version").fetchone()[0] < 0


def test_what_is_built_last_is_what_is_kept_in_step(workspace, tmp_path):
    """A first import leaves search, indexes and counts to its end; then all of the schema is as it always is."""
    folder = workspace.folder / "files"
    file_of(folder, "pubmed26n0001.xml", *(revised(number, 1) for number in range(1, 41)))
    file_of(folder, "pubmed26n0002.xml", *(revised(number, 9, title=f"Later {number}.") for number in range(30, 51)))
    workspace.process("import", "files", code=MANY)
    assert searchable(workspace)
    (tmp_path / "other").mkdir()
    other = Workspace(tmp_path / "other")
    folder.rename(other.folder / "files")
    other.run("import", "files")
    assert sound(db(workspace)) == []
    for words in (
        ["list", "later"],
        ["list", "stroke", "--tag", "tbi"],
        ["list", "--sort", "title"],
        ["count", "--by", "study"],
    ):
        assert workspace.run(*words).stdout == other.run(*words).stdout
    assert schema(workspace) == schema(other)
    assert content(workspace) == content(other)


def test_what_somebody_put_into_the_library_is_left_in_it(workspace):
    """Indexes of any name are built again; a trigger and a unique index of somebody's own hold for every row."""
    workspace.run("import", file_of(workspace.folder, "first.xml", made(1)))
    workspace.run("import", "--undo", "last")
    own = ('CREATE INDEX "my ""own"" index" ON papers(volume)', "CREATE UNIQUE INDEX twice ON papers(title)")
    with closing(sqlite3.connect(db(workspace))) as raw:
        raw.execute("CREATE TABLE came (pmid)")
        raw.execute('CREATE TRIGGER "it-came" AFTER INSERT ON papers BEGIN INSERT INTO came VALUES (new.pmid); END')
        for sql in own:
            raw.execute(sql)
        raw.commit()
    before = schema(workspace)
    file_of(workspace.folder, "records.xml", *(made(number) for number in range(1, 31)))
    done = workspace.process("import", "records.xml", code=MANY)
    assert done.returncode == 0, done.stderr
    assert schema(workspace) == before
    assert len(rows_of(db(workspace))["came"]) == 30
    file_of(workspace.folder, "same.xml", made(41), made(42, title=made_title(41)))
    workspace.run("import", "--undo", "last")
    assert workspace.process("import", "same.xml", code=MANY).returncode == 5
    assert workspace.run("list", "--count").stdout == "0\n", "what was refused keeps nobody out"


def made_title(number):
    return f"Examplin in ischemic stroke, part {number}."


def test_papers_that_change_while_a_library_is_filled_are_found_by_an_index(workspace, monkeypatch):
    """Later files of a first import change papers of earlier ones: no statement reads all of a table for one paper."""
    monkeypatch.setattr("reftrack.workflow.preparing.WORTH_IT", 0)
    monkeypatch.setattr("reftrack.workflow.preparing.cores", lambda: 1)
    from reftrack.workflow.importing import _Storing

    plans = []

    def store(self, batch, made, store=_Storing._store):
        raw, ran = self.library.connection.raw, []
        raw.set_trace_callback(ran.append)
        store(self, batch, made)
        raw.set_trace_callback(None)
        assert unfinished(workspace)
        for sql in ran:
            if self.result.changed and sql.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
                plans.extend((row[3], sql) for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}"))

    monkeypatch.setattr(_Storing, "_store", store)
    folder = workspace.folder / "files"
    file_of(folder, "pubmed26n0001.xml", *(revised(number, 1) for number in range(1, 5)))
    file_of(folder, "pubmed26n0002.xml", *(revised(number, 9, title="Examplin in rats.") for number in range(1, 5)))
    workspace.run("import", folder)
    assert any("paper_tags" in step for step, _ in plans)
    assert [step for step in plans if re.match(r"SCAN (?!json_each|value)", step[0])] == []


def test_only_an_empty_library_is_filled(workspace, monkeypatch):
    """Where something is held, search stays in step, and whoever looks meanwhile waits for nothing."""
    workspace.run("import", file_of(workspace.folder, "first.xml", made(1)))
    seen = []
    monkeypatch.setattr("reftrack.workflow.preparing.WORTH_IT", 0)
    monkeypatch.setattr("reftrack.workflow.preparing.cores", lambda: 1)
    monkeypatch.setattr("reftrack.workflow.importing._Storing._store", lambda *_: seen.append(unfinished(workspace)))
    workspace.run("import", file_of(workspace.folder, "second.xml", made(2)))
    assert seen == [False]


def test_a_reader_of_a_library_that_is_filled_finds_everything(workspace, monkeypatch):
    """Somebody looks while the import goes on: what is stored by then is found, and the import comes to its end."""
    monkeypatch.setattr("reftrack.workflow.preparing.WORTH_IT", 0)
    monkeypatch.setattr("reftrack.workflow.preparing.cores", lambda: 1)
    monkeypatch.setattr("reftrack.workflow.importing.BATCH", 10)
    from reftrack.workflow.importing import _Storing

    seen = []

    def store(self, batch, made, store=_Storing._store):
        store(self, batch, made)
        if unfinished(workspace) and self.result.records == 20:
            other = workspace.process("list", "examplin", "--count", code=ALONE)
            seen.append((other.stdout, b"20 papers that it stored were made searchable now" in other.stderr))

    from reftrack.library import filling

    told = []
    monkeypatch.setattr(filling, "build", lambda one, _, build=filling.build: build(one, lambda *all: told.append(all)))
    monkeypatch.setattr(_Storing, "_store", store)
    workspace.run("import", file_of(workspace.folder, "records.xml", *(made(number) for number in range(1, 51))))
    assert seen == [(b"20\n", True)]
    assert told == [], "nothing is left to be built, so no bar says that it is"
    assert workspace.run("list", "examplin", "--count").stdout == "50\n"
    assert searchable(workspace)
    assert sound(db(workspace)) == []


@pytest.mark.parametrize("command", [["list", "examplin", "--count"], ["tag", "list"], ["db", "stats"], ["runs"]])
def test_whoever_comes_after_an_import_that_was_killed_builds_search(workspace, command):
    """A first import is killed; the next command, whichever, makes what was stored searchable, and says so once."""
    process = begun(workspace)
    process.kill()
    process.communicate()
    assert unfinished(workspace)
    told = workspace.run(*command)
    assert "that it stored were made searchable now" in told.stderr
    assert not unfinished(workspace)
    assert searchable(workspace)
    assert sound(db(workspace)) == []
    held = len(rows_of(db(workspace))["papers"])
    assert workspace.run("list", "examplin", "--count").stdout == f"{held}\n"
    assert "searchable" not in workspace.run(*command).stderr


def test_a_build_that_is_killed_is_done_again(workspace, monkeypatch):
    """Search and indexes are built in one transaction: a build that ends half-way leaves nothing of it."""
    process = begun(workspace)
    process.kill()
    process.communicate()
    from reftrack.library import filling

    monkeypatch.setattr(filling, "_SEARCH", "SELECT some FROM nowhere WHERE ? < ?")
    assert "no such table: nowhere" in workspace.run("list", status=5).stderr
    assert unfinished(workspace)
    monkeypatch.undo()
    workspace.run("list")
    assert searchable(workspace)


def test_a_library_that_cannot_be_written_says_that_it_is_unfinished(workspace, monkeypatch):
    """Nothing is found in part: read-only, a library whose import was killed is refused with what to do."""
    process = begun(workspace)
    process.kill()
    process.communicate()
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and access(path, mode))
    assert "has not come to its end, so nothing can be found yet" in workspace.run("list", status=5).stderr


def test_an_import_that_begins_while_somebody_upgrades_keeps_nobody_out(workspace, monkeypatch):
    """Two find an old, empty library; one upgrades it and fills it before the other's turn has come."""
    from reftrack.library import upgrading
    from reftrack.library.filling import leave_out
    from reftrack.library.writing import Library

    with closing(Library.open(db(workspace), create=True)) as library:
        raw = library.connection.raw
        raw.execute("DROP INDEX papers_by_languages")
        raw.execute("DELETE FROM _sqlite_migrations WHERE name = 'm0008_languages'")
        raw.execute("PRAGMA user_version = 7")

    def upgrade(path, upgrade=upgrading.upgrade):
        upgrade(path)
        monkeypatch.undo()
        with closing(Library.open(path)) as other:
            assert leave_out(other.connection)
        return upgrade(path)

    monkeypatch.setattr(upgrading, "upgrade", upgrade)
    assert workspace.run("list", "--count").stdout == "0\n"
    assert not unfinished(workspace)
    assert sound(db(workspace)) == []


def children(pid):
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(one) for one in found]


def stored(workspace):
    """Whether any record is in the library yet."""
    if not db(workspace).exists():
        return False
    with closing(sqlite3.connect(f"file:{db(workspace)}?mode=ro", uri=True)) as raw:
        return raw.execute("SELECT EXISTS (SELECT 1 FROM records)").fetchone()[0]


def started(workspace, count, code=MANY):
    """An import of so many records, as a process group of its own."""
    file_of(workspace.folder, "records.xml", *(made(number) for number in range(1, count + 1)))
    return subprocess.Popen(
        [sys.executable, "-c", code, "import", "records.xml"],
        cwd=workspace.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def begun(workspace, code=MANY):
    """An import by several processes that is under way: some stored, more to come."""
    process = started(workspace, 6000, code)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        if stored(workspace):
            break
        time.sleep(0.02)
    assert process.poll() is None
    return process


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_no_process_outlives_the_one_that_writes(workspace):
    """Killed, the import leaves a sound library and no process behind; the same command goes on."""
    process = begun(workspace)
    readers = children(process.pid)
    assert len(readers) >= 2
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 10
    while any(
        Path(f"/proc/{pid}/stat").exists() and " Z " not in Path(f"/proc/{pid}/stat").read_text() for pid in readers
    ):
        assert time.monotonic() < deadline, "a process that reads waits for ever"
        time.sleep(0.05)
    assert sound(db(workspace)) == []
    assert "6,000 PubMed records" in workspace.run("import", "records.xml").stdout
    assert workspace.run("list", "--count").stdout == "6000\n"


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_a_reader_that_is_killed_is_told(workspace):
    """Ended from outside, a reader stops the import in one sentence with status 4; what was stored stays."""
    process = begun(workspace)
    reader = children(process.pid)[-1]
    os.kill(reader, signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 4, err
    assert b"ended from outside" in err
    assert b"Traceback" not in err
    assert workspace.json("runs", ":imports")[0]["status"] == "partial"
    assert "6,000 PubMed records" in workspace.run("import", "records.xml").stdout
    assert workspace.run("list", "--count").stdout == "6000\n"


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_stops_all_of_them(workspace):
    """Ctrl-C goes to the whole group of processes, as a terminal sends it: one sentence, status 130."""
    process = begun(workspace)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert b"Traceback" not in err
    assert workspace.json("runs", ":imports")[0]["status"] == "interrupted"
    assert sound(db(workspace)) == []


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_ctrl_c_while_they_are_being_started_is_one_sentence(workspace):
    """A process that reads is hit before it has loaded anything: it says nothing, and ends with the one that writes."""
    process = started(workspace, 1000)
    deadline = time.monotonic() + 30
    while len(children(process.pid)) < 2:  # the first one only tracks what they share
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(0.03)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert b"Traceback" not in err


def test_one_bar_for_a_folder(workspace):
    """On a terminal a bar runs over all the files of a folder."""
    folder = workspace.folder / "files"
    for name in (1, 2):
        file_of(folder, f"pubmed26n000{name}.xml", *(made(number) for number in range(name * 1000, name * 1000 + 900)))
    status, seen = terminal([sys.executable, "-m", "reftrack", "import", "files"], workspace.folder)
    assert status == 0
    assert "importing" in seen
    assert "Traceback" not in seen


def test_cores_are_those_that_this_process_may_use():
    """At least one, and none that it may not."""
    assert 1 <= cores() <= (os.cpu_count() or 1)
