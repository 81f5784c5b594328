"""`reviews`: which trials each review cites, which it does not and why it might have, and how far reviews overlap."""

import re
import shlex
import sqlite3
import sys
from contextlib import closing
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk import Workspace, terminal
from papers import document, record
from reftrack.library.reading import Reader
from reftrack.library.selecting import Selection
from reftrack.pubmed import parse
from reftrack.pubmed.references import Unlinked, unlinked
from reftrack.report.overlap import Covered, covered
from reftrack.workflow import reviewing

P = 90000000
RANDOMLY = ("METHODS", "Patients were randomly assigned to examplin or placebo in a double-blind trial.")
DIED = ("RESULTS", "Mortality did not differ between the groups.")
RETRACTED = (
    '<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>J Example</RefSource>'
    "</CommentsCorrections></CommentsCorrectionsList>"
)


def trial(number, *, where="stroke", what="Examplin", abstract=(RANDOMLY, DIED), **more):
    title = f"{what} number {number} in {where}: a randomized, double-blind, placebo-controlled trial."
    return record(number, title=title, abstract=abstract, **more)


def with_number(text, number):
    bank = (
        "<DataBankList><DataBank><DataBankName>ClinicalTrials.gov</DataBankName><AccessionNumberList>"
        f"<AccessionNumber>{number}</AccessionNumber></AccessionNumberList></DataBank></DataBankList>"
    )
    return text.replace(b"<PublicationTypeList>", bank.encode() + b"<PublicationTypeList>")


def citing(text, *references):
    """The record with a reference list: numbers of papers, or pieces of XML."""
    ids = '<ArticleIdList><ArticleId IdType="pubmed">{}</ArticleId></ArticleIdList>'
    pieces = [one if isinstance(one, str) else f"<Citation>J</Citation>{ids.format(P + one)}" for one in references]
    inside = "".join(f"<Reference>{piece}</Reference>" for piece in pieces)
    return text.replace(b"</PubmedData>", f"<ReferenceList>{inside}</ReferenceList></PubmedData>".encode())


def review(number, *references, where="stroke", year="2022", extra="", text="", kind="meta-analysis"):
    title = f"Examplin in {where}, number {number}: a systematic review and {kind} of randomized trials."
    made = record(number, title=title, abstract=(DIED, ("MORE", text)), year=year, extra=extra)
    return citing(made, *references) if references else made


def linked(kind, other):
    return (
        f'<CommentsCorrectionsList><CommentsCorrections RefType="{kind}"><RefSource>J Example</RefSource>'
        f'<PMID Version="1">{P + other}</PMID></CommentsCorrections></CommentsCorrectionsList>'
    )


RECORDS = (
    with_number(trial(1, year="2010"), "NCT00000001"),
    with_number(trial(2, year="2012"), "NCT00000001"),  # a second report of the first trial
    trial(3, year="2015"),
    trial(4, year="2018"),
    trial(5, year="2021", extra=RETRACTED),
    trial(6, year="2022"),
    trial(7, year="2023"),
    trial(8, where="traumatic brain injury", year="2016"),
    record(9, title="Erratum: Examplin number 3 in stroke.", extra=linked("ErratumFor", 3), year="2016"),
    # A = trial 1 (two reports), B = 3, C = 4, D = 5 (retracted)
    review(21, 1, 2, 3, 4, year="2022"),
    review(22, 2, 9, year="2022"),
    review(23, 5, 1, year="2022"),
    review(24, year="2022"),
)


def filled(folder, *records):
    workspace = Workspace(folder)
    workspace.file.write_bytes(document(*records))
    workspace.run("import", workspace.file)
    return workspace


@pytest.fixture
def held(tmp_path):
    return filled(tmp_path, *RECORDS)


def of(told, number):
    return next(one for one in told["reviews"] if one["pmid"] == P + number)


def trials_of(one):
    return [found["trial"] for found in one["cited"]]


# the figure


def test_covered_area_by_hand():
    """Pieper's formula: 3 reviews, 4 trials, 7 ticks make (7 - 4) / (4 x 3 - 4) = 3/8."""
    area = covered([{"A", "B", "C"}, {"A", "B"}, {"A", "D"}])
    assert area == (7, 4, 3)
    assert (area.share, area.percent, area.band) == (Fraction(3, 8), 37.5, "very high")


