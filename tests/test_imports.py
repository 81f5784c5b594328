"""Files of other programs become citations: what each says is read, and every line is accounted for."""

import contextlib
import json
import random
import time
from html import unescape
from io import StringIO

import pytest
import rispy
from Bio import Medline
from hypothesis import given
from hypothesis import strategies as st

from export_papers import ENTRIES, FILES, real_entries, written
from reftrack.citation import Citation, Decision, Unreadable
from reftrack.errors import UsageError
from reftrack.export.titles import plain
from reftrack.imports import FORMATS, detect, read
from reftrack.imports.likeness import title_likeness

ROUND_TRIP = {
    "bibtex": "bibtex",
    "biblatex": "bibtex",
    "ris": "ris",
    "csl-json": "csl-json",
    "nbib": "nbib",
    "csv": "csv",
}
"""What we write → as what it is read."""


def both(text, form):
    """Citations and what cannot be read, of a text or bytes."""
    found = list(read(text if isinstance(text, bytes) else text.encode(), form))
    return [one for one in found if isinstance(one, Citation)], [one for one in found if isinstance(one, Unreadable)]


def one(text, form):
    citations, unreadable = both(text, form)
    assert (len(citations), unreadable) == (1, [])
    return citations[0]


# nbib

NBIB = """
PMID- 90000001
OWN - NLM
TI  - A made-up title that goes on
      over two lines.
LID - 10.1000/example.1 [doi]
FAU - Example, Ada B
AU  - Example AB
CN  - EXAMPLE Study Group
DP  - 2016 Jan 5
TA  - J Example
JT  - Journal of examples
PMC - PMC9000001
VI  - 12
IP  - 3
PG  - 123-8

PMID- 90000002
TI  - [Another].
DP  - 1998 Nov-Dec
"""


def test_nbib_is_read():
    """A record of PubMed's text format: continuation lines, full names, groups, DOI among the location ids."""
    (first, second), problems = both(NBIB, "nbib")
    assert problems == []
    assert (first.line, first.pmid, first.doi, first.pmcid) == (2, 90000001, "10.1000/example.1", "PMC9000001")
    assert first.title.rstrip(".") == "A made-up title that goes on over two lines"
    assert first.authors == ("Example, Ada B", "EXAMPLE Study Group")
    assert (first.year, first.journal, first.volume, first.issue) == (2016, "Journal of examples", "12", "3")
    assert first.text.startswith("PMID- 90000001\nOWN - NLM")
    assert (second.line, second.pmid, second.year) == (18, 90000002, 1998)


# RIS


def test_ris_as_zotero_writes_it():
    """DO, a PMID in the notes, names in full; the entry is kept verbatim."""
    text = (
        "TY  - JOUR\nTI  - A made-up title\nAU  - Example, Ada B\nAU  - Group, EXAMPLE,\nPY  - 2016\n"
        "DA  - 2016/01/05/\nDO  - https://doi.org/10.1000/EXAMPLE.1\nN1  - PMID: 90000001\nT2  - Journal of examples\n"
        "SP  - 123\nEP  - 128\nER  - \n"
    )
    found = one(text, "ris")
    assert (found.pmid, found.doi, found.year, found.pages) == (90000001, "10.1000/example.1", 2016, "123-128")
    assert found.authors[0] == "Example, Ada B"
    assert found.text == text.rstrip("\n")
    assert found.note == ""


