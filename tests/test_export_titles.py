"""Titles: PubMed's punctuation goes, capitals that carry meaning stay, markup and special characters become LaTeX."""

import pytest

from export_papers import read_back, value_of
from reftrack.export import titles
from reftrack.export.latex import UTF8
from reftrack.export.text import flat
from reftrack.model import Book


def written(title, markup=""):
    return UTF8.title(titles.marked(title, markup))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Effects of an example.", "Effects of an example"),
        ("Is this an example?", "Is this an example?"),
        ("What an example!", "What an example!"),
        ("Wait for it…", "Wait for it…"),
        ("Wait for it...", "Wait for it..."),
        ("Deaths in the U.S.", "Deaths in the {U.S}."),
        ("Response to Smith et al.", "Response to {Smith} et al."),
        ("Bacillus spp.", "Bacillus spp."),
        ("Deficiency of vitamin C.", "Deficiency of vitamin {C}"),
        ("[Treatment of an example].", "Treatment of an example"),
        ("[Treatment of an example.]", "Treatment of an example"),
        ("[ Treatment of an example ].", "Treatment of an example"),
        ("Effects of an example .", "Effects of an example"),
        ("[Treatment [of an example]].", "Treatment [of an example]"),
        ("[Treatment] of an [example].", "[{Treatment}] of an [example]"),
        ("[No title]", "[No title]"),
        ("[In Process Citation]", "[In Process Citation]"),
        ("[Not Available].", "[Not Available]"),
        ("[unclosed.", "[unclosed"),
        ("Example", "Example"),
        ("EXAMPLE", "{EXAMPLE}"),
        (".", ""),
        ("", ""),
    ],
)
def test_punctuation(title, expected):
    """X07: one closing full stop and the brackets of a translation go, and nothing else."""
    assert written(title) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("TBI", "{TBI}"),
        ("(CARS)", "({CARS})"),
        ("IL-6,", "{IL-6},"),
        ("NF-κB", "{NF-κB}"),
        ("°C", "°{C}"),
        ("CO₂", "{CO₂}"),
        ("mRNA", "{mRNA}"),
        ("pH", "{pH}"),
        ("t-PA", "{t-PA}"),
        ("p53", "{p53}"),
        ("3D", "{3D}"),
        ("5-HT", "{5-HT}"),
        ("PI3K/Akt/mTOR", "{PI3K}/{Akt}/{mTOR}"),
        ("COVID-19", "{COVID-19}"),
        ("D", "{D}"),
        ("Cerebrolysin", "{Cerebrolysin}"),
        ("Alzheimer's", "{Alzheimer's}"),
        ("Mureșanu", "{Mureșanu}"),
        ("Ähnlich", "{Ähnlich}"),
        ("12-month", "12-month"),
        ("2016", "2016"),
        ("blood-brain", "blood-brain"),
        ("α-synuclein", "α-synuclein"),
        ("李", "李"),
        ("--", "--"),
    ],
)
def test_capitals_in_a_sentence(word, expected):
    """X05: in a title in sentence case every word whose capitals mean something is protected, and no other."""
    assert written(f"Effects of {word} seen in rats with stroke") == f"Effects of {expected} seen in rats with stroke"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("A trial: The second half", "A trial: The second half"),
        ("A question? The answer", "A question? {The} answer"),
        ("Part one. Results in rats", "Part one. {Results} in rats"),
        ("Trial of Drugs in Stroke. Part of Many Studies", "Trial of Drugs in Stroke. {Part} of Many Studies"),
        ('A trial: "The second half"', 'A trial: "{The} second half"'),
        ("Growth of E. coli", "Growth of {E}. coli"),
        ("Use of St. John's wort", "Use of {St}. {John's} wort"),
        ("A trial: TBI", "A trial: {TBI}"),
        ("TBI in rats", "{TBI} in rats"),
        ("“Smoking” in rats", "“{Smoking}” in rats"),
    ],
)
def test_where_a_sentence_begins(title, expected):
    """X05: a capital that a style keeps by itself is left to it; one that opens a sentence elsewhere is protected."""
    assert written(title) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        (
            "Double-Blind, Placebo-Controlled Trial of NF-κB Inhibition in Patients With TBI: The CARS Study.",
            "Double-Blind, Placebo-Controlled Trial of {NF-κB} Inhibition in Patients With {TBI}: The {CARS} Study",
        ),
        ("Efficacy and Safety of Cerebrolysin After Stroke", "Efficacy and Safety of Cerebrolysin After Stroke"),
        ("T-Cell Responses and Vitamin D Levels in Stroke", "{T-Cell} Responses and Vitamin {D} Levels in Stroke"),
        ("Wake-Up Stroke: Treatment Within 3 Hours", "Wake-Up Stroke: Treatment Within 3 Hours"),
    ],
)
def test_title_case(title, expected):
    """X06: in a title in Title Case only acronyms are protected, so that a style can still lower the rest."""
    assert written(title) == expected


