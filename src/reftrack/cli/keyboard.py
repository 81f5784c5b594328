"""One key at a time from a terminal, and whole screens to it; whatever happens, the terminal is left as it was.

Loads termios, which Windows lacks: only a command that has a terminal to read from comes here.
"""

from __future__ import annotations

import codecs
import os
import select
import signal
import sys
import termios
import tty
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

RESIZED = "resized"
"""What `Terminal.key` gives when the window has another size."""
PASTED = "pasted:"
"""How what was pasted begins; a pasted text is never taken for keys."""
END_OF_INPUT = "\x04"
"""Ctrl-D, which leaves as q does."""

_SEQUENCES = {
    "[A": "up", "OA": "up", "[B": "down", "OB": "down", "[C": "right", "OC": "right", "[D": "left", "OD": "left",
    "[5~": "pageup", "[6~": "pagedown", "[H": "home", "[1~": "home", "OH": "home", "[F": "end", "[4~": "end",
    "OF": "end",
}  # fmt: skip
"""What xterm and its kin send behind ESC for keys that are no character (XTerm Control Sequences, PC-Style Function
Keys)."""
_PASTE, _PASTE_ENDS = "[200~", "\x1b[201~"
_ESCAPE_SECONDS = 0.05
"""How long the rest of such a sequence may take over a slow line; after that it was the Esc key."""
_ENOUGH = 1 << 16

_ENTER = "\x1b[?1049h\x1b[?2004h"
_LEAVE = "\x1b[?2004l\x1b[?1049l"
"""The screen that was there before, and pasted text marked as such (XTerm Control Sequences, 1049 and 2004)."""


class Stopped(BaseException):
    """A signal asks the program to end: the terminal hung up, or somebody said kill."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Terminal:
    """The terminal that a person sits at, as a context manager."""

    def __init__(self) -> None:
        self.plain = os.environ.get("TERM", "dumb") in ("", "dumb", "unknown")
        """A terminal that obeys nothing: screens are printed one below the other."""
        self._in = sys.stdin.fileno()
        self._waiting = ""
        self._decode = codecs.getincrementaldecoder("utf-8")("replace")
        self._handlers: dict[int, Any] = {}
        self._wake, self._woken = os.pipe()

    def __enter__(self) -> Self:
        self._before = termios.tcgetattr(self._in)
        for number, handler in (
            (signal.SIGWINCH, self._wake_up),
            (signal.SIGTSTP, self._pause),
            (signal.SIGHUP, _stop),
            (signal.SIGTERM, _stop),
            (signal.SIGQUIT, _stop),
        ):
            self._handlers[number] = signal.signal(number, handler)
        self._take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._give_back()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        os.close(self._wake)
        os.close(self._woken)

    def size(self) -> tuple[int, int]:
        """Columns and rows of the window now."""
        try:
            columns, rows = os.get_terminal_size(sys.stdout.fileno())
        except OSError:
            columns = rows = 0
        return columns or _number("COLUMNS", 80), rows or _number("LINES", 24)

    def show(self, lines: list[str]) -> None:
        """A whole screen, drawn over the one before: no flicker, and nothing of the old one stays. Raises Stopped."""
        if self.plain:
            self._write("\n" + "\n".join(lines) + "\n")
        else:
            self._write("\x1b[H" + "\x1b[K\r\n".join(lines) + "\x1b[K\x1b[J")

    def key(self) -> str:
        """The next key: a character, a name ("up", "pagedown", "escape"), RESIZED, or PASTED with what it was.

        Raises Stopped where the terminal hung up.
        """
        while not self._waiting:
            if not self._read(None):
                return RESIZED
        first, self._waiting = self._waiting[0], self._waiting[1:]
        return first if first != "\x1b" else self._sequence()

    def _sequence(self) -> str:
        while True:
            begun = [one for one in (*_SEQUENCES, _PASTE) if one.startswith(self._waiting) and one != self._waiting]
            if not begun or not self._read(_ESCAPE_SECONDS):
                break
        if self._waiting.startswith(_PASTE):
            return self._paste()
        name = next((one for one in _SEQUENCES if self._waiting.startswith(one)), "")
        if name:
            self._waiting = self._waiting[len(name) :]
            return _SEQUENCES[name]
        if self._waiting[:1] in ("[", "O"):  # a key we have no use for: none of its characters is one of ours
            rest = self._waiting[1:]
            ends = next((place for place, one in enumerate(rest) if "@" <= one <= "~"), len(rest) - 1)
            self._waiting = rest[ends + 1 :]
            return "unknown"
        if self._waiting and self._waiting[0] != "\x1b":  # Alt and a character is not that character
            self._waiting = self._waiting[1:]
            return "unknown"
        return "escape"

    def _paste(self) -> str:
        while _PASTE_ENDS not in self._waiting and len(self._waiting) < _ENOUGH and self._read(1):
            pass
        text, _, self._waiting = self._waiting.removeprefix(_PASTE).partition(_PASTE_ENDS)
        return PASTED + text

    def _read(self, seconds: float | None) -> bool:
        """Wait for input and take what there is; False if the time is over or the window changed."""
        ready, _, _ = select.select([self._in, self._wake], [], [], seconds)
        if self._wake in ready:
            os.read(self._wake, 4096)
            return False
        if not ready:
            return False
        try:
            data = os.read(self._in, 4096)
        except OSError:
            data = b""
        if not data:
            raise Stopped(signal.SIGHUP)
        self._waiting += self._decode.decode(data)
        return True

    def _write(self, text: str) -> None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError:
            raise Stopped(signal.SIGHUP) from None

    def _take(self) -> None:
        # Ctrl-C, Ctrl-Z and Ctrl-\ stay signals; what is typed is not shown and not held back for Enter.
        tty.setcbreak(self._in)
        if not self.plain:
            self._write(_ENTER)

    def _give_back(self) -> None:
        try:
            if not self.plain:
                self._write(_LEAVE)
            termios.tcsetattr(self._in, termios.TCSADRAIN, self._before)
        except (Stopped, termios.error):  # it is gone
            pass

    def _wake_up(self, _number: int, _frame: FrameType | None) -> None:
        os.write(self._woken, b".")

    def _pause(self, _number: int, _frame: FrameType | None) -> None:
        """Ctrl-Z: the shell gets its terminal back, and ours is drawn anew when the person returns."""
        self._give_back()
        ours = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, ours)
        self._take()
        os.write(self._woken, b".")


def _stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)


def _number(variable: str, default: int) -> int:
    value = os.environ.get(variable, "")
    return int(value) if value.isascii() and value.isdigit() and int(value) else default


class Line:
    """A line that a person types, key by key."""

    def __init__(self, text: str = "", *, complete: Callable[[str], str] | None = None) -> None:
        self.text = text
        self._complete = complete

    def feed(self, key: str) -> bool | None:
        """Take a key: True if the line is done, False if it was given up, None while it is being typed."""
        if key in ("\r", "\n"):
            return True
        if key in ("escape", END_OF_INPUT):
            return False
        if key in ("\x7f", "\b"):
            self.text = self.text[:-1]
        elif key == "\x15":  # Ctrl-U
            self.text = ""
        elif key == "\x17":  # Ctrl-W
            self.text = self.text.rstrip().rpartition(" ")[0]
        elif key == "\t" and self._complete:
            self.text = self._complete(self.text)
        elif key.startswith(PASTED):
            self.text += " ".join(key.removeprefix(PASTED).split())
        elif len(key) == 1 and key.isprintable():
            self.text += key
        return None
