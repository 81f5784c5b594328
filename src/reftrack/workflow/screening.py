"""A reader goes through papers one by one and says of each whether it belongs to the review.

Every act is stored at once, in a transaction of its own: what breaks off loses nothing, and a paper that is decided is
not asked for again. Nothing here knows a key or a screen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from ..citation import CONSENSUS, Decision, Verdict
from ..hands import Act
from ..library.reading import Reader
from ..library.selecting import find_tag
from ..library.writing import Library
from ..model import HandTag, HeldPaper

REASONS = (
    "wrong population",
    "wrong intervention",
    "wrong comparator",
    "wrong outcome",
    "wrong study design",
    "wrong publication type",
    "duplicate",
    "language",
    "no full text",
)
"""Why papers are excluded where a workspace has no list of its own: the usual ones (PICO, then what PRISMA 2020,
https://www.prisma-statement.org, item 16b, asks to count)."""

VERDICTS: tuple[Verdict, ...] = ("include", "exclude", "maybe")

Which = Literal["undecided", "all", "conflicts", "include", "exclude", "maybe"]


def to_screen(reader: Reader, pmids: Sequence[int], who: str, which: Which) -> Sequence[int]:
    """Those of these papers, in their order, that a reader is to see.

    `undecided`: neither by this reader nor by consensus. A verdict: what this reader said, to go over it again.
    `conflicts`: where the readers differ and no consensus settles it. What others decided plays no other part: two
    readers of one library must not see each other's word.
    """
    if which == "all":
        return pmids
    if which == "conflicts":
        disputed = set(reader.disputed())
        return [pmid for pmid in pmids if pmid in disputed]
    own = reader.verdicts(who)
    if which == "undecided":
        done = own.keys() | reader.verdicts(CONSENSUS).keys()
        return [pmid for pmid in pmids if pmid not in done] if done else pmids
    return [pmid for pmid in pmids if own.get(pmid) == which]


class Session:
    """One reader's way through a list of papers.

    What stores raises LibraryError where it cannot; then nothing is stored, and the reader stands where they stood.
    """

    def __init__(self, library: Library, pmids: Sequence[int], who: str, *, by: str | None = None) -> None:
        self.library = library
        self.pmids = pmids
        self.who = who
        """Whose decisions these are."""
        self.by = who if by is None else by
        """Who writes the notes and tags: a consensus is somebody's work."""
        self.place = 0
        """Index of the paper that is looked at; behind the last one at the end."""
        held = library.verdicts(who)
        self.verdicts: dict[int, Verdict] = {pmid: held[pmid] for pmid in pmids if pmid in held} if held else {}
        """What this reader says of the papers of this session now."""
        self._acts: list[Act] = []

    # where the reader stands

    @property
    def pmid(self) -> int | None:
        """The paper that is looked at; None behind the last one."""
        return self.pmids[self.place] if self.place < len(self.pmids) else None

    @property
    def counts(self) -> Counter[Verdict]:
        """How many papers of this session the reader includes, excludes and is not sure of."""
        return Counter(self.verdicts.values())

    @property
    def decided(self) -> int:
        """Papers decided in this session, each once, without what was taken back."""
        return len({act.pmid for act in self._acts if act.kind == "decision"})

    def paper(self) -> HeldPaper | None:
        """The paper that is looked at; None behind the last one, and where it is held no longer."""
        return None if self.pmid is None else next(self.library.held([self.pmid]), None)

    def own_note(self) -> str:
        """What this reader wrote on this paper; another's note might give away what they think of it."""
        return "" if self.pmid is None else self.library.own_note(self.pmid, self.by)

    def skip(self) -> None:
        """Go to the next paper, at most behind the last one."""
        self.place = min(self.place + 1, len(self.pmids))

    def back(self) -> bool:
        """Go to the paper before; says whether there was one."""
        there_was = self.place > 0
        self.place -= there_was
        return there_was

    # what the reader says

    def decide(self, verdict: Verdict, reasons: Sequence[str] = ()) -> None:
        """Store the reader's word on this paper, and go to the next one."""
        pmid = self._here()
        with self._act(pmid):
            self.library.decide(pmid, Decision(verdict, self.who, tuple(reasons)))
        self.verdicts[pmid] = verdict
        self.skip()

    def note(self, text: str) -> None:
        """Write the reader's note on this paper, in place of the one before; an empty one takes that away."""
        pmid = self._here()
        with self._act(pmid):
            self.library.annotate(pmid, text, who=self.by)

    def tag(self, name: str) -> str:
        """Give this paper a tag, or take away one that it carries; says what was done. Raises UsageError.

        `+name` only gives, `-name` only takes away.
        """
        pmid = self._here()
        facet, slug = find_tag(self.library.connection, name.lstrip("+-"))
        held = self.paper()
        carries = held is not None and any(tag.slug == slug for tag in held.tags)
        removes = name.startswith("-") or (carries and not name.startswith("+"))
        with self._act(pmid):
            now = self.library.now()
            self.library.set_hand_tag(HandTag(pmid, slug, "remove" if removes else "add", "", self.by, now))
        return f"{facet}/{slug} {'taken away' if removes else 'added'}"

    def undo(self) -> str:
        """Take back the last act of this session and go to its paper; says what it was, "" if there is none."""
        if not self._acts:
            return ""
        act = self._acts[-1]
        with self.library.transaction():
            self.library.undo([act], who=self.by)
        self._acts.pop()
        said = self.library.judgments([act.pmid]).get(act.pmid, {}).get("decisions", ())
        stands = next((one.verdict for one in said if one.who == self.who), None)
        if stands is None:
            self.verdicts.pop(act.pmid, None)
        else:
            self.verdicts[act.pmid] = stands
        self.place = self.pmids.index(act.pmid)
        return {"decision": act.verdict, "tag": f"the tag {act.tag}"}.get(act.kind, f"the {act.kind}")

    @contextmanager
    def _act(self, pmid: int) -> Iterator[None]:
        """What happens inside is one act on this paper, stored whole or not at all, and can be taken back."""
        with self.library.transaction():
            yield
            (done,) = self.library.acts(pmids=[pmid], limit=1)
        self._acts.append(done.act)

    def _here(self) -> int:
        assert self.pmid is not None, "nothing is looked at"
        return self.pmid
