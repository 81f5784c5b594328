"""Papers that people labelled, and what the rules say of the same papers, become figures: pure functions."""

from .agreement import Agreement, agreement
from .gold import Gold, GoldPaper, Scope, read_gold
from .scoring import FacetScore, Ours, TagScore, Verdict, judge, score
from .vocabulary import Vocabulary
from .writing import gold_header, gold_line

__all__ = [
    "Agreement",
    "FacetScore",
    "Gold",
    "GoldPaper",
    "Ours",
    "Scope",
    "TagScore",
    "Verdict",
    "Vocabulary",
    "agreement",
    "gold_header",
    "gold_line",
    "judge",
    "read_gold",
    "score",
]
