"""Eutils.search: what ESearch says, warns, hides and cuts off."""

import gzip
import json
import random
import re
import threading
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
import responses
from responses.registries import OrderedRegistry

from eutils_server import (
    F9,
    PAGE,
    SEARCH_HEAD,
    EutilsServer,
    FakeTime,
    fetch_body,
    fetch_error,
    messages,
    search_body,
    search_error,
)
from reftrack.errors import EutilsError, QueryError, UsageError
from reftrack.eutils import DEFAULT_URL, Eutils, Found
from reftrack.eutils.answer import doubts
from reftrack.eutils.client import NOT_UNDERSTOOD
from reftrack.eutils.verdict import FETCH_ROOTS, SEARCH_ROOTS, Fate, judge

ESEARCH = DEFAULT_URL + "esearch.fcgi"


@pytest.fixture
def fake():
    return FakeTime()


@pytest.fixture
def http():
    with responses.RequestsMock(registry=OrderedRegistry) as mock:
        yield mock


@pytest.fixture
def eutils(fake):
    with Eutils(**fake.settings) as made:
        yield made


@pytest.fixture
def over():
    """Search a server whose one query finds these PMIDs."""
    servers = []

    def build(pmids):
        servers.append(EutilsServer({}, lambda _: pmids, rate_limit=0).__enter__())
        return servers[-1], Eutils(base_url=servers[-1].url, **FakeTime().settings)

    yield build
    for server in servers:
        server.__exit__()


def test_b01_zero_hits(http, eutils):
    """Nothing found is a result without a warning, with its translation."""
    http.post(ESEARCH, body=search_body(0, [], translation="(abc[tiab])", extra=messages("No items found.")))
    assert eutils.search("abc[tiab]") == Found(0, (), "(abc[tiab])", (), complete=True)


def test_b02_error_in_the_body(http, eutils):
    """An ERROR with status 200 is retried and never zero results."""
    for _ in range(4):
        http.post(ESEARCH, body=search_error("Search Backend failed: Exception: 502 Proxy Error"))
    with pytest.raises(EutilsError, match=r"answered with an error: Search Backend failed.*not an empty result"):
        eutils.search("x")


@pytest.mark.parametrize("error", [b"<ERROR/>", b"<ERROR></ERROR>"])
def test_b02_error_without_words(http, eutils, error):
    """An ERROR without text beside a count of zero is an error still."""
    body = b"<eSearchResult><Count>0</Count><IdList/>" + error + b"</eSearchResult>"
    for _ in range(4):
        http.post(ESEARCH, body=body)
    with pytest.raises(EutilsError, match="not an empty result"):
        eutils.search("x")


def test_b03_error_once(http, eutils):
    """NCBI's hiccup of 2025 passes on the next try."""
    http.post(ESEARCH, body=search_error("Search Backend failed: Database is not supported: pubmed"))
    http.post(ESEARCH, body=search_body(1, [7]))
    assert eutils.search("x").pmids == (7,)


@pytest.mark.parametrize("term", ["", "  ", "\n\t"])
def test_b04_blank_term(eutils, term):
    """A blank term is refused here; nothing is sent."""
    with pytest.raises(QueryError, match="empty"):
        eutils.search(term)
    assert eutils.requests_sent == 0


def test_b04_term_that_is_no_text(eutils):
    """A lone surrogate cannot be sent, and is refused here."""
    with pytest.raises(QueryError, match="no text"):
        eutils.search("x\udc80")
    assert eutils.requests_sent == 0


def test_b05_phrases_not_found(http, eutils):
    """Words that PubMed dropped are named, one or several."""
    lost = "<ErrorList><PhraseNotFound>fleegle[mh]</PhraseNotFound><PhraseNotFound>qwxz</PhraseNotFound></ErrorList>"
    http.post(ESEARCH, body=search_body(1, [7], extra=lost))
    found = eutils.search("x")
    assert found.complete
    assert found.warnings == (
        "PubMed does not know this and searched without it: fleegle[mh]",
        "PubMed does not know this and searched without it: qwxz",
    )


