"""Names, pages: the tables of what PubMed gives and what BibTeX must get."""

import pytest
from pybtex.database import parse_string

from export_papers import bibtex, entry, read_back
from reftrack.export.latex import UTF8
from reftrack.export.names import names, one_name
from reftrack.export.pages import full_ranges
from reftrack.model import Author


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        (Author("Example", "Ada B", "AB"), "Example, Ada B"),
        (Author("Example", "A B"), "Example, A B"),
        (Author("Example", "", "AB"), "Example, A B"),
        (Author("Example"), "Example"),
        (Author("Van Example"), "{Van Example}"),
        (Author("Example", "", "", "Jr"), "{Example Jr}"),
        (Author("", "Ada"), "Ada"),
        (Author("", ""), ""),
        (Author("O'Example", "Pat", "P", "Jr"), "O'Example, Jr., Pat"),
        (Author("Example", "Pat", "P", "3rd"), "Example, 3rd, Pat"),
        (Author("Example", "Pat", "P", ", MSN, MPH"), "Example, MSN MPH, Pat"),
        (Author("Example", "Pat", "P", ","), "Example, Pat"),
        (Author("de la Cruz", "Ana"), "de la Cruz, Ana"),
        (Author("van der Example", "Jan"), "van der Example, Jan"),
        (Author("Ferrari Silva", "Ana"), "Ferrari Silva, Ana"),
        (Author("EXAMPLE Study Group", collective=True), "{EXAMPLE Study Group}"),
        (
            Author("World Example Organization and Partners", collective=True),
            "{World Example Organization and Partners}",
        ),
        (Author("; for the EXAMPLE study group", collective=True), "{for the EXAMPLE study group}"),
        (Author("Example & Sons", collective=True), r"{Example \& Sons}"),
        (Author("Rock and Roll", "Ada"), "Rock {and} Roll, Ada"),
        (Author("Example", "Anders and"), "Example, Anders {and}"),
        (Author("And", "AND"), "{And}, {AND}"),
        (Author("Andersand", "Ada"), "Andersand, Ada"),
        (Author("others"), "{others}"),
        (Author("Example, PhD", "Ada"), "{Example, PhD}, Ada"),
        (Author("Exam{ple", "A}"), r"Exam{\textbraceleft}ple, A{\textbraceright}"),
        (Author("李", "小龍"), "李, 小龍"),
    ],
)
def test_name(author, expected):
    """X11: `Family, Suffix, Given`; groups, and whatever BibTeX would divide wrongly, in braces."""
    assert one_name(author, UTF8) == expected


def test_names_of_all_authors():
    """X11: a list of 621 authors is exported whole, in order; the quick way for dull lists changes nothing."""
    authors = tuple(Author(f"Example{'x' * number}", "A") for number in range(621))
    assert names(authors, UTF8) == " and ".join(one_name(author, UTF8) for author in authors)


@pytest.mark.parametrize(
    "odd",
    [
        Author("Rock and", "Roll"),
        Author("and Rock", "Roll"),
        Author("Rock", "Roll and"),
        Author("Rock", "and Roll"),
        Author("Rock, Jr", ""),
        Author("Rock"),
        Author("", "Rock"),
        Author("A_B", "C"),
        Author("Rock", "Roll", suffix="Jr"),
        Author("Rock", "Roll", collective=True),
        Author(" Rock ", " Roll"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_odd_name_among_dull_ones(odd, place):
    """X11: one odd author does not take the quick way along, wherever it stands: pybtex counts three people."""
    authors = [Author("Example", "Ada"), Author("Example", "Bob")]
    authors.insert(place, odd)
    assert names(authors, UTF8) == " and ".join(one_name(author, UTF8) for author in authors)
    found = parse_string(bibtex(entry(authors=tuple(authors))), "bibtex").entries["example2016"]
    assert len(found.persons["author"]) == 3


def test_incomplete_list():
    """A list that PubMed calls incomplete ends with "and others", which styles print as et al."""
    assert names([Author("Example", "Ada")], UTF8, complete=False) == "Example, Ada and others"
    assert names([], UTF8, complete=False) == ""


@pytest.mark.parametrize(
    ("author", "parts"),
    [
        (Author("de la Cruz", "Ana Maria"), (["Ana"], ["Maria"], ["de", "la"], ["Cruz"], [])),
        (Author("O'Example", "Pat", "P", "Jr"), (["Pat"], [], [], ["O'Example"], ["Jr."])),
        (Author("De Luca", "Ada"), (["Ada"], [], [], ["De", "Luca"], [])),
        (Author("Group of A, B and C", collective=True), ([], [], [], ["{Group of A, B and C}"], [])),
        (Author("Van Example"), ([], [], [], ["{Van Example}"], [])),
        (Author("Rock and Roll", "Ada"), (["Ada"], [], [], ["Rock", "{and}", "Roll"], [])),
    ],
)
def test_names_as_pybtex_reads_them(author, parts):
    """X11: an independent reader finds given names, particle, family name and suffix where PubMed had them."""
    text = bibtex(entry(authors=(author, Author("Next", "N"))))
    first, second = parse_string(text, "bibtex").entries["example2016"].persons["author"]
    read = (first.first_names, first.middle_names, first.prelast_names, first.last_names, first.lineage_names)
    if author.family == "Rock and Roll":  # the lower-case {and} makes a particle of what stands before it
        assert [read_back(part) for part in (*first.prelast_names, *first.last_names)] == ["Rock", "and", "Roll"]
    else:
        assert read == parts
    assert str(second) == "Next, N"


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ("123-8", "123--128"),
        ("e123-8", "e123--e128"),
        ("S12-8", "S12--S18"),
        ("431-e3", "431--e3"),
        ("100-S4", "100--S4"),
        ("1-", "1"),
        ("123-123", "123"),
        ("vi-xii, 105-109.e3, 1.e1-1.e12", "vi--xii, 105--109.e3, 1.e1--1.e12"),
        ("123-8; discussion 129-30", "123--128; discussion 129--130"),
        ("123–8", "123--128"),
        ("123 - 8", "123--128"),
        ("123-128", "123--128"),
        ("E33-43", "E33--E43"),
        ("E8-16", "E8--E16"),
        ("1S-20S", "1S--20S"),
        ("115S-20S", "115S--120S"),
        ("115.e1-8", "115.e1--8"),
        ("97-4", "97--4"),
        ("R916-R924", "R916--R924"),
        ("77-95, viii", "77--95, viii"),
        ("1475-6; author reply 1475-6", "1475--1476; author reply 1475--1476"),
        ("[34457 words; 185 paragraphs]", "[34457 words; 185 paragraphs]"),
        ("S2173-5808(21)00076-6", "S2173-5808(21)00076-6"),
        ("e12345", "e12345"),
        ("123", "123"),
        ("", ""),
    ],
)
def test_pages(pages, expected):
    """X12: short page ranges are completed, what is no short form keeps its ends, full ranges stay full."""
    assert full_ranges(pages, dash="--") == expected
    assert full_ranges(full_ranges(pages), dash="--") == expected


def test_pages_of_any_length():
    """A page string of 100,000 digits takes no time worth speaking of."""
    long = "1" * 100_000
    assert full_ranges(f"{long}x!-{long}") == f"{long}x!-{long}"
