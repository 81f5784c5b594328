"""The digest: what changed, each thing once, worst first, inert in every form, and never "nothing new" by mistake."""

import json
import re
import sys
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt

from desk import Workspace, terminal
from papers import FIRST_PMID, paper
from reftrack import tagging
from reftrack.library.locking import fetching
from reftrack.library.writing import Library
from reftrack.model import Author, Correction, Event, FiledTag, HeldPaper, Run
from reftrack.report import atom, html, markdown, plain, words
from reftrack.report import json as as_json
from reftrack.report.digest import compose
from reftrack.workflow.filing import file_papers

RETRACTED = Correction("RetractionIn", "J Example. 2026", FIRST_PMID + 76)
CONCERN = Correction("ExpressionOfConcernIn", "J Example. 2026", FIRST_PMID + 77)
ATOM = "{http://www.w3.org/2005/Atom}"


def pmid(number):
    return FIRST_PMID - 1 + number


class Desk(Workspace):
    """A workspace whose ledger is written run by run, as `fetch` would."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.now = "2026-11-01T06:00:00Z"
        self.rules = tagging.load([])
        self.path = folder / "db" / "reftrack.db"

    def tell(self, query, at, papers=(), *, status="complete", problem="", warnings=(), count=None, new=True, **said):
        """One run: what it stores (numbers or nouns), and what it says; the bucket's values are {number: reason}."""
        self.now = f"2026-{at}T06:00:00Z"
        nouns = [each if not isinstance(each, int) else paper(each) for each in papers]
        with Library.open(self.path, create=True, now=lambda: self.now) as library:
            library.set_vocabulary(self.rules.definitions)
            run = library.begin(query, term=query, source="pubmed", version="1.2.3")
            with library.transaction():
                records = [(each, repr(each).encode()) for each in nouns]
                file_papers(library, self.rules, records, source="pubmed", run=run)
                library.hit(run, query, [each.pmid for each in nouns])
                if status == "complete":
                    joined = list(library.joined(query))
                    library.told_joined(run, query, joined)
                    library.note(run, "new", joined if new is True else [pmid(number) for number in new or ()])
                for bucket, reasons in said.items():
                    library.note(run, bucket, {pmid(number): why for number, why in reasons.items()})
                if "left" in said:
                    library.leave(run, query, map(pmid, said["left"]))
                if "deleted" in said:
                    library.mark_deleted(map(pmid, said["deleted"]), at=self.now)
                count = len(nouns) if count is None else count
                library.found(run, count=count, translation="", warnings=warnings, ids=[each.pmid for each in nouns])
                library.finish(run, status=status, received=len(nouns), requests=3, problem=problem)
        return run

    def digest(self, *arguments, status=0):
        """As JSON, sections by bucket."""
        told = json.loads(self.run("digest", "--format", "json", *arguments, status=status).stdout)
        told["by"] = {section["bucket"]: section["papers"] for section in told["sections"]}
        return told

    def numbers(self, *arguments):
        """Bucket -> the papers' numbers."""
        by = self.digest(*arguments)["by"]
        return {bucket: [each["pmid"] - FIRST_PMID + 1 for each in papers] for bucket, papers in by.items()}


def drawn(desk, arguments):
    """(status, what a person sees on a terminal)."""
    return terminal([sys.executable, "-m", "reftrack", *arguments.split()], desk.folder)


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


@pytest.fixture
def story(desk):
    """Two first runs, then one of everything."""
    desk.tell("head", "11-01", [1, 3, 4, 7, 8, 10])
    desk.tell("stroke", "11-01", [1, 2, 9])
    desk.tell(
        "head",
        "11-18",
        [paper(1, corrections=(RETRACTED,)), 3, paper(4, corrections=(CONCERN,)), 5, 6, 8],
        new=[5],
        retracted={1: f"retraction: J Example. 2026 (PMID {pmid(77)})"},
        notice={
            1: f"retraction: J Example. 2026 (PMID {pmid(77)})",
            3: "erratum: J Example. 2026",
            4: f"concern: J Example. 2026 (PMID {pmid(78)})",
        },
        late={6: "in PubMed since 2019-03-02, because MeSH 'Stroke' was added"},
        changed={8: "abstract"},
        left={7: "title"},
        missing={10: ""},
        deleted={10: ""},
        warnings=["PubMed did not find the phrase."],
    )
    return desk


