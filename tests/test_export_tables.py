"""CSV, TSV, JSON Lines, Markdown and Parquet are read back by programs that are not ours; nothing in them runs."""

import csv
import io
import json
import subprocess
import sys
import tracemalloc

import pyarrow.parquet as pq
import pypandoc
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from export_papers import ENTRIES, FILES, HOSTILE_TITLE, entry, held, paper, real_entries, written
from reftrack import imports
from reftrack.citation import Decision
from reftrack.errors import UsageError
from reftrack.export import FORMATS
from reftrack.export.table import COLUMNS
from reftrack.export.text import flat
from reftrack.export.titles import plain
from reftrack.model import Author, Heading, Keyword, PublicationType, Section

FORMULAS = ("=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠A", "=HYPERLINK(1)")
TABLES = pytest.mark.parametrize("name", ["csv", "tsv"])


def rows(name, *papers):
    """The table as Python's csv module reads it, a dict a row."""
    text = written(name, *papers)
    dialect = "excel" if name == "csv" else "excel-tab"
    return list(csv.DictReader(io.StringIO(text, newline=""), dialect=dialect))


def spoken(markdown, kind="gfm"):
    """What a reader of Markdown sees, without its markup and line breaks, by pandoc."""
    done = subprocess.run(
        [pypandoc.get_pandoc_path(), "-f", kind, "-t", "plain", "--wrap=none"],
        input=markdown.encode(),
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()


@TABLES
def test_a_table_reads_back(name):
    """X25: every row has every column, and every value is the paper's, on one line."""
    found = rows(name, *ENTRIES)
    assert [row["key"] for row in found] == [one.key for one in ENTRIES]
    for row, one in zip(found, ENTRIES, strict=True):
        assert list(row) == list(COLUMNS)
        assert row["pmid"] == str(one.paper.pmid)
        assert row["title"].removeprefix("'") == flat(plain(one.paper.title))
        assert row["authors"] == "; ".join(flat(author.short) for author in one.paper.authors)


@TABLES
@pytest.mark.parametrize("formula", FORMULAS)
def test_h05_no_cell_runs_as_a_formula(name, formula):
    """H05: title, author, journal, tag, keyword or note that begins like a formula begins with an apostrophe."""
    made_up = held(
        "k2016",
        paper(
            title=formula,
            authors=(Author(formula),),
            journal=formula,
            keywords=(Keyword(formula),),
            mesh=(Heading(formula),),
            volume=formula,
            doi=formula,
            publication_types=(PublicationType(formula),),
            abstract=(Section("", formula),),
        ),
        (formula,),
        note=formula,
        labels=(formula,),
    )
    (row,) = rows(name, made_up)
    assert not [value for value in row.values() if value[:1] in tuple("=+-@＝＋－＠\t\r")]
    assert row["note"] == f"'{flat(formula)}"


@TABLES
@pytest.mark.parametrize("title", ['"Unclosed in rats', '"No man left behind" in rats', '"=HYPERLINK(1)"', '"'])
def test_h05_a_cell_that_begins_with_a_quote(name, title):
    """H05, X25: a quote at the beginning neither swallows the next paper, nor goes and leaves a formula bare."""
    papers = entry(title=title), entry("next2017", pmid=90000002, title="Next.")
    assert [row["title"] for row in rows(name, *papers)] == [title, "Next"]
    text = written(name, *papers)
    assert [citation.title for citation in imports.read(text.encode(), "csv")] == [title, "Next"]


def test_a_guarded_cell_is_imported_without_its_apostrophe():
    """H05: the round trip through `import` gives the title as it was."""
    (citation,) = imports.read(written("csv", entry(title="+1 or -1: which?")).encode(), "csv")
    assert citation.title == "+1 or -1: which?"


@TABLES
def test_decisions_labels_and_notes_are_columns(name):
    """What people said goes out with the paper; readers who do not agree have decided nothing."""
    ours = held("k", paper(), decisions=(Decision("exclude", "A", ("dose",)),), labels=("wow",), note="see\n\np. 3")
    torn = held("k", paper(), decisions=(Decision("exclude", "A"), Decision("include", "B")))
    first, second = rows(name, ours, torn)
    assert (first["decision"], first["labels"], first["note"]) == ("exclude", "wow", "see p. 3")
    assert second["decision"] == ""


texts = st.one_of(st.text(), st.text(alphabet="\"',;\t\r\n=+-@|<>&*_`[]()!#\\ab\x1b\x00é李"))


@given(title=texts, name=texts, tag=texts, note=texts)
@example(HOSTILE_TITLE, "\x1b[2J", "=1", "a\r\nb")
def test_any_text_stays_in_its_cell(title, name, tag, note):
    """X22, X25: whatever the text, each table has two rows, and JSON Lines two lines, with the values in place."""
    odd = held("odd2016", paper(title=title, authors=(Author(name),), journal=name), (tag,), note=note)
    following = entry("next2017", title="The next entry.")
    for table in ("csv", "tsv"):
        first, second = rows(table, odd, following)
        assert second["title"] == "The next entry"
        assert first["key"] == "odd2016"
        assert first["note"].removeprefix("'") == flat(note).removeprefix("'")
        assert not any(ord(char) < ord(" ") for value in first.values() for char in value)
    lines = written("jsonl", odd, following).encode().split(b"\n")
    assert [json.loads(line)["key"] for line in lines[:-1]] == ["odd2016", "next2017"]


def test_json_lines_are_the_contract(tmp_path):
    """A line has every field that `list --json` has, and the abstract and headings besides."""
    (line,) = written("jsonl", ENTRIES[0]).splitlines()
    told = json.loads(line)
    assert told["pmid"] == 90000001
    assert told["abstract"][0] == {"label": "BACKGROUND", "text": "Half were better."}
    assert told["mesh"] == ["Brain Injuries, Traumatic", "Humans"]
    assert {"decision", "note", "labels", "retracted", "notices", "tags"} <= told.keys()


def test_markdown_says_what_the_paper_says():
    """By pandoc, a reading list shows each title, and says first of a retracted paper that it is."""
    straight = str.maketrans("“”", '""')
    seen = " ".join(spoken(written("markdown", *ENTRIES)).split()).translate(straight)
    for one in ENTRIES:
        assert flat(plain(one.paper.title)).translate(straight) in seen, one.key
    assert "RETRACTED. RETRACTED: Examples in stroke" in seen


@pytest.mark.parametrize("kind", ["gfm", "commonmark", "markdown"])
@pytest.mark.parametrize("group", ["1. Example group", "2) Example", "- Example", "+ Example", "==="])
def test_no_author_begins_a_list_or_a_heading(kind, group):
    """A group of authors stands at the beginning of a line and is the same text there as elsewhere."""
    made_up = entry(authors=(Author(group, collective=True),))
    place = spoken(written("markdown", made_up), kind)
    assert f"{group}. Journal of examples 2016" in " ".join(place.split())


@pytest.mark.parametrize("kind", ["gfm", "commonmark", "markdown"])
@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](http://j.example/x.png)",
        "`code` *it* **bold** ~~no~~ ~sub~ ^sup^ $x$ | a | b |",
        "&lt;b&gt; &amp;",
        "# no heading",
        "@cite [@key] \\newpage",
        "a\n\n# b\n- c",
        "<javascript:alert(1)>",
        "{=html} ::: div",
    ],
)
def test_no_title_is_markup(kind, hostile):
    """X10 for Markdown: links, images, HTML, headings and citations in a title or a note are text."""
    done = subprocess.run(
        [pypandoc.get_pandoc_path(), "-f", f"{kind}-smart" if kind == "markdown" else kind, "-t", "json"],
        input=written("markdown", held("k", paper(title=f"A {hostile} b", doi=""), note=hostile)).encode(),
        capture_output=True,
        check=True,
    )
    found = json.loads(done.stdout)
    kinds = set()

    def walk(node):
        if isinstance(node, dict):
            kinds.add(node.get("t"))
            if node.get("t") == "Link":
                assert node["c"][2][0].startswith("https://pubmed.ncbi.nlm.nih.gov/")
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(found["blocks"])
    assert kinds - {None} <= {
        "BulletList",
        "Plain",
        "Para",
        "Strong",
        "Emph",
        "Str",
        "Space",
        "Link",
        "Code",
        "LineBreak",
    }