def test_b05_other_lists(http, eutils):
    """Unknown fields, ignored phrases and NCBI's other remarks are warnings, each once."""
    extra = (
        "<ErrorList><FieldNotFound>titel</FieldNotFound></ErrorList><WarningList><PhraseIgnored>the</PhraseIgnored>"
        "<PhraseIgnored>the</PhraseIgnored><OutputMessage>Be patient\x85</OutputMessage></WarningList>"
    )
    http.post(ESEARCH, body=search_body(1, [7], extra=extra))
    assert eutils.search("x").warnings == (
        "PubMed does not know this field tag and searched all fields: titel",
        "PubMed ignored this: the",
        "PubMed says: Be patient",
    )


def test_b05_warnings_keep_enzyme_numbers(http, eutils):
    """A warning quotes the query as it is: an EC number is no IP address."""
    http.post(ESEARCH, body=search_body(0, [], extra="<E><PhraseNotFound>3.4.21.4[rn]</PhraseNotFound></E>"))
    assert eutils.search("x").warnings[0].endswith(": 3.4.21.4[rn]")


def test_b06_quoted_phrase_that_was_not_quoted(http, eutils):
    """ESearch puts quotation marks where the user typed none: the warning has none."""
    lost = '<WarningList><QuotedPhraseNotFound>"no such term"[mh]</QuotedPhraseNotFound></WarningList>'
    http.post(ESEARCH, body=search_body(0, [], extra=lost))
    (warning,) = eutils.search("no such term[mh]").warnings
    assert warning == "PubMed's index does not hold this phrase: no such term[mh]"
    assert "quot" not in warning.lower()


@pytest.mark.parametrize(
    ("term", "translation", "doubtful"),
    [
        ("stroke[titel]", '"stroke"[All Fields]', True),
        ("stroke[titel] AND x[tiab]", '"stroke"[All Fields] AND "x"[Title/Abstract]', True),
        ('("a and b"[tit] OR brain injury[tiab])', "x[ALL FIELDS]", True),
        ("stroke", '"stroke"[All Fields]', False),
        ("stroke[all] AND x[tiab]", '"stroke"[All Fields]', False),
        ("stroke[All Fields]", '"stroke"[All Fields]', False),
        ("stroke AND x[tiab]", '"stroke"[All Fields] AND "x"[Title/Abstract]', False),
        ("x[tiab] AND (stroke)", '"stroke"[All Fields]', False),
        ("x[tiab] AND 2001[dp]:2002[dp]", "x[Title/Abstract]", False),
    ],
)
def test_b08_all_fields_in_the_translation(http, eutils, term, translation, doubtful):
    """[All Fields] that nobody asked for is a warning: a tag may be misspelt and NCBI say nothing."""
    http.post(ESEARCH, body=search_body(1, [7], translation=translation))
    warnings = eutils.search(term).warnings
    assert bool(warnings) is doubtful
    assert warnings == doubts(term, translation)


def test_b09_forty_million(http, eutils):
    """Above the limit the count comes back after one request, marked incomplete."""
    extra = messages("Restrictions achieved. start and count adjusted to 0, 9999")
    http.post(ESEARCH, body=search_body(40_000_000, range(1, 10_000), translation="all[sb]", extra=extra))
    found = eutils.search("all[sb]", 5000)
    assert (found.count, found.translation, found.complete) == (40_000_000, "all[sb]", False)
    assert eutils.requests_sent == 1


def test_b10_limit_is_for_what_must_be_split(http, eutils):
    """What one page holds is complete, whatever the limit: refusing is the caller's."""
    http.post(ESEARCH, body=search_body(3, [3, 2, 1]))
    assert eutils.search("x", 2).complete


