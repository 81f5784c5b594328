"""Trial registry numbers: what they look like, in one spelling each, and where they stand in a text.

Shapes follow the registries' own pages and WHO's list of primary registries (https://www.who.int/tools/clinical-trials-
registry-platform). A number counts only whole and in its shape, so that a grant or an accession number is none; where
the shape alone is that of many things (EudraCT's 2005-001234-12, the Dutch NL1234), the register must be named just
before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

POOLED = "pooled"
"""The `number` of a mark by which a title says that several trials, or their data, were put together."""


class Mark(NamedTuple):
    """Something in a record or its words that says which trial a paper reports."""

    number: str
    """In the one spelling of its registry; or POOLED."""
    registry: str
    """"" of POOLED."""
    field: str
    """record, title, abstract."""
    start: int = 0
    end: int = 0
    """Characters of the title, or of the abstract as the library holds it; 0 and 0 of the record."""


class _Registry(NamedTuple):
    name: str
    shape: str
    spelling: str
    """What the groups of the shape are put together to."""
    cue: str = ""
    """What must stand just before, where the shape alone is not enough."""


_GAP = r"[ ]?[-:#/.]?[ ]?(?:(?:number|no|nr|id|identifier)\b\.?:?[ ]?)?"
"""Between the letters of a registry and its digits."""


def _digits(least: int, most: int | None = None) -> str:
    return (
        rf"(\d(?:[ ]?\d){{{least - 1},{(most or least) - 1}}})"
        if least == (most or least)
        else rf"(\d{{{least},{most}}})"
    )


_SHAPES = (
    _Registry("ClinicalTrials.gov", rf"NCT{_GAP}(0(?:[ ]?\d){{7}})", "NCT{}"),
    _Registry("ISRCTN", rf"ISRCTN{_GAP}{_digits(8)}", "ISRCTN{}"),
    _Registry(
        "EudraCT",
        r"(?<![-/])(20[0-4]\d)[ ]?-[ ]?(\d{6})[ ]?-[ ]?(\d\d)(?:-\d\d)?",
        "{}-{}-{}",
        r"(?:Eudra[ -]?CT|EU[ -]?CT|CTIS|EU Clinical Trials?|Clinical Trials Register|euclinicaltrials)",
    ),
    _Registry("ChiCTR", rf"ChiCTR(?:[ ]?-?[ ]?([A-Z]{{2,4}}))?{_GAP}(\d{{8}}|\d{{10}})", "ChiCTR-{}-{}"),
    _Registry("DRKS", rf"DRKS(?:[ ]?-?ID)?{_GAP}{_digits(8)}", "DRKS{}"),
    _Registry("UMIN", rf"UMIN(?:[ ]?-?CTR)?(?:[ ]?-?ID)?{_GAP}(?:UMIN)?(?:C)?(0{_digits(8)[1:-1]})", "UMIN{}"),
    _Registry("jRCT", r"jRCT[ ]?-?[ ]?(s?)[ ]?(\d{9,10})", "jRCT{}{}"),
    _Registry("JapicCTI", rf"JapicCTI{_GAP}(\d{{6}})", "JapicCTI-{}"),
    _Registry("ANZCTR", rf"(?:ACTRN|ANZCTR){_GAP}(?:ACTRN)?(126[012]\d(?:[ ]?\d){{9}})", "ACTRN{}"),
    _Registry("CTRI", r"CTRI[ ]?/[ ]?(20\d\d)[ ]?/[ ]?(\d{2,3})[ ]?/[ ]?(\d{6})", "CTRI/{}/{}/{}"),
    _Registry("IRCT", rf"IRCT{_GAP}(\d{{8,14}})[ ]?N[ ]?(\d{{1,3}})", "IRCT{}N{}"),
    _Registry("NTR", r"NTR(?:[ ]?[-:]?[ ]?(?=\d{4}))?(\d{3,4})", "NTR{}"),
    _Registry(
        "NL",
        r"(?:NL[ ]?-?[ ]?)(\d{3,5})",
        "NL{}",
        r"(?:Netherlands Trial Regist\w+|Dutch Trial Regist\w+|trialregister\.nl|Trial NL|NTR)",
    ),
    _Registry("CRiS", rf"KCT{_GAP}{_digits(7)}", "KCT{}"),
    _Registry("PACTR", rf"PACTR{_GAP}(20\d{{13,14}})", "PACTR{}"),
    _Registry("SLCTR", r"SLCTR[ ]?/[ ]?(20\d\d)[ ]?/[ ]?(\d{3})", "SLCTR/{}/{}"),
    _Registry("TCTR", rf"TCTR{_GAP}(20\d{{9}})", "TCTR{}"),
    _Registry("ReBec", r"RBR[ ]?-[ ]?([0-9a-z]{6,8})", "RBR-{}"),
    _Registry("RPCEC", rf"RPCEC{_GAP}{_digits(8)}", "RPCEC{}"),
)
RANK = {one.name: place for place, one in enumerate(_SHAPES)}
"""Registry → its place: of several numbers of one trial the first is its name."""

_WORD = r"(?<![A-Za-z0-9_]){}(?![A-Za-z0-9_])"
_COMPILED = tuple((one, re.compile(_WORD.format(f"(?:{one.shape})"), re.IGNORECASE)) for one in _SHAPES)
_CUE = {one.name: re.compile(one.cue, re.IGNORECASE) for one in _SHAPES if one.cue}
_NEAR = 60
"""Characters before a number in which its register must be named; further numbers may stand between."""

_LONG = re.compile(r"\d(?: ?\d){4}")
_SHORT = ("NTR", "NL", "RBR", "SLCTR")
"""What stands before numbers of fewer than five digits in a row; every other number has more. Nearly all texts have
neither, and to know that takes a twentieth of looking for every shape."""
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d", "-") | {"\u00a0": " "})
_POOLING = ("pool", "meta", "individual", "systematic", "analys")
_SAYS_POOLED = re.compile(
    r"\bpooled\b|\bpooling\b|\bmeta-?analy|\bindividual[ -](?:patients?|participants?)[ '-]*s?[ -]*(?:level )?data\b"
    r"|\bsystematic(?:ally)? review|\b(?:combined|integrated) analys[ei]s of (?:two|three|four|five|six|\d)",
    re.IGNORECASE,
)
_NAMES = {
    "ClinicalTrials.gov": "ClinicalTrials.gov",
    "ISRCTN": "ISRCTN",
    "EudraCT": "EudraCT",
    "UMIN CTR": "UMIN",
    "UMIN-CTR": "UMIN",
    "REPEC": "REPEC",
    "JMACCT": "JMACCT",
}
"""DataBankName → our name, where they differ or have no shape."""


def marks(title: str, abstract: str, accessions: Iterable[tuple[str, str]]) -> list[Mark]:
    """All that a paper says of which trial it reports: numbers of the record as (registry, number), title, abstract.

    A number that stands in a field several times is named once, where it stands first.
    """
    found: dict[tuple[str, str], Mark] = {}
    for databank, given in accessions:
        number, registry = normal(given, databank)
        if number:
            found.setdefault((number, "record"), Mark(number, registry, "record"))
    for field, text in (("title", title), ("abstract", abstract)):
        for mark in numbers_in(text, field):
            found.setdefault((mark.number, field), mark)
    told = any(part in title.lower() for part in _POOLING) and _SAYS_POOLED.search(title)
    if told:
        found[POOLED, "title"] = Mark(POOLED, "", "title", *told.span())
    return list(found.values())


def numbers_in(text: str, field: str = "") -> Iterator[Mark]:
    """The registry numbers in a text, by registry and place."""
    if not (_LONG.search(text) or any(letters in text for letters in _SHORT)):
        return
    plain = text.translate(_DASHES)  # sign by sign: places stay
    for registry, shape in _COMPILED:
        for match in shape.finditer(plain):
            if registry.name in _CUE and not _CUE[registry.name].search(
                plain, max(0, match.start() - _NEAR), match.start()
            ):
                continue
            yield Mark(_spelt(registry, match), registry.name, field, match.start(), match.end())


def normal(number: str, databank: str = "") -> tuple[str, str]:
    """(number in its one spelling, registry) of what somebody wrote as one; as it is where the register has no shape.

    ("", "") where it is no number of a registry, and no register was named either.
    """
    plain = " ".join(number.translate(_DASHES).split())
    for registry, shape in _COMPILED:
        match = shape.fullmatch(plain)
        if match:
            return _spelt(registry, match), registry.name
    for mark in numbers_in(f"{databank} {plain}"):
        return mark.number, mark.registry
    if not databank or not any(character.isdigit() for character in plain):
        return "", ""
    return plain.upper(), _NAMES.get(databank, databank)


def _spelt(registry: _Registry, match: re.Match[str]) -> str:
    parts = [(part or "").replace(" ", "") for part in match.groups()]
    if registry.name in {"jRCT", "ReBec"}:
        parts[0] = parts[0].lower()
    else:
        parts = [part.upper() for part in parts]
    return registry.spelling.format(*parts).replace("ChiCTR--", "ChiCTR")


def by_rank(number: str, registry: str) -> tuple[int, str]:
    """What numbers of one trial sort by: the first is its name."""
    return RANK.get(registry, len(RANK)), number