def test_says_each_kind_of_news_in_the_order_a_reader_needs(story):
    """Retractions first, then other notices, new, late, changed, left, deleted."""
    told = story.digest("--query", "head")
    assert [section["bucket"] for section in told["sections"]] == [
        "retracted", "notice", "new", "late", "changed", "left", "deleted",
    ]  # fmt: skip
    assert told["news"] is True
    assert told["retraction"] is True
    assert told["since"] == "2026-11-18T06:00:00Z"


def test_a_concern_stands_before_an_erratum(story):
    """Within the notices the graver kind comes first, whatever the years."""
    assert story.numbers("--query", "head")["notice"] == [4, 3]
    assert story.numbers("--query", "head", "--sort", "pmid")["notice"] == [4, 3]


def test_a_retraction_is_not_told_again_among_the_notices(story):
    """A paper in the first section is not repeated in the second, and its reason is said once."""
    by = story.digest("--query", "head")["by"]
    assert pmid(1) not in [each["pmid"] for each in by["notice"]]
    assert by["retracted"][0]["reason"] == f"retraction: J Example. 2026 (PMID {pmid(77)})"


def test_last_takes_of_each_query_its_newest_complete_run(story):
    """A query that ran long ago keeps its word, whichever ran after it."""
    assert [run["run"] for run in story.digest()["runs"]] == [2, 3]
    assert story.numbers()["new"] == [9, 5, 2, 1]


def test_last_also_tells_what_broke_off_later(story):
    """A run after the newest complete one that is not complete belongs to the digest, and what it stored is said."""
    story.tell(
        "head", "11-19", [12], status="partial", problem="the line went dead", count=9, missing={13: "no record"}
    )
    told = story.digest("--query", "head")
    assert [run["run"] for run in told["runs"]] == [3, 4]
    assert [each["pmid"] for each in told["by"]["stored"]] == [pmid(12)]
    assert told["problems"][0]["kind"] == "partial"
    assert told["problems"][0]["missing"] == [{"pmid": pmid(13), "reason": "no record"}]
    page = story.run("digest", "--query", "head").stdout
    assert "the next complete run tells them" in page
    assert "Run 4 of head is partial: the line went dead." in page


def test_what_a_broken_run_stored_is_told_once_when_a_complete_one_tells_it(desk):
    """Over both runs the paper is new, and not also stored; the failure is still said, with the run that mended it."""
    desk.tell("head", "11-01", [1], status="interrupted", problem="stopped by the user")
    desk.tell("head", "11-02", [1])
    assert desk.numbers("--since", "1") == {"new": [1]}
    problem = desk.digest("--since", "1")["problems"][0]
    assert (problem["kind"], problem["mended_by"]) == ("interrupted", 2)
    assert "Run 2 of the query was complete." in desk.run("digest", "--since", "1").stdout


@pytest.mark.parametrize(
    ("since", "runs"),
    [("1", [1, 2, 3]), ("3", [3]), ("2026-11-18", [3]), ("2026-11-01", [1, 2, 3]), ("last", [2, 3])],
)
def test_since_takes_a_run_a_date_or_last(story, since, runs):
    """A run number means that run and later ones, a date the runs that started then or later."""
    assert [run["run"] for run in story.digest("--since", since)["runs"]] == runs


def test_run_takes_exactly_one(story):
    """--run N is that run alone; both options at once are a mistake."""
    assert [run["run"] for run in story.digest("--run", "1")["runs"]] == [1]
    assert "What changed in run 1 (2026-11-01)" in story.run("digest", "--run", "1").stdout
    assert "exclude each other" in story.run("digest", "--run", "1", "--since", "last", status=2).stderr


