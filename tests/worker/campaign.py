"""A thousand hostile objects in a row: each reported for what it did, the good ones unharmed, nothing left behind.

Run as `python -m tests.worker.campaign SEED TIMES`.
"""

import asyncio
import contextlib
import gc
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from garrison.linux.workers import Outcome, WorkerPool
from tests.worker import unruly
from tests.worker.objects import WORD, descendants, examined, open_descriptors, unruly_tuning, word_set

SECONDS = 0.5
GRACE_SECONDS = 1.0
MEMORY_MIB = 64
MOST_GROWTH_MIB = 16

# What an object asks for, and how it must be told: the failure, and a word of the detail.
HOSTILE = {
    unruly.SEGFAULT: ("crashed", "SIGSEGV"),
    unruly.ABORT: ("crashed", "SIGABRT"),
    unruly.EXIT: ("crashed", "exited with 7"),
    unruly.RAISE: ("crashed", "raised KeyError"),
    unruly.CONNECT: ("crashed", "SIGSYS"),
    unruly.EXECUTE: ("crashed", "SIGSYS"),
    unruly.OPEN: ("crashed", "raised PermissionError"),
    unruly.NONSENSE: ("crashed", "sent an answer"),
    unruly.FLOOD: ("crashed", "sent a frame"),
    unruly.HUGE: ("crashed", "sent an answer"),
    unruly.CLOSE: ("crashed", "closed its connection"),
    unruly.DEMAND: ("crashed", "asked for more"),
    unruly.HANG: ("timeout", "no answer"),
    unruly.SPEND: ("", ""),
    unruly.HOG: ("memory", "out of memory"),
}


def campaign(seed: int, times: int) -> None:
    """Examine `times` hostile objects among good ones. Raises AssertionError with the first that was told wrong."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        asyncio.run(_campaign(random.Random(seed), times, word_set(Path(folder))))


async def _campaign(chance: random.Random, times: int, databases: Path) -> None:
    processes = descendants(os.getpid())
    descriptors = open_descriptors()
    tuning = unruly_tuning(GRACE_SECONDS)
    pool = WorkerPool(databases, size=2, limits={}, seconds=SECONDS, memory_mib=MEMORY_MIB, tuning=tuning)
    async with pool:
        await _batch(pool, chance, 8)
        gc.collect()
        start_kib = _resident_kib()
        left = times
        while left > 0:
            share = [min(left, 8), max(0, min(left - 8, 8))]
            left -= sum(share)
            await asyncio.gather(*(_batch(pool, chance, hostile) for hostile in share))
        gc.collect()
        grown_mib = (_resident_kib() - start_kib) / 1024
    assert grown_mib < MOST_GROWTH_MIB, f"the pool's process grew by {grown_mib:.1f} MiB"
    assert descendants(os.getpid()) == processes, "processes were left behind"
    assert open_descriptors() == descriptors, "descriptors were left open"


async def _batch(pool: WorkerPool, chance: random.Random, hostile: int) -> None:
    contents = chance.choices(list(HOSTILE), k=hostile)
    contents += [chance.choice([b"harmless", b"an evil word", b""]) for _ in range(2 * hostile)]
    chance.shuffle(contents)
    check(contents, await examined(pool, contents))


def check(contents: Sequence[bytes], outcomes: Sequence[Outcome]) -> None:
    """Raise AssertionError unless every object was told as what it is."""
    assert [outcome.index for outcome in outcomes] == list(range(len(contents)))
    for content, outcome in zip(contents, outcomes, strict=True):
        failure, word = HOSTILE.get(content, ("", ""))
        assert outcome.failure == failure, (content, outcome)
        assert word in outcome.detail, (content, outcome)
        if failure:
            assert outcome.untrusted_verdict is None
        else:
            verdict = outcome.untrusted_verdict
            assert verdict["type"] == f"object {outcome.index}", (content, outcome)
            assert bool(verdict["findings"]) == (WORD in content), (content, outcome)
            assert bool(verdict["remarks"]) == (content == unruly.SPEND), (content, outcome)


def _resident_kib() -> int:
    pages = int(Path("/proc/self/statm").read_bytes().split()[1])
    return pages * resource.getpagesize() // 1024


if __name__ == "__main__":
    start, cpu = time.monotonic(), time.process_time()
    campaign(int(sys.argv[1]), int(sys.argv[2]))
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(f"{time.monotonic() - start:.1f} s, {time.process_time() - cpu:.1f} CPU s in the pool\n")
