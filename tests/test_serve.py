"""The site: its numbers are those of `list`, nobody changes anything through it, and nothing in a record is obeyed."""

import http.client
import json
import os
import re
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selenium.webdriver.common.keys import Keys

from desk import Workspace
from papers import document, record
from reftrack.errors import LibraryError, UsageError
from reftrack.library.fenced import hurry, open_fenced
from reftrack.library.opening import open_to_read
from reftrack.library.selecting import Selection
from reftrack.web import guard, site
from reftrack.web.addresses import of_trial
from reftrack.workflow.asking import of_selection, read
from test_map import HOSTILE, records

KEY = "0123456789abcdef0123456789abcdef0123"
PAGES = (
    "/",
    "/papers",
    "/papers?q=stroke",
    "/papers?study=rct&tag=stroke",
    "/paper/90000004",
    "/paper/90000010",
    "/trials",
    "/questions",
    "/map",
    "/library",
    "/library/library",
    "/library/papers",
    "/library/papers/90000010",
    "/library/evidence",
    "/library/retracted",
    "/library/phrases?tag=stroke",
    "/library?sql=select+title+from+papers",
    "/papers?nothing=1",
    "/paper/1",
)
"""A page of each kind, errors among them."""


class Server:
    """`reftrack serve` as a process of its own."""

    def __init__(self, workspace, *arguments):
        environment = {**os.environ, "NCBI_API_KEY": KEY, "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "reftrack", "serve", "--port", "0", *arguments]
        self.process = subprocess.Popen(
            command,
            cwd=workspace.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            text=True,
            # What a shell starts in the background would not hear Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        )
        self.line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", self.line)
        assert found, (self.line, self.process.stderr.read() if self.process.poll() is not None else "")
        self.port = int(found[1])
        self.address = f"http://127.0.0.1:{self.port}"

    def ask(self, path, *, method="GET", **headers):
        """(status, headers, text) of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_host="host" in headers)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def page(self, path):
        """The text of a page that is there."""
        status, _, text = self.ask(path)
        assert status == 200, (path, status, text)
        return text

    def stop(self):
        """Ctrl-C: (exit status, what it still said)."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out + err


class Page(HTMLParser):
    """What of a page a browser would load or run, its links, and its text."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loaded, self.scripts, self.handlers, self.words = [], [], [], [], []
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self._within = tag
        self.handlers += [name for name in given if name.startswith("on")]
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "script" and given.get("type") != "application/json":
            self.scripts.append(given.get("src", ""))
        self.loaded += [given[name] for name in ("src",) if name in given]
        self.loaded += [given["href"]] if tag == "link" else []
        assert tag not in ("img", "iframe", "object", "embed"), tag

    def handle_endtag(self, _tag):
        self._within = ""

    def handle_data(self, data):
        if self._within not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """The ten papers of the map's tests, one retracted, one hostile; decisions, a note and tags by hand."""
    made = Workspace(tmp_path_factory.mktemp("secret-place"))
    (made.folder / "queries" / "head.toml").write_text('title = "All <b>of</b> it"\nterm = "seen OR evil OR head"\n')
    (made.folder / "queries" / "stroke.toml").unlink()
    (made.folder / "reftrack.toml").write_text('email = "somebody@hospital.test"\n')
    papers = records()
    made.file.write_bytes(document(*papers[:9]))
    made.fetch()
    made.file.write_bytes(document(*papers))
    made.fetch()
    made.run("decide", "90000001", "include")
    made.run("decide", "90000002", "exclude", "--because", "<script>alert(3)</script>")
    made.run("note", "90000001", "Read & <b>checked</b>.")
    made.run("tag", "add", "90000001", "mood", "--because", '"><img src=x onerror=alert(4)>')
    made.run("tag", "add", "90000001", "memory")  # its parent, cognition, finds the paper without being carried
    made.run("tag", "rm", "90000001", "motor", "--because", "background only")
    return made


@pytest.fixture(scope="module")
def server(workspace):
    started = Server(workspace, "--title", "Examplin <i>everywhere</i>")
    yield started
    status, said = started.stop()
    assert (status, said) == (0, ""), "Ctrl-C ends it without a word, and no page printed anything"


# lists


def numbered(text):
    """(papers that the page tells of, its command, the papers on it)."""
    total = int(re.search(r'class="count"><b>([\d,]+)</b>', text)[1].replace(",", ""))
    command = re.search(r'class="line"><code>(.*?)</code>', text)[1]
    for entity, sign in (("&#39;", "'"), ("&#34;", '"'), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        command = command.replace(entity, sign)
    pmids = [
        int(pmid)
        for pmid in re.findall(r'</span><a href="/paper/(\d+)">|<h2><a href="/paper/(\d+)">', text)
        for pmid in pmid
        if pmid
    ]
    return total, command, pmids


def listed(workspace, command):
    """The papers of a printed command, run as it stands."""
    words = shlex.split(command)
    assert words[:2] == ["reftrack", "list"]
    return [paper["pmid"] for paper in json.loads(workspace.run("list", "--json", *words[2:]).stdout)]


def choices(text):
    """(address, papers that a facet says it has) of each way to narrow a list."""
    found = re.findall(
        r'<li[^>]*><a href="(/papers\?[^"]+)"><bdi>[^<]*</bdi></a> <span class="n">([\d,]+)</span>', text
    )
    return [(address.replace("&amp;", "&"), int(papers.replace(",", ""))) for address, papers in found]


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "q=stroke",
        "q=stroke&sort=-year",
        "q=%22head+injury%22",
        "tag=stroke&tag=cognition",
        "any=tbi&any=mood",
        "not=stroke&study=rct",
        "study=none",
        "study=rct,meta-analysis",
        "from=2014&to=2018",
        "from=2020",
        "author=Example",
        "journal=J+Example",
        "language=rus",
        "notice=retraction",
        "decision=none",
        "decision=include",
        "new=1",
        "query=head&sort=title",
        "match=stroke%5Bti%5D+NOT+mortality",
        "q=-injury",
        "sort=year",
        "q=nowhere+to+be+found",
    ],
)
def test_a_list_is_what_its_command_lists(workspace, server, asked):
    """The same papers in the same order as the printed `reftrack list`, and the number is theirs."""
    total, command, pmids = numbered(server.page(f"/papers?{asked}"))
    expected = listed(workspace, command)
    assert total == len(expected)
    assert pmids == expected
    assert (total == 0) == ("nowhere" in asked)


@pytest.mark.parametrize("asked", ["", "tag=stroke", "q=mortality", "from=2016"])
def test_each_facet_has_as_many_papers_as_it_says(server, asked):
    """What narrows a list says beforehand how many papers are left, for every facet."""
    narrowing = choices(server.page(f"/papers?{asked}"))
    assert len(narrowing) > 5
    for address, papers in narrowing:
        assert numbered(server.page(address))[0] == papers, address


def test_facets_are_there(server):
    """Study types, the facets of tags, journals are not alone; language, decision and notice narrow, too."""
    addresses = " ".join(address for address, _ in choices(server.page("/papers")))
    for name in ("study=", "tag=", "language=", "decision=", "notice="):
        assert name in addresses
    assert "<title>2014: 1</title>" in server.page("/papers"), "a bar for each year"


def test_cells_of_the_map_lead_to_their_papers(server):
    """Each number of the map on the first page is that of the list that it leads to."""
    cells = re.findall(r'<td class="[^"]*"><a href="([^"]+)"[^>]*>([\d,]+)', server.page("/"))
    assert len(cells) > 10
    for address, papers in cells:
        assert numbered(server.page(address.replace("&amp;", "&")))[0] == int(papers), address


@pytest.mark.parametrize(
    ("asked", "status"), [("match=stroke%5Bti%5D", 200), ("match=%28", 400), ("query=no-such", 400), ("tag=strok", 400)]
)
def test_the_map_takes_any_selection(server, asked, status):
    """A query in PubMed syntax, too; what is not understood is refused as on a list, not an empty map."""
    got, _, text = server.ask(f"/map?{asked}")
    assert got == status
    if status == 200:
        total = numbered(server.page(f"/papers?{asked}"))[0]
        assert total > 1
        assert f">{total} papers, " in text


def test_an_answer_in_sql_is_had_as_json_and_csv(server):
    """The links beside the answer to a question of one's own lead there."""
    page = server.page("/library?sql=select+90000001+as+pmid")
    links = re.findall(r'href="(/library\.[^"]+)"', page)
    assert {link.partition("?")[0] for link in links} == {"/library.json", "/library.csv"}
    for link in links:
        assert "90000001" in server.page(link.replace("&amp;", "&"))


def test_questions_are_answered(server):
    """Each list of the questions has as many papers as is said; each question in SQL has an answer."""
    page = server.page("/questions")
    lists = re.findall(r'<a href="(/papers[^"]*)">[^<]*</a> <span class="n">([\d,]+)', page)
    assert len(lists) > 5
    for address, papers in lists:
        assert numbered(server.page(address.replace("&amp;", "&")))[0] == int(papers), address
    asked = re.findall(r'href="(/library/[^"]+)"', page)
    assert len(asked) > 9
    for address in asked:
        answer = json.loads(server.page(f"{address}.json?_shape=array"))
        assert isinstance(answer, list), address


def test_questions_in_sql_agree_with_the_lists(workspace, server):
    """Retracted papers and those without an outcome are the same by SQL as by `list`."""
    assert [row["pmid"] for row in json.loads(server.page("/library/retracted.json?_shape=array"))] == [90000004]
    by_sql = {row["pmid"] for row in json.loads(server.page("/library/no-outcome.json?_shape=array"))}
    page = server.page("/questions")
    address = re.search(r'<a href="(/papers\?[^"]*)">Which report no outcome', page)[1].replace("&amp;", "&")
    assert by_sql == set(listed(workspace, numbered(server.page(address))[1])) != set()


def test_long_lists_have_pages(tmp_path):
    """Pages follow upon each other without a gap, and there is none behind the last."""
    workspace = Workspace(tmp_path)
    made = [record(number, title=f"Examplin in stroke, part {number}.") for number in range(1, 121)]
    workspace.file.write_bytes(document(*made))
    workspace.fetch()
    started = Server(workspace)
    try:
        seen, address = [], "/papers"
        while address:
            text = started.page(address)
            seen += numbered(text)[2]
            later = re.search(r'rel="next" href="([^"]+)"', text)
            address = later and later[1].replace("&amp;", "&")
        assert seen == listed(workspace, "reftrack list")
        assert started.ask("/papers?page=9")[0] == 400
    finally:
        started.stop()


text = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(
    lambda one: one.strip() == one and one
)


@given(
    st.fixed_dictionaries(
        {
            "text": st.just("") | text,
            "tags": st.lists(text, unique=True, max_size=2).map(tuple),
            "not_tags": st.lists(text, unique=True, max_size=2).map(tuple),
            "studies": st.lists(text, unique=True, max_size=2).map(tuple),
            "author": st.just("") | text,
            "years": st.sampled_from([None, (1999, None), (None, 2004), (1999, 2004)]),
            "decision": st.sampled_from(["", "none", "maybe"]),
            "new": st.booleans(),
            "sort": st.sampled_from(["", "-year", "title"]),
        }
    ).map(lambda fields: Selection(**fields))
)
def test_an_address_holds_all_of_a_selection(selection):
    """A selection becomes an address and the same selection again."""
    assert read(parse_qsl(urlencode(of_selection(selection)))).selection == selection


@pytest.mark.parametrize(
    "asked",
    [
        *("nothing=1", "tag=strok", "study=stroke", "from=next", "notice=bad", "decision=yes", "page=0", "page=99"),
        *("from=2020&to=2010", "from=0000", "to=0000"),
        *("query=no-such", "q=%22%22", "match=%28", "q=a&q=b", f"q={'x' * 600}", "pmid=1", "sort=x"),
    ],
)
def test_what_is_not_understood_is_not_passed_over(server, asked):
    """A name or value that is not known is an error in a sentence, never a wider list."""
    status, _, text = server.ask(f"/papers?{asked}")
    assert status == 400
    assert 'class="problem"' in text
    assert 'class="count"' not in text


# a paper


def test_a_paper_says_what_show_and_why_say(workspace, server):
    """Every tag with its standing, every rule and quote, what was decided, noted and done by hand."""
    for pmid in (90000001, 90000004, 90000010):
        told = Page(server.page(f"/paper/{pmid}")).text
        for tag in json.loads(workspace.run("why", pmid, "--json").stdout):
            for evidence in tag["evidence"]:
                assert " ".join(evidence["rule"].split()) in told
                assert " ".join(evidence["quote"].split()) in told
            if tag["source"] == "rule" and tag["state"] == "tagged":
                assert (
                    f"tagged · {'primary · ' if tag['tag'].startswith('study/') else ''}score {tag['score']:g}" in told
                )
        (paper,) = workspace.json("show", pmid)
        for shown in (paper["key"], paper["journal"], *paper["authors"], *(part["text"] for part in paper["abstract"])):
            assert "".join(shown.split()) in "".join(told.split())
    told = Page(server.page("/paper/90000001")).text
    assert "Added by hand" in told
    assert "Removed by hand" in told
    assert "background only" in told
    assert "include" in told
    assert "Read & <b>checked</b>." in told


def test_a_retracted_paper_says_so_first(server):
    """In plain words, before the title."""
    text = server.page("/paper/90000004")
    told = Page(text).text
    assert "This paper was retracted" in told
    assert text.index("This paper was retracted") < text.index("<h1")
    assert 'class="mark bad">Retracted' in server.page("/papers?notice=retraction")


def test_a_paper_is_found_by_its_key(server):
    """By PMID or key; of another a sentence says that it is not held."""
    (key,) = re.findall(r"reftrack show ([\w-]+)", server.page("/paper/90000001"))
    assert server.page(f"/paper/{key}") == server.page("/paper/90000001")
    status, _, text = server.ask("/paper/90000099")
    assert status == 404
    assert "holds no paper" in text
    assert "https://pubmed.ncbi.nlm.nih.gov/90000099/" in Page(text).links
    assert "pubmed" not in server.ask("/paper/nobody2020")[2]


def test_words_of_a_tag_are_marked_in_the_abstract(server):
    """The words that tags rest on stand marked where they are, with what they speak for."""
    text = server.page("/paper/90000002")
    assert re.search(r'<mark title="[^"]*Mortality[^"]*">mortality</mark>', text)


def test_only_known_registries_are_linked():
    """A number leads to its registry only in its shape."""
    assert of_trial("NCT01234567") == "https://clinicaltrials.gov/study/NCT01234567"
    assert of_trial("javascript:alert(1)") == of_trial("NCT01234567/../x") == of_trial("PMID 1") == ""


# nothing in a record is obeyed, nothing leaves, nothing is changed


@pytest.mark.parametrize("path", PAGES)
def test_no_page_runs_or_loads_anything_foreign(server, path):
    """No script, image or handler out of a record; all that a page loads is of the site; links lead to known places."""
    _, headers, text = server.ask(path)
    page = Page(text)
    assert page.handlers == []
    inline = [source for source in page.scripts if not source]
    if path == "/map":
        assert len(inline) == 2
        assert "script-src 'sha256-" in text
    elif "DATASETTE_ALLOW_FACET" in text:
        assert inline == [""]
        assert re.findall(r"<script>(.*?)</script>", text) == ["DATASETTE_ALLOW_FACET = true;"]
    else:
        assert inline == []
    for address in page.loaded:
        assert address.startswith("/"), address
        assert not address.startswith("//")
    for link in [link.removeprefix(server.address) for link in page.links]:
        assert urlsplit(link).scheme in ("", "https"), link
        assert urlsplit(link).netloc in ("", "pubmed.ncbi.nlm.nih.gov", "doi.org"), link
    assert "<script>alert" not in text
    assert "<img" not in text
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", text), "nothing turns the direction of a text"
    assert headers["content-type"].startswith("text/html")


def test_hostile_titles_are_read_as_text(server):
    """A title that would be a script stands there as it is written."""
    for path in ("/papers", "/paper/90000010", "/library/library"):
        assert "<script>alert(1)</script>" in Page(server.page(path)).text, path
    assert "Examplin <i>everywhere</i>" in Page(server.page("/")).text
    assert "All <b>of</b> it" in Page(server.page("/")).text


@pytest.mark.parametrize("path", [*PAGES, "/static/site.css", "/-/static/app.css", "/papers.json", "/library.json"])
def test_headers_keep_a_browser_on_the_site(server, path):
    """Every answer, of errors too: a policy without inline script, no sniffing, no frame, no referrer, no CORS."""
    _, headers, _ = server.ask(path, origin="http://evil.test")
    named = {name.lower(): value for name, value in headers.items()}
    assert named["x-content-type-options"] == "nosniff"
    assert named["referrer-policy"] == "no-referrer"
    assert named["x-frame-options"] == "DENY"
    assert named["cross-origin-resource-policy"] == "same-origin"
    policy = named["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "'unsafe-inline'" not in policy.partition("style-src")[0]
    assert ("script-src 'self'" in policy) == (path != "/map")
    assert not [name for name in named if name.startswith("access-control")]
    assert "set-cookie" not in named


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:80", "127.0.0.1.evil.test", "localhost.evil.test", "", "10.0.0.1"]
)
def test_other_names_are_refused(server, host):
    """DNS rebinding: a name that was made to lead here gets nothing."""
    status, _, text = server.ask("/papers", host=host)
    assert status == 421
    assert "paper" not in text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9000", "127.0.0.1:1", "[::1]:8001"])
def test_names_of_this_machine_are_taken(server, host):
    """Also through a tunnel, which has another port."""
    assert server.ask("/papers", host=host)[0] == 200


def test_a_site_for_others_takes_addresses_and_its_own_names():
    """At an address that others reach: every address in figures and this machine's names, no other name."""
    names = guard.names_of("0.0.0.0")
    assert "192.168.1.7" in names
    assert socket.gethostname().lower() in names
    assert "evil.test" not in names
    assert "evil.test" not in guard.names_of("127.0.0.1")
    assert "192.168.1.7" not in guard.names_of("localhost")
    assert [guard.is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "10.1.1.1", "a.test")] == (
        [True] * 3 + [False] * 3
    )


