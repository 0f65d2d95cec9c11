"""Sees a connected drive through: asks where that is wanted, has it scanned, and notices when it is taken away."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from garrison import sdk
from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError
from garrison.base.text import phrase, plural, printable, size
from garrison.components.removable_drives.memory import Memory
from garrison.components.removable_drives.results import DriveLeftOut, DriveNotScanned, DriveScanned
from garrison.components.removable_drives.settings import OnConnection, RemovableDrivesSettings, Way
from garrison.components.removable_drives.visit import Visit

_GIB = 1024**3
_ALWAYS = "always-"
_ONCE = {
    "quick": "Scan what starts, runs or holds macros",
    "full": "Scan everything",
    "ignore": "Do not scan",
}
_FOR_GOOD = {
    "always-quick": "Always scan what starts, runs or holds macros on this drive",
    "always-full": "Always scan everything on this drive",
    "always-ignore": "Never scan this drive",
}
_WITHDRAW_SECONDS = 5.0
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Sum:
    """What came of the scans of a drive's volumes. trouble: why they did not come to their end, "" when they did."""

    files: int = 0
    threats: int = 0
    handled: int = 0
    trouble: str = ""

    def add(self, summary: dict[str, Any] | None) -> None:
        """Add what a scan gave back; None when somebody cancelled it."""
        if summary is None:
            self.trouble = phrase("the scan was cancelled")
            return
        self.files += summary["files"]
        self.threats += len(summary["findings"]) + len(summary["running"]) + summary["more_findings"]
        self.handled += summary["handled"]
        if summary["waits"]:
            self.trouble = phrase("the scan was paused: garrison scan resume {number}", number=summary["waits"])
        elif not summary["complete"]:
            self.trouble = phrase("there was too much on it for a quick scan")
        elif summary["unreadable_roots"]:
            self.trouble = phrase("it could not be read")


