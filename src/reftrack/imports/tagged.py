"""Formats of one field a line: where entries begin and end is each format's own; what lies outside is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..citation import Unreadable
from .entry import unreadable


class Field(NamedTuple):
    """A tag and its value, the lines that continue it included."""

    tag: str
    value: str


class Values(dict[str, list[str]]):
    """The values of each tag that has any, in order."""

    def first(self, *tags: str) -> str:
        """The first value of the first of these tags that has one; "" if none has."""
        return next((self[tag][0] for tag in tags if tag in self), "")


class Record:
    """The lines of one entry while they are read."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.lines: list[str] = []
        self.tags: set[str] = set()
        self._fields: list[tuple[str, list[str]]] = []

    def add(self, line: str, tag: str, value: str) -> None:
        """Take the line of a field."""
        self.lines.append(line)
        self.tags.add(tag)
        self._fields.append((tag, [value]))

    def continue_(self, line: str, value: str) -> None:
        """Take a line that goes on with the field before; an empty one belongs to the entry and to no field."""
        self.lines.append(line)
        if value and self._fields:
            self._fields[-1][1].append(value)

    @property
    def text(self) -> str:
        """The entry verbatim, without the empty lines after it."""
        return "\n".join(self.lines).rstrip("\n")

    def fields(self) -> Iterator[Field]:
        """Its fields in order."""
        for tag, values in self._fields:
            yield Field(tag, "\n".join(values))

    def by_tag(self) -> Values:
        """The values of each tag that has any, in order."""
        found = Values()
        for field in self.fields():
            if field.value.strip():
                found.setdefault(field.tag, []).append(field.value)
        return found


class Outside:
    """Lines between the entries: each run of them is told once."""

    def __init__(self) -> None:
        self._line = 0
        self._text: list[str] = []

    def add(self, number: int, line: str) -> None:
        """Take the line with this number."""
        self._line = self._line or number
        self._text.append(line)

    def told(self) -> Iterator[Unreadable]:
        """What was taken since the last time."""
        if self._text:
            more = len(self._text) - 1
            reason = "text outside any entry" + (f", {more} more lines like it" if more else "")
            yield unreadable(self._line, reason, "\n".join(self._text[:20]))
        self._line, self._text = 0, []
