"""What is said of a query before it is sent: each fault with its place, and nothing of what is sound."""

import html
import json
import re
import sys
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reftrack import queries
from reftrack.eutils import answer
from reftrack.matching.finding import line_and_column
from reftrack.matching.lint import lint
from reftrack.matching.second_opinion import HEEDED, second_opinion
from reftrack.workflow.linting import _ABOUT_THE_TERM, lint_term


def told(term):
    """(rule, severity, character) of each finding."""
    return [(one.rule, one.severity, one.start + 1) for one in lint(term)]


def only(term):
    (one,) = lint(term)
    return one


FAULTS = {
    "unknown tag": ("examplin[tiab] AND stroke[titel]", ("unknown-field", "error", 26)),
    "two unknown tags": ("a[zz] AND b[tiba]", ("unknown-field", "error", 2)),
    "bracket never closed": ("(examplin[tiab] AND (stroke[tiab])", ("unbalanced", "error", 1)),
    "bracket never opened": ("examplin[tiab]) AND stroke[tiab]", ("unbalanced", "error", 15)),
    "square bracket never closed": ("examplin[tiab AND stroke", ("unbalanced", "error", 9)),
    "quote never closed": ('"examplin[tiab] AND stroke[tiab]', ("unbalanced", "error", 1)),
    "ovid": ("stroke.ti,ab. AND trial", ("other-database", "warning", 7)),
    "ovid heading": ("trial AND exp Stroke/", ("other-database", "warning", 11)),
    "embase": ("'stroke'/exp OR trial", ("other-database", "warning", 8)),
    "embase fields": ("stroke:ti,ab AND trial", ("other-database", "warning", 7)),
    "web of science": ("TS=(stroke) AND trial", ("other-database", "warning", 1)),
    "tag after a bracket": ("(examplin OR stroke)[tiab]", ("tag-after-bracket", "error", 21)),
    "empty": ("  ", ("unreadable", "error", 1)),
    "empty brackets": ("()", ("unreadable", "error", 1)),
    "operator at the end": ("examplin[tiab] AND", ("unreadable", "error", 19)),
    "short stem": ("exa*[tiab] OR stroke[tiab]", ("wildcard", "error", 1)),
    "short stem at the end of a phrase": ('examplin[tiab] OR "brain inj*"[tiab]', ("wildcard", "error", 19)),
    "wildcard inside": ('"brain* injury"[tiab]', ("wildcard", "error", 1)),
    "wildcard that is none": ("tum?r[tiab]", ("wildcard", "warning", 1)),
    "wildcard with a distance": ('"brain injur*"[tiab:~2]', ("wildcard", "warning", 1)),
    "no date": ("a[ti] AND 2020/13[dp]", ("date", "error", 11)),
    "no PMID": ("abc[pmid]", ("number", "error", 1)),
    "curly quotes": ("“head injury”[tiab]", ("curly-quotes", "warning", 1)),
    "AND, OR": ("examplin[tiab] AND stroke[tiab] OR tbi[tiab]", ("precedence", "warning", 36)),
    "OR, NOT": ("examplin[tiab] OR stroke[tiab] NOT rats[ti]", ("precedence", "warning", 36)),
    "single quotes": ("'head injury'[tiab]", ("single-quotes", "warning", 1)),
    "lower-case operator": ("examplin[tiab] and stroke[tiab]", ("lower-case-operator", "warning", 16)),
    "operator in a phrase": ("heart or lung[tiab]", ("operator-in-phrase", "warning", 7)),
    "no operator": ("examplin[tiab] stroke[tiab]", ("missing-operator", "warning", 16)),
    "no operator between brackets": ("(a[ti]) (b[ti])", ("missing-operator", "warning", 9)),
    "AND NOT": ("a[ti] AND NOT b[ti]", ("and-not", "hint", 11)),
    "relative date": ('a[ti] AND "last 5 years"[dp]', ("relative-date", "warning", 11)),
    "date in a part": ("a[ti] OR (b[ti] AND 2010:3000[dp])", ("date-inside", "warning", 21)),
    "closed date": ("a[ti] AND 2010:2015[dp]", ("closed-date", "hint", 11)),
    "one year": ("a[ti] AND 2015[dp]", ("closed-date", "hint", 11)),
    "headings alone": ("examplin[tiab] AND (stroke[mh] OR brain injuries[majr])", ("headings-only", "hint", 21)),
    "humans": ("examplin[tiab] AND humans[mh]", ("headings-only", "hint", 20)),
    "substance alone": ("examplin[nm]", ("headings-only", "hint", 1)),
    "untagged": ("examplin OR stroke[tiab]", ("untagged", "hint", 1)),
    "phrase without quotes": ("head injury[tiab]", ("unquoted-phrase", "hint", 1)),
    "twice": ("stroke[tiab] OR a[ti] OR STROKE[tiab]", ("duplicate", "hint", 26)),
    "twice in inner brackets": ("stroke[tiab] OR (a[ti] OR stroke[tiab])", ("duplicate", "hint", 27)),
    "covered by a stem": ("stroke*[tiab] OR strokes[tiab]", ("covered", "hint", 18)),
    "covered by a word": ('stroke[tiab] OR "acute stroke"[tiab]', ("covered", "hint", 17)),
    "covered by a wider field": ("stroke[tiab] OR stroke[ti]", ("covered", "hint", 17)),
    "covered words that stand near": ('trauma*[tiab] OR "brain trauma"[tiab:~3]', ("covered", "hint", 18)),
    "field that only PubMed knows": ("a[ti] AND 2020:3000[crdt]", ("pubmed-only", "hint", 11)),
    "filter that only PubMed knows": ("a[ti] AND free full text[sb]", ("pubmed-only", "hint", 11)),
    "too many wildcards": (" OR ".join(f"example{n}*[ti]" for n in range(257)), ("wildcard", "error", 9)),
}


