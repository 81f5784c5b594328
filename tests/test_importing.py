"""Files come into the library: what is a paper is matched, the rest waits for the next fetch, and undo undoes."""

import hashlib
import re
import sqlite3
import subprocess
import sys

import pytest

from desk import Workspace
from eutils_server import search_body, search_error
from made_up_pubmed import MadeUpPubmed
from papers import FIRST_PMID, document, record
from reftrack import pubmed as parser
from reftrack import tagging
from reftrack.citation import Citation, Decision
from reftrack.library.imported import IMPORTS, Match
from reftrack.library.writing import Library
from reftrack.model import Author, Paper, PubDate
from reftrack.workflow import completing
from reftrack.workflow.completing import due
from reftrack.workflow.filing import file_papers
from reftrack.workflow.identifying import identify, is_the_paper
from reftrack.workflow.importing import import_records

RULES = tagging.load()
ONE, TWO, THREE = FIRST_PMID, FIRST_PMID + 1, FIRST_PMID + 2
TITLE = "Examplin after moderate head injury: a randomized trial of early treatment"


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture
def library(tmp_path):
    with Library.open(tmp_path / "l.db", create=True) as library:
        yield library


def hold(library, *papers):
    """These papers are held; their records are not theirs, for nobody looks at them here."""
    with library.transaction():
        file_papers(library, RULES, [(one, record(one.pmid)) for one in papers], source="pubmed")


def noun(number=1, **values):
    given = {
        "title": f"{TITLE}.",
        "authors": (Author("Example", "Anna", "A"),),
        "date": PubDate("2020 Mar", 2020, 3),
        "pages": "123-128",
        "doi": f"10.1000/Example.{number}",
        "pmcid": f"PMC900000{number}",
    }
    return Paper(pmid=FIRST_PMID - 1 + number, **(given | values))


def cited(**values):
    return Citation(**({"line": 1, "text": "", "title": TITLE, "authors": ("Example, Anna",), "year": 2020} | values))


def write(workspace, name, text):
    path = workspace.folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


RIS = """TY  - JOUR
TI  - {title}
AU  - Example, A
PY  - {year}
{more}ER  -

"""


def ris(title, year=2020, **fields):
    return RIS.format(title=title, year=year, more="".join(f"{tag}  - {value}\n" for tag, value in fields.items()))


# which paper it is


@pytest.mark.parametrize(
    ("citation", "by"),
    [
        (cited(pmid=ONE), "pmid"),
        (cited(doi="10.1000/example.1"), "doi"),
        (cited(pmcid="PMC9000001"), "pmcid"),
        (cited(), "title"),
        (cited(title="", authors=(), year=None, pmid=ONE), "pmid"),
        (cited(title="", authors=(), year=None, doi="10.1000/example.1"), "doi"),
    ],
)
def test_an_identifier_or_a_title_tells_the_paper(library, citation, by):
    """PMID, DOI in any case, PMCID, then title with year and author."""
    hold(library, noun(), noun(2, title="Quite another paper on samplin.", date=PubDate("1999", 1999)))
    match = identify(citation, library)
    assert (match.pmid, match.by) == (ONE, by)
    assert match.certainty >= 0.98
    assert is_the_paper(citation, noun()) == match


@pytest.mark.parametrize(
    ("changes", "certainty"),
    [
        ({}, 0.99),
        ({"title": TITLE.upper() + "!"}, 0.99),
        ({"title": f"RETRACTED: {TITLE}"}, 0.99),
        ({"title": TITLE.replace("Examplin", "Éxamplin")}, 0.99),
        ({"year": 2021}, 0.96),
        ({"title": TITLE.partition(":")[0], "pages": "123-8"}, 0.95),
        ({"title": TITLE.replace("moderate", "moderat")}, 0.95),
        ({"title": TITLE.replace("moderate", "modreate")}, 0.95),
        ({"title": TITLE.replace("randomized", "randomised")}, 0.95),
        ({"title": TITLE.replace("trial", "trail").replace("treatment", "treatmnt")}, 0.95),
        ({"title": TITLE.replace("of early", "of the early")}, 0.95),
        ({"authors": ("Example, A.; Sample, C.",)}, 0.99),
    ],
)
def test_a_title_match_states_its_certainty(library, changes, certainty):
    """What differs lowers the certainty: a year, a subtitle left out, a letter lost."""
    hold(library, noun())
    match = identify(cited(**changes), library)
    assert (match.pmid, match.by, match.certainty) == (ONE, "title", pytest.approx(certainty, abs=0.005))


@pytest.mark.parametrize(
    "changes",
    [
        {"year": 2018},
        {"authors": ("Nobody, N",)},
        {"title": "Examplin after severe head injury: a cohort study of late treatment in children"},
        {"title": TITLE + " in rats"},
        {"title": "Examplim aftr moderate hed injury: a randomized trail of erly treatment"},
        {"title": TITLE.replace("early", "late")},
        {"title": TITLE.partition(":")[0]},
        {"pmcid": "PMC7777777"},
        {"pmid": 12345678},
        {"doi": "10.1000/another.1"},
    ],
)
def test_another_paper_is_not_taken_for_it(library, changes):
    """Another year, author, title or identifier is another paper, or nobody can tell."""
    hold(library, noun())
    assert identify(cited(**changes), library).pmid is None


@pytest.mark.parametrize(
    ("held", "other"),
    [("Oedema", "Edema"), ("Haemorrhage", "hemorrhage"), ("Hospitalisation", "hospitalization"), ("Fetal", "foetal")],
)
def test_british_and_american_words_are_one(library, held, other):
    """A citation may be spelled the other way, at the beginning of a word, too."""
    hold(library, noun(title=f"{held} in a made-up disease of the ear."))
    assert identify(cited(title=f"{other} in a made-up disease of the ear"), library).pmid == ONE


@pytest.mark.parametrize(
    ("held", "other"),
    [
        ("Part VII", "Part VIII"),
        ("in 2018", "in 2019"),
        ("at 100 mg", "at 1000 mg"),
        ("CYP2C19", "CYP2C9"),
        ("hypertension", "hypotension"),
        ("male", "female"),
        ("men", "women"),
        ("stable", "unstable"),
        ("symptomatic", "asymptomatic"),
        ("afferent", "efferent"),
        ("nitrate", "nitrite"),
        ("alanine", "valine"),
        ("preoperative", "postoperative"),
        ("hepatitis virus", "hepatitis A virus"),
    ],
)
def test_a_sibling_is_not_taken_for_it(library, held, other):
    """One author writes twins in one year: what differs by a letter or two may say the opposite."""
    hold(library, noun(title=f"Examplin in a made-up disease of the ear, {held} and other things."))
    assert (
        identify(cited(title=f"Examplin in a made-up disease of the ear, {other} and other things"), library) == Match()
    )


