"""Puts back what programs did to documents, from the copies and the journal that the gate keeps.

Nothing is lost by it either: what a program left in the place of a file, and what it made, goes into quarantine before
anything takes its place. The gate writes the store (`garrison.wire.watching`); here it is only read.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import secrets
import stat
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from garrison.abilities.quarantine import Identity, Quarantine
from garrison.abilities.quarantine.record import Metadata
from garrison.base.errors import Failed, GarrisonError, NotFound
from garrison.base.files import explain, read_json
from garrison.base.paths import Home
from garrison.engine.verdict import Certainty, Finding, Kind
from garrison.linux.acting import Acting
from garrison.linux.beneath import folder_without_links, rename_if_free, split
from garrison.wire.watching import ALARMS, COPIES, JOURNAL, OLDER_JOURNAL, Alarm, Deed, Did

_VERSION = 1
_FICLONE = 0x40049409  # linux/fs.h
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PIECE = 1024 * 1024
_GRACE_SECONDS = 2.0  # within which what was under way at the alarm comes to an end
_DAMAGED = Finding("Ransomware.Damaged", Kind.RANSOMWARE, Certainty.PROBABLE)
_MADE = Finding("Ransomware.Made", Kind.RANSOMWARE, Certainty.PROBABLE)
_WITH_COPY = {Did.CHANGED, Did.READ, Did.DELETED, Did.REPLACED}


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a file from before. name: of the copy, "" when none could be made."""

    name: str
    metadata: Mapping[str, object]


@dataclass(slots=True)
class Reversal:
    """What undoing some deeds takes. restores: path -> the copy; moves: where a file is now -> where it was.

    made: files that were made. Nothing in here has been compared with what is there now.
    """

    restores: dict[str, Copy] = field(default_factory=dict)
    moves: dict[str, str] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Outcome:
    """What undoing did, or would do: paths; failed: path -> why."""

    restored: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def reverse(deeds: Iterator[Deed]) -> Reversal:
    """Return what undoes deeds, given in the order in which they were done."""
    reversal = Reversal()
    origins: dict[str, str] = {}  # where a file is now -> where it was before all
    made: dict[str, None] = {}
    for deed in deeds:
        if deed.did is Did.CREATED and deed.path not in origins:
            made[deed.path] = None
        elif deed.did is Did.RENAMED:
            _rename(deed, origins, made)
        elif deed.did in _WITH_COPY:
            _take_copy(deed, origins, made, reversal)
    reversal.moves = {
        now: before for now, before in origins.items() if now != before and before not in reversal.restores
    }
    # What was renamed and is restored from a copy left its changed content under the new name.
    strays = [now for now, before in origins.items() if now != before and before in reversal.restores]
    reversal.made = [path for path in (*made, *strays) if path not in reversal.restores]
    return reversal


def _rename(deed: Deed, origins: dict[str, str], made: dict[str, None]) -> None:
    if deed.path in made:
        del made[deed.path]
        origins.pop(deed.to, None)
        if deed.to:
            made[deed.to] = None
    elif deed.to:
        origins[deed.to] = origins.pop(deed.path, deed.path)


def _take_copy(deed: Deed, origins: dict[str, str], made: dict[str, None], reversal: Reversal) -> None:
    if deed.path in made:
        if deed.did is Did.DELETED:
            del made[deed.path]
        return
    before = origins.get(deed.path, deed.path)
    known = reversal.restores.get(before)
    if (deed.copy or deed.did is not Did.DELETED) and (known is None or not known.name):
        reversal.restores[before] = Copy(deed.copy, deed.metadata)
    if deed.did is Did.DELETED:
        origins.pop(deed.path, None)


