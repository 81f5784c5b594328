"""Rules and papers become tags: loading, overlays, names, evidence, explanations, hashes."""

import os
import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from findings import findings
from papers import papers
from reftrack import tagging
from reftrack.errors import RuleError, UsageError
from reftrack.model import (
    Author,
    Correction,
    Grant,
    Heading,
    Keyword,
    Paper,
    PublicationType,
    Qualifier,
    Section,
    Substance,
)
from reftrack.tagging.phrases import parse
from reftrack.tagging.reading import shipped

RULES = tagging.load()

CONTRACT = {
    "condition": "stroke ischemic-stroke hemorrhagic-stroke sah tbi dementia alzheimer vascular-dementia mci "
    "cerebral-palsy hie other-condition",
    "study": "meta-analysis systematic-review rct nonrandomized-trial cohort case-control cross-sectional case-report "
    "narrative-review guideline protocol editorial-letter animal in-vitro pharmacokinetic economic correction "
    "secondary-analysis",
    "outcome": "functional-outcome disability adl neurological-deficit motor cognition memory attention "
    "executive-function language mood neuropsychiatric quality-of-life mortality adverse-events hemorrhage "
    "consciousness brain-edema infarct-volume cerebral-blood-flow neurophysiology biomarker global-impression cost "
    "neurogenesis neuroprotection apoptosis excitotoxicity inflammation oxidative-stress neurotrophic-factors "
    "synaptic-plasticity angiogenesis blood-brain-barrier amyloid-tau",
    "population": "human adult pediatric neonatal elderly rat mouse",
    "intervention": "cerebrolysin with-rehabilitation with-thrombolysis with-thrombectomy",
    "dosing": "",
    "funding": "industry industry-funding industry-author industry-ties funded public-funding no-conflict no-funding",
}
PARENTS = {
    "ischemic-stroke": "stroke",
    "hemorrhagic-stroke": "stroke",
    "sah": "stroke",
    "alzheimer": "dementia",
    "vascular-dementia": "dementia",
    "memory": "cognition",
    "attention": "cognition",
    "executive-function": "cognition",
    "hemorrhage": "adverse-events",
    "industry-funding": "industry",
    "industry-author": "industry",
    "industry-ties": "industry",
    "public-funding": "funded",
}


def paper(title="[No title]", *sections, **more):
    return Paper(pmid=90000001, title=title, abstract=tuple(Section(label, text) for label, text in sections), **more)


def tags(one, rules=RULES):
    return {tag.slug: tag for tag in tagging.tag(one, rules)}


def test_every_promised_tag_exists():
    """Each slug of the command line's contract is in the vocabulary, under its facet."""
    have = {(one.facet, one.slug) for one in RULES.definitions}
    assert {(facet, slug) for facet, names in CONTRACT.items() for slug in names.split()} <= have


def test_parents_are_those_of_the_contract():
    """The children that the contract names carry their parent."""
    assert {one.slug: one.parent for one in RULES.definitions if one.slug in PARENTS} == PARENTS


def test_slugs_are_unique_across_facets():
    """`--tag tbi` is enough because no two facets share a slug."""
    slugs = [one.slug for one in RULES.definitions]
    assert len(slugs) == len(set(slugs))


def test_the_shipped_rules_lint_clean():
    """Every shipped rule finds its yes-examples, spares its no-examples and hangs together."""
    assert tagging.lint(RULES) == []


def test_the_code_knows_no_drug(project):
    """The name of the drug of interest stands in the rules only."""
    folder = project / "src" / "reftrack" / "tagging"
    assert not [path.name for path in folder.glob("*.py") if "cerebrolysin" in path.read_text("utf-8").lower()]


NAMES = {
    "slug": ("ischemic-stroke", "ischemic-stroke"),
    "facet and slug": ("condition/tbi", "tbi"),
    "old facet": ("study-type/rct", "rct"),
    "British": ("ischaemic-stroke", "ischemic-stroke"),
    "old slug": ("stroke-ischaemic", "ischemic-stroke"),
    "old facet, old slug": ("study-type/nonrandomised-trial", "nonrandomized-trial"),
    "capitals and spaces": ("Ischaemic Stroke", "ischemic-stroke"),
    "label": ("Randomized controlled trial", "rct"),
    "alias": ("paediatric", "pediatric"),
    "spaces around": (" tbi ", "tbi"),
}


