import asyncio
import contextlib
import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from garrison.base.clock import FakeClock
from garrison.base.errors import Failed, GarrisonError, Invalid, NotFound, Unavailable
from garrison.daemon.scheduler import Scheduler, Senses
from garrison.linux.circumstances import Circumstances
from garrison.sdk import Caller, Schedule
from garrison.wire.manifest import Manifest, Operation, Value
from tests.daemon.parts import ROOT

BERLIN = ZoneInfo("Europe/Berlin")
MANIFEST = Manifest(
    "scan",
    "Scan",
    "",
    "core",
    operations=(
        Operation("scan.quick", "Quick", "", "operate", is_task=True),
        Operation("scan.daily", "Daily", "", "operate", is_task=True, schedule="every 1 day at 12:30, if missed"),
        Operation(
            "scan.files", "Files", "", "operate", is_task=True, parameters=(Value("paths", "path", "", required=True),)
        ),
        Operation("scan.show", "Show", "", "view"),
    ),
)


class Stage:
    """A scheduler, on a clock of its own. started: what it started, and when."""

    def __init__(self, folder: Path, when: str = "2026-01-05T09:00") -> None:
        self.folder = folder
        self.clock = FakeClock(datetime.fromisoformat(when).replace(tzinfo=BERLIN))
        self.started: list[tuple[str, str]] = []
        self.on_battery = False
        self.around = Circumstances()
        self.databases = "first"
        self.restart()

    def restart(self) -> None:
        senses = Senses(lambda: self.on_battery, self._look, lambda: self.databases)
        self.scheduler = Scheduler(self.folder, self.clock, BERLIN, (MANIFEST,), self._start, senses)

    async def _look(self, now: datetime) -> Circumstances:
        assert now == self.clock.now()
        return self.around

    def _start(self, operation: str, arguments: dict[str, Any], caller: Caller) -> None:
        self.started.append((operation, self.clock.now().astimezone(BERLIN).strftime("%m-%dT%H:%M")))

    def pass_time(self, **by: float) -> list[str]:
        """Let time pass, look every minute or when the scheduler wants to; return when something was started."""
        self.started.clear()
        left = timedelta(**by)
        while left > timedelta():
            step = min(left, self.scheduler.tick(self.around))
            self.clock.advance(step)
            left -= step
        self.scheduler.tick(self.around)
        return [when for _, when in self.started]

    def set(self, text: str, operation: str = "scan.quick") -> None:
        self.scheduler.set(operation, Schedule.parse(text), {}, ROOT)

    def row(self, operation: str = "scan.quick") -> dict[str, Any]:
        return next(row for row in self.scheduler.rows() if row.operation == operation).model_dump()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path)
    made.set("manual", "scan.daily")
    return made


def test_what_it_knows(tmp_path: Path) -> None:
    made = Stage(tmp_path)
    assert [row.operation for row in made.scheduler.rows()] == ["scan.quick", "scan.daily", "scan.files"]
    assert made.row() == {"operation": "scan.quick", "schedule": "manual", "last": "", "next": "", "changed": False}
    assert made.row("scan.daily")["next"] == "2026-01-05T12:30:00+01:00"
    assert made.pass_time(hours=48) == ["01-05T12:30", "01-06T12:30"]
    assert made.row("scan.daily")["last"] == "2026-01-06T12:30:00+01:00"


def test_it_is_kept(stage: Stage) -> None:
    stage.set("weekdays at 18:00, not on battery")
    stage.restart()
    assert stage.row()["schedule"] == "weekdays at 18:00, not on battery"
    assert stage.row()["changed"] is True
    assert (stage.folder / "schedule.json").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_scheduled(stage: Stage) -> None:
    for operation in ("scan.show", "no.such", "\udcff"):
        with pytest.raises(NotFound):
            stage.set("start", operation)
    with pytest.raises(Invalid, match="it needs paths"):
        stage.set("start", "scan.files")


def test_summer_time_comes_and_goes(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "2026-03-27T12:00")
    stage.set("manual", "scan.daily")
    stage.set("every 1 day at 02:30")
    assert stage.pass_time(days=4) == ["03-28T02:30", "03-29T03:30", "03-30T02:30", "03-31T02:30"]
    stage = Stage(tmp_path, "2026-10-24T12:00")
    assert stage.pass_time(days=2) == ["10-25T02:30", "10-26T02:30"]
    stage.set("every 1 hour")
    assert len(stage.pass_time(hours=24)) == 25  # what is overdue, and one an hour


