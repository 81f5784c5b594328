"""BibTeX and BibLaTeX are read back by programs that are not ours: nothing is lost, nothing is let in."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pybtex.database import parse_string
from pylatexenc.latex2text import LatexNodes2Text

from export_papers import (
    ENTRIES,
    FILES,
    HOSTILE_TITLE,
    LARGE_FILES,
    WAYS,
    bib,
    bibtex,
    entry,
    folded,
    held,
    keys_by_bibtexparser,
    keys_by_pybtex,
    paper,
    read_back,
    read_back_ascii,
    real_entries,
)
from judges import read_by_pandoc
from reftrack.export.text import flat
from reftrack.export.titles import plain
from reftrack.model import Author, Book, Correction, Keyword, Section

READERS = pytest.mark.parametrize("keys", [keys_by_pybtex, keys_by_bibtexparser])
NEXT = entry("next2017", pmid=90000099, title="The next entry.")


def level(text):
    """`text` without sub- and superscripts: PubMed's plain title writes those of the markup as characters, CO₂, I⁻."""
    return unicodedata.normalize("NFKC", text).replace("−", "-")


EVERY_WAY = pytest.mark.parametrize("way", WAYS)


@EVERY_WAY
@READERS
def test_readers_find_every_made_up_paper(keys, way):
    """X04: both readers find as many entries as were written, under the same keys, in the same order."""
    assert keys(bib(way, *ENTRIES, abstracts=True, notes=True)) == [made_up.key for made_up in ENTRIES]


@pytest.mark.parametrize("way", ["bibtex", "biblatex"])
def test_titles_read_back(way):
    """X04: a title read by pybtex, markup removed, is the title of the paper."""
    found = parse_string(bib(way, *ENTRIES), "bibtex").entries
    for made_up in ENTRIES:
        assert level(read_back(found[made_up.key].fields["title"])) == level(plain(made_up.paper.title))


@pytest.mark.parametrize("way", ["bibtex ascii", "biblatex ascii"])
def test_titles_in_ascii_read_back(way):
    """X04: so it is in ASCII, which holds no other character, with commands for letters."""
    text = bib(way, *ENTRIES)
    assert text.isascii()
    found = parse_string(text, "bibtex").entries
    for made_up in ENTRIES:
        assert folded(read_back_ascii(found[made_up.key].fields["title"])) == folded(plain(made_up.paper.title))


def in_pandoc(title):
    """A title as pandoc's CSL has it: no braces (it knows \\textbraceleft as little as \\{), first letters its own."""
    return re.sub(r"[{}]", "", folded(title)).casefold()


def from_pandoc(title):
    """Markup and formulas removed: NF-$\\kappa$B."""
    title = re.sub(r"</?(?:i|b|sub|sup|span)(?: [^>]*)?>", "", title)
    title = re.sub(r"\$(\\[^$]+|['|*])\$", lambda found: LatexNodes2Text().latex_to_text(found[1]), title)
    return re.sub(r"[{}]", "", folded(title)).casefold()


@EVERY_WAY
def test_pandoc_reads_the_made_up_papers(way):
    """X04: pandoc finds every entry under its key, with its title, type and PMID or DOI."""
    found = read_by_pandoc(bib(way, *ENTRIES), way.partition(" ")[0])
    assert list(found) == [made_up.key for made_up in ENTRIES]
    for made_up in ENTRIES:
        title, subtitle = made_up.paper.title, found[made_up.key]["title"]
        vernacular = f". {plain(made_up.paper.vernacular_title)}" if made_up.paper.vernacular_title else ""
        expected = plain(title) + (vernacular if way.startswith("biblatex") else "")
        assert " ".join(from_pandoc(subtitle).split()) == " ".join(in_pandoc(expected).split())
        if made_up.paper.doi:
            assert found[made_up.key]["DOI"] == made_up.paper.doi
    kinds = {made_up.key: found[made_up.key]["type"] for made_up in ENTRIES}
    assert kinds["example2022"] == "chapter"
    assert kinds["editor2023"] == "book"
    assert kinds["example2016"] == "article-journal"


