"""Connections to the sockets of keeper and gate, and the processes at their other ends."""

import asyncio
import contextlib
import os
import signal
import socket
from pathlib import Path

from garrison.wire.client import folder_of, short_address
from garrison.wire.frames import encode
from garrison.wire.guarding import MOST_LINE, Order, order_to_plain

_CREDENTIALS_BYTES = 12  # struct ucred of unix(7): three ints


class Link:
    """A connection. is_open: whether the other side is there, as far as it is known."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.is_open = True

    async def line(self) -> bytes:
        """Return the next line; b"" at the end, which is also when the other side does not keep to lines."""
        try:
            line = await self._reader.readline()
        except (OSError, ValueError):
            line = b""
        self.is_open = bool(line)
        return line

    async def send(self, line: bytes) -> None:
        """Send a line; one that does not arrive is followed by the end."""
        with contextlib.suppress(OSError):
            self._writer.write(line)
            await self._writer.drain()

    async def order(self, order: Order) -> None:
        """Send an order."""
        await self.send(encode(order_to_plain(order)))

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def connect(path: Path) -> Link:
    """Connect to a socket of ours. Raises OSError, also when another account listens there."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        with folder_of(path) as folder:
            await asyncio.get_running_loop().sock_connect(connection, short_address(folder, path.name))
        _check(connection)
        return Link(*await asyncio.open_unix_connection(sock=connection, limit=MOST_LINE))
    except BaseException:
        connection.close()
        raise


def _check(connection: socket.socket) -> None:
    if _peer(connection)[1] != os.geteuid():
        raise PermissionError("another account listens there")


def process_at(path: Path) -> list[int]:
    """Return a descriptor (pidfd_open(2)) of the process that listens on a socket, none when nobody does."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        with folder_of(path) as folder:
            connection.connect(short_address(folder, path.name))
        return [os.pidfd_open(_peer(connection)[0])]
    return []


def _peer(connection: socket.socket) -> tuple[int, int]:
    """Return the process and the account at the other end (SO_PEERCRED). Raises OSError."""
    numbers = memoryview(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS_BYTES)).cast("i")
    return numbers[0], numbers[1]


async def gone(process: int, patience_seconds: float) -> None:
    """Wait for a process to end, and end it when it does not. process: a descriptor, which is closed."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(process, ended.set)
    try:
        async with asyncio.timeout(patience_seconds):
            await ended.wait()
    except TimeoutError:
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(process, signal.SIGKILL)
    finally:
        loop.remove_reader(process)
        os.close(process)
