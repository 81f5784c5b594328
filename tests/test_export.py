"""The export room as a whole: its formats, the golden file, what streams, what an empty selection gives."""

import os
import subprocess
import sys
import tracemalloc

import pytest
from msgspec.structs import replace

from export_papers import ENTRIES, bibtex, entry, fields_of, held, paper, value_of, written
from reftrack.citation import Decision
from reftrack.export import FORMATS
from reftrack.model import (
    Accession,
    Author,
    Book,
    Correction,
    Grant,
    Heading,
    Keyword,
    OtherAbstract,
    PubDate,
    PublicationType,
    Section,
    Substance,
)


def golden(project):
    return project / "tests" / "fixtures" / "export" / "papers.bib"


def test_bibtex_of_the_made_up_papers_is_the_golden_file(project):
    """X01: the made-up papers give the golden file, byte for byte; REFRESH_GOLDEN=1 writes it anew, to be read."""
    text = bibtex(*ENTRIES)
    if os.environ.get("REFRESH_GOLDEN"):
        golden(project).write_text(text, encoding="utf-8", newline="\n")
    assert text.encode() == golden(project).read_bytes()


NOTED = held(
    "example2016e",
    paper(90000098, title="A paper that people worked on."),
    ("tbi",),
    deleted="2026-01-02T03:04:05Z",
    decisions=(Decision("include", "A"),),
    note="See p. 3",
)


@pytest.mark.parametrize("name", ["ris", "csl-json", "nbib", "csv", "markdown"])
def test_the_made_up_papers_are_the_golden_file_of_each_format(project, name):
    """X01: what people added, every notice and the papers themselves are written as the file says, byte for byte."""
    text = written(name, *ENTRIES, NOTED, notes=True)
    path = project / "tests" / "fixtures" / "export" / f"papers{FORMATS[name].suffix}"
    if os.environ.get("REFRESH_GOLDEN"):
        path.write_text(text, encoding="utf-8", newline="")
    assert text.encode() == path.read_bytes()


def test_a_note_and_a_deletion_are_in_the_entry():
    """What a person wrote is `annote`; that PubMed no longer has the record is in the note, alone if need be."""
    fields = fields_of(NOTED)
    assert fields["annote"] == "{See p. 3}"
    assert fields["note"] == "{No longer in PubMed (seen 2026-01-02)}"


def test_a_second_run_gives_the_same_bytes():
    """X01: the same entries give the same text again."""
    assert bibtex(*ENTRIES) == bibtex(*ENTRIES)


def test_formats_are_found_under_their_own_names():
    """FORMATS lists what `export -f` offers, each under its name, BibTeX first because it is the default."""
    assert next(iter(FORMATS)) == "bibtex"
    for name, form in FORMATS.items():
        assert form.name == name
        assert form.suffix.startswith(".")
        assert form.description


def test_formats_cannot_be_changed_from_outside():
    """FORMATS is read-only."""
    with pytest.raises(TypeError):
        FORMATS["ris"] = FORMATS["bibtex"]


@pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if not form.binary])
def test_nothing_to_export_gives_an_empty_file(name):
    """X24: an empty selection is a valid file without an entry: a table has its line of names, JSON its brackets."""
    text = written(name)
    if name in ("csv", "tsv"):
        assert text.count("\n") == 1
        assert text.startswith("pmid")
    else:
        assert text == ("[]\n" if name == "csl-json" else "")


@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda form: form.name)
def test_what_a_format_ignores_changes_nothing(form):
    """A paper whose ignored lists are left empty, for speed, is written as the whole one is."""
    full = paper(
        editors=(Author("Editor", "Eve"),),
        other_abstracts=(OtherAbstract("publisher", "ger", (Section("", "Ein Text."),)),),
        references=(90000002,),
        grants=(Grant("1", "EX", "Example Agency", "Exampleland"),),
        substances=(Substance("Examplin", "D009999", "0"),),
        accessions=(Accession("ClinicalTrials.gov", "NCT99999999"),),
    )
    bare = replace(full, **dict.fromkeys(form.ignores, ()))
    assert written(form.name, held("k", full)) == written(form.name, held("k", bare))
    assert bare != full or not form.ignores


