"""A title of PubMed becomes a marked title: without PubMed's punctuation, with its markup and its capitals marked.

A marked title is one line of text in which single control characters stand for what is not text: the italics, bold,
sub- and superscripts of the record, and the words whose capitals no citation style may change. A format turns the
marks into its own words (LaTeX: `latex.title`). Text itself holds no control characters, `flat` sees to that.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import product

from msgspec import Struct

from .text import flat

OPEN = {"i": "\x01", "b": "\x03", "sub": "\x05", "sup": "\x07"}
CLOSE = {"i": "\x02", "b": "\x04", "sub": "\x06", "sup": "\x08"}
KEEP, KEPT = "\x0e", "\x0f"
"""Around letters whose case must stay; never nested."""

PLACEHOLDERS = frozenset({"[No title]", "[No title available]", "[Not Available]", "[In Process Citation]"})
"""What stands where a record has no title; its brackets say that it is none."""

_TAG = re.compile(r"<(/?)(i|b|u|sub|sup)>")
_MARK = re.compile(r"[\x01-\x08]")
_MARKS = "".join((*OPEN.values(), *CLOSE.values()))

_ABBREVIATION = re.compile(r"\b(?:(?:[^\W\d_]\.){2,}|(?:al|etc|Inc|Jr|Ltd|sp|spp|Sr|subsp|var|vs)\.)[\x01-\x08]*\Z")
_ABBREVIATION_LENGTH = 16


def plain(title: str) -> str:
    """`title` as one line, without its closing full stop and the brackets that PubMed puts around a translation."""
    return _unwrapped(flat(title))


def marked(title: str, markup: str = "") -> str:
    """The marked title of a record's `title`, or of its `markup` where the record has any."""
    bare = _unwrapped(_with_marks(flat(markup)) if markup else flat(title))
    return bare if bare in PLACEHOLDERS else _protected(bare)


def _unwrapped(title: str) -> str:
    title = _without_stop(title)
    if title.startswith("[") and title not in PLACEHOLDERS and _closing_bracket(title) == len(title) - 1:
        return _without_stop(title[1:-1].strip())
    return title


def _without_stop(title: str) -> str:
    """One full stop less, unless it belongs to an abbreviation or an ellipsis."""
    if title[-8:-1].isalpha() and title[-1] == ".":  # the quick way: no abbreviation is as long
        return title[:-1]
    stop = title.rstrip(_MARKS)
    if not stop.endswith(".") or stop.endswith(".."):
        return title
    if _ABBREVIATION.search(title, max(0, len(title) - _ABBREVIATION_LENGTH)):
        return title
    return stop[:-1].rstrip() + title[len(stop) :]


def _closing_bracket(title: str) -> int:
    """Where the bracket that opens `title` closes; -1 if it never does."""
    if title.rfind("[") == 0:  # no other: the quick way
        return title.find("]")
    depth = 0
    for position, char in enumerate(title):
        depth += (char == "[") - (char == "]")
        if depth == 0:
            return position
    return -1


def _with_marks(markup: str) -> str:
    """Tags become marks, and the XML between them text.

    A tag without its partner is dropped, and so is underlining, which no style has a use for.
    """
    pieces: list[str] = []
    unclosed: list[tuple[str, int]] = []
    end = 0
    for tag in _TAG.finditer(markup):
        pieces.append(markup[end : tag.start()])
        end = tag.end()
        name = tag[2]
        if name == "u":
            continue
        if not tag[1]:
            unclosed.append((name, len(pieces)))
            pieces.append(OPEN[name])
        elif unclosed and unclosed[-1][0] == name:
            unclosed.pop()
            pieces.append(CLOSE[name])
    for _, index in unclosed:
        pieces[index] = ""
    pieces.append(markup[end:])
    text = "".join(pieces)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") if "&" in text else text


# Capitals. Styles such as BibTeX's plain lower-case a title: "TBI" would come out as "tbi", "°C" as "°c".
# Braces around the whole title would forbid a style its work, so single words are protected:
#  1. a word with a capital or digit after its beginning (TBI, IL-6, mRNA, 3D), or a lone capital (vitamin D);
#  2. any other capitalised word: PubMed's titles are in sentence case, so it is a name or begins a sentence.
# Rule 2 would brace every word of a title in Title Case, as some journals deliver them; there it is for words that
# begin a sentence. What styles keep by themselves, the beginning of a title and of a subtitle, is left to them.

# A word with a character that is neither a-z nor common punctuation; the other words have nothing to protect.
_CANDIDATE = re.compile(r"(?<![^ /—])[a-z.,:;()'-]*+[^a-z.,:;()' /—-][^ /—]*")
_CORE = re.compile(r"[^\W_](?:.*[^\W_])?")
_DIGIT_AFTER_LETTER = re.compile(r"[^\W\d_].*[\d⁰-₉²³¹]")
_HYPHEN = re.compile(r"[-‐‑–]")
_WORD = re.compile(r"[^\W\d_][\w'’]{3,}")  # shorter ones say nothing about the case of a title
_FROM_MARK = re.compile(r"[\x01-\x08].*\Z")
_TO_MARK = re.compile(r"\A.*[\x01-\x08]")
_UNMARKED = re.compile(r"[^\x01-\x08]+")
_BEFORE_A_WORD = " \"'“”‘’«»„([{¿¡*" + _MARKS
_SHORTENED = re.compile(r"(?:^|[^\w])(?:[^\W\d_]{1,2}|vs|spp|etc|Mrs|Prof)\.\Z")

