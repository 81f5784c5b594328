"""One record in, one Paper out: the cases D01 to D36 of the fault list, and what else a record may hold.

The records are made up; each has a PMID of its own (9000CCNN: case CC) in fixtures/pubmed.
"""

from functools import cache
from pathlib import Path

import pytest

from reftrack.errors import RecordError
from reftrack.model import (
    Accession,
    Author,
    Book,
    Correction,
    Grant,
    Heading,
    Keyword,
    Notice,
    OtherAbstract,
    PubDate,
    PublicationType,
    Qualifier,
    Section,
    Substance,
)
from reftrack.pubmed import PARSER_VERSION, cut, deleted_pmids, parse, pmid_of

FIXTURES = Path(__file__).parent / "fixtures" / "pubmed"
PAPER_ELEMENTS = {"PubmedArticle", "PubmedBookArticle", "MedlineCitation"}


@cache
def records(name):
    """Every paper's bytes in a fixture file by PMID."""
    return {
        pmid_of(record.xml): record.xml
        for record in cut([(FIXTURES / name).read_bytes()])
        if record.name in PAPER_ELEMENTS
    }


@cache
def paper(pmid, name=None):
    names = [name] if name else [path.name for path in FIXTURES.glob("*.xml")]
    return next(parse(records(each)[pmid]) for each in names if pmid in records(each))


def article(inner="", title="Made up.", pmid=90009999, data=""):
    """The smallest record, for cases too large or too many for a file."""
    return (
        f'<PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="1">{pmid}</PMID><Article>'
        f"<ArticleTitle>{title}</ArticleTitle>{inner}</Article></MedlineCitation>{data}</PubmedArticle>"
    ).encode()


# Dates


def test_d01_a_range_of_months_gives_the_year_and_no_month():
    """D01: "2010 Nov-Dec" is kept as it is; its year is 2010, no month or day is invented."""
    assert paper(90000101).date == PubDate("2010 Nov-Dec", 2010)


def test_d02_a_range_over_new_year_gives_its_first_year():
    """D02: "1998 Dec-1999 Jan" is of 1998."""
    assert paper(90000201).date == PubDate("1998 Dec-1999 Jan", 1998)


@pytest.mark.parametrize(
    ("pmid", "date"),
    [
        (90000301, PubDate("1999-2000", 1999)),
        (90000302, PubDate("Spring 1998", 1998)),
        (90000303, PubDate("n.d.")),
        (90000304, PubDate("1978 Jun 12-18", 1978, 6)),
        (90000305, PubDate("1978 Jun 12", 1978, 6, 12)),
        (90000306, PubDate("2021 3rd Quarter", 2021)),
        (90000307, PubDate("20007")),
        (90000308, PubDate("12007")),
        (90000309, PubDate("1998 Dec-1999 Dec", 1998)),
    ],
)
def test_d03_free_dates_give_what_they_say(pmid, date):
    """D03: a MedlineDate gives its first year, a month if it names exactly one, a day if it is a full date."""
    assert paper(pmid).date == date


@pytest.mark.parametrize(
    ("pmid", "date"),
    [(90000401, PubDate("2010 Sep-Dec", 2010)), (90000402, PubDate("1977 Spring", 1977))],
)
def test_d04_a_season_is_kept_verbatim(pmid, date):
    """D04: Year and Season are put side by side, and no month is made of them."""
    assert paper(pmid).date == date


@pytest.mark.parametrize(
    ("pmid", "date"),
    [
        (90000501, PubDate("2020", 2020)),
        (90000502, PubDate("2020 Jan", 2020, 1)),
        (90000503, PubDate("2020 Jan", 2020, 1)),
        (90000504, PubDate("2020 Jan", 2020, 1)),
        (90000505, PubDate("2020 Jan 1", 2020, 1, 1)),
        (90000506, PubDate("2020 Jan 1", 2020, 1, 1)),
        (90000507, PubDate("2021 Feb 30", 2021, 2)),
        (90000508, PubDate("2021 13 5", 2021)),
    ],
)
def test_d05_months_in_every_form_have_one_normal_form(pmid, date):
    """D05: "01", "Jan" and "January" are the same; a day or month that does not exist is only text."""
    assert paper(pmid).date == date