@pytest.mark.parametrize("arguments", [("--run", "99"), ("--since", "99"), ("--since", "20260131")])
def test_a_run_that_is_not_there_is_a_mistake(story, arguments):
    """Not an empty digest, which would say that nothing happened."""
    assert "There is no run" in story.run("digest", *arguments, status=2).stderr


def test_an_unknown_query_or_time_is_a_mistake(story):
    """Exit 2 with the nearest name, never an empty digest."""
    assert "head" in story.run("digest", "--query", "haed", status=2).stderr
    assert "not understood" in story.run("digest", "--since", "yesterday", status=2).stderr


def test_a_paper_new_in_the_period_is_not_also_changed(desk):
    """New in one run and changed in the next: over both it is new."""
    desk.tell("head", "11-01", [1])
    desk.tell("head", "11-02", [paper(1, title="Other")], changed={1: "title"})
    assert desk.numbers("--since", "1") == {"new": [1]}
    assert desk.numbers("--since", "2") == {"changed": [1]}


def test_a_paper_that_two_queries_tell_stands_once(desk):
    """With both queries, and a reason that both give once."""
    desk.tell("head", "11-01", [1])
    desk.tell("stroke", "11-01", [1])
    for query in ("head", "stroke"):
        desk.tell(query, "11-02", [paper(1, corrections=(RETRACTED,))], retracted={1: "retraction: J Example"})
    (told,) = desk.digest()["by"]["retracted"]
    assert told["queries"] == ["head", "stroke"]
    assert told["runs"] == [3, 4]
    assert told["reason"] == "retraction: J Example"


def test_late_reasons_of_two_queries_are_told_apart(desk):
    """Why a paper entered differs from query to query, so each is named."""
    desk.tell("head", "11-02", [1], new=[], late={1: "a heading came"})
    desk.tell("stroke", "11-02", [1], new=[], late={1: "a word came"})
    assert desk.digest()["by"]["late"][0]["reason"] == "head: a heading came; stroke: a word came"


@pytest.mark.parametrize(("form", "mark"), [("md", "**RETRACTED** \\["), ("html", 'mark retracted">RETRACTED<')])
def test_a_retracted_paper_is_marked_wherever_it_stands(desk, form, mark):
    """Also among the changed ones, in a run that does not know of the retraction."""
    desk.tell("head", "11-01", [paper(1, corrections=(RETRACTED,))])
    desk.tell("head", "11-02", [paper(1, title="Other", corrections=(RETRACTED,))], changed={1: "title"})
    assert re.search(mark.replace("**", r"\*\*"), desk.run("digest", "--format", form).stdout)
    assert desk.digest()["by"]["changed"][0]["retracted"] is True
    assert desk.digest()["retraction"] is False


def test_new_papers_that_are_retracted_or_doubted_say_so(desk):
    """A paper may come with its retraction."""
    desk.tell("head", "11-01", [paper(1, corrections=(RETRACTED,)), paper(2, corrections=(CONCERN,))])
    page = desk.run("digest").stdout
    assert "**Why:** already retracted\n" in page
    assert "**Why:** already under an expression of concern\n" in page
    desk.run("digest", "--exit-code", status=10)  # no paper that was held before was retracted


def test_a_deleted_paper_is_marked(story):
    """What PubMed no longer serves says so, and is told apart from what merely did not come."""
    told = story.digest("--query", "head")
    assert told["by"]["deleted"][0]["deleted"] is True
    assert [problem["kind"] for problem in told["problems"]] == ["warning"]
    assert "**NO LONGER IN PUBMED**" in story.run("digest", "--query", "head").stdout


@pytest.fixture
def quiet(desk):
    """Two queries that found nothing new in runs 3 and 4; paper 1 is found by both."""
    for day in ("11-01", "11-18"):
        desk.tell("head", day, [1, 2, 3])
        desk.tell("stroke", day, [1, 4])
    return desk