ORDERS = {
    "newest first": lambda pmids: sorted(pmids, reverse=True),
    "oldest first": sorted,
    "by relevance": lambda pmids: random.Random(7).sample(list(pmids), len(pmids)),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("start", [1, 30_000_000, 99_974_000])
@pytest.mark.parametrize(("hits", "requests"), [(9_999, 1), (10_000, 3), (10_001, 3), (19_000, 3), (25_000, 5)])
def test_b11_more_than_a_page(over, hits, requests, start, order):
    """9,999 are one search; more are split where the papers are, complete and without a duplicate."""
    pmids = range(start, start + hits)
    server, eutils = over(ORDERS[order](pmids))
    found = eutils.search("a[ti] OR b[ti]")
    eutils.close()
    assert sorted(found.pmids) == list(pmids)
    assert (found.count, found.complete, found.warnings) == (hits, True, ())
    assert len(server.log) == eutils.requests_sent
    assert len(server.log) <= requests + 4 * (order == "by relevance" and hits > 19_000)
    terms = [request.params["term"] for request in server.log[1:]]
    assert all(re.fullmatch(r"\(a\[ti\] OR b\[ti\]\) AND \d+:\d+\[UID\]", term) for term in terms)


def test_b11_parts_are_asked_for_at_once(over):
    """Both halves are under way together: each is answered only when the other one is there."""
    server, eutils = over(range(1, 10_001))
    meeting = threading.Barrier(2, timeout=10)
    usual = server.esearch

    def esearch(params):
        if "[UID]" in params["term"]:
            meeting.wait()
        return usual(params)

    server.esearch = esearch
    assert eutils.search("x").complete
    eutils.close()


@pytest.mark.parametrize(
    "pmids", [range(1, 10_001), range(30_000_000, 30_012_000), [5, *range(40_000_000, 40_010_000)]]
)
def test_b11_where_the_page_tells_nothing(over, pmids):
    """If a page lists next to nothing, the range is halved in its middle, and the result is as complete."""
    server, eutils = over(pmids)
    usual = server.esearch

    def esearch(params):
        status, body = usual(params)
        if int(re.search(rb"<Count>(\d+)", body)[1]) > 9_999:
            body = re.sub(rb"(?s)<IdList>.*</IdList>", b"<IdList><Id>3</Id></IdList>", body)
        return status, body

    server.esearch = esearch
    found = eutils.search("x")
    eutils.close()
    assert found.complete
    assert list(found.pmids) == sorted(pmids)
    assert len(server.log) < 60


@pytest.mark.parametrize("later", [11_999, 12_001])
def test_b12_counts_drift(over, later):
    """Papers that come or vanish while the parts are listed: the new count proves the list, and the change is said."""
    answers = iter([list(range(1, 12_001))])
    server, eutils = over([])
    server.search = lambda _: next(answers, list(range(1, later + 1)))
    found = eutils.search("x")
    eutils.close()
    assert (found.count, len(found.pmids), found.complete) == (later, later, True)
    assert found.warnings == (f"PubMed's count went from 12000 to {later} while it was listed",)


def test_b12_counts_that_stay_apart(over):
    """If the count does not agree with what was listed, even asked again, the list is incomplete."""
    server, eutils = over([])
    server.search = lambda term: list(range(1, 12_001))
    usual = server.esearch

    def esearch(params):
        status, body = usual(params)
        wrong = b"<Count>12345</Count>" if "[UID]" not in params["term"] else None
        return status, re.sub(rb"<Count>\d+</Count>", wrong, body) if wrong else body

    server.esearch = esearch
    found = eutils.search("x")
    eutils.close()
    assert (found.count, len(found.pmids), found.complete) == (12_345, 12_000, False)
    assert found.warnings == ("PubMed counts 12345 papers but listed 12000",)
    assert server.log[-1].params["retmax"] == "0"


def test_b12_a_part_that_lists_less_than_it_counts(over):
    """The sum may agree by chance: a part whose list is not as long as its count leaves the whole unproved."""
    server, eutils = over(range(2, 24_001, 2))
    usual = server.esearch

    def esearch(params):
        status, body = usual(params)
        part = "[UID]" in params["term"] and b"<Id>8</Id>" in body
        return status, re.sub(rb"<Count>6000<", b"<Count>6001<", body) if part else body

    server.esearch = esearch
    found = eutils.search("x")
    eutils.close()
    assert (found.count, len(found.pmids), found.complete) == (12_000, 12_000, False)
    assert found.warnings == ("PubMed listed a part of the papers with another number than it counted there",)


def test_b12_range_that_is_ignored(http, eutils):
    """A server that ignores the range is found out, not asked for ever."""
    for _ in range(30):
        http.post(ESEARCH, body=search_body(20_000, range(1, 10_000)))
    http.assert_all_requests_are_fired = False
    with pytest.raises(EutilsError, match="more papers than PMIDs"):
        eutils.search("x")
    assert eutils.requests_sent < 20


def test_b12_a_part_fails(http, eutils):
    """If one part of a split fails for good, so does the search: no part passes for the whole."""
    http.post(ESEARCH, body=search_body(10_000, range(1, 10_000)))
    http.post(ESEARCH, body=search_body(5000, range(1, 5001)))
    for _ in range(4):
        http.post(ESEARCH, status=502)
    with pytest.raises(EutilsError, match="HTTP 502"):
        eutils.search("x")


def test_b13_restrictions_achieved(http, eutils):
    """NCBI's remark that it cut the list makes the result incomplete."""
    extra = messages("Restrictions achieved. start and count adjusted to 0, 2")
    http.post(ESEARCH, body=search_body(3, [3, 2], extra=extra))
    found = eutils.search("x")
    assert not found.complete
    assert found.warnings == ("PubMed counts 3 papers but listed 2 and says that it cut the list",)


def test_b14_fewer_ids_than_count(http, eutils):
    """Count 5 with 4 ids is incomplete, and said."""
    http.post(ESEARCH, body=search_body(5, [5, 4, 3, 2]))
    found = eutils.search("x")
    assert (found.count, found.pmids, found.complete) == (5, (5, 4, 3, 2), False)
    assert found.warnings == ("PubMed counts 5 papers but listed 4",)


def test_b15_repeated_id(http, eutils):
    """An id listed twice counts once."""
    http.post(ESEARCH, body=search_body(3, [3, 2, 3]))
    found = eutils.search("x")
    assert (found.pmids, found.complete) == ((3, 2), False)


def test_b16_ids_that_are_none(http, eutils):
    """What is no PMID is ignored with a warning; numbers elsewhere in the document are no PMIDs either."""
    body = search_body(2, [7, "PMC123", "", "12a", 0, 8]).replace(b"<TranslationSet/>", b"<Other><Id>99</Id></Other>")
    http.post(ESEARCH, body=body)
    found = eutils.search("x")
    assert (found.pmids, found.complete) == ((7, 8), True)
    assert found.warnings == ("PubMed listed 4 id(s) that are no PMID and were ignored: 'PMC123', '', '12a', …",)


@pytest.mark.parametrize("count", ["", "<Count/>", "<Count>many</Count>", "<Count>-1</Count>", "<Count>1.5</Count>"])
def test_b17_count_that_is_none(http, eutils, count):
    """Without a usable count the answer is unexpected, not empty; a count in the translation stack is none."""
    stack = "<TranslationStack><TermSet><Count>5</Count></TermSet></TranslationStack>"
    http.post(ESEARCH, body=f"<eSearchResult>{count}<IdList/>{stack}</eSearchResult>".encode())
    with pytest.raises(EutilsError, match=r"unexpected answer.*not an empty result"):
        eutils.search("x")


def test_b17_undeclared_entity(http, eutils):
    """Expat lets a name pass that an external DTD might define; reading it is an error of ours all the same."""
    http.post(ESEARCH, body=search_body(1, [7]).replace(b"<Id>7", b"<Id>&x;"))
    with pytest.raises(EutilsError, match="unexpected answer") as caught:
        eutils.search("x")
    assert caught.value.__suppress_context__


def test_b18_translation_as_told(http, eutils):
    """The translation comes back on one line, for the run to keep and compare."""
    http.post(ESEARCH, body=search_body(1, [7], translation='("x"[MeSH Terms]\n  OR a<b)'))
    assert eutils.search("x").translation == '("x"[MeSH Terms] OR a<b)'


@pytest.mark.parametrize(
    "term",
    ["a & b # c + d % e = f ; g", "\"TNF-α\"[tiab] OR 'x'", "one\n  AND two\n", "x" * 30_000],
    ids=["ampersand", "quotes", "lines", "long"],
)
def test_b19_b20_term_arrives_unchanged(http, eutils, term):
    """Every character of a term arrives in the body, however long it is."""
    http.post(ESEARCH, body=search_body(1, [7]))
    eutils.search(term)
    request = http.calls[0].request
    assert parse_qs(request.body)["term"] == [term]
    assert request.url == ESEARCH


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    "text",
    [
        "Search Backend failed: Cannot search because the number of wildcards (*) exceeds 256",
        "Empty term and query_key - nothing todo",
        "Search Backend failed: unbalanced parentheses in the query",
    ],
)
def test_b22_query_that_ncbi_refuses(http, eutils, fake, text, status):
    """A query that can never work is refused with NCBI's words, without another try."""
    http.post(ESEARCH, body=search_error(text), status=status)
    with pytest.raises(QueryError) as caught:
        eutils.search("x*")
    assert str(caught.value) == f"NCBI refuses the query: {text}."
    assert fake.slept == []


