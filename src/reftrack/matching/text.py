"""Any text becomes folded words: lower case, no accents, no punctuation, one space between words.

Records and queries pass through the same `fold`, so whatever it does to "Alzheimer's β-amyloid" it does to both.
Three control characters, which XML cannot contain, survive as marks that no text can produce:
PIECE parts the pieces of a field, SLASH a heading from its subheading, PLUS a family name from its initials.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

PIECE, SLASH, PLUS = "\x1f", "\x1e", "\x1d"

_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_GREEK_NAMES = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma sigma
tau upsilon phi chi psi omega"""
_GREEK = dict(zip("αβγδεζηθικλμνξοπρσςτυφχψω", _GREEK_NAMES.split(), strict=True))
# Letters that NFKD does not take apart. MEDLINE spelled Greek out for decades; folded so, both spellings meet.
_LETTERS = str.maketrans(
    _GREEK | {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)


def _ascii(code: int) -> str:
    character = chr(code)
    if character.isalnum():
        return character.lower()
    return {PIECE: "|", SLASH: "/", PLUS: "+"}.get(character, " ")


# A string as table keeps str.translate on its fast path for ASCII and leaves everything else alone.
_TABLE = "".join(_ascii(code) for code in range(128))


@lru_cache(maxsize=4096)
def _fold_run(run: str) -> str:
    """Fold a run of non-ASCII characters; what is neither letter, digit nor ASCII becomes a space."""
    # Signs first: taken apart, ™ would become the letters TM at the end of a name.
    words = "".join(" " if unicodedata.category(c) == "So" else c for c in run.casefold())
    plain = unicodedata.normalize("NFKD", words)
    kept = (c for c in plain if unicodedata.category(c) != "Mn")
    return "".join(c if c.isalnum() or c.isascii() else " " for c in kept).translate(_LETTERS)


def loosen(text: str) -> str:
    """The cheap half of folding: small letters without accents, but still with all punctuation.

    Every word of `fold(text)` stands in it letter by letter, so a word that is not there need not be looked for.
    """
    return (text if text.isascii() else _FOREIGN.sub(lambda found: _fold_run(found[0]), text)).lower()


def tighten(loose: str) -> str:
    """The other half: punctuation becomes space, spaces become one."""
    return " ".join(loose.translate(_TABLE).split())


def fold(text: str) -> str:
    """Words of a text, folded, with single spaces; "" if it has no letter and no digit."""
    return tighten(loosen(text))


def join_pieces(pieces: Iterable[str]) -> str:
    """Pieces of a field that, once folded, read `| first piece | second piece |`.

    Then a phrase `" a b "` or a whole piece `"| a b |"` is found by `in`, and no phrase runs from piece to piece.
    """
    return f"{PIECE} {f' {PIECE} '.join(piece for piece in pieces if piece)} {PIECE}"
