"""RIS as the programs write it: entries, ids, people, and what Rayyan and ASReview put into the notes."""

import pytest

from imported import found, one, sorted_out
from reftrack.citation import Decision

PLAIN = """TY  - JOUR
TI  - A made-up trial
AU  - Example, Ada B.
AU  - Primer, Bo, Jr.
AU  - EXAMPLE Study Group,
T2  - J Example
PY  - 2019/03/01/
VL  - 12
IS  - 3
SP  - 123
EP  - 128
DO  - https://doi.org/10.1000/Example.1
ID  - example2019
ER  -
"""


def test_every_field_of_an_entry():
    """A whole entry gives key, ids, title, authors, year, journal and place."""
    citation = one("ris", PLAIN)
    assert (citation.line, citation.text) == (1, PLAIN.rstrip("\n"))
    assert (citation.key, citation.doi, citation.pmid, citation.year) == (
        "example2019",
        "10.1000/example.1",
        None,
        2019,
    )
    assert (citation.title, citation.journal) == ("A made-up trial", "J Example")
    assert citation.authors == ("Example, Ada B.", "Primer, Bo, Jr.", "EXAMPLE Study Group")
    assert (citation.volume, citation.issue, citation.pages) == ("12", "3", "123-128")


def test_wrapped_lines_belong_to_the_field_before():
    """A line without a tag continues the field before it."""
    assert one("ris", "TY  - JOUR\nTI  - A title\nof two lines\nPY  - 2001\nER  - \n").title == "A title of two lines"


def test_a_missing_end_costs_no_neighbour():
    """Without ER an entry ends where the next begins, and at the end of the file."""
    titles = [
        c.title for c in found("ris", "TY  - JOUR\nTI  - One\n\nTY  - JOUR\nTI  - Two\nER  - \nTY  - JOUR\nTI  - Three")
    ]
    assert titles == ["One", "Two", "Three"]


def test_a_type_given_twice_begins_one_entry():
    """`TY` twice at the beginning is one entry."""
    assert one("ris", "TY  - JOUR\nTY  - JOUR\nTI  - One\nER  - \n").line == 1


def test_an_entry_without_its_type_is_read():
    """Where TY is missing the entry is still a citation of its own."""
    first, second = found("ris", "TY  - JOUR\nTI  - One\nER  - \n\nTI  - Two\nDO  - 10.1000/two\nER  - \n")
    assert (second.line, second.title, second.doi) == (5, "Two", "10.1000/two")
    assert first.title == "One"


def test_narrow_tags():
    """Tags with one space, as some databases write them, are tags."""
    assert one("ris", "TY - JOUR\nTI - One\nPY - 1999\nER -\n").year == 1999


def test_text_outside_entries_is_told_once():
    """Lines between entries are told by their first line, an entry that says nothing by its own."""
    read, told = sorted_out("ris", "hello\nthere\nTY  - JOUR\nTI  - One\nER  - \nlost\n\nTY  - JOUR\nER  - \nER  - \n")
    assert [c.title for c in read] == ["One"]
    assert told == [(1, "hello\nthere"), (6, "lost"), (8, "TY  - JOUR\nER  - "), (10, "ER  - ")]


def test_the_preamble_of_a_database_is_no_fault():
    """What ACM, EBSCO and Ovid write before entries is no unreadable part."""
    assert one("ris", "Provider: Example\nContent: text/plain\n\n1. \nTY  - JOUR\nTI  - One\nER  - \n").line == 5


@pytest.mark.parametrize(
    "lines",
    [
        "DB  - PubMed\nAN  - 90000001",
        "DP  - NLM\nAN  - 90000001",
        "DB  - Ovid MEDLINE(R)\nAN  - 90000001",
        "AN  - PMID: 90000001",
        "N1  - PMID: 90000001",
        "N1  - PMCID: PMC9000001; PMID: 90000001",
        "N1  - <p>PMID: 90000001</p>",
        "N1  - PMID: 90000001 [Indexed for MEDLINE]",
        "N1  - Times cited: 3\nPMID: 90000001\nmore",
        "UR  - https://pubmed.ncbi.nlm.nih.gov/90000001/",
        "UR  - https://example.org/x.pdf, https://www.ncbi.nlm.nih.gov/pubmed/90000001",
        "C1  - PUBMED-90000001",
        "C3  - PUBMED 90000001",
    ],
)
def test_a_pmid_where_the_field_says_so(lines):
    """A number is a PMID where its field or its words say so."""
    assert one("ris", f"TY  - JOUR\nTI  - One\n{lines}\nER  - \n").pmid == 90000001


@pytest.mark.parametrize(
    "lines",
    [
        "AN  - 90000001",
        "DB  - Scopus\nAN  - 90000001",
        "DB  - Embase, MEDLINE\nAN  - 90000001",
        "DB  - PubMed\nAN  - WOS:000082252000006",
        "ID  - 90000001",
        "C2  - 90000001",
        "N1  - 90000001",
        "N1  - Comment on: J Example. 2016;51:123. PMID: 90000001",
        "N1  - Erratum in: J Example 2016, PMID: 90000001",
        "N1  - PMID: 90000001\nPMID: 90000002",
        "DB  - PubMed 2019",
        "N1  - PubMed 2019",
        "UR  - https://example.org/pubmed/90000001",
    ],
)
def test_no_pmid_where_the_field_does_not_say_so(lines):
    """A bare number, another paper's PMID in a sentence, and two that contradict each other are no PMID."""
    assert one("ris", f"TY  - JOUR\nTI  - One\n{lines}\nER  - \n").pmid is None


