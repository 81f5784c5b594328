"""Real records: every one is read or refused by name, and independent readers agree with what was read.

Every file is cut whole and read once, in a session fixture. Of the oldest and dullest every third record is parsed,
and each that speaks of retraction; of all others every record.
"""

import gzip
import html
import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field

import pytest
from lxml import etree

from reftrack.errors import RecordError
from reftrack.model import Notice
from reftrack.notices import NOTICE_TYPES, RETRACTED_UI
from reftrack.pubmed import cut, deleted_pmids, parse, pmid_of

pytestmark = pytest.mark.corpus

COUNTS = {
    "pubmed20n0014.xml.gz": Counter(PubmedArticle=30_000),
    "pubmed21n1298.xml.gz": Counter(PubmedArticle=20_788, DeleteCitation=1),
    "medline16n0902-sample.xml.gz": Counter(MedlineCitation=604, DeleteCitation=1),
    "pubmedsample18n0001.xml.gz": Counter(PubmedArticle=177),
    "search-export-214-records.xml.gz": Counter(PubmedArticle=208, PubmedBookArticle=6),
    "stroke-tbi-subset.xml.gz": Counter(PubmedArticle=296),
}
RETRACTED = {
    "pubmed20n0014.xml.gz": {400712, 423962},
    "pubmed21n1298.xml.gz": {27602157, 31031480, 32743968, 33104149},
    "pubmedsample18n0001.xml.gz": {8655018, 8863847, 11543891},
}
NOTICES = {
    "pubmed20n0014.xml.gz": {400955, 400964},
    "pubmed21n1298.xml.gz": {
        *(34082697, 34086808, 34086810, 34086832, 34092123, 34092875, 34093767, 34095918, 34097317),
    },
    "pubmedsample18n0001.xml.gz": {9634358, 11600210},
}
"""All three as the README of the corpus lists them."""

EVERY = {"pubmed20n0014.xml.gz": 3}
"""Of which files only every n-th record is parsed."""

LARGE = "pubmed21n1298.xml.gz"
MARKUP = {"i", "b", "sub", "sup", "u"}


@dataclass
class Reading:
    """What is left of a file once it is read: counts, refusals, and the few fields that tests ask for."""

    names: Counter = field(default_factory=Counter)
    refused: list = field(default_factory=list)
    papers: list = field(default_factory=list)
    """(pmid, version, title, title_markup, year, doi, retracted) in the order of the file."""
    notices: dict = field(default_factory=dict)
    """PMID -> its notices, of every paper that has any."""
    deleted: tuple = ()


def types(notices):
    return {notice.type for notice in notices}


def read(chunks, every=1):
    reading = Reading()
    for number, record in enumerate(cut(chunks)):
        reading.names[record.name] += 1
        if record.name == "DeleteCitation":
            reading.deleted += deleted_pmids(record.xml)
            continue
        if number % every and b"etract" not in record.xml:
            continue
        try:
            found = parse(record.xml)
        except RecordError as error:
            reading.refused.append(error.pmid)
            continue
        assert found.pmid == pmid_of(record.xml)
        year = found.date.year
        reading.papers.append(
            (found.pmid, found.version, found.title, found.title_markup, year, found.doi, found.retracted)
        )
        if found.notices:
            reading.notices[found.pmid] = found.notices
    return reading


@pytest.fixture(scope="session")
def readings(corpus):
    """Every file of pubmed-xml, read once."""

    def chunks(path):
        with gzip.open(path) as file:
            while chunk := file.read(1 << 16):
                yield chunk

    return {name: read(chunks(corpus / "pubmed-xml" / name), EVERY.get(name, 1)) for name in COUNTS}


@pytest.fixture(scope="session")
def independent(corpus):
    """The large file as lxml and XPath see it: (pmid, doi, title or None where it has markup), in order."""
    found = []
    first = etree.XPath("string(PubmedData/ArticleIdList/ArticleId[@IdType='doi'])")
    other = etree.XPath("string(MedlineCitation/Article/ELocationID[@EIdType='doi'][@ValidYN='Y'])")
    with gzip.open(corpus / "pubmed-xml" / LARGE) as file:
        for _, element in etree.iterparse(file, tag="PubmedArticle", remove_comments=True):
            title = element.find("MedlineCitation/Article/ArticleTitle")
            text = None if len(title) else "".join(title.itertext())
            found.append((int(element.findtext("MedlineCitation/PMID")), first(element), other(element), text))
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    return found


@pytest.mark.parametrize("name", COUNTS)
def test_every_record_of_every_file_is_counted_and_read(readings, name):
    """Each file has the records that the README counts, and all of them parse."""
    reading = readings[name]
    papers = COUNTS[name].total() - COUNTS[name]["DeleteCitation"]
    assert reading.names == COUNTS[name]
    assert reading.refused == []
    assert len(reading.papers) == papers if name not in EVERY else len(reading.papers) > papers / EVERY[name]


