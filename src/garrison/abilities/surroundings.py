"""What goes on around the suite: whether anybody is at the computer, and where the electricity comes from."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

from garrison.linux.circumstances import Circumstances
from garrison.linux.power import SUPPLIES, on_battery

Changed = asyncio.Event


class Surroundings:
    """Looks around. supplies: where the kernel tells of batteries and mains."""

    def __init__(self, supplies: Path = SUPPLIES) -> None:
        self._supplies = supplies

    def on_battery(self) -> bool:
        """Return whether a battery is being drained and no mains is plugged in."""
        return on_battery(self._supplies)

    async def look(self, now: datetime) -> Circumstances:
        """Return how things are; what nobody can tell is None."""
        from garrison.linux.session import circumstances  # noqa: PLC0415 # late: 50 ms that few starts are worth

        return await circumstances(now)

    async def why_no_power_off(self) -> str:
        """Return in words why the suite cannot have the computer shut down, "" when it can."""
        from garrison.linux import session  # noqa: PLC0415 # likewise

        return await session.why_no_power_off()

    async def power_off(self) -> str:
        """Have the computer shut down; return in words why it is not, "" when it is."""
        from garrison.linux import session  # noqa: PLC0415 # likewise

        return await session.power_off()

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[Changed]:
        """Give an event that is set whenever somebody comes to the computer or leaves it.

        Not every computer tells: whoever waits for it has to look now and then.
        """
        from garrison.linux.session import watching  # noqa: PLC0415 # likewise

        async with watching() as changed:
            yield changed
