"""The daily update of a large set, from a publisher of ours, beside freshclam and clamd.

A publisher publishes a set, and the set of the next day. A client takes it from loopback, tests it, and puts it in use
while it scans. Beside it, freshclam takes the same lists as plain files from loopback, and clamd reloads them. The
size of ClamAV's own differences is that of a cdiff of the same change, made by sigtool. All patterns are random: none
may hit a clean file, or the test that precedes every switch refuses the set.
"""

import asyncio
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from hashlib import md5
from itertools import cycle
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench._clamd import Clamd
from bench._freshclam import Served, cdiff, freshclam
from bench._pairs import Cost, medians, need, row, version
from bench._processes import Memory, Spent, workers
from bench._signatures import Mix, change, write
from bench._updating import AFTER_SECONDS, USUAL_SECONDS, Delays, Verdict, client, set_up
from garrison.abilities.databases.updating import Updated

ROUNDS = 3
SEED = 20261125
MIX = Mix(sections=50_000, patterns=45_000)
ADDED, REMOVED = 0.004, 0.001
ROOTS = ("/usr/share", "/usr/lib")
KIB = 1024
PLANTED = b"a file that the set of the next day knows\n"
_FILES, _MOST_BYTES = 60, 256 * KIB
_SCANNED = 1500
_POLL_SECONDS = 0.25
_RELOAD_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class _Ground:
    """What is measured on. old, new: the lists of both days. template: a client that has the set of the first day.

    files: examined one by one. tree: scanned meanwhile. planted: a file that only the second day's lists know.
    """

    top: Path
    old: Path
    new: Path
    template: Path
    files: list[Path]
    tree: Path
    planted: Path


@dataclass(frozen=True, slots=True)
class _Switch:
    """What a switch under load came to. growth: memory at most, to that before. failures: of files and of scans."""

    delays: Delays
    growth: float
    before_mib: float
    failures: list[str]


def measure() -> dict[str, Any]:
    """Return rows: bytes, processor time, delay of verdicts and memory, each beside its peer."""
    for program, package in (("clamd", "clamav-daemon"), ("freshclam", "clamav-freshclam"), ("sigtool", "clamav")):
        need(program, package)
    with tempfile.TemporaryDirectory(prefix="bench-updates-") as name:
        return _measure(Path(name))


def _measure(top: Path) -> dict[str, Any]:
    ground = _prepare(top)
    office = top / "office"
    _publisher("init", office)
    _publisher("publish", office, "--feed", ground.old)
    pinned = (office / "public" / "metadata" / "root.json").read_bytes()
    with Served(office / "public") as served:
        asyncio.run(set_up(ground.template, served.address, pinned))
        published = _publisher("publish", office, "--feed", ground.new)
        updated: list[Updated] = []
        with Served(ground.new) as plain, Clamd(_databases(ground)) as clamd:
            mine, theirs = medians(
                lambda: asyncio.run(_update(ground, served.address, updated)),
                lambda: _peer_update(ground, plain.address, clamd),
                ROUNDS,
            )
            switches = [asyncio.run(_switch(ground, served.address)) for _ in range(ROUNDS)]
            peers = [_peer_switch(ground, clamd) for _ in range(ROUNDS)]
    if not all(each.has_changed and each.name == published["set"] for each in updated):
        raise RuntimeError("a client has not got what was published")
    rows = _size_rows(ground, updated, int(published["bytes"]))
    rows += [_cpu_row(mine, theirs), _delay_row(switches, peers), _memory_row(switches, peers)]
    failures = [failure for each in switches for failure in each.failures]
    return {
        "rows": rows,
        "detections": [
            {
                "work": "scans and files that failed while the databases were switched",
                "ours": len(failures),
                "peer": sum(len(each.failures) for each in peers),
            }
        ],
        "mix": str(MIX),
        "change": _change(),
        "wall_seconds": {"ours": round(mine.wall, 1), "peer": round(theirs.wall, 1)},
        "delays": {"ours": [str(each.delays) for each in switches], "peer": [str(each.delays) for each in peers]},
        "failures": failures[:10],
        "cores": os.cpu_count(),
    }


def _prepare(top: Path) -> _Ground:
    chance = random.Random(SEED)  # noqa: S311 # reproducible, not secret
    found = sorted(Path(folder, name) for root in ROOTS for folder, _, names in os.walk(root) for name in names)
    some = [path for path in chance.sample(found, 6000) if path.is_file() and not path.is_symlink()]
    some = [path for path in some if 0 < path.stat().st_size <= _MOST_BYTES]
    write(top / "old", MIX, SEED, [])
    change(top / "old", top / "new", SEED + 1, [], added=ADDED, removed=REMOVED)
    with (top / "new" / "digests.hdb").open("a", encoding="ascii") as file:
        digest = md5(PLANTED, usedforsecurity=False).hexdigest()
        file.write(f"{digest}:{len(PLANTED)}:Bench.Next-Planted\n")
    (top / "tree").mkdir()
    for number, path in enumerate(some[:_SCANNED]):
        shutil.copyfile(path, top / "tree" / f"{number}-{path.name}")
    (top / "planted").write_bytes(PLANTED)
    files = sorted((top / "tree").iterdir())
    return _Ground(
        top, top / "old", top / "new", top / "template", chance.sample(files, _FILES), top / "tree", top / "planted"
    )


