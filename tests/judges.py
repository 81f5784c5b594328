"""Programs that judge what reftrack writes: Debian has those of LaTeX and the shells, pypandoc_binary brings pandoc."""

import json
import os
import re
import shutil
import subprocess

import pypandoc
import pytest

DEBIAN = "biber fish lmodern texlive-bibtex-extra texlive-binaries texlive-latex-base texlive-latex-recommended zsh"


def need(*programs):
    """Skip with a reason where a judge is missing; where CI is set its absence is a failure."""
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        _lacking(", ".join(missing))


def need_packages(*packages):
    """The same for packages of LaTeX, as biblatex.sty."""
    need("kpsewhich")
    found = subprocess.run(["kpsewhich", *packages], capture_output=True, text=True, check=False).stdout.split()
    names = {path.rpartition("/")[2] for path in found}
    if missing := [package for package in packages if package not in names]:
        _lacking(", ".join(missing))


def _lacking(what):
    reason = f"{what} is not installed (Debian: {DEBIAN})"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


BIBTEX_WARNINGS = (
    r"empty (?:author|journal|year|publisher|booktitle|author and editor) in \w+",  # the record does not say
    r"to sort, need author(?:, editor,)? or key in \w+",
    r"there's a number but no volume in \w+",
)

BIBLATEX_WARNINGS = (
    r"Invalid value of field 'volume' must be datatype 'integer'",  # "12 Suppl 1", as the record says
    r"Missing (?:mandatory|KEY) field",  # the record does not say
    r"Missing (?:mandatory|KEY) field - one of 'date, year' must be defined",
)

BIBER_WARNINGS_ON_BIBTEX = (
    *BIBLATEX_WARNINGS,
    r"Field '(?:pmid|pmcid)' invalid in data model",  # every reference manager reads them, biblatex ignores them
    r"Invalid value of field 'month' must be datatype 'datepart'",  # Nov-Dec, Spring: right in BibTeX
    r"legacy month field '.*' in entry '.*' is not an integer",
)


def unexpected(lines, expected):
    return [line for line in lines if not any(re.search(pattern, line) for pattern in expected)]


def run_bibtex(folder, text, style):
    """What bibtex prints, with its exit status, and the .bbl as bytes."""
    need("bibtex")
    (folder / "refs.bib").write_text(text, encoding="utf-8")
    (folder / "paper.aux").write_text(f"\\relax\n\\citation{{*}}\n\\bibdata{{refs}}\n\\bibstyle{{{style}}}\n")
    done = subprocess.run(["bibtex", "paper"], cwd=folder, capture_output=True, check=False, timeout=300)
    return done.returncode, done.stdout.decode("utf-8", "replace"), (folder / "paper.bbl").read_bytes()


def assert_clean_bibtex(status, output):
    """No error and no warning but the listed; status 1 would be warnings turned errors."""
    assert "error message" not in output, output
    assert "---line" not in output, output
    assert status == 0, output
    assert not unexpected(re.findall(r"^Warning--(.*)$", output, re.MULTILINE), BIBTEX_WARNINGS)


def run_biber(folder, text):
    """Exit status, the lines biber prints, and the keys that it wrote into a file of its own."""
    need("biber")
    (folder / "refs.bib").write_text(text, encoding="utf-8")
    command = ["biber", "--tool", "--validate-datamodel", "--nolog", "--output-file", "out.bib", "refs.bib"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    out = folder / "out.bib"
    keys = re.findall(r"^@\w+\{(\w+),", out.read_text(encoding="utf-8"), re.MULTILINE) if out.exists() else []
    return done.returncode, done.stdout.splitlines(), keys


def assert_clean_biber(status, lines, warnings):
    """No ERROR, no WARN but the listed."""
    assert status == 0, lines
    assert not [line for line in lines if line.startswith("ERROR")]
    assert not unexpected([line for line in lines if line.startswith("WARN")], warnings)


def run_pdflatex(folder, name):
    """Compile name.tex; any error of LaTeX fails. Its log."""
    need("pdflatex")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", f"{name}.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=600)
    log = (folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
    errors = re.findall(r"^!.*(?:\n.*){4}", log, re.MULTILINE)
    assert done.returncode == 0, "\n".join(errors)
    assert not errors
    return log


def read_by_pandoc(text, name):
    """CSL items by key, as pandoc reads a file in the format `name`."""
    command = [pypandoc.get_pandoc_path(), "-f", name, "-t", "csljson"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    assert not done.stderr, done.stderr.decode("utf-8", "replace")
    return {item["id"]: item for item in json.loads(done.stdout)}
