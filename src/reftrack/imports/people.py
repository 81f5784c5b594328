"""Authors as files write them become `Family, Given`, or `Family, Given, Suffix`; a group is its name."""

from __future__ import annotations

import re

from .text import flat

_INITIALS_FIRST = re.compile(r"((?:[^\W\d_]\.[ -]?){1,5}) ?([^\W\d_][^,.]*)")
_INITIALS_LAST = re.compile(r"(\S.*?),? ((?:[^\W\d_]\.?-?){1,5})")
_INITIALS = re.compile(r"(?:[^\W\d_]\.[ -]?){1,5}|[A-ZÀ-Þ]{1,4}")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*+)(?:'|\Z)|\"((?:[^\"\\]|\\.)*+)(?:\"|\Z)")


def person(name: str) -> str:
    """One name; what has a comma already is in order, and a comma at its end says that it is a group."""
    name = flat(name)
    if "," in name:
        return ", ".join(filter(None, (part.strip() for part in name.split(","))))
    found = _INITIALS_FIRST.fullmatch(name)
    return f"{found[2]}, {found[1].strip()}" if found else name


def with_initials(name: str) -> str:
    """A name in PubMed's short form, `Family FM`; a group, which does not end with initials, stays."""
    name = flat(name)
    found = _INITIALS_LAST.fullmatch(name)
    return f"{found[1]}, {found[2]}" if found and found[2].isupper() else person(name)


def persons(cell: str) -> tuple[str, ...]:
    """The names in one cell of a table: parted by semicolons, "and", or commas between short forms."""
    cell = flat(cell)
    if cell.startswith("[") and cell.endswith("]"):  # a list as Python prints it
        return _all([single or double for single, double in _QUOTED.findall(cell)])
    if ";" in cell:
        return _all(cell.split(";"))
    if " and " in cell:
        return _all(cell.split(" and "))
    parts = [part.strip() for part in cell.rstrip(".").split(",")]
    if len(parts) > 1 and len(parts) % 2 == 0 and all(map(_INITIALS.fullmatch, parts[1::2])):
        return _all([f"{family}, {given}" for family, given in zip(parts[::2], parts[1::2], strict=True)])
    if _INITIALS_LAST.fullmatch(parts[0]):
        return _all(parts)
    return _all([cell])


def _all(names: list[str]) -> tuple[str, ...]:
    return tuple(filter(None, map(with_initials, names)))
