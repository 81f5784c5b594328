"""`--help` teaches: every command has examples, and the examples are true."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from keyboard import Keyboard
from reftrack.cli import COMMANDS, main
from reftrack.cli.groups import Subcommands
from reftrack.cli.related import SEE_ALSO

EXAMPLES = re.compile(r"^ *Examples?:\n((?: {4,}.*\n)+)", re.MULTILINE)
ONLINE = re.compile(
    r"reftrack fetch(?!.*--from sample)|reftrack screen|reftrack serve|\.ris bo\.csv|git pull|undo 1f3a"
    r"|query new$|\.docx|old/|--against 12"
)
"""Examples that need PubMed, a file of gigabytes, another person or somebody at the keys; their options are looked at
all the same."""
SHELL = re.compile(r"[|<>;&]")


def commands(command=main, words=()):
    """(words, command) of the program and everything below it."""
    yield list(words), command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from commands(command.get_command(click.Context(command), name), (*words, name))


ALL = {" ".join(words): command for words, command in commands()}


def told(words, width=80):
    result = CliRunner().invoke(main, [*words.split(), "--help"], prog_name="reftrack", terminal_width=width)
    assert result.exit_code == 0, result.output
    return result.stdout


def examples(words):
    lines = [line for block in EXAMPLES.findall(told(words)) for line in block.splitlines()]
    return [re.split(r" {3,}", line.strip())[0] for line in lines]  # behind wide space stands what it is for


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """A workspace of the sample, with a file of every kind that an example may name."""
    folder = tmp_path_factory.mktemp("sample")
    before = Path.cwd()
    os.chdir(folder)
    try:
        for words in (["init"], ["fetch", "--from", "sample"], ["export", "-f", "ris", "-o", "all.ris"]):
            assert CliRunner().invoke(main, ["-q", *words]).exit_code == 0
        assert CliRunner().invoke(main, ["-q", "export", "-o", "all.bib"]).exit_code == 0
        for who in ("ada", "bo"):
            assert CliRunner().invoke(main, ["decide", "31494820", "include", "--who", who]).exit_code == 0
        assert CliRunner().invoke(main, ["-q", "export", "-f", "nbib", "-o", "all.nbib"]).exit_code == 0
    finally:
        os.chdir(before)
    (folder / "all.tex").write_text(r"\cite{poon2020,jarosz2023}")
    (folder / "all.txt").write_text("31494820\n")
    (folder / "all.jsonl").write_text('{"pmid": 31494820, "tags": ["rct", "tbi"]}\n')
    return folder


@pytest.fixture(scope="module")
def binary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "reftrack"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m reftrack "$@"\n')
    script.chmod(0o755)
    return folder


def give(folder, example):
    """The files that an example reads, which are not written by it."""
    for name in re.findall(r"(?<![=/\w])[\w.-]+\.(?:ris|bib|nbib|tex|txt|jsonl)\b", example):
        source = folder / f"all{Path(name).suffix}"
        if not (folder / name).exists() and not re.search(rf"(?:-o|>|--errors) {re.escape(name)}", example):
            shutil.copy(source, folder / name)


@pytest.mark.parametrize("words", ALL)
def test_every_command_has_examples_and_says_what_goes_with_it(words):
    """The help of every command below the program holds an example of that very command, and names its relatives."""
    page = told(words)
    assert examples(words)
    assert all("reftrack" in example for example in examples(words))
    if words and not isinstance(ALL[words], click.Group):
        assert any(re.search(rf"reftrack {words}\b", example) for example in examples(words))
    assert not words or "See also: reftrack " in page


@pytest.mark.parametrize("words", ALL)
def test_help_fits_80_columns(words):
    """No line of any help is wider than a terminal of 80 columns, and what it is for fits a screen."""
    page = told(words)
    assert [line for line in page.splitlines() if len(line) > 80] == []
    assert page.split("\nOptions:")[0].count("\n") <= 32
    assert "..." not in page.partition("\nCommands:\n")[2]  # a first sentence too long for the table


@pytest.mark.parametrize("words", ALL)
def test_every_example_runs(words, sample, binary, tmp_path, monkeypatch):
    """The examples of a command, typed one after the other into the sample's workspace, do what they say."""
    folder = tmp_path / "W"
    shutil.copytree(sample, folder)
    (tmp_path / ".zfunc").mkdir()
    for name, value in (("HOME", tmp_path), ("SHELL", "/bin/bash"), ("PATH", f"{binary}:{os.environ['PATH']}")):
        monkeypatch.setenv(name, str(value))
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(folder)
    for example in examples(words):
        if ONLINE.search(example):
            result = CliRunner().invoke(
                main, [*re.sub("^git pull && ", "", example).split(" &&")[0].split()[1:], "--help"]
            )
            assert result.exit_code == 0, (example, result.output)
            continue
        give(folder, example)
        if SHELL.search(example):
            done = subprocess.run(example, shell=True, capture_output=True, text=True, timeout=60, check=False)
            assert (done.returncode, "Traceback" in done.stderr) in {(0, False), (1, False)}, (example, done)
        else:
            result = CliRunner().invoke(main, split(example)[1:], catch_exceptions=False)
            findings = {1} if words.split(" ")[0] in ("rules", "check", "query") else set()
            assert result.exit_code in {0} | findings, (example, result.output)


