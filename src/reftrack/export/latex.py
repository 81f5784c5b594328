r"""Text becomes LaTeX that says exactly this text: no character of it can act as a command, a comment or a brace.

`\{` and `\}` are not used: bibtex, biber and pybtex count them as braces, and lose what follows.
"""

from __future__ import annotations

import re

from . import letters
from .text import flat
from .titles import CLOSE, KEEP, KEPT, OPEN

_CHARACTERS = {
    "\\": r"{\textbackslash}",
    "{": r"{\textbraceleft}",
    "}": r"{\textbraceright}",
    "~": r"{\textasciitilde}",
    "^": r"{\textasciicircum}",
    "%": r"\%",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "$": r"\$",
}
_MARKS = {
    OPEN["i"]: r"\textit{",
    OPEN["b"]: r"\textbf{",
    OPEN["sub"]: r"\textsubscript{",
    OPEN["sup"]: r"\textsuperscript{",
    **dict.fromkeys(CLOSE.values(), "}"),
}
# In Latin letters alone nothing is left to the encoding of a font: OT1 has other signs in their places.
_ONLY_IN_ASCII = {
    "<": r"{\textless}",
    ">": r"{\textgreater}",
    "|": r"{\ensuremath{|}}",
    '"': r"{\textquotedbl}",
}

_SPECIAL = r"\\{}~^%&#_$\x01-\x08"  # `flat` leaves no control character but the marks of a title's markup
_SPECIAL_BYTES = b"\\{}~^%&#_$" + bytes(range(0x01, 0x09))
_KEPT_MARKUP = re.compile(r"\x0e([\x01-\x08][^\x0f]*)\x0f")


class Latex:
    """LaTeX in UTF-8: right for biber, pandoc and every reference manager."""

    transliterated = False
    """Whether some text so far had characters of which LaTeX knows nothing; a caller may set it back."""

    _special = re.compile(f"[{_SPECIAL}]")
    _special_bytes = _SPECIAL_BYTES
    _written = _CHARACTERS | _MARKS

    def escape(self, text: str) -> str:
        """`text` on one line, every special character as LaTeX prints it."""
        if text.isalnum() and text.isascii():  # volumes, numbers, single words: the quick way out
            return text
        text = flat(text)
        return self._special.sub(self._write, text) if self._has_special(text) else text

    def is_plain(self, text: str) -> bool:
        """Whether `escape` would leave `text` as it is."""
        return flat(text) is text and not self._has_special(text)

    def title(self, marked: str) -> str:
        r"""A marked title; `{\textit…` would undo the protection in BibTeX, so there the braces are doubled."""
        if self._has_special(marked):
            marked = self._special.sub(self._write, _KEPT_MARKUP.sub(rf"{KEEP}\g<0>{KEPT}", marked))
        return marked.replace(KEEP, "{").replace(KEPT, "}")

    def _has_special(self, text: str) -> bool:
        data = text.encode()  # five times as quick as the regular expression, and most text is plain
        return len(data.translate(None, self._special_bytes)) < len(data)

    def _write(self, found: re.Match[str]) -> str:
        return self._written[found[0]]


class AsciiLatex(Latex):
    r"""LaTeX in ASCII, for classic BibTeX and pdflatex: ü is `{\"u}`, κ `{\ensuremath{\kappa}}`, 李 Li.

    Every command stands in braces of its own, which BibTeX takes for one letter when it sorts and abbreviates.
    """

    _special = re.compile(rf'[A-Za-z][\u0300-\u036f]+|[^\x00-\x7f]|[{_SPECIAL}<>|"]')
    _special_bytes = _SPECIAL_BYTES + b'<>|"' + bytes(range(0x80, 0x100))
    _written = _CHARACTERS | _MARKS | _ONLY_IN_ASCII

    def _write(self, found: re.Match[str]) -> str:
        letter = found[0]
        if (written := self._written.get(letter) or letters.command(letter)) is not None:
            return written
        latin, is_same = letters.transliteration(letter)
        self.transliterated |= not is_same
        return self._special.sub(self._write, latin)


UTF8 = Latex()