@pytest.mark.parametrize(
    "rest", ["Part II: outcome", "study protocol for a randomized trial", "authors' reply", "Erratum"]
)
def test_a_title_that_goes_on_is_a_doubt(library, rest):
    """A protocol, a reply and the next part of a series begin like the paper: without the page nobody can tell."""
    hold(library, noun(title=f"Examplin for injured heads in adults. {rest}."))
    match = identify(cited(title="Examplin for injured heads in adults"), library)
    assert match.pmid is None
    assert match.doubt.startswith(f"it may be PMID {ONE} (83% certain)")
    assert identify(cited(title="Examplin for injured heads in adults", pages="123"), library).pmid == ONE


def test_a_pmid_beside_the_right_one_is_not_believed(library):
    """PMIDs one apart are of one journal: a title half alike needs the author, a title of two words does, too."""
    hold(library, noun(title="Examplin in the treatment of the injured left ear."), noun(2, title="Editorial comment."))
    half = cited(pmid=ONE, title="Samplin in the treatment of the injured right ear", authors=("Nobody, N",))
    assert identify(half, library).pmid is None
    assert identify(cited(pmid=TWO, title="Editorial comment", authors=("Nobody, N",)), library).pmid is None
    assert identify(cited(pmid=TWO, title="Editorial comment"), library).pmid == TWO
    assert identify(cited(pmid=ONE, title="Examplin: treatment of the injured left ear"), library).pmid == ONE


def test_identifiers_that_disagree_need_a_title(library):
    """A PMID and the DOI of another paper, and no title: neither is taken; a title decides."""
    hold(library, noun(), noun(2, title="Samplin in rats with a made-up disease.", date=PubDate("2011", 2011)))
    match = identify(cited(pmid=ONE, doi="10.1000/example.2", title="", authors=(), year=None), library)
    assert (match.pmid, match.doubt) == (None, f"its identifiers are of several papers: PMID {ONE}, {TWO}")
    assert identify(cited(pmid=ONE, doi="10.1000/example.2"), library).pmid == ONE
    hold(library, noun(3, doi="10.1000/Example.1"))
    assert identify(cited(pmid=ONE, doi="10.1000/example.1", title="", authors=()), library).pmid == ONE


def test_what_is_not_certain_is_a_doubt_in_words(library):
    """Without year and author a title alone is not enough; the doubt names the paper and how certain it would be."""
    hold(library, noun())
    match = identify(cited(year=None, authors=()), library)
    assert match.pmid is None
    assert match.doubt == f"it may be PMID {ONE} (75% certain): {TITLE}."


def test_two_papers_of_one_title_are_told_apart_by_their_year(library):
    """A review in two versions under one title: the year decides; without one nobody does."""
    hold(library, noun(), noun(2, date=PubDate("2023", 2023), doi="10.1000/Example.2"))
    assert identify(cited(year=2023), library).pmid == TWO
    undecided = identify(cited(year=None), library)
    assert undecided.pmid is None
    assert "PMID" in undecided.doubt


def test_two_papers_alike_in_all_are_left_to_a_person(library):
    """Where two held papers fit alike, both are named and neither is chosen."""
    hold(library, noun(doi=""), noun(2, doi=""))
    match = identify(cited(), library)
    assert (match.pmid, match.doubt) == (None, f"several papers have its title: PMID {ONE}, {TWO}")


@pytest.mark.parametrize("wrong", [{"pmid": TWO}, {"doi": "10.1000/example.2"}, {"pmcid": "PMC9000002"}])
def test_a_wrong_identifier_is_not_believed(library, wrong):
    """An identifier whose paper has another title matches nothing; the doubt says both what it is and what it says."""
    hold(library, noun(), noun(2, title="Samplin in rats with a made-up disease.", date=PubDate("2011", 2011)))
    match = identify(cited(**wrong), library)
    assert match.pmid is None
    assert f"is of another paper, PMID {TWO}" in match.doubt
    assert match.doubt.endswith(f"by its title it is PMID {ONE}")


def test_a_translated_title_is_no_contradiction(library):
    """A title in another language is believed where author, year and page agree, or where the record has it, too."""
    translated = noun(title="[A made-up treatment of head injury].", vernacular_title="Вымышленное лечение травмы.")
    hold(library, translated)
    assert identify(cited(pmid=ONE, title="Вымышленное лечение травмы"), library).pmid == ONE
    assert identify(cited(pmid=ONE, title="Erfundene Behandlung", pages="123-8"), library).pmid == ONE
    assert identify(cited(pmid=ONE, title="Erfundene Behandlung", pages="7-9"), library).pmid is None


def test_short_titles_need_their_page(library):
    """Reply, Editorial, In memoriam: the title tells nothing without the page."""
    hold(library, noun(title="Author reply."))
    assert identify(cited(title="Author reply", pages="123"), library).pmid == ONE
    assert identify(cited(title="Author reply"), library).pmid is None


def test_papers_without_authors_are_told_by_their_page(library):
    """An editorial without authors on either side is matched where title, year and page agree."""
    hold(library, noun(authors=()))
    assert identify(cited(authors=(), pages="123-8"), library).certainty == pytest.approx(0.94)
    assert identify(cited(authors=()), library).pmid is None


def test_the_page_stands_in_for_a_year_and_contradicts(library):
    """With its page a citation needs no year; on another page is another paper of a series, or nobody can tell."""
    hold(library, noun())
    assert identify(cited(year=None, pages="123"), library).pmid == ONE
    assert identify(cited(pages="77-80"), library).pmid is None
    assert identify(cited(pages="e77"), library).pmid == ONE


def test_a_roman_number_is_no_misspelling(library):
    """Part XVII and part XVIII differ in one letter and are two papers."""
    hold(library, noun(title="Examplin in head injury, a made-up series of reports, part XVIII."))
    other = cited(title="Examplin in head injury, a made-up series of reports, part XVII")
    assert identify(other, library).pmid is None
    assert identify(cited(title=f"{other.title}I"), library).pmid == ONE


# at the desk