def test_a_heading_with_a_subheading_is_not_the_heading_of_both_words():
    """stroke/rehabilitation and Stroke Rehabilitation find other papers; the same one twice is told all the same."""
    different = 'stroke/rehabilitation[mh] OR "Stroke Rehabilitation"[mh] OR stroke rehab*[tiab]'
    assert "duplicate" not in {one.rule for one in lint(different)}
    assert "duplicate" in {one.rule for one in lint("stroke/rehabilitation[mh] OR Stroke/Rehabilitation[mh]")}


def test_a_limit_to_humans_is_not_told_to_ask_for_the_word():
    """Few studies of people say `humans`; other headings get their word."""
    (limit,) = [one for one in lint("examplin[tiab] AND humans[mh]") if one.rule == "headings-only"]
    assert "[tiab]" not in limit.remedy
    assert "NOT (animals[mh] NOT humans[mh])" in limit.remedy
    (heading,) = [one for one in lint("examplin[tiab] AND stroke[mh]") if one.rule == "headings-only"]
    assert "stroke[tiab]" in heading.remedy


@pytest.mark.parametrize(("term", "expected"), FAULTS.values(), ids=FAULTS)
def test_fault_is_found_at_its_place(term, expected):
    """Each fault is told once, by its rule, with its severity and the character at which it stands."""
    assert expected in told(term)
    assert [rule for rule, *_ in told(term)].count(expected[0]) == (2 if term == "a[zz] AND b[tiba]" else 1)


SOUND = {
    "one word": "examplin[tiab]",
    "blocks": "(examplin*[tiab] OR examplin[nm]) AND (stroke*[tiab] OR stroke[mh])",
    "NOT after AND": "a[ti] AND b[ti] NOT c[ti]",
    "NOT with headings": "a[ti] NOT (animals[mh] NOT humans[mh])",
    "heading with a small word": 'a[ti] OR "Wit and Humor as Topic"[mh]',
    "heading without quotes": "a[ti] OR Wit and Humor as Topic[mh]",
    "dates of which one is open": "a[ti] AND (2000:2005[dp] OR 2010:3000[dp])",
    "open date": "a[ti] AND 2010:3000[dp]",
    "date joined by OR with another": "a[ti] AND (2010:3000[dp] OR 2010:3000[epdat])",
    "date in NOT": "a[ti] NOT 1990:2000[dp]",
    "filter": "a[ti] AND medline[sb]",
    "filter without a tag": "a[ti] AND hasabstract",
    "distance": '"head injury"[tiab:~3]',
    "range in quotes": '"2010"[dp] : "3000"[dp] AND a[ti]',
    "words of the same beginning": 'trauma[tiab] OR traumas[tiab] OR "brain-injured"[tiab]',
    "near words in two orders": '"trauma brain"[tiab:~3] OR "brain trauma*"[tiab]',
    "the same word in another block": "(stroke[tiab] OR a[ti]) AND (stroke[tiab] OR b[ti])",
    "narrower field beside a wider phrase": 'stroke[ti] OR "acute stroke"[tiab]',
    "author": "Example A[au]",
    "author whose name is an operator": "examplin[ti] AND Or A[au]",
    "PMIDs": "90000001 90000002",
}


