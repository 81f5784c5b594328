"""Which records NLM has indexed, and what its indexing, or a change of the text, does to tags."""

import gzip
import json
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from desk import terminal
from indexing_desk import GAMMA, PMID, RULES, TEXT, TRIAL, IndexingDesk, indexed, made, raw
from papers import paper
from reftrack import pubmed, tagging
from reftrack.library.ledger import Altered
from reftrack.library.writing import Library
from reftrack.model import Evidence, Heading, Tag
from reftrack.report.retagged import retagged
from reftrack.tag_changes import TagChange, news
from reftrack.workflow import telling
from reftrack.workflow.changed_tags import tag_changed
from reftrack.workflow.filing import file_papers

SCHEMA_2 = Path(__file__).parent / "fixtures" / "library" / "schema-2.db.gz"
HEADING = (Heading("Gamma Heading"),)


@pytest.fixture
def desk(tmp_path):
    return IndexingDesk(tmp_path)


@pytest.mark.parametrize(
    ("values", "indexing"),
    [
        ({"status": "MEDLINE"}, "indexed"),
        ({"status": "Completed"}, "indexed"),
        ({"status": "Publisher"}, "awaited"),
        ({"status": "In-Data-Review"}, "awaited"),
        ({"status": "In-Process"}, "awaited"),
        ({"status": "In-Process", "mesh": HEADING}, "indexed"),
        ({"status": "In-Process", "completed": "2026-11-01"}, "indexed"),
        ({"status": "PubMed-not-MEDLINE"}, "never"),
        ({"status": "PubMed-not-MEDLINE", "completed": "2026-11-01"}, "never"),
        ({"status": "OLDMEDLINE", "completed": "1999-01-01"}, "never"),
        ({"status": "", "type": "chapter"}, "never"),
        ({"status": "", "mesh": HEADING}, "indexed"),
    ],
)
def test_a_record_is_indexed_awaits_it_or_never_will_be(values, indexing):
    """The Status decides, and headings whatever it says; DateCompleted makes no record indexed that will not be."""
    assert paper(1, **values).indexing == indexing


def test_a_mark_is_what_the_paper_does_not_say_itself():
    """Headings, publication types, substances that speak for a tag are marks; words, masked hits and tags are not."""
    told = [
        Evidence("r", "mesh", quote="Stroke", weight=2.0),
        Evidence("r", "publication_type", quote="Review", weight=2.0),
        Evidence("r", "mesh", quote="Brain", weight=-1.0),
        Evidence("r", "title", quote="stroke", weight=2.0),
        Evidence("r", "tag", quote="rct", weight=2.0),
    ]
    assert [mark.words for mark in Tag("condition", "stroke", evidence=tuple(told)).marks] == [
        "MeSH Stroke",
        "publication type Review",
    ]


def test_indexing_changes_and_confirms_tags(desk):
    """The study type is the publication type's, a heading confirms a tag of the text, another tag stays as it was."""
    desk.bring(raw())
    assert desk.changes() == {}
    desk.bring(indexed())
    assert desk.changes() == {
        "": ("awaited", "indexed", "indexing"),
        "alpha-design": ("primary", "", "indexing"),
        "beta-trial": ("", "primary", "indexing"),
        "gamma-outcome": ("tagged", "tagged", "indexing"),
    }
    (shown,) = desk.json("show", PMID)
    because = {one["tag"]: one["because"] for one in shown["tag_changes"]}
    assert because["beta-trial"] == "publication type Randomized Controlled Trial"
    assert because["gamma-outcome"] == "MeSH Gamma Heading"


def test_indexing_is_in_the_ledger_and_in_the_paper_s_history(desk):
    """The run lists the paper among `indexed` and still among `changed`; runs, fetch and show say what it did."""
    desk.bring(raw())
    out = desk.bring(indexed()).stdout
    run = desk.json("runs")[0]
    assert (run["changed"], run["indexed"]) == ([PMID], [PMID])
    sentence = "study type alpha-design → beta-trial; confirmed: gamma-outcome"
    assert sentence in out
    assert "1 changed (1 indexed)" in out
    assert f"indexed: {sentence}" in desk.history()
    assert [one["reason"] for one in run["details"] if one["bucket"] == "indexed"] == [sentence]


