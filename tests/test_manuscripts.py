"""Files of any kind become the citations that they make: the shapes that programs write, and whatever else may come."""

import io
import shutil
import time
import tracemalloc
import zipfile
from contextlib import suppress
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from export_papers import ENTRIES, bib
from judges import need, need_packages, run_pdflatex
from manuscript_files import (
    TITLES,
    csl_citation,
    docx,
    endnote,
    field,
    item,
    key,
    library,
    link,
    made_record,
    mendeley,
    mendeley_tag,
    odt,
    packed_field,
    paragraph,
    pmid,
    run,
    simple_field,
    zipped,
    zotero,
)
from papers import document, record
from reftrack import manuscripts
from reftrack.errors import UsageError
from reftrack.imports.text import decode
from reftrack.manuscripts import prose
from reftrack.workflow.citing import Source, gather


def read(text, kind="tex", path=None, name="paper"):
    data = text if isinstance(text, bytes) else text.encode()
    return manuscripts.read(str(path or name), data, kind, path=path, decode=decode)


def cited(text, kind="tex", path=None):
    """(line, key or DOI) of each mention."""
    return [(one.place.line, one.key or one.label) for one in read(text, kind, path).mentions]


def keys(text, kind="tex", path=None):
    return [name for _, name in cited(text, kind, path)]


def works(data, name="paper.docx"):
    """(paragraph, title or identifier) of each reference of a document."""
    return [
        (place.line, reference.readings[0].title or reference.readings[0].doi or reference.readings[0].pmid)
        for reference in gather([Source(name, data)]).references
        for place in reference.places
    ]


# LaTeX


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"\cite{a}", ["a"]),
        (r"\cite{a,b , c}", ["a", "b", "c"]),
        (r"\citep[see][p.~3]{a}", ["a"]),
        (r"\citet*{a} \Citet{b} \citeauthor{c} \citeyearpar{d}", ["a", "b", "c", "d"]),
        (
            r"\autocite[12]{a}\Autocite{b}\parencite{c}\textcite{d}\footcite{e}\supercite{f}\smartcite{g}",
            list("abcdefg"),
        ),
        (r"\autocites(see)(and)[1]{a}[2][3]{b}{c} {\cite{d}}", ["a", "b", "c", "d"]),
        (r"\volcite[pre]{2}[12]{a}", ["a"]),
        (r"\cite<see>[p. 2]{a}\citeA{b}\shortciteA{c}", ["a", "b", "c"]),
        (r"\cite[see {[1]} there]{a}", ["a"]),
        ("\\cite\n  {a,%\n b}", ["a", "b"]),
        (r"\nocite{a}\bibentry{b}", ["a", "b"]),
        ("% \\cite{no}\n\\cite{yes} % \\cite{no}", ["yes"]),
        (r"50\% of \cite{yes}; a break \\% \cite{no}", ["yes"]),
        ("\\begin{verbatim}\\cite{no}\\end{verbatim}\\verb|\\cite{no}|\\verb*+\\cite{no}+\\cite{yes}", ["yes"]),
        ("\\begin{lstlisting}[a]\n% \\cite{no}\n\\end{lstlisting}\\cite{yes}", ["yes"]),
        ("\\begin{comment}\\cite{no}\\end{comment}\\iffalse\\cite{no}\\fi\\cite{yes}", ["yes"]),
        ("\\cite{yes}\\end{document}\\cite{no}", ["yes"]),
        (r"\iffalse x \ifdim a \fi \cite{no} \fi\cite{yes}\iffalse \cite{no}\else\cite{b}\fi", ["yes", "b"]),
        (r"\lstinline!\cite{no}!\lstinline[a=b]{\cite}\mintinline{tex}|\cite{no}|\cite{yes}", ["yes"]),
        (r"\citefield{a}{title}\citename{b}{author}\citelist{c}{x}\citeit{d}\entrydata{e}{}", list("abcde")),
        (r"\newcommand{\mine}[1]{\cite{#1}}\citestyle{no}\setcitestyle{no}\citetext{no}", []),
        (r"\cite{} \cite{ , } \cite", []),
        (r"\cite{mu\"ller} \cite[a", []),
    ],
)
def test_commands_that_cite(text, found):
    """LaTeX, natbib, biblatex, apacite: what is cited, and what is commented out, verbatim or a definition."""
    assert keys(text) == found


def test_lines_are_those_of_the_file():
    """Comments, verbatim text and line ends of any system keep the numbers."""
    assert cited("a\n% x\n\\begin{verbatim}\n\n\\end{verbatim}\n\\cite{a}\r\n\\cite{b}") == [(6, "a"), (7, "b")]


