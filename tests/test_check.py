"""A manuscript against the library: what it cites that is retracted, corrected, superseded, wrong or unknown."""

import json
import os
import re
import sqlite3
import sys
import time

import pytest

from desk import Workspace, terminal
from manuscript_files import KEYS, TITLES, item, key, library, link, made_record, pmid
from papers import document


@pytest.fixture
def desk(tmp_path):
    return library(tmp_path)


def tex(desk, *keys, name="paper.tex", more=""):
    lines = [f"Text \\cite{{{one}}}." for one in keys]
    (desk.folder / name).write_text("\n".join(["\\begin{document}", *lines, more, "\\end{document}"]))
    return name


def check(desk, *arguments, status=1):
    return desk.json("check", "--no-newer", *arguments, status=status)


def told(result, *fields):
    return [tuple(finding[name] for name in fields) for finding in result["findings"]]


def kinds(result):
    return {(finding["kind"], finding["pmid"]) for finding in result["findings"]}


@pytest.mark.parametrize(
    ("number", "kind", "severity", "leads_to"),
    [
        (1, "retracted", "error", pmid(91)),
        (2, "concern", "warning", pmid(92)),
        (3, "corrected", "warning", pmid(93)),
        (4, "corrected", "warning", pmid(94)),
        (5, "updated", "warning", pmid(95)),
        (6, "published", "warning", pmid(7)),
        (8, "published", "warning", pmid(9)),
        (10, "retracted-republished", "error", pmid(96)),
    ],
)
def test_each_notice_is_a_finding_of_its_kind(desk, number, kind, severity, leads_to):
    """One cited paper, one finding, with the place, the key, the title and where the notice stands."""
    result = check(desk, tex(desk, key(number)))
    (finding,) = result["findings"]
    assert (finding["kind"], finding["severity"], finding["link"]["pmid"]) == (kind, severity, leads_to)
    assert finding["where"] == [{"file": "paper.tex", "line": 2}]
    assert (finding["cited"], finding["key"], finding["pmid"]) == (key(number), key(number), pmid(number))
    assert finding["title"].rstrip(".") == TITLES[number]
    assert str(leads_to) in finding["message"]
    assert (result["citations"], result["held"]) == (1, 1)


def test_a_comment_and_a_sound_paper_are_nothing(desk):
    """What only belongs to a paper is no finding, and the status is 0."""
    done = desk.run("check", tex(desk, key(11), key(12)), "--no-newer")
    assert done.stdout == ""
    assert "paper.tex: 2 citations, 2 of them held. Nothing to correct." in done.stderr


def test_who_cites_the_newer_version_too_is_told_but_not_failed(desk):
    """A preprint beside its article: info, so the status is 0."""
    result = check(desk, tex(desk, key(6), key(7)), status=0)
    ((kind, severity, advice),) = told(result, "kind", "severity", "advice")
    assert (kind, severity) == ("published", "info")
    assert key(7) in advice


def test_two_notices_of_one_kind_are_one_finding_that_names_both(desk):
    """Who cites one of two errata does not know of the other."""
    two = made_record(3).replace(
        b"</CommentsCorrectionsList>",
        b'<CommentsCorrections RefType="ErratumIn"><RefSource>J Example. 2022;6(1):1</RefSource>'
        b'<PMID Version="1">90000012</PMID></CommentsCorrections></CommentsCorrectionsList>',
    )
    desk.file.write_bytes(document(two))
    desk.run("import", desk.file)
    ((kind, severity, message),) = told(check(desk, tex(desk, key(3), key(12))), "kind", "severity", "message")
    assert (kind, severity) == ("corrected", "warning")
    assert f"PMID {pmid(93)}; J Example. 2022;6(1):1, PMID 90000012, held as {key(12)}" in message


def test_a_retracted_paper_stays_an_error_whatever_else_is_cited(desk):
    """The status is 1 with a retraction even where all else is well."""
    assert kinds(check(desk, tex(desk, key(12), key(1), key(1)))) == {("retracted", pmid(1))}


def test_a_key_that_leads_nowhere_is_named_with_the_nearest(desk):
    """No bibliography and no library has it: error, and a suggestion."""
    ((kind, severity, cited, advice),) = told(
        check(desk, tex(desk, "example202")), "kind", "severity", "cited", "advice"
    )
    assert (kind, severity, cited) == ("unresolved", "error", "example202")
    assert "Did you mean example202" in advice
    ((advice,),) = told(check(desk, tex(desk, "exotic2020")), "advice")
    assert "Did you mean" not in advice