@pytest.mark.parametrize(
    ("inclusions", "band"),
    [
        *[(100, "slight"), (105, "slight"), (106, "moderate"), (110, "moderate"), (111, "high"), (115, "high")],
        *[(116, "very high"), (200, "very high")],
    ],
)
def test_bands(inclusions, band):
    """To 5, to 10, to 15 per cent, and beyond; a hair above a bound is the next."""
    assert Covered(inclusions, 100, 2).band == band


@pytest.mark.parametrize("cited", [[], [{"A"}], [set(), set()], [{"A", "B"}]])
def test_no_figure_without_two_reviews_and_a_trial(cited):
    """One review overlaps with nothing, and none cite nothing: no number, not 0."""
    assert (covered(cited).share, covered(cited).percent, covered(cited).band) == (None, None, "")


@given(st.lists(st.sets(st.sampled_from("ABCDEF")), min_size=2, max_size=6))
def test_covered_area_by_counting_ticks(cited):
    """The formula is the share of further ticks in the table without each trial's first one; of two it is Jaccard's."""
    trials = sorted(set().union(*cited))
    share = covered(cited).share
    if not trials:
        assert share is None
        return
    further = sum(sum(name in one for one in cited) - 1 for name in trials)
    assert share == Fraction(further, len(trials) * (len(cited) - 1))
    for one, other in combinations(cited, 2):
        if one | other:
            assert covered([one, other]).share == Fraction(len(one & other), len(one | other))


# at the desk


def test_overlap_counts_trials_not_papers(held):
    """Two reports of one trial, or an erratum, are that trial once; without references a review counts nowhere."""
    told = held.json("reviews")
    assert trials_of(of(told, 21)) == ["NCT00000001", "PMID 90000003", "PMID 90000004"]
    assert trials_of(of(told, 22)) == ["NCT00000001", "PMID 90000003"]
    assert [one["pmid"] for one in of(told, 21)["cited"][0]["reports"]] == [P + 1, P + 2]
    assert told["overlap"] == {"N": 7, "r": 4, "c": 3, "cca": 0.375, "percent": 37.5, "band": "very high"}
    without = of(told, 24)
    assert (without["counted"], without["cited"], without["not_cited"]) == (False, None, None)
    assert "references unavailable" in without["why_not_counted"]


def test_a_review_without_a_tracked_trial_is_told(tmp_path):
    """References without a tracked trial make a review that counts, and the overlap smaller: both figures are told."""
    workspace = filled(tmp_path, *RECORDS, review(25, 77, year="2022"))
    told = workspace.json("reviews")
    assert (told["overlap"]["c"], told["overlap"]["cca"]) == (4, 0.25)  # (7 - 4) / (4 x 4 - 4)
    assert (told["overlap_of_citing"]["c"], told["overlap_of_citing"]["cca"]) == (3, 0.375)
    assert "Of the other 3 reviews it is 37.5 %, very high." in workspace.run("reviews").stderr


def test_pairs(held):
    """Each pair of the reviews that count, with the trials both cite."""
    pairs = {(one["first"] - P, one["second"] - P): one for one in held.json("reviews", "--overlap")["pairs"]}
    assert {tuple(sorted(pair)): one["cca"] for pair, one in pairs.items()} == {
        (21, 22): pytest.approx(2 / 3, abs=1e-6),
        (21, 23): 0.25,
        (22, 23): pytest.approx(1 / 3, abs=1e-6),
    }
    lines = held.run("reviews", "--overlap").stdout.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("first\tsecond\ttrials_first")


def test_retracted_trials_are_marked(held):
    """A trial whose report was retracted is marked where it is cited, in every form."""
    told = of(held.json("reviews"), 23)["cited"]
    assert [(one["trial"], one["retracted"]) for one in told] == [("NCT00000001", False), ("PMID 90000005", True)]
    shown = held.run("reviews", P + 23).stdout
    assert "RETRACTED · Examplin number 5" in shown
    assert shown.count("RETRACTED") == 1
    header, *rows = (line.split("\t") for line in held.run("reviews").stdout.splitlines())
    assert [row[header.index("retracted_cited")] for row in rows if row[0] == str(P + 23)] == ["1"]


