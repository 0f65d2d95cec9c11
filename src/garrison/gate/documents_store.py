"""Keeps copies of what is about to be changed, and writes down who did what: the gate's side of the store.

The copies are numbered, and each belongs to the account whose program was about to change the file. When they take more
than they may, the oldest go of whoever has more than an equal share: nobody can push out what others need. Nothing is
synced here, for somebody waits: a kill loses nothing, a power cut may lose the last seconds. At an alarm all is synced.
"""

import base64
import contextlib
import fcntl
import json
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError
from garrison.base.files import read_json, write_json
from garrison.wire.watching import ALARMS, COPIES, JOURNAL, OLDER_JOURNAL, Alarm, Deed, Scarce

_FICLONE = 0x40049409  # linux/fs.h
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_PIECE = 1024 * 1024
_MOST_XATTR_BYTES = 64 * 1024
_MOST_JOURNAL_BYTES = 16 * 1024 * 1024
_LEAST_BYTES = 4096  # that a copy counts for
_TELL_SECONDS = 60.0  # between two complaints of the same kind
_MOST_ALARMS = 200  # that nothing is to be decided about any more
_SPARE_BYTES = 64 * 1024 * 1024
_NOBODYS = -1  # of copies that were made before accounts had shares


class _Copy(NamedTuple):
    name: str
    size: int
    at: float  # seconds since 1970


