"""Who paid and who has ties, as far as the record says so: by its words, never by their absence."""

import pytest

from desk import Workspace
from papers import document, record
from reftrack import tagging
from reftrack.errors import RuleError
from reftrack.model import Author, Grant, Paper, PublicationType, Section

RULES = tagging.load()
TAGS = {one.slug for one in RULES.definitions if one.facet == "funding"}


def paper(conflict="", *, grants=(), affiliations=(), types=(), funding="", abstract=""):
    sections = [Section("RESULTS", abstract)] * bool(abstract) + [Section("FUNDING", funding)] * bool(funding)
    return Paper(
        pmid=90000001,
        title="A made-up trial of examplin",
        abstract=tuple(sections),
        conflict_of_interest=conflict,
        grants=tuple(Grant(agency=agency) for agency in grants),
        authors=(Author("Example", affiliations=tuple(affiliations)),),
        publication_types=tuple(map(PublicationType, types)),
    )


def tagged(one, rules=RULES):
    """The tags of the facet, those above them left out as `tag` does."""
    return {tag.slug for tag in tagging.tag(one, rules) if tag.facet == "funding" and tag.state == "tagged"}


STATEMENTS = {
    "Dr A received honoraria from Example Pharma.": "industry-ties",
    "AB: consultant for Pfizer and Novartis. CD: none.": "industry-ties",
    "A.B. owns stock in Example Therapeutics, Inc.": "industry-ties",
    "Dr A was formerly an employee of Example Pharma GmbH.": "industry-ties",
    "A.B. and C.D. are full-time employees of Example Pharma GmbH.": "industry-author industry-ties",
    "Author AB was employed by the company Example Biotech Co., Ltd. The remaining authors declare that the research "
    "was conducted in the absence of any commercial or financial relationships that could be construed as a potential "
    "conflict of interest.": "industry-author industry-ties",
    "Dr A received grants from several pharmaceutical companies.": "industry",
    "This study was funded by Example Pharma GmbH. The funder had no role in its design.": "industry-funding "
    "industry-ties funded",
    "The authors declare that this study received funding from Example Therapeutics Inc.": "industry-funding "
    "industry-ties funded",
    # what is denied
    "The authors declare no conflict of interest.": "no-conflict",
    "Declaration of Competing Interest None.": "no-conflict",
    "The authors have no competing interests. The funder had no role in the study.": "no-conflict",
    "The authors report no relationships with industry and have nothing to disclose.": "no-conflict",
    "No author has received honoraria, consulting fees, stock, travel grants or any other payment from Example Pharma, "
    "Pfizer or Novartis.": "",
    "This work was not funded by Example Pharma GmbH.": "",
    "None of the authors is or was employed by Example Pharma GmbH.": "",
    "The authors have no funding and conflicts of interest to disclose.": "no-conflict no-funding",
    "This research did not receive any specific grant from funding agencies in the public, commercial, or "
    "not-for-profit sectors.": "no-funding",
    "The funding source had no role in the design of the study or the decision to publish.": "",
    # not all of them, or not only that
    "Dr A holds a patent on examplin. Dr B declares no competing interests.": "",
    "AB, CD No competing interests declared, EF is listed as an inventor on a patent application.": "",
    "The authors have no other competing interests to declare.": "",
    "All other authors declare no conflict of interest.": "",
    # what is no company
    "Dr A is an employee of the University of Example and received honoraria from the Royal Example Society.": "",
    "Dr A holds the Novo Nordisk Foundation professorship and received a grant from it.": "",
    "Dr A is employed by the Example University Hospital GmbH.": "",
    "Dr Merck received a grant from the Ministry of Health.": "",
    "A. Example is paid by Elsevier Inc. as an editor.": "",
    "Dr A received a research grant (no grant number) from the Example Heart Trust.": "",
}


@pytest.mark.parametrize(("statement", "tags"), STATEMENTS.items(), ids=[text[:60] for text in STATEMENTS])
def test_a_statement_says_what_it_says(statement, tags):
    """Ties, work and money only where they are told of and not denied; "no conflict" only where everybody says so."""
    assert tagged(paper(statement)) == set(tags.split())


AFFILIATIONS = {
    "Clinical Research, Example Neuro Pharma GmbH, Exampleton, Austria": True,
    "Department of Neurology, University of Example, Exampleton; Example Biotech Co., Ltd., Exampleton.": True,
    "Medical Affairs, Pfizer, New York": True,
    "Example University Hospital GmbH, Exampleton": False,
    "Krankenhaus Example gemeinnützige GmbH": False,
    "Example Diabetes Center, Inc., Exampleton": False,
    "American Academy of Examples, Inc.": False,
    "Novo Nordisk Foundation Center for Examples, University of Example": False,
    "School of Pharmaceutical Sciences, University of Example": False,
    "Key Laboratory of Peptide Biotechnology and Pharmaceuticals, Example University": False,
    "Pharmaceuticals and Medical Devices Agency, Tokyo": False,
    "University of Example, 9747 AG Groningen, the Netherlands": False,
    "Centre Hospitalier de La Roche sur Yon": False,
    "School of Literatures, Languages and Cultures (LLC), University of Example": False,
    "Department of Examples, University of Example. a.example@pfizer.com": False,
}