@pytest.mark.parametrize(
    "title",
    [
        "Effects of Cerebrolysin",
        "Childhood cancer in Southern Iran",
        "Epidemiology of carcinoma in Malaysia and Hong Kong",
        "Therapy of Alzheimer and Parkinson disease",
    ],
)
def test_names_do_not_make_title_case(title):
    """X06: a sentence with some names in it is not taken for Title Case."""
    assert "{" in written(title)


def test_title_in_capitals_keeps_them():
    """X07: nobody can tell an acronym in a title all in capitals, so it stays as the record has it."""
    assert read_back(written("EXAMPLE OF TBI.")) == "EXAMPLE OF TBI"
    assert written("EXAMPLE OF TBI.") == "{EXAMPLE} {OF} {TBI}"


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("CO<sub>2</sub> in rats.", r"{CO\textsubscript{2}} in rats"),
        ("Ca<sup>2+</sup> in rats", r"{Ca\textsuperscript{2+}} in rats"),
        ("Rats and <i>Homo sapiens</i>", r"Rats and \textit{{Homo} sapiens}"),
        ("Rats and <i>p</i>H", r"Rats and {{\textit{p}H}}"),
        ("Rats <b>and <i>mice</i></b>", r"Rats \textbf{and \textit{mice}}"),
        ("Rats and <i>mRNA of TB</i>Is", r"Rats and \textit{{mRNA} of {TB}}{Is}"),
        ("<u>Rats</u> and mice", "Rats and mice"),
        ("[Use of <i>E. coli</i>].", r"Use of \textit{{E}. coli}"),
        ("<i>Rats.</i>", r"\textit{Rats}"),
        ("Rats <i>p</i> &lt; 5 &amp;amp; more", r"Rats \textit{p} < 5 \&amp; more"),
        ("Rats <i>and mice", "Rats and mice"),
        ("Rats</i> and mice", "Rats and mice"),
        ("Rats <i>and <b>mice</i></b>", r"Rats and \textbf{mice}"),
        ("Rats <I>and</I> <script>mice", "Rats <{I>and}</{I}> <script>mice"),
    ],
)
def test_markup(markup, expected):
    """X08: markup becomes balanced commands, with protecting braces inside or doubled; what is not markup is text."""
    assert written("", markup) == expected
    assert expected.count("{") == expected.count("}")


@pytest.mark.parametrize("char", list("\\{}%&#_$~^<>\"|@'`=,"))
def test_special_characters(char):
    """X09: each special character alone and doubled is read back as itself, from any field of text."""
    for text in (char, char * 2, f"a{char}b", f"a {char}{char} b", f"{char}TBI{char}"):
        assert read_back(UTF8.escape(text)) == text
        assert read_back(written(f"a{text}z")) == f"a{text}z"
        assert read_back(value_of("journal", journal=text)) == text
        assert read_back(value_of("publisher", type="book", book=Book(publisher=text))) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb\tc\r\nd", "a b c d"),
        ("5\u00a0mg\u2009/\u202fkg", "5 mg / kg"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("a\x00b\x1bc\x01d\x0ee\x7f", "a b c d e"),
        ("  a  b ", "a b"),
        ("\ufeffa", "a"),
        ("a\ud800b", "a\ufffdb"),
        ("\U0001f9e0 κ ș 李", "\U0001f9e0 κ ș 李"),
        ("", ""),
    ],
)
def test_flat(text, expected):
    """A value is one line: control characters, line breaks and odd spaces become one space, nothing else changes."""
    assert flat(text) == expected


def test_control_characters_cannot_pass_for_marks():
    """X10: a title cannot bring the marks along that stand for markup and protection."""
    assert written("a \x0eb\x0f \x01c\x02 d") == "a b c d"
