"""Paths become PubMed XML, in pieces: plain or gzipped files, and the folders that hold them.

Raises UsageError for what was named wrongly and RecordError for a file that breaks off; never reads further than asked.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from .errors import RecordError, UsageError

PIECE = 1 << 20
SUFFIXES = (".xml", ".xml.gz")
_MD5 = re.compile(r"\b[0-9A-Fa-f]{32}\b")


def find(paths: Sequence[Path]) -> list[Path]:
    """The files that these paths name, each once; a folder means its *.xml and *.xml.gz, by name. Raises UsageError."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.iterdir() if file.name.endswith(SUFFIXES) and file.is_file())
            if not inside:
                raise UsageError(f"The folder {path} holds no .xml or .xml.gz file.")
            found |= dict.fromkeys(inside)
        elif not path.exists():
            raise UsageError(f"There is no file {path}.")
        elif not path.is_file():
            raise UsageError(f"{path} is neither a file nor a folder.")
        else:
            found[path] = None
    return list(found)


def check(path: Path) -> None:
    """Hold a file against the .md5 that NLM puts beside each of its files, if it lies there. Raises RecordError."""
    beside = path.with_name(f"{path.name}.md5")
    try:
        said = _MD5.search(beside.read_text(encoding="ascii", errors="replace"))
    except OSError:
        return
    if said is None:
        return
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, partial(hashlib.md5, usedforsecurity=False)).hexdigest()
    if digest != said[0].lower():
        raise RecordError(
            f"{path.name} is not what {beside.name} beside it says, so nothing of it was read; download both again."
        )


def size(paths: Sequence[Path]) -> int:
    """Bytes on disk, for progress."""
    return sum(path.stat().st_size for path in paths)


def chunks(path: Path) -> Iterator[tuple[bytes, int]]:
    """A file's content unpacked, in pieces, each with how many bytes of the file have been read so far."""
    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == b"\x1f\x8b"
            stream.seek(0)
            reader = gzip.GzipFile(fileobj=stream) if packed else stream
            while piece := reader.read(PIECE):
                yield piece, stream.tell()
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise RecordError(f"{path.name} is cut or damaged: its compressed data breaks off.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}).") from None
