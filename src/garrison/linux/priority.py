"""Work that is to hold up nobody: the processor when nobody else wants it much, the disk when nobody else wants it.

setpriority(2) and ioprio_set(2) know threads, and what a thread starts has what the thread has. Where the kernel shares
the processor among sessions first (sched(7), autogroup), the session of a process is set as well.
"""

import contextlib
import ctypes
import os
import platform
from pathlib import Path

_NICE = 19
_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}
_WHO_PROCESS = 1  # IOPRIO_WHO_PROCESS of linux/ioprio.h
_IDLE = 3 << 13  # IOPRIO_CLASS_IDLE
_libc = ctypes.CDLL(None, use_errno=True)


def give_way(thread: int = 0) -> None:
    """Give a thread the lowest priority, for good; 0: the calling one. What the kernel refuses stays as it is.

    thread: also the number of a process that has one thread.
    """
    with contextlib.suppress(OSError):  # it has ended meanwhile
        os.setpriority(os.PRIO_PROCESS, thread, _NICE)
    number = _IOPRIO_SET.get(platform.machine())
    if number is not None:
        _libc.syscall(ctypes.c_long(number), _WHO_PROCESS, ctypes.c_int(thread), _IDLE)


def session_gives_way(process: int) -> None:
    """Give a process that leads a session, and has one thread, the lowest priority, and all that it will start."""
    give_way(process)
    with contextlib.suppress(OSError):  # a kernel without autogroup
        Path(f"/proc/{process}/autogroup").write_text(f"{_NICE}\n", "ascii")
