"""Labelled papers and the rules' tags become figures: every number here was worked out by hand."""

import json

import pytest

from own_rules import RULES
from papers import FIRST_PMID, paper
from reftrack import tagging
from reftrack.errors import UsageError
from reftrack.evaluation import gold_header, gold_line, read_gold
from reftrack.evaluation.scoring import wilson
from reftrack.model import (
    Correction,
    Heading,
    Keyword,
    Paper,
    PublicationType,
    Qualifier,
    Section,
    Substance,
)
from reftrack.workflow import evaluating


@pytest.fixture(scope="module")
def rules():
    return tagging.load([("mine.toml", RULES)])


@pytest.fixture(scope="module")
def known(rules):
    return evaluating.vocabulary(rules)


@pytest.fixture
def evaluated(rules, known):
    """A function: (title, tags) pairs or whole lines → the evaluation."""

    def evaluate(*rows, header=None, **options):
        lines = [json.dumps(header)] if header else []
        for number, row in enumerate(rows):
            whole = row if isinstance(row, dict) else {"title": row[0], "tags": row[1].split()}
            lines.append(json.dumps({"pmid": FIRST_PMID + number} | whole))
        return evaluating.evaluate(read_gold("gold", lines, known), rules, known, **options)

    return evaluate


def facet(done, slug):
    return next(one for one in done.facets if one.facet == slug)


def tag(done, slug):
    return next(one for each in done.facets for one in each.tags if one.slug == slug)


def counts(done, slug):
    one = tag(done, slug)
    return one.tp, one.fp, one.fn


KINDS = (
    ("alphaword", "alpha"),
    ("an alphaword", "alpha"),
    ("a betaword", "alpha"),
    ("betaword", "beta"),
    ("nothing", "beta"),
    ("one more alphaword", ""),
    ("nothing either", ""),
    ("nothing at all", ""),
)
"""Right and found: alpha alpha, alpha alpha, alpha beta, beta beta, beta none, none alpha, none none, none none."""


def test_precision_recall_and_f1_by_hand(evaluated):
    """alpha: 2 right, 1 too many, 1 missed; beta: 1, 1, 1."""
    done = evaluated(*KINDS)
    assert counts(done, "alpha") == (2, 1, 1)
    assert counts(done, "beta") == (1, 1, 1)
    assert tag(done, "alpha").precision == pytest.approx(2 / 3)
    assert tag(done, "alpha").recall == pytest.approx(2 / 3)
    assert tag(done, "alpha").f1 == pytest.approx(2 / 3)
    assert tag(done, "beta").f1 == pytest.approx(1 / 2)


def test_the_figures_of_an_exclusive_facet_by_hand(evaluated):
    """5 of 8 right; macro the mean of 2/3 and 1/2, micro 2·3 / (2·3 + 2 + 2); the matrix has every paper once."""
    kind = facet(evaluated(*KINDS), "kind")
    assert (kind.right, kind.papers) == (5, 8)
    assert kind.accuracy == pytest.approx(5 / 8)
    assert kind.macro_f1 == pytest.approx(7 / 12)
    assert kind.micro_f1 == pytest.approx(6 / 10)
    assert kind.confusion == {
        "alpha": {"alpha": 2, "beta": 1},
        "beta": {"beta": 1, "none": 1},
        "none": {"alpha": 1, "none": 2},
    }


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_against_published_values(part, whole, low, high):
    """The examples of Newcombe, Stat Med 1998;17:857-72, table I, method 3."""
    assert wilson(part, whole) == pytest.approx((low, high), abs=0.00006)


def test_the_wilson_interval_at_its_ends():
    """None of so many begins at 0 exactly, all of them end at 1 exactly, of no paper there is none."""
    assert all(wilson(0, whole)[0] == 0.0 and wilson(whole, whole)[1] == 1.0 for whole in range(1, 2000))
    assert wilson(20, 20)[0] == pytest.approx(1 - 0.1611, abs=0.00006)
    assert wilson(0, 0) is None