def test_what_a_mark_spoke_for_before_is_not_confirmed_again(desk):
    """The publisher sent the publication type; NLM's heading is what is new."""
    desk.bring(raw(kinds=TRIAL))
    desk.bring(indexed())
    assert set(desk.changes()) == {"", "gamma-outcome"}


def test_a_paper_that_was_never_tagged_has_no_tag_changes(tmp_path):
    """Its first tagging is not a change, though its record is one."""
    rules = tagging.load([("own.toml", RULES)])
    before, after = paper(1, status="In-Process"), paper(1, mesh=HEADING)
    with Library.open(tmp_path / "l.db", create=True) as library, library.transaction():
        library.save(b"<x/>", before, source="pubmed", parser=1)
        tag_changed(library, rules, before, after, former=None)
        assert library.tag_changes(after.pmid) == ()
        assert "gamma-outcome" in {tag.slug for tag in library.rule_tags(after.pmid)}


@pytest.mark.parametrize(
    ("source", "is_member", "told"),
    [("pubmed", True, {"changed", "indexed"}), ("pubmed", False, set()), ("sample", True, {"changed"})],
)
def test_indexing_is_told_of_the_query_s_own_papers_and_not_of_the_sample_s(tmp_path, source, is_member, told):
    """Not of what just joined or left, and not where PubMed's record took the place of a restatement."""
    rules = tagging.load([("own.toml", RULES)])
    with Library.open(tmp_path / "l.db", create=True) as library, library.transaction():
        for xml, origin in ((raw(), source), (indexed(), "pubmed")):
            file_papers(library, rules, [(pubmed.parse(xml), xml)], source=origin)
        assert library.tag_changes(PMID)[0].after == "indexed"
        assert set(telling._told(library, Altered(PMID, 1, is_member), pubmed.parse(indexed()))) == told


def test_indexing_that_changes_no_tag_is_told_all_the_same(desk):
    """A paper that was indexed without a heading of the rules: its tags stay, and the run says so."""
    desk.bring(raw())
    desk.bring(made())
    assert desk.changes() == {"": ("awaited", "indexed", "indexing")}
    assert "indexed: its tags stay" in desk.history()


def test_an_edited_abstract_changes_tags_with_the_record(desk):
    """A word that came or went in the text is no work of the indexers, and the run is not said to have indexed."""
    desk.bring(raw())
    desk.bring(raw(text="We used an alphadesign. The deltaword fell."))
    assert desk.changes() == {"gamma-outcome": ("tagged", "", "record")}
    assert "tags changed with the record: -gamma-outcome" in desk.history()
    assert desk.json("runs")[0]["indexed"] == []


def test_of_a_record_that_was_edited_and_indexed_each_change_has_its_own_cause(desk):
    """What NLM's marks alone would have done is by indexing, the rest came with the words."""
    desk.bring(raw())
    desk.bring(indexed(text="We used an alphadesign. The gammaword rose."))
    told = desk.changes()
    assert told["delta-outcome"] == ("tagged", "", "record")
    assert told["beta-trial"] == ("", "primary", "indexing")
    assert "tags changed with the record: -delta-outcome" in desk.history()


def test_headings_that_come_to_an_indexed_record_are_a_change_of_the_record(desk):
    """NLM revises what it indexed long ago: the paper is not told as indexed again."""
    desk.bring(made())
    desk.bring(made(kinds="", headings=GAMMA, text="We used an alphadesign."))
    assert "" not in desk.changes()
    assert {cause for *_, cause in desk.changes().values()} == {"record"}


def test_new_papers_have_no_tag_changes(desk):
    """First tagging is not a change, indexed or not."""
    desk.bring(raw(1), indexed(2))
    assert desk.changes(1) == desk.changes(2) == {}
    assert desk.json("db", "stats")["tag_changes"] == 0


def test_other_rules_make_no_tag_changes(desk):
    """What better rules find in the former record, too, is no news of the run that brought the new one."""
    desk.bring(raw(text=f"{TEXT} The epsilonword stayed."))
    (desk.folder / "rules" / "more.toml").write_text(
        "[tag.epsilon-outcome]\nfacet = 'outcome'\nlabel = 'Epsilon'\nabstract.3 = 'epsilonword'\n"
    )
    desk.bring(indexed(text=f"{TEXT} The epsilonword stayed."))
    assert "epsilon-outcome" not in desk.changes()
    assert desk.changes()["beta-trial"] == ("", "primary", "indexing")
    desk.run("retag", "--all")
    assert "epsilon-outcome" not in desk.changes()


