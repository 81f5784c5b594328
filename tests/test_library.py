"""The library: what goes in comes out, a batch is whole or absent, and what a person made is never lost."""

import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings

from papers import FIRST_PMID, paper, papers
from reftrack.errors import LibraryError, UsageError
from reftrack.library.opening import APPLICATION_ID
from reftrack.library.reading import Reader
from reftrack.library.selecting import Selection, find_paper, find_tag, listed, search_expression
from reftrack.library.writing import Library
from reftrack.model import Accession, Author, Correction, Evidence, HandTag, Section, Tag, TagDefinition

VOCABULARY = (
    TagDefinition("stroke", "condition", "Stroke"),
    TagDefinition("ischemic-stroke", "condition", "Ischaemic stroke", "stroke", ("ischaemic-stroke",)),
    TagDefinition("tbi", "condition", "Traumatic brain injury"),
    TagDefinition("rct", "study", "Randomised trial", rank=50),
    TagDefinition("cohort", "study", "Cohort", rank=60),
    TagDefinition("secondary-analysis", "study", "Secondary analysis", rank=0),
    TagDefinition("mortality", "outcome", "Mortality", aliases=("death",)),
)
EVIDENCE = Evidence("mortality.any.1", "title", "", 0, 2, 9, "made-up", 1.5)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "reftrack.db"


@pytest.fixture
def library(path):
    with Library.open(path, create=True) as opened:
        opened.set_vocabulary(VOCABULARY)
        yield opened


def store(library, *many, source="pubmed"):
    outcomes = []
    with library.transaction():
        for each in many:
            saved = library.save(repr(each).encode(), each, source=source, parser=1)
            outcomes.append((saved.outcome, saved.fields))
            library.assign_key(each.pmid, "e", lambda pmid=each.pmid: iter([f"example{pmid}"]))
            library._untried.clear()
    return outcomes


def tag(library, number, *tags, rules="r1"):
    with library.transaction():
        library.set_rule_tags(FIRST_PMID - 1 + number, tags, content_hash="c1", rules_hash=rules)


RCT = Tag("study", "rct", score=3.0, threshold=1.0, primary=True)
COHORT = Tag("study", "cohort", score=2.0, threshold=1.0)
TBI = Tag("condition", "tbi", score=3.0, threshold=1.0)
MORTALITY = Tag("outcome", "mortality", score=1.5, threshold=1.0, evidence=(EVIDENCE,))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=papers, second=papers)
def test_what_goes_in_comes_out_equal(tmp_path_factory, first, second):
    """Any paper the noun allows is read back equal, also after another state of it replaced the first."""
    with Library.open(tmp_path_factory.mktemp("round") / "l.db", create=True) as library, library.transaction():
        library.save(b"1", first, source="pubmed", parser=1)
        assert library.get(first.pmid) == first
        library.replace(second) if second.pmid == first.pmid else library.save(b"2", second, source="x", parser=1)
        assert library.get(second.pmid) == second


def test_first_save_is_new_second_is_same_and_an_edit_names_its_fields(library):
    """A record that came before unchanged is same; a changed one names the fields that changed."""
    assert store(library, paper(1)) == [("new", ())]
    assert store(library, paper(1)) == [("same", ())]
    assert store(library, paper(1, volume="7", doi="10.1000/x")) == [("changed", ("volume", "doi"))]
    assert library.get(FIRST_PMID).volume == "7"


def test_what_only_a_new_parser_changes_is_no_change_of_pubmeds(library):
    """The same bytes read by another parser renew the paper, and neither count as changed nor enter its history."""
    store(library, paper(1))
    with library.transaction():
        saved = library.save(repr(paper(1)).encode(), paper(1, volume="7"), source="pubmed", parser=2)
    assert (saved.outcome, saved.fields) == ("reread", ())
    assert library.get(FIRST_PMID).volume == "7"
    assert library.changes(FIRST_PMID) == ()