def test_the_bibliography_says_what_a_key_is_before_the_library_does(desk):
    """X: the .bib's own entry counts: its key may be another paper's key in the library."""
    (desk.folder / "refs.bib").write_text(
        f"@article{{{key(12)}, title={{{TITLES[1]}}}, doi={{10.1000/example.1}}, year=2020, author={{Example, A}}}}"
    )
    result = check(desk, tex(desk, key(12), more="\\bibliography{refs}"))
    assert told(result, "kind", "cited", "key") == [("retracted", key(12), key(1))]


def test_a_former_key_and_a_spelled_out_pmid_lead_to_the_paper(desk):
    """What was cited before a key was chosen still leads there; pmid… and a bare PMID as keys, too."""
    before = key(1)
    desk.run("key", "set", pmid(1), "chosen2020")
    result = check(desk, tex(desk, before, f"pmid{pmid(2)}", pmid(3)))
    assert kinds(result) == {("retracted", pmid(1)), ("concern", pmid(2)), ("corrected", pmid(3))}


def test_two_keys_of_one_paper_are_a_duplicate(desk):
    """Two entries of one paper: it would be numbered and counted twice."""
    entries = "".join(
        f"@article{{{name}, title={{{TITLES[12]}}}, doi={{10.1000/example.12}}}}\n" for name in ("one", "two")
    )
    (desk.folder / "refs.bib").write_text(entries)
    result = check(desk, tex(desk, "one", "two", "one", more="\\bibliography{refs}"))
    ((kind, cited, where),) = told(result, "kind", "cited", "where")
    assert (kind, cited) == ("duplicate", "one, two")
    assert [place["line"] for place in where] == [2, 4, 3]


def test_an_identifier_of_another_paper_is_told_with_both_titles(desk):
    """A DOI that leads to a paper whose title contradicts; and the paper itself, if it is held, is judged."""
    (desk.folder / "refs.bib").write_text(
        f"@article{{a, title={{{TITLES[1]}}}, doi={{10.1000/example.12}}, year=2020, author={{Example, A}}}}\n"
        "@article{b, title={Something else altogether about quite other matters}, pmid={90000012}, year=2001}\n"
    )
    result = check(desk, "refs.bib")
    found = {finding["cited"]: finding["message"] for finding in result["findings"] if finding["kind"] == "wrong-id"}
    assert TITLES[12] in found["a"]
    assert TITLES[1] in found["a"]
    assert "Something else altogether" in found["b"]
    assert ("retracted", pmid(1)) in kinds(result)


def test_a_record_that_pubmed_has_twice_is_no_wrong_identifier(desk):
    """Two records with one DOI and one title: which is meant cannot be said, and neither is contradicted."""
    again = made_record(12).replace(f">{pmid(12)}<".encode(), f">{pmid(42)}<".encode())
    desk.file.write_bytes(document(again))
    desk.run("import", desk.file)
    (desk.folder / "refs.bib").write_text(
        f"@article{{x, title={{{TITLES[12]}}}, doi={{10.1000/example.12}}, year=2020}}"
    )
    ((kind, message),) = told(check(desk, "refs.bib", status=0), "kind", "message")
    assert kind == "unsure"
    assert f"PMID {pmid(12)}, {pmid(42)}" in message


def test_a_key_of_the_bibliography_in_other_capitals_is_found(desk):
    """BibTeX does not tell them apart."""
    (desk.folder / "refs.bib").write_text(f"@article{{Smith2020, title={{{TITLES[1]}}}, doi={{10.1000/example.1}}}}")
    assert kinds(check(desk, tex(desk, "smith2020", more="\\bibliography{refs}"))) == {("retracted", pmid(1))}


def test_a_paper_that_was_republished_after_its_retraction_is_one_finding(desk):
    """Both links say that it was retracted; the one that leads on is told."""
    both = link("RetractionIn", "J Example. 2021", 91).replace("</CommentsCorrectionsList>", "") + link(
        "RetractedandRepublishedIn", "J Example. 2022", 96
    ).replace("<CommentsCorrectionsList>", "")
    desk.file.write_bytes(document(made_record(12, both)))
    desk.run("import", desk.file)
    assert told(check(desk, tex(desk, key(12))), "kind") == [("retracted-republished",)]


