"""Every record of the shared corpus goes through every format and back, and every judge reads it.

    python tests/judge_everything.py [../shared/corpus]

The tests do the same with all small files and a sample of the large ones; this takes some minutes, on all cores. bibtex
formats each thousand in one style in turn, biber, which is slow, reads one thousand in five. Prints what a judge found
fault with, a line each, and ends with 1 if there was anything.
"""

import csv
import io
import json
import subprocess
import sys
import tempfile
from collections import Counter
from itertools import islice
from multiprocessing import Pool
from pathlib import Path

import bibtexparser
import jsonschema
import pyarrow.parquet as pq
import pypandoc
import rispy
from Bio import Medline
from pybtex.database import parse_string

from export_papers import entries_of, written
from judges import (
    BIBLATEX_WARNINGS,
    assert_clean_biber,
    assert_clean_bibtex,
    read_by_pandoc,
    run_biber,
    run_bibtex,
)
from reftrack import imports

AT_ONCE = 1000
STYLES = ("plain", "abbrv", "alpha", "unsrt")
ROUND_TRIP = {"bibtex": "bibtex", "ris": "ris", "csl-json": "csl-json", "nbib": "nbib", "csv": "csv"}
PROJECT = Path(__file__).resolve().parents[1]
SCHEMA = jsonschema.Draft3Validator(json.loads((PROJECT / "tests/fixtures/csl/csl-data.json").read_bytes()))


def latex(number, papers):
    """(judge, whether it is content) of BibTeX and BibLaTeX, in UTF-8 and ASCII."""
    keys = [held.key for held in papers]
    for name in ("bibtex", "biblatex"):
        for letters in (False, True):
            text = written(name, *papers, ascii=letters, notes=letters, abstracts=not letters)
            whole = bibtexparser.parse_string(text)
            yield f"{name} pybtex", list(parse_string(text, "bibtex").entries) == keys
            yield f"{name} bibtexparser", not whole.failed_blocks and [entry.key for entry in whole.entries] == keys
            yield f"{name} pandoc", len(read_by_pandoc(text, name)) == len(keys)
            yield f"{name} ascii", text.isascii() or not letters
            if name == "bibtex":
                with tempfile.TemporaryDirectory() as folder:
                    style = STYLES[number % 4] if letters else "plain"
                    status, output, bbl = run_bibtex(Path(folder), text, style)
                    assert_clean_bibtex(status, output)
                    yield "bbl", bbl.decode("ascii" if letters else "utf-8")
    if number % 5 == 0:
        with tempfile.TemporaryDirectory() as folder:
            status, lines, read = run_biber(Path(folder), written("biblatex", *papers))
            assert_clean_biber(status, lines, BIBLATEX_WARNINGS)
            yield "biber", len(read) == len(keys)


def others(papers):
    """The same of every other format."""
    pmids = [held.paper.pmid for held in papers]
    ris, csl, nbib = (written(name, *papers) for name in ("ris", "csl-json", "nbib"))
    yield "rispy", [int(entry["accession_number"]) for entry in rispy.loads(ris)] == pmids
    command = [pypandoc.get_pandoc_path(), "-f", "ris", "-t", "csljson"]
    read = json.loads(subprocess.run(command, input=ris.encode(), capture_output=True, check=True).stdout)
    yield "ris pandoc", len(read) == len(pmids)
    yield "schema", not list(SCHEMA.iter_errors(json.loads(csl)))
    yield "csl pandoc", len(read_by_pandoc(csl, "csljson")) == len(pmids)
    yield "Medline", [int(entry["PMID"]) for entry in Medline.parse(io.StringIO(nbib)) if entry] == pmids
    table = csv.DictReader(io.StringIO(written("csv", *papers), newline=""))
    yield "csv", [int(row["pmid"]) for row in table] == pmids
    yield "tsv", written("tsv", *papers).count("\n") == len(pmids) + 1
    yield "jsonl", [json.loads(line)["pmid"] for line in written("jsonl", *papers).splitlines()] == pmids
    yield "parquet", pq.read_table(io.BytesIO(written("parquet", *papers)))["pmid"].to_pylist() == pmids
    yield "markdown", written("markdown", *papers).count("\n- ") == len(pmids) - 1
    for name, form in ROUND_TRIP.items():
        back = imports.read(written(name, *papers).encode(), form)
        yield f"{name} and back", [getattr(found, "pmid", None) for found in back] == pmids


def judge(task):
    """How many papers were judged, and by whom with what fault."""
    number, papers = task
    faults, judged = [], 0
    for verdicts in (latex(number, papers), others(papers)):
        try:
            for name, content in verdicts:
                judged += 1
                faults += [] if content else [f"{name} is not content"]
        except Exception as error:  # noqa: BLE001 - whatever a judge or its reader raises is a fault to tell
            faults.append(f"{type(error).__name__}: {str(error)[:500]}")
    return len(papers), judged, [f"{fault} (PMID {papers[0].paper.pmid} and those after it)" for fault in faults]


def chunks(corpus):
    """(number, papers) of every file that holds PubMed records."""
    number = 0
    files = [*corpus.glob("pubmed-xml/*"), *corpus.glob("cerebrolysin/*.xml"), *corpus.glob("*/efetch-pubmed*.xml*")]
    for path in sorted(files):
        papers = entries_of(path)
        while some := list(islice(papers, AT_ONCE)):
            yield number, some
            number += 1


def main():
    corpus = Path(sys.argv[1] if sys.argv[1:] else PROJECT.parent / "shared" / "corpus")
    total = Counter()
    with Pool() as pool:
        for papers, judged, faults in pool.imap_unordered(judge, chunks(corpus)):
            total += Counter(papers=papers, judged=judged, faults=len(faults))
            for fault in faults:
                sys.stdout.write(f"{fault}\n")
    sys.stdout.write(f"{total['papers']:,} records, {total['judged']:,} verdicts, {total['faults']} faults\n")
    sys.exit(1 if total["faults"] or not total["papers"] else 0)


if __name__ == "__main__":
    main()
