"""CSL-JSON: an array of items, one item, one a line as reftrack writes them, or items of a Zotero or pandoc document.

Schema: https://github.com/citation-style-language/schema/blob/master/schemas/input/csl-data.json. Items are read one
by one, so that a broken one costs no other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..citation import Citation, Decision, Unreadable
from . import identifiers
from .entry import citation, unreadable
from .identifiers import Ids, named
from .screening import Screened, screened, verdict
from .text import distinct, flat, flat_lines

_SPACE = re.compile(r"[\s,\[\]]*")
_WRAPPER = re.compile(r'\s*\{\s*"(?:items|references)"\s*:\s*\[')
_END = re.compile(r"[\s\]}]*\Z")
_NEXT = re.compile(r"(?<=[\[,\n}])[ \t]*\{")
_ITEM = frozenset({"id", "type", "title", "DOI", "PMID"})

_AT = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z")
"""A moment as a library writes it."""

_PATIENCE = 20
"""A broken file is searched for its next item until this many times its length has been read in vain."""
_NO_DEPTH = 10_000
"""What an attempt counts that ends because the nesting is too deep."""
_STRIDE = 250_000


def read(text: str) -> Iterator[Citation | Unreadable]:
    """The items of a file, in order."""
    wrapped = _WRAPPER.match(text)
    position = wrapped.end() if wrapped else 0
    items = _Items(text)
    line, counted = 1, 0
    while True:
        start = _SPACE.match(text, position).end()  # type: ignore[union-attr]
        if start == len(text) or (wrapped and _END.match(text, start)):
            return
        line, counted = line + text.count("\n", counted, start), start
        item, position, reason = items.at(start)
        if reason or not isinstance(item, dict):
            yield unreadable(line, reason or "a value where an item should be", text[start:position])
        else:
            yield _read(item, line, text[start:position])


class _Items:
    """Decodes one item after the other, and knows when to give up."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._decode = json.JSONDecoder().raw_decode
        self._rest, self._offset = text, 0
        self._patience = _PATIENCE * len(text) + _NO_DEPTH

    def at(self, start: int) -> tuple[Any, int, str]:
        """The value at `start`, where it ends, and what is wrong with it; a broken one ends where the next begins."""
        try:
            return *self._decoded(start), ""
        except json.JSONDecodeError as error:
            return None, self._next(start), f"broken JSON: {error.msg.lower()}"
        except RecursionError:
            return None, self._next(start), "JSON nested too deep"
        except ValueError:  # a number of more digits than Python converts
            return None, self._next(start), "broken JSON"

    def _decoded(self, start: int) -> tuple[Any, int]:
        # An error counts the lines before it: in the whole text, that would be the square of many errors.
        if start - self._offset > _STRIDE:
            self._rest, self._offset = self._text[start:], start
        value, end = self._decode(self._rest, start - self._offset)
        return value, end + self._offset

    def _next(self, broken: int) -> int:
        """Where the next whole item begins after the broken one; the end of the text if there is none."""
        for found in _NEXT.finditer(self._text, broken + 1):
            start = found.end() - 1
            try:
                value, _ = self._decoded(start)
            except json.JSONDecodeError as error:
                self._patience -= error.pos + self._offset - start + 1
            except (RecursionError, ValueError):
                self._patience -= _NO_DEPTH
            else:
                if isinstance(value, dict) and _ITEM & value.keys():
                    return start
            if self._patience < 0:
                break
        return len(self._text)


def _read(item: Mapping[str, Any], line: int, text: str) -> Citation | Unreadable:
    values = {name: _word(value) for name, value in item.items()}

    def first(*names: str) -> str:
        return next((values[name] for name in names if values.get(name)), "")

    sure = Ids(
        identifiers.pmid(first("PMID", "pmid")),
        identifiers.doi(first("DOI", "doi")),
        identifiers.pmcid(first("PMCID", "pmcid")),
    )
    return citation(
        line,
        text,
        key=first("citation-key", "id"),
        ids=sure.else_(named((first("note"), first("URL")))),
        title=first("title"),
        authors=filter(None, map(_author, item["author"])) if isinstance(item.get("author"), list) else (),
        date=_year(item.get("issued")) or first("year"),
        journal=first("container-title", "journal", "container-title-short", "journalAbbreviation"),
        volume=first("volume"),
        issue=first("issue"),
        pages=first("page", "number"),
        screened=_judged(item)
        if isinstance(item.get("decisions"), list)
        else Screened(note=flat_lines(first("annote"))).and_(screened((first("note"),))),
    )


def _judged(item: Mapping[str, Any]) -> Screened:
    """What people said, in the lines that reftrack itself writes (`export -f jsonl`): every reader's decision."""
    said = [one for one in item["decisions"] if isinstance(one, dict)]
    return Screened(
        tuple(
            Decision(found, flat(_word(one.get("who"))), distinct(_words(one.get("reasons"))), _moment(one))
            for one in said
            if (found := verdict(_word(one.get("verdict"))))
        ),
        distinct(_words(item.get("labels"))),
        flat_lines(_word(item.get("note"))),
    )


def _words(values: object) -> list[str]:
    return [word for value in values if (word := flat(_word(value)))] if isinstance(values, list) else []


def _moment(said: Mapping[str, Any]) -> str:
    at = _word(said.get("at"))
    return at if _AT.fullmatch(at) else ""


def _word(value: object) -> str:
    """A text or number; of a list, as Crossref has titles, the first."""
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    try:
        return str(value)
    except ValueError:  # as above
        return ""


def _author(name: object) -> str:
    if not isinstance(name, dict):
        return flat(_word(name))
    said = {part: flat(_word(value)) for part, value in name.items()}
    family = " ".join(filter(None, (said.get("non-dropping-particle"), said.get("family"))))
    given = " ".join(filter(None, (said.get("given"), said.get("dropping-particle"))))
    return ", ".join(filter(None, (family, given, said.get("suffix")))) or said.get("literal") or said.get("name", "")


def _year(issued: object) -> str:
    """What stands of a date first: its year."""
    if not isinstance(issued, dict):
        return _word(issued)
    parts = issued.get("date-parts")
    if isinstance(parts, list) and parts:
        return _word(parts[0])
    return _word(issued.get("raw")) or _word(issued.get("literal"))
