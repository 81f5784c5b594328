"""A Paper and rules become Tags, each with the words it rests on: pure functions, no files but the packaged rules."""

from .describing import Description, describe, origins
from .engine import tag
from .explaining import Explanation, below, content_hash, explain
from .lint import lint
from .reading import load
from .rules import RuleSet

__all__ = [
    "Description",
    "Explanation",
    "RuleSet",
    "below",
    "content_hash",
    "describe",
    "explain",
    "lint",
    "load",
    "origins",
    "tag",
]
