import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest

from garrison.base.errors import Unavailable
from garrison.linux.workers import Outcome, Submitted, Tuning, WorkerPool
from garrison.wire.examination import MOST_NAME, MOST_OBJECTS
from tests.worker import campaign, unruly
from tests.worker.objects import (
    UNRULY,
    descendants,
    examined,
    is_running,
    open_descriptors,
    read_only,
    submitted,
    unruly_tuning,
    wait_until_gone,
    word_set,
)

GOOD = b"harmless"
EVIL = b"an evil word"


def pool_of(
    folder: Path, size: int = 1, seconds: float = 1.0, memory_mib: int = 256, tuning: Tuning | None = None
) -> WorkerPool:
    tuning = tuning or unruly_tuning(grace_seconds=1.0)
    return WorkerPool(folder, size=size, limits={}, seconds=seconds, memory_mib=memory_mib, tuning=tuning)


@pytest.fixture
def databases(tmp_path: Path) -> Path:
    return word_set(tmp_path)


def tell(databases: Path, contents: Sequence[bytes], size: int = 1, tuning: Tuning | None = None) -> list[Outcome]:
    async def run() -> list[Outcome]:
        async with pool_of(databases, size, tuning=tuning) as pool:
            return await examined(pool, contents)

    return asyncio.run(run())


def process_of(outcome: Outcome) -> int:
    assert outcome.failure == ""
    return int(outcome.untrusted_verdict["objects"])


def status_of(process: int) -> str:
    return Path(f"/proc/{process}/status").read_text("utf-8")


def test_objects_are_told_in_order_and_by_one_worker(databases: Path) -> None:
    contents = [GOOD, EVIL, b""] * 30
    outcomes = tell(databases, contents, size=3)
    campaign.check(contents, outcomes)
    assert len({process_of(outcome) for outcome in outcomes}) == 1


def test_nothing_to_examine_is_no_work(databases: Path) -> None:
    assert tell(databases, []) == []


@pytest.mark.parametrize("hostile", list(campaign.HOSTILE))
def test_a_hostile_object_is_told_and_its_neighbours_are_unharmed(databases: Path, hostile: bytes) -> None:
    contents = [EVIL, hostile, GOOD, EVIL]
    campaign.check(contents, tell(databases, contents))


def test_an_object_that_hangs_ends_after_its_time_and_grace(databases: Path) -> None:
    start = time.monotonic()
    (outcome,) = tell(databases, [unruly.HANG])
    assert outcome.failure == "timeout"
    assert 2 < time.monotonic() - start < 8


def test_calls_at_the_same_time_have_workers_of_their_own(databases: Path) -> None:
    async def run() -> tuple[list[Outcome], list[Outcome]]:
        async with pool_of(databases, size=2) as pool:
            return await asyncio.gather(examined(pool, [unruly.SPEND, GOOD]), examined(pool, [unruly.SPEND, EVIL]))

    start = time.monotonic()
    first, second = asyncio.run(run())
    assert {process_of(outcome) for outcome in first}.isdisjoint(map(process_of, second))
    assert time.monotonic() - start < 2  # one after the other, it would be more


def test_more_calls_than_workers_wait_their_turn(databases: Path) -> None:
    async def run() -> list[list[Outcome]]:
        async with pool_of(databases, size=1) as pool:
            return await asyncio.gather(*(examined(pool, [GOOD, unruly.SEGFAULT, EVIL]) for _ in range(5)))

    for outcomes in asyncio.run(run()):
        campaign.check([GOOD, unruly.SEGFAULT, EVIL], outcomes)


def test_a_worker_serves_again_and_is_replaced_in_time(databases: Path) -> None:
    outcomes = tell(databases, [GOOD] * 100, tuning=unruly_tuning(objects_per_worker=40))
    processes = [process_of(outcome) for outcome in outcomes]
    assert len(set(processes)) == 3
    assert processes == sorted(processes, key=processes.index)


def test_a_worker_that_grew_is_replaced(databases: Path) -> None:
    async def run() -> list[Outcome]:
        async with pool_of(databases, memory_mib=256) as pool:
            return [*await examined(pool, [unruly.GROW, GOOD]), *await examined(pool, [GOOD])]

    grown, after, later = asyncio.run(run())
    assert grown.failure == ""
    assert process_of(grown) != process_of(after) == process_of(later)


def test_a_writable_descriptor_is_not_passed_on(databases: Path) -> None:
    async def run() -> None:
        async with pool_of(databases) as pool:
            descriptor = os.open(databases / "word", os.O_RDWR)
            try:
                async for _ in pool.examine([Submitted(descriptor, "word")]):
                    raise AssertionError("it was examined")
            finally:
                os.close(descriptor)

    with pytest.raises(ValueError, match="for reading only"):
        asyncio.run(run())


