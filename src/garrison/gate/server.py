"""The socket on which the suite gives plans and hears facts. The gate works on without anybody there."""

import asyncio
import contextlib
import os
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path

from garrison.wire.client import folder_of, short_address
from garrison.wire.frames import decode, encode
from garrison.wire.guarding import MOST_LINE, Fact, Gap, Plan, fact_to_plain

_MOST_WAITING = 2000  # facts, while nobody listens
_MOST_UNREAD = 8 * 1024 * 1024  # bytes that a listener may leave unread
_PEER = struct.Struct("3i")  # struct ucred


class Server:
    """Tells facts to all that are connected, and takes plans from them. take: a plan that was given."""

    def __init__(self, path: Path, take: Callable[[Plan], Awaitable[None]], misheard: Callable[[str], None]) -> None:
        self._path = path
        self._take = take
        self._misheard = misheard
        self._listeners: set[asyncio.StreamWriter] = set()
        self._waiting: deque[Fact] = deque()
        self._lost = 0
        self._server: asyncio.Server | None = None
        self.on_greeting: Callable[[], None] = lambda: None

    async def open(self) -> None:
        """Listen. Raises OSError."""
        fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        with folder_of(fresh) as folder:
            listener.bind(short_address(folder, fresh.name))
        fresh.chmod(0o600)
        listener.listen(8)
        fresh.rename(self._path)  # in place of one that a killed gate left
        self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=MOST_LINE)

    def tell(self, fact: Fact) -> None:
        """Tell a fact, now or to whoever connects next."""
        if self._listeners:
            self._send(fact)
            return
        self._waiting.append(fact)
        if len(self._waiting) > _MOST_WAITING:
            self._waiting.popleft()
            self._lost += 1

    def _send(self, fact: Fact) -> None:
        line = encode(fact_to_plain(fact))
        for listener in tuple(self._listeners):
            if listener.transport.get_write_buffer_size() > _MOST_UNREAD:
                listener.transport.abort()  # it no longer reads; the next one is told of the loss
                self._listeners.discard(listener)
                self._lost += 1
            else:
                listener.write(line)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if _peer(writer)[1] == os.geteuid():
            self._greet(writer)
            with contextlib.suppress(OSError, ValueError):  # it has gone, or a line was too long
                while line := await reader.readline():
                    await self._hear(line)
        self._listeners.discard(writer)
        writer.close()

    def _greet(self, writer: asyncio.StreamWriter) -> None:
        self._listeners.add(writer)
        if self._lost:
            self._send(Gap(0.0, f"{self._lost} facts were lost, for nobody took them.", ()))
            self._lost = 0
        while self._waiting:
            self._send(self._waiting.popleft())
        self.on_greeting()

    async def _hear(self, line: bytes) -> None:
        try:
            plan = Plan.from_plain(decode(line))
        except (ValueError, TypeError, KeyError) as error:
            self._misheard(f"what was given is no plan: {error}")
        else:
            await self._take(plan)


def _peer(writer: asyncio.StreamWriter) -> tuple[int, int, int]:
    """Return process, user and group of who is connected (SO_PEERCRED, unix(7))."""
    sock = writer.get_extra_info("socket")
    process, user, group = _PEER.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    return process, user, group
