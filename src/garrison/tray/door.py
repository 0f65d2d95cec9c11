"""Speaks to the door without blocking: several requests at once on one connection."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from garrison.base.errors import Failed, Unavailable, error_from_plain
from garrison.wire.client import folder_of, peer_of, short_address
from garrison.wire.frames import ANSWER_CAP, decode, encode


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door answered. texts: what each English text was made of (wire.texts)."""

    result: Any
    sentences: tuple[str, ...]
    texts: dict[str, Any]


@dataclass(slots=True)
class Talk:
    """One connection."""

    writer: asyncio.StreamWriter
    last: int = 0
    waiting: dict[int, "asyncio.Future[dict[str, Any]]"] = field(default_factory=dict)
    is_over: bool = False

    async def call(self, operation: str, background: bool = False, **arguments: Any) -> Answer:
        """Return the answer of an operation. Raises the error that the door answered, Unavailable at its end."""
        if self.is_over:
            raise Unavailable("Garrison stopped answering.")
        self.last += 1
        number = self.last
        request = {"id": number, "call": operation, "arguments": arguments, "texts": True, "background": background}
        answered = self.waiting[number] = asyncio.get_running_loop().create_future()
        try:
            with contextlib.suppress(ConnectionError):
                self.writer.write(encode(request))
                await self.writer.drain()
            message = await answered
        finally:
            self.waiting.pop(number, None)
        if "error" in message:
            raise error_from_plain(message["error"])
        texts, sentences = message.get("texts"), message.get("sentences")
        return Answer(
            message.get("result"),
            tuple(map(str, sentences)) if isinstance(sentences, list) else (),
            texts if isinstance(texts, dict) else {},
        )

    def take(self, message: dict[str, Any]) -> None:
        """Hand a message to whoever waits for it."""
        number = message.get("id")
        answered = self.waiting.get(number) if isinstance(number, int) else None
        if answered is not None and "progress" not in message and not answered.done():
            answered.set_result(message)

    def fail(self, error: Unavailable | Failed) -> None:
        """Tell whoever waits that there will be no answer."""
        self.is_over = True
        for answered in self.waiting.values():
            if not answered.done():
                answered.set_exception(error)


class Door:
    """The way to the door at a path."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextlib.asynccontextmanager
    async def talk(self) -> AsyncIterator[Talk]:
        """Hold a connection. Raises Unavailable when nobody listens, or somebody whom nothing is to be told."""
        reader, writer = await self._connect()
        talk = Talk(writer)
        # No task group: what is raised while the connection is held must come out as it is.
        reading = asyncio.get_running_loop().create_task(_read(reader, talk))
        try:
            yield talk
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        raw = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            raw.setblocking(False)
            with folder_of(self._path) as folder:
                await asyncio.get_running_loop().sock_connect(raw, short_address(folder, self._path.name))
            uid, _ = peer_of(raw)
        except OSError as error:
            raw.close()
            raise Unavailable("Garrison is not running.", "Start it with: garrison start") from error
        if uid not in {0, os.geteuid()}:
            raw.close()
            raise Unavailable("What answers in Garrison's place belongs to another account.")
        return await asyncio.open_unix_connection(sock=raw, limit=ANSWER_CAP)


async def _read(reader: asyncio.StreamReader, talk: Talk) -> None:
    try:
        while True:
            talk.take(decode(await reader.readuntil(b"\n")))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
        talk.fail(Unavailable("Garrison stopped answering."))
    except ValueError:
        talk.fail(Failed("The answer was not understood."))
