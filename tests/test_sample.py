"""The shipped sample: real citations, nothing invented, no abstract but our own restatements."""

import csv
import json
import re

import pytest
from lxml import etree

from dtd import NAME as DTD
from dtd import validator
from reftrack import pubmed, sample

PMIDS = [
    416642, 8841972, 10082636, 10816070, 12920387, 15559222, 16420392, 17318304, 18273537, 19560104, 20500802, 21216670,
    21629441, 22114743, 22229324, 22311531, 23510124, 25093704, 25832905, 25924999, 26365023, 26763925, 27207906,
    27429559, 28458521, 28656143, 29075343, 29248999, 29303438, 30115884, 30414051, 30643411, 30961865, 31494820,
    31710397, 31897941, 31909448, 32662068, 33620612, 34494216, 35344761, 36979317, 37818733, 37892776, 37900065,
    38512096, 39957612,
]  # fmt: skip
NOT_PUBLISHED = "Restated by the reftrack project; not the published abstract."
WORD = re.compile(r"\d+(?:[.,·]\d+)*|[^\W\d_]+")
NUMBER_WORDS = re.compile(
    "(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|hundred|twice)"
)


@pytest.fixture(scope="module")
def ours():
    return {int(article.findtext(".//PMID")): article for article in etree.fromstring(b"".join(sample.chunks()))}


@pytest.fixture(scope="module")
def papers():
    return {paper.pmid: paper for paper in (pubmed.parse(record.xml) for record in pubmed.cut(sample.chunks()))}


@pytest.fixture(scope="module")
def evidence(corpus):
    """PMID -> the corpus record the sample names, where it is XML."""
    folder = corpus / "cerebrolysin"
    named = {int(row["pmid"]): row["record_in"] for row in rows(folder / "sample-pmids.tsv")}
    return {
        int(article.findtext(".//PMID")): article
        for name in ("dev.xml", "citations-only.xml")
        for article in etree.parse(folder / name).getroot()
        if named.get(int(article.findtext(".//PMID"))) == name
    }


@pytest.fixture(scope="module")
def verified(corpus):
    """PMID -> row of facts, for all papers of the sample that have one."""
    return {int(row["pmid"]): row for row in rows(corpus / "cerebrolysin" / "verified.tsv") if row["pmid"]}


@pytest.fixture(scope="module")
def listed(corpus):
    """PMID -> the row of papers.jsonl."""
    lines = (corpus / "cerebrolysin" / "papers.jsonl").read_text("utf-8").splitlines()
    return {int(paper["pmid"]): paper for paper in map(json.loads, lines) if paper["pmid"]}


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def texts(article, path):
    return ["".join(element.itertext()) for element in article.iterfind(path)]


def abstract(article):
    return " ".join(texts(article, ".//AbstractText"))


def words(text):
    return [word.lower() for word in WORD.findall(text)]


def letters(text):
    return "".join(words(text))


# what anyone can check


def test_pmids(papers):
    """The sample is these 47 papers, in PMID order, and the parser reads each."""
    assert list(papers) == PMIDS


def test_chunks():
    """The file comes in pieces of bytes, none empty, and starts anew with every call."""
    pieces = list(sample.chunks())
    assert len(pieces) > 1
    assert all(pieces)
    assert b"".join(pieces) == b"".join(sample.chunks())


def test_valid():
    """The file is valid against the DTD that it names."""
    tree = etree.fromstring(b"".join(sample.chunks())).getroottree()
    assert tree.docinfo.system_url.endswith(f"/{DTD}")
    assert validator().validate(tree), validator().error_log.filter_from_errors()


def test_abstracts_are_marked(ours):
    """Every record with an abstract says that it is a restatement; 32 have one, and the others have no Abstract."""
    with_text = [pmid for pmid, article in ours.items() if abstract(article)]
    assert len(with_text) == 32
    assert with_text == [pmid for pmid, article in ours.items() if article.find(".//Abstract") is not None]
    assert all(texts(ours[pmid], ".//CopyrightInformation") == [NOT_PUBLISHED] for pmid in with_text)


