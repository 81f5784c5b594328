"""The evidence map as one HTML page that needs nothing else: its numbers stand there without a script, too."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape
from math import log
from pathlib import Path

from .evidence import ALL, NOWHERE, Count, EvidenceMap, Line, MapPapers, Tagged

_FILES = Path(__file__).parent / "map"
_NAMES = {"condition": "Condition", "population": "Species, population", "funding": "Funding"}
_UNSEEN = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c"))
SHADES = 5


def text(evidence: EvidenceMap, papers: MapPapers, *, within: str = "") -> str:
    """The whole page; without papers (there are too many) its numbers stand still.

    Within a site, `within` is the address of its first page: papers then lead to their pages there, else to PubMed.
    """
    live = not papers.uncounted
    scripts = [(_FILES / name).read_text(encoding="utf-8") for name in ("chartist.umd.js", "map.js")] if live else []
    hashes = " ".join(f"'sha256-{b64encode(sha256(one.encode()).digest()).decode()}'" for one in scripts)
    policy = (
        f"default-src 'none'; {f'script-src {hashes}; ' if live else ''}style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )
    title = f"Evidence map: {named(evidence.row_facet)} × {named(evidence.column_facet)}"
    style = (_FILES / "map.css").read_text(encoding="utf-8")
    return "".join(
        (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="referrer" content="no-referrer">\n',
            f"<title>{_safe(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n",
            f'<nav><a href="{_safe(within)}">← The library</a></nav>\n' if within else "",
            *_header(evidence, papers, title),
            "<main>\n",
            *(_filters(evidence, papers) if live else ()),
            *_key(evidence),
            *_table(evidence),
            *_below(evidence),
            "</main>\n",
            *_footer(evidence),
            *(_DIALOG if live else ""),
            f'<script type="application/json" id="data">{_data(evidence, papers, within)}</script>\n' if live else "",
            *(f"<script>{one}</script>\n" for one in scripts),
            "</body>\n</html>\n",
        )
    )


_DIALOG = """<dialog id="cell" aria-labelledby="cell-title"><div class="top"><h2 id="cell-title"></h2>
<p id="cell-told"></p>
<p class="line"><code id="cell-command" tabindex="0"></code>
<button type="button" class="button" id="cell-copy">Copy</button></p>
<button type="button" class="button close" id="cell-close" aria-label="Close">×</button></div>
<ol class="papers" id="cell-papers"></ol><button type="button" class="button more" id="cell-more"></button></dialog>
"""


def named(facet: str) -> str:
    """A facet as a reader calls it."""
    return "study type" if facet == "study" else facet


def _safe(value: object) -> str:
    return escape(str(value).translate(_UNSEEN))


def _data(evidence: EvidenceMap, papers: MapPapers, within: str) -> str:
    """JSON that cannot end the element it stands in."""
    years, base = _base(evidence.base)
    data = {
        "facets": [evidence.row_facet, evidence.column_facet],
        "rows": _placed(evidence.rows),
        "columns": _placed(evidence.columns),
        "tags": [{"tag": one.tag, "label": one.label, "parent": one.parent} for one in papers.tags],
        "base": base,
        "years": years,
        "text": evidence.text,
        "counted": evidence.counted,
        "papers": papers.papers,
        "paper": f"{within}paper/" if within else "",
    }
    # Only texts of records lose what turns their direction: a command must stay the same, letter by letter.
    texts = _json(papers.texts).translate(_UNSEEN)
    written = f'{_json(data)[:-1]},"texts":{texts}}}'
    return written.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _base(options: Sequence[str]) -> tuple[list[int | None], list[str]]:
    """The years of the selection apart from its other options: a reader's own narrow them."""
    words = list(options)
    if "--year" not in words:
        return [None, None], words
    place = words.index("--year")
    first, dots, last = words[place + 1].partition("..")
    ends = (first, last if dots else first)
    return [int(end) if end else None for end in ends], words[:place] + words[place + 2 :]


def _placed(lines: Sequence[Line]) -> list[dict[str, object]]:
    places = {line.tag: place for place, line in enumerate(lines)}
    return [{"tag": one.tag, "label": one.label, "parent": places.get(one.parent, -1)} for one in lines]


def _header(evidence: EvidenceMap, papers: MapPapers, title: str) -> Iterator[str]:
    total = evidence.total
    yield f"<header>\n<h1>{_safe(title)}</h1>\n"
    yield f'<p class="lead" id="shown" role="status">{_told(total)}.</p>\n'
    if papers.uncounted:
        yield (
            "<p>These are more papers than a page can hold, so it shows their numbers only. Narrow the selection "
            "(<code>--tag</code>, <code>--year</code>) for a page that opens its papers; the command below lists them "
            "all.</p>\n"
        )
    elif papers.without_sentences:
        number = f"{papers.without_sentences:,} {'paper has' if papers.without_sentences == 1 else 'papers have'}"
        yield (
            f"<p>{number} no sentences here, since a page would be too large; the command of a cell lists its papers, "
            "and <code>reftrack why</code> shows a paper's sentences. Every paper is counted.</p>\n"
        )
    hidden = "" if papers.uncounted else " hidden"
    copy = "" if papers.uncounted else ' <button type="button" class="button" id="copy">Copy</button>'
    yield f'<p class="line" id="line"{hidden}><code id="command">{_safe(evidence.command(ALL, ALL))}</code>{copy}</p>\n'
    yield "</header>\n"


