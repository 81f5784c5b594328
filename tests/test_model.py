"""The nouns answer what is asked of them: which paper is retracted, which trials it names."""

import pytest

from papers import paper
from reftrack.model import Accession, Author, Correction, Heading, PublicationType, Qualifier


@pytest.mark.parametrize(
    ("values", "retracted"),
    [
        ({}, False),
        ({"publication_types": (PublicationType("Retracted Publication", "D016441"),)}, True),
        ({"publication_types": (PublicationType("Retraction of Publication", "D016440"),)}, False),
        ({"publication_types": (PublicationType("Retraction Notice", "D016440"),)}, False),
        ({"corrections": (Correction("RetractionIn"),)}, True),
        ({"corrections": (Correction("RetractedandRepublishedIn"),)}, True),
        ({"corrections": (Correction("RetractionOf"),)}, False),
        ({"corrections": (Correction("PartialRetractionIn"),)}, False),
        ({"corrections": (Correction("ErratumIn"),)}, False),
        ({"corrections": (Correction("ExpressionOfConcernIn"),)}, False),
    ],
    ids=str,
)
def test_retracted_is_the_paper_not_its_notice(values, retracted):
    """Publication type or link make a paper retracted; a notice, an erratum, a concern, a partial one do not."""
    assert paper(**values).retracted is retracted


def test_registry_ids_are_of_trial_registries_only():
    """A trial number counts once; an accession of a sequence databank is no trial."""
    entries = (Accession("ISRCTN", "ISRCTN1"), Accession("GENBANK", "X1"), Accession("ISRCTN", "ISRCTN1"))
    assert paper(accessions=entries).registry_ids == ("ISRCTN1",)


def test_a_heading_is_major_also_by_a_subheading():
    """PubMed's [majr] finds a heading whose subheading alone is starred."""
    assert Heading("Stroke", qualifiers=(Qualifier("drug therapy", major=True),)).is_major
    assert not Heading("Stroke", qualifiers=(Qualifier("drug therapy"),)).is_major


def test_short_names():
    """Family, initials and suffix as PubMed lists them; a group by its name."""
    assert Author("Doe", "John A", "JA", "Jr").short == "Doe JA Jr"
    assert Author("Example Study Group", collective=True).short == "Example Study Group"
