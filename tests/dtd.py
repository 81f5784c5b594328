"""NLM's DTD of PubMed files, as Biopython ships it; nothing is fetched."""

from functools import cache
from pathlib import Path

import Bio.Entrez
from lxml import etree

NAME = "pubmed_250101.dtd"


@cache
def validator():
    """The DTD as lxml holds it: `validator().validate(tree)`, then `.error_log`."""
    return etree.DTD(str(Path(Bio.Entrez.__file__).parent / "DTDs" / NAME))
