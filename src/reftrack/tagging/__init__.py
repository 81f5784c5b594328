"""A Paper and rules become Tags, each with the words it rests on: pure functions, no files but the packaged rules."""

from .engine import tag
from .explaining import Explanation, content_hash, explain
from .lint import lint
from .reading import load
from .rules import RuleSet

__all__ = ["Explanation", "RuleSet", "content_hash", "explain", "lint", "load", "tag"]
