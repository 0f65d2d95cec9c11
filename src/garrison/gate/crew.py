"""The gate's own workers, with the databases and limits of the plan."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

from garrison.base.errors import Unavailable
from garrison.linux.forkserver import ServerGone, Worker
from garrison.linux.workers import Outcome, Submitted, WorkerPool
from garrison.wire.guarding import Examining

_SPARE = 8  # workers of further accounts that are kept


class Crew:
    """Workers that follow the plan. is_ready: whether they can examine at once. size: how many there are, at most."""

    def __init__(self) -> None:
        self._examining: Examining | None = None
        self._pool: WorkerPool | None = None
        self._users: Counter[WorkerPool] = Counter()
        self._left = asyncio.Event()
        self._has_pool = asyncio.Event()
        self.size = 2

    @property
    def is_ready(self) -> bool:
        """Return whether a file handed in now is examined now."""
        return self._pool is not None

    async def follow(self, examining: Examining) -> bool:
        """Examine so from now on, and return whether that is another way. Raises Unavailable.

        What is under way ends with what it began with.
        """
        if examining == self._examining:
            return False
        old = self._examining
        if self._pool is not None and old is not None and _but_databases(old) == _but_databases(examining):
            await self._pool.use_databases(Path(examining.databases))
        else:
            await self._replace(examining)
        self._examining = examining
        return True

    async def _replace(self, examining: Examining) -> None:
        pool = WorkerPool(
            Path(examining.databases),
            size=examining.workers,
            limits=examining.limits,
            seconds=examining.seconds,
            memory_mib=examining.memory_mib,
            heuristics=examining.heuristics,
            spare=_SPARE,
        )
        await pool.__aenter__()
        old, self._pool = self._pool, pool
        self.size = examining.workers
        self._has_pool.set()
        if old is not None:
            await self._dismiss(old)

    async def _dismiss(self, pool: WorkerPool) -> None:
        """End workers once what they began is done."""
        while self._users[pool]:
            self._left.clear()
            await self._left.wait()
        del self._users[pool]
        await pool.__aexit__(None, None, None)

    async def examine(self, objects: Sequence[Submitted], account: int) -> AsyncGenerator[Outcome, None]:
        """Yield what became of each object, in order; waits for workers when there are none. Raises Unavailable."""
        await self._has_pool.wait()
        pool = self._pool
        if pool is None:
            raise Unavailable("The scanner is ending.")
        self._users[pool] += 1
        try:
            async with aclosing(pool.examine(objects, account)) as outcomes:
                async for outcome in outcomes:
                    yield outcome
        finally:
            self._users[pool] -= 1
            self._left.set()

    async def lane(self, account: int) -> Worker | None:
        """Return a worker that only the caller speaks to; None when there can be none now."""
        pool = self._pool
        if pool is None:
            return None
        try:
            server = await pool.current_server()
            return await server.start_worker(account)
        except (Unavailable, ServerGone):
            return None

    async def close(self) -> None:
        """End the workers."""
        if self._pool is not None:
            await self._pool.__aexit__(None, None, None)


def _but_databases(examining: Examining) -> tuple[object, ...]:
    return (
        dict(examining.limits), examining.heuristics, examining.seconds, examining.memory_mib, examining.workers,
    )  # fmt: skip
