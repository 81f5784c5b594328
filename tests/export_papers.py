"""Made-up papers, one for each thing that an export can get wrong, and readers for what comes out.

No record here exists: the PMIDs lie beyond PubMed's, the journal is "J Example".
"""

import gzip
import re
import unicodedata
from functools import cache

import bibtexparser
from anyascii import anyascii
from pybtex.database import parse_string
from pylatexenc.latex2text import LatexNodes2Text

from reftrack.errors import RecordError
from reftrack.export import FORMATS, Options, citation_key, next_key
from reftrack.model import (
    Author,
    Book,
    Correction,
    FiledTag,
    Heading,
    HeldPaper,
    Keyword,
    Paper,
    PubDate,
    PublicationType,
    Section,
)
from reftrack.pubmed import cut, parse

JOURNAL = "Journal of examples (Exampletown, Ex. : 1950)"


def paper(pmid=90000001, **fields):
    """A complete, dull article; `fields` make it interesting."""
    common = {
        "title": "A dull title.",
        "authors": (Author("Example", "Ada B", "AB"),),
        "journal": JOURNAL,
        "journal_abbreviation": "J Example",
        "volume": "12",
        "issue": "3",
        "pages": "123-128",
        "date": PubDate("2016 Jan 5", 2016, 1, 5),
        "doi": f"10.1000/example.{pmid}",
        "issn": "1234-5679",
        "languages": ("eng",),
    }
    return Paper(pmid=pmid, **(common | fields))


def held(key, record, tags=(), **about):
    """The paper as a library holds it, with these slugs as its tags."""
    return HeldPaper(paper=record, key=key, tags=tuple(FiledTag("outcome", slug) for slug in tags), **about)


def entry(key="example2016", tags=(), **fields):
    return held(key, paper(**fields), tags)


def written(name, *papers, **options):
    """The whole file that an export makes of these papers."""
    pieces = list(FORMATS[name].write(papers, Options(**options)))
    return (b"" if pieces and isinstance(pieces[0], bytes) else "").join(pieces)


def bibtex(*papers, **options):
    return written("bibtex", *papers, **options)


WAYS = {
    "bibtex": ("bibtex", {}),
    "bibtex ascii": ("bibtex", {"ascii": True}),
    "biblatex": ("biblatex", {}),
    "biblatex ascii": ("biblatex", {"ascii": True}),
}
"""Every way to write a .bib file: format and options."""


def bib(way, *papers, **options):
    """The .bib file of these papers, in one of WAYS."""
    name, own = WAYS[way]
    return written(name, *papers, **own, **options)


def fields_of(made_up=None, way="bibtex", options=None, **fields):
    """The raw fields of one exported paper, as bibtexparser splits them: value by name, delimiters kept."""
    text = bib(way, made_up or entry(**fields), **(options or {}))
    library = bibtexparser.parse_string(text, parse_stack=[])
    assert not library.failed_blocks
    return {field.key: field.value for field in library.entries[0].fields}


def value_of(name, **fields):
    """One field without its braces, "" if it is not there."""
    return fields_of(**fields).get(name, "{}")[1:-1]


def keys_by_pybtex(text):
    return list(parse_string(text, "bibtex").entries)


def keys_by_bibtexparser(text):
    library = bibtexparser.parse_string(text)
    assert not library.failed_blocks
    return [found.key for found in library.entries]


_COMMANDS = {
    r"{\textbackslash}": "\\",
    r"{\textbraceleft}": "\0",
    r"{\textbraceright}": "\1",
    r"{\textasciitilde}": "~",
    r"{\textasciicircum}": "^",
    r"\%": "%",
    r"\&": "&",
    r"\#": "#",
    r"\_": "_",
    r"\$": "$",
}
_COMMAND = re.compile("|".join(map(re.escape, _COMMANDS)))


def read_back(value):
    """What LaTeX prints for a value, in the few commands that an export may use; any other command stays visible."""
    markup = re.sub(r"\\text(?:it|bf|subscript|superscript)(?=\{)", "", value)
    text = _COMMAND.sub(lambda found: _COMMANDS[found[0]], markup)
    return text.replace("{", "").replace("}", "").replace("\0", "{").replace("\1", "}")


_LACKING = {
    r"{\textbraceleft}": "{",
    r"{\textbraceright}": "}",
    r"{\textquotedbl}": '"',
    r"{\textless}": "<",
    r"{\textgreater}": ">",
    r"{\ensuremath{|}}": "|",
}
_to_text = LatexNodes2Text(math_mode="text", strict_latex_spaces=True).latex_to_text


