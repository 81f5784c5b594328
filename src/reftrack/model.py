"""The nouns: Query, Paper and Tag, and the small values they are made of.

Everything here is frozen, compared by value, and knows nothing of files, SQL, HTTP or XML.
Text is Unicode in NFC with single spaces; "" means "the record does not say"; None is used for
numbers only. Names follow the PubMed DTD (https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd).
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from .citation import Decision, Verdict, settled
from .indexing import MARKS, Indexing, standing
from .notices import ALERTS, FROM_PUBLICATION_TYPE, NOTICE_TYPES, PUBLICATION_TYPES, RETRACTING, unsaid

PaperType = Literal["article", "book", "chapter", "preprint"]
TagState = Literal["tagged", "possible"]
HandVerdict = Literal["add", "remove"]

DEFAULT_MAX_HITS = 5000
"""A saved query that finds more than this is refused before fetching, unless it sets `max` itself."""


class Query(Struct, frozen=True, gc=False):
    """A saved query, read from `queries/NAME.toml`."""

    name: str
    title: str
    term: str
    """PubMed syntax, exactly as written in the file; layout is kept."""
    note: str = ""
    known: tuple[int, ...] = ()
    """PMIDs the query must find."""
    max_hits: int = DEFAULT_MAX_HITS


class Author(Struct, frozen=True, gc=False):
    """A person or a group, in the order of the record."""

    family: str
    """LastName; for a group its CollectiveName."""
    given: str = ""
    """ForeName, verbatim."""
    initials: str = ""
    suffix: str = ""
    collective: bool = False
    orcid: str = ""
    """`0000-0002-1825-0097` when the checksum holds, else what the record says, verbatim."""
    affiliations: tuple[str, ...] = ()
    equal: bool = False
    """EqualContrib="Y"."""

    @property
    def forename(self) -> str:
        """The given names; initials apart, as PubMed's ForeName has them (`M N`), or a style would take MN for one."""
        if not self.given or (self.given == self.initials and self.given.isupper()):
            return " ".join(self.initials) if self.initials.isalpha() else self.initials
        return self.given

    @property
    def short(self) -> str:
        """`Family Initials Suffix`, as PubMed lists authors; a group is its name."""
        return " ".join(part for part in (self.family, self.initials, self.suffix) if part)


class Section(Struct, frozen=True, gc=False):
    """One part of an abstract; `label` is the journal's word, `category` NLM's reading of it."""

    label: str
    text: str
    category: str = ""


class OtherAbstract(Struct, frozen=True, gc=False):
    """A further abstract: another language, or a plain-language or sponsor's version."""

    kind: str
    language: str
    sections: tuple[Section, ...]


class PubDate(Struct, frozen=True, gc=False):
    """When the issue (or book) appeared.

    `text` is the record's own wording ("2010 Nov-Dec"); the numbers are only what it says beyond doubt:
    the first year of a range, a month only if there is exactly one, never an invented day.
    """

    text: str = ""
    year: int | None = None
    month: int | None = None
    day: int | None = None


class Qualifier(Struct, frozen=True, gc=False):
    """A MeSH subheading."""

    name: str
    ui: str = ""
    major: bool = False


class Heading(Struct, frozen=True, gc=False):
    """A MeSH heading with its subheadings."""

    name: str
    ui: str = ""
    major: bool = False
    """The descriptor itself is a major topic; `is_major` also asks the subheadings."""
    qualifiers: tuple[Qualifier, ...] = ()

    @property
    def is_major(self) -> bool:
        """Whether PubMed's [majr] finds this heading."""
        return self.major or any(qualifier.major for qualifier in self.qualifiers)


class PublicationType(Struct, frozen=True, gc=False):
    """NLM's word for what kind of publication this is; `ui` as D016449."""

    name: str
    ui: str = ""


class Keyword(Struct, frozen=True, gc=False):
    """An author's or NLM's keyword; `owner` is NOTNLM for authors' own."""

    name: str
    major: bool = False
    owner: str = ""


class Substance(Struct, frozen=True, gc=False):
    """A chemical of the ChemicalList, or a supplementary concept (then `kind` is its Type)."""

    name: str
    ui: str = ""
    registry_number: str = ""
    kind: str = "Chemical"


class Grant(Struct, frozen=True, gc=False):
    """Who paid, under which number."""

    number: str = ""
    acronym: str = ""
    agency: str = ""
    country: str = ""


class Accession(Struct, frozen=True, gc=False):
    """An entry in a databank that the record names: ("ClinicalTrials.gov", "NCT00868283")."""

    databank: str
    number: str


