"""RIS, CSL-JSON and nbib, judged by programs that are not ours: rispy, pandoc, Bio.Medline and the schema of CSL."""

import io
import json
import re
import subprocess
import tracemalloc

import jsonschema
import pypandoc
import pytest
import rispy
from Bio import Medline
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from export_papers import ENTRIES, FILES, HOSTILE_TITLE, LARGE_FILES, entry, held, paper, real_entries, written
from judges import read_by_pandoc
from reftrack.export import FORMATS
from reftrack.export.text import flat
from reftrack.export.titles import plain
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
    Qualifier,
    Section,
    Substance,
)
from reftrack.notices import NOTICE_TYPES

NAMES = ("ris", "csl-json", "nbib")
NEXT = entry("next2017", pmid=90000099, title="The next entry.")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def ris(*papers, **options):
    return rispy.loads(written("ris", *papers, **options))


def csl(*papers, **options):
    return json.loads(written("csl-json", *papers, **options))


def nbib(*papers):
    return list(Medline.parse(io.StringIO(written("nbib", *papers), newline="\n")))


def one_ris(**fields):
    return ris(entry(**fields))[0]


def one_csl(**fields):
    return csl(entry(**fields))[0]


def one_nbib(**fields):
    return nbib(entry(**fields))[0]


@pytest.fixture(scope="module")
def schema(project):
    return jsonschema.Draft3Validator(json.loads((project / "tests/fixtures/csl/csl-data.json").read_bytes()))


PMIDS = {
    "ris": lambda text: [record["accession_number"] for record in rispy.loads(text)],
    "csl-json": lambda text: [item["PMID"] for item in json.loads(text)],
    "nbib": lambda text: [record["PMID"] for record in Medline.parse(io.StringIO(text, newline="\n"))],
}
"""How a judge lists what it found in a file."""


def pmids(*papers):
    return [str(one.paper.pmid) for one in papers]


def without_tags(title):
    return re.sub(r"</?(?:i|b|sub|sup|span)(?: class=\"nocase\")?>", "", title)


def without_subscripts(text):
    return text.translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉²³⁺", "012345678923+"))


@pytest.mark.parametrize("name", NAMES)
def test_five_thousand_records_in_flat_memory(name):
    """X23: a paper is taken only when its piece is asked for, and 5,000 keep less than a megabyte."""
    taken = []

    def papers():
        for number in range(1, 5001):
            taken.append(number)
            yield held(f"key{number}", paper(number))

    pieces = FORMATS[name].write(papers())
    first = next(pieces)
    assert taken == [1]
    tracemalloc.start()
    try:
        length = sum(map(len, pieces))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken == list(range(1, 5001))
    assert length > 4000 * len(first)
    assert peak < 1_000_000


@pytest.mark.parametrize("name", NAMES)
def test_judges_find_every_made_up_paper(name):
    """X18, X19, X20: each judge finds as many papers as were written, in their order."""
    assert PMIDS[name](written(name, *ENTRIES)) == pmids(*ENTRIES)


def test_pandoc_reads_every_ris_record():
    """X18: pandoc 3 reads the same records as rispy, with the same title, DOI and pages."""
    read = read_by_pandoc(written("ris", *ENTRIES), "ris")
    assert list(read) == [one.key for one in ENTRIES]
    for record in ris(*ENTRIES):
        item = read[record["id"]]
        assert item["title"] == record["title"]
        assert item.get("DOI") == record.get("doi")
        pages = "-".join(filter(None, (record.get("start_page"), record.get("end_page"))))
        assert item.get("page", "") == pages


def test_ris_is_what_the_record_says():
    """X18: title, DOI, PMID and names read by rispy are those of the paper."""
    for made_up, record in zip(ENTRIES, ris(*ENTRIES), strict=True):
        assert record["id"] == made_up.key
        assert record["title"] == plain(made_up.paper.title)
        assert record.get("doi", "") == made_up.paper.doi
        assert len(record.get("authors", ())) == len(made_up.paper.authors)


