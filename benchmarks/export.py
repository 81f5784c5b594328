"""Write real records: how many a second, beside the peers that write the same format?

    python benchmarks/export.py [RECORDS.xml.gz ...] [--records 5000] [--passes 5]

Takes up to `records` records spread over the PubMed files, parses and tags them before any clock starts, and lets every
writer write them all, `passes` times in turn. A peer gets its own objects, filled with the very values that reftrack
writes (read back from its file), so that it has nothing left to do but write: no escaping, no choice of fields. The
floor only joins such ready values, by bibtexparser without its middleware: what is above it is the price of deciding
what to write. CPU seconds, the median of the passes. Prints a table in markdown.
"""

import argparse
import copy
import statistics
import time
from pathlib import Path

import bibtexparser
import rispy
from bibtexparser.model import Entry, Field
from pybtex.database import parse_string
from tagging import FILES, papers

from reftrack import tagging
from reftrack.export import FORMATS, Options, citation_key, next_key
from reftrack.model import FiledTag, HeldPaper

DEFAULT = ("pubmed21n1298.xml.gz", "pubmed20n0014.xml.gz")


def held(files, most):
    """Real records as a library holds them: with a key and the tags of the shipped rules."""
    rules, taken, found = tagging.load(), set(), []
    for file in files:
        for paper in papers(file, most // len(files)):
            key = next_key(citation_key(paper), taken)
            taken.add(key)
            tags = tuple(FiledTag(tag.facet, tag.slug, tag.primary) for tag in tagging.tag(paper, rules))
            found.append(HeldPaper(paper=paper, key=key, tags=tags))
    return found


def writers(records):
    """Name → what writes all the records once and gives the text or its pieces."""

    def ours(name, **options):
        return lambda: list(FORMATS[name].write(records, Options(**options)))

    ready = {name: ours(name) for name in FORMATS}
    ready["bibtex --abstracts"] = ours("bibtex", abstracts=True)
    ready["bibtex --ascii"] = ours("bibtex", ascii=True)
    text = "".join(ready["bibtex"]())
    enclosed = bibtexparser.parse_string(text, parse_stack=[])
    plain = bibtexparser.Library(
        [
            Entry(entry.entry_type, entry.key, [Field(field.key, _bare(field.value)) for field in entry.fields])
            for entry in enclosed.entries
        ]
    )
    ready["bibtexparser 2, bibtex"] = lambda: bibtexparser.write_string(plain)
    ready["bibtex, floor"] = lambda: bibtexparser.write_string(enclosed, unparse_stack=[])
    data = parse_string(text, "bibtex")
    ready["pybtex, bibtex"] = lambda: data.to_string("bibtex")
    references = rispy.loads("".join(ready["ris"]()))
    ready["rispy, ris"] = lambda: rispy.dumps(copy.copy(references))
    return ready


def _bare(value):
    return value[1:-1] if value.startswith("{") else value


def measure(ready, passes):
    """Records a second of every writer, taken in turn; the first round is not counted."""
    spent = {name: [] for name in ready}
    for number in range(passes + 1):
        for name, write in ready.items():
            began = time.process_time()
            write()
            if number:
                spent[name].append(time.process_time() - began)
    return {name: statistics.median(times) for name, times in spent.items()}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("files", nargs="*", type=Path, default=[FILES / name for name in DEFAULT])
    arguments.add_argument("--records", type=int, default=5000)
    arguments.add_argument("--passes", type=int, default=5)
    asked = arguments.parse_args()
    records = held(asked.files, asked.records)
    spent = measure(writers(records), asked.passes)
    print(f"{len(records):,} records, median of {asked.passes}\n")
    print("| writer | records/s |\n|---|--:|")
    for name, seconds in sorted(spent.items(), key=lambda pair: pair[1]):
        print(f"| {name} | {len(records) / seconds:,.0f} |")


if __name__ == "__main__":
    main()