def test_what_was_missed_is_made_up_for_only_if_wanted(stage: Stage) -> None:
    for flag, made_up in (("", []), (", if missed", ["01-10T09:00"])):
        stage.clock.set(datetime(2026, 1, 5, 9, tzinfo=BERLIN))
        stage.set(f"every 1 day at 08:00{flag}")
        stage.restart()
        stage.pass_time(days=1)
        stage.clock.set(datetime(2026, 1, 10, 9, tzinfo=BERLIN))
        stage.restart()
        assert stage.pass_time(hours=1) == made_up
        assert stage.pass_time(hours=24) == ["01-11T08:00"]


def test_the_mains_are_waited_for(stage: Stage) -> None:
    stage.set("every 1 day at 12:30, not on battery")
    stage.on_battery = True
    assert stage.pass_time(hours=5) == []
    stage.on_battery = False
    assert stage.pass_time(minutes=2) == ["01-05T14:00"]


def test_the_clock_may_be_set_back(stage: Stage) -> None:
    stage.set("every 1 hour")
    assert len(stage.pass_time(hours=3)) == 3
    stage.clock.set(datetime(2020, 1, 1, tzinfo=BERLIN))
    assert len(stage.pass_time(hours=3)) == 3
    stage.clock.set(datetime(2019, 1, 1, tzinfo=BERLIN))
    stage.restart()
    assert len(stage.pass_time(hours=3)) == 3


def test_the_clock_may_be_set_forward(stage: Stage) -> None:
    stage.set("every 1 hour")
    stage.clock.set(datetime(2030, 1, 1, tzinfo=BERLIN))
    assert stage.pass_time(hours=2) == ["01-01T00:00", "01-01T01:00", "01-01T02:00"]


DAMAGE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no object": lambda stored: [],
    "no entries": lambda stored: {**stored, "scan.quick": 3},
    "nothing in an entry": lambda stored: {**stored, "scan.quick": {}},
    "no schedule": lambda stored: {**stored, "scan.quick": {**stored["scan.quick"], "schedule": "sometimes"}},
    "no text": lambda stored: {**stored, "scan.quick": {**stored["scan.quick"], "schedule": 3}},
    "no caller": lambda stored: {**stored, "scan.quick": {**stored["scan.quick"], "caller": ["x", 0, []]}},
    "no arguments": lambda stored: {**stored, "scan.quick": {**stored["scan.quick"], "arguments": []}},
    "no time": lambda stored: {**stored, "scan.quick": {**stored["scan.quick"], "last": "yesterday"}},
    "time out of bounds": lambda stored: {
        **stored,
        "scan.quick": {**stored["scan.quick"], "last": "0001-01-01T00:00:00+10:00"},
    },
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_entry_gives_way_alone_and_the_file_is_kept(stage: Stage, damage: Callable[[Any], Any]) -> None:
    stage.set("every 1 hour")
    stored = json.loads((stage.folder / "schedule.json").read_bytes())
    content = json.dumps(damage(stored)).encode()
    (stage.folder / "schedule.json").write_bytes(content)
    stage.restart()
    assert stage.scheduler.damaged
    assert stage.row()["schedule"] == "manual"
    assert (stage.folder / "schedule.damaged.json").read_bytes() == content
    if content != b"[]":
        assert stage.row("scan.daily")["schedule"] == "manual"  # the owner's word on the other one still holds


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 10**6])
def test_a_damaged_file_leaves_the_defaults(stage: Stage, content: bytes) -> None:
    (stage.folder / "schedule.json").write_bytes(content)
    stage.restart()
    assert stage.row("scan.daily")["schedule"] == "every 1 day at 12:30, if missed"


def test_a_time_in_the_far_future_is_no_obstacle(stage: Stage) -> None:
    stage.set("every 1 hour")
    stored = json.loads((stage.folder / "schedule.json").read_bytes())
    stored["scan.quick"]["last"] = "9999-12-31T23:59:59+00:00"
    (stage.folder / "schedule.json").write_text(json.dumps(stored), "utf-8")
    stage.restart()
    assert len(stage.pass_time(hours=2)) == 2