def test_included_files_are_read_with_their_own_names(tmp_path):
    r"""\input, \include, \subfile, \import: each file once, also in a circle."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "one.tex").write_text("\\cite{a}\\input{paper}")
    (tmp_path / "parts" / "two.tex").write_text("\n\\cite{b}\\input{parts/three.tex}")
    (tmp_path / "parts" / "three.tex").write_text("\\cite{c}")
    (tmp_path / "parts" / "four.tex").write_text("\\cite{d}")
    path = tmp_path / "paper.tex"
    path.write_text("\\input{one}\\include{parts/two}\\input one \\import{parts/}{four}\\input{gone}\\cite{z}")
    made = read(path.read_text(), path=path)
    assert [(one.place.file.removeprefix(f"{tmp_path}/"), one.key) for one in made.mentions] == [
        ("one.tex", "a"),
        ("parts/two.tex", "b"),
        ("parts/three.tex", "c"),
        ("parts/four.tex", "d"),
        ("paper.tex", "z"),
    ]
    assert "Not read: gone is not there." in made.remarks


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "../../../../etc/passwd", "link", "folder/../../secret", "../secret.bib"]
)
def test_nothing_outside_the_folder_is_opened(tmp_path, name):
    """Paths upwards, absolute ones and links that lead out are told and not followed."""
    (tmp_path / "secret.tex").write_text("\\cite{secret}")
    (tmp_path / "secret").write_text("\\cite{secret}")
    (tmp_path / "secret.bib").write_text("@article{secret, title={A secret thing of three}}")
    (tmp_path / "text" / "folder").mkdir(parents=True)
    (tmp_path / "text" / "link.tex").symlink_to(tmp_path / "secret.tex")
    path = tmp_path / "text" / "paper.tex"
    made = read(f"\\input{{{name}}}\\include{{{name}}}\\bibliography{{{name}}}", path=path)
    assert (made.mentions, made.bibliographies) == ([], [])
    assert any("outside the folder" in remark for remark in made.remarks)


def test_the_bib_that_is_named_is_read(tmp_path):
    r"""\bibliography{a,b}, \addbibresource[…]{c.bib}: those that are there; the others are told."""
    for name in "ab":
        (tmp_path / f"{name}.bib").write_text(f"@article{{{name}, title={{The title of entry {name}}}}}")
    made = read("\\bibliography{a,gone}\\addbibresource[location=local]{b.bib}", path=tmp_path / "p.tex")
    assert [one.name.rpartition("/")[2] for one in made.bibliographies] == ["a.bib", "b.bib"]
    assert made.remarks == ["Not read: gone is not there."]


def test_printed_references_are_read_where_there_is_no_bib(tmp_path):
    r"""\bibitem by its identifiers, or by what may be its title; the .bbl beside a text whose .bib was not sent."""
    text = (
        "\\begin{thebibliography}{9}\\bibitem[A(2020)]{a} A. Example. \\newblock \\emph{A title}. 2020. "
        "\\href{https://doi.org/10.1000/Example.1}{doi}. \\bibitem{b} Example A, Sample B. "
        f"{TITLES[12]}. \\emph{{J Example}}. 2020;1:12--17.\\end{{thebibliography}}"
    )
    made = read(f"\\cite{{a,b}}{text}")
    assert made.entries["a"][0]["DOI"] == "10.1000/Example.1"
    assert TITLES[12] in [one["title"] for one in made.entries["b"]]
    (tmp_path / "p.bbl").write_text(text)
    assert set(read("\\cite{a}\\bibliography{gone}", path=tmp_path / "p.tex").entries) == {"a", "b"}


def test_an_aux_lists_what_latex_read(tmp_path):
    r"""\citation, biblatex's \abx@aux@cite of both ages, \@input, \bibdata; biblatex's own entries do not count."""
    (tmp_path / "part.aux").write_text("\\citation{d}")
    (tmp_path / "refs.bib").write_text("@article{a, title={A title of some words}}")
    text = (
        "\\relax\n\\citation{a,b}\n\\abx@aux@cite{0}{c}\n\\abx@aux@cite{e}\n\\citation{biblatex-control}\n"
        "\\@input{part.aux}\n\\bibdata{paper-blx,refs}\n\\bibcite{a}{1}\n\\@input{../out.aux}"
    )
    made = read(text, "aux", tmp_path / "paper.aux")
    assert [one.key for one in made.mentions] == ["a", "b", "c", "e", "d"]
    assert [one.name.rpartition("/")[2] for one in made.bibliographies] == ["refs.bib"]
    assert len(made.remarks) == 1
    (tmp_path / "paper.bcf").write_text('<bcf:datasource type="file" datatype="bibtex">refs.bib</bcf:datasource>')
    assert read("\\abx@aux@cite{0}{a}", "aux", tmp_path / "paper.aux").bibliographies
    assert read("\\citation{*}", "aux").everything


# Markdown


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A claim [@a; see @b, p. 3; -@c].", ["a", "b", "c"]),
        ("@a says, and -@b, and @{key with https://x.y/z}.", ["a", "b", "key with https://x.y/z"]),
        ("[@doe:2020a_b.c/d-e].", ["doe:2020a_b.c/d-e"]),
        ("me@example.org and \\@no and `@no` and a/@no", []),
        ("```r\n@no\n```\n[@yes]\n~~~\n@no\n~~~", ["yes"]),
        ("see @fig-one, @tbl-two, @sec:three and \\@ref(fig:x); [@yes]", ["yes"]),
        ("---\ntitle: x\nnocite: |\n  @a, @b\n---\n[@c]", ["a", "b", "c"]),
        ("[@a] <!-- [@no] --> [@b] <!-- over\n[@no]\nlines --> [@c]", ["a", "b", "c"]),
    ],
)
def test_markdown_cites_as_pandoc_has_it(text, found):
    """Keys in brackets and in running text; not e-mail addresses, code, or cross-references of Quarto."""
    assert keys(text, "markdown") == found


def test_the_metadata_of_markdown_names_bibliographies(tmp_path):
    """One, a list in a row, or a list in lines; nocite: '@*' cites all."""
    for name in "abc":
        (tmp_path / f"{name}.bib").write_text(f"@article{{{name}, title={{Title of {name} in words}}}}")
    for yaml in ("bibliography: a.bib", "bibliography: [a.bib, 'b.bib']", "bibliography:\n  - a.bib\n  - c.bib"):
        made = read(f"---\n{yaml}\nnocite: '@*'\n---\ntext", "markdown", tmp_path / "p.md")
        assert len(made.bibliographies) == yaml.count(".bib")
        assert made.everything.line == 3 + yaml.count("\n")


# running text


def test_identifiers_in_running_text(tmp_path):
    """PMIDs, DOIs and addresses; those of one reference are one, a second reference on a line is another."""
    text = (
        "1. Example A. Title. J Example. 2020. doi: 10.1000/example.1. PMID: 90000001.\n"
        "https://pubmed.ncbi.nlm.nih.gov/90000002/ and www.ncbi.nlm.nih.gov/pubmed/90000003\n"
        "(https://doi.org/10.1000/a(1)b). In 2019 we had 90000004 of them, version 10.1234.\n"
    )
    made = read(text, "text")
    assert [(one.place.line, dict(one.items[0])) for one in made.mentions] == [
        (1, {"DOI": "10.1000/example.1", "PMID": "90000001"}),
        (2, {"PMID": "90000002"}),
        (2, {"PMID": "90000003"}),
        (3, {"DOI": "10.1000/a(1)b"}),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(PMID: 90000001, 90000002; 90000003 and 90000004)", [{"PMID": f"9000000{n}"} for n in range(1, 5)]),
        ("PMIDs 90000001 and 90000002, of 2019", [{"PMID": "90000001"}, {"PMID": "90000002"}]),
        ("PMID:[90000001]", [{"PMID": "90000001"}]),
        ("fine (doi:10.1000/a), and another (PMID 90000001)", [{"DOI": "10.1000/a"}, {"PMID": "90000001"}]),
        ("A PMID 90000001 and B doi:10.1000/b.", [{"PMID": "90000001"}, {"DOI": "10.1000/b"}]),
        (
            "doi: 10.1000/a. Epub 2019 Sep 7. PMID: 90000001; PMCID: PMC1234567.",
            [{"DOI": "10.1000/a", "PMID": "90000001", "PMCID": "PMC1234567"}],
        ),
        ("https://www.ncbi.nlm.nih.gov/pubmed/?term=90000001.", [{"PMID": "90000001"}]),
        ("https://pubmed.ncbi.nlm.nih.gov/?sort=date&term=90000001", [{"PMID": "90000001"}]),
        ("https://doi.org/10.1000%2Fa.b%3Bc", [{"DOI": "10.1000/a.b;c"}]),
        ("doi:10.1000/a,10.1000/b", [{"DOI": "10.1000/a"}, {"DOI": "10.1000/b"}]),
        ("doi:10.1000/a,b", [{"DOI": "10.1000/a,b"}]),
    ],
)
def test_several_works_in_one_sentence_are_several(text, found):
    """Each number of a list is a work of its own; identifiers of one work stand side by side."""
    made = read(text, "text")
    assert [dict(one.items[0]) for one in made.mentions] == found


@pytest.mark.parametrize(
    "text",
    [
        f"Bad (PMID: {pmid(12)}, {pmid(1)}).",
        f"Fine (PMID {pmid(12)}), more (https://www.ncbi.nlm.nih.gov/pubmed/?term={pmid(1)}).",
        f"See PMID {pmid(1)}, PMC9999999.",
    ],
)
def test_a_retracted_paper_among_others_is_told(tmp_path, text):
    """However the sentence names it."""
    desk = library(tmp_path)
    (desk.folder / "paper.txt").write_text(text)
    result = desk.json("check", "paper.txt", "--no-newer", status=1)
    assert ("retracted", pmid(1)) in {(one["kind"], one["pmid"]) for one in result["findings"]}


def test_identifiers_that_disagree_hide_no_retraction(tmp_path):
    """A reference without a title whose PMID and DOI are of two papers: wrong, and the retracted one is told."""
    desk = library(tmp_path)
    doi = desk.json("show", pmid(12))[0]["doi"]
    (desk.folder / "paper.txt").write_text(
        f"It helps (1), as is known.\n\nReferences\n\n1. Example A, et al. PMID {pmid(1)}. doi:{doi}\n"
    )
    result = desk.json("check", "paper.txt", "--no-newer", status=1)
    assert {(one["kind"], one["pmid"]) for one in result["findings"]} >= {("retracted", pmid(1))}
    assert "wrong-id" in {one["kind"] for one in result["findings"]}


def test_a_reference_over_several_lines_is_one(tmp_path):
    """In a numbered list of a plain text, as editors wrap it."""
    desk = library(tmp_path)
    half = len(TITLES[1]) // 2
    cut = TITLES[1].index(" ", half)
    (desk.folder / "paper.txt").write_text(
        f"References\n\n1. Example A. {TITLES[1][:cut]}\n   {TITLES[1][cut:].strip()}. J Example. 2020.\n"
        f"2. Example A. {TITLES[2]}. J Example. 2020.\n"
    )
    result = desk.json("check", "paper.txt", "--no-newer", status=1)
    assert [(one["kind"], one["pmid"], one["where"][0]["line"]) for one in result["findings"]] == [
        ("retracted", pmid(1), 3),
        ("concern", pmid(2), 5),
    ]


def test_an_entry_has_the_other_keys_that_biblatex_gives_it(tmp_path):
    """`ids` leads to the entry; an entry that says too little is told as that, not as missing."""
    desk = library(tmp_path)
    (desk.folder / "refs.bib").write_text(
        f"@article{{main, ids = {{one, other}}, title = {{{TITLES[1]}}}, pmid = {{{pmid(1)}}}}}\n"
        "@set{both, entryset = {main}}\n"
    )
    (desk.folder / "paper.tex").write_text("\\cite{other}\\cite{both}\\cite{nowhere}\\addbibresource{refs.bib}")
    result = desk.json("check", "paper.tex", "--no-newer", status=1)
    assert {(one["kind"], one["cited"]) for one in result["findings"]} == {
        ("retracted", "other"),
        ("unsure", "both"),
        ("unresolved", "nowhere"),
    }


def test_a_list_of_references_without_identifiers_is_matched_by_its_titles(tmp_path):
    """Below a heading "References"; above it such a sentence is no reference."""
    desk = library(tmp_path)
    line = f"Example A, Sample C, Third D. {TITLES[1]}. J Example. 2020;1(2):1-6."
    (desk.folder / "paper.txt").write_text(
        f"{line}\n\nReferences\n\n1. {line}\n2. Example A (2020). {TITLES[2]}. J Example, 1, 2–7.\n"
    )
    result = desk.json("check", "paper.txt", "--no-newer", status=1)
    assert [(one["kind"], one["pmid"], one["where"][0]["line"]) for one in result["findings"]] == [
        ("retracted", pmid(1), 5),
        ("concern", pmid(2), 6),
    ]
    assert result["findings"][0]["cited"] == "Example A, Sample C, Third D. Examplin a…"
    (desk.folder / "paper.txt").write_text(f"References\n1. {TITLES[1]}. J Example; 2031.\n2. {TITLES[12]}. 2031.\n")
    result = desk.json("check", "paper.txt", "--no-newer")
    assert [(one["kind"], one["title"]) for one in result["findings"]] == [("unknown", "")] * 2


# Word


def test_zotero_in_word():
    """Fields cut into runs, fldSimple, several items; one item cited twice is one reference with two places."""
    data = docx(
        paragraph(run("Shown before "), field(zotero(item(1), item(2)))),
        paragraph(simple_field(zotero(item(1)))),
        paragraph(field(' ADDIN ZOTERO_BIBL {"uncited":[]} CSL_BIBLIOGRAPHY ', "Example A. doi:10.1000/example.9")),
    )
    assert works(data) == [(1, TITLES[1]), (2, TITLES[1]), (1, TITLES[2])]


def test_zotero_in_bookmarks():
    """If asked, Zotero keeps citations in the properties of the document, in pieces of 255 characters."""
    code = f"ZOTERO_ITEM CSL_CITATION {csl_citation(item(3))}"
    pieces = [code[at : at + 255] for at in range(0, len(code), 255)]
    rows = "".join(
        f'<property name="ZOTERO_BREF_aB3dE5fG7hI9_{number}"><vt:lpwstr>{escape(piece)}</vt:lpwstr></property>'
        for number, piece in enumerate(pieces, 1)
    )
    properties = f'<Properties xmlns:vt="urn:vt">{rows}</Properties>'
    mark = '<w:bookmarkStart w:id="0" w:name="ZOTERO_BREF_aB3dE5fG7hI9"/>'
    data = docx(paragraph(), paragraph(mark, run("[1]")), **{"docProps/custom.xml": properties})
    assert works(data) == [(2, TITLES[3])]


def test_mendeley_in_word():
    """Mendeley Desktop numbers its items anew in each field; Mendeley Cite keeps them in the tag of a control."""
    data = docx(
        paragraph(field(mendeley(item(1), item(2)))),
        paragraph(field(mendeley(item(2)))),
        paragraph(mendeley_tag(item(4))),
    )
    assert works(data) == [(1, TITLES[1]), (1, TITLES[2]), (2, TITLES[2]), (3, TITLES[4])]


def test_what_mendeley_numbers_anew_is_told_apart_without_addresses():
    """ITEM-1 of one field is another reference than ITEM-1 of the next; the same work is the same reference."""
    codes = [mendeley(item(number)).replace('"uris"', '"u"') for number in (1, 2, 1)]
    assert works(docx(*(paragraph(field(code)) for code in codes))) == [(1, TITLES[1]), (3, TITLES[1]), (2, TITLES[2])]


def test_a_hostile_title_in_a_document_is_compared_by_its_beginning():
    """The titles that documents embed are bounded as those of files are."""
    long = item(1) | {"title": "word " * 100_000, "author": [{"family": "A"}] * 5_000}
    (reference,) = gather([Source("p.docx", docx(paragraph(field(zotero(long)))))]).references
    assert (len(reference.readings[0].title), len(reference.readings[0].authors)) == (1_000, 200)


def test_endnote_in_word():
    """Records in the code of the field, or in base64 beside two nested fields; & that nobody escaped; styled values."""
    loose = endnote(5).replace("J Example", "Brain & Example")
    data = docx(
        paragraph(field(f" ADDIN EN.CITE {endnote(1)}")),
        paragraph(packed_field(endnote(2, 3))),
        paragraph(field(f" ADDIN EN.CITE {loose}")),
        paragraph(field(" ADDIN EN.REFLIST ", "1. Example A. doi:10.1000/example.9")),
    )
    assert works(data) == [(1, TITLES[1]), (2, TITLES[2]), (2, TITLES[3]), (3, TITLES[5])]
    (reference,) = gather(
        [Source("p.docx", docx(paragraph(field(f" ADDIN EN.CITE {endnote(1, accession='90000001')}"))))]
    ).references
    assert (reference.label, reference.readings[0].pmid) == ("Example 2020", 90000001)


def test_words_own_citations():
    """CITATION fields name sources by tag; further ones by \\m. A source that is not cited does not count."""
    sources = (
        '<b:Sources xmlns:b="http://schemas.openxmlformats.org/officeDocument/2006/bibliography">'
        + "".join(
            f"<b:Source><b:Tag>Exa{number}</b:Tag><b:SourceType>JournalArticle</b:SourceType><b:Author><b:Author>"
            "<b:NameList><b:Person><b:Last>Example</b:Last><b:First>Anna</b:First></b:Person></b:NameList>"
            f"</b:Author></b:Author><b:Title>{TITLES[number]}</b:Title><b:JournalName>J Example</b:JournalName>"
            "<b:Year>2020</b:Year></b:Source>"
            for number in (1, 2, 3)
        )
        + "</b:Sources>"
    )
    data = docx(
        paragraph(field(" CITATION Exa1 \\l 1033  \\m Exa2")),
        paragraph(field(" CITATION Gone \\l 1033 ")),
        **{"customXml/item1.xml": sources},
    )
    references = gather([Source("p.docx", data)]).references
    assert [(one.label, one.is_key) for one in references] == [("Exa1", False), ("Exa2", False), ("Gone", True)]
    assert [(one.readings[0].title, one.readings[0].authors) for one in references[:2]] == [
        (TITLES[1], ("Example, Anna",)),
        (TITLES[2], ("Example, Anna",)),
    ]


def test_notes_links_and_plain_references_in_word():
    """A citation in a footnote stands where the note is; links and PMIDs in the text count; deleted text does not."""
    relations = (
        '<Relationships><Relationship Id="rId7" TargetMode="External" Target="https://pubmed.ncbi.nlm.nih.gov/90000003/"/>'
        "</Relationships>"
    )
    deleted = "<w:del><w:r><w:delText>PMID: 90000009</w:delText></w:r></w:del>"
    data = docx(
        paragraph(run("text")),
        paragraph(run("text"), '<w:r><w:footnoteReference w:id="2"/></w:r>'),
        paragraph(run("Example A. PM"), run("ID: 9000"), run("0002."), deleted),
        paragraph('<w:hyperlink r:id="rId7">', run("see there"), "</w:hyperlink>"),
        paragraph(field(' HYPERLINK "https://doi.org/10.1000/example.4" ', "here")),
        footnotes=f'<w:footnote w:id="2">{paragraph(field(zotero(item(1))))}</w:footnote>',
        **{"word/_rels/document.xml.rels": relations},
    )
    assert works(data) == [(2, TITLES[1]), (3, 90000002), (4, 90000003), (5, "10.1000/example.4")]


def test_opendocument_text():
    """Zotero's reference marks end in a random word; its bibliography is a section that does not count."""
    mark = f"ZOTERO_ITEM CSL_CITATION {csl_citation(item(1))} RNDjURflxg9F1".replace("&", "&amp;").replace(
        '"', "&quot;"
    )
    data = odt(
        "<text:p>before</text:p>",
        f'<text:p>x<text:reference-mark-start text:name="{mark}"/>(1)'
        f'<text:reference-mark-end text:name="{mark}"/></text:p>',
        '<text:section text:name="ZOTERO_BIBL {} CSL_BIBLIOGRAPHY RNDx"><text:p>doi:10.1000/example.9</text:p>'
        "</text:section>",
        '<text:p><text:a xlink:href="https://pubmed.ncbi.nlm.nih.gov/90000002/">link</text:a></text:p>',
    )
    assert works(data, "paper.odt") == [(2, TITLES[1]), (4, 90000002)]


