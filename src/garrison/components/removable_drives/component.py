"""The removable-drives component."""

import asyncio
import contextlib
import logging
import os
from typing import Annotated

from garrison import sdk
from garrison.base.clock import Clock
from garrison.base.paths import Home
from garrison.base.text import size
from garrison.components.removable_drives import results
from garrison.components.removable_drives.attending import Attendant
from garrison.components.removable_drives.memory import MOST_REMEMBERED, Memory
from garrison.components.removable_drives.results import DriveRow, Forgotten, RememberedRow
from garrison.components.removable_drives.settings import RemovableDrivesSettings
from garrison.components.removable_drives.visit import Visit, beginning_of_marks, mark_of, title_of
from garrison.linux.mount_changes import MountChanges
from garrison.linux.removable import Drive, Naming, Volume, drives, naming, volumes
from garrison.linux.uevents import Uevents

_VERSION = 1
_SETTLE_SECONDS = 0.5  # in which the partitions of one drive are mounted one after another
log = logging.getLogger(__name__)


class RemovableDrives(sdk.Component[RemovableDrivesSettings]):
    """Notices drives that are connected, such as sticks, and asks about them or has them scanned."""

    id = "removable-drives"
    title = "Removable drives"
    feature = sdk.Feature.PROTECTION
    events = results.EVENTS
    default_operation = "list"

    def __init__(self, host: sdk.Host, settings: RemovableDrivesSettings, home: Home, clock: Clock) -> None:
        super().__init__(host, settings)
        self._memory = Memory(home.folder(self.id, _VERSION))
        self._attendant = Attendant(host, self._memory, clock, lambda: self.settings)
        self._changed = asyncio.Event()
        self._announced: set[str] = set()
        self._connected: frozenset[tuple[str, int]] | None = None
        self._visits: dict[str, Visit] = {}  # by the mark of each of their volumes

    def settings_changed(self) -> None:
        """Look again by the settings of now; what was connected before is no news then."""
        self._connected = None
        self._changed.set()

    # -- what comes and goes --

    async def run(self) -> None:
        """Notice drives until cancelled."""
        loop = asyncio.get_running_loop()
        with contextlib.ExitStack() as stack:
            changes = stack.enter_context(MountChanges())
            loop.add_reader(changes, self._on_mount, changes)
            stack.callback(loop.remove_reader, changes)
            try:
                uevents = stack.enter_context(Uevents())
            except OSError as error:  # what is mounted is noticed all the same
                log.warning("the kernel does not tell of devices here: %s", error)
            else:
                loop.add_reader(uevents, self._on_uevents, uevents)
                stack.callback(loop.remove_reader, uevents)
            async with asyncio.TaskGroup() as group:
                self._connected, self._visits = None, {}
                self._changed.set()
                await self._watch(group)

    def _on_mount(self, changes: MountChanges) -> None:
        changes.take()
        self._changed.set()

    def _on_uevents(self, uevents: Uevents) -> None:
        blocks = [event for event in uevents.take() if event.subsystem == "block"]
        # What is really plugged in has another number than before and needs no word of ours.
        self._announced |= {event.name for event in blocks if event.action == "add" and event.is_asked_for}
        if blocks or uevents.missed:
            self._changed.set()

    async def _watch(self, group: asyncio.TaskGroup) -> None:
        is_first = True
        while True:
            await self._changed.wait()
            self._changed.clear()
            present = await asyncio.to_thread(self._find)
            self._note_gone(present)
            await self._note_connected()
            if not is_first:
                await asyncio.sleep(_SETTLE_SECONDS)
                present = await asyncio.to_thread(self._find)
            for visit in await self._begin(present):
                group.create_task(self._attendant.attend(visit))
            if is_first:
                self.host.ready()
                is_first = False

    def _find(self) -> list[Volume]:
        wants_optical = self.settings.optical
        found = volumes(self.settings.also)
        return [volume for volume in found if wants_optical or not volume.drive.is_optical]

    def _note_gone(self, present: list[Volume]) -> None:
        left = set(self._visits) - {mark_of(volume) for volume in present}
        for mark in left:
            self._visits.pop(mark).gone.set()

    async def _note_connected(self) -> None:
        """Tell of drives that were not there before; what is announced anew counts as plugged in anew."""
        found = await asyncio.to_thread(drives, self.settings.also)
        before, announced, self._announced = self._connected, self._announced, set()
        for drive in found:
            is_new = before is not None and (drive.name, drive.connection) not in before
            if is_new or drive.name in announced:
                self._forget_state_of(drive)
                told = str(size(drive.size))
                self.host.report(results.DriveConnected(drive=title_of(drive), size=told, device=drive.path))
        self._connected = frozenset((drive.name, drive.connection) for drive in found)

    def _forget_state_of(self, drive: Drive) -> None:
        beginning = beginning_of_marks(drive)
        under_way = {mark for mark, visit in self._visits.items() if not visit.is_over}
        known = {*self._visits, *self._memory.marks()} - under_way  # what is not mounted now is no visit any more
        marks = [mark for mark in known if mark.startswith(beginning)]
        self._memory.unsee(marks)
        for mark in marks:
            self._visits.pop(mark, None)

    async def _begin(self, present: list[Volume]) -> list[Visit]:
        """Return the visits that begin, one for all new volumes of a drive; what was seen before is only noted."""
        new = sorted((each for each in present if mark_of(each) not in self._visits), key=_place)
        namings = await asyncio.to_thread(lambda: list(map(naming, new)))
        begun: dict[str, list[tuple[Volume, Naming]]] = {}
        for volume, name in zip(new, namings, strict=True):
            mark = mark_of(volume)
            state = self._memory.state(mark)
            if state is None:
                begun.setdefault(volume.drive.name, []).append((volume, name))
            else:
                self._visits[mark] = Visit((volume,), (name,), state, is_over=True)
        visits = [
            Visit(tuple(volume for volume, _ in pairs), tuple(name for _, name in pairs)) for pairs in begun.values()
        ]
        for visit in visits:
            self._visits |= dict.fromkeys(visit.marks, visit)
        return visits

    # -- what people ask --

    def _row(self, drive: Drive, mounted: list[Volume]) -> DriveRow:
        visits = dict.fromkeys(filter(None, (self._visits.get(mark_of(volume)) for volume in mounted)))
        states = [visit.state for visit in visits]
        return DriveRow(
            device=drive.path,
            drive=next((visit.title for visit in visits), title_of(drive)),
            size=drive.size,
            places=[volume.path for volume in mounted],
            state="; ".join(states) or ("mounted" if mounted else "not mounted"),
        )

    @sdk.action("Remembered drives", access=sdk.Access.VIEW)
    def remembered(self, caller: sdk.Caller) -> list[RememberedRow]:
        """List the drives of which somebody said once and for all what is to be done with them."""
        return [
            RememberedRow(id=each.id, drive=each.drive, answer=each.answer, since=each.since)
            for each in self._memory.answers
            if caller.sees(each.owner)
        ]

    @sdk.action("Forget drives", access=sdk.Access.OPERATE)
    def forget(
        self,
        caller: sdk.Caller,
        number: Annotated[
            list[int], sdk.about("Its number, as remembered shows it; none: all", max_length=MOST_REMEMBERED)
        ],
    ) -> Forgotten:
        """Forget what was said of drives, so that they are asked about again."""
        seen = {each.id: each for each in self._memory.answers if caller.sees(each.owner)}
        wanted = set(number or seen)
        self._memory.forget(wanted, set(seen))
        return Forgotten(drives=[seen[each].drive for each in sorted(wanted)])

    @sdk.action("Connected drives", access=sdk.Access.VIEW)
    async def list(self) -> list[DriveRow]:
        """List the removable drives that are connected, and what became of each."""
        found = await asyncio.to_thread(drives, self.settings.also)
        mounted = await asyncio.to_thread(self._find)
        return [self._row(drive, [each for each in mounted if each.drive.name == drive.name]) for drive in found]


def _place(volume: Volume) -> tuple[str, str]:
    return volume.drive.name, os.path.normpath(volume.path)