@pytest.mark.parametrize(("text", "slug"), NAMES.values(), ids=NAMES)
def test_a_tag_is_found_by_any_of_its_names(text, slug):
    """Slug, facet/slug, alias, label and British spelling all name the tag."""
    assert RULES.resolve(text).slug == slug


@pytest.mark.parametrize("text", ["", "/", "nonsense", "outcome/tbi", "condition/", "tbi/"])
def test_what_names_no_tag_is_none(text):
    """An unknown name, or a tag under a foreign facet, is no tag."""
    assert RULES.resolve(text) is None


BROKEN = {
    "not TOML": ("[tag", "mine.toml", "not TOML"),
    "unknown top": ("[tags.x]", "'tags'", "'tag'"),
    "schema": ("schema = 2", "schema 2", "reads 1"),
    "unknown key": ("[tag.tbi]\nthreshhold = 1", "'threshhold'", "'threshold'"),
    "unknown facet key": ("[facet.study]\nexklusive = true", "'exklusive'", "'exclusive'"),
    "unknown cue": ("[cue]\nresult = 'x'", "'result'", "'results'"),
    "unknown list": ("[tag.tbi]\nmask = '@reagent'", "'reagent'", "'reagents'"),
    "unknown facet": ("[tag.x]\nfacet = 'outcomes'\nlabel = 'X'", "'outcomes'", "'outcome'"),
    "unknown parent": ("[tag.tbi]\nparent = 'strok'", "'strok'", "'stroke'"),
    "unknown unless target": ("[tag.tbi.unless]\ntag = 'rtc'", "'rtc'", "'rct'"),
    "unknown beside": ("[tag.rct]\nbeside = 'cohrt'", "'beside'", "'cohort'"),
    "unknown source": ("[tag.human]\nfrom.1 = 'rtc'", "'from'", "'rct'"),
    "unknown place in unless": ("[tag.tbi.unless]\ntitel = 'x'", "'titel'", "'title'"),
    "unknown section": ("[tag.tbi.section]\nresult = 1", "'result'", "'results'"),
    "unknown weak key": ("[tag.rct.weak]\nbelow = 1\nrang = 2", "'rang'", "'rank'"),
    "missing facet": ("[tag.mine]\nlabel = 'Mine'", "'mine'", "'facet' is missing"),
    "missing label": ("[tag.mine]\nfacet = 'outcome'", "'mine'", "'label' is missing"),
    "facet without label": ("[facet.mine]\nthreshold = 1", "'mine'", "'label' is missing"),
    "not a weight": ("[tag.tbi.title]\nhigh = 'x'", "'high'", "title.2"),
    "not weighted": ("[tag.tbi]\ntitle = 'x'", "key 'title'", "a table"),
    "wrong type": ("[tag.tbi]\nrank = 'first'", "'rank'", "a number"),
    "true is no number": ("[tag.tbi]\nrank = true", "'rank'", "a number"),
    "a tag that is no table": ("[tag]\ntbi = 3", "'tbi'", "a table"),
    "a top that is no table": ("tag = 3", "[tag]", "a table"),
    "a list of numbers": ("[tag.tbi]\nmask = [3]", "'mask'", "a string"),
    "bad phrase": ("[tag.tbi.any]\n2 = '(a|b'", "any.2", "cannot read"),
    "bad slug": ("[tag.'My Tag']\nfacet = 'outcome'", "'My Tag'", "lower-case"),
    "bad regex": ("[tag.tbi.regex]\n2 = '(a'", "regex.2", "'(a'"),
    "slow regex": ("[tag.tbi.regex]\n2 = '(a+)+b'", "regex.2", "for ever"),
    "long regex": (f"[tag.tbi.regex]\n2 = '{'a' * 201}'", "regex.2", "200"),
    "circle": (
        "[tag.memory.unless]\ntag = 'language'\n[tag.language.unless]\ntag = 'memory'",
        "memory",
        "wait for each other",
    ),
}