def test_the_findings_in_a_document_name_the_paragraph(tmp_path):
    """A .docx at the desk: the retracted paper with its paragraph, under the name a person would look for."""
    desk = library(tmp_path)
    (desk.folder / "paper.docx").write_bytes(docx(paragraph(), paragraph(field(zotero(item(1), item(12))))))
    done = desk.run("check", "paper.docx", "--no-newer", status=1)
    assert done.stdout.startswith(f"paper.docx:2: error: retracted: Example 2020 = {key(1)} (PMID {pmid(1)})")
    assert "2 citations, 2 of them held" in done.stderr


# hostile files


BOMB = '<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><w>&b;</w>'


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04",
        zipped({"a": "b"}),
        zipped({"word/document.xml": "<a"}),
        zipped({"word/document.xml": b"\x00\xff" * 9}),
        zipped({"word/document.xml": BOMB}),
        zipped({"word/document.xml": '<?xml version="1.0" encoding="klingon"?><a/>'}),
        docx(paragraph(), **{"word/_rels/document.xml.rels": BOMB}),
        docx(paragraph(), **{"customXml/item1.xml": f"{BOMB}bibliography"}),
    ],
    ids=range(8),
)
def test_a_document_that_is_none_or_attacks_is_refused(data):
    """Damaged archives, broken XML, entities: a sentence, exit 2."""
    with pytest.raises(UsageError, match=r"paper\.docx"):
        gather([Source("paper.docx", data)])


