"""The sentences that every form of the digest shares, and text that nothing obeys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..model import Bucket
from ..notices import without_mark
from ..tag_changes import TagChange, TagNews
from .digest import Card, Digest, Item, Problem, Section
from .retagged import Conflict

TITLES: dict[Bucket, str] = {
    "retracted": "Retracted",
    "notice": "Notices",
    "new": "New",
    "late": "Found late",
    "indexed": "Indexed",
    "changed": "Changed",
    "left": "Left the query",
    "deleted": "No longer served by PubMed",
    "stored": "Stored, not yet told as new",
}
SAID: dict[Bucket, str] = {
    "retracted": "These papers were held and have been retracted. Look where you cite them.",
    "notice": "Held papers that gained an expression of concern, an erratum, an update, a comment.",
    "new": "",
    "late": "In PubMed before, and found only now.",
    "indexed": "",
    "changed": "PubMed changed these records.",
    "left": "Found before, and no more. They stay in the library.",
    "deleted": "Deleted or merged into another record. They stay in the library.",
    "stored": "The run broke off; the next complete run tells them.",
}
"""A sentence below the title of a section; `said` also counts."""
SHORT_TITLE = "What fell short"
WARNED = "Warnings"
MARKS = {"retracted": "RETRACTED", "concern": "EXPRESSION OF CONCERN", "deleted": "NO LONGER IN PUBMED"}
"""Card.marks as they stand before a title."""

FEW = 5
"""So many missing PMIDs are named where a person reads."""
RUNS = 30
"""So many runs stand in a footer; the ledger shows them all."""

_COUNTED: dict[Bucket, tuple[str, str]] = {
    "retracted": ("retracted", "retracted"),
    "notice": ("notice", "notices"),
    "new": ("new", "new"),
    "late": ("late", "late"),
    "indexed": ("indexed", "indexed"),
    "changed": ("changed", "changed"),
    "left": ("left", "left"),
    "deleted": ("no longer served", "no longer served"),
    "stored": ("stored, not yet told", "stored, not yet told"),
}
_SPACE = re.compile(r"[\t\n\x0b\x0c\r\x85\u2028\u2029]+")
# Controls, what reorders or hides text (Unicode TR9, TR36), halves of characters and what is no character (XML 1.0).
UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff"
    r"\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]"
)


def inert(text: object) -> str:
    """One line of text without anything that a terminal, a browser or an XML parser would obey or refuse."""
    return UNSAFE.sub("", _SPACE.sub(" ", str(text)))


def heading(digest: Digest) -> str:
    """What the digest is called."""
    return f"What changed {digest.period}"


def counts(digest: Digest) -> list[tuple[Bucket, str]]:
    """How much there is of each, worst first: ("new", "3 new")."""
    return [
        (section.bucket, f"{section.total:,} {_COUNTED[section.bucket][section.total != 1]}")
        for section in digest.sections
    ]


def one_line(digest: Digest) -> str:
    """The whole digest in a sentence, where there is no paper to tell; "" where there is."""
    if digest.sections:
        return ""
    if not digest.runs:
        return f"No run {digest.period}: nobody has looked. `reftrack fetch` does."
    if digest.fell_short:
        return f"No news is told {digest.period}, but not all went well: {fell_short(digest)}."
    only = " among the papers that were asked for" if digest.chosen else ""
    return f"Nothing new {digest.period}{only}: {found(digest)}."


def found(digest: Digest) -> str:
    """What the newest run of each query found: "2 queries, 25 papers found, all held"; "" if none looked."""
    if not digest.looks:
        return ""
    held = "all held" if not digest.lost else f"{digest.lost:,} of them not held"
    papers = number(digest.held_of_found + digest.lost, "paper")
    return f"{number(len(digest.looks), 'query', 'queries')}, {papers} found, {held}"


def fell_short(digest: Digest) -> str:
    """How many runs fell short: "1 run failed, 2 were partial"."""
    kinds = [problem.kind for problem in digest.fell_short]
    told = [
        f"{number(kinds.count(kind), 'run')} {words[kinds.count(kind) != 1]}"
        for kind, words in _RUNS_THAT.items()
        if kind in kinds
    ]
    return ", ".join(told)


_RUNS_THAT = {
    "failed": ("failed", "failed"),
    "partial": ("is partial", "are partial"),
    "interrupted": ("was interrupted", "were interrupted"),
    "running": ("has not ended", "have not ended"),
    "missing": ("misses papers", "miss papers"),
}


def source_line(item: Item) -> list[str]:
    """First author, journal and year of a paper, as far as they are known."""
    card = item.card
    if card is None:
        return []
    journal = " ".join(part for part in (card.journal, "" if card.year is None else str(card.year)) if part)
    return [part for part in (card.author, journal) if part]


def title(item: Item) -> str:
    """Never empty; of a paper that is not held nothing is known but its PMID. A mark that is ours stands once."""
    if item.card is None:
        return f"PMID {item.pmid} (not held)"
    text = inert(item.card.title).strip()
    return (without_mark(text) if "retracted" in item.card.marks else text) or "[No title]"


def marks(item: Item) -> list[str]:
    """What stands before the title."""
    return [MARKS[mark] for mark in item.card.marks] if item.card else []


def link(item: Item) -> str:
    """The paper's page at PubMed."""
    return f"https://pubmed.ncbi.nlm.nih.gov/{int(item.pmid)}/"


def tags(card: Card | None) -> list[str]:
    """The study type first."""
    return [tag for tag in ((card.study, *card.tags) if card else ()) if tag]


def queries(bucket: Bucket) -> str:
    """The words before the names of the queries that tell a paper."""
    return {"left": "left", "stored": "stored by"}.get(bucket, "found by")


