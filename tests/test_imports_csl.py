"""CSL-JSON: an array, one item, lines of items; a broken item costs no other."""

import json

import pytest

from imported import found, one, sorted_out
from reftrack import imports

ITEM = {
    "id": "example2016",
    "type": "article-journal",
    "title": "A <i>made-up</i> trial of <span class='nocase'>TBI</span>",
    "author": [
        {"family": "Example", "given": "Ada B.", "non-dropping-particle": "de la"},
        {"family": "Primer", "given": "Bo", "suffix": "Jr"},
        {"literal": "EXAMPLE Study Group"},
    ],
    "issued": {"date-parts": [["2016", 1, 5]]},
    "container-title": "J Example",
    "volume": "12",
    "issue": 3,
    "page": "123-128",
    "DOI": "10.1000/Example.1",
    "PMID": "90000001",
    "PMCID": "PMC9000001",
}


def test_every_field_of_an_item():
    """A whole item gives key, ids, title, authors, year, journal and place, and its text."""
    text = json.dumps([ITEM], indent=1)
    citation = one("csl-json", text)
    assert (citation.line, json.loads(citation.text)) == (2, ITEM)
    assert (citation.key, citation.year, citation.journal) == ("example2016", 2016, "J Example")
    assert (citation.pmid, citation.doi, citation.pmcid) == (90000001, "10.1000/example.1", "PMC9000001")
    assert citation.title == "A made-up trial of TBI"
    assert citation.authors == ("de la Example, Ada B.", "Primer, Bo, Jr", "EXAMPLE Study Group")
    assert (citation.volume, citation.issue, citation.pages) == ("12", "3", "123-128")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('{"id":"a","title":"One"}', [1]),
        ('{"id":"a","title":"One"}\n{"id":"b","title":"Two"}\n', [1, 2]),
        ('[\n {"id":"a","title":"One"},\n\n {"id":"b","title":"Two"}\n]', [2, 4]),
        ('{"items": [\n{"id":"a","title":"One"}\n]}', [2]),
        ("[]", []),
        ("", []),
    ],
)
def test_shapes_of_a_file(text, lines):
    """An array, a single item, an item a line, the items of a document: each item has its line."""
    assert [c.line for c in found("csl-json", text)] == lines


def test_zotero_extra():
    """Zotero writes what CSL has no field for into the note, a line each."""
    item = {"id": 1, "title": "One", "note": "PMID: 90000001\nPMCID: PMC9000001\ntex.x: y"}
    citation = one("csl-json", json.dumps(item))
    assert (citation.pmid, citation.pmcid, citation.key) == (90000001, "PMC9000001", "1")


@pytest.mark.parametrize(
    "issued", [{"raw": "Jan 2016"}, {"literal": "2016"}, {"date-parts": [[2016]]}, "2016-01-05", 2016]
)
def test_dates(issued):
    """A year is found in every way in which a date is given."""
    assert one("csl-json", json.dumps({"title": "One", "issued": issued})).year == 2016


@pytest.mark.parametrize(
    "broken",
    [
        '{"id":"b","title":"Tw"o"}',
        '{"id":"b","title":"Two}',
        '{"id":"b" "title":"Two"}',
        '{"id":"b","title":["Two"',
        '{"id":"b","author":[{"family":"X"},{"family":}]}',
        '{"a":' * 5000,
        "17",
        "{" + '"id":' + "9" * 5000 + "}",
    ],
)
def test_a_broken_item_costs_no_other(broken):
    """A broken item is told by its line, and those around it are read."""
    read, told = sorted_out("csl-json", f'[\n{{"id":"a","title":"One"}},\n{broken},\n{{"id":"c","title":"Three"}}\n]')
    assert [c.title for c in read] == ["One", "Three"]
    assert [line for line, _ in told] == [3]


def test_fields_of_any_type():
    """Values of a wrong type are no traceback."""
    odd = {
        "id": [],
        "title": {"a": 1},
        "author": "x",
        "issued": {"date-parts": {}},
        "DOI": 7,
        "PMID": True,
        "note": None,
    }
    assert sorted_out("csl-json", json.dumps([odd]))[0] == []
    assert one("csl-json", json.dumps({"title": ["One", "Two"], "author": [1, None, {"family": 3}]})).authors == (
        "1",
        "3",
    )


@pytest.mark.parametrize(
    "decisions",
    ["[]", "[1, null]", '[{"verdict": ["include"], "who": {}, "reasons": 3, "at": []}]', '[{"verdict": "so-so"}]'],
)
def test_odd_decisions_cost_no_entry(decisions):
    """Whatever stands where reftrack writes decisions, the entry is read and nothing is made up."""
    (read,) = imports.read(f'{{"pmid": 90000001, "title": "T", "decisions": {decisions}}}'.encode(), "csl-json")
    assert read.pmid == 90000001
    assert all(said.verdict == "include" and not said.who and not said.reasons for said in read.decisions)
