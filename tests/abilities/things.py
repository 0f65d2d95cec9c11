"""What the tests of the abilities share: a store, files to put into it, accounts to act for."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from garrison.abilities.curing import Curing
from garrison.abilities.databases import Databases
from garrison.abilities.outgoing import Outgoing
from garrison.abilities.quarantine import Identity, Quarantine, Record
from garrison.abilities.scanner import Scanner
from garrison.abilities.unchanged import Unchanged
from garrison.base.clock import FakeClock
from garrison.base.paths import Home
from garrison.engine.verdict import Certainty, Finding, Kind
from garrison.linux.acting import Acting

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
FINDING = Finding("Test.Sample", Kind.TEST, Certainty.KNOWN, inner=("a.zip", "b"), why="rule x")
NOBODY = 65534  # a user and group without rights
STRANGER = 54321  # an account that no table names
EICAR = (r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*").encode("ascii")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
R = TypeVar("R")


def make_store(root: Path) -> Quarantine:
    """Return a store under a folder, as a start of the suite would open it."""
    return Quarantine(Home(root), FakeClock(START))


def make_curing(home: Home, store: Quarantine, databases: Databases | None = None) -> tuple[Curing, Scanner]:
    """Return a curing ability that may ask nobody for packages, and the scanner to close afterwards."""
    clock = FakeClock(START)
    databases = databases or Databases(home, clock)
    scanner = Scanner(databases, store, Unchanged(home.folder("unchanged", 1), clock))
    return Curing(databases, scanner, Outgoing(lambda _: None), clock), scanner


def identity(path: Path) -> Identity:
    """Return what a scan would remember of a file."""
    return Identity.of(os.lstat(path))


def acting_self() -> Acting:
    """Return a thread with our own rights."""
    return Acting(os.geteuid(), os.getegid(), os.getgroups())


def run(work: Callable[[Acting], Awaitable[R]], uid: int | None = None, groups: tuple[int, ...] = ()) -> R:
    """Run something with a thread of an account, ourselves by default."""

    async def inside() -> R:
        async with acting_self() if uid is None else Acting(uid, uid, groups) as acting:
            return await work(acting)

    return asyncio.run(inside())


def take(store: Quarantine, path: Path, uid: int | None = None) -> Record:
    """Put a file into quarantine."""
    who = os.geteuid() if uid is None else uid
    return run(lambda acting: store.take(str(path), identity(path), FINDING, acting, who), uid)


def names(folder: Path) -> list[str]:
    """Return what is in a folder."""
    return sorted(os.listdir(folder))


def stored(store: Quarantine) -> list[str]:
    """Return what is in a store's folder, less its version file."""
    return [name for name in names(store.folder) if name != "version"]


def descriptors() -> list[str]:
    """Return what this process has open."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found.append(f"{name} {os.readlink(f'/proc/self/fd/{name}')}")
    return sorted(found)


@contextlib.contextmanager
def small_disk(folder: Path, options: str = "size=1m") -> Iterator[Path]:
    """Mount a file system of a megabyte on a folder, for root."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, room: int) -> None:
    """Fill a disk but for some bytes."""
    with open(disk / "filler", "wb", buffering=0) as filler:
        with contextlib.suppress(OSError):
            while filler.write(bytes(4096)):
                pass
        os.truncate(filler.fileno(), os.fstat(filler.fileno()).st_size - room)