def test_a_preprint_and_an_article_of_another_author_are_two_papers(desk):
    """One title, two first authors: nothing was published of it."""
    desk.file.write_bytes(document(made_record(9).replace(b"<LastName>Example<", b"<LastName>Otherwise<")))
    desk.run("import", desk.file)
    assert told(check(desk, tex(desk, key(8)), status=0), "kind") == []


def test_two_manuscripts_may_cite_one_paper(desk):
    """A duplicate is two references in one text, not one in each of two."""
    result = check(desk, tex(desk, key(1)), tex(desk, f"pmid{pmid(1)}", name="other.tex"))
    ((kind, where),) = told(result, "kind", "where")
    assert kind == "retracted"
    assert [place["file"] for place in where] == ["paper.tex", "other.tex"]


@pytest.mark.parametrize("text", ["\\cite{%s}", "A claim [@%s].", "See %s, where DOI: 10.1000/example.1 stands."])
def test_a_text_from_a_pipe_is_known_by_what_it_cites_with(desk, text):
    """No name says what it is: LaTeX, Markdown or running text."""
    done = desk.process("check", "-", "--no-newer", "--json", input=(text % key(1)).encode())
    assert [finding["kind"] for finding in json.loads(done.stdout)["findings"]] == ["retracted"]


def test_an_identifier_that_leads_nowhere_here_is_compared_with_the_paper_of_the_title(desk):
    """Title of a held paper, DOI of none: told with PubMed's own. A DOI of a preprint server is a preprint."""
    entry = "@article{{{0}, title={{{1}}}, doi={{{2}}}, year=2020, author={{Example, A}}}}\n"
    (desk.folder / "refs.bib").write_text(
        entry.format("a", TITLES[12], "10.1000/wrong") + entry.format("b", TITLES[7], "10.1101/2020.01.01.20000001")
    )
    result = check(desk, "refs.bib")
    assert kinds(result) == {("wrong-id", pmid(12)), ("published", pmid(7))}
    assert "10.1000/example.12" in next(finding["message"] for finding in result["findings"] if finding["cited"] == "a")


def test_identifiers_that_contradict_each_other_are_told(desk):
    """A PMID of one paper and a DOI of another, with no title to say which is wrong."""
    (desk.folder / "refs.json").write_text(
        json.dumps([{"id": "x", "PMID": str(pmid(12)), "DOI": "10.1000/example.11"}])
    )
    ((kind, message),) = told(check(desk, "refs.json"), "kind", "message")
    assert kind == "wrong-id"
    assert str(pmid(11)) in message
    assert str(pmid(12)) in message


def test_what_the_library_does_not_hold_is_a_count_unless_asked_for(desk):
    """Much of a manuscript is outside the topic: info, status 0, listed with --unknown and in JSON."""
    (desk.folder / "list.txt").write_text("90000077\n90000012\n")
    done = desk.run("check", "list.txt", "--no-newer")
    assert done.stdout == ""
    assert "2 citations, 1 of them held; --unknown lists the others" in done.stderr
    done = desk.run("check", "list.txt", "--no-newer", "--unknown")
    assert done.stdout == "list.txt:1: info: unknown: 90000077: The library does not hold it.\n"
    assert told(check(desk, "list.txt", status=0), "kind", "severity") == [("unknown", "info")]


def test_a_reference_that_calls_itself_retracted_is_told_though_it_is_not_held(desk):
    """PubMed writes RETRACTED before titles, and reference managers keep it."""
    (desk.folder / "refs.bib").write_text("@article{x, title={RETRACTED: A thing of which nothing is held}, year=2001}")
    assert told(check(desk, "refs.bib"), "kind", "severity") == [("retracted", "error")]


def test_a_doubt_about_a_retracted_paper_is_no_silence(desk):
    """Nothing is decided by a title without year and author; that the paper in question was retracted is told."""
    (desk.folder / "refs.bib").write_text(
        f"@article{{x, title={{{TITLES[1]}}}}}\n@article{{y, title={{{TITLES[12]}}}}}"
    )
    result = check(desk, "refs.bib")
    assert told(result, "kind", "severity", "cited") == [("unsure", "warning", "x"), ("unsure", "info", "y")]