@pytest.mark.parametrize("name", COUNTS)
def test_titles_are_never_empty_and_years_are_plausible(readings, name):
    """Every paper has a title of printable text, and a year between 1500 and 2100 or none."""
    for pmid, _, title, _, year, _, _ in readings[name].papers:
        assert title == " ".join(title.split()) != "", pmid
        assert unicodedata.is_normalized("NFC", title), pmid
        assert year is None or 1500 <= year <= 2100, pmid


@pytest.mark.parametrize("name", COUNTS)
def test_retracted_papers_are_those_of_the_readme(readings, name):
    """Retracted are exactly the listed ones, and none of the notices is."""
    retracted = {pmid for pmid, *_, flag in readings[name].papers if flag}
    if name == "stroke-tbi-subset.xml.gz":  # cut from the large file; the README lists none of its own
        assert retracted <= RETRACTED[LARGE]
        return
    assert retracted == RETRACTED.get(name, set())
    of_others = {pmid for pmid, notices in readings[name].notices.items() if types(notices) & {"retraction-of"}}
    assert NOTICES.get(name, set()) <= of_others
    assert not retracted & of_others


@pytest.mark.parametrize("name", RETRACTED)
def test_every_retracted_paper_is_an_alert_and_no_notice_is(readings, name):
    """The gravest alert of each retracted paper is its retraction; a notice of retraction carries no such alert."""
    retraction = {pmid for pmid, notices in readings[name].notices.items() if "retraction" in types(notices)}
    assert retraction == RETRACTED[name]
    assert not retraction & NOTICES[name]


def test_types_are_kept_apart_on_real_records(readings):
    """Concern and its notice, notices that only a publication type tells of, an update: each its own."""
    large, small = readings[LARGE].notices, readings["pubmedsample18n0001.xml.gz"].notices
    assert types(large[32090497]) == {"concern"}
    assert types(large[34096680]) == {"concern-for"}
    assert types(large[34082697]) == {"retraction-of", "erratum-for"}
    for pmid, kind in ((34092123, "retraction-of"), (34086526, "erratum-for"), (34096889, "erratum-for")):
        assert large[pmid] == (Notice(kind, None, "publication type"),)
    assert types(large[34013271]) == {"update"}
    assert types(small[8863847]) == {"retraction", "erratum"}
    assert types(small[10612833]) == {"republished-from"}
    assert types(small[12230355]) == {"comment", "patient-summary"}


def test_every_link_of_real_records_has_a_type(readings):
    """No link in any file stands under PubMed's own name for want of a type."""
    found = {kind for reading in readings.values() for notices in reading.notices.values() for kind in types(notices)}
    assert found <= set(NOTICE_TYPES.values())
    assert len(found) >= 14


def test_deleted_citations_and_versions(readings):
    """The large file deletes twenty PMIDs, and has three PMIDs in several versions."""
    reading = readings[LARGE]
    assert len(reading.deleted) == 20
    assert {31688362, 31764432, 31895213} <= set(reading.deleted)
    assert len(readings["medline16n0902-sample.xml.gz"].deleted) == 1
    versions = Counter(pmid for pmid, *_ in reading.papers)
    assert {pmid: count for pmid, count in versions.items() if count > 1} == {
        30271887: 4,
        33728380: 2,
        34017925: 2,
    }
    assert [version for pmid, version, *_ in reading.papers if pmid == 30271887] == [1, 2, 3, 4]


def test_dois_equal_an_independent_reading(readings, independent):
    """For all 20,788 records the DOI is that of PubmedData/ArticleIdList, or where that has none, ELocationID's."""
    ours = [(pmid, doi) for pmid, _, _, _, _, doi, _ in readings[LARGE].papers]
    assert len(ours) == 20_788
    differing = [
        (pmid, doi, first, other)
        for (pmid, doi), (their_pmid, first, other, _) in zip(ours, independent, strict=True)
        if pmid != their_pmid or doi != "".join((first or other).split())
    ]
    assert differing == []
    assert sum(bool(first) for _, first, _, _ in independent) == 20_605


def test_titles_without_markup_equal_an_independent_reading(readings, independent):
    """Where a title has no markup, it is its text with single spaces, in NFC, escapes decoded and hints dropped."""
    differing = []
    for (pmid, _, title, markup, *_), (_, _, _, text) in zip(readings[LARGE].papers, independent, strict=True):
        if text is None or title == "[No title]":
            continue
        expected = unicodedata.normalize("NFC", re.sub("[\xad\u200b\ufeff]", "", html.unescape(text)))
        expected = " ".join(expected.split())
        if expected and (title != expected or markup):
            differing.append((pmid, title, expected))
    assert differing == []


