"""A selection as a person types it: the `reftrack list` that gives the same papers."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from ..library.selecting import Selection

_JOINED = ("tags", "any_tags", "not_tags", "match")
"""What a selection and the options beside it both may say."""
_NO_MATTER = ("sort", "limit")


def list_commands(
    selections: Sequence[Selection], params: Sequence[click.Parameter], chosen: Mapping[str, Any]
) -> list[str]:
    """The commands that together give the papers of these selections (tags and query) among those `chosen` by options.

    `chosen` is what click read, `params` says what the options are called.
    """
    rest = [word for param in params for word in _words(param, chosen)]
    return [
        shlex.join(["reftrack", "list", *_of(one), *rest])
        for selection in selections
        for one in _both(selection, chosen)
    ]


def _both(selection: Selection, chosen: Mapping[str, Any]) -> Iterator[Selection]:
    """A selection that holds for both; several where each has tags of which one is enough."""
    mine, theirs = selection.any_tags, tuple(chosen.get("any_tags") or ())
    matches = [match for match in (selection.match, chosen.get("match")) if match]
    both = selection._replace(
        tags=tuple(dict.fromkeys((*selection.tags, *(chosen.get("tags") or ())))),
        not_tags=tuple(dict.fromkeys((*selection.not_tags, *(chosen.get("not_tags") or ())))),
        match=" AND ".join(f"({match})" for match in matches) if len(matches) > 1 else "".join(matches),
    )
    if mine and theirs:
        for tag in mine:
            yield both._replace(tags=tuple(dict.fromkeys((*both.tags, tag))), any_tags=theirs)
    else:
        yield both._replace(any_tags=mine or theirs)


def _of(selection: Selection) -> Iterator[str]:
    for option, tags in (
        ("--tag", selection.tags),
        ("--any-tag", selection.any_tags),
        ("--not-tag", selection.not_tags),
    ):
        for tag in tags:
            yield from (option, tag)
    if selection.match:
        yield from ("--match", selection.match)


def _words(param: click.Parameter, chosen: Mapping[str, Any]) -> Iterator[str]:
    """An option with its value as it was given; nothing where it was not."""
    value = chosen.get(param.name or "")
    if not isinstance(param, click.Option) or param.name in (*_JOINED, *_NO_MATTER) or not value:
        return
    option = param.opts[0]
    if param.is_flag:
        yield option
        return
    for one in value if isinstance(value, tuple) else (value,):
        yield from (option, str(one))
