"""Papers and tags are made again from what is stored: a better parser or better rules reach old papers offline."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field

from .. import pubmed, tagging
from ..errors import LibraryError, RecordError
from ..library.reading import Unread
from ..library.writing import Library
from ..model import Paper
from .filing import Unreadable, Watch, file_papers, give_key, tag_paper, unwatched

BATCH = 500
"""Papers handled in one transaction."""


@dataclass(slots=True)
class Retagged:
    """What a retag did, or would do."""

    looked_at: int = 0
    tagged: int = 0
    gained: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[int]] = field(default_factory=dict)
    """For "+slug" and "-slug" the first papers concerned."""


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild did."""

    looked_at: int = 0
    changed: int = 0
    unreadable: list[Unreadable] = field(default_factory=list)


def retag(
    library: Library,
    rules: tagging.RuleSet,
    *,
    everything: bool = False,
    dry_run: bool = False,
    watch: Watch = unwatched,
) -> Retagged:
    """Apply the rules to the papers that other rules tagged; a changed text is tagged when it is stored.

    `everything` also does those that are not stale; `dry_run` stores nothing. What people decided is not touched.
    """
    done = Retagged()
    if not dry_run:
        library.set_vocabulary(rules.definitions)
    pmids = library.held_pmids()
    for start in range(0, len(pmids), BATCH):
        part = pmids[start : start + BATCH]
        stale = part if everything else library.stale_among(part, rules.hash)
        if stale:
            _retag_some(library, rules, stale, done, dry_run=dry_run)
        done.looked_at += len(part)
        watch("retag", done.looked_at, len(pmids))
    return done


def rebuild(library: Library, rules: tagging.RuleSet, *, watch: Watch = unwatched) -> Rebuilt:
    """Parse every stored record again and tag what changed; keys, hand tags, runs and hits stay.

    A record that the parser cannot read keeps the paper it has and is reported. One that could not be read when it
    came is tried again, and becomes a paper if it can be read now.
    """
    done = Rebuilt()
    library.set_vocabulary(rules.definitions)
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


def _retag_some(library: Library, rules: tagging.RuleSet, pmids: list[int], done: Retagged, *, dry_run: bool) -> None:
    with nullcontext() if dry_run else library.transaction():  # what is read must be what is tagged
        for held in library.held(pmids):
            paper = held.paper
            before = library.rule_slugs(paper.pmid)
            tags = tagging.tag(paper, rules)
            if not dry_run:
                content = tagging.content_hash(paper)
                library.set_rule_tags(paper.pmid, tags, content_hash=content, rules_hash=rules.hash)
            _compare(paper, before, {tag.slug for tag in tags if tag.state == "tagged"}, done)
            done.tagged += 1


def _compare(paper: Paper, before: set[str], after: set[str], done: Retagged) -> None:
    for sign, slugs, count in (("+", after - before, done.gained), ("-", before - after, done.lost)):
        count.update(slugs)
        for slug in slugs:
            examples = done.examples.setdefault(sign + slug, [])
            if len(examples) < 3:  # noqa: PLR2004 - enough to look at
                examples.append(paper.pmid)


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
    done.changed += held != paper
    library.mark_parsed(pmid, pubmed.PARSER_VERSION)
    tag_paper(library, rules, paper)
