"""What reftrack does: each job does the work that a row of the table names, through the functions its commands call.

As `theirs`: a job measured from outside prints nothing, one that measures itself prints JSON, name → wall, cpu or MB.
"""

import gc
import hashlib
import json
import marshal
import re
import resource
import statistics
import sys
import time
from pathlib import Path

FEW = 20
"""Papers a list shows."""
BATCH = 200
"""Papers in a transaction, as an import stores them."""


def parse(file):
    """Records are cut out of the file and become Papers, one after another; none is kept."""
    from reftrack import pubmed

    made = sum(pubmed.parse(record.xml) is not None for record in pubmed.cut(_pieces(file)))
    if not made:
        raise SystemExit("no record was read")


def memory(file):
    """MB that reading a file adds to the process that has imported the parser; deletions are passed over."""
    from reftrack import pubmed

    before = _held()
    for record in pubmed.cut(_pieces(file)):
        if not record.name.startswith("Delete"):
            pubmed.parse(record.xml)
    _tell(memory={"memory": _held() - before})


def store_whole(rows, database):
    """All papers in one transaction and one call; search and indexes are built after it, as a first import does."""
    some = marshal.loads(Path(rows).read_bytes())
    _store("whole", database, [some], in_step=False)


def store_without_search(rows, database):
    """The same before anything is built: no index beyond the keys, no search, no counts of tags."""
    some = marshal.loads(Path(rows).read_bytes())
    _store("without_search", database, [some], in_step=False, to_the_end=False)


def store_batches(rows, database):
    """A batch a transaction; search and indexes are built after the last."""
    some = marshal.loads(Path(rows).read_bytes())
    _store("batches", database, _batches(some), in_step=False)


def store_in_step(rows, database):
    """A batch a transaction, each searchable at once; and then all again, as they come in a file that is held."""
    from reftrack import pubmed
    from reftrack.library.inserting import unpack
    from reftrack.library.writing import Library

    batches = _batches(marshal.loads(Path(rows).read_bytes()))
    _store("in_step", database, batches)
    records = [[unpack(one[2]) for one in batch] for batch in batches]
    gc.freeze()
    library = Library.open(Path(database))
    with _clock("again"):
        for batch in records:
            digests = [(pubmed.pmid_of(xml), hashlib.sha256(xml).hexdigest()) for xml in batch]
            same = library.held_as_they_are(digests, parser=pubmed.PARSER_VERSION)
            if len(same) != len(batch):
                raise SystemExit("something held was taken for new")
        library.close()


def _batches(some):
    return [some[start : start + BATCH] for start in range(0, len(some), BATCH)]


def _store(name, database, batches, *, in_step=True, to_the_end=True):
    """Store rows in a new library, as `import` does after it has read and tagged records."""
    from reftrack import tagging
    from reftrack.library.filling import build, leave_out
    from reftrack.library.inserting import Rows
    from reftrack.library.writing import Library
    from reftrack.workflow.filing import file_rows

    rules = tagging.load()
    batches = [[Rows._make(one) for one in batch] for batch in batches]
    gc.freeze()
    library = Library.open(Path(database), create=True)
    library.set_vocabulary(rules.definitions, rules.facet_names)
    with _clock(name):
        if not in_step:
            leave_out(library.connection)
        for batch in batches:
            with library.transaction():
                file_rows(library, rules, batch, source="bench", run=0)
        if not in_step and to_the_end:
            build(library.connection, lambda *_: None)
        library.close()


def search(database, *words):
    """The first papers that a word finds, alone and together with each tag; the tag that costs most counts.

    First every word with every tag, three times; then the pair that was worst, 31 times in turn with its word alone.
    """
    from reftrack.library.opening import open_to_read
    from reftrack.library.selecting import Selection, listed, select

    path = Path(database)

    def once(word, *tags):
        cpu, wall = time.process_time(), time.perf_counter()
        connection = open_to_read(path)
        found = list(listed(connection, select(connection, Selection(text=word, tags=tags, limit=FEW))))
        connection.close()
        return time.perf_counter() - wall, time.process_time() - cpu, len(found)

    connection = open_to_read(path)
    tags = [tag for (tag,) in connection.rows("SELECT tag FROM tag_counts WHERE papers > 0")]
    connection.close()

    def wall(*asked):
        return statistics.median(once(*asked)[0] for _ in range(3))

    alone = {word: wall(word) for word in words if once(word)[2]}
    worst = max(((wall(word, tag) / alone[word], word, tag) for word in alone for tag in tags), default=None)
    if worst is None:
        raise SystemExit("no word was found")
    _, word, tag = worst
    turns = [(once(word), once(word, tag)) for _ in range(31)]
    told = {}
    for place, name in enumerate(("word", "word_and_tag")):
        told[name] = {
            "wall": statistics.median(turn[place][0] for turn in turns),
            "cpu": statistics.median(turn[place][1] for turn in turns),
        }
    _tell(**told)


