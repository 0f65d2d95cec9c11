"""Scans in the background, with a logind that says what the test wants, and a real scan of a real tree."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from garrison.abilities.databases import Databases, own_rules, sets
from garrison.abilities.surroundings import Surroundings
from garrison.base.clock import FakeClock, SystemClock
from garrison.base.errors import Failed
from garrison.base.paths import Home
from garrison.components.background_scan import component as module
from garrison.components.background_scan.component import BackgroundScan
from garrison.components.background_scan.settings import BackgroundScanSettings
from garrison.components.scan.component import Scan
from garrison.components.scan.run import Run
from garrison.components.scan.settings import ScanSettings
from garrison.sdk.plain import to_plain
from garrison.sdk.testing import START, FakeHost, Staged, stage
from tests.components.scan.test_component_staged import MYSELF, Bench
from tests.linux.desktop_bus import Manager, desktop_bus

needs_bus = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is missing (apt install dbus)")
_FOLDERS, _EACH = 60, 50


class Beside(FakeHost):
    """A host on which the scan component answers too, and events are heard."""

    def __init__(self, scan: Staged[Scan]) -> None:
        super().__init__()
        self._scan = scan
        scan.job.by_itself = True

    async def call(self, operation: str, caller: Any = None, **arguments: Any) -> Any:
        result = to_plain(await self._scan.ask(operation.removeprefix("scan."), **arguments))
        for report in self._scan.host.reports:
            self.to_hear.put_nowait(("scan", report.event))
        self._scan.host.reports.clear()
        return result


class Office(Bench):
    """A computer with a tree to scan, and both components."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(root)
        few = [rule for rule in own_rules() if rule[0] == "eicar.yar"]  # built in no time
        monkeypatch.setattr(sets, "own_rules", lambda: few)
        monkeypatch.setattr("garrison.components.scan.component._ROOT", str(self.files))

        async def nothing(*_: object, **__: object) -> None: ...

        for name in ("look", "look_last", "look_again"):  # the memory of all that runs here is no part of this
            monkeypatch.setattr(Run, name, nothing)
        self.supplies = root / "supplies"
        self.supplies.mkdir()

    def fill(self) -> None:
        for number in range(_FOLDERS):
            (self.files / f"{number:02d}").mkdir()
            for each in range(_EACH):
                (self.files / f"{number:02d}/{each}").write_text(f"letter {number} {each}\n" * 300)

    def unplug(self, is_unplugged: bool = True) -> None:
        battery = self.supplies / "BAT0"
        battery.mkdir(exist_ok=True)
        (battery / "type").write_text("Battery\n")
        (battery / "status").write_text("Discharging\n" if is_unplugged else "Full\n")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[tuple[Staged[Scan], BackgroundScan]]:
        await self.databases.ensure()
        scan = self.staged()
        scan.component.settings = ScanSettings(background_low_priority=False)  # this computer may be busy
        background = stage(
            BackgroundScan,
            home=self.home,
            clock=SystemClock(),
            databases=self.databases,
            surroundings=Surroundings(self.supplies),
        ).component
        background.host = Beside(scan)
        try:
            async with asyncio.TaskGroup() as group:
                run = group.create_task(background.run())
                yield scan, background
                run.cancel()
        finally:
            await self.scanner.close()


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 # what is waited for tells nobody
            await asyncio.sleep(0.005)


def rows(scan: Staged[Scan]) -> list[tuple[str, int]]:
    return [(row.state, row.files) for row in scan.component.paused(MYSELF)]


def is_left_alone(manager: Manager) -> None:
    manager.is_used(int((SystemClock().now() - timedelta(minutes=6)).timestamp() * 1e6))


