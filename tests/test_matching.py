"""PubMed syntax over held papers: every rule of the User Guide that we claim, as a query, a paper and an answer."""

import pytest

from papers import paper
from reftrack import matching
from reftrack.model import (
    Accession,
    Author,
    Book,
    Correction,
    Grant,
    Heading,
    Keyword,
    OtherAbstract,
    PubDate,
    PublicationType,
    Qualifier,
    Section,
    Substance,
)


def finds(term, **values):
    return matching.compile_term(term)(paper(**values))


def texts(title="", *sections, **values):
    return {"title": title, "abstract": tuple(Section("", text) for text in sections), "authors": (), **values}


TRIAL = texts(
    "Effects after stroke: a made-up trial",
    "Examplin™: rats had a hypoxic-ischemic brain injury. Alzheimer's disease was not studied.",
    "TNF-α and β-amyloid fell; Müller's naïve score rose (p<0.05).",
    keywords=(Keyword("neuroprotection agents"),),
)

# In each row: what is asked of TRIAL, and whether it is found.
WORDS = {
    "a word": ("stroke[tiab]", True),
    "upper case": ("STROKE[TIAB]", True),
    "part of a word is no word": ("strok[tiab]", False),
    "a word inside a word": ("schemic[tiab]", False),
    "space before the tag": ("stroke [tiab]", True),
    "long name of a tag": ("stroke[Title/Abstract]", True),
    "title only": ("stroke[ti]", True),
    "the abstract is not the title": ("rats[ti]", False),
    "the abstract alone": ("rats[ab]", True),
    "the title is not the abstract": ("effects[ab]", False),
    "author keywords belong to tiab": ("neuroprotection[tiab]", True),
    "author keywords alone": ('"neuroprotection agents"[ot]', True),
    "quoted phrase": ('"brain injury"[tiab]', True),
    "phrase by its tag": ("brain injury[tiab]", True),
    "phrase in the other order": ('"injury brain"[tiab]', False),
    "phrase with a gap": ('"rats brain"[tiab]', False),
    "phrase over a section's end": ('"studied tnf"[tiab]', False),
    "phrase from title to abstract": ('"trial rats"[tiab]', False),
    "phrase over a full stop": ('"injury alzheimer"[tiab]', True),
    "hyphen read as space": ('"hypoxic ischemic"[tiab]', True),
    "hyphen in the query": ("made-up[ti]", True),
    "hyphen makes a phrase": ("up-made[ti]", False),
    "half of a hyphenated word": ("hypoxic[tiab]", True),
    "apostrophe": ('"alzheimer\'s disease"[tiab]', True),
    "typographic apostrophe": ("alzheimer’s disease[tiab]", True),
    "without what follows the apostrophe": ("alzheimer[tiab]", True),
    "accents folded": ("muller[tiab]", True),
    "accents in the query only": ("stróke[tiab]", True),
    "Greek letter spelled out": ('"TNF-alpha"[tiab]', True),
    "Greek letter as such": ("β amyloid[tiab]", True),
    "trade mark sign": ("examplin[tiab]", True),
    "numbers split at the point": ('"p<0.05"[tiab]', True),
    "truncation": ("neuroprot*[tiab]", True),
    "truncation of nothing": ("stroke*[tiab]", True),
    "truncation from the start of a word only": ("troke*[tiab]", False),
    "truncated phrase": ('"brain injur*"[tiab]', True),
    "truncated phrase by its tag": ("brain injur*[tiab]", True),
    "truncated hyphenated phrase": ("brain-inju*[tiab]", True),
    "truncation does not reach the words before": ('"brai injur*"[tiab]', False),
    "tag on its own line": ("stroke\n\t[tiab]", True),
    "phrase over lines": ('"brain\n   injury"[tiab]', True),
    "untagged word": ("stroke", True),
    "untagged words are ANDed": ("stroke rats", True),
    "untagged words must all be there": ("stroke mice", False),
    "untagged stopwords are ignored": ("stroke of the rats with", True),
    "untagged quoted phrase": ('"brain injury"', True),
    "untagged quoted words in another order": ('"injury brain"', False),
    "untagged hyphenated phrase": ("injury-brain", False),
    "only stopwords": ("the of", False),
}