@pytest.mark.parametrize(("text", "where", "what"), BROKEN.values(), ids=BROKEN)
def test_a_mistake_in_an_overlay_is_explained(text, where, what):
    """The error names file, tag and key, and the nearest right word."""
    with pytest.raises(RuleError) as caught:
        tagging.load([("mine.toml", text)])
    message = str(caught.value)
    assert where in message
    assert what in message
    assert "mine.toml" in message or what == "wait for each other"


def test_an_overlay_adds_a_tag():
    """A user's own tag is in the vocabulary and tags papers."""
    rules = tagging.load([("mine.toml", "[tag.hiccups]\nfacet = 'outcome'\nlabel = 'Hiccups'\nany.2 = 'hiccup*'")])
    assert rules.resolve("hiccups").facet == "outcome"
    assert "hiccups" in tags(paper("Hiccups after stroke"), rules)


def test_an_overlay_changes_only_the_keys_it_names():
    """What an overlay does not mention stays as shipped."""
    rules = tagging.load([("mine.toml", "[tag.tbi]\nthreshold = 99")])
    assert tags(paper("Concussion in sport"), rules)["tbi"].state == "possible"
    assert tags(paper("Concussion in sport"))["tbi"].state == "tagged"
    assert rules.resolve("tbi").label == RULES.resolve("tbi").label


def test_the_last_overlay_wins():
    """Overlays are laid in the order given."""
    one, two = ("a.toml", "[tag.tbi]\nlabel = 'One'"), ("b.toml", "[tag.tbi]\nlabel = 'Two'")
    assert tagging.load([one, two]).resolve("tbi").label == "Two"
    assert tagging.load([two, one]).resolve("tbi").label == "One"


def test_a_disabled_tag_is_gone_and_lint_says_who_misses_it():
    """`disabled = true` takes a tag out of vocabulary and tagging; rules that ask for it are named."""
    rules = tagging.load([("mine.toml", "[tag.animal]\ndisabled = true")])
    assert rules.resolve("animal") is None
    assert "animal" not in tags(paper("Drug X in rats"), rules)
    assert any("'animal'" in problem for problem in tagging.lint(rules))


def test_a_regex_counts_whole_words():
    """A regular expression's evidence is the words that its match touches."""
    rules = tagging.load([("m", "[tag.dose]\nfacet = 'outcome'\nlabel = 'Dose'\nregex.2 = '\\d+ ?ml'")])
    one = paper("Drug X", ("METHODS", "They got 30 ml/day."))
    assert [evidence.quote for evidence in tags(one, rules)["dose"].evidence] == ["30 ml"]


def test_two_regexes_may_match_the_same_words():
    """Of two expressions of one weight that match the same word the first one counts."""
    rules = tagging.load([("m", "[tag.dose]\nfacet = 'outcome'\nlabel = 'Dose'\nregex.2 = ['zetam[l]', 'zeta(?=ml)']")])
    dose = tags(paper("Drug X in zetaml"), rules)["dose"]
    assert [evidence.rule for evidence in dose.evidence] == ["dose.regex: zetam[l]"]


def test_what_is_masked_is_told_in_the_order_of_the_text():
    """What is masked is listed as it stands in the text, the longer of two first."""
    wanted = "any.1 = 'zetaword; of zetaword; zetaword block; zetaplain'\nmask = 'of zetaword block'"
    rules = tagging.load([("m", f"[tag.zeta]\nfacet = 'outcome'\nlabel = 'Zeta'\n{wanted}")])
    zeta = tagging.explain(paper("Zetaplain of zetaword block"), rules, "zeta")
    assert [evidence.quote for evidence in zeta.masked] == ["of zetaword", "zetaword block", "zetaword"]


