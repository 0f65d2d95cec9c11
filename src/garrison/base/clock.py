"""Time, handed to whoever needs it, so that schedules and retention are tested without waiting."""

import os
import time
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo


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
        """Let time pass, also over the change to summer time and back."""
        self._now = (self._now.astimezone(UTC) + by).astimezone(self._now.tzinfo)
        self._passed += by.total_seconds()

    def set(self, now: datetime) -> None:
        """Set the time of day, as a person or a time server may, while no time passes."""
        self._now = now


def local_zone(file: Path = Path("/etc/localtime")) -> tzinfo:
    """Return this computer's time zone with its summer time; UTC when nobody knows it."""
    named = os.environ.get("TZ", "").removeprefix(":")
    try:
        if named:
            return ZoneInfo(named)
        with file.open("rb") as rules:
            return ZoneInfo.from_file(rules, key="localtime")
    except (OSError, ValueError, KeyError):  # no such zone, or no such file
        return UTC
