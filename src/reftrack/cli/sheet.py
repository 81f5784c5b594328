"""What a reader sees of a paper while screening: a sheet of exactly so many columns and rows. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ..notices import without_mark
from .screen import READABLE, clean
from .show import citation, notices

if TYPE_CHECKING:
    from ..model import Evidence, HeldPaper, Paper

EVIDENCE = "bold underline"
_STYLE_OF = {"RETRACTED": "bold red", "CONCERN": "bold magenta"}
FEW_AUTHORS = 6


def body(
    held: HeldPaper, evidence: Iterable[Evidence], *, own: Sequence[tuple[str, str]], width: int, plain: bool
) -> list[Text]:
    """A paper from its notices to the end of its abstract, in lines of at most `width` columns.

    `own` are lines of (name, text) below the tags: what was decided and noted. With `plain` evidence is marked «so»,
    for a terminal that knows no other way.
    """
    paper = held.paper
    marks = _marks(evidence)
    parts = list(_alerts(held))
    title = without_mark(paper.title) if paper.retracted else paper.title
    parts.append(_marked(title, marks.get(("title", 0), ()) if title == paper.title else (), plain, style="bold"))
    parts += [Text(line) for line in _facts(held)]
    parts += [_named(name, text) for name, text in own]
    parts.append(Text())
    parts += _abstract(paper, marks, plain)
    lines: list[Text] = []
    console = Console(file=StringIO(), width=width)
    for part in parts:
        lines += part.wrap(console, max(1, min(width, READABLE)), overflow="fold") or [Text()]
    return lines


def fit(choices: Sequence[str], width: int) -> str:
    """The first of these texts that fits into so many columns; of the last as much as fits."""
    chosen = next((one for one in choices if cell_len(one) <= width), choices[-1])
    line = Text(chosen)
    line.truncate(width, overflow="crop")
    return line.plain


def rendered(lines: Sequence[Text], console: Console) -> list[str]:
    """Lines with the codes that the console's terminal understands: none where it knows or is to show no colour."""
    with console.capture() as capture:
        for line in lines:
            console.print(line, no_wrap=True, overflow="crop", crop=True)
    return capture.get().split("\n")[: len(lines)]


def _alerts(held: HeldPaper) -> Iterator[Text]:
    told = list(notices(held.paper))
    for name, sentence in told:
        if name in _STYLE_OF:
            yield Text(f"{name}: {sentence}", style=_STYLE_OF[name])
    if held.deleted:
        yield Text(f"DELETED: PubMed no longer serves this record (seen {held.deleted[:10]}).", style="bold red")
    for name, sentence in told:
        if name not in _STYLE_OF:
            yield Text(f"{name}: {sentence}", style="magenta")


def _facts(held: HeldPaper) -> Iterator[str]:
    paper = held.paper
    if paper.vernacular_title and paper.vernacular_title != paper.title:
        yield clean(paper.vernacular_title)
    authors = [clean(author.short) for author in paper.authors]
    if authors:
        yield ", ".join(authors[:FEW_AUTHORS]) + (" et al." if len(authors) > FEW_AUTHORS else "")
    yield f"{citation(paper)} · PMID {paper.pmid}"
    by_facet: dict[str, list[str]] = {}
    for tag in held.tags:
        by_facet.setdefault(tag.facet, []).append(tag.slug)
    study = by_facet.pop("study", [])
    kinds = [kind.name for kind in paper.publication_types if kind.name != "Journal Article"]
    said = f" ({', '.join(map(clean, kinds))})" if kinds else ""
    if study or said:
        yield f"Study: {', '.join(study)}{said}" if study else f"Type: {said.strip(' ()')}"
    rest = [slug for slugs in by_facet.values() for slug in slugs]
    if rest:
        yield f"Tags: {', '.join(rest)}"


def _named(name: str, text: str) -> Text:
    line = Text(f"{name}: ", style="bold")
    line.append(clean(text), style="")
    return line


def _abstract(paper: Paper, marks: dict[tuple[str, int], list[tuple[int, int]]], plain: bool) -> Iterator[Text]:
    if not paper.abstract:
        yield Text("No abstract is held of this paper.", style="italic")
    for number, section in enumerate(paper.abstract):
        text = _marked(section.text, marks.get(("abstract", number), ()), plain)
        if section.label:
            text = Text.assemble((f"{clean(section.label)}: ", "bold"), text)
        yield text
    if paper.restated:
        yield Text("[Not the published abstract: restated by the reftrack project.]", style="italic")


def _marks(evidence: Iterable[Evidence]) -> dict[tuple[str, int], list[tuple[int, int]]]:
    """Where the words stand that tags rest on, ascending in each text; what overlaps is one."""
    found: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for entry in sorted(evidence, key=lambda one: (one.field, one.part, one.start, one.end)):
        if entry.field not in ("title", "abstract"):
            continue
        spans = found.setdefault((entry.field, entry.part if entry.field == "abstract" else 0), [])
        if spans and entry.start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(entry.end, spans[-1][1]))
        else:
            spans.append((entry.start, entry.end))
    return found


def _marked(text: str, spans: Iterable[tuple[int, int]], plain: bool, *, style: str = "") -> Text:
    """A text with the words in the spans emphasised; cleaned piece by piece, so that the spans still fit."""
    shown, at = Text(style=style), 0
    for start, end in spans:
        word = clean(text[start:end])
        shown.append(clean(text[at:start])).append(f"«{word}»" if plain else word, style=EVIDENCE)
        at = end
    return shown.append(clean(text[at:]))
