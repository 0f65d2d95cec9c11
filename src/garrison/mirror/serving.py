"""The process: reads its job, listens, gives up what it needs not, and answers until it is ended."""

import asyncio
import contextlib
import encodings.idna  # noqa: F401 # later no file of Python can be opened
import errno
import os
import socket
import sys
from collections import Counter
from collections.abc import Iterator

from garrison.base.errors import Failed, GarrisonError, Invalid, Unavailable
from garrison.linux import listening
from garrison.mirror.answers import Answer, answer, refusal
from garrison.mirror.requests import MOST_HEAD_BYTES, Refusal, parse
from garrison.wire.mirroring import Listening, ServeJob, decode_job, encode_answer

MOST_CONNECTIONS = 256
MOST_OF_ONE = 32  # connections from one address
HEAD_SECONDS = 10.0
IDLE_SECONDS = 15.0
PIECE_SECONDS = 20.0  # for a piece to go out
CONNECTION_SECONDS = 7200.0
_MOST_REQUESTS = 2000  # on one connection
_PIECE_BYTES = 64 * 1024
_BACKLOG = 128


def main() -> int:
    """Do the job on standard input; return the exit code."""
    parent = os.getppid()
    job = decode_job(sys.stdin.buffer.read())
    try:
        door = listen(job.address, job.port)
        listening.confine(parent, job.folder)
    except GarrisonError as error:
        _tell(error)
        return 1
    except OSError as error:
        _tell(Failed("The mirror cannot give up its rights: {why}.", why=(error.strerror or str(error)).lower()))
        return 1
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(door, job))
    return 0


def _tell(what: Listening | GarrisonError) -> None:
    sys.stdout.buffer.write(encode_answer(what))
    sys.stdout.buffer.flush()


async def _serve(door: socket.socket, job: ServeJob) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)  # nobody reads what strangers cause
    server = await asyncio.start_server(Visitors(job.folder).receive, sock=door, limit=MOST_HEAD_BYTES)
    _tell(Listening(door.getsockname()[1]))
    async with server:
        await server.serve_forever()


def listen(address: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises Invalid for an address that is none, Unavailable when it cannot be had."""
    door = _door(address)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((address or ("::" if door.family == socket.AF_INET6 else "0.0.0.0"), port))  # noqa: S104 # as is wished
        door.listen(_BACKLOG)
    except OSError as error:
        door.close()
        raise _explained(error, address, port) from error
    return door


def _door(address: str) -> socket.socket:
    """Return a socket for an address, "" for all: of both kinds where the computer has both."""
    if not address:
        try:
            door = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        except OSError:
            return socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        return door
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError):
            socket.inet_pton(family, address)
            return socket.socket(family, socket.SOCK_STREAM)
    raise Invalid("“{address}” is no address of a computer.", "Example: 192.168.1.20", address=address)


def _explained(error: OSError, address: str, port: int) -> GarrisonError:
    if error.errno == errno.EADDRINUSE:
        return Unavailable("Port {port} is taken by another program.", "Choose another: updates.mirror_port", port=port)
    if error.errno in {errno.EACCES, errno.EPERM}:
        return Unavailable(
            "Port {port} is for the system only.", "Choose one above 1023: updates.mirror_port", port=port
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return Unavailable(
            "This computer has no address {address}.", "Choose another: updates.mirror_address", address=address
        )
    return Unavailable(
        "Nothing can listen at port {port}: {why}.", port=port, why=(error.strerror or str(error)).lower()
    )


class Visitors:
    """Who is connected, and what they are answered. folder: a descriptor of what is served."""

    def __init__(self, folder: int) -> None:
        self._folder = folder
        self._from: Counter[str] = Counter()

    async def receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a connection, as long as it keeps to the rules."""
        try:
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                writer.transport.set_write_buffer_limits(high=_PIECE_BYTES)
                with self._admitted(writer) as is_admitted:
                    if not is_admitted:
                        writer.write(refusal(503).head())
                        return
                    async with asyncio.timeout(CONNECTION_SECONDS):
                        await self._answer_all(reader, writer)
        finally:
            await _leave(writer)

    @contextlib.contextmanager
    def _admitted(self, writer: asyncio.StreamWriter) -> Iterator[bool]:
        """Count a connection; say whether there is room for it."""
        place = _place(writer.get_extra_info("peername"))
        if self._from.total() >= MOST_CONNECTIONS or self._from[place] >= MOST_OF_ONE:
            yield False
            return
        self._from[place] += 1
        try:
            yield True
        finally:
            self._from[place] -= 1
            if not self._from[place]:
                del self._from[place]

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(_MOST_REQUESTS):
            async with asyncio.timeout(HEAD_SECONDS if number == 0 else IDLE_SECONDS):
                found = await self._next(reader)
            if number == _MOST_REQUESTS - 1:
                found.keeps = False
            try:
                await _send(found, writer)
            finally:
                found.close()
            if not found.keeps:
                return

    async def _next(self, reader: asyncio.StreamReader) -> Answer:
        """Return the answer to the next request."""
        try:
            return answer(self._folder, parse(await reader.readuntil(b"\r\n\r\n")))
        except asyncio.LimitOverrunError:
            return refusal(431)
        except Refusal as refused:
            return refusal(refused.status)


def _place(peer: tuple[object, ...] | None) -> str:
    """Return what stands for all the addresses of one computer: of IPv6 the network, of which it may use any."""
    address = str(peer[0]) if peer else ""
    if ":" not in address or address.startswith("::ffff:"):
        return address
    return socket.inet_pton(socket.AF_INET6, address.partition("%")[0])[:8].hex()


async def _send(found: Answer, writer: asyncio.StreamWriter) -> None:
    writer.write(found.head())
    at = found.start
    while found.file is not None and at < found.end:
        piece = os.pread(found.file, min(_PIECE_BYTES, found.end - at), at)
        if not piece:
            raise OSError(errno.EIO, "the file became shorter")
        writer.write(piece)
        at += len(piece)
        async with asyncio.timeout(PIECE_SECONDS):
            await writer.drain()
            await asyncio.sleep(0)  # others have their turn
    async with asyncio.timeout(PIECE_SECONDS):
        await writer.drain()


async def _leave(writer: asyncio.StreamWriter) -> None:
    """Close a connection; what does not go out soon goes nowhere."""
    with contextlib.suppress(OSError, TimeoutError):
        writer.close()
        async with asyncio.timeout(PIECE_SECONDS):
            await writer.wait_closed()
    writer.transport.abort()
