"""How papers are found: whatever way is quickest, the answer is that of the plain statement."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import plain_selecting
from papers import FIRST_PMID
from plans import asked_of, plans, scanned
from reftrack.citation import Decision
from reftrack.library import conditions, planning, selecting
from reftrack.library.grouping import count_by
from reftrack.library.ledger import BUCKETS
from reftrack.library.reading import Reader
from reftrack.library.selecting import Selection, count, select
from reftrack.library.writing import Library
from reftrack.model import Author, Correction, Paper, PubDate, PublicationType, Tag, TagDefinition
from reftrack.workflow.choosing import choose

PAPERS = 400
TAGS = {"stroke": "", "ischemic-stroke": "stroke", "sah": "stroke", "tbi": "", "rare": "", "unused": ""}
STUDIES = {"rct": "", "cluster-rct": "rct", "cohort": "", "animal": ""}
LANGUAGES = (("eng",), ("eng",), ("eng",), ("rus",), ("eng", "fre"), ("fre", "rus"), ())
JOURNALS = (
    ("J Example", "J Ex", "J Ex"),
    ("j example", "J Ex", "J EX B"),
    ("Example Annals", "Ex Ann", ""),
    ("100% Example_!", "", "Ann Ex"),
    ("", "", ""),
)
NAMES = (("Ärzt", "A"), ("Exam Ple", "LL"), ("O'Sample", "B"), ("Example", "CD"), ("example", ""), ("Weißmann", "W"))
WORDS = ("examplin", "stroke", "Trial", "rats", "of", "children", "dose", "IL-6")


def made_up(chance, pmid):
    """A paper of few words, journals and authors, so that much is alike."""
    journal, short, ta = chance.choice(JOURNALS)
    kinds = chance.choices(("RetractionIn", "CommentIn", "ErratumIn"), (1, 3, 1), k=chance.choice((0, 0, 0, 1, 2)))
    authors = tuple(
        Author(*chance.choice(NAMES), suffix=chance.choice(("", "", "Jr"))) for _ in range(chance.choice((0, 1, 3)))
    )
    authors = tuple(Author(family=one.family, initials=one.given, suffix=one.suffix) for one in authors)
    return Paper(
        pmid=pmid,
        title=" ".join(chance.choices(WORDS, k=chance.choice((1, 2, 9)))),
        authors=authors,
        journal=journal,
        journal_abbreviation=short,
        medline_ta=ta,
        languages=chance.choice(LANGUAGES),
        date=PubDate("", chance.choice((None, *range(2000, 2012)))),
        corrections=tuple(Correction(kind, "J Example. 2020") for kind in kinds),
        publication_types=(PublicationType("Retracted Publication", ""),) * (chance.random() < 0.05),
    )


def build(path, seed):
    """A library of made-up papers, with tags, runs of three queries, and what two readers decided."""
    chance = random.Random(seed)
    moment = iter(range(10**6))
    with Library.open(path, create=True, now=lambda: f"2026-01-01T00:00:{next(moment) // 50:04}Z") as library:
        library.set_vocabulary(
            [TagDefinition(tag, "condition", tag, parent) for tag, parent in TAGS.items()]
            + [TagDefinition(tag, "study", tag, parent) for tag, parent in STUDIES.items()]
        )
        pmids = chance.sample(range(FIRST_PMID, FIRST_PMID + 5 * PAPERS), PAPERS)
        share = {"tbi": 0.3, "rare": 0.02, "unused": 0}
        for start in range(0, PAPERS, 100):
            with library.transaction():
                for pmid in pmids[start : start + 100]:
                    library.save(b"<x/>", made_up(chance, pmid), source="x", parser=1)
                    tags = [
                        Tag("condition", tag, score=1, threshold=1)
                        for tag in TAGS
                        if chance.random() < share.get(tag, 0.15)
                    ]
                    types = chance.sample(list(STUDIES), chance.choice((0, 1, 1, 2)))
                    tags += [
                        Tag("study", tag, score=1, threshold=1, primary=place == 0) for place, tag in enumerate(types)
                    ]
                    library.set_rule_tags(pmid, tags, content_hash="c", rules_hash="r")
            for query in ("one", "two", "never-complete"):
                run = library.begin(query, term="x", source="pubmed", version="0")
                found = [pmid for pmid in pmids[: start + 100] if chance.random() < 0.5]
                with library.transaction():
                    library.hit(run, query, [*found, FIRST_PMID - 1])  # a paper that is not held
                    library.connection.run(
                        "UPDATE hits SET left_run = ? WHERE query = ? AND pmid % 7 = 0", (run, query)
                    )
                    ended = "partial" if query == "never-complete" or chance.random() < 0.3 else "complete"
                    library.finish(run, status=ended, received=len(found), requests=1)
        with library.transaction():
            for pmid in [*chance.choices(pmids, k=150), FIRST_PMID - 1]:
                verdict = chance.choice(("include", "exclude", "maybe"))
                library.decide(pmid, Decision(verdict, chance.choice(("ann", "ben")), (), ""))
            library.connection.run("UPDATE decisions SET undone = 'x' WHERE decision % 9 = 0")


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    """Three libraries of made-up papers."""
    folder = tmp_path_factory.mktemp("plans")
    for seed in range(3):
        build(folder / f"{seed}.db", seed)
    opened = [Reader.open(folder / f"{seed}.db") for seed in range(3)]
    yield opened
    for reader in opened:
        reader.close()


tags = st.lists(st.sampled_from([*TAGS, *STUDIES]), max_size=2).map(tuple)
moments = [f"2026-01-01T00:00:{number:04}Z" for number in (0, 5, 10, 14, 9999)]
OPTIONS = {
    "text": st.sampled_from(["examplin", "rats", "stroke trial", '"dose of"', "il-6", "exam*", "nothing"]),
    "tags": tags,
    "any_tags": tags,
    "not_tags": tags,
    "studies": st.lists(
        st.sampled_from(["rct", "cohort", "none", "rct,none", "animal,rct", "cluster-rct"]), max_size=2
    ).map(tuple),
    "languages": st.lists(st.sampled_from(["eng", "rus", "fre", "rus,fre", "xyz"]), max_size=2).map(tuple),
    "query": st.sampled_from(["one", "two", "never-complete"]),
    "years": st.sampled_from([(2003, 2006), (2008, None), (None, 2001), (2020, 2021)]),
    "author": st.sampled_from(["Example", "exam", "arzt", "Exam Ple", "ple l", "O'Sample", "Weißmann", "jr", "cd a"]),
    "journal": st.sampled_from(["example", "ann", "ANN", "%", "_!", "B", "zzz"]),
    "pmids": st.lists(st.integers(FIRST_PMID, FIRST_PMID + 5 * PAPERS), max_size=300).map(tuple),
    "since": st.sampled_from(["last", *moments]),
    "new": st.just(True),
    "notice": st.sampled_from([("RetractionIn",), ("CommentIn", "ErratumIn")]),
    "decision": st.sampled_from(["include", "exclude", "maybe", "none"]),
}
PLAIN = {name: st.just(value) for name, value in Selection()._asdict().items()} | {
    "retracted": st.booleans(),
    "sort": st.sampled_from(["", *(sign + name for name in plain_selecting.SORTS for sign in ("", "-"))]),
    "limit": st.sampled_from([None, None, 0, 1, 3, 20, 5000]),
}
selections = st.lists(st.sampled_from(list(OPTIONS)), max_size=3, unique=True).flatmap(
    lambda names: st.builds(Selection, **PLAIN | {name: OPTIONS[name] for name in names})
)
"""Up to three demands: of more, few papers meet all."""


@settings(
    max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(selection=selections, which=st.integers(0, 2), short=st.booleans())
def test_any_selection_is_what_the_plain_statement_finds(readers, monkeypatch, selection, which, short):
    """The same papers in the same order, and as many of them, also where walks are short and few papers are many."""
    if selection.sort.endswith("relevance") and not selection.text:
        selection = selection._replace(sort="")
    connection = readers[which].connection
    with monkeypatch.context() as patch:
        if short:
            patch.setattr(planning, "WALKS", (5, 20))
            patch.setattr(planning, "FEW", 3)
            patch.setattr(planning, "MOST", 30)
            patch.setattr(planning, "BEST", 40)
            patch.setattr(conditions, "MANY", 10)
            patch.setattr(conditions, "FEW_PAPERS", 0)
        expected = plain_selecting.select(connection, selection)
        assert select(connection, selection) == expected
        assert count(connection, selection) == len(expected)


KINDS = {
    "all": Selection(),
    "tag": Selection(tags=("tbi",)),
    "parent": Selection(tags=("stroke",)),
    "two tags": Selection(tags=("tbi", "rct")),
    "any tag": Selection(any_tags=("tbi", "rct")),
    "not a tag": Selection(not_tags=("tbi",)),
    "study": Selection(studies=("rct",)),
    "no study": Selection(studies=("none",)),
    "study and tag": Selection(studies=("rct",), tags=("tbi",)),
    "language": Selection(languages=("rus",)),
    "language and tag": Selection(languages=("eng",), tags=("tbi",)),
    "words, language": Selection(text="examplin", languages=("eng",)),
    "words": Selection(text="examplin"),
    "words and tag": Selection(text="examplin", tags=("stroke",)),
    "words, newest": Selection(text="examplin", sort="-year"),
    "words, year": Selection(text="examplin", years=(2003, 2006)),
    "words, journal": Selection(text="examplin", journal="ann"),
    "words, since": Selection(text="examplin", since=moments[3]),
    "author": Selection(author="Example"),
    "whole author": Selection(author="Exam Ple"),
    "journal": Selection(journal="ann"),
    "years": Selection(years=(2003, 2006)),
    "years and tag": Selection(years=(2003, 2006), tags=("rct",)),
    "query": Selection(query="one"),
    "new": Selection(new=True),
    "since": Selection(since=moments[3]),
    "since last": Selection(since="last"),
    "pmids": Selection(pmids=(FIRST_PMID, FIRST_PMID + 7)),
    "notice": Selection(notice=("CommentIn",)),
    "retracted": Selection(notice=("RetractionIn",), retracted=True),
    "decided": Selection(decision="include"),
    "undecided": Selection(decision="none"),
    **{f"by {name}": Selection(sort=name) for name in plain_selecting.SORTS if name != "relevance"},
    **{f"by -{name}": Selection(sort=f"-{name}") for name in plain_selecting.SORTS if name != "relevance"},
}


@pytest.mark.parametrize("limit", [20, None], ids=["some", "all"])
@pytest.mark.parametrize("selection", KINDS.values(), ids=KINDS)
def test_no_selection_reads_every_row_of_papers(readers, selection, limit):
    """Without statistics, SQLite scans indexes of papers at most; rows are read one by one, of few papers."""
    connection = readers[0].connection
    asked = [lambda: select(connection, selection._replace(limit=limit)), lambda: count(connection, selection)]
    for ask in asked:
        for sql, lines in plans(connection.raw, asked_of(connection, ask)):
            assert not scanned(connection.raw, sql, lines), (sql, lines)


@pytest.mark.parametrize(("few", "way"), [(10**6, "GROUP BY"), (0, "RECURSIVE")])
def test_journals_of_many_papers_are_walked_from_name_to_name(readers, monkeypatch, few, way):
    """Among few papers each is looked at, which is quicker there and as long as the library otherwise."""
    monkeypatch.setattr(conditions, "FEW_PAPERS", few)
    connection = readers[0].connection
    asked = asked_of(connection, lambda: select(connection, Selection(journal="ann")))
    assert {name for name in ("GROUP BY", "RECURSIVE") for sql in asked if name in sql} == {way}


@pytest.mark.parametrize("selection", [kind for kind in KINDS.values() if kind.text], ids=lambda kind: str(kind[2:]))
def test_beside_a_search_nothing_is_asked_by_in(readers, selection):
    """`MATCH … AND rowid IN (SELECT …)` makes SQLite ask the search once for every PMID: a thousand times slower."""
    connection = readers[0].connection
    asked = asked_of(connection, lambda: select(connection, selection._replace(limit=20)))
    for sql, lines in plans(connection.raw, asked):
        if "MATCH" in sql:
            searches = [line for line in lines if "VIRTUAL TABLE" in line]
            assert searches
            assert not [line for line in searches if "=" in line.rpartition(":")[2]], lines  # rowid = ?


def test_common_words_are_ranked_before_a_common_tag_is_tested(readers, monkeypatch):
    """Of papers that many words and many papers share, the best are tested, not all."""
    monkeypatch.setattr(planning, "FEW", 3)
    monkeypatch.setattr(planning, "BEST", 40)
    connection = readers[0].connection
    selection = Selection(text="examplin", tags=("tbi",), limit=3)
    asked = asked_of(connection, lambda: select(connection, selection))
    assert [sql for sql in asked if "MATCH" in sql]
    assert not [sql for sql in asked if "MATCH" in sql and "paper_tags" in sql]


def test_what_no_complete_run_preceded_is_found_by_its_key(tmp_path):
    """Of a query's only complete run nearly all is new: its papers are read in order, not each by its own look."""
    build(tmp_path / "l.db", 8)
    with Library.open(tmp_path / "l.db") as library, library.transaction():
        (newest,) = library.connection.rows("SELECT max(run) FROM runs WHERE query = 'one'")[0]
        library.connection.run("UPDATE runs SET status = iif(run = ?, 'complete', 'partial')", (newest,))
    with Reader.open(tmp_path / "l.db") as reader:
        found = []
        asked = asked_of(reader.connection, lambda: found.extend(select(reader.connection, Selection(new=True))))
        assert found == plain_selecting.select(reader.connection, Selection(new=True))
        assert len(found) > 1
        assert [sql for sql in asked if "+first_run > 0" in sql]


