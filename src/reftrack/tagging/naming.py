"""Names of tags over all rule files: whose an alias is, and who follows a tag that was renamed or switched off.

A rename is `[tag.new] aliases = "old"` with `[tag.old] disabled = true`: what named the old tag then names the new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Tables = dict[str, dict[str, Any]]
"""Slug -> table of a tag."""

_LISTS = ("beside", "yields", "needs")
_UNLESS = ("tag", "primary")


def take_names(tags: Tables, slug: str) -> None:
    """A tag of a later file has its slug and aliases to itself: no other tag keeps one of them as alias."""
    taken = {slug, *tags[slug].get("aliases", ())}
    for other, table in tags.items():
        if other != slug and not taken.isdisjoint(table.get("aliases", ())):
            table["aliases"] = [alias for alias in table["aliases"] if alias not in taken]


def name_of_two(tags: Tables) -> tuple[str, str] | None:
    """A tag and one of its aliases that is another living tag's slug, or None: a decision must mean one of them."""
    for slug, table in _living(tags):
        for alias in table.get("aliases", ()):
            if alias != slug and alias in tags and not tags[alias].get("disabled"):
                return slug, alias
    return None


def follow_renames(tags: Tables, facets: Tables) -> None:
    """What names a tag that is switched off names its successor; as parent, failing that, the next living ancestor."""
    heirs = {alias: slug for slug, table in _living(tags) for alias in table.get("aliases", ())}
    gone = {slug: heirs.get(slug, "") for slug, table in tags.items() if table.get("disabled")}
    for old, heir in gone.items():
        if heir:
            inherited = {alias: heir for alias in tags[old].get("aliases", ()) if alias not in heirs}
            tags[heir]["aliases"] = [*tags[heir]["aliases"], *inherited]
            heirs.update(inherited)
    for slug, table in _living(tags) if gone else ():
        if table.get("parent") in gone:
            table["parent"] = _living_parent(tags, gone, slug)
        _rename_references(table, gone)
    for facet in facets.values() if gone else ():
        if "unless_primary" in facet:
            facet["unless_primary"] = _renamed(facet["unless_primary"], gone)


def _living_parent(tags: Tables, gone: Mapping[str, str], slug: str) -> str:
    """The next ancestor that is a tag; none at the top, and where tags were made each other's ancestors."""
    parent, seen = tags[slug]["parent"], {slug}
    while parent in gone and parent not in seen:
        seen.add(parent)
        parent = gone[parent] or tags[parent].get("parent", "")
    return "" if parent in seen else str(parent)


def _rename_references(table: dict[str, Any], gone: Mapping[str, str]) -> None:
    for key in _LISTS:
        if key in table:
            table[key] = _renamed(table[key], gone)
    for key in _UNLESS:
        if key in table.get("unless", {}):
            table["unless"][key] = _renamed(table["unless"][key], gone)
    for weight, names in table.get("from", {}).items():
        table["from"][weight] = _renamed(names, gone)


def _renamed(names: Iterable[str], gone: Mapping[str, str]) -> list[str]:
    return [gone.get(name) or name for name in names]


def _living(tags: Tables) -> list[tuple[str, dict[str, Any]]]:
    return [(slug, table) for slug, table in tags.items() if not table.get("disabled")]
