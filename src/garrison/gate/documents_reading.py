"""What the System Watcher reads of files and of those who open them."""

import contextlib
import os

from garrison.gate.documents_scoring import BLOCK_BYTES, Sample
from garrison.linux.handles import handle_of
from garrison.linux.syscalls import architecture

_OPENS = {"open": 1, "openat": 2, "open_by_handle_at": 2}  # which argument has the flags
_RUNS = ("execve", "execveat")
_READS = ("read", "readv", "pread64", "preadv", *_RUNS)


def sample(descriptor: int) -> Sample:
    """Read a file's first, middle and last block. Raises OSError."""
    size = os.fstat(descriptor).st_size
    places = {0: None, max(0, size // 2 - BLOCK_BYTES // 2): None, max(0, size - BLOCK_BYTES): None}
    if size <= BLOCK_BYTES:
        places = {0: None}
    blocks = (os.pread(descriptor, BLOCK_BYTES, at) for at in places)
    return Sample(size, tuple(block for block in blocks if block))


def handle_bytes(descriptor: int) -> bytes:
    """Return what tells a file from the next one that is given its inode number; b"" where there are no handles."""
    with contextlib.suppress(OSError):
        return handle_of(descriptor).handle
    return b""


class Intents:
    """Tells whether whoever waits to open a file may write to it, from the system call it waits in."""

    def __init__(self) -> None:
        known = architecture()
        numbers = known.numbers if known is not None else {}
        self._flags = {numbers[name]: place for name, place in _OPENS.items() if name in numbers}
        self._reads = {numbers[name] for name in _READS if name in numbers}
        self._runs = {numbers[name] for name in _RUNS if name in numbers}

    def writes(self, thread: int) -> bool:
        """Return whether a thread opens to write; True when that cannot be told.

        The flags of openat2(2) lie in memory that another thread may change, those of a ring in one of its own.
        """
        try:
            with open(f"/proc/{thread}/syscall", "rb") as file:
                parts = file.read(300).split()
            number = int(parts[0])
            if number in self._runs:
                return False
            flags = int(parts[1 + self._flags[number]], 16)
        except (OSError, ValueError, KeyError, IndexError):
            return True
        return bool(flags & os.O_ACCMODE != os.O_RDONLY or flags & os.O_TRUNC)

    def changes(self, thread: int) -> bool:
        """Return whether a thread that is about to use a file's content may change it; True when that is unclear."""
        try:
            with open(f"/proc/{thread}/syscall", "rb") as file:
                return int(file.read(300).split()[0]) not in self._reads
        except (OSError, ValueError, IndexError):
            return True
