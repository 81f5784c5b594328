"""Sentences that mislead a tagger, each with what it must and must not be. All are made up."""

import pytest

from reftrack import tagging
from reftrack.library.writing import Library
from reftrack.model import Correction, HandTag, Heading, OtherAbstract, Paper, PublicationType, Section


@pytest.fixture(scope="module")
def rules():
    return tagging.load()


def paper(title, *, sections=(), mesh=(), types=(), **more):
    return Paper(
        pmid=90000001,
        title=title,
        abstract=tuple(Section(label, text) for label, text in sections),
        mesh=tuple(Heading(name, major=True) for name in mesh),
        publication_types=tuple(PublicationType(name) for name in types),
        **more,
    )


def slugs(one, rules):
    return {tag.slug for tag in tagging.tag(one, rules) if tag.state == "tagged"}


def primary(one, rules):
    return next((tag.slug for tag in tagging.tag(one, rules) if tag.primary), "")


TRIAL = "Drug X after stroke: a randomized controlled trial"
RESULT = "Drug X in adults"

TRAPS = {
    "stroke volume": (paper("Drug X and stroke volume in heart failure"), set(), {"stroke"}),
    "heat stroke": (paper("Heat stroke in runners"), set(), {"stroke"}),
    "MeSH Stroke Volume": (paper("Drug X", mesh=["Stroke Volume"]), set(), {"stroke"}),
    "MeSH Heat Stroke": (paper("Drug X", mesh=["Heat Stroke"]), set(), {"stroke"}),
    "MeSH Stroke": (paper("Drug X", mesh=["Stroke"]), {"stroke"}, set()),
    "rating and ratio are no rats": (
        paper("Rating the odds ratio", sections=[("METHODS", "The rate and the rating were compared.")]),
        set(),
        {"rat", "animal"},
    ),
    "Rat Man": (paper("The Rat Man: an essay"), set(), {"rat", "animal"}),
    "porcine peptides are no animal study": (
        paper(
            "Drug X after stroke",
            sections=[("METHODS", "Drug X, porcine brain-derived peptides, was given to patients with stroke.")],
        ),
        {"stroke"},
        {"animal"},
    ),
    "rats randomly divided": (
        paper("Drug X in rats", sections=[("METHODS", "Male Wistar rats were randomly divided into two groups.")]),
        {"animal", "rat"},
        {"rct", "human"},
    ),
    "an animal study with a trial's title": (
        paper("Prospective, randomized, blinded, placebo-controlled study of drug X in a rat model of brain injury"),
        {"animal"},
        {"rct"},
    ),
    "randomised trials are needed": (
        paper("Drug X in stroke", sections=[("CONCLUSIONS", "Further randomised trials are needed.")]),
        set(),
        {"rct"},
    ),
    "non-randomised": (paper("A non-randomised trial of drug X"), {"nonrandomized-trial"}, {"rct"}),
    "Mendelian randomisation": (paper("Stroke risk: a Mendelian randomisation study"), set(), {"rct"}),
    "randomly selected": (
        paper("Falls at home", sections=[("METHODS", "Households were randomly selected from a list.")]),
        set(),
        {"rct"},
    ),
    "per-protocol": (
        paper(TRIAL, sections=[("RESULTS", "The per-protocol analysis agreed; protocol violations were rare.")]),
        {"rct"},
        {"protocol"},
    ),
    "chart review": (
        paper("Drug X in stroke: a retrospective chart review"),
        {"cohort"},
        {"narrative-review", "systematic-review"},
    ),
    "Institutional Review Board": (
        paper(TRIAL, sections=[("METHODS", "The Institutional Review Board agreed.")]),
        {"rct"},
        {"narrative-review"},
    ),
    "case report and literature review": (
        paper("Stroke after drug X: case report and literature review"),
        {"case-report"},
        {"systematic-review"},
    ),
    "no difference in mortality is an outcome": (
        paper(RESULT, sections=[("RESULTS", "There was no significant difference in mortality.")]),
        {"mortality"},
        set(),
    ),
    "leading cause of death, without labels": (
        paper(
            "Drug X in stroke",
            sections=[("", "Stroke is the leading cause of death worldwide. We tested drug X. Gait improved.")],
        ),
        {"stroke"},
        {"mortality"},
    ),
    "leading cause of death": (
        paper("Drug X after stroke", sections=[("BACKGROUND", "Stroke is a leading cause of death.")]),
        {"stroke"},
        {"mortality"},
    ),
    "neuronal death": (
        paper("Drug X in rats", sections=[("RESULTS", "Neuronal death was reduced.")]),
        {"neuroprotection"},
        {"mortality"},
    ),
    "spreading depression": (
        paper(RESULT, sections=[("RESULTS", "Cortical spreading depression was shorter.")]),
        set(),
        {"mood"},
    ),
    "cognitive behavioural therapy": (
        paper("Cognitive behavioural therapy for pain", sections=[("RESULTS", "Cognitive-behavioral therapy helped.")]),
        set(),
        {"cognition"},
    ),
    "GCS as inclusion": (
        paper("Drug X in head injury", sections=[("METHODS", "Patients with a GCS score of 7-12 were enrolled.")]),
        {"tbi"},
        {"consciousness"},
    ),
    "GCS 7-12": (
        paper("Drug X in head injury", sections=[("METHODS", "Included were adults (GCS 7-12) within 6 h.")]),
        {"tbi"},
        {"consciousness"},
    ),
    "BBB score": (
        paper(
            "Drug X after spinal cord injury",
            sections=[("RESULTS", "The BBB score rose. Basso, Beattie and Bresnahan (BBB) scores agreed.")],
        ),
        {"other-condition"},
        {"blood-brain-barrier"},
    ),
    "BBB barrier": (
        paper(RESULT, sections=[("RESULTS", "Blood-brain barrier (BBB) leakage fell, and BBB proteins rose.")]),
        {"blood-brain-barrier"},
        set(),
    ),
    "BBB score never written out": (
        paper("Drug X after spinal cord injury in rats", sections=[("RESULTS", "The BBB score improved.")]),
        {"animal"},
        {"blood-brain-barrier"},
    ),
    "TBI as irradiation": (
        paper("TBI before transplantation", sections=[("METHODS", "All had total body irradiation (TBI).")]),
        set(),
        {"tbi"},
    ),
    "the neurotrophic drug": (
        paper(
            "The neurotrophic drug Cerebrolysin after stroke",
            sections=[("BACKGROUND", "Cerebrolysin is a neurotrophic agent."), ("RESULTS", "Gait improved.")],
        ),
        {"cerebrolysin", "motor", "stroke"},
        {"neurotrophic-factors"},
    ),
    "BDNF measured": (
        paper(RESULT, sections=[("RESULTS", "Serum BDNF rose.")]),
        {"neurotrophic-factors"},
        set(),
    ),
    "bracketed title without abstract": (paper("[Drug X in ischemic stroke.]"), {"ischemic-stroke"}, {"rct"}),
    "erratum of a trial": (
        paper(f"Correction to: {TRIAL}", types=["Published Erratum"]),
        {"correction"},
        {"rct"},
    ),
    "erratum known by its link": (
        paper(TRIAL, corrections=(Correction("ErratumFor", "J Example. 2020;1:1", 90000002),)),
        {"correction"},
        {"rct"},
    ),
    "a corrected trial is no correction": (
        paper(TRIAL, corrections=(Correction("ErratumIn", "J Example. 2020;1:2", 90000002),)),
        {"rct"},
        {"correction"},
    ),
    "Cochrane protocol": (
        paper(
            "Drug X for acute stroke",
            journal="Cochrane Database Syst Rev",
            sections=[("", "This is the protocol for a review and there is no abstract.")],
        ),
        {"stroke", "protocol"},
        set(),
    ),
    "Cochrane review": (
        paper(
            "Drug X for acute stroke",
            journal="The Cochrane database of systematic reviews",
            sections=[("SELECTION CRITERIA", "Randomised controlled trials of drug X.")],
        ),
        {"systematic-review"},
        {"protocol", "rct"},
    ),
    "Cochrane update": (
        paper(
            "Drug X for acute stroke",
            journal="Cochrane Database Syst Rev",
            sections=[("BACKGROUND", "This is an update of a Cochrane review first published in 2005.")],
        ),
        {"systematic-review"},
        {"protocol", "correction"},
    ),
    "Cochrane protocol without labels": (
        paper(
            "Drug X for acute stroke",
            journal="Cochrane Database Syst Rev",
            sections=[
                ("", "This is a protocol for a Cochrane Review. The objectives are as follows: To assess drug X.")
            ],
        ),
        {"protocol", "stroke"},
        set(),
    ),
    "a review that says what it will do": (
        paper(
            "Drug X in stroke: a review",
            sections=[
                ("", "In this review we will discuss drug X. We will describe its history. We will argue for it.")
            ],
            types=["Review"],
        ),
        {"narrative-review"},
        {"protocol"},
    ),
    "a correction in a method": (
        paper("Partial volume correction in brain imaging", sections=[("", "We compared five methods.")]),
        set(),
        {"correction"},
    ),
    "health technology assessment": (
        paper("Efficacy, safety and cost-effectiveness of drug X in stroke: a health technology assessment"),
        {"systematic-review", "economic"},
        {"rct", "nonrandomized-trial"},
    ),
    "open label": (paper("Drug X after stroke: an open-label study"), {"nonrandomized-trial"}, {"rct"}),
    "a title in Russian": (
        paper("[Not translated]", vernacular_title="Применение препарата X у больных с черепно-мозговой травмой"),
        {"tbi", "nonrandomized-trial"},
        {"rct"},
    ),
    "a trial in Russian": (
        paper(
            "[Not translated]",
            vernacular_title="Рандомизированное двойное слепое исследование препарата X при инсульте",
        ),
        {"stroke", "rct"},
        set(),
    ),
    "animals without a species": (
        paper(
            "Drug X reduces infarct volume after MCAO",
            sections=[("", "Drug X was given 2 h after middle cerebral artery occlusion. Animals were sacrificed.")],
        ),
        {"animal", "ischemic-stroke", "infarct-volume"},
        {"human"},
    ),
    "post hoc analysis of a trial": (
        paper("Drug X in severe stroke: post hoc analysis of the ABC trial"),
        {"rct", "secondary-analysis"},
        {"nonrandomized-trial"},
    ),
    "a protocol's endpoints": (
        paper("Drug X after stroke: study protocol", sections=[("METHODS", "Mortality will be assessed at day 90.")]),
        {"protocol"},
        {"mortality"},
    ),
    "a growth factor that was given": (
        paper(
            "Effects of NGF and drug X in rats",
            sections=[("METHODS", "Rats had NGF infusion."), ("RESULTS", "Gait improved.")],
        ),
        {"animal", "motor"},
        {"neurotrophic-factors"},
    ),
    "data that were split at random": (
        paper(
            "Predicting stroke", sections=[("METHODS", "Patients were randomly divided into training and test sets.")]
        ),
        {"stroke"},
        {"rct"},
    ),
    "trials as topic": (
        paper("Drug X", mesh=["Randomized Controlled Trials as Topic"]),
        set(),
        {"rct"},
    ),
    "label Material and Methods": (
        paper(RESULT, sections=[("Material and Methods", "The modified Rankin Scale was the outcome.")]),
        {"disability"},
        set(),
    ),
    "label RESULTS that NLM left unassigned": (
        Paper(
            pmid=90000001,
            title=RESULT,
            abstract=(
                Section("BACKGROUND", "Cognition declines.", "UNASSIGNED"),
                Section("RESULTS", "Mortality was lower.", "UNASSIGNED"),
            ),
        ),
        {"mortality"},
        {"cognition"},
    ),
    "label Results and discussion": (
        paper(RESULT, sections=[("Results and discussion", "Mortality was lower.")]),
        {"mortality"},
        set(),
    ),
    "ruled out is no condition": (
        paper(
            "Drug X in migraine", sections=[("METHODS", "We excluded patients with a history of stroke or dementia.")]
        ),
        {"other-condition"},
        {"stroke", "dementia"},
    ),
    "anti-mouse": (
        paper(
            "Drug X in cells", sections=[("METHODS", "Slides were stained with anti-mouse and rabbit anti-rat IgG.")]
        ),
        set(),
        {"mouse", "rat", "animal"},
    ),
    "hypertension and stroke": (
        paper("Salt, hypertension and stroke mortality", sections=[("RESULTS", "Salt raised it.")]),
        set(),
        {"adverse-events"},
    ),
    "a sister product": (paper("Cortexin after stroke"), {"stroke"}, {"cerebrolysin"}),
    "Russian title": (
        paper("[Drug X in ischemic stroke.]", vernacular_title="Церебролизин при ишемическом инсульте"),
        {"cerebrolysin", "ischemic-stroke"},
        set(),
    ),
    "empty section": (paper("Drug X in stroke", sections=[("RESULTS", "")]), {"stroke"}, set()),
}


