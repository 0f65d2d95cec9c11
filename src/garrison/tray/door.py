"""Speaks to the door without blocking: several requests at once on one connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from garrison.base.errors import Failed, Unavailable
from garrison.wire.frames import decode, encode
from garrison.wire.talking import Answer, connected
from garrison.wire.texts import error_of


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
            raise error_of(message)
        return Answer.of(message)

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
        reader, writer = await connected(self._path)
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


async def _read(reader: asyncio.StreamReader, talk: Talk) -> None:
    try:
        while True:
            talk.take(decode(await reader.readuntil(b"\n")))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
        talk.fail(Unavailable("Garrison stopped answering."))
    except ValueError:
        talk.fail(Failed("The answer was not understood."))