def test_d06_a_year_with_words_and_a_history_year_of_five_digits():
    """D06: "2007 (details online)" is of 2007; a History year 20007 is passed over for the next best day."""
    assert paper(90000601).date == PubDate("2007 (details online)", 2007)
    assert paper(90000601).entered == "2007-06-02"
    assert paper(90000602).date == PubDate("see text")
    assert paper(90000602).entered == ""


@pytest.mark.parametrize(
    ("pmid", "electronic"), [(90100901, PubDate()), (90100902, PubDate("2025 Nov 9", 2025, 11, 9))]
)
def test_d07_without_pub_date_the_year_is_unknown(pmid, electronic):
    """D07: no PubDate means no date; the electronic one does not take its place here."""
    assert paper(pmid, "invalid/no-pub-date.xml").date == PubDate()
    assert paper(pmid, "invalid/no-pub-date.xml").electronic_date == electronic


def test_d08_issue_and_electronic_date_are_both_kept():
    """D08: a paper online in 2025 and in an issue of 2026 says both."""
    assert paper(90000801).date == PubDate("2026 Mar", 2026, 3)
    assert paper(90000801).electronic_date == PubDate("2025 Nov 9", 2025, 11, 9)


def test_bookkeeping_dates_and_status():
    """DateCompleted, DateRevised and History's "pubmed" day are ISO dates; status and method are verbatim."""
    found = paper(90000802)
    assert (found.completed, found.revised, found.entered) == ("2020-04-05", "2021-06-07", "2020-01-02")
    assert (found.status, found.indexing_method, found.publication_status) == ("MEDLINE", "Automated", "epublish")


# Titles and text


def test_d09_markup_becomes_plain_text_and_is_kept_beside_it():
    """D09: CO<sub>2</sub> and 10<sup>-3</sup> read CO₂ and 10⁻³; title_markup keeps the five tags."""
    found = paper(90000901)
    assert found.title == "Uptake of CO₂ at 10⁻³ M by Homo sapiens in vivo and ex vivo."
    assert found.title_markup == (
        "Uptake of CO<sub>2</sub> at 10<sup>-3</sup> M by <i>Homo sapiens</i> in <b>vivo</b> and <u>ex vivo</u>."
    )


def test_d09_nested_markup_and_scripts_without_unicode_form():
    """D09: nested tags lose nothing; letters are never raised or lowered, as T<sub>max</sub> is Tmax."""
    found = paper(90000902)
    assert found.title == "In vitro Ca²⁺ and H₂O, Tmax, 5th, 10⁻⁹, a&b < c."
    assert found.title_markup == (
        "<i>In <b>vitro</b></i> Ca<sup>2+</sup> and H<sub><i>2</i></sub>O, T<sub>max</sub>, 5<sup>th</sup>, "
        "10<sup>−9</sup>, a&amp;b &lt; c."
    )


def test_d09_markup_around_nothing_is_dropped():
    """D09: empty tags go, and spaces inside tags do not add up with those outside."""
    assert paper(90000903).title == "Space inside tags and out."
    assert paper(90000903).title_markup == "Space <i>inside </i>tags and out."


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("Word.<sup>1,2</sup>", "Word.1,2"),
        ("10<sup>-3.5</sup>", "10-3.5"),
        ("x<sup>2<sup>3</sup></sup>", "x2³"),
        ("SO<sub>4</sub><sup>2–</sup>", "SO₄²⁻"),
    ],
)
def test_d09_a_script_is_raised_whole_or_not_at_all(title, plain):
    """D09: where one character has no raised form, none of the script is raised."""
    assert parse(article(title=title)).title == plain


