"""The engine beside ClamAV: the same seeded databases, the same files, processor time of whole processes.

Both sides look into archives, with the same limits; ours runs our own YARA rules and heuristics as well. Files are a
seeded sample of this machine's own.
"""

import asyncio
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench._clamd import Clamd, resident_mib
from bench._pairs import Cost, medians, need, row, run, version
from bench._processes import descendants, is_worker, used
from bench._signatures import Mix, write
from garrison.abilities.databases import compile_sources
from garrison.linux.workers import Submitted, WorkerPool

ROOTS = ("/usr/share", "/usr/lib", "/usr/bin")
PACKED = (".gz", ".xz", ".bz2", ".zip", ".jar", ".whl", ".deb", ".tar", ".tgz", ".zst", ".7z", ".rar")
ROUNDS = 3
SEED = 20261124
MIX = Mix()
BIG = Mix(10_000_000, 0, 0, 0, 0)
MIB = 1024 * 1024
OWN_RULES = Path(__file__).parent.parent / "src" / "garrison" / "engine" / "rules"
LAUNCHER = str(Path(__file__).parent.parent / "garrison")


def measure() -> dict[str, Any]:
    """Return rows: processor seconds, memory or wall time, each beside its peer, and what both found."""
    for program, package in (("clamscan", "clamav"), ("clamd", "clamav-daemon"), ("clamdscan", "clamdscan")):
        need(program, package)
    with tempfile.TemporaryDirectory(prefix="bench-engine-") as name:
        return _measure(Path(name))


def _measure(top: Path) -> dict[str, Any]:
    chance = random.Random(SEED)  # noqa: S311 # reproducible, not secret
    files = _sample(chance)
    base = [path.read_bytes()[:65536] for path in chance.sample(files, 200)]
    write(top / "signatures", MIX, SEED, base)
    before = time.process_time()
    compile_sources([top / "signatures", OWN_RULES], top / "set")
    compiled = time.process_time() - before
    compile_sources([top / "signatures"], top / "set-alone")
    plain = _copied(chance, [file for file in files if not file.name.endswith(PACKED)], top / "plain", 40)
    tree = _copied(chance, files, top / "tree", 80)
    _copied(chance, files, top / "others", 4)
    planted = _plant(top, tree)
    rows = [_cold(top, plain), _one_shot(top, plain)]
    with Clamd(top / "signatures") as clamd:
        rows.append(_memory(top, clamd, plain))
        _peer(clamd, top / "others")()
        rows.append(_scan("first scan, plain files, no rules of ours", top / "set-alone", plain, clamd, 25))
        rows.append(_scan("first scan, plain files", top / "set", plain, clamd, 25))
        rows.append(_scan("first scan, a tree with archives", top / "set", tree, clamd, 10))
        rows.append(_small(top, plain, clamd))
    with Clamd(top / "signatures", cache=True) as clamd:
        rows += _rescan(top, tree, clamd)
    rows += [_two_workers(top, tree), _many_hashes(top)]
    return {
        "rows": rows,
        "detections": [{"work": f"{planted} planted files", "ours": _found(top, tree), "peer": _peer_found(top, tree)}],
        "mix": str(MIX),
        "compile_cpu_seconds": round(compiled, 1),
        "cores": os.cpu_count(),
    }


def _sample(chance: random.Random) -> list[Path]:
    found: list[Path] = []
    for root in ROOTS:
        for folder, _, names in os.walk(root):
            found += [Path(folder, name) for name in names]
    found.sort()
    chance.shuffle(found)
    return [path for path in found[:30_000] if path.is_file() and not path.is_symlink()]


def _copied(chance: random.Random, files: list[Path], to: Path, mib: int) -> Path:
    """Copy files up to so many MiB into a folder, none larger than 8 MiB."""
    to.mkdir()
    left = mib * MIB
    order = list(files)
    chance.shuffle(order)
    for number, path in enumerate(order):
        size = path.stat().st_size
        if not 0 < size <= 8 * MIB or size > left:
            continue
        left -= size
        shutil.copyfile(path, to / f"{number}-{path.name}")
        if left < 4096:
            break
    return to


def _plant(top: Path, tree: Path) -> int:
    """Put files into the tree that the signatures name; return how many."""
    count = 0
    lines = (top / "signatures" / "patterns.ndb").read_text().splitlines()
    for line in lines:
        _, target, offset, body = line.split(":")
        if target == "0" and offset == "*" and set(body) <= set("0123456789abcdef"):
            (tree / f"planted-{count}").write_bytes(b"some bytes before " + bytes.fromhex(body) + b" and after")
            count += 1
        if count == 50:
            break
    return count


@dataclass(frozen=True, slots=True)
class _Examined:
    """What examining files took. found: files with findings. Seconds and MiB are of us and of the pool's processes.

    starting_cpu, starting_wall: until the pool is there, and has done the others; cpu, wall: from then on. memory: PSS.
    """

    found: int
    starting_cpu: float
    starting_wall: float
    cpu: float
    wall: float
    memory: float


