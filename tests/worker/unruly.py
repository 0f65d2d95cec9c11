"""A fork server of the product whose examiner does to itself what a hostile object might do.

Started by path as the pool's program; the worker, its sandbox and its loop are the product's own.
"""

import ctypes
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from garrison.wire.examination import EVERYTHING, Setup
from garrison.worker.server import main
from garrison.worker.serving import Budget, Unprepared

SEGFAULT = b"please crash"
ABORT = b"please abort"
EXIT = b"please exit"
HANG = b"please hang"
SPEND = b"please use all my time"
HOG = b"please eat memory"
GROW = b"please grow"
RAISE = b"please raise"
CONNECT = b"please connect"
EXECUTE = b"please execute"
OPEN = b"please open"
NONSENSE = b"please talk nonsense"
FLOOD = b"please talk without end"
HUGE = b"please answer too much"
CLOSE = b"please close the connection"
KEEP = b"please keep a secret"
TELL = b"please tell the secret"
NEED = b"please have ready "
AHEAD = b"please tell what is ready"
DEMAND = b"please have anything ready"


class Unruly:
    """Finds a word, and does what objects ask of it."""

    def __init__(self, word: bytes) -> None:
        self._word = word
        self._kept = ""
        self._needs = ""
        self._ahead = ""

    def prepare(self, needs: str) -> None:
        """Have what objects may need from now on."""
        self._needs = needs

    def look_ahead(self) -> None:
        """Keep that it was asked for, once."""
        self._ahead += "ahead"

    def warm_up(self) -> None:
        """Need nothing."""

    def examine(self, descriptor: int, name: str, budget: Budget) -> object:
        """Return the object's name as its type and this process's number as the count of objects."""
        content = os.pread(descriptor, 1 << 20, 0)
        misbehave(content, budget)
        if content.startswith(NEED) and not {EVERYTHING, content.decode()}.intersection(self._needs.split(",")):
            raise Unprepared(content.decode())
        if content == DEMAND:
            raise Unprepared("more")
        if content == KEEP:
            self._kept = "secret"
        if content == AHEAD:
            name = self._ahead
        return {
            "type": self._kept if content == TELL else name,
            "objects": os.getpid(),
            "bytes": len(content),
            "sha256": "",
            "findings": [["Word", "test", "known", [], "word"]] if self._word in content else [],
            "remarks": [["time", []]] if content == SPEND else [],
        }


def open_examiner(setup: Setup) -> Unruly:
    """Return the examiner. The databases are one file: a word that is found; a missing one fails."""
    return Unruly((Path(setup.databases) / "word").read_bytes())


def misbehave(content: bytes, budget: Budget) -> None:
    """Do what the object asks."""
    deed = DEEDS.get(content)
    if deed:
        deed()
    while content == SPEND and not budget.spent():
        pass


def hang() -> None:
    """Compute for ever."""
    while True:
        pass


def eat_memory() -> None:
    """Grow until the limit is met."""
    eaten = []
    while True:
        eaten.append(b"x" * (8 << 20))


def connection() -> int:
    """Return the worker's only socket."""
    for descriptor in range(3, 64):
        try:
            if os.fstat(descriptor).st_mode & 0o170000 == 0o140000:
                return descriptor
        except OSError:
            continue
    raise AssertionError("no socket")


def grow() -> None:
    """Hold, for a moment, more than half of what a worker may."""
    bytes(range(256)) * (160 << 12)


def close() -> None:
    """Close the connection, and go on as if nothing was."""
    os.close(connection())
    hang()


def fail() -> None:
    """Raise what the engine does not expect."""
    raise KeyError(RAISE)


DEEDS: dict[bytes, Callable[[], object]] = {
    SEGFAULT: lambda: ctypes.string_at(1),
    ABORT: os.abort,
    EXIT: lambda: os._exit(7),
    HANG: hang,
    CLOSE: close,
    HOG: eat_memory,
    GROW: grow,
    RAISE: fail,
    CONNECT: socket.socket,
    EXECUTE: lambda: os.execv("/bin/true", ["true"]),
    OPEN: lambda: os.open("/etc/passwd", os.O_RDONLY),
    NONSENSE: lambda: os.write(connection(), b"\0\0\0\2{}"),
    FLOOD: lambda: os.write(connection(), b"\xff" * 100),
    HUGE: lambda: os.write(connection(), b"\0\x3d\x09\0" + b"[" * 4_000_000),
}


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), open_examiner))
