from datetime import timedelta

import pytest

from garrison.components.background_scan.plan import DAMAGED, Memory, Plan
from garrison.sdk.testing import START
from tests.components.background_scan.test_settings import Computer

LATER = START + timedelta(days=1)


@pytest.mark.parametrize("memory", [Memory(START), Memory(START, LATER, "set")])
def test_what_is_remembered_comes_back(memory: Memory) -> None:
    assert Memory.from_plain(memory.plain()) == memory


@pytest.mark.parametrize(
    "untrusted",
    [None, [], {}, {"since": 5, "completed": "", "databases": ""}, {**Memory(START).plain(), "databases": 5},
     {**Memory(START).plain(), "since": "2026-01-01"}, {**Memory(START).plain(), "completed": "soon"}],
)  # fmt: skip
def test_what_is_damaged_is_not_believed(untrusted: object) -> None:
    with pytest.raises(DAMAGED):
        Memory.from_plain(untrusted)


def test_what_is_wanted_stays_so_until_a_scan_came_to_its_end() -> None:
    computer = Computer({})
    computer.databases = "second"
    assert computer.wants()
    computer.plan.begun("second")
    assert computer.wants()
    computer.databases = "third"  # while it is under way
    computer.plan.completed()
    assert computer.wants()
    computer.plan.begun("third")
    computer.plan.completed()
    assert not computer.wants()


def test_a_try_that_failed_is_made_again_after_a_while() -> None:
    computer = Computer({})
    computer.plan.put_off("the last try failed")
    assert computer.obstacle == "the last try failed"
    computer.clock.advance(timedelta(minutes=31))
    assert not computer.obstacle


def test_a_clock_that_was_set_back_makes_nothing_overdue() -> None:
    computer = Computer({})
    plan: Plan = computer.plan
    plan.completed()
    computer.clock.set(START - timedelta(days=400))
    assert not plan.is_overdue()
    assert plan.unfinished_for() == timedelta()
