"""Puts back what programs did to documents, from the copies and the journal that the gate keeps.

Nothing is lost by it either: what a program left in the place of a file, and what it made, goes into quarantine before
anything takes its place. What somebody else has put there or changed meanwhile stays, and the file comes back beside.
The gate writes the store (`garrison.wire.watching`); here it is only read.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import secrets
import stat
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from garrison.abilities.quarantine import Identity, Quarantine
from garrison.abilities.quarantine.record import Metadata
from garrison.abilities.reversing import Copy, Reversal, reverse
from garrison.base.errors import Failed, GarrisonError, NotFound
from garrison.base.files import explain, read_json
from garrison.base.paths import Home
from garrison.engine.verdict import Certainty, Finding, Kind
from garrison.linux.acting import Acting
from garrison.linux.beneath import folder_without_links, rename_if_free, split
from garrison.linux.handles import identity_of
from garrison.wire.watching import ALARMS, COPIES, JOURNAL, OLDER_JOURNAL, Alarm, Deed

_VERSION = 1
_FICLONE = 0x40049409  # linux/fs.h
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PATH = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_PIECE = 1024 * 1024
_GRACE_SECONDS = 2.0  # within which what was under way at the alarm comes to an end
_DAMAGED = Finding("Ransomware.Damaged", Kind.RANSOMWARE, Certainty.PROBABLE)
_MADE = Finding("Ransomware.Made", Kind.RANSOMWARE, Certainty.PROBABLE)


@dataclass(slots=True)
class Outcome:
    """What undoing did, or would do: paths; failed: path -> why.

    beside: path -> under which name the file came back, since somebody else's is in its place.
    """

    restored: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    beside: dict[str, str] = field(default_factory=dict)


class _There(NamedTuple):
    """What is there now. file: its identity."""

    status: os.stat_result
    file: str

    @property
    def is_regular(self) -> bool:
        """Whether it is a file, and no folder or link."""
        return stat.S_ISREG(self.status.st_mode)


@dataclass(frozen=True, slots=True)
class _Undoing:
    """One undoing: of what, by what, with which right, whether really, and what came of it."""

    alarm: Alarm
    reversal: Reversal
    acting: Acting
    really: bool
    outcome: Outcome

    def is_theirs(self, there: _There) -> bool:
        """Return whether a file is as those left it who were stopped: no other one, and not changed since."""
        is_changed = bool(self.alarm.stopped) and there.status.st_ctime > self.alarm.at + _GRACE_SECONDS
        return there.is_regular and self.reversal.has(there.file) and not is_changed

    def beside(self, path: str) -> str:
        """Return the name beside a path that is taken."""
        return f"{path}.restored-{self.alarm.id}"


class Rewinding:
    """Reads the store, and undoes."""

    def __init__(self, home: Home, quarantine: Quarantine) -> None:
        self.folder: Path = home.folder("system-watcher", _VERSION)
        self.proof_folder: Path = home.folder("system-watcher-proof", _VERSION) / "files"
        self.proof_folder.mkdir(mode=0o700, exist_ok=True)
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
        raise NotFound("“{number}” {what}.", "garrison system-watcher alarms shows them.", number=number, what=what)

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
            undoing = _Undoing(alarm, reversal, acting, really, outcome)
            for path in reversal.made:
                await self._guarded(outcome, path, self._put_away(path, undoing))
            for now, before in reversal.moves.items():
                await self._guarded(outcome, before, self._move_back(now, before, undoing))
            for path, copy in reversal.restores.items():
                await self._guarded(outcome, path, self._restore(path, copy, undoing))
        return outcome

    async def forget_in(self, folder: Path) -> None:
        """Delete what was put into quarantine from a folder that is all our own."""
        for record in [each for each in self._quarantine.records() if each.path.startswith(f"{folder}/")]:
            with contextlib.suppress(GarrisonError):
                await self._quarantine.delete(record)

    async def _guarded(self, outcome: Outcome, path: str, step: Coroutine[Any, Any, None]) -> None:
        try:
            await step
        except GarrisonError as error:
            outcome.failed[path] = error.text
        except OSError as error:
            outcome.failed[path] = explain(error, "restore {path}", path=path).text

    async def _put_away(self, path: str, undoing: _Undoing) -> None:
        there = await undoing.acting.run(_look, path)
        if there is None:
            return
        if not undoing.is_theirs(there):
            raise Failed("{path} was put there or changed by somebody else, and was left as it is.", path=path)
        if undoing.really:
            await self._quarantine.take(path, Identity.of(there.status), _MADE, undoing.acting, os.geteuid())
        undoing.outcome.quarantined.append(path)

    async def _move_back(self, now: str, before: str, undoing: _Undoing) -> None:
        there = await undoing.acting.run(_look, now)
        if there is None:
            return
        if not (there.is_regular and undoing.reversal.has(there.file)):
            raise Failed("{now} is another file by now, and was left as it is.", now=now)
        target = undoing.beside(before) if await undoing.acting.run(_look, before) else before
        if undoing.really:
            await undoing.acting.run(_move, now, target, there.file)
        undoing.outcome.moved.append(before)
        if target != before:
            undoing.outcome.beside[before] = target

    async def _restore(self, path: str, copy: Copy, undoing: _Undoing) -> None:
        source = self.folder / COPIES / copy.name
        if not copy.name or not source.exists():
            raise Failed("There is no copy of it: the space for copies was too small, or the file too large.")
        there, target = await undoing.acting.run(_look, path), path
        if there is not None and await self._is_as_it_was(path, source, there, undoing):
            undoing.outcome.unchanged.append(path)
            return
        if there is not None and not undoing.is_theirs(there):
            there, target = None, undoing.beside(path)
        if undoing.really:
            metadata = Metadata(**copy.metadata)  # type: ignore[arg-type] # the gate wrote it
            if there is not None:
                await self._set_aside(path, there.status, undoing)
            target = await undoing.acting.run(_put, target, undoing.beside(path), source, metadata)
        undoing.outcome.restored.append(path)
        if target != path:
            undoing.outcome.beside[path] = target

    async def _is_as_it_was(self, path: str, source: Path, there: _There, undoing: _Undoing) -> bool:
        """Return whether nothing is to be restored: nothing was changed, it was done already, or others did it all."""
        if path in undoing.reversal.only_read and not undoing.reversal.has(there.file):
            return True
        if there.is_regular and await undoing.acting.run(_is_equal, path, source):
            return True
        beside = undoing.beside(path)
        other = None if undoing.is_theirs(there) else await undoing.acting.run(_look, beside)
        return other is not None and other.is_regular and await undoing.acting.run(_is_equal, beside, source)

    async def _set_aside(self, path: str, status: os.stat_result, undoing: _Undoing) -> None:
        """Make room for a restored file: what is there goes to quarantine, or beside it when that is full."""
        try:
            await self._quarantine.take(path, Identity.of(status), _DAMAGED, undoing.acting, os.geteuid())
        except GarrisonError:
            await undoing.acting.run(_move, path, f"{path}.damaged-{undoing.alarm.id}-{secrets.token_hex(2)}")


def _look(path: str) -> _There | None:
    """Return what a path leads to without following links, None when there is nothing. Raises OSError, Failed."""
    folder, name = split(path)
    try:
        with folder_without_links(folder) as parent, _held(name, parent) as descriptor:
            return _There(os.fstat(descriptor), identity_of(descriptor))
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def _held(name: str, folder: int) -> Iterator[int]:
    descriptor = os.open(name, _PATH, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


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


def _move(old: str, new: str, file: str = "") -> None:
    """Rename a file, never over another one, and never through a link. file: which one it has to be.

    Raises OSError, Failed.
    """
    (folder, name), (target_folder, target) = split(old), split(new)
    with folder_without_links(folder) as parent, folder_without_links(target_folder) as goal:
        rename_if_free(name, target, parent, goal)
        with _held(target, goal) as descriptor:
            is_it = not file or identity_of(descriptor) == file
        if not is_it:  # somebody was quicker
            rename_if_free(target, name, goal, parent)
            raise Failed("{old} is another file by now, and was left as it is.", old=old)


def _put(path: str, beside: str, source: Path, metadata: Metadata) -> str:
    """Make a file from a copy where none is, whole or not at all; return its path. Raises OSError, Failed.

    beside: the path to take when somebody else is quicker.
    """
    folder, name = split(path)
    _ensure(folder, metadata)
    temporary = f".garrison-{secrets.token_hex(6)}.new"
    with folder_without_links(folder) as parent:
        descriptor = os.open(temporary, _CREATE, 0o600, dir_fd=parent)
        try:
            _pour(source, descriptor)
            metadata.apply(descriptor)
            os.fsync(descriptor)
            try:
                rename_if_free(temporary, name, parent)
            except FileExistsError:
                path = beside
                rename_if_free(temporary, split(beside)[1], parent)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=parent)
            raise
        finally:
            os.close(descriptor)
    return path


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
