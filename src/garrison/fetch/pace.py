"""Time and speed: a file has so many seconds, and the line so many bytes a second."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_AGAIN_SECONDS = 1.0


class OutOfTime(Exception):
    """The time for a file is over."""


class Pace:
    """Sleeps where bytes come faster than they may. bytes_per_second: 0 for no limit."""

    def __init__(self, bytes_per_second: int) -> None:
        self._rate = bytes_per_second
        self._free_at = time.monotonic()

    def passed(self, count: int) -> None:
        """Wait until as many bytes may have passed."""
        if self._rate > 0:
            now = time.monotonic()
            self._free_at = max(self._free_at, now - _AGAIN_SECONDS) + count / self._rate
            time.sleep(max(0.0, self._free_at - now))

    def piece(self, most: int) -> int:
        """Return how much to read at once."""
        return min(most, max(1024, self._rate // 8)) if self._rate > 0 else most

    def seconds(self, count: int) -> float:
        """Return the time that so many bytes must take."""
        return count / self._rate if self._rate > 0 else 0.0


class Deadline:
    """The end of a file's time, which can be moved when its size is known."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def extend(self, seconds: float) -> None:
        """Give more time."""
        self._end += seconds
        self._arm()

    def left(self) -> float:
        """Return how many seconds are left, not below 0."""
        return max(0.0, self._end - time.monotonic())

    def _arm(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, max(0.001, self.left()), _AGAIN_SECONDS)


@contextmanager
def deadline(seconds: float) -> Iterator[Deadline]:
    """Raise OutOfTime within the context when the time is over, also in a library that waits for the network."""
    end = Deadline(seconds)
    before = signal.signal(signal.SIGALRM, _raise)
    try:
        end.extend(0.0)
        yield end
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _raise(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise OutOfTime


class Seldom:
    """Lets something through at most so often."""

    def __init__(self, every: float, what: Callable[[int, int | None], None]) -> None:
        self._every = every
        self._what = what
        self._last = 0.0

    def __call__(self, done: int, total: int | None) -> None:
        """Let it through, unless the last time was just now."""
        now = time.monotonic()
        if now - self._last >= self._every:
            self._last = now
            self._what(done, total)
