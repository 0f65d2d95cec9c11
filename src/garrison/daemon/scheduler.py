"""Runs tasks when their schedule says so."""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError, Invalid, NotFound, Unavailable
from garrison.base.files import explain, read_json, write_json
from garrison.linux.circumstances import Circumstances
from garrison.sdk import Caller, Frozen, Schedule
from garrison.wire.manifest import Manifest

log = logging.getLogger(__name__)
_LONGEST_WAIT = timedelta(minutes=1)  # the clock may be set, the mains plugged in, the person gone for lunch
_IDLE_SECONDS = 300.0
Start = Callable[[str, dict[str, Any], Caller], None]


@dataclass(frozen=True, slots=True)
class Senses:
    """How the scheduler learns of the world. databases: the name of the set in use, "" when there is none."""

    on_battery: Callable[[], bool]
    circumstances: Callable[[datetime], Awaitable[Circumstances]]
    databases: Callable[[], str]


@dataclass(slots=True)
class Entry:
    """When a task runs, with what, and for whom. own: whether the owner said so. last: when it last was started.

    databases: the set in use when it was last started. waits: it is to run once at the start of the suite, and has not
    yet. idled: it has run since the computer became idle. anchor: the day of the month to keep to, or 0.
    """

    schedule: Schedule
    arguments: dict[str, Any]
    caller: Caller
    own: bool = False
    last: datetime | None = None
    databases: str = ""
    waits: bool = False
    idled: bool = False
    anchor: int = 0


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
        senses: Senses,
    ) -> None:
        """Read the file. zone: where times of day are meant. Raises what reading raises, but not for a damaged file."""
        self._file = folder / "schedule.json"
        self._clock = clock
        self._zone = zone
        self._start = start
        self._senses = senses
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
            raise explain(error, "read {path}", path=self._file) from error
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
            entries[name].last, entries[name].databases = _time(plain["last"]), _text(plain.get("databases", ""))
            entries[name].anchor = _day(plain.get("anchor", 0))

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
                    "databases": entry.databases,
                    "anchor": entry.anchor,
                }
                for name, entry in self._entries.items()
            },
        )

    def set(self, operation: str, schedule: Schedule, arguments: dict[str, Any], caller: Caller) -> None:
        """Let a task run by a schedule, on behalf of a caller. Raises NotFound, Invalid, and what writing raises."""
        if operation not in self._tasks:
            raise NotFound(
                "There is no task “{operation}”.", "garrison schedule shows what can be scheduled.", operation=operation
            )
        missing = [value.name for value in self._tasks[operation].parameters if value.required]
        missing = [name for name in missing if name not in arguments]
        if missing and str(schedule) != "manual":
            raise Invalid(
                "{operation} cannot run by itself: it needs {missing}.", operation=operation, missing=", ".join(missing)
            )
        before = self._entries.get(operation)
        last = before.last if before else None
        entry = Entry(schedule, arguments, caller, own=True, last=last, databases=self._senses.databases())
        entry.anchor = self._anchor(entry)
        self._entries[operation] = entry
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
        due = entry.schedule.next_after(last.astimezone(self._zone), entry.anchor)
        # Two times of one zone are compared as clocks on the wall show them, hours of summer time left out.
        return due.astimezone(UTC) if due else None

    def _anchor(self, entry: Entry) -> int:
        return entry.schedule.anchor_of((entry.last or self._began).astimezone(self._zone))

    async def check(self, schedule: Schedule) -> None:
        """Raise Unavailable when this computer cannot tell what a schedule goes by."""
        around = await self._look((schedule,))
        for wanted, known, what in (
            (schedule.when_idle, around.idle_seconds, "whether anybody is using it"),
            (schedule.only_when_locked, around.locked, "whether its screen is locked"),
            (schedule.not_when_metered, around.metered, "whether its line is metered"),
        ):
            if wanted and known is None:
                raise Unavailable(
                    "This computer cannot tell {what}.", "That takes logind (systemd) and NetworkManager.", what=what
                )

    async def _look(self, schedules: Iterable[Schedule]) -> Circumstances:
        """Ask the desktop's services, if any schedule wants to know."""
        if any(each.when_idle or each.only_when_locked or each.not_when_metered for each in schedules):
            return await self._senses.circumstances(self._clock.now())
        return Circumstances()

    async def run(self) -> None:
        """Start what is due, for ever."""
        for entry in self._entries.values():
            entry.waits = entry.schedule.at_start
        while True:
            wait = self.tick(await self._look([entry.schedule for entry in self._entries.values()]))
            self._changed.clear()
            try:
                async with asyncio.timeout(wait.total_seconds()):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def tick(self, around: Circumstances) -> timedelta:
        """Start what is due now, as things are; return how long to wait until the next look."""
        now = self._clock.now()
        idle = (around.idle_seconds or 0.0) >= _IDLE_SECONDS
        wait = _LONGEST_WAIT
        for name, entry in self._entries.items():
            entry.idled = entry.idled and idle
            due = self.due(entry)
            if due is not None and due > now:
                wait = min(wait, due - now)
            is_due = due is not None and due <= now
            if (is_due or entry.waits or self._is_set_off(entry, idle)) and self._may(entry, around):
                entry.idled = idle
                self._begin(name, entry)
        return max(wait, timedelta(seconds=1))

    def _is_set_off(self, entry: Entry, idle: bool) -> bool:
        if entry.schedule.when_idle and idle and not entry.idled:
            return True
        return entry.schedule.after_update and self._senses.databases() != entry.databases

    def _may(self, entry: Entry, around: Circumstances) -> bool:
        """Return whether the conditions hold; what nobody can tell does not hold a task up, but for a locked screen."""
        schedule = entry.schedule
        return not (
            (schedule.not_on_battery and self._senses.on_battery())
            or (schedule.not_when_metered and around.metered)
            or (schedule.only_when_locked and not around.locked)
        )

    def _begin(self, name: str, entry: Entry) -> None:
        entry.anchor = entry.anchor or self._anchor(entry)
        entry.last, entry.databases, entry.waits = self._clock.now(), self._senses.databases(), False
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
        databases=_text(plain.get("databases", "")),
        anchor=_day(plain.get("anchor", 0)),
    )


def _text(untrusted: Any) -> str:
    if not isinstance(untrusted, str):
        raise ValueError("this is no entry of a schedule")  # noqa: TRY004 # one kind of error for a damaged file
    return untrusted


def _day(untrusted: Any) -> int:
    if not isinstance(untrusted, int) or not 0 <= untrusted <= 31:
        raise ValueError("this is no entry of a schedule")
    return untrusted


def _time(text: str) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _iso(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
