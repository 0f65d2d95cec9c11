"""Landlock: a process lets go of all files but those it names, without being root.

Sources: landlock(7), linux/landlock.h. The calls have the same numbers on every architecture.
"""

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1
_READ_FILE, _READ_DIR, _REFER, _TRUNCATE = 1 << 2, 1 << 3, 1 << 13, 1 << 14
_FIRST = (1 << 13) - 1  # all that the first version knows: running, writing, reading, removing, making
_RUN, _DEVICES = 1 << 0, 1 << 6 | 1 << 11
_OLDEST = 2  # before, no file could be moved from one folder to another

_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """Return which version the kernel has, 0 for none."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)))


def keep_only(readable: Iterable[int], own: int | None) -> bool:
    """Let go of all files, for good, but some; return whether the kernel has the means. no_new_privs must be set.

    readable: descriptors of folders and files that are read. own: of the folder in which the process does as it likes,
    but runs no program and makes no device; None for none. What is open stays open. Raises OSError when a step fails.
    """
    found = version()
    if found < _OLDEST:
        return False
    handled = _FIRST | _REFER | (_TRUNCATE if found >= 3 else 0)
    rules = _call(_CREATE_RULESET, struct.pack("=Q", handled), 8, 0)
    try:
        for descriptor in readable:
            is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
            _allow(rules, descriptor, _READ_FILE | _READ_DIR if is_folder else _READ_FILE)
        if own is not None:
            _allow(rules, own, handled & ~(_RUN | _DEVICES))
        _call(_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)
    return True


def _allow(rules: int, descriptor: int, access: int) -> None:
    _call(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", access, descriptor), 0)


def _call(number: int, *arguments: int | bytes) -> int:
    result = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"Landlock: {os.strerror(ctypes.get_errno())}")
    return result
