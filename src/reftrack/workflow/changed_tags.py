"""A held record changed: it is tagged again, and what became of its tags is kept.

Only what the record did is kept. Where other rules made the tags that are stored, what these rules make of the former
record is compared instead: a better rule is no news of a run. Nor is a paper's first tagging.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from msgspec.structs import replace

from .. import tagging
from ..library.writing import Library
from ..model import Paper, Tag
from ..tag_changes import Cause, TagChange

_MARKS_SHOWN = 2


def tag_changed(
    library: Library,
    rules: tagging.RuleSet,
    before: Paper | None,
    after: Paper,
    *,
    run: int | None = None,
    former: int | None = None,
) -> None:
    """Tag a paper whose record changed, or is read better, and keep the difference. Call inside a transaction.

    `former` is the number of the record before; without one it is the parser that changed. `before` is None if what was
    held is not known: then nothing is compared.
    """
    content = tagging.content_hash(after)
    tagged = library.tagged_with(after.pmid)
    was = library.rule_tags(after.pmid) if tagged[1] == rules.hash else ()
    if tagged == (content, rules.hash):
        now: Sequence[Tag] = was
    else:
        now = tagging.tag(after, rules)
        library.set_rule_tags(after.pmid, now, content_hash=content, rules_hash=rules.hash)
    if before is None or not tagged[1]:
        return
    if tagged[1] != rules.hash:
        was = tagging.tag(before, rules)
    change = _Change(rules, before, after, was, now, by_parser=former is None)
    at = library.now()
    library.keep_tag_changes(
        (TagChange(run or 0, at, after.pmid, *row) for row in change.rows()),
        former=former,
    )


@dataclass(frozen=True)
class _Change:
    """A paper before and after, with what the rules say of both."""

    rules: tagging.RuleSet
    before: Paper
    after: Paper
    was: Sequence[Tag]
    now: Sequence[Tag]
    by_parser: bool

    def rows(self) -> Iterator[tuple[str, str, str, Cause, str]]:
        """(tag, before, after, cause, because) for each tag that came, went, became the primary one or is confirmed."""
        if self.became_indexed:
            yield "", self.before.indexing, self.after.indexing, "indexing", ""
        was, now = ({tag.slug: tag for tag in tags if tag.state == "tagged"} for tags in (self.was, self.now))
        for slug in [*was, *(slug for slug in now if slug not in was)]:
            old, new = _standing(was.get(slug)), _standing(now.get(slug))
            if old != new:
                yield slug, old, new, self._cause(slug, new), _marks(now.get(slug))
            elif self.became_indexed and now[slug].marks and not was[slug].marks:
                yield slug, old, new, "indexing", _marks(now[slug])

    @property
    def became_indexed(self) -> bool:
        """NLM indexed the paper: not that a parser found out."""
        return not self.by_parser and self.after.indexing == "indexed" != self.before.indexing

    def _cause(self, slug: str, new: str) -> Cause:
        if self.by_parser:
            return "parser"
        return "indexing" if self.became_indexed and self._by_marks_alone.get(slug, "") == new else "record"

    @cached_property
    def _by_marks_alone(self) -> dict[str, str]:
        """How each tag would be held if only NLM's marks had come, and the words were those of before."""
        words = {name: getattr(self.before, name) for name in _WORDS}
        as_before = replace(self.after, **words)
        tags = self.now if as_before == self.after else tagging.tag(as_before, self.rules)
        return {tag.slug: _standing(tag) for tag in tags}


_WORDS = (
    *("title", "vernacular_title", "abstract", "keywords", "journal"),
    *("conflict_of_interest", "grants", "authors"),
)
"""What the rules read of a record beyond the marks of its indexers."""


def _standing(tag: Tag | None) -> str:
    if tag is None or tag.state != "tagged":
        return ""
    return "primary" if tag.primary else "tagged"


def _marks(tag: Tag | None) -> str:
    return "; ".join(entry.words for entry in (tag.marks if tag else ())[:_MARKS_SHOWN])
