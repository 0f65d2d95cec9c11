"""A fork server of the product whose examiner does to itself what a hostile object might do.

Started by path as the pool's program; the worker, its sandbox and its loop are the product's own.
"""

import ctypes
import os
import socket
import sys
from pathlib import Path

from garrison.wire.examination import Setup
from garrison.worker.server import main
from garrison.worker.serving import Budget, Examine

SEGFAULT = b"please crash"
ABORT = b"please abort"
EXIT = b"please exit"
HANG = b"please hang"
SPEND = b"please use all my time"
HOG = b"please eat memory"
RAISE = b"please raise"
CONNECT = b"please connect"
EXECUTE = b"please execute"
OPEN = b"please open"
NONSENSE = b"please talk nonsense"
FLOOD = b"please talk without end"
HUGE = b"please answer too much"


def open_examiner(setup: Setup) -> Examine:
    """Return the examiner. The databases are one file: a word that is found; a missing one fails."""
    word = (Path(setup.databases) / "word").read_bytes()

    def examine(descriptor: int, name: str, budget: Budget) -> object:
        content = os.pread(descriptor, 1 << 20, 0)
        misbehave(content, budget)
        findings = [["Word", "test", "known", [], "word"]] if word in content else []
        return {
            "type": name,
            "objects": os.getpid(),
            "bytes": len(content),
            "sha256": "",
            "findings": findings,
            "remarks": [["time", []]] if content == SPEND else [],
        }

    return examine


def misbehave(content: bytes, budget: Budget) -> None:
    """Do what the object asks."""
    if content == SEGFAULT:
        ctypes.string_at(1)
    elif content == ABORT:
        os.abort()
    elif content == EXIT:
        os._exit(7)
    elif content == HANG:
        while True:
            pass
    elif content == SPEND:
        while not budget.spent():
            pass
    elif content == HOG:
        eat_memory()
    elif content == RAISE:
        raise KeyError(content)
    else:
        attack(content)


def eat_memory() -> None:
    """Grow until the limit is met."""
    eaten = []
    while True:
        eaten.append(b"x" * (8 << 20))


def attack(content: bytes) -> None:
    """Try what the sandbox forbids, or lie to the pool."""
    if content == CONNECT:
        socket.socket()
    elif content == EXECUTE:
        os.execv("/bin/true", ["true"])
    elif content == OPEN:
        os.open("/etc/passwd", os.O_RDONLY)
    elif content == NONSENSE:
        os.write(connection(), b"\0\0\0\2{}")
    elif content == FLOOD:
        os.write(connection(), b"\xff" * 100)
    elif content == HUGE:
        os.write(connection(), b"\0\x98\x96\x80" + b"[" * 10_000_000)


def connection() -> int:
    """Return the worker's only socket."""
    for descriptor in range(3, 64):
        try:
            if os.fstat(descriptor).st_mode & 0o170000 == 0o140000:
                return descriptor
        except OSError:
            continue
    raise AssertionError("no socket")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), open_examiner))
