"""The trials behind papers, as `studies` shows them: each with its reports, and why each stands there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..errors import UsageError
from ..library.opening import Connection
from ..library.selecting import find_paper
from ..library.trials import grouping, hand_trials, links_of, trials_of
from ..registries import POOLED, by_rank, normal
from ..trials import NO_REPORT, ROLES, Grouping, HandTrial, name_of
from .acronyms import Named, around, names_in


class Why(NamedTuple):
    """One reason why a paper stands with a trial."""

    kind: str
    """record, title, abstract, link, hand, itself."""
    number: str = ""
    quote: str = ""
    """Of the text the sentence that holds the number; of a hand the person's reason."""
    who: str = ""
    at: str = ""
    pmid: int | None = None
    """The paper that a link leads to."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A paper in its trial."""

    pmid: int
    key: str
    title: str
    year: int | None
    retracted: bool
    role: str
    why: tuple[Why, ...] = ()


@dataclass(frozen=True, slots=True)
class Study:
    """A trial and the papers that are held of it."""

    trial: str
    registry: str
    """"" of one that is known by a paper alone."""
    numbers: tuple[str, ...]
    acronym: str
    papers: tuple[Standing, ...]
    naming: tuple[Standing, ...] = ()
    """Papers that name it and are no report of it."""


@dataclass(frozen=True, slots=True)
class Studies:
    """The trials behind a selection of papers."""

    studies: tuple[Study, ...]
    reports: int
    unplaced: tuple[int, ...]
    """Reports of trials of which nothing says which: secondary analyses, protocols and errata without a number."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Papers that share a name of a trial, and that nothing else puts together."""

    acronym: str
    papers: tuple[tuple[Standing, str, str, bool], ...]
    """(paper, its trial now or "", the sentence, whether it is open: no number and no word by hand)."""


def studies(connection: Connection, pmids: Sequence[int]) -> Studies:
    """The trials of these papers, those with most reports first."""
    done = grouping(connection, pmids)
    trials = trials_of(connection, pmids)
    texts = _texts(connection, trials)
    by_trial: dict[str, list[Standing]] = {}
    for pmid, trial in trials.items():
        by_trial.setdefault(trial, []).append(_standing(done, texts[pmid]))
    found = [_study(done, connection, trial, papers, texts) for trial, papers in by_trial.items()]
    found.sort(key=lambda one: (-len(one.papers), one.trial.startswith("PMID "), one.trial))
    unplaced = tuple(
        pmid
        for pmid in sorted(set(pmids))
        if pmid not in trials and done.role.get(pmid) in ("secondary", "protocol", "erratum", "translation")
    )
    return Studies(tuple(found), len(trials), unplaced)


def some_studies(connection: Connection, pmids: Sequence[int], *, first: int, most: int) -> tuple[Studies, int]:
    """The part of `studies` from its `first` on, and how many trials there are in all; reads no other texts."""
    trials = trials_of(connection, pmids)
    by_trial: dict[str, list[int]] = {}
    for pmid, trial in trials.items():
        by_trial.setdefault(trial, []).append(pmid)
    names = sorted(by_trial, key=lambda name: (-len(by_trial[name]), name.startswith("PMID "), name))
    shown = names[first : first + most]
    wanted = [pmid for name in shown for pmid in by_trial[name]]
    done, texts = grouping(connection, wanted), _texts(connection, wanted)
    found = tuple(
        _study(done, connection, name, [_standing(done, texts[pmid]) for pmid in by_trial[name]], texts)
        for name in shown
    )
    return Studies(found, len(trials), ()), len(names)


