"""The programs of a LaTeX user read our BibTeX: bibtex with its four old styles, and biber.

Both come from Debian (biber, texlive-base, texlive-binaries); where CI is set their absence fails, elsewhere it skips.
"""

import re
import subprocess

import pytest

from export_papers import ENTRIES, FILES, bibtex, entry, read_back, real_entries
from judges import need
from reftrack.model import Author

pytestmark = pytest.mark.latex

STYLES = ("plain", "abbrv", "alpha", "unsrt")

BIBTEX_WARNINGS = (
    r"empty (?:author|journal|year|publisher|booktitle|author and editor) in \w+",  # the record does not say
    r"to sort, need author(?:, editor,)? or key in \w+",
    r"there's a number but no volume in \w+",
)

BIBER_WARNINGS = (
    r"Field '(?:pmid|pmcid)' invalid in data model",  # every reference manager reads them, biblatex ignores them
    r"Invalid value of field 'month' must be datatype 'datepart'",  # Nov-Dec, Spring: right in BibTeX
    r"legacy month field '.*' in entry '.*' is not an integer",
    r"Invalid value of field 'volume' must be datatype 'integer'",
    r"Missing (?:mandatory|KEY) field",  # the record does not say
    r"Missing (?:mandatory|KEY) field - one of 'date, year' must be defined",
)


def run_bibtex(folder, text, style):
    """What bibtex prints, with its exit status, and the .bbl as bytes."""
    need("bibtex")
    (folder / "refs.bib").write_text(text, encoding="utf-8")
    (folder / "paper.aux").write_text(f"\\relax\n\\citation{{*}}\n\\bibdata{{refs}}\n\\bibstyle{{{style}}}\n")
    done = subprocess.run(["bibtex", "paper"], cwd=folder, capture_output=True, check=False, timeout=120)
    output = done.stdout.decode("utf-8", "replace")
    return done.returncode, output, (folder / "paper.bbl").read_bytes()


def one_line(text):
    return " ".join(text.split())


def unexpected(lines, expected):
    return [line for line in lines if not any(re.search(pattern, line) for pattern in expected)]


def assert_clean(status, output, count, style):
    """No error, no warning but the listed, every entry in the .bbl; status 1 would be warnings turned errors."""
    assert "error message" not in output, output
    assert "---line" not in output, output
    assert status == 0, output
    warnings = re.findall(r"^Warning--(.*)$", output, re.MULTILINE)
    assert not unexpected(warnings, BIBTEX_WARNINGS), style
    assert count > 0


@pytest.mark.parametrize("style", STYLES)
def test_bibtex_reads_the_made_up_papers(tmp_path, style):
    """X03, H09: bibtex formats every made-up paper in each old style, without error or unlisted warning."""
    status, output, bbl = run_bibtex(tmp_path, bibtex(*ENTRIES), style)
    assert_clean(status, output, len(ENTRIES), style)
    keys = re.findall(rb"\\bibitem(?:\[.*\])?\{(\w+)\}", bbl)
    assert sorted(keys) == sorted(made_up.key.encode() for made_up in ENTRIES)


@pytest.mark.parametrize("style", ["plain", "unsrt"])
def test_bbl_is_valid_utf8(tmp_path, style):
    """X03: styles that do not cut names give valid UTF-8 (abbrv and alpha cut bytes: that is what --ascii is for)."""
    _, _, bbl = run_bibtex(tmp_path, bibtex(*ENTRIES), style)
    bbl.decode()


CAPITALS = "Cerebrolysin in TBI (CARS): IL-6, NF-κB, mRNA, t-PA and pH at 5 °C in Alzheimer's disease"


def test_plain_keeps_capitals(tmp_path):
    """X05: plain, which lower-cases titles, leaves every capital that means something."""
    _, _, bbl = run_bibtex(tmp_path, bibtex(entry(title=CAPITALS)), "plain")
    assert CAPITALS in one_line(read_back(bbl.decode()))


def test_plain_lowers_title_case(tmp_path):
    """X06: a title in Title Case is still lower-cased by plain, its acronyms are not."""
    title = "Placebo-Controlled Trial of NF-κB Inhibition in Patients With TBI"
    _, _, bbl = run_bibtex(tmp_path, bibtex(entry(title=title)), "plain")
    text = one_line(read_back(bbl.decode()))
    assert "Placebo-controlled trial of NF-κB inhibition in patients with TBI" in text


def test_plain_keeps_markup_and_its_capitals(tmp_path):
    """X08: the commands for markup come through plain unharmed, capitals inside them too."""
    made_up = entry(title_markup="Use of CO<sub>2</sub>, <i>p</i>H and <i>Escherichia coli</i>")
    _, _, bbl = run_bibtex(tmp_path, bibtex(made_up), "plain")
    text = one_line(bbl.decode())
    assert r"Use of {CO\textsubscript{2}}, {{\textit{p}H}} and \textit{{Escherichia} coli}" in text


def test_group_is_one_name_to_bibtex(tmp_path):
    """X11: a group with a comma and an "and" in its name stays one name."""
    group = Author("EXAMPLE Study Group, and Partners", collective=True)
    person = Author("de la Cruz", "Ana", suffix="Jr")
    _, _, bbl = run_bibtex(tmp_path, bibtex(entry(authors=(person, group))), "plain")
    assert "Ana de~la Cruz, Jr. and {EXAMPLE Study Group, and Partners}." in one_line(bbl.decode())


def run_biber(folder, text):
    need("biber")
    (folder / "refs.bib").write_text(text, encoding="utf-8")
    command = ["biber", "--tool", "--validate-datamodel", "--nolog", "--output-file", "out.bib", "refs.bib"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stdout.splitlines(), folder / "out.bib"


def test_biber_reads_the_made_up_papers(tmp_path):
    """X02 for BibTeX, H09: biber reads every entry without ERROR; its WARNs are the listed ones."""
    status, lines, out = run_biber(tmp_path, bibtex(*ENTRIES))
    assert status == 0, lines
    assert not [line for line in lines if line.startswith("ERROR")]
    assert not unexpected([line for line in lines if line.startswith("WARN")], BIBER_WARNINGS)
    keys = re.findall(r"^@\w+\{(\w+),", out.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(keys) == sorted(made_up.key for made_up in ENTRIES)


def test_biber_complains_when_there_is_reason(tmp_path):
    """The check above can fail: a broken file makes biber say ERROR or WARN beyond the list."""
    broken = bibtex(entry()).replace("title = {A", "title = {{A")
    status, lines, _ = run_biber(tmp_path, broken + bibtex(entry("next2017")))
    assert status or unexpected([line for line in lines if line.startswith(("WARN", "ERROR"))], BIBER_WARNINGS)


@pytest.mark.corpus
@pytest.mark.parametrize("name", FILES)
def test_bibtex_reads_real_records(corpus, tmp_path, name):
    """X03: plain formats every real record without error or unlisted warning, and gives valid UTF-8."""
    entries = list(real_entries(corpus / name))
    status, output, bbl = run_bibtex(tmp_path, bibtex(*entries), "plain")
    assert_clean(status, output, len(entries), "plain")
    assert len(re.findall(r"\\bibitem\{", bbl.decode())) == len(entries)