BODIES = {
    "f1 rate limit": (429, b'{"error":"API rate limit exceeded","count":"4","limit":"3"}', Fate.BUSY),
    "f1 rate limit with 200": (200, b'{"error":"API rate limit exceeded","count":"4","limit":"3"}', Fate.BUSY),
    "f2 proxy": (500, b"error forwarding request", Fate.BUSY),
    "f3 page": (503, b"<html><body>unavailable</body></html>", Fate.BUSY),
    "f4 maintenance": (200, PAGE, Fate.BUSY),
    "f5 prolog only": (200, SEARCH_HEAD.encode(), Fate.BROKEN),
    "f6 empty": (200, b"", Fate.BROKEN),
    "f7 backend": (200, search_error("Search Backend failed: Database is not supported: pubmed"), Fate.BROKEN),
    "f7 history": (200, fetch_error("Unable to obtain query #1"), Fate.BROKEN),
    "f8 raw line end": (
        200,
        b'{"esearchresult":{"ERROR":"Search Backend failed:\n\'retstart\' too large"}}',
        Fate.REFUSED,
    ),
    "f9 timeout": (400, fetch_error(F9), Fate.BROKEN),
    "f10 retstart": (400, search_error("'retstart' cannot be larger than 9998"), Fate.REFUSED),
    "f11 key": (400, b'{"error":"API key invalid","api-key":"K","type":"invalid"}', Fate.KEY),
    "f12 long URL": (414, PAGE, Fate.REFUSED),
    "f13 no ids": (200, fetch_error("Empty id list"), Fate.REFUSED),
    "f13 wildcards": (200, search_error("the number of wildcards (*) exceeds 256"), Fate.QUERY),
    "f14 cut": (200, fetch_body([b"<PubmedArticle/>"])[:-9], Fate.BROKEN),
    "f15 no records": (200, fetch_body([]), Fate.EMPTY),
    "f16 fewer records": (200, fetch_body([b"<PubmedArticle/>"]), Fate.GOOD),
}