@pytest.mark.parametrize("seen", ["pipe", "terminal", "html"])
def test_nothing_new_is_one_line(quiet, seen):
    """What was looked at is said in the same breath, each paper counted once."""
    line = "Nothing new since 2026-11-18 (run 3): 2 queries, 4 papers found, all held."
    if seen == "pipe":
        assert quiet.run("digest", "--exit-code").stdout == line + "\n"
    elif seen == "terminal":
        status, out = drawn(quiet, "digest")
        assert (status, out.strip()) == (0, line)
    else:
        assert f'<p class="nothing">{line}</p>' in quiet.run("digest", "--format", "html").stdout


def test_nothing_new_of_one_query_counts_its_own_run(quiet):
    """An older run knows itself how many it found."""
    assert quiet.run("digest", "--query", "stroke").stdout.endswith(": 1 query, 2 papers found, all held.\n")


@pytest.mark.parametrize(
    ("status", "words"),
    [("failed", "1 run failed"), ("partial", "1 run is partial"), ("interrupted", "1 run was interrupted")],
)
def test_a_run_that_fell_short_is_never_nothing_new(quiet, status, words):
    """Nobody knows what it would have brought."""
    quiet.tell("head", "11-19", status=status, problem="NCBI did not answer")
    for form in ("md", "html", "atom"):
        page = quiet.run("digest", "--format", form).stdout
        assert "Nothing new" not in page
        assert words in page
        assert "NCBI did not answer" in page
    told = quiet.digest()
    assert (told["news"], told["problems"][0]["kind"]) == (False, status)


def test_a_run_under_way_is_not_nothing_new(quiet):
    """A run that has not ended may still bring news."""
    with Library.open(quiet.path, now=lambda: "2026-11-19T06:00:00Z") as library:
        library.begin("head", term="head", source="pubmed", version="1")
    with fetching(quiet.path, wait=0, on_wait=str):  # else it cannot be under way
        page = quiet.run("digest").stdout
    assert "1 run has not ended" in page
    assert "| - | - |" in page  # not "0 found"


def test_papers_that_a_complete_run_misses_are_told(desk):
    """A record that PubMed did not send falls short even where the run is complete."""
    desk.tell("head", "11-01", [1], new=[], missing={2: "cannot be read"}, count=2)
    page = desk.run("digest").stdout
    assert f"PMID {pmid(2)} (cannot be read)" in page
    assert "Nothing new" not in page


def test_a_library_without_runs_does_not_say_nothing_new(workspace_without_runs):
    """Nobody has looked; each form says so and is well-formed."""
    assert workspace_without_runs.run("digest").stdout.startswith("No run yet: nobody has looked.")
    feed = etree.fromstring(workspace_without_runs.run("digest", "--format", "atom").stdout.encode())
    check_feed(feed)
    assert workspace_without_runs.run("digest", "--format", "html", "--exit-code").stdout.startswith("<!DOCTYPE html>")


@pytest.fixture
def workspace_without_runs(tmp_path):
    return Workspace(tmp_path)


def test_no_run_in_the_period_is_said(quiet):
    """A date after the newest run is not answered with "nothing new"."""
    assert quiet.run("digest", "--since", "2026-12-24").stdout.startswith("No run since 2026-12-24: nobody has looked.")


def test_exit_code_tells_news_and_a_retraction(story, tmp_path_factory):
    """0 without the option, 11 with a retraction, 10 with other news; what was asked for decides."""
    story.run("digest")
    story.run("digest", "--exit-code", status=11)
    story.run("digest", "--exit-code", "--run", "1", status=10)
    story.run("digest", "--exit-code", "--pmid", pmid(5), status=10)