def test_what_cannot_be_computed_is_none(evaluated):
    """No support: no recall and no F1; nothing predicted: no precision, and F1 is 0 as all were missed."""
    done = evaluated(("gammaword", ""), ("nothing", "beta"))
    gamma, beta, alpha = tag(done, "gamma"), tag(done, "beta"), tag(done, "alpha")
    assert (gamma.precision, gamma.recall, gamma.f1, gamma.recall_interval) == (0.0, None, None, None)
    assert (beta.precision, beta.recall, beta.f1, beta.precision_interval) == (None, 0.0, 0.0, None)
    assert (alpha.precision, alpha.recall, alpha.f1) == (None, None, None)


def test_macro_is_over_tags_with_support(evaluated):
    """A tag that no paper has does not count in the mean, but what is wrongly tagged so counts in micro."""
    kind = facet(evaluated(("alphaword", "alpha"), ("gammaword", "")), "kind")
    assert [one.slug for one in kind.supported] == ["alpha"]
    assert kind.macro_f1 == 1.0
    assert kind.micro_f1 == pytest.approx(2 / 3)


def test_a_child_implies_its_parent_on_both_sides(evaluated):
    """Gold high-fever is fever as well, and so is ours; a child that is missed does not make its parent wrong."""
    done = evaluated(("hotword", "high-fever"), ("feverword", "high-fever"), ("hotword", "fever"))
    assert counts(done, "fever") == (3, 0, 0)
    assert counts(done, "high-fever") == (1, 1, 1)


def test_a_gold_file_may_judge_parents_for_themselves(evaluated):
    """With "implied": false a labelled child says nothing of its parent; ours implies it all the same."""
    header = {"labelled": ["sign"], "implied": False}
    assert counts(evaluated(("hotword", "high-fever"), header=header), "fever") == (0, 1, 0)


def test_an_ignored_tag_is_not_scored_on_that_paper(evaluated):
    """Neither finding nor missing it counts, nor does the parent that only it implies."""
    done = evaluated(
        {"title": "hotword coughword", "tags": ["cough"], "ignore": ["high-fever"]},
        {"title": "nothing", "tags": [], "ignore": ["sign/cough"]},
        ("hotword", "high-fever"),
    )
    assert counts(done, "high-fever") == (1, 0, 0)
    assert counts(done, "fever") == (1, 0, 0)
    assert counts(done, "cough") == (1, 0, 0)


def test_an_ignored_parent_is_not_scored_though_a_child_implies_it(evaluated):
    """The child itself is."""
    done = evaluated({"title": "hotword", "tags": [], "ignore": ["fever"]}, header={"labelled": ["sign"]})
    assert counts(done, "high-fever") == (0, 1, 0)
    assert "fever" not in {one.slug for one in facet(done, "sign").tags}


def test_a_possible_tag_is_not_found(evaluated):
    """Only what is tagged counts."""
    assert counts(evaluated(("feverhint", "fever")), "fever") == (0, 0, 1)


def test_an_ignored_kind_leaves_the_paper_out_of_the_matrix(evaluated):
    """Where alpha would do as well as beta, a paper found alpha is neither right nor wrong."""
    done = evaluated({"title": "alphaword", "tags": ["beta"], "ignore": ["alpha"]}, ("betaword", "beta"))
    assert facet(done, "kind").papers == 1
    assert counts(done, "beta") == (1, 0, 0)


def test_labelled_tags_limit_what_is_scored(evaluated):
    """What nobody judged is neither right nor wrong."""
    done = evaluated(("coughword feverword", "fever"), header={"labelled": ["sign/fever"]})
    assert [one.slug for one in facet(done, "sign").tags] == ["fever"]
    assert facet(done, "sign").micro_f1 == 1.0


def test_without_a_header_every_tag_that_occurs_was_judged(evaluated):
    """Cough occurs nowhere, so finding it is no mistake; an exclusive facet is judged whole."""
    done = evaluated(("coughword feverword gammaword", "fever alpha"))
    assert {one.slug for one in facet(done, "sign").tags} == {"fever"}
    assert facet(done, "kind").confusion == {"alpha": {"gamma": 1}}