def test_ids_in_other_fields():
    """EndNote puts a PMCID into C2 and a DOI into M3; Scopus hides a DOI in its address."""
    citation = one("ris", "TY  - JOUR\nTI  - One\nC2  - PMC9000001\nM3  - 10.1000/abc\nER  - \n")
    assert (citation.pmcid, citation.doi) == ("PMC9000001", "10.1000/abc")
    address = "https://www.scopus.com/inward/record.uri?eid=2-s2.0-1&doi=10.1000%2fICB.1&partnerID=40"
    assert one("ris", f"TY  - JOUR\nTI  - One\nUR  - {address}\nER  - \n").doi == "10.1000/icb.1"


def test_rayyan():
    """Rayyan's note gives each reader's decision, the reasons to who excluded, labels, and the readers' notes."""
    citation = one(
        "ris",
        "TY  - JOUR\nTI  - One\nN1  - Imported note | "
        'RAYYAN-INCLUSION: {"Ali"=>"Included", "Mary \\"M\\" Example"=>"Excluded", "Bo"=>"Maybe", "Cy"=>"Undecided"} | '
        "RAYYAN-LABELS: foo,bar baz,foo | RAYYAN-EXCLUSION-REASONS: wrong population,animal | "
        'USER-NOTES: {"Ali"=>["check [this]", "and that"], "Bo"=>["later"]}\nER  - \n',
    )
    assert citation.decisions == (
        Decision("include", "Ali"),
        Decision("exclude", 'Mary "M" Example', ("wrong population", "animal")),
        Decision("maybe", "Bo"),
    )
    assert citation.labels == ("foo", "bar baz")
    assert citation.note == "Ali: check [this]\nAli: and that\nBo: later"


def test_rayyan_twice():
    """Where a review was taken into another one, a person's later decision counts, and the others stay."""
    note = 'RAYYAN-INCLUSION: {"Ada"=>"Maybe", "Bo"=>"Included"} | RAYYAN-INCLUSION: {"Ada"=>"Excluded"}'
    citation = one("ris", f"TY  - JOUR\nTI  - One\nN1  - {note}\nER  - \n")
    assert citation.decisions == (Decision("exclude", "Ada"), Decision("include", "Bo"))


def test_reasons_of_nobody_are_kept():
    """Exclusion reasons without a decision become a note rather than anyone's decision."""
    citation = one("ris", "TY  - JOUR\nTI  - One\nN1  - RAYYAN-EXCLUSION-REASONS: wrong population\nER  - \n")
    assert (citation.decisions, citation.note) == ((), "Exclusion reasons: wrong population")


@pytest.mark.parametrize(
    ("note", "verdicts"),
    [
        ("ASReview_relevant", ("include",)),
        ("ASReview_irrelevant", ("exclude",)),
        ("ASReview_not_seen", ()),
        ("<p>ASReview_relevant</p>", ("include",)),
        ("ASReview_prior\nN1  - ASReview_relevant", ("include",)),
        ("ASReview_validate_relevant", ()),
    ],
)
def test_asreview_1(note, verdicts):
    """ASReview's label in the notes is a decision of nobody named; what it was to validate is none."""
    citation = one("ris", f"TY  - JOUR\nTI  - One\nN1  - {note}\nER  - \n")
    assert tuple(decision.verdict for decision in citation.decisions) == verdicts
    assert not citation.note


def test_asreview_2():
    """ASReview 2 writes its columns as notes: who decided, tags that are set, and the note."""
    citation = one(
        "ris",
        "TY  - JOUR\nTI  - One\nN1  - ASReview_irrelevant\nN1  - Times cited: 3\nN1  - asreview_label: 0\n"
        'N1  - asreview_time: "2025-01-02 03:04:05"\nN1  - asreview_note: "a \\"note\\"\\nof two lines"\n'
        'N1  - asreview_user_name: "Ada Example"\nN1  - asreview_tag_design_rct: 1\n'
        "N1  - asreview_tag_design_cohort: 0\nER  - \n",
    )
    assert citation.decisions == (Decision("exclude", "Ada Example"),)
    assert citation.labels == ("design_rct",)
    assert citation.note == 'a "note"\nof two lines'


def test_ordinary_notes_are_no_persons_note():
    """What databases put into N1 is the word of no person."""
    assert one("ris", "TY  - JOUR\nTI  - One\nN1  - Cited By :1\nER  - \n").note == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding, ending):
    """UTF-8, UTF-16, Windows' own, with any line ends: the text and its lines are the same."""
    text = "TY  - JOUR\nTI  - Ümläut – dash\nER  - \n\nTY  - JOUR\nTI  - Two\nER  - \n".replace("\n", ending)
    first, second = found("ris", text.encode(encoding))
    assert (first.line, first.title, second.line) == (1, "Ümläut – dash", 5)


def test_markup_in_a_title():
    """Tags and entities of a title are no text of it, signs of comparison are."""
    citation = one("ris", "TY  - JOUR\nTI  - <i>In vitro</i> CO<sub>2</sub> &amp; p < 0.05 for a <b and c> d\nER  - \n")
    assert citation.title == "In vitro CO2 & p < 0.05 for a <b and c> d"


def test_a_given_name_first():
    """`G. Kalbe`, as IEEE writes it, is given name and family name; a name without initials is left alone."""
    text = "TY  - JOUR\nTI  - One\nAU  - G.-H. Example\nAU  - The Example Group\nER  - \n"
    assert one("ris", text).authors == ("Example, G.-H.", "The Example Group")