def test_another_site_loads_nothing_from_here(server):
    """A link from elsewhere is followed; a script or image of elsewhere is not."""
    assert server.ask("/papers", sec_fetch_site="cross-site", sec_fetch_mode="no-cors")[0] == 403
    assert server.ask("/papers", sec_fetch_site="cross-site", sec_fetch_mode="navigate")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_looking_is_answered(server, method):
    """GET and HEAD, nothing else."""
    assert server.ask("/library", method=method)[0] == 405
    assert server.ask("/library", method="HEAD")[0] == 200


def contents(workspace):
    connection = sqlite3.connect(workspace.folder / "db" / "reftrack.db")
    told = list(connection.iterdump())
    connection.close()
    return told


@pytest.mark.parametrize(
    "sql",
    [
        "insert into notes(pmid, who, text, at) values (90000001, 'x', 'y', 'z')",
        "update papers set title = ''",
        "delete from papers",
        "drop table papers",
        "create table x(y)",
        "create temp table x(y)",
        "attach database 'other.db' as other",
        "pragma writable_schema = 1",
        "pragma user_version = 99",
        "vacuum",
        "with a as (select 1) delete from papers",
        "select load_extension('x')",
        "select * from pragma_database_list",
        "explain delete from papers",
        "select writefile('x', 'y')",
    ],
)
def test_sql_cannot_change_anything(workspace, server, sql):
    """By the page and by its JSON: refused in a sentence, and the library is what it was."""
    before = contents(workspace)
    for path in ("/library", "/library.json"):
        status, _, text = server.ask(f"{path}?{urlencode({'sql': sql})}")
        assert status == 400, text
        assert "secret-place" not in text
    assert contents(workspace) == before


