"""Whole documents that cite our exports compile: classic BibTeX on ASCII, biblatex with biber on UTF-8 and ASCII."""

import re
import shutil
import subprocess

import pytest

from export_papers import ENTRIES, bib
from judges import BIBLATEX_WARNINGS, assert_clean_biber, assert_clean_bibtex, need, need_packages, run_pdflatex

pytestmark = pytest.mark.latex


def one_line(text):
    return " ".join(text.split())


def prepared(project, folder, name, way):
    """A folder with the document and its references."""
    shutil.copy(project / "tests" / "latex" / f"{name}.tex", folder)
    (folder / "refs.bib").write_text(bib(way, *ENTRIES), encoding="utf-8")


def settled(log):
    return not re.search(r"undefined (?:citation|reference)|Citation .* undefined|Empty bibliography", log)


def test_classic_bibtex_and_pdflatex(project, tmp_path):
    """A document that cites retracted, group-authored, Greek and Romanian papers compiles with BibTeX in ASCII."""
    need("bibtex")
    need_packages("lmodern.sty", "textcomp.sty")
    prepared(project, tmp_path, "classic", "bibtex ascii")
    run_pdflatex(tmp_path, "classic")
    done = subprocess.run(["bibtex", "classic"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert_clean_bibtex(done.returncode, done.stdout)
    bbl = one_line((tmp_path / "classic.bbl").read_bytes().decode("ascii"))
    assert r"Dafin~F Mure{\textcommabelow s}example, Ana de~la Example, Pat O'Example, Jr., and {EXAMPLE Study" in bbl
    assert "{Editors of J Example}." in bbl
    assert r"{NF-{\ensuremath{\kappa}}B}" in bbl
    assert "Retracted. Notice: J Example. 2020;16(1):99, PMID 90000004." in bbl
    assert r"Ada Example, XiaoLong Li, {\L}ukasz {\"O}zg{\"u}r, et~al." in bbl
    run_pdflatex(tmp_path, "classic")
    log = run_pdflatex(tmp_path, "classic")
    assert settled(log)
    assert "Missing character" not in log


@pytest.mark.parametrize("way", ["biblatex", "biblatex ascii"])
def test_biblatex_and_biber(project, tmp_path, way):
    """The same papers compile with biblatex and biber, from UTF-8 and from ASCII."""
    need("biber")
    need_packages("biblatex.sty", "etoolbox.sty", "logreq.sty", "lmodern.sty")
    prepared(project, tmp_path, "biblatex", way)
    run_pdflatex(tmp_path, "biblatex")
    done = subprocess.run(["biber", "biblatex"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert_clean_biber(done.returncode, done.stdout.splitlines(), BIBLATEX_WARNINGS)
    bbl = one_line((tmp_path / "biblatex.bbl").read_text(encoding="utf-8"))
    for part in ("family={Mureșexample}", "prefix={de\\bibnamedelima la}", "family={O'Example}", "suffix={Jr.}"):
        assert part in bbl
    assert "family={{Editors of J Example}}" in bbl
    assert r"\field{pubstate}{retracted}" in bbl
    assert r"\field{pubstate}{prepublished}" in bbl
    assert r"\field{eprinttype}{pubmed}" in bbl
    run_pdflatex(tmp_path, "biblatex")
    log = run_pdflatex(tmp_path, "biblatex")
    assert settled(log)
    assert not re.search(r"Package biblatex Warning: .*(?:rerun|undefined)", log)
    assert "Missing character" not in log
