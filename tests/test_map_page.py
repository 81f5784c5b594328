"""The page of the evidence map in a real Chromium: by keyboard, narrowed, on a phone, on paper, with hostile titles."""

import json
import re
import shlex

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from desk import Workspace
from papers import document, record
from test_map import TITLES, mapped  # noqa: F401 - a fixture

pytestmark = pytest.mark.browser


@pytest.fixture
def page(mapped, browser):  # noqa: F811
    """The map of conditions and outcomes: both axes are tags that `list` takes as they are."""
    file = mapped.folder / "map.html"
    mapped.run("map", "--rows", "condition", "--columns", "outcome", "-o", file)
    browser.media(prefers_reduced_motion="reduce")  # what fades in is not yet seen
    browser.open(file)
    return browser


def listed(workspace, command):
    """How many papers a printed command gives, run as it stands."""
    words = shlex.split(command)
    assert words[:2] == ["reftrack", "list"]
    return len(workspace.json(*words[1:]))


def cells(browser):
    """(row, column, what a reader of the screen hears, the command inside) of every cell in sight."""
    return browser.run(
        """return [...document.querySelectorAll('#map td[data-r]')].filter((td) => td.offsetParent).map((td) => {
            td.button.click();
            const told = [td.button.getAttribute('aria-label'), document.getElementById('cell-command').textContent,
                document.querySelectorAll('#cell-papers > li').length];
            document.getElementById('cell').close();
            return told;
        })"""
    )


def heard(label):
    found = re.search(r": ([\d,]+) papers?", label)
    return int(found[1]) if found else 0


def test_it_says_nothing_on_the_console_and_asks_nobody(page):
    """A page of its own: no error, no warning, no request but for itself, also while it is used."""
    cells(page)
    assert [address for address in page.requests() if not address.startswith(("file:", "data:"))] == []
    assert page.complaints() == []


def test_every_cell_is_what_its_command_lists(mapped, page):  # noqa: F811
    """The number that is heard, the papers inside, and what the printed command lists are the same."""
    seen = cells(page)
    assert len(seen) > 12
    for label, command, papers in seen:
        assert heard(label) == papers == listed(mapped, command), label


def test_study_types_are_the_primary_ones_in_the_commands_too(mapped, browser):  # noqa: F811
    """Of outcome by study type each cell, also of papers without either, and narrowed by language, is its command's."""
    file = mapped.folder / "studies.html"
    mapped.run("map", "-o", file)
    browser.media(prefers_reduced_motion="reduce")
    browser.open(file)
    for language in ("all", "rus"):
        Select(browser.find("#language")).select_by_visible_text(language)
        seen = cells(browser)
        assert heard(seen[-1][0]) == (1 if language == "rus" else len(TITLES) + 1)
        assert any("--study none" in command for _, command, _ in seen) == (language == "all")
        for label, command, papers in seen:
            assert heard(label) == papers == listed(mapped, command), (label, command)


def narrow(browser, **asked):
    for name, value in asked.items():
        if name in ("from", "to"):
            browser.run(
                "const e = document.getElementById(arguments[0]); e.value = arguments[1]; "
                "e.dispatchEvent(new Event('change'))",
                name,
                value,
            )
        else:
            Select(browser.find(f"#by-{name}")).select_by_visible_text(value)


@pytest.mark.parametrize(
    "asked",
    [
        {"condition": "Stroke"},
        {"condition": "Traumatic brain injury", "from": "2015"},
        {"from": "2014", "to": "2019"},
        {"population": "Rats"},
        {"funding": "Industry has a part"},
        {"funding": "No conflict of interest declared", "condition": "Stroke"},
    ],
    ids=str,
)
def test_filters_count_as_the_printed_command_does(mapped, page, asked):  # noqa: F811
    """What a reader narrows by stands in the command, and all counts are made anew."""
    narrow(page, **asked)
    seen = cells(page)
    assert 0 < heard(seen[-1][0]) < len(TITLES) + 1
    for label, command, papers in seen:
        assert heard(label) == papers == listed(mapped, command), (label, command)
    page.find("#reset").click()
    assert heard(cells(page)[-1][0]) == len(TITLES) + 1


def test_the_selection_of_the_map_stays_in_its_commands(mapped, browser):  # noqa: F811
    """Years of the map and years of the reader meet; words with quotes and hyphens survive a shell."""
    file = mapped.folder / "narrow.html"
    asked = ["--year", "2014..2021", "--match", 'stroke[ti] OR "head injury"[ti]']
    mapped.run("map", *asked, "--rows", "condition", "--columns", "outcome", "-o", file)
    browser.open(file)
    narrow(browser, to="2018")
    assert "--year 2014..2018" in browser.text("#command")
    for label, command, papers in cells(browser):
        assert heard(label) == papers == listed(mapped, command), (label, command)
    narrow(browser, **{"from": "2030"})  # outside the map's years: the nearest, and the field says so
    assert "--year 2018..2021" in browser.text("#command")
    narrow(browser, to="2013")
    assert "--year 2014..2018" in browser.text("#command")
    assert [browser.run(f"return document.getElementById('{name}').value") for name in ("from", "to")] == [
        "2014",
        "2018",
    ]


