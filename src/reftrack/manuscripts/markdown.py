"""Markdown as pandoc, Quarto and R Markdown read it: [@key; @key, p. 3], @key, -@key, @{key with signs}.

What stands in code does not count, nor do e-mail addresses and the cross-references of Quarto and bookdown. A text
without any key is read as running text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .folder import Folder
from .mention import Bibliography, Manuscript, Mention, Place
from .prose import mentions
from .tex import Decode

_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})")
_CODE = re.compile(r"(`+)[^`\n]{0,2000}\1(?!`)")
_KEY = re.compile(
    r"(?<![\w@.\\/:!#-])-?@(?:\{([^{}\n]{1,300})\}|([^\W_][\w]{0,299}(?:[:.#$%&+?<>~/-]\w{1,100}){0,40}|_\w{1,200}))"
)
_REFERENCE = re.compile(
    r"(?:fig|tbl|sec|eq|lst|thm|lem|cor|prp|cnj|def|exm|exr|nte|tip|wrn|imp|cau|rem|sol|tab|ref)[-:]|ref\Z"
)
_YAML_KEY = re.compile(r"(bibliography|nocite)\s*:\s*(.{0,2000})")
_YAML_ITEM = re.compile(r"\s+-\s+(.{1,500})|\s*-\s+(.{1,500})")
_EVERYTHING = re.compile(r"@\*")


def read(name: str, data: bytes, folder: Folder, decode: Decode) -> Manuscript:
    """What a text in Markdown cites."""
    made = Manuscript(name)
    lines = decode(data).split("\n")
    body = _metadata(made, lines, folder)
    shown = list(_without_comments(_shown(lines, body)))
    for number, line in shown:
        _cite(made, Place(name, number), line)
    if not made.mentions and made.everything is None:
        made.mentions.extend(mentions(shown, name, wrapped=True))
    made.remarks += folder.remarks
    return made


def _cite(made: Manuscript, place: Place, line: str) -> None:
    for found in _KEY.finditer(line):
        key = found[1] or found[2]
        if not _REFERENCE.match(key):
            made.mentions.append(Mention(place, key))


def _metadata(made: Manuscript, lines: list[str], folder: Folder) -> int:
    """Read the YAML at the beginning; says on which line (from 0) the text begins."""
    if not lines or lines[0].rstrip() != "---":
        return 0
    end = next((at for at, line in enumerate(lines[1:5000], 1) if line.rstrip() in ("---", "...")), 0)
    last = ""
    for number, line in enumerate(lines[1:end], 2):
        if found := _YAML_KEY.match(line):
            last = found[1]
            value = found[2]
        elif last and (item := _YAML_ITEM.match(line)):
            value = item[1] or item[2]
        elif last == "nocite" and line.startswith((" ", "\t")):
            value = line
        else:
            last = ""
            continue
        if last == "nocite":
            if _EVERYTHING.search(value):
                made.everything = made.everything or Place(made.name, number)
            _cite(made, Place(made.name, number), value)
        else:
            for each in value.strip().strip("[]|>").split(","):
                path = each.strip().strip("\"'")
                if path and (found_file := folder.read(path)):
                    made.bibliographies.append(Bibliography(*found_file))
    return end + 1 if end else 0


def _without_comments(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The lines without what stands between <!-- and -->, over as many lines as it takes."""
    hidden = False
    for number, line in lines:
        shown, rest = "", line
        while rest:
            before, mark, rest = rest.partition("-->" if hidden else "<!--")
            shown += "" if hidden else before
            hidden = hidden != bool(mark)
        yield number, shown


def _shown(lines: list[str], start: int) -> Iterator[tuple[int, str]]:
    """(number, line) of what is no code."""
    fence = ""
    for number, line in enumerate(lines[start:], start + 1):
        found = _FENCE.match(line)
        if fence:
            if found and found[1].startswith(fence):
                fence = ""
        elif found:
            fence = found[1]
        else:
            yield number, _CODE.sub("", line) if "`" in line else line