def test_records_become_papers(workspace):
    """PubMed XML is stored and tagged whatever the queries say, and listed under :imports."""
    said = workspace.run("import", workspace.file).stdout
    assert said == "records.xml: 4 PubMed records: 4 new, 0 changed.\n"
    assert len(workspace.json("list", "--query", IMPORTS)) == 4
    assert workspace.json("show", ONE)[0]["study"] == "rct"
    with sqlite3.connect(workspace.folder / "db" / "reftrack.db") as raw:
        (held,) = raw.execute("SELECT sha256 FROM imports").fetchone()
    raw.close()
    assert held == hashlib.sha256(workspace.file.read_bytes()).hexdigest()
    again = workspace.run("import", workspace.file).stdout
    assert again == "records.xml: 4 PubMed records: 0 new, 0 changed, 4 held already.\n"


def test_citations_are_matched_and_the_rest_waits(workspace):
    """RIS: one is held by PMID, one by title, one waits and says why; the JSON says the same."""
    workspace.run("import", workspace.file)
    text = (
        ris("Examplin after ischemic stroke: a retrospective cohort study", 2021)
        + ris("", AN=str(ONE), DB="PubMed")
        + ris("A paper that nobody holds, on quite other things", DO="10.1000/unheld.1")
    )
    told = workspace.json("import", write(workspace, "r.ris", text))
    assert {(m["pmid"], m["by"]) for m in told["matched"]} == {(TWO, "title"), (ONE, "pmid")}
    assert [m["line"] for m in told["matched"]] == [1, 7]
    assert [(u["doi"], u["line"]) for u in told["unmatched"]] == [("10.1000/unheld.1", 15)]
    assert "Imported: r.ris line 1 (import 2), known by its title, 99% certain" in workspace.run("show", TWO).stdout
    waiting = workspace.run("import", "--unmatched").stdout.splitlines()
    assert len(waiting) == 2
    assert waiting[1].startswith("2:15\tr.ris\t10.1000/unheld.1\tA paper that nobody holds")


def test_g08_a_list_with_junk_says_where(workspace):
    """G08: good ids are taken, bad ones are told by line, and the status is 4."""
    workspace.run("import", workspace.file)
    path = write(workspace, "ids.txt", f"\ufeff{ONE}\r\nPMID: {TWO}\r\njunk here\r\n{ONE}\r\n10.1000/unheld.2\r\n0\r\n")
    done = workspace.run("import", path, status=4)
    assert re.findall(r"ids.txt line (\d+):", done.stderr) == ["3", "6"]
    assert "5 entries" not in done.stdout
    assert "4 entries (ids); 3 held (3 by PMID); 1 not held; 2 parts cannot be read." in done.stdout
    listed = workspace.run("import", "--unmatched").stdout.splitlines()
    assert [line.partition("\t")[0] for line in listed[1:]] == ["2:5", "2:3", "2:6"]
    assert "cannot be read: no PMID, DOI or PMCID" in listed[2]


def test_the_same_waiting_paper_is_linked_not_merged(workspace):
    """Two imports name one paper that is not held: both stay, and the second says it is the same."""
    for name in ("a.ris", "b.ris"):
        workspace.run("import", write(workspace, name, ris("A paper that nobody holds at all", DO="10.1000/u.1")))
    first, second = workspace.json("import", "--unmatched")
    assert (first["same_as"], second["same_as"]) == (None, {"import": 1, "position": 0})


def test_records_complete_what_waited(workspace):
    """An entry that waits finds its paper when a later file brings it."""
    workspace.run("import", write(workspace, "ids.txt", f"{ONE}\n"))
    assert "1 waiting entry found" in workspace.run("import", workspace.file).stdout
    assert workspace.json("import", "--unmatched") == []


def test_a_fetch_completes_what_waited_without_asking(workspace):
    """A paper that a saved query brings is the one that an entry waited for; nobody need be asked for it."""
    workspace.run("import", write(workspace, "ids.txt", f"{ONE}\n"))
    assert "Of earlier imports 1 waiting entry found its paper." in workspace.fetch().stderr
    assert workspace.json("import", "--unmatched") == []


def test_a_person_says_which_paper_an_entry_is(workspace):
    """--match settles a doubt; decisions of the entry are then the paper's."""
    workspace.run("import", workspace.file)
    note = 'RAYYAN-INCLUSION: {"Ada"=>"Included"}'
    workspace.run("import", write(workspace, "r.ris", ris("Something else entirely in wording", N1=note)))
    workspace.run("import", "--match", "2:1", TWO)
    assert workspace.json("show", TWO)[0]["decision"] == "include"
    assert "There is no entry '2:9'" in workspace.run("import", "--match", "2:9", TWO, status=2).stderr


def test_a_wrong_match_is_corrected_without_undoing_the_import(workspace):
    """--match takes an entry from the paper it was taken for, with what it said; what other entries said stays."""
    workspace.run("import", workspace.file)
    table = f"pmid,asreview_label,asreview_note\n{ONE},1,mine\n{ONE},0,other\n{THREE},1,\n"
    workspace.run("import", "--who", "Ada", write(workspace, "a.csv", table))
    assert workspace.json("show", ONE)[0]["note"] == "mine\n\nother"
    workspace.run("import", "--match", "2:3", TWO)
    first, second, third = workspace.json("show", ONE, TWO, THREE)
    assert (first["decision"], first["note"]) == ("include", "mine")
    assert (second["decision"], second["note"]) == ("exclude", "other")
    assert third["decision"] == "include"
    workspace.run("import", "--undo", "last")
    assert [one["decision"] for one in workspace.json("show", ONE, TWO, THREE)] == [None] * 3


def test_an_undo_counts_papers_not_entries(workspace):
    """Two entries of one paper are one paper that stayed."""
    workspace.fetch()
    workspace.run("import", write(workspace, "ids.txt", f"{ONE}\nPMID: {ONE}\n"))
    assert "1 other paper it named stayed." in workspace.run("import", "--undo", "last").stdout


@pytest.mark.parametrize("what", ["records", "ids"])
def test_a_pipe_is_a_file(workspace, what):
    """`import <(zcat …)`: a pipe that can be read once is imported as the file would be."""
    content = workspace.file if what == "records" else write(workspace, "ids.txt", f"{ONE}\n")
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m reftrack import <(cat {content})"],
        cwd=workspace.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert ("4 new" if what == "records" else "1 entry (ids)") in done.stdout


