"""Keeps the same from being told again and again: the first at once, and how many followed when some time is over."""

from dataclasses import dataclass, replace

from garrison.abilities.notices import Notice
from garrison.base.clock import Clock

_MINUTE = 60.0


@dataclass(slots=True)
class _Window:
    until: float  # of Clock.monotonic
    last: Notice | None = None
    held: int = 0


class Gathering:
    """What was told of late, by account and kind."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[int, str], _Window] = {}

    def admit(self, notice: Notice, minutes: int) -> bool:
        """Return whether a notice is to be told now; else it is held back, and told of by `due`."""
        now = self._clock.monotonic()
        window = self._windows.get((notice.owner, notice.kind))
        if window is not None and now < window.until:
            window.last = notice
            window.held += 1
            return False
        if minutes:
            self._windows[notice.owner, notice.kind] = _Window(now + minutes * _MINUTE)
        return True

    def due(self, *, all_of_them: bool = False) -> list[Notice]:
        """Return what was held back and is to be told now: the latest of each kind, with how many came beside it."""
        now = self._clock.monotonic()
        told = []
        for key, window in list(self._windows.items()):
            if window.until > now and not all_of_them:
                continue
            del self._windows[key]
            if window.last is not None:
                told.append(replace(window.last, more=window.held - 1))
        return told

    def seconds(self) -> float | None:
        """Return in how many seconds something may be due; None when nothing is under way."""
        now = self._clock.monotonic()
        ends = [window.until - now for window in self._windows.values()]
        return max(0.0, min(ends)) if ends else None