@pytest.mark.parametrize(("one", "must", "must_not"), TRAPS.values(), ids=TRAPS)
def test_a_trap_is_avoided(one, must, must_not, rules):
    """The paper gets the tags it must, and none of those that its words only seem to say."""
    tagged = slugs(one, rules)
    assert must <= tagged
    assert not must_not & tagged


PRIMARIES = {
    "PT RCT": (paper("Drug X", types=["Journal Article", "Randomized Controlled Trial"]), "rct"),
    "PT Review and SR title": (paper("Drug X: a systematic review", types=["Review"]), "systematic-review"),
    "PT Review beats a trial's words": (paper("Double-blind trials of drug X", types=["Review"]), "narrative-review"),
    "PT RCT and protocol title": (
        paper("Drug X: study protocol for a randomized trial", types=["Randomized Controlled Trial"]),
        "protocol",
    ),
    "PT RCT on animals": (
        paper("Drug X in rats", types=["Randomized Controlled Trial"], mesh=["Animals", "Rats"]),
        "animal",
    ),
    "PT Letter": (paper("Drug X in stroke", types=["Letter"]), "editorial-letter"),
    "PT Case Reports": (paper("Stroke in a cohort", types=["Case Reports"]), "case-report"),
    "erratum with the trial's type": (
        paper(TRIAL, types=["Randomized Controlled Trial", "Published Erratum"]),
        "correction",
    ),
    "meta-analysis of trials": (paper("Drug X: a meta-analysis of randomized controlled trials"), "meta-analysis"),
    "post hoc": (paper("Drug X: a post hoc analysis of a randomized trial"), "rct"),
}


