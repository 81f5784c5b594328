"""A reading list in Markdown: a paper a paragraph, for a wiki, an issue, a chat or `pandoc`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from ..model import HeldPaper, Paper
from . import titles, wording
from .format import Options
from .pages import full_ranges
from .text import flat

# What CommonMark, GitHub or pandoc read as markup. & < > become entities: not every reader knows "\<".
_MARKUP = re.compile(r"([\\`*_\[\]{}~^|$#@])")
_BLOCK = re.compile(r"\A(\d*)([-+=.)])")  # at the beginning of a line a list or a heading
_LINK = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)
_FEW_AUTHORS = 6


def write(papers: Iterable[HeldPaper], options: Options) -> Iterator[str]:
    """A list item a paper: title, authors, place, links, tags, and what a reader must know."""
    for held in papers:
        item = "  \n  ".join(_BLOCK.sub(r"\1\\\2", line) for line in _lines(held, options))
        yield f"- {item}\n"


def escape(text: str) -> str:
    """`text` on one line, none of it markup."""
    text = flat(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _LINK.sub(r"\\", _MARKUP.sub(r"\\\1", text))


def _lines(held: HeldPaper, options: Options) -> Iterator[str]:
    paper = held.paper
    mark = "**RETRACTED.** " if paper.retracted else ""
    yield f"{mark}**{escape(titles.plain(paper.title))}**"
    place = " ".join(filter(None, (_authors(paper), _place(paper, options))))
    links = [f"[PMID {paper.pmid}](https://pubmed.ncbi.nlm.nih.gov/{paper.pmid}/)"]
    if paper.doi:
        links.append(f"[doi:{escape(paper.doi)}](https://doi.org/{quote(flat(paper.doi), safe='/')})")
    links += [f"`{held.key}`"] if held.key else []
    yield f"{f'{place} ' if place else ''}{' · '.join(links)}"
    told = [", ".join(escape(tag.slug) for tag in held.tags), escape(". ".join(wording.notes(held, options)))]
    told += [f"Decision: {held.decision}"] if held.decision else []
    told += [f"Note: {escape(held.note)}"] if held.note else []
    yield from filter(None, told)


def _authors(paper: Paper) -> str:
    names = [escape(author.short) for author in (paper.authors or paper.editors)]
    others = len(names) > _FEW_AUTHORS or not paper.authors_complete
    return f"{', '.join(names[:_FEW_AUTHORS])}{', et al' if others and names else ''}." if names else ""


def _place(paper: Paper, options: Options) -> str:
    """*Journal* date;volume(issue):pages."""
    volume = paper.volume + (f"({paper.issue})" if paper.issue else "")
    pages = full_ranges(paper.pages or paper.medline_pgn) or paper.article_number
    where = escape(wording.container(paper, options))
    when = escape(paper.date.text or paper.electronic_date.text)
    text = " ".join(filter(None, (f"*{where}*" if where else "", when)))
    text += f";{escape(volume)}" if volume else ""
    text += f":{escape(pages)}" if pages else ""
    return f"{text}." if text else ""