def test_a_better_parser_changes_tags_and_is_no_news_of_pubmed(tmp_path):
    """A record that is the same and read better: kept with the parser as cause, never as indexing."""
    rules = tagging.load([("own.toml", RULES)])
    poor = paper(1, status="In-Process", abstract=())
    better = replace(poor, status="MEDLINE", mesh=HEADING)
    with Library.open(tmp_path / "l.db", create=True) as library:
        library.set_vocabulary(rules.definitions)
        for parser, noun in ((1, poor), (2, better)):
            with library.transaction():
                saved = library.save(b"<x/>", noun, source="pubmed", parser=parser)
                assert saved.outcome == ("new" if parser == 1 else "reread")
                file_again(library, rules, saved, noun)
        (change,) = library.tag_changes(better.pmid)
    assert (change.tag, change.after, change.cause, change.run) == ("gamma-outcome", "tagged", "parser", 0)


def file_again(library, rules, saved, noun):
    if saved.outcome == "new":
        library.set_rule_tags(noun.pmid, tagging.tag(noun, rules), content_hash="x", rules_hash=rules.hash)
    else:
        tag_changed(library, rules, saved.held, noun)


def test_every_query_that_holds_the_paper_tells_its_indexing_once(desk):
    """Also the one whose own run did not bring the change, and none of them twice."""
    title = "Examplin in head injury and stroke."
    desk.bring(raw(title=title))
    desk.bring(raw(title=title), query="stroke")
    desk.bring(indexed(title=title))
    assert desk.json("runs")[0]["indexed"] == [PMID]
    desk.bring(indexed(title=title), query="stroke")
    assert desk.json("runs")[0]["indexed"] == [PMID]
    desk.bring(indexed(title=title), query="stroke")
    assert desk.json("runs")[0]["indexed"] == []


def test_changes_in_a_row_are_one_to_a_reader():
    """From what a tag was at first to what it is at last; what came back is no change."""

    def change(tag, before, after, cause="indexing"):
        return TagChange(1, "2026-11-01T00:00:00Z", PMID, tag, before, after, cause)

    told = news([change("a", "", "tagged", "record"), change("a", "tagged", "", "record"), change("b", "", "tagged"),
                 change("b", "tagged", "tagged"), change("", "awaited", "indexed")])  # fmt: skip
    assert (told.indexed, told.lost, told.confirmed) == (True, (), ())
    assert [one.tag for one in told.gained] == ["b"]
    assert told.sentence() == "+b"


def test_what_two_queries_tell_alike_counts_once():
    """A tag that came and went is no news, though a second run tells its coming once more."""
    came = TagChange(1, "2026-11-01T00:00:00Z", PMID, "a", "", "tagged", "indexing")
    went = replace(came, before="tagged", after="")
    assert not retagged([came, went, came], (), ()).by_indexing.changed


def test_many_confirmed_tags_are_counted():
    """Up to three are named."""
    told = news(TagChange(1, "", PMID, f"t{number}", "tagged", "tagged", "indexing") for number in range(5))
    assert told.sentence() == "5 tags confirmed"


def test_show_says_that_tags_are_provisional(desk):
    """How many tags rest on the text alone, until NLM has indexed the paper; then nothing."""
    desk.bring(raw())
    (shown,) = desk.json("show", PMID)
    number = sum(map(len, shown["tags"].values()))
    assert f"Indexing: NLM has not indexed it yet: its {number} tags rest on the text alone" in desk.history()
    assert (shown["indexing"], shown["provisional"]) == ("awaited", True)
    desk.bring(indexed())
    assert "Indexing:" not in desk.history()
    assert desk.json("show", PMID)[0]["provisional"] is False


def test_what_a_publisher_s_publication_type_says_is_not_counted_as_text(desk):
    """A record in process with a publication type: that tag has more than the text."""
    desk.bring(raw(kinds='<PublicationType UI="D016449">Randomized Controlled Trial</PublicationType>'))
    number = sum(map(len, desk.json("show", PMID)[0]["tags"].values()))
    assert f"{number - 1} of its {number} tags rest on the text alone" in desk.history()