@pytest.mark.parametrize("title", [" A title.", "A title. "])
def test_one_space_at_an_end_goes_too(title):
    """A single space before or after a text is not part of it."""
    assert parse(article(title=title)).title == "A title."


def test_title_markup_is_empty_without_markup():
    """title_markup is only for titles that have some: neither plain titles nor formulas alone."""
    assert paper(90000101).title_markup == ""
    assert paper(90001001).title_markup == ""
    assert parse(article(title="Nothing <i/>marked &lt;i&gt;.")).title_markup == ""


def test_d10_mathml_becomes_its_text():
    """D10: a formula in a title keeps its characters, scripts and fraction; no tag is left."""
    assert paper(90001001).title == "Production of D₀⁺ with x=(a+1)/2."
    assert paper(90001002).title == "Root √2(x,y) in E. coli."
    assert paper(90001002).title_markup == "Root √2(x,y) in <i>E. coli</i>."


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<m:msub><m:mi>x</m:mi><m:mi>i</m:mi></m:msub>", "xi"),
        ("<m:msup><m:mn>10</m:mn><m:mrow><m:mo>-</m:mo><m:mn>3</m:mn></m:mrow></m:msup>", "10⁻³"),
        ("<m:mroot><m:mi>x</m:mi><m:mn>3</m:mn></m:mroot>", "³√x"),
        ("<m:msqrt><m:mi>x</m:mi><m:mo>+</m:mo><m:mi>y</m:mi></m:msqrt>", "√(x+y)"),
        ("<m:mi>y</m:mi><m:mtext>&#160;for&#160;all</m:mtext><m:mspace/><m:mi>x</m:mi>", "y for all x"),
        ("<m:semantics><m:mi>x</m:mi><m:annotation>\\x</m:annotation></m:semantics>", "x"),
        ("stray<m:mi>x</m:mi>text", "strayxtext"),
    ],
)
def test_mathml_layouts(formula, text):
    """Layouts of MathML read as one would say them in a line of text."""
    title = f'<m:math xmlns:m="http://www.w3.org/1998/Math/MathML">{formula}</m:math>'
    assert parse(article(title=title)).title == text


def test_d11_references_escapes_and_spaces():
    """D11: numeric references are decoded, escapes escaped twice once more, NBSP and thin space are spaces."""
    assert paper(90001101).title == "The α and α of p < 0.05, p < 0.01, AT&T, zerowidth, Dvořák’s &eacute;."


def test_d12_translated_title_and_vernacular_are_kept():
    """D12: a bracketed title stays bracketed, the original stands beside it, the language is MEDLINE's code."""
    found = paper(90001201)
    assert found.title == "[The brain after stroke]."
    assert found.vernacular_title == "Мозг после инсульта."
    assert found.languages == ("rus",)


@pytest.mark.parametrize(
    ("pmid", "title", "markup"),
    [
        (90001301, "Der Titel mit Kursivem.", "Der Titel mit <i>Kursivem</i>."),
        (90001302, "[No title]", ""),
        (90001303, "Le titre.", ""),
        (90001304, "[Not Available].", ""),
        (90001305, "[No title]", ""),
    ],
)
def test_d13_an_empty_title_is_replaced(pmid, title, markup):
    """D13: the vernacular title stands in for an empty one or for "[Not Available].", else "[No title]" does."""
    assert (paper(pmid).title, paper(pmid).title_markup) == (title, markup)


def test_d24_structured_abstract_and_other_language():
    """D24: labels and categories are kept, UNLABELLED too; another language's abstract stands apart."""
    found = paper(90002401)
    assert found.abstract == (
        Section("BACKGROUND & AIMS", "Why.", "BACKGROUND"),
        Section("RESULTS", "What came out, P < 0.05 and CO₂.", "RESULTS"),
        Section("UNLABELLED", "The rest.", "UNASSIGNED"),
    )
    assert found.abstract_copyright == "© 2020 Nobody."
    assert found.other_abstracts == (
        OtherAbstract("Publisher", "fre", (Section("CONTEXTE", "Pourquoi."), Section("", "Quoi."))),
        OtherAbstract("plain-language-summary", "eng", (Section("", "In plain words."),)),
    )


