"""Fetch made-up records from a loopback server: how near is it to what the number of requests and the rate dictate?

    python benchmarks/fetch.py [--delay 0.4] [--records 100 1000 10000]

The server takes `delay` seconds to answer and refuses more than three requests a second, as NCBI does. It runs in a
process of its own, so that time and memory are reftrack's alone; so does every measurement. The floor is
(requests - 1) x gap + one service time. Prints a table in markdown.
"""

import argparse
import json
import platform
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from eutils_server import EutilsServer  # noqa: E402
from reftrack import tagging  # noqa: E402
from reftrack.eutils import Eutils  # noqa: E402
from reftrack.eutils.wire import GAP  # noqa: E402
from reftrack.library.writing import Library  # noqa: E402
from reftrack.model import Query  # noqa: E402
from reftrack.workflow.online import pull  # noqa: E402

FIRST = 90_000_001
COMMON = re.findall(
    r"\w+",
    "the of and in to with was were for by at from this that these which between after before during under over each "
    "all some most more less than as not no but also only both either our their its results values numbers parts level "
    "measure method sample change difference increase decrease time period total mean range model analysis data report",
)
TOPICS = re.findall(
    r"\w+", "examplin stroke randomized placebo patients rats injury cognitive children dose survival safety"
)


def prose(rng, count):
    """A sentence with about as many words that tag rules look for as real abstracts have."""
    words = [rng.choice(TOPICS if rng.random() < 1 / 25 else COMMON) for _ in range(count)]
    return " ".join(words).capitalize() + "."


def record(pmid):
    """A made-up record of about 9 kB, with the parts that real ones have."""
    rng = random.Random(pmid)
    sections = "".join(
        f'<AbstractText Label="{label}" NlmCategory="{label}">{prose(rng, 70)}</AbstractText>'
        for label in ("BACKGROUND", "METHODS", "RESULTS", "CONCLUSIONS")
    )
    authors = "".join(
        f'<Author ValidYN="Y"><LastName>Example{rng.randrange(500)}</LastName><ForeName>Ann B</ForeName>'
        f"<Initials>AB</Initials><AffiliationInfo><Affiliation>Department of {prose(rng, 12)}</Affiliation>"
        "</AffiliationInfo></Author>"
        for _ in range(8)
    )
    mesh = "".join(
        f'<MeshHeading><DescriptorName UI="D{rng.randrange(10**6):06}" MajorTopicYN="N">{word.capitalize()}'
        f'</DescriptorName><QualifierName UI="Q{rng.randrange(10**6):06}" MajorTopicYN="Y">drug therapy</QualifierName>'
        "</MeshHeading>"
        for word in rng.choices(COMMON, k=12)
    )
    references = "".join(
        f"<Reference><Citation>J Example. 2020;{number}:1-9</Citation><ArticleIdList>"
        f'<ArticleId IdType="pubmed">{FIRST + number}</ArticleId></ArticleIdList></Reference>'
        for number in range(10)
    )
    history = "".join(
        f'<PubMedPubDate PubStatus="{status}"><Year>2020</Year><Month>1</Month><Day>{day}</Day></PubMedPubDate>'
        for day, status in enumerate(("received", "accepted", "entrez", "pubmed", "medline"), 1)
    )
    return (
        f'<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">{pmid}</PMID>'
        "<DateRevised><Year>2020</Year><Month>02</Month><Day>03</Day></DateRevised>"
        '<Article PubModel="Print"><Journal><ISSN IssnType="Print">0000-0000</ISSN><JournalIssue CitedMedium="Print">'
        f"<Volume>{pmid % 90}</Volume><PubDate><Year>{2000 + pmid % 20}</Year><Month>Jan</Month></PubDate>"
        f"</JournalIssue><Title>J Example</Title></Journal><ArticleTitle>{prose(rng, 14)}</ArticleTitle>"
        f"<Pagination><MedlinePgn>{pmid % 900}-9</MedlinePgn></Pagination><Abstract>{sections}</Abstract>"
        f'<AuthorList CompleteYN="Y">{authors}</AuthorList><Language>eng</Language><PublicationTypeList>'
        '<PublicationType UI="D016428">Journal Article</PublicationType></PublicationTypeList></Article>'
        "<MedlineJournalInfo><MedlineTA>J Example</MedlineTA></MedlineJournalInfo>"
        f"<MeshHeadingList>{mesh}</MeshHeadingList></MedlineCitation><PubmedData><History>{history}</History>"
        f'<PublicationStatus>ppublish</PublicationStatus><ArticleIdList><ArticleId IdType="pubmed">{pmid}</ArticleId>'
        f"</ArticleIdList><ReferenceList>{references}</ReferenceList></PubmedData></PubmedArticle>"
    ).encode()


