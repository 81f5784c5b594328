"""Notices are kept apart by type, each is told once, and a retracted paper is marked wherever it is shown."""

import re
import sys

import pytest

from desk import Workspace, terminal
from dtd import validator
from papers import FIRST_PMID, document, paper, record
from reftrack.model import Correction, Notice, PublicationType
from reftrack.notices import ALERTS, NOTICE_TYPES, RELATED, RETRACTING, THEMSELVES, words

RETRACTED_TYPE = PublicationType("Retracted Publication", "D016441")
PT = "publication type"
BY_TYPE = {
    ("Retracted Publication", "D016441"): "retraction",
    ("Retraction of Publication", "D016440"): "retraction-of",
    ("Retraction Notice", ""): "retraction-of",
    ("Expression of Concern", "D000075742"): "concern-for",
    ("Published Erratum", "D016425"): "erratum-for",
    ("Corrected and Republished Article", ""): "corrected-republished-from",
    ("Comment", "D016420"): "comment-on",
}


def reftypes():
    """The values that PubMed's DTD allows for CommentsCorrections/@RefType."""
    (declared,) = (element for element in validator().iterelements() if element.name == "CommentsCorrections")
    (attribute,) = (attribute for attribute in declared.iterattributes() if attribute.name == "RefType")
    return set(attribute.values())


def test_every_reftype_of_the_dtd_has_a_type():
    """Each RefType that PubMed declares has its word, but Cites, which is a reference."""
    assert len(reftypes()) == 23
    assert reftypes() - set(NOTICE_TYPES) == {"Cites"}


def test_every_type_has_words_and_stands_in_one_group():
    """A type concerns the reader, or says that the paper is a notice, or only relates; the words are there."""
    groups = [set(ALERTS), set(THEMSELVES), set(RELATED)]
    assert set().union(*groups) == set(NOTICE_TYPES.values())
    assert sum(map(len, groups)) == len(set(NOTICE_TYPES.values()))
    assert words("retraction").mark == words("retracted-republished").mark == "RETRACTED"


def test_types_differ_where_the_facts_differ():
    """Retraction, republication after one, concern, erratum, correction and update never share a type."""
    links = ("RetractionIn", "RetractedandRepublishedIn", "ExpressionOfConcernIn", "ErratumIn", "UpdateIn",
             "CorrectedandRepublishedIn", "RepublishedIn", "RetractionOf", "RetractedandRepublishedFrom",
             "ExpressionOfConcernFor", "ErratumFor", "UpdateOf", "CorrectedandRepublishedFrom")  # fmt: skip
    assert len({NOTICE_TYPES[link] for link in links}) == len(links)


def test_a_partial_retraction_is_an_erratum():
    """NLM counts it so; the paper is not retracted."""
    partial = paper(corrections=(Correction("PartialRetractionIn", "J Example. 2021", 90000002),))
    assert (partial.retracted, [notice.type for notice in partial.notices]) == (False, ["erratum"])


def test_an_unknown_link_is_not_lost():
    """A RefType that PubMed adds tomorrow is a notice under PubMed's own name, and can be put in words."""
    assert paper(corrections=(Correction("WithdrawnIn", "J Example. 2021"),)).notices == (
        Notice("WithdrawnIn", None, "J Example. 2021"),
    )
    assert "WithdrawnIn" in words("WithdrawnIn").sentence


@pytest.mark.parametrize(("kind", "expected"), BY_TYPE.items(), ids=str)
def test_a_publication_type_alone_makes_a_notice(kind, expected):
    """Where no link says what the type says, the type is the notice: without PMID, its source named."""
    assert paper(publication_types=(PublicationType(*kind),)).notices == (Notice(expected, None, PT),)


@pytest.mark.parametrize(
    ("link", "kind"),
    [
        ("RetractionIn", "Retracted Publication"),
        ("RetractedandRepublishedIn", "Retracted Publication"),
        ("RetractionOf", "Retraction of Publication"),
        ("ErratumFor", "Published Erratum"),
        ("ExpressionOfConcernFor", "Expression of Concern"),
        ("CorrectedandRepublishedFrom", "Corrected and Republished Article"),
        ("RepublishedFrom", "Corrected and Republished Article"),
        ("CommentOn", "Comment"),
    ],
)
def test_link_and_publication_type_are_one_notice(link, kind):
    """What the link says already, the publication type does not say again."""
    both = paper(
        corrections=(Correction(link, "J Example. 2021", 90000002),), publication_types=(PublicationType(kind),)
    )
    assert both.notices == (Notice(NOTICE_TYPES[link], 90000002, "J Example. 2021"),)


def test_a_link_given_twice_is_one_notice():
    """The same notice twice in a record, and the same publication type twice, count once; two errata are two."""
    links = (Correction("ErratumIn", "A", 1), Correction("ErratumIn", "A.", 1), Correction("ErratumIn", "B", 2))
    found = paper(corrections=links, publication_types=(RETRACTED_TYPE, RETRACTED_TYPE)).notices
    assert [(notice.type, notice.pmid) for notice in found] == [("erratum", 1), ("erratum", 2), ("retraction", None)]