def study(connection: Connection, name: str) -> Study:
    """The trial that a registry number, a PMID or a key names, with all papers held. Raises UsageError."""
    number = normal(name)[0]
    if number:
        done = grouping(connection)
        trial = done.names.get(number, number)
    else:
        pmid = find_paper(connection, name.strip().removeprefix("PMID "))
        done = grouping(connection, [pmid])
        trial = done.trial.get(pmid, "")
        if not trial:
            raise UsageError(_no_trial(done, pmid))
    members = sorted(pmid for pmid, other in done.trial.items() if other == trial)
    naming = sorted(done.naming.get(trial, set()) - set(members))
    if not members and not naming:
        raise UsageError(f"No paper that is held names {number}; `reftrack studies` lists the trials there are.")
    texts = _texts(connection, [*members, *naming])
    why = _why(connection, done, trial, [*members, *naming], texts)
    papers = [_standing(done, texts[pmid], why[pmid]) for pmid in members]
    return _study(done, connection, trial, papers, texts, [_standing(done, texts[pmid], why[pmid]) for pmid in naming])


def _no_trial(done: Grouping, pmid: int) -> str:
    if done.role.get(pmid) in ("secondary", "protocol", "erratum", "translation"):
        return (
            f"PMID {pmid} reports on a trial ({done.role[pmid]}), but nothing in it says which; "
            f"`reftrack studies join TRIAL {pmid}` says so by hand."
        )
    names = sorted(trial for trial, pmids in done.naming.items() if pmid in pmids)
    if names:
        return f"PMID {pmid} is no report of one trial; it names {', '.join(names)}."
    return f"PMID {pmid} is no report of a trial; if it is, `reftrack studies join TRIAL {pmid}` says so by hand."


def trial_named(connection: Connection, name: str) -> str:
    """The trial to join papers to: by a registry number (also one that no paper names yet), PMID or key.

    Raises UsageError.
    """
    number = normal(name)[0]
    if number:
        return grouping(connection).names.get(number, number)
    try:
        pmid = find_paper(connection, name.strip().removeprefix("PMID "))
    except UsageError as error:
        raise UsageError(
            f"{name!r} is neither a registry number nor a paper that is held ({str(error).rstrip('.')})."
        ) from None
    return grouping(connection, [pmid]).trial.get(pmid, name_of(pmid))


def suggestions(connection: Connection, pmids: Sequence[int]) -> list[Suggestion]:
    """Names that several reports share and that nothing but their letters puts together; open ones, by name."""
    done = grouping(connection, pmids)
    trials = trials_of(connection, pmids)
    hands = hand_trials(connection)
    numbered = {pmid for (pmid,) in connection.rows("SELECT pmid FROM trial_marks WHERE number <> ?", (POOLED,))}
    asked = [
        pmid for pmid in dict.fromkeys(pmids) if pmid in trials or done.role.get(pmid, "") not in {*NO_REPORT, "other"}
    ]
    texts = _texts(connection, asked)
    by_name: dict[str, list[tuple[int, Named]]] = {}
    for pmid in sorted(texts):
        for name, named in names_in(texts[pmid].title, texts[pmid].abstract).items():
            by_name.setdefault(name, []).append((pmid, named))
    found = []
    for name, holders in sorted(by_name.items()):
        here = [trials.get(pmid, "") for pmid, _ in holders]
        opened = [pmid for pmid, _ in holders if pmid not in numbered and pmid not in hands]
        if not opened or len(holders) < 2 or (len(set(here)) == 1 and here[0]):  # noqa: PLR2004 - one is no group
            continue
        papers = tuple(
            (_standing(done, texts[pmid]), trials.get(pmid, ""), named.sentence, pmid in opened)
            for pmid, named in holders
        )
        found.append(Suggestion(name, papers))
    return found


def confirmed(suggestion: Suggestion, pmids: Iterable[int] = ()) -> tuple[str, list[int]]:
    """(trial, papers to join to it) of a suggestion, or of these of its papers. Raises UsageError if not plain."""
    chosen = set(pmids) or {paper.pmid for paper, *_ in suggestion.papers}
    if strange := sorted(chosen - {paper.pmid for paper, *_ in suggestion.papers}):
        raise UsageError(f"PMID {strange[0]} does not name {suggestion.acronym}; `reftrack studies join` takes it.")
    numbers = sorted({trial for paper, trial, _, opened in suggestion.papers if paper.pmid in chosen and not opened})
    numbers = [trial for trial in numbers if trial]
    if len(numbers) > 1:
        raise UsageError(
            f"Several trials go by {suggestion.acronym} ({', '.join(numbers)}), so it is not plain which is meant; "
            "`reftrack studies join TRIAL PMID…` says it of each paper."
        )
    opened = sorted(paper.pmid for paper, _, _, opened in suggestion.papers if opened and paper.pmid in chosen)
    if not opened or (len(chosen) < 2 and not numbers):  # noqa: PLR2004
        raise UsageError(f"There is nothing to join for {suggestion.acronym}: name two papers or more.")
    results = [paper.pmid for paper, *_ in suggestion.papers if paper.pmid in opened and paper.role == "results"]
    trial = numbers[0] if numbers else name_of(min(results or opened))
    return trial, [pmid for pmid in opened if name_of(pmid) != trial]