def test_list_has_a_column_that_says_what_is_indexed(desk):
    """`--columns indexed`: indexed, not yet, or nothing for what never will be; the default columns stay."""
    desk.bring(raw(1), indexed(2), made(3, status="PubMed-not-MEDLINE"))
    out = desk.run("list", "--columns", "pmid,indexed", "--sort", "pmid").stdout
    assert [line.split("\t")[1] for line in out.splitlines()] == ["indexed", "not yet", "indexed", ""]
    assert "indexed" not in desk.run("list").stdout.splitlines()[0]


def test_doctor_and_stats_count_what_is_not_indexed_yet(desk):
    """A line of its own that is no finding, and a whole number."""
    desk.bring(raw(1), indexed(2))
    assert "ok  library: 1 paper not indexed by NLM yet" in desk.run("doctor", status=1).stdout
    assert desk.json("db", "stats")["awaiting_indexing"] == 1
    desk.bring(indexed(1), indexed(2))
    assert "not indexed" not in desk.run("doctor", status=1).stdout
    assert desk.json("db", "stats")["tag_changes"] == 4


def test_what_an_older_library_holds_is_told_when_it_is_indexed(tmp_path):
    """A paper that schema 2 stored in process, indexed after the upgrade: compared with what it was then."""
    path = tmp_path / "l.db"
    path.write_bytes(gzip.decompress(SCHEMA_2.read_bytes()))
    rules = tagging.load()
    with Library.open(path) as library:
        waiting = next(held.paper for held in library.held(library.held_pmids()) if held.paper.indexing == "awaited")
        done = replace(waiting, status="MEDLINE", mesh=(Heading("Stroke", major=True),))
        with library.transaction():
            library.set_rule_tags(waiting.pmid, tagging.tag(waiting, rules), content_hash="x", rules_hash=rules.hash)
            file_papers(library, rules, [(done, b"<x/>")], source="pubmed", run=1)
        told = news(library.tag_changes(waiting.pmid))
        assert library.problems()[1:] == []
    assert told.indexed


def test_tag_changes_are_json(desk):
    """`show --json` has them with run, time and cause; `tag` is null for the paper itself."""
    desk.bring(raw())
    desk.bring(indexed())
    shown = json.loads(desk.run("show", PMID, "--json").stdout)[0]["tag_changes"]
    assert {one["run"] for one in shown} == {2}
    assert shown[0]["tag"] is None
    assert all(one["at"].endswith("Z") for one in shown)


# The digest


@pytest.fixture
def news_desk(desk):
    """Two papers whose study type indexing changed (of one a decision is against it), one confirmed, one that kept its
    tags, and one whose abstract was edited.
    """
    desk.bring(*map(raw, range(1, 6)))
    desk.run("tag", "rm", PMID + 1, "gamma-outcome", "--because", "only a side note")
    desk.bring(
        indexed(1),
        indexed(2),
        indexed(3, kinds=""),
        made(4),
        raw(5, text="We used an alphadesign. The gammaword rose."),
    )
    return desk


def digest(desk, *arguments):
    told = json.loads(desk.run("digest", "--format", "json", *arguments).stdout)
    return {section["bucket"]: section for section in told["sections"]}


def numbers(section):
    return [each["pmid"] - PMID + 1 for each in section["papers"]]


def test_the_digest_says_what_indexing_did(news_desk):
    """A section with each paper's study type before and after, what is confirmed and by what, gravest first."""
    told = digest(news_desk)["indexed"]
    assert sorted(numbers(told)[:2]) == [1, 2]
    assert numbers(told)[2:] == [3, 4]
    one = next(each for each in told["papers"] if each["pmid"] == PMID)
    assert one["by_indexing"]["study"] == {
        "before": "alpha-design",
        "after": "beta-trial",
        "because": "publication type Randomized Controlled Trial",
    }
    assert one["by_indexing"]["confirmed"] == [{"tag": "gamma-outcome", "because": "MeSH Gamma Heading"}]
    assert "MeSH +Gamma Heading" in one["record"]


def test_the_digest_counts_what_indexing_did(news_desk):
    """Papers, other study types, confirmed, kept, decisions that it is against."""
    assert digest(news_desk)["indexed"]["indexed"] == {
        "papers": 4, "study": 2, "changed": 0, "confirmed": 3, "kept": 1, "against": 1,
    }  # fmt: skip
    page = news_desk.run("digest").stdout
    assert "4 indexed · 1 changed" in page
    assert "2 filed under another study type, 3 with tags confirmed, 1 against a decision by hand." in page