@pytest.mark.parametrize(("one", "expected"), PRIMARIES.values(), ids=PRIMARIES)
def test_one_study_type_is_primary(one, expected, rules):
    """Publication types beat text but for the known exceptions, and the rank decides among the rest."""
    assert primary(one, rules) == expected


def test_a_later_type_changes_the_tag(rules):
    """A paper that is indexed months later is another content, and its tags follow."""
    early = paper("Drug X helps")
    late = paper("Drug X helps", types=["Randomized Controlled Trial"])
    assert tagging.content_hash(early) != tagging.content_hash(late)
    assert primary(early, rules) == ""
    assert primary(late, rules) == "rct"


def test_secondary_analysis_stays_beside(rules):
    """A post hoc analysis keeps that tag beside its primary one."""
    tags = tagging.tag(paper("Drug X: a post hoc analysis of a randomized trial"), rules)
    assert {(tag.slug, tag.primary) for tag in tags if tag.facet == "study"} == {
        ("rct", True),
        ("secondary-analysis", False),
    }


def test_what_a_person_said_outlives_a_later_type(tmp_path):
    """The publication type comes months later: the rules' tag and its score change, the decision by hand stays."""
    early = paper("Drug X helps")
    late = paper("Drug X helps", types=["Randomized Controlled Trial"])
    rules = tagging.load()
    with Library.open(tmp_path / "reftrack.db", create=True) as library:
        library.set_vocabulary(rules.definitions)
        for each, is_known in ((early, False), (late, True)):
            with library.transaction():
                library.save(repr(each).encode(), each, source="pubmed", parser=1)
                library.set_rule_tags(each.pmid, tagging.tag(each, rules), content_hash="c", rules_hash=rules.hash)
                if each is early:
                    library.set_hand_tag(HandTag(each.pmid, "cohort", "add", "its method", "A. Reader"))
            (decided,) = library.decided()
            assert (decided.decision.slug, decided.decision.because) == ("cohort", "its method")
            score = library.connection.value("SELECT score FROM rule_tags WHERE tag = 'rct' AND state = 'tagged'")
            assert (score is not None) == is_known


