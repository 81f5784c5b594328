"""The files that a manuscript includes: only those in its own folder and below, and only so many.

A manuscript may come from anybody. `\\input{../../secret}` and a link that leads out are told and not followed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

MOST_FILES = 500
MOST_BYTES = 64 << 20


class Folder:
    """Reads beside a manuscript. Without a path (standard input) nothing is beside it."""

    def __init__(self, main: Path | None) -> None:
        self._shown = main.parent if main else None
        self._root = main.parent.resolve() if main else None
        self._read: set[Path] = {main.resolve()} if main else set()
        self._bytes = 0
        self.remarks: list[str] = []

    def read(self, name: str, endings: Iterable[str] = ("",), *, quiet: bool = False) -> tuple[str, bytes] | None:
        """(name to show, content) of the first file that `name` and an ending make; None with a remark if none can be.

        A file is read once: what comes again is None without a remark.
        """
        reason = self._impossible(name)
        if not reason:
            assert self._root is not None
            assert self._shown is not None
            reason = f"{name} is not there"
            for ending in endings:
                try:
                    path = (self._root / f"{name}{ending}").resolve()
                    if not path.is_relative_to(self._root):
                        reason = f"{name} lies outside the folder of the manuscript; name it on the command line, too"
                        break
                    if path.is_file():
                        return self._content(path, str(self._shown / f"{name}{ending}"))
                except (OSError, ValueError, RuntimeError):  # too long a name, no right to look, links in a circle
                    reason = f"{name} cannot be read"
        if not quiet:
            self._remark(reason)
        return None

    def _impossible(self, name: str) -> str:
        if self._root is None:
            return f"{name} is not looked for, because the manuscript came from standard input"
        if not name or "\x00" in name or len(name) > 1000:  # noqa: PLR2004 - longer than any path
            return "a file that is included has no name"
        if len(self._read) >= MOST_FILES:
            return f"more than {MOST_FILES} files are included, and the others were not read"
        return ""

    def _content(self, path: Path, shown: str) -> tuple[str, bytes] | None:
        if path in self._read:
            return None
        self._read.add(path)
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES - self._bytes + 1)
        self._bytes += len(data)
        if self._bytes > MOST_BYTES:
            self._bytes -= len(data)
            self._remark(f"{shown} is too large")
            return None
        return shown, data

    def _remark(self, reason: str) -> None:
        sentence = f"Not read: {reason}."
        if sentence not in self.remarks:
            self.remarks.append(sentence)
