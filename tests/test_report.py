"""`report`: the flow of a review's records adds up and can be traced, and its searches are told word for word."""

import csv
import re
import shlex
import sqlite3
import sys
import warnings
from contextlib import closing
from xml.etree import ElementTree as ET

import pytest

from desk import Workspace, terminal
from eutils_server import status_page
from made_up_pubmed import MadeUpPubmed
from papers import document, record
from reftrack.library.reading import Reader
from reftrack.library.selecting import Selection, count
from reftrack.report import prisma
from reftrack.report.prisma_chart import _layout, _Ruler, picture
from reftrack.workflow.flowing import flow
from test_plans import build
from test_reviews import P, trial, with_number

BLANK = "______"


class Desk:
    """A workspace, and a made-up PubMed that it asks."""

    def __init__(self, folder):
        self.workspace = Workspace(folder)
        self.pubmed = MadeUpPubmed()
        self.pubmed.add(1, "Examplin in stroke.")
        self.pubmed.add(2, "Examplin in stroke and head injury.")
        self.pubmed.add(3, "Examplin in head injury.")
        self.pubmed.add(4, "Examplin in concussion: a second paper.")

    def fetch(self, *words, faults=(), status=0, **options):
        with self.pubmed.server(rate_limit=0, key_rate=0, **options) as server:
            for fault in faults:
                server.queue_fault(fault, times=20)
            environment = {"REFTRACK_EUTILS_URL": server.url, "NCBI_API_KEY": "made-up"}
            return self.workspace.run("fetch", *words, environment=environment, status=status)

    def bring(self, name, *records):
        """Import a file of PubMed records."""
        file = self.workspace.folder / name
        file.write_bytes(document(*records))
        self.workspace.run("import", file)

    def decide(self, number, verdict, *because, who="ann"):
        reasons = [word for reason in because for word in ("--because", reason)]
        self.workspace.run("decide", P + number, verdict, *reasons, "--who", who)

    def flow(self, *words):
        return self.workspace.json("report", "prisma", *words)

    def sql(self, *statements):
        with closing(sqlite3.connect(self.workspace.folder / "db" / "reftrack.db")) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    def age(self, moment="2026-01-05T00:00:00Z"):
        """All that is held happened then."""
        self.sql(
            f"UPDATE papers SET first_seen = '{moment}'",
            f"UPDATE runs SET started = '{moment}', finished = '{moment}'",
            f"UPDATE imports SET at = '{moment}'",
            f"UPDATE decisions SET at = '{moment}', act = '{moment}' || substr(act, 21)",
            f"UPDATE acts SET at = '{moment}', id = '{moment}' || substr(id, 21),"
            f" together = '{moment}' || substr(together, 21)",
        )


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def check(desk, told, *words):
    """The boxes add up, and every command gives the number beside which it stands."""
    assert all(told["sums"].values()), told["sums"]
    for column in (told["databases"], told["other"]):
        removed = sum(number or 0 for number in column["removed"].values())
        assert column["identified_total"] - removed == column["screened"] + column["not_yet_screened"]
        parts = ("included", "excluded", "maybe", "readers_differ")
        assert column["screened"] == sum(column[part] for part in parts)
        assert sum(one["records"] for one in column["reasons"]) == column["excluded"]
        assert sum(one["records"] or 0 for one in column["identified"]) == column["identified_total"]
    assert told["total"]["reports"] == told["carried"]["reports"] + told["new"]["reports"]
    assert told["total"]["studies"] == told["carried"]["studies"] + told["new"]["studies"]
    assert told["commands"]
    for one in told["commands"]:
        asked = shlex.split(one["command"])[1:]
        found = desk.workspace.json(*asked)
        assert (found["trials"] if asked[0] == "studies" else len(found)) == one["number"], one
    return told


# the flow


def test_records_of_two_queries(desk):
    """Each query's records, duplicates once, and what nobody decided is not yet screened: not 0, not excluded."""
    desk.fetch()
    told = check(desk, desk.flow())["databases"]
    assert [(one["source"], one["records"]) for one in told["identified"]] == [
        ("PubMed, query head", 3),
        ("PubMed, query stroke", 2),
    ]
    assert (told["removed"]["duplicates"], told["records"], told["not_yet_screened"], told["screened"]) == (1, 4, 4, 0)