def test_what_is_told_as_indexed_is_not_told_again_as_changed(news_desk):
    """Only the paper with the edited abstract stands there, with what that did to its tags."""
    told = digest(news_desk)["changed"]
    assert numbers(told) == [5]
    assert told["papers"][0]["by_record"]["lost"] == [{"tag": "delta-outcome", "because": ""}]
    assert told["papers"][0]["by_indexing"] is None


def test_a_decision_that_indexing_speaks_against_is_said_and_stands(news_desk):
    """Which tag, who decided, why; the tag stays removed."""
    told = {each["pmid"]: each for each in digest(news_desk)["indexed"]["papers"]}
    (conflict,) = told[PMID + 1]["against"]
    assert (conflict["slug"], conflict["verdict"], conflict["because"]) == (
        "gamma-outcome",
        "remove",
        "only a side note",
    )
    assert "gamma-outcome" not in told[PMID + 1]["tags"]
    assert told[PMID]["against"] == []


def test_a_study_type_by_hand_against_that_of_the_indexers_is_said(desk):
    """The reader filed the paper elsewhere: both are named."""
    desk.bring(raw())
    desk.run("tag", "add", PMID, "alpha-design")
    desk.bring(indexed())
    assert digest(desk)["indexed"]["papers"][0]["against"][0]["says"] == "beta-trial"
    assert "alpha-design was added by hand" in desk.run("digest").stdout


def test_a_decision_that_indexing_agrees_with_is_no_conflict(desk):
    """Nor is one on a tag that indexing does not concern."""
    desk.bring(raw())
    desk.run("tag", "add", PMID, "beta-trial")
    desk.run("tag", "rm", PMID, "delta-outcome")
    desk.bring(indexed())
    assert digest(desk)["indexed"]["papers"][0]["against"] == []


@pytest.mark.parametrize("form", ["md", "html", "atom", "terminal"])
def test_every_form_of_the_digest_tells_indexing(news_desk, form):
    """The same sentences for people and for feed readers."""
    if form == "terminal":
        _, page = terminal([sys.executable, "-m", "reftrack", "digest"], news_desk.folder, columns=200)
    else:
        page = news_desk.run("digest", "--format", form).stdout
    page = page.replace("\n", " ")
    assert "study type alpha-design → beta-trial (publication type Randomized Controlled Trial)" in " ".join(
        page.split()
    )
    assert "confirmed: gamma-outcome (MeSH Gamma Heading)" in " ".join(page.split())
    assert "changed with the record: -delta-outcome" in " ".join(page.split())


def test_people_are_not_shown_papers_that_indexing_did_nothing_to(news_desk):
    """They are counted, and JSON has them."""
    page = news_desk.run("digest").stdout
    assert f"pubmed.ncbi.nlm.nih.gov/{PMID + 3}/" not in page
    assert "1 paper whose tags stay as they were" in page


def test_nothing_indexed_adds_nothing_to_the_digest(desk):
    """No section, no line, no field more on a paper that is new."""
    desk.bring(raw())
    told = digest(desk)
    assert set(told) == {"new"}
    assert "by_indexing" not in told["new"]["papers"][0]
    assert "ndexed" not in desk.run("digest").stdout
    desk.bring(raw())
    assert "ndexed" not in desk.run("digest").stdout


def test_a_paper_that_is_new_in_the_same_digest_is_not_told_as_indexed(desk):
    """Over both runs it is new; what it was in between is nobody's news."""
    desk.bring(raw())
    desk.bring(indexed())
    assert set(digest(desk, "--since", "1")) == {"new"}


def test_the_digest_of_another_query_tells_the_indexing_that_it_did_not_bring(desk):
    """Its run compares with what it last told, and so has the tag changes of the run that brought them."""
    title = "Examplin in head injury and stroke."
    desk.bring(raw(title=title))
    desk.bring(raw(title=title), query="stroke")
    desk.bring(indexed(title=title))
    desk.bring(indexed(title=title), query="stroke")
    (told,) = digest(desk, "--query", "stroke")["indexed"]["papers"]
    assert told["runs"] == [4]
    assert told["by_indexing"]["study"]["after"] == "beta-trial"
    (both,) = digest(desk)["indexed"]["papers"]
    assert both["by_indexing"] == told["by_indexing"]
    assert both["queries"] == ["head", "stroke"]
