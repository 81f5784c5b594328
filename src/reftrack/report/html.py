"""A digest as one HTML page that needs nothing else: no script, no request, light and dark, phone and paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from . import words
from .digest import Digest, Item, Problem, Section

_STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf7; --card: #fff; --ink: #1d2327; --soft: #5b656d; --line: #e3e0d8;
  --link: #0b5a8a; --chip: #f0eee8; --bad: #b3261e; --bad-soft: #fdecea; --warn: #8a5300; --warn-soft: #fdf3e1;
  --good: #1f6f43; --bar: #c9c4b8; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171a; --card: #1c2125; --ink: #e7e9ea; --soft: #9aa5ad;
  --line: #2e353b; --link: #7cc0ee; --chip: #2a3137; --bad: #ff8a80; --bad-soft: #3a1c1a; --warn: #f2b95c;
  --warn-soft: #33270f; --good: #7fd1a3; --bar: #4a545c; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.5;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  font-size: 1rem; overflow-wrap: anywhere; }
header, main, footer { max-width: 48rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.75rem; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -.015em; margin: 0 0 .35rem; text-wrap: balance; }
h2 { font-size: 1.125rem; margin: 0; display: flex; align-items: baseline; gap: .5rem; }
h3 { font-size: 1rem; font-weight: 600; line-height: 1.4; margin: 0; }
p { margin: 0; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
.lead { color: var(--soft); }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .5rem; padding: 0; margin: 1.25rem 0 0; }
nav a { display: block; padding: .3rem .8rem; border: 1px solid var(--line); border-radius: 99rem;
  background: var(--card); color: var(--ink); font-size: .9375rem; font-variant-numeric: tabular-nums; }
nav a.bad { background: var(--bad-soft); border-color: var(--bad); color: var(--bad); font-weight: 600; }
nav a.warn { background: var(--warn-soft); border-color: var(--warn); color: var(--warn); }
section { margin-top: 2.5rem; }
section > p { color: var(--soft); font-size: .9375rem; margin-top: .15rem; }
.count { color: var(--soft); font-weight: 400; font-variant-numeric: tabular-nums; }
.papers { list-style: none; margin: .9rem 0 0; padding: 0; display: grid; gap: .75rem; }
.papers > li { background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--bar);
  border-radius: .5rem; padding: .8rem 1rem .85rem; }
#retracted h2 { color: var(--bad); }
#retracted .papers > li { border-left-color: var(--bad); }
#notice .papers > li { border-left-color: var(--warn); }
#new .papers > li, #late .papers > li, #indexed .papers > li { border-left-color: var(--good); }
.mark { display: inline-block; font-size: .75rem; font-weight: 700; letter-spacing: .03em; color: var(--bad);
  background: var(--bad-soft); border-radius: .25rem; padding: .1rem .4rem; margin: 0 .4rem .1rem 0; }
.mark.deleted { color: var(--warn); background: var(--warn-soft); }
.source, .told { color: var(--soft); font-size: .875rem; margin-top: .25rem; }
.told { margin-top: .45rem; }
.source span:not(:last-child)::after { content: " ·"; }
code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .875em; }
.why { margin-top: .5rem; padding: .35rem .65rem; background: var(--chip); border-radius: .3rem; font-size: .9375rem; }
.why::first-letter { text-transform: uppercase; }
#retracted .why { background: var(--bad-soft); }
#notice .why { background: var(--warn-soft); }
.tags { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem; padding: 0; margin: .5rem 0 0; }
.tags li { background: var(--chip); border-radius: .25rem; padding: .05rem .45rem; font-size: .8125rem; }
.tags .study { font-weight: 600; }
.more { margin-top: .75rem; }
.problems { margin: .75rem 0 0; padding: 0; list-style: none; display: grid; gap: .5rem; }
.problems li { border-left: 4px solid var(--warn); background: var(--warn-soft); border-radius: .3rem;
  padding: .5rem .8rem; font-size: .9375rem; }
.problems .warning { border-left-color: var(--bar); background: var(--chip); }
.nothing { margin-top: 1.5rem; padding: 1rem 1.1rem; background: var(--card); border: 1px solid var(--line);
  border-left: 4px solid var(--good); border-radius: .5rem; }
.nothing.short { border-left-color: var(--warn); }
footer { margin-top: 3rem; padding-bottom: 3rem; color: var(--soft); font-size: .8125rem; }
footer h2 { font-size: .9375rem; color: var(--ink); border-top: 1px solid var(--line); padding-top: 1.25rem; }
.wide { overflow-x: auto; overflow-wrap: normal; margin: .6rem 0 .9rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; color: var(--ink); }
.number { text-align: right; }
@media (max-width: 34rem) { header { padding-top: 1.5rem; } h1 { font-size: 1.4rem; } section { margin-top: 2rem; }
  header, main, footer { padding-left: .9rem; padding-right: .9rem; } .papers > li { padding: .7rem .8rem; } }
@media print { :root { color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --soft: #333; --line: #bbb;
  --link: #000; --chip: #fff; --bad: #a00; --bad-soft: #fff; --warn: #640; --warn-soft: #fff; --good: #063;
  --bar: #888; }
  body { font-size: 10pt; } header, main, footer { max-width: none; padding: 0; } section { margin-top: 1.5rem; }
  .papers > li, .problems li, tr { break-inside: avoid; } h2 { break-after: avoid; }
  .why { padding-left: 0; } .mark { padding-left: 0; } .tags li { border: 1px solid var(--line); }
  nav { display: none; } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def text(digest: Digest) -> str:
    """The whole page."""
    heading = words.heading(digest)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{_safe(heading)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "".join(_header(digest, heading))
        + "<main>\n"
        + "".join(_main(digest))
        + "</main>\n"
        + "".join(_footer(digest))
        + "</body>\n</html>\n"
    )


def _safe(plain: object) -> str:
    return escape(words.inert(plain), quote=True)


def _sentence(said: str) -> str:
    """A sentence in which `commands` are marked."""
    parts = said.split("`")
    if len(parts) % 2 == 0:  # a backtick of somebody else's
        return _safe(said)
    return "".join(f"<code>{_safe(part)}</code>" if place % 2 else _safe(part) for place, part in enumerate(parts))


def _header(digest: Digest, heading: str) -> Iterator[str]:
    yield f"<header>\n<h1>{_safe(heading)}</h1>\n"
    if digest.runs:
        lead = [words.number(len(digest.runs), "run"), words.found(digest)]
        yield f'<p class="lead">{_safe(" · ".join(filter(None, lead)))}</p>\n'
    entries: list[tuple[str, str, str]] = [
        (bucket, told, "bad" if bucket == "retracted" else "plain") for bucket, told in words.counts(digest)
    ]
    if digest.fell_short:
        entries.append(("short", words.fell_short(digest), "warn"))
    if entries:
        yield '<nav aria-label="Sections"><ul>\n'
        for place, told, kind in entries:
            yield f'<li><a class="{kind}" href="#{place}">{_safe(told)}</a></li>\n'
        yield "</ul></nav>\n"
    yield "</header>\n"


def _main(digest: Digest) -> Iterator[str]:
    if only := words.one_line(digest):
        kind = " short" if digest.fell_short or not digest.runs else ""
        yield f'<p class="nothing{kind}">{_sentence(only)}</p>\n'
    for section in digest.sections:
        yield from _section(digest, section)
    yield from _problems("short", words.SHORT_TITLE, digest.fell_short)
    yield from _problems("warned", words.WARNED, [each for each in digest.problems if each.kind == "warning"])


def _section(digest: Digest, section: Section) -> Iterator[str]:
    name, title = section.bucket, words.TITLES[section.bucket]
    yield f'<section id="{name}" aria-labelledby="{name}-title">\n'
    yield f'<h2 id="{name}-title">{title} <span class="count">{section.total:,}</span></h2>\n'
    if said := words.said(section):
        yield f"<p>{_safe(said)}</p>\n"
    if section.items:
        yield '<ul class="papers">\n'
        for item in section.items:
            yield from _item(section, item)
        yield "</ul>\n"
    if more := words.more(digest, section):
        yield f'<p class="more">{_sentence(more)}</p>\n'
    yield "</section>\n"


def _item(section: Section, item: Item) -> Iterator[str]:
    yield "<li><article>\n<h3>"
    for mark in item.card.marks if item.card else ():
        yield f'<strong class="mark {mark}">{words.MARKS[mark]}</strong>'
    # bdi: a title in a script that runs from right to left must not reorder what stands beside it.
    yield f'<a href="{words.link(item)}"><bdi>{_safe(words.title(item))}</bdi></a></h3>\n'
    source = [f"<bdi>{_safe(part)}</bdi>" for part in words.source_line(item)] + [f"PMID {item.pmid}"]
    if item.card and item.card.key:
        source.append(f"<code>{_safe(item.card.key)}</code>")
    yield f'<p class="source">{" ".join(f"<span>{part}</span>" for part in source)}</p>\n'
    for told in words.retagged(item):
        yield f'<p class="why"><bdi>{_safe(told)}</bdi></p>\n'
    if because := words.because(section.bucket, item):
        yield f'<p class="{"told" if section.bucket == "indexed" else "why"}"><bdi>{_safe(because)}</bdi></p>\n'
    if tags := words.tags(item.card):
        study = item.card.study if item.card else ""
        yield '<ul class="tags" aria-label="Tags">'
        for place, tag in enumerate(tags):
            kind = "study" if study and not place else "tag"
            yield f'<li class="{kind}">{_safe(tag)}</li>'
        yield "</ul>\n"
    yield f'<p class="told">{words.queries(section.bucket)} {_safe(", ".join(item.queries))}</p>\n</article></li>\n'


def _problems(name: str, title: str, problems: Sequence[Problem]) -> Iterator[str]:
    if problems:
        yield f'<section id="{name}" aria-labelledby="{name}-title">\n<h2 id="{name}-title">{title}</h2>\n'
        yield '<ul class="problems">\n'
        for problem in problems:
            yield f'<li class="{problem.kind}">{_sentence(words.problem(problem))}</li>\n'
        yield "</ul>\n</section>\n"


def _footer(digest: Digest) -> Iterator[str]:
    yield "<footer>\n"
    if digest.runs:
        yield '<h2>Runs</h2>\n<div class="wide" tabindex="0" role="region" aria-label="Runs"><table>\n<thead><tr>'
        yield "".join(f'<th scope="col"{_class(name)}>{name}</th>' for name in words.RUN_COLUMNS)
        yield "</tr></thead>\n<tbody>\n"
        for row in words.run_rows(digest):
            cells = zip(words.RUN_COLUMNS, row, strict=True)
            yield f"<tr>{''.join(f'<td{_class(name)}>{_safe(cell)}</td>' for name, cell in cells)}</tr>\n"
        yield "</tbody></table></div>\n"
        if other := words.other_runs(digest):
            yield f"<p>{_sentence(other)}</p>\n"
    yield f"<p>reftrack {_safe(digest.version)}</p>\n</footer>\n"


def _class(column: str) -> str:
    return ' class="number"' if column in ("Found", "Held", "Requests") else ""