def test_a_paper_without_a_kind_is_none_where_the_facet_is_labelled(evaluated):
    """No tag of an exclusive facet is an answer."""
    done = evaluated(("betaword", ""), ("nothing", ""), header={"labelled": ["sort"]})
    assert facet(done, "kind").confusion == {"none": {"beta": 1, "none": 1}}


def test_merged_tags_count_as_another_or_as_none(evaluated):
    """Ours and gold beta are alpha, gamma is none."""
    header = {"labelled": ["kind"], "merge": {"beta": "kind/alpha", "gamma": ""}}
    done = evaluated(
        ("betaword", "alpha"), ("alphaword", "beta"), ("gammaword", ""), ("nothing", "gamma"), header=header
    )
    assert facet(done, "kind").confusion == {"alpha": {"alpha": 2}, "none": {"none": 2}}
    assert {one.slug for one in facet(done, "kind").tags} == {"alpha"}


def test_the_primary_tag_is_judged_not_what_stands_beside_it(evaluated):
    """A paper that is alpha and, beside it, never primary: aside is scored only where the gold file names it."""
    done = evaluated(("alphaword asideword", "alpha"))
    assert facet(done, "kind").accuracy == 1.0
    assert {one.slug for one in facet(done, "kind").tags} == {"alpha", "beta", "gamma"}
    done = evaluated(("alphaword asideword", "alpha aside"))
    assert counts(done, "aside") == (1, 0, 0)
    assert facet(done, "kind").micro_f1 == 1.0


def test_of_several_kinds_the_first_is_primary_unless_one_is_named(evaluated):
    """`primary` names it, also where `tags` does not; else the order of `tags` does."""
    done = evaluated(
        {"title": "gammaword", "tags": ["alpha", "beta"]},
        {"title": "gammaword", "tags": ["beta", "alpha"], "primary": "alpha"},
        {"title": "gammaword", "tags": ["beta", "alpha"]},
        {"title": "gammaword", "tags": [], "primary": ["kind/gamma"]},
    )
    assert [one.matrix[0] for one in done.verdicts] == ["alpha", "alpha", "beta", "gamma"]
    done = evaluated({"title": "gammaword", "tags": [], "primary": "gamma"})
    assert facet(done, "kind").accuracy == 1.0


def test_only_judged_tags_are_scored_on_a_line(evaluated):
    """A line may say what was judged on it: no alpha and a cough; the fever that is found was not looked for."""
    done = evaluated({"title": "alphaword feverword coughword", "tags": ["cough"], "judged": ["alpha", "cough"]})
    assert counts(done, "alpha") == (0, 1, 0)
    assert counts(done, "cough") == (1, 0, 0)
    assert {one.slug for one in facet(done, "sign").tags} == {"cough"}
    assert facet(done, "kind").accuracy is None


@pytest.mark.parametrize(
    "name", ["first-kind", "KIND/Alpha", "sort/alpha", "Ischemic kind", "kind/alpha", "Alpha kind"]
)
def test_tags_in_any_spelling(evaluated, name):
    """Slug, facet/slug, alias, label, British or American."""
    done = evaluated({"title": "alphaword", "tags": [name]})
    assert counts(done, "alpha") == (1, 0, 0)


@pytest.mark.parametrize(
    ("field", "value", "hide"),
    [
        ("publication_types", ["Alpha Type"], "pt"),
        ("mesh", ["Alpha Heading*"], "mesh"),
        ("mesh", [{"name": "Alpha Heading", "major": True}], "mesh"),
        ("substances", ["alphastuff"], "substances"),
        ("keywords", ["alphakey"], "keywords"),
        ("journal", "alphajournal", "journal"),
    ],
)
def test_hide_really_hides(evaluated, field, value, hide):
    """A paper whose only evidence is the field is found with it and not without it."""
    row = {"title": "nothing", "tags": ["alpha"], field: value}
    assert counts(evaluated(row), "alpha") == (1, 0, 0)
    assert counts(evaluated(row, hide=[hide]), "alpha") == (0, 0, 1)
    others = [name for name in evaluating.HIDDEN if name != hide]
    assert counts(evaluated(row, hide=others), "alpha") == (1, 0, 0)