def test_the_fence_holds_by_itself(workspace):
    """Without Datasette's own look at SQL: what is not a read is not prepared."""
    raw = open_fenced(workspace.folder / "db" / "reftrack.db")
    for sql in ("DELETE FROM papers", "ATTACH 'x' AS x", "PRAGMA database_list", "PRAGMA query_only = 0", "BEGIN"):
        with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
            raw.execute(sql)
    for sql in ("UPDATE sqlite_master SET name = 'x'", "PRAGMA user_version = 9"):
        with pytest.raises(sqlite3.DatabaseError):
            raw.execute(sql)
    assert raw.execute("SELECT count(*) FROM papers_fts WHERE papers_fts MATCH 'stroke'").fetchone()[0] > 1
    assert raw.execute("PRAGMA table_info(papers)").fetchall()
    raw.close()


def test_sql_that_takes_too_long_is_stopped(server):
    """After two seconds, with a sentence."""
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n"
    status, _, text = server.ask(f"/library?{urlencode({'sql': endless})}")
    assert status == 400
    assert "two seconds" in text


def test_a_page_that_takes_too_long_is_given_up(workspace):
    """A read of ours ends, too."""
    connection = open_to_read(workspace.folder / "db" / "reftrack.db")
    hurry(connection, 0.05)
    with pytest.raises(LibraryError):
        connection.rows("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")
    connection.close()