@pytest.mark.parametrize("name", BODIES)
def test_body_of_failure(name):
    """Each way in which NCBI is known to fail gets its verdict; only a whole document of the right kind is served."""
    status, body, fate = BODIES[name]
    roots = SEARCH_ROOTS if b"earch" in body[:400] and b"Article" not in body else FETCH_ROOTS
    assert judge(status, body, roots).fate is fate


def test_body_of_failure_f8_is_shown(http, eutils):
    """NCBI's JSON with a line end inside a string is no JSON; its text is read all the same."""
    http.post(ESEARCH, body=b'{"esearchresult":{"ERROR":"Search Backend failed: Exception:\n\'retstart\' too large"}}')
    with pytest.raises(
        EutilsError, match=r"refuses the request: Search Backend failed: Exception: 'retstart' too large"
    ):
        eutils.search("x")


@pytest.mark.parametrize(
    ("header", "at"),
    [
        ("Wed, 25 Nov 2026 02:14:02 GMT", "2026-11-25T02:14:02Z"),
        ("Wed, 25 Nov 2026 03:14:02 +0100", "2026-11-25T02:14:02Z"),
        ("Wed, 25 Nov 2026 02:14:02 -0000", "2026-11-25T02:14:02Z"),
        ("yesterday", ""),
        (None, ""),
    ],
)
def test_ncbis_own_clock(http, eutils, header, at):
    """A search says when NCBI answered, by NCBI's clock, or nothing if it did not say."""
    http.post(ESEARCH, body=search_body(1, [7]), headers={"Date": header} if header else {})
    assert eutils.search("x").at == at


