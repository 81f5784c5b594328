"""Ids in every way in which people write them."""

import pytest

from imported import found, sorted_out
from reftrack.imports import identifiers


@pytest.mark.parametrize(
    ("written", "doi"),
    [
        ("10.1000/ABC", "10.1000/abc"),
        ("doi:10.1000/abc", "10.1000/abc"),
        ("DOI: 10.1000/abc.", "10.1000/abc"),
        ("https://doi.org/10.1000/abc", "10.1000/abc"),
        ("http://dx.doi.org/10.1000/abc%28d%29", "10.1000/abc(d)"),
        ("doi: https://doi.org/10.1000/abc", "10.1000/abc"),
        ("10.1000/a(b)c", "10.1000/a(b)c"),
        ("10.1000/abc)", "10.1000/abc"),
        ("10.1000/abc;", "10.1000/abc"),
        ("10.1000/(SICI)1-2(3)4:5&lt;6::AID-X7&gt;3.0.CO;2-2", "10.1000/(sici)1-2(3)4:5<6::aid-x7>3.0.co;2-2"),
        ("10.1000/abc [doi]", "10.1000/abc"),
        ("10.10/abc", ""),
        ("10.1000/", ""),
        ("see 10.1000/abc", ""),
        ("", ""),
        ("10.1000/" + "x" * 3000, ""),
    ],
)
def test_dois(written, doi):
    """A DOI is bare, decoded, in small letters, and without the punctuation around it."""
    assert identifiers.doi(written) == doi


@pytest.mark.parametrize(
    ("written", "pmid"),
    [
        ("90000001", 90000001),
        ("PMID: 1", 1),
        ("pmid90000001", 90000001),
        ("PMID 90000001.", 90000001),
        ("0090000001", 90000001),
        ("90000001.0", 90000001),
        ("https://pubmed.ncbi.nlm.nih.gov/90000001/?from=x", 90000001),
        ("https://www.ncbi.nlm.nih.gov/pubmed/90000001", 90000001),
        ("MEDLINE:90000001", 90000001),
        ("0", None),
        ("1234567890", None),
        ("-5", None),
        ("1.5", None),
        ("PMC9000001", None),
        ("٣٤", None),
        ("", None),
    ],
)
def test_pmids(written, pmid):
    """A PMID has one to nine digits and is never zero."""
    assert identifiers.pmid(written) == pmid


def test_lists():
    """One id a line or several, PMIDs, DOIs and PMCIDs, under their names or not; comments are left out."""
    text = """# a comment
90000001
PMID: 90000002, pmid90000003 # another
90000004;90000005,90000006
https://pubmed.ncbi.nlm.nih.gov/90000007/

doi: 10.1000/a#b, 10.1000/(x)c;2-2,10.1000/d
PMC9000001 "PMCID: PMC9000002"
90000001
"""
    citations = found("ids", "\ufeff" + text.replace("\n", "\r\n"))
    assert [(c.line, c.pmid or c.doi or c.pmcid) for c in citations] == [
        (2, 90000001),
        (3, 90000002),
        (3, 90000003),
        (4, 90000004),
        (4, 90000005),
        (4, 90000006),
        (5, 90000007),
        (7, "10.1000/a#b"),
        (7, "10.1000/(x)c;2-2"),
        (7, "10.1000/d"),
        (8, "PMC9000001"),
        (8, "PMC9000002"),
        (9, 90000001),
    ]
    assert citations[1].text.startswith("PMID: 90000002")


def test_junk_is_told():
    """What is no id is told with its line, and the ids beside it are read."""
    read, told = sorted_out("ids", "hello\n90000001 world 0\n1234567890\n")
    assert [c.pmid for c in read] == [90000001]
    assert told == [(1, "hello"), (2, "world 0"), (3, "1234567890")]
