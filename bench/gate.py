"""What it costs that files are examined before they are opened, beside clamonacc with clamd, on one volume.

Nobody, ours and clamonacc take turns; every round begins with fresh files. Both know the same signatures, ours its own
rules too. The volume is ext4 on a loop device. `ours` and `peer` are medians; where the row says "beside no guard",
the peer is nobody.
"""

import contextlib
import os
import random
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench._clamonacc import Clamonacc, is_refused
from bench._pairs import need, row, version
from bench._signatures import Mix, write
from garrison.abilities.databases import compile_sources
from garrison.wire.guarding import Reach
from tests.engine.samples import EICAR
from tests.gate.live import Live, skip_unless_possible

ROUNDS = 3
PAIRS = 9  # of builds, whose time differs much by itself
FILES = 2_000
FILE_BYTES = 2048
REPEATS = 10  # opens of each file
TREE_MIB = 60
SOURCES = 61  # of the C project
VOLUME_MIB = 2048
SEED = 20261126
OWN_RULES = Path(__file__).parent.parent / "src" / "garrison" / "engine" / "rules"
MIX = Mix(sha256=50_000, md5=0, sections=0, patterns=2_000, logical=0)
_PART = """#include <stdio.h>
#include <string.h>
int {name}(int number) {{ char text[64]; snprintf(text, 64, "%d", number); return (int)strlen(text); }}
"""
_MAIN = "int part0(int); int main(void) { return part0(3) - 1; }\n"
NOBODY, OURS, PEER = "no guard", "ours", "clamonacc"
Guard = Callable[[], contextlib.AbstractContextManager[object]]


@dataclass(slots=True)
class Measured:
    """By guard: what each round took, by kind of work. refused: whether the test file was, each time."""

    taken: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    refused: dict[str, list[bool]] = field(default_factory=dict)

    def add(self, guard: str, work: str, value: float) -> None:
        """Note what one round took."""
        self.taken.setdefault(guard, {}).setdefault(work, []).append(value)

    def median(self, guard: str, work: str) -> float:
        """Return the median of the rounds."""
        return statistics.median(self.taken[guard][work])


def measure() -> dict[str, Any]:
    """Return the rows, and how often either refused the test file."""
    skip_unless_possible("ext4")
    peer = version(need("clamd", "clamav-daemon"), "--version")
    with tempfile.TemporaryDirectory(prefix="bench-gate-") as name, _volume(Path(name)) as place:
        top = Path(name)
        top.chmod(0o755)
        signatures = top / "signatures"
        write(
            signatures,
            MIX,
            SEED,
            [path.read_bytes() for path in sorted(Path("/usr/bin").glob("[a-d]*")) if path.is_file()],
        )
        (signatures / "test.hsb").write_text(f"{sha256(EICAR).hexdigest()}:{len(EICAR)}:Bench.Test-1\n")
        compile_sources([signatures, OWN_RULES], top / "set")
        test = place / "test.com"
        test.write_bytes(EICAR)
        tree = _tree(top / "tree")
        guards: dict[str, Guard] = {
            NOBODY: contextlib.nullcontext,
            OURS: lambda: _ours(top, place, test),
            PEER: lambda: Clamonacc(signatures, place, test),
        }
        measured = Measured()
        for number in range(ROUNDS):
            for guard, start in guards.items():
                _round(measured, guard, start, place, tree, number)
        _builds(measured, guards[OURS], place)
    return {
        "rows": _rows(measured, peer),
        "detections": [
            {
                "work": "the test file is refused",
                "ours": sum(measured.refused[OURS]),
                "peer": sum(measured.refused[PEER]),
            }
        ],
        "kernel": os.uname().release,
        "cores": os.cpu_count(),
    }