def test_plain_abstract_is_one_unlabelled_section():
    """An abstract without labels is one section, its lines and formulas one text."""
    assert paper(90002402).abstract == (Section("", "One paragraph only x y end."),)


def test_d35_every_script_comes_through_in_nfc():
    """D35: Chinese, Cyrillic, Arabic and emoji stay; a letter and its combining accent become one."""
    found = paper(90003501)
    assert found.title == "脑卒中 и инсульт والسكتة étude 👩‍⚕️."
    assert [author.short for author in found.authors] == ["王 X", "Mureșanu D"]


def test_d36_control_characters():
    """D36: &#27; is refused as XML refuses it, with the PMID; those that XML lets through are taken out."""
    name = "invalid/control-characters.xml"
    with pytest.raises(RecordError, match="not well-formed") as caught:
        parse(records(name)[90100903])
    assert caught.value.pmid == 90100903
    assert paper(90100904, name).title == "The one after."
    assert paper(90003601).title == "Control characters and biomarkers."


# Authors


def test_d14_no_authors():
    """D14: a record without AuthorList has no authors, and the list counts as complete."""
    assert paper(90001401).authors == ()
    assert paper(90001401).authors_complete


def test_d15_groups_keep_their_place():
    """D15: a group is an author whose family name is the group's; order is the record's."""
    assert paper(90001501).authors == (Author("CARS Study Group", collective=True),)
    assert [(author.family, author.collective) for author in paper(90001502).authors] == [
        ("First", False),
        ("ESCAS Group", True),
        ("Last", False),
    ]


def test_d16_a_last_name_alone():
    """D16: who has no ForeName has an empty one, and no stray space in the short form."""
    assert paper(90001601).authors == (Author("Plato"),)
    assert paper(90001601).authors[0].short == "Plato"


def test_d17_suffix_is_apart():
    """D17: Jr and 3<sup>rd</sup> are suffixes, not part of the family name."""
    assert paper(90001701).authors == (
        Author("King", "Martin Luther", "ML", "Jr"),
        Author("Example", "Bea", "B", "3rd"),
    )


def test_d18_misspelt_author_is_skipped():
    """D18: ValidYN="N" marks a corrected spelling, which is not an author."""
    assert [author.family for author in paper(90001801).authors] == ["Right"]


def test_d19_equal_contribution_and_incomplete_list():
    """D19: EqualContrib="Y" is kept, "N" is not yes; CompleteYN="N" says that authors are missing."""
    assert [author.equal for author in paper(90001901).authors] == [True, False]
    assert not paper(90001901).authors_complete


def test_d20_orcid_in_thirteen_forms():
    """D20: every form around sixteen good digits gives the canonical iD; a failing one stays verbatim."""
    found = [author.orcid for author in paper(90002001).authors]
    assert found[:13] == ["0000-0002-1825-0097"] * 13
    assert found[13:] == [
        "0000-0002-1694-233X",
        "0000-0002-1825-0098",
        "0000-0002-1825-009",
        "https://orcid.org/",
    ]


def test_d20_the_good_one_of_two_and_no_other_scheme():
    """D20: of two iDs the one that holds is taken; an ISNI is no ORCID."""
    assert [author.orcid for author in paper(90002002).authors] == ["0000-0001-5109-3700", ""]


def test_affiliations_are_all_kept():
    """Each Affiliation is one text; its identifiers are not affiliations."""
    assert paper(90002003).authors[0].affiliations == ("Clinic A, Town.", "Clinic B².")


def test_nameless_authors_are_skipped_and_single_names_are_family_names():
    """An ORCID without a name is no author; who has only a ForeName is filed under it."""
    assert paper(90100923, "invalid/nameless-authors.xml").authors == (Author("Sukarno"),)


# Identifiers


