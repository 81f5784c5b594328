"""Documents of office programs, opened without trust: a zip archive of XML in which anything may stand.

No part is unpacked beyond MOST, entities and DTDs are refused (a billion laughs), and the XML is read as it streams, so
neither depth nor length takes more memory than the text itself.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Mapping
from xml.parsers import expat

from ..errors import UsageError

MOST = 128 << 20
"""Bytes that the parts which are read may have together."""
_PIECE = 1 << 20
_PARTS = 20_000

Start = Callable[[str, Mapping[str, str]], None]
Named = Callable[[str], None]


class Archive:
    """A document, and its parts by name."""

    def __init__(self, name: str, data: bytes) -> None:
        self._name = name
        self._left = MOST
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            infos = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, EOFError, OSError):
            raise UsageError(f"{name} is damaged: it is no document that can be unpacked.") from None
        if len(infos) > _PARTS:
            raise UsageError(f"{name} has more parts than a document has.")
        self.names = [info.filename for info in infos]

    def part(self, name: str) -> bytes:
        """The content of a part; b"" where there is none. Raises UsageError."""
        if name not in self.names:
            return b""
        pieces = []
        try:
            with self._zip.open(name) as stream:
                while piece := stream.read(_PIECE):
                    self._left -= len(piece)
                    if self._left < 0:
                        raise UsageError(
                            f"{self._name} unpacks to more than {MOST >> 20} MB, which no manuscript does."
                        )
                    pieces.append(piece)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
            raise UsageError(f"{self._name} is damaged or locked by a password: {name} cannot be unpacked.") from None
        return b"".join(pieces)


def parse(name: str, data: bytes, *, start: Start, end: Named, text: Named) -> None:
    """Walk through XML; tags are `namespace local`. Raises UsageError for what is none, or declares entities."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise UsageError(
            f"{name} declares a document type, which no document of an office program does; it is not read."
        )

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # LookupError: an encoding that nobody knows
        raise UsageError(f"{name} is damaged: its XML breaks off or is broken ({error}).") from None


def local(tag: str) -> str:
    """A tag without its namespace."""
    return tag.rpartition(" ")[2]


def attribute(attributes: Mapping[str, str], name: str) -> str:
    """An attribute by its local name; "" where there is none."""
    return next((value for key, value in attributes.items() if local(key) == name), "")
