"""docs/queries.md says what happens."""

import re
import sys

import pytest

from make_docs import run_screen, screens
from reftrack.matching import lint, lint_terms
from reftrack.matching.second_opinion import HEEDED
from reftrack.workflow import linting


@pytest.fixture
def binary(tmp_path):
    """A folder with a `reftrack` on it that is this checkout's, whatever is installed."""
    script = tmp_path / "bin" / "reftrack"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m reftrack "$@"\n')
    script.chmod(0o755)
    return script.parent


def test_every_command_of_the_page_prints_what_it_says(tmp_path, project, binary):
    """Each console line is run on a terminal, in one workspace, in order; shown output is the output."""
    page = (project / "docs" / "queries.md").read_text(encoding="utf-8")
    folder = tmp_path / "w"
    folder.mkdir()
    for command, expected in screens(page):
        status, seen = run_screen(command, folder, binary)
        assert status in (0, 1), (command, seen)
        if expected:
            assert seen == expected, command


def test_every_rule_is_on_the_page(project):
    """The table names every rule there is, and no other."""
    page = (project / "docs" / "queries.md").read_text(encoding="utf-8")
    told = {name for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for name in re.findall("`([a-z-]+)`", row)}
    made = {"file", *HEEDED, *lint_terms._REMEDIES}
    for module in (lint, lint_terms, linting):
        source = (project / "src" / (module.__name__.replace(".", "/") + ".py")).read_text(encoding="utf-8")
        made |= set(re.findall(r'Finding\(\s*"([a-z-]+)"', source))
    assert told == made
