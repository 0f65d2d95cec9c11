"""The tray comes and goes with the suite of a person's own account, where there is a desktop's session."""

import asyncio
import os
import shutil
import signal
from pathlib import Path

import pytest

from garrison.base.paths import SYSTEM_HOME, Home
from garrison.components.notifications import tray_process
from garrison.components.notifications.tray_process import TrayProcess
from tests.tray.desktop import desktop, until

BUS = "DBUS_SESSION_BUS_ADDRESS"


def test_it_is_for_the_own_account_in_a_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not TrayProcess(Home(tmp_path)).is_wanted()
    monkeypatch.setenv(BUS, "unix:path=/nonexistent")
    assert TrayProcess(Home(tmp_path)).is_wanted()
    assert not TrayProcess(Home(SYSTEM_HOME)).is_wanted()


def test_where_no_session_is_it_ends_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BUS, "unix:path=/nonexistent")
    asyncio.run(asyncio.wait_for(TrayProcess(Home(tmp_path)).run(), 20))


@pytest.mark.skipif(not shutil.which("dbus-daemon"), reason="there is no dbus-daemon here")
def test_one_that_is_killed_comes_again_and_it_ends_with_the_suite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tray_process, "_FIRST_SECONDS", 0.05)
    home = Home(tmp_path / "home")
    home.prepare()

    async def run() -> None:
        async with desktop(tmp_path) as session, asyncio.TaskGroup() as group:
            monkeypatch.setenv(BUS, session.address)
            running = group.create_task(TrayProcess(home).run())
            await until(lambda: len(session.watcher.items) == 1)
            first = int(session.watcher.items[0].rsplit("-", 2)[1])
            os.kill(first, signal.SIGKILL)
            await until(lambda: len(session.watcher.items) == 2)
            second = int(session.watcher.items[1].rsplit("-", 2)[1])
            running.cancel()
            await asyncio.wait({running})
            gone.append(second)

    gone: list[int] = []
    asyncio.run(run())
    assert not Path(f"/proc/{gone[0]}").exists()