@pytest.mark.parametrize(("term", "expected"), WORDS.values(), ids=WORDS)
def test_words(term, expected):
    """Words and phrases are found as the guide says, case, accents and punctuation aside."""
    assert finds(term, **TRIAL) is expected


# Which of the words a, b, c, d stand in the title; the answer follows from reading left to right.
LOGIC = {
    "AND": ("a[ti] AND b[ti]", "a b", True),
    "AND wants both": ("a[ti] AND b[ti]", "a", False),
    "OR": ("a[ti] OR b[ti]", "b", True),
    "OR wants one": ("a[ti] OR b[ti]", "c", False),
    "NOT": ("a[ti] NOT b[ti]", "a", True),
    "NOT excludes": ("a[ti] NOT b[ti]", "a b", False),
    "OR before AND: left first": ("a[ti] OR b[ti] AND c[ti]", "a", False),
    "AND has no precedence": ("a[ti] OR b[ti] AND c[ti]", "a c", True),
    "AND before OR": ("a[ti] AND b[ti] OR c[ti]", "c", True),
    "NOT holds for all before it": ("a[ti] OR b[ti] NOT c[ti]", "a c", False),
    "OR after NOT": ("a[ti] NOT b[ti] OR c[ti]", "a b c", True),
    "OR after a true one": ("a[ti] OR b[ti] OR c[ti] NOT d[ti]", "a", True),
    "brackets": ("a[ti] OR (b[ti] AND c[ti])", "a", True),
    "nested brackets": ("((a[ti] OR (b[ti])) AND (c[ti] NOT d[ti]))", "b c", True),
    "brackets around NOT": ("a[ti] NOT (b[ti] AND c[ti])", "a b", True),
    "neighbours are ANDed": ("a[ti] b[ti]", "a b", True),
    "neighbours must both be there": ("a[ti] b[ti]", "a", False),
    "a bracket beside a term": ("a[ti] (b[ti] OR c[ti])", "a", False),
    "brackets without spaces": ("(a[ti])OR(b[ti])", "b", True),
    "ampersand": ("a[ti] & b[ti]", "a", False),
    "pipe": ("a[ti] | b[ti]", "b", True),
    "AND NOT": ("a[ti] AND NOT b[ti]", "a b", False),
    "lower-case or between terms": ("a[ti] or b[ti]", "b", True),
    "lower-case and between terms": ("a[ti] and b[ti]", "b", False),
    "lower-case not between terms": ("a[ti] not b[ti]", "a b", False),
    "capitalised Or after a bracket": ("(a[ti]) Or (b[ti])", "b", True),
    "lower-case or between bare words": ("a12 or b34", "b34", True),
    "lower-case or in a phrase is a word": ("x or y[ti]", "x or y", True),
    "lower-case or in a phrase is no operator": ("x or y[ti]", "y", False),
    "operator in quotes is a word": ('"x AND y"[ti]', "x and y", True),
    "operators over lines": ("a[ti]\n  AND\n\nb[ti]\n", "a b", True),
}


@pytest.mark.parametrize(("term", "title", "expected"), LOGIC.values(), ids=LOGIC)
def test_operators(term, title, expected):
    """Operators apply from left to right; only brackets change that."""
    assert finds(term, **texts(title)) is expected


