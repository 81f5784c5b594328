"""Real files import whole, as other programs read them; what we export reads back as it was."""

import unicodedata
from html import unescape

import pytest
import rispy
from Bio import Medline
from pybtex.database import parse_string

from export_papers import ENTRIES, FILES, bibtex, read_back, real_entries, written
from imported import found, one
from reftrack import imports
from reftrack.export.text import flat
from reftrack.export.titles import plain

RIS = ("zotero-export-1000.ris", "revtools-scopus-286.ris", "asysd-endnote-69.ris", "litstudy-example.ris")
NBIB = ("restoration-104.nbib", "biopython-medline-1.nbib", "biopython-medline-2.nbib", "biopython-medline-3.nbib")
SAME = {"bibtex": "bibtex", "biblatex": "bibtex", "ris": "ris", "csl-json": "csl-json", "nbib": "nbib"}
SAME |= {"csv": "csv", "tsv": "csv"}


def alike(text):
    """A title without what formats may change: compatibility characters, spaces, brackets, the full stop."""
    return unicodedata.normalize("NFKC", plain(flat(text))).casefold()


@pytest.mark.corpus
@pytest.mark.parametrize("name", RIS)
def test_ris(corpus, name):
    """As many entries as rispy finds, in the same order, with the same titles, years and DOIs."""
    path = corpus / "ris" / name
    assert imports.detect(path.read_bytes(), name) == "ris"
    with path.open(encoding="utf-8-sig") as file:
        theirs = rispy.load(file, skip_unknown_tags=True)
    ours = found("ris", path.read_bytes())
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert alike(mine.title) == alike(unescape(other.get("title") or other.get("primary_title")))
        if "doi" in other:
            assert mine.doi == other["doi"].lower().removeprefix("https://doi.org/")
        if other.get("year"):
            assert str(mine.year) in other["year"]


@pytest.mark.corpus
def test_pmids_of_endnote(corpus):
    """EndNote's accession numbers are PMIDs where it says NLM, and nowhere else."""
    data = (corpus / "ris" / "asysd-endnote-69.ris").read_bytes()
    theirs = rispy.loads(data.decode("utf-8-sig"), skip_unknown_tags=True)
    for mine, other in zip(found("ris", data), theirs, strict=True):
        if other.get("database_provider") == "NLM":
            assert str(mine.pmid) == other["accession_number"]
        elif mine.pmid:
            assert f"PUBMED-{mine.pmid}" in mine.text or f"/pubmed/{mine.pmid}" in mine.text


@pytest.mark.corpus
@pytest.mark.parametrize("name", NBIB)
def test_nbib(corpus, name):
    """Bio.Medline finds the same records, PMIDs, titles, authors and DOIs in each file, in the same order."""
    path = corpus / "nbib" / name
    assert imports.detect(path.read_bytes(), name) == "nbib"
    with path.open(encoding="utf-8") as file:
        theirs = [record for record in Medline.parse(file) if record]
    ours = found("nbib", path.read_bytes())
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert str(mine.pmid) == other["PMID"]
        assert mine.title == other["TI"]
        assert [name for name in mine.authors if name not in other.get("CN", ())] == other.get("FAU", [])
        dois = [value for value in (other.get("LID", ""), *other.get("AID", ())) if value.endswith("[doi]")]
        assert mine.doi == (dois[0].split()[-2].lower() if dois else "")


def same_paper(citation, paper, form):
    """Hold that a citation names this paper, as far as the format can."""
    assert (citation.pmid, citation.doi) == (paper.pmid, paper.doi.lower())
    assert citation.pmcid == (paper.pmcid if form != "biblatex" else "")  # whose data model has no place for it
    if form in {"bibtex", "biblatex"}:  # which print two hyphens as a dash
        assert alike(citation.title) == alike(paper.title.replace("---", "—").replace("--", "–"))
    else:
        assert alike(citation.title) == alike(paper.title)
    if paper.authors:
        first = flat(paper.authors[0].family).lstrip("; ")
        assert citation.authors[0] == first or citation.authors[0].startswith(f"{first}, ")
    else:
        assert citation.authors == ()
    assert citation.year == (paper.date.year or paper.electronic_date.year)


@pytest.mark.parametrize("form", SAME)
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
def test_our_exports_read_back(form, entry):
    """What we export of a made-up paper gives its PMID, DOI, title, first author and year."""
    same_paper(one(SAME[form], written(form, entry)), entry.paper, form)


@pytest.mark.corpus
@pytest.mark.parametrize("form", SAME)
@pytest.mark.parametrize("path", FILES)
def test_real_records_come_back(corpus, path, form):
    """The same of every real record."""
    entries = list(real_entries(corpus / path))
    for citation, entry in zip(found(SAME[form], written(form, *entries)), entries, strict=True):
        same_paper(citation, entry.paper, form)


def test_pybtex_reads_the_same():
    """Keys and titles in our BibTeX are those that pybtex finds."""
    text = bibtex(*ENTRIES)
    theirs = parse_string(text, "bibtex").entries
    ours = found("bibtex", text)
    assert [citation.key for citation in ours] == list(theirs)
    for citation in ours:
        assert alike(citation.title) == alike(read_back(theirs[citation.key].fields["title"]))
