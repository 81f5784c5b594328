"""What an export is: held papers become pieces of a file, one format a module."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module

from msgspec import Struct, field

from ..model import HeldPaper


class Options(Struct, frozen=True, kw_only=True):
    """What a person may ask of an export. A format passes over those that it does not heed."""

    ascii: bool = False
    """BibTeX and BibLaTeX in ASCII, for classic BibTeX: letters as LaTeX commands, other scripts in Latin letters."""
    abbrev: bool = False
    """The journal's abbreviation in place of its name."""
    abstracts: bool = False
    """Abstracts in BibTeX and BibLaTeX, which makes the file about three times as large; other formats have them."""
    notes: bool = False
    """Errata, concerns and updates in the note, too, not only retractions."""
    pmid_fields: bool = False
    """PMID and PMCID as fields of their own in BibLaTeX, which its data model does not know."""
    transliterated: Callable[[HeldPaper], object] = field(default=lambda _: None)
    """Told of each paper of which `ascii` has put a text into Latin letters, LaTeX having none for it."""


_NOTHING_ASKED = Options()
_RARE = frozenset({"other_abstracts", "references", "grants", "substances", "accessions"})


class Format(Struct, frozen=True):
    """A format under the name that `export -f` takes."""

    name: str
    description: str
    suffix: str
    """Of a file in this format, with its dot."""
    module: str
    """Of this room; loaded when something is written, for no format may slow another."""
    heeds: frozenset[str] = frozenset({"abbrev", "notes"})
    """The names of the Options that make a difference."""
    binary: bool = False
    """Its pieces are bytes, not text."""
    ignores: frozenset[str] = _RARE
    """Lists of a Paper at which it never looks, so that whoever reads papers for it may leave them empty."""

    def write(self, papers: Iterable[HeldPaper], options: Options = _NOTHING_ASKED) -> Iterator[str] | Iterator[bytes]:
        """The file piece by piece, about one a paper, so that memory stays flat. No paper makes an empty, valid file.

        Raises UsageError if the format needs a library that is not installed.
        """
        pieces: Iterator[str] | Iterator[bytes] = import_module(f".{self.module}", __package__).write(papers, options)
        return pieces