def test_gaps_say_why(held):
    """Not cited: eligible by a report before the review, never a retracted one, another condition, or a later one."""
    told = held.json("reviews", P + 22)
    assert [(one["trial"], one["pmid"], one["year"]) for one in told["not_cited"]] == [("PMID 90000004", P + 4, 2018)]
    assert told["not_cited"][0]["conditions"] == ["stroke"]
    assert "mortality" in told["not_cited"][0]["outcomes"]
    assert [one["trial"] for one in told["same_year"]] == ["PMID 90000006"]
    counts = of(held.json("reviews"), 22)
    assert (counts["not_cited"], counts["same_year"]) == (1, 1)
    shown = held.run("reviews", P + 22)
    assert "Does not cite 1 trial that came out in a year before it" in shown.stdout
    assert "of the same year, 2022" in shown.stdout
    assert "Not cited is not wrongly left out" in shown.stderr
    command = re.search(r"reftrack (list --pmid .*)", shown.stdout)[1]
    assert [one["pmid"] for one in held.json(*shlex.split(command))] == [P + 6, P + 4]


def test_the_rule_is_that_of_list(held):
    """What makes a trial eligible are papers that `list` finds by the same tags, type and years."""
    gap = held.json("reviews", P + 22)["not_cited"][0]
    words = ["--study", "rct", "--year", "..2021", "--tag", gap["conditions"][0], "--tag", gap["outcomes"][0]]
    assert gap["pmid"] in [one["pmid"] for one in held.json("list", *words)]


def test_numbers_are_those_of_studies(held):
    """The trials cited are those of `studies --pmid …`, and the reviews those of `list`."""
    told = held.json("reviews")
    for one in told["reviews"]:
        pmids = [paper["pmid"] for found in one["cited"] or () for paper in found["reports"]]
        words = [word for pmid in pmids for word in ("--pmid", pmid)]
        if words:
            assert sorted(found["trial"] for found in held.json("studies", *words)["studies"]) == trials_of(one)
    listed = held.json("list", "--study", "meta-analysis,systematic-review")
    assert [one["pmid"] for one in listed] == [one["pmid"] for one in told["reviews"]]


def test_a_selection_chooses_reviews_not_trials(tmp_path):
    """Tags and years choose which reviews are looked at; the trials are those of the whole library."""
    workspace = filled(
        tmp_path, *RECORDS, review(31, 8, 1, where="traumatic brain injury", year="2019"), review(32, 8, year="2001")
    )
    assert [one["pmid"] for one in workspace.json("reviews", "+tbi")["reviews"]] == [P + 31]
    told = workspace.json("reviews", "--year", "2019")
    assert trials_of(told["reviews"][0]) == ["NCT00000001", "PMID 90000008"]
    assert told["overlap"]["cca"] is None
    assert "Overlap: none to compute" in workspace.run("reviews", "--year", "2019").stderr


def test_other_types_by_study(tmp_path):
    """--study says what is taken for a review instead."""
    narrative = citing(record(41, title="Examplin in stroke: a narrative review.", year="2020"), 1)
    workspace = filled(tmp_path, *RECORDS, narrative)
    assert P + 41 not in [one["pmid"] for one in workspace.json("reviews")["reviews"]]
    told = workspace.json("reviews", "--study", "narrative-review")["reviews"]
    assert [(one["pmid"], trials_of(one)) for one in told] == [(P + 41, ["NCT00000001"])]


def test_a_newer_version_counts_instead(tmp_path):
    """A review and its update are not two reviews that overlap: the older one is told, and counts nowhere."""
    workspace = filled(
        tmp_path,
        *RECORDS[:4],
        review(51, 1, 3, year="2019", extra=linked("UpdateIn", 52)),
        review(52, 1, 3, 4, year="2022", extra=linked("UpdateOf", 51)),
        review(53, 3, year="2022"),
    )
    told = workspace.json("reviews")
    assert (of(told, 51)["newer"], of(told, 51)["counted"]) == (P + 52, False)
    assert told["overlap"]["c"] == 2
    assert workspace.json("reviews", "--year", "2019")["reviews"][0]["counted"] is True
    assert "newer version is among these reviews" in workspace.run("reviews").stderr


