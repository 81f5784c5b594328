r"""LaTeX becomes the text that it prints: `{\"O}zg{\"u}r` is Özgür, `\textit{E. coli}` is E. coli.

Nothing is run and no file is read. What no LaTeX would understand is left as it stands rather than lost.
"""

from __future__ import annotations

import logging
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from .text import flat

if TYPE_CHECKING:
    from pylatexenc.latex2text import LatexNodes2Text

_LONGEST = 20_000
"""A longer text is left as it stands: a title has no such length, and pylatexenc takes its time."""

_UNESCAPED = re.compile(r"(?<!\\)[&%#]")
_SCRIPT = re.compile(r"(?<!\\)\$\s*[_^]\s*(?:\{([^{}$\\]*)\}|([^{}$\\\s]))\s*\$")
_LONE_DOLLAR = re.compile(r"(?<!\\)\$")
_LIGATURES = (("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("~", " "))

# Missing in pylatexenc, or read there as something that prints nothing.
_PRINTED = {
    "textbraceleft": "{",
    "textbraceright": "}",
    "textgreater": ">",
    "textless": "<",
    "textbar": "|",
    "textquotedbl": '"',
    "textasciicircum": "^",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
}
_COMMA_BELOW = {"s": "ș", "t": "ț", "S": "Ș", "T": "Ț"}
_MACRO = re.compile(rf"\\({'|'.join(_PRINTED)})(?![a-zA-Z])(?:\s*\{{\}})? ?")
_COMMA_BELOW_MACRO = re.compile(r"\\textcommabelow\s*(?:\{([sStT])\}|(?<=\s)([sStT])|([sStT]))")
_HELD = dict(zip((text for text in _PRINTED.values()), map(chr, range(0xE000, 0xE100)), strict=False))
"""Private characters that stand for printed ones while pylatexenc works."""


@lru_cache(maxsize=4096)  # journals and authors come again
def printed(latex: str) -> str:
    """`latex` as one flat line."""
    if "\\" in latex or "$" in latex:
        return flat(_converted(latex) if len(latex) <= _LONGEST else _without_braces(latex))
    for written, text in _LIGATURES:
        latex = latex.replace(written, text)
    return flat(_without_braces(latex))


def _without_braces(text: str) -> str:
    return text.replace("{", "").replace("}", "")


def _converted(latex: str) -> str:
    latex = _SCRIPT.sub(lambda found: found[1] or found[2] or "", latex)
    latex = _UNESCAPED.sub(r"\\\g<0>", latex)
    if len(_LONE_DOLLAR.findall(latex)) % 2:
        latex = _LONE_DOLLAR.sub(r"\\$", latex)
    latex = _MACRO.sub(lambda found: _HELD[_PRINTED[found[1]]], latex)
    latex = _COMMA_BELOW_MACRO.sub(lambda found: _COMMA_BELOW[found[1] or found[2] or found[3]], latex)
    try:
        text: str = _parser().latex_to_text(latex)
    except (IndexError, ValueError, AttributeError, TypeError, RecursionError):  # broken macros, deep braces
        text = _without_braces(latex)
    for shown, held in _HELD.items():
        text = text.replace(held, shown)
    return text


@cache
def _parser() -> LatexNodes2Text:
    from pylatexenc.latex2text import LatexNodes2Text, get_default_latex_context_db

    logging.getLogger("pylatexenc").setLevel(logging.CRITICAL + 1)
    return LatexNodes2Text(latex_context=get_default_latex_context_db(), math_mode="text", keep_comments=True)
