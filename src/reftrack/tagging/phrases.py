"""Phrases as clinicians can write them become a trie that finds all of them in one pass.

    cognit*                any ending
    mRS, BDNF              a word with a capital letter is matched exactly as written
    double-blind           a hyphen matches a hyphen, a space, or nothing; a space matches either of the first two
    (brain|cerebral) edema one of several; an empty choice makes it optional
    systematic ~2 review   up to two words between
    randomized !to         not followed by
    # year old             a number
    funded by @company     any word of a list

Words are compared after folding (see normalise). No phrase reaches over the end of a sentence.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain, compress, count, pairwise, product
from operator import attrgetter
from typing import Any

from .normalise import fold, spans, words

MOST_WORDINGS = 600
"""A phrase that unfolds into more is a mistake (nested choices) and would slow every run."""

_INDEXED = 4
"""Stems are looked up by their first letters; a shorter stem ("=A*") by all of itself."""

_MOST_REMEMBERED = 300_000
"""Chunks of texts that are remembered: some 45 MB, filled by some 20,000 papers."""

_GROUP = re.compile(r"\(([^()]*)\)")
_CHOICE = re.compile(r"(?<!\S)\(([^()]*)\)(?!\S)")
"""A choice that is no part of a word."""
_CHUNK = re.compile(r"(?:[^\s()]|\([^()]*\)|[()])+")
_STOP = re.compile(r"!(?:\(([^()]*)\)|(\S+))")
_GAP = re.compile(r"~([1-9]\d?)")
_WORD = re.compile(r"[\w'’.,/+&-]+\*?|#")
CLASS = re.compile(r"@[a-z0-9-]+")
"""A list of words inside a phrase: one of them must stand there."""
_END = re.compile(r"[.?!;:][)\]\"'’”]*$")
_END_MARKS = frozenset(".?!;:)]\"'’”")
"""What a match of it ends with: looked at first, as most chunks end otherwise."""
_AROUND = ".,;:?!()[]\"'%"
"""What stands around most words."""
_ABBREVIATIONS = frozenset(
    {
        "e.g.",
        "i.e.",
        "vs.",
        "al.",
        "etc.",
        "cf.",
        "fig.",
        "figs.",
        "no.",
        "nos.",
        "approx.",
        "resp.",
        "ca.",
        "dr.",
        "st.",
    }
    | {"i.v.", "i.m.", "i.p.", "s.c.", "p.o."}
)


class PhraseError(ValueError):
    """The phrase is not of the language above; the message says what is wrong."""


End = tuple[Any, frozenset[str] | None, tuple[str, ...]]
"""A phrase that ends at a node: what to tell, what must not follow, and what must stand before, nearest first."""


class Node:
    """A place in the trie: where each element leads, what ends here, and what may come after a gap."""

    __slots__ = ("edges", "ends", "gaps", "more", "plain")

    def __init__(self) -> None:
        self.edges: dict[str, Node] = {}
        self.plain: tuple[Any, ...] = ()
        """What to tell of the phrases that end here whatever stands around them: nearly all."""
        self.ends: tuple[End, ...] = ()
        """The phrases that end here if something else holds."""
        self.gaps: tuple[tuple[int, dict[str, Node]], ...] = ()
        self.more = False

    def grow(self, element: str) -> Node:
        """The place that one element of a phrase leads to."""
        self.more = True
        child = self.edges.get(element)
        if child is None:
            child = self.edges[element] = Node()
        return child

    def leap(self, most: int, element: str) -> Node:
        """The place that an element after a gap of up to `most` words leads to."""
        self.more = True
        edges = next((edges for size, edges in self.gaps if size == most), None)
        if edges is None:
            edges = {}
            self.gaps += ((most, edges),)
        child = edges.get(element)
        if child is None:
            child = edges[element] = Node()
        return child


@dataclass(slots=True, eq=False)
class Word:
    """What the tries know of a word of a text. Not a tuple: reading its named fields took a tenth of all searching."""

    one: tuple[Node, ...]
    """Where it leads from the root of the lexicon's first trie."""
    two: tuple[Node, ...]
    """The same for its second trie."""
    keys: tuple[str, ...]
    """All elements of any phrase that it matches."""
    ends: bool = False
    """A sentence, or a clause that no phrase crosses, ends behind it."""
    heading: bool = False
    """It is a heading inside a text, as in "RESULTS: Of 40 patients"."""


