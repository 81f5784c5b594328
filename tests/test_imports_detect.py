"""Which format a file has, and what is none."""

import pytest

from reftrack import imports
from reftrack.errors import UsageError


@pytest.mark.parametrize(
    ("text", "name", "form"),
    [
        ('<?xml version="1.0"?>\n<PubmedArticleSet><PubmedArticle>', "x", "pubmed-xml"),
        ("\n<PubmedArticle>", "x.txt", "pubmed-xml"),
        ("\nPMID- 90000001\nTI  - x", "x.txt", "nbib"),
        ("TY  - JOUR\n", "x.txt", "ris"),
        ("\ufeff\nTY  - JOUR\n", "", "ris"),
        ("Provider: x\n\nTY - JOUR\n", "", "ris"),
        ("TY  - JOUR\nN1  - x\nPMID- 1\n@a{b,", "", "ris"),
        ("PMID- 90000001\nAB  - x\nTY  - odd", "", "nbib"),
        ("% Encoding: UTF-8\n\n@Article{a,", "x.txt", "bibtex"),
        ('[{"id": 1}]', "x.txt", "csl-json"),
        ('{"id": 1}\n{"id": 2}', "", "csl-json"),
        ("PMID,Title\n90000001,x", "x.txt", "csv"),
        ("doi\n10.1000/a", "", "csv"),
        ("Title;Year\nx;2001", "x.dat", "csv"),
        ("sep=;\na;b", "", "csv"),
        ("a,b\n1,2", "x.csv", "csv"),
        ("a\tb\n1\t2", "x.TSV", "csv"),
        ("TI  - x\n", "x.ris", "ris"),
        ("# mine\n90000001\n10.1000/a", "x.txt", "ids"),
        ("90000001, 90000002", "", "ids"),
        ("hello\n90000001", "", "ids"),
        ("", "x.pdf", "ids"),
        (" \n\n", "", "ids"),
    ],
)
def test_formats(text, name, form):
    """The content says the format, and the name only where it does not."""
    assert imports.detect(text.encode(), name) == form


def test_utf_16():
    """A file in UTF-16 is text too."""
    assert imports.detect("TY  - JOUR\nTI  - x\n".encode("utf-16")) == "ris"


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"%PDF-1.7", "x.ris", "x.ris is a PDF."),
        (b"PK\x03\x04", "x.docx", "zip archive or a document"),
        (b"SQLite format 3\x00", "x.db", "x.db is a database."),
        (b"{\\rtf1 x}", "x.txt", "rich text"),
        (b"\x1f\x8b\x08", "x.gz", "compressed"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d", "x.csv", "x.csv is no text."),
        (b"<!DOCTYPE html><html>", "x.csv", "web page"),
        (b"<xml><records>", "x.xml", "not of PubMed"),
        (b"%0 Journal Article\n%T x", "x.enw", "EndNote's own format"),
        (b"Some prose about nothing.", "x.txt", "is neither"),
        (b"Some prose.", "", "The file is neither"),
    ],
)
def test_what_is_no_format(data, name, words):
    """Other files are refused in one sentence that says what they are."""
    with pytest.raises(UsageError) as refused:
        imports.detect(data, name)
    assert words in str(refused.value)
    assert str(refused.value).endswith(".")


def test_an_unknown_format_is_refused():
    """A format that is none is refused, and the others are named."""
    with pytest.raises(UsageError, match="nbib, ris, bibtex"):
        imports.read(b"", "word")