LINTED = {
    "a yes-example that is not found": ("[tag.tbi]\nyes = ['Stroke']", "must find 'Stroke'"),
    "a no-example that is found": ("[tag.tbi]\nno = ['Concussion']", "must not find 'Concussion'"),
    "no example": ("[tag.tbi]\nyes = []", "has no example"),
    "own ancestor": ("[tag.stroke]\nparent = 'sah'", "own ancestor"),
    "a swallowing mask": ("[tag.tbi]\nmask = 'concussi*'", "mask 'concussi*' swallows"),
    "a name used twice": ("[tag.tbi]\naliases = 'in.vitro'", "'in-vitro' is also"),
    "a facet decided later": ("[tag.rct.unless]\ntag = 'tbi'", "decided later"),
}


@pytest.mark.parametrize(("text", "problem"), LINTED.values(), ids=LINTED)
def test_lint_finds(text, problem):
    """What loads but cannot be right is named by lint."""
    assert any(problem in found for found in tagging.lint(tagging.load([("mine.toml", text)])))


def test_the_hash_says_whether_rules_are_the_same():
    """Equal rules have equal hashes; any overlay that says something gives another."""
    assert tagging.load().hash == RULES.hash
    assert tagging.load([("a", "")]).hash == RULES.hash
    assert tagging.load([("a", "[tag.tbi]\nthreshold = 3")]).hash != RULES.hash


READ = {
    "title": {"title": "Other"},
    "vernacular": {"vernacular_title": "Anders"},
    "label": {"abstract": (Section("AIM", "Text"),)},
    "text": {"abstract": (Section("", "Other"),)},
    "category": {"abstract": (Section("", "Text", "METHODS"),)},
    "keyword": {"keywords": (Keyword("stroke"),)},
    "journal": {"journal": "J Other"},
    "heading": {"mesh": (Heading("Stroke"),)},
    "major": {"mesh": (Heading("Stroke", major=True),)},
    "qualifier": {"mesh": (Heading("Stroke", qualifiers=(Qualifier("mortality"),)),)},
    "type": {"publication_types": (PublicationType("Review"),)},
    "substance": {"substances": (Substance("cerebrolysin"),)},
    "correction": {"corrections": (Correction("ErratumFor"),)},
    "interests": {"conflict_of_interest": "None."},
    "agency": {"grants": (Grant(agency="Example Trust"),)},
    "affiliation": {"authors": (Author("Example", affiliations=("Example Pharma GmbH",)),)},
}
BASE = paper("Title", ("", "Text"), journal="J Example")


@pytest.mark.parametrize("change", READ.values(), ids=READ)
def test_the_content_hash_sees_what_tagging_reads(change):
    """Another value of any field that tagging reads gives another hash."""
    assert tagging.content_hash(replace(BASE, **change)) != tagging.content_hash(BASE)


def test_the_content_hash_ignores_the_rest():
    """A changed page range or DOI makes no paper stale."""
    other = replace(BASE, pages="1-2", doi="10.1/x", revised="2026-01-01", languages=("eng",))
    assert tagging.content_hash(other) == tagging.content_hash(BASE)


def text_of(one, evidence):
    """The stored text that an evidence's offsets count in."""
    part = evidence.part
    return {
        "title": lambda: one.title,
        "vernacular_title": lambda: one.vernacular_title,
        "abstract": lambda: one.abstract[part].text,
        "keyword": lambda: one.keywords[part].name,
        "mesh": lambda: one.mesh[part].name,
        "publication_type": lambda: one.publication_types[part].name,
        "substance": lambda: one.substances[part].name,
        "journal": lambda: one.journal,
        "correction": lambda: one.corrections[part].kind,
        "conflict_of_interest": lambda: one.conflict_of_interest,
        "grant": lambda: one.grants[part].agency or one.grants[part].number,
        "affiliation": lambda: one.affiliations[part],
        "tag": lambda: evidence.quote,
    }[evidence.field]()