def test_a_pipe_does_not_keep_a_worker(databases: Path) -> None:
    async def run() -> list[Outcome]:
        reading, writing = os.pipe()
        try:
            async with pool_of(databases) as pool:
                return [outcome async for outcome in pool.examine([Submitted(reading, "pipe")])]
        finally:
            os.close(reading)
            os.close(writing)

    (outcome,) = asyncio.run(run())
    assert outcome.failure == "crashed"  # pread(2) of a pipe fails; the product's examiner asks first


def test_a_caller_who_leaves_early_gives_the_seat_back(databases: Path) -> None:
    async def first(outcomes: AsyncGenerator[Outcome, None]) -> Outcome:
        async with contextlib.aclosing(outcomes):
            async for outcome in outcomes:
                return outcome
        raise AssertionError("nothing was told")

    async def run() -> None:
        async with pool_of(databases, size=1, seconds=30) as pool:
            with submitted([GOOD, unruly.HANG, GOOD]) as objects:
                assert (await first(pool.examine(objects))).index == 0
            async with asyncio.timeout(5):
                campaign.check([EVIL], await examined(pool, [EVIL]))

    asyncio.run(run())


def test_a_cancelled_caller_gives_the_seat_back(databases: Path) -> None:
    async def run() -> None:
        async with pool_of(databases, size=1, seconds=30) as pool:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await examined(pool, [unruly.HANG])
            async with asyncio.timeout(5):
                campaign.check([EVIL], await examined(pool, [EVIL]))

    asyncio.run(run())


def test_a_dead_fork_server_is_started_again_and_blames_nobody(databases: Path) -> None:
    async def run() -> None:
        async with pool_of(databases, seconds=1) as pool:
            await examined(pool, [GOOD])
            (server,) = pool._servers
            os.kill(server._process.pid, signal.SIGKILL)
            await asyncio.shield(server.gone)
            campaign.check([GOOD, EVIL], await examined(pool, [GOOD, EVIL]))
            with submitted([GOOD, unruly.SPEND, EVIL]) as objects:
                told = []
                async for outcome in pool.examine(objects):
                    told.append(outcome)
                    if outcome.index == 0:
                        (server,) = (each for each in pool._servers if each.is_alive)
                        os.kill(server._process.pid, signal.SIGKILL)
            campaign.check([GOOD, unruly.SPEND, EVIL], told)

    asyncio.run(run())


def test_a_fork_server_that_cannot_come_up_says_why(tmp_path: Path) -> None:
    before = open_descriptors()
    with pytest.raises(Unavailable) as caught:
        tell(tmp_path, [GOOD])
    assert "FileNotFoundError" in caught.value.hint
    assert open_descriptors() == before


def test_a_program_that_is_not_there_is_unavailable(databases: Path) -> None:
    before = open_descriptors()
    with pytest.raises(Unavailable, match="could not be started"):
        tell(databases, [GOOD], tuning=Tuning(program=("/nowhere/python",)))
    assert open_descriptors() == before


def test_another_set_serves_new_calls_while_old_ones_finish(databases: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "word").write_bytes(b"harm")

    async def run() -> None:
        async with pool_of(databases, size=2, seconds=1) as pool:
            with submitted([GOOD, EVIL]) as objects:
                told = []
                async for outcome in pool.examine(objects):
                    told.append(outcome)
                    if outcome.index == 0:
                        await pool.use_databases(other)
                        (good,) = await examined(pool, [GOOD])
                        assert good.untrusted_verdict["findings"]
            campaign.check([GOOD, EVIL], told)
            (good,) = await examined(pool, [GOOD])
            assert good.untrusted_verdict["findings"]
            async with asyncio.timeout(5):
                await asyncio.gather(*(server.gone for server in pool._servers if not server.is_alive))
            assert len(pool._servers) == 1

    asyncio.run(run())


def test_a_set_that_cannot_be_opened_leaves_the_old_one(databases: Path) -> None:
    async def run() -> None:
        async with pool_of(databases) as pool:
            with pytest.raises(Unavailable):
                await pool.use_databases(databases / "missing")
            campaign.check([EVIL], await examined(pool, [EVIL]))

    asyncio.run(run())


def test_two_hundred_crashes_leave_nothing_behind(databases: Path) -> None:
    processes, descriptors = descendants(os.getpid()), open_descriptors()

    async def run() -> None:
        async with pool_of(databases, size=2) as pool:
            await examined(pool, [GOOD])
            running = open_descriptors()
            for _ in range(10):
                contents = [unruly.SEGFAULT, GOOD] * 10
                both = await asyncio.gather(examined(pool, contents), examined(pool, contents))
                for outcomes in both:
                    campaign.check(contents, outcomes)
            await asyncio.sleep(0.1)
            assert open_descriptors() <= running + 1  # a second idle worker's connection
            left = [process for process in descendants(os.getpid()) if process not in processes]
            assert len(left) <= 3  # the fork server and two workers
            assert all(is_running(process) for process in left)

    asyncio.run(run())
    assert descendants(os.getpid()) == processes
    assert open_descriptors() == descriptors