def test_decisions_with_reasons(desk):
    """Excluded by reason, each record once; maybe and readers who differ are neither screened out nor forgotten."""
    desk.fetch()
    desk.decide(1, "exclude", "wrong population", "no outcome")
    desk.decide(2, "exclude")
    desk.decide(3, "maybe")
    desk.decide(4, "include")
    desk.decide(4, "exclude", who="ben")
    told = check(desk, desk.flow())["databases"]
    assert told["reasons"] == [
        {"reason": "no outcome; wrong population", "records": 1},
        {"reason": "no reason given", "records": 1},
    ]
    assert (told["excluded"], told["maybe"], told["readers_differ"], told["included"]) == (2, 1, 1, 0)
    desk.workspace.run("decide", P + 4, "include", "--consensus")
    assert check(desk, desk.flow())["total"] == {"studies": 1, "reports": 1}


@pytest.mark.parametrize("form", ["csv", "tsv"])
def test_numbers_within_a_reason_are_none_of_the_flow(desk, form):
    """A table has the number of records, whatever a reason says; those undecided are no reason to exclude."""
    desk.fetch()
    desk.decide(1, "exclude", "too small (n = 12)")
    desk.decide(3, "maybe")
    lines = desk.workspace.run("report", "prisma", "-f", form).stdout.splitlines()
    told = list(csv.reader(lines, delimiter="," if form == "csv" else "\t"))
    assert ["databases excluded", "too small (n = 12)", "1"] in told
    assert ["databases excluded", "Records undecided: maybe", "1"] in told


def test_other_sources(desk):
    """Imports go their own way; what PubMed named as well is a duplicate there, and unmatched entries are told."""
    desk.fetch()
    desk.bring("others.xml", record(2), record(7, title="Examplin by hand."))
    (desk.workspace.folder / "more.txt").write_text(f"{P + 7}\n{P + 77}\n")
    desk.workspace.process("import", "more.txt")
    told = check(desk, desk.flow())
    other = told["other"]
    assert [(one["source"], one["records"]) for one in other["identified"]] == [
        ("import 1, others.xml", 2),
        ("import 2, more.txt", 2),
    ]
    assert (other["removed"]["unmatched"], other["removed"]["duplicates"], other["records"]) == (1, 2, 1)
    assert told["databases"]["identified_total"] == 5


def test_sample_and_files_are_no_database(desk):
    """A query that was read over a file asked no database, and that is told; PubMed's own answer moves its records."""
    desk.workspace.fetch()
    told = check(desk, desk.flow())
    assert told["databases"]["identified"] == []
    assert sum(one["records"] for one in told["other"]["identified"]) == 3
    assert "not sent to PubMed" in " ".join(told["remarks"])
    desk.fetch()
    told = check(desk, desk.flow())
    assert told["databases"]["records"] == 4


def test_included_studies_are_trials(desk):
    """Two reports of one trial are one study, and a paper that is no trial is one by itself."""
    first, second = (with_number(trial(number), "NCT00000001") for number in (11, 12))
    desk.bring("trials.xml", first, second, record(13, title="Examplin in stroke: a retrospective cohort study."))
    for number in (11, 12, 13):
        desk.decide(number, "include")
    told = check(desk, desk.flow())
    assert (told["total"], told["trials"]) == ({"studies": 2, "reports": 3}, 1)


def test_previous_version(desk):
    """--since: what was included then, what was decided since on older records, and only what is new flows."""
    desk.fetch()
    for number, verdict in ((1, "include"), (2, "include"), (3, "exclude")):
        desk.decide(number, verdict)
    desk.age()
    desk.pubmed.add(5, "Examplin in stroke, later.")
    desk.fetch()
    desk.decide(5, "include")
    desk.decide(2, "exclude", "retracted")
    desk.decide(4, "include")
    told = check(desk, desk.flow("--since", "2026-01-31"))
    assert told["previous"] == {"studies": 2, "reports": 2}
    assert (told["previous_included_since"], told["previous_no_longer_included"]) == (1, 1)
    assert told["new"] == {"studies": 1, "reports": 1}
    assert told["total"] == {"studies": 3, "reports": 3}
    assert [(one["source"], one["records"]) for one in told["databases"]["identified"]] == [
        ("PubMed, query stroke", 1),
        ("PubMed, query head", 0),
    ]
    shown = desk.workspace.run("report", "prisma", "--since", "2026-01-31", "-f", "txt").stdout
    assert "Studies included in previous version of review (n = 2)" in shown
    assert "reports no longer included (n = 1)" in shown