@pytest.mark.parametrize(("pmid", "doi"), [(90002101, ""), (90002102, "10.5555/right")])
def test_d21_invalid_doi_is_not_used(pmid, doi):
    """D21: ELocationID with ValidYN="N" is never the DOI."""
    assert paper(pmid).doi == doi


@pytest.mark.parametrize(
    ("pmid", "doi"),
    [
        (90002201, "10.5555/List-Only"),
        (90002202, "10.5555/place-only"),
        (90002203, "10.5555/BOTH(99)X"),
        (90002204, "10.5555/ab"),
        (90002205, "10.5555/place"),
        (90002206, "10.1002/(SICI)1097-0258(19980815)17:15<1661::AID-SIM968>3.0.CO;2-2"),
    ],
)
def test_d22_one_doi(pmid, doi):
    """D22: the record's ArticleIdList wins over ELocationID; what is no DOI, or is around one, is dropped."""
    assert paper(pmid).doi == doi


def test_d23_references_give_no_identifiers():
    """D23: of 400 references no DOI or PMC id is taken, only their PMIDs, each once, in order."""
    found = paper(90002301)
    assert (found.doi, found.pmcid, found.pii) == ("", "", "")
    assert found.references[:3] == (90100001, 90199998, 90100000)
    assert found.references[-1] == 90199999
    assert len(found.references) == len(set(found.references)) == 400
    assert found.corrections == ()


def test_pmc_id_and_pii():
    """A PMC id is PMC and digits, without version or words; the pii is the publisher's, verbatim."""
    assert (paper(90002302).pmcid, paper(90002302).pii) == ("PMC7654321", "00001")
    assert paper(90002303).pmcid == "PMC7654322"


def test_journal_identifiers():
    """The linking ISSN stands apart from those of the media; MedlineTA serves where ISOAbbreviation is missing."""
    found = paper(90002304)
    assert (found.issn, found.issn_print, found.issn_electronic) == ("0000-0019", "", "0000-0027")
    assert (found.journal, found.journal_abbreviation) == ("The journal of examples", "J Example")
    assert (found.medline_ta, found.nlm_id) == ("J Example", "0000001")


# What else a record holds


def test_d25_a_record_without_pubmed_data():
    """D25: no PubmedData, volume or journal ids: everything that is there is read."""
    found = paper(90002501)
    assert (found.pmid, found.title, found.volume, found.issue) == (90002501, "D25", "", "")
    assert (found.entered, found.publication_status, found.nlm_id) == ("", "", "")


def test_indexing_terms_substances_grants_and_registries():
    """MeSH with its stars, keywords with owners, substances, grants and registry numbers are all kept."""
    found = paper(90002502)
    assert found.mesh == (
        Heading(
            "Stroke",
            "D020521",
            qualifiers=(Qualifier("drug therapy", "Q000188", major=True), Qualifier("psychology", "Q000523")),
        ),
        Heading("Humans", "D006801"),
        Heading("Amino Acids", "D000596", major=True),
    )
    assert found.keywords == (
        Keyword("stroke", major=True, owner="NOTNLM"),
        Keyword("T₂", owner="NOTNLM"),
        Keyword("nlm word", owner="NLM"),
    )
    assert found.substances == (
        Substance("cerebrolysin", "C007046", "37KZM6S21G"),
        Substance("Amino Acids", "D000596"),
        Substance("Made-up disease", "C538339", kind="Disease"),
    )
    assert found.grants == (
        Grant("R01 1", "NS", "NINDS NIH HHS", "United States"),
        Grant(agency="Wellcome Trust"),
    )
    assert found.accessions == tuple(Accession("ClinicalTrials.gov", f"NCT0000000{n}") for n in (1, 2))
    assert found.registry_ids == ("NCT00000001", "NCT00000002")
    assert found.languages == ("eng", "fre")
    assert found.publication_types[1] == PublicationType("Randomized Controlled Trial", "D016449")
    assert found.conflict_of_interest == "The authors declare none."


