"""Registry numbers are found in every spelling, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reftrack.registries import POOLED, marks, normal, numbers_in


def found(text):
    return [mark.number for mark in numbers_in(text)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("(ClinicalTrials.gov: NCT00000001)", "NCT00000001"),
        ("nct00000001.", "NCT00000001"),
        ("NCT 00000001 was", "NCT00000001"),
        ("NCT-00000001", "NCT00000001"),
        ("NCT\u201300000001", "NCT00000001"),
        ("NCT: 0000 0001;", "NCT00000001"),
        ("NCT No. 00000001", "NCT00000001"),
        ("https://clinicaltrials.gov/show/NCT00000001", "NCT00000001"),
        ("ISRCTN 12345678", "ISRCTN12345678"),
        ("EudraCT number 2005-001234-12", "2005-001234-12"),
        ("EudraCT 2005\u2013001234\u201312", "2005-001234-12"),
        ("EU CT 2022-501234-12-00", "2022-501234-12"),
        ("ChiCTR\u2013TRC\u201309000416", "ChiCTR-TRC-09000416"),
        ("ChiCTR1800012345", "ChiCTR1800012345"),
        ("DRKS-ID: DRKS00012345", "DRKS00012345"),
        ("UMIN-CTR: UMIN000012345", "UMIN000012345"),
        ("UMIN 000012345", "UMIN000012345"),
        ("jRCTs031180123", "jRCTs031180123"),
        ("JapicCTI-123456", "JapicCTI-123456"),
        ("ACTRN12605000057639", "ACTRN12605000057639"),
        ("CTRI/2010/091/000123", "CTRI/2010/091/000123"),
        ("IRCT20130211 12430N1".replace(" ", ""), "IRCT2013021112430N1"),
        ("NTR1234", "NTR1234"),
        ("Netherlands Trial Register NL7654", "NL7654"),
        ("KCT0001234", "KCT0001234"),
        ("PACTR201501000963190", "PACTR201501000963190"),
        ("SLCTR/2015/012", "SLCTR/2015/012"),
        ("TCTR20190101001", "TCTR20190101001"),
        ("RBR-2c7r9g", "RBR-2c7r9g"),
        ("RPCEC00000123", "RPCEC00000123"),
    ],
)
def test_a_number_has_one_spelling(text, number):
    """Lower case, dashes, spaces and words between letters and digits all come to the registry's own spelling."""
    assert found(text) == [number]
    assert normal(number)[0] == number  # and it is its own


@pytest.mark.parametrize(
    "text",
    [
        "grant U01NCT00000001",  # within a longer word
        "NCT000000012",  # a digit too many
        "NCT0000001",  # one too few
        "NCT10000001",  # none begins so
        "grants 2005-001234-12 and 2022-501234-12",  # the shape alone is that of many things
        "p75NTR1234 and p75NTR",
        "NL7654 cells",
        "the NTR 100 strain",
        "UM1 NS012345 and R01-NS-1234567",
        "number NCT0\n\nRESULTS: 0000001 patients",  # across sections
        "a distinct 12345678 function",
        "ISRCTN registry, 12345678 visits",
    ],
)
def test_what_is_no_number_is_not_taken_for_one(text):
    """A grant, a receptor, half a number, and digits across two sections are none."""
    assert found(text) == []


def test_several_numbers_each_once_a_field_with_their_place():
    """Each number of title, abstract and record is named once a field, with the characters that hold it."""
    title, abstract = "Trial NCT00000001", "NCT00000001, nct 00000002 and NCT00000001"
    given_marks = marks(title, abstract, [("ClinicalTrials.gov", "NCT00000002"), ("ISRCTN", "12345678")])
    assert [(mark.number, mark.field) for mark in given_marks] == [
        ("NCT00000002", "record"), ("ISRCTN12345678", "record"), ("NCT00000001", "title"),
        ("NCT00000001", "abstract"), ("NCT00000002", "abstract"),
    ]  # fmt: skip
    texts = {"title": title, "abstract": abstract}
    shown = [texts[mark.field][mark.start : mark.end] for mark in given_marks if mark.field in texts]
    assert shown == ["NCT00000001", "NCT00000001", "nct 00000002"]


@pytest.mark.parametrize(
    ("title", "pooled"),
    [
        ("Examplin after stroke: a pooled analysis of two trials", True),
        ("Examplin: an individual patient data meta-analysis", True),
        ("Whirlpool baths after stroke: a randomized trial", False),
        ("An integrated analysis of 3 trials", True),
        ("Analysis of walking: a randomized trial", False),
    ],
)
def test_a_title_says_that_trials_were_put_together(title, pooled):
    """Only words that mean it mark a title as a pooled analysis."""
    assert (POOLED in [mark.number for mark in marks(title, "", [])]) == pooled


@given(st.text(), st.text())
def test_any_text_can_be_read(title, abstract):
    """No text breaks the reading, every place is inside its text, and what is found is a number by itself."""
    for mark in marks(title, abstract, [("ISRCTN", title)]):
        assert 0 <= mark.start <= mark.end <= len({"title": title, "abstract": abstract}.get(mark.field, ""))


@given(st.integers(0, 9_999_999), st.sampled_from(["", " ", "-", ": ", " No. "]), st.booleans())
def test_spelling_does_not_matter(number, between, low):
    """However the letters and digits are put together, one number comes out."""
    text = f"see NCT{between}0{number:07}."
    assert found(text.lower() if low else text) == [f"NCT0{number:07}"]