def test_a_paper_that_pubmed_deleted_is_told(desk):
    """No longer served: the journal must be asked."""
    with sqlite3.connect(desk.folder / "db" / "reftrack.db") as connection:
        connection.execute("INSERT OR REPLACE INTO checks VALUES (?, '', '', '2026-01-02T03:04:05Z')", (pmid(12),))
    ((kind, message),) = told(check(desk, tex(desk, key(12))), "kind", "message")
    assert kind == "deleted"
    assert "2026-01-02" in message


def test_a_file_without_a_citation_is_not_silently_clean(desk):
    """Exit 1 and a finding: a check that looked at nothing must not pass."""
    (desk.folder / "paper.tex").write_text("Nothing here.\n")
    done = desk.run("check", "paper.tex", status=1)
    assert done.stdout.startswith("paper.tex:1: error: no-citations: paper.tex: No citation was found in it.")
    assert told(check(desk, "paper.tex"), "kind") == [("no-citations",)]


def test_nocite_star_cites_all_of_the_bibliography(desk):
    r"""\nocite{*}: every entry of the .bib is cited, there."""
    desk.run("export", "-o", desk.folder / "refs.bib")
    result = check(desk, tex(desk, more="\\nocite{*}\\bibliography{refs}"))
    assert result["held"] == len(TITLES)
    assert ("retracted", pmid(1)) in kinds(result)


def test_an_export_and_a_text_that_cites_all_of_it_give_the_notices_of_the_library(desk):
    """Round trip: export, cite every key: exactly the papers of `list --notice`, no duplicate, nothing unknown."""
    desk.run("export", "-o", desk.folder / "papers.bib")
    result = check(desk, tex(desk, *KEYS.values(), more="\\bibliography{papers}"))
    expected = set()
    for notice, kind in (("concern", "concern"), ("erratum", "corrected")):
        expected |= {(kind, paper["pmid"]) for paper in desk.json("list", "--notice", notice)}
    retracted = {paper["pmid"] for paper in desk.json("list", "--notice", "retraction")}
    assert (
        {number for kind, number in kinds(result) if kind.startswith("retracted")} == retracted == {pmid(1), pmid(10)}
    )
    assert {one for one in kinds(result) if one[0] in ("concern", "corrected")} == expected
    updated = {paper["pmid"] for paper in desk.json("list", "--notice", "update")}
    assert updated == {number for kind, number in kinds(result) if kind in ("updated", "published")} - {pmid(8)}
    assert {kind for kind, _ in kinds(result)}.isdisjoint({"duplicate", "unknown", "unresolved", "wrong-id", "unsure"})


@pytest.mark.parametrize("form", ["bibtex", "biblatex", "ris", "nbib", "csl-json", "csv"])
def test_every_format_of_references_is_checked(desk, form):
    """What `export` writes `check` reads, and finds the same."""
    desk.run("export", "-f", form, "-o", desk.folder / f"refs.{form}")
    result = check(desk, f"refs.{form}")
    assert result["held"] == len(TITLES)
    assert {number for kind, number in kinds(result) if kind.startswith("retracted")} == {pmid(1), pmid(10)}


def test_standard_input_is_a_list(desk):
    """`cut … | reftrack check -`."""
    done = desk.process("check", "-", "--no-newer", input=f"{pmid(1)}\n10.1000/example.3\n".encode())
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 1
    assert [line.split(": ")[:3] for line in lines] == [
        ["stdin:1", "error", "retracted"],
        ["stdin:2", "warning", "corrected"],
    ]


def test_a_bib_named_with_a_text_is_its_bibliography(desk):
    """Only what the text cites is checked, also where the .bib lies outside the text's folder."""
    desk.run("export", "-o", desk.folder / "all.bib")
    (desk.folder / "text").mkdir()
    tex(desk, key(1), name="text/paper.tex", more="\\bibliography{../all}")
    done = desk.run("check", "text/paper.tex", "--no-newer", status=1)
    assert "lies outside the folder of the manuscript; name it on the command line, too" in done.stderr
    result = check(desk, "text/paper.tex", "all.bib")
    assert (result["citations"], kinds(result)) == (1, {("retracted", pmid(1))})


# what it does not cite


