"""A workspace of made-up papers, and reftrack run in it as a person would."""

import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from papers import document, record
from reftrack.cli import main

QUERIES = {
    "head": 'title = "Examplin in head injury"\nterm = "examplin[tiab] AND (head injury[tiab] OR concussion[tiab])"\n',
    "stroke": 'title = "Examplin in stroke"\nterm = "examplin[tiab] AND stroke[tiab]"\nnote = "made up"\n',
}

RECORDS = (
    record(
        1,
        title="Examplin in traumatic brain injury after head injury: a randomized, double-blind trial.",
        abstract=(
            ("METHODS", "Patients were randomly assigned to examplin or placebo."),
            ("RESULTS", "Mortality did not differ between the groups."),
        ),
    ),
    record(2, title="Examplin after ischemic stroke: a retrospective cohort study.", year="2021"),
    record(3, title="Examplin in rats with controlled cortical impact, a head injury model.", year="2022"),
    record(4, title="Another substance in stroke.", year="2019"),
)


class Workspace:
    """A folder with queries, a file of records, and a runner."""

    def __init__(self, folder: Path):
        self.folder = folder
        (folder / "queries").mkdir()
        (folder / "db").mkdir()
        for name, text in QUERIES.items():
            (folder / "queries" / f"{name}.toml").write_text(text)
        self.file = folder / "records.xml"
        self.file.write_bytes(document(*RECORDS))

    def run(self, *arguments, status=0, environment=None):
        """Run in this process; the result has .stdout and .stderr apart."""
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            result = CliRunner().invoke(main, list(map(str, arguments)), env=environment, catch_exceptions=False)
        finally:
            os.chdir(before)
        assert result.exit_code == status, (result.exit_code, result.stdout, result.stderr)
        return result

    def json(self, *arguments, status=0):
        return json.loads(self.run(*arguments, "--json", status=status).stdout)

    def process(self, *arguments, code="", **options):
        """Run as a process of its own."""
        command = [sys.executable, "-c", code] if code else [sys.executable, "-m", "reftrack"]
        return subprocess.run(
            [*command, *map(str, arguments)], cwd=self.folder, capture_output=True, timeout=60, check=False, **options
        )

    def fetch(self, *arguments, status=0):
        return self.run("fetch", "--from", self.file, *arguments, status=status)


def terminal(command, folder, *, columns=100, environment=None, both=True):
    """What a person sees: a command in a pseudo-terminal, escape sequences taken out; `both` shows stderr as well."""
    main_side, side = pty.openpty()
    environment = {**os.environ, **(environment or {}), "COLUMNS": str(columns), "TERM": "xterm-256color"}
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=side,
        stderr=side if both else subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        env=environment,
        shell=isinstance(command, str),
    )
    os.close(side)
    seen = b""
    while True:
        ready, _, _ = select.select([main_side], [], [], 60)
        try:
            piece = os.read(main_side, 65536) if ready else b""
        except OSError:  # Linux says so when the other side is gone
            piece = b""
        if not piece:
            break
        seen += piece
    os.close(main_side)
    status = process.wait(20)
    return status, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode()).replace("\r", "")