def test_a_decision_that_was_taken_back_since_stood_then(desk):
    """What was included in the previous version is what stood decided then, whatever was taken back since."""
    desk.fetch()
    desk.decide(1, "include")
    desk.age()
    desk.workspace.run("decide", P + 1, "--clear", "--who", "ann")
    told = check(desk, desk.flow("--since", "2026-01-31"))
    assert (told["previous"]["reports"], told["previous_no_longer_included"], told["total"]["reports"]) == (1, 1, 0)


def test_a_new_report_of_an_old_trial_is_no_new_study(desk):
    """A report that came since, of a trial that was included before, is a new report and no new study."""
    desk.bring("a.xml", with_number(trial(11), "NCT00000001"))
    desk.decide(11, "include")
    desk.age()
    desk.bring("b.xml", with_number(trial(12), "NCT00000001"))
    desk.decide(12, "include")
    told = check(desk, desk.flow("--since", "2026-01-31"))
    assert (told["previous"], told["new"], told["total"]) == (
        {"studies": 1, "reports": 1},
        {"studies": 0, "reports": 1},
        {"studies": 1, "reports": 2},
    )
    assert told["other"]["identified"] == [{"source": "import 2, b.xml", "records": 1}]


def test_an_old_record_found_anew_is_no_new_record(desk):
    """A query that is run for the first time over records of before: found again, removed, screened before."""
    desk.fetch("stroke")
    desk.age()
    desk.fetch("head")
    told = check(desk, desk.flow("--since", "2026-01-31"))["databases"]
    assert (told["identified_total"], told["removed"]["held_before"], told["records"]) == (3, 1, 2)


def test_what_left_or_was_deleted_still_counts(desk):
    """A record that the query finds no more, and one that PubMed serves no more, were identified and decided on."""
    desk.fetch()
    desk.decide(1, "exclude", "wrong population")
    desk.decide(3, "include")
    desk.pubmed.delete(1)
    desk.pubmed.change(3, title="Another substance in head injury.")
    desk.fetch()
    told = check(desk, desk.flow())
    assert (told["databases"]["identified_total"], told["databases"]["excluded"], told["total"]["reports"]) == (5, 1, 1)
    remarks = " ".join(told["remarks"])
    assert f"no longer served by PubMed and held and counted all the same: reftrack list --pmid {P + 1}" in remarks
    assert f"found by a query once and not any more, and counted as identified: reftrack list --pmid {P + 1}" in remarks


def test_an_import_that_was_taken_back(desk):
    """Papers that stay because people decided on them have no source any more: that is told, and all adds up."""
    desk.bring("a.xml", record(21, title="Examplin by hand."), record(22, title="Examplin by hand, too."))
    desk.decide(21, "include")
    desk.workspace.run("import", "--undo", "1")
    told = check(desk, desk.flow())
    assert told["other"]["identified"] == [{"source": "source not on record", "records": 1}]
    assert told["total"]["reports"] == 1


def test_a_decision_on_what_is_not_held(desk):
    """A decision on a paper that is not there counts nowhere; one that was taken back neither."""
    desk.fetch()
    desk.decide(1, "include")
    desk.decide(2, "include")
    desk.workspace.run("decide", P + 2, "--clear", "--who", "ann")
    desk.sql(f"INSERT INTO decisions(pmid, who, verdict, reasons, at) VALUES ({P + 99}, 'x', 'include', '[]', '2026')")
    assert check(desk, desk.flow())["total"]["reports"] == 1


