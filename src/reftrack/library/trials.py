"""Which papers report the same trial, worked out from what the library holds whenever it is asked.

Nothing of the grouping is stored: a paper that comes, a tag, or an act by hand may move others. What is stored are the
marks (`trial_marks`), so that no text is read here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from ..registries import POOLED
from ..trials import LINKS, RESULTS_TYPES, Grouping, HandTrial, Link, Report, Role, group, name_of, role_of
from .opening import Connection

FEW = 2000
"""Papers for which an index is asked one by one; for more, all that are trials are looked through."""


def trials_of(connection: Connection, pmids: Sequence[int]) -> dict[int, str]:
    """PMID → the trial that the paper counts as, of those papers that count as one.

    Papers of one trial have the same name, a registry number where one is known. A review, a pooled analysis, an
    erratum of which no report is held, or a protocol of a trial that has no number counts as none.
    """
    done = grouping(connection)
    found: dict[int, str] = {}
    plain = set(_plain_results(connection, pmids)) - done.role.keys()
    for pmid in pmids:
        trial = done.trial.get(pmid)
        if trial in done.counted:
            found[pmid] = str(trial)
        elif pmid in plain:
            found[pmid] = name_of(pmid)
    return found


class Reports(NamedTuple):
    """The papers that report a trial which counts."""

    trial: dict[int, str]
    role: dict[int, Role]
    naming: dict[str, set[int]]
    """Trial → papers that name its number and are no report of it."""


def every_report(connection: Connection) -> Reports:
    """All reports of trials that the library holds: what `trials_of` says of every paper, and in which role."""
    done = grouping(connection)
    trial = {pmid: name for pmid, name in done.trial.items() if name in done.counted}
    role: dict[int, Role] = {pmid: done.role[pmid] for pmid in trial}
    for pmid in set(_plain_results(connection)) - done.role.keys():
        trial[pmid], role[pmid] = name_of(pmid), "results"
    return Reports(trial, role, done.naming)


def grouping(connection: Connection, pmids: Collection[int] = ()) -> Grouping:
    """Every paper that has a number, a link to another report or a word by hand, in its trial; and these papers.

    A paper with results that has none of these is a trial by itself, and left out unless it is among `pmids`.
    """
    numbers: dict[int, dict[str, tuple[str, str, bool]]] = {}
    pooled: set[int] = set()
    for pmid, number, registry, field in connection.rows("SELECT pmid, number, registry, field FROM trial_marks"):
        if number == POOLED:
            pooled.add(pmid)
            continue
        of = numbers.setdefault(pmid, {})
        of[number] = (number, registry, field == "record" or (number in of and of[number][2]))
    links, errata = links_and_errata(connection)
    hands = hand_trials(connection)
    wanted = {*numbers, *pooled, *errata, *hands, *(pmid for link in links for pmid in link[:2]), *pmids}
    wanted |= {int(hand.trial[5:]) for hand in hands.values() if hand.trial.startswith("PMID ")}
    reports = [
        Report(
            pmid,
            "erratum" if pmid in errata else role_of(primary, secondary=secondary, pooled=pmid in pooled),
            tuple(numbers.get(pmid, {}).values()),
        )
        for pmid, primary, secondary in _study_types(connection, wanted)
    ]
    return group(reports, links, hands)


def hand_trials(connection: Connection) -> dict[int, HandTrial]:
    """What people said of the trials of papers."""
    rows = connection.rows("SELECT pmid, verdict, trial, because, who, at FROM hand_trials")
    return {pmid: HandTrial(*said) for pmid, *said in rows}


def links_and_errata(connection: Connection) -> tuple[list[tuple[int, int, Link]], set[int]]:
    """Links between reports, and the papers that correct another, whether it is held or not."""
    links: list[tuple[int, int, Link]] = []
    errata: set[int] = set()
    for kind, (how, forward) in LINKS.items():
        for pmid, other, preprint in connection.rows(
            """SELECT c.pmid, coalesce(c.other_pmid, 0), p.type = 'preprint' FROM corrections c
            JOIN papers p ON p.pmid = c.pmid WHERE c.kind = ?""",
            (kind,),
        ):
            if kind == "UpdateIn" and not preprint:
                continue  # a review and its update, say: another piece of work
            child, of = (pmid, other) if forward else (other, pmid)
            if kind == "UpdateOf" and not _is_preprint(connection, other):
                continue
            if how == "erratum" and child:
                errata.add(child)
            if other and other != pmid:
                links.append((child, of, how))
    return links, errata - {0}


def links_of(connection: Connection) -> list[tuple[int, int, Link]]:
    """(the paper that corrects or repeats, the other, how), as PubMed links them."""
    return links_and_errata(connection)[0]


def _is_preprint(connection: Connection, pmid: int) -> bool:
    return bool(connection.value("SELECT type = 'preprint' FROM papers WHERE pmid = ?", (pmid,)))


def _study_types(connection: Connection, pmids: Collection[int]) -> Iterator[tuple[int, str, bool]]:
    """(PMID, primary study type, whether a secondary analysis) of those of these papers that are held."""
    for pmid, primary, secondary in connection.rows(
        """SELECT p.pmid, coalesce((SELECT t.tag FROM paper_tags t WHERE t.pmid = p.pmid AND t.facet = 'study'
                AND t.is_primary LIMIT 1), ''),
            EXISTS (SELECT 1 FROM paper_tags t WHERE t.pmid = p.pmid AND t.tag = 'secondary-analysis')
        FROM json_each(?) w CROSS JOIN papers p ON p.pmid = w.value""",
        (json.dumps(sorted(pmids)),),
    ):
        yield pmid, primary, bool(secondary)


def _plain_results(connection: Connection, pmids: Sequence[int] | None = None) -> Iterator[int]:
    """Those of these papers (and perhaps others), or of all, that report results of a trial by their tags."""
    few = pmids is not None and len(pmids) <= FEW
    among = " AND t.pmid IN (SELECT value FROM json_each(?))" if few else ""
    rows = connection.rows(
        f"""SELECT t.pmid FROM paper_tags t WHERE t.tag IN {RESULTS_TYPES} AND t.is_primary{among}
        EXCEPT SELECT pmid FROM paper_tags WHERE tag = 'secondary-analysis'""",
        (json.dumps(list(pmids or ())),) if few else (),
    )
    return (pmid for (pmid,) in rows)
