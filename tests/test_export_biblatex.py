"""BibLaTeX: only fields of its data model, dates in ISO 8601 and EDTF, what is printed in a field of its own."""

import os

import pytest

from export_papers import ENTRIES, bib, entry, fields_of, held, paper
from reftrack.model import Book, Correction, Heading, PubDate, PublicationType, Section


def biblatex(**fields):
    return fields_of(way="biblatex", **fields)


@pytest.mark.parametrize(("way", "name"), [("biblatex", "papers-biblatex.bib"), ("bibtex ascii", "papers-ascii.bib")])
def test_the_made_up_papers_are_the_golden_file(project, way, name):
    """X01: the made-up papers give the golden file, byte for byte; REFRESH_GOLDEN=1 writes it anew, to be read."""
    golden = project / "tests" / "fixtures" / "export" / name
    text = bib(way, *ENTRIES, notes=True)
    if os.environ.get("REFRESH_GOLDEN"):
        golden.write_text(text, encoding="utf-8", newline="\n")
    assert text.encode() == golden.read_bytes()


@pytest.mark.parametrize(
    ("text", "numbers", "expected"),
    [
        ("2016 Jan 5", (2016, 1, 5), "2016-01-05"),
        ("2016 Jan", (2016, 1), "2016-01"),
        ("2010 Nov-Dec", (2010,), "2010-11/2010-12"),
        ("1998 Dec-1999 Jan", (1998,), "1998-12/1999-01"),
        ("1999-2000", (1999,), "1999/2000"),
        ("2007 Spring", (2007,), "2007-21"),
        ("1998 Fall", (1998,), "1998-23"),
        ("2000 Fall-Winter", (2000,), "2000"),
        ("2001 Jan-Feb-Mar", (2001,), "2001"),
        ("2016", (2016,), "2016"),
        ("2016 13", (2016, 13), "2016"),
        ("n.d.", (), None),
        ("", (), None),
    ],
)
def test_dates(text, numbers, expected):
    """X13, column BibLaTeX: ISO and EDTF, nothing invented."""
    date = biblatex(date=PubDate(text, *numbers)).get("date")
    assert date == (expected and f"{{{expected}}}")


@pytest.mark.parametrize(
    ("doi", "expected"),
    [("10.1000/a_b(c)1<2>3;x#4&5~6^7$8", "10.1000/a_b(c)1<2>3;x#4&5~6^7$8"), ("10.1000/50%{é", "10.1000/50%25%7Bé")],
)
def test_doi_is_raw(doi, expected):
    """X14: a DOI is written as it is; only what would break the file is percent-encoded, in ASCII é as well."""
    assert biblatex(doi=doi)["doi"] == f"{{{expected}}}"
    assert fields_of(way="biblatex ascii", doi=doi)["doi"] == f"{{{expected.replace('é', '%C3%A9')}}}"


def test_article_number():
    """X15: an article number is the eid and no page."""
    fields = biblatex(pages="", article_number="e12345")
    assert fields["eid"] == "{e12345}"
    assert "pages" not in fields


def test_pages():
    """X12: pages are complete, their dash a double hyphen."""
    assert biblatex(pages="123-8; discussion 129-30")["pages"] == "{123--128; discussion 129--130}"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("article", "@article{"), ("chapter", "@incollection{"), ("book", "@book{"), ("preprint", "@online{")],
)
def test_types(kind, expected):
    """X16: articles, chapters, books and preprints become entry types of the data model."""
    assert bib("biblatex", entry(type=kind)).startswith(expected)


@pytest.mark.parametrize(
    ("edition", "expected"),
    [("2nd ed.", "{2}"), ("3", "{3}"), ("10th edition", "{10}"), ("Revised ed.", "{Revised ed.}"), ("", None)],
)
def test_chapter(edition, expected):
    """X16: a chapter names its book, publisher, place and ISBN; biblatex makes "2nd ed." of a number."""
    book = Book("Handbook of MRI", "Example & Sons", "Exampletown", edition, ("9783161484100", "9783161484117"))
    fields = biblatex(type="chapter", book=book)
    assert fields["booktitle"] == "{Handbook of {MRI}}"
    assert fields["publisher"] == r"{Example \& Sons}"
    assert fields["location"] == "{Exampletown}"
    assert fields["isbn"] == "{9783161484100}"
    assert fields.get("edition") == expected
    assert "journaltitle" not in fields


