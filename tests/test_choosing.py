"""A query in PubMed syntax over held papers: what indexes leave out is never what judging every paper would find."""

import random
import sqlite3

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from papers import paper
from reftrack import matching, pubmed, queries
from reftrack.errors import QueryError
from reftrack.library.columns import CHILDREN
from reftrack.library.reading import Reader
from reftrack.library.selecting import Selection
from reftrack.library.writing import Library
from reftrack.matching.view import _PIECES, _TOGETHER, View
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
from reftrack.workflow import choosing
from reftrack.workflow.choosing import choose

SPELLINGS = (
    "stroke Stroke strokes alpha α β-amyloid TNFα tnfalpha TNF-α IL-6 CO2 CO₂ naïve nai\u0308ve naive Müller muller mu "
    "µg ﬁbrin fibrin straße strasse œdema oedema x² x2 ½ 2½h Łódź lodz Ørsted orsted Alzheimer's alzheimers O'Brien "
    "O’Brien obrien de rats rat mouse and AND-gate or heart-rate 5-HT 2020 ΑΒΓ abg Ⅱ ii 脳梗塞 脳 инсульт 100% a x y "
    "xa therapy drug head injury brain trial"
)
WORDS = SPELLINGS.split()
TAGS = (
    "ti ab tiab tw all ot mh majr sh pt nm rn au 1au fau ed ad auid cn ta jid vi ip pg gr si lid aid isbn la tt "
    "book pubn cois dp epdat ppdat uid"
)
FIELDS = TAGS.split()


