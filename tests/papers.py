"""Made-up papers for tests: PMIDs from 90000001, journal "J Example". Nothing here is a citation."""

from hypothesis import strategies as st

from reftrack.model import (
    Accession,
    Author,
    Book,
    Correction,
    Grant,
    Heading,
    Keyword,
    OtherAbstract,
    Paper,
    PubDate,
    PublicationType,
    Qualifier,
    Section,
    Substance,
)

FIRST_PMID = 90000001

text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=20)
texts = st.lists(text, max_size=3).map(tuple)
small = st.integers(min_value=0, max_value=2**40)
pmids = st.integers(min_value=FIRST_PMID, max_value=FIRST_PMID + 5)


def some(part):
    return st.lists(part, max_size=3).map(tuple)


sections = st.builds(Section, text, text, text)
authors = st.builds(Author, text, text, text, text, st.booleans(), text, texts, st.booleans())
numbers = st.none() | st.integers(min_value=0, max_value=9999)
dates = st.builds(PubDate, text, numbers, numbers, numbers)

papers = st.builds(
    Paper,
    pmid=pmids,
    version=st.integers(min_value=1, max_value=9),
    type=st.sampled_from(["article", "book", "chapter", "preprint"]),
    title=text,
    title_markup=text,
    vernacular_title=text,
    authors=some(authors),
    authors_complete=st.booleans(),
    editors=some(authors),
    journal=text,
    journal_abbreviation=text,
    medline_ta=text,
    nlm_id=text,
    issn=text,
    issn_print=text,
    issn_electronic=text,
    volume=text,
    issue=text,
    pages=text,
    medline_pgn=text,
    article_number=text,
    date=dates,
    electronic_date=dates,
    doi=text,
    pmcid=text,
    pii=text,
    languages=texts,
    abstract=some(sections),
    abstract_copyright=text,
    other_abstracts=some(st.builds(OtherAbstract, text, text, some(sections))),
    mesh=some(st.builds(Heading, text, text, st.booleans(), some(st.builds(Qualifier, text, text, st.booleans())))),
    publication_types=some(st.builds(PublicationType, text, text)),
    keywords=some(st.builds(Keyword, text, st.booleans(), text)),
    substances=some(st.builds(Substance, text, text, text, text)),
    grants=some(st.builds(Grant, text, text, text, text)),
    accessions=some(st.builds(Accession, text, text)),
    corrections=some(st.builds(Correction, text, text, st.none() | small, text)),
    references=some(small),
    conflict_of_interest=text,
    status=text,
    indexing_method=text,
    publication_status=text,
    entered=text,
    revised=text,
    completed=text,
    book=st.none() | st.builds(Book, text, text, text, text, texts, text),
)
"""Any paper the noun allows, also such as PubMed never sends."""


def paper(number=1, **values):
    """A small article; `number` 1 is PMID 90000001."""
    given = {
        "pmid": FIRST_PMID - 1 + number,
        "title": f"A made-up trial of examplin in head injury, number {number}",
        "authors": (Author("Example", "Anna B", "AB"), Author("Sample", "Carl", "C")),
        "journal": "Journal of Examples",
        "journal_abbreviation": "J Example",
        "medline_ta": "J Example",
        "date": PubDate("2020 Mar", 2020, 3),
        "languages": ("eng",),
        "publication_types": (PublicationType("Journal Article", "D016428"),),
    }
    return Paper(**(given | values))


def record(number=1, *, title="", abstract=(), extra="", year="2020"):
    """A small record as PubMed would send it, valid against its DTD; `abstract` is (label, text) pairs."""
    pmid = FIRST_PMID - 1 + number
    title = title or f"A made-up trial of examplin in head injury, number {number}."
    sections = "".join(f'<AbstractText Label="{label}">{text}</AbstractText>' for label, text in abstract)
    body = f"<Abstract>{sections}</Abstract>" if abstract else ""
    return (
        '<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM">'
        f'<PMID Version="1">{pmid}</PMID><Article PubModel="Print"><Journal><JournalIssue CitedMedium="Print">'
        f"<Volume>1</Volume><PubDate><Year>{year}</Year></PubDate></JournalIssue><Title>J Example</Title></Journal>"
        f"<ArticleTitle>{title}</ArticleTitle><Pagination><MedlinePgn>{number}-{number + 5}</MedlinePgn></Pagination>"
        f"{body}<AuthorList><Author><LastName>Example</LastName><Initials>A</Initials></Author></AuthorList>"
        '<Language>eng</Language><PublicationTypeList><PublicationType UI="D016428">Journal Article'
        "</PublicationType></PublicationTypeList></Article><MedlineJournalInfo><MedlineTA>J Example</MedlineTA>"
        f"</MedlineJournalInfo>{extra}</MedlineCitation><PubmedData><PublicationStatus>ppublish</PublicationStatus>"
        f'<ArticleIdList><ArticleId IdType="pubmed">{pmid}</ArticleId></ArticleIdList></PubmedData></PubmedArticle>'
    ).encode()


def document(*records):
    """Records as one reply or file."""
    return b'<?xml version="1.0"?>\n<PubmedArticleSet>' + b"\n".join(records) + b"</PubmedArticleSet>\n"
