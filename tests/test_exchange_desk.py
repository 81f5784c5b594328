"""Export at the desk: every format, whole or not at all, into the file that was named and no other."""

import json
import subprocess
import sys

import pytest

from desk import Workspace, terminal
from papers import FIRST_PMID, document, record
from reftrack.export import FORMATS

ONE, TWO = FIRST_PMID, FIRST_PMID + 1
EVERY = pytest.mark.parametrize("name", FORMATS)
TEXT = pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if not form.binary])


@pytest.fixture
def filled(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.fetch()
    return workspace


@EVERY
def test_a_format_goes_into_a_file(filled, name):
    """X26: -o writes the whole file, replaces what was there, and says how many papers."""
    path = filled.folder / f"out{FORMATS[name].suffix}"
    path.write_text("old")
    done = filled.run("export", "-f", name, "-o", path)
    assert "3 papers written to" in done.stderr
    assert path.read_bytes() != b"old"
    assert path.stat().st_size > 200
    assert not [left for left in filled.folder.iterdir() if left.name.startswith(".out")]


def test_the_old_file_is_replaced_not_written_over(filled):
    """X26: whoever still holds the old file keeps it whole: the new one takes its name in one step."""
    path, kept = filled.folder / "out.bib", filled.folder / "kept.bib"
    path.write_text("old")
    kept.hardlink_to(path)
    filled.run("export", "-o", path)
    assert kept.read_text() == "old"
    assert path.read_text().startswith("@article{")


@TEXT
def test_a_second_run_writes_the_same_bytes(filled, name):
    """X01: nothing in a file depends on when it was written."""
    assert filled.run("export", "-f", name).stdout == filled.run("export", "-f", name).stdout


@EVERY
def test_an_export_that_fails_leaves_the_old_file(filled, name, monkeypatch):
    """X26: a disk that fills up half-way leaves the old file as it was, and the status says that it failed."""
    path = filled.folder / "out"
    path.write_bytes(b"old")
    code = (
        "import os, sys, reftrack.cli.output as o\n"
        "real = o._encoded\n"
        "def full(pieces):\n"
        "    yield next(real(pieces))\n"
        "    raise OSError(28, 'No space left on device')\n"
        "o._encoded = full\n"
        f"sys.argv = ['reftrack', 'export', '-f', {name!r}, '-o', 'out']\n"
        "from reftrack.cli import main; main()"
    )
    done = filled.process(code=code)
    assert done.returncode == 2
    assert b"what was there before is intact" in done.stderr
    assert path.read_bytes() == b"old"


@TEXT
def test_a_closed_pipe_is_quiet(filled, name):
    """X26: `export | head -1` ends without a traceback, whatever the format."""
    done = subprocess.run(
        f"{sys.executable} -m reftrack export -f {name} | head -1",
        shell=True,
        cwd=filled.folder,
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert done.stdout.count(b"\n") == 1


@EVERY
def test_an_empty_selection_is_a_valid_file(filled, name):
    """X24: nothing selected: status 0, a file that its readers take, a word on stderr."""
    path = filled.folder / "out"
    done = filled.run("export", "--year", "1801", "-f", name, "-o", path)
    assert "0 papers written" in done.stderr
    if name == "csl-json":
        assert json.loads(path.read_text()) == []
    elif name in ("csv", "tsv"):
        assert path.read_text().startswith("pmid")
    elif name == "parquet":
        assert path.read_bytes()[:4] == b"PAR1"
    else:
        assert path.read_text() == ""


@EVERY
def test_h15_no_file_is_named_by_a_title(tmp_path, name):
    """Shell words, paths and escape sequences in a title make no file: only the one that was named appears."""
    workspace = Workspace(tmp_path)
    workspace.file.write_bytes(
        document(
            record(1, title="../../evil; touch pwned $(touch pwned) `touch pwned` examplin in head injury"),
            record(2, title="/etc/passwd examplin in head injury"),
        )
    )
    workspace.fetch()
    before = {path.name for path in tmp_path.rglob("*")} | {"reftrack.db-wal", "reftrack.db-shm"}
    workspace.run("export", "-f", name, "-o", "out")
    workspace.run("export", "-f", name, "--key", "pmid", "-o", "out")
    assert {path.name for path in tmp_path.rglob("*")} - before == {"out"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-f", "bibtx"], "There is no format 'bibtx'; did you mean bibtex?"),
        (["-f", "endnote"], "there is bibtex, biblatex, ris"),
        (["-f", "ris", "--ascii"], "--ascii means nothing to ris; it is for bibtex, biblatex."),
        (["--pmid-fields"], "--pmid-fields means nothing to bibtex; it is for biblatex."),
        (["-f", "jsonl", "--abbrev"], "--abbrev means nothing to jsonl"),
        (["--key", "doi"], "'doi' is not one of 'stored', 'pmid'"),
    ],
)
def test_bad_input_is_told(filled, arguments, said):
    """A format or an option that means nothing is refused with what would."""
    assert said in filled.run("export", *arguments, status=2).stderr


def test_parquet_does_not_go_to_a_terminal(filled):
    """Bytes are no text for a person: -o is asked for; in a pipe they pass."""
    status, seen = terminal([sys.executable, "-m", "reftrack", "export", "-f", "parquet"], filled.folder)
    assert status == 2
    assert "name a file with -o" in seen
    assert filled.process("export", "-f", "parquet").stdout[:4] == b"PAR1"


def test_what_people_said_is_exported(filled):
    """A note goes out with the paper in every text format, and where there are keywords it is one of them."""
    filled.run("note", ONE, "check the dose")
    for name in FORMATS:
        if not FORMATS[name].binary:
            assert "check the dose" in filled.run("export", "-f", name).stdout, name
    assert ", check the dose}" in filled.run("export").stdout
    assert "\nKW  - check the dose\n" in filled.run("export", "-f", "ris").stdout


def test_exclude_retracted_and_the_warning(tmp_path):
    """A retracted paper is told on stderr and left out where that is asked for, in every format."""
    workspace = Workspace(tmp_path)
    link = (
        '<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>J Example. 2021;1:1'
        '</RefSource><PMID Version="1">90000009</PMID></CommentsCorrections></CommentsCorrectionsList>'
    )
    workspace.file.write_bytes(document(record(1, extra=link), record(2)))
    workspace.fetch()
    for name in FORMATS:
        path = tmp_path / "out"
        assert "1 retracted paper among them" in workspace.run("export", "-f", name, "-o", path).stderr
        whole = path.read_bytes()
        assert (
            "1 retracted paper left out"
            in workspace.run("export", "--exclude-retracted", "-f", name, "-o", path).stderr
        )
        assert str(ONE).encode() in whole or FORMATS[name].binary
        assert str(ONE).encode() not in path.read_bytes()


def test_list_formats(filled):
    """Every format is named with what it is for, those of import, too."""
    shown = filled.run("export", "--list-formats").stdout.splitlines()
    assert [line.partition("\t")[0] for line in shown] == list(FORMATS)
    assert "pubmed-xml" in filled.run("import", "--list-formats").stdout


def test_transliterated_letters_are_told(tmp_path):
    """--ascii says how many papers had letters for which LaTeX has no command."""
    workspace = Workspace(tmp_path)
    workspace.file.write_bytes(document(record(1, title="Examplin 李 in head injury"), record(2)))
    workspace.fetch()
    done = workspace.run("export", "--ascii")
    assert "1 paper had letters for which LaTeX has no command" in done.stderr
    assert done.stdout.isascii()
    assert "no command" not in workspace.run("export").stderr