NEAR = {
    "adjacent": ('"hip pain"[ti:~0]', "hip pain", True),
    "any order": ('"pain hip"[ti:~0]', "hip pain", True),
    "one word between, none allowed": ('"hip pain"[ti:~0]', "hip joint pain", False),
    "one word between, one allowed": ('"hip pain"[ti:~1]', "hip joint pain", True),
    "hyphen counts as a space": ('"hip pain"[ti:~1]', "hip-related pain", True),
    "two between, two allowed": ('"hip pain"[ti:~2]', "pain after total hip arthroplasty", True),
    "two between, one allowed": ('"hip pain"[ti:~1]', "pain after total hip arthroplasty", False),
    "a nearer second chance": ('"hip pain"[ti:~0]', "hip joint and hip pain", True),
    "three words": ('"patient physician relationship"[ti:~0]', "relationship physician patient", True),
    "three words, one away": ('"patient physician relationship"[ti:~0]', "patient physician x relationship", False),
    "three words, each within N": ('"a1 b2 c3"[ti:~1]', "c3 x a1 x b2", True),
    "one word missing": ('"a1 b2 c3"[ti:~9]', "a1 b2", False),
    "a word twice": ('"pain pain"[ti:~1]', "pain and pain", True),
    "a word twice, there once": ('"pain pain"[ti:~1]', "pain", False),
    "stopwords count as words": ('"hip of"[ti:~0]', "pain of hip", True),
    "long tag and spaces": ('"hip pain"[Title/Abstract: ~ 1]', "hip joint pain", True),
    "not across pieces": ('"hip knee"[tiab:~5]', "hip", False),
    "truncation switches it off": ('"hip pains*"[ti:~5]', "hip joint pains", False),
}


@pytest.mark.parametrize(("term", "title", "expected"), NEAR.values(), ids=NEAR)
def test_proximity(term, title, expected):
    """[field:~N]: the words in any order with at most N others between them, inside one piece of text."""
    assert finds(term, **texts(title, "knee")) is expected


PRINT = {"date": PubDate("2020 Mar 15", 2020, 3, 15)}
EARLY = PRINT | {"electronic_date": PubDate("2019-11-02", 2019, 11, 2)}
LATE = PRINT | {"electronic_date": PubDate("2021-02-01", 2021, 2, 1)}
SEASON = {"date": PubDate("2020 Fall", 2020)}
MONTHS = {"date": PubDate("2020 Nov-Dec", 2020)}
YEAR = {"date": PubDate("2020", 2020)}
BOOKED = {"entered": "2020-03-20", "revised": "2021-01-05", "completed": "2020-12-01"}

DATES = {
    "year": ("2020[dp]", PRINT, True),
    "another year": ("2019[dp]", PRINT, False),
    "quoted year": ('"2020"[dp]', PRINT, True),
    "month": ("2020/03[dp]", PRINT, True),
    "month of one digit": ("2020/3[pdat]", PRINT, True),
    "another month": ("2020/04[dp]", PRINT, False),
    "day": ("2020/03/15[Date - Publication]", PRINT, True),
    "another day": ("2020/03/16[dp]", PRINT, False),
    "range of years": ("2019:2020[dp]", PRINT, True),
    "range ends with its last year's end": ("2015:2020/03[dp]", PRINT, True),
    "range before": ("2015:2019[dp]", PRINT, False),
    "range of days": ("2020/03/15:2020/03/15[dp]", PRINT, True),
    "open end": ("2020/03/16:[dp]", PRINT, False),
    "open start": (":2020/03/15[dp]", PRINT, True),
    "the usual open end": ("2020:3000[dp]", PRINT, True),
    "PubMed's own form": ('("2020/01/01"[Date - Publication] : "3000"[Date - Publication])', PRINT, True),
    "PubMed's own form, outside": ('"2021/01/01"[dp] : "3000"[dp]', PRINT, False),
    "range of quoted parts": ('"2019":"2021"[dp]', PRINT, True),
    "electronic date counts": ("2019[dp]", EARLY, True),
    "print date counts as well": ("2020[dp]", EARLY, True),
    "later electronic date: not alone": ("2021[dp]", LATE, False),
    "later electronic date: in a range": ("2021:2021[dp]", LATE, True),
    "electronic only": ("2019[epdat]", EARLY, True),
    "print only": ("2019[ppdat]", EARLY, False),
    "electronic only, no print date": ("2020[dp]", {"date": PubDate(), "electronic_date": PubDate("2020", 2020)}, True),
    "no date at all": ("0001:3000[dp]", {"date": PubDate()}, False),
    "missing month is January": ("2020/01[dp]", YEAR, True),
    "missing month is no other": ("2020/02:2020/12[dp]", YEAR, False),
    "fall is October": ("2020/10[dp]", SEASON, True),
    "first of several months": ("2020/11[dp]", MONTHS, True),
    "entry date": ("2020/03/20[edat]", BOOKED, True),
    "entry date is not publication": ("2020/03/15[edat]", BOOKED | PRINT, False),
    "revised": ("2021:3000[lr]", BOOKED, True),
    "completed": ("2020/12[dcom]", BOOKED, True),
    "no entry date kept": ("2020[edat]", {}, False),
    "untagged year": ("2020", PRINT, True),
}