@contextlib.contextmanager
def _volume(folder: Path) -> Iterator[Path]:
    image, place = folder / "image", folder / "volume"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(VOLUME_MIB * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@contextlib.contextmanager
def _ours(top: Path, place: Path, test: Path) -> Iterator[None]:
    folder = Path(tempfile.mkdtemp(dir=top))
    live = Live(folder, top / "set")
    try:
        live.watch(place, Reach.MOUNT)
        if not is_refused(test):
            raise RuntimeError("the gate does not guard the volume")
        yield
    finally:
        live.end()


def _tree(folder: Path) -> Path:
    """Copy libraries of Python, up to a size."""
    left = TREE_MIB * 1024 * 1024
    for source in sorted(Path("/usr/lib/python3").parent.glob("python3*")):
        for file in sorted(source.rglob("*")):
            if file.is_file() and not file.is_symlink() and left > 0:
                left -= file.stat().st_size
                target = folder / file.relative_to("/usr/lib")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
    return folder


def _round(measured: Measured, guard: str, start: Guard, place: Path, tree: Path, number: int) -> None:
    work = place / f"work-{guard.replace(' ', '-')}-{number}"
    work.mkdir()
    files = _small_files(work / "small", number)
    with start():
        measured.refused.setdefault(guard, []).append(is_refused(place / "test.com"))
        measured.add(guard, "first", _opened(files)[0])
        median, total = _opened(files * REPEATS)
        measured.add(guard, "repeated", median)
        measured.add(guard, "repeated, all", total)
        measured.add(guard, "cp", _timed("cp", "-r", str(tree), str(work / "one")))
        _timed("cp", "-r", str(work / "one"), str(work / "two"))
        measured.add(guard, "cp once more", _timed("cp", "-r", str(work / "one"), str(work / "three")))
        _timed("grep", "-rc", "never to be found", str(work / "one"))
        measured.add(guard, "grep", _timed("grep", "-rc", "never to be found", str(work / "one")))
    shutil.rmtree(work)


def _small_files(folder: Path, number: int) -> list[str]:
    folder.mkdir()
    chance = random.Random(SEED + number)  # noqa: S311 # reproducible, not secret
    files = []
    for index in range(FILES):
        path = folder / f"{index}.txt"
        path.write_bytes(chance.randbytes(FILE_BYTES // 2).hex().encode())
        files.append(str(path))
    os.sync()
    return files


def _opened(files: list[str]) -> tuple[float, float]:
    """Open files in turn; return the median in microseconds, and all of it in seconds."""
    times = []
    for path in files:
        began = time.perf_counter_ns()
        os.close(os.open(path, os.O_RDONLY))
        times.append(time.perf_counter_ns() - began)
    return statistics.median(times) / 1000, sum(times) / 1e9


def _timed(*command: str) -> float:
    os.sync()  # so that nobody waits for what another has written
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=command[0] != "grep")
    return time.perf_counter() - began


def _builds(measured: Measured, ours: Guard, place: Path) -> None:
    """Build a C project in turn without a guard and with ours."""
    need("make", "make")
    need("gcc", "gcc")
    project = place / "project"
    project.mkdir()
    names = [f"part{number}" for number in range(SOURCES)]
    for name in names:
        (project / f"{name}.c").write_text(_PART.format(name=name))
    (project / "main.c").write_text(_MAIN)
    objects = " ".join(f"{name}.o" for name in [*names, "main"])
    (project / "Makefile").write_text(f"all: {objects}\n\tcc -o all {objects}\n")
    for number in range(PAIRS + 1):
        for guard, start in ((NOBODY, contextlib.nullcontext), (OURS, ours)):
            for old in [*project.glob("*.o"), project / "all"]:
                old.unlink(missing_ok=True)
            with start():
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                subprocess.run(["make", "-s", "-j2", "-C", project], check=True)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if number:
                measured.add(guard, "make", after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _rows(measured: Measured, peer: str) -> list[dict[str, Any]]:
    def beside(work: str, title: str, unit: str, times: float) -> dict[str, Any]:
        ours, other = measured.median(OURS, work), measured.median(PEER, work)
        target = f"{times:g} times less"
        return row(
            title, ours, other, peer_version=peer, unit=unit, target=target, met=ours * times <= other, rounds=ROUNDS
        )

    def alone(work: str, title: str, unit: str, most: float, rounds: int = ROUNDS) -> dict[str, Any]:
        ours, other = measured.median(OURS, work), measured.median(NOBODY, work)
        target = f"{most:g} times"
        met = ours <= other * most
        return row(title, ours, other, peer_version=NOBODY, unit=unit, target=target, met=met, rounds=rounds)

    return [
        alone("repeated", "a clean file opened again, beside no guard", "us", 1.3),
        beside("first", "a small file opened for the first time", "us", 6),
        beside("repeated, all", f"{FILES * REPEATS:,} repeated opens", "s", 100),
        beside("cp", "cp -r of a tree", "s", 8),
        beside("cp once more", "cp -r of a tree that is known", "s", 30),
        beside("grep", "grep -r over clean files", "s", 50),
        alone("make", f"make of {SOURCES} C files, processor time, beside no guard", "s CPU", 1.1, PAIRS),
    ]