@pytest.mark.parametrize(
    ("fields", "pmid"),
    [
        ("AN  - 90000001\nDB  - PubMed", 90000001),
        ("AN  - 90000001\nDB  - Medline", 90000001),
        ("AN  - 90000001\nDP  - NLM", 90000001),
        ("AN  - 90000001", None),
        ("AN  - 90000001\nDB  - Embase", None),
        ("AN  - rayyan-90000001", None),
        ("UR  - https://pubmed.ncbi.nlm.nih.gov/90000001/", 90000001),
        ("UR  - http://www.ncbi.nlm.nih.gov/pubmed/90000001", 90000001),
        ("UR  - https://journal.example/90000001", None),
        ("C2  - 90000001", None),
        ("N1  - Cited By :90000001", None),
        ("N1  - PMID: 90000001 [Indexed for MEDLINE]", 90000001),
        ("ID  - 90000001", None),
    ],
)
def test_a_number_is_a_pmid_only_where_the_entry_says_so(fields, pmid):
    """A wrong PMID is worse than none: the field, the database or the address must say that it is one."""
    assert one(f"TY  - JOUR\nTI  - T\n{fields}\nER  - \n", "ris").pmid == pmid


def test_ris_that_is_broken_costs_no_neighbour():
    """An entry without its end, a line without a tag, text between entries: each is read or told by its line."""
    text = (
        "TY  - JOUR\nTI  - First\nthat goes on\nTY  - JOUR\nTI  - Second\nER  - \nER  - \nwhat is this\n\nTY  - JOUR\n"
        "TI  - Third\nER  - \n"
    )
    citations, problems = both(text, "ris")
    assert [(one.line, one.title) for one in citations] == [(1, "First that goes on"), (4, "Second"), (10, "Third")]
    assert [problem.line for problem in problems] == [7, 8]


RAYYAN = (
    'TY  - JOUR\nTI  - T\nN1  - Old note | RAYYAN-INCLUSION: {{"Ada"=>"{ada}", "Bo"=>"{bo}"}} '
    "| RAYYAN-LABELS: rats,dose | RAYYAN-EXCLUSION-REASONS: wrong population,wrong drug "
    '| USER-NOTES: {{"Ada"=>["look again"]}}\nER  - \n'
)


def test_rayyan_says_who_decided_what():
    """Every reader's word is kept, the reasons with who excluded, labels and notes too; the old note is nobody's."""
    found = one(RAYYAN.format(ada="Excluded", bo="Maybe"), "ris")
    assert {(d.who, d.verdict) for d in found.decisions} == {("Ada", "exclude"), ("Bo", "maybe")}
    assert [d.reasons for d in found.decisions if d.verdict == "exclude"] == [("wrong population", "wrong drug")]
    assert found.labels == ("rats", "dose")
    assert "look again" in found.note
    assert "Old note" not in found.note


@pytest.mark.parametrize(
    ("word", "decisions"),
    [("relevant", (Decision("include"),)), ("irrelevant", (Decision("exclude"),)), ("not_seen", ())],
)
def test_asreview_labels_in_ris(word, decisions):
    """ASReview writes its label into the notes."""
    assert one(f"TY  - JOUR\nTI  - T\nN1  - ASReview_{word}\nER  - \n", "ris").decisions == decisions


# BibTeX

BIB = r"""% a comment
@string{jex = "Journal of " # {Examples}}
@comment{nothing}
@article{Key:2016,
  author = {Mure{\textcommabelow s}an, D. F. and de la Example, Ana and {EXAMPLE Study Group} and Ada Sample},
  title = "The {NF-$\kappa$B} of {\"U}bung \& more: 50\% {TBI}",
  journal = jex,
  year = 2016,
  pages = {123--128},
  doi = {https://doi.org/10.1000/a\_b},
  eprint = {90000001},
  eprinttype = {pubmed},
  groups = {rats, dose},
}
@article{broken, title = {no end,
  year = 2016
@article{next, title = {Next}, date = {2019-05}, pmid = 90000002}
@article{next, title = {Again}, year = {2020}}
"""


def test_bibtex_is_read():
    """LaTeX becomes text, macros are put together, groups stay one name, DOI and PMID are where managers put them."""
    citations, problems = both(BIB, "bibtex")
    first, *rest = citations
    assert (first.key, first.line) == ("Key:2016", 4)
    assert first.title == "The NF-κB of Übung & more: 50% TBI"
    assert first.authors == ("Mureșan, D. F.", "de la Example, Ana", "EXAMPLE Study Group", "Sample, Ada")
    assert (first.journal, first.year, first.pages) == ("Journal of Examples", 2016, "123-128")
    assert (first.doi, first.pmid) == ("10.1000/a_b", 90000001)
    assert first.labels == ("rats", "dose")
    assert [(one.key, one.year, one.pmid) for one in rest] == [("next", 2019, 90000002), ("next", 2020, None)]
    assert [problem.line for problem in problems] == [15]