@pytest.mark.parametrize(("term", "values", "expected"), DATES.values(), ids=DATES)
def test_dates(term, values, expected):
    """Dates and ranges are those of the guide: print or electronic, missing parts are the first."""
    assert finds(term, **values) is expected


NUMBERS = {
    "PMID": ("90000007[pmid]", True),
    "another PMID": ("90000008[pmid]", False),
    "several in one tag": ("1, 90000007 3[uid]", True),
    "range": ("90000001:90000007[uid]", True),
    "range below": ("1:90000006[uid]", False),
    "open range": ("90000007:[uid]", True),
    "untagged": ("90000007", True),
    "untagged numbers are alternatives": ("90000007 90000008", True),
    "untagged numbers, neither": ("90000001 90000008", False),
    "half a number": ("9000000", False),
}


@pytest.mark.parametrize(("term", "expected"), NUMBERS.values(), ids=NUMBERS)
def test_numbers(term, expected):
    """PMIDs are compared as numbers; EDirect's ranges of [uid] are understood."""
    assert finds(term, number=7) is expected


NAMES = {
    "authors": (
        Author("Example Trial Group", collective=True),
        Author("Alvarez", "Xavier Antón", "XA"),
        Author("O'Brien", "John C", "JC", "Jr"),
        Author("García López", "María", "M"),
        Author("Müller-Example", "Karl"),
        Author("Zuletzt"),
        Author("Sample Board", collective=True),
    )
}
AUTHORS = {
    "family name": ("alvarez[au]", True),
    "first initial": ("alvarez x[au]", True),
    "both initials": ("alvarez xa[Author]", True),
    "comma": ("Alvarez, XA[au]", True),
    "another initial": ("alvarez b[au]", False),
    "another second initial": ("alvarez xb[au]", False),
    "beginning of a family name": ("alvar[au]", False),
    "truncated": ("alvar*[au]", True),
    "quotes: exact initials": ('"alvarez xa"[au]', True),
    "quotes: no truncation": ('"alvarez x"[au]', False),
    "quotes: family name": ('"alvarez"[au]', True),
    "apostrophe left out": ("obrien jc jr[au]", True),
    "apostrophe kept": ("o'brien j[au]", True),
    "quotes with suffix": ('"o’brien jc jr"[au]', True),
    "quotes without the suffix": ('"o\'brien jc"[au]', False),
    "two family names": ("garcia lopez m[au]", True),
    "first of two family names": ("garcia[au]", True),
    "second of two family names": ("lopez[au]", False),
    "full name": ("xavier alvarez[au]", False),
    "full name, natural order": ("maria garcia lopez[au]", True),
    "full name, inverted": ("alvarez xavier anton[fau]", True),
    "full name field wants full names": ("alvarez xa[fau]", False),
    "initials from the given name": ("muller example k[au]", True),
    "given name is no family name": ("xavier[au]", False),
    "no initials": ("zuletzt[au]", True),
    "first": ("alvarez[1au]", True),
    "first is not second": ("o'brien[1au]", False),
    "last": ("zuletzt[lastau]", True),
    "last is not first": ("alvarez[lastau]", False),
    "group": ('"example trial group"[cn]', True),
    "a word of a group": ("trial[Corporate Author]", True),
    "a group is no author": ("example[au]", False),
    "untagged": ("alvarez", True),
    "untagged with initials": ('"alvarez xa"', True),
}


@pytest.mark.parametrize(("term", "expected"), AUTHORS.values(), ids=AUTHORS)
def test_authors(term, expected):
    """Names as PubMed lists them, with automatic truncation of initials that quotes turn off."""
    assert finds(term, **NAMES) is expected


