"""What holds for every input: parse fails in one way only, and cut does not mind how its bytes arrive."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reftrack.errors import RecordError
from reftrack.model import Paper
from reftrack.pubmed import cut, deleted_pmids, parse, pmid_of
from reftrack.pubmed.pages import expanded
from reftrack.pubmed.people import orcid
from reftrack.pubmed.text import clean

FIXTURES = Path(__file__).parent / "fixtures" / "pubmed"
DOCUMENT = (FIXTURES / "set.xml").read_bytes()
RECORDS = [record.xml for path in sorted(FIXTURES.glob("*.xml")) for record in cut([path.read_bytes()])]
SMALL = [xml for xml in RECORDS if len(xml) < 5000]


def paper_or_refusal(xml):
    try:
        return parse(xml)
    except RecordError as error:
        return error


@given(st.binary(max_size=300))
@example(b"<PubmedArticle>")
def test_parse_of_any_bytes_raises_only_record_error(xml):
    """Whatever the bytes are, they give a Paper or a RecordError."""
    assert isinstance(paper_or_refusal(xml), (Paper, RecordError))
    assert pmid_of(xml) is None or pmid_of(xml) in deleted_pmids(xml)


@given(st.sampled_from(SMALL), st.integers(0, 5000), st.integers(0, 40), st.binary(max_size=20))
@settings(max_examples=300)
def test_parse_of_damaged_records_raises_only_record_error(xml, at, length, other):
    """A record with a piece lost or replaced gives a Paper or a RecordError."""
    at = min(at, len(xml))
    assert isinstance(paper_or_refusal(xml[:at] + other + xml[at + length :]), (Paper, RecordError))


@given(st.sampled_from(SMALL), st.data())
@settings(max_examples=300)
def test_parse_of_wrong_text_raises_only_record_error(xml, data):
    """A record with any text in place of any other gives a readable Paper or a RecordError."""
    starts = [at for at, byte in enumerate(xml) if byte == ord(">")]
    at = data.draw(st.sampled_from(starts)) + 1
    text = data.draw(st.text(max_size=30)).replace("&", "&amp;").replace("<", "&lt;").encode(errors="replace")
    end = xml.find(b"<", at)
    found = paper_or_refusal(xml[:at] + text + (xml[end:] if end >= 0 else b""))
    if isinstance(found, Paper):
        assert found.title
        assert found.date.year is None or 1500 <= found.date.year <= 2100


@given(st.lists(st.integers(1, len(DOCUMENT) - 1), max_size=30))
def test_any_chunking_gives_the_same_records(places):
    """However a document is split, its records are the same."""
    edges = [0, *sorted(places), len(DOCUMENT)]
    chunks = [DOCUMENT[start:end] for start, end in pairwise(edges)]
    assert list(cut(chunks)) == list(cut([DOCUMENT]))


@given(st.binary(max_size=200), st.integers(1, 50))
@example(b"<PubmedArticleSet><A><A/><!--</A>--></A></PubmedArticleSet>", 1)
def test_cut_of_any_bytes_raises_only_record_error(document, size):
    """Whatever the bytes are, cutting them gives Records or a RecordError, and the same however they arrive."""

    def outcome(chunks):
        found = []
        try:
            for record in cut(chunks):
                found.append(record)  # noqa: PERF402 - those before an error count too
        except RecordError:
            found.append(None)
        return found

    assert outcome([document]) == outcome(document[at : at + size] for at in range(0, len(document), size))


@given(st.text(st.characters(exclude_characters="".join(map(chr, {*range(32)} - {9, 10, 13}))), max_size=60))
def test_cleaning_is_done_once_and_for_all(text):
    """Cleaned text has no ends, runs of spaces or controls, and cleaning it again changes nothing but escapes."""
    found = clean(text.replace("&", ""))
    assert found == clean(found)
    assert "  " not in found
    assert found == found.strip()
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in found)


@given(st.integers(1, 99_999), st.integers(0, 5000), st.sampled_from(["", "e", "S", "L"]))
def test_shortened_pages_come_back(start, length, prefix):
    """A page range shortened as PubMed does it is expanded to what it was."""
    first, last = str(start), str(start + length)
    short = last
    if len(first) == len(last):
        same = next((at for at in range(len(last)) if first[at] != last[at]), len(last) - 1)
        short = last[same:]
    full = f"{prefix}{first}-{prefix}{last}" if length else f"{prefix}{first}"
    assert expanded(f"{prefix}{first}-{short}") == full
    assert expanded(full) == full


@given(st.integers(0, 10**15 - 1), st.integers(0, 14), st.integers(1, 9))
def test_orcid_checksum_catches_every_wrong_digit(number, place, change):
    """Of the eleven check digits one fits, and no single digit can be changed unnoticed."""
    digits = f"{number:015}"
    fitting = [check for check in "0123456789X" if orcid(digits + check)]
    assert len(fitting) == 1
    wrong = digits[:place] + str((int(digits[place]) + change) % 10) + digits[place + 1 :]
    assert orcid(wrong + fitting[0]) == ""


@pytest.mark.parametrize("text", ["9" * 200_000, "9-" * 100_000, "a9." * 70_000, "1 - " * 50_000, "e" * 200_000])
def test_long_page_strings_take_no_time(text):
    """No page string makes the matching quadratic."""
    assert expanded(text)