# CSL-JSON


def test_csl_json_is_read():
    """Names, literal groups, dates in parts, Zotero's lines in the note; a broken item costs no neighbour."""
    items = [
        {
            "id": "a",
            "type": "article-journal",
            "title": "A <i>made-up</i> title",
            "author": [{"family": "Example", "given": "Ada"}, {"literal": "EXAMPLE Study Group"}],
            "issued": {"date-parts": [["2016", 1]]},
            "container-title": "J Example",
            "DOI": "10.1000/Example.1",
            "note": "PMID: 90000001\nPMCID: PMC9000001",
        },
        {"id": 7, "title": "B", "PMID": "90000002"},
    ]
    text = json.dumps(items, indent=1).replace('"title": "B"', '"title": B')
    citations, problems = both(text, "csl-json")
    assert len(citations) == 1
    assert citations[0].title == "A made-up title"
    assert citations[0].authors == ("Example, Ada", "EXAMPLE Study Group")
    assert (citations[0].pmid, citations[0].pmcid, citations[0].year) == (90000001, "PMC9000001", 2016)
    assert [text.split("\n")[problem.line - 1].strip() for problem in problems] == ["{"]
    both_whole, none = both(json.dumps(items), "csl-json")
    assert ([one.pmid for one in both_whole], none) == ([90000001, 90000002], [])


# tables


@pytest.mark.parametrize(
    "text",
    [
        (
            "PMID,Title,Authors,Citation,First Author,Journal/Book,Publication Year,Create Date,PMCID,NIHMS ID,DOI\n"
            '90000001,"A title, made up","Example A, Sample B.",x,Example A,J Example,2016,2016/01/05,PMC9000001,,'
            "10.1000/example.1\n"
        ),
        "doi;pmid;title;year\n10.1000/example.1;90000001;A title, made up;2016\n",
        '"title"\t"pubmed_id"\t"doi"\t"year"\n"A title,\nmade up"\t"90000001"\t"10.1000/example.1"\t"2016"\n',
        "sep=;\npmid;doi;title;year\n90000001;10.1000/example.1;A title, made up;2016\n",
        '\ufeffPMID,DOI,Article Title,Publication Year\r\n90000001,10.1000/example.1,"A title, made up",2016\r\n',
    ],
)
def test_tables_as_programs_write_them(text):
    """Commas, semicolons or tabs, any order of columns, quotes around line ends, the names of each program."""
    assert detect(text.encode(), "x.csv") == "csv"
    found = one(text, "csv")
    assert (found.pmid, found.doi, found.title, found.year) == (90000001, "10.1000/example.1", "A title, made up", 2016)


def test_a_guarded_cell_loses_its_apostrophe():
    """What reftrack and ASReview guard against formulas is read as it was."""
    assert one("pmid,title\n90000001,'=1+1 made up\n", "csv").title == "=1+1 made up"


@pytest.mark.parametrize(("label", "verdict"), [("1", "include"), ("0", "exclude"), ("", None), ("-1", None)])
@pytest.mark.parametrize("column", ["asreview_label", "included", "label_included"])
def test_asreview_tables(column, label, verdict):
    """1 is relevant, 0 is not, everything else says nothing."""
    found = one(f"record_id,title,{column}\n3,A made-up title,{label}\n", "csv")
    assert [decision.verdict for decision in found.decisions] == ([verdict] if verdict else [])


def test_a_table_without_an_id_or_a_title_is_told():
    """No column finds a paper: the line of names is what cannot be read."""
    citations, problems = both("a,b\n1,2\n", "csv")
    assert citations == []
    assert problems[0].line == 1