def test_one_author_more_than_his_given_names():
    """A full name matches from its start: further given names may follow, none may be missing before."""
    assert finds("alvarez xavier[au]", **NAMES)
    assert not finds("anton alvarez[au]", **NAMES)


MESH = {
    "mesh": (
        Heading("Stroke", qualifiers=(Qualifier("drug therapy", major=True), Qualifier("administration & dosage"))),
        Heading("Brain Injuries, Traumatic"),
        Heading("Humans"),
        Heading("Cat/Dog Examples"),
        Heading("Peptides", major=True, qualifiers=(Qualifier("therapeutic use"),)),
    ),
    "publication_types": (PublicationType("Randomized Controlled Trial"), PublicationType("Review")),
    "substances": (
        Substance("examplin", "", "37ABC"),
        Substance("Amino Acids", "", "0"),
        Substance("x", "", "EC 1.2.3"),
    ),
}
TREE = {
    "heading": ("stroke[mh]", True),
    "quoted heading": ('"Stroke"[MeSH Terms]', True),
    "not exploded anyway": ("stroke[mh:noexp]", True),
    "long tag noexp": ('"stroke"[MeSH Terms:NoExp]', True),
    "part of a heading": ("traumatic[mh]", False),
    "comma": ("brain injuries, traumatic[mh]", True),
    "inverted wording is another term": ("traumatic brain injuries[mh]", False),
    "truncated heading": ("brain injur*[mh]", True),
    "heading with subheading": ('"Stroke/drug therapy"[mh]', True),
    "abbreviated subheading": ("stroke/dt[mh]", True),
    "and for &": ("stroke/administration and dosage[mh]", True),
    "another subheading": ("stroke/surgery[mh]", False),
    "subheading of another heading": ("humans/dt[mh]", False),
    "major by its subheading": ("stroke[majr]", True),
    "major heading": ("peptides[MeSH Major Topic]", True),
    "not major": ("humans[majr]", False),
    "not major, noexp": ("humans[majr:noexp]", False),
    "the subheading is major": ("stroke/drug therapy[majr]", True),
    "the other subheading is not": ("stroke/ad[majr]", False),
    "heading with a slash of its own": ("cat/dog examples[mh]", True),
    "floating subheading": ("drug therapy[sh]", True),
    "floating abbreviation": ("TU[sh:noexp]", True),
    "subheading that is not there": ("surgery[sh]", False),
    "publication type": ("randomized controlled trial[pt]", True),
    "part of a publication type": ("trial[pt]", False),
    "type noexp": ("review[pt:noexp]", True),
    "substance": ('"examplin"[Supplementary Concept]', True),
    "substance that is a heading": ("amino acids[nm]", True),
    "part of a substance": ("amino[nm]", False),
    "registry number": ("37abc[rn]", True),
    "enzyme number": ('"EC 1.2.3"[EC/RN Number]', True),
    "no number is no number": ("0[rn]", False),
    "text word in a heading": ("traumatic[tw]", True),
    "text word in a subheading": ('"drug therapy"[tw]', True),
    "text word in a type": ("randomized[Text Word]", True),
    "heading is not in tiab": ("traumatic[tiab]", False),
}


@pytest.mark.parametrize(("term", "expected"), TREE.values(), ids=TREE)
def test_headings(term, expected):
    """Headings, subheadings, types and substances are whole entries; text words look inside them."""
    assert finds(term, **MESH) is expected