@pytest.mark.parametrize("term", SOUND.values(), ids=SOUND)
def test_sound_query_is_left_alone(term):
    """What is written as it should be gets no finding of ours."""
    assert lint(term) == ()


def test_precedence_is_shown_with_brackets():
    """The example of the issue: what PubMed reads is written out with the brackets that it implies."""
    one = next(one for one in lint("cerebr*[tiab] AND stroke[tiab] OR tbi[tiab]") if one.rule == "precedence")
    assert "(cerebr*[tiab] AND stroke[tiab]) OR tbi[tiab]" in one.message


def test_precedence_of_a_long_list_is_cut():
    """A list of many terms is shown by its first, with how many are left out."""
    term = "a[ti] AND b[ti] OR " + " OR ".join(f"c{number}[ti]" for number in range(40))
    assert "38 more" in next(one for one in lint(term) if one.rule == "precedence").message


def test_nearest_field_is_offered():
    """An unknown tag comes with the nearest one; one that is like no other with the usual ones."""
    assert only("x[titel]").remedy == "Did you mean [ti] (Title)?"
    assert "[tiab], [mh]" in only("x[qqqqq]").remedy


def test_other_faults_are_told_beside_an_unknown_tag():
    """A misspelt tag does not hide what else is wrong."""
    assert {"unknown-field", "wildcard", "precedence"} <= {rule for rule, *_ in told("exa*[tiab] AND b[tiba] OR c[ti]")}


def test_odd_quote_is_shown_in_its_own_line():
    """A quote that is missing in one line is told there, not at the last quote of the query."""
    term = '"one"[tiab]\nOR "two[tiab]\nOR "three"[tiab]'
    one = only(term)
    assert line_and_column(term, one.start) == (2, 4)


def test_every_unbalanced_bracket_is_told():
    """Several brackets without a partner are several findings."""
    assert [place for rule, _, place in told("((a[ti] OR (b[ti]")] == [1, 2, 12]


def test_worst_comes_first():
    """Errors come before warnings before hints, each by place."""
    order = [severity for _, severity, _ in told("exa*[ti] AND stroke[tiab] OR head injury[tiab] OR b[tii]")]
    assert order == sorted(order, key=["error", "warning", "hint"].index)
    assert len(set(order)) == 3


def test_line_and_column():
    """Lines and characters count from one."""
    assert [line_and_column("ab\ncd\n", start) for start in (0, 1, 3, 4, 6)] == [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1)]


pieces = st.sampled_from(
    (
        *("a", "stroke*", "[tiab]", "[mh:noexp]", "[zz]", "(", ")", '"', "“", "[", "]", "AND", "or", "NOT", " ", "\n"),
        *("2010:", "[dp]", "*", "#1", "é", "\x00", "[tiab:~3]", "hasabstract", "\U0001f600", "|", "&"),
    )
)


@given(st.lists(pieces, max_size=25).map("".join) | st.text(max_size=60))
@settings(max_examples=400)
def test_any_text_is_looked_over(term):
    """Whatever the text, a list of findings comes back, each at a place inside it and with something to say."""
    for one in lint(term):
        assert 0 <= one.start <= len(term)
        assert one.message
        assert one.severity in ("error", "warning", "hint")


def test_long_query_takes_no_time():
    """Eight hundred terms are looked over in a second or two."""
    assert lint(" OR ".join(f'"word{number} example"[tiab]' for number in range(800))) == ()


def test_deep_query_is_a_finding():
    """A thousand brackets are refused in words."""
    assert "nested more than 100 deep" in only("(" * 1000 + "a[ti] OR b[ti]" + " OR c[ti])" * 1000).message