def test_selection_options_choose_papers(story):
    """Tags, years, words choose among the papers that are told; --query does not hide what left it."""
    assert story.numbers("--query", "head", "--pmid", pmid(5)) == {"new": [5]}
    assert story.numbers("--query", "head", "--notice", "concern") == {"notice": [4]}
    assert story.numbers("--query", "head")["left"] == [7]
    assert story.numbers("--query", "head", "--year", "1999") == {}
    page = story.run("digest", "--query", "head", "--year", "1999").stdout
    assert page.startswith("Nothing new since 2026-11-18 (run 3) among the papers that were asked for: ")


def test_limit_holds_for_each_section_and_totals_stay_true(quiet):
    """--limit 1 shows one paper a section and says how many there are."""
    told = quiet.digest("--since", "1", "--limit", "1")["sections"]
    assert [(section["total"], len(section["papers"])) for section in told] == [(4, 1)]
    assert "... and 3 more" in quiet.run("digest", "--since", "1", "--limit", "1").stdout


def test_a_first_run_of_thousands_stays_short_where_people_read(desk):
    """Fifty are shown, the rest is counted and named; JSON has all, a feed two hundred at most."""
    many = 230
    desk.tell("head", "11-01", range(1, many + 1))
    for form in ("md", "html"):
        page = desk.run("digest", "--format", form).stdout
        assert page.count("https://pubmed.ncbi.nlm.nih.gov/") == 50
        assert "... and 180 more: " in page
        assert "reftrack list --new" in page
    assert len(desk.digest()["by"]["new"]) == many
    assert desk.run("digest", "--format", "atom").stdout.count("<entry>") == atom.MOST
    assert "... and 180 more: reftrack list --new" in drawn(desk, "digest")[1]


def test_only_papers_that_are_shown_are_read():
    """The digest asks the library for no more papers than it shows."""
    asked = []
    run = Run(run=1, query="head", source="pubmed", status="complete", term="", new=tuple(range(1, 10_001)))
    digest = compose([run], held=lambda pmids: asked.extend(pmids) or (), wanted=range(10_000, 0, -1), most=50)
    assert asked == list(range(10_000, 9_950, -1))
    assert digest.sections[0].total == 10_000


def test_the_footer_names_the_runs(story):
    """Number, query, when, source, found, held, requests; and the version of reftrack."""
    page = story.run("digest", "--query", "head").stdout
    assert "| 3 | head | 2026-11-18 06:00 | pubmed | complete | 6 | 6 | 3 |" in page
    assert re.search(r"^reftrack \d", page, re.MULTILINE)


def test_a_terminal_gets_text_and_a_pipe_markdown(story):
    """Without --format; a file's ending speaks for itself."""
    status, seen = drawn(story, "digest --query head")
    assert status == 0
    assert "\nRetracted (1)\n" in re.sub(r" +\n", "\n", seen)
    assert "](https" not in seen
    assert story.run("digest").stdout.startswith("# What changed since 2026-11-01 (run 2)\n")
    story.run("digest", "-o", "news.html")
    assert (story.folder / "news.html").read_text().startswith("<!DOCTYPE html>")


def test_a_digest_is_written_whole_or_not_at_all(story):
    """As `export -o`: a library is never written over, and what stood in a folder that cannot be written stays."""
    assert "is a database" in story.run("digest", "-o", story.path, status=2).stderr
    assert "cannot be written" in story.run("digest", "-o", story.folder / "none" / "news.md", status=2).stderr
    assert story.digest()["news"]


def test_json_is_the_contract(story):
    """The fields that programs rely on, with their types."""
    told = story.digest("--query", "head")
    del told["by"]
    assert set(told) >= {"since", "asked", "runs", "found", "news", "retraction", "sections", "problems", "version"}
    first = told["sections"][0]["papers"][0]
    assert first == {
        "pmid": pmid(1), "key": "example2020", "title": "A made-up trial of examplin in head injury, number 1",
        "author": "Example AB et al.", "journal": "J Example", "year": 2020, "study": first["study"],
        "tags": first["tags"], "retracted": True, "concern": False, "deleted": False, "held": True,
        "url": f"https://pubmed.ncbi.nlm.nih.gov/{pmid(1)}/",
        "reason": f"retraction: J Example. 2026 (PMID {pmid(77)})", "queries": ["head"], "runs": [3],
    }  # fmt: skip
    assert "tbi" in first["tags"]


