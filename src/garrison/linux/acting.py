"""File access with the rights of whoever asks, from a daemon that may have more.

The kernel checks file access against a thread's file-system user, group and groups (setfsuid(2), credentials(7)) and
its capabilities. So a thread of its own, switched once and never back, with no capability left, sees just what the
caller sees.
"""

import asyncio
import ctypes
import os
import platform
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from typing import ParamSpec, Self, TypeVar

from garrison.base.errors import Unavailable
from garrison.linux.priority import give_way

_SETGROUPS = {"x86_64": 116, "aarch64": 159}
_CAPABILITIES_3 = 0x20080522  # _LINUX_CAPABILITY_VERSION_3 of linux/capability.h
_NOBODY = 0xFFFFFFFF  # no id: setfsuid(2) changes nothing and returns the one in force
_libc = ctypes.CDLL(None, use_errno=True)
for _call in (_libc.setfsuid, _libc.setfsgid):
    _call.argtypes, _call.restype = [ctypes.c_uint32], ctypes.c_uint32
P = ParamSpec("P")
R = TypeVar("R")


def _become(uid: int, gid: int, groups: Sequence[int]) -> None:
    """Switch the calling thread, for ever. Raises Unavailable when the kernel did not do it."""
    array = (ctypes.c_uint32 * len(groups))(*groups)
    # The C library's setgroups would switch every thread of the process; the bare call switches this one.
    number = _SETGROUPS.get(platform.machine())
    if number is None or _libc.syscall(ctypes.c_long(number), ctypes.c_long(len(groups)), array) != 0:
        raise Unavailable("This computer cannot act for another account.")
    _libc.setfsgid(gid)
    _libc.setfsuid(uid)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0)
    none = (ctypes.c_uint32 * 6)()
    is_bare = _libc.capset(header, none) == 0  # else trusted and security attributes would still be open to it
    if not is_bare or _libc.setfsuid(_NOBODY) != uid or _libc.setfsgid(_NOBODY) != gid:
        raise Unavailable("This computer cannot act for another account.")


def _switch(uid: int, gid: int, groups: Sequence[int], gives_way: bool) -> None:
    if gives_way:
        give_way()
    if os.geteuid() == 0 and uid != 0:
        _become(uid, gid, groups)
    elif uid not in {0, os.geteuid()}:  # root may ask the suite of an account, which then acts as that account
        raise Unavailable("Only the computer's own suite can act for another account.")


class Acting:
    """A thread that touches files with an account's rights. An async context manager.

    gives_way: whether it is to hold up nobody who wants the disk or the processor.
    """

    def __init__(self, uid: int, gid: int, groups: Sequence[int] = (), gives_way: bool = False) -> None:
        self._who = (uid, gid, tuple(groups), gives_way)
        self._executor = ThreadPoolExecutor(1, f"acting-{uid}", _switch, self._who)

    @property
    def uid(self) -> int:
        """The account whose rights it has."""
        return self._who[0]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._executor.shutdown(wait=False)

    @property
    def gives_way(self) -> bool:
        """Whether it is to hold up nobody."""
        return self._who[3]

    def twin(self) -> "Acting":
        """Return another thread with the same rights."""
        return Acting(*self._who)

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function in the thread and return what it returns. Raises Unavailable when the thread has no rights.

        Once begun, a call is waited for even when its caller is cancelled: nothing goes on behind the caller's back
        with descriptors that are closed by then.
        """
        cancelled: asyncio.CancelledError | None = None
        try:
            work = self._executor.submit(function, *args, **kwargs)
            future = asyncio.wrap_future(work)
            while not future.done():
                try:
                    await asyncio.wait([future])
                except asyncio.CancelledError as error:
                    work.cancel()  # if it has not begun
                    cancelled = error
            if cancelled is None:
                return future.result()
        except BrokenExecutor:
            raise Unavailable("This computer cannot act for another account.") from None
        if not future.cancelled():
            future.exception()  # seen, so that nobody complains of it
        raise cancelled