def test_ris_form():
    """A record begins with TY, ends with "ER  - ", a blank line parts two; no line is without its tag."""
    text = written("ris", *ENTRIES)
    records = text.split("\n\n")
    assert len(records) == len(ENTRIES)
    for record in records:
        lines = record.rstrip("\n").split("\n")
        assert lines[0].startswith("TY  - ")
        assert lines[-1] == "ER  - "
        assert all(re.match(r"[A-Z][A-Z0-9]  - \S", line) for line in lines[:-1])


NAMES_IN_RIS = [
    (Author("Mureșexample", "Dafin F", "DF"), "Mureșexample, Dafin F"),
    (Author("O'Example", "Pat", "P", suffix="Jr"), "O'Example, Pat, Jr"),
    (Author("de la Example", "Ana"), "de la Example, Ana"),
    (Author("Example", "", "A"), "Example, A"),
    (Author("Plato"), "Plato,"),
    (Author("Smith, PhD", "J"), "Smith PhD, J"),
    (Author("; for the EXAMPLE group, and Partners", collective=True), "for the EXAMPLE group and Partners,"),
    (Author("Rock and Roll", "Anders and"), "Rock and Roll, Anders and"),
]


@pytest.mark.parametrize(("author", "expected"), NAMES_IN_RIS)
def test_names_in_ris(author, expected):
    """X11: family name first, suffix last, and a comma at the end of a name that has no parts."""
    assert one_ris(authors=(author,))["authors"] == [expected]


@pytest.mark.parametrize("name", ["EXAMPLE Study Group", "World Examples, and Partners", "Plato of Example"])
def test_a_group_is_one_name(name):
    """X18: pandoc reads a group as one name without a given name."""
    (read,) = read_by_pandoc(written("ris", entry(authors=(Author(name, collective=True),))), "ris").values()
    assert read["author"] == [{"family": name.replace(",", "")}]


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        (Author("O'Example", "Pat", "P", suffix="Jr"), {"family": "O'Example", "given": "Pat", "suffix": "Jr"}),
        (Author("de la Example", "Ana"), {"family": "de la Example", "given": "Ana"}),
        (Author("; for the EXAMPLE and Co", collective=True), {"literal": "for the EXAMPLE and Co"}),
        (Author("Plato"), {"literal": "Plato"}),
    ],
)
def test_names_in_csl(author, expected):
    """X11: family, given and suffix apart; a group and a single name are literal."""
    assert one_csl(authors=(author,))["author"] == [expected]


def test_an_incomplete_list_of_authors_says_so():
    """PubMed cut some lists of authors; CSL-JSON and nbib say that there were more."""
    made_up = {"authors": (Author("Example", "Ada", "A"),), "authors_complete": False}
    assert one_csl(**made_up)["author"][-1] == {"literal": "et al."}
    assert one_nbib(**made_up)["AU"] == ["Example A", "et al."]


def test_particles_are_found_by_pandoc():
    """X11: from a family name with its particle pandoc takes the particle itself."""
    (read,) = read_by_pandoc(written("csl-json", entry(authors=(Author("de la Example", "Ana"),))), "csljson").values()
    (name,) = read["author"]
    assert name["family"] == "Example"
    assert "de la" in name.values()


DATES = [
    (PubDate("2016 Jan 5", 2016, 1, 5), "2016/01/05/", {"date-parts": [[2016, 1, 5]]}),
    (PubDate("2016 Jan", 2016, 1), "2016/01//", {"date-parts": [[2016, 1]]}),
    (PubDate("2010 Nov-Dec", 2010), "2010///Nov-Dec", {"date-parts": [[2010, 11], [2010, 12]]}),
    (PubDate("1998 Dec-1999 Jan", 1998), "1998///Dec-1999 Jan", {"date-parts": [[1998, 12], [1999, 1]]}),
    (PubDate("1999-2000", 1999), "1999///1999-2000", {"date-parts": [[1999], [2000]]}),
    (PubDate("2007 Spring", 2007), "2007///Spring", {"date-parts": [[2007]], "season": 1}),
    (PubDate("2007 Fall", 2007), "2007///Fall", {"date-parts": [[2007]], "season": 3}),
    (PubDate("2000 Fall-Winter", 2000), "2000///Fall-Winter", {"date-parts": [[2000]]}),
    (PubDate("2016", 2016), None, {"date-parts": [[2016]]}),
    (PubDate(), None, None),
]


