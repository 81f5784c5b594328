"""Any bytes at all: nothing escapes, no line vanishes, and no file takes more time than its length."""

import time
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imported import uncovered
from reftrack import imports
from reftrack.citation import Citation, Unreadable
from reftrack.errors import UsageError

FORMS = pytest.mark.parametrize("form", imports.FORMATS)
TAGS = ("TY  - JOUR", "TY - X", "ER  - ", "TI  - x", "AU  - A, B", "PMID- 1", "PMID- x", "OWN - NLM", "FAU - A, B")
SIGNS = (
    "\n",
    "\r",
    "\n\n",
    "      more",
    "@a{b,",
    "t={",
    "}",
    '"',
    "#",
    "\\",
    "{",
    "[",
    '{"id":"a"',
    ",",
    ":",
    ";",
    "\t",
)
WORDS = (
    "pmid,title\n",
    "90000001",
    "10.1000/a",
    "PMC1",
    "doi:",
    "junk",
    "and",
    "\x00",
    "\ufeff",
    "$",
    "é",
    "<i>",
    "&#9999999;",
)
NOTES = ("N1  - ASReview_relevant", 'RAYYAN-INCLUSION: {"a"=>"Included"', "USER-NOTES: {", "asreview_note: [")
SNIPPETS = st.sampled_from((*TAGS, *SIGNS, *WORDS, *NOTES))
TEXTS = st.lists(SNIPPETS | st.text(max_size=5), max_size=30).map("".join)


@FORMS
@given(data=TEXTS.map(str.encode) | st.binary(max_size=200))
@example(data=b'N1  - XRAYYAN-INCLUSION: {"a"=>"Included"')
@settings(deadline=None)
def test_nothing_escapes(form, data):
    """Any bytes in any format give citations and unreadable parts, in order, and no exception but ours."""
    with suppress(UsageError):
        assert imports.detect(data) in {*imports.FORMATS, "pubmed-xml"}
    items = list(imports.read(data, form))
    assert all(isinstance(item, Citation | Unreadable) for item in items)
    lines = [item.line for item in items]
    assert all(1 <= line <= data.count(b"\n") + data.count(b"\r") + 1 for line in lines)
    assert all("\n" not in item.title for item in items if isinstance(item, Citation))
    assert all(item.reason and len(item.text) <= 200 for item in items if isinstance(item, Unreadable))


@pytest.mark.parametrize("form", ["nbib", "ris", "ids"])
@given(lines=st.lists(TEXTS.map(lambda text: text.replace("\r", "").replace("\ufeff", "")), max_size=10))
@example(lines=["x", "", "TY  - JOUR", "", "y", "ER  - ", "z", "", "PMID- 1", "", "q"])
@settings(deadline=None)
def test_no_line_vanishes(form, lines):
    """Every line belongs to a citation or stands at what is told as unreadable."""
    text = "\n".join(lines)
    left = uncovered(form, text)
    if form == "ids":  # what `#` begins is a comment, and commas alone say nothing
        left = {n for n in left if text.split("\n")[n - 1].split("#")[0].strip(" ,;\"'<>|\t\x0b\x0c")}
        left = {n for n in left if not text.split("\n")[n - 1].lstrip().startswith("#")}
    if form == "ris":  # a number alone is Ovid's
        left = {n for n in left if not text.split("\n")[n - 1].strip("<>. ").isdecimal()}
    assert not left


HOSTILE = {
    "a line": b"a" * 5_000_000,
    "nothing": b"\0" * 1_000_000,
    "brackets": b"[" * 500_000,
    "deep objects": b'[{"a":[{"b":' * 100_000,
    "items never closed": b'[{"id":"a","title":"x},\n' * 5_000,
    "entries never closed": b"@a{x,\n" * 20_000,
    "deep braces": b"@a{x, title={" + b"{" * 200_000 + b'\\"u' + b"}" * 200_000 + b"}}",
    "accents": b"@a{x, title={" + b'\\"u ' * 200_000 + b"}}",
    "quotes": b"pmid,title\n" + b'"a\n' * 20_000,
    "one quote": b'pmid,title\n1,"' + b"a,\n" * 20_000,
    "types": b"TY  - JOUR\n" * 50_000,
    "notes": b'TY  - JOUR\nN1  - USER-NOTES: {"a"=>[' + b'"b\\' * 100_000,
    "closing brackets": b"TY  - JOUR\nDO  - 10.1000/" + b")" * 200_000,
    "names without ids": b"pmid" + b" " * 300_000 + b"x",
    "one entry in another": b"@a{" * 30_000,
    "backslashes": b"\\" * 99_999,
    "line ends": b"\n" * 200_000,
    "records": b"PMID- 1\n" * 20_000,
    "DOIs in a row": b"10.1000/" * 50_000,
    "zeros": b"TY  - JOUR\nDB  - PubMed\nAN  - " + b"0" * 300_000,
    "tags": b"TY  - JOUR\nTI  - " + b"<i " * 200_000,
}


@FORMS
@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_end(form, data):
    """A file made to take for ever ends as fast as its length allows."""
    begin = time.process_time()
    for _ in imports.read(data, form):
        pass
    assert time.process_time() - begin < 30  # a square of these lengths would take hours