def _told(count: Count) -> str:
    parts = [_plural(count.papers, "paper"), _plural(count.trials, "trial")]
    parts += [f"{count.new:,} new"] * bool(count.new) + [f"{count.retracted:,} retracted"] * bool(count.retracted)
    return ", ".join(parts)


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _filters(evidence: EvidenceMap, papers: MapPapers) -> Iterator[str]:
    yield '<form class="narrow" id="narrow" hidden aria-label="Narrow the map">\n'
    carried = {place for paper in papers.papers for place in paper[5]}  # type: ignore[attr-defined]
    for facet, name in _NAMES.items():
        options = list(_options(papers.tags, facet, carried))
        if options:
            yield f'<label>{name}<select data-facet="{facet}" id="by-{facet}"><option value="">all</option>'
            yield from options
            yield "</select></label>\n"
    years = [year for year in evidence.years if year]
    if years:
        yield '<fieldset><legend>Years</legend><span class="pair">'
        for name, year in (("from", min(years)), ("to", max(years))):
            yield (
                f'<input type="number" id="{name}" min="1000" max="9999" placeholder="{year}" inputmode="numeric" '
                f'aria-label="{"First" if name == "from" else "Last"} year">{"–" if name == "from" else ""}'
            )
        yield "</span></fieldset>\n"
    languages = sorted({language for paper in papers.papers for language in paper[6]})  # type: ignore[attr-defined]
    if languages and "--language" not in evidence.base:
        yield '<label>Language<select id="language"><option value="">all</option>'
        yield from (f"<option>{_safe(language)}</option>" for language in languages)
        yield "</select></label>\n"
    yield '<fieldset><legend>Count</legend><span class="choice">'
    for what in ("papers", "trials"):
        checked = " checked" if what == evidence.counted else ""
        yield f'<label><input type="radio" name="counted" value="{what}"{checked}><span>{what}</span></label>'
    yield '</span></fieldset>\n<button type="button" class="button" id="reset">Show all</button>\n</form>\n'


def _options(tags: Sequence[Tagged], facet: str, carried: set[int]) -> Iterator[str]:
    """Those that a paper carries, and what stands above them, children under their parents."""
    wanted: set[int] = set()
    for one in carried:
        at = one
        while at >= 0:
            wanted.add(at)
            at = tags[at].parent
    for place, tag in enumerate(tags):
        if tag.facet != facet or place not in wanted:
            continue
        depth, at = 0, tag.parent
        while at >= 0:
            depth, at = depth + 1, tags[at].parent
        yield f'<option value="{place}">{"   " * depth}{_safe(tag.label)}</option>'


def _key(evidence: EvidenceMap) -> Iterator[str]:
    counts = evidence.cells.values()
    yield f'<ul class="key"><li><b>12</b>{evidence.counted}, darker where there are more</li>'
    if any(count.new for count in counts):
        yield f'<li><b class="is-new">12<sup>+1</sup></b>new {_safe(evidence.new_told)}</li>'
    if any(count.retracted for count in counts):
        yield "<li><b>12 <s>1</s></b>retracted among them</li>"
    yield '<li><b class="is-gap">·</b>a gap: no paper</li></ul>\n'