@pytest.mark.parametrize(("date", "in_ris", "in_csl"), DATES)
def test_dates(date, in_ris, in_csl):
    """X13: every date in the form of each format, nothing invented; nbib has the record's own words."""
    record = one_ris(date=date)
    assert record.get("date") == in_ris
    assert record.get("year") == (str(date.year) if date.year else None)
    assert one_csl(date=date).get("issued") == in_csl
    assert one_nbib(date=date).get("DP", "") == date.text


PAGES = [
    ("123-8", "123-128", ("123", "128")),
    ("e123-8", "e123-e128", ("e123", "e128")),
    ("S12-8", "S12-S18", ("S12", "S18")),
    ("431-e3", "431-e3", ("431", "e3")),
    ("100-S4", "100-S4", ("100", "S4")),
    ("1-", "1", ("1", None)),
    ("123-123", "123", ("123", None)),
    ("vi-xii", "vi-xii", ("vi", "xii")),
    ("123-8; discussion 129-30", "123-128; discussion 129-130", ("123-128; discussion 129-130", None)),
    ("123–8", "123-128", ("123", "128")),
]


@pytest.mark.parametrize(("pgn", "page", "ends"), PAGES)
def test_pages(pgn, page, ends):
    """X12: ranges in full with a single hyphen; RIS has first and last page apart; nbib stays as given."""
    about = {"pages": "", "medline_pgn": pgn}
    record = one_ris(**about)
    assert (record["start_page"], record.get("end_page")) == ends
    assert one_csl(**about)["page"] == page
    assert one_nbib(**about)["PG"] == pgn


def test_article_number_alone():
    """X15: an article number is the first page of RIS, number and page of CSL, the pagination of nbib."""
    about = {"pages": "", "article_number": "e12345"}
    assert one_ris(**about)["start_page"] == "e12345"
    assert (one_csl(**about)["number"], one_csl(**about)["page"]) == ("e12345", "e12345")
    assert one_nbib(**about)["PG"] == "e12345"


@pytest.mark.parametrize(
    "doi",
    [
        "10.1000/a_b(c)1<2>3;x#4&5~6^7$8",
        "10.1002/(SICI)1097-0258(19980815/30)17:15<1661::AID>3.0.CO;2-2",
        "10.1000/50%",
        "10.1000/a{b}",
    ],
)
def test_doi_is_verbatim(doi):
    """X14: a DOI is written as it is, in all three formats."""
    assert one_ris(doi=doi)["doi"] == doi
    assert one_csl(doi=doi)["DOI"] == doi
    assert one_nbib(doi=doi)["AID"] == [f"{doi} [doi]"]
    assert one_nbib(doi=doi)["LID"] == f"{doi} [doi]"


BOOK = Book("Handbook of MRI", "Example & Sons", "Exampletown (EX)", "2nd ed.", ("9783161484100",), "NBK9000001")
TYPES = [
    ("article", "JOUR", "article-journal"),
    ("book", "BOOK", "book"),
    ("chapter", "CHAP", "chapter"),
    ("preprint", "MANSCPT", "article"),
]


@pytest.mark.parametrize(("kind", "in_ris", "in_csl"), TYPES)
def test_types(kind, in_ris, in_csl):
    """X16: articles, books, chapters and preprints have the types that every reader knows."""
    about = {"type": kind, "book": BOOK if kind in ("book", "chapter") else None}
    assert one_ris(**about)["type_of_reference"] == in_ris
    assert one_csl(**about)["type"] == in_csl


