"""What the scanner does while the databases are switched."""

import asyncio
import os
from pathlib import Path

import pytest

from garrison.abilities.databases import Databases
from garrison.abilities.scanner import Examined, Progress, Scanner
from garrison.base.errors import Unavailable
from garrison.base.paths import Home
from garrison.linux.walk import Trouble
from garrison.linux.workers import WorkerPool
from tests.abilities.databases.test_sets import made
from tests.abilities.test_scanner import home, make_scanner, no_descriptor_is_lost, top
from tests.abilities.things import EICAR, acting_self

__all__ = ["home", "no_descriptor_is_lost", "top"]  # fixtures


def databases_of(scanner: Scanner) -> Databases:
    return scanner._databases


async def finds(scanner: Scanner, path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return bool((await scanner.examine_one(descriptor, path.name)).findings)
    finally:
        os.close(descriptor)


async def scanned(scanner: Scanner, path: Path) -> None:
    async def sink(_: Examined | Trouble) -> None:
        pass

    async with acting_self() as acting:
        await scanner.scan([str(path)], acting, sink, lambda _: False, Progress())


def test_scans_begin_while_the_workers_follow(home: Home, top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (top / "eicar").write_bytes(EICAR)
    use_databases = WorkerPool.use_databases

    async def inside() -> None:
        scanner, may_go_on = make_scanner(home), asyncio.Event()
        databases = databases_of(scanner)
        before = databases.name()

        async def late(pool: WorkerPool, folder: Path) -> None:
            await may_go_on.wait()
            await use_databases(pool, folder)

        monkeypatch.setattr(WorkerPool, "use_databases", late)
        try:
            assert await finds(scanner, top / "eicar")
            async with asyncio.timeout(30), asyncio.TaskGroup() as group:
                group.create_task(databases.adopt(made(home, "Switching"), "here"))
                while databases.name() == before:  # noqa: ASYNC110 # the link tells nobody
                    await asyncio.sleep(0.01)
                await scanned(scanner, top)
                assert scanner._clean is not None
                assert scanner._clean[0][0] == before, "what the old databases find clean, the new ones may not"
                assert await finds(scanner, top / "eicar")
                may_go_on.set()
            assert scanner._crew is not None
            assert scanner._crew.pool.databases == databases.current()
            await scanned(scanner, top)
            assert scanner._clean[0][0] == databases.name() != before
            assert await finds(scanner, top / "eicar")
        finally:
            await scanner.close()

    asyncio.run(inside())


@pytest.mark.parametrize("error", [Unavailable("no"), asyncio.CancelledError()])
def test_when_the_workers_cannot_follow_others_are_started(
    home: Home, top: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    (top / "eicar").write_bytes(EICAR)

    async def fail(_: WorkerPool, folder: Path) -> None:
        del folder
        raise error

    async def inside() -> None:
        scanner = make_scanner(home)
        try:
            assert await finds(scanner, top / "eicar")
            crew = scanner._crew
            with monkeypatch.context() as patch:
                patch.setattr(WorkerPool, "use_databases", fail)
                if isinstance(error, Unavailable):
                    await scanner._follow(databases_of(scanner).current())
                else:
                    with pytest.raises(asyncio.CancelledError):
                        await scanner._follow(databases_of(scanner).current())
            assert scanner._crew is None
            assert crew not in scanner._crews
            assert await finds(scanner, top / "eicar")
        finally:
            await scanner.close()

    asyncio.run(inside())


def test_workers_make_room_before_a_set_is_tested(home: Home, top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (top / "eicar").write_bytes(EICAR)
    renew, order = WorkerPool.renew, []

    async def inside() -> None:
        scanner = make_scanner(home)
        databases = databases_of(scanner)

        async def watched(pool: WorkerPool) -> None:
            order.append(databases.name())
            await renew(pool)

        monkeypatch.setattr(WorkerPool, "renew", watched)
        try:
            await scanner._make_room()  # without workers it is nothing
            assert await finds(scanner, top / "eicar")
            before = databases.name()
            await databases.adopt(made(home, "Room"), "here")
            assert order == [before]
        finally:
            await scanner.close()

    asyncio.run(inside())