@pytest.mark.parametrize(
    "path",
    [
        *("/-/databases", "/-/databases.json", "/-/settings.json", "/-/plugins.json", "/-/versions.json"),
        *("/-/threads.json", "/-/metadata.json", "/-/permissions", "/-/messages", "/-/patterns", "/-/actor.json"),
        *("/-/auth-token", "/-/logout", "/_internal", "/_memory", "/library.db", "/static/../site.py"),
        *("/static/..%2fsite.py", "/-/static/../app.py", "/paper/..%2f..%2fetc", "/reftrack.toml"),
    ],
)
def test_nothing_of_the_machine_is_served(server, path):
    """Datasette's pages about itself, the file of the library, files beside it: none is there."""
    status, _, text = server.ask(path)
    assert status == 404, (status, text[:200])


def test_no_secret_is_on_any_page(workspace, server):
    """The key, the address of e-mail and where the library is stand on no page of the site."""
    seen, waiting = set(), [*PAGES, "/library.json", "/library/papers.json", "/library/runs.json", "/-/static/app.css"]
    while waiting and len(seen) < 120:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        status, headers, text = server.ask(path)
        assert status in (200, 400, 404), path
        for secret in (KEY, "somebody@hospital.test", "secret-place", str(workspace.folder)):
            assert secret not in text + str(headers), path
        if headers["content-type"].startswith("text/html"):
            found = [urljoin(path, link) for link in Page(text).links if not urlsplit(link).scheme]
            waiting += [one.partition("#")[0] for one in found]
    assert len(seen) == 120


