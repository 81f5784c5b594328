"""Tasks go in, in order; what became of them comes out, in the same order, while a few threads work ahead.

The threads are daemons, not a ThreadPoolExecutor's, which are waited for at exit: a read may hang for minutes, and
Ctrl-C must not.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..errors import ReftrackError
from .limiter import Asker, OnWait, Sleep

Task = TypeVar("Task")
Result = TypeVar("Result")

_LOOK_UP = 0.05
"""Seconds after which those who wait look up: for the width, which grows while a reply is late, and, where waiting
cannot be interrupted (Windows), for Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Parts(Generic[Task]):
    """Instead of a result: tasks that take the place of theirs."""

    tasks: tuple[Task, ...]


@dataclass(slots=True, eq=False)
class Place(Generic[Task, Result]):
    """A task's place in the order, and what became of it: a result, a failure, or nothing yet."""

    task: Task
    result: Result | None = None
    failure: ReftrackError | None = None
    bug: BaseException | None = None
    """What nobody promised: raised in the caller's thread."""
    claimed: bool = False
    done: bool = False
    round: int = 0
    """Which round it was last begun in; see `Pipeline.next_round`."""


class Pipeline(Generic[Task, Result]):
    """A few threads work on the first tasks that are not done; the caller takes the places from the front.

    `work` may raise ReftrackError, which becomes the place's failure. `width` says how many may be worked on at the
    moment. What is done and not yet taken counts, too: there are never more than `width` + 1 in hand, so a caller that
    is slow is waited for and memory stays flat.
    """

    def __init__(
        self,
        tasks: Iterable[Task],
        work: Callable[[Task, Asker], Result | Parts[Task]],
        *,
        width: Callable[[], int],
        sleep: Sleep,
        on_wait: OnWait | None,
    ) -> None:
        self._places: deque[Place[Task, Result]] = deque(Place(task) for task in tasks)
        self._work, self._width, self._on_wait = work, width, on_wait
        self._changed = threading.Condition()
        self._gone = threading.Event()
        # A real sleep is cut short when the work is not wanted any more.
        self._asker = Asker(self._wanted, self._gone.wait if sleep is time.sleep else sleep, self._tell)
        self._told: dict[str, float] = {}
        self._threads: list[threading.Thread] = []
        self._round = 0
        self._busy = 0
        self._in_hand = 0

    def places(self) -> Generator[Place[Task, Result], None, None]:
        """Each place when it is done, in order. Work begins with the first one asked for and stops with `close`."""
        try:
            while (place := self._first()) is not None:
                if place.bug is not None:
                    raise place.bug
                yield place
        finally:
            idle = not self._places
            self.stop()
            for thread in self._threads if idle else ():  # none of them is in the middle of anything
                thread.join()

    def stop(self) -> None:
        """Begin nothing more, send nothing more; what is under way is left to end by itself."""
        with self._changed:
            self._gone.set()
            self._changed.notify_all()

    def rest(self) -> Iterator[Place[Task, Result]]:
        """Stop, and say what became of the places that were not taken."""
        self.stop()
        with self._changed:
            rest = list(self._places)
            self._places.clear()
        return iter(rest)

    def next_round(self) -> None:
        """Tell what is begun from now on from what was under way already."""
        with self._changed:
            self._round += 1

    def again(self, place: Place[Task, Result]) -> bool:
        """Put a taken place back to the front if it was begun in an earlier round, and say whether."""
        with self._changed:
            if place.round == self._round:
                return False
            self._places.appendleft(Place(place.task))
            self._changed.notify_all()
        return True

    def _wanted(self) -> bool:
        return not self._gone.is_set()

    def _tell(self, why: str, seconds: float) -> None:
        """Keep a note for the caller's thread, where `on_wait` may draw on a screen."""
        with self._changed:
            self._told[why] = max(seconds, self._told.get(why, 0.0))
            self._changed.notify_all()

    def _first(self) -> Place[Task, Result] | None:
        """Wait for the place at the front and take it; None when there is none left."""
        while True:
            with self._changed:
                self._man()
                if not self._told:
                    if not self._places:
                        return None
                    if self._places[0].done:
                        self._changed.notify_all()  # there is room for another one
                        self._in_hand -= 1
                        return self._places.popleft()
                    self._changed.wait(_LOOK_UP)
                told, self._told = self._told, {}
            for why, seconds in told.items() if self._on_wait else ():
                self._on_wait(why, seconds)  # type: ignore[misc]

    def _man(self) -> None:
        """As many threads as there may be work for; called with the lock held."""
        while len(self._threads) < min(self._width(), len(self._places)):
            thread = threading.Thread(target=self._labour, name=f"eutils-{len(self._threads) + 1}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _labour(self) -> None:
        """Work on one place after the other, as long as there are any."""
        while (place := self._claim()) is not None:
            result: Result | Parts[Task] | None = None
            try:
                result = self._work(place.task, self._asker)
            except ReftrackError as error:
                place.failure = error
            except BaseException as error:  # noqa: BLE001 - it is raised in the caller's thread
                place.bug = error
            with self._changed:
                self._busy -= 1
                if isinstance(result, Parts):
                    self._replace(place, result.tasks)
                else:
                    place.result, place.done = result, True
                self._changed.notify_all()
            del place, result  # else an idle thread would keep the last body

    def _claim(self) -> Place[Task, Result] | None:
        """The first place that nobody works on, when it is its turn; None when there will be none."""
        with self._changed:
            while self._places and not self._gone.is_set():
                self._man()
                # What is claimed stands near the front, so this is short.
                place = next((place for place in self._places if not place.claimed), None)
                width = self._width()
                if place and self._busy < width and (self._in_hand <= width or place is self._places[0]):
                    place.claimed, place.round = True, self._round
                    self._busy += 1
                    self._in_hand += 1
                    return place
                self._changed.wait(_LOOK_UP if place and self._busy >= width else None)
        return None

    def _replace(self, place: Place[Task, Result], tasks: tuple[Task, ...]) -> None:
        if place in self._places:  # it is not if everything was given up meanwhile
            at = self._places.index(place)
            self._in_hand -= 1
            del self._places[at]
            for task in reversed(tasks):
                self._places.insert(at, Place(task))
