"""Somebody at a terminal: keys go in, what the screen would show comes out."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

ESCAPES = re.compile(r"\x1b\[[0-9;?<>=]*[A-Za-z~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[=>()78][B0]?|[\x07\r]")


def _sit_down():
    """The terminal is this program's, and Ctrl-C reaches it even where the tests run in the background."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Keyboard:
    """A program in a pseudo-terminal, stdin and all."""

    def __init__(self, command, folder, *, columns=100, lines=40, environment=None):
        self.main_side, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=side,
            stdout=side,
            stderr=side,
            start_new_session=True,
            preexec_fn=_sit_down,  # noqa: PLW1509 - no thread runs here
            env={**os.environ, "TERM": "xterm-256color", **(environment or {})},
        )
        os.close(side)
        self.seen = ""

    def type(self, keys):
        os.write(self.main_side, keys.encode())

    def wait_for(self, pattern, seconds=20):
        """Read until the screen shows it; what it showed since the last time. Fails after a while."""
        start, until = len(self.seen), time.monotonic() + seconds
        while not re.search(pattern, self.seen[start:]):
            if time.monotonic() > until or not self._read(0.2):
                raise AssertionError(f"{pattern!r} never came; the screen shows: {self.seen[start:]!r}")
        return self.seen[start:]

    def _read(self, seconds):
        """False when the program has gone."""
        ready, _, _ = select.select([self.main_side], [], [], seconds)
        if not ready:
            return True
        try:
            piece = os.read(self.main_side, 65536)
        except OSError:  # Linux says so when the other side is gone
            return False
        self.seen = ESCAPES.sub("", self.seen + piece.decode(errors="replace"))
        return bool(piece)

    def finish(self, seconds=20):
        """Everything that still comes, and the exit status."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._read(0.2):
            pass
        os.close(self.main_side)
        return self.seen, self.process.wait(seconds)

    def leave(self):
        """End it, whatever it is doing."""
        self.process.kill()
        self.process.wait(20)
        os.close(self.main_side)