def test_mistakes_tell_what_misled_and_what_was_missing(evaluated, rules, known):
    """For a wrong tag its evidence, for a missed one its score, its threshold and what was masked."""
    done = evaluated(("betaword, not alphaword", "alpha"), ("alphaword", "alpha"), ("alphahint", "alpha"))
    first, second = evaluating.mistakes(done, rules, known)
    assert first.verdict.paper.pmid == FIRST_PMID
    assert [(one.slug, one.evidence[0].quote) for one in first.misled] == [("beta", "betaword")]
    assert [(one.slug, one.state, one.masked[0].masked) for one in first.missed] == [
        ("alpha", "absent", "not alphaword")
    ]
    assert second.misled == ()
    assert [(one.state, one.score, one.threshold) for one in second.missed] == [("possible", 0.6, 1)]


def test_a_mistake_by_a_child_or_a_merged_tag_names_what_was_found(evaluated, rules, known):
    """The evidence is that of the tag the rules gave, not of the one it counts as."""
    done = evaluated(("hotword", ""), header={"labelled": ["fever"]})
    assert [one.slug for each in evaluating.mistakes(done, rules, known) for one in each.misled] == ["high-fever"]
    done = evaluated(("gammaword", ""), header={"labelled": ["kind"], "merge": {"gamma": "alpha"}})
    assert [one.slug for each in evaluating.mistakes(done, rules, known) for one in each.misled] == ["gamma"]


HELD = Paper(pmid=FIRST_PMID, title="A betaword")


def test_a_line_without_a_title_is_taken_from_the_library(evaluated):
    """The text of the held paper; other lines do not ask for theirs."""
    asked = []

    def held(pmids):
        asked.extend(pmids)
        return [HELD]

    done = evaluated({"tags": ["beta"]}, ("alphaword", "alpha"), held=held)
    assert asked == [FIRST_PMID]
    assert facet(done, "kind").accuracy == 1.0
    with pytest.raises(UsageError, match=r"line 1: PMID 90000001 has no title there and is not held"):
        evaluated({"tags": ["beta"]}, held=lambda _: [])


GOOD = '{"pmid": 90000001, "title": "x", "tags": []}'


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([GOOD, "{"], "line 2 is not JSON"),
        ([GOOD, "[]"], "line 2 is not a JSON object"),
        ([GOOD, "[" * 100_000], "line 2 is not JSON"),
        (['{"pmid": 90000001, "title": "x"}'], "line 1 has no 'tags'"),
        ([GOOD, '{"tags": []}'], "line 2 has neither 'pmid' nor 'title'"),
        (['{"pmid": 90000001, "tags": ["alhpa"]}'], "line 1: there is no tag 'alhpa'; did you mean kind/alpha?"),
        (['{"pmid": 90000001, "tags": ["sign/alpha"]}'], "there is no tag 'sign/alpha'"),
        (['{"pmid": 90000001, "tags": "alpha"}'], "line 1 has a 'tags' that is not a list"),
        (['{"pmid": 90000001, "tags": [1]}'], "line 1 has something in 'tags' that is no text"),
        (['{"pmid": "x1", "tags": []}'], "line 1 has a 'pmid' that is no PMID: 'x1'"),
        (['{"pmid": true, "tags": []}'], "line 1 has a 'pmid' that is no PMID: True"),
        (['{"pmid": 90000001, "tags": [], "ignored": []}'], "unknown field 'ignored'; did you mean 'ignore'?"),
        (['{"pmid": 90000001, "tags": [], "ignore": ["alhpa"]}'], "line 1: there is no tag 'alhpa'"),
        (['{"pmid": 90000001, "tags": [], "judged": ["alhpa"]}'], "line 1: there is no tag 'alhpa'"),
        (['{"pmid": 90000001, "tags": [], "primary": "fever"}'], "line 1 names 'fever' as primary"),
        (['{"pmid": 90000001, "title": "x", "tags": [], "abstract": 3}'], "line 1 has an 'abstract'"),
        (['{"pmid": 90000001, "title": "x", "tags": [], "abstract": [{"label": "A"}]}'], "line 1 has an 'abstract'"),
        (['{"pmid": 90000001, "title": "x", "tags": [], "mesh": [1]}'], "line 1 has a 'mesh' heading"),
        (['{"pmid": 90000001, "title": "\\ud800", "tags": []}'], "line 1 holds half a character"),
        (['{"labeled": ["kind"]}', GOOD], "line 1 has an unknown field 'labeled'; did you mean 'labelled'?"),
        (['{"labelled": ["knid"]}', GOOD], "line 1: there is no tag 'knid'"),
        (['{"merge": {"alpha": "betta"}}', GOOD], "line 1: there is no tag 'betta'; did you mean kind/beta?"),
        (['{"merge": ["alpha"]}', GOOD], "line 1 has a 'merge' that is not a table"),
        (["", "\n"], "holds no labelled paper"),
        (['{"gold": "only a header"}'], "holds no labelled paper"),
    ],
)
def test_a_gold_file_that_is_wrong_is_refused(known, lines, words):
    """A sentence that names the file, the line and the nearest name; nothing is guessed."""
    with pytest.raises(UsageError) as caught:
        read_gold("gold.jsonl", lines, known)
    assert words in str(caught.value)
    assert str(caught.value).startswith("gold.jsonl")


