"""A small PubMed that lives: made-up records are added, revised, retracted, lost and deleted, and a server serves them.

    pubmed = MadeUpPubmed()
    pubmed.add(1, title="Examplin in stroke.", entered="2019-03-02")
    with pubmed.server() as server: ...
    pubmed.change(1, mesh=("Stroke",), revised="2026-11-20")

Every record is valid against PubMed's DTD (a test says so) and obviously made up: PMIDs from 90000001, "J Example".
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from eutils_server import EutilsServer
from papers import FIRST_PMID
from reftrack import pubmed as parser
from reftrack.matching import compile_term

KINDS = {
    "Journal Article": "D016428",
    "Retracted Publication": "D016441",
    "Retraction of Publication": "D016440",
    "Published Erratum": "D016425",
    "Randomized Controlled Trial": "D016449",
}


@dataclass(frozen=True)
class Entry:
    """What PubMed has of a paper today."""

    number: int
    title: str
    abstract: str = ""
    mesh: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("Journal Article",)
    links: tuple[tuple[str, str, int | None], ...] = ()
    """(RefType, RefSource, PMID or None) of CommentsCorrections."""
    entered: str = "2020-01-15"
    revised: str = "2020-02-01"
    completed: str = ""
    status: str = "MEDLINE"
    year: str = "2020"
    version: int = 1

    @property
    def pmid(self):
        return FIRST_PMID - 1 + self.number

    @property
    def xml(self):
        return _RECORD.format(
            e=self,
            revised=_date("DateRevised", self.revised),
            completed=_date("DateCompleted", self.completed) if self.completed else "",
            abstract=f"<Abstract><AbstractText>{self.abstract}</AbstractText></Abstract>" if self.abstract else "",
            kinds="".join(f'<PublicationType UI="{KINDS[k]}">{k}</PublicationType>' for k in self.kinds),
            links=_list("CommentsCorrectionsList", map(_link, self.links)),
            mesh=_list("MeshHeadingList", (_HEADING.format(name) for name in self.mesh)),
            keywords=_list("KeywordList", (_KEYWORD.format(k) for k in self.keywords), ' Owner="NOTNLM"'),
            history=f"<History>{_date('PubMedPubDate', self.entered, _ENTERED)}</History>" if self.entered else "",
        ).encode()


_ENTERED = ' PubStatus="pubmed"'
_HEADING = '<MeshHeading><DescriptorName UI="D009999" MajorTopicYN="N">{}</DescriptorName></MeshHeading>'
_KEYWORD = '<Keyword MajorTopicYN="N">{}</Keyword>'
_RECORD = (
    '<PubmedArticle><MedlineCitation Status="{e.status}" Owner="NLM"><PMID Version="{e.version}">{e.pmid}</PMID>'
    '{completed}{revised}<Article PubModel="Print"><Journal><JournalIssue CitedMedium="Print"><Volume>1</Volume>'
    "<PubDate><Year>{e.year}</Year></PubDate></JournalIssue><Title>J Example</Title>"
    "<ISOAbbreviation>J Example</ISOAbbreviation></Journal><ArticleTitle>{e.title}</ArticleTitle>"
    "<Pagination><MedlinePgn>{e.number}</MedlinePgn></Pagination>{abstract}"
    "<AuthorList><Author><LastName>Example</LastName><Initials>A</Initials></Author></AuthorList>"
    "<Language>eng</Language><PublicationTypeList>{kinds}</PublicationTypeList></Article>"
    "<MedlineJournalInfo><MedlineTA>J Example</MedlineTA></MedlineJournalInfo>{links}{mesh}{keywords}"
    "</MedlineCitation><PubmedData>{history}<PublicationStatus>ppublish</PublicationStatus>"
    '<ArticleIdList><ArticleId IdType="pubmed">{e.pmid}</ArticleId></ArticleIdList></PubmedData></PubmedArticle>'
)


def _date(element, iso, attributes=""):
    year, month, day = iso.split("-")
    return f"<{element}{attributes}><Year>{year}</Year><Month>{month}</Month><Day>{day}</Day></{element}>"


def _link(link):
    kind, source, pmid = link
    number = f'<PMID Version="1">{pmid}</PMID>' if pmid else ""
    return f'<CommentsCorrections RefType="{kind}"><RefSource>{source}</RefSource>{number}</CommentsCorrections>'


def _list(element, parts, attributes=""):
    inside = "".join(parts)
    return f"<{element}{attributes}>{inside}</{element}>" if inside else ""


class MadeUpPubmed:
    """The records of the day and the searches over them, for an EutilsServer."""

    def __init__(self):
        self.entries: dict[int, Entry] = {}
        self.records: dict[int, bytes] = {}
        self.unserved: set[int] = set()
        """PMIDs that the search lists and EFetch does not serve."""

    def add(self, number, title, **values):
        self._put(Entry(number, title, **values))

    def change(self, number, *, revised="", **values):
        """A new state of a paper; its DateRevised is today unless told otherwise."""
        today = datetime.now(UTC).date().isoformat()
        self._put(replace(self.entries[FIRST_PMID - 1 + number], revised=revised or today, **values))

    def retract(self, number, notice, *, revised=""):
        """The journal retracts a paper: publication type, title and link change together, as NLM does it."""
        entry = self.entries[FIRST_PMID - 1 + number]
        self.change(
            number,
            revised=revised,
            title=f"RETRACTED: {entry.title}",
            kinds=(*entry.kinds, "Retracted Publication"),
            links=(*entry.links, ("RetractionIn", "J Example. 2026;7:77", FIRST_PMID - 1 + notice)),
        )

    def delete(self, number):
        pmid = FIRST_PMID - 1 + number
        del self.entries[pmid], self.records[pmid]

    def search(self, term):
        """PubMed's search, over the records of this moment."""
        finds = compile_term(term)
        return [pmid for pmid, entry in self.entries.items() if finds(parser.parse(entry.xml))]

    def server(self, **options):
        return EutilsServer(self.records, self.search, **options)

    def _put(self, entry):
        self.entries[entry.pmid] = entry
        if entry.pmid not in self.unserved:
            self.records[entry.pmid] = entry.xml
