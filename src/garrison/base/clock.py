"""Time, handed to whoever needs it, so that schedules and retention are tested without waiting."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time of day and the time that passes."""

    def now(self) -> datetime:
        """Return the time of day, with the local time zone."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only ever grow, from an unknown start."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now(self) -> datetime:
        """Return the time of day, with the local time zone."""
        return datetime.now(UTC).astimezone()  # noqa: TID251 # the one place that may ask

    def monotonic(self) -> float:
        """Return seconds since an unknown start."""
        return time.monotonic()


class FakeClock:
    """A clock that moves when it is told to."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._passed = 0.0

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds it was moved by."""
        return self._passed

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by
        self._passed += by.total_seconds()
