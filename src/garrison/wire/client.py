"""Speaks to the door, blocking: for the command line and other small programs."""

import contextlib
import errno
import os
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

from garrison.base.errors import Failed, Unavailable
from garrison.wire.frames import ANSWER_CAP, decode, encode
from garrison.wire.texts import error_of

_CHUNK = 64 * 1024
_CREDENTIALS = struct.Struct("iII")  # struct ucred: process, user, group


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


def peer_of(connection: socket.socket) -> tuple[int, int]:
    """Return the uid and gid of the process at the other end (SO_PEERCRED, unix(7))."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, gid = _CREDENTIALS.unpack(raw)
    return uid, gid


def _check_server(connection: socket.socket, path: Path) -> None:
    """Raise Unavailable when neither root nor this account serves a socket: nothing is to be told to others."""
    uid, _ = peer_of(connection)
    if uid not in {0, os.geteuid()}:
        raise Unavailable(
            "What answers at {path} belongs to another account (number {uid}): Garrison does not talk to it.",
            "Set GARRISON_HOME to a folder of your own, or run this as that account.",
            path=path,
            uid=uid,
        ) from PermissionError(errno.EPERM, os.strerror(errno.EPERM))


class Client:
    """One connection to the door of one suite."""

    def __init__(self, path: Path, timeout_seconds: float | None = None) -> None:
        """Connect.

        Raises Unavailable when no suite listens there, or one of another account, and what it says when it takes no
        more callers.
        """
        self.with_texts = False  # to be told what each text was made of, for a reader of another language
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_seconds)
        self._buffer = bytearray()
        self._last_id = 0
        try:
            with folder_of(path) as folder:
                self._socket.connect(short_address(folder, path.name))
        except OSError as error:
            self._socket.close()
            raise Unavailable("Garrison is not running.", "Start it with: garrison start") from error
        try:
            _check_server(self._socket, path)
            self.greeting = self._answer(None)
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; what it was waiting for is cancelled."""
        self._socket.close()

    def call(
        self,
        operation: str,
        arguments: dict[str, Any],
        on_progress: Callable[[dict[str, Any]], None] = lambda _: None,
        **options: Any,
    ) -> dict[str, Any]:
        """Return the answer: `result` (plain), `says` (texts for people), `exit` (the exit code).

        Raises the error that the door answered. KeyboardInterrupt asks the door to cancel, and waits for its answer;
        a second one does not wait.
        """
        self._last_id += 1
        asked = {"texts": True, **options} if self.with_texts else options
        self._send({"id": self._last_id, "call": operation, "arguments": arguments, **asked})
        is_cancelled = False
        while True:
            try:
                message = self._answer(self._last_id)
                if "progress" not in message:
                    return message
                on_progress(message["progress"])
            except KeyboardInterrupt:
                if is_cancelled:
                    raise
                is_cancelled = True
                self._send({"id": self._last_id, "cancel": True})

    def describe(self) -> list[dict[str, Any]]:
        """Return the manifests of the running suite, plain."""
        self._last_id += 1
        self._send({"id": self._last_id, "describe": True})
        manifests: list[dict[str, Any]] = self._answer(self._last_id)["result"]
        return manifests

    def _send(self, message: dict[str, Any]) -> None:
        # Where the other side has gone, what it said last may still be there to read.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(encode(message))

    def _answer(self, number: int | None) -> dict[str, Any]:
        """Return the next message to a request. Raises the error it tells of."""
        while True:
            message = self._receive()
            untrusted_number = message.get("id")
            if "error" in message and untrusted_number in {number, None}:
                raise error_of(message)
            if untrusted_number == number:
                return message

    def _receive(self) -> dict[str, Any]:
        try:
            line = self._line()
        except OSError as error:
            raise Unavailable("Garrison stopped answering.", "Look at its log, or start it again.") from error
        if not line:
            raise Unavailable("Garrison stopped before it had answered.", "Nothing is half-made. Please try again.")
        try:
            return decode(line)
        except ValueError as error:
            raise Failed("The answer was not understood.") from error

    def _line(self) -> bytes:
        """Return the next line, empty at the end. An interrupt in between loses nothing of it."""
        looked = 0
        while (end := self._buffer.find(b"\n", looked)) < 0:
            looked = len(self._buffer)
            chunk = self._socket.recv(_CHUNK) if looked < ANSWER_CAP else b""
            if not chunk:
                return b""
            self._buffer += chunk
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        return line