def test_mark_is_parsed(papers):
    """The parser hands the mark of every abstract on."""
    assert {paper.abstract_copyright for paper in papers.values() if paper.abstract} == {NOT_PUBLISHED}


def test_header(project):
    """The head of the file says that it was not downloaded from PubMed and whose the abstracts are."""
    head = next(sample.chunks()).split(b"<PubmedArticleSet>")[0].decode()
    assert " ".join(head.split()).count("not downloaded from PubMed. Every abstract is a short restatement") == 1


def test_dois_differ(papers):
    """No two records share a DOI or a PMC id."""
    for ids in ([paper.doi for paper in papers.values()], [paper.pmcid for paper in papers.values()]):
        given = [text.lower() for text in ids if text]
        assert len(given) > 5
        assert len(given) == len(set(given))


def test_ids_agree(ours):
    """A record's DOI is the same in both places, and its own PMID stands in its list of ids."""
    for pmid, article in ours.items():
        assert texts(article, ".//ELocationID[@EIdType='doi']") == texts(article, ".//ArticleId[@IdType='doi']")
        assert texts(article, ".//ArticleId[@IdType='pubmed']") == [str(pmid)]


def test_links(papers):
    """The erratum and the later Cochrane version are linked both ways, with the other's citation; nothing else is."""
    assert {
        (paper.pmid, link.kind, link.pmid, link.citation) for paper in papers.values() for link in paper.corrections
    } == {
        (31494820, "ErratumIn", 31909448, "Neurol Sci. 2020 Mar;41(3):733"),
        (31909448, "ErratumFor", 31494820, "Neurol Sci. 2020 Feb;41(2):281-293"),
        (32662068, "UpdateIn", 37818733, "Cochrane Database Syst Rev. 2023 Oct 11;10(10):CD007026"),
        (37818733, "UpdateOf", 32662068, "Cochrane Database Syst Rev. 2020 Jul 14;7(7):CD007026"),
    }


def test_restatements_are_short(ours):
    """An abstract has one to four sentences and at most 90 words."""
    for pmid, article in ours.items():
        text = abstract(article)
        if text:
            assert 1 <= len(re.findall(r"[.](?=\s+[A-Zα]|$)", text)) <= 4, pmid
            assert len(words(text)) <= 90, pmid


def test_readme(project):
    """README.md names every PMID of the sample, with whether it has an abstract, and no other PMID in that table."""
    text = (project / "src" / "reftrack" / "sample" / "README.md").read_text("utf-8")
    table = re.findall(r"^\| (\d+) \| [^|]+ \| (yes|no) \|$", text, re.MULTILINE)
    assert [int(pmid) for pmid, _ in table] == PMIDS
    assert [answer for _, answer in table].count("yes") == 32


# against the corpus


@pytest.mark.corpus
def test_same_papers_as_the_corpus(corpus):
    """The PMIDs are those of sample-pmids.tsv."""
    assert [int(row["pmid"]) for row in rows(corpus / "cerebrolysin" / "sample-pmids.tsv")] == PMIDS


@pytest.mark.corpus
@pytest.mark.parametrize(
    "path",
    [
        ".//ArticleTitle",
        ".//VernacularTitle",
        ".//Journal/Title",
        ".//MedlineTA",
        ".//Volume",
        ".//Issue",
        ".//MedlinePgn",
        ".//ELocationID",
        ".//ArticleId",
        ".//Language",
        ".//PublicationType",
        ".//Author/*",
        ".//PublicationStatus",
    ],
)
def test_facts_of_xml_records(ours, evidence, path):
    """Citation facts equal the corpus record they come from, element by element, absences included."""
    assert len(evidence) == 33
    for pmid, record in evidence.items():
        assert texts(ours[pmid], path) == texts(record, path), pmid


