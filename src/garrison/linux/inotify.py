"""Tells of files that were written in folders, without any right to keep anybody from anything. Source: inotify(7).

What is a link is not followed. A folder is watched with all below; what appears in it meanwhile is taken up.
"""

import ctypes
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Self

_libc = ctypes.CDLL(None, use_errno=True)
_CLOSE_WRITE, _MOVED_TO, _CREATE, _DELETE_SELF = 0x8, 0x80, 0x100, 0x400
_OVERFLOW, _IGNORED, _IS_DIR = 0x4000, 0x8000, 0x40000000
_ONLY_DIR, _DONT_FOLLOW = 0x1000000, 0x2000000
_MASK = _CLOSE_WRITE | _MOVED_TO | _CREATE | _DELETE_SELF | _ONLY_DIR | _DONT_FOLLOW
_EVENT = struct.Struct("iIII")
_READ_BYTES = 256 * 1024


class Kind(Enum):
    """What happened. MISSED: the kernel could not keep up, and some of it was not told."""

    WRITTEN = "written"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened to a file. path: full; "" of what was missed."""

    kind: Kind
    path: str


class Inotify:
    """Watches folders. descriptor: readable when there is something to take. A context manager."""

    def __init__(self) -> None:
        """Begin. Raises OSError when the account has too many of these."""
        self.descriptor = _call(_libc.inotify_init1, os.O_NONBLOCK | os.O_CLOEXEC)
        self._paths: dict[int, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        os.close(self.descriptor)

    def __len__(self) -> int:
        """How many folders are watched."""
        return len(self._paths)

    def watch(self, root: str) -> None:
        """Watch a folder and all below. Raises OSError, such as ENOSPC: more folders than an account may watch."""
        waiting = [root]
        while waiting:
            folder = waiting.pop()
            number = _call(_libc.inotify_add_watch, self.descriptor, os.fsencode(folder), _MASK)
            self._paths[number] = folder
            waiting += _folders_in(folder)

    def take(self) -> Iterator[Notice]:
        """Return what has happened since it was last asked."""
        try:
            data = os.read(self.descriptor, _READ_BYTES)
        except BlockingIOError:
            return
        at = 0
        while at < len(data):
            number, mask, _, length = _EVENT.unpack_from(data, at)
            name = os.fsdecode(data[at + _EVENT.size : at + _EVENT.size + length].rstrip(b"\0"))
            at += _EVENT.size + length
            yield from self._notice(number, mask, name)

    def _notice(self, number: int, mask: int, name: str) -> Iterator[Notice]:
        if mask & _OVERFLOW:
            yield Notice(Kind.MISSED, "")
        elif mask & _IGNORED:
            self._paths.pop(number, None)
        elif number in self._paths and name:
            path = os.path.join(self._paths[number], name)
            if mask & _IS_DIR:
                yield from self._appeared(path)
            elif mask & (_CLOSE_WRITE | _MOVED_TO):
                yield Notice(Kind.WRITTEN, path)

    def _appeared(self, folder: str) -> Iterator[Notice]:
        """Take up a folder that is new here, and what was written into it before it was watched."""
        try:
            self.watch(folder)
        except OSError:
            if os.path.isdir(folder):
                yield Notice(Kind.MISSED, "")
            return
        for above, _, names in os.walk(folder):
            for name in names:
                yield Notice(Kind.WRITTEN, os.path.join(above, name))


def _folders_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:  # gone, or not to be listed: nothing below can be reached either
        return []


def _call(function: Callable[..., int], *arguments: object) -> int:
    result = function(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
