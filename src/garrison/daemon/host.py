"""The suite, as one component sees it."""

import logging
import os
from collections.abc import Callable
from typing import Any

from garrison.base.errors import GarrisonError
from garrison.daemon.bus import Bus, Stream
from garrison.daemon.door import Call, Door
from garrison.daemon.inbox import Inbox
from garrison.daemon.journal import Journal
from garrison.sdk import Caller, Event, Question

log = logging.getLogger(__name__)


class Reporter:
    """Writes events down and hands them on. trouble: why the journal could not be written, "" when it can."""

    def __init__(self, journal: Journal, bus: Bus) -> None:
        self._journal = journal
        self._bus = bus
        self.trouble = ""

    def report(self, component: str, event: Event, owner: int | None) -> None:
        """Never raises: protection goes on when the journal's disk is full."""
        try:
            self._journal.append(component, event, os.geteuid() if owner is None else owner)
            self.trouble = ""
        except GarrisonError as error:
            if not self.trouble:
                log.error("%s", error.text)  # noqa: TRY400 # no trace is needed
            self.trouble = error.text
        self._bus.publish(component, event, owner)


class ComponentHost:
    """What sdk.Host promises."""

    def __init__(
        self, component: str, reporter: Reporter, bus: Bus, inbox: Inbox, door: Door, on_ready: Callable[[str], None]
    ) -> None:
        self._component = component
        self._reporter = reporter
        self._bus = bus
        self._inbox = inbox
        self._door = door
        self._on_ready = on_ready

    def ready(self) -> None:
        """Say that `run` protects from now on."""
        self._on_ready(self._component)

    def report(self, event: Event, owner: int | None = None) -> None:
        """Tell what happened."""
        self._reporter.report(self._component, event, owner)

    def events(self) -> Stream:
        """Return what happens from now on."""
        return Stream(self._bus)

    async def call(self, operation: str, caller: Caller | None = None, **arguments: Any) -> Any:
        """Ask another component, through the door; returns the plain result."""
        call = Call(operation, arguments, caller or Caller.myself(), by_itself=caller is None)
        answer = await self._door.call(call)
        return answer.result

    async def ask(self, question: Question, owner: int | None = None) -> str:
        """Put a question into the inbox."""
        return await self._inbox.ask(self._component, question, os.geteuid() if owner is None else owner)