RAYYAN = (
    "key,title,year,authors,pubmed_id,notes\n"
    'rayyan-1,Examplin in traumatic brain injury,2020,Example A,{one},"RAYYAN-INCLUSION: {{""Ada""=>""Excluded"", '
    '""Bo""=>""Excluded""}} | RAYYAN-LABELS: rats,dose | RAYYAN-EXCLUSION-REASONS: wrong population"\n'
    'rayyan-2,Examplin after ischemic stroke,2021,Example A,{two},"RAYYAN-INCLUSION: {{""Ada""=>""Included"", '
    '""Bo""=>""Excluded""}}"\n'
)
ASREVIEW = (
    f"record_id,title,authors,pmid,asreview_label\n0,T,Example,{ONE},1\n1,T,Example,{TWO},0\n2,T,Example,{THREE},\n"
)


def untitled(text):
    """Without titles, so that the PMID alone tells the paper."""
    return re.sub(r"(?m)^([^,]*),[^,]*,", r"\1,,", text.replace(",title,", ",title_,"))


def test_decisions_and_labels_of_rayyan_become_ours(workspace):
    """Every reader's decision is kept under the reader's name; those who differ leave the paper undecided."""
    workspace.run("import", workspace.file)
    path = write(workspace, "rayyan.csv", untitled(RAYYAN.format(one=ONE, two=TWO)))
    workspace.run("import", path)
    first, second = workspace.json("show", ONE, TWO)
    assert first["decision"] == "exclude"
    assert {(d["who"], d["verdict"]) for d in first["decisions"]} == {("Ada", "exclude"), ("Bo", "exclude")}
    assert first["labels"] == ["rats", "dose"]
    assert second["decision"] is None
    assert [one["pmid"] for one in workspace.json("list", "--decision", "exclude")] == [ONE]
    assert TWO in [one["pmid"] for one in workspace.json("list", "--decision", "none")]


def test_labels_of_asreview_become_decisions(workspace):
    """1 is include, 0 is exclude, nothing is nothing; whose they are is --who."""
    workspace.run("import", workspace.file)
    workspace.run("import", "--who", "Ada", write(workspace, "asreview.csv", untitled(ASREVIEW)))
    decided = {one["pmid"]: (one["decision"], one["decisions"]) for one in workspace.json("list")}
    assert decided[ONE][0] == "include"
    assert decided[ONE][1][0]["who"] == "Ada"
    assert decided[TWO][0] == "exclude"
    assert decided[THREE] == (None, [])


def test_undo_takes_back_what_came_and_nothing_else(workspace):
    """Papers only the import brought leave, decisions are taken back; what a person or a query holds stays."""
    workspace.fetch()  # the queries find 1, 2 and 3, not 4
    workspace.run("import", workspace.file)
    workspace.run("import", write(workspace, "rayyan.csv", untitled(RAYYAN.format(one=ONE, two=TWO))))
    assert len(workspace.json("list")) == 4
    said = workspace.run("import", "--undo", "last").stdout
    assert "0 papers that only it brought left the library, 2 other papers it named stayed." in said
    assert workspace.json("show", ONE)[0]["decisions"] == []
    workspace.run("import", "--undo", "1")
    assert sorted(one["pmid"] for one in workspace.json("list")) == [ONE, TWO, THREE]
    assert "no import '1' to undo" in workspace.run("import", "--undo", "1", status=2).stderr


def test_undo_keeps_what_a_person_touched(workspace):
    """A paper with a hand tag or a note stays when the import that brought it is undone."""
    workspace.run("import", workspace.file)
    workspace.run("tag", "add", ONE, "mood")
    workspace.run("note", TWO, "see", "table", "3")
    workspace.run("import", "--undo", "last")
    assert sorted(one["pmid"] for one in workspace.json("list")) == [ONE, TWO]


def test_a_later_import_replaces_a_decision_and_its_undo_restores_it(workspace):
    """Decisions are a log: the newest of a reader counts, and when it is taken back the one before counts again."""
    workspace.run("import", workspace.file)
    for label in "10":
        table = f"pmid,asreview_label\n{ONE},{label}\n"
        workspace.run("import", "--who", "Ada", write(workspace, f"{label}.csv", table))
    assert workspace.json("show", ONE)[0]["decision"] == "exclude"
    workspace.run("import", "--undo", "last")
    assert workspace.json("show", ONE)[0]["decision"] == "include"


def test_take_keys(workspace):
    """--take-keys gives papers the keys of a .bib; one that cannot be had is told, and the paper keeps its own."""
    workspace.run("import", workspace.file)
    entry = "@article{{{key},\n title={{}},\n pmid={{{pmid}}}\n}}\n"
    text = entry.format(key="Smith2020", pmid=ONE) + entry.format(key="smith2020", pmid=TWO)
    done = workspace.run("import", "--take-keys", write(workspace, "m.bib", text))
    assert "m.bib line 5: The key 'Smith2020' belongs to PMID" in done.stderr
    assert [one["key"] for one in workspace.json("show", ONE, TWO)] == ["Smith2020", "example2021"]


def test_dry_run_stores_nothing(workspace):
    """--dry-run says what would be matched and leaves the library as it was."""
    workspace.run("import", workspace.file)
    path = write(workspace, "ids.txt", f"{ONE}\n10.1000/u.1\n")
    assert "1 held (1 by PMID); 1 not held" in workspace.run("import", "--dry-run", path).stdout
    assert len(workspace.json("import", "--list")) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import"], "Name files to import"),
        (["import", "missing.ris"], "There is no file"),
        (["import", "queries"], "holds no .xml or .xml.gz file"),
        (["import", "-f", "endnote", "records.xml"], "There is no format 'endnote'"),
        (["import", "--undo", "last"], "no import 'last' to undo"),
        (["import", "--undo", "last", "records.xml"], "Name files to import, or one of"),
    ],
)
def test_bad_input_is_told(workspace, arguments, said):
    """What cannot be is one sentence and status 2."""
    workspace.fetch()
    assert said in workspace.run(*arguments, status=2).stderr


def test_a_database_is_no_reference_file(workspace):
    """A file of another kind is refused with its name, and nothing is stored."""
    workspace.fetch()
    done = workspace.run("import", workspace.folder / "db" / "reftrack.db", status=2)
    assert "reftrack.db" in done.stderr or "database" in done.stderr
    assert workspace.json("import", "--list") == []


