"""A query's text becomes tokens, each with its place, so that every refusal can point at it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal, NoReturn

from ..errors import QueryError
from .fields import FIELDS, Field

Kind = Literal["open", "close", "operator", "quote", "word", "tag", "stray"]
Operator = Literal["AND", "OR", "NOT"]

OPERATORS: Final[dict[str, Operator]] = {"AND": "AND", "OR": "OR", "NOT": "NOT"}
# "ampersand & - Boolean operator AND, pipe | - Boolean operator OR" (User Guide, "PubMed character conversions").
_SIGNS: Final[dict[str, Operator]] = {"&": "AND", "|": "OR"}

CURLY: Final = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))

_TOKEN = re.compile(
    r'\s+|(?P<open>\()|(?P<close>\))|"(?P<quote>[^"]*)"|\[(?P<tag>[^\[\]]*)\]|(?P<sign>[&|])|(?P<word>[^\s()\[\]"&|]+)|.',
    re.DOTALL,
)
_SHOWN = 40
STRAY: Final = {
    '"': "a quotation mark that is never closed",
    "[": "a square bracket that is never closed",
    "]": "a square bracket that was never opened",
}


class RefusedTermError(QueryError):
    """A query that cannot be used, with the place (from 0) and the reason apart."""

    def __init__(self, message: str, *, start: int, why: str) -> None:
        super().__init__(message)
        self.start = start
        self.why = why


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query and where it starts."""

    kind: Kind
    text: str
    start: int


def shown(text: str) -> str:
    """A text as a message quotes it: on one line and not endless."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def place(term: str, start: int) -> str:
    """`character 12`, or line and character where the query has several lines; both count from one."""
    line = term.count("\n", 0, start)
    column = start - (term.rfind("\n", 0, start) + 1) + 1
    return f"line {line + 1}, character {column}" if "\n" in term.strip() else f"character {column}"


def refuse(term: str, start: int, why: str) -> NoReturn:
    """Raise the QueryError for what is wrong at this place."""
    raise RefusedTermError(f"The query cannot be used: {why} (at {place(term, start)}).", start=start, why=why)


def tokenize(term: str) -> list[Token]:
    """Cut a query, its curly quotes already straightened, into tokens."""
    tokens: list[Token] = []
    for token in scan(term):
        if token.kind == "stray":
            refuse(term, token.start, f"{STRAY[token.text]}, {shown(term[token.start :])}")
        tokens.append(token)
    return tokens


def scan(term: str) -> Iterator[Token]:
    """The same pieces, and what fits nowhere as `stray`: nothing is refused."""
    for found in _TOKEN.finditer(term):
        kind, text, start = found.lastgroup, found[0], found.start()
        if kind in ("open", "close"):
            yield Token("open" if kind == "open" else "close", text, start)
        elif kind == "quote":
            yield Token("quote", found["quote"], start)
        elif kind == "tag":
            yield Token("tag", found["tag"], start)
        elif kind == "sign":
            yield Token("operator", _SIGNS[text], start)
        elif kind == "word":
            yield Token("operator" if text in OPERATORS else "word", text, start)
        elif not text.isspace():
            yield Token("stray", text, start)


def join_ranges(tokens: list[Token]) -> list[Token]:
    """Write `"2015"[dp] : "2020"[dp]`, as PubMed's own translations do, as `2015:2020[dp]`."""
    joined: list[Token] = []
    rest = tokens
    position = 0
    while position < len(rest):
        length, token = _range_at(rest, position)
        joined.append(token)
        position += length
    return joined


def _range_at(tokens: list[Token], position: int) -> tuple[int, Token]:
    """How many tokens make up the range that starts here (1: none does), and what they say."""
    left = tokens[position]
    found = position + 1
    if left.kind not in ("quote", "word") or ":" in left.text:
        return 1, left
    own = tokens[found] if _is(tokens, found, "tag") else None
    if own:
        found += 1
    if not (_is(tokens, found, "word") and tokens[found].text.startswith(":")):
        return 1, left
    right = tokens[found].text[1:]
    if not right:
        found += 1
        if not (_is(tokens, found, "word") or _is(tokens, found, "quote")):
            return 1, left
        right = tokens[found].text
    if not _is(tokens, found + 1, "tag"):
        return 1, left
    field = _field(tokens[found + 1])
    if not field or field.how not in ("date", "number") or (own and _field(own) is not field):
        return 1, left
    return found + 1 - position, replace(left, kind="quote", text=f"{left.text}:{right}")


def _field(tag: Token) -> Field | None:
    return FIELDS.get(" ".join(tag.text.lower().split()))


def _is(tokens: list[Token], position: int, kind: Kind) -> bool:
    return position < len(tokens) and tokens[position].kind == kind
