"""How right the shipped rules are on labelled real papers. The bounds are a little below what was measured."""

import pytest

import gold
from export_papers import real_entries
from findings import findings
from reftrack import tagging
from reftrack.evaluation import read_gold
from reftrack.workflow import evaluating

pytestmark = pytest.mark.corpus

# Measured: 0.795, 0.845, 0.845, 0.902, 0.902, 0.932. What was seen by the makers of the rules: docs/tagging.md.
STUDY_MACRO_F1 = 0.78
RCT_F1 = 0.83
ALL_STUDY_MACRO_F1 = 0.83
DRUG_STUDY_ACCURACY = 0.88
DRUG_OUTCOME_F1 = 0.88
DRUG_CONDITION_F1 = 0.90


def evaluated(rows):
    """Facet → its figures on a gold file."""
    rules = tagging.load()
    known = evaluating.vocabulary(rules)
    labelled = read_gold("gold", gold.lines(rows), known)
    return {one.facet: one for one in evaluating.evaluate(labelled, rules, known).facets}


def of(facet, slug):
    return next(one for one in facet.tags if one.slug == slug)


@pytest.fixture(scope="module")
def studies(corpus):
    """Study types on the quarter of the labelled papers that no weight was fitted on."""
    return evaluated(gold.study_types(corpus / "study-types" / "labelled-1581.jsonl", "held-out"))["study"]


@pytest.fixture(scope="module")
def drug(corpus):
    """All facets on the hand-labelled papers on the drug and its neighbours."""
    return evaluated(gold.cerebrolysin(corpus / "cerebrolysin"))


def test_study_types_from_text(studies):
    """Macro-F1 over eight study types, from title and abstract alone, on papers that no weight was fitted on."""
    assert len(studies.supported) == 8
    assert studies.macro_f1 >= STUDY_MACRO_F1


def test_randomized_trials_from_text(studies):
    """F1 of the tag that matters most."""
    assert of(studies, "rct").f1 >= RCT_F1


def test_study_types_on_all_labelled_papers(corpus):
    """The same on all 1,581, of which three quarters were used to fit the weights."""
    study = evaluated(gold.study_types(corpus / "study-types" / "labelled-1581.jsonl", "all"))["study"]
    assert study.papers == 1581
    assert study.macro_f1 >= ALL_STUDY_MACRO_F1


def test_study_type_on_the_drug(drug):
    """Share of papers on the drug and its neighbours with the right primary study type."""
    assert drug["study"].papers == 82
    assert drug["study"].accuracy >= DRUG_STUDY_ACCURACY


def test_outcomes_on_the_drug(drug):
    """Micro-F1 of the outcome tags on the same papers; the rules were developed on them."""
    assert drug["outcome"].micro_f1 >= DRUG_OUTCOME_F1


def test_conditions_on_the_drug(drug):
    """Micro-F1 of the condition tags on the same papers; the rules were developed on them."""
    assert drug["condition"].micro_f1 >= DRUG_CONDITION_F1


def test_the_drug_is_found(drug):
    """Papers on the drug are tagged as such, its neighbours are not."""
    found = of(drug["intervention"], "cerebrolysin")
    assert found.tp + found.fn == 63
    assert found.fp + found.fn <= 1


@pytest.mark.parametrize("name", ["stroke-tbi-subset", "search-export-214-records", "medline16n0902-sample"])
def test_a_paper_read_alone_is_read_the_same(corpus, name):
    """`why` leaves out phrases that the paper cannot hold: nothing that is found may be missing."""
    rules, whole = tagging.load(), tagging.load()
    assert whole.tries
    read = 0
    for paper in (entry.paper for entry in real_entries(corpus / "pubmed-xml" / f"{name}.xml.gz")):
        assert findings(paper, rules) == findings(paper, whole), paper.pmid
        read += 1
    assert "tries" not in vars(rules)
    assert read >= 100