class Rewinding:
    """Reads the store, and undoes."""

    def __init__(self, home: Home, quarantine: Quarantine) -> None:
        self.folder: Path = home.folder("system-watcher", _VERSION)
        self._quarantine = quarantine

    # -- what was done --

    def alarms(self) -> list[Alarm]:
        """Return the alarms, oldest first."""
        found = []
        for path in (self.folder / ALARMS).glob("*.json"):
            with contextlib.suppress(OSError, ValueError, TypeError):
                found.append(Alarm.from_plain(read_json(path)))
        return sorted(found, key=lambda alarm: alarm.at)

    def alarm(self, number: str) -> Alarm:
        """Return the alarm of an id, which may be shortened while it is clear. Raises NotFound."""
        found = [alarm for alarm in self.alarms() if number and alarm.id.startswith(number)]
        if len(found) == 1:
            return found[0]
        what = "is no alarm" if not found else "fits several alarms"
        raise NotFound(f"“{number}” {what}.", "garrison system-watcher alarms shows them.")

    def deeds(self, wanted: Callable[[Deed], bool]) -> Iterator[Deed]:
        """Yield what is in the journal, in the order in which it was done; damaged lines are passed over."""
        for name in (OLDER_JOURNAL, JOURNAL):
            try:
                file = (self.folder / name).open("rb")
            except FileNotFoundError:
                continue
            with file:
                for line in file:
                    with contextlib.suppress(ValueError, TypeError, KeyError):
                        deed = Deed.from_plain(json.loads(line))
                        if wanted(deed):
                            yield deed

    def copies_bytes(self) -> int:
        """Return what all copies take, about."""
        with contextlib.suppress(FileNotFoundError), os.scandir(self.folder / COPIES) as entries:
            return sum(entry.stat(follow_symlinks=False).st_size for entry in entries)
        return 0

    def reversal(self, alarm: Alarm) -> Reversal:
        """Return what undoes what an alarm was about."""
        is_process = alarm.node.startswith("process:")
        return reverse(self.deeds(lambda deed: deed.is_of(alarm.node) and (is_process or deed.at >= alarm.began)))

    # -- undone --

    async def undo(self, alarm: Alarm, really: bool = True) -> Outcome:
        """Undo what an alarm was about; with really=False only say what would be done."""
        reversal = await asyncio.to_thread(self.reversal, alarm)
        outcome = Outcome()
        async with Acting(os.geteuid(), os.getegid()) as acting:
            for path in reversal.made:
                await self._guarded(outcome, path, self._put_away(path, alarm, acting, outcome, really))
            for now, before in reversal.moves.items():
                await self._guarded(outcome, before, self._move_back(now, before, acting, outcome, really))
            for path, copy in reversal.restores.items():
                await self._guarded(outcome, path, self._restore(path, copy, alarm, acting, outcome, really))
        return outcome

    async def _guarded(self, outcome: Outcome, path: str, step: Coroutine[Any, Any, None]) -> None:
        try:
            await step
        except GarrisonError as error:
            outcome.failed[path] = error.text
        except OSError as error:
            outcome.failed[path] = explain(error, f"restore {path}").text

    async def _put_away(self, path: str, alarm: Alarm, acting: Acting, outcome: Outcome, really: bool) -> None:
        status = await acting.run(_look, path)
        if status is None:
            return
        _check_unchanged(status, path, alarm)
        if really:
            await self._quarantine.take(path, Identity.of(status), _MADE, acting, os.geteuid())
        outcome.quarantined.append(path)

    async def _move_back(self, now: str, before: str, acting: Acting, outcome: Outcome, really: bool) -> None:
        if await acting.run(_look, now) is None:
            return
        if really:
            await acting.run(_move, now, before)
        outcome.moved.append(before)

    async def _restore(
        self, path: str, copy: Copy, alarm: Alarm, acting: Acting, outcome: Outcome, really: bool
    ) -> None:
        source = self.folder / COPIES / copy.name
        if not copy.name or not source.exists():
            raise Failed("There is no copy of it: the space for copies was too small, or the file too large.")
        status = await acting.run(_look, path)
        if status is not None and await acting.run(_is_equal, path, source):
            outcome.unchanged.append(path)
            return
        if status is not None:
            _check_unchanged(status, path, alarm)
        if really:
            metadata = Metadata(**copy.metadata)  # type: ignore[arg-type] # the gate wrote it
            if status is not None:
                await self._set_aside(path, status, alarm, acting)
            await acting.run(_put, path, source, metadata)
        outcome.restored.append(path)

    async def _set_aside(self, path: str, status: os.stat_result, alarm: Alarm, acting: Acting) -> None:
        """Make room for a restored file: what is there goes to quarantine, or beside it when that is full."""
        try:
            await self._quarantine.take(path, Identity.of(status), _DAMAGED, acting, os.geteuid())
        except GarrisonError:
            await acting.run(_move, path, f"{path}.damaged-{alarm.id}-{secrets.token_hex(2)}")