def test_marked_titles_say_the_same(readings):
    """title_markup without its tags is the title but for raised and lowered characters, and is well-formed."""
    marked = [(title, markup) for _, _, title, markup, *_ in readings[LARGE].papers if markup]
    assert len(marked) > 1000
    for title, markup in marked:
        tree = etree.fromstring(f"<t>{markup}</t>")
        assert {element.tag for element in tree.iter()} - {"t"} <= MARKUP
        flat = unicodedata.normalize("NFKC", "".join(tree.itertext()))
        kept = unicodedata.normalize("NFKC", title)
        assert re.sub(r"[\s–−‐-]", "", flat) == re.sub(r"[\s–−‐-]", "", kept)


# Single replies of EFetch


@pytest.fixture(scope="session")
def replies(corpus):
    """Every reply of EFetch for PubMed that was saved alone."""
    folder = corpus / "eutils-responses"
    return {
        path.name: (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
        for path in sorted(folder.glob("efetch*pubmed*.xml*"))
    }


def test_every_saved_reply_is_read(replies):
    """All saved replies are read, among them bare roots and a record of 1.8 MB."""
    counts = {name: len(read([body]).papers) for name, body in replies.items()}
    assert len(counts) == 19
    assert counts.pop("efetch-pubmed-6-records.xml") == 6
    assert [name for name, count in counts.items() if count == 2] == [
        "efetch-pubmed-2012-example.xml",
        "efetch-pubmed1-old-medline-dtd.xml",
        "efetch-pubmed2-2-records.xml",
    ]
    assert sorted(counts.values()) == [1] * 15 + [2] * 3


def test_every_recorded_exchange_is_read_or_refused(corpus):
    """Of the recorded EFetch bodies those with records are read whole; errors are refused, never read as empty."""
    read_whole = refused = 0
    with (corpus / "eutils-responses" / "recorded-http.jsonl").open(encoding="utf-8") as lines:
        for exchange in map(json.loads, lines):
            if exchange["kind"] != "efetch" or "PubmedArticle" not in exchange["body"]:
                if "<ERROR>" in exchange["body"]:
                    with pytest.raises(RecordError, match="root element is e"):
                        list(cut([exchange["body"].encode()]))
                    refused += 1
                continue
            reading = read([exchange["body"].encode()])
            assert reading.refused == []
            expected = len(re.findall(r"<PubmedArticle>|<PubmedBookArticle>", exchange["body"]))
            assert len(reading.papers) == expected
            read_whole += 1
    assert read_whole >= 30
    assert refused >= 1


@pytest.mark.parametrize("name", ["error-efetch-legacy-html.html", "efetch-journals.xml", "efetch-pmc.xml"])
def test_other_replies_are_refused(corpus, name):
    """A page of HTML, a journal list and a PMC article are no PubMed records, and are refused as what they are."""
    with pytest.raises(RecordError, match=r"HTML|SerialsSet|pmc-articleset"):
        list(cut([(corpus / "eutils-responses" / name).read_bytes()]))


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        (
            "efetch-pubmed-37041114.xml",
            {"article_number": "e202300192", "doi": "10.1002/cssc.202300192", "pages": ""},
        ),
        (
            "efetch-pubmed-book-bare-root.xml",
            {"type": "book", "pmid": 21413195, "journal": ""},
        ),
        ("efetch-pubmed-28211659.xml", {"type": "book", "doi": "10.3310/pgfar05050"}),
        ("efetch-pubmed-31732993.xml", {"pmid": 31732993, "pages": "369-380"}),
    ],
)
def test_known_records_say_what_they_say(replies, name, facts):
    """A few real records, read by eye."""
    (record,) = cut([replies[name]])
    found = parse(record.xml)
    assert {key: getattr(found, key) for key in facts} == facts


def test_an_author_list_of_thousands(replies):
    """The record of 1.8 MB has all its authors, and is a group's work."""
    (record,) = cut([replies["efetch-pubmed-33761533.xml.gz"]])
    found = parse(record.xml)
    in_xml = etree.fromstring(record.xml).xpath("count(MedlineCitation/Article/AuthorList/Author)")
    assert len(found.authors) == in_xml
    assert found.authors[0].collective


def test_the_longest_author_list_of_the_sample(corpus):
    """11909345 has 621 authors."""
    body = gzip.decompress((corpus / "pubmed-xml" / "pubmedsample18n0001.xml.gz").read_bytes())
    found = next(parse(record.xml) for record in cut([body]) if pmid_of(record.xml) == 11909345)
    assert len(found.authors) == 621


def test_retracted_type_is_the_one_of_nlm():
    """D016441 is "Retracted Publication" in these records; D016440 is the notice."""
    assert RETRACTED_UI == "D016441"
