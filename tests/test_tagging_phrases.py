"""The language of phrases: what each sign matches, what it does not, and where a match stands in the text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reftrack.tagging.abbreviations import meaning
from reftrack.tagging.normalise import fold, key
from reftrack.tagging.phrases import Lexicon, PhraseError, Trie, beginnings, may_stand, parse
from reftrack.tagging.sections import (
    BACKGROUND,
    CONCLUSIONS,
    METHODS,
    OBJECTIVE,
    RESULTS,
    zone_of_label,
    zones_of_text,
)


def found(phrase, text):
    """What the phrase matches in the text, as the text has it."""
    trie = Trie(Lexicon())
    trie.add(phrase, ["entry"])
    read = trie.read(text)
    spans = [read.span(first, last) for _, first, last in trie.find(read)]
    return [text[start:end] for start, end in spans]


MATCHES = {
    "any case": ("stroke", "STROKE and Stroke", ["STROKE", "Stroke"]),
    "whole words only": ("rat", "rating, ratio, rate and rat", ["rat"]),
    "word ending": ("cognit*", "cognitive cognition recognition", ["cognitive", "cognition"]),
    "a capital is exact": ("MoCA", "moca MOCA MoCA", ["MoCA"]),
    "an exact stem": ("SAE*", "SAEs and saeculum", ["SAEs"]),
    "hyphen is a space": ("double-blind", "a double blind trial", ["double blind"]),
    "hyphen is a hyphen": ("double-blind", "a double-blind trial", ["double-blind"]),
    "hyphen is nothing": ("double-blind", "a doubleblind trial", ["doubleblind"]),
    "space is a hyphen": ("double blind", "a double-blind trial", ["double-blind"]),
    "space is not nothing": ("double blind", "a doubleblind trial", []),
    "choice": ("(brain|cerebral) edema", "brain edema, cerebral edema, lung edema", ["brain edema", "cerebral edema"]),
    "choice with an ending": ("(hemorrhag|rebleed)*", "rebleeding", ["rebleeding"]),
    "choice of several words": ("(guinea pig|rat) brain", "guinea pig brain", ["guinea pig brain"]),
    "optional": ("no (prior|) stroke", "no stroke, no prior stroke", ["no stroke", "no prior stroke"]),
    "gap": ("systematic ~2 review", "systematic literature review", ["systematic literature review"]),
    "gap too wide": ("systematic ~1 review", "systematic and critical review", []),
    "gap of none": ("systematic ~2 review", "systematic review", ["systematic review"]),
    "gap inside a choice": ("a (b ~1 c|d)", "a b x c", ["a b x c"]),
    "not followed by": ("randomized !to", "randomized to X; randomized trial", ["randomized"]),
    "not followed by a choice": ("randomized !(to|in*)", "randomized into groups", []),
    "not followed, at the end": ("randomized !to", "were randomized", ["randomized"]),
    "number": ("# year old", "a 65-year-old man", ["65-year-old"]),
    "number needs a digit": ("# year old", "a ten-year-old boy", []),
    "no match over a full stop": ("heat stroke", "exposed to heat. Stroke was rare", []),
    "no match over a semicolon": ("heat stroke", "exposed to heat; stroke was rare", []),
    "no gap over a full stop": ("random ~3 trial", "At random. A trial", []),
    "an abbreviation's point ends nothing": ("drug vs placebo", "drug vs. placebo", ["drug vs. placebo"]),
    "over a bracket": ("drug x", "drug (X)", ["drug (X"]),
    "British text": ("randomiz*", "randomised", ["randomised"]),
    "British rule": ("haemorrhag*", "hemorrhagic", ["hemorrhagic"]),
    "oe": ("edema", "oedema", ["oedema"]),
    "our": ("tumor*", "tumours", ["tumours"]),
    "Greek in the text": ("tnf alpha", "TNF-α rose", ["TNF-α"]),
    "Greek in the rule": ("IL-1β", "IL-1beta", ["IL-1beta"]),
    "Greek glued": ("abeta*", "Aβ42 fell", ["Aβ42"]),
    "Cyrillic": ("инсульт*", "После Инсульта", ["Инсульта"]),
    "overlapping matches": ("(a b|b c)", "a b c", ["a b", "b c"]),
    "twice": ("stroke", "stroke stroke", ["stroke", "stroke"]),
    "empty text": ("stroke", "", []),
}


@pytest.mark.parametrize(("phrase", "text", "expected"), MATCHES.values(), ids=MATCHES)
def test_a_phrase_matches(phrase, text, expected):
    """Every sign of the language matches what the language says, and nothing else."""
    assert sorted(found(phrase, text)) == sorted(expected)


WRONG = {
    "open bracket": "(a|b",
    "nested brackets": "((a|b)|c)",
    "a gap first": "~2 review",
    "a gap last": "systematic ~2",
    "two gaps": "a ~2 ~3 b",
    "star inside": "cog*tion",
    "no letters": "- b",
    "strange sign": "a $ b",
    "not followed by two words": "a !(b c)",
    "too many wordings": " ".join(["(a|b|c|d|e|f)"] * 5),
    "nothing": "(|)",
}


@pytest.mark.parametrize("phrase", WRONG.values(), ids=WRONG)
def test_a_wrong_phrase_is_refused(phrase):
    """What the language does not have is an error, never a phrase that silently never matches."""
    with pytest.raises(PhraseError):
        parse(phrase)


@given(st.text(), st.text())
def test_spans_point_into_any_text(before, after):
    """Whatever Unicode surrounds a word, its span is exactly the word."""
    text = f"{before} stroke {after}"
    spans = found("stroke", text)
    assert "stroke" in spans
    assert all(fold(span) == "stroke" for span in spans)


@given(st.text())
def test_every_word_has_a_span(text):
    """The places of a text's words ascend, and no word is empty."""
    read = Trie(Lexicon()).read(text)
    spans = [read.span(place, place) for place in range(len(read.words))]
    assert all(start < end for start, end in spans)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))