def read_back_ascii(value):
    """What LaTeX prints for a value in ASCII: pylatexenc's reading, in the few commands that it lacks helped out."""
    for number, command in enumerate(_LACKING, 0xE000):
        value = value.replace(command, chr(number))
    value = re.sub(r"\{\\textcommabelow (\w)\}", "\\1\u0326", value)
    text = _to_text(re.sub(r"\\text(?:it|bf|subscript|superscript)(?=\{)", "", value))
    return text.translate(dict(enumerate(_LACKING.values(), 0xE000)))


def folded(text):
    """`text` as it compares across encodings: no accents, no sub- and superscripts, one kind of quotes and dashes."""
    text = anyascii(unicodedata.normalize("NFKC", text))
    return re.sub(r"-+", "-", text.replace("''", '"').replace("`", "'"))


HOSTILE_TITLE = "\\input{/etc/passwd} \\write18{id} % gone}\n}\n@article{evil, title = {x}}\n@comment{ {{"

ENTRIES = (
    entry(
        "example2016",
        ("tbi", "rct"),
        title="Cerebrolysin in TBI and stroke (EXAMPLE-1): NF-κB, IL-6 and cooling to 5 °C.",
        authors=(
            Author("Mureșexample", "Dafin F", "DF"),
            Author("de la Example", "Ana", "A"),
            Author("O'Example", "Pat", "P", suffix="Jr"),
            Author("EXAMPLE Study Group, and Partners", collective=True),
        ),
        pmcid="PMC9000001",
        mesh=(Heading("Brain Injuries, Traumatic"), Heading("Humans")),
        keywords=(Keyword("humans"), Keyword("R&D")),
        abstract=(Section("BACKGROUND", "Half were better."), Section("", "50% were not.")),
    ),
    entry(
        "primer1998",
        pmid=90000002,
        title="[Treatment of example disease in Russia].",
        vernacular_title="Лечение болезни.",
        authors=(Author("Primer", "I I", "II"),),
        languages=("rus",),
        pages="123-8; discussion 129-30",
        date=PubDate("1998 Nov-Dec", 1998),
    ),
    entry(
        "example2019",
        pmid=90000003,
        title="RETRACTED: Examples in stroke.",
        publication_types=(PublicationType("Retracted Publication", "D016441"),),
        corrections=(
            Correction("RetractionIn", "J Example. 2020;16(1):99.", 90000004),
            Correction("CommentIn", "J Example. 2019;15(1):1", 90000005),
        ),
        date=PubDate("2019", 2019),
    ),
    entry(
        "editors2020",
        pmid=90000004,
        title="Retraction notice to: Examples in stroke.",
        authors=(Author("Editors of J Example", collective=True),),
        corrections=(Correction("RetractionOf", "J Example. 2019;15(1):1", 90000003),),
        publication_types=(PublicationType("Retraction of Publication", "D016440"),),
        pages="99-99",
        date=PubDate("2020 Feb", 2020, 2),
    ),
    entry(
        "example2021",
        pmid=90000005,
        title="Only an article number",
        pages="",
        article_number="e12345",
        date=PubDate("2021 Spring", 2021),
    ),
    entry(
        "example2022",
        pmid=90000006,
        type="chapter",
        title="A chapter on Parkinson's disease.",
        journal="",
        journal_abbreviation="",
        volume="",
        issue="",
        pages="",
        doi="",
        issn="",
        editors=(Author("Editor", "Eve", "E"),),
        book=Book("Handbook of MRI", "Example & Sons", "Exampletown (EX)", "2nd ed.", ("9783161484100",), "NBK9000001"),
    ),
    entry(
        "editor2023",
        pmid=90000007,
        type="book",
        title="Handbook of MRI",
        authors=(),
        journal="",
        journal_abbreviation="",
        volume="",
        issue="",
        pages="",
        doi="",
        issn="",
        editors=(Author("Editor", "Eve", "E"), Author("Editor", "Eli", "E")),
        book=Book("Handbook of MRI", "Example & Sons", "Exampletown (EX)", "2nd ed.", ("9783161484100",)),
    ),
    entry(
        "example2024",
        pmid=90000008,
        type="preprint",
        title="A preprint: the second half is still sentence case?",
        journal="exRxiv : the preprint server for examples",
        journal_abbreviation="exRxiv",
        volume="",
        issue="",
        pages="",
        issn="",
        date=PubDate("2024 May", 2024, 5),
    ),
    entry(
        "example2016a",
        pmid=90000009,
        title='50% of A_B & C #1 for $5 ~ 10^3 <x> "y" | z \\ {curly}',
        authors=(Author("Ex{ample", "A_B & C"),),
        journal="Brain & Development",
        doi="10.1000/a_b(c)1<2>3;x#4&5",
        keywords=(Keyword("50% {odd}"), Keyword("a_b")),
    ),
    entry(
        "example2016b",
        ("a\\b",),
        pmid=90000010,
        title=HOSTILE_TITLE,
        authors=(Author("Rock and Roll", "Anders and"), Author("others"), Author("Smith, PhD", "J")),
        journal="}\n@book{evil2, title = {y}}",
    ),
    entry(
        "example2016c",
        pmid=90000011,
        title="CO₂, H₂O and Ca²⁺ in Escherichia coli & p < 0.05.",
        title_markup="CO<sub>2</sub>, H<sub>2</sub>O and Ca<sup>2+</sup> in <i>Escherichia coli</i> &amp; "
        "<i>p</i> &lt; 0.05.",
    ),
    entry(
        "example2016d",
        pmid=90000012,
        title="Double-Blind, Placebo-Controlled Trial of NF-κB Inhibition in Patients With TBI: The CARS Study.",
    ),
    entry("example1998", pmid=90000013, title="EXAMPLES", date=PubDate("1998 Dec-1999 Jan", 1998), pages="S12-8"),
    entry(
        "titlend",
        pmid=90000014,
        title="[No title]",
        authors=(),
        journal="",
        journal_abbreviation="",
        volume="",
        issue="",
        pages="",
        doi="",
        issn="",
        languages=("und",),
        date=PubDate("n.d."),
    ),
    entry(
        "example2025",
        pmid=90000015,
        title="Does an erratum leave a trace in the U.S.?",
        authors=(Author("Example", "Ada"), Author("李", "小龍"), Author("Özgür", "Łukasz")),
        authors_complete=False,
        corrections=(Correction("ErratumIn", "J Example. 2026;1(1):1", 90000016),),
        languages=("eng", "fre", "ger"),
        date=PubDate(),
        electronic_date=PubDate("2025 03 09", 2025, 3, 9),
    ),
    entry(
        "mureexample2018",
        pmid=90000017,
        title="κ-Opioid and α-synuclein in Ștefan's Test: β₂-agonists, Δ9-THC and TNF-α at 37 °C.",
        authors=(
            Author("Mureșexample", "Ștefan Ț", "ȘȚ"),
            Author("Dvořák-Example", "Łucja", "Ł"),
            Author("Óexample", "Aoife"),
        ),
        date=PubDate("2018 Summer", 2018),
        pages="e123-8",
    ),
    entry(
        "groupexample2020",
        pmid=90000018,
        title="A trial by a group and another, for the EXAMPLE-2 Investigators…",
        authors=(Author("; for the EXAMPLE-2 and EXAMPLE-3 Investigators", collective=True),),
        date=PubDate("2020 Dec 31", 2020, 12, 31),
    ),
    entry(
        "example2014",
        pmid=90000019,
        title="An example that was doubted, corrected, updated and republished.",
        corrections=(
            Correction("ExpressionOfConcernIn", "J Example. 2015;1:2", 90000021),
            Correction("ErratumIn", "J Example. 2015;1:3"),
            Correction("UpdateIn", "J Example. 2016;2:4", 90000022),
            Correction("RepublishedIn", "J Other Example. 2016;9:9", 90000023),
        ),
        pages="431-e3",
        date=PubDate("2014 Jan-Feb", 2014),
    ),
    entry(
        "example2015",
        pmid=90000020,
        title="Retracted and republished: an example.",
        corrections=(Correction("RetractedandRepublishedIn", "J Example. 2017;3:5", 90000024),),
        publication_types=(PublicationType("Retracted Publication", "D016441"),),
        pages="vi-xii",
        date=PubDate("2015", 2015),
    ),
    entry(
        "ejemplo2003",
        pmid=90000025,
        title="[An invented example: yes or no].",
        vernacular_title="Un ejemplo inventado: sí o no.",
        authors=(
            Author("Ejemplo y Muestra", "José María", "JM"),
            Author("van der Example", "Pieter", "P", suffix="3rd"),
        ),
        languages=("spa", "eng"),
        pages="1-",
        date=PubDate("2003 Autumn", 2003),
    ),
    entry(
        "example1977",
        pmid=90000026,
        title="AN EXAMPLE OF THE SEVENTIES, WITH INITIALS ONLY",
        authors=(Author("EXAMPLE", "A B", "AB"), Author("SAMPLE", "", "CD"), Author("Specimen", "")),
        pages="123-123",
        medline_pgn="123",
        doi="",
        issue="",
        date=PubDate("1977", 1977),
    ),
    entry(
        "example2022a",
        pmid=90000027,
        type="chapter",
        title="Chapter 12: Examples of <brackets> & ampersands.",
        title_markup="Chapter 12: <b>Examples</b> of &lt;brackets&gt; &amp; <sup>a<sub>m</sub></sup>persands.",
        journal="",
        journal_abbreviation="",
        volume="",
        issue="",
        issn="",
        editors=(Author("Editor", "Eve", "E"), Author("EXAMPLE Book Committee", collective=True)),
        book=Book("The 3D example book: DNA to RNA", "Example Press", "", "", ("9783161484100", "9780306406157")),
        pages="105-109.e3",
        date=PubDate("2022 Mar 1", 2022, 3, 1),
    ),
    entry(
        "example2023",
        pmid=90000028,
        title="Many hands: an example with forty authors?!",
        authors=tuple(Author(f"Example{chr(97 + n % 26)}", f"Given {n}") for n in range(40)),
        pages="123-8; discussion 129-30, 140",
        keywords=(Keyword("a, b; c"), Keyword("=1+1"), Keyword("@x")),
        date=PubDate("2023 Nov 30-Dec 2", 2023),
    ),
    entry(
        "example2021a",
        pmid=90000029,
        title="-1 or +1? @example: “quoted” — dash, and …",
        journal="Journal & Review of A_B = C [Exampletown]",
        doi="10.1000/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2",
        volume="12 Suppl 1",
        issue="1-2",
        abstract=(Section("WHY?", "Because = + - @.", "BACKGROUND"), Section("", "And < 5 % of $10.")),
        date=PubDate("2021 Feb 29", 2021, 2),
    ),
    entry(
        "anonymous2011",
        pmid=90000030,
        title="News.",
        authors=(),
        volume="",
        issue="",
        pages="",
        article_number="CD009999",
        doi="",
        languages=("ger",),
        date=PubDate("2011 Nov", 2011, 11),
    ),
)


