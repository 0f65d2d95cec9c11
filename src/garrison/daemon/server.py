"""The door's socket: JSON lines, callers known by SO_PEERCRED (unix(7))."""

import asyncio
import contextlib
import os
import pwd
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from garrison import __version__
from garrison.base.errors import Failed, GarrisonError, Invalid
from garrison.daemon.door import Call, Door
from garrison.daemon.isolation import outcome_of
from garrison.daemon.jobs import Answer, Progress, RunningJob
from garrison.sdk import Caller
from garrison.sdk.plain import to_plain
from garrison.wire.client import folder_of, short_address
from garrison.wire.frames import ANSWER_CAP, REQUEST_CAP, decode, encode
from garrison.wire.manifest import Manifest
from garrison.wire.manifest import to_plain as manifests_to_plain

_BACKLOG_BYTES = 1024 * 1024


def bind(path: Path, shared: bool) -> socket.socket:
    """Return the listening socket. The home's lock is held, so a socket that is there is a dead daemon's."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    with folder_of(path) as folder:
        listening.bind(short_address(folder, path.name))
    path.chmod(0o666 if shared else 0o600)
    listening.listen(128)
    return listening


def caller_of(connection: socket.socket) -> Caller:
    """Return the account at the other end, with its groups as the account database has them."""
    size = struct.calcsize("3i")
    _, uid, gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    try:
        groups = tuple(os.getgrouplist(pwd.getpwuid(uid).pw_name, gid))
    except KeyError:
        groups = (gid,)
    return Caller(uid, gid, groups)


class Server:
    """Serves connections until it is closed. on_alone: called when the last client has gone."""

    def __init__(self, door: Door, manifests: tuple[Manifest, ...], digest: str, on_alone: Callable[[], None]) -> None:
        self._door = door
        self._manifests = manifests
        self._digest = digest
        self._on_alone = on_alone
        self.clients = 0

    async def serve(self, listening: socket.socket) -> None:
        """Accept connections, for ever."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            while True:
                connection, _ = await loop.sock_accept(listening)
                self.clients += 1
                group.create_task(self._connection(connection))

    async def _connection(self, connection: socket.socket) -> None:
        try:
            reader, writer = await asyncio.open_unix_connection(sock=connection, limit=REQUEST_CAP)
            try:
                await _Conversation(self, reader, writer, caller_of(connection)).run()
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
        except OSError:
            pass  # the other side has gone
        finally:
            self.clients -= 1
            if not self.clients:
                self._on_alone()

    @property
    def door(self) -> Door:
        """What answers."""
        return self._door

    def greeting(self) -> dict[str, Any]:
        """Return what a caller hears first."""
        return {"garrison": __version__, "process": os.getpid(), "manifests": self._digest}

    def describe(self) -> list[dict[str, Any]]:
        """Return all manifests."""
        return manifests_to_plain(self._manifests)


class _Conversation:
    """One connection: its calls go on side by side, and end with it unless they were sent to the background."""

    def __init__(
        self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, caller: Caller
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._caller = caller
        self._jobs: dict[Any, RunningJob] = {}

    async def run(self) -> None:
        """Read requests until the other side goes."""
        self._send(self._server.greeting())
        try:
            async with asyncio.TaskGroup() as group:
                while line := await self._line():
                    self._take(line, group)
                for job in self._jobs.values():
                    job.cancel()
        finally:
            for job in self._jobs.values():
                job.cancel()

    async def _line(self) -> bytes:
        try:
            return await self._reader.readuntil(b"\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        except asyncio.LimitOverrunError:
            self._send({"id": None, "error": Invalid("The request is too long.").to_plain()})
            return b""

    def _take(self, untrusted_line: bytes, group: asyncio.TaskGroup) -> None:
        try:
            request = decode(untrusted_line)
        except ValueError:
            self._send({"id": None, "error": Invalid("The request is no JSON object.").to_plain()})
            return
        number = request.get("id")
        if not isinstance(number, int):
            self._send({"id": None, "error": Invalid("The request has no number.").to_plain()})
        elif request.get("cancel") is True:
            if number in self._jobs:
                self._jobs[number].cancel()
        elif request.get("describe") is True:
            self._send({"id": number, "result": self._server.describe()})
        else:
            group.create_task(self._answer(number, request))

    async def _answer(self, number: int, request: dict[str, Any]) -> None:
        operation, arguments = request.get("call"), request.get("arguments", {})
        if not isinstance(operation, str) or not isinstance(arguments, dict):
            self._send({"id": number, "error": Invalid("The request names no operation.").to_plain()})
            return
        call = Call(
            operation,
            arguments,
            self._caller,
            background=request.get("background") is True,
        )
        if not call.background:
            call.on_progress = lambda progress: self._progress(number, progress)
            call.started = lambda job: self._jobs.__setitem__(number, job)
        outcome = await outcome_of(self._server.door.call(call), operation)
        self._jobs.pop(number, None)
        self._send(_message(number, outcome))
        with contextlib.suppress(OSError):
            await self._writer.drain()

    def _progress(self, number: int, progress: Progress) -> None:
        if self._writer.transport.get_write_buffer_size() < _BACKLOG_BYTES:  # a slow reader misses some
            self._send({"id": number, "progress": to_plain(progress)})

    def _send(self, message: dict[str, Any]) -> None:
        line = encode(message)
        if len(line) > ANSWER_CAP:
            error = Failed("The answer is too long to send.", "Ask for less at a time.")
            line = encode({"id": message.get("id"), "error": error.to_plain()})
        if not self._writer.is_closing():
            self._writer.write(line)


def _message(number: int, outcome: Answer | GarrisonError) -> dict[str, Any]:
    if isinstance(outcome, GarrisonError):
        return {"id": number, "error": outcome.to_plain()}
    says = [[text.text, to_plain(text.values)] for text in outcome.says]
    return {"id": number, "result": outcome.result, "says": says, "exit": outcome.exit_code}