def test_ncbis_clock_of_the_first_reply(over):
    """A list that took several requests is dated by the first one: what came later may be missing."""
    _, eutils = over(range(1, 10_001))
    assert eutils.search("x").at <= datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", eutils.search("x").at)
    eutils.close()


def test_revised_since_a_day(over):
    """Of what a term finds, those that PubMed modified on that day or later; the plain term reaches the search."""
    server, eutils = over([1, 2, 3, 4])
    terms = []
    server.search = lambda term: (terms.append(term), [1, 2, 3, 4])[1]
    server.modified = {1: "2026-11-17", 2: "2026-11-18", 3: "2026-11-19"}
    found = eutils.revised("a OR b", "2026-11-18")
    assert (found.count, found.pmids, found.complete, found.warnings) == (2, (2, 3), True, ())
    assert server.log[0].params["term"] == "(a OR b) AND 2026/11/18:3000[mdat]"
    assert terms == ["a OR b"]
    assert eutils.revised("a OR b", "2026-11-20").complete
    eutils.close()


def test_revised_beyond_a_page(over):
    """More than 9,999 changed records are listed in parts, as those of any search; above a limit only counted."""
    server, eutils = over(range(1, 12_001))
    server.modified = {pmid: "2026-11-18" if pmid % 12 else "2020-01-01" for pmid in range(1, 12_001)}
    found = eutils.revised("x", "2026-11-18")
    assert (found.count, len(found.pmids), found.complete) == (11_000, 11_000, True)
    assert eutils.revised("x", "2026-11-18", 10_500).complete is False
    assert eutils.revised("x", "2020-01-01", 12_000).count == 12_000
    eutils.close()


@pytest.mark.parametrize(
    ("translation", "extra", "complete"),
    [
        ('"x"[All Fields] AND 2026/11/18:3000/12/31[Date - Modification]', "", True),
        ("(x) AND 2026/11/18:3000[mdat]", "", True),
        ("x[tiab] AND 1900[lr]", "", True),
        ("", "", True),
        ('"x"[All Fields]', "", False),
        ('"lifestyle modification"[Title/Abstract]', "", False),
        ('"x"[All Fields] AND "2026/11/18:3000"[All Fields]', "", False),
        ("(x) AND 2026/11/18:3000[mdat]", "<E><PhraseNotFound>2026/11/18:3000[mdat]</PhraseNotFound></E>", False),
        ("(x) AND 2026/11/18:3000[mdat]", "<E><FieldNotFound>MDAT</FieldNotFound></E>", False),
        ("(x) AND mdat[all]", "<E><QuotedPhraseNotFound>2026/11/18</QuotedPhraseNotFound></E>", False),
        ("(x) AND mdat[all]", "<E><PhraseIgnored>2026/11/18:3000</PhraseIgnored></E>", False),
        ("(x) AND 2026/11/18:3000[mdat]", "<E><PhraseNotFound>another word</PhraseNotFound></E>", True),
    ],
)
def test_revised_if_pubmed_understood(http, eutils, translation, extra, complete):
    """If the reply shows that the date was not searched by, the list says nothing about changes, and says so."""
    http.post(ESEARCH, body=search_body(1, [7], translation=translation, extra=extra))
    found = eutils.revised("x", "2026-11-18")
    assert found.complete is complete
    assert (found.warnings[-1:] == (NOT_UNDERSTOOD,)) is not complete


def test_revised_that_is_not_understood_is_not_listed(http, eutils):
    """If the date was ignored, what the whole term finds is not fetched part by part."""
    http.post(ESEARCH, body=search_body(40_000, range(1, 10_000), translation="x[All Fields]"))
    assert not eutils.revised("x", "2026-11-18").complete
    assert eutils.requests_sent == 1