def because(bucket: Bucket, item: Item) -> str:
    """The reason, as a text of its own; "" where the section says all."""
    told = {"retracted": "already retracted", "concern": "already under an expression of concern"}
    marks = item.card.marks if item.card and bucket in ("new", "late") and not item.noticed_since else ()
    known = [told[mark] for mark in marks if mark in told]
    reason = item.record if bucket == "indexed" else item.reason
    return "; ".join([*known, *([reason] if reason else [])])


def said(section: Section) -> str:
    """The sentence below the title of a section; "" if there is none."""
    if section.indexed is None:
        return SAID[section.bucket]
    told = section.indexed
    counted = [
        (told.study, "filed under another study type"),
        (told.changed, "with other tags gained or lost"),
        (told.confirmed, "with tags confirmed"),
        (told.against, "against a decision by hand"),
    ]
    parts = [f"{many:,} {what}" for many, what in counted if many]
    return "NLM indexed these papers, whose tags rested on the text until then" + (
        f": {', '.join(parts)}." if parts else "."
    )


def retagged(item: Item) -> list[str]:
    """What became of the paper's tags, a line each; the gravest first."""
    told, lines = item.tags.by_indexing, []
    if told.study[0] != told.study[1]:
        before, after = (slug or "none" for slug in told.study)
        lines.append(f"study type {before} → {after}{_marks_of(told, told.study[1])}")
    lines += [_against(conflict) for conflict in item.tags.against]
    if moved := _moved(told):
        lines.append(moved)
    if told.confirmed:
        lines.append(f"confirmed: {', '.join(_with_marks(change) for change in told.confirmed)}")
    if with_record := item.tags.by_record.sentence():
        lines.append(f"changed with the record: {with_record}")
    return lines


def _moved(told: TagNews) -> str:
    return ", ".join([*(f"+{_with_marks(one)}" for one in told.gained), *(f"-{one.tag}" for one in told.lost)])


def _with_marks(change: TagChange) -> str:
    return f"{change.tag} ({change.because})" if change.because else change.tag


def _marks_of(told: TagNews, study: str) -> str:
    return f" ({told.study_because})" if study and told.study_because else ""


def _against(conflict: Conflict) -> str:
    decision = conflict.decision
    who = f" by {decision.who}" if decision.who else " by hand"
    did = "added" if decision.verdict == "add" else "removed"
    says = (
        f"indexing says {conflict.says}" if conflict.says else f"indexing {'gives' if did == 'removed' else 'takes'} it"
    )
    why = f", because: {decision.because}" if decision.because else ""
    return f"against a decision: {decision.slug} was {did}{who} on {decision.at[:10]}{why}; {says}, the decision stands"


def more(digest: Digest, section: Section) -> str:
    """What is left out of a section, and where it is; "" if nothing is."""
    left_out = section.total - len(section.items)
    if not left_out:
        return ""
    listed = section.bucket == "new" and digest.asked == "last" and not digest.chosen
    where = "reftrack list --new" if listed else "reftrack digest --format json"
    if section.indexed and section.indexed.kept == left_out:
        return f"{number(left_out, 'paper')} whose tags stay as they were: `{where}`"
    return f"... and {left_out:,} more: `{where}`"


def problem(trouble: Problem) -> str:
    """A sentence or two about what fell short."""
    run = f"Run {trouble.runs[-1]} of {trouble.queries[-1]}"
    if trouble.kind == "warning":
        return f"{', '.join(trouble.queries)}: {trouble.text}"
    said = f"{run} {_DID[trouble.kind]}"
    named_below = trouble.missing and str(trouble.missing[0][0]) in trouble.text
    if trouble.text and not named_below:
        said += f": {trouble.text.rstrip('.')}"
    said += "."
    if trouble.missing:
        said += f" {number(len(trouble.missing), 'paper')} did not come: {_few(trouble.missing)}."
    if trouble.mended_by:
        said += f" Run {trouble.mended_by} of the query was complete."
    elif trouble.kind == "running":
        said += " It is under way, or the program was ended."
    elif trouble.kind != "missing":
        said += " Run `reftrack fetch` again."
    return said


_DID = {
    "failed": "failed, so nothing is known of its papers",
    "partial": "is partial",
    "interrupted": "was interrupted",
    "running": "has not ended",
    "missing": "is complete but for papers that PubMed did not send",
}


def _few(missing: Sequence[tuple[int, str]]) -> str:
    named = ", ".join(f"PMID {pmid}{f' ({why})' if why else ''}" for pmid, why in missing[:FEW])
    return named + (f" and {len(missing) - FEW:,} more" if len(missing) > FEW else "")


RUN_COLUMNS = ("Run", "Query", "When (UTC)", "Source", "Status", "Found", "Held", "Requests")


def run_rows(digest: Digest) -> Iterator[tuple[str, ...]]:
    """The newest runs of the digest, for its footer, newest first."""
    for run in digest.runs[: -RUNS - 1 : -1]:
        when = run.started[:16].replace("T", " ")
        looked = run.status not in ("failed", "running")  # else 0 found would not be true
        numbers = (f"{run.count:,}", f"{run.received:,}") if looked else ("-", "-")
        yield str(run.run), run.query, when, run.source, run.status, *numbers, f"{run.requests:,}"


def other_runs(digest: Digest) -> str:
    """Which runs the footer leaves out, "" if none."""
    left_out = len(digest.runs) - RUNS
    return f"... and {left_out:,} older: `reftrack runs`" if left_out > 0 else ""


def number(many: int, noun: str, plural: str = "") -> str:
    """1 paper, 2 papers."""
    return f"{many:,} {noun if many == 1 else plural or noun + 's'}"
