"""The parameters of an address ↔ a selection: the same choices that `list` has, under the same names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..errors import UsageError
from ..library.selecting import SORTS, Selection
from ..notices import HAD
from ..report.evidence import command
from ..web.pages import Params
from .mapping import spoken

DECISIONS = ("include", "exclude", "maybe", "none")
LONGEST = 500
"""Characters of a parameter."""
_MOST = 10**9
_SEVERAL = {"tag": "tags", "any": "any_tags", "not": "not_tags", "study": "studies", "language": "languages"}
_ONE = {"q": "text", "query": "query", "author": "author", "journal": "journal", "match": "match"}
_SORTS = tuple(f"{sign}{name}" for name in SORTS for sign in ("", "-"))
_OPTIONS = {f"--{name}": name for name in ("tag", "study", "query", "author", "journal", "match", "language")} | {
    "--any-tag": "any",
    "--not-tag": "not",
}


class Asked(NamedTuple):
    """What an address asks for."""

    selection: Selection
    """With its order, without a limit."""
    page: int = 1

    @property
    def params(self) -> Params:
        """The selection as parameters, always in the same order; without the page."""
        return of_selection(self.selection)

    @property
    def command(self) -> str:
        """`reftrack list …` of the same papers in the same order."""
        options, text = spoken(self.selection)
        sort = ("--sort", self.selection.sort) * bool(self.selection.sort)
        return command((*options, *_joined(sort)), text)


def _joined(sort: Sequence[str]) -> tuple[str, ...]:
    """An order that begins with - must not look like an option."""
    return (f"{sort[0]}={sort[1]}",) if sort else ()


def read(params: Iterable[tuple[str, str]]) -> Asked:
    """What the parameters of an address ask for; empty ones ask for nothing.

    Raises UsageError for a name or a value that is not known: what is passed over would widen the list unseen.
    """
    several: dict[str, list[str]] = {}
    one: dict[str, str] = {}
    for name, given in params:
        value = given.strip()
        if not value:
            continue
        if len(value) > LONGEST or "\x00" in value:
            raise UsageError(f"{name} is longer than anything there can be, or no text.")
        if name in _SEVERAL:
            several.setdefault(name, []).append(value)
        elif name in one:
            raise UsageError(f"{name} is given twice.")
        else:
            one[name] = value
    page = _number("page", one.pop("page", "1"))
    years = first, last = _year("from", one.pop("from", "")), _year("to", one.pop("to", ""))
    if first and last and first > last:
        raise UsageError(f"The years from {first} to {last} run backwards.")
    sort = _of("sort", one.pop("sort", ""), _SORTS)
    notice = _of("notice", one.pop("notice", ""), tuple(HAD))
    chosen: dict[str, Any] = {field: one.pop(name) for name, field in _ONE.items() if name in one}
    chosen |= {_SEVERAL[name]: tuple(dict.fromkeys(values)) for name, values in several.items()}
    selection = Selection(
        years=years if any(years) else None,
        notice=HAD[notice] if notice else (),
        retracted=notice == "retraction",
        decision=_of("decision", one.pop("decision", ""), DECISIONS),
        new=bool(_of("new", one.pop("new", ""), ("1",))),
        sort=sort,
        **chosen,
    )
    if one:
        raise UsageError(f"There is nothing to choose papers by that is called {next(iter(one))!r}.")
    return Asked(selection, page)


def _of(name: str, value: str, known: Sequence[str]) -> str:
    if value and value not in known:
        raise UsageError(f"{name} {value!r} is none of {', '.join(known)}.")
    return value


def _number(name: str, value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value) or not 1 <= int(value) < _MOST:
        raise UsageError(f"{name} {value!r} is no number from 1.")
    return int(value)


def _year(name: str, value: str) -> int | None:
    if value and (not re.fullmatch(r"[0-9]{4}", value) or not int(value)):
        raise UsageError(f"{name} {value!r} is no year.")
    return int(value) if value else None


def of_selection(selection: Selection) -> Params:
    """A selection as parameters, always in the same order."""
    found = [(name, str(value)) for name, field in _ONE.items() if (value := getattr(selection, field))]
    for name, field in _SEVERAL.items():
        found += [(name, value) for value in getattr(selection, field)]
    if selection.years:
        ends = zip(("from", "to"), selection.years, strict=True)
        found += [(name, str(year)) for name, year in ends if year is not None]
    found += [("notice", name) for name, links in HAD.items() if selection.notice == links]
    found += [("decision", selection.decision)] * bool(selection.decision)
    found += [("new", "1")] * selection.new
    found += [("sort", selection.sort)] * bool(selection.sort)
    return tuple(found)


def of_options(options: Sequence[str]) -> Params:
    """Options of `list`, as the evidence map names them, as parameters."""
    found: list[tuple[str, str]] = []
    words = iter(options)
    for word in words:
        if word == "--new":
            found.append(("new", "1"))
        else:
            found.append((_OPTIONS[word], next(words)))
    return tuple(found)
