"""The shipped queries over real records: known papers are found, near misses are not."""

import csv
import gzip

import pytest

from papers import paper
from reftrack import matching, pubmed, queries
from reftrack.model import Heading, Section, Substance

FOLDER = "cerebrolysin"
OWN = ("dev.xml", "citations-only.xml", "records-mentioning-cerebrolysin.xml")

pytestmark = pytest.mark.corpus


def records(path):
    """Papers of a PubMed file, in its order."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for record in pubmed.cut([data]):
        if record.name in ("PubmedArticle", "PubmedBookArticle"):
            yield pubmed.parse(record.xml)


@pytest.fixture(scope="module")
def saved(project):
    return queries.load(project / "queries")


@pytest.fixture(scope="module")
def matchers(saved):
    return {name: matching.compile_term(query.term) for name, query in saved.items()}


@pytest.fixture(scope="module")
def found(corpus, matchers):
    """PMID to the names of the queries that find it, for the records on Cerebrolysin and beside it."""
    return {
        one.pmid: {name for name, matcher in matchers.items() if matcher(one)}
        for name in OWN
        for one in records(corpus / FOLDER / name)
    }


def test_warnings_of_the_shipped_queries(matchers):
    """The shipped queries make no slip that PubMed would forgive or not; only what no record can tell is warned of."""
    for matcher in matchers.values():
        assert len(matcher.warnings) == 2
        assert all("compared with the record's own words" in warning for warning in matcher.warnings)


def test_shipped_queries_need_no_reading_from_left_to_right(matchers):
    """Each is one AND of two lists of OR, so its meaning does not hang on the order of reading."""
    for matcher in matchers.values():
        assert matcher.translation.count(" AND ") == 1
        assert " NOT " not in matcher.translation


def test_known_papers_are_found(saved, found):
    """Every known PMID whose record is in the corpus is found by its query; twelve can be checked."""
    checked = {(name, pmid) for name, query in saved.items() for pmid in query.known if pmid in found}
    assert len(checked) == 12
    assert {(name, pmid) for name, pmid in checked if name not in found[pmid]} == set()


def test_known_papers_are_verified(corpus, saved):
    """No PMID is called known whose title or condition was not verified (grade A or B) to be of the subject."""
    with (corpus / FOLDER / "verified.tsv").open(encoding="utf-8") as lines:
        rows = {row["pmid"]: row for row in csv.DictReader(lines, delimiter="\t") if row["evidence"] in "AB"}
    words = {"stroke": ("stroke", "subarachnoid"), "tbi": ("brain injury", "tbi")}
    for name, query in saved.items():
        for pmid in query.known:
            text = f"{rows[str(pmid)]['title']} {rows[str(pmid)]['condition']}".lower()
            assert any(word in text for word in words[name]), (name, pmid)


@pytest.mark.parametrize("pmid", [33410125, 34090355])
def test_cited_only_is_not_found(found, pmid):
    """A record that names Cerebrolysin in its reference list only is not found."""
    assert found[pmid] == set()


@pytest.mark.parametrize(
    ("pmid", "expected"),
    [
        (416642, set()),
        (16420392, set()),
        (22229324, set()),
        (21216670, set()),
        (28656143, {"stroke"}),
        (30414051, {"stroke"}),
        (31897941, {"tbi"}),
        (30961865, {"tbi"}),
    ],
    ids=["malnutrition", "Alzheimer", "spinal cord", "other drug", "ischaemic", "SAH", "TBI", "concussion review"],
)
def test_conditions_are_told_apart(found, pmid, expected):
    """A paper on one condition is found by its query alone; another condition or drug by none."""
    assert found[pmid] == expected


def test_the_condition_alone_is_not_enough(corpus, matchers):
    """Of 296 real records on stroke and brain injury that do not name the substance, neither query finds any."""
    others = list(records(corpus / "pubmed-xml" / "stroke-tbi-subset.xml.gz"))
    assert len(others) == 296
    assert sum(matching.compile_term("stroke*[tiab] OR brain injur*[tiab]")(one) for one in others) > 200
    assert [one.pmid for one in others for matcher in matchers.values() if matcher(one)] == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"title": "Cerebrolysin in ischaemic stroke"}, {"stroke"}),
        ({"title": "Cerebrolysine after intracerebral haemorrhage"}, {"stroke"}),
        ({"title": "FPF-1070 after cerebral ischemia"}, {"stroke"}),
        ({"title": "FPF1070 in concussion"}, {"tbi"}),
        ({"title": "Cerebroprotein hydrolysates for head injuries"}, {"tbi"}),
        ({"title": "Cerebrolysin in infarction and in traumatic brain injury"}, {"stroke", "tbi"}),
        ({"substances": (Substance("cerebrolysin"),), "mesh": (Heading("Subarachnoid Hemorrhage"),)}, {"stroke"}),
        ({"substances": (Substance("cerebrolysin"),), "mesh": (Heading("Brain Concussion"),)}, {"tbi"}),
        ({"title": "Cerebrolysin in dementia"}, set()),
        ({"title": "Cerebrolysin in neonatal hypoxic-ischemic encephalopathy"}, set()),
        ({"title": "Examplin in stroke and brain injury"}, set()),
        ({"title": "N-PEP-12 after stroke"}, set()),
        ({"title": "E021 after stroke"}, set()),
    ],
)
def test_wording(matchers, values, expected):
    """Both spellings, every name of the substance, headings without text, and what the notes leave out."""
    one = paper(**({"title": "Made up"} | values), abstract=(Section("", "Nothing."),))
    assert {name for name, matcher in matchers.items() if matcher(one)} == expected
