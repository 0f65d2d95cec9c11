"""Giving memory back to the kernel. Sources: madvise(2), malloc_trim(3), proc(5)."""

import contextlib
import ctypes

_DONT_NEED = 4  # MADV_DONTNEED
_libc = ctypes.CDLL(None, use_errno=True)
_libc.madvise.argtypes = (ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int)


def give_back() -> None:
    """Give back what was freed, and the code of programs and libraries, which is read again where it runs.

    Of code nothing is ever written to, so the files hold all of it. What is not possible is left as it is.
    """
    _libc.malloc_trim(0)
    with contextlib.suppress(OSError), open("/proc/self/maps", "rb") as file:
        for line in file.read().splitlines():
            fields = line.split(None, 5)
            if len(fields) == 6 and fields[1] == b"r-xp" and fields[5].startswith(b"/"):
                start, _, end = fields[0].partition(b"-")
                _libc.madvise(int(start, 16), int(end, 16) - int(start, 16), _DONT_NEED)
