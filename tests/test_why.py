"""`why`: each sentence once with its words marked, the arithmetic, what did not count, and what would be needed."""

import sys

import pytest

from desk import terminal
from indexing_desk import GAMMA, PMID, TRIAL, IndexingDesk, indexed, made, raw
from reftrack import tagging
from reftrack.cli.quoting import passages
from reftrack.model import Evidence, Paper, Section

RULES = """
[tag.zeta-outcome]
facet = 'outcome'
label = 'Zeta'
parent = 'gamma-outcome'
threshold = 2
possible = 1
section = { title = 1.5, background = 0.5, results = 1 }
any.2 = 'zetaword'
abstract."-1" = 'etaword'
mask = 'not zetaword'
mesh.2 = 'Zeta Heading'
results.1 = 'thetaword iotaword'
pt.1 = 'Zeta Publication'

[tag.lambda-study]
facet = 'study'
rank = 903
beside = 'alpha-design'
label = 'Lambda study'
abstract.3 = 'lambdaword'
threshold = 2
"""


@pytest.fixture
def desk(tmp_path):
    desk = IndexingDesk(tmp_path)
    (tmp_path / "rules" / "why.toml").write_text(RULES)
    return desk


def why(desk, *arguments):
    """What a pipe gets."""
    return desk.run("why", PMID, *arguments).stdout


def test_a_sentence_stands_once_with_all_its_words_marked(desk):
    """Two words of one rule in one sentence: one sentence, both marked, each with its own line."""
    desk.bring(raw(text="The zetaword was as the zetaword of old."))
    told = why(desk, "zeta-outcome")
    assert told.count("was as the") == 1
    assert "+4.00  RESULTS: The «zetaword» was as the «zetaword» of old." in told
    assert told.count("«zetaword» +2  rule zeta-outcome.any: zetaword") == 2


def test_the_score_adds_up(desk):
    """Rule weight times what the place is worth, what speaks against it, and the sum with what is needed."""
    desk.bring(raw(title="Examplin in head injury and zetaword.", text="The zetaword rose. No etaword fell."))
    told = why(desk, "zeta-outcome")
    assert "2 × 1.5 (title)" in told
    assert "-1.00  RESULTS: No «etaword» fell." in told
    assert "sum    3 + 2 - 1 = 4 of 2 needed" in told
    (one,) = desk.json("why", PMID, "zeta-outcome")
    assert sum(entry["weight"] for entry in one["evidence"]) == one["score"] == 4


def test_at_most_two_places_of_one_phrase_are_shown(desk):
    """The others are counted with what they add."""
    desk.bring(raw(title="Examplin in head injury and zetaword.", text="The zetaword rose and the zetaword fell."))
    told = why(desk, "zeta-outcome")
    assert "+2.00  and 1 more of “zetaword”" in told
    assert told.count("«zetaword»") == 2


def test_what_was_masked_is_shown_with_the_phrase_that_masks_it(desk):
    """The sentence, that it does not count, and the words that it is part of."""
    desk.bring(raw(text="It was not zetaword. The zetaword rose."))
    told = why(desk, "zeta-outcome")
    assert "0      RESULTS: It was not «zetaword»." in told
    assert "does not count: the words are part of “not zetaword”" in told


def test_marks_of_the_indexers_are_named_as_such(desk):
    """A heading, whether it is a major topic, and a publication type; the tag is confirmed by them."""
    desk.bring(indexed())
    assert "MeSH heading «Gamma Heading», a major topic" in why(desk, "gamma-outcome")
    assert "confirmed by MeSH Gamma Heading" in why(desk, "gamma-outcome")
    assert "publication type «Randomized Controlled Trial»" in why(desk, "beta-trial")
    (one,) = desk.json("why", PMID, "beta-trial")
    assert (one["confirmed_by"], one["provisional"]) == (["publication type Randomized Controlled Trial"], False)


def test_a_heading_that_is_not_a_major_topic_says_so(desk):
    """With the factor that it costs."""
    desk.bring(made(headings=GAMMA.replace('MajorTopicYN="Y"', 'MajorTopicYN="N"')))
    assert "MeSH heading «Gamma Heading», not a major topic (3 × 0.75)" in why(desk, "gamma-outcome")


