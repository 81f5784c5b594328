"""Manuscripts become the citations that they make: one module a kind of file. Nothing here knows the library.

LaTeX and what it writes (.tex, .aux), Markdown (.md, .qmd, .Rmd), Word and OpenDocument (.docx, .odt), running text.
Files of references alone (.bib, .ris, …) are imports and read there. All of a file is hostile until it is read: nothing
outside its folder is opened, no archive is unpacked without end, no entity is expanded.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..errors import UsageError
from .folder import Folder
from .mention import Bibliography, Item, Manuscript, Mention, Place

KINDS = {
    "tex": "tex",
    "ltx": "tex",
    "latex": "tex",
    "bbl": "tex",
    "aux": "aux",
    "md": "markdown",
    "markdown": "markdown",
    "qmd": "markdown",
    "rmd": "markdown",
    "docx": "docx",
    "docm": "docx",
    "odt": "odt",
}
"""Ending of a name -> kind of manuscript."""

LONGEST_TEXT = 16 << 20
"""Bytes; ten thousand pages."""

READABLE = (
    "LaTeX (.tex, .aux), Markdown (.md, .qmd, .Rmd), Word (.docx), OpenDocument (.odt), BibTeX (.bib), RIS, nbib, "
    "CSL-JSON (.json), a table (.csv), a list of PMIDs or DOIs, or plain text (.txt)"
)
"""What can be read, for a person."""


def kind_of(name: str, data: bytes) -> str:
    """Which kind of manuscript a file is: a value of KINDS; "" where its name says none. Raises UsageError.

    The name is believed, but an archive is a document whatever it is called, and a .doc of old is none.
    """
    kind = KINDS.get(name.lower().rpartition(".")[2], "")
    if data.startswith(b"PK\x03\x04"):
        return kind if kind in ("docx", "odt") else ("odt" if b"opendocument.text" in data[:200] else "docx")
    if kind in ("docx", "odt"):
        old = " It is of Word before 2007 or has a password" if data.startswith(b"\xd0\xcf\x11\xe0") else ""
        raise UsageError(f"{name} is no document that can be unpacked.{old and f'{old}; save it as .docx.'}")
    return kind


def read(name: str, data: bytes, kind: str, *, path: Path | None, decode: Callable[[bytes], str]) -> Manuscript:
    """What a manuscript of this kind cites; "text" is running text. Raises UsageError for what cannot be read."""
    if kind not in ("docx", "odt") and len(data) > LONGEST_TEXT:
        raise UsageError(f"{name} is a text of more than {LONGEST_TEXT >> 20} MB, which no manuscript is.")
    folder = Folder(path)
    if kind == "tex":
        from . import tex

        return tex.read(name, data, folder, decode)
    if kind == "aux":
        from . import tex

        return tex.read_aux(name, data, folder, decode)
    if kind == "markdown":
        from . import markdown

        return markdown.read(name, data, folder, decode)
    if kind in ("docx", "odt"):
        from . import docx

        return docx.read(name, data) if kind == "docx" else docx.read_odt(name, data)
    from . import prose

    made = Manuscript(name)
    made.mentions.extend(prose.mentions(enumerate(decode(data).split("\n"), 1), name, wrapped=True))
    return made


__all__ = ["KINDS", "READABLE", "Bibliography", "Item", "Manuscript", "Mention", "Place", "kind_of", "read"]