@pytest.mark.parametrize(
    ("pmid", "link"),
    [
        (90002601, Correction("RetractionIn", "J Example. 2021;1:3", 90002801, "Smith J")),
        (90002602, Correction("RetractionIn", "J Example. 2021;1:3")),
    ],
)
def test_d26_a_retraction_link_suffices(pmid, link):
    """D26: RetractionIn, with a PMID or without, makes a paper retracted though no publication type says so."""
    assert paper(pmid).corrections == (link,)
    assert paper(pmid).retracted


def test_d27_the_publication_type_suffices():
    """D27: publication type "Retracted Publication" makes a paper retracted though no link says so."""
    assert paper(90002701).corrections == ()
    assert paper(90002701).retracted


def test_d28_the_notice_is_not_retracted():
    """D28: RetractionOf and type D016440 are the notice; it is not retracted."""
    assert not paper(90002801).retracted
    assert paper(90002801).notices == (Notice("retraction-of", 90002601, "J Example. 2020;1:1"),)


def test_d29_corrections_keep_kind_and_target():
    """D29: every kind of correction is kept in order, but Cites, which is a reference."""
    found = paper(90002901)
    assert [(link.kind, link.pmid) for link in found.corrections] == [
        ("ExpressionOfConcernIn", 90000001),
        ("ErratumIn", 90000002),
        ("UpdateOf", 90000003),
        ("RepublishedIn", 90000004),
        ("CommentIn", None),
    ]
    assert found.references == (90000005,)
    assert not found.retracted
    assert paper(90002902).retracted


def test_d30_preprint():
    """D30: publication type Preprint makes a preprint; the link to the article is kept."""
    assert paper(90003001).type == "preprint"
    assert paper(90003001).corrections == (Correction("UpdateIn", "J Example. 2021", 90003002),)


def test_publisher_status():
    """A record as the publisher sent it says so, and has no MeSH yet."""
    assert (paper(90003101).status, paper(90003101).mesh) == ("Publisher", ())


def test_retracted_prefix_is_part_of_the_title():
    """The word "RETRACTED:" in a title is NLM's or the publisher's word, and is kept."""
    assert paper(90003201).title == "RETRACTED: D32"


@pytest.mark.parametrize(
    ("number", "short", "pages", "article_number"),
    [
        (0, "151-7", "151-157", ""),
        (1, "e123-8", "e123-e128", ""),
        (2, "S12-8", "S12-S18", ""),
        (3, "431-e3", "431-e3", ""),
        (4, "123-8; discussion 129-30", "123-128; discussion 129-130", ""),
        (5, "100-S4", "100-S4", ""),
        (6, "1-", "1", ""),
        (7, "123-123", "123", ""),
        (8, "vi-xii", "vi-xii", ""),
        (9, "105-109.e3", "105-109.e3", ""),
        (10, "1.e1-1.e12", "1.e1-1.e12", ""),
        (11, "123–8", "123-128", ""),
        (12, "e12345", "", "e12345"),
        (13, "CD001", "", "CD001"),
        (14, "1034", "1034", ""),
        (15, "1595-603.e9", "1595-1603.e9", ""),
        (16, "97-4", "97-4", ""),
        (17, "45S-8S", "45S-48S", ""),
        (18, "520.e1-6", "520.e1-6", ""),
        (19, "12-5, 20-4", "12-15, 20-24", ""),
        (20, "iii", "iii", ""),
        (21, "S1-4; quiz S5", "S1-S4; quiz S5", ""),
        (22, "12-5-7", "12-5-7", ""),
        (23, "E1-13", "E1-E13", ""),
    ],
)
def test_d33_pages_in_full(number, short, pages, article_number):
    """D33: what PubMed left out of a range is put back; what is no range is left alone."""
    found = paper(90003301 + number)
    assert (found.medline_pgn, found.pages, found.article_number) == (short, pages, article_number)


