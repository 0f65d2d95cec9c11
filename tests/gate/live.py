"""A real keeper and gate over a volume of their own, and the connection on which a suite would speak with them."""

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from garrison.base.paths import own_program
from garrison.engine.budget import Limits
from garrison.linux.fanotify import features
from garrison.wire.client import folder_of, short_address
from garrison.wire.frames import decode, encode
from garrison.wire.guarding import (
    KEEPER_SOCKET,
    SOCKET,
    End,
    Examining,
    Fact,
    Found,
    Order,
    Place,
    Plan,
    Reach,
    Standing,
    fact_from_plain,
    order_to_plain,
)
from tests.engine.samples import SOURCES, built
from tests.worker.objects import descendants, is_running

KINDS = ("ext4", "tmpfs")
LONGEST_SECONDS = 300  # then a keeper is killed whatever became of its test
F = TypeVar("F", bound=Fact)


def skip_unless_possible(kind: str = "tmpfs") -> None:
    """Skip a test where the kernel is not to be asked, or no such volume can be had."""
    if os.geteuid() != 0:
        pytest.skip("permission events and mounts are root's")
    if not features().asks:
        pytest.skip("this kernel does not let us be asked")
    if kind == "ext4" and not (Path("/dev/loop-control").exists() and shutil.which("mkfs.ext4")):
        pytest.skip("no loop devices, or no mkfs.ext4")