def test_a_failed_run_is_no_zero(desk):
    """A query whose only run failed has a blank, not 0, and the run is told to have failed."""
    desk.fetch("stroke")
    desk.fetch("head", faults=[status_page(500)], status=3)
    told = check(desk, desk.flow())
    assert {"source": "PubMed, query head, of which no run is complete", "records": None} in told["databases"][
        "identified"
    ]
    assert "of head on" in " ".join(told["problems"])
    assert "is failed" in " ".join(told["problems"])
    assert f"of which no run is complete (n = {BLANK})" in desk.workspace.run("report", "prisma", "-f", "txt").stdout
    assert "is failed" in desk.workspace.run("report", "prisma").stderr
    assert "is failed" in desk.workspace.run("report", "prisma-s").stdout


def test_a_partial_run_is_told(desk):
    """Records that PubMed named and did not deliver are told to be missing, in both reports."""
    desk.pubmed.unserved.add(P + 4)
    desk.pubmed.records.pop(P + 4)
    desk.fetch("head", status=4)
    told = check(desk, desk.flow())
    problems = " ".join(told["problems"])
    assert "is partial" in problems
    assert "1 record was named by PubMed and not delivered" in problems
    assert "not delivered" in desk.workspace.run("report", "prisma-s").stdout


def test_what_nobody_knows_is_blank(desk):
    """Sought, retrieved, assessed, registers, other methods: null in JSON, a blank in text, empty in CSV; never 0."""
    desk.fetch()
    told = desk.flow()
    for name in ("reports_sought", "reports_not_retrieved", "reports_assessed", "reports_excluded"):
        assert told[name] is None
    assert told["databases"]["registers"] is None
    shown = desk.workspace.run("report", "prisma", "-f", "txt").stdout
    for label in ("sought for retrieval", "not retrieved", "assessed for eligibility", "registers", "Websites"):
        assert re.search(rf"{label} \(n = {BLANK}\)", shown), label
    assert f"previous version of review (n = {BLANK})" in shown
    for form, mark in (("csv", ","), ("tsv", "\t")):
        lines = desk.workspace.run("report", "prisma", "-f", form).stdout.splitlines()
        assert f"databases sought{mark}Reports sought for retrieval{mark}" in lines


def test_one_query_alone(desk):
    """--query: the records of one query, also those that it finds no more, and the decisions on them alone."""
    desk.fetch()
    desk.bring("a.xml", record(21, title="Examplin by hand."))
    for number in (1, 3, 4, 21):
        desk.decide(number, "include")
    desk.pubmed.change(3, title="Another substance in a head injury.")
    desk.fetch()
    told = check(desk, desk.flow("--query", "head"))
    assert [(one["source"], one["records"]) for one in told["databases"]["identified"]] == [("PubMed, query head", 3)]
    assert (told["databases"]["removed"]["duplicates"], told["databases"]["included"]) == (0, 2)
    assert told["other"]["identified"] == []
    assert "Only what the query head found" in told["remarks"][0]
    assert "(without 1 that it finds no more)" in told["commands"][0]["label"]
    text = desk.workspace.run("report", "prisma-s", "--query", "head").stdout
    assert "`stroke`" not in text
    assert "did you mean head?" in desk.workspace.run("report", "prisma", "--query", "heed", status=2).stderr


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    """Libraries of made-up papers, with papers that left, or are not held, and decisions that stand or do not."""
    folder = tmp_path_factory.mktemp("flows")
    for seed in range(3):
        build(folder / f"{seed}.db", seed)
    return folder


@pytest.mark.parametrize("since", ["", *(f"2026-01-01T00:00:{second:04}Z" for second in (0, 2, 4, 6, 8, 99))])
@pytest.mark.parametrize(("seed", "query"), [(0, ""), (1, ""), (2, ""), (1, "one"), (2, "never-complete")])
def test_made_up_libraries_add_up(made_up, seed, query, since):
    """Whatever happened in a library, and since when one asks: the boxes add up, and lists give their numbers."""
    with Reader.open(made_up / f"{seed}.db") as reader:
        found = flow(reader.connection, since=since, query=query)
        assert all(found.sums().values()), found.sums()
        of_words = {"--query": "query", "--decision": "decision", "--since": "since"}
        for one in found.traced:
            words = shlex.split(one.command)[2:]
            if one.command.startswith("reftrack list"):
                asked = {of_words[name]: value for name, value in zip(words[::2], words[1::2], strict=True)}
                assert count(reader.connection, Selection(**asked)) == one.number, one


