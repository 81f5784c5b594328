"""Citation keys: what they are made of, and that no two are the same."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from export_papers import paper
from reftrack.export import citation_key, next_key
from reftrack.model import Author, PubDate


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("Mureșanu", "muresanu2016"),
        ("Müller", "muller2016"),
        ("O'Brien", "obrien2016"),
        ("de la Cruz", "delacruz2016"),
        ("Smith-Jones", "smithjones2016"),
        ("李", "li2016"),
        ("Łukasz", "lukasz2016"),
        ("Đorđević", "dordevic2016"),
        ("Ørsted", "orsted2016"),
        ("Straße", "strasse2016"),
        ("Иванов", "ivanov2016"),
        ("Mures\u0327anu", "muresanu2016"),
    ],
)
def test_family_name_and_year(family, expected):
    """X21: the first author's family name in a-z, whatever its script, and the year."""
    assert citation_key(paper(authors=(Author(family, "A"), Author("Second", "B")))) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"authors": (Author("CARS Study Group", collective=True),)}, "carsstudygroup2016"),
        ({"authors": (Author("for the CARS Study Group", collective=True),)}, "carsstudygroup2016"),
        (
            {"authors": (Author("International Examination Consortium of Europe", collective=True),)},
            "internationalexamina2016",
        ),
        ({"authors": (Author("", ""), Author("Second", "B"))}, "second2016"),
        ({"authors": (), "editors": (Author("Editor", "E"),)}, "editor2016"),
        ({"authors": (), "title": "The effects of an example."}, "effects2016"),
        ({"authors": (), "title": "[On examples]."}, "examples2016"),
        ({"authors": (), "title": "«Über» examples"}, "uber2016"),
        ({"authors": (), "title": "Follow-up"}, "follow2016"),
        ({"authors": (), "title": "[No title]"}, "pmid90000001"),
        ({"authors": (), "title": ""}, "pmid90000001"),
        ({"authors": (Author("x" * 500, "A"),)}, "x" * 40 + "2016"),
        ({"authors": (), "title": "x" * 500}, "x" * 40 + "2016"),
        ({"authors": (), "title": "?!"}, "pmid90000001"),
        ({"authors": (Author("!!!"),), "title": "Of the"}, "pmid90000001"),
        ({"date": PubDate()}, "examplend"),
        ({"date": PubDate(), "electronic_date": PubDate("2025", 2025)}, "example2025"),
        ({"date": PubDate("2016", 2016), "electronic_date": PubDate("2015", 2015)}, "example2016"),
    ],
)
def test_what_stands_in(fields, expected):
    """X21: a group, an editor, a word of the title or the PMID stands in for an author, `nd` for a year."""
    assert citation_key(paper(**fields)) == expected


def test_thirty_clashes():
    """X21: thirty papers of one author and year get thirty keys: none, a to z, aa, ab, ac."""
    taken = set()
    keys = []
    for _ in range(30):
        keys.append(next_key("muresanu2016", taken))
        taken.add(keys[-1])
    assert keys[:4] == ["muresanu2016", "muresanu2016a", "muresanu2016b", "muresanu2016c"]
    assert keys[26:] == ["muresanu2016z", "muresanu2016aa", "muresanu2016ab", "muresanu2016ac"]
    assert len(set(keys)) == 30


def test_freed_letters_are_the_callers_business():
    """X21: a key counts as taken as long as `taken` says so, whether its paper is still there or not."""
    assert next_key("example2016", {"example2016", "example2016b"}) == "example2016a"


def test_keys_are_compared_in_lower_case():
    """X21: a key that a person chose as ABC blocks abc, since bibtex takes them for the same."""
    assert next_key("abc", {key.lower() for key in ("ABC",)}) == "abca"


@given(family=st.text(), title=st.text(), collective=st.booleans())
def test_h13_keys_of_hostile_names(family, title, collective):
    """H13: whatever a name or title holds, its key is a-z and 0-9, not empty, and not longer than a line."""
    key = citation_key(paper(authors=(Author(family, collective=collective),), title=title))
    assert re.fullmatch(r"[a-z0-9]{1,60}", key)
