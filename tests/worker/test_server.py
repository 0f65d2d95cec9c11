import asyncio
import os
import resource
import signal
from pathlib import Path

import pytest

from garrison.linux.workers import WorkerPool
from garrison.wire.examination import KILLED, OUT_OF_TIME
from garrison.worker.server import how_ended
from tests.worker import unruly
from tests.worker.objects import examined, unruly_tuning, word_set


@pytest.mark.parametrize(
    ("status", "used_seconds", "told"),
    [
        (0, 0.0, "exited with 0"),
        (7 << 8, 500.0, "exited with 7"),
        (signal.SIGSEGV, 500.0, "killed by SIGSEGV"),
        (signal.SIGSEGV | 0x80, 0.0, "killed by SIGSEGV"),
        (signal.SIGRTMIN + 5, 0.0, "killed by signal 39"),
        (signal.SIGKILL, 160.0, KILLED),
        (signal.SIGKILL, 319.0, OUT_OF_TIME),
        (signal.SIGXCPU, 0.0, OUT_OF_TIME),
    ],
)
def test_an_end_is_told_in_words(status: int, used_seconds: float, told: str) -> None:
    assert how_ended(status, used_seconds, 320) == told


def test_processor_time_that_the_kernel_ends_is_told_as_that() -> None:
    process = os.fork()
    if process == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (1, 1))  # as the sandbox does it: the soft limit is the hard one
        while True:
            pass
    _, status, usage = os.wait4(process, 0)
    assert how_ended(status, usage.ru_utime + usage.ru_stime, 1) == OUT_OF_TIME


@pytest.mark.parametrize(("content", "ahead"), [(unruly.NEED + b"this", "ahead"), (b"harmless", "")])
def test_once_there_is_work_and_then_a_pause_what_workers_want_is_made_for_all(
    content: bytes, ahead: str, tmp_path: Path
) -> None:
    async def run() -> list[str]:
        async with WorkerPool(word_set(tmp_path), size=1, limits={}, seconds=1.0, tuning=unruly_tuning()) as pool:
            told: list[str] = []
            for account, asked in ((1, content), (2, unruly.AHEAD), (3, unruly.AHEAD)):
                (outcome,) = await examined(pool, [asked], account)
                told.append(outcome.untrusted_verdict["type"])
                await asyncio.sleep(0.8)
            return told[1:]

    assert asyncio.run(run()) == [ahead, ahead], "and it is made once"
