"""Documents in, Records out: what a reply or a file may look like, and what is refused (C07-C09, H01, H02)."""

import codecs
import socket
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from reftrack.errors import RecordError
from reftrack.pubmed import cut, deleted_pmids, parse, pmid_of

FIXTURES = Path(__file__).parent / "fixtures" / "pubmed"
ONE = b"<PubmedArticle><MedlineCitation><PMID>1</PMID></MedlineCitation></PubmedArticle>"


def names(document, size=None):
    chunks = [document[at : at + size] for at in range(0, len(document), size)] if size else [document]
    return [record.name for record in cut(chunks)]


def fixture(name):
    return (FIXTURES / name).read_bytes()


def drained(document):
    """What came before the error, and the error."""
    found = []
    with pytest.raises(RecordError) as caught:
        found.extend(record.name for record in _each(document, found))
    return found, caught.value


def _each(document, found):
    for record in cut([document]):
        found.append(record.name)
    return iter(())


def test_c07_books_stand_among_articles():
    """C07: articles, chapters and books of one reply are cut in their order."""
    assert names(fixture("set.xml")) == [
        "PubmedArticle",
        "PubmedBookArticle",
        "PubmedArticle",
        "PubmedBookArticle",
        "DeleteCitation",
    ]


def test_c08_deleted_citations_are_listed():
    """C08: DeleteCitation is a record of its own, and its PMIDs can be listed."""
    *_, last = cut([fixture("set.xml")])
    assert deleted_pmids(last.xml) == (90000091, 90000092)


def test_c09_unknown_children_come_under_their_name():
    """C09: a child that PubMed has not had yet is cut like any other; one of its name inside it does not end it."""
    found = list(cut([fixture("invalid/unknown-child.xml")]))
    assert [record.name for record in found] == ["PubmedArticle", "PubmedNovelty", "Marker", "PubmedArticle"]
    assert found[1].xml == b'<PubmedNovelty><PMID Version="1">90100906</PMID><PubmedNovelty/></PubmedNovelty>'
    assert found[2].xml == b"<Marker/>"


def test_a_namesake_inside_does_not_end_a_record():
    """An element inside one of the same name is counted, unless it is in a comment."""
    document = (
        b"<PubmedArticleSet><New>a<New b='>'>b</New><!-- <New> --><Newer></Newer></New><Last/></PubmedArticleSet>"
    )
    assert [record.xml for record in cut([document])] == [
        b"<New>a<New b='>'>b</New><!-- <New> --><Newer></Newer></New>",
        b"<Last/>",
    ]


@pytest.mark.parametrize(("name", "pmid"), [("bare-article.xml", 90000004), ("bare-book.xml", 90000703)])
def test_a_bare_record_is_its_own_document(name, pmid):
    """A document whose root is a PubmedArticle or PubmedBookArticle gives that record."""
    (record,) = cut([fixture(name)])
    assert parse(record.xml).pmid == pmid


def test_records_are_byte_for_byte_what_came():
    """A record's bytes are those of the document, from its start tag to its end tag."""
    document = fixture("titles.xml")
    for record in cut([document]):
        assert record.xml in document
        assert record.xml.startswith(b"<PubmedArticle>")
        assert record.xml.endswith(b"</PubmedArticle>")


@pytest.mark.parametrize(
    "document",
    [
        b"<PubmedArticleSet></PubmedArticleSet>",
        b"<PubmedArticleSet/>",
        b'<?xml version="1.0" ?><!DOCTYPE PubmedArticleSet><PubmedArticleSet a="1" />\n',
        b"<PubmedBookArticleSet> <!-- none --> </PubmedBookArticleSet >",
    ],
)
def test_an_empty_set_has_no_records(document):
    """A set without records is no error: PubMed sends it for PMIDs that do not exist."""
    assert names(document) == []