# ids


def test_lists_of_ids_are_read():
    """G08: PMIDs in every spelling, DOIs, PMCIDs, addresses, comments; junk is told by its line."""
    text = (
        "\ufeff# my list\n90000001\nPMID: 90000002\npmid90000003\n"
        "https://pubmed.ncbi.nlm.nih.gov/90000004/?x=1\ndoi:10.1000/Example.1\nhttps://doi.org/10.1000/a%3Cb\n"
        "PMC9000001\n90000005, 90000006;90000007\n\njunk\n0\n1234567890123\n"
    )
    citations, problems = both(text, "ids")
    assert [one.pmid for one in citations if one.pmid] == [90000000 + n for n in range(1, 8)]
    assert [one.doi for one in citations if one.doi] == ["10.1000/example.1", "10.1000/a<b"]
    assert [one.pmcid for one in citations if one.pmcid] == ["PMC9000001"]
    assert [problem.line for problem in problems] == [11, 12, 13]


# which format


@pytest.mark.parametrize(
    ("data", "name", "form"),
    [
        (NBIB.encode(), "x.txt", "nbib"),
        (b"\xef\xbb\xbfTY  - JOUR\nER  - \n", "export.txt", "ris"),
        (BIB.encode(), "x.txt", "bibtex"),
        (b'[{"id": "a"}]', "x.txt", "csl-json"),
        (b"pmid,title\n1,x\n", "x.txt", "csv"),
        (b"90000001\n90000002\n", "x.txt", "ids"),
        (b"", "x.ris", "ids"),
        (b"<?xml version='1.0'?><PubmedArticleSet>", "x", "pubmed-xml"),
    ],
)
def test_content_tells_the_format(data, name, form):
    """What the file holds says what it is, whatever it is called."""
    assert detect(data, name) == form


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7 x", b"PK\x03\x04abc", b"SQLite format 3\x00", b"<html><body>", b"{\\rtf1 x}", b"\x1f\x8b\x08"]
)
def test_what_is_no_list_of_references_is_refused(data):
    """A PDF, an office document, a database, a web page: one sentence says what it is."""
    with pytest.raises(UsageError, match="mine"):
        detect(data, "mine")


# anything at all


@given(data=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))))
def test_no_bytes_break_a_reader(data):
    """Whatever a file holds, a reader gives citations and problems, or one sentence."""
    for form in FORMATS:
        for found in read(data, form):
            assert found.line >= 1
    with contextlib.suppress(UsageError):
        assert detect(data) in (*FORMATS, "pubmed-xml")


pieces = st.sampled_from(
    [
        "TY  - JOUR",
        "ER  - ",
        "TI  - x",
        "PMID- 1",
        "TI  - y",
        "      on",
        "junk",
        "",
        "90000001",
        "10.1000/a.b",
        "# c",
        "AU  - a, b",
    ]
)


@given(st.lists(pieces, max_size=14))
def test_every_line_is_accounted_for(lines):
    """A line that is not empty is part of a citation's text, a comment, or told as unreadable: nothing vanishes."""
    text = "\n".join(lines)
    for form in ("ris", "nbib", "ids"):
        kept, told = set(), set()
        for found in read(text.encode(), form):
            if isinstance(found, Citation):
                kept.update(range(found.line, found.line + len(found.text.split("\n"))))
            else:  # lines outside any entry are told together, with their number
                after = found.line + len(found.text.split("\n"))
                told.update(range(found.line, after))
                while "more lines" in found.reason and after <= len(lines) and after not in kept:
                    told.add(after)
                    after += 1
        for number, line in enumerate(lines, 1):
            comment = form == "ids" and line.startswith("#")
            assert number in kept | told or not line.strip() or comment, (form, number, line)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "text",
    [
        "{" * 100000,
        "[" * 100000,
        "@a{" * 30000,
        '"' * 100001,
        "TY  - " * 20000,
        "a" * 3000000,
        "\n" * 200000,
        "\\" * 99999,
        "PMID- 1\n" * 20000,
        "TY  - JOUR\n" * 20000,
        "@article{a,\n" * 10000,
        '{"title":' * 30000,
        "10.1000/" * 50000,
    ],
    ids=range(13),
)
def test_hostile_files_end_soon(form, text):
    """Deep nesting, one long line, a hundred thousand openings: the reader ends, and not in quadratic time."""
    began = time.process_time()
    for _ in read(text.encode(), form):
        pass
    assert time.process_time() - began < 30


