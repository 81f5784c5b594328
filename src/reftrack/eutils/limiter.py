"""Slots in time: when the next request may start, for all threads of this process and all processes of this machine.

NCBI counts by address and by key, not by program, so two runs at once must share one limit. They share it through a
small file that says when the next slot begins, guarded by a lock of the operating system, which ends with its process
however that ends. A folder that cannot be used costs only the sharing: each process then keeps the limit by itself.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

Clock = Callable[[], float]
Sleep = Callable[[float], object]
OnWait = Callable[[str, float], object]

FARTHEST = 65.0
"""Seconds: a slot further away is not believed. The longest wait that is obeyed is 60 (`wire.LONGEST_WAIT`)."""
_CLOCKS_AGREE = 1.0
"""Seconds by which a file may seem to come from the future; more, and the clock was set back since."""
_LOCK_PATIENCE = 5.0
"""The lock is held for about a millisecond; a process that holds it so long was stopped in the middle."""
_LOCK_POLL = 0.005


@dataclass(frozen=True, slots=True)
class Asker:
    """For whom a request is made: is it wanted still, how does one sleep meanwhile, who is told of waits."""

    wanted: Callable[[], bool]
    sleep: Sleep
    tell: OnWait


class Limiter:
    """Starts of requests are at least `gap` seconds apart, whichever thread makes them."""

    def __init__(self, gap: float, *, clock: Clock, slots: SharedSlots | None = None) -> None:
        self._gap, self._clock, self._slots = gap, clock, slots
        self._turn = threading.Lock()
        self._guard = threading.Lock()
        self._free_at = float("-inf")
        self._held_until = float("-inf")

    def take(self, asker: Asker) -> None:
        """Return when a request may start; at once if nobody wants it any more.

        One thread waits for its slot and the others queue behind it: so a process has one slot in the shared file, and
        whoever comes later sees what `hold` said meanwhile.
        """
        with self._turn:
            shared = self._slots.take() if self._slots else 0.0
            wait = max(shared, max(self._free_at, self._held_until) - self._clock())
            while wait > 0 and asker.wanted():
                asker.sleep(wait)
                wait = self._held_until - self._clock()
            self._free_at = self._clock() + self._gap

    def hold(self, seconds: float) -> None:
        """Let nobody start for some seconds: NCBI said that it has had enough."""
        with self._guard:
            self._held_until = max(self._held_until, self._clock() + seconds)
        if self._slots:
            self._slots.hold(seconds)


class SharedSlots:
    """The next free slot at one server, by the wall clock, in a file that processes share.

    The file's name has host, port and whether a key is used, since NCBI counts those apart; of the key itself nothing.
    """

    def __init__(self, folder: Path, url: str, *, with_key: bool, gap: float, wall: Clock) -> None:
        # Imported late: it costs as much time as the rest of the room, and only processes that share need it.
        from filelock import FileLock

        name = _file_name(url, with_key=with_key)
        self._folder, self._file = folder, folder / f"{name}.slot"
        self._lock = FileLock(folder / f"{name}.lock")
        self._gap, self._wall = gap, wall
        self._guard = threading.Lock()
        self._usable = True

    def take(self) -> float:
        """Take the next slot and say in how many seconds it begins."""
        return self._move(0.0, self._gap)

    def hold(self, seconds: float) -> None:
        """Let no slot begin for some seconds."""
        self._move(seconds, 0.0)

    def _move(self, earliest: float, length: float) -> float:
        with self._guard:
            if not self._usable:
                return 0.0
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                with self._lock.acquire(timeout=_LOCK_PATIENCE, poll_interval=_LOCK_POLL):
                    now = self._wall()
                    start = max(now + earliest, self._free(now))
                    self._file.write_text(f"{now:.6f} {start + length:.6f}\n", encoding="ascii")
                    return start - now
            except (OSError, NotImplementedError):  # not writable, full, stopped holder; no locks on this file system
                self._usable = False
                return 0.0

    def _free(self, now: float) -> float:
        """When the next slot begins by what the file says, or `now` if it says nothing that can be true."""
        try:
            with self._file.open("rb") as file:
                said = re.fullmatch(rb"(\d{1,12}\.\d{6}) (\d{1,12}\.\d{6})\s*", file.read(100))
        except FileNotFoundError:
            return now
        if not said:
            return now
        written, free = float(said[1]), float(said[2])
        return free if written <= now + _CLOCKS_AGREE and free - now <= FARTHEST else now


def _file_name(url: str, *, with_key: bool) -> str:
    parts = urlsplit(url)
    host = re.sub(r"[^a-z0-9.-]", "_", (parts.hostname or "").lower())
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{host}_{port}" + ("_key" if with_key else "")