def test_newer_evidence_in_the_same_cell_is_named(desk):
    """A newer trial on the same condition and outcome: info, with the cell and the newest that is cited."""
    result = desk.json("check", tex(desk, key(13)), status=0)
    ((kind, severity, number, message, leads_to),) = told(result, "kind", "severity", "pmid", "message", "link")
    assert (kind, severity, number) == ("newer", "info", pmid(14))
    assert message == f"A newer randomized controlled trial on tbi × mortality than your newest, {key(13)} (2015)."
    assert leads_to["pmid"] == pmid(13)
    assert desk.json("check", "paper.tex", "--newer", "0", status=0)["findings"] == []


def test_a_paper_stands_in_the_cells_of_the_parents_of_its_tags(desk):
    """Who cites a trial on cognition is told of a newer one on memory; the other way round nothing is newer."""
    for number, tag in ((13, "cognition"), (14, "memory")):
        desk.run("tag", "add", pmid(number), tag)
        desk.run("tag", "rm", pmid(number), "mortality")
    ((number, message),) = told(desk.json("check", tex(desk, key(13)), status=0), "pmid", "message")
    assert number == pmid(14)
    assert "tbi × cognition" in message
    for number, tag in ((13, "memory"), (14, "cognition")):
        desk.run("tag", "add", pmid(number), tag)
    for number, tag in ((13, "cognition"), (14, "memory")):
        desk.run("tag", "rm", pmid(number), tag)
    assert "memory" not in told(desk.json("check", "paper.tex", status=0), "message")[0][0]


@pytest.mark.parametrize("why", ["cited", "excluded", "retracted", "other cell", "told as an update"])
def test_newer_is_not_told_of_what_need_not_be_cited(desk, why):
    """Cited, decided against, retracted, or in another cell: nothing."""
    if why == "excluded":
        (desk.folder / "decided.ris").write_text(
            f"TY  - JOUR\nTI  - {TITLES[14]}\nAN  - {pmid(14)}\nDO  - 10.1000/example.14\nPY  - 2022\n"
            'N1  - RAYYAN-INCLUSION: {"Anna"=>"Excluded"}\nER  - \n'
        )
        desk.run("import", "decided.ris")
        assert [paper["pmid"] for paper in desk.json("list", "--decision", "exclude")] == [pmid(14)]
    elif why == "retracted":
        with sqlite3.connect(desk.folder / "db" / "reftrack.db") as connection:
            connection.execute("UPDATE papers SET retracted = 1 WHERE pmid = ?", (pmid(14),))
    elif why == "other cell":
        desk.run("tag", "rm", pmid(14), "mortality", "--because", "a test")
    elif why == "told as an update":
        desk.file.write_bytes(document(made_record(13, link("UpdateIn", "J Example. 2022", 14))))
        desk.run("import", desk.file)
        assert kinds(desk.json("check", tex(desk, key(13)), status=1)) == {("updated", pmid(13))}
        return
    keys = [key(13), key(14)] if why == "cited" else [key(13)]
    assert desk.json("check", tex(desk, *keys), status=0)["findings"] == []


# how it looks


def test_a_line_in_a_pipe_is_one_that_editors_jump_to(desk):
    """file:line: severity: kind: what, with further places behind."""
    done = desk.run("check", tex(desk, key(1), key(12), key(1)), "--no-newer", status=1)
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"paper.tex:2: error: retracted: {key(1)} (PMID {pmid(1)}) “{TITLES[1]}")
    assert line.endswith("(also paper.tex:4)")


@pytest.mark.parametrize("columns", [40, 80, 140])
def test_a_terminal_shows_groups_with_headings(desk, columns):
    """The gravest first, place and key on one line, nothing wider than the window."""
    tex(desk, key(3), key(1))
    command = [sys.executable, "-m", "reftrack", "check", "paper.tex", "--no-newer"]
    status, seen = terminal(command, desk.folder, columns=columns, both=False)
    assert status == 1
    lines = seen.splitlines()
    assert lines[0] == "Retracted"
    assert " ".join(lines[1:3]).split()[:4] == ["paper.tex:3", key(1), "(PMID", f"{pmid(1)})"]
    assert "Corrected" in lines
    assert max(map(len, lines)) <= columns