# The feed


def check_feed(feed):
    """What RFC 4287 demands of a feed and its entries."""
    assert feed.tag == f"{ATOM}feed"
    for node in [feed, *feed.iter(f"{ATOM}entry")]:
        for name in ("id", "title", "updated"):
            (one,) = node.findall(f"{ATOM}{name}")
            assert one.text
        assert re.fullmatch(r"tag:[a-z.]+,\d{4}:[\w:-]+", node.findtext(f"{ATOM}id"))
        assert datetime.fromisoformat(node.findtext(f"{ATOM}updated")).tzinfo
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    entries = feed.findall(f"{ATOM}entry")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(ids) == len(set(ids))
    for entry in entries:
        assert entry.find(f"{ATOM}content").get("type") in ("text", "html")
        for link in entry.findall(f"{ATOM}link"):
            assert link.get("rel") == "alternate"
            assert re.fullmatch(r"https://pubmed\.ncbi\.nlm\.nih\.gov/\d+/", link.get("href"))
    stamps = [entry.findtext(f"{ATOM}updated") for entry in entries]
    assert stamps == sorted(stamps, reverse=True)
    return ids


def feed_of(desk, *arguments):
    return etree.fromstring(desk.run("digest", "--format", "atom", *arguments).stdout.encode())


def test_the_feed_is_valid_atom(story):
    """Every element that RFC 4287 requires is there once, every id is a tag URI and its own."""
    story.tell("head", "11-19", status="failed", problem="NCBI did not answer")
    ids = check_feed(feed_of(story))
    assert any(name.endswith(":run-4:failed") for name in ids)
    assert len(ids) == 12


def test_the_same_news_keeps_its_id_in_every_feed(story):
    """A feed reader that polls sees each thing once, whatever --since; a later change is a new entry."""
    before = set(check_feed(feed_of(story, "--since", "3")))
    wide = set(check_feed(feed_of(story, "--since", "1")))
    assert {name.partition(":run-3:")[2] for name in before - wide} == {f"changed:{pmid(8)}"}  # there it is new
    story.tell("head", "11-20", [paper(8, title="Third")], changed={8: "title"})
    assert len(set(check_feed(feed_of(story, "--since", "3"))) - before) == 1


def test_two_libraries_do_not_share_ids(story, tmp_path):
    """Somebody who reads two feeds gets the news of both."""
    (tmp_path / "other").mkdir()
    other = Desk(tmp_path / "other")
    other.tell("head", "10-01", [1])
    assert not set(check_feed(feed_of(other, "--run", "1"))) & set(check_feed(feed_of(story, "--run", "1")))


def test_a_full_feed_keeps_retractions_and_failures():
    """Of more than it can hold, a feed keeps what matters most and then the newest."""

    def run(number, **values):
        day = f"2026-11-{number:02}T06:00:00Z"
        return Run(run=number, query="head", source="pubmed", status="complete", term="", started=day, **values)

    runs = [run(1, retracted=(1,)), run(2, new=tuple(range(1000, 1300))), run(3, changed=(2,))]
    digest = compose(runs, held=lambda _: (), wanted=(), newest_first=True, most=atom.MOST)
    ids = check_feed(etree.fromstring(atom.text(digest).encode()))
    assert len(ids) == atom.MOST
    assert ids[0].endswith("run-3:changed:2")
    assert ids[-1].endswith("run-1:retracted:1")


# What a record says stays text