def test_what_a_fetch_brings_is_seen(tmp_path):
    """The site shows the library as it is now; one that is damaged meanwhile is told in a sentence."""
    workspace = Workspace(tmp_path)
    workspace.fetch()
    started = Server(workspace)
    try:
        before = numbered(started.page("/papers"))[0]
        assert started.ask("/paper/90000009")[0] == 404
        workspace.file.write_bytes(document(record(9, title="Examplin in stroke, again."), *records()[:1]))
        workspace.fetch()
        assert numbered(started.page("/papers"))[0] == before + 1
        assert "Examplin in stroke, again." in started.page("/paper/90000009")
        rows = json.loads(started.page("/library/library.json?_shape=array&pmid=90000009"))
        assert [row["pmid"] for row in rows] == [90000009]
        for path in (workspace.folder / "db").glob("reftrack.db*"):
            path.unlink()
        status, _, text = started.ask("/papers")
        assert status == 503
        assert "There is no library" in text
    finally:
        started.stop()


# the command


def test_it_says_where_and_ends_quietly(workspace):
    """One line with the papers and the address; Ctrl-C ends it with 0 and not a word."""
    started = Server(workspace)
    assert re.fullmatch(r"10 papers at http://127\.0\.0\.1:\d+/ \(Ctrl-C ends it\)\n", started.line)
    title = re.search("<title>(.*?)</title>", started.page("/"))[1]
    assert title == workspace.folder.name, "what the workspace's folder is called"
    assert started.stop() == (0, "")


