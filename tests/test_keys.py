"""Citation keys: stored, unique whatever the capitals, never moved; one may be chosen, and the old one still leads.

Where a manuscript cites `example2020`, it must mean the same paper after any fetch, deletion, import and undo.
"""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk import Workspace
from papers import FIRST_PMID, document, record
from reftrack import pubmed, tagging
from reftrack.citation import Citation
from reftrack.errors import UsageError
from reftrack.library.imported import IMPORTS, Match
from reftrack.library.selecting import find_paper
from reftrack.library.writing import Library
from reftrack.workflow.deriving import rebuild
from reftrack.workflow.filing import file_papers
from reftrack.workflow.importing import import_records

RULES = tagging.load()
YEARS = ("2019", "2020")


@pytest.fixture
def library(tmp_path):
    with Library.open(tmp_path / "l.db", create=True) as library:
        yield library


@pytest.fixture
def filled(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.fetch()
    return workspace


def fetch(library, *records):
    with library.transaction():
        file_papers(
            library, RULES, [(pubmed.parse(xml), xml) for xml in records], source="pubmed", whatever_its_age=True
        )


def keys(library):
    return dict(library.connection.rows("SELECT pmid, key FROM citation_keys"))


def test_thirty_papers_of_one_author_and_year_get_letters(library):
    """X21: example2020, then a to z, then aa, by PMID."""
    fetch(library, *(record(number) for number in range(1, 31)))
    given_keys = list(keys(library).values())
    assert given_keys[:3] == ["example2020", "example2020a", "example2020b"]
    assert given_keys[26:] == ["example2020z", "example2020aa", "example2020ab", "example2020ac"]


def test_capitals_tell_no_keys_apart(library):
    """X21: bibtex takes abc and ABC for a repeated entry, so the second is refused."""
    fetch(library, record(1), record(2))
    with library.transaction():
        library.set_key(FIRST_PMID, "abc")
    with pytest.raises(UsageError, match="belongs to PMID 90000001"), library.transaction():
        library.set_key(FIRST_PMID + 1, "ABC")
    assert keys(library) == {FIRST_PMID: "abc", FIRST_PMID + 1: "example2020a"}


def test_a_replaced_key_is_never_given_again_and_still_leads_to_its_paper(library):
    """Somebody may have cited the old key: it finds the paper, and no other paper gets it."""
    fetch(library, record(1))
    with library.transaction():
        assert library.set_key(FIRST_PMID, "mine") == "example2020"
    fetch(library, record(2))
    assert keys(library) == {FIRST_PMID: "mine", FIRST_PMID + 1: "example2020a"}
    assert find_paper(library.connection, "EXAMPLE2020") == FIRST_PMID
    with pytest.raises(UsageError, match="example2020"), library.transaction():
        library.set_key(FIRST_PMID + 1, "example2020")


def test_a_key_may_come_back_and_change_its_capitals(library):
    """A person who regrets a choice gets the former key again; capitals may be changed."""
    fetch(library, record(1))
    for key in ("mine", "Mine", "example2020"):
        with library.transaction():
            library.set_key(FIRST_PMID, key)
        assert keys(library) == {FIRST_PMID: key}
    assert find_paper(library.connection, "mine") == FIRST_PMID


@pytest.mark.parametrize(
    "key",
    [
        "",
        "a b",
        "a,b",
        "{a}",
        "a}",
        'a"',
        "a#",
        "a%",
        "a~",
        "a\\b",
        "a'b",
        "(a)",
        "a=b",
        "ü2020",
        "-a",
        "12345678",
        "a" * 81,
    ],
)
def test_what_no_program_takes_is_no_key(library, key):
    """Keys hold what bibtex, biber, LaTeX and pandoc all take; a number would be taken for a PMID."""
    fetch(library, record(1))
    with pytest.raises(UsageError, match="cannot be a citation key"), library.transaction():
        library.set_key(FIRST_PMID, key)
    assert keys(library) == {FIRST_PMID: "example2020"}


def test_key_set_at_the_desk(filled):
    """`key set` says which key was replaced; `show` finds the paper by either, the export has the new one."""
    said = filled.run("key", "set", FIRST_PMID, "Smith:2020").stdout
    assert said == f"PMID {FIRST_PMID}: example2020 is Smith:2020 now.\n"
    assert filled.json("show", "example2020")[0]["key"] == "Smith:2020"
    assert "{Smith:2020," in filled.run("export").stdout
    assert "belongs to PMID" in filled.run("key", "set", FIRST_PMID + 1, "smith:2020", status=2).stderr
    filled.run("rebuild")
    assert filled.json("show", FIRST_PMID)[0]["key"] == "Smith:2020"


def test_export_with_pmids_as_keys(filled):
    """--key pmid writes pmid90000001 and changes nothing in the library."""
    assert f"@article{{pmid{FIRST_PMID}," in filled.run("export", "--key", "pmid").stdout
    assert filled.json("show", FIRST_PMID)[0]["key"] == "example2020"


numbers = st.lists(st.integers(1, 6), min_size=1, max_size=4, unique=True)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("fetch"), numbers, st.sampled_from(YEARS)),
        st.tuples(st.just("import"), numbers, st.sampled_from(YEARS)),
        st.tuples(st.just("cite"), numbers, st.sampled_from(YEARS)),
        st.tuples(st.sampled_from(["undo", "delete", "rebuild"]), numbers, st.just("")),
        st.tuples(st.just("choose"), numbers, st.sampled_from(["mine", "Example2020", "example2019b"])),
    ),
    max_size=8,
)


