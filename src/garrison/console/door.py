"""Speaks to the door without blocking, on behalf of whoever is signed in."""

import asyncio
import contextlib
import os
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from garrison.base.errors import Failed, Refused, Unavailable, error_from_plain
from garrison.base.languages import Translator
from garrison.wire.client import folder_of, peer_of, short_address
from garrison.wire.frames import decode, encode
from garrison.wire.manifest import Manifest, from_plain

_LINE_BYTES = 64 * 1024 * 1024
_NAMED = re.compile(r"\{(\w+)\}|\{\{|\}\}")
SIGN_IN = "console.open"  # the operation that mends a missing session
PASSWORD = "password-needed"  # noqa: S105 # the code of an error


class PasswordNeeded(Refused):
    """The operation is protected by a password, which was not given of late."""

    code = PASSWORD


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door answered. sentences: in English. texts: what each English text was made of (wire.texts)."""

    result: Any
    sentences: tuple[str, ...] = ()
    texts: dict[str, Any] = field(default_factory=dict)
    exit: int = 0

    def says(self, t: Translator) -> list[str]:
        """Return the sentences in the reader's language."""
        return [t.told(sentence, self.texts) for sentence in self.sentences]


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
            error = message["error"]
            is_about_password = isinstance(error, dict) and error.get("code") == PASSWORD
            raise PasswordNeeded(str(error.get("text", ""))) if is_about_password else error_from_plain(error)

    async def call(self, operation: str, background: bool = False, **arguments: Any) -> Answer:
        """Return the answer of an operation. Raises the error that the door answered."""
        request = {"call": operation, "arguments": arguments, "session": self._session, "texts": True}
        message = await self.ask({**request, "background": True} if background else request)
        texts = message.get("texts")
        said = message.get("sentences")
        sentences = said if isinstance(said, list) else [_fill(*each) for each in message.get("says") or []]
        return Answer(
            message.get("result"),
            tuple(str(sentence) for sentence in sentences),
            texts if isinstance(texts, dict) else {},
            int(message.get("exit", 0)),
        )


def _fill(text: str, values: dict[str, Any]) -> str:
    def value(match: re.Match[str]) -> str:
        found = match[0][0] if match[1] is None else values.get(match[1], match[0])
        return "" if found is None else str(found)

    return _NAMED.sub(value, text)


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
        reader, writer = await self._connect()
        try:
            await receive(reader)  # the greeting
            yield Talk(reader, writer, session)
        finally:
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
        return await asyncio.open_unix_connection(sock=raw, limit=_LINE_BYTES)

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