def test_a_port_in_use(workspace):
    """A sentence, and how to take another."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = workspace.run("serve", "--port", port, status=2).stderr
    assert said == (
        f"reftrack: Port {port} is in use on this machine, perhaps by another `reftrack serve`; "
        "--port 0 takes a free one.\n"
    )


@pytest.mark.parametrize("arguments", [("--host", "no such name"), ("--port", "70000"), ("--port", "-1")])
def test_what_cannot_be_listened_at(workspace, arguments):
    """A host or port that is none is a mistake in what was typed."""
    assert workspace.run("serve", "--port", 0, *arguments, status=2).stderr


def test_without_datasette(workspace):
    """A sentence says what to install."""
    code = "import sys; sys.modules['datasette'] = None; from reftrack.cli import main; main(['serve', '--port', '0'])"
    done = workspace.process(code=code)
    assert done.returncode == 2
    assert done.stderr.decode() == "reftrack: The site needs Datasette: pip install 'reftrack[web]'.\n"


def test_a_library_that_cannot_be_shown(tmp_path):
    """None, an empty one, a damaged one and one of a newer reftrack: status 5 and a sentence each."""
    workspace = Workspace(tmp_path)
    assert "fetch" in workspace.run("serve", status=5).stderr
    workspace.fetch()
    path = tmp_path / "db" / "reftrack.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert "newer reftrack" in workspace.run("serve", status=5).stderr
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 5000)
    assert workspace.run("serve", status=5).stderr.startswith("reftrack: ")


@pytest.fixture
def unanswered(monkeypatch):
    """A site that listens and does not answer: the command ends."""
    opened = []
    monkeypatch.setattr(site, "run", lambda *_: None)
    monkeypatch.setattr(site, "listen", lambda _host, port: socket.create_server(("127.0.0.1", port)))
    monkeypatch.setattr("reftrack.cli.links.show", lambda url: opened.append(url) or True)
    return opened


def test_others_on_the_network_are_warned_of(workspace, unanswered):
    """A host that others reach: who can read what is said in plain words."""
    said = workspace.run("serve", "--port", 0, "--host", "0.0.0.0").stderr
    assert said == "Warning: everybody who reaches 0.0.0.0 can read the whole library, notes included.\n"
    assert workspace.run("serve", "--port", 0).stderr == ""
    assert unanswered == []


def test_open_shows_it(workspace, unanswered):
    """--open shows the address that is printed."""
    line = workspace.run("serve", "--port", 0, "--open").stdout
    assert unanswered == [re.search(r"http://\S+/", line)[0]]


def test_help_loads_nothing_heavy(workspace):
    """`serve --help`, and every other command, loads no Datasette."""
    code = (
        "import sys\nfrom reftrack.cli import main\n"
        "try:\n    main({words})\nexcept SystemExit:\n    pass\n"
        "assert not {{'datasette', 'uvicorn', 'jinja2', 'httpx'}} & set(sys.modules)"
    )
    for words in (["serve", "--help"], ["list", "--count"], ["show", "90000001"], ["open", "90000001", "--print"]):
        done = workspace.process(code=code.format(words=words))
        assert done.returncode == 0, done.stderr.decode()


def test_the_trials_are_those_of_studies(workspace, server):
    """As many reports and trials, in the same order."""
    found = workspace.json("studies")
    text = server.page("/trials")
    assert f"{found['reports']} report" in text
    assert f"{found['trials']} trial" in text
    on_page = [int(pmid) for pmid in re.findall(r'<li[^>]*><a href="/paper/(\d+)">', text)]
    assert on_page == [pmid for one in found["studies"] for pmid in one["pmids"]] != []


def test_a_wheel_carries_the_site(project, tmp_path):
    """Templates, style and script are in the wheel."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=project, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    web = project / "src" / "reftrack" / "web"
    files = [*(web / "templates").iterdir(), *(web / "static").iterdir()]
    assert len(files) > 12
    assert {f"reftrack/web/{file.parent.name}/{file.name}" for file in files} <= names


