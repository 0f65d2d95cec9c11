"""What small files contain, read without waiting, and which contents have been found clean.

A copy of a file that was found clean costs one digest. Only what the gate itself has read, and handed to a worker as it
was read, is ever taken for known: a file that somebody maps into memory can change while it is being read.
"""

import os
from hashlib import sha256
from typing import NamedTuple

MOST_BYTES = 64 * 1024  # of a file that is read here
_MOST_KNOWN = 16_384  # in each of two halves, of which the older one is given up


class Contents:
    """Contents found clean, by digest. Safe from any thread; who learns keeps the one that was there when he began."""

    def __init__(self) -> None:
        self._recent: set[bytes] = set()
        self._older: set[bytes] = set()

    def has(self, key: bytes) -> bool:
        """Return whether a content is known to be clean."""
        if key in self._recent:
            return True
        if key not in self._older:
            return False
        self.learn(key)
        return True

    def learn(self, key: bytes) -> None:
        """Take a content for clean from now on."""
        if len(self._recent) >= _MOST_KNOWN:
            self._older, self._recent = self._recent, set()
        self._recent.add(key)


class Content(NamedTuple):
    """What a file contains. view: until the reader reads the next. key: stands for it, and for the file's name."""

    key: bytes
    view: memoryview


class Reader:
    """Reads small files; one for each thread."""

    def __init__(self) -> None:
        self._view = memoryview(bytearray(MOST_BYTES + 1))

    def read(self, descriptor: int, size: int, name: str) -> Content | None:
        """Return what a file of a size contains; None when the system does not have it at hand, or it has changed.

        The name is part of the key, for it is part of what is examined. No name has a NUL, so that it ends there.
        """
        if size > MOST_BYTES:
            return None
        try:
            count = os.preadv(descriptor, [self._view[: size + 1]], 0, os.RWF_NOWAIT)
        except OSError:  # it would have to wait for the disk, or the file system cannot say so
            return None
        if count != size:
            return None
        view = self._view[:count]
        digest = sha256(view)
        digest.update(b"\0" + os.fsencode(name))
        return Content(digest.digest(), view)
