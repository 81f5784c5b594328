"""Acts in words: what a person did, as `history`, `undo` and `sync` say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .screen import clean

if TYPE_CHECKING:
    from ..hands import Act
    from ..library.acts import Logged

_TAG = {"add": "added", "remove": "removed", "reset": "given back to the rules"}
_TRIAL = {
    "join": "joined to trial {}",
    "alone": "a trial of its own",
    "none": "no report of a trial",
    "reset": "trial given back to the rules",
}
LONGEST = 60
"""Characters of a note that are shown."""


def what(act: Act, target: Act | None = None) -> str:
    """The act in words, as "tag mood added: table 3". `target` is the act that it takes back, where that is known."""
    if act.kind == "tag":
        said, why = f"tag {act.tag} {_TAG[act.verdict]}", act.because
    elif act.kind == "decision":
        said, why = act.verdict, "; ".join(act.reasons)
    elif act.kind == "note":
        text = " ".join(act.text.split())
        said, why = (
            ("note", text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…") if text else ("note removed", "")
        )
    elif act.kind == "key":
        said, why = f"key {act.former} → {act.key}" if act.former else f"key {act.key}", ""
    elif act.kind == "trial":
        said, why = _TRIAL[act.verdict].format(act.trial), act.because
    else:
        said, why = "took back", what(target) if target else act.undoes[-8:]
    return clean(f"{said}: {why}" if why else said)


def paper(one: Logged) -> str:
    """How a person knows the paper."""
    return clean(one.key) or f"PMID {one.act.pmid}"
