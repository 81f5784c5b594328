"""The work of reftrack taken apart: jobs that time it with and without a part, or see in which module it is spent.

Run as a process of its own, as `ours`; prints a line of JSON, name → seconds.
"""

import cProfile
import gc
import json
import marshal
import pstats
import statistics
import sys
import time
from pathlib import Path

from ours import BATCH, _pieces

PASSES = 3


def parse(file):
    """Cutting alone, with the tree, and all of it; CPU seconds, in turns."""
    from reftrack import pubmed
    from reftrack.pubmed.parse import _tree

    ways = {"cut": len, "tree": _tree, "all": pubmed.parse}
    took = {name: [] for name in ways}
    for _ in range(PASSES):
        for name, way in ways.items():
            began = time.process_time()
            for record in pubmed.cut(_pieces(file)):
                way(record.xml)
            took[name].append(time.process_time() - began)
    return {name: statistics.median(seconds) for name, seconds in took.items()}


def tag(file):
    """By module of the tagging room; rules that have read nothing yet."""
    from reftrack import pubmed, tagging

    papers = [pubmed.parse(record.xml) for record in pubmed.cut(_pieces(file))]
    rules = tagging.load()
    _ = rules.tries
    gc.disable()
    words = {
        "tagging/normalise": "text is folded and cut into words",
        "tagging/paper": "text is folded and cut into words",
        "tagging/phrases": "phrases are looked for",
        "tagging/sections": "sections and sentences are told apart",
        "tagging/reading": "sections and sentences are told apart",
        "tagging/engine": "scores, masks and margins are weighed",
        "model": "evidence and tags are made",
    }
    return _profiled(lambda: [tagging.tag(paper, rules) for paper in papers], words) | {"papers": len(papers)}


def export(database, most="3000"):
    """By module: what reads the library and what writes BibTeX."""
    from reftrack.export import FORMATS, Options
    from reftrack.library.reading import Reader

    with Reader.open(Path(database)) as reader:
        pmids = reader.held_pmids()[: int(most)]
        form = FORMATS["bibtex"]
        words = {
            "library": "papers are read from the library",
            "model": "papers are read from the library",
            "export/titles": "titles: which capitals and markup to keep",
            "export/names": "names",
            "export/wording": "keywords, notes, journal",
            "export/latex": "special characters",
            "export/text": "special characters",
        }
        took = _profiled(lambda: "".join(form.write(reader.held(pmids, without=form.ignores), Options())), words)
    return took | {"papers": len(pmids)}


def store(rows, database):
    """Store all rows by batches as a first import does: the rows, then indexes and counts, then search."""
    from reftrack import tagging
    from reftrack.library.filling import build, leave_out
    from reftrack.library.inserting import Rows
    from reftrack.library.writing import Library
    from reftrack.workflow.filing import file_rows

    some = [Rows._make(one) for one in marshal.loads(Path(rows).read_bytes())]
    rules = tagging.load()
    gc.freeze()
    library = Library.open(Path(database), create=True)
    library.set_vocabulary(rules.definitions, rules.facet_names)
    began = time.perf_counter()
    leave_out(library.connection)
    for start in range(0, len(some), BATCH):
        with library.transaction():
            file_rows(library, rules, some[start : start + BATCH], source="bench", run=0)
    stored = time.perf_counter()
    half_way = []
    build(library.connection, lambda _, done, of: half_way.append(time.perf_counter()) if done >= of // 2 else None)
    library.close()
    ended = time.perf_counter()
    return {"rows": stored - began, "indexes": half_way[0] - stored, "search": ended - half_way[0]}


def modules():
    """Which of reftrack's modules `list` has imported when it ends."""
    import contextlib
    import io

    from reftrack.cli import main

    sys.argv = ["reftrack", "list", "--limit", "20"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        main()
    return {"modules": sorted(name for name in sys.modules if name.partition(".")[0] == "reftrack")}


def _profiled(work, words):
    """Seconds by what a module is for: the longest beginning of its path under reftrack/ that is named."""
    profile = cProfile.Profile(builtins=False)
    profile.runcall(work)
    took = dict.fromkeys(words.values(), 0.0)
    for (file, _, _), (_, _, seconds, _, _) in pstats.Stats(profile).stats.items():
        path = file.rpartition("/reftrack/")[2].removesuffix(".py")
        named = max((name for name in words if path.startswith(name)), key=len, default=None)
        what = words[named] if named else "the rest"
        took[what] = took.get(what, 0.0) + seconds
    return took


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