def serve(count, delay):
    """Serve until standard input ends, then say how many requests were refused."""
    records = {pmid: record(pmid) for pmid in range(FIRST, FIRST + count)}
    newest_first = sorted(records, reverse=True)
    with EutilsServer(records, lambda _: newest_first, delay=delay) as server:
        size = sum(map(len, records.values())) // count
        print(json.dumps({"url": server.url, "bytes": size}), flush=True)
        sys.stdin.read()


def measure(what, count, url):
    """Fetch `count` records and print what it took."""
    started = time.process_time()
    if what == "eutils":
        with Eutils(base_url=url) as eutils:
            began = time.perf_counter()
            got = sum(batch.body.count(b"<PubmedArticle>") for batch in eutils.fetch(range(FIRST, FIRST + count)))
            wall, requests = time.perf_counter() - began, eutils.requests_sent
    else:
        rules = tagging.load()
        with (
            tempfile.TemporaryDirectory() as folder,
            Library.open(Path(folder) / "bench.db", create=True) as library,
            Eutils(base_url=url) as eutils,
        ):
            library.set_vocabulary(rules.definitions)
            began = time.perf_counter()
            query = Query("bench", "Benchmark", "examplin[tiab]")
            run = pull(query, eutils, library, rules, version="0", limit=count)
            wall, requests, got = time.perf_counter() - began, eutils.requests_sent, run.received
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform != "darwin" else 1024)
    used = time.process_time() - started
    print(json.dumps({"wall": wall, "cpu": used, "requests": requests, "got": got, "memory": memory / 1024}))


def child(*words, **streams):
    return subprocess.Popen([sys.executable, __file__, *map(str, words)], stdout=subprocess.PIPE, text=True, **streams)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--delay", type=float, default=0.4)
    parser.add_argument("--records", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        kind, count, *rest = given.child
        return serve(int(count), given.delay) if kind == "serve" else measure(kind, int(count), *rest)
    print(f"{platform.processor() or platform.machine()}, {platform.system()}, Python {platform.python_version()}")
    print(f"`python benchmarks/{' '.join([Path(__file__).name, *sys.argv[1:]])}`\n")
    heads = ("what", "records", "requests", "seconds", "floor", "ratio", "CPU seconds", "MB at most")
    print(f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|")
    for count in given.records:
        for what in ("eutils", "pull"):
            server = child("--delay", given.delay, "--child", "serve", count, stdin=subprocess.PIPE)
            told = json.loads(server.stdout.readline())
            time.sleep(1.1)  # no request of an earlier measurement counts
            out, _ = child("--child", what, count, told["url"]).communicate()
            server.communicate()
            seen = json.loads(out)
            floor = (seen["requests"] - 1) * GAP + given.delay
            assert seen["got"] == count, seen
            print(
                f"| {what} | {count:,} of {told['bytes']:,} B | {seen['requests']} | {seen['wall']:.2f} | {floor:.2f} "
                f"| {seen['wall'] / floor:.2f} | {seen['cpu']:.2f} | {seen['memory']:.0f} |",
                flush=True,
            )
    return None


if __name__ == "__main__":
    main()