@pytest.mark.parametrize("since", ["", "2020-13-01", "2026/11/18", "yesterday", "2026-02-30", "2026-11-18] OR x[ti"])
def test_b21_date_that_is_none(eutils, since):
    """What is no day is refused before anything is sent."""
    with pytest.raises(UsageError, match="is not a date"):
        eutils.revised("x", since)
    with pytest.raises(QueryError, match="empty"):
        eutils.revised(" ", "2026-11-18")
    assert eutils.requests_sent == 0


def recorded_searches(corpus):
    """Every recorded ESearch reply in XML: name, body."""
    folder = corpus / "eutils-responses"
    for path in sorted(folder.glob("esearch-*.xml")):
        yield path.name, path.read_bytes()
    for number, line in enumerate((folder / "recorded-http.jsonl").read_text(encoding="utf-8").splitlines()):
        exchange = json.loads(line)
        if exchange["kind"] == "esearch" and exchange["status"] == 200:
            yield f"recorded {number}", exchange["body"].encode()


@pytest.mark.corpus
def test_every_recorded_search_is_read(corpus, fake):
    """Recorded replies give the count and the ids that stand in them."""
    seen = 0
    for name, body in recorded_searches(corpus):
        with responses.RequestsMock(assert_all_requests_are_fired=False) as http, Eutils(**fake.settings) as eutils:
            http.post(ESEARCH, body=body)
            found = eutils.search("x", 0)
        assert found.count == int(re.search(rb"<Count>(\d+)</Count>", body)[1]), name
        listed = [int(pmid) for pmid in re.findall(rb"<Id>(\d+)</Id>", body)]
        assert list(found.pmids) == listed, name
        assert found.complete is (len(listed) == found.count), name
        assert found.translation, name
        seen += 1
    assert seen >= 17


@pytest.mark.corpus
def test_every_recorded_error_is_an_error(corpus):
    """No recorded error body passes for a document, whichever utility it answers and with whichever status."""
    folder = corpus / "eutils-responses"
    bodies = {path.name: path.read_bytes() for path in sorted(folder.glob("error-*"))}
    reports = (
        "429-",
        "400-",
        "200-esearch-backend",
        "200-esearch-empty",
        "200-esearch-history",
        "200-esearch-retstart",
    )
    bodies |= {
        path.name: path.read_bytes()
        for path in sorted((folder / "from-reports").iterdir())
        if path.name.startswith((*reports, "efetch-history"))
    }
    for number, line in enumerate((folder / "recorded-http.jsonl").read_text(encoding="utf-8").splitlines()):
        exchange = json.loads(line)
        if "<ERROR>" in exchange["body"]:
            bodies[f"recorded {number}"] = exchange["body"].encode()
    for name, body in bodies.items():
        for status in (200, 400):
            for roots in (SEARCH_ROOTS, FETCH_ROOTS):
                fate = judge(status, body, roots).fate
                assert fate not in {Fate.GOOD, Fate.EMPTY}, (name, status)
    assert len(bodies) >= 17


@pytest.mark.corpus
def test_every_recorded_set_is_whole_until_it_is_cut(corpus):
    """Recorded EFetch replies pass; cut by a single byte they do not."""
    folder = corpus / "eutils-responses"
    bodies = [gzip.decompress(path.read_bytes()) for path in sorted(folder.glob("efetch-pubmed*.xml.gz"))]
    bodies += [path.read_bytes() for path in sorted(folder.glob("efetch-pubmed*.xml"))]
    for line in (folder / "recorded-http.jsonl").read_text(encoding="utf-8").splitlines():
        exchange = json.loads(line)
        if exchange["kind"] == "efetch" and "<ERROR>" not in exchange["body"]:
            bodies.append(exchange["body"].encode())
    sets = [body for body in bodies if re.search(rb"<Pubmed(Book)?ArticleSet", body)]
    for body in sets:
        assert judge(200, body, FETCH_ROOTS).fate in {Fate.GOOD, Fate.EMPTY}
        assert judge(200, body.rstrip()[:-1], FETCH_ROOTS).fate is Fate.BROKEN
    assert len(sets) >= 40