def _publisher(*words: str | Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "garrison.office.publisher", *map(str, words), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the publisher ended with {done.returncode}: {done.stdout}{done.stderr}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _databases(ground: _Ground) -> Path:
    """Return ClamAV's databases, those of the first day anew: a day older than what is served."""
    folder = ground.top / "clamav"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path in ground.old.iterdir():
        shutil.copyfile(path, folder / path.name)
        yesterday = path.stat().st_mtime - 86_400
        os.utime(folder / path.name, (yesterday, yesterday))
    return folder


async def _update(ground: _Ground, address: str, updated: list[Updated]) -> Cost:
    """Update a client that has the set of the first day; return what all its processes took, with the scanner's."""
    spent, wall = await _updated(ground, address, updated)
    return Cost(wall, await asyncio.to_thread(spent.seconds))


async def _updated(ground: _Ground, address: str, updated: list[Updated]) -> tuple[Spent, float]:
    async with client(_copy(ground)) as computer:
        if await computer.finds(ground.planted):
            raise RuntimeError("the planted file is found too early")
        spent, began = Spent(), time.perf_counter()
        updated.append(await computer.update(address))
        wall = time.perf_counter() - began
        if not await computer.finds(ground.planted):
            raise RuntimeError("the planted file is not found")
    return spent, wall


def _copy(ground: _Ground) -> Path:
    """Return the state of a client, copied from the template."""
    folder = ground.top / "client"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ground.template, folder, symlinks=True)
    return folder


def _peer_update(ground: _Ground, address: str, clamd: Clamd) -> Cost:
    databases = _databases(ground)
    _reload(ground, clamd, is_known=False)
    began = time.perf_counter()
    cost = freshclam(databases, address, [path.name for path in sorted(ground.new.iterdir())])
    before = clamd.cpu()
    _reload(ground, clamd, is_known=True)
    return Cost(time.perf_counter() - began, cost.cpu + clamd.cpu() - before)


def _reload(ground: _Ground, clamd: Clamd, *, is_known: bool) -> None:
    """Have clamd reload, and wait until it does or does not know the planted file."""
    clamd.ask("RELOAD")
    deadline = time.monotonic() + _RELOAD_SECONDS
    while clamd.ask(f"SCAN {ground.planted}").endswith("FOUND") != is_known:
        if time.monotonic() > deadline:
            raise RuntimeError("clamd does not reload")
        time.sleep(_POLL_SECONDS)


async def _switch(ground: _Ground, address: str) -> _Switch:
    """Put the new set in use while files are examined, once for the delays and once for the memory."""
    folder = _copy(ground)
    async with client(folder) as computer:
        before = computer.databases.name()
        await computer.update(address)
        fresh = computer.databases.folder / ".new-again"

        async def again() -> None:
            await computer.databases.adopt(fresh, "again")

        kept = shutil.copytree(computer.databases.current(), ground.top / "kept", dirs_exist_ok=True)
        await computer.databases.roll_back(before)
        shutil.copytree(kept, fresh)
        began, ended = await computer.under_load(ground.files, ground.tree, again)
        delays = Delays.of(computer.verdicts, began, ended)
        await computer.databases.roll_back(before)
        shutil.copytree(kept, fresh)
        with Memory(workers) as memory:
            began, ended = await computer.under_load(ground.files, ground.tree, again)
        if not await computer.finds(ground.planted):
            raise RuntimeError("the planted file is not found")
        return _switch_of(delays, memory, (began, ended), computer.failures)


def _switch_of(delays: Delays, memory: Memory, switch: tuple[float, float], failures: list[str]) -> _Switch:
    began, ended = switch
    before, most = memory.most(0, began), memory.most(began, ended + AFTER_SECONDS)
    return _Switch(delays, most / before, before, failures)