def test_an_older_state_never_replaces_a_newer_one(library):
    """A lower version or an earlier DateRevised is not stored over what is held."""
    store(library, paper(1, version=2, title="Second version", revised="2024-05-01"))
    assert store(library, paper(1, version=1, title="First version", revised="2025-01-01")) == [("older", ())]
    assert store(library, paper(1, version=2, title="Earlier state", revised="2023-05-01")) == [("older", ())]
    assert library.get(FIRST_PMID).title == "Second version"


def test_a_restated_sample_record_never_replaces_a_published_one(library):
    """The sample's records are restatements; PubMed's replace them, not the other way round."""
    store(library, paper(1, title="Restated"), source="sample")
    assert store(library, paper(1, title="Published"))[0][0] == "changed"
    assert store(library, paper(1, title="Restated"), source="sample") == [("older", ())]
    assert library.get(FIRST_PMID).title == "Published"


def test_a_paper_whose_row_was_lost_comes_back_with_its_record(library):
    """A record that is held without its paper is not taken for the same: the row is made again, the key stays."""
    store(library, paper(1))
    library.connection.run("DELETE FROM papers")
    assert store(library, paper(1))[0][0] == "changed"
    (held,) = library.held([FIRST_PMID])
    assert (held.paper, held.key) == (paper(1), f"example{FIRST_PMID}")


def test_a_batch_that_fails_leaves_nothing_of_itself(library):
    """A failure at the third paper takes the first two back; the batch before stays."""
    store(library, paper(1))
    with pytest.raises(LibraryError), library.transaction():  # noqa: PT012 - the transaction is the point
        library.save(b"2", paper(2), source="pubmed", parser=1)
        library.save(b"3", paper(3), source="pubmed", parser=1)
        library.connection.run("INSERT INTO runs VALUES ('no such columns')")
    assert library.held_pmids() == [FIRST_PMID]


def test_the_raw_record_comes_back_byte_for_byte(library):
    """What PubMed sent is kept, compressed, so that a later parser can be applied to it."""
    xml = b"<PubmedArticle>" + "Mure\u0219anu \u03ba".encode() * 500 + b"</PubmedArticle>"
    with library.transaction():
        library.save(xml, paper(1), source="pubmed", parser=1)
    assert library.raw(FIRST_PMID) == xml
    assert library.connection.value("SELECT length(xml) FROM records") < len(xml) / 10


def test_hand_tags_survive_refetch_and_retag(library):
    """A tag added or removed by hand outlives a changed record and new rules."""
    store(library, paper(1))
    tag(library, 1, TBI, MORTALITY, RCT)
    with library.transaction():
        library.set_hand_tag(HandTag(FIRST_PMID, "mortality", "remove", "only background", "anna", "2026-01-01"))
        library.set_hand_tag(HandTag(FIRST_PMID, "ischemic-stroke", "add", "table 2", "anna", "2026-01-02"))
    store(library, paper(1, title="Another title"))
    tag(library, 1, TBI, MORTALITY, RCT, rules="r2")
    held = next(library.held([FIRST_PMID]))
    assert {(t.slug, t.source) for t in held.tags} == {("tbi", "rule"), ("rct", "rule"), ("ischemic-stroke", "hand")}
    assert [d.because for d in library.hand_tags(FIRST_PMID)] == ["only background", "table 2"]


def test_a_hand_tag_on_a_renamed_slug_follows_the_alias(library):
    """A decision on an old slug counts for the slug that took its place."""
    store(library, paper(1))
    tag(library, 1, MORTALITY)
    with library.transaction():
        library.set_hand_tag(HandTag(FIRST_PMID, "death", "remove"))
    assert next(library.held([FIRST_PMID])).tags == ()