def test_nothing_is_written_through_datasette(workspace):
    """Its way to write is closed, whoever calls it."""
    from reftrack.workflow import serving

    path = workspace.folder / "db" / "reftrack.db"
    made = serving.site(path, title="x", titles=dict, history=lambda *_: ())
    import datasette.app

    database = site._database(datasette.app.Datasette(memory=False), made)
    with pytest.raises(UsageError):
        database.connect(write=True)


# in a real Chromium


@pytest.fixture
def shown(server, browser):
    browser.media(prefers_reduced_motion="reduce")
    browser.open(server.address)
    return browser


@pytest.mark.browser
def test_pages_say_nothing_on_the_console_and_ask_nobody_else(server, shown):
    """No page of any kind has an error or warning, or sends a request that leaves the site; no alert is shown."""
    for path in PAGES:
        shown.open(server.address + path)
        expected = [400, 404] if path in ("/papers?nothing=1", "/paper/1") else []
        complaints = [one for one in shown.complaints() if not any(f"status of {status}" in one for status in expected)]
        assert complaints == [], path
        assert [one for one in shown.requests() if not one.startswith((server.address, "data:"))] == [], path
        assert shown.run("return document.images.length") == 0
        assert shown.run("return [...document.querySelectorAll('*')].some((e) => e.onerror || e.onclick)") is False


@pytest.mark.browser
def test_the_policy_stops_what_templates_would_let_through(server, shown):
    """Were a script of a record to get into a page all the same, the browser would not run it."""
    shown.open(server.address + "/papers")
    ran = shown.run(
        """const script = document.createElement('script'); script.textContent = 'window.ran = 1';
        document.body.append(script);
        document.body.insertAdjacentHTML('beforeend', '<b onclick="window.ran = 2">x</b>');
        document.body.lastChild.click(); return window.ran || 0"""
    )
    assert ran == 0
    assert shown.complaints()


@pytest.mark.browser
def test_by_keyboard(shown):
    """The first Tab offers the way past the head; / goes to the search, Enter asks, a paper opens, Back is the list."""
    shown.press(Keys.TAB)
    assert shown.run("return document.activeElement.className") == "skip"
    shown.press("/", "mortality", Keys.ENTER)
    assert shown.text(".count").endswith("papers")
    assert "q=mortality" in shown.driver.current_url
    shown.find("#content").click()
    shown.run("document.querySelector('.papers h2 a').focus()")
    shown.press(Keys.ENTER)
    assert "/paper/" in shown.driver.current_url
    assert shown.find_all("mark")
    shown.driver.back()
    assert "q=mortality" in shown.driver.current_url


