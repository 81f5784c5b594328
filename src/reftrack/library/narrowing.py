"""Words and years become the PMIDs of every paper that may hold them, and of few others, without reading papers.

Two ways: the index of full-text search, and for what is not in it a look over the column itself. A paper that holds
the words is never left out; whoever asks judges the rest. Words come folded (lower case, no accents, Greek letters by
their names); a paper may spell them otherwise, so the index is asked for every spelling that it knows of a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from .opening import Connection

Fold = Callable[[str], str]


class Wanted(NamedTuple):
    """Words that stand together in one piece of a field, in any spelling."""

    words: tuple[str, ...]
    open: bool = False
    """The last word may go on."""


class Source(NamedTuple):
    """Columns beside the index in which a field may stand, too."""

    table: str
    columns: tuple[str, ...]
    without: str = ""
    """A character that is left out before words are looked for; an apostrophe also as ’."""


_APOSTROPHE: Final = "'"
_BOOK = Source("papers", ("book_title",))
_OTHER_ABSTRACTS = Source("other_abstracts", ("sections",))
_PEOPLE: Final = ("authors", "editors")
_NAMES = tuple(Source(table, ("family", "given", "initials", "suffix"), _APOSTROPHE) for table in _PEOPLE)
_PLACES = tuple(Source(table, ("affiliations",)) for table in _PEOPLE)
_ORCIDS = tuple(Source(table, ("orcid",)) for table in _PEOPLE)
_JOURNAL = Source("papers", ("journal", "journal_abbreviation", "medline_ta", "issn", "issn_print", "issn_electronic"))
_PAGES = Source("papers", ("pages", "medline_pgn", "article_number"))
_IDS = Source("papers", ("doi", "pii", "pmcid"))
_QUALIFIERS = Source("mesh_headings", ("qualifiers",))
_TYPES = Source("publication_types", ("name",))
_SUBSTANCES = Source("substances", ("name",))
_ACCESSIONS = Source("accessions", ("databank", "number"))
_GRANTS = Source("grants", ("number", "acronym", "agency", "country"))
_NOTES = Source("corrections", ("note",))
_ISBNS = Source("papers", ("isbns",), "-")
_OTHERS = Source(
    "papers",
    ("nlm_id", "vernacular_title", "volume", "issue", "publisher", "bookshelf_id", "conflict_of_interest", "languages"),
)
_TW = (_BOOK, _OTHER_ABSTRACTS, _QUALIFIERS, _TYPES, _SUBSTANCES, _ACCESSIONS, _NOTES)

INDEXED: Final = {
    "ti": "title",
    "abstract": "abstract",
    "ot": "keywords",
    "tiab": "title abstract keywords",
    "mh": "mesh",
    "majr": "mesh",
    "cn": "authors",
    "tw": "title abstract keywords mesh authors",
    "all": "title abstract keywords mesh authors journal",
}
"""Field (as `matching.view` names it) → the columns of full-text search that hold it."""

SOURCES: Final = {
    "ti": (_BOOK,),
    "abstract": (_OTHER_ABSTRACTS,),
    "ot": (),
    "tiab": (_BOOK, _OTHER_ABSTRACTS),
    "mh": (),
    "majr": (),
    "cn": (),
    "tw": _TW,
    "all": (
        *(*_TW, *_NAMES, *_PLACES, *_ORCIDS, _JOURNAL, _PAGES, _IDS, _GRANTS, _ISBNS, _OTHERS),
        Source("substances", ("registry_number",)),
    ),
    "names": _NAMES,
    "ad": _PLACES,
    "auid": _ORCIDS,
    "ta": (_JOURNAL,),
    "pg": (_PAGES,),
    "lid": (_IDS,),
    "aid": (_IDS,),
    "sh": (_QUALIFIERS,),
    "pt": (_TYPES,),
    "nm": (_SUBSTANCES,),
    "rn": (Source("substances", ("registry_number",)),),
    "si": (_ACCESSIONS,),
    "gr": (_GRANTS,),
    "isbn": (_ISBNS,),
    "jid": (Source("papers", ("nlm_id",)),),
    "tt": (Source("papers", ("vernacular_title",)),),
    "vi": (Source("papers", ("volume",)),),
    "ip": (Source("papers", ("issue",)),),
    "pubn": (Source("papers", ("publisher",)),),
    "book": (Source("papers", ("book_title", "bookshelf_id")),),
    "cois": (Source("papers", ("conflict_of_interest",)),),
    "la": (Source("papers", ("languages",)),),
}
"""Field → where else it may stand."""

_WRITTEN_OTHERWISE: Final = frozenset(("and", "orcid"))
"""Words that a field shows and no column has: "&" in a subheading, what stands before an ORCID."""

_MOST_SPELLINGS: Final = 16
_APART: Final = 10
"""Tokens that may stand between the words of a phrase: signs that the index takes for words."""
_MOST_AT_ONCE: Final = 50


class Narrowing:
    """Asks one library for the papers that may hold something."""

    def __init__(self, connection: Connection, fold: Fold) -> None:
        """`fold` makes words of a text comparable; every folded word stands in what it gives, letter by letter."""
        self._connection = connection
        self._fold = fold
        self._foreign: dict[str, list[str]] | None = None

    def is_cheap(self, key: str) -> bool:
        """Whether the index answers nearly alone, without a look over a large table."""
        return key in INDEXED and key not in ("tw", "all")

    def with_words(self, key: str, wanted: Sequence[Wanted]) -> set[int] | None:
        """The papers that may hold any of these in a field; None if that cannot be told."""
        if key not in SOURCES:
            return None
        found: set[int] = set()
        if key in INDEXED:
            # ½ is one token of the index and the words 1 and 2 here: a word that begins with a digit may hide in one.
            sure = [one._replace(words=tuple(word for word in one.words if not word[0].isdigit())) for one in wanted]
            if not all(one.words for one in sure):
                return None
            for start in range(0, len(wanted), _MOST_AT_ONCE):
                part = zip(wanted[start : start + _MOST_AT_ONCE], sure[start : start + _MOST_AT_ONCE], strict=True)
                found |= self._in_index(INDEXED[key], [self._expression(*both) for both in part])
        seeds = [max((w for w in one.words if w not in _WRITTEN_OTHERWISE), key=len, default="") for one in wanted]
        if not all(seeds):
            return None
        for table in dict.fromkeys(source.table for source in SOURCES[key]):
            sources = [source for source in SOURCES[key] if source.table == table]
            for start in range(0, len(seeds), _MOST_AT_ONCE):
                found |= self._in_columns(sources, seeds[start : start + _MOST_AT_ONCE])
        if key == "all":  # initials that the record does not give are worked out from the given name
            for table in _PEOPLE:
                found |= self._pmids(f"SELECT pmid FROM {table} WHERE initials = '' AND given <> ''")
        return found

    def commonness(self, words: Sequence[str]) -> int:
        """How many papers have all these words somewhere in the index, roughly."""
        match = " AND ".join(f'"{word}"' for word in words)
        return int(self._connection.value("SELECT count(*) FROM papers_fts WHERE papers_fts MATCH ?", (match,)))

    def in_years(self, key: str, first: int, last: int) -> set[int]:
        """The papers with a date of publication (print, electronic, or published: either) in these years."""
        columns = {"print": ("year",), "electronic": ("electronic_year",)}.get(key, ("year", "electronic_year"))
        where = " OR ".join(f"{column} BETWEEN :first AND :last" for column in columns)
        return self._pmids(f"SELECT pmid FROM papers WHERE {where}", {"first": first, "last": last})

    def between(self, first: int, last: int) -> set[int]:
        """The papers with such a PMID."""
        return self._pmids("SELECT pmid FROM papers WHERE pmid BETWEEN ? AND ?", (first, last))

    def _pmids(self, sql: str, values: Sequence[object] | dict[str, object] = ()) -> set[int]:
        return {pmid for (pmid,) in self._connection.rows(sql, values)}

    # the index

    def _in_index(self, columns: str, expressions: Sequence[str]) -> set[int]:
        # A word of which the index has no spelling at all makes no expression.
        expressions = [expression for expression in expressions if expression]
        if not expressions:
            return set()
        match = f"{{{columns}}} : ({' OR '.join(expressions)})"
        return self._pmids("SELECT rowid FROM papers_fts WHERE papers_fts MATCH ?", (match,))

    def _expression(self, wanted: Wanted, sure: Wanted) -> str:
        """FTS5 syntax for the sure words of a phrase, near each other where that is safe; "" if none can be there."""
        open_at = len(sure.words) - 1 if wanted.open and sure.words[-1:] == wanted.words[-1:] else -1
        choices = [self._spellings(word, go_on=place == open_at) for place, word in enumerate(sure.words)]
        if not all(choices):
            return ""
        ways = 1
        for choice in choices:
            ways *= len(choice)
        if len(choices) > 1 and ways <= _MOST_SPELLINGS:
            distance = _APART + len(wanted.words)
            together = [f"NEAR({' '.join(way)}, {distance})" for way in _ways(choices)]
            return f"({' OR '.join(together)})"
        every = [f"({' OR '.join(choice)})" for choice in choices]
        return f"({' AND '.join(every)})"

    def _spellings(self, word: str, *, go_on: bool) -> list[str]:
        """The tokens of the index that fold to this word, quoted; with `go_on` also those that fold to more.

        A token is the word itself, or the same up to some letter and from there on foreign to ASCII.
        """
        found: dict[str, None] = {}
        if word.isascii():
            found[f'"{word}"*' if go_on else f'"{word}"'] = None
        foreign = self._known_foreign()
        if go_on:
            found.update({f'"{t}"': None for known, ts in foreign.items() if known.startswith(word) for t in ts})
        else:
            found.update({f'"{token}"': None for token in foreign.get(word, ())})
        head = next((place for place, letter in enumerate(word) if not letter.isascii()), len(word))
        for length in range(1, min(head, len(word) - 1) + 1):
            for token in self._tokens(f"{word[:length]}\x80", f"{word[:length]}\U0010ffff"):
                folded = self._words(token)
                if any(known.startswith(word) for known in folded) if go_on else word in folded:
                    found[f'"{token}"'] = None
        return list(found)

    def _known_foreign(self) -> dict[str, list[str]]:
        """Folded word → the tokens that begin with a letter foreign to ASCII and fold to it."""
        if self._foreign is None:
            self._foreign = {}
            for token in self._tokens("\x80", "\U0010ffff"):
                for word in self._words(token):
                    self._foreign.setdefault(word, []).append(token)
        return self._foreign

    def _words(self, token: str) -> list[str]:
        return "".join(c if c.isalnum() else " " for c in self._fold(token)).split()

    def _tokens(self, first: str, last: str) -> Iterator[str]:
        self._connection.run(
            "CREATE VIRTUAL TABLE IF NOT EXISTS temp.papers_tokens USING fts5vocab(main, papers_fts, row)"
        )
        rows = self._connection.rows("SELECT term FROM temp.papers_tokens WHERE term >= ? AND term < ?", (first, last))
        return (token for (token,) in rows)

    # beside the index

    def _in_columns(self, sources: Sequence[Source], seeds: Iterable[str]) -> set[int]:
        """The papers with one of these folded words in a column of these sources, which are of one table."""
        self._connection.raw.create_function("loosened", 2, self._loosened, deterministic=True)
        wanted = list(dict.fromkeys(seeds))
        conditions: list[str] = []
        values: list[str] = []
        for without, column in ((source.without, column) for source in sources for column in source.columns):
            plain = " OR ".join([f"{column} LIKE ?"] * len(wanted))
            # Only a text with other letters than ASCII must be folded in Python, which takes longest of all.
            odd = f"length({column}) <> length(CAST({column} AS BLOB))" + (f" OR instr({column}, ?)" if without else "")
            folded = " OR ".join([f"instr(loosened({column}, ?), ?)"] * len(wanted))
            conditions.append(f"{plain} OR ({odd}) AND ({folded})")
            values += [f"%{word}%" for word in wanted] + ([without] if without else [])
            values += [value for word in wanted for value in (without, word)]
        some = f"({' OR '.join(conditions)})"
        if sources == [_BOOK]:
            some = f"book_title IS NOT NULL AND {some}"  # of few papers: an index of them spares a look at all
        return self._pmids(f"SELECT pmid FROM {sources[0].table} WHERE {some}", values)

    def _loosened(self, text: str | None, without: str) -> str:
        text = text or ""
        if without:
            text = text.replace(without, "")
        return self._fold(text.replace("’", "") if without == _APOSTROPHE else text)


def _ways(choices: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    from itertools import product

    return product(*choices)
