"""Where a scan of files is, so that it can go on there after a pause, a restart or a power cut.

Files are examined by several workers at a time, and so they are not done in the order of the walk. A spot is the place
before which everything is done, and the few files after it that are done too.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from garrison.linux.place import Place
from garrison.linux.walk import Walk


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a scan is. beyond: paths after the place that are done. put_off: paths to be tried again at the end."""

    place: Place = field(default_factory=Place)
    beyond: frozenset[str] = frozenset()
    put_off: frozenset[str] = frozenset()

    def plain(self) -> dict[str, Any]:
        """Return it for a file."""
        return {"place": self.place.plain(), "beyond": sorted(self.beyond), "put_off": sorted(self.put_off)}

    @classmethod
    def from_plain(cls, untrusted: Any) -> Self:
        """Return what `plain` gave. Raises ValueError, TypeError, KeyError."""
        paths = [frozenset(untrusted[name]) for name in ("beyond", "put_off")]
        if not all(isinstance(path, str) for some in paths for path in some):
            raise ValueError("this is no spot in a scan")
        return cls(Place.from_plain(untrusted["place"]), *paths)


@dataclass(slots=True)
class Step:
    """What one step of a walk brought. waiting: how many of its files are not done. known: files passed over, bytes.

    fresh: paths of files that may change and keep their times.
    """

    end: Place
    waiting: int
    known: tuple[int, int] = (0, 0)
    done: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)


class Track:
    """Follows one scan. start: where it goes on. is_stopping: whether it is to begin nothing new.

    moved: is called when something was done, and what was counted and where it is agree.
    """

    def __init__(self, start: Spot | None = None) -> None:
        self.start = start or Spot()
        self.is_stopping = False
        self.moved: Callable[[], None] = lambda: None
        self._place = self.start.place
        self._put_off = set(self.start.put_off)
        self._steps: deque[Step] = deque()
        self._taking = 0

    def prepare(self, walk: Walk) -> None:
        """Let a walk go on where the scan does."""
        walk.after, walk.but, walk.put_off = self.start.place, self.start.beyond, self._put_off

    def step(self, end: Place, files: int, known: tuple[int, int]) -> Step:
        """Note one step of the walk: where it ended, how many files there are to examine, what was passed over."""
        step = Step(end, files, known)
        self._steps.append(step)
        self._settle()
        return step

    def begin(self) -> None:
        """Note that a file that is counted as done is being judged."""
        self._taking += 1

    def end(self) -> None:
        """Note that it was judged, well or not."""
        self._taking -= 1

    def done(self, step: Step, path: str) -> None:
        """Note that a file needs no more."""
        step.done.add(path)
        step.waiting -= 1
        self._settle()

    def _settle(self) -> None:
        while self._steps and not self._steps[0].waiting:
            self._place = self._steps.popleft().end

    def spot(self) -> Spot:
        """Return where it is."""
        beyond = self.start.beyond.union(*(step.done for step in self._steps))
        return Spot(self._place, beyond, frozenset(self._put_off))

    def ahead(self) -> tuple[int, int, int]:
        """Return what was counted and is before no spot yet: files judged just now; files passed over, and bytes."""
        known = [step.known for step in self._steps]
        return self._taking, sum(count for count, _ in known), sum(size for _, size in known)