@pytest.mark.parametrize(
    ("pmid", "pages", "article_number", "pii"),
    [
        (90003351, "217-264", "", ""),
        (90003352, "", "e5807", ""),
        (90003353, "107912", "", ""),
        (90003354, "123-128; discussion 129-130", "", ""),
        (90003355, "", "E77", "E77"),
        (90003356, "5-9", "", "S0000-0019(20)00001-1"),
    ],
)
def test_d33_start_and_end_page_come_first(pmid, pages, article_number, pii):
    """D33: StartPage and EndPage are the full form; a list keeps all its parts; a pii serves without pages."""
    found = paper(pmid)
    assert (found.pages, found.article_number, found.pii) == (pages, article_number, pii)


def test_d34_nothing_is_cut_short():
    """D34: 500 authors, an abstract of 60 KB and a record of 10 MB come through whole."""
    people = "".join(f"<Author><LastName>Author{n}</LastName></Author>" for n in range(500))
    sentence = "word " * 12_000
    found = parse(
        article(f"<Abstract><AbstractText>{sentence}</AbstractText></Abstract><AuthorList>{people}</AuthorList>")
    )
    assert [author.family for author in found.authors] == [f"Author{n}" for n in range(500)]
    assert found.abstract[0].text == sentence.strip()
    large = parse(article(f"<Abstract><AbstractText>{'x' * 10_000_000}</AbstractText></Abstract>"))
    assert len(large.abstract[0].text) == 10_000_000


# Books, versions, old files


def test_c06_versions_are_told_apart():
    """C06: two versions of one PMID are two papers with their version numbers, for the library to choose."""
    found = [parse(record.xml) for record in cut([(FIXTURES / "versions.xml").read_bytes()])]
    assert [(each.pmid, each.version, each.title) for each in found] == [
        (90000003, 1, "Version one."),
        (90000003, 2, "Version two."),
    ]


def test_c07_a_chapter():
    """C07: a PubmedBookArticle with ArticleTitle is a chapter, with its own authors and date in its book."""
    found = paper(90000701)
    assert (found.pmid, found.type, found.journal) == (90000701, "chapter", "")
    assert (found.title, found.title_markup) == ("A chapter on one thing", "A chapter on <i>one</i> thing")
    assert [author.family for author in found.authors] == ["Chap"]
    assert [author.family for author in found.editors] == ["Edit", "Edita"]
    assert found.date == PubDate("2015 Mar 4", 2015, 3, 4)
    assert found.book == Book("The Book of Examples", "Example Press", "Nowhere (NA)", accession="NBK90000701")
    assert found.publication_types == (PublicationType("Review", "D016454"),)
    assert found.abstract == (Section("SUMMARY", "What it is about."),)
    assert found.keywords == (Keyword("one", owner="NLM"),)
    assert (found.entered, found.revised) == ("2011-03-18", "2024-05-06")
    assert found.doi == "", "the book's DOI is not the chapter's"


def test_c07_a_book():
    """C07: without ArticleTitle the record is the book itself: its title, authors, date and DOI."""
    found = paper(90000702)
    assert (found.type, found.title) == ("book", "The Book of Examples")
    assert found.title_markup == "The Book of <i>Examples</i>"
    assert found.authors == (Author("Example Centre", collective=True),)
    assert found.date == PubDate("2009 Feb", 2009, 2)
    assert (found.volume, found.doi) == ("3", "10.5555/whole.book")
    assert found.book == Book(
        "The Book of Examples",
        "Example Press",
        "Nowhere (NA)",
        "2nd",
        ("9780000000001", "9780000000002"),
        "NBK90000702",
    )


