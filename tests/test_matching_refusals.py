"""What cannot be read or judged is a QueryError that names the place and, where it can, the remedy; nothing else is."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papers import papers
from reftrack import matching
from reftrack.errors import QueryError
from reftrack.matching.text import fold, loosen

REFUSED = {
    "empty": ("", "it is empty (at character 1)"),
    "blank": (" \n\t", "it is empty"),
    "unknown tag": ("foo[titel]", "PubMed has no field [titel]; did you mean [ti] (Title)? (at character 4)"),
    "misspelled long tag": ("foo[Tilte/Abstract]", "did you mean [tiab] (Title/Abstract)?"),
    "no refused tag is suggested": ("foo[publicher id]", "did you mean [pubn] (Publisher)?"),
    "tag like none": ("foo[qqqqqq]", "no field [qqqqqq]; usual ones are [tiab]"),
    "empty tag": ("foo[]", "no field []"),
    "place on a later line": ("a[ti]\nOR b[xyz]", "(at line 2, character 5)"),
    "create date": ("2020[crdt]", "[crdt] (Date - Create) cannot be judged from a record"),
    "heading date": ("2020[mhda]", "[dcom] is close to it"),
    "action": ("x[pa]", "[pa] (Pharmacological Action) cannot be judged"),
    "place of publication": ("austria[pl]", "the journal's country is not kept"),
    "investigator": ("x[ir]", "investigators are not kept"),
    "unknown filter": ("free full text[sb]", "the filter “free full text” cannot be judged"),
    "tag without a term": ("[ti]", "no term stands before [ti] (at character 1)"),
    "two tags": ("a[ti][ab]", "no term stands before [ab] (at character 6)"),
    "tag after a bracket": ("(a OR b)[ti]", "write it after each term (at character 9)"),
    "bracket not closed": ("a AND (b OR c", "a bracket is never closed (at character 7)"),
    "bracket not opened": ("a) OR b", "a bracket was never opened (at character 2)"),
    "empty brackets": ("a AND ()", "nothing between two brackets (at character 7)"),
    "square bracket not closed": ("a[ti OR b", "a square bracket that is never closed, [ti OR b (at character 2)"),
    "square bracket not opened": ("a ti]", "a square bracket that was never opened, ] (at character 5)"),
    "quote not closed": ('a "b c', 'a quotation mark that is never closed, "b c (at character 3)'),
    "curly quote not closed": ("“brain", "a quotation mark that is never closed"),
    "operator first": ("OR a", "nothing stands before OR (at character 1)"),
    "NOT first": ("NOT a", "nothing stands before NOT"),
    "operator first in brackets": ("a AND (OR b)", "nothing stands before OR (at character 8)"),
    "operator last": ("a AND", "nothing follows AND (at character 6)"),
    "operator last in brackets": ("(a OR) AND b", "nothing follows OR (at character 6)"),
    "two operators": ("a OR AND b", "AND follows OR with nothing between them (at character 6)"),
    "OR NOT": ("a OR NOT b", "NOT follows OR"),
    "empty quotes": ('""[ti]', "“” holds nothing to search for (at character 1)"),
    "only punctuation": ("---", "--- holds nothing to search for"),
    "only a star": ("*[ti]", "“*” holds nothing to search for"),
    "history": ("#3 AND stroke", "#3 means an earlier search of your own"),
    "stem of three letters": ("cer*[ti]", "* needs 4 letters before it, “cer*” has fewer (at character 1)"),
    "short last word": ('"brain in*"[ti]', "* needs 4 letters before it"),
    "star after a space": ('"brain *"[ti]', "* needs 4 letters before it"),
    "star inside a word": ("isch*mia[ti]", "* can only end the last word of a term, not as in “isch*mia”"),
    "star before the last word": ('"brain* injury"[ti]', "* can only end the last word"),
    "two stars": ('"brain* injur*"[ti]', "* can only end the last word"),
    "untagged short stem": ("ab*", "* needs 4 letters before it"),
    "too many wildcards": (" OR ".join(["word*[ti]"] * 257), "it has 257 wildcards (*), PubMed refuses more than 256"),
    "distance without quotes": ("hip pain[ti:~2]", 'needs its words in quotes: "hip pain"[ti:~2] (at character 1)'),
    "distance for one word": ('"hip"[ti:~2]', "needs two words or more"),
    "distance in a field without": ('"hip pain"[tw:~2]', "a distance goes with [ti], [tiab] or [ad]"),
    "distance that is none": ('"hip pain"[ti:~x]', "after the colon only a distance can stand, as [ti:~3]"),
    "noexp in a field without": ("x[nm:noexp]", "[nm] takes nothing after a colon"),
    "suffix of a heading": ("x[mh:exp]", "only noexp can stand, as [mh:noexp]"),
    "no date": ("foo[dp]", "“foo” is not a date; write 2020, 2020/03 or 2020/03/15"),
    "date with dashes": ("2020-03-01[dp]", "“2020-03-01” is not a date"),
    "month 13": ("2020/13[dp]", "there is no date 2020/13 (at character 1)"),
    "day 31 of April": ("2020/04/31[dp]", "there is no date 2020/04/31"),
    "year 0": ("0000[dp]", "there is no date 0000"),
    "range backwards": ("2020:2015[dp]", "the range 2020:2015 runs backwards"),
    "range of nothing": ("x[ti] AND :[dp]", "holds nothing to search for"),
    "three dates": ("2010:2015:2020[dp]", "“2015:2020” is not a date"),
    "relative date": ('"last 5 years"[dp]', "depends on the day it is asked"),
    "no PMID": ("stroke[uid]", "“stroke” is not a PMID"),
    "endless PMID": ("9" * 5000 + "[uid]", "is not a PMID"),
    "PMIDs backwards": ("100:1[uid]", "the range 100:1 runs backwards"),
    "endless nesting": ("(a OR " * 5000 + "b" + ")" * 5000, "nested more than 100 deep"),
    "endless changes": ("a OR b AND " * 200 + "c", "nested more than 100 deep"),
}


@pytest.mark.parametrize(("term", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(term, message):
    """Each fault is one short sentence with its place."""
    with pytest.raises(QueryError) as caught:
        matching.compile_term(term)
    text = str(caught.value)
    assert message in text
    assert text.startswith("The query cannot be used: ")
    assert text.endswith(".")
    assert "\n" not in text
    assert len(text) < 400


def test_redundant_brackets_are_no_depth():
    """Brackets around brackets mean nothing and may be as many as one likes."""
    assert matching.compile_term("(" * 9000 + "a[ti]" + ")" * 9000).translation == '"a"[Title]'


def test_deepest_query_is_judged():
    """A query at the limit of depth is read, translated and judged."""
    matcher = matching.compile_term("(a[ti] OR " * 100 + "b[ti]" + ")" * 100)
    assert matching.compile_term(matcher.translation).translation == matcher.translation


def test_long_query_in_time():
    """30,000 characters, valid or not, take well under a second."""
    queries = [
        " OR ".join(f'"made up {number}"[tiab]' for number in range(1300)),
        "a " * 15000,
        "a" * 30000 + "[" + "b" * 30000 + "]",
        "2020 : " * 5000,
        '"' * 30001,
        "[ti]" * 8000,
        "and or not " * 3000,
    ]
    started = time.perf_counter()
    for query in queries:
        try:
            matching.compile_term(query)
        except QueryError:
            continue
    assert time.perf_counter() - started < 3  # 0.3 s here; a square of the length would be minutes


# Texts that look like queries: random characters would almost never get past the first one.
TAGS = st.sampled_from([*matching.FIELDS, "mh:noexp", "tiab:~2", "ad:~0", "titel", "dp:x", "", " TI "])
WORDS = st.sampled_from(
    ["a", "brain", "cerebr*", "of", "2020", "2019/12:2021", ":", "1:9", "o'brien j", "#1", "hasabstract"]
)
GLUE = st.sampled_from(
    [" AND ", " OR ", " NOT ", " ", "\n", " or ", "(", ")", '"', "“", "[", "]", " : ", "&", "*", "/", "~"]
)
LIKELY = st.lists(WORDS | GLUE | TAGS.map(lambda tag: f"[{tag}]") | st.text(max_size=3), max_size=25).map("".join)

TERMS = st.sampled_from(
    [
        *("made[ti]", "up[tiab]", '"a made up trial"[tiab]', "examplin", "head injur*[tiab]", "example[au]", "c[au]"),
        *("2020[dp]", "2020/02:2020/03[dp]", "90000001[uid]", "1:90000003[uid]", '"head up"[ti:~3]', "eng[la]"),
        *("journal article[pt]", "hasabstract", "stroke/dt[mh]", "(made[ti] OR b[ti])", "(a[ti] NOT c)", "a b"),
    ]
)


@st.composite
def queries(draw):
    """A query that can be read, with operators in a row and brackets here and there."""
    parts = draw(st.lists(TERMS, min_size=1, max_size=7))
    text = parts[0]
    for part in parts[1:]:
        text += draw(st.sampled_from([" AND ", " OR ", " NOT ", " "])) + part
        if draw(st.booleans()):
            text = f"({text})"
    return text


@settings(deadline=1000)
@given(st.text() | LIKELY, papers)
def test_any_text_is_judged_or_refused(term, one):
    """Whatever is written, the query answers with yes or no or is refused: no other exception, no endless time."""
    try:
        matcher = matching.compile_term(term)
    except QueryError:
        return
    assert matcher(one) in (True, False)


@settings(deadline=1000)
@given(st.text() | LIKELY | queries(), papers)
def test_translation_means_the_same(term, one):
    """Reading the translation gives the same answer, and the same translation."""
    try:
        matcher = matching.compile_term(term)
    except QueryError:
        return
    again = matching.compile_term(matcher.translation)
    assert again.translation == matcher.translation
    assert again(one) == matcher(one)


@given(queries(), papers)
def test_left_to_right(term, one):
    """`X NOT Y` finds what X finds and Y does not, whatever X is: so reading goes from left to right."""
    try:
        whole = matching.compile_term(f"{term} NOT made[ti]")
    except QueryError:
        return
    left, right = matching.compile_term(term), matching.compile_term("made[ti]")
    assert whole(one) == (left(one) and not right(one))


@given(st.text())
def test_no_word_is_lost_half_way(text):
    """Every word of a folded text stands in the half-folded one; the quick check relies on it."""
    loose = loosen(text)
    assert all(word in loose for word in fold(text).split() if word.isalnum())


@given(st.text())
def test_folding_twice_changes_nothing(text):
    """What was folded is folded: a word of a record and the same word in a query come out alike."""
    once = fold(text)
    if not set(once) & set("|/+"):
        assert fold(once) == once
