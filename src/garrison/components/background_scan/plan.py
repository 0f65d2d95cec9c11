"""Decides when a scan in the background is wanted, and when it may go on. It knows no more than it is told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from garrison.base.clock import Clock
from garrison.components.background_scan.settings import BackgroundScanSettings
from garrison.linux.circumstances import Circumstances

_LEFT_ALONE_SECONDS = 300.0  # where no setting says how long
_RETRY_SECONDS = 1800.0
DAMAGED = (ValueError, TypeError, KeyError)


@dataclass(frozen=True, slots=True)
class Memory:
    """What outlives a restart. since: when it was first switched on. completed: when a scan last came to its end.

    databases: the set with which a scan was last begun.
    """

    since: datetime
    completed: datetime | None = None
    databases: str = ""

    def plain(self) -> dict[str, Any]:
        """Return it for a file."""
        completed = self.completed.isoformat() if self.completed else ""
        return {"since": self.since.isoformat(), "completed": completed, "databases": self.databases}

    @classmethod
    def from_plain(cls, untrusted: Any) -> Self:
        """Return what `plain` gave. Raises what DAMAGED names."""
        since, completed = _moment(untrusted["since"]), untrusted["completed"]
        databases = untrusted["databases"]
        if not isinstance(databases, str):
            raise TypeError("this is no memory of scans")
        return cls(since, _moment(completed) if completed else None, databases)


def _moment(untrusted: Any) -> datetime:
    moment = datetime.fromisoformat(untrusted)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment


class Plan:
    """What is wanted. memory: kept on disk by whoever has the plan. reasons: why a scan is wanted, in words."""

    def __init__(self, clock: Clock, settings: BackgroundScanSettings, memory: Memory) -> None:
        self._clock = clock
        self.settings = settings
        self.memory = memory
        self.reasons: list[str] = []
        self._started = self._last = clock.monotonic()
        self._after_start_is_due = True
        self._idled = False
        self._not_before, self._put_off = float("-inf"), ""

    def notice(self, databases: str, around: Circumstances) -> None:
        """Take up how things are, and want a scan when that is due. databases: the set in use, "" for none."""
        settings, passed = self.settings, self._clock.monotonic()
        idle = around.idle_seconds
        is_idle = idle is not None and bool(settings.after_idle_minutes) and idle >= settings.after_idle_minutes * 60
        self._idled = self._idled and is_idle
        after_start = passed - self._started >= settings.after_start_minutes * 60
        if settings.after_update and self.memory.databases not in {"", databases}:
            self._want("the databases have changed")
        if settings.after_start_minutes and self._after_start_is_due and after_start:
            self._after_start_is_due = False
            self._want("it is a while since the start")
        if settings.every_hours and passed - self._last >= settings.every_hours * 3600:
            self._want("it is a while since the last one")
        if is_idle and not self._idled:
            self._idled = True
            self._want("nobody uses the computer")

    def _want(self, reason: str) -> None:
        if reason not in self.reasons:
            self.reasons.append(reason)

    def want_rest(self) -> None:
        """Want a scan because one waits to go on."""
        self._want("an earlier one has not come to its end")

    def obstacle(self, around: Circumstances, on_battery: bool) -> str:
        """Return why no scan may go on now, in words; "" when one may. What nobody can tell is no obstacle."""
        settings = self.settings
        if on_battery and not settings.on_battery:
            return "the computer runs on battery"
        if settings.stop_when_used and self._is_used(around) and not self.is_overdue():
            return "the computer is being used"
        return self._put_off if self._clock.monotonic() < self._not_before else ""

    def _is_used(self, around: Circumstances) -> bool:
        alone = self.settings.after_idle_minutes * 60 or _LEFT_ALONE_SECONDS
        return around.idle_seconds is not None and around.idle_seconds < alone

    def is_overdue(self) -> bool:
        """Return whether no scan was completed for so long that the next one need not wait for an idle computer."""
        days = self.settings.finish_after_days
        return bool(days) and self.unfinished_for() >= timedelta(days=days)

    def unfinished_for(self) -> timedelta:
        """Return for how long no scan was completed."""
        return max(timedelta(), self._clock.now() - (self.memory.completed or self.memory.since))

    def begun(self, databases: str) -> None:
        """Take up that a scan has begun, or goes on."""
        self.memory = Memory(self.memory.since, self.memory.completed, databases)
        self._last = self._clock.monotonic()

    def completed(self) -> None:
        """Take up that a scan came to its end: none is wanted before something else happens."""
        self.memory = Memory(self.memory.since, self._clock.now(), self.memory.databases)
        self.reasons.clear()

    def put_off(self, why: str) -> None:
        """Take up, in words, why a scan ended too early: it is tried again after a while."""
        self._not_before, self._put_off = self._clock.monotonic() + _RETRY_SECONDS, why