@contextlib.contextmanager
def volume(folder: Path, kind: str) -> Iterator[Path]:
    """Mount a fresh volume."""
    skip_unless_possible(kind)
    place = folder / f"volume-{kind}"
    place.mkdir()
    if kind == "ext4":
        image = folder / "image"
        with image.open("wb") as file:
            file.truncate(48 * 1024 * 1024)
        subprocess.run(["mkfs.ext4", "-q", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, place], check=True)
    else:
        subprocess.run(["mount", "-t", "tmpfs", "none", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def database(folder: Path, lines: bytes = b"") -> Path:
    """Write a set that knows the test virus, and the digests in further lines of a list."""
    place = folder / "databases"
    place.mkdir()
    sources = [*SOURCES, *([("more", lines)] if lines else [])]
    for name, content in built(sources)[0].files.items():
        (place / name).write_bytes(content)
    return place


class Live:
    """One guard: its state folder, and who speaks with it."""

    def __init__(self, folder: Path, databases: Path, without: tuple[str, ...] = ()) -> None:
        self.folder = folder / "guard"
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.plan = Plan(Examining(str(databases), asdict(Limits())))
        self.facts: list[Fact] = []
        self._without = without
        self._socket: socket.socket | None = None
        self._buffer = b""
        self.keeper = self.start_keeper()
        self.connect()

    def start_keeper(self) -> "subprocess.Popen[bytes]":
        lacks = [word for name in self._without for word in ("--without", name)]
        command = [*own_program("garrison.keeper"), str(self.folder), *lacks]
        return subprocess.Popen(["timeout", "-s", "KILL", str(LONGEST_SECONDS), *command], start_new_session=True)

    def connect(self, but: int = 0) -> None:
        """Speak with the gate there is, or that comes next. but: one that dies, whose last threads may listen yet."""
        end = time.monotonic() + 20
        while True:
            if self._socket is not None:
                self._socket.close()
            self._socket = socket.socket(socket.AF_UNIX)
            try:
                with folder_of(self.folder / SOCKET) as folder:
                    self._socket.connect(short_address(folder, SOCKET))
            except (FileNotFoundError, ConnectionRefusedError):
                assert time.monotonic() < end, (self.folder / "gate.log").read_text()
                time.sleep(0.01)
            else:
                self._buffer = b""
                if self.gate() != but:
                    return

    def go_by(self, plan: Plan) -> Standing:
        """Give a plan and wait until the gate goes by it, workers and all: by way of none, to tell the two apart."""
        self._give(replace(plan, places=()))
        return self._give(plan)

    def _give(self, plan: Plan) -> Standing:
        assert self._socket is not None
        self.plan = plan
        self.facts.clear()
        self._socket.sendall(encode(plan.to_plain()))
        wanted = {place.path for place in plan.places}
        end = time.monotonic() + 30
        while time.monotonic() < end:
            standing = self.wait_for(Standing)
            if wanted == {*standing.watched, *standing.refused} and self.examines():
                return standing
        raise AssertionError("the gate does not go by the plan")

    def examines(self) -> bool:
        """Return whether the gate has workers' fork servers."""
        return any(b"garrison.worker" in _command(each) for each in self.below())

    def watch(self, place: Path, reach: Reach = Reach.MOUNT, **changes: Any) -> Standing:
        """Go by the usual plan, with a place and changes."""
        return self.go_by(replace(self.plan, places=(Place(reach, str(place)),), **changes))

    def hear(self, seconds: float) -> bool:
        """Take in facts that come within a time; return False when the gate has gone."""
        assert self._socket is not None
        if not select.select([self._socket], [], [], seconds)[0]:
            return True
        try:
            content = self._socket.recv(1 << 20)
        except ConnectionResetError:
            return False
        self._buffer += content
        *lines, self._buffer = self._buffer.split(b"\n")
        self.facts += [fact_from_plain(decode(line)) for line in lines]
        return bool(content)

    def wait_for(self, kind: type[F], fits: Callable[[F], bool] = lambda _: True, seconds: float = 15.0) -> F:
        """Return the next fact of a kind, taken out of those heard."""
        end = time.monotonic() + seconds
        while True:
            for fact in self.facts:
                if isinstance(fact, kind) and fits(fact):
                    self.facts.remove(fact)
                    return fact
            left = end - time.monotonic()
            assert left > 0, f"no {kind.__name__} within {seconds} s; heard: {self.facts}"
            if not self.hear(left):
                self.connect()

    def wait_for_found(self, path: Path) -> Found:
        return self.wait_for(Found, lambda fact: fact.path == str(path))

    def order(self, order: Order) -> socket.socket:
        """Give the keeper an order; the connection stays open."""
        end = time.monotonic() + 10
        while True:
            speaking = socket.socket(socket.AF_UNIX)
            try:
                with folder_of(self.folder / KEEPER_SOCKET) as folder:
                    speaking.connect(short_address(folder, KEEPER_SOCKET))
            except (FileNotFoundError, ConnectionRefusedError):
                speaking.close()
                assert time.monotonic() < end
                time.sleep(0.01)
            else:
                speaking.sendall(encode(order_to_plain(order)))
                return speaking

    def processes(self, module: str) -> list[int]:
        """Return the processes of a program that run for this guard."""
        wanted, folder = module.encode(), os.fsencode(self.folder)
        numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        return [
            number
            for number in numbers
            if (parts := _command(number).split(b"\0"))[:1] != [b"timeout"] and wanted in parts and folder in parts
        ]

    def gate(self) -> int:
        """Return the gate that answers: the one that holds the socket."""
        assert self._socket is not None
        peer = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return int.from_bytes(peer[:4], "little")

    def below(self) -> list[int]:
        """Return what the answering gate has started."""
        return descendants(self.gate())

    def end(self) -> None:
        """Kill what is left, whatever state it is in."""
        if self._socket is not None:
            self._socket.close()
        with contextlib.suppress(AssertionError, OSError):
            if self.processes("garrison.keeper"):
                self.order(End()).close()
        give_up = time.monotonic() + 5
        while (left := self.processes("garrison.keeper") + self.processes("garrison.gate")) and (
            time.monotonic() < give_up
        ):
            time.sleep(0.02)
        for number in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.keeper.wait(5)


def wait_until(true: Callable[[], bool], seconds: float = 10.0) -> float:
    """Wait until something is so, and return how long that took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it did not come to be so"
        time.sleep(0.005)
    return time.monotonic() - began


def is_denied(path: Path | str) -> bool:
    """Return whether a file may not be opened."""
    try:
        os.close(os.open(path, os.O_RDONLY))
    except PermissionError:
        return True
    return False


def _command(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


__all__ = ["Live", "database", "is_denied", "is_running", "volume", "wait_until"]