def test_one_piece_of_text_an_entry():
    """The export streams: it takes an entry only when its text is asked for."""
    taken = []

    def entries():
        for number in range(3):
            taken.append(number)
            yield entry(f"key{number}")

    pieces = FORMATS["bibtex"].write(entries())
    assert next(pieces).startswith("@article{key0,")
    assert taken == [0]
    assert next(pieces).startswith("\n@article{key1,")
    assert taken == [0, 1]


def test_five_thousand_records_in_flat_memory():
    """X23: writing 5,000 records keeps less than a megabyte, and their order."""
    pieces = FORMATS["bibtex"].write(held(f"key{number}", paper(number)) for number in range(1, 5001))
    tracemalloc.start()
    try:
        numbers = [int(piece.lstrip()[len("@article{key") :].partition(",")[0]) for piece in pieces]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert numbers == list(range(1, 5001))
    assert peak < 1_000_000


def test_exporting_loads_nothing_that_only_keys_or_a_network_need():
    """The quick `export` command pays for no module that it does not use."""
    code = (
        "import sys; from reftrack.export import FORMATS; "
        "print({'anyascii', 'requests', 'rich', 'sqlite_utils', 'bibtexparser', 'pylatexenc'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


ORDER = {
    "bibtex": "key author editor title journal booktitle howpublished publisher address edition isbn year month volume "
    "number pages eid doi pmid pmcid issn language keywords abstract note annote",
    "biblatex": "author editor title titleaddon journaltitle shortjournal organization booktitle publisher location "
    "edition isbn date volume number pages eid doi eprint eprinttype pmid pmcid issn langid pubstate keywords abstract "
    "note addendum annotation",
}


@pytest.mark.parametrize("name", ORDER)
def test_fields_come_in_one_order(name):
    """Each entry has its fields in the same order, none twice and none empty."""
    order = ORDER[name].split()
    for made_up in ENTRIES:
        text = written(name, made_up, abstracts=True, notes=True, pmid_fields=True)
        names = [line.split(" = ")[0].strip() for line in text.splitlines()[1:-1]]
        assert names == sorted(set(names), key=order.index)
        assert " = {}" not in text


@pytest.mark.parametrize(
    ("text", "year", "month", "expected"),
    [
        ("2016 Jan 5", 2016, 1, ("{2016}", "jan")),
        ("2016 Jan", 2016, 1, ("{2016}", "jan")),
        ("2010 Nov-Dec", 2010, None, ("{2010}", 'nov # "--" # dec')),
        ("2008 January-March", 2008, None, ("{2008}", 'jan # "--" # mar')),
        ("2010 Sept-Oct", 2010, None, ("{2010}", 'sep # "--" # oct')),
        ("1998 Dec-1999 Jan", 1998, None, ("{1998}", None)),
        ("1999-2000", 1999, None, ("{1999}", None)),
        ("2007 Spring", 2007, None, ("{2007}", '"Spring"')),
        ("Spring 1998", 1998, None, ("{1998}", '"Spring"')),
        ("2000 Fall-Winter", 2000, None, ("{2000}", '"Fall--Winter"')),
        ("2001 Jan-Feb-Mar", 2001, None, ("{2001}", None)),
        ("2016", 2016, None, ("{2016}", None)),
        ("2016 13", 2016, 13, ("{2016}", None)),
        ("n.d.", None, None, (None, None)),
        ("", None, None, (None, None)),
    ],
)
def test_dates(text, year, month, expected):
    """X13, column BibTeX: year and month as PubMed gives them, macros unquoted, nothing invented."""
    fields = fields_of(date=PubDate(text, year, month))
    assert (fields.get("year"), fields.get("month")) == expected


def test_only_the_electronic_date():
    """A paper without an issue yet has the date of its electronic publication."""
    fields = fields_of(date=PubDate(), electronic_date=PubDate("2025 03 09", 2025, 3, 9))
    assert (fields["year"], fields["month"]) == ("{2025}", "mar")


def test_the_issue_goes_before_the_electronic_date():
    """Where both dates are known the reference has the issue's."""
    fields = fields_of(date=PubDate("2026", 2026), electronic_date=PubDate("2025 03 09", 2025, 3, 9))
    assert (fields["year"], fields.get("month")) == ("{2026}", None)


@pytest.mark.parametrize(
    ("doi", "expected"),
    [
        ("10.1000/a_b(c)1<2>3;x#4&5~6^7$8", "10.1000/a_b(c)1<2>3;x#4&5~6^7$8"),
        ("10.1002/(SICI)1097-0258(19980815/30)17:15<1661::AID>3.0.CO;2-2",) * 2,
        ("10.1000/50%", "10.1000/50%25"),
        ("10.1000/a{b", "10.1000/a%7Bb"),
        ("10.1000/a}b\\c d", "10.1000/a%7Db%5Cc%20d"),
        ("10.1000/a\nb\ud800 ", "10.1000/a%20b\ufffd"),
    ],
)
def test_doi_is_raw(doi, expected):
    """X14: a DOI is written as it is; only what would break the file is percent-encoded."""
    assert value_of("doi", doi=doi) == expected


def test_article_number_alone():
    """X15: an article number is the eid, and the pages too, since no BibTeX style knows eid."""
    fields = fields_of(pages="", article_number="e12345")
    assert (fields["eid"], fields["pages"]) == ("{e12345}", "{e12345}")


def test_article_number_beside_pages():
    """X15: pages stay what they are beside an article number."""
    fields = fields_of(pages="1-9", article_number="CD000078")
    assert (fields["eid"], fields["pages"]) == ("{CD000078}", "{1--9}")


def test_pages_from_medlinepgn_alone():
    """Without full pages the short form of PubMed is completed."""
    assert value_of("pages", pages="", medline_pgn="151-7") == "151--157"


BOOK = Book("Handbook of MRI", "Example & Sons", "Exampletown (EX)", "2nd ed.", ("9783161484100", "9783161484117"))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("article", "@article{"), ("chapter", "@incollection{"), ("book", "@book{"), ("preprint", "@misc{")],
)
def test_types(kind, expected):
    """X16: articles, chapters, books and preprints become the entry types that every style knows."""
    assert bibtex(entry(type=kind)).startswith(expected)


