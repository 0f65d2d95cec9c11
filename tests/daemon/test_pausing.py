import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from garrison.abilities.rights import Rights
from garrison.base.errors import Invalid, Refused, Unavailable
from garrison.daemon.pausing import PauseBegun, PauseEnded, Pausing, Until, duration
from garrison.daemon.supervisor import Condition, Supervisor
from garrison.sdk import Component, Event, Feature, Settings
from garrison.sdk.testing import FakeHost
from tests.daemon.parts import ANNA, NOON, ROOT, clock
from tests.daemon.test_suite import Stage, on_stage


class Watcher(Component[Settings]):
    """Watches."""

    id = "watcher"
    title = "Watcher"
    feature = Feature.PROTECTION

    def __init__(self) -> None:
        super().__init__(FakeHost(), Settings())
        self.watches = 0
        self.missed: list[datetime] = []

    async def run(self) -> None:
        self.watches += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.watches -= 1

    def catch_up(self, since: datetime) -> None:
        self.missed.append(since)


class Fetcher(Watcher):
    """Protects nothing by itself."""

    id = "fetcher"
    feature = Feature.CORE


class Computer:
    """A suite that starts and ends, and what it has on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = clock()
        self.events: list[Event] = []

    def start(self, group: asyncio.TaskGroup) -> None:
        self.watcher, self.fetcher = Watcher(), Fetcher()
        components: dict[str, Any] = {"watcher": self.watcher, "fetcher": self.fetcher}
        self.supervisor = Supervisor(group, components, Rights(), self.events.append, self.clock)
        self.pausing = Pausing(self.folder, self.clock, self.supervisor, lambda event, _: self.events.append(event))
        self.pausing.take_up()
        self.supervisor.start_all()


def running(tmp_path: Path, *scripts: Callable[[Computer], Awaitable[None]]) -> Computer:
    """Run scripts, each in a suite that was started anew."""
    computer = Computer(tmp_path)

    async def run(script: Callable[[Computer], Awaitable[None]]) -> None:
        async with asyncio.TaskGroup() as group:
            computer.start(group)
            await asyncio.sleep(0)
            await script(computer)
            for name in ("watcher", "fetcher"):
                await computer.supervisor.stop(name)

    for script in scripts:
        asyncio.run(run(script))
    return computer


def test_what_protects_rests_and_the_rest_goes_on(tmp_path: Path) -> None:
    async def script(computer: Computer) -> None:
        assert (computer.watcher.watches, computer.fetcher.watches) == (1, 1)
        await computer.pausing.begin(ROOT, Until.RESUMED, "we move")
        assert (computer.watcher.watches, computer.fetcher.watches) == (0, 1)
        assert computer.supervisor.condition("watcher")[0] is Condition.PAUSED
        computer.supervisor.start("watcher")  # switched on meanwhile
        await asyncio.sleep(0)
        assert computer.watcher.watches == 0
        computer.clock.advance(timedelta(minutes=7))
        assert computer.pausing.end(ANNA)
        await asyncio.sleep(0)
        assert (computer.watcher.watches, computer.watcher.missed) == (1, [NOON])
        assert not computer.pausing.end(ANNA)

    events = running(tmp_path, script).events
    assert events == [
        PauseBegun(uid=0, ends="until somebody ends it", reason="we move"),
        PauseEnded(minutes=7, why="account 1001 ended it"),
    ]


def test_it_ends_by_itself_when_its_time_is_up(tmp_path: Path) -> None:
    async def script(computer: Computer) -> None:
        async with asyncio.TaskGroup() as group:
            ends = group.create_task(computer.pausing.run())
            await asyncio.sleep(0)
            await computer.pausing.begin(ROOT, Until.TIME, "x", timedelta(seconds=90))
            assert computer.pausing.ends() == "until 2026-01-05 12:01"
            computer.clock.advance(timedelta(seconds=89.99))
            await asyncio.sleep(0.05)  # it looks again after what is left
            assert computer.pausing.pause is not None
            computer.clock.advance(timedelta(seconds=1))
            computer.pausing._changed.set()
            async with asyncio.timeout(5):
                while not computer.watcher.missed:  # noqa: ASYNC110 # until it has ended
                    await asyncio.sleep(0.001)
            ends.cancel()
        assert computer.watcher.missed == [NOON]

    running(tmp_path, script)


def test_it_outlives_a_restart_and_is_caught_up_with_after_one(tmp_path: Path) -> None:
    async def pause(computer: Computer) -> None:
        await computer.pausing.begin(ROOT, Until.TIME, "x", timedelta(hours=1))

    async def still(computer: Computer) -> None:
        assert (computer.watcher.watches, computer.fetcher.watches) == (0, 1)
        computer.clock.advance(timedelta(hours=2))

    async def over(computer: Computer) -> None:
        assert (computer.watcher.watches, computer.watcher.missed) == (1, [NOON])
        assert not (tmp_path / "pause.json").exists()

    running(tmp_path, pause, still, over)


def test_until_restart_ends_with_the_restart(tmp_path: Path) -> None:
    async def pause(computer: Computer) -> None:
        await computer.pausing.begin(ROOT, Until.RESTART, "x")

    async def over(computer: Computer) -> None:
        assert (computer.watcher.watches, computer.watcher.missed) == (1, [NOON])

    running(tmp_path, pause, over)


def test_a_clock_that_is_set_back_makes_no_pause_longer(tmp_path: Path) -> None:
    async def pause(computer: Computer) -> None:
        await computer.pausing.begin(ROOT, Until.TIME, "x", timedelta(hours=1))
        computer.clock.set(NOON - timedelta(days=400))

    async def over(computer: Computer) -> None:
        assert computer.watcher.watches == 1
        assert computer.watcher.missed == [NOON - timedelta(days=400)]

    running(tmp_path, pause, over)


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"since": "x", "until": 0, "kind": "time", "reason": "", "uid": 0}']
)
def test_a_damaged_pause_is_over(tmp_path: Path, content: str) -> None:
    async def script(computer: Computer) -> None:
        assert computer.watcher.watches == 1

    (tmp_path / "pause.json").write_text(content, "ascii")
    running(tmp_path, script)


def test_times() -> None:
    assert duration("15m") == timedelta(minutes=15)
    assert duration(" 1H 30m ") == timedelta(hours=1.5)
    assert duration("2d") == timedelta(days=2)
    for text in ("", "m", "0m", "-5m", "15", "8d", "1y", "9999999999m", "5m x", "\udcff"):
        with pytest.raises(Invalid):
            duration(text)


def test_it_takes_a_reason_a_length_the_owner_and_a_suite_that_protects(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        for arguments in (
            {"reason": "x"},
            {"for_": "15m"},
            {"for_": "15m", "until_restart": True, "reason": "x"},
            {"for_": "15", "reason": "x"},
            {"for_": "15m", "reason": "  "},
        ):
            with pytest.raises(Invalid):
                await stage.call("pause", **arguments)
        with pytest.raises(Refused):
            await stage.call("pause", ANNA, for_="15m", reason="x")
        said = await stage.call("pause", for_="15m", reason="we {move}")
        assert said["text"].startswith("Protection is paused until 2026-01-05 12:15.")
        status = await stage.call("status")
        assert (status["colour"], status["issues"][0]["id"]) == ("red", "suite.paused")
        assert status["issues"][0]["text"] == "Protection is paused until 2026-01-05 12:15: we {move}"
        await stage.call("fix", issue="suite.paused")
        assert "suite.paused" not in [row["id"] for row in (await stage.call("status"))["issues"]]
        stage.parts.is_lasting = False
        with pytest.raises(Unavailable):
            await stage.call("pause", for_="15m", reason="x")

    on_stage(tmp_path, script)
