"""BibTeX and BibLaTeX, as bibtexparser splits them: `@string` is resolved, `@comment` and `@preamble` are no papers.

Fields are those of the styles and of Zotero, JabRef, Mendeley and Better BibTeX. Of a field that is given twice the
first counts, as in BibTeX itself, and the other is told. Text between entries is a comment, as BibTeX has it, unless
it looks like what is left of an entry.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from ..citation import Citation, Unreadable
from . import identifiers
from .entry import citation, unreadable
from .identifiers import Ids, named
from .latex import printed
from .screening import Screened, screened
from .text import distinct, flat_lines

if TYPE_CHECKING:
    from bibtexparser.model import Block, Entry

_DELIMITER = re.compile(r'(?<!\\)[{}"#]')
_SIGN = re.compile(r"\\([_&%#$])")
_LOOKS_LIKE_AN_ENTRY = re.compile(r"^[^%\n]*(?:=|\w\s*\{)", re.MULTILINE)
_READ = frozenset({"author", "title", "booktitle", "journal", "journaltitle", "year", "date", "volume", "number"})
_READ |= {"pages", "doi", "pmid", "pmcid", "eprint", "eprinttype", "note", "annote", "annotation", "groups"}
"""Fields of which a second one is told."""


def read(text: str) -> Iterator[Citation | Unreadable]:
    """The entries of a file, in order."""
    from bibtexparser import model
    from bibtexparser.splitter import Splitter

    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL + 1)  # what it warns of is told here
    macros: dict[str, str] = {}
    in_failed = False
    for block in Splitter(text).split().blocks:
        line = (block.start_line or 0) + 1
        found: Block | None = block
        while isinstance(found, model.DuplicateBlockKeyBlock | model.DuplicateFieldKeyBlock):
            found = found.ignore_error_block  # a key or a field that comes again is no fault here
        if isinstance(found, model.ImplicitComment):
            if not in_failed and _LOOKS_LIKE_AN_ENTRY.search(found.comment):
                yield unreadable(line, "text outside any entry", found.comment)
            continue
        in_failed = isinstance(found, model.ParsingFailedBlock)  # what follows up to the next entry is left of it
        if isinstance(found, model.Entry):
            yield from _read(found, line, macros)
        elif isinstance(found, model.String):
            macros[found.key.lower()] = _resolved(found.value, macros)
        elif isinstance(found, model.ParsingFailedBlock):
            yield unreadable(line, _reason(found), found.raw or "")


def _reason(block: Block) -> str:
    said = str(getattr(getattr(block, "error", None), "abort_reason", "")).strip().rstrip(".")
    return f"the entry cannot be read: {said[:1].lower()}{said[1:]}" if said else "the entry cannot be read"


def _read(entry: Entry, line: int, macros: Mapping[str, str]) -> Iterator[Citation | Unreadable]:
    values: dict[str, str] = {}
    again: list[Unreadable] = []
    for field in entry.fields:
        name, value = field.key.lower(), _resolved(field.value, macros)
        if values.setdefault(name, value) != value and name in _READ:
            reason = f"the field {name} is given twice, and the first counts"
            again.append(unreadable((field.start_line or 0) + 1, reason, f"{field.key} = {field.value}"))

    def first(*names: str) -> str:
        return next((text for name in names if (text := printed(values.get(name, "")))), "")

    yield citation(
        line,
        entry.raw or "",
        key=entry.key,
        ids=_ids(values),
        title=first("title"),
        authors=_authors(values.get("author", "")),
        date=first("year", "date"),
        journal=first("journaltitle", "journal", "booktitle", "howpublished"),
        volume=first("volume"),
        issue=first("number", "issue"),
        pages=first("pages", "eid").replace("–", "-"),
        screened=_screened(values),
    )
    yield from again


def _resolved(value: str, macros: Mapping[str, str]) -> str:
    """A value without its delimiters: `jnl # " of " # {Examples}` put together."""
    if "#" not in value:
        return _piece(value, macros)
    cuts, depth, quoted = [-1], 0, False
    for found in _DELIMITER.finditer(value):
        if found[0] == '"' and not depth:
            quoted = not quoted
        elif found[0] in "{}":
            depth += 1 if found[0] == "{" else -1
        elif found[0] == "#" and not depth and not quoted:
            cuts.append(found.start())
    cuts.append(len(value))
    return "".join(_piece(value[start + 1 : end].strip(), macros) for start, end in pairwise(cuts))


def _piece(value: str, macros: Mapping[str, str]) -> str:
    if value[:1] + value[-1:] in ("{}", '""') and len(value) > 1:
        return value[1:-1]
    return macros.get(value.lower(), value)


def _ids(values: Mapping[str, str]) -> Ids:
    """Fields made for ids, then what the address and the notes name as such."""
    eprint_type = (values.get("eprinttype") or values.get("archiveprefix") or "").strip().lower()
    eprint = printed(values.get("eprint", ""))
    doi = _SIGN.sub(r"\1", values.get("doi", "").replace("{\\_}", "_"))
    sure = Ids(
        identifiers.pmid(printed(values.get("pmid", "")))
        or (identifiers.pmid(eprint) if eprint_type == "pubmed" else None),
        identifiers.doi(doi),
        identifiers.pmcid(printed(values.get("pmcid", "")))
        or (identifiers.pmcid(eprint) if eprint_type in {"pmc", "pmcid"} else ""),
    )
    return sure.else_(named(values.get(name, "") for name in ("url", "note", "howpublished")))


def _authors(names: str) -> Iterator[str]:
    from bibtexparser.middlewares.names import parse_single_name_into_parts, split_multiple_persons_names

    for name in split_multiple_persons_names(" ".join(names.split())):
        if name.startswith("{") and name.endswith("}") and "{" not in name[1:-1]:
            whole = printed(name)
        else:
            parts = parse_single_name_into_parts(name, strict=False)
            family, given, suffix = (" ".join(words) for words in (parts.von + parts.last, parts.first, parts.jr))
            whole = ", ".join(filter(None, map(printed, (family, given, suffix))))
        if whole and whole != "others":
            yield whole


def _screened(values: Mapping[str, str]) -> Screened:
    remarks = [
        flat_lines(_SIGN.sub(r"\1", value))
        for name, value in values.items()
        if name in {"annote", "annotation"} or name.startswith("comment")
    ]
    groups = distinct(printed(values.get("groups", "")).split(","))
    own = Screened(labels=groups, note="\n".join(filter(None, remarks)))
    return own.and_(screened((_SIGN.sub(r"\1", values.get("note", "")),)))
