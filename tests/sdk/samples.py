"""A component with one of everything, for the tests of what is grown from a description."""

import asyncio
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar

from garrison.base.clock import Clock
from garrison.sdk import (
    Access,
    Caller,
    Component,
    Event,
    Feature,
    Host,
    Issue,
    Job,
    Purpose,
    Question,
    Result,
    Secret,
    Settings,
    Severity,
    Text,
    UntrustedText,
    about,
    action,
    field,
    task,
)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class SampleSettings(Settings):
    count: int = field(3, title="How many", ge=1, le=9)
    share: float = field(0.5, title="How much of it")
    colour: Colour = field(Colour.RED, title="Which colour")
    places: list[Path] = field([], title="Where")
    masks: list[str] = field([], title="Which")
    own: list[str] = field([], title="Own ones", own=True)
    password: Secret = field(Secret(""), title="Password")
    passwords: list[Secret] = field([], title="Old passwords")


class ThingSeen(Event):
    says: ClassVar[str] = "{what} was seen in {path}"
    severity: ClassVar[Severity] = Severity.IMPORTANT
    what: str
    path: UntrustedText


class Looked(Result):
    says: ClassVar[str] = "{count} looked at, {path} last."
    count: int
    path: UntrustedText

    def exit_code(self) -> int:
        return 101 if self.count else 0


class Sample(Component[SampleSettings]):
    """Looks at things.

    And says what it saw.
    """

    id: ClassVar[str] = "sample"
    title: ClassVar[str] = "Sample"
    feature: ClassVar[Feature] = Feature.PROTECTION
    events: ClassVar[tuple[type[Event], ...]] = (ThingSeen,)
    purposes: ClassVar[tuple[Purpose, ...]] = (Purpose("tell", "Telling", "We tell everybody."),)
    aliases: ClassVar[dict[str, str]] = {"look": "look-at"}
    default_operation: ClassVar[str] = "look-at"

    def __init__(self, host: Host, settings: SampleSettings, clock: Clock, fails: list[Exception]) -> None:
        super().__init__(host, settings)
        self.clock = clock
        self.fails = fails
        self.taken_up: list[SampleSettings] = []

    def settings_changed(self) -> None:
        self.taken_up.append(self.settings)
        self._fail()

    def _fail(self) -> None:
        if self.fails:
            raise self.fails[0]

    async def run(self) -> None:
        self.host.ready()
        async with self.host.events() as events:
            async for component, event in events:
                self.host.report(ThingSeen(what=f"{component} {type(event).__name__}", path="here"))

    @task("Look", schedule="every 1 day at 12:30, if missed")
    async def look_at(
        self,
        job: Job,
        paths: Annotated[list[Path], about("What to look at", min_length=1)],
        deep: bool = False,
        colour: Colour | None = None,
    ) -> Looked:
        """Look at some paths.

        One after the other.
        """
        for number, path in enumerate(paths):
            job.progress(number, len(paths), str(path))
            await asyncio.sleep(0)
        return Looked(count=len(paths) + deep, path=str(paths[-1]))

    @action("Keep", access=Access.WEAKEN)
    async def keep(self, caller: Caller, name: str, times: Annotated[int, about("How often", ge=1)] = 1) -> str:
        """Ask whether to keep something."""
        question = Question("keep", Text("Keep {name}?", name=name), {"yes": "Keep", "no": "Drop"}, default="no")
        return f"{await self.host.ask(question, caller.uid)} {times}"

    @action("Of another", access=Access.VIEW)
    async def of_another(self) -> int:
        """Ask another component."""
        rows = await self.host.call("other.rows", limit=5)
        return len(rows)

    def issues(self) -> Iterable[Issue]:
        self._fail()
        if self.settings.count > 5:
            yield Issue(id="many", severity=Severity.INFO, text=Text("{count} are many", count=self.settings.count))