WORDS = st.sampled_from(
    [
        "stroke",
        "TBI",
        "(TBI)",
        "rats",
        "patients",
        "randomised",
        "randomized,",
        "mortality.",
        "BDNF",
        "TNF-α",
        "Aβ42",
        "oedema",
        "no",
        "history",
        "of",
        "without",
        "инсульт",
        "double-blind",
        "trial",
        "RESULTS:",
        "METHODS:",
        "brain",
        "traumatic",
        "injury",
        "GCS",
        "7-12",
        "death",
        "cell",
        "Cerebrolysin",
        "review",
    ]
)
RECORDED = st.lists(
    st.sampled_from(
        [
            *(
                "Pfizer",
                "honoraria",
                "no",
                "conflict",
                "Example Pharma GmbH;",
                "University",
                "grant.",
                "funded by",
                "NIH",
            ),
            *("None", "(Inc)", "employee of", "the study was", "Ministry of Health", "Ltd.,", "  ;"),
        ]
    )
    | st.text(max_size=4),
    max_size=14,
).map(" ".join)
SENTENCES = st.lists(WORDS | st.text(max_size=6), max_size=25).map(" ".join)
MADE = st.builds(
    Paper,
    pmid=st.just(90000001),
    title=SENTENCES,
    vernacular_title=SENTENCES | st.just(""),
    journal=st.sampled_from(["", "Cochrane Database Syst Rev", "J Example"]),
    abstract=st.lists(
        st.builds(Section, st.sampled_from(["", "RESULTS", "Background", "x"]), SENTENCES, st.just(""))
        | st.builds(Section, st.sampled_from(["FUNDING", "Disclosures"]), RECORDED, st.just("")),
        max_size=3,
    ).map(tuple),
    conflict_of_interest=RECORDED | st.just(""),
    grants=st.lists(st.builds(Grant, agency=RECORDED, number=st.just("1")), max_size=2).map(tuple),
    authors=st.lists(
        st.builds(Author, st.just("Example"), affiliations=st.lists(RECORDED, max_size=2).map(tuple)), max_size=2
    ).map(tuple),
    keywords=st.lists(st.builds(Keyword, SENTENCES), max_size=2).map(tuple),
    mesh=st.lists(st.builds(Heading, st.sampled_from(["Stroke", "Animals", "Humans", "Rats"])), max_size=3).map(tuple),
    publication_types=st.lists(
        st.builds(PublicationType, st.sampled_from(["Review", "Letter", "Randomized Controlled Trial"])), max_size=2
    ).map(tuple),
)


@settings(max_examples=300, deadline=None)
@given(MADE)
def test_every_quote_stands_where_the_evidence_says(one):
    """For any text, each quote is the slice start:end of its field's part, masked or not, and it is not empty."""
    for tag in tagging.tag(one, RULES):
        for evidence in tag.evidence:
            assert text_of(one, evidence)[evidence.start : evidence.end] == evidence.quote != ""
            if evidence.field == "abstract":
                assert evidence.section == one.abstract[evidence.part].label


@settings(max_examples=100, deadline=None)
@given(MADE)
def test_scores_add_up_and_states_follow(one):
    """The score is the sum of its evidence, masked hits weigh nothing, and the state follows the threshold."""
    for rule in RULES.rules:
        why = tagging.explain(one, RULES, rule.slug)
        assert why.score == pytest.approx(sum(evidence.weight for evidence in why.evidence), abs=0.001)
        assert all(evidence.weight == 0 and evidence.masked for evidence in why.masked)
        assert not any(evidence.masked for evidence in why.evidence)
        if why.state == "tagged":
            assert why.score >= why.threshold
        if why.state == "possible":
            assert why.possible <= why.score < why.threshold


@settings(max_examples=100, deadline=None)
@given(MADE)
def test_tag_and_explain_agree(one):
    """What `tag` gives is what `explain` calls tagged or possible; nothing else is."""
    given_tags = {tag.slug: (tag.state, tag.score, tag.primary) for tag in tagging.tag(one, RULES)}
    explained = {rule.slug: tagging.explain(one, RULES, rule.slug) for rule in RULES.rules}
    assert given_tags == {
        slug: (why.state, why.score, why.primary) for slug, why in explained.items() if why.state != "absent"
    }


@settings(max_examples=100, deadline=None)
@given(papers)
def test_any_paper_can_be_tagged(one):
    """No record, however odd, makes the tagger fail; at most one study type is primary."""
    found = tagging.tag(one, RULES)
    assert sum(tag.primary for tag in found) <= 1
    assert len({tag.slug for tag in found}) == len(found)


