"""A process is run and what it took is measured: from outside, or as it says itself, with its family's memory.

Every figure of the table comes from a process of its own, so nothing that ran before warms or burdens it. Sides that
are compared take turns in rounds: what else the machine does meets all of them alike.
"""

import json
import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

LOOK_EVERY = 0.2
"""Seconds between two looks at how much memory a family of processes holds."""


class MeasurementError(Exception):
    """A process that was to be measured failed: there is no number, and a wrong one would be worse."""


@dataclass(slots=True)
class Seen:
    """What one side took, a value a round."""

    wall: list[float] = field(default_factory=list)
    """Seconds."""
    cpu: list[float] = field(default_factory=list)
    """Seconds of user and system together."""
    memory: list[float] = field(default_factory=list)
    """MB."""

    def take(self, told):
        """One more round."""
        for name, value in told.items():
            getattr(self, name).append(value)

    def median(self, name):
        """Of the rounds; None if this was not measured."""
        values = getattr(self, name)
        return statistics.median(values) if values else None


def environment(home):
    """Of the user's only what programs need: no setting, key, PYTHONPATH or library of theirs is seen or touched."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    folders = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "CACHE", "DATA", "STATE")}
    return {**kept, **folders, "HOME": str(home), "COLUMNS": "80"}


def run(command, home, cwd=None):
    """What a process prints that is no measurement. Raises MeasurementError."""
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment(home), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MeasurementError(f"{_words(command)} ended with {done.returncode}: {done.stderr.strip()[-800:]}")
    return done.stdout


def from_inside(command, home, cwd=None):
    """What a job says of itself: a line of JSON, name → wall, cpu, memory. Raises MeasurementError."""
    return json.loads(run(command, home, cwd).splitlines()[-1])


def from_outside(command, home, cwd=None, *, family=False):
    """Wall and CPU seconds from start to end, output through a pipe; `family` adds the most memory that the process and
    its children held together. Raises MeasurementError.
    """
    with tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            env=environment(home),
            stdout=subprocess.DEVNULL if family else subprocess.PIPE,
            stderr=errors,
        )
        try:
            peak = _watch(process) if family else _drain(process)
        except BaseException:  # whoever ends the measurement ends what is measured
            process.kill()
            process.wait()
            raise
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()[-800:]
            raise MeasurementError(f"{_words(command)} ended with {process.returncode}: {said}")
    told = {"wall": wall, "cpu": used.ru_utime + used.ru_stime}
    return told | ({"memory": peak} if peak else {})


def _drain(process):
    while process.stdout.read(1 << 20):
        pass
    process.stdout.close()
    return 0


def _watch(process):
    """The most MB that the family held at any look: PSS, which counts shared pages once. Linux only, 0 elsewhere."""
    peak, look = 0.0, Path("/proc/self/smaps_rollup").exists()
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if look:
            peak = max(peak, sum(map(_pss, _family(process.pid))))
        time.sleep(LOOK_EVERY if look else 0.01)
    return peak


def _family(pid):
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    return [pid, *(one for child in children for one in _family(int(child)))]


def _pss(pid):
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


def _words(command):
    return " ".join(Path(str(word)).name if "/" in str(word) else str(word) for word in command[:6])