def test_a_decision_under_an_old_name_can_be_seen_overruled_and_forgotten(library):
    """After a rename the later decision counts, whichever name it was made under, and one reset forgets both."""
    store(library, paper(1))
    tag(library, 1, MORTALITY)
    library.connection.run("INSERT INTO hand_tags VALUES (?, 'death', 'remove', 'old', 'anna', '2020')", (FIRST_PMID,))
    assert [(d.slug, d.because) for d in library.hand_tags(FIRST_PMID)] == [("mortality", "old")]
    library.connection.run("INSERT INTO hand_tags VALUES (?, 'mortality', 'add', 'new', 'anna', '2021')", (FIRST_PMID,))
    with library.transaction():
        library.file_tags(FIRST_PMID)
    assert [(t.slug, t.source) for t in next(library.held([FIRST_PMID])).tags] == [("mortality", "hand")]
    with library.transaction():
        assert library.drop_hand_tag(FIRST_PMID, "mortality")
    assert library.hand_tags(FIRST_PMID) == ()
    assert [(t.slug, t.source) for t in next(library.held([FIRST_PMID])).tags] == [("mortality", "rule")]


def test_a_reader_never_sees_a_paper_half_changed(path, library, monkeypatch):
    """While a change is committed between two of its reads, a reader still sees one state of the paper."""
    first = paper(1, abstract=(Section("AIM", "Why."), Section("RESULTS", "What came out.")))
    second = paper(1, abstract=(Section("RESULTS", "Another, longer text that moves every offset."),))
    store(library, first)
    with Reader.open(path) as reader:
        real = reader.connection.rows
        calls = []

        def rows(sql, values=()):
            found = real(sql, values)
            calls.append(sql)
            if len(calls) == 1:
                store(library, second)
            return found

        monkeypatch.setattr(reader.connection, "rows", rows)
        assert reader.get(FIRST_PMID) == first
        assert len(calls) > 5
    with Reader.open(path) as reader:
        assert reader.get(FIRST_PMID) == second


def test_many_papers_of_one_family_and_year_cost_no_more_than_others(library):
    """The thousandth key of one base is found without asking for the nine hundred before it."""
    asked = []

    def candidates():
        for number in range(10_000):
            asked.append(number)
            yield f"example2020x{number}"

    with library.transaction():
        keys = [library.assign_key(number, "example2020", candidates) for number in range(1, 1001)]
    with library.transaction():
        keys += [library.assign_key(number, "example2020", candidates) for number in range(1001, 1101)]
    assert len(set(keys)) == 1100
    assert len(asked) == 1100, "a candidate that is taken is not asked again by the next batch"


def test_a_key_of_a_batch_that_failed_is_given_again(library):
    """What a failed transaction took back is free for the next one."""
    candidates = ["example2020", "example2020a"]
    with pytest.raises(LibraryError), library.transaction():  # noqa: PT012 - the transaction is the point
        library.assign_key(1, "example2020", lambda: iter(candidates))
        library.connection.run("INSERT INTO runs VALUES ('no such columns')")
    with library.transaction():
        assert library.assign_key(2, "example2020", lambda: iter(candidates)) == "example2020"


def test_links_to_what_is_not_there_are_refused(library):
    """Foreign keys are on: a part without its paper cannot be stored."""
    with pytest.raises(LibraryError, match="FOREIGN KEY"), library.transaction():
        library.connection.run("INSERT INTO publication_types VALUES (12345, 0, 'x', '')")


def test_papers_filed_otherwise_than_decided_are_a_problem(library):
    """`problems` compares the sum of rules and decisions with what is filed."""
    store(library, paper(1))
    tag(library, 1, MORTALITY, RCT)
    assert library.problems() == []
    library.connection.run("DELETE FROM paper_tags WHERE tag = 'mortality'")
    assert "filed under other tags" in library.problems()[0]


def test_the_vocabulary_is_written_only_when_it_changed(library):
    """Setting the same vocabulary again writes nothing, in whatever order its aliases stand."""
    entry = TagDefinition("x", "outcome", "X", aliases=("b", "a"))
    library.set_vocabulary([entry])
    before = library.connection.value("SELECT total_changes()")
    library.set_vocabulary([entry])
    assert library.connection.value("SELECT total_changes()") == before


