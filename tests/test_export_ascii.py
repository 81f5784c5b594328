r"""LaTeX in ASCII: letters and signs become commands that pdflatex knows without further packages, or Latin letters."""

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from export_papers import bib, entry, fields_of
from judges import run_pdflatex
from reftrack.export import FORMATS, Options, letters
from reftrack.export.latex import AsciiLatex
from reftrack.model import Author, Keyword, Section


def ascii_of(text):
    return AsciiLatex().escape(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Özgür", r"{\"O}zg{\"u}r"),
        ("Mureșanu, Țăndărei", r"Mure{\textcommabelow s}anu, {\textcommabelow T}{\u{a}}nd{\u{a}}rei"),
        ("Şahin", r"{\c{S}}ahin"),
        ("Łukasz Ørsted Straße", r"{\L}ukasz {\O}rsted Stra{\ss}e"),
        ("Őze, Dvořák, Ångström, Ząb", r"{\H{O}}ze, Dvo{\v{r}}{\'a}k, {\r{A}}ngstr{\"o}m, Z{\k{a}}b"),
        ("Nguyễn", r"Nguy{\~{\^e}}n"),
        ("İ ı ç", r"{\.I} {\i} {\c{c}}"),
        ("x\u0304 = 5", r"{\=x} = 5"),
        ("NF-κB, Δ, µ, Ω", r"NF-{\ensuremath{\kappa}}B, {\ensuremath{\Delta}}, {\textmu}, {\ensuremath{\Omega}}"),
        ("CO₂", r"CO{\textsubscript{2}}"),
        (
            "Ca²⁺ 10⁻³",
            r"Ca{\textsuperscript{2}}{\textsuperscript{+}} 10{\textsuperscript{{\ensuremath{-}}}}{\textsuperscript{3}}",
        ),
        ("≥ 5 ± 2 × 3", r"{\ensuremath{\geq}} 5 {\ensuremath{\pm}} 2 {\ensuremath{\times}} 3"),
        (
            "“a” ‘b’ «d»",
            r"{\textquotedblleft}a{\textquotedblright} {\textquoteleft}b' {\guillemotleft}d{\guillemotright}",
        ),
        ("a–b — c‐d", "a--b --- c-d"),
        ('<a> | "b"', r"{\textless}a{\textgreater} {\ensuremath{|}} {\textquotedbl}b{\textquotedbl}"),
        ("50% of {a_b}\\", r"50\% of {\textbraceleft}a\_b{\textbraceright}{\textbackslash}"),
        ("Wörter\u00adbuch\u200b", r"W{\"o}rter{\-}buch{}"),
        ("ﬁ", "fi"),
    ],
)
def test_letters(text, expected):
    """What LaTeX has a command for is that command, in braces of its own."""
    latex = AsciiLatex()
    assert latex.escape(text) == expected
    assert not latex.transliterated


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("李小龍", "LiXiaoLong"),
        ("Лечение болезни", "Lechenie bolezni"),
        ("日本", "RiBen"),
        ("ả", "a"),
        ("\ue000", "?"),
    ],
)
def test_transliteration(text, expected):
    """What LaTeX has no command for is written in Latin letters, and the writer knows."""
    latex = AsciiLatex()
    assert latex.escape(text) == expected
    assert latex.transliterated


@pytest.mark.parametrize("char", "｛｝％＼＃＄＆＿＾～＠，＂")
def test_wide_characters_are_escaped(char):
    """A wide character that becomes an ASCII one is escaped like that, and counts as the same text."""
    latex = AsciiLatex()
    assert latex.escape(char) == latex.escape(chr(ord(char) - 0xFEE0))
    assert not latex.transliterated


def test_names_stay_whole():
    """A wide comma or "and" in a name divides it as little as an ordinary one."""
    authors = (Author("Ex，ample", "Ａｎｄ"), Author("李", "Ada"))
    assert fields_of(way="bibtex ascii", authors=authors)["author"] == "{{Ex,ample}, {And} and Li, Ada}"


@pytest.mark.parametrize("name", ["bibtex", "biblatex"])
def test_each_transliterated_paper_is_told_once(name):
    """`Options.transliterated` is called for each paper with a transliterated field, and for no other."""
    papers = (
        entry("plain2016", title="On κ in CO₂ by “Özgür”"),
        entry("cjk2016", authors=(Author("李", "小龍"),), journal="日本"),
        entry("keyword2016", keywords=(Keyword("болезнь"),)),
        entry("abstract2016", abstract=(Section("", "болезнь"),)),
    )
    told = []
    options = Options(ascii=True, transliterated=lambda held: told.append(held.key))
    "".join(FORMATS[name].write(papers, options))
    assert told == ["cjk2016", "keyword2016"]
    "".join(FORMATS[name].write(papers, Options(transliterated=told.append)))
    assert len(told) == 2


def test_utf8_loads_neither_library():
    """Only `ascii` pays for pylatexenc and anyascii."""
    code = (
        "import sys; from reftrack.export import bibtex, biblatex; print({'anyascii', 'pylatexenc'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@given(st.text())
def test_any_text_is_ascii(text):
    """Any Unicode text is plain ASCII with balanced braces."""
    written = ascii_of(text)
    assert written.isascii()
    assert written.isprintable()
    depth = 0
    for char in written:
        depth += (char == "{") - (char == "}")
        assert depth >= 0
    assert depth == 0


def every_letter():
    """Every character of the Unicode planes in use that has a command."""
    ranges = (range(0xA1, 0x3000), range(0xFB00, 0xFB07), range(0x1D400, 0x1D800))
    return [chr(code) for codes in ranges for code in codes if letters.command(chr(code)) not in {None, "{}"}]


@pytest.mark.latex
def test_pdflatex_knows_every_command(tmp_path):
    """X03: with T1 fonts and no package but textcomp pdflatex prints every command there is."""
    known = every_letter()
    assert len(known) > 800
    lines = "\n".join(ascii_of(f"{letter} x{letter}y") for letter in (*known, *'\\{}~^%&#_$<>|"'))
    preamble = r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{textcomp}\usepackage{lmodern}"
    (tmp_path / "all.tex").write_text(rf"{preamble}\begin{{document}}{lines}\end{{document}}")
    log = run_pdflatex(tmp_path, "all")
    assert "Missing character" not in log


@pytest.mark.latex
def test_old_fonts_lack_few_letters(tmp_path):
    """Without T1, in the fonts of 1982, pdflatex lacks only ogoneks, Icelandic, đ, ŋ, low and angular quotes, and "."""
    lacking = r"\{\\(?:k\{|DH|DJ|NG|TH|dh|dj|ng|th|guil|quote|textquotedbl\})|\\k\{"
    known = [ascii_of(letter) for letter in (*every_letter(), *'\\{}~^%&#_$<>|"')]
    lines = "\n".join(command for command in known if not re.search(lacking, command))
    preamble = r"\documentclass{article}\usepackage{textcomp}"
    (tmp_path / "all.tex").write_text(rf"{preamble}\begin{{document}}{lines}\end{{document}}")
    run_pdflatex(tmp_path, "all")


def test_a_file_is_ascii():
    """Not one byte beyond ASCII in a whole entry, its DOI included."""
    made_up = entry(title="κ", doi="10.1000/é", authors=(Author("Öz", "李"),))
    assert bib("bibtex ascii", made_up).isascii()
    assert r"doi = {10.1000/%C3%A9}" in bib("biblatex ascii", made_up)
