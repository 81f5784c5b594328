r"""LaTeX: \cite and its kin, over all files that the main one includes. And .aux, in which LaTeX wrote the same down.

What is commented out, verbatim or after \end{document} does not count. Commands are those of LaTeX, natbib, biblatex,
apacite and jurabib. Every scan is linear in the text: a manuscript may come from anybody.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate

from .folder import Folder
from .mention import Bibliography, Manuscript, Mention, Place
from .prose import reference

_CITING_LIST = """
cite citep citet citealt citealp citeauthor citefullauthor citeyear citeyearpar citenum citen citetalias citepalias
parencite textcite autocite footcite footcitetext smartcite supercite fullcite footfullcite citetitle citedate citeurl
notecite pnotecite fnotecite bibentry onlinecite citeonline nptextcite citeA citeNP citeANP citeauthorNP citeyearNP
fullciteA fullciteNP fullciteauthor shortcite shortciteA shortciteNP shortciteauthor maskcite maskciteA possessivecite
citepos citeposs footciteauthor citefield citename citelist citeit entrydata
"""
_CITING = frozenset(_CITING_LIST.split())
"""Each also with a capital, and with an s for several lists in a row."""
_VOLUME = re.compile(r"[pfsta]?volcites?|[PFSTA]volcites?")
_COMMAND = re.compile(r"\\([A-Za-z@]+)\*?")
_HIDING = re.compile(
    r"\\\\|\\%|%|\\begin\s?\{(verbatim\*?|Verbatim|lstlisting|minted|comment|filecontents\*?)\}|\\verb\*?(?=[^\w\s])"
    r"|\\lstinline(?:\[[^\]\n]{0,200}\])?(?=[^\w\s])|\\mintinline(?:\[[^\]\n]{0,200}\])?\{[\w+-]{1,40}\}(?=[^\w\s])"
    r"|\\iffalse(?![A-Za-z])|\\end\s?\{document\}"
)
_CONDITIONAL = re.compile(r"\\(?:(if)[A-Za-z@]*|(fi)|(else))(?![A-Za-z@])")
_BETWEEN = re.compile(r"\s{0,200}")
_FILES = {"input": ("", ".tex"), "include": (".tex",), "subfile": ("", ".tex"), "subfileinclude": ("", ".tex")}
_IN_FOLDER = frozenset({"import", "subimport", "includefrom", "subincludefrom", "inputfrom", "subinputfrom"})
_BARE = re.compile(r"\s{1,20}([^\s{}\\%#]{1,300})")
_VERB = 2_000
_LIST = 100_000
_KEY = 300
_ITEM = 5_000
_DEPTH = 30
# Braces inside may hold brackets. All is bounded and nothing is tried twice: an option that never ends costs little.
_OPTIONS = {
    opening: re.compile(
        rf"{re.escape(opening)}[^{re.escape(closing)}{{}}]{{0,400}}+"
        rf"(?:\{{(?:[^{{}}]{{1,200}}+|\{{[^{{}}]{{0,200}}+\}}){{0,5}}+\}}[^{re.escape(closing)}{{}}]{{0,400}}+){{0,5}}+"
        rf"{re.escape(closing)}"
    )
    for opening, closing in ("[]", "()", "<>")
}
_MARKUP = re.compile(
    r"\\(?:newblock|emph|textit|textbf|textsc|em|bf|it|url|href|doi|natexlab|bibinfo|bibfield)\b\s?|[{}~$]"
)

Decode = Callable[[bytes], str]


def read(name: str, data: bytes, folder: Folder, decode: Decode) -> Manuscript:
    """What a .tex cites, with all that it includes."""
    made = Manuscript(name)
    _read(made, name, decode(data), folder, decode, depth=0)
    if not made.bibliographies and not made.entries:
        stem = name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
        if beside := folder.read(stem, (".bbl",), quiet=True):  # an article sent without its .bib
            _read(made, beside[0], decode(beside[1]), folder, decode, depth=_DEPTH)
    made.remarks += folder.remarks
    return made


def read_aux(name: str, data: bytes, folder: Folder, decode: Decode) -> Manuscript:
    """What an .aux lists as cited, with those that it includes and, where biber works, the .bcf beside it."""
    made = Manuscript(name)
    _read_aux(made, name, decode(data), folder, decode)
    if not made.bibliographies:
        stem = name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
        control = folder.read(stem, (".bcf",), quiet=True)
        for source in _SOURCE.findall(decode(control[1])) if control else ():
            _bibliography(made, source, folder)
    made.remarks += folder.remarks
    return made


_AUX = re.compile(
    r"\\(citation|bibdata|@input)\s?\{([^{}]{0,100000})\}|\\abx@aux@cite(?:\{[0-9]+\})?\{([^{}]{0,300})\}"
)
_SOURCE = re.compile(r"<bcf:datasource\b[^<>]{0,300}>([^<>]{1,300})</bcf:datasource>")


def _read_aux(made: Manuscript, name: str, text: str, folder: Folder, decode: Decode, depth: int = 0) -> None:
    line_at = _lines(text)
    for found in _AUX.finditer(text):
        place = Place(name, line_at(found.start()))
        command, listed, one = found.groups()
        if command == "bibdata":
            for each in listed.split(","):
                if not each.strip().endswith("-blx"):  # biblatex's own control file
                    _bibliography(made, each, folder)
        elif command == "@input":
            inside = folder.read(listed) if depth < _DEPTH else None
            if inside:
                _read_aux(made, inside[0], decode(inside[1]), folder, decode, depth + 1)
        else:
            _cite(made, place, one or listed)


def _read(made: Manuscript, name: str, text: str, folder: Folder, decode: Decode, depth: int) -> None:
    text = visible(text)
    line_at = _lines(text)
    for found in _COMMAND.finditer(text):
        command, end = found[1], found.end()
        place = Place(name, line_at(found.start()))
        if command in _FILES or command in _IN_FOLDER:
            inside = _included(text, command, end, folder) if depth < _DEPTH else None
            if inside:
                _read(made, inside[0], decode(inside[1]), folder, decode, depth + 1)
        elif command == "bibitem":
            _bibitem(made, text, end)
        elif command in _NAMING:
            for names in _arguments(text, end):
                for each in names.split(","):
                    _bibliography(made, each, folder)
        else:
            for keys in _cited(text, command, end):
                _cite(made, place, keys)


_NAMING = frozenset({"bibliography", "addbibresource", "addglobalbib", "nobibliography"})


def _cited(text: str, command: str, end: int) -> Iterator[str]:
    """The lists of keys of a command that cites."""
    small = command[:1].lower() + command[1:]
    if _VOLUME.fullmatch(command):
        yield from list(_arguments(text, end, several=True))[1:2]
    elif command == "nocite" or small in _CITING:
        yield from _arguments(text, end)
    elif small.endswith("s") and small[:-1] in _CITING:
        yield from _arguments(text, end, several=True)


def _included(text: str, command: str, end: int, folder: Folder) -> tuple[str, bytes] | None:
    parts = list(_arguments(text, end, several=command in _IN_FOLDER))
    if command in _IN_FOLDER:
        return (
            folder.read("/".join(part.strip().rstrip("/") for part in parts[:2]), ("", ".tex")) if parts[1:] else None
        )
    if not parts and command == "input" and (bare := _BARE.match(text, end)):
        parts = [bare[1]]
    if not parts or "#" in parts[0] or "\\" in parts[0]:  # inside a definition
        return None
    return folder.read(parts[0].strip().strip('"'), _FILES[command])


def visible(text: str) -> str:
    """The text with all blank that LaTeX would not set; lines keep their numbers."""
    pieces: list[str] = []
    done = 0
    for found in iter(_Hidden(text)):
        start, end = found
        pieces += (text[done:start], "\n" * text.count("\n", start, end))
        done = end
    pieces.append(text[done:])
    return "".join(pieces)


class _Hidden:
    """Where (from, to) a text is not set."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._no_fi = False

    def __iter__(self) -> Iterator[tuple[int, int]]:
        at = 0
        while found := _HIDING.search(self._text, at):
            at = found.end()
            end = self._end(found[0], found[1], found.start(), at)
            if end > at or found[0] == "%":
                yield found.start(), end
                at = end

    def _end(self, what: str, environment: str | None, start: int, at: int) -> int:
        """Where what begins here ends; `at` for what hides nothing."""
        text = self._text
        if what == "%":
            return _or_all(text, text.find("\n", at))
        if environment:
            return _or_all(text, text.find(f"\\end{{{environment}}}", at))
        if what.startswith(("\\verb", "\\lstinline", "\\mintinline")):
            closing = "}" if text[at : at + 1] == "{" and not what.startswith("\\verb") else text[at : at + 1]
            close = text.find(closing, at + 1, at + _VERB) if closing else -1
            return close + 1 if close > 0 and "\n" not in text[start:close] else at
        if what.startswith("\\iffalse") and not self._no_fi:
            close = _end_of_false(text, at)
            self._no_fi = close < 0
            return close if close > 0 else at
        return len(text) if what.startswith("\\end") else at


