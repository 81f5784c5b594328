"""BibTeX of many programs: LaTeX becomes text, and broken entries are told."""

import logging

import pytest

from imported import found, one, sorted_out
from reftrack.citation import Decision
from reftrack.imports.latex import printed


def test_every_field_of_an_entry():
    """A whole entry gives key, ids, title, authors, year, journal and place."""
    citation = one(
        "bibtex",
        r"""@Article{example2019,
  author = {Ludwig van Example and {EXAMPLE Study Group and Partners} and Primer, Jr., Bo
  and {\"O}zg{\"u}r, A. and others},
  title = "{NF-$\kappa$B} and {CO$_2$} in {\textit{E. coli}}: 5\% of 3~mg",
  journal = {J Example}, year = 2019, volume = {12}, number = 3, pages = {123--128},
  doi = {https://doi.org/10.1000/A\_b}, pmid = {90000001}, pmcid = {9000001},
}""",
    )
    assert (citation.key, citation.line) == ("example2019", 1)
    assert (citation.pmid, citation.doi, citation.pmcid) == (90000001, "10.1000/a_b", "PMC9000001")
    assert citation.title == "NF-κB and CO2 in E. coli: 5% of 3 mg"
    assert citation.authors == (
        "van Example, Ludwig",
        "EXAMPLE Study Group and Partners",
        "Primer, Bo, Jr.",
        "Özgür, A.",
    )
    assert (citation.year, citation.journal) == (2019, "J Example")
    assert (citation.volume, citation.issue, citation.pages) == ("12", "3", "123-128")


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"Mure{\textcommabelow s}anu", "Mureșanu"),
        (r"Mure\textcommabelow{s}anu", "Mureșanu"),
        (r"{\ss}\o\aa\L{}", "ßøåŁ"),
        (r"\'{E}cole d'\'et\'e", "École d'été"),
        ("pages 1--2 --- ``x''", "pages 1–2 — “x”"),
        ("50% of A & B #1", "50% of A & B #1"),
        (r"50% of \"A & B #1", "50% of Ä & B #1"),
        (r"costs $5 and \"u", "costs $5 and ü"),
        (r"x {\textbackslash} {\textbraceleft}y{\textbraceright} {\textasciicircum} {\textgreater}", r"x \ {y} ^ >"),
        (r"$p < 0.05$", "p < 0.05"),
        (r"\textbf{a} \emph{b} \textsubscript{2}", "a b 2"),
    ],
)
def test_latex_becomes_what_it_prints(latex, text):
    """Accents, symbols and escapes become characters; signs that were not escaped stay."""
    assert printed(latex) == text


def test_nothing_is_read_or_run():
    """A command that would read a file prints nothing of it."""
    assert "root" not in printed(r"\input{/etc/passwd} \include{/etc/passwd} x")


def test_macros_and_concatenation():
    """@string is resolved, also where values are put together; @comment and @preamble are no papers."""
    text = '@string{je = "J Example"}\n@comment{x, y}\n@preamble{"x"}\n% a comment\n'
    text += (
        '@article(a, title = {One}, journal = JE # { of # } # "things", month = jan # "--" # feb, pmid = 90000001)\n'
    )
    citation = one("bibtex", text)
    assert (citation.journal, citation.pmid, citation.line) == ("J Example of # things", 90000001, 5)


def test_biblatex():
    """BibLaTeX names PubMed in eprinttype, the journal in journaltitle, and a date for the year."""
    text = (
        "@article{a, title={One}, eprint={90000001}, eprinttype={pubmed}, journaltitle={J Example}, date={2016-01-05}}"
    )
    citation = one("bibtex", text)
    assert (citation.pmid, citation.journal, citation.year) == (90000001, "J Example", 2016)
    assert one("bibtex", "@article{a, title={One}, eprint={90000001}, eprinttype={arxiv}}").pmid is None


def test_keys_that_come_twice():
    """Two entries under one key are both kept."""
    assert [c.title for c in found("bibtex", "@a{k, title={One}}\n@a{k, title={Two}}\n")] == ["One", "Two"]


def test_a_field_that_comes_twice():
    """Of a field given twice the first counts and the other is told; the same value twice is no matter."""
    read, told = sorted_out(
        "bibtex",
        "@a{k,\n title={One},\n doi={10.1000/a},\n DOI={10.1000/b},\n year=2001,\n year=2001,\n file={x}, file={y}}\n",
    )
    assert [c.doi for c in read] == ["10.1000/a"]
    assert told == [(4, "DOI = {10.1000/b}")]


@pytest.mark.parametrize(
    "broken",
    [
        "@article{b, title = {One\n year = 2001}",
        '@article{b, title = "One,\n year = 2001}',
        "@article{b, title = {One} year = {2001}}",
        "@article{b title = {One}}",
        "@article{b title = {One},\n year = {2001},\n month = jan}",
        "@article{b, title}",
        "@article{b,\n",
    ],
)
def test_a_broken_entry_costs_no_neighbour(broken, capfd, caplog):
    """What cannot be read is told by its line, its neighbours are read, and nobody writes to the terminal."""
    with caplog.at_level(logging.DEBUG):
        read, told = sorted_out("bibtex", f"@a{{one, title={{First}}}}\n{broken}\n@a{{two, title={{Last}}}}\n")
    assert [c.title for c in read] == ["First", "Last"]
    assert [line for line, _ in told] == [2]
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_an_entry_without_its_at_sign_is_told():
    """Text between entries is a comment, but not what looks like an entry."""
    read, told = sorted_out("bibtex", "Some words.\n\n@a{one, title={First}}\n\narticle{two,\n title={Lost}}\n")
    assert [c.title for c in read] == ["First"]
    assert [line for line, _ in told] == [5]


def test_what_people_wrote():
    """JabRef's groups are labels, its comments and an annotation are notes; a bibliographic note is none."""
    citation = one(
        "bibtex",
        "@article{a, title={One}, note={Retracted. Notice: J Example 2020, PMID 90000099}, groups={Trials, Read},\n"
        " annote={Look again}, comment-ada={50\\% only}}",
    )
    assert (citation.labels, citation.note) == (("Trials", "Read"), "Look again\n50% only")
    assert citation.pmid is None


def test_rayyan():
    """Rayyan's BibTeX has its words in the note."""
    note = r'RAYYAN-INCLUSION: {"Ada"=>"Excluded"} | RAYYAN-LABELS: a\_b | RAYYAN-EXCLUSION-REASONS: animal'
    citation = one("bibtex", f"@article{{rayyan-1, title={{One}}, note={{{note}}}}}")
    assert (citation.decisions, citation.labels) == ((Decision("exclude", "Ada", ("animal",)),), ("a_b",))


def test_braces_without_end():
    """Braces nested without measure are no traceback."""
    assert one("bibtex", "@a{k, title={" + "{" * 5000 + r"\"u" + "}" * 5000 + "}}").title == r"\"u"