def test_a_republished_paper_is_retracted_under_a_type_of_its_own():
    """RetractedandRepublishedIn: retracted, and told apart from a plain retraction; its replacement is not."""
    old = paper(corrections=(Correction("RetractedandRepublishedIn", "A", 90000002),))
    new = paper(2, corrections=(Correction("RetractedandRepublishedFrom", "B", 90000001),))
    assert (old.retracted, old.notices[0].type) == (True, "retracted-republished")
    assert (new.retracted, new.notices[0].type) == (False, "retracted-republished-from")
    assert new.alerts == ()


def test_alerts_are_what_concerns_the_reader_gravest_first():
    """What this paper is a notice of is no alert; the retraction comes first, the comment last."""
    links = tuple(Correction(kind, kind, number) for number, kind in enumerate(reversed(NOTICE_TYPES), 1))
    found = [notice.type for notice in paper(corrections=links).alerts]
    assert list(dict.fromkeys(found)) == list(ALERTS)
    assert set(found[:2]) == RETRACTING


def link(kind, pmid):
    source = f"<RefSource>J Example. 2024</RefSource><PMID>{pmid}</PMID>"
    return f'<CommentsCorrections RefType="{kind}">{source}</CommentsCorrections>'


def examplin(number, *links, kind=""):
    """A paper that the query `stroke` finds, with these links and this publication type."""
    extra = f"<CommentsCorrectionsList>{''.join(links)}</CommentsCorrectionsList>" if links else ""
    found = record(number, title=f"Examplin in stroke, paper {number}.", extra=extra)
    return found.replace(b"</PublicationTypeList>", kind.encode() + b"</PublicationTypeList>")


RECORDS = {
    "retraction": examplin(1, link("RetractionIn", 90000099)),
    "retraction by type only": examplin(
        2, kind='<PublicationType UI="D016441">Retracted Publication</PublicationType>'
    ),
    "retracted and republished": examplin(3, link("RetractedandRepublishedIn", 90000098)),
    "notice of retraction": examplin(
        4, link("RetractionOf", 90000001), kind='<PublicationType UI="D016440">Retraction Notice</PublicationType>'
    ),
    "concern": examplin(5, link("ExpressionOfConcernIn", 90000097)),
    "erratum": examplin(6, link("ErratumIn", 90000096)),
    "corrected and republished": examplin(7, link("CorrectedandRepublishedIn", 90000095)),
    "update": examplin(8, link("UpdateIn", 90000094)),
    "comment": examplin(9, link("CommentIn", 90000093)),
    "partial retraction": examplin(10, link("PartialRetractionIn", 90000092)),
    "erratum notice": examplin(11, link("ErratumFor", 90000006)),
    "nothing": examplin(12),
}
PMIDS = {name: FIRST_PMID + place for place, name in enumerate(RECORDS)}
RETRACTED = ["retraction", "retraction by type only", "retracted and republished"]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    made = Workspace(tmp_path_factory.mktemp("notices"))
    made.file.write_bytes(document(*RECORDS.values()))
    made.fetch()
    return made


@pytest.mark.parametrize(
    ("notice", "expected"),
    [
        ("retraction", RETRACTED),
        ("concern", ["concern"]),
        ("erratum", ["erratum", "corrected and republished", "partial retraction"]),
        ("update", ["update"]),
        ("comment", ["comment"]),
    ],
)
def test_list_by_notice_keeps_the_types_apart(workspace, notice, expected):
    """--notice finds the papers that have had one, also by publication type only, and no notice itself."""
    found = workspace.json("list", "--notice", notice, "--sort", "pmid")
    assert [one["pmid"] for one in found] == [PMIDS[name] for name in expected]
    assert {one["retracted"] for one in found} == {notice == "retraction"}


def test_retracted_papers_are_marked_in_every_form_of_list(workspace):
    """TSV and CSV by a column of their own, JSON by `retracted` and `notices`: exactly the retracted ones."""
    retracted = {str(PMIDS[name]) for name in RETRACTED}
    for arguments, comma in (((), "\t"), (("--csv",), ",")):
        lines = workspace.run("list", *arguments).stdout.splitlines()
        assert {line.split(comma)[0] for line in lines if line.endswith(f"{comma}retracted")} - {"pmid"} == retracted
        assert {line.split(comma)[0] for line in lines if line.endswith(comma)} == {
            str(pmid) for pmid in PMIDS.values()
        } - retracted
    told = workspace.json("list")
    assert {str(one["pmid"]) for one in told if one["retracted"]} == retracted
    by_type = {one["pmid"]: [notice["type"] for notice in one["notices"]] for one in told}
    assert by_type[PMIDS["retraction by type only"]] == ["retraction"]
    assert by_type[PMIDS["retracted and republished"]] == ["retracted-republished"]
    assert by_type[PMIDS["notice of retraction"]] == ["retraction-of"]


def keys(workspace, *names):
    found = {one["pmid"]: one["key"] for one in workspace.json("list")}
    return [found[PMIDS[name]] for name in names]