# what others read


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("zotero-export-1000.ris", 1000),
        ("revtools-scopus-286.ris", 286),
        ("asysd-endnote-69.ris", 69),
        ("litstudy-example.ris", 25),
    ],
)
def test_ris_of_the_corpus_is_read_whole(corpus, name, count):
    """As many entries, with the titles and DOIs, as rispy finds; nothing is left over."""
    data = (corpus / "ris" / name).read_bytes()
    citations, problems = both(data, "ris")
    with (corpus / "ris" / name).open(encoding="utf-8-sig") as stream:  # as text: rispy leaves line ends to Python
        theirs = rispy.load(stream, skip_unknown_tags=True)
    assert (len(citations), problems) == (count, [])
    assert len(theirs) == count
    for ours, other in zip(citations, theirs, strict=True):
        title = other.get("title") or other.get("primary_title") or ""
        assert title_likeness(ours.title, unescape(title)) >= 0.9 or not title, ours.line
        assert not other.get("doi", "").startswith("10.") or ours.doi == other["doi"].strip().lower().rstrip(".")


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("restoration-104.nbib", 104),
        ("biopython-medline-1.nbib", 1),
        ("biopython-medline-2.nbib", 4),
        ("biopython-medline-3.nbib", 1),
    ],
)
def test_nbib_of_the_corpus_is_read_whole(corpus, name, count):
    """As many records, with the PMIDs, titles and DOIs, as Bio.Medline finds."""
    text = (corpus / "nbib" / name).read_text(encoding="utf-8")
    citations, problems = both(text, "nbib")
    theirs = [other for other in Medline.parse(StringIO(text)) if other]
    assert (len(citations), problems) == (count, [])
    for ours, other in zip(citations, theirs, strict=True):
        assert ours.pmid == int(other["PMID"])
        assert title_likeness(ours.title, other.get("TI", other.get("BTI", ""))) >= 0.9
        named = [value for value in other.get("AID", []) if value.endswith("[doi]")]
        assert not named or ours.doi == named[0].removesuffix(" [doi]").lower()


@pytest.mark.parametrize("name", ROUND_TRIP)
def test_what_we_write_we_read(name):
    """Every made-up paper that we export is read back with its PMID, DOI, title, first author and year."""
    citations, problems = both(written(name, *ENTRIES), ROUND_TRIP[name])
    assert problems == []
    check(citations, ENTRIES, name)


@pytest.mark.corpus
@pytest.mark.parametrize("path", FILES[:3])
@pytest.mark.parametrize("name", ROUND_TRIP)
def test_real_records_come_back(corpus, path, name):
    """The same of real records."""
    papers = random.Random(5).sample(all_of := list(real_entries(corpus / path)), min(150, len(all_of)))
    citations, problems = both(written(name, *papers), ROUND_TRIP[name])
    assert problems == []
    check(citations, papers, name)


def check(citations, papers, name):
    assert len(citations) == len(papers)
    for found, held in zip(citations, papers, strict=True):
        record = held.paper
        assert found.pmid == record.pmid, name
        if record.doi and not set(record.doi) & set("%{}\\ "):
            assert found.doi == record.doi.lower()
        if plain(record.title) and "\\" not in record.title and "[No title]" not in record.title:
            assert title_likeness(found.title, plain(record.title)) >= 0.89, (found.title, record.title)
        year = record.date.year or record.electronic_date.year
        assert found.year == year, (name, record.pmid)