HOSTILE = (
    '<script>alert(1)</script>"\' onmouseover="alert(2)" <img src=x onerror=alert(3)>',
    "javascript:alert(1) [x](javascript:alert(1)) ![x](http://example.org/a.png) <http://example.org>",
    "]](http://example.org) `code` *bold* _it_ ~~gone~~ | cell | $x$ # head @someone &lt;b&gt; \\",
    "\x1b[31mred\x1b]8;;http://example.org\x07link\x9b2J\x7f\u202egnp.exe\u202c \u2066x\u2069 \ufeff\U000e0041",
    "one\n# two\n\n- three\r\n<b>four\u2028five --- ]]> <!-- ",
    "http://example.org www.example.org a@example.org",
)


def one(title, *, author="Example", reason="because", problem=""):
    """A digest of one new, late paper with this title, of a run that fell short."""
    run = Run(
        run=1,
        query="head",
        source=title,
        status="partial",
        term="",
        started="2026-11-18T06:00:00Z",
        warnings=(problem,) if problem else (),
        late=(FIRST_PMID,),
        details=(Event(1, "head", "", FIRST_PMID, "late", reason),),
        problem=problem,
    )
    noun = paper(1, title=title, authors=(Author(author),), journal=title, journal_abbreviation=title)
    held = HeldPaper(paper=noun, key="example2020", tags=(FiledTag("study", "rct", primary=True),))
    return compose([run], held=lambda _: [held], wanted=[FIRST_PMID], period="since 2026", version="1")


class Page(HTMLParser):
    """What a browser would see: elements, attributes, text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.attributes, self.shown, self.titles, self.inside = set(), [], "", [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes += attrs
        self.inside.append(tag)
        if tag == "bdi" and "h3" in self.inside:
            self.titles.append("")

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data):
        self.shown += data
        if "bdi" in self.inside and "h3" in self.inside:
            self.titles[-1] += data


def check_html(text, title):
    page = Page(text)
    assert page.elements <= {
        "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "nav", "section", "article",
        "h1", "h2", "h3", "p", "ul", "li", "a", "span", "bdi", "strong", "code", "div", "table", "thead", "tbody", "tr",
        "th", "td",
    }  # fmt: skip
    for name, value in page.attributes:
        assert not name.startswith("on")
        assert name not in ("src", "srcset", "style", "action")
        if name == "href":
            assert re.fullmatch(r"https://pubmed\.ncbi\.nlm\.nih\.gov/\d+/|#[a-z]+", value)
    assert page.titles == [title]


def check_markdown(text, title):
    """As CommonMark reads it with raw HTML allowed and bare addresses linked: only our own markup is there."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    flat = [leaf for token in tokens for leaf in [token, *(token.children or ())]]
    assert not {leaf.type for leaf in flat} & {"html_inline", "html_block", "image", "s_open", "fence", "code_block"}
    links = [leaf.attrs["href"] for leaf in flat if leaf.type == "link_open"]
    assert links == [f"https://pubmed.ncbi.nlm.nih.gov/{FIRST_PMID}/"]
    assert [token.tag for token in tokens if token.type == "heading_open"][:2] == ["h1", "h2"]
    assert sum(token.type == "list_item_open" for token in tokens) == text.count("\n- ")
    inside = False
    seen = ""
    for leaf in flat:
        inside = leaf.type == "link_open" or (inside and leaf.type != "link_close")
        seen += leaf.content if inside else ""
    assert " ".join(seen.split()) == " ".join(title.split())
    assert not re.search("[<>]", text)  # not every reader of Markdown knows when a tag is none
    for bare in re.findall(r"(?i)(?<!\()https?://\S+|www\.\S+", text):
        raise AssertionError(bare)


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60))
@example(HOSTILE[0])
@example(HOSTILE[1])
@example(HOSTILE[2])
@example(HOSTILE[3])
@example(HOSTILE[4])
@example(HOSTILE[5])
def test_h06_any_title_stays_a_title_in_every_form(title):
    """Scripts, quotes that break attributes, javascript: and other addresses, Markdown, XML: text, and all of it."""
    digest = one(title, author=title or "x", reason=f"erratum: {title}", problem=title)
    shown = words.inert(title).strip() or "[No title]"
    check_html(html.text(digest), shown)
    check_markdown(markdown.text(digest), shown)
    feed = etree.fromstring(atom.text(digest).encode())
    check_feed(feed)
    told = [entry.findtext(f"{ATOM}title") for entry in feed.findall(f"{ATOM}entry")]
    assert f"Found late · {shown}" in told
    for content in feed.iter(f"{ATOM}content"):
        if content.get("type") == "html":
            assert Page(content.text).elements == {"p"}
    assert json.loads(as_json.text(digest))["sections"][0]["papers"][0]["title"] == title