@settings(max_examples=50, deadline=None)
@given(st.lists(MADE, min_size=2, max_size=3))
def test_tags_do_not_depend_on_what_came_before(several):
    """A fresh rule set and one that has read other papers give the same bytes."""
    fresh = tagging.load()
    assert repr([tagging.tag(one, fresh) for one in reversed(several)]) == repr(
        [tagging.tag(one, RULES) for one in reversed(several)]
    )


TYPES = ["Randomized Controlled Trial", "Review", "Meta-Analysis", "Systematic Review", "Letter", "Editorial"]
TYPES += ["Case Reports", "Observational Study", "Practice Guideline", "Clinical Trial Protocol", "Published Erratum"]
TYPES += ["Clinical Trial, Phase II", "Retraction of Publication"]


@settings(max_examples=100, deadline=None)
@given(MADE, st.sampled_from(TYPES))
def test_a_publication_type_is_never_lost(one, kind):
    """With a publication type the paper has that study type, or one that the type is known to yield to."""
    bare = paper("Title", publication_types=(PublicationType(kind),))
    alone = next(tag.slug for tag in tagging.tag(bare, RULES) if tag.primary)
    typed = replace(one, publication_types=(PublicationType(kind),))
    primary = next(tag.slug for tag in tagging.tag(typed, RULES) if tag.primary)
    assert primary in {alone, *RULES.by_slug[alone].yields}


def test_parents_are_not_given():
    """A child tag implies its parent when asked for; the tagger does not add it."""
    given_tags = tags(paper(RESULTS_TITLE, ("RESULTS", "The Stroop test improved.")))
    assert "executive-function" in given_tags
    assert "cognition" not in given_tags
    assert tagging.explain(paper("Stroop test"), RULES, "cognition").children == ("attention", "executive-function")


RESULTS_TITLE = "Drug X in adults"


def test_background_hardly_counts():
    """The same words weigh less as background than as a result."""
    said = "Mortality was high."
    assert "mortality" not in tags(paper(RESULTS_TITLE, ("BACKGROUND", said)))
    assert tags(paper(RESULTS_TITLE, ("RESULTS", said)))["mortality"].state == "tagged"


def test_a_title_decides_a_condition_and_one_result_does_not():
    """One mention of stroke among the results is only possible; in the title it is enough."""
    assert tags(paper("Drug X after stroke"))["stroke"].state == "tagged"
    one = paper("Drug X in atrial fibrillation", ("RESULTS", "One stroke occurred."))
    assert tags(one)["stroke"].state == "possible"


def test_two_hits_a_zone_count():
    """Saying it five times in one section is worth no more than twice."""
    two = tags(paper(RESULTS_TITLE, ("RESULTS", "Mortality, mortality.")))["mortality"]
    five = tags(paper(RESULTS_TITLE, ("RESULTS", "Mortality " * 5)))["mortality"]
    assert two.score == five.score


def test_a_major_heading_is_worth_more():
    """A MeSH heading that is the point of the paper weighs more than one in passing."""
    scores = [
        tags(paper(RESULTS_TITLE, mesh=(Heading("Stroke", major=major),)))["stroke"].score for major in (True, False)
    ]
    assert scores[0] > scores[1]


def test_why_shows_what_was_masked():
    """The explanation of an absent tag shows the words that were blanked, by which mask, and what is needed."""
    why = tagging.explain(paper("Drug X and stroke volume"), RULES, "Stroke")
    assert why.state == "absent"
    assert [(evidence.quote, evidence.weight) for evidence in why.masked] == [("stroke", 0.0)]
    assert why.masked[0].masked.startswith("stroke (volume")
    assert any("cerebral infarct*" in need for need in why.needs)


def test_why_shows_what_was_too_little():
    """An absent tag that has some evidence shows it, with the score that did not suffice."""
    rules = tagging.load([("mine", "[tag.mood]\nany.1 = 'gloom'\nthreshold = 9\npossible = 5\n")])
    why = tagging.explain(paper("Drug X", ("RESULTS", "Gloom was seen.")), rules, "mood")
    assert (why.state, [evidence.quote for evidence in why.evidence]) == ("absent", ["Gloom"])
    assert 0 < why.score < why.possible