@EVERY_WAY
def test_pandoc_reads_names(way):
    """X11: pandoc finds family and given names, particle, suffix and group where PubMed had them."""
    authors = (
        Author("de la Cruz", "Ana"),
        Author("Example", "Pat", suffix="Jr"),
        Author("Özgür", "Łukasz"),
        Author("EXAMPLE Study Group, and Partners", collective=True),
    )
    made_up = entry(authors=authors)
    assert read_by_pandoc(bib(way, made_up), way.partition(" ")[0])[made_up.key]["author"] == [
        {"family": "Cruz", "given": "Ana", "dropping-particle": "de la"},
        {"family": "Example", "given": "Pat", "suffix": "Jr."},
        {"family": "Özgür", "given": "Łukasz"},
        {"literal": "EXAMPLE Study Group, and Partners"},
    ]


def test_pandoc_reads_a_pmid_of_its_own():
    """X04: `--pmid-fields` is what pandoc needs to know a PMID in BibLaTeX."""
    made_up = entry(pmcid="PMC9000001")
    assert "PMID" not in read_by_pandoc(bib("biblatex", made_up), "biblatex")[made_up.key]
    item = read_by_pandoc(bib("biblatex", made_up, pmid_fields=True), "biblatex")[made_up.key]
    assert (item["PMID"], item["PMCID"]) == ("90000001", "PMC9000001")


@pytest.mark.parametrize("char", list('\\{}%&#_$~^<>"|@,='))
@pytest.mark.parametrize("times", [1, 2])
@EVERY_WAY
@READERS
def test_special_characters_anywhere(keys, way, char, times):
    """X09: a special character, alone or doubled, in any field harms neither this entry nor the next."""
    text = char * times
    for value in (text, f"a{text}", f"{text}b", f"a {text} b", f"a{text}b"):
        made_up = held(
            "odd2016",
            paper(
                title=value,
                title_markup=f"<i>{value}</i>",
                authors=(Author(value, value, suffix=value), Author(value, collective=True), Author(value)),
                journal=value,
                volume=value,
                issue=value,
                pages=value,
                article_number=value,
                doi=value,
                pmcid=value,
                editors=(Author(value, value),),
                issn=value,
                vernacular_title=f"x{value}",
                keywords=(Keyword(value),),
                corrections=(Correction("RetractionIn", value, 1),),
                book=Book(value, value, value, value, (value,)),
            ),
            (value,),
            note=value,
        )
        assert keys(bib(way, made_up, NEXT, pmid_fields=True)) == ["odd2016", "next2017"]


@pytest.mark.parametrize(
    "title",
    [
        HOSTILE_TITLE,
        r"\input{/etc/passwd}",
        r"\write18{rm -rf /}",
        "@article{evil, title = {x}}",
        "}\n\n@article{evil, title = {x}}",
        "x}, author = {Evil, E}, note = {",
        '" # evil # "',
        "% all that follows",
        "\\",
        "\\\\}",
        "$x_{1}^{2}$",
        "a,\n  key = {b},\n@string{x = {y}}",
    ],
)
@EVERY_WAY
@READERS
def test_h09_hostile_titles_are_inert(keys, way, title):
    """X10, H09: commands, comments, braces and whole entries in a title are text; the next entry is still there."""
    text = bib(way, entry("odd2016", title=title), NEXT)
    assert keys(text) == ["odd2016", "next2017"]
    entries = parse_string(text, "bibtex").entries
    if "ascii" in way:
        assert folded(read_back_ascii(entries["odd2016"].fields["title"])) == folded(plain(title))
    else:
        assert read_back(entries["odd2016"].fields["title"]) == plain(title)
    assert "evil" not in {*entries, *entries["odd2016"].fields, *entries["odd2016"].persons}
    assert not re.search(r"\\(?:input|write)", text)


@EVERY_WAY
@pytest.mark.parametrize("field", ["journal", "volume", "pages", "article_number", "pmcid", "issn", "vernacular_title"])
def test_hostile_fields_are_inert(way, field):
    """X10, H09: what is no command in a title is none in any other field, a person's note and a name."""
    odd = held("odd2016", paper(**{field: HOSTILE_TITLE, "authors": (Author(HOSTILE_TITLE),)}), (), note=HOSTILE_TITLE)
    text = bib(way, odd, NEXT, pmid_fields=True)
    assert keys_by_pybtex(text) == keys_by_bibtexparser(text) == ["odd2016", "next2017"]
    assert list(read_by_pandoc(text, way.partition(" ")[0])) == ["odd2016", "next2017"]
    assert not re.search(r"\\(?:input|write)", text)