_EVERYWHERE = frozenset(
    ["of", "the", "and", "in", "to", "a", "an", "with", "for", "from", "on", "as", "at", "by", "or", "#"]
)
"""Elements at which no search begins if the phrase goes on: a third of all words, which seldom lead anywhere."""
_ONE, _TWO, _ENDS = attrgetter("one"), attrgetter("two"), attrgetter("ends")
_UNKNOWN = Word((), (), ())
_UNKNOWN_AT_END = Word((), (), (), ends=True)
_FREQUENT: dict[tuple[Word, ...], tuple[Word, ...]] = {(word,): (word,) for word in (_UNKNOWN, _UNKNOWN_AT_END)}
"""What most chunks are: they share it, which is less memory to hold and to fetch for every word of a text."""


class Lexicon(dict[str, tuple[Word, ...]]):
    """What stands between two spaces -> its words, each folded once and remembered. Two tries may share one."""

    __slots__ = ("_class_of", "_classes", "_short", "_stems", "names", "roots")

    def __init__(self, classes: Mapping[str, tuple[str, ...]] | None = None) -> None:
        """`classes`: the elements of each list of words that phrases may name."""
        self.roots: list[Node] = []
        self._classes = classes or {}
        self._class_of: dict[str, tuple[str, ...]] = {}
        """The lists that an element is in, of those that a phrase names."""
        self.names: set[str] = set()
        self._stems: dict[str, list[str]] = {}
        """By their first letters."""
        self._short: tuple[str, ...] = ()
        """Stems that have fewer letters than that; so few that all of them are tried."""

    def learn(self, elements: Iterable[str]) -> None:
        """Let words be matched by these elements."""
        for element in elements:
            if element not in self.names:
                self.names.add(element)
                if element[0] == "@":
                    members = self._classes.get(element[1:], ())
                    self._class_of.update({member: (*self._class_of.get(member, ()), element) for member in members})
                    self.learn(members)
                elif element[-1] == "*":
                    stem = element[:-1]
                    if len(stem) < _INDEXED:
                        self._short += (stem,)
                    else:
                        self._stems.setdefault(stem[:_INDEXED], []).append(stem)

    def __missing__(self, chunk: str) -> tuple[Word, ...]:
        if chunk.isalnum():
            found: tuple[Word, ...] = (self._word(chunk),)
            found = _FREQUENT.get(found, found)
        else:
            bare = chunk.strip(_AROUND)  # most are a word with a comma or a bracket: it shares what the word has
            found = self[bare] if bare.isalnum() else self._cut(chunk)
            if found and chunk[-1] in _END_MARKS and _ends(chunk):
                last = _at_end(found[-1], heading=chunk[-1] == ":" and _is_heading(chunk))
                found = (*found[:-1], last)
                found = _FREQUENT.get(found, found)
        if len(self) < _MOST_REMEMBERED:  # what is frequent came early; what comes later is looked up each time
            self[chunk] = found
        return found

    def _cut(self, chunk: str) -> tuple[Word, ...]:
        """The words of a chunk that are more or other than letters and digits: "double-blind", "a_b"."""
        raw = words(chunk)
        return (self._word(chunk),) if raw == [chunk] else tuple(chain.from_iterable(map(self.__getitem__, raw)))

    def _word(self, raw: str) -> Word:
        keys = self._matched(raw)
        if not self._class_of.keys().isdisjoint(keys):
            keys += tuple({name: None for key in keys for name in self._class_of.get(key, ())})
        if not keys:
            return _UNKNOWN
        heads = [tuple(root.edges[key] for key in keys if key in root.edges) for root in self.roots]
        return Word(heads[0], heads[1] if len(heads) > 1 else (), keys)

    def _matched(self, raw: str) -> tuple[str, ...]:
        """The elements that match a word, folded and as it stands; only what has a capital is matched as it stands."""
        found = self._like(fold(raw))
        if raw != raw.lower():
            found += self._like("=" + raw)
        if raw[0].isdigit() and "#" in self.names:
            found.append("#")
        return tuple(found)

    def _like(self, word: str) -> list[str]:
        """The word itself and the stems that it begins with, as far as phrases ask for them."""
        found = [word] if word in self.names else []
        for stem in self._stems.get(word[:_INDEXED], ()):
            if word.startswith(stem):
                found.append(stem + "*")  # noqa: PERF401 - there is mostly none
        if word.startswith(self._short):
            found += [stem + "*" for stem in self._short if word.startswith(stem)]
        return found