def test_file_names_do_nothing_to_the_terminal(workspace):
    """A name with escape sequences is shown without them."""
    workspace.fetch()
    path = write(workspace, "a\x1b[2Jb.txt", f"{ONE}\n")
    done = workspace.run("import", path)
    assert "\x1b" not in done.stdout + done.stderr
    assert "\x1b" not in workspace.run("import", "--list").stdout


# what waits is asked of PubMed


@pytest.fixture
def pubmed():
    made_up = MadeUpPubmed()
    made_up.add(1, title="Examplin in stroke: a cohort study.")
    made_up.add(2, title="Samplin in a made-up disease of the left ear.")
    made_up.add(3, title="Testin in another made-up disease of the right ear.")
    made_up.add(4, title="Testin in another made-up disease of the right ear, in rats.")
    return made_up


def asking(pubmed, dois):
    """PubMed's search as far as an import asks: identifiers, or the words of a title."""

    def search(term):
        ids = re.findall(r'"([^"]+)"\[aid\]', term)
        if ids:
            return [pmid for doi, pmid in dois.items() if doi in ids]
        if "[ti]" in term:
            words = re.findall(r"(\w+)\[ti\]", term)
            return [p for p, e in pubmed.entries.items() if all(word in e.title.lower() for word in words)]
        return pubmed.search(term)

    return search


def online(workspace, server, *arguments, status=0):
    environment = {"REFTRACK_EUTILS_URL": server.url, "NCBI_EMAIL": "tester@uni.test"}
    return workspace.run("fetch", *arguments, status=status, environment=environment)


def serve(pubmed, dois=()):
    server = pubmed.server()
    server.search = asking(pubmed, dict(dois))
    return server


def with_doi(pubmed, number, doi):
    """The record names its DOI."""
    entry = pubmed.entries[FIRST_PMID - 1 + number]
    xml = entry.xml.replace(b"<ArticleIdList>", f'<ArticleIdList><ArticleId IdType="doi">{doi}</ArticleId>'.encode())
    pubmed.records[entry.pmid] = xml


def test_the_next_fetch_completes_an_import(workspace, pubmed):
    """By PMID, by DOI through ESearch and by title: each comes, is stored, tagged and matched; the ledger says so."""
    with_doi(pubmed, 2, "10.1000/left.ear")
    text = (
        ris("", AN=str(ONE), DB="PubMed")
        + ris("", DO="10.1000/LEFT.ear")
        + ris("Testin in another made-up disease of the right ear")
    )
    workspace.run("import", write(workspace, "r.ris", text))
    with serve(pubmed, {"10.1000/left.ear": TWO}) as server:
        assert ":imports: finds 3 papers, would fetch 3." in online(workspace, server, "head", "--dry-run").stdout
        said = online(workspace, server, "head").stdout
    assert ":imports" in said
    assert workspace.json("import", "--unmatched") == []
    assert sorted(one["pmid"] for one in workspace.json("list", "--query", IMPORTS)) == [ONE, TWO, THREE]
    run = workspace.json("runs", IMPORTS)[0]
    assert (run["status"], run["count"], run["received"], run["missing"]) == ("complete", 3, 3, [])
    assert run["new"] == [ONE, TWO, THREE]


def asked_for(server, since):
    return [one.params.get("term", one.params.get("id", "")) for one in server.log[since:]]


def test_what_pubmed_does_not_know_is_asked_for_twice_and_then_not_every_day(workspace, pubmed):
    """Silence may be an accident: the run falls short (4) and asks again; silent again, it is so, for thirty days."""
    workspace.run("import", write(workspace, "ids.txt", f"{FIRST_PMID + 77}\n{ONE}\n10.1000/nobody.1\n"))
    with serve(pubmed) as server:
        first = online(workspace, server, "head", status=4)
        assert "not complete" in first.stderr
        assert workspace.json("runs", IMPORTS)[0]["missing"] == [FIRST_PMID + 77]
        assert [one["pmid"] for one in workspace.json("list", "--query", IMPORTS)] == [ONE]
        why = {one["line"]: one["doubt"] for one in workspace.json("import", "--unmatched")}
        assert why == {
            1: f"PubMed has no record of PMID {FIRST_PMID + 77}",
            3: "PubMed finds no paper with DOI 10.1000/nobody.1",
        }
        before = len(server.log)
        online(workspace, server, "head")
        asked = asked_for(server, before)
        assert str(FIRST_PMID + 77) in asked
        assert not [text for text in asked if "nobody" in text]
        before = len(server.log)
        online(workspace, server, "head")
        assert not [text for text in asked_for(server, before) if str(FIRST_PMID + 77) in text]


def test_a_wrong_pmid_brings_no_stranger(workspace, pubmed):
    """PubMed has a record of the PMID, and its title is another: it is not stored, and the entry says why."""
    workspace.run(
        "import", write(workspace, "r.ris", ris("Quite something else on hamsters", AN=str(TWO), DB="PubMed"))
    )
    with serve(pubmed) as server:
        online(workspace, server, "head")
    assert workspace.json("list") == []
    (entry,) = workspace.json("import", "--unmatched")
    assert entry["doubt"] == f"PMID {TWO} is of another paper: {pubmed.entries[TWO].title}"


def test_where_a_pmid_leads_nowhere_the_doi_is_asked(workspace, pubmed):
    """A wrong PMID and a right DOI: the paper does not come by the first, and the next fetch gets it by the second."""
    with_doi(pubmed, 2, "10.1000/left.ear")
    title = pubmed.entries[TWO].title
    write(workspace, "r.ris", ris(title, AN=str(ONE), DB="PubMed", DO="10.1000/left.ear"))
    workspace.run("import", "r.ris")
    with serve(pubmed, {"10.1000/left.ear": TWO}) as server:
        online(workspace, server, "head")
        assert workspace.json("list") == []
        assert f"PMID {ONE} is of another paper" in workspace.run("import", "--unmatched").stdout
        online(workspace, server, "head")
    assert [one["pmid"] for one in workspace.json("list")] == [TWO]
    assert workspace.json("import", "--unmatched") == []


def test_a_search_that_is_not_listed_in_full_decides_nothing(workspace, pubmed):
    """PubMed counts more than it lists: nobody knows what is missing, so the run falls short and the entry waits."""
    workspace.run("import", write(workspace, "ids.txt", "10.1000/left.ear\n"))
    with serve(pubmed) as server:
        server.queue_fault(lambda exchange: exchange.send(200, search_body(1, [], translation="x")), times=9)
        done = online(workspace, server, status=4)
        assert "did not list" in done.stderr
    (entry,) = workspace.json("import", "--unmatched")
    assert entry["tried"] is None