@pytest.mark.browser
def test_narrowing_by_hand(workspace, shown):
    """A facet, then a year by its field, then one of them taken away: the list is what its command lists each time."""
    shown.find('.top nav a[href="/papers"]').click()
    for step in (
        lambda: shown.run("[...document.querySelectorAll('.facets li a')].find((a) => a.text === 'Stroke').click()"),
        lambda: (shown.find("input[name=from]").send_keys("2014"), shown.press(Keys.ENTER)),
        lambda: shown.find(".chips a").click(),
    ):
        step()
        command = shown.text(".line code")
        assert command != "reftrack list"
        assert int(shown.text(".count b")) == len(listed(workspace, command)) == len(shown.find_all(".papers > li"))


@pytest.mark.browser
def test_the_map_leads_to_papers_of_the_site(server, shown):
    """A paper in a cell of the big map opens its page here; the map leads back."""
    shown.open(server.address + "/map")
    shown.run("[...document.querySelectorAll('#map td[data-r]')].at(-1).button.click()")
    assert "</script><script>alert(1)</script>" in shown.text("#cell-papers")
    shown.find("#cell-papers a").click()
    assert shown.driver.current_url.startswith(server.address + "/paper/")
    assert HOSTILE.partition(" ")[0].replace("&lt;", "<").replace("&gt;", ">") in shown.text("h1")
    shown.driver.back()
    shown.press(Keys.ESCAPE)  # the cell may still be open
    shown.find("nav a").click()
    assert shown.driver.current_url == server.address + "/"


@pytest.mark.browser
@pytest.mark.parametrize("path", [path for path in PAGES if not path.startswith("/map")])
def test_on_a_phone(server, shown, path):
    """At 360 pixels no page scrolls sideways, and what narrows a list is folded."""
    shown.resize(360, 740)
    shown.open(server.address + path)
    assert shown.run("return [document.documentElement.scrollWidth, innerWidth]") == [360, 360]
    if path.startswith("/papers?q"):
        assert not shown.find(".words").is_displayed()
        shown.find(".narrow summary").click()
        assert shown.find(".words").is_displayed()


@pytest.mark.browser
def test_without_a_script(server, shown):
    """Lists, facets, papers and the map on the first page need no script."""
    shown.script(on=False)
    shown.open(server.address)
    shown.find(".map td a").click()
    assert shown.find_all(".papers > li")
    shown.find(".papers h2 a").click()
    assert "/paper/" in shown.driver.current_url
    assert not shown.find(".line .copy").is_displayed()


@pytest.mark.browser
def test_on_paper(server, shown, tmp_path):
    """Printed, the head and the controls are gone and the paper is there."""
    shown.open(server.address + "/paper/90000001")
    shown.media("print")
    assert not shown.find(".top nav").is_displayed()
    assert shown.find("h1").is_displayed()
    shown.print_pdf(tmp_path / "paper.pdf")
    assert (tmp_path / "paper.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_read(server, shown, scheme):
    """Text stands out from what is behind it by 4.5 to 1 or more (WCAG 2.2, 1.4.3), in the light and in the dark."""
    shown.media(prefers_color_scheme=scheme)
    for path in ("/", "/papers?tag=stroke", "/paper/90000004", "/questions", "/library", "/library/retracted"):
        shown.open(server.address + path)
        faint = shown.run(CONTRAST)
        assert faint == [], path


CONTRAST = """
const parse = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
const luminance = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((one) => { one /= 255;
  return one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
const behind = (element) => { for (let at = element; at; at = at.parentElement) {
  const colour = parse(getComputedStyle(at).backgroundColor);
  if (colour.length && (colour.length < 4 || colour[3] > 0)) return colour; }
  return [255, 255, 255]; };
const faint = [];
for (const element of document.querySelectorAll('body *')) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  if (!own || !element.offsetParent || element.closest('svg, .gap')) continue;
  const [one, other] = [luminance(parse(getComputedStyle(element).color)), luminance(behind(element))];
  const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  const told = [element.tagName, element.className, element.textContent.trim().slice(0, 30), ratio.toFixed(2)];
  if (ratio < 4.5) faint.push(told.join(' '));
}
return [...new Set(faint)];
"""
