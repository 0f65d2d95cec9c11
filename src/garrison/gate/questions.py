"""What the kernel asks, and what is known of the files that it has asked about."""

import os
import threading
from typing import Any, NamedTuple

from garrison.gate.contents import Contents
from garrison.linux import fanotify
from garrison.wire.guarding import Actor, Occasion

_MOST_KNOWN = 65_536
_SETTLED_NS = 20_000_000  # a file changed more recently may change again at what the clock shows as the same time


class Stamp(NamedTuple):
    """What of a file changes when its content does: size in bytes, times in nanoseconds."""

    size: int
    modified_ns: int
    changed_ns: int


def stamp_of(found: os.stat_result) -> Stamp:
    """Return a file's stamp."""
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def is_settled(stamp: Stamp, now_ns: int) -> bool:
    """Return whether a change since would show in the stamp, by the clock that the kernel stamps with."""
    return abs(now_ns - stamp.changed_ns) > _SETTLED_NS


class Known(NamedTuple):
    """What came of a file as it was. untrusted_verdict: None when nothing was found. failure: "" or why none came."""

    stamp: Stamp
    untrusted_verdict: dict[str, Any] | None = None
    failure: str = ""


class Memory:
    """What came of files, by device and inode. Safe from any thread. contents: of small files, also of other ones."""

    def __init__(self) -> None:
        self.contents = Contents()
        self._known: dict[tuple[int, int], Known] = {}
        self._under_way: set[tuple[int, int]] = set()
        self._changed: set[tuple[int, int]] = set()

    def begin(self, found: os.stat_result) -> None:
        """Note that a file is being examined on the short way."""
        self._under_way.add((found.st_dev, found.st_ino))

    def has_changed(self, found: os.stat_result) -> bool:
        """Return, and forget, whether a file was closed by a writer since `begin`. Ask when its mark is set."""
        key = (found.st_dev, found.st_ino)
        self._under_way.discard(key)
        has = key in self._changed
        self._changed.discard(key)
        return has

    def recall(self, found: os.stat_result) -> Known | None:
        """Return what is known of a file, if it is as it was then."""
        known = self._known.get((found.st_dev, found.st_ino))
        return known if known is not None and known.stamp == stamp_of(found) else None

    def learn(self, found: os.stat_result, known: Known) -> None:
        """Keep what came of a file."""
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[found.st_dev, found.st_ino] = known

    def forget(self, found: os.stat_result) -> None:
        """Know nothing of a file any more: it has changed."""
        key = (found.st_dev, found.st_ino)
        self._known.pop(key, None)
        if key in self._under_way:
            self._changed.add(key)

    def forget_all(self) -> None:
        """Know nothing any more."""
        self.contents = Contents()  # what is under way is learned by the one that was
        self._known.clear()


class Question:
    """One event about a file, from whose descriptor it is examined; whoever asked may wait. group: None when not.

    is_counted: whether its owner's share has been charged with it.
    """

    __slots__ = ("_group", "_lock", "asker", "descriptor", "found", "is_answered", "is_counted", "occasion")

    def __init__(
        self, group: int | None, descriptor: int, asker: int, occasion: Occasion, found: os.stat_result
    ) -> None:
        self._group = group
        self._lock = threading.Lock()
        self.descriptor = descriptor
        self.asker = asker
        self.occasion = occasion
        self.found = found
        self.is_answered = group is None
        self.is_counted = False

    def answer(self, is_allowed: bool) -> bool:
        """Let whoever asked go on, unless that has been done. Return whether the answer is this one."""
        with self._lock:
            if self.is_answered:
                return False
            self.is_answered = True
        fanotify.answer(self._group or 0, self.descriptor, is_allowed)
        return True

    def close(self) -> None:
        """Part with the file; its question has been answered, for the kernel knows it by the number."""
        self.answer(is_allowed=True)
        os.close(self.descriptor)

    def actor(self) -> Actor:
        """Return who asked, as far as that can be seen still."""
        try:
            uid = os.stat(f"/proc/{self.asker}").st_uid
            program = os.readlink(f"/proc/{self.asker}/exe")
        except OSError:
            return Actor(self.asker, -1, "")
        return Actor(self.asker, uid, program)
