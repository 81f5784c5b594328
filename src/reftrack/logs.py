"""Folders of text files become acts and back: one file a person, one act a line, sorted, so that git can merge them.

Files are replaced whole or not at all. What stands in one and cannot be read stops everything before anything is
written: a line that was not understood must not be lost by writing the file anew.
"""

from __future__ import annotations

import os
import re
import tempfile
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from .errors import UsageError
from .hands import Act, from_line, to_line

ENDING: Final = ".jsonl"
ATTRIBUTES: Final = "# Both sides' lines stay when two people's work is merged.\n*.jsonl merge=union\n"
_LONGEST_NAME: Final = 60
_LARGEST: Final = 512 * 1024 * 1024
"""Bytes of one file: half a million notes; more is something else."""


def read(folder: Path) -> list[Act]:
    """Every act of a folder's files, each once, in no order; [] where there is no folder.

    Raises UsageError, with file and line, for what cannot be read, and for two lines that say one act differently.
    """
    if not folder.is_dir():
        if os.path.lexists(folder):
            raise UsageError(f"{folder} is not a folder; name the one that holds the files of acts.")
        return []
    found: dict[str, tuple[Act, str]] = {}
    for path in sorted(folder.glob(f"*{ENDING}")):
        for number, line in enumerate(_text(path).split("\n"), 1):
            if not line.strip():
                continue
            try:
                act = from_line(line.rstrip("\r"))
            except UsageError as error:
                raise UsageError(f"{path} line {number} cannot be read: {error}. Nothing was taken over.") from None
            first, where = found.setdefault(act.id, (act, f"{path.name} line {number}"))
            if first != act:
                raise UsageError(
                    f"{path} line {number} and {where} say the act {act.handle} differently; acts are never changed, "
                    "so one of the two was edited. Nothing was taken over."
                )
    return [act for act, _ in found.values()]


def write(folder: Path, acts: Iterable[Act]) -> list[Path]:
    """Each person's acts into the file of their name; says which files are new or other than they were.

    Raises UsageError for what cannot be written.
    """
    files: dict[Path, dict[str, Act]] = {}
    for act in acts:
        files.setdefault(folder / f"{file_name(act.who)}{ENDING}", {})[act.id] = act
    changed = []
    try:
        if files:
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / ".gitattributes").exists():
                _put(folder / ".gitattributes", ATTRIBUTES)
        for path, theirs in files.items():
            text = "".join(f"{to_line(theirs[each])}\n" for each in sorted(theirs))
            if not path.exists() or path.read_bytes() != text.encode():
                _put(path, text)
                changed.append(path)
    except OSError as error:
        raise UsageError(
            f"{error.filename or folder} cannot be written ({error.strerror}); the library has every act."
        ) from None
    return changed


def file_name(who: str) -> str:
    """A person's name as every system takes it for a file."""
    plain = unicodedata.normalize("NFKD", who)
    letters = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return re.sub(r"[^\w]+", "-", letters).strip("-_")[:_LONGEST_NAME] or "nobody"


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path} is too large for a file of acts. Nothing was taken over.")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}). Nothing was taken over.") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 (byte {error.start}). Nothing was taken over.") from None


def _put(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        mask = os.umask(0)
        os.umask(mask)
        unfinished.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~mask)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
