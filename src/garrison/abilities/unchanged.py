"""Remembers which files were found clean, so that the next scan passes over those that have not changed.

A file is known again by its place on the disk (device, inode), size and times; the time of its last change (ctime) is
one that nobody can set, but by setting the clock of the whole computer. Before a file is examined, what waits of it to
be written to the disk is written out: otherwise a program that has it mapped could change it and leave the times as
they are. Where file systems keep no such times, nothing is known. It is known for these databases and this way of
examining only, and for a week at most: then everything is examined anew.

A file `clean-...` for each databases and way: 8 bytes "GARCLEAN", the time it was begun (u64 seconds), 32 bytes that
name databases and way, then 16 bytes for each clean file, and at the end a BLAKE2b-256 code over all before it, made
with a key of our own: what was tampered with is not believed. The marks are BLAKE2b-128 with that key, so that the file
tells nobody which files there are.
"""

import hashlib
import hmac
import os
import secrets
import struct
from datetime import timedelta
from pathlib import Path

from garrison.abilities.quarantine import Identity
from garrison.base.clock import Clock
from garrison.base.files import write_atomically

_MAGIC = b"GARCLEAN"
_HEADER = struct.Struct("<8sQ32s")
_IDENTITY = struct.Struct("<5Q")
_MARK_BYTES = 16
_CODE_BYTES = 32
_KEY_BYTES = 32
_NAME_DIGITS = 16
_MOST_FILES = 4
_MOST_MARKS = 5_000_000
_LASTS = timedelta(days=7)
_SETTLED_NS = 2_000_000_000  # a change within the clock's grain of the last one would leave the times as they are
_MASK = (1 << 64) - 1


class CleanFiles:
    """The files known as clean, for one set of databases and one way of examining.

    untimed: devices whose files may change and keep their times: none of these is known.
    """

    def __init__(self, path: Path, key: bytes, name: bytes, clock: Clock) -> None:
        self._path = path
        self._key = key
        self._name = name
        self._clock = clock
        self._began = int(clock.now().timestamp())
        self._marks: set[bytes] = set()
        self._is_changed = False
        self.untimed: frozenset[int] = frozenset()
        self._load()

    def __len__(self) -> int:
        """How many files are known."""
        return len(self._marks)

    def knows(self, status: os.stat_result) -> bool:
        """Return whether a file was found clean as it is now."""
        return (
            bool(self._marks) and status.st_dev not in self.untimed and self._mark(Identity.of(status)) in self._marks
        )

    def learn(self, identity: Identity) -> None:
        """Remember a file that was found clean; one that changed just now might change again unseen."""
        newest = max(identity.mtime_ns, identity.ctime_ns)
        if identity.device in self.untimed:
            return
        if newest + _SETTLED_NS < self._clock.now().timestamp() * 1e9 and len(self._marks) < _MOST_MARKS:
            self._marks.add(self._mark(identity))
            self._is_changed = True

    def save(self) -> None:
        """Write what was learned. Raises Failed."""
        if not self._is_changed:
            return
        body = _HEADER.pack(_MAGIC, self._began, self._name) + b"".join(self._marks)
        write_atomically(self._path, body + self._code(body), mode=0o600)
        self._is_changed = False

    def _mark(self, identity: Identity) -> bytes:
        times = (identity.mtime_ns & _MASK, identity.ctime_ns & _MASK)
        packed = _IDENTITY.pack(identity.device, identity.inode, identity.size, *times)
        return hashlib.blake2b(packed, digest_size=_MARK_BYTES, key=self._key).digest()

    def _code(self, body: bytes) -> bytes:
        return hashlib.blake2b(body, digest_size=_CODE_BYTES, key=self._key).digest()

    def _load(self) -> None:
        try:
            content = self._path.read_bytes()
        except OSError:
            return
        body, code = content[:-_CODE_BYTES], content[-_CODE_BYTES:]
        if len(body) < _HEADER.size or not hmac.compare_digest(self._code(body), code):
            return
        magic, began, name = _HEADER.unpack_from(body)
        age = self._began - began
        if magic != _MAGIC or name != self._name or not 0 <= age < _LASTS.total_seconds():
            return
        self._began = began
        marks = memoryview(body)[_HEADER.size :]
        self._marks = {bytes(marks[at : at + _MARK_BYTES]) for at in range(0, len(marks), _MARK_BYTES)}


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except OSError:
        return 0.0


class Unchanged:
    """Opens the memory of clean files. folder: of ours, for the key and the file."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    def open(self, *what: object) -> CleanFiles:
        """Return the files known as clean. what: the databases and the way, all that a verdict depends on."""
        name = hashlib.sha256(repr(what).encode("utf-8", "surrogateescape")).digest()
        path = self._folder / f"clean-{name.hex()[:_NAME_DIGITS]}"
        self._forget_all_but(path)
        return CleanFiles(path, self._secret(), name, self._clock)

    def _forget_all_but(self, path: Path) -> None:
        """Take away what is of other databases by now, most likely: all but the newest few."""
        files = [each for each in self._folder.glob("clean*") if each != path]
        for each in sorted(files, key=_age)[_MOST_FILES - 1 :]:
            each.unlink(missing_ok=True)

    def _secret(self) -> bytes:
        path = self._folder / "key"
        try:
            key = path.read_bytes()
        except OSError:
            key = b""
        if len(key) != _KEY_BYTES:
            key = secrets.token_bytes(_KEY_BYTES)
            write_atomically(path, key, mode=0o600)
        return key