def test_a_newer_version_without_references_counts_for_none(tmp_path):
    """The older one counts where the newer has no references, unless a still newer one has; in a ring the latest."""
    chain = (
        review(51, 1, 3, year="2019", extra=linked("UpdateIn", 52)),
        review(52, year="2020", extra=linked("UpdateIn", 53)),
    )
    workspace = filled(tmp_path, *RECORDS[:4], *chain)
    assert of(workspace.json("reviews"), 51)["counted"] is True
    workspace.file.write_bytes(document(review(53, 1, year="2022", extra=linked("UpdateIn", 51))))  # and a ring
    workspace.run("import", workspace.file)
    told = workspace.json("reviews")
    assert [one["pmid"] - P for one in told["reviews"] if one["counted"]] == [53]
    assert told["overlap"]["c"] == 1


def test_a_number_in_the_abstract_is_no_gap(tmp_path):
    """A review that names a trial by its registry number is not said to pass it over; it does not cite it either."""
    first = with_number(trial(1, year="2010"), "NCT00000001")
    workspace = filled(tmp_path, first, trial(3, year="2015"), review(61, 3, text="We found NCT00000001."))
    told = of(workspace.json("reviews"), 61)
    assert (trials_of(told), told["named"], told["not_cited"]) == (["PMID 90000003"], ["NCT00000001"], 0)
    assert "Names NCT00000001 by number" in workspace.run("reviews", P + 61).stdout


def test_a_review_on_one_kind_of_stroke_is_not_on_all(tmp_path):
    """The narrowest tags of the review count: one on subarachnoid hemorrhage misses no trial in ischemic stroke."""
    workspace = filled(
        tmp_path,
        trial(1, where="acute ischemic stroke", year="2010"),
        trial(2, where="aneurysmal subarachnoid hemorrhage", year="2011"),
        review(71, 3, where="subarachnoid hemorrhage"),
        review(72, 3, where="stroke"),
        trial(3, where="stroke", year="2009"),
    )
    workspace.run("tag", "add", P + 71, "stroke")
    assert [one["pmid"] - P for one in workspace.json("reviews", P + 71)["not_cited"]] == [2]
    assert [one["pmid"] - P for one in workspace.json("reviews", P + 72)["not_cited"]] == [1, 2]


def test_what_cannot_be_said_is_said(tmp_path):
    """Without an outcome tag, or a year, nothing is said to be missing, and why is told."""
    bare = citing(record(81, title="Examplin in stroke: a systematic review and meta-analysis.", year="2022"), 1)
    workspace = filled(tmp_path, *RECORDS[:4], bare)
    told = of(workspace.json("reviews"), 81)
    assert (told["not_cited"], told["why_no_gaps"]) == (None, "it has no tag of the facet outcome")
    assert "cannot be said: it has no tag of the facet outcome" in workspace.run("reviews", P + 81).stdout


# references without a PMID


def printed(number, *, title=None, author="Example A", year="2015", ids=""):
    title = title or f"Examplin number {number} in stroke: a randomized, double-blind, placebo-controlled trial"
    text = f"{author}, Sample B. {title}. J Example. {year};1:3-8."
    return f"<Citation>{text}</Citation>" + (f"<ArticleIdList>{ids}</ArticleIdList>" if ids else "")


def doi(text):
    return f'<ArticleId IdType="doi">{text}</ArticleId>'


def with_doi(text, name):
    return text.replace(b"</ArticleIdList></PubmedData>", f"{doi(name)}</ArticleIdList></PubmedData>".encode())


@pytest.mark.parametrize(
    ("reference", "how"),
    [
        (printed(3, title="Anything", ids=doi("10.1000/EX.3")), "doi"),
        (printed(3, title="Anything. https://doi.org/10.1000/ex.3"), "doi"),
        (printed(3), "title"),
        (printed(3, year="2016"), "title"),
        (printed(3, year="2019"), ""),  # another year
        (printed(3, author="Somebody C"), ""),  # another author
        (printed(3, title="Examplin number 3 in stroke"), ""),  # a part of the title
        (printed(3, ids=doi("10.1000/other")), ""),  # another paper's DOI
        (printed(33), ""),
        ("<Citation>Example A. 2015.</Citation>", ""),
    ],
)
def test_references_without_a_pmid(tmp_path, reference, how):
    """By DOI, or by the whole title beside first author and year; else it cannot be told, and that is told."""
    workspace = filled(tmp_path, with_doi(trial(3, year="2015"), "10.1000/ex.3"), trial(4), review(91, reference, 4))
    told = workspace.json("reviews", P + 91)
    found = {paper["pmid"]: paper["known_by"] for one in told["cited"] for paper in one["reports"]}
    assert found == {P + 4: "pmid"} | ({P + 3: how} if how else {})
    assert told["references"] == {"with_pmid": 1, "without_pmid": 1, "recognised": int(bool(how))}
    assert ("1 reference without a PMID cannot be told" in workspace.run("reviews", P + 91).stderr) == (not how)


