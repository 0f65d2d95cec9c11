"""Puts files before the engine: walks, opens, hands to the workers, and tells what came of each."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

from garrison import __version__
from garrison.abilities.batches import BATCH_FILES, Batch, Item, Taken, close, count_some, next_batch
from garrison.abilities.checkpoints import Step, Track
from garrison.abilities.databases import Databases
from garrison.abilities.quarantine import Identity, Quarantine
from garrison.abilities.unchanged import CleanFiles, Unchanged
from garrison.abilities.verdicts import verdict_of
from garrison.base.errors import Unavailable
from garrison.base.text import phrase
from garrison.engine.budget import Limits
from garrison.engine.heuristics.levels import Level
from garrison.engine.verdict import Verdict
from garrison.linux.acting import Acting
from garrison.linux.walk import Found, Known, Trouble, Walk
from garrison.linux.workers import Outcome, Submitted, WorkerPool
from garrison.linux.writeback import untimed_devices
from garrison.sdk.plain import to_plain

_WAITING_BATCHES = 2
_PATIENCE = 4  # times as long for one object, where others come first
_OPEN_FILES = 256  # that one scan may hold at a time: a process has 1024 descriptors unless it asks for more
_ACCIDENTS = frozenset({"crashed", "timeout", "killed"})  # may be nothing of the file's: tried once more
_KILLED = phrase("could not be examined: the worker was ended from outside")


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
    """How far a scan is, in files; total: None until counted.

    unchanged, unchanged_bytes: files passed over because they are as they were when they were found clean.
    """

    done: int = 0
    unchanged: int = 0
    unchanged_bytes: int = 0
    total: int | None = None
    path: str = ""

    def pass_over(self, known: "list[Known]") -> None:
        """Count files that have not changed."""
        if known:
            self.done += len(known)
            self.unchanged += len(known)
            self.unchanged_bytes += sum(each.size for each in known)
            self.path = known[-1].path


@dataclass(frozen=True, slots=True)
class _Scan:
    """One scan under way. clean: what is known as clean, and learned; is_complete: only learned."""

    roots: list[str]
    acting: Acting
    sink: Sink
    skip: Callable[[str], bool]
    progress: Progress
    clean: CleanFiles | None
    is_complete: bool
    track: Track

    async def take(self, examined: Examined | Trouble, step: Step) -> None:
        """Take up what came of one file."""
        self.progress.path = examined.path
        if isinstance(examined, Trouble):
            await self.sink(examined)
        else:
            self.progress.done += 1
            self.track.begin()
            try:
                await self.sink(examined)
            finally:
                self.track.end()
            verdict = examined.verdict
            is_settled = examined.path not in step.fresh
            if self.clean is not None and is_settled and not verdict.findings and not verdict.remarks:
                self.clean.learn(examined.identity)
        self.track.done(step, examined.path)
        self.track.moved()


@dataclass(frozen=True, slots=True)
class Way:
    """How objects are examined. seconds: what one may take. heuristics: how soon something is called probable."""

    limits: Limits = field(default_factory=Limits)
    seconds: float = 30.0
    heuristics: Level = Level.MEDIUM


@dataclass(slots=True, eq=False)
class _Crew:
    """Workers, and how many scans use them."""

    pool: WorkerPool
    way: Way
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    users: int = 0


class Scanner:
    """The shared way to the workers. The workers start with the first scan and stay until `close`."""

    def __init__(self, databases: Databases, quarantine: Quarantine, unchanged: Unchanged) -> None:
        self._databases = databases
        self._unchanged = unchanged
        self._clean: tuple[tuple[str, Way], CleanFiles] | None = None
        self._quarantine = quarantine
        self._crew: _Crew | None = None
        self._crews: set[_Crew] = set()
        self._starting = asyncio.Lock()
        databases.before_switch.append(self._make_room)
        databases.on_switch.append(self._follow)
        self.size = max(1, os.cpu_count() or 1)
        # A scan under way goes on with what it began with.
        self.way = Way()

    async def close(self) -> None:
        """End the workers."""
        self._crew = None
        for crew in tuple(self._crews):
            await self._dismiss(crew)

    @asynccontextmanager
    async def _workers(
        self, databases: Path | None = None, way: Way | None = None, gives_way: bool = False
    ) -> AsyncIterator[WorkerPool]:
        """Have the workers for a scan, started with the settings of now; for what is not usual, workers of its own.

        Raises Unavailable when there are none.
        """
        if databases is not None or gives_way or way not in {None, self.way}:
            async with self._pool(databases or self._databases.current(), way or self.way, gives_way) as pool:
                yield pool
            return
        async with self._starting:
            crew = self._crew
            if crew is None or crew.way != self.way:
                crew = await self._hire()
            crew.users += 1
        try:
            yield crew.pool
        finally:
            crew.users -= 1
            if crew is not self._crew and not crew.users:
                await self._dismiss(crew)

    async def _hire(self) -> _Crew:
        pool = self._pool(self._databases.current(), self.way)
        crew, old = _Crew(pool, self.way), self._crew
        await crew.stack.enter_async_context(pool)
        self._crew = crew
        self._crews.add(crew)
        if old is not None and not old.users:
            await self._dismiss(old)
        return crew

    async def _make_room(self) -> None:
        """Give back memory before other databases are opened beside those in use."""
        if self._crew is not None:
            await self._crew.pool.renew()

    async def _follow(self, databases: Path) -> None:
        """Examine with other databases from now on; what is under way finishes with those it began with.

        Scans may begin meanwhile. When it does not come to its end, the next scan starts workers anew.
        """
        async with self._starting:  # workers that are just starting may have begun with the databases before
            crew = self._crew
        if crew is None:
            return
        try:
            await crew.pool.use_databases(databases)
        except BaseException as error:
            if self._crew is crew:
                self._crew = None
            if not crew.users:
                await self._dismiss(crew)
            if not isinstance(error, Unavailable):
                raise

    def _pool(self, databases: Path, way: Way, gives_way: bool = False) -> WorkerPool:
        return WorkerPool(
            databases,
            size=self.size,
            limits=to_plain(way.limits),
            seconds=way.seconds * (_PATIENCE if gives_way else 1),
            heuristics=way.heuristics.value,
            gives_way=gives_way,
        )

    async def _dismiss(self, crew: _Crew) -> None:
        self._crews.discard(crew)
        await crew.stack.aclose()

    def walk(self, skip: Callable[[str], bool], known: Callable[[os.stat_result], bool] | None = None) -> Walk:
        """Return a walk that leaves our own stores out: they hold what looks like threats."""
        private = frozenset(_key(folder) for folder in (self._databases.folder, self._quarantine.folder))
        return Walk(skip=skip, private=private, known=known)

    async def scan(  # noqa: PLR0913 # what a scan is made of
        self,
        roots: list[str],
        acting: Acting,
        sink: Sink,
        skip: Callable[[str], bool],
        progress: Progress,
        databases: Path | None = None,
        is_complete: bool = False,
        track: Track | None = None,
        way: Way | None = None,
    ) -> None:
        """Examine all files in and below the given paths, with the rights of `acting`; give each to the sink.

        databases: a set to use in place of the installed one. is_complete: examine also what has not changed since it
        was found clean. track: where to go on, and follows how far it is. way: in place of the usual one.
        """
        way = way or self.way
        async with self._workers(databases, way, acting.gives_way) as pool:
            clean = None if databases is not None else self._clean_files(pool.databases.name, way)
            try:
                scan = _Scan(roots, acting, sink, skip, progress, clean, is_complete, track or Track())
                await self._scan(scan, pool)
            finally:
                if clean is not None:
                    await asyncio.to_thread(clean.save)

    def _clean_files(self, databases: str, way: Way) -> CleanFiles:
        """Return the memory of clean files for the workers' databases and a way; scans at a time share it."""
        key = (databases, way)
        if self._clean is None or self._clean[0] != key:
            self._clean = (key, self._unchanged.open(__version__, *key))
        self._clean[1].untimed = untimed_devices()
        return self._clean[1]

    async def _scan(self, scan: "_Scan", pool: WorkerPool) -> None:
        roots, acting, skip = scan.roots, scan.acting, scan.skip
        known = None if scan.clean is None or scan.is_complete else scan.clean.knows
        batches: asyncio.Queue[Batch | None] = asyncio.Queue(_WAITING_BATCHES)
        walk = self.walk(skip, known)
        scan.track.prepare(walk)
        with closing(walk.files(roots)) as items:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._count(roots, acting, skip, scan.progress))
                    for _ in range(self.size):
                        group.create_task(self._consume(pool, scan, batches))
                    await self._produce(walk, items, scan, batches)
            finally:
                while not batches.empty():
                    left = batches.get_nowait()
                    close(left.files if left else [])

    async def _count(self, roots: list[str], acting: Acting, skip: Callable[[str], bool], progress: Progress) -> None:
        names = self.walk(skip).names(roots)
        total = 0
        async with acting.twin() as own_thread:  # with the same rights: a number can tell secrets too
            with closing(names):
                while counted := await own_thread.run(count_some, names):
                    total += counted
        progress.total = total

    async def _produce(
        self, walk: Walk, items: Iterator[Item], scan: "_Scan", batches: "asyncio.Queue[Batch | None]"
    ) -> None:
        most = max(1, min(BATCH_FILES, _OPEN_FILES // (self.size + _WAITING_BATCHES + 1)))
        is_done = False
        while not (is_done or scan.track.is_stopping):
            taken = Taken()
            try:
                is_done = await scan.acting.run(next_batch, items, most, taken)
                step = await _noted(walk, scan, taken)
                if taken.batch:
                    await batches.put(Batch(taken.batch, step))
                    taken.batch = []
            finally:
                close(taken.batch)
        for _ in range(self.size):
            await batches.put(None)

    async def _consume(self, pool: WorkerPool, scan: "_Scan", batches: "asyncio.Queue[Batch | None]") -> None:
        while (batch := await batches.get()) is not None:
            try:
                async with aclosing(_examine(pool, scan.acting.uid, batch.files)) as all_examined:
                    while not scan.track.is_stopping and (examined := await anext(all_examined, None)) is not None:
                        await scan.take(examined, batch.step)
            finally:
                close(batch.files)

    async def examine_file(self, path: str, acting: Acting) -> Examined | Trouble:
        """Examine one file with the rights of `acting`, given by a full path in which no link is followed."""
        taken = Taken()
        with closing(self.walk(lambda _: False).file(path)) as walk:
            try:
                is_done = False
                while not (taken.batch or taken.troubles or is_done):
                    is_done = await acting.run(next_batch, walk, 1, taken)
                if taken.batch:
                    async with self._workers() as pool, aclosing(_examine(pool, acting.uid, taken.batch)) as examined:
                        return await anext(examined)
            finally:
                close(taken.batch)
        return taken.troubles[0] if taken.troubles else Trouble(path, phrase("is no file any more"), given=True)

    async def examine_one(self, descriptor: int, name: str, account: int | None = None) -> Verdict:
        """Examine one open file, whatever it is open for. account: for whom; None for the suite itself.

        Raises Unavailable when it could not be examined.
        """
        uid = os.geteuid() if account is None else account
        # A worker gets descriptors for reading only.
        reading = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            async with self._workers() as pool:
                outcome = await _outcome(pool, uid, Submitted(reading, name))
                if outcome.failure in _ACCIDENTS:
                    outcome = await _outcome(pool, uid, Submitted(reading, name))
        finally:
            os.close(reading)
        if outcome.failure == "killed":
            raise Unavailable("The file {killed}.", killed=_KILLED)
        return verdict_of(outcome)


async def _noted(walk: Walk, scan: _Scan, taken: Taken) -> Step:
    """Take up what a step of the walk brought besides files to examine."""
    known = len(taken.known), sum(each.size for each in taken.known)
    step = scan.track.step(walk.at(), len(taken.batch) + len(taken.troubles), known)
    step.fresh = taken.fresh
    scan.progress.pass_over(taken.known)
    for trouble in taken.troubles:
        await scan.sink(trouble)
        scan.track.done(step, trouble.path)
    scan.track.moved()
    return step


async def _examine(pool: WorkerPool, account: int, batch: list[Found]) -> AsyncGenerator[Examined | Trouble, None]:
    """Yield what is in each file. One over which a worker ended is given to another one alone before it is judged."""
    submitted = [Submitted(found.descriptor, os.path.basename(found.path)) for found in batch]
    again: list[int] = []
    async with aclosing(pool.examine(submitted, account)) as outcomes:
        async for outcome in outcomes:
            if outcome.failure in _ACCIDENTS:
                again.append(outcome.index)
            else:
                yield _said(batch[outcome.index], outcome)
    for index in again:
        yield _said(batch[index], await _outcome(pool, account, submitted[index]))


async def _outcome(pool: WorkerPool, account: int, submitted: Submitted) -> Outcome:
    async with aclosing(pool.examine([submitted], account)) as outcomes:
        return await anext(outcomes)


def _said(found: Found, outcome: Outcome) -> Examined | Trouble:
    if outcome.failure == "killed":
        return Trouble(found.path, _KILLED, found.given)
    return Examined(found.path, Identity.of(found.status), found.status.st_uid, verdict_of(outcome))


def _key(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
