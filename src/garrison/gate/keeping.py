"""The gate's side of its keeper: pulses and the policy go there, and another when that one dies."""

import asyncio
import contextlib
import os
import socket
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from garrison.base.paths import own_program
from garrison.wire.examination import receive_with_descriptors, send_start
from garrison.wire.keeping import (
    PACKET_BYTES,
    PULSE_SECONDS,
    Adopt,
    Go,
    Message,
    Own,
    Policy,
    Pulse,
    Ready,
    decode,
    encode,
    hear,
)

KEEPER = "garrison.keeper"
_PAUSE_SECONDS = 1.0  # between two keepers


def wait_for_go(channel: socket.socket) -> tuple[Go, dict[str, int]] | None:
    """Say that this gate is ready, and wait until it is its turn; None when the keeper ends before."""
    channel.send(encode(Ready()))
    while True:
        packet, descriptors = receive_with_descriptors(channel, PACKET_BYTES)
        if not packet:
            return None
        message = decode(packet)
        if isinstance(message, Go):
            return message, dict(zip(message.groups, descriptors, strict=True))


class KeeperLink:
    """The connection to the keeper, whichever it is."""

    def __init__(self, folder: Path, channel: socket.socket, go: Go, held: Mapping[str, int]) -> None:
        self._folder = folder
        self._channel = channel
        self._channel.setblocking(False)
        self._held = dict(held)
        self._fuse = go.fuse
        self._allows = True
        self._daemon = go.daemon
        self._keeper: subprocess.Popen[bytes] | None = None
        self.on_own: Callable[[tuple[int, ...]], None] = lambda _: None

    def say_policy(self, allows: bool) -> None:
        """Say what is to be answered for this gate should it die."""
        self._allows = allows
        self._say(Policy(allows))

    def _say(self, message: Message) -> None:
        with contextlib.suppress(OSError):  # it has gone: `pulse` sees to that
            self._channel.send(encode(message))

    async def pulse(self, busy_seconds: Callable[[], float]) -> None:
        """Tell the keeper that all goes on, hear what it says, and start another when it is gone; until cancelled."""
        while True:
            self._say(Pulse(min(busy_seconds(), 1e6)))
            if not hear(self._channel, self._take):
                await self._replace()
            await asyncio.sleep(PULSE_SECONDS)

    def _take(self, message: Message) -> None:
        if isinstance(message, Own):
            self._daemon = message.daemon
            self.on_own(message.numbers)

    async def _replace(self) -> None:
        """Start a keeper that takes these groups over."""
        if self._keeper is not None:
            self._keeper.poll()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        self._channel.close()
        self._channel = ours
        with theirs:
            command = [*own_program(KEEPER), str(self._folder), "--adopt", str(theirs.fileno())]
            self._keeper = await asyncio.to_thread(
                subprocess.Popen, command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, cwd="/", start_new_session=True,
            )  # fmt: skip
        names = tuple(self._held)
        message = encode(Adopt(names, os.getpid(), self._fuse, self._allows, self._daemon))
        with contextlib.suppress(OSError):
            send_start(self._channel, message, [self._held[name] for name in names])
        await asyncio.sleep(_PAUSE_SECONDS)
