"""Which papers report the same trial."""

from __future__ import annotations

from collections.abc import Sequence

from .opening import Connection
from .selecting import CHUNK


def trials_of(connection: Connection, pmids: Sequence[int]) -> dict[int, str]:
    """PMID → the trial that the paper counts as, of those papers that count as one.

    Papers of one trial have the same name, a registry number where one is known. A review, an erratum, or a protocol
    of a trial that has no number counts as none.
    """
    found: dict[int, str] = {}
    for start in range(0, len(pmids), CHUNK):
        part = pmids[start : start + CHUNK]
        marks = ",".join("?" * len(part))
        rows = connection.rows(
            f"""SELECT t.pmid, (SELECT number FROM accessions a WHERE a.pmid = t.pmid AND a.databank IN
                ('ClinicalTrials.gov', 'ISRCTN', 'EudraCT', 'ChiCTR') ORDER BY number LIMIT 1)
            FROM paper_tags t WHERE t.is_primary AND t.tag IN ('rct', 'nonrandomized-trial') AND t.pmid IN ({marks})""",
            part,
        )
        found.update((pmid, number or f"PMID {pmid}") for pmid, number in rows)
    return found