def test_a_paper_on_two_lines_is_named(known):
    """Both count, and it is said."""
    assert read_gold("gold", [GOOD, GOOD], known).repeated == ("PMID 90000001",)
    assert read_gold("gold", [GOOD], known).repeated == ()


def test_a_paper_may_have_no_pmid(evaluated):
    """Then its id or its line names it."""
    done = evaluated({"pmid": None, "id": "example2020", "title": "alphaword", "tags": ["alpha"]})
    assert done.gold.papers[0].name == "example2020"
    assert facet(done, "kind").accuracy == 1.0


def test_a_paper_written_and_read_again_is_the_same_to_the_rules(known):
    """Everything that tagging reads goes through the file."""
    whole = paper(
        abstract=(Section("METHODS", "First.", "METHODS"), Section("", "Then\u2028more.")),
        vernacular_title="Ein Titel",
        keywords=(Keyword("alphakey"),),
        mesh=(
            Heading("Alpha Heading", major=True),
            Heading("Humans"),
            Heading("Brain", qualifiers=(Qualifier("pathology", major=True), Qualifier("surgery"))),
        ),
        publication_types=(PublicationType("Alpha Type"),),
        substances=(Substance("alphastuff"),),
        corrections=(Correction("ErratumFor", "J Example"),),
    )
    lines = [gold_header("g", ["kind"], "note"), gold_line(whole, ["kind/alpha"])]
    again = read_gold("gold", "".join(lines).split("\n"), known)
    assert again.papers[0].paper is not None
    assert tagging.content_hash(again.papers[0].paper) == tagging.content_hash(whole)


def test_floors_name_a_tag_or_a_figure_of_a_facet(known):
    """Both spellings of a tag, three figures; what cannot be asked for is refused."""
    assert evaluating.floor("alpha=0.5", known) == evaluating.floor("sort/first-kind=0.5", known)
    assert evaluating.floor("sign.micro=1", known).figure == "micro"
    for text in ("alpha", "alpha=", "alpha=85", "alpha=-0.1", "alpha=nan", "alhpa=0.5", "kind.mean=0.5", "=0.5"):
        with pytest.raises(UsageError, match="fail-under"):
            evaluating.floor(text, known)
    with pytest.raises(UsageError, match="no accuracy"):
        evaluating.floor("sign.accuracy=0.5", known)


def test_floors_read_the_figures(evaluated, known):
    """The value of each kind of floor on the papers worked out above; None where nothing can be said."""
    done = evaluated(*KINDS)
    values = {
        text: evaluating.floor(f"{text}=0.5", known).value(done.facets)
        for text in ("alpha", "kind.macro", "kind.micro", "kind.accuracy", "gamma", "cough")
    }
    assert values == {
        "alpha": pytest.approx(2 / 3),
        "kind.macro": pytest.approx(7 / 12),
        "kind.micro": pytest.approx(0.6),
        "kind.accuracy": pytest.approx(0.625),
        "gamma": None,
        "cough": None,
    }
