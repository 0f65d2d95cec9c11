"""Each setting of scans in the background counts."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from garrison.base.clock import FakeClock
from garrison.components.background_scan.plan import Memory, Plan
from garrison.components.background_scan.settings import BackgroundScanSettings
from garrison.linux.circumstances import Circumstances
from garrison.sdk.testing import START

NEVER = {"after_update": False, "after_start_minutes": 0, "every_hours": 0, "after_idle_minutes": 0}


class Computer:
    """A computer with a plan, and what goes on around it."""

    def __init__(self, settings: Mapping[str, Any], **more: Any) -> None:
        self.clock = FakeClock(START)
        self.plan = Plan(self.clock, BackgroundScanSettings(**{**settings, **more}), Memory(START, databases="first"))
        self.databases = "first"
        self.idle: float | None = None
        self.on_battery = False

    def wants(self, **passed: float) -> bool:
        """Let time pass, and look."""
        self.clock.advance(timedelta(**passed))
        self.plan.notice(self.databases, Circumstances(self.idle))
        return bool(self.plan.reasons)

    @property
    def obstacle(self) -> str:
        return self.plan.obstacle(Circumstances(self.idle), self.on_battery)


def test_with_everything_off_none_is_ever_wanted() -> None:
    computer = Computer(NEVER)
    computer.databases, computer.idle = "second", 10_000.0
    assert not computer.wants(days=20)


@pytest.mark.parametrize("is_on", [True, False])
def test_after_an_update(is_on: bool) -> None:
    computer = Computer(NEVER, after_update=is_on)
    assert not computer.wants(days=1)
    computer.databases = "second"
    assert computer.wants() is is_on


@pytest.mark.parametrize("minutes", [30, 7])
def test_after_the_start(minutes: int) -> None:
    computer = Computer(NEVER, after_start_minutes=minutes)
    assert not computer.wants(minutes=minutes - 1)
    assert computer.wants(minutes=1)
    computer.plan.begun("first")
    computer.plan.completed()
    assert not computer.wants(days=1)


@pytest.mark.parametrize("hours", [6, 2])
def test_every_so_many_hours(hours: int) -> None:
    computer = Computer(NEVER, every_hours=hours)
    for _ in range(3):
        assert not computer.wants(hours=hours, minutes=-1)
        assert computer.wants(minutes=1)
        computer.plan.begun("first")
        computer.plan.completed()


@pytest.mark.parametrize("minutes", [5, 12])
def test_once_in_each_time_that_nobody_uses_the_computer(minutes: int) -> None:
    computer = Computer(NEVER, after_idle_minutes=minutes)
    for _ in range(2):
        computer.idle = minutes * 60 - 1.0
        assert not computer.wants()
        assert computer.obstacle
        computer.idle = minutes * 60.0
        assert computer.wants()
        assert not computer.obstacle
        computer.plan.begun("first")
        computer.plan.completed()
        computer.idle = 9999.0
        assert not computer.wants(hours=1)
        computer.idle = 0.0
        assert not computer.wants()


@pytest.mark.parametrize("stops", [True, False])
def test_use_holds_it_up(stops: bool) -> None:
    computer = Computer({}, stop_when_used=stops)
    computer.idle = 0.0
    assert bool(computer.obstacle) is stops
    computer.idle = None
    assert not computer.obstacle  # nobody can tell


@pytest.mark.parametrize("also", [True, False])
def test_a_battery_holds_it_up(also: bool) -> None:
    computer = Computer({}, on_battery=also)
    assert not computer.obstacle
    computer.on_battery = True
    assert bool(computer.obstacle) is not also
    computer.clock.advance(timedelta(days=20))
    assert bool(computer.obstacle) is not also  # however long none was completed


@pytest.mark.parametrize("days", [10, 3, 0])
def test_after_many_days_without_one_use_does_not_hold_it_up(days: int) -> None:
    computer = Computer({}, finish_after_days=days)
    computer.idle = 0.0
    computer.clock.advance(timedelta(days=days or 365, minutes=-1))
    assert computer.obstacle == "the computer is being used"
    computer.clock.advance(timedelta(minutes=1))
    assert (computer.obstacle == "") is bool(days)
    computer.plan.completed()
    assert computer.obstacle
