"""Tables of PubMed, Zotero, Scopus, Covidence, Rayyan, ASReview and our own, in any order of columns."""

import pytest

from imported import found, one, sorted_out
from reftrack.citation import Decision


def test_pubmed():
    """PubMed's own CSV."""
    citation = one(
        "csv",
        "PMID,Title,Authors,Citation,First Author,Journal/Book,Publication Year,Create Date,PMCID,NIHMS ID,DOI\n"
        '90000001,"A made-up trial, of examples.","Example AB, Primer B, EXAMPLE Study Group.",J Example. 2016 Jan.,'
        "Example AB,J Example,2016,2016/01/05,PMC9000001,,10.1000/Example.1\n",
    )
    assert (citation.line, citation.pmid, citation.doi, citation.pmcid) == (
        2,
        90000001,
        "10.1000/example.1",
        "PMC9000001",
    )
    assert citation.authors == ("Example, AB", "Primer, B", "EXAMPLE Study Group")
    assert (citation.title, citation.journal, citation.year) == ("A made-up trial, of examples.", "J Example", 2016)


@pytest.mark.parametrize(
    ("cell", "authors"),
    [
        ("Example AB, Primer B Jr, Sample C 3rd.", ("Example, AB", "Primer, B, Jr", "Sample, C, 3rd")),
        ("Example, A., Primer, B.-C.", ("Example, A.", "Primer, B.-C.")),
        ("Example, Ada; de la Primer, Bo", ("Example, Ada", "de la Primer, Bo")),
        ("A. Example; B. C. de la Primer", ("Example, A.", "de la Primer, B. C.")),
        ("Example, Ada B.", ("Example, Ada B.",)),
        ("U.S. Example Task Force; EXAMPLE Study Group", ("U.S. Example Task Force", "EXAMPLE Study Group")),
        ("['Example, Ada', \"O'Primer, Bo\"]", ("Example, Ada", "O'Primer, Bo")),
        ("Example A.", ("Example, A",)),
        ("", ()),
    ],
)
def test_authors_in_one_cell(cell, authors):
    """Names in a cell are parted as each program parts them, and each is family name first."""
    quoted = cell.replace('"', '""')
    assert one("csv", f'pmid,authors\n90000001,"{quoted}"\n').authors == authors


def test_zotero():
    """Zotero's CSV: PMID in Extra, people's tags as labels."""
    citation = one(
        "csv",
        '"Key","Item Type","Publication Year","Author","Title","Publication Title","DOI","Pages","Extra",'
        '"Manual Tags"\n'
        '"ABCD2345","journalArticle","2016","Example, Ada B.; Primer, Bo","A made-up trial","J Example","10.1000/a",'
        '"123-128","PMID: 90000001\nPMCID: PMC9000001","to read; rct"\n',
    )
    assert (citation.key, citation.pmid, citation.pmcid) == ("ABCD2345", 90000001, "PMC9000001")
    assert (citation.authors, citation.labels) == (("Example, Ada B.", "Primer, Bo"), ("to read", "rct"))
    assert citation.text.count("\n") == 1


def test_scopus():
    """Scopus parts pages into two columns and names the PMID `PubMed ID`."""
    citation = one(
        "csv",
        '"Authors","Title","Year","Source title","Volume","Issue","Page start","Page end","DOI","PubMed ID"\n'
        '"Example A.B., Primer B.","A made-up trial",2016,"J Example","12","3","123","128","10.1000/a","90000001"\n',
    )
    assert (citation.pages, citation.pmid, citation.authors) == ("123-128", 90000001, ("Example, A.B.", "Primer, B."))


def test_rayyan():
    """Rayyan's CSV: ids in pubmed_id and pmc_id, decisions in notes."""
    citation = one(
        "csv",
        "key,title,year,month,day,journal,issn,volume,issue,pages,authors,url,language,publisher,location,abstract,notes,"
        "doi,keywords,pubmed_id,pmc_id\n"
        'rayyan-1,A made-up trial,2016,1,5,J Example,,12,3,123-128,"Example, A. and Primer, B.",,,,,,'
        '"RAYYAN-INCLUSION: {""Ada""=>""Excluded""} | RAYYAN-EXCLUSION-REASONS: animal",'
        "10.1000/a,,90000001,PMC9000001\n",
    )
    assert (citation.key, citation.pmid, citation.pmcid) == ("rayyan-1", 90000001, "PMC9000001")
    assert citation.decisions == (Decision("exclude", "Ada", ("animal",)),)
    assert citation.authors == ("Example, A.", "Primer, B.")