def test_chapter():
    """X16: a chapter names its book, publisher, place, edition and one ISBN, and no journal."""
    fields = fields_of(type="chapter", book=BOOK)
    assert fields["booktitle"] == "{Handbook of {MRI}}"
    assert fields["publisher"] == r"{Example \& Sons}"
    assert fields["address"] == "{Exampletown (EX)}"
    assert fields["edition"] == "{2nd}"
    assert fields["isbn"] == "{9783161484100}"
    assert "journal" not in fields


def test_preprint_names_its_server():
    """X16: a preprint is published by its server, and says that it is one."""
    assert value_of("howpublished", type="preprint", journal="exRxiv : the preprint server") == "exRxiv [Preprint]"


RETRACTED = PublicationType("Retracted Publication", "D016441")


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ((), "Retracted"),
        (
            (Correction("RetractionIn", "Stroke 2020;51:123.", 12345678),),
            "Retracted. Notice: Stroke 2020;51:123, PMID 12345678",
        ),
        ((Correction("RetractionIn", "Stroke 2020;51:123"),), "Retracted. Notice: Stroke 2020;51:123"),
        ((Correction("RetractionIn", "", 12345678),), "Retracted. Notice: PMID 12345678"),
        (
            (Correction("RetractionIn", "A", 1), Correction("RetractedandRepublishedIn", "B", 2)),
            "Retracted. Notice: A, PMID 1. Republished: B, PMID 2",
        ),
        ((Correction("RetractedandRepublishedIn", "B", 2),), "Retracted. Republished: B, PMID 2"),
        ((Correction("RetractionIn", "50% & more", 1),), r"Retracted. Notice: 50\% \& more, PMID 1"),
    ],
)
def test_retracted(links, expected):
    """X16: a retracted paper says so, and where the notice is."""
    assert value_of("note", publication_types=(RETRACTED,), corrections=links) == expected


def test_retracted_by_link_alone():
    """X16: a link to a retraction is enough, NLM does not always add the publication type."""
    assert value_of("note", corrections=(Correction("RetractionIn", "A", 7),)) == "Retracted. Notice: A, PMID 7"