def test_a_bomb_is_not_unpacked():
    """A part that unpacks to more than any manuscript is given up on the way."""
    data = zipped({"word/document.xml": " " * (200 << 20)})
    assert len(data) < 1 << 20
    tracemalloc.start()
    with pytest.raises(UsageError, match="unpacks to more than 128 MB"):
        gather([Source("paper.docx", data)])
    assert tracemalloc.get_traced_memory()[1] < 300 << 20
    tracemalloc.stop()


def test_a_document_with_a_password_or_a_cut_part_is_told(tmp_path):
    """What the archive says of itself need not be true."""
    data = bytearray(docx(paragraph(run("x" * 5000))))
    at = data.find(b"word/document.xml") + 40
    data[at : at + 20] = bytes(20)
    with pytest.raises(UsageError, match="damaged"):
        gather([Source("paper.docx", bytes(data))])
    locked = bytearray(docx(paragraph()))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := locked.find(signature, at + 1)) >= 0:
            locked[at + offset] |= 1
    with pytest.raises(UsageError, match="password"):
        gather([Source("paper.docx", bytes(locked))])


DEEP = 200_000


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.docx", docx(paragraph("<w:sdt>" * 50_000 + "</w:sdt>" * 50_000))),
        ("a.docx", docx(paragraph('<w:r><w:fldChar w:fldCharType="begin"/></w:r>' * 50_000))),
        ("a.docx", docx(paragraph(field("ADDIN CSL_CITATION " + '{"citationItems":' + "[" * DEEP)))),
        ("a.docx", docx(paragraph(field("ADDIN CSL_CITATION " + "{" * DEEP)))),
        ("a.docx", docx(paragraph(field(" ADDIN EN.CITE <EndNote>" + "<Cite>" * 50_000 + "</EndNote>")))),
        ("a.docx", docx(paragraph(mendeley_tag(item(1)).replace("v3_", "v3_!!")))),
        ("a.tex", b"\\begin{verbatim}" * DEEP),
        ("a.tex", b"\\verb|" * DEEP),
        ("a.tex", b"\\iffalse " * DEEP),
        ("a.tex", b"\\cite[" * DEEP),
        ("a.tex", b"\\cite{" * DEEP),
        ("a.tex", b"\\cite[{}" * DEEP),
        ("a.tex", b"\\cite[{\\cite[{}" * DEEP),
        ("a.tex", b"\\cites[][]{a}" * DEEP),
        ("a.tex", b"\\bibitem{a} " * 50_000),
        ("a.tex", b"\\cite" + b"[x]" * DEEP + b"{a}"),
        ("a.tex", b"{" * DEEP + b"\\cite{a}"),
        ("a.tex", b"\\cite{a}" + b"\\%" * DEEP),
        ("a.aux", b"\\citation{" * DEEP),
        ("a.md", b"[@" * DEEP),
        ("a.md", b"@a.a-a:" * 100_000),
        ("a.md", b"`" * DEEP),
        ("a.md", b"@{" * DEEP),
        ("a.md", b"---\n" + b"bibliography:\n" * DEEP),
        ("a.txt", b"doi:10.1000/" * 50_000),
        ("a.txt", b"References\n" + b"A 2020. " * 50_000),
        ("a.txt", b"References\n" + b"Example A. One two three four five 2020. \n" * 10_000),
        ("a.txt", b"PMID " * DEEP),
        ("a.tex", bytes(range(256)) * 2000),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_hostile_files_cost_no_more_than_their_length(name, data):
    """Whatever repeats without end: seconds, no traceback."""
    began = time.monotonic()
    gather([Source(name, data)])
    assert time.monotonic() - began < 20