class Attendant:
    """Sees drives through. settings: gives those of now."""

    def __init__(
        self, host: sdk.Host, memory: Memory, clock: Clock, settings: Callable[[], RemovableDrivesSettings]
    ) -> None:
        self._host = host
        self._memory = memory
        self._clock = clock
        self._settings = settings

    async def attend(self, visit: Visit) -> None:
        """See a drive through. What goes wrong is told and ends nothing else."""
        try:
            way = await self._way(visit)
            if visit.gone.is_set():
                self._end(
                    visit, DriveNotScanned(drive=visit.title, why=phrase("it was taken away before anybody answered"))
                )
            elif way is Way.IGNORE:
                self._end(
                    visit, DriveLeftOut(drive=visit.title, why=phrase("so it was said, or set")), phrase("not scanned")
                )
            else:
                await self._scan(visit, way)
        except GarrisonError as error:
            self._end(visit, DriveNotScanned(drive=visit.title, why=error.text.rstrip(".")))
        finally:
            visit.is_over = True

    def _end(self, visit: Visit, event: sdk.Event, state: str = "") -> None:
        """Tell what became of a drive, and note it; with no state, it counts as new when it is mounted again."""
        visit.state = state or phrase("not scanned to its end")
        self._host.report(event, visit.person)
        try:
            if state:
                self._memory.see(visit.marks, state)
            else:
                self._memory.unsee(visit.marks)
        except GarrisonError as error:  # such as a full disk: it may be asked about once more
            log.warning("what became of a drive could not be kept: %s", error.text)

    # -- how it is to be scanned --

    async def _way(self, visit: Visit) -> Way:
        answers = {self._memory.answer(key, visit.person) for key in visit.keys}
        remembered = answers.pop() if len(answers) == 1 else None
        if remembered is not None:
            return remembered
        settings = self._settings()
        is_large = visit.drive.size > settings.largest_gib * _GIB
        wanted = settings.on_connection
        if wanted is OnConnection.IGNORE or (wanted is not OnConnection.ASK and not is_large):
            return Way(wanted.value)
        return await self._ask(visit, is_large)

    async def _ask(self, visit: Visit, is_large: bool) -> Way:
        settings = self._settings()
        default = settings.unanswered
        if is_large and default is Way.FULL:  # nobody said that it may take so long
            default = Way.QUICK
        question = sdk.Question(
            f"drive-{visit.marks[0]}",
            _question(visit, settings.largest_gib if is_large else 0),
            {**_ONCE, **(_FOR_GOOD if all(visit.keys) else {})},
            default.value,
            settings.wait_minutes * 60.0,
        )
        visit.state = "waits for an answer: garrison inbox"
        choice = await self._asked(question, visit)
        way = Way(choice.removeprefix(_ALWAYS))
        if choice.startswith(_ALWAYS):
            for key in visit.keys:
                since = self._clock.now().isoformat(timespec="seconds")
                self._memory.remember(key, visit.title, way, visit.person, since)
        return way

    async def _asked(self, question: sdk.Question, visit: Visit) -> str:
        """Return the answer; when the drive is taken away before, the question is answered by ourselves."""
        asked, _ = await _first(self._host.ask(question, visit.person), visit.gone, lambda: self._withdraw(question))
        return asked or Way.IGNORE.value

    async def _withdraw(self, question: sdk.Question) -> None:
        for card in await self._host.call("suite.inbox"):
            if card["question"] == str(question.text) and card["choices"] == question.choices:
                await self._host.call("suite.inbox-answer", question=card["id"], choice=Way.IGNORE.value)

    # -- the scan --

    async def _scan(self, visit: Visit, way: Way) -> None:
        visit.state = f"is being scanned ({way})"
        if way is Way.FULL:  # which the scan component goes on with after a crash; a quick one begins anew
            self._memory.see(visit.marks, phrase("its scan was cut short"))
        try:
            done, is_gone = await _first(self._scans(visit, way), visit.gone)
        except asyncio.CancelledError:  # the suite ends: at its next start the drive is new
            self._memory.unsee(visit.marks)
            raise
        if done is None or is_gone or not await asyncio.to_thread(_all_mounted, visit.places):
            self._end(visit, DriveNotScanned(drive=visit.title, why=phrase("it was taken away during the scan")))
        elif done.trouble:
            why = phrase("not scanned to its end: {why}", why=done.trouble)
            self._end(visit, DriveNotScanned(drive=visit.title, why=done.trouble), why)
        else:
            event = DriveScanned(
                drive=visit.title, way=way.value, files=done.files, threats=done.threats, handled=done.handled
            )
            what = phrase("scanned ({way}): no threat", way=way.value)
            if done.threats:
                threats = plural(done.threats, "threat", "threats")
                what = phrase("scanned ({way}): {threats}, {handled} out of the way", way=way.value, threats=threats,
                              handled=done.handled)  # fmt: skip
            self._end(visit, event, what)

    async def _scans(self, visit: Visit, way: Way) -> _Sum:
        total = _Sum()
        for path in visit.places:
            total.add(await self._host.call("scan.removable", path=path, quick=way is Way.QUICK))
        return total


def _all_mounted(places: list[str]) -> bool:
    return all(map(os.path.ismount, places))


async def _first(
    work: Awaitable[T], gone: asyncio.Event, on_gone: Callable[[], Awaitable[None]] | None = None
) -> tuple[T | None, bool]:
    """Return what a coroutine gives, unless a drive is gone before: then None, and whether it is gone.

    on_gone: a coroutine function that brings the work to its own end, which is then waited for a little.
    """
    async with asyncio.TaskGroup() as group:
        working = group.create_task(_outcome(work))
        leaving = group.create_task(gone.wait())
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done() and on_gone is not None:
            with contextlib.suppress(GarrisonError):
                await on_gone()
            await asyncio.wait({working}, timeout=_WITHDRAW_SECONDS)
        working.cancel()
        leaving.cancel()
    outcome = None if working.cancelled() else working.result()
    if isinstance(outcome, GarrisonError):
        if gone.is_set():  # and that is why
            return None, True
        raise outcome
    return outcome, gone.is_set()


async def _outcome(work: Awaitable[T]) -> T | GarrisonError:
    try:
        return await work
    except GarrisonError as error:
        return error


def _question(visit: Visit, limit_gib: int) -> sdk.Text:
    drive, capacity = visit.title, size(visit.drive.size)
    places = ", ".join(printable(path) for path in visit.places)
    if limit_gib:
        return sdk.Text(
            "{drive} ({size}) was connected; it is at {places}. It is larger than {limit} GiB, and a scan may take "
            "long. Is it to be scanned?",
            drive=drive,
            size=capacity,
            places=places,
            limit=limit_gib,
        )
    return sdk.Text(
        "{drive} ({size}) was connected; it is at {places}. Is it to be scanned?",
        drive=drive,
        size=capacity,
        places=places,
    )