class _PeerLoad:
    """Threads that have clamd examine files one by one, and a folder over and over, while it is entered."""

    def __init__(self, ground: _Ground, clamd: Clamd) -> None:
        self._ground = ground
        self._clamd = clamd
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._probe, self._scan)]
        self.verdicts: list[Verdict] = []
        self.failures: list[str] = []

    def __enter__(self) -> Self:
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End with what they are at."""
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _probe(self) -> None:
        for number, path in cycle(enumerate(self._ground.files)):
            if self._is_over.is_set():
                return
            began = time.perf_counter()
            self._ask(path)
            now = time.perf_counter()
            self.verdicts.append(Verdict(number, now, now - began))

    def _scan(self) -> None:
        for path in cycle(sorted(self._ground.tree.iterdir())):
            if self._is_over.is_set():
                return
            self._ask(path)

    def _ask(self, path: Path) -> None:
        try:
            answer = self._clamd.ask(f"SCAN {path}")
        except OSError as error:
            answer = str(error)
        if not answer.endswith(": OK"):
            self.failures.append(answer)


def _peer_switch(ground: _Ground, clamd: Clamd) -> _Switch:
    """Have clamd reload while it examines files, once for the delays and once for the memory."""
    first, switch, _ = _peer_loaded(ground, clamd, is_watched=False)
    delays = Delays.of(first.verdicts, *switch)
    second, switch, memory = _peer_loaded(ground, clamd, is_watched=True)
    return _switch_of(delays, memory, switch, first.failures + second.failures)


def _peer_loaded(ground: _Ground, clamd: Clamd, *, is_watched: bool) -> tuple[_PeerLoad, tuple[float, float], Memory]:
    databases = _databases(ground)
    _reload(ground, clamd, is_known=False)
    memory = Memory(lambda: [clamd.process] if is_watched else [])
    with _PeerLoad(ground, clamd) as load, memory:
        time.sleep(USUAL_SECONDS)
        for path in ground.new.iterdir():
            shutil.copyfile(path, databases / path.name)
        began = time.perf_counter()
        _reload(ground, clamd, is_known=True)
        ended = time.perf_counter()
        time.sleep(AFTER_SECONDS)
    return load, (began, ended), memory


def _change() -> str:
    return f"{ADDED:.1%} added and {REMOVED:.1%} removed of each kind"


def _row(work: str, ours: float, peer: float, peer_name: str, unit: str, target: str, *, met: bool) -> dict[str, Any]:  # noqa: PLR0913 # the columns of a row
    return row(
        f"{work} [{MIX}; {_change()}]",
        ours,
        peer,
        peer_version=peer_name,
        unit=unit,
        target=target,
        met=met,
        rounds=ROUNDS,
    )


def _size_rows(ground: _Ground, updated: list[Updated], whole: int) -> list[dict[str, Any]]:
    brought = max(each.transferred for each in updated) / KIB
    difference = len(cdiff(ground.old, ground.new)) / KIB
    work, sigtool = "transfer of a daily update", version("sigtool", "--version")
    return [
        _row(
            f"{work}, all of TUF's metadata with it",
            brought,
            whole / KIB,
            "the whole set, packed",
            "KiB",
            "3 % of it",
            met=brought <= 0.03 * whole / KIB,
        ),
        _row(
            work,
            brought,
            difference,
            f"cdiff of {sigtool}",
            "KiB",
            "1.5 times as much",
            met=brought <= 1.5 * difference,
        ),
    ]


def _cpu_row(mine: Cost, theirs: Cost) -> dict[str, Any]:
    return _row(
        f"fetching, assembling, testing and switching ({mine.wall:.1f} s, the peer {theirs.wall:.1f} s)",
        mine.cpu,
        theirs.cpu,
        f"freshclam and reload of clamd, {version('freshclam', '--version')}",
        "s CPU",
        "5 times less",
        met=mine.cpu * 5 <= theirs.cpu,
    )


def _delay_row(switches: list[_Switch], peers: list[_Switch]) -> dict[str, Any]:
    """Return the longest delay of any verdict: the worst round's, which nobody may average away."""
    mine, theirs = (max(max(each.delays.switching) for each in some) for some in (switches, peers))
    every = sorted(delay for each in switches for delay in each.delays.switching)
    half, most = (every[int(len(every) * share)] for share in (0.5, 0.99))
    usual = statistics.median(max(each.delays.usual) for each in switches)
    return _row(
        f"longest delay of a verdict, switching under load (p50 {half:.1f}, p99 {most:.1f} ms; else {usual:.0f} ms)",
        mine,
        theirs,
        "clamd while it reloads",
        "ms",
        "50 ms, and nothing fails",
        met=mine <= 50 and not any(each.failures for each in switches),
    )


def _memory_row(switches: list[_Switch], peers: list[_Switch]) -> dict[str, Any]:
    mine, theirs = (statistics.median(each.growth for each in some) for some in (switches, peers))
    before, peer_before = (statistics.median(each.before_mib for each in some) for some in (switches, peers))
    return _row(
        f"memory at most while switching under load (before: {before:.0f} MiB, the peer {peer_before:.0f} MiB)",
        mine,
        theirs,
        "clamd while it reloads",
        "times that before",
        "1.3 times",
        met=mine <= 1.3,
    )
