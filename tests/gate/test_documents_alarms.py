"""Tests of what is known of alarms: who is stopped, who was let go on, and for how long."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from garrison.base.clock import FakeClock
from garrison.gate.documents_alarms import Alarms
from garrison.gate.documents_store import Store
from garrison.linux.freezing import Stopped
from garrison.linux.lineage import start_of
from garrison.wire.watching import Alarm, Decision


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> Iterator[Store]:
    made = Store(tmp_path / "store", clock, lambda _: None)
    yield made
    made.close()


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def alarm_about(process: "subprocess.Popen[bytes]", node: str = "program:0:/usr/bin/python3", number: int = 1) -> Alarm:
    start = start_of(process.pid)
    assert start is not None
    held = Stopped("", {process.pid: start}).to_plain()
    return Alarm(f"{number:08x}", node, "/usr/bin/python3", "", 0, 5.0, 10.0, 3.0, {}, held, process.pid)


def test_who_is_stopped_is_so_until_it_is_decided_about(store: Store, sleeper: "subprocess.Popen[bytes]") -> None:
    alarms = Alarms(store)
    alarm = alarm_about(sleeper)
    alarms.add(alarm)
    for known in (alarms, Alarms(store)):  # another one: after a crash
        assert known.stops([alarm.node, "session:1"])
        assert not known.stops(["session:1"])
        assert store.pinned_since == 5.0
    assert alarms.decide(alarm.id, Decision.END) == alarm.node
    assert sleeper.wait(10) == -9
    assert alarms.decide(alarm.id, Decision.END) == ""
    assert not alarms.stops([alarm.node])
    assert store.pinned_since is None
    assert [each.decision for each in store.alarms()] == ["end"]


def test_a_release_holds_for_as_long_as_those_are_there_who_were_stopped(
    store: Store, sleeper: "subprocess.Popen[bytes]"
) -> None:
    alarms = Alarms(store)
    alarm = alarm_about(sleeper)
    alarms.add(alarm)
    alarms.decide(alarm.id, Decision.RELEASE)
    alarms.prune()
    assert alarms.forgives([alarm.node])
    assert Alarms(store).forgives([alarm.node])
    sleeper.kill()
    sleeper.wait(10)
    alarms.prune()
    assert not alarms.forgives([alarm.node])  # the next run of the same interpreter is judged anew
    assert not Alarms(store).forgives([alarm.node])
    assert not alarms._forgiven


def test_who_is_only_told_of_is_told_of_once_a_minute(store: Store, clock: FakeClock) -> None:
    alarms = Alarms(store)
    assert [alarms.may_tell("session:1"), alarms.may_tell("session:1"), alarms.may_tell("session:2")] == [
        True, False, True,
    ]  # fmt: skip
    alarms.prune()
    assert not alarms.may_tell("session:1")
    clock.advance(timedelta(seconds=61))
    alarms.prune()
    assert not alarms._told
    assert alarms.may_tell("session:1")


def test_what_nobody_is_stopped_for_waits_for_nothing(store: Store) -> None:
    alarms = Alarms(store)
    alarms.add(Alarm("1", "session:1", "", "", 0, 5.0, 10.0, 3.0, {}))
    assert not alarms.stops(["session:1"])
    assert store.pinned_since is None
    assert len(store.alarms()) == 1