def test_quiet_says_only_what_matters(desk):
    """-q: findings, and what a person must know; no summary."""
    done = desk.run("-q", "check", tex(desk, key(1)), "--no-newer", status=1)
    assert "citation" not in done.stderr
    assert "ever compared with PubMed" in done.stderr


def test_a_library_that_pubmed_was_never_asked_for_says_so(desk):
    """Of the sample or of files: a retraction since then is not known."""
    result = check(desk, tex(desk, key(12)), status=0)
    assert (result["as_of"], result["never_compared"]) == (None, 1)
    assert "ever compared with PubMed" in desk.run("check", "paper.tex", "--no-newer").stderr


def test_escape_sequences_in_a_manuscript_do_nothing(desk):
    """Keys, titles and names of files come from anybody."""
    (desk.folder / "refs.bib").write_text("@article{x, title={RETRACTED: \x1b[2J\x9b31m evil \u202e title}, year=2001}")
    for arguments in ([], ["--json"]):
        done = desk.run("check", "refs.bib", *arguments, status=1)
        assert not {"\x1b", "\x9b", "\u202e"} & set(done.stdout + done.stderr) or arguments


# what cannot be checked


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("paper.pdf", b"%PDF-1.7\n", "is a PDF"),
        ("paper.docx", b"no zip at all", "no document that can be unpacked"),
        ("paper.docx", b"PK\x03\x04 cut", "is damaged"),
        ("paper.doc", b"\xd0\xcf\x11\xe0\xa1\xb1", "save it as CSV"),
        ("paper.xyz", b"\x00\x01\x02\x03" * 100, "is no text"),
        ("page.html", b"<!doctype html><html>", "is a web page"),
    ],
)
def test_what_is_no_manuscript_is_refused_in_a_sentence(desk, name, data, words):
    """Exit 2, naming what can be read; no traceback."""
    (desk.folder / name).write_bytes(data)
    assert words in desk.run("check", name, status=2).stderr


def test_a_file_that_is_not_there_a_folder_and_an_empty_library(tmp_path):
    """Usage is 2, a library that holds nothing is 5."""
    desk = Workspace(tmp_path)
    assert "There is no file" in desk.run("check", "nothing.tex", status=2).stderr
    assert "is a folder" in desk.run("check", "queries", status=2).stderr
    (desk.folder / "paper.tex").write_text("\\cite{x}")
    assert "library is empty" in desk.run("check", "paper.tex", status=5).stderr


def test_the_file_is_not_touched_and_neither_is_the_library(desk):
    """`check` only looks."""
    name = tex(desk, key(1))
    before = (desk.folder / name).read_bytes(), (desk.folder / "db" / "reftrack.db").read_bytes()
    desk.run("check", name, status=1)
    assert before == ((desk.folder / name).read_bytes(), (desk.folder / "db" / "reftrack.db").read_bytes())


def test_titles_of_a_megabyte_cost_no_more_than_others(desk):
    """A hostile title is compared by its beginning."""
    (desk.folder / "refs.json").write_text(
        json.dumps([item(12) | {"title": "Examplin in sports " + "medicine " * 120_000}])
    )
    began = time.monotonic()
    check(desk, "refs.json")
    assert time.monotonic() - began < 10


# the page


def fresh(page, folder):
    """docs/check.md with its manuscript checked anew."""
    (folder / "paper.tex").write_text(re.search(r"```latex\n(.*?)```", page, re.DOTALL)[1])
    (folder / "reftrack").write_text(f'#!/bin/sh\nexec {sys.executable} -m reftrack "$@"\n')
    (folder / "reftrack").chmod(0o755)
    begin, end = re.search(r"```console\n(.*?)```", page, re.DOTALL).span(1)
    shown = []
    for command in re.findall(r"^\$ (.*)$", page[begin:end], re.MULTILINE):
        place = {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(folder)}
        _, seen = terminal(command, folder, columns=92, environment=place)
        shown.append(f"$ {command}\n")
        if command.startswith("reftrack check"):
            shown.append("\n".join(line.rstrip() for line in seen.splitlines()).rstrip("\n") + "\n")
    return page[:begin] + "".join(shown) + page[end:]


def test_the_page_shows_what_the_command_prints(project, tmp_path):
    """docs/check.md: its manuscript, its commands, their output on the sample."""
    page = (project / "docs" / "check.md").read_text(encoding="utf-8")
    assert fresh(page, tmp_path) == page
