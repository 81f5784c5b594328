"""`+tbi -animal` among the words of a selection: short for --tag tbi --not-tag animal."""

from __future__ import annotations

import re
from itertools import islice

import click

from ..errors import UsageError

_TAG = re.compile(r"[^\W\d_][\w/ -]*\w")
"""What a tag can look like: two letters or more, so that `-x` is an option and `+/-` are words."""

_BEFORE = {"-q": "--quiet", "-v": "--verbose"}
"""What stands before the command, and is often typed after it."""


class Selecting(click.Command):
    """A command that takes the options of `options.selection`, and tags among its words."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, with +TAG and -TAG written out."""
        # Completion parses half a line, in which nothing is wrong yet.
        return super().parse_args(ctx, args if ctx.resilient_parsing else self._written_out(ctx, args))

    def attached(self, _option: str, value: str) -> bool:
        """Whether `-ovalue` is -o with its value, and not the tag `ovalue` to be left out."""
        return any(character in value for character in "./\\~=")

    def _written_out(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = {
            name: param for param in self.get_params(ctx) if isinstance(param, click.Option) for name in param.opts
        }
        words = iter(args)
        out: list[str] = []
        for word in words:
            if word == "--":
                return [*out, word, *words]
            option = options.get(word.partition("=")[0] if word.startswith("--") else word)
            if option is not None:
                out.append(word)
                if not option.is_flag and not option.count and not (word.startswith("--") and "=" in word):
                    out += islice(words, 1)  # a value, whatever it begins with: --sort -year
            elif word.startswith("+") and _TAG.fullmatch(word[1:]):
                out += ["--tag", word[1:]]
            elif word.startswith("-") and not word.startswith("--") and word != "-":
                out += self._minus(word, options, ctx.info_name or "")
            else:
                out.append(word)
        return out

    def _minus(self, word: str, options: dict[str, click.Option], command: str) -> list[str]:
        short = options.get(word[:2])
        if short is not None and not short.is_flag and self.attached(word[:2], word[2:]):
            return [word]
        if f"-{word}" in options:
            raise UsageError(f"There is no option {word}; did you mean -{word}?")
        if _TAG.fullmatch(word[1:]):
            return ["--not-tag", word[1:]]
        if word in _BEFORE:
            raise UsageError(f"{word} ({_BEFORE[word]}) stands before the command: reftrack {word} {command} …")
        raise UsageError(
            f"There is no option {word}. -TAG, as -animal, leaves a tag out; to search for a word that begins with "
            "a hyphen, write it after --."
        )
