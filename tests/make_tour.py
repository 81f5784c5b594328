"""docs/tour.md is made by walking through it: the shipped sample, commands as one types them, keys as one presses them.

`make docs` writes the page; a test walks through it again and compares. Today's date is written as DAY and the letters
of acts, which are random, as letters in order, so that the page stays true tomorrow; everything else is what the
program said.
"""

import os
import re
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from desk import terminal

TARGET = Path(__file__).parents[1] / "docs" / "tour.md"
DAY = "2026-11-28"
COLUMNS = 92


class Guide:
    """Runs commands and keeps what is read on the page."""

    def __init__(self, folder):
        self.folder, self.page = folder, []
        self.workspace = folder / "evidence"
        self.workspace.mkdir()
        binary = folder / "bin"
        binary.mkdir()
        script = binary / "reftrack"
        script.write_text(f'#!/bin/sh\nexec {sys.executable} -m reftrack "$@"\n')
        script.chmod(0o755)
        self.environment = {
            "PATH": f"{binary}:{os.environ['PATH']}",
            "HOME": str(folder),
            "REFTRACK_WHO": "anna",
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "PAGER": "cat",
        }
        self.letters = {}

    def say(self, text):
        self.page.append(text.strip("\n") + "\n")

    def type(self, *commands, status=0, who=None):
        """Run commands on a terminal, shown in one block; what they say on stderr is shown before what they print."""
        shown = []
        for command in commands:
            aside = self.folder / "aside.txt"
            environment = self.environment | ({"REFTRACK_WHO": who} if who else {})
            got, seen = terminal(f"{command} 2>{aside}", self.workspace, columns=COLUMNS, environment=environment)
            told = aside.read_text(encoding="utf-8")
            assert got == status, (command, got, told, seen)
            text = "\n".join(line.rstrip() for line in (told + seen).splitlines()).strip("\n")
            shown.append(f"$ {command}\n" + (f"{self.steady(text)}\n" if text else ""))
        after = f"$ echo $?\n{status}\n" if status else ""
        self.page.append(f"```console\n{''.join(shown)}{after}```\n")

    def write(self, name, text):
        """A file of the person's own, shown as it stands."""
        (self.workspace / name).parent.mkdir(exist_ok=True)
        (self.workspace / name).write_text(text, encoding="utf-8")
        self.page.append(f"`{name}`:\n\n```{name.rpartition('.')[2]}\n{text.rstrip()}\n```\n")

    def steady(self, text):
        """The same whenever it is said."""
        today = datetime.now(UTC).date().isoformat()
        text = re.sub(rf"{today}[ T]\d\d:\d\d(:\d\d)?Z?", f"{DAY} 09:00", text).replace(today, DAY)
        text = text.replace(str(self.workspace), "~/evidence").replace(str(self.folder), "~")
        return re.sub(r"(?<![\w.])(?=\d*[a-f])[0-9a-f]{8}(?![\w.])", self._letters, text)

    def _letters(self, found):
        return self.letters.setdefault(found[0], f"{len(self.letters) + 1:x}" * 8)


def walk(folder):
    """The tour, from beginning to end; gives the page."""
    guide = Guide(folder)
    for part in (_first_day, _find, _decide):
        part(guide)
    return "\n".join(guide.page)


def _first_day(guide):
    guide.say(
        f"""
# A tour of the desk

What a researcher does in a week, on the {"shipped sample"}: every command here was run, and every output is what it
printed (`make docs` writes this page, a test walks through it again). {DAY} stands for the day.

## The first day
"""
    )
    guide.type("reftrack init")
    guide.type("reftrack fetch --from sample")


def _find(guide):
    guide.say("## Find")
    guide.type("reftrack list --tag tbi --limit 3")


def _decide(guide):
    guide.say("## Decide, and change your mind")
    guide.type('reftrack tag add 31494820 mood --because "table 3"', "reftrack history", "reftrack undo")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        TARGET.write_text(walk(Path(place)), encoding="utf-8")
    sys.stdout.write(f"{TARGET.name} written\n")