def test_documents_may_follow_one_another():
    """Several documents in one stream, each with its own prolog and byte order mark, are one sequence of records."""
    document = fixture("set.xml") + codecs.BOM_UTF8 + fixture("bare-article.xml") + b"<PubmedArticleSet/>" + ONE
    assert names(document) == [*names(fixture("set.xml")), "PubmedArticle", "PubmedArticle"]


def test_comments_instructions_and_cdata_are_not_records():
    """Commented-out records do not count, and end tags in comments, CDATA or instructions end nothing."""
    (record,) = cut([fixture("invalid/inert.xml")])
    assert pmid_of(record.xml) == 90100925
    assert parse(record.xml).title == "A comment"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "iso-8859-1", "windows-1252"])
def test_other_encodings_become_utf_8(encoding):
    """A document in another encoding, declared or marked, gives records in UTF-8."""
    declared = "utf-8" if "utf" in encoding else encoding
    prolog = f'<?xml version="1.0" encoding="{declared}"?>\n'
    text = prolog + "<PubmedArticleSet><PubmedArticle>é</PubmedArticle></PubmedArticleSet>"
    (record,) = cut([text.encode(encoding)])
    assert record.xml == "<PubmedArticle>é</PubmedArticle>".encode()


@pytest.mark.parametrize("encoding", ["EBCDIC-CP-US", "utf-7", "rot13", "UTF-16", "klingon"])
def test_other_encodings_are_refused_by_name(encoding):
    """A declaration of what is not read here, or is not true, is refused and named."""
    document = f'<?xml version="1.0" encoding="{encoding}"?><PubmedArticleSet/>'.encode()
    with pytest.raises(RecordError, match=encoding):
        list(cut([document]))


def test_bytes_that_are_not_utf_16_are_refused():
    """A document that breaks the encoding it declares is refused, not guessed at."""
    with pytest.raises(RecordError, match="utf-16"):
        list(cut([codecs.BOM_UTF16_LE + "<PubmedArticleSet/>".encode("utf-16-le") + b"\x00\xd8"]))


def test_a_cut_off_document_gives_its_whole_records_first():
    """A document that ends in a record gives those before it, then says where it ended, and in which PMID."""
    found, error = drained(fixture("invalid/cut-off.xml"))
    assert found == ["PubmedArticle"]
    assert str(error) == "the document ends in the middle of PubmedArticle"
    assert error.pmid == 90100917


def test_every_cut_is_noticed():
    """However a document is cut off, it never passes for a whole one."""
    document = fixture("set.xml").rstrip()
    for end in range(1, len(document)):
        with pytest.raises(RecordError):
            list(cut([document[:end]]))


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (codecs.BOM_UTF8, "empty"),
        (b'{"error":"API rate limit exceeded"}', "JSON"),
        (b"Internal error", "begins with other text"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"<!DOCTYPE html><html><body>down_bethesda</body></html>", "HTML"),
        (b"<!doctype HTML><HTML>", "HTML"),
        (b"<eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>", "eFetchResult"),
        (b"<BookDocumentSet/>", "BookDocumentSet"),
        (b'<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet SYSTEM "x">\n', "ends before its root"),
        (b"<PubmedArticleSet>text<PubmedArticle/></PubmedArticleSet>", "text between"),
        (b"<PubmedArticleSet></PubmedBookArticleSet>", "closes PubmedBookArticleSet, but PubmedArticleSet"),
        (b"<PubmedArticleSet/>text", "text between"),
        (b'<PubmedArticleSet/><?xml version="1.0" ?>', "ends before its root"),
        (b"<PubmedArticleSet/><!DOCTYPE PubmedArticleSet>", "ends before its root"),
        (b"<PubmedArticleSet><PubmedArticle/>", "ends in the middle of PubmedArticleSet"),
        (b"<PubmedArticleSet><!-- ", "ends in the middle of a comment"),
        (b"<PubmedArticleSet a='", "start tag"),
        (b"<PubmedArticleSet " + b"a " * 100_000, "malformed"),
        (b"<!DOCTYPE PubmedArticleSet [", "DOCTYPE"),
        (b"< PubmedArticleSet>", "start tag"),
    ],
)
def test_what_is_no_pubmed_document_is_refused(document, words):
    """An error is never an empty result: RecordError says what the document looks like."""
    with pytest.raises(RecordError, match=words):
        list(cut([document]))


