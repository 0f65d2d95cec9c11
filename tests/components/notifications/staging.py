"""A staged notifications component on a home of its own, whose messages really go out, to servers of the test."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from garrison import sdk
from garrison.abilities.fetching import Fetcher
from garrison.abilities.notices import Notice
from garrison.abilities.outgoing import Outgoing, Request
from garrison.base.clock import FakeClock
from garrison.base.paths import Home
from garrison.components.notifications.component import Notifications
from garrison.components.notifications.settings import NotificationsSettings
from garrison.components.notifications.telling import notice_of
from garrison.daemon.notices import NoticeBoard
from garrison.daemon.store import Store
from garrison.sdk.testing import START, Staged, stage

ME = sdk.Caller.myself()


class Found(sdk.Event):
    says: ClassVar[str] = "Found {what}"
    severity: ClassVar[sdk.Severity] = sdk.Severity.CRITICAL
    what: str


class Aged(sdk.Event):
    says: ClassVar[str] = "{what} is old"
    severity: ClassVar[sdk.Severity] = sdk.Severity.IMPORTANT
    what: str


class Ended(sdk.Event):
    says: ClassVar[str] = "{what} ended"
    what: str


def told(event: sdk.Event, component: str = "updates", owner: int = ME.uid) -> Notice:
    return notice_of(component, event, owner)


class Office:
    """The component, and all that it has to do with. consent: what the owner said of every purpose."""

    def __init__(self, folder: Path, settings: dict[str, Any], store: Store, clock: FakeClock) -> None:
        self.clock = clock
        self.consent: bool | None = True
        self.ledger: list[Request] = []
        outgoing = Outgoing(lambda _: self.consent)
        outgoing.on_request = self.ledger.append
        home = Home(folder)
        self.board = NoticeBoard(store, clock)
        self.staged: Staged[Notifications] = stage(
            Notifications,
            NotificationsSettings(**settings),
            home=home,
            clock=clock,
            notices=self.board,
            fetcher=Fetcher(home, clock, outgoing),
        )
        self.component = self.staged.component
        self.staged.host.results = {
            "suite.status": {"colour": "green", "sentence": "You are protected."},
            "suite.settings-get": {"value": ""},
        }

    def hear(self, *events: sdk.Event, **where: Any) -> None:
        async def run() -> None:
            for event in events:
                await self.component.hear(told(event, **where))

        asyncio.run(run())

    def deliver(self) -> None:
        asyncio.run(self.component.deliver())

    def ask(self, operation: str, **arguments: Any) -> Any:
        return asyncio.run(self.staged.ask(operation, **arguments))

    def inbox(self) -> list[str]:
        return [str(each.text) for each in self.board.all(ME)]

    @property
    def issues(self) -> list[str]:
        return [str(issue.text) for issue in self.component.issues()]


@contextmanager
def office(folder: Path, **settings: Any) -> Iterator[Office]:
    home = Home(folder / "home")
    home.prepare()
    clock = FakeClock(START)
    opened = Store(home.folder("journal", 1), clock)
    try:
        yield Office(home.root, settings, opened, clock)
    finally:
        opened.close()


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 # there is no event to wait for
            await asyncio.sleep(0.01)


def running(of: Office, work: Callable[[], Awaitable[None]]) -> None:
    """Do something while the component runs."""

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(of.component.run())
            await until(lambda: of.staged.host.is_ready)
            await work()
            task.cancel()

    asyncio.run(run())
