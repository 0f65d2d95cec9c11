"""Hands events to whoever listens. A slow listener loses the oldest ones, never holds up the rest."""

import asyncio
import os
from collections.abc import Callable
from typing import Self

from garrison.sdk import Event

_KEEP = 1000


class Stream:
    """Events from now on, for one listener."""

    def __init__(self, bus: "Bus") -> None:
        self._bus = bus
        self._queue: asyncio.Queue[tuple[str, Event, int]] = asyncio.Queue(_KEEP)

    async def __aenter__(self) -> Self:
        self._bus.listeners.add(self._put)
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._bus.listeners.discard(self._put)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[str, Event]:
        component, event, _ = await self._queue.get()
        return component, event

    async def next_with_owner(self) -> tuple[str, Event, int]:
        """Wait for the next event; return the component's id, and the account that it concerns, with it."""
        return await self._queue.get()

    def _put(self, component: str, event: Event, owner: int) -> None:
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait((component, event, owner))


class Bus:
    """All listeners."""

    def __init__(self) -> None:
        self.listeners: set[Callable[[str, Event, int], None]] = set()

    def publish(self, component: str, event: Event, owner: int | None = None) -> None:
        """Tell everybody. owner: the account that it concerns; None: the suite's own."""
        for listener in tuple(self.listeners):
            listener(component, event, os.geteuid() if owner is None else owner)
