"""The table: what is promised of each figure, against what, and what each side does. Nothing is measured here."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    group: str
    what: str
    ours: str
    """The name of reftrack's figure (`sides`)."""
    beside: str
    """The name of the figure beside it; "" if it stands alone."""
    bound: float | None
    """At most; None where nothing was promised."""
    says: str
    """What each side does, in a sentence or two."""
    of: Literal["wall", "memory"] = "wall"
    absolute: bool = False
    """The bound is on reftrack's own figure, in seconds or MB, and not on the ratio."""
    unit: Literal["s", "ms", "MB"] = "s"
    work: str = ""
    """The name of a figure that is taken off reftrack's before it is compared; "" for none."""


def _start(what: str, ours: str, says: str, *, work: bool = True) -> Row:
    return Row(
        "start", what, ours, "floor", 1.3, f'{says}; beside it `python -c "import click, sqlite3"`.',
        unit="ms", work=f"{ours}_work" if work else "",
    )  # fmt: skip


_EVERYWHERE = "Whole processes, imports included."
_STORED = "In one process, from the first statement until the file is closed; the same rows are ready in memory."

ROWS = (
    Row(
        "parse", "parse records of the 1970s / `Entrez.read`", "parse", "entrez", 0.18,
        f"{_EVERYWHERE} reftrack cuts records out of {{compact:,}} and makes a Paper of each; Biopython makes its "
        "dictionaries of all.",
    ),
    Row(
        "parse", "the same, garbage collector off", "parse", "entrez_uncollected", None,
        "Beside it Biopython, whose users may call `gc.disable()` first, which helps it much and reftrack little.",
    ),
    Row(
        "parse", "the same / pubmed_parser", "parse", "pubmed_parser", None,
        "`parse_medline_xml` makes flat dictionaries of fewer fields.",
    ),
    Row(
        "parse", "the same / `lxml.etree.fromstring` only", "parse", "lxml", 1.75,
        "A floor: lxml makes a tree of all bytes in C, and nobody reads anything from it.",
    ),
    Row(
        "parse", "parse records of 2021 / `Entrez.read`", "parse_new", "entrez_new", 0.18,
        "{compact:,} records of the update file, with which the bounds were set: fewer headings and longer texts.",
    ),
    Row(
        "parse", "parse records of 2021 / `lxml.etree.fromstring` only", "parse_new", "lxml_new", 1.75,
        "As above, against the tree that nobody reads.",
    ),
    Row(
        "memory", "memory that parsing an update file adds", "memory", "entrez_memory", 10,
        "The most that the process held, less what it held after its imports, over {unpacked:,.0f} MB of XML; beside "
        "it `Entrez.read`.",
        of="memory", absolute=True, unit="MB",
    ),
    Row(
        "store", "store all at once / bare `executemany`", "whole", "bare", 2.5,
        f"{_STORED} reftrack fills {{records:,}} papers into its tables with citation keys and filed tags in one "
        "transaction, and builds indexes, counts and search in another, as a first import does; beside it the rows of "
        "those very tables, sorted, without index or search.",
    ),
    Row(
        "store", "store 200 a transaction / all at once", "batches", "whole", 1.8,
        "Both are reftrack; a first import stores 200 a transaction, so that one that breaks off can go on.",
    ),
    Row(
        "store", "store 200 a transaction, searchable at once / all at once", "in_step", "whole", None,
        "Both are reftrack; so do fetches, and imports where something is held.",
    ),
    Row(
        "store", "store without indexes and search / sqlite-utils", "without_search", "sqlite_utils", 0.6,
        "reftrack before it builds them; sqlite-utils puts the finished rows into the same tables by `insert_all` of "
        "lists, its quickest form, in one transaction. Neither looks up whether foreign keys are there.",
    ),
    Row(
        "store", "store what is held again / store it first", "again", "in_step", 0.15,
        "Both are reftrack: records that are held as they are, told by their SHA-256, and the first time, by 200s, "
        "searchable at once.",
    ),
    Row(
        "import", "`import` of a baseline file", "import", "", 15,
        "{records:,} records read from gzip, tagged, stored, indexed and searchable, by as many processes as there are "
        "cores.",
        absolute=True,
    ),
    Row(
        "import", "its memory", "import", "", 200,
        "Of all its processes together, shared pages counted once (PSS), looked at five times a second.",
        of="memory", absolute=True, unit="MB",
    ),
    Row(
        "import", "`import` of a file that is held / the first time", "import_again", "import", None,
        "The same command once more: every record is read and hashed, none is parsed.",
    ),
    Row(
        "large", "`import` of ten such files", "import_large", "", 240,
        "The records ten times, each time under other PMIDs, as a folder of ten files.",
        absolute=True,
    ),
    Row("large", "its memory", "import_large", "", 200, "As above.", of="memory", absolute=True, unit="MB"),
    _start("`--help` / start of click", "help", "Whole processes", work=False),
    _start(
        "`list` / start of click", "list",
        "The newest 20 of {records:,} papers; what is taken off, here and below, is the work itself: the same command "
        "again in a process that has run it",
    ),
    _start("`list WORD` / start of click", "search", "The 20 best for a common word"),
    _start("`show` / start of click", "show", "All of one paper"),
    _start("`why` / start of click", "why", "All tags of one paper, with their evidence"),
    _start("`export` / start of click", "export", "20 papers as BibTeX"),
    Row(
        "start", "`list` / `sqlite-utils rows`", "list", "sqlite_utils_rows", 0.45,
        "Four columns of 20 rows of the same library in the same order; no numpy is installed, which would slow it.",
        unit="ms",
    ),
    Row(
        "start", "`list --tag` / `papis list`", "thousand", "papis", 0.1,
        "20 papers of a tag among {records:,}; `papis list tags:…`, its cache built, finds 20 among {documents:,}.",
        unit="ms",
    ),
    Row(
        "start large", "`list --tag` in ten times the library", "thousand_large", "thousand_here", 1.2,
        "Both are reftrack: 20 of a tag that 1 in 30 papers carries, among 300,000 and 30,000.",
        unit="ms",
    ),
    Row(
        "search", "search with a tag / without", "word_and_tag", "word", 2,
        "Both are reftrack, in one process: a word alone, and with the one of all tags that costs most with it.",
        unit="ms",
    ),
    Row(
        "write", "BibTeX / f-strings", "bibtex", "plain", 1.8,
        "{written:,} papers held in memory as text; beside it the same fields by f-strings: nothing is escaped, no "
        "capital protected, no range written out. CPU-bound, one process each.",
    ),
    Row(
        "write", "BibTeX / bibtexparser 1", "bibtex", "bibtexparser", 0.5,
        "Its `BibTexWriter` is given the values that reftrack wrote, as entries, and only has to write them.",
    ),
    Row(
        "write", "BibTeX with abstracts / f-strings", "bibtex_abstracts", "plain_abstracts", 1.8,
        "The same papers by `export --abstracts`: each is two and a half times as long.",
    ),
    Row(
        "write", "BibTeX with abstracts / bibtexparser 1", "bibtex_abstracts", "bibtexparser_abstracts", 0.5,
        "As above.",
    ),
    Row(
        "write", "BibTeX / pybtex", "bibtex_few", "pybtex", None,
        "Of {few:,} papers; pybtex is given what it read from our file.",
    ),
    Row(
        "write", "RIS / rispy", "ris", "rispy", 0.5,
        "rispy is given what it read from our file, and only has to write it.",
    ),
    Row(
        "fetch", "fetch / what requests and rate dictate", "fetch", "fetch_floor", 1.2,
        "{fetched:,} made-up records fetched, parsed, tagged and stored from a loopback server that takes 0.4 s to "
        "answer; the floor is (requests - 1) / 3 s and one answer.",
    ),
)  # fmt: skip
