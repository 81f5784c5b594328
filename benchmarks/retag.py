"""Retag a large library: how long, and in how much memory? And how soon is it seen that nothing is stale?

    python benchmarks/retag.py [--papers 10000 100000] [--file RECORDS.xml.gz] [--keep FOLDER]

The library holds the records of a PubMed file, or made-up ones, again and again under new PMIDs; it is stored without
fetching, and tagged by the shipped rules. Then, each in a process of its own: the rehearsal of one more phrase in one
rule, that retag for good, and a retag with nothing left to do. Prints a table in markdown.
"""

import argparse
import gzip
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

from reftrack import pubmed, tagging
from reftrack.library.writing import Library
from reftrack.workflow.filing import uncollected
from reftrack.workflow.retagging import retag

FIRST = 100_000_001
SAMPLE = 2000
AT_ONCE = 2000
CHANGED = "[tag.mortality.add]\nany.1 = 'examplin {}'\n"


def sample(file):
    """Papers to be stored again and again."""
    if file:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            cut = pubmed.cut(iter(lambda: stream.read(1 << 20), b""))
            return [pubmed.parse(record.xml) for record in islice(cut, SAMPLE) if record.name == "PubmedArticle"]
    from fetch import record  # the benchmark beside this one

    return [pubmed.parse(record(90_000_001 + number)) for number in range(SAMPLE)]


def build(path, count, file):
    """Store `count` papers with their tags."""
    rules = tagging.load()
    models = [(paper, tagging.tag(paper, rules), tagging.content_hash(paper)) for paper in sample(file)]
    with Library.open(path, create=True) as library:
        library.set_vocabulary(rules.definitions)
        for start in range(0, count, AT_ONCE):
            with uncollected(), library.transaction(), library.gathering():
                for number in range(start, min(start + AT_ONCE, count)):
                    paper, tags, content = models[number % len(models)]
                    paper = replace(paper, pmid=FIRST + number)
                    library.save(b"<x/>", paper, source="bench", parser=pubmed.PARSER_VERSION)
                    library.set_rule_tags(paper.pmid, tags, content_hash=content, rules_hash=rules.hash)


def measure(path, what, stamp):
    """Retag and print what it took."""
    rules = tagging.load([("changed.toml", CHANGED.format(stamp))])
    with Library.open(path) as library:
        wall, cpu = time.perf_counter(), time.process_time()
        done = retag(library, rules, dry_run=what == "rehearsal")
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20)
    print(json.dumps({"wall": wall, "cpu": cpu, "tagged": done.tagged, "memory": memory}))


def child(*words):
    out = subprocess.run([sys.executable, __file__, *map(str, words)], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(out.stdout) if out.stdout else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--papers", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--file", type=Path, help="records to repeat, PubMed XML; else made-up ones")
    parser.add_argument("--keep", type=Path, help="a folder for the libraries; those already in it are used")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        what, path, *rest = given.child
        return build(Path(path), int(rest[0]), given.file) if what == "build" else measure(Path(path), what, *rest)
    print(f"{platform.processor() or platform.machine()}, {platform.system()}, Python {platform.python_version()}")
    print(f"`python benchmarks/{' '.join([Path(__file__).name, *sys.argv[1:]])}`\n")
    heads = ("papers", "retag", "seconds", "CPU seconds", "papers a CPU second", "MB at most")
    print(f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|")
    with tempfile.TemporaryDirectory() as folder:
        for count in given.papers:
            path = (given.keep or Path(folder)) / f"retag-{count}.db"
            if not path.exists():
                child(*(("--file", given.file) if given.file else ()), "--child", "build", path, count)
            stamp = time.time_ns()  # other rules than the last measurement left in a library that was kept
            for what in ("rehearsal", "changed", "unchanged"):
                seen = child("--child", what, path, stamp)
                rate = f"{seen['tagged'] / seen['cpu']:,.0f}" if seen["tagged"] else ""
                print(
                    f"| {count:,} | {what} | {seen['wall']:.2f} | {seen['cpu']:.2f} | {rate} | {seen['memory']:.0f} |",
                    flush=True,
                )
    return None


if __name__ == "__main__":
    main()