def test_a_record_that_is_not_what_was_asked_for_is_not_stored(workspace, pubmed):
    """A search by title finds a neighbour, too: only the paper itself is stored."""
    workspace.run("import", write(workspace, "r.ris", ris("Testin in another made-up disease of the right ear")))
    with serve(pubmed) as server:
        online(workspace, server, "head")
    assert [one["pmid"] for one in workspace.json("list")] == [THREE]


def test_an_outage_loses_nothing(workspace, pubmed):
    """When NCBI has nothing to send, the entry waits on and the status says so; asked for again, it comes."""
    workspace.run("import", write(workspace, "ids.txt", f"{ONE}\n"))
    with serve(pubmed) as server:
        server.search = lambda _: []
        healthy, server.records = server.records, {}
        first = online(workspace, server, "head", status=4)
        assert str(ONE) in workspace.run("import", "--unmatched").stdout
        server.records = healthy
        assert first.stderr
        workspace.run("import", write(workspace, "again.txt", f"{ONE}\n"))
        online(workspace, server, "head")
    assert [one["pmid"] for one in workspace.json("list")] == [ONE]
    assert workspace.json("import", "--unmatched") == []


def test_an_imported_paper_is_watched_for_retraction(workspace, pubmed):
    """A paper that only an import brought is looked after: its retraction is told by a later fetch."""
    workspace.run("import", write(workspace, "ids.txt", f"{TWO}\n"))
    with serve(pubmed) as server:
        online(workspace, server, "head")
        with sqlite3.connect(workspace.folder / "db" / "reftrack.db") as raw:  # as if that were long ago
            raw.execute("UPDATE checks SET confirmed = '2026-01-01T00:00:00Z', checked = '2026-01-01T00:00:00Z'")
        raw.close()
        pubmed.retract(2, 9)
        said = online(workspace, server, "head")
    assert workspace.json("show", TWO)[0]["retracted"]
    assert "RETRACTED" in said.stdout


def test_the_schema_keeps_an_old_library(tmp_path):
    """An entry goes into the library and comes out as it was, decisions and all."""
    (citation,) = [cited(labels=("a", "b"), note="n\nm", key="K", pmid=7, journal="J Example", volume="1", pages="2-3")]
    with Library.open(tmp_path / "l.db", create=True) as library:
        with library.transaction():
            number = library.begin_import(file="f", form="ris", sha256="", who="Ada")
            library.keep_citation(number, 0, citation, Match())
        (entry,) = library.unmatched()
    assert entry.citation == citation
    assert (entry.number, entry.position, entry.file) == (number, 0, "f")


def test_records_of_a_cut_file_are_kept_and_told(workspace):
    """A file that breaks off: what came before is stored, the break is told, the status is 4."""
    whole = document(*(record(number) for number in range(1, 4)))
    path = write(workspace, "cut.xml", whole[: whole.index(b"90000003") + 4])
    done = workspace.run("import", path, status=4)
    assert "cut.xml" in done.stderr
    assert [one["pmid"] for one in workspace.json("list")] == [TWO, ONE]
    assert workspace.json("runs", IMPORTS)[0]["status"] == "partial"


def test_parser_and_import_agree():
    """The made-up record is one that the parser takes."""
    assert parser.parse(record(1)).pmid == ONE


def test_what_people_said_survives(workspace):
    """Decisions, labels, notes, chosen keys and waiting entries outlive refetch, retag, rebuild and a backup."""
    workspace.fetch()
    workspace.run("import", write(workspace, "rayyan.csv", untitled(RAYYAN.format(one=ONE, two=TWO))))
    workspace.run("import", write(workspace, "ids.txt", "10.1000/waits.1\n"))
    workspace.run("note", ONE, "mine")
    workspace.run("key", "set", ONE, "Mine2020")
    names = ("key", "decision", "decisions", "labels", "note")
    before = [[one[name] for name in names] for one in workspace.json("show", ONE, TWO)]
    waiting = workspace.json("import", "--unmatched")
    changed = record(1, title="Examplin in head injury, a title that PubMed corrected.", year="2019")
    workspace.file.write_bytes(document(changed, record(2, title="Examplin after ischemic stroke, changed.")))
    workspace.fetch()
    workspace.run("retag", "--all")
    workspace.run("rebuild")
    assert [[one[name] for name in names] for one in workspace.json("show", ONE, TWO)] == before
    assert workspace.json("import", "--unmatched") == waiting
    workspace.run("db", "backup", "copy.db")
    copied = workspace.json("--db", "copy.db", "show", ONE, TWO)
    assert [[one[name] for name in names] for one in copied] == before


def test_a_killed_import_is_whole_or_goes_on(workspace):
    """An import that is killed leaves a sound library; the same command again brings everything."""
    workspace.file.write_bytes(document(*(record(number) for number in range(1, 1001))))
    code = (
        "import os, sys, reftrack.workflow.importing as i\n"
        "real, count = i.file_rows, 0\n"
        "def killed(*a, **k):\n"
        "    global count\n"
        "    count += 1\n"
        "    if count == 3: os.kill(os.getpid(), 9)\n"
        "    return real(*a, **k)\n"
        "i.file_rows = killed\n"
        "sys.argv = ['reftrack', 'import', 'records.xml']\n"
        "from reftrack.cli import main; main()"
    )
    assert workspace.process(code=code).returncode == -9
    assert "Runs never finished; the same command again" in workspace.run("doctor", status=1).stdout
    assert len(workspace.json("list")) == 400
    assert workspace.json("runs", IMPORTS)[0]["status"] == "interrupted"
    assert "600 new" in workspace.run("import", workspace.file).stdout
    assert len(workspace.json("runs", IMPORTS)[0]["new"]) == 1000  # what the killed one had stored was told by none
    workspace.run("doctor")
    assert len(workspace.json("list")) == 1000


def test_a_thousand_bad_lines_do_not_flood_the_terminal(workspace):
    """The first fifty are named, the rest counted; --json names all."""
    path = write(workspace, "bad.txt", f"{ONE}\n" + "no id here\n" * 1000)
    told = workspace.run("import", path, status=4).stderr.splitlines()
    assert len([line for line in told if " line " in line]) == 50
    assert "bad.txt: 950 more parts cannot be read; --json names all." in told
    assert len(workspace.json("import", path, status=4)["unreadable"]) == 1000


