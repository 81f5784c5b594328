"""Odd records and hostile text, from the file to the screen: what the cases D and H promise beyond parsing.

The same made-up records as in test_pubmed_parse, fetched, listed, shown and exported.
"""

import re
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from desk import Workspace, terminal
from eutils_server import EutilsServer, rate_limited, status_page
from papers import FIRST_PMID, document, record

FIXTURES = Path(__file__).parent / "fixtures" / "pubmed"
KEY = "SECRETKEY0123456789"
UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069]")


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """A library with every made-up record."""
    made = Workspace(tmp_path_factory.mktemp("records"))
    for path in (made.folder / "queries").iterdir():
        path.unlink()
    (made.folder / "queries" / "all.toml").write_text('title = "Everything"\nterm = "all[sb]"\n')
    folder = made.folder / "files"
    folder.mkdir()
    for path in FIXTURES.glob("*.xml"):
        shutil.copy(path, folder)
    for name in ("control-characters", "nameless-authors", "no-pub-date"):
        shutil.copy(FIXTURES / "invalid" / f"{name}.xml", folder)
    made.run("fetch", "--from", folder, status=4)
    return made


def one(held, pmid):
    (found,) = held.json("show", pmid)
    return found


def entry(held, pmid):
    """The fields of a paper's BibTeX entry."""
    return dict(re.findall(r"^  (\w+) = \{(.*)\},$", held.run("export", "--pmid", pmid).stdout, re.MULTILINE))


def test_d36_a_record_that_xml_refuses_is_named_and_the_rest_is_held(held):
    """D36: the one with &#27; is missing by PMID and gets no row; every other record is held."""
    (run,) = held.json("runs")
    assert run["missing"] == [90100903]
    assert run["received"] > 100
    assert held.json("list", "--pmid", 90100903) == []


def test_d07_a_paper_without_date_is_listed_last_and_with_no_year(held):
    """D07: no PubDate: the year is null, not that of the electronic date; sorted by year such papers come last."""
    assert (one(held, 90100902)["year"], one(held, 90100902)["date"]) == (None, "")
    years = [paper["year"] for paper in held.json("list")]
    assert None in years
    assert None not in years[: years.index(None)]
    assert set(years[years.index(None) :]) == {None}


def test_d08_the_listing_shows_the_year_of_the_issue(held):
    """D08: online in 2025, in an issue of 2026: the list says 2026."""
    row = held.run("list", "--pmid", 90000801, "--columns", "year,date", "--no-header").stdout
    assert row == "2026\t2026 Mar\n"
    assert held.run("list", "--year", "2025", "--pmid", 90000801, "--count").stdout == "0\n"


def test_d12_a_translated_title_loses_its_brackets_on_export_only(held):
    """D12: the list keeps PubMed's brackets; BibTeX has none, and names language and original title in the note."""
    assert one(held, 90001201)["title"] == "[The brain after stroke]."
    assert "Original: Мозг после инсульта." in held.run("show", 90001201).stdout
    fields = entry(held, 90001201)
    assert "[" not in fields["title"]
    assert "The brain after stroke" in fields["title"]
    assert fields["note"] == "Article in Russian. Original title: Мозг после инсульта"


@pytest.mark.parametrize("pmid", [90001301, 90001302, 90001303, 90001304, 90001305])
def test_d13_a_paper_without_title_is_shown_and_exported(held, pmid):
    """D13: whatever stands in for the title stands in list, show and export."""
    title = one(held, pmid)["title"]
    assert title
    assert held.run("list", "--pmid", pmid, "--columns", "title", "--no-header").stdout == f"{title}\n"
    assert f"Title: {title}\n" in held.run("show", pmid).stdout
    assert entry(held, pmid)["title"]


def test_d14_a_paper_without_authors_is_listed_shown_and_exported(held):
    """D14: no authors: an empty cell, no author line, and an entry that sorts by its key."""
    assert held.run("list", "--pmid", 90001401, "--columns", "pmid,authors", "--no-header").stdout == "90001401\t\n"
    assert "Authors:" not in held.run("show", 90001401).stdout
    fields = entry(held, 90001401)
    assert "author" not in fields
    assert fields["key"] == one(held, 90001401)["key"]


@pytest.mark.parametrize(
    ("pmid", "listed", "exported"),
    [
        (90001501, "CARS Study Group", "{CARS Study Group}"),
        (90001601, "Plato", "Plato"),
        (90001701, "King ML Jr; Example B 3rd", "King, Jr., Martin Luther and Example, 3rd, Bea"),
        (90001801, "Right A", "Right, "),
    ],
)
def test_d15_d16_d17_d18_names_leave_as_they_came(held, pmid, listed, exported):
    """D15 to D18: a group whole, a single name without "None" or stray comma, a suffix apart, no misspelt author."""
    assert held.run("list", "--pmid", pmid, "--columns", "authors", "--no-header").stdout.startswith(listed)
    assert entry(held, pmid)["author"].startswith(exported)


