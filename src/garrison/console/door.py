"""Speaks to the door without blocking, on behalf of whoever is signed in."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from garrison.base.errors import Failed, Unavailable
from garrison.wire.frames import decode, encode
from garrison.wire.manifest import Manifest, from_plain
from garrison.wire.talking import Answer, connected
from garrison.wire.texts import error_of

SIGN_IN = "console.open"  # the operation that mends a missing session


class Talk:
    """One connection, for the requests of one page, one after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, session: str) -> None:
        self._reader = reader
        self._writer = writer
        self._session = session
        self._last = 0

    async def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the message that answers a request. Raises the error that it tells of."""
        self._last += 1
        self._writer.write(encode({"id": self._last, **request}))
        await self._writer.drain()
        while True:
            message = await receive(self._reader)
            if message.get("id") not in {self._last, None} or "progress" in message:
                continue
            if "error" not in message:
                return message
            raise error_of(message)

    async def call(self, operation: str, background: bool = False, **arguments: Any) -> Answer:
        """Return the answer of an operation. Raises the error that the door answered."""
        request = {"call": operation, "arguments": arguments, "session": self._session, "texts": True}
        return Answer.of(await self.ask({**request, "background": True} if background else request))


async def receive(reader: asyncio.StreamReader) -> dict[str, Any]:
    """Return the next message. Raises Unavailable at the end, Failed for what is none."""
    try:
        line = await reader.readuntil(b"\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError) as error:
        raise Unavailable("Garrison stopped answering.", "Start it again with: garrison start") from error
    try:
        return decode(line)
    except ValueError as error:
        raise Failed("The answer was not understood.") from error


class Door:
    """The way to the door."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._manifests: tuple[Manifest, ...] = ()

    @contextlib.asynccontextmanager
    async def talk(self, session: str = "") -> AsyncIterator[Talk]:
        """Hold a connection. Raises Unavailable."""
        reader, writer = await connected(self._path)
        try:
            await receive(reader)  # the greeting
            yield Talk(reader, writer, session)
        finally:
            writer.close()

    async def manifests(self) -> tuple[Manifest, ...]:
        """Return what the suite says of itself; it cannot change while this process runs."""
        if not self._manifests:
            async with self.talk() as talk:
                self._manifests = from_plain((await talk.ask({"describe": True}))["result"])
        return self._manifests

    async def redeem(self, untrusted_ticket: str) -> str:
        """Return a session's token for a one-time ticket. Raises Refused."""
        async with self.talk() as talk:
            return str((await talk.ask({"redeem": untrusted_ticket}))["result"])

    async def sign_out(self, token: str) -> None:
        """End a session."""
        async with self.talk() as talk:
            await talk.ask({"sign-out": token})

    async def refuse(self, what: str, untrusted_detail: str = "") -> None:
        """Have it written down that a request was turned away."""
        with contextlib.suppress(Unavailable, Failed):
            async with self.talk() as talk:
                await talk.ask({"refused": what, "detail": untrusted_detail})