@pytest.mark.corpus
def test_authors_of_xml_records(ours, evidence):
    """Authors equal the corpus record's part by part, and so does the word on whether the list is complete."""
    for pmid, record in evidence.items():
        for article in (ours[pmid], record):
            assert article.xpath("count(.//AuthorList)") <= 1
        assert authors(ours[pmid]) == authors(record), pmid
        assert ours[pmid].xpath(".//AuthorList/@CompleteYN") == record.xpath(".//AuthorList/@CompleteYN"), pmid


@pytest.mark.corpus
def test_dates_of_xml_records(ours, evidence):
    """Dates equal the corpus record's, but for 26365023, where PubMed Central states issue and online date apart."""
    differing = [
        pmid
        for pmid, record in evidence.items()
        for path in (".//PubDate/*", ".//ArticleDate/*")
        if texts(ours[pmid], path) != texts(record, path)
    ]
    assert set(differing) == {26365023}
    assert texts(ours[26365023], ".//PubDate/*") == ["2016", "Jan"]
    assert texts(ours[26365023], ".//ArticleDate/*") == ["2015", "09", "11"]


def authors(article):
    return [[(part.tag, part.text) for part in author] for author in article.iterfind(".//Author")]


@pytest.mark.corpus
def test_facts_of_verified_rows(ours, evidence, verified, listed):
    """A record built from a verified row has that row's title, ids, journal, language and types."""
    built = [pmid for pmid in PMIDS if pmid not in evidence]
    assert len(built) == 14
    for pmid in built:
        row, article = verified[pmid], ours[pmid]
        assert row["evidence"] in {"A", "B"}
        assert texts(article, ".//ArticleTitle") == [row["title"]]
        assert texts(article, ".//MedlineTA") == [row["journal"]]
        assert texts(article, ".//Journal/Title") == [listed.get(pmid, {}).get("journal") or row["journal"]]
        assert texts(article, ".//ELocationID") == [text for text in [row["doi"]] if text]
        assert texts(article, ".//ArticleId[@IdType='pmc']") == [text for text in [row["pmcid"]] if text]
        assert texts(article, ".//Language") == [row["language"]]
        stated = {name for name in row["publication_types"].split("; ") if name}
        assert sorted(texts(article, ".//PublicationType")) == sorted({"Journal Article"} | stated)


@pytest.mark.corpus
def test_citations_of_verified_rows(ours, evidence, verified):
    """Date, volume, issue and pages of such a record, written as a citation, give the row's citation back."""
    remarks = {29248999: " (record says 2017)", 39957612: " (ahead of print)"}
    for pmid in set(PMIDS) - set(evidence):
        article = ours[pmid]
        year, *month_day = texts(article, ".//PubDate/*")
        volume, issue, pages = ("".join(texts(article, f".//{tag}")) for tag in ("Volume", "Issue", "MedlinePgn"))
        text = " ".join([year, *(part.lstrip("0") for part in month_day)])
        text += f";{volume}" if volume else ""
        text += f"({issue})" if issue else ""
        text += f":{pages}" if pages else ""
        # one row writes the volume after a colon
        assert (text + remarks.get(pmid, "")).replace(";", ":") == verified[pmid]["citation"].replace(";", ":"), pmid
        assert year == verified[pmid]["year"]


@pytest.mark.corpus
def test_authors_of_verified_rows(ours, evidence, verified, listed):
    """The author list of such a record has every listed author, letter by letter; else the row's first author alone."""
    lengths = {}
    for pmid in set(PMIDS) - set(evidence):
        row, found = verified[pmid], authors(ours[pmid])
        printed = listed.get(pmid, {}).get("authors") or [name for name in [row["first_author"]] if name]
        lengths[pmid] = len(found)
        assert len(found) == len(printed), pmid
        for parts, name in zip(found, printed, strict=True):
            given = dict(parts)
            split = given["LastName"] + (given.get("ForeName") or given["Initials"])
            assert sorted(letters(split)) == sorted(letters(name)), pmid
            assert given["LastName"] in name
            assert given.get("ForeName", "") in name
            assert given["Initials"][0] == (given.get("ForeName") or given["Initials"])[0]
        if found and row["first_author"]:
            first = dict(found[0])
            assert f"{first['LastName']} {first['Initials']}" == row["first_author"]
        complete = bool(listed.get(pmid, {}).get("authors_complete")) and bool(printed)
        assert ours[pmid].xpath(".//AuthorList/@CompleteYN") == (["Y" if complete else "N"] if found else []), pmid
    assert max(lengths.values()) == lengths[25924999] == 26