def _ends(chunk: str) -> bool:
    """Whether a sentence, or a clause that no phrase crosses, ends with what stands between two spaces."""
    return _END.search(chunk) is not None and chunk.lower().lstrip("(") not in _ABBREVIATIONS


def _is_heading(chunk: str) -> bool:
    """Whether the last word before a colon has a capital."""
    last = words(chunk)[-1]
    return last != last.lower()


def _at_end(word: Word, *, heading: bool) -> Word:
    """The same word where a sentence ends behind it."""
    if word is _UNKNOWN and not heading:
        return _UNKNOWN_AT_END
    return Word(word.one, word.two, word.keys, ends=True, heading=heading)


class Text:
    """A text as the tries have read it: its words, where sentences end, and where in it each word stands."""

    __slots__ = ("_chunks", "_counts", "_found", "_places", "words")

    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self._chunks = text.split(" ")
        self._found = list(map(lexicon.__getitem__, self._chunks))
        self.words: list[Word] = list(chain.from_iterable(self._found))
        self._counts: list[int] = []
        self._places: list[int] = []

    @property
    def breaks(self) -> list[int]:
        """The words behind which a sentence or clause ends, counted from 1."""
        return list(compress(count(1), map(_ENDS, self.words)))

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The characters of a run of words."""
        if not self._counts:
            self._counts = list(accumulate(map(len, self._found)))
            self._places = list(accumulate(map(len, self._chunks), initial=0))
        start, end = self._word(first)
        return start, end if first == last else self._word(last)[1]

    def _word(self, number: int) -> tuple[int, int]:
        chunk = bisect_right(self._counts, number)
        start = self._places[chunk] + chunk
        text = self._chunks[chunk]
        if text.isalnum():
            return start, start + len(text)
        bare = text.strip(_AROUND)
        if bare.isalnum():  # a word, perhaps with a comma or in brackets
            start += text.index(bare)
            return start, start + len(bare)
        first, last = spans(text)[number - (self._counts[chunk - 1] if chunk else 0)]
        return start + first, start + last

    def word_at(self, place: int) -> int:
        """The number of the word at a character, or of the next one."""
        self.span(0, 0)
        return next((number for number in range(len(self.words)) if self._word(number)[1] > place), len(self.words) - 1)


def split(text: str) -> list[str]:
    """The phrases of one string, which separates them by `;` or line ends."""
    return [phrase for phrase in (" ".join(part.split()) for part in re.split(r"[;\n]", text)) if phrase]


@lru_cache(maxsize=20_000)
def elements(word: str) -> tuple[tuple[str, ...], ...]:
    """The ways to match one written word: its parts one by one, and without the hyphens."""
    if word == "#" or _GAP.fullmatch(word) or CLASS.fullmatch(word):
        return ((word,),)
    if not _WORD.fullmatch(word):
        raise PhraseError(f"cannot read {word!r}")
    ending = "*" if word.endswith("*") else ""
    parts = words(word.removesuffix("*"))
    if not parts:
        raise PhraseError(f"{word!r} has no letters")
    ways = [parts]
    if "-" in word and len(parts) > 1:
        ways.append(["".join(parts)])
    return tuple((*map(_element, way[:-1]), _element(way[-1] + ending)) for way in ways)


def _element(word: str) -> str:
    """One word of a phrase as the trie's edges name it: `=` before what is matched exactly."""
    stem = word.removesuffix("*")
    exact = stem != stem.lower()
    return ("=" + stem if exact else fold(stem)) + word[len(stem) :]


def _slot(chunk: str) -> tuple[tuple[str, ...], ...]:
    """The ways to match what stands between two spaces of a phrase (spaces inside brackets do not count)."""
    texts = [chunk]
    while group := _GROUP.search(texts[0]):
        alternatives = group[1].split("|")
        texts = [text.replace(group[0], one, 1) for text in texts for one in alternatives]
    found: list[tuple[str, ...]] = []
    for text in texts:
        parts = text.split()
        if len(parts) == 1:
            found += elements(parts[0])
        else:
            found += [tuple(chain.from_iterable(way)) for way in product(*map(elements, parts))]
    return tuple(found)


