"""A gold file becomes labelled papers: JSON Lines, one paper a line, a header before them if need be.

The header says what the annotator judged (`labelled`: facets or tags) and which tags count as another one (`merge`);
without it every tag that occurs was judged everywhere, and an exclusive facet of which any occurs was judged whole.
A labelled child implies its parent unless the header says `"implied": false`.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import UsageError
from ..model import Correction, Heading, Keyword, Paper, PublicationType, Qualifier, Section, Substance
from .vocabulary import Vocabulary

HEADER = ("gold", "labelled", "merge", "implied", "note")
PAPER = (
    "pmid",
    "id",
    "title",
    "vernacular_title",
    "abstract",
    "journal",
    "keywords",
    "mesh",
    "publication_types",
    "substances",
    "corrections",
    "tags",
    "primary",
    "ignore",
    "judged",
)
ALIKE = 0.8
"""From this likeness on an unknown field is taken for a known one that is misspelt; others may be anything."""

_SURROGATE = re.compile(r"(?i)\\ud[89a-f]")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scope:
    """What was judged: single tags, and the exclusive facets that were judged whole ("none" is then an answer)."""

    slugs: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldPaper:
    """One labelled paper. Tags are slugs as the annotator meant them, before anything is merged or implied."""

    line: int
    name: str
    """For a person: PMID 90000001, or the line's own id."""
    pmid: int = 0
    """0 where none is given."""
    paper: Paper | None = None
    """None: the line has no text, the library must hold it."""
    tags: tuple[str, ...] = ()
    primary: tuple[str, ...] = ()
    """At most one a facet."""
    ignored: frozenset[str] = frozenset()
    judged: Scope | None = None
    """What was judged on this paper; None: what the header says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gold:
    """A gold file."""

    name: str
    papers: tuple[GoldPaper, ...]
    labelled: Scope
    merge: Mapping[str, str] = field(default_factory=dict)
    """Tag → the tag it counts as, "" for none."""
    implied: bool = True
    """Whether a labelled child implies its parent; False where the annotator judged parents for themselves."""
    note: str = ""
    repeated: tuple[str, ...] = ()
    """Papers that stand on more than one line, as people name them; every line counts."""


def read_gold(name: str, lines: Iterable[str], vocabulary: Vocabulary) -> Gold:
    """Read a gold file. Raises UsageError that names the line, and the nearest name for a tag that does not exist."""
    header: Row = {}
    papers: list[GoldPaper] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        reader = _Line(f"{name}, line {number}", _object(name, number, line), vocabulary)
        if not papers and not header and not {"pmid", "title", "tags"} & reader.row.keys():
            header = reader.header()
        else:
            papers.append(reader.paper(number))
    if not papers:
        raise UsageError(f"{name} holds no labelled paper.")
    labelled = header.get("labelled") or _occurring(papers, vocabulary)
    names = [paper.name for paper in papers]
    return Gold(
        name=header.get("gold") or name,
        papers=tuple(papers),
        labelled=labelled,
        merge=header.get("merge", {}),
        implied=header.get("implied", True),
        note=header.get("note", ""),
        repeated=tuple(dict.fromkeys(one for one in names if names.count(one) > 1)) if _repeats(names) else (),
    )


def _repeats(names: Sequence[str]) -> bool:
    return len(set(names)) < len(names)


def _object(name: str, number: int, line: str) -> Row:
    try:
        row = json.loads(line.lstrip("\ufeff"))
    except (ValueError, RecursionError) as problem:
        raise UsageError(f"{name}, line {number} is not JSON: {problem}.") from None
    if not isinstance(row, dict):
        raise UsageError(f"{name}, line {number} is not a JSON object; a gold file has one paper a line.")
    if _SURROGATE.search(line) and not _is_text(row):
        raise UsageError(f"{name}, line {number} holds half a character (a lone surrogate such as \\ud800).")
    return row


def _is_text(row: Row) -> bool:
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _occurring(papers: Sequence[GoldPaper], vocabulary: Vocabulary) -> Scope:
    """What was labelled where nobody says: every tag that occurs, what it implies, and exclusive facets whole."""
    seen = {slug for paper in papers for slug in (*paper.tags, *paper.ignored)}
    for paper in papers:
        seen |= paper.judged.slugs if paper.judged else set()
    whole = frozenset(vocabulary.by_slug[slug].facet for slug in seen if vocabulary.is_ranked(slug))
    return Scope(vocabulary.with_parents(seen) | _ranked(whole, vocabulary), whole)


def _ranked(facets: Iterable[str], vocabulary: Vocabulary) -> frozenset[str]:
    return frozenset(slug for facet in facets for slug in vocabulary.of(facet) if vocabulary.is_ranked(slug))


class _Line:
    """One line of the file; every mistake is told with its number."""

    def __init__(self, where: str, row: Row, vocabulary: Vocabulary) -> None:
        self.where, self.row, self.vocabulary = where, row, vocabulary

    def header(self) -> Row:
        """The header with its names resolved."""
        self._known(HEADER, strict=True)
        merge = self._given("merge", dict, {}, 'a table such as {"study/meta-analysis": "study/systematic-review"}')
        return {
            "gold": self._text("gold"),
            "note": self._text("note"),
            "labelled": self._scope("labelled"),
            "implied": self._given("implied", bool, default=True, words="true or false"),
            "merge": {self._tag(one): self._tag(other) if other else "" for one, other in merge.items()},
        }

    def paper(self, number: int) -> GoldPaper:
        """The line as a labelled paper."""
        self._known(PAPER)
        if "tags" not in self.row:
            raise self._wrong("has no 'tags'; write [] where none applies")
        pmid = self._pmid()
        name = self._text("id") or (f"PMID {pmid}" if pmid else f"line {number}")
        if not pmid and not self._text("title"):
            raise self._wrong("has neither 'pmid' nor 'title'")
        tags = tuple(dict.fromkeys(map(self._tag, self._texts("tags"))))
        primary = self._primary(tags)
        return GoldPaper(
            line=number,
            name=name,
            pmid=pmid,
            paper=self._record(pmid) if "title" in self.row else None,
            tags=tuple(dict.fromkeys((*tags, *primary))),
            primary=primary,
            ignored=self._ignored(),
            judged=self._scope("judged"),
        )

    def _primary(self, tags: Sequence[str]) -> tuple[str, ...]:
        """The named primary tag first, then in every other exclusive facet the first that can be it."""
        found: dict[str, str] = {}
        named = self.row.get("primary") or []
        for text in [named] if isinstance(named, str) else self._texts("primary"):
            slug = self._tag(text)
            if not self.vocabulary.is_ranked(slug):
                raise self._wrong(f"names {text!r} as primary, which no paper is filed under")
            found[self.vocabulary.by_slug[slug].facet] = slug
        for slug in tags:
            if self.vocabulary.is_ranked(slug):
                found.setdefault(self.vocabulary.by_slug[slug].facet, slug)
        return tuple(found.values())

    def _ignored(self) -> frozenset[str]:
        named = [self._name(text) for text in self._texts("ignore")]
        whole = (self.vocabulary.of(one.facet) for one in named if not one.slug)
        return frozenset(one.slug for one in named if one.slug).union(*whole)

    def _scope(self, key: str) -> Scope | None:
        """Facets and tags; None where the key is not there."""
        if self.row.get(key) is None:
            return None
        named = [self._name(text) for text in self._texts(key)]
        vocabulary = self.vocabulary
        facets = {one.facet for one in named if not one.slug}
        whole = frozenset(facets & vocabulary.exclusive)
        slugs = frozenset(one.slug for one in named if one.slug)
        every = (vocabulary.of(facet) for facet in facets - vocabulary.exclusive)
        return Scope(slugs.union(_ranked(whole, vocabulary), *every), whole)

    def _record(self, pmid: int) -> Paper:
        return Paper(
            pmid=pmid or 1,
            title=self._text("title"),
            vernacular_title=self._text("vernacular_title"),
            abstract=self._abstract(),
            journal=self._text("journal"),
            keywords=tuple(map(Keyword, self._texts("keywords"))),
            mesh=tuple(map(self._heading, self._given("mesh", list, [], "a list"))),
            publication_types=tuple(map(PublicationType, self._texts("publication_types"))),
            substances=tuple(map(Substance, self._texts("substances"))),
            corrections=tuple(map(Correction, self._texts("corrections"))),
        )

    def _abstract(self) -> tuple[Section, ...]:
        given = self.row.get("abstract") or []
        if isinstance(given, str):
            return (Section("", given),)
        good = isinstance(given, list) and all(
            isinstance(part, dict)
            and isinstance(part.get("text"), str)
            and all(isinstance(part.get(key) or "", str) for key in ("label", "category"))
            for part in given
        )
        if not good:
            raise self._wrong('has an \'abstract\' that is neither text nor a list of {"label", "text"}')
        return tuple(Section(part.get("label") or "", part["text"], part.get("category") or "") for part in given)

    def _heading(self, given: object) -> Heading:
        """A name (a star makes it a major topic), or {"name", "major", "qualifiers"}."""
        if isinstance(given, str):
            return Heading(given.removesuffix("*"), major=given.endswith("*"))
        if isinstance(given, dict) and isinstance(given.get("name"), str):
            below = given.get("qualifiers") or []
            if isinstance(below, list):
                return Heading(given["name"], major=bool(given.get("major")), qualifiers=tuple(map(self._sub, below)))
        raise self._wrong('has a \'mesh\' heading that is neither a name nor {"name", "major", "qualifiers"}')

    def _sub(self, given: object) -> Qualifier:
        if isinstance(given, str):
            return Qualifier(given.removesuffix("*"), major=given.endswith("*"))
        if isinstance(given, dict) and isinstance(given.get("name"), str):
            return Qualifier(given["name"], major=bool(given.get("major")))
        raise self._wrong("has a MeSH qualifier without a name")

    def _pmid(self) -> int:
        given = self.row.get("pmid")
        if given in (None, ""):
            return 0
        digits = str(given)
        if isinstance(given, bool) or not re.fullmatch(r"[0-9]{1,10}", digits) or not int(digits):
            raise self._wrong(f"has a 'pmid' that is no PMID: {given!r}")
        return int(digits)

    def _name(self, text: str) -> Any:  # noqa: ANN401 - a Name; mypy sees through map() less well
        try:
            return self.vocabulary.facet_or_tag(text)
        except UsageError as problem:
            raise UsageError(f"{self.where}: {problem}") from None

    def _tag(self, text: object) -> str:
        if not isinstance(text, str):
            raise self._wrong(f"names a tag by {text!r}, which is no text")
        try:
            return self.vocabulary.tag(text).slug
        except UsageError as problem:
            raise UsageError(f"{self.where}: {problem}") from None

    def _texts(self, key: str) -> list[str]:
        given = self._given(key, list, [], "a list")
        if not all(isinstance(one, str) for one in given):
            raise self._wrong(f"has something in {key!r} that is no text")
        return list(given)

    def _text(self, key: str) -> str:
        return str(self._given(key, str, "", "text"))

    def _given(self, key: str, kind: type, default: Any, words: str) -> Any:  # noqa: ANN401 - JSON
        given = self.row.get(key)
        if given is None:
            return default
        if not isinstance(given, kind):
            raise self._wrong(f"has a {key!r} that is not {words}")
        return given

    def _known(self, keys: Sequence[str], *, strict: bool = False) -> None:
        for key in self.row:
            if key in keys:
                continue
            near = difflib.get_close_matches(key, keys, 1, 0 if strict else ALIKE)
            if near:
                raise self._wrong(f"has an unknown field {key!r}; did you mean {near[0]!r}?")

    def _wrong(self, what: str) -> UsageError:
        return UsageError(f"{self.where} {what}.")
