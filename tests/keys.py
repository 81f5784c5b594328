"""A person at a terminal who presses keys: reftrack in a pseudo-terminal, and what its screen shows."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

SCREEN = [sys.executable, "-m", "reftrack", "screen"]
_DRAWN, _LEFT = "\x1b[H", "\x1b[?1049l"
"""What begins a screen, and what gives the former one back."""
_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Sitting:
    """A command in a terminal of so many columns and rows; as a context manager, it is ended at the latest there."""

    def __init__(self, folder, *arguments, columns=80, rows=24, term="xterm-256color", environment=None, command=None):
        self.ours, side = pty.openpty()
        self.before = termios.tcgetattr(side)
        self.side = side  # kept open, so that the state the terminal is left in can be looked at
        self._size(columns, rows)
        hidden = ("COLUMNS", "LINES", "DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "NO_COLOR")
        given = {name: value for name, value in os.environ.items() if name not in hidden}
        given |= {"TERM": term, "REFTRACK_WHO": "ada", **(environment or {})}
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            command or [*SCREEN, *map(str, arguments)],
            cwd=folder,
            stdin=side,
            stdout=side,
            stderr=side,
            env=given,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - for Ctrl-C and hang-up
        )
        self.raw = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(20)
        for one in (self.ours, self.side):
            os.close(one)

    def _size(self, columns, rows):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        self._size(columns, rows)
        os.kill(self.process.pid, signal.SIGWINCH)

    def read(self, seconds=0.0):
        """Take what was drawn meanwhile."""
        while select.select([self.ours], [], [], seconds)[0]:
            try:
                piece = os.read(self.ours, 65536)
            except OSError:
                return
            if not piece:
                return
            self.raw += piece.decode(errors="replace")
            seconds = 0

    def see(self, words, *, seconds=20):
        """Wait until the screen shows these words; the screen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(0.02)
            if words in self.screen:
                return self.screen
            if self.process.poll() is not None:
                self.read(0.1)
                break
        assert words in self.screen, (words, self.screen, self.raw[-500:])
        return self.screen

    def press(self, keys, then=None):
        """Press keys; wait for words on the screen."""
        os.write(self.ours, keys.encode())
        return self.see(then) if then is not None else None

    @property
    def screen(self):
        """What stands on the screen now, codes taken out."""
        mark = _LEFT if _LEFT in self.raw else _DRAWN
        last = self.raw.rpartition(mark)[2]
        return "\n".join(line.rstrip() for line in _CODES.sub("", last).replace("\r", "").split("\n"))

    def end(self):
        """Wait for the end; the status, and what stands below the prompt then."""
        status = self.process.wait(20)
        self.read(0.1)
        return status, self.screen.strip()

    @property
    def is_sane(self):
        """Whether the terminal is as it was before."""
        return termios.tcgetattr(self.side)[:4] == self.before[:4]


def recording(folder, keys, *arguments, columns=90, rows=30, environment=None):
    """The screens that a person sees who presses these keys one after another, as text, the first before any key.

    `keys` is a list of (keys, words that the screen shows then).
    """
    with Sitting(folder, *arguments, columns=columns, rows=rows, environment=environment) as sitting:
        screens = [sitting.see(" of ")]
        for pressed, words in keys:
            screens.append(sitting.press(pressed, words))
        return screens
