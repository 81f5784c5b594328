"""A batch of papers is stored and tagged at once: as if one by one, in few statements, all of it or nothing."""

import gc
from sqlite3 import SQLITE_LIMIT_VARIABLE_NUMBER

import pytest

from papers import FIRST_PMID, document, paper, record
from reftrack import pubmed, tagging
from reftrack.errors import LibraryError
from reftrack.export import key_candidates
from reftrack.library.writing import Library
from reftrack.model import HandTag, Tag, TagDefinition
from reftrack.workflow import filing
from reftrack.workflow.filing import file_papers, read

NOW = "2026-01-01T00:00:00Z"
ABSTRACT = (("RESULTS", "Mortality fell in 40 patients with traumatic brain injury."),)


@pytest.fixture(scope="module")
def rules():
    return tagging.load()


@pytest.fixture
def library(tmp_path, rules):
    with Library.open(tmp_path / "l.db", create=True, now=lambda: NOW) as library:
        library.set_vocabulary(rules.definitions)
        yield library


def batch(*numbers, **values):
    """Papers as `file_papers` takes them, each with its record."""
    return [(pubmed.parse(xml), xml) for xml in (record(number, abstract=ABSTRACT, **values) for number in numbers)]


def file(library, rules, papers):
    with library.transaction():
        return file_papers(library, rules, papers, source="pubmed")


def everything(library):
    """All that is held of all papers, with the evidence of their tags."""
    return [(held, library.rule_tags(held.paper.pmid)) for held in library.held(library.held_pmids())]


def test_a_batch_leaves_what_its_papers_leave_one_by_one(library, rules, tmp_path):
    """More papers than one statement takes are held, keyed, tagged and found as if each had come alone."""
    papers = batch(*range(1, 204))
    file(library, rules, papers)
    with Library.open(tmp_path / "other.db", create=True, now=lambda: NOW) as other:
        other.set_vocabulary(rules.definitions)
        for one in papers:
            file(other, rules, [one])
        assert everything(library) == everything(other)
    assert len(library.held_pmids()) == 203
    assert all(held.tags for held, _ in everything(library))
    assert library.connection.value("SELECT count(*) FROM papers_fts WHERE papers_fts MATCH 'mortality'") == 203
    assert library.problems() == []


def test_an_sqlite_that_takes_few_values_a_statement_takes_a_batch(library, rules):
    """Before 3.32 a statement could have 999 values; such an SQLite stores a batch in more statements."""
    library.connection.raw.setlimit(SQLITE_LIMIT_VARIABLE_NUMBER, 999)
    file(library, rules, batch(*range(1, 51)))
    assert len(library.held_pmids()) == 50


def test_a_batch_costs_no_more_statements_than_a_paper(library, rules, monkeypatch):
    """Forty papers are one row of `papers` each and one statement: the search index writes once a statement."""
    counts = []
    for papers in (batch(1), batch(*range(2, 42))):
        said = []
        real = library.connection.run
        monkeypatch.setattr(
            library.connection, "run", lambda sql, values=(), r=real, s=said: s.append(sql) or r(sql, values)
        )
        file(library, rules, papers)
        monkeypatch.undo()
        counts.append(sum(sql.startswith(("INSERT INTO papers ", "INSERT INTO paper_tags")) for sql in said))
    assert counts == [2, 2]


def test_two_states_of_a_record_in_one_batch_are_one_paper(library, rules):
    """The later version is compared with the earlier one although both came together, in whatever order."""
    late = record(1, abstract=ABSTRACT, title="As corrected").replace(b'Version="1"', b'Version="2"')
    filed = file(library, rules, [(pubmed.parse(late), late), *batch(1, 2)])
    assert filed.new == [FIRST_PMID, FIRST_PMID + 1]
    assert filed.changed == {FIRST_PMID: ("version", "title")}
    assert library.get(FIRST_PMID).title == "As corrected"
    assert library.connection.value("SELECT count(*) FROM papers_fts WHERE papers_fts MATCH 'corrected'") == 1
    assert library.problems() == []


def test_decisions_that_were_there_before_the_paper_count(library, rules):
    """Of a paper that comes back, what a person added and removed is filed with it, whatever the rules say."""
    file(library, rules, batch(1))
    with library.transaction():
        library.set_hand_tag(HandTag(FIRST_PMID, "mortality", "remove"))
        library.set_hand_tag(HandTag(FIRST_PMID, "cohort", "add"))
        library.connection.run("DELETE FROM papers")
    file(library, rules, batch(1, 2))
    held, other = (held for held, _ in everything(library))
    assert (held.study, "mortality" in {tag.slug for tag in held.tags}) == ("cohort", False)
    assert "mortality" in {tag.slug for tag in other.tags}
    assert library.problems() == []


def test_a_tag_added_by_hand_is_filed_where_the_rules_find_none(library):
    """A new paper without rule tags still gets those that were given by hand."""
    library.set_vocabulary([TagDefinition("cohort", "study", "Cohort", rank=1)])
    library.connection.run("INSERT INTO hand_tags VALUES (?, 'cohort', 'add', '', '', '')", (FIRST_PMID,))
    with library.transaction(), library.gathering():
        library.save(b"1", paper(1), source="pubmed", parser=1)
        library.set_rule_tags(FIRST_PMID, (), content_hash="c", rules_hash="r")
    assert next(library.held([FIRST_PMID])).study == "cohort"
    assert library.tagged_with(FIRST_PMID) == ("c", "r")