@lru_cache(maxsize=10_000)
def parse(phrase: str) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """All sequences of elements that a phrase stands for, and the elements that must not follow it."""
    stops = [word for group, word in _STOP.findall(phrase) for word in (group or word).split("|")]
    slots = [_slot(chunk) for chunk in _CHUNK.findall(_STOP.sub("", phrase))]
    if math.prod(map(len, slots)) > MOST_WORDINGS:
        raise PhraseError(f"{phrase!r} unfolds into more than {MOST_WORDINGS} wordings")
    found = tuple(dict.fromkeys(tuple(chain.from_iterable(way)) for way in product(*slots)))
    for wording in found if "~" in phrase or "|)" in phrase else found[:1]:
        if not wording or wording[0].startswith("~") or wording[-1].startswith("~"):
            raise PhraseError(f"{phrase!r} must begin and end with a word")
        if any(one.startswith("~") and two.startswith("~") for one, two in pairwise(wording)):
            raise PhraseError(f"{phrase!r} has two gaps in a row")
    return found, tuple(_stop(word, phrase) for word in stops)


def beginnings(texts: Iterable[str]) -> set[str]:
    """The elements that match the words of texts, and each as the stem that its first letters are; for `may_stand`."""
    raw = {word for text in texts for word in words(text)}
    found = {fold(word) for word in raw} | {"=" + word for word in raw if word != word.lower()}
    return found | {word[:_INDEXED] + "*" for word in found}


def may_stand(phrase: str, known: Container[str]) -> bool:
    """False if texts of these `beginnings` cannot hold the phrase; quicker than reading the phrase.

    What has a hyphen or a digit, a choice within a word, and what must not follow are not looked at.
    """
    rest = phrase
    if "!" in rest or "(" in rest:
        rest = _STOP.sub(" ", rest)
        for choice in _CHOICE.findall(rest):
            if not any(_may_be_there(one, known) for one in choice.split("|")):
                return False
        rest = _GROUP.sub("|", rest)
    return _may_be_there(rest, known)


def _may_be_there(written: str, known: Container[str]) -> bool:
    """Whether there may be all of these words, as far as they are plain words."""
    for chunk in written.split():
        word = chunk.removesuffix("*")
        if word.isalpha() and chunk not in known:
            element = _element(word)
            if word == chunk:
                if element not in known:
                    return False
            elif len(element) >= _INDEXED and element[:_INDEXED] + "*" not in known:
                return False
    return True


def _stop(word: str, phrase: str) -> str:
    ways = elements(word)
    if len(ways[0]) != 1:
        raise PhraseError(f"what follows '!' in {phrase!r} must be single words")
    return ways[0][0]


Found = list[tuple[Any, int, int]]
"""(entry, first word, last word) of what was found."""