REST = {
    "title": "[A made-up title].",
    "vernacular_title": "Ein erfundener Titel",
    "languages": ("eng", "jpn"),
    "journal": "Journal of hand examples (Am)",
    "issn_electronic": "1234-5678",
    "nlm_id": "0400662",
    "volume": "12",
    "issue": "3 Pt 2",
    "pages": "123-128",
    "doi": "10.1000/Example.7",
    "pmcid": "PMC900001",
    "authors": (
        Author("A", orcid="0000-0002-1825-0097", affiliations=("Example Clinic, Graz", "Sample University, Linz")),
    ),
    "editors": (Author("Chief", "Ed", "E"),),
    "grants": (Grant("CA101", "CA", "NCI NIH HHS", "United States"),),
    "accessions": (Accession("ClinicalTrials.gov", "NCT00000000"),),
    "corrections": (Correction("RetractionIn", note="plagiarism"),),
    "other_abstracts": (OtherAbstract("publisher", "ger", (Section("ZIEL", "Ratten"),)),),
    "conflict_of_interest": "None to declare",
    "status": "MEDLINE",
    "type": "chapter",
    "book": Book("Example Reviews", "Made Up Press", isbns=("978-3-16-148410-0",), accession="NBK1116"),
}
OTHERS = {
    "vernacular title": ("erfundener[tt]", True),
    "vernacular title is not in tw": ("erfundener[tw]", False),
    "vernacular title is in all": ("erfundener[all]", True),
    "title brackets": ('"a made up title"[ti]', True),
    "language": ("english[la]", True),
    "language code": ("eng[Language]", True),
    "the guide's exception": ("japanese[la]", True),
    "another language": ("german[la]", False),
    "journal abbreviation": ("J Example[ta]", True),
    "abbreviation with points": ("J. Example.[Journal]", True),
    "full journal": ('"J Hand Examples"[ta]', False),
    "journal with brackets": ('"Journal of hand examples [Am]"[ta]', True),
    "part of a journal": ("hand[ta]", False),
    "ISSN": ("1234-5678[ta]", True),
    "NLM id": ("0400662[jid]", True),
    "volume": ("12[vi]", True),
    "issue": ("3 Pt 2[ip]", True),
    "first page": ("123[pg]", True),
    "last page": ("128[pg]", False),
    "affiliation": ("graz[ad]", True),
    "words of two affiliations": ("graz[ad] AND linz[ad]", True),
    "near in one affiliation": ('"clinic graz"[ad:~0]', True),
    "near in two affiliations": ('"graz sample"[ad:~50]', False),
    "ORCID": ("0000-0002-1825-0097[auid]", True),
    "ORCID with its authority": ("orcid 0000-0002-1825-0097[auid]", True),
    "editor": ("chief e[ed]", True),
    "editor is no author": ("chief[au]", False),
    "grant number": ("CA101[gr]", True),
    "funder": ("NCI[gr]", True),
    "grant country": ("united states[Grants and Funding]", True),
    "databank": ("clinicaltrials.gov[si]", True),
    "accession": ("NCT00000000[si]", True),
    "databank and accession": ("ClinicalTrials.gov/NCT00000000[si]", True),
    "correction note in tw": ("plagiarism[tw]", True),
    "other abstract in tiab": ("ratten[tiab]", True),
    "conflict of interest": ("declare[cois]", True),
    "conflict of interest is not text": ("declare[tw]", False),
    "DOI": ("10.1000/example.7[aid]", True),
    "DOI as location": ('"10.1000/example.7"[lid]', True),
    "PMCID": ("PMC900001[aid]", True),
    "PMCID untagged": ("PMC900001", True),
    "book": ("example reviews[book]", True),
    "collection title in ti": ('"example reviews"[ti]', True),
    "publisher": ("made up press[pubn]", True),
    "ISBN": ("9783161484100[isbn]", True),
    "status": ("medline[sb]", True),
    "another status": ("inprocess[filter]", False),
    "everything": ("all[sb]", True),
    "books": ('"pubmed books"[sb]', True),
    "has an abstract": ("hasabstract", False),
    "has a retraction": ("hasretractionin", True),
    "has no erratum": ("all[sb] NOT haserratumin", True),
}


@pytest.mark.parametrize(("term", "expected"), OTHERS.values(), ids=OTHERS)
def test_other_fields(term, expected):
    """Each remaining field answers from the part of the record that the guide names."""
    assert finds(term, **REST) is expected


def test_every_known_tag_is_judged_or_refused_with_a_reason():
    """No field is known without either a way to judge it or a reason why not."""
    for tag, field in matching.FIELDS.items():
        assert tag == " ".join(tag.lower().split())
        assert bool(field.because) == (field.how == "refused")


