"""Output that is longer than the screen goes through the reader's pager, as with git; everything else is untouched."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from .screen import on_terminal
from .settings import Desk

if TYPE_CHECKING:
    import subprocess  # slow to load, and seldom needed

DEFAULT = "less -FRX"


class Left(Exception):  # noqa: N818 - nobody failed
    """The reader has seen enough."""


@contextmanager
def paged(desk: Desk, *, wanted: bool = True) -> Iterator[None]:
    """What is printed inside is paged if it is longer than the screen and a person sits at it.

    REFTRACK_PAGER, else PAGER names the pager; empty or `cat` is none. A reader who leaves it early ends what is
    done inside, and nothing else.
    """
    command = _command(desk) if wanted and on_terminal() and sys.stdin is not None and sys.stdin.isatty() else []
    if not command:
        yield
        return
    screen = sys.stdout
    pages = _Pages(screen, command, dict(desk.environment))
    sys.stdout = pages
    try:
        with suppress(Left):
            yield
    finally:
        sys.stdout = screen
        pages.finish()


def _command(desk: Desk) -> list[str]:
    import shlex

    named = next((desk.environment[name] for name in ("REFTRACK_PAGER", "PAGER") if name in desk.environment), DEFAULT)
    if desk.environment.get("TERM") == "dumb":
        return []
    try:
        command = shlex.split(named)
    except ValueError:  # an open quotation mark
        return []
    return [] if command == ["cat"] else command


class _Pages:
    """Stands for the terminal: keeps one screen of lines, and hands all to the pager when there are more."""

    def __init__(self, screen: TextIO, command: list[str], environment: dict[str, str]) -> None:
        self._screen = screen
        self._command = command
        self._environment = {"LESS": "FRX", "LV": "-c"} | environment
        self._kept: list[str] = []
        self._lines = 0
        self._pager: subprocess.Popen[str] | None = None
        self._direct = False
        self._before: object = None
        self.encoding = screen.encoding or "utf-8"
        self.errors = screen.errors or "replace"

    def write(self, text: str) -> int:
        """As a text file does. Raises Left when the pager is gone."""
        if self._direct:
            return self._screen.write(text)
        if self._pager is not None:
            self._send(self._pager, text)
            return len(text)
        import shutil

        if not isinstance(text, str):
            raise TypeError("a terminal takes text")  # by which click finds out what it is
        self._kept.append(text)
        self._lines += text.count("\n")
        if self._lines >= shutil.get_terminal_size().lines:
            self._start()
        return len(text)

    def flush(self) -> None:
        """Nothing waits here for longer than a screen."""

    def isatty(self) -> bool:
        """It is looked at by a person."""
        return True

    def fileno(self) -> int:
        """Of the terminal."""
        return self._screen.fileno()

    def finish(self) -> None:
        """Print what one screen holds, or wait until the reader leaves the pager."""
        if self._pager is None:
            self._screen.write("".join(self._kept))
            self._screen.flush()
            return
        with suppress(OSError):
            if self._pager.stdin is not None:
                self._pager.stdin.close()
        import signal

        self._pager.wait()
        if callable(self._before) or isinstance(self._before, int):
            signal.signal(signal.SIGINT, self._before)

    def _start(self) -> None:
        import signal
        import subprocess

        kept = "".join(self._kept)
        self._kept = []
        try:
            self._pager = subprocess.Popen(  # noqa: S603 - the reader's own program
                self._command, stdin=subprocess.PIPE, env=self._environment, encoding=self.encoding, errors=self.errors
            )
        except OSError:  # there is no such program
            self._direct = True
            self._screen.write(kept)
            return
        # Ctrl-C is the pager's to understand, as `less` does; it must not end who feeds it.
        self._before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._send(self._pager, kept)

    def _send(self, pager: subprocess.Popen[str], text: str) -> None:
        try:
            if pager.stdin is not None:
                pager.stdin.write(text)
                pager.stdin.flush()
        except BrokenPipeError:
            raise Left from None
