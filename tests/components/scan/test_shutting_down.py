"""Shutting down after a scan, with a logind that only notes what it is asked for."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from garrison.abilities.databases import own_rules, sets
from garrison.base.clock import SystemClock
from garrison.base.errors import Refused, Unavailable
from garrison.components.scan import shutting_down as module
from garrison.components.scan.component import Scan
from garrison.components.scan.events import ShutDownSoon
from garrison.components.scan.results import ScanSummary
from garrison.components.scan.run import Run
from garrison.sdk.testing import Staged
from tests.components.scan.test_component_staged import MYSELF, OTHER, Bench
from tests.linux.desktop_bus import Manager, desktop_bus

pytestmark = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is missing (apt install dbus)")
Work = Callable[[Staged[Scan], Manager], Awaitable[None]]


class Desk(Bench):
    """A computer whose only folder is its files, and its logind."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        super().__init__(root)
        self.root, self.patch = root, patch
        few = [rule for rule in own_rules() if rule[0] == "eicar.yar"]  # built in no time
        patch.setattr(sets, "own_rules", lambda: few)
        patch.setattr("garrison.components.scan.component._ROOT", str(self.files))

        async def nothing(*_: object, **__: object) -> None: ...

        for name in ("look", "look_last"):  # the memory of all that runs here is no part of this
            patch.setattr(Run, name, nothing)

    def at_it(self, work: Work) -> None:
        async def inside(staged: Staged[Scan]) -> None:
            staged.component._shutting_down._clock = SystemClock()  # logind's times are the real ones
            async with desktop_bus(self.root, [("x11", False)], None) as (address, manager):
                self.patch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
                await work(staged, manager)

        self.run(inside)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(module, "_WARNING_SECONDS", 0.3)
    return Desk(tmp_path, monkeypatch)


def leave(manager: Manager) -> None:
    manager.is_used(int((SystemClock().now() - timedelta(minutes=6)).timestamp() * 1e6))


def test_it_is_shut_down_when_nobody_is_there(desk: Desk) -> None:
    async def work(staged: Staged[Scan], manager: Manager) -> None:
        leave(manager)
        summary: ScanSummary = await staged.ask("full", MYSELF, shut_down=True)
        assert summary.shut_down == "the computer is shutting down"
        assert manager.powered_off == [False]
        assert any(isinstance(event, ShutDownSoon) for event in staged.reported)
        manager.powered_off.clear()
        assert (await staged.ask("full", MYSELF)).shut_down == ""
        assert manager.powered_off == []

    desk.at_it(work)


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_it_is_not_when_somebody_uses_the_computer(desk: Desk, when: str) -> None:
    desk.patch.setattr(module, "_WARNING_SECONDS", 60.0)

    async def work(staged: Staged[Scan], manager: Manager) -> None:
        if when == "meanwhile":
            leave(manager)
        async with asyncio.TaskGroup() as group:
            scan = group.create_task(staged.ask("full", MYSELF, shut_down=True))
            while not any(isinstance(event, ShutDownSoon) for event in staged.reported):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            manager.is_used()
            async with asyncio.timeout(20):
                summary = await scan
        assert summary.shut_down == "not shut down: somebody is using the computer"
        assert manager.powered_off == []

    desk.at_it(work)


@pytest.mark.parametrize("action", ["report", "ask"])
def test_it_is_not_when_threats_wait_for_a_decision(desk: Desk, action: str) -> None:
    path = desk.make("eicar.com")

    async def work(staged: Staged[Scan], manager: Manager) -> None:
        leave(manager)
        summary = await staged.ask("full", MYSELF, shut_down=True, action=action)
        assert path.exists()
        assert summary.shut_down == "not shut down: threats wait for you to decide what is to be done"
        assert "not shut down" in str(summary.sentences()[-1])
        assert manager.powered_off == []
        assert (await staged.ask("full", MYSELF, shut_down=True, action="quarantine")).handled == 1
        assert manager.powered_off == [False]

    desk.at_it(work)


def test_it_is_refused_before_anything_is_scanned(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(staged: Staged[Scan], manager: Manager) -> None:
        for word, sentence in (("no", "this account may not"), ("challenge", "takes a password"), ("na", "software")):
            manager.can_power_off = word
            with pytest.raises(Unavailable, match=sentence):
                await staged.ask("full", MYSELF, shut_down=True)
        manager.can_power_off = "yes"
        with pytest.raises(Refused, match="Only whoever looks after"):
            await staged.ask("full", OTHER, shut_down=True)
        staged.job.by_itself, staged.job.caller = True, MYSELF
        with pytest.raises(Refused, match="begin yourself"):
            await staged.ask("full", shut_down=True)
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={desk.root}/none")
        with pytest.raises(Unavailable, match="no logind"):
            await staged.ask("full", MYSELF, shut_down=True)
        assert staged.component.results(MYSELF) == []

    desk.at_it(work)


def test_what_logind_refuses_in_the_end_is_said(desk: Desk) -> None:
    async def work(staged: Staged[Scan], manager: Manager) -> None:
        leave(manager)
        await staged.component._shutting_down.check(staged.job)
        manager.can_power_off = "no"
        summary = ScanSummary(objects=1, files=1, bytes=1, seconds=1.0, findings=[], errors=[])
        assert "logind refused it" in await staged.component._shutting_down.after(summary, staged.job)
        cut = summary.model_copy(update={"complete": False})
        assert "did not come to its end" in await staged.component._shutting_down.after(cut, staged.job)

    desk.at_it(work)
