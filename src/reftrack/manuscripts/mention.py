"""What a manuscript cites, as it says it: a key or a reference, and the place where that stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Item = Mapping[str, Any]
"""A reference as a CSL-JSON item, whatever the file had it in; never more than the file says."""


class Place(NamedTuple):
    """Where a citation stands."""

    file: str
    """As the person named it, or beside it."""
    line: int
    """From 1; in a document of an office program the paragraph."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One citation at one place."""

    place: Place
    key: str = ""
    """What tells this reference from the others of the file; "" where only the items do."""
    label: str = ""
    """What a person would search for; "" it is the key."""
    items: tuple[Item, ...] = ()
    """The reference itself, the likeliest reading first; () where only a bibliography can say what the key is."""


class Bibliography(NamedTuple):
    """A file of references that a manuscript names and that is there."""

    name: str
    data: bytes


@dataclass(slots=True)
class Manuscript:
    """A file, with all that it includes."""

    name: str
    mentions: list[Mention] = field(default_factory=list)
    entries: dict[str, tuple[Item, ...]] = field(default_factory=dict)
    """References that the file itself holds by key: \\bibitem, the sources of Word."""
    bibliographies: list[Bibliography] = field(default_factory=list)
    everything: Place | None = None
    """Where it says that it cites all of its bibliography: \\nocite{*}."""
    remarks: list[str] = field(default_factory=list)
    """What could not be looked at, a sentence each."""
