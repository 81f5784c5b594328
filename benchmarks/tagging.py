"""Tag real records: how many a second on one core, with scores and evidence?

    python benchmarks/tagging.py [RECORDS.xml.gz ...] [--records 4000] [--passes 3]

Takes up to `records` records spread over each PubMed file and parses them before any clock starts. *Cold* is the first
time that freshly loaded rules read them, as in a retag or a fetch: every word is new. *Warm* is the second time. CPU
seconds count, the best of the passes; each file is measured in a process of its own. `MB for tagging` is what rules and
remembered words add to the process that holds the records. Prints a table in markdown.
"""

import argparse
import gzip
import json
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

from reftrack import pubmed, tagging
from reftrack.workflow.filing import uncollected

FILES = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "pubmed-xml"


def records(file):
    """The records of a PubMed file, one by one."""
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
        cut = pubmed.cut(iter(lambda: stream.read(1 << 20), b""))
        yield from (record.xml for record in cut if not record.name.startswith("Delete"))


def papers(file, most):
    """Up to `most` papers, spread over the file. It is read twice, so that no text but theirs takes memory."""
    count = sum(1 for _ in records(file))
    wanted = {place * count // most for place in range(most)} if count > most else range(count)
    return [pubmed.parse(xml) for place, xml in enumerate(records(file)) if place in wanted]


def memory():
    """The most that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20)


def seconds(held, rules):
    """CPU seconds to tag all papers once, without a garbage collector, as workflow files papers."""
    with uncollected():
        began = time.process_time()
        for paper in held:
            tagging.tag(paper, rules)
        return time.process_time() - began


def measure(file, most, passes):
    """Print what one file took."""
    held = papers(file, most)
    before = memory()
    cold, warm, after = [], [], 0.0
    for _ in range(passes):
        rules = tagging.load()
        _ = rules.tries  # they are grown once in a process, however many papers it reads
        cold.append(seconds(held, rules))
        after = after or memory()
        warm.append(seconds(held, rules))
    found = [tagging.tag(paper, rules) for paper in held]
    print(
        json.dumps(
            {
                "records": len(held),
                "cold": len(held) / min(cold),
                "warm": len(held) / min(warm),
                "tags": sum(map(len, found)) / len(held),
                "evidence": sum(len(tag.evidence) for tags in found for tag in tags) / len(held),
                "characters": sum(len(part.text) for paper in held for part in paper.abstract) / len(held),
                "memory": after - before,
                "all": memory(),
            }
        )
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="*", default=sorted(FILES.glob("*.xml.gz")))
    parser.add_argument("--records", type=int, default=4000)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        return measure(given.files[0], given.records, given.passes)
    if not given.files:
        parser.error("name a file of PubMed records")
    print(f"{platform.processor() or platform.machine()}, {platform.system()}, Python {platform.python_version()}\n")
    heads = ("file", "records", "characters of abstract", "tags", "evidence", "cold, records/s", "warm, records/s")
    print(f"| {' | '.join((*heads, 'MB for tagging', 'MB at most'))} |\n{'|---' * (len(heads) + 2)}|")
    for file in given.files:
        command = [sys.executable, __file__, str(file), "--records", str(given.records), "--passes", str(given.passes)]
        seen = json.loads(subprocess.run([*command, "--child"], check=True, stdout=subprocess.PIPE).stdout)
        print(
            f"| {file.name} | {seen['records']:,} | {seen['characters']:,.0f} | {seen['tags']:.1f} "
            f"| {seen['evidence']:.1f} | {seen['cold']:,.0f} | {seen['warm']:,.0f} "
            f"| {seen['memory']:.0f} | {seen['all']:.0f} |",
            flush=True,
        )
    return None


if __name__ == "__main__":
    main()
