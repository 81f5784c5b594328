"""docs/tour.md is made by walking through it: the shipped sample, commands as one types
them, keys as one presses them.

`make docs` writes the page; a test walks through it again and compares. Today's date is written as DAY and the letters
of acts, which are random, as letters in order, so that the page stays true tomorrow; everything else is what the
program said.
"""

import os
import re
import sqlite3
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from desk import terminal
from keys import recording

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
        """The same whenever it is said: no day, no folder of this computer, no random letters of acts."""
        for number, act in enumerate(self._acts(), 1):
            letters = f"{number:x}" * 8
            text = text.replace(act, f"{DAY}T09:00:00Z.{number:09d}.{letters[:8]}").replace(act[-8:], letters[:8])
        today = datetime.now(UTC).date().isoformat()
        text = re.sub(rf"{today}T\d\d:\d\d:\d\dZ", f"{DAY}T09:00:00Z", text)
        text = re.sub(rf"{today} \d\d:\d\d(:\d\d)?", f"{DAY} 09:00", text).replace(today, DAY)
        return text.replace(str(self.workspace), "~/evidence").replace(str(self.folder), "~")

    def _acts(self):
        path = self.workspace / "db" / "reftrack.db"
        if not path.exists():
            return []
        with closing(sqlite3.connect(path)) as library:
            return [act for (act,) in library.execute("SELECT id FROM acts ORDER BY id")]

    def press(self, keys, *arguments):
        """Screens of `reftrack screen`, as text: `keys` is a list of (key, words that the screen shows then)."""
        command = " ".join(["reftrack screen", *arguments])
        screens = recording(self.workspace, keys, *arguments, rows=24, environment=self.environment)
        names = ["", *(pressed.replace("\r", " Enter") for pressed, _ in keys)]
        for name, screen in zip(names, screens, strict=True):
            head = f"Then the key `{name}`:\n" if name else f"`{command}`:\n"
            self.page.append(f"{head}\n```text\n{self.steady(screen).strip(chr(10))}\n```\n")


def walk(folder):
    """The tour, from beginning to end; gives the page."""
    guide = Guide(folder)
    for part in (_first_day, _find, _why, _decide, _screen, _two_readers, _queries, _check, _share, _shell):
        part(guide)
    return "\n".join(guide.page)


def _first_day(guide):
    guide.say(
        f"""
# A tour of the desk

What a researcher does in a week, on the shipped sample: every command here was run, every key pressed, and every output
is what was seen (`make docs` writes this page, a test walks through it again). {DAY} stands for the day. The numbers
and tags below say what is in 47 records, not what is true of a drug.

## The first day

Wherever you are, `reftrack` alone says what comes next.
"""
    )
    guide.type("reftrack")
    guide.type("reftrack init", "reftrack fetch --from sample", "reftrack")


def _find(guide):
    guide.say(
        """
## Find

Words, tags, years, authors, saved queries and PubMed syntax may be put together, in `list`, `export`, `count`,
`digest` and `tag` alike ([all of it](selecting.md)). `+tbi` has a tag, `-animal` has it not.
"""
    )
    guide.type("reftrack list +tbi -correction --year 2021..")
    guide.say("Where words are searched for, the best match comes first and shows where they stand.")
    guide.type('reftrack list "functional outcome" --limit 2')
    guide.say("PubMed's own syntax, over what you hold, without PubMed:")
    guide.type(
        "reftrack list --match '(stroke[ti] OR brain injur*[ti]) AND 2020:2024[dp]' --columns year,study,key",
        "reftrack count --by study",
    )


def _why(guide):
    guide.say("## Ask, and read")
    guide.type("reftrack why poon2020 mortality", "reftrack show poon2020", "reftrack open poon2020 --doi --print")


def _decide(guide):
    guide.say(
        """
## Correct, note, change your mind

What you do by hand wins over every rule and outlasts every fetch. It is a log: nothing in it is overwritten, and
the last thing can be taken back.
"""
    )
    guide.type(
        'reftrack tag add poon2020 mood --because "table 3"',
        'reftrack note poon2020 "dose differs between table 1 and the text"',
        "reftrack history",
        "reftrack undo",
        "reftrack undo",
        "reftrack history poon2020",
    )


def _screen(guide):
    guide.say(
        """
## Screen

`reftrack screen` shows what you have not decided, one paper after the other, and takes one key for each. Every key
is stored at once; leave when you like, and the same command goes on there.
"""
    )
    guide.press([("i", "2 of"), ("e", "Why"), ("5", "3 of")], "+rct")
    guide.type("reftrack list --decision include --columns year,key,title")


def _two_readers(guide):
    guide.say(
        """
## Two readers

Each decides without seeing the other's word; `agreement` compares them, and `screen --conflicts` settles what they
differ on. Files of Rayyan and ASReview are compared in the same way, without importing them.
"""
    )
    guide.type(
        "reftrack decide muresanu2020 include",
        "reftrack decide vester2021 zhang2017 include",
        "reftrack decide zhang2016 exclude --because animal",
    )
    guide.type(
        "reftrack decide muresanu2020 vester2021 include",
        "reftrack decide zhang2017 zhang2016 exclude --because animal",
        who="ben",
    )
    guide.type("reftrack agreement anna ben")


def _queries(guide):
    guide.say(
        """
## Take care of a query

A query is looked over before it is run, tested on papers that it must find, and an edit is compared before anything
is fetched ([more](queries.md)).
"""
    )
    guide.write(
        "queries/rehab.toml",
        """title = "Rehabilitation after stroke"
term = "stroke[tiab] AND rehabilitation[tiab] OR motor[tiab]"
known = [29248999]
""",
    )
    guide.type("reftrack query lint rehab", status=1)
    guide.type("reftrack query test rehab --offline", status=1)


def _check(guide):
    guide.say(
        """
## Check a manuscript

Before it is sent: what does it cite that was retracted, corrected or superseded, and what newer evidence do you
hold ([more](check.md))?
"""
    )
    guide.write(
        "paper.tex", "Two trials \\cite{poon2020,muresanu2020} and a review \\cite{ziganshina2020} are known.\n"
    )
    guide.type("reftrack check paper.tex --no-newer", status=1)


def _share(guide):
    guide.say(
        """
## Share, and keep

`sync` writes everything that was done by hand into text files, a person a file and an act a line, and takes over
what others wrote into theirs. git merges them without a conflict; the same files replay all of it into a new
library.
"""
    )
    guide.type("reftrack sync", "head -n 2 hands/anna.jsonl")


def _shell(guide):
    guide.say(
        """
## At the prompt

`reftrack completion --install` teaches bash, zsh or fish the commands, tags, queries and keys. What is mistyped is
told what was meant.
"""
    )
    guide.type("reftrack lst", status=2)
    guide.type("reftrack list --tag strok", status=2)
    guide.type("reftrack show muresanu202", status=2)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        TARGET.write_text(walk(Path(place)), encoding="utf-8")
    sys.stdout.write(f"{TARGET.name} written\n")