def test_a_full_disk_changes_nothing_and_stops_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.set("every 1 hour")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Failed):
        stage.set("every 2 hours")
    assert stage.row()["schedule"] == "every 1 hour"
    with pytest.raises(GarrisonError):
        stage.set("start", "scan.daily")
    assert len(stage.pass_time(hours=2)) == 2


def test_what_runs_at_the_start_and_what_is_set_later(stage: Stage) -> None:
    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(stage.scheduler.run())
            await asyncio.sleep(0)
            assert stage.started == [("scan.quick", "01-05T09:00")]
            stage.set("every 1 minute")
            stage.clock.advance(timedelta(minutes=1))
            stage.set("every 1 minute")  # wakes it
            await asyncio.sleep(0.01)
            assert len(stage.started) == 2
            running.cancel()

    stage.set("start")
    asyncio.run(run())


def test_when_idle_runs_once_each_time_the_computer_is_left_alone(stage: Stage) -> None:
    stage.set("when idle")
    assert stage.pass_time(minutes=10) == []
    stage.around = Circumstances(idle_seconds=299)
    assert stage.pass_time(minutes=5) == []
    stage.around = Circumstances(idle_seconds=301)
    assert len(stage.pass_time(minutes=30)) == 1
    stage.around = Circumstances(idle_seconds=0)
    assert stage.pass_time(minutes=5) == []
    stage.around = Circumstances(idle_seconds=900)
    assert len(stage.pass_time(minutes=30)) == 1


def test_after_update_runs_once_for_each_new_set_also_over_a_restart(stage: Stage) -> None:
    stage.set("after update")
    assert stage.pass_time(hours=1) == []
    stage.databases = "second"
    assert len(stage.pass_time(hours=1)) == 1
    stage.restart()
    assert stage.pass_time(hours=1) == []
    stage.databases = "third"
    stage.restart()
    assert len(stage.pass_time(hours=1)) == 1


def test_conditions_hold_a_task_up_until_they_are_met(stage: Stage) -> None:
    stage.set("every 1 hour, not when metered, only when locked")
    stage.around = Circumstances(metered=True, locked=True)
    assert stage.pass_time(hours=3) == []
    stage.around = Circumstances(metered=False, locked=False)
    assert stage.pass_time(hours=3) == []
    stage.around = Circumstances(metered=None, locked=None)
    assert stage.pass_time(hours=3) == []
    stage.around = Circumstances(metered=None, locked=True)
    assert len(stage.pass_time(minutes=5)) == 1


def test_a_start_on_battery_is_made_up_for_when_the_mains_are_back(stage: Stage) -> None:
    stage.set("start, not on battery")
    stage.on_battery = True

    async def begin() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await stage.scheduler.run()

    asyncio.run(begin())
    assert stage.pass_time(hours=1) == []
    stage.on_battery = False
    assert len(stage.pass_time(hours=1)) == 1


@pytest.mark.parametrize("text", ["when idle", "start, only when locked", "start, not when metered"])
def test_what_this_computer_cannot_tell_is_refused(stage: Stage, text: str) -> None:
    with pytest.raises(Unavailable, match="cannot tell"):
        asyncio.run(stage.scheduler.check(Schedule.parse(text)))
    stage.around = Circumstances(idle_seconds=0, locked=False, metered=False)
    asyncio.run(stage.scheduler.check(Schedule.parse(text)))


def test_a_month_keeps_its_day_over_shorter_ones(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "2026-01-31T09:00")
    stage.set("manual", "scan.daily")
    stage.set("every 1 month")
    assert stage.pass_time(days=32) == ["02-28T09:00"]
    stage.restart()
    assert stage.pass_time(days=95) == ["03-31T09:00", "04-30T09:00", "05-31T09:00"]


def test_a_schedule_of_before_keeps_the_day_it_has_come_to(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "2026-01-31T09:00")
    stage.set("manual", "scan.daily")
    stage.set("every 1 month")
    file = tmp_path / "schedule.json"
    plain = json.loads(file.read_bytes())
    del plain["scan.quick"]["anchor"]
    plain["scan.quick"]["last"] = "2026-01-30T09:00:00+01:00"
    file.write_text(json.dumps(plain))
    stage.restart()
    assert stage.pass_time(days=60) == ["02-28T09:00", "03-30T09:00"]
    plain["scan.quick"]["anchor"] = 32
    file.write_text(json.dumps(plain))
    stage.restart()
    assert "no entry" in stage.scheduler.damaged
