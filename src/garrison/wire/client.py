"""Speaks to the door, blocking: for the command line and other small programs."""

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

from garrison.base.errors import Failed, Unavailable, error_from_plain
from garrison.wire.frames import ANSWER_CAP, decode, encode


def short_address(folder: int, name: str) -> str:
    """Return an address for a socket in a folder held open.

    A Unix address holds 108 bytes (unix(7)); a folder's path may be longer, its descriptor's never is.
    """
    return f"/proc/self/fd/{folder}/{name}"


@contextlib.contextmanager
def folder_of(path: Path) -> Iterator[int]:
    """Hold the folder of a path open."""
    descriptor = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class Client:
    """One connection to the door of one suite."""

    def __init__(self, path: Path, timeout_seconds: float | None = None) -> None:
        """Connect. Raises Unavailable when no suite listens there."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_seconds)
        try:
            with folder_of(path) as folder:
                self._socket.connect(short_address(folder, path.name))
        except OSError as error:
            self._socket.close()
            raise Unavailable("Garrison is not running.", "Start it with: garrison start") from error
        self._file = self._socket.makefile("rb")
        self._last_id = 0
        self.greeting = self._receive()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; what it was waiting for is cancelled."""
        self._file.close()
        self._socket.close()

    def call(
        self,
        operation: str,
        arguments: dict[str, Any],
        on_progress: Callable[[dict[str, Any]], None] = lambda _: None,
        **options: Any,
    ) -> dict[str, Any]:
        """Return the answer: `result` (plain), `says` (texts for people), `exit` (the exit code).

        Raises the error that the door answered. KeyboardInterrupt asks the door to cancel, and waits for its answer.
        """
        self._last_id += 1
        self._socket.sendall(encode({"id": self._last_id, "call": operation, "arguments": arguments, **options}))
        while True:
            try:
                message = self._receive()
            except KeyboardInterrupt:
                self._socket.sendall(encode({"id": self._last_id, "cancel": True}))
                continue
            if message.get("id") != self._last_id:
                continue
            if "error" in message:
                raise error_from_plain(message["error"])
            if "progress" in message:
                on_progress(message["progress"])
            else:
                return message

    def describe(self) -> list[dict[str, Any]]:
        """Return the manifests of the running suite, plain."""
        self._last_id += 1
        self._socket.sendall(encode({"id": self._last_id, "describe": True}))
        manifests: list[dict[str, Any]] = self._receive()["result"]
        return manifests

    def _receive(self) -> dict[str, Any]:
        try:
            line = self._file.readline(ANSWER_CAP)
        except OSError as error:
            raise Unavailable("Garrison stopped answering.", "Look at its log, or start it again.") from error
        if not line.endswith(b"\n"):
            raise Unavailable("Garrison stopped before it had answered.", "Nothing is half-made. Please try again.")
        try:
            return decode(line)
        except ValueError as error:
            raise Failed("The answer was not understood.") from error