def test_papers_without_a_year(tmp_path, browser):
    """Where no paper has a year the page works as any other, but for the years."""
    workspace = Workspace(tmp_path)
    made = record(1, title="Examplin after stroke: a randomized trial of mortality.")
    workspace.file.write_bytes(document(made.replace(b"<Year>2020</Year>", b"<MedlineDate>Spring</MedlineDate>")))
    workspace.fetch("stroke")
    workspace.run("map", "-o", tmp_path / "map.html")
    browser.open(tmp_path / "map.html")
    seen = cells(browser)
    assert seen
    for label, command, papers in seen:
        assert heard(label) == papers == listed(workspace, command), (label, command)
    assert browser.complaints() == []


def test_by_keyboard(page):
    """Tab reaches one cell, arrows the others, Enter opens, Escape closes and the focus is where it was."""
    focused = "const a = document.activeElement; return a.td ? [a.td.r, a.td.c] : a.id || a.tagName"
    for _ in range(30):
        page.press(Keys.TAB)
        if isinstance(page.run(focused), list):
            break
    start = page.run(focused)
    assert isinstance(start, list)
    page.press(Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
    place = page.run(focused)
    assert place[0] > start[0]
    assert place[1] > start[1]
    page.press(Keys.HOME)
    assert page.run(focused)[1] == start[1]
    page.press(Keys.END, Keys.ENTER)
    assert page.run("return document.getElementById('cell').open")
    assert page.run(focused) == "cell-close"
    page.press(Keys.ESCAPE)
    assert not page.run("return document.getElementById('cell').open")
    assert page.run(focused) == [
        place[0],
        page.run("return Math.max(...[...document.querySelectorAll('#map td[data-r]')].map((td) => td.c))"),
    ]
    page.press(Keys.TAB)
    assert not isinstance(page.run(focused), list), "a second Tab leaves the table"


def test_what_is_heard(mapped, browser):  # noqa: F811
    """A cell of the usual map names row, column, papers, trials, new and retracted ones in words."""
    file = mapped.folder / "study.html"
    mapped.run("map", "-o", file)
    browser.media(prefers_reduced_motion="reduce")
    browser.open(file)
    labels = [label for label, _, _ in cells(browser)]
    assert "Mortality, Randomized controlled trial: 1 paper, 1 trial, 1 new" in labels
    assert "Mood, Randomized controlled trial: 1 paper, 1 trial, 1 retracted" in labels
    assert any(label.endswith(": no paper, a gap") for label in labels)
    named = browser.find("#years svg").get_attribute("aria-label")
    assert named.startswith("Papers per year, 2013 to 2023")
    browser.run("document.querySelectorAll('#map td.new button')[0].click()")
    assert browser.text("#cell-papers .is-new") == "New"
    browser.find("#cell-close").click()
    browser.run(
        "[...document.querySelectorAll('#map button')].find((b) => b.ariaLabel.startsWith('Mood, Rand')).click()"
    )
    assert browser.text("#cell-papers .is-retracted") == "Retracted"
    struck = browser.find("#cell-papers s a")
    assert struck.get_attribute("rel") == "noopener noreferrer"
    assert struck.get_attribute("href") == "https://pubmed.ncbi.nlm.nih.gov/90000004/"
    assert [mark.text.lower() for mark in browser.find_all("#cell-papers mark")]


def test_hostile_titles_are_text(page):
    """A title that would be a script or an image is shown as it is written and does nothing."""
    page.run("[...document.querySelectorAll('#map td[data-r]')].at(-1).button.click()")
    assert "</script><script>alert(1)</script>" in page.text("#cell-papers")
    assert page.run("return document.images.length") == 0
    assert page.run("return document.scripts.length") == 3
    assert page.complaints() == []


def test_on_a_phone(page):
    """At 360 pixels the page itself does not scroll sideways, open or closed, in the dark or not."""
    page.resize(360, 740)
    page.driver.refresh()
    for opens in (False, True):
        if opens:
            page.run("[...document.querySelectorAll('#map td[data-r]')].at(-1).button.click()")
        assert page.run("return [document.documentElement.scrollWidth, innerWidth]") == [360, 360]
    assert page.run("return document.getElementById('cell').scrollWidth") <= 360


def test_trials_and_empty_rows(page):
    """The switch counts trials; the box brings the rows and columns without a paper."""
    before = len(cells(page))
    page.run("document.querySelector('input[value=trials]').click()")
    assert "1 trial" in page.run("return document.querySelector('#map td.s1 button').ariaLabel")
    page.find("#everything").click()
    assert len(cells(page)) > before


def test_without_a_script_it_is_a_table(mapped, page):  # noqa: F811
    """Where no script runs the counts, the gaps and the years stand there all the same."""
    page.script(on=False)
    file = mapped.folder / "map.html"
    page.open(file)
    drawn = json.loads(mapped.run("map", "--rows", "condition", "--columns", "outcome", "--json").stdout)
    for row in drawn["rows"]:
        if row["papers"]:
            assert row["label"] in page.text("#map")
    assert not page.find("#narrow").is_displayed()
    assert page.find_all("#map button") == []
    assert page.find_all("#years-table tbody tr")


def test_on_paper(page, tmp_path):
    """Printed, the controls are gone, the table and the named gaps are there."""
    page.media("print")
    assert not page.find("#narrow").is_displayed()
    assert page.find("#map").is_displayed()
    assert page.run("return document.getElementById('gaps').getBoundingClientRect().height") > 0
    page.print_pdf(tmp_path / "map.pdf", landscape=True)
    assert (tmp_path / "map.pdf").read_bytes().startswith(b"%PDF")