@pytest.mark.parametrize(("place", "company"), AFFILIATIONS.items(), ids=AFFILIATIONS)
def test_an_affiliation_is_a_company_or_not(place, company):
    """A company's name or legal form counts, not a university's, a hospital's or a foundation's."""
    assert ("industry-author" in tagged(paper(affiliations=[place]))) is company


def test_money_is_whose_the_record_says():
    """Grant lists, publication types and a FUNDING part of the abstract; Non-U.S. Gov't may be anybody."""
    assert tagged(paper(grants=["NINDS NIH HHS"])) == {"funded", "public-funding"}
    assert tagged(paper(grants=["Example Heart Trust"])) == {"funded"}
    assert tagged(paper(grants=["Example Pharma GmbH"])) == {"funded", "industry-funding"}
    assert tagged(paper(types=["Research Support, Non-U.S. Gov't"])) == {"funded"}
    assert tagged(paper(types=["Research Support, N.I.H., Extramural"])) == {"public-funding"}
    assert tagged(paper(funding="Example Pharmaceuticals.")) == {"funded", "industry-funding"}
    assert tagged(paper(funding="None.")) == {"no-funding"}
    assert tagged(paper(funding="None.", grants=["NINDS NIH HHS"])) == {"funded", "public-funding"}
    assert tagged(paper(abstract="It worked. (Funded by Pfizer and others.)")) == {"funded", "industry-funding"}
    assert tagged(paper(abstract="It worked. (Funded by the Novo Nordisk Foundation.)")) == set()
    assert tagged(paper(abstract="We reviewed trials that were sponsored by Pfizer.")) == set()


def test_a_record_that_says_nothing_has_no_tag():
    """Unknown is no tag at all, and neither are topics, journals or keywords with a company's word."""
    assert tagged(paper()) == set()
    topic = Paper(pmid=90000001, title="Honoraria from Pfizer Inc: no conflict of interest", journal="Pharma Ltd")
    assert tagged(topic) == set()


def test_what_funding_says_is_no_topic():
    """The name of a funder is neither condition nor outcome: FUNDING in an abstract is read for money alone."""
    one = Paper(pmid=90000001, title="On examplin", abstract=(Section("FUNDING", "Stroke Association of stroke."),))
    assert tagging.tag(one, RULES) == ()
    same = Paper(pmid=90000001, title="On examplin", abstract=(Section("RESULTS", "Stroke was seen after stroke."),))
    assert "stroke" in {tag.slug for tag in tagging.tag(same, RULES)}


def test_the_evidence_is_where_it_says():
    """Each quote stands in the field and part that it names; of an affiliation the whole clause is quoted."""
    places = ("University of Example", "University of Example; Example Pharma GmbH, Exampleton ;  Vienna")
    one = paper("A is an employee of Pfizer.", grants=["Example Trust", "Pfizer Inc"], affiliations=places)
    said = {tag.slug: tag.evidence for tag in tagging.tag(one, RULES)}
    quotes = {(entry.field, entry.part, entry.quote) for entry in said["industry-author"]}
    assert quotes == {
        ("conflict_of_interest", 0, "employee of Pfizer"),
        ("affiliation", 1, "Example Pharma GmbH, Exampleton "),
    }
    assert {(entry.field, entry.part, entry.quote) for entry in said["industry-funding"]} == {
        ("grant", 1, "Pfizer Inc")
    }
    assert {entry.quote for entry in said["funded"]} >= {"Example Trust"}


def test_own_rules_may_read_the_record():
    """A workspace's rule may ask for words of the statement, of agencies and affiliations, and name a list inside."""
    own = """
[list]
club = 'alphaclub; betaclub'

[tag.club]
facet = 'funding'
label = 'A club'
conflict.2 = 'member of ~2 @club'
affiliation.2 = 'clubhouse; gamma club*'
yes = ['title: X | conflict: A is a member of the Betaclub.', 'title: X | affiliation: The Clubhouse']
no = ['title: X | conflict: A is no member of the Betaclub.', 'A member of the Betaclub']
"""
    rules = tagging.load([("own.toml", own)])
    assert tagging.lint(rules) == []
    assert "club" in tagged(paper(affiliations=["x", "Gamma clubbing, Example"]), rules)
    for wrong, said in (
        ("conflict.2 = 'of @clubs'", "unknown list 'clubs'"),
        ("conflict.2 = 'of @not-industry'", "is one word of the list"),
        ("has.2 = 'money'", "unknown thing 'money'"),
        ("conflicts.2 = 'x'", "the nearest is 'conflict'"),
    ):
        with pytest.raises(RuleError, match=said):
            tagging.load([("own.toml", f"{own}\n[tag.club.add]\n{wrong}" if "conflicts" not in wrong else own + wrong)])


