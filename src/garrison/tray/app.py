"""What the tray does: follows the news, shows them, and passes on what people want."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from typing import Any

from dbus_fast.aio import MessageBus

from garrison.base.errors import GarrisonError, Unavailable
from garrison.base.paths import own_program
from garrison.base.text import printable
from garrison.tray.door import Door, Talk
from garrison.tray.item import TrayItem
from garrison.tray.menu import Entry
from garrison.tray.news import Desk
from garrison.tray.phrases import Phrases, reader
from garrison.tray.showing import Shower
from garrison.wire.talking import Answer

_WAIT_SECONDS = 25
_WHILE_QUIET_SECONDS = 3  # between looks whether it still is
_BREATH_SECONDS = 0.1
_FIRST_SECONDS, _MOST_SECONDS = 1.0, 60.0  # between tries while Garrison does not run
_LOOK_SECONDS = 1.0  # whether the session has ended
_PAUSE = "15m"


class App:
    """The tray of one session. system: whether it is that of the whole computer's suite."""

    def __init__(self, bus: MessageBus, door: Door, *, system: bool) -> None:
        self._bus = bus
        self._door = door
        self._system = system
        self._words = Phrases(reader())
        self._shower = Shower(bus)
        self._item = TrayItem(bus, lambda: self._begin(self.open_console()))
        self._desk = Desk(self._shower, self._words, self._act, self.open_console, self._begin)
        self._ended = asyncio.Event()
        self._talk: Talk | None = None
        self._group: asyncio.TaskGroup | None = None
        self._beside: set[asyncio.Task[None]] = set()
        self._wants_item = True

    def end(self) -> None:
        """End it."""
        self._ended.set()

    async def run(self) -> int:
        """Run until ended, or until the session is over; return the exit code."""
        shows = await self._shower.begin()
        has_tray = await self._item.begin(lambda: self._begin(self._announce()))
        if not shows or not has_tray:
            self._say_what_is_missing(shows, has_tray)
        async with asyncio.TaskGroup() as group:
            self._group = group
            works: tuple[Coroutine[Any, Any, Any], ...] = (self._follow(), self._ended.wait(), self._session_ends())
            tasks = [group.create_task(work) for work in works]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            self._group = None
            for task in (*tasks, *self._beside):
                task.cancel()
        return 0

    @staticmethod
    def _say_what_is_missing(shows: bool, has_tray: bool) -> None:
        if not shows:
            print("garrison: nobody shows notices on this desktop; they wait in garrison inbox.", file=sys.stderr)  # noqa: T201
        if not has_tray:
            print("garrison: this desktop has no tray for Garrison's state.", file=sys.stderr)  # noqa: T201

    async def _session_ends(self) -> None:
        # Not `wait_for_disconnect`: whoever is cancelled in it cancels the connection's own future.
        while self._bus.connected:  # noqa: ASYNC110 # likewise
            await asyncio.sleep(_LOOK_SECONDS)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside; after the end, nothing is begun any more."""
        if self._group is None:
            work.close()
        else:
            task = self._group.create_task(work)
            self._beside.add(task)
            task.add_done_callback(self._beside.discard)

    async def _announce(self) -> None:
        if self._wants_item:
            await self._item.announce()

    async def _follow(self) -> None:
        """Follow the news of a suite, and wait for one that is not there."""
        pause = _FIRST_SECONDS
        while True:
            try:
                async with self._door.talk() as talk:
                    self._talk = talk
                    answer = await talk.call("notifications.wait")
                    pause = _FIRST_SECONDS
                    await self._desk.greet(answer)
                    await self._news(talk, answer)
            except GarrisonError as error:
                self._talk = None
                await self._show_state("", self._words.t.message(error.text), is_there=False)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _MOST_SECONDS)

    async def _news(self, talk: Talk, answer: Answer) -> None:
        """Show one news after the other. Raises GarrisonError when there are no more."""
        while True:
            news = answer.result
            self._wants_item = bool(news["tray"])
            await self._show_state(news["colour"], self._words.t.told(news["sentence"], answer.texts), is_there=True)
            is_waiting = await self._desk.take(answer)
            answer = await talk.call(
                "notifications.wait",
                after=news["newest"],
                questions=[each["id"] for each in news["questions"]],
                colour=news["colour"],
                seconds=_WHILE_QUIET_SECONDS if is_waiting else _WAIT_SECONDS,
            )
            await asyncio.sleep(_BREATH_SECONDS)

    async def _show_state(self, colour: str, sentence: str, *, is_there: bool) -> None:
        self._item.change(colour, printable(sentence), self._entries(printable(sentence), is_there=is_there))
        if not self._wants_item:
            await self._item.withdraw()
        elif not self._item.is_out:
            await self._item.announce()

    def _entries(self, sentence: str, *, is_there: bool) -> list[Entry]:
        phrase = self._words.phrase
        own = [
            Entry(phrase("Open the console"), lambda: self._begin(self.open_console())),
            Entry(phrase("Scan (quick)"), lambda: self._begin(self._scan())),
            Entry(phrase("Pause protection for 15 minutes"), lambda: self._begin(self._pause())),
            Entry(""),
        ]
        end = Entry(phrase("End the tray"), self.end)
        return [Entry(sentence), Entry(""), *(own if is_there else []), end]

    async def _scan(self) -> None:
        await self._act("scan.quick", background=True)

    async def _pause(self) -> None:
        await self._act("suite.pause", for_=_PAUSE, reason=self._words.phrase("Paused from the tray"))

    async def _act(self, operation: str, *, background: bool = False, quietly: bool = False, **arguments: Any) -> None:
        """Ask for an operation; show what comes of it. quietly: only what goes wrong."""
        t = self._words.t
        try:
            if self._talk is None:
                raise Unavailable("Garrison is not running.", "Start it with: garrison start")
            answer = await self._talk.call(operation, background=background, **arguments)
        except GarrisonError as error:
            hint = f"\n{t.message(error.hint)}" if error.hint else ""
            await self._desk.say(t.message(error.text) + hint, "important")
        else:
            if not quietly and answer.sentences:
                await self._desk.say("\n".join(answer.says(t)), "info")

    async def open_console(self) -> None:
        """Open the console in the browser, by the command line, which knows how no other account sees its address."""
        command = [*own_program("garrison.cli"), *(["--system"] if self._system else []), "console", "open"]
        nothing = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *command, stdin=nothing, stdout=nothing, stderr=asyncio.subprocess.PIPE, env=dict(os.environ)
        )
        _, words = await process.communicate()
        if process.returncode:
            told = words.decode("utf-8", "replace").strip().removeprefix("garrison: ")
            await self._desk.say(told or self._words.phrase("The console could not be opened."), "important")