def test_a_tag_without_end_is_given_up():
    """A tag that does not end within 64 KiB is refused then, not when the stream is exhausted."""
    asked = []

    def chunks():
        yield b"<PubmedArticleSet "
        for _ in range(100):
            asked.append(1)
            yield b"a " * 32_768

    with pytest.raises(RecordError, match="malformed"):
        list(cut(chunks()))
    assert len(asked) < 5


def test_an_internal_subset_without_entities_is_passed_over():
    """A DOCTYPE may have declarations, with brackets and quotes in them, as long as none is an entity."""
    document = b'<!DOCTYPE A "a[" [<!ELEMENT A (B)> <!-- ]>\' --> <!ATTLIST A b CDATA "]>">] >' + ONE
    assert names(document) == ["PubmedArticle"]


def test_h01_entity_bombs_are_refused_at_once():
    """H01: a document that declares entities is refused in no time, before any record of it is read."""
    start = time.perf_counter()
    found, error = drained(fixture("invalid/billion-laughs.xml"))
    assert found == []
    assert "declares entities" in str(error)
    assert time.perf_counter() - start < 1


@pytest.fixture
def listener():
    """A server that notes whether anybody calls."""
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)

        def wait():
            try:
                calls.append(server.accept())
            except TimeoutError:
                return

        thread = threading.Thread(target=wait)
        thread.start()
        yield server.getsockname()[1], thread, calls
        for connection, _ in calls:
            connection.close()


def test_h02_nothing_external_is_fetched(listener):
    """H02: an external DTD is never asked for, an external entity is refused; the listener hears nothing."""
    port, thread, calls = listener
    with pytest.raises(RecordError, match="declares entities"):
        list(cut([fixture("invalid/external-entity.xml").replace(b"PORT", b"%d" % port)]))
    good, bad = cut([fixture("invalid/external-dtd.xml").replace(b"PORT", b"%d" % port)])
    assert parse(good.xml).title == "Nothing is fetched."
    with pytest.raises(RecordError, match="undefined entity") as caught:
        parse(bad.xml)
    assert caught.value.pmid == 90100922
    thread.join()
    assert calls == []


def test_chunks_of_any_size_give_the_same_records():
    """A document in chunks of one byte, or of any other size, gives what it gives whole."""
    document = fixture("set.xml")
    whole = list(cut([document]))
    for size in (1, 2, 3, 7, 64, 1000, 65536):
        assert list(cut(document[at : at + size] for at in range(0, len(document), size))) == whole


def test_records_come_as_soon_as_they_are_whole():
    """A record is given before the next one has arrived."""

    def chunks():
        yield b"<PubmedArticleSet>" + ONE * 9
        pytest.fail("asked for more than the first record needs")

    assert next(cut(chunks())).xml == ONE


def test_memory_does_not_grow_with_the_document():
    """20 MB of records in chunks of 64 KiB take less than 1 MB at any moment."""
    record = ONE[:-16] + b"x" * 10_000 + ONE[-16:]

    def chunks():
        yield b"<PubmedArticleSet>"
        for _ in range(400):
            yield record * 5
        yield b"</PubmedArticleSet>"

    tracemalloc.start()
    try:
        count = sum(1 for _ in cut(chunks()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 2000
    assert peak < 1_000_000


def test_a_huge_record_in_small_chunks_is_not_quadratic():
    """A record of 20 MB in 20,000 chunks takes about as long as in one; a scan from its start each time would not."""
    text = b"<PubmedArticleSet><PubmedArticle>" + b"x" * 20_000_000 + b"</PubmedArticle></PubmedArticleSet>"
    start = time.process_time()
    (record,) = cut(text[at : at + 1000] for at in range(0, len(text), 1000))
    assert len(record.xml) > 20_000_000
    assert time.process_time() - start < 2
