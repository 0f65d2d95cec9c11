"""What the pool does while it changes to other databases: goes on, and leaves nothing behind whatever goes wrong."""

import asyncio
import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path

import pytest

from garrison.base.errors import Unavailable
from garrison.linux.forkserver import ForkServer
from garrison.linux.workers import Outcome, WorkerPool
from tests.worker import campaign, unruly
from tests.worker.objects import descendants, examined, open_descriptors, unruly_tuning, wait_until_gone, word_set

GOOD = b"harmless"
EVIL = b"an evil word"
ALICE, BOB = 41_001, 41_002
SLOW_SECONDS = 0.4  # that a slow set takes to be opened


@pytest.fixture
def databases(tmp_path: Path) -> Path:
    return word_set(tmp_path)


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another set, which finds what the first does not."""
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "word").write_bytes(b"harm")
    return folder


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    processes, descriptors, temporary = descendants(os.getpid()), open_descriptors(), _temporary()
    yield
    assert wait_until_gone([each for each in descendants(os.getpid()) if each not in processes]) == []
    assert open_descriptors() == descriptors
    assert _temporary() <= temporary


def _temporary() -> set[str]:
    return {name for name in os.listdir(tempfile.gettempdir()) if name.startswith("garrison")}


def pool_of(folder: Path, size: int = 2) -> WorkerPool:
    return WorkerPool(
        folder, size=size, limits={}, seconds=1.0, memory_mib=256, tuning=unruly_tuning(grace_seconds=1.0)
    )


def begun(work: Coroutine[object, object, None]) -> asyncio.Task[None]:
    """Begin something, which the caller holds and waits for, also when it fails."""
    return asyncio.get_running_loop().create_task(work)


@contextlib.contextmanager
def slow(folder: Path) -> Iterator[None]:
    """Have a set take its time: its word is a pipe, into which it is written late."""
    word = (folder / "word").read_bytes()
    (folder / "word").unlink()
    os.mkfifo(folder / "word")

    async def write() -> None:
        await asyncio.sleep(SLOW_SECONDS)
        with contextlib.suppress(OSError):  # nobody reads any more
            pipe = os.open(folder / "word", os.O_WRONLY | os.O_NONBLOCK)
            os.write(pipe, word)
            os.close(pipe)

    writing = begun(write())
    try:
        yield
    finally:
        writing.cancel()


def process_of(outcome: Outcome) -> int:
    assert outcome.failure == ""
    return int(outcome.untrusted_verdict["objects"])


def finds(outcome: Outcome) -> bool:
    return bool(outcome.untrusted_verdict["findings"])


def test_nobody_waits_while_another_set_is_opened(databases: Path, other: Path) -> None:
    async def run() -> None:
        async with pool_of(databases) as pool:
            await examined(pool, [GOOD])
            with slow(other):
                began = time.monotonic()
                switch = begun(pool.use_databases(other))
                told = 0
                while not switch.done():
                    start = time.monotonic()
                    (outcome,) = await examined(pool, [GOOD])
                    if finds(outcome):
                        break
                    assert time.monotonic() - start < SLOW_SECONDS / 2
                    told += 1
                await switch
            assert time.monotonic() - began > SLOW_SECONDS
            assert told > 10
            assert pool.databases == other
            assert finds((await examined(pool, [GOOD]))[0])

    asyncio.run(run())


def test_the_workers_of_the_new_set_are_there_before_it_is_used(databases: Path, other: Path) -> None:
    async def run() -> None:
        async with pool_of(databases) as pool:
            for account in (ALICE, BOB):
                await examined(pool, [GOOD], account)
            old = [worker.account for worker in pool._idle]
            await pool.use_databases(other)
            ready = list(pool._idle)
            assert sorted(worker.account for worker in ready) == sorted(old) == [ALICE, BOB]
            (server,) = [each for each in pool._servers if each.is_alive]
            processes = descendants(server._process.pid)
            assert len(processes) == 2
            told = [(await examined(pool, [GOOD], account))[0] for account in (ALICE, BOB)]
            assert sorted(map(process_of, told)) == sorted(processes)
            assert all(map(finds, told))

    asyncio.run(run())


def test_what_objects_needed_is_ready_in_the_new_set(databases: Path, other: Path) -> None:
    need = unruly.NEED + b"this"

    async def run() -> None:
        async with pool_of(databases) as pool:
            await examined(pool, [need])
            for worker in tuple(pool._idle):  # nobody at all is there
                pool._idle.remove(worker)
                worker.dismiss()
            await pool.use_databases(other)
            (worker,) = pool._idle
            assert worker.untrusted_needs == need.decode()
            (outcome,) = await examined(pool, [need], os.geteuid())
            assert process_of(outcome) in descendants(worker.server._process.pid)
            assert pool._idle == [worker]

    asyncio.run(run())


def test_a_refused_set_leaves_the_old_one_and_its_workers(databases: Path) -> None:
    async def run() -> None:
        async with pool_of(databases) as pool:
            (before,) = await examined(pool, [EVIL])
            descriptors = open_descriptors()
            with pytest.raises(Unavailable, match="could not start"):
                await pool.use_databases(databases / "missing")
            assert open_descriptors() == descriptors
            assert pool.databases == databases
            (after,) = await examined(pool, [EVIL])
            assert process_of(after) == process_of(before)

    asyncio.run(run())


@pytest.mark.parametrize("delay_seconds", [0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3])
def test_a_switch_that_is_cancelled_leaves_one_set_and_nothing_else(
    databases: Path, other: Path, delay_seconds: float
) -> None:
    async def run() -> None:
        async with pool_of(databases) as pool:
            await asyncio.gather(examined(pool, [GOOD], ALICE), examined(pool, [GOOD], BOB))
            switch = begun(pool.use_databases(other))
            await asyncio.sleep(delay_seconds)
            switch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await switch
            (outcome,) = await examined(pool, [GOOD], ALICE)
            assert finds(outcome) is (pool.databases == other)
            async with asyncio.timeout(5):
                await asyncio.gather(*(server.gone for server in tuple(pool._servers) if not server.is_alive))
            (server,) = pool._servers
            assert len(descendants(server._process.pid)) <= 2

    asyncio.run(run())


@pytest.mark.parametrize("delay_seconds", [0.0, 0.05, 0.1, 0.2])
def test_a_pool_that_closes_meanwhile_ends_the_switch(databases: Path, other: Path, delay_seconds: float) -> None:
    async def run() -> None:
        async with pool_of(databases) as pool:
            await examined(pool, [GOOD])
            with slow(other):
                switch = begun(pool.use_databases(other))
                await asyncio.sleep(delay_seconds)
                await pool.__aexit__(None, None, None)
                with pytest.raises(Unavailable):
                    await switch
        assert not pool._servers

    asyncio.run(run())


def test_a_new_server_that_dies_before_it_is_used_leaves_the_old_set(databases: Path, other: Path) -> None:
    async def run() -> None:
        async with pool_of(databases) as pool:
            (before,) = await examined(pool, [EVIL])
            known = set(pool._servers)
            with slow(other):
                switch = begun(pool.use_databases(other))
                await asyncio.sleep(SLOW_SECONDS / 2)
                (fresh,) = pool._servers - known
                os.kill(fresh._process.pid, signal.SIGKILL)
                with pytest.raises(Unavailable):
                    await switch
            assert pool.databases == databases
            assert process_of((await examined(pool, [EVIL]))[0]) == process_of(before)
            assert pool._servers == known

    asyncio.run(run())


def test_a_new_server_that_dies_while_its_workers_start_leaves_the_old_set(
    databases: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_worker = ForkServer.start_worker

    async def run() -> None:
        async with pool_of(databases) as pool:
            await asyncio.gather(examined(pool, [unruly.SPEND], ALICE), examined(pool, [unruly.SPEND], BOB))
            known = set(pool._servers)

            async def die_after_one(server: ForkServer, account: int) -> object:
                worker = await start_worker(server, account)
                if server not in known:
                    os.kill(server._process.pid, signal.SIGKILL)
                    await asyncio.shield(server.gone)
                return worker

            monkeypatch.setattr(ForkServer, "start_worker", die_after_one)
            with pytest.raises(Unavailable, match="changed its databases"):
                await pool.use_databases(other)
            monkeypatch.undo()
            assert not finds((await examined(pool, [GOOD]))[0])
            assert pool._servers == known

    asyncio.run(run())


def test_an_old_server_that_dies_meanwhile_is_started_again_until_the_switch(databases: Path, other: Path) -> None:
    async def run() -> None:
        async with pool_of(databases) as pool:
            await examined(pool, [GOOD])
            (old,) = pool._servers
            with slow(other):
                switch = begun(pool.use_databases(other))
                await asyncio.sleep(0.05)
                os.kill(old._process.pid, signal.SIGKILL)
                campaign.check([GOOD, EVIL], await examined(pool, [GOOD, EVIL]))
                await switch
            assert finds((await examined(pool, [GOOD]))[0])
            async with asyncio.timeout(5):
                await asyncio.gather(*(server.gone for server in tuple(pool._servers) if not server.is_alive))
            assert len(pool._servers) == 1

    asyncio.run(run())


def test_of_two_switches_at_once_the_later_one_holds(databases: Path, other: Path) -> None:
    third = other.with_name("third")
    third.mkdir()
    (third / "word").write_bytes(b"nothing of it")

    async def run() -> None:
        async with pool_of(databases) as pool:
            await examined(pool, [GOOD])
            await asyncio.gather(pool.use_databases(other), pool.use_databases(third))
            assert pool.databases == third
            assert [finds(each) for each in await examined(pool, [GOOD, EVIL])] == [False, False]
            async with asyncio.timeout(5):
                await asyncio.gather(*(server.gone for server in tuple(pool._servers) if not server.is_alive))
            assert len(pool._servers) == 1

    asyncio.run(run())


def test_workers_that_have_served_for_long_are_renewed_under_load(databases: Path) -> None:
    contents = [GOOD, EVIL] * 40

    async def load(pool: WorkerPool, account: int, told: list[Outcome]) -> None:
        for _ in range(12):
            outcomes = await examined(pool, contents, account)
            campaign.check(contents, outcomes)
            told += outcomes

    async def run() -> None:
        async with pool_of(databases) as pool, asyncio.TaskGroup() as group:
            await asyncio.gather(examined(pool, contents, ALICE), examined(pool, contents, BOB))
            (server,) = pool._servers
            before = set(descendants(server._process.pid))
            alices: list[Outcome] = []
            group.create_task(load(pool, ALICE, alices))
            await asyncio.sleep(0)
            await pool.renew()
            after = set(descendants(server._process.pid))
            assert not before & after
            assert len(after) <= 2

    asyncio.run(run())


def test_workers_that_are_fresh_are_not_renewed(databases: Path) -> None:
    async def run() -> None:
        async with pool_of(databases) as pool:
            (before,) = await examined(pool, [GOOD])
            await pool.renew()
            assert process_of((await examined(pool, [GOOD]))[0]) == process_of(before)

    asyncio.run(run())
