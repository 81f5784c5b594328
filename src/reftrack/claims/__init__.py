"""Claims that readers bring, as data: statements, and what a paper must meet to bear on each of them."""

from .reading import Claim, Way, load, nearest_id, parse_shipped

__all__ = ["Claim", "Way", "load", "nearest_id", "parse_shipped"]