def test_a_full_lexicon_answers_the_same(monkeypatch):
    """A full memory of words takes no more; matches do not change."""
    monkeypatch.setattr("reftrack.tagging.phrases._MOST_REMEMBERED", 3)
    trie = Trie(Lexicon())
    trie.add("stroke unit*", ["entry"])
    text = "one two three four stroke units five six seven stroke unit eight"
    assert len(trie.find(trie.read(text))) == 2
    assert len(trie.lexicon) <= 5


@pytest.mark.parametrize(
    "spellings",
    [("Ischaemic Stroke", "ischemic-stroke", "ischaemic_stroke"), ("TNF-α", "tnf alpha")],
    ids=["British", "Greek"],
)
def test_spellings_share_a_key(spellings):
    """Names that differ in case, hyphens, British spelling or Greek are looked up alike."""
    assert len({key(spelling) for spelling in spellings}) == 1


LABELS = {
    "Material and Methods": METHODS,
    "MATERIALS & METHODS": METHODS,
    "Results and discussion": RESULTS,
    "RESULTS": RESULTS,
    "Main outcome measures": METHODS,
    "Background/Aims": BACKGROUND,
    "PURPOSE OF REVIEW": OBJECTIVE,
    "AUTHORS' CONCLUSIONS": CONCLUSIONS,
    "Патиенты и методы": METHODS,
    "РЕЗУЛЬТАТЫ": RESULTS,
}


@pytest.mark.parametrize("label", LABELS)
def test_a_label_names_its_zone(label):
    """The label's text decides, whatever NLM's category says."""
    assert zone_of_label(label, "UNASSIGNED") == LABELS[label]


def test_the_category_helps_only_without_a_label():
    """NLM's category counts only where the journal gave no label."""
    assert zone_of_label("", "RESULTS") == RESULTS
    assert zone_of_label("Funding", "RESULTS") == 0


def zones(text, cues=()):
    """The zone of each sentence of an unlabelled abstract."""
    read = Trie(Lexicon()).read(text)

    def quote(first, last):
        start, end = read.span(first, last)
        return text[start:end]

    return [zone for _, zone in zones_of_text(read, cues, quote)]


def test_headings_inside_a_text_are_zones():
    """A "RESULTS:" inside a single section begins the results."""
    text = "BACKGROUND: It is rare. METHODS: We looked. RESULTS: It was there."
    assert zones(text) == [BACKGROUND, METHODS, RESULTS]


def test_place_and_cues_decide_without_headings():
    """The first sentences are background and the last one is the conclusion, unless a cue word says otherwise."""
    text = "One is. Two is. Three is. Four is. Five is. Six is. Seven is."
    assert zones(text)[0] == BACKGROUND
    assert zones(text)[-1] == CONCLUSIONS
    assert zones(text, [(0, RESULTS)])[0] == RESULTS


MEANINGS = {
    "plain": ("TBI", "after traumatic brain injury (TBI) in", "traumatic brain injury"),
    "hyphens": ("BBB", "the blood-brain barrier (BBB).", "blood-brain barrier"),
    "with a tail": ("ICH", "intracerebral hemorrhage (ICH; n = 3)", "intracerebral hemorrhage"),
    "elsewhere defined": ("TBI", "total body irradiation (TBI)", "total body irradiation"),
    "never defined": ("TBI", "TBI was common (TBIs)", ""),
    "letters that do not fit": ("XYZ", "some other words (XYZ)", ""),
}


@pytest.mark.parametrize(("short", "text", "expected"), MEANINGS.values(), ids=MEANINGS)
def test_an_abbreviation_means_what_the_paper_says(short, text, expected):
    """The words before the bracket are the long form, or there is none."""
    assert meaning(short, [text]) == expected


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        *((phrase, text) for phrase, text, matched in MATCHES.values() if matched),
        ("rat*", "rats"),
        ("haem*", "hemorrhage"),
        ("ischaemic stroke", "ischemic stroke"),
        ("ischemic stroke", "ischaemic stroke"),
        ("anti(body|bodies)", "antibodies"),
        ("stroke !unit", "a stroke"),
        ("stroke !(unit|care)", "a stroke"),
        ("TIA", "a TIA, again"),
        ("mRS", "the mRS-score"),
        ("ABCD*", "ABCDs"),
        ("Ab*", "Abc"),
        ("(brain|Rankin) (edema|scale|)", "the Rankin scale"),
        ("(brain|) edema", "an edema"),
        ("(no|without) ~2 (conflict|conflicts) !(of|from)", "without any conflict"),
        ("non(fatal|-fatal) stroke", "nonfatal stroke"),
    ],
)
def test_what_a_text_holds_may_stand_in_it(phrase, text):
    """Whoever reads one paper leaves out phrases unread: never one that is found."""
    assert found(phrase, text)
    assert may_stand(phrase, beginnings([text]))


@pytest.mark.parametrize(
    "phrase",
    [
        "stroke unit",
        "cognit* stroke",
        "stroke (care|) bundle",
        "haemat* stroke",
        "TIA",
        "CO",
        "Strok* a",
        "a (care|unit)",
        "(Stroke|strokes) !(of|from)",
    ],
)
def test_what_lacks_a_word_may_not_stand(phrase):
    """Else nothing would be left out."""
    assert not may_stand(phrase, beginnings(["a stroke", "co"]))