def test_the_printed_name_of_a_field_is_a_tag():
    """A translation can be read again, because each field's name is one of its tags."""
    assert all(field.name.lower() in field.tags for field in matching.FIELDS.values() if not field.because)


def test_tags_of_einfo(corpus):
    """Every field that EInfo lists for PubMed is known here, but for those that only PubMed's engine knows."""
    listing = (corpus / "eutils-responses" / "einfo-pubmed.xml").read_text()
    codes = {line.split("<")[1].split(">")[1].lower() for line in listing.splitlines() if "<Name>" in line}
    fields = {code for code in codes if not code.startswith("pubmed")}
    assert len(fields) > 40
    assert fields - set(matching.FIELDS) <= {"aucl", "eid", "dso", "p1dat"}


test_tags_of_einfo = pytest.mark.corpus(test_tags_of_einfo)

WARNINGS = {
    "heading": ("stroke[mh]", "without narrower terms and entry terms"),
    "type": ("review[pt]", "without narrower terms"),
    "substance": ("examplin[nm]", "without synonyms"),
    "abstract": ("examplin[ab]", "abstract alone"),
    "untagged": ("stroke", "PubMed also maps them to MeSH"),
    "curly quotes": ("“brain injury”[ti]", "curly quotation marks"),
    "lower-case operator": ("a[ti] and b[ti]", "“and” was read as the operator AND"),
    "lower-case word of a phrase": ("wit and humor[ti]", "“and” was read as a word of “wit and humor”"),
    "AND NOT": ("a[ti] AND NOT b[ti]", "AND NOT was read as NOT"),
    "distance with truncation": ('"hip pains*"[ti:~5]', "distance is ignored"),
    "question mark": ("wom?n[ti]", "no wildcard but *"),
}


@pytest.mark.parametrize(("term", "warning"), WARNINGS.values(), ids=WARNINGS)
def test_warnings(term, warning):
    """Where the answer may differ from PubMed's, exactly one warning says so."""
    warnings = matching.compile_term(term).warnings
    assert len(warnings) == 1
    assert warning in warnings[0]


@pytest.mark.parametrize("term", ["stroke[ti]", "stroke[mh:noexp]", '"stroke"', "stroke*", "hasabstract", "2020[dp]"])
def test_no_warning_without_cause(term):
    """A query that means here what it means at PubMed has no warning."""
    assert matching.compile_term(term).warnings == ()


TRANSLATIONS = {
    "one term": ("stroke[tiab]", '"stroke"[Title/Abstract]'),
    "left to right": ("a[ti] OR b[ti] AND c[ti]", '(("a"[Title] OR "b"[Title]) AND "c"[Title])'),
    "a long chain stays flat": ("a[ti] OR b[ti] OR c[ti]", '("a"[Title] OR "b"[Title] OR "c"[Title])'),
    "untagged": ("brain injury", '("brain"[All Fields] AND "injury"[All Fields])'),
    "noexp": ("stroke[mh:noexp]", '"stroke"[MeSH Terms:noexp]'),
    "distance": ('"a  b"[tiab:~3]', '"a b"[Title/Abstract:~3]'),
    "range": ('"2015"[dp] : "2020"[dp]', "2015:2020[Date - Publication]"),
    "two fields make no range": ("2015[dp]:2020[edat]", "(2015[Date - Publication] AND :2020[Date - Entry])"),
    "author truncation is kept": ("alvarez x[au]", "alvarez x[Author]"),
    "author quotes are kept": ('"alvarez x"[au]', '"alvarez x"[Author]'),
    "layout goes": ("(\n a[ti]\n)", '"a"[Title]'),
}


@pytest.mark.parametrize(("term", "translation"), TRANSLATIONS.values(), ids=TRANSLATIONS)
def test_translation(term, translation):
    """The translation writes every bracket and the field names that PubMed's own translations use."""
    assert matching.compile_term(term).translation == translation


def test_a_changed_paper_is_judged_anew():
    """What was folded for one paper is not used for the next, even where the PMID is the same."""
    matcher = matching.compile_term("stroke[ti]")
    assert [matcher(paper(title=title)) for title in ("stroke", "other", "stroke")] == [True, False, True]
