"""The console component with its real process."""

import asyncio
import os
import pwd
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from garrison.abilities.sessions import Sessions
from garrison.base.clock import FakeClock
from garrison.base.errors import Failed, GarrisonError, Unavailable
from garrison.base.paths import Home
from garrison.components.console import process
from garrison.components.console.component import Console, ConsoleRefused, ConsoleSettings
from garrison.components.console.process import ConsoleProcess
from garrison.daemon.isolation import first_of
from garrison.sdk.testing import START, Staged, stage
from tests.daemon.live import is_alive


def _staged(tmp_path: Path, port: int = 0) -> tuple[Staged[Console], Sessions]:
    home = Home(tmp_path / "home")
    home.prepare()
    time = FakeClock(START)
    sessions = Sessions(time)
    return stage(Console, ConsoleSettings(port=port), home=home, clock=time, sessions=sessions), sessions


def test_it_is_started_when_it_is_opened_and_started_again_when_it_dies(tmp_path: Path) -> None:
    async def script() -> None:
        staged, sessions = _staged(tmp_path)
        with pytest.raises(Unavailable):
            await staged.ask("open")
        running = asyncio.get_running_loop().create_future()
        async with asyncio.TaskGroup() as group:
            run = group.create_task(_run(staged.component, running))
            await asyncio.sleep(0)
            assert sessions.process == 0
            url = urlsplit((await staged.ask("open")).url)
            assert url.hostname == "127.0.0.1"
            assert is_alive(sessions.process)
            os.kill(sessions.process, 9)
            assert isinstance(await running, Failed)
            run.cancel()
        assert sessions.process == 0

    asyncio.run(script())


async def _run(console: Console, ended: "asyncio.Future[BaseException]") -> None:
    try:
        await console.run()
    except* GarrisonError as group:
        ended.set_result(first_of(group))


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    async def script() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            staged, _ = _staged(tmp_path, taken.getsockname()[1])
            async with asyncio.TaskGroup() as group:
                run = group.create_task(staged.component.run())
                await asyncio.sleep(0)
                for _ in range(2):
                    with pytest.raises(Unavailable, match="cannot listen at port"):
                        await staged.ask("open")
                run.cancel()

    asyncio.run(script())


def test_what_is_turned_away_is_written_down_and_very_many_are_counted(tmp_path: Path) -> None:
    staged, sessions = _staged(tmp_path)
    for _ in range(50):
        sessions.refuse("origin", "http://evil.example")
    told = [event for event in staged.reported if isinstance(event, ConsoleRefused)]
    assert len(told) == 20
    assert told[0].why == "it came from the page of another site (http://evil.example)"
    assert isinstance(staged.component._clock, FakeClock)
    staged.component._clock.advance(timedelta(minutes=1))
    sessions.refuse("csrf")
    last = staged.reported[-1]
    assert isinstance(last, ConsoleRefused)
    assert last.more == 30


def test_signing_out_everywhere_tells_how_many_it_were(tmp_path: Path) -> None:
    async def script() -> None:
        staged, sessions = _staged(tmp_path)
        sessions.redeem(sessions.ticket(staged.job.caller))
        assert (await staged.ask("sign-out-everywhere")).count == 1

    asyncio.run(script())


def _status(number: int) -> str:
    return Path(f"/proc/{number}/status").read_text("ascii")


class _WholeComputer(Home):
    """A home that counts as the whole computer's."""

    is_system = True


def _as_account(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ConsoleProcess:
    monkeypatch.setattr(process, "ACCOUNT", name)
    return ConsoleProcess(_WholeComputer(tmp_path / "home"), Sessions(FakeClock(START)))


def _may_run_here() -> bool:
    """Return whether an account without rights may run this Python at all: not below a folder that it may not enter."""
    if os.geteuid() != 0:
        return False
    try:
        command = [sys.executable, "-I", "-c", "import uvicorn, garrison.console"]
        return (
            subprocess.run(command, user="nobody", group="nogroup", stderr=subprocess.DEVNULL, check=False).returncode
            == 0
        )
    except OSError:
        return False


@pytest.mark.skipif(not _may_run_here(), reason="needs root, and a Python that every account may run")
def test_the_whole_computers_console_runs_as_an_account_without_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script() -> None:
        console = _as_account("nobody", monkeypatch, tmp_path)
        ready = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(console.serve(0, ready))
            async with asyncio.timeout(30):
                await ready.wait()
            status = _status(console._sessions.process)
            serving.cancel()
        told = dict(line.split(":", 1) for line in status.splitlines())
        assert set(told["Uid"].split()) == {str(pwd.getpwnam("nobody").pw_uid)}
        assert told["Groups"].split() == []
        assert int(told["CapEff"], 16) == 0

    asyncio.run(script())


def test_an_account_that_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    console = _as_account("no-such-account", monkeypatch, tmp_path)
    with pytest.raises(Unavailable, match="needs the account no-such-account"):
        asyncio.run(console.serve(0, asyncio.Event()))
