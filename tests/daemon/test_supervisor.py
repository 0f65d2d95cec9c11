import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from garrison.abilities.rights import Rights
from garrison.base.errors import Failed
from garrison.daemon.supervisor import ComponentFailed, ComponentRecovered, Condition, Supervisor
from garrison.sdk import AnyComponent, Component, Event, Settings, Text
from garrison.sdk.testing import FakeHost
from tests.daemon.parts import clock

EMPTY: dict[str, int] = {}


class Guard(Component[Settings]):
    """Guards."""

    id = "guard"
    title = "Guard"
    why_not: Text | None = None
    script: Iterator[Callable[[], Any]] = iter(())

    async def run(self) -> None:
        for step in self.script:
            if step() == "raise":
                raise Failed("It fell over \udcff.")
        await asyncio.Event().wait()

    def unsupported(self) -> Text | None:
        return self.why_not


class Idle(Component[Settings]):
    """Has nothing to run."""

    id = "idle"
    title = "Idle"


class Stage:
    """A supervisor whose pauses take no time. pauses: the seconds it would have waited."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self.clock = clock()
        self.guard = Guard(FakeHost(), Settings())
        self.components: dict[str, AnyComponent] = {"guard": self.guard, "idle": Idle(FakeHost(), Settings())}
        self.events: list[Event] = []
        self.pauses: list[float] = []
        self.supervisor = Supervisor(
            group, self.components, Rights(), self.events.append, self.clock, pause=self._pause
        )

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.clock.advance(timedelta(seconds=seconds))
        await asyncio.sleep(0)

    def ready(self) -> None:
        self.supervisor.ready("guard")

    def fail(self) -> str:
        return "raise"

    async def end(self) -> None:
        await self.supervisor.stop("guard")

    async def settle(self) -> None:
        for _ in range(200):
            await asyncio.sleep(0)


def on_stage(script: Callable[[Stage], Any]) -> Stage:
    async def run() -> Stage:
        async with asyncio.TaskGroup() as group:
            stage = Stage(group)
            await script(stage)
            await stage.end()
        return stage

    return asyncio.run(run())


def test_failures_are_told_once_and_pauses_double_to_five_minutes(caplog: pytest.LogCaptureFixture) -> None:
    async def script(stage: Stage) -> None:
        stage.guard.script = iter([stage.fail] * 12 + [stage.ready])
        stage.supervisor.start_all()
        await stage.settle()
        assert stage.supervisor.condition("guard") == (Condition.RUNNING, "")

    stage = on_stage(script)
    assert stage.pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert stage.events == [
        ComponentFailed(component="Guard", reason="It fell over \udcff."),
        ComponentRecovered(component="Guard"),
    ]


def test_a_defect_is_logged_once_however_often_it_shows(caplog: pytest.LogCaptureFixture) -> None:
    async def script(stage: Stage) -> None:
        stage.guard.script = iter([lambda: EMPTY["x"]] * 5)
        stage.supervisor.start_all()
        await stage.settle()

    with caplog.at_level(logging.ERROR):
        stage = on_stage(script)
    assert len(stage.pauses) == 5
    assert len(caplog.records) == 1


def test_what_worked_for_a_while_begins_again_with_a_second() -> None:
    async def script(stage: Stage) -> None:
        def work() -> None:
            stage.clock.advance(timedelta(minutes=2))

        stage.guard.script = iter([stage.fail, stage.fail, stage.ready, work, stage.fail])
        stage.supervisor.start_all()
        await stage.settle()

    assert on_stage(script).pauses == [1, 2, 1]


def test_what_is_ready_and_fails_at_once_is_still_held_back() -> None:
    async def script(stage: Stage) -> None:
        stage.guard.script = iter([stage.ready, stage.fail] * 5)
        stage.supervisor.start_all()
        await stage.settle()

    assert on_stage(script).pauses == [1, 2, 4, 8, 16]


def test_a_cancellation_from_within_is_a_failure() -> None:
    def cancelled() -> None:
        raise asyncio.CancelledError

    async def script(stage: Stage) -> None:
        stage.guard.script = iter([cancelled])
        stage.supervisor.start_all()
        await stage.settle()

    stage = on_stage(script)
    assert stage.pauses == [1]
    assert len(stage.events) == 1


def test_conditions() -> None:
    async def script(stage: Stage) -> None:
        condition = stage.supervisor.condition
        assert condition("guard") == (Condition.READY, "")  # a short-lived daemon runs nothing
        stage.supervisor.start("guard")
        assert condition("guard") == (Condition.READY, "")
        stage.supervisor.start_all()
        assert condition("guard") == (Condition.STARTING, "")
        assert condition("idle") == (Condition.READY, "")
        stage.guard.settings = Settings(enabled=False)
        assert condition("guard") == (Condition.OFF, "")
        await stage.supervisor.stop("guard")
        stage.supervisor.start("guard")
        stage.guard.settings = Settings()
        assert condition("guard") == (Condition.READY, "")
        stage.guard.why_not = Text("No kernel for {what}", what="it")
        assert condition("guard") == (Condition.UNSUPPORTED, "No kernel for it")

    on_stage(script)


def test_what_cannot_say_whether_it_works_here_does_not_run() -> None:
    async def script(stage: Stage) -> None:
        stage.guard.unsupported = lambda: 1 / 0  # type: ignore[method-assign,assignment,return-value]
        stage.supervisor.start_all()
        condition, why = stage.supervisor.condition("guard")
        assert condition is Condition.UNSUPPORTED
        assert "ZeroDivisionError" in why

    on_stage(script)


def test_stopping_waits_and_starting_twice_is_once() -> None:
    async def script(stage: Stage) -> None:
        stage.supervisor.start_all()
        stage.supervisor.start("guard")
        await stage.settle()
        await stage.supervisor.stop("guard")
        await stage.supervisor.stop("guard")
        assert stage.supervisor.condition("guard") == (Condition.READY, "")
        stage.supervisor.ready("guard")  # too late, and no harm

    assert on_stage(script).events == []
