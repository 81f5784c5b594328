"""PubMed XML becomes Papers: all that reftrack knows of NLM's format is in this room.

In come bytes, as EFetch, PubMed's export or a baseline file give them; out come Records (`cut`) and Papers (`parse`),
or a RecordError. Nothing is read from disk or network here, and no DTD or entity ever is.
"""

from .cut import cut
from .parse import PARSER_VERSION, deleted_pmids, parse, pmid_of

__all__ = ["PARSER_VERSION", "cut", "deleted_pmids", "parse", "pmid_of"]