def _check_unchanged(status: os.stat_result, path: str, alarm: Alarm) -> None:
    """Raise Failed when somebody else has changed a file after those who were stopped."""
    if alarm.stopped and status.st_ctime > alarm.at + _GRACE_SECONDS:
        raise Failed(f"{path} was changed after the alarm, and was left as it is.")


def _look(path: str) -> os.stat_result | None:
    """Return the status of a regular file without following links, None when there is none. Raises OSError, Failed."""
    folder, name = split(path)
    try:
        with folder_without_links(folder) as parent:
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise Failed(f"{path} is no file any more, and was left as it is.")
    return status


def _is_equal(path: str, source: Path) -> bool:
    folder, name = split(path)
    with folder_without_links(folder) as parent:
        descriptor = os.open(name, _READ, dir_fd=parent)
    with open(descriptor, "rb") as one, source.open("rb") as other:
        if os.fstat(one.fileno()).st_size != os.fstat(other.fileno()).st_size:
            return False
        while piece := one.read(_PIECE):
            if piece != other.read(_PIECE):
                return False
    return True


def _move(old: str, new: str) -> None:
    """Rename a file, never over another one, and never through a link. Raises OSError, Failed."""
    folder, name = split(old)
    target_folder, target = split(new)
    if folder == target_folder:
        with folder_without_links(folder) as parent:
            rename_if_free(name, target, parent)
        return
    with folder_without_links(folder) as parent, folder_without_links(target_folder) as goal:
        with contextlib.suppress(FileNotFoundError):
            os.stat(target, dir_fd=goal, follow_symlinks=False)
            raise Failed(f"There is another file of the name {new} by now.")
        os.rename(name, target, src_dir_fd=parent, dst_dir_fd=goal)


def _put(path: str, source: Path, metadata: Metadata) -> None:
    """Make a file from a copy where none is, whole or not at all. Raises OSError, Failed."""
    folder, name = split(path)
    _ensure(folder, metadata)
    temporary = f".garrison-{secrets.token_hex(6)}.new"
    with folder_without_links(folder) as parent:
        descriptor = os.open(temporary, _CREATE, 0o600, dir_fd=parent)
        try:
            _pour(source, descriptor)
            metadata.apply(descriptor)
            os.fsync(descriptor)
            rename_if_free(temporary, name, parent)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=parent)
            raise
        finally:
            os.close(descriptor)


def _ensure(folder: str, metadata: Metadata) -> None:
    """Make a folder again that was removed with what was in it, for the owner of that."""
    parent, name = split(folder)
    if os.path.lexists(folder) or parent == folder:
        return
    _ensure(parent, metadata)
    with folder_without_links(parent) as descriptor:
        os.mkdir(name, 0o700, dir_fd=descriptor)
        os.chown(name, metadata.uid, metadata.gid, dir_fd=descriptor, follow_symlinks=False)


def _pour(source: Path, target: int) -> None:
    with source.open("rb") as file:
        with contextlib.suppress(OSError):
            fcntl.ioctl(target, _FICLONE, file.fileno())
            return
        while piece := file.read(_PIECE):
            view = memoryview(piece)
            while view:
                view = view[os.write(target, view) :]