def test_a_lone_bracketed_title_is_trusted_less(rules):
    """Where only a translated title is there, its words give no higher score than they do above an abstract."""
    title = "[Drug X in ischemic stroke: a double-blind study.]"
    lone = {tag.slug: tag.score for tag in tagging.tag(paper(title), rules)}
    whole = paper(title, sections=[("METHODS", "Patients had a double-blind study of ischemic stroke.")])
    more = {tag.slug: tag.score for tag in tagging.tag(whole, rules)}
    assert lone["rct"] < more["rct"]
    assert lone["ischemic-stroke"] < more["ischemic-stroke"]


def test_an_abstract_in_four_languages_says_what_one_says(rules):
    """Abstracts in other languages beside the English one add no tag and take none away."""
    english = (Section("RESULTS", "Mortality was lower."),)
    foreign = tuple(
        OtherAbstract("Publisher", language, (Section("", "Randomised trial in rats: depression and aphasia."),))
        for language in ("ger", "fre", "rus")
    )
    one = Paper(pmid=90000001, title=RESULT, abstract=english)
    four = Paper(pmid=90000001, title=RESULT, abstract=english, other_abstracts=foreign)
    assert slugs(four, rules) == slugs(one, rules)
    assert "mortality" in slugs(four, rules)


def test_three_versions_of_one_title_are_told_apart(rules):
    """Protocol, review and update of a Cochrane review have the same title and journal, and only one is a protocol."""
    texts = (
        "This is the protocol for a review and there is no abstract.",
        "We searched MEDLINE and included randomised trials of drug X.",
        "This is an update of a review. We searched MEDLINE and included randomised trials of drug X.",
    )
    found = [
        primary(paper("Drug X for stroke", journal="Cochrane Database Syst Rev", sections=[("", text)]), rules)
        for text in texts
    ]
    assert found == ["protocol", "systematic-review", "systematic-review"]


def test_a_very_long_abstract_is_read_to_its_end(rules):
    """What stands behind 20,000 characters counts."""
    long = "Nothing is here at all. " * 900 + "Mortality was lower."
    assert len(long) > 20_000
    assert "mortality" in slugs(paper(RESULT, sections=[("RESULTS", long)]), rules)
