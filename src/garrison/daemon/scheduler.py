"""Runs tasks when their schedule says so."""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError, Invalid, NotFound
from garrison.base.files import explain, read_json, write_json
from garrison.sdk import Caller, Frozen, Schedule
from garrison.wire.manifest import Manifest

log = logging.getLogger(__name__)
_LONGEST_WAIT = timedelta(minutes=1)  # the clock may be set, the mains plugged in
Start = Callable[[str, dict[str, Any], Caller], None]


@dataclass(slots=True)
class Entry:
    """When a task runs, with what, and for whom. own: whether the owner said so. last: when it last was started."""

    schedule: Schedule
    arguments: dict[str, Any]
    caller: Caller
    own: bool = False
    last: datetime | None = None


class ScheduleRow(Frozen):
    """A task's schedule, for people. Times in ISO 8601, "" when never."""

    operation: str
    schedule: str
    last: str
    next: str
    changed: bool


class Scheduler:
    """Keeps the schedule on disk and starts what is due. damaged: what was wrong with the file, "" when nothing was."""

    def __init__(  # what a scheduler needs
        self,
        folder: Path,
        clock: Clock,
        zone: tzinfo,
        manifests: Iterable[Manifest],
        start: Start,
        on_battery: Callable[[], bool],
    ) -> None:
        """Read the file. zone: where times of day are meant. Raises what reading raises, but not for a damaged file."""
        self._file = folder / "schedule.json"
        self._clock = clock
        self._zone = zone
        self._start = start
        self._on_battery = on_battery
        self._tasks = {
            operation.id: operation for manifest in manifests for operation in manifest.operations if operation.is_task
        }
        self._began = clock.now()
        self._changed = asyncio.Event()
        self.damaged = ""
        self._entries = self._read()

    def _read(self) -> dict[str, Entry]:
        entries = {
            name: Entry(Schedule.parse(task.schedule), {}, Caller.myself())
            for name, task in self._tasks.items()
            if task.schedule
        }
        for name, plain in self._stored().items():
            try:
                self._merge(entries, name, plain)
            except (ValueError, KeyError, TypeError, ArithmeticError, GarrisonError) as error:
                self._damage(f"{name}: {error}")
        return entries

    def _stored(self) -> dict[str, Any]:
        try:
            stored = read_json(self._file)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise explain(error, f"read {self._file}") from error
        except ValueError as error:
            self._damage(str(error))
            return {}
        if not isinstance(stored, dict):
            self._damage("it is no schedule")
            return {}
        return stored

    def _damage(self, what: str) -> None:
        """Note what is wrong with the file, and keep a copy for whoever wants to look; the defaults hold instead."""
        if not self.damaged:
            log.warning("the schedule %s is damaged: %s", self._file, what)
            self.damaged = what
            with contextlib.suppress(OSError):
                shutil.copyfile(self._file, self._file.with_name("schedule.damaged.json"))

    def _merge(self, entries: dict[str, Entry], name: str, plain: dict[str, Any]) -> None:
        if name in self._tasks and plain["own"]:
            entries[name] = _entry(plain)
        elif name in entries:
            entries[name].last = _time(plain["last"])

    def _write(self) -> None:
        write_json(
            self._file,
            {
                name: {
                    "schedule": str(entry.schedule),
                    "arguments": entry.arguments,
                    "caller": [entry.caller.uid, entry.caller.gid, list(entry.caller.groups)],
                    "own": entry.own,
                    "last": entry.last.isoformat() if entry.last else "",
                }
                for name, entry in self._entries.items()
            },
        )

    def set(self, operation: str, schedule: Schedule, arguments: dict[str, Any], caller: Caller) -> None:
        """Let a task run by a schedule, on behalf of a caller. Raises NotFound, Invalid, and what writing raises."""
        if operation not in self._tasks:
            raise NotFound(f"There is no task “{operation}”.", "garrison schedule shows what can be scheduled.")
        missing = [value.name for value in self._tasks[operation].parameters if value.required]
        missing = [name for name in missing if name not in arguments]
        if missing and str(schedule) != "manual":
            raise Invalid(f"{operation} cannot run by itself: it needs {', '.join(missing)}.")
        before = self._entries.get(operation)
        last = before.last if before else None
        self._entries[operation] = Entry(schedule, arguments, caller, own=True, last=last)
        try:
            self._write()
        except GarrisonError:
            self._entries.pop(operation)
            if before:
                self._entries[operation] = before
            raise
        self._changed.set()

    def rows(self) -> list[ScheduleRow]:
        """Return every task with its schedule."""
        rows = []
        for name in self._tasks:
            entry = self._entries.get(name)
            due = self.due(entry) if entry else None
            rows.append(
                ScheduleRow(
                    operation=name,
                    schedule=str(entry.schedule) if entry else "manual",
                    last=_iso(entry.last.astimezone(self._zone) if entry and entry.last else None),
                    next=_iso(due.astimezone(self._zone) if due else None),
                    changed=bool(entry and entry.own),
                )
            )
        return rows

    def due(self, entry: Entry) -> datetime | None:
        """Return when an entry is to run next; None when only at start or by hand."""
        self._mind_the_clock(entry)
        due = self._next_after(entry, entry.last or self._began)
        if due is not None and due < self._began and not entry.schedule.if_missed:
            return self._next_after(entry, self._began)  # it was due while the computer was off
        return due

    def _mind_the_clock(self, entry: Entry) -> None:
        """Count what seems to lie in the future from now: the clock was set back since."""
        now = self._clock.now()
        self._began = min(self._began, now)
        if entry.last and entry.last > now:
            entry.last = now

    def _next_after(self, entry: Entry, last: datetime) -> datetime | None:
        due = entry.schedule.next_after(last.astimezone(self._zone))
        # Two times of one zone are compared as clocks on the wall show them, hours of summer time left out.
        return due.astimezone(UTC) if due else None

    async def run(self) -> None:
        """Start what is due, for ever."""
        for name, entry in self._entries.items():
            if entry.schedule.at_start and self._may(entry):
                self._begin(name, entry)
        while True:
            wait = self.tick()
            self._changed.clear()
            try:
                async with asyncio.timeout(wait.total_seconds()):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def tick(self) -> timedelta:
        """Start what is due now; return how long to wait until the next look."""
        now = self._clock.now()
        wait = _LONGEST_WAIT
        for name, entry in self._entries.items():
            due = self.due(entry)
            if due is None:
                continue
            if due > now:
                wait = min(wait, due - now)
            elif self._may(entry):
                self._begin(name, entry)
        return max(wait, timedelta(seconds=1))

    def _may(self, entry: Entry) -> bool:
        return not (entry.schedule.not_on_battery and self._on_battery())

    def _begin(self, name: str, entry: Entry) -> None:
        entry.last = self._clock.now()
        try:
            self._write()
        except GarrisonError as error:
            log.warning("the schedule could not be kept: %s", error.text)
        self._start(name, entry.arguments, entry.caller)


def _entry(plain: dict[str, Any]) -> Entry:
    uid, gid, groups = plain["caller"]
    is_caller = all(isinstance(number, int) for number in (uid, gid, *groups))
    if not is_caller or not isinstance(plain["arguments"], dict) or not isinstance(plain["schedule"], str):
        raise ValueError("this is no entry of a schedule")
    return Entry(
        schedule=Schedule.parse(plain["schedule"]),
        arguments=plain["arguments"],
        caller=Caller(uid, gid, tuple(groups)),
        own=True,
        last=_time(plain["last"]),
    )


def _time(text: str) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _iso(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
