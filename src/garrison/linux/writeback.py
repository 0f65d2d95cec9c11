"""Has the kernel note the next write through a mapping of a file.

A program that maps a file and writes to it changes the file's times with the first write to each page only; what it
writes after that goes unseen until the page was written to the disk (page_mkwrite in the kernel's filesystems).
"""

import ctypes
import os
import time
from functools import cache

from garrison.linux.mounts import devices_of

_FRESH_NS = 2_000_000_000
_WAIT_BEFORE, _WRITE, _WAIT_AFTER = 1, 2, 4  # sync_file_range(2)
# In memory, writes through a mapping are never noted; others tell the times that a server or a program makes up.
_WITHOUT_TIMES = frozenset(
    {"tmpfs", "ramfs", "hugetlbfs", "fuse", "fuseblk", "nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "vfat", "exfat"}
)


@cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.sync_file_range.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
    return libc


def note_next_write(descriptor: int) -> bool:
    """Write out what waits of an open file, so that the next write to it changes its times; return whether it did."""
    flags = _WAIT_BEFORE | _WRITE | _WAIT_AFTER
    return bool(_libc().sync_file_range(descriptor, 0, 0, flags) == 0)


def is_fresh(status: os.stat_result) -> bool:
    """Return whether a file has changed just now, or in what looks like the future."""
    return time.time_ns() - status.st_ctime_ns < _FRESH_NS


def untimed_devices() -> frozenset[int]:
    """Return the devices whose files may change and keep their times."""
    return devices_of(_WITHOUT_TIMES)


def may_change_unseen(status: os.stat_result, untimed: frozenset[int]) -> bool:
    """Return whether a file may change and keep its times."""
    return status.st_dev in untimed