async def _examined(databases: Path, files: list[Path], size: int, others: Sequence[Path] = ()) -> _Examined:
    """Examine files through the product's pool. others: files that it examines before anything is measured."""
    found = 0
    before, began = time.process_time(), time.perf_counter()
    async with WorkerPool(databases, size=size, limits={}, seconds=60) as pool:

        async def one(some: list[Path]) -> None:
            nonlocal found
            for start in range(0, len(some), 32):
                descriptors = [os.open(path, os.O_RDONLY | os.O_CLOEXEC) for path in some[start : start + 32]]
                try:
                    submitted = [Submitted(each, "file") for each in descriptors]
                    async with aclosing(pool.examine(submitted)) as outcomes:
                        async for outcome in outcomes:
                            found += bool(outcome.untrusted_verdict and outcome.untrusted_verdict["findings"])
                finally:
                    for each in descriptors:
                        os.close(each)

        async def everything(some: Sequence[Path]) -> None:
            async with asyncio.TaskGroup() as group:
                for number in range(size):
                    group.create_task(one(list(some[number::size])))

        await everything(others)
        found = 0
        starting = _used_by_pool() + time.process_time() - before
        started = time.perf_counter()
        await everything(files)
        cpu = _used_by_pool() + time.process_time() - before - starting
        memory = sum(map(resident_mib, _pool_processes()))
        return _Examined(found, starting, started - began, cpu, time.perf_counter() - started, memory)


def _pool_processes() -> list[int]:
    return [process for process in descendants(os.getpid()) if is_worker(process)]


def _used_by_pool() -> float:
    return sum(map(used, _pool_processes()))


def _ours(databases: Path, files: list[Path], size: int = 2, others: Sequence[Path] = ()) -> Cost:
    """Examine files with a pool that is there, as clamd is; return what it cost: the workers, and us who ask."""
    examined = asyncio.run(_examined(databases, files, size, others))
    return Cost(examined.wall, examined.cpu)


def _from_nothing(databases: Path, files: list[Path]) -> Cost:
    """Start a pool and examine files; return what all of it cost."""
    examined = asyncio.run(_examined(databases, files, 1))
    return Cost(examined.starting_wall + examined.wall, examined.starting_cpu + examined.cpu)


def _others(folder: Path) -> list[Path]:
    """Return files of another sample, over which both sides have done everything once before they are measured."""
    return _files(folder.with_name("others"))


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _row(work: str, ours: float, peer: float, peer_name: str, unit: str, factor: float) -> dict[str, Any]:
    return row(
        f"{work} [{MIX}]",
        ours,
        peer,
        peer_version=peer_name,
        unit=unit,
        target=f"{factor:g} times less",
        met=ours * factor <= peer,
        rounds=ROUNDS,
    )


def _cold(top: Path, plain: Path) -> dict[str, Any]:
    one = _files(plain)[:1]
    peer = ["clamscan", "--no-summary", "-d", str(top / "signatures"), str(one[0])]
    mine, theirs = medians(lambda: _from_nothing(top / "set", one), lambda: run(peer, (0, 1)), ROUNDS)
    return _row("a fresh worker to its first verdict", mine.cpu, theirs.cpu, version("clamscan", "-V"), "s CPU", 20)


def _one_shot(top: Path, plain: Path) -> dict[str, Any]:
    one = _files(plain)[0]
    peer = ["clamscan", "--no-summary", "-d", str(top / "signatures"), str(one)]
    env = {"GARRISON_HOME": str(top / "home")}
    ours = [LAUNCHER, "scan", "--database", str(top / "signatures"), str(one)]
    run(ours, (0, 102), env)  # compiles once
    mine, theirs = medians(lambda: run(ours, (0, 102), env), lambda: run(peer, (0, 1)), ROUNDS)
    return _row("one-shot scan of one file, wall time", mine.wall, theirs.wall, version("clamscan", "-V"), "s wall", 1)


def _memory(top: Path, clamd: Clamd, plain: Path) -> dict[str, Any]:
    memory = asyncio.run(_examined(top / "set", _files(plain)[:1], 1)).memory
    return _row("resident memory, idle", memory, clamd.resident_mib(), "clamd", "MiB", 8)


def _peer(clamd: Clamd, folder: Path) -> Callable[[], Cost]:
    command = ["clamdscan", "-c", str(clamd.settings), "--multiscan", "--fdpass", "--no-summary", str(folder)]

    def timed() -> Cost:
        before = clamd.cpu()
        cost = run(command, (0, 1, 2))
        return Cost(cost.wall, cost.cpu + clamd.cpu() - before)

    return timed


def _scan(work: str, databases: Path, folder: Path, clamd: Clamd, factor: float) -> dict[str, Any]:
    files = _files(folder)
    size = sum(path.stat().st_size for path in files) / MIB
    others = _others(folder)
    mine, theirs = medians(lambda: _ours(databases, files, 2, others), _peer(clamd, folder), ROUNDS)
    return _row(f"{work} ({len(files):,} files, {size:.0f} MiB)", mine.cpu, theirs.cpu, "clamd", "s CPU", factor)