# the picture

EVIL = 'x <script>alert("1")</script> & $\\frac{1}$ $\\nosuch{$ ]]> \u202e % _ ^ # `'


def hostile(desk):
    """Names and reasons as nobody should write them."""
    desk.fetch()
    desk.bring("a & b $x$ <i>.xml", record(31, title=f"Examplin {'&lt;script&gt;'}"))
    desk.decide(1, "exclude", EVIL)
    desk.decide(2, "exclude", "W" * 300)
    desk.decide(3, "exclude", "wrong population " * 30)
    desk.decide(4, "exclude", "обзор литературы")
    desk.decide(31, "exclude", "a\u0000b\u0007c")


def test_a_picture_is_sound_whatever_it_says(desk):
    """Well-formed SVG without a script; the same bytes each time; nothing on stderr but the note."""
    hostile(desk)
    files = [desk.workspace.folder / name for name in ("a.svg", "b.svg")]
    for file in files:
        ended = desk.workspace.process("-q", "report", "prisma", "-o", file)
        assert (ended.returncode, ended.stderr) == (0, b"")
    assert files[0].read_bytes() == files[1].read_bytes()
    tree = ET.fromstring(files[0].read_bytes())
    assert not [one for one in tree.iter() if one.tag.endswith("}script")]
    text = " ".join(tree.itertext())
    assert "<script>" in text  # as text of the description
    assert "Reports sought for retrieval (n = ______)" in text
    desk.workspace.run("report", "prisma", "-o", desk.workspace.folder / "a.png")
    assert (desk.workspace.folder / "a.png").read_bytes().startswith(b"\x89PNG")


def test_no_line_leaves_its_box(desk):
    """Every line is narrower than its box and every box is on the page and beside no other, however long the names."""
    hostile(desk)
    with Reader.open(desk.workspace.folder / "db" / "reftrack.db") as reader:
        found = flow(reader.connection)
    ruler = _Ruler()
    placed, _, height = _layout(found, ruler)
    for one in placed.values():
        assert one.y + one.height < height
        for line in one.lines:
            assert ruler.width(line) <= one.width - 0.17, line
    every = list(placed.values())
    for number, one in enumerate(every):
        for other in every[number + 1 :]:
            apart = one.x + one.width <= other.x or other.x + other.width <= one.x
            assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y


def test_letters_that_the_font_lacks_stay_text(desk):
    """A reason in Chinese is text in the SVG, for a font that has it; Latin and Cyrillic are paths; no warning."""
    desk.fetch()
    desk.decide(1, "exclude", "人群不符")
    with Reader.open(desk.workspace.folder / "db" / "reftrack.db") as reader:
        found = flow(reader.connection)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tree = ET.fromstring(picture(found, "svg"))
        picture(found, "png")
    texts = ["".join(one.itertext()) for one in tree.iter() if one.tag.endswith("}text")]
    assert any("人群不符" in one for one in texts)


def test_matplotlib_is_loaded_for_pictures_alone(desk):
    """Text, JSON and the appendix need none of it; without it a picture is one sentence."""
    desk.fetch()
    for words in (["report", "prisma"], ["report", "prisma-s"]):
        code = (
            "import sys; from reftrack.cli import main\n"
            f"try:\n main({words})\nexcept SystemExit: pass\n"
            "sys.stderr.write(str([n for n in ('matplotlib', 'requests', 'sqlite_utils') if n in sys.modules]))"
        )
        assert desk.workspace.process(code=code).stderr.decode().endswith("[]")
    without = "import sys; sys.modules['matplotlib'] = None; from reftrack.cli import main; "
    ended = desk.workspace.process(code=without + "main(['report', 'prisma', '-f', 'svg'])")
    assert (ended.returncode, ended.stderr.decode()) == (
        2,
        "reftrack: SVG needs matplotlib: pip install 'reftrack[charts]'.\n",
    )