class Trie:
    """All phrases at once. `entry` is whatever the caller wants to be told when a phrase is found."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.root = Node()
        self.lexicon = lexicon
        self.number = len(lexicon.roots)
        lexicon.roots.append(self.root)

    def add(self, phrase: str, entries: Sequence[object]) -> None:
        """Teach the trie one phrase. PhraseError if it cannot be read."""
        ways, stops = parse(phrase)
        learn = self.lexicon.learn
        learn(stops)
        guard = frozenset(stops) if stops else None
        root = self.root
        for way in ways:
            learn(way)
            before, rest = _anchored(way)
            node, most = root, 0
            for one in rest:
                if one[0] == "~":
                    most = int(one[1:])
                elif most:
                    node, most = node.leap(most, one), 0
                else:
                    node = node.grow(one)
            if guard or before:
                node.ends += tuple((entry, guard, before) for entry in entries)
            else:
                node.plain += tuple(entries)

    def read(self, text: str) -> Text:
        """The words of a text, as this trie knows them."""
        return Text(text, self.lexicon)

    def touches(self, text: str) -> bool:
        """Whether any phrase may begin in a text; a quick no for the many short ones without."""
        lexicon, second = self.lexicon, self.number
        for chunk in text.split(" "):
            for word in lexicon[chunk]:
                if word.two if second else word.one:
                    return True
        return False

    def find(self, text: Text) -> Found:
        """Every entry whose phrase stands in a text, with its first and last word.

        The first word and the step to the second are written out here: most searches come no further.
        """
        found: Found = []
        words = text.words
        count = len(words)
        leads = list(map(_TWO if self.number else _ONE, words))
        for first in compress(range(count), leads):
            after = first + 1
            for node in leads[first]:
                for entry in node.plain:
                    found.append((entry, first, first))
                if node.ends:
                    _end(node, words, first, first, found)
                if node.more and after < count and not words[first].ends:
                    edges = node.edges
                    for key in words[after].keys:
                        if key in edges:
                            _reach(edges[key], words, first, after, found)
                    if node.gaps:
                        _leap(node, words, first, after, found)
        return found


def leads(phrase: str, classes: Mapping[str, tuple[str, ...]]) -> set[str]:
    """The elements at which a search for the phrase begins."""
    found: set[str] = set()
    for way in parse(phrase)[0]:
        first = _anchored(way)[1][0]
        found |= set(classes.get(first[1:], ())) if first[0] == "@" else {first}
    return found


def _loose(text: str) -> list[str]:
    """About the words of a text, in half the time that `words` takes."""
    for mark in ",.;()/-":
        text = text.replace(mark, " ")
    return text.split()


class Scout:
    """Tells quickly of most texts that none of some phrases stands there; remembers no words, which are many."""

    def __init__(self, starts: Iterable[str]) -> None:
        """`starts`: elements, see `leads`."""
        found = set(starts)
        self._exact = {one[1:] for one in found if one[0] == "=" and one[-1] != "*"}
        self._stems = tuple(one.lstrip("=").removesuffix("*").lower() for one in found if one[-1] == "*")
        self._folded = {one for one in found if one[0] != "=" and one[-1] != "*"}

    def may_stand(self, text: str) -> bool:
        """Whether a phrase may begin in the text."""
        if not self._exact.isdisjoint(_loose(text)):
            return True
        if not (self._folded or self._stems):
            return False
        raw = words(text)
        if "#" in self._folded and any(word[0].isdigit() for word in raw):
            return True
        folded = set(map(fold, raw))
        return not self._folded.isdisjoint(folded) or any(word.startswith(self._stems) for word in folded)


def _anchored(way: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(what stands before, nearest first; where the search begins): no search begins at a word of every sentence."""
    start = 0
    while start + 1 < len(way) and way[start] in _EVERYWHERE and way[start + 1][0] != "~":
        start += 1
    return way[:start][::-1], way[start:]


def _stand_before(before: tuple[str, ...], words: list[Word], first: int) -> bool:
    """Whether these elements stand in front of a word, in its own sentence."""
    for element in before:
        first -= 1
        if first < 0 or words[first].ends or element not in words[first].keys:
            return False
    return True


def _end(node: Node, words: list[Word], first: int, last: int, found: Found) -> None:
    """The phrases that end with the word `last` only if something stands before them, or does not follow."""
    after = last + 1
    is_last = after >= len(words) or words[last].ends
    for entry, guard, before in node.ends:
        if guard is None or is_last or guard.isdisjoint(words[after].keys):
            if not before:
                found.append((entry, first, last))
            elif _stand_before(before, words, first):
                found.append((entry, first - len(before), last))


def _reach(node: Node, words: list[Word], first: int, last: int, found: Found) -> None:
    """What begins at `first` and has come to `node` with the word `last`."""
    for entry in node.plain:
        found.append((entry, first, last))
    if node.ends:
        _end(node, words, first, last, found)
    after = last + 1
    if node.more and after < len(words) and not words[last].ends:
        edges = node.edges
        for key in words[after].keys:
            if key in edges:
                _reach(edges[key], words, first, after, found)
        if node.gaps:
            _leap(node, words, first, after, found)


def _leap(node: Node, words: list[Word], first: int, after: int, found: Found) -> None:
    """What begins at `first`, has come to `node`, and goes on at the word `after` or after a gap."""
    for most, edges in node.gaps:
        place = after
        for word in words[after : after + most + 1]:
            for key in word.keys:
                if key in edges:
                    _reach(edges[key], words, first, place, found)
            if word.ends:
                break
            place += 1