def test_the_study_type_given_by_hand_is_the_primary_one(library):
    """A reader who files a paper elsewhere is believed; taking it back restores the rules' choice."""
    store(library, paper(1))
    tag(library, 1, RCT)
    with library.transaction():
        library.set_hand_tag(HandTag(FIRST_PMID, "cohort", "add"))
    assert next(library.held([FIRST_PMID])).study == "cohort"
    with library.transaction():
        assert library.drop_hand_tag(FIRST_PMID, "cohort")
    assert next(library.held([FIRST_PMID])).study == "rct"


def test_removing_the_primary_study_type_promotes_the_next(library):
    """When the primary type is removed by hand, the strongest remaining one takes its place."""
    store(library, paper(1))
    tag(library, 1, RCT, COHORT)
    with library.transaction():
        library.set_hand_tag(HandTag(FIRST_PMID, "rct", "remove"))
    assert next(library.held([FIRST_PMID])).study == "cohort"


def test_a_type_that_is_never_primary_stays_beside(library):
    """With the primary type removed by hand, one of rank 0 is kept but does not take its place."""
    store(library, paper(1))
    tag(library, 1, RCT, Tag("study", "secondary-analysis"))
    with library.transaction():
        library.set_hand_tag(HandTag(FIRST_PMID, "rct", "remove"))
    held = next(library.held([FIRST_PMID]))
    assert (held.study, [tag.slug for tag in held.tags]) == ("", ["secondary-analysis"])


def test_evidence_is_kept_with_its_place(library):
    """What a tag rests on is read back equal: rule, field, offsets, words and weight."""
    store(library, paper(1))
    tag(library, 1, MORTALITY)
    assert library.rule_tags(FIRST_PMID) == (MORTALITY,)


def test_a_citation_key_is_given_once(library):
    """A key never moves, is unique without regard to case, and is not freed with its paper."""
    store(library, paper(1), paper(2))
    with library.transaction():
        assert library.assign_key(FIRST_PMID, "o", lambda: iter(["other"])) == f"example{FIRST_PMID}"
        library.connection.run("DELETE FROM papers WHERE pmid = ?", (FIRST_PMID,))
        library.connection.run("DELETE FROM citation_keys WHERE pmid = ?", (FIRST_PMID + 1,))
        library.assign_key(FIRST_PMID + 1, "x", lambda: iter([f"EXAMPLE{FIRST_PMID}", "free"]))
        assert library.connection.value("SELECT key FROM citation_keys WHERE pmid = ?", (FIRST_PMID + 1,)) == "free"


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), [3, 2, 1]),
        (Selection(tags=("tbi",)), [1]),
        (Selection(tags=("stroke",)), [2]),
        (Selection(tags=("condition/ischaemic stroke",)), [2]),
        (Selection(tags=("tbi", "stroke")), []),
        (Selection(any_tags=("tbi", "stroke")), [2, 1]),
        (Selection(not_tags=("stroke",)), [3, 1]),
        (Selection(text="TNF-α"), [3]),
        (Selection(text="double-blind"), [2]),
        (Selection(text="IL-6"), []),
        (Selection(text='"head injury" number'), [1]),
        (Selection(text="CO2"), [3]),
        (Selection(text="head exampl*"), [1]),
        (Selection(text="muresanu"), [2]),
        (Selection(text="'; DROP TABLE papers; --"), []),
        (Selection(text="title OR AND NEAR("), []),
        (Selection(author="Mureşanu D"), [2]),
        (Selection(author="Example"), [3, 1]),
        (Selection(journal="j examp"), [3, 2, 1]),
        (Selection(journal="%"), []),
        (Selection(years=(2021, None)), [3, 2]),
        (Selection(years=(None, 2020)), [1]),
        (Selection(years=(2021, 2021)), [2]),
        (Selection(pmids=(FIRST_PMID, FIRST_PMID + 2)), [3, 1]),
        (Selection(notice=("RetractionIn",), retracted=True), [3]),
        (Selection(since="9999"), []),
        (Selection(since="2000"), [3, 2, 1]),
        (Selection(sort="pmid"), [1, 2, 3]),
        (Selection(sort="title", limit=1), [2]),
        (Selection(sort="author"), [3, 1, 2]),
        (Selection(text="made", sort="year"), [1]),
    ],
    ids=lambda value: repr(value)[:60] if isinstance(value, Selection) else "",
)
def test_selections(library, selection, expected):
    """Each selection finds the papers it names, in its order."""
    store(
        library,
        paper(1),
        paper(
            2,
            title="A double-blind study",
            authors=(Author("Mure\u0219anu", "Dafin F", "DF"),),
            date=paper().date.__class__("2021", 2021),
        ),
        paper(
            3,
            title="TNF-α and CO₂",
            date=paper().date.__class__("2022", 2022),
            corrections=(Correction("RetractionIn", "J Example. 2023", 90000009),),
        ),
    )
    tag(library, 1, TBI, RCT)
    tag(library, 2, Tag("condition", "ischemic-stroke"))
    assert [pmid - FIRST_PMID + 1 for pmid in library.select(selection)] == expected


