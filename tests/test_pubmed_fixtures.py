"""The made-up records are what PubMed could send: valid against NLM's DTD, as Biopython ships it."""

from pathlib import Path

import Bio.Entrez
import pytest
from lxml import etree

FIXTURES = Path(__file__).parent / "fixtures" / "pubmed"
DTDS = Path(Bio.Entrez.__file__).parent / "DTDs"

NOT_VALID = {
    "billion-laughs.xml": "declares entities",
    "control-characters.xml": "has &#27;, which is no XML character",
    "cut-off.xml": "ends in the middle of a record",
    "external-dtd.xml": "uses an entity that no DTD declares",
    "external-entity.xml": "declares an external entity",
    "inert.xml": "has CDATA where the DTD wants elements",
    "nameless-authors.xml": "has authors without LastName",
    "no-pub-date.xml": "has no PubDate",
    "old-medline.xml": "follows a DTD of 2007",
    "prefix-not-declared.xml": "declares a namespace on the root",
    "unknown-child.xml": "has children that no DTD knows",
    "unreadable-records.xml": "has records that are broken on purpose",
}
"""Why each file under invalid/ is not valid."""


@pytest.fixture(scope="module")
def dtd():
    """PubMed's DTD of 2025 with its MathML modules, all read from Biopython's folder; nothing is fetched."""
    return etree.DTD(str(DTDS / "pubmed_250101.dtd"))


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.xml")), ids=lambda path: path.name)
def test_fixture_is_valid(dtd, path):
    """Every fixture outside invalid/ follows pubmed_250101.dtd."""
    tree = etree.parse(str(path), etree.XMLParser(load_dtd=False, no_network=True))
    assert dtd.validate(tree), dtd.error_log


@pytest.mark.parametrize("path", sorted((FIXTURES / "invalid").glob("*.xml")), ids=lambda path: path.name)
def test_invalid_fixture_is_invalid(dtd, path):
    """Every fixture in invalid/ has a reason to be there."""
    assert path.name in NOT_VALID
    if path.name == "external-dtd.xml":
        assert b"&undeclared;" in path.read_bytes()
        return
    try:
        tree = etree.parse(str(path), etree.XMLParser(load_dtd=False, no_network=True, resolve_entities=False))
    except etree.XMLSyntaxError:
        return
    assert tree.docinfo.internalDTD.entities() or not dtd.validate(tree)


def test_mathml_is_really_checked(dtd):
    """The DTD at hand knows MathML: a formula with an unknown element is not valid."""
    good = (FIXTURES / "titles.xml").read_bytes()
    bad = good.replace(b"mml:mfrac", b"mml:fraction")
    assert good != bad
    assert not dtd.validate(etree.fromstring(bad).getroottree())


def test_no_record_carries_a_pmid_of_pubmed():
    """Made-up PMIDs begin with 9, eight digits long, so that none can be taken for a real one."""
    for path in FIXTURES.rglob("*.xml"):
        for element in etree.parse(str(path), etree.XMLParser(recover=True, resolve_entities=False)).iter("PMID"):
            assert element.text == "none" or (len(element.text) == 8 and element.text.startswith("9"))