@pytest.mark.parametrize("form", ["md", "html", "json", "atom", "terminal"])
@pytest.mark.parametrize("title", HOSTILE[3:5])
def test_h11_nothing_reaches_a_terminal_that_it_would_obey(desk, form, title):
    """Escapes, C1 controls and what turns the direction of text are gone, or in JSON written as escapes."""
    desk.tell("head", "11-01", [paper(1, title=title, authors=(Author(title),))], warnings=[title])
    seen = drawn(desk, "digest")[1] if form == "terminal" else desk.run("digest", "--format", form).stdout
    assert "gnp.exe" in seen or "five" in seen
    assert not words.UNSAFE.search(seen.replace("\n", ""))


def test_h06_the_page_asks_for_nothing(story):
    """No script, no address but PubMed's, and a policy that would forbid both."""
    page = story.run("digest", "--format", "html").stdout
    assert "default-src 'none'" in page
    assert set(re.findall(r"[a-z]+://[^/\"]+", page)) == {"https://pubmed.ncbi.nlm.nih.gov"}
    assert "url(" not in page
    assert "<script" not in page
    assert "prefers-color-scheme: dark" in page


def test_the_page_has_landmarks_and_headings_in_order(story):
    """A screen reader finds header, main, footer and a heading for each section; every link within leads somewhere."""
    root = etree.fromstring(story.run("digest", "--format", "html").stdout.encode(), etree.HTMLParser())
    assert [len(root.findall(f".//{name}")) for name in ("header", "main", "footer", "h1")] == [1, 1, 1, 1]
    names = {node.get("id") for node in root.iter() if node.get("id")}
    for node in root.iter("section"):
        assert node.get("aria-labelledby") in names
    for node in root.iter("a"):
        href = node.get("href")
        assert not href.startswith("#") or href[1:] in names


def test_plain_lines_hold_what_the_other_forms_hold():
    """The terminal's lines name title, source, reason, tags and query."""
    text = "\n".join(line.text for line in plain.lines(one("A made-up title")))
    for part in ("Found late (1)", "A made-up title", f"PMID {FIRST_PMID}", "because", "rct · found by head", "run 1"):
        assert part in text


def test_the_digest_is_quick_to_start(story):
    """It loads neither HTTP nor sqlite-utils, and what draws only on a terminal."""
    heavy = ("requests", "urllib3", "sqlite_utils", "rich", "platformdirs", "reftrack.tagging")
    code = (
        "import sys\nfrom reftrack.cli import main\ntry:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        f"print('LOADED', [name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    for form in ("md", "html", "json", "atom"):
        result = story.process("digest", "--format", form, code=code)
        assert result.stderr.decode().splitlines()[-1] == "LOADED []"


def test_a_digest_of_a_real_fetch(tmp_path):
    """What `fetch` writes into the ledger is what `digest` reads: new papers, then nothing new."""
    workspace = Workspace(tmp_path)
    workspace.fetch()
    told = json.loads(workspace.run("digest", "--format", "json").stdout)
    assert [section["bucket"] for section in told["sections"]] == ["new"]
    assert told["sections"][0]["total"] == 3
    workspace.fetch()
    assert workspace.run("digest", "--exit-code").stdout.startswith("Nothing new since ")