def test_a_tag_of_a_record_that_is_not_indexed_is_provisional(desk):
    """Per tag in full, in one word in the overview, and in JSON; not one that has a mark or was given by hand."""
    desk.bring(raw())
    assert "provisional: the record is not indexed yet" in why(desk, "gamma-outcome")
    assert "outcome/gamma-outcome  tagged · provisional · score" in why(desk)
    desk.run("tag", "add", PMID, "mood")
    desk.run("tag", "add", PMID, "delta-outcome")
    states = {one["tag"]: one["provisional"] for one in desk.json("why", PMID)}
    assert states["outcome/gamma-outcome"] is True
    assert states["outcome/mood"] is states["outcome/delta-outcome"] is False
    assert desk.json("why", PMID, "zeta-outcome")[0]["provisional"] is False
    desk.bring(indexed())
    assert not any(one["provisional"] for one in desk.json("why", PMID))
    assert "provisional" not in why(desk, "--all")


def test_a_publication_type_of_the_publisher_is_said_to_be_one(desk):
    """Of a record in process it supports the tag, and does not confirm it."""
    desk.bring(raw(kinds='<PublicationType UI="D016449">Randomized Controlled Trial</PublicationType>'))
    told = why(desk, "beta-trial")
    assert "supported by publication type Randomized Controlled Trial" in told
    assert "as the publisher sent it" in told
    assert "provisional: " not in told


def test_an_absent_tag_says_what_it_needs_nearest_first(desk):
    """First the phrase whose words the paper has, then the rest by weight; then headings and publication types."""
    desk.bring(raw(text="The thetaword rose. The iotaword fell."))
    told = why(desk, "zeta-outcome")
    needs = told[told.index("would need 2 more") :].splitlines()
    assert needs[1].strip() == "in the results (+1), the paper has words of them: thetaword iotaword"
    assert needs[2].strip() == "anywhere (+2): zetaword"
    assert needs[3].strip() == "MeSH heading (+2): Zeta Heading"
    assert "NLM has not indexed the record yet, and may bring it" in told


def test_an_absent_tag_says_what_was_found_and_did_not_suffice(desk):
    """The sentence, how far it is from enough, and that it is possible."""
    desk.bring(raw(text="The zetaword rose, the etaword fell."))
    told = why(desk, "zeta-outcome")
    assert "outcome/zeta-outcome  possible · score 1, needs 2" in told
    assert "sum    2 - 1 = 1 of 2 needed" in told
    assert "possible from 1, tagged from 2" in told
    assert "would need 1 more" in told
    assert "possible, and not tagged: outcome/zeta-outcome (1 of 2)" in why(desk)


def test_a_secondary_study_type_says_why_it_is_not_primary(desk):
    """Which one the paper is filed under, and that its rank or a publication type decides."""
    desk.bring(raw(text="We used an alphadesign and a lambdaword."))
    told = why(desk, "lambda-study")
    assert "study/lambda-study  tagged · secondary" in told
    assert "the paper is filed under alpha-design: alpha-design ranks before lambda-study" in told
    desk.bring(made(text="We used an alphadesign and a lambdaword.", kinds=TRIAL))
    told = why(desk, "lambda-study")
    assert "study/lambda-study  absent" in told
    assert "a publication type says beta-trial, and words do not outvote it" in told
    assert "beside beta-trial it says nothing more, so it is not kept" in told


def test_of_equal_ranks_the_one_further_above_its_need_is_primary(desk):
    """Both margins are shown, not a rank that does not decide."""
    rules = (desk.folder / "rules" / "why.toml").read_text()
    (desk.folder / "rules" / "why.toml").write_text(
        rules.replace("rank = 903", "rank = 901").replace("abstract.3 = 'lambdaword'", "abstract.2 = 'lambdaword'")
    )
    desk.bring(raw(text="We used an alphadesign and a lambdaword."))
    told = why(desk, "lambda-study")
    assert "alpha-design stands further above what it needs (+1) than lambda-study (+0)" in told


def test_parents_are_implied_both_ways(desk):
    """A child says which tag it implies; the parent, absent itself, that the child implies it."""
    desk.bring(raw(text="The deltaword fell."))
    assert "implies gamma-outcome" in why(desk, "delta-outcome")
    assert "implied by delta-outcome" in why(desk, "gamma-outcome")


