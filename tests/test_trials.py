"""Reports come together by trial, whatever their order, and what is no report changes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reftrack.trials import HandTrial, Report, group, role_of

A, B, C = ("NCT00000001", "ClinicalTrials.gov"), ("NCT00000002", "ClinicalTrials.gov"), ("ISRCTN12345678", "ISRCTN")
E = ("2005-001234-12", "EudraCT")


def report(pmid, *numbers, role="results", recorded=()):
    return Report(pmid, role, tuple((*number, number in recorded) for number in numbers))


def trials(*reports, links=(), hands=None):
    done = group(reports, links, hands)
    return {pmid: trial for pmid, trial in done.trial.items() if trial in done.counted}


def test_one_number_is_one_trial_whatever_the_role():
    """Results, a secondary analysis, a protocol and an erratum of one number are one trial."""
    roles = ("results", "secondary", "protocol", "erratum", "other", "translation")
    assert set(trials(*(report(n, A, role=role) for n, role in enumerate(roles, 1))).values()) == {A[0]}


def test_numbers_of_two_registries_in_one_report_are_one_trial():
    """What one paper ties, other papers with either number share; the name is that of the first registry."""
    found = trials(report(1, E, A), report(2, E), report(3, A), report(4, B))
    assert found == {1: A[0], 2: A[0], 3: A[0], 4: B[0]}


def test_two_numbers_of_one_registry_are_two_trials():
    """A report on two trials ties nothing, and counts as one of them."""
    found = trials(report(1, A, B), report(2, B), report(3, A))
    assert found == {1: A[0], 2: B[0], 3: A[0]}


def test_the_record_is_believed_before_the_words():
    """Where the record names one number and the text two, the record's is the paper's own."""
    assert trials(report(1, A, B, recorded=[B])) == {1: B[0]}


def test_ties_do_not_chain_two_numbers_of_one_registry():
    """NCT A = ISRCTN and ISRCTN = NCT B would make A and B one: then no tie among them is believed."""
    assert trials(report(1, A, C), report(2, C, B), report(3, C)) == {1: A[0], 2: B[0], 3: C[0]}


@pytest.mark.parametrize("role", ["pooled", "mention"])
def test_a_pooled_analysis_merges_and_counts_nothing(role):
    """A paper that names several trials leaves them apart; a trial that only such a paper names counts as none."""
    found = trials(report(1, A), report(2, C), report(3, A, C, E, role=role))
    assert found == {1: A[0], 2: C[0]}
    assert group([report(3, A, C, role=role)]).naming == {A[0]: {3}, C[0]: {3}}


def test_a_secondary_analysis_of_two_trials_is_of_neither():
    """A secondary analysis that names two trials is a pooled one."""
    assert trials(report(1, A), report(2, A, B, role="secondary")) == {1: A[0]}


def test_without_a_number():
    """Results alone are a trial by themselves; a protocol, a secondary analysis, an erratum are none."""
    roles = ("results", "results", "protocol", "secondary", "erratum", "other", "pooled")
    assert trials(*(report(n, role=role) for n, role in enumerate(roles, 1))) == {1: "PMID 1", 2: "PMID 2"}


def test_an_erratum_alone_is_no_trial():
    """Of a trial of which only an erratum is held nothing is counted."""
    assert trials(report(1, A, role="erratum")) == {}


def test_links_lead_to_the_report():
    """An erratum and a republication without a number stand with the paper that PubMed links them to."""
    held = [report(1, A), report(2, role="erratum"), report(3), report(4), report(5)]
    links = [(2, 1, "erratum"), (3, 1, "translation"), (5, 4, "translation")]
    done = group(held, links)
    assert trials(*held, links=links) == {1: A[0], 2: A[0], 3: A[0], 4: "PMID 4", 5: "PMID 4"}
    assert [done.role[pmid] for pmid in range(1, 6)] == ["results", "erratum", "translation", "results", "translation"]


def test_a_copy_with_a_number_gives_it_to_the_original():
    """Of a preprint and its article one that names the trial is enough."""
    assert trials(report(1), report(2, A), links=[(2, 1, "translation")]) == {1: A[0], 2: A[0]}


def test_hands_win():
    """Joined, split and no report: what a person says counts before numbers, and for that paper alone."""
    hands = {1: HandTrial("join", B[0]), 2: HandTrial("alone"), 3: HandTrial("none"), 5: HandTrial("join", "PMID 6")}
    held = [report(1, A), report(2, A), report(3, A), report(4, A), report(5), report(6), report(7, B, C)]
    assert trials(*held, hands=hands) == {
        1: B[0], 2: "PMID 2", 4: A[0], 5: "PMID 6", 6: "PMID 6", 7: B[0],
    }  # fmt: skip


def test_papers_joined_in_a_ring_are_one_trial():
    """1 joined to 2 and 2 to 1 come to one trial, not to an endless search."""
    hands = {1: HandTrial("join", "PMID 2"), 2: HandTrial("join", "PMID 1"), 3: HandTrial("join", "PMID 2")}
    assert set(trials(report(1), report(2), report(3), hands=hands).values()) == {"PMID 1"}


def test_a_hand_makes_a_report_of_what_the_rules_take_for_none():
    """A paper that is tagged as a review and joined by hand is a report of that trial."""
    assert trials(report(1, role="pooled"), hands={1: HandTrial("join", A[0])}) == {1: A[0]}


@pytest.mark.parametrize(
    ("primary", "secondary", "pooled", "role"),
    [
        ("rct", False, False, "results"), ("nonrandomized-trial", False, False, "results"),
        ("rct", True, False, "secondary"), ("rct", False, True, "pooled"), ("meta-analysis", False, False, "pooled"),
        ("protocol", False, False, "protocol"), ("correction", True, True, "erratum"),
        ("cohort", False, False, "other"),
        ("cohort", True, False, "secondary"), ("narrative-review", False, False, "mention"),
        ("", False, False, "other"),
        ("economic", False, False, "secondary"),
    ],
)  # fmt: skip
def test_roles(primary, secondary, pooled, role):
    """The role follows from the primary study type, the tag secondary-analysis and the title."""
    assert role_of(primary, secondary=secondary, pooled=pooled) == role


numbers = st.lists(st.tuples(st.sampled_from([A, B, C, E, ("DRKS00000001", "DRKS")]), st.booleans()), max_size=3)
roles = st.sampled_from(["results", "results", "secondary", "protocol", "other", "erratum", "pooled", "mention"])
pmids = st.integers(1, 9)
libraries = st.dictionaries(pmids, st.tuples(numbers, roles), max_size=9).map(
    lambda made: [
        Report(pmid, role, tuple({number: (*number, told) for number, told in named}.values()))
        for pmid, (named, role) in made.items()
    ]
)
linked = st.lists(st.tuples(pmids, pmids, st.sampled_from(["erratum", "translation"])), max_size=4)
said = st.dictionaries(
    pmids,
    st.one_of(
        st.builds(HandTrial, st.just("join"), st.sampled_from([A[0], C[0], "NCT09999999", "PMID 1", "PMID 5"])),
        st.builds(HandTrial, st.sampled_from(["alone", "none"])),
    ),
    max_size=3,
)


@given(libraries, linked, said, st.randoms())
def test_the_order_of_papers_does_not_matter(held, links, hands, random):
    """Whatever order papers and links come in, they come to the same trials and roles."""
    mixed, turned = list(held), list(links)
    random.shuffle(mixed)
    random.shuffle(turned)
    assert group(held, links, hands) == group(mixed, turned, dict(reversed(hands.items())))


@given(libraries, linked, said, numbers, st.sampled_from(["pooled", "mention"]))
def test_a_pooled_paper_changes_no_trial(held, links, hands, named, role):
    """A pooled analysis or a review that comes, whatever it names, leaves every paper in its trial."""
    new = Report(99, role, tuple({number: (*number, told) for number, told in named}.values()))
    assert trials(*held, links=links, hands=hands) == trials(*held, new, links=links, hands=hands)


def test_an_erratum_lends_nobody_its_number():
    """Linked as a translation of a paper without a number, an erratum makes no trial of that paper."""
    held = [Report(1, "secondary", ()), Report(2, "erratum", ((*A, "record"),))]
    assert trials(held[0], links=[(2, 1, "translation")]) == trials(*held, links=[(2, 1, "translation")]) == {}


@given(libraries, linked)
def test_what_is_no_result_is_no_further_trial(held, links):
    """Errata, and reports without a number, never make more trials than there were without them."""
    fewer = [one for one in held if one.role not in ("erratum", "pooled", "mention")]
    assert len(set(trials(*held, links=links).values())) <= len(set(trials(*fewer, links=links).values()))