# what fresh eyes broke


def test_undo_takes_a_paper_out_of_the_imports_too(workspace):
    """What a saved query holds stays after an undo, and is no longer listed as imported."""
    workspace.fetch()
    workspace.run("import", workspace.file)
    workspace.run("import", write(workspace, "ids.txt", f"{ONE}\n"))
    workspace.run("import", "--undo", "1")
    assert sorted(one["pmid"] for one in workspace.json("list")) == [ONE, TWO, THREE]
    assert [one["pmid"] for one in workspace.json("list", "--query", IMPORTS)] == [ONE]
    assert IMPORTS not in workspace.json("show", TWO)[0]["queries"]
    workspace.run("import", "--undo", "last")
    assert workspace.json("list", "--query", IMPORTS) == []


def test_entries_of_one_line_are_told_apart(workspace):
    """JSON on one line, several ids on a line: --match means one entry, and not all of them."""
    workspace.run("import", workspace.file)
    items = '[{"id":"a","title":"One that nobody holds"},{"id":"b","title":"Another that nobody holds"}]'
    workspace.run("import", write(workspace, "z.json", items))
    listed = [row.partition("\t")[0] for row in workspace.run("import", "--unmatched").stdout.splitlines()[1:]]
    assert len(set(listed)) == 2
    assert [one["entry"] for one in workspace.json("import", "--unmatched")] == listed
    assert "2 entries" in workspace.run("import", "--match", "2:1", ONE, status=2).stderr
    workspace.run("import", "--match", listed[0], ONE)
    assert [one["title"] for one in workspace.json("import", "--unmatched")] == ["Another that nobody holds"]
    workspace.run("import", "--match", listed[1], TWO)
    assert workspace.json("import", "--unmatched") == []


def test_an_older_word_that_finds_its_paper_late_does_not_win(workspace):
    """An entry that waited is of its import's day: the same reader's decision in a later import counts."""
    workspace.run("import", workspace.file)
    early = write(workspace, "early.csv", f"title,pmid,asreview_label\nWholly unlike,{ONE},1\n")
    late = write(workspace, "late.csv", f"pmid,asreview_label\n{ONE},0\n")
    workspace.run("import", "--who", "Ada", early)
    workspace.run("import", "--who", "Ada", late)
    workspace.run("import", "--match", "2:2", ONE)
    assert workspace.json("show", ONE)[0]["decision"] == "exclude"
    assert [one["pmid"] for one in workspace.json("list", "--decision", "exclude")] == [ONE]
    workspace.run("import", "--undo", "3")
    assert workspace.json("show", ONE)[0]["decision"] == "include"


def test_a_refused_search_is_no_empty_result(workspace, pubmed):
    """PubMed refuses one DOI of three: the others are found, and of that one is said what PubMed said."""
    workspace.run("import", write(workspace, "ids.txt", "10.1000/left.ear\n10.1000/un(balanced\n10.1000/nobody.1\n"))
    with_doi(pubmed, 2, "10.1000/left.ear")
    with serve(pubmed) as server:
        server.search = lambda term: [TWO] if "left.ear" in term else []
        healthy = server.esearch

        def esearch(params):
            return (200, search_error("unbalanced")) if "un(balanced" in params["term"] else healthy(params)

        server.esearch = esearch
        assert "did not take" in online(workspace, server, "head").stderr
    assert [one["pmid"] for one in workspace.json("list", "--query", IMPORTS)] == [TWO]
    why = {one["doi"]: one["doubt"] for one in workspace.json("import", "--unmatched")}
    assert why.keys() == {"10.1000/un(balanced", "10.1000/nobody.1"}
    assert why["10.1000/un(balanced"].startswith("PubMed did not take the search for it: NCBI refuses the query")
    assert why["10.1000/nobody.1"] == "PubMed finds no paper with DOI 10.1000/nobody.1"


def test_a_found_paper_that_is_not_sent_is_asked_for_again(workspace, pubmed):
    """ESearch finds a DOI and EFetch does not send the record: partial, said so, and the next fetch has it."""
    workspace.run("import", write(workspace, "ids.txt", "10.1000/left.ear\n"))
    with_doi(pubmed, 2, "10.1000/left.ear")
    with serve(pubmed, {"10.1000/left.ear": TWO}) as server:
        xml = server.records.pop(TWO)
        online(workspace, server, "head", status=4)
        (waiting,) = workspace.json("import", "--unmatched")
        assert waiting["doubt"].startswith(f"PubMed finds PMID {TWO} and could not send it")
        server.records[TWO] = xml
        online(workspace, server, "head")
    assert [one["pmid"] for one in workspace.json("list", "--query", IMPORTS)] == [TWO]
    assert workspace.json("import", "--unmatched") == []


def test_a_word_of_a_person_stands_while_a_fetch_is_asking(workspace, pubmed):
    """--match needs no lock: what is said while PubMed is being asked is not overwritten by what PubMed says."""
    workspace.run("import", workspace.file)
    workspace.run("import", write(workspace, "ids.txt", "10.1000/nobody.1\n"))
    with serve(pubmed) as server:

        def search(term):
            if "nobody" in term:
                workspace.run("import", "--match", "2:1", ONE)
            return []

        server.search = search
        online(workspace, server, "head")
    assert workspace.json("import", "--unmatched") == []
    assert "known by its reader's word" in workspace.run("show", ONE).stdout


def test_keys_of_what_waits_are_taken_by_a_second_import(workspace, pubmed):
    """--take-keys says which keys cannot be had yet; after the fetch the same command takes them."""
    with_doi(pubmed, 2, "10.1000/left.ear")
    path = write(workspace, "m.bib", "@article{Mine,\n title={},\n doi={10.1000/left.ear}\n}\n")
    assert "m.bib: 1 entry with a key must wait" in workspace.run("import", "--take-keys", path).stderr
    with serve(pubmed, {"10.1000/left.ear": TWO}) as server:
        online(workspace, server, "head")
    assert "must wait" not in workspace.run("import", "--take-keys", path).stderr
    assert workspace.json("show", TWO)[0]["key"] == "Mine"