POOL_IN_A_PROCESS = """
import asyncio, json, os, sys
from pathlib import Path
from typing import Any
sys.path.insert(0, sys.argv[1])
from garrison.linux.workers import WorkerPool
from tests.worker.objects import descendants, examined, unruly_tuning

async def run():
    pool = WorkerPool(Path(sys.argv[2]), size=2, limits={}, seconds=0.5, tuning=unruly_tuning(grace_seconds=30))
    async with pool:
        await asyncio.gather(*(examined(pool, [b"please use all my time"]) for _ in range(2)))
        print(json.dumps(descendants(os.getpid())), flush=True)
        await examined(pool, [b"please hang"])

asyncio.run(run())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_a_killed_pool(databases: Path, how: signal.Signals) -> None:
    root = str(UNRULY.parents[2])
    command = [sys.executable, "-c", POOL_IN_A_PROCESS, root, str(databases)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        processes = json.loads(process.stdout.readline())
        assert len(processes) == 3
        process.send_signal(how)
    assert wait_until_gone(processes) == []


def test_a_stalled_caller_does_not_make_objects_late(databases: Path) -> None:
    async def run() -> list[Outcome]:
        async with pool_of(databases, seconds=0.1, tuning=unruly_tuning(grace_seconds=0.1)) as pool:
            await examined(pool, [GOOD])
            with submitted([GOOD, EVIL]) as objects:
                asyncio.get_running_loop().call_soon(time.sleep, 0.5)  # the stall itself
                return [outcome async for outcome in pool.examine(objects)]

    campaign.check([GOOD, EVIL], asyncio.run(run()))


def test_a_long_name_travels(databases: Path) -> None:
    async def run() -> list[Outcome]:
        descriptor = read_only(GOOD)
        try:
            async with pool_of(databases) as pool:
                objects = [Submitted(descriptor, "\udcff" * 50_000)] * MOST_OBJECTS
                return [outcome async for outcome in pool.examine(objects)]
        finally:
            os.close(descriptor)

    outcomes = asyncio.run(run())
    assert [outcome.untrusted_verdict["type"] for outcome in outcomes] == ["\udcff" * MOST_NAME] * MOST_OBJECTS


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_workers_of_root_run_as_nobody(databases: Path) -> None:
    async def run() -> None:
        async with pool_of(databases) as pool:
            (outcome,) = await examined(pool, [GOOD])
            status = status_of(process_of(outcome))
            assert "Uid:\t0" not in status
            assert "Seccomp:\t2" in status

    asyncio.run(run())


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests ran as an ordinary account already")
def test_an_ordinary_account_has_a_pool_too() -> None:
    python, checkout = "/usr/bin/python3", UNRULY.parents[2]
    if not all(folder.stat().st_mode & 0o001 for folder in (UNRULY.parent, *UNRULY.parent.parents)):
        pytest.skip("needs a checkout that other accounts can read")
    fits = subprocess.run([python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], check=False, cwd="/")
    if fits.returncode:
        pytest.skip(f"needs {python} of 3.11")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        word_set(Path(folder))
        command = [python, "-I", str(UNRULY.with_name("as_ordinary.py")), str(checkout), folder]
        done = subprocess.run(
            command, user=65534, group=65534, extra_groups=(), cwd="/", check=False, capture_output=True
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_short_campaign() -> None:
    campaign.campaign(seed=1, times=10)


def test_an_object_that_needs_more_is_examined_by_a_worker_that_has_it(databases: Path) -> None:
    need, other = unruly.NEED + b"this", unruly.NEED + b"that"
    contents = [GOOD, need, need, GOOD, other, EVIL, need]
    outcomes = tell(databases, contents)
    campaign.check(contents, outcomes)
    first, second, third = (process_of(outcomes[number]) for number in (0, 1, 4))
    assert len({first, second, third}) == 3
    assert [process_of(outcome) for outcome in outcomes] == [first, second, second, second, third, third, third]


def test_an_object_that_needs_more_than_there_is_crashed_its_worker(databases: Path) -> None:
    outcomes = tell(databases, [GOOD, unruly.DEMAND, GOOD])
    assert [outcome.failure for outcome in outcomes] == ["", "crashed", ""]
    assert outcomes[1].detail == "asked for more than there is"
