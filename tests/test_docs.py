"""The documents say what is so: --help, the README's screens, the demo, the links."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from judges import need
from make_docs import (
    CONSOLE,
    EVIDENCE,
    MAKE,
    PICTURE,
    TARGET,
    draw_picture,
    run_screen,
    screens,
    text,
    words_of_picture,
)

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_cli_reference_is_in_step_with_help():
    """docs/cli.md is what `make docs` would write now."""
    assert TARGET.read_text(encoding="utf-8") == text()


@pytest.fixture(scope="module")
def binary(tmp_path_factory):
    """A folder with a `reftrack` on it that is this checkout's, whatever is installed."""
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "reftrack"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m reftrack "$@"\n')
    script.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("page", "fewest"), [(README, 8), (EVIDENCE.read_text(encoding="utf-8"), 6)], ids=["README", "evidence"]
)
def test_every_command_of_a_page_prints_what_it_says(page, fewest, tmp_path, binary):
    """Each console line of the page is run on a terminal, in one workspace, in order; shown output is the output."""
    shown = 0
    for command, expected in screens(page):
        if command in MAKE:
            continue  # `make demo` has its own tests below, `make test` is what runs this
        status, seen = run_screen(command, tmp_path, binary)
        assert status == 0, (command, seen)
        if expected:
            shown += 1
            assert seen == expected, command
    assert shown >= fewest


def test_the_picture_of_the_evidence_is_what_the_sample_gives(tmp_path, binary):
    """Every word and number on the picture in docs/evidence.md is on one drawn now."""
    draw_picture(tmp_path / "now.svg", binary)
    words = words_of_picture(PICTURE)
    assert "Meta-analysis" in words
    assert words == words_of_picture(tmp_path / "now.svg")


def test_the_readme_shows_the_two_commands_first():
    """Before anything else to do, the README names `make demo` and `make test`."""
    first = CONSOLE.search(README)
    assert first
    assert "$ make demo" in first[1]
    assert "$ make test" in first[1]


@pytest.fixture(scope="module")
def demo(project, tmp_path_factory):
    """A copy of the checkout in which `make demo` was run with this Python."""
    copy = tmp_path_factory.mktemp("demo") / "checkout"
    skip = shutil.ignore_patterns(".venv", ".git", "*.db*", ".*_cache", "__pycache__", "demo")
    shutil.copytree(project, copy, ignore=skip)
    folder = Path(sys.executable).parent
    result = subprocess.run(
        ["make", "demo", "STAMP=", f"BIN={folder}"], cwd=copy, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
    return copy / "demo", result.stdout


def test_make_demo_lists_tbi_papers_with_their_study_types(demo):
    """The demo fetches the sample, lists the TBI papers with study types and writes a .bib."""
    folder, out = demo
    assert re.search(r"^2020\s+rct\s+muresanu2020", out, re.MULTILINE)
    assert re.search(r"meta-analysis", out)
    assert "study/rct  tagged" in out
    assert (folder / "papers.bib").read_text(encoding="utf-8").count("\n@") > 20


@pytest.mark.latex
@pytest.mark.parametrize("style", ["plain", "abbrv", "alpha", "unsrt"])
def test_bibtex_accepts_the_demo(demo, tmp_path, style):
    """BibTeX reads the demo's file with each classic style: no error, and an item for every entry."""
    need("bibtex")
    text = (demo[0] / "papers.bib").read_text(encoding="utf-8")
    (tmp_path / "papers.bib").write_text(text, encoding="utf-8")
    (tmp_path / "t.aux").write_text(f"\\citation{{*}}\n\\bibstyle{{{style}}}\n\\bibdata{{papers}}\n")
    result = subprocess.run(["bibtex", "t"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert "error message" not in result.stdout, result.stdout
    items = (tmp_path / "t.bbl").read_bytes().count(b"\\bibitem")
    assert items == len(re.findall(r"^@\w+\{", text, re.MULTILINE))


@pytest.mark.latex
def test_biber_accepts_the_demo(demo, tmp_path):
    """Biber reads the demo's file without an error."""
    need("biber")
    text = (demo[0] / "papers.bib").read_text(encoding="utf-8")
    (tmp_path / "papers.bib").write_text(text, encoding="utf-8")
    result = subprocess.run(
        ["biber", "--tool", "papers.bib"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stdout
    assert "ERROR" not in result.stdout


def test_links_between_documents_lead_somewhere(project):
    """Every relative link in the project's Markdown files names a file that exists."""
    for page in [*project.glob("*.md"), *project.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_a_wheel_carries_all_that_the_first_day_needs(project, tmp_path):
    """A wheel built from here, unpacked alone, makes a workspace with the queries and fetches the sample."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=project, check=True, capture_output=True, timeout=120)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path / "site", "zip")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}

    def run(*arguments):
        command = [sys.executable, "-P", "-m", "reftrack", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True, timeout=60
        ).stdout

    where = subprocess.run(
        [sys.executable, "-c", "import reftrack; print(reftrack.__file__)"],
        env=environment, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60,
    ).stdout  # fmt: skip
    assert str(tmp_path) in where
    run("init", ".")
    assert {path.stem for path in (tmp_path / "queries").iterdir()} == {"stroke", "tbi"}
    run("fetch", "--from", "sample")
    assert int(run("list", "--tag", "tbi", "--count")) > 5
