"""TOML text becomes checked rule tables; every mistake is a RuleError that names file, tag, key and the nearest key.

A string that lists things separates them by `;` or line ends; a TOML list does as well. `@name` stands for the
phrases of `[list] name`, inside a longer phrase for any one word of it. Overlays are laid over the shipped rules key
by key: a key that an overlay gives for a tag replaces the shipped one, the tag's other keys stay; what stands under
`[tag.SLUG.add]` is added to the shipped lists; `disabled = true` takes the tag away.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from math import isfinite
from typing import Any

from ..errors import RuleError
from .naming import follow_renames, name_of_two, take_names
from .phrases import CLASS, PhraseError, parse, split
from .rules import CUES, HAS, MARKS, RuleSet, is_word
from .sections import PLACES, ZONES

SCHEMA = 1
LONGEST_REGEX = 200

_WEIGHTED = frozenset({*PLACES, "acronym", "regex", *MARKS, "from"})
_LISTED = frozenset({"aliases", "mask", "beside", "yields", "needs"})
_PHRASES = frozenset({*PLACES, "acronym"})
_TAG_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "facet": str,
    "label": str,
    "parent": str,
    "rank": int,
    "claimed_rank": int,
    "threshold": (int, float),
    "possible": (int, float),
    "never_primary": bool,
    "hits": int,
    "disabled": bool,
    "section": dict,
    "weak": dict,
    "unless": dict,
    "yes": list,
    "no": list,
}
_TAG_KEYS = frozenset({*_WEIGHTED, *_LISTED, *_TAG_TYPES})
_ADDED = frozenset({*_WEIGHTED, *_LISTED, "yes", "no"})
"""What `[tag.SLUG.add]` may hold."""
_FACET_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "label": str,
    "exclusive": bool,
    "hits": int,
    "reach": int,
    "of_record": bool,
    "threshold": (int, float),
    "possible": (int, float),
    "section": dict,
}
_FACET_LISTED = frozenset({"aliases", "negation", "negation_after", "unless_primary"})
_UNLESS = frozenset({*PLACES, "tag", "primary"})
_TOP = ("schema", "list", "cue", "facet", "tag")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_NESTED = re.compile(r"\([^()]*[*+{][^()]*\)\s*[*+{]")


def load(overlays: Iterable[tuple[str, str]] = ()) -> RuleSet:
    """The shipped rules with overlays (name for messages, TOML text) laid over them."""
    reader = _Reader()
    for name, text in shipped():
        reader.read(name, text, trusted=True)
    for name, text in overlays:
        reader.read(name, text)
    return RuleSet(reader.finish())


def shipped() -> list[tuple[str, str]]:
    """The rule files of the package, by name."""
    folder = resources.files(__package__) / "rules"
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda file: file.name)
    return [(file.name, file.read_text(encoding="utf-8")) for file in files]


class _Reader:
    """Collects the tables of one file after the other."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Any]] = {"list": {}, "cue": {}, "facet": {}, "tag": {}}
        self.file = ""
        self.trusted = False
        self.files: dict[str, str] = {}

    def read(self, file: str, text: str, *, trusted: bool = False) -> None:
        """Add a file. The phrases of a trusted one are checked by the project's tests, not on every start."""
        self.file, self.trusted = file, trusted
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as problem:
            raise RuleError(f"{file}: not TOML: {problem}") from problem
        for top in document:
            self._known(top, _TOP, "")
        if document.get("schema", SCHEMA) != SCHEMA:
            raise RuleError(f"{file}: schema {document['schema']!r} is not known; this version reads {SCHEMA}")
        for top in _TOP[1:]:
            table = document.get(top, {})
            if not isinstance(table, dict):
                raise RuleError(f"{file}: [{top}] must be a table")
            for name, value in table.items():
                getattr(self, f"_{top}")(name, value)

    def finish(self) -> dict[str, dict[str, Any]]:
        """Checks what only all files together can show."""
        tags = self.tables["tag"]
        for slug, table in tags.items():
            if table.get("disabled"):
                continue
            self.file, where = self.files[slug], f"tag {slug!r}"
            for key in ("facet", "label"):
                if key not in table:
                    near = difflib.get_close_matches(slug, [name for name in tags if name != slug], 1)
                    hint = f"; did you mean the tag {near[0]!r}?" if near else ""
                    raise RuleError(f"{self.file}: {where}: {key!r} is missing{hint}")
            self._known(table["facet"], self.tables["facet"], f"{where}, key 'facet'", "facet")
            if table.get("parent"):
                self._known(table["parent"], tags, f"{where}, key 'parent'", "tag")
            exclusive = self.tables["facet"][table["facet"]].get("exclusive") and not table.get("never_primary")
            if exclusive and table.get("rank", 0) <= 0:
                raise RuleError(f"{self.file}: {where}: 'rank' is missing: how strong is its claim to be primary?")
            for key, names in self._references(table):
                for name in names:
                    self._known(name, tags, f"{where}, key {key!r}", "tag")
        if double := name_of_two(tags):
            slug, alias = double
            raise RuleError(
                f"{self.files[slug]}: tag {slug!r}, key 'aliases': {alias!r} is a tag of its own; "
                f"to rename it, switch the old one off: [tag.{alias}] disabled = true"
            )
        follow_renames(tags, self.tables["facet"])
        return self.tables

    def _references(self, table: Mapping[str, Any]) -> Iterable[tuple[str, Iterable[str]]]:
        for key in ("beside", "yields", "needs"):
            yield key, table.get(key, ())
        for key in ("tag", "primary"):
            yield f"unless.{key}", table.get("unless", {}).get(key, ())
        for names in table.get("from", {}).values():
            yield "from", names

    def _list(self, name: str, value: object) -> None:
        self.tables["list"][name] = self._phrases(value, f"list {name!r}")

    def _cue(self, name: str, value: object) -> None:
        self._known(name, CUES, "[cue]")
        self.tables["cue"][name] = self._phrases(value, f"cue {name!r}")

    def _facet(self, slug: str, value: object) -> None:
        where = f"facet {slug!r}"
        kept = self.tables["facet"].setdefault(slug, {})
        for key, item in self._table(slug, value, where).items():
            self._known(key, (*_FACET_TYPES, *_FACET_LISTED), where)
            if key in _FACET_LISTED:
                kept[key] = (
                    self._items(item, f"{where}, key {key!r}")
                    if key in ("aliases", "unless_primary")
                    else self._phrases(item, where)
                )
            else:
                kept[key] = self._typed(item, _FACET_TYPES[key], f"{where}, key {key!r}")
        self._section(kept.get("section", {}), where)
        if "label" not in kept:
            raise RuleError(f"{self.file}: {where}: 'label' is missing")

    def _tag(self, slug: str, value: object) -> None:
        where = f"tag {slug!r}"
        kept = self.tables["tag"].setdefault(slug, {})
        self.files[slug] = self.file
        for key, item in self._table(slug, value, where).items():
            self._known(key, (*_TAG_KEYS, "add"), where)
            place = f"{where}, key {key!r}"
            if key == "add":
                continue
            if key in _WEIGHTED:
                kept[key] = self._weighted(key, item, place)
            elif key in _LISTED:
                kept[key] = self._listed(key, item, place)
            else:
                kept[key] = self._typed(item, _TAG_TYPES[key], place)
        if isinstance(value, dict):
            self._inner(value, kept, where)
            self._add(self._table(slug, value.get("add", {}), f"{where}, key 'add'"), kept, where)
        if not self.trusted and not kept.get("disabled"):  # one that is switched off leaves its name to its successor
            take_names(self.tables["tag"], slug)

    def _add(self, given: Mapping[str, Any], kept: dict[str, Any], where: str) -> None:
        """What an overlay adds to the lists of a tag, so that one phrase more needs no copy of the others."""
        for key, item in given.items():
            self._known(key, _ADDED, f"{where}, key 'add'")
            place = f"{where}, key 'add.{key}'"
            if key in _WEIGHTED:
                weights = kept.setdefault(key, {})
                for weight, items in self._weighted(key, item, place).items():
                    weights[weight] = [*weights.get(weight, ()), *items]
            elif key in _LISTED:
                kept[key] = [*dict.fromkeys([*kept.get(key, ()), *self._listed(key, item, place)])]
            else:
                kept[key] = [
                    *kept.get(key, ()),
                    *(self._typed(one, str, place) for one in self._typed(item, list, place)),
                ]

    def _inner(self, given: Mapping[str, Any], kept: dict[str, Any], where: str) -> None:
        """The tables inside a tag's table."""
        self._section(given.get("section", {}), where)
        for key, item in given.get("weak", {}).items():
            self._known(key, ("below", "rank"), f"{where}, key 'weak'")
            self._typed(item, (int, float), f"{where}, key 'weak.{key}'")
        if "unless" in given:
            kept["unless"] = {}
            for key, item in given["unless"].items():
                self._known(key, _UNLESS, f"{where}, key 'unless'")
                place = f"{where}, key 'unless.{key}'"
                kept["unless"][key] = self._phrases(item, place) if key in PLACES else self._items(item, place)
        for key in ("yes", "no"):
            for item in given.get(key, ()):
                self._typed(item, str, f"{where}, key {key!r}")

    def _section(self, section: Mapping[str, object], where: str) -> None:
        for name, factor in section.items():
            self._known(name, ZONES, f"{where}, key 'section'")
            self._typed(factor, (int, float), f"{where}, key 'section.{name}'")

    def _weighted(self, key: str, value: object, where: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for weight, items in self._typed(value, dict, where).items():
            try:
                finite = isfinite(float(weight))
            except ValueError:
                finite = False
            if not finite:
                raise RuleError(f"{self.file}: {where}: {weight!r} is not a weight; write {key}.2 = '...'")
            place = where[:-1] + f".{weight}'"
            found[weight] = (
                self._phrases(items, place) if key in _PHRASES else self._items(items, place, whole=key == "regex")
            )
            if key == "regex":
                self._regexes(found[weight], place)
            for item in found[weight] if key == "has" else ():
                self._known(item, HAS, place, "thing")
        return found

    def _regexes(self, items: Iterable[str], where: str) -> None:
        for item in items:
            try:
                re.compile(item)
            except re.error as problem:
                raise RuleError(f"{self.file}: {where}: {item!r}: {problem}") from problem
            if len(item) > LONGEST_REGEX:
                raise RuleError(f"{self.file}: {where}: a regex of more than {LONGEST_REGEX} characters")
            if _NESTED.search(item):
                raise RuleError(f"{self.file}: {where}: {item!r} repeats a repetition, which can take for ever")

    def _phrases(self, value: object, where: str) -> list[str]:
        """The phrases of a string or a list, with `@name` replaced, each checked."""
        found: list[str] = []
        for item in self._items(value, where):
            if item.startswith("@") and " " not in item:
                self._known(item[1:], self.tables["list"], where, "list")
                found += self.tables["list"][item[1:]]
                continue
            for name in CLASS.findall(item):
                self._known(name[1:], self.tables["list"], where, "list")
                if wrong := next((one for one in self.tables["list"][name[1:]] if not is_word(one)), ""):
                    raise RuleError(
                        f"{self.file}: {where}: {name} inside a phrase is one word of the list, which {wrong!r} is not"
                    )
            try:
                if not self.trusted:
                    parse(item)
            except PhraseError as problem:
                raise RuleError(f"{self.file}: {where}: {problem}") from problem
            found.append(item)
        return found

    def _listed(self, key: str, value: object, where: str) -> list[str]:
        """A list of a tag. Its aliases are spelled as slugs are, each once: they are looked up so."""
        if key == "mask":
            return self._phrases(value, where)
        items = self._items(value, where)
        if key != "aliases":
            return items
        return [*dict.fromkeys(re.sub(r"[\s_]+", "-", item.strip().lower()) for item in items if item.strip())]

    def _items(self, value: object, where: str, *, whole: bool = False) -> list[str]:
        if isinstance(value, str):
            return [value] if whole else split(value)
        items = self._typed(value, list, where, "a string or a list of strings")
        return [self._typed(item, str, where) for item in items]

    def _table(self, slug: str, value: object, where: str) -> dict[str, Any]:
        if not _SLUG.fullmatch(slug):
            raise RuleError(f"{self.file}: {where}: a slug is lower-case letters, digits and hyphens")
        table: dict[str, Any] = self._typed(value, dict, where)
        return table

    def _typed(self, value: Any, kind: type | tuple[type, ...], where: str, name: str = "") -> Any:  # noqa: ANN401
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if isinstance(value, float) and not isfinite(value):
            raise RuleError(f"{self.file}: {where}: {value!r} is not a number to count with")
        if isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool)):
            return value
        words = {
            str: "a string",
            int: "a number",
            float: "a number",
            bool: "true or false",
            dict: "a table",
            list: "a list",
        }
        raise RuleError(f"{self.file}: {where}: must be {name or words[kinds[0]]}, not {value!r}")

    def _known(self, key: str, keys: Iterable[str], where: str, what: str = "key") -> None:
        names = list(keys)
        if key in names:
            return
        near = difflib.get_close_matches(key, names, 1, 0)
        place = f"{self.file}: {where}: " if where else f"{self.file}: "
        raise RuleError(f"{place}unknown {what} {key!r}" + (f"; the nearest is {near[0]!r}" if near else ""))