def test_the_picture_in_a_browser(desk, browser):
    """Chromium shows it without a complaint, and runs nothing of it."""
    hostile(desk)
    file = desk.workspace.folder / "flow.svg"
    desk.workspace.run("report", "prisma", "-o", file)
    browser.open(file)
    assert browser.complaints() == []
    assert browser.run("return document.documentElement.tagName") == "svg"
    assert browser.run("return document.querySelectorAll('script').length") == 0


# the search appendix

ITEMS = (
    *("Database name", "Multi-database searching", "Study registries", "Online resources and browsing"),
    *("Citation searching", "Contacts", "Other methods", "Full search strategies", "Limits and restrictions"),
    *("Search filters", "Prior work", "Updates", "Dates of searches", "Peer review", "Total records", "Deduplication"),
)
BLANK_ITEMS = (2, 3, 4, 5, 6, 7, 11, 14)


def items(text):
    """Number → (title, text) of the appendix."""
    parts = re.split(r"^### (\d+)\. (.*)$", text, flags=re.MULTILINE)
    return {int(parts[place]): (parts[place + 1], parts[place + 2]) for place in range(1, len(parts), 3)}


def test_sixteen_items(desk):
    """All items in order; those that only people know are blanks, the others are filled in."""
    desk.fetch()
    found = items(desk.workspace.run("report", "prisma-s").stdout)
    assert tuple(found[number][0] for number in range(1, 17)) == ITEMS
    for number, (_, text) in found.items():
        wholly = text.strip().startswith("*(to be filled in by the authors)*")
        assert wholly == (number in BLANK_ITEMS), number


def test_terms_are_told_word_for_word(desk):
    """The term as sent and PubMed's translation, of every wording there was; an edit that was never run is told."""
    query = desk.workspace.folder / "queries" / "stroke.toml"
    terms = [
        "examplin[tiab]\n  AND (stroke[tiab] OR `x`[tiab])",
        "examplin[tiab] AND stroke[tiab]\n\tAND 2000:2026[dp]",
    ]
    for term in terms:
        query.write_text(f"title = 'Stroke *and* <b>'\nnote = 'by | hand'\nterm = '''{term}'''\n")
        desk.fetch("stroke")
    text = items(desk.workspace.run("report", "prisma-s").stdout)[8][1]
    for term in terms:
        assert f"```text\n{term.strip()}\n```".replace("\t", " ") in text.replace("\t", " ")
    told = desk.workspace.json("report", "prisma-s")["strategies"][0]
    assert [one["term"] for one in told["wordings"]] == terms
    for one in told["wordings"]:
        assert one["translation"] in text
    assert "<b>" not in text
    assert "edited since" not in text
    query.write_text("title = 'Stroke'\nterm = 'examplin[ti]'\n")
    assert "The saved query was edited since" in desk.workspace.run("report", "prisma-s").stdout
    query.write_text("nothing that could be read")
    assert "left out" in desk.workspace.run("report", "prisma-s").stderr


def test_a_fence_cannot_be_ended_from_within(desk):
    """A term with three backticks stands in a block with more of them."""
    desk.fetch("stroke")
    desk.sql("UPDATE runs SET term = 'a\n```\n# Not a heading\n````'")
    text = desk.workspace.run("report", "prisma-s").stdout
    assert "`````text\na\n```\n# Not a heading\n````\n`````" in text


@pytest.mark.parametrize(
    ("term", "limits"),
    [
        ("examplin[tiab] AND stroke", "none."),
        ("examplin AND english[la] AND 2010:2020[dp]", "`english[la]` (language); `2010:2020[dp]` (date)."),
        (
            "examplin AND randomized controlled trial[pt] NOT animals[mh]",
            "(publication type); `animals[mh]` (species).",
        ),
        ("examplin AND systematic[sb]", "`systematic[sb]` (filter or subset)."),
        ("(examplin[ti]", "its term could not be read here"),
    ],
)
def test_limits(desk, term, limits):
    """What of a term limits a search is listed as it is written; what cannot be read is said to be so."""
    desk.fetch("stroke")
    desk.sql(f"UPDATE runs SET term = '{term}'")
    assert limits in items(desk.workspace.run("report", "prisma-s").stdout)[9][1]


