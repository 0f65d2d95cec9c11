"""The kernel asks before a file is opened, and tells what happened to it: fanotify(7), bound by ctypes.

Every call raises OSError as the kernel refuses it. What the kernel writes is read in `fanotify_events`.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from enum import IntFlag


class Init(IntFlag):
    """Flags of fanotify_init(2), from include/uapi/linux/fanotify.h."""

    CLOEXEC = 0x1
    NONBLOCK = 0x2
    CLASS_NOTIF = 0x0
    CLASS_CONTENT = 0x4
    CLASS_PRE_CONTENT = 0x8
    UNLIMITED_QUEUE = 0x10
    UNLIMITED_MARKS = 0x20
    REPORT_PIDFD = 0x80
    REPORT_TID = 0x100
    REPORT_FID = 0x200
    REPORT_DIR_FID = 0x400
    REPORT_NAME = 0x800
    REPORT_TARGET_FID = 0x1000
    REPORT_FD_ERROR = 0x2000
    REPORT_MNT = 0x4000


class Mark(IntFlag):
    """Flags of fanotify_mark(2), likewise."""

    ADD = 0x1
    REMOVE = 0x2
    DONT_FOLLOW = 0x4
    ONLYDIR = 0x8
    MOUNT = 0x10
    IGNORED_MASK = 0x20
    IGNORED_SURV_MODIFY = 0x40
    FLUSH = 0x80
    FILESYSTEM = 0x100
    EVICTABLE = 0x200
    IGNORE = 0x400


class What(IntFlag):
    """What an event is about, and what a mark asks for, likewise."""

    ACCESS = 0x1
    MODIFY = 0x2
    ATTRIB = 0x4
    CLOSE_WRITE = 0x8
    CLOSE_NOWRITE = 0x10
    OPEN = 0x20
    MOVED_FROM = 0x40
    MOVED_TO = 0x80
    CREATE = 0x100
    DELETE = 0x200
    OPEN_EXEC = 0x1000
    OVERFLOW = 0x4000
    OPEN_PERM = 0x10000
    ACCESS_PERM = 0x20000
    OPEN_EXEC_PERM = 0x40000
    PRE_ACCESS = 0x100000
    MNT_ATTACH = 0x1000000
    MNT_DETACH = 0x2000000
    EVENT_ON_CHILD = 0x8000000
    RENAME = 0x10000000
    ONDIR = 0x40000000


NO_DESCRIPTOR = -1  # FAN_NOFD: the event is about no file, as an overflow is
# How the kernel opens the files that it hands over.
READING = os.O_RDONLY | os.O_CLOEXEC | os.O_NOATIME | getattr(os, "O_LARGEFILE", 0)
_ALLOW, _DENY = 0x1, 0x2
_RESPONSE = struct.Struct("=iI")  # struct fanotify_response
_HERE = -100  # AT_FDCWD
_INIT_REFUSED = frozenset({errno.EINVAL, errno.ENOSYS, errno.EPERM})

_libc = ctypes.CDLL(None, use_errno=True)
_libc.fanotify_init.argtypes = (ctypes.c_uint, ctypes.c_uint)
_libc.fanotify_init.restype = ctypes.c_int
_libc.fanotify_mark.argtypes = (ctypes.c_int, ctypes.c_uint, ctypes.c_uint64, ctypes.c_int, ctypes.c_char_p)
_libc.fanotify_mark.restype = ctypes.c_int
_init = _libc.fanotify_init
_mark = _libc.fanotify_mark


def open_group(flags: Init, opened_with: int = READING) -> int:
    """Return the descriptor of a new group. opened_with: the flags with which files are opened for its reader."""
    group = _init(int(flags), opened_with)
    if group < 0:
        raise _failed("fanotify_init")
    return int(group)


def mark(group: int, flags: Mark, what: What, path: str | bytes | os.PathLike[str]) -> None:
    """Add or remove a mark on what a path names. A last link is followed unless DONT_FOLLOW."""
    if _mark(group, int(flags), int(what), _HERE, os.fsencode(path)):
        raise _failed(os.fsdecode(path))


def mark_open(group: int, flags: int, what: int, descriptor: int) -> None:
    """Add or remove a mark on what is open."""
    if _mark(group, flags, what, descriptor, None):
        raise _failed(f"descriptor {descriptor}")


def flush(group: int, kind: int = 0) -> None:
    """Remove all marks of a group that are of one kind: FILESYSTEM, MOUNT, or on inodes (0)."""
    if _mark(group, int(Mark.FLUSH) | kind, 0, _HERE, b"/"):
        raise _failed("fanotify_mark")


def answer(group: int, descriptor: int, is_allowed: bool) -> bool:
    """Answer what the kernel asked with a descriptor's number. Return whether anybody still waited for it."""
    try:
        os.write(group, _RESPONSE.pack(descriptor, _ALLOW if is_allowed else _DENY))
    except FileNotFoundError:  # no such question: answered already, or who asked has been killed
        return False
    return True