def test_parquet_reads_back(tmp_path):
    """Pyarrow reads as many rows as there are papers, lists as lists, and what is not known as null."""
    path = tmp_path / "p.parquet"
    path.write_bytes(written("parquet", *ENTRIES))
    found = pq.read_table(path).to_pylist()
    assert [row["key"] for row in found] == [one.key for one in ENTRIES]
    assert found[0]["mesh"] == ["Brain Injuries, Traumatic", "Humans"]
    assert found[0]["abstract"][0] == {"label": "BACKGROUND", "text": "Half were better."}
    assert found[2]["retracted"]
    assert found[2]["notices"][0]["pmid"] == 90000004
    assert (found[13]["year"], found[13]["doi"]) == (None, None)


def test_an_empty_parquet_file_has_its_columns(tmp_path):
    """X24: without a paper there is a file with all columns and no row."""
    path = tmp_path / "p.parquet"
    path.write_bytes(b"".join(FORMATS["parquet"].write([])))
    table = pq.read_table(path)
    assert (table.num_rows, table.column_names[:2]) == (0, ["pmid", "key"])


def test_a_list_of_authors_that_breaks_off_says_so(tmp_path):
    """PubMed marks lists that are not complete; formats without an "et al." say it in words or as a field."""
    cut = entry(authors=(Author("Example", "Ada"),), authors_complete=False)
    (row,) = rows("csv", cut)
    assert row["remarks"] == "The list of authors is not complete"
    assert "N1  - The list of authors is not complete\n" in written("ris", cut)
    assert json.loads(written("jsonl", cut))["authors_complete"] is False
    path = tmp_path / "p.parquet"
    path.write_bytes(written("parquet", cut))
    assert pq.read_table(path).to_pylist()[0]["authors_complete"] is False
    assert rows("csv", entry())[0]["remarks"] == ""


