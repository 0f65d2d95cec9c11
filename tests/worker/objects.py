"""Objects to examine, made of bytes, and the look from outside at what a pool leaves behind."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from garrison.linux.workers import Outcome, Submitted, Tuning, WorkerPool

UNRULY = Path(__file__).with_name("unruly.py")
WORD = b"evil"


def unruly_tuning(grace_seconds: float = 0.5, objects_per_worker: int = 5_000) -> Tuning:
    """Return the tuning that starts the worker which does what objects ask of it."""
    return Tuning(grace_seconds, objects_per_worker, (sys.executable, "-I", str(UNRULY)))


def word_set(folder: Path) -> Path:
    """Return a folder of databases for the unruly worker."""
    (folder / "word").write_bytes(WORD)
    return folder


@contextlib.contextmanager
def submitted(contents: Sequence[bytes]) -> Iterator[list[Submitted]]:
    """Give an object for each content, its number as its name; close the descriptors afterwards."""
    objects = [Submitted(read_only(content), f"object {index}") for index, content in enumerate(contents)]
    try:
        yield objects
    finally:
        for each in objects:
            os.close(each.descriptor)


def read_only(content: bytes) -> int:
    """Return a descriptor that reads a content, and cannot write it."""
    writable = os.memfd_create("object", os.MFD_CLOEXEC)
    try:
        os.write(writable, content)
        return os.open(f"/proc/self/fd/{writable}", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(writable)


async def examined(pool: WorkerPool, contents: Sequence[bytes], account: int = 0) -> list[Outcome]:
    """Return what the pool says of each content."""
    with submitted(contents) as objects:
        return [outcome async for outcome in pool.examine(objects, account)]


def open_descriptors() -> int:
    """Return how many descriptors this process has."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def descendants(process: int) -> list[int]:
    """Return the processes that a process has started, and they, zombies too."""
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text("ascii").split()):
                found += [child, *descendants(child)]
    return found


def is_running(process: int) -> bool:
    """Return whether a process exists and is no zombie."""
    try:
        status = Path(f"/proc/{process}/stat").read_text("ascii")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def wait_until_gone(processes: Sequence[int], seconds: float = 10.0) -> list[int]:
    """Return which processes are still there when the time is over."""
    end = time.monotonic() + seconds
    while (left := [process for process in processes if is_running(process)]) and time.monotonic() < end:
        time.sleep(0.01)
    return left
