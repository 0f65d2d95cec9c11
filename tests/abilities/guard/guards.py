"""What the tests of the guard share: one over a keeper and a gate that only speak."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from garrison.abilities.databases import Databases
from garrison.abilities.guard import Guard
from garrison.base.clock import SystemClock
from garrison.base.paths import Home
from garrison.wire.guarding import Examining, Place, Plan, Reach

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: no other account has a keeper")
PROGRAM = (sys.executable, str(Path(__file__).with_name("speaking.py")))
PLAN = Plan(Examining("", {}), places=(Place(Reach.FOLDER, "/srv"),))


def make_guard(root: Path, program: tuple[str, ...] = PROGRAM) -> Guard:
    """Return a guard; its databases are a link to an empty folder, which the small gate does not open."""
    home = Home(root)
    databases = Databases(home, SystemClock())
    (databases.folder / "set").mkdir(exist_ok=True)
    with contextlib.suppress(FileExistsError):
        (databases.folder / "current").symlink_to("set")
    return Guard(home, SystemClock(), databases, program)


@contextlib.asynccontextmanager
async def running(guard: Guard) -> AsyncIterator[None]:
    """Have a guard run, and end it orderly."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(guard.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            await guard.end()


def heard(guard: Guard) -> list[dict[str, Any]]:
    """Return what keeper and gate heard."""
    try:
        return [json.loads(line) for line in (guard.folder / "heard").read_text("ascii").splitlines()]
    except FileNotFoundError:
        return []


def plans(guard: Guard) -> list[dict[str, Any]]:
    """Return the plans that the gate got."""
    return [line for line in heard(guard) if "examining" in line]


def tell(guard: Guard, *facts: object) -> None:
    """Have the gate tell the daemon something."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(guard.folder / "tell.sock"))
        for fact in facts:
            connection.sendall((fact if isinstance(fact, str) else json.dumps(fact)).encode() + b"\n")


async def until(condition: Callable[[], Any], seconds: float = 5.0) -> float:
    """Wait for something, and return how long it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not come"
        await asyncio.sleep(0.01)
    return time.monotonic() - began


def kill_gate(guard: Guard) -> None:
    """End the gate as a crash would."""
    os.kill(int((guard.folder / "gate.pid").read_text("ascii")), signal.SIGKILL)