def test_imports_of_the_same_papers_are_undone_in_any_order(workspace):
    """Records twice, two readers, a list: whatever the order, when all are undone the library is as it was."""

    def state():
        papers = workspace.json("list")
        return [one | {"first_seen": ""} for one in papers], workspace.json("import", "--unmatched")

    workspace.run("import", workspace.file)
    workspace.run("import", "--undo", "1")
    assert state() == ([], [])
    workspace.fetch()
    before = state()
    files = [
        workspace.file,
        write(workspace, "rayyan.csv", untitled(RAYYAN.format(one=ONE, two=TWO))),
        write(workspace, "asreview.csv", untitled(ASREVIEW)),
        write(workspace, "ids.txt", f"{ONE}\n{FIRST_PMID + 3}\n10.1000/nobody.1\n"),
        workspace.file,
    ]
    first = 2
    for order in ([4, 3, 2, 1, 0], [0, 1, 2, 3, 4], [2, 0, 4, 1, 3]):
        for path in files:
            workspace.run("import", path)
        assert state() != before
        for place in order:
            workspace.run("import", "--undo", first + place)
        assert state() == before
        first += len(files)


def test_what_a_broken_off_run_stored_is_told_by_the_next(workspace, pubmed):
    """A run that missed one of two papers tells of none; the complete one after it tells of both as new."""
    workspace.run("import", write(workspace, "ids.txt", f"{ONE}\n{TWO}\n"))
    with serve(pubmed) as server:
        xml = server.records.pop(TWO)
        online(workspace, server, "head", status=4)
        server.records[TWO] = xml
        online(workspace, server, "head")
    last, first = workspace.json("runs", IMPORTS)
    assert (first["status"], first["new"]) == ("partial", [])
    assert (last["status"], last["new"]) == ("complete", [ONE, TWO])


# what breaking the code showed to be untested


def test_a_doi_of_two_records_is_told_apart_by_the_year(library):
    """PubMed has some papers twice under one DOI: title and year decide, else both are named."""
    hold(library, noun(), noun(2, doi="10.1000/Example.1", date=PubDate("2022", 2022)))
    assert identify(cited(doi="10.1000/example.1", year=2022), library).pmid == TWO
    undecided = identify(cited(doi="10.1000/example.1", year=None), library)
    assert undecided.pmid is None
    assert f"several papers have the DOI 10.1000/example.1: PMID {ONE}, {TWO}" in undecided.doubt


def test_a_hundred_titles_are_asked_for_in_one_fetch(library):
    """Titles cost a request each: the first hundred now, the rest by the next fetch; identifiers are not counted."""
    with library.transaction():
        number = library.begin_import(file="f", form="ris", sha256="", who="")
        for place in range(130):
            ids = {"doi": f"10.1000/{place}"} if place >= 120 else {}
            library.keep_citation(number, place, cited(title=f"{TITLE} number {place}", **ids), Match())
    asked = [entry.position for entry in due(library, now="2026-01-01T00:00:00Z")]
    assert asked == [*range(100), *range(120, 130)]


def test_a_title_that_many_papers_share_brings_none(workspace, pubmed):
    """A search by title that finds more than twenty papers tells nothing: nothing is fetched."""
    for number in range(5, 30):
        pubmed.add(number, title="Testin in another made-up disease of the right ear.")
    workspace.run("import", write(workspace, "r.ris", ris("Testin in another made-up disease of the right ear")))
    with serve(pubmed) as server:
        online(workspace, server, "head")
        assert not [one for one in server.log if "efetch" in one.path]
    assert workspace.json("runs", IMPORTS)[0]["status"] == "complete"
    assert len(workspace.json("import", "--unmatched")) == 1


def test_a_failing_ncbi_is_in_the_ledger(workspace, pubmed):
    """NCBI fails while imports are asked for, after a query that went well: 4, the run failed, the entry waits on."""
    workspace.run("import", write(workspace, "ids.txt", "10.1000/left.ear\n"))
    with serve(pubmed) as server:
        healthy = server.esearch
        refusal = (200, search_error("Invalid db name specified: pubmed"))
        server.esearch = lambda params: refusal if "[aid]" in params["term"] else healthy(params)
        assert "this is not an empty result" in online(workspace, server, "head", status=4).stderr
    assert workspace.json("runs", IMPORTS)[0]["status"] == "failed"
    (waiting,) = workspace.json("import", "--unmatched")
    assert (waiting["tried"], waiting["doubt"]) == (None, "")


def test_a_stopped_fetch_is_in_the_ledger(workspace, pubmed):
    """Ctrl-C while imports are asked for: 130, the run is interrupted, and the next fetch brings the paper."""
    workspace.run("import", write(workspace, "ids.txt", f"{ONE}\n"))
    with serve(pubmed) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(completing, "read", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        online(workspace, server, "head", status=130)
        patch.undo()
        assert workspace.json("runs", IMPORTS)[0]["status"] == "interrupted"
        online(workspace, server, "head")
    assert [one["pmid"] for one in workspace.json("list")] == [ONE]


@pytest.mark.parametrize("touch", ["decide", "label", "annotate", "set_key"])
def test_undo_keeps_what_was_judged_by_hand(library, touch):
    """A paper that a reader judged, sorted, annotated or gave a key stays when the import that brought it is undone."""
    pieces = document(record(1), record(2))
    number = import_records("x.xml", lambda: iter([(pieces, 1)]), 1, library, RULES, who="", version="0").number
    with library.transaction():
        if touch == "decide":
            library.decide(ONE, Decision("include", "Ada"))
        elif touch == "label":
            library.label(ONE, ["rats"], who="Ada")
        elif touch == "annotate":
            library.annotate(ONE, "see table 3", who="Ada")
        else:
            library.set_key(ONE, "Mine")
        assert library.undo_import(number) == [TWO]
    assert library.held_pmids() == [ONE]


def test_undo_takes_notes_back(workspace):
    """A note of an import goes with it, and only with it; the reader's own stays, and replaces only itself."""
    workspace.run("import", workspace.file)
    workspace.run("note", ONE, "my own")
    note = 'USER-NOTES: {"Ada"=>["see table 3"]}'
    workspace.run("import", write(workspace, "r.ris", ris("", AN=str(ONE), DB="PubMed", N1=note)))
    assert workspace.json("show", ONE)[0]["note"] == "my own\n\nAda: see table 3"
    workspace.run("note", ONE, "my second")
    assert workspace.json("show", ONE)[0]["note"] == "Ada: see table 3\n\nmy second"
    workspace.run("import", "--undo", "last")
    assert workspace.json("show", ONE)[0]["note"] == "my second"
