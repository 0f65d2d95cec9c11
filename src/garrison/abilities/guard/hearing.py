"""What the gate tells, kept for one listener until it takes it."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Generic, Self, TypeVar

MOST_WAITING = 10_000  # facts that a listener has not taken yet
T = TypeVar("T")


class Hearing(Generic[T]):
    """What the gate tells from now on, as far as one listener understands it: `async for fact in hearing`.

    decode: makes a fact of plain data, None of what is not for this listener.
    """

    def __init__(self, decode: Callable[[Mapping[str, Any]], T | None]) -> None:
        self._decode = decode
        self._facts: deque[T] = deque()
        self._came = asyncio.Event()
        self._missed = 0

    def take(self, untrusted: Mapping[str, Any]) -> None:
        """Take up a fact, if it is one for this listener. Raises ValueError, TypeError or KeyError when it is none."""
        fact = self._decode(untrusted)
        if fact is None:
            return
        if len(self._facts) >= MOST_WAITING:
            self._missed += 1
        else:
            self._facts.append(fact)
        self._came.set()

    def missed(self) -> int:
        """Return how many facts came too fast to be kept, since this was last asked."""
        missed, self._missed = self._missed, 0
        return missed

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._facts:
            self._came.clear()
            await self._came.wait()
        return self._facts.popleft()
