"""One record is parsed, saved, given its key and tagged: the step that every walk shares."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from .. import pubmed, tagging
from ..errors import RecordError
from ..export import citation_key, key_candidates
from ..library.inserting import Rows, unpack
from ..library.writing import Library
from ..model import Paper, Record
from .changed_tags import tag_changed

Watch = Callable[[str, int, int], None]
"""Told (what is being done, how much of it is done, how much there is) from time to time."""


def unwatched(_doing: str, _done: int, _of: int) -> None:
    """For callers who do not look."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that could not be parsed: whose it is, if that can be told, and why."""

    pmid: int | None
    reason: str

    @property
    def sentence(self) -> str:
        """For a person."""
        whose = f"PMID {self.pmid}" if self.pmid else "A record without a PMID"
        return f"{whose} cannot be read: {self.reason}"


@dataclass(slots=True)
class Filed:
    """What became of a handful of records."""

    new: list[int] = field(default_factory=list)
    changed: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Which fields differ from what was held."""
    same: list[int] = field(default_factory=list)
    older: list[int] = field(default_factory=list)
    """What is held of these is newer than what came, and stayed."""


def to_the_end(records: Iterator[Record]) -> Iterator[Record | Unreadable]:
    """Each record; a document that breaks off ends with an Unreadable."""
    while True:
        try:
            yield next(records)
        except StopIteration:
            return
        except RecordError as error:
            yield Unreadable(error.pmid, str(error))
            return


def read(records: Iterator[Record]) -> Iterator[tuple[Paper | tuple[int, ...] | Unreadable, bytes]]:
    """Each record as a Paper; deleted PMIDs as a tuple; what cannot be read as Unreadable, never dropped.

    Each comes with the bytes it was read from. A document that breaks off ends with an Unreadable.
    """
    for record in to_the_end(records):
        if isinstance(record, Unreadable):
            yield record, b""
            return
        try:
            if record.name.startswith("Delete"):
                yield pubmed.deleted_pmids(record.xml), record.xml
            else:
                with uncollected():
                    paper = pubmed.parse(record.xml)
                yield paper, record.xml
        except RecordError as error:
            yield Unreadable(error.pmid, str(error)), record.xml


@contextmanager
def uncollected() -> Iterator[None]:
    """Do not look for cycles meanwhile: a batch makes many small objects and no cycles.

    Each look goes over the grown tries, too, and took up to a fifth of the time of a batch.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def file_papers(
    library: Library,
    rules: tagging.RuleSet,
    papers: Sequence[tuple[Paper, bytes]],
    *,
    source: str,
    run: int | None = None,
    whatever_its_age: bool = False,
) -> Filed:
    """Store and tag these papers, by PMID ascending so that citation keys do not depend on the order of a reply.

    `run` is kept with what a changed record was before. Call inside a transaction of the library.
    """
    filed = Filed()
    before = 0
    with uncollected(), library.gathering():
        for paper, xml in sorted(papers, key=lambda pair: (pair[0].pmid, pair[0].version)):
            if paper.pmid == before:  # another state of the same record is compared with the one just stored
                library.store_gathered()
            before = paper.pmid
            saved = library.save(
                xml, paper, source=source, parser=pubmed.PARSER_VERSION, run=run, whatever_its_age=whatever_its_age
            )
            if saved.outcome == "new":
                filed.new.append(paper.pmid)
                give_key(library, paper)
                _set_tags(library, rules, paper, tagging.content_hash(paper))
            elif saved.outcome == "changed":
                filed.changed[paper.pmid] = saved.fields
                tag_changed(library, rules, saved.held, paper, run=run, former=saved.former)
            elif saved.outcome == "older":
                filed.older.append(paper.pmid)
            else:
                filed.same.append(paper.pmid)
                if saved.outcome == "reread":
                    tag_changed(library, rules, saved.held, paper, run=run)
    return filed


def file_rows(library: Library, rules: tagging.RuleSet, some: Sequence[Rows], *, source: str, run: int) -> Filed:
    """The same for records that were read and tagged before: those of which nothing is held are stored as they are.

    Call inside a transaction of the library.
    """
    filed = Filed()
    known = library.which_are_held([one.pmid for one in some])
    new: list[Rows] = []
    again: list[Rows] = []
    for one in sorted(some, key=lambda each: (each.pmid, each.version)):
        (again if one.pmid in known else new).append(one)
        known.add(one.pmid)
    library.add(new, source=source, parser=pubmed.PARSER_VERSION)
    library.assign_keys([(one.pmid, one.key) for one in new], key_candidates)
    filed.new += [one.pmid for one in new]
    if again:
        papers = [(pubmed.parse(xml), xml) for xml in map(unpack, (one.xml for one in again))]
        others = file_papers(library, rules, papers, source=source, run=run)
        filed.new += others.new
        filed.changed |= others.changed
        filed.same += others.same
        filed.older += others.older
    return filed


def give_key(library: Library, paper: Paper) -> str:
    """The paper's citation key, made now if it has none."""
    base = citation_key(paper)
    return library.assign_key(paper.pmid, base, partial(key_candidates, base))


def _set_tags(library: Library, rules: tagging.RuleSet, paper: Paper, content: str) -> None:
    tags = tagging.tag(paper, rules)
    library.set_rule_tags(paper.pmid, tags, content_hash=content, rules_hash=rules.hash)
