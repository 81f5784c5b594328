"""The screen on which papers are decided, and what each key does on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Protocol

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ..errors import ReftrackError
from ..web import addresses
from . import links, sheet
from .keyboard import END_OF_INPUT, PASTED, RESIZED, Line
from .screen import clean

if TYPE_CHECKING:
    from ..citation import Decision, Verdict
    from ..model import Evidence, HeldPaper
    from ..workflow.screening import Session


BREAK = "↵"
"""Stands for the end of a line where a note is changed on one."""


class Window(Protocol):
    """What papers are shown on and keys come from: `keyboard.Terminal`, or a test."""

    plain: bool

    def size(self) -> tuple[int, int]:
        """Columns and rows."""

    def show(self, lines: list[str]) -> None:
        """Draw a whole screen."""

    def key(self) -> str:
        """Wait for the next key."""


KEYS = (
    ("i", "include", "this paper belongs to the review"),
    ("e", "exclude", "it does not; the next key says why"),
    ("m", "maybe", "come back to it: reftrack screen --decision maybe"),
    ("n", "note", "write your note on it, or change it"),
    ("t", "tag", "give it a tag, or take one away (-tag); Tab completes"),
    ("o", "open", "its page at PubMed, in the browser"),
    ("u", "undo", "take back your last act of this session; again: the one before"),
    ("s", "skip", "go on without a decision"),
    ("b", "back", "to the paper before"),
    ("a", "evidence", "emphasise the words that its tags rest on, or do not"),
    ("space", "page", "the rest of a long abstract; at its end the next paper"),
    ("j k", "", "a line down, a line up; also the arrows, PgDn and PgUp"),
    ("?", "help", "this page"),
    ("q", "quit", "leave; every decision is stored already"),
)
_NAMED = [(key, name) for key, name, _ in KEYS if name]
_KEY_LINES = (
    "  ".join(f"{key} {name}" for key, name in _NAMED),
    "  ".join(f"{key} {name}" for key, name in _NAMED if name not in ("open", "back", "evidence", "page")),
    "  ".join(f"{key} {name}" for key, name in _NAMED if name not in ("open", "skip", "back", "evidence", "page")),
    "  ".join(f"{key} {name}" for key, name in _NAMED if name in ("include", "exclude", "maybe", "help", "quit")),
    "i e m n t o u s b a ? q",
)
_REASON_KEYS = "123456789abcdefghijklmnopqrstuvwxyz"
_OTHER = "0"
_SAID: dict[Verdict, str] = {"include": "Included", "exclude": "Excluded", "maybe": "Maybe"}
_HEAD_AND_FOOT = 3


class Walk:
    """A reader at a window, from the first paper to the last or to q."""

    def __init__(self, session: Session, window: Window, reasons: Sequence[str], *, shows_all: bool = False) -> None:
        self._session = session
        self._window = window
        self._reasons = reasons
        self._shows_all = shows_all
        """What all readers decided is shown: only to one who is to settle it."""
        self._message = "What you decide here is the consensus. ? shows all keys" if shows_all else "? shows all keys"
        self._marks = True
        self._top = 0
        """The first line of the paper that is seen."""
        self._below = 0
        """Lines that are still to come below."""
        self._page = 1
        self._tags: list[str] = []
        self._keys: dict[str, Callable[[], None]] = {
            "i": lambda: self._decide("include"),
            "m": lambda: self._decide("maybe"),
            "e": self._exclude,
            "n": self._note,
            "t": self._tag,
            "o": self._open,
            "u": self._undo,
            "s": self._skip,
            "b": self._back,
            "a": self._evidence,
            "?": self._help,
            " ": self._on,
            "j": lambda: self._scroll(1),
            "down": lambda: self._scroll(1),
            "k": lambda: self._scroll(-1),
            "up": lambda: self._scroll(-1),
            "pagedown": lambda: self._scroll(self._page),
            "pageup": lambda: self._scroll(-self._page),
            "home": lambda: self._scroll(-self._top),
            "end": lambda: self._scroll(self._below),
        }

    def run(self) -> None:
        """Until the reader quits. What a key could not do is told, and nothing of it is stored."""
        while True:
            key = self._key([self._message] if self._message else [], self._key_line())
            if key in ("q", "Q", END_OF_INPUT):
                return
            if key == RESIZED:
                continue
            self._message = ""
            try:
                self._press(key)
            except ReftrackError as error:
                self._message = str(error)

    def _press(self, key: str) -> None:
        does = self._keys.get(key.lower() if len(key) == 1 else key)
        if key.startswith(PASTED):
            self._message = "What you pasted was not taken for keys."
        elif does is None:
            self._message = f"{key!r} is no key here; ? shows all." if len(key) == 1 and key.isprintable() else ""
        elif self._session.pmid is None and key.lower() not in ("u", "b", "?"):
            self._message = "There is no paper here."
        else:
            does()

    # what each key does

    def _decide(self, verdict: Verdict, reasons: Sequence[str] = ()) -> None:
        pmid = self._session.pmid
        self._session.decide(verdict, reasons)
        self._top = 0
        why = f" ({'; '.join(reasons)})" if reasons else ""
        self._message = f"{_SAID[verdict]}{why}: PMID {pmid}. u takes it back."

    def _exclude(self) -> None:
        keys = dict(zip(_REASON_KEYS, self._reasons, strict=False)) | {_OTHER: "other…"}
        while True:
            choices = self._in_rows([f"{key} {reason}" for key, reason in keys.items()])
            key = self._key(
                ["Why is it excluded?", *choices], "one key: a reason  Enter: none given  Esc: do not exclude"
            )
            if key in ("escape", END_OF_INPUT):
                self._message = "Not excluded."
                return
            if key in ("\r", "\n"):
                self._decide("exclude")
                return
            if key.lower() == _OTHER:
                said = self._ask("Why? ", Line())
                if said:
                    self._decide("exclude", [said])
                    return
            elif key.lower() in keys:
                self._decide("exclude", [keys[key.lower()]])
                return

    def _note(self) -> None:
        before = f" {BREAK} ".join(map(clean, self._session.own_note().splitlines()))
        said = self._ask("note: ", Line(before))
        if said is None or said == before:
            self._message = "The note is as it was."
            return
        self._session.note("\n".join(line.strip() for line in said.split(BREAK)).strip())
        self._message = "The note is kept." if said else "The note is taken away."

    def _tag(self) -> None:
        if not self._tags:
            self._tags = sorted(definition.slug for definition in self._session.library.vocabulary())
        said = self._ask("tag (-tag takes away): ", Line(complete=self._completed), hints=self._like)
        self._message = f"{self._session.tag(said)}." if said else "No tag was changed."

    def _open(self) -> None:
        address = f"{addresses.PUBMED}{self._session.pmid}/"
        self._message = address + (" is opened in the browser." if links.show(address) else "")

    def _undo(self) -> None:
        words = self._session.undo()
        self._top = 0
        self._message = f"Taken back: {words}." if words else "Nothing is left to take back in this session."

    def _skip(self) -> None:
        self._session.skip()
        self._top = 0

    def _back(self) -> None:
        if not self._session.back():
            self._message = "This is the first paper."
        self._top = 0

    def _evidence(self) -> None:
        self._marks = not self._marks
        self._message = f"Words that tags rest on are {'' if self._marks else 'not '}emphasised."

    def _on(self) -> None:
        if self._below:
            self._scroll(self._page)
        else:
            self._skip()

    def _scroll(self, lines: int) -> None:
        self._top += max(-self._top, min(lines, self._below))

    def _help(self) -> None:
        width = max(cell_len(key) for key, _, _ in KEYS)
        page = [Text(f"{key:{width}}  {name + ': ' if name else ''}{told}") for key, name, told in KEYS]
        while self._show(page, [], "any key goes back to the paper") == RESIZED:
            pass

    # a line that is typed

    def _ask(self, prompt: str, line: Line, *, hints: Callable[[str], str] | None = None) -> str | None:
        """What is typed, "" for nothing; None if it was given up."""
        while True:
            told = hints(line.text) if hints else ""
            told = sheet.fit([told], self._window.size()[0])
            key = self._key([told] if told else [], "Enter: done  Esc: leave it", typed=prompt + line.text)
            if key == RESIZED:
                continue
            done = line.feed(key)
            if done is not None:
                return clean(line.text).strip() if done else None

    def _like(self, typed: str) -> str:
        bare = typed.lstrip("+-").lower()
        return "  ".join(sorted((tag for tag in self._tags if bare in tag), key=lambda tag: not tag.startswith(bare)))

    def _completed(self, typed: str) -> str:
        bare = typed.lstrip("+-")
        sign = typed[: len(typed) - len(bare)]
        found = [tag for tag in self._tags if tag.startswith(bare.lower())]
        found = found or [tag for tag in self._tags if bare.lower() in tag]
        return sign + (found[0] if len(found) == 1 else _common(found) or bare)

    # what is seen

    def _key(self, above: list[str], keys: str, *, typed: str = "") -> str:
        return self._show(None, above, keys, typed=typed)

    def _show(self, page: list[Text] | None, above: list[str], keys: str, *, typed: str = "") -> str:
        """Draw the paper, or another page, over a foot of some lines and the keys; then wait for a key."""
        columns, rows = self._window.size()
        console = self._console(columns)
        foot = [part for line in above for part in Text(clean(line), style="magenta").wrap(console, columns)]
        if typed:
            foot.append(Text(_end_of(clean(typed) + "_", columns), style="bold"))
        foot = foot[: max(0, rows - _HEAD_AND_FOOT)]
        room = max(1, rows - len(foot) - 2)
        lines = self._paper(columns) if page is None else page
        top = min(self._top, max(0, len(lines) - room)) if page is None else 0
        seen = lines[top : top + room]
        if page is None:
            self._top, self._below, self._page = top, max(0, len(lines) - top - room), max(1, room - 1)
        seen += [Text()] * (room - len(seen))
        screen = [
            self._head(columns),
            *seen,
            *foot,
            Text(sheet.fit([keys] if keys else _KEY_LINES, columns), style="dim"),
        ]
        self._window.show(sheet.rendered(screen[:rows], console))
        return self._window.key()

    def _console(self, columns: int) -> Console:
        return Console(
            file=StringIO(),
            force_terminal=not self._window.plain,
            width=max(columns, 1),
            highlight=False,
            emoji=False,
            markup=False,
            legacy_windows=False,
        )

    def _head(self, columns: int) -> Text:
        session = self._session
        place = f"{min(session.place + 1, len(session.pmids)):,} of {len(session.pmids):,}"
        counts = session.counts
        done = f" · {counts['include']:,} included · {counts['exclude']:,} excluded"
        done += f" · {counts['maybe']:,} maybe" if counts["maybe"] else ""
        more = f" · {self._below} more {'line' if self._below == 1 else 'lines'}" if self._below else ""
        return Text(sheet.fit([f"{place}{done}{more}", f"{place}{done}", place], columns), style="reverse")

    def _key_line(self) -> str:
        return "" if self._session.pmid is not None else "u undo  b back  ? help  q quit"

    def _paper(self, columns: int) -> list[Text]:
        session = self._session
        if session.pmid is None:
            return [Text("That was the last paper.", style="bold"), Text("q leaves; b goes back, u takes back.")]
        held = session.paper()
        if held is None:
            return [Text(f"PMID {session.pmid} is held no longer; s goes on.")]
        return sheet.body(
            held,
            self._carried(held) if self._marks else (),
            own=self._said(held),
            width=columns,
            plain=self._window.plain,
        )

    def _carried(self, held: HeldPaper) -> list[Evidence]:
        """The evidence of the tags that the paper carries by rule."""
        slugs = {tag.slug for tag in held.tags if tag.source == "rule"}
        return [
            entry
            for tag in self._session.library.rule_tags(held.paper.pmid)
            if tag.slug in slugs
            for entry in tag.evidence
            if entry.weight > 0 and not entry.masked
        ]

    def _said(self, held: HeldPaper) -> list[tuple[str, str]]:
        decisions = [one for one in held.decisions if self._shows_all or one.who == self._session.who]
        told = [(one.who or "(no name)" if self._shows_all else "Your decision", _words(one)) for one in decisions]
        written = self._session.own_note()
        return [*told, ("Your note", " / ".join(written.splitlines()))] if written else told

    def _in_rows(self, items: Sequence[str]) -> list[str]:
        """Items side by side, as many as fit; none is broken."""
        columns, _ = self._window.size()
        widest = min(max(map(cell_len, items)) + 3, columns)
        in_row = max(1, columns // widest)
        cells = [item + " " * (widest - cell_len(item)) for item in items]
        return ["".join(cells[start : start + in_row]).rstrip() for start in range(0, len(cells), in_row)]


def _common(words: Sequence[str]) -> str:
    """What all of these words begin with."""
    first, last = min(words, default=""), max(words, default="")
    same = next((place for place, pair in enumerate(zip(first, last, strict=False)) if len(set(pair)) > 1), len(first))
    return first[:same]


def _words(decision: Decision) -> str:
    why = f" ({'; '.join(decision.reasons)})" if decision.reasons else ""
    return clean(f"{decision.verdict}{why}, {decision.at[:10]}")


def _end_of(text: str, columns: int) -> str:
    """The end of a line that is typed, if it is longer than the window is wide."""
    while cell_len(text) > columns:
        text = text[1:]
    return text
