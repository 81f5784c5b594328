"""nbib: the tags of PubMed, and entries that are broken."""

from imported import found, one, sorted_out

PLAIN = """PMID- 90000001
OWN - NLM
STAT- MEDLINE
VI  - 12
IP  - 3
DP  - 2016 Jan 5
TI  - A made-up trial of a long title that
      goes on.
PG  - 123-8
LID - S1234(16)00001-2 [pii]
LID - 10.1000/Example.1 [doi]
FAU - Example, Ada B
AU  - Example AB
AU  - Primer B
CN  - EXAMPLE Study Group
LA  - eng
TA  - J Example
JT  - Journal of examples
PMC - PMC9000001
AID - 10.1000/Example.1 [doi]
"""


def test_every_field_of_an_entry():
    """A whole entry gives ids, title, authors in full or short form, year, journal and place."""
    citation = one("nbib", "\n" + PLAIN + "\n")
    assert (citation.line, citation.text) == (2, PLAIN.rstrip("\n"))
    assert (citation.pmid, citation.doi, citation.pmcid) == (90000001, "10.1000/example.1", "PMC9000001")
    assert citation.title == "A made-up trial of a long title that goes on."
    assert citation.authors == ("Example, Ada B", "Primer, B", "EXAMPLE Study Group")
    assert (citation.year, citation.journal) == (2016, "Journal of examples")
    assert (citation.volume, citation.issue, citation.pages) == ("12", "3", "123-8")


def test_a_book():
    """A book has its title in BTI, and a chapter of it too."""
    assert one("nbib", "PMID- 90000002\nBTI - Handbook of examples\nDP  - 2020\n").title == "Handbook of examples"
    chapter = one("nbib", "PMID- 90000003\nTI  - A chapter\nBTI - Handbook of examples\n")
    assert (chapter.title, chapter.journal) == ("A chapter", "Handbook of examples")


def test_a_vernacular_title_only():
    """Where a record has but the title in its own language, that is the title."""
    assert one("nbib", "PMID- 90000004\nTT  - Ein Beispiel\n").title == "Ein Beispiel"


def test_an_entry_without_pmid_costs_no_neighbour():
    """A record that lost its PMID is a citation of its own, and the one before keeps its title."""
    first, second, third = found(
        "nbib",
        "PMID- 90000001\nOWN - NLM\nTI  - One\n\nOWN - NLM\nTI  - Two\nAU  - Example A\n\n"
        "PMID- 90000003\nTI  - Three\n",
    )
    assert (first.title, second.title, second.pmid, second.line) == ("One", "Two", None, 5)
    assert third.pmid == 90000003


def test_an_empty_line_inside_a_record():
    """An empty line ends no record that goes on with a field it has not said yet."""
    citation = one("nbib", "PMID- 90000001\nTI  - One\n\nFAU - Example, Ada\n\n      B\nDP  - 2001\n")
    assert (citation.authors, citation.year) == (("Example, Ada B",), 2001)


def test_text_outside_entries_is_told():
    """What is no field is told by its line: before the first entry, and after an empty line."""
    read, told = sorted_out("nbib", "hello\n\nPMID- 90000001\nTI  - One\n\njunk here\n\nPMID- 90000002\nTI  - Two\n")
    assert [c.pmid for c in read] == [90000001, 90000002]
    assert told == [(1, "hello"), (6, "junk here")]


def test_a_pmid_that_is_no_number():
    """A PMID that is none is not taken, and the title still is."""
    citation = one("nbib", "PMID- 9000x\nTI  - One\n")
    assert (citation.pmid, citation.title) == (None, "One")
