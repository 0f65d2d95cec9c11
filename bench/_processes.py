"""Processor time and memory of our processes: ourselves, what we started, and what that started."""

import ctypes
import os
import resource
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from bench._clamd import resident_mib

_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
_TICKS = os.sysconf("SC_CLK_TCK")
_EVERY_SECONDS = 0.05


def descendants(process: int) -> list[int]:
    """Return the running processes that a process started, and what those started."""
    listed = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    found = [int(child) for child in listed]
    return found + [grandchild for child in found for grandchild in descendants(child)]


def is_worker(process: int) -> bool:
    """Return whether a process is a fork server or a worker of ours."""
    return b"garrison.worker" in Path(f"/proc/{process}/cmdline").read_bytes()


def used(process: int) -> float:
    """Return the processor seconds of a running process and of its children that have ended."""
    tasks = Path(f"/proc/{process}/task").iterdir()
    own = sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return own + (int(fields[13]) + int(fields[14])) / _TICKS


def workers() -> list[int]:
    """Return the fork servers and workers that run below us."""
    found = []
    with suppress(OSError):  # one that ends just now
        for process in descendants(os.getpid()):
            with suppress(OSError):
                if is_worker(process):
                    found.append(process)
    return found


class Spent:
    """Processor time of this process and of all that it started and that has ended since, in seconds.

    Workers whose fork server ended before them pass to us, and are waited for: else their time would be lost.
    """

    def __init__(self) -> None:
        if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
        _reap()  # what ended earlier is no part of it
        self._before = _own() + sum(map(used, workers()))

    def seconds(self) -> float:
        """Return what was spent since. No worker may run any more, and nobody may wait for a process of theirs."""
        until = time.monotonic() + 10
        while workers() and time.monotonic() < until:
            _reap()
            time.sleep(0.01)
        if workers():
            raise RuntimeError("workers go on")
        _reap()
        return _own() - self._before


def _own() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


class Memory:
    """Samples resident memory in a thread of its own while it is entered. samples: when (perf_counter), and MiB."""

    def __init__(self, processes: Callable[[], list[int]]) -> None:
        self._processes = processes
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.samples: list[tuple[float, float]] = []

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(_EVERY_SECONDS):
            self.samples.append((time.perf_counter(), resident(self._processes())))

    def most(self, since: float, until: float) -> float:
        """Return the most of a while. Raises ValueError when nothing was sampled."""
        return max(mib for at, mib in self.samples if since <= at <= until)


def resident(processes: list[int]) -> float:
    """Return the resident memory of processes in MiB, each page that they share counted once."""
    total = 0.0
    for process in processes:
        with suppress(OSError):  # it has ended
            total += resident_mib(process)
    return total
