"""A pause of all protection: for a time, until the suite starts again, or until somebody ends it; always with a reason.

It is kept on disk, ends by itself also when the suite was not running meanwhile, and what was changed during it is
looked at afterwards. Scans and updates go on: only what watches by itself rests.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from garrison.base.clock import Clock
from garrison.base.errors import Invalid
from garrison.base.files import explain, read_json, write_json
from garrison.daemon.supervisor import Supervisor
from garrison.sdk import Caller, Event, Severity, UntrustedText

log = logging.getLogger(__name__)
_LONGEST = timedelta(days=7)
_LOOK_SECONDS = 30.0  # the clock may be set meanwhile
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
Report = Callable[[Event, int], None]  # and the account it concerns
_DURATION = re.compile(r"(?:\d{1,6} ?[smhd] ?)+")


class Until(StrEnum):
    """What ends a pause, besides a person."""

    TIME = "time"
    RESTART = "restart"
    RESUMED = "resumed"


class PauseBegun(Event):
    """Protection was paused."""

    says: ClassVar[str] = "Protection was paused by account {uid} ({ends}): {reason}"
    severity: ClassVar[Severity] = Severity.CRITICAL
    uid: int
    ends: str
    reason: UntrustedText


class PauseEnded(Event):
    """Protection goes on after a pause."""

    says: ClassVar[str] = "Protection goes on after a pause of {minutes} minutes ({why})"
    severity: ClassVar[Severity] = Severity.IMPORTANT
    minutes: int
    why: str


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause. since, until: seconds of the clock; until: 0 unless it ends by time."""

    since: float
    until: float
    kind: Until
    reason: str
    uid: int


def duration(untrusted: str) -> timedelta:
    """Return how long 15m, 1h 30m, 90s or 2d is. Raises Invalid."""
    text = untrusted.strip().lower()
    total = timedelta()
    if _DURATION.fullmatch(text):
        total = sum(
            (timedelta(seconds=int(count) * _UNITS[unit]) for count, unit in re.findall(r"(\d+) ?([smhd])", text)),
            timedelta(),
        )
    if not timedelta() < total <= _LONGEST:
        raise Invalid("“{time}” is no time of at most 7 days.", "Write it so: 15m, 1h 30m, 90s, 2d.", time=untrusted)
    return total


class Pausing:
    """Begins and ends the pause. pause: the one there is; None while everything watches."""

    def __init__(self, folder: Path, clock: Clock, supervisor: Supervisor, report: Report) -> None:
        self._file = folder / "pause.json"
        self._clock = clock
        self._supervisor = supervisor
        self._report = report
        self._changed = asyncio.Event()
        self.pause = self._read()

    def _read(self) -> Pause | None:
        """Return the pause on disk; one that is damaged is over."""
        try:
            plain = read_json(self._file)
            pause = Pause(**{**plain, "kind": Until(plain["kind"])})
            sound = all(isinstance(value, float | int) for value in (pause.since, pause.until, pause.uid))
            return pause if sound and isinstance(pause.reason, str) else None
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            log.warning("the pause in %s cannot be read, and is over: %s", self._file, error)
            return None

    def take_up(self) -> None:
        """Go on with the pause there was when the suite ended, unless it is over: the suite begins to protect."""
        if self.pause is None:
            return
        if self.pause.kind is Until.RESTART:
            self._end("Garrison was started again")
        elif self._seconds_left() <= 0:
            self._end("its time is up")
        else:
            self._supervisor.paused = True

    async def begin(self, caller: Caller, kind: Until, reason: str, length: timedelta | None = None) -> None:
        """Pause, or change the pause there is. Raises what writing raises; then nothing is paused."""
        now = self._clock.now().timestamp()
        pause = Pause(
            since=self.pause.since if self.pause else now,
            until=now + length.total_seconds() if length else 0.0,
            kind=kind,
            reason=reason,
            uid=caller.uid,
        )
        write_json(self._file, asdict(pause))
        self.pause = pause
        self._report(PauseBegun(uid=caller.uid, ends=self.ends(), reason=reason), caller.uid)
        await self._supervisor.pause()
        self._changed.set()

    def end(self, caller: Caller) -> bool:
        """End the pause; return whether there was one."""
        if self.pause is None:
            return False
        self._end(f"account {caller.uid} ended it")
        return True

    def ends(self) -> str:
        """Return when the pause ends, in words."""
        if self.pause is None:
            return ""
        if self.pause.kind is Until.TIME:
            moment = datetime.fromtimestamp(self.pause.until, self._clock.now().tzinfo)
            return f"until {moment:%Y-%m-%d %H:%M}"
        return "until Garrison is started again" if self.pause.kind is Until.RESTART else "until somebody ends it"

    def _end(self, why: str) -> None:
        pause = self.pause
        assert pause is not None
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:  # it is over all the same; after a restart it may come back, for its time
            log.warning("%s", explain(error, "remove {path}", path=self._file).text)
        self.pause = None
        now = self._clock.now().timestamp()
        self._report(PauseEnded(minutes=max(0, round((now - pause.since) / 60)), why=why), pause.uid)
        since = min(pause.since, now)
        self._supervisor.resume(datetime.fromtimestamp(since, self._clock.now().tzinfo))

    def _seconds_left(self) -> float:
        """Return for how long the pause goes on. A clock that was set back makes it no longer than it was to be."""
        pause = self.pause
        if pause is None or pause.kind is not Until.TIME:
            return _LOOK_SECONDS
        now = self._clock.now().timestamp()
        return 0.0 if now < pause.since else pause.until - now

    async def run(self) -> None:
        """End the pause when its time is up, for ever."""
        while True:
            if self.pause is not None and self._seconds_left() <= 0:
                self._end("its time is up")
            self._changed.clear()
            wait = min(self._seconds_left(), _LOOK_SECONDS) if self.pause else None
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                continue