class Store:
    """The store. tell: takes `Scarce`. pinned_since: copies from this time on are not dropped (an alarm is open)."""

    def __init__(self, folder: Path, clock: Clock, tell: Callable[[Scarce], None]) -> None:
        self._folder = folder
        self._clock = clock
        self._tell = tell
        self._told: dict[tuple[str, int], float] = {}
        self._dropped = 0
        self.budget_bytes = 1024 * 1024 * 1024
        self.window_seconds = 600.0
        self.pinned_since: float | None = None
        for part in (folder, folder / COPIES, folder / ALARMS):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._copies: dict[int, deque[_Copy]] = {}
        self._used: dict[int, int] = {}
        self._names: set[str] = set()
        self._next = 1
        for copy, account in self._found():
            self._enter(copy, account)
            self._next = 1 + int(copy.name.partition(".")[0])
        self._journal = self._open_journal()

    @property
    def used_bytes(self) -> int:
        """What all copies take."""
        return sum(self._used.values())

    def _found(self) -> list[tuple["_Copy", int]]:
        found = []
        with os.scandir(self._folder / COPIES) as entries:
            for entry in entries:
                number, _, account = entry.name.partition(".")
                if number.isdecimal() and (account.isdecimal() or not account):
                    status = entry.stat(follow_symlinks=False)
                    copy = _Copy(entry.name, max(status.st_size, _LEAST_BYTES), status.st_ctime)
                    found.append((copy, int(account or _NOBODYS)))
        return sorted(found)

    def _enter(self, copy: "_Copy", account: int) -> None:
        self._copies.setdefault(account, deque()).append(copy)
        self._used[account] = self._used.get(account, 0) + copy.size
        self._names.add(copy.name)

    def _open_journal(self) -> int:
        return os.open(self._folder / JOURNAL, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def now(self) -> float:
        """Return seconds since 1970."""
        return self._clock.now().timestamp()

    def has(self, name: str) -> bool:
        """Return whether a copy is still there."""
        return name in self._names

    def copy(self, source: int, path: str, account: int) -> str:
        """Copy an open file, by sharing its blocks where that can be done; return the copy's name, "" for none.

        account: whose program is about to change it.
        """
        size = os.fstat(source).st_size
        if not self._make_room(max(size, _LEAST_BYTES), path, account):
            return ""
        name = f"{self._next:012d}.{account}"
        self._next += 1
        target = self._folder / COPIES / name
        try:
            descriptor = os.open(target, _CREATE, 0o600)
            try:
                _clone(source, descriptor, size)
            finally:
                os.close(descriptor)
        except OSError as error:
            with contextlib.suppress(OSError):
                target.unlink()
            self._complain("failed", Scarce(path, f"Could not copy it: {error.strerror}.", uid=account))
            return ""
        self._enter(_Copy(name, max(size, _LEAST_BYTES), self.now()), account)
        return name

    def _make_room(self, size: int, path: str, account: int) -> bool:
        share = self.budget_bytes // len({*self._used, account})
        if size > share // 2:
            why = f"It is larger than half of account {account}'s share of the space for copies ({_mib(share)})."
            self._complain("large", Scarce(path, why, uid=account))
            return False
        while self.used_bytes + size > self.budget_bytes:
            loser = self._loser(size, account)
            if loser is None:
                why = "The space for copies is full of what an alarm may still need."
                self._complain("pinned", Scarce(path, why, uid=account))
                return False
            self._drop_oldest(loser)
        status = os.statvfs(self._folder)
        if status.f_bavail * status.f_frsize < size + _SPARE_BYTES:
            self._complain("disk", Scarce(path, "The disk is too full for copies.", uid=account))
            return False
        return True

    def _loser(self, size: int, account: int) -> int | None:
        """Return the account whose oldest copy has to go: whoever is furthest above an equal share; None for nobody.

        What an alarm may still need is kept from the account's own newer copies, and within its share from others'.
        """
        uses = self._used | {account: self._used.get(account, 0) + size}
        share = self.budget_bytes / len(uses)
        above = [each for each in uses if uses[each] > share and self._copies.get(each)]
        for each in sorted(above, key=lambda each: uses[each], reverse=True):
            if each != account or self.pinned_since is None or self._copies[each][0].at < self.pinned_since:
                return each
        return None

    def _drop_oldest(self, account: int) -> None:
        share = self.budget_bytes // len(self._used)
        copy = self._copies[account].popleft()
        self._used[account] -= copy.size
        self._names.discard(copy.name)
        self._dropped += 1
        if not self._copies[account]:
            del self._copies[account], self._used[account]
        with contextlib.suppress(OSError):
            os.unlink(self._folder / COPIES / copy.name)
        age = self.now() - copy.at
        if age < self.window_seconds:
            why = f"Account {account}'s share of the space for copies ({_mib(share)}) is too small: copies were dropped"
            self._complain("small", Scarce("", f"{why} that may still be needed.", self._dropped, age, account))

    def _complain(self, kind: str, scarce: Scarce) -> None:
        now = self._clock.monotonic()
        if now - self._told.get((kind, scarce.uid), float("-inf")) >= _TELL_SECONDS:
            self._told[kind, scarce.uid] = now
            self._tell(scarce)

    def note(self, deed: Deed) -> None:
        """Write down what was done."""
        line = json.dumps(asdict(deed), ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"
        with contextlib.suppress(OSError):  # a full disk: the copies that there are stay, and it was complained of
            os.write(self._journal, line)
            if os.fstat(self._journal).st_size > _MOST_JOURNAL_BYTES:
                os.rename(self._folder / JOURNAL, self._folder / OLDER_JOURNAL)
                os.close(self._journal)
                self._journal = self._open_journal()

    def keep_alarm(self, alarm: Alarm) -> None:
        """Write an alarm down, and make durable what undoing it needs. A full disk does not keep it from being told."""
        with contextlib.suppress(GarrisonError):
            write_json(self._folder / ALARMS / f"{alarm.id}.json", asdict(alarm))
        self._forget_alarms()
        with contextlib.suppress(OSError):
            os.fsync(self._journal)
        threading.Thread(target=os.sync, name="sync", daemon=True).start()  # the copies; nobody waits for that

    def _forget_alarms(self) -> None:
        """Have no more alarms on disk than enough: the oldest go, but none that waits for a decision."""
        with os.scandir(self._folder / ALARMS) as entries:
            if sum(1 for _ in entries) <= _MOST_ALARMS:
                return
        over = [alarm for alarm in self.alarms() if alarm.decision or not alarm.stopped][:-_MOST_ALARMS]
        for alarm in over:
            with contextlib.suppress(OSError):
                os.unlink(self._folder / ALARMS / f"{alarm.id}.json")

    def alarms(self) -> list[Alarm]:
        """Return the alarms on disk, oldest first."""
        found = []
        for path in (self._folder / ALARMS).glob("*.json"):
            with contextlib.suppress(OSError, ValueError, TypeError):
                found.append(Alarm.from_plain(read_json(path)))
        return sorted(found, key=lambda alarm: alarm.at)

    def close(self) -> None:
        """Close the journal."""
        os.close(self._journal)


def _mib(size: int) -> str:
    return f"{size / 1024 / 1024:.3g} MiB"


def _clone(source: int, target: int, size: int) -> None:
    """Copy all of a file, whatever the position of its descriptor. Raises OSError."""
    with contextlib.suppress(OSError):
        fcntl.ioctl(target, _FICLONE, source)
        return
    done = 0
    with contextlib.suppress(OSError):  # not between these file systems
        while done < size:
            count = os.copy_file_range(source, target, size - done, done, done)
            if not count:
                return
            done += count
    while piece := os.pread(source, _PIECE, done):
        done += os.pwrite(target, piece, done)


def metadata_of(descriptor: int) -> dict[str, Any]:
    """Return what belongs to a file beside its content, as quarantine keeps it too."""
    status = os.fstat(descriptor)
    return {
        "uid": status.st_uid,
        "gid": status.st_gid,
        "mode": status.st_mode & 0o7777,
        "atime_ns": status.st_atime_ns,
        "mtime_ns": status.st_mtime_ns,
        "xattrs": _xattrs_of(descriptor),
    }


def _xattrs_of(descriptor: int) -> dict[str, str]:
    found: dict[str, str] = {}
    left = _MOST_XATTR_BYTES
    with contextlib.suppress(OSError):
        for name in os.listxattr(descriptor):
            value = os.getxattr(descriptor, name)
            left -= len(value)
            if left >= 0:
                found[name] = base64.b64encode(value).decode("ascii")
    return found