def test_why_names_the_winner_and_what_removed_a_loser():
    """In the exclusive facet the explanation names who won."""
    one = paper("Drug X in rats: a randomized, placebo-controlled study")
    why = tagging.explain(one, RULES, "rct")
    assert (why.state, why.winner, why.removed) == ("absent", "animal", "animal is primary")
    assert why.score >= why.threshold
    assert tagging.explain(one, RULES, "animal").winner == ""


def test_why_names_the_unless():
    """A tag that scored but was vetoed says by which words."""
    why = tagging.explain(paper("Mendelian randomization trial, double-blind"), RULES, "rct")
    assert why.state == "absent"
    assert "Mendelian randomization" in why.removed


def test_why_knows_only_tags():
    """Asking for what is no tag is a usage error."""
    with pytest.raises(UsageError, match="no tag 'nonsense'"):
        tagging.explain(BASE, RULES, "nonsense")


def test_an_undefined_abbreviation_needs_company():
    """TBI alone is unclear where an abstract could define it; with other evidence it counts, defined as something
    else it never does. In a title without an abstract it is what nearly all papers mean by it.
    """
    alone = tagging.explain(paper("TBI outcomes", ("METHODS", "Adults were asked.")), RULES, "tbi")
    assert "tbi" in tags(paper("TBI outcomes"))
    assert [evidence.masked for evidence in alone.masked] == ["TBI is not spelled out"]
    assert "tbi" in tags(paper("TBI and concussion"))
    other = tagging.explain(paper("TBI dose", ("METHODS", "Total body irradiation (TBI) was given.")), RULES, "tbi")
    assert other.masked[0].masked == "TBI = Total body irradiation"


def test_negation_takes_a_condition_but_no_outcome():
    """A "no history of stroke" makes no stroke paper; "no deaths" still reports deaths."""
    one = paper(RESULTS_TITLE, ("METHODS", "Adults with no history of stroke."), ("RESULTS", "There were no deaths."))
    assert "stroke" not in tags(one)
    assert "mortality" in tags(one)


def test_evidence_is_capped():
    """A paper that repeats itself does not drag a page of evidence along."""
    text = "Patients with stroke had no stroke volume. " * 40
    sections = [(label, text) for label in ("BACKGROUND", "AIM", "METHODS", "RESULTS", "CONCLUSIONS")]
    evidence = tags(paper("Stroke, stroke and stroke volume", *sections))["stroke"].evidence
    assert len(evidence) <= 11


def test_the_rule_files_are_in_the_package():
    """The shipped rules come as files of the package, in a fixed order."""
    names = [name for name, _ in shipped()]
    assert names == sorted(names)
    assert "study.toml" in names


def test_the_rules_are_grown_only_when_a_paper_is_read():
    """Commands that only look names up do not pay for the trie."""
    rules = tagging.load()
    rules.resolve("tbi")
    assert "tries" not in vars(rules)
    tagging.tag(BASE, rules)
    assert "tries" in vars(rules)


def test_lint_finds_a_lower_threshold_above_the_upper_one():
    """A tag that could not be given at its own threshold is told."""
    rules = tagging.load([("mine", "[tag.mood]\nthreshold = 1\npossible = 2\n")])
    assert "mood: possible (2) is above threshold (1)" in tagging.lint(rules)


def test_how_many_hits_of_a_zone_count_is_the_rules_own():
    """Two by default, `hits` otherwise."""
    head = (
        "[tag.toy]\nfacet = 'outcome'\nlabel = 'Toy'\nresults.1 = 'red; green; blue'\nthreshold = 9\npossible = 0.1\n"
    )
    text = paper("X", ("RESULTS", "red green blue"))
    for line, score in (("", 2), ("hits = 1\n", 1), ("hits = 3\n", 3)):
        assert tagging.explain(text, tagging.load([("mine", head + line)]), "toy").score == score