def _table(evidence: EvidenceMap) -> Iterator[str]:
    ends = [
        Line(NOWHERE, "none", "", 0, Count()),
        Line(ALL, "all", "", 0, Count()),
    ]
    rows, columns = [*evidence.rows, *ends], [*evidence.columns, *ends]
    places = [(row.tag, column.tag) for row in evidence.rows for column in evidence.columns]
    most = max((_number(evidence, evidence.at(*place)) for place in places), default=0)
    yield '<label class="check screen" id="everything-box" hidden><input type="checkbox" id="everything">'
    yield " Rows and columns without a paper, too</label>\n"
    # A region that scrolls must be reachable by keyboard; here its buttons are.
    yield '<div class="wide" role="region" aria-label="Evidence map"><table class="map" id="map" data-still>\n'
    facets = f"{_safe(named(evidence.row_facet))} in rows, {_safe(named(evidence.column_facet))} in columns"
    yield f'<caption class="seen">{facets}; '
    yield "arrow keys move from cell to cell, Enter opens one.</caption>\n<thead><tr><td></td>"
    for place, column in enumerate(columns):
        kind = ' class="none"' if column.tag == NOWHERE else ""
        yield f'<th scope="col" data-c="{place}"{kind}{_absent(evidence.at_column(column.tag), column.tag)}>'
        yield f"<span>{_safe(column.label)}</span></th>"
    yield "</tr></thead>\n<tbody>\n"
    for number, row in enumerate(rows):
        kind = {NOWHERE: ' class="none"', ALL: ' class="sum"'}.get(row.tag, "")
        depth = f' class="d{min(row.depth, 3)}"' if row.depth else ""
        yield f'<tr data-r="{number}"{kind}{_absent(evidence.at_row(row.tag), row.tag)}>'
        yield f'<th scope="row"{depth}>{_safe(row.label)}</th>'
        for place, column in enumerate(columns):
            both = row.tag == column.tag == ALL
            count = evidence.total if both else evidence.at(row.tag, column.tag)
            yield f'<td data-r="{number}" data-c="{place}"{_absent(evidence.at_column(column.tag), column.tag)}'
            yield f"{_cell(evidence, row.tag, column.tag, count, most)}</td>"
        yield "</tr>\n"
    yield "</tbody></table></div>\n"


def _absent(count: Count, tag: str) -> str:
    return "" if count.papers or tag == ALL else " hidden"


def _number(evidence: EvidenceMap, count: Count) -> int:
    return count.trials if evidence.counted == "trials" else count.papers


def _cell(evidence: EvidenceMap, row: str, column: str, count: Count, most: int) -> str:
    if not count.papers:
        return ' class="gap">·'
    number, kinds, is_sum = _number(evidence, count), [], ALL in (row, column)
    if is_sum:
        kinds.append("sum")
    elif NOWHERE not in (row, column):
        step = 0 if number < 1 or most <= 1 else min(SHADES - 1, int(log(number) / log(most) * SHADES))
        kinds.append(f"s{step + 1}")
    if count.new and not is_sum:
        kinds.append("new")
    marks = f"<sup>+{count.new:,}</sup>" if count.new and not is_sum else ""
    marks += f"<s>{count.retracted:,}</s>" if count.retracted else ""
    return f' class="{" ".join(kinds)}">{number:,}{marks}'


def _below(evidence: EvidenceMap) -> Iterator[str]:
    yield '<section aria-labelledby="h-years"><h2 id="h-years">Papers per year</h2>\n'
    yield '<div class="years" id="years" hidden></div>\n<details><summary>The years as a table</summary>'
    yield '<table class="small" id="years-table"><thead><tr><th scope="col">Year</th><th scope="col">Papers</th></tr>'
    yield "</thead><tbody>"
    named = sorted(((year, papers) for year, papers in evidence.years.items() if year), reverse=True)
    for year, papers in named:
        yield f'<tr><th scope="row">{year}</th><td>{papers:,}</td></tr>'
    if without := evidence.years.get(None):
        yield f'<tr><th scope="row">no year</th><td>{without:,}</td></tr>'
    yield "</tbody></table></details></section>\n"
    rows = [line for line in evidence.rows if line.count.papers]
    columns = [line for line in evidence.columns if line.count.papers]
    gaps = {row.tag: [one for one in columns if not evidence.at(row.tag, one.tag).papers] for row in rows}
    empty = sum(map(len, gaps.values()))
    yield '<section aria-labelledby="h-gaps"><h2 id="h-gaps">Gaps</h2>\n'
    yield f'<p class="soft" id="gaps-told">{empty:,} of {_plural(len(rows) * len(columns), "cell")} where a row and a '
    yield "column with papers meet hold none.</p>\n<details class=gapped>"
    yield '<summary>Each of them</summary>\n<ul class="gaps" id="gaps">'
    for row in rows:
        if missing := gaps[row.tag]:
            labels = "; ".join(_safe(one.label) for one in missing)
            yield f"<li><b>{_safe(row.label)}</b>: no paper in {labels}</li>\n"
    for facet, lines in ((evidence.row_facet, evidence.rows), (evidence.column_facet, evidence.columns)):
        if none := [_safe(line.label) for line in lines if not line.count.papers]:
            yield f"<li><b>No paper at all</b> ({_safe(facet)}): {'; '.join(none)}</li>\n"
    yield "</ul></details></section>\n"


def _footer(evidence: EvidenceMap) -> Iterator[str]:
    yield "<footer><p>"
    if evidence.column_facet == "study" or evidence.row_facet == "study":
        yield "A paper stands under its primary study type alone. "
    yield (
        "It stands in every row whose tag it carries, and a tag holds the papers of those below it, so rows add up to "
        "more than all. None: papers without such a tag. A map counts; it does not weigh or advise. Tags are given by "
        "rules and by hand; <code>reftrack why</code> explains each.</p>"
    )
    yield f"<p>reftrack {_safe(evidence.version)}</p></footer>\n"
