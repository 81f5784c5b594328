"""Names that trials go by, as CASTA or E-COMPASS: hints for a person, never a reason to put papers together.

Capitals say little: many trials share a name (CARE, START), and a paper names others' trials as well as its own.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_NAME = r"([A-Z](?:[A-Z0-9]|-(?=[A-Z0-9])){2,15})"
_BEFORE, _AFTER = r"(?<![\w./-])", r"(?![\w/]|-\w)"
_CALLED = re.compile(
    rf"{_BEFORE}{_NAME}{_AFTER}\)?(?: [IVX]{{1,3}}| \d)?[ -](?:[Tt]rial|[Ss]tudy|[Ii]nvestigators|[Pp]rotocol)\b"
)
_IN_TITLE = re.compile(rf"^{_NAME}(?=:| [-\u2013\u2014] )|\({_NAME}\)|: (?:the )?{_NAME}$")
_SHOUTED = 0.5
"""Of a title's letters that are capitals: then they say nothing."""
_LETTERS = 3

_NOT_NAMES = frozenset(
    [
        "ACUTE",
        "ADHD",
        "ADL",
        "AIS",
        "ALS",
        "AND",
        "APOE",
        "ARAT",
        "ASD",
        "BBB",
        "BDNF",
        "CBF",
        "CIND",
        "CNS",
        "COPD",
        "COVID-19",
        "CSF",
        "CT",
        "DNA",
        "DTI",
        "DSM",
        "EEG",
        "EFNS",
        "EMG",
        "EMA",
        "ESO",
        "EU",
        "FDA",
        "FIM",
        "FMA",
        "FOR",
        "GCS",
        "GDNF",
        "GOS",
        "GOSE",
        "HIE",
        "HIV",
        "ICH",
        "ICU",
        "II",
        "III",
        "IQR",
        "ISRCTN",
        "ITT",
        "IV",
        "IVIG",
        "MCI",
        "MMSE",
        "MRI",
        "MRS",
        "NCT",
        "NGF",
        "NICU",
        "NIH",
        "NIHSS",
        "NMDA",
        "NSAID",
        "NYHA",
        "PET",
        "PHASE",
        "PICU",
        "PILOT",
        "PTSD",
        "RCT",
        "RNA",
        "RTPA",
        "SAH",
        "SCI",
        "SMD",
        "SPECT",
        "STUDY",
        "TBI",
        "THE",
        "TIA",
        "TRIAL",
        "UK",
        "UMIN",
        "US",
        "USA",
        "VAD",
        "VEGF",
        "WHO",
        "WITH",
        "DOUBLE-BLIND",
        "PLACEBO",
        "ADAS-COG",
        "CIBIC",
        "OPEN-LABEL",
        "RANDOMIZED",
        "RANDOMISED",
        "OF",
        "IN",
    ]
)


class Named(NamedTuple):
    """A name in a text, and the sentence that holds it."""

    acronym: str
    sentence: str


def names_in(title: str, abstract: str) -> dict[str, Named]:
    """What could be names of trials, each with the first sentence that holds it."""
    found: dict[str, Named] = {}
    letters = [character for character in title if character.isalpha()]
    shouted = sum(character.isupper() for character in letters) > _SHOUTED * len(letters)
    if not shouted:
        for match in (*_IN_TITLE.finditer(title.rstrip(" .")), *_CALLED.finditer(title)):
            _add(found, next(part for part in match.groups() if part), title)
    for match in _CALLED.finditer(abstract):
        _add(found, match[1], around(abstract, *match.span(1)))
    return found


def _add(found: dict[str, Named], name: str, sentence: str) -> None:
    name = name.rstrip("-")
    if name not in _NOT_NAMES and sum(character.isalpha() for character in name) >= _LETTERS:
        found.setdefault(name, Named(name, sentence))


_STOP = re.compile(r"[.!?]\)?\s+(?=[A-Z(\[])|\n\n")
_MOST = 160
"""Characters on either side of what is quoted."""


def around(text: str, start: int, end: int) -> str:
    """The sentence of a text that holds these characters; of a very long one a piece, with … where it was cut."""
    begins = max((match.end() for match in _STOP.finditer(text, 0, start)), default=0)
    stop = _STOP.search(text, end)
    ends = stop.start() + 1 if stop else len(text)
    first, last = max(begins, start - _MOST), min(ends, end + _MOST)
    piece = " ".join(text[first:last].split())
    return f"{'…' if first > begins else ''}{piece}{'…' if last < ends else ''}"