def test_parquet_without_its_library_says_what_to_install(monkeypatch):
    """Where pyarrow is missing, one sentence names the extra."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"pip install 'reftrack\[parquet\]'"):
        written("parquet", ENTRIES[0])


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_streams(name):
    """X23: 5,000 records pass in order and leave less than 12 MB behind at any time; what was written is forgotten."""
    taken = 0

    def papers():
        nonlocal taken
        for number in range(1, 5001):
            taken = number
            yield held(f"key{number}", paper(number))

    list(FORMATS[name].write([held("k", paper())]))  # loads what it needs
    pieces = iter(FORMATS[name].write(papers()))
    tracemalloc.start()
    try:
        first = len(next(pieces))
        before = taken
        length = first + sum(map(len, pieces))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert before <= 2000
    assert taken == 5000
    assert length > 5000
    assert peak < 12_000_000


@pytest.mark.corpus
@pytest.mark.parametrize("path", FILES)
def test_real_records_are_read_back(corpus, path, tmp_path):
    """Every real record goes to all five formats and comes back as many, with its title, PMID and DOI."""
    papers = list(real_entries(corpus / path))
    for name in ("csv", "tsv"):
        found = rows(name, *papers)
        assert [(row["pmid"], row["doi"]) for row in found] == [(str(o.paper.pmid), o.paper.doi) for o in papers]
        assert [row["title"].removeprefix("'") for row in found] == [flat(plain(o.paper.title)) for o in papers]
    lines = written("jsonl", *papers).splitlines()
    assert [json.loads(line)["title"] for line in lines] == [o.paper.title for o in papers]
    file = tmp_path / "p.parquet"
    file.write_bytes(written("parquet", *papers))
    assert [row["pmid"] for row in pq.read_table(file).to_pylist()] == [o.paper.pmid for o in papers]
    seen = " ".join(spoken(written("markdown", *papers)).split())
    missing = [o.paper.pmid for o in papers if " ".join(plain(o.paper.title).split()) not in seen]
    assert not missing
