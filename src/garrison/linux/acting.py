"""File access with the rights of whoever asks, from a daemon that may have more.

The kernel checks file access against a thread's file-system user, group and groups (setfsuid(2), credentials(7)), and
takes the file capabilities from a thread whose file-system user is not root. So a thread of its own, switched once and
never back, sees just what the caller sees.
"""

import asyncio
import ctypes
import os
import platform
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, Self, TypeVar

from garrison.base.errors import Unavailable

_SETGROUPS = {"x86_64": 116, "aarch64": 159}
_libc = ctypes.CDLL(None, use_errno=True)
P = ParamSpec("P")
R = TypeVar("R")


def _become(uid: int, gid: int, groups: Sequence[int]) -> None:
    """Switch the calling thread, for ever. Raises Unavailable when the kernel did not do it."""
    array = (ctypes.c_uint32 * len(groups))(*groups)
    # The C library's setgroups would switch every thread of the process; the bare call switches this one.
    number = _SETGROUPS.get(platform.machine())
    if number is None or _libc.syscall(number, len(groups), array) != 0:
        raise Unavailable("This computer cannot act for another account.")
    _libc.setfsgid(gid)
    _libc.setfsuid(uid)
    nobody = ctypes.c_uint32(0xFFFFFFFF)  # an invalid id changes nothing and returns the one in force
    if _libc.setfsuid(nobody) != uid or _libc.setfsgid(nobody) != gid:
        raise Unavailable("This computer cannot act for another account.")


class Acting:
    """A thread that touches files with an account's rights. An async context manager."""

    def __init__(self, uid: int, gid: int, groups: Sequence[int] = ()) -> None:
        switch = os.geteuid() == 0 and uid != 0
        self._executor = ThreadPoolExecutor(
            1,
            thread_name_prefix=f"acting-{uid}",
            initializer=_become if switch else None,
            initargs=(uid, gid, tuple(groups)) if switch else (),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._executor.shutdown(wait=False)

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function in the thread and return what it returns."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: function(*args, **kwargs))
