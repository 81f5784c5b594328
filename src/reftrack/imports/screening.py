r"""Decisions, labels and notes that Rayyan and ASReview write into the notes of a record.

Rayyan (https://help.rayyan.ai, "Understanding Your Rayyan Export Files") appends to what the notes held before:
`RAYYAN-INCLUSION: {"Ada"=>"Included", "Bo"=>"Excluded"} | RAYYAN-LABELS: a,b | RAYYAN-EXCLUSION-REASONS: c,d |
USER-NOTES: {"Ada"=>["e", "f"]}`. It does not say whose the reasons are: they go to each who excluded.

ASReview (`asreview/data/ris.py`) writes notes of their own, `ASReview_relevant`, and since version 2 its columns:
`asreview_note: "text"`, `asreview_user_name: "Ada"`, `asreview_tag_design_rct: 1`; tables have them as columns.

Other notes ("Times cited: 3") are the word of no person; they stay in the citation's text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from typing import NamedTuple

from ..citation import Decision, Verdict
from .text import distinct, flat, flat_lines

TAG = "asreview_tag_"
"""How ASReview begins the name of a column that says 1 where a person set this tag."""

_RAYYAN = re.compile(r"\b(RAYYAN-INCLUSION|RAYYAN-LABELS|RAYYAN-EXCLUSION-REASONS|USER-NOTES)\s*:")
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"|\Z)|(=>)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")

_ASREVIEW_LABEL = re.compile(r"\bASReview_(relevant|irrelevant|not_seen)\b")
_ASREVIEW_VALUE = re.compile(r"(?:<p>)?(asreview_\w+): (.*?)(?:</p>)?")

_WORDS: tuple[tuple[Verdict, str], ...] = (
    ("include", "1 1.0 included include relevant yes true"),
    ("exclude", "0 0.0 excluded exclude irrelevant no false"),
    ("maybe", "maybe"),
)
_VERDICTS = {word: verdict for verdict, words in _WORDS for word in words.split()}


class Screened(NamedTuple):
    """What people said of one citation."""

    decisions: tuple[Decision, ...] = ()
    labels: tuple[str, ...] = ()
    note: str = ""

    def and_(self, other: Screened) -> Screened:
        """Both together, each thing once."""
        return Screened(
            tuple(dict.fromkeys((*self.decisions, *other.decisions))),
            distinct([*self.labels, *other.labels]),
            "\n".join(dict.fromkeys(filter(None, (self.note, other.note)))),
        )


def verdict(word: str) -> Verdict | None:
    """What a cell says of inclusion: a word, or ASReview's 1 and 0; its -1 and an empty cell say nothing."""
    return _VERDICTS.get(word.strip().lower())


def screened(notes: Iterable[str]) -> Screened:
    """What the notes of one record say, all fields of notes that it has."""
    found, columns = Screened(), {}
    for note in notes:
        if label := _ASREVIEW_LABEL.search(note):
            columns["asreview_label"] = label[1]
        if "asreview_" in note:
            columns |= _asreview_columns(note)
        if "RAYYAN-" in note or "USER-NOTES" in note:
            found = found.and_(_rayyan(unescape(note)))
    return found.and_(asreview(columns)) if columns else found


def asreview(columns: Mapping[str, str]) -> Screened:
    """What ASReview's own columns say, by name; those that are empty may be missing."""
    said = verdict(columns.get("asreview_label", ""))
    who = flat(columns.get("asreview_user_name", "") or columns.get("asreview_user_email", ""))
    return Screened(
        (Decision(said, who),) if said else (),
        distinct([name.removeprefix(TAG) for name, value in columns.items() if name.startswith(TAG) and value in _SET]),
        flat_lines(columns.get("asreview_note", "")),
    )


_SET = frozenset({"1", "1.0", "True", "true"})


def _asreview_columns(note: str) -> dict[str, str]:
    columns = {}
    for line in note.split("\n"):
        if (found := _ASREVIEW_VALUE.fullmatch(line.strip())) and found[1] != "asreview_label":
            try:
                value = json.loads(found[2])
            except (ValueError, RecursionError):
                value = found[2]
            columns[found[1]] = str(value)
    return columns


def _rayyan(note: str) -> Screened:
    marks = list(_RAYYAN.finditer(note))
    ends = [mark.start() for mark in marks[1:]] + [len(note)]
    said = {mark[1]: note[mark.end() : end].strip(" |\n") for mark, end in zip(marks, ends, strict=True)}
    reasons = distinct(said.get("RAYYAN-EXCLUSION-REASONS", "").split(","))
    decisions = []
    for who, word in _sayings(said.get("RAYYAN-INCLUSION", "")):
        if found := verdict(word):
            decisions.append(Decision(found, flat(who), reasons if found == "exclude" else ()))
    remarks = [f"{who}: {remark}" for who, remark in _sayings(said.get("USER-NOTES", ""))]
    if reasons and not any(decision.reasons for decision in decisions):
        remarks.append(f"Exclusion reasons: {', '.join(reasons)}")
    return Screened(
        tuple(decisions), distinct(said.get("RAYYAN-LABELS", "").split(",")), flat_lines("\n".join(remarks))
    )


def _sayings(hash_: str) -> Iterator[tuple[str, str]]:
    """Who and what, of a hash as Ruby prints it: `{"Ada"=>"Included", "Bo"=>["one", "two"]}`."""
    who, before = "", None
    for text, arrow in _TOKEN.findall(hash_):
        if arrow:
            who, before = before or "", None
            continue
        if before is not None:
            yield who, before
        before = _ESCAPED.sub(r"\1", text)
    if before is not None:
        yield who, before