@needs_bus
@pytest.mark.parametrize("by", ["input", "battery"])
def test_it_stops_when_the_computer_is_used_and_goes_on_later_at_the_same_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    office = Office(tmp_path, monkeypatch)
    office.fill()
    monkeypatch.setattr(module, "_LOOK_AT_SCAN_SECONDS", 0.05 if by == "battery" else 60.0)  # of input it is told
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.05 if by == "battery" else 60.0)

    async def work(manager: Manager) -> None:
        async with office.running() as (scan, background):
            await until(lambda: background.show().obstacle == "the computer is being used")
            assert rows(scan) == []
            is_left_alone(manager)
            await until(lambda: rows(scan) and rows(scan)[0][1] > _EACH)
            if by == "input":
                manager.is_used()
            else:
                office.unplug()
            await until(lambda: rows(scan)[0][0] == "paused")
            ((_, done),) = rows(scan)
            assert _EACH < done < _FOLDERS * _EACH
            assert background.show().state == "waiting"
            await asyncio.sleep(0.2)
            assert rows(scan) == [("paused", done)]
            if by == "input":
                is_left_alone(manager)
            else:
                office.unplug(False)
            await until(lambda: background.show().completed)
            assert background.show().state in {"nothing to do", "scanning"}  # it is just ending
            (past,) = scan.component.results(MYSELF)
            assert (past.files, past.complete, past.task) == (_FOLDERS * _EACH, True, "Background scan")
            assert rows(scan) == []

    async def inside() -> None:
        async with desktop_bus(tmp_path, [("x11", False)], None) as (address, manager):
            monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
            await work(manager)

    asyncio.run(inside())
    memory = json.loads((tmp_path / "state/background-scan/memory.json").read_text())
    assert memory["completed"]


def _alone(tmp_path: Path, settings: BackgroundScanSettings | None = None) -> Staged[BackgroundScan]:
    home = Home(tmp_path / "state")
    clock = FakeClock(START)
    return stage(
        BackgroundScan,
        settings,
        home=home,
        clock=clock,
        databases=Databases(home, clock),
        surroundings=Surroundings(tmp_path),
    )


def test_one_that_waited_when_the_suite_ended_goes_on_and_no_other_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    staged = _alone(tmp_path)
    row = {"id": 3, "task": "Background scan", "state": "cut short", "by_itself": True}
    staged.host.results["scan.paused"] = [row]
    staged.host.results["scan.background"] = {"complete": True}

    async def begun() -> list[str]:
        async with asyncio.TaskGroup() as group:
            run = group.create_task(staged.component.run())
            await until(lambda: staged.host.is_ready)
            await asyncio.sleep(0.1)
            run.cancel()
        return [call.operation for call in staged.host.calls if call.operation != "scan.paused"]

    assert asyncio.run(begun()) == ["scan.background"]
    staged = _alone(tmp_path)
    staged.host.results["scan.paused"] = [{**row, "by_itself": False}, {**row, "task": "Full scan"}]
    assert asyncio.run(begun()) == []


def test_one_that_a_person_paused_is_let_be_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    staged = _alone(tmp_path)
    staged.host.results |= {"scan.background": {"complete": False}, "scan.paused": []}
    staged.component._plan.want_rest()

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            run = group.create_task(staged.component.run())
            await until(lambda: staged.component.show().obstacle == "somebody else stopped it")
            run.cancel()

    asyncio.run(work())
    assert [call.operation for call in staged.host.calls].count("scan.background") == 1


def test_after_many_days_it_is_an_issue_that_can_be_mended(tmp_path: Path) -> None:
    staged = _alone(tmp_path)
    assert not list(staged.component.issues())
    staged.clock.advance(timedelta(days=11))
    (issue,) = staged.component.issues()
    assert (issue.id, issue.fix) == ("overdue", "scan.background")
    assert "11 days" in str(issue.text)


def test_a_scan_that_fails_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    staged = _alone(tmp_path)

    def fail() -> None:
        raise Failed("The scanner keeps ending.")

    staged.host.results["scan.background"] = fail
    staged.host.results["scan.paused"] = []
    staged.component._plan.want_rest()

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            run = group.create_task(staged.component.run())
            await until(lambda: staged.component.show().obstacle == "the last try failed")
            assert staged.component.show().state == "waiting"
            run.cancel()

    asyncio.run(work())
    assert [line.text for line in staged.component.show().sentences()]


@pytest.mark.parametrize("content", ["", "{}", '{"since": 5}'])
def test_a_damaged_memory_is_as_none(tmp_path: Path, content: str) -> None:
    staged = _alone(tmp_path)
    file = tmp_path / "state/background-scan/memory.json"
    file.write_text(content)
    assert not list(_alone(tmp_path).component.issues())
    assert staged.component.show().completed == ""
