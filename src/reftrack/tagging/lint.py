"""A RuleSet becomes the list of what is wrong with it; an empty list is a clean bill.

A rule's examples are its tests. `title: ... | methods: ...` says where the words stand; without a name it is
the title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model import Author, Grant, Heading, Keyword, Paper, PublicationType, Section
from .engine import tag
from .explaining import below
from .normalise import key
from .phrases import Lexicon, Trie, parse
from .rules import Rule, RuleSet

_FIELD = re.compile(
    r"(title|vernacular|abstract|background|objective|methods|results|conclusions|funding|keyword|mesh|pt|journal"
    r"|conflict|grant|affiliation):"
)


def lint(rules: RuleSet) -> list[str]:
    """Every problem, in the rules' order."""
    problems: list[str] = []
    for rule in rules.rules:
        problems += _examples(rule, rules)
        problems += _parents(rule, rules)
        problems += _targets(rule, rules)
        problems += _swallowed(rule)
        if rule.possible > rule.threshold:
            problems.append(f"{rule.slug}: possible ({rule.possible:g}) is above threshold ({rule.threshold:g})")
    problems += _twice(rules)
    return problems


def example(text: str) -> Paper:
    """The paper that an example stands for."""
    fields: dict[str, list[str]] = {}
    for part in text.split(" | "):
        match = _FIELD.match(part)
        name = match[1] if match else "title"
        fields.setdefault(name, []).append(part[match.end() :].strip() if match else part.strip())
    sections = [
        Section("" if name == "abstract" else name.upper(), body)
        for name, bodies in fields.items()
        if name in ("abstract", "background", "objective", "methods", "results", "conclusions", "funding")
        for body in bodies
    ]
    return Paper(
        pmid=1,
        title=fields.get("title", ["[No title]"])[0],
        vernacular_title=fields.get("vernacular", [""])[0],
        abstract=tuple(sections),
        journal=fields.get("journal", [""])[0],
        keywords=tuple(Keyword(name) for name in fields.get("keyword", ())),
        mesh=tuple(Heading(name.removesuffix("*"), major=name.endswith("*")) for name in fields.get("mesh", ())),
        publication_types=tuple(PublicationType(name) for name in fields.get("pt", ())),
        conflict_of_interest=fields.get("conflict", [""])[0],
        grants=tuple(Grant(agency=agency) for agency in fields.get("grant", ())),
        authors=tuple(Author("Example", affiliations=(place,)) for place in fields.get("affiliation", ())),
    )


def _examples(rule: Rule, rules: RuleSet) -> Iterator[str]:
    if not rule.yes:
        yield f"{rule.slug}: has no example that it must find"
    for wanted, examples in ((True, rule.yes), (False, rule.no)):
        for text in examples:
            tagged = {one.slug for one in tag(example(text), rules) if one.state == "tagged"}
            if wanted and not tagged.isdisjoint(below(rule.slug, rules)):
                continue  # a child implies it
            if (rule.slug in tagged) != wanted:
                yield f"{rule.slug}: {'must find' if wanted else 'must not find'} {text!r}"


def _parents(rule: Rule, rules: RuleSet) -> Iterator[str]:
    seen = [rule.slug]
    while rule.parent:
        if rule.parent in seen:
            yield f"{seen[0]}: is its own ancestor: {' -> '.join([*seen, rule.parent])}"
            return
        seen.append(rule.parent)
        rule = rules.by_slug[rule.parent]


def _targets(rule: Rule, rules: RuleSet) -> Iterator[str]:
    """References to tags that are disabled, or that come too late to be known."""
    asked = (*rule.needs, *rule.unless_tags, *(slug for slug, _ in rule.sources))
    for slug in (*asked, *rule.unless_primary, *rule.beside, *rule.yields):
        other = rules.by_slug.get(slug)
        if other is None:
            yield f"{rule.slug}: asks for {slug!r}, which is not a tag (any more)"
        elif rule.facet.exclusive and slug in asked and not other.facet.exclusive:
            yield f"{rule.slug}: cannot ask for {slug!r}: facet {other.facet.slug!r} is decided later"


def _swallowed(rule: Rule) -> Iterator[str]:
    """Phrases that one of the tag's own masks always covers."""
    masks = Trie(Lexicon())
    for phrase in rule.masks:
        masks.add(phrase, [phrase])
    for _, _, phrase in rule.worded:
        words = parse(phrase)[0][0]
        text = " ".join(word.strip("=*") for word in words if not word.startswith("~"))
        read = masks.read(text)
        for mask, first, last in masks.find(read):
            if first == 0 and last == len(read.words) - 1:
                yield f"{rule.slug}: mask {mask!r} swallows its own phrase {phrase!r}"


def _twice(rules: RuleSet) -> Iterator[str]:
    seen: dict[str, str] = {}
    for one in rules.definitions:
        for name in (one.slug, *one.aliases):
            other = seen.setdefault(key(name), one.slug)
            if other != one.slug:
                yield f"{one.slug}: the name {name!r} is also one of {other!r}"