def test_more_tags_than_can_be_merged_find_the_same(readers, monkeypatch):
    """SQLite merges a limited number in one statement; what is beyond it is merged in parts."""
    selection = Selection(any_tags=("stroke", "tbi"), sort="pmid")
    connection = readers[0].connection
    asked = asked_of(connection, lambda: select(connection, selection))
    assert [sql for sql in asked if "UNION" in sql and "LIMIT -1" in sql]
    runs = {"one": 3, "two": 4, "never-complete": 5}
    counted, together = count(connection, Selection(any_tags=tuple(TAGS))), readers[0].found_together(runs)
    monkeypatch.setattr(selecting, "MERGED", 2)
    assert count(connection, Selection(any_tags=tuple(TAGS))) == counted
    assert readers[0].found_together(runs) == together
    assert readers[0].found_together({}) == 0
    found = (
        "SELECT pmid FROM hits WHERE query = :query AND first_run <= :run AND last_run >= :run",
        [{"query": query, "run": run} for query, run in runs.items()],
    )
    assert together == len({pmid for one in found[1] for pmid in connection.rows(found[0], one)})
    assert select(connection, selection) == plain_selecting.select(connection, selection)
    assert count(connection, selection) == len(plain_selecting.select(connection, selection))


def test_a_query_is_judged_until_there_are_enough(readers):
    """Who wants three papers does not wait until hundreds are read."""
    chosen = choose(readers[0], Selection(match="examplin[ti]", limit=3))
    assert len(chosen.pmids) == 3
    assert chosen.judged <= 30