def test_an_include_that_leads_in_circles_or_without_end_stops(tmp_path):
    """Thousands of files, each of which includes the next."""
    for number in range(700):
        (tmp_path / f"f{number}.tex").write_text(
            f"\\cite{{k{number}}}\\input{{f{number + 1}}}\\input{{f{number // 2}}}"
        )
    made = read((tmp_path / "f0.tex").read_text(), path=tmp_path / "f0.tex")
    assert 20 <= len(made.mentions) <= 700


SIGNS = (
    *"[]{}%\n\\a, |*`;<>()9",
    *("\\cite", "\\citep", "\\verb", "\\begin{verbatim}", "\\end{verbatim}", "\\iffalse", "\\fi", "\\nocite"),
    *("\\bibitem", "\\input", "\\bibliography", "@", "-@", "```", "---", "PMID:", "10.1000/x", "References"),
    *("\\citation", "\\abx@aux@cite"),
)
messes = st.lists(st.sampled_from(SIGNS) | st.text(max_size=4), max_size=40).map("".join)


@given(messes, st.sampled_from(["tex", "aux", "markdown", "text"]))
@settings(max_examples=400, deadline=None)
@example("\\verb", "tex")
@example("\\cite{a", "tex")
def test_any_text_is_read(text, kind):
    """Nothing escapes, and every place is a line of the text."""
    made = read(text, kind)
    lines = decode(text.encode()).count("\n") + 1
    for mention in made.mentions:
        assert 1 <= mention.place.line <= lines
        assert mention.key or mention.items