def test_light_rows_hold_what_a_list_shows(library):
    """A light row carries key, study type, tags by facet and the retraction mark."""
    store(library, paper(1, corrections=(Correction("RetractionIn"),), accessions=(Accession("ISRCTN", "X"),)))
    tag(library, 1, TBI, COHORT, RCT)
    (row,) = listed(library.connection, [FIRST_PMID, 1])
    assert (row.pmid, row.key, row.study, row.retracted) == (FIRST_PMID, f"example{FIRST_PMID}", "rct", 1)
    assert row.tags == {"condition": ["tbi"], "study": ["rct", "cohort"]}


def test_names_of_papers_and_tags_that_do_not_exist_suggest_the_nearest(library):
    """A mistyped key or tag is an error that names the nearest one."""
    store(library, paper(1))
    assert find_paper(library.connection, f" EXAMPLE{FIRST_PMID}") == FIRST_PMID
    with pytest.raises(UsageError, match=f"did you mean example{FIRST_PMID}"):
        find_paper(library.connection, f"exmple{FIRST_PMID}")
    with pytest.raises(UsageError, match="did you mean mortality"):
        find_tag(library.connection, "mortallity")
    with pytest.raises(UsageError, match="no tag"):
        find_tag(library.connection, "study/tbi")
    with pytest.raises(UsageError, match="no word"):
        search_expression(' - "" *')


def test_membership_and_the_ledger(library):
    """A run says what was new to its query; a paper found before is not new again."""
    store(library, paper(1), paper(2))
    first = library.begin("tbi", term="head injury", source="pubmed", version="0")
    assert library.hit(first, "tbi", [FIRST_PMID]) == [FIRST_PMID]
    library.note(first, "new", [FIRST_PMID])
    library.found(first, count=1, translation="t", warnings=["w"], ids=[FIRST_PMID])
    library.finish(first, status="complete", received=1, requests=2)
    second = library.begin("tbi", term="head injury", source="pubmed", version="0")
    assert library.hit(second, "tbi", [FIRST_PMID, FIRST_PMID + 1]) == [FIRST_PMID + 1]
    third = library.begin("tbi", term="head injury", source="pubmed", version="0")
    runs = list(library.runs("tbi"))
    assert [(run.run, run.status) for run in runs] == [(third, "running"), (second, "interrupted"), (first, "complete")]
    assert (runs[2].new, runs[2].warnings, runs[2].requests) == ((FIRST_PMID,), ("w",), 2)
    assert library.select(Selection(query="tbi")) == [FIRST_PMID + 1, FIRST_PMID]
    assert library.select(Selection(new=True)) == [FIRST_PMID]


