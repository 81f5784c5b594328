"""RIS, as Zotero, EndNote, Scopus, Ovid and the rest write it: https://en.wikipedia.org/wiki/RIS_(file_format).

An entry begins with `TY` and ends with `ER`, which some programs leave out. A line without a tag continues the field
before it. What people decided in Rayyan and ASReview is read from the notes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ..citation import Citation, Unreadable
from . import identifiers
from .entry import citation, unreadable
from .identifiers import Ids, named
from .people import person
from .screening import screened
from .tagged import Outside, Record

_FIELD = re.compile(r"([A-Z][A-Z0-9])  -(?: (.*)|\s*)")
_FIELD_NARROW = re.compile(r"([A-Z][A-Z0-9]) {1,2}-(?: (.*)|\s*)")
_PREAMBLE = re.compile(r"(?:Provider|Database|Content): .*|<?[0-9]+[.>]\s*")
"""What ACM, EBSCO and Ovid write around entries."""

_NOTES = ("N1", "RN")
_FREE = ("UR", "L1", "L2", "L3", "LK", "M3", "N1", "C1", "C2", "C3", "U1", "ID", "AN", "M1", "M2")
"""Where programs put ids, among other things."""

_OF_NLM = re.compile(r"\b(?:pubmed|medline|nlm)\b", re.IGNORECASE)
_OF_OTHERS = re.compile(r"\b(?:embase|scopus|cinahl|psyc\w+|cochrane|wos|web of science)\b", re.IGNORECASE)


def read(text: str) -> Iterator[Citation | Unreadable]:
    """The entries of a file, in order."""
    record, outside, field = None, Outside(), _FIELD
    for number, line in enumerate(text.split("\n"), 1):
        found = field.fullmatch(line) or (_FIELD_NARROW.fullmatch(line) if line.startswith(("TY -", "ER -")) else None)
        if found is None:
            if record:
                record.continue_(line, line.strip())
            elif line.strip() and not _PREAMBLE.fullmatch(line):
                outside.add(number, line)
            continue
        tag, value = found[1], found[2] or ""
        if record is None or (tag == "TY" and record.tags != {"TY"}):
            yield from outside.told()
            if record:
                yield _read(record)
            record = Record(number)
            field = _FIELD_NARROW if line.startswith("TY -") else _FIELD
        record.add(line, tag, value)
        if tag == "ER":
            yield _read(record)
            record = None
    yield from outside.told()
    if record:
        yield _read(record)


def _read(record: Record) -> Citation | Unreadable:
    values = record.by_tag()
    if record.tags == {"ER"}:
        return unreadable(record.line, "an entry ends here that has not begun", record.text)
    first = values.first
    return citation(
        record.line,
        record.text,
        key=first("ID"),
        ids=_ids(values),
        title=first("TI", "T1", "CT", "BT", "ST"),
        authors=[name for tag in ("A1", "AU") for value in values.get(tag, ()) if (name := person(value))],
        date=first("PY", "Y1", "DA", "Y2"),
        journal=first("JF", "T2", "JO", "JA", "J1", "J2"),
        volume=first("VL"),
        issue=first("IS"),
        pages="-".join(filter(None, (first("SP").strip(), first("EP").strip()))),
        screened=screened(value for tag in _NOTES for value in values.get(tag, ())),
    )


def _ids(values: Mapping[str, Sequence[str]]) -> Ids:
    """Those of the fields made for them, then what other fields name as such."""
    sure = Ids(
        _accession(values),
        next((doi for tag in ("DO", "DI") for value in values.get(tag, ()) if (doi := identifiers.doi(value))), ""),
    )
    return sure.else_(named(value for tag in _FREE for value in values.get(tag, ())))


def _accession(values: Mapping[str, Sequence[str]]) -> int | None:
    """The accession number, where the entry says that its database is NLM's and no other: then it is the PMID."""
    source = " ".join((*values.get("DB", ()), *values.get("DP", ())))
    if not _OF_NLM.search(source) or _OF_OTHERS.search(source):
        return None
    return next((pmid for value in values.get("AN", ()) if (pmid := identifiers.pmid(value))), None)