def test_chapter():
    """X16: a chapter names its book, publisher, place, edition and ISBN, its book's editors, and no journal."""
    about = {"type": "chapter", "book": BOOK, "editors": (Author("Editor", "Eve", "E"),)}
    record = one_ris(**about)
    assert record["secondary_title"] == "Handbook of MRI"
    assert record["secondary_authors"] == ["Editor, Eve"]
    assert (record["publisher"], record["place_published"]) == ("Example & Sons", "Exampletown (EX)")
    assert (record["edition"], record["issn"]) == ("2", "9783161484100")
    item = one_csl(**about)
    assert without_tags(item["container-title"]) == "Handbook of MRI"
    assert item["editor"] == [{"family": "Editor", "given": "Eve"}]
    assert (item["publisher"], item["publisher-place"]) == ("Example & Sons", "Exampletown (EX)")
    assert (item["edition"], item["ISBN"]) == ("2", "9783161484100")
    text = written("nbib", entry(**about))
    for line in ("BTI - Handbook of MRI", "PB  - Example & Sons", "PL  - Exampletown (EX)", "EN  - 2nd ed.",
                 "ISBN- 9783161484100", "FED - Editor, Eve", "ED  - Editor E", "PT  - Book Chapter",
                 "AID - NBK9000001 [bookaccession]"):  # fmt: skip
        assert f"{line}\n" in text


def test_preprint_names_its_server():
    """X16: a preprint says that it is one, and where it lies."""
    about = {"type": "preprint", "journal": "exRxiv : the preprint server for examples"}
    assert (one_ris(**about)["publisher"], one_ris(**about)["type_of_work"]) == ("exRxiv", "Preprint")
    assert (one_csl(**about)["publisher"], one_csl(**about)["genre"]) == ("exRxiv", "preprint")


def test_retracted():
    """X16: a retracted paper says so, with its notice; its title is left as PubMed has it."""
    retracted = next(one for one in ENTRIES if one.key == "example2019")
    note = "Retracted. Notice: J Example. 2020;16(1):99, PMID 90000004"
    (record,), (item,), (medline,) = ris(retracted), csl(retracted), nbib(retracted)
    assert record["notes"] == [note]
    assert (item["note"], item["status"]) == (note, "retracted")
    assert medline["RIN"] == ["J Example. 2020;16(1):99. PMID: 90000004"]
    assert medline["PT"] == ["Retracted Publication"]
    assert medline["TI"] == "RETRACTED: Examples in stroke."


def test_a_notice_of_retraction_is_not_retracted():
    """X16: the notice itself carries no such note."""
    notice = next(one for one in ENTRIES if one.key == "editors2020")
    assert "notes" not in ris(notice)[0]
    assert not {"note", "status"} & csl(notice)[0].keys()
    assert nbib(notice)[0]["ROF"] == ["J Example. 2019;15(1):1 PMID: 90000003"]


def test_errata_on_request():
    """X16: an erratum is a note only where notes are asked for; nbib has it always."""
    about = entry(corrections=(Correction("ErratumIn", "J Example. 2026;1(1):1", 90000016),))
    note = "Erratum: J Example. 2026;1(1):1, PMID 90000016"
    assert "notes" not in ris(about)[0]
    assert ris(about, notes=True)[0]["notes"] == [note]
    assert csl(about, notes=True)[0]["note"] == note
    assert nbib(about)[0]["EIN"] == ["J Example. 2026;1(1):1 PMID: 90000016"]


UNTAGGED = {"AssociatedDataset", "AssociatedPublication"}