names = st.from_regex(r"[a-z][a-z0-9:_.-]{0,10}[a-z0-9]", fullmatch=True)


@given(
    st.lists(
        st.tuples(
            names,
            st.sampled_from(["\\cite{%s}", "\\citep[see][p. 2]{%s}", "\\textcite{%s}", "\\footcite[1]{%s}"]),
            st.sampled_from(["", "text ", "50\\% ", "\\\\ ", "{x} ", "\\verb|%| ", "\n", "% \\cite{no}\n"]),
        ),
        max_size=12,
    )
)
@settings(max_examples=300, deadline=None)
def test_every_key_that_is_cited_is_found_and_no_other(cites):
    """Keys in order, whatever stands between them."""
    text = "".join(between + how % name for name, how, between in cites)
    assert keys(text) == [name for name, _, _ in cites]


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_document_or_refused(data):
    """Junk inside an archive, and behind its signature."""
    for name, content in (
        ("a.docx", b"PK\x03\x04" + data),
        ("a.docx", zipped({"word/document.xml": data})),
        ("a.odt", zipped({"content.xml": data})),
        ("a.tex", data),
        ("a.md", data),
        ("a.bib", data),
    ):
        with suppress(UsageError):
            gather([Source(name, content)])


def test_an_archive_of_a_hundred_thousand_parts_is_refused():
    """No document has as many."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(20_001):
            archive.writestr(f"{number}", "")
    with pytest.raises(UsageError, match="more parts"):
        gather([Source("a.docx", stream.getvalue())])


# whole documents


@pytest.mark.latex
@pytest.mark.parametrize(
    ("name", "way", "program"), [("classic", "bibtex ascii", "bibtex"), ("biblatex", "biblatex", "biber")]
)
def test_a_document_that_compiles_names_its_retracted_paper(project, tmp_path, name, way, program):
    """tests/latex: .tex with its .bib, and the .aux that LaTeX wrote, name the same retracted paper."""
    need(program)
    need_packages("lmodern.sty", *(["biblatex.sty"] if program == "biber" else []))
    desk = library(tmp_path)
    (retracted,) = [entry for entry in ENTRIES if entry.paper.retracted and entry.key == "example2019"]
    number = retracted.paper.pmid - pmid(1) + 1
    xml = record(
        number,
        title=retracted.paper.title,
        extra=link("RetractionIn", "J Example", 91),
        year=str(retracted.paper.date.year),
    )
    desk.file.write_bytes(document(xml))
    desk.run("import", desk.file)
    shutil.copy(project / "tests" / "latex" / f"{name}.tex", desk.folder)
    (desk.folder / "refs.bib").write_text(bib(way, *ENTRIES), encoding="utf-8")
    run_pdflatex(desk.folder, name)
    for file in (f"{name}.tex", f"{name}.aux"):
        result = desk.json("check", file, "--no-newer", status=1)
        found = [(one["cited"], one["pmid"]) for one in result["findings"] if one["kind"] == "retracted"]
        assert found == [("example2019", retracted.paper.pmid)], file
        assert not [one for one in result["findings"] if one["kind"] == "unresolved"]


def test_the_record_that_is_made_is_a_record():
    """The library of these tests is as PubMed would send it."""
    assert made_record(6).count(b"<PublicationType ") == 2


@pytest.mark.parametrize(("wrapped", "number"), [(False, 2), (True, 1)])
def test_a_paragraph_is_not_the_rest_of_the_one_before(wrapped, number):
    """In an office document; a line of a plain text is."""
    text = ["References", "1. Example A. doi:10.1000/example.12", "Example B. PMID: 90000001"]
    assert len(list(prose.mentions(enumerate(text), "paper", wrapped=wrapped))) == number
