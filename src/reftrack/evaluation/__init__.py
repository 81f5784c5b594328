"""Papers that people labelled, and what the rules say of the same papers, become figures: pure functions."""

from .gold import Gold, GoldPaper, Scope, read_gold
from .scoring import FacetScore, Ours, TagScore, Verdict, judge, score
from .vocabulary import Vocabulary

__all__ = [
    "FacetScore",
    "Gold",
    "GoldPaper",
    "Ours",
    "Scope",
    "TagScore",
    "Verdict",
    "Vocabulary",
    "judge",
    "read_gold",
    "score",
]
