"""Papers are made again from the stored records: a better parser reaches old papers offline."""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import pubmed, tagging
from ..errors import LibraryError, RecordError
from ..library.reading import Unread
from ..library.writing import Library
from .changed_tags import tag_changed
from .filing import Unreadable, Watch, file_papers, give_key, unwatched

BATCH = 500
"""Papers handled in one transaction."""


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild did."""

    looked_at: int = 0
    changed: int = 0
    unreadable: list[Unreadable] = field(default_factory=list)


def rebuild(library: Library, rules: tagging.RuleSet, *, watch: Watch = unwatched) -> Rebuilt:
    """Parse every stored record again and tag what changed; keys, hand tags, runs and hits stay.

    A record that the parser cannot read keeps the paper it has and is reported. One that could not be read when it
    came is tried again, and becomes a paper if it can be read now.
    """
    done = Rebuilt()
    library.set_vocabulary(rules.definitions, rules.facet_names)
    pmids = library.recorded_pmids()
    for start in range(0, len(pmids), BATCH):
        part = pmids[start : start + BATCH]
        with library.transaction():
            for pmid in part:
                _reparse(library, rules, pmid, done)
        done.looked_at += len(part)
        watch("rebuild", done.looked_at, len(pmids))
    with library.transaction():
        for unread in library.unread():
            _read_at_last(library, rules, unread, done)
    return done


def give_missing_keys(library: Library) -> int:
    """Citation keys for papers that have none, by PMID; says how many there were."""
    without = library.without_key()
    with library.transaction():
        for pmid in without:
            paper = library.get(pmid)
            assert paper is not None
            give_key(library, paper)
    return len(without)


def _read_at_last(library: Library, rules: tagging.RuleSet, unread: Unread, done: Rebuilt) -> None:
    try:
        paper = pubmed.parse(unread.xml)
    except RecordError as error:
        done.unreadable.append(Unreadable(unread.pmid, str(error)))
        return
    file_papers(library, rules, [(paper, unread.xml)], source=unread.source)
    library.drop_unread([unread.pmid])
    done.looked_at += 1
    done.changed += 1


def _reparse(library: Library, rules: tagging.RuleSet, pmid: int, done: Rebuilt) -> None:
    try:
        paper = pubmed.parse(library.raw(pmid))
    except (RecordError, LibraryError) as error:
        done.unreadable.append(Unreadable(pmid, str(error)))
        return
    held = library.get(pmid)
    if held is None:
        library.restore(paper)
        give_key(library, paper)
    elif held != paper:
        library.replace(paper)
    else:
        library.mark_trials(paper)
    done.changed += held != paper
    library.mark_parsed(pmid, pubmed.PARSER_VERSION)
    tag_changed(library, rules, held, paper)