def work(name, *words):
    """A command once more and again in a process that has run it: its modules are loaded by then."""
    import contextlib
    import io

    from reftrack.cli import main

    took = []
    for _ in range(12):
        cpu, wall = time.process_time(), time.perf_counter()
        shown = io.StringIO()
        with (
            contextlib.redirect_stdout(shown),
            contextlib.redirect_stderr(io.StringIO()),
            contextlib.suppress(SystemExit),
        ):
            main(list(words), prog_name="reftrack")
        took.append((time.perf_counter() - wall, time.process_time() - cpu))
        if not shown.getvalue():
            raise SystemExit("nothing was printed")
    walls, cpus = zip(*took[2:], strict=True)
    _tell(**{name: {"wall": statistics.median(walls), "cpu": statistics.median(cpus)}})


def write(name, form, database, most, abstracts=""):
    """Papers, held in memory, as text of a format."""
    from reftrack.export import FORMATS, Options

    held = _papers(database, most)
    _passes(name, lambda: "".join(FORMATS[form].write(held, Options(abstracts=bool(abstracts)))))


def write_plain(name, database, most, abstracts=""):
    """The floor of BibTeX: f-strings around what the record says, no escape, no capitals kept, no ranges in full."""
    held = _papers(database, most)
    write = _plain_with_abstract if abstracts else _plain
    _passes(name, lambda: "".join(map(write, held)))


def _plain_with_abstract(held):
    abstract = "\n\n".join([f"{one.label}: {one.text}" if one.label else one.text for one in held.paper.abstract])
    return f"{_plain(held)[:-3]}  abstract = {{{abstract}}},\n}}\n\n"


def _plain(held):
    paper = held.paper
    authors = " and ".join([f"{one.family}, {one.given}" for one in paper.authors])
    words = [one.name for one in paper.mesh] + [one.name for one in paper.keywords] + [one.slug for one in held.tags]
    languages = " and ".join(paper.languages)
    volume = f"  volume = {{{paper.volume}}},\n" if paper.volume else ""
    issue = f"  number = {{{paper.issue}}},\n" if paper.issue else ""
    pages = f"  pages = {{{paper.pages}}},\n" if paper.pages else ""
    month = f"  month = {paper.date.month},\n" if paper.date.month else ""
    doi = f"  doi = {{{paper.doi}}},\n" if paper.doi else ""
    pmcid = f"  pmcid = {{{paper.pmcid}}},\n" if paper.pmcid else ""
    return (
        f"@article{{{held.key},\n  author = {{{authors}}},\n  title = {{{paper.title}}},\n"
        f"  journal = {{{paper.journal}}},\n  year = {{{paper.date.year}}},\n{month}{volume}{issue}{pages}{doi}"
        f"  pmid = {{{paper.pmid}}},\n{pmcid}  issn = {{{paper.issn}}},\n  language = {{{languages}}},\n"
        f"  keywords = {{{', '.join(words)}}},\n}}\n\n"
    )


def _papers(database, most):
    """So many papers of a library, whole."""
    from reftrack.library.reading import Reader

    with Reader.open(Path(database)) as reader:
        pmids = reader.held_pmids()
        step = max(1, len(pmids) // int(most))
        held = list(reader.held(pmids[::step][: int(most)]))
    gc.freeze()
    return held


def _passes(name, write):
    """The median of a few passes after one that does not count, as a table is filled or a pattern compiled in it."""
    took = []
    for _ in range(4):
        cpu, wall = time.process_time(), time.perf_counter()
        if not write():
            raise SystemExit("nothing was written")
        took.append((time.perf_counter() - wall, time.process_time() - cpu))
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
            _told[self.name] = {"wall": wall, "cpu": cpu}


_told = {}


def _tell(**told):
    _told.update(told)


def _pieces(file):
    with Path(file).open("rb") as stream:
        while piece := stream.read(1 << 16):
            yield piece


def _held():
    """The most MB that this process ever held. Linux counts what `getrusage` tells from before the program began."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(_told))
