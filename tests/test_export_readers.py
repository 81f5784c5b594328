"""BibTeX is read back by programs that are not ours, pybtex and bibtexparser: nothing is lost, nothing is let in."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pybtex.database import parse_string

from export_papers import (
    ENTRIES,
    FILES,
    HOSTILE_TITLE,
    bibtex,
    entry,
    held,
    keys_by_bibtexparser,
    keys_by_pybtex,
    paper,
    read_back,
    real_entries,
)
from reftrack.export.text import flat
from reftrack.export.titles import plain
from reftrack.model import Author, Book, Correction, Keyword, Section

READERS = pytest.mark.parametrize("keys", [keys_by_pybtex, keys_by_bibtexparser])
NEXT = entry("next2017", pmid=90000099, title="The next entry.")


@READERS
def test_readers_find_every_made_up_paper(keys):
    """X04: both readers find as many entries as were written, under the same keys, in the same order."""
    assert keys(bibtex(*ENTRIES)) == [made_up.key for made_up in ENTRIES]


def test_titles_read_back():
    """X04: a title read by pybtex, markup removed, is the title of the paper."""
    found = parse_string(bibtex(*ENTRIES), "bibtex").entries
    for made_up in ENTRIES:
        # NFKC, because PubMed's plain title writes the markup's subscripts as characters: CO₂
        expected = unicodedata.normalize("NFKC", plain(made_up.paper.title))
        assert unicodedata.normalize("NFKC", read_back(found[made_up.key].fields["title"])) == expected


@pytest.mark.parametrize("char", list('\\{}%&#_$~^<>"|@,='))
@pytest.mark.parametrize("times", [1, 2])
@READERS
def test_special_characters_anywhere(keys, char, times):
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
                issn=value,
                vernacular_title=f"x{value}",
                keywords=(Keyword(value),),
                corrections=(Correction("RetractionIn", value, 1),),
                book=Book(value, value, value, value, (value,)),
            ),
            (value,),
        )
        assert keys(bibtex(made_up, NEXT)) == ["odd2016", "next2017"]


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
@READERS
def test_hostile_titles_are_inert(keys, title):
    """X10, H09: commands, comments, braces and whole entries in a title are text; the next entry is still there."""
    text = bibtex(entry("odd2016", title=title), NEXT)
    assert keys(text) == ["odd2016", "next2017"]
    entries = parse_string(text, "bibtex").entries
    assert read_back(entries["odd2016"].fields["title"]) == plain(title)
    assert "evil" not in {*entries, *entries["odd2016"].fields, *entries["odd2016"].persons}
    assert not re.search(r"\\(?:input|write)", text)


anything = st.text()
nasty = st.text(alphabet="\\{}%&#_$~^<>\"|@=,()#'` \n\tandAND0aé李ș\u2009\u200b")
texts = st.one_of(anything, nasty)


@given(title=texts, family=texts, given_name=texts, journal=texts, tag=texts, doi=texts, abstract=texts)
@example(HOSTILE_TITLE, "and", "and", "@a{b,", "\\", "\\", "}")
def test_any_text_can_be_read_back(title, family, given_name, journal, tag, doi, abstract):
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
    )
    text = bibtex(odd, NEXT)
    text.encode()
    assert keys_by_pybtex(text) == ["odd2016", "next2017"]
    assert keys_by_bibtexparser(text) == ["odd2016", "next2017"]
    assert parse_string(text, "bibtex").entries["next2017"].fields["title"] == "The next entry"


@given(title=nasty)
def test_any_title_is_read_back_as_it_was(title):
    """X22: what LaTeX prints for a title is the title, in one line."""
    written = parse_string(bibtex(entry(title=title)), "bibtex").entries["example2016"].fields.get("title", "")
    assert read_back(written) == plain(title)


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=4))
def test_any_names_stay_apart(names):
    """X22: however hostile their names, as many authors are read as were written."""
    authors = tuple(Author(family, given_name) for family, given_name in names)
    found = parse_string(bibtex(entry(authors=(*authors, Author("Last", "L")))), "bibtex").entries["example2016"]
    named = [author for author in authors if flat(author.family + author.given)]
    assert len(found.persons["author"]) == len(named) + 1
    assert str(found.persons["author"][-1]) == "Last, L"


@pytest.mark.corpus
@pytest.mark.parametrize("name", FILES)
def test_real_records_are_read_back(corpus, name):
    """X04: every real record goes to BibTeX, and pybtex reads the same keys and titles."""
    entries = list(real_entries(corpus / name))
    assert len(entries) > 30
    text = bibtex(*entries)
    found = parse_string(text, "bibtex").entries
    assert list(found) == [real.key for real in entries]
    assert keys_by_bibtexparser(text) == [real.key for real in entries]
    for real in entries:
        read = unicodedata.normalize("NFKC", read_back(found[real.key].fields["title"]))
        assert read == unicodedata.normalize("NFKC", plain(real.paper.title)), real.paper.pmid
        named = [author for author in real.paper.authors if author.family or author.given]
        others = not real.paper.authors_complete and bool(named)
        assert len(found[real.key].persons.get("author", ())) == len(named) + others, real.paper.pmid