def test_counts_of_all_papers_look_for_no_papers(readers):
    """`count --by` of a whole library needs no list of it."""
    connection = readers[0].connection
    for by in ("study", "year", "decision", "condition"):
        asked = asked_of(connection, lambda: count_by(connection, None, by))  # noqa: B023
        assert not [sql for sql in asked if "papers_by_year" in sql]
        assert count_by(connection, None, by) == count_by(connection, readers[0].held_pmids(), by)


def test_the_short_ledger_reads_no_terms(readers):
    """Terms and translations are most of a line, and `runs` shows none."""
    asked = asked_of(readers[0].connection, lambda: list(readers[0].tallies()))
    assert not [sql for sql in asked if "translation" in sql]


def test_an_author_s_names_are_compared_of_the_first_papers_only(readers):
    """Candidates are sorted before the names of each are looked at, where a list wants the first few."""
    connection = readers[0].connection
    asked = asked_of(connection, lambda: select(connection, Selection(author="Example C", limit=1)))
    assert [sql for sql in asked if "fold(" in sql]
    assert not [sql for sql in asked if "fold(" in sql and "MATCH" in sql]
    compared = next(sql for sql in asked if "fold(" in sql)
    assert compared.count(str(FIRST_PMID)[:4]) <= 2  # twice the limit