anything = st.text()
nasty = st.text(alphabet="\\{}%&#_$~^<>\"|@=,()#'` \n\tandAND0aé李ș\u2009\u200b")
texts = st.one_of(anything, nasty)


@EVERY_WAY
@given(title=texts, family=texts, given_name=texts, journal=texts, tag=texts, doi=texts, abstract=texts)
@example(HOSTILE_TITLE, "and", "and", "@a{b,", "\\", "\\", "}")
@example("｛％＼", "，", "ａｎｄ", "＠", "\u200b", "李%", "\ue000")
def test_any_text_can_be_read_back(way, title, family, given_name, journal, tag, doi, abstract):
    """X22: any Unicode in any field gives a file that both readers read in full, with the entry after it."""
    odd = held(
        "odd2016",
        paper(
            title=title,
            title_markup=f"{title}<i>{tag}</i>" if tag else "",
            authors=(Author(family, given_name), Author(family, collective=True), Author(journal)),
            journal=journal,
            doi=doi,
            volume=family,
            pages=title,
            abstract=(Section(tag, abstract),),
            vernacular_title=abstract,
            keywords=(Keyword(abstract), Keyword(title)),
        ),
        (tag,),
        note=abstract,
    )
    text = bib(way, odd, NEXT, abstracts=True)
    text.encode("ascii" if "ascii" in way else "utf-8")
    assert keys_by_pybtex(text) == ["odd2016", "next2017"]
    assert keys_by_bibtexparser(text) == ["odd2016", "next2017"]
    assert parse_string(text, "bibtex").entries["next2017"].fields["title"] == "The next entry"


@given(title=nasty)
def test_any_title_is_read_back_as_it_was(title):
    """X22: what LaTeX prints for a title is the title, in one line."""
    written = parse_string(bibtex(entry(title=title)), "bibtex").entries["example2016"].fields.get("title", "")
    assert read_back(written) == plain(title)


@pytest.mark.parametrize("way", ["bibtex", "bibtex ascii"])
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=4))
@example([("，", "，"), ("ａｎｄ", "ａｎｄ"), ("\u200b", "x")])
def test_any_names_stay_apart(way, names):
    """X22: however hostile their names, as many authors are read as were written."""
    authors = tuple(Author(family, given_name) for family, given_name in names)
    found = parse_string(bib(way, entry(authors=(*authors, Author("Last", "L")))), "bibtex").entries["example2016"]
    named = [author for author in authors if flat(author.family + author.given)]
    assert len(found.persons["author"]) == len(named) + 1
    assert str(found.persons["author"][-1]) == "Last, L"


@pytest.mark.corpus
@pytest.mark.parametrize("way", ["bibtex", "bibtex ascii", "biblatex"])
@pytest.mark.parametrize("name", FILES + LARGE_FILES)
def test_real_records_are_read_back(corpus, name, way):
    """X04: every real record is read back by pybtex, bibtexparser and pandoc: the same keys, titles and authors."""
    entries = real_entries(corpus / name)
    keys = [real.key for real in entries]
    text = bib(way, *entries)
    assert text.isascii() or "ascii" not in way
    found = parse_string(text, "bibtex").entries
    assert list(found) == keys
    assert keys_by_bibtexparser(text) == keys
    by_pandoc = read_by_pandoc(text, way.partition(" ")[0])
    assert list(by_pandoc) == keys
    for real in entries:
        title = plain(real.paper.title)
        written = found[real.key].fields["title"]
        if "ascii" in way:
            assert folded(read_back_ascii(written)) == folded(title), real.paper.pmid
            title = title.replace("€", "")  # pandoc knows no \\texteuro
        else:
            assert level(read_back(written)) == level(title), real.paper.pmid
        assert from_pandoc(by_pandoc[real.key]["title"]).startswith(in_pandoc(title)), real.paper.pmid
        named = [author for author in real.paper.authors if author.family or author.given]
        others = not real.paper.authors_complete and bool(named)
        assert len(found[real.key].persons.get("author", ())) == len(named) + others, real.paper.pmid
