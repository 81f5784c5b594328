r"""Text becomes LaTeX that says exactly this text: no character of it can act as a command, a comment or a brace.

UTF-8 stays UTF-8. `\{` and `\}` are not used: bibtex, biber and pybtex count them as braces, and lose what follows.
"""

from __future__ import annotations

import re

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
    KEEP: "{",
    KEPT: "}",
    OPEN["i"]: r"\textit{",
    OPEN["b"]: r"\textbf{",
    OPEN["sub"]: r"\textsubscript{",
    OPEN["sup"]: r"\textsuperscript{",
    **dict.fromkeys(CLOSE.values(), "}"),
}
_WRITTEN = _CHARACTERS | _MARKS

_SPECIAL = re.compile(r"[\\{}~^%&#_$]")
_SPECIAL_OR_MARK = re.compile(r"[\\{}~^%&#_$\x01-\x08\x0e\x0f]")
_KEPT_MARKUP = re.compile(r"\x0e([\x01-\x08][^\x0f]*)\x0f")


def escape(text: str) -> str:
    """`text` on one line, every special character as LaTeX prints it."""
    if text.isalnum():  # volumes, numbers, single words: the quick way out
        return text
    text = flat(text)
    return _SPECIAL.sub(_written, text) if _SPECIAL.search(text) else text


def is_plain(text: str) -> bool:
    """Whether `escape` would leave `text` as it is."""
    return flat(text) is text and not _SPECIAL.search(text)


def title(marked: str) -> str:
    r"""A marked title as LaTeX; `{\textit…` would undo the protection in BibTeX, so there the braces are doubled."""
    if not _SPECIAL_OR_MARK.search(marked):
        return marked
    return _SPECIAL_OR_MARK.sub(_written, _KEPT_MARKUP.sub(rf"{KEEP}\g<0>{KEPT}", marked))


def _written(found: re.Match[str]) -> str:
    return _WRITTEN[found[0]]
