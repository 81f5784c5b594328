"""Text becomes words that can be compared; positions in the stored text are kept.

Nothing is ever rewritten: a text is cut into words, and each word is folded by itself. So a word's place is where
it stands in the stored text, whatever folding makes of it, and there is no offset map to go wrong.
"""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\w+")

GREEK = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "ζ": "zeta",
    "η": "eta",
    "θ": "theta",
    "ι": "iota",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "ν": "nu",
    "ξ": "xi",
    "ο": "omicron",
    "π": "pi",
    "ρ": "rho",
    "σ": "sigma",
    "ς": "sigma",
    "τ": "tau",
    "υ": "upsilon",
    "φ": "phi",
    "χ": "chi",
    "ψ": "psi",
    "ω": "omega",
    "ё": "е",
}
"""Greek letters by name, and Russian yo, which most printers leave without its dots."""

_LETTERS = str.maketrans(GREEK)

_AMERICAN = (
    (re.compile(r"[ao]e"), "e"),
    (re.compile(r"(?<=[a-z]{3})our"), "or"),
    (re.compile(r"(?<=[a-z]{2})is(?=(?:e|ed|es|er|ers|ing|ation|ations|ational|able)$)"), "iz"),
    (re.compile(r"yse(?=(?:d|s|r|rs)?$)"), "yze"),
    (re.compile(r"ysing$"), "yzing"),
    (re.compile(r"(cent|fib|lit|met|tit)re(?=s?$)"), r"\1er"),
    (re.compile(r"ell(?=(?:ed|ing)$)"), "el"),
    (re.compile(r"programme(?=s?$)"), "program"),
    (re.compile(r"sulph"), "sulf"),
)
"""British to American, blindly: rules are folded by the same table, so only a true merger of two words could hurt."""


def words(text: str) -> list[str]:
    """The runs of letters and digits of a text."""
    return _WORD.findall(text)


def spans(text: str) -> list[tuple[int, int]]:
    """Where the same words begin and end."""
    return [match.span() for match in _WORD.finditer(text)]


def fold(word: str) -> str:
    """One word in the form in which rules and texts meet: lower case, Greek by name, American."""
    lower = word.lower()
    if not lower.isascii():
        lower = unicodedata.normalize("NFKC", lower).lower().translate(_LETTERS)
    return _american(lower) if _is_british(lower) else lower


_is_british = re.compile(r"ae|oe|our|is[aei]|ys[ei]|tres?$|bres?$|ell|programme|sulph").search
"""What a word must contain to be worth the table above. Every choice begins with a letter: so it is sought fast."""


def _american(word: str) -> str:
    """A lower-case word in American spelling."""
    for pattern, put in _AMERICAN:
        word = pattern.sub(put, word)
    return word


def key(text: str) -> str:
    """A name as it is looked up: `Ischaemic Stroke`, `ischaemic-stroke` and `ischemic_stroke` are one."""
    return "-".join(fold(word) for word in words(text.replace("_", " ")))