def test_dates_and_numbers(desk):
    """Every run with its date, status and numbers; totals are those of the flow; the server is named."""
    desk.fetch()
    desk.fetch("stroke", faults=[status_page(500)], status=3)
    found = items(desk.workspace.run("report", "prisma-s").stdout)
    today = desk.workspace.json("runs")[0]["started"][:10]
    assert "PubMed (National Library of Medicine)" in found[1][1]
    assert "`127.0.0.1" in found[1][1]
    assert f"`head`, PubMed: last searched to the end on {today}" in found[13][1]
    assert re.search(
        rf"`stroke`, PubMed: last searched to the end on {today} \(run \d\); run 3 of {today} is failed", found[13][1]
    )
    assert re.search(r"\| 3 \| .* \| failed: .* \| - \| - \|", found[12][1])
    assert "| PubMed, query head | 3 |" in found[15][1]
    assert "| **in all** | 5 |" in found[15][1]
    assert "identified 5; duplicates, found by several queries or sources 1;" in found[16][1]


def test_without_pubmed_it_is_no_search_of_pubmed(desk):
    """A workspace of the sample or a file says that no run has asked PubMed, and whose reading the translation is."""
    desk.workspace.fetch()
    found = items(desk.workspace.run("report", "prisma-s").stdout)
    assert "no run has asked PubMed" in found[1][1]
    assert "As reftrack read it (PubMed was not asked)" in found[8][1]


def test_what_pubmed_remarked_is_told(desk):
    """Words that PubMed ignored or did not find belong to the search as it was run."""
    desk.fetch("stroke")
    desk.sql("""UPDATE runs SET warnings = '["phrase <b>not</b> found: examplinn"]'""")
    assert (
        "- phrase &lt;b&gt;not&lt;/b&gt; found: examplinn"
        in items(desk.workspace.run("report", "prisma-s").stdout)[8][1]
    )


# at the desk


def test_files_and_mistakes(desk):
    """An ending says what is written; what cannot be meant is refused in a sentence."""
    desk.fetch()
    for name in ("f.txt", "f.json", "f.csv", "f.tsv"):
        desk.workspace.run("report", "prisma", "-o", name)
        assert (desk.workspace.folder / name).stat().st_size
    desk.workspace.run("report", "prisma-s", "-o", "s.md")
    for words, said in (
        (["prisma", "-o", "f.doc"], "does not say by its ending"),
        (["prisma", "--json", "-f", "svg"], "exclude each other"),
        (["prisma", "--since", "last"], "--since last means the last run"),
        (["prisma", "--since", "soon"], "not understood"),
        (["prisma-s", "-o", "s.pdf"], "write .md"),
    ):
        assert said in desk.workspace.run("report", *words, status=2).stderr


def test_on_a_terminal(desk):
    """The boxes, and what each number counts."""
    desk.fetch()
    command = [sys.executable, "-m", "reftrack", "report"]
    _, shown = terminal([*command, "prisma"], desk.workspace.folder)
    assert "PubMed, query head (n = 3)" in shown
    assert "reftrack list --decision include" in shown
    assert "4 records not yet screened" in shown
    _, shown = terminal([*command, "prisma-s"], desk.workspace.folder)
    assert "### 16. Deduplication" in shown


def test_boxes_of_nothing():
    """A flow of no record is whole: sums hold, every box has a line."""
    none = prisma.Counted(0, 0)
    empty = prisma.Flow(prisma.EMPTY, prisma.EMPTY, "", None, 0, 0, none, none, none, 0)
    assert all(empty.sums().values())
    assert all(box.lines for box in prisma.boxes(empty))
    assert picture(empty, "svg")


def test_sums_can_fail():
    """The check itself works: a record too many is noticed."""
    none = prisma.Counted(0, 0)
    column = prisma.Column((prisma.Part("x", 3),), 1, 0, 0, 0, 1, 0, 0, 0, 0)
    wrong = prisma.Flow(column, prisma.EMPTY, "", None, 0, 0, none, prisma.Counted(1, 1), prisma.Counted(1, 1), 0)
    assert list(wrong.sums().values()).count(False) == 1
