"""Shuts the computer down after a scan that somebody asked that of, unless somebody is there."""

import asyncio
import contextlib
from collections.abc import Callable

from garrison.abilities.surroundings import Surroundings
from garrison.base.clock import Clock
from garrison.base.errors import Refused, Unavailable
from garrison.base.text import phrase
from garrison.components.scan.results import ScanSummary
from garrison.sdk import Job

_WARNING_SECONDS = 60.0
_LOOK_SECONDS = 5.0


class ShuttingDown:
    """Decides whether, and does it. warn: is told of the seconds that are left."""

    def __init__(self, surroundings: Surroundings, clock: Clock, warn: Callable[[int], None]) -> None:
        self._surroundings = surroundings
        self._clock = clock
        self._warn = warn

    async def check(self, job: Job) -> None:
        """Raise Refused or Unavailable where it could not be done, or not by this caller, before hours are spent."""
        if job.by_itself:
            raise Refused("Only a scan that you begin yourself can shut the computer down.")
        if not job.caller.is_owner:
            raise Refused(
                "Only whoever looks after this computer can have a scan shut it down.", "Ask them, or leave that out."
            )
        why_not = await self._surroundings.why_no_power_off()
        if why_not:
            raise Unavailable(
                "This computer cannot be shut down from here: {why_not}.", "Leave out --shut-down.", why_not=why_not
            )

    async def after(self, summary: ScanSummary, job: Job) -> str:
        """Shut down after a scan, and return in words what came of that."""
        if not summary.complete:
            return phrase("not shut down: the scan did not come to its end")
        if summary.handled < summary.threats:
            return phrase("not shut down: threats wait for you to decide what is to be done")
        self._warn(int(_WARNING_SECONDS))
        job.progress(
            summary.files, summary.files, phrase("shutting down in {seconds} seconds", seconds=int(_WARNING_SECONDS))
        )
        if await self._is_somebody_there():
            return phrase("not shut down: somebody is using the computer")
        why_not = await self._surroundings.power_off()
        return phrase("not shut down: {why}", why=why_not) if why_not else phrase("the computer is shutting down")

    async def _is_somebody_there(self) -> bool:
        """Wait, and return at once when somebody uses the computer."""
        until = self._clock.monotonic() + _WARNING_SECONDS
        async with self._surroundings.watching() as changed:
            while True:
                changed.clear()
                idle = (await self._surroundings.look(self._clock.now())).idle_seconds
                if idle is None or idle <= 0:  # also where it cannot be told any more
                    return True
                left = until - self._clock.monotonic()
                if left <= 0:
                    return False
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left, _LOOK_SECONDS)):
                        await changed.wait()
