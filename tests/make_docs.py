"""docs/cli.md is made from --help and the README's screens from the commands above them, so that they cannot differ.

`make docs` writes both, tests compare both. A command of the README that shows no output is run all the same.
"""

import html
import os
import re
import sys
import tempfile
from pathlib import Path

import click
from click.testing import CliRunner

from desk import terminal
from reftrack.cli import COMMANDS, main

TARGET = Path(__file__).parents[1] / "docs" / "cli.md"
HEAD = """# The command line

Made from `--help` by `make docs`; do not edit. JSON goes to stdout with `--json`, progress and warnings to stderr.

Exit status: 0 done, also with nothing found · 1 findings (`doctor`, `rules lint`, `rules evaluate`) · 2 usage or
configuration · 3 NCBI or the network failed after retries, nothing was changed by that query · 4 partial: what came is
stored, something is missing, run again · 5 the library cannot be used (locked, full, damaged, newer) · 6 query refused,
by us or by NCBI · 130 interrupted. With `fetch --exit-code` or `digest --exit-code`: 10 there is news, 11 a paper that
is held was retracted.
"""


def helps():
    """(what is typed, its help) of the program, every command and every command below it."""
    yield [], _help([])
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        yield [name], _help([name])
        if isinstance(command, click.Group):
            for below in command.commands:
                yield [name, below], _help([name, below])


def text():
    """The whole page."""
    parts = [HEAD]
    for words, told in helps():
        typed = " ".join(["reftrack", *words])
        parts.append(f"{'#' * min(len(words) + 2, 4)} `{typed}`\n\n```text\n{told.rstrip()}\n```\n")
    return "\n".join(parts)


def _help(words):
    result = CliRunner().invoke(main, [*words, "--help"], prog_name="reftrack", terminal_width=100)
    assert result.exit_code == 0, result.output
    return result.stdout


README = TARGET.parents[1] / "README.md"
EVIDENCE = TARGET.parent / "evidence.md"
PICTURE = TARGET.parent / "evidence-map.svg"
"""`reftrack map -o` of the shipped sample."""
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
MAKE = ("make demo", "make test")


def screens(page):
    """(command, the output shown below it) of every `$ …` in a page's console blocks, in order."""
    for block in CONSOLE.findall(page):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command.strip(), output.rstrip("\n")


def run_screen(command, folder, binary):
    """(status, what a person sees) of a README's command in a workspace; `binary` is a folder with reftrack in it."""
    environment = {"PATH": f"{binary}:{os.environ['PATH']}", "HOME": str(folder)}
    status, seen = terminal(command, folder, columns=92, environment=environment, both=False)
    return status, "\n".join(line.rstrip() for line in seen.splitlines()).strip("\n")


def fresh_screens(page, binary):
    """The page with the output of every command that shows any made anew."""
    with tempfile.TemporaryDirectory() as folder:
        outputs = []
        for command, shown in screens(page):
            seen = "" if command in MAKE else run_screen(command, Path(folder), binary)[1]
            outputs.append(f"$ {command}\n" + (f"{seen}\n" if shown else ""))

    def fill(block):
        return "```console\n" + "".join(outputs.pop(0) for _ in screens(block[0])) + "```"

    return CONSOLE.sub(fill, page)


def draw_picture(target, binary):
    """The evidence map of the shipped sample."""
    with tempfile.TemporaryDirectory() as folder:
        for command in ("reftrack init", "reftrack fetch --from sample", f"reftrack map -o {target}"):
            status, seen = run_screen(command, Path(folder), binary)
            assert status == 0, seen


def words_of_picture(path):
    """What is written on it: matplotlib draws letters as shapes and names each text in a comment."""
    return [html.unescape(word) for word in re.findall(r"<!-- (.*?) -->", path.read_text(encoding="utf-8"))]


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
    for page in (README, EVIDENCE):
        page.write_text(fresh_screens(page.read_text(encoding="utf-8"), Path(sys.executable).parent), encoding="utf-8")
    draw_picture(PICTURE, Path(sys.executable).parent)
    sys.stdout.write(f"{TARGET.name}, {README.name}, {EVIDENCE.name} and {PICTURE.name} written\n")