def test_d23_no_identifier_of_a_reference_reaches_list_or_export(held):
    """D23: of 400 references neither DOI nor PMC id is taken for the paper's own."""
    assert (one(held, 90002301)["doi"], one(held, 90002301)["pmcid"]) == (None, None)
    assert not {"doi", "pmcid"} & set(entry(held, 90002301))


def test_d29_links_are_stored_with_type_and_target(held):
    """D29: each correction is in the library with its kind and the other's PMID, and in the JSON with its type."""
    db = sqlite3.connect(held.folder / "db" / "reftrack.db")
    rows = db.execute("SELECT kind, other_pmid FROM corrections WHERE pmid = 90002901 ORDER BY position").fetchall()
    db.close()
    assert rows == [
        ("ExpressionOfConcernIn", 90000001),
        ("ErratumIn", 90000002),
        ("UpdateOf", 90000003),
        ("RepublishedIn", 90000004),
        ("CommentIn", None),
    ]
    told = [(notice["type"], notice["pmid"]) for notice in one(held, 90002901)["notices"]]
    assert told == [("concern", 90000001), ("erratum", 90000002), ("update-of", 90000003), ("republished", 90000004),
                    ("comment", None)]  # fmt: skip
    assert [notice["type"] for notice in one(held, 90002902)["notices"]] == ["retracted-republished"]


def test_d26_d27_d28_retracted_papers_are_marked_and_the_notice_is_not(held):
    """D26, D27, D28: by link with or without PMID, by type alone: retracted; the notice is not."""
    found = {paper["pmid"] for paper in held.json("list", "--notice", "retraction")}
    assert {90002601, 90002602, 90002701} <= found
    assert 90002801 not in found
    assert one(held, 90002801)["retracted"] is False


def test_d30_a_preprint_says_so_and_links_its_article(held):
    """D30: type preprint in list and export, and `show` names the article that came of it."""
    assert one(held, 90003001)["type"] == "preprint"
    assert "An update of this paper was published: J Example. 2021 (PMID 90003002)" in held.run("show", 90003001).stdout
    assert held.run("export", "--pmid", 90003001).stdout.startswith("@misc{")


def test_d34_large_records_are_stored_shown_and_exported_whole(workspace):
    """D34: 500 authors and an abstract of 60 KB reach list, show and export uncut."""
    people = "".join(f"<Author><LastName>Author{n}</LastName></Author>" for n in range(500))
    words = "word " * 12_000
    large = record(1, title="Examplin in stroke.", abstract=(("RESULTS", words),)).replace(
        b"</AuthorList>", people.encode() + b"</AuthorList>"
    )
    workspace.file.write_bytes(document(large))
    workspace.fetch()
    found = one(workspace, FIRST_PMID)
    assert len(found["authors"]) == 501
    assert found["abstract"][0]["text"] == words.strip()
    assert words.strip() in workspace.run("show", FIRST_PMID).stdout
    assert entry(workspace, FIRST_PMID)["author"].count(" and ") == 500
    assert workspace.run("show", FIRST_PMID, "--xml").stdout.strip().encode() == large


def test_d35_every_script_is_found_listed_and_exported(held):
    """D35: Chinese, Cyrillic, Arabic and emoji stand in list and export; a search without the accent finds its word."""
    title = "脑卒中 и инсульт والسكتة étude 👩‍⚕️."
    assert one(held, 90003501)["title"] == title
    assert title.rstrip(".") in entry(held, 90003501)["title"].replace("{", "").replace("}", "")
    for word in ("etude", "инсульт", "والسكتة", "Muresanu"):
        assert 90003501 in [paper["pmid"] for paper in held.json("list", word)]


def test_h01_an_entity_bomb_ends_the_command(workspace):
    """H01: from the server status 3, from a file status 4, and nothing is stored."""
    bomb = (FIXTURES / "invalid" / "billion-laughs.xml").read_bytes()
    workspace.file.write_bytes(bomb)
    assert "entities" in workspace.fetch(status=4).stderr
    with EutilsServer({}, lambda _: [], rate_limit=0) as server:
        server.queue_fault(lambda exchange: exchange.send(200, bomb), times=2)
        told = workspace.run("fetch", environment={"REFTRACK_EUTILS_URL": server.url}, status=3)
    assert "entities" in told.stderr
    assert workspace.json("list") == []


