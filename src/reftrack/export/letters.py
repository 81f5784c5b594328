r"""A letter or sign beyond ASCII becomes LaTeX commands, or Latin letters where LaTeX has none for it.

Every command works in pdflatex with `\usepackage[T1]{fontenc}` (and textcomp, before 2020) and no other package.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

# pylatexenc misses these, takes them from packages, or has commands that pandoc does not read.
_OWN = {
    "’": "'",  # which LaTeX prints as ’ anyway
    "ʼ": "'",
    "\u2010": "-",
    "\u2011": "-",
    "–": "--",
    "—": "---",
    "…": r"\ldots",
    "‡": r"\ddag",
    "¬": r"\ensuremath{\neg}",
    "×": r"\ensuremath{\times}",
    "÷": r"\ensuremath{\div}",
    "·": r"\ensuremath{\cdot}",
    "←": r"\ensuremath{\leftarrow}",
    "↑": r"\ensuremath{\uparrow}",
    "→": r"\ensuremath{\rightarrow}",
    "↓": r"\ensuremath{\downarrow}",
    "™": r"{\textsuperscript{TM}}",
    "′": r"\ensuremath{'}",
    "″": r"\ensuremath{''}",
    "˙": r"\.{}",
    "˚": r"\r{}",
    "ȷ": r"\j",
    "ɛ": r"\ensuremath{\varepsilon}",
    "√": r"\ensuremath{\surd}",
    "∅": r"\ensuremath{\emptyset}",
    "⩽": r"\ensuremath{\leq}",
    "≦": r"\ensuremath{\leq}",
    "⩾": r"\ensuremath{\geq}",
    "≧": r"\ensuremath{\geq}",
}
_ACCENTS = {
    "\u0300": r"\`%s",
    "\u0301": r"\'%s",
    "\u0302": r"\^%s",
    "\u0303": r"\~%s",
    "\u0304": r"\=%s",
    "\u0306": r"\u{%s}",
    "\u0307": r"\.%s",
    "\u0308": r"\"%s",
    "\u030a": r"\r{%s}",
    "\u030b": r"\H{%s}",
    "\u030c": r"\v{%s}",
    "\u0323": r"\d{%s}",
    "\u0326": r"\textcommabelow %s",
    "\u0327": r"\c{%s}",
    "\u0328": r"\k{%s}",
    "\u0331": r"\b{%s}",
}
_LEVELS = {"<super>": r"\textsuperscript{%s}", "<sub>": r"\textsubscript{%s}"}

_TEXT_COMMANDS = """
AE DH DJ IJ L NG O OE TH ae dh dj i ij l ng o oe ss th guillemotleft guillemotright guilsinglleft guilsinglright
quotedblbase quotesinglbase textacutedbl textasciiacute textasciibreve textasciicaron textasciicircum textasciidieresis
textasciimacron textasciitilde textasteriskcentered textbaht textbigcircle textblank textbrokenbar textbullet
textcelsius textcent textcircledP textcolonmonetary textcopyright textcurrency textdagger textdegree textdiscount
textdong textemdash textestimated texteuro textexclamdown textflorin textfractionsolidus textinterrobang textlangle
textlira textmho textmu textmusicalnote textnaira textnumero textohm textonehalf textonequarter textopenbullet
textparagraph textpertenthousand textperthousand textpeso textquestiondown textquotedblleft textquotedblright
textquoteleft textrangle textrecipe textreferencemark textregistered textsection textservicemark textsterling
textthreequarters textvisiblespace textwon textyen
"""
_MATH_COMMANDS = """
acute aleph alpha amalg angle approx asymp beta bigcap bigcirc bigcup bigtriangledown bigtriangleup bigvee bigwedge
bowtie bullet cap cdot cdots chi circ cong coprod cup dashv ddot ddots Delta delta diamond doteq Downarrow ell epsilon
equiv eta exists forall frown Gamma gamma geq gg hbar hookleftarrow hookrightarrow in infty int iota kappa Lambda
lambda langle lceil Leftarrow leftharpoondown leftharpoonup Leftrightarrow leftrightarrow leq lfloor ll Longleftarrow
longleftarrow Longleftrightarrow longleftrightarrow longmapsto Longrightarrow longrightarrow mapsto mid mp mu nabla
nearrow neq ni not notin nu nwarrow odot oint Omega omega ominus oplus oslash otimes parallel partial perp Phi phi Pi
pi pm prec preceq prod propto Psi psi rangle rceil rfloor rho Rightarrow rightharpoondown rightharpoonup
rightleftharpoons searrow Sigma sigma sim simeq smile sqcap sqcup sqsubseteq sqsupseteq star subset subseteq succ
succeq sum supset supseteq swarrow tau Theta theta top triangleleft triangleright Uparrow Updownarrow updownarrow uplus
Upsilon upsilon varepsilon varphi varpi varrho varsigma vartheta vdash vdots vee Vert wedge wp wr Xi xi zeta
"""
_TEXT, _MATH = frozenset(_TEXT_COMMANDS.split()), frozenset(_MATH_COMMANDS.split())
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_SIMPLE = re.compile(r"\\ensuremath\{((?:\\[A-Za-z]+)+|[-*/:=]+)\}|\\[A-Za-z]+|[A-Za-z.=-]+")


@lru_cache(maxsize=4096)
def command(letter: str) -> str | None:
    """`letter`, with its accents, in commands; None where LaTeX has none, `{}` for what is invisible."""
    if unicodedata.category(letter[0]) == "Cf":
        return r"{\-}" if letter == "\u00ad" else "{}"
    text = _OWN.get(letter) or _of_the_library(letter) or _raised_or_lowered(letter) or _accented(letter)
    return f"{{{text}}}" if text and "\\" in text else text


def transliteration(letter: str) -> tuple[str, bool]:
    """`letter` in plain ASCII, "?" if nobody can tell, and whether it still is the same text, as ﬁ and fi are."""
    from anyascii import anyascii

    latin = anyascii(letter) or ("" if unicodedata.category(letter[-1]) == "Mn" else "?")
    return latin, latin == unicodedata.normalize("NFKC", letter)


def _of_the_library(letter: str) -> str | None:
    """What pylatexenc says, if it needs no package: it does not tell."""
    text = _table().get(ord(letter), "") if len(letter) == 1 else ""
    found = _SIMPLE.fullmatch(text)
    return text if found and (_MATH if found[1] else _TEXT).issuperset(_COMMAND.findall(found[1] or text)) else None


def _raised_or_lowered(letter: str) -> str | None:
    """² and ₂, from the plain digit."""
    kind, _, code = unicodedata.decomposition(letter).partition(" ") if len(letter) == 1 else ("", "", "")
    if kind not in _LEVELS or " " in code:
        return None
    plain = chr(int(code, 16))
    text = plain if plain.isascii() else command(plain)
    return _LEVELS[kind] % text if text else None


def _accented(letter: str) -> str | None:
    """ș from s and its comma: the base in its accents, from the inside out."""
    parts = unicodedata.normalize("NFD", letter)
    base, accents = parts[0], parts[1:]
    if not (base.isascii() and base.isalpha() and accents and _ACCENTS.keys() >= set(accents)):
        return None
    text = base
    for accent in accents:
        text = _ACCENTS[accent] % (text if text is base else f"{{{text}}}")
    return text


@cache
def _table() -> dict[int, str]:
    from pylatexenc.latexencode import get_builtin_uni2latex_dict

    table: dict[int, str] = get_builtin_uni2latex_dict()
    return table
