"""Authors as files write them become `Family, Given`, or `Family, Given, Suffix`; a group is its name."""

from __future__ import annotations

import re

from .text import flat

# "G.-H. Example", but not "U.S. Example Task Force".
_INITIALS_FIRST = re.compile(r"(?!U\. ?[SKN]\.)((?:[^\W\d_]\.[ -]?){1,5}) ?([^\W\d_][^\s,.]*(?: [^\s,.]+){0,2})")
_INITIALS_LAST = re.compile(r"(\S.*?) ((?:[^\W\d_]\.?-?){1,5})(?: (Jr\.?|Sr\.?|2nd|3rd|[4-9]th))?")
_INITIALS = re.compile(r"(?:[^\W\d_]\.[ -]?){1,5}|[A-ZÀ-Þ]{1,4}")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*+)(?:'|\\?\Z)|\"((?:[^\"\\]|\\.)*+)(?:\"|\\?\Z)")


def person(name: str) -> str:
    """One name; what has a comma already is in order, and a comma at its end says that it is a group."""
    name = flat(name)
    if "," in name:
        return ", ".join(filter(None, (part.strip() for part in name.split(","))))
    found = _INITIALS_FIRST.fullmatch(name)
    return f"{found[2]}, {found[1].strip()}" if found else name


def with_initials(name: str) -> str:
    """A name that may be in PubMed's short form, `Family FM`; a group does not end with initials."""
    name = flat(name)
    found = None if "," in name else _INITIALS_LAST.fullmatch(name)
    return ", ".join(filter(None, found.groups())) if found and found[2].isupper() else person(name)


def persons(cell: str) -> tuple[str, ...]:
    """The names in one cell of a table: parted by semicolons, "and", or commas between short forms."""
    cell = flat(cell)
    if cell.startswith("[") and cell.endswith("]"):  # a list as Python prints it
        return _all([single or double for single, double in _QUOTED.findall(cell)])
    if ";" in cell:
        return _all(cell.split(";"))
    if " and " in cell:
        return _all(cell.split(" and "))
    parts = [part.strip() for part in cell.split(",")]
    if len(parts) > 1 and len(parts) % 2 == 0 and all(map(_INITIALS.fullmatch, parts[1::2])):
        return _all([f"{family}, {given}" for family, given in zip(parts[::2], parts[1::2], strict=True)])
    if _INITIALS_LAST.fullmatch(parts[0]):
        if cell.count(".") == 1:
            parts[-1] = parts[-1].removesuffix(".")  # PubMed's, at the end of the list
        return _all(parts)
    return _all([cell])


def _all(names: list[str]) -> tuple[str, ...]:
    return tuple(filter(None, map(with_initials, names)))