def take(library, step, chosen):
    """One step of a library's life; keys that a person chooses are noted in `chosen`."""
    what, which, value = step
    if what == "fetch":
        fetch(library, *(record(number, year=value, title=f"Title {value}.") for number in which))
    elif what == "import":
        content = document(*(record(number, year=value) for number in which))
        pieces = lambda: iter([(content, 1)])  # noqa: E731 - an open file
        import_records("f.xml", pieces, 1, library, RULES, who="", version="0")
    elif what == "cite":
        with library.transaction():
            number = library.begin_import(file="f.ris", form="ris", sha256="", who="")
            for position, each in enumerate(which):
                library.keep_citation(number, position, Citation(line=1, text="", key=f"other{value}"), Match(each))
    elif what == "undo" and (standing := [one for one in library.imports() if not one.undone]):
        with library.transaction():
            library.undo_import(standing[0].number)
    elif what == "delete":
        with library.transaction():
            library.mark_deleted([FIRST_PMID - 1 + number for number in which], at="2026-01-01T00:00:00Z")
    elif what == "rebuild":
        rebuild(library, RULES)
    elif what == "choose" and (held := library.held_pmids()):
        try:
            with library.transaction():
                library.set_key(held[0], value)
            chosen[held[0]] = value
        except UsageError:
            pass


@given(steps)
@settings(max_examples=40, deadline=None)
def test_nothing_but_a_person_moves_a_key(life):
    """No sequence of fetches, deletions, imports, undos and rebuilds changes a key, or gives one to a second paper."""
    with tempfile.TemporaryDirectory() as folder, Library.open(Path(folder) / "l.db", create=True) as library:
        ever: dict[str, int] = {}
        before: dict[int, str] = {}
        for step in life:
            chosen: dict[int, str] = {}
            take(library, step, chosen)
            after = keys(library)
            assert {pmid: after[pmid] for pmid in before} == before | {p: k for p, k in chosen.items() if p in before}
            assert set(library.held_pmids()) <= after.keys()
            for pmid, key in after.items():
                assert ever.setdefault(key.casefold(), pmid) == pmid
            before = after


def test_a_paper_that_comes_back_after_an_undo_has_its_key_again(library):
    """An undone import takes the paper away and keeps its key given; the next import finds it again."""
    content = document(record(1))
    for _ in range(2):
        import_records("f.xml", lambda: iter([(content, 1)]), 1, library, RULES, who="", version="0")
        assert keys(library) == {FIRST_PMID: "example2020"}
        with library.transaction():
            assert library.undo_import(library.imports()[0].number) == [FIRST_PMID]
        assert library.held_pmids() == []
    fetch(library, record(2))
    assert keys(library)[FIRST_PMID + 1] == "example2020a"
    assert library.connection.value("SELECT count(*) FROM hits WHERE query = ?", (IMPORTS,)) == 0