def test_the_overview_has_the_study_type_first_and_one_sentence_a_tag(desk):
    """Without TAG no rule is shown and no sentence but the best; --all shows everything."""
    desk.bring(raw(text="We used an alphadesign. The zetaword rose. The zetaword fell."))
    told = why(desk)
    tags = [line.split()[0] for line in told.splitlines() if line.startswith(("study/", "condition/", "outcome/"))]
    assert tags[0] == "study/alpha-design"
    assert set(tags) >= {"outcome/zeta-outcome", "condition/tbi"}
    assert "rule " not in told
    assert told.count("«zetaword»") == 1
    whole = why(desk, "--all")
    assert whole.count("«zetaword»") > 1
    assert "rule alpha-design.abstract: alphadesign" in whole


def test_the_json_of_the_contract_stays(desk):
    """Every field, with what was masked among the evidence; --all changes nothing there."""
    desk.bring(raw(text="It was not zetaword. The zetaword rose."))
    (one,) = desk.json("why", PMID, "zeta-outcome")
    assert set(one) >= {"pmid", "tag", "state", "source", "score", "threshold", "evidence"}
    assert [bool(entry["masked"]) for entry in one["evidence"]] == [False, True]
    assert desk.json("why", PMID) == desk.json("why", PMID, "--all")


def test_a_hand_decision_stands_before_what_the_rules_say(desk):
    """Who and why, then the rules' own view."""
    desk.bring(raw())
    desk.run("tag", "rm", PMID, "gamma-outcome", "--because", "a side note")
    told = why(desk, "gamma-outcome")
    assert "removed by hand" in told
    assert "the rules: tagged, score 3, needs" in told
    assert "because: a side note" in told


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_terminal_marks_the_words_and_keeps_to_its_width(desk, columns):
    """No line is wider than the window, and the words stand out."""
    desk.bring(raw(text=f"The zetaword rose. {'Very much text ' * 30}and a zetaword."))
    command = [sys.executable, "-m", "reftrack", "why", str(PMID), "zeta-outcome"]
    status, seen = terminal(command, desk.folder, columns=columns)
    assert status == 0
    assert "«zetaword»" in seen
    assert max(map(len, seen.splitlines())) <= columns


def test_a_long_sentence_is_cut_around_its_words():
    """Both ends and a long middle become ellipses; the marked words stay whole."""
    text = f"{'Before it ' * 40}zetaword {'between them ' * 40}zetaword {'after it ' * 40}."
    entries = [
        Evidence("r", "abstract", start=start, end=start + 8, quote="zetaword", weight=1)
        for start in (text.index("zetaword"), text.rindex("zetaword"))
    ]
    (passage,) = passages(Paper(pmid=PMID, abstract=(Section("", text),)), entries)
    assert passage.text.count("«zetaword»") == 2
    assert len(passage.text) < 400
    assert passage.text.count("…") == 3


def test_words_that_overlap_are_one_mark():
    """Two rules that share a word: no bracket stands within another."""
    entries = [
        Evidence("r", "title", start=0, end=9, quote="aa bb ccc"),
        Evidence("r", "title", start=3, end=13, quote="bb ccc ddd"),
    ]
    (passage,) = passages(Paper(pmid=PMID, title="aa bb ccc ddd eee"), entries)
    assert passage.text == "«aa bb ccc ddd» eee"


def test_evidence_that_no_longer_points_into_the_text_is_quoted_alone():
    """A stored offset of an older parser: the quote itself, never a wrong sentence."""
    entry = Evidence("r", "title", start=500, end=508, quote="zetaword", weight=1)
    assert passages(Paper(pmid=PMID, title="Short."), [entry])[0].text == "«zetaword»"


def test_every_shipped_tag_is_explained_with_weights_that_multiply():
    """Base times factor is the weight of each piece of evidence, for every tag and a paper with all sections."""
    sections = tuple(
        Section(label, f"Stroke and mortality in rats and patients, {label}.")
        for label in ("BACKGROUND", "OBJECTIVE", "METHODS", "RESULTS", "CONCLUSIONS")
    )
    paper = Paper(pmid=PMID, title="Mortality after stroke: a randomized trial", abstract=sections)
    rules = tagging.load()
    for rule in rules.rules:
        told = tagging.explain(paper, rules, rule.slug)
        assert len(told.weights) == len(told.evidence)
        for entry, weight in zip(told.evidence, told.weights, strict=True):
            assert weight.base * weight.factor == pytest.approx(entry.weight)
