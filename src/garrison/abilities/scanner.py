"""Puts files before the engine: walks, opens, hands to the workers, and tells what came of each."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from garrison.abilities.databases import Databases
from garrison.abilities.quarantine import Identity, Quarantine
from garrison.base.text import printable
from garrison.engine.budget import Limits
from garrison.engine.verdict import Certainty, Finding, Kind, Verdict
from garrison.linux.acting import Acting
from garrison.linux.walk import Found, Trouble, Walk
from garrison.linux.workers import Outcome, Submitted, WorkerPool
from garrison.sdk.plain import to_plain

BATCH_FILES = 32
BATCH_BYTES = 32 * 1024 * 1024
_WAITING_BATCHES = 2
_OPEN_FILES = 256  # that one scan may hold at a time: a process has 1024 descriptors unless it asks for more
_COUNTED_AT_ONCE = 1000
_MOST_DETAIL = 200  # characters

_ANOMALIES = {
    "crashed": ("Anomaly.Scan.Crash", "the scanner died while it examined this ({detail})"),
    "timeout": ("Anomaly.Scan.Timeout", "the scanner did not finish with this in time"),
    "memory": ("Anomaly.Scan.Memory", "the scanner ran out of memory on this"),
}


@dataclass(frozen=True, slots=True)
class Examined:
    """A file and what is in it."""

    path: str
    identity: Identity
    owner: int
    verdict: Verdict


Sink = Callable[["Examined | Trouble"], Awaitable[None]]


@dataclass(slots=True)
class Progress:
    """How far a scan is, in files; total: None until counted."""

    done: int = 0
    total: int | None = None
    path: str = ""


@dataclass(slots=True, eq=False)
class _Crew:
    """Workers, and how many scans use them. seconds: what one object may take."""

    pool: WorkerPool
    seconds: float
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    users: int = 0


class Scanner:
    """The shared way to the workers. The workers start with the first scan and stay until `close`."""

    def __init__(self, databases: Databases, quarantine: Quarantine) -> None:
        self._databases = databases
        self._quarantine = quarantine
        self._crew: _Crew | None = None
        self._crews: set[_Crew] = set()
        self._starting = asyncio.Lock()
        self.size = max(1, os.cpu_count() or 1)
        self.limits = Limits()
        self.seconds_per_object = 30.0  # a scan under way goes on with what it began with

    async def close(self) -> None:
        """End the workers."""
        self._crew = None
        for crew in tuple(self._crews):
            await self._dismiss(crew)

    @asynccontextmanager
    async def _workers(self) -> AsyncIterator[WorkerPool]:
        """Have the workers for a scan, started with the settings of now. Raises Unavailable when there are none."""
        async with self._starting:
            crew = self._crew
            if crew is None or crew.seconds != self.seconds_per_object:
                crew = await self._hire()
            crew.users += 1
        try:
            yield crew.pool
        finally:
            crew.users -= 1
            if crew is not self._crew and not crew.users:
                await self._dismiss(crew)

    async def _hire(self) -> _Crew:
        pool = WorkerPool(
            self._databases.current(),
            size=self.size,
            limits=to_plain(self.limits),
            seconds=self.seconds_per_object,
        )
        crew, old = _Crew(pool, self.seconds_per_object), self._crew
        await crew.stack.enter_async_context(pool)
        self._crew = crew
        self._crews.add(crew)
        if old is not None and not old.users:
            await self._dismiss(old)
        return crew

    async def _dismiss(self, crew: _Crew) -> None:
        self._crews.discard(crew)
        await crew.stack.aclose()

    def walk(self, skip: Callable[[str], bool]) -> Walk:
        """Return a walk that leaves our own stores out: they hold what looks like threats."""
        private = frozenset(_key(folder) for folder in (self._databases.folder, self._quarantine.folder))
        return Walk(skip=skip, private=private)

    async def scan(
        self, roots: list[str], acting: Acting, sink: Sink, skip: Callable[[str], bool], progress: Progress
    ) -> None:
        """Examine all files in and below the given paths, with the rights of `acting`; give each to the sink."""
        batches: asyncio.Queue[list[Found] | None] = asyncio.Queue(_WAITING_BATCHES)
        async with self._workers() as pool:
            with closing(self.walk(skip).files(roots)) as walk:
                try:
                    async with asyncio.TaskGroup() as group:
                        group.create_task(self._count(roots, acting, skip, progress))
                        for _ in range(self.size):
                            group.create_task(self._consume(pool, batches, sink, progress))
                        await self._produce(walk, acting, batches, sink)
                finally:
                    while not batches.empty():
                        _close(batches.get_nowait() or [])

    async def _count(self, roots: list[str], acting: Acting, skip: Callable[[str], bool], progress: Progress) -> None:
        names = self.walk(skip).names(roots)
        total = 0
        async with acting.twin() as own_thread:  # with the same rights: a number can tell secrets too
            with closing(names):
                while counted := await own_thread.run(_count_some, names):
                    total += counted
        progress.total = total

    async def _produce(
        self,
        walk: Iterator[Found | Trouble],
        acting: Acting,
        batches: "asyncio.Queue[list[Found] | None]",
        sink: Sink,
    ) -> None:
        most = max(1, min(BATCH_FILES, _OPEN_FILES // (self.size + _WAITING_BATCHES + 1)))
        is_done = False
        while not is_done:
            batch: list[Found] = []
            troubles: list[Trouble] = []
            try:
                is_done = await acting.run(_next_batch, walk, most, batch, troubles)
                for trouble in troubles:
                    await sink(trouble)
                if batch:
                    await batches.put(batch)
                    batch = []
            finally:
                _close(batch)
        for _ in range(self.size):
            await batches.put(None)

    async def _consume(
        self, pool: WorkerPool, batches: "asyncio.Queue[list[Found] | None]", sink: Sink, progress: Progress
    ) -> None:
        while (batch := await batches.get()) is not None:
            try:
                async with aclosing(self._examine(pool, batch)) as all_examined:
                    async for examined in all_examined:
                        progress.done += 1
                        progress.path = examined.path
                        await sink(examined)
            finally:
                _close(batch)

    @staticmethod
    async def _examine(pool: WorkerPool, batch: list[Found]) -> AsyncGenerator[Examined, None]:
        submitted = [Submitted(found.descriptor, os.path.basename(found.path)) for found in batch]
        async with aclosing(pool.examine(submitted)) as outcomes:
            async for outcome in outcomes:
                found = batch[outcome.index]
                yield Examined(found.path, Identity.of(found.status), found.status.st_uid, verdict_of(outcome))

    async def examine_one(self, descriptor: int, name: str) -> Verdict:
        """Examine one open file, whatever it is open for."""
        # A worker gets descriptors for reading only.
        reading = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            async with (
                self._workers() as pool,
                aclosing(pool.examine([Submitted(reading, name)])) as outcomes,
            ):
                return verdict_of(await anext(outcomes))
        finally:
            os.close(reading)


def verdict_of(outcome: Outcome) -> Verdict:
    """Return the checked verdict; a worker that died, hung or talks nonsense is itself a finding about the object."""
    failure, detail = outcome.failure, outcome.detail
    if not failure:
        try:
            return Verdict.from_plain(outcome.untrusted_verdict)
        except ValueError as error:
            failure, detail = "crashed", printable(str(error))
    name, why = _ANOMALIES[failure]
    finding = Finding(name, Kind.ANOMALY, Certainty.PROBABLE, why=why.format(detail=detail[:_MOST_DETAIL]))
    return Verdict(objects=1, findings=(finding,))


def _next_batch(walk: Iterator[Found | Trouble], most: int, batch: list[Found], troubles: list[Trouble]) -> bool:
    """Take the next files up; return whether the walk is over. What was opened is in `batch`, whatever happens."""
    size = 0
    for item in islice(walk, most):
        if isinstance(item, Trouble):
            troubles.append(item)
            continue
        batch.append(item)
        size += item.status.st_size
        if size > BATCH_BYTES:
            break
    return not batch and not troubles


def _count_some(names: Iterator[str]) -> int:
    return sum(1 for _ in islice(names, _COUNTED_AT_ONCE))


def _close(batch: list[Found]) -> None:
    for found in batch:
        os.close(found.descriptor)


def _key(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