@pytest.mark.corpus
def test_online_dates_of_verified_rows(ours, evidence, listed):
    """The online date of such a record is the listed one, and PubModel says whether there is one."""
    for pmid in set(PMIDS) - set(evidence):
        stated = listed.get(pmid, {}).get("epub_date", "")
        assert "-".join(texts(ours[pmid], ".//ArticleDate/*")) == stated
        assert ours[pmid].find(".//Article").get("PubModel") == ("Print-Electronic" if stated else "Print")


@pytest.mark.corpus
def test_registry_ids(papers, verified):
    """A record names a trial registry number exactly where the verified row does."""
    stated = {pmid: row["registry_id"] for pmid, row in verified.items() if pmid in PMIDS and row["registry_id"]}
    assert {pmid: paper.registry_ids for pmid, paper in papers.items() if paper.registry_ids} == {
        pmid: (number,) for pmid, number in stated.items()
    }
    assert len(stated) == 3


@pytest.mark.corpus
def test_links_are_stated(verified):
    """What the links rest on stands in the verified rows."""
    assert verified[31494820]["status"] == "has erratum 31909448"
    assert verified[31909448]["status"] == "erratum for 31494820"
    assert verified[32662068]["status"] == "updated by 37818733"
    assert "32662068" in verified[37818733]["status"]


@pytest.mark.corpus
def test_no_suspect_identifier(corpus):
    """No identifier that other texts give wrongly occurs in the sample."""
    claims = " ".join(row["claimed_identifier"] for row in rows(corpus / "cerebrolysin" / "suspect-identifiers.tsv"))
    suspects = re.findall(r"(?:PMID |DOI )?(\d{8}|NCT\d{8}|10\.\d+/\S+|CD\d+\.pub\d+)", claims)
    assert len(suspects) == 7
    text = b"".join(sample.chunks()).decode()
    assert [identifier for identifier in suspects if identifier in text] == []


@pytest.mark.corpus
def test_abstracts_where_the_corpus_has_one(ours, evidence, listed):
    """A record has an abstract exactly where the corpus has a text to restate."""
    at_hand = {pmid for pmid, record in evidence.items() if abstract(record)}
    at_hand |= {pmid for pmid in PMIDS if pmid in listed and listed[pmid]["abstract"]}
    assert {pmid for pmid, article in ours.items() if abstract(article)} == at_hand


@pytest.mark.corpus
def test_own_words(ours, evidence):
    """No abstract repeats 12 words in a row of the corpus text, and each is shorter than that."""
    for pmid, record in evidence.items():
        mine, theirs = words(abstract(ours[pmid])), words(abstract(record))
        assert len(mine) < len(theirs) or not theirs, pmid
        held = f" {' '.join(theirs)} "
        runs = [" ".join(mine[start : start + 12]) for start in range(len(mine) - 11)]
        assert [run for run in runs if f" {run} " in held] == [], pmid


@pytest.mark.corpus
def test_no_number_is_ours(ours, evidence):
    """Every number in an abstract, in digits or as a word, stands in the corpus text of the same record."""
    checked = 0
    for pmid, record in evidence.items():
        mine = {word for word in words(abstract(ours[pmid])) if word[0].isdigit() or NUMBER_WORDS.fullmatch(word)}
        checked += len(mine)
        assert mine <= set(words(abstract(record))), pmid
    assert checked > 100


@pytest.mark.corpus
def test_labels_are_the_corpus_records(ours, evidence):
    """A section keeps a label that the corpus record has, in its order; no label is new."""
    for pmid, record in evidence.items():
        theirs = iter(record.xpath(".//AbstractText/@Label"))
        assert all(label in theirs for label in ours[pmid].xpath(".//AbstractText/@Label")), pmid