_SMALL_WORD_LIST = """
about across after against among before between during following from into over regarding since than that
their these this those through toward towards under until upon using versus what when where which while with
within without
"""
_SMALL_WORDS = frozenset(_SMALL_WORD_LIST.split())
_ENOUGH = 2
"""So many words must speak before a title counts as Title Case: "Effects of Examplin" is not."""
_SHARE = 0.8
"""Of 713 titles of real records, all below 0.77 are sentences, nearly all above 0.85 in Title Case, none between."""


class _Word(Struct, frozen=True, gc=False):
    """What the rules ask of a word: its letters without the punctuation around them, and its capitals."""

    before: str
    core: str
    after: str
    capital: bool
    lone: bool
    inner: bool
    """A capital or a digit stands after the beginning."""
    inner_of_part: bool
    """The same of one part of a compound: of NF-κB but not of Double-Blind, which Title Case makes of double-blind."""


def _protected(title: str) -> str:
    candidates = list(_CANDIDATE.finditer(title))
    title_case = len(candidates) > _ENOUGH and _is_title_case(title)
    pieces: list[str] = []
    end = 0
    for found in candidates:
        text = found[0]
        if text.isalpha() and text[1:].islower():  # Examplin: the quick way, every other candidate is like it
            if not text[0].isupper() or not _is_told(title, found.start(), title_case=title_case):
                continue
            kept = f"{KEEP}{text}{KEPT}"
        else:
            word = _word(text)
            keeps = word.inner_of_part if title_case else word.inner
            begin = found.start() + len(word.before)
            if not keeps and not (word.capital and _is_told(title, begin, title_case=title_case and not word.lone)):
                continue
            kept = _kept(word.before, word.core, word.after)
        pieces += title[end : found.start()], kept
        end = found.end()
    return "".join((*pieces, title[end:])) if pieces else title


@lru_cache(maxsize=16384)  # titles of one field share most of their words
def _word(text: str) -> _Word:
    found = _CORE.search(text)
    if found is None:
        return _Word(text, "", "", capital=False, lone=False, inner=False, inner_of_part=False)
    core = _MARK.sub("", found[0])
    digit = bool(_DIGIT_AFTER_LETTER.search(core))
    inner = digit or _has_inner_capital(core)
    parts = [core] if digit else _HYPHEN.split(core)
    return _Word(
        text[: found.start()],
        found[0],
        text[found.end() :],
        capital=core[0].isupper(),
        lone=len(core) == 1,
        inner=inner,
        inner_of_part=inner
        if len(parts) == 1
        else any(_has_inner_capital(part) or (len(part) == 1 and part.isupper()) for part in parts),  # T-Cell
    )


def _has_inner_capital(word: str) -> bool:
    return word[1:] != word[1:].lower()


def _is_title_case(title: str) -> bool:
    """Whether the words of some length after the first are capitalised, acronyms and small words aside."""
    words = _WORD.findall(title, title.find(" ") + 1)
    small = [word for word in words if word.islower() and word not in _SMALL_WORDS]
    if len(words) - len(small) < _SHARE * len(words):  # a sentence, nearly always: the quick way out
        return False
    capitals = [word for word in words if word[1:].islower() and word[0].isupper() and word.lower() not in _SMALL_WORDS]
    counted = len(capitals) + len(small)
    return counted >= _ENOUGH and len(capitals) >= _SHARE * counted


def _is_told(title: str, position: int, *, title_case: bool) -> bool:
    """Whether a capital at `position` says something that a style would take away.

    Styles keep the first letter of a title and one after ": " (BibTeX's change.case$), and no other beginning: not
    after a full stop, and not behind a quotation mark. In Title Case only the beginning of a sentence says something.
    """
    before = title[:position].rstrip(_MARKS)
    if not before or before.endswith(": "):
        return False
    return not title_case or _begins(title, position)


def _begins(title: str, position: int) -> bool:
    """Whether a sentence of the title begins at `position`."""
    before = title[:position].rstrip(_BEFORE_A_WORD)
    if not before or before[-1] in ":?!":
        return True
    return before[-1] == "." and not _SHORTENED.search(before)  # not after "St." or "E." (coli)


def _kept(before: str, core: str, after: str) -> str:
    """The word with its core marked KEEP; markup that begins or ends inside the core is taken in whole, or left out."""
    if not _MARK.search(core):
        return f"{before}{KEEP}{core}{KEPT}{after}"
    lead, trail = _FROM_MARK.search(before), _TO_MARK.search(after)
    for first, last in product(("", lead[0] if lead else ""), ("", trail[0] if trail else "")):
        whole = first + core + last
        if _is_balanced(whole):
            return f"{before.removesuffix(first)}{KEEP}{whole}{KEPT}{after.removeprefix(last)}"
    return before + _UNMARKED.sub(rf"{KEEP}\g<0>{KEPT}", core) + after


def _is_balanced(text: str) -> bool:
    """Whether every mark in `text` opens and closes there; an opening mark is odd, its closing one the next number."""
    unclosed: list[int] = []
    for mark in _MARK.findall(text):
        if ord(mark) % 2:
            unclosed.append(ord(mark))
        elif not unclosed or unclosed.pop() != ord(mark) - 1:
            return False
    return not unclosed
