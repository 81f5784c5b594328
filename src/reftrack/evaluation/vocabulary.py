"""The tags that there are, as an annotator may spell them, with what each implies."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from ..errors import UsageError
from ..model import TagDefinition

ALIKE = 0.5
"""From this likeness on a name is offered for another; below, it would send the reader the wrong way."""


class Name(NamedTuple):
    """What somebody named: a whole facet, or (then `slug` is not empty) one tag of it."""

    facet: str
    slug: str


class Vocabulary:
    """Facets and tags by name; `resolve` finds a tag in any spelling, `facets` maps every name of a facet to its slug.

    Of an exclusive facet a paper has one primary tag.
    """

    def __init__(
        self,
        definitions: Iterable[TagDefinition],
        facets: Mapping[str, str],
        exclusive: Iterable[str],
        resolve: Callable[[str], TagDefinition | None],
    ) -> None:
        self.by_slug = {one.slug: one for one in definitions}
        self.facets = facets
        self.exclusive = frozenset(exclusive)
        self._resolve = resolve
        self._above: dict[str, frozenset[str]] = {}

    def tag(self, text: str) -> TagDefinition:
        """The tag that is meant. Raises UsageError, with the nearest name."""
        found = self._resolve(text)
        if found is None:
            raise UsageError(f"there is no tag {text!r}{self._nearest(text)}")
        return found

    def facet(self, text: str) -> str:
        """The facet that is meant. Raises UsageError, with the nearest name."""
        facet = self.facets.get(text.strip().casefold())
        if facet is None:
            near = difflib.get_close_matches(text, self.facets, 1, 0)
            raise UsageError(f"there is no facet {text!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        return facet

    def facet_or_tag(self, text: str) -> Name:
        """Either of the two; a facet's name comes first. Raises UsageError."""
        facet = self.facets.get(text.strip().casefold())
        if facet:
            return Name(facet, "")
        found = self.tag(text)
        return Name(found.facet, found.slug)

    def of(self, facet: str) -> frozenset[str]:
        """All tags of a facet."""
        return frozenset(slug for slug, one in self.by_slug.items() if one.facet == facet)

    def is_ranked(self, slug: str) -> bool:
        """Whether the tag competes with others for being the primary one of its facet."""
        one = self.by_slug[slug]
        return one.facet in self.exclusive and one.rank > 0

    def with_parents(self, slugs: Iterable[str]) -> frozenset[str]:
        """The tags and everything that they imply."""
        return frozenset().union(*(self._with_parents(slug) for slug in slugs))

    def _with_parents(self, slug: str) -> frozenset[str]:
        if slug not in self._above:
            above: set[str] = set()
            one = slug
            while one in self.by_slug and one not in above:
                above.add(one)
                one = self.by_slug[one].parent
            self._above[slug] = frozenset(above)
        return self._above[slug]

    def _nearest(self, text: str) -> str:
        names = {name: one for one in self.by_slug.values() for name in (one.slug, *one.aliases)}
        near = difflib.get_close_matches(text.rpartition("/")[2].lower(), names, 1, ALIKE)
        if not near:
            return "; `reftrack tag tree` shows them all"
        one = names[near[0]]
        return f"; did you mean {one.facet}/{one.slug}?"