@pytest.mark.parametrize("columns", ["pmid,title", "key,publication_types"])
@pytest.mark.parametrize("form", [(), ("--csv",)])
def test_columns_without_the_mark_name_the_retracted_on_stderr(workspace, columns, form):
    """In a pipe data stays data; a line beside it names the retracted ones by key, also with --quiet."""
    result = workspace.run("-q", "list", "--sort", "pmid", "--columns", columns, *form)
    assert result.stderr == f"Warning: retracted: {', '.join(keys(workspace, *RETRACTED))}.\n"
    assert "RETRACTED" not in result.stdout


@pytest.mark.parametrize("columns", ["pmid,retracted", "pmid,notices"])
def test_columns_with_the_mark_need_no_line(workspace, columns):
    """Where a column tells of the retraction, and where none of the papers is retracted, nothing is said beside it."""
    assert workspace.run("list", "--columns", columns).stderr == ""
    assert workspace.run("list", "--columns", "pmid", "--notice", "concern").stderr == ""


def seen(workspace, *arguments, columns=140):
    command = [sys.executable, "-m", "reftrack", *map(str, arguments)]
    status, text = terminal(command, workspace.folder, columns=columns)
    assert status == 0
    return text


@pytest.mark.parametrize("chosen", [(), ("--columns", "title,key")], ids=["table", "columns"])
def test_on_a_terminal_titles_carry_the_mark(workspace, chosen):
    """Before the title stands RETRACTED, or CONCERN for an expression of concern; nothing before any other."""
    text = seen(workspace, "list", *chosen)
    found = {number: mark for mark, number in re.findall(r"(\w+) · Examplin in stroke, paper (\d+)", text)}
    assert found == {"1": "RETRACTED", "2": "RETRACTED", "3": "RETRACTED", "5": "CONCERN"}
    assert len(re.findall("Examplin in stroke", text)) == len(RECORDS)
    assert "Warning" not in text


def test_on_a_terminal_columns_without_titles_name_the_retracted(workspace):
    """Columns that carry neither title nor mark: the line on stderr is there on a terminal, too."""
    assert "Warning: retracted: " in seen(workspace, "list", "--columns", "key,year")


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("retraction", "RETRACTED: This paper was retracted: J Example. 2024 (PMID 90000099)"),
        (
            "retraction by type only",
            "RETRACTED: This paper was retracted (its publication type says so; no link names where)",
        ),
        (
            "retracted and republished",
            "RETRACTED: This paper was retracted and republished: J Example. 2024 (PMID 90000098)",
        ),
        (
            "concern",
            "CONCERN: An expression of concern about this paper was published: J Example. 2024 (PMID 90000097)",
        ),
        ("notice of retraction", "Title: Examplin in stroke, paper 4."),
        ("erratum", "Title: Examplin in stroke, paper 6."),
    ],
)
def test_show_says_first_what_is_grave(workspace, name, first):
    """A retraction or a concern stands before the title, in a pipe and on a terminal; a notice is no such paper."""
    assert workspace.run("show", PMIDS[name]).stdout.splitlines()[0] == first
    if not first.startswith("Title"):
        assert seen(workspace, "show", PMIDS[name]).startswith(first[:60])


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "notice of retraction",
            "This is the notice that another paper was retracted: J Example. 2024 (PMID 90000001)",
        ),
        ("erratum", "An erratum to this paper was published: J Example. 2024 (PMID 90000096)"),
        ("update", "An update of this paper was published: J Example. 2024 (PMID 90000094)"),
    ],
)
def test_show_puts_the_other_notices_in_words(workspace, name, line):
    """What is not grave stands below, with the other paper named."""
    assert f"\nNotice: {line}\n" in workspace.run("show", PMIDS[name]).stdout


def test_why_marks_a_retracted_paper(workspace):
    """The header of `why` says that the paper is retracted, and says nothing of one that is not."""
    assert workspace.run("why", PMIDS["retraction by type only"]).stdout.startswith("RETRACTED · ")
    assert not workspace.run("why", PMIDS["notice of retraction"]).stdout.startswith("RETRACTED")


def test_export_marks_the_retracted_and_no_other(workspace):
    """A retracted paper has its note, a notice has none, stderr counts them; --exclude-retracted leaves them out."""
    result = workspace.run("export", "--sort", "pmid")
    entries = result.stdout.split("\n\n")
    noted = {re.search(r"pmid = \{(\d+)\}", entry)[1]: entry for entry in entries if "note = {" in entry}
    assert set(noted) == {str(PMIDS[name]) for name in RETRACTED}
    notes = [re.search(r"note = \{(.*)\}", entry)[1] for entry in noted.values()]
    assert notes == [
        "Retracted. Notice: J Example. 2024, PMID 90000099",
        "Retracted",
        "Retracted. Republished: J Example. 2024, PMID 90000098",
    ]
    assert "3 retracted papers among them" in result.stderr
    assert workspace.run("export", "--exclude-retracted").stdout.count("@article") == len(RECORDS) - 3
