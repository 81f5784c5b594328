"""nbib, the MEDLINE format of PubMed: https://www.nlm.nih.gov/bsd/mms/medlineelements.html.

A tag takes four columns, `- ` two, and a line that continues a field begins with six spaces. Entries are parted by
an empty line and begin with the PMID; where that is missing, a second title or status begins the next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..citation import Citation, Unreadable
from . import identifiers
from .entry import citation
from .identifiers import Ids
from .people import person, with_initials
from .tagged import Outside, Record
from .text import flat

_FIELD = re.compile(r"([A-Z][A-Z0-9 ]{3})-(?: (.*))?")
_ONCE = frozenset({"PMID", "OWN", "STAT", "TI", "BTI", "DP", "TA", "JT", "JID", "VI", "IP", "PG", "SO"})
"""What a record says at most once."""


def read(text: str) -> Iterator[Citation | Unreadable]:
    """The entries of a file, in order."""
    record, outside, after_gap = None, Outside(), False
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            after_gap = True
            if record:
                record.continue_(line, "")
            continue
        found = _FIELD.fullmatch(line)
        if found:
            tag = found[1].rstrip()
            if record is None or tag == "PMID" or (after_gap and tag in _ONCE and tag in record.tags):
                yield from outside.told()
                if record:
                    yield _read(record)
                record = Record(number)
            record.add(line, tag, found[2] or "")
        elif record and (line.startswith(" ") or not after_gap):
            record.continue_(line, line.strip())
        else:
            if record:
                yield _read(record)
            record = None
            outside.add(number, line)
        after_gap = False
    yield from outside.told()
    if record:
        yield _read(record)


def _read(record: Record) -> Citation | Unreadable:
    values = record.by_tag()
    first = values.first
    return citation(
        record.line,
        record.text,
        ids=Ids(
            identifiers.pmid(first("PMID")),
            next((doi for value in (*values.get("LID", ()), *values.get("AID", ())) if (doi := _doi(value))), ""),
            identifiers.pmcid(first("PMC")),
        ),
        title=first("TI", "BTI", "TT", "CTI"),
        authors=_authors(record),
        date=first("DP") or first("DEP")[:4],  # 20250309
        journal=first("JT", "TA") or (first("BTI") if "TI" in values else ""),
        volume=first("VI"),
        issue=first("IP"),
        pages=first("PG"),
    )


def _doi(value: str) -> str:
    value = flat(value)
    return identifiers.doi(value.removesuffix("[doi]").strip()) if value.endswith("[doi]") else ""


def _authors(record: Record) -> Iterator[str]:
    """Full names, and the short form only of an author who has no full one."""
    before = ""
    for tag, value in record.fields():
        if tag in {"FAU", "CN"} and value.strip():
            yield person(value) if tag == "FAU" else flat(value)
        elif tag == "AU" and before != "FAU" and value.strip():
            yield with_initials(value)
        if tag in {"FAU", "AU", "CN"}:
            before = tag