def test_a_medline_citation_of_2007():
    """Older files: bare MedlineCitation, DOI only in ELocationID, affiliation and corrections elsewhere."""
    found = paper(90100913, "invalid/old-medline.xml")
    assert (found.pmid, found.version, found.title) == (90100913, 1, "An old record.")
    assert (found.doi, found.pmcid, found.journal_abbreviation) == ("10.5555/old", "PMC1234567", "J Example")
    assert found.pages == "11-19"
    assert found.authors == (
        Author("Old", "Ada", "A", affiliations=("Department of Examples, Nowhere.",)),
        Author("Second", "Bea", "B", affiliations=("Her own.",)),
    )
    assert found.corrections == (
        Correction("CommentOn", "J Example. 2005;1:1", 90100914),
        Correction("RetractionIn", "J Example. 2007;3:1"),
    )
    assert found.mesh == (Heading("Stroke", major=True),)


# What cannot be read


def test_c10_a_bad_record_names_its_pmid_and_spares_the_others():
    """C10: records that cannot be read raise RecordError with the PMID where there is one; the next ones parse."""
    outcome = []
    for record in cut([(FIXTURES / "invalid" / "unreadable-records.xml").read_bytes()]):
        try:
            outcome.append(parse(record.xml).title)
        except RecordError as error:
            outcome.append((error.pmid, str(error).partition(":")[0]))
    assert outcome == [
        "A made-up title.",
        (90100909, "not well-formed XML"),
        (None, "the record's PMID is not a number"),
        (90100911, "the record has no article"),
        "A made-up title.",
    ]


@pytest.mark.parametrize(
    ("xml", "words"),
    [
        (b"", "no element"),
        (b"plain text", "no element"),
        (b"<DeleteCitation><PMID>1</PMID></DeleteCitation>", "DeleteCitation"),
        (b"<!DOCTYPE PubmedArticle [<!ENTITY x 'y'>]><PubmedArticle/>", "not a PubMed record"),
        (b"\xff\xfe<\0P\0", "no element"),
        (b"<PubmedArticle/>", "no article"),
        (b"<PubmedBookArticle><BookDocument/></PubmedBookArticle>", "no book"),
        (b"<PubmedBookArticle><BookDocument><Book/></BookDocument></PubmedBookArticle>", "no PMID"),
        (b"<PubmedArticle>\xff</PubmedArticle>", "not well-formed"),
        (b"<PubmedArticle><a:b></PubmedArticle>", "not well-formed"),
        (article(pmid="9" * 5000), "not a number"),
        (article(pmid="0"), "not a number"),
    ],
)
def test_what_is_no_record_is_refused(xml, words):
    """Whatever bytes are given, RecordError says what is wrong with them."""
    with pytest.raises(RecordError, match=words):
        parse(xml)


def test_very_deep_markup_is_read():
    """Markup nested a hundred thousand deep neither crashes the parser nor loses the text."""
    found = parse(article(title="<i>" * 100_000 + "deep" + "</i>" * 100_000))
    assert found.title == "deep"


def test_refusals_name_the_pmid_wherever_it_is_readable():
    """A book record without its Book is refused with the PMID that it has."""
    with pytest.raises(RecordError) as caught:
        parse(b"<PubmedBookArticle><BookDocument><PMID>90009998</PMID></BookDocument></PubmedBookArticle>")
    assert caught.value.pmid == 90009998


def test_prefixes_declared_outside_the_record():
    """A formula whose prefix was declared on the root that the record was cut from is read."""
    assert paper(90100918, "invalid/prefix-not-declared.xml").title == "Of x₂."


def test_pmid_of_finds_the_first():
    """pmid_of reads the record's own PMID, of broken records too, and none where there is none."""
    assert pmid_of(b'<PubmedArticle><PMID Version="1"> 7 </PMID><PMID>8</PMID') == 7
    assert pmid_of(b"<PubmedArticle><PMIDs>7</PMIDs>") is None


def test_deleted_pmids():
    """deleted_pmids lists a DeleteCitation's PMIDs, each once."""
    xml = b'<DeleteCitation><PMID Version="1">5</PMID><PMID>4</PMID>\n<PMID>5</PMID></DeleteCitation>'
    assert deleted_pmids(xml) == (5, 4)


def test_parser_version_is_known():
    """PARSER_VERSION is a number that grows; stored papers carry it."""
    assert PARSER_VERSION == 1
