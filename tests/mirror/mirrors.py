"""A mirror process on loopback, as the suite starts it, and what strangers say to it byte by byte."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from garrison.abilities.databases.mirror_process import MirrorProcess, Wish
from garrison.base.errors import GarrisonError

SECONDS = 60.0


class Running:
    """A mirror process that serves a folder, looked after by the suite's own keeper in a thread."""

    def __init__(self, folder: Path, port: int = 0, address: str = "127.0.0.1") -> None:
        self._wish = Wish(address, port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.keeper = MirrorProcess(folder, lambda: None)

    def __enter__(self) -> Self:
        self._thread.start()
        self._loop.call_soon_threadsafe(self.keeper.want, self._wish)
        self._task = asyncio.run_coroutine_threadsafe(self.keeper.run(), self._loop)
        self.until(lambda: self.keeper.port > 0 or self.keeper.problem is not None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        with contextlib.suppress(BaseException):
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0.2), self._loop).result(SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SECONDS)
        self._loop.close()

    def until(self, is_so: object) -> None:
        assert callable(is_so)
        for _ in range(int(SECONDS / 0.02)):
            if is_so():
                return
            threading.Event().wait(0.02)
        raise AssertionError("it never came to be")

    def want(self, wish: Wish | None) -> None:
        self._loop.call_soon_threadsafe(self.keeper.want, wish)

    @property
    def port(self) -> int:
        return self.keeper.port

    @property
    def problem(self) -> GarrisonError | None:
        return self.keeper.problem

    def url(self, target: str = "") -> str:
        return f"http://127.0.0.1:{self.port}{target}"

    @contextlib.contextmanager
    def connection(self) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS) as connection:
            yield connection

    def say(self, *pieces: bytes) -> bytes:
        """Say something, and return all that comes until the mirror closes the connection."""
        with self.connection() as connection:
            with contextlib.suppress(OSError):
                for piece in pieces:
                    connection.sendall(piece)
            return everything(connection)

    def ask(self, target: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Ask for something as others do."""
        lines = [f"{method} {target} HTTP/1.1", "Host: here", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return understood(self.say("\r\n".join([*lines, "", ""]).encode("latin-1")))


def everything(connection: socket.socket) -> bytes:
    came = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65_536):
            came += piece
    return came


def understood(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    return int(first.split(" ")[1]), {name.lower(): value for name, _, value in pairs}, body