def test_search_follows_a_changed_paper(library):
    """After a change the old words no longer find the paper and the new ones do."""
    store(library, paper(1, abstract=(Section("RESULTS", "Rotarod times rose."),)))
    store(library, paper(1, abstract=(Section("RESULTS", "Barthel scores rose."),)))
    assert library.select(Selection(text="rotarod")) == []
    assert library.select(Selection(text="barthel")) == [FIRST_PMID]
    library.connection.run("INSERT INTO papers_fts(papers_fts, rank) VALUES ('integrity-check', 1)")


def test_a_healthy_library_has_no_problems_and_a_broken_one_names_them(library):
    """`problems` is empty on a good library and speaks up for a paper without key and a record without paper."""
    store(library, paper(1))
    assert library.problems() == []
    library.connection.run("DELETE FROM citation_keys")
    library.connection.run("DELETE FROM papers")
    assert len(library.problems()) == 1
    assert "rebuild" in library.problems()[0]


def test_f06_a_file_that_is_no_database_is_left_alone(path):
    """A text file in the library's place is refused and not touched."""
    path.write_text("my thesis")
    with pytest.raises(LibraryError, match="not a SQLite file"):
        Library.open(path, create=True)
    assert path.read_text() == "my thesis"


def test_f09_an_empty_file_is_not_silently_taken_for_a_new_library(path):
    """A zero-byte file is named as such: the library may have been lost."""
    path.write_bytes(b"")
    with pytest.raises(LibraryError, match="0 bytes"):
        Library.open(path, create=True)


def test_f10_a_newer_schema_is_refused(path, library):
    """A library of a newer reftrack is neither read nor written."""
    library.connection.run("PRAGMA user_version = 99")
    with pytest.raises(LibraryError, match="newer reftrack"):
        Reader.open(path)
    with pytest.raises(LibraryError, match="newer reftrack"):
        Library.open(path)


def test_f16_another_programs_database_is_refused(path):
    """A SQLite file without our application_id is left as it is."""
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE moz_places(id)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(LibraryError, match="another program's"):
        Library.open(path)
    assert path.read_bytes() == before


def test_f14_a_folder_or_a_missing_folder_is_said_in_a_line(tmp_path):
    """A folder in the library's place, a missing folder and a missing file each get a sentence."""
    with pytest.raises(LibraryError, match="is a folder"):
        Reader.open(tmp_path)
    with pytest.raises(LibraryError, match="no folder"):
        Library.open(tmp_path / "none" / "l.db", create=True)
    with pytest.raises(LibraryError, match="no library at"):
        Reader.open(tmp_path / "l.db")


def test_f15_odd_paths_are_opened_as_they_are_written(tmp_path):
    """Spaces, umlauts, ?, # and % are part of a file's name."""
    path = tmp_path / "m\u00fcller ?a#b%20c.db"
    Library.open(path, create=True).close()
    with Reader.open(path) as reader:
        assert reader.connection.value("PRAGMA application_id") == APPLICATION_ID
    assert {p.name.removesuffix("-wal").removesuffix("-shm") for p in tmp_path.iterdir()} == {path.name}


def test_f01_a_second_writer_is_told_who_waits(path, library, monkeypatch):
    """While another process writes, a writer gives up with a sentence and loses nothing."""
    monkeypatch.setattr("reftrack.library.opening.BUSY_SECONDS", 0.01)
    with library.transaction(), Library.open(path) as second:
        with pytest.raises(LibraryError, match="in use by another process"), second.transaction():
            pass
        assert second.held_pmids() == []


def test_f02_a_reader_does_not_wait_for_a_writer(path, library):
    """Reading works while a batch is being written, and does not see half of it."""
    store(library, paper(1))
    with library.transaction():
        library.save(b"2", paper(2), source="pubmed", parser=1)
        with Reader.open(path) as reader:
            assert reader.held_pmids() == [FIRST_PMID]


def test_a_reader_cannot_write(path, library):
    """A command that only looks opens the file so that it cannot change it."""
    with Reader.open(path) as reader, pytest.raises(LibraryError, match="read-only"):
        reader.connection.run("DELETE FROM papers")