@pytest.mark.parametrize("kind", ["RetractionOf", "ErratumIn", "ExpressionOfConcernIn", "CommentIn"])
def test_other_notices_leave_no_note(kind):
    """X16: a notice of retraction, and a paper with an erratum, are ordinary articles."""
    assert "note" not in fields_of(corrections=(Correction(kind, "J Example 2020;1:1", 90000003),))


def test_translated_title():
    """The brackets of a translated title go; the note and the language say what they said."""
    fields = fields_of(title="[On examples].", vernacular_title="О примерах.", languages=("rus",))
    assert fields["title"] == "{On examples}"
    assert fields["language"] == "{russian}"
    assert fields["note"] == "{Article in Russian. Original title: О примерах}"


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        (("eng",), ""),
        ((), ""),
        (("und",), ""),
        (("rus",), "Article in Russian"),
        (("eng", "fre"), "Article in English and French"),
        (("eng", "fre", "ger"), "Article in English, French and German"),
    ],
)
def test_language_note(languages, expected):
    """A reader learns that a paper is not in English alone."""
    assert value_of("note", languages=languages) == expected


def test_vernacular_title_that_already_is_the_title():
    """An original title that stands in for a missing one is not repeated."""
    fields = fields_of(title="Boekbespreking.", vernacular_title="Boekbespreking.", languages=("dut",))
    assert fields["note"] == "{Article in Dutch}"


@pytest.mark.parametrize(
    ("journal", "expected"),
    [
        ("Journal of immunology (Baltimore, Md. : 1950)", "Journal of immunology"),
        ("Science (New York, N.Y.)", "Science"),
        ("BMJ (Clinical research ed.)", "BMJ"),
        ("Angewandte Chemie (International ed. in English)",) * 2,
        ("Enfermedades infecciosas (English ed.)",) * 2,
        ("Journal of neuroradiology = Journal de neuroradiologie",) * 2,
        ("Advances : the official journal of the Committee (COSPAR)",) * 2,
        ("Biomedicine & pharmacotherapy", r"Biomedicine \& pharmacotherapy"),
        ("(Baltimore, Md.)",) * 2,
        ("", "J Example"),
    ],
)
def test_journal(journal, expected):
    """The place that NLM adds to a journal's name goes, not that it is a translation; without it, the abbreviation."""
    assert value_of("journal", journal=journal) == expected


@pytest.mark.parametrize("missing", ["authors", "title", "journal", "date", "doi", "languages", "volume", "pages"])
def test_what_a_record_does_not_say_is_left_out(missing):
    """X17: an entry without author, title, year or journal is still one, with no "None" and no empty field."""
    empty = {"authors": (), "date": PubDate(), "languages": ()}.get(missing, "")
    text = bibtex(entry(**{missing: empty, "journal_abbreviation": ""}))
    assert "None" not in text
    assert "{}" not in text
    assert text.count("\n}\n") == 1


def test_a_paper_of_nothing_but_a_pmid():
    """X17: the emptiest paper there can be has its PMID and a key to sort by."""
    names = ("title", "journal", "journal_abbreviation", "volume", "issue", "pages", "doi", "issn")
    empty = dict.fromkeys(names, "") | {"authors": (), "date": PubDate(), "languages": ()}
    assert fields_of(**empty) == {"key": "{example2016}", "pmid": "{90000001}"}


def test_keywords():
    """MeSH, keywords and tags come in this order, each once in any case, one with a comma in braces."""
    made_up = entry(
        tags=("tbi", "stroke"),
        mesh=(Heading("Brain Injuries, Traumatic"), Heading("Stroke")),
        keywords=(Keyword("R&D"), Keyword("stroke"), Keyword("")),
    )
    assert r"  keywords = {{Brain Injuries, Traumatic}, Stroke, R\&D, tbi}," in bibtex(made_up)


def test_abstracts_only_when_asked_for():
    """An abstract makes a file three times as large, so it is an option; its labels stay."""
    made_up = entry(abstract=(Section("AIM", "To see."), Section("", "50% did.")))
    assert "abstract" not in bibtex(made_up)
    assert r"  abstract = {AIM: To see. 50\% did.}," in bibtex(made_up, abstracts=True)


def test_tags_are_escaped():
    """A tag is text like any other."""
    assert r"  keywords = {a\_b{\textbackslash}c}," in bibtex(held("k", paper(), ("a_b\\c",)))
