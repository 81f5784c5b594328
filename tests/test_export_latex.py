"""The programs of a LaTeX user read our BibTeX and BibLaTeX: bibtex with its four old styles, biber, pdflatex.

They come from Debian; where CI is set their absence fails, elsewhere it skips.
"""

import re

import pytest

from export_papers import ENTRIES, FILES, HOSTILE_TITLE, LARGE_FILES, WAYS, bib, bibtex, entry, read_back, real_entries
from judges import (
    BIBER_WARNINGS_ON_BIBTEX,
    BIBLATEX_WARNINGS,
    assert_clean_biber,
    assert_clean_bibtex,
    run_biber,
    run_bibtex,
    run_pdflatex,
    unexpected,
)
from reftrack.model import Author

pytestmark = pytest.mark.latex

STYLES = ("plain", "abbrv", "alpha", "unsrt")
PREAMBLE = r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{textcomp}\usepackage{lmodern}"


def one_line(text):
    return " ".join(text.split())


def items(bbl):
    return re.findall(rb"\\bibitem(?:\[[^\]]*\])?\{(\w+)\}", bbl)


@pytest.mark.parametrize("way", ["bibtex", "bibtex ascii"])
@pytest.mark.parametrize("style", STYLES)
def test_bibtex_reads_the_made_up_papers(tmp_path, style, way):
    """X03, H09: bibtex formats every made-up paper in each old style, without error or unlisted warning."""
    status, output, bbl = run_bibtex(tmp_path, bib(way, *ENTRIES, notes=True, abstracts=True), style)
    assert_clean_bibtex(status, output)
    assert sorted(items(bbl)) == sorted(made_up.key.encode() for made_up in ENTRIES)


@pytest.mark.parametrize("style", ["plain", "unsrt"])
def test_bbl_is_valid_utf8(tmp_path, style):
    """X03: styles that do not cut names give valid UTF-8 (abbrv and alpha cut bytes: that is what --ascii is for)."""
    _, _, bbl = run_bibtex(tmp_path, bibtex(*ENTRIES), style)
    bbl.decode()


@pytest.mark.parametrize("style", STYLES)
def test_ascii_compiles_in_every_style(tmp_path, style):
    """X03: of an export in ASCII every style makes a .bbl in ASCII, and pdflatex prints it without an error."""
    _, _, bbl = run_bibtex(tmp_path, bib("bibtex ascii", *ENTRIES, notes=True), style)
    bbl.decode("ascii")
    (tmp_path / "paper.tex").write_text(rf"{PREAMBLE}\begin{{document}}\nocite{{*}}\input{{paper.bbl}}\end{{document}}")
    run_pdflatex(tmp_path, "paper")


def test_abbrv_keeps_whole_letters_in_ascii(tmp_path):
    """X03: the initials that abbrv makes of names in ASCII are whole letters, accents and all."""
    authors = (Author("Özgür", "Łukasz"), Author("Mureșanu", "Șerban"), Author("李", "小龍"), Author("Иванов", "Юрий"))
    _, _, bbl = run_bibtex(tmp_path, bib("bibtex ascii", entry(authors=authors)), "abbrv")
    text = one_line(bbl.decode("ascii"))
    assert r"{\L}.~{\"O}zg{\"u}r, {\textcommabelow S}.~Mure{\textcommabelow s}anu, X.~Li, and Y.~Ivanov." in text


CAPITALS = "Cerebrolysin in TBI (CARS): IL-6, NF-κB, mRNA, t-PA and pH at 5 °C in Alzheimer's disease"


def test_plain_keeps_capitals(tmp_path):
    """X05: plain, which lower-cases titles, leaves every capital that means something."""
    _, _, bbl = run_bibtex(tmp_path, bibtex(entry(title=CAPITALS)), "plain")
    assert CAPITALS in one_line(read_back(bbl.decode()))


def test_plain_keeps_capitals_in_ascii(tmp_path):
    """X05: so it does where letters are commands, also in words that begin with one."""
    title = CAPITALS + ", κB and Übermuth"
    _, _, bbl = run_bibtex(tmp_path, bib("bibtex ascii", entry(title=title)), "plain")
    text = one_line(bbl.decode("ascii"))
    assert r"Cerebrolysin in {TBI} ({CARS}): {IL-6}, {NF-{\ensuremath{\kappa}}B}, {mRNA}, {t-PA}" in text
    assert r"at 5 {\textdegree}{C} in {Alzheimer's} disease, {{\ensuremath{\kappa}}B} and {{\"U}bermuth}" in text


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


@pytest.mark.parametrize("way", WAYS)
def test_biber_reads_the_made_up_papers(tmp_path, way):
    """X02, H09: biber reads every entry without ERROR; its WARNs are the listed ones, fewer on BibLaTeX."""
    status, lines, keys = run_biber(tmp_path, bib(way, *ENTRIES, notes=True, abstracts=True))
    assert_clean_biber(status, lines, BIBLATEX_WARNINGS if way.startswith("biblatex") else BIBER_WARNINGS_ON_BIBTEX)
    assert sorted(keys) == sorted(made_up.key for made_up in ENTRIES)