def test_shipped_queries_have_no_finding(project):
    """Neither our rules nor those of search-query find fault with the queries that are shipped."""
    for query in queries.load(project / "queries").values():
        assert lint_term(query.term).findings == ()


@pytest.mark.corpus
def test_false_alarms_on_real_terms(corpus):
    """Of the terms and translations in recorded answers of NCBI, only one for another database is an error.

    Counts: 25 texts; one error (a field of the database protein), no warning; hints on closed dates, headings alone and
    an untagged word, which are there.
    """
    terms = {}
    for path in sorted((corpus / "eutils-responses").iterdir()):
        if path.is_file() and path.suffix in (".xml", ".json", ".jsonl"):
            text = path.read_text(encoding="utf-8", errors="replace")
            if path.suffix == ".jsonl":
                lines = [json.loads(line) for line in text.splitlines()]
                text = "\n".join(str(line.get("body", "")) for line in lines)
                asked = "\n".join(json.dumps(line["request"]) for line in lines)
                terms |= {urllib.parse.unquote_plus(t): "asked" for t in re.findall(r'[?&]term=([^&"\\]+)', asked)}
            terms |= {
                html.unescape(t): path.name for t in re.findall("<QueryTranslation>(.*?)</QueryTranslation>", text)
            }
    assert len(terms) > 10
    found = [(term, one) for term in terms for one in lint_term(term).findings]
    assert [(term, one.rule) for term, one in found if one.severity != "hint"] == [
        ("000200020[molecular weight]", "unknown-field")
    ]
    assert {one.rule for _, one in found if one.severity == "hint"} <= {
        *("closed-date", "headings-only", "untagged", "pubmed-only", "unquoted-phrase")
    }


# the second opinion


def test_second_opinion_adds_what_ours_do_not_know():
    """search-query tells of characters that PubMed replaces, and of another database's syntax."""
    assert [(one.rule, one.start) for one in second_opinion("TNF+alpha[tiab]")] == [("character-replacement", 3)]
    assert [one.rule for one in second_opinion("TI=stroke")] == ["invalid-syntax"]
    assert [one.start for one in second_opinion("a+b[ti] OR c+d[ti] AND y_10[Filter]")] == [1]


def test_second_opinion_prints_nothing(capsys):
    """Its report on stdout would break --json."""
    second_opinion("a[ti] AND b[ti] OR TNF+alpha[ti]")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("term", ["", "   ", "(" * 200 + "a" + ")" * 200, "a OR " * 10_000 + "b", "a[", "[[", "\x00"])
def test_second_opinion_survives_anything(term):
    """What it cannot read, or would need seconds for, is no finding and no failure."""
    assert second_opinion(term) is not None


def test_second_opinion_is_heeded_only_where_it_is_right():
    """Its word on redundant terms and stems, which does not hold for PubMed, is not passed on."""
    assert second_opinion('"Stroke"[mh] OR "Stroke Rehabilitation"[mh] OR strokes[tiab] OR stroking[tiab]') == ()
    assert "redundant-term" not in HEEDED


def test_without_the_package_ours_stand_alone(monkeypatch):
    """Where search-query is not installed, our findings are the same and it is said that they stand alone."""
    term = "a[ti] AND b[ti] OR TNF+alpha[ti]"
    both = lint_term(term)
    monkeypatch.setitem(sys.modules, "search_query.linter", None)
    alone = lint_term(term)
    assert (both.alone, alone.alone) == (False, True)
    assert alone.findings == tuple(one for one in both.findings if one.rule not in HEEDED)
    assert len(both.findings) == len(alone.findings) + 1


def test_warnings_of_pubmed_are_told_from_those_about_papers():
    """Every sentence that `eutils` makes of PubMed's lists is shown by lint; what a run says of papers is not."""
    for sentence in answer._WARNINGS.values():
        assert _ABOUT_THE_TERM.match(sentence.format("x"))
    assert _ABOUT_THE_TERM.match(*answer.doubts("stroke[titel]", '"stroke"[All Fields]'))
    for sentence in ("PubMed lists papers that cannot be had, in this run", "PubMed counts 3 papers but listed 2"):
        assert not _ABOUT_THE_TERM.match(sentence)