def answer_all(group: int, numbers: Iterable[int], is_allowed: bool) -> int:
    """Answer for a reader that is gone, whatever it held under these numbers; return how many waited.

    The kernel knows a question by the number that its file had in the reader, and takes the answer from anybody who
    holds the group. Nobody may be reading the group meanwhile: the same number would then be two questions.
    """
    return sum(answer(group, number, is_allowed) for number in numbers)


def _failed(about: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), about)


@dataclass(frozen=True, slots=True)
class Features:
    """What this kernel has, of what Linux 5.19 may lack.

    asks: permission events (CAP_SYS_ADMIN). evictable: marks that do not keep what they are on in memory (5.19).
    surviving_ignore: FAN_MARK_IGNORE (6.0). pre_access: a question before content is read or changed (6.14).
    errors: an event says why its file could not be opened (6.13). mounts: events about mounts (6.15).
    """

    asks: bool = False
    evictable: bool = False
    surviving_ignore: bool = False
    pre_access: bool = False
    errors: bool = False
    mounts: bool = False

    def without(self, names: Iterable[str]) -> "Features":
        """Return the features of a kernel that lacks some. Raises ValueError for a name that is none."""
        known = {field.name for field in fields(self)}
        unknown = set(names) - known
        if unknown:
            raise ValueError(f"no such feature: {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
        return replace(self, **dict.fromkeys(names, False))


def features() -> Features:
    """Find out what the kernel can do, by groups that are closed at once."""
    content = Init.CLASS_CONTENT | Init.CLOEXEC
    opening = What.OPEN_PERM
    return Features(
        asks=_can_open(content),
        evictable=_can_mark(content, Mark.IGNORED_MASK | Mark.EVICTABLE, opening),
        surviving_ignore=_can_mark(content, Mark.IGNORE | Mark.IGNORED_SURV_MODIFY, opening),
        pre_access=_can_mark(Init.CLASS_PRE_CONTENT | Init.CLOEXEC, Mark(0), What.PRE_ACCESS),
        errors=_can_open(content | Init.REPORT_FD_ERROR),
        mounts=_can_open(Init.REPORT_MNT | Init.CLOEXEC),
    )


def _can_open(flags: Init) -> bool:
    try:
        group = open_group(flags)
    except OSError as error:
        if error.errno not in _INIT_REFUSED:
            raise
        return False
    os.close(group)
    return True


def _can_mark(group_flags: Init, flags: Mark, what: What) -> bool:
    """Return whether a mark can be set on a folder itself, about which nobody is asked."""
    try:
        group = open_group(group_flags)
    except OSError:
        return False
    try:
        mark(group, Mark.ADD | flags, what, os.path.dirname(os.__file__))
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.EOPNOTSUPP, errno.ENODEV}:
            raise
        return False
    else:
        return True
    finally:
        os.close(group)
