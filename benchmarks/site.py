"""Read the site of a large library: how long does each page take, from the request to the last byte?

    python benchmarks/site.py FOLDER [--rounds 5]

FOLDER is a workspace, as `reads.py --keep` leaves them. The site is a process of its own, on the loopback; every round
asks for every page once. The table has the medians, after one round that does not count.
"""

import argparse
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

PAGES = (
    ("first page", "/"),
    ("all papers", "/papers"),
    ("of a common tag", "/papers?tag=stroke"),
    ("a common word", "/papers?q=patients"),
    ("two words", "/papers?q=stroke+randomized"),
    ("a study type", "/papers?study=rct"),
    ("years", "/papers?from=2010&to=2015"),
    ("30th page", "/papers?page=30"),
    ("trials", "/trials"),
    ("map", "/map"),
    ("questions", "/questions"),
    ("tables", "/library"),
    ("view with facets", "/library/library"),
    ("the same, searched", "/library/library?_search=stroke"),
    ("evidence", "/library/evidence"),
    ("who publishes most", "/library/authors"),
    ("phrases of a tag", "/library/phrases"),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    command = [sys.executable, "-m", "reftrack", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=given.folder, stdout=subprocess.PIPE, text=True) as server:
        try:
            line = server.stdout.readline()
            report(re.search(r"http://\S+:\d+", line)[0], line, given.rounds)
        finally:
            server.terminate()


def report(address, line, rounds):
    (pmid,) = re.findall(r'/paper/(\d+)"', urlopen(f"{address}/papers").read().decode())[:1]
    pages = (*PAGES, ("a paper", f"/paper/{pmid}"))
    taken = {path: [] for _, path in pages}
    for number in range(rounds + 1):
        for _, path in pages:
            began = time.perf_counter()
            urlopen(address + path).read()
            if number:
                taken[path].append(time.perf_counter() - began)
    print(f"{line.partition(' at ')[0]}\n\n| what | page | ms |\n|---|---|---|")
    for what, path in pages:
        print(f"| {what} | `{path}` | {statistics.median(taken[path]) * 1000:.0f} |")


if __name__ == "__main__":
    main()
