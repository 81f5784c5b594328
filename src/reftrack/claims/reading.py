"""TOML text becomes claims; every mistake is a UsageError that names file, claim, key and the nearest name.

A file holds `[[claim]]` tables and, above them, `about`: tags that every paper must carry to bear on any claim of the
file, so that a library on another topic is not asked about it. A later file's claim with the same id is laid over the
earlier one: what it says replaces, the rest stays, and what it counts (tags, any_tags, not_tags, match, also) is one
thing that is replaced as a whole. With both a statement and what it counts it is a claim of its own and takes over
nothing, not even `about`: an id may be chosen without knowing those of other topics.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from ..errors import UsageError

LONGEST_ID: Final = 40
_ID: Final = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{LONGEST_ID - 1}}}")
_TOP: Final = ("about", "claim")
_LISTS: Final = ("tags", "any_tags", "not_tags")
_WAY: Final = (*_LISTS, "match")
_CLAIM: Final = ("id", "statement", "note", "disabled", *_WAY, "also")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to bear on a claim: all of it must hold, as of the options of `list`."""

    tags: tuple[str, ...] = ()
    any_tags: tuple[str, ...] = ()
    not_tags: tuple[str, ...] = ()
    match: str = ""
    """PubMed syntax; "" for any paper."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement, and the ways in which a paper can bear on it: any of them is enough."""

    id: str
    statement: str
    note: str
    """What is counted and what is left out."""
    about: tuple[str, ...]
    """Tags that a paper must carry besides."""
    ways: tuple[Way, ...]
    file: str
    """Where it is written, for messages."""
    shipped: bool = False


def load(own: Iterable[tuple[str, str]] = ()) -> list[Claim]:
    """The shipped claims with a workspace's files (name for messages, TOML text) laid over them, in their order."""
    found = {claim.id: claim for claim in parse_shipped()}
    for file, text in own:
        _read(file, text, found)
    return list(found.values())


def parse_shipped() -> list[Claim]:
    """The claims of the package alone."""
    found: dict[str, Claim] = {}
    folder = resources.files(__package__)
    for entry in sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name):
        _read(entry.name, entry.read_text(encoding="utf-8"), found, shipped=True)
    return list(found.values())


def nearest_id(name: str, known: Iterable[str]) -> str:
    """The id that was meant by a name that is none; "" if none is like it."""
    close = difflib.get_close_matches(name.strip().lower().replace("_", "-"), list(known), 1, 0.5)
    return close[0] if close else ""


def _read(file: str, text: str, found: dict[str, Claim], *, shipped: bool = False) -> None:
    """Lay the claims of one file over those that are there."""
    try:
        document = tomllib.loads(text)
    # TOMLDecodeError is a ValueError, and so is the refusal of an integer of thousands of digits.
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is not valid TOML: {error}; correct it.") from None
    _refuse_unknown(document, _TOP, file)
    about = _texts(document, "about", file) if "about" in document else None
    tables = document.get("claim", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{file}: claims stand under [[claim]], with two brackets.")
    seen: set[str] = set()
    for number, table in enumerate(tables, 1):
        name = _id(table, file, number)
        where = f"{file}, claim {name}"
        if name in seen:
            raise UsageError(f"{where}: this id stands twice in the file; give one of them another.")
        seen.add(name)
        _refuse_unknown(table, _CLAIM, where)
        claim = _claim(name, table, where, found.get(name), about=about, shipped=shipped, file=file)
        if claim is None:
            found.pop(name, None)
        else:
            found[name] = claim


def _claim(
    name: str,
    table: Mapping[str, Any],
    where: str,
    before: Claim | None,
    *,
    about: tuple[str, ...] | None,
    shipped: bool,
    file: str,
) -> Claim | None:
    """A claim, over what was said of it before; None if it is switched off."""
    off = table.get("disabled", False)
    if not isinstance(off, bool):
        raise UsageError(f"{where}: disabled must be true or false.")
    if off:
        if before is None:
            raise UsageError(f"{where}: there is no such claim to switch off; `reftrack claims` shows which there are.")
        return None
    counts = any(key in table for key in (*_WAY, "also"))
    if counts and "statement" in table:
        before = None
    statement = _line(table, "statement", where) if "statement" in table else before.statement if before else ""
    if not statement:
        raise UsageError(f'{where} has no statement; add statement = "It …".')
    note = _line(table, "note", where) if "note" in table else before.note if before else ""
    ways = _ways(table, where) if counts else before.ways if before else ()
    if not ways:
        raise UsageError(
            f"{where} does not say which papers bear on it; add tags, any_tags or match, "
            'as any_tags = ["memory", "attention"].'
        )
    required = about if about is not None else before.about if before else ()
    return Claim(name, statement, note, required, ways, file, shipped)


def _ways(table: Mapping[str, Any], where: str) -> tuple[Way, ...]:
    also = table.get("also", [])
    if not isinstance(also, list) or not all(isinstance(one, dict) for one in also):
        raise UsageError(f'{where}: also must be a list of tables, as also = [{{tags = ["mortality"]}}].')
    ways = [_way(table, where)] if any(key in table for key in _WAY) else []
    for one in also:
        _refuse_unknown(one, _WAY, f"{where}, also")
        ways.append(_way(one, f"{where}, also"))
    return tuple(ways)


def _way(table: Mapping[str, Any], where: str) -> Way:
    lists = {key: _texts(table, key, where) for key in _LISTS if key in table}
    match = _text(table, "match", where) if "match" in table else ""
    if not match and not lists.get("tags") and not lists.get("any_tags"):
        raise UsageError(f"{where} would count nearly every paper; add tags, any_tags or match.")
    return Way(match=" ".join(match.split()), **lists)


def _id(table: Mapping[str, Any], file: str, number: int) -> str:
    where = f"{file}, claim number {number}"
    if "id" not in table:
        _refuse_unknown(table, _CLAIM, where)
        raise UsageError(f'{where} has no id; add id = "a-short-name".')
    name = table["id"]
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise UsageError(
            f"{where}: id {name!r} must be small letters, digits and hyphens, at most {LONGEST_ID}, as crosses-bbb."
        )
    return name


def _refuse_unknown(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}."
            raise UsageError(f"{where} has an unknown key {key!r}; {hint}")


def _texts(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    values = table[key]
    if not isinstance(values, list) or not values or not all(isinstance(v, str) and v.strip() for v in values):
        raise UsageError(f'{where}: {key} must be a list of tags, as {key} = ["memory"].')
    return tuple(dict.fromkeys(value.strip() for value in values))


def _line(table: Mapping[str, Any], key: str, where: str) -> str:
    """Text whose line ends are only layout."""
    return " ".join(_text(table, key, where).split())


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table[key]
    if not isinstance(value, str):
        raise UsageError(f"{where}: {key} must be text in quotes.")
    if not value.strip():
        raise UsageError(f"{where}: {key} is empty; write one or leave it out.")
    return value
