"""Phrases of the rules and reasons why words do not count, for who does not know the language of rule files."""

from __future__ import annotations

import re

_ALTERNATIVES = 4

_BY_MASK = (
    ("negated: ", "negated by “{}”"),
    ("", "the words are part of “{}”"),
)


def not_counted(why: str) -> str:
    """Why, as a sentence: the phrase that masks it, the negation, or what the abbreviation means here."""
    if " = " in why:
        short, _, long = why.partition(" = ")
        return f"{short} stands for “{long}” here"
    if why.endswith("is not spelled out"):
        return f"{why}, and nothing else speaks for the tag"
    start, sentence = next((start, sentence) for start, sentence in _BY_MASK if why.startswith(start))
    return sentence.format(readable(why.removeprefix(start)))


def readable(phrase: str) -> str:
    """A phrase of the rules for who does not know their language: alternatives by "/", a gap by "…"."""
    phrase = re.sub(r"\s*!\([^()]*\)|\s*!\S+", "", phrase)
    phrase = re.sub(r"~\d+", "…", phrase)
    phrase = re.sub(r"@([a-z0-9-]+)", r"[\1]", phrase)  # one word of a list
    return re.sub(r"\(([^()]*)\)", _alternatives, phrase)


def _alternatives(match: re.Match[str]) -> str:
    options = [option for option in match[1].split("|") if option]
    several = len(options) > _ALTERNATIVES
    return "/".join([*options[:_ALTERNATIVES], *["…"] * several])
