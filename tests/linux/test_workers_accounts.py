"""What several accounts that share a pool can do to each other: nothing."""

import asyncio
import contextlib
import dataclasses
import os
import signal
import time
from pathlib import Path

import pytest

from garrison.linux import workers
from garrison.linux.workers import Outcome, WorkerPool
from tests.worker import campaign, unruly
from tests.worker.objects import descendants, examined, submitted, unruly_tuning, wait_until_gone, word_set

GOOD = b"harmless"
EVIL = b"an evil word"
ALICE, BOB, CAROL = 41_001, 41_002, 41_900


def pool_of(
    folder: Path, size: int = 2, seconds: float = 1.0, slice_seconds: float = 1.0, spare: int = 0
) -> WorkerPool:
    tuning = dataclasses.replace(unruly_tuning(grace_seconds=1.0), slice_seconds=slice_seconds)
    return WorkerPool(folder, size=size, limits={}, seconds=seconds, memory_mib=256, spare=spare, tuning=tuning)


@pytest.fixture
def databases(tmp_path: Path) -> Path:
    return word_set(tmp_path)


def process_of(outcome: Outcome) -> int:
    assert outcome.failure == ""
    return int(outcome.untrusted_verdict["objects"])


def test_a_worker_keeps_nothing_from_one_account_for_another(databases: Path) -> None:
    async def run() -> list[Outcome]:
        async with pool_of(databases) as pool:
            (mine,) = await examined(pool, [unruly.KEEP], account=ALICE)
            told = [outcome for account in (BOB, 0, ALICE) for outcome in await examined(pool, [unruly.TELL], account)]
            (server,) = pool._servers
            assert len(descendants(server._process.pid)) <= 2
            return [mine, *told]

    mine, bobs, roots, again = asyncio.run(run())
    assert [each.untrusted_verdict["type"] for each in (bobs, roots, again)] == ["", "", ""]
    assert len({process_of(each) for each in (mine, bobs, roots, again)}) == 4


def test_an_account_has_its_worker_again(databases: Path) -> None:
    async def run() -> list[Outcome]:
        async with pool_of(databases) as pool:
            return [(await examined(pool, [GOOD], account))[0] for account in (ALICE, BOB, ALICE, BOB, ALICE)]

    processes = list(map(process_of, asyncio.run(run())))
    assert len(set(processes)) == 2
    assert processes[0] == processes[2] == processes[4]


@pytest.mark.parametrize(("spare", "forked"), [(0, 8), (2, 4)])
def test_spare_workers_are_there_when_their_account_comes_again(databases: Path, spare: int, forked: int) -> None:
    async def run() -> list[Outcome]:
        async with pool_of(databases, spare=spare) as pool:
            outcomes = []
            for account in (ALICE, BOB, 0, CAROL) * 2:
                outcomes += await examined(pool, [GOOD], account)
                (server,) = pool._servers
                assert len(descendants(server._process.pid)) <= 3 + spare  # one may be about to end
            return outcomes

    assert len(set(map(process_of, asyncio.run(run())))) == forked


def test_a_spare_worker_that_nobody_needs_goes(databases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> list[int]:
        async with pool_of(databases, size=1, spare=8) as pool:
            for account in range(41_001, 41_006):
                await examined(pool, [GOOD], account)
            (server,) = pool._servers
            spare = descendants(server._process.pid)
            assert len(spare) == 5
            monkeypatch.setattr(workers, "_SPARE_SECONDS", 0.0)
            await examined(pool, [GOOD], CAROL)
            return wait_until_gone(spare)

    assert asyncio.run(run()) == []


def test_what_ends_from_outside_is_no_crash(databases: Path) -> None:
    async def kill_the_worker(pool: WorkerPool, how: signal.Signals) -> None:
        await asyncio.sleep(0.5)
        (server,) = pool._servers
        (worker,) = descendants(server._process.pid)
        os.kill(worker, how)

    async def run(how: signal.Signals) -> list[Outcome]:
        async with pool_of(databases, size=1, seconds=30) as pool:
            outcomes, _ = await asyncio.gather(examined(pool, [unruly.HANG, GOOD]), kill_the_worker(pool, how))
            return outcomes

    killed, good = asyncio.run(run(signal.SIGKILL))
    assert killed == Outcome(0, None, "killed", "ended from outside")
    assert good.failure == ""
    timed_out, _ = asyncio.run(run(signal.SIGXCPU))
    assert timed_out == Outcome(0, None, "timeout", "used up its processor time")


@pytest.mark.parametrize("size", [1, 2])
def test_another_accounts_many_slow_objects_keep_nobody_waiting(databases: Path, size: int) -> None:
    async def answered(pool: WorkerPool, account: int) -> float:
        start = time.monotonic()
        campaign.check([EVIL], await examined(pool, [EVIL], account))
        return time.monotonic() - start

    async def run() -> tuple[float, float]:
        async with pool_of(databases, size=size, seconds=0.5, slice_seconds=0.1) as pool:
            async with asyncio.TaskGroup() as group:
                work = [unruly.SPEND] * 20
                slow = [group.create_task(examined(pool, work, ALICE)) for _ in range(8)]  # 80 s of it
                await asyncio.sleep(0.3)
                waits = await asyncio.gather(answered(pool, 0), answered(pool, BOB))
                for task in slow:
                    task.cancel()
            return waits

    roots, bobs = asyncio.run(run())
    assert roots < (0.4 if size > 1 else 1.2)
    assert bobs < 1.5


def test_slow_objects_of_two_accounts_are_all_told(databases: Path) -> None:
    contents = [GOOD, unruly.SPEND, EVIL, unruly.SPEND, unruly.SEGFAULT, GOOD] * 2

    async def run() -> list[list[Outcome]]:
        async with pool_of(databases, seconds=0.1, slice_seconds=0.0) as pool:
            return await asyncio.gather(*(examined(pool, contents, account) for account in (0, ALICE, ALICE, BOB)))

    for outcomes in asyncio.run(run()):
        campaign.check(contents, outcomes)


def test_who_takes_no_answers_keeps_no_seat(databases: Path) -> None:
    contents = [GOOD, EVIL, unruly.SEGFAULT, EVIL]

    async def stay(pool: WorkerPool, told: list[Outcome], is_away: asyncio.Event, may_go_on: asyncio.Event) -> None:
        with submitted(contents) as objects:
            async for outcome in pool.examine(objects, ALICE):
                told.append(outcome)
                is_away.set()
                await may_go_on.wait()

    async def run() -> list[Outcome]:
        told: list[Outcome] = []
        is_away, may_go_on = asyncio.Event(), asyncio.Event()
        async with pool_of(databases, size=1, slice_seconds=0.1) as pool, asyncio.TaskGroup() as group:
            group.create_task(stay(pool, told, is_away, may_go_on))
            async with asyncio.timeout(5):
                await is_away.wait()
                campaign.check([EVIL], await examined(pool, [EVIL], BOB))
                assert len(told) == 1
            may_go_on.set()
        return told

    campaign.check(contents, asyncio.run(run()))


def test_a_worker_that_was_sent_away_is_not_used_again(databases: Path) -> None:
    async def run() -> None:
        async with pool_of(databases, size=1, slice_seconds=0.1) as pool:
            with submitted([GOOD]) as objects:
                async with contextlib.aclosing(pool.examine(objects, ALICE)) as outcomes:
                    await anext(outcomes)
                    campaign.check([EVIL], await examined(pool, [EVIL], BOB))
            assert [worker.account for worker in pool._idle] == [BOB]
            campaign.check([EVIL], await examined(pool, [EVIL], ALICE))

    asyncio.run(run())
