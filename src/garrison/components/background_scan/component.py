"""The component that scans in the background."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable
from typing import Any

from garrison import sdk
from garrison.abilities.databases import Databases
from garrison.abilities.surroundings import Surroundings
from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError
from garrison.base.files import read_json, write_json
from garrison.base.paths import Home
from garrison.components.background_scan.plan import DAMAGED, Memory, Plan
from garrison.components.background_scan.settings import BackgroundScanSettings

_VERSION = 1
_SCAN = "Background scan"  # as scans call it
_LOOK_SECONDS, _LOOK_AT_SCAN_SECONDS, _LOOK_SOON_SECONDS = 30.0, 5.0, 0.5
log = logging.getLogger(__name__)


class Standing(sdk.Result):
    """How it stands. state: scanning, waiting, nothing to do. why: what set it off, or holds it up. Times: ISO 8601."""

    state: str
    wanted: list[str]
    obstacle: str
    completed: str

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        lines = [sdk.Text("State: {state}", state=self.state)]
        if self.wanted:
            lines.append(sdk.Text("A scan is wanted, since {why}.", why="; ".join(self.wanted)))
        if self.obstacle and self.wanted:
            lines.append(sdk.Text("It waits: {why}.", why=self.obstacle))
        return [*lines, sdk.Text("Last completed: {when}", when=self.completed or "never")]


class BackgroundScan(sdk.Component[BackgroundScanSettings]):
    """Scans while nobody uses the computer; stops when somebody does, and goes on later at the same place."""

    id = "background-scan"
    title = "Background scan"
    feature = sdk.Feature.PROTECTION
    default_operation = "show"

    def __init__(  # each is an ability that the suite hands in
        self,
        host: sdk.Host,
        settings: BackgroundScanSettings,
        home: Home,
        clock: Clock,
        databases: Databases,
        surroundings: Surroundings,
    ) -> None:
        super().__init__(host, settings)
        self._clock = clock
        self._databases = databases
        self._surroundings = surroundings
        self._file = home.folder(self.id, _VERSION) / "memory.json"
        self._plan = Plan(clock, settings, self._read())
        self._scan: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._obstacle = ""
        self._is_stopping = False

    def _read(self) -> Memory:
        try:
            return Memory.from_plain(read_json(self._file))
        except (OSError, *DAMAGED):
            return Memory(self._clock.now())  # as if it had just been switched on

    def _write(self) -> None:
        try:
            write_json(self._file, self._plan.memory.plain())
        except GarrisonError as error:
            log.warning("when scans were completed could not be kept: %s", error.text)

    def settings_changed(self) -> None:
        """Go by other settings from now on."""
        self._plan.settings = self.settings
        self._wake.set()

    @property
    def _is_scanning(self) -> bool:
        return self._scan is not None and not self._scan.done()

    async def run(self) -> None:
        """Begin scans, stop them and go on with them, as things are."""
        if not self._plan.memory.databases:
            self._plan.memory = Memory(self._plan.memory.since, self._plan.memory.completed, self._databases.name())
        self._write()
        async with asyncio.TaskGroup() as group, self._surroundings.watching() as changed, self.host.events() as events:
            group.create_task(self._hear(events))
            if await self._kept("paused", "cut short"):
                self._plan.want_rest()
            self.host.ready()
            while True:
                self._wake.clear()
                changed.clear()
                seconds = await self._look_around(group)
                await _first(seconds, self._wake, changed)

    async def _hear(self, events: AsyncIterator[tuple[str, sdk.Event]]) -> None:
        async for component, event in events:
            if component in {"updates", "databases"}:
                self._wake.set()
            elif component == "scan" and getattr(event, "task", "") == _SCAN and getattr(event, "complete", False):
                self._completed()

    async def _look_around(self, group: asyncio.TaskGroup) -> float:
        """Do what is to be done now; return for how many seconds it may be left at that."""
        around = await self._surroundings.look(self._clock.now())
        self._plan.notice(self._databases.name(), around)
        self._obstacle = self._plan.obstacle(around, self._surroundings.on_battery())
        if self._is_scanning:
            if not self._obstacle:
                return _LOOK_AT_SCAN_SECONDS
            return _LOOK_SECONDS if await self._pause() else _LOOK_SOON_SECONDS
        if self._plan.reasons and not self._obstacle:
            self._scan = group.create_task(self._work())
            return _LOOK_AT_SCAN_SECONDS
        return _LOOK_SECONDS

    async def _work(self) -> None:
        self._plan.begun(self._databases.name())
        self._write()
        self._is_stopping = False
        try:
            result = await self.host.call("scan.background") or {}
        except GarrisonError as error:
            log.warning("the scan in the background ended: %s", error.text)
            self._plan.put_off("the last try failed")
        else:
            if result.get("complete"):
                self._completed()
            elif not self._is_stopping:
                self._plan.put_off("somebody else stopped it")
        self._wake.set()

    def _completed(self) -> None:
        self._plan.completed()
        self._write()

    async def _pause(self) -> bool:
        """Let scans under way wait; return whether there was one that could."""
        self._is_stopping = True
        numbers = [row["id"] for row in await self._kept("under way")]
        if numbers:
            with contextlib.suppress(GarrisonError):  # it has just ended
                await self.host.call("scan.pause", scan=numbers)
        return bool(numbers)

    async def _kept(self, *states: str) -> list[dict[str, Any]]:
        """Return the scans of ours that are in one of these states."""
        try:
            rows = await self.host.call("scan.paused")
        except GarrisonError:
            return []
        return [row for row in rows if row["task"] == _SCAN and row["by_itself"] and row["state"] in states]

    @sdk.action("Background scan", access=sdk.Access.VIEW)
    def show(self) -> Standing:
        """Say whether a scan is under way or wanted, what it waits for, and when one was last completed."""
        completed = self._plan.memory.completed
        wanted = list(self._plan.reasons)
        return Standing(
            state="scanning" if self._is_scanning else "waiting" if wanted else "nothing to do",
            wanted=wanted,
            obstacle=self._obstacle,
            completed=completed.isoformat(timespec="seconds") if completed else "",
        )

    def issues(self) -> Iterable[sdk.Issue]:
        """Return what is wrong now."""
        if self._plan.is_overdue():
            text = sdk.Text(
                "No scan in the background was completed for {count} day",
                many="No scan in the background was completed for {count} days",
                count=self._plan.unfinished_for().days,
            )
            yield sdk.Issue(id="overdue", severity=sdk.Severity.IMPORTANT, text=text, fix="scan.background")


async def _first(seconds: float, *events: asyncio.Event) -> None:
    """Wait until one of the events is set, or so long."""
    one = asyncio.Event()

    async def hand_on(event: asyncio.Event) -> None:
        await event.wait()
        one.set()

    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(hand_on(event)) for event in events]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await one.wait()
        for each in waits:
            each.cancel()
