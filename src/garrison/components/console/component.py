"""The console component."""

import asyncio
import contextlib
from typing import ClassVar

from garrison import sdk
from garrison.abilities.sessions import REFUSALS, Sessions
from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError, Unavailable
from garrison.base.paths import Home
from garrison.components.console.process import LOOPBACK, ConsoleProcess

_LOOK_SECONDS = 60.0
_START_SECONDS = 30.0
_MINUTE_SECONDS = 60.0
_MOST_REFUSALS = 20  # written down one by one within a minute


class ConsoleSettings(sdk.Settings):
    """Where the console is, and for how long one stays signed in."""

    port: int = sdk.field(0, title="Port on this computer (0: any that is free)", ge=0, le=65_535)
    session_hours: int = sdk.field(12, title="Sign out after (hours)", ge=1, le=168)
    idle_minutes: int = sdk.field(60, title="Sign out when it was not used for (minutes)", ge=1, le=1440)


class ConsoleRefused(sdk.Event):
    """The console turned a request away that no page of its own makes."""

    says = "The console turned a request away: {why} (before it, {more} more that were not written down)"
    severity = sdk.Severity.IMPORTANT
    why: sdk.UntrustedText
    more: int


class ConsoleOpened(sdk.Result):
    """The address that opens the console, once, within a minute."""

    says = "{url}"
    url: str


class SignedOut(sdk.Result):
    """How many sessions were ended."""

    says = "Sessions of the console that were ended: {count}"
    count: int


class Console(sdk.Component[ConsoleSettings]):
    """Shows all of Garrison in your browser, on this computer only."""

    id = "console"
    title = "Console"
    feature = sdk.Feature.CORE
    events = (ConsoleRefused,)
    default_operation = "open"
    aliases: ClassVar[dict[str, str]] = {}

    def __init__(self, host: sdk.Host, settings: ConsoleSettings, home: Home, clock: Clock, sessions: Sessions) -> None:
        super().__init__(host, settings)
        self._clock = clock
        self._sessions = sessions
        self._sessions.on_refused = self._refused
        self._process = ConsoleProcess(home, sessions)
        self._wanted = asyncio.Event()
        self._settled = asyncio.Event()  # whether it serves, or cannot, is known
        self._problem: GarrisonError | None = None
        self._is_running = False
        self._minute = float("-inf")
        self._written, self._left_out = 0, 0

    def settings_changed(self) -> None:
        """Take up for how long one stays signed in; a new port counts from the next start of the console."""
        self._sessions.limit(self.settings.session_hours, self.settings.idle_minutes)

    async def run(self) -> None:
        """Serve the pages while somebody is signed in."""
        self.host.ready()
        self._is_running = True
        try:
            while True:
                await self._wanted.wait()
                async with asyncio.TaskGroup() as group:
                    tasks = {group.create_task(self._serve()), group.create_task(self._until_idle())}
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                    for each in tasks:
                        each.cancel()
                if self._problem is not None or self._sessions.is_idle:
                    self._wanted.clear()
        finally:
            self._is_running = False

    async def _serve(self) -> None:
        """Serve until the process ends, which is raised; when it did not even come up, whoever waits is told."""
        try:
            await self._process.serve(self.settings.port, self._settled)
        except GarrisonError as error:
            if self._settled.is_set():
                raise
            self._problem = error
            self._settled.set()

    async def _until_idle(self) -> None:
        while not self._sessions.is_idle:  # noqa: ASYNC110 # sessions end by the clock, not by an event
            await asyncio.sleep(_LOOK_SECONDS)

    @sdk.action("Open the console")
    async def open(self, caller: sdk.Caller) -> ConsoleOpened:
        """Give out an address that opens the console in your browser, once, within a minute."""
        if not self._is_running:
            raise Unavailable("The console works while Garrison runs in the background.", "garrison start --no-scan")
        ticket = self._sessions.ticket(caller)
        if not self._process.port:
            self._settled.clear()
            self._problem = None
            self._wanted.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_SECONDS):
                await self._settled.wait()
        if not self._process.port:
            raise self._problem or Unavailable("The console did not come up.", "garrison journal tells why.")
        return ConsoleOpened(url=f"http://{LOOPBACK}:{self._process.port}/open?ticket={ticket}")

    @sdk.action("Sign out everywhere")
    def sign_out_everywhere(self, caller: sdk.Caller) -> SignedOut:
        """End all your sessions of the console, in every browser."""
        return SignedOut(count=self._sessions.end_all(caller))

    def _refused(self, what: str, untrusted_detail: str) -> None:
        """Write down what was turned away; of very many, only how many they were."""
        now = self._clock.monotonic()
        if now - self._minute >= _MINUTE_SECONDS:
            self._minute, self._written = now, 0
        if self._written >= _MOST_REFUSALS:
            self._left_out += 1
            return
        self._written += 1
        why = REFUSALS[what].replace("{detail}", untrusted_detail or "nothing")
        self.host.report(ConsoleRefused(why=why, more=self._left_out))
        self._left_out = 0