def test_a_title_that_two_reports_share_is_neither(tmp_path):
    """Two trials of one title, author and year: a reference to the title is not taken for one of them."""
    same = "Examplin in stroke: one and the same randomized, double-blind, placebo-controlled trial"
    twins = [record(number, title=f"{same}.", abstract=(RANDOMLY, DIED), year="2015") for number in (3, 4)]
    workspace = filled(tmp_path, *twins, trial(5), review(92, printed(3, title=same), 5))
    assert workspace.json("reviews", P + 92)["references"]["recognised"] == 0


def test_a_doi_that_two_reports_share_is_neither(tmp_path):
    """A DOI that two tracked reports name, as a record that PubMed has twice does, says of which of them it is none."""
    twins = [with_doi(trial(number, year="2015"), "10.1000/ex.3") for number in (3, 4)]
    reference = printed(9, title="Anything", ids=doi("10.1000/ex.3"))
    workspace = filled(tmp_path, *twins, trial(5), review(92, reference, 5))
    assert workspace.json("reviews", P + 92)["references"]["recognised"] == 0


def test_only_references_that_none_can_place(tmp_path):
    """A list without a PMID, of which nothing is recognised, says nothing of trials: it counts nowhere."""
    workspace = filled(tmp_path, trial(3, year="2015"), review(93, "<Citation>Some book.</Citation>"))
    told = of(workspace.json("reviews"), 93)
    assert (told["counted"], told["cited"]) == (False, None)
    assert told["why_not_counted"] == "references unavailable: none of its 1 references has a PMID"


def test_a_list_is_read_whatever_it_holds():
    """Nested lists, PMCIDs, several ids, no text; what is no XML is no reference, and a PMID by default is one."""
    inner = (
        "<ReferenceList><Title>R</Title><Reference><Citation>One &amp; <i>two</i></Citation></Reference>"
        '<ReferenceList><Reference><ArticleIdList><ArticleId IdType="pmcid">2562622</ArticleId></ArticleIdList>'
        "</Reference></ReferenceList><Reference><Citation>PMID</Citation><ArticleIdList><ArticleId>12</ArticleId>"
        "</ArticleIdList></Reference><Reference><Citation>10.1000/a, 10.1000/b.</Citation></Reference></ReferenceList>"
    )
    text = record(1).replace(b"</PubmedData>", inner.encode() + b"</PubmedData>")
    assert unlinked(text) == (
        Unlinked("One & two", "", ""),
        Unlinked("", "", "PMC2562622"),
        Unlinked("10.1000/a, 10.1000/b.", "", ""),
    )
    assert parse(text).references == (12,)
    assert unlinked(record(1)) == ()
    assert unlinked(text.replace(b"</Reference>", b"", 1)) == ()


@given(st.binary())
def test_no_bytes_break_the_reading_of_references(data):
    """Whatever a record holds, there is a list, empty at worst."""
    assert isinstance(unlinked(b"<PubmedArticle><ReferenceList>" + data), tuple)


def test_many_reviews_are_not_read(held, monkeypatch):
    """Beyond a number references without a PMID are left aside, and that is told."""
    monkeypatch.setattr(reviewing, "MOST_READ", 3)
    assert held.json("reviews")["unlinked_read"] is False
    assert "were not read, as there are 4 reviews" in held.run("reviews").stderr


def test_too_many_pairs_are_refused(held, monkeypatch):
    """Pairs of more reviews than anybody reads are refused in a sentence that says what to do."""
    monkeypatch.setattr(reviewing, "MOST_PAIRED", 2)
    assert "choose 2 or fewer" in held.run("reviews", "--overlap", status=2).stderr


# counted in bits as by hand