def _end_of_false(text: str, at: int) -> int:
    """Where what \\iffalse hides ends: at its own \\else or \\fi, past those of conditionals inside; -1 nowhere."""
    depth = 0
    for found in _CONDITIONAL.finditer(text, at):
        if found[1]:
            depth += 1
        elif depth == 0:
            return found.start()
        elif found[2]:
            depth -= 1
    return -1


def _or_all(text: str, end: int) -> int:
    return end if end >= 0 else len(text)


def _lines(text: str) -> Callable[[int], int]:
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    return lambda position: bisect_right(starts, position)


def _arguments(text: str, at: int, *, several: bool = False) -> Iterator[str]:
    """The {…} after a command, optional arguments passed over; all in a row, or the first."""
    while True:
        at = _after_options(text, at)
        if text[at : at + 1] != "{":
            return
        close = text.find("}", at, at + _LIST)
        if close < 0:
            return
        yield text[at + 1 : close]
        if not several:
            return
        at = close + 1


def _after_options(text: str, at: int) -> int:
    for _ in range(6):  # \cites(pre)(post)[pre][post]{key} has four
        at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]
        option = _OPTIONS.get(text[at : at + 1])
        found = option.match(text, at) if option else None
        if not found:
            break
        at = found.end()
    return at


def _cite(made: Manuscript, place: Place, keys: str) -> None:
    for each in keys.split(","):
        key = " ".join(each.split())
        if key == "*":
            made.everything = made.everything or place
        elif key and len(key) <= _KEY and not {"\\", "#", "{"} & set(key) and key != "biblatex-control":
            made.mentions.append(Mention(place, key))


def _bibliography(made: Manuscript, name: str, folder: Folder) -> None:
    name = " ".join(name.split()).strip('"')
    if name and not {"\\", "#"} & set(name) and (found := folder.read(name, ("", ".bib"))):
        made.bibliographies.append(Bibliography(*found))


def _bibitem(made: Manuscript, text: str, end: int) -> None:
    start = _after_options(text, end)
    close = text.find("}", start, start + _KEY)
    if text[start : start + 1] != "{" or close < 0:
        return
    key = " ".join(text[start + 1 : close].split())
    body = text[close + 1 : close + _ITEM]
    body = re.split(r"\\bibitem\b|\\end\s?\{thebibliography", body, maxsplit=1)[0]
    plain = " ".join(_MARKUP.sub(" ", body).split())
    made.entries.setdefault(key, reference(plain))