class _Text(NamedTuple):
    pmid: int
    key: str
    title: str
    abstract: str
    year: int | None
    retracted: bool


def _texts(connection: Connection, pmids: Iterable[int]) -> dict[int, _Text]:
    rows = connection.rows(
        """SELECT p.pmid, coalesce(k.key, ''), p.title, p.abstract, p.year, p.retracted
        FROM json_each(?) w CROSS JOIN papers p ON p.pmid = w.value LEFT JOIN citation_keys k ON k.pmid = p.pmid""",
        (json.dumps(sorted(set(pmids))),),
    )
    return {row[0]: _Text(*row) for row in rows}


def _standing(done: Grouping, text: _Text, why: tuple[Why, ...] = ()) -> Standing:
    role = done.role.get(text.pmid) or "results"
    return Standing(text.pmid, text.key, text.title, text.year, bool(text.retracted), role, why)


def _study(
    done: Grouping,
    connection: Connection,
    trial: str,
    papers: Iterable[Standing],
    texts: dict[int, _Text],
    naming: Iterable[Standing] = (),
) -> Study:
    held = sorted(papers, key=lambda one: (ROLES.index(one.role), one.year or 0, one.pmid))
    numbers = sorted(
        (by_rank(number, normal(number)[1]), number)
        for number in done.names_of(trial) | ({trial} - {""})
        if not number.startswith("PMID ")
    )
    named = Counter(name for one in held for name in names_in(texts[one.pmid].title, texts[one.pmid].abstract))
    acronym = min(named, key=lambda name: (-named[name], name), default="")
    registry = "" if trial.startswith("PMID ") else normal(trial)[1] or _registry(connection, trial)
    return Study(trial, registry, tuple(number for _, number in numbers), acronym, tuple(held), tuple(naming))


def _registry(connection: Connection, number: str) -> str:
    return str(connection.value("SELECT registry FROM trial_marks WHERE number = ?", (number,)) or "")


def _why(
    connection: Connection, done: Grouping, trial: str, pmids: Sequence[int], texts: dict[int, _Text]
) -> dict[int, tuple[Why, ...]]:
    """Why each of these papers stands with the trial: by hand, by number, by link, or by itself."""
    found: dict[int, list[Why]] = {pmid: [] for pmid in pmids}
    hands: dict[int, HandTrial] = hand_trials(connection)
    for pmid in pmids:
        if pmid in hands:
            hand = hands[pmid]
            found[pmid].append(Why("hand", hand.trial, hand.because, hand.who, hand.at))
    for pmid, number, field, start, end in connection.rows(
        """SELECT pmid, number, field, start, "end" FROM trial_marks
        WHERE number <> ? AND pmid IN (SELECT value FROM json_each(?)) ORDER BY pmid, position""",
        (POOLED, json.dumps(list(pmids))),
    ):
        if done.names.get(number, number) == trial:
            text = {"title": texts[pmid].title, "abstract": texts[pmid].abstract}.get(field, "")
            found[pmid].append(Why(field, number, around(text, start, end) if text else ""))
    for child, other, _ in links_of(connection):
        for one, to in ((child, other), (other, child)):
            if one in found and done.trial.get(to) == trial and not found[one]:
                found[one].append(Why("link", pmid=to))
    return {pmid: tuple(why) or (Why("itself"),) for pmid, why in found.items()}