def _small(top: Path, plain: Path, clamd: Clamd) -> dict[str, Any]:
    files = [path for path in _files(plain) if path.stat().st_size < 4096][:300]
    most = len(files)

    def ours() -> Cost:
        return Cost(0, _ours(top / "set", files, 1, _others(plain)).cpu * 1000 / most)

    def peer() -> Cost:
        before = clamd.cpu()
        for path in files:
            clamd.ask(f"SCAN {path}")
        return Cost(0, (clamd.cpu() - before) * 1000 / most)

    mine, theirs = medians(ours, peer, ROUNDS)
    return _row(f"a small file through the socket ({most} files)", mine.cpu, theirs.cpu, "clamd", "ms CPU", 15)


def _rescan(top: Path, tree: Path, clamd: Clamd) -> list[dict[str, Any]]:
    """Scan an unchanged tree again with the whole product, beside clamd with its cache."""
    env = {"GARRISON_HOME": str(top / "home")}
    command = [LAUNCHER, "scan", str(tree)]
    run([LAUNCHER, "start", "--no-scan"], (0, 1, 2), env)
    try:
        time.sleep(3)  # what changed just now is not taken for settled
        run(command, (0, 101, 102), env)
        daemon = _daemon_of(top / "home")

        def ours() -> Cost:
            before = _cpu_of(daemon)
            cost = run(command, (0, 101, 102), env)
            return Cost(cost.wall, cost.cpu + _cpu_of(daemon) - before)

        mine, theirs = medians(ours, _peer(clamd, tree), ROUNDS)
    finally:
        run([LAUNCHER, "stop"], (0, 1, 2), env)
    return [
        _row("unchanged rescan, whole command", mine.cpu, theirs.cpu, "clamd with its cache", "s CPU", 25),
        _row("unchanged rescan, wall time", mine.wall, theirs.wall, "clamd with its cache", "s wall", 40),
    ]


def _daemon_of(home: Path) -> int:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"garrison.daemon" in words and str(home).encode() in words:
                return int(folder.name)
    raise RuntimeError("the suite does not run")


def _cpu_of(process: int) -> float:
    total = 0.0
    for each in [process, *descendants(process)]:
        fields = Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def _two_workers(top: Path, tree: Path) -> dict[str, Any]:
    files = _files(tree)
    others = _others(tree)
    walls = {
        size: statistics.median(_ours(top / "set", files, size, others).wall for _ in range(ROUNDS)) for size in (1, 2)
    }
    return row(
        "two workers beside one, wall time",
        walls[2],
        walls[1],
        peer_version="one worker",
        unit="s wall",
        target="1.8 times less",
        met=walls[2] * 1.8 <= walls[1],
        rounds=ROUNDS,
    )


def _many_hashes(top: Path) -> dict[str, Any]:
    write(top / "many", BIG, SEED, [])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = (
        "import sys; from pathlib import Path; from garrison.abilities.databases import compile_sources; "
        "compile_sources([Path(sys.argv[1])], Path(sys.argv[2]))"
    )
    subprocess.run([sys.executable, "-c", code, str(top / "many"), str(top / "many-set")], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    opening = (
        "import os, sys, time; from garrison.engine.databases import Detector; folder = sys.argv[1]; "
        "files = {name: os.open(os.path.join(folder, name), os.O_RDONLY) for name in os.listdir(folder)}; "
        "began = time.perf_counter(); Detector.open(files); print((time.perf_counter() - began) * 1000)"
    )
    opened = [
        float(
            subprocess.run(
                [sys.executable, "-c", opening, str(top / "many-set")], check=True, capture_output=True
            ).stdout
        )
        for _ in range(ROUNDS)
    ]
    peer = run(["clamscan", "--no-summary", "-d", str(top / "many"), "/bin/true"], (0, 1, 2))
    return row(
        f"opening 10 million SHA-256 (compiled in {after.ru_utime - before.ru_utime:.0f} CPU s, "
        f"{after.ru_maxrss / 1024:.0f} MiB at most)",
        statistics.median(opened),
        peer.cpu * 1000,
        peer_version=version("clamscan", "-V"),
        unit="ms",
        target="50 ms",
        met=statistics.median(opened) <= 50,
        rounds=ROUNDS,
    )


def _found(top: Path, tree: Path) -> int:
    planted = [path for path in _files(tree) if path.name.startswith("planted")]
    return asyncio.run(_examined(top / "set", planted, 1)).found


def _peer_found(top: Path, tree: Path) -> int:
    planted = [str(path) for path in _files(tree) if path.name.startswith("planted")]
    command = ["clamscan", "--no-summary", "--infected", "-d", str(top / "signatures"), *planted]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.count(" FOUND")
