"""A client of ours as the suite puts it together, without the rest of the suite: updates, and scans meanwhile."""

import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from garrison.abilities.databases import Databases, publications
from garrison.abilities.databases.feeds.book import FeedBook
from garrison.abilities.databases.gathering import Gatherer
from garrison.abilities.databases.updating import Updated, Updater
from garrison.abilities.fetching import Fetcher
from garrison.abilities.outgoing import Outgoing
from garrison.abilities.quarantine import Quarantine
from garrison.abilities.scanner import Examined, Progress, Scanner
from garrison.abilities.unchanged import Unchanged
from garrison.base.clock import SystemClock
from garrison.base.paths import Home
from garrison.linux.acting import Acting
from garrison.linux.walk import Trouble

USUAL_SECONDS = 8.0
AFTER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """One file's verdict. at: when it came, seconds.  took: since it was asked for, seconds."""

    file: int
    at: float
    took: float


@dataclass(slots=True)
class Delays:
    """How much later than usual for its file each verdict came, in ms, while nothing was switched and while it was."""

    usual: list[float]
    switching: list[float]

    @classmethod
    def of(cls, verdicts: list[Verdict], began: float, ended: float) -> "Delays":
        """Compare. began, ended: of the switch; a verdict belongs to it when it was waited for meanwhile."""
        before = [each for each in verdicts if each.at < began]
        took: dict[int, list[float]] = {}
        for each in before:
            took.setdefault(each.file, []).append(each.took)
        usual = {file: statistics.median(all_of_it) for file, all_of_it in took.items()}
        meanwhile = [each for each in verdicts if each.at >= began and each.at - each.took <= ended]
        late = [[(each.took - usual[each.file]) * 1000 for each in part] for part in (before, meanwhile)]
        if min(map(len, late)) < len(usual):
            raise RuntimeError("too few verdicts came to compare")
        return cls(*late)

    def __str__(self) -> str:
        """Return both for a table."""
        return f"switching {_spread(self.switching)}; usual {_spread(self.usual)}"


def _spread(delays: list[float]) -> str:
    ordered = sorted(delays)
    half, most = (ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
    return f"{len(ordered):,} verdicts, p50 {half:.1f}, p99 {most:.1f}, max {ordered[-1]:.1f} ms"


@dataclass(slots=True)
class Client:
    """One computer."""

    databases: Databases
    updater: Updater
    scanner: Scanner
    verdicts: list[Verdict] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    scans: int = 0
    is_over: bool = False

    async def update(self, source: str) -> Updated:
        """Take what is published, and put it in use."""
        return await self.updater.update([source], by_hand=True, tell=lambda *_: None)

    async def finds(self, path: Path) -> bool:
        """Return whether something is found in a file."""
        with _opened(path) as descriptor:
            return bool((await self.scanner.examine_one(descriptor, path.name)).findings)

    async def probe(self, files: list[Path]) -> None:
        """Examine files one by one, over and over, and note how long each takes."""
        for number, path in cycle(enumerate(files)):
            if self.is_over:
                return
            with _opened(path) as descriptor:
                began = time.perf_counter()
                verdict = await self.scanner.examine_one(descriptor, path.name)
                now = time.perf_counter()
            self.verdicts.append(Verdict(number, now, now - began))
            self.failures += [finding.name for finding in verdict.findings]

    async def scan(self, folder: Path) -> None:
        """Scan a folder over and over."""
        count = len(os.listdir(folder))
        while not self.is_over:
            seen: list[Examined | Trouble] = []

            async def take(item: Examined | Trouble, to: list[Examined | Trouble] = seen) -> None:
                to.append(item)

            async with Acting(os.geteuid(), os.getegid(), os.getgroups()) as acting:
                await self.scanner.scan([str(folder)], acting, take, lambda _: False, Progress(), is_complete=True)
            self.scans += 1
            self.failures += [item.path for item in seen if isinstance(item, Trouble) or item.verdict.findings]
            if len(seen) != count:
                self.failures.append(f"{len(seen)} files of {count}")

    async def under_load(
        self, files: list[Path], folder: Path, switch: Callable[[], Awaitable[object]]
    ) -> tuple[float, float]:
        """Switch while files are examined and a folder is scanned, each at a seat; return when it began and ended.

        The scan that was under way goes on, and is waited for.
        """
        await self.finds(files[0])  # the pool has a seat for each of two
        self.scanner.size = 1  # and the scan below takes one
        self.verdicts.clear()
        self.is_over = False
        async with asyncio.TaskGroup() as group:
            group.create_task(self.probe(files))
            group.create_task(self.scan(folder))
            await asyncio.sleep(USUAL_SECONDS)
            began = time.perf_counter()
            await switch()
            ended = time.perf_counter()
            await asyncio.sleep(AFTER_SECONDS)
            self.is_over = True  # each ends with what it is at
        self.scanner.size = 2
        return began, ended


@asynccontextmanager
async def client(root: Path) -> AsyncIterator[Client]:
    """Have a computer with its state in a folder; its pool, of two, is running."""
    home, clock = Home(root), SystemClock()
    home.prepare()
    databases = Databases(home, clock)
    await databases.ensure()
    fetcher = Fetcher(home, clock, Outgoing(lambda _: True))
    gatherer = Gatherer(databases, fetcher, clock)
    updater = Updater(databases, fetcher, gatherer, FeedBook(databases.folder / "feeds.json"), clock)
    scanner = Scanner(databases, Quarantine(home, clock), Unchanged(home.folder("unchanged", 1), clock))
    scanner.size = 2
    try:
        yield Client(databases, updater, scanner)
    finally:
        await scanner.close()


async def set_up(root: Path, source: str, pinned: bytes) -> Updated:
    """Make a computer that trusts a publisher and has what is published now."""
    async with client(root) as computer:
        publications.pin(computer.updater.trust, pinned)
        return await computer.update(source)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