FILES = (
    "pubmed-xml/stroke-tbi-subset.xml.gz",
    "pubmed-xml/pubmedsample18n0001.xml.gz",
    "pubmed-xml/search-export-214-records.xml.gz",
    "pubmed-xml/medline16n0902-sample.xml.gz",
    "cerebrolysin/dev.xml",
    "cerebrolysin/records-mentioning-cerebrolysin.xml",
    "cerebrolysin/citations-only.xml",
)
"""Files of the corpus whose every record is exported."""
LARGE_FILES = ("pubmed-xml/pubmed20n0014.xml.gz", "pubmed-xml/pubmed21n1298.xml.gz")
"""Of these every twentieth record, and every odd one."""

_ODD = re.compile(
    rb"<CollectiveName|<Suffix|CompleteYN=.N|<ArticleTitle[^>]*>[^<]*(?:[{}\\\\~^%$#_|]|&[^a]|<[^/]|</ArticleTitle></)"
    rb"|<ArticleTitle/>|<Season|Retract|<Title/>|<PubmedBookArticle"
)


@cache
def real_entries(path):
    """The records of a corpus file, of a large one a sample, as a list."""
    large = path.name in {name.rpartition("/")[2] for name in LARGE_FILES}
    return list(entries_of(path, lambda number, xml: not large or number % 20 == 0 or _ODD.search(xml)))


def entries_of(path, wanted=lambda _number, _xml: True):
    """The records of a corpus file that can be read, under the keys that a library would give."""
    opened = gzip.open if path.suffix == ".gz" else open
    taken = set()
    with opened(path, "rb") as file:
        for number, record in enumerate(cut(iter(lambda: file.read(65536), b""))):
            if record.name.startswith("Delete") or not wanted(number, record.xml):
                continue
            try:
                made = parse(record.xml)
            except RecordError:
                continue
            key = next_key(citation_key(made), taken)
            taken.add(key)
            yield held(key, made, ("tbi",))