def plain(connection, pmid):
    """The rule, paper by paper, as the help says it."""
    from reftrack.library.selecting import select
    from reftrack.library.trials import every_report

    reports = every_report(connection)
    year = connection.value("SELECT year FROM papers WHERE pmid = ?", (pmid,))
    cited = {found for (found,) in connection.rows("SELECT cited_pmid FROM cited_papers WHERE pmid = ?", (pmid,))}
    tags = {
        facet: [t for (t,) in connection.rows("SELECT tag FROM paper_tags WHERE pmid = ? AND facet = ?", (pmid, facet))]
        for facet in ("condition", "outcome")
    }
    gone = {one for (one,) in connection.rows("SELECT pmid FROM papers WHERE retracted")}
    before, same = set(), set()
    narrow = {
        facet: [
            t
            for t in own
            if not any(p == t for o in own for (p,) in connection.rows("SELECT parent FROM tags WHERE tag = ?", (o,)))
        ]
        for facet, own in tags.items()
    }
    for condition in narrow["condition"]:
        for outcome in narrow["outcome"]:
            for years, into in (((None, year - 1), before), ((year, year), same)):
                wanted = Selection(tags=(condition, outcome), studies=("rct",), years=years)
                into |= {
                    reports.trial[one] for one in select(connection, wanted) if one in reports.trial and one not in gone
                }
    known = {reports.trial[one] for one in cited if one in reports.trial}
    return before - known, same - before - known


def test_bits_count_as_lists_do(held):
    """The quick way, a bit a report, gives the trials that lists give."""
    with Reader.open(held.folder / "db" / "reftrack.db") as reader:
        for number in (21, 22, 23):
            _, found = reviewing.look_at_one(reader.connection, P + number)
            expected = plain(reader.connection, P + number)
            assert ({one.trial for one in found.before}, {one.trial for one in found.same_year}) == expected


# how it looks


def test_on_a_terminal(held):
    """A table, the overlap in a sentence, and no verdict."""
    command = [sys.executable, "-m", "reftrack", "reviews"]
    _, shown = terminal(command, held.folder, columns=130)
    assert "Overlap (CCA): 37.5 %, very high: 3 reviews cite 4 trials 7 times." in " ".join(shown.split())
    assert "unavailable" in shown
    assert "1 RETRACTED" in shown
    _, matrix = terminal([*command, "--overlap"], held.folder, columns=130)
    assert "67 (2)" in matrix
    assert "25 (1)" in matrix
    _, one = terminal([*command, str(P + 22)], held.folder, columns=80)
    assert "eligible: randomised, of 2018; as the review on stroke" in one


def test_hostile_titles(tmp_path):
    """Letters that a terminal would obey, markup and formulas do no harm in any form."""
    evil = "Examplin \u202e=cmd|' &lt;script&gt; $x$ in stroke: a meta-analysis"
    workspace = filled(tmp_path, trial(1), citing(record(21, title=evil, abstract=(DIED,), year="2022"), 1))
    for words in (["reviews"], ["reviews", str(P + 21)], ["reviews", "--overlap"]):
        out = workspace.run(*words).stdout
        assert "\u202e" not in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nobody2020"], "holds no paper 'nobody2020'"),
        ([P + 21, "--overlap"], "nothing to select"),
        ([P + 21, "+tbi"], "nothing to select"),
        (["--study", "nosuch"], "There is no tag"),
    ],
)
def test_mistakes(held, words, said):
    """What cannot be meant is refused in a sentence."""
    assert said in held.run("reviews", *words, status=2).stderr


def test_a_damaged_record_is_passed_over(held):
    """A stored record that cannot be unpacked costs its references without a PMID, not the command."""
    with closing(sqlite3.connect(held.folder / "db" / "reftrack.db")) as connection, connection:
        connection.execute("UPDATE records SET xml = X'00' WHERE pmid = ?", (P + 21,))
    told = of(held.json("reviews"), 21)
    assert told["references"]["without_pmid"] is None
    assert len(told["cited"]) == 3


def test_a_joined_paper_counts_with_its_trial(held):
    """What people say of trials by hand counts here at once."""
    assert len(of(held.json("reviews"), 21)["cited"]) == 3
    held.run("studies", "join", "NCT00000001", P + 3)
    assert len(of(held.json("reviews"), 21)["cited"]) == 2