class MadeUp:
    """Papers of such words in every place there is."""

    def __init__(self, seed):
        self.choice = random.Random(seed)

    def one_of(self, *values):
        return self.choice.choice(values)

    def word(self):
        return self.choice.choice(WORDS)

    def text(self, most=6):
        return self.one_of(" ", " ", "-", ", ", "/").join(self.words(most))

    def words(self, most):
        return [self.word() for _ in range(self.choice.randrange(most + 1))]

    def some(self, make, most=2):
        return tuple(make() for _ in range(self.choice.randrange(most + 1)))

    def person(self):
        if not self.choice.randrange(5):
            return Author(self.text(3) or "Group", collective=True)
        return Author(
            self.word(),
            self.one_of("", "Xavier Anton", self.word()),
            self.one_of("", "X", "XA", "AB"),
            self.one_of("", "Jr"),
            orcid=self.one_of("", "0000-0002-1825-0097"),
            affiliations=tuple(self.words(2)),
        )

    def section(self):
        return Section(self.one_of("", "METHODS", self.word()), self.text(12))

    def heading(self):
        names = ("drug therapy", "administration & dosage")
        return Heading(self.text(2) or "Stroke", qualifiers=self.some(lambda: Qualifier(self.one_of(*names)), 1))

    def book(self):
        return Book(self.text(3), self.text(2), "", "", ("978-3-16-148410-0",), "NBK1")

    def paper(self, number):
        return paper(
            number,
            title=self.text(),
            abstract=self.some(self.section),
            other_abstracts=self.some(lambda: OtherAbstract("plain", "ger", (Section("", self.text()),)), 1),
            keywords=self.some(lambda: Keyword(self.text(2))),
            mesh=self.some(self.heading, 3),
            publication_types=self.some(
                lambda: PublicationType(self.one_of("Journal Article", "Clinical Trial", self.word()))
            ),
            substances=self.some(lambda: Substance(self.text(2), "", self.one_of("0", "12629-01-5"))),
            authors=self.some(self.person, 3),
            editors=self.some(self.person, 1),
            accessions=self.some(lambda: Accession("ClinicalTrials.gov", self.one_of("NCT01", self.word())), 1),
            grants=self.some(lambda: Grant(self.word(), self.word(), self.text(2), ""), 1),
            corrections=self.some(lambda: Correction("CommentIn", "J Example", None, self.text(2)), 1),
            journal=self.text(3),
            journal_abbreviation=self.text(2),
            medline_ta=self.text(2),
            nlm_id=self.one_of("", "101"),
            issn="1234-5678",
            volume=self.one_of("", "1", "12"),
            issue=self.one_of("", "Suppl 1"),
            pages="12-15",
            doi=self.one_of("", "10.1000/stroke"),
            vernacular_title=self.text(2),
            conflict_of_interest=self.text(3),
            languages=self.one_of(("eng",), ("ger", "eng"), ()),
            book=self.one_of(None, None, None, None, self.book()),
            date=PubDate("", self.one_of(None, 1999, 2020)),
            electronic_date=PubDate("", self.one_of(None, 2019, 2021)),
        )


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A library of 150 papers, read from it again."""
    path = tmp_path_factory.mktemp("choosing") / "reftrack.db"
    made_up = MadeUp(19)
    with Library.open(path, create=True) as library, library.transaction(), library.gathering():
        for number in range(1, 151):
            library.save(b"<x/>", made_up.paper(number), source="test", parser=pubmed.PARSER_VERSION)
    with Reader.open(path) as found:
        yield found


@pytest.fixture(scope="module")
def everything(reader):
    return list(reader.papers(reader.select(Selection())))


@pytest.fixture(autouse=True)
def _always_narrow(monkeypatch):
    """Nothing is judged for being few: what these tests are about is what is left out before."""
    monkeypatch.setattr(choosing, "FEW", 0)
    monkeypatch.setattr(choosing, "_SOONER_JUDGED", (0, 0, 0))


def terms():
    """A term of PubMed syntax, with every kind of word and field; it may be refused."""
    words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
    field = st.sampled_from(FIELDS)
    return st.one_of(
        st.builds("{}[{}]".format, words, field),
        st.builds('"{}"[{}]'.format, words, field),
        st.builds("{}*[{}]".format, words, field),
        st.builds('"{}"[{}:~2]'.format, words, st.sampled_from(("ti", "tiab", "ad"))),
        st.builds("{}/{}[mh]".format, st.sampled_from(WORDS), st.sampled_from(("dt", "drug therapy", "ad"))),
        words,
        st.sampled_from(("2020[dp]", "2019:2020[dp]", ":1999[ppdat]", "2021[epdat]", "90000003:90000090[uid]",
                         "90000001 90000005", "hasabstract", "english[la]", "german[la]", "alpha[ti]")),
    )  # fmt: skip


whole_queries = st.recursive(
    terms(),
    lambda part: st.builds("({} {} {})".format, part, st.sampled_from(("AND", "OR", "NOT")), part),
    max_leaves=5,
)


@given(whole_queries)
@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("strok*[tiab]")
@example("obrien[au] OR o'brien[au]")
@example('"administration and dosage"[sh]')
@example("tnfalpha[tiab] NOT rats")
@example("xavier anton[au]")
@example("xa[all]")
def test_narrowing_leaves_out_nothing_that_judging_every_paper_finds(reader, everything, query):
    """Whatever the query, the answer is that of judging all papers, whole."""
    try:
        matcher = matching.compile_term(query)
    except QueryError:
        return
    expected = [one.pmid for one in everything if matcher(one)]
    assert choose(reader, Selection(match=query)).pmids == expected


@pytest.mark.parametrize("key", sorted({*_PIECES, *_TOGETHER} - {"la", "names", "notes", "numbers"}))
def test_lists_that_are_not_read_would_change_nothing(everything, key):
    """A paper without the lists that a field is said not to read has the same words in that field."""
    field = next(field for field in matching.FIELDS.values() if field.key == key.removeprefix("fau "))
    read = matching.compile_term(f"stroke[{field.tags[0]}]").lists_read
    for one in everything[:60]:
        bare = replace(one, **{child.field: () for child in CHILDREN if child.field not in read})
        assert View(bare).text(key) == View(one).text(key)


def test_every_letter_that_the_index_knows_is_found():
    """Of each character, glued into a word, a token of the index leads to the folded word; the exceptions are known.

    They are signs and marks that this SQLite's table of Unicode takes for word breaks or parts of words and Python
    does not: a paper with one of them inside a word, without a space, may be missed.
    """
    from reftrack.matching.text import fold

    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE f USING fts5(t, tokenize = 'unicode61 remove_diacritics 2')")
    connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab(f, instance)")
    usual = [chr(code) for code in (*range(0xA1, 0x300), *range(0x370, 0x530), *range(0x1E00, 0x2000),
                                    *range(0x2070, 0x2190), *range(0x3040, 0x3100), *range(0x4E00, 0x4F00),
                                    *range(0xFB00, 0xFB07), *range(0xFF10, 0xFF5B))]  # fmt: skip
    connection.executemany("INSERT INTO f(rowid, t) VALUES (?, ?)", [(ord(c), f"qa{c}bz") for c in usual])
    tokens = {}
    for rowid, token in connection.execute('SELECT doc, term FROM v ORDER BY doc, "offset"'):
        tokens.setdefault(rowid, []).append(token)
    lost = {c for c in usual if fold(f"qa{c}bz").split() != fold(" ".join(tokens[ord(c)])).split()}
    apart = {c for c in usual if len(fold(f"qa{c}bz").split()) > 1 == len(tokens[ord(c)]) and c.isprintable()}
    assert not {c for c in lost if c.isalpha()}
    assert {c for c in apart if c.isalpha() and c.isprintable()} <= set("Ŀŀͺ")


def test_a_limit_ends_judging_early_and_keeps_the_order(reader):
    """The first papers of the order, as if all had been judged."""
    whole = choose(reader, Selection(match="stroke[all]", sort="title")).pmids
    assert len(whole) > 5
    assert choose(reader, Selection(match="stroke[all]", sort="title", limit=3)).pmids == whole[:3]


def test_other_conditions_come_first(reader, everything):
    """A query holds together with every other condition."""
    found = choose(reader, Selection(match="stroke[tiab]", years=(2020, 2020), text="stroke")).pmids
    matcher = matching.compile_term("stroke[tiab]")
    both = set(reader.select(Selection(years=(2020, 2020), text="stroke")))
    assert set(found) == {one.pmid for one in everything if one.pmid in both and matcher(one)}
    assert found


@pytest.mark.corpus
def test_on_real_records_narrowing_gives_the_same(tmp_path, corpus, project):
    """The shipped queries and a few more over real records: the same papers, and few of the others judged."""
    papers = {}
    for name in ("dev.xml", "citations-only.xml", "records-mentioning-cerebrolysin.xml"):
        for record in pubmed.cut([(corpus / "cerebrolysin" / name).read_bytes()]):
            one = pubmed.parse(record.xml)
            papers[one.pmid] = one
    path = tmp_path / "reftrack.db"
    with Library.open(path, create=True) as library, library.transaction(), library.gathering():
        for one in papers.values():
            library.save(b"<x/>", one, source="test", parser=pubmed.PARSER_VERSION)
    with Reader.open(path) as reader:
        whole = list(reader.papers(reader.select(Selection())))
        shipped = [query.term for query in queries.load(project / "queries").values()]
        for query in (*shipped, "stroke", '"ischemic stroke"[tiab]', "rats[mh] NOT humans[mh]", "muresanu d[au]",
                      "randomized controlled trial[pt] AND stroke[ti]", "amyloid*[tiab]", "beta[tiab]", "cochrane[ta]",
                      "german[la] OR russian[la]", "2010:2015[dp] AND infarct*[tiab]"):  # fmt: skip
            matcher = matching.compile_term(query)
            chosen = choose(reader, Selection(match=query))
            assert chosen.pmids == [one.pmid for one in whole if matcher(one)], query
        for query, most in (('"ischemic stroke"[tiab]', 1.2), ("muresanu d[au]", 1.5), ("amyloid*[tiab]", 1.2)):
            chosen = choose(reader, Selection(match=query))
            assert 0 < chosen.judged <= max(5, most * len(chosen.pmids)), (query, chosen.judged)