def test_asreview_2():
    """ASReview 2: label, person, note, and a column for each tag."""
    first, second, third = found(
        "csv",
        "title,authors,doi,included,asreview_label,asreview_time,asreview_note,asreview_user_name,asreview_tag_design_rct\n"
        "One,\"['Example, Ada', 'Primer, Bo']\",10.1000/a,,1,2025-01-02 03:04:05,yes!,Ada,1\n"
        "Two,,10.1000/b,,0,2025-01-02 03:04:06,,Ada,0\n"
        "Three,,10.1000/c,1,,,,,\n",
    )
    assert first.authors == ("Example, Ada", "Primer, Bo")
    assert (first.decisions, first.labels, first.note) == ((Decision("include", "Ada"),), ("design_rct",), "yes!")
    assert (second.decisions, second.labels) == ((Decision("exclude", "Ada"),), ())
    assert third.decisions == (Decision("include"),)


@pytest.mark.parametrize("column", ["included", "label_included", "label", "decision"])
@pytest.mark.parametrize(
    ("cell", "verdicts"),
    [
        ("1", ["include"]),
        ("0", ["exclude"]),
        ("-1", []),
        ("", []),
        ("1.0", ["include"]),
        ("Maybe", ["maybe"]),
        ("7", []),
    ],
)
def test_older_labels(column, cell, verdicts):
    """1 and 0 are decisions under each of the names, -1 and nothing are none."""
    assert [d.verdict for d in one("csv", f"title,{column}\nOne,{cell}\n").decisions] == verdicts


def test_reasons_and_who():
    """A table can say who excluded and why."""
    citation = one("csv", "pmid,decision,who,reasons,note\n90000001,exclude,Ada,animal; old,see me\n")
    assert (citation.decisions, citation.note) == ((Decision("exclude", "Ada", ("animal", "old")),), "see me")


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("pmid,key,year,title,doi", "90000001,example2016,2016,A title,10.1000/a"),
        ("title;PMID;DOI;year;key", "A title;90000001;10.1000/a;2016;example2016"),
        ("key\tdoi\tPubMed ID\tTitle\tYear", "example2016\thttps://doi.org/10.1000/A\tPMID: 90000001\tA title\t2016.0"),
        ("sep=;\npmid;title;doi;year;key", "90000001;A title;10.1000/a;2016;example2016"),
        ("pmid,key,year,title,doi", '="90000001",example2016,2016,A title,10.1000/a'),
    ],
)
def test_any_order_and_delimiter(header, row):
    """Columns are known by name, in any order, parted by comma, semicolon or tab."""
    citation = one("csv", f"{header}\n{row}\n")
    assert (citation.pmid, citation.doi, citation.title) == (90000001, "10.1000/a", "A title")
    assert (citation.key, citation.year, citation.text) == ("example2016", 2016, row)


def test_the_guard_against_formulas_is_taken_off():
    """The apostrophe before what a spreadsheet would run is no part of the cell; any other is."""
    first, second = found("csv", "pmid,title\n90000001,'=SUM(1) of examples\n90000002,'t is a title\n")
    assert (first.title, second.title) == ("=SUM(1) of examples", "'t is a title")


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("1,90000001,x\n2,90000002,y\n", [90000001, 90000002]),
        ("10.1000/a;2016\n10.1000/b;2017\n", ["10.1000/a", "10.1000/b"]),
        ("x,PMC9000001\ny,PMC9000002\n", ["PMC9000001", "PMC9000002"]),
    ],
)
def test_without_names_of_columns(text, ids):
    """A table without names is read where one column can be nothing but ids."""
    assert [c.pmid or c.doi or c.pmcid for c in found("csv", text)] == ids


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "90000001,90000002\n90000003,90000004\n", "2016,x\n2017,y\n"])
def test_a_table_without_ids_is_told(text):
    """Where no column can be told to hold ids, nothing is guessed."""
    assert sorted_out("csv", text) == ([], [(1, text.split("\n", maxsplit=1)[0])])


def test_broken_rows_cost_no_neighbour():
    """A quote without end, a row too wide and one that says nothing are told, the others are read."""
    read, told = sorted_out(
        "csv",
        'pmid,title,year\n90000001,"A title, with ""quotes""\nof two lines",2016\n90000002,"never closed,2017\n'
        '90000003,Three,2018\n90000004,Four,2019,extra\n,,2020\n90000005,"Five"x,2021\n90000006,Six\n',
    )
    assert [(c.line, c.pmid) for c in read] == [(2, 90000001), (5, 90000003), (9, 90000006)]
    assert read[0].title == 'A title, with "quotes" of two lines'
    assert [line for line, _ in told] == [4, 6, 7, 8]


def test_what_is_left_of_a_broken_row_is_no_paper():
    """The later lines of a cell whose quotes are broken are told too, not taken for titles."""
    text = 'title,year\nOne,2001\n"Two "quoted" and\nmore of it",2002\nlast of it\nThree,2003\nFour\n'
    read, told = sorted_out("csv", text)
    assert [c.title for c in read] == ["One", "Three", "Four"]
    assert [line for line, _ in told] == [3, 4, 5]


def test_an_empty_table():
    """Names of columns and no row, or nothing at all, are no fault."""
    assert found("csv", "pmid,title\n") == found("csv", "") == []
