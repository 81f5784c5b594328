"""What people did to papers by hand, one act after another, and each act as one line of text.

An act is never changed and never deleted. What counts is worked out from the acts that stand; taking one back is an act
of its own. So two logs may be put together in any order, and come to the same.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal, cast

from msgspec import Struct

from .errors import UsageError

Kind = Literal["tag", "decision", "note", "key", "trial", "undo"]
KINDS: Final = ("tag", "decision", "note", "key", "trial", "undo")
VERDICTS: Final = {
    "tag": ("add", "remove", "reset"),
    "decision": ("include", "exclude", "maybe"),
    "trial": ("join", "alone", "none", "reset"),
}
LONGEST: Final = 100_000
"""Characters of a line that is written: a note may be long, but not endless."""
LONGEST_READ: Final = 100 * LONGEST
"""Of one that is read: notes from before there was a log had no bound."""

# Patterns of lines that are read: compiled then, for who only looks at papers reads none.
_ID: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\.\d{9}\.[0-9a-f]{8}"
_SLUG: Final = r"[a-z0-9][a-z0-9-]{0,80}"
_TRIAL: Final = r"PMID [1-9]\d{0,17}|[A-Za-z0-9][A-Za-z0-9 ./_:-]{0,60}"
_WHEN: Final = r"\d{4}-\d\d-\d\d[\dT:.Z+-]{0,20}"
_MOST_DIGITS: Final = 18


class Act(Struct, frozen=True, gc=False, kw_only=True):
    """One thing that one person did to one paper."""

    id: str
    """Time (UTC), number within it, random letters: sorts as the acts were done, and no two are alike anywhere."""
    kind: Kind
    pmid: int
    who: str = ""
    """Whose act it is, as a reader's name."""
    by: str = ""
    """Who did it, if that is somebody else: a consensus is somebody's work."""
    at: str = ""
    """ISO 8601, UTC."""
    together: str = ""
    """The id of the first act of the same command: they are taken back together."""
    tag: str = ""
    verdict: str = ""
    """Of a tag add, remove or reset (the rules speak again); of a decision include, exclude or maybe; of a trial join,
    alone (a trial of its own), none (no report of a trial) or reset."""
    because: str = ""
    reasons: tuple[str, ...] = ()
    text: str = ""
    """Of a note; "" takes it back."""
    key: str = ""
    former: str = ""
    """The key the paper had before."""
    trial: str = ""
    """The trial that the paper was joined to: a registry number, or `PMID n`."""
    undoes: str = ""
    """The id of the act that this one takes back."""

    @property
    def handle(self) -> str:
        """What a person types to name the act."""
        return self.id[-8:]


SAID: Final = ("by", "tag", "verdict", "because", "reasons", "text", "key", "former", "trial")
"""What kinds of act say beside who, when and of which paper."""
_NAMES: Final = Act.__struct_fields__


def to_line(act: Act) -> str:
    """The act as one line of JSON, without a line end; what is empty is left out."""
    import json  # here and below, because who only looks at papers writes and reads no line

    return json.dumps(
        {
            name: value
            for name in _NAMES
            if (value := getattr(act, name)) not in ("", ()) and (name, value) != ("together", act.id)
        },
        ensure_ascii=False,
        separators=(", ", ": "),
    )


def from_line(line: str) -> Act:
    """The act that a line says. Raises UsageError with the reason, for somebody who knows which line it was."""
    if line.startswith(("<<<<<<<", "=======", ">>>>>>>")):
        raise UsageError("it is the mark of a conflict that git left; keep both sides' lines and remove the marks")
    if len(line) > LONGEST_READ:
        raise UsageError(f"it has more than {LONGEST_READ:,} characters")
    import json

    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        raise UsageError("it is not JSON") from None
    if not isinstance(said, dict):
        raise UsageError("it is not a JSON object")
    if unknown := sorted(set(said) - set(_NAMES)):
        raise UsageError(f"it has an unknown field {unknown[0]!r}; a newer reftrack may have written it")
    return _checked(said)


def _checked(said: dict[str, Any]) -> Act:
    for name, value in said.items():
        if not _fits(name, value):
            raise UsageError(f"its {name} is {value!r:.60}")
    for name in ("id", "kind", "pmid", *_NEEDED.get(said.get("kind", ""), ())):
        if not said.get(name):
            raise UsageError(f"it has no {name}")
    kind = said["kind"]
    if kind not in KINDS:
        raise UsageError(f"its kind is {kind!r:.60}; known are {', '.join(KINDS)}")
    if kind in VERDICTS and said["verdict"] not in VERDICTS[kind]:
        raise UsageError(f"its verdict is {said['verdict']!r:.60}; known are {', '.join(VERDICTS[kind])}")
    if kind == "trial" and (said["verdict"] == "join") != bool(said.get("trial")):
        raise UsageError("it has no trial" if said["verdict"] == "join" else "it names a trial and joins none")
    if said.get("undoes", "") >= said["id"]:
        raise UsageError("it takes back an act that is not older than itself")
    together = said.get("together") or said["id"]
    given = cast("dict[str, Any]", said | {"reasons": tuple(said.get("reasons", ())), "together": together})
    return Act(**given)


_NEEDED: Final = {
    "tag": ("tag", "verdict"),
    "decision": ("verdict",),
    "key": ("key",),
    "trial": ("verdict",),
    "undo": ("undoes",),
}


def _fits(name: str, value: object) -> bool:
    """Whether a field of a line may have this value."""
    if name == "pmid":
        return type(value) is int and 0 < value < 10**_MOST_DIGITS
    if name == "reasons":
        return isinstance(value, list) and all(_is_text(one) for one in value)
    if not _is_text(value):
        return False
    shape = {"id": _ID, "together": _ID, "undoes": _ID, "tag": _SLUG, "at": _WHEN, "trial": _TRIAL}.get(name)
    return not (shape and value) or bool(re.fullmatch(shape, str(value)))


def _is_text(value: object) -> bool:
    """Text that SQLite can store: half a surrogate pair, which JSON can write, is none."""
    try:
        return isinstance(value, str) and "\x00" not in value and bool(value.encode() or True)
    except UnicodeEncodeError:
        return False
