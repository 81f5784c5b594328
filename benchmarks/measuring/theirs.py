"""What peers do: each job does the work that a row of the table names as well as its library can.

Runs in the environment of the peers and never imports reftrack. A job that is measured from outside prints nothing; one
that measures itself prints a line of JSON: name → wall and CPU seconds, or MB. What is loaded or made ready before the
clock starts is to the peer's advantage, and is the same that reftrack's job has ready.
"""

import gc
import json
import marshal
import re
import resource
import sqlite3
import statistics
import sys
import time
from pathlib import Path
from types import SimpleNamespace


def parse_entrez(file):
    """Biopython's parser, which gives dictionaries that hold all of a record."""
    from Bio import Entrez

    with Path(file).open("rb") as stream:
        _check(Entrez.read(stream)["PubmedArticle"])


def parse_entrez_uncollected(file):
    """The same with Python's garbage collector off, which its users can do, too."""
    gc.disable()
    parse_entrez(file)


def parse_lxml(file):
    """No records at all: bytes become a tree in C, and nothing is read from it."""
    import lxml.etree

    _check(lxml.etree.fromstring(Path(file).read_bytes()))


def parse_pubmed_parser(file):
    """Flat dictionaries with some twenty fields of a record; none is kept."""
    import pubmed_parser
    from pubmed_parser import medline_parser

    medline_parser.gzip = SimpleNamespace(open=open)  # it takes only gzip: this spares it the unpacking
    _check(range(sum(1 for _ in pubmed_parser.parse_medline_xml(file))))


def memory_entrez(file):
    """MB that reading a file adds to the process that has imported the parser."""
    from Bio import Entrez

    before = _held()
    with Path(file).open("rb") as stream:
        _check(Entrez.read(stream))
    _tell(entrez_memory={"memory": _held() - before})


def store_bare(tables, database):
    """The rows that reftrack stores, into the same tables without an index or search, one executemany a table."""
    schema, rows = marshal.loads(Path(tables).read_bytes())
    gc.freeze()
    raw = _empty(database, schema)
    with _clock("bare"):
        raw.execute("BEGIN")
        for table, (columns, held) in rows.items():
            raw.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(columns))})", held)
        raw.execute("COMMIT")
        raw.close()


def store_sqlite_utils(tables, database):
    """The same by sqlite-utils: `insert_all` of lists, its quickest form, all in one transaction."""
    from sqlite_utils import Database

    schema, rows = marshal.loads(Path(tables).read_bytes())
    gc.freeze()
    raw = _empty(database, schema)
    db = Database(raw)
    with _clock("sqlite_utils"):
        with db.atomic():
            for table, (columns, held) in rows.items():
                if held:
                    db[table].insert_all(iter([columns, *held]), batch_size=1000)
        raw.close()


def _empty(database, schema):
    raw = sqlite3.connect(database, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -65536"):
        raw.execute(f"PRAGMA {pragma}")
    for statement in schema:
        raw.execute(statement)
    return raw


def write_bibtexparser(name, entries):
    """Let bibtexparser 1 write entries whose values are ready LaTeX, in the order in which they come."""
    from bibtexparser.bibdatabase import BibDatabase
    from bibtexparser.bwriter import BibTexWriter, SortingStrategy

    database = BibDatabase()
    database.entries = json.loads(Path(entries).read_bytes())
    writer = BibTexWriter()
    writer.order_entries_by = None
    writer.display_order_sorting = SortingStrategy.PRESERVE
    gc.freeze()
    _passes(name, lambda: writer.write(database))


def write_rispy(file):
    """The rispy writer, given what its own reader made of our file."""
    import rispy

    references = rispy.loads(Path(file).read_text(encoding="utf-8"))
    gc.freeze()
    _passes("rispy", lambda: rispy.dumps(references))


def write_pybtex(file):
    """The pybtex writer, given what its own reader made of our file."""
    from pybtex.database import parse_string

    data = parse_string(Path(file).read_text(encoding="utf-8"), "bibtex")
    gc.freeze()
    _passes("pybtex", lambda: data.to_string("bibtex"))


def _passes(name, write):
    """The median of a few passes after one that does not count, as a table is filled or a pattern compiled in it."""
    took = []
    for _ in range(4):
        cpu, wall = time.process_time(), time.perf_counter()
        text = write()
        took.append((time.perf_counter() - wall, time.process_time() - cpu))
        _check(text)
    walls, cpus = zip(*took[1:], strict=True)
    _tell(**{name: {"wall": statistics.median(walls), "cpu": statistics.median(cpus)}})


class _clock:  # noqa: N801 - used as a word of the language
    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.cpu, self.wall = time.process_time(), time.perf_counter()

    def __exit__(self, kind, *_):
        wall, cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
        if kind is None:
            _tell(**{self.name: {"wall": wall, "cpu": cpu}})


def _tell(**told):
    print(json.dumps(told))


def _held():
    """The most MB that this process ever held. Linux counts what `getrusage` tells from before the program began."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20)


def _check(made):
    if not len(made):
        raise SystemExit("the peer made nothing of it")


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