INTERESTS = "<CoiStatement>Dr A received honoraria from Example Pharma.</CoiStatement>"
DENIED = "<CoiStatement>The authors declare no conflict of interest.</CoiStatement>"


@pytest.fixture
def desk(tmp_path):
    """Three papers: ties, no conflict, nothing said. The switched-off tags of a first fetch are those of before."""
    workspace = Workspace(tmp_path)
    (workspace.folder / "queries" / "head.toml").write_text('title = "All"\nterm = "examplin"\n')
    (workspace.folder / "queries" / "stroke.toml").unlink()
    made = [record(1, extra=INTERESTS), record(2, extra=DENIED), record(3)]
    workspace.file.write_bytes(document(*made))
    off = "".join(f"[tag.{slug}]\ndisabled = true\n" for slug in sorted(TAGS))
    (workspace.folder / "rules").mkdir(exist_ok=True)
    (workspace.folder / "rules" / "before.toml").write_text(off)
    workspace.fetch()
    (workspace.folder / "rules" / "before.toml").unlink()
    return workspace


def test_a_library_of_before_learns_by_retag(desk):
    """What is held is tagged by other rules, which is told; retag says what it would give, and gives it."""
    assert "retag" in desk.run("why", "90000001", "--all").stderr
    would = desk.run("retag", "--dry-run").stdout
    assert "funding/industry-ties" in would
    desk.run("retag")
    counted = {row["value"]: row["count"] for row in desk.json("count", "--by", "funding")}
    assert counted == {"industry": 1, "industry-ties": 1, "no-conflict": 1, None: 1}
    assert "0 papers of 3 would be tagged anew" in desk.run("retag", "--dry-run").stdout


def test_retag_gives_what_fetch_gives(desk):
    """Every place that a rule reads, of authors and of grants too, is there when held papers are tagged anew."""
    at_work = record(4).replace(
        b"<Initials>A</Initials>",
        b"<Initials>A</Initials><AffiliationInfo><Affiliation>Example Pharma GmbH, Vienna, Austria.</Affiliation>"
        b"</AffiliationInfo>",
    )
    granted = record(5).replace(
        b"<PublicationTypeList>",
        b"<GrantList><Grant><GrantID>R01 NS01</GrantID><Agency>NINDS NIH HHS</Agency><Country>United States</Country>"
        b"</Grant></GrantList><PublicationTypeList>",
    )
    desk.file.write_bytes(document(at_work, granted))
    desk.fetch()
    fetched = {pmid: tags_of(desk, pmid) for pmid in (90000004, 90000005)}
    assert "industry-author" in fetched[90000004]
    assert "public-funding" in fetched[90000005]
    desk.run("retag", "--all")
    assert {pmid: tags_of(desk, pmid) for pmid in fetched} == fetched


def tags_of(desk, pmid):
    (one,) = desk.json("show", str(pmid))
    return one["tags"]["funding"]


def test_the_facet_is_asked_for_as_any_other(desk):
    """list, its column, map and its none, `why` with the sentence, and of what is not said that it is not said."""
    desk.run("retag")
    assert [row["pmid"] for row in desk.json("list", "--tag", "funding/industry")] == [90000001]
    assert [row["pmid"] for row in desk.json("list", "--tag", "coi/no-coi")] == [90000002]
    assert "industry-ties" in desk.run("list", "--columns", "pmid,funding").stdout
    lines = [line.split("\t") for line in desk.run("map", "--rows", "funding").stdout.splitlines()]
    rows = {line[0]: line[-1] for line in lines}
    assert [rows[name] for name in ("industry", "industry-ties", "no-conflict", "(none)", "total")] == list("11113")
    told = desk.run("why", "90000001", "industry-ties").stdout
    assert "conflict of interest: Dr A received «honoraria» from Example «Pharma»." in told
    silent = desk.run("why", "90000003", "industry-ties").stdout
    assert "the record has no statement of interests: it does not say, which is not the same as no" in silent
    denied = desk.run("why", "90000002", "industry-ties").stdout
    assert "has no statement" not in denied


def test_no_indexing_makes_what_people_declare_provisional(desk):
    """What rests on the statement is not called provisional, however far NLM is."""
    made = record(1, extra=INTERESTS).replace(b'Status="MEDLINE"', b'Status="Publisher"')
    desk.file.write_bytes(document(made, record(2, extra=DENIED), record(3)))
    desk.fetch()
    desk.run("retag")
    states = {one["tag"]: one["provisional"] for one in desk.json("why", "90000001")}
    assert states["funding/industry-ties"] is False
    assert any(states.values())
