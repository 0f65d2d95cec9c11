"""Makes harmless forms of infected files: what their package has there, or the file less what is harmful in it."""

import asyncio
import contextlib
import os
import socket
import struct
from dataclasses import dataclass

from garrison.abilities.databases import Databases
from garrison.abilities.outgoing import Outgoing
from garrison.abilities.outgoing import Request as Sent
from garrison.abilities.scanner import Scanner
from garrison.base.clock import Clock
from garrison.base.errors import Failed, Refused
from garrison.base.text import phrase, printable
from garrison.linux import packages
from garrison.linux.lending import asked, in_memory
from garrison.sdk.plain import to_plain
from garrison.wire.curing import LENGTH, MOST_HEAD, PROGRAM, Head, Request, decode_head

_COMPONENT, _PURPOSE = "scan", "package-files"
_SECONDS = 120.0
_SLACK_SECONDS = 30.0  # until it has begun
_MEMORY_MIB = 2048
_MOST_TOLD = 5  # of what was taken out
_MOST_AT_A_TIME = 2  # each takes that much memory, whoever asks for it
_GROWTH_BYTES = 1024 * 1024  # a cured file is no larger, but for how it is compressed


@dataclass(frozen=True, slots=True)
class Replacement:
    """A harmless form of a file. how: in words, what was done to get it."""

    content: bytes
    how: str


class Curing:
    """Cures files. What it makes was examined again, by another worker than the one that made it."""

    def __init__(self, databases: Databases, scanner: Scanner, outgoing: Outgoing, clock: Clock) -> None:
        self._databases = databases
        self._scanner = scanner
        self._outgoing = outgoing
        self._clock = clock
        self._turn = asyncio.Semaphore(_MOST_AT_A_TIME)

    async def replacement(self, descriptor: int, path: str, *, is_owner: bool) -> Replacement:
        """Return what can take a file's place. is_owner: whether it is for the computer's owner, who may mend packages.

        Raises Failed when it cannot be cured; the text says why.
        """
        if is_owner and (original := await self._from_package(path)) is not None:
            return await self._checked(original, path)
        async with self._turn:
            return await self._checked(await self._without_harm(descriptor, path), path)

    async def _from_package(self, path: str) -> Replacement | None:
        """Return what the package of a file has there; None when it belongs to none, or that is not to be had."""
        owner = await asyncio.to_thread(packages.owner_of, path)
        if owner is None:
            return None
        content = await asyncio.to_thread(packages.from_cache, owner)
        if content is None:
            with contextlib.suppress(Refused):
                self._outgoing.check(_COMPONENT, _PURPOSE)
                content = await asyncio.to_thread(packages.from_archive, owner)
                self._record(owner, content)
        return (
            None
            if content is None
            else Replacement(content, phrase("restored from the package {package}", package=owner.name))
        )

    def _record(self, owner: packages.Owner, content: bytes | None) -> None:
        """Write into the ledger that APT was asked: what it sends and to which of its servers is APT's own doing."""
        at = self._clock.now().isoformat(timespec="milliseconds")
        outcome = f"apt-get download {owner.name}: " + ("failed" if content is None else "done")
        self._outgoing.record(Sent(at, "the servers of APT's sources", _PURPOSE, _COMPONENT, 0, 0, outcome))

    async def _without_harm(self, descriptor: int, path: str) -> Replacement:
        request = Request(
            databases=str(self._databases.current()),
            limits=to_plain(self._scanner.way.limits),
            heuristics=self._scanner.way.heuristics.value,
            seconds=_SECONDS,
            memory_mib=_MEMORY_MIB,
            name=os.path.basename(path),
            parent=os.getpid(),
        )
        head, content = await _ask(descriptor, request)
        if head.why:
            raise Failed("It could not be cured: {why}.", why=printable(head.why))
        told = [printable(name) for name in head.removed[:_MOST_TOLD]]
        if len(head.removed) > _MOST_TOLD:
            return Replacement(content, phrase("taken out: {what}, and more", what=", ".join(told)))
        return Replacement(content, phrase("taken out: {what}", what=", ".join(told)))

    async def _checked(self, replacement: Replacement, path: str) -> Replacement:
        """Return what was made when nothing is found in it any more."""
        try:
            made = await asyncio.to_thread(in_memory, replacement.content)
        except OSError as error:
            raise Failed("There was no memory for the cured file.") from error
        try:
            verdict = await self._scanner.examine_one(made, os.path.basename(path))
        finally:
            os.close(made)
        if verdict.findings:
            raise Failed("It could not be cured: {name} is found in it all the same.", name=verdict.findings[0].name)
        return replacement


async def _ask(descriptor: int, request: Request) -> tuple[Head, bytes]:
    """Have a process of its own cure a file. Raises Failed when it does not answer as it should."""
    try:
        most = min(os.fstat(descriptor).st_size, request.limits["object_bytes"])  # a file with holes is any size
        limit = asyncio.timeout(request.seconds + _SLACK_SECONDS)
        async with limit, asked(PROGRAM, descriptor, request.to_text()) as connection:
            return await _answer(connection, most + _GROWTH_BYTES)
    except (TimeoutError, ValueError, OSError, struct.error) as error:
        raise Failed("It could not be cured: the process that tried did not come to an end.") from error


async def _answer(connection: socket.socket, most: int) -> tuple[Head, bytes]:
    """Return what was answered. Raises ValueError for what cannot be meant."""
    (length,) = LENGTH.unpack(await _exactly(connection, LENGTH.size))
    if length > MOST_HEAD:
        raise ValueError("too long")
    head = decode_head(await _exactly(connection, length))
    if head.size > most:
        raise ValueError("too long")
    return head, await _exactly(connection, head.size)


async def _exactly(connection: socket.socket, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    pieces = bytearray()
    while len(pieces) < size:
        piece = await loop.sock_recv(connection, min(size - len(pieces), 1 << 20))
        if not piece:
            raise ValueError("cut off")
        pieces += piece
    return bytes(pieces)