def leaks():
    """Ways to fail that are told at once, each answering with the key where it can."""
    return {
        "echo": [lambda exchange: exchange.send(400, f"api_key={KEY}".encode(), "text/plain")],
        "redirect": [status_page(302, ("Location", f"http://127.0.0.1:1/?api_key={KEY}"))],
        "a day": [rate_limited(86400)],
        "count": [lambda exchange: exchange.send(200, f"<eSearchResult><Count>{KEY}</Count></eSearchResult>".encode())],
    }


@pytest.mark.parametrize("name", leaks())
def test_h03_no_failure_writes_the_key_anywhere(workspace, name):
    """H03: after a failure the key is in no output, no file of the workspace and no export, also with -v."""
    records = {FIRST_PMID: record(1, title="Examplin in stroke.")}
    said = ""
    with EutilsServer(records, lambda _: list(records), rate_limit=0) as server:
        environment = {"NCBI_API_KEY": KEY, "NCBI_EMAIL": "someone@hospital.test", "REFTRACK_EUTILS_URL": server.url}
        result = workspace.run("-v", "fetch", "stroke", environment=environment)
        said += result.stdout + result.stderr
        for fault in leaks()[name]:
            server.queue_fault(fault)
        result = workspace.run("-v", "fetch", "stroke", "--full", environment=environment, status=3)
        said += result.stdout + result.stderr
        assert server.log[-1].params["api_key"] == KEY
    for arguments in (["runs", "--json"], ["doctor"], ["list", "--json"], ["query", "list"]):
        result = workspace.run(*arguments, environment=environment)
        said += result.stdout + result.stderr
    workspace.run("export", "-o", workspace.folder / "papers.bib", environment=environment)
    assert KEY not in said
    for path in workspace.folder.rglob("*"):
        assert KEY not in path.name
        assert not path.is_file() or KEY.encode() not in path.read_bytes()


def test_h04_a_key_with_a_line_end_is_sent_without_it(workspace):
    """H04: white space around the key in the environment is not sent; inside it the key is refused and not shown."""
    with EutilsServer({}, lambda _: [], rate_limit=0) as server:
        environment = {"NCBI_API_KEY": f" {KEY}\n", "REFTRACK_EUTILS_URL": server.url}
        workspace.run("fetch", environment=environment)
        assert {request.params["api_key"] for request in server.log} == {KEY}
        asked = len(server.log)
        environment["NCBI_API_KEY"] = f"{KEY} {KEY}"
        result = workspace.run("fetch", environment=environment, status=2)
        assert len(server.log) == asked
    assert "API key" in result.stderr
    assert KEY not in result.stdout + result.stderr


HOSTILE = "ev\x9b31mil \u202egnp\u202c \u2066x\u2069 \u200bzw"


@pytest.fixture
def hostile(workspace):
    """Every text of a record that a screen shows, with C1 controls and what reorders or hides text."""
    text = (
        record(1, title=f"Examplin in stroke {HOSTILE}", abstract=((HOSTILE, f"Mortality {HOSTILE}."),))
        .decode()
        .replace("<LastName>Example", f"<LastName>{HOSTILE}")
        .replace("<Title>J Example", f"<Title>{HOSTILE}")
        .replace("Journal Article", HOSTILE)
    )
    workspace.file.write_bytes(document(text.encode()))
    workspace.fetch()
    title = 'title = "Odd \\u001b[31mred\\u001b]8;;http://127.0.0.1/\\u0007link \\u202e"'
    (workspace.folder / "queries" / "odd.toml").write_text(f'{title}\nterm = "examplin[tiab]"\nnote = "\\u001b[2J"\n')
    workspace.run("tag", "add", FIRST_PMID, "mood", "--because", f"\x1b[31m{HOSTILE}\x07")
    return workspace


SCREENS = (
    ["list"], ["list", "--columns", "title,authors,journal,publication_types,abstract"], ["list", "--csv"],
    ["show", str(FIRST_PMID)], ["why", str(FIRST_PMID)], ["why", str(FIRST_PMID), "mood"],
    ["why", str(FIRST_PMID), "mortality"], ["query", "list"], ["query", "show", "odd"], ["runs"], ["doctor"],
    ["tag", "list"],
)  # fmt: skip


@pytest.mark.parametrize("arguments", SCREENS, ids=" ".join)
def test_h11_nothing_in_a_record_a_query_or_a_reason_reaches_the_terminal(hostile, arguments):
    """H11: no control character, escape or bidi override of the data in any screen, in a pipe and on a terminal."""
    result = hostile.run(*arguments)
    assert not UNSAFE.search(result.stdout + result.stderr)
    status, seen = terminal([sys.executable, "-m", "reftrack", *arguments], hostile.folder)
    assert status == 0
    assert not UNSAFE.search(seen)
    assert arguments[0] not in ("list", "show", "query") or "31mil" in seen or "link" in seen