def split(example):
    """As a shell would split it, ~ and all."""
    return [str(Path(word).expanduser()) if word.startswith("~") else word for word in shlex.split(example)]


def test_relatives_exist():
    """Every command names relatives, and each of them is a command."""
    assert set(SEE_ALSO) == set(COMMANDS)
    assert {other for related in SEE_ALSO.values() for other in related} <= set(COMMANDS)
    assert not [name for name, related in SEE_ALSO.items() if name in related]


def test_help_is_the_same_as_dash_dash_help():
    """`reftrack help tag add` prints what `reftrack tag add --help` prints."""
    for words in ([], ["list"], ["tag"], ["tag", "add"]):
        asked = CliRunner().invoke(main, ["help", *words], prog_name="reftrack", terminal_width=80)
        assert asked.stdout == told(" ".join(words))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lst"], "Did you mean list?"),
        (["tag", "ad"], "Did you mean add?"),
        (["list", "more"], "`reftrack list` has no commands below it"),
        (["zzz"], "`reftrack --help` shows them all"),
    ],
)
def test_help_on_what_is_not_there(words, said):
    """A command that there is no help for is met by the nearest one, as a mistyped command is."""
    result = CliRunner().invoke(main, ["help", *words], prog_name="reftrack")
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_long_help_goes_through_the_pager_and_a_short_one_does_not(tmp_path):
    """On a terminal, and there only, a help longer than the window is given to PAGER; headings are bold there."""
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho PAGED\ncat\n")
    pager.chmod(0o755)
    command = [sys.executable, "-m", "reftrack", "help"]
    environment = {"PAGER": str(pager)}
    long, _ = Keyboard([*command, "list"], tmp_path, columns=80, lines=30, environment=environment).finish()
    assert long.startswith("PAGED\nUsage: reftrack list")
    short, _ = Keyboard([*command, "db", "path"], tmp_path, columns=80, lines=30, environment=environment).finish()
    assert short.startswith("Usage: reftrack db path")
    piped = subprocess.run([*command, "list"], capture_output=True, env={**os.environ, **environment}, check=True)
    assert b"PAGED" not in piped.stdout
    assert b"\x1b" not in piped.stdout


def test_every_group_tells_the_nearest_command():
    """Groups are Subcommands, so that whoever mistypes a command below one is told the nearest."""
    assert [words for words, command in ALL.items() if isinstance(command, click.Group)] == [
        words for words, command in ALL.items() if isinstance(command, Subcommands)
    ]