def test_preprint():
    """X16: a preprint stands with its server and is prepublished."""
    fields = biblatex(type="preprint", journal="exRxiv : the preprint server")
    assert fields["organization"] == "{exRxiv}"
    assert fields["pubstate"] == "{prepublished}"
    assert "journaltitle" not in fields


def test_retracted():
    """X16: a retracted paper says so where styles look for it, and its note tells where the notice is."""
    links = (Correction("RetractionIn", "J Example 2020;51:123", 90000002), Correction("ErratumIn", "J Example. 2019"))
    kinds = (PublicationType("Retracted Publication", "D016441"),)
    fields = biblatex(publication_types=kinds, corrections=links, type="preprint")
    assert fields["pubstate"] == "{retracted}"
    assert fields["note"] == "{Retracted. Notice: J Example 2020;51:123, PMID 90000002}"
    assert "addendum" not in fields


def test_other_notices_when_asked_for():
    """X16: an erratum is an addendum, with `--notes` only."""
    made_up = entry(corrections=(Correction("ErratumIn", "J Example. 2019", 90000002),))
    assert "addendum" not in fields_of(made_up, "biblatex")
    fields = fields_of(made_up, "biblatex", {"notes": True})
    assert fields["addendum"] == "{Erratum: J Example. 2019, PMID 90000002}"


def test_identifiers():
    """The PMID is an eprint of pubmed; `pmid` and `pmcid`, which biblatex does not know, come only when asked for."""
    made_up = entry(pmcid="PMC9000001")
    fields = fields_of(made_up, "biblatex")
    assert (fields["eprint"], fields["eprinttype"]) == ("{90000001}", "{pubmed}")
    assert not {"pmid", "pmcid"} & fields.keys()
    asked = fields_of(made_up, "biblatex", {"pmid_fields": True})
    assert (asked["pmid"], asked["pmcid"]) == ("{90000001}", "{PMC9000001}")


def test_translated_title():
    """The vernacular title has its own field, so that the addendum names only the language."""
    fields = biblatex(title="[On examples].", vernacular_title="О примерах.", languages=("rus",))
    assert fields["title"] == "{On examples}"
    assert fields["titleaddon"] == "{О примерах}"
    assert fields["langid"] == "{russian}"
    assert fields["addendum"] == "{Article in Russian}"


def test_vernacular_title_that_already_is_the_title():
    """An original title that stands in for a missing one is not repeated."""
    assert "titleaddon" not in biblatex(title="Boekbespreking.", vernacular_title="Boekbespreking.")


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        (("eng",), "{english}"),
        (("nor",), "{norsk}"),
        (("gla",), "{scottishgaelic}"),
        (("eng", "fre"), None),
        (("und",), None),
        ((), None),
    ],
)
def test_langid(languages, expected):
    """A language has the name that babel knows; of two none is said, and of an unknown one neither."""
    assert biblatex(languages=languages).get("langid") == expected


@pytest.mark.parametrize(
    ("abbrev", "expected"),
    [(False, ("{Journal of examples}", "{J Example}")), (True, ("{J Example}", None))],
)
def test_journal(abbrev, expected):
    """The abbreviation stands beside the name, and with `--abbrev` in its place."""
    fields = fields_of(entry(), "biblatex", {"abbrev": abbrev})
    assert (fields["journaltitle"], fields.get("shortjournal")) == expected


def test_a_persons_note_and_an_abstract():
    """A person's note is the annotation; an abstract comes when asked for."""
    made_up = held(
        "k2016", paper(abstract=(Section("AIM", "50%."),), mesh=(Heading("Stroke"),)), ("tbi",), note="a\nb_c"
    )
    fields = fields_of(made_up, "biblatex", {"abstracts": True})
    assert fields["annotation"] == r"{a b\_c}"
    assert fields["abstract"] == r"{AIM: 50\%.}"
    assert fields["keywords"] == r"{Stroke, tbi, a b\_c}"
    assert "abstract" not in fields_of(made_up, "biblatex")


@pytest.mark.parametrize("missing", ["authors", "title", "journal", "date", "doi", "languages", "volume", "pages"])
def test_what_a_record_does_not_say_is_left_out(missing):
    """X17: an entry without author, title, year or journal is still one, with no "None" and no empty field."""
    empty = {"authors": (), "date": PubDate(), "languages": ()}.get(missing, "")
    text = bib("biblatex", entry(**{missing: empty, "journal_abbreviation": ""}))
    assert "None" not in text
    assert "{}" not in text
    assert text.count("\n}\n") == 1