class Correction(Struct, frozen=True, gc=False):
    """A CommentsCorrections link; `kind` is PubMed's RefType ("RetractionIn", "ErratumFor", "CommentOn"...)."""

    kind: str
    citation: str = ""
    pmid: int | None = None
    note: str = ""


class Notice(Struct, frozen=True, gc=False):
    """A typed notice on a paper, as `--notice` and the JSON name it; `notices` has the types and their words."""

    type: str
    pmid: int | None
    """Of the other paper: the notice of this one, or what this one is the notice of."""
    source: str
    """Where the other paper stands, as the record cites it, or "publication type" if only that tells of it."""


class Book(Struct, frozen=True, gc=False):
    """The book a PubmedBookArticle is, or is a part of."""

    title: str = ""
    publisher: str = ""
    place: str = ""
    edition: str = ""
    isbns: tuple[str, ...] = ()
    accession: str = ""
    """NCBI Bookshelf id, as NBK1116."""


class Paper(Struct, frozen=True, gc=False, kw_only=True):
    """One PubMed record: an article, a preprint, a book or a chapter of one."""

    pmid: int
    version: int = 1
    type: PaperType = "article"
    title: str = ""
    """Plain text, never empty: the vernacular title or "[No title]" stand in (see pubmed)."""
    title_markup: str = ""
    """The title with its <i> <b> <sub> <sup> <u>, only where it has any; MathML is reduced to its text."""
    vernacular_title: str = ""
    authors: tuple[Author, ...] = ()
    authors_complete: bool = True
    editors: tuple[Author, ...] = ()
    journal: str = ""
    journal_abbreviation: str = ""
    """ISOAbbreviation, else MedlineTA."""
    medline_ta: str = ""
    nlm_id: str = ""
    issn: str = ""
    """The linking ISSN."""
    issn_print: str = ""
    issn_electronic: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    """Full form, as 123-128; the parts of a list as the record orders them."""
    medline_pgn: str = ""
    """MedlinePgn, verbatim, as 123-8."""
    article_number: str = ""
    """e12345, CD007026: a place in the volume that is not a page range."""
    date: PubDate = PubDate()
    electronic_date: PubDate = PubDate()
    """ArticleDate, when the paper appeared online."""
    doi: str = ""
    pmcid: str = ""
    pii: str = ""
    languages: tuple[str, ...] = ()
    """MEDLINE codes: eng, rus, und."""
    abstract: tuple[Section, ...] = ()
    abstract_copyright: str = ""
    other_abstracts: tuple[OtherAbstract, ...] = ()
    mesh: tuple[Heading, ...] = ()
    publication_types: tuple[PublicationType, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    substances: tuple[Substance, ...] = ()
    grants: tuple[Grant, ...] = ()
    accessions: tuple[Accession, ...] = ()
    corrections: tuple[Correction, ...] = ()
    """Every CommentsCorrections but Cites, which is among the references."""
    references: tuple[int, ...] = ()
    """PMIDs of the reference list, each once, in order."""
    conflict_of_interest: str = ""
    status: str = ""
    """MedlineCitation/@Status: Publisher, In-Process, MEDLINE, PubMed-not-MEDLINE..."""
    indexing_method: str = ""
    publication_status: str = ""
    """ppublish, epublish, aheadofprint."""
    entered: str = ""
    """ISO date the record entered PubMed (History: pubmed, else entrez), for [edat]."""
    revised: str = ""
    """ISO date of DateRevised."""
    completed: str = ""
    """ISO date of DateCompleted: indexing was finished."""
    book: Book | None = None

    @property
    def affiliations(self) -> tuple[str, ...]:
        """Where its authors work, each place once, in the authors' order."""
        return tuple({place: None for author in self.authors for place in author.affiliations})

    @property
    def indexing(self) -> Indexing:
        """Whether NLM has indexed the record, is still to do it, or will not: preprints, books, other journals."""
        return standing(self.status, headings=bool(self.mesh), completed=bool(self.completed))

    @property
    def restated(self) -> bool:
        """Whether the abstract is not the published one but our words in its place."""
        return bool(self.abstract) and self.abstract_copyright.startswith(RESTATED)

    @property
    def retracted(self) -> bool:
        """Whether this paper itself was retracted, also if it was republished; a notice of retraction is not.

        Publication type and link do not always agree, so either suffices (NLM, "Errata, Retractions").
        """
        return any(NOTICE_TYPES.get(link.kind) in RETRACTING for link in self.corrections) or any(
            (PUBLICATION_TYPES.get(kind.ui) or PUBLICATION_TYPES.get(kind.name)) in RETRACTING
            for kind in self.publication_types
        )

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What PubMed says happened to this paper or what it is a notice of, typed, each once.

        Links come in the order of the record; then what only a publication type tells of, without a PMID.
        """
        found: dict[tuple[str, object], Notice] = {}
        for link in self.corrections:
            kind = NOTICE_TYPES.get(link.kind, link.kind)
            found.setdefault((kind, link.pmid or link.citation), Notice(kind, link.pmid, link.citation))
        told = unsaid(((kind.ui, kind.name) for kind in self.publication_types), (kind for kind, _ in found))
        return (*found.values(), *(Notice(kind, None, FROM_PUBLICATION_TYPE) for kind in told))

    @property
    def alerts(self) -> tuple[Notice, ...]:
        """The notices that the reader of this paper must know of, most severe first."""
        rank = {kind: place for place, kind in enumerate(ALERTS)}
        return tuple(
            sorted((notice for notice in self.notices if notice.type in rank), key=lambda notice: rank[notice.type])
        )

    @property
    def registry_ids(self) -> tuple[str, ...]:
        """Trial registry numbers that the record itself names (DataBankList), each once."""
        return tuple(dict.fromkeys(entry.number for entry in self.accessions if entry.databank in TRIAL_REGISTRIES))


RESTATED = "Restated by the reftrack project"
"""How the copyright line of an abstract begins that the shipped sample has in place of the published one."""

TRIAL_REGISTRIES = frozenset(
    {
        "ANZCTR",
        "ChiCTR",
        "ClinicalTrials.gov",
        "CRiS",
        "CTRI",
        "DRKS",
        "EudraCT",
        "IRCT",
        "ISRCTN",
        "JapicCTI",
        "jRCT",
        "JMACCT",
        "NTR",
        "PACTR",
        "ReBec",
        "REPEC",
        "RPCEC",
        "SLCTR",
        "TCTR",
        "UMIN CTR",
        "UMIN-CTR",
    }
)
"""DataBankName values that are trial registries (https://www.nlm.nih.gov/bsd/medline_databank_source.html)."""


class Evidence(Struct, frozen=True, gc=False):
    """What a rule tag rests on: `quote` stands at `start:end` (characters) of the named field's text."""

    rule: str
    field: str
    """title, vernacular_title, abstract, keyword, mesh, publication_type, substance, journal, correction, tag;
    conflict_of_interest, grant (its agency) and affiliation, of which `part` counts the paper's `affiliations`."""
    section: str = ""
    """For an abstract the section's label as the record has it, "" where it has none."""
    part: int = 0
    """Which abstract section, keyword or heading: its index in the paper's tuple. Offsets count inside that part."""
    start: int = 0
    end: int = 0
    quote: str = ""
    weight: float = 0.0
    """What this hit added to the score, the section's factor included; 0 for a masked one."""
    masked: str = ""
    """The mask that blanked this hit; "" for a hit that counts."""

    @property
    def is_mark(self) -> bool:
        """Whether it speaks for its tag and is not the paper's own words."""
        return self.field in MARKS and self.weight > 0 and not self.masked

    @property
    def words(self) -> str:
        """A mark as a reader knows it: "publication type Randomized Controlled Trial", "MeSH Stroke"."""
        return f"{'MeSH' if self.field == 'mesh' else self.field.replace('_', ' ')} {self.quote}"


class Tag(Struct, frozen=True, gc=False):
    """What the rules say of one paper: facet/slug, how strongly, and on what evidence."""

    facet: str
    slug: str
    state: TagState = "tagged"
    score: float = 0.0
    threshold: float = 0.0
    primary: bool = False
    """The one of an exclusive facet (study) that a paper is filed under."""
    evidence: tuple[Evidence, ...] = ()

    @property
    def marks(self) -> tuple[Evidence, ...]:
        """The evidence that is not the paper's own words: headings, publication types, substances, links.

        A tag without any rests on the text alone; on a paper that NLM has not indexed yet it is provisional.
        """
        return tuple(entry for entry in self.evidence if entry.is_mark)


class TagDefinition(Struct, frozen=True, gc=False):
    """An entry of the tag vocabulary."""

    slug: str
    facet: str
    label: str
    parent: str = ""
    aliases: tuple[str, ...] = ()
    rank: int = 0
    """In an exclusive facet the lower rank is the stronger claim to be primary; 0: never primary."""


class HandTag(Struct, frozen=True, gc=False):
    """A person's decision on one tag of one paper. No refetch or retag may touch it."""

    pmid: int
    slug: str
    verdict: HandVerdict
    because: str = ""
    who: str = ""
    at: str = ""
    """ISO 8601, UTC."""


class Record(Struct, frozen=True, gc=False):
    """One child of a PubMed document, cut out of it: the element's name and its bytes, UTF-8."""

    name: str
    xml: bytes


class FiledTag(Struct, frozen=True, gc=False):
    """A tag a paper really carries: what the rules say, corrected by hand."""

    facet: str
    slug: str
    primary: bool = False
    source: Literal["rule", "hand"] = "rule"


class HeldPaper(Struct, frozen=True, gc=False, kw_only=True):
    """A paper with everything the library knows about it beyond the record."""

    paper: Paper
    key: str
    """The citation key: given once, never moved."""
    tags: tuple[FiledTag, ...] = ()
    queries: tuple[str, ...] = ()
    first_seen: str = ""
    """ISO 8601, UTC."""
    source: str = ""
    """Where the record came from: pubmed, sample, or a file's name."""
    deleted: str = ""
    """Since when PubMed no longer serves the record (deleted or merged: the two look alike); ISO 8601, UTC."""
    decisions: tuple[Decision, ...] = ()
    """Of every reader who decided whether the paper belongs to the review, by name."""
    labels: tuple[str, ...] = ()
    """Words that readers sorted it by in another program, each once."""
    note: str = ""
    """What people wrote about it, a paragraph each; lines are kept."""

    @property
    def study(self) -> str:
        """The study type the paper is filed under, "" where none is known."""
        return next((tag.slug for tag in self.tags if tag.facet == "study" and tag.primary), "")

    @property
    def decision(self) -> Verdict | None:
        """What the readers decided; None while nobody has, or while they do not agree and there is no consensus."""
        return settled(self.decisions)


RunStatus = Literal["running", "complete", "partial", "failed", "interrupted"]
Bucket = Literal["new", "late", "changed", "indexed", "notice", "retracted", "left", "missing", "deleted", "stored"]


class Event(Struct, frozen=True, gc=False):
    """What one run says of one paper, and why."""

    run: int
    query: str
    at: str
    """When the run started; ISO 8601, UTC."""
    pmid: int
    bucket: Bucket
    reason: str = ""
    """For a person; "" where the bucket says all."""


class Change(Struct, frozen=True, gc=False):
    """One field of a held record that PubMed changed. The former record itself is kept as well."""

    run: int
    """The run that brought the change."""
    at: str
    """When the change was stored; ISO 8601, UTC."""
    pmid: int
    field: str
    """The name of a field of Paper."""
    before: tuple[str, ...]
    """One text for a plain field, a text a part for a list: headings, authors, sections."""
    after: tuple[str, ...]


class Run(Struct, frozen=True, gc=False, kw_only=True):
    """One line of the ledger: what was asked, what came, and what it changed. Papers are named by PMID."""

    run: int
    query: str
    source: str
    status: RunStatus
    term: str
    translation: str = ""
    warnings: tuple[str, ...] = ()
    count: int = 0
    """How many papers the source said the query finds."""
    received: int = 0
    """How many of them are held when the run ends."""
    new: tuple[int, ...] = ()
    """Found for the first time, and not in PubMed when the query last ran. Told by complete runs only, as `late` is."""
    late: tuple[int, ...] = ()
    """Found for the first time although PubMed had them when the query last ran."""
    changed: tuple[int, ...] = ()
    """Held before, and some field differs now; what a notice alone brings (`notice`) is not counted here."""
    indexed: tuple[int, ...] = ()
    """Those of `changed` that NLM indexed meanwhile."""
    notice: tuple[int, ...] = ()
    """Held before, and gained a notice: retraction, concern, erratum, update..."""
    retracted: tuple[int, ...] = ()
    """Those of `notice` that were not retracted before and are now."""
    left: tuple[int, ...] = ()
    """Found by the last complete run, served by PubMed still, and not found any more. Told by complete runs only."""
    missing: tuple[int, ...] = ()
    """Asked for and not received, or (then also in `deleted`) held and no longer served by PubMed."""
    deleted: tuple[int, ...] = ()
    """Held, and PubMed no longer serves them."""
    stored: tuple[int, ...] = ()
    """New to the query and stored by a run that is not complete: the next complete run tells them as new or late."""
    details: tuple[Event, ...] = ()
    """What is to be said of these papers beyond their bucket."""
    asked: int = 0
    """How many records were asked for: unseen, changed, due for a look, or no longer found."""
    changes_since: str = ""
    """From which day on PubMed was asked what it had changed; "" if it was not asked."""
    server: str = ""
    """The host that answered; "" for files."""
    requests: int = 0
    started: str = ""
    finished: str | None = None
    version: str = ""
    problem: str = ""
    """Why the run is not complete, in a sentence."""
    ids_sha256: str = ""
    """Of the PMIDs the query found: ascending, in decimal, one a line."""