@pytest.mark.parametrize(
    "ask",
    [
        lambda reader: reader.same_doi(FIRST_PMID),
        lambda reader: list(reader.held(reader.held_pmids()[:3])),
        lambda reader: list(reader.tallies()),
        lambda reader: reader.tag_counts_with_children(["stroke", "tbi"]),
        lambda reader: reader.found_together({"one": 1, "two": 2}),
        lambda reader: reader.hit_counts(),
    ],
    ids=["same doi", "held", "tallies", "tags", "found", "hits"],
)
def test_no_other_read_scans_papers(readers, ask):
    """Neither `show` nor `runs`, `tag tree`, `digest` or `query list` reads every row of papers."""
    connection = readers[0].connection
    for sql, lines in plans(connection.raw, asked_of(connection, lambda: ask(readers[0]))):
        assert not scanned(connection.raw, sql, lines) or "FROM hits WHERE" in sql, (sql, lines)


def test_counts_of_tags_are_kept(tmp_path):
    """However tags come and go, by rules and by hand, the kept counts are what counting anew gives."""
    build(tmp_path / "l.db", 7)
    with Library.open(tmp_path / "l.db") as library:
        pmids = library.held_pmids()
        with library.transaction():
            for pmid in pmids[:40]:
                library.set_rule_tags(
                    pmid, [Tag("condition", "tbi", score=1, threshold=1)], content_hash="", rules_hash=""
                )
            library.set_all_rule_tags([(pmid, (), "") for pmid in pmids[30:60]], rules_hash="")
            library.connection.run("DELETE FROM papers WHERE pmid IN (?, ?)", pmids[60:62])
        counted = "SELECT tag, count(*) FROM paper_tags GROUP BY tag"
        assert library.tag_counts() == dict(library.connection.rows(counted))
        everything = set(TAGS) - {"unused"}
        assert everything <= set(library.tag_counts())
        of_stroke = select(library.connection, Selection(tags=("stroke",)))
        assert library.tag_counts_with_children(["stroke"]) == {"stroke": len(of_stroke)}


def test_tallies_say_what_the_runs_say(readers):
    """The short ledger counts what the whole one lists."""
    for reader in readers:
        whole = list(reader.runs())
        short = list(reader.tallies())
        assert [line.run for line in whole] == [line.run for line, _, _ in short]
        for line, (light, numbers, missed) in zip(whole, short, strict=True):
            assert numbers == {name: len(getattr(line, name)) for name in BUCKETS if getattr(line, name)}
            assert missed == len(set(line.missing) - set(line.deleted))
            assert (light.status, light.count, light.problem) == (line.status, line.count, line.problem)