@pytest.mark.parametrize("kind", sorted(NOTICE_TYPES.keys() - UNTAGGED))
def test_every_link_has_its_tag_in_nbib(kind):
    """Every RefType for which PubMed documents a tag is a line under a tag of its own."""
    text = written("nbib", entry(corrections=(Correction(kind, "J Example. 2020.", 90000002),)))
    assert re.search(r"^[A-Z]{3,4} *- J Example\. 2020\. PMID: 90000002$", text, re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
def test_a_bare_record(name):
    """X17: what the record does not say is left out: no empty field, no None."""
    bare = entry(authors=(), title="", journal="", journal_abbreviation="", volume="", issue="", pages="", doi="",
                 issn="", languages=(), date=PubDate())  # fmt: skip
    text = written(name, bare, NEXT)
    assert PMIDS[name](text) == ["90000001", "90000099"]
    assert "None" not in text
    assert '""' not in text
    assert not re.search(r"^.{4}- *$", text.replace("ER  - ", ""), re.MULTILINE)


def test_translated_titles():
    """Brackets of a translation stay in nbib only; the title in the paper's own language is not lost."""
    about = {"title": "[On examples].", "vernacular_title": "О примерах.", "languages": ("rus",)}
    record, item, medline = one_ris(**about), one_csl(**about), one_nbib(**about)
    assert (record["title"], record["language"]) == ("On examples", "rus")
    assert record["notes"] == ["Article in Russian. Original title: О примерах"]
    assert (item["title"], item["original-title"], item["language"]) == ("On examples", "О примерах", "ru")
    assert (medline["TI"], medline["TT"], medline["LA"]) == ("[On examples].", "О примерах.", ["rus"])


def test_markup_of_titles():
    """X08: CSL has the tags of citeproc-js, nested as they were, RIS and nbib the plain title."""
    about = {
        "title": "CO₂ in Escherichia coli and α < 5",
        "title_markup": "CO<sub>2</sub> in <i>Escherichia <b>coli</b></i> and α &lt; 5",
    }
    kept = '<span class="nocase">{}</span>'.format
    assert one_csl(**about)["title"] == (
        f"{kept('CO<sub>2</sub>')} in <i>{kept('Escherichia')} <b>coli</b></i> and α < 5"
    )
    assert one_ris(**about)["title"] == one_nbib(**about)["TI"] == "CO₂ in Escherichia coli and α < 5"


def test_pandoc_prints_what_is_no_markup():
    """X08: pandoc prints a lone "<" and "&" of a title as they are, and "&lt;" is never written for them."""
    text = written("csl-json", entry(title="P < 0.05 & Q > 5 <x>: a title"))
    assert "&lt;" not in text
    printed = run_pandoc(text, "plain")
    assert "P < 0.05 & Q > 5 <x>" in re.sub(r"\s+", " ", printed)


def run_pandoc(text, to):
    command = [pypandoc.get_pandoc_path(), "-f", "csljson", "-t", to, "--citeproc", "--wrap=none"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False, timeout=600)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def test_capitals_survive_pandoc():
    """X05: acronyms keep their capitals in pandoc's own style, which writes titles in Title Case."""
    printed = run_pandoc(written("csl-json", entry(title="mRNA of NF-κB in TBI at 5 °C")), "plain")
    for word in ("mRNA", "NF-κB", "TBI", "5 °C"):
        assert word in printed


def test_csl_of_the_made_up_papers_is_valid(schema):
    """X19: the schema of CSL finds no error, and pandoc prints a reference a paper."""
    text = written("csl-json", *ENTRIES, notes=True)
    assert not list(schema.iter_errors(json.loads(text)))
    assert run_pandoc(text, "html").count('class="csl-entry"') == len(ENTRIES)


def test_the_schema_would_notice(schema):
    """The judge works: an unknown property, a numeric PMID and an unknown type are errors."""
    for wrong in ({"pmid": "1"}, {"PMID": 1}, {"type": "preprint"}):
        assert list(schema.iter_errors([csl(NEXT)[0] | wrong]))


def test_keywords_tags_and_notes():
    """Headings, keywords and tags are one keyword each; a person's note is a note as well."""
    about = entry(
        tags=("tbi",),
        mesh=(Heading("Brain Injuries, Traumatic", qualifiers=(Qualifier("drug therapy", major=True),)),),
        keywords=(Keyword("R&D", owner="NOTNLM"), Keyword("examples", major=True, owner="NOTNLM")),
    )
    about = held(about.key, about.paper, ("tbi",), note="Read this.\nTwice.")
    (record,), (item,), (medline,) = ris(about), csl(about), nbib(about)
    words = ["Brain Injuries, Traumatic", "R&D", "examples", "tbi", "Read this. Twice."]
    assert record["keywords"] == words
    assert item["keyword"] == "; ".join(words)
    assert record["notes"] == [item["annote"]] == medline["GN"] == ["Read this. Twice."]
    assert medline["MH"] == ["Brain Injuries, Traumatic/*drug therapy"]
    assert medline["OT"] == ["R&D", "*examples", "tbi"]
    assert medline["OTO"] == ["NOTNLM"]


def test_abbreviated_journals():
    """The abbreviation takes the journal's place where it is asked for, and has a place of its own always."""
    assert ris(NEXT)[0]["secondary_title"] == "Journal of examples"
    assert ris(NEXT, abbrev=True)[0]["secondary_title"] == "J Example"
    assert ris(NEXT)[0]["alternate_title1"] == csl(NEXT)[0]["container-title-short"] == "J Example"
    assert csl(NEXT, abbrev=True)[0]["container-title"] == "J Example"
    assert (nbib(NEXT)[0]["TA"], nbib(NEXT)[0]["JT"][:19]) == ("J Example", "Journal of examples")


def test_restated_abstracts_say_so():
    """An abstract in our own words says so in every format, in nbib under its copyright as well."""
    line = "Restated by the reftrack project; not the published abstract."
    about = {"abstract": (Section("AIM", "To show."), Section("", "Shown.")), "abstract_copyright": line}
    expected = f"AIM: To show. Shown. ({line})"
    assert one_ris(**about)["abstract"] == one_csl(**about)["abstract"] == one_nbib(**about)["AB"] == expected
    assert one_nbib(**about)["CI"] == [line]


PUBMED_LINES = """
STAT- MEDLINE
DCOM- 20160301
LR  - 20170102
EDAT- 2016/01/06 00:00
IS  - 1111-1119 (Print)
IS  - 2222-222X (Electronic)
IS  - 1234-5679 (Linking)
JID - 9000001
PMC - PMC9000001
AID - S1234 [pii]
PST - ppublish
DEP - 20151209
AUID- ORCID: 0000-0002-1825-0097
AD  - One.
AD  - Two.
AU  - et al.
SI  - ClinicalTrials.gov/NCT90000001
GR  - R01/EX/NIH/United States
GR  - Example Fund
RN  - 123-45-6 (examplin)
NM  - Plan X
PT  - Journal Article
PT  - Review
OAB - ZIEL: Zeigen.
OABL- ger
COIS- None to declare.
SO  - J Example. 2016 Jan 5;12(3):123-128.
"""


def test_everything_else_of_a_record_is_in_nbib():
    """A file for PubMed users: nbib says what PubMed's own file says, under PubMed's tags."""
    text = written(
        "nbib",
        entry(
            status="MEDLINE",
            completed="2016-03-01",
            revised="2017-01-02",
            entered="2016-01-06",
            issn_print="1111-1119",
            issn_electronic="2222-222X",
            nlm_id="9000001",
            pmcid="PMC9000001",
            pii="S1234",
            publication_status="ppublish",
            electronic_date=PubDate("2015 12 09", 2015, 12, 9),
            authors=(Author("Example", "Ada", "A", orcid="0000-0002-1825-0097", affiliations=("One.", "Two.")),),
            authors_complete=False,
            accessions=(Accession("ClinicalTrials.gov", "NCT90000001"),),
            grants=(Grant("R01", "EX", "NIH", "United States"), Grant(agency="Example Fund")),
            substances=(Substance("examplin", "D1", "123-45-6"), Substance("Plan X", "C1", kind="Protocol")),
            publication_types=(PublicationType("Journal Article"), PublicationType("Review")),
            other_abstracts=(OtherAbstract("Publisher", "ger", (Section("ZIEL", "Zeigen."),)),),
            conflict_of_interest="None to declare.",
        ),
    )
    for line in PUBMED_LINES.strip().split("\n"):
        assert f"\n{line}\n" in text


def test_nbib_form():
    """X20: PMID first; long values go on in lines of six spaces, none longer than PubMed's 87 characters."""
    words = " ".join(f"word{number}" for number in range(200))
    text = written("nbib", entry(title=words, abstract=(Section("", f"{words} {'x' * 200} end"),)), NEXT)
    assert text.startswith("PMID- 90000001\n")
    lines = text.split("\n")
    assert all(re.match(r"(?:[A-Z]{2,4} *- | {6})\S", line) for line in lines if line)
    assert [line for line in lines if len(line) > 87] == [" " * 6 + "x" * 200]
    first, second = Medline.parse(io.StringIO(text))
    assert first["TI"] == words
    assert first["AB"] == f"{words} {'x' * 200} end"
    assert second["TI"] == "The next entry."


@pytest.mark.parametrize("char", list('\\{}%&#_$~^<>"|@,=-;[]'))
@pytest.mark.parametrize("name", NAMES)
def test_special_characters_anywhere(name, char, schema):
    """X09: a special character, alone or doubled, in any field harms neither this record nor the next."""
    for text in (char, char * 2):
        for value in (text, f"a{text}", f"{text}b", f"a {text} b"):
            out = written(name, everywhere(value), NEXT)
            assert PMIDS[name](out) == ["90000001", "90000099"]
            if name == "csl-json":
                assert not list(schema.iter_errors(json.loads(out)))


def everywhere(value):
    """A paper with this text in every field that a record fills."""
    return held(
        "odd2016",
        paper(
            title=value,
            authors=(Author(value, value, value, suffix=value), Author(value, collective=True), Author(value)),
            editors=(Author(value, value),),
            journal=value,
            journal_abbreviation=value,
            volume=value,
            issue=value,
            pages=value,
            article_number=value,
            doi=value,
            pmcid=value,
            issn=value,
            languages=("eng",),
            vernacular_title=f"x{value}",
            abstract=(Section(value, value),),
            abstract_copyright=value,
            mesh=(Heading(value, qualifiers=(Qualifier(value),)),),
            keywords=(Keyword(value, owner=value),),
            publication_types=(PublicationType(value),),
            corrections=(Correction("RetractionIn", value, 1),),
            grants=(Grant(value, value),),
            substances=(Substance(value),),
            book=Book(value, value, value, value, (value,), value),
            status=value,
        ),
        (value,),
        note=value,
    )


HOSTILE = [
    HOSTILE_TITLE,
    "x\nER  - \n\nTY  - JOUR\nTI  - evil\nAN  - 666\nER  - \n",
    "x\r\nER  - \r\nTY  - JOUR",
    "x\rER  - \rTY  - JOUR\rAN  - 666",
    "x\u2028ER  - \u2028TY  - JOUR\u2028AN  - 666",
    "x\x85ER  - \x85TY  - JOUR\x0bAN  - 666\x1cER  - ",
    "x\n\nPMID- 666\nTI  - evil\n",
    "x\nPMID- 666",
    'x"}, {"id": "evil", "PMID": "666',
    "\x1b]0;evil\x07\x1b[2J\x9b31m",
    "<script>alert(1)</script>",
    "ER  - ",
    "TY  - JOUR",
    "PMID- 666",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", NAMES)
def test_h10_hostile_values_are_inert(name, value):
    """X18, H09: line ends, tags, JSON and escape sequences in any field end no record and reach no terminal."""
    text = written(name, everywhere(value), NEXT)
    assert PMIDS[name](text) == ["90000001", "90000099"]
    assert not CONTROL.search(text)
    if name == "ris":
        assert len(read_by_pandoc(text, "ris")) == 2
        assert text.count("\nER  - \n") == len(re.findall(r"^ER  - ", text, re.MULTILINE)) == 2


anything = st.text()
nasty = st.text(alphabet="\\{}<>&\"',;:-[]()ERTY  \n\r\t\x0b\x0c\x1b\x1c\x85\u2028\u2029\ud800\ufeff aé李ș\u200b0")
texts = st.one_of(anything, nasty)


@given(title=texts, name=texts, tag=texts, note=texts, journal=texts, abstract=texts)
@example("x\nER  - \nTY  - JOUR", ",", "\n", "\n\n", "\n", "\nPMID- 1")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_can_be_read_back(schema, title, name, tag, note, journal, abstract):
    """X22: any Unicode anywhere gives files in UTF-8 from which rispy, Bio.Medline and JSON read two papers."""
    odd = held(
        "odd2016",
        paper(
            title=title,
            title_markup=f"{title}<i>{tag}</i>",
            authors=(Author(name, title), Author(name, collective=True), Author(journal, suffix=tag)),
            journal=journal,
            abstract=(Section(tag, abstract),),
            keywords=(Keyword(abstract), Keyword(name)),
            vernacular_title=abstract,
        ),
        (tag,),
        note=note,
    )
    for form in NAMES:
        text = written(form, odd, NEXT)
        text.encode()
        assert not CONTROL.search(text)
        assert PMIDS[form](text) == ["90000001", "90000099"]
    items = csl(odd, NEXT)
    assert not list(schema.iter_errors(items))
    assert items[0].get("annote", "") == flat(note)
    assert ris(odd)[0].get("title", "") == plain(title).strip()
    assert nbib(odd)[0].get("TI", "") == flat(title)


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None)
def test_pandoc_reads_any_text(pairs):
    """X22: pandoc reads as many RIS records as were written, whatever stands in them."""
    papers = [
        entry(f"key{number}", pmid=90000001 + number, title=title, authors=(Author(name, title),), journal=name)
        for number, (title, name) in enumerate(pairs)
    ]
    assert len(read_by_pandoc(written("ris", *papers), "ris")) == len(pairs)


@pytest.mark.corpus
@pytest.mark.parametrize("name", [*FILES, *LARGE_FILES])
def test_real_records_are_read_back(corpus, schema, name):
    """X18, X19, X20: every judge reads every real record, with its title and DOI, and none finds an error."""
    papers = real_entries(corpus / name)
    assert papers
    in_ris, in_csl, in_nbib = ris(*papers), csl(*papers), nbib(*papers)
    assert not list(schema.iter_errors(in_csl))
    assert len(read_by_pandoc(written("ris", *papers), "ris")) == len(papers)
    for one, record, item, medline in zip(papers, in_ris, in_csl, in_nbib, strict=True):
        title, doi, pmid = plain(one.paper.title), one.paper.doi, str(one.paper.pmid)
        assert (record["accession_number"], item["PMID"], medline["PMID"]) == (pmid, pmid, pmid)
        assert record["title"] == title
        assert medline["TI"] == flat(one.paper.title)
        assert (record.get("doi", ""), item.get("DOI", "")) == (doi, doi)
        assert not doi or f"{doi} [doi]" in medline["AID"]
        if not one.paper.title_markup:
            assert without_tags(item["title"]) == title
        named = [author for author in one.paper.authors if author.family or author.given]
        assert len(record.get("authors", ())) == len(named)
        assert len(item.get("author", ())) == len(named) + (bool(named) and not one.paper.authors_complete)
        persons = [author for author in named if not author.collective]
        assert len(medline.get("FAU", ())) == len(persons)


@pytest.mark.corpus
def test_pandoc_prints_real_records(corpus):
    """X19: pandoc reads real records as CSL-JSON and prints a reference each."""
    papers = real_entries(corpus / FILES[0])
    assert run_pandoc(written("csl-json", *papers), "html").count('class="csl-entry"') == len(papers)