def test_a_batch_that_fails_leaves_nothing_gathered(library, rules):
    """What was gathered in a batch that failed is neither stored nor carried into the next one."""
    with pytest.raises(LibraryError), library.transaction(), library.gathering():  # noqa: PT012 - so is a batch
        library.save(b"1", paper(1), source="pubmed", parser=1)
        library.connection.run("INSERT INTO runs VALUES ('no such columns')")
    with library.transaction():
        library.save(b"2", paper(2), source="pubmed", parser=1)
        assert library.get(FIRST_PMID + 1) == paper(2)
    file(library, rules, batch(3))
    assert library.held_pmids() == library.recorded_pmids() == [FIRST_PMID + 1, FIRST_PMID + 2]


def test_rule_tags_of_a_gathered_paper_are_the_last_ones_set(library):
    """Setting the rule tags of a paper twice before it is stored keeps the second."""
    library.set_vocabulary([TagDefinition("a", "outcome", "A"), TagDefinition("b", "outcome", "B")])
    with library.transaction(), library.gathering():
        library.save(b"1", paper(1), source="pubmed", parser=1)
        for slug in "ab":
            library.set_rule_tags(FIRST_PMID, [Tag("outcome", slug)], content_hash="c", rules_hash="r")
    assert [tag.slug for tag in next(library.held([FIRST_PMID])).tags] == ["b"]


def test_a_key_that_is_held_takes_none_from_the_next_paper(library):
    """Asking for the key of a paper that has one uses up no candidate of its base."""
    with library.transaction():
        keys = [library.assign_key(pmid, "e", lambda: iter(["e2020", "e2020a", "e2020b"])) for pmid in (1, 1, 2, 1, 3)]
    assert keys == ["e2020", "e2020", "e2020a", "e2020", "e2020b"]


def test_keys_of_many_papers_are_those_that_one_after_another_gets(library, tmp_path):
    """By one statement or by many, a paper keeps the key it has, and others get the first that is free, in order."""
    papers = [(1, "e2020"), (2, "f2020"), (3, "e2020"), (4, "g2020"), (5, "e2020"), (6, "held2020")]
    papers += [(7, "f2020"), (10, "h2020"), (11, "h2020"), (12, "e2020"), (14, "k2020")]
    with Library.open(tmp_path / "other.db", create=True) as other:
        for one in (library, other):
            with one.transaction():
                one.assign_key(6, "old2019", lambda: iter(["old2019"]))
                one.assign_key(9, "f2020", lambda: key_candidates("f2020"))
                one.assign_key(15, "F2020a", lambda: key_candidates("F2020a"))
                one.assign_key(16, "k2020", lambda: key_candidates("k2020"))
                one.set_key(16, "chosen", who="")  # k2020 leads to it still
        for part in (papers[:5], papers[5:8], papers[8:], [(pmid + 100, base) for pmid, base in papers]):
            with library.transaction():
                library.assign_keys(part, key_candidates)
            with other.transaction():
                for pmid, base in part:
                    other.assign_key(pmid, base, lambda base=base: key_candidates(base))
        listed = [one.connection.rows("SELECT pmid, key FROM citation_keys ORDER BY pmid") for one in (library, other)]
    assert listed[0] == listed[1]
    assert dict(listed[0])[6] == "old2019"
    assert dict(listed[0])[5] == "e2020b"


def test_bases_that_are_candidates_of_each_other_get_keys_of_their_own(library):
    """No real base ends like a candidate; if one did, each paper would still have a key that no other has."""
    with library.transaction():
        library.assign_keys([(1, "e2020"), (2, "e2020"), (3, "e2020a"), (4, "e2020"), (5, "E2020A")], key_candidates)
        library.assign_keys([(6, "e2020ab"), (7, "e2020a"), (8, "e2020")], key_candidates)
    keys = [key.lower() for (key,) in library.connection.rows("SELECT key FROM citation_keys ORDER BY pmid")]
    assert len(keys) == len(set(keys)) == 8


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_the_collector_is_left_as_it_was(library, rules, monkeypatch, enabled, fails):
    """Cycles are not looked for while a batch is parsed and filed; afterwards all is as before, also on failure."""
    seen = []
    real = tagging.tag

    def tag(one, rules):
        seen.append(gc.isenabled())
        if fails:
            raise LibraryError("The disk is full.")
        return real(one, rules)

    monkeypatch.setattr(filing.tagging, "tag", tag)
    if not enabled:
        gc.disable()
    try:
        papers = list(read(pubmed.cut([document(record(1), b"<PubmedArticle></PubmedArticle>")])))
        assert gc.isenabled() == enabled
        if fails:
            with pytest.raises(LibraryError):
                file(library, rules, papers[:1])
        else:
            file(library, rules, papers[:1])
        assert (gc.isenabled(), seen) == (enabled, [False])
    finally:
        gc.enable()
