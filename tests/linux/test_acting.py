import asyncio
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from garrison.base.errors import Unavailable
from garrison.linux.acting import Acting

NOBODY = 65534
GROUP = 54321
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="garrison-test-") as name:
        path = Path(name).resolve()
        path.chmod(0o755)
        yield path


def call(acting: Acting, function: Callable[..., Any], *args: Any) -> Any:
    async def inside() -> Any:
        async with acting:
            return await acting.run(function, *args)

    return asyncio.run(inside())


def status() -> dict[str, str]:
    """Return what the kernel says of the calling thread."""
    lines = Path("/proc/thread-self/status").read_bytes().decode("ascii").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_runs_in_a_thread_of_its_own() -> None:
    assert call(Acting(os.geteuid(), os.getegid()), threading.get_ident) != threading.get_ident()


def test_passes_on_what_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        call(Acting(os.geteuid(), os.getegid()), divmod, 1, 0)


@needs_root
def test_has_the_accounts_rights_and_no_other() -> None:
    seen = call(Acting(NOBODY, NOBODY, (GROUP,)), status)
    assert seen["Uid"].split() == ["0", "0", "0", str(NOBODY)]
    assert seen["Gid"].split() == ["0", "0", "0", str(NOBODY)]
    assert seen["Groups"] == str(GROUP)
    assert {seen[name] for name in ("CapInh", "CapPrm", "CapEff")} == {"0000000000000000"}


@needs_root
def test_switches_only_that_thread() -> None:
    before = status()

    async def inside() -> dict[str, str]:
        async with Acting(NOBODY, NOBODY) as acting:
            await acting.run(int)
            return await asyncio.to_thread(status)

    other = asyncio.run(inside())
    for seen in (status(), other):
        for name in ("Uid", "Gid", "Groups", "CapEff"):
            assert seen[name] == before[name]


@needs_root
def test_reads_only_what_the_account_may_read(folder: Path) -> None:
    secret, grouped, closed = folder / "secret", folder / "grouped", folder / "closed"
    for path in (secret, grouped):
        path.write_bytes(b"x")
        os.chown(path, 0, GROUP)
    secret.chmod(0o600)
    grouped.chmod(0o640)
    closed.mkdir(mode=0o700)
    with pytest.raises(PermissionError):
        call(Acting(NOBODY, NOBODY, (GROUP,)), secret.read_bytes)
    with pytest.raises(PermissionError):
        call(Acting(NOBODY, NOBODY), grouped.read_bytes)
    with pytest.raises(PermissionError):
        call(Acting(NOBODY, NOBODY), os.listdir, closed)
    assert call(Acting(NOBODY, NOBODY, (GROUP,)), grouped.read_bytes) == b"x"
    assert call(Acting(0, 0), secret.read_bytes) == b"x"


@needs_root
def test_makes_and_removes_files_as_the_account(folder: Path) -> None:
    with pytest.raises(PermissionError):
        call(Acting(NOBODY, NOBODY), (folder / "x").touch)
    (folder / "roots").touch()
    with pytest.raises(PermissionError):
        call(Acting(NOBODY, NOBODY), os.unlink, folder / "roots")
    folder.chmod(0o1777)
    with pytest.raises(PermissionError):
        call(Acting(NOBODY, NOBODY), os.unlink, folder / "roots")
    call(Acting(NOBODY, NOBODY), (folder / "x").touch)
    assert (folder / "x").stat().st_uid == NOBODY
    with pytest.raises(PermissionError):
        call(Acting(NOBODY, NOBODY), os.chown, folder / "x", 0, 0)


@needs_root
@pytest.mark.parametrize("name", ["trusted.x", "security.x"])
def test_what_only_root_may_say_of_a_file_is_closed_to_it(folder: Path, name: str) -> None:
    (folder / "x").touch()
    os.chown(folder / "x", NOBODY, NOBODY)
    with pytest.raises(PermissionError):
        call(Acting(NOBODY, NOBODY), os.setxattr, folder / "x", name, b"")


@needs_root
@pytest.mark.parametrize("uid", [2**31, 2**32 - 2])
def test_large_ids(uid: int) -> None:
    assert call(Acting(uid, uid), status)["Uid"].split()[3] == str(uid)


@needs_root
def test_an_account_that_cannot_be_acted_for(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL + 1), pytest.raises(Unavailable, match="cannot act for another"):
        call(Acting(2**32 - 1, NOBODY), int)


def test_a_twin_has_the_same_rights() -> None:
    own = Acting(os.geteuid(), os.getegid(), (5, 6))
    twin = own.twin()
    assert twin is not own
    assert twin._who == own._who


def test_a_call_under_way_is_waited_for() -> None:
    ended = []

    def work() -> None:
        time.sleep(0.1)
        ended.append(True)

    async def inside() -> None:
        async with Acting(os.geteuid(), os.getegid()) as acting, asyncio.timeout(0.02):
            await acting.run(work)

    with pytest.raises(TimeoutError):
        asyncio.run(inside())
    assert ended


def test_a_call_that_fails_after_it_was_cancelled_is_silent() -> None:
    def work() -> None:
        time.sleep(0.05)
        raise OSError

    async def inside() -> None:
        async with Acting(os.geteuid(), os.getegid()) as acting, asyncio.timeout(0.01):
            await acting.run(work)

    with pytest.raises(TimeoutError):
        asyncio.run(inside())


def test_a_call_that_has_not_begun_never_does() -> None:
    begun: list[int] = []

    async def inside() -> None:
        async with Acting(os.geteuid(), os.getegid()) as acting, asyncio.TaskGroup() as group:
            group.create_task(acting.run(time.sleep, 0.05))
            await asyncio.sleep(0.01)
            waiting = group.create_task(acting.run(begun.append, 1))
            await asyncio.sleep(0.01)
            waiting.cancel()

    asyncio.run(inside())
    assert not begun