def test_biber_knows_no_field_for_a_pmid(tmp_path):
    """X02: `--pmid-fields` adds what biber calls invalid, and nothing else that it complains of."""
    status, lines, _ = run_biber(tmp_path, bib("biblatex", entry(pmcid="PMC9000001"), pmid_fields=True))
    warnings = [line for line in lines if line.startswith("WARN")]
    assert len(warnings) == 2
    assert_clean_biber(status, lines, (r"Field 'pmc?id' invalid in data model",))


@pytest.mark.parametrize("way", ["biblatex", "biblatex ascii"])
def test_biber_reads_special_characters(tmp_path, way):
    """X09, X10: whatever stands in a name or a title, biber reads this entry and all others."""
    texts = [form.format(char) for char in '\\{}%&#_$~^<>"|@,=' for form in ("{0}", "{0}{0}", "a{0}", "{0}b", "a{0}b")]
    entries = [
        entry(
            f"odd{number}",
            pmid=number,
            title=text,
            authors=(
                Author(text, text, suffix=text),
                Author("Example", "Ada", suffix=text),
                Author(text, collective=True),
                Author(f"{text} and", text),
            ),
            journal=text,
            volume=text,
            vernacular_title=f"x{text}",
            doi=text,
        )
        for number, text in enumerate([*texts, ", MSN, MPH", HOSTILE_TITLE], 90000001)
    ]
    status, lines, keys = run_biber(tmp_path, bib(way, *entries))
    assert_clean_biber(status, lines, BIBLATEX_WARNINGS)
    assert sorted(keys) == sorted(made_up.key for made_up in entries)


def test_biber_complains_when_there_is_reason(tmp_path):
    """The check above can fail: a broken file makes biber say ERROR or WARN beyond the list."""
    broken = bibtex(entry()).replace("title = {A", "title = {{A")
    status, lines, _ = run_biber(tmp_path, broken + bibtex(entry("next2017")))
    assert status or unexpected(
        [line for line in lines if line.startswith(("WARN", "ERROR"))], BIBER_WARNINGS_ON_BIBTEX
    )


@pytest.mark.corpus
@pytest.mark.parametrize("way", ["bibtex", "bibtex ascii"])
@pytest.mark.parametrize("name", FILES + LARGE_FILES)
def test_bibtex_reads_real_records(corpus, tmp_path, name, way):
    """X03: plain formats every real record without error or unlisted warning, in UTF-8 and in ASCII."""
    entries = real_entries(corpus / name)
    status, output, bbl = run_bibtex(tmp_path, bib(way, *entries), "plain")
    assert_clean_bibtex(status, output)
    assert len(re.findall(r"\\bibitem\{", bbl.decode("ascii" if "ascii" in way else "utf-8"))) == len(entries)


@pytest.mark.corpus
@pytest.mark.parametrize("style", ["abbrv", "alpha", "unsrt"])
def test_other_styles_read_real_records(corpus, tmp_path, style):
    """X03: the other old styles read the small files, and in ASCII cut no letter in half."""
    entries = real_entries(corpus / "pubmed-xml/pubmedsample18n0001.xml.gz")
    status, output, bbl = run_bibtex(tmp_path, bib("bibtex ascii", *entries), style)
    assert_clean_bibtex(status, output)
    assert len(items(bbl)) == len(entries)
    bbl.decode("ascii")


@pytest.mark.corpus
@pytest.mark.parametrize("name", FILES + LARGE_FILES)
def test_pdflatex_prints_real_records(corpus, tmp_path, name):
    """X03: pdflatex prints every real record of an export in ASCII, notes and abstracts too, without an error."""
    run_bibtex(tmp_path, bib("bibtex ascii", *real_entries(corpus / name), notes=True), "plain")
    abstracts = bib("bibtex ascii", *real_entries(corpus / name), abstracts=True)
    body = "\n\n".join(re.findall(r"^  abstract = \{(.*)\},$", abstracts, re.MULTILINE))
    (tmp_path / "paper.tex").write_text(rf"{PREAMBLE}\begin{{document}}\input{{paper.bbl}}{body}\end{{document}}")
    run_pdflatex(tmp_path, "paper")


@pytest.mark.corpus
@pytest.mark.parametrize("name", FILES + LARGE_FILES)
def test_biber_reads_real_records(corpus, tmp_path, name):
    """X02: biber reads every real record in BibLaTeX without ERROR or unlisted WARN."""
    entries = real_entries(corpus / name)
    status, lines, keys = run_biber(tmp_path, bib("biblatex", *entries))
    assert_clean_biber(status, lines, BIBLATEX_WARNINGS)
    assert sorted(keys) == sorted(real.key for real in entries)