def test_of_equal_rank_the_one_further_above_its_threshold_is_primary():
    """A score is compared with what its own tag needs, not with the other's score."""
    text = paper("red green")
    head = "[facet.toys]\nlabel = 'Toys'\nexclusive = true\n"
    for slug, word, weight, threshold in (("a", "red", 6, 5), ("b", "green", 4, 2)):
        head += f"[tag.{slug}]\nfacet = 'toys'\nlabel = '{slug}'\nrank = 1\ntitle.{weight} = '{word}'\n"
        head += f"threshold = {threshold}\nbeside = '{'b' if slug == 'a' else 'a'}'\n"
    primary = [tag.slug for tag in tagging.tag(text, tagging.load([("mine", head)])) if tag.primary]
    assert primary == ["b"]


def test_what_a_protocol_plans_is_no_outcome():
    """The outcome facet says nothing of a protocol; `why` tells what took the tag away."""
    text = paper(
        "Drug X after stroke: study protocol for a randomized trial", ("METHODS", "Mortality will be assessed.")
    )
    why = tagging.explain(text, RULES, "mortality")
    assert (why.state, why.removed) == ("absent", "unless protocol is primary")


def test_a_letter_that_is_a_trial_is_filed_as_a_trial():
    """Two publication types: what kind of evidence it is comes before the form in which it was printed."""
    letter = Paper(pmid=1, title="X", publication_types=(PublicationType("Letter"), PublicationType("Case Reports")))
    tags = {tag.slug: tag.primary for tag in tagging.tag(letter, RULES)}
    assert tags == {"case-report": True, "editorial-letter": False, "human": False}
    comment = replace(
        letter, title="Comment on: a randomized trial of X", publication_types=(PublicationType("Comment"),)
    )
    assert [tag.slug for tag in tagging.tag(comment, RULES) if tag.primary] == ["editorial-letter"]


def test_two_processes_tag_alike():
    """Same paper, same rules, same bytes, whatever the seed of Python's hashes: no set decides an order."""
    code = (
        "from reftrack import tagging; from reftrack.tagging.lint import example; rules = tagging.load();"
        "print(rules.hash, [tagging.tag(example(text), rules) for rule in rules.rules for text in rule.yes])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
    assert b"mortality" in said.pop()


UNGROWN = tagging.load()
WORDINGS = sorted({" ".join(way).translate({ord("="): None}) for phrase in RULES._found for way in parse(phrase)[0]})


@given(st.lists(st.sampled_from(WORDINGS), min_size=1, max_size=6), st.sampled_from([" ", ", ", ". ", " of the "]))
@settings(max_examples=100, deadline=None)
def test_a_paper_read_alone_is_read_the_same(wordings, between):
    """Phrases that a paper cannot hold are left out where one paper is read, and only those."""
    text = between.join(re.sub(r"~[0-9]+ |\*", "", wording).replace("#", "5") for wording in wordings)
    one = paper(
        text,
        ("METHODS", text.upper()),
        ("", text),
        ("FUNDING", text),
        conflict_of_interest=text,
        grants=(Grant(agency=text),),
        authors=(Author("Example", affiliations=(text,)),),
    )
    assert RULES.tries
    assert RULES.record
    assert findings(one, UNGROWN) == findings(one, RULES)
    assert not {"tries", "record"} & set(vars(UNGROWN))


@pytest.mark.parametrize("field", ["title", "vernacular_title", "journal", "keywords", "abstract"])
def test_every_text_of_a_paper_read_alone_counts(field):
    """A word that stands nowhere else is found in each of them."""
    rules = tagging.load(
        [("own.toml", "[tag.zeta]\nfacet = 'outcome'\nlabel = 'Zeta'\nany.2 = 'zetaword'\njournal.2 = 'zetaword'\n")]
    )
    given = {"keywords": (Keyword("zetaword"),), "abstract": (Section("RESULTS", "It had zetaword."),)}
    one = Paper(pmid=90000001, **{"title": "[No title]", field: given.get(field, "On zetaword")})
    assert [entry.field for entry in tagging.explain(one, rules, "zeta").evidence], field
    assert "tries" not in vars(rules)
