"""Writes requests down: each by itself while they are few, and as a count when one account makes very many."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from garrison.base.clock import Clock
from garrison.daemon.door import Audited
from garrison.sdk import Caller, Event

_MINUTE_SECONDS = 60.0
_MOST_IN_VAIN = 20  # requests of one account in a minute that were refused or failed
_MOST_OF_OTHERS = 300  # other requests in a minute of an account that does not own the suite
_WENT_WELL = frozenset({"done", "started"})


class RequestsLeftOut(Event):
    """One account asked so often that not every request was written down."""

    says: ClassVar[str] = "Account {uid} asked {count} times more within a minute ({outcomes})"
    uid: int
    count: int
    outcomes: str


@dataclass(slots=True)
class _Minute:
    caller: Caller
    began: float
    written: Counter[bool] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


class Audit:
    """What the door tells of requests, on its way to the journal."""

    def __init__(self, write: Callable[[Event, Caller], None], clock: Clock) -> None:
        self._write = write
        self._clock = clock
        self._minutes: dict[int, _Minute] = {}

    def note(self, event: Audited, caller: Caller) -> None:
        """Write a request down, or count it."""
        minute = self._minute(caller)
        went_well = event.outcome in _WENT_WELL
        most = _MOST_OF_OTHERS if went_well else _MOST_IN_VAIN
        if minute.written[went_well] < most or (went_well and caller.is_owner):
            minute.written[went_well] += 1
            self._write(event, caller)
            return
        if not minute.left_out:
            asyncio.get_running_loop().call_later(_MINUTE_SECONDS, self._settle, minute)
        minute.left_out[event.outcome] += 1

    def _minute(self, caller: Caller) -> _Minute:
        now = self._clock.monotonic()
        minute = self._minutes.get(caller.uid)
        if minute is None or now - minute.began >= _MINUTE_SECONDS:
            if minute is not None:
                self._settle(minute)
            minute = self._minutes[caller.uid] = _Minute(caller, now)
        return minute

    def _settle(self, minute: _Minute) -> None:
        """Write down what was only counted."""
        if minute.left_out:
            outcomes = ", ".join(f"{outcome}: {count}" for outcome, count in sorted(minute.left_out.items()))
            count = minute.left_out.total()
            minute.left_out.clear()
            self._write(RequestsLeftOut(uid=minute.caller.uid, count=count, outcomes=outcomes), minute.caller)

    def settle_all(self) -> None:
        """Write down all that was only counted: the suite ends."""
        for minute in self._minutes.values():
            self._settle(minute)
